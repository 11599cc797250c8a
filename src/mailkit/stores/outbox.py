"""The outbox in a database: `mailkit.send.Outbox`, kept."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine

from mailkit.clock import utc
from mailkit.event import Event
from mailkit.send.jobs import Job, JobState
from mailkit.send.outbox import Lane, Lease, Settlement, bare_ids, resolution, unheard
from mailkit.stores import pauses, sql
from mailkit.stores.adding import add
from mailkit.stores.driver import Driver
from mailkit.stores.faults import translated
from mailkit.stores.lanes import Book
from mailkit.stores.leasing import jobs_of, lease, waiting_lanes
from mailkit.stores.moving import move
from mailkit.stores.rows import event_row, instant, microseconds
from mailkit.stores.turn import Mark, Settle
from mailkit.stores.writer import Writer

__all__ = ["SqlOutbox"]

T = TypeVar("T")


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
        self._book = Book()

    async def add(self, jobs: Iterable[Job], *, now: datetime) -> int:
        """Put jobs in, passing over those whose key is there already; give how many were new.

        All in one transaction, with their `queued` events and their lines of the message log.

        Raises:
            InvalidValue: A record holds what cannot be stored exactly. Nothing is added then.
        """
        found, at = tuple(jobs), utc(now)
        return await self._do(lambda connection: add(connection, self._book, found, at)) if found else 0

    async def lanes(self) -> Sequence[Lane]:
        """The lanes in which jobs wait, without those of campaigns that are paused; none while all are.

        What it costs is told by the lanes, and not by the jobs in them.
        """
        return await asyncio.to_thread(self._read, lambda connection: waiting_lanes(Driver(connection), self._book))

    async def lease(
        self, *, now: datetime, until: datetime, limit: int, lanes: Mapping[int, int] | None = None
    ) -> Sequence[Lease]:
        """Take up to `limit` jobs that are due and not paused: higher priority first, then the longest due.

        Args:
            now: The present instant.
            until: When the leases end.
            limit: How many to take in all.
            lanes: From which lanes, by their numbers, and how many from each at most; from all if None.
        """
        start, end, caps = utc(now), utc(until), None if lanes is None else dict(lanes)
        return await self._do(
            lambda connection: lease(connection, self._book, now=start, until=end, limit=limit, lanes=caps)
        )

    async def mark_data_sent(self, leases: Sequence[Lease], *, now: datetime) -> frozenset[int]:
        """Commit that the final dot may now go out; give the numbers for which the lease still holds.

        A job that is not in the answer must not be sent.
        """
        return await self._move(Mark(leases=tuple(leases), now=utc(now)))

    async def settle(self, settlements: Sequence[Settlement]) -> frozenset[int]:
        """Write down what came of tries, each with its event; give the numbers of those that counted."""
        return await self._move(Settle(settlements=tuple(settlements)))

    async def recover(self, *, now: datetime, retries: Callable[[Job], bool] | None = None) -> Sequence[Event]:
        """Take back the leases that ran out: `leased` jobs are due again, `data_sent` ones become `unknown`.

        Args:
            now: The present instant.
            retries: Which jobs are tried again although they may have arrived: `unknown` is written
                down for them and then `deferred`, in one transaction; none if None. It is called in
                another thread.

        Returns:
            The events that this wrote.
        """
        at = utc(now)
        return await self._do(lambda connection: _recover(connection, self._book, at, retries))

    async def resolve(self, verdicts: Mapping[str, bool], *, now: datetime) -> Sequence[Event]:
        """Settle `unknown` jobs by what was learnt elsewhere, such as from the server's log.

        True: the server took it, and it becomes `accepted`. False: it did not, and the job is due
        again; so is a `failed` one.
        """
        found, at = bare_ids(verdicts), utc(now)
        return await self._do(lambda connection: _resolve(connection, self._book, found, at)) if found else ()

    async def pause(self, campaign: str | None = None) -> None:
        """Let nothing more of a campaign be sent, by any process; nothing at all if None. It lasts until `resume`."""
        await self._do(lambda connection: pauses.pause(connection, campaign))

    async def resume(self, campaign: str | None = None) -> None:
        """Undo `pause`: what a campaign's own pause stopped, or what the one for everything did."""
        await self._do(lambda connection: pauses.resume(connection, campaign))

    async def paused(self) -> frozenset[str | None]:
        """What is paused: names of campaigns, and None if everything is."""
        return await asyncio.to_thread(self._read, lambda connection: pauses.paused(Driver(connection)))

    async def cancel(self, campaign: str, *, now: datetime) -> int:
        """Call back the jobs of a campaign that have not been sent; give how many that were.

        Nothing more of them is sent from the first moment: the campaign is paused while its jobs are
        called back, a thousand in a transaction. If that is broken off, it stays paused; cancel it
        again. Jobs that are added meanwhile are not meant. Those whose final dot was committed go on to their end.
        """
        at, called_back = utc(now), 0
        calling = await self._do(lambda connection: pauses.begin_calling(connection, campaign))
        while calling.lanes and (some := await self._do(lambda connection: pauses.call_back(connection, calling, at))):
            called_back += some
        if calling.lanes:
            await self._do(lambda connection: pauses.end_calling(connection, calling))
        return called_back

    async def next_due(self) -> datetime | None:
        """The next instant at which a job that is not paused is due, or a lease runs out; None if there is none."""
        return await asyncio.to_thread(self._read, self._next_due)

    async def counts(self) -> Mapping[JobState, int]:
        """How many jobs there are in each state; states without any are left out."""
        return await asyncio.to_thread(self._read, _counts)

    def _read(self, query: Callable[[Connection], T]) -> T:
        with translated(self._place), self._reading.connect() as connection:
            return query(connection)

    async def _do(self, work: Callable[[Connection], T]) -> T:
        return await self._writer.done(work)

    async def _move(self, call: Mark | Settle) -> frozenset[int]:
        return await self._writer.joined(move, call) if call.numbers else frozenset()

    def _next_due(self, connection: Connection) -> datetime | None:
        instants = [lane.due for lane in waiting_lanes(Driver(connection), self._book)]
        end = connection.scalar(sql.FIRST_END)
        return min(instants if end is None else [*instants, instant(end)], default=None)


def _recover(connection: Connection, book: Book, now: datetime, retries: Callable[[Job], bool] | None) -> list[Event]:
    rows = connection.execute(sql.RAN_OUT, {"now": microseconds(now)}).all()
    if not rows:
        return []
    driver = Driver(connection)
    jobs = jobs_of(driver, book, [row.id for row in rows if row.state == JobState.DATA_SENT])
    moves, told = [], []
    for row in rows:
        tries, state = row.tries, JobState.DEFERRED if row.tries else JobState.QUEUED
        if row.id in jobs:
            job = jobs[row.id]
            facts = unheard(job, now, goes_again=retries is not None and retries(job))
            told += facts
            state = JobState(facts[-1].kind)
            tries += state is JobState.DEFERRED
        moves.append(_moved(row.id, state, now, tries))
    connection.execute(sql.MOVE, moves)
    driver.each(sql.ADD_EVENT, [event_row(event) for event in told])
    return told


def _resolve(connection: Connection, book: Book, verdicts: Mapping[str, bool], now: datetime) -> list[Event]:
    asked = sql.chunks(list(verdicts))
    rows = [row for ids in asked for row in connection.execute(sql.RESOLVABLE, {"message_ids": list(ids)})]
    driver = Driver(connection)
    jobs = jobs_of(driver, book, [row.id for row in rows])
    moves, told = [], []
    for row in rows:
        job = jobs[row.id]
        event = resolution(job, JobState(row.state), now, was_taken=verdicts[job.message_id])
        if event is not None:
            told.append(event)
            moves.append(_moved(row.id, JobState(event.kind), now, row.tries))  # jobs and facts call both by one word
    if moves:
        connection.execute(sql.MOVE, moves)
    driver.each(sql.ADD_EVENT, [event_row(event) for event in told])
    return told


def _moved(number: int, state: JobState, now: datetime, tries: int) -> dict[str, Any]:
    """What `sql.MOVE` makes of a job that nobody holds any more."""
    due = None if state.is_final else microseconds(now)
    return {"number": number, "new_state": state.value, "new_due": due, "new_until": None, "new_tries": tries}


def _counts(connection: Connection) -> dict[JobState, int]:
    return {JobState(state): count for state, count in connection.execute(sql.COUNTS)}
