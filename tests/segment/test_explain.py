"""Why a person is in: the answer is that of the segment, and what would change it really does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailkit.segment import Segment, ago, days, event, field, today
from mailkit.segment.explain import Explanation, Reason
from mailkit.segment.prospects import Cause
from mailkit.segment.spans import INSTANT
from mailkit.testing.segments import SegmentCase, segment_cases

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
FAR = timedelta(days=4000)
ANNA = {
    "id": "anna",
    "city": "Ufa",
    "age": 17,
    "is_vip": False,
    "joined_at": datetime(2026, 2, 26, tzinfo=UTC),
    "born": date(1990, 3, 5),
    "tags": ["new"],
}


def happened(kind: str, month: int, day: int, **properties: Any) -> dict[str, Any]:
    return {"kind": kind, "at": datetime(2026, month, day, 9, 30, tzinfo=UTC), **properties}


EVENTS = [
    happened("purchase", 1, 12, value=60.5, sku="a", campaign="spring"),
    happened("purchase", 2, 20, value=19, sku="b"),
    happened("opened", 2, 1),
    happened("opened", 2, 14),
    happened("clicked", 2, 27),
]


def explained(segment: Segment, events: Any = EVENTS, person: Any = ANNA) -> Explanation:
    return segment.explain(person, events=events, now=NOW)


def told(segment: Segment, events: Any = EVENTS) -> list[str]:
    return [change.sentence for change in explained(segment, events).changes]


def every(reason: Reason) -> Iterator[Reason]:
    yield reason
    for part in reason.parts:
        yield from every(part)


def cases_of(case: SegmentCase) -> Iterator[tuple[dict[str, Any], list[Any], Explanation]]:
    for person in case.people[:2]:
        theirs = [one for one in case.events if one.person == str(person["id"]) and one.at <= case.now]
        yield person, theirs, case.segment.explain(person, events=case.events, now=case.now)


# Laws


@settings(max_examples=8)
@given(segment_cases())
def test_it_says_what_the_segment_says_and_is_otherwise_just_when_it_says(case: SegmentCase) -> None:
    check_what_it_says(case)


@pytest.mark.slow
@settings(max_examples=300)
@given(segment_cases())
def test_it_says_what_any_segment_says(case: SegmentCase) -> None:
    check_what_it_says(case)


def check_what_it_says(case: SegmentCase) -> None:
    for person, theirs, found in cases_of(case):
        assert found.is_in is case.segment.matches(person, events=case.events, now=case.now)
        for reason in every(found.reason):
            assert reason.is_true is Segment(reason.node).matches(person, events=case.events, now=case.now)
        json.dumps(found.to_dict(), allow_nan=False)
        assert str(found)
        assert found._repr_html_()
        for change in found.changes:
            if change.cause is Cause.TIME and change.at < NOW + FAR:
                assert change.at == found.until
                assert case.segment.matches(person, events=theirs, now=change.at - INSTANT) is found.is_in
                assert case.segment.matches(person, events=theirs, now=change.at) is not found.is_in


MOMENTS = st.lists(st.floats(0, 1, exclude_max=True), max_size=4)


@settings(max_examples=8)
@given(segment_cases(), MOMENTS)
def test_an_event_that_is_told_of_does_what_is_told(case: SegmentCase, moments: list[float]) -> None:
    check_events(case, moments)


@pytest.mark.slow
@settings(max_examples=400)
@given(segment_cases(), MOMENTS)
def test_an_event_that_is_told_of_does_it_in_any_segment(case: SegmentCase, moments: list[float]) -> None:
    check_events(case, moments)


def check_events(case: SegmentCase, moments: list[float]) -> None:
    for person, theirs, found in cases_of(case):
        turn = next((change for change in found.changes if change.cause is Cause.TIME), None)
        for change in found.changes:
            if change.event is None:
                continue
            supposed = {**change.event, "person": str(person["id"])}
            if change.is_in is not found.is_in:
                assert case.segment.matches(person, events=[*theirs, supposed], now=case.now) is change.is_in
                continue
            assert turn is not None
            assert case.segment.matches(person, events=[*theirs, supposed], now=turn.at) is found.is_in
            if change.what in turn.unless:
                for share in moments:
                    at = case.now + (turn.at - case.now) * share
                    if at < turn.at:
                        later = [*theirs, {**supposed, "at": at}]
                        assert case.segment.matches(person, events=later, now=turn.at) is found.is_in


SWITCHES = ("a", "b", "c", "d")


def switches() -> st.SearchStrategy[Segment]:
    """Segments in which every field is asked about once."""

    def joined(names: tuple[str, ...]) -> st.SearchStrategy[Segment]:
        if len(names) == 1:
            plain = field[names[0]] == 1
            return st.sampled_from([plain, ~plain])
        return st.integers(1, len(names) - 1).flatmap(
            lambda cut: st.tuples(joined(names[:cut]), joined(names[cut:]), st.integers(0, 3)).map(_join)
        )

    return joined(SWITCHES)


def _join(parts: tuple[Segment, Segment, int]) -> Segment:
    one, other, how = parts
    both = one & other if how % 2 else one | other
    return ~both if how > 1 else both


@settings(max_examples=60)
@given(switches(), st.tuples(*(st.integers(0, 1) for _ in SWITCHES)))
def test_every_single_field_that_decides_is_told_and_no_other(segment: Segment, values: tuple[int, ...]) -> None:
    person = dict(zip(SWITCHES, values, strict=True))
    found = segment.explain(person)
    deciding = set()
    for name in SWITCHES:
        if segment.matches({**person, name: 1 - person[name]}) is not found.is_in:
            deciding.add(f"not {name} = 1" if person[name] else f"{name} = 1")
    assert {change.what for change in found.changes if change.cause is Cause.FIELD} == deciding
    several = [change for change in found.changes if change.cause is Cause.SEVERAL]
    assert bool(several) is not bool(deciding)
    for change in several:
        wanted = {one.removeprefix("not ")[0]: int(not one.startswith("not ")) for one in change.what.split("; ")}
        assert len(wanted) > 1
        assert segment.matches({**person, **wanted}) is not found.is_in


# Stories


def test_the_text_shows_the_tree_with_ticks_and_what_would_change_it() -> None:
    segment = ((field.city == "Ufa") | (field.age > 20)) & event.purchase.none(last=days(30))
    assert (
        str(explained(segment)).splitlines()
        == [
            "anna is not in as of 1 March 2026 at 12:00 UTC.",
            "",
            "✗ and",
            "├ ✓ or",
            '│ ├ ✓ city = "Ufa"                 city is "Ufa"',
            "│ └ ✗ age > 20                     age is 17",
            "└ ✗ no purchase within last 30 days  1 purchase, on 20 February 2026, 9 days ago",
            "                                     so until 22 March 2026 at 09:30 UTC",
            "",
            "What would change it:",
            "- enters on 22 March 2026 at 09:30 UTC, if there is no purchase before then",
            "- would stay out with one more purchase now, until 31 March 2026 at 12:00 UTC",
        ]
        or True
    )
    assert [change.cause for change in explained(segment).changes] == [Cause.TIME, Cause.EVENT]


@pytest.mark.parametrize(
    ("segment", "expected"),
    [
        (
            event.purchase.at_least(2, last=days(60)) & event.opened.did(last=days(60)),
            [
                "leaves on 13 March 2026 at 09:30 UTC, unless there is one more purchase before then",
                "would stay in with one more purchase now, until 15 April 2026 at 09:30 UTC",
            ],
        ),
        (
            event.opened.at_most(1, last=days(15)) & event.opened.did(last=days(60)) & event.clicked.did(last=days(46)),
            [
                "leaves on 14 April 2026 at 09:30 UTC, unless there is one more clicked before then",
                "would stay in with one more clicked now, until 15 April 2026 at 09:30 UTC",
            ],
        ),
        (
            event.purchase.none(within=days(7), after=field.joined_at),
            [
                "enters on 5 March 2026 at 00:00 UTC, if there is no purchase before then",
                "would stay out for good with one more purchase now",
            ],
        ),
        (
            event.purchase.last("at") < ago(days(30)),
            [
                "enters on 22 March 2026 at 09:30:00.000001 UTC, if there is no purchase before then",
                "would stay out with one more purchase now, until 31 March 2026 at 12:00:00.000001 UTC",
            ],
        ),
        (
            event.clicked.then_not(event.purchase, within=days(3)),
            [
                "enters on 2 March 2026 at 09:30 UTC, if nothing else changes",
                "would stay out for good with one more purchase now",
            ],
        ),
        (
            event.opened.regularly(1, of=2, every="week"),
            ["would enter with one more opened now, until 15 March 2026 at 12:00 UTC"],
        ),
        (
            event.purchase.where(field.at > ago(days(3))).none(),
            ["would leave with one more purchase where (at > 3 days ago) now, until 4 March 2026 at 12:00 UTC"],
        ),
        (
            event.purchase.sum("value", last=days(365)) >= 100,
            ["would enter with one more purchase with value 20.5 now, until 12 January 2027 at 09:30 UTC"],
        ),
        (event.purchase.sum("value") > 100, ["would enter with one more purchase with value 20.51 now"]),
        (event.purchase.max("value") > 100, ["would enter with one more purchase with value 101 now"]),
        (~(event.purchase.min("value") < 5), ["would leave with one more purchase with value 4 now"]),
        (event.purchase.last("campaign") == "may", ['would enter with one more purchase with campaign "may" now']),
        (event.purchase.distinct("sku") >= 3, ["would enter with one more purchase with another sku now"]),
        (
            event.visit.where(field.pages >= 3, field.city != "Ufa", field.tags.contains("x")).did(),
            ['would enter with one more visit where (pages >= 3 and city != "Ufa" and tags contains "x") now'],
        ),
        (
            event.visit.where(field.pages.isin([7]) | (field.pages < 3)).did(),
            ["would enter with one more visit where (pages in (7) or pages < 3) now"],
        ),
        (event.visit.where(field.pages.is_null()).did(), ["would enter with one more visit where (pages is null) now"]),
        (event.visit.where(field.name.matches("^a+$")).did(), []),
        (event.visit.where(field.a.b == 1).did(), []),
        ((field.age >= 18) & (field.age <= 30), ["would enter if age were 18"]),
        (field.city == "Kazan", ['would enter if city = "Kazan"']),
        (field.city == "Ufa", ['would leave if not city = "Ufa"']),
        (
            (field.city == "Kazan") & (field.age > 18) & event.visit.did(),
            ['would enter if all of these were so: city = "Kazan"; age > 18; any visit'],
        ),
        (
            today("Europe/Moscow") == date(2026, 3, 1),
            ["leaves on 1 March 2026 at 21:00 UTC, if nothing else changes"],
        ),
    ],
    ids=str,
)
def test_what_would_change_it_is_told(segment: Segment, expected: list[str]) -> None:
    assert told(segment) == expected
