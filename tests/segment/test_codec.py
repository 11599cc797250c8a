"""Segments as JSON; that every tree is read back stands in `test_written`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailkit.errors import SegmentError
from mailkit.segment import Segment, days, nodes, parse
from mailkit.segment import event as ev
from mailkit.segment import field as f
from mailkit.segment.frozen import Attribute
from mailkit.segment.stored.codec import decoded
from mailkit.segment.stored.json_schema import segment_schema
from mailkit.segment.stored.shapes import GROUPS, REQUIRED, SHAPES, type_name

KEPT = Path(__file__).parents[2] / "docs" / "_static" / "segment.schema.json"
FULL = parse(
    'city = "Kazan" and not (at least 2 purchase where (value > 100.5) within last 90 days or nickname? is null)'
    ' and any a since joined_at then no b within 1 hour and distance(lat, lon, 55.79, 49.12) < decimal "30.5"'
    " and hour(at, zone) in (1, 2) and any v in at least 3 of last 4 weeks"
    " and sum(value of p between 2026-01-01 and now) > 1"
    ' and anniversary of born within next 3 days in "Europe/Moscow" and x > start of week - 1 in "UTC"'
    ' and bucket(id, "spring") < 0.5 and size(tags) > 2 and casefold(name) starts with "a" and in segment "loyal"'
)


def test_it_reads_as_what_it_is() -> None:
    segment = (f.city == "Kazan") & ev.purchase.none(last=days(90))
    assert json.loads(segment.to_json()) == {
        "mailkit.segment": 1,
        "condition": {
            "type": "and",
            "parts": [
                {
                    "type": "comparison",
                    "left": {"type": "field", "path": ["city"]},
                    "operator": "=",
                    "right": "Kazan",
                },
                {
                    "type": "count",
                    "events": {"kind": "purchase", "window": {"type": "last", "span": {"count": 90, "unit": "day"}}},
                    "most": 0,
                },
            ],
        },
    }


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("Kazan", "Kazan"),
        (True, True),
        (5, 5),
        (2**53, 2**53),
        (2**53 + 1, {"type": "integer", "value": "9007199254740993"}),
        (0.5, 0.5),
        (5.0, {"type": "float", "value": "5.0"}),
        (-0.0, {"type": "float", "value": "-0.0"}),
        (Decimal("5.00"), {"type": "decimal", "value": "5.00"}),
        (date(2026, 3, 1), {"type": "date", "value": "2026-03-01"}),
        (datetime(2026, 3, 1, tzinfo=UTC), {"type": "time", "value": "2026-03-01T00:00:00Z"}),
        (
            datetime(2026, 3, 1, fold=1),  # noqa: DTZ001 - the second of two
            {"type": "time", "value": "2026-03-01T00:00:00", "again": True},
        ),
    ],
)
def test_constants_are_those_of_json_where_no_program_would_change_them(value: Any, written: object) -> None:
    assert json.loads((f.a == value).to_json())["condition"]["right"] == written


def test_half_a_character_is_written_as_files_can_hold_it() -> None:
    segment = f.a == "\ud83d!"
    assert segment.to_json().encode()
    assert Segment.from_json(segment.to_json()) == segment


def test_what_can_be_left_out_is_known() -> None:
    for kind, shape in SHAPES.items():
        known: tuple[Attribute, ...] = kind.__attrs_attrs__  # type: ignore[attr-defined]
        expected = {}
        for one in known:
            if one.init:
                default = one.default if one.factory is None else one.factory()
                expected[one.name] = default
        assert list(expected) == list(shape)
        for name, slot in shape.items():
            assert slot.default == expected[name] or slot.default is REQUIRED, (kind, name)


def test_every_class_of_nodes_has_its_place() -> None:
    in_groups = {kind for kinds in GROUPS.values() for kind in kinds}
    assert in_groups == set(SHAPES) | {nodes.Constant}
    assert len({type_name(kind) for kind in in_groups}) == len(in_groups)


def test_the_schema_that_is_kept_is_the_one_that_is_made() -> None:
    assert json.loads(KEPT.read_text("utf-8")) == segment_schema()
    jsonschema.Draft202012Validator.check_schema(segment_schema())


@pytest.mark.parametrize(
    "wrong", [{"type": "and", "parts": []}, {"type": "member"}, {"type": "member", "name": "x", "more": 1}, 5, None]
)
def test_the_schema_refuses_what_reading_refuses(wrong: object) -> None:
    whole = {"mailkit.segment": 1, "condition": wrong}
    assert not jsonschema.Draft202012Validator(segment_schema()).is_valid(whole)
    with pytest.raises(SegmentError):
        Segment.from_json(whole)


def changed(path: str, value: object) -> Mapping[str, Any]:
    """The JSON of `FULL` with another value at a path; ... takes the key away."""
    whole = json.loads(FULL.to_json())
    *way, last = [int(key) if key.isdigit() else key for key in path.split("/")]
    held = whole["condition"]
    for key in way:
        held = held[key]
    if value is ...:
        del held[last]
    else:
        held[last] = value
    return whole  # type: ignore[no-any-return]


RIGHT = "$.condition.parts[0].right"
LEFT = "$.condition.parts[0].left"
WRONG = [
    ("type", "adn", "$.condition.type: there is no condition 'adn'; did you mean 'and'?"),
    ("type", 5, "$.condition.type: there is no condition 5; there are comparison"),
    ("type", ..., "$.condition: the key 'type' is missing, which says what kind of condition this is"),
    ("parts", {}, "$.condition.parts: {} is not a list"),
    ("parts", [], "$.condition: 'and' and 'or' join at least two conditions"),
    ("parts/0", 5, "$.condition.parts[0]: 5 is not the object of a condition"),
    ("parts/0/left", None, f"{LEFT}: null is not the object of a value"),
    ("parts/0/left", {"type": "member", "name": "x"}, f"{LEFT}.type: there is no value 'member'; there are field"),
    ("parts/0/left", {"type": "constant", "value": 1}, f"{LEFT}.type: there is no value 'constant'"),
    ("parts/0/left/path", "city", f"{LEFT}.path: 'city' is not a list"),
    ("parts/0/left/path/0", 5, f"{LEFT}.path[0]: 5 is not text"),
    ("parts/0/left/path/0", "", f"{LEFT}: '' is not the name of a field"),
    ("parts/0/left/pat", [], f"{LEFT}: there is no key 'pat'; did you mean 'path'?"),
    ("parts/0/left/x\ny", [], f"{LEFT}: there is no key"),
    ("parts/0/left", ..., "$.condition.parts[0]: the key 'left' is missing"),
    ("parts/0/operator", "==", "$.condition.parts[0].operator: '==' is none of the words here; did you mean '='?"),
    ("parts/0/operator", [], "$.condition.parts[0].operator: [] is none of the words here; there are ="),
    ("parts/4/options/0", {}, "$.condition.parts[4].options[0]: the key 'type' is missing"),
    ("parts/0/right", [1], f"{RIGHT}: [1] is not the object of a value"),
    ("parts/0/right", float("nan"), f"{RIGHT}: nothing is compared with nan"),
    (
        "parts/0/right",
        {"type": "date", "value": "1.3.2026"},
        f"{RIGHT}.value: '1.3.2026' is not a date",
    ),
    ("parts/0/right", {"type": "decimal", "value": "x"}, f"{RIGHT}.value: 'x' is not a decimal"),
    ("parts/0/right", {"type": "integer", "value": 5}, f"{RIGHT}.value: 5 is not text"),
    ("parts/0/right", {"type": "integer"}, f"{RIGHT}: the key 'value' is missing"),
    (
        "parts/0/right",
        {"type": "date", "value": "x", "again": True},
        f"{RIGHT}: there is no key 'again'",
    ),
    (
        "parts/0/right",
        {"type": "time", "value": "x", "again": 1},
        f"{RIGHT}.again: 1 is not true or false",
    ),
    ("parts/1/part/parts/0/least", True, "$.condition.parts[1].part.parts[0].least: true is not a whole number"),
    ("parts/1/part/parts/0/least", -1, "$.condition.parts[1].part.parts[0]: -1 is not a number of events"),
    ("parts/1/part/parts/0/events/kind", "", "parts[0].events: '' is not the name of a field or event"),
    (
        "parts/1/part/parts/0/events/window/span/unit",
        "dya",
        "span.unit: 'dya' is none of the words here; did you",
    ),
    ("parts/3/left/to_latitude", "55", "$.condition.parts[3].left.to_latitude: '55' is not a number"),
    (
        "parts/7/zone",
        "Europe/Moskow",
        "parts[7]: 'Europe/Moskow' is not a time zone; did you mean 'Europe/Moscow'",
    ),
    ("parts/7/zone", 5, "$.condition.parts[7]: 5 is not a time zone"),
]


@pytest.mark.parametrize(("path", "value", "said"), WRONG, ids=[said[:60] for _, _, said in WRONG])
def test_what_is_wrong_is_told_with_its_place(path: str, value: object, said: str) -> None:
    with pytest.raises(SegmentError) as caught:
        Segment.from_json(changed(path, value))
    assert said in caught.value.reason


HEAD = '{"mailkit.segment": 1, "condition": '
BAD = [
    ("", "this is not JSON: expecting value"),
    ("{", "this is not JSON: expecting property name"),
    ("[]", "is not the JSON of a segment"),
    ("null", "is not the JSON of a segment"),
    ("{}", 'this is not the JSON of a segment, which has "mailkit.segment": 1 in it'),
    ('{"mailkit.segment": 2, "condition": {}}', "2 is not a version that is known; this mailkit reads 1"),
    ('{"mailkit.segment": true, "condition": {}}', "true is not a version that is known"),
    ('{"mailkit.segment": 1}', "$: the key 'condition' is missing"),
    ('{"mailkit.segment": 1, "conditions": {}, "condition": {}}', "no key 'conditions'; did you mean 'condition'?"),
    (HEAD + '{"type": "member", "name": "x", "name": "y"}}', "an object has the key 'name' twice"),
    (HEAD + "NaN}", "NaN is not a number"),
    (HEAD + "9" * 5000 + "}", "a number is too long"),
    (HEAD + '{"type": "not", "part": ' * 100_000, "stand within each other too deep"),
    (HEAD + "[" * 100_000, "stand within each other too deep"),
    (HEAD + '{"type": "not", "part": ' * 200 + "5" + "}" * 201, "5 is not the object of a condition"),
]


@pytest.mark.parametrize(("text", "said"), BAD, ids=[said for _, said in BAD])
def test_what_is_no_segment_is_refused(text: str, said: str) -> None:
    with pytest.raises(SegmentError) as caught:
        Segment.from_json(text)
    assert said in caught.value.reason


@pytest.mark.parametrize("source", [None, 5, b"{}", [], f.a == 1])
def test_what_is_neither_text_nor_a_mapping_is_refused(source: object) -> None:
    with pytest.raises(SegmentError, match="is not the JSON of a segment; give what to_json"):
        Segment.from_json(source)  # type: ignore[arg-type]


def test_a_mapping_that_has_itself_in_it_is_refused() -> None:
    loop: dict[str, Any] = {"type": "not"}
    loop["part"] = loop
    with pytest.raises(SegmentError, match="too deep"):
        Segment.from_json({"mailkit.segment": 1, "condition": loop})


def test_a_mapping_that_unfolds_to_very_many_parts_is_refused() -> None:
    bomb: dict[str, Any] = {"type": "member", "name": "x"}
    for _ in range(60):
        bomb = {"type": "and", "parts": [bomb, bomb]}
    with pytest.raises(SegmentError, match="more than 5000 parts"):
        decoded({"mailkit.segment": 1, "condition": bomb}, most=5000)


def test_trees_as_deep_as_they_may_be_are_written_and_read() -> None:
    value = f.joined_at
    for _ in range(nodes.DEEPEST // 2):
        value = ev.p.first("at", between=(value, None))  # type: ignore[assignment]
    segment = value == 1
    assert Segment.from_json(segment.to_json()) == segment


KEYS = st.sampled_from(
    ["type", "parts", "part", "left", "right", "operator", "path", "value", "events", "kind", "window"]
)
WORDS = st.sampled_from([*map(type_name, SHAPES), "float", "decimal", "time", "=", "day", "sum", "hour", "UTC", "x"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 200) | st.floats() | WORDS | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS | st.text(max_size=3), inner, max_size=4),
    max_leaves=8,
)


@st.composite
def mutated(draw: st.DrawFn) -> Any:
    """The JSON of `FULL` with something else in a few places."""
    whole = json.loads(FULL.to_json())
    for _ in range(draw(st.integers(1, 3))):
        held: Any = whole
        while True:
            keys = list(held) if isinstance(held, dict) else list(range(len(held)))
            key = draw(st.sampled_from(keys)) if keys else None
            if key is None:
                break
            if not isinstance(held[key], dict | list) or not draw(st.integers(0, 4)):
                held[key] = draw(JSON)
                break
            held = held[key]
    return whole


def check_anything(source: Any) -> None:
    """Whatever it is, it is read or refused; and what is read can be written and read again."""
    try:
        segment = Segment.from_json(source)
    except SegmentError as error:
        refused = str(error)
    else:
        assert Segment.from_json(segment.to_json()) == segment
        assert parse(str(segment)) == segment
        return
    assert len(refused) < 2000


@settings(max_examples=60)
@given(mutated() | JSON.map(lambda drawn: {"mailkit.segment": 1, "condition": drawn}) | st.text(max_size=10))
def test_nothing_but_its_own_error_leaves_the_reader(source: Any) -> None:
    check_anything(source)


@pytest.mark.slow
@settings(max_examples=3000)
@given(mutated() | JSON.map(lambda drawn: {"mailkit.segment": 1, "condition": drawn}) | st.text())
def test_nothing_but_its_own_error_leaves_the_reader_for_long(source: Any) -> None:
    check_anything(source)
