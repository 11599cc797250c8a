"""One connection of the mail server for tests: bytes in, bytes out. I/O."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, Final

__all__ = ["Gone", "Idle", "Wire"]

_LONGEST_LINE: Final = 16_384


class Gone(Exception):
    """The line is closed, by whomever."""


class Idle(Exception):
    """Nothing has come for too long."""


class Wire(asyncio.Protocol):
    """A connection that is read and written by one coroutine.

    What is written is gathered until more must be read, so that commands that came together are
    answered together (RFC 2920, 3.2).

    Args:
        talk: The conversation; it runs until it returns or meets `Gone`.
        lost: Called when the connection is no more.
        idle: After how many seconds without a byte `Idle` is raised.
        piece: How many bytes are written at once; 0 for all.
    """

    def __init__(
        self,
        talk: Callable[[Wire], Coroutine[Any, Any, None]],
        lost: Callable[[Wire], None],
        *,
        idle: float,
        piece: int,
    ) -> None:
        self._talk, self._lost, self._piece = talk, lost, piece
        self.idle: float = idle
        self._came = bytearray()
        self._goes = bytearray()
        self._has_ended = False
        self._waiter: asyncio.Future[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to talk."""
        assert isinstance(transport, asyncio.Transport)
        self.transport: asyncio.Transport = transport
        self._loop = asyncio.get_running_loop()
        self.task: asyncio.Task[None] = self._loop.create_task(self._run())

    def data_received(self, data: bytes) -> None:
        """Keep what came."""
        self._came += data
        self._wake(None)

    def eof_received(self) -> bool:
        """Hear no more, but go on to speak: a client may have closed its side only."""
        self._has_ended = True
        self._wake(None)
        return self.transport.get_extra_info("sslcontext") is None  # TLS knows no half-closed lines

    def connection_lost(self, error: Exception | None) -> None:
        """End the conversation, once it has heard what came."""
        self._has_ended = True
        self._wake(None)
        self._lost(self)

    async def line(self) -> bytes:
        """The next line, without its CRLF; an empty one stands for one that is too long."""
        start, is_too_long = 0, False
        while (end := self._came.find(b"\r\n", start)) < 0:
            start = max(0, len(self._came) - 1)
            if start > _LONGEST_LINE:
                del self._came[:start]
                start, is_too_long = 0, True
            await self._more()
        line = self._taken(end, 2)
        return b"" if is_too_long else line

    async def octets(self, count: int) -> bytes:
        """So many octets."""
        while len(self._came) < count:
            await self._more()
        return self._taken(count)

    async def upto(self, count: int) -> bool:
        """Wait until so many octets of a message have come; False if it ends before."""
        while (end := self._end_of_message(0)) < 0 and len(self._came) < count:
            await self._more()
        return end < 0 or end > count

    async def message(self) -> bytes:
        """What comes before the final dot, without the dots that were added (RFC 5321, 4.5.2)."""
        start = 0
        while (end := self._end_of_message(start)) < 0:
            start = max(0, len(self._came) - 4)
            await self._more()
        content = self._taken(end, 3)
        if content.startswith(b"."):
            content = content[1:]
        return content.replace(b"\r\n.", b"\r\n") if b"\r\n." in content else content

    def write(self, octets: bytes) -> None:
        """Say something, together with what follows at once."""
        self._goes += octets

    async def flush(self) -> None:
        """Let go out what was said."""
        octets, self._goes = bytes(self._goes), bytearray()
        if self.transport.is_closing():
            return
        if self._piece:
            for start in range(0, len(octets), self._piece):
                self.transport.write(octets[start : start + self._piece])
                await asyncio.sleep(0)
        elif octets:
            self.transport.write(octets)

    async def start_tls(self, context: ssl.SSLContext, said: bytes) -> None:
        """Say the last words in clear, forget what came behind STARTTLS (RFC 3207, 4.2), and encrypt."""
        await self.flush()
        self._came.clear()
        self.transport.write(said)
        try:
            secured = await self._loop.start_tls(self.transport, self, context, server_side=True)
        except (OSError, ssl.SSLError) as error:
            raise Gone from error
        if secured is None:  # pragma: no cover - the line was lost in between; it depends on the timing
            raise Gone
        self.transport = secured

    def end_writing(self) -> None:
        """Close our side of the line; TLS can only close both."""
        if self.transport.can_write_eof():
            self.transport.write_eof()
        else:
            self.transport.close()

    async def hear_out(self) -> None:
        """Listen to the end, and answer nothing."""
        while True:
            self._came.clear()
            with suppress(Idle):
                await self._more()

    def abort(self) -> None:
        """Drop the line."""
        self.transport.abort()

    async def _run(self) -> None:
        try:
            with suppress(Gone, Idle):
                await self._talk(self)
            await self.flush()
        finally:
            self.transport.close()

    async def _more(self) -> None:
        there = len(self._came)
        await self.flush()
        if len(self._came) != there:  # it came meanwhile
            return
        if self._has_ended:
            raise Gone
        self._waiter = self._loop.create_future()
        timer = self._loop.call_later(self.idle, self._wake, Idle())
        try:
            await self._waiter
        finally:
            timer.cancel()

    def _wake(self, error: Exception | None) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is None or waiter.done():
            return
        if error is None:
            waiter.set_result(None)
        else:
            waiter.set_exception(error)

    def _taken(self, count: int, more: int = 0) -> bytes:
        octets = bytes(self._came[:count])
        del self._came[: count + more]
        return octets

    def _end_of_message(self, start: int) -> int:
        """Where the final dot stands; -1 if it has not come."""
        if self._came.startswith(b".\r\n"):
            return 0
        end = self._came.find(b"\r\n.\r\n", start)
        return end if end < 0 else end + 2
