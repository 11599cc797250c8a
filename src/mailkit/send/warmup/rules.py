"""How a warm-up goes on: rules without I/O, (plan, state, a day) -> (state, decision).

How to think about it. A day is judged once, when it is over. First, whether it was bad: if so many
bounces, complaints or refusals prove that the true share is above its limit, it costs steps, each day
once, also if its bounces came late. Then, whether the last days together prove that few bounce: only
then a step is gained. Small numbers prove neither, and the volume stays as it is.

| the day | becomes |
| --- | --- |
| refused for reputation, or far too many bounces or complaints | paused, and `setback` steps back |
| too many bounces, complaints or "slow down" | one step back |
| less sent than `least_share` of what was allowed | held |
| the last days do not prove that few bounce and most arrive | held |
| anything else | one step up |
| more than `rest_days` without mail | one step back for each further day |
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import reduce
from operator import add

import attrs

from mailkit.clock import utc
from mailkit.send.warmup.confidence import is_above, is_below
from mailkit.send.warmup.decisions import Decision, Move, Proof, Reason, Ruling
from mailkit.send.warmup.plans import Gates, Plan
from mailkit.send.warmup.states import Day, State

__all__ = ["advance", "decide", "note"]

_ONE_DAY = timedelta(days=1)


def decide(plan: Plan, state: State, day: Day) -> tuple[State, Decision]:
    """Judge a day that is over, with all that came of it.

    A day without letters changes nothing, so that only sending days count.

    Args:
        plan: The plan.
        state: The state before.
        day: The day; it replaces what the state itself counted for today.

    >>> day = Day(on=date(2026, 3, 2), sent=500, accepted=500)
    >>> state, decision = decide(Plan(), State(), day)
    >>> decision.move.value, decision.allowed
    ('grew', 575)
    """
    if not day.sent:
        silence = Reason(ruling=Ruling.SILENCE, count=1, total=0)
        decision = Decision(on=day.on, move=Move.HELD, allowed=plan.volume(state.step), because=silence)
        return attrs.evolve(state, today=None), decision
    past = (*state.past, day)[-plan.memory_days :]
    move, because, charged = _judged(plan, state, past)
    step = _step(plan, state.step, move)
    paused_until = state.paused_until
    if move is Move.PAUSED and (paused_until is None or paused_until <= _begin(day.on)):
        paused_until = _begin(day.on + _ONE_DAY) + plan.pause
    after = attrs.evolve(
        state,
        step=step,
        sending_days=state.sending_days + 1,
        today=None,
        past=past,
        charged=(state.charged | charged) & {one.on for one in past},
        paused_until=paused_until,
        rested=0,
    )
    return after, Decision(on=day.on, move=move, allowed=plan.volume(step), because=because)


def advance(plan: Plan, state: State, now: datetime) -> tuple[State, tuple[Decision, ...]]:
    """Bring a state up to an instant: judge the day that is over, and let silence cost its steps.

    Calling it often, or once after a long time, comes to the same.

    >>> state = State(step=10, past=[Day(on=date(2026, 3, 1), sent=500, accepted=500)])
    >>> state, told = advance(Plan(), state, datetime(2026, 3, 12, tzinfo=UTC))
    >>> state.step, [decision.reason for decision in told]
    (7, ['rested: no mail for 10 days'])
    """
    on = utc(now).date()
    told: list[Decision] = []
    if state.today is not None and state.today.on < on:
        has_sent = state.today.sent
        state, decision = decide(plan, state, state.today)
        told += [decision] if has_sent else []
    last = state.last_sent_on
    silent_days = (on - last).days - 1 if last else 0
    costs = max(0, silent_days - int(plan.rest_days))
    if costs > state.rested:
        step = max(0, state.step - (costs - state.rested))
        if step < state.step:
            silence = Reason(ruling=Ruling.SILENCE, count=silent_days, total=0)
            told.append(Decision(on=on, move=Move.RESTED, allowed=plan.volume(step), because=silence))
        state = attrs.evolve(state, step=step, rested=costs)
    return state, tuple(told)


def note(plan: Plan, state: State, news: Day, now: datetime) -> State:
    """Count what came of letters, in any order, for the day on which they were sent.

    News of a day that is judged already are remembered with it, as long as it is remembered itself.
    If today proves so bad that it pauses, the pause begins at once.

    Args:
        plan: The plan.
        state: The state before.
        news: What is new about a day.
        now: The present instant.

    >>> now = datetime(2026, 3, 2, 12, tzinfo=UTC)
    >>> state = note(Plan(), State(), Day(on=now.date(), sent=40, accepted=20, blocked=20), now)
    >>> print(state.paused_until)
    2026-03-03 12:00:00+00:00
    """
    state, _ = advance(plan, state, now)
    on = utc(now).date()
    begun_on = state.today.on if state.today else on
    is_judged = bool(state.past) and news.on <= state.past[-1].on
    if is_judged or news.on < max(on, begun_on):
        past = tuple(day + news if day.on == news.on else day for day in state.past)
        return attrs.evolve(state, past=past)
    today = (state.today or Day(on=on)) + news
    is_paused = state.paused_until is not None and state.paused_until > now
    if not is_paused and any(True for _ in _stops(plan.gates, today)):
        return attrs.evolve(state, today=today, paused_until=utc(now) + plan.pause)
    return attrs.evolve(state, today=today)


def _judged(plan: Plan, state: State, past: tuple[Day, ...]) -> tuple[Move, Reason, frozenset[date]]:
    """What the last day is: the move, why, and the days that it charges."""
    gates, today = plan.gates, past[-1]
    for move, reasons in ((Move.PAUSED, _stops), (Move.STEPPED_BACK, _steps_back)):
        bad = [(day.on, why) for day in past if day.on not in state.charged for why in reasons(gates, day)]
        if bad:
            return move, bad[-1][1], frozenset(on for on, _ in bad)
    allowed = plan.volume(state.step)
    if today.sent < plan.least_share * allowed:
        few = Reason(ruling=Ruling.SENT_FEW, count=today.sent, total=allowed, limit=plan.least_share)
        return Move.HELD, few, frozenset()
    doubt = next(_doubts(gates, past), None)
    if doubt:
        return Move.HELD, doubt, frozenset()
    if state.step >= plan.last_step:
        return Move.HELD, Reason(ruling=Ruling.AT_TARGET, count=today.sent, total=allowed), frozenset()
    return Move.GREW, _proof(gates, past, Ruling.UNDELIVERED), frozenset()


def _stops(gates: Gates, day: Day) -> Iterator[Reason]:
    yield from _above(gates, day, Ruling.BLOCKED, day.blocked, gates.blocked_share)
    yield from _above(gates, day, Ruling.BOUNCED, day.bounced, gates.pause_bounced_share)
    yield from _above(gates, day, Ruling.COMPLAINED, day.complained, gates.pause_complained_share)


def _steps_back(gates: Gates, day: Day) -> Iterator[Reason]:
    yield from _above(gates, day, Ruling.BOUNCED, day.bounced, gates.bounced_share)
    yield from _above(gates, day, Ruling.COMPLAINED, day.complained, gates.complained_share)
    yield from _above(gates, day, Ruling.THROTTLED, day.throttled, gates.throttled_share)


def _above(gates: Gates, day: Day, ruling: Ruling, count: int, limit: float) -> Iterator[Reason]:
    if is_above(min(count, day.sent), day.sent, limit, confidence=gates.confidence):
        yield Reason(
            ruling=ruling,
            count=count,
            total=day.sent,
            limit=limit,
            proof=Proof.ABOVE,
            confidence=gates.confidence,
        )


def _doubts(gates: Gates, past: tuple[Day, ...]) -> Iterator[Reason]:
    """Why neither the last day nor the last days together prove enough."""
    for ruling in (Ruling.BOUNCED, Ruling.UNDELIVERED):
        reason = _proof(gates, past, ruling)
        if reason.proof is Proof.NEITHER:
            yield reason
    pool = reduce(add, past)
    if pool.complained > gates.complained_share * pool.sent:
        limit, days = gates.complained_share, len(past)
        yield Reason(ruling=Ruling.COMPLAINED, count=pool.complained, total=pool.sent, limit=limit, days=days)


def _proof(gates: Gates, past: tuple[Day, ...], ruling: Ruling) -> Reason:
    """What the last day proves by itself, or else what the last days do together."""
    limit = gates.bounced_share if ruling is Ruling.BOUNCED else 1 - gates.delivered_share
    for days in (past[-1:], past):
        pool = reduce(add, days)
        count = min(pool.bounced if ruling is Ruling.BOUNCED else pool.undelivered, pool.sent)
        is_proved = is_below(count, pool.sent, limit, confidence=gates.confidence)
        reason = Reason(
            ruling=ruling,
            count=count,
            total=pool.sent,
            limit=limit,
            proof=Proof.BELOW if is_proved else Proof.NEITHER,
            days=len(days),
            confidence=gates.confidence,
        )
        if is_proved:
            break
    return reason


def _step(plan: Plan, step: int, move: Move) -> int:
    match move:
        case Move.GREW:
            return min(step + 1, plan.last_step)
        case Move.STEPPED_BACK:
            return max(step - 1, 0)
        case Move.PAUSED:
            return max(step - plan.setback, 0)
        case _:
            return step


def _begin(on: date) -> datetime:
    return datetime.combine(on, time(), UTC)
