"""A connection: the machine (`machine`) on a transport that aiosmtplib has connected and secured. I/O.

It takes the transport over as an `asyncio.BufferedProtocol`, since a plain `Protocol` allocates 256 KB for every read.
One timer looks at a deadline that moves, instead of one for every answer.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Final, cast

import aiosmtplib
import attrs

from mailkit.send.returns.reply import Phase
from mailkit.send.smtp.account import Account, drop, no_answer
from mailkit.send.smtp.letter import Letter
from mailkit.send.smtp.machine import CLOSED, MORE, Machine
from mailkit.send.smtp.offers import Offers
from mailkit.send.transport import Lost, Refused

if TYPE_CHECKING:
    from mailkit.send.smtp.pool import Pool

__all__ = ["Line", "Session"]

_BUFFER: Final = 8192
"""How much is read at once; replies are short, and a longer one comes in parts."""
_GOODBYE: Final = 2.0
"""How many seconds at most to wait for the answer to QUIT."""
_NEVER: Final = float("inf")


@attrs.frozen(kw_only=True)
class Line:
    """A connection that is ready for letters: greeted, secured and logged in.

    Attributes:
        client: What made it.
        account: As what and to which server.
        offers: What the server offers on it.
    """

    client: aiosmtplib.SMTP
    account: Account
    offers: Offers


class Session(asyncio.BufferedProtocol):
    """A line on which the letters of a pool are sent.

    Attributes:
        machine: The conversation.
        spoilt: Why it is of no use from the start: the server said more than it was asked, or hung up.
        is_listed: Whether the pool has it among those that could take a letter beside the one they have.
        closed: Done once the socket is let go of.
    """

    def __init__(self, line: Line, pool: Pool) -> None:
        account = line.account
        self._client, self._pool, self._loop = line.client, pool, asyncio.get_running_loop()
        self._transport = cast(asyncio.WriteTransport, line.client.transport)
        self._old = line.client.protocol
        self.machine: Machine = Machine(
            line.offers,
            account.server,
            told_as=account.server if pool.names_server else "",
            depth=pool.bdat_depth,
            most=pool.messages_per_connection,
        )
        self._patience, self._answer_patience = account.timeout.total_seconds(), account.answer_timeout.total_seconds()
        self._account = account
        self._view = memoryview(bytearray(_BUFFER))
        self._timer: asyncio.TimerHandle | None = None
        self._deadline, self._progress = _NEVER, -1
        self.is_listed: bool = False
        self.closed: asyncio.Future[None] = self._loop.create_future()
        # So that not to be paused is to have handed it all over; under TLS asyncio pauses at the limit, not beyond.
        self._transport.set_write_buffer_limits(high=1 if self._transport.get_extra_info("sslcontext") else 0, low=0)
        self._transport.set_protocol(self)
        early = bytes(self._old._buffer) if self._old is not None else b""
        self.spoilt: Lost | Refused | None = None
        if self._transport.is_closing() or early:
            self.spoilt = self._spoilt(early)

    @property
    def server(self) -> str:
        """The server as host:port."""
        return self._account.server

    # What asyncio tells.

    def get_buffer(self, sizehint: int) -> memoryview:
        """Where to read to."""
        return self._view

    def buffer_updated(self, nbytes: int) -> None:
        """The server has said something."""
        machine = self.machine
        unsent = self._transport.get_write_buffer_size() if machine.is_paused else 0
        machine.receive(bytes(self._view[:nbytes]), unsent)
        self.go_on()

    def eof_received(self) -> bool:
        """The server will say nothing more."""
        self._lose(CLOSED)
        return False

    def connection_lost(self, error: Exception | None) -> None:
        """The line is gone."""
        self._lose(CLOSED)
        if self._timer is not None:
            self._timer.cancel()
        if self._old is not None:
            self._old.connection_lost(None)  # aiosmtplib has to know, too
        if not self.closed.done():
            self.closed.set_result(None)
        self._pool.gone(self)

    def pause_writing(self) -> None:
        """What was written does not all leave at once."""
        self.machine.is_paused = True

    def resume_writing(self) -> None:
        """All that was written has left."""
        self._write_on()

    # What the pool asks.

    def go_on(self) -> None:
        """Begin letters while there is room, ask for consents, write, and tell what came of it."""
        machine, pool = self.machine, self._pool
        while True:
            if machine.asks:
                self._ask()
            letter = pool.take() if pool.waiting and machine.room() else None
            if letter is None:
                break
            letter.session = self
            machine.begin(letter)
        if machine.out and not machine.is_over:
            octets = machine.out[0] if len(machine.out) == 1 else b"".join(machine.out)
            machine.out.clear()
            self._transport.write(octets)
            if machine.is_uploading and not machine.is_paused:
                self._loop.call_soon(self._write_on)  # not at once: the server may have said something
        if machine.concluded:
            for letter, delivery in machine.concluded:
                if letter.future is not None and not letter.future.done():
                    letter.future.set_result(delivery)
            machine.concluded.clear()
        if machine.is_over:
            self._end()
        else:
            self._settle()

    def quit(self) -> None:
        """Say goodbye, and do not wait long for an answer."""
        if not self.machine.is_over:
            self.machine.quit()
            self.go_on()

    def drop(self) -> None:
        """Close the line without a goodbye."""
        self._lose(CLOSED)

    def abandon(self, letter: Letter) -> None:
        """Nobody waits for a letter any longer."""
        self.machine.abandon(letter)
        self.go_on()

    # Within.

    def _spoilt(self, early: bytes) -> Lost | Refused:
        self.machine.receive(early)
        if self.machine.closing is not None:
            return Refused(reply=self.machine.closing, phase=Phase.EHLO, server=self.server)
        return Lost(phase=Phase.EHLO, server=self.server, reason=MORE if early else CLOSED)

    def _settle(self) -> None:
        """After a turn: rest, end, or wait for what is due."""
        machine = self.machine
        if machine.is_idle and machine.awaits is None:
            if machine.is_spent:
                self.quit()
                return
            machine.rest()
            self._pool.park(self)
            self._expect(self._pool.idle_seconds)
        elif machine.progress != self._progress:
            self._progress = machine.progress
            awaits = machine.awaits
            if awaits is Phase.MESSAGE:
                self._expect(min(self._patience, _GOODBYE) if machine.is_idle else self._answer_patience)
            elif awaits is not None or machine.is_uploading:
                self._expect(self._patience)
            else:
                self._deadline = _NEVER  # the turn is the sender's: a letter waits for consent
        if not self.is_listed and not machine.is_idle and machine.room():
            self._pool.list(self)

    def _ask(self) -> None:
        asks = self.machine.asks
        while asks:
            letter = asks.pop()
            if letter.consent is None and letter.asked is None:
                try:
                    letter.asked = letter.commit()
                except Exception as error:  # noqa: BLE001 - raised by the delivery that waits for it
                    letter.asked = self._loop.create_future()
                    letter.asked.set_exception(error)
            if letter.asked is not None and not letter.asked.done():
                letter.asked.add_done_callback(partial(self._answered, letter))
            else:
                self._consent(letter)

    def _answered(self, letter: Letter, asked: asyncio.Future[bool]) -> None:
        self._consent(letter)
        self.go_on()

    def _consent(self, letter: Letter) -> None:
        """Pass on what `commit` said; what it raised is the caller's."""
        asked = letter.asked
        if letter.consent is None and asked is not None:
            error = asyncio.CancelledError() if asked.cancelled() else asked.exception()
            if error is not None:
                letter.is_over = True
                if letter.future is not None and not letter.future.done():
                    letter.future.set_exception(error)
            letter.consent = error is None and asked.result()
        self.machine.committed(letter, bool(letter.consent))

    def _write_on(self) -> None:
        self.machine.drained()
        self.go_on()

    def _lose(self, reason: str) -> None:
        if not self.machine.is_over:
            self.machine.lose(reason)
            self.go_on()

    def _end(self) -> None:
        """Drop the line, and give back what was not begun."""
        machine = self.machine
        machine.out.clear()
        if machine.returned:
            self._pool.give_back(machine.returned)
            machine.returned = []
        self._deadline = _NEVER
        if not self._transport.is_closing():
            drop(self._client, self._transport)
        self._pool.left(self)

    def _expect(self, seconds: float) -> None:
        """Give up in so many seconds, unless something happens."""
        self._deadline = deadline = self._loop.time() + seconds
        timer = self._timer
        if timer is None or deadline < timer.when():
            if timer is not None:
                timer.cancel()
            self._timer = self._loop.call_at(deadline, self._look)

    def _look(self) -> None:
        self._timer = None
        if self._deadline == _NEVER:
            return
        if self._loop.time() < self._deadline:
            self._timer = self._loop.call_at(self._deadline, self._look)
        elif self.machine.is_idle and self.machine.awaits is None:
            self.quit()
        else:
            patience = self._account.timeout
            if self.machine.awaits is Phase.MESSAGE and not self.machine.is_idle:
                patience = self._account.answer_timeout
            self._lose(no_answer(patience))
