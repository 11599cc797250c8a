"""Letters go through HTTP APIs as they are, and what comes of each is told as it is known."""

from __future__ import annotations

import asyncio
import base64
import json
import socket
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from typing import Any

import attrs
import httpx
import pytest

from mailkit.envelope import Envelope
from mailkit.errors import InvalidValue
from mailkit.integrations.answers import refusal
from mailkit.integrations.http import API, HTTPTransport, cloudflare, mailgun, sparkpost
from mailkit.send import Action, Job, JobState, MemoryOutbox, Phase, Sender, classify
from mailkit.send.transport import Accepted, Delivery, Lost, Refused, Unsendable
from mailkit.testing.contracts import check_transport

RAW = b"From: shop@example.com\nTo: anna@example.org\nMessage-ID: <1@example.com>\n\nHello\n"
SENT = RAW.replace(b"\n", b"\r\n")


def envelope(recipient: str = "anna@example.org", **options: Any) -> Envelope:
    return Envelope(sender="shop@example.com", recipient=recipient, **options)


def plain(url: str, **options: Any) -> API:
    def payload(envelope: Envelope, raw: bytes) -> dict[str, Any]:
        return {"content": raw, "headers": {"To": str(envelope.recipient.address)}}

    return API(url=url, payload=payload, headers={"Authorization": "Bearer secret"}, **options)


def deliver(api: API, raw: bytes = RAW, *, timeout: float = 30, **options: Any) -> Delivery:
    async def yes() -> bool:
        return True

    async def once() -> Delivery:
        transport = HTTPTransport(api, timeout=timedelta(seconds=timeout))
        delivery = await transport.deliver(envelope(**options), raw, commit=yes)  # type: ignore[arg-type]
        await transport.close()
        return delivery

    return asyncio.run(once())


def refuse(status: int, headers: dict[str, str] | None = None, text: bytes = b"") -> Any:
    return lambda *_: (status, headers or {}, text)


def test_it_keeps_the_contract_of_a_transport(service: Any) -> None:
    def answer(headers: dict[str, str], body: bytes) -> Any:
        answers = {"gone@example.org": (422, {}, b"no"), "later@example.org": (429, {}, b""), "cut@example.org": "cut"}
        return answers.get(headers["to"], (202, {}, b"{}"))

    service.answer = answer
    check_transport(
        lambda: HTTPTransport(plain(service.url), connections=3),
        arrived=lambda: [body for _, body in service.requests],
        refused="gone@example.org",
        deferred="later@example.org",
        lost="cut@example.org",
    )


def test_a_letter_is_accepted_with_what_the_service_said(service: Any) -> None:
    service.answer = refuse(202, text=b'{"id": 7}')
    delivery = deliver(plain(service.url))
    assert isinstance(delivery, Accepted)
    assert delivery.reply.line == '250 2.0.0 HTTP 202: {"id": 7}'
    assert service.requests[0][1] == SENT
    assert service.requests[0][0]["authorization"] == "Bearer secret"


@pytest.mark.parametrize(
    ("status", "action", "is_permanent"),
    [
        (400, Action.FIX, True),
        (413, Action.FIX, True),
        (422, Action.FIX, True),
        (401, Action.FIX, True),
        (403, Action.FIX, True),
        (429, Action.SLOW, False),
        (420, Action.SLOW, False),
        (404, Action.RETRY, False),
        (500, Action.RETRY, False),
        (503, Action.RETRY, False),
        (301, Action.RETRY, False),
        (418, Action.RETRY, False),
    ],
)
def test_a_status_means_what_a_reply_would(service: Any, status: int, action: Action, is_permanent: bool) -> None:
    service.answer = refuse(status)
    delivery = deliver(plain(service.url))
    assert isinstance(delivery, Refused)
    assert delivery.reply.is_permanent == is_permanent
    assert classify(delivery.reply).action is action
    assert not service.requests


def test_how_long_to_wait_is_told_on() -> None:
    assert "try again in 30 seconds" in str(refusal(429, wait="30"))
    assert "try again" not in str(refusal(429, wait="Sun, 01 Mar 2026 12:00:00 GMT"))


@pytest.mark.parametrize("status", [502, 504, 520])
def test_a_gateway_does_not_know_what_became_of_a_letter(service: Any, status: int) -> None:
    service.answer = refuse(status, text=b"upstream")
    delivery = deliver(plain(service.url))
    assert isinstance(delivery, Lost)
    assert (delivery.phase, delivery.reason) == (Phase.MESSAGE, f"HTTP {status}: upstream")


@pytest.mark.parametrize("way", ["cut", "hang"])
def test_without_an_answer_nobody_knows(service: Any, way: str) -> None:
    service.answer = lambda *_: way
    delivery = deliver(plain(service.url), timeout=0.3)
    assert isinstance(delivery, Lost)
    assert delivery.phase is Phase.MESSAGE
    assert len(service.requests) == 1


def test_a_service_that_is_away_has_taken_nothing() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        delivery = deliver(plain(f"http://127.0.0.1:{listener.getsockname()[1]}/"))
    assert isinstance(delivery, Lost)
    assert delivery.phase is Phase.CONNECT
    assert delivery.server.startswith("127.0.0.1:")


def test_a_request_that_could_not_be_written_was_not_taken() -> None:
    with socket.socket() as listener:  # accepts, and reads nothing
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        delivery = deliver(plain(url), b"x: y\r\n\r\n" + b"x" * 8_000_000, timeout=0.3)
    assert isinstance(delivery, Lost)
    assert delivery.phase is Phase.DATA


def test_an_answer_that_cannot_be_read_may_be_a_yes(service: Any) -> None:
    def read(response: httpx.Response) -> Delivery:
        raise KeyError("id")

    delivery = deliver(plain(service.url, read=read))
    assert isinstance(delivery, Lost)
    assert delivery.phase is Phase.MESSAGE
    assert "HTTP 200" in delivery.reason


def test_a_letter_that_the_api_cannot_carry_is_not_sent(service: Any) -> None:
    delivery = deliver(attrs.evolve(sparkpost("key"), url=service.url), b"Subject: \xff\r\n\r\n")
    assert isinstance(delivery, Unsendable)
    assert "UnicodeDecodeError" in delivery.reason
    delivery = deliver(attrs.evolve(cloudflare("a", "t"), url=service.url), return_path=None)
    assert isinstance(delivery, Unsendable)
    assert not service.requests


def test_each_try_of_a_letter_has_the_same_key(service: Any) -> None:
    api = plain(service.url, idempotency_header="Idempotency-Key")
    for raw, recipient in (
        (RAW, "anna"),
        (b"DKIM-Signature: t=2\r\n" + RAW, "Anna"),
        (RAW, "ben"),
        (b"Subject: x\n\n", "anna"),
    ):
        deliver(api, raw, recipient=f"{recipient}@example.org")
    keys = [headers["idempotency-key"] for headers, _ in service.requests]
    assert keys[0] == keys[1]
    assert len(set(keys)) == 3


def test_mailgun_gets_the_letter_as_a_file(service: Any) -> None:
    deliver(attrs.evolve(mailgun("example.com", "secret"), url=service.url))
    headers, body = service.requests[0]
    form = message_from_bytes(b"Content-Type: " + headers["content-type"].encode() + b"\r\n\r\n" + body)
    parts: dict[Any, Any] = {part.get_param("name", header="content-disposition"): part for part in form.get_payload()}  # type: ignore[union-attr]
    assert parts["to"].get_payload() == "anna@example.org"
    assert parts["o:tracking"].get_payload() == "no"
    assert parts["message"].get_filename() == "message.eml"
    assert SENT in body
    assert base64.b64decode(headers["authorization"].split()[1]) == b"api:secret"


def test_sparkpost_says_how_many_it_took(service: Any) -> None:
    api = attrs.evolve(sparkpost("key", region="eu"), url=service.url)
    service.answer = refuse(200, text=b'{"results": {"total_accepted_recipients": 1, "id": "1"}}')
    assert isinstance(deliver(api, return_path="bounce@example.com"), Accepted)
    sent = json.loads(service.requests[0][1])
    assert sent["content"] == {"email_rfc822": SENT.decode()}
    assert sent["return_path"] == "bounce@example.com"
    assert sent["recipients"] == [{"address": {"email": "anna@example.org"}}]
    service.answer = refuse(200, text=b'{"results": {"total_accepted_recipients": 0, "id": "1"}}')
    assert isinstance(deliver(api, return_path=None), Refused)
    assert "return_path" not in json.loads(service.requests[1][1])


def test_cloudflare_tells_of_bounces(service: Any) -> None:
    api = attrs.evolve(cloudflare("a", "token"), url=service.url)
    service.answer = refuse(200, text=b'{"success": true, "result": {"permanent_bounces": [], "queued": ["x"]}}')
    assert isinstance(deliver(api), Accepted)
    sent = json.loads(service.requests[0][1])
    assert sent == {"from": "shop@example.com", "recipients": ["anna@example.org"], "mime_message": SENT.decode()}
    service.answer = refuse(200, text=b'{"success": true, "result": {"permanent_bounces": ["anna@example.org"]}}')
    assert isinstance(deliver(api), Refused)


@pytest.mark.parametrize(
    "make",
    [
        lambda: mailgun("example.com", "key", region="asia"),
        lambda: sparkpost("key", region="asia"),
        lambda: API(url="example.com", payload=dict),
        lambda: API(url=None, payload=dict),  # type: ignore[arg-type]
    ],
)
def test_what_is_no_address_or_region_is_refused(make: Any) -> None:
    with pytest.raises(InvalidValue):
        make()


def test_no_key_is_shown() -> None:
    for api in (mailgun("example.com", "secret"), sparkpost("secret"), cloudflare("a", "secret")):
        assert "secret" not in repr(HTTPTransport(api))


def test_a_sender_sends_through_it(service: Any) -> None:
    outbox = MemoryOutbox()
    jobs = [
        Job(
            person=str(number),
            envelope=envelope(f"n{number}@example.org"),
            message_id=f"{number}@example.com",
            date=datetime(2026, 3, 1, tzinfo=UTC),
            raw=RAW.replace(b"<1@", b"<%d@" % number),
        )
        for number in range(20)
    ]
    with Sender(transport=HTTPTransport(plain(service.url)), outbox=outbox, progress=False) as sender:
        sender.add_sync(jobs)
        assert sender.run_sync()[JobState.ACCEPTED] == 20
    assert len(service.requests) == 20
