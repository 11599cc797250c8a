"""What has changed since a mail was signed: the usual changes are found, and no mail makes the search long."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import Any

import dkim as dkimpy
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mailkit.dns import arc, authenticate_sync, dkim
from mailkit.dns.dkim.effort import Efforts
from mailkit.dns.dkim.judge import judge
from mailkit.dns.dkim.key import find
from mailkit.dns.dkim.mail import Mail
from mailkit.dns.dkim.signature import Signature
from mailkit.dns.drive import run_sync

NOW = datetime(2030, 1, 1, tzinfo=UTC)
LONG = b"News of the spring sale, which begins in May and will end when the last book of the shelf is sold"
MAIL = (
    b"From: Shop <a@shop.example>\r\n"
    b"To: Boris <boris@example.net>\r\n"
    b"Cc: carl@example.net, <d@example.net>\r\n"
    b"Subject: " + LONG + b"\r\n"
    b"Date: Fri, 2 May 2025 10:00:00 +0000\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\n"
    b"\r\n"
    b"Hello Boris\r\n"
)
HEAD, GAP, BODY = MAIL.partition(b"\r\n\r\n")
NAMES = [b"from", b"to", b"cc", b"subject", b"date", b"content-type"]
SIMPLE, RELAXED = (b"simple", b"simple"), (b"relaxed", b"relaxed")
BOTH = pytest.mark.parametrize("forms", [SIMPLE, RELAXED])


@cache
def pair() -> dkim.KeyPair:
    return dkim.generate("shop.example", "news")


ZONE = {("news._domainkey.shop.example", "TXT"): str(pair().record)}


@cache
def signed(raw: bytes = MAIL, forms: Any = RELAXED) -> bytes:
    key = pair().private_key.encode()
    return bytes(dkimpy.DKIM(raw).sign(b"news", b"shop.example", key, canonicalize=forms, include_headers=NAMES)) + raw


def explained(mail: bytes) -> tuple[str, str]:
    (result,) = dkim.verify_sync(mail, resolver=ZONE, now=NOW).results
    assert result.result == "fail"
    return " / ".join(reason.message.partition(": ")[2] for reason in result.reasons), result.difference


# -- no mail makes it long


def spent(mail: bytes) -> tuple[int, int]:
    """What went into all explanations of a mail: for its body, and for its header."""
    parsed, efforts = Mail.parse(mail), Efforts()
    found = run_sync(find("news", "shop.example"), resolver=ZONE)
    for field in parsed.named("DKIM-Signature"):
        judge(parsed, Signature.read(field), found, NOW, efforts=efforts)
    return efforts.body.spent, efforts.header.spent


HOSTILE = {
    "prefixes": lambda n: signed().replace(b"Subject: ", b"Subject: " + b"[x] " * n),
    "folds": lambda n: signed(forms=SIMPLE).replace(b"Subject: ", b"Subject: " + b"a \r\n " * n),
    "blanks": lambda n: signed().replace(b"From: ", b"From: x" + b" " * n).replace(b"To:", b"Reply-To: a@b.c\r\nTo:"),
    "addresses": lambda n: signed(forms=SIMPLE).replace(b"Cc: ", b"Cc: " + b"a@b.example, " * n),
    "fields": lambda n: signed().replace(b"Subject: N", b"X: y\r\n" * (n // 20) + b"Subject: M"),
    "lines": lambda n: signed().replace(b"Hello", b"Hallo") + b"x y\r\n" * n,
    "dots": lambda n: signed().replace(b"Hello", b"Hallo") + b".\r\n>From \r\n\xc3\xa9" * n,
    "long lines": lambda n: signed().replace(b"Hello", b"Hallo") + (b"x" * 998 + b"\r\n") * (n // 20),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_twice_the_mail_costs_at_most_twice_the_work(kind: str) -> None:
    for size in (250, 500, 1000, 2000):
        once, twice = spent(HOSTILE[kind](size)), spent(HOSTILE[kind](2 * size))
        assert twice[0] <= 2.5 * once[0] + 10_000
        assert twice[1] <= 2.5 * once[1] + 10_000


@pytest.mark.parametrize("kind", HOSTILE)
def test_all_explanations_of_a_mail_share_one_effort(kind: str) -> None:
    mail, limits = HOSTILE[kind](8000), Efforts()
    field = mail[: mail.index(b"From: ")]
    body, header = spent(field * 9 + mail)
    assert body <= limits.body.left
    assert header <= limits.header.left


def test_what_was_not_looked_for_further_is_told() -> None:
    head = signed()[: -len(MAIL)]
    mail = head * 9 + signed().replace(b"Hello", b"Hallo") + b"x y\r\n" * 400_000
    last = dkim.verify_sync(mail.replace(LONG, b"Sold out"), resolver=ZONE, now=NOW).results[-1]
    assert [reason.code for reason in last.reasons] == ["dns.dkim-body-changed", "dns.dkim-header-changed"]
    for reason in last.reasons:
        assert "not known" in reason.message
        assert reason.message.endswith(
            "it was not looked for further, as explaining this mail has taken as much work as it may"
        )
    verified = dkim.verify_sync(mail[: -len(BODY)], resolver=ZONE, now=NOW)
    assert not verified.passes


def test_verifying_itself_is_never_cut_short() -> None:
    good = signed()
    bad = good[: -len(MAIL)].replace(b"bh=", b"bh=AAAA", 1)
    mail = bad * 9 + good
    assert [result.passes for result in dkim.verify_sync(mail, resolver=ZONE, now=NOW).results] == [False] * 9 + [True]


# -- the usual changes


def folded(at: int) -> bytes:
    """The subject, folded at the last blank before a column."""
    before, _, _ = LONG[:at].rpartition(b" ")
    return before + b"\r\n " + LONG[len(before) + 1 :]


FOLDED = folded(78 - len("Subject: ") + 1)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (FOLDED, LONG, "Subject was folded differently"),
        (FOLDED.replace(b"\r\n ", b"\r\n\t"), LONG, "Subject was folded differently"),
        (LONG, folded(20), "Subject was folded differently"),
        (FOLDED, folded(20), "Subject was folded differently"),
        (FOLDED, b"[list] " + LONG, "Subject has got '[list] ' before it"),
        (FOLDED, b"[list] " + folded(60), "Subject has got '[list] ' before it"),
        (LONG, LONG + b" [spam]", "Subject has got '[spam]' within it"),
        (FOLDED, folded(50) + b" [spam]", "Subject has got '[spam]' within it"),
        (FOLDED, FOLDED + b" (was: x)", "Subject has got ' (was: x)' behind it"),
    ],
)  # fmt: skip
@BOTH
def test_a_subject_that_was_folded_anew_is_named(old: bytes, new: bytes, expected: str, forms: Any) -> None:
    mail = signed(MAIL.replace(LONG, old), forms)
    changed = mail.replace(b"Subject: " + old, b"Subject: " + new)
    if forms == RELAXED and b"folded" in expected.encode():
        assert dkim.verify_sync(changed, resolver=ZONE, now=NOW).passes
    else:
        assert expected in explained(changed)[0]


@pytest.mark.parametrize(
    ("was", "now", "expected"),
    [
        (b"From: Shop <a@shop.example>", b'From: "Shop via List" <list@example.org>\r\nReply-To: a@shop.example',
         "From was rewritten; Reply-To holds its address"),
        (b'From: "Shop" <a@shop.example>', b"From: Shop via L <l@x.example>\r\nReply-To: l@x.example, a@shop.example",
         "From was rewritten; Reply-To holds its address"),
        (b"From: a@shop.example", b"From: a via List <l@example.org>\r\nReply-To: <a@shop.example>",
         "From was rewritten; Reply-To holds its address"),
        (b"From: =?utf-8?q?B=C3=BCro?= <a@shop.example>",
         b"From: =?utf-8?q?B=C3=BCro_via_List?= <l@example.org>\r\nReply-To: a@shop.example",
         "From was rewritten; Reply-To holds its address"),
        (b"To: boris@example.net", b"To: <boris@example.net>", "To had the brackets around its address changed"),
        (b"To: <boris@example.net>", b"To: boris@example.net", "To had the brackets around its address changed"),
        (b"Cc: a@x.example, b@x.example", b"Cc: <a@x.example>, <b@x.example>", "Cc had the brackets"),
        (b"Date: Fri, 2 May 2025 10:00:00 +0000", b"Date: Fri, 02 May 2025 10:00:00 +0000", "Date had its day or"),
        (b"Date: Fri, 02 May 2025 10:00:00 +0000", b"Date: Fri, 2 May 2025 10:00:00 GMT", "Date had its day or"),
        (b"Date: Fri, 2 May 2025 10:00:00 GMT", b"Date: Fri, 2 May 2025 10:00:00 -0000", "Date had its day or"),
        (b"Date: Fri, 2 May 2025 10:00:00 +0200", b"Date: Fri, 02 May 2025 10:00:00 +0200", "Date had its day or"),
        (b"Content-Type: text/plain; charset=utf-8", b'Content-Type: text/plain; charset="ISO-8859-1"',
         "Content-Type had its charset changed"),
    ],
)  # fmt: skip
@BOTH
def test_a_field_that_was_written_anew_is_named(was: bytes, now: bytes, expected: str, forms: Any) -> None:
    name = was.partition(b":")[0] + b":"
    old = next(line for line in HEAD.split(b"\r\n") if line.startswith(name))
    mail = signed(MAIL.replace(old, was), forms)
    assert expected in explained(mail.replace(b"\r\n" + was, b"\r\n" + now, 1))[0]


def test_a_date_that_is_none_is_not_explained() -> None:
    assert "which one changed is not known" in explained(signed().replace(b"Date: Fri, 2 May", b"Date: soon"))[0]


WIDE = b"x" * 1500 + b" y" * 900


@pytest.mark.parametrize(
    ("was", "now", "expected"),
    [
        (WIDE, WIDE[:998] + b"\r\n" + WIDE[998:1996] + b"\r\n" + WIDE[1996:2994] + b"\r\n" + WIDE[2994:], "long lines"),
        (WIDE, WIDE[:990] + b"\r\n" + WIDE[990:1980] + b"\r\n" + WIDE[1980:2970] + b"\r\n" + WIDE[2970:], "long lines"),
        (WIDE, WIDE[:989] + b"!\r\n " + WIDE[989:1978] + b"!\r\n " + WIDE[1978:], "its long lines were cut"),
        ("Grüße".encode(), "Grüße".encode("latin-1"), "from utf-8 to iso-8859-1"),
        ("Grüße".encode("latin-1"), "Grüße".encode(), "from iso-8859-1 to utf-8"),
        ("5 €".encode("cp1252"), "5 €".encode(), "from windows-1252 to utf-8"),
        (b"Hello", b"\xff\xfe", "how, is not known"),
    ],
)
@BOTH
def test_a_body_that_was_written_anew_is_explained(was: bytes, now: bytes, expected: str, forms: Any) -> None:
    mail = signed(HEAD + GAP + was + b"\r\nBye\r\n", forms)
    assert expected in explained(mail.replace(GAP + was, GAP + now))[0]


@pytest.mark.parametrize("blank", [b"", b"\r\n", b"\r\n\r\n"])
@pytest.mark.parametrize("lines", [0, 1, 5, 1500])
@pytest.mark.parametrize("added", [1, 3, 999, 1000])
@BOTH
def test_lines_at_the_end_are_found_behind_any_body(blank: bytes, lines: int, added: int, forms: Any) -> None:
    was = blank + b"".join(b"%d\r\n" % number + blank for number in range(lines))
    mail = signed(HEAD + GAP + was, forms) + b"+\r\n" * added
    found = explained(mail)[0]
    count = added + len(blank) // 2  # empty lines at the end are not signed, and so may have been added
    assert found == f"{'a line was' if count == 1 else f'{count} lines were'} added at its end"


# -- what is shown


def test_where_blanks_are_forgiven_folding_is_no_part_of_the_difference() -> None:
    changed = signed().replace(b"Subject: " + LONG, b"Subject:  [list]\r\n " + folded(50))
    assert explained(changed)[1] == (
        f"- Subject: {LONG.decode()}\n+ Subject: [list] {LONG.decode()}"
    )  # fmt: skip


words = st.text(max_size=12) | st.sampled_from(
    ["\x1b]0;pwned\x07", "\x9b2J", "\u202e", "\r", "\t", "\x00", "rsa-sha256"]
)
tags = st.lists(
    st.tuples(st.sampled_from(["v", "a", "b", "bh", "c", "d", "h", "i", "l", "q", "s", "t", "x", "cv"]), words)
)
fields = st.sampled_from(
    ["DKIM-Signature", "ARC-Seal", "ARC-Message-Signature", "ARC-Authentication-Results", "From", "x\x1b"]
)
USUAL = "v=1; a=rsa-sha256; d=b.example; s=s; h=from; bh=AA==; b=AA==; i="


@st.composite
def hostile(draw: Any) -> bytes:
    lines = []
    for name, given_tags in draw(st.lists(st.tuples(fields, tags), max_size=5)):
        whole = draw(st.sampled_from(["", USUAL, "i=1; "])) + "; ".join(f"{one}={value}" for one, value in given_tags)
        lines.append(f"{name}: {whole}".replace("\n", "").encode("utf-8", "replace"))
    return b"\r\n".join(lines) + draw(st.binary(max_size=20))


def is_printable(text: str) -> bool:
    return all(line.isprintable() for line in text.split("\n"))


@given(hostile() | st.binary(max_size=200))
@example(b"From: a@b.c\r\nDKIM-Signature: v=1; a=rsa-\x1b]0;pwned\x07sha256; d=b.c; s=s\r\n\r\nx")
@example(f"DKIM-Signature: {USUAL}\x1b]0;pwned\x07@x.example\r\n\x1b]0;pwned\x07\r\n\r\n".encode())
@settings(deadline=None)
def test_whatever_a_mail_says_what_is_said_of_it_can_be_printed(raw: bytes) -> None:
    zone = {("s._domainkey.b.example", "TXT"): b"v=DKIM1; k=\x1b[2J; h=a\tb; s=\x07; p=AAAA"}
    verified, chain = dkim.verify_sync(raw, resolver=zone, now=NOW), arc.verify_sync(raw, resolver=zone, now=NOW)
    letter = authenticate_sync(raw, ip="192.0.2.1", mail_from="a@b.example", helo="b.example", resolver=zone, now=NOW)
    for text in (str(verified), verified.authentication_results, str(chain), chain.difference, str(letter)):
        assert is_printable(text)
    for finding in (*verified.findings, *chain.reasons):
        assert is_printable(str(finding) + finding.message + finding.evidence + str(finding.place))
    assert is_printable("".join(result.difference for result in verified.results))


def test_a_notebook_shows_a_table_that_nothing_in_the_mail_can_break() -> None:
    mail = signed() + b"<script>x</script>\r\n"
    letter = authenticate_sync(mail, ip="192.0.2.1", mail_from="", helo="<i>.example", resolver=ZONE, now=NOW)
    for table in (letter._repr_html_(), letter.dkim._repr_html_()):
        assert "<script" not in table
        assert "<i>" not in table
        assert "a line was added at its end<br>+ &lt;script&gt;" in table
        assert table.count("<td") == table.count('<td style="text-align:left')
    rows = letter._repr_html_().split("<tr>")[2:]
    assert [row.partition('nowrap">')[2].partition("<")[0] for row in rows] == ["SPF", "DKIM", "ARC", "DMARC"]
    assert "the mail is not signed" in dkim.verify_sync(b"", resolver={})._repr_html_()
