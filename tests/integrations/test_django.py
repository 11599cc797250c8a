"""Letters go through Django's backends as they are, and Django's mail into an outbox."""

from __future__ import annotations

import asyncio
import smtplib
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import SMTP as SMTP_POLICY
from pathlib import Path
from typing import Any

import django
import pytest
from django.conf import settings
from django.core import mail
from django.core.mail import EmailMessage, EmailMultiAlternatives, send_mail
from django.core.mail.utils import DNS_NAME
from django.test import override_settings

from mailkit.address import Address
from mailkit.envelope import Envelope
from mailkit.errors import AddressError, InvalidValue
from mailkit.send import JobState, MemoryOutbox, Phase, Sender
from mailkit.send.signing import DKIMKey, DKIMSigner
from mailkit.send.transport import Accepted, Delivery, Lost, Refused, Unsendable
from mailkit.testing import Answer, FakeClock, MemoryTransport, SMTPServer
from mailkit.testing.contracts import check_transport

if not settings.configured:  # once for all tests of a run; those of `segment` want two databases
    memory = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
    settings.configure(
        USE_TZ=True, DATABASES={"default": memory, "elsewhere": {**memory, "TIME_ZONE": "Europe/Moscow"}}
    )
    django.setup()

from mailkit.integrations.django import DjangoTransport, EmailBackend
from mailkit.integrations.django_messages import finished, jobs_of

RAW = b"From: shop@example.com\nTo: anna@example.org\nSubject: Hello\nMessage-ID: <1@example.com>\n\nHello  Anna\n"
SENT = RAW.replace(b"\n", b"\r\n")
LOCMEM = "django.core.mail.backends.locmem.EmailBackend"
FILES = "django.core.mail.backends.filebased.EmailBackend"
SMTP = "django.core.mail.backends.smtp.EmailBackend"
ANYMAIL = "anymail.backends.test.EmailBackend"
DNS_NAME._fqdn = "localhost"  # what Django would ask a name server for
OUTBOX = MemoryOutbox()
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _empty() -> Iterator[None]:
    mail.outbox = []
    yield
    OUTBOX.__init__()  # type: ignore[misc]


def envelope(recipient: str = "Anna <anna@example.org>", **options: Any) -> Envelope:
    return Envelope(sender="Books <shop@example.com>", recipient=recipient, **options)


def deliver(transport: DjangoTransport, raw: bytes = RAW, *, to: Envelope | None = None, times: int = 1) -> Delivery:
    async def yes() -> bool:
        return True

    async def once() -> Delivery:
        await transport.open()
        for _ in range(times):
            delivery = await transport.deliver(to or envelope(), raw, commit=yes)  # type: ignore[arg-type]
        await transport.close()
        return delivery

    return asyncio.run(once())


def smtp(server: SMTPServer, **options: Any) -> DjangoTransport:
    return DjangoTransport(SMTP, options={"host": server.host, "port": server.port}, **options)


def test_over_smtp_it_keeps_the_contract_of_a_transport() -> None:
    answers = {
        "gone@example.org": Answer(reply="550 5.1.1 No such user"),
        "later@example.org": Answer(reply="451 4.7.1 Greylisted"),
        "cut@example.org": Answer(phase="message", drop=True),
    }
    with SMTPServer(answers=answers) as server:
        check_transport(
            lambda: smtp(server, connections=3),
            arrived=lambda: [received.content for received in server.messages],
            refused="gone@example.org",
            deferred="later@example.org",
            lost="cut@example.org",
        )


def test_in_memory_it_keeps_the_contract_of_a_transport() -> None:
    check_transport(
        lambda: DjangoTransport(LOCMEM),
        arrived=lambda: [message.message().as_bytes(linesep="\r\n") for message in mail.outbox],
    )


def test_a_signed_letter_arrives_with_its_very_bytes() -> None:
    key = DKIMKey("news", "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=")
    raw = "Subject: Grüße \t x\r\nX-Long: ".encode() + b"a" * 300 + b"\r\n" + SENT
    signed = DKIMSigner("example.com", key).sign(raw, now=datetime(2026, 3, 1, tzinfo=UTC))
    with SMTPServer() as server:
        deliver(smtp(server), signed, to=envelope(return_path="bounce@example.com"))
    assert server.messages[0].content == signed
    assert server.messages[0].sender == "bounce@example.com"


def test_files_have_the_letter_too(tmp_path: Path) -> None:
    deliver(DjangoTransport(FILES, options={"file_path": str(tmp_path)}))
    (path,) = tmp_path.iterdir()
    assert path.read_bytes().startswith(RAW)


def test_a_connection_that_has_ended_is_made_anew() -> None:
    with SMTPServer(letters_per_connection=1) as server:
        assert isinstance(deliver(smtp(server), times=3), Accepted)
        assert server.connections > 1
    with SMTPServer() as server:
        deliver(smtp(server), times=3)
        assert server.connections == 1


def test_a_backend_without_bytes_gets_the_parts() -> None:
    built = EmailMultiAlternatives(
        "Grüße",
        "Hello",
        "shop@example.com",
        ["x@example.org", "y@example.org"],
        cc=["z@example.org"],
        headers={"X-Shop": "1"},
    )
    built.attach_alternative("<p>Hello", "text/html")
    built.attach("a.pdf", b"%PDF", "application/pdf")
    raw = built.message().as_bytes()
    raw = b"List-Unsubscribe: <https://example.com/u>\nDKIM-Signature: v=1\n" + raw
    delivery = deliver(DjangoTransport(ANYMAIL), raw, to=envelope(reply_to="help@example.com"))
    assert isinstance(delivery, Accepted)
    (sent,) = mail.outbox
    found = sent.anymail_test_params
    assert found["from"].addr_spec == "shop@example.com"
    assert [one.addr_spec for one in found["to"]] == ["anna@example.org"]
    assert not found["cc"]
    assert found["subject"] == "Grüße"
    assert found["text_body"].strip() == "Hello"
    assert found["html_body"].strip() == "<p>Hello"
    assert found["extra_headers"]["List-Unsubscribe"] == "<https://example.com/u>"
    assert found["extra_headers"]["X-Shop"] == "1"
    assert "DKIM-Signature" not in found["extra_headers"]
    assert [one.addr_spec for one in found["reply_to"]] == ["help@example.com"]
    assert [(one.name, one.mimetype) for one in found["attachments"]] == [("a.pdf", "application/pdf")]


def test_an_image_that_a_letter_shows_is_attached_with_its_name_in_it() -> None:
    raw = (
        b'Subject: a\nContent-Type: multipart/related; boundary="x"\n\n'
        b'--x\nContent-Type: text/html\n\n<img src="cid:logo">\n'
        b"--x\nContent-Type: image/png\nContent-ID: <logo>\nContent-Transfer-Encoding: base64\n\niVBORw==\n--x--\n"
    )
    deliver(DjangoTransport(ANYMAIL), raw)
    (image,) = mail.outbox[0].anymail_test_params["attachments"]
    assert (image.cid, image.mimetype, image.content) == ("logo", "image/png", b"\x89PNG")


def test_a_letter_can_be_printed() -> None:
    deliver(DjangoTransport("django.core.mail.backends.console.EmailBackend"))
    message = finished(envelope(), RAW + b"\xff", is_sent_as_bytes=False).message(policy=SMTP_POLICY)
    assert message.as_string().endswith("Anna\r\n\ufffd\r\n")
    assert message.as_bytes() == SENT + b"\xff\r\n"
    assert message.as_bytes(linesep="\n") == RAW + b"\xff\n"


def test_a_charset_that_nobody_knows_costs_letters_at_most() -> None:
    deliver(DjangoTransport(LOCMEM), b"Subject: a\nContent-Type: text/plain; charset=none-such\n\ncaf\xc3\xa9\n")
    assert mail.outbox[0].body.strip() == "café"


class Failing:
    """A backend that raises, or sends nothing."""

    raises: Exception | None = None

    def __init__(self, **options: Any) -> None:
        pass

    def open(self) -> None:
        pass

    def close(self) -> None:
        raise smtplib.SMTPServerDisconnected("gone")

    def send_messages(self, messages: Any) -> int:
        if self.raises:
            raise self.raises
        return 0


class FailingToOpen(Failing):
    def open(self) -> None:
        raise OSError("no network")


class StatusError(Exception):
    status_code = 429


def anymail(name: str, *args: Any) -> Exception:
    from anymail import exceptions

    error: Exception = getattr(exceptions, name)(*args)
    return error


@pytest.mark.parametrize(
    ("error", "kind", "phase", "code"),
    [
        (smtplib.SMTPRecipientsRefused({"a@b": (550, b"5.1.1 No")}), Refused, Phase.RCPT, 550),
        (smtplib.SMTPSenderRefused(553, b"5.1.8 No", "a@b"), Refused, Phase.MAIL, 553),
        (smtplib.SMTPDataError(554, b"5.7.1 Spam"), Refused, Phase.MESSAGE, 554),
        (smtplib.SMTPDataError(250, b"odd"), Refused, Phase.MESSAGE, 451),
        (smtplib.SMTPServerDisconnected("cut"), Lost, Phase.MESSAGE, 0),
        (smtplib.SMTPRecipientsRefused({}), Lost, Phase.MESSAGE, 0),
        (smtplib.SMTPNotSupportedError("SMTPUTF8"), Unsendable, None, 0),
        (UnicodeEncodeError("ascii", "é", 0, 1, "no"), Unsendable, None, 0),
        (StatusError("slow down"), Refused, Phase.MAIL, 450),
        (anymail("AnymailAPIError", "timed out"), Lost, Phase.MESSAGE, 0),
        (anymail("AnymailUnsupportedFeature", "no"), Unsendable, None, 0),
        (anymail("AnymailRecipientsRefused", "no"), Refused, Phase.RCPT, 550),
        (RuntimeError("?"), Lost, Phase.MESSAGE, 0),
        (None, Refused, Phase.MESSAGE, 451),
    ],
)
def test_an_error_says_what_is_known_of_the_letter(
    monkeypatch: pytest.MonkeyPatch, error: Exception | None, kind: Any, phase: Phase | None, code: int
) -> None:
    monkeypatch.setattr(Failing, "raises", error)
    delivery: Any = deliver(DjangoTransport(f"{__name__}.Failing"))
    assert isinstance(delivery, kind)
    assert getattr(delivery, "phase", None) == phase
    assert getattr(getattr(delivery, "reply", None), "code", 0) == code


def test_what_fails_when_it_opens_has_sent_nothing() -> None:
    delivery: Any = deliver(DjangoTransport(f"{__name__}.FailingToOpen"))
    assert isinstance(delivery, Lost)
    assert delivery.phase is Phase.CONNECT
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        assert deliver(DjangoTransport(SMTP, options={"host": "127.0.0.1", "port": port})).phase is Phase.CONNECT  # type: ignore[union-attr]
    with SMTPServer(fault="busy") as server:
        busy = deliver(smtp(server))
    assert isinstance(busy, Refused)
    assert busy.reply.code == 421


def test_a_backend_that_is_not_there_is_told_at_once() -> None:
    with pytest.raises(ImportError):
        asyncio.run(DjangoTransport("no.such.Backend").open())


def test_the_null_reverse_path_cannot_be_had_over_its_smtp() -> None:
    with SMTPServer() as server:
        assert isinstance(deliver(smtp(server), to=envelope(return_path=None)), Unsendable)
    assert isinstance(deliver(DjangoTransport(LOCMEM), to=envelope(return_path=None)), Accepted)


def make_outbox() -> MemoryOutbox:
    return OUTBOX


BACKEND = "mailkit.integrations.django.EmailBackend"


def sent_from_outbox() -> MemoryTransport:
    transport = MemoryTransport()
    Sender(transport=transport, outbox=OUTBOX, progress=False).run_sync()
    return transport


@pytest.mark.parametrize("name", ["OUTBOX", "make_outbox"])
def test_django_mail_goes_into_the_outbox_once_for_each_recipient(name: str) -> None:
    with override_settings(EMAIL_BACKEND=BACKEND, MAILKIT_OUTBOX=f"{__name__}.{name}"):
        message = EmailMessage(
            "Hi", "Hello", "Books <shop@example.com>", ["Anna <anna@example.org>"], ["ben@example.org"]
        )
        assert message.send() == 1
    sent = sent_from_outbox().messages
    assert sorted(recipient for recipient, _ in sent) == ["anna@example.org", "ben@example.org"]
    parsed = message_from_bytes(sent[0][1])
    assert parsed["Subject"] == "Hi"
    assert parsed["Bcc"] is None
    assert b"\r\n" in sent[0][1]


def test_a_message_may_say_what_its_job_is() -> None:
    with override_settings(EMAIL_BACKEND=BACKEND, MAILKIT_OUTBOX=f"{__name__}.OUTBOX"):
        message = EmailMessage(
            "Hi", "Hello", "bounce@example.com", ["anna@example.org"], headers={"From": "shop@example.com"}
        )
        message.mailkit = {"person": "17", "campaign": "june", "is_transactional": False}
        message.send()
    lease = asyncio.run(OUTBOX.lease(now=datetime.now(UTC), until=datetime.now(UTC), limit=1))[0]
    assert (lease.job.person, lease.job.campaign, lease.job.is_transactional) == ("17", "june", False)
    assert lease.job.envelope.sender.address == Address.parse("shop@example.com")
    assert lease.job.envelope.return_path == Address.parse("bounce@example.com")


@pytest.mark.parametrize(
    ("date", "expected"),
    [("Sun, 01 Mar 2026 13:00:00 +0100", NOW), ("Sun, 01 Mar 2026 12:00:00 -0000", NOW), ("today", None)],
)
def test_a_job_has_the_date_of_the_letter(date: str, expected: datetime | None) -> None:
    message = EmailMessage("Hi", "Hello", "shop@example.com", ["anna@example.org"], headers={"Date": date})
    clock = FakeClock(datetime(2026, 4, 1, tzinfo=UTC))
    (job,) = jobs_of(message, clock=clock)
    assert job.date == (expected or clock.now())


def test_a_bad_address_stops_all_or_is_passed_over() -> None:
    messages = [EmailMessage("Hi", "Hello", "shop@example.com", [to]) for to in ("anna@example.org", "no address")]
    with pytest.raises(AddressError):
        EmailBackend(outbox=OUTBOX).send_messages(messages)
    assert asyncio.run(OUTBOX.counts()) == {}
    assert EmailBackend(fail_silently=True, outbox=OUTBOX).send_messages(messages) == 1
    assert asyncio.run(OUTBOX.counts()) == {JobState.QUEUED: 1}
    assert EmailBackend(outbox=OUTBOX).send_messages([]) == 0


@pytest.mark.parametrize("name", [None, "builtins.list"])
def test_a_missing_outbox_is_told(name: str | None) -> None:
    with (
        override_settings(EMAIL_BACKEND=BACKEND, MAILKIT_OUTBOX=name),
        pytest.raises(InvalidValue, match="MAILKIT_OUTBOX"),
    ):
        send_mail("Hi", "Hello", "shop@example.com", ["anna@example.org"])
