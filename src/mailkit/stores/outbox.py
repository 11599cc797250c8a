"""The outbox in a database: `mailkit.send.Outbox`, kept."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, Engine

from mailkit.clock import utc
from mailkit.event import Event, Kind
from mailkit.send.jobs import Job, JobState
from mailkit.send.outbox import Lease, Settlement, bare_ids, resolution
from mailkit.stores import sql
from mailkit.stores.faults import translated
from mailkit.stores.rows import event_row, instant, job_of, job_row, letter_row, message_row, microseconds
from mailkit.stores.schema import events, jobs, letters, messages
from mailkit.stores.turn import Mark, Settle, Standing, apply
from mailkit.stores.writer import Writer

__all__ = ["SqlOutbox"]

T = TypeVar("T")
_UNKNOWN_REASON: Final = "no answer to the final dot was seen"


class SqlOutbox:
    """Jobs in a database; what `mailkit.send.Outbox` promises holds across processes and crashes.

    It may be used from several event loops, threads and processes at once. Every step is committed
    before its call returns; calls that are made side by side share a commit. A record may hold
    JSON's values, lists, tuples, mappings, `Decimal`, dates and times.

    Comes with a store: `stores.open("shop.db").outbox`.

    Args:
        reading: The engine to read with.
        writer: What writes.
        place: The database as messages name it.

    >>> import asyncio
    >>> from datetime import UTC, timedelta
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from mailkit import Envelope, stores
    >>> now = datetime(2026, 3, 1, tzinfo=UTC)
    >>> job = Job(person="17", envelope=Envelope(sender="shop@example.com", recipient="anna@example.org"),
    ...           message_id="1@example.com", date=now, raw=b"Subject: Hello")
    >>> async def crash_before_the_answer(outbox):
    ...     await outbox.add([job], now=now)
    ...     (lease,) = await outbox.lease(now=now, until=now + timedelta(minutes=5), limit=10)
    ...     await outbox.mark_data_sent([lease], now=now)
    >>> with TemporaryDirectory() as folder:
    ...     with stores.open(Path(folder, "shop.db")) as store:
    ...         asyncio.run(crash_before_the_answer(store.outbox))
    ...     with stores.open(Path(folder, "shop.db")) as store:
    ...         told = asyncio.run(store.outbox.recover(now=now + timedelta(minutes=6)))
    >>> [event.kind for event in told]
    [<Kind.UNKNOWN: 'unknown'>]
    """

    def __init__(self, reading: Engine, writer: Writer, place: str) -> None:
        self._reading, self._writer, self._place = reading, writer, place

    async def add(self, jobs: Iterable[Job], *, now: datetime) -> int:
        """Put jobs in, passing over those whose key is there already; give how many were new.

        All in one transaction, with their `queued` events and their lines of the message log.

        Raises:
            InvalidValue: A record holds what cannot be stored exactly. Nothing is added then.
        """
        found, at = tuple(jobs), utc(now)
        return await self._do(lambda connection: _add(connection, found, at)) if found else 0

    async def lease(self, *, now: datetime, until: datetime, limit: int) -> Sequence[Lease]:
        """Take up to `limit` jobs that are due: higher priority first, then the longest due."""
        start, end = utc(now), utc(until)
        return await self._do(lambda connection: _lease(connection, start, end, limit))

    async def mark_data_sent(self, leases: Sequence[Lease], *, now: datetime) -> frozenset[int]:
        """Commit that the final dot may now go out; give the numbers for which the lease still holds.

        A job that is not in the answer must not be sent.
        """
        return await self._move(Mark(leases=tuple(leases), now=utc(now)))

    async def settle(self, settlements: Sequence[Settlement]) -> frozenset[int]:
        """Write down what came of tries, each with its event; give the numbers of those that counted."""
        return await self._move(Settle(settlements=tuple(settlements)))

    async def recover(self, *, now: datetime) -> Sequence[Event]:
        """Take back the leases that ran out: `leased` jobs are due again, `data_sent` ones become `unknown`.

        Gives the `unknown` events that this wrote.
        """
        at = utc(now)
        return await self._do(lambda connection: _recover(connection, at))

    async def resolve(self, verdicts: Mapping[str, bool], *, now: datetime) -> Sequence[Event]:
        """Settle `unknown` jobs by what was learnt elsewhere, such as from the server's log.

        True: the server took it, and it becomes `accepted`. False: it did not, and the job is due
        again; so is a `failed` one.
        """
        found, at = bare_ids(verdicts), utc(now)
        return await self._do(lambda connection: _resolve(connection, found, at)) if found else ()

    async def next_due(self) -> datetime | None:
        """The next instant at which a job is due or a lease runs out; None if no job is open."""
        return await asyncio.to_thread(self._read, _next_due)

    async def counts(self) -> Mapping[JobState, int]:
        """How many jobs there are in each state; states without any are left out."""
        return await asyncio.to_thread(self._read, _counts)

    def _read(self, query: Callable[[Connection], T]) -> T:
        with translated(self._place), self._reading.connect() as connection:
            return query(connection)

    async def _do(self, work: Callable[[Connection], T]) -> T:
        return await asyncio.wrap_future(self._writer.do(work))

    async def _move(self, call: Mark | Settle) -> frozenset[int]:
        return await asyncio.wrap_future(self._writer.join(_move, call)) if call.numbers else frozenset()


def _add(connection: Connection, given: Sequence[Job], now: datetime) -> int:
    by_key: dict[str, Job] = {}
    for job in given:
        by_key.setdefault(job.key, job)
    new = 0
    for keys in sql.chunks(list(by_key)):
        rows = [job_row(key, by_key[key], now) for key in keys]
        found = {row.key: row.id for row in sql.add_missing(connection, jobs, rows, "id", "key")}
        if not found:
            continue
        added = [(found[key], by_key[key]) for key in keys if key in found]
        new += len(added)
        connection.execute(letters.insert(), [letter_row(number, job) for number, job in added])
        connection.execute(messages.insert(), [message_row(number, job, now) for number, job in added])
        sql.add_missing(connection, events, [event_row(job.event(Kind.QUEUED, now)) for _, job in added])
    return new


def _lease(connection: Connection, now: datetime, until: datetime, limit: int) -> list[Lease]:
    taken: list[Any] = []
    for priority in sql.waiting_priorities(connection):
        if len(taken) >= limit:
            break
        wanted = {
            "at_priority": priority,
            "now": microseconds(now),
            "take": limit - len(taken),
            "lease_until": microseconds(until),
        }
        rows = connection.execute(sql.LEASE, wanted).all()
        taken += sorted(rows, key=lambda row: (row.due, row.id))  # RETURNING keeps no order
    found = sql.letters_of(connection, [row.id for row in taken])
    return [
        Lease(
            number=row.id,
            job=job_of(found[row.id]),
            epoch=row.epoch,
            tries=row.tries,
            until=until,
            queued_at=instant(row.queued_at),
        )
        for row in taken
    ]


def _move(connection: Connection, calls: Sequence[Mark | Settle]) -> list[frozenset[int]]:
    numbers = sorted({number for call in calls for number in call.numbers})
    rows = (row for chunk in sql.chunks(numbers) for row in connection.execute(sql.STANDINGS, {"numbers": list(chunk)}))
    standings = {row.id: _standing(row) for row in rows}
    answers, facts = apply(calls, standings)
    changed = [standing for standing in standings.values() if standing.is_changed]
    if changed:
        connection.execute(sql.MOVE, [_moved(standing) for standing in changed])
    sql.add_missing(connection, events, [event_row(event) for event in facts])
    return answers


def _standing(row: Any) -> Standing:
    return Standing(
        number=row.id,
        epoch=row.epoch,
        state=JobState(row.state),
        due=instant(row.due),
        until=None if row.until is None else instant(row.until),
        tries=row.tries,
    )


def _moved(standing: Standing) -> dict[str, Any]:
    return {
        "number": standing.number,
        "new_state": standing.state.value,
        "new_due": microseconds(standing.due),
        "new_until": None if standing.until is None else microseconds(standing.until),
        "new_tries": standing.tries,
    }


def _recover(connection: Connection, now: datetime) -> list[Event]:
    rows = connection.execute(sql.RAN_OUT, {"now": microseconds(now)}).all()
    if not rows:
        return []
    moves = []
    for row in rows:
        was_sent = row.state == JobState.DATA_SENT
        again = JobState.DEFERRED if row.tries else JobState.QUEUED
        moves.append(
            {
                "number": row.id,
                "new_state": (JobState.UNKNOWN if was_sent else again).value,
                "new_due": None if was_sent else microseconds(now),
                "new_until": None,
                "new_tries": row.tries,
            }
        )
    connection.execute(sql.MOVE, moves)
    sent = [row.id for row in rows if row.state == JobState.DATA_SENT]
    found = sql.letters_of(connection, sent)
    told = [job_of(found[number]).event(Kind.UNKNOWN, now, reason=_UNKNOWN_REASON) for number in sent]
    sql.add_missing(connection, events, [event_row(event) for event in told])
    return told


def _resolve(connection: Connection, verdicts: Mapping[str, bool], now: datetime) -> list[Event]:
    asked = sql.chunks(list(verdicts))
    rows = [row for ids in asked for row in connection.execute(sql.RESOLVABLE, {"message_ids": list(ids)})]
    found = sql.letters_of(connection, [row.id for row in rows])
    moves, told = [], []
    for row in rows:
        job = job_of(found[row.id])
        event = resolution(job, JobState(row.state), now, was_taken=verdicts[job.message_id])
        if event is None:
            continue
        told.append(event)
        moves.append(
            {
                "number": row.id,
                "new_state": str(event.kind),  # accepted or deferred, which jobs and facts call by one word
                "new_due": None if event.kind == Kind.ACCEPTED else microseconds(now),
                "new_until": None,
                "new_tries": row.tries,
            }
        )
    if moves:
        connection.execute(sql.MOVE, moves)
    sql.add_missing(connection, events, [event_row(event) for event in told])
    return told


def _next_due(connection: Connection) -> datetime | None:
    instants = (sql.first_due(connection), connection.scalar(sql.FIRST_END))
    first = min((found for found in instants if found is not None), default=None)
    return None if first is None else instant(first)


def _counts(connection: Connection) -> dict[JobState, int]:
    return {JobState(state): count for state, count in connection.execute(sql.COUNTS)}
