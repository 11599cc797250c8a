# ruff: noqa: DTZ001 - times without a zone are what is tried here
"""Laws over random segments, records and histories, and the stated rules one by one."""

from __future__ import annotations

import pickle
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit import Address, Event, Kind
from mailkit.errors import SegmentError
from mailkit.segment import Segment, ago, ahead, days, distance, hours, member, months, previous, this, today
from mailkit.segment import event as ev
from mailkit.segment import field as f

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
INSTANT = timedelta(microseconds=1)

instants = st.integers(-40, 10).map(lambda number: NOW + number * DAY) | st.datetimes(
    min_value=datetime(2026, 1, 1), max_value=datetime(2026, 3, 10), timezones=st.just(UTC)
)
spans = st.builds(days, st.integers(1, 40)) | st.builds(months, st.integers(1, 3))
kinds = st.sampled_from(["opened", "purchase"])
numbers = st.integers(-5, 5) | st.decimals(-5, 5, places=1) | st.floats(-5, 5).map(lambda number: round(number, 1))
words = st.sampled_from(["", "Kazan", "Ufa", "Уфа"])
records = st.fixed_dictionaries(
    {"id": st.just("1"), "city": words | st.none(), "age": numbers | st.none(), "joined_at": instants | st.none()}
)
events = st.builds(
    lambda kind, at, value, url: Event(
        kind=kind, person="1", at=at, value=value, currency="EUR" if value is not None else "", properties={"url": url}
    ),
    kinds,
    instants,
    st.decimals(0, 9, places=2) | st.none(),
    words | st.none(),
)
histories = st.lists(events, max_size=6)
windows = st.one_of(
    st.just({}),
    st.builds(lambda span: {"last": span}, spans),
    st.builds(lambda start, end: {"between": (start, end)}, instants, instants | st.none()),
    st.builds(lambda span: {"within": span, "after": f.joined_at}, spans),
    st.builds(lambda span, kind: {"within": span, "after": ev[kind].first("at")}, spans, kinds),
)
happenings = st.builds(lambda kind, where: ev[kind].where(where) if where else ev[kind], kinds, st.none()) | st.builds(
    lambda kind, least: ev[kind].where(f.value > least), kinds, numbers
)
values = st.sampled_from([f.age, f["age"], f.age.optional()]) | st.builds(
    lambda some, name, window: getattr(some, name)("value", **window),
    happenings,
    st.sampled_from(["sum", "avg", "min", "max", "first", "last"]),
    windows,
)
leaves = st.one_of(
    st.builds(
        lambda value, name, number: getattr(value, name)(number),
        values,
        st.sampled_from(["__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__"]),
        numbers,
    ),
    st.builds(lambda options: f.city.isin(options), st.lists(words)),
    st.builds(lambda text: f.city.startswith(text), words),
    st.sampled_from([f.city.is_null(), f.joined_at > ago(days(20)), f.joined_at + days(3) <= ahead(hours(5))]),
    st.builds(
        lambda some, name, number, window: getattr(some, name)(number, **window),
        happenings,
        st.sampled_from(["at_least", "at_most", "exactly"]),
        st.integers(0, 3),
        windows,
    ),
)
segments = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(lambda one, other: one & other, inner, inner),
        st.builds(lambda one, other: one | other, inner, inner),
        st.builds(lambda one: ~one, inner),
    ),
    max_leaves=6,
)


def holds(segment: Segment, record: dict, history: list) -> bool:
    return segment.matches(record, events=history, now=NOW)


def at(kind: str, when: datetime, **more: object) -> dict:
    return {"kind": kind, "at": when, **more}


# Laws


@given(segments, records, histories)
def test_not_is_the_true_complement(segment: Segment, record: dict, history: list) -> None:
    assert holds(~segment, record, history) is not holds(segment, record, history)


@given(segments, segments, records, histories)
def test_and_or_not_obey_de_morgan(one: Segment, other: Segment, record: dict, history: list) -> None:
    assert holds(~(one & other), record, history) == holds(~one | ~other, record, history)
    assert holds(~(one | other), record, history) == holds(~one & ~other, record, history)


@given(segments, segments, records, histories)
def test_and_or_are_those_of_python(one: Segment, other: Segment, record: dict, history: list) -> None:
    first, second = holds(one, record, history), holds(other, record, history)
    assert holds(one & other, record, history) == (first and second)
    assert holds(one | other, record, history) == (first or second)


@given(segments, records, st.lists(events, max_size=6, unique_by=lambda event: event.at).flatmap(
    lambda history: st.tuples(st.just(history), st.permutations(history))
))  # fmt: skip
def test_the_order_in_which_events_are_given_does_not_matter(segment: Segment, record: dict, orders: tuple) -> None:
    assert holds(segment, record, orders[0]) == holds(segment, record, orders[1])


@given(segments, records, histories)
def test_what_is_later_than_now_is_not_seen(segment: Segment, record: dict, history: list) -> None:
    seen = [event for event in history if event.at <= NOW]
    assert holds(segment, record, history) == holds(segment, record, seen)


@given(segments, segments)
def test_equal_trees_have_equal_text(one: Segment, other: Segment) -> None:
    twin = pickle.loads(pickle.dumps(one))
    assert (twin, str(twin), hash(twin)) == (one, str(one), hash(one))
    assert one != other or str(one) == str(other)


@given(kinds, spans, st.integers(0, 4), histories)
def test_the_last_window_is_what_a_person_would_count(kind: str, span, number: int, history: list) -> None:
    start = span.before(NOW)
    found = sum(event.kind == kind and start < event.at <= NOW for event in history)
    some = ev[kind]
    assert holds(some.at_least(number, last=span), {"id": 1}, history) == (found >= number)
    assert holds(some.at_most(number, last=span), {"id": 1}, history) == (found <= number)
    assert holds(some.exactly(number, last=span), {"id": 1}, history) == (found == number)
    assert (
        holds(some.did(last=span), {"id": 1}, history) == (found > 0) != holds(some.none(last=span), {"id": 1}, history)
    )


@given(kinds, spans, records, histories)
def test_the_window_after_an_instant_is_what_a_person_would_count(kind, span, record: dict, history: list) -> None:
    start = record["joined_at"]
    window = {"within": span, "after": f.joined_at}
    did, none = holds(ev[kind].did(**window), record, history), holds(ev[kind].none(**window), record, history)
    if start is None:
        assert not did
        assert not none
    else:
        end = span.after(start)
        found = any(event.kind == kind and start <= event.at < end and event.at <= NOW for event in history)
        assert did == found
        assert none == (not found and end <= NOW)


# Windows


@pytest.mark.parametrize(
    ("when", "is_in"), [(NOW - 7 * DAY, False), (NOW - 7 * DAY + INSTANT, True), (NOW, True), (NOW + INSTANT, False)]
)
def test_a_window_up_to_now_leaves_out_its_beginning_and_has_now_in_it(when: datetime, is_in: bool) -> None:
    assert holds(ev.opened.did(last=days(7)), {}, [at("opened", when)]) is is_in


@pytest.mark.parametrize(
    ("when", "is_in"), [(-INSTANT, False), (0 * DAY, True), (7 * DAY - INSTANT, True), (7 * DAY, False)]
)
def test_a_window_from_an_instant_has_it_in_it_and_leaves_out_its_end(when: timedelta, is_in: bool) -> None:
    start = NOW - 20 * DAY
    history = [at("opened", start + when)]
    assert holds(ev.opened.did(within=days(7), after=f.start), {"start": start}, history) is is_in
    assert holds(ev.opened.did(between=(start, start + 7 * DAY)), {}, history) is is_in
    assert holds(ev.opened.did(between=(f.start, f.start + days(7))), {"start": start}, history) is is_in


def test_a_window_may_be_open_at_one_end() -> None:
    history = [at("opened", NOW - 5 * DAY)]
    assert holds(ev.opened.did(between=(NOW - 5 * DAY, None)), {}, history)
    assert not holds(ev.opened.did(between=(None, NOW - 5 * DAY)), {}, history)


def test_none_waits_until_its_window_has_closed_and_not_did_does_not() -> None:
    none = ev.purchase.none(within=days(7), after=f.subscribed_at)
    not_did = ~ev.purchase.did(within=days(7), after=f.subscribed_at)
    for age, is_known in ((7 * DAY - INSTANT, False), (7 * DAY, True)):
        record = {"subscribed_at": NOW - age}
        assert holds(none, record, []) is is_known
        assert holds(not_did, record, [])


def test_an_upper_limit_waits_and_a_lower_one_does_not() -> None:
    window = {"within": days(7), "after": NOW - DAY}
    history = [at("opened", NOW - timedelta(hours=1))]
    assert holds(ev.opened.at_least(1, **window), {}, history)
    assert not holds(ev.opened.at_most(1, **window), {}, history)
    assert not holds(ev.opened.exactly(1, **window), {}, history)
    assert ev.opened.exactly(1, **window).matches({}, events=history, now=NOW + 6 * DAY)


def test_between_two_times_is_as_far_as_known() -> None:
    assert holds(ev.opened.none(between=(NOW - DAY, NOW + DAY)), {}, [])


def test_a_window_that_begins_nowhere_answers_nothing() -> None:
    record = {"start": None}
    window = {"within": days(7), "after": f.start}
    assert not holds(ev.opened.did(**window) | ev.opened.none(**window), record, [])
    assert not holds(ev.opened.sum("value", **window) >= 0, record, [])
    assert not holds(ev.opened.none(between=(f.start + days(1), None)), record, [])
    assert not holds(ev.opened.none(within=days(1), after=ev.purchase.first("at")), {}, [])


def test_a_window_may_begin_with_another_event() -> None:
    segment = ev.purchase.none(within=days(3), after=ev.clicked.last("at"))
    clicked = at("clicked", NOW - 4 * DAY)
    assert holds(segment, {}, [clicked])
    assert not holds(segment, {}, [clicked, at("purchase", NOW - 2 * DAY)])


# Comparisons


@pytest.mark.parametrize("null", [None, float("nan"), Decimal("nan")])
def test_a_comparison_with_null_is_false_whichever_it_is(null: object) -> None:
    record = {"age": null}
    tests = [f.age == 1, f.age != 1, f.age < 1, f.age <= 1, f.age > 1, f.age >= 1, f.age.isin([1]), f.age != 1.5]
    assert not any(holds(test, record, []) for test in tests)
    assert not holds(f.age.startswith("x") | f.age.contains(1), record, [])
    assert holds(f.age.is_null() & ~f.age.is_not_null() & ~(f.age == 1), record, [])


def test_two_fields_are_compared() -> None:
    record = {"a": 1, "b": Decimal("1.5"), "c": None}
    assert holds((f.a < f.b) & (f.b > f.a) & ~(f.a == f.c), record, [])


@pytest.mark.parametrize(
    ("value", "constant"),
    [
        (Decimal("0.1"), 0.1),
        (0.1, Decimal("0.1")),
        (Decimal(3), 3),
        (3, 3.0),
        (True, True),
        (Kind.OPENED, "opened"),
        ("opened", Kind.OPENED),
        (UUID(int=5), "00000000-0000-0000-0000-000000000005"),
        (Address.parse("anna@example.com"), "anna@example.com"),
        ("anna@example.com", Address.parse("anna@example.com")),
        (date(2026, 3, 1), date(2026, 3, 1)),
        (datetime(2026, 3, 1, 15, tzinfo=timezone(timedelta(hours=3))), NOW),
        (Enum("Plan", "GOLD").GOLD, 1),
    ],
)
def test_values_that_say_the_same_are_equal(value: object, constant: object) -> None:
    record = {"x": value}
    assert holds((f.x == constant) & (f.x <= constant) & f.x.isin([constant]) & ~(f.x != constant), record, [])


@pytest.mark.parametrize(
    ("value", "constant"),
    [("42", 42), (42, "42"), (True, 1), (1, True), ([1], 1), (b"x", "x"), (date(2026, 3, 1), "2026-03-01")],
)
def test_values_of_two_sorts_are_not_compared_in_silence(value: object, constant: object) -> None:
    for test in (f.x == constant, f.x != constant, f.x.isin([constant])):
        with pytest.raises(SegmentError, match=r"x: .* cannot be compared with .* \(person 17\)"):
            test.filter([{"id": 17, "x": value}])


def test_options_of_several_sorts_are_each_asked() -> None:
    some = f.x.isin(["a", 3, Decimal("1.5")])
    assert [holds(some, {"x": value}, []) for value in ("a", "b", 3, 1.5, 4)] == [True, False, True, True, False]
    with pytest.raises(SegmentError, match="cannot be compared"):
        holds(some, {"x": True}, [])
    assert not holds(f.x.isin([]), {"x": "a"}, [])


NAIVE = datetime(2026, 2, 1)
AWARE = datetime(2026, 2, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "options"),
    [
        (NAIVE, [NAIVE]),
        (NAIVE, [AWARE]),
        (AWARE, [NAIVE]),
        (NAIVE, ["x", 1, AWARE]),
        (date(2026, 2, 1), [AWARE]),
        (AWARE, [date(2026, 2, 1)]),
    ],
)
def test_a_time_without_a_zone_is_never_quietly_outside(value: object, options: list) -> None:
    for segment in (f.x.isin(options), ~f.x.isin(options)):
        with pytest.raises(SegmentError, match="zone"):
            segment.filter([{"id": 1, "x": value}])
        assert segment.count([{"x": value}, {"x": None}], assume_zone=UTC) == 1
    for option in options:
        if not isinstance(option, str | int):
            with pytest.raises(SegmentError, match="zone"):
                f.x.contains(option).matches({"x": [value]})
            assert f.x.contains(option).matches({"x": [value, None]}, assume_zone=UTC)


def test_an_item_is_in_a_list_as_it_equals_a_value() -> None:
    assert holds(f.tags.contains(0.1) & f.tags.contains(2), {"tags": [Decimal("0.1"), 2.0]}, [])
    assert not holds(f.tags.contains(1) | f.tags.contains("x"), {"tags": [Decimal("sNaN"), None]}, [])
    assert not holds(f.tags.contains(1), {"tags": []}, [])
    with pytest.raises(SegmentError, match=r"tags: '1' \(text\) cannot be compared with 1 \(a number\)"):
        holds(f.tags.contains("1"), {"tags": [1, 2]}, [])


def test_texts_are_searched_and_lists_too() -> None:
    record = {"city": "Kazan", "tags": ["vip", 3, None]}
    assert holds(f.city.contains("aza") & f.city.startswith("Ka") & f.city.endswith("an"), record, [])
    assert not holds(f.city.contains("KA") | f.tags.contains("vi") | f.tags.contains("3"), record, [])
    assert holds(f.tags.contains("vip") & f.tags.contains(3), record, [])


@pytest.mark.parametrize(
    ("test", "expected"),
    [
        (f.age.startswith("4"), "42 is not a text"),
        (f.age.contains("4"), "42 is not a text or a list"),
        (f.city.contains(4), "'Kazan' is not a list"),
    ],
)
def test_what_cannot_be_searched_is_told(test: Segment, expected: str) -> None:
    with pytest.raises(SegmentError, match=expected):
        test.filter([{"id": 1, "age": 42, "city": "Kazan"}])


def test_a_value_stands_for_it_is_true() -> None:
    record = {"is_vip": True, "is_new": False, "is_old": None}
    assert holds(f.is_vip & ~f.is_new & ~f.is_old, record, [])


# Times


def test_times_relative_to_now() -> None:
    record = {"ends_at": NOW + 2 * DAY, "never": None}
    assert holds((f.ends_at <= ahead(days(2))) & (f.ends_at > ago(days(1))), record, [])
    assert holds((f.ends_at - days(2) == ahead(days(1)) - days(1)), record, [])
    assert not holds(f.never + days(1) < ahead(days(9)), record, [])


def test_a_time_without_a_zone_is_refused_unless_one_is_assumed() -> None:
    moscow = "Europe/Moscow"
    record = {"id": 17, "at": datetime(2026, 3, 1, 14)}  # 11:00 in UTC
    with pytest.raises(SegmentError, match=r"at: datetime.datetime\(2026, 3, 1, 14, 0\) has no time zone.*17"):
        (f.at < NOW).filter([record])
    assert (f.at < NOW).filter([record], assume_zone=moscow)
    assert (f.at < datetime(2026, 3, 1, 15)).filter([record], assume_zone=ZoneInfo(moscow))
    with pytest.raises(SegmentError, match="no time zone"):
        (f.at < datetime(2026, 3, 1, 15)).filter([record])


def test_a_date_beside_a_time_is_its_beginning_in_the_assumed_zone() -> None:
    segment = f.joined == datetime(2026, 2, 28, 21, tzinfo=UTC)
    with pytest.raises(SegmentError, match="is a date, which begins at another instant in every zone"):
        segment.matches({"joined": date(2026, 3, 1)})
    assert segment.matches({"joined": date(2026, 3, 1)}, assume_zone="Europe/Moscow")


def test_an_anchor_that_is_no_time_is_told() -> None:
    with pytest.raises(SegmentError, match="city: 'Kazan' \\(text\\) is not a time"):
        holds(ev.opened.did(within=days(1), after=f.city), {"city": "Kazan"}, [])


# Properties and what is drawn from them


def test_properties_are_those_of_the_event_then_its_attributes_then_null() -> None:
    bought = Event(
        kind="purchase",
        person="1",
        at=NOW,
        value="120.50",
        currency="EUR",
        campaign="spring",
        recipient=Address.parse("anna@example.com"),
        properties={"sku": "A1", "step": "own"},
    )
    asked = ev.purchase.where(
        f.value > 120.4,
        f.campaign == "spring",
        f.recipient == "anna@example.com",
        f.sku.startswith("A"),
        f.step == "own",
        f.colour.is_null(),
        f.at >= ago(days(1)),
    )
    assert holds(asked.did(), {"id": 1, "value": 0}, [bought])


def test_a_mapping_may_keep_its_properties_flat_or_apart() -> None:
    history = [at("viewed", NOW, url="/a"), at("viewed", NOW, properties={"url": "/a"}, url="/b")]
    assert holds(ev.viewed.where(f.url == "/a").exactly(2), {}, history)
    assert holds(ev.viewed.where(f.item.sku.is_null() & (f.at == NOW)).exactly(2), {}, history)


def test_nothing_sums_up_to_0_and_has_no_mean_least_most_first_or_last() -> None:
    some = ev.purchase
    assert holds((some.sum("value") == 0) & (some.sum(f.value) < 1), {}, [])
    others = [some.avg("value"), some.min("value"), some.max("value"), some.first("value"), some.last("value")]
    assert all(holds(other.is_null() & ~(other >= 0), {}, []) for other in others)


def test_what_is_drawn_passes_over_events_without_the_property() -> None:
    history = [at("purchase", NOW - 3 * DAY, value=2), at("purchase", NOW - DAY, value=4), at("purchase", NOW)]
    some = ev.purchase
    tests = [some.sum("value") == 6, some.avg("value") == 3, some.min("value") == 2, some.max("value") == 4]
    tests += [some.first("value") == 2, some.last("value") == 4, some.last("at") == NOW]
    assert all(holds(test, {}, history) for test in tests)
    assert holds(some.where(f.value > 2).sum("value", last=days(7)) == 4, {}, history)


def test_only_numbers_are_summed() -> None:
    with pytest.raises(SegmentError, match=r"size: 'XL' is not a number"):
        holds(ev.purchase.sum("size") > 1, {}, [at("purchase", NOW, size="XL")])


# Regular expressions, case, size


def test_a_pattern_is_found_anywhere_and_of_null_nothing_is() -> None:
    assert holds(f.mail.matches(r"@(corp|firm)\.ru$"), {"mail": "anna@firm.ru"}, [])
    assert not holds(f.mail.matches(r"^firm"), {"mail": "anna@firm.ru"}, [])
    assert not holds(f.mail.matches(""), {"mail": None}, [])
    with pytest.raises(SegmentError, match="at column 5"):
        f.mail.matches("corp(")


def test_case_is_folded_where_asked() -> None:
    assert holds((f.city.casefold() == "kazan") & f.city.casefold().startswith("ka"), {"city": "KAZAN"}, [])
    assert holds(f.city.casefold().isin(["strasse"]), {"city": "Straße"}, [])


def test_a_list_has_a_size_and_so_has_a_text() -> None:
    assert holds((f.tags.size() >= 2) & (f.city.size() == 5), {"tags": ["a", "b"], "city": "Kazan"}, [])
    assert not holds((f.tags.size() == 0) | (f.tags.size() > 0), {"tags": None}, [])


# Clocks and calendars


def test_parts_of_a_time_are_those_on_the_persons_wall() -> None:
    record = {"at": datetime(2026, 2, 28, 21, 5, tzinfo=UTC), "zone": "Europe/Moscow", "none": None}
    z = f.zone
    parts = [f.at.date(z) == date(2026, 3, 1), f.at.clock(z) == "00:05", f.at.hour(z) == 0, f.at.weekday(z) == 7]
    parts += [f.at.day(z) == 1, f.at.month(z) == 3, f.at.year(z) == 2026, f.at.part("day", "UTC") == 28]
    assert all(holds(part, record, []) for part in parts)
    assert not holds((f.at.hour(f.none) >= 0) | (f.none.hour(z) >= 0), record, [])


def test_the_zone_in_where_is_the_persons() -> None:
    at_night = ev.opened.where(f.at.hour(f.zone) < 6).did()
    opened = at("opened", NOW, zone="Asia/Tokyo")  # 12:00 in London, 21:00 in Tokyo, 02:00 in Kiritimati
    assert holds(at_night, {"zone": "Pacific/Kiritimati"}, [opened])
    assert not holds(at_night, {"zone": "Europe/London"}, [opened])
    assert not holds(at_night, {"zone": None}, [opened])
    with pytest.raises(SegmentError, match="has no field 'zone'"):
        holds(at_night, {"zoom": "UTC"}, [opened])


def test_a_zone_of_the_record_may_be_the_zone_itself() -> None:
    assert holds(f.at.hour(f.zone) == 15, {"at": NOW, "zone": ZoneInfo("Europe/Moscow")}, [])
    assert holds(f.at.hour(f.zone) == 14, {"at": NOW, "zone": timezone(timedelta(hours=2))}, [])


def test_a_period_of_the_calendar_is_the_persons_own() -> None:
    joined = f.joined_at.during(this("day", zone=f.zone))
    at_midnight = datetime(2026, 3, 1, 10, tzinfo=UTC)  # the 2nd begins in Kiritimati
    assert holds(joined, {"joined_at": at_midnight, "zone": "Pacific/Kiritimati"}, [])
    assert not holds(joined, {"joined_at": at_midnight - INSTANT, "zone": "Pacific/Kiritimati"}, [])
    assert holds(joined, {"joined_at": at_midnight, "zone": "UTC"}, [])
    assert not holds(joined | ~joined & f.zone.is_not_null(), {"joined_at": at_midnight, "zone": None}, [])


def test_whole_periods_before_this_one() -> None:
    february = ev.opened.did(during=previous(1, "month", zone="Europe/Moscow"))
    first, end = datetime(2026, 1, 31, 21, tzinfo=UTC), datetime(2026, 2, 28, 21, tzinfo=UTC)
    found = [holds(february, {}, [at("opened", when)]) for when in (first - INSTANT, first, end - INSTANT, end)]
    assert found == [False, True, True, False]


def test_an_anniversary_is_near_on_the_persons_calendar() -> None:
    record = {"born": date(2000, 3, 2), "zone": "Pacific/Kiritimati", "none": None}
    assert holds(f.born.anniversary(zone=f.zone), record, [])
    assert not holds(f.born.anniversary(zone="UTC") | f.born.anniversary(zone="UTC", last=days(3)), record, [])
    assert holds(f.born.anniversary(zone="UTC", next=days(1)), record, [])
    assert not holds(f.none.anniversary(zone=f.zone) | f.born.anniversary(zone=f.none), record, [])
    time = {"born": datetime(2000, 2, 29, 23, tzinfo=UTC), "zone": "Europe/Moscow"}
    assert holds(f.born.anniversary(zone=f.zone), time, [])


def test_what_is_worked_out_stands_on_either_side() -> None:
    record = {"a": 5, "b": "Уфа", "at": NOW, "lat": 1, "lon": 1, "id": 1}
    assert holds((f.b.size() < f.a) & (f.a > f.b.size()) & (f.at.date("UTC") == today("UTC")), record, [])
    assert holds(distance(f.lat, f.lon, to=(1, 1)) == distance(f.lat, f.lon, to=(1.0, 1)), record, [])
    assert holds((f.id.bucket("a") < 1) & (f.id.bucket("a") != f.id.bucket("b")), record, [])
    assert not holds(distance(f.lat, f.lon, to=(1, 1)) >= 0, {**record, "lon": None}, [])


def test_different_values_are_counted() -> None:
    history = [at("visit", NOW - DAY, city="Kazan"), at("visit", NOW, city="Ufa"), at("visit", NOW, city="Ufa")]
    assert holds((ev.visit.distinct("city") == 2) & (ev.visit.distinct(f.city, last=hours(1)) == 1), {}, history)
    assert holds((ev.visit.distinct("colour") == 0) & (ev.bought.distinct("city") == 0), {}, history)


def test_the_first_time_is_the_first_of_all() -> None:
    first = ev.purchase.first_time(last=days(7))
    assert holds(first, {}, [at("purchase", NOW - 7 * DAY + INSTANT), at("purchase", NOW)])
    assert not holds(first, {}, [at("purchase", NOW - 7 * DAY), at("purchase", NOW)])
    assert not holds(first, {}, [])


def test_a_member_of_what_is_not_said_is_refused() -> None:
    with pytest.raises(SegmentError, match="say it with bind"):
        holds(f.age.is_null() | member("loyal"), {"age": 1}, [])
