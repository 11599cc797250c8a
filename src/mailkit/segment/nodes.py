"""The tree of a segment: frozen values that know nothing of how they are written or run.

How to think about it. A *condition* is true or false of a person. It is made of *values*: a
field of the record, a constant, the present, or one number drawn from the person's events.
*Events* are those of one kind, of one window, with given properties; inside `where`, a field
is a property of the event.

    condition = Comparison | OneOf | TextTest | IsNull | Count | And | Or | Not
    value     = Field | Constant | Now | Shift | Aggregate
    window    = Ever | Last | Between | After
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final, TypeAlias

import attrs

from mailkit.errors import SegmentError, shorten
from mailkit.segment.spans import Span
from mailkit.segment.values import instant, is_null, plain, sort

__all__ = [
    "DEEPEST",
    "After",
    "Aggregate",
    "And",
    "Between",
    "Comparison",
    "Condition",
    "Constant",
    "Count",
    "Events",
    "Ever",
    "Field",
    "Function",
    "IsNull",
    "Last",
    "Node",
    "Not",
    "Now",
    "OneOf",
    "Operator",
    "Or",
    "Shift",
    "TextMatch",
    "TextTest",
    "Value",
    "Window",
    "person_fields",
    "walk",
]


DEEPEST: Final = 100
"""How deep parts may stand within each other, so that no walk over them exhausts Python's stack."""


class Operator(StrEnum):
    """How two values are compared; with null, every comparison is false."""

    EQ = "="
    """The same."""
    NE = "!="
    """Both known, and not the same."""
    LT = "<"
    """Less, or earlier."""
    LE = "<="
    """Not more, or not later."""
    GT = ">"
    """More, or later."""
    GE = ">="
    """Not less, or not earlier."""


class TextMatch(StrEnum):
    """How a text is searched; upper and lower case differ."""

    CONTAINS = "contains"
    """Anywhere; or, of a list, that it has the item."""
    STARTS_WITH = "starts with"
    """At its beginning."""
    ENDS_WITH = "ends with"
    """At its end."""


class Function(StrEnum):
    """What is drawn from a property of several events; events on which it is null are passed over."""

    SUM = "sum"
    """All together; 0 of nothing."""
    AVG = "avg"
    """The mean; null of nothing."""
    MIN = "min"
    """The least; null of nothing."""
    MAX = "max"
    """The most; null of nothing."""
    FIRST = "first"
    """That of the earliest event, of several at one instant the first given; null of nothing."""
    LAST = "last"
    """That of the latest event, of several at one instant the last given; null of nothing."""


def _constant(value: Any) -> Any:
    value = plain(value)
    if isinstance(value, datetime) and not is_null(value) and value.utcoffset() is not None:
        return instant(value, None)
    if isinstance(value, str):
        return str.__str__(value)  # a subclass may show itself in a way of its own, and so may the next ones
    if isinstance(value, float):
        return float(value)
    return int(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _path(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(names)


def _words(instance: object, attribute: Any, value: tuple[str, ...]) -> None:
    wrong = [name for name in value if not isinstance(name, str) or not name]
    if wrong or not value:
        raise SegmentError(f"{shorten((*wrong, '')[0])} is not the name of a field or event; a name is a text")


@attrs.frozen(kw_only=True)
class Constant:
    """A value written in the segment itself.

    Attributes:
        value: Text, a truth value, a finite number, a date, or a time. Equal constants are of one type:
            `1`, `1.0` and `True` are three. A time without a zone waits for `assume_zone`.
    """

    value: Any = attrs.field(converter=_constant, eq=repr)

    @value.validator
    def _check(self, attribute: object, value: Any) -> None:
        if is_null(value):
            raise SegmentError(f"nothing is compared with {value!r}; ask is_null() or is_not_null()")
        if isinstance(value, list | tuple | set | frozenset | dict | range):
            raise SegmentError(f"{shorten(value)} is a collection, not one value; ask isin([...]) for any of several")
        if not sort(value):
            raise SegmentError(f"{shorten(value)} is not text, a truth value, a number, a date or a time")
        if isinstance(value, float | Decimal) and not math.isfinite(value):
            raise SegmentError(f"{value!r} is not a finite number")


@attrs.frozen(kw_only=True)
class Field:
    """A field of the person's record; in `where`, a property of the event.

    Attributes:
        path: Its name, and the names of the fields within it.
        is_optional: Whether a record may lack it, which is then null; else that is an error.
    """

    path: tuple[str, ...] = attrs.field(converter=_path, validator=_words)
    is_optional: bool = False


@attrs.frozen(kw_only=True)
class Now:
    """The instant as of which the segment is run."""


@attrs.frozen(kw_only=True)
class _Nest:
    """What holds other nodes.

    Attributes:
        depth: How many of "and", "or", "not", windows, shifts and aggregates stand within each other in it.
    """

    depth: int = attrs.field(init=False, repr=False, eq=False, default=0)

    def __attrs_post_init__(self) -> None:
        below = 0
        for attribute in attrs.fields(type(self)):
            held = getattr(self, attribute.name)
            for child in held if isinstance(held, tuple) else (held,):
                if isinstance(child, _Nest):
                    below = max(below, child.depth)
        depth = below + isinstance(self, And | Or | Not | Between | After | Shift | Aggregate)
        if depth > DEEPEST:
            mend = "to ask for any of many values, write isin([...])"
            raise SegmentError(f"the parts stand within each other {depth} deep, {DEEPEST} is the most; {mend}")
        object.__setattr__(self, "depth", depth)


@attrs.frozen(kw_only=True)
class Shift(_Nest):
    """A time so long after another, or before it; null if that is null."""

    base: Value
    span: Span
    is_forward: bool


@attrs.frozen(kw_only=True)
class Ever:
    """Any time until now."""


@attrs.frozen(kw_only=True)
class Last:
    """The time up to now: (now - span, now]."""

    span: Span


def _one_end(instance: Between, attribute: object, value: Value | None) -> None:
    if value is None and instance.start is None:
        raise SegmentError("between=(None, None) leaves both ends open; leave it out to ask about any time")


@attrs.frozen(kw_only=True)
class Between(_Nest):
    """The time from one instant on until before another: [start, end), where None is open."""

    start: Value | None
    end: Value | None = attrs.field(validator=_one_end)


@attrs.frozen(kw_only=True)
class After(_Nest):
    """The time that begins with an instant of the person's own: [anchor, anchor + span)."""

    anchor: Value
    span: Span


@attrs.frozen(kw_only=True)
class Events(_Nest):
    """Some of a person's events; those later than now are never among them.

    Attributes:
        kind: What happened.
        where: What must be true of the event; None if nothing.
        window: When it happened.
    """

    kind: str = attrs.field()
    where: Condition | None = attrs.field(default=None)
    window: Window = attrs.field(factory=Ever)

    @kind.validator
    def _check_kind(self, attribute: object, value: str) -> None:
        _words(self, attribute, (value,))

    @where.validator
    def _check_where(self, attribute: object, value: Condition | None) -> None:
        if value is not None and any(isinstance(node, Events) for node in walk(value)):
            raise SegmentError("where() is asked of one event, so it cannot ask about events", text=str(self.kind))


@attrs.frozen(kw_only=True)
class Aggregate(_Nest):
    """One value drawn from a property of several events."""

    function: Function = attrs.field(converter=Function)
    of: Field
    events: Events


@attrs.frozen(kw_only=True)
class Comparison(_Nest):
    """Whether two values stand so to each other; false if either is null."""

    left: Value
    operator: Operator = attrs.field(converter=Operator)
    right: Value


def _options(constants: Iterable[Constant]) -> tuple[Constant, ...]:
    return tuple(constants)


@attrs.frozen(kw_only=True)
class OneOf(_Nest):
    """Whether a value is among some; false if it is null."""

    value: Value
    options: tuple[Constant, ...] = attrs.field(converter=_options)


@attrs.frozen(kw_only=True)
class TextTest(_Nest):
    """Whether a text has another in it, or a list an item; false if it is null."""

    value: Value
    match: TextMatch = attrs.field(converter=TextMatch)
    what: Constant = attrs.field()

    @what.validator
    def _check(self, attribute: object, constant: Constant) -> None:
        if self.match is not TextMatch.CONTAINS and not isinstance(constant.value, str):
            raise SegmentError(f"{shorten(constant.value)} is not text, so nothing {self.match} it")


@attrs.frozen(kw_only=True)
class IsNull(_Nest):
    """Whether nothing is known of a value."""

    value: Value


@attrs.frozen(kw_only=True)
class Count(_Nest):
    """Whether the number of events is within limits.

    In an `After` window, an upper limit is only known to hold once the window has closed, and
    until then the condition is false: a later event could refute it.

    Attributes:
        events: Which events are counted.
        least: At least so many.
        most: At most so many; None for no limit.
    """

    events: Events
    least: int = attrs.field(default=0)
    most: int | None = attrs.field(default=None)

    @least.validator
    @most.validator
    def _check(self, attribute: object, value: int | None) -> None:
        if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 0):
            raise SegmentError(f"{shorten(value)} is not a number of events: a whole number from 0 up is")


def _parts(conditions: Iterable[Condition]) -> tuple[Condition, ...]:
    return tuple(conditions)


def _several(instance: And | Or, attribute: object, value: tuple[Condition, ...]) -> None:
    if len(value) < 2:
        raise SegmentError("'and' and 'or' join at least two conditions")


@attrs.frozen(kw_only=True)
class And(_Nest):
    """Whether all conditions are true."""

    parts: tuple[Condition, ...] = attrs.field(converter=_parts, validator=_several)


@attrs.frozen(kw_only=True)
class Or(_Nest):
    """Whether any condition is true."""

    parts: tuple[Condition, ...] = attrs.field(converter=_parts, validator=_several)


@attrs.frozen(kw_only=True)
class Not(_Nest):
    """The true complement of a condition: whoever is not in it, also for want of knowledge."""

    part: Condition


Value: TypeAlias = Field | Constant | Now | Shift | Aggregate
Window: TypeAlias = Ever | Last | Between | After
Condition: TypeAlias = Comparison | OneOf | TextTest | IsNull | Count | And | Or | Not
Node: TypeAlias = Value | Window | Condition | Events


def walk(node: Node) -> Iterator[Node]:
    """The node and everything beneath it, each before what is beneath it."""
    yield node
    for child in _children(node):
        yield from walk(child)


def person_fields(node: Node) -> Iterator[Field]:
    """The fields of the person's record that the node speaks of; properties of events are none."""
    match node:
        case Field():
            yield node
        case Events():
            yield from person_fields(node.window)
        case Aggregate():
            yield from person_fields(node.events)
        case _:
            for child in _children(node):
                yield from person_fields(child)


def _children(node: Node) -> Iterator[Node]:
    for attribute in attrs.fields(type(node)):
        held = getattr(node, attribute.name)
        for child in held if isinstance(held, tuple) else (held,):
            if isinstance(child, Node):
                yield child
