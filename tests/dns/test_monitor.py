"""What changed since last time; and what was not answered is no change."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit.dns.aggregate import Kind, Sending
from mailkit.dns.lookup import Answer, Malformed, NoData, NoSuchDomain, Outcome, Query, ServerFailure, TimedOut
from mailkit.dns.monitor import DNSKind, Seen, Snapshot, changes, new_sources
from mailkit.errors import InvalidValue
from mailkit.event import Event

NOON, DAY = datetime(2026, 11, 1, 12, tzinfo=UTC), timedelta(days=1)
DMARC = Query("_dmarc.shop.example")
FAILURES = (ServerFailure(), TimedOut(), Malformed("odd"))
OUTCOMES: list[Outcome] = [Answer(["a"]), Answer(["b", "c"]), NoData(), NoSuchDomain(), *FAILURES]


def told(*outcomes: Outcome) -> list[tuple[Event, ...]]:
    """The events of looking at one name day by day."""
    last, found = None, list[tuple[Event, ...]]()
    for day, outcome in enumerate(outcomes):
        new = Snapshot.of("shop.example", {DMARC: outcome}, now=NOON + day * DAY, before=last)
        found.append(changes(last, new) if last else ())
        last = new
    return found


def kinds(*outcomes: Outcome) -> list[str]:
    return [event.kind for events in told(*outcomes) for event in events]


def test_each_change_has_a_word_and_a_severity() -> None:
    assert kinds(NoData(), Answer(["a"])) == [DNSKind.APPEARED]
    assert kinds(Answer(["a"]), Answer(["b"])) == [DNSKind.CHANGED]
    assert kinds(Answer(["a"]), NoSuchDomain()) == [DNSKind.VANISHED]
    assert kinds(Answer(["a"]), Answer(["a"])) == []
    assert kinds(NoData(), NoSuchDomain()) == []
    (event,) = told(Answer(["v=1", "w=1"]), NoData())[1]
    assert (event.person, event.at) == ("shop.example", NOON + DAY)
    assert event.properties == {
        "severity": "error",
        "name": "_dmarc.shop.example",
        "type": "TXT",
        "outcome": "no-data",
        "before": "v=1\nw=1",
        "after": "",
    }


@pytest.mark.parametrize("failure", FAILURES, ids=lambda one: type(one).__name__)
def test_what_was_not_answered_has_not_gone(failure: Outcome) -> None:
    assert kinds(Answer(["a"]), failure, failure, Answer(["a"])) == [DNSKind.SILENT, DNSKind.ANSWERED]
    assert kinds(Answer(["a"]), failure, NoData()) == [DNSKind.SILENT, DNSKind.VANISHED]
    assert kinds(Answer(["a"]), failure, Answer(["b"])) == [DNSKind.SILENT, DNSKind.CHANGED]
    assert kinds(failure, Answer(["a"])) == [], "nothing was known before"


def test_a_record_stands_since_it_was_first_seen_as_it_is() -> None:
    def stands(*outcomes: Outcome, length: timedelta = 2 * DAY) -> bool:
        last = None
        for day, outcome in enumerate(outcomes):
            last = Snapshot.of("shop.example", {DMARC: outcome}, now=NOON + day * DAY, before=last)
        assert last is not None
        return last.has_stood(DMARC, length)

    same = Answer(["a"])
    assert stands(same, same, same)
    assert stands(same, TimedOut(), same)
    assert not stands(same, same)
    assert not stands(same, Answer(["b"]), same)
    assert not stands(NoData(), NoData(), NoData())
    assert not stands(TimedOut(), TimedOut(), same)
    empty = Snapshot(domain="shop.example", at=NOON)
    assert not empty.has_stood(DMARC, DAY)
    assert empty.find(DMARC) is None


def test_policy_and_score_are_watched_too() -> None:
    def pair(old: tuple[str, int | None], new: tuple[str, int | None]) -> list[tuple[str, object]]:
        first, last = (
            Snapshot.of("shop.example", {}, now=NOON, policy=policy, score=score) for policy, score in (old, new)
        )
        return [(event.kind, event.properties["severity"]) for event in changes(first, last)]

    assert pair(("reject", 90), ("none", 80)) == [("dmarc_policy_changed", "error"), ("dns_score_changed", "warning")]
    assert pair(("none", 80), ("reject", 90)) == [("dmarc_policy_changed", "info"), ("dns_score_changed", "info")]
    assert pair(("reject", 80), ("", None)) == [], "not known is no change"
    assert pair(("", 80), ("odd", 80)) == [("dmarc_policy_changed", "info")]


def test_only_what_both_asked_is_compared_and_only_of_one_domain() -> None:
    first = Snapshot.of("shop.example", {DMARC: Answer(["a"])}, now=NOON)
    other = Snapshot.of("shop.example", {Query("shop.example", "MX"): Answer(["b"])}, now=NOON + DAY, before=first)
    assert changes(first, other) == ()
    with pytest.raises(InvalidValue, match="another domain"):
        changes(first, Snapshot(domain="other.example", at=NOON))


def test_odd_names_and_texts_make_events_all_the_same() -> None:
    odd = Query("=?utf-8?q?=0a?=\r\n\xff.example")
    first = Snapshot.of("shop.example", {odd: Answer(["\xff\n\x00"])}, now=NOON)
    (event,) = changes(first, Snapshot.of("shop.example", {odd: NoData()}, now=NOON + DAY, before=first))
    assert event.kind == DNSKind.VANISHED
    assert event.identity


@given(st.lists(st.sampled_from(OUTCOMES), min_size=1, max_size=6))
def test_a_snapshot_survives_json_and_equal_ones_have_no_changes(outcomes: list[Outcome]) -> None:
    last = None
    for day, outcome in enumerate(outcomes):
        last = Snapshot.of("shop.example", {DMARC: outcome}, now=NOON + day * DAY, before=last, policy="none", score=7)
    assert last is not None
    again = Snapshot.from_json(json.loads(json.dumps(last.to_json())))
    assert again == last
    assert changes(last, again) == ()


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"form": 2},
        {"form": 1, "domain": "a", "at": "x", "seen": [], "policy": "", "score": None},
        {"form": 1, "domain": "a", "at": "2026-01-01", "seen": [], "policy": "", "score": None},
        {"form": 1, "domain": "a", "at": 5, "seen": [{"name": "a"}], "policy": "", "score": None},
        {"form": 1, "domain": "a", "at": NOON.isoformat(), "seen": 5, "policy": "", "score": None},
    ],
)
def test_json_that_is_no_snapshot_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidValue):
        Snapshot.from_json(wrong)


def test_wrong_times_and_words_are_refused() -> None:
    with pytest.raises(InvalidValue):
        Snapshot.of("a.example", {}, now=NOON.replace(tzinfo=None))
    with pytest.raises(InvalidValue):
        Seen(name="a", type="TXT", outcome="answer", since=NOON.replace(tzinfo=None))
    with pytest.raises(ValueError, match="outcome"):
        Seen(name="a", type="TXT", outcome="odd")


def test_new_senders_are_told_once() -> None:
    def source(name: str, kind: Kind, messages: int, passing: int) -> Sending:
        return Sending(name=name, kind=kind, messages=messages, passing=passing)

    known = [source("Amazon SES", Kind.VENDOR, 10, 10)]
    seen = [
        *known,
        source("SendGrid", Kind.VENDOR, 10, 10),
        source("Mailchimp", Kind.VENDOR, 10, 0),
        source("203.0.113.0/24", Kind.UNKNOWN, 90, 0),
        source("203.0.114.0/24", Kind.UNKNOWN, 1, 0),
    ]
    events = new_sources(known, seen, domain="shop.example", now=NOON, least_messages=5)
    assert [(event.properties["source"], event.properties["severity"]) for event in events] == [
        ("SendGrid", "info"),
        ("Mailchimp", "warning"),
        ("203.0.113.0/24", "warning"),
    ]
    assert {event.kind for event in events} == {"dmarc_source_appeared"}
    again = new_sources(known, seen, domain="shop.example", now=NOON + DAY, least_messages=5)
    assert [event.identity for event in again] == [event.identity for event in events], "stored once"
