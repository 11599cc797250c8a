import json
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit import Event
from mailkit.errors import InvalidValue
from mailkit.send.warmup import Move, Plan, Warmup

NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)
MIDNIGHT = datetime(2026, 3, 3, tzinfo=UTC)
TINY = Plan(start=1, growth_share=1)


def event(kind: str, at: datetime = NINE, **properties: str) -> Event:
    return Event(kind=kind, person="17", at=at, properties=properties)


def test_a_letter_takes_the_new_identity_while_it_has_a_place_and_then_the_warm_one():
    warmup = Warmup({"new": TINY}, overflow={"new": "old"})
    assert warmup.route("new", "gmail", now=NINE) == "new"
    assert warmup.route("new", "gmail", now=NINE) == "new"  # asking uses nothing up
    warmup.sent("new", "gmail", NINE)
    assert warmup.route("new", "gmail", now=NINE) == "old"
    assert warmup.route("new", "yahoo", now=NINE) == "new"
    assert warmup.route("old", "gmail", now=NINE) == "old"
    warmup.sent("old", "gmail", NINE)
    assert warmup.state("old", "gmail").today is None


def test_without_a_warm_identity_it_waits_for_the_next_day():
    warmup = Warmup({"new": TINY})
    warmup.sent("new", "gmail", NINE)
    assert warmup.route("new", "gmail", now=NINE) == MIDNIGHT
    assert warmup.route("new", "gmail", now=MIDNIGHT) == "new"


def test_a_patient_letter_waits_for_a_place_that_is_near():
    warmup = Warmup({"new": Plan(start=48)}, overflow={"new": "old"}, patience=timedelta(minutes=15))
    warmup.sent("new", "gmail", NINE)
    assert warmup.route("new", "gmail", now=NINE) == NINE + timedelta(minutes=10)
    for minutes in range(10, 480, 10):
        warmup.sent("new", "gmail", NINE + timedelta(minutes=minutes))
    assert warmup.route("new", "gmail", now=NINE + timedelta(hours=9)) == "old"


def test_an_overflow_may_be_warming_up_itself_and_have_an_overflow():
    warmup = Warmup({"a": TINY, "b": Plan(start=96)}, overflow={"a": "b", "b": "c"})
    warmup.sent("a", "gmail", NINE)
    assert warmup.route("a", "gmail", now=NINE) == "b"
    warmup.sent("b", "gmail", NINE)
    warmup.sent("b", "gmail", NINE)
    assert warmup.route("a", "gmail", now=NINE) == "c"
    alone = Warmup.from_text(warmup.to_text(), {"a": TINY, "b": Plan(start=96)}, overflow={"a": "b"})
    assert alone.route("a", "gmail", now=NINE) == NINE + timedelta(minutes=5)


def test_plans_may_differ_by_provider():
    warmup = Warmup({"new": {"gmail": TINY, "": Plan(start=9)}, "odd": {"gmail": TINY}})
    assert warmup.plan("new", "gmail") == TINY
    assert warmup.plan("new", "yahoo") == Plan(start=9)
    assert warmup.plan("odd", "yahoo") is None
    assert warmup.plan("old", "gmail") is None


def test_a_state_of_an_identity_that_has_no_plan_any_more_is_kept_as_it_is():
    before = Warmup({"new": TINY})
    before.sent("new", "gmail", NINE)
    after = Warmup.from_text(before.to_text(), {})
    after.advance(MIDNIGHT)
    assert after.to_text() == before.to_text()


def test_what_is_shared_is_judged_by_the_exchange_only():
    warmup = Warmup({"new": TINY}, is_shared=True)
    warmup.sent("new", "gmail", NINE)
    warmup.advance(MIDNIGHT)
    assert warmup.state("new", "gmail").today is None


@pytest.mark.parametrize("overflow", [{"a": "a"}, {"a": "b", "b": "a"}, {"c": "a", "a": "b", "b": "a"}])
def test_an_overflow_that_goes_in_a_circle_is_refused(overflow):
    with pytest.raises(InvalidValue, match="comes back to itself"):
        Warmup({}, overflow=overflow)


@pytest.mark.parametrize(
    ("heard", "counts"),
    [
        (event("accepted"), {"accepted": 1}),
        (event("bounced", phase="rcpt"), {"bounced": 1}),
        (event("bounced"), {"bounced": 1, "returned": 1}),
        (event("bounced", phase="data", family="reputation"), {"bounced": 1, "blocked": 1}),
        (event("deferred", action="slow"), {"throttled": 1}),
        (event("deferred", family="reputation", action="fix"), {"blocked": 1}),
        (event("complained"), {"complained": 1}),
    ],
)
def test_what_is_heard_is_counted(heard, counts):
    warmup = Warmup({"new": Plan()})
    warmup.heard("new", "gmail", heard, NINE)
    today = warmup.state("new", "gmail").today
    names = ("accepted", "bounced", "returned", "throttled", "blocked", "complained")
    assert {name: getattr(today, name) for name in names if getattr(today, name)} == counts


def test_what_says_nothing_here_is_not_counted():
    warmup = Warmup({"new": Plan()})
    for heard in (event("opened"), event("expired")):
        warmup.heard("new", "gmail", heard, NINE)
    warmup.heard("old", "gmail", event("accepted"), NINE)
    assert json.loads(warmup.to_text())["states"] == []


def test_decisions_are_told_and_late_bounces_count_for_their_day():
    told = []
    warmup = Warmup({"new": Plan(start=400)}, on_decision=lambda *what: told.append(what))
    for number in range(400):
        at = NINE + timedelta(minutes=number)
        warmup.sent("new", "gmail", at)
        warmup.heard("new", "gmail", event("accepted", at), at)
    assert told == []
    warmup.advance(MIDNIGHT)
    warmup.heard("new", "gmail", event("bounced", MIDNIGHT), MIDNIGHT, sent_at=NINE)
    ((identity, provider, decision),) = told
    assert (identity, provider, decision.move, decision.on) == ("new", "gmail", Move.GREW, date(2026, 3, 2))
    assert warmup.state("new", "gmail").past[0].returned == 1


class Shelf:
    """A text that several share, written by compare-and-set."""

    def __init__(self) -> None:
        self.text: str | None = None

    def exchange(self, warmup: Warmup, now: datetime) -> None:
        new = warmup.exchange(self.text, now=now)
        self.text = new
        warmup.exchanged()


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 4_000), st.booleans()), max_size=80), st.integers(1, 300))
def test_processes_that_share_a_state_never_send_more_than_the_allowance(turns, start):
    shelf, now, sent = Shelf(), NINE, 0
    processes = [Warmup({"new": Plan(start=start)}, is_shared=True) for _ in range(4)]
    for number, seconds, is_lost in turns:
        now = min(now + timedelta(seconds=seconds), MIDNIGHT - timedelta(seconds=1))
        warmup = processes[number]
        while warmup.route("new", "gmail", now=now) == "new":
            warmup.sent("new", "gmail", now)
            sent += 1
        if is_lost:
            warmup.exchange(shelf.text, now=now)  # another was first, so this is not written
        shelf.exchange(warmup, now)
    assert sent <= start
    for warmup in processes:
        shelf.exchange(warmup, now)
    if shelf.text and sent:
        (row,) = json.loads(shelf.text)["states"]
        assert row["today"][1] == sent


def test_a_process_fetches_places_and_loses_those_of_yesterday():
    shelf, warmup = Shelf(), Warmup({"new": Plan(start=480)}, is_shared=True)
    assert warmup.route("new", "gmail", now=NINE) == NINE + timedelta(seconds=1)
    shelf.exchange(warmup, NINE)
    assert warmup.route("new", "gmail", now=NINE) == "new"
    for _ in range(10):
        warmup.sent("new", "gmail", NINE)
    assert warmup.route("new", "gmail", now=NINE) == NINE + timedelta(seconds=1)
    shelf.exchange(warmup, NINE + timedelta(seconds=1))
    assert warmup.route("new", "gmail", now=NINE + timedelta(seconds=1)) == NINE + timedelta(minutes=1)
    shelf.exchange(warmup, NINE + timedelta(minutes=1))
    later = NINE + timedelta(minutes=30)
    assert warmup.route("new", "gmail", now=later) == later + timedelta(seconds=1)
    shelf.exchange(warmup, later)
    assert warmup.route("new", "gmail", now=later) == "new"
    assert warmup.route("new", "gmail", now=MIDNIGHT) == MIDNIGHT + timedelta(seconds=1)
    shelf.exchange(warmup, MIDNIGHT)
    assert warmup.route("new", "gmail", now=MIDNIGHT) == "new"


def test_news_that_come_while_an_exchange_is_written_are_told_by_the_next():
    told = []
    warmup = Warmup({"new": Plan()}, is_shared=True, on_decision=lambda *what: told.append(what))
    warmup.sent("new", "gmail", NINE)
    text = warmup.exchange(None, now=NINE)
    warmup.sent("new", "gmail", NINE)
    warmup.exchanged()
    warmup.exchanged()  # once more changes nothing
    assert warmup.state("new", "gmail").today.sent == 1
    late = MIDNIGHT + timedelta(minutes=1)
    text = warmup.exchange(text, now=late)
    assert told == []
    warmup.exchanged()
    assert [decision.because.count for _, _, decision in told] == [2]
    assert warmup.state("new", "gmail").past[0].sent == 2
    assert Warmup.from_text(text, {}).to_text() == warmup.to_text()


def test_a_pause_that_one_process_found_stops_all():
    shelf = Shelf()
    one, two = (Warmup({"new": Plan(), "gone": TINY}, is_shared=True) for _ in range(2))
    for warmup in (one, two):
        warmup.route("new", "gmail", now=NINE)
        shelf.exchange(warmup, NINE)
    for _ in range(9):
        one.sent("new", "gmail", NINE)
        one.heard("new", "gmail", event("deferred", family="reputation"), NINE)
    shelf.exchange(one, NINE)
    shelf.exchange(two, NINE)
    assert two.route("new", "gmail", now=NINE) == NINE + timedelta(days=1)
    shelf.exchange(Warmup({}, is_shared=True), NINE)  # a process that has no plan for it leaves it as it is
    assert json.loads(shelf.text)["states"][0]["paused_until"]


@pytest.mark.parametrize(
    "wrong", ["", "{", "[]", "{}", '{"version": 9, "states": []}', '{"version": 1, "states": [{}]}']
)
def test_what_is_no_text_of_a_warm_up_is_refused(wrong):
    with pytest.raises(InvalidValue):
        Warmup.from_text(wrong, {})
