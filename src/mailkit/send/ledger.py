"""What a run writes into its outbox, many letters at a time. I/O.

How to think about it. One writing at a time is under way: marks and settlements together, so that a
database commits them together. What comes in meanwhile goes with the next: so the busier a run is, the
less each letter costs. A final dot waits for its mark; nobody waits for settlements, but that too many
of them hold up new letters.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final

from mailkit.clock import Clock
from mailkit.errors import MailkitError
from mailkit.send.dispatcher_pools import Held
from mailkit.send.outbox import Lease, Outbox, Settlement

__all__ = ["Entry", "Ledger", "is_being_cancelled"]

_MOST_UNWRITTEN: Final = 500
"""How many settlements may wait to be written before no new letter is begun."""

_TURNS: Final = 3
"""Turns of the loop in which marks gather: letters let go together ask for their successors' marks together."""
_SLOW: Final = 0.0005
"""Seconds. Only where writing takes longer, to a disk, is it worth while to let more gather first."""

Entry = tuple[Settlement, Held | None]
"""A settlement, with the job in hand that it frees; None if it frees none."""


class Ledger:
    """Marks and settlements on their way into the outbox.

    Args:
        outbox: Where they are written.
        clock: What tells the time.
        written: Told of settlements once they are written: each, and whether it counted. It must
            not raise.
        broke: Told what broke.
        rested: Called when nothing is being written any more.
    """

    def __init__(
        self,
        outbox: Outbox,
        clock: Clock,
        *,
        written: Callable[[list[Entry], frozenset[int]], Coroutine[Any, Any, None]],
        broke: Callable[[BaseException], None],
        rested: Callable[[], None],
    ) -> None:
        self._outbox, self._clock, self._written = outbox, clock, written
        self._broke, self._rested = broke, rested
        self._loop = asyncio.get_running_loop()
        self._marks: list[tuple[Lease, asyncio.Future[bool]]] = []
        self._entries: list[Entry] = []
        self._writing: asyncio.Task[None] | None = None
        self._telling: asyncio.Task[None] | None = None
        self._is_slow = False
        self._room: asyncio.Future[None] | None = None

    @property
    def is_busy(self) -> bool:
        """Whether anything is still to be written."""
        return self._writing is not None or self._telling is not None

    @property
    def is_full(self) -> bool:
        """Whether so much is still to be written that no letter should be begun."""
        return len(self._entries) > _MOST_UNWRITTEN

    def mark(self, lease: Lease) -> asyncio.Future[bool]:
        """Write that a final dot may go out; the answer says whether it may."""
        future = self._loop.create_future()
        self._marks.append((lease, future))
        self._go_on()
        return future

    def settle(self, settlement: Settlement, held: Held | None = None) -> None:
        """Write down what came of a try, soon."""
        self._entries.append((settlement, held))
        self._go_on()

    async def wait_for_room(self) -> None:
        """Come back once the settlements that wait are being written."""
        if self._room is None:
            self._room = self._loop.create_future()
        await asyncio.shield(self._room)

    def cut_off(self) -> None:
        """Write nothing more."""
        for task in (self._writing, self._telling):
            if task is not None:
                task.cancel()

    @property
    def _may_settle(self) -> bool:
        return bool(self._entries) and self._telling is None

    def _go_on(self) -> None:
        if self._writing is None:
            self._writing = self._loop.create_task(self._write_all())

    async def _write_all(self) -> None:
        try:
            while self._marks or self._may_settle:
                for _ in range(_TURNS if self._is_slow else 0):
                    await asyncio.sleep(0)
                began = self._loop.time()
                await self._write()
                self._is_slow = self._loop.time() - began > _SLOW
        finally:
            self._writing = None
            self._rested()

    async def _write(self) -> None:
        """Write all that there is; settlements are told by a task of their own, as that may take its time."""
        settled: asyncio.Future[None] | None = None
        if self._may_settle:
            entries, self._entries = self._entries, []
            if self._room is not None:
                self._room.set_result(None)
                self._room = None
            settled = self._loop.create_future()
            self._telling = self._loop.create_task(self._tell(entries, settled))
        if self._marks:
            marks, self._marks = self._marks, []
            await self._mark(marks)
        if settled is not None:
            await settled

    async def _mark(self, batch: list[tuple[Lease, asyncio.Future[bool]]]) -> None:
        try:
            held = await self._outbox.mark_data_sent([lease for lease, _ in batch], now=self._clock.now())
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - handed on, and the run ends with it
            self._refuse(batch, _told(error))
            return
        for lease, future in batch:
            if not future.done():
                future.set_result(lease.number in held)

    def _refuse(self, batch: list[tuple[Lease, asyncio.Future[bool]]], error: Exception) -> None:
        self._broke(error)
        for _, future in batch:
            if not future.done():
                future.set_exception(error)
                future.exception()  # seen: the transport may have given up waiting for it

    async def _tell(self, entries: list[Entry], settled: asyncio.Future[None]) -> None:
        counted: frozenset[int] = frozenset()
        try:
            counted = await self._outbox.settle([settlement for settlement, _ in entries])
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - handed on, and the run ends with it
            self._broke(_told(error))
        finally:
            if not settled.done():  # pragma: no branch - it is only if the run was cut off
                settled.set_result(None)
        try:
            await self._written(entries, counted)
        except Exception as error:  # noqa: BLE001 - it must not raise; if it does, the run ends with it
            self._broke(error)
        finally:
            self._telling = None
            if self._entries:
                self._go_on()
            else:
                self._rested()


def is_being_cancelled() -> bool:
    """Whether this very task is being cancelled, and not something that it waits for."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _told(error: Exception | asyncio.CancelledError) -> Exception:
    """The error to end a run with; what cancels this very task goes on its way."""
    if isinstance(error, Exception):
        return error
    if is_being_cancelled():
        raise error
    return MailkitError("a write was cancelled from within, by the outbox")
