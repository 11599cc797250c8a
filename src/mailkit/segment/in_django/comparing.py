"""Comparisons of Django's expressions, each of which is true or false and never null."""

from __future__ import annotations

import json
import math
import operator
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from django.db.models import Q, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import Collate, Left, Right, StrIndex
from django.db.models.lookups import (
    Exact,
    GreaterThan,
    GreaterThanOrEqual,
    In,
    IsNull,
    LessThan,
    LessThanOrEqual,
)

from mailkit.errors import SegmentError, shorten
from mailkit.segment import nodes
from mailkit.segment.in_django.asking import Asking, Term
from mailkit.segment.language.text import sentence
from mailkit.segment.nodes import Operator, TextMatch
from mailkit.segment.sorts import Sort
from mailkit.segment.sql.exact import Threshold, against_float, against_whole, fraction, within_64_bits
from mailkit.segment.values import instant, sort

__all__ = ["FALSE", "TRUE", "Comparing"]

TRUE: Final = Q(Value(True))
FALSE: Final = Q(Value(False))
_LOOKUPS: Final = {
    Operator.EQ: Exact,
    Operator.LT: LessThan,
    Operator.LE: LessThanOrEqual,
    Operator.GT: GreaterThan,
    Operator.GE: GreaterThanOrEqual,
}
_PYTHON: Final = {
    Operator.EQ: operator.eq,
    Operator.NE: operator.ne,
    Operator.LT: operator.lt,
    Operator.LE: operator.le,
    Operator.GT: operator.gt,
    Operator.GE: operator.ge,
}
_KIN: Final = {
    Sort.TEXT: "text",
    Sort.TRUTH: "a truth value",
    Sort.DATE: "a time",
    Sort.TIME: "a time",
    **dict.fromkeys((Sort.INTEGER, Sort.FLOAT, Sort.DECIMAL), "a number"),
}
_MANY: Final = 500
"""So many options are handed over as one parameter, since databases limit how many there may be."""


class Comparing:
    """Makes comparisons as the database behind Django needs them."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking

    def known(self, term: Term) -> Q:
        """Whether it is not null; of floats, nor NaN, which PostgreSQL keeps and has above all numbers."""
        found = Q(IsNull(term.expression, False))
        if term.sort is Sort.FLOAT and self._asking.vendor == "postgresql":
            found &= Q(LessThanOrEqual(term.expression, math.inf))
        return found

    def against(self, term: Term, how: Operator, value: Any, node: nodes.Node) -> Q:
        """The comparison with a constant, which is null of nobody."""
        self._check_kin(term, value, node)
        match term.sort:
            case Sort.TEXT:
                return self._holds(term, how, self.text(value, node))
            case Sort.TRUTH:
                fitting = [truth for truth in (False, True) if _PYTHON[how](truth, value)]
                return self.known(term) & _any(Q(Exact(term.expression, truth)) for truth in fitting)
            case Sort.INTEGER:
                return self._within(term, within_64_bits(against_whole(how, fraction(value, by_digits=False))))
            case Sort.FLOAT:
                found = against_float(how, value)
                return self._whatever(term, found) if isinstance(found, bool) else self._holds(term, *found)
            case Sort.DECIMAL:
                return self._decimal(term, how, value)
            case Sort.DATE:
                if isinstance(value, datetime):
                    raise self._asking.refusal(node, "the date begins at another instant in every zone")
                return self._holds(term, how, value)
            case _:
                return self._holds(term, how, instant(value, self._asking.assumed))

    def between(self, left: Term, how: Operator, right: Term, node: nodes.Node) -> Q:
        """The comparison of two terms."""
        if _KIN[left.sort] != _KIN[right.sort]:
            reason = f"{_KIN[left.sort]} cannot be compared with {_KIN[right.sort]}"
            raise SegmentError(reason, text=sentence(node))
        if (left.sort, left.places, left.is_scaled) != (right.sort, right.places, right.is_scaled):
            raise self._asking.refusal(node, f"{left.sort} and {right.sort} are not compared exactly there")
        return self.known(left) & self.known(right) & self._lookup(left, how, self._key(right, how))

    def among(self, term: Term, values: list[Any], node: nodes.Node) -> Q:
        """Whether it is one of some constants; those of another kin are passed over where some are of its own."""
        own = [value for value in values if _kin(value) == _KIN[term.sort]]
        if not own:
            for value in values[:1]:
                self._check_kin(term, value, node)
            return FALSE
        if term.sort is Sort.TEXT:
            return self._any_of(term, [self.text(value, node) for value in own], "text")
        if term.sort is Sort.INTEGER:
            exact = [within_64_bits(against_whole(Operator.EQ, fraction(value, by_digits=False))) for value in own]
            return self._any_of(term, [found[1] for found in exact if not isinstance(found, bool)], "bigint")
        if len(own) > _MANY:
            raise self._asking.refusal(node, f"of other than texts and whole numbers, {_MANY} options are the most")
        return _any(self.against(term, Operator.EQ, value, node) for value in own)

    def searched(self, term: Term, match: TextMatch, what: Any, node: nodes.Node) -> Q:
        """Whether a text has another in it."""
        if term.sort is not Sort.TEXT:
            raise SegmentError(f"{sentence(node)}: that is not a text", text=sentence(node))
        self._check_kin(term, what, node)
        text = self.text(what, node)
        if not text:
            return self.known(term)
        match match:
            case TextMatch.CONTAINS:
                found = Q(GreaterThan(StrIndex(term.expression, Value(text)), 0))
            case TextMatch.STARTS_WITH:
                found = Q(Exact(Left(term.expression, len(text)), text))
            case TextMatch.ENDS_WITH:
                found = Q(Exact(Right(term.expression, len(text)), text))
            case _:
                raise self._asking.refusal(node, "its regular expressions are of another kind")
        return self.known(term) & found

    def text(self, value: str, node: nodes.Node) -> str:
        """The text, if a database can be asked about it."""
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise self._asking.refusal(node, "half of a character cannot be asked about") from error
        if "\0" in value:
            raise self._asking.refusal(node, "NUL cannot be asked about")
        return value

    def _decimal(self, term: Term, how: Operator, value: Any) -> Q:
        threshold = against_whole(how, fraction(value, by_digits=True) * 10**term.places)
        if term.is_scaled:
            return self._within(term, within_64_bits(threshold))
        if isinstance(threshold, bool):
            return self._whatever(term, threshold)
        how, whole = threshold
        if term.digits is not None and abs(whole) >= 10**term.digits:  # beyond all that the field can hold
            return self._whatever(term, _PYTHON[how](0, whole))
        return self._holds(term, how, Decimal(whole).scaleb(-term.places))

    def _within(self, term: Term, threshold: Threshold) -> Q:
        return self._whatever(term, threshold) if isinstance(threshold, bool) else self._holds(term, *threshold)

    def _whatever(self, term: Term, holds: bool) -> Q:
        return self.known(term) if holds else FALSE

    def _holds(self, term: Term, how: Operator, value: Any) -> Q:
        return self.known(term) & self._lookup(term, how, Value(value))

    def _lookup(self, term: Term, how: Operator, right: Any) -> Q:
        if how is Operator.NE:
            return ~Q(Exact(term.expression, right))
        return Q(_LOOKUPS[how](self._key(term, how), right))

    def _key(self, term: Term, how: Operator) -> Any:
        """The expression so that it is ordered as in Python; texts in PostgreSQL, as their bytes are."""
        is_ordered = how not in (Operator.EQ, Operator.NE)
        if term.sort is Sort.TEXT and is_ordered and self._asking.vendor == "postgresql":
            return Collate(term.expression, "C")
        return term.expression

    def _any_of(self, term: Term, values: list[Any], kind: str) -> Q:
        values = list(dict.fromkeys(values))
        if not values:
            return FALSE
        options: Any = values
        if len(values) > _MANY:
            if self._asking.vendor == "sqlite":
                options = RawSQL("SELECT value FROM json_each(%s)", (json.dumps(values),))
            else:
                options = RawSQL(f"SELECT unnest(%s::{kind}[])", (values,))  # noqa: S611 - bound
        return self.known(term) & Q(In(term.expression, options))

    def _check_kin(self, term: Term, value: Any, node: nodes.Node) -> None:
        if _kin(value) != _KIN[term.sort]:
            reason = f"{_KIN[term.sort]} cannot be compared with {shorten(value)} ({sort(value) or 'of no sort'})"
            raise SegmentError(reason, text=sentence(node))


def _kin(value: Any) -> str:
    return "a time" if isinstance(value, date) else sort(value)


def _any(conditions: Iterable[Q]) -> Q:
    found = FALSE
    for number, condition in enumerate(conditions):
        found = found | condition if number else condition
    return found
