"""The fixtures that pytest finds by itself."""

from __future__ import annotations

import smtplib
from collections.abc import Callable
from datetime import timedelta

from mailkit import dns, testing


def test_the_clock_stands_until_it_is_advanced(mailkit_clock: testing.FakeClock) -> None:
    before = mailkit_clock.now()
    mailkit_clock.advance(timedelta(hours=1))
    assert mailkit_clock.now() - before == timedelta(hours=1)


def test_a_server_takes_letters(mailkit_server: Callable[..., testing.SMTPServer]) -> None:
    server = mailkit_server(answers={"ben@example.org": testing.Answer(reply="550 5.1.1 No such user")})
    with smtplib.SMTP(server.host, server.port) as client:
        refused = client.sendmail("shop@example.com", ["anna@example.org", "ben@example.org"], "Subject: Hi\n\nHi")
    assert list(refused) == ["ben@example.org"]
    assert [letter.recipient for letter in server.messages] == ["anna@example.org"]


def test_a_zone_answers(mailkit_zone: Callable[..., testing.DNSZone]) -> None:
    zone = mailkit_zone({"example.com": {"TXT": ["v=spf1 -all"]}})
    report = dns.check_sync("example.com", resolver=dns.BlockingResolver(nameservers=[zone.host], port=zone.port))
    assert str(report.spf) == "v=spf1 -all"
