"""Laws of all checks about hosts and transport: whatever the answers, there are findings and no exception."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit.dns import (
    Answer,
    Malformed,
    NoData,
    NoSuchDomain,
    ServerFailure,
    TimedOut,
    bimi,
    blocklists,
    hosts,
    mx,
    names,
    paths,
    tls,
)
from mailkit.dns.bimi.lint import lint as lint_bimi
from mailkit.dns.drive import Helpers, run_sync
from mailkit.dns.errands import Fetch, Fetched, Greet, Greeted
from mailkit.dns.lookup import Check, Outcome, Query, each, together
from mailkit.findings import Finding, Severity

D = "example.com"
NOW = datetime(2026, 11, 28, tzinfo=UTC)
TEXTS = [
    "v=STSv1; id=1",
    "v=TLSRPTv1; rua=mailto:a@example.com",
    "v=BIMI1; l=https://example.com/l.svg; a=https://example.com/m.pem",
    "10 mx.example.com",
    "0 .",
    "127.0.0.2",
    "8.8.8.8",
    "::1",
    "3 1 1 " + "ab" * 32,
    "",
    "\x00\x85\xff;=",
]
PATHS = [paths.Path(name=f"{purpose[:3]}.{D}", purpose=purpose, target="x.example.net") for purpose in paths.Purpose]
aliases = st.lists(st.sampled_from(["a.example.net", "b.example.net"]), max_size=2).map(tuple)
outcomes = st.one_of(
    st.builds(Answer, st.lists(st.sampled_from(TEXTS), min_size=1, max_size=3), st.none(), aliases),
    st.builds(NoData, aliases),
    st.builds(NoSuchDomain, aliases),
    st.just(ServerFailure()),
    st.just(TimedOut()),
    st.just(Malformed("x")),
)
pages = st.one_of(
    st.builds(
        Fetched, status=st.sampled_from([200, 404]), media_type=st.just("text/plain"), body=st.binary(max_size=20)
    ),
    st.just(TimedOut()),
    st.just(ServerFailure("certificate: expired")),
    st.just(Malformed("x")),
)
greetings = st.one_of(
    st.builds(Greeted, banner=st.just("220 x"), offers_starttls=st.booleans(), certificate=st.just(b"x")),
    st.just(TimedOut()),
)


class Chance:
    """Answers each question, page and greeting as it comes."""

    def __init__(self, data: Any) -> None:
        self.data = data

    def resolve(self, query: Query) -> Outcome:
        drawn: Outcome = self.data.draw(outcomes)
        return drawn

    def fetch(self, page: Fetch) -> Any:
        return self.data.draw(pages)

    def greet(self, server: Greet) -> Any:
        return self.data.draw(greetings)


class Same:
    """Answers every question alike."""

    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome

    def resolve(self, query: Query) -> Outcome:
        return self.outcome


def incoming() -> Check[tuple[mx.Found, tls.ServersFound]]:
    mail = yield from mx.find(D)
    return mail, (yield from tls.find_servers(D, mail.names, greets=True))


def transport() -> Check[tuple[tls.StsFound, tls.RptFound, bimi.Found]]:
    return (yield from together(tls.find_sts(D), tls.find_rpt(D), bimi.find(f"news.{D}", organizational=D)))


def everything() -> Check[Any]:
    lists = [one.key for one in blocklists.KNOWN]
    return (
        yield from each(
            [
                incoming(),
                transport(),
                together(names.find(D, names=[f"s._domainkey.{D}"]), paths.find(PATHS)),
                together(
                    hosts.find(["8.8.4.4", "2606:4700::1"], helo=f"out.{D}"),
                    blocklists.find(lists, addresses=["8.8.4.4"], domains=[D]),
                ),
            ]
        )
    )


def findings(found: Any) -> list[Finding]:
    (mail, servers), (sts, rpt, logo), (aliases, ways), (machines, entries) = found
    return [
        *mx.lint(mail),
        *tls.lint_servers(servers, is_enforced=sts.is_enforced, now=NOW),
        *tls.lint_sts(sts, mail.names),
        *tls.lint_rpt(rpt),
        *lint_bimi(logo, now=NOW),
        *names.lint(aliases),
        *(finding for way in ways for finding in paths.lint(way, domain=D)),
        *hosts.lint(machines),
        *blocklists.lint(entries),
    ]


@given(st.data())
def test_whatever_comes_there_are_findings_with_a_rule_behind_each(data: Any) -> None:
    chance = Chance(data)
    found = run_sync(everything(), resolver=chance, helpers=Helpers(fetcher=chance, greeter=chance))
    for finding in findings(found):
        assert finding.code.startswith("dns.")
        assert finding.message
        assert finding.source
        assert len(finding.evidence) <= 300


@pytest.mark.parametrize("outcome", [TimedOut(), ServerFailure("REFUSED"), Malformed("x")])
def test_what_was_not_answered_is_a_warning_and_never_called_absent(outcome: Outcome) -> None:
    said = findings(run_sync(everything(), resolver=Same(outcome)))
    assert {finding.severity for finding in said} == {Severity.WARNING}
    assert {finding.code.rpartition("-")[2] for finding in said} == {"unanswered"}


@pytest.mark.parametrize("outcome", [NoData(), NoSuchDomain()])
def test_what_is_known_not_to_be_there_is_never_called_unanswered(outcome: Outcome) -> None:
    said = {finding.code for finding in findings(run_sync(everything(), resolver=Same(outcome)))}
    assert said == {
        "dns.mx-absent",
        "dns.mta-sts-absent",
        "dns.tls-rpt-absent",
        "dns.bimi-absent",
        "dns.path-absent",
        "dns.ptr-absent",
        "dns.helo-unresolved",
    }
