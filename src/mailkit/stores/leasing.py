"""Taking jobs out of their lanes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from mailkit.send.jobs import Job
from mailkit.send.outbox import Lane, Lease
from mailkit.stores import pauses, sql
from mailkit.stores.driver import Driver
from mailkit.stores.lanes import Book, choose
from mailkit.stores.rows import instant, job_of, lane_of, microseconds

__all__ = ["jobs_of", "lease", "waiting_lanes"]


def waiting_lanes(driver: Driver, book: Book) -> list[Lane]:
    """The lanes in which jobs wait and that are not paused. Its cost is by lanes, and not by jobs."""
    stopped = pauses.paused(driver)
    if None in stopped:
        return []
    busy = driver.rows(sql.BUSY_LANES)
    places = book.places(driver, [number for number, _ in busy])
    known = (
        (number, places[number], due) for number, due in busy if number in places
    )  # 0 has none: a job without a letter
    return [lane_of(number, place, due) for number, place, due in known if place[3] not in stopped]


def lease(
    connection: Connection,
    book: Book,
    *,
    now: datetime,
    until: datetime,
    limit: int,
    lanes: Mapping[int, int] | None,
) -> list[Lease]:
    """Take up to `limit` jobs that are due and not paused: higher priority first, then the longest due."""
    driver = Driver(connection)
    stopped = pauses.look(driver)
    start, end = microseconds(now), microseconds(until)
    if lanes is None:
        busy = sorted(driver.rows(sql.BUSY_LANES), key=lambda row: row[1])
        caps: Mapping[int, int] = {number: limit for number, due in busy if due <= start}
    else:
        caps = lanes
    places = book.places(driver, caps)
    caps = {number: caps[number] for number in places if not {None, places[number][3]} & stopped}
    leases: list[Lease] = []

    def take(wanted: Mapping[int, int]) -> list[tuple[int, int]]:
        rows = _take(driver, wanted, start, end)
        leases.extend(
            Lease.of(row[0], job_of(row[6:], places[row[1]]), row[2] + 1, row[3], until, instant(row[5]), row[1])
            for row in rows
        )
        return [(row[4], row[0]) for row in rows]

    def peek(number: int, most: int) -> list[Any]:
        return driver.rows(sql.PEEK, (number, start, most))

    choose(caps, places=places, take=take, peek=peek, limit=limit)
    return leases


def _take(driver: Driver, wanted: Mapping[int, int], now: int, until: int) -> list[Any]:
    """Rows of what was taken, the longest due first."""
    if driver.is_postgresql:
        rows = driver.rows(sql.TAKE_UNLOCKED, (list(wanted), list(wanted.values()), now, until))
    else:
        rows = [row for number, most in wanted.items() for row in driver.rows(sql.TAKE, (number, now, most))]
        driver.each(sql.HOLD, [(until, row[0]) for row in rows])
    return sorted(rows, key=_head) if len(rows) > 1 else rows


def _head(row: Sequence[Any]) -> tuple[Any, ...]:
    return (row[4], row[0])


def jobs_of(driver: Driver, book: Book, numbers: Iterable[int]) -> dict[int, Job]:
    """The jobs with these numbers."""
    rows = [
        row
        for some in sql.chunks(list(numbers))
        for row in driver.rows(sql.LETTERS.format(marks=sql.marks(some)), some)
    ]
    places = book.places(driver, {row[1] for row in rows})
    return {row[0]: job_of(row[2:], places[row[1]]) for row in rows}
