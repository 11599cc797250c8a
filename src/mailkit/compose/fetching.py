"""A fetcher for `check_links`: HTTP with the standard library, and not into the private network.

How to think about it: an address in a letter may be a stranger's, and may lead to a service that
only this machine can reach. So each host's name is looked up here, all its addresses must be
public, and the connection goes to the very address that was looked at; the same for each
redirect.
"""

from __future__ import annotations

import http.client
import io
import ipaddress
import socket
import ssl
import time
from typing import Any, Final
from urllib.parse import quote, urljoin, urlsplit

import attrs

from mailkit.checks import at_least, counted
from mailkit.compose.following import Answer
from mailkit.compose.linting.pictures import ENOUGH_BYTES

__all__ = ["WebFetch", "is_public"]

_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_CHUNK: Final = 65_536
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
_GLOBAL_UNICAST: Final = ipaddress.IPv6Network("2000::/3")
"""All that IANA gives out as such (RFC 4291, 2.4); others go nowhere, to many, or hold an old address."""


@attrs.frozen(kw_only=True)
class WebFetch:
    """Asks for addresses over HTTP.

    Attributes:
        timeout_seconds: How long to wait for a connection, and for each piece of an answer.
        most_seconds: How long an address may take in all, with its redirects and, of a picture, until it is whole.
        most_redirects: How many redirects are followed.
        most_bytes: How much of a picture is read; what is larger counts as that much.
        user_agent: How it calls itself.
        allow_private: Whether hosts of the private network and of this machine may be asked.

    >>> WebFetch()("http://127.0.0.1/admin", is_picture=False)
    Traceback (most recent call last):
    OSError: 127.0.0.1 is an address of a private network; give allow_private=True if it is yours
    """

    timeout_seconds: float = attrs.field(default=10.0, validator=at_least(0.001))
    most_seconds: float = attrs.field(default=20.0, validator=at_least(0))
    most_redirects: int = attrs.field(default=5, validator=at_least(0))
    most_bytes: int = attrs.field(default=10_000_000, validator=counted)
    user_agent: str = "mailkit-check-links"
    allow_private: bool = False

    def __call__(self, url: str, *, is_picture: bool) -> Answer:
        """What is there.

        Raises:
            OSError: No answer is to be had, or the host is of a private network.
        """
        began = time.monotonic()
        deadline = _Deadline(began + self.most_seconds, self)
        here = url
        for redirects in range(self.most_redirects + 1):
            answer = self._once(here, deadline, is_picture=is_picture)
            if isinstance(answer, Answer):
                return attrs.evolve(answer, redirects=redirects, seconds=time.monotonic() - began)
            try:
                here = urljoin(here, answer)
            except ValueError as error:
                raise OSError(f"it leads to {answer[:200]}, which is not an address: {error}") from error
        raise OSError(f"more than {self.most_redirects} redirects")

    def _once(self, url: str, deadline: _Deadline, *, is_picture: bool) -> Answer | str:
        """The answer, or where it sends us."""
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
        except ValueError as error:
            raise OSError(f"{url} is not an address: {error}") from error
        if parts.scheme not in ("http", "https") or not host:
            raise OSError(f"{url} is not an address of the web")
        is_safe = parts.scheme == "https"
        name, open_socket = self._connected(host, port or (443 if is_safe else 80), deadline, is_safe=is_safe)
        connection = http.client.HTTPConnection(name, port)
        connection.sock = _TimedSocket(open_socket, deadline)  # has all that is asked of it
        path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~") + (
            f"?{quote(parts.query, safe='%/:@!$&()*+,;=~?')}" if parts.query else ""
        )
        try:
            connection.request("GET", path, headers={"User-Agent": self.user_agent, "Accept": "*/*"})
            response = connection.getresponse()
            target = response.getheader("Location")
            if response.status in _REDIRECTS and target:
                return target
            content = self._read(response) if is_picture else (b"", 0)
            return Answer(
                status=response.status,
                url=url,
                content_type=(response.getheader("Content-Type") or "").partition(";")[0].strip().lower(),
                beginning=content[0],
                size_bytes=content[1],
            )
        except http.client.HTTPException as error:
            raise OSError(f"the server does not speak HTTP: {error!r}") from error
        finally:
            connection.close()
            open_socket.close()

    def _connected(self, host: str, port: int, deadline: _Deadline, *, is_safe: bool) -> tuple[str, socket.socket]:
        """The host's name, and a connection to it."""
        try:
            name = host.encode("idna").decode("ascii")
        except UnicodeError as error:
            raise OSError(f"{host} is not a host's name") from error
        found = [info[4][0] for info in socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)]
        for one in found:
            if not self.allow_private and not is_public(str(one).partition("%")[0]):
                raise OSError(f"{one} is an address of a private network; give allow_private=True if it is yours")
        raw = socket.create_connection((str(found[0]), port), timeout=deadline.wait())
        if not is_safe:
            return name, raw
        try:
            raw.settimeout(deadline.wait())
            return name, ssl.create_default_context().wrap_socket(raw, server_hostname=name)
        except BaseException:
            raw.close()
            raise

    def _read(self, response: http.client.HTTPResponse) -> tuple[bytes, int]:
        """The beginning, and how much there is."""
        beginning, size = b"", 0
        while size < self.most_bytes:
            chunk = response.read1(_CHUNK)
            if not chunk:
                if response.length:
                    raise OSError("the answer broke off")
                break
            beginning += chunk[: ENOUGH_BYTES - len(beginning)]
            size += len(chunk)
        return beginning, size


@attrs.frozen
class _Deadline:
    """When an address must have answered.

    Attributes:
        end: The time, by the clock that only goes on.
        fetch: Whose patience it is.
    """

    end: float
    fetch: WebFetch

    def wait(self) -> float:
        """How long to wait for what comes next."""
        left = self.end - time.monotonic()
        if left <= 0:
            raise TimeoutError(f"it has not answered in whole in {self.fetch.most_seconds:g} s")
        return min(left, self.fetch.timeout_seconds)


class _TimedSocket:
    """A socket as `http.client` uses it; however slowly octets drip in, they end at the deadline."""

    def __init__(self, inner: socket.socket, deadline: _Deadline) -> None:
        self._inner, self._deadline = inner, deadline

    def sendall(self, data: bytes) -> None:
        self._inner.settimeout(self._deadline.wait())
        self._inner.sendall(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_TimedReader(self._inner, self._deadline))

    def close(self) -> None:
        """Nothing: an answer is still read when `http.client` thinks that the connection may go."""


class _TimedReader(io.RawIOBase):
    def __init__(self, inner: socket.socket, deadline: _Deadline) -> None:
        self._inner, self._deadline = inner, deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._inner.settimeout(self._deadline.wait())
        return self._inner.recv_into(buffer)


def is_public(text: str) -> bool:
    """Whether an address is global unicast, as is the one that it holds if it does (RFC 4291, 3056, 6052)."""
    found = ipaddress.ip_address(text)
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour
        if found in _NAT64:
            inner = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        if inner is None:
            return found in _GLOBAL_UNICAST and found.is_global
        found = inner
    return found.is_global and not found.is_multicast
