"""Letters over SMTP to one server, on kept connections. I/O."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Final

import attrs

from mailkit.checks import counted, one_line
from mailkit.envelope import Envelope
from mailkit.errors import InvalidValue
from mailkit.send.returns.reply import Reply
from mailkit.send.smtp.account import Account, TLSMode, Token
from mailkit.send.smtp.connect import connect
from mailkit.send.smtp.pool import Pool
from mailkit.send.smtp.settings import host_name, own_name, patience, port_number, secret, tls_mode, whole
from mailkit.send.transport import Commit, Delivery

__all__ = ["SMTPTransport"]

_ANSWER_FACTOR: Final = 5
"""A server may check a message before it answers the final dot (RFC 5321, 4.5.3.2.6), and a loss there is ambiguous."""

_TLS_FROM_THE_START: Final = 465


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
        token: Gives the access token for a login by XOAUTH2, in place of a password; called at each
            connection, and awaited if it gives an awaitable.
        idle_timeout: After how long without a letter a connection is closed.
        bdat_depth: How many letters may be under way whole on one connection where the server offers
            CHUNKING (RFC 3030); so many, times the connections, are `unknown` after a crash. 0 for DATA
            always. More than 1 pays where the way to the server is long.
        on_busy: Told of every 421 and of every refused greeting that concerned no letter, with the server:
            it has too much to do (RFC 5321, 3.8).

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
    token: Token | None = attrs.field(default=None, kw_only=True, repr=False)
    idle_timeout: timedelta = attrs.field(default=timedelta(seconds=30), kw_only=True, validator=patience)
    bdat_depth: int = attrs.field(default=1, kw_only=True, validator=whole)
    on_busy: Callable[[Reply, str], object] | None = attrs.field(default=None, kw_only=True, repr=False)
    _pool: Pool | None = attrs.field(init=False, default=None, repr=False)

    def __attrs_post_init__(self) -> None:
        if self.token is not None and (self.password or not self.username):
            reason = "goes with a username, and takes the place of a password"
            raise InvalidValue("SMTPTransport.token", self.token, reason, "give username= and token=")
        if self.username and not self.password and self.token is None:
            raise InvalidValue("SMTPTransport.username", self.username, "has no password", "give password= or token=")
        if self.port == _TLS_FROM_THE_START and self.tls in ("opportunistic", "starttls"):
            reason = "is not spoken on port 465, where TLS comes first (RFC 8314, 3.3)"
            raise InvalidValue("SMTPTransport.tls", self.tls, reason, 'write tls="implicit", or port 587')

    @property
    def capacity(self) -> int:
        """How many deliveries it makes use of at once.

        For each connection: one whose answer is awaited, one whose commands go with the end of the first, and
        one at hand to follow them.
        """
        return self.connections * (2 + max(1, self.bdat_depth))

    async def open(self) -> None:
        """Make the first connection and keep it.

        A server that cannot be reached, or turns us away, is no error here, since it may be
        back later: `deliver` tells it of each letter, and the sender tries again.

        Raises:
            TransportError: It can never work as it is set up: a refused login, TLS that is
                required and not offered, a certificate that is not to be trusted.
        """
        if self._pool is not None and not self._pool.is_idle:  # another sender is at work with it
            return
        await self._pooled().open()

    async def close(self) -> None:
        """Say goodbye on idle connections; it may be opened again, in another loop too.

        Letters on their way are brought to their end: they are another sender's, who closes it too.
        """
        pool = self._pool
        if pool is None:
            return
        if pool.is_idle:
            self._pool = None
        await pool.close()

    async def deliver(self, envelope: Envelope, raw: bytes, *, commit: Commit) -> Delivery:
        """Send finished bytes to the envelope's recipient.

        Lines get CRLF and leading dots are doubled here. What the server cannot take at all
        (too large, 8-bit or non-ASCII addresses without the extension) is not sent.
        """
        return await self._pooled().deliver(envelope, raw, commit=commit)

    def _pooled(self) -> Pool:
        """The connections in this event loop; those of a loop that has ended are of no use."""
        pool = self._pool
        if pool is None or pool.loop is not asyncio.get_running_loop():
            pool = self._pool = Pool(
                partial(connect, self._account()),
                connections=self.connections,
                messages_per_connection=self.messages_per_connection,
                idle_timeout=self.idle_timeout,
                bdat_depth=self.bdat_depth,
                on_busy=self.on_busy,
            )
        return pool

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
            token=self.token,
        )
