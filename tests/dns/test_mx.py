from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit.dns import Answer, Malformed, NoData, NoSuchDomain, ServerFailure, TimedOut, mx
from mailkit.dns.drive import run_sync
from mailkit.findings import Severity

D = "example.com"
SOUND = {(D, "MX"): ["10 mx1.example.com", "10 mx2.example.com"]} | {
    (f"mx{number}.example.com", kind): [address]
    for number in (1, 2)
    for kind, address in (("A", f"8.8.8.{number}"), ("AAAA", f"2606:4700::{number}"))
}


def codes(zone: dict[Any, Any]) -> list[str]:
    return [
        f"{one.severity} {one.code.removeprefix('dns.mx-')}" for one in mx.lint(run_sync(mx.find(D), resolver=zone))
    ]


def test_two_hosts_of_one_preference_are_fine() -> None:
    assert codes(SOUND) == []
    found = run_sync(mx.find(D), resolver=SOUND)
    assert found.names == ("mx1.example.com", "mx2.example.com")
    assert [str(address) for address in found.hosts[0].addresses] == ["8.8.8.1", "2606:4700::1"]


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ({}, ["error absent"]),
        ({(D, "TXT"): ["x"]}, ["error absent"]),
        ({(D, "A"): ["8.8.8.8"]}, ["warning implicit"]),
        ({(D, "MX"): NoData(), (D, "A"): TimedOut()}, ["warning unanswered"]),
        ({(D, "MX"): TimedOut()}, ["warning unanswered"]),
        ({(D, "MX"): ServerFailure(), (D, "A"): ["8.8.8.8"]}, ["warning unanswered"]),
        ({(D, "MX"): Malformed("x")}, ["warning unanswered"]),
        ({(D, "MX"): ["0 ."]}, ["warning null"]),
        ({(D, "MX"): ["10 ."]}, ["warning null", "info null-preference"]),
        (SOUND | {(D, "MX"): ["0 .", "10 mx1.example.com"]}, ["error null-with-others"]),
        ({(D, "MX"): ["oops"]}, ["error syntax"]),
        ({(D, "MX"): ["10 a..b"]}, ["error syntax"]),
        ({(D, "MX"): ["10 192.0.2.1"]}, ["error unreachable", "error address"]),
        ({(D, "MX"): ["10 [192.0.2.1]"]}, ["error unreachable", "error address"]),
        ({(D, "MX"): ["10 mx1.example.com"]}, ["error unreachable", "warning no-address"]),
        (SOUND | {(D, "MX"): ["10 mx1.example.com", "20 gone.example.com"]}, ["warning no-address"]),
        ({(D, "MX"): ["10 mx1.example.com"], ("mx1.example.com", "A"): TimedOut()}, ["warning host-unanswered"]),
        ({(D, "MX"): ["10 mx1.example.com"], ("mx1.example.com", "A"): ["10.0.0.1"]}, ["error not-public"]),
        (
            {(D, "MX"): ["10 mx1.example.com"], ("mx1.example.com", "A"): ["10.0.0.1", "8.8.8.8"]},
            ["warning not-public"],
        ),
        (
            SOUND | {(D, "MX"): ["10 mail.example.com"], ("mail.example.com", "CNAME"): ["mx1.example.com"]},
            ["warning alias"],
        ),
        (
            {(D, "MX"): ["1 aspmx.l.google.com"], ("aspmx.l.google.com", "A"): ["8.8.8.8"]},
            ["info vendor"],
        ),
    ],
)
def test_what_is_said_about_mx_records(zone: dict[Any, Any], expected: list[str]) -> None:
    assert codes(zone) == expected


def test_a_host_that_is_known_by_one_family_is_not_unanswered() -> None:
    zone = {
        (D, "MX"): ["10 mx1.example.com"],
        ("mx1.example.com", "A"): ["8.8.8.8"],
        ("mx1.example.com", "AAAA"): TimedOut(),
    }
    assert codes(zone) == []


def test_only_so_many_hosts_are_looked_at() -> None:
    zone = {(D, "MX"): [f"{number} mx{number}.example.com" for number in range(100)]}
    zone |= {(f"mx{number}.example.com", "A"): ["8.8.8.8"] for number in range(100)}
    found = run_sync(mx.find(D), resolver=zone)
    assert (len(found.hosts), found.left_out) == (20, 80)
    assert codes(zone) == ["warning many"]


def test_the_names_to_greet_are_those_of_the_hosts_or_the_domain_itself() -> None:
    assert run_sync(mx.find(D), resolver={(D, "A"): ["8.8.8.8"]}).names == (D,)
    assert run_sync(mx.find(D), resolver={(D, "MX"): ["0 ."]}).names == ()


@given(st.lists(st.text(st.characters(max_codepoint=255), max_size=40), max_size=5))
def test_any_text_as_an_mx_record_is_answered_with_findings(values: list[str]) -> None:
    found = mx.lint(run_sync(mx.find(D), resolver={(D, "MX"): Answer(values)}))
    assert all(isinstance(one.severity, Severity) for one in found)


def test_the_answer_without_mx_says_where_mail_should_go() -> None:
    (finding,) = mx.lint(run_sync(mx.find(D), resolver={(D, "A"): ["8.8.8.8"]}))
    assert "example.com. IN MX 10 mail.example.com." in finding.mend
    assert NoSuchDomain() == NoSuchDomain(("x",))
