"""How two operands are compared, so that the answer is true or false, and that of plain Python."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Any, Final

from mailkit.errors import NotPortable, SegmentError
from mailkit.segment import nodes
from mailkit.segment.language.text import sentence
from mailkit.segment.nodes import Operator
from mailkit.segment.sorts import Sort
from mailkit.segment.sql.dialects import Dialect, Engine
from mailkit.segment.sql.exact import MIRRORED, against_float, against_whole, fraction, within_64_bits
from mailkit.segment.sql.means import mean_against
from mailkit.segment.sql.terms import NUMBERS, Known, Mean, Operand, Share, Term
from mailkit.segment.sql.texts import Values, can_hold
from mailkit.segment.sql.zones import micros
from mailkit.segment.values import instant, sort

__all__ = ["FALSE", "TRUE", "Comparer"]

TRUE: Final = "1 = 1"
FALSE: Final = "1 = 0"
_SQL: Final = {Operator.NE: "<>"}
_KIN: Final = {
    **dict.fromkeys(NUMBERS, "a number"),
    Sort.TEXT: "text",
    Sort.TRUTH: "a truth value",
    Sort.DATE: "a time",
    Sort.TIME: "a time",
    Sort.LIST: "a list",
}
_TIMES: Final = ("a time", "a date")
_HEX: Final = 16**13
_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()
_DAY: Final = 86_400_000_000


class Comparer:
    """Writes comparisons.

    Args:
        dialect: The engine.
        engine: What it needs.
        values: Takes the constants.
        assumed: The zone of times without one; None to refuse them.
    """

    def __init__(self, dialect: Dialect, engine: Engine, values: Values, assumed: tzinfo | None) -> None:
        self._dialect, self._engine, self._values, self._assumed = dialect, engine, values, assumed

    def compared(self, left: Operand, operator: Operator, right: Operand, node: nodes.Node) -> str:
        """The condition; `node` is what it was made of."""
        if isinstance(left, Known):
            left, right, operator = right, left, MIRRORED[operator]
        match left, right:
            case Term(), Known():
                return self.against(left, operator, right.value, node)
            case Term(), Term():
                return self._both(left, operator, right, node)
            case Mean(), Known():
                self._check(sort(right.value), "a number", node)
                found = mean_against(left, operator, right.value, self._engine)
                if found is None:
                    raise self._refusal(
                        node, "the mean is rounded, and that cannot be told apart here; compare it to a whole number"
                    )
                return found
            case Share(), Known():
                self._check(sort(right.value), "a number", node)
                return self._share(left, operator, right.value)
            case _:
                raise self._refusal(node, "a mean, or a share, is only compared with a constant")

    def against(self, term: Term, operator: Operator, value: Any, node: nodes.Node) -> str:
        """The comparison of an expression with a constant."""
        kind = sort(value)
        self._check(kind, _KIN[term.sort], node)
        match term.sort:
            case Sort.TEXT:
                return self._text(term, operator, value)
            case Sort.TRUTH:
                return _known(term.sql, operator, str(int(value)))
            case Sort.FLOAT:
                threshold = against_float(operator, value)
                if isinstance(threshold, bool):
                    return _whatever(term, threshold)
                return _known(term.sql, threshold[0], self._values.floating(threshold[1]))
            case Sort.INTEGER | Sort.DECIMAL:
                return self._whole(term, operator, value, node)
            case Sort.TIME:
                return _known(term.sql, operator, self._values.whole(micros(instant(value, self._assumed))))
            case _:
                return self._date(term, operator, value)

    def equal_to_any(self, term: Term, options: list[Any], node: nodes.Node) -> str:
        """Whether an expression is one of some constants, all of its own sort."""
        if len(options) < 20 or term.sort not in (Sort.TEXT, Sort.INTEGER):
            found = [self.against(term, Operator.EQ, option, node) for option in dict.fromkeys(options)]
            return _any_of([one for one in found if one != FALSE])
        if term.sort is Sort.TEXT:
            held = list(dict.fromkeys(option for option in options if can_hold(option, self._dialect)))
            apart = [option for option in held if "\0" in option]
            packed: list[Any] = [option for option in held if "\0" not in option]
            kind = self._engine.text
        else:
            exact = [
                within_64_bits(against_whole(Operator.EQ, fraction(option, by_digits=False))) for option in options
            ]
            packed = list(dict.fromkeys(found[1] for found in exact if not isinstance(found, bool)))
            apart, kind = [], self._engine.integer
        found = [self.against(term, Operator.EQ, option, node) for option in apart]
        if packed:
            found.append(f"({term.sql} IS NOT NULL AND {self.key(term)} {self._values.among(packed, kind)})")
        return _any_of(found)

    def key(self, term: Term) -> str:
        """The expression so that it is ordered as Python orders its values."""
        return self._engine.collated.format(term.sql) if term.sort is Sort.TEXT else term.sql

    def _text(self, term: Term, operator: Operator, value: str) -> str:
        if can_hold(value, self._dialect):
            return _known(self.key(term), operator, self._values.text(value), of=term.sql)
        # No text there has a NUL: whichever is less than "a\0b" is "a" at most.
        if operator in (Operator.EQ, Operator.NE):
            return _whatever(term, operator is Operator.NE)
        is_less = operator in (Operator.LT, Operator.LE)
        before = self._values.text(value.split("\0")[0])
        return _known(self.key(term), Operator.LE if is_less else Operator.GT, before, of=term.sql)

    def _whole(self, term: Term, operator: Operator, value: float | Decimal, node: nodes.Node) -> str:
        exact = fraction(value, by_digits=term.sort is Sort.DECIMAL)
        if term.is_numeric:
            return _known(term.sql, operator, self._values.numeric(_digits(exact)))
        threshold = against_whole(operator, exact * 10**term.places)
        if term.is_wide:
            if within_64_bits(threshold) != threshold:
                raise self._refusal(node, "a sum is compared with a number of more than 64 bits")
        else:
            threshold = within_64_bits(threshold)
        if isinstance(threshold, bool):
            return _whatever(term, threshold)
        return _known(term.sql, threshold[0], self._values.whole(threshold[1]))

    def _date(self, term: Term, operator: Operator, value: date) -> str:
        if not isinstance(value, datetime):
            return _known(term.sql, operator, str(value.toordinal() - _EPOCH_DAY))
        at = instant(value, self._assumed)
        day = at.date()  # the first that begins at that instant or later is at most two days away
        first = _first_day(lambda day: instant(day, self._assumed) >= at, day)
        if first is None:
            return _whatever(term, operator in (Operator.LT, Operator.LE, Operator.NE))
        if instant(first, self._assumed) == at:
            return _known(term.sql, operator, str(first.toordinal() - _EPOCH_DAY))
        if operator in (Operator.EQ, Operator.NE):
            return _whatever(term, operator is Operator.NE)
        is_less = operator in (Operator.LT, Operator.LE)
        return _known(term.sql, Operator.LT if is_less else Operator.GE, str(first.toordinal() - _EPOCH_DAY))

    def _share(self, share: Share, operator: Operator, value: float | Decimal) -> str:
        """Small digits of equal number are ordered as text as they are as numbers."""
        exact = fraction(value, by_digits=isinstance(value, Decimal))
        if isinstance(value, Decimal):  # the share is a float, so it is taken by its digits beside a Decimal
            threshold = against_float(operator, value)
            if isinstance(threshold, bool):
                return f"{share.digits} IS NOT NULL" if threshold else FALSE
            operator, exact = threshold[0], fraction(threshold[1], by_digits=False)
        whole = against_whole(operator, exact * _HEX)
        if isinstance(whole, bool) or not 0 <= whole[1] < _HEX:
            holds = whole if isinstance(whole, bool) else _beyond(whole[0], is_less=whole[1] >= _HEX)
            return f"{share.digits} IS NOT NULL" if holds else FALSE
        return _known(share.digits, whole[0], self._values.text(f"{whole[1]:013x}"))

    def _both(self, left: Term, operator: Operator, right: Term, node: nodes.Node) -> str:
        self._check(_KIN[right.sort], _KIN[left.sort], node)
        if left.sort is Sort.LIST:
            raise SegmentError("two lists are not compared", text=sentence(node))
        sorts = {left.sort, right.sort}
        if sorts == {Sort.DATE, Sort.TIME}:
            left, right = self.instants(left, node), self.instants(right, node)
        elif Sort.FLOAT in sorts and len(sorts) == 2:
            raise self._refusal(node, "columns of floating and of other numbers are not compared exactly there")
        elif left.is_numeric or right.is_numeric:
            left, right = _numeric(left), _numeric(right)
        elif left.places != right.places:
            raise self._refusal(node, "numbers with different numbers of decimal places are not compared exactly there")
        known = f"{left.sql} IS NOT NULL AND {right.sql} IS NOT NULL"
        return f"({known} AND {self.key(left)} {_word(operator)} {self.key(right)})"

    def instants(self, term: Term, node: nodes.Node) -> Term:
        """A time as it is, or a date as the instant at which it begins."""
        if term.sort is Sort.TIME:
            return term
        ahead = None if self._assumed is None else self._assumed.utcoffset(None)
        if self._assumed is None:
            raise SegmentError(
                "a date begins at another instant in every zone; say which with assume_zone=", text=sentence(node)
            )
        if ahead is None:
            raise self._refusal(
                node, "the instant at which a column's date begins is known only where clocks are never changed"
            )
        return Term(sql=f"({term.sql} * {_DAY} - {ahead // timedelta(microseconds=1)})", sort=Sort.TIME)

    def _check(self, kind: str, wanted: str, node: nodes.Node) -> None:
        if kind != wanted and not (kind in _TIMES and wanted in _TIMES):
            shown = sentence(node)
            raise SegmentError(
                f"{wanted} cannot be compared with {kind}: the columns say that it is {wanted}", text=shown
            )

    def _refusal(self, node: nodes.Node, reason: str) -> NotPortable:
        return NotPortable(node, self._dialect, reason, text=sentence(node))


def _word(operator: Operator) -> str:
    return _SQL.get(operator, operator.value)


def _known(sql: str, operator: Operator, value: str, *, of: str = "") -> str:
    """Two-valued: false where it is null, so that its negation is the true complement."""
    return f"({of or sql} IS NOT NULL AND {sql} {_word(operator)} {value})"


def _whatever(term: Term, holds: bool) -> str:
    return f"{term.sql} IS NOT NULL" if holds else FALSE


def _beyond(operator: Operator, *, is_less: bool) -> bool:
    """Whether it stands so to what is more than all, or less."""
    if operator in (Operator.EQ, Operator.NE):
        return operator is Operator.NE
    return (operator in (Operator.LT, Operator.LE)) == is_less


def _any_of(conditions: list[str]) -> str:
    return FALSE if not conditions else conditions[0] if len(conditions) == 1 else f"({' OR '.join(conditions)})"


def _numeric(term: Term) -> Term:
    if term.is_numeric or not term.places:
        return term
    part = f"CAST('1e-{term.places}' AS NUMERIC)"  # a division would stop after some digits
    return Term(sql=f"(CAST({term.sql} AS NUMERIC) * {part})", sort=Sort.DECIMAL, is_numeric=True)


def _digits(exact: Any) -> str:
    """A decimal fraction in digits: its denominator divides a power of ten, however high."""
    denominator, places = exact.denominator, 0
    while denominator % 10 == 0:
        denominator, places = denominator // 10, places + 1
    while 10**places % exact.denominator:
        places += 1
    whole = exact.numerator * 10**places // exact.denominator
    text = str(abs(whole)).rjust(places + 1, "0")
    point = len(text) - places
    return ("-" if whole < 0 else "") + text[:point] + ("." + text[point:] if places else "")


def _first_day(is_late: Callable[[date], bool], near: date) -> date | None:
    for days in range(-2, 4):
        try:
            day = near + timedelta(days=days)
        except OverflowError:
            continue
        if is_late(day):
            return day
    return None
