"""Flattened records say the same as the records that they stand for."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit.dns import Answer, ServerFailure, TimedOut
from mailkit.dns.drive import run_sync
from mailkit.dns.spf.addresses import EVERYBODY, AddressSet, IPNetwork
from mailkit.dns.spf.comparison import Difference, differences
from mailkit.dns.spf.flattening import Flattened, flatten_sync
from mailkit.dns.spf.record import Record
from mailkit.dns.spf.result import Result
from mailkit.dns.spf.tree import walk

# A few networks close to each other, so that they overlap, touch and contain one another.
networks4 = st.builds(
    lambda last, bits: ip_network(f"192.0.2.{last}/{bits}", strict=False), st.integers(0, 255), st.integers(22, 32)
)
networks6 = st.builds(
    lambda last, bits: ip_network(f"2001:db8::{last:x}/{bits}", strict=False),
    st.integers(0, 255),
    st.integers(118, 128),
)
networks: st.SearchStrategy[IPNetwork] = networks4 | networks6
names = st.sampled_from([f"n{number}.example" for number in range(5)])
mechanisms = st.one_of(
    networks.map(lambda network: f"ip{network.version}:{network}"),
    names.map(lambda name: f"include:{name}"),
    st.sampled_from(
        ["a:host.example", "a:host.example/28", "mx:mail.example//120", "mx:mail.example/29", "a:gone.example"]
    ),
    st.sampled_from(["exists:%{i}.list.example", "a:slow.example", "exists:host.example", "ptr:host.example", "all"]),
)
directives = st.builds(lambda sign, term: sign + term, st.sampled_from(["", "", "", "-", "~", "?"]), mechanisms)
records = st.builds(
    lambda terms, end: " ".join(["v=spf1", *terms, *end]),
    st.lists(directives, max_size=5),
    st.one_of(
        st.just([]),
        st.sampled_from([["-all"], ["~all"], ["exp=why.example"]]),
        names.map(lambda name: [f"redirect={name}"]),
    ),
)
zones = st.dictionaries(names, records, max_size=5)

HOSTS: dict[tuple[str, str], Any] = {
    ("host.example", "A"): ["192.0.2.17", "192.0.2.40"],
    ("host.example", "AAAA"): ["2001:db8::11"],
    ("mail.example", "MX"): ["10 host.example", "20 mx2.example", "30 gone.example"],
    ("mx2.example", "A"): ["192.0.2.90"],
    ("mx2.example", "AAAA"): ["2001:db8::90"],
    ("slow.example", "A"): TimedOut(),
    ("192.0.2.40.list.example", "A"): ["127.0.0.2"],
    ("17.2.0.192.in-addr.arpa", "PTR"): ["host.example"],
}
addresses = st.one_of(
    st.integers(0, 255).map(lambda last: ip_address(f"192.0.2.{last}")),
    st.integers(0, 255).map(lambda last: ip_address(f"2001:db8::{last:x}")),
    st.sampled_from(["192.0.2.17", "192.0.2.40", "192.0.2.41", "2001:db8::11", "198.51.100.1"]).map(ip_address),
)


@pytest.mark.slow
@given(records, zones, st.lists(addresses, min_size=1, max_size=20))
def test_flattening_keeps_every_verdict_that_is_no_error(record: str, below: dict[str, str], asked: list[Any]) -> None:
    before = {**HOSTS, ("example.com", "TXT"): [record], **{(name, "TXT"): [text] for name, text in below.items()}}
    made = flatten_sync("example.com", resolver=before)
    assert made.differences == ()
    after = {**before, **{(line.name, "TXT"): [line.text] for line in made.records}}
    for changed in differences("example.com", before, after, asked, is_limited=True):
        assert changed.before in ("permerror", "temperror"), made
    for line in made.records:
        assert not Record.parse(line.text).broken


@given(st.lists(networks, max_size=60), st.lists(addresses, max_size=10))
def test_long_lists_are_chained_into_short_records(listed: list[IPNetwork], asked: list[Any]) -> None:
    text = " ".join(["v=spf1", *(f"ip{network.version}:{network}" for network in listed), "-all"])
    zone = {("example.com", "TXT"): [text]}
    made = flatten_sync("example.com", resolver=zone)
    assert made.lookups <= 10
    assert max(len(line.text) for line in made.records) <= 450
    after = {(line.name, "TXT"): [line.text] for line in made.records}
    assert differences("example.com", zone, after, asked, is_limited=True) == ()


@given(st.lists(networks, max_size=12), st.lists(networks, max_size=12), addresses)
def test_sets_of_addresses_are_sets(some: list[IPNetwork], others: list[IPNetwork], address: Any) -> None:
    one, other = AddressSet.of(some), AddressSet.of(others)

    def holds(found: AddressSet) -> bool:
        return any(address in network for network in found.networks)

    assert holds(one | other) is (holds(one) or holds(other))
    assert holds(one - other) is (holds(one) and not holds(other))
    assert holds(one & other) is (holds(one) and holds(other))
    assert AddressSet.of(one.networks) == one
    assert bool(one) is bool(some)
    assert not one - EVERYBODY


def made_of(zone: dict[str, Any]) -> Flattened:
    found = {(key if isinstance(key, tuple) else (key, "TXT")): value for key, value in zone.items()}
    return flatten_sync("Example.COM.", resolver={**HOSTS, **found})


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ({"example.com": "v=spf1 a:host.example -all"}, "v=spf1 ip4:192.0.2.17 ip4:192.0.2.40 ip6:2001:db8::11 -all"),
        ({"example.com": "v=spf1 a:host.example/24//64 ~all"}, "v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/64 ~all"),
        ({"example.com": "v=spf1 a:gone.example mx:gone.example -all"}, "v=spf1 -all"),
        ({"example.com": "v=spf1 a:x..example -all"}, "v=spf1 -all"),
        (
            {
                "example.com": "v=spf1 include:a.example -all",
                "a.example": "v=spf1 -ip4:192.0.2.1 ip4:192.0.2.0/30 -all",
            },
            "v=spf1 ip4:192.0.2.0 ip4:192.0.2.2/31 -all",
        ),
        (
            {
                "example.com": "v=spf1 ~include:a.example -all",
                "a.example": "v=spf1 ip4:192.0.2.0/25 ip4:192.0.2.128/25",
            },
            "v=spf1 ~ip4:192.0.2.0/24 -all",
        ),
        ({"example.com": "v=spf1 redirect=a.example", "a.example": "v=spf1 mx:mail.example ?all"}, None),
        ({"example.com": "v=spf1 redirect=%{d2}.a.example"}, "v=spf1 redirect=%{d2}.a.example"),
        (
            {"example.com": "v=spf1 redirect=a.example", "a.example": "v=spf1 ip4:192.0.2.1 exp=why.example -all"},
            "v=spf1 redirect=a.example",
        ),
        (
            {"example.com": "v=spf1 ip4:192.0.2.1 exp=why.example x=y -all"},
            "v=spf1 ip4:192.0.2.1 -all exp=why.example x=y",
        ),
        ({"example.com": "v=spf1 a:slow.example -all"}, "v=spf1 a:slow.example -all"),
        ({"example.com": "v=spf1 a:odd.example -all", ("odd.example", "A"): "nonsense"}, "v=spf1 a:odd.example -all"),
        ({"example.com": "v=spf1 mx:odd.example -all", ("odd.example", "MX"): "0 ."}, "v=spf1 mx:odd.example -all"),
        (
            {"example.com": "v=spf1 mx:odd.example -all", ("odd.example", "MX"): [f"{n} m.example" for n in range(11)]},
            "v=spf1 mx:odd.example -all",
        ),
        (
            {"example.com": "v=spf1 mx:odd.example -all", ("odd.example", "MX"): ServerFailure()},
            "v=spf1 mx:odd.example -all",
        ),
        ({"example.com": "v=spf1 include:example.com -all"}, "v=spf1 include:example.com -all"),
        ({"example.com": "v=spf1 include:a.example -all", "a.example": "v=spf1 foo"}, "v=spf1 include:a.example -all"),
        (
            {"example.com": "v=spf1 exists:%{i}.x.example ip4:192.0.2.1 -all"},
            "v=spf1 ip4:192.0.2.1 exists:%{i}.x.example -all",
        ),
        (
            {"example.com": "v=spf1 -exists:%{i}.x.example ip4:192.0.2.1 -all"},
            "v=spf1 -exists:%{i}.x.example ip4:192.0.2.1 -all",
        ),
        (
            {"example.com": "v=spf1 include:a.example -all", "a.example": "v=spf1 ptr -all"},
            "v=spf1 include:a.example -all",
        ),
    ],
)
def test_what_a_record_becomes(zone: dict[str, Any], expected: str | None) -> None:
    made = made_of(zone)
    assert made.differences == ()
    assert made.records[0].text == expected or expected is None


def test_what_was_replaced_and_what_was_kept_is_told() -> None:
    made = made_of(
        {
            "example.com": "v=spf1 include:_spf.google.com exists:%{i}.x.example redirect=r.example",
            "_spf.google.com": "v=spf1 ip4:192.0.2.0/24 -all",
            "r.example": "v=spf1 mx:mail.example ~all",
        }
    )
    assert list(map(str, made.resolved)) == [
        "include:_spf.google.com (Google Workspace): 1 networks",
        "redirect=r.example: 5 networks",
    ]
    assert list(map(str, made.kept)) == ["exists:%{i}.x.example"]
    assert [finding.code for finding in made.findings] == ["dns.spf-flattened", "dns.spf-kept"]
    assert str(made).splitlines()[0].endswith('exists:%{i}.x.example ~all"')


@pytest.mark.slow
@given(records, zones)
def test_the_cost_that_is_told_is_that_of_the_new_tree(record: str, below: dict[str, str]) -> None:
    before = {**HOSTS, ("example.com", "TXT"): [record], **{(name, "TXT"): [text] for name, text in below.items()}}
    made = flatten_sync("example.com", resolver=before)
    after = {**before, **{(line.name, "TXT"): [line.text] for line in made.records}}
    assert made.lookups == run_sync(walk("example.com"), resolver=after).lookups


def test_what_cannot_be_flattened_says_so() -> None:
    (finding,) = made_of({"example.com": "v=spf1 foo"}).findings
    assert (finding.code, finding.severity) == ("dns.spf-not-flattened", "error")


def test_too_many_networks_are_told() -> None:
    includes = {f"n{number}.example": f"v=spf1 ip4:10.0.{number}.1 ptr" for number in range(11)}
    made = made_of({"example.com": "v=spf1 " + " ".join(f"include:{name}" for name in includes), **includes})
    assert (made.findings[-1].code, made.findings[-1].severity, made.lookups) == ("dns.spf-lookups", "error", 22)


def test_an_error_that_goes_away_is_no_difference() -> None:
    made = made_of({"example.com": "v=spf1 include:gone.example a:host.example -all"})
    assert made.records[0].text.startswith("v=spf1 ip4:192.0.2.17 ")
    assert made.differences == ()


@pytest.mark.slow
def test_what_costs_less_as_it_is_is_kept_where_all_would_be_too_much() -> None:
    big = "v=spf1 " + " ".join(f"ip4:10.{one}.{two}.1" for one in range(2) for two in range(150)) + " -all"
    small = {f"n{number}.example": f"v=spf1 ip4:192.0.2.{2 * number} -all" for number in range(12)}
    made = made_of(
        {
            "example.com": f"v=spf1 include:big.example {' '.join(f'include:{n}' for n in small)} -all",
            "big.example": big,
            **small,
        }
    )
    assert list(map(str, made.kept)) == ["include:big.example"]
    assert (made.lookups, made.differences) == (1, ())


def test_a_wrong_flattening_would_not_go_unnoticed() -> None:
    wrong = Difference(ip=ip_address("192.0.2.1"), before=Result.PASS, after=Result.FAIL)
    made = attrs.evolve(made_of({"example.com": "v=spf1 ip4:192.0.2.1 -all"}), differences=(wrong,))
    (finding,) = made.findings
    assert (finding.code, finding.severity) == ("dns.spf-flattened-wrong", "error")
    assert finding.evidence == "192.0.2.1: pass before, fail after"


def test_names_in_use_are_left_alone_and_answers_tell_how_long_they_last() -> None:
    many = " ".join(f"ip4:10.0.{number}.1" for number in range(60))
    zone = {
        ("example.com", "TXT"): Answer(("v=spf1 include:_spf1.example.com exists:%{i}.x.example -all",), 300),
        ("_spf1.example.com", "TXT"): Answer((f"v=spf1 {many} -all",), 60),
    }
    made = flatten_sync("example.com", resolver=zone)
    assert [line.name for line in made.records[1:]] == ["_spf2.example.com", "_spf3.example.com"]
    assert made.ttl == 60
    assert "every 60 seconds" in made.findings[0].message
