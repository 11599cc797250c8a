"""Conditions as the source of one Python function over all people.

How to think about it. What can be said of most people in a line of Python is written as that
line: a comparison of a field whose value is of the constant's own type, a number of events whose
times and kinds are as they should be. One loop over a person's events feeds everything that is
counted. What is not written, be it a kind of node or a value of another type, is asked of the
closures of `evaluate`; and where a record or an event is not in the expected shape, the person
is left to them altogether. So both answer alike, and so do their errors:

- parts are asked in the closures' order, fields first, then events;
- an event is looked at as far as the answer needs it: none behind the one that settles it is;
- whatever is raised in between leaves the person to the closures, which answer or raise.

No text of a segment enters the source: values, names of fields and kinds of events are arguments
with names of our own, and attributes get theirs in the compiled code.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from types import CodeType, FunctionType
from typing import Any, Final

import attrs

from mailkit.errors import SegmentError
from mailkit.segment import nodes
from mailkit.segment.compiled.counting import FLOOR, Counting, Odd
from mailkit.segment.compiled.places import Arguments, EventPlace, Place, RecordPlace, Shape
from mailkit.segment.frozen import evolve
from mailkit.segment.nodes import Operator, TextMatch
from mailkit.segment.running.aggregates import draw
from mailkit.segment.running.evaluate import Maker, Test, cheapest_first
from mailkit.segment.running.histories import Fact
from mailkit.segment.running.subjects import of_person, varies
from mailkit.segment.spans import EARLIEST, LATEST

__all__ = ["Odd", "Program", "Writer", "compiled"]

_PYTHON: Final = {
    Operator.EQ: "==",
    Operator.NE: "!=",
    Operator.LT: "<",
    Operator.LE: "<=",
    Operator.GT: ">",
    Operator.GE: ">=",
}
_NEVER_NULL: Final = frozenset({str, int, bool, datetime, date, list, dict})


def _is_odd(kind: object) -> bool:
    """Whether a kind of event, which is no plain text, may be another one as text."""
    return not isinstance(kind, StrEnum) or str(kind) != kind


_GLOBALS: Final[dict[str, Any]] = {
    "EARLIEST": EARLIEST,
    "FACT": Fact,
    "FLOOR": FLOOR,
    "IS_ODD": _is_odd,
    "LATEST": LATEST,
    "NEVER_NULL": _NEVER_NULL,
    "ODD": Odd(),
    "UTC": UTC,
    "date": date,
    "datetime": datetime,
}


_PLAIN: Final[dict[str, Any]] = {kind.__name__: kind for kind in (type, dict, str, int, float, list, tuple, datetime)}


@attrs.frozen
class Program:
    """A compiled function, and what gives the values of its arguments.

    A function that loops over people has them as defaults, which become local variables. One that is
    called for each person has them as globals, since defaults are copied in each call.
    """

    code: CodeType
    names: tuple[str, ...]
    arguments: Arguments
    defaults: tuple[Any, ...] | None = None

    def bound(self, maker: Maker, **own: Any) -> Any:
        """The function as of a run's now."""
        from mailkit.event import Event

        supplies = self.arguments.supplies
        values = {"EVENT": Event, **_PLAIN, **own}
        given = {name: values[name] if name in values else supplies[name](maker) for name in self.names}
        if self.defaults is None:
            return FunctionType(self.code, _GLOBALS, argdefs=tuple(given.values()))
        # a copy of the code, since Python keeps with it where the globals were found
        return FunctionType(self.code.replace(), _GLOBALS | given, argdefs=self.defaults)


class Writer:
    """Writes conditions as expressions, and collects what they take.

    Attributes:
        turns: Whether the closures among them ask who the person at hand is.
    """

    def __init__(self, shape: Shape) -> None:
        self.shape, self.arguments = shape, Arguments()
        self.person = RecordPlace(self.arguments, shape)
        self.counting = Counting(self.arguments, shape, self._where)
        self._event = EventPlace(self.arguments, shape)
        self._shared: dict[nodes.Condition, str] = {}
        self.turns = False

    def share(self, node: nodes.Condition) -> str:
        """Let the answer to a condition about the person be kept under a name, which is given."""
        name = self._shared[node] = self.arguments.local()
        return name

    def is_written(self, node: nodes.Condition) -> bool:
        """Whether the condition, one that does not join others, is written and not asked of a closure."""
        match node:
            case nodes.Count():
                return True
            case nodes.Comparison() | nodes.OneOf() | nodes.TextTest() | nodes.IsNull():
                return isinstance(node.left if isinstance(node, nodes.Comparison) else node.value, nodes.Field)
            case _:
                return False

    def expression(self, node: nodes.Condition, place: Place) -> str:
        """An expression that is true of whom (or, in `where`, of which event) the condition is true."""
        if place is self.person and node in self._shared:
            return self._shared[node]
        return self._expression(node, place)

    def _expression(self, node: nodes.Condition, place: Place) -> str:
        match node:
            case nodes.And() | nodes.Or():
                word = " and " if isinstance(node, nodes.And) else " or "
                return f"({word.join(self.expression(part, place) for part in cheapest_first(node.parts))})"
            case nodes.Not():
                return f"(not {self.expression(node.part, place)})"
            case nodes.Comparison(left=nodes.Field() as field):
                return self._comparison(node, field, place) or self._closure(node, place)
            case nodes.Comparison(left=nodes.Aggregate() as drawn):
                return self._drawn(node, drawn) or self._closure(node, place)
            case nodes.OneOf(value=nodes.Field() as field):
                return self._one_of(node, field, place) or self._closure(node, place)
            case nodes.TextTest(value=nodes.Field() as field):
                return self._text_test(node, field, place) or self._closure(node, place)
            case nodes.IsNull(value=nodes.Field() as field):
                read, name = self._read(field, place)
                return f"(({read}) is None or type({name}) not in NEVER_NULL and {self._closure(node, place)})"
            case nodes.Count():
                self.turns = self.turns or varies(node.events.window)
                return self.counting.expression(node)
            case _:
                return self._closure(node, place)

    def _where(self, node: nodes.Condition) -> str:
        return self.expression(node, self._event)

    def _closure(self, node: nodes.Condition, place: Place) -> str:
        asks = (nodes.Events, nodes.PartOf, nodes.Begin, nodes.Anniversary)
        self.turns = self.turns or any(isinstance(inner, asks) for inner in nodes.walk(node))
        return f"{self.arguments.add(lambda maker: place.test(maker, node))}({place.whole})"

    def _read(self, field: nodes.Field, place: Place) -> tuple[str, str]:
        """An expression that gives a field's value and keeps it, and the name under which it does."""
        name = self.arguments.local()
        return f"{name} := {place.read(field)}", name

    def _otherwise(self, name: str, node: nodes.Condition, place: Place) -> str:
        """Nothing is true of null; values of unexpected types are the closures'."""
        return f"{name} is not None and {self._closure(node, place)}"

    def _comparison(self, node: nodes.Comparison, field: nodes.Field, place: Place) -> str:
        right = node.right
        if varies(right) or not isinstance(right, nodes.Constant | nodes.Now | nodes.Shift | nodes.Begin):
            return ""
        read, name = self._read(field, place)
        kind = type(right.value) if isinstance(right, nodes.Constant) else datetime
        if kind in (int, float) and node.operator is not Operator.NE:  # NaN differs from everything, and is null
            fits = f"type({read}) is int or type({name}) is float"
        elif kind is datetime:
            fits = f"type({read}) is datetime and {name}.tzinfo is UTC"
        elif kind in (str, bool, int, float, date):
            fits = f"type({read}) is {'int' if kind is float else kind.__name__}"
        else:
            return ""
        constant = self.arguments.add(lambda maker: maker.value(right, of_person)(None))
        compared = f"{name} {_PYTHON[node.operator]} {constant}"
        return f"({compared} if {fits} else {self._otherwise(name, node, place)})"

    def _drawn(self, node: nodes.Comparison, drawn: nodes.Aggregate) -> str:
        """The loop gathers, and the closures compare what they draw from it."""
        name = "" if varies(node.right) else self.counting.gathered(drawn, self._event.read(drawn.of))
        if not name:
            return ""
        test = self.arguments.add(lambda maker: _drawing(maker, node, drawn.function))
        of_nothing = self.arguments.add(lambda maker: _of_nothing(maker, node, drawn.function))
        return f"({test}({name}) if {name} else {of_nothing})"

    def _one_of(self, node: nodes.OneOf, field: nodes.Field, place: Place) -> str:
        options = [option.value for option in node.options]
        texts = frozenset(option for option in options if isinstance(option, str))
        numbers = frozenset(option for option in options if type(option) in (int, float, Decimal))
        if not texts and not numbers:
            return ""
        read, name = self._read(field, place)
        fits = []
        sets: list[tuple[frozenset[Any], str]] = [(texts, "str"), (numbers, "int")]
        for some, of in sets:
            if some:
                fits.append(f"{name} in {self.arguments.constant(some)} if type({read}) is {of}")
                read = name
        return f"({' else '.join(fits)} else {self._otherwise(name, node, place)})"

    def _text_test(self, node: nodes.TextTest, field: nodes.Field, place: Place) -> str:
        what = node.what.value
        if not isinstance(what, str) or node.match is TextMatch.MATCHES:
            return ""
        read, name = self._read(field, place)
        constant = self.arguments.constant(what)
        match node.match:
            case TextMatch.CONTAINS:
                found = f"{constant} in {name}"
            case TextMatch.STARTS_WITH:
                found = f"{name}.startswith({constant})"
            case _:
                found = f"{name}.endswith({constant})"
        return f"({found} if type({read}) is str else {self._otherwise(name, node, place)})"


def _drawing(maker: Maker, node: nodes.Comparison, function: nodes.Function) -> Test:
    """The function that draws a value from times and values, and compares it."""
    compared = evolve(node, left=nodes.Field(path=("drawn",)))
    return maker.test(compared, lambda field: lambda found: draw(function, found, maker.assumed))


def _of_nothing(maker: Maker, node: nodes.Comparison, function: nodes.Function) -> bool:
    try:
        return _drawing(maker, node, function)([])
    except SegmentError as error:  # everybody's, which the closures tell
        raise Odd from error


def compiled(
    arguments: Arguments,
    own: Iterable[str],
    head: Iterable[str],
    lines: Iterable[str],
    defaults: tuple[Any, ...] | None = None,
) -> Program:
    """The function of these lines.

    Args:
        arguments: What it takes besides.
        own: Names of what else it is given when it is bound.
        head: The names of what it is called with.
        lines: Its body.
        defaults: Those of the last of what it is called with, if it is called for each person.
    """
    text = "\n".join(f"    {line}" for line in lines)
    words = set(re.findall(r"\w+", text))
    names = tuple(name for name in (*arguments.supplies, *own, "EVENT", *_PLAIN) if name in words)
    locals_ = [] if defaults is not None else [f"{name}=None" for name in names]
    source = f"def run({', '.join((*head, *locals_))}):\n{text}"
    module = compile(source, "<segment>", "exec")
    code = next(constant for constant in module.co_consts if isinstance(constant, CodeType))
    attributes = tuple(arguments.attributes.get(name, name) for name in code.co_names)
    return Program(code.replace(co_names=attributes), names, arguments, defaults)
