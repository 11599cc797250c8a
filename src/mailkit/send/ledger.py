"""What a run writes into its outbox, many letters at a time. I/O.

How to think about it. Whatever is asked for in one turn of the event loop is written in one call, and
what comes in while that call lasts goes with the next: so the busier a run is, the less each letter
costs. A final dot waits for its mark; nobody waits for settlements, but that too many of them hold
up new letters.
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
    """

    def __init__(
        self,
        outbox: Outbox,
        clock: Clock,
        *,
        written: Callable[[list[Entry], frozenset[int]], Coroutine[Any, Any, None]],
        broke: Callable[[BaseException], None],
    ) -> None:
        self._outbox, self._clock, self._written, self._broke = outbox, clock, written, broke
        self._loop = asyncio.get_running_loop()
        self._marks: list[tuple[Lease, asyncio.Future[bool]]] = []
        self._entries: list[Entry] = []
        self._marking: asyncio.Task[None] | None = None
        self._settling: asyncio.Task[None] | None = None
        self._room: asyncio.Future[None] | None = None

    @property
    def is_busy(self) -> bool:
        """Whether anything is still to be written."""
        return self._marking is not None or self._settling is not None

    @property
    def is_full(self) -> bool:
        """Whether so much is still to be written that no letter should be begun."""
        return len(self._entries) > _MOST_UNWRITTEN

    def mark(self, lease: Lease) -> asyncio.Future[bool]:
        """Write that a final dot may go out; the answer says whether it may."""
        future = self._loop.create_future()
        self._marks.append((lease, future))
        if self._marking is None:
            self._marking = self._loop.create_task(self._mark_all())
        return future

    def settle(self, settlement: Settlement, held: Held | None = None) -> None:
        """Write down what came of a try, soon."""
        self._entries.append((settlement, held))
        if self._settling is None:
            self._settling = self._loop.create_task(self._settle_all())

    async def wait_for_room(self) -> None:
        """Come back once the settlements that wait are being written."""
        if self._room is None:
            self._room = self._loop.create_future()
        await asyncio.shield(self._room)

    def cut_off(self) -> None:
        """Write nothing more."""
        for task in (self._marking, self._settling):
            if task is not None:
                task.cancel()

    async def _mark_all(self) -> None:
        try:
            while self._marks:
                batch, self._marks = self._marks, []
                await self._mark(batch)
        finally:
            self._marking = None

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

    async def _settle_all(self) -> None:
        try:
            while self._entries:
                batch, self._entries = self._entries, []
                if self._room is not None:
                    self._room.set_result(None)
                    self._room = None
                await self._settle(batch)
        finally:
            self._settling = None

    async def _settle(self, batch: list[Entry]) -> None:
        counted: frozenset[int] = frozenset()
        try:
            counted = await self._outbox.settle([settlement for settlement, _ in batch])
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - handed on, and the run ends with it
            self._broke(_told(error))
        await self._written(batch, counted)


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
