"""One exchange with one name server: over UDP and TCP, over TLS (RFC 7858), or over HTTPS (RFC 8484).

Whatever goes wrong is raised, and sorted by `mailkit.dns.wire.trouble`.
"""

from __future__ import annotations

import socket
import ssl
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import attrs

from mailkit.dns.wire import is_cut, matches
from mailkit.extras import load

if TYPE_CHECKING:
    import dns.message

__all__ = ["Route", "Transport", "exchange", "exchange_blocking"]

Transport: TypeAlias = Literal["udp", "tls", "https"]

_LONGEST_BYTES: Final = 65535
_MEDIA_TYPE: Final = "application/dns-message"


@attrs.frozen(kw_only=True)
class Route:
    """How a name server is reached.

    Attributes:
        transport: "udp" (and TCP where an answer is cut short), "tls" or "https".
        port: Its port.
        seconds: How long one exchange may take.
        server_name: The name that its certificate bears; empty for its address.
        path: The path of the HTTPS service.
        context: The TLS settings; None over UDP.
    """

    transport: Transport
    port: int
    seconds: float
    server_name: str
    path: str
    context: ssl.SSLContext | None = attrs.field(repr=False)

    def url(self, server: str) -> str:
        """The address of the HTTPS service at a server.

        >>> Route(transport="https", port=443, seconds=2, server_name="", path="/q", context=None).url("2001:db8::1")
        'https://[2001:db8::1]:443/q'
        """
        return f"https://{f'[{server}]' if ':' in server else server}:{self.port}{self.path}"


async def exchange(wire: bytes, server: str, route: Route) -> bytes | dns.message.Message:
    """Send a question to a server, and bring the reply to just this question."""
    import asyncio

    import dns.asyncquery
    import dns.message

    if route.transport == "udp":
        return await _over_udp(wire, server, route)
    if route.transport == "tls":
        return await dns.asyncquery.tls(
            dns.message.from_wire(wire),
            server,
            timeout=route.seconds,
            port=route.port,
            ssl_context=route.context,
            server_hostname=route.server_name or server,
        )
    httpx = _httpx()
    async with (
        asyncio.timeout(2 * route.seconds),  # against drops; httpx ends each phase by itself, and closes what it opened
        httpx.AsyncClient(verify=route.context, trust_env=False, timeout=route.seconds) as client,
        client.stream("POST", route.url(server), **_post(wire, server, route)) as response,
    ):
        parts = []
        async for part in response.aiter_bytes():
            parts.append(part)
            _check_length(parts)
    return _reply(wire, response, b"".join(parts))


async def _over_udp(wire: bytes, server: str, route: Route) -> bytes | dns.message.Message:
    """One datagram and the reply to it, which is asked for again over TCP if it was cut short.

    Each question has a socket of its own, and with it a port that nobody can guess; being connected, it takes
    nothing from elsewhere. What comes from the server's address, and is no reply to the question, may be
    forged: it is passed over, so that it cannot make the question fail, and told of if nothing better comes.
    """
    import asyncio

    import dns.asyncquery
    import dns.message
    import dns.query

    family = socket.AF_INET6 if ":" in server else socket.AF_INET
    loop, was_odd = asyncio.get_running_loop(), False
    with socket.socket(family, socket.SOCK_DGRAM) as datagrams:
        datagrams.setblocking(False)
        datagrams.connect((server, route.port))
        datagrams.send(wire)
        try:
            async with asyncio.timeout(route.seconds):
                while not matches(wire, reply := await loop.sock_recv(datagrams, _LONGEST_BYTES)):
                    was_odd = True
        except TimeoutError:
            if was_odd:
                raise dns.query.BadResponse from None
            raise
    if not is_cut(reply):
        return reply
    return await dns.asyncquery.tcp(dns.message.from_wire(wire), server, timeout=route.seconds, port=route.port)


def exchange_blocking(wire: bytes, server: str, route: Route) -> bytes | dns.message.Message:
    """`exchange` without an event loop."""
    import dns.message
    import dns.query

    request = dns.message.from_wire(wire)
    if route.transport == "udp":
        reply, _ = dns.query.udp_with_fallback(
            request, server, timeout=route.seconds, port=route.port, ignore_unexpected=True
        )
        return reply
    if route.transport == "tls":
        return dns.query.tls(
            request,
            server,
            timeout=route.seconds,
            port=route.port,
            ssl_context=route.context,
            server_hostname=route.server_name or server,
        )
    httpx = _httpx()
    with (
        httpx.Client(verify=route.context, trust_env=False, timeout=route.seconds) as client,
        client.stream("POST", route.url(server), **_post(wire, server, route)) as response,
    ):
        parts = []
        for part in response.iter_bytes():
            parts.append(part)
            _check_length(parts)
    return _reply(wire, response, b"".join(parts))


def _httpx() -> Any:
    return load("httpx", extra="doh", purpose="questions over HTTPS")


def _post(wire: bytes, server: str, route: Route) -> dict[str, Any]:
    """What a question over HTTPS consists of; no server's address is looked up, its name is only verified.

    The message id is 0, so that servers on the way may keep the answer (RFC 8484, 4.1).
    """
    headers = {"content-type": _MEDIA_TYPE, "accept": _MEDIA_TYPE}
    if route.server_name:
        headers["host"] = route.server_name if route.port == 443 else f"{route.server_name}:{route.port}"
    extensions = {"sni_hostname": route.server_name} if route.server_name else {}
    return {"content": b"\0\0" + wire[2:], "headers": headers, "extensions": extensions}


def _check_length(parts: list[bytes]) -> None:
    if sum(map(len, parts)) > _LONGEST_BYTES:
        import dns.exception

        raise dns.exception.TooBig


def _reply(wire: bytes, response: Any, body: bytes) -> bytes:
    import dns.query

    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if response.status_code != 200:
        raise ConnectionError(f"the server answered with status {response.status_code}")
    if kind != _MEDIA_TYPE:
        raise dns.query.BadResponse
    if not matches(b"\0\0" + wire[2:], body):
        raise dns.query.BadResponse
    return body
