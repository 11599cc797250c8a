"""Places in a day's allowance: how many, how they are spread over the day, and how processes share them.

How to think about it. A place is the right to send one letter today. Whoever sends takes places from
the state and writes the state back by compare-and-set, so no place is given twice. Places come one by
one, evenly over `Plan.spread` from the first on, a few at a time (`block`); those not used by the end of
the day are lost.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Final

import attrs

from mailkit.clock import utc
from mailkit.send.limits.rate import Rate
from mailkit.send.warmup.plans import Plan
from mailkit.send.warmup.rules import advance
from mailkit.send.warmup.states import State

__all__ = ["Grant", "allowance", "left", "rate", "take"]

_BLOCKS_A_DAY: Final = 48


@attrs.frozen(kw_only=True)
class Grant:
    """Places that were given.

    Attributes:
        count: How many letters may be sent now, up to the end of the day in UTC.
        again_at: When there may be more, if there were fewer than asked for; None if there were as many.

    >>> now = datetime(2026, 3, 2, 9, tzinfo=UTC)
    >>> _, grant = take(Plan(start=480, spread=timedelta(hours=24)), State(), 1_000, now)
    >>> grant.count, str(grant.again_at)
    (10, '2026-03-02 09:03:00+00:00')
    """

    count: int
    again_at: datetime | None = None


def allowance(plan: Plan, state: State, now: datetime) -> int:
    """How many letters may be sent on this day in UTC, those included that were; 0 while paused.

    >>> allowance(Plan(start=500), State(step=1), datetime(2026, 3, 2, 9, tzinfo=UTC))
    575
    """
    state, _ = advance(plan, state, now)
    is_paused = state.paused_until is not None and utc(now) < state.paused_until
    return 0 if is_paused else plan.volume(state.step)


def left(plan: Plan, state: State, now: datetime) -> int:
    """How many places of this day were not given out yet.

    >>> now = datetime(2026, 3, 2, 9, tzinfo=UTC)
    >>> state, _ = take(Plan(start=500), State(), 4, now)
    >>> left(Plan(start=500), state, now)
    496
    """
    taken = state.taken if state.taken_on == utc(now).date() else 0
    return max(0, allowance(plan, state, now) - taken)


def rate(plan: Plan, state: State, now: datetime) -> Rate | None:
    """The day's allowance as a limit, evenly spread; None while nothing may be sent.

    It is what `take` keeps to; give it to a sender's limits where nobody calls `take`.

    >>> schedule = Plan.following("sendgrid hourly")
    >>> print(rate(schedule, State(), datetime(2026, 3, 2, 9, tzinfo=UTC)).period)  # 20 an hour
    0:03:00
    """
    allowed = allowance(plan, state, now)
    return Rate(allowed, per=plan.spread, burst=block(allowed)) if allowed else None


def block(allowed: int) -> int:
    """How many places are given at once after a time without: a forty-eighth of the day's."""
    return max(1, allowed // _BLOCKS_A_DAY)


def take(plan: Plan, state: State, count: int, now: datetime) -> tuple[State, Grant]:
    """Take up to so many places.

    Several processes share a state so: each reads it, takes, and writes it by compare-and-set, and
    begins anew if another was first. What all get together is never more than the day's allowance.

    >>> plan, now = Plan(start=500, spread=timedelta(hours=8)), datetime(2026, 3, 2, 9, tzinfo=UTC)
    >>> state, first = take(plan, State(), 8, now)
    >>> state, second = take(plan, state, 8, now)
    >>> first.count, second.count, str(second.again_at)
    (8, 2, '2026-03-02 09:00:57.600000+00:00')
    """
    now = utc(now)
    state = _on_its_day(plan, state, now)
    if state.paused_until is not None and now < state.paused_until:
        return state, Grant(count=0, again_at=state.paused_until)
    free = plan.volume(state.step) - state.taken
    if free <= 0 or state.taken_on != now.date():  # the state's day is later if clocks differ between machines
        return state, Grant(count=0, again_at=_midnight(now))
    pace = Rate(plan.volume(state.step), per=plan.spread, burst=block(plan.volume(state.step)))
    expected, tolerance = max(state.arrival or now, now), pace.period * (pace.burst - 1)
    given = min(count, free, max(0, (now + tolerance - expected) // pace.period + 1))
    arrival = expected + given * pace.period
    state = attrs.evolve(state, taken=state.taken + given, arrival=arrival)
    if given == count:
        return state, Grant(count=given)
    return state, Grant(count=given, again_at=arrival - tolerance if given < free else _midnight(now))


def use(plan: Plan, state: State, count: int, now: datetime) -> State:
    """Count places that were used without being taken, whether there were any or not."""
    now = utc(now)
    state = _on_its_day(plan, state, now)
    period = Rate(plan.volume(state.step), per=plan.spread).period
    arrival = max(state.arrival or now, now) + count * period
    return attrs.evolve(state, taken=state.taken + count, arrival=arrival)


def _on_its_day(plan: Plan, state: State, now: datetime) -> State:
    state, _ = advance(plan, state, now)
    if state.taken_on is None or state.taken_on < now.date():
        state = attrs.evolve(state, taken_on=now.date(), taken=0)
    return state


def _midnight(now: datetime) -> datetime:
    """The end of the day in UTC."""
    return datetime.combine(now.date() + timedelta(days=1), time(), UTC)
