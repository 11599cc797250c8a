"""Statements that both engines understand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, TypeVar

from sqlalchemy import BigInteger, Connection, Row, Table, bindparam, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import Insert

from mailkit.stores.schema import HELD, WAITING, jobs, letters, messages

__all__ = [
    "COUNTS",
    "FIRST_END",
    "LEASE",
    "MOVE",
    "RAN_OUT",
    "RESOLVABLE",
    "STANDINGS",
    "add_missing",
    "chunks",
    "first_due",
    "letters_of",
    "waiting_priorities",
]

T = TypeVar("T")
CHUNK: Final = 1_000
"""Rows or numbers in one statement: far below what SQLite (32,766) and PostgreSQL (65,535) allow as parameters."""

# A CTE and not a subquery in IN: PostgreSQL may run that anew for every row, and so take more
# than the limit; a CTE that locks rows runs once.
_chosen = (
    select(jobs.c.id)
    .where(WAITING, jobs.c.priority == bindparam("at_priority"), jobs.c.due <= bindparam("now"))
    .order_by(jobs.c.due, jobs.c.id)
    .limit(bindparam("take"))
    .with_for_update(skip_locked=True)
    .cte("chosen")
)
LEASE: Final = (
    update(jobs)
    .where(jobs.c.id.in_(select(_chosen.c.id)))
    .values(state="leased", epoch=jobs.c.epoch + 1, until=bindparam("lease_until"))
    .returning(jobs.c.id, jobs.c.epoch, jobs.c.tries, jobs.c.due, jobs.c.queued_at)
)
STANDINGS: Final = (
    select(jobs.c.id, jobs.c.epoch, jobs.c.state, jobs.c.due, jobs.c.until, jobs.c.tries)
    .where(jobs.c.id.in_(bindparam("numbers", expanding=True)))
    .order_by(jobs.c.id)  # all workers lock in one order, so that none waits for another in a circle
    .with_for_update()
)
RAN_OUT: Final = (
    select(jobs.c.id, jobs.c.state, jobs.c.tries)
    .where(HELD, jobs.c.until <= bindparam("now"))
    .order_by(jobs.c.until, jobs.c.id)  # in the order of their index, or SQLite would read the whole table
    .with_for_update(skip_locked=True)
)
MOVE: Final = (
    update(jobs)
    .where(jobs.c.id == bindparam("number"))
    .values(
        state=bindparam("new_state"),
        due=func.coalesce(bindparam("new_due", type_=BigInteger), jobs.c.due),
        until=bindparam("new_until"),
        tries=bindparam("new_tries"),
    )
)
RESOLVABLE: Final = (
    select(jobs.c.id, jobs.c.state, jobs.c.tries)
    .join(messages, messages.c.job_id == jobs.c.id)
    .where(messages.c.message_id.in_(bindparam("message_ids", expanding=True)), jobs.c.state.in_(("unknown", "failed")))
    .order_by(jobs.c.id)
    .with_for_update(of=jobs)
)
FIRST_END: Final = select(func.min(jobs.c.until)).where(HELD)
COUNTS: Final = select(jobs.c.state, func.count()).group_by(jobs.c.state)
_FIRST_DUE: Final = select(func.min(jobs.c.due)).where(WAITING, jobs.c.priority == bindparam("at_priority"))
_HIGHEST: Final = select(func.max(jobs.c.priority)).where(WAITING)
_NEXT_LOWER: Final = _HIGHEST.where(jobs.c.priority < bindparam("below"))
_LETTERS: Final = select(letters).where(letters.c.job_id.in_(bindparam("numbers", expanding=True)))


def chunks(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """The items, so many at a time as one statement may have."""
    for start in range(0, len(items), CHUNK):
        yield items[start : start + CHUNK]


def add_missing(connection: Connection, table: Table, rows: Sequence[dict[str, Any]], *columns: str) -> list[Row[Any]]:
    """Insert the rows that break no unique constraint; give these columns of those that were inserted."""
    statement = _insert_missing(connection.dialect.name, table)
    if columns:
        returning = statement.returning(*(table.c[name] for name in columns))
        return [row for chunk in chunks(rows) for row in connection.execute(returning, list(chunk))]
    if rows:
        connection.execute(statement, rows)
    return []


def _insert_missing(dialect: str, table: Table) -> Insert:
    if dialect == "postgresql":
        return postgresql.insert(table).on_conflict_do_nothing()
    return sqlite.insert(table).on_conflict_do_nothing()


def letters_of(connection: Connection, numbers: Sequence[int]) -> dict[int, Row[Any]]:
    """The letters' rows of these jobs, by number."""
    found = (row for chunk in chunks(numbers) for row in connection.execute(_LETTERS, {"numbers": list(chunk)}))
    return {row.job_id: row for row in found}


def waiting_priorities(connection: Connection) -> Iterator[int]:
    """The priorities of the jobs that wait, highest first.

    Each is one step into the index, however many jobs there are: so leasing costs the same
    beside a million jobs that are not due yet. Applications have a handful of priorities.
    """
    priority = connection.scalar(_HIGHEST)
    while priority is not None:
        yield priority
        priority = connection.scalar(_NEXT_LOWER, {"below": priority})


def first_due(connection: Connection) -> int | None:
    """The first instant at which a waiting job is due; None if none waits."""
    found = (connection.scalar(_FIRST_DUE, {"at_priority": priority}) for priority in waiting_priorities(connection))
    return min((due for due in found if due is not None), default=None)
