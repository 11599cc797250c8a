from __future__ import annotations

import copy
import pickle
from collections.abc import Callable

import pytest

from mailkit.errors import SegmentError
from mailkit.segment import Field, Segment, Value, ago, days
from mailkit.segment import event as ev
from mailkit.segment import field as f


def test_a_field_is_named_by_a_dot_or_by_brackets() -> None:
    assert (f.address.city == "Kazan") == (f["address"]["city"] == "Kazan")
    assert (f["address.city"] == "Kazan") != (f.address.city == "Kazan")
    assert isinstance(f.a.optional().b, Field)
    assert (f.a.optional().b == 1) == (f.a.b.optional() == 1)


@pytest.mark.parametrize("name", [3, None, "", ("a",)])
def test_a_name_is_a_text(name: object) -> None:
    for named in (f, f.a):
        with pytest.raises(SegmentError, match="is not the name of a field"):
            named[name]  # type: ignore[index]


def test_what_python_looks_for_is_no_field() -> None:
    for named in (f, f.a):
        assert not hasattr(named, "__wrapped__")
        assert not hasattr(named, "_repr_html_")
        assert f["_id"].is_null() == f["_id"].is_null()


def test_numbers_may_stand_on_the_left() -> None:
    assert (5 < f.age) == (f.age > 5)  # noqa: SIM300
    assert (ago(days(1)) <= f.at) == (ago(days(1)) <= f.at)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: 1 < f.age < 5,
        lambda: (f.age > 1) and (f.age < 5),
        lambda: not (f.age > 1),
        lambda: bool(f.age),
        lambda: f.age in [f.city],
        lambda: 1 if f.is_vip else 2,
    ],
)
def test_a_condition_is_not_true_or_false_yet(wrong: object) -> None:
    with pytest.raises(SegmentError, match=r"not yet true or false; use & \| ~"):
        wrong()  # type: ignore[operator]


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: f.city == "Kazan" & f.age > 17,
        lambda: f.age > 17 | f.city,
        lambda: f.city & "Kazan",
        lambda: (f.age > 17) | None,
        lambda: f.active == (f.city == "Kazan"),
    ],
)
def test_missing_parentheses_are_told(wrong: object) -> None:
    with pytest.raises(SegmentError, match="put parentheses around each"):
        wrong()  # type: ignore[operator]


def test_a_field_has_no_members() -> None:
    with pytest.raises(SegmentError, match="contains"):
        _ = "vip" in f.tags
    for named in (f, f.tags, ev):
        with pytest.raises(TypeError):
            list(named)  # type: ignore[call-overload]


def test_fields_are_not_set_and_are_not_keys() -> None:
    with pytest.raises(SegmentError, match="'city' cannot be set"):
        f.a.city = "Kazan"
    with pytest.raises(TypeError, match="unhashable"):
        hash(f.a)


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        (lambda: f.x == None, r"is_null\(\)"),  # noqa: E711
        (lambda: f.x != None, r"is_not_null\(\)"),  # noqa: E711
        (lambda: f.x == ["a"], r"isin\(\[...\]\)"),
        (lambda: f.x > object(), "is not text, a truth value"),
        (lambda: f.x == ev.opened, "is not text, a truth value"),
        (lambda: f.x.isin("Kazan"), r"give several, such as isin\(\['Kazan'\]\)"),
        (lambda: f.x.isin(5), "give several"),
        (lambda: f.x.isin(["a", None]), r"is_null\(\)"),
        (lambda: f.x.contains(None), r"is_null\(\)"),
        (lambda: f.x + 7, r"\+ 7 is not a length of time"),
        (lambda: f.x - "1 day", "is not a length of time"),
        (lambda: ago(7), "is not a length of time"),  # type: ignore[arg-type]
    ],
)
def test_a_wrong_operand_is_told_when_it_is_written(wrong: object, expected: str) -> None:
    with pytest.raises(SegmentError, match=expected):
        wrong()  # type: ignore[operator]


def test_the_error_names_the_field() -> None:
    with pytest.raises(SegmentError) as caught:
        _ = f.address.city == None  # noqa: E711
    assert caught.value.text == "address.city"


def test_options_are_told_apart_and_a_set_has_one_order() -> None:
    assert f.x.isin(["a", "b", "a"]) == f.x.isin(iter(["a", "b"]))
    assert str(f.x.isin({"b", "a", "c"})) == 'x in ("a", "b", "c")'
    assert str(f.x.isin([1, True, 1.0])) == "x in (1, true, 1.0)"


def test_a_representation_shows_the_sentence() -> None:
    assert repr(f.address["home town"]) == "<Field: address.`home town`>"
    assert repr(ev.purchase.sum("value")) == "<Value: sum(value of purchase)>"
    assert (repr(f), repr(ev)) == ("<field>", "<event>")


def test_values_and_segments_can_be_copied_and_segments_pickled() -> None:
    segment = (f.a == 1) & ev.x.did(last=days(3))
    assert pickle.loads(pickle.dumps(segment)) == copy.deepcopy(segment) == segment
    assert isinstance(segment, Segment)
    assert isinstance(f.a, Value)


@pytest.mark.parametrize("value", [f.address.city, f.city.optional(), f.at + days(1), ev.x.sum("value")])
def test_fields_and_values_can_be_copied_and_pickled(value: Value) -> None:
    for twin in (copy.copy(value), copy.deepcopy(value), pickle.loads(pickle.dumps(value))):
        assert type(twin) is type(value)
        assert (twin == 1) == (value == 1)


@pytest.mark.parametrize("make", [Field, Value])
@pytest.mark.parametrize("given_", ["city", None, ("city",), (f.a == 1).node])
def test_a_field_is_not_made_of_its_name(make: type, given_: object) -> None:
    with pytest.raises(SegmentError, match=r"write field\.city"):
        make(given_)
    with pytest.raises(SegmentError, match="does not make a Field"):
        Field((f.at + days(1))._node)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("in_", "no method 'in_'; did you mean 'isin'"),
        ("is_in", "did you mean 'isin'"),
        ("starts_with", "did you mean 'startswith'"),
        ("isNull", "did you mean 'is_null'"),
        ("like", r"write contains\(\.\.\.\), startswith"),
        ("xyzzy", "there are anniversary, between, bucket"),
    ],
)
def test_a_method_that_a_field_does_not_have_is_told_with_the_one_that_was_meant(name: str, expected: str) -> None:
    with pytest.raises(SegmentError, match=expected):
        getattr(f.city, name)("K")


def test_a_field_alone_is_not_asked() -> None:
    for ask in ("filter", "count"):
        with pytest.raises(SegmentError, match=rf"write \(f\.person\.vip == True\)\.{ask}"):
            getattr(f.person.vip, ask)([])
    with pytest.raises(SegmentError, match=r"give a pattern; to ask about a record write .*\.matches\(record\)"):
        f.person.vip.matches({})  # type: ignore[arg-type]
    with pytest.raises(SegmentError, match="no method 'filter'"):
        f.filter([])  # type: ignore[operator]


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: f.a & f.b > 17,
        lambda: f.a & f.b >= 17,
        lambda: f.a | f.b < 17,
        lambda: f.a | f.b <= f.c,
        lambda: f.a & f.b == "x",
        lambda: f.a & f.b != 17,
        lambda: f.a & f.b == f.c,
        lambda: f.a & f.b == ["x"],
    ],
)
def test_a_condition_is_not_compared_with_a_value(wrong: Callable[[], object]) -> None:
    with pytest.raises(SegmentError, match="put parentheses around each comparison"):
        wrong()


def test_a_segment_is_not_anything_else() -> None:
    segment = f.a == 1
    assert segment != None  # noqa: E711
    assert (None, segment) != (segment, None)
    assert segment != object()
    assert len({segment, f.a == 1, f.a == 2}) == 2
