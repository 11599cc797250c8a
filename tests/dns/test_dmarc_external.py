from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit.dns import DictResolver, Outcome, Query, ServerFailure, TimedOut
from mailkit.dns.dmarc.external import Destination, destinations, lint_destinations, report_host
from mailkit.dns.dmarc.walk import discover
from mailkit.dns.drive import run_sync
from mailkit.dns.lookup import Check

RED_OF_BANK = "bank._report._dmarc.red.example.net"
RED = "blue.example.com._report._dmarc.red.example.net"


def asked(domain: str) -> Check[tuple[Destination, ...]]:
    found = yield from discover(domain)
    return (yield from destinations(found))


def told(zone: dict[str, Any], domain: str = "blue.example.com", rua: str = "mailto:reports@red.example.net") -> Any:
    """The destinations; the zone maps names of TXT records to what is there."""
    records = {f"_dmarc.{domain}": f"v=DMARC1; p=none; rua={rua}"} | zone
    return run_sync(asked(domain), resolver={(name, "TXT"): value for name, value in records.items()})


def permission(zone: dict[str, Any], **others: Any) -> str:
    (found,) = told(zone, **others)
    return str(found.permission)


def codes(found: tuple[Destination, ...]) -> list[str]:
    return [f"{one.severity} {one.code.removeprefix('dns.dmarc-')}" for one in lint_destinations(found)]


def test_the_example_of_the_rfc() -> None:
    (found,) = told({RED: "v=DMARC1"})
    assert (found.name, found.permission, found.sent_to) == (RED, "given", ())
    assert codes((found,)) == []


@pytest.mark.parametrize("text", ["v=DMARC1", "v=DMARC1;", "v=DMARC1; foo=bar", ["v=spf1 -all", "v=DMARC1"]])
def test_a_record_that_begins_with_the_version_is_a_permission(text: Any) -> None:
    assert permission({RED: text}) == "given"


@pytest.mark.parametrize("text", [[], "v=spf1 -all", "v=dmarc1", "p=none; v=DMARC1", b"\x96"])
def test_anything_else_is_none(text: Any) -> None:
    found = told({RED: text})
    assert found[0].permission == "refused"
    (finding,) = lint_destinations(found)
    assert finding.code == "dns.dmarc-report-refused"
    assert finding.mend == f'{RED}. IN TXT "v=DMARC1"'


def test_the_same_organization_needs_no_permission() -> None:
    for rua in ("mailto:a@blue.example.com", "mailto:a@example.com", "mailto:a@x.example.com", "https://example.com/"):
        assert permission({"_dmarc.example.com": "v=DMARC1; p=none"}, rua=rua) == "inside"
    assert permission({}, rua="mailto:a@example.com") == "refused"  # nothing says that they belong together
    below = {"_dmarc.x.example.com": "v=DMARC1; p=none; psd=n", "_dmarc.example.com": "v=DMARC1; p=none"}
    assert permission(below, rua="mailto:a@x.example.com") == "refused"


def test_a_public_suffix_is_an_organization_of_its_own() -> None:
    bank = {"_dmarc.bank": "v=DMARC1; p=none; psd=y; rua=mailto:a@reports.bank"}
    found = run_sync(asked("some.bank"), resolver={(name, "TXT"): [text] for name, text in bank.items()})
    assert (found[0].domain, found[0].permission) == ("bank", "refused")


@pytest.mark.parametrize(
    ("text", "expected", "finding"),
    [
        ("v=DMARC1; rua=mailto:other@red.example.net", "given", ["info report-moved"]),
        ("v=DMARC1; rua=mailto:other@example.net", "refused", ["warning report-refused"]),
        ("v=DMARC1; rua=mailto:a@red.example.net,mailto:b@x.example", "refused", ["warning report-refused"]),
        ("v=DMARC1; rua=nothing", "given", []),
    ],
)
def test_reports_may_be_moved_within_the_same_host_alone(text: str, expected: str, finding: list[str]) -> None:
    found = told({RED: text})
    assert found[0].permission == expected
    assert codes(found) == finding


@pytest.mark.parametrize("failure", [TimedOut(), ServerFailure()])
def test_what_was_not_answered_is_no_refusal(failure: Any) -> None:
    found = told({RED: failure})
    assert codes(found) == ["warning report-unanswered"]
    # Whether both are of one organization may not be known either.
    same = told({"_dmarc.example.com": failure}, rua="mailto:a@example.com")
    assert codes(same) == ["warning report-unanswered"]
    assert permission({"_dmarc.net": failure, RED: []}) == "refused"


def test_a_name_that_cannot_be_gives_no_permission() -> None:
    long = "x" * 60
    host = ".".join([long] * 3 + ["example"])
    found = told({}, domain=f"{long}.example.com", rua=f"mailto:a@{host}")
    (finding,) = lint_destinations(found)
    assert finding.code == "dns.dmarc-report-refused"
    assert "shorter" in finding.mend


def test_addresses_without_a_host_and_those_too_many_are_left_alone() -> None:
    assert permission({}, rua="tel:123") == "unchecked"
    many = told({}, rua=",".join(f"mailto:a@r{number}.example.net" for number in range(25)))
    assert [str(found.permission) for found in many].count("unchecked") == 5
    assert told({"_dmarc.blue.example.com": "nothing"}) == ()


def test_both_kinds_of_reports_are_looked_at() -> None:
    rua = "mailto:a@red.example.net; ruf=mailto:b@red.example.net"
    found = told({RED: "v=DMARC1; rua=mailto:c@red.example.net"}, rua=rua)
    assert [(one.tag, one.sent_to) for one in found] == [("rua", ("mailto:c@red.example.net",)), ("ruf", ())]


def test_an_answer_that_both_walks_lack_makes_no_stranger_of_a_subdomain() -> None:
    silent = {"_dmarc.com": TimedOut(), "_dmarc.net": TimedOut()}
    assert permission(silent, rua="mailto:a@mail.blue.example.com") == "inside"
    assert permission(silent, rua="mailto:a@red.com") == "unanswered"
    assert permission(silent, rua="mailto:a@red.net") == "refused"


def test_a_public_suffix_gets_no_failure_reports_and_nobody_is_asked_for_them() -> None:
    psd = "v=DMARC1; p=none; psd=y; rua=mailto:a@red.example.net; ruf=mailto:b@red.example.net,mailto:c@x.example.net"
    asked_for = []

    class Noting(DictResolver):
        def resolve(self, query: Query) -> Outcome:
            asked_for.append(query.name)
            return super().resolve(query)

    found = run_sync(
        asked("bank"), resolver=Noting({("_dmarc.bank", "TXT"): [psd], (RED_OF_BANK, "TXT"): ["v=DMARC1"]})
    )
    assert [str(one.permission) for one in found] == ["given", "unused", "unused"]
    assert codes(found) == []  # `dmarc.lint` tells it of the record: dns.dmarc-psd-ruf
    assert not any("x.example.net" in name for name in asked_for)


@given(st.text(max_size=40))
def test_any_address_has_a_host_or_none(text: str) -> None:
    for uri in (text, f"mailto:{text}", f"https://{text}"):
        assert report_host(uri) == report_host(uri).lower()


@pytest.mark.parametrize(
    ("uri", "host"),
    [
        ("mailto:a@b.example?subject=x@y.example", "b.example"),
        ("MAILTO:a%40c.example@b.example", "b.example"),
        ("https://u:p@b.example:8443/x", "b.example"),
        ("https://[b", ""),
        ("mailto:", ""),
        ("urn:a", ""),
    ],
)
def test_where_the_host_stands(uri: str, host: str) -> None:
    assert report_host(uri) == host
