from __future__ import annotations

from typing import Any

import pytest

from mailkit.dns import TimedOut, names
from mailkit.dns.drive import run_sync

D = "example.com"
CHECK = "mailkit-wildcard-check"
ZONE: dict[Any, Any] = {(D, "SOA"): ["ns. root. 1 1 1 1 1"], (D, "NS"): ["ns.example.net"]}


def codes(zone: dict[Any, Any], **settings: Any) -> list[str]:
    found = run_sync(names.find(D, **settings), resolver=zone)
    return [f"{one.severity} {one.code.removeprefix('dns.')}" for one in names.lint(found)]


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        (ZONE, []),
        ({}, []),
        (ZONE | {(D, "TXT"): TimedOut(), (f"_dmarc.{D}", "TXT"): TimedOut()}, []),
        ({(D, "CNAME"): ["www.example.net"]}, ["warning cname-apex"]),
        ({(D, "CNAME"): ["www.example.net"], (D, "NS"): ["ns.example.net"]}, ["error cname-apex"]),
        (ZONE | {(f"_dmarc.{D}", "CNAME"): ["gone.example.net"]}, ["error cname-dangling"]),
        (
            ZONE | {(f"_dmarc.{D}", "CNAME"): ["d.example.net"], ("d.example.net", "A"): ["192.0.2.1"]},
            ["warning cname-empty"],
        ),
        (ZONE | {(f"_dmarc.{D}", "CNAME"): ["d.example.net"], ("d.example.net", "TXT"): ["v=DMARC1; p=none"]}, []),
        (ZONE | {(f"{CHECK}.{D}", "TXT"): ["v=spf1 -all"]}, ["info wildcard"]),
        (
            ZONE | {(f"{CHECK}.{D}", "TXT"): ["v=spf1 -all"], (f"_dmarc.{D}", "TXT"): ["v=spf1 -all"]},
            ["warning wildcard"],
        ),
        (ZONE | {(f"{CHECK}._domainkey.{D}", "TXT"): ["v=DKIM1; p="]}, ["info wildcard-key"]),
        (ZONE | {(f"{CHECK}._domainkey.{D}", "TXT"): ["v=DKIM1; p=MIIB"]}, ["warning wildcard-key"]),
        (
            ZONE | {(f"{CHECK}.{D}", "TXT"): ["x"], (f"{CHECK}._domainkey.{D}", "TXT"): ["x"]},
            ["info wildcard"],
        ),
    ],
)
def test_what_is_said_about_aliases_and_wildcards(zone: dict[Any, Any], expected: list[str]) -> None:
    assert codes(zone) == expected


def test_names_of_keys_are_looked_at_when_they_are_given() -> None:
    key = f"news._domainkey.{D}"
    zone = ZONE | {(key, "CNAME"): ["news.dkim.example.net"]}
    assert codes(zone) == []
    found = run_sync(names.find(D, names=[key]), resolver=zone)
    (finding,) = names.lint(found)
    assert finding.evidence == f"{key}. IN CNAME news.dkim.example.net."
    assert "news.dkim.example.net, which does not exist" in finding.message
