"""Slots that several limits agree on: the arithmetic that every meter shares, and why no window can hold too much.

How to think about it. A rate of one letter in T, with a burst of B, is kept by giving its slots
numbers and marks. The marks t are at least T apart. A slot is good from t - F up to, but not
including, t; F, its *length*, is what the burst pays for. The whole state of a limit is its last mark.

**The bound.** Let N letters pass within a half-open window of length w, each in a slot of its own:
p_m the letter of the lowest number m among them, p_M that of the highest. Then M - m ≥ N - 1, and

    p_M ≥ t_M - F,   p_m < t_m,   t_M - t_m ≥ (N - 1)·T     so     w > p_M - p_m > (N - 1)·T - F.

With F = (B - 1)·T that is w > (N - B)·T, so N < w/T + B: never more than rate·w + B, whoever holds
the slots, however late each is used within its own, and in whatever order. Nothing is assumed of the
processes but that their clocks agree, and that each looks at its clock before it uses a slot. An error
of d between clocks lets through what a window longer by d would hold. Between the look at the clock and the
first octet some time passes, too; so a slot is told to end a little before its mark (`Toll.spare`).

**A burst of one** pays for no length at all: a letter that is on time would have to be there at a
point. So the marks are set F farther apart than T. For N ≥ 2 that gives
w > (N - 1)·(T + F) - F ≥ (N - 1)·T, and the bound with B = 1; for N = 1 there is nothing to show.
F is T/64 (a second at most), so that 98.4 % of the rate can be used; but not less than 2 ms, which
an event loop needs, so that above ten letters a second a burst of one costs more. `Rate.burst` says so.

**Ahead or late.** After a pause, a slot's mark is put only `grace` after its beginning, so that
what else the burst pays for lets the next letters go at once: B - grace/T of them. While letters
queue, the mark of each is one step after the last, and its slot begins F before: all of the burst
is then a reserve against lateness. A slot's beginning is never moved to make up for a slot that was
missed: that one is lost.

**Several limits.** A slot begins where the last of them lets it, and ends at the first of their
marks; each mark is moved to `grace` after the beginning if it lies before that. Such a move takes
from a limit what others could have used until then, as one mark cannot tell of a hole. So slots
that move a mark are given for the near half of the horizon only; as long as all ask with the same
horizon, and at least each half of it, the others find what they want in the far half.

**A clock that is set back** leaves marks that lie too far ahead. What nobody can have reserved is
taken as "the burst is used up now": the next slot begins one step later. A set-back shorter than
`_SKEW` is waited for.

**Allotments** count letters in a period of the calendar: their state holds the period's number and
how many slots it has given. No slot outlasts its period, so the count is kept exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from mailkit.send.limits.rate import TICK
from mailkit.send.meter import Allotment, Reservation, Slot, Toll

__all__ = ["LONGEST_HORIZON", "give_back", "idle_from", "reserve"]

LONGEST_HORIZON: Final = timedelta(minutes=1)
"""How far ahead slots are given at most."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LAST: Final = (datetime(9999, 1, 1, tzinfo=UTC) - _EPOCH) // TICK
_FARTHEST: Final = LONGEST_HORIZON // TICK
_SKEW: Final = 60_000_000
"""Microseconds by which the clocks of processes may differ before it is taken for a clock that was set back."""
_OPEN: Final = 1_000_000
"""Microseconds for which a slot that no limit bounds is good."""
_LONGEST: Final = timedelta(days=365) // TICK
"""The longest slot, and the longest wait that is told, so that no instant lies beyond the calendar."""
_COUNT_BITS: Final = 40
_COUNT: Final = (1 << _COUNT_BITS) - 1


def reserve(
    tolls: Sequence[Toll | Allotment],
    states: Sequence[int | None],
    *,
    count: int,
    now: datetime,
    horizon: timedelta,
) -> tuple[list[int], Reservation]:
    """Give slots that pass all these limits, and the limits' new states.

    Args:
        tolls: The limits.
        states: The state of each as the last call for its key gave it, by any process; None if there was none.
        count: How many slots are wanted.
        now: The present instant.
        horizon: How far ahead a slot may begin, up to `LONGEST_HORIZON`.

    Returns:
        The new states in the order of the limits, whole numbers of at most 63 bits, and the slots.

    >>> from mailkit.send.limits.rate import Rate
    >>> now, second = datetime(2026, 3, 1, tzinfo=UTC), timedelta(seconds=1)
    >>> tolls = [Toll(key=key, rate=Rate(count, per=second, burst=3)) for key, count in {"all": 10, "gmail": 2}.items()]
    >>> states, reservation = reserve(tolls, [None, None], count=9, now=now, horizon=second)
    >>> [(slot.begins_at - now).total_seconds() for slot in reservation.slots], str(reservation.again_at - now)
    ([0.0, 0.0, 0.05], '0:00:00.050000')
    """
    at = (now - _EPOCH) // TICK
    ahead = min(max(horizon // TICK, 0), _FARTHEST)
    places = [place for place, toll in enumerate(tolls) if isinstance(toll, Toll)]
    rates = [toll for toll in tolls if isinstance(toll, Toll)]
    nexts = [_next(toll, states[place], at) for toll, place in zip(rates, places, strict=True)]
    new, free, ends = _allotted(tolls, states)
    spans, again = _spans(rates, nexts, min(count, free), at, ahead, ends)
    if again is None and len(spans) < count:
        again = ends
    for place, toll in enumerate(tolls):
        if isinstance(toll, Allotment):
            new[place] += len(spans)
    for place, toll, mark in zip(places, rates, nexts, strict=True):
        new[place] = mark - toll.step
    slots = tuple(
        Slot(begins_at=now if begin == at else _EPOCH + begin * TICK, ends_at=_EPOCH + end * TICK)
        for begin, end in spans
    )
    return new, Reservation(slots=slots, again_at=None if again is None else _EPOCH + again * TICK)


def give_back(allotment: Allotment, state: int | None, count: int) -> int | None:
    """The allotment's state once so many slots are given back; unchanged if its period is over.

    >>> june = Allotment(key="quota shop month", number=24_318, most=5, ends_at=datetime(2026, 7, 1, tzinfo=UTC))
    >>> (state,), _ = reserve([june], [None], count=5, now=datetime(2026, 6, 9, tzinfo=UTC), horizon=timedelta(0))
    >>> (_,), again = reserve([june], [give_back(june, state, 2)], count=5, now=datetime(2026, 6, 9, tzinfo=UTC),
    ...                       horizon=timedelta(0))
    >>> len(again.slots), str(again.again_at)
    (2, '2026-07-01 00:00:00+00:00')
    """
    if state is None or state >> _COUNT_BITS != allotment.number:
        return state
    return state - min(count, state & _COUNT)


def idle_from(toll: Toll | Allotment, state: int) -> datetime:
    """The instant from which this state says no more than None does, so that it may be forgotten."""
    if isinstance(toll, Allotment):
        return toll.ends_at
    return _EPOCH + min(state + toll.step - toll.grace, _LAST) * TICK


def _spans(
    rates: Sequence[Toll], nexts: list[int], count: int, at: int, ahead: int, ends: int | None
) -> tuple[list[tuple[int, int]], int | None]:
    """The slots as beginnings and ends, and when to ask again if they are too few.

    `nexts` are the least marks that the next slot may have, and become those of the slot after the last.
    """
    near, far = at + ahead // 2, at + ahead
    bound = ends if ends is not None else at + (_LONGEST if rates else max(ahead, _OPEN))
    terms = [(place, toll.step, toll.length, toll.grace, toll.spare) for place, toll in enumerate(rates)]
    spans: list[tuple[int, int]] = []
    while len(spans) < count:
        begin, end = at, bound
        for place, _, length, _, _ in terms:
            if nexts[place] - length > begin:
                begin = nexts[place] - length
        if begin > far:
            return spans, min(begin - ahead, at + _LONGEST)
        if begin >= bound:
            return spans, bound
        if begin > near and any(nexts[place] < begin + grace for place, _, _, grace, _ in terms):
            return spans, begin - ahead // 2
        for place, step, _, grace, spare in terms:
            mark = nexts[place]
            if mark < begin + grace:
                mark = begin + grace
            if mark - spare < end:
                end = mark - spare
            nexts[place] = mark + step
        spans.append((begin, end))
    return spans, None


def _next(toll: Toll, state: int | None, at: int) -> int:
    """The least mark that the next slot may have; if there is no state, the limit has rested."""
    if state is None:
        return at + toll.grace
    if state > at + toll.length + _FARTHEST + _SKEW:
        state = at + toll.length
    return state + toll.step


def _allotted(tolls: Sequence[Toll | Allotment], states: Sequence[int | None]) -> tuple[list[int], int, int | None]:
    """The states of the allotments (0 for rates), how many slots they leave, and when the first period ends."""
    numbers = [0] * len(tolls)
    free, ends = _COUNT, None
    for place, (toll, state) in enumerate(zip(tolls, states, strict=True)):
        if isinstance(toll, Allotment):
            start = toll.number << _COUNT_BITS
            numbers[place] = state = max(start, state or 0)
            free = min(free, max(0, toll.most - (state & _COUNT)))
            end = (toll.ends_at - _EPOCH) // TICK
            ends = end if ends is None else min(ends, end)
    return numbers, free, ends
