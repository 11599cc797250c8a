from __future__ import annotations

from ipaddress import IPv4Address
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit.dns import authenticate_sync, spf
from mailkit.dns.authentication import authentication_results, dkim_identifiers, spf_identifier
from mailkit.dns.authres import AuthenticationResults, Property, Statement
from mailkit.dns.dmarc import Identifier, evaluate_sync
from mailkit.errors import InvalidValue

keywords = st.from_regex(r"[a-z0-9](?:[a-z0-9_-]{0,6}[a-z0-9])?", fullmatch=True)
values = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp"]), max_size=20)
properties = st.builds(Property, type=keywords, name=keywords, value=values)
statements = st.builds(
    Statement,
    method=keywords,
    result=keywords,
    reason=values,
    properties=st.lists(properties, max_size=3),
)
fields = st.builds(
    AuthenticationResults,
    host=values,
    statements=st.lists(statements, max_size=3),
    instance=st.none() | st.integers(1, 50),
)


@given(fields)
def test_a_field_reads_back_from_its_text_and_folded(found: AuthenticationResults) -> None:
    assert AuthenticationResults.parse(str(found)) == found
    name, _, value = found.header().partition(": ")
    assert name == "Authentication-Results"
    assert AuthenticationResults.parse(value) == found


@given(st.text(max_size=200) | st.text('ab=;.()"\\/ 1\r\n', max_size=60))
def test_any_text_reads(text: str) -> None:
    found = AuthenticationResults.parse(text)
    assert AuthenticationResults.parse(str(found)).statements == found.statements


@given(st.text(max_size=50))
def test_no_value_ends_the_line(text: str) -> None:
    found = AuthenticationResults(host=text, statements=[Statement(method="spf", result="pass", reason=text)])
    assert len(found.header().splitlines()) <= 2


@pytest.mark.parametrize("text", ["a ." * 20000, "(" * 60000, '"\\' * 30000, "a=b " * 15000, ";" * 60000, " " * 60000])
def test_hostile_fields_read_in_no_time(text: str) -> None:
    AuthenticationResults.parse(text * 4)


# RFC 8601, Appendix B


def test_a_field_without_results() -> None:
    found = AuthenticationResults.parse("example.org 1; none")
    assert (found.host, found.statements) == ("example.org", ())


def test_several_methods_in_one_field() -> None:
    found = AuthenticationResults.parse(
        "example.com;\r\n          auth=pass (cleartext) smtp.auth=sender@example.net;\r\n"
        "          spf=pass smtp.mailfrom=example.net"
    )
    (auth,), (spf,) = found.of("AUTH"), found.of("spf")
    assert (auth.value("smtp.auth"), auth.comment) == ("sender@example.net", "cleartext")
    assert spf.value("smtp.mailfrom") == "example.net"
    assert spf.value("smtp.helo") == ""


def test_comments_may_stand_anywhere() -> None:
    found = AuthenticationResults.parse(
        "foo.example.net (foobar) 1 (baz);\r\n    dkim (Because I like it) / 1 (One yay) = (wait for it) fail\r\n"
        "      policy (A dot can go here) . (like (that\\)) \\( ) expired\r\n"
        "    (this surprised me) = (as I wasn't expecting it) 1362471462"
    )
    assert str(found) == "foo.example.net; dkim=fail policy.expired=1362471462"


# What providers write


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "spf=pass (sender IP is 192.0.2.1)\r\n smtp.mailfrom=example.com; dmarc=pass action=none\r\n"
            " header.from=example.com;compauth=pass reason=100",
            '""; spf=pass smtp.mailfrom=example.com; dmarc=pass action=none header.from=example.com; '
            "compauth=pass reason=100",
        ),
        (
            'mx.example.net; dkim=pass header.i=@example.com header.b="ab/c=="',
            'mx.example.net; dkim=pass header.i=@example.com header.b="ab/c=="',
        ),
        ("i=1; mx.example.net; arc=none", "i=1; mx.example.net; arc=none"),
        ("i=1", '""; i=1'),
        ("mx.example.net; =pass; spf; dkim=; dmarc=pass -=x a.-=y", "mx.example.net; dmarc=pass"),
        ('"mx example"; spf="pass"', '"mx example"; spf=pass'),
        (
            'mx; spf=pass reason="a \\"quoted\\"\r\n word" x.y="open',
            'mx; spf=pass reason="a \\"quoted\\" word" x.y=open',
        ),
        ('"a=b"; none', '"a=b"; none'),
        ("mx.example.org 1; none", "mx.example.org; none"),
        ('"mx \\"1\\""; spf=PASS', '"mx \\"1\\""; spf=pass'),
        ("mx; dkim/1=pass header.d=example.com", "mx; dkim=pass header.d=example.com"),
        (
            'mx; dmarc=fail reason="no; alignment" policy.dmarc=none (p=reject)',
            'mx; dmarc=fail reason="no; alignment" policy.dmarc=none',
        ),
        # 2.2: a pvalue may be an address with a quoted local part
        ('mx; spf=pass smtp.mailfrom="a b"@example.com', 'mx; spf=pass smtp.mailfrom="a b"@example.com'),
        (
            'mx; spf=pass smtp.mailfrom="a; \\"(b)\r\n"@example.com x.y=z',
            'mx; spf=pass smtp.mailfrom="a; \\"(b)"@example.com x.y=z',
        ),
        ('mx; spf=pass smtp.mailfrom="a" @b', "mx; spf=pass smtp.mailfrom=a"),
        ('mx; spf=pass smtp.mailfrom="a"@', 'mx; spf=pass smtp.mailfrom="\\"a\\"@"'),
        ('mx; spf=pass smtp.mailfrom="a"smtp.helo=b', "mx; spf=pass smtp.mailfrom=a smtp.helo=b"),
        # nothing in an address begins a property of its own
        (
            "mx; spf=pass smtp.mailfrom=a=header.from=bank.example@evil.example",
            "mx; spf=pass smtp.mailfrom=a=header.from=bank.example@evil.example",
        ),
        (
            'mx; spf=pass smtp.mailfrom="a".header.from=bank.example@evil.example',
            'mx; spf=pass smtp.mailfrom="\\"a\\".header.from=bank.example@evil.example"',
        ),
        (
            'mx; spf=pass smtp.mailfrom="a"."b header.from=bank.example"@evil.example',
            'mx; spf=pass smtp.mailfrom="\\"a\\".\\"b header.from=bank.example\\"@evil.example"',
        ),
        ('mx; spf=pass x.y=a"b c.d=e" f.g=h', "mx; spf=pass x.y=a f.g=h"),
        ("mx; dkim=pass header . d = example.com", "mx; dkim=pass header.d=example.com"),
        ("mx; spf/ 1=pass", "mx; spf=pass"),
        ('mx; spf pass=1; s(x)pf=pass; sp!f=pass; spf="x y"', "mx; none"),
        (")(; spf=pass", '")"; none'),
        ('mx; spf=pass "x.y=1" z.w=2 "', "mx; spf=pass z.w=2"),
        ("=; spf=pass", '"="; spf=pass'),
        ("", '""; none'),
    ],
)
def test_what_others_write_is_read_leniently(text: str, expected: str) -> None:
    assert str(AuthenticationResults.parse(text)) == expected


@pytest.mark.parametrize(
    "build",
    [
        lambda: AuthenticationResults.parse(5),  # type: ignore[arg-type]
        lambda: Property(name="a b"),
        lambda: Property(type="a.b", name="c"),
        lambda: Statement(method="", result="pass"),
    ],
)
def test_wrong_parts_are_refused(build: Any) -> None:
    with pytest.raises(InvalidValue):
        build()


# The join for one letter


def test_the_results_of_a_letter_stand_in_one_field() -> None:
    zone = {("_dmarc.example.com", "TXT"): ["v=DMARC1; p=reject"]}
    spf = spf_identifier(Identifier(domain="", result="softfail"), mail_from="x@esp.example", helo="mx.esp.example")
    dkim = dkim_identifiers(
        [Identifier(domain="example.com", selector="s"), Identifier(domain="x.example", result="odd")]
    )
    verdict = evaluate_sync("example.com", spf=spf, dkim=dkim, resolver=zone)
    found = authentication_results("mx", spf=spf, mail_from="x@esp.example", dkim=dkim, dmarc=verdict, arc=spf)
    assert str(found) == (
        "mx; spf=softfail smtp.mailfrom=esp.example; dkim=pass header.d=example.com header.s=s; "
        "dkim=permerror header.d=x.example; dmarc=pass policy.dmarc=reject header.from=example.com; arc=softfail"
    )


def test_what_was_not_checked_is_not_told() -> None:
    assert str(authentication_results("mx")) == "mx; dkim=none"
    null = authentication_results("mx", spf=Identifier(domain="a", result="none"), helo="mx.example")
    assert str(null) == "mx; spf=none smtp.helo=mx.example; dkim=none"
    assert str(authentication_results("mx", spf=Identifier(domain="a"))) == "mx; spf=pass; dkim=none"
    with pytest.raises(InvalidValue):
        authentication_results("")


@pytest.mark.parametrize(
    ("record", "sender", "named"),
    [
        ("v=spf1 +all", "x@example.com", "example.com"),
        ("v=spf1 exists:%{l}.%{d} +all", "x@example.com", "x@example.com"),
        ("v=spf1 redirect=%{s}.example.net", "x@example.com", "x@example.com"),
        ("v=spf1 exists:%{o}.%{d} +all exp=%{l}.%{d}", "<x@example.com>", "example.com"),
        ("v=spf1 exists:%{l}.%{d} +all", '"x y"@example.com', '"x y"@example.com'),
    ],
)
def test_the_local_part_is_told_only_where_the_policy_checks_it(record: str, sender: str, named: str) -> None:
    zone = {("example.com", "TXT"): [record]}
    found = authenticate_sync(b"\r\n", ip="192.0.2.1", mail_from=sender, helo="mx.example", resolver=zone)
    assert str(found.results("mx").of("spf")[0]).endswith(f" smtp.mailfrom={named}")
    assert spf_identifier(found.spf, mail_from=sender, helo="").domain == "example.com"


def test_the_local_part_of_postmaster_is_never_told() -> None:
    zone = {("mx.example", "TXT"): ["v=spf1 exists:%{l}.%{d} +all"]}
    found = authenticate_sync(b"\r\n", ip="192.0.2.1", mail_from="<>", helo="mx.example", resolver=zone)
    assert not found.spf.checks_local_part
    assert str(found.results("mx").of("spf")[0]) == "spf=pass smtp.helo=mx.example"


def test_hostile_senders_cannot_write_into_the_field() -> None:
    found = authentication_results("mx", spf=Identifier(domain="a"), mail_from='a"; dmarc=pass\r\nX: y@b', dkim=[])
    read = AuthenticationResults.parse(str(found))
    assert read.of("dmarc") == ()
    result = spf.SpfResult(result="pass", reason="", ip=IPv4Address(0), sender="", domain="b", checks_local_part=True)
    found = authentication_results("mx", spf=result, mail_from='a"; dmarc=pass\r\nX: y@b', dkim=[])
    read = AuthenticationResults.parse(str(found))
    assert read.of("dmarc") == ()
    assert read == found or "??" in read.statements[0].value("smtp.mailfrom")
