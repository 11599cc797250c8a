"""Letters through the HTTP API of an email service, as finished bytes. I/O.

How to think about it. A letter is one POST. Its answer takes the place of a server's reply: yes, no,
not now. If none comes although the whole request may have left, nobody can know whether the
service took the letter, as with a final dot without an answer.
"""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Callable, Mapping
from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

import attrs

from mailkit.checks import counted, one_line
from mailkit.envelope import Envelope
from mailkit.errors import InvalidValue
from mailkit.extras import load
from mailkit.integrations.answers import refusal
from mailkit.send.lines import crlf, message_id
from mailkit.send.returns.reply import Phase, Reply
from mailkit.send.transport import Accepted, Commit, Delivery, Lost, Refused, Unsendable, Withdrawn

if TYPE_CHECKING:
    from httpx import AsyncClient, Response

__all__ = ["API", "HTTPTransport", "cloudflare", "mailgun", "read_status", "sparkpost"]

_LONGEST_ANSWER: Final = 300
"""Characters of an answer that are kept."""


def read_status(response: Response) -> Delivery:
    """What an answer means by its status alone (RFC 9110, 15).

    2xx took the letter. 400, 413 and 422 refuse it for good, 401, 403 and 404 speak of us, and 429, 500 and 503
    want it later. 502 and 504 come from a gateway that does not know what became of the request, so nobody does.

    >>> import httpx
    >>> read_status(httpx.Response(429, text="slow down", headers={"Retry-After": "30"})).reply.line
    '450 4.7.1 HTTP 429: too many requests, the rate limit is exceeded, try again in 30 seconds; slow down'
    """
    text = " ".join(response.text.split())[:_LONGEST_ANSWER]
    if response.is_success:
        return Accepted(reply=Reply.parse(f"250 2.0.0 HTTP {response.status_code}: {text}"))
    return refusal(response.status_code, text, wait=response.headers.get("Retry-After", ""))


@attrs.frozen(kw_only=True)
class API:
    """How a service wants to be asked for one letter.

    Attributes:
        url: Where to.
        payload: From the envelope and the finished bytes to the arguments of the request, in httpx's
            words: `json`, `data` and `files`, or `content`. What it raises makes the letter unsendable.
        headers: Header fields of each request, such as the key; never shown.
        read: From the answer to what came of it.
        idempotency_header: The header field in which the service wants a key that is the same
            at every try, so that a letter is not sent twice; empty if it knows none.

    >>> API(url="https://mail.example.com/send", payload=lambda envelope, raw: {"content": raw},
    ...     headers={"Authorization": "Bearer secret"})
    API(url='https://mail.example.com/send', idempotency_header='')
    """

    url: str = attrs.field()
    payload: Callable[[Envelope, bytes], Mapping[str, Any]] = attrs.field(repr=False)
    headers: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    read: Callable[[Response], Delivery] = attrs.field(default=read_status, repr=False)
    idempotency_header: str = attrs.field(default="", validator=one_line)

    @url.validator
    def _check_url(self, attribute: object, value: str) -> None:
        if not isinstance(value, str) or not value.startswith(("https://", "http://")):
            raise InvalidValue("API.url", value, "is not a web address", "write 'https://…'")


@attrs.define(eq=False)
class HTTPTransport:
    """Hands letters to a service's HTTP API.

    Attributes:
        api: How the service wants to be asked.
        connections: How many requests may be under way at once.
        timeout: How long to wait for a connection, and for each part of the answer.

    Where no answer comes, the letter is `Lost`: before it was sent as a whole it is tried again, after that
    it ends as `unknown`, also where the service knows idempotency keys. By `Sender.resolve` it may be
    sent again, with the same key.

    >>> HTTPTransport(mailgun("example.com", "key"), connections=4).capacity
    4
    """

    api: API = attrs.field(validator=attrs.validators.instance_of(API))
    connections: int = attrs.field(default=10, kw_only=True, validator=counted)
    timeout: timedelta = attrs.field(default=timedelta(seconds=30), kw_only=True)
    _client: AsyncClient | None = attrs.field(init=False, default=None, repr=False)
    _room: asyncio.Semaphore | None = attrs.field(init=False, default=None, repr=False)
    _deliveries: int = attrs.field(init=False, default=0, repr=False)
    _is_closing: bool = attrs.field(init=False, default=False, repr=False)

    @property
    def capacity(self) -> int:
        """How many deliveries it makes use of at once: one for each connection."""
        return self.connections

    async def open(self) -> None:
        """Get ready; the first connection is made with the first letter.

        Raises:
            MissingExtra: httpx is not installed.
        """
        self._is_closing = False
        if self._client is None:
            httpx = load("httpx", extra="http", purpose="transports over HTTP")
            limits = httpx.Limits(max_connections=self.connections, max_keepalive_connections=self.connections)
            self._client = httpx.AsyncClient(
                limits=limits, timeout=self.timeout.total_seconds(), follow_redirects=False
            )
            self._room = asyncio.Semaphore(self.connections)

    async def close(self) -> None:
        """Close the connections, once what is under way has come to its end."""
        self._is_closing = True
        await self._close_if_done()

    async def deliver(self, envelope: Envelope, raw: bytes, *, commit: Commit) -> Delivery:
        """Send finished bytes to the envelope's recipient."""
        try:
            request = dict(self.api.payload(envelope, crlf(raw)))
        except Exception as error:  # noqa: BLE001 - a letter that this API cannot take must fail alone
            return Unsendable(reason=f"the request could not be made: {type(error).__name__}: {error}")
        if self._client is None or self._room is None:
            await self.open()
        assert self._client is not None and self._room is not None  # noqa: PT018
        self._deliveries += 1
        try:
            async with self._room:
                if not await commit():
                    return Withdrawn()
                return await self._post(self._client, {**request, "headers": self._headers(envelope, raw, request)})
        finally:
            self._deliveries -= 1
            await self._close_if_done()

    async def _close_if_done(self) -> None:
        if self._is_closing and not self._deliveries and self._client is not None:
            client, self._client, self._room = self._client, None, None
            await client.aclose()

    def _headers(self, envelope: Envelope, raw: bytes, request: Mapping[str, Any]) -> dict[str, str]:
        headers = {**self.api.headers, **request.get("headers", {})}
        if self.api.idempotency_header:
            headers[self.api.idempotency_header] = _key(envelope, raw)
        return headers

    async def _post(self, client: AsyncClient, request: dict[str, Any]) -> Delivery:
        import httpx

        unsent = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
        host = httpx.URL(self.api.url).netloc.decode("ascii")
        try:
            response = await client.post(self.api.url, **request)
        except unsent as error:
            return Lost(phase=Phase.CONNECT, server=host, reason=_why(error))
        except (httpx.WriteError, httpx.WriteTimeout) as error:  # the end of the request did not leave
            return Lost(phase=Phase.DATA, server=host, reason=_why(error))
        except httpx.HTTPError as error:
            return Lost(phase=Phase.MESSAGE, server=host, reason=_why(error))
        try:
            return self.api.read(response)
        except Exception as error:  # noqa: BLE001 - the service may have taken the letter, whatever it said
            reason = f"the answer (HTTP {response.status_code}) could not be read: {_why(error)}"
            return Lost(phase=Phase.MESSAGE, server=host, reason=reason)


def _why(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".removesuffix(": ")


def _key(envelope: Envelope, raw: bytes) -> str:
    """What is the same for all tries of one letter to one person, and for no other."""
    return sha256(f"{envelope.recipient.address.key} {message_id(raw)}".encode()).hexdigest()


def mailgun(domain: str, key: str, *, region: str = "us") -> API:
    """Mailgun's "Send an email in MIME format": the letter is sent as it is, without tracking of Mailgun's own.

    The return path is Mailgun's. Mailgun signs too. There are no idempotency keys.

    Args:
        domain: The sending domain.
        key: The API key.
        region: "us" or "eu", where the domain was set up.

    Source: documentation.mailgun.com, API reference, Messages.

    >>> mailgun("example.com", "key", region="eu").url
    'https://api.eu.mailgun.net/v3/example.com/messages.mime'
    """
    if region not in ("us", "eu"):
        raise InvalidValue("region", region, "is not one of Mailgun", "write 'us' or 'eu'")
    host = "api.mailgun.net" if region == "us" else "api.eu.mailgun.net"

    def payload(envelope: Envelope, raw: bytes) -> dict[str, Any]:
        return {
            "data": {"to": str(envelope.recipient.address), "o:tracking": "no"},
            "files": {"message": ("message.eml", raw, "message/rfc822")},
        }

    authorization = "Basic " + b64encode(f"api:{key}".encode()).decode()
    return API(
        url=f"https://{host}/v3/{domain}/messages.mime", payload=payload, headers={"Authorization": authorization}
    )


def sparkpost(key: str, *, region: str = "us") -> API:
    """SparkPost's transmissions with RFC 822 content, without tracking of SparkPost's own.

    SparkPost fills in `{{…}}` wherever it finds it, and signs too. There are no idempotency keys.

    Args:
        key: The API key.
        region: "us" or "eu".

    Source: developers.sparkpost.com, API, Transmissions.

    >>> sparkpost("key").url
    'https://api.sparkpost.com/api/v1/transmissions'
    """
    if region not in ("us", "eu"):
        raise InvalidValue("region", region, "is not one of SparkPost", "write 'us' or 'eu'")
    host = "api.sparkpost.com" if region == "us" else "api.eu.sparkpost.com"

    def payload(envelope: Envelope, raw: bytes) -> dict[str, Any]:
        letter: dict[str, Any] = {
            "options": {"open_tracking": False, "click_tracking": False},
            "recipients": [{"address": {"email": str(envelope.recipient.address)}}],
            "content": {"email_rfc822": raw.decode("utf-8")},
        }
        if envelope.return_path is not None:
            letter["return_path"] = str(envelope.return_path)
        return {"json": letter}

    def read(response: Response) -> Delivery:
        delivery = read_status(response)
        if isinstance(delivery, Accepted) and not response.json()["results"]["total_accepted_recipients"]:
            return Refused(reply=Reply.parse("550 5.7.1 SparkPost rejected the recipient"), phase=Phase.RCPT)
        return delivery

    return API(url=f"https://{host}/api/v1/transmissions", payload=payload, headers={"Authorization": key}, read=read)


def cloudflare(account: str, token: str) -> API:
    """Cloudflare's "Send a raw MIME email". There are no idempotency keys.

    Args:
        account: The account's id.
        token: An API token that may send mail.

    Source: developers.cloudflare.com, API reference, Email Sending.

    >>> cloudflare("023e", "token").url
    'https://api.cloudflare.com/client/v4/accounts/023e/email/sending/send_raw'
    """

    def payload(envelope: Envelope, raw: bytes) -> dict[str, Any]:
        if envelope.return_path is None:
            raise InvalidValue("Envelope.return_path", None, "is nothing that Cloudflare sends from")
        recipient = str(envelope.recipient.address)
        letter = {"from": str(envelope.return_path), "recipients": [recipient], "mime_message": raw.decode("utf-8")}
        return {"json": letter}

    def read(response: Response) -> Delivery:
        delivery = read_status(response)
        if isinstance(delivery, Accepted) and response.json()["result"]["permanent_bounces"]:
            return Refused(reply=Reply.parse("550 5.0.0 Cloudflare reports a permanent bounce"), phase=Phase.RCPT)
        return delivery

    url = f"https://api.cloudflare.com/client/v4/accounts/{account}/email/sending/send_raw"
    return API(url=url, payload=payload, headers={"Authorization": f"Bearer {token}"}, read=read)
