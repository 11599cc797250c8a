"""A distance between a client and a server on one machine. I/O."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from concurrent.futures import Future
from datetime import timedelta
from types import TracebackType
from typing import Self

__all__ = ["DelayProxy"]

_ENOUGH = 4_194_304
"""Bytes under way at which a side is read no more: the window of a long line."""


class DelayProxy:
    """Passes bytes on to a server as if it were far away; a context manager, with a thread of its own.

    What comes is passed on after half a round trip, in both directions; bandwidth is not limited.
    Connecting costs the client no round trip, as the proxy itself is near.

    Args:
        port: The server's port.
        host: The server's host.
        round_trip: How long a question and its answer are on their way together.

    Attributes:
        host: Where it listens.
        port: On which port.

    >>> import smtplib
    >>> from datetime import timedelta
    >>> from mailkit.testing import SMTPServer
    >>> with SMTPServer() as server, DelayProxy(server.port, round_trip=timedelta(milliseconds=2)) as far:
    ...     with smtplib.SMTP(far.host, far.port) as client:
    ...         client.noop()
    (250, b'2.0.0 Ok')
    """

    def __init__(self, port: int, *, round_trip: timedelta, host: str = "127.0.0.1") -> None:
        self.host: str = "127.0.0.1"
        self.port: int = 0
        self._to = host, port
        self._half = round_trip.total_seconds() / 2
        self._ends: set[_End] = set()

    def __enter__(self) -> Self:
        started: Future[None] = Future()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve(started)), daemon=True)
        self._thread.start()
        started.result()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join()

    async def _serve(self, started: Future[None]) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        server = await self._loop.create_server(lambda: _End(self._ends, self._half, to=self._to), self.host, 0)
        self.port = server.sockets[0].getsockname()[1]
        started.set_result(None)
        await self._stopping.wait()
        server.close()
        await asyncio.sleep(0)
        while self._ends:
            for end in tuple(self._ends):
                end.abort()
            await asyncio.sleep(0.001)


class _End(asyncio.Protocol):
    """One end of a line: what comes here leaves later at the other."""

    def __init__(
        self, ends: set[_End], half: float, *, to: tuple[str, int] | None = None, other: _End | None = None
    ) -> None:
        self._ends, self._half, self._to, self._other = ends, half, to, other
        self._waiting: deque[tuple[float, bytes]] = deque()
        self._under_way = 0
        self._timer: asyncio.TimerHandle | None = None
        ends.add(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The client has come, or the server is reached."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        if self._to is not None:
            transport.pause_reading()
            self._task = self._loop.create_task(self._reach(self._to))

    async def _reach(self, to: tuple[str, int]) -> None:
        try:
            _, other = await self._loop.create_connection(lambda: _End(self._ends, self._half, other=self), *to)
        except OSError:
            self._transport.abort()
            return
        self._other = other
        self._transport.resume_reading()

    def data_received(self, data: bytes) -> None:
        """Send it on its way."""
        self._waiting.append((self._loop.time() + self._half, data))
        self._under_way += len(data)
        if self._under_way > _ENOUGH:
            self._transport.pause_reading()
        self._wind()

    def eof_received(self) -> bool:
        """That nothing more comes arrives later, too."""
        self._waiting.append((self._loop.time() + self._half, b""))
        self._wind()
        return True

    def connection_lost(self, error: Exception | None) -> None:
        """The other end is lost once all has arrived."""
        self._ends.discard(self)
        if self._other is not None and error is not None:
            self._other.abort()
        elif self._other is not None:
            self._loop.call_later(self._half, self._other.close)

    def close(self) -> None:
        """Hang up."""
        self._transport.close()

    def abort(self) -> None:
        """Drop the line at once."""
        if self._timer is not None:
            self._timer.cancel()
        if hasattr(self, "_task"):
            self._task.cancel()
        if hasattr(self, "_transport"):
            self._transport.abort()
        else:
            self._ends.discard(self)

    def _wind(self) -> None:
        if self._timer is None and self._waiting:
            self._timer = self._loop.call_at(self._waiting[0][0], self._arrive)

    def _arrive(self) -> None:
        self._timer = None
        assert self._other is not None, "nothing is read before"
        now = self._loop.time()
        while self._waiting and self._waiting[0][0] <= now:
            _, data = self._waiting.popleft()
            self._pass_on(data)
        if self._under_way <= _ENOUGH and not self._transport.is_closing():
            self._transport.resume_reading()
        self._wind()

    def _pass_on(self, data: bytes) -> None:
        assert self._other is not None
        self._under_way -= len(data)
        target = self._other._transport
        if target.is_closing():
            return
        if data:
            target.write(data)
        else:
            target.write_eof()
