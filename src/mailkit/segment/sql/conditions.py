"""Conditions about one record, or one event: each is true or false, and never null."""

from __future__ import annotations

from calendar import isleap
from datetime import MAXYEAR, date, timedelta
from typing import TYPE_CHECKING, Any

from mailkit.errors import SegmentError, shorten
from mailkit.segment import nodes
from mailkit.segment.language.text import sentence
from mailkit.segment.nodes import Operator, TextMatch
from mailkit.segment.running.calendars import wall
from mailkit.segment.sorts import Sort
from mailkit.segment.sql.compare import FALSE, TRUE
from mailkit.segment.sql.exact import against_whole, fraction, within_64_bits
from mailkit.segment.sql.operands import day_of, month_and_day, year
from mailkit.segment.sql.terms import NUMBERS, Known, Mean, Share, Term
from mailkit.segment.sql.texts import can_hold
from mailkit.segment.values import sort, zone

if TYPE_CHECKING:
    from mailkit.segment.sql.writer import Place, Writer

__all__ = ["anniversary", "comparison", "is_null", "one_of", "text_test"]


def comparison(writer: Writer, node: nodes.Comparison, place: Place) -> str:
    """How two values stand to each other."""
    left, right = writer.value(node.left, place), writer.value(node.right, place)
    if isinstance(left, Known) and isinstance(right, Known):
        return TRUE if writer.holds(node) else FALSE
    return writer.comparer.compared(left, node.operator, right, node)


def is_null(writer: Writer, node: nodes.IsNull, place: Place) -> str:
    """Whether nothing is known."""
    match value := writer.value(node.value, place):
        case Known():
            return TRUE if writer.holds(node) else FALSE
        case Mean():
            return f"{value.number} = 0"
        case Share():
            return f"{value.digits} IS NULL"
        case _:
            return f"{value.sql} IS NULL"


def one_of(writer: Writer, node: nodes.OneOf, place: Place) -> str:
    """Whether a value is one of several: of those of its own sort, if there are some."""
    value = writer.value(node.value, place)
    if isinstance(value, Known):
        return TRUE if writer.holds(node) else FALSE
    options = [writer.constant(option) for option in node.options]
    sorts = _kin(value)
    own = [option for option in options if sort(option) in sorts]
    if options and not own:
        raise SegmentError(f"{shorten(options[0])} is none of its values, which are {sorts[0]}", text=sentence(node))
    if isinstance(value, Term):
        return writer.comparer.equal_to_any(value, own, node)
    found = [writer.comparer.compared(value, Operator.EQ, Known(option), node) for option in own]
    return f"({' OR '.join(found)})" if found else FALSE


def _kin(value: Term | Mean | Share) -> tuple[str, ...]:
    if not isinstance(value, Term) or value.sort in NUMBERS:
        return ("a number",)
    kin = {Sort.TEXT: ("text",), Sort.TRUTH: ("a truth value",), Sort.DATE: ("a date", "a time")}
    return kin.get(value.sort, ("a time", "a date") if value.sort is Sort.TIME else ("a list",))


def text_test(writer: Writer, node: nodes.TextTest, place: Place) -> str:
    """Whether a text has another in it, or a list an item."""
    value, what = writer.value(node.value, place), writer.constant(node.what)
    if isinstance(value, Known):
        return TRUE if writer.holds(node) else FALSE
    if isinstance(value, Term) and value.sort is Sort.LIST and node.match is TextMatch.CONTAINS:
        return _has_item(writer, node, value, what)
    if not isinstance(value, Term) or value.sort is not Sort.TEXT or not isinstance(what, str):
        raise SegmentError("only a text is searched for a text, and only a list for an item", text=sentence(node))
    if node.match is TextMatch.MATCHES:
        raise writer.refusal(node, "its regular expressions are others than those of Python")
    if not can_hold(what, writer.dialect):
        return FALSE
    if not what:
        return f"{value.sql} IS NOT NULL"
    engine = writer.engine
    templates = {
        TextMatch.CONTAINS: engine.contains,
        TextMatch.STARTS_WITH: engine.starts,
        TextMatch.ENDS_WITH: engine.ends,
    }
    found = templates[node.match].format(value.sql, writer.values.text(what))
    return f"({value.sql} IS NOT NULL AND {found})"


def _has_item(writer: Writer, node: nodes.TextTest, value: Term, what: Any) -> str:
    template = writer.engine.has_item
    if template is None:
        raise writer.refusal(node, "it has no lists")
    assert value.items is not None  # a column of lists says it
    if sort(what) not in _kin(Term(sql="", sort=value.items)):
        raise SegmentError(f"{shorten(what)} is none of its items, which are of {value.items}", text=sentence(node))
    match value.items:
        case Sort.TEXT:
            if not can_hold(what, writer.dialect):
                return FALSE
            item = writer.values.text(what)
        case Sort.TRUTH:
            item = "TRUE" if what else "FALSE"
        case Sort.INTEGER:
            threshold = within_64_bits(against_whole(Operator.EQ, fraction(what, by_digits=False)))
            if isinstance(threshold, bool):
                return FALSE
            item = writer.values.whole(threshold[1])
        case _:
            raise writer.refusal(node, f"items that are of {value.items} are not found exactly there")
    found = template.format(value.sql, item)
    return f"(CASE WHEN {value.sql} IS NOT NULL AND {found} THEN 1 ELSE 0 END = 1)"


def anniversary(writer: Writer, node: nodes.Anniversary, place: Place) -> str:
    """Whether an anniversary is near: month and day are among those near today, and the year is an earlier one."""
    of = writer.value(node.of, place)
    if isinstance(node.zone, nodes.Field):
        raise writer.refusal(node, "it would need to know what day it is in each person's own zone")
    if isinstance(of, Known):
        return TRUE if writer.holds(node) else FALSE
    if not isinstance(of, Term) or of.sort not in (Sort.DATE, Sort.TIME):
        raise SegmentError("only a date has anniversaries", text=sentence(node))
    where = zone(node.zone.value)
    assert where is not None  # of a name there is a zone, or an error
    today = wall(writer.now, where).date()
    day = day_of(writer, of, node.zone, node)
    month, its_year = month_and_day(writer, day), year(writer, day)
    near = [
        f"{month} BETWEEN {first} AND {last} AND {its_year} < {which}"
        for which in (today.year - 1, today.year, today.year + 1)
        for first, last in _days_near(today, which, node.last, node.next)
    ]
    return f"({of.sql} IS NOT NULL AND ({' OR '.join(near)}))"


def _days_near(today: date, year: int, last: int, next_days: int) -> list[tuple[int, int]]:
    """From which day to which of that year it is near, as a hundred times the month and the day; none if it is not."""
    found = []
    for days in range(-last, next_days + 1):
        try:
            day = today + timedelta(days=days)
        except OverflowError:
            continue
        if day.year == year <= MAXYEAR:
            found.append(day.month * 100 + day.day)
    if not found:
        return []
    is_to_28 = found[-1] == 228 and not isleap(year)  # of 29 February, the anniversary is then on the 28th
    return [(found[0], 229 if is_to_28 else found[-1])]
