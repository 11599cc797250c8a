"""A warm-up run many times beforehand, with chance: seeded, so the same numbers come each time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from math import log, sqrt
from random import Random
from typing import Final

import attrs

from mailkit.checks import at_least, counted, share
from mailkit.errors import InvalidValue
from mailkit.send.warmup.plans import Plan
from mailkit.send.warmup.rules import advance, decide
from mailkit.send.warmup.simulation import Simulation, band
from mailkit.send.warmup.states import Day, State

__all__ = ["Audience", "simulate"]

_FEW: Final = 30.0
"""Up to such a variance, chance is drawn letter by letter; above, by the normal distribution."""
_REMEMBERED_DAYS: Final = 7


def _days(days: Iterable[int]) -> frozenset[int]:
    return frozenset(days)


@attrs.frozen(kw_only=True)
class Audience:
    """The readers at one provider, and how strict it is.

    Attributes:
        volume: Letters a day that are to go to them.
        bounced_share: The share of letters that bounce.
        complained_share: The share of readers who press "this is spam", and of whom we are told.
        varies_share: By how much both and the volume differ from day to day, as a share.
        weekdays: On which days letters are sent; Monday is 0.
        tolerated_growth: By which share a day may be more than the best of the last seven, before
            the provider slows down; 1 for twice as many.
        tolerated_start: So many letters it takes at once from anybody.
        throttled_share: The share of what is beyond that it slows down.

    >>> Audience(volume=10_000, bounced_share=0.004).weekdays == frozenset(range(7))
    True
    """

    volume: int = attrs.field(validator=counted)
    bounced_share: float = attrs.field(default=0.003, validator=share)
    complained_share: float = attrs.field(default=0.0002, validator=share)
    varies_share: float = attrs.field(default=0.2, validator=share)
    weekdays: frozenset[int] = attrs.field(default=frozenset(range(7)), converter=_days)
    tolerated_growth: float = attrs.field(default=1.0, validator=at_least(0))
    tolerated_start: int = attrs.field(default=2_000, validator=counted)
    throttled_share: float = attrs.field(default=0.5, validator=share)

    @weekdays.validator
    def _check_weekdays(self, attribute: object, weekdays: frozenset[int]) -> None:
        if not weekdays or not weekdays <= set(range(7)):
            raise InvalidValue(
                "Audience.weekdays", set(weekdays), "are not weekdays", "write numbers from 0 for Monday"
            )


@attrs.frozen
class _Way:
    """One provider's way in one run: letters day by day until it was through, and after how many days it was."""

    volume: int
    sent: list[int]
    others: list[int]
    through: int

    def sent_on(self, day: int) -> int:
        return self.sent[day] if day < len(self.sent) else self.volume

    def others_on(self, day: int) -> int:
        return self.others[day] if day < len(self.others) else 0


def simulate(
    plan: Plan,
    audiences: Mapping[str, Audience],
    *,
    begins_on: date,
    runs: int = 200,
    seed: int = 0,
    most_days: int = 365,
) -> Simulation:
    """Run a plan to its end many times, each provider by itself, and say when it is through.

    A provider is through on the day before which the plan has come to the audience's volume, or to its
    target if that is less. Nothing here says what a real provider does: its strictness is what you
    suppose it to be.

    Args:
        plan: The plan.
        audiences: The readers of each provider.
        begins_on: The first day.
        runs: How often.
        seed: With the same seed come the same numbers; those of a provider do not depend on the others.
        most_days: After so many days a run is broken off.

    Raises:
        InvalidValue: There is no audience, or not one run or day.

    >>> from mailkit.send.warmup import Gates
    >>> smooth = Audience(volume=100_000, bounced_share=0, complained_share=0, varies_share=0, throttled_share=0)
    >>> told = simulate(Plan(growth_share=0.3), {"gmail": smooth}, begins_on=date(2026, 3, 1), runs=1)
    >>> print(told.on(told.all_through.middle))  # the 22nd day
    2026-03-22
    """
    for name, number in (("runs", runs), ("most_days", most_days), ("audiences", len(audiences))):
        if type(number) is not int or number < 1:
            raise InvalidValue(name, number, "is not a number from 1 up", "there must be at least one")
    told = {
        name: [_way(plan, audience, begins_on, most_days, Random(f"{seed}/{run}/{name}")) for run in range(runs)]
        for name, audience in audiences.items()
    }
    each_run = list(zip(*told.values(), strict=True))
    days = min(most_days, band([max(way.through for way in run) for run in each_run]).high + 3)
    return Simulation(
        plan=plan,
        begins_on=begins_on,
        runs=runs,
        most_days=most_days,
        sending=tuple(band([sum(way.sent_on(day) for way in run) for run in each_run]) for day in range(days)),
        overflow=tuple(band([sum(way.others_on(day) for way in run) for run in each_run]) for day in range(days)),
        overflowed=band([sum(sum(way.others) for way in run) for run in each_run]),
        through={name: band([way.through for way in ways]) for name, ways in told.items()},
        all_through=band([max(way.through for way in run) for run in each_run]),
    )


def _way(plan: Plan, audience: Audience, begins_on: date, most_days: int, rng: Random) -> _Way:
    goal = min(plan.target, audience.volume)
    state, sent, others = State(), list[int](), list[int]()
    for number in range(most_days):
        on = begins_on + timedelta(days=number)
        midnight = datetime.combine(on, time(), UTC)
        state, _ = advance(plan, state, midnight)
        allowed = plan.volume(state.step)
        if allowed >= goal:
            return _Way(audience.volume, sent, others, number)
        is_paused = state.paused_until is not None and midnight < state.paused_until
        wanted = _wanted(audience, on, rng)
        day = _day(audience, on, min(wanted, 0 if is_paused else allowed), sent, rng)
        state, _ = decide(plan, state, day)
        sent.append(day.sent)
        others.append(wanted - day.sent)
    return _Way(audience.volume, sent, others, most_days + 1)


def _wanted(audience: Audience, on: date, rng: Random) -> int:
    return round(audience.volume * _about_one(audience, rng)) if on.weekday() in audience.weekdays else 0


def _day(audience: Audience, on: date, sent: int, before: list[int], rng: Random) -> Day:
    """What comes of so many letters."""
    best = max(before[-_REMEMBERED_DAYS:], default=0)
    tolerated = max(audience.tolerated_start, round(best * (1 + audience.tolerated_growth)))
    throttled = _drawn(max(0, sent - tolerated), audience.throttled_share, rng)
    bounced = _drawn(sent - throttled, min(1.0, audience.bounced_share * _about_one(audience, rng)), rng)
    return Day(
        on=on,
        sent=sent,
        accepted=sent - throttled - bounced,
        bounced=bounced,
        throttled=throttled,
        complained=_drawn(sent - throttled - bounced, audience.complained_share, rng),
    )


def _about_one(audience: Audience, rng: Random) -> float:
    """A factor around one: its logarithm is normal, so that halves are as likely as doubles."""
    spread = sqrt(log(1 + audience.varies_share**2))
    return rng.lognormvariate(-spread * spread / 2, spread)


def _drawn(count: int, chance: float, rng: Random) -> int:
    """How many of so many happen, each with this chance."""
    if count * chance * (1 - chance) > _FEW:
        drawn = rng.gauss(count * chance, sqrt(count * chance * (1 - chance)))
        return min(count, max(0, round(drawn)))
    if chance <= 0 or chance >= 1:
        return count if chance >= 1 else 0
    happened, at, gap = 0, 0, log(1 - chance)  # the letters between two that it happens to
    while (at := at + 1 + int(log(1 - rng.random()) / gap)) <= count:
        happened += 1
    return happened
