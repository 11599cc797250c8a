# ruff: noqa: DTZ001, DTZ901 - times without a zone are what is tried here
from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit.errors import SegmentError
from mailkit.segment.spans import EARLIEST, LATEST
from mailkit.segment.values import align, instant, is_null, plain, sort, zone

plains = st.one_of(
    st.text(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.decimals(allow_nan=False), st.dates()
)


@given(plains, plains)
def test_two_values_are_aligned_in_either_order_or_in_none(one: object, other: object) -> None:
    try:
        left, right = align(one, other, None)
    except SegmentError:
        with pytest.raises(SegmentError):
            align(other, one, None)
    else:
        assert (right, left) == align(other, one, None)


@given(plains)
def test_a_plain_value_stays_as_it_is(value: object) -> None:
    assert plain(value) is value
    assert sort(value)
    assert not is_null(value)


def test_the_numbers_of_other_libraries_become_pythons() -> None:
    assert plain(Fraction(1, 2)) == 0.5
    assert type(plain(Fraction(1, 2))) is float


def test_whole_numbers_of_other_libraries_become_ints() -> None:
    from numbers import Integral

    class Foreign:
        def __int__(self) -> int:
            return 7

    Integral.register(Foreign)
    assert plain(Foreign()) == 7


@given(st.datetimes(min_value=datetime(1900, 1, 1)), st.integers(-12, 12))
def test_a_time_is_the_same_instant_in_utc(naive: datetime, hours: int) -> None:
    there = timezone(timedelta(hours=hours))
    if naive < datetime(9999, 12, 31):
        assert instant(naive, there) == naive.replace(tzinfo=there)
        assert instant(naive, there).tzinfo is UTC


def test_the_ends_of_the_calendar_do_not_fall_out_of_it() -> None:
    assert instant(datetime.max, timezone(timedelta(hours=-5))) == LATEST
    assert instant(datetime.min, timezone(timedelta(hours=5))) == EARLIEST


def test_a_date_begins_in_the_assumed_zone() -> None:
    assert instant(date(2026, 3, 1), timezone(timedelta(hours=3))) == datetime(2026, 2, 28, 21, tzinfo=UTC)


@pytest.mark.parametrize(("name", "expected"), [(None, None), (UTC, UTC)])
def test_a_zone_may_be_given_itself(name: object, expected: object) -> None:
    assert zone(name) is expected  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["Europe/Mosco", "", "../../etc/passwd", 3])
def test_a_zone_that_does_not_exist_is_told(name: object) -> None:
    with pytest.raises(SegmentError, match="is not a time zone"):
        zone(name)  # type: ignore[arg-type]


def test_a_float_beside_a_decimal_is_taken_by_its_digits() -> None:
    assert align(0.1, Decimal("0.1"), None) == (Decimal("0.1"), Decimal("0.1"))
    assert align(Decimal("0.1"), 0.1, None) == (Decimal("0.1"), Decimal("0.1"))


class Shown(float):
    def __repr__(self) -> str:
        return f"Shown({float(self)})"


def test_a_float_that_shows_itself_in_its_own_way_is_taken_by_its_digits() -> None:
    assert align(Shown(0.1), Decimal("0.1"), None) == (Decimal("0.1"), Decimal("0.1"))
    assert align(Decimal("0.1"), Shown(0.1), None) == (Decimal("0.1"), Decimal("0.1"))
