"""Each letter is signed for its From domain."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit.address import Domain
from mailkit.errors import InvalidValue
from mailkit.send.signing import DKIMSigner, Signers

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def signers(keys: Any, **options: Any) -> Signers:
    names = ["example.com", "news.example.com", "bücher.example", Domain.parse("example.org")]
    return Signers({name: DKIMSigner(name, keys.ed25519) for name in names}, **options)


def signed_by(signed: bytes) -> str:
    found = re.search(rb" d=([^;]+);", signed.partition(b"From:")[0])
    return found.group(1).decode() if found else ""


@pytest.mark.parametrize(
    ("author", "domain"),
    [
        ("shop@example.com", "example.com"),
        ("Books <shop@EXAMPLE.com>", "example.com"),
        ("<shop@news.example.com>", "news.example.com"),
        ("shop@deep.news.example.com", "news.example.com"),
        ("shop@uk.example.com", "example.com"),
        ("shop@bücher.example", "xn--bcher-kva.example"),
        ("shop@xn--bcher-kva.example", "xn--bcher-kva.example"),
        ('"Mail <a@example.org> (x" <shop@example.com>', "example.com"),
        ('"odd local"@example.com', "example.com"),
        ("(b@example.org (c)) Anna (d) <a@example.com>", "example.com"),
        ("a@example.com, b@example.org", "example.com"),
        ("Team: a@example.org;", "example.org"),
        ("Anna\r\n <shop@example.com>", "example.com"),
    ],
)
def test_the_nearest_domain_signs(keys: Any, author: str, domain: str) -> None:
    raw = f"To: anna@example.net\r\nfrom: {author}\r\n\r\nFrom: x@example.org".encode()
    assert signed_by(signers(keys).sign(raw, now=NOW).replace(b"from:", b"From:")) == domain


def test_a_domain_that_is_not_known_is_refused_left_or_signed(keys: Any) -> None:
    raw = b"From: shop@badexample.com\r\n\r\nHello"
    with pytest.raises(InvalidValue, match=r"'badexample\.com' has no signer; did you mean 'example\.com'"):
        signers(keys).sign(raw, now=NOW)
    assert signers(keys, unknown="leave").sign(raw, now=NOW) == raw + b"\r\n"
    assert signed_by(signers(keys, unknown=DKIMSigner("esp.example", keys.ed25519)).sign(raw, now=NOW)) == "esp.example"


@pytest.mark.parametrize(
    "raw", [b"", b"Subject: a\r\n\r\nFrom: a@example.com", b"From: nobody\r\n\r\n", b"From: a@b\r\n"]
)
def test_a_letter_of_nobody_is_refused(keys: Any, raw: bytes) -> None:
    with pytest.raises(InvalidValue, match="has no address"):
        signers(keys, unknown="leave").sign(raw, now=NOW)


def test_it_is_slow_if_one_of_them_is(keys: Any) -> None:
    assert not signers(keys).is_slow
    assert signers(keys, unknown=DKIMSigner("esp.example", keys.rsa)).is_slow


@pytest.mark.parametrize("given", [{}, None, {"example.com": None}, {"localhost": None}])
def test_what_is_no_row_of_signers_is_refused(given: Any) -> None:
    with pytest.raises(InvalidValue):
        Signers(given)


def test_what_unknown_may_be_is_said(keys: Any) -> None:
    with pytest.raises(InvalidValue, match="write 'refuse', 'leave'"):
        signers(keys, unknown="ignore")


@given(st.binary(max_size=300))
def test_any_bytes_are_signed_or_refused(keys: Any, raw: bytes) -> None:
    for letter in (raw, b"From: " + raw, b"From: a@example.com\r\n" + raw):
        with suppress(InvalidValue):
            signers(keys).sign(letter, now=NOW)


def test_addresses_that_are_remembered_stay_few(keys: Any) -> None:
    one = signers(keys)
    for number in (0, *range(1200)):
        one.sign(b"From: n%d@example.com\r\n\r\n" % number, now=NOW)
    assert len(one._known) <= 1000
