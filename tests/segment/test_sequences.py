"""Events one after another and again and again, against all chains and all periods tried one by one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise, product

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailkit.errors import SegmentError
from mailkit.segment import Chain, Segment, days, hours, months, this
from mailkit.segment import event as ev
from mailkit.segment import field as f
from mailkit.segment.nodes import Events, Last, Regular, Sequence, Step
from mailkit.segment.spans import Span, Unit

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY, HOUR, INSTANT = timedelta(days=1), timedelta(hours=1), timedelta(microseconds=1)
WHEN = st.one_of(
    st.integers(-60, 24).map(lambda number: NOW + number * HOUR),
    st.sampled_from([datetime(2026, 1, 30, 23, tzinfo=UTC), datetime(2026, 1, 31, 1, tzinfo=UTC)]),
    st.sampled_from([datetime(2026, 2, 28, 2, tzinfo=UTC), NOW - DAY - INSTANT, NOW - DAY + INSTANT]),
)
HISTORIES = st.lists(st.tuples(st.sampled_from("ab"), WHEN), max_size=7)
SPANS = st.sampled_from([hours(1), hours(5), days(1), months(1)])
STEPS = st.builds(
    lambda kind, within, is_absent: Step(events=Events(kind=kind), within=within, is_absent=is_absent),
    st.sampled_from("ab"),
    st.none() | SPANS,
    st.booleans(),
)


def told(history: list[tuple[str, datetime]]) -> list[dict]:
    return [{"kind": kind, "at": at} for kind, at in history]


def has_chain(node: Sequence, history: list[tuple[str, datetime]], start: datetime) -> bool:
    """Whether some choice of events, one for each step that comes, fulfils everything that is said."""
    events = sorted((event for event in history if event[1] <= NOW), key=lambda event: event[1])
    coming = [step for step in node.steps if not step.is_absent]
    for chosen in product(range(len(events)), repeat=1 + len(coming)):
        if events[chosen[0]][0] != node.first.kind or events[chosen[0]][1] <= start:
            continue
        if fulfils(node, events, list(chosen)):
            return True
    return False


def fulfils(node: Sequence, events: list[tuple[str, datetime]], chosen: list[int]) -> bool:
    here = chosen.pop(0)
    for step in node.steps:
        at = events[here][1]
        end = step.within.after(at) if step.within else None
        later = [place for place in range(here + 1, len(events)) if end is None or events[place][1] < end]
        if step.is_absent:
            if any(events[place][0] == step.events.kind for place in later) or (end is not None and end > NOW):
                return False
        else:
            here = chosen.pop(0)
            if here not in later or events[here][0] != step.events.kind:
                return False
    return True


@given(st.lists(STEPS, min_size=1, max_size=3), HISTORIES)
@example(
    [Step(events=Events(kind="b"), within=months(1))],
    [
        ("a", datetime(2026, 1, 30, 23, tzinfo=UTC)),
        ("a", datetime(2026, 1, 31, 1, tzinfo=UTC)),
        ("b", datetime(2026, 2, 28, 2, tzinfo=UTC)),
    ],
)
@example([Step(events=Events(kind="a"))], [("a", NOW), ("a", NOW)])
@example([Step(events=Events(kind="a"), within=hours(1), is_absent=True)], [("a", NOW - HOUR), ("a", NOW)])
def test_a_sequence_is_found_if_and_only_if_some_choice_of_events_fulfils_it(steps: list, history: list) -> None:
    node = Sequence(first=Events(kind="a", window=Last(span=days(2))), steps=steps)
    expected = has_chain(node, history, NOW - 2 * DAY)
    assert Segment(node).matches({}, events=told(history), now=NOW) is expected


@given(st.sampled_from(["a", "b"]), st.sampled_from(list(Unit)), st.integers(1, 6), st.integers(1, 6), HISTORIES)
@example("a", Unit.MONTH, 2, 2, [("a", NOW), ("a", NOW - 28 * DAY)])
def test_regular_is_what_a_person_would_count_period_by_period(
    kind: str, unit: Unit, one: int, other: int, history: list
) -> None:
    least, of = sorted((one, other))
    ends = [NOW, *(Span(count=number, unit=unit).before(NOW) for number in range(1, of + 1))]
    filled = sum(any(event == kind and start < at <= end for event, at in history) for end, start in pairwise(ends))
    segment = Segment(Regular(events=Events(kind=kind), least=least, of=of, unit=unit))
    assert segment.matches({}, events=told(history), now=NOW) is (filled >= least)


def test_the_end_of_the_calendar_is_no_period() -> None:
    segment = ev.a.regularly(2, of=1000, every="year")
    first = datetime(1, 1, 1, tzinfo=UTC)
    early = datetime(900, 1, 1, tzinfo=UTC)
    assert not segment.matches({}, events=told([("a", first)]), now=early)
    assert segment.matches({}, events=told([("a", first + DAY), ("a", early)]), now=early)
    assert not segment.matches({}, events=told([("a", first), ("a", early)]), now=early)


def test_what_is_asked_of_a_step_is_asked_of_its_event() -> None:
    segment = ev.a.where(f.url == "/").then(ev.b.where(f.value > 1), within=days(1))
    first, second = {"kind": "a", "at": NOW - HOUR, "url": "/"}, {"kind": "b", "at": NOW, "value": 2}
    assert segment.matches({}, events=[first, second], now=NOW)
    assert not segment.matches({}, events=[{**first, "url": "/x"}, second], now=NOW)
    assert not segment.matches({}, events=[first, {**second, "value": 1}], now=NOW)


def test_an_absence_waits_until_its_time_has_passed_to_the_microsecond() -> None:
    segment = ev.clicked.then_not(ev.purchase, within=days(3))
    clicked = told([("clicked", NOW)])
    assert not segment.matches({}, events=clicked, now=NOW + 3 * DAY - INSTANT)
    assert segment.matches({}, events=clicked, now=NOW + 3 * DAY)
    assert segment.matches({}, events=[*clicked, *told([("purchase", NOW + 3 * DAY)])], now=NOW + 4 * DAY)
    bought = told([("purchase", NOW + 3 * DAY - INSTANT)])
    assert not segment.matches({}, events=[*clicked, *bought], now=NOW + 4 * DAY)


def test_events_at_one_instant_follow_each_other_as_they_were_given() -> None:
    segment = ev.a.then(ev.b, within=hours(1))
    assert segment.matches({}, events=told([("a", NOW), ("b", NOW)]), now=NOW)
    assert not segment.matches({}, events=told([("b", NOW), ("a", NOW)]), now=NOW)


def test_what_did_not_begin_does_not_go_on() -> None:
    assert not ev.a.then(ev.b).matches({}, events=told([("b", NOW), ("b", NOW)]), now=NOW)
    assert not ev.a.then(ev.b).then_not(ev.c).matches({}, events=told([("a", NOW), ("c", NOW)]), now=NOW)


def test_without_a_length_of_time_none_so_far_is_meant() -> None:
    segment = ev.a.then_not(ev.c)
    assert segment.matches({}, events=told([("c", NOW - DAY), ("a", NOW)]), now=NOW)
    assert not segment.matches({}, events=told([("a", NOW - DAY), ("c", NOW)]), now=NOW)
    assert segment.matches({}, events=told([("a", NOW - DAY), ("c", NOW)]), now=NOW - INSTANT)


def test_a_step_may_come_before_its_predecessor_was_told() -> None:
    late = told([("b", NOW), ("a", NOW - HOUR)])
    assert ev.a.then(ev.b).matches({}, events=late, now=NOW)


def test_a_sequence_starts_in_any_window() -> None:
    chain = ev.a.then(ev.b)
    history = told([("a", NOW - 2 * DAY), ("b", NOW)])
    for window, is_in in [
        ({"last": days(3)}, True),
        ({"last": days(1)}, False),
        ({"between": (NOW - 2 * DAY, None)}, True),
        ({"within": days(1), "after": f.start}, True),
        ({"within": days(9), "after": f.never}, False),
        ({"during": this("month", zone="UTC")}, False),
    ]:
        record = {"start": NOW - 2 * DAY, "never": None}
        assert chain.started(**window).matches(record, events=history, now=NOW) is is_in


def test_a_chain_is_a_segment_and_grows() -> None:
    chain = ev.a.then(ev.b, within=hours(1)).then_not(ev.c, within=days(3)).started(last=days(30)).then(ev.d)
    assert isinstance(chain, Chain)
    assert [step.is_absent for step in chain.node.steps] == [False, True, False]
    assert (chain & (f.x == 1)).node.parts[0] == chain.node
    assert chain == Segment(chain.node)
    with pytest.raises(SegmentError, match=r"write ev\.a\.then"):
        Chain((f.x == 1).node).then(ev.a)


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        (lambda: ev.a.then("b"), "'b' is not events of one kind"),
        (lambda: ev.a.then(ev.b.did()), "is not events of one kind"),
        (lambda: ev.a.then(ev.b, within=3), "within 3 is not a length of time"),
        (lambda: ev.a.regularly(5, of=4, every="week"), "in 5 of the last 4 weeks"),
        (lambda: ev.a.regularly(3, of=4, every="weak"), "did you mean 'week'"),
        (lambda: ev.a.regularly(0, of=4, every="week"), "0 is not a number of weeks"),
        (lambda: ev.a.regularly("3", of=4, every="week"), "'3' is not a number of weeks"),
        (lambda: ev.a.then(ev.b).started(lats=days(1)), "did you mean 'last'"),
    ],
)
def test_a_wrong_step_is_told_when_it_is_written(wrong: object, expected: str) -> None:
    with pytest.raises(SegmentError, match=expected):
        wrong()  # type: ignore[operator]
