"""An outbox in memory: for scripts, notebooks and tests. It forgets when the process ends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from heapq import heappop, heappush

import attrs

from mailkit.event import Event, Kind
from mailkit.send.jobs import Job, JobState
from mailkit.send.outbox import Lease, Settlement, bare_ids, counts_for, resolution

__all__ = ["MemoryOutbox"]


@attrs.define(kw_only=True)
class _Entry:
    """A job with how far it has come."""

    number: int
    job: Job
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
        self._entries: list[_Entry] = []
        self._keys: set[str] = set()
        self._leased: dict[int, _Entry] = {}
        self._later: list[tuple[datetime, int]] = []  # a heap of (due, number)
        self._ready: list[tuple[int, datetime, int]] = []  # a heap of (-priority, due, number): what was due once

    async def add(self, jobs: Iterable[Job], *, now: datetime) -> int:
        """Put jobs in, passing over those whose key is there already; give how many were new."""
        before = len(self._entries)
        for key, job in [(job.key, job) for job in jobs]:  # all read first, so that one that breaks adds nothing
            if key in self._keys:
                continue
            self._keys.add(key)
            entry = _Entry(number=len(self._entries) + 1, job=job, queued_at=now, until=now)
            self._entries.append(entry)
            self._wait(entry, JobState.QUEUED, job.not_before or now)
            self.events.append(job.event(Kind.QUEUED, now))
        return len(self._entries) - before

    async def lease(self, *, now: datetime, until: datetime, limit: int) -> Sequence[Lease]:
        """Take up to `limit` jobs that are due: higher priority first, then the longest due."""
        while self._later and self._later[0][0] <= now:
            due, number = heappop(self._later)
            heappush(self._ready, (-self._entries[number - 1].job.priority, due, number))
        taken = [heappop(self._ready)[2] for _ in range(min(limit, len(self._ready)))]
        return [self._lease(self._entries[number - 1], until) for number in taken]

    async def mark_data_sent(self, leases: Sequence[Lease], *, now: datetime) -> frozenset[int]:
        """Commit that the final dot may now go out; give the numbers for which the lease still holds."""
        held = []
        for lease in leases:
            entry = self._newest(lease)
            if entry and entry.state is JobState.LEASED and now < entry.until:
                entry.state = JobState.DATA_SENT
                held.append(entry.number)
        return frozenset(held)

    async def settle(self, settlements: Sequence[Settlement]) -> frozenset[int]:
        """Write down what came of tries, each with its event; give the numbers of those that counted."""
        held = []
        for settlement in settlements:
            entry = self._newest(settlement.lease)
            if entry is None or not counts_for(settlement, entry.state):
                continue
            held.append(entry.number)
            entry.tries += settlement.state is not JobState.QUEUED
            if settlement.due is not None:
                self._wait(entry, settlement.state, settlement.due)
            else:
                self._leave(entry, settlement.state)
            if settlement.event is not None:
                self.events.append(settlement.event)
        return frozenset(held)

    async def recover(self, *, now: datetime) -> Sequence[Event]:
        """Take back the leases that ran out: `leased` jobs are due again, `data_sent` ones become `unknown`."""
        told = []
        for entry in [entry for entry in self._leased.values() if entry.until <= now]:
            if entry.state is JobState.LEASED:
                self._wait(entry, JobState.DEFERRED if entry.tries else JobState.QUEUED, now)
            else:
                self._leave(entry, JobState.UNKNOWN)
                told.append(entry.job.event(Kind.UNKNOWN, now, reason="no answer to the final dot was seen"))
        self.events += told
        return told

    async def resolve(self, verdicts: Mapping[str, bool], *, now: datetime) -> Sequence[Event]:
        """Settle `unknown` jobs: True was taken, False goes again, and so do `failed` ones."""
        asked, told = bare_ids(verdicts), []
        for entry in [entry for entry in self._entries if entry.job.message_id in asked]:
            event = resolution(entry.job, entry.state, now, was_taken=asked[entry.job.message_id])
            if event is None:
                continue
            told.append(event)
            if event.kind == Kind.ACCEPTED:
                entry.state = JobState.ACCEPTED
            else:
                self._wait(entry, JobState.DEFERRED, now)
        self.events += told
        return told

    async def next_due(self) -> datetime | None:
        """The next instant at which a job is due or a lease runs out; None if no job is open."""
        instants = [due for _, due, _ in self._ready]
        instants += [due for due, _ in self._later[:1]]
        instants += [entry.until for entry in self._leased.values()]
        return min(instants, default=None)

    async def counts(self) -> Mapping[JobState, int]:
        """How many jobs there are in each state; states without any are left out."""
        return Counter(entry.state for entry in self._entries)

    def _lease(self, entry: _Entry, until: datetime) -> Lease:
        entry.state, entry.until = JobState.LEASED, until
        entry.epoch += 1
        self._leased[entry.number] = entry
        return Lease(
            number=entry.number,
            job=entry.job,
            epoch=entry.epoch,
            tries=entry.tries,
            until=until,
            queued_at=entry.queued_at,
        )

    def _newest(self, lease: Lease) -> _Entry | None:
        """The job, if this lease is its newest."""
        entry = self._entries[lease.number - 1] if 0 < lease.number <= len(self._entries) else None
        return entry if entry and entry.epoch == lease.epoch else None

    def _wait(self, entry: _Entry, state: JobState, due: datetime) -> None:
        self._leave(entry, state)
        heappush(self._later, (due, entry.number))

    def _leave(self, entry: _Entry, state: JobState) -> None:
        entry.state = state
        self._leased.pop(entry.number, None)
