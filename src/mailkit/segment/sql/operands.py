"""Values that are worked out of others: shifted times, parts of a time, sizes, stable shares.

Calendars are whole-number arithmetic here, so that no engine's own calendar has a say: a day is
a number of days, and its year, month and day of the month come out of divisions.
"""

from __future__ import annotations

from datetime import MAXYEAR, UTC, datetime
from typing import TYPE_CHECKING, Final

from mailkit.errors import SegmentError
from mailkit.segment import nodes
from mailkit.segment.language.text import sentence
from mailkit.segment.nodes import Part
from mailkit.segment.sorts import Sort
from mailkit.segment.spans import EARLIEST, LATEST, Span, Unit
from mailkit.segment.sql.terms import Known, Operand, Share, Term
from mailkit.segment.sql.zones import is_settled, micros, offsets

if TYPE_CHECKING:
    from mailkit.segment.sql.writer import Place, Writer

__all__ = ["bucket", "day_of", "month_and_day", "part", "shifted", "size", "time_of", "year"]

_DAY: Final = 86_400_000_000
_HOUR: Final = 3_600_000_000
_MINUTE: Final = 60_000_000
_TO_YEAR_0: Final = 719_528
"""Days from the beginning of the year 0 to 1970: counted from there, no day is negative."""
_JULIAN: Final = 2_440_588
"""The Julian day number of 1 January 1970."""
_FIRST, _LAST = micros(EARLIEST), micros(LATEST)


def time_of(writer: Writer, operand: Operand, node: nodes.Node) -> Operand:
    """The operand as an instant; the beginning of a date in the zone assumed.

    Raises:
        SegmentError: It is no time.
    """
    if isinstance(operand, Term) and operand.sort in (Sort.TIME, Sort.DATE):
        return writer.comparer.instants(operand, node)
    raise SegmentError("this is not a time", text=sentence(node))


def shifted(writer: Writer, node: nodes.Shift, place: Place) -> Operand:
    """A time so long before or after another."""
    base = time_of(writer, writer.value(node.base, place), node.base)
    assert isinstance(base, Term)
    return moved(writer, base, node.span, node, is_forward=node.is_forward)


def moved(writer: Writer, base: Term, span: Span, node: nodes.Node, *, is_forward: bool) -> Term:
    """The instant so long after another, or before it, within the calendar; null if that is."""
    if span.unit in (Unit.MONTH, Unit.YEAR):
        later = _months(writer, base.sql, span, node, is_forward=is_forward)
    else:
        length = min(_length(span), _LAST - _FIRST)
        if is_forward:
            edge = f"CASE WHEN {base.sql} > {_LAST - length} THEN {_LAST}"
        else:
            edge = f"CASE WHEN {base.sql} < {_FIRST + length} THEN {_FIRST}"
        later = f"{edge} ELSE {base.sql} {'+' if is_forward else '-'} {length} END"
    return Term(sql=f"({later})", sort=Sort.TIME, is_seen=base.is_seen and not is_forward)


def _length(span: Span) -> int:
    seconds = {Unit.SECOND: 1, Unit.MINUTE: 60, Unit.HOUR: 3600, Unit.DAY: 86_400, Unit.WEEK: 604_800}
    return span.count * seconds[span.unit] * 1_000_000


def _months(writer: Writer, sql: str, span: Span, node: nodes.Node, *, is_forward: bool) -> str:
    template = writer.engine.months
    if template is None:
        raise writer.refusal(node, "months are added to a time that differs from person to person; ask for days")
    count = min(span.count * (12 if span.unit is Unit.YEAR else 1), 12 * MAXYEAR)
    # What leads out of the calendar is told before: PostgreSQL's own ends before ours is over.
    if is_forward:
        edge = f"CASE WHEN {sql} >= {_begin_of(12 * MAXYEAR + 12 - count)} THEN {_LAST}"
    else:
        edge = f"CASE WHEN {sql} < {_begin_of(12 + count)} THEN {_FIRST}"
    return f"{edge} ELSE {template.format(sql, count if is_forward else -count)} END"


def _begin_of(month: int) -> int:
    """When a month begins, counted from the first of the year 0; those out of the calendar begin at its edges."""
    if not 12 <= month < 12 * MAXYEAR + 12:
        return _FIRST if month < 12 else _LAST + 1
    return micros(datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC))


def size(writer: Writer, node: nodes.Size, place: Place) -> Operand:
    """How many characters or items."""
    of = writer.value(node.value, place)
    if not isinstance(of, Term) or of.sort not in (Sort.TEXT, Sort.LIST):
        raise SegmentError("only a text or a list has a size", text=sentence(node))
    template = writer.engine.length if of.sort is Sort.TEXT else writer.engine.items
    if template is None:
        raise writer.refusal(node, "it has no lists")
    return Term(sql=f"({template.format(of.sql)})", sort=Sort.INTEGER)


def bucket(writer: Writer, node: nodes.Bucket, place: Place) -> Operand:
    """A stable share."""
    of, engine = writer.value(node.of, place), writer.engine
    if not isinstance(of, Term) or of.sort not in (Sort.TEXT, Sort.INTEGER):
        raise SegmentError("a share is drawn of a text or a whole number, as ids are", text=sentence(node))
    if engine.digest is None:
        raise writer.refusal(node, "it has no SHA-256")
    text = of.sql if of.sort is Sort.TEXT else f"CAST({of.sql} AS {engine.text})"
    salted = f"({writer.values.text(node.salt + chr(10))} || {text})"
    return Share(digits=f"substr({engine.digest.format(salted)}, 1, 13)")


def part(writer: Writer, node: nodes.PartOf, place: Place) -> Operand:
    """What clock or calendar show."""
    of = writer.value(node.of, place)
    if isinstance(of, Known):
        raise writer.refusal(node, "it would need the clocks of each person's own zone")
    if not isinstance(of, Term) or of.sort not in (Sort.TIME, Sort.DATE):
        raise SegmentError("this is not a time, so no clock shows it", text=sentence(node))
    if of.sort is Sort.DATE and node.part in (Part.CLOCK, Part.HOUR):
        raise SegmentError(f"a date has no {node.part}", text=sentence(node))
    if node.part in (Part.CLOCK, Part.HOUR):
        return _clock(writer, _wall(writer, of, node.zone, node), node.part)
    day = day_of(writer, of, node.zone, node)
    match node.part:
        case Part.DATE:
            return Term(sql=day, sort=Sort.DATE)
        case Part.WEEKDAY:
            sql = f"({_modulo(writer, f'({day} + {_TO_YEAR_0 + 5})', 7)} + 1)"
        case Part.YEAR:
            sql = year(writer, day)
        case Part.MONTH:
            sql = _divide(writer, month_and_day(writer, day), 100)
        case _:
            sql = _modulo(writer, month_and_day(writer, day), 100)
    return Term(sql=sql, sort=Sort.INTEGER)


def _clock(writer: Writer, wall: str, which: Part) -> Term:
    of_day = _modulo(writer, f"({wall} + {_TO_YEAR_0 * _DAY})", _DAY)
    hour = _divide(writer, of_day, _HOUR)
    if which is Part.HOUR:
        return Term(sql=hour, sort=Sort.INTEGER)
    minute = _modulo(writer, _divide(writer, of_day, _MINUTE), 60)
    return Term(sql=f"({_two_digits(writer, hour)} || ':' || {_two_digits(writer, minute)})", sort=Sort.TEXT)


def _two_digits(writer: Writer, number: str) -> str:
    text = f"CAST({number} AS {writer.engine.text})"
    return f"(CASE WHEN {number} < 10 THEN '0' || {text} ELSE {text} END)"


def day_of(writer: Writer, of: Term, zone: nodes.Zone, node: nodes.Node) -> str:
    """The day, as days since 1970, of a date, or of a time on the clocks of a zone."""
    if of.sort is Sort.DATE:
        if isinstance(zone, nodes.Field):
            raise writer.refusal(node, "it would need to know each person's own zone")
        return of.sql
    wall = _wall(writer, of, zone, node)
    return f"({_divide(writer, f'({wall} + {_TO_YEAR_0 * _DAY})', _DAY)} - {_TO_YEAR_0})"


def _wall(writer: Writer, of: Term, zone: nodes.Zone, node: nodes.Node) -> str:
    """The time on the clocks of a zone, as if it were in UTC; beyond the calendar, its end."""
    if isinstance(zone, nodes.Field):
        raise writer.refusal(node, "it would need the clocks of each person's own zone")
    known, now = offsets(zone.value), micros(writer.now)
    if len(known) == 1 and known[0][1] == 0:
        return of.sql
    if of.is_seen:
        known = tuple(change for change in known if change[0] is None or change[0] <= now)
    elif not is_settled(zone.value):
        raise writer.refusal(
            node, f"clocks are changed every year in {zone.value}, and only the times of events end with now"
        )
    whens = []
    if known[-1][1] > 0:
        whens.append(f"WHEN {of.sql} > {_LAST - known[-1][1]} THEN {_LAST}")
    if known[0][1] < 0:
        whens.append(f"WHEN {of.sql} < {_FIRST - known[0][1]} THEN {_FIRST}")
    for start, ahead in reversed(known[1:]):
        whens.append(f"WHEN {of.sql} >= {start} THEN {of.sql} + {ahead}".replace("+ -", "- "))
    return f"(CASE {' '.join(whens)} ELSE {of.sql} + {known[0][1]} END)".replace("+ -", "- ")


def year(writer: Writer, day: str) -> str:
    """The year of a day, by the arithmetic of Richards (Explanatory Supplement to the Astronomical Almanac)."""
    whole, month = _of_march(writer, day)
    past = _divide(writer, whole, 1461)
    return f"({past} - 4716 + {_divide(writer, f'(14 - {month})', 12)})"


def month_and_day(writer: Writer, day: str) -> str:
    """A hundred times the month, and the day of the month."""
    whole, month = _of_march(writer, day)
    of_month = _divide(writer, _modulo(writer, _in_year(writer, whole), 153), 5)
    return f"({month} * 100 + {of_month} + 1)"


def _of_march(writer: Writer, day: str) -> tuple[str, str]:
    julian = f"({day} + {_JULIAN})"
    centuries = _divide(writer, f"(4 * {julian} + 274277)", 146_097)
    mended = f"({julian} + 1363 + {_divide(writer, f'({centuries} * 3)', 4)})"
    whole = f"(4 * {mended} + 3)"
    month = f"({_modulo(writer, f'({_divide(writer, _in_year(writer, whole), 153)} + 2)', 12)} + 1)"
    return whole, month


def _in_year(writer: Writer, whole: str) -> str:
    return f"(5 * {_divide(writer, _modulo(writer, whole, 1461), 4)} + 2)"


def _divide(writer: Writer, number: str, by: int) -> str:
    return writer.engine.divide.format(number, by)


def _modulo(writer: Writer, number: str, by: int) -> str:
    return writer.engine.modulo.format(number, by)
