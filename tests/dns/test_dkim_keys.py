"""Making keys, and finding those that nobody has told of."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import dkim as dkimpy
import pytest
from cryptography.hazmat.primitives import serialization
from hypothesis import given
from hypothesis import strategies as st

from mailkit.dns import AsyncResolver, TimedOut, dkim
from mailkit.dns.dkim.guess import MOST_GUESSES
from mailkit.dns.dkim.lint import lint
from mailkit.dns.drive import run_sync
from mailkit.dns.vendors import known, vendor
from mailkit.errors import InvalidValue
from mailkit.findings import Finding
from mailkit.testing import DNSZone

KEY = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="


def linted(pair: dkim.KeyPair) -> list[str]:
    zone = {(pair.published.name, "TXT"): pair.published.text}
    found = run_sync(dkim.find(pair.selector, pair.domain), resolver=zone)
    return [finding.code for finding in lint(found)]


@pytest.mark.parametrize("bits", [2048, 3072, 4096])
def test_an_rsa_key_that_is_made_here_has_nothing_to_be_said_about(bits: int) -> None:
    pair = dkim.generate("example.com", "news", bits=bits)
    assert (pair.record.bits, linted(pair)) == (bits, [])
    assert max(map(len, pair.published.strings)) <= 255
    assert "".join(pair.published.strings) == str(pair.record)
    assert dkim.Record.parse(pair.published.text) == pair.record


def test_an_ed25519_key_that_is_made_here_reads_back() -> None:
    pair = dkim.generate("example.com", "news", algorithm="ed25519")
    assert (pair.record.bits, linted(pair)) == (256, ["dns.dkim-ed25519"])


def test_the_private_key_fits_the_record_and_is_not_shown() -> None:
    pair = dkim.generate("example.com", "news")
    key: Any = serialization.load_pem_private_key(pair.private_key.encode(), password=None)
    form = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    assert key.public_key().public_bytes(*form) == pair.record.key
    assert "PRIVATE" not in repr(pair)
    assert dkimpy.parse_pem_private_key(pair.private_key.encode())["modulus"] == key.public_key().public_numbers().n


def said_of(text: str) -> Finding:
    found = run_sync(dkim.find("news", "example.com"), resolver={("news._domainkey.example.com", "TXT"): text})
    return lint(found)[0]


@pytest.mark.parametrize("form", [serialization.PrivateFormat.PKCS8, serialization.PrivateFormat.TraditionalOpenSSL])
def test_a_private_key_in_the_dns_is_told_at_once(form: serialization.PrivateFormat) -> None:
    pair = dkim.generate("example.com", "news")
    key: Any = serialization.load_pem_private_key(pair.private_key.encode(), password=None)
    der = key.private_bytes(serialization.Encoding.DER, form, serialization.NoEncryption())
    finding = said_of(f"v=DKIM1; p={b64encode(der).decode()}")
    assert (finding.code, finding.severity) == ("dns.dkim-private", "error")
    assert "new key" in finding.mend
    assert b64encode(der).decode()[:40] not in str(finding)


@pytest.mark.parametrize("kind", ["", "k=ed25519; "])
def test_an_ed25519_key_as_openssl_writes_it_is_mended(kind: str) -> None:
    pair = dkim.generate("example.com", "news", algorithm="ed25519")
    der = bytes.fromhex("302a300506032b6570032100") + (pair.record.key or b"")
    assert said_of(f"v=DKIM1; {kind}p={b64encode(der).decode()}").mend == str(pair.published)


def test_a_pem_file_in_the_record_is_told() -> None:
    finding = said_of("v=DKIM1; p=-----BEGIN PUBLIC KEY-----AAAA-----END PUBLIC KEY-----")
    assert finding.mend == "leave out the lines with BEGIN and END"


@pytest.mark.parametrize(
    ("given_arguments", "reason"),
    [
        ({"selector": "a b"}, "not a DKIM selector"),
        ({"bits": 1024}, "write 2048, 3072 or 4096"),
        ({"bits": 2049}, "write 2048, 3072 or 4096"),
        ({"algorithm": "dsa"}, "write 'rsa' or 'ed25519'"),
        ({"domain": "x" * 64 + ".example"}, "label longer than 63 bytes"),
    ],
)
def test_what_verifiers_would_not_take_is_not_made(given_arguments: dict[str, Any], reason: str) -> None:
    with pytest.raises(InvalidValue, match=reason):
        dkim.generate(**{"domain": "example.com", "selector": "news"} | given_arguments)


@given(st.lists(st.sampled_from(known()), max_size=12))
def test_never_more_than_eight_selectors_are_guessed_each_once(vendors: list[Any]) -> None:
    guessed = dkim.likely_selectors(vendors=vendors)
    assert len(guessed) == len(set(guessed)) == MOST_GUESSES
    firsts = list(dict.fromkeys(one.selectors[0] for one in dict.fromkeys(vendors) if one.selectors))
    assert list(guessed[: len(firsts)]) == firsts[:MOST_GUESSES]


def test_who_is_known_to_send_is_guessed_first() -> None:
    assert dkim.likely_selectors(includes=["_spf.google.com"])[0] == "google"
    assert dkim.likely_selectors(mx=["example-com.mail.protection.outlook.com"])[:2] == ("selector1", "selector2")
    assert dkim.likely_selectors(vendors=[vendor("mailchimp")])[:3] == ("k1", "k2", "k3")
    assert dkim.likely_selectors(includes=["spf.unknown.example"]) == dkim.likely_selectors()


def test_guessing_finds_keys_and_asks_for_all_of_them_at_once() -> None:
    zone = {("k2._domainkey.example.com", "TXT"): KEY, ("mail._domainkey.example.com", "TXT"): TimedOut()}
    check = dkim.guess("example.com", vendors=[vendor("mailchimp")])
    assert len(next(check)) == MOST_GUESSES
    guesses = run_sync(dkim.guess("example.com", vendors=[vendor("mailchimp")]), resolver=zone)
    assert [found.selector for found in guesses.keys] == ["k2"]
    assert [found.selector for found in guesses.unanswered] == ["mail"]
    assert not guesses.is_wildcard


class Everything:
    """A zone with a wildcard: the same answer to any name."""

    def __init__(self, text: str) -> None:
        self.text = text

    def resolve(self, query: Any) -> Any:
        from mailkit.dns import Answer

        return Answer((self.text,))


@pytest.mark.parametrize("text", [KEY, "v=DKIM1; p=", "v=spf1 -all"])
def test_a_wildcard_is_noticed_and_is_no_key(text: str) -> None:
    guesses = run_sync(dkim.guess("example.com"), resolver=Everything(text))
    assert guesses.is_wildcard
    assert guesses.keys == ()


def test_keys_come_from_a_real_name_server_whole() -> None:
    pair = dkim.generate("example.com", "mail", bits=4096)
    with DNSZone({(pair.published.name, "TXT"): [list(pair.published.strings)]}) as zone:
        resolver = AsyncResolver(nameservers=[zone.host], port=zone.port)
        guesses = run_sync(dkim.guess("example.com"), resolver=resolver)
    assert len(zone.questions()) == len(set(zone.questions())) == MOST_GUESSES
    assert [found.record for found in guesses.keys] == [pair.record]


def test_a_vendor_that_is_unknown_is_no_vendor() -> None:
    with pytest.raises(InvalidValue, match="list of texts"):
        dkim.likely_selectors(mx="mx.example.com")
