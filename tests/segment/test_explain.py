"""Why a person is in: the answer is that of the segment, and what would change it really does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailkit.errors import SegmentError
from mailkit.segment import Segment, ago, days, event, field, hours, months, nodes, today
from mailkit.segment.explained.explain import Explanation, Reason
from mailkit.segment.explained.prospects import Cause, Change
from mailkit.segment.explained.supposing import Altered
from mailkit.segment.explained.telling import when
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
@settings(max_examples=150)
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
@settings(max_examples=150)
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


@pytest.mark.parametrize(
    ("segment", "expected"),
    [
        # The event's own time matters otherwise than by a window, so only what it does now is told.
        (
            (event.purchase.last("at") < ago(days(10))) & (event.purchase.last("at").part("hour", zone="UTC") >= 0),
            ["enters on 2 March 2026 at 09:30:00.000001 UTC, if nothing else changes"],
        ),
        (
            event.purchase.where(field.at >= datetime(2026, 1, 1, tzinfo=UTC)).none(last=days(30)),
            ["enters on 22 March 2026 at 09:30 UTC, if nothing else changes"],
        ),
        (
            event.purchase.none(last=days(30)) | event.visit.did(within=days(1), after=event.purchase.first("at")),
            ["enters on 22 March 2026 at 09:30 UTC, if nothing else changes"],
        ),
        (
            event.purchase.none(last=days(30)) & (event.purchase.last("at") < event.visit.last("at")).__invert__(),
            ["enters on 22 March 2026 at 09:30 UTC, if nothing else changes"],
        ),
        # Here it matters by windows alone.
        (
            event.opened.regularly(2, of=4, every="week") | event.opened.did(last=days(16)),
            ["leaves on 2 March 2026 at 09:30 UTC, unless there is one more opened before then"],
        ),
        (
            event.opened.none(between=(None, field.joined_at)) | event.opened.did(last=days(16)),
            ["leaves on 2 March 2026 at 09:30 UTC, unless there is one more opened before then"],
        ),
        (
            event.opened.did(last=days(16)) & (event.opened.sum("value") < 5),
            ["leaves on 2 March 2026 at 09:30 UTC, unless there is one more opened before then"],
        ),
        # An event in the wrong half of the time that is left would not do.
        (
            event.opened.did(last=days(16)) | event.opened.did(between=(None, NOW + timedelta(hours=3))),
            [],
        ),
        (
            event.clicked.none(last=days(4)) | event.opened.did(between=(NOW, NOW + timedelta(hours=3))),
            ["enters on 3 March 2026 at 09:30 UTC, if there is no clicked before then"],
        ),
    ],
    ids=str,
)
def test_before_then_is_only_said_where_every_instant_before_then_would_do(
    segment: Segment, expected: list[str]
) -> None:
    assert [change.sentence for change in explained(segment).changes if change.cause is Cause.TIME] == expected


@pytest.mark.parametrize(
    ("segment", "expected"),
    [
        (~(field.age != 17), ["would leave if age != 17"]),
        ((field.age != 17) & (field.age < 50), ["would enter if age were 18"]),
        ((field.age < 17) & (field.age > 10), ["would enter if age were 16"]),
        (
            (field.city == "Ufa") & (field.city != "Perm"),
            ['would leave if city were "Ufaa"'],
        ),
        (field.is_vip & field.is_vip.is_not_null(), ["would enter if is_vip were true"]),
        (field.city.isin(["Kazan"]) & field.city.is_not_null(), ['would enter if city were "Kazan"']),
        (field.tags.contains("vip") & (field.tags.size() < 9), ['would enter if tags were "vip"']),
        (field.born.is_null() & ~field.born.anniversary(zone="UTC"), ["would enter if born were null"]),
        ((field.city.matches("^K")) & (field.city != "Kazan"), []),
        (field.joined_at.is_null() & (field.joined_at > NOW), []),
        ((field.age > 17.0) & (field.age < 99), ["would enter if age were 18.0"]),
        ((field.born > date(9999, 12, 31)) | (field.born < date(1, 1, 1)), []),
        ((field.is_vip != False) & (field.is_vip.is_not_null()), ["would enter if is_vip were true"]),  # noqa: E712
        (
            (field.city == "Kazan") & (field.age > 18) | (field.is_vip & (field.age > 20) & (field.city == "Perm")),
            ['would enter if all of these were so: city = "Kazan"; age > 18'],
        ),
        (
            (field.city == "Ufa") | (field.age == 17),
            ['would leave if all of these were so: not city = "Ufa"; not age = 17'],
        ),
    ],
    ids=str,
)
def test_what_another_value_would_do_is_tried(segment: Segment, expected: list[str]) -> None:
    assert told(segment) == expected


def test_fields_within_fields_are_tried_in_a_copy() -> None:
    person = {"id": 1, "address": {"city": "Ufa", "zip": "1"}, "home": None}
    segment = (field.address.city == "Kazan") & (field.address.city != "Perm")
    assert told_of(segment, person) == ['would enter if address.city were "Kazan"']
    assert person["address"] == {"city": "Ufa", "zip": "1"}
    absent = (field.home.city == "Kazan") & field.home.city.is_not_null()
    assert told_of(absent, person) == ['would enter if home.city were "Kazan"']


def told_of(segment: Segment, person: Any) -> list[str]:
    return [change.sentence for change in segment.explain(person, now=NOW).changes]


def test_a_part_that_is_an_error_is_left_out_where_another_decides() -> None:
    bad = event.purchase.sum("sku") > 3
    found = explained(event.opened.did() | bad)
    assert found.is_in
    assert [part.sentence for part in found.reason.parts] == ["any opened"]
    assert found.changes == ()
    assert explained(event.visit.did() & (field.city == "Ufa") & bad).changes == ()


def test_what_cannot_be_told_of_the_future_is_not_told() -> None:
    found = explained(event.opened.did(last=days(16)) | (event.purchase.sum("sku") > 3))
    assert found.is_in
    assert found.until == datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
    assert all(change.cause is not Cause.TIME for change in found.changes)


def test_changes_that_never_end_and_lead_to_none_are_not_followed_for_ever() -> None:
    hour = nodes.PartOf(of=nodes.Now(), part=nodes.Part.HOUR, zone=nodes.Constant(value="UTC"))
    noon = nodes.Constant(value=12)
    halves = [nodes.Comparison(left=hour, operator=operator, right=noon) for operator in ("<", ">=")]
    found = explained(Segment(nodes.Or(parts=halves)))
    assert found.until is not None
    assert found.until > NOW + timedelta(days=9)
    assert found.changes == ()
    assert not found.reason.is_exact
    assert f"- time alone changes nothing before {when(found.until)}" in str(found)


def test_what_is_only_known_for_a_while_is_told_to_hold_at_least_until_then() -> None:
    here, there = (
        nodes.PartOf(of=nodes.Now(), part=nodes.Part.HOUR, zone=nodes.Constant(value=zone))
        for zone in ("UTC", "Asia/Tokyo")
    )
    found = explained(Segment(nodes.Comparison(left=here, operator=nodes.Operator.EQ, right=there)))
    assert "so at least until" in str(found)
    assert found.to_dict()["reason"]["is_exact"] is False
    assert not any(change.cause is Cause.TIME for change in found.changes)


def test_what_no_clock_shows_is_told_to_be_so_for_good() -> None:
    clock = nodes.PartOf(of=nodes.Now(), part=nodes.Part.CLOCK, zone=nodes.Constant(value="UTC"))
    never = Segment(nodes.Comparison(left=clock, operator=nodes.Operator.EQ, right=nodes.Constant(value="Kazan")))
    found = explained(never)
    assert found.until is None
    assert "until" not in str(found)
    assert "- time alone changes nothing" in str(found)


def test_events_of_another_sort_than_those_there_are_not_supposed() -> None:
    segment = (event.purchase.last("campaign") == "x") & (event.purchase.sum("campaign") >= 0)
    assert told(segment, [happened("purchase", 2, 1, campaign=None)]) == []
    unknown = event.purchase.last("campaign") == field.nothing.optional()
    assert told(unknown) == []
    either = field.code.isin(["7", 8]) & (field.code > 5)
    assert told_of(either, {"code": 9}) == []
    mixed = [
        happened("purchase", 2, 15, value=1),
        {"kind": "purchase", "at": datetime(2026, 2, 22, 9, 29, 59, 999999, tzinfo=UTC), "value": "one"},
    ]
    between = (ago(days(20)), ago(days(8)))
    fading = event.opened.did(last=days(16)) & (event.purchase.max("value", between=between) < 5)
    assert explained(fading, [*mixed, happened("opened", 2, 14)]).is_in


def test_an_altered_record_is_a_mapping() -> None:
    altered = Altered({"a": 1, "b": 2}, ("a",), 3)
    assert (altered["a"], altered["b"], altered.get("c"), list(altered), len(altered)) == (3, 2, None, ["a"], 1)


@pytest.mark.parametrize(
    ("segment", "expected"),
    [
        (
            field.joined_at > ago(days(30)),
            ["joined_at is 26 February 2026 at 00:00 UTC, 3 days ago", "30 days ago is 30 January 2026 at 12:00 UTC"],
        ),
        (field.born.anniversary(zone="UTC"), ["born is 5 March 1990"]),
        (field.is_vip == True, ["is_vip is false"]),  # noqa: E712 - a field makes a condition of it
        (field.tags.contains("vip"), ["tags is ['new']"]),
        (field.nickname.optional().is_null(), ["nickname? is null"]),
        (event.visit.did(), ["no visit ever"]),
        (event.opened.did(last=hours(2)), ["none of that; the last opened was on 14 February 2026, 15 days ago"]),
        (
            event.opened.regularly(2, of=4, every="week"),
            ["1 opened, on 14 February 2026, 15 days ago", "that is in 1 of the last 4 weeks"],
        ),
        (
            event.opened.then(event.clicked, within=days(30)),
            ["opened on 14 February 2026, 15 days ago, then clicked on 27 February 2026, 2 days ago"],
        ),
        (
            event.clicked.then(event.visit),
            ["the last clicked was on 27 February 2026, 2 days ago", "no visit ever"],
        ),
        (
            event.purchase.none(within=days(7), after=field.joined_at),
            [
                "none of that; the last purchase was on 20 February 2026, 9 days ago",
                "the window is open until 5 March 2026 at 00:00 UTC",
            ],
        ),
        (
            event.purchase.sum("value") > event.opened.sum("value"),
            [
                "sum(value of purchase) is 79.5",
                "sum(value of opened) is 0",
                "2 purchase, the last on 20 February 2026, 9 days ago",
                "2 opened, the last on 14 February 2026, 15 days ago",
            ],
        ),
    ],
    ids=str,
)
def test_what_decided_is_told(segment: Segment, expected: list[str]) -> None:
    found = explained(segment)
    assert [ground.sentence for ground in found.reason.grounds] == expected


def test_values_are_told_as_people_write_them() -> None:
    segment = (
        (field.price == Decimal("5.00")) & (field.at > NOW) & (field.day == date(2026, 3, 1)) & (field.text == "x")
    )
    near = NOW + timedelta(seconds=30, microseconds=1)
    person = {"id": 1, "price": Decimal("5.00"), "at": near, "day": date(2026, 3, 1), "text": 'a "b"'}
    lines = str(segment.explain(person, now=NOW)).splitlines()
    assert any("price is 5.00" in line for line in lines)
    assert any("at is 1 March 2026 at 12:00:30.000001 UTC, within a minute" in line for line in lines)
    assert any("day is 1 March 2026" in line for line in lines)
    local = (field.at > NOW).explain(
        {"at": near.astimezone(UTC).replace(tzinfo=None)}, now=NOW, assume_zone="Europe/Moscow"
    )
    assert "at is 2026-03-01T12:00:30.000001" in str(local)
    assert "at is 1 March 2026 at 12:00 UTC, just now" in str((field.at == NOW).explain({"at": NOW}, now=NOW))


def test_a_program_reads_it_as_plain_values() -> None:
    segment = event.purchase.where(field.value > 50).did(last=days(90)) & (field.price > Decimal("1.5"))
    found = explained(segment, person={**ANNA, "price": Decimal("2.5")}).to_dict()
    assert json.loads(json.dumps(found)) == found
    assert (found["person"], found["is_in"], found["until"]) == ("anna", True, "2026-04-12T09:30:00Z")
    first, second = found["reason"]["parts"]
    assert first["grounds"] == [
        {
            "about": "purchase where (value > 50) within last 90 days",
            "value": 1,
            "at": ["2026-01-12T09:30:00Z"],
            "text": "1 purchase where (value > 50), on 12 January 2026, 48 days ago",
        }
    ]
    assert second["grounds"][0]["value"] == "2.5"
    assert [change["cause"] for change in found["changes"]] == ["time", "event", "field"]
    assert found["changes"][0]["unless"] == ["purchase where (value > 50)"]
    assert found["changes"][1]["event"] == {
        "kind": "purchase",
        "at": "2026-03-01T12:00:00Z",
        "properties": {"value": 51},
    }
    nan = (field.age.is_null() | (field.age == 1)).explain({"age": float("nan")}, now=NOW).to_dict()
    assert json.loads(json.dumps(nan, allow_nan=False))["reason"]["parts"][0]["grounds"][0]["value"] == "nan"


HOSTILE = '</code><img src=x onerror="alert(1)">\x1b[31m'


def test_nothing_from_a_segment_a_record_or_an_event_is_markup() -> None:
    segment = (field[HOSTILE] == HOSTILE) & event[HOSTILE].where(field[HOSTILE] == HOSTILE).none(last=days(9))
    events = [{"kind": HOSTILE, "at": NOW - timedelta(days=1), HOSTILE: HOSTILE}]
    page = HTMLParser()
    seen: set[str] = set()
    page.handle_starttag = lambda tag, attrs: seen.update([tag, *(name for name, _ in attrs)])  # type: ignore[method-assign]
    html = segment.explain({"id": HOSTILE, HOSTILE: HOSTILE}, events=events, now=NOW)._repr_html_()
    page.feed(html)
    assert seen <= {
        "section",
        "p",
        "b",
        "ul",
        "li",
        "div",
        "span",
        "code",
        "class",
        "style",
        "role",
        "aria-label",
        "tabindex",
    }
    assert "\x1b" not in html


def test_a_record_without_an_id_is_explained_too() -> None:
    assert str((field.a == 1).explain({"a": 1}, now=NOW)).startswith("This person is in as of")
    assert str((field.a == 1).explain({"id": 1.5, "a": 1}, now=NOW)).startswith("1.5 is in as of")
    assert (field.a == 1).explain({"a": 1}).is_in


class Moody:
    a = 1

    @property
    def id(self) -> int:
        raise RuntimeError("not today")


def test_an_id_that_cannot_be_read_is_none() -> None:
    assert (field.a == 1).explain(Moody(), now=NOW).person == ""


def test_long_conditions_have_their_grounds_in_the_next_line() -> None:
    cities = [f"a town called Number {number}" for number in range(5)]
    lines = str(((field.age > 3) & field.city.isin(cities)).explain(ANNA, now=NOW)).splitlines()
    assert lines[3].startswith("├ ✓ age > 3  age is 17")
    assert lines[4].startswith("└ ✗ city in (")
    assert lines[5].strip() == 'city is "Ufa"'


def test_events_after_now_are_not_seen() -> None:
    later = {"kind": "opened", "at": NOW + timedelta(days=1)}
    found = explained(event.opened.did(last=days(16)), [*EVENTS, later])
    assert found.until == datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("ask", "error"),
    [
        (
            lambda: (field.contry == 1).explain({"id": 17, "country": 1}),
            r"no field 'contry'; did you mean 'country'\? \(person 17\)",
        ),
        (lambda: event.opened.did().explain({}), "this asks about events: give events="),
        (lambda: (field.a > 1).explain({"id": 17, "a": "x"}), r"cannot be compared with 1 \(a number\) \(person 17\)"),
        (lambda: ((field.a == 1) & (field.b > 1)).explain({"id": 17, "a": 0, "b": "x"}), None),
        (lambda: (field.a == 1).explain({"a": 1}, now=NOW.replace(tzinfo=None)), "has no time zone"),
        (
            lambda: explained(
                event.purchase.where(field.sku > 5).did(),
                [happened("purchase", 1, 1, sku=9), happened("purchase", 1, 2, sku="a")],
            ),
            r"cannot be compared with 5 \(a number\) \(person 'anna'\)",
        ),
        (lambda: (field.a == 1).explain({"a": 1}, assume_zone="Mars"), "is not a time zone"),
    ],
)
def test_what_cannot_be_explained_is_named(ask: Any, error: str | None) -> None:
    if error is None:
        assert not ask().is_in
        return
    with pytest.raises(SegmentError, match=error):
        ask()


def test_a_change_is_a_value() -> None:
    assert all(isinstance(change, Change) for change in explained(event.opened.did(last=months(1))).changes)


def test_events_that_can_be_read_but_once_are_enough() -> None:
    segment = event.opened.did(last=days(16)) & event.purchase.did()
    expected = str(explained(segment))
    assert str(explained(segment, iter(EVENTS))) == expected
    assert str(explained(segment, {"anna": iter(EVENTS)})) == expected
    assert str(explained(segment, lambda person: EVENTS)) == expected
