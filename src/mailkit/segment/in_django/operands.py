"""The values of the tree as expressions of Django, or as constants."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias

import attrs
from django.db.models import Case, DateTimeField, ExpressionWrapper, Value, When
from django.db.models.lookups import GreaterThanOrEqual, IsNull, LessThanOrEqual

from mailkit.errors import SegmentError
from mailkit.segment import nodes
from mailkit.segment.in_django.asking import Asking, Scope, Term
from mailkit.segment.language.text import sentence
from mailkit.segment.nodes import walk
from mailkit.segment.running.evaluate import Maker
from mailkit.segment.running.subjects import of_person
from mailkit.segment.sorts import Sort
from mailkit.segment.spans import EARLIEST, LATEST, Span, Unit
from mailkit.segment.values import instant

__all__ = ["Known", "Operand", "Operands"]

_UNITS: Final = {
    Unit.SECOND: timedelta(seconds=1),
    Unit.MINUTE: timedelta(minutes=1),
    Unit.HOUR: timedelta(hours=1),
    Unit.DAY: timedelta(days=1),
    Unit.WEEK: timedelta(weeks=1),
}
_WHY_NOT: Final[Mapping[type, str]] = {
    nodes.PartOf: "it has no clocks and calendars of zones that are surely Python's",
    nodes.Begin: "it has no calendars of zones that are surely Python's",
    nodes.Folded: "it folds letters in another way",
    nodes.Size: "it counts other characters",
    nodes.Distance: "it rounds in another way",
    nodes.Bucket: "Django has no hash of this kind",
    nodes.Aggregate: "values drawn from events stand there within other conditions about events",
}


@attrs.frozen
class Known:
    """A constant, worked out. None is null: no zone of a constant is."""

    value: Any


Operand: TypeAlias = Term | Known


class Operands:
    """Makes operands of values."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking
        self.maker = Maker(now=asking.now, assumed=asking.assumed, person=lambda: None, history=tuple)

    def of(self, node: nodes.Value, scope: Scope) -> Operand:
        """The operand; fields are those of the scope."""
        if isinstance(node, nodes.Constant) and not isinstance(node.value, datetime):
            return Known(node.value)
        if not varies(node):
            return Known(self.maker.value(node, of_person)(None))
        match node:
            case nodes.Field():
                return scope.term(node)
            case nodes.Shift():
                return self.moved(self.of(node.base, scope), node.span, node, is_forward=node.is_forward)
            case _:
                raise self._asking.refusal(node, _WHY_NOT[type(node)])

    def time(self, node: nodes.Value, scope: Scope) -> Operand:
        """The operand, which is an instant."""
        found = self.of(node, scope)
        if isinstance(found, Known):
            return Known(instant(found.value, self._asking.assumed))
        self._check_time(found, node)
        return found

    def moved(self, base: Operand, span: Span, node: nodes.Node, *, is_forward: bool) -> Operand:
        """An instant so long after another or before it, which stops at the ends of the calendar."""
        if isinstance(base, Known):
            return Known((span.after if is_forward else span.before)(base.value))
        self._check_time(base, node)
        if span.unit not in _UNITS:
            raise self._asking.refusal(node, "it counts months in another way")
        length = span.count * _UNITS[span.unit] if span.count < 10**6 else LATEST - EARLIEST
        length = min(length, LATEST - EARLIEST)
        end = LATEST if is_forward else EARLIEST
        if is_forward:
            fits, there = LessThanOrEqual(base.expression, Value(LATEST - length)), base.expression + length
        else:
            fits, there = GreaterThanOrEqual(base.expression, Value(EARLIEST + length)), base.expression - length
        kind = DateTimeField()
        expression = Case(  # which, unlike "and", surely does not work out what does not fit
            When(fits, then=ExpressionWrapper(there, output_field=kind)),
            When(IsNull(base.expression, False), then=Value(end, output_field=kind)),
            default=Value(None, output_field=kind),
            output_field=kind,
        )
        return Term(expression=expression, sort=Sort.TIME)

    def _check_time(self, term: Term, node: nodes.Node) -> None:
        if term.sort is Sort.DATE:
            raise self._asking.refusal(node, "a date begins at another instant in every zone")
        if term.sort is not Sort.TIME:
            raise SegmentError(f"{sentence(node)} is not a time", text=sentence(node))


def varies(node: nodes.Node) -> bool:
    """Whether it differs from person to person."""
    return any(isinstance(inner, nodes.Field | nodes.Events) for inner in walk(node))
