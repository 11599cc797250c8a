# ruff: noqa: DTZ001 - times without a zone are what is tried here
from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from functools import reduce
from operator import or_

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit import Kind
from mailkit.errors import SegmentError
from mailkit.segment import Value, days, nodes
from mailkit.segment import event as ev
from mailkit.segment import field as f
from mailkit.segment.nodes import Constant, walk

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@given(st.lists(st.sampled_from([1, 1.0, True, "1", Decimal(1), Decimal("1.0"), 0, False]), min_size=2, max_size=2))
def test_equal_constants_are_of_one_type(values: list) -> None:
    one, other = (Constant(value=value) for value in values)
    assert (one == other) == (repr(values[0]) == repr(values[1]))
    assert one != other or hash(one) == hash(other)


class Loud(str):
    __slots__ = ()

    def __str__(self) -> str:
        return self.upper()


class Real(float):
    pass


class Whole(int):
    pass


@pytest.mark.parametrize(
    ("given_", "kept"),
    [(Kind.OPENED, "opened"), (Loud("kazan"), "kazan"), (Real(1.5), 1.5), (Whole(3), 3), (True, True)],
)
def test_a_constant_is_kept_as_one_of_pythons_own(given_: object, kept: object) -> None:
    value = Constant(value=given_).value
    assert (value, type(value)) == (kept, type(kept))


def test_a_time_is_kept_in_utc_and_one_without_a_zone_as_it_is() -> None:
    there = datetime(2026, 3, 1, 3, tzinfo=timezone(timedelta(hours=3)))
    assert Constant(value=there) == Constant(value=NOW)
    assert Constant(value=datetime(2026, 3, 1)).value.tzinfo is None
    assert Constant(value=NOW.replace(fold=1)) == Constant(value=NOW)
    assert Constant(value=datetime(2026, 3, 1, fold=1)) != Constant(value=datetime(2026, 3, 1))


def test_a_number_that_python_would_not_write_is_no_constant() -> None:
    with pytest.raises(SegmentError, match="16610 bits is too long"):
        Constant(value=10**5000)


class Stamp(datetime):
    def __repr__(self) -> str:
        return "a stamp"


def test_a_time_of_another_library_is_kept_as_one_of_pythons_own() -> None:
    assert Constant(value=Stamp(2026, 3, 1, tzinfo=UTC)) == Constant(value=NOW)
    assert Constant(value=Stamp(2026, 3, 1)) == Constant(value=datetime(2026, 3, 1))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, r"ask is_null\(\)"),
        (float("nan"), r"ask is_null\(\)"),
        ([1], "is a collection"),
        ({1}, "is a collection"),
        (object(), "is not text, a truth value, a number, a date or a time"),
        (b"x", "is not text"),
        (float("inf"), "not a finite number"),
        (Decimal("-Infinity"), "not a finite number"),
    ],
)
def test_what_is_no_constant_is_refused(value: object, expected: str) -> None:
    with pytest.raises(SegmentError, match=expected):
        Constant(value=value)


@pytest.mark.parametrize("path", [(), ("",), ("city", ""), (3,), ("a", None)])
def test_a_field_has_names(path: tuple) -> None:
    with pytest.raises(SegmentError, match="is not the name of a field or event"):
        nodes.Field(path=path)


def test_a_joint_has_two_parts() -> None:
    only = (f.a == 1).node
    for joint in (nodes.And, nodes.Or):
        with pytest.raises(SegmentError, match="at least two"):
            joint(parts=[only])


def test_conditions_may_be_many_side_by_side_but_only_so_deep_within_each_other() -> None:
    wide = reduce(or_, [f.a == number for number in range(1000)])
    assert wide.matches({"a": 999})
    deep = f.a == 0
    for number in range(nodes.DEEPEST):
        deep = deep & (f.a != number) if number % 2 else deep | (f.b == number)
    twin = pickle.loads(pickle.dumps(deep))
    assert (twin, str(twin)) == (deep, str(deep))
    assert deep.matches({"a": 100, "b": 2})
    assert deep & deep == deep & twin  # side by side still
    with pytest.raises(SegmentError, match=r"101 deep, 100 is the most; .* isin"):
        _ = ~deep


@pytest.mark.parametrize("number", [-1, 1.5, True, "2"])
def test_a_number_of_events_is_whole_and_not_negative(number: object) -> None:
    for ask in (ev.opened.at_least, ev.opened.at_most, ev.opened.exactly):
        with pytest.raises(SegmentError, match="is not a number of events"):
            ask(number)  # type: ignore[arg-type]


def test_only_a_text_begins_or_ends_a_text() -> None:
    for ask in (f.a.startswith, f.a.endswith):
        with pytest.raises(SegmentError, match="3 is not text"):
            ask(3)  # type: ignore[arg-type]


def test_a_window_has_an_end() -> None:
    with pytest.raises(SegmentError, match="leaves both ends open"):
        nodes.Between(start=None, end=None)


def test_every_node_is_met_on_a_walk_and_fields_of_events_are_not_the_persons() -> None:
    segment = (f.a.b == f.c) & ~ev.x.where(f.d > 1).did(within=days(1), after=f.e) & (ev.y.sum("f") >= f.g + days(1))
    names = {".".join(node.path) for node in walk(segment.node) if isinstance(node, nodes.Field)}
    assert names == {"a.b", "c", "d", "e", "f", "g"}
    assert [".".join(field.path) for field in nodes.person_fields(segment.node)] == ["a.b", "c", "e", "g"]


def test_nodes_are_frozen_and_can_be_keys() -> None:
    node = (ev.x.where(f.d > 1).did(last=days(1)) | f.a.isin(["b"])).node
    assert {node: 1}[attrs.evolve(node)] == 1
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        node.parts = ()  # type: ignore[misc]


def deep_shift(times: int) -> Value:
    value: Value = f.joined_at
    for _ in range(times):
        value = value + days(1)
    return value


def deep_aggregate(times: int) -> Value:
    value: Value = f.joined_at
    for _ in range(times):
        value = ev.p.first("at", between=(value, None))
    return value


def deep_anchor(times: int) -> Value:
    value: Value = f.joined_at
    for _ in range(times):
        value = ev.p.first("at", within=days(1), after=value)
    return value


@pytest.mark.parametrize("make", [deep_shift, deep_aggregate, deep_anchor])
def test_values_and_windows_too_stand_only_so_deep_within_each_other(make: Callable[[int], Value]) -> None:
    with pytest.raises(SegmentError, match="deep, 100 is the most"):
        make(2000)
    segment = make(50) == NOW
    for number in range(49 if make is deep_shift else 0):
        segment = segment & (f.a != number) if number % 2 else segment | (f.b == number)
    assert pickle.loads(pickle.dumps(segment)) == copy.deepcopy(segment) == segment
    assert "joined_at" in str(segment)
    segment.matches({"joined_at": NOW, "a": -1, "b": -1}, events=[])
