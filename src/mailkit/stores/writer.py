"""One thread that writes, and joins what is asked while it is busy into one transaction.

A commit costs a wait for the disk, whatever is in it. So calls of one kind that arrive in one
turn of an event loop, or while a commit is under way, are committed together, and each caller
hears of it afterwards. The thread belongs to no event loop: callers may come from several, or
from none. An event loop is woken once for all that was committed together.
"""

from __future__ import annotations

import asyncio
import os
import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from itertools import groupby
from typing import Any, Final, TypeVar

import attrs
from sqlalchemy import Connection, Engine

from mailkit.errors import StoreError
from mailkit.stores.faults import translated

__all__ = ["Writer"]

T = TypeVar("T")
I = TypeVar("I")  # noqa: E741 - an item

_MOST_JOINED: Final = 1_000
"""Calls in one transaction; enough to make the disk's wait small, few enough to answer soon."""


Work = Callable[[Connection, Sequence[I]], Sequence[T]]


@attrs.frozen(eq=False)
class _Request:
    """What is asked. Its future belongs to an event loop, or to no one if `loop` is None."""

    work: Work[Any, Any]
    item: Any
    future: Future[Any] | asyncio.Future[Any]
    loop: asyncio.AbstractEventLoop | None

    def is_wanted(self) -> bool:
        return not self.future.cancelled() if self.loop else self.future.set_running_or_notify_cancel()  # type: ignore[union-attr]


class Writer:
    """Does all writing of one store.

    Args:
        engine: An engine whose transactions take the right to write when they begin.
        place: The database as messages name it.
    """

    def __init__(self, engine: Engine, place: str) -> None:
        self._engine, self._place = engine, place
        self._requests: queue.SimpleQueue[_Request | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._process = os.getpid()
        self._is_closed = False

    def do(self, work: Callable[[Connection], T]) -> Future[T]:
        """Have `work` done in a transaction of its own; the future is done once it is committed."""
        return self._put(lambda connection, _: [work(connection)], None)

    def join(self, work: Work[I, T], item: I) -> Future[T]:
        """Have `work` done with this item and all that are waiting beside it, in one transaction.

        It gets the items in the order in which they came, and gives one answer for each.
        """
        return self._put(work, item)

    async def done(self, work: Callable[[Connection], T]) -> T:
        """`do` for a coroutine, which waits for the answer."""
        return await self.joined(lambda connection, _: [work(connection)], None)

    async def joined(self, work: Work[I, T], item: I) -> T:
        """`join` for a coroutine, which waits for the answer."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._ask(_Request(work, item, future, loop))
        return await future

    def close(self) -> None:
        """Finish what was asked, and stop; nothing more is taken."""
        with self._lock:
            self._is_closed = True
            thread, self._thread = self._thread, None
        if thread is not None and self._process == os.getpid():
            self._requests.put(None)
            thread.join()

    def _put(self, work: Work[Any, Any], item: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self._ask(_Request(work, item, future, None))
        return future

    def _ask(self, request: _Request) -> None:
        with self._lock:
            if self._is_closed:
                raise StoreError(f"{self._place}: the store is closed; open it again")
            if self._process != os.getpid():
                raise StoreError(f"{self._place}: the store was opened before this process was forked; open it here")
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="mailkit-store", daemon=True)
                self._thread.start()
            self._requests.put(request)

    def _run(self) -> None:
        is_open = True
        while is_open:
            waiting = [self._requests.get()]
            while len(waiting) < _MOST_JOINED and not self._requests.empty():
                waiting.append(self._requests.get())
            is_open = None not in waiting
            requests = [request for request in waiting if request and request.is_wanted()]
            for _, group in groupby(requests, key=lambda request: request.work):
                self._serve(list(group))

    def _serve(self, requests: Sequence[_Request]) -> None:
        try:
            with translated(self._place), self._engine.begin() as connection:
                answers = requests[0].work(connection, [request.item for request in requests])
        except Exception as error:  # noqa: BLE001 - handed to the caller, who waits for it
            if len(requests) == 1 or isinstance(error, StoreError):  # a locked file is locked for all of them
                _tell([(request, error) for request in requests], is_error=True)
                return
            for request in requests:  # one of them is at fault, and the others must not suffer for it
                self._serve([request])
            return
        _tell(list(zip(requests, answers, strict=True)), is_error=False)


def _tell(answers: Sequence[tuple[_Request, Any]], *, is_error: bool) -> None:
    """Hand each its answer, or its error; every event loop is woken once."""
    by_loop: dict[asyncio.AbstractEventLoop | None, list[tuple[Any, Any]]] = {}
    for request, answer in answers:
        by_loop.setdefault(request.loop, []).append((request.future, answer))
    for loop, some in by_loop.items():
        if loop is None:
            _set(some, is_error)
            continue
        with suppress(RuntimeError):  # the loop was closed, and nobody waits any more
            loop.call_soon_threadsafe(_set, some, is_error)


def _set(answers: Sequence[tuple[Any, Any]], is_error: bool) -> None:
    for future, answer in answers:
        if future.done():  # cancelled meanwhile
            continue
        if is_error:
            future.set_exception(answer)
        else:
            future.set_result(answer)
