"""Signatures hold by two verifiers that know nothing of the signer: dkimpy and `mailkit.dns`."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mailkit.errors import AddressError, InvalidValue
from mailkit.send.lines import Plain, is_plain
from mailkit.send.signing import DKIMKey, DKIMSigner, Signer
from mailkit.send.signing import dkim as signing

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LETTER = (
    b"From: Books <shop@example.com>\r\nTo: anna@example.org\r\nSubject: News\r\n of May\r\n"
    b"Date: Sun, 01 Mar 2026 12:00:00 +0000\r\nMessage-ID: <1@example.com>\r\n"
    b"List-Unsubscribe: <https://example.com/u/1>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
    b"MIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\nHello  Anna \r\n\r\n\r\n"
)
Verify = Callable[..., list[bool]]
FORMS = ["relaxed", "simple"]


def both(keys: Any, **options: Any) -> DKIMSigner:
    return DKIMSigner("example.com", [keys.rsa, keys.ed25519], **options)


def tags(signed: bytes) -> dict[str, str]:
    field = re.split(rb"\r\n(?![ \t])", signed)[0].decode().partition(":")[2]
    pairs = (tag.partition("=") for tag in re.sub(r"\s", "", field).split(";"))
    return {name: value for name, _, value in pairs}


@pytest.mark.parametrize("header_form", FORMS)
@pytest.mark.parametrize("body_form", FORMS)
def test_both_signatures_hold_in_every_form(keys: Any, verified: Verify, header_form: Any, body_form: Any) -> None:
    signed = both(keys, header_form=header_form, body_form=body_form).sign(LETTER, now=NOW)
    assert verified(signed, signatures=2) == [True, True]
    assert signed.endswith(LETTER)


blanks = st.text(" \t", max_size=3).map(str.encode)
words = st.lists(
    st.one_of(
        blanks,
        st.binary(min_size=1, max_size=3).filter(lambda b: not set(b) & set(b"\r\n\v\f\0\x1c\x1d\x1e\x1f\x85\xa0")),
    ),
    max_size=6,
).map(b"".join)
folds = st.lists(st.sampled_from([b"\r\n ", b"\r\n\t", b" \r\n  ", b""]), max_size=3)
values = st.lists(st.tuples(words, st.sampled_from([b"", b"\r\n ", b"\r\n\t"])), max_size=3).map(
    lambda parts: b"".join(word + fold for word, fold in parts) + b"x"
)
names = st.sampled_from(
    [b"Subject", b"sUBJECT", b"To", b"X-Shop", b"X_Odd!", b"List-Unsubscribe", b"Sender", b"Date", b"Received"]
)
headers = st.lists(st.tuples(names, values), max_size=6)
bodies = st.lists(st.one_of(words, st.sampled_from([b"", b" ", b"\t", b"Hello \t World", b"a" * 1200])), max_size=6)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(
    headers,
    bodies,
    st.sampled_from([b"\r\n", b"\n", b"\r"]),
    st.booleans(),
    st.sampled_from(FORMS),
    st.sampled_from(FORMS),
)
@example([], [], b"\r\n", False, "simple", "simple")
@example([(b"Subject", b" \r\n x")], [b" "], b"\r\n", True, "relaxed", "relaxed")
def test_whatever_the_blanks_the_signatures_hold(
    keys: Any,
    verified: Verify,
    fields: list[tuple[bytes, bytes]],
    lines: list[bytes],
    end: bytes,
    has_body: bool,
    header_form: Any,
    body_form: Any,
) -> None:
    rows = [name + b":" + value for name, value in [*fields, (b"From", b" shop@example.com")]]
    raw = b"\r\n".join(rows) + (b"\r\n\r\n" + b"\r\n".join(lines) if has_body else b"")
    signer = DKIMSigner("example.com", keys.ed25519, header_form=header_form, body_form=body_form)
    signed = signer.sign(raw.replace(b"\r\n", end), now=NOW)
    assert verified(signed, signatures=1) == [True]
    assert signer.sign(raw, now=NOW) == signed


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"Hello", b"Hallo"),
        (b"Subject: News", b"Subject: Olds"),
        (b"One-Click", b"No-Click"),
        (b"/u/1", b"/u/2"),
        (b"shop@example.com>\r\nTo", b"shop@example.net>\r\nTo"),
    ],
)
def test_what_was_changed_breaks_them(keys: Any, verified: Verify, old: bytes, new: bytes) -> None:
    signed = both(keys).sign(LETTER, now=NOW)
    assert old in signed
    assert verified(signed.replace(old, new, 1), signatures=2) == [False, False]


@pytest.mark.parametrize("name", signing.OVERSIGNED)
def test_an_added_field_that_is_oversigned_breaks_them(keys: Any, verified: Verify, name: str) -> None:
    signed = both(keys).sign(LETTER, now=NOW)
    assert verified(name.encode() + b": added\r\n" + signed, signatures=2) == [False, False]
    assert (
        verified(signed.replace(b"\r\n\r\n", b"\r\n" + name.encode() + b": x\r\n\r\n", 1), signatures=2) == [False] * 2
    )


def test_what_the_way_adds_does_not(keys: Any, verified: Verify) -> None:
    signed = both(keys).sign(LETTER, now=NOW)
    on_the_way = b"Return-Path: <shop@example.com>\r\nReceived: from a\r\n by b\r\nSender: x@example.com\r\n" + signed
    assert verified(on_the_way.replace(b"  Anna", b" \t Anna"), signatures=2) == [True, True]


def test_each_field_is_listed_once_more_than_it_is_there(keys: Any) -> None:
    listed = tags(both(keys).sign(b"Subject: a\r\nReferences: <1@b>\r\n" + LETTER, now=NOW))["h"].split(":")
    assert [listed.count(name) for name in ("From", "Subject", "Cc", "References", "Sender")] == [2, 3, 1, 1, 0]
    assert [listed.count(name) for name in ("List-Unsubscribe", "List-Unsubscribe-Post")] == [2, 2]


def test_of_two_fields_with_one_name_both_are_signed(keys: Any, verified: Verify) -> None:
    signed = both(keys).sign(b"Subject: first\r\nReferences: <1>\r\nReferences: <2>\r\n" + LETTER, now=NOW)
    assert verified(signed, signatures=2) == [True, True]
    assert verified(signed.replace(b"first", b"worst"), signatures=2) == [False, False]


def test_times_are_whole_seconds_and_a_life(keys: Any, verified: Verify) -> None:
    signer = both(keys, lifetime=timedelta(days=7))
    found = tags(signer.sign(LETTER, now=NOW))
    assert (found["t"], found["x"]) == (str(int(NOW.timestamp())), str(int((NOW + timedelta(days=7)).timestamp())))
    assert verified(signer.sign(LETTER), signatures=2) == [True, True]
    assert "x" not in tags(both(keys).sign(LETTER, now=NOW))


def test_the_same_letter_and_instant_give_the_same_bytes(keys: Any) -> None:
    assert both(keys).sign(LETTER, now=NOW) == both(keys).sign(LETTER, now=NOW)
    assert both(keys).sign(LETTER, now=NOW) != both(keys).sign(LETTER, now=NOW + timedelta(seconds=1))


def test_no_part_of_the_body_is_left_out_and_both_share_its_hash(keys: Any) -> None:
    signed = both(keys).sign(LETTER, now=NOW)
    hashes = re.findall(rb"bh=([^;]+);", signed)
    assert len(hashes) == 2
    assert len(set(hashes)) == 1
    assert b" l=" not in signed.partition(b"From:")[0]


@settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.from_regex(r"[a-z]{1,20}(-[a-z]{1,20}){0,2}", fullmatch=True), min_size=1, max_size=6))
def test_lines_have_76_columns_at_most(keys: Any, labels: list[str]) -> None:
    domain = ".".join(["".join(label)[:40] for label in labels])[:120].strip("-.").replace("-.", ".") + ".example"
    signed = DKIMSigner(domain, [keys.rsa, keys.ed25519], identity=f"@{domain}").sign(LETTER, now=NOW)
    own = signed[: -len(LETTER)].decode().split("\r\n")
    assert all(len(line) <= 76 or len(line.split()) == 1 for line in own)
    assert all(line.strip() for line in own[:-1])


def test_an_identity_is_quoted_as_dkim_does(keys: Any, verified: Verify) -> None:
    signed = both(keys, identity="anna;=b@news.example.com").sign(LETTER, now=NOW)
    assert tags(signed)["i"] == "anna=3B=3Db@news.example.com"
    assert verified(signed, signatures=2) == [True, True]


def test_a_name_in_another_alphabet_is_signed_as_a_labels(keys: Any, verified: Verify) -> None:
    signed = DKIMSigner("bücher.example", keys.ed25519, identity="@bücher.example").sign(LETTER, now=NOW)
    assert tags(signed)["d"] == "xn--bcher-kva.example"
    assert verified(signed, signatures=1, domain="xn--bcher-kva.example") == [True]


def test_eight_bits_in_header_fields_are_signed_as_they_are(keys: Any, verified: Verify) -> None:
    long = b"Cc: " + b", ".join(b"reader%d@example.org" % number for number in range(40)) + b"\r\n"
    signed = both(keys).sign(long + "Cc: Jürgen <j@example.org>\r\n".encode() + b"To: \xff\xfe\r\n" + LETTER, now=NOW)
    assert verified(signed, signatures=2) == [True, True]


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "0 is how many From fields"),
        (b"\r\nFrom: a@example.com\r\n\r\nHello", "0 is how many From fields"),
        (b"Subject: Hello\r\n\r\nFrom: a@example.com", "0 is how many From fields"),
        (b"From: a@example.com\r\nfrom: b@example.com\r\n\r\n", "2 is how many From fields"),
        (b"From shop Mon\r\nFrom: a@example.com\r\n\r\n", "stands among the header fields"),
        (b" folded\r\nFrom: a@example.com\r\n\r\n", "stands among the header fields"),
        (b"From: a@example.com\r\nSubject : Hello\r\n\r\n", "stands among the header fields"),
    ],
)
def test_what_is_no_letter_is_refused(keys: Any, raw: bytes, reason: str) -> None:
    with pytest.raises(InvalidValue, match=reason):
        both(keys).sign(raw, now=NOW)


def test_threads_may_share_a_signer(keys: Any, verified: Verify, monkeypatch: pytest.MonkeyPatch) -> None:
    signer = both(keys)
    letters = [LETTER.replace(b"News", b"News %d" % number) for number in range(60)]
    with ThreadPoolExecutor(8) as pool:
        signed = list(pool.map(lambda raw: signer.sign(raw, now=NOW), letters * 3))
    assert signed == [both(keys).sign(raw, now=NOW) for raw in letters] * 3
    assert verified(signed[59], signatures=2) == [True, True]


def test_what_is_remembered_stays_small(keys: Any, verified: Verify) -> None:
    signer = DKIMSigner("example.com", keys.ed25519, oversigned=["From"], signed=["To", "Sender"])
    for number in range(1200):
        order = b"".join(b"To: a@b\r\n" if number >> bit & 1 else b"Sender: c@d\r\n" for bit in range(11))
        signed = signer.sign(b"From: shop@example.com\r\nX-Number: %d\r\n" % number + order + b"\r\n", now=NOW)
    assert len(signer._known) <= 1000
    assert len(signer._lists) <= 1000
    assert verified(signed, signatures=1) == [True]


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"domain": "localhost"}, "domain"),
        ({"domain": "exam ple.com"}, "domain"),
        ({"keys": []}, "must be one DKIMKey"),
        ({"keys": "pem"}, "must be one DKIMKey"),
        ({"keys": None}, "must be one DKIMKey"),
        ({"header_form": "strict"}, "write 'relaxed' or 'simple'"),
        ({"body_form": None}, "write 'relaxed' or 'simple'"),
        ({"oversigned": ["Subject"], "signed": []}, "must have From"),
        ({"oversigned": ["From", "Return-Path"]}, "must not be signed"),
        ({"signed": ["A;B"]}, "is not a field name"),
        ({"signed": [3]}, "is not a field name"),
        ({"lifetime": timedelta(0)}, "is not a time"),
        ({"lifetime": 3600}, "is not a time"),
        ({"identity": "anna@example.net"}, "is neither an address"),
        ({"identity": "anna@badexample.com"}, "is neither an address"),
        ({"identity": "example.com"}, "is neither an address"),
        ({"identity": "anna@"}, "is neither an address"),
        ({"identity": 3}, "is neither an address"),
        ({"domain": ".".join(["a" * 60] * 4) + ".com"}, "is too long for a name"),
    ],
)
def test_what_does_not_fit_is_told_when_the_signer_is_made(keys: Any, options: dict[str, Any], reason: str) -> None:
    with pytest.raises(InvalidValue, match=reason):
        DKIMSigner(**{"domain": "example.com", "keys": keys.ed25519, **options})


def test_two_keys_under_one_selector_are_refused(keys: Any) -> None:
    with pytest.raises(InvalidValue, match="is the selector of two keys"):
        DKIMSigner("example.com", [keys.ed25519, DKIMKey("ED", keys.rsa.private)])


def test_a_wrong_domain_is_an_address_error(keys: Any) -> None:
    with pytest.raises(AddressError):
        DKIMSigner("example", keys.ed25519)


def test_a_signer_says_whether_it_is_slow_and_what_is_the_matter(keys: Any) -> None:
    assert isinstance(both(keys), Signer)
    assert both(keys).is_slow
    assert not DKIMSigner("example.com", keys.ed25519).is_slow
    assert not both(keys).findings
    assert [found.code for found in DKIMSigner("example.com", keys.ed25519).findings] == ["send.dkim-ed25519-alone"]
    assert DKIMSigner("example.com", keys.rsa, oversigned="From").oversigned == ("From",)


def test_no_key_is_shown(keys: Any) -> None:
    assert "PRIVATE" not in repr(both(keys))


@given(body=st.lists(st.sampled_from([b".", b"\r", b"\n", b"\r\n", b"a", b".a"])).map(b"".join))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_marked_as_plain_would_be_found_so(keys: Any, body: bytes) -> None:
    signed = both(keys).sign(b"From: shop@example.com\r\n\r\n" + body, now=datetime(2026, 3, 1, tzinfo=UTC))
    assert (type(signed) is Plain) == is_plain(b"\r\n" + body if body else b"\r\n")
    assert is_plain(bytes(signed)) or type(signed) is not Plain
