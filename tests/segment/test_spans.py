# ruff: noqa: DTZ001 - times without a zone are what is tried here
from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit.errors import SegmentError
from mailkit.segment import days, hours, minutes, months, weeks, years
from mailkit.segment.spans import EARLIEST, LATEST, Span, Unit, as_span

instants = st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.just(UTC))
spans = st.builds(lambda count, unit: Span(count=count, unit=unit), st.integers(1, 50), st.sampled_from(Unit))


@given(spans, instants, instants)
def test_a_later_start_never_ends_earlier(span: Span, one: datetime, other: datetime) -> None:
    earlier, later = sorted((one, other))
    assert span.after(earlier) <= span.after(later)
    assert span.before(earlier) <= span.before(later)


@given(spans, instants)
def test_a_span_takes_time(span: Span, start: datetime) -> None:
    assert span.before(start) < start < span.after(start)


@given(st.integers(1, 48), instants)
def test_months_keep_the_day_or_end_with_the_month(count: int, start: datetime) -> None:
    end = months(count).after(start)
    assert (end.year * 12 + end.month) - (start.year * 12 + start.month) == count
    assert end.day == start.day or (end + timedelta(days=1)).day == 1


@pytest.mark.parametrize(
    ("span", "start", "end"),
    [
        (months(1), datetime(2024, 1, 31), datetime(2024, 2, 29)),
        (months(13), datetime(2024, 1, 31), datetime(2025, 2, 28)),
        (years(1), datetime(2024, 2, 29), datetime(2025, 2, 28)),
        (years(4), datetime(2024, 2, 29), datetime(2028, 2, 29)),
        (weeks(2), datetime(2026, 3, 1), datetime(2026, 3, 15)),
        (days(1), datetime(2026, 2, 28, 5), datetime(2026, 3, 1, 5)),
        (hours(36), datetime(2026, 2, 28), datetime(2026, 3, 1, 12)),
        (minutes(90), datetime(2026, 2, 28), datetime(2026, 2, 28, 1, 30)),
    ],
)
def test_spans_end_where_the_calendar_says(span: Span, start: datetime, end: datetime) -> None:
    assert span.after(start.replace(tzinfo=UTC)) == end.replace(tzinfo=UTC)


@pytest.mark.parametrize("span", [years(9000), months(10**6), days(10**7), weeks(10**15), hours(10**9)])
def test_what_leaves_the_calendar_stops_at_its_end(span: Span) -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    assert span.after(now) == LATEST
    assert span.before(now) == EARLIEST


@pytest.mark.parametrize("count", [0, -1, 1.5, True, "7", None])
def test_a_count_is_a_whole_number_from_1_up(count: object) -> None:
    with pytest.raises(SegmentError, match="whole number from 1 up"):
        days(count)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (timedelta(days=14), "14 days"),
        (timedelta(days=1), "1 day"),
        (timedelta(hours=36), "36 hours"),
        (timedelta(minutes=90), "90 minutes"),
        (timedelta(seconds=90), "90 seconds"),
    ],
)
def test_a_timedelta_is_a_span_of_its_largest_unit(length: timedelta, text: str) -> None:
    span = as_span(length, what="last")
    assert str(span) == text
    now = datetime(2026, 3, 1, tzinfo=UTC)
    assert span.after(now) == now + length


@pytest.mark.parametrize("length", [timedelta(0), timedelta(days=-1), timedelta(microseconds=1)])
def test_a_timedelta_without_whole_seconds_is_refused(length: timedelta) -> None:
    with pytest.raises(SegmentError, match="whole number of seconds"):
        as_span(length, what="last")


@pytest.mark.parametrize("length", [7, "7 days", None])
def test_what_is_no_length_of_time_is_refused(length: object) -> None:
    with pytest.raises(SegmentError, match=r"last .* is not a length of time; write e.g. days\(7\)"):
        as_span(length, what="last")


@pytest.mark.parametrize(
    ("unit", "expected"), [("days", "did you mean 'day'"), ("fortnight", "there are"), (7, "7 is")]
)
def test_a_unit_is_one_of_few(unit: object, expected: str) -> None:
    with pytest.raises(SegmentError, match=expected):
        Span(count=1, unit=unit)  # type: ignore[arg-type]
