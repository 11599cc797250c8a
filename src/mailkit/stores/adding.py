"""Putting jobs in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from mailkit.event import Kind
from mailkit.send.jobs import Job
from mailkit.stores import sql
from mailkit.stores.driver import Change, Driver
from mailkit.stores.lanes import Book
from mailkit.stores.rows import event_row, letter_row, message_row, microseconds, place_of

__all__ = ["add"]

_COLUMNS: Final = "key, lane, due, queued_at, state, epoch, tries"
_LAST: Final = "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'mailkit_jobs'), 0)"
_ADD_NUMBERED: Final = Change(f"INSERT INTO mailkit_jobs ({_COLUMNS}, id) VALUES (?, ?, ?, ?, 'queued', 0, 0, ?)")
_ADD_MISSING: Final = f"""
INSERT INTO mailkit_jobs ({_COLUMNS})
SELECT key, lane, due, ?, 'queued', 0, 0 FROM unnest(CAST(? AS text[]), CAST(? AS bigint[]), CAST(? AS bigint[]))
WITH ORDINALITY AS given(key, lane, due, place) ORDER BY place
ON CONFLICT DO NOTHING RETURNING key, id
"""


def add(connection: Connection, book: Book, jobs: Sequence[Job], now: datetime) -> int:
    """Put jobs in, passing over those whose key is there already; give how many were new."""
    driver = Driver(connection)
    by_key: dict[str, Job] = {}
    for job in jobs:
        by_key.setdefault(job.key, job)
    lanes = book.numbers(driver, by_key.values())
    at, new = microseconds(now), 0
    for keys in sql.chunks(list(by_key)):
        rows = [(key, lanes[place_of(by_key[key])], microseconds(by_key[key].not_before or now), at) for key in keys]
        insert = _add_unlocked if driver.is_postgresql else _add_alone
        numbers = insert(driver, rows)
        added = [(numbers[key], by_key[key]) for key in keys if key in numbers]
        new += len(added)
        driver.each(sql.ADD_LETTER, [letter_row(number, job) for number, job in added])
        driver.each(sql.ADD_MESSAGE, [message_row(number, job, at) for number, job in added])
        driver.each(sql.ADD_EVENT, [event_row(job.event(Kind.QUEUED, now)) for _, job in added])
    return new


def _add_alone(driver: Driver, rows: Sequence[tuple[str, int, int, int]]) -> dict[str, int]:
    """The numbers of those that are new. Nobody else writes meanwhile, so the next numbers are known."""
    keys = [row[0] for row in rows]
    known = {row[0] for row in driver.rows(f"SELECT key FROM mailkit_jobs WHERE key IN ({sql.marks(keys)})", keys)}
    ((last,),) = driver.rows(_LAST)
    new = [row for row in rows if row[0] not in known]
    driver.each(_ADD_NUMBERED, [(*row, number) for number, row in enumerate(new, last + 1)])
    return {row[0]: number for number, row in enumerate(new, last + 1)}


def _add_unlocked(driver: Driver, rows: Sequence[tuple[str, int, int, int]]) -> dict[str, int]:
    """The numbers of those that are new."""
    keys, lanes, dues, at = zip(*rows, strict=True)
    return dict(driver.rows(_ADD_MISSING, (at[0], list(keys), list(lanes), list(dues))))
