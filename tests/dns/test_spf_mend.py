from __future__ import annotations

from datetime import timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit.dns import DictResolver, TimedOut
from mailkit.dns.drive import drive_blocking
from mailkit.dns.spf.lint import lint
from mailkit.dns.spf.mend import suggested
from mailkit.dns.spf.record import Record
from mailkit.dns.spf.tree import Branch, lists, walk


def tree_of(*records: str) -> Branch:
    zone = {
        ("example.com", "TXT"): list(records),
        ("example.com", "MX"): ["10 mx.example.com"],
        ("example.com", "A"): ["192.0.2.1"],
    }
    return drive_blocking(walk("example.com"), DictResolver(zone), deadline=timedelta(seconds=20))


PLAIN = ["ip4:192.0.2.1", "ip4:198.51.100.0/24", "ip6:2001:db8::/32", "a", "mx"]
ODD = ["foo", "ipv4:192.0.2.9", "-all", "~all", "?all", "+all", "exp=why.example.com", "x=y", "-ip4:203.0.113.1"]
terms = st.sampled_from([*PLAIN, *ODD])
published = st.lists(st.lists(terms, max_size=7).map(lambda parts: " ".join(["v=spf1", *parts])), max_size=3)


@given(published, st.lists(st.ip_addresses(), max_size=3))
def test_a_suggested_record_reads_lints_clean_and_lists_the_senders(
    records: list[str], addresses: list[IPv4Address | IPv6Address]
) -> None:
    tree = tree_of(*records)
    line = suggested(tree, addresses)
    text = line.text if line else records[0]
    after = tree_of(text)
    assert not {finding.code for finding in lint(after)} - {"dns.spf-unknown-modifier"}
    assert Record.parse(text).broken == ()
    assert all(lists(after, address) is not False for address in addresses)
    assert suggested(after, addresses) is None


@pytest.mark.parametrize(
    ("records", "addresses", "text"),
    [
        ([], [], "v=spf1 mx ~all"),
        ([], ["192.0.2.10", "2001:db8::1"], "v=spf1 ip4:192.0.2.10 ip6:2001:db8::1 -all"),
        (["v=spf1 ip4:192.0.2.1 +all"], [], "v=spf1 ip4:192.0.2.1 ~all"),
        (["v=spf1 ip4:192.0.2.1 +all"], ["192.0.2.1", "192.0.2.2"], "v=spf1 ip4:192.0.2.2 ip4:192.0.2.1 ~all"),
        (["v=spf1 ip4:192.0.2.1"], [], "v=spf1 ip4:192.0.2.1 ~all"),
        (["v=spf1 mx -all", "v=spf1 mx a ~all"], [], "v=spf1 mx a -all"),
        (["v=spf1 ip4:192.0.2.1 -all"], ["192.0.2.2"], "v=spf1 ip4:192.0.2.2 ip4:192.0.2.1 -all"),
        (["v=spf1 ip4:192.0.2.1 -all", "v=spf1 -all"], ["192.0.2.1"], "v=spf1 ip4:192.0.2.1 -all"),
        (["v=spf1 -all a"], [], "v=spf1 mx -all"),
        (["v=spf1 foo redirect=a.example"], [], "v=spf1 redirect=a.example"),
    ],
)
def test_what_is_suggested(records: list[str], addresses: list[str], text: str) -> None:
    line = suggested(tree_of(*records), [ip_address(address) for address in addresses])
    assert line is not None
    assert line.text == text


@pytest.mark.parametrize(
    "record", ["v=spf1 mx -all", "v=spf1 ip4:192.0.2.1 ~all", "v=spf1 -all", "v=spf1 redirect=a.example"]
)
def test_a_sound_record_is_left_alone(record: str) -> None:
    assert suggested(tree_of(record)) is None


def test_nothing_is_suggested_about_what_was_not_seen() -> None:
    assert suggested(Branch(name="example.com", outcome=TimedOut())) is None


def test_a_lost_term_is_told() -> None:
    line = suggested(tree_of("v=spf1 inlcude:a.example mx -all"))
    assert line is not None
    assert "inlcude:a.example" in line.why
    assert "mx" in (suggested(tree_of()) or line).why
