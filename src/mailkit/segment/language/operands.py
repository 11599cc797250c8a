"""How the values within a segment's text are read: `3 days ago`, `hour(at, "UTC")`, `sum(value of purchase)`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from difflib import get_close_matches
from typing import Any, Final

from mailkit.errors import SegmentError, did_you_mean, shorten
from mailkit.segment import nodes, values
from mailkit.segment.language.cursor import Cursor
from mailkit.segment.language.rounds import Rule
from mailkit.segment.language.slips import AS_NUMBER, AS_UNIT, FUNCTIONS
from mailkit.segment.language.text import RESERVED
from mailkit.segment.language.tokens import Sort, Token
from mailkit.segment.nodes import Function, Part
from mailkit.segment.spans import Span, Unit

__all__ = ["UNITS", "Operands"]

UNITS: Final = {str(unit): unit for unit in Unit} | {f"{unit}s": unit for unit in Unit}
_PARTS: Final = frozenset(map(str, Part))
_FUNCTIONS: Final = frozenset(map(str, Function))
_CALLED: Final = tuple(sorted({"bucket", "casefold", "distance", "size"} | _FUNCTIONS | _PARTS))
_SIMPLE: Final = {"true": True, "false": False}


class Operands(Cursor, ABC):
    """The rules for values."""

    @abstractmethod
    def _events(self) -> Rule[nodes.Events]: ...

    def _value(self) -> Rule[nodes.Value]:
        start = self.token.start
        if self.token.shown == "(":
            opening = self.opened()
            node = yield self._value()
            self.close(opening, "')'")
        else:
            node = yield self._primary()
        return self._shifted(node, start)

    def _shifted(self, node: nodes.Value, start: int) -> nodes.Value:
        while self.token.shown in ("+", "-"):
            sign = self.take().shown
            if self.token.sort is not Sort.NUMBER:
                raise self.unexpected(f"a length of time such as {sign} 3 days", slips=AS_NUMBER)
            span = self._span()
            node = self.built(nodes.Shift, start, base=node, span=span, is_forward=sign == "+")
        return node

    def _primary(self) -> Rule[nodes.Value]:
        token = self.token
        match token.sort:
            case Sort.TEXT:
                return self._constant(self.take().value, token)
            case Sort.NUMBER:
                return self._number()
            case Sort.TIME:
                return self._time()
            case Sort.NAME:
                return self._path()
            case Sort.WORD:
                node: nodes.Value = yield self._worded()
                return node
            case Sort.SIGN if token.shown == "-" and self.following.sort is Sort.NUMBER:
                self.take()
                return self._constant(-self.take().value, token)
            case Sort.SIGN if token.shown == "." and self.following.sort is Sort.NUMBER:
                raise self.error("a number begins with a digit: write 0.5", token.start, self.following.end)
            case _:
                raise self.unexpected("a value")

    def _constant(self, value: Any, token: Token) -> nodes.Constant:
        return self.built(nodes.Constant, token.start, value=value)

    def _number(self) -> nodes.Value:
        token, unit = self.token, self.following
        if unit.sort is not Sort.WORD or (unit.shown not in UNITS and self.ahead(2).shown != "ago"):
            return self._constant(self.take().value, token)
        span = self._span()
        if not self.takes("ago"):
            reason = f"{span} is a length of time; write {span} ago, or now + {span}"
            raise self.error(reason, token.start, self.end)
        now = self.built(nodes.Now, token.start)
        return self.built(nodes.Shift, token.start, base=now, span=span, is_forward=False)

    def _time(self) -> nodes.Constant:
        token = self.take()
        value = token.value
        if self.token.shown == "again":
            if not isinstance(value, datetime) or value.tzinfo is not None:
                reason = "only a time without a zone can come 'again', on a clock that has been set back"
                raise self.error(reason, token.start, self.token.end)
            self.take()
            value = value.replace(fold=1)
        return self._constant(value, token)

    def _worded(self) -> Rule[nodes.Value]:
        token, after = self.token, self.following
        if token.shown in _SIMPLE:
            return self._constant(_SIMPLE[self.take().shown], token)
        if token.shown == "now" and after.shown != "(":
            self.take()
            return self.built(nodes.Now, token.start)
        if token.shown == "now":
            raise self.error("'now' has no parentheses: write now", token.start, after.end)
        if token.shown == "null":
            raise self.error("nothing is compared with null; write 'is null' or 'is not null'", token.start, token.end)
        if token.shown in RESERVED:
            raise self.unexpected("a value", slips=AS_NUMBER)
        if token.shown == "decimal" and after.sort is Sort.TEXT:
            return self._decimal()
        if token.shown == "start" and after.shown == "of":
            return self._begin()
        if after.shown == "(":
            node: nodes.Value = yield self._call()
            return node
        return self._path()

    def _decimal(self) -> nodes.Constant:
        token, digits = self.take(), self.take()
        try:
            value = Decimal(digits.value)
        except ArithmeticError as error:
            reason = f'{shorten(digits.value)} is not a number; write e.g. decimal "29.30"'
            raise self.error(reason, digits.start, digits.end) from error
        return self._constant(value, token)

    def _path(self) -> nodes.Field:
        start = self.start
        names = [self._name("a field")]
        while self.takes("."):
            if self.token.sort not in (Sort.WORD, Sort.NAME):
                raise self.unexpected("the name of a field, in backticks if it is no word")
            names.append(self.take().value)
        return self.built(nodes.Field, start, path=names, is_optional=self.takes("?"))

    def _name(self, expected: str) -> str:
        token = self.token
        if token.sort is not Sort.NAME and (token.sort is not Sort.WORD or token.shown in RESERVED):
            raise self.unexpected(expected)
        return str(self.take().value)

    def _span(self) -> Span:
        start = self.start
        number, unit = self.token, self.following
        if number.sort is not Sort.NUMBER:
            slips = AS_NUMBER | {word: f"1 {word}" for word in UNITS}
            raise self.unexpected("a length of time such as 3 days", slips=slips)
        self.take()
        if unit.sort is not Sort.WORD:
            raise self.unexpected(f"a unit of time such as {number.shown} days")
        if unit.shown not in UNITS:
            near = f"; did you mean {AS_UNIT[unit.shown]!r}?" if unit.shown in AS_UNIT else self._near_unit(unit.shown)
            raise self.error(f"{shorten(unit.value)} is not a unit of time{near}", unit.start, unit.end)
        self.take()
        return self.built(Span, start, count=number.value, unit=UNITS[unit.shown])

    def _near_unit(self, word: str) -> str:
        return (did_you_mean(word, UNITS) if len(word) < 20 else "") or f"; there are {', '.join(Unit)}"

    def _zone(self) -> nodes.Zone:
        token = self.token
        if token.sort is not Sort.TEXT:
            if token.sort not in (Sort.NAME, Sort.WORD):
                raise self.unexpected('a time zone such as "Europe/Moscow", or the field that has it')
            path = self._path()
            if self.token.shown == "/":
                raise self.error("the name of a time zone stands in quotes", token.start, self.following.end)
            return path
        self.take()
        try:
            values.zone(token.value, what="")
        except SegmentError as error:
            raise self.error(error.reason, token.start, token.end) from error.__cause__
        return self._constant(token.value, token)

    def _begin(self) -> nodes.Begin:
        start = self.start
        self.take()
        self.take()
        unit, offset = self.token, 0
        if unit.sort is not Sort.WORD or unit.shown not in UNITS:
            raise self.unexpected("day, week, month or year", UNITS, {"today": "start of day", "quarter": "month"})
        self.take()
        if self.token.shown in ("+", "-"):
            sign = self.take().shown
            offset = self._whole("how many periods") * (1 if sign == "+" else -1)
        if self.token.shown in UNITS:
            raise self.error("the zone comes first: start of month in zone + 3 days", self.start, self.token.end)
        self.expect("in", "'in' and a time zone")
        zone = self._zone()
        return self.built(nodes.Begin, start, unit=UNITS[unit.shown], offset=offset, zone=zone)

    def _whole(self, expected: str) -> int:
        if self.token.sort is not Sort.NUMBER or not isinstance(self.token.value, int):
            raise self.unexpected(f"{expected}: a whole number from 0 up", slips=AS_NUMBER)
        return int(self.take().value)

    def _call(self) -> Rule[nodes.Value]:
        start, function = self.start, self.token.shown
        if function not in _CALLED:
            raise self.error(_no_function(self.token.value), start, self.token.end)
        self.take()
        opening = self.opened()
        make, rule = self._maker(function)
        fields = yield rule
        self.close(opening, "')'")
        node: nodes.Value = self.built(make, start, **fields)
        return node

    def _maker(self, function: str) -> tuple[Callable[..., nodes.Value], Rule[dict[str, Any]]]:
        match function:
            case "casefold":
                return nodes.Folded, self._sole()
            case "size":
                return nodes.Size, self._sole()
            case "distance":
                return nodes.Distance, self._place()
            case "bucket":
                return nodes.Bucket, self._drawn_lot()
            case _ if function in _FUNCTIONS:
                return nodes.Aggregate, self._drawn(function)
            case _:
                return nodes.PartOf, self._part(function)

    def _sole(self) -> Rule[dict[str, Any]]:
        return {"value": (yield self._value())}

    def _part(self, part: str) -> Rule[dict[str, Any]]:
        of = yield self._value()
        if self.token.shown == ")":
            raise self.unexpected(f'a time zone: {part}(..., "Europe/Moscow"), or the field that has it')
        self.expect(",", "','")
        return {"of": of, "part": part, "zone": self._zone()}

    def _place(self) -> Rule[dict[str, Any]]:
        latitude = yield self._value()
        self.expect(",", "',' and a longitude")
        longitude = yield self._value()
        self.expect(",", "',' and the latitude and longitude of the place")
        to_latitude = self._degrees("a latitude")
        self.expect(",", "',' and a longitude")
        to_longitude = self._degrees("a longitude")
        return {
            "latitude": latitude,
            "longitude": longitude,
            "to_latitude": to_latitude,
            "to_longitude": to_longitude,
        }

    def _degrees(self, expected: str) -> float:
        is_negative = self.takes("-")
        if self.token.sort is not Sort.NUMBER:
            raise self.unexpected(f"{expected} as a number of degrees")
        value: float = self.take().value
        return -value if is_negative else value

    def _drawn_lot(self) -> Rule[dict[str, Any]]:
        of = yield self._value()
        self.expect(",", "',' and a text such as the name of the test")
        if self.token.sort is not Sort.TEXT:
            raise self.unexpected("a text such as the name of the test")
        return {"of": of, "salt": self.take().value}

    def _drawn(self, function: str) -> Rule[dict[str, Any]]:
        of = self._path()
        if self.token.shown == ")":
            raise self.unexpected(f"'of' and the events: {function}(value of purchase)")
        self.expect("of", f"'of' and the events: {function}(value of purchase)")
        return {"function": function, "of": of, "events": (yield self._events())}


def _no_function(written: str) -> str:
    known = (*_CALLED, *FUNCTIONS)
    near = get_close_matches(written.lower()[:20], known, n=1)
    if not near:
        mend = f"there are {', '.join(_CALLED)}"
    else:
        mend = f"write {FUNCTIONS[near[0]]}" if near[0] in FUNCTIONS else f"did you mean {near[0]!r}?"
    return f"there is no function {shorten(written)}; {mend}"
