"""Lanes: which there are, in which of them jobs wait, and how many to take of each."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import groupby

from mailkit.send.jobs import Job
from mailkit.stores import sql
from mailkit.stores.driver import Driver
from mailkit.stores.rows import Place, place_of

__all__ = ["Book", "choose"]

Head = tuple[int, int]
"""When a job is due, and its number."""


class Book:
    """What is known of the lanes of one database. A lane never changes, so what was read once stays true."""

    def __init__(self) -> None:
        self._places: dict[int, Place] = {}
        self._numbers: dict[Place, int] = {}

    def places(self, driver: Driver, numbers: Collection[int]) -> dict[int, Place]:
        """The places of the lanes with these numbers; those that are not there are left out.

        Only for a transaction that has made no lane: what it remembers must be committed.
        """
        for some in sql.chunks([number for number in numbers if number not in self._places]):
            for row in driver.rows(f"{sql.PLACES} WHERE id IN ({sql.marks(some)})", some):
                self._learn(row[0], (row[1], bool(row[2]), row[3], row[4], row[5], row[6]))
        return {number: self._places[number] for number in numbers if number in self._places}

    def numbers(self, driver: Driver, jobs: Iterable[Job]) -> dict[Place, int]:
        """The numbers of the lanes in which these jobs wait; lanes that are not there yet are made."""
        wanted = {place_of(job) for job in jobs}
        missing = []
        for place in sorted(
            wanted - self._numbers.keys()
        ):  # all make them in one order, so that none waits in a circle
            found = driver.rows(sql.LANE_AT, place)
            if found:
                self._learn(found[0][0], place)
            else:
                missing.append(place)
        driver.each(sql.ADD_LANE, missing)
        made = {place: int(driver.rows(sql.LANE_AT, place)[0][0]) for place in missing}  # not learnt: not committed yet
        return {place: made.get(place) or self._numbers[place] for place in wanted}

    def _learn(self, number: int, place: Place) -> None:
        self._places[number], self._numbers[place] = place, number


def choose(
    caps: Mapping[int, int],
    *,
    places: Mapping[int, Place],
    take: Callable[[Mapping[int, int]], Sequence[Head]],
    peek: Callable[[int, int], Sequence[Head]],
    limit: int,
) -> None:
    """Take up to `limit` jobs: higher priority first, then the longest due, and no more of a lane than its cap.

    Args:
        caps: How many may be taken of each lane, the lanes with the longest due first.
        places: The lanes' places.
        take: Takes so many of each lane, and gives what it took.
        peek: Gives the first heads of a lane, so many at most, without taking them.
        limit: How many to take in all.
    """
    left = limit
    order = sorted((number for number in caps if caps[number] > 0), key=lambda number: -places[number][0])
    for _, same in groupby(order, key=lambda number: places[number][0]):
        if left <= 0:
            return
        wanted = {number: min(caps[number], left) for number in same}
        if len(wanted) > 1 and sum(wanted.values()) > left:
            wanted = _longest_due(wanted, peek, left)
        left -= len(take(wanted)) if wanted else 0


def _longest_due(wanted: Mapping[int, int], peek: Callable[[int, int], Sequence[Head]], limit: int) -> dict[int, int]:
    """How many of each lane are among the `limit` that are the longest due."""
    first: list[tuple[Head, int]] = []
    for number, most in wanted.items():
        heads = peek(number, most)
        if len(first) == limit and heads and heads[0] > first[-1][0]:
            continue
        first = sorted([*first, *((head, number) for head in heads)])[:limit]
    chosen: dict[int, int] = {}
    for _, number in first:
        chosen[number] = chosen.get(number, 0) + 1
    return chosen
