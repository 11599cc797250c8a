"""A distance between a client and a server on one machine. I/O."""

from __future__ import annotations

import argparse
import asyncio
import sys
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from datetime import timedelta
from random import Random
from types import TracebackType
from typing import Self

from mailkit.testing.serving import serve_until_told

__all__ = ["DelayProxy"]

_ENOUGH = 4_194_304
"""Bytes under way at which a side is read no more: the window of a long line."""


class DelayProxy:
    """Passes bytes on to a server as if it were far away; a context manager, with a thread of its own.

    What comes is passed on after half a round trip, in both directions; bandwidth is not limited.
    Connecting costs the client no round trip, as the proxy itself is near.

    Args:
        port: The server's port.
        round_trip: How long a question and its answer are on their way together.
        host: The server's host.
        drop_odds: The share, 0..1, of the pieces that come at which the line is dropped instead.
        rng: Chance, for that; seeded by the machine if None.

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

    def __init__(
        self,
        port: int,
        *,
        round_trip: timedelta = timedelta(0),
        host: str = "127.0.0.1",
        drop_odds: float = 0.0,
        rng: Random | None = None,
    ) -> None:
        self.host: str = "127.0.0.1"
        self.port: int = 0
        self._to = host, port
        self._half = round_trip.total_seconds() / 2
        self._drop_odds, self._rng = drop_odds, rng or Random()
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
        await self.serve(self._stopping, lambda: started.set_result(None))

    async def serve(self, stopping: asyncio.Event, ready: Callable[[], object]) -> None:
        """Serve in the running loop until `stopping` is set; `ready` is called once it listens."""
        server = await asyncio.get_running_loop().create_server(self._end, self.host, 0)
        self.port = server.sockets[0].getsockname()[1]
        ready()
        await stopping.wait()
        server.close()
        await asyncio.sleep(0)
        while self._ends:
            for end in tuple(self._ends):
                end.abort()
            await asyncio.sleep(0.001)

    def _end(self) -> _End:
        return _End(self._ends, self._half, self._is_dropped, to=self._to)

    def _is_dropped(self) -> bool:
        return self._drop_odds > 0 and self._rng.random() < self._drop_odds


class _End(asyncio.Protocol):
    """One end of a line: what comes here leaves later at the other."""

    def __init__(
        self,
        ends: set[_End],
        half: float,
        is_dropped: Callable[[], bool],
        *,
        to: tuple[str, int] | None = None,
        other: _End | None = None,
    ) -> None:
        self._ends, self._half, self._is_dropped, self._to, self._other = ends, half, is_dropped, to, other
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
            _, other = await self._loop.create_connection(self._far_end, *to)
        except OSError:
            self._transport.abort()
            return
        self._other = other
        if self._transport.is_closing():
            other.abort()
        else:
            self._transport.resume_reading()

    def _far_end(self) -> _End:
        return _End(self._ends, self._half, self._is_dropped, other=self)

    def data_received(self, data: bytes) -> None:
        """Send it on its way, unless chance drops the line."""
        if self._is_dropped():
            self._transport.abort()
            if self._other is not None:
                self._other.abort()
            return
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
            with suppress(OSError):  # it may have been lost in this very turn
                target.write_eof()


def main(arguments: list[str] | None = None) -> None:
    """Stand between as a process of its own, until it is interrupted or terminated."""
    parser = argparse.ArgumentParser(prog="python -m mailkit.testing.delay", description="A distance to a server.")
    parser.add_argument("--to", type=int, required=True, help="the server's port")
    parser.add_argument("--round-trip-ms", type=float, default=0.0)
    parser.add_argument("--drop-odds", type=float, default=0.0, help="the share of pieces at which the line is dropped")
    parser.add_argument("--seed", type=int, help="the seed of chance")
    given = parser.parse_args(arguments)
    round_trip = timedelta(milliseconds=given.round_trip_ms)
    proxy = DelayProxy(given.to, round_trip=round_trip, drop_odds=given.drop_odds, rng=Random(given.seed))

    serve_until_told(proxy)


if __name__ == "__main__":
    main(sys.argv[1:])
