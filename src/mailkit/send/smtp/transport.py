"""Letters over SMTP to one server, on kept connections. I/O."""

from __future__ import annotations

import asyncio
import ssl
from datetime import timedelta
from typing import Final

import attrs

from mailkit.checks import counted, one_line
from mailkit.envelope import Envelope
from mailkit.errors import TransportError
from mailkit.send.returns.reply import Phase
from mailkit.send.smtp.account import Account, SetupError, TLSMode
from mailkit.send.smtp.body import finish
from mailkit.send.smtp.connect import connect
from mailkit.send.smtp.session import Session, StaleSession
from mailkit.send.smtp.settings import host_name, own_name, patience, port_number, secret, tls_mode
from mailkit.send.transport import Commit, Delivery, Lost, Refused

__all__ = ["SMTPTransport"]

_ANSWER_FACTOR: Final = 5
"""A server may check a message before it answers the final dot (RFC 5321, 4.5.3.2.6), and a loss there is ambiguous."""


@attrs.define(eq=False)
class SMTPTransport:
    """Hands letters to one mail server, one recipient a transaction, many at once.

    Connections are kept and used again. One that the server has closed meanwhile is replaced
    before anything is sent, which is no try of the job. Senders may share one transport: what one
    of them closes breaks off nothing that another is about.

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
        answer_timeout: How long to wait for the answer, once the final dot has left; five times
            `timeout` if None.
        local_hostname: What to call ourselves in EHLO; this machine's name if empty.

    >>> SMTPTransport("mail.example.com", 587, username="shop", password="secret", tls="starttls")
    SMTPTransport(host='mail.example.com', port=587, username='shop', tls='starttls', connections=10, ...)
    """

    host: str = attrs.field(validator=host_name)
    port: int = attrs.field(default=25, validator=port_number)
    username: str = attrs.field(default="", kw_only=True, validator=one_line)
    password: str = attrs.field(default="", kw_only=True, repr=False, validator=secret)
    tls: TLSMode = attrs.field(default="opportunistic", kw_only=True, validator=tls_mode)
    tls_context: ssl.SSLContext | None = attrs.field(default=None, kw_only=True, repr=False)
    connections: int = attrs.field(default=10, kw_only=True, validator=counted)
    messages_per_connection: int = attrs.field(default=100, kw_only=True, validator=counted)
    timeout: timedelta = attrs.field(default=timedelta(seconds=30), kw_only=True, validator=patience)
    answer_timeout: timedelta | None = attrs.field(
        default=None, kw_only=True, validator=attrs.validators.optional(patience)
    )
    local_hostname: str = attrs.field(default="", kw_only=True, validator=own_name)
    _idle: list[Session] = attrs.field(init=False, factory=list, repr=False)
    _deliveries: int = attrs.field(init=False, default=0, repr=False)
    _room: asyncio.Semaphore | None = attrs.field(init=False, default=None, repr=False)

    @property
    def capacity(self) -> int:
        """How many deliveries it makes use of at once: one for each connection."""
        return self.connections

    async def open(self) -> None:
        """Make the first connection and keep it.

        A server that cannot be reached, or turns us away, is no error here, since it may be
        back later: `deliver` tells it of each letter, and the sender tries again.

        Raises:
            TransportError: It can never work as it is set up: a refused login, TLS that is
                required and not offered, a certificate that is not to be trusted.
        """
        if self._deliveries:  # another sender is at work with it
            return
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
        """Say goodbye on idle connections; it may be opened again, in another loop too.

        Letters on their way are brought to their end: they are another sender's, who closes it too.
        """
        idle, self._idle = self._idle, []
        if not self._deliveries:
            self._room = None
        await asyncio.gather(*(session.quit() for session in idle if session.is_open))
        for _ in range(3):  # so that closed sockets are let go of before the loop may end
            await asyncio.sleep(0)

    async def deliver(self, envelope: Envelope, raw: bytes, *, commit: Commit) -> Delivery:
        """Send finished bytes to the envelope's recipient.

        Lines get CRLF and leading dots are doubled here. What the server cannot take at all
        (too large, 8-bit or non-ASCII addresses without the extension) is not sent.
        """
        body = finish(raw)
        room = self._room = self._room or asyncio.Semaphore(self.connections)
        self._deliveries += 1
        try:
            async with room:
                return await self._deliver(envelope, body, commit)
        finally:
            self._deliveries -= 1

    async def _deliver(self, envelope: Envelope, body: bytes, commit: Commit) -> Delivery:
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
        try:
            delivery = await session.transact(envelope, body, commit)
        except BaseException:  # also a cancellation: nobody knows what the server waits for now
            session.close()
            raise
        if session.is_open and session.transactions < self.messages_per_connection:
            self._idle.append(session)
        elif session.is_open:
            await session.quit()
        return delivery

    async def _session(self) -> Session | Refused:
        """A kept connection, the one used last, or else a new one."""
        while self._idle:
            session = self._idle.pop()
            if session.is_open:
                return session
        return await connect(self._account())

    def _account(self) -> Account:
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
