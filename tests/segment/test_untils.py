"""Until when an answer holds, told by hand for one condition after another, and held against the instants around."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from mailkit.errors import SegmentError
from mailkit.segment import Segment, Value, ago, ahead, days, hours, months, nodes, previous, this, today, years
from mailkit.segment import event as ev
from mailkit.segment import field as f
from mailkit.segment.lasting.clocks import date_change, part_change
from mailkit.segment.lasting.courses import NEVER, Calendar, Drift
from mailkit.segment.lasting.timelines import timeline
from mailkit.segment.lasting.validity import Judge, judge
from mailkit.segment.nodes import Part
from mailkit.segment.running.histories import Histories
from mailkit.segment.spans import EARLIEST, INSTANT, LATEST, Unit

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
BERLIN = "Europe/Berlin"
CLOCK = nodes.PartOf(of=nodes.Now(), part=Part.CLOCK, zone=nodes.Constant(value=BERLIN))


def compared(left: nodes.Value, operator: str, right: nodes.Value) -> Segment:
    return Segment(nodes.Comparison(left=left, operator=nodes.Operator(operator), right=right))


def clock(operator: str, text: str) -> Segment:
    return compared(CLOCK, operator, nodes.Constant(value=text))


def part_of(of: nodes.Value, part: Part, zone: nodes.Zone | None = None) -> nodes.Value:
    return nodes.PartOf(of=of, part=part, zone=zone or nodes.Constant(value=BERLIN))


def shifted(span: Any, *, is_forward: bool = False, base: nodes.Value | None = None) -> nodes.Value:
    return nodes.Shift(base=base or nodes.Now(), span=span, is_forward=is_forward)


def begin(unit: Unit, offset: int = 0, zone: nodes.Zone | None = None) -> nodes.Value:
    return nodes.Begin(unit=unit, offset=offset, zone=zone or nodes.Constant(value=BERLIN))


def at(kind: str, when: datetime, **more: object) -> dict[str, object]:
    return {"kind": kind, "at": when, **more}


RECORD = {
    "joined_at": NOW - 3 * DAY,
    "born": date(1996, 2, 29),
    "zone": BERLIN,
    "nowhere": None,
    "city": "Kazan",
    "size": 24,
}
ZONE = nodes.Field(path=("zone",))
NOWHERE = nodes.Field(path=("nowhere",))
TWO = [at("buy", NOW - 10 * DAY, value=5, url="a"), at("buy", NOW - 2 * DAY, value=7, url="b")]

CASES: list[tuple[Segment, list[dict[str, object]], datetime | None]] = [
    # fields and now
    (f.joined_at > ago(days(10)), [], NOW + 7 * DAY),
    (f.joined_at >= ago(days(10)), [], NOW + 7 * DAY + INSTANT),
    (f.joined_at == ago(days(10)), [], NOW + 7 * DAY),
    (f.joined_at > ago(days(1)), [], None),
    (f.joined_at == ago(days(3)), [], NOW + INSTANT),
    (f.joined_at > ago(months(1)), [], datetime(2026, 3, 26, 12, tzinfo=UTC)),
    (f.joined_at + days(5) > ahead(hours(5)), [], NOW + 43 * HOUR),
    (f.nowhere > ago(days(1)), [], None),
    (f.city == "Kazan", [], None),
    (compared(nodes.Now(), "<", nodes.Constant(value=NOW + DAY)), [], NOW + DAY),
    (compared(shifted(months(1)), "<", shifted(days(29))), [], datetime(2026, 3, 30, 0, tzinfo=UTC)),
    (compared(shifted(days(1)), "<", nodes.Now()), [], None),
    (compared(shifted(days(1)), "<", begin(Unit.DAY, 0)), [], datetime(2026, 10, 25, 22, tzinfo=UTC)),
    (compared(shifted(days(3), is_forward=True), "<", begin(Unit.WEEK, 1)), [], datetime(2026, 3, 1, 23, tzinfo=UTC)),
    (compared(begin(Unit.DAY, 0, NOWHERE), "<", nodes.Now()), [], None),
    (compared(begin(Unit.DAY, 0, NOWHERE), "<", nodes.Field(path=("joined_at",))), [], None),
    (Segment(nodes.IsNull(value=nodes.Now())), [], None),
    (
        Segment(
            nodes.OneOf(
                value=nodes.Now(),
                options=(nodes.Constant(value=NOW + DAY), nodes.Constant(value=NOW - DAY), nodes.Constant(value="a")),
            )
        ),
        [],
        NOW + DAY,
    ),
    (Segment(nodes.OneOf(value=nodes.Now(), options=())), [], None),
    # clocks and calendars
    (compared(part_of(nodes.Now(), Part.HOUR), "<", nodes.Constant(value=20)), [], NOW + 7 * HOUR),
    (compared(part_of(nodes.Now(), Part.HOUR, ZONE), "<", nodes.Constant(value=20)), [], NOW + 7 * HOUR),
    (compared(part_of(nodes.Now(), Part.HOUR, NOWHERE), "<", nodes.Constant(value=20)), [], None),
    (
        compared(part_of(nodes.Now(), Part.MONTH), "<", nodes.Constant(value=4)),
        [],
        datetime(2026, 3, 31, 22, tzinfo=UTC),
    ),
    (
        compared(part_of(nodes.Now(), Part.YEAR), "<", nodes.Constant(value=2028)),
        [],
        datetime(2027, 12, 31, 23, tzinfo=UTC),
    ),
    (
        compared(part_of(nodes.Now(), Part.WEEKDAY), "=", nodes.Constant(value=7)),
        [],
        datetime(2026, 3, 1, 23, tzinfo=UTC),
    ),
    (
        compared(part_of(shifted(months(1)), Part.DAY), "=", nodes.Constant(value=1)),
        [],
        datetime(2026, 3, 1, 23, tzinfo=UTC),
    ),
    (
        compared(part_of(begin(Unit.MONTH), Part.MONTH), "=", nodes.Constant(value=3)),
        [],
        datetime(2026, 3, 31, 22, tzinfo=UTC),
    ),
    (today(BERLIN) < date(2026, 3, 3), [], datetime(2026, 3, 2, 23, tzinfo=UTC)),
    (clock("<", "20:15"), [], datetime(2026, 3, 1, 19, 15, tzinfo=UTC)),
    (clock(">", "20:15"), [], datetime(2026, 3, 1, 19, 16, tzinfo=UTC)),
    (clock("=", "09:00"), [], datetime(2026, 3, 2, 8, 0, tzinfo=UTC)),
    (compared(part_of(nodes.Now(), Part.CLOCK, NOWHERE), "<", nodes.Constant(value="09:00")), [], None),
    (compared(CLOCK, "=", part_of(nodes.Field(path=("joined_at",)), Part.CLOCK)), [], NOW + timedelta(minutes=1)),
    # what no clock shows, and what is past
    (clock("=", "Kazan"), [], None),
    (clock("<", "99"), [], None),
    (clock(">=", "23:59"), [], datetime(2026, 3, 1, 22, 59, tzinfo=UTC)),
    (clock(">", "23:59"), [], None),
    (compared(CLOCK, "=", nodes.Field(path=("city",))), [], None),
    (compared(nodes.Constant(value="20:15"), ">", CLOCK), [], datetime(2026, 3, 1, 19, 15, tzinfo=UTC)),
    (compared(part_of(nodes.Now(), Part.HOUR), "=", nodes.Constant(value=99)), [], None),
    (compared(part_of(nodes.Now(), Part.HOUR), "=", nodes.Field(path=("size",))), [], None),
    (compared(part_of(nodes.Now(), Part.HOUR, NOWHERE), "<", nodes.Constant(value=99)), [], None),
    (compared(part_of(shifted(months(1)), Part.HOUR), "!=", nodes.Constant(value=24)), [], None),
    (compared(part_of(nodes.Now(), Part.WEEKDAY), "<", nodes.Constant(value=1)), [], None),
    (compared(part_of(nodes.Now(), Part.DAY), ">", nodes.Constant(value=31)), [], None),
    (compared(part_of(nodes.Now(), Part.MONTH), "<=", nodes.Constant(value=12.5)), [], None),
    (Segment(nodes.IsNull(value=part_of(nodes.Now(), Part.CLOCK, ZONE))), [], None),
    (Segment(nodes.IsNull(value=part_of(nodes.Now(), Part.CLOCK, NOWHERE))), [], None),
    (Segment(nodes.OneOf(value=part_of(nodes.Now(), Part.HOUR), options=(nodes.Constant(value=99),))), [], None),
    (compared(nodes.Folded(value=CLOCK), "=", nodes.Constant(value="kazan")), [], None),
    (compared(nodes.Size(value=CLOCK), "=", nodes.Constant(value=5)), [], None),
    (compared(part_of(nodes.Now(), Part.YEAR), ">", nodes.Constant(value=1999)), [], None),
    (compared(part_of(shifted(months(1)), Part.YEAR), "=", nodes.Constant(value=1999)), [], None),
    (compared(part_of(nodes.Now(), Part.YEAR), "<", nodes.Constant(value=0)), [], None),
    (compared(part_of(nodes.Now(), Part.YEAR), "<", nodes.Constant(value=10_000)), [], None),
    (
        compared(part_of(nodes.Now(), Part.YEAR), "<", nodes.Constant(value=2999)),
        [],
        datetime(2998, 12, 31, 23, tzinfo=UTC),
    ),
    (
        compared(part_of(nodes.Now(), Part.YEAR), "<", nodes.Constant(value=2026.5)),
        [],
        datetime(2026, 12, 31, 23, tzinfo=UTC),
    ),
    (today(BERLIN) == date(2026, 2, 25), [], None),
    (today(BERLIN) <= date(2026, 2, 27), [], None),
    (today(BERLIN) < date(2126, 3, 3), [], datetime(2126, 3, 2, 23, tzinfo=UTC)),
    (compared(part_of(shifted(months(1)), Part.DATE), "=", nodes.Field(path=("born",))), [], None),
    (f.joined_at.during(this("month", zone=BERLIN)), [], None),
    (f.joined_at.during(previous(1, "month", zone=BERLIN)), [], datetime(2026, 3, 31, 22, tzinfo=UTC)),
    (f.joined_at.during(this("week", zone=f.zone)), [], datetime(2026, 3, 1, 23, tzinfo=UTC)),
    (f.born.anniversary(zone=BERLIN), [], datetime(2027, 2, 27, 23, tzinfo=UTC)),
    (f.born.anniversary(last=days(3), zone=BERLIN), [], datetime(2026, 3, 3, 23, tzinfo=UTC)),
    (f.born.anniversary(zone=f.nowhere), [], None),
    (ev.buy.first("at").anniversary(zone=BERLIN), TWO, datetime(2027, 2, 18, 23, tzinfo=UTC)),
    # events that are counted
    (ev.buy.did(), [], None),
    (ev.buy.did(last=days(10)), TWO, NOW + 8 * DAY),
    (ev.buy.none(last=days(5)), TWO, NOW + 3 * DAY),
    (ev.buy.at_least(2, last=days(15)), TWO, NOW + 5 * DAY),
    (ev.buy.exactly(1, last=days(15)), TWO, NOW + 5 * DAY),
    (ev.buy.exactly(1, last=days(8)), [*TWO, at("buy", NOW + DAY)], NOW + DAY),
    (ev.buy.did(last=months(1)), TWO, datetime(2026, 3, 27, 12, tzinfo=UTC)),
    (ev.buy.did(last=months(1)), [at("buy", datetime(2026, 1, 31, 13, tzinfo=UTC))], None),
    (ev.buy.where(f.value > 6).did(last=days(30)), TWO, NOW + 28 * DAY),
    (ev.buy.where(f.at > ago(days(20))).at_least(2), TWO, NOW + 10 * DAY),
    (ev.buy.did(within=days(5), after=f.joined_at), TWO, None),
    (ev.buy.none(within=days(5), after=f.joined_at), [], NOW + 2 * DAY),
    (ev.buy.none(within=days(1), after=f.joined_at), [], None),
    (ev.buy.none(within=days(1), after=f.nowhere), [], None),
    (ev.buy.none(within=days(5), after=ago(days(3))), TWO, None),
    (ev.buy.none(within=days(3), after=ago(days(5))), TWO, NOW + INSTANT),
    (ev.buy.did(between=(ago(days(30)), ago(days(5)))), TWO, NOW + 28 * DAY + INSTANT),
    (ev.buy.did(between=(None, ago(days(11)))), TWO, NOW + DAY + INSTANT),
    (ev.buy.did(between=(f.joined_at, None)), TWO, None),
    (ev.buy.did(during=this("month", zone=f.zone)), [*TWO, at("buy", NOW)], datetime(2026, 3, 31, 22, tzinfo=UTC)),
    (ev.buy.did(during=this("month", zone=f.nowhere)), TWO, None),
    (ev.buy.did(within=days(2), after=ev.buy.first("at")), TWO, None),
    (ev.buy.none(within=days(2), after=ev.click.first("at")), TWO, None),
    # values drawn from events
    (ev.buy.sum("value", last=days(15)) > 10, TWO, NOW + 5 * DAY),
    (ev.buy.last("url") == "b", TWO, None),
    (ev.buy.last("url").casefold() == "b", [*TWO, at("buy", NOW + DAY, url="C")], NOW + DAY),
    (ev.buy.last("url", last=days(5)).isin(["a", "b"]), TWO, NOW + 3 * DAY),
    (ev.buy.last("url", last=days(5)).startswith("b"), TWO, NOW + 3 * DAY),
    (ev.buy.last("url", last=days(5)).is_not_null(), TWO, NOW + 3 * DAY),
    (ev.buy.last("at") > ago(days(5)), TWO, NOW + 3 * DAY),
    (ev.buy.last("at", within=days(1), after=f.nowhere) > ago(days(5)), TWO, None),
    (ev.buy.last("at", last=days(5)) + days(1) > ago(days(9)), TWO, NOW + 3 * DAY),
    # one after another, again and again
    (ev.click.then(ev.buy, within=days(1)), [at("click", NOW - DAY), at("buy", NOW - HOUR)], None),
    (ev.click.then(ev.buy), [at("click", NOW - DAY), at("buy", NOW + HOUR)], NOW + HOUR),
    (  # 30 January 23:00 and a month is later than 31 January 01:00 and a month
        ev.click.then(ev.buy, within=months(1)),
        [
            at("click", datetime(2026, 1, 30, 23, tzinfo=UTC)),
            at("click", datetime(2026, 1, 31, 1, tzinfo=UTC)),
            at("buy", datetime(2026, 2, 28, 2, tzinfo=UTC)),
        ],
        None,
    ),
    (ev.click.then_not(ev.buy, within=days(2)), [at("click", NOW - DAY)], NOW + DAY),
    (ev.click.then_not(ev.buy, within=days(2)), [at("click", NOW - DAY), at("buy", NOW - HOUR)], None),
    (ev.click.then_not(ev.buy), [at("click", NOW - DAY), at("buy", NOW + HOUR)], NOW + HOUR),
    (ev.click.then(ev.buy).started(last=days(3)), [at("click", NOW - DAY), at("buy", NOW)], NOW + 2 * DAY),
    (ev.click.then(ev.buy).started(within=days(3), after=f.nowhere), [at("click", NOW - DAY)], None),
    (ev.click.then(ev.buy).then(ev.buy), [], None),
    (ev.buy.regularly(2, of=2, every="week"), TWO, NOW + 4 * DAY),
    (ev.buy.regularly(1, of=2, every="month"), TWO, datetime(2026, 4, 27, 12, tzinfo=UTC)),
    (ev.buy.regularly(1, of=2, every="month"), [at("buy", NOW + DAY)], NOW + DAY),
    (ev.buy.regularly(1, of=2, every="month"), [], None),
    # joined
    (ev.buy.did(last=days(10)) & ev.buy.did(last=days(5)), TWO, NOW + 3 * DAY),
    (ev.buy.did(last=days(10)) | ev.buy.did(last=days(5)), TWO, NOW + 8 * DAY),
    (~ev.buy.did(last=days(10)) & (f.city == "Ufa"), TWO, None),
    (ev.buy.did(last=days(5)) | (f.city == "Kazan"), TWO, None),
    (ev.buy.none(last=days(5)) & ev.buy.none(last=days(10)), TWO, NOW + 8 * DAY),
    (ev.buy.did(last=days(1)) | ev.buy.none(last=days(5)), TWO, NOW + 3 * DAY),
    ((f.city == "Ufa") | ev.buy.did(last=days(1)), TWO, None),
]


@pytest.mark.parametrize(("segment", "events", "until"), CASES, ids=lambda value: str(value)[:60])
def test_an_answer_holds_until(segment: Segment, events: list[dict[str, object]], until: datetime | None) -> None:
    facts = [fact for _, fact in (Histories(key="id", assumed=UTC).whose(event, "1") for event in events)]

    def is_in(now: datetime) -> bool:
        return segment.matches(RECORD, events=events, now=now)

    found = judge(segment.node, RECORD, facts, now=NOW)
    assert found.is_true is is_in(NOW)
    assert found.until == until
    assert found.is_exact
    if until is not None:
        assert is_in(until - INSTANT) is found.is_true
        assert is_in(until) is not found.is_true
    else:
        for number in range(0, 800, 13):
            assert is_in(NOW + number * DAY) is found.is_true


@pytest.mark.parametrize(
    "segment",
    [
        today(BERLIN) <= date.max,
        compared(shifted(years(5000)), "<", nodes.Now()),
        compared(nodes.Now(), "<", begin(Unit.MONTH, 1)),
        Segment(nodes.Anniversary(of=shifted(months(1)), zone=nodes.Constant(value=BERLIN))),
    ],
    ids=str,
)
def test_what_moves_without_end_is_told_to_hold_for_long_at_least(segment: Segment) -> None:
    found = judge(segment.node, RECORD, now=NOW)
    assert found.is_true is segment.matches(RECORD, now=NOW)
    assert found.until is not None
    assert found.until > NOW + 20 * DAY


class Counted(dict[str, Any]):
    """A record that counts how often it is read."""

    reads = 0

    def get(self, name: str, default: Any = None) -> Any:
        self.reads += 1
        return super().get(name, default)

    def __getitem__(self, name: str) -> Any:
        self.reads += 1
        return super().__getitem__(name)


def here(part: Part, of: nodes.Value | None = None) -> nodes.Value:
    return part_of(of or nodes.Now(), part, ZONE)


LONG: list[Segment] = [
    compared(here(Part.CLOCK), "=", here(Part.CLOCK, shifted(hours(1)))),
    compared(here(Part.HOUR), "=", here(Part.HOUR, shifted(hours(1)))),
    compared(here(Part.DAY), "=", nodes.Constant(value=30)) & compared(here(Part.MONTH), "=", nodes.Constant(value=2)),
    compared(here(Part.HOUR), "<", nodes.Constant(value=12))
    | compared(here(Part.HOUR), ">=", nodes.Constant(value=12)),
    compared(nodes.Now(), "<", begin(Unit.DAY, 1, ZONE)),
    compared(begin(Unit.MONTH, 0, ZONE), "<", shifted(days(40))),
    Segment(nodes.Anniversary(of=shifted(days(10)), last=0, next=3, zone=ZONE)),
    ev.buy.where(compared(here(Part.HOUR), "=", here(Part.HOUR, shifted(hours(1))))).did(),
    ev.buy.none(within=days(1), after=Value(begin(Unit.DAY, 1, ZONE))),
]


@pytest.mark.parametrize("segment", LONG, ids=str)
@pytest.mark.parametrize("number", [2, 400])
def test_what_is_never_otherwise_is_not_looked_for_for_long(segment: Segment, number: int) -> None:
    record = Counted(RECORD)
    facts = [
        fact
        for _, fact in (
            Histories(key="id", assumed=UTC).whose(at("buy", NOW - place * HOUR), "1") for place in range(number)
        )
    ]
    found = judge(segment.node, record, facts, now=NOW)
    assert record.reads < 1_500 * (1 + number // 64)
    assert (found.until is None) is found.is_exact
    assert found.until is None or found.until > NOW


def test_one_judge_judges_one_person_after_another() -> None:
    judge_of = Judge((f.joined_at > ago(days(10))).node)
    untils = [judge_of.judge({"joined_at": NOW - number * DAY}, {}, NOW).until for number in (1, 2)]
    assert untils == [NOW + 9 * DAY, NOW + 8 * DAY]


def test_the_clock_is_compared_with_text() -> None:
    with pytest.raises(SegmentError, match="cannot be compared"):
        judge(compared(CLOCK, "=", nodes.Constant(value=9)).node, RECORD, now=NOW)


def test_what_decided_is_told() -> None:
    facts = [fact for _, fact in (Histories(key="id", assumed=UTC).whose(event, "1") for event in TWO)]

    def told(segment: Segment) -> Any:
        return judge(segment.node, RECORD, facts, now=NOW)

    count = told(ev.buy.where(f.value > 6).did(last=days(30)))
    assert (count.events, count.start, count.end) == ((facts[1],), NOW - 30 * DAY + INSTANT, NOW + INSTANT)
    total = told(ev.buy.sum("value", last=days(30)) > ev.buy.min("value"))
    assert (total.values, total.events) == ((12, 5), (*facts, *facts))
    assert told(f.born.anniversary(zone="UTC")).values == (date(1996, 2, 29),)
    assert told(ev.buy.then(ev.buy)).events == tuple(facts)
    assert told(ev.buy.then(ev.click)).events == ()
    assert told(ev.buy.regularly(1, of=1, every="week")).events == (facts[1],)
    assert told(ev.buy.did(within=days(1), after=f.nowhere)).events == ()
    assert [part.is_true for part in told(~(f.city == "Ufa") & f.nowhere.is_null()).parts] == [True, True]


def test_an_error_is_told_as_the_interpreter_tells_it() -> None:
    wrong = (f.city == "Kazan") & (ev.buy.last("at") > ev.buy.last("value"))
    facts = [fact for _, fact in (Histories(key="id", assumed=UTC).whose(event, "1") for event in TWO)]
    with pytest.raises(SegmentError, match=r"last\(at of buy\): .* cannot be compared with 7"):
        judge(wrong.node, RECORD, facts, now=NOW)
    for other in (~(f.city == "Kazan") & wrong, (f.city == "Kazan") | wrong):
        assert judge(other.node, RECORD, facts, now=NOW).until is None
    # One that another condition keeps from being asked for is passed over, as long as it does.
    guarded = ev.buy.none(last=days(5)) & (ev.buy.last("at") > ev.buy.last("value"))
    found = judge(guarded.node, RECORD, facts, now=NOW)
    assert (found.is_true, found.until, len(found.parts)) == (False, NOW + 3 * DAY, 1)
    either = ev.buy.did(last=days(5)) | (ev.buy.last("at") > ev.buy.last("value"))
    assert judge(either.node, RECORD, facts, now=NOW).until == NOW + 3 * DAY
    with pytest.raises(SegmentError, match="cannot be compared"):
        judge(guarded.node, RECORD, facts, now=NOW + 3 * DAY)


def test_an_error_where_the_interpreter_stops_before_is_told_too() -> None:
    facts = [
        fact
        for _, fact in (
            Histories(key="id", assumed=UTC).whose(event, "1")
            for event in [at("buy", NOW, value=7), at("buy", NOW - DAY, value="7")]
        )
    ]
    segment = ev.buy.where(f.value > 5).did()
    with pytest.raises(SegmentError, match="cannot be compared"):
        Judge(segment.node).look(RECORD, timeline(facts), NOW)


def test_a_named_segment_must_be_bound_first() -> None:
    with pytest.raises(SegmentError, match="bind"):
        Judge(nodes.Member(name="loyal"))


# Courses and clocks at their edges


def test_a_day_that_begins_twice_ends_twice() -> None:
    johns = ZoneInfo("America/St_Johns")  # until 2011 clocks were put back at 00:01, to 23:01 the day before
    midnight = datetime(2006, 10, 29, 2, 30, tzinfo=UTC)
    assert date_change(midnight - HOUR, johns) == midnight
    assert date_change(midnight, johns) == midnight + timedelta(minutes=1)
    assert date_change(midnight + timedelta(minutes=1), johns) == midnight + HOUR
    course = Calendar(Unit.DAY, 0, johns)
    assert course.change(midnight, midnight) == midnight + timedelta(minutes=1)
    born = {"born": date(2000, 10, 29)}
    found = judge(f.born.anniversary(zone="America/St_Johns").node, born, now=midnight)
    assert (found.is_true, found.until) == (True, midnight + timedelta(minutes=1))


def test_courses_end_with_the_calendar() -> None:
    far = Drift(((years(9000), True),))
    assert far.at(NOW) == LATEST
    assert far.change(LATEST - DAY, NOW) > NOW + 20 * DAY
    assert Drift(((months(1), False),)).change(LATEST, LATEST - DAY) == NEVER
    assert Calendar(Unit.DAY, 0, UTC).change(NOW + 3650 * DAY, NOW) == (NOW + 3651 * DAY).replace(hour=0)
    assert part_change(datetime(9999, 12, 31, 23, 59, 30, tzinfo=UTC), Part.CLOCK, UTC) == LATEST
    assert Drift(((days(3), False),)).change(LATEST, LATEST - DAY) == NEVER
    assert Drift(((years(9000), False),)).at(NOW) == EARLIEST
    assert Calendar(Unit.YEAR, 0, UTC).change(LATEST, NOW) == NEVER
    assert part_change(LATEST - timedelta(seconds=1), Part.DATE, UTC) == LATEST
    assert part_change(datetime(9999, 6, 1, tzinfo=UTC), Part.YEAR, UTC) == LATEST
    assert part_change(NOW, Part.CLOCK, UTC) == NOW + timedelta(minutes=1)


def test_a_month_ago_falls_back_at_the_end_of_march() -> None:
    course = Drift(((months(1), False),))
    noon = datetime(2026, 2, 28, 12, tzinfo=UTC)
    at_noon = datetime(2026, 3, 28, 12, tzinfo=UTC)
    assert course.change(noon, NOW) == at_noon
    assert course.change(noon, at_noon + HOUR) == datetime(2026, 3, 29, tzinfo=UTC)
    assert course.change(noon, at_noon + 30 * DAY) == NEVER
