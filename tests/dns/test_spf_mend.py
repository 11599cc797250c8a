"""What is offered lints clean where it would be published, and loses nobody who may send."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailkit.dns import DictResolver, Outcome, Query, TimedOut
from mailkit.dns.drive import drive_blocking
from mailkit.dns.spf.lint import lint
from mailkit.dns.spf.mend import obstacle, offered, suggested
from mailkit.dns.spf.record import Mechanism, Record, is_spf
from mailkit.dns.spf.tree import Branch, lists, walk
from mailkit.findings import Severity

D = "example.com"
MX = {(D, "MX"): ["10 mx.example.com"]}
NULL_MX = {(D, "MX"): ["0 ."]}
A = {(D, "A"): ["192.0.2.1"]}
OTHERS: dict[Any, Any] = {
    ("a.example", "TXT"): ["v=spf1 ip4:203.0.113.7 -all"],
    ("b.example", "TXT"): ["v=spf1 ip4:203.0.113.8 -all"],
    ("broken.example", "TXT"): ["v=spf1 foo -all"],
    ("_spf.google.com", "TXT"): ["v=spf1 ip4:203.0.113.9 -all"],
}
WHOLE: dict[Any, Any] = {**OTHERS, **MX, **A}


def looked(records: list[str], zone: dict[Any, Any]) -> tuple[Branch, Callable[[Query], Outcome]]:
    resolver = DictResolver({**zone, (D, "TXT"): records} if records else zone)
    return drive_blocking(walk(D), resolver, deadline=timedelta(seconds=20)), resolver.resolve


def offer(records: list[str], zone: dict[Any, Any] = WHOLE, *addresses: str) -> str | None:
    tree, answer = looked(records, zone)
    line = offered(tree, [ip_address(address) for address in addresses], answer)
    return line.text if line else None


PLAIN = [
    "ip4:192.0.2.1",
    "ip4:198.51.100.0/24",
    "ip6:2001:db8::/32",
    "a",
    "mx",
    "include:a.example",
    "include:gone.example",
]
ODD = [
    *("foo", "ipv4:192.0.2.9", "ip4:1.2.3", "ip4:", "include:", "192.0.2.10", "b.example", ":192.0.2.11", '"', ";"),
    *("ip4:192.0.2.12;", "-all", "~all", "?all", "+all", '-all"', "exp=why.example.com", "x=y", "-ip4:203.0.113.1"),
    *("redirect=b.example", "redirect=", "include:broken.example", "exists:gone.example", "mx:gone.example"),
]
terms = st.lists(st.sampled_from([*PLAIN, *ODD]), max_size=7).map(" ".join)
published = st.lists(
    st.builds(str.__add__, st.sampled_from(["v=spf1 ", '"v=spf1 ', "spf1 ", "v=spf1; ", "V = SPF1 ", "note "]), terms),
    max_size=3,
)
zones = st.builds(
    lambda mx, a: {**OTHERS, **mx, **a},
    st.sampled_from([MX, NULL_MX, {}, {(D, "MX"): TimedOut()}, {(D, "MX"): ["1 aspmx.l.google.com"]}]),
    st.sampled_from([A, {}, {(D, "A"): TimedOut()}]),
)


@given(published, zones, st.lists(st.ip_addresses(), max_size=3))
@example(["v=spf1 -all mx"], {**OTHERS, **NULL_MX}, [])
@example(["v=spf1 mx +all"], {**OTHERS, **A}, [])
def test_what_is_offered_lints_clean_where_it_would_be_published_and_lists_the_senders(
    records: list[str], zone: dict[Any, Any], addresses: list[IPv4Address | IPv6Address]
) -> None:
    tree, answer = looked(records, zone)
    line = offered(tree, addresses, answer)
    if line is None:
        return
    after, _ = looked([line.text], zone)
    worth = [finding for finding in lint(after) if finding.severity is not Severity.INFO]
    assert {finding.code for finding in worth} <= {"dns.spf-include-unanswered"}
    assert all(lists(after, address) is not False for address in addresses)
    assert offered(after, addresses, answer) is None, "once is enough"


@given(published, zones, st.lists(st.ip_addresses(), max_size=1))
def test_nothing_that_is_published_is_lost_without_a_word(
    records: list[str], zone: dict[Any, Any], addresses: list[IPv4Address | IPv6Address]
) -> None:
    tree, answer = looked(records, zone)
    line = offered(tree, addresses, answer)
    if line is None:
        return
    kept = Record.parse(line.text)
    meant = [text for text in records if not text.startswith("note ")]
    whole = " ".join(filter(is_spf, meant) if any(map(is_spf, meant)) else meant)
    for number in ("192.0.2.1", "192.0.2.9", "192.0.2.10", "192.0.2.11", "192.0.2.12", "1.2.3"):
        if number in whole.replace("=", " ").replace(":", " ").replace(";", " ").split():
            assert any(one.network == ip_network(number) for one in kept.mechanisms)
    for name in ("a.example", "b.example", "broken.example"):
        if f"include:{name}" in whole:
            assert any(one.target == name for one in kept.mechanisms if one.kind == "include")
    is_nobody = [one.kind for one in kept.mechanisms] == ["all"]
    assert not is_nobody or "-all" in whole or "~all" in whole or zone.get((D, "MX")) == ["0 ."]


@pytest.mark.parametrize(
    ("records", "addresses", "text"),
    [
        ([], [], "v=spf1 mx ~all"),
        ([], ["192.0.2.10", "2001:db8::1"], "v=spf1 ip4:192.0.2.10 ip6:2001:db8::1 -all"),
        (["v=spf1 ip4:192.0.2.1 +all"], [], "v=spf1 ip4:192.0.2.1 ~all"),
        (["v=spf1 ip4:192.0.2.1 +all"], ["192.0.2.1", "192.0.2.2"], "v=spf1 ip4:192.0.2.2 ip4:192.0.2.1 ~all"),
        (["v=spf1 ip4:192.0.2.1"], [], "v=spf1 ip4:192.0.2.1 ~all"),
        (["v=spf1 mx -all", "v=spf1 mx a ~all"], [], "v=spf1 mx a -all"),
        (["v=spf1 redirect=a.example", "v=spf1 mx ~all"], [], "v=spf1 mx include:a.example ~all"),
        (["v=spf1 ip4:192.0.2.1 -all"], ["192.0.2.2"], "v=spf1 ip4:192.0.2.2 ip4:192.0.2.1 -all"),
        (["v=spf1 ip4:192.0.2.1 -all", "v=spf1 -all"], ["192.0.2.1"], "v=spf1 ip4:192.0.2.1 -all"),
        (["v=spf1 mx mx -all redirect=a.example"], [], "v=spf1 mx -all"),
        (
            ["v=spf1 a exp=x.example a redirect=b.example"],
            ["192.0.2.2"],
            "v=spf1 ip4:192.0.2.2 a exp=x.example redirect=b.example",
        ),
        # what is certain is mended
        (["v=spf1 -all a"], [], "v=spf1 a -all"),
        (["v=spf1 -all include:_spf.google.com"], [], "v=spf1 include:_spf.google.com -all"),
        (["v=spf1 ip4: 192.0.2.10 include:a.example -all"], [], "v=spf1 ip4:192.0.2.10 include:a.example -all"),
        (["v=spf1 ip4 :192.0.2.10 redirect= a.example"], [], "v=spf1 ip4:192.0.2.10 redirect=a.example"),
        (["v=spf1 ip4:192.0.2.1;ip4:192.0.2.2; a\t-all"], [], "v=spf1 ip4:192.0.2.1 ip4:192.0.2.2 a -all"),
        (['"v=spf1 -all"'], [], "v=spf1 -all"),
        (["spf1 -all"], [], "v=spf1 -all"),
        (["v=spf1; -all"], [], "v=spf1 -all"),
        (["V = SPF1 mx ~all"], ["192.0.2.2"], "v=spf1 ip4:192.0.2.2 mx ~all"),
        # what is not certain is not lost: there is no record until it is corrected
        (["v=spf1 ip4:192.0.2 -all"], ["192.0.2.1"], None),
        (["v=spf1 ip4:1.2.3 -all"], [], None),
        (["v=spf1 foo redirect=a.example"], [], None),
        (["v=spf1 a: mx -all"], [], None),
        (["v=spf1 include: mail -all"], [], None),
        (["spf1 is what we have not"], [], None),
        ([f"v=spf1 {'ip4:192.0.2.1 ' * 5001}+all"], [], None),
        ([f"v=spf1 {'x' * 2000}; +all"], [], None),
        # a record that would break has to be mended by hand
        (["v=spf1 include:broken.example +all"], [], None),
        (["v=spf1 mx -all", "v=spf1 redirect=gone.example"], [], None),
    ],
)
def test_what_is_offered(records: list[str], addresses: list[str], text: str | None) -> None:
    assert offer(records, WHOLE, *addresses) == text


@pytest.mark.parametrize(
    ("records", "mx", "text"),
    [
        ([], NULL_MX, "v=spf1 -all"),
        (["v=spf1"], NULL_MX, "v=spf1 -all"),
        (["v=spf1 +all"], NULL_MX, None),
        (["v=spf1 +all"], MX, "v=spf1 mx ~all"),
        ([], {}, None),
        ([], {(D, "MX"): TimedOut()}, None),
        ([], {(D, "MX"): ["1 aspmx.l.google.com"]}, "v=spf1 include:_spf.google.com ~all"),
        ([], {(D, "MX"): ["10 feedback-smtp.eu-west-1.amazonses.com"]}, None),
        (["v=spf1 mx ip4:192.0.2.1 +all"], {}, "v=spf1 ip4:192.0.2.1 ~all"),
        (["v=spf1 mx mx -all"], {}, None),
    ],
)
def test_mx_is_guessed_only_where_there_are_mail_servers(
    records: list[str], mx: dict[Any, Any], text: str | None
) -> None:
    assert offer(records, {**OTHERS, **A, **mx}) == text


def test_nobody_is_guessed_where_others_are_known_to_send() -> None:
    tree, answer = looked([], WHOLE)
    assert offered(tree, [], answer, has_others=True) is None


@pytest.mark.parametrize(
    "record", ["v=spf1 mx -all", "v=spf1 ip4:192.0.2.1 ~all", "v=spf1 -all", "v=spf1 redirect=a.example"]
)
def test_a_sound_record_is_left_alone(record: str) -> None:
    assert offer([record]) is None


def test_nothing_is_suggested_about_what_was_not_seen() -> None:
    unseen = Branch(name=D, outcome=TimedOut())
    assert suggested(unseen) is None
    assert obstacle(unseen) == "what is published is not known"


@pytest.mark.parametrize(
    ("records", "zone", "said"),
    [
        ([], WHOLE, "if mail leaves through them; else list what sends it in place of mx"),
        (["v=spf1 ip4: 192.0.2.1 +all"], WHOLE, "'ip4:192.0.2.1' is one term"),
        (["v=spf1 -all mx"], WHOLE, "mx stood behind -all, where nothing is looked at"),
        (["v=spf1 mx mx -all redirect=a.example"], WHOLE, "without redirect=a.example, which nobody heeds beside -all"),
        (["v=spf1 mx a +all"], {**OTHERS, **A}, "without mx, which finds nothing"),
        (['"v=spf1 -all"'], WHOLE, "it begins with 'v=spf1 '"),
        (["v=spf1 a; -all"], WHOLE, "'a;' is without quotes, commas and semicolons"),
    ],
)
def test_what_was_mended_is_told(records: list[str], zone: dict[Any, Any], said: str) -> None:
    tree, answer = looked(records, zone)
    line = offered(tree, [], answer)
    assert line is not None
    assert said in line.why


def test_what_has_to_be_corrected_first_is_told_with_its_place() -> None:
    tree, _ = looked(["v=spf1 mx inlcude:a.example -all"], WHOLE)
    assert obstacle(tree).startswith("correct 'inlcude:a.example' first, at column 11: ")
    assert obstacle(looked(["spf1 foo;ip4:1.2 -all"], WHOLE)[0]).startswith("correct 'foo' first: ")
    assert obstacle(looked(["v=spf1 mx +all"], WHOLE)[0]) == ""


def test_an_include_is_added_once() -> None:
    tree, answer = looked(["v=spf1 include:A.example. +all"], WHOLE)
    line = offered(tree, [Mechanism(kind="include", target="a.example")], answer)
    assert line is not None
    assert line.text == "v=spf1 include:A.example. ~all"
