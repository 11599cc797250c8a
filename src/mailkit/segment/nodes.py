"""The tree of a segment: frozen values that know nothing of how they are written or run.

How to think about it. A *condition* is true or false of a person. It is made of *values*: a
field of the record, a constant, the present, something worked out of another value, or one
value drawn from the person's events. *Events* are those of one kind, of one window, with given
properties; inside `where`, a field is a property of the event, but a time zone is always the
person's.

    condition = Comparison | OneOf | TextTest | IsNull | Anniversary
              | Count | Sequence | Regular | Member | And | Or | Not
    value     = Field | Constant | Now | Shift | Begin | PartOf | Folded | Size | Distance | Bucket | Aggregate
    window    = Ever | Last | Between | After
    zone      = Constant (its name) | Field (of the person)
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final, TypeAlias

from mailkit.errors import SegmentError, shorten
from mailkit.segment.frozen import attributes, field, frozen
from mailkit.segment.spans import LONGEST, Span, Unit, is_whole
from mailkit.segment.values import instant, is_naive, is_null, plain, sort, zone

__all__ = [
    "DEEPEST",
    "After",
    "Aggregate",
    "And",
    "Anniversary",
    "Begin",
    "Between",
    "Bucket",
    "Comparison",
    "Condition",
    "Constant",
    "Count",
    "Distance",
    "Events",
    "Ever",
    "Field",
    "Folded",
    "Function",
    "IsNull",
    "Last",
    "Member",
    "Node",
    "Not",
    "Now",
    "OneOf",
    "Operator",
    "Or",
    "Part",
    "PartOf",
    "Regular",
    "Sequence",
    "Shift",
    "Size",
    "Step",
    "TextMatch",
    "TextTest",
    "Value",
    "Window",
    "Zone",
    "person_fields",
    "sentence",
    "walk",
]


_FOR_SEVERAL: Final = "ask isin([...]) for any of several, and of a list contains(...) once for each, joined by | or &"
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
    MATCHES = "matches"
    """Anywhere, by a regular expression, which is always run in linear time (see `regex`)."""


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
    DISTINCT = "distinct"
    """How many different values; 0 of nothing. Values of two sorts differ, 1 and 1.0 do not."""


class Part(StrEnum):
    """What is read off a clock and a calendar on somebody's wall."""

    CLOCK = "clock"
    """The time of day as text: "09:05"."""
    HOUR = "hour"
    """0 to 23."""
    WEEKDAY = "weekday"
    """1, which is Monday, to 7 (ISO 8601)."""
    DAY = "day"
    """Of the month, from 1."""
    MONTH = "month"
    """1 to 12."""
    YEAR = "year"
    """Such as 2026."""
    DATE = "date"
    """The date."""


def _constant(value: Any) -> Any:
    value = plain(value)
    if isinstance(value, datetime) and not is_null(value):
        return _time(value)
    if isinstance(value, str):
        return str.__str__(value)  # a subclass may show itself in a way of its own, and so may the others
    if isinstance(value, float):
        return float(value)
    return int(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _time(value: datetime) -> datetime:
    """The time in UTC, or as it is without a zone; `fold` speaks only of a clock on a wall."""
    is_aware = not is_naive(value)
    read = instant(value, None) if is_aware else value
    clock = (read.year, read.month, read.day, read.hour, read.minute, read.second, read.microsecond)
    return datetime(*clock, tzinfo=UTC) if is_aware else datetime(*clock, fold=read.fold)  # noqa: DTZ001 - it has none


def _path(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(names)


def _words(instance: object, attribute: Any, value: tuple[str, ...]) -> None:
    wrong = [name for name in value if not isinstance(name, str) or not name]
    if wrong or not value:
        raise SegmentError(f"{shorten((*wrong, '')[0])} is not the name of a field or event; a name is a text")


@frozen
class Constant:
    """A value written in the segment itself.

    Attributes:
        value: Text, a truth value, a finite number, a date, or a time. Equal constants are of one type:
            `1`, `1.0` and `True` are three. A time without a zone waits for `assume_zone`.
    """

    value: Any = field(converter=_constant, eq=repr)

    def _check(self) -> None:
        value = self.value
        if is_null(value):
            raise SegmentError(f"nothing is compared with {shorten(value)}; ask is_null() or is_not_null()")
        if isinstance(value, list | tuple | set | frozenset | dict | range):
            raise SegmentError(f"{shorten(value)} is a collection, not one value; {_FOR_SEVERAL}")
        if not sort(value):
            raise SegmentError(f"{shorten(value)} is not text, a truth value, a number, a date or a time")
        if isinstance(value, float | Decimal) and not math.isfinite(value):
            raise SegmentError(f"{shorten(value)} is not a finite number")
        if isinstance(value, int) and value.bit_length() > LONGEST:
            raise SegmentError(f"a number of {value.bit_length()} bits is too long; {LONGEST} are the most")


@frozen
class Field:
    """A field of the person's record; in `where`, a property of the event.

    Attributes:
        path: Its name, and the names of the fields within it.
        is_optional: Whether a record may lack it, which is then null; else that is an error.
    """

    path: tuple[str, ...] = field(converter=_path, validator=_words)
    is_optional: bool = False


@frozen
class Now:
    """The instant as of which the segment is run."""


@frozen
class _Nest:
    """What holds other nodes.

    Attributes:
        depth: How many of "and", "or", "not", windows, shifts and aggregates stand within each other in it.
    """

    depth: int = field(init=False, repr=False, eq=False, default=0)

    def __post_init__(self) -> None:
        below = 0
        for attribute in attributes(self):
            held = getattr(self, attribute.name)
            for child in held if isinstance(held, tuple) else (held,):
                if isinstance(child, _Nest):
                    below = max(below, child.depth)
        depth = below + (not isinstance(self, _Flat))
        if depth > DEEPEST:
            mend = "to ask for any of many values, write isin([...])"
            raise SegmentError(f"the parts stand within each other {depth} deep, {DEEPEST} is the most; {mend}")
        object.__setattr__(self, "depth", depth)


@frozen
class Shift(_Nest):
    """A time so long after another, or before it; null if that is null."""

    base: Value
    span: Span
    is_forward: bool


def _zone(instance: object, attribute: object, value: Zone) -> None:
    if isinstance(value, Constant):
        if not isinstance(value.value, str):
            raise SegmentError(f"{shorten(value.value)} is not a time zone; write e.g. 'Europe/Moscow'")
        zone(value.value, what="")
    elif not isinstance(value, Field):
        raise SegmentError(f"{shorten(value)} is not a time zone; give its name, or the person's field that has it")


@frozen
class Begin(_Nest):
    """The instant at which a calendar period begins on the clocks of a zone; null if the zone is null.

    Attributes:
        unit: Which periods: days, weeks (from Monday), months or years.
        offset: Which of them: 0 is the one that has now in it, -1 the one before, 1 the one after.
        zone: Where.
    """

    unit: Unit = field(converter=Unit)
    offset: int
    zone: Zone = field(validator=_zone)

    def _check(self) -> None:
        if self.unit not in _CALENDAR:
            raise SegmentError(f"{self.unit} is not a period of the calendar; there are {', '.join(_CALENDAR)}")
        if not is_whole(self.offset):
            reason = "is not a whole number of periods before or after the current one"
            raise SegmentError(f"{shorten(self.offset)} {reason}")


_CALENDAR: Final = (Unit.DAY, Unit.WEEK, Unit.MONTH, Unit.YEAR)


@frozen
class PartOf(_Nest):
    """What clock or calendar show at a time, on the clocks of a zone; null if either is null.

    Of a date, which has no clock, the calendar's parts are read as they are, whatever the zone.
    """

    of: Value
    part: Part = field(converter=Part)
    zone: Zone = field(validator=_zone)


@frozen
class Folded(_Nest):
    """A text without regard to case (Unicode's full case folding); null if it is null."""

    value: Value


@frozen
class Size(_Nest):
    """How many items a list has, or characters a text; null if it is null."""

    value: Value


def _degrees(most: float) -> Any:
    def check(instance: object, attribute: Any, value: float) -> None:
        if isinstance(value, bool) or not isinstance(value, int | float) or not -most <= value <= most:
            raise SegmentError(f"{shorten(value)} is not a {attribute.name[3:]}: degrees from -{most} to {most} are")

    return check


@frozen
class Distance(_Nest):
    """Kilometres over the globe to a place, by the haversine on a sphere of 6,371.0088 km; null if a part is null."""

    latitude: Value
    longitude: Value
    to_latitude: float = field(validator=_degrees(90))
    to_longitude: float = field(validator=_degrees(180))


@frozen
class Bucket(_Nest):
    """A number from 0 up to below 1, drawn once and for all of a value as text, and a salt; null if it is null.

    It is the first 13 hexadecimal digits of SHA-256 over salt, a line feed and the value, over 16 ** 13.
    """

    of: Value
    salt: str

    def _check(self) -> None:
        value: object = self.salt
        if not isinstance(value, str) or not value or "\n" in value:
            raise SegmentError(f"{shorten(value)} is not a salt: one line of text, such as the name of the test, is")


@frozen
class Ever:
    """Any time until now."""


@frozen
class Last:
    """The time up to now: (now - span, now]."""

    span: Span


def _one_end(instance: Between, attribute: object, value: Value | None) -> None:
    if value is None and instance.start is None:
        raise SegmentError("between=(None, None) leaves both ends open; leave it out to ask about any time")


@frozen
class Between(_Nest):
    """The time from one instant on until before another: [start, end), where None is open."""

    start: Value | None
    end: Value | None = field(validator=_one_end)


@frozen
class After(_Nest):
    """The time that begins with an instant of the person's own: [anchor, anchor + span)."""

    anchor: Value
    span: Span


@frozen
class Events(_Nest):
    """Some of a person's events; those later than now are never among them.

    Attributes:
        kind: What happened.
        where: What must be true of the event; None if nothing.
        window: When it happened.
    """

    kind: str
    where: Condition | None = None
    window: Window = field(factory=Ever)

    def _check(self) -> None:
        _words(self, None, (self.kind,))
        if self.where is not None and any(isinstance(node, Events | Member) for node in walk(self.where)):
            raise SegmentError("where() is asked of one event, so it cannot ask about events", text=str(self.kind))


@frozen
class Aggregate(_Nest):
    """One value drawn from a property of several events."""

    function: Function = field(converter=Function)
    of: Field
    events: Events


@frozen
class Comparison(_Nest):
    """Whether two values stand so to each other; false if either is null."""

    left: Value
    operator: Operator = field(converter=Operator)
    right: Value


def _options(constants: Iterable[Constant]) -> tuple[Constant, ...]:
    return tuple(constants)


@frozen
class OneOf(_Nest):
    """Whether a value is among some; false if it is null."""

    value: Value
    options: tuple[Constant, ...] = field(converter=_options)


@frozen
class TextTest(_Nest):
    """Whether a text has another in it, or a list an item; false if it is null."""

    value: Value
    match: TextMatch = field(converter=TextMatch)
    what: Constant

    def _check(self) -> None:
        what = self.what.value
        if self.match is not TextMatch.CONTAINS and not isinstance(what, str):
            raise SegmentError(f"{shorten(what)} is not text, so nothing {self.match} it")
        if self.match is TextMatch.MATCHES:
            from mailkit.segment.regex import compiled  # here, since most segments have none

            compiled(what)


@frozen
class IsNull(_Nest):
    """Whether nothing is known of a value."""

    value: Value


@frozen
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
    least: int = 0
    most: int | None = None

    def _check(self) -> None:
        for value in (self.least, 0 if self.most is None else self.most):
            if not is_whole(value, least=0):
                raise SegmentError(f"{shorten(value)} is not a number of events: a whole number from 0 up is")


@frozen
class Anniversary(_Nest):
    """Whether a day is a whole number of years after that of a date, and today or near it; false if it is null.

    One of 29 February is on 28 February in common years. The day itself is none: the first is a year later.

    Attributes:
        of: A date; or a time, of which it is the date in the zone.
        last: It may have been so many days ago.
        next: It may be so many days ahead. With 0 and 0, it is today.
        zone: Where it is today.
    """

    of: Value
    last: int = 0
    next: int = 0
    zone: Zone = field(validator=_zone)

    def _check(self) -> None:
        for value in (self.last, self.next):
            if not is_whole(value, least=0) or value > 182:
                raise SegmentError(f"{shorten(value)} is not a number of days near an anniversary: 0 to 182 are")


@frozen
class Step(_Nest):
    """What comes, or does not come, after the event before it in a `Sequence`.

    Attributes:
        events: Which events; their window is `Ever`.
        within: How soon: [the one before, the one before + within). None for any time until now.
        is_absent: Whether none of them may come. As `Count` does, that waits until the time has passed.
    """

    events: Events
    within: Span | None = None
    is_absent: bool = False

    def _check(self) -> None:
        _any_time(self.events)


def _any_time(events: Events) -> None:
    if events.window != Ever():
        raise SegmentError("when it happened is said by what stands around it, so it has no window", text=events.kind)


def _steps(steps: Iterable[Step]) -> tuple[Step, ...]:
    return tuple(steps)


@frozen
class Sequence(_Nest):
    """Whether there are events one after another: each later than the one before, or after it at the same instant.

    What does not come (a step that `is_absent`) is asked of the event before it; several such steps
    in a row are all asked of that one. The next step that comes follows that one, too.

    Attributes:
        first: The first event, and when it happened.
        steps: What follows, at least one step.
    """

    first: Events
    steps: tuple[Step, ...] = field(converter=_steps)

    def _check(self) -> None:
        if not self.steps:
            raise SegmentError("a sequence has at least two steps", text=self.first.kind)


@frozen
class Regular(_Nest):
    """Whether something happened in at least so many of the last periods, counted back from now.

    The periods are (now - D, now], (now - 2 D, now - D] and so on.

    Attributes:
        events: What happened; its window is `Ever`.
        least: In at least so many periods.
        of: Of so many.
        unit: How long a period is.
    """

    events: Events
    least: int
    of: int
    unit: Unit = field(converter=Unit)

    def _check(self) -> None:
        _any_time(self.events)
        for given in (self.least, self.of):
            if not is_whole(given, least=1):
                raise SegmentError(f"{shorten(given)} is not a number of {self.unit}s: a whole number from 1 up is")
        if self.least > self.of or self.of > 1000:
            limits = "the first may not be more, the second not over 1000"
            raise SegmentError(f"in {self.least} of the last {self.of} {self.unit}s: {limits}", text=self.events.kind)


@frozen
class Member:
    """Whether the person is in another segment, which is known by its name; see `Segment.bind`."""

    name: str

    def _check(self) -> None:
        if not isinstance(self.name, str) or not self.name:
            raise SegmentError(f"{shorten(self.name)} is not the name of a segment; a name is a text")


def _parts(conditions: Iterable[Condition]) -> tuple[Condition, ...]:
    return tuple(conditions)


def _several(instance: And | Or, attribute: object, value: tuple[Condition, ...]) -> None:
    if len(value) < 2:
        raise SegmentError("'and' and 'or' join at least two conditions")


@frozen
class And(_Nest):
    """Whether all conditions are true."""

    parts: tuple[Condition, ...] = field(converter=_parts, validator=_several)


@frozen
class Or(_Nest):
    """Whether any condition is true."""

    parts: tuple[Condition, ...] = field(converter=_parts, validator=_several)


@frozen
class Not(_Nest):
    """The true complement of a condition: whoever is not in it, also for want of knowledge."""

    part: Condition


Zone: TypeAlias = Constant | Field
Value: TypeAlias = Field | Constant | Now | Shift | Begin | PartOf | Folded | Size | Distance | Bucket | Aggregate
Window: TypeAlias = Ever | Last | Between | After
Condition: TypeAlias = (
    Comparison | OneOf | TextTest | IsNull | Anniversary | Count | Sequence | Regular | Member | And | Or | Not
)
Node: TypeAlias = Value | Window | Condition | Events | Step
_NODES: Final[frozenset[type]] = frozenset(Node.__args__)
_Flat = Comparison | OneOf | TextTest | IsNull | Anniversary | Events | Count | Step | Sequence | Regular
"""What holds other nodes without standing within others of its kind, so that it does not make them deeper."""


def sentence(node: Node) -> str:
    """The node in words, by `mailkit.segment.language.text`, which is loaded when it is first needed."""
    from mailkit.segment.language.text import sentence

    return sentence(node)


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
            if node.where is not None:
                yield from _zones(node.where)
        case Aggregate():
            yield from person_fields(node.events)
        case _:
            for child in _children(node):
                yield from person_fields(child)


def _zones(where: Condition) -> Iterator[Field]:
    """The fields that say where the person's clocks are, which are his own, inside `where` too."""
    for node in walk(where):
        if isinstance(node, PartOf | Begin | Anniversary) and isinstance(node.zone, Field):
            yield node.zone


def _children(node: Node) -> Iterator[Node]:
    for attribute in attributes(node):
        held = getattr(node, attribute.name)
        for child in held if isinstance(held, tuple) else (held,):
            if type(child) in _NODES:
                yield child
