"""The tree, made into conditions of Django."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from functools import reduce
from operator import and_, or_
from typing import Final, TypeAlias, assert_never

from django.db.models import Q, Value
from django.db.models.functions import ExtractDay, ExtractMonth
from django.db.models.lookups import In, IsNull, LessThan

from mailkit.segment import nodes
from mailkit.segment.binding import unbound
from mailkit.segment.in_django.asking import Asking, Scope, Term
from mailkit.segment.in_django.comparing import FALSE, TRUE, Comparing
from mailkit.segment.in_django.occurring import Occurring
from mailkit.segment.in_django.operands import Known, Operand, Operands, varies
from mailkit.segment.sorts import Sort
from mailkit.segment.sql.exact import MIRRORED
from mailkit.segment.values import zone

__all__ = ["Conditions"]


Leaf: TypeAlias = (
    nodes.Comparison
    | nodes.OneOf
    | nodes.TextTest
    | nodes.IsNull
    | nodes.Anniversary
    | nodes.Count
    | nodes.Sequence
    | nodes.Regular
)

_NO_CALENDARS: Final = "it has no calendars of zones that are surely Python's"


class Conditions:
    """Makes conditions as the database behind Django needs them."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking
        self._operands, self._comparing = Operands(asking), Comparing(asking)
        self._events = Occurring(asking, self._operands, self._comparing, self.condition)

    def condition(self, node: nodes.Condition, scope: Scope) -> Q:
        """The condition; it is never null, so that its negation is the true complement."""
        match node:
            case nodes.And(parts=parts):
                return reduce(and_, (self.condition(part, scope) for part in parts))
            case nodes.Or(parts=parts):
                return reduce(or_, (self.condition(part, scope) for part in parts))
            case nodes.Not(part=part):
                return ~self.condition(part, scope)
            case nodes.Member():
                raise unbound(node, node.name)
            case _:
                self._asking.check(node)
                return self._leaf(node, scope) if varies(node) else self._constant(node)

    def _constant(self, node: nodes.Condition) -> Q:
        return TRUE if self._operands.maker.test(node)(None) else FALSE

    def _leaf(self, node: Leaf, scope: Scope) -> Q:
        match node:
            case nodes.Comparison():
                return self._comparison(node, scope)
            case nodes.OneOf():
                options = [self._operands.of(option, scope) for option in node.options]
                values = [option.value for option in options if isinstance(option, Known)]
                return self._of(node.value, scope, lambda term: self._comparing.among(term, values, node))
            case nodes.TextTest():
                what = node.what.value
                return self._of(node.value, scope, lambda term: self._comparing.searched(term, node.match, what, node))
            case nodes.IsNull():
                return self._is_null(node, scope)
            case nodes.Anniversary():
                if not isinstance(node.zone, nodes.Constant):  # so that what varies is the date below
                    raise self._asking.refusal(node, _NO_CALENDARS)
                return self._of(node.of, scope, lambda term: self._anniversary(term, node))
            case nodes.Count():
                return self._events.counted(node, scope)
            case nodes.Sequence() | nodes.Regular():
                raise self._asking.refusal(node, "Django is not asked about orders of events; to_sql is")
            case _ as never:
                assert_never(never)

    def _operand(self, node: nodes.Value, scope: Scope) -> tuple[Operand, Q]:
        """The operand, and what must be true for it not to be null without its being so."""
        if isinstance(node, nodes.Aggregate):
            return self._events.drawn(node, scope)
        return self._operands.of(node, scope), TRUE

    def _of(self, node: nodes.Value, scope: Scope, make: Callable[[Term], Q]) -> Q:
        operand, known = self._operand(node, scope)
        assert isinstance(operand, Term)
        return known & make(operand)

    def _comparison(self, node: nodes.Comparison, scope: Scope) -> Q:
        left, one_known = self._operand(node.left, scope)
        right, other_known = self._operand(node.right, scope)
        how, known = node.operator, one_known & other_known
        if isinstance(left, Known):
            left, right, how = right, left, MIRRORED[how]
        assert isinstance(left, Term)
        if isinstance(right, Term):
            return known & self._comparing.between(left, how, right, node)
        return known & self._comparing.against(left, how, right.value, node)

    def _is_null(self, node: nodes.IsNull, scope: Scope) -> Q:
        if isinstance(node.value, nodes.Field):
            path, field = scope.reached(node.value.path, node)
            if field.is_relation and not path.endswith(field.attname):
                return Q(IsNull(scope.reference(path), True))
        return ~self._of(node.value, scope, self._comparing.known)

    def _anniversary(self, term: Term, node: nodes.Anniversary) -> Q:
        if term.sort is not Sort.DATE:
            raise self._asking.refusal(node, _NO_CALENDARS)
        assert isinstance(node.zone, nodes.Constant)
        today = self._asking.now.astimezone(zone(node.zone.value)).date()
        by_year: dict[int, set[int]] = {}
        for days in range(-node.last, node.next + 1):
            try:
                day = today + timedelta(days=days)
            except OverflowError:
                continue
            by_year.setdefault(day.year, set()).update(_days_kept_on(day))
        month_and_day = ExtractMonth(term.expression) * Value(100) + ExtractDay(term.expression)
        found = FALSE
        for year, kept in by_year.items():
            found = found | Q(In(month_and_day, sorted(kept))) & Q(LessThan(term.expression, Value(date(year, 1, 1))))
        return self._comparing.known(term) & found


def _days_kept_on(day: date) -> list[int]:
    """The days that have an anniversary on this one, as 100 times the month and the day."""
    own = day.month * 100 + day.day
    is_common = (day.year % 4 != 0 or day.year % 100 == 0) and day.year % 400 != 0
    return [own, 229] if own == 228 and is_common else [own]
