"""Distance, stable shares, size and text without regard to case."""

from __future__ import annotations

import math
from decimal import Decimal
from hashlib import sha256
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit.errors import SegmentError
from mailkit.segment.running.measures import RADIUS, folded, kilometres, share, size

LATITUDES, LONGITUDES = st.floats(-90, 90), st.floats(-180, 180)


@given(LATITUDES, LONGITUDES, LATITUDES, LONGITUDES)
def test_a_distance_is_that_between_two_points_on_a_sphere(a: float, b: float, c: float, d: float) -> None:
    found = kilometres(a, b, (c, d))
    assert found is not None
    assert 0 <= found <= math.pi * RADIUS + 1e-6
    assert found == pytest.approx(kilometres(c, d, (a, b)))
    one, other = point(a, b), point(c, d)
    chord = math.dist(one, other)
    assert found == pytest.approx(2 * RADIUS * math.asin(min(1, chord / 2)), abs=1e-3)


def point(latitude: float, longitude: float) -> tuple[float, float, float]:
    up, round_ = math.radians(latitude), math.radians(longitude)
    return math.cos(up) * math.cos(round_), math.cos(up) * math.sin(round_), math.sin(up)


def test_a_degree_along_a_meridian_is_111_kilometres_and_poles_are_half_a_globe_apart() -> None:
    assert kilometres(0, 0, (1, 0)) == pytest.approx(RADIUS * math.pi / 180)
    assert kilometres(90, 17, (-90, 100)) == pytest.approx(RADIUS * math.pi)
    assert kilometres(0, 179.5, (0, -179.5)) == pytest.approx(RADIUS * math.pi / 180)
    assert kilometres(Decimal("55.79"), Decimal("49.12"), (55.79, 49.12)) == 0


@pytest.mark.parametrize("null", [None, float("nan"), Decimal("nan")])
def test_nothing_is_worked_out_of_null(null: object) -> None:
    assert (folded(null), size(null), share(null, "a")) == (None, None, None)
    assert kilometres(null, 0, (0, 0)) is kilometres(0, null, (0, 0)) is None


def test_the_share_is_what_anybody_can_work_out() -> None:
    digits = sha256(b"spring\n17").hexdigest()[:13]
    assert share(17, "spring") == share("17", "spring") == int(digits, 16) / 16**13
    assert share(UUID(int=5), "a") == share(str(UUID(int=5)), "a")
    assert 0 <= share("\ud800", "осень") < 1  # type: ignore[operator]


def test_a_fifth_is_a_fifth_and_two_salts_have_nothing_to_do_with_each_other() -> None:
    count = 10_000
    spring, autumn = ({one for one in range(count) if share(one, salt) < 0.2} for salt in ("spring", "autumn"))  # type: ignore[operator]
    deviation = math.sqrt(count * 0.2 * 0.8)
    assert abs(len(spring) - count * 0.2) < 4 * deviation
    assert abs(len(autumn) - count * 0.2) < 4 * deviation
    assert abs(len(spring & autumn) - count * 0.04) < 4 * math.sqrt(count * 0.04 * 0.96)
    assert spring == {one for one in range(count) if share(str(one), "spring") < 0.2}  # type: ignore[operator]


def test_a_larger_share_has_the_smaller_in_it() -> None:
    numbers = [share(one, "spring") or 0 for one in range(200)]
    assert {one for one, number in enumerate(numbers) if number < 0.1} < {
        one for one, number in enumerate(numbers) if number < 0.5
    }
    assert all(0 <= number < 1 for number in numbers)


@pytest.mark.parametrize("wrong", [True, 1.0, Decimal(1), b"1", [1]])
def test_only_text_and_whole_numbers_are_ids(wrong: object) -> None:
    with pytest.raises(SegmentError, match="is not a text or a whole number"):
        share(wrong, "spring")


def test_size_counts_items_and_characters() -> None:
    found = [size(value) for value in ("", "Уфа", [], [1, None], (1,), {1, 2}, frozenset())]
    assert found == [0, 3, 0, 2, 1, 2, 0]
    for wrong in (5, {"a": 1}, b"ab"):
        with pytest.raises(SegmentError, match="is not a text or a list"):
            size(wrong)


@given(st.text())
def test_folding_forgets_case_and_nothing_else(text: str) -> None:
    assert folded(text) == text.casefold()
    assert folded("Straße") == folded("STRASSE")
