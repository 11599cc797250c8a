"""A fetcher for `check_links`: HTTP with the standard library, and not into the private network.

How to think about it: an address in a letter may be a stranger's, and may lead to a service that
only this machine can reach. So each host's name is looked up here, all its addresses must be
public, and the connection goes to the very address that was looked at; the same for each
redirect.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import time
from typing import Final
from urllib.parse import quote, urljoin, urlsplit

import attrs

from mailkit.checks import at_least, counted
from mailkit.compose.following import Answer
from mailkit.compose.linting.pictures import ENOUGH_BYTES

__all__ = ["WebFetch"]

_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_CHUNK: Final = 65_536
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")


@attrs.frozen(kw_only=True)
class WebFetch:
    """Asks for addresses over HTTP.

    Attributes:
        timeout_seconds: How long to wait for a connection, and for each piece of an answer.
        most_seconds: How long a picture may take to come whole.
        most_redirects: How many redirects are followed.
        most_bytes: How much of a picture is read; what is larger counts as that much.
        user_agent: How it calls itself.
        allow_private: Whether hosts of the private network and of this machine may be asked.

    >>> WebFetch()("http://127.0.0.1/admin", is_picture=False)
    Traceback (most recent call last):
    OSError: 127.0.0.1 is an address of a private network; give allow_private=True if it is yours
    """

    timeout_seconds: float = attrs.field(default=10.0, validator=at_least(0.001))
    most_seconds: float = attrs.field(default=30.0, validator=at_least(0))
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
        here = url
        for redirects in range(self.most_redirects + 1):
            answer = self._once(here, is_picture=is_picture)
            if isinstance(answer, Answer):
                return attrs.evolve(answer, redirects=redirects, seconds=time.monotonic() - began)
            try:
                here = urljoin(here, answer)
            except ValueError as error:
                raise OSError(f"it leads to {answer[:200]}, which is not an address: {error}") from error
        raise OSError(f"more than {self.most_redirects} redirects")

    def _once(self, url: str, *, is_picture: bool) -> Answer | str:
        """The answer, or where it sends us."""
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
        except ValueError as error:
            raise OSError(f"{url} is not an address: {error}") from error
        if parts.scheme not in ("http", "https") or not host:
            raise OSError(f"{url} is not an address of the web")
        is_safe = parts.scheme == "https"
        connection = self._connection(host, port or (443 if is_safe else 80), is_safe=is_safe)
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

    def _connection(self, host: str, port: int, *, is_safe: bool) -> http.client.HTTPConnection:
        try:
            name = host.encode("idna").decode("ascii")
        except UnicodeError as error:
            raise OSError(f"{host} is not a host's name") from error
        found = [info[4][0] for info in socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)]
        for one in found:
            if not self.allow_private and not _is_public(str(one).partition("%")[0]):
                raise OSError(f"{one} is an address of a private network; give allow_private=True if it is yours")
        connection = http.client.HTTPConnection(name, port, timeout=self.timeout_seconds)
        raw = socket.create_connection((str(found[0]), port), timeout=self.timeout_seconds)
        try:
            connection.sock = ssl.create_default_context().wrap_socket(raw, server_hostname=name) if is_safe else raw
        except BaseException:
            raw.close()
            raise
        return connection

    def _read(self, response: http.client.HTTPResponse) -> tuple[bytes, int]:
        """The beginning, and how much there is."""
        beginning, size = b"", 0
        end = time.monotonic() + self.most_seconds
        while size < self.most_bytes:
            chunk = response.read1(_CHUNK)
            if not chunk:
                if response.length:
                    raise OSError("the answer broke off")
                break
            if time.monotonic() > end:
                raise OSError(f"the picture has not come whole in {self.most_seconds:g} s")
            beginning += chunk[: ENOUGH_BYTES - len(beginning)]
            size += len(chunk)
        return beginning, size


def _is_public(text: str) -> bool:
    """Whether an address is of the public network, and carries none that is not (RFC 3056, RFC 6052)."""
    found = ipaddress.ip_address(text)
    inner = None
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour
        if found in _NAT64:
            inner = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
    return found.is_global if inner is None else inner.is_global
