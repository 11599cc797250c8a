"""Mail transactions on one connection. I/O: aiosmtplib has connected and negotiated (`connect`), the rest is ours.

`Session.transact` has to know whether a line was lost before or after the final dot went out, and
to ask for the commit in between, which aiosmtplib's own `sendmail` cannot tell. So the message goes
out in pieces. Until the last of them leaves, the server cannot have the letter.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Final, cast

import aiosmtplib

from mailkit.envelope import Envelope
from mailkit.errors import TransportError
from mailkit.send.returns.reply import Phase, Reply
from mailkit.send.smtp.account import Account, drop, garbage, no_answer, read_reply
from mailkit.send.smtp.body import END
from mailkit.send.transport import Accepted, Commit, Delivery, Lost, Refused, Unsendable, Withdrawn

__all__ = ["Session", "StaleSession"]

_CLOSING: Final = 421
_PIECE: Final = 65_536
_SIZE_DIGITS: Final = 20
"""How long the number after SIZE may be (RFC 1870, 6)."""


class StaleSession(Exception):
    """The server closed a kept connection while it was idle; nothing was sent."""


class Session:
    """A connection on which letters are sent, one after the other.

    Attributes:
        transactions: How many letters were tried on it.
        is_open: Whether another may be tried.
    """

    def __init__(self, client: aiosmtplib.SMTP, account: Account) -> None:
        assert client.protocol is not None  # it has just answered
        self._client, self._protocol, self._account = client, client.protocol, account
        self._transport = cast(asyncio.WriteTransport, client.transport)
        self._transport.set_write_buffer_limits(high=1, low=0)  # so that to drain is to have handed it all over
        self._needs_reset = False
        self._is_closing = False
        self.transactions: int = 0

    @property
    def is_open(self) -> bool:
        """Whether another letter may be tried on it, as far as we know."""
        return not self._is_closing and self._protocol.is_connected

    async def transact(self, envelope: Envelope, body: bytes, commit: Commit) -> Delivery:
        """Send one finished body to one recipient.

        Raises:
            StaleSession: It turned out to be closed before anything was sent.
            Exception: Whatever `commit` raised; the session must not be used again.
        """
        unsendable = self._why_not(envelope, body)
        if unsendable:
            return Unsendable(reason=unsendable)
        was_used = self.transactions > 0
        self.transactions += 1
        try:
            delivery = await self._transact(envelope, body, commit)
        except TransportError as error:
            self.close()
            if was_used and error.phase == Phase.MAIL:
                raise StaleSession from error
            return Lost(phase=Phase(error.phase), server=error.server, reason=error.reason)
        is_sent_away = isinstance(delivery, Refused) and delivery.reply.code == _CLOSING
        if is_sent_away:
            self.close()
        if is_sent_away and was_used and isinstance(delivery, Refused) and delivery.phase is Phase.MAIL:
            raise StaleSession
        return delivery

    async def quit(self) -> None:
        """Say goodbye, and do not wait long for an answer."""
        patience = min(self._account.timeout.total_seconds(), 2.0)
        try:
            await self._client.quit(timeout=patience)
        except (aiosmtplib.SMTPException, OSError):
            pass
        finally:
            self.close()

    def close(self) -> None:
        """Drop the line."""
        self._is_closing = True
        drop(self._client, self._transport)

    async def _transact(self, envelope: Envelope, body: bytes, commit: Commit) -> Delivery:
        if self._needs_reset:
            await self._say(Phase.MAIL, b"RSET")
            self._needs_reset = False
        for phase, line in ((Phase.MAIL, self._mail(envelope, body)), (Phase.RCPT, _rcpt(envelope))):
            reply = await self._say(phase, line)
            if reply.code // 100 != 2:
                self._needs_reset = True
                return self._refused(reply, phase)
        self._needs_reset = True
        if not await commit():
            return Withdrawn()
        reply = await self._say(Phase.DATA, b"DATA")
        if reply.code != 354:
            return self._refused(reply, Phase.DATA)
        self._needs_reset = False  # the final dot ends the transaction, whatever is answered (RFC 5321, 3.3)
        reply, phase = await self._hand_over(body)
        is_accepted = phase is Phase.MESSAGE and reply.code // 100 == 2
        if self._transport.get_write_buffer_size() or (len(body) > _PIECE and not is_accepted):
            self.close()  # it may have answered in mid-body, and would take the rest for commands
        return Accepted(reply=reply) if is_accepted else self._refused(reply, phase)

    async def _hand_over(self, body: bytes) -> tuple[Reply, Phase]:
        """Send the message; give the answer, and `Phase.DATA` if it came before the final dot left."""
        self._expect_silence(Phase.DATA)
        last = (len(body) - 1) // _PIECE * _PIECE  # where the last piece begins
        phase, patience = Phase.DATA, self._account.timeout
        answer = asyncio.ensure_future(self._protocol.read_response())
        try:
            await asyncio.sleep(0)  # aiosmtplib drops what comes before it listens
            await self._upload((body[start : start + _PIECE] for start in range(0, last, _PIECE)), answer)
            if not answer.done():
                self._protocol.write(body[last:])
                phase, patience = Phase.MESSAGE, self._account.answer_timeout
            response = await asyncio.wait_for(answer, patience.total_seconds())
        except (aiosmtplib.SMTPException, OSError) as error:
            raise self._lost(phase, error, patience) from error
        finally:
            _forget(answer)
        return read_reply(response.code, response.message), phase

    async def _upload(self, pieces: Iterable[bytes], answer: asyncio.Future[aiosmtplib.SMTPResponse]) -> None:
        """Send pieces of the message until all have left, or the server has answered."""
        for piece in pieces:
            self._protocol.write(piece)
            leaving = asyncio.ensure_future(self._protocol._drain_helper())
            either: set[asyncio.Future[Any]] = {leaving, answer}
            try:
                patience = self._account.timeout.total_seconds()
                ready, _ = await asyncio.wait(either, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
            finally:
                _forget(leaving)
            if not ready:
                raise TimeoutError
            if answer.done():
                return
            leaving.result()

    def _refused(self, reply: Reply, phase: Phase) -> Refused:
        if reply.code // 100 not in (4, 5):
            raise TransportError(
                self._account.server, phase, f"it made no sense of the {phase} command: {reply.line!r}"
            )
        return Refused(reply=reply, phase=phase)

    async def _say(self, phase: Phase, line: bytes) -> Reply:
        self._expect_silence(phase)
        patience = self._account.timeout
        try:
            self._protocol.write(line + b"\r\n")
            response = await self._protocol.read_response(timeout=patience.total_seconds())
        except (aiosmtplib.SMTPException, OSError) as error:
            raise self._lost(phase, error, patience) from error
        return read_reply(response.code, response.message)

    def _expect_silence(self, phase: Phase) -> None:
        """What stands in the buffer now answers nothing, and would be taken for the next answer."""
        if self._protocol._buffer:
            raise TransportError(self._account.server, phase, "the server said more than it was asked")

    def _lost(self, phase: Phase, error: Exception, patience: timedelta) -> TransportError:
        """A library's error as one sentence of ours."""
        if isinstance(error, TimeoutError):  # aiosmtplib's own is one too
            reason = no_answer(patience)
        elif isinstance(error, aiosmtplib.SMTPResponseException):
            reason = garbage(error.message)
        else:
            reason = "the server closed the connection"
        return TransportError(self._account.server, phase, reason)

    def _why_not(self, envelope: Envelope, body: bytes) -> str:
        """Why this server cannot take this letter at all; empty if it can."""
        server, extensions = self._account.server, self._client.esmtp_extensions
        if _needs_smtputf8(envelope, body) and "smtputf8" not in extensions:
            what = "addresses" if envelope.needs_smtputf8 else "header fields"
            return f"the {what} are not all ASCII, and {server} does not offer SMTPUTF8 (RFC 6531)"
        if not body.isascii() and "8bitmime" not in extensions:
            return f"the message has 8-bit characters, and {server} does not offer 8BITMIME (RFC 6152)"
        limit = extensions.get("size", "")
        size = len(body) - len(END)
        is_number = limit.isascii() and limit.isdigit() and len(limit) <= _SIZE_DIGITS
        if is_number and 0 < int(limit) < size:
            return f"the message has {size:,} bytes, and {server} takes {int(limit):,} (RFC 1870)"
        return ""

    def _mail(self, envelope: Envelope, body: bytes) -> bytes:
        parts = [f"MAIL FROM:<{envelope.return_path or ''}>"]
        if "size" in self._client.esmtp_extensions:
            parts.append(f"SIZE={len(body) - len(END)}")
        if not body.isascii():
            parts.append("BODY=8BITMIME")
        if _needs_smtputf8(envelope, body):
            parts.append("SMTPUTF8")
        return " ".join(parts).encode("utf-8")


def _needs_smtputf8(envelope: Envelope, body: bytes) -> bool:
    """Whether addresses or header fields are beyond ASCII (RFC 6532)."""
    return envelope.needs_smtputf8 or (not body.isascii() and not body[: body.find(b"\r\n\r\n")].isascii())


def _forget(task: asyncio.Future[Any]) -> None:
    """Wait for it no longer; what came of it is not wanted, not even its error."""
    if not task.cancel() and not task.cancelled():
        task.exception()


def _rcpt(envelope: Envelope) -> bytes:
    return f"RCPT TO:<{envelope.recipient.address}>".encode()
