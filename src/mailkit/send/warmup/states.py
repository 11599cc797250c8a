"""How far a warm-up has come: what was sent on the last days, and what came of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any, Final

import attrs

from mailkit.checks import aware, instant
from mailkit.errors import InvalidValue

__all__ = ["Day", "State"]

_COUNTS: Final = ("sent", "accepted", "bounced", "returned", "throttled", "blocked", "complained")


def _whole(instance: object, attribute: Any, value: int) -> None:
    if type(value) is not int or value < 0:
        what = f"{type(instance).__name__}.{attribute.name}"
        raise InvalidValue(what, value, "is not a whole number from 0 up")


def _a_date(instance: object, attribute: Any, value: date) -> None:
    if not isinstance(value, date) or isinstance(value, datetime):
        raise InvalidValue(f"{type(instance).__name__}.{attribute.name}", value, "is not a date")


def _count() -> Any:
    return attrs.field(default=0, validator=_whole)


@attrs.frozen(kw_only=True)
class Day:
    """What was sent on a day, in UTC, and what came of it so far.

    Days are added count by count, in any order:

    >>> monday = date(2026, 3, 2)
    >>> day = Day(on=monday, sent=3) + Day(on=monday, accepted=2) + Day(on=monday, bounced=1, returned=1)
    >>> day.sent, day.accepted, day.undelivered
    (3, 2, 2)

    Attributes:
        on: The day.
        sent: Letters that were tried for the first time.
        accepted: Those that the provider took.
        bounced: Those that it refused for good, at once or later.
        returned: Those among the bounced that it had taken first.
        throttled: Replies that asked to slow down.
        blocked: Replies that spoke of the sender's reputation.
        complained: Readers who pressed "this is spam".
    """

    on: date = attrs.field(validator=_a_date)
    sent: int = _count()
    accepted: int = _count()
    bounced: int = _count()
    returned: int = _count()
    throttled: int = _count()
    blocked: int = _count()
    complained: int = _count()

    def __add__(self, other: Day) -> Day:
        return Day(on=self.on, **{name: getattr(self, name) + getattr(other, name) for name in _COUNTS})

    @property
    def undelivered(self) -> int:
        """Letters that were not accepted, or not yet, or that came back."""
        return min(self.sent, max(self.sent - self.accepted + self.returned, self.bounced, 0))


def _tuple(days: Iterable[Day]) -> tuple[Day, ...]:
    return tuple(days)


def _set(days: Iterable[date]) -> frozenset[date]:
    return frozenset(days)


@attrs.frozen(kw_only=True)
class State:
    """How far one identity has come at one provider; made and changed by the rules of `mailkit.send.warmup` only.

    Attributes:
        step: The plan's step, from 0.
        sending_days: On how many days letters were sent, today not counted.
        today: Today's letters, or those of the last day on which letters were sent and that is not judged yet.
        past: The last days on which letters were sent and that were judged, oldest first.
        charged: Those of them that have cost a step already.
        taken_on: To which day `taken` belongs.
        taken: How many of that day's places were given out.
        arrival: When the next place would be given if all were evenly spread.
        paused_until: Until when nothing is sent; None if it is not paused.
        rested: How many steps the present time without mail has cost.

    >>> state = State(step=3, sending_days=4, past=[Day(on=date(2026, 3, 2), sent=2, accepted=2)])
    >>> State.from_json(state.to_json()) == state
    True
    """

    step: int = _count()
    sending_days: int = _count()
    today: Day | None = None
    past: tuple[Day, ...] = attrs.field(default=(), converter=_tuple)
    charged: frozenset[date] = attrs.field(default=frozenset(), converter=_set)
    taken_on: date | None = None
    taken: int = _count()
    arrival: datetime | None = attrs.field(
        default=None, converter=attrs.converters.optional(aware), validator=attrs.validators.optional(instant)
    )
    paused_until: datetime | None = attrs.field(
        default=None, converter=attrs.converters.optional(aware), validator=attrs.validators.optional(instant)
    )
    rested: int = _count()

    @property
    def last_sent_on(self) -> date | None:
        """The last day on which letters were sent; None if there was none."""
        days = [*self.past, *([self.today] if self.today and self.today.sent else [])]
        return days[-1].on if days else None

    def to_json(self) -> dict[str, Any]:
        """The state in JSON's plain values."""
        return {
            "step": self.step,
            "sending_days": self.sending_days,
            "today": _row(self.today) if self.today else None,
            "past": [_row(day) for day in self.past],
            "charged": sorted(day.isoformat() for day in self.charged),
            "taken_on": self.taken_on.isoformat() if self.taken_on else None,
            "taken": self.taken,
            "arrival": self.arrival.isoformat() if self.arrival else None,
            "paused_until": self.paused_until.isoformat() if self.paused_until else None,
            "rested": self.rested,
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> State:
        """The state that `to_json` gave.

        Raises:
            InvalidValue: It is not what `to_json` gives.
        """
        try:
            return cls(
                step=stored["step"],
                sending_days=stored["sending_days"],
                today=_day(stored["today"]) if stored["today"] else None,
                past=tuple(map(_day, stored["past"])),
                charged=frozenset(map(date.fromisoformat, stored["charged"])),
                taken_on=date.fromisoformat(stored["taken_on"]) if stored["taken_on"] else None,
                taken=stored["taken"],
                arrival=datetime.fromisoformat(stored["arrival"]) if stored["arrival"] else None,
                paused_until=datetime.fromisoformat(stored["paused_until"]) if stored["paused_until"] else None,
                rested=stored["rested"],
            )
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise InvalidValue("State", stored, "is not the state of a warm-up") from error


def _row(day: Day) -> list[Any]:
    return [day.on.isoformat(), *(getattr(day, name) for name in _COUNTS)]


def _day(row: list[Any]) -> Day:
    return Day(on=date.fromisoformat(row[0]), **dict(zip(_COUNTS, row[1:], strict=True)))
