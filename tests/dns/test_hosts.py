from __future__ import annotations

from ipaddress import ip_address
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit.dns import TimedOut, hosts
from mailkit.dns.addresses import addresses_of, is_public, reverse_labels, reverse_name
from mailkit.dns.drive import run_sync
from mailkit.dns.lookup import Answer
from mailkit.errors import InvalidValue

IP = "8.8.4.4"
PTR = ("4.4.8.8.in-addr.arpa", "PTR")
OUT = "out1.mail.example.com"
SOUND: dict[Any, Any] = {PTR: [OUT], (OUT, "A"): [IP]}


def codes(zone: dict[Any, Any], *addresses: str, helo: str = "") -> list[str]:
    found = run_sync(hosts.find(addresses or [IP], helo=helo), resolver=zone)
    return [f"{one.severity} {one.code.removeprefix('dns.')}" for one in hosts.lint(found)]


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        (SOUND, []),
        ({}, ["error ptr-absent"]),
        ({PTR: TimedOut()}, ["warning ptr-unanswered"]),
        ({PTR: [OUT]}, ["error ptr-unconfirmed"]),
        ({PTR: [OUT], (OUT, "A"): ["8.8.4.5"]}, ["error ptr-unconfirmed"]),
        ({PTR: [OUT], (OUT, "A"): TimedOut()}, ["warning ptr-unanswered"]),
        (SOUND | {PTR: [OUT, "other.example.com"]}, ["info ptr-several"]),
        ({PTR: ["host-8-8-4-4.example.net"], ("host-8-8-4-4.example.net", "A"): [IP]}, ["warning ptr-generic"]),
    ],
)
def test_what_is_said_about_the_name_of_an_address(zone: dict[Any, Any], expected: list[str]) -> None:
    assert codes(zone) == expected


def test_an_address_of_ipv6_is_confirmed_by_aaaa() -> None:
    address = ip_address("2606:4700::1")
    zone = {(reverse_name(address), "PTR"): [OUT], (OUT, "AAAA"): [str(address)]}
    assert codes(zone, str(address)) == []


def test_an_address_that_nobody_can_reach_is_told() -> None:
    assert codes({}, "10.0.0.1") == ["warning ptr-not-public", "error ptr-absent"]


@pytest.mark.parametrize(
    ("helo", "zone", "expected"),
    [
        (OUT, {}, []),
        (OUT.upper() + ".", {}, []),
        ("other.example.com", {}, ["error helo-unresolved"]),
        ("other.example.com", {("other.example.com", "A"): ["192.0.2.1"]}, ["warning helo-mismatch"]),
        ("other.example.com", {("other.example.com", "A"): TimedOut()}, ["warning helo-unanswered"]),
        (OUT, {(OUT, "AAAA"): TimedOut()}, []),
        ("mail", {}, ["error helo-name"]),
        ("box.localdomain", {}, ["error helo-name"]),
        ("[8.8.4.4]", {}, ["error helo-name"]),
        ("a..b", {}, ["error helo-name"]),
    ],
)
def test_what_is_said_about_the_name_that_machines_greet_with(
    helo: str, zone: dict[Any, Any], expected: list[str]
) -> None:
    assert codes(SOUND | zone, helo=helo) == expected


def test_a_name_to_greet_with_is_looked_at_without_addresses_too() -> None:
    found = run_sync(hosts.find([], helo="nowhere.example.com"), resolver={})
    (finding,) = hosts.lint(found)
    assert finding.code == "dns.helo-unresolved"


@pytest.mark.parametrize(
    ("name", "address", "expected"),
    [
        ("192-0-2-1.example.net", "192.0.2.1", True),
        ("1.2.0.192.static.example.net", "192.0.2.1", True),
        ("host192000002001.example.net", "192.0.2.1", True),
        ("c0000201.example.net", "192.0.2.1", True),
        ("ip-2-1.example.net", "192.0.2.1", True),
        ("pool-7.example.net", "192.0.2.1", True),
        ("dyn.example.net", "192.0.2.1", True),
        ("mail.example.net", "192.0.2.1", False),
        ("pool.net", "192.0.2.1", False),
        ("a2-0-2.example.net", "192.0.2.1", False),
        ("mail-2606-4700-0000-0000-0000-0000-0000-0001.example.net", "2606:4700::1", True),
        ("2606-4700--1.example.net", "2606:4700::1", True),
        ("mail6.example.net", "2606:4700::1", False),
    ],
)
def test_names_that_look_as_if_made_for_a_network(name: str, address: str, expected: bool) -> None:
    assert hosts.is_generic(name, ip_address(address)) is expected


@given(st.text(st.characters(max_codepoint=255), max_size=250), st.ip_addresses())
def test_any_name_may_be_looked_at(name: str, address: Any) -> None:
    assert hosts.is_generic(name, address) in (True, False)


@given(st.ip_addresses())
def test_the_reverse_name_begins_with_the_labels_that_block_lists_want(address: Any) -> None:
    assert reverse_name(address).startswith(reverse_labels(address) + ".i")


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("8.8.8.8", True),
        ("192.0.2.1", False),
        ("224.0.0.1", False),
        ("0.0.0.0", False),
        ("100.64.0.1", False),
        ("169.254.169.254", False),
        ("2606:4700::1", True),
        ("::1", False),
        ("fe80::1", False),
        ("fd00::1", False),
        ("ff02::1", False),
        ("::ffff:10.0.0.1", False),
        ("::ffff:8.8.8.8", True),
        ("2002:7f00:1::", False),
        ("2001:0:808:808::", False),
        ("64:ff9b::7f00:1", False),
        ("64:ff9b::808:808", True),
    ],
)
def test_which_addresses_anybody_can_reach(address: str, expected: bool) -> None:
    assert is_public(ip_address(address)) is expected


@pytest.mark.parametrize("given", ["192.0.2", "", 5, None])
def test_an_address_that_is_none_is_refused(given: Any) -> None:
    with pytest.raises(InvalidValue, match="not an IP address"):
        next(hosts.find([given]))


def test_a_name_to_greet_with_may_be_anything() -> None:
    assert codes(SOUND, helo="a\nb") == ["error helo-name"]


def test_what_is_no_address_is_left_out() -> None:
    assert addresses_of(Answer(["x", "192.0.2.1"]), TimedOut()) == (ip_address("192.0.2.1"),)
