"""Calendars on somebody's wall, against what a person would find by looking at the wall minute by minute."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailkit.errors import SegmentError
from mailkit.segment.nodes import Part
from mailkit.segment.running.calendars import begin, day_of, is_anniversary, part, wall
from mailkit.segment.spans import EARLIEST, LATEST, Unit

MINUTE = timedelta(minutes=1)
CALENDAR = [Unit.DAY, Unit.WEEK, Unit.MONTH, Unit.YEAR]
ODD = [  # a zone, and a day of its clocks that begins or ends in an unusual way
    ("America/Sao_Paulo", date(2018, 11, 4)),  # 00:00 became 01:00
    ("America/Sao_Paulo", date(2018, 2, 18)),  # 00:00 became 23:00 of the day before
    ("Asia/Beirut", date(2022, 3, 27)),
    ("Africa/Cairo", date(2023, 4, 28)),
    ("Africa/Cairo", date(2023, 10, 27)),
    ("Pacific/Apia", date(2011, 12, 30)),  # never was
    ("Pacific/Apia", date(2011, 12, 31)),
    ("America/Toronto", date(1919, 3, 31)),  # 23:30 became 00:30
    ("America/St_Johns", date(2006, 10, 29)),  # 00:01 became 23:01 of the day before
    ("Europe/Moscow", date(2014, 10, 26)),
    ("Asia/Kathmandu", date(2026, 3, 1)),
]


def first_minute(day: date, place: tzinfo) -> datetime:
    at = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=30)
    while at.astimezone(place).date() < day:
        at += MINUTE
    return at


@pytest.mark.parametrize(("name", "day"), ODD)
@pytest.mark.parametrize("offset", [-1, 0, 1])
def test_a_day_begins_at_the_first_instant_that_shows_it_or_a_later_one(name: str, day: date, offset: int) -> None:
    place = ZoneInfo(name)
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=place).astimezone(UTC)
    shown = noon.astimezone(place).date()
    assert begin(Unit.DAY, offset, now=noon, place=place) == first_minute(shown + timedelta(days=offset), place)


@given(
    st.sampled_from(sorted({name for name, _ in ODD} | {"UTC", "Europe/London"})),
    st.datetimes(datetime(1990, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    st.sampled_from(CALENDAR),
    st.integers(-30, 30),
)
@example("America/Sao_Paulo", datetime(2018, 11, 3, 12, tzinfo=UTC), Unit.DAY, 1)
@example("Pacific/Apia", datetime(2011, 12, 30, 9, 59, tzinfo=UTC), Unit.DAY, 1)
def test_a_period_begins_when_the_wall_first_shows_its_first_day(
    name: str, now: datetime, unit: Unit, offset: int
) -> None:
    place = ZoneInfo(name)
    start = begin(unit, offset, now=now, place=place)
    end = begin(unit, offset + 1, now=now, place=place)
    first, before = wall(start, place).date(), wall(start - timedelta(microseconds=1), place).date()
    assert before < first
    assert start <= end
    skips = (first - before).days > 1 or start == end
    assert skips or is_first(unit, first)
    if offset == 0:
        assert start <= now < end or name == "America/St_Johns"


def is_first(unit: Unit, day: date) -> bool:
    is_of = {Unit.DAY: True, Unit.WEEK: day.isoweekday() == 1, Unit.MONTH: day.day == 1}
    return is_of.get(unit, (day.month, day.day) == (1, 1))


@pytest.mark.parametrize(
    ("day", "hours"),
    [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 3, 1), 24)],
)
def test_a_day_of_the_calendar_has_23_to_25_hours(day: date, hours: int) -> None:
    place = ZoneInfo("Europe/Berlin")
    now = datetime(day.year, day.month, day.day, 12, tzinfo=place).astimezone(UTC)
    start, end = (begin(Unit.DAY, offset, now=now, place=place) for offset in (0, 1))
    assert end - start == timedelta(hours=hours)


@pytest.mark.parametrize("offset", [10**6, -(10**6), 10**30, -(10**30)])
@pytest.mark.parametrize("unit", CALENDAR)
def test_out_of_the_calendar_is_its_end(unit: Unit, offset: int) -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    offset *= 10  # so that it is beyond for days, too
    assert begin(unit, offset, now=now, place=UTC) == (LATEST if offset > 0 else EARLIEST)


@pytest.mark.parametrize("hours", [-12, 0, 14])
def test_the_ends_of_the_calendar_have_a_wall_too(hours: int) -> None:
    place = timezone(timedelta(hours=hours))
    assert wall(LATEST, place).year == 9999
    assert wall(EARLIEST, place).year == 1
    assert begin(Unit.YEAR, 0, now=EARLIEST, place=place) in (EARLIEST, EARLIEST + timedelta(hours=12))


@given(st.datetimes(timezones=st.just(UTC)), st.sampled_from(["UTC", "Europe/Moscow", "America/St_Johns"]))
def test_parts_are_what_the_wall_shows(at: datetime, name: str) -> None:
    place = ZoneInfo(name)
    shown = wall(at, place)
    found = {which: part(at, which, place, None) for which in Part}
    assert found == {
        Part.CLOCK: shown.strftime("%H:%M"),
        Part.HOUR: shown.hour,
        Part.WEEKDAY: shown.isoweekday(),
        Part.DAY: shown.day,
        Part.MONTH: shown.month,
        Part.YEAR: shown.year,
        Part.DATE: shown.date(),
    }


def test_a_date_has_a_calendar_and_no_clock() -> None:
    day, place = date(2026, 3, 1), ZoneInfo("Asia/Kathmandu")
    assert [part(day, which, place, None) for which in (Part.WEEKDAY, Part.DAY, Part.DATE)] == [7, 1, day]
    for which in (Part.CLOCK, Part.HOUR):
        with pytest.raises(SegmentError, match=f"is a date, which has no {which}"):
            part(day, which, place, UTC)


def test_a_time_without_a_zone_is_read_in_the_assumed_one() -> None:
    at = datetime(2026, 3, 1, 1)  # noqa: DTZ001
    assert day_of(at, ZoneInfo("America/New_York"), UTC) == date(2026, 2, 28)
    with pytest.raises(SegmentError, match="has no time zone"):
        day_of(at, UTC, None)
    with pytest.raises(SegmentError, match="is not a time"):
        day_of("2026-03-01", UTC, None)


@given(
    st.dates() | st.sampled_from([date(2000, 2, 29), date(1999, 12, 31), date(2000, 1, 1)]),
    st.dates(date(1990, 1, 1), date(2010, 1, 1)) | st.dates(),
    st.integers(0, 182),
    st.integers(0, 182),
)
@example(date(2000, 2, 29), date(2001, 2, 28), 0, 0)
@example(date(2000, 2, 29), date(2004, 2, 28), 0, 0)
@example(date(2000, 2, 29), date(2004, 2, 29), 0, 0)
@example(date(2000, 1, 2), date(2000, 12, 31), 0, 2)
@example(date(9999, 12, 31), date.max, 3, 3)
def test_an_anniversary_is_what_a_person_would_find_day_by_day(born: date, today: date, last: int, next_: int) -> None:
    near = range(today.toordinal() - last, today.toordinal() + next_ + 1)
    days = [date.fromordinal(day) for day in near if 1 <= day <= date.max.toordinal()]
    is_one = any(day.year > born.year and falls_on(born, day) for day in days)
    assert is_anniversary(born, today, last=last, next=next_) is is_one


def falls_on(born: date, day: date) -> bool:
    if (born.month, born.day) == (2, 29):
        return day.month == 2 and (day + timedelta(days=1)).month == 3
    return (born.month, born.day) == (day.month, day.day)
