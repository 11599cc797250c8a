from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit import Envelope, Event
from mailkit.errors import InvalidValue
from mailkit.send import Job
from mailkit.send.caps import Cap, Caps

NOW = datetime(2026, 3, 8, tzinfo=UTC)
DAY = timedelta(days=1)


def job(**changes):
    given = {"person": "17", "message_id": "new@example.com", "date": NOW, "raw": b"x"}
    return Job(envelope=Envelope(sender="shop@example.com", recipient="anna@example.org"), **{**given, **changes})


def sent(days_ago, *, kind="accepted", name="", **properties):
    message_id = f"{name or days_ago}@example.com"
    return Event(kind=kind, person="17", at=NOW - days_ago * DAY, message_id=message_id, properties=properties)


@given(st.lists(st.integers(0, 20), max_size=12), st.integers(1, 4), st.randoms())
def test_the_order_of_events_does_not_matter_and_a_fact_counts_once(days, most, random):
    events = [sent(ago, name=f"n{place}") for place, ago in enumerate(days)]
    shuffled = [*events, *events]
    random.shuffle(shuffled)
    in_order, mixed = (Caps(Cap(most, within=7 * DAY), events=given) for given in (events, shuffled))
    assert in_order.refusal(job(), NOW) == mixed.refusal(job(), NOW)
    assert (in_order.refusal(job(), NOW) is not None) == (sum(ago < 7 for ago in days) >= most)


@given(st.lists(st.integers(0, 6), min_size=3, max_size=9))
def test_a_letter_fits_at_the_instant_that_was_told_and_not_before(days):
    caps = Caps(Cap(3, within=7 * DAY), events=[sent(ago, name=f"n{place}") for place, ago in enumerate(days)])
    full = caps.refusal(job(), NOW)
    assert caps.refusal(job(), full.until) is None
    assert caps.refusal(job(), full.until - timedelta(seconds=1)) is not None


def test_a_cap_on_a_topic_counts_and_holds_only_that_topic():
    caps = Caps(Cap(1, within=7 * DAY, topic="offers"), events=[sent(1, topic="offers"), sent(2, topic="news")])
    assert caps.refusal(job(topic="news"), NOW) is None
    assert str(caps.refusal(job(topic="offers"), NOW).cap) == "at most 1 letters on 'offers' in 7 days, 0:00:00"


def test_of_several_full_caps_the_one_that_lasts_longest_is_told():
    caps = Caps(Cap(1, within=2 * DAY), Cap(1, within=7 * DAY), events=[sent(1)])
    assert caps.refusal(job(), NOW).until == NOW + 6 * DAY


def test_transactional_letters_neither_count_nor_wait_unless_the_cap_says_so():
    events = [sent(1, transactional=True)]
    plain = Caps(Cap(1, within=DAY * 2), events=events)
    strict = Caps(Cap(1, within=DAY * 2, is_for_transactional=True), events=events)
    assert plain.refusal(job(), NOW) is None
    assert strict.refusal(job(), NOW) is not None
    assert Caps(Cap(1, within=DAY * 2), events=[sent(1)]).refusal(job(is_transactional=True), NOW) is None


def test_what_may_have_arrived_counts_and_what_was_refused_does_not():
    assert Caps(Cap(1, within=DAY), events=[sent(0, kind="unknown")]).refusal(job(), NOW) is not None
    assert Caps(Cap(1, within=DAY), events=[sent(0, kind="bounced")]).refusal(job(), NOW) is None
    both = [sent(0, kind="unknown"), sent(0, kind="accepted")]
    assert Caps(Cap(2, within=DAY), events=both).refusal(job(), NOW) is None


def test_a_letter_does_not_stand_in_its_own_way():
    caps = Caps(Cap(1, within=DAY), events=[sent(0, kind="unknown", name="new")])
    assert caps.refusal(job(), NOW) is None


def test_facts_about_nobody_are_passed_over():
    event = Event(kind="accepted", person="", at=NOW)
    assert Caps(Cap(1, within=DAY), events=[event]).refusal(job(), NOW) is None


@pytest.mark.parametrize(
    "build",
    [
        lambda: Cap(0, within=DAY),
        lambda: Cap(1, within=timedelta(0)),
        lambda: Cap(1, within=DAY, when_full="later"),
        lambda: Caps(3),
    ],
)
def test_a_cap_that_caps_nothing_cannot_be_built(build):
    with pytest.raises(InvalidValue):
        build()
