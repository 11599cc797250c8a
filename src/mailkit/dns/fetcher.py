"""Pages of the web, for checks that want one: the policy of MTA-STS, the logo of BIMI.

A fetch is one HTTPS request on a connection of its own. It is bounded in bytes, in time and in
redirects, its certificate is verified, and it does not lead into one's own network.
"""

from __future__ import annotations

import asyncio
import http.client
import io
import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import SplitResult, urljoin, urlsplit

import attrs

from mailkit.dns.errands import Fetch, Fetched
from mailkit.dns.lookup import Failure
from mailkit.dns.reaching import Reach, Refused, trouble

__all__ = ["HttpsFetcher"]

_MOST_REDIRECTS: Final = 3
_REDIRECTS: Final = (301, 302, 303, 307, 308)
_STATUS: Final = re.compile(rb"HTTP/1\.[01] ([1-5][0-9]{2})(?: |\r|\Z)")
_URL: Final = re.compile(r"[!-~]{1,2000}\Z")
_CHUNK: Final = re.compile(rb"([0-9a-fA-F]{1,8})[ \t]*(?:;.*)?\r?\n\Z")
_MOST_INTERIM: Final = 5
"""Answers of the kind "100 Continue" that are skipped."""


@attrs.frozen(kw_only=True)
class HttpsFetcher(Reach):
    """Brings pages of the web over HTTPS, and tells troubles as outcomes.

    Attributes:
        timeout: How long one page may take, redirects included.
        allow_private: Whether addresses are reached that nobody outside can: loopback, private and reserved ones.
        ca_file: A file of certificates (PEM) that are trusted in place of this machine's roots; empty for these.
        routes: Host names to (address, port), reached instead of what the DNS says: for what is not published yet.

    >>> import asyncio
    >>> page = Fetch("https://127.0.0.1/.well-known/mta-sts.txt")
    >>> print(asyncio.run(HttpsFetcher().fetch(page)))
    malformed: 127.0.0.1 leads to 127.0.0.1, which is not an address that anybody can reach
    >>> print(asyncio.run(HttpsFetcher().fetch(Fetch("http://example.com/"))))
    malformed: only https is fetched, not http
    """

    async def fetch(self, page: Fetch) -> Fetched | Failure:
        """The page, whatever its status; a failure if there is none."""
        try:
            async with asyncio.timeout(self.timeout.total_seconds()):
                return await self._follow(page)
        except Exception as error:  # noqa: BLE001 - sorted in trouble, which raises what it does not know
            return trouble(error, "web server")

    async def _follow(self, page: Fetch) -> Fetched:
        url = page.url
        for _ in range(_MOST_REDIRECTS + 1):
            found, location = await self._get(_split(url), page.longest_bytes)
            if not page.follows or found.status not in _REDIRECTS or not location:
                return found
            url = urljoin(url, location)
        raise Refused(f"it leads on more than {_MOST_REDIRECTS} times")

    async def _get(self, url: SplitResult, longest: int) -> tuple[Fetched, str]:
        host = url.hostname or ""
        reader, writer = await self.connect(host, url.port or 443)
        try:
            await writer.start_tls(self.context(), server_hostname=host)
            writer.write(_request(url))
            await writer.drain()
            status, headers = await _head(reader)
            body = b"" if status in (204, 304) else await _body(reader, headers, longest)
        finally:
            writer.transport.abort()  # nothing more is wanted, and a good-bye might be waited for
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        return Fetched(status=status, media_type=kind, body=body), headers.get("location", "")


def _split(text: str) -> SplitResult:
    """The parts of an address that may be fetched.

    Raises:
        Refused: It may not be.
    """
    if not isinstance(text, str) or not _URL.match(text):
        raise Refused("its address has characters that no address has")
    try:
        url = urlsplit(text)
        has_port = url.port is None or url.port > 0
    except ValueError as error:
        raise Refused(f"its address cannot be read ({error})") from error
    if url.scheme != "https":
        raise Refused(f"only https is fetched, not {url.scheme or 'an address without a scheme'}")
    if not url.hostname or not has_port or url.username is not None:
        raise Refused("its address has no host, or more than a host, a path and a query")
    return url


def _request(url: SplitResult) -> bytes:
    target = (url.path or "/") + (f"?{url.query}" if url.query else "")
    lines = (
        f"GET {target} HTTP/1.1",
        f"Host: {url.netloc}",
        "User-Agent: mailkit (DNS and mail security check)",
        "Accept: */*",
        "Accept-Encoding: identity",
        "Connection: close",
    )
    return "".join(f"{line}\r\n" for line in (*lines, "")).encode("ascii")


async def _head(reader: asyncio.StreamReader) -> tuple[int, Mapping[str, str]]:
    """The status and the header fields of an answer, their names in small letters."""
    for _ in range(_MOST_INTERIM):
        first = await reader.readuntil(b"\n")
        matched = _STATUS.match(first.rstrip(b"\r\n"))
        if not matched:
            raise Refused("the answer is not one of HTTP")
        headers = await _headers(reader)
        status = int(matched[1])
        if status >= 200:
            return status, headers
    raise Refused("the server does not come to the point")


async def _headers(reader: asyncio.StreamReader) -> Mapping[str, str]:
    lines: list[bytes] = []
    size = 0
    while not lines or lines[-1].strip():
        lines.append(await reader.readuntil(b"\n"))
        size += len(lines[-1])
        if size > 1 << 16:
            raise Refused("the answer's header is too long")
    try:
        parsed = http.client.parse_headers(io.BytesIO(b"".join(lines)))
    except http.client.HTTPException as error:
        raise Refused("the answer's header cannot be read") from error
    return {name.lower(): str(value) for name, value in parsed.items()}


async def _body(reader: asyncio.StreamReader, headers: Mapping[str, str], longest: int) -> bytes:
    """The content, as long as it is not longer than it may be."""
    coding = headers.get("content-encoding", "identity").strip().lower()
    if coding not in ("", "identity"):
        raise Refused(f"it came compressed ({coding[:20]}), which was not asked for")
    if headers.get("transfer-encoding", "").strip().lower() == "chunked":
        return await _chunks(reader, longest)
    length = headers.get("content-length", "").strip()
    if length.isascii() and length.isdigit() and len(length) < 16:
        if int(length) > longest:
            raise _too_long(longest)
        return await reader.readexactly(int(length))
    body = b""
    while piece := await reader.read(longest + 1 - len(body)):
        body += piece
        if len(body) > longest:
            raise _too_long(longest)
    return body


async def _chunks(reader: asyncio.StreamReader, longest: int) -> bytes:
    body = b""
    while True:
        matched = _CHUNK.match(await reader.readuntil(b"\n"))
        if not matched:
            raise Refused("the answer's pieces cannot be told apart")
        size = int(matched[1], 16)
        if not size:
            return body
        if len(body) + size > longest:
            raise _too_long(longest)
        body += await reader.readexactly(size)
        await reader.readuntil(b"\n")


def _too_long(longest: int) -> Refused:
    return Refused(f"it is longer than {longest} bytes")
