"""Letters over SMTP to one server, on kept connections. I/O."""

from __future__ import annotations

import asyncio
import ssl
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import attrs

from mailkit.checks import at_least, one_line
from mailkit.envelope import Envelope
from mailkit.errors import InvalidValue, TransportError
from mailkit.send.returns.reply import Phase
from mailkit.send.smtp.body import finish
from mailkit.send.transport import Commit, Delivery, Lost, Refused

if TYPE_CHECKING:
    from mailkit.send.smtp.account import Account, TLSMode
    from mailkit.send.smtp.session import Session

__all__ = ["SMTPTransport"]

_TLS_MODES: Final = ("none", "opportunistic", "starttls", "implicit")
_ANSWER_FACTOR: Final = 5
"""A server may check a message before it answers the final dot (RFC 5321, 4.5.3.2.6), and a loss there is ambiguous."""


def _positive(instance: object, attribute: object, value: timedelta | None) -> None:
    if value is not None and (not isinstance(value, timedelta) or value <= timedelta(0)):
        raise InvalidValue(
            "SMTPTransport.timeout", value, "is not a positive length of time", "write timedelta(seconds=30)"
        )


@attrs.define(eq=False)
class SMTPTransport:
    """Hands letters to one mail server, one recipient a transaction, many at once.

    Connections are kept and used again. One that the server has closed meanwhile is replaced
    before anything is sent, which is no try of the job.

    Attributes:
        host: The server's name or address.
        port: Its port: 25 for a server of one's own, 587 with `tls="starttls"`, 465 with `tls="implicit"`.
        username: As whom to log in; empty for no login.
        password: The password; never shown.
        tls: "opportunistic" encrypts if the server offers it, without proof of who it is, and
            never sends a password unencrypted; "starttls" and "implicit" insist on TLS with a
            valid certificate; "none" does without.
        tls_context: How TLS is done instead; the standard library's secure default if None.
        connections: How many connections there may be at once.
        messages_per_connection: After how many letters a connection is closed; many servers allow 100.
        timeout: How long to wait for each answer.
        answer_timeout: How long to wait for the answer to the final dot; five times `timeout` if None.
        local_hostname: What to call ourselves in EHLO; this machine's name if empty.

    >>> SMTPTransport("mail.example.com", 587, username="shop", password="secret", tls="starttls")
    SMTPTransport(host='mail.example.com', port=587, username='shop', tls='starttls', connections=10, ...)
    """

    host: str = attrs.field(validator=one_line)
    port: int = attrs.field(default=25, validator=at_least(1))
    username: str = attrs.field(default="", kw_only=True, validator=one_line)
    password: str = attrs.field(default="", kw_only=True, repr=False)
    tls: TLSMode = attrs.field(default="opportunistic", kw_only=True, validator=attrs.validators.in_(_TLS_MODES))
    tls_context: ssl.SSLContext | None = attrs.field(default=None, kw_only=True, repr=False)
    connections: int = attrs.field(default=10, kw_only=True, validator=at_least(1))
    messages_per_connection: int = attrs.field(default=100, kw_only=True, validator=at_least(1))
    timeout: timedelta = attrs.field(default=timedelta(seconds=30), kw_only=True, validator=_positive)
    answer_timeout: timedelta | None = attrs.field(default=None, kw_only=True, validator=_positive)
    local_hostname: str = attrs.field(default="", kw_only=True, validator=one_line)
    _idle: list[Session] = attrs.field(init=False, factory=list, repr=False)
    _busy: set[Session] = attrs.field(init=False, factory=set, repr=False)
    _room: asyncio.Semaphore | None = attrs.field(init=False, default=None, repr=False)

    async def open(self) -> None:
        """Make the first connection and keep it.

        A server that cannot be reached, or turns us away, is no error here, since it may be
        back later: `deliver` tells it of each letter, and the sender tries again.

        Raises:
            TransportError: It can never work as it is set up: a refused login, TLS that is
                required and not offered, a certificate that is not to be trusted.
        """
        from mailkit.send.smtp.account import SetupError
        from mailkit.send.smtp.connect import connect

        self._room = asyncio.Semaphore(self.connections)
        try:
            session = await connect(self._account())
        except SetupError:
            raise
        except TransportError:
            return
        if not isinstance(session, Refused):
            self._idle.append(session)

    async def close(self) -> None:
        """Say goodbye on idle connections and drop the others; it may be opened again, in another loop too."""
        idle, self._idle = self._idle, []
        for session in tuple(self._busy):
            session.close()
        await asyncio.gather(*(session.quit() for session in idle if session.is_open))
        self._room = None
        for _ in range(3):  # so that closed sockets are let go of before the loop may end
            await asyncio.sleep(0)

    async def deliver(self, envelope: Envelope, raw: bytes, *, commit: Commit) -> Delivery:
        """Send finished bytes to the envelope's recipient.

        Lines get CRLF and leading dots are doubled here. What the server cannot take at all
        (too large, 8-bit or non-ASCII addresses without the extension) is not sent.
        """
        from mailkit.send.smtp.session import StaleSession

        if self._room is None:
            self._room = asyncio.Semaphore(self.connections)
        body = finish(raw)
        async with self._room:
            while True:
                try:
                    session = await self._session()
                except TransportError as error:
                    return Lost(phase=Phase(error.phase), server=error.server, reason=error.reason)
                if isinstance(session, Refused):
                    return session
                try:
                    return await self._transact(session, envelope, body, commit)
                except StaleSession:
                    continue

    async def _transact(self, session: Session, envelope: Envelope, body: bytes, commit: Commit) -> Delivery:
        self._busy.add(session)
        try:
            delivery = await session.transact(envelope, body, commit)
        except BaseException:  # also a cancellation: nobody knows what the server waits for now
            session.close()
            raise
        finally:
            self._busy.discard(session)
        if session.is_open and session.transactions < self.messages_per_connection:
            self._idle.append(session)
        elif session.is_open:
            await session.quit()
        return delivery

    async def _session(self) -> Session | Refused:
        """A kept connection, the one used last, or else a new one."""
        from mailkit.send.smtp.connect import connect

        while self._idle:
            session = self._idle.pop()
            if session.is_open:
                return session
        return await connect(self._account())

    def _account(self) -> Account:
        from mailkit.send.smtp.account import Account

        return Account(
            host=self.host,
            port=self.port,
            username=self.username,
            password=self.password,
            tls=self.tls,
            tls_context=self.tls_context,
            timeout=self.timeout,
            answer_timeout=self.answer_timeout or self.timeout * _ANSWER_FACTOR,
            local_hostname=self.local_hostname,
        )
