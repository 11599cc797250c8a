"""Connections to machines that a stranger's DNS names, without being led into one's own network.

Whoever owns a domain decides where its names lead: also to 127.0.0.1, or to the address of a
machine that only we can reach. So a name is resolved first, its addresses are looked at, and the
connection goes to the very address that was looked at.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import ssl
import threading
from collections.abc import Mapping
from datetime import timedelta
from ipaddress import ip_address
from typing import Any, Final

import attrs

from mailkit.dns.addresses import is_public
from mailkit.dns.lookup import Failure, Malformed, ServerFailure, TimedOut
from mailkit.errors import InvalidValue

__all__ = ["Reach", "Refused", "trouble"]

_MOST_ADDRESSES: Final = 4
_HOST: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,252}\Z|[0-9a-fA-F:.]{2,45}\Z")


class Refused(Exception):
    """What is asked for is not done; the message says why. It never leaves `fetcher` and `greeter`."""


def _timeout(value: Any) -> timedelta:
    if not isinstance(value, timedelta) or value <= timedelta():
        raise InvalidValue(
            "timeout", value, "is not a length of time", "give a timedelta, such as timedelta(seconds=5)"
        )
    return value


@attrs.frozen(kw_only=True)
class Reach:
    """How machines are reached.

    Attributes:
        timeout: How long all that is done with one machine may take.
        allow_private: Whether addresses are reached that nobody outside can: loopback, private and reserved ones.
        ca_file: A file of certificates (PEM) that are trusted in place of this machine's roots; empty for these.
        routes: Host names to (address, port), reached instead of what the DNS says: for what is not published yet.
    """

    timeout: timedelta = attrs.field(default=timedelta(seconds=8), converter=_timeout)
    allow_private: bool = False
    ca_file: str = attrs.field(default="", converter=str)
    routes: Mapping[str, tuple[str, int]] = attrs.field(factory=dict)

    def context(self, *, verifies: bool = True) -> ssl.SSLContext:
        """TLS as a client: 1.2 or newer, with the host's name and certificate verified unless not wanted."""
        context = ssl.create_default_context(cafile=self.ca_file or None)
        if not verifies:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context

    async def connect(self, host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection to the first address of the host that takes one.

        Raises:
            Refused: The host leads to addresses that nobody outside can reach.
            OSError: No connection could be made.
        """
        trouble: OSError | None = None
        addresses = await self._addresses(host, port)
        for address, at in addresses:
            try:
                async with asyncio.timeout(self.timeout.total_seconds() / len(addresses)):
                    return await asyncio.open_connection(address, at, limit=1 << 16)
            except OSError as error:  # also what took too long: the next address may be nearer
                trouble = error
        raise trouble or OSError("the host has no address")

    async def _addresses(self, host: str, port: int) -> list[tuple[str, int]]:
        if not _HOST.match(host):
            raise Refused("the host's name has characters that no host's name has")
        if host in self.routes:
            found = [self.routes[host]]
        else:
            told = await _resolved(host, port)
            found = list(dict.fromkeys((str(address[0]), port) for *_, address in told))[:_MOST_ADDRESSES]
        for address, _ in found:
            if not self.allow_private and not is_public(ip_address(address)):
                raise Refused(f"{host} leads to {address}, which is not an address that anybody can reach")
        return found


async def _resolved(host: str, port: int) -> list[Any]:
    """What the system says of a name, asked in a thread that nobody waits for when time is up.

    The loop's own `getaddrinfo` would hold up the end of `asyncio.run` for as long as a dead name server can.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[list[Any]] = loop.create_future()

    def settle(found: list[Any], error: Exception | None) -> None:
        if not answer.done() and error is None:
            answer.set_result(found)
        elif not answer.done() and error is not None:
            answer.set_exception(error)

    def ask() -> None:
        found, trouble = [], None
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except Exception as error:  # noqa: BLE001 - told to whoever waits
            trouble = error
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(settle, found, trouble)

    threading.Thread(target=ask, daemon=True).start()
    return await answer


def trouble(error: Exception, server: str) -> Failure:
    """What a failed exchange with a server of that kind means.

    Raises:
        Exception: The error itself, if it is not one of the network or of what was said there.
    """
    if isinstance(error, Refused):
        return Malformed(str(error))
    if isinstance(error, TimeoutError):
        return TimedOut()
    if isinstance(error, ssl.SSLCertVerificationError):
        return ServerFailure(f"certificate: {error.verify_message}", server=server)
    if isinstance(error, ssl.SSLError):
        return ServerFailure(f"TLS: {error.reason or error}", server=server)
    if isinstance(error, UnicodeError):  # a host name that IDNA cannot take
        return Malformed("the host's name cannot be asked for")
    if isinstance(error, asyncio.IncompleteReadError):
        return ServerFailure("the connection ended too early", server=server)
    if isinstance(error, asyncio.LimitOverrunError):
        return Malformed("a line is too long")
    if isinstance(error, OSError):
        return ServerFailure(f"not reachable: {error.strerror or str(error) or type(error).__name__}", server=server)
    raise error
