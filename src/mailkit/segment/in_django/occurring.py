"""Conditions about events, and values drawn from them, as subqueries of the model that keeps them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

import attrs
from django.db.models import (
    BigIntegerField,
    Count,
    DecimalField,
    Exists,
    FloatField,
    Max,
    Min,
    Q,
    Subquery,
    Sum,
    TextField,
    Value,
)
from django.db.models.functions import Cast, Coalesce, Round
from django.db.models.lookups import GreaterThanOrEqual, LessThan, LessThanOrEqual

from mailkit.errors import SegmentError, did_you_mean, shorten
from mailkit.segment import nodes
from mailkit.segment.declared.mapped import is_model
from mailkit.segment.in_django.asking import Asking, Scope, Term
from mailkit.segment.in_django.comparing import FALSE, TRUE, Comparing
from mailkit.segment.in_django.operands import Known, Operand, Operands
from mailkit.segment.language.text import sentence
from mailkit.segment.nodes import Function
from mailkit.segment.sorts import Sort
from mailkit.segment.spans import EARLIEST, INSTANT, moved

__all__ = ["Occurring"]

Where: TypeAlias = Callable[[nodes.Condition, Scope], Q]

_WORDS: Final = ("model", "person", "kind", "at", "order", "properties")
_MOST: Final = 2**31
_NUMBERS: Final = (Sort.INTEGER, Sort.DECIMAL)


@attrs.frozen
class _Kept:
    """Where events of a kind are kept."""

    scope: Scope
    person: str
    at: Term
    order: str
    fixed: Mapping[str, Any]


@attrs.frozen
class _Window:
    """The bounds of a window, of which either may be a constant."""

    start: Operand
    end: Operand


class Occurring:
    """Asks about events; `where` makes conditions of what must be true of one."""

    def __init__(self, asking: Asking, operands: Operands, comparing: Comparing, where: Where) -> None:
        self._asking, self._operands, self._comparing, self._where = asking, operands, comparing, where
        self._end = moved(asking.now, INSTANT)

    def counted(self, node: nodes.Count, scope: Scope) -> Q:
        """Whether the number of events is within the limits."""
        window = self._window(node.events.window, scope, node)
        waits = node.most is not None and isinstance(node.events.window, nodes.After)
        asked = self._known(window)
        if waits:
            asked &= self._until_now(window.end)
        asked &= self._at_least(node.least, node.events, scope)
        return asked if node.most is None else asked & ~self._at_least(node.most + 1, node.events, scope)

    def drawn(self, node: nodes.Aggregate, scope: Scope) -> tuple[Term, Q]:
        """The value drawn, and whether its window is known."""
        kept = self._kept(node.events, node)
        found = self._found(node.events, kept, scope)
        term = kept.scope.term(node.of)
        known = self._known(self._window(node.events.window, scope, node))
        if node.function in (Function.FIRST, Function.LAST):
            return self._first(node, found, kept, term), known
        kind, drawn = self._aggregate(node, term)
        rows = found.filter(self._comparing.known(term)).order_by().values(kept.person).annotate(drawn_=drawn)
        value: Any = Subquery(rows.values("drawn_"))
        if node.function in (Function.SUM, Function.DISTINCT):
            field = BigIntegerField() if kind.is_scaled or kind.sort is Sort.INTEGER else DecimalField()
            value = Coalesce(value, Value(0, output_field=field), output_field=field)
        return attrs.evolve(kind, expression=value), known

    def _aggregate(self, node: nodes.Aggregate, term: Term) -> tuple[Term, Any]:
        """The term of what comes out, without its expression; and Django's aggregate."""
        sort, field = term.sort, term.expression
        match node.function:
            case Function.DISTINCT:
                if sort is Sort.FLOAT:
                    raise self._asking.refusal(node, "it may keep several zeros and numbers that are none")
                return Term(expression=None, sort=Sort.INTEGER), Count(field, distinct=True)
            case Function.MIN | Function.MAX:
                if sort in (Sort.TRUTH, Sort.TEXT) and self._asking.vendor != "sqlite":
                    raise self._asking.refusal(node, f"it has no {node.function} of {sort} as Python has it")
                return term, (Min if node.function is Function.MIN else Max)(field)
            case Function.SUM if sort is Sort.INTEGER:
                return Term(expression=None, sort=Sort.INTEGER), Sum(field)
            case Function.SUM if sort is Sort.DECIMAL:
                if self._asking.vendor != "sqlite":
                    return attrs.evolve(term, digits=None), Sum(field)
                parts = Round(Cast(field, FloatField()) * 10**term.places)  # whole ones, since it would round the sum
                return attrs.evolve(term, digits=None, is_scaled=True), Sum(Cast(parts, BigIntegerField()))
            case _:
                if sort not in (*_NUMBERS, Sort.FLOAT):
                    reason = f"{sentence(node.of)} is not a number, and only numbers have a sum or a mean"
                    raise SegmentError(reason, text=sentence(node))
                raise self._asking.refusal(node, f"it rounds the {node.function} in another way")

    def _first(self, node: nodes.Aggregate, found: Any, kept: _Kept, term: Term) -> Term:
        sign = "" if node.function is Function.FIRST else "-"
        at = kept.at.expression.name
        rows = found.filter(self._comparing.known(term)).order_by(f"{sign}{at}", f"{sign}{kept.order}")
        return attrs.evolve(term, expression=Subquery(rows.values(term.expression.name)[:1]))

    def _at_least(self, times: int, events: nodes.Events, scope: Scope) -> Q:
        if times <= 0:
            return TRUE
        if times >= _MOST:
            return FALSE
        found = self._found(events, self._kept(events, events), scope)
        return Q(Exists(found if times == 1 else found.order_by()[times - 1 : times]))

    def _found(self, events: nodes.Events, kept: _Kept, scope: Scope) -> Any:
        """The events as a queryset, which refers to the person outside."""
        window = self._window(events.window, scope.outside(), events)
        rows = kept.scope.model._default_manager.using(self._asking.database).filter(**kept.fixed)
        rows = rows.filter(**{kept.person: self._identity(kept, scope.outside(), events)})
        at = kept.at.expression
        rows = rows.filter(Q(GreaterThanOrEqual(at, _value(window.start))), Q(LessThan(at, _value(window.end))))
        rows = rows.filter(Q(LessThanOrEqual(at, Value(self._asking.now))))
        return rows if events.where is None else rows.filter(self._where(events.where, kept.scope))

    def _identity(self, kept: _Kept, outside: Scope, node: nodes.Node) -> Any:
        """The person's id, as the model of events has it."""
        _, theirs = kept.scope.reached(tuple(kept.person.split("__")), node)
        if theirs.is_relation and issubclass(self._asking.person.model, theirs.related_model):
            return outside.reference(theirs.target_field.attname)
        key = outside.term(nodes.Field(path=(self._asking.key,)))
        there = kept.scope.term(nodes.Field(path=tuple(kept.person.split("__"))))
        if key.sort is there.sort and key.sort in (Sort.INTEGER, Sort.TEXT):
            return key.expression
        if (key.sort, there.sort) == (Sort.INTEGER, Sort.TEXT):
            return Cast(key.expression, TextField())
        raise self._asking.refusal(node, f"the person's {key.sort} is not the event's {there.sort}")

    def _kept(self, events: nodes.Events, node: nodes.Node) -> _Kept:
        said = self._asking.events
        if said is None:
            raise SegmentError("this asks about events: give events=", text=sentence(node))
        if "model" not in said:
            if events.kind not in said:
                mend = did_you_mean(events.kind, said) or f"; there are {', '.join(map(str, said))}"
                raise SegmentError(f"events= does not say where {events.kind!r} is kept{mend}", text=sentence(node))
            said = said[events.kind]
        model = said.get("model") if isinstance(said, Mapping) else None
        if not isinstance(model, type) or not is_model(model) or "person" not in said:
            reason = f"{shorten(said)} does not say in which model events are, and which field is the person"
            raise SegmentError(reason, text=sentence(node))
        for word in said:
            if word not in _WORDS:
                mend = did_you_mean(str(word), _WORDS) or f"; there are {', '.join(_WORDS)}"
                raise SegmentError(f"events= has no {word!r}{mend}", text=sentence(node))
        return self._scope(said, model, events, node)

    def _scope(self, said: Mapping[str, Any], model: Any, events: nodes.Events, node: nodes.Node) -> _Kept:
        at = said.get("at", "at")
        scope = Scope(self._asking, model, names={**said.get("properties", {}), "at": at})
        term = scope.term(nodes.Field(path=("at",)))
        if term.sort is not Sort.TIME:
            raise self._asking.refusal(node, f"{at} is not a time")
        fixed = {}
        if "kind" in said:
            kind, _ = scope.reached((said["kind"],), node)
            fixed[kind] = self._comparing.text(events.kind, node)
        person, field = scope.reached((said["person"],), node)
        person = person if not field.is_relation or person.endswith(field.attname) else f"{person}_id"
        order, _ = scope.reached((said.get("order", "pk"),), node)
        return _Kept(scope, person, term, order, fixed)

    def _window(self, window: nodes.Window, scope: Scope, node: nodes.Node) -> _Window:
        match window:
            case nodes.Between():
                start = Known(EARLIEST) if window.start is None else self._operands.time(window.start, scope)
                end = Known(self._end) if window.end is None else self._operands.time(window.end, scope)
                return _Window(start, end)
            case nodes.After():
                anchor = self._operands.time(window.anchor, scope)
                return _Window(anchor, self._operands.moved(anchor, window.span, node, is_forward=True))
            case nodes.Last():
                return _Window(Known(moved(window.span.before(self._asking.now), INSTANT)), Known(self._end))
            case _:
                return _Window(Known(EARLIEST), Known(self._end))

    def _known(self, window: _Window) -> Q:
        found = TRUE
        for bound in (window.start, window.end):
            if isinstance(bound, Term):
                found = found & self._comparing.known(bound)
        return found

    def _until_now(self, end: Operand) -> Q:
        if isinstance(end, Known):
            return TRUE if end.value <= self._asking.now else FALSE
        return self._comparing.against(end, nodes.Operator.LE, self._asking.now, nodes.Now())


def _value(bound: Operand) -> Any:
    return bound.expression if isinstance(bound, Term) else Value(bound.value)
