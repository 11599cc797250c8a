"""One run of a sender. I/O.

How to think about it. `Run.drain` is the only gatekeeper: it leases a few jobs, lets each pass
the limits, and starts it as a task of its own; a task delivers, settles and tells. So a run
that is stopped gives back what it has not begun and waits for what is under way, and whatever
is cut off even so is taken back when its lease runs out (see `outbox`). What must not be torn
apart by a cancellation, such as leasing or telling what was recovered, is such a task too.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Coroutine
from contextlib import suppress as suppress_errors
from datetime import datetime, timedelta
from functools import partial
from inspect import isawaitable
from typing import TYPE_CHECKING, Any, Final

from mailkit.errors import InvalidValue, MailkitError, StoreError
from mailkit.event import Event
from mailkit.send.dispatch import broke, conclude, expire, fail, obstacle, suppress
from mailkit.send.gate import Gate
from mailkit.send.jobs import Job, JobState
from mailkit.send.outbox import Lease, Settlement
from mailkit.send.summary import Tally
from mailkit.send.transport import Delivery, Withdrawn

if TYPE_CHECKING:
    from mailkit.send.sender import Sender

__all__ = ["Run"]

_log: Final = logging.getLogger("mailkit.send")
_LONGEST_NAP: Final = timedelta(seconds=30)
"""How long at most a run waits before it looks for jobs that others have put in."""


class Run:
    """One run of a sender: the jobs it holds and what is under way."""

    def __init__(self, sender: Sender, gate: Gate, tally: Tally) -> None:
        self._sender, self._gate, self._tally = sender, gate, tally
        self._held: deque[Lease] = deque()
        self._under_way: set[asyncio.Task[None]] = set()
        self._addresses: set[str] = set()
        self._step: asyncio.Task[None] | None = None
        self._recovered_at: datetime | None = None
        self._warned: set[str] = set()
        self._error: BaseException | None = None

    async def drain(self, *, until_empty: bool) -> None:
        """Work until nothing is open, or until something breaks that concerns all jobs."""
        try:
            await self._whole(self._recover())
            while self._error is None:
                if len(self._under_way) >= self._sender.workers:
                    await self._one_done()
                elif lease := await self._next():
                    await self._start(lease)
                elif self._under_way:
                    await self._one_done()
                elif not await self._nap(until_empty):
                    break
        finally:
            await self._stop()
        if self._error is not None:
            raise self._error

    async def _recover(self) -> None:
        """Take back the leases that ran out, and tell all that became unknown, whatever breaks at one of them."""
        self._recovered_at = now = self._sender.clock.now()
        errors = []
        for event in await self._sender.outbox.recover(now=now):
            try:
                await self._tell(event)
                self._tally.recovered(event)
            except Exception as error:  # noqa: BLE001 - raised below
                errors.append(error)
        if errors:
            raise errors[0]

    async def _next(self) -> Lease | None:
        """A job that may be begun, after leasing more if none of those held may; None if there is none."""
        lease = self._free()
        room = 2 * self._batch() - len(self._held)
        if lease is not None or room <= 0:
            return lease
        now = self._sender.clock.now()
        if self._recovered_at is None or not timedelta(0) <= now - self._recovered_at < self._sender.lease_for:
            await self._whole(self._recover())
        if self._gate.wait and not await self._is_one_due():
            return None
        await self._wait_for_slot()
        if self._error is None:
            await self._whole(self._lease(min(room, self._batch())))
        return self._free() if self._error is None else None

    def _free(self) -> Lease | None:
        """The first job held to whose address nothing is under way.

        Two letters to one address never go at once, so that the first one's bounce stops the second.
        """
        return next((lease for lease in self._held if _key(lease) not in self._addresses), None)

    def _batch(self) -> int:
        """How many jobs to lease: twice the workers, or what the limit lets pass in a fifth of a lease."""
        rate = self._gate.rate
        most = 2 * self._sender.workers
        return most if rate is None else min(most, self._sender.lease_for // (5 * rate.period) + 1)

    async def _is_one_due(self) -> bool:
        due = await self._sender.outbox.next_due()
        return due is not None and due <= self._sender.clock.now()

    async def _lease(self, limit: int) -> None:
        now, sender = self._sender.clock.now(), self._sender
        leases = await sender.outbox.lease(now=now, until=now + sender.lease_for, limit=limit)
        self._held.extend(leases)  # given back if the run ends now
        templates = [lease.job.template for lease in leases if lease.job.template]
        if templates and sender.render is None:
            reason = f"is needed, as a job asks for the template {templates[0]!r}; it stays due"
            raise InvalidValue("Sender.render", None, reason, "give what makes a job's bytes")

    async def _start(self, lease: Lease) -> None:
        """Let a job pass the limits and begin it, unless it must not be sent."""
        settlement = self._stopped(lease)
        if settlement is None:
            await self._wait_for_slot()
            if self._error is not None:
                return
            self._gate.pass_one()
            settlement = self._stopped(lease)
        self._held.remove(lease)  # until here it would have been given back
        self._addresses.add(_key(lease))
        self._begin(self._settle(settlement) if settlement else self._send(lease), key=_key(lease))

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
        settlement = conclude(lease, delivery, policy=sender.retry, now=now, rng=sender.rng)
        wait = None if settlement.due is None else settlement.due - now
        self._warn_once(obstacle(delivery), wait)
        await self._settle(settlement)

    def _bytes(self, job: Job) -> bytes:
        if job.raw:
            return job.raw
        assert self._sender.render is not None  # looked at when the job was leased
        raw = self._sender.render(job)
        if not isinstance(raw, bytes) or not raw:
            raise MailkitError(f"render gave {type(raw).__name__} where finished bytes are needed")
        return raw

    def _warn_once(self, trouble: str, wait: timedelta | None) -> None:
        if not trouble or trouble in self._warned:
            return
        self._warned.add(trouble)
        then = (
            "given up" if wait is None else f"put off; trying again in {max(1, round(wait.total_seconds() / 60))} min"
        )
        _log.warning("%s. The letter is %s", trouble, then)

    async def _deliver(self, lease: Lease, raw: bytes) -> Delivery:
        sender = self._sender
        commits: list[bool | None] = []

        async def marked() -> bool:
            commits.append(None)
            held = await sender.outbox.mark_data_sent([lease], now=sender.clock.now())
            commits[-1] = lease.number in held
            return lease.number in held

        def commit() -> asyncio.Future[bool]:
            return asyncio.ensure_future(marked())

        try:
            return await sender.transport.deliver(lease.job.envelope, raw, commit=commit)
        except Exception as error:
            if None in commits:  # the outbox failed, not the transport
                raise
            return broke(sender.transport, error, is_sent=True in commits)

    async def _settle(self, settlement: Settlement) -> None:
        held = await self._sender.outbox.settle([settlement])
        if settlement.lease.number not in held or settlement.event is None:
            return  # the lease ran out meanwhile; what was written then is the truth
        await self._tell(settlement.event)
        self._tally.settled(settlement)

    async def _tell(self, event: Event) -> None:
        self._sender.suppression.feed(event)
        if self._sender.on_event is not None:
            told = self._sender.on_event(event)
            if isawaitable(told):
                await told

    async def _one_done(self) -> None:
        await asyncio.wait(self._under_way, return_when=asyncio.FIRST_COMPLETED)

    async def _wait_for_slot(self) -> None:
        """Wait until the limits let a letter pass, without taking the place, or until something breaks."""
        while self._error is None and (wait := self._gate.wait):
            if self._under_way and wait * 2 * self._sender.workers > self._sender.lease_for:
                await self._one_done()  # rests this long could outlast the leases of what is under way
            else:
                await self._rest(wait)

    async def _rest(self, length: timedelta) -> None:
        """Wait so long, or until something under way has ended: it may have broken."""
        rest = asyncio.create_task(self._sender.clock.sleep(length))
        try:
            await asyncio.wait({rest, *self._under_way}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            rest.cancel()
        if rest.done():
            rest.result()

    async def _nap(self, until_empty: bool) -> bool:
        """Wait for the next job that is due; False if there is nothing to wait for."""
        await self._whole(self._recover())
        if self._error is not None:
            return False
        due = await self._sender.outbox.next_due()
        if due is None:
            return False
        now = self._sender.clock.now()
        if due > now and not until_empty:
            return False
        await self._sender.clock.sleep(min(due - now, _LONGEST_NAP))
        return True

    def _begin(self, work: Coroutine[Any, Any, None], *, key: str = "") -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(partial(self._ended, key))
        return task

    async def _whole(self, work: Coroutine[Any, Any, None]) -> None:
        """Do a step that goes on to its end even if the run is cancelled meanwhile; `_stop` waits for it."""
        self._step = self._begin(work)
        await asyncio.wait([self._step])

    async def _stop(self) -> None:
        """Give back what was not begun, and wait for what is under way."""
        try:
            assert self._step is not None, "a run begins with a step"
            await asyncio.wait([self._step])  # it may be leasing
            await self._give_back()
            while self._under_way:
                await asyncio.wait(self._under_way)
        except asyncio.CancelledError:  # asked a second time: cut off what is under way
            for task in self._under_way:
                task.cancel()
            raise

    async def _give_back(self) -> None:
        given_back = [
            Settlement(lease=lease, state=JobState.QUEUED, event=None, due=lease.job.not_before or lease.queued_at)
            for lease in self._held
        ]
        self._held.clear()
        if given_back:
            with suppress_errors(StoreError):  # their leases run out anyway
                await self._sender.outbox.settle(given_back)

    def _ended(self, key: str, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        self._addresses.discard(key)
        error: BaseException | None
        if task.cancelled():  # if by `_stop`, then nobody asks for the error any more
            error = MailkitError("a delivery was cancelled from within, by the transport or by on_event=")
        else:
            error = task.exception()
        self._error = self._error or error


def _key(lease: Lease) -> str:
    return lease.job.envelope.recipient.address.key
