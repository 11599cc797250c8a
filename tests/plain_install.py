"""What is promised of the plain install, checked against the built wheel without any extra: `make plain-install`."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from mailkit import Address, Envelope, Event, MailkitError, compose, contacts, dns, reports, segment, send, track
from mailkit.compose import blocks as b
from mailkit.errors import MissingExtra

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def letters_are_written_chosen_sent_and_followed() -> None:
    tracker = track.Tracker("https://t.example.com", keys=track.Keyring({1: bytes(range(32))}))
    links = tracker.campaign(1, name="spring")
    letter = compose.Letter(
        subject="Hello, {{ name }}",
        blocks=[b.Heading("Spring"), b.Button("Look", href="https://shop.example.com/"), b.Footer(address="1 Main St")],
    )
    for inliner in ("css-inline", "premailer"):
        template = compose.compile(letter, links=links, inliner=inliner)
        envelope = Envelope(
            sender="shop@example.com", recipient="anna@example.org", headers=links.headers(person=1, at=NOW)
        )
        raw = template.encode({"name": "Anna"}, envelope, message_id="1@example.com", date=NOW, person=1)
        assert b"Hello, Anna" in raw
    happy = segment.event.purchase.at_least(1)
    bought = Event(kind="purchase", person="1", at=NOW)
    assert happy.matches({"id": 1}, events=[bought], now=NOW)
    assert send.classify(send.Reply.parse("550 5.1.1 No such user")).action is send.Action.SUPPRESS
    assert reports.funnel([Event(kind="accepted", person="1", at=NOW, campaign="spring")]).accepted == 1
    assert contacts.read_csv("id,email\n1,anna@example.org\n").records


def domains_are_checked_from_a_dict() -> None:
    report = dns.check_sync("example.com", resolver={("example.com", "TXT"): ["v=spf1 -all"]})
    assert report.findings


def a_refused_connection_is_told_and_loses_nothing() -> None:
    outbox = send.MemoryOutbox()
    envelope = Envelope(sender="shop@example.com", recipient="anna@example.org")
    job = send.Job(
        person="1",
        envelope=envelope,
        message_id="1@example.com",
        date=NOW,
        raw=b"Subject: Hi\r\n\r\nHi\r\n",
        expires_at=NOW,
    )
    asyncio.run(outbox.add([job], now=NOW))
    summary = send.Sender(transport=send.SMTPTransport("127.0.0.1", 9), outbox=outbox).run_sync()
    assert summary.total == 1


def a_missing_extra_is_named() -> None:
    def touch_stores() -> object:
        from mailkit import stores

        return stores.open("x.db")

    def touch_testing() -> object:
        from mailkit import testing

        return testing.strategies

    def touch_mjml() -> object:
        return compose.compile("<mjml><mj-body></mj-body></mjml>", subject="Hello")

    def touch_preview() -> object:
        from mailkit.cli.loading import LetterFile
        from mailkit.cli.server import serve

        return serve(LetterFile(Path("letter.py")))

    touches = (
        (touch_stores, "stores"),
        (touch_testing, "testing"),
        (lambda: contacts.read_xlsx("x.xlsx"), "files"),
        (touch_mjml, "mjml"),
        (touch_preview, "preview"),
    )
    for touch, extra in touches:
        assert missed_by(touch) == extra


def missed_by(touch: Callable[[], object]) -> str:
    try:
        touch()
    except MissingExtra as error:
        return error.extra
    return ""


def main() -> None:
    assert issubclass(MissingExtra, MailkitError)
    assert Address.parse("anna@example.org").key
    letters_are_written_chosen_sent_and_followed()
    domains_are_checked_from_a_dict()
    a_refused_connection_is_told_and_loses_nothing()
    a_missing_extra_is_named()
    heavy = {"sqlalchemy", "openpyxl", "aiosmtpd", "rich", "django", "flask", "hypothesis", "mrml", "starlette"}
    loaded = heavy & set(sys.modules)
    assert not loaded, loaded
    print("the plain install does what it promises")


if __name__ == "__main__":
    main()
