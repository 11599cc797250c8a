"""Periods, anniversaries, zones and what else is written with a calendar; and what is asked by calling a function."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from mailkit.errors import SegmentError
from mailkit.segment import Period, Value, days, distance, hours, member, nodes, previous, this, today, weeks
from mailkit.segment import event as ev
from mailkit.segment import field as f
from mailkit.segment.nodes import Begin, Between, Constant, Part, PartOf
from mailkit.segment.spans import Unit

MOSCOW = "Europe/Moscow"


def begin(unit: Unit, offset: int) -> Begin:
    return Begin(unit=unit, offset=offset, zone=Constant(value=MOSCOW))


@pytest.mark.parametrize(
    ("period", "unit", "first", "end"),
    [
        (this("month", zone=MOSCOW), Unit.MONTH, 0, 1),
        (previous(1, "day", zone=MOSCOW), Unit.DAY, -1, 0),
        (previous(3, "week", zone=MOSCOW), Unit.WEEK, -3, 0),
        (Period(unit="year", first=-1, last=1, zone=MOSCOW), Unit.YEAR, -1, 2),
    ],
)
def test_a_period_begins_with_its_first_and_ends_where_the_one_after_begins(
    period: Period, unit: Unit, first: int, end: int
) -> None:
    start_node, end_node = begin(unit, first), begin(unit, end)
    assert (period.start._node, period.end._node) == (start_node, end_node)
    assert ev.a.did(during=period) == ev.a.did(between=(period.start, period.end))
    assert ev.a.did(during=period).node.events.window == Between(start=start_node, end=end_node)
    assert f.at.during(period) == (f.at >= period.start) & (f.at < period.end)


@pytest.mark.parametrize("zone", [MOSCOW, ZoneInfo(MOSCOW)])
def test_a_zone_is_given_by_name_or_itself(zone: object) -> None:
    assert f.at.hour(zone)._node.zone == Constant(value=MOSCOW)
    assert f.at.hour(UTC)._node.zone == Constant(value="UTC")
    assert f.at.hour(f.own.zone)._node.zone == f.own.zone._node
    assert this("day", zone=zone) == this("day", zone=Constant(value=MOSCOW))


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        (lambda: this("month", zone="Europe/Moskow"), "did you mean 'Europe/Moscow'"),
        (lambda: this("month", zone=timezone(timedelta(hours=3))), "has no name to be written in a segment"),
        (lambda: this("month", zone=None), "zone=None is not a time zone"),
        (lambda: this("month", zone=f.a + days(1)), "is not a time zone"),
        (lambda: this("mont", zone=MOSCOW), "did you mean 'month'"),
        (lambda: this("hour", zone=MOSCOW), "there are day, week, month, year"),
        (lambda: this(5, zone=MOSCOW), "5 is not a period of the calendar"),
        (lambda: this(["month"], zone=MOSCOW), "is not a period of the calendar"),
        (lambda: previous(0, "month", zone=MOSCOW), "0 is not how many"),
        (lambda: previous("month", 1, zone=MOSCOW), "write e.g. previous"),
        (lambda: previous(True, "month", zone=MOSCOW), "True is not how many"),
        (lambda: Period(unit="day", first=1, last=0, zone=MOSCOW), "would end before it begins: 1 to 0"),
        (lambda: Period(unit="day", first=1.5, last=2, zone=MOSCOW), "1.5 is not a whole number of periods"),
        (lambda: Period(unit="day", last="2", zone=MOSCOW), "'2' is not a whole number of periods"),
        (lambda: f.at.during(days(3)), "is no period"),
        (lambda: ev.a.did(during="month"), "during='month' is no period"),
        (lambda: ev.a.did(during=this("day", zone=MOSCOW), last=days(1)), "during and last do not go together"),
        (lambda: ev.a.did(durring=this("day", zone=MOSCOW)), "did you mean 'during'"),
        (lambda: f.at.part("huor", MOSCOW), "'huor' is no part of a time; did you mean 'hour'"),
        (lambda: f.at.part("week", MOSCOW), "is no part of a time"),
        (lambda: f.at.part("zz", MOSCOW), "there are clock, hour, weekday, day, month, year, date"),
        (lambda: f.at.part(["hour"], MOSCOW), "is no part of a time"),
        (lambda: f.born.anniversary(zone=MOSCOW, next=hours(3)), "next=3 hours: .* counted in days"),
        (lambda: f.born.anniversary(zone=MOSCOW, last=3), "last 3 is not a length of time"),
        (lambda: f.born.anniversary(zone=MOSCOW, last=days(183)), "183 is not a number of days near an anniversary"),
        (lambda: f.id.bucket(""), "'' is not a salt"),
        (lambda: f.mail.matches(5), "give a pattern"),
        (lambda: distance("lat", f.lon, to=(0, 0)), "the latitude 'lat' is not a field"),
        (lambda: distance(f.lat, 5, to=(0, 0)), "the longitude 5 is not a field"),
        (lambda: distance(f.lat, f.lon, to=55), "to=55 is not a place"),
        (lambda: distance(f.lat, f.lon, to=(1, 2, 3)), "is not a place"),
        (lambda: distance(f.lat, f.lon, to=(91, 0)), "91 is not a latitude"),
        (lambda: distance(f.lat, f.lon, to=(0, "49")), "'49' is not a longitude"),
        (lambda: member(""), "'' is not the name of a segment"),
        (lambda: ev.a.first_time(), "of which time"),
        (lambda: f.city.casefolded(), "did you mean 'casefold'"),
        (lambda: f.city.birthday(), "has no method 'birthday'"),
        (lambda: f.at.weekDay(), "did you mean 'weekday'"),
    ],
)
def test_a_slip_is_told_when_it_is_written(wrong: object, expected: str) -> None:
    with pytest.raises(SegmentError, match=expected):
        wrong()  # type: ignore[operator]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("distict", "did you mean 'distinct'"),
        ("then_none", "did you mean 'then_not'"),
        ("first_tme", "did you mean 'first_time'"),
        ("regulary", "did you mean 'regularly'"),
        ("followed_by", r"write then\(\.\.\.\)"),
        ("unique", r"write distinct\(\.\.\.\)"),
        ("every", "write regularly"),
    ],
)
def test_a_question_that_is_not_asked_of_events_is_told_with_the_one_that_was_meant(name: str, expected: str) -> None:
    with pytest.raises(AttributeError, match=expected):
        getattr(ev.a, name)


def test_each_part_has_a_word_of_its_own() -> None:
    for part in Part:
        assert getattr(f.at, part)(MOSCOW)._node == f.at.part(part, MOSCOW)._node
        assert f.at.part(part, MOSCOW)._node.part is part
    assert today(MOSCOW)._node == PartOf(of=nodes.Now(), part=Part.DATE, zone=Constant(value=MOSCOW))


def test_weeks_and_timedeltas_are_days_near_an_anniversary() -> None:
    one = f.born.anniversary(zone=MOSCOW, last=weeks(1), next=timedelta(days=3)).node
    assert (one.last, one.next) == (7, 3)
    assert f.born.anniversary(zone=MOSCOW).node.next == 0


def test_the_first_time_is_a_comparison_of_the_first_event() -> None:
    first, now = ev.a.first("at"), datetime(2026, 3, 1, tzinfo=UTC)
    period, end = this("month", zone=MOSCOW), f.start + days(3)
    assert ev.a.first_time(between=(now, end)) == (first >= now) & (first < end)
    assert ev.a.first_time(between=(now, None)) == (first >= now)
    assert ev.a.first_time(between=(None, now)) == (first < now)
    assert ev.a.first_time(during=period) == (first >= period.start) & (first < period.end)
    assert ev.a.first_time(within=days(3), after=now) == (first >= now) & (first < Value(Constant(value=now)) + days(3))
    assert ev.a.first_time(within=days(1), after=end) == (first >= end) & (first < end + days(1))


def test_fields_that_are_called_like_a_method_stand_in_brackets() -> None:
    assert f["date"]._node.path == ("date",)
    assert f.order["size"]._node.path == ("order", "size")
