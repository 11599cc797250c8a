"""At which hour a person reads: his own opens and clicks, and everybody's where he has few."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta, tzinfo
from typing import Any, Final

import attrs

from mailkit.checks import at_least
from mailkit.clock import utc
from mailkit.errors import InvalidValue
from mailkit.send.timing.openings import next_instant, openings, zones_of
from mailkit.send.timing.windows import Hours, Zone

__all__ = ["Habit", "Slot", "best_slot", "by_hour"]

_HOURS: Final = 24
_DAY: Final = timedelta(hours=24)
_HOUR: Final = timedelta(hours=1)
_NONE: Final = (0,) * _HOURS


def _counts(counts: Iterable[int]) -> tuple[int, ...]:
    return tuple(counts)


def _by_hour(instance: object, attribute: Any, counts: tuple[int, ...]) -> None:
    if len(counts) != _HOURS or any(type(count) is not int or count < 0 for count in counts):
        what = f"{type(instance).__name__}.{attribute.name}"
        raise InvalidValue(what, counts, "are not 24 whole numbers from 0 up", "use by_hour(instants, zone)")


def by_hour(instants: Iterable[datetime], zone: tzinfo) -> tuple[int, ...]:
    """How many instants lie in each hour of the day, from midnight on, by the clocks of a zone.

    >>> from datetime import UTC
    >>> from zoneinfo import ZoneInfo
    >>> opened = [datetime(2026, 3, day, 8, 30, tzinfo=UTC) for day in (1, 2, 3)]
    >>> by_hour(opened, ZoneInfo("Europe/Berlin")).index(3)
    9
    """
    counts = [0] * _HOURS
    for instant in instants:
        counts[utc(instant).astimezone(zone).hour] += 1
    return tuple(counts)


@attrs.frozen(kw_only=True)
class Habit:
    """At which hours a person opens and clicks.

    What few opens say is mostly chance. So everybody's opens are added to his own as if he had made
    `weight` of them himself: with as many of his own, both count alike.

    Attributes:
        own: The person's opens and clicks by the hour of his day; see `by_hour`.
        everybody: Everybody's, each by the hour of his own day.
        weight: How many opens of his own everybody's are worth.

    >>> everybody = [0] * 9 + [40, 30, 20, 10] + [0] * 11
    >>> few, many = ([0] * 20 + [count] + [0] * 3 for count in (2, 20))
    >>> [max(range(24), key=Habit(own=own, everybody=everybody).shares.__getitem__) for own in (few, many)]
    [9, 20]
    """

    own: tuple[int, ...] = attrs.field(default=_NONE, converter=_counts, validator=_by_hour)
    everybody: tuple[int, ...] = attrs.field(default=_NONE, converter=_counts, validator=_by_hour)
    weight: float = attrs.field(default=10.0, validator=at_least(0.001))

    @property
    def shares(self) -> tuple[float, ...]:
        """How likely each hour is, together 1: his own share, drawn towards everybody's."""
        return tuple(
            (own + self.weight * usual) / (sum(self.own) + self.weight)
            for own, usual in zip(self.own, self.usual, strict=True)
        )

    @property
    def usual(self) -> tuple[float, ...]:
        """Everybody's share of each hour; even if nothing is known."""
        total = sum(self.everybody)
        return tuple(count / total if total else 1 / _HOURS for count in self.everybody)

    def explain(self, hour: int) -> str:
        """Why an hour is as likely as it is, in words.

        >>> Habit(own=[0] * 20 + [2, 1, 0, 0]).explain(20)
        '20:00: 2 of 3 opens of his own, 4.2 % of everybody; together 18.6 %'
        """
        own = f"{self.own[hour]} of {sum(self.own)} opens of his own"
        shares = self.usual[hour], self.shares[hour]
        usual, together = (f"{100 * share:.1f} %" for share in shares)
        return f"{hour:02}:00: {own}, {usual} of everybody; together {together}"


@attrs.frozen(kw_only=True)
class Slot:
    """A stretch of up to an hour in which to write to a person.

    Attributes:
        begins_at: From when on.
        ends_at: Up to when.
        why: Why this one, in words.

    >>> from datetime import UTC
    >>> slot = best_slot(Hours(), "UTC", datetime(2026, 3, 2, 12, 30, tzinfo=UTC), habit=Habit(own=[9] + [0] * 23))
    >>> print(slot.begins_at)
    2026-03-03 00:00:00+00:00
    """

    begins_at: datetime
    ends_at: datetime
    why: str


def best_slot(hours: Hours, zone: Zone, now: datetime, *, habit: Habit, within: timedelta = _DAY) -> Slot:
    """The hour at which a person most likely reads, of those that are open; the earlier one of two alike.

    Give `spread` or `moment` its two instants, or not everybody's letter goes at the hour's first second.

    Args:
        hours: When letters may go.
        zone: Where the person lives.
        now: The present instant.
        habit: At which hours he reads.
        within: How long a letter may wait for it. If nothing is open so long, it is the first hour
            that is, whatever his habit.

    Raises:
        InvalidValue: See `next_instant`.

    >>> from datetime import UTC, time
    >>> from mailkit.send.timing import Window
    >>> at_night = Habit(own=[0] * 7 + [3] + [0] * 14 + [9, 0])
    >>> hours, nine = Hours(windows=Window(time(7), time(20))), datetime(2026, 3, 2, 9, tzinfo=UTC)
    >>> slot = best_slot(hours, "UTC", nine, habit=at_night)
    >>> print(slot.begins_at, "|", slot.why)
    2026-03-03 07:00:00+00:00 | 07:00: 3 of 12 opens of his own, 4.2 % of everybody; together 15.5 %
    """
    now, place = utc(now), zones_of(hours, zone)[0]
    stretches = list(openings(hours, zone, now, now + within))
    if not stretches:
        first = next_instant(hours, zone, now)
        stretches = list(openings(hours, zone, first, first + _HOUR))[:1]
    shares = habit.shares
    slots = [slot for stretch in stretches for slot in _in_hours(*stretch, place)]
    begin, end = max(slots, key=lambda slot: (shares[slot[0].astimezone(place).hour], -slot[0].timestamp()))
    return Slot(begins_at=begin, ends_at=end, why=habit.explain(begin.astimezone(place).hour))


def _in_hours(begin: datetime, end: datetime, place: tzinfo) -> list[tuple[datetime, datetime]]:
    """A stretch, cut where the clock on the wall begins another hour."""
    parts = []
    while begin < end:
        wall = begin.astimezone(place)
        into = timedelta(minutes=wall.minute, seconds=wall.second, microseconds=wall.microsecond)
        part_end = min(end, begin + _HOUR - into)
        parts.append((begin, part_end))
        begin = part_end
    return parts
