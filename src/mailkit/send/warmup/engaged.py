"""Who is written to while an identity is warmed up: the most engaged first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from hashlib import blake2b

from mailkit.clock import utc
from mailkit.send.warmup.places import left
from mailkit.send.warmup.plans import Plan
from mailkit.send.warmup.rules import advance
from mailkit.send.warmup.states import State

__all__ = ["allot", "may_write", "order"]


def order(people: Iterable[str], engaged: Mapping[str, datetime]) -> list[str]:
    """The people, those first who opened or clicked last.

    Those of whom nothing is known come last, in an order that does not depend on the one in which they came.

    Args:
        people: The application's ids.
        engaged: When each opened or clicked last.

    >>> from datetime import UTC
    >>> order(["17", "18", "19"], {"17": datetime(2026, 1, 5, tzinfo=UTC), "19": datetime(2026, 2, 5, tzinfo=UTC)})
    ['19', '17', '18']
    """

    def place(person: str) -> tuple[float, bytes]:
        last = engaged.get(person)
        digest = blake2b(person.encode("utf-8", "surrogatepass"), digest_size=8).digest()
        return (-last.timestamp() if last else float("inf")), digest

    return sorted(dict.fromkeys(people), key=place)


def may_write(plan: Plan, sending_day: int, last: datetime | None, now: datetime) -> bool:
    """Whether somebody may be written to on a sending day, counted from 1, by when he opened or clicked last.

    Args:
        plan: The plan, whose `reach` says how long ago that may be.
        sending_day: Which sending day of the warm-up it is.
        last: When he opened or clicked last; None if nothing is known.
        now: The present instant.

    >>> from datetime import UTC
    >>> now = datetime(2026, 6, 1, tzinfo=UTC)
    >>> [may_write(Plan(), day, now - timedelta(days=45), now) for day in (1, 14, 15)]
    [False, False, True]
    """
    within = _within(plan, sending_day)
    return within is None or (last is not None and utc(now) - utc(last) <= within)


def allot(plan: Plan, state: State, people: Iterable[str], engaged: Mapping[str, datetime], now: datetime) -> list[str]:
    """Who of them the identity writes to today: the most engaged, no more than there are places left.

    Give these letters the new identity, and the others a warm one, or tomorrow. After the first
    weeks, people who did not open or click for longer than the oldest row of `plan.reach` get
    `plan.older_share` of the places at most.

    >>> from datetime import UTC
    >>> now = datetime(2026, 3, 2, 9, tzinfo=UTC)
    >>> engaged = {str(number): now - timedelta(days=number) for number in range(100)}
    >>> allot(Plan(start=3), State(), engaged, engaged, now), len(allot(Plan(), State(), engaged, engaged, now))
    (['0', '1', '2'], 31)
    """
    state, _ = advance(plan, state, now)
    places = left(plan, state, now)
    oldest = max((row.within for row in plan.reach), default=None)
    older_places = int(plan.older_share * places)
    chosen: list[str] = []
    for person in order(people, engaged):
        last = engaged.get(person)
        if len(chosen) == places or not may_write(plan, state.sending_days + 1, last, now):
            break  # whoever comes after him was heard of even longer ago
        is_older = oldest is not None and (last is None or utc(now) - utc(last) > oldest)
        if is_older and not older_places:
            break
        older_places -= is_older
        chosen.append(person)
    return chosen


def _within(plan: Plan, sending_day: int) -> timedelta | None:
    return next((row.within for row in plan.reach if sending_day <= row.until_day), None)
