"""One run of a sender. I/O.

How to think about it. `Run.drain` is the only gatekeeper: it leases a few jobs, lets each pass
the limits, and starts it as a task of its own; a task delivers, settles and tells. So a run
that is stopped gives back what it has not begun and waits for what is under way, and whatever
is cut off even so is taken back when its lease runs out (see `outbox`).
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress as suppress_errors
from datetime import datetime, timedelta
from functools import partial
from inspect import isawaitable
from typing import TYPE_CHECKING, Final

from mailkit.clock import Clock
from mailkit.errors import MailkitError, StoreError
from mailkit.event import Event
from mailkit.send.dispatch import conclude, expire, fail, suppress
from mailkit.send.outbox import Job, JobState, Lease, Settlement
from mailkit.send.returns.reply import Phase
from mailkit.send.summary import Tally
from mailkit.send.throttle import Rate, take
from mailkit.send.transport import Delivery, Lost, Withdrawn

if TYPE_CHECKING:
    from mailkit.send.sender import Sender

__all__ = ["Gate", "Run"]

_LONGEST_NAP: Final = timedelta(seconds=30)
"""How long at most a run waits before it looks for jobs that others have put in."""


class Gate:
    """Where letters pass at a rate; it outlives a run, so that two runs do not exceed it together."""

    def __init__(self, clock: Clock, rate: Rate | None) -> None:
        self.rate = rate
        self._clock = clock
        self._arrival: datetime | None = None

    @property
    def wait(self) -> timedelta:
        """How long until the next letter may pass; zero if it may now."""
        return timedelta(0) if self.rate is None else take(self._arrival, self._clock.now(), self.rate)[1]

    def pass_one(self) -> None:
        """Take a place, at the instant of passing, so that no lag lets two pass too close together."""
        if self.rate is not None:
            self._arrival, _ = take(self._arrival, self._clock.now(), self.rate)


class Run:
    """One run of a sender: the jobs it holds and what is under way."""

    def __init__(self, sender: Sender, gate: Gate, tally: Tally) -> None:
        self._sender, self._gate, self._tally = sender, gate, tally
        self._held: deque[Lease] = deque()
        self._under_way: set[asyncio.Task[None]] = set()
        self._addresses: dict[str, asyncio.Task[None]] = {}
        self._error: BaseException | None = None

    async def drain(self, *, until_empty: bool) -> None:
        """Work until nothing is open, or until something breaks that concerns all jobs."""
        try:
            await self._recover()
            while self._error is None:
                await self._wait_for_room()
                if await self._hold_some():
                    await self._start(self._held[0])
                elif self._under_way:
                    await asyncio.wait(self._under_way, return_when=asyncio.FIRST_COMPLETED)
                elif not await self._nap(until_empty):
                    break
        finally:
            await self._stop()
        if self._error is not None:
            raise self._error

    async def _recover(self) -> None:
        for event in await self._sender.outbox.recover(now=self._sender.clock.now()):
            self._tally.ended(JobState.UNKNOWN)
            await self._tell(event)

    async def _hold_some(self) -> bool:
        """Whether there is a job to work on, after leasing a batch if none is held."""
        if not self._held:
            await self._wait_for_slot()
            now, sender = self._sender.clock.now(), self._sender
            self._held.extend(await sender.outbox.lease(now=now, until=now + sender.lease_for, limit=self._batch()))
        return bool(self._held)

    def _batch(self) -> int:
        """How many jobs to hold: twice the workers, or what the limit lets pass in a fifth of a lease."""
        rate = self._gate.rate
        most = 2 * self._sender.workers
        return most if rate is None else min(most, self._sender.lease_for // (5 * rate.period) + 1)

    async def _start(self, lease: Lease) -> None:
        """Let a job pass the limits and begin it, unless it must not be sent.

        Two letters to one address never go at once, so that the first one's bounce stops the second.
        """
        key = lease.job.envelope.recipient.address.key
        while key in self._addresses:
            await asyncio.wait([self._addresses[key]])
        settlement = self._stopped(lease)
        if settlement is None:
            await self._wait_for_slot()
            self._gate.pass_one()
            settlement = self._stopped(lease)
        self._held.popleft()  # until here it would have been given back
        task = asyncio.create_task(self._settle(settlement) if settlement else self._send(lease))
        self._under_way.add(task)
        self._addresses[key] = task
        task.add_done_callback(partial(self._ended, key))

    def _stopped(self, lease: Lease) -> Settlement | None:
        """What becomes of a job that must not be sent; None if it may."""
        job, now = lease.job, self._sender.clock.now()
        if job.expires_at is not None and now >= job.expires_at:
            return expire(lease, now=now)
        refusal = self._sender.suppression.refusal(
            person=job.person,
            address=job.envelope.recipient.address,
            topic=job.topic,
            brand=job.brand,
            is_transactional=job.is_transactional,
        )
        return suppress(lease, refusal, now=now) if refusal else None

    async def _send(self, lease: Lease) -> None:
        sender = self._sender
        try:
            raw = self._bytes(lease.job)
        except Exception as error:  # noqa: BLE001 - the application's code, and one bad letter must fail alone
            reason = f"the letter could not be rendered: {type(error).__name__}: {error}"
            await self._settle(fail(lease, reason, now=sender.clock.now()))
            return
        self._tally.tries += 1
        delivery = await self._deliver(lease, raw)
        if isinstance(delivery, Withdrawn):
            return  # another worker holds the job now, and tells what becomes of it
        now = sender.clock.now()
        await self._settle(conclude(lease, delivery, policy=sender.retry, now=now, rng=sender.rng))

    def _bytes(self, job: Job) -> bytes:
        if job.raw:
            return job.raw
        if self._sender.render is None:
            raise MailkitError(f"the job asks for the template {job.template!r}, and the Sender has no render=")
        raw = self._sender.render(job)
        if not isinstance(raw, bytes) or not raw:
            raise MailkitError(f"render gave {type(raw).__name__} where finished bytes are needed")
        return raw

    async def _deliver(self, lease: Lease, raw: bytes) -> Delivery:
        sender = self._sender
        commits: list[bool | None] = []

        async def commit() -> bool:
            commits.append(None)
            held = await sender.outbox.mark_data_sent([lease], now=sender.clock.now())
            commits[-1] = lease.number in held
            return lease.number in held

        try:
            return await sender.transport.deliver(lease.job.envelope, raw, commit=commit)
        except Exception as error:
            if None in commits:  # the outbox failed, not the transport
                raise
            phase = Phase.MESSAGE if True in commits else Phase.CONNECT
            reason = f"the transport failed: {type(error).__name__}: {error}"
            return Lost(phase=phase, server=type(sender.transport).__name__, reason=reason)

    async def _settle(self, settlement: Settlement) -> None:
        held = await self._sender.outbox.settle([settlement])
        if settlement.lease.number not in held or settlement.event is None:
            return  # the lease ran out meanwhile; what was written then is the truth
        self._tally.settled(settlement)
        await self._tell(settlement.event)

    async def _tell(self, event: Event) -> None:
        self._sender.suppression.feed(event)
        if self._sender.on_event is not None:
            told = self._sender.on_event(event)
            if isawaitable(told):
                await told

    async def _wait_for_room(self) -> None:
        while len(self._under_way) >= self._sender.workers:
            await asyncio.wait(self._under_way, return_when=asyncio.FIRST_COMPLETED)

    async def _wait_for_slot(self) -> None:
        """Wait until the limits let a letter pass, without taking the place."""
        while wait := self._gate.wait:
            if self._under_way and wait * 2 * self._sender.workers > self._sender.lease_for:
                await asyncio.wait(self._under_way)  # rests this long could outlast the leases of what is under way
            else:
                await self._sender.clock.sleep(wait)

    async def _nap(self, until_empty: bool) -> bool:
        """Wait for the next job that is due; False if there is nothing to wait for."""
        await self._recover()
        due = await self._sender.outbox.next_due()
        if due is None:
            return False
        now = self._sender.clock.now()
        if due > now and not until_empty:
            return False
        await self._sender.clock.sleep(min(due - now, _LONGEST_NAP))
        return True

    async def _stop(self) -> None:
        """Give back what was not begun, and wait for what is under way."""
        given_back = [
            Settlement(lease=lease, state=JobState.QUEUED, event=None, due=lease.job.not_before or lease.queued_at)
            for lease in self._held
        ]
        self._held.clear()
        if given_back:
            with suppress_errors(StoreError):  # their leases run out anyway
                await self._sender.outbox.settle(given_back)
        try:
            while self._under_way:
                await asyncio.wait(self._under_way)
        except asyncio.CancelledError:  # asked a second time: cut off what is under way
            for task in self._under_way:
                task.cancel()
            raise

    def _ended(self, key: str, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        del self._addresses[key]
        if not task.cancelled() and task.exception() is not None:
            self._error = self._error or task.exception()
