"""What was seen, as facts for the providers' demands."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime
from typing import Any

import dkim as dkimpy
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from mailkit import dns
from mailkit.dns.facts import FREE_MAIL, facts
from mailkit.dns.readiness import DEMANDS, Fact

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ZONE: dict[Any, Any] = {
    ("example.com", "TXT"): ["v=spf1 ip4:8.8.4.4 -all"],
    ("example.com", "MX"): ["10 mx.example.com"],
    ("mx.example.com", "A"): ["8.8.8.8"],
    ("4.4.8.8.in-addr.arpa", "PTR"): ["out.example.com"],
    ("out.example.com", "A"): ["8.8.4.4"],
    ("_dmarc.example.com", "TXT"): ["v=DMARC1; p=none; rua=mailto:d@example.com"],
}
KEY = dns.dkim.generate("example.com", "news")
LETTER = b"""\
Return-Path: <bounce@example.com>
Received: from out.example.com by mx.example.net with ESMTPS; Sun, 1 Mar 2026 12:00:00 +0000
From: Books <shop@example.com>
Date: Sun, 1 Mar 2026 12:00:00 +0000
Message-ID: <1@example.com>
List-Unsubscribe: <https://example.com/u/1>
List-Unsubscribe-Post: List-Unsubscribe=One-Click

Hello! Unsubscribe: https://example.com/u/1
""".replace(b"\n", b"\r\n")


def signed(letter: bytes) -> bytes:
    head = [b"from", b"date", b"message-id", b"list-unsubscribe", b"list-unsubscribe-post"]
    made = dkimpy.sign(letter, b"news", b"example.com", KEY.private_key.encode(), include_headers=head)
    return bytes(made) + letter


def seen(zone: dict[Any, Any], **more: Any) -> dict[str, Fact]:
    report = dns.check_sync("example.com", resolver=zone, now=NOW, **more)
    return {fact.demand: fact for fact in facts(report.seen, report.findings)}


def test_every_demand_has_one_fact() -> None:
    assert sorted(seen({})) == sorted(DEMANDS)


def test_nothing_is_called_missing_because_nobody_looked() -> None:
    found = seen(ZONE)
    unknown = {word for word, fact in found.items() if fact.holds is None}
    assert unknown == {
        "dkim", "aligned", "ptr", "tls", "form", "complaints", "list-unsubscribe", "one-click", "unsubscribe-link",
    }  # fmt: skip
    assert all(fact.evidence for fact in found.values() if fact.holds is None)


def test_what_nobody_answered_is_not_known() -> None:
    names = ["example.com", "_dmarc.example.com", "_dmarc.com"]
    silent = {(name, kind): dns.TimedOut() for name in names for kind in ("TXT", "MX", "A", "AAAA")}
    found = seen(silent, selectors=["news"], sends_through=["8.8.4.4"])
    silent |= {("4.4.8.8.in-addr.arpa", "PTR"): dns.TimedOut(), (KEY.published.name, "TXT"): dns.TimedOut()}
    found = seen(silent, selectors=["news"], sends_through=["8.8.4.4"])
    for word in ("spf", "dkim", "spf-or-dkim", "dmarc", "rua", "ptr", "answerable"):
        assert found[word].holds is None, word


def test_a_good_letter_of_a_good_domain_meets_all_that_can_be_seen() -> None:
    zone = ZONE | {(KEY.published.name, "TXT"): [KEY.published.text]}
    found = seen(zone, sample=signed(LETTER), sends_through=["8.8.4.4"])
    assert {word for word, fact in found.items() if not fact.holds} == {"complaints"}
    assert found["dkim"].evidence == "signed by example.com"


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        (b"", b"", "dkim"),
        (b"Hello!", b"Hallo!", "dkim"),
        (b"ESMTPS", b"ESMTP", "tls"),
        (b"-Post: List", b"-Post: list", ""),
        (b"List-Unsubscribe-Post", b"X-Post", "one-click"),
        (b"Message-ID: <1@example.com>\r\n", b"", "form"),
    ],
)
def test_each_fault_of_a_letter_is_a_fact(old: bytes, new: bytes, word: str) -> None:
    zone = ZONE | {(KEY.published.name, "TXT"): [KEY.published.text]}
    letter = LETTER if word == "dkim" and not old else signed(LETTER)
    found = seen(zone, sample=letter.replace(old, new) if old else letter, selectors=["news"])
    assert not word or found[word].holds is False


def test_a_signature_whose_key_nobody_told_is_not_known() -> None:
    zone = ZONE | {(KEY.published.name, "TXT"): dns.TimedOut()}
    assert seen(zone, sample=signed(LETTER), selectors=["news"])["dkim"].holds is None


def test_a_letter_without_a_link_or_a_receiver_is_not_judged_by_them() -> None:
    letter = LETTER.replace(b"Unsubscribe: https://example.com/u/1", b"Bye").partition(b"From:")
    found = seen(ZONE, sample=b"From:" + letter[2])
    assert (found["unsubscribe-link"].holds, found["tls"].holds) == (None, None)


def test_a_strangers_signature_is_not_aligned() -> None:
    zone = ZONE | {(KEY.published.name, "TXT"): [KEY.published.text]}
    stranger = signed(LETTER.replace(b"shop@example.com", b"shop@example.net"))
    assert seen(zone, sample=stranger)["aligned"].holds is False
    silent = zone | {("_dmarc.example.net", "TXT"): dns.TimedOut()}
    assert seen(silent, sample=stranger)["aligned"].holds is None


def test_nobody_may_write_from_a_free_mailbox() -> None:
    for name in ("gmail.com", "mail.ru"):
        assert name in FREE_MAIL
        report = dns.check_sync(name, resolver={}, now=NOW)
        (fact,) = [one for one in facts(report.seen, report.findings) if one.demand == "own-from"]
        assert fact.holds is False


def test_reports_go_to_somebody_or_nobody() -> None:
    assert seen({})["rua"].holds is False
    assert seen(ZONE | {("_dmarc.example.com", "TXT"): ["v=DMARC1; p=none"]})["rua"].holds is False


def test_keys_that_were_guessed_count_if_they_are_sound() -> None:
    good, weak = (
        seen(ZONE | {("mail._domainkey.example.com", "TXT"): [KEY.published.text]}),
        seen(ZONE | {("mail._domainkey.example.com", "TXT"): ["v=DKIM1; p=AAAA"]}),
    )
    assert (good["dkim"].holds, weak["dkim"].holds) == (True, None)
    assert "mail" in good["dkim"].evidence


def test_spf_is_not_known_while_anything_that_it_includes_is_silent() -> None:
    zone = ZONE | {("example.com", "TXT"): ["v=spf1 include:spf.example.net -all"]}
    found = seen(zone | {("spf.example.net", "TXT"): dns.TimedOut()})
    assert found["spf"].holds is None
    assert seen(zone | {("spf.example.net", "TXT"): ["v=spf1 -all"]})["spf"].holds


def test_dkim_with_ed25519_alone_is_not_known_to_be_enough() -> None:
    published = dns.dkim.generate("example.com", "news", algorithm="ed25519")
    zone = ZONE | {(published.published.name, "TXT"): [published.published.text]}
    assert seen(zone, selectors=["news"])["dkim"].holds is None
    head = [b"from", b"date", b"message-id", b"list-unsubscribe", b"list-unsubscribe-post"]
    secret = published.private_key.encode()
    made = dkimpy.sign(
        LETTER, b"news", b"example.com", _seed(secret), include_headers=head, signature_algorithm=b"ed25519-sha256"
    )
    letter = bytes(made) + LETTER
    fact = seen(zone, sample=letter)["dkim"]
    assert (fact.holds, "Ed25519" in fact.evidence) == (None, True)
    both = zone | {("rsa._domainkey.example.com", "TXT"): [KEY.published.text]}
    by_rsa = bytes(dkimpy.sign(LETTER, b"rsa", b"example.com", KEY.private_key.encode(), include_headers=head))
    assert seen(both, sample=by_rsa + letter)["dkim"].holds is True


def _seed(pem: bytes) -> bytes:
    """The private key as dkimpy wants it."""
    key = load_pem_private_key(pem, password=None)
    return b64encode(key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption()))


@pytest.mark.parametrize(
    ("records", "holds"),
    [
        ([], False),
        (["v=spf1 foo -all"], False),
        (dns.TimedOut(), None),
        (["v=spf1 ip4:8.8.4.4 -all"], True),
    ],
)
@pytest.mark.parametrize("name", ["em1.example.com", "bounces.example.net"])
def test_spf_is_judged_where_the_letter_returns_to(name: str, records: Any, holds: bool | None) -> None:
    zone = ZONE | ({(name, "TXT"): records} if records else {})
    letter = LETTER.replace(b"bounce@example.com", f"b@{name}".encode())
    assert seen(zone, sample=letter)["spf"].holds is holds
    assert seen(zone, sample=letter, sends_through=["8.8.4.4"])["spf"].holds is holds


def test_spf_is_met_by_the_evaluation_where_there_is_one() -> None:
    letter = LETTER.replace(b"bounce@example.com", b"b@em1.example.com")
    fails = seen(ZONE | {("em1.example.com", "TXT"): ["v=spf1 -all"]}, sample=letter, sends_through=["8.8.4.4"])
    assert (fails["spf"].holds, fails["spf"].evidence) == (False, "SPF does not pass for the letter: fail")
    assert seen(ZONE, sample=LETTER, sends_through=["8.8.4.4"])["spf"].holds
    assert seen(ZONE, sample=LETTER, sends_through=["8.8.4.4", "8.8.8.8"])["spf"].holds is False
    silent = ZONE | {("example.com", "TXT"): ["v=spf1 exists:%{i}.x.example -all"]}
    silent |= {("8.8.4.4.x.example", "A"): dns.TimedOut()}
    assert seen(silent, sample=LETTER, sends_through=["8.8.4.4"])["spf"].holds is None


def test_reports_to_a_domain_that_takes_no_mail_go_to_nobody() -> None:
    zone = ZONE | {("example.com", "MX"): ["0 ."]}
    assert seen(zone)["rua"].holds is False
    both = ["v=DMARC1; p=none; rua=mailto:d@example.com,mailto:d@example.net"]
    assert seen(zone | {("_dmarc.example.com", "TXT"): both})["rua"].holds is True
