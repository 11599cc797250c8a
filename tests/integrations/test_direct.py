"""What `mailkit.dns` knows, as a sender asks it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from mailkit import dns
from mailkit.dns.errands import Fetch, Fetched
from mailkit.integrations.direct import ResolverLookup, StsPolicies
from mailkit.send.smtp.lookup import Lookup, NoSuchName, Outcome, Records, Unanswered
from mailkit.testing import FakeClock

ZONE = {
    ("example.org", "MX"): ["10 mx.example.org"],
    ("mx.example.org", "A"): ["192.0.2.1"],
    ("mx.example.org", "AAAA"): ["2001:db8::1"],
    ("half.example.org", "A"): ["192.0.2.2"],
    ("half.example.org", "AAAA"): dns.TimedOut(),
    ("sick.example.org", "MX"): dns.ServerFailure("SERVFAIL"),
}


class Asked:
    """A resolver of coroutines, as `AsyncResolver` is one."""

    def __init__(self, zone: dict[tuple[str, str], object]) -> None:
        self.found = dns.DictResolver(zone)
        self.questions: list[str] = []

    async def resolve(self, query: dns.Query) -> dns.Outcome:
        self.questions.append(str(query))
        return self.found.resolve(query)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("example.org", Records(["10 mx.example.org"])),
        ("mx.example.org", Records()),
        ("nobody.example", NoSuchName()),
        ("sick.example.org", Unanswered("the name server failed (SERVFAIL)")),
    ],
)
@pytest.mark.parametrize("make", [dns.DictResolver, Asked])
def test_outcomes_of_questions_are_told_in_the_senders_words(make: type, name: str, expected: Outcome) -> None:
    lookup = ResolverLookup(make(ZONE))
    assert isinstance(lookup, Lookup)
    assert asyncio.run(lookup.mx(name)) == expected


def test_both_versions_of_ip_are_asked_for() -> None:
    lookup = ResolverLookup(ZONE)  # type: ignore[arg-type]
    assert asyncio.run(lookup.addresses("mx.example.org")) == Records(["192.0.2.1", "2001:db8::1"])
    assert asyncio.run(lookup.addresses("half.example.org")) == Records(["192.0.2.2"])
    assert asyncio.run(lookup.addresses("example.org")) == Records()


# -- policies ---------------------------------------------------------------------------------------------------------

POLICY = "version: STSv1\nmode: enforce\nmx: mx.example.org\nmax_age: 604800\n"
RECORD = {("_mta-sts.example.org", "TXT"): ["v=STSv1; id=1"]}
URL = "https://mta-sts.example.org/.well-known/mta-sts.txt"


class Web:
    def __init__(self, text: str | None = POLICY) -> None:
        self.text = text
        self.pages: list[str] = []

    async def fetch(self, page: Fetch) -> Fetched | dns.TimedOut:
        self.pages.append(page.url)
        await asyncio.sleep(0)
        if self.text is None:
            return dns.TimedOut()
        return Fetched(status=200, media_type="text/plain", body=self.text.encode())


def policies(zone: dict[tuple[str, str], object], web: Web) -> tuple[StsPolicies, FakeClock, Asked]:
    clock, asked = FakeClock(datetime(2026, 3, 1, tzinfo=UTC)), Asked(zone)
    return StsPolicies(resolver=asked, fetcher=web, clock=clock), clock, asked


def test_a_policy_is_fetched_once_and_kept() -> None:
    web = Web()
    ask, _, asked = policies(RECORD, web)
    assert asyncio.run(ask("example.org")) == asyncio.run(ask("example.org")) == dns.tls.StsPolicy.parse(POLICY)
    assert (web.pages, asked.questions) == ([URL], ["TXT _mta-sts.example.org"])


def test_many_letters_at_once_look_once() -> None:
    web = Web()
    ask, _, _ = policies(RECORD, web)

    async def many() -> None:
        await asyncio.gather(*(ask("example.org") for _ in range(20)))

    asyncio.run(many())
    assert web.pages == [URL]


def test_a_policy_holds_for_its_age_whatever_becomes_of_its_record_and_page() -> None:
    web = Web()
    ask, clock, asked = policies(dict(RECORD), web)
    assert asyncio.run(ask("example.org"))
    asked.found, web.text = dns.DictResolver({}), None
    clock.advance(timedelta(days=6))
    assert asyncio.run(ask("example.org"))
    clock.advance(timedelta(days=1, seconds=1))
    assert asyncio.run(ask("example.org")) is None


def test_a_policy_that_changes_is_seen_within_hours() -> None:
    web = Web()
    ask, clock, _ = policies(RECORD, web)
    asyncio.run(ask("example.org"))
    web.text = POLICY.replace("enforce", "testing")
    clock.advance(timedelta(hours=7))
    found = asyncio.run(ask("example.org"))
    assert found is not None
    assert found.mode == "testing"


@pytest.mark.parametrize("text", [None, "version: STSv1\nmode: enforce\n", "<html>"])
def test_a_policy_that_cannot_be_had_or_read_is_none_and_is_asked_for_again_soon(text: str | None) -> None:
    web = Web(text)
    ask, clock, _ = policies(RECORD, web)
    assert asyncio.run(ask("example.org")) is None
    web.text = POLICY
    assert asyncio.run(ask("example.org")) is None
    clock.advance(timedelta(minutes=6))
    assert asyncio.run(ask("example.org"))


def test_that_there_is_none_is_kept_for_hours() -> None:
    ask, clock, asked = policies({}, Web())
    for _ in range(3):
        assert asyncio.run(ask("example.org")) is None
        clock.advance(timedelta(hours=1))
    assert len(asked.questions) == 1


def test_the_domain_unused_for_longest_is_forgotten() -> None:
    web = Web()
    ask, _, asked = policies({}, web)
    ask.most = 2
    for name in ("a.example", "b.example", "a.example", "c.example", "a.example"):
        asyncio.run(ask(name))
    assert [one.removeprefix("TXT _mta-sts.") for one in asked.questions] == ["a.example", "b.example", "c.example"]


def test_pages_are_fetched_over_https_unless_said_otherwise() -> None:
    from mailkit.dns.fetcher import HttpsFetcher

    ask = StsPolicies(resolver={})
    assert asyncio.run(ask("example.org")) is None
    assert isinstance(ask.fetcher, HttpsFetcher)
