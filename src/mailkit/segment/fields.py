"""How fields are asked about in Python: `f.city == "Kazan"`, `f.joined_at > ago(days(30))`.

Everything here only builds the tree of `mailkit.segment.nodes`; nothing is looked up or run.
"""

from __future__ import annotations

from collections.abc import Iterable, Set
from datetime import UTC, date, timedelta, tzinfo
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, ClassVar, Final, NoReturn, TypeAlias

from mailkit.errors import SegmentError, did_you_mean, shorten
from mailkit.segment import nodes
from mailkit.segment.nodes import Operator, Part, TextMatch, sentence
from mailkit.segment.segments import Combining, Segment
from mailkit.segment.spans import Span, Unit, as_span
from mailkit.segment.values import is_iterable

if TYPE_CHECKING:
    from uuid import UUID

    from mailkit.address import Address, Domain
    from mailkit.segment.periods import Period

__all__ = ["Field", "Length", "Somewhere", "Value", "as_zone", "constant", "ends", "field", "operand"]

Plain: TypeAlias = "str | bool | int | float | Decimal | date | Enum | UUID | Address | Domain"
"""What a value may be compared with; a `datetime` is a `date` too."""
Length: TypeAlias = Span | timedelta
Somewhere: TypeAlias = "str | tzinfo | Field"
"""Whose clocks are meant: a zone's name, the zone itself, or the field of the person that has its name."""


class Value(Combining):
    """A value that differs from person to person: compared, it makes a `Segment`.

    A comparison with null is false, that with `!=` too. Where a condition is expected, a
    value stands for "it is true": `f.is_subscribed & (f.city == "Kazan")`.

    >>> from mailkit.segment import ago, days, event as ev, field as f
    >>> print(ev.purchase.sum("value", last=days(365)) >= 100)
    sum(value of purchase within last 365 days) >= 100
    >>> print(ev.purchase.last("at") < ago(days(90)))
    last(at of purchase) < 90 days ago
    """

    __slots__ = ("_node",)
    _node: nodes.Value

    def __init__(self, node: nodes.Value) -> None:
        wanted = nodes.Field if isinstance(self, Field) else nodes.Value
        if not isinstance(node, wanted):
            mend = "write field.city, or field['city']"
            raise SegmentError(f"{shorten(node)} does not make a {type(self).__name__}; {mend}")
        object.__setattr__(self, "_node", node)

    def __setattr__(self, name: str, value: object) -> None:
        raise SegmentError(f"{name!r} cannot be set: a field is only named here, records are not changed")

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self._node,)

    def _condition(self) -> nodes.Condition:
        return nodes.Comparison(left=self._node, operator=Operator.EQ, right=nodes.Constant(value=True))

    def _compared(self, operator: Operator, other: object) -> Segment:
        return self._asked(nodes.Comparison(left=self._node, operator=operator, right=operand(other, self._node)))

    def _asked(self, node: nodes.Condition) -> Segment:
        if isinstance(self._node, nodes.Bucket | nodes.Folded):
            from mailkit.segment.hopeless import hopeless  # here, since few segments have any

            never = hopeless(node)
            if never:
                raise SegmentError(never, text=sentence(node))
        return Segment(node)

    def __eq__(self, other: object) -> Segment:  # type: ignore[override]
        return self._compared(Operator.EQ, other)

    def __ne__(self, other: object) -> Segment:  # type: ignore[override]
        return self._compared(Operator.NE, other)

    def __lt__(self, other: Plain | Value) -> Segment:
        return self._compared(Operator.LT, other)

    def __le__(self, other: Plain | Value) -> Segment:
        return self._compared(Operator.LE, other)

    def __gt__(self, other: Plain | Value) -> Segment:
        return self._compared(Operator.GT, other)

    def __ge__(self, other: Plain | Value) -> Segment:
        return self._compared(Operator.GE, other)

    __hash__: ClassVar[None] = None  # type: ignore[assignment]
    __iter__ = None

    def __contains__(self, item: object) -> bool:
        raise SegmentError("'in' cannot be asked of a field: write f.tags.contains(item), or f.city.isin([...])")

    def __add__(self, span: Length) -> Value:
        return Value(nodes.Shift(base=self._node, span=as_span(span, what="+"), is_forward=True))

    def __sub__(self, span: Length) -> Value:
        return Value(nodes.Shift(base=self._node, span=as_span(span, what="-"), is_forward=False))

    def isin(self, options: Iterable[Plain]) -> Segment:
        """Whether it is one of the options; of none if there are none."""
        if isinstance(options, str) or not is_iterable(options):
            raise SegmentError(f"isin({shorten(options)}): give several, such as isin([{shorten(options)}])")
        ordered = sorted(options, key=repr) if isinstance(options, Set) else options
        constants = dict.fromkeys(constant(option, self._node) for option in ordered)
        return self._asked(nodes.OneOf(value=self._node, options=tuple(constants)))

    def between(self, least: Plain | Value, most: Plain | Value) -> Segment:
        """Whether it is from `least` to `most`, both included."""
        return (self >= least) & (self <= most)

    def contains(self, what: Plain) -> Segment:
        """Whether the text has this text in it, or the list this item; upper and lower case differ."""
        return self._searched(TextMatch.CONTAINS, what)

    def startswith(self, text: str) -> Segment:
        """Whether the text begins with this; upper and lower case differ."""
        return self._searched(TextMatch.STARTS_WITH, text)

    def endswith(self, text: str) -> Segment:
        """Whether the text ends with this; upper and lower case differ."""
        return self._searched(TextMatch.ENDS_WITH, text)

    def matches(self, pattern: str) -> Segment:
        """Whether a regular expression is found anywhere in the text; upper and lower case differ."""
        if not isinstance(pattern, str):
            mend = "to ask about a record write (f.is_vip == True).matches(record)"
            raise SegmentError(f"matches({shorten(pattern)}): give a pattern; {mend}", text=sentence(self._node))
        return self._searched(TextMatch.MATCHES, pattern)

    def casefold(self) -> Value:
        """The text without regard to upper and lower case; what it is compared with must be in lower case."""
        return Value(nodes.Folded(value=self._node))

    def size(self) -> Value:
        """How many items the list has, or characters the text."""
        return Value(nodes.Size(value=self._node))

    def bucket(self, salt: str) -> Value:
        """A number from 0 up to below 1, always the same for an id and a salt: `< 0.2` is a fifth of the people.

        >>> from mailkit.segment import field as f
        >>> (f.id.bucket("spring") < 0.2).count([{"id": number} for number in range(1000)])
        204
        """
        return Value(nodes.Bucket(of=self._node, salt=salt))

    def during(self, period: Period) -> Segment:
        """Whether the time is in this period of the calendar."""
        start, end = ends(period)
        return (self >= start) & (self < end)

    def anniversary(self, *, zone: Somewhere, last: Length | None = None, next: Length | None = None) -> Segment:  # noqa: A002 - as is said
        """Whether the date's anniversary is today, or was in the `last` days, or will be in the `next`."""
        near = {"last": _days(last, "last"), "next": _days(next, "next")}
        return Segment(nodes.Anniversary(of=self._node, zone=as_zone(zone), **near))

    def part(self, part: str, zone: Somewhere) -> Value:
        """What clock or calendar show there at that time: a `Part`, such as "hour" or "weekday"."""
        try:
            which = Part(part)
        except ValueError as error:
            mend = did_you_mean(str(part), map(str, Part)) or f"; there are {', '.join(Part)}"
            raise SegmentError(f"{shorten(part)} is no part of a time{mend}", text=sentence(self._node)) from error
        return Value(nodes.PartOf(of=self._node, part=which, zone=as_zone(zone)))

    def clock(self, zone: Somewhere) -> Value:
        """The time of day there, as text: "09:05"."""
        return self.part(Part.CLOCK, zone)

    def hour(self, zone: Somewhere) -> Value:
        """The hour there, 0 to 23."""
        return self.part(Part.HOUR, zone)

    def weekday(self, zone: Somewhere) -> Value:
        """The day of the week there: 1 is Monday, 7 Sunday."""
        return self.part(Part.WEEKDAY, zone)

    def day(self, zone: Somewhere) -> Value:
        """The day of the month there."""
        return self.part(Part.DAY, zone)

    def month(self, zone: Somewhere) -> Value:
        """The month there, 1 to 12."""
        return self.part(Part.MONTH, zone)

    def year(self, zone: Somewhere) -> Value:
        """The year there."""
        return self.part(Part.YEAR, zone)

    def date(self, zone: Somewhere) -> Value:
        """The date there."""
        return self.part(Part.DATE, zone)

    def is_null(self) -> Segment:
        """Whether nothing is known: None, or NaN."""
        return Segment(nodes.IsNull(value=self._node))

    def is_not_null(self) -> Segment:
        """Whether something is known."""
        return ~self.is_null()

    def _searched(self, match: TextMatch, what: object) -> Segment:
        return self._asked(nodes.TextTest(value=self._node, match=match, what=constant(what, self._node)))

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {sentence(self._node)}>"


class Field(Value):
    """A field of a person's record, and inside `where` a property of the event.

    `field.city` and `field["city"]` are one; the second takes any name, also one that is a
    method here, such as `field["contains"]`. Fields within fields follow: `field.address.city`.

    >>> from mailkit.segment import ago, days, field as f
    >>> print((f.address.city == "Kazan") & f["home town"].is_not_null() & (f.joined_at > ago(days(30))))
    address.city = "Kazan" and `home town` is not null and joined_at > 30 days ago
    """

    __slots__ = ()
    _node: nodes.Field

    def __getattr__(self, name: str) -> Field:
        if name.startswith("_"):  # what Python and notebooks look for; such a field is asked for in brackets
            raise AttributeError(f"write field[{name!r}] for a field whose name begins with _")
        return self[name]

    def __getitem__(self, name: str) -> Field:
        node = self._node
        return Field(nodes.Field(path=(*node.path, name), is_optional=node.is_optional))

    def optional(self) -> Field:
        """The same field, which a record may lack: it is null then, where it would be an error."""
        node = self._node
        return Field(nodes.Field(path=node.path, is_optional=True))

    if not TYPE_CHECKING:  # pragma: no branch - type checkers say themselves that a field is not called

        def __call__(self, *args: object, **kwargs: object) -> None:  # noqa: D102 - always an error
            raise _no_method(self._node)


_METHODS: Final = (
    *("anniversary", "between", "bucket", "casefold", "clock", "contains", "date", "day", "during", "endswith", "hour"),
    *(
        "is_not_null",
        "is_null",
        "isin",
        "matches",
        "month",
        "optional",
        "part",
        "size",
        "startswith",
        "weekday",
        "year",
    ),
)
_MEANT: Final = {
    "any": "contains(...), joined by | for any of several",
    "birthday": "anniversary(zone=...)",
    "contains_any": "contains(...) | contains(...)",
    "eq": "==",
    "exists": "is_not_null()",
    "gt": ">",
    "gte": ">=",
    "icontains": "casefold().contains(...)",
    "iexact": "casefold() == ...",
    "ilike": "casefold().contains(...)",
    "isna": "is_null()",
    "len": "size()",
    "length": "size()",
    "like": "contains(...), startswith(...) or endswith(...)",
    "lower": "casefold()",
    "lt": "<",
    "lte": "<=",
    "ne": "!=",
    "notin": "~f.city.isin(...)",
    "not_in": "~f.city.isin(...)",
    "notna": "is_not_null()",
    "notnull": "is_not_null()",
    "regex": "matches(...)",
    "search": "matches(...)",
    "upper": "casefold()",
}
"""What else a method may be called, to what is to be written."""
_OF_A_SEGMENT: Final = ("count", "filter")


def _no_method(node: nodes.Field) -> SegmentError:
    """What to say of a name that was called, and so was meant as a method."""
    *whole, name = node.path
    if whole and name in _OF_A_SEGMENT:
        asked = sentence(nodes.Field(path=tuple(whole)))
        return SegmentError(f"a field alone has no {name}(): write (f.{asked} == True).{name}(...)", text=asked)
    if name in _MEANT:
        return SegmentError(f"a field has no method {name!r}; write {_MEANT[name]}", text=sentence(node))
    from difflib import get_close_matches

    by_letters = {method.replace("_", ""): method for method in _METHODS}
    near = get_close_matches(name.replace("_", "").lower(), by_letters, n=1)
    mend = f"; did you mean {by_letters[near[0]]!r}?" if near else f"; there are {', '.join(_METHODS)}"
    return SegmentError(f"a field has no method {name!r}{mend}", text=sentence(node))


class _Fields:
    """Names fields: `field.city`, `field["home town"]`."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Field:
        if name.startswith("_"):
            raise AttributeError(f"write field[{name!r}] for a field whose name begins with _")
        return self[name]

    def __getitem__(self, name: str) -> Field:
        return Field(nodes.Field(path=(name,)))

    __iter__ = None

    def __repr__(self) -> str:
        return "<field>"


field: Final = _Fields()
"""The fields of a person's record: `field.city`, `field.address.city`, `field["home town"]`."""


def operand(other: object, beside: nodes.Value) -> nodes.Value:
    """The node of what stands beside a value; the value is what an error names."""
    if isinstance(other, Value):
        return other._node
    if isinstance(other, Segment):
        reason = "a value is compared with a condition; put parentheses around each comparison"
        raise SegmentError(reason, text=f"{sentence(beside)}, {other}")
    return constant(other, beside)


def constant(value: object, beside: nodes.Value) -> nodes.Constant:
    """The node of a value that is written in the segment; what it stands beside is what an error names."""
    try:
        return nodes.Constant(value=value)
    except SegmentError as error:
        raise SegmentError(error.reason, text=sentence(beside)) from error.__cause__


def as_zone(zone: Somewhere) -> nodes.Zone:
    """The node of a zone: its name, or the person's field that has it.

    Raises:
        SegmentError: It is none, or a zone that has no name.
    """
    if isinstance(zone, Field):
        return zone._node
    if isinstance(zone, tzinfo):
        zone = "UTC" if zone is UTC else getattr(zone, "key", None) or _nameless(zone)
    if not isinstance(zone, str):
        mend = "give its name, such as 'Europe/Moscow', or a field such as f.time_zone"
        raise SegmentError(f"zone={shorten(zone)} is not a time zone; {mend}")
    node = nodes.Constant(value=zone)
    nodes.Begin(unit=Unit.DAY, offset=0, zone=node)  # says now that there is no such zone
    return node


def _nameless(zone: tzinfo) -> NoReturn:
    raise SegmentError(f"zone={shorten(zone)} has no name to be written in a segment; give e.g. 'Europe/Moscow'")


def _days(length: Length | None, what: str) -> int:
    if length is None:
        return 0
    span = as_span(length, what=what)
    if span.unit not in _IN_DAYS:
        raise SegmentError(f"{what}={span}: how near an anniversary is, is counted in days; write e.g. days(3)")
    return span.count * _IN_DAYS[span.unit]


_IN_DAYS: Final = {Unit.DAY: 1, Unit.WEEK: 7}


def ends(period: object) -> tuple[Value, Value]:
    """The instants at which a period begins and ends."""
    from mailkit.segment.periods import Period  # here, since periods are made of values

    if not isinstance(period, Period):
        raise SegmentError(
            f"during={shorten(period)} is no period; give this('month', zone=...) or previous(3, 'week', ...)"
        )
    return period.start, period.end
