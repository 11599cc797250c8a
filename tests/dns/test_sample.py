from __future__ import annotations

from base64 import encodebytes
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit.dns.sample import lint, look
from mailkit.errors import InvalidValue

GOOD = b"""\
Return-Path: <bounce@mail.example.com>
Received: from out.example.com by mx.example.net with ESMTPS id 1; Mon, 2 Mar 2026 10:00:00 +0000
DKIM-Signature: v=1; a=rsa-sha256; d=Example.com; s=news; h=From:Subject:List-Unsubscribe:
 List-Unsubscribe-Post; bh=x; b=y
From: "Books, old @ new" <shop@example.com>
To: anna@example.org
Subject: Spring
Date: Mon, 2 Mar 2026 10:00:00 +0000
Message-ID: <1@example.com>
List-Unsubscribe: <mailto:leave@example.com>, <https://example.com/u/1>
List-Unsubscribe-Post: List-Unsubscribe=One-Click

Hello! To unsubscribe: https://example.com/u/1
""".replace(b"\n", b"\r\n")


def codes(raw: bytes) -> list[str]:
    return [finding.code.removeprefix("dns.sample-") for finding in lint(look(raw), "example.com")]


def test_a_good_letter_is_read_and_nothing_is_said_of_it() -> None:
    found = look(GOOD)
    assert found.from_domains == ("example.com",)
    assert found.signatures == (("example.com", "news"),)
    assert found.return_path == "mail.example.com"
    assert found.list_unsubscribe == ("mailto:leave@example.com", "https://example.com/u/1")
    assert found.is_one_click
    assert found.one_click_is_signed
    assert found.came_by_tls is True
    assert found.has_unsubscribe_link
    assert lint(found, "example.com") == ()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (b"Date: Mon, 2 Mar 2026 10:00:00 +0000\r\n", b"", ["form"]),
        (b"Message-ID: <1@example.com>\r\n", b"", ["form"]),
        (b"Subject: Spring\r\n", b"Subject: Spring\r\nSubject: Summer\r\n", ["form"]),
        (b"Subject: Spring\r\n", "Subject: Весна\r\n".encode(), ["form"]),
        (b"Hello!", b"Hello!\nBare", ["form"]),
        (b"Hello!", b"x" * 999, ["form"]),
        (b"Hello!", b"\0", ["form"]),
        (b"shop@example.com>", b"shop@example.net>", ["from"]),
        (b"shop@example.com>", b"shop@example.com>, <b@example.net>", ["from"]),
        (b"DKIM-Signature", b"X-Signature", ["unsigned", "one-click-unsigned"]),
        (b"List-Unsubscribe:\r\n List-Unsubscribe-Post", b"Date", ["one-click-unsigned"]),
        (b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n", b"", ["no-one-click"]),
        (b", <https://example.com/u/1>", b"", ["no-one-click"]),
        (b"\r\nList-Unsubscribe: ", b"\r\nX-List: ", ["no-unsubscribe"]),
        (b"unsubscribe", b"leave us", ["no-unsubscribe-link"]),
    ],
)
def test_each_fault_is_told_by_itself(old: bytes, new: bytes, said: list[str]) -> None:
    assert old in GOOD
    assert codes(GOOD.replace(old, new)) == said


@pytest.mark.parametrize(
    "text", ["<a href='https://x'>Unsubscribe</a>", "Отписаться: https://x.example/", "退订 https://x"]
)
def test_a_link_to_leave_is_found_in_every_encoding(text: str) -> None:
    head, _, _ = GOOD.partition(b"\r\n\r\n")
    padded = (text + " " * 60).encode()
    for body in (
        padded,
        encodebytes(padded).replace(b"\n", b"\r\n"),
        "".join(f"={one:02X}" for one in padded).encode(),
    ):
        assert look(head + b"\r\n\r\n" + body).has_unsubscribe_link


def test_what_came_in_the_clear_or_is_not_said_is_told_apart() -> None:
    assert look(GOOD.replace(b"ESMTPS", b"ESMTP")).came_by_tls is False
    assert look(GOOD.replace(b"Received", b"X-Received")).came_by_tls is None


def test_a_subdomain_is_of_the_domain() -> None:
    assert codes(GOOD.replace(b"shop@example.com", b"shop@news.example.com")) == []


@given(
    st.binary(max_size=500)
    | st.builds(lambda at, new: GOOD[:at] + new + GOOD[at + 3 :], st.integers(0, len(GOOD)), st.binary(max_size=5))
)
def test_any_bytes_are_looked_at(raw: bytes) -> None:
    lint(look(raw), "example.com")


HUGE = (
    b"From:" + b'"' * 500_000,
    b"From: " + b"@a" * 300_000,
    b"\r\n\r\n" + b"QUJD" * 15 * 9_000 + b"\r\n",
    b"\r\n\r\n" + (b"A" * 76 + b"\r\n") * 20_000 + b"A",
    b"\r\n\r\n" + (b"A" * 40 + b"\r\n\r\n") * 40_000,
    b"\r\n\r\n" + (b"x" * 998 + b"\r\n") * 2_000,
    b"List-Unsubscribe: <" + b" " * 500_000 + b"x\r\n\r\n",
    b"From: " + "<a@é.example>".encode() * 50_000,
)


@pytest.mark.parametrize("raw", HUGE)
def test_large_nonsense_is_looked_at_quickly(raw: bytes) -> None:
    assert look(raw).signatures == ()


def test_evidence_can_be_printed() -> None:
    raw = GOOD.replace(b"Subject: Spring", b"Subject: \x1b]0;pwned\x07\r\nSubject: x")
    raw = raw.replace(b"<mailto:leave@example.com>, <https://example.com/u/1>", b"<mailto:\x1b[2J>")
    found = [finding.evidence for finding in lint(look(raw), "example.com")]
    assert found == ["?]0;pwned? | x", "mailto:?[2J"]


def test_blanks_around_an_uri_are_no_part_of_it() -> None:
    raw = GOOD.replace(b"<mailto:leave@example.com>", b"< mailto:leave@example.com\t>")
    assert look(raw).list_unsubscribe[0] == "mailto:leave@example.com"


@pytest.mark.parametrize("given", ["From: a@b", None, 7])
def test_text_is_refused(given: Any) -> None:
    with pytest.raises(InvalidValue, match="undecoded"):
        look(given)
