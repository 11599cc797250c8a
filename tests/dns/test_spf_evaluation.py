"""May this client send for this domain: RFC 7208, sentence by sentence."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from ipaddress import IPv6Address
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit.dns import AsyncResolver, DictResolver, Malformed, NoData, Outcome, Query, ServerFailure, TimedOut, spf
from mailkit.dns.spf import Identity, Result, SpfResult, check_host, evaluate, evaluate_sync
from mailkit.errors import InvalidValue
from mailkit.testing import DNSZone

NOW = datetime(2026, 11, 28, tzinfo=UTC)
HOSTS: dict[Any, Any] = {
    ("host.example", "A"): ["192.0.2.1"],
    ("host.example", "AAAA"): ["2001:db8::1"],
    ("mail.example", "MX"): ["20 gone.example", "9 host.example"],
    ("slow.example", "A"): TimedOut(),
    ("slow.example", "TXT"): TimedOut(),
    ("sick.example", "A"): ServerFailure(),
    ("round.example", "A"): Malformed("its aliases lead in a circle"),
    ("half.example", "MX"): ["10 host.example", "20 slow.example"],
    ("late.example", "MX"): ["10 slow.example", "20 host.example"],
    ("null.example", "MX"): ["0 ."],
    ("wide.example", "MX"): [f"{number} m{number}.wide.example" for number in range(11)],
    ("odd.example", "A"): ["nonsense"],
    ("none.example", "TXT"): ["nothing of ours"],
    ("pass.example", "TXT"): ["v=spf1 +all"],
    ("fail.example", "TXT"): ["v=spf1 -all"],
    ("broken.example", "TXT"): ["v=spf1 foo"],
    ("several.example", "TXT"): ["v=spf1 -all", "v=spf1 ~all"],
    ("list.example", "TXT"): ["v=spf1 ip4:192.0.2.0/28 ~all"],
    ("loop.example", "TXT"): ["v=spf1 include:loop.example -all"],
    ("empty.example", "A"): NoData(),
    ("1.2.0.192.in-addr.arpa", "PTR"): ["HOST.example.", "liar.example", "slow.example"],
    ("liar.example", "A"): ["198.51.100.1"],
    ("anna.user.example", "A"): ["127.0.0.2"],
    ("anna@example.com.who.example", "A"): ["127.0.0.2"],
}


def checked(record: Any, ip: str = "192.0.2.1", sender: str = "anna@example.com", **more: Any) -> SpfResult:
    found = {(key if isinstance(key, tuple) else (key, "TXT")): value for key, value in more.pop("zone", {}).items()}
    zone = {**HOSTS, ("example.com", "TXT"): record, **found}
    return evaluate_sync(ip, sender, "helo.example", resolver=zone, now=NOW, **more)


def costing(count: int) -> str:
    return " ".join(["?a:host.example"] * count)


@pytest.mark.parametrize(
    ("record", "ip", "verdict"),
    [
        # 4.6.2: what a match means
        ("v=spf1 +ip4:192.0.2.1", "192.0.2.1", "pass"),
        ("v=spf1 -ip4:192.0.2.1", "192.0.2.1", "fail"),
        ("v=spf1 ~ip4:192.0.2.1", "192.0.2.1", "softfail"),
        ("v=spf1 ?ip4:192.0.2.1", "192.0.2.1", "neutral"),
        # 4.7: no match and no redirect
        ("v=spf1 ip4:192.0.2.1", "192.0.2.2", "neutral"),
        ("v=spf1", "192.0.2.2", "neutral"),
        # 4.5: selecting
        ("V=SPF1 -ALL", "192.0.2.1", "fail"),
        ("v=spf10 -all", "192.0.2.1", "none"),
        ("v=spf1\t-all", "192.0.2.1", "none"),
        (["v=spf1 -all", "google-site-verification=x", b"\x96\xff"], "192.0.2.1", "fail"),
        (["v=spf1 -all", "v=spf1 +all"], "192.0.2.1", "permerror"),
        ([["v=spf1 ip4:192.", "0.2.1 -all"]], "192.0.2.1", "pass"),
        # 4.6: one broken term spoils the record, wherever it stands
        ("v=spf1 +all foo", "192.0.2.1", "permerror"),
        ("v=spf1 ip4:192.0.2.1 -all exp=", "192.0.2.1", "permerror"),
        ("v=spf1 a:\xef\xbb\xbfhost.example +all", "192.0.2.1", "permerror"),
        ("v=spf1 redirect=a.example redirect=b.example +all", "192.0.2.1", "permerror"),
        ("v=spf1 unknown=%{c}%{r}%{t} +all", "192.0.2.1", "pass"),
        # 5: IPv4 written as IPv6; nothing of the other kind matches
        ("v=spf1 ip4:192.0.2.1 -all", "::ffff:192.0.2.1", "pass"),
        ("v=spf1 ip6:::ffff:192.0.2.1 -all", "::ffff:192.0.2.1", "fail"),
        ("v=spf1 ip4:0.0.0.0/0 -all", "2001:db8::1", "fail"),
        ("v=spf1 ip6:2001:db8::/32 -all", "2001:db8::9", "pass"),
        # 5.2: include
        ("v=spf1 include:pass.example -all", "192.0.2.1", "pass"),
        ("v=spf1 ~include:pass.example -all", "192.0.2.1", "softfail"),
        ("v=spf1 include:fail.example ~all", "192.0.2.1", "softfail"),
        ("v=spf1 include:list.example -all", "192.0.2.99", "fail"),
        ("v=spf1 include:none.example +all", "192.0.2.1", "permerror"),
        ("v=spf1 include:gone.example +all", "192.0.2.1", "permerror"),
        ("v=spf1 include:broken.example +all", "192.0.2.1", "permerror"),
        ("v=spf1 include:several.example +all", "192.0.2.1", "permerror"),
        ("v=spf1 include:slow.example +all", "192.0.2.1", "temperror"),
        ("v=spf1 include:loop.example +all", "192.0.2.1", "permerror"),
        ("v=spf1 include:x..example +all", "192.0.2.1", "permerror"),
        ("v=spf1 include:%{h}.example +all", "192.0.2.1", "permerror"),
        # 5.3: a
        ("v=spf1 a:host.example -all", "192.0.2.1", "pass"),
        ("v=spf1 a:host.example -all", "2001:db8::1", "pass"),
        ("v=spf1 a:host.example/24//64 -all", "192.0.2.200", "pass"),
        ("v=spf1 a:host.example/24//64 -all", "2001:db8::200", "pass"),
        ("v=spf1 a:host.example//64 -all", "192.0.2.200", "fail"),
        ("v=spf1 a:host.example/0 -all", "8.8.8.8", "pass"),
        ("v=spf1 a:sick.example +all", "192.0.2.1", "temperror"),
        ("v=spf1 a:round.example +all", "192.0.2.1", "temperror"),
        ("v=spf1 a:x..example a:.com a:odd.example -all", "192.0.2.1", "fail"),
        (f"v=spf1 a:{'x' * 64}.example -all", "192.0.2.1", "fail"),
        # 5.4: mx, in order of preference and without an implicit one
        ("v=spf1 mx:mail.example -all", "192.0.2.1", "pass"),
        ("v=spf1 mx:mail.example -all", "192.0.2.9", "fail"),
        ("v=spf1 mx:host.example -all", "192.0.2.1", "fail"),
        ("v=spf1 mx:half.example -all", "192.0.2.1", "pass"),
        ("v=spf1 mx:late.example -all", "192.0.2.1", "temperror"),
        ("v=spf1 mx:null.example -all", "192.0.2.1", "fail"),
        ("v=spf1 mx:wide.example +all", "192.0.2.1", "permerror"),
        # 5.5: ptr; what goes wrong in it does not match
        ("v=spf1 ptr:host.example -all", "192.0.2.1", "pass"),
        ("v=spf1 ptr:example -all", "192.0.2.1", "permerror"),
        ("v=spf1 ptr:HOST.Example -all", "192.0.2.1", "pass"),
        ("v=spf1 ptr:liar.example -all", "192.0.2.1", "fail"),
        ("v=spf1 ptr:ost.example -all", "192.0.2.1", "fail"),
        ("v=spf1 ptr -all", "192.0.2.7", "fail"),
        # 5.7: exists asks for A, whatever the client has
        ("v=spf1 exists:host.example -all", "2001:db8::7", "pass"),
        ("v=spf1 exists:%{l}.user.example -all", "192.0.2.1", "pass"),
        ("v=spf1 exists:%{s}.who.example -all", "192.0.2.1", "pass"),
        ("v=spf1 exists:%{p}.example -all", "192.0.2.7", "fail"),
        ("v=spf1 exists:%{p} -all", "192.0.2.1", "pass"),
        # 6.1: redirect
        ("v=spf1 redirect=pass.example", "192.0.2.1", "pass"),
        ("v=spf1 redirect=pass.example -all", "192.0.2.1", "fail"),
        ("v=spf1 redirect=none.example", "192.0.2.1", "permerror"),
        ("v=spf1 redirect=%{l}", "192.0.2.1", "permerror"),
        ("v=spf1 redirect=slow.example", "192.0.2.1", "temperror"),
        ("v=spf1 redirect=example.com", "192.0.2.1", "permerror"),
        # 4.6.4: limits, and that nothing behind a match counts
        (f"v=spf1 {costing(10)} +all", "192.0.2.9", "pass"),
        (f"v=spf1 {costing(11)} +all", "192.0.2.9", "permerror"),
        (f"v=spf1 ip4:192.0.2.9 {costing(11)} -all", "192.0.2.9", "pass"),
        ("v=spf1 ip4:192.0.2.9 a:slow.example -all", "192.0.2.9", "pass"),
        ("v=spf1 a:gone.example a:empty.example ~all", "192.0.2.9", "softfail"),
        ("v=spf1 a:gone.example a:empty.example mx:gone.example ~all", "192.0.2.9", "permerror"),
        ("v=spf1 a:gone.example a:gone.example exists:gone.example ~all", "192.0.2.9", "permerror"),
        ("v=spf1 mx:mail.example mx:mail.example ~all", "192.0.2.9", "softfail"),
    ],
)
def test_the_result_is_that_of_the_rfc(record: Any, ip: str, verdict: str) -> None:
    result = checked(record, ip)
    assert result.result == verdict, result
    assert str(result).startswith(f"{verdict}: ")


@pytest.mark.parametrize(
    ("mail_from", "helo", "verdict", "domain"),
    [
        ("anna@pass.example", "x", "pass", "pass.example"),
        ("<anna@PASS.example.>", "x", "pass", "PASS.example"),
        ("pass.example", "x", "pass", "pass.example"),
        ('"a@b"@pass.example', "x", "pass", "pass.example"),
        ("", "pass.example", "pass", "pass.example"),
        ("<>", "fail.example", "fail", "fail.example"),
        ("", "localhost", "none", "localhost"),
        ("", "[192.0.2.1]", "none", "[192.0.2.1]"),
        ("", "", "none", ""),
        ("anna@", "pass.example", "none", ""),
        ("anna@pass..example", "x", "none", "pass..example"),
        ("anna@pa ss.example", "x", "none", "pa ss.example"),
        ("anna@pass.example\r\nX: y.example", "x", "none", "pass.example\r\nX: y.example"),
        (f"anna@{'x' * 64}.example", "x", "none", f"{'x' * 64}.example"),
        ("anna@bücher.example", "x", "pass", "xn--bcher-kva.example"),
        ("anna@bü\udcffcher.example", "x", "none", "bü\udcffcher.example"),
        ("anna@ü", "x", "none", "xn--tda"),
    ],
)
def test_which_domain_is_checked(mail_from: str, helo: str, verdict: str, domain: str) -> None:
    zone = {**HOSTS, ("xn--bcher-kva.example", "TXT"): "v=spf1 +all"}
    result = evaluate_sync("192.0.2.1", mail_from, helo, resolver=zone)
    assert (result.result, result.domain) == (verdict, domain)
    assert result.identity is (Identity.MAIL_FROM if mail_from.strip("<>") else Identity.HELO)
    for line in (result.received_spf, result.authentication_results, str(result)):
        assert line.isprintable()


@pytest.mark.parametrize(
    ("text", "explanation"),
    [
        ("%{i} is not one of %{d}'s hosts", "198.51.100.9 is not one of example.com's hosts"),
        (
            "%{s} %{l} %{o} %{h} %{v} %{c} %{p}",
            "anna@example.com anna example.com helo.example in-addr 198.51.100.9 unknown",
        ),
        ("%{r} at %{t}", "mx.example.net at 1795824000"),
        ("100%%%_sure%-", "100% sure%20"),
        ("%{S}/%{D1r}", "anna%40example.com/example"),
        ("http://why.%{d}/?s=%{L-}", "http://why.example.com/?s=anna"),
        ("100% sure", "the default"),
        ("%{x}", "the default"),
        ("\xfcber", "the default"),
        ("a" * 5000, "the default"),
        (["one", "two"], "the default"),
        (TimedOut(), "the default"),
        (NoData(), "the default"),
        ("", ""),
        ([], "the default"),
    ],
)
def test_a_fail_is_explained_by_the_domain_or_by_default(text: Any, explanation: str) -> None:
    said = {"receiver": "mx.example.net", "default_explanation": "the default"}
    result = checked("v=spf1 -all exp=why.%{d}", "198.51.100.9", zone={"why.example.com": text}, **said)
    assert result.explanation == explanation


def test_an_explanation_never_brings_a_line_break_along() -> None:
    zone = {"why.example": "%{l} may not"}
    result = checked(
        "v=spf1 -all exp=why.example", "8.8.8.8", "a\r\nb@example.com", zone=zone, default_explanation="no"
    )
    assert result.explanation == "no"
    long = checked("v=spf1 -all exp=why.example", "8.8.8.8", f"{'a' * 5000}@example.com", zone=zone)
    assert long.explanation == "8.8.8.8 may not send for example.com"
    odd = checked("v=spf1 -all exp=why..example", "8.8.8.8")
    assert odd.explanation == "8.8.8.8 may not send for example.com"


def test_two_records_that_are_one_text_in_other_strings_count_as_one() -> None:
    """By the letter of 4.5 they are two; see decision 12."""
    assert checked([["v=spf1 ", "-all"], ["v=spf1 -all"]]).result is Result.FAIL
    assert checked(["v=spf1 -all", "v=spf1  -all"]).result is Result.PERMERROR


def test_only_the_deciding_records_explanation_counts() -> None:
    zone = {
        "a.example": "v=spf1 -all exp=theirs.example",
        "theirs.example": "theirs, for %{d}",
        "ours.example": "ours, for %{d}",
    }
    assert checked("v=spf1 include:a.example -all exp=ours.example", zone=zone).explanation == "ours, for example.com"
    moved = checked("v=spf1 redirect=a.example exp=ours.example", zone=zone)
    assert (moved.explanation, moved.decided_by, moved.domain) == ("theirs, for a.example", "a.example", "example.com")


@pytest.mark.parametrize(
    ("term", "asked"),
    [
        ("exists:%{ir}.%{v}._spf.%{d2}", "1.2.0.192.in-addr._spf.example.com"),
        ("exists:%{lr-}.lp.%{d}", "bad.strong.lp.example.com"),
        ("exists:%{l1r-}.x.%{o}", "strong.x.example.com"),
        ("exists:%{d1}.example", "com.example"),
        ("exists:%{d9999999999}.x.example", "example.com.x.example"),
        ("exists:%{s1+-}.x.example", "bad@example.com.x.example"),
        ("exists:%%%{d}", "%example.com"),
        ("exists:%{L=}.%_%-.%{d}", "strong-bad. %20.example.com"),
        ("exists:%{h}", "helo.example"),
        ("exists:%{p}", "host.example"),
    ],
)
def test_macros_make_the_names_that_are_asked_for(term: str, asked: str) -> None:
    zone = DictResolver({**HOSTS, ("example.com", "TXT"): [f"v=spf1 {term} -all"]})
    seen: list[Query] = []

    class Listening:
        def resolve(self, query: Query) -> Outcome:
            seen.append(query)
            return zone.resolve(query)

    evaluate_sync("192.0.2.1", "strong-bad@example.com", "helo.example", resolver=Listening())
    assert Query(asked, "A") in seen


def test_a_long_name_loses_labels_from_its_left() -> None:
    sender = ".".join(["label"] * 60) + "@example.com"
    zone = {(".".join(["label"] * 40) + ".example.com", "A"): ["127.0.0.1"]}
    assert checked("v=spf1 exists:%{l}.%{d} -all", sender=sender, zone=zone).result is Result.PASS
    assert checked(f"v=spf1 exists:{'x' * 300}.example -all").result is Result.FAIL
    assert checked(f"v=spf1 exists:x.{'x' * 300}.%{{d}} -all").result is Result.FAIL
    assert checked(f"v=spf1 exists:{'x.' * 200}{'x' * 300}%{{d}} -all").result is Result.FAIL


def test_a_sender_that_is_not_ascii_matches_no_name_made_of_it() -> None:
    assert checked("v=spf1 exists:%{l}.example ~all", sender="анна@example.com").result is Result.SOFTFAIL
    assert checked("v=spf1 redirect=%{l}.example", sender="анна@example.com").result is Result.PERMERROR
    assert checked("v=spf1 -all exp=%{l}.example", "8.8.8.8", "анна@example.com").explanation.startswith("8.8.8.8 may")


def test_the_clients_own_domain_comes_first_among_its_names() -> None:
    zone = {
        ("1.2.0.192.in-addr.arpa", "PTR"): ["a.example", "mx.example.com", "example.com"],
        ("a.example", "A"): ["192.0.2.1"],
        ("mx.example.com", "A"): ["192.0.2.1"],
        "why.example": "%{p}",
    }
    record = "v=spf1 -all exp=why.example"
    assert checked(record, zone=zone).explanation == "mx.example.com"
    assert checked(record, zone={**zone, ("example.com", "A"): ["192.0.2.1"]}).explanation == "example.com"
    assert checked(record, zone=zone, sender="x@fail.example").result is Result.FAIL


def test_only_ten_names_of_a_client_are_looked_up() -> None:
    names = [f"n{number:02}.example" for number in range(11)]
    zone = {("7.2.0.192.in-addr.arpa", "PTR"): names, **{(name, "A"): ["192.0.2.7"] for name in names}}
    assert checked("v=spf1 ptr:n09.example -all", "192.0.2.7", zone=zone).result is Result.PASS
    assert checked("v=spf1 ptr:n10.example -all", "192.0.2.7", zone=zone).result is Result.FAIL


def test_a_result_says_what_decided_and_what_it_cost() -> None:
    result = checked("v=spf1 a:gone.example include:list.example -all")
    assert (str(result.term), result.term and result.term.span) == ("include:list.example", (22, 42))
    assert (result.lookups, result.voids, result.is_error) == (2, 1, False)
    assert list(map(str, result.visits)) == [
        "example.com: pass by include:list.example",
        "  include:list.example: list.example: pass by ip4:192.0.2.0/28",
    ]
    broken = checked("v=spf1 include:broken.example -all")
    assert (broken.decided_by, broken.is_error) == ("broken.example", True)
    assert "'foo' is no mechanism of SPF" in broken.reason
    assert [visit.result for visit in broken.visits] == [Result.PERMERROR, Result.PERMERROR]
    assert 'reason="the record of broken.example' in broken.authentication_results


def test_the_header_fields_say_the_same() -> None:
    result = checked("v=spf1 ip6:2001:db8::/32 -all", "2001:db8::7", receiver="mx.example.net")
    assert result.received_spf == (
        "Received-SPF: pass (example.com lets 2001:db8::7 send \\(ip6:2001:db8::/32\\)) receiver=mx.example.net; "
        'client-ip="2001:db8::7"; envelope-from="anna@example.com"; helo=helo.example; identity=mailfrom; '
        'mechanism="ip6:2001:db8::/32"'
    )
    assert result.authentication_results == "spf=pass smtp.mailfrom=example.com"
    neutral = checked("v=spf1", sender='"a\\"b"@example.com')
    assert 'envelope-from="\\"a\\\\\\"b\\"@example.com"' in neutral.received_spf
    assert neutral.received_spf.endswith("mechanism=default")
    assert (
        'problem="the A of slow.example is not known: no answer in time"'
        in checked("v=spf1 a:slow.example").received_spf
    )
    assert evaluate_sync("192.0.2.1", "", "fail.example", resolver=HOSTS).authentication_results == (
        "spf=fail smtp.helo=fail.example"
    )


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=60), st.ip_addresses())
def test_whatever_comes_there_is_a_result_on_one_line(mail_from: str, helo: str, record: str, ip: Any) -> None:
    class Anything:
        def resolve(self, query: Query) -> Outcome:
            zone = DictResolver({(query.name, query.type): [f"v=spf1 {record} exp=%{{s}}.example"]})
            return zone.resolve(query)

    result = evaluate_sync(ip, mail_from, helo, resolver=Anything())
    assert result.result in Result
    assert all(line.isprintable() for line in (result.received_spf, result.authentication_results, result.explanation))


terms = st.sampled_from(
    [
        "ip4:192.0.2.1",
        "-ip4:192.0.2.1",
        "a:host.example",
        "~mx:mail.example",
        "include:list.example",
        "exists:host.example",
    ]
)
disturbing = st.sampled_from(["a:slow.example", "include:broken.example", "include:slow.example", costing(11)])


@given(st.lists(terms, min_size=1, max_size=5), disturbing)
def test_nothing_behind_a_match_changes_the_result(before: list[str], behind: str) -> None:
    record = " ".join(["v=spf1", *before])
    alone, disturbed = checked(record), checked(f"{record} {behind}")
    if alone.term:
        assert (disturbed.result, disturbed.term, disturbed.lookups) == (alone.result, alone.term, alone.lookups)
    else:
        assert alone.result is Result.NEUTRAL


def test_the_limits_can_be_set_aside_but_not_for_ever() -> None:
    def verdict(record: str, **limits: int) -> Result:
        zone = {**HOSTS, ("example.com", "TXT"): [record]}
        asking = check_host("192.0.2.9", "example.com", "", now=NOW, **limits)
        return spf.comparison.settled(asking, DictResolver(zone).resolve).result  # type: ignore[attr-defined, no-any-return]

    assert verdict(f"v=spf1 {costing(40)} +all", most_lookups=100) is Result.PASS
    assert verdict("v=spf1 a:gone.example a:gone.example a:gone.example +all", most_voids=3) is Result.PASS
    assert verdict("v=spf1 include:example.com +all", most_lookups=100) is Result.PERMERROR
    with pytest.raises(InvalidValue, match="more than 100"):
        check_host("192.0.2.9", "example.com", "", now=NOW, most_lookups=101)


def test_the_limits_can_be_set_for_a_letter_too() -> None:
    voids = "v=spf1 a:empty.example mx:empty.example exists:empty.example +all"
    assert checked(voids).result is Result.PERMERROR
    assert checked(voids, most_voids=3).result is Result.PASS
    many = f"v=spf1 {costing(11)} +all"
    assert checked(many, ip="192.0.2.9").result is Result.PERMERROR
    assert checked(many, ip="192.0.2.9", most_lookups=11).result is Result.PASS
    more = evaluate("192.0.2.9", "a@example.com", "x", resolver=HOSTS | {("example.com", "TXT"): many}, most_lookups=11)
    assert asyncio.run(more).result is Result.PASS
    with pytest.raises(InvalidValue, match="is more than 100"):
        checked(many, most_lookups=101)


@pytest.mark.parametrize("given", ["", "192.0.2", "example.com", None, ["192.0.2.1"]])
def test_a_client_needs_an_address(given: Any) -> None:
    with pytest.raises(InvalidValue, match="is not an IP address"):
        evaluate_sync(given, "anna@example.com", "x", resolver={})


def test_names_are_text() -> None:
    nothing: Any = None
    with pytest.raises(InvalidValue, match="mail_from"):
        evaluate_sync("192.0.2.1", nothing, "x", resolver={})
    with pytest.raises(InvalidValue, match="helo"):
        evaluate_sync("192.0.2.1", "", nothing, resolver={})
    with pytest.raises(InvalidValue, match="domain"):
        check_host("192.0.2.1", nothing, "", now=NOW)


def test_the_name_of_an_interface_does_not_matter() -> None:
    result = checked("v=spf1 ip6:fe80::/10 -all", "fe80::1%eth0")
    assert (result.result, result.ip) == (Result.PASS, IPv6Address("fe80::1"))


def test_a_real_name_server_is_asked_each_question_once() -> None:
    zone = {
        "example.com": {
            "TXT": ["v=spf1 mx mx include:list.example -all"],
            "MX": [[10, "a.example"], [20, "b.example"]],
        },
        "a.example": {"A": ["192.0.2.77"]},
        "b.example": {"TIMEOUT": True},
        "list.example": {"TXT": ["v=spf1 mx:example.com -all"]},
    }

    async def asked() -> tuple[SpfResult, list[tuple[str, str]]]:
        with DNSZone(zone) as server:
            quick = timedelta(seconds=0.25)
            resolver = AsyncResolver(nameservers=[server.host], port=server.port, timeout=quick, tries=1)
            found = await evaluate("192.0.2.77", "anna@example.com", "x", resolver=resolver)
            late = await evaluate("192.0.2.78", "anna@example.com", "x", resolver=resolver, deadline=quick / 5)
            assert late.result is Result.TEMPERROR
            return found, server.questions()[:4]

    found, questions = asyncio.run(asked())
    assert (found.result, str(found.term)) == (Result.PASS, "mx")
    assert sorted(questions) == [("a.example", "A"), ("b.example", "A"), ("example.com", "MX"), ("example.com", "TXT")]
