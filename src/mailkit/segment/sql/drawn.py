"""What is drawn from events: counts, aggregates, sequences and regularity, each as a CASE inside an aggregate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from mailkit.errors import SegmentError
from mailkit.segment import nodes
from mailkit.segment.language.text import sentence
from mailkit.segment.nodes import Function, Operator
from mailkit.segment.sorts import Sort
from mailkit.segment.spans import INSTANT, Span
from mailkit.segment.spans import moved as later
from mailkit.segment.sql.compare import FALSE, TRUE
from mailkit.segment.sql.exact import within_64_bits
from mailkit.segment.sql.operands import moved, time_of
from mailkit.segment.sql.terms import NUMBERS, Known, Mean, Operand, Term
from mailkit.segment.sql.texts import can_hold
from mailkit.segment.sql.zones import micros
from mailkit.segment.values import instant

if TYPE_CHECKING:
    from mailkit.segment.sql.writer import Place, Writer

__all__ = ["aggregate", "count", "regular", "sequence"]


@attrs.frozen(kw_only=True)
class _Bounds:
    """The bounds of a window, as expressions.

    Attributes:
        start: The first instant; empty if it is open.
        end: The first after it; empty if it is now.
        known: What must be true lest nothing be known of the window.
        closes: When a window that waits has closed; empty if it does not.
    """

    start: str = ""
    end: str = ""
    known: tuple[str, ...] = ()
    closes: str = ""


def level_of(node: nodes.Node) -> int:
    """At which level something is drawn from events: above what its window begins or ends with."""
    inner = 0
    for child in nodes.walk(node):
        if isinstance(child, nodes.Events):
            inner = max(inner, *(level_of(part) for part in _ends(child.window)), 0)
    asks = any(isinstance(child, nodes.Events) for child in nodes.walk(node))
    return inner + 1 if asks else 0


def _ends(window: nodes.Window) -> list[nodes.Value]:
    match window:
        case nodes.Between():
            return [end for end in (window.start, window.end) if end is not None] or []
        case nodes.After():
            return [window.anchor]
        case _:
            return []


def count(writer: Writer, node: nodes.Count) -> str:
    """Whether the number of events is within limits."""
    level = level_of(node)
    among = _bounds(writer, node.events.window, 0, node)
    found = _events(writer, node.events, level, _bounds(writer, node.events.window, level, node))
    number = f"COALESCE({writer.plan.drawn(level, f'SUM(CASE WHEN {found} THEN 1 ELSE 0 END)')}, 0)"
    parts = [*among.known]
    if node.most is not None and among.closes:
        parts.append(f"{among.closes} <= {writer.values.whole(micros(writer.now))}")
    limits = [(Operator.GE, node.least)] if node.least else []
    if node.most is not None:
        limits.append((Operator.LE, node.most))
    for operator, limit in limits:
        threshold = within_64_bits((operator, limit))
        if threshold is not True:
            parts.append(FALSE if threshold is False else f"{number} {operator.value} {threshold[1]}")
    return f"({' AND '.join(parts)})" if parts else TRUE


def aggregate(writer: Writer, node: nodes.Aggregate, place: Place) -> Operand:
    """One value drawn from a property."""
    level = level_of(node)
    own = attrs.evolve(place, kind=node.events.kind, level=level)
    of = writer.value(node.of, own)
    assert isinstance(of, Term)  # a property is a column
    if of.sort is Sort.LIST or (node.function in (Function.SUM, Function.AVG) and of.sort not in NUMBERS):
        raise SegmentError(f"of {of.sort} there is no {node.function}", text=sentence(node))
    found = _events(writer, node.events, level, _bounds(writer, node.events.window, level, node))
    known = _bounds(writer, node.events.window, place.level, node).known
    match node.function:
        case Function.SUM | Function.AVG:
            return _added_up(writer, node, of, found, known, place)
        case Function.DISTINCT:
            sql = _drawn(writer, level, f"COUNT(DISTINCT CASE WHEN {found} THEN {writer.comparer.key(of)} END)", place)
            return Term(sql=_where_known(f"COALESCE({sql}, 0)", known), sort=Sort.INTEGER)
        case Function.MIN | Function.MAX:
            sql = f"{node.function.upper()}(CASE WHEN {found} THEN {writer.comparer.key(of)} END)"
        case _:
            sql = _at_the_end(writer, node, of, found, level)
    return attrs.evolve(of, sql=_where_known(_drawn(writer, level, sql, place), known))


def _added_up(
    writer: Writer, node: nodes.Aggregate, of: Term, found: str, known: tuple[str, ...], place: Place
) -> Operand:
    if of.sort is Sort.FLOAT:
        raise writer.refusal(
            node, "floating numbers are added in no certain order there; store whole numbers, or decimals"
        )
    level = level_of(node)
    wide = of.sql if of.is_numeric else writer.engine.wide.format(of.sql)
    total = _drawn(writer, level, f"SUM(CASE WHEN {found} THEN {wide} END)", place)
    if node.function is Function.SUM:
        return attrs.evolve(of, sql=_where_known(f"COALESCE({total}, 0)", known), is_wide=not of.is_numeric)
    number = _drawn(writer, level, f"COUNT(CASE WHEN {found} THEN {of.sql} END)", place)
    number = f"COALESCE({_where_known(number, known)}, 0)"
    return Mean(sum=attrs.evolve(of, sql=total, is_wide=True), number=number)


def _at_the_end(writer: Writer, node: nodes.Aggregate, of: Term, found: str, level: int) -> str:
    """The value at the earliest or latest event that has one."""
    own, has = writer.plan.own, f"{found} AND {of.sql} IS NOT NULL"
    is_first = node.function is Function.FIRST
    if of.is_seen:
        return f"{'MIN' if is_first else 'MAX'}(CASE WHEN {found} THEN {of.sql} END)"
    _needs_order(writer, node)
    way = "" if is_first else " DESC"
    # A row number over a column: DataFusion 55 fails to plan one over an expression that has a join below it.
    rest = writer.plan.seen_from(level, 1, f"CASE WHEN {has} THEN 0 ELSE 1 END")
    order = f"{rest}, {own}at{way}, {own}order{way}"
    place = writer.plan.seen_from(level, 2, f"ROW_NUMBER() OVER (PARTITION BY {own}person ORDER BY {order})")
    return f"MAX(CASE WHEN {rest} = 0 AND {place} = 1 THEN {writer.comparer.key(of)} END)"


def sequence(writer: Writer, node: nodes.Sequence) -> str:
    """Whether there are such events one after another: read from the last step back.

    Of every event it is known whether a chain of the steps from its own on begins with it; for
    the step before, the next of those is looked for, and the next is the one that is soonest.
    """
    _needs_order(writer, node)
    level = level_of(node)
    chain, absent = _by_steps(node)
    after, stage = "", 0
    for place in reversed(range(len(chain))):
        events, _ = chain[place]
        parts = [_events(writer, events, level, _bounds(writer, events.window, level, node))]
        for step in absent[place]:
            none, seen = _none_after(writer, step, level, node)
            parts.append(none)
            stage = max(stage, seen)
        if after:
            within = chain[place + 1][1]
            parts.append(f"{after} IS NOT NULL")
            if within is not None:
                parts.append(f"{after} < {_end(writer, within, node)}")
        found = " AND ".join(parts)
        if place:
            after, stage = _next(writer, found, level, stage)
    flag = writer.plan.drawn(level, f"MAX(CASE WHEN {found} THEN 1 ELSE 0 END)")
    return f"({' AND '.join([*_bounds(writer, node.first.window, 0, node).known, f'COALESCE({flag}, 0) = 1'])})"


Chain = list[tuple[nodes.Events, Span | None]]


def _by_steps(node: nodes.Sequence) -> tuple[Chain, list[list[nodes.Step]]]:
    """The events that come, each with how soon; and for each of them what does not come after it."""
    chain: Chain = [(node.first, None)]
    absent: list[list[nodes.Step]] = [[]]
    for step in node.steps:
        if step.is_absent:
            absent[-1].append(step)
        else:
            chain.append((step.events, step.within))
            absent.append([])
    return chain, absent


def _none_after(writer: Writer, step: nodes.Step, level: int, node: nodes.Node) -> tuple[str, int]:
    after, stage = _next(writer, _events(writer, step.events, level, _Bounds()), level, 0)
    if step.within is None:
        return f"{after} IS NULL", stage
    end, now = _end(writer, step.within, node), writer.values.whole(micros(writer.now))
    return f"{end} <= {now} AND ({after} IS NULL OR {after} >= {end})", stage


def _next(writer: Writer, found: str, level: int, stage: int) -> tuple[str, int]:
    """The time of the next such event after each, in their order, and the stage at which it is there."""
    own = writer.plan.own
    times = f"MIN(CASE WHEN {found} THEN {own}at END)"
    if writer.engine.follows:
        order = f"PARTITION BY {own}person ORDER BY {own}at, {own}order"
        sql = f"{times} OVER ({order} ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING)"
        return writer.plan.seen_from(level, stage + 1, sql), stage + 1
    order = f"PARTITION BY {own}person ORDER BY {own}at DESC, {own}order DESC"
    sql = f"{times} OVER ({order} ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)"
    from_it_on = writer.plan.seen_from(level, stage + 1, sql)
    order = f"PARTITION BY {own}person ORDER BY {own}at, {own}order"
    return writer.plan.seen_from(level, stage + 2, f"LEAD({from_it_on}) OVER ({order})"), stage + 2


def _end(writer: Writer, within: Span, node: nodes.Node) -> str:
    at = Term(sql=f"{writer.plan.own}at", sort=Sort.TIME)
    return moved(writer, at, within, node, is_forward=True).sql


def regular(writer: Writer, node: nodes.Regular) -> str:
    """Whether something happened in so many of the last periods: their numbers are counted."""
    found = _events(writer, node.events, 1, _Bounds())
    at = f"{writer.plan.own}at"
    starts = [micros(Span(count=number, unit=node.unit).before(writer.now)) for number in range(1, node.of + 1)]
    period = " ".join(f"WHEN {at} > {start} THEN {number}" for number, start in enumerate(starts, 1))
    drawn = writer.plan.drawn(1, f"COUNT(DISTINCT CASE WHEN {found} THEN CASE {period} END END)")
    return f"COALESCE({drawn}, 0) >= {node.least}"


def _events(writer: Writer, events: nodes.Events, level: int, bounds: _Bounds) -> str:
    """The condition, at an event, that it is one of those asked for."""
    from mailkit.segment.sql.writer import Place

    if not can_hold(events.kind, writer.dialect):
        return FALSE
    place, at = Place(kind=events.kind, level=level), f"{writer.plan.own}at"
    kind = writer.value(nodes.Field(path=("kind",)), Place(kind="", level=level))
    assert isinstance(kind, Term)
    given = writer.values.text(events.kind)
    writer.plan.kinds.append(given)
    parts = [f"{writer.comparer.key(kind)} = {given}"]
    parts += [f"{at} >= {bounds.start}"] if bounds.start else []
    parts += [f"{at} < {bounds.end}"] if bounds.end else []
    if events.where is not None:
        parts.append(writer.condition(events.where, place))
    return " AND ".join(parts)


def _bounds(writer: Writer, window: nodes.Window, level: int, node: nodes.Node) -> _Bounds:
    """The bounds as seen from a level's events, or, at 0, from among people."""
    match window:
        case nodes.Last():
            first = later(window.span.before(writer.now), INSTANT)
            return _Bounds(start=writer.values.whole(micros(first)))
        case nodes.Between():
            start, known = _bound(writer, window.start, level)
            end, also = _bound(writer, window.end, level)
            return _Bounds(start=start, end=end, known=(*known, *also))
        case nodes.After():
            return _after(writer, window, level, node)
        case _:
            return _Bounds()


def _bound(writer: Writer, value: nodes.Value | None, level: int) -> tuple[str, tuple[str, ...]]:
    from mailkit.segment.sql.writer import Place

    if value is None:
        return "", ()
    operand = writer.value(value, Place(level=level))
    if isinstance(operand, Known):
        return writer.values.whole(micros(instant(operand.value, writer.assumed))), ()
    time = time_of(writer, operand, value)
    assert isinstance(time, Term)
    return time.sql, (f"{time.sql} IS NOT NULL",)


def _after(writer: Writer, window: nodes.After, level: int, node: nodes.Node) -> _Bounds:
    from mailkit.segment.sql.writer import Place

    anchor = writer.value(window.anchor, Place(level=level))
    if isinstance(anchor, Known):
        start = instant(anchor.value, writer.assumed)
        first, end = (writer.values.whole(micros(at)) for at in (start, window.span.after(start)))
        return _Bounds(start=first, end=end, closes=end)
    time = time_of(writer, anchor, window.anchor)
    assert isinstance(time, Term)
    end = moved(writer, time, window.span, node, is_forward=True).sql
    return _Bounds(start=time.sql, end=end, known=(f"{time.sql} IS NOT NULL",), closes=end)


def _needs_order(writer: Writer, node: nodes.Node) -> None:
    if writer.columns.order is None:
        reason = "which of several events at one instant is the first is not told; give Columns(order=...)"
        raise writer.refusal(node, reason)


def _drawn(writer: Writer, level: int, sql: str, place: Place) -> str:
    name = writer.plan.drawn(level, sql)
    return writer.plan.joined(name) if place.level else name


def _where_known(sql: str, known: tuple[str, ...]) -> str:
    return f"(CASE WHEN {' AND '.join(known)} THEN {sql} END)" if known else sql
