"""One run of a sender: what the dispatcher says, done. I/O.

How to think about it. One task, the pump, asks the dispatcher what to do next: it leases jobs, has
them prepared, asks for slots, gives back what may not go, and waits. Workers (`deliveries`) carry
the letters, and a ledger writes down what came of them. The pump is a task of its own, so that
cancelling a run tears nothing apart: the run then leases no more, finishes what is under way, and gives back
the rest. Whatever is cut off even so is taken back when its lease runs out (see `outbox`).
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress as suppress_errors
from datetime import datetime, timedelta
from inspect import isawaitable
from typing import TYPE_CHECKING, Final, Literal

from mailkit.errors import MailkitError, StoreError
from mailkit.event import Event
from mailkit.send.deliveries import Deliveries
from mailkit.send.dispatch import fail, give_back, put_off
from mailkit.send.dispatcher import Dispatcher
from mailkit.send.dispatcher_pools import Held
from mailkit.send.gate import Gate
from mailkit.send.ledger import Entry, Ledger, is_being_cancelled
from mailkit.send.limits.shaping import Measure, Taken
from mailkit.send.outbox import Settlement
from mailkit.send.prepare import Preparation
from mailkit.send.summary import Tally

if TYPE_CHECKING:
    from mailkit.send.sender import Sender

__all__ = ["Run", "Until"]

Until = Literal["empty", "idle", "stopped"]
"""When a run ends."""

_log: Final = logging.getLogger("mailkit.send")
_LOOK: Final = timedelta(seconds=0.5)
"""How old what is known of the outbox's lanes and pauses may be."""
_NEWS: Final = timedelta(seconds=1)
_LONGEST_NAP: Final = timedelta(seconds=30)
"""How long at most a run that waits for its own jobs waits before it looks for jobs that others have put in."""
_SHORT_NAP: Final = timedelta(seconds=1)
"""The same where somebody may resume what is paused, or put in jobs at any time."""
_CHUNK: Final = 16
"""Letters that are prepared before others have their turn."""


class Run:
    """One run of a sender: the jobs it holds and what is under way."""

    def __init__(self, sender: Sender, gate: Gate, tally: Tally) -> None:
        self._sender, self._gate, self._tally = sender, gate, tally
        self._clock, self._outbox = sender.clock, sender.outbox
        transports = sender.carriers()
        capacities = {name: sender.workers or transport.capacity for name, transport in transports.items()}
        self._dispatcher = Dispatcher(capacities, sender.shaping, lease_for=sender.lease_for)
        self._wake: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._ledger = Ledger(sender.outbox, sender.clock, written=self._written, broke=self._fail, rested=self._rested)
        done = self._dispatcher.prepared if sender.signer is None else self._signed
        self._preparation = Preparation(
            sender.render, sender.signer, sender.signing_threads, done=done, failed=self._unprepared
        )
        self._deliveries = Deliveries(
            self._dispatcher,
            transports,
            gate=gate,
            ledger=self._ledger,
            tally=tally,
            retry=sender.policies,
            clock=sender.clock,
            rng=sender.rng,
            watch=sender.watch,
            warming=sender.warming,
            measured=self._measured,
            rouse=self._rouse,
            broke=self._fail,
        )
        self._loop = asyncio.get_running_loop()
        self._paused: frozenset[str | None] = frozenset()
        self._to_pause: set[str] = set()
        self._looked_at: datetime | None = None
        self._asked_at: datetime | None = None
        self._recovered_at: datetime | None = None
        self._longest_nap = _SHORT_NAP  # others may be about to end, or to give back what they hold; then ever longer
        self._is_stopping = False
        self._error: BaseException | None = None
        self._is_told = sender.on_event is not None or sender.watch is not None

    async def drain(self, until: Until) -> None:
        """Work until it is time to end, or until something breaks that concerns all jobs."""
        pump = self._loop.create_task(self._pump(until))
        try:
            await asyncio.wait([pump])
        except asyncio.CancelledError:
            self.stop()
            try:
                await asyncio.wait([pump])
            except asyncio.CancelledError:  # asked a second time
                pump.cancel()
                self._cut_off()
                raise
            raise
        finally:
            self._preparation.close()
            if pump.cancelled():  # by whoever ends the event loop
                self._cut_off()
        if self._error is not None:
            raise self._error

    def stop(self) -> None:
        """Lease no more, finish what is under way, give back the rest, and end."""
        self._is_stopping = True
        self._rouse()

    @property
    def was_stopped(self) -> bool:
        """Whether it ended because it was told to."""
        return self._is_stopping

    @property
    def is_here(self) -> bool:
        """Whether it runs in the event loop from which this is asked."""
        return asyncio.get_running_loop() is self._loop

    def look(self) -> None:
        """Look at the outbox at once: somebody has changed something there."""
        self._looked_at = None
        self._rouse()

    # -- the pump

    async def _pump(self, until: Until) -> None:
        try:
            await self._recover()
            while self._goes_on:
                self._wake = self._loop.create_future()
                await self._look()
                await self._act()
                if not self._goes_on:
                    break
                if self._is_busy:
                    await self._rest()
                elif not await self._nap(until):
                    break
        except Exception as error:  # noqa: BLE001 - raised by `drain`, after what is under way has ended
            self._fail(error)
        await self._stop()

    @property
    def _goes_on(self) -> bool:
        return self._error is None and not self._is_stopping

    @property
    def _is_busy(self) -> bool:
        return self._dispatcher.in_hand > 0 or self._ledger.is_busy or self._preparation.is_busy

    async def _look(self, *, anyway: bool = False) -> None:
        """Learn what is new in the outbox and elsewhere, unless that was asked a moment ago."""
        now, before = self._clock.now(), self._looked_at
        if not anyway and before is not None and timedelta(0) <= now - before < _LOOK:
            return
        self._looked_at = now
        await self._pause_unwanted()
        if self._sender.news is not None and (self._asked_at is None or abs(now - self._asked_at) >= _NEWS):
            self._asked_at = now
            for event in await self._sender.news.since_last():
                self._gate.feed(event)
        self._paused = await self._outbox.paused()
        lanes = await self._outbox.lanes()
        await self._sender.kept.look(lanes, now)
        self._dispatcher.lanes_are(lanes, self._paused)
        if self._recovered_at is None or not timedelta(0) <= now - self._recovered_at < self._sender.lease_for:
            await self._recover()

    async def _act(self) -> None:
        """Do what the dispatcher says: give back, lease, reserve, begin."""
        dispatcher = self._dispatcher
        for held, due in dispatcher.to_return(self._clock.now()):
            self._ledger.settle(give_back(held.lease) if due is None else put_off(held.lease, due))
        wanted = dispatcher.wanted(self._clock.now())
        if wanted:
            await self._lease(wanted)
        for stream, tolls, count in dispatcher.to_reserve(self._clock.now()):
            now = self._clock.now()
            reservation = await self._sender.meter.reserve(tolls, count=count, now=now, horizon=dispatcher.horizon)
            dispatcher.reserved(stream, reservation)
        await self._give_back_slots()
        dispatcher.wake(self._clock.now())
        if self._goes_on:
            self._deliveries.hand_out()

    async def _give_back_slots(self) -> None:
        for allotments, count in self._dispatcher.unused(self._clock.now()):
            await self._sender.meter.give_back(allotments, count=count)

    async def _lease(self, wanted: dict[int, int]) -> None:
        now = self._clock.now()
        until, limit = now + self._sender.lease_for, sum(wanted.values())
        leases = await self._outbox.lease(now=now, until=until, limit=limit, lanes=wanted)
        letters = self._dispatcher.leased(leases, wanted, now)
        self._longest_nap = _SHORT_NAP if leases else self._longest_nap
        try:
            if self._sender.watch is not None and leases:
                self._sender.watch.leased(len(leases))
            self._preparation.check([lease.job for lease in leases])
        except Exception as error:  # noqa: BLE001 - the application's code; what was leased is given back
            self._fail(error)
        if not self._goes_on:
            for held in letters:  # given back as the run ends
                self._dispatcher.prepared(held)
            return
        for first in range(0, len(letters), _CHUNK):
            if first:
                self._deliveries.hand_out()
                await asyncio.sleep(0)
            self._prepare(letters[first : first + _CHUNK])

    def _prepare(self, letters: list[Held]) -> None:
        now, pending = self._clock.now(), []
        for held in letters:
            stopped = self._gate.stops_first(held, now)
            if stopped is None:
                pending.append(held)
            else:
                self._dispatcher.dropped(held)
                self._ledger.settle(stopped)
        self._preparation.start(pending, now)

    def _signed(self, held: Held) -> None:
        self._dispatcher.prepared(held)
        self._rouse()

    def _unprepared(self, held: Held, reason: str) -> None:
        self._dispatcher.dropped(held)
        self._ledger.settle(fail(held.lease, reason, now=self._clock.now()))

    # -- waiting

    def _rouse(self) -> None:
        if not self._wake.done():
            self._wake.set_result(None)

    async def _rest(self) -> None:
        """Wait until something has happened, or until time changes something."""
        now = self._clock.now()
        at = self._dispatcher.ask_at(now)
        glance = self._loop.call_later(_LOOK.total_seconds(), self.look)
        try:
            if at is None:
                await asyncio.wait({self._wake})  # lets others have their turn even if it is done
            else:
                await self._doze(min(at - now, self._sender.lease_for / 20))
        finally:
            glance.cancel()

    async def _doze(self, length: timedelta) -> None:
        """Wait so long on the clock, or until something has happened."""
        nap = self._loop.create_task(self._clock.sleep(length))
        try:
            done, _ = await asyncio.wait({nap, self._wake}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            nap.cancel()
        if nap in done:
            nap.result()

    async def _nap(self, until: Until) -> bool:
        """With nothing in hand, wait for what is due next; False if the run is to end."""
        await self._recover()
        await self._look(anyway=True)
        now = self._clock.now()
        if not self._goes_on or self._dispatcher.wanted(now):
            return self._goes_on
        due, free = await self._outbox.next_due(), self._dispatcher.ask_at(now)
        if due is None and until != "stopped":
            return False
        is_due = due is not None and due <= now
        if until == "idle" and (not is_due or (free is not None and free - now > self._sender.lease_for)):
            return False
        longest = _SHORT_NAP if self._paused or until == "stopped" else self._longest_nap
        self._longest_nap = min(2 * self._longest_nap, _LONGEST_NAP)
        instants = [instant for instant in ((free,) if is_due else (due, free)) if instant is not None]
        await self._doze(min([longest, *(instant - now for instant in instants)]) if instants else _SHORT_NAP)
        return True

    # -- what became of letters

    async def _recover(self) -> None:
        """Take back the leases that ran out, and tell all that became unknown, whatever breaks at one of them."""
        self._recovered_at = now = self._clock.now()
        retries = self._sender.policies.retries_unknown
        for event in await self._outbox.recover(now=now, retries=retries):
            await self._tell(event)
            try:
                self._tally.recovered(event)
            except Exception as error:  # noqa: BLE001 - progress= is the application's code
                self._fail(error)

    def _rested(self) -> None:
        if not self._dispatcher.in_hand:
            self._rouse()

    async def _written(self, batch: list[Entry], counted: frozenset[int]) -> None:
        """Tell what was written, and let the next letters to the same addresses go."""
        for settlement, held in batch:
            try:
                if settlement.lease.number not in counted or settlement.event is None:
                    pass  # given back; or the lease ran out meanwhile, and what was written then is the truth
                elif self._is_told:
                    await self._told(settlement, settlement.event, held)
                else:
                    self._gate.feed(settlement.event)
                    self._count(settlement)
            except Exception as error:  # noqa: BLE001 - the application's code; its job must be let go of even so
                self._fail(error)
            finally:
                if held is not None:
                    self._dispatcher.released(held)
        if self._goes_on:
            self._deliveries.hand_out()

    async def _told(self, settlement: Settlement, event: Event, held: Held | None) -> None:
        if settlement.before is not None:
            await self._tell(settlement.before)
        await self._tell(event)
        self._count(settlement)
        if self._sender.watch is not None:
            seconds = 0.0
            if held is not None and held.began_at is not None:
                seconds = (event.at - held.began_at).total_seconds()
            try:
                self._sender.watch.settled(settlement, seconds)
            except Exception as error:  # noqa: BLE001 - the application's code; the run ends with it
                self._fail(error)

    async def _tell(self, event: Event) -> None:
        self._gate.feed(event)
        if self._sender.on_event is None:
            return
        try:
            told = self._sender.on_event(event)
            if isawaitable(told):
                await told
        except asyncio.CancelledError:
            if is_being_cancelled():
                raise
            self._fail(MailkitError("telling an event was cancelled from within, by on_event="))
        except Exception as error:  # noqa: BLE001 - the application's code; the run ends with it, and others are told
            self._fail(error)

    def _count(self, settlement: Settlement) -> None:
        try:
            self._tally.settled(settlement)
        except Exception as error:  # noqa: BLE001 - progress= is the application's code
            self._fail(error)

    def _measured(self, taken: object, held: Held) -> None:
        """Tell of a measure; a campaign that a provider does not want is paused with the next look."""
        campaign = held.lease.job.campaign
        if not isinstance(taken, Taken) or taken.measure is not Measure.STOP:
            _log.warning("%s", taken)
        elif not campaign:
            _log.warning("%s; the letter has no campaign that could be paused", taken)
        elif campaign not in self._to_pause and campaign not in self._paused:
            _log.warning("%s; the campaign %r is paused until somebody resumes it", taken, campaign)
            self._tally.stopped(campaign, str(taken))
            self._to_pause.add(campaign)
            self.look()

    async def _pause_unwanted(self) -> None:
        while self._to_pause:
            campaign = min(self._to_pause)
            await self._outbox.pause(campaign)
            self._to_pause.remove(campaign)

    # -- the end

    def _fail(self, error: BaseException) -> None:
        self._error = self._error or error
        self._rouse()

    async def _stop(self) -> None:
        """Give back what was not begun, and wait for what is under way."""
        self._deliveries.close()
        while self._preparation.is_busy:
            await asyncio.sleep(0.001)
        given_back = [give_back(held.lease) for held in self._dispatcher.everything()]
        if given_back:
            with suppress_errors(StoreError):  # their leases run out anyway
                await self._outbox.settle(given_back)
        while self._is_busy:
            self._wake = self._loop.create_future()
            await self._wake
        with suppress_errors(StoreError):  # then a quota counts a few letters too many
            await self._give_back_slots()
        try:
            await self._pause_unwanted()
            await self._sender.kept.save(self._clock.now())
        except MailkitError as error:
            self._fail(error)

    def _cut_off(self) -> None:
        self._deliveries.cut_off()
        self._ledger.cut_off()
        self._preparation.cut_off()
