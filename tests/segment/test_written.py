"""What is written is read back: every tree that can be built, as text and as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailkit.segment import Segment, nodes, parse
from mailkit.segment.language import text
from mailkit.segment.nodes import Function, Operator, Part, TextMatch
from mailkit.segment.spans import Span, Unit
from mailkit.segment.stored.json_schema import segment_schema

VALIDATOR = jsonschema.Draft202012Validator(segment_schema())
CALENDAR = (Unit.DAY, Unit.WEEK, Unit.MONTH, Unit.YEAR)
# Names that could be read as something else, too.
NAMES = st.one_of(
    st.sampled_from(
        ["city", "at", "value", "Город", "home town", "İn", "K", "a`b\\", "a\nb", "\u202e", "\ud800", "x²"]
    ),
    st.sampled_from(
        [*sorted(text.RESERVED), "sum", "hour", "today", "start", "segment", "next", "decimal", "again", "AND"]
    ),
    st.sampled_from([*map(str, Unit), "days", "5", "2026-03-01", "#", "last", "first", "anniversary", "\ud83d\ude00"]),
    st.text(min_size=1, max_size=5),
)
PLAIN = st.one_of(
    st.text(max_size=8),
    st.sampled_from(["\ud83d\ude00", "\udc00\ud800", "\\u0041", "\"'`\\", "\r\n\t\x85\u2028", "{{x}}"]),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.decimals(allow_nan=False, allow_infinity=False),
    st.dates(),
    st.datetimes(timezones=st.sampled_from([None, UTC])),
    st.just(datetime(2026, 10, 25, 2, 30, fold=1)),  # noqa: DTZ001 - the second of two
)
CONSTANTS = st.builds(lambda value: nodes.Constant(value=value), PLAIN)
COUNTS = st.integers(1, 10**20)
SPANS = st.builds(lambda count, unit: Span(count=count, unit=unit), COUNTS, st.sampled_from(Unit))
SPANS = st.builds(Span, count=COUNTS, unit=st.sampled_from(Unit))
FIELDS = st.builds(nodes.Field, path=st.lists(NAMES, min_size=1, max_size=3), is_optional=st.booleans())
ZONES = FIELDS | st.sampled_from([nodes.Constant(value=zone) for zone in ("UTC", "Europe/Moscow")])
SMALL = st.integers(0, 5)
SALTS = st.text(min_size=1, max_size=4).filter(lambda salt: "\n" not in salt)


class Tree:
    """Draws trees; `room` is how deep they may still go."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw

    def one(self, ways: list[Callable[..., Any]], *args: object) -> Any:
        return self.draw(st.sampled_from(ways))(*args)

    def value(self, room: int) -> Any:
        if not room or self.draw(st.booleans()):
            return self.one([self.field, self.constant, nodes.Now, self.begin])
        ways = [self.shift, self.part, self.folded, self.size, self.distance, self.bucket, self.aggregate]
        return self.one(ways, room - 1)

    def field(self) -> nodes.Field:
        return self.draw(FIELDS)

    def constant(self) -> nodes.Constant:
        return self.draw(CONSTANTS)

    def begin(self) -> nodes.Begin:
        unit, offset = self.draw(st.sampled_from(CALENDAR)), self.draw(st.integers())
        return nodes.Begin(unit=unit, offset=offset, zone=self.draw(ZONES))

    def shift(self, room: int) -> nodes.Shift:
        return nodes.Shift(base=self.value(room), span=self.draw(SPANS), is_forward=self.draw(st.booleans()))

    def part(self, room: int) -> nodes.PartOf:
        return nodes.PartOf(of=self.value(room), part=self.draw(st.sampled_from(Part)), zone=self.draw(ZONES))

    def folded(self, room: int) -> nodes.Folded:
        return nodes.Folded(value=self.value(room))

    def size(self, room: int) -> nodes.Size:
        return nodes.Size(value=self.value(room))

    def distance(self, room: int) -> nodes.Distance:
        place = {"to_latitude": self.draw(st.floats(-90, 90)), "to_longitude": self.draw(st.integers(-180, 180))}
        return nodes.Distance(latitude=self.value(room), longitude=self.value(room), **place)

    def bucket(self, room: int) -> nodes.Bucket:
        return nodes.Bucket(of=self.value(room), salt=self.draw(SALTS))

    def aggregate(self, room: int) -> nodes.Aggregate:
        function = self.draw(st.sampled_from(Function))
        return nodes.Aggregate(function=function, of=self.field(), events=self.events(room))

    def events(self, room: int, *, ever: bool = False) -> nodes.Events:
        where = self.where(room) if self.draw(st.booleans()) else None
        window = nodes.Ever() if ever else self.window(room)
        return nodes.Events(kind=self.draw(NAMES), where=where, window=window)

    def where(self, room: int) -> Any:
        """A condition about one event."""
        drawn = self.condition(min(room, 1))
        asks = any(isinstance(node, nodes.Events | nodes.Member) for node in nodes.walk(drawn))
        return nodes.IsNull(value=self.field()) if asks else drawn

    def window(self, room: int) -> Any:
        match self.draw(st.sampled_from(["ever", "last", "between", "since", "before", "after"])):
            case "ever":
                return nodes.Ever()
            case "last":
                return nodes.Last(span=self.draw(SPANS))
            case "between":
                return nodes.Between(start=self.value(room), end=self.value(room))
            case "since":
                return nodes.Between(start=self.value(room), end=None)
            case "before":
                return nodes.Between(start=None, end=self.value(room))
            case _:
                return nodes.After(anchor=self.value(room), span=self.draw(SPANS))

    def condition(self, room: int) -> Any:
        if room and self.draw(st.booleans()):
            return self.one([self.both, self.either, self.negation], room - 1)
        tests = [self.comparison, self.one_of, self.text_test, self.is_null, self.anniversary]
        return self.one([*tests, self.count, self.sequence, self.regular, self.member], room)

    def both(self, room: int) -> nodes.And:
        return nodes.And(parts=[self.condition(room) for _ in range(self.draw(st.integers(2, 3)))])

    def either(self, room: int) -> nodes.Or:
        return nodes.Or(parts=[self.condition(room) for _ in range(self.draw(st.integers(2, 3)))])

    def negation(self, room: int) -> nodes.Not:
        return nodes.Not(part=self.condition(room))

    def comparison(self, room: int) -> nodes.Comparison:
        operator = self.draw(st.sampled_from(Operator))
        return nodes.Comparison(left=self.value(room), operator=operator, right=self.value(room))

    def one_of(self, room: int) -> nodes.OneOf:
        return nodes.OneOf(value=self.value(room), options=self.draw(st.lists(CONSTANTS, max_size=3)))

    def text_test(self, room: int) -> nodes.TextTest:
        match, what = self.draw(st.sampled_from(TextMatch)), st.text(max_size=5)
        if match is TextMatch.MATCHES:
            what = st.sampled_from([r"@corp\.", "^a+$", '["\\\\]'])
        return nodes.TextTest(value=self.value(room), match=match, what=nodes.Constant(value=self.draw(what)))

    def is_null(self, room: int) -> nodes.IsNull:
        return nodes.IsNull(value=self.value(room))

    def anniversary(self, room: int) -> nodes.Anniversary:
        near = {"last": self.draw(SMALL), "next": self.draw(SMALL)}
        return nodes.Anniversary(of=self.value(room), zone=self.draw(ZONES), **near)

    def count(self, room: int) -> nodes.Count:
        return nodes.Count(events=self.events(room), least=self.draw(SMALL), most=self.draw(st.none() | SMALL))

    def sequence(self, room: int) -> nodes.Sequence:
        steps = [self.step(room) for _ in range(self.draw(st.integers(1, 3)))]
        return nodes.Sequence(first=self.events(room), steps=steps)

    def step(self, room: int) -> nodes.Step:
        within, is_absent = self.draw(st.none() | SPANS), self.draw(st.booleans())
        return nodes.Step(events=self.events(room, ever=True), within=within, is_absent=is_absent)

    def regular(self, room: int) -> nodes.Regular:
        least, more, unit = self.draw(st.integers(1, 5)), self.draw(SMALL), self.draw(st.sampled_from(Unit))
        return nodes.Regular(events=self.events(room, ever=True), least=least, of=least + more, unit=unit)

    def member(self, room: int) -> nodes.Member:
        return nodes.Member(name=self.draw(NAMES))


@st.composite
def trees(draw: st.DrawFn) -> nodes.Condition:
    return Tree(draw).condition(draw(st.integers(0, 3)))


def check_text(tree: nodes.Condition) -> None:
    shown = text.sentence(tree)
    assert "\n" not in shown
    assert parse(shown).node == tree
    assert str(parse(shown)) == shown


def check_json(tree: nodes.Condition) -> None:
    segment = Segment(tree)
    written = segment.to_json()
    assert "\n" not in written
    assert Segment.from_json(written) == segment
    assert Segment.from_json(json.loads(written)) == segment
    assert Segment.from_json(written).to_json() == written
    VALIDATOR.validate(json.loads(written))


@settings(max_examples=60)
@given(trees())
def test_every_tree_is_read_back_from_its_text(tree: nodes.Condition) -> None:
    check_text(tree)


@settings(max_examples=40)
@given(trees())
def test_every_tree_is_read_back_from_its_json(tree: nodes.Condition) -> None:
    check_json(tree)


@pytest.mark.slow
@settings(max_examples=3000)
@given(trees())
def test_very_many_trees_are_read_back_from_both(tree: nodes.Condition) -> None:
    check_text(tree)
    check_json(tree)
