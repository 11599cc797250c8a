from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit.address import Domain
from mailkit.dns import TimedOut
from mailkit.dns.dmarc.external import destinations
from mailkit.dns.dmarc.lint import lint
from mailkit.dns.dmarc.record import Policy
from mailkit.dns.dmarc.suffix import organizational_domain, organizational_domain_sync
from mailkit.dns.dmarc.suggest import suggest
from mailkit.dns.dmarc.walk import discover
from mailkit.dns.drive import run_sync
from mailkit.dns.lookup import Check
from mailkit.errors import InvalidValue

policies = st.sampled_from(Policy)
addresses = st.lists(
    st.sampled_from(["a@example.com", "b@x.example.com", "mailto:c@r.example", "d@r.example"]), max_size=3
)


@given(policies, st.none() | policies, st.none() | policies, addresses, addresses, st.booleans())
def test_what_is_suggested_is_found_again_and_everybody_wants_the_reports(
    policy: Policy, below: Policy | None, missing: Policy | None, rua: list[str], ruf: list[str], testing: bool
) -> None:
    def both() -> Check[Any]:
        found = yield from discover("example.com")
        return found, (yield from destinations(found))

    lines = suggest(
        "example.com", policy=policy, subdomains=below, nonexistent=missing, rua=rua, ruf=ruf, is_testing=testing
    )
    found, reports = run_sync(both(), resolver={(line.name, "TXT"): [line.text] for line in lines})
    assert found.policy is policy
    assert found.applied.record.rua
    assert {finding.code.removeprefix("dns.dmarc-") for finding in lint(found)} <= {
        "none", "testing", "sp-weaker", "np-weaker", "np-missing"
    }  # fmt: skip
    assert {str(report.permission) for report in reports} <= {"inside", "given"}


def test_a_record_may_be_as_short_as_the_name() -> None:
    (line,) = suggest(Domain.parse("Example.com"))
    assert line.text == "v=DMARC1; p=none; rua=mailto:dmarc@example.com"


@pytest.mark.parametrize("arguments", [{"policy": "rejekt"}, {"rua": ["a b@example.com"]}, {"rua": "a@example.com"}])
def test_what_cannot_be_written_is_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(InvalidValue):
        suggest("example.com", **arguments)


def test_the_walk_says_where_an_organization_begins_and_the_list_only_where_nobody_says() -> None:
    zone = {("_dmarc.dept.example.co.uk", "TXT"): ["v=DMARC1; p=none"]}
    walked = organizational_domain_sync("a.dept.example.co.uk", fallback="psl", resolver=zone)
    assert (str(walked), walked.source, walked.is_known) == ("dept.example.co.uk", "walk", True)
    alone = organizational_domain_sync("a.dept.example.co.uk", resolver={})
    assert (alone.domain, alone.source) == ("a.dept.example.co.uk", "itself")
    unseen = asyncio.run(organizational_domain("a.example.com", resolver={("_dmarc.com", "TXT"): TimedOut()}))
    assert not unseen.is_known


def test_the_list_knows_registries() -> None:
    pytest.importorskip("publicsuffixlist", reason="needs the extra psl")
    listed = organizational_domain_sync("a.dept.example.co.uk", fallback="psl", resolver={})
    assert (listed.domain, listed.source) == ("example.co.uk", "psl")
    assert organizational_domain_sync("co.uk", fallback="psl", resolver={}).source == "itself"


@pytest.mark.parametrize("arguments", [{"domain": ""}, {"domain": 5}, {"domain": "a.example", "fallback": "list"}])
def test_what_is_no_domain_has_no_organization(arguments: dict[str, Any]) -> None:
    with pytest.raises(InvalidValue):
        organizational_domain_sync(**arguments, resolver={})
