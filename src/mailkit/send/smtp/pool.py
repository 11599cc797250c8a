"""Kept connections to one destination, and the letters that wait for them. I/O.

How to think about it. All letters wait in one queue, and a connection with room takes the next. A new letter wakes an
idle connection; if there is none, it has another dialled; if there may be none, it goes behind a letter on a connection
that can put its commands there. Whatever breaks gives back what was not begun.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

from mailkit.envelope import Envelope
from mailkit.errors import TransportError
from mailkit.send.returns.reply import Phase, Reply
from mailkit.send.smtp.account import SetupError, drop
from mailkit.send.smtp.letter import Letter
from mailkit.send.smtp.session import Line, Session
from mailkit.send.transport import Commit, Delivery, Lost, Refused

__all__ = ["Dial", "Pool"]

Dial = Callable[[], Awaitable[Line | Refused]]
"""Makes a connection that is ready for letters, or gives the reply that turned us away; raises TransportError."""

_log: Final = logging.getLogger("mailkit.send")
_PAUSE: Final = 30.0
"""For how many seconds no further connection is tried after one was refused, while others serve."""
_AGAIN: Final = 0.1
"""After how many seconds a dial is cancelled again: `asyncio.wait_for` of Python 3.11 may swallow that."""


class Pool:
    """At most so many connections to one destination, kept and used again.

    Belongs to the event loop in which it is made.

    Args:
        dial: Makes a connection: for a relay `partial(connect, account)`, otherwise whatever finds a server.
        connections: How many there may be at once; may be set anew at any time.
        messages_per_connection: After how many letters one is closed.
        idle_timeout: After how long without a letter.
        bdat_depth: How many letters may be under way whole on one, by BDAT; 0 for DATA always.
        names_server: Whether deliveries say which server answered.
        on_busy: Told of every 421 and refused greeting that concerned no letter (RFC 5321, 3.8), with the server.

    Attributes:
        waiting: Letters that no connection has taken yet.
    """

    def __init__(
        self,
        dial: Dial,
        *,
        connections: int = 10,
        messages_per_connection: int = 100,
        idle_timeout: timedelta = timedelta(seconds=30),
        bdat_depth: int = 1,
        names_server: bool = False,
        on_busy: Callable[[Reply, str], object] | None = None,
    ) -> None:
        self.connections: int = connections
        self.messages_per_connection: int = messages_per_connection
        self.idle_seconds: float = idle_timeout.total_seconds()
        self.bdat_depth: int = bdat_depth
        self.names_server: bool = names_server
        self.loop: asyncio.AbstractEventLoop = asyncio.get_running_loop()
        self.waiting: deque[Letter] = deque()
        self._dial, self._on_busy = dial, on_busy
        self._sessions: set[Session] = set()
        self._idle: list[Session] = []
        self._roomy: deque[Session] = deque()
        self._leaving: set[asyncio.Future[None]] = set()
        self._dialling: set[asyncio.Task[None]] = set()
        self._deliveries = 0
        self._no_dial_before = 0.0

    @property
    def is_idle(self) -> bool:
        """Whether nothing is being delivered."""
        return not self._deliveries

    @property
    def has_resting(self) -> bool:
        """Whether a connection has nothing to do."""
        return bool(self._idle)

    @property
    def open_connections(self) -> int:
        """How many connections there are, or are being made."""
        return len(self._sessions) + len(self._leaving) + len(self._dialling)

    async def open(self) -> None:
        """Make a connection ahead of the first letter; a server that cannot be reached may be reachable later.

        Raises:
            SetupError: It can never work as it is set up.
        """
        try:
            line = await self._dial()
        except SetupError:
            raise
        except TransportError:
            return
        if isinstance(line, Line):
            self._join(line)

    async def deliver(self, envelope: Envelope, raw: bytes, *, commit: Commit) -> Delivery:
        """Send finished bytes to the envelope's recipient, and say what came of it.

        Raises:
            Exception: Only what `commit` raised.
        """
        letter = Letter(envelope, raw, commit, self.loop.create_future())
        assert letter.future is not None
        self._deliveries += 1
        self.waiting.append(letter)
        try:
            self._serve()
            return await letter.future
        except asyncio.CancelledError:
            self._abandon(letter)
            raise
        finally:
            self._deliveries -= 1

    async def close(self) -> None:
        """Say goodbye on idle connections; letters that are on their way come to their end."""
        for session in tuple(self._idle):
            self._idle.remove(session)
            session.quit()
        if self.is_idle:
            while self._dialling:
                for task in self._dialling:
                    task.cancel()
                await asyncio.wait(self._dialling, timeout=_AGAIN)
            for session in tuple(self._sessions):
                if session.machine.is_idle:
                    session.quit()
                else:
                    session.drop()  # it waits for answers that nobody wants any more
        leaving = [session.closed for session in self._sessions if session.machine.is_idle]
        await asyncio.gather(*leaving, *self._leaving)
        for _ in range(3):  # so that closed sockets are let go of before the loop may end
            await asyncio.sleep(0)

    # What sessions ask and tell.

    def take(self) -> Letter | None:
        """The letter whose turn it is."""
        while self.waiting:
            letter = self.waiting.popleft()
            if not letter.is_over:
                return letter
        return None

    def give_back(self, letters: list[Letter]) -> None:
        """These were not begun: they are the next."""
        for letter in reversed(letters):
            letter.session = None
            self.waiting.appendleft(letter)

    def park(self, session: Session) -> None:
        """It has nothing to do."""
        if session not in self._idle:
            self._idle.append(session)

    def list(self, session: Session) -> None:
        """It could take a letter beside the one that it has."""
        session.is_listed = True
        self._roomy.append(session)

    def left(self, session: Session) -> None:
        """It takes no more letters."""
        if session in self._sessions:
            self._sessions.remove(session)
            if session in self._idle:
                self._idle.remove(session)
            self._leaving.add(session.closed)
            session.closed.add_done_callback(self._leaving.discard)
            if session.machine.closing is not None:
                self._tell_busy(session.machine.closing, session.server)
            self.loop.call_soon(self._serve)

    def gone(self, session: Session) -> None:
        """Its socket is closed."""
        self.left(session)
        if self.waiting:
            self.loop.call_soon(self._serve)

    # Within.

    def _serve(self) -> None:
        """Bring waiting letters to connections."""
        while self.waiting and self._idle:
            session = self._idle.pop()
            if session.machine.room():  # otherwise it is parked again once it has some
                session.go_on()
        if not self.waiting:
            return
        room = min(self.connections - self.open_connections, len(self.waiting) - len(self._dialling))
        if room > 0 and (not self._sessions or self.loop.time() >= self._no_dial_before):
            for _ in range(room):
                task = self.loop.create_task(self._connect())
                self._dialling.add(task)
                task.add_done_callback(self._dialled)
            return
        while self.waiting and self._roomy:
            session = self._roomy.popleft()
            session.is_listed = False
            if session.machine.room() and not session.machine.is_idle:
                session.go_on()

    async def _connect(self) -> None:
        try:
            line = await self._dial()
        except TransportError as error:
            self._failed(Lost(phase=Phase(error.phase), server=error.server, reason=error.reason))
            return
        failed = self._join(line) if isinstance(line, Line) else line
        if failed is not None:
            self._failed(failed)

    def _dialled(self, task: asyncio.Task[None]) -> None:
        self._dialling.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:  # no answer of a server, but a mistake
            letter = self.take()
            if letter is not None and letter.future is not None:
                letter.future.set_exception(error)
        self._serve()

    def _join(self, line: Line) -> Lost | Refused | None:
        """Use a new connection; why not, if the server spoiled it before anything was asked."""
        session = Session(line, self)
        if session.spoilt is not None:  # else its letters would wait for one such connection after the other
            drop(line.client)
            return session.spoilt
        self._sessions.add(session)
        session.go_on()
        return None

    def _failed(self, delivery: Lost | Refused) -> None:
        """No connection could be made. That is the next letter's lot, unless other connections serve it."""
        if self._sessions:
            self._no_dial_before = self.loop.time() + _PAUSE
            self.loop.call_later(_PAUSE, self._serve)
            if isinstance(delivery, Refused):
                self._tell_busy(delivery.reply, delivery.server)
            return
        letter = self.take()
        if letter is not None and letter.future is not None:
            letter.is_over = True
            letter.future.set_result(delivery)

    def _tell_busy(self, reply: Reply, server: str) -> None:
        if self._on_busy is None:
            return
        try:
            self._on_busy(reply, server)
        except Exception:  # noqa: BLE001 - the application's code, and no letter is to suffer from it
            _log.exception("on_busy= failed at %s of %s", reply.line, server)

    def _abandon(self, letter: Letter) -> None:
        letter.is_over = True
        session = letter.session
        if isinstance(session, Session):
            session.abandon(letter)
        elif letter in self.waiting:  # else a connection would be made for it
            self.waiting.remove(letter)
