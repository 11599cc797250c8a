from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit.dns import Answer, TimedOut, blocklists
from mailkit.dns.blocklists import KNOWN, Blocklist, Verdict
from mailkit.dns.drive import run_sync
from mailkit.dns.lookup import NoSuchDomain, Query
from mailkit.errors import InvalidValue

IP, REVERSED = "192.0.2.7", "7.2.0.192"


class Watching:
    """Answers from a dict, and keeps the questions."""

    def __init__(self, zone: dict[Any, Any]) -> None:
        self.zone, self.questions = zone, []  # type: ignore[var-annotated]

    def resolve(self, query: Query) -> Any:
        self.questions.append(query)
        return self.zone.get((query.name, query.type), NoSuchDomain())


def ask(key: str, answer: Any, *, domain: str = "") -> Any:
    one = next(one for one in KNOWN if one.key == key)
    name = f"{domain or REVERSED}.{one.zone}"
    resolver = Watching({(name, "A"): answer, (name, "TXT"): Answer(["because"])})
    addresses, domains = ([], [domain]) if domain else ([IP], [])
    (entry,) = run_sync(blocklists.find([key], addresses=addresses, domains=domains), resolver=resolver)
    return entry, resolver


@pytest.mark.parametrize(
    ("key", "answer", "domain", "verdict", "meaning"),
    [
        ("spamhaus-zen", ["127.0.0.2", "127.0.0.4"], "", Verdict.LISTED, "SBL: spam sources; XBL: exploited machines"),
        ("spamhaus-zen", ["127.0.0.99"], "", Verdict.LISTED, "listed"),
        ("spamhaus-zen", ["127.255.255.252"], "", Verdict.REFUSED, ""),
        ("spamhaus-zen", ["127.255.255.254"], "", Verdict.REFUSED, ""),
        ("spamhaus-zen", ["127.255.255.255"], "", Verdict.REFUSED, ""),
        ("spamhaus-zen", ["127.255.255.250"], "", Verdict.REFUSED, ""),
        ("spamhaus-zen", ["127.255.255.254", "127.0.0.2"], "", Verdict.REFUSED, ""),
        ("spamhaus-zen", ["203.0.113.9"], "", Verdict.UNKNOWN, ""),
        ("spamhaus-zen", ["127.0.0.2", "203.0.113.9"], "", Verdict.UNKNOWN, ""),
        ("spamhaus-zen", ["oops"], "", Verdict.UNKNOWN, ""),
        ("spamhaus-dbl", ["127.0.1.4"], "example.com", Verdict.LISTED, "phishing domain"),
        ("spamhaus-dbl", ["127.0.1.255"], "example.com", Verdict.REFUSED, ""),
        ("uribl", ["127.0.0.1"], "example.com", Verdict.REFUSED, ""),
        ("uribl", ["127.0.0.2"], "example.com", Verdict.LISTED, "black"),
        ("surbl", ["127.0.0.80"], "example.com", Verdict.LISTED, "malware, abuse"),
        ("spamcop", ["127.0.0.2"], "", Verdict.LISTED, "reported as a source of spam"),
    ],
)
def test_what_an_answer_means(key: str, answer: Any, domain: str, verdict: Verdict, meaning: str) -> None:
    entry, resolver = ask(key, Answer(answer), domain=domain)
    assert entry.verdict is verdict
    assert entry.meaning == meaning
    reasons = [query for query in resolver.questions if query.type == "TXT"]
    assert bool(reasons) is (verdict is Verdict.LISTED)
    assert entry.reason == ("because" if reasons else "")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (NoSuchDomain(), []),
        (TimedOut(), ["warning blocklist-unanswered"]),
        (Answer(["127.0.0.2"]), ["error blocklist-listed"]),
        (Answer(["127.255.255.254"]), ["info blocklist-refused"]),
        (Answer(["198.51.100.1"]), ["warning blocklist-unanswered"]),
    ],
)
def test_what_is_said(answer: Any, expected: list[str]) -> None:
    entry, _ = ask("spamhaus-zen", answer)
    findings = blocklists.lint([entry])
    assert [f"{one.severity} {one.code.removeprefix('dns.')}" for one in findings] == expected


def test_no_list_is_asked_unless_it_is_named() -> None:
    resolver = Watching({})
    assert run_sync(blocklists.find(addresses=[IP], domains=["example.com"]), resolver=resolver) == ()
    assert resolver.questions == []


def test_lists_are_asked_only_about_what_they_list() -> None:
    resolver = Watching({})
    keys = [one.key for one in KNOWN]
    entries = run_sync(
        blocklists.find(keys, addresses=[IP, "2001:db8::1"], domains=["Example.com."]), resolver=resolver
    )
    asked = {(entry.list.key, entry.subject) for entry in entries}
    assert ("spamhaus-zen", "2001:db8::1") in asked
    assert ("spamcop", "2001:db8::1") not in asked
    assert ("uribl", "example.com") in asked
    assert ("uribl", IP) not in asked
    nibbles = "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.zen.spamhaus.org"
    assert Query(nibbles, "A") in resolver.questions


def test_a_list_whose_reason_is_not_told_still_lists() -> None:
    zone = {(f"{REVERSED}.bl.example.org", "A"): ["127.0.0.2"]}
    mine = Blocklist(key="mine", name="My list", zone="bl.example.org")
    (entry,) = run_sync(blocklists.find([mine], addresses=[IP]), resolver=zone)
    assert (entry.verdict, entry.reason) == (Verdict.LISTED, "")
    (finding,) = blocklists.lint([entry])
    assert finding.evidence == "127.0.0.2"
    assert finding.source == "RFC 5782, 2.1"


@given(st.lists(st.text(st.characters(max_codepoint=255), max_size=20), max_size=4))
def test_any_answer_is_one_of_four_verdicts(values: list[str]) -> None:
    entry, _ = ask("spamhaus-zen", Answer(values))
    assert entry.verdict in tuple(Verdict)


@pytest.mark.parametrize("word", ["spamhaus-zem", 5])
def test_a_list_that_is_not_known_is_refused(word: Any) -> None:
    with pytest.raises(InvalidValue, match="not one that is known"):
        next(blocklists.find([word], addresses=[IP]))
