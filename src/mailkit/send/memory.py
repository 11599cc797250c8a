"""An outbox in memory: for scripts, notebooks and tests. It forgets when the process ends.

How to think about it. Jobs wait in lanes, each a heap by due instant, so that leasing costs the
same with ten jobs and with a million. What is over is let go of: only its key is kept, and its facts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from heapq import heapify, heappop, heappush
from typing import Final

import attrs

from mailkit.event import Event, Kind
from mailkit.send.jobs import Job, JobState
from mailkit.send.outbox import Lane, Lease, Settlement, bare_ids, counts_for, resolution, unheard

__all__ = ["MemoryOutbox"]

_REOPENABLE: Final = (JobState.UNKNOWN, JobState.FAILED)
"""The final states that `resolve` brings back from."""

_Place = tuple[int, bool, str, str, str, str]
"""What tells one lane from another."""


@attrs.define(eq=False)
class _Row:
    """A lane with the jobs that wait in it."""

    number: int
    place: _Place
    waiting: list[tuple[datetime, int]] = attrs.field(factory=list)  # a heap of (due, number)

    @property
    def campaign(self) -> str:
        return self.place[3]

    def lane(self) -> Lane:
        priority, is_transactional, account, campaign, identity, provider = self.place
        return Lane(
            number=self.number,
            priority=priority,
            is_transactional=is_transactional,
            account=account,
            campaign=campaign,
            identity=identity,
            provider=provider,
            due=self.waiting[0][0],
        )


@attrs.define(eq=False)
class _Entry:
    """A job that is not over, or may be brought back, with how far it has come."""

    number: int
    job: Job
    row: _Row
    queued_at: datetime
    until: datetime
    state: JobState = JobState.QUEUED
    epoch: int = 0
    tries: int = 0


class MemoryOutbox:
    """Jobs in memory, with the same promises as a database gives while the process lives.

    Attributes:
        events: Every fact written down so far, in the order of writing.

    >>> import asyncio
    >>> from datetime import UTC
    >>> from mailkit import Envelope
    >>> now = datetime(2026, 3, 1, tzinfo=UTC)
    >>> job = Job(person="17", envelope=Envelope(sender="shop@example.com", recipient="anna@example.org"),
    ...           message_id="1@example.com", date=now, campaign="spring", raw=b"Subject: Hello")
    >>> outbox = MemoryOutbox()
    >>> asyncio.run(outbox.add([job, job], now=now))
    1
    >>> [event.kind for event in outbox.events]
    [<Kind.QUEUED: 'queued'>]
    """

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._entries: dict[int, _Entry] = {}
        self._keys: set[str] = set()
        self._leased: dict[int, _Entry] = {}
        self._rows: dict[_Place, _Row] = {}
        self._busy_rows: dict[int, _Row] = {}  # by their numbers, those in which jobs wait
        self._reopenable: dict[int, _Entry] = {}
        self._paused: set[str | None] = set()
        self._counts: dict[JobState, int] = dict.fromkeys(JobState, 0)

    async def add(self, jobs: Iterable[Job], *, now: datetime) -> int:
        """Put jobs in, passing over those whose key is there already; give how many were new."""
        before = len(self._keys)
        for key, job in [(job.key, job) for job in jobs]:  # all read first, so that one that breaks adds nothing
            if key in self._keys:
                continue
            self._keys.add(key)
            number = len(self._keys)
            entry = _Entry(number=number, job=job, row=self._row(job), queued_at=now, until=now)
            self._entries[number] = entry
            self._counts[JobState.QUEUED] += 1
            self._queue(entry, job.not_before or now)
            self.events.append(job.event(Kind.QUEUED, now))
        return len(self._keys) - before

    async def lanes(self) -> Sequence[Lane]:
        """The lanes in which jobs wait, without those of campaigns that are paused; none while all are."""
        return [row.lane() for row in self._busy_rows.values() if not self._is_paused(row.campaign)]

    async def lease(
        self, *, now: datetime, until: datetime, limit: int, lanes: Mapping[int, int] | None = None
    ) -> Sequence[Lease]:
        """Take up to `limit` jobs that are due and not paused: higher priority first, then the longest due."""
        rows = self._busy_rows.values() if lanes is None else map(self._busy_rows.get, lanes)
        heads = [
            (-row.place[0], *row.waiting[0], row)
            for row in rows
            if row is not None and row.waiting[0][0] <= now and not self._is_paused(row.campaign)
        ]
        if len(heads) == 1:  # the commonest case, on the shortest way
            row = heads[0][-1]
            return self._lease_from(row, until, now, limit if lanes is None else min(limit, lanes[row.number]))
        heapify(heads)
        left = dict(lanes) if lanes is not None else {}
        leases: list[Lease] = []
        while heads and len(leases) < limit:
            before, _, number, row = heads[0]
            if lanes is not None and not left[row.number]:
                heappop(heads)
                continue
            heappop(row.waiting)
            if lanes is not None:
                left[row.number] -= 1
            leases.append(self._lease(self._entries[number], until))
            heappop(heads)
            if not row.waiting:
                del self._busy_rows[row.number]
            elif row.waiting[0][0] <= now:
                heappush(heads, (before, *row.waiting[0], row))
        return leases

    async def mark_data_sent(self, leases: Sequence[Lease], *, now: datetime) -> frozenset[int]:
        """Commit that the final dot may now go out; give the numbers for which the lease still holds."""
        held = []
        for lease in leases:
            entry = self._newest(lease)
            if entry is None or entry.state is not JobState.LEASED or now >= entry.until:
                continue
            if not (self._paused and self._is_paused(entry.row.campaign)):
                self._move(entry, JobState.DATA_SENT)
                held.append(entry.number)
        return frozenset(held)

    async def settle(self, settlements: Sequence[Settlement]) -> frozenset[int]:
        """Write down what came of tries, each with its events; give the numbers of those that counted."""
        held = []
        for settlement in settlements:
            entry = self._newest(settlement.lease)
            if entry is None or not counts_for(settlement, entry.state):
                continue
            held.append(entry.number)
            if settlement.state is not JobState.QUEUED:
                entry.tries += 1
            self._close(entry, settlement.state)
            if settlement.due is not None:
                self._queue(entry, settlement.due)
            if settlement.before is not None:
                self.events.append(settlement.before)
            if settlement.event is not None:
                self.events.append(settlement.event)
        return frozenset(held)

    async def recover(self, *, now: datetime, retries: Callable[[Job], bool] | None = None) -> Sequence[Event]:
        """Take back the leases that ran out: `leased` jobs are due again, `data_sent` ones become `unknown`.

        Those that `retries` names are `deferred` then, and due again at once.
        """
        told: list[Event] = []
        for entry in [entry for entry in self._leased.values() if entry.until <= now]:
            if entry.state is JobState.LEASED:
                self._close(entry, JobState.DEFERRED if entry.tries else JobState.QUEUED)
                self._queue(entry, now)
                continue
            facts = unheard(entry.job, now, goes_again=retries is not None and retries(entry.job))
            told += facts
            self._close(entry, JobState(facts[-1].kind))
            if entry.state is JobState.DEFERRED:
                entry.tries += 1
                self._queue(entry, now)
        self.events += told
        return told

    async def resolve(self, verdicts: Mapping[str, bool], *, now: datetime) -> Sequence[Event]:
        """Settle `unknown` jobs: True was taken, False goes again, and so do `failed` ones."""
        asked, told = bare_ids(verdicts), []
        for entry in [entry for entry in self._reopenable.values() if entry.job.message_id in asked]:
            event = resolution(entry.job, entry.state, now, was_taken=asked[entry.job.message_id])
            if event is None:
                continue
            told.append(event)
            self._close(entry, JobState(event.kind))
            if event.kind == Kind.DEFERRED:
                self._queue(entry, now)
        self.events += told
        return told

    async def pause(self, campaign: str | None = None) -> None:
        """Let nothing more of a campaign be sent; nothing at all if None. It lasts until `resume`."""
        self._paused.add(campaign)

    async def resume(self, campaign: str | None = None) -> None:
        """Undo `pause`: what a campaign's own pause stopped, or what the one for everything did."""
        self._paused.discard(campaign)

    async def paused(self) -> frozenset[str | None]:
        """What is paused: names of campaigns, and None if everything is."""
        return frozenset(self._paused)

    async def cancel(self, campaign: str, *, now: datetime) -> int:
        """Call back the jobs of a campaign that have not been sent; give how many that were."""
        rows = [row for row in self._busy_rows.values() if row.campaign == campaign]
        waiting = [self._entries[number] for row in rows for _, number in row.waiting]
        leased = [
            entry
            for entry in self._leased.values()
            if entry.row.campaign == campaign and entry.state is JobState.LEASED
        ]
        for row in rows:
            row.waiting.clear()
            del self._busy_rows[row.number]
        for entry in (*waiting, *leased):
            self._close(entry, JobState.CANCELLED)
            self.events.append(entry.job.event(Kind.CANCELLED, now, reason="its campaign was cancelled"))
        return len(waiting) + len(leased)

    async def next_due(self) -> datetime | None:
        """The next instant at which a job that is not paused is due, or a lease runs out; None if there is none."""
        instants = [row.waiting[0][0] for row in self._busy_rows.values() if not self._is_paused(row.campaign)]
        instants += [entry.until for entry in self._leased.values()]
        return min(instants, default=None)

    async def counts(self) -> Mapping[JobState, int]:
        """How many jobs there are in each state; states without any are left out."""
        return {state: count for state, count in self._counts.items() if count}

    def _row(self, job: Job) -> _Row:
        place = (job.priority, job.is_transactional, job.account, job.campaign, job.identity, job.provider)
        row = self._rows.get(place)
        if row is None:
            row = self._rows[place] = _Row(len(self._rows) + 1, place)
        return row

    def _is_paused(self, campaign: str) -> bool:
        return None in self._paused or campaign in self._paused

    def _lease(self, entry: _Entry, until: datetime) -> Lease:
        self._move(entry, JobState.LEASED)
        entry.until = until
        entry.epoch += 1
        self._leased[entry.number] = entry
        return Lease.of(entry.number, entry.job, entry.epoch, entry.tries, until, entry.queued_at, entry.row.number)

    def _lease_from(self, row: _Row, until: datetime, now: datetime, limit: int) -> list[Lease]:
        leases: list[Lease] = []
        waiting = row.waiting
        while waiting and len(leases) < limit and waiting[0][0] <= now:
            leases.append(self._lease(self._entries[heappop(waiting)[1]], until))
        if not waiting:
            del self._busy_rows[row.number]
        return leases

    def _newest(self, lease: Lease) -> _Entry | None:
        """The job, if this lease is its newest and the job is not over."""
        entry = self._entries.get(lease.number)
        return entry if entry is not None and entry.epoch == lease.epoch else None

    def _move(self, entry: _Entry, state: JobState) -> None:
        self._counts[entry.state] -= 1
        self._counts[state] += 1
        entry.state = state

    def _queue(self, entry: _Entry, due: datetime) -> None:
        row = entry.row
        if not row.waiting:
            self._busy_rows[row.number] = row
        heappush(row.waiting, (due, entry.number))

    def _close(self, entry: _Entry, state: JobState) -> None:
        """End a lease; what is over for good is let go of."""
        self._move(entry, state)
        self._leased.pop(entry.number, None)
        self._reopenable.pop(entry.number, None)
        if state in _REOPENABLE:
            self._reopenable[entry.number] = entry
        elif state in _OVER:
            del self._entries[entry.number]


_OVER: Final = frozenset(state for state in JobState if state.is_final and state not in _REOPENABLE)
