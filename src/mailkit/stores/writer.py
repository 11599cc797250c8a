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
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
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
        self._requests: queue.SimpleQueue[list[_Request] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._process = os.getpid()
        self._is_closed = False
        self._keeps = engine.dialect.name == "sqlite"
        self._kept: Connection | None = None
        self._gathered: dict[asyncio.AbstractEventLoop, list[_Request]] = {}

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
        gathered = self._gathered.get(loop)
        if gathered is None:
            self._check()
            self._gathered[loop] = [_Request(work, item, future, loop)]
            loop.call_soon(self._hand_over, loop)
        else:
            gathered.append(_Request(work, item, future, loop))
        return await future

    def _hand_over(self, loop: asyncio.AbstractEventLoop) -> None:
        requests = self._gathered.pop(loop)
        try:
            self._ask(requests)
        except StoreError as error:
            _set([(request.future, error) for request in requests], is_error=True)

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
        self._ask([_Request(work, item, future, None)])
        return future

    def _check(self) -> None:
        if self._is_closed:
            raise StoreError(f"{self._place}: the store is closed; open it again")
        if self._process != os.getpid():
            raise StoreError(f"{self._place}: the store was opened before this process was forked; open it here")

    def _ask(self, requests: list[_Request]) -> None:
        with self._lock:
            self._check()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="mailkit-store", daemon=True)
                self._thread.start()
            self._requests.put(requests)

    def _run(self) -> None:
        is_open = True
        while is_open:
            waiting = [self._requests.get()]
            while len(waiting) < _MOST_JOINED and not self._requests.empty():
                waiting.append(self._requests.get())
            is_open = None not in waiting
            requests = [request for some in waiting if some for request in some if request.is_wanted()]
            for _, group in groupby(requests, key=lambda request: request.work):
                self._serve(list(group))
        self._let_go()

    def _serve(self, requests: Sequence[_Request]) -> None:
        try:
            with translated(self._place), self._transaction() as connection:
                answers = requests[0].work(connection, [request.item for request in requests])
        except Exception as error:  # noqa: BLE001 - handed to the caller, who waits for it
            if len(requests) == 1 or isinstance(error, StoreError):  # a locked file is locked for all of them
                _tell([(request, error) for request in requests], is_error=True)
                return
            for request in requests:  # one of them is at fault, and the others must not suffer for it
                self._serve([request])
            return
        _tell(list(zip(requests, answers, strict=True)), is_error=False)

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        """A transaction, which is committed unless something is raised in it.

        On SQLite the connection is kept, and the driver begins and commits: SQLAlchemy's own way costs as much
        as ten letters. A server's connection may break any day, so the pool looks after those.
        """
        if not self._keeps:
            with self._engine.begin() as connection:
                yield connection
            return
        if self._kept is None:
            self._kept = self._engine.connect()
        connection, driver = self._kept, self._kept.connection
        try:
            driver.cursor().execute("BEGIN IMMEDIATE")
            yield connection
            driver.commit()
        except BaseException:
            self._let_go()  # which undoes what was done
            raise
        if connection.in_transaction():  # something went through SQLAlchemy, which must hear that it is over
            connection.commit()

    def _let_go(self) -> None:
        kept, self._kept = self._kept, None
        if kept is not None:
            kept.close()


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
