"""Events and records that might be: what a thing must be like for a condition to be true of it.

Nothing here is claimed. What is supposed is only a candidate; whoever uses it asks the segment
again, and tells what it then answers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any, TypeAlias

import attrs

from mailkit.segment import nodes
from mailkit.segment.language.text import sentence
from mailkit.segment.lasting.validity import Judgement
from mailkit.segment.nodes import Function, Operator, TextMatch
from mailkit.segment.running.access import read
from mailkit.segment.values import is_null, sort

Later: TypeAlias = Callable[[nodes.Aggregate], Any]

__all__ = ["Altered", "Supposed", "fitting", "supposed_events"]


@attrs.frozen(kw_only=True)
class Supposed:
    """An event that might happen.

    Attributes:
        kind: What happens.
        where: What is asked of such events; the properties are meant to fulfil it, and need not.
        told: It in words, in the segment's own spelling.
        properties: What it is like.
    """

    kind: str
    where: nodes.Condition | None
    told: str
    properties: dict[str, Any]


class Altered(Mapping[str, Any]):
    """A record in which one field has another value; nothing else is different, and the record is not touched."""

    def __init__(self, record: Any, path: tuple[str, ...], value: Any) -> None:
        self._record, self._name = record, path[0]
        inner = read(record, (path[0],), is_optional=True) if len(path) > 1 else None
        self._value = value if len(path) == 1 else Altered(inner if inner is not None else {}, path[1:], value)

    def get(self, name: str, default: Any = None) -> Any:
        """The field's value."""
        return self._value if name == self._name else read(self._record, (name,), is_optional=True)

    def __getitem__(self, name: str) -> Any:
        return self.get(name)

    def __iter__(self) -> Iterator[str]:
        return iter((self._name,))

    def __len__(self) -> int:
        return 1


def supposed_events(leaves: Iterable[Judgement], later: Later) -> dict[str, list[Supposed]]:
    """For each sort of event that is asked about, what one more of it might be like, the plainest first.

    Args:
        leaves: How the conditions stand.
        later: What is drawn from the events at the instant that matters, if no more of them happen.
    """
    found: dict[str, list[Supposed]] = {}
    for leaf in leaves:
        node = leaf.node
        if isinstance(node, nodes.Comparison):
            (left, right), values = (node.left, node.right), leaf.values
            for inner, own, other in ((left, *values), (right, *reversed(values))):
                if isinstance(inner, nodes.Aggregate):
                    _add(found, inner.events, _of_aggregate(inner, (own, later(inner)), other))
        for inner in nodes.walk(node):
            if isinstance(inner, nodes.Events):
                _add(found, inner, [])
    return found


def _add(found: dict[str, list[Supposed]], events: nodes.Events, more: list[tuple[str, dict[str, Any]]]) -> None:
    properties = dict(_fulfilling(events.where)) if events.where is not None else {}
    told = sentence(nodes.Events(kind=events.kind, where=events.where))
    several = found.setdefault(told, [])
    for words, also in [("", {}), *more]:
        one = Supposed(kind=events.kind, where=events.where, told=told + words, properties={**properties, **also})
        if one not in several:
            several.append(one)


def _of_aggregate(node: nodes.Aggregate, own: tuple[Any, Any], other: Any) -> list[tuple[str, dict[str, Any]]]:
    """What the property may be that is drawn from, if the value drawn is to come to the other one."""
    name = node.of.path[0]
    if len(node.of.path) > 1 or name == "at":
        return []
    if node.function is Function.DISTINCT:
        return [(f" with another {sentence(node.of)}", {name: "one that there is not yet"})]
    if is_null(other) or not sort(other):
        return []
    values = (
        [*_lacking(own[0], other), *_lacking(own[1], other)]
        if node.function is Function.SUM
        else [other, _more(other), _less(other)]
    )
    return [
        (f" with {sentence(node.of)} {sentence(nodes.Constant(value=value))}", {name: value})
        for value in values
        if value is not None
    ]


def _lacking(own: Any, other: Any) -> list[Any]:
    """What would bring a sum to a number, and past it, in whole hundredths."""
    lacking = math.nan if is_null(own) else float(other) - float(own)
    if not math.isfinite(lacking) or lacking < 0:
        return []
    least = math.ceil(lacking * 100)
    return [number // 100 if number % 100 == 0 else number / 100 for number in (least, least + 1)]


def _fulfilling(where: nodes.Condition) -> Iterator[tuple[str, Any]]:
    """Properties that may make it true, as far as such are at hand."""
    match where:
        case nodes.And():
            for part in where.parts:
                yield from _fulfilling(part)
        case nodes.Or():
            yield from _fulfilling(where.parts[0])
        case _:
            path, values = fitting(where) or ((), [])
            if len(path) == 1:
                yield path[0], values[0]


def fitting(condition: nodes.Condition) -> tuple[tuple[str, ...], list[Any]] | None:
    """The path of the one field that a plain condition is about, with values that may fulfil it; None if unknown."""
    match condition:
        case nodes.Comparison(left=nodes.Field() as field, right=nodes.Constant() as constant):
            return _values(field, condition.operator, constant.value)
        case nodes.OneOf(value=nodes.Field() as field) if condition.options:
            return field.path, [option.value for option in condition.options[:1]]
        case nodes.TextTest(value=nodes.Field() as field) if condition.match is not TextMatch.MATCHES:
            return field.path, [condition.what.value, [condition.what.value]]
        case nodes.IsNull(value=nodes.Field() as field):
            return field.path, [None]
        case nodes.Not(part=nodes.Comparison(left=nodes.Field() as field, right=nodes.Constant() as constant)):
            return field.path, [near for near in (_more(constant.value), _less(constant.value)) if near is not None]
        case _:
            return None


def _values(field: nodes.Field, operator: Operator, value: Any) -> tuple[tuple[str, ...], list[Any]] | None:
    match operator:
        case Operator.EQ | Operator.LE | Operator.GE:
            return field.path, [value]
        case Operator.NE:
            found = [_more(value), _less(value)]
        case Operator.GT:
            found = [_more(value)]
        case _:
            found = [_less(value)]
    known = [near for near in found if near is not None]
    return (field.path, known) if known else None


def _more(value: Any) -> Any:
    """A value that comes after it, as far as one is at hand."""
    if isinstance(value, bool):
        return True if not value else None
    if isinstance(value, str):
        return f"{value}a"
    return _moved(value, 1)


def _less(value: Any) -> Any:
    if isinstance(value, bool):
        return False if value else None
    if isinstance(value, str):
        return ""
    return _moved(value, -1)


def _moved(value: Any, by: int) -> Any:
    try:
        return value + timedelta(days=by) if isinstance(value, date) else value + by
    except (OverflowError, ArithmeticError):
        return None
