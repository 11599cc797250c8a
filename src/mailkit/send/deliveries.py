"""The letters under way: as many workers as a transport can use. I/O.

How to think about it. A worker is a task that carries one letter after another, so a letter costs no
task of its own. It takes the next job from the dispatcher itself, and only when there is none does it
wait to be handed one. It never waits for what came of a letter to be written.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from typing import Final, Protocol

from mailkit.clock import Clock
from mailkit.errors import MailkitError
from mailkit.send.dispatch import broke, conclude, give_back, obstacle
from mailkit.send.dispatcher import Dispatcher
from mailkit.send.dispatcher_pools import Held, Pool
from mailkit.send.gate import Gate
from mailkit.send.jobs import Job
from mailkit.send.ledger import Ledger, is_being_cancelled
from mailkit.send.outbox import Settlement
from mailkit.send.retry import RetryPolicies
from mailkit.send.summary import Tally
from mailkit.send.transport import Accepted, Delivery, Transport, Withdrawn
from mailkit.send.warming import Warming

__all__ = ["Deliveries", "Watch"]

_log: Final = logging.getLogger("mailkit.send")


class Watch(Protocol):
    """What counts for monitoring; called often, so it must be quick, and must not raise."""

    def leased(self, count: int) -> None:
        """So many jobs were leased."""
        ...

    def started(self, job: Job) -> None:
        """The delivery of a job begins."""
        ...

    def settled(self, settlement: Settlement, seconds: float) -> None:
        """What came of a job is written down, and it took so long from the delivery's beginning; 0 without one."""
        ...


class _Try:
    """One delivery's right to its final dot. By hand, and not with attrs: one is made for each letter."""

    __slots__ = ("answer", "held", "ledger")

    def __init__(self, held: Held, ledger: Ledger) -> None:
        self.held, self.ledger = held, ledger
        self.answer: asyncio.Future[bool] | None = None

    def commit(self) -> asyncio.Future[bool]:
        """Ask for the mark: from its yes on, the letter may have been sent. Asked again, it is the same answer."""
        if self.answer is None:
            self.answer = self.ledger.mark(self.held.lease)
        return self.answer

    @property
    def may_be_sent(self) -> bool:
        """Whether the final dot was allowed."""
        answer = self.answer
        return answer is not None and answer.done() and not answer.cancelled() and answer.result()

    @property
    def is_unmarked(self) -> bool:
        """Whether the outbox failed or has not answered, so that nobody knows what is written there."""
        answer = self.answer
        if answer is None:
            return False  # nothing was asked, and so nothing was sent
        return not answer.done() or answer.cancelled() or answer.exception() is not None


class Deliveries:
    """The workers of one run.

    Args:
        dispatcher: Which job is next.
        transports: What carries letters away, by the names of the dispatcher's pools.
        gate: What keeps letters from being sent.
        ledger: Where what came of them is written.
        tally: Where tries are counted.
        retry: How patiently letters are tried again.
        clock: What tells the time.
        rng: Chance, for the jitter of retries.
        watch: What counts for monitoring.
        warming: What is told of letters of identities that warm up.
        measured: Told of each measure against a provider's answer, and of the letter.
        rouse: Called when there may be something to do for whoever leases.
        broke: Told what broke.
    """

    def __init__(
        self,
        dispatcher: Dispatcher,
        transports: dict[str, Transport],
        *,
        gate: Gate,
        ledger: Ledger,
        tally: Tally,
        retry: RetryPolicies,
        clock: Clock,
        rng: Random,
        watch: Watch | None,
        warming: Warming | None,
        measured: Callable[[object, Held], None],
        rouse: Callable[[], None],
        broke: Callable[[BaseException], None],
    ) -> None:
        self._dispatcher, self._transports, self._gate, self._ledger = dispatcher, transports, gate, ledger
        self._tally, self._retry, self._clock, self._rng, self._watch = tally, retry, clock, rng, watch
        self._rouse, self._broke, self._warming, self._measured = rouse, broke, warming, measured
        self._loop = asyncio.get_running_loop()
        self._idle: dict[str, list[asyncio.Future[Held | None]]] = {name: [] for name in transports}
        self._workers: dict[str, list[asyncio.Task[None]]] = {name: [] for name in transports}
        self._warned: set[str] = set()
        self._is_closed = False

    def hand_out(self) -> None:
        """Begin whatever may begin and has a free worker."""
        for pool in self._dispatcher.pools.values():
            self._hand_out(pool)

    def close(self) -> None:
        """Begin nothing more; what is under way goes on to its end, and the workers with it."""
        self._is_closed = True
        for idle in self._idle.values():
            while idle:
                idle.pop().set_result(None)

    def cut_off(self) -> None:
        """Break off what is under way."""
        self._is_closed = True
        for workers in self._workers.values():
            for worker in workers:
                worker.cancel()

    def _hand_out(self, pool: Pool) -> None:
        idle, workers = self._idle[pool.name], self._workers[pool.name]
        while idle or len(workers) < pool.capacity:
            held = self._next(pool)
            if held is None:
                return
            if idle:
                idle.pop().set_result(held)
            else:
                workers.append(self._loop.create_task(self._work(pool, held)))

    def _next(self, pool: Pool) -> Held | None:
        """The job to begin now, after settling those before it that must not be sent."""
        while not self._is_closed and not self._ledger.is_full:
            now = self._clock.now()
            held = self._dispatcher.next(pool, now)
            if held is None:
                return None
            stopped = self._gate.stops_still(held, now)
            if stopped is None:
                if self._warming is not None:
                    self._warming.carried(held, now)
                return held
            self._dispatcher.ended(held, None, now)
            self._ledger.settle(stopped, held)
        return None

    async def _work(self, pool: Pool, first: Held) -> None:
        held: Held | None = first
        transport, ledger, idle = self._transports[pool.name], self._ledger, self._idle[pool.name]
        while held is not None:
            await self._carry(held, transport)
            if ledger.is_full:
                await ledger.wait_for_room()
            held = self._next(pool)
            if held is None and not self._is_closed:
                future: asyncio.Future[Held | None] = self._loop.create_future()
                idle.append(future)
                self._rouse()
                held = await future
            elif self._dispatcher.is_thirsty(pool):
                self._rouse()
        self._rouse()

    async def _carry(self, held: Held, transport: Transport) -> None:
        """Deliver a letter and settle it; whatever happens, the job is let go of."""
        lease, one = held.lease, _Try(held, self._ledger)
        self._tally.tries += 1
        if self._watch is not None:
            held.began_at = self._clock.now()
            try:
                self._watch.started(lease.job)
            except Exception as error:  # noqa: BLE001 - the application's code; the run ends with it
                self._broke(error)
        delivery: Delivery | None = None
        try:
            delivery = await transport.deliver(lease.job.envelope, held.raw, commit=one.commit)
        except asyncio.CancelledError:
            if is_being_cancelled():
                raise
            self._broke(MailkitError("a delivery was cancelled from within, by the transport"))
        except Exception as error:  # noqa: BLE001 - a transport's bug must not cost more than its letter
            if one.is_unmarked:
                self._broke(error)  # the outbox failed, not the transport
            else:
                delivery = broke(transport, error, is_sent=one.may_be_sent)
        self._conclude(held, delivery)

    def _conclude(self, held: Held, delivery: Delivery | None) -> None:
        now, lease = self._clock.now(), held.lease
        for taken in self._dispatcher.ended(held, delivery, now):
            self._measured(taken, held)
        settlement = None
        if isinstance(delivery, Withdrawn):
            settlement = give_back(lease)  # counts if it is paused; not if another holds it, or cancelled it
        elif delivery is not None:
            settlement = conclude(lease, delivery, policy=self._retry.policy(lease.job), now=now, rng=self._rng)
            if not isinstance(delivery, Accepted):
                self._warn_once(obstacle(delivery), settlement.due, now)
        if self._warming is not None:
            self._warming.settled(held, settlement, now)
        if settlement is None:
            self._dispatcher.released(held)  # nobody knows what came of it: its lease runs out
        else:
            self._ledger.settle(settlement, held)

    def _warn_once(self, trouble: str, due: datetime | None, now: datetime) -> None:
        if not trouble or trouble in self._warned:
            return
        self._warned.add(trouble)
        then = "given up" if due is None else f"put off; trying again in {_length(due - now)}"
        _log.warning("%s. The letter is %s", trouble, then)


def _length(wait: timedelta) -> str:
    seconds = max(1, round(wait.total_seconds()))
    return f"{seconds} s" if seconds < 60 else f"{round(seconds / 60)} min"
