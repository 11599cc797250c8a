"""How to reach a mail server, and what is said when that fails."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Literal, cast

import aiosmtplib
import attrs

from mailkit.errors import TransportError
from mailkit.send.returns.reply import Reply

__all__ = ["Account", "SetupError", "TLSMode", "Token", "drop", "garbage", "no_answer", "read_reply"]

TLSMode = Literal["none", "opportunistic", "starttls", "implicit"]
Token = Callable[[], str | Awaitable[str]]
"""Gives the access token for a login by XOAUTH2; asked at every connection, since tokens live for an hour or so."""


class SetupError(TransportError):
    """The server is there, and it can never work as it is set up."""


@attrs.frozen(kw_only=True)
class Account:
    """How to reach a server, and as whom; at `address`, if that is given, whatever the DNS says of its name."""

    host: str
    port: int
    username: str
    password: str = attrs.field(repr=False)
    tls: TLSMode
    tls_context: ssl.SSLContext | None
    timeout: timedelta
    answer_timeout: timedelta
    local_hostname: str
    address: str = ""
    token: Token | None = attrs.field(default=None, repr=False)

    @property
    def server(self) -> str:
        """The server as host:port."""
        return f"{self.host}:{self.port}"


def drop(client: aiosmtplib.SMTP, transport: asyncio.BaseTransport | None = None) -> None:
    """Close the line at once, without the goodbyes of TLS; nothing that is still to be written is wanted any more.

    The client forgets its transport when it says QUIT, so who has said that gives the transport.
    """
    transport = transport or client.transport
    client.close()
    if transport is not None:
        cast(asyncio.WriteTransport, transport).abort()  # uvloop's are none by inheritance


def no_answer(patience: timedelta) -> str:
    """The reason when nothing came in time."""
    return f"the server did not answer within {patience.total_seconds():g} s"


def garbage(message: str) -> str:
    """The reason when no SMTP came; aiosmtplib puts what was said after a colon."""
    said = message.partition(": ")[2].strip()[:60]
    return f"this is no mail server, it says {said!r}" if said else "this is no mail server"


def read_reply(code: int, message: str) -> Reply:
    """A reply whose codes aiosmtplib has taken off its lines."""
    lines = message.split("\n")
    return Reply.parse("\n".join(f"{code}{'-' if line is not lines[-1] else ' '}{line}" for line in lines))
