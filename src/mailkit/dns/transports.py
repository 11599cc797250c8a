"""One exchange with one name server: over UDP and TCP, over TLS (RFC 7858), or over HTTPS (RFC 8484).

Whatever goes wrong is raised, and sorted by `mailkit.dns.wire.trouble`.
"""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import attrs

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


async def exchange(request: dns.message.Message, server: str, route: Route) -> dns.message.Message:
    """Send a question to a server, and bring the reply to just this question."""
    import asyncio

    import dns.asyncquery

    if route.transport == "udp":
        # What comes from elsewhere is passed over; it cannot make the question fail.
        reply, _ = await dns.asyncquery.udp_with_fallback(
            request, server, timeout=route.seconds, port=route.port, ignore_unexpected=True
        )
        return reply
    if route.transport == "tls":
        return await dns.asyncquery.tls(
            request,
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
        client.stream("POST", route.url(server), **_post(request, server, route)) as response,
    ):
        parts = []
        async for part in response.aiter_bytes():
            parts.append(part)
            _check_length(parts)
    return _reply(request, response, b"".join(parts))


def exchange_blocking(request: dns.message.Message, server: str, route: Route) -> dns.message.Message:
    """`exchange` without an event loop."""
    import dns.query

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
        client.stream("POST", route.url(server), **_post(request, server, route)) as response,
    ):
        parts = []
        for part in response.iter_bytes():
            parts.append(part)
            _check_length(parts)
    return _reply(request, response, b"".join(parts))


def _httpx() -> Any:
    return load("httpx", extra="doh", purpose="questions over HTTPS")


def _post(request: dns.message.Message, server: str, route: Route) -> dict[str, Any]:
    """What a question over HTTPS consists of; no server's address is looked up, its name is only verified."""
    request.id = 0  # so that servers on the way may keep the answer (RFC 8484, 4.1)
    headers = {"content-type": _MEDIA_TYPE, "accept": _MEDIA_TYPE}
    if route.server_name:
        headers["host"] = route.server_name if route.port == 443 else f"{route.server_name}:{route.port}"
    extensions = {"sni_hostname": route.server_name} if route.server_name else {}
    return {"content": request.to_wire(), "headers": headers, "extensions": extensions}


def _check_length(parts: list[bytes]) -> None:
    if sum(map(len, parts)) > _LONGEST_BYTES:
        import dns.exception

        raise dns.exception.TooBig


def _reply(request: dns.message.Message, response: Any, body: bytes) -> dns.message.Message:
    import dns.message
    import dns.query

    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if response.status_code != 200:
        raise ConnectionError(f"the server answered with status {response.status_code}")
    if kind != _MEDIA_TYPE:
        raise dns.query.BadResponse
    reply = dns.message.from_wire(body)
    if not request.is_response(reply):
        raise dns.query.BadResponse
    return reply
