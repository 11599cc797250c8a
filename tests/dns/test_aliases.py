"""Aliases are told with the answer that they led to, and are not what tells answers apart."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from mailkit.dns import Answer, BlockingResolver, DictResolver, Malformed, NoData, NoSuchDomain, Query
from mailkit.testing.zone import DNSZone

ZONE: dict[str, dict[str, Any]] = {
    "example.com": {"TXT": ["one"]},
    "near.example.com": {"CNAME": ["far.example.com"]},
    "far.example.com": {"CNAME": ["example.com"]},
    "dangling.example.com": {"CNAME": ["nowhere.example.org"]},
    "circle.example.com": {"CNAME": ["circle.example.com"]},
}
CASES = [
    ("example.com", "TXT", Answer(["one"]), ()),
    ("near.example.com", "TXT", Answer(["one"]), ("far.example.com", "example.com")),
    ("near.example.com", "MX", NoData(), ("far.example.com", "example.com")),
    ("dangling.example.com", "TXT", NoSuchDomain(), ("nowhere.example.org",)),
    ("nowhere.example.com", "TXT", NoSuchDomain(), ()),
]


@pytest.mark.parametrize(("name", "kind", "outcome", "aliases"), CASES)
def test_a_dict_and_a_name_server_tell_the_same_aliases(name: str, kind: str, outcome: Any, aliases: Any) -> None:
    flat = {(name, kind): values for name, node in ZONE.items() for kind, values in node.items()}
    with DNSZone(ZONE) as zone:
        asked = BlockingResolver(nameservers=[zone.host], port=zone.port, timeout=timedelta(seconds=1))
        found = [resolver.resolve(Query(name, kind)) for resolver in (asked, DictResolver(flat))]
    assert found == [outcome, outcome]
    assert [one.aliases for one in found] == [aliases, aliases]


def test_aliases_are_told_also_where_the_dict_says_the_outcome() -> None:
    zone = {("near.example.com", "CNAME"): ["far.example.com"], ("far.example.com", "TXT"): NoData()}
    found = DictResolver(zone).resolve(Query("near.example.com"))
    assert found == NoData()
    assert found.aliases == ("far.example.com",)
    broken = DictResolver({**zone, ("far.example.com", "TXT"): Malformed("x")})
    assert broken.resolve(Query("near.example.com")) == Malformed("x")
