"""A warm-up plan: how many letters a day, and what must be so before there are more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import count
from typing import Final

import attrs

from mailkit.checks import at_least, counted, share
from mailkit.errors import InvalidValue, did_you_mean
from mailkit.send.limits.rate import positive
from mailkit.send.warmup.schedules import SCHEDULES, counts, positive_counts

__all__ = ["SPARKPOST_REACH", "Gates", "Plan", "Reach"]

_LONGEST_DAY: Final = timedelta(hours=24)
_MOST: Final = 10**9


def _confidence(instance: object, attribute: object, value: float) -> None:
    share(instance, attribute, value)
    if not 0.5 <= value < 1:
        raise InvalidValue("Gates.confidence", value, "is not from 0.5 to below 1", "write 0.95")


@attrs.frozen(kw_only=True)
class Gates:
    """What must be proved before a volume grows, and what turns it back.

    All are shares of the letters sent. Growing is a matter of the last days together; going back,
    of one day. A share counts as below a limit, or above it, only where so few letters, or so many,
    would be rare otherwise: see `confidence`.

    Attributes:
        delivered_share: More than this must have been accepted, and not come back.
        bounced_share: Fewer than this must have bounced; a day on which more did steps back.
        complained_share: No more than this may have complained; a day on which more did steps back.
            Few providers tell, and to prove less than one in a thousand takes 3,000 letters, so
            what was heard is enough here to hold.
        throttled_share: A day on which the provider slowed down more than this steps back.
        blocked_share: A day on which it refused more than this for our reputation pauses.
        pause_bounced_share: A day on which more bounced pauses. Amazon SES stops accounts at 10 %.
        pause_complained_share: A day on which more complained pauses; with Amazon SES, 0.5 %.
        confidence: How sure a proof must be; one in twenty errs with 0.95.

    >>> from datetime import date
    >>> from mailkit.send.warmup import Day, State, decide
    >>> strict, lax = (Plan(gates=Gates(bounced_share=limit, delivered_share=1 - limit)) for limit in (0.01, 0.02))
    >>> day = Day(on=date(2026, 3, 2), sent=500, accepted=496, bounced=4)
    >>> [decide(plan, State(), day)[1].move.value for plan in (strict, lax)]
    ['held', 'grew']
    """

    delivered_share: float = attrs.field(default=0.99, validator=share)
    bounced_share: float = attrs.field(default=0.01, validator=share)
    complained_share: float = attrs.field(default=0.001, validator=share)
    throttled_share: float = attrs.field(default=0.05, validator=share)
    blocked_share: float = attrs.field(default=0.005, validator=share)
    pause_bounced_share: float = attrs.field(default=0.10, validator=share)
    pause_complained_share: float = attrs.field(default=0.005, validator=share)
    confidence: float = attrs.field(default=0.95, validator=_confidence)

    @classmethod
    def by_time_alone(cls) -> Gates:
        """Gates that stand open: the volume grows on each sending day, whatever came of it, unless nothing arrives."""
        limits = [name for name in attrs.fields_dict(cls) if name not in ("delivered_share", "confidence")]
        return cls(delivered_share=0.0, **dict.fromkeys(limits, 1.0))


@attrs.frozen(kw_only=True)
class Reach:
    """Who may be written to on the first days: those who opened or clicked not long ago.

    Attributes:
        until_day: The last sending day for which this holds.
        within: How long ago somebody may have opened or clicked.

    >>> Reach(until_day=14, within=timedelta(days=30)).until_day
    14
    """

    until_day: int = attrs.field(validator=counted)
    within: timedelta = attrs.field(validator=positive)


def _rows(rows: Iterable[Reach]) -> tuple[Reach, ...]:
    return tuple(rows)


SPARKPOST_REACH: Final = (
    Reach(until_day=14, within=timedelta(days=30)),
    Reach(until_day=28, within=timedelta(days=60)),
    Reach(until_day=42, within=timedelta(days=90)),
)
"""SparkPost, IP warm-up overview: openers of 30 days in weeks 1, 2; of 60 in 3, 4; none beyond 90 for six weeks."""


@attrs.frozen(kw_only=True)
class Plan:
    """How a sending identity is brought to its volume at one provider.

    Each step allows so many letters a day. A day on which letters were sent goes a step up, stays or
    goes back, see `decide`; days without letters are not counted.

    Attributes:
        target: Up to how many letters a day; the plan never allows more.
        start: How many on the first day.
        growth_share: By which share each step is more than the one before: 0.15 to 0.30 is usual.
        table: Letters a day for each step instead, such as a published schedule; `start` and
            `growth_share` are then not used.
        gates: What must be so before there are more.
        least_share: The share of a day's allowance that must have been sent for the day to prove it.
        spread: Over how long the day's allowance is spread, up to 24 hours. Make it no longer than
            you send on a day, or the allowance is never used up.
        memory_days: Of how many sending days together it is proved that few bounce.
        rest_days: So many days without mail cost nothing; each further one costs a step.
        pause: How long nothing is sent after a day that pauses.
        setback: How many steps such a day costs.
        reach: Who may be written to on the first days; the first row that holds counts.
        older_share: The share of a day's letters that may go to people beyond the oldest row, or
            who are not known to have opened anything, once they may be written to at all.
        volumes: Letters a day for each step, made of the above.

    >>> plan = Plan(start=500, growth_share=0.15, target=100_000)
    >>> [plan.volume(step) for step in (0, 1, 2)], plan.day_of(100_000)
    ([500, 575, 661], 39)
    """

    target: int = attrs.field(default=100_000, validator=counted)
    start: int = attrs.field(default=500, validator=counted)
    growth_share: float = attrs.field(default=0.15, validator=at_least(0.01))
    table: tuple[int, ...] = attrs.field(default=(), converter=counts, validator=positive_counts)
    gates: Gates = attrs.field(factory=Gates, validator=attrs.validators.instance_of(Gates))
    least_share: float = attrs.field(default=0.5, validator=share)
    spread: timedelta = attrs.field(default=timedelta(hours=8), validator=positive)
    memory_days: int = attrs.field(default=7, validator=counted)
    rest_days: int = attrs.field(default=7, validator=at_least(0))
    pause: timedelta = attrs.field(default=timedelta(days=1), validator=positive)
    setback: int = attrs.field(default=3, validator=counted)
    reach: tuple[Reach, ...] = attrs.field(default=SPARKPOST_REACH, converter=_rows)
    older_share: float = attrs.field(default=0.15, validator=share)
    volumes: tuple[int, ...] = attrs.field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        if self.target > _MOST:
            raise InvalidValue("Plan.target", self.target, f"is more than {_MOST:,} a day")
        if self.growth_share > 10:
            raise InvalidValue("Plan.growth_share", self.growth_share, "is more than tenfold", "write 0.15 for 15 %")
        if self.spread > _LONGEST_DAY:
            raise InvalidValue("Plan.spread", self.spread, "is longer than a day", "write timedelta(hours=8)")
        object.__setattr__(self, "volumes", tuple(self._up_to_target()))  # as attrs does in frozen classes

    @classmethod
    def following(cls, name: str, *, target: int | None = None, gates: Gates | None = None) -> Plan:
        """The plan of a published schedule, up to a volume.

        Args:
            name: Its name in `SCHEDULES`.
            target: Up to how many letters a day; the schedule's last day if None.
            gates: What must be so before there are more; the usual gates if None.
                `Gates.by_time_alone()` is what most publish.

        Raises:
            InvalidValue: There is no such schedule.

        >>> Plan.following("sendgrid hourly", target=100_000).day_of(100_000)
        17
        """
        schedule = SCHEDULES.get(name)
        if schedule is None:
            hint = did_you_mean(name, SCHEDULES).lstrip("; ")
            raise InvalidValue("schedule", name, "is not published here", hint or f"there are {', '.join(SCHEDULES)}")
        return cls(
            target=target or schedule.daily[-1],
            table=schedule.daily,
            spread=schedule.spread,
            gates=gates or Gates(),
        )

    @property
    def last_step(self) -> int:
        """The step that allows most; steps count from 0."""
        return len(self.volumes) - 1

    def volume(self, step: int) -> int:
        """How many letters a day a step allows."""
        return self.volumes[min(max(step, 0), self.last_step)]

    def day_of(self, volume: int) -> int | None:
        """The first sending day, from 1, that allows so many letters if all goes well; None if none does."""
        return next((day for day, allowed in enumerate(self.volumes, start=1) if allowed >= volume), None)

    def _up_to_target(self) -> Iterator[int]:
        grown = iter(self.table) if self.table else (self.start * (1 + self.growth_share) ** day for day in count())
        for volume in grown:
            yield min(self.target, int(volume))
            if volume >= self.target:
                return
