from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from mailkit.dns import DictResolver, ServerFailure, TimedOut
from mailkit.dns.dmarc.lint import lint, suggested, wanted
from mailkit.dns.dmarc.record import Record
from mailkit.dns.dmarc.walk import Discovery, discover, walk_names
from mailkit.dns.drive import drive_blocking

WHOLE = "v=DMARC1; p=reject; rua=mailto:a@example.com"


def found(zone: dict[str, Any], domain: str = "a.mail.example.com", **others: Any) -> Discovery:
    """The discovery for a domain that exists; the zone maps domains to what is at their _dmarc."""
    records = {(f"_dmarc.{name}", "TXT"): value for name, value in zone.items()}
    records |= others.get("also", {(domain, "A"): ["192.0.2.1"]})
    return drive_blocking(discover(domain), DictResolver(records), deadline=timedelta(seconds=20))


def codes(discovery: Discovery) -> list[str]:
    return [f"{finding.severity} {finding.code.removeprefix('dns.dmarc-')}" for finding in lint(discovery)]


def test_the_walk_takes_eight_questions_at_most() -> None:
    """The example of RFC 9989, 4.10."""
    assert walk_names("a.b.c.d.e.f.g.h.i.j.mail.example.com") == (
        "a.b.c.d.e.f.g.h.i.j.mail.example.com",
        "g.h.i.j.mail.example.com",
        "h.i.j.mail.example.com",
        "i.j.mail.example.com",
        "j.mail.example.com",
        "mail.example.com",
        "example.com",
        "com",
    )
    assert walk_names("a.b.c.d.e.f.example.com")[1] == "b.c.d.e.f.example.com"
    assert len(walk_names("a.b.c.d.e.f.example.com")) == 8
    assert walk_names("example.com") == ("example.com", "com")


@pytest.mark.parametrize(
    ("zone", "organizational", "applied"),
    [
        # The three examples of RFC 9989, 4.10.2.
        ({"mail.example.com": WHOLE, "example.com": WHOLE}, "example.com", "example.com"),
        ({"mail.example.com": f"{WHOLE}; psd=n", "example.com": WHOLE}, "mail.example.com", "mail.example.com"),
        ({"com": f"{WHOLE}; psd=y"}, "example.com", "com"),
        ({}, "a.mail.example.com", None),
        ({"a.mail.example.com": WHOLE}, "a.mail.example.com", "a.mail.example.com"),
        ({"a.mail.example.com": WHOLE, "example.com": WHOLE}, "example.com", "a.mail.example.com"),
        ({"a.mail.example.com": f"{WHOLE}; psd=y", "example.com": WHOLE}, "a.mail.example.com", "a.mail.example.com"),
        ({"a.mail.example.com": f"{WHOLE}; psd=u", "example.com": WHOLE}, "example.com", "a.mail.example.com"),
        ({"example.com": WHOLE, "com": f"{WHOLE}; psd=y"}, "example.com", "example.com"),
        ({"mail.example.com": WHOLE, "com": f"{WHOLE}; psd=y"}, "example.com", "com"),
        ({"mail.example.com": [WHOLE, WHOLE + ";"], "example.com": WHOLE}, "example.com", "example.com"),
        ({"mail.example.com": ["v=spf1 -all", WHOLE]}, "mail.example.com", "mail.example.com"),
        ({"mail.example.com": "v=dmarc1; p=none"}, "a.mail.example.com", None),
    ],
)
def test_which_record_applies(zone: dict[str, Any], organizational: str, applied: str | None) -> None:
    discovery = found(zone)
    assert discovery.organizational == organizational
    assert (discovery.applied.domain if discovery.applied else None) == applied


def test_a_parents_record_speaks_by_sp_and_for_names_that_do_not_exist_by_np() -> None:
    zone = {"example.com": "v=DMARC1; p=none; sp=quarantine; np=reject"}
    assert found(zone).policy == "quarantine"
    assert found(zone, also={}).policy == "reject"
    assert found(zone, domain="example.com").policy == "none"


@pytest.mark.parametrize("failure", [TimedOut(), ServerFailure("REFUSED")])
def test_what_was_not_seen_is_never_called_absent(failure: object) -> None:
    assert codes(found({"a.mail.example.com": failure})) == ["warning unanswered"]
    assert codes(found({"a.mail.example.com": failure, "example.com": WHOLE})) == [
        "warning unanswered",
        "info inherited",
    ]
    assert codes(found({"mail.example.com": failure, "example.com": WHOLE})) == [
        "warning parent-unanswered",
        "info inherited",
    ]


def test_the_own_record_counts_whatever_happens_above_it() -> None:
    discovery = found({"a.mail.example.com": WHOLE, "example.com": TimedOut(), "com": ServerFailure()})
    assert discovery.policy == "reject"
    assert codes(discovery) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (WHOLE, []),
        ("v=DMARC1; p=none; rua=mailto:a@example.com", ["info none"]),
        ("v=DMARC1; p=reject", ["warning no-rua"]),
        ("v=DMARC1; p=none", ["info none", "warning no-rua"]),
        (f"{WHOLE}; t=y", ["info testing"]),
        ("v=DMARC1; p=none; t=y; rua=mailto:a@example.com", ["info none"]),
        (f"{WHOLE}; pct=50; ri=86400", ["info historic", "info historic"]),
        (f"{WHOLE}; adkim=x", ["warning syntax"]),
        (f"{WHOLE}; p=none", ["warning syntax"]),
        ("v=DMARC1; p=rejekt; rua=mailto:a@example.com", ["warning syntax", "warning no-policy"]),
        ("v=DMARC1; p=rejekt", ["warning syntax", "error no-policy"]),
        ("v=DMARC1", ["error no-policy"]),
        ([WHOLE, WHOLE + ";"], ["error several"]),
        ("v=dmarc1; p=none", ["warning not-a-record", "error absent"]),
        ("v=spf1 -all", ["warning wildcard", "error absent"]),
        ("hello", ["warning not-a-record", "error absent"]),
        (f"{WHOLE}; sp=none", ["warning sp-weaker", "info np-missing"]),
        (f"{WHOLE}; sp=quarantine", ["warning sp-weaker"]),
        (f"{WHOLE}; sp=none; np=reject", ["warning sp-weaker"]),
        (f"{WHOLE}; np=none", ["warning np-weaker"]),
        (f"{WHOLE}; np=quarantine", ["warning np-weaker"]),
        ("v=DMARC1; p=none; sp=none; rua=mailto:a@example.com", ["info none"]),
        ("v=DMARC1; p=none; sp=reject; rua=mailto:a@example.com", ["info none"]),
        (f"{WHOLE}; fo=1", ["info fo-unused"]),
        (f"{WHOLE}; fo=1; ruf=mailto:a@example.com", []),
        (f"{WHOLE}; ruf=https://example.com/r", ["info scheme"]),
        (f"{WHOLE}; psd=y", ["warning psd"]),
        (f"{WHOLE}; psd=n", []),
        (f"{WHOLE}; psd=y; ruf=mailto:a@example.com", ["warning psd", "warning psd-ruf"]),
        (f"{WHOLE}; fo=0:1", ["warning syntax"]),
        ([b"\x96" * 65000], ["warning not-a-record", "error absent"]),
        ([], ["error absent"]),
    ],
)
def test_what_is_said_about_a_record(text: Any, expected: list[str]) -> None:
    assert codes(found({"example.com": text}, domain="example.com")) == expected


def test_a_misspelt_version_is_told_from_something_else() -> None:
    misspelt, other = (
        lint(found({"example.com": text}, domain="example.com"))[0] for text in ("V=dmarc1; p=none", "hello")
    )
    assert "spelling" in misspelt.message
    assert "spelling" not in other.message


def test_what_answers_at_the_domain_as_well_is_a_wildcard() -> None:
    also = {("example.com", "TXT"): ["google-site-verification=1"]}
    discovery = found({"example.com": "google-site-verification=1"}, domain="example.com", also=also)
    assert codes(discovery) == ["warning wildcard", "error absent"]


def test_policies_for_subdomains_are_told_apart_at_a_subdomain() -> None:
    zone = {"a.example.com": f"{WHOLE}; sp=none", "example.com": WHOLE}
    assert codes(found(zone, domain="a.example.com")) == ["info unused"]
    zone["a.example.com"] = WHOLE
    assert codes(found(zone, domain="a.example.com")) == []
    assert codes(found({"com": f"{WHOLE}; psd=y"}, domain="com")) == ["info psd"]


@pytest.mark.parametrize(
    "tags", ["sp=none", "np=none", "sp=none; np=reject", "psd=y", "psd=y; ruf=mailto:a@example.com"]
)
def test_what_is_offered_mends_what_was_found(tags: str) -> None:
    for finding in lint(found({"example.com": f"{WHOLE}; {tags}"}, domain="example.com")):
        text = finding.mend.partition('"')[2].rstrip('"')
        after = {later.code for later in lint(found({"example.com": text}, domain="example.com"))}
        assert finding.code not in after


@pytest.mark.parametrize(
    "text",
    [
        WHOLE,
        "v=DMARC1",
        "v=DMARC1; p=rejekt",
        "v=DMARC1; pct=50; sp=none; np=x",
        "v=DMARC1; rua=a@example.com; fo=y",
        None,
    ],
)
def test_a_suggested_record_has_nothing_wrong_in_it(text: str | None) -> None:
    line = suggested("example.com", Record.parse(text) if text else None)
    assert line.name == "_dmarc.example.com"
    after = codes(found({"example.com": line.text}, domain="example.com"))
    assert set(after) <= {"info none"}


@pytest.mark.parametrize(
    ("zone", "text"),
    [
        ({"example.com": WHOLE}, None),
        ({"com": WHOLE}, None),
        ({"example.com": TimedOut()}, None),
        ({}, "v=DMARC1; p=none; rua=mailto:dmarc@example.com"),
        ({"example.com": "v=DMARC1; p=reject"}, "v=DMARC1; p=reject; rua=mailto:dmarc@example.com"),
        ({"example.com": f"{WHOLE}; pct=5"}, WHOLE),
        ({"example.com": f"{WHOLE}; adkim=x"}, WHOLE),
        ({"example.com": [WHOLE, "v=DMARC1; p=none"]}, "v=DMARC1; p=none; rua=mailto:dmarc@example.com"),
    ],
)
def test_a_better_record_is_offered_where_there_is_one(zone: dict[str, Any], text: str | None) -> None:
    line = wanted(found(zone, domain="example.com"))
    assert (line.text if line else None) == text
