"""Statements. Those that run for every letter are plain text for `Driver`, the others SQLAlchemy's.

Conditions of partial indexes are repeated in them word for word, or SQLite would not take the index.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, TypeVar

from sqlalchemy import BigInteger, bindparam, func, select, update

from mailkit.stores.driver import Change
from mailkit.stores.rows import EVENT_COLUMNS, LETTER_COLUMNS, MESSAGE_COLUMNS, PLACE_COLUMNS
from mailkit.stores.schema import HELD, WAITING, jobs, messages

__all__ = [
    "ADD_EVENT",
    "ADD_LANE",
    "ADD_LETTER",
    "ADD_MESSAGE",
    "BUSY_LANES",
    "COUNTS",
    "FIRST_END",
    "HOLD",
    "LANE_AT",
    "LETTERS",
    "MARK",
    "MOVE",
    "PEEK",
    "PLACES",
    "RAN_OUT",
    "RESOLVABLE",
    "SETTLE",
    "STANDINGS",
    "TAKE",
    "TAKE_UNLOCKED",
    "arrays",
    "chunks",
    "insert",
    "marks",
]

T = TypeVar("T")
CHUNK: Final = 1_000
"""Rows or numbers in one statement: far below what SQLite (32,766) and PostgreSQL (65,535) allow as parameters."""


def chunks(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """The items, so many at a time as one statement may have."""
    for start in range(0, len(items), CHUNK):
        yield items[start : start + CHUNK]


def marks(values: Iterable[object]) -> str:
    """As many places for values as there are values."""
    return ", ".join("?" for _ in values)


_SORTS: Final = {  # of columns in PostgreSQL's words; the others are text
    **dict.fromkeys(("id", "job_id", "at", "date", "queued_at", "not_before", "expires_at"), "bigint"),
    "is_transactional": "boolean",
    "priority": "integer",
}


def arrays(*sorts: str) -> str:
    """A row for each place of several arrays of these sorts, in PostgreSQL's words."""
    return f"unnest({', '.join(f'CAST(? AS {sort}[])' for sort in sorts)})"


def insert(table: str, columns: Sequence[str]) -> Change:
    """Add rows, passing over those that are there already."""
    begin = f"INSERT INTO {table} ({', '.join(columns)})"
    rows = arrays(*(_SORTS.get(name, "text") for name in columns))
    return Change(
        f"{begin} VALUES ({marks(columns)}) ON CONFLICT DO NOTHING",
        f"{begin} SELECT * FROM {rows} ON CONFLICT DO NOTHING",
    )


ADD_LETTER: Final = Change(insert("mailkit_letters", LETTER_COLUMNS).one)  # raw is large
ADD_MESSAGE: Final = insert("mailkit_messages", MESSAGE_COLUMNS)
ADD_EVENT: Final = insert("mailkit_events", EVENT_COLUMNS)
ADD_LANE: Final = insert("mailkit_lanes", PLACE_COLUMNS)
LANE_AT: Final = f"SELECT id FROM mailkit_lanes WHERE {' AND '.join(f'{name} = ?' for name in PLACE_COLUMNS)}"
PLACES: Final = f"SELECT id, {', '.join(PLACE_COLUMNS)} FROM mailkit_lanes"

# A "loose" scan of the index: one step into it for each lane in which jobs wait, however many wait there.
BUSY_LANES: Final = f"""
WITH RECURSIVE busy(lane) AS (
    SELECT min(lane) FROM mailkit_jobs WHERE {WAITING.text}
    UNION ALL
    SELECT (SELECT min(lane) FROM mailkit_jobs WHERE {WAITING.text} AND lane > busy.lane)
    FROM busy WHERE busy.lane IS NOT NULL
)
SELECT lane, (SELECT min(due) FROM mailkit_jobs WHERE lane = busy.lane AND {WAITING.text})
FROM busy WHERE lane IS NOT NULL
"""

PEEK: Final = (
    f"SELECT due, id FROM mailkit_jobs WHERE lane = ? AND {WAITING.text} AND due <= ? ORDER BY due, id LIMIT ?"
)

_STANDING: Final = "id, lane, epoch, tries, due, queued_at"
_LETTER: Final = ", ".join(f"letters.{name}" for name in LETTER_COLUMNS[1:13])
# On SQLite a transaction that writes is alone, so what it has seen stays so until it writes.
TAKE: Final = f"""
SELECT taken.*, {_LETTER} FROM (
    SELECT {_STANDING} FROM mailkit_jobs
    WHERE lane = ? AND {WAITING.text} AND due <= ? ORDER BY due, id LIMIT ?
) AS taken CROSS JOIN mailkit_letters AS letters ON letters.job_id = taken.id
"""
HOLD: Final = Change("UPDATE mailkit_jobs SET state = 'leased', epoch = epoch + 1, until = ? WHERE id = ?")
# On PostgreSQL it is one statement, which passes over what other workers have locked. A CTE that locks
# runs once, which a subquery might not; and an array of ids is looked up in the index, which a join might not.
TAKE_UNLOCKED: Final = f"""
WITH chosen AS (
    SELECT waiting.id FROM unnest(CAST(? AS bigint[]), CAST(? AS integer[])) AS wanted(lane, most)
    CROSS JOIN LATERAL (
        SELECT id FROM mailkit_jobs WHERE lane = wanted.lane AND {WAITING.text} AND due <= ?
        ORDER BY due, id LIMIT wanted.most FOR UPDATE SKIP LOCKED
    ) AS waiting
), taken AS (
    UPDATE mailkit_jobs SET state = 'leased', epoch = epoch + 1, until = ?
    WHERE id = ANY(ARRAY(SELECT id FROM chosen)) RETURNING {_STANDING}
)
SELECT id, lane, epoch - 1, tries, due, queued_at, {_LETTER}
FROM taken JOIN mailkit_letters AS letters ON letters.job_id = taken.id
"""

MARK: Final = Change(
    "UPDATE mailkit_jobs SET state = 'data_sent' WHERE until > ? AND id = ? AND epoch = ? AND state = 'leased'",
    "UPDATE mailkit_jobs AS jobs SET state = 'data_sent'"
    f" FROM {arrays('bigint', 'bigint', 'integer')} AS given(now, id, epoch)"
    " WHERE jobs.until > given.now AND jobs.id = given.id AND jobs.epoch = given.epoch AND jobs.state = 'leased'",
)
SETTLE: Final = Change(
    "UPDATE mailkit_jobs SET state = ?, due = coalesce(?, due), until = NULL, tries = tries + ?"
    f" WHERE id = ? AND epoch = ? AND {HELD.text}",
    "UPDATE mailkit_jobs AS jobs SET state = given.state, due = coalesce(given.due, jobs.due), until = NULL,"
    " tries = jobs.tries + given.tries"
    f" FROM {arrays('text', 'bigint', 'integer', 'bigint', 'integer')} AS given(state, due, tries, id, epoch)"
    f" WHERE jobs.id = given.id AND jobs.epoch = given.epoch AND jobs.{HELD.text}",
)

LETTERS: Final = (
    f"SELECT jobs.id, jobs.lane, {_LETTER} FROM mailkit_jobs AS jobs"
    " JOIN mailkit_letters AS letters ON letters.job_id = jobs.id WHERE jobs.id IN ({marks})"
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
