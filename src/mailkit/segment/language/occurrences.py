"""How events are read in a segment's text: how many, of which kind, when, in which order."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, Final

from mailkit.segment import nodes
from mailkit.segment.language.operands import UNITS, Operands
from mailkit.segment.language.rounds import Rule
from mailkit.segment.language.slips import AFTER_EVENTS
from mailkit.segment.language.tokens import Token

__all__ = ["JOINED", "Occurrences"]

JOINED: Final = ("", ")", "and", "or")
"""What may come after a condition."""
_WINDOWS: Final = ("within", "between", "since", "before")


class Occurrences(Operands):
    """The rules for events and for conditions about them."""

    _is_inside_where = False

    @abstractmethod
    def _any_of(self) -> Rule[Any]: ...

    @abstractmethod
    def _condition(self, found: Any, start: int) -> nodes.Condition: ...

    def _happened(self) -> Rule[nodes.Condition]:
        start = self.start
        least, most = self._amount()
        events = yield self._events()
        node: nodes.Condition
        if self.token.shown == "then":
            if (least, most) != (1, None):
                raise self.error("what comes first must happen: write any ... then", start, self.end)
            node = yield self._sequence(events, start)
        elif self.token.shown == "in" and self.following.shown == "at" and (least, most) == (1, None):
            node = self._regular(events, start)
        else:
            node = self.built(nodes.Count, start, events=events, least=least, most=most)
        if self.token.shown not in JOINED:
            raise self.unexpected("'and', 'or' or the end", ("and", "or", "where", "then", *_WINDOWS), AFTER_EVENTS)
        return node

    def _amount(self) -> tuple[int, int | None]:
        word = self.take().shown
        match word:
            case "any":
                return 1, None
            case "no":
                return 0, 0
            case "exactly":
                number = self._whole("how many")
                return number, number
            case "from":
                least = self._whole("how many")
                self.expect("to", "'to'")
                return least, self._whole("how many")
            case _:
                is_least = self.take().shown == "least"
                number = self._whole("how many")
                return (number, None) if is_least else (0, number)

    def _events(self) -> Rule[nodes.Events]:
        kind = self._kind()
        where, window = None, None
        while True:
            if self.token.shown == "where" and where is None:
                where = yield self._where()
            elif self.token.shown in _WINDOWS and window is None:
                window = yield self._window()
            else:
                break
        events = self.built(nodes.Events, kind.start, kind=kind.value, where=where, window=window or nodes.Ever())
        self.places[id(events)] = kind.start, kind.end
        return events

    def _kind(self) -> Token:
        token = self.token
        if self._is_inside_where:
            raise self.error("where (...) is asked of one event, so it cannot ask about events", token.start, token.end)
        self._name("the name of an event")
        return token

    def _where(self) -> Rule[nodes.Condition]:
        self.take()
        if self.token.shown != "(":
            raise self.unexpected("parentheses around what is asked: where (value > 100)")
        opening = self.opened()
        start = self.start
        self._is_inside_where = True
        found = yield self._any_of()
        self._is_inside_where = False
        node = self._condition(found, start)
        self.close(opening, "'and', 'or' or ')'")
        return node

    def _window(self) -> Rule[nodes.Window]:
        start, word = self.start, self.take().shown
        if word == "within":
            window: nodes.Window = yield self._within(start)
            return window
        first = yield self._value()
        if word == "since":
            return self.built(nodes.Between, start, start=first, end=None)
        if word == "before":
            return self.built(nodes.Between, start, start=None, end=first)
        self.expect("and", "'and' and the other end")
        second = yield self._value()
        return self.built(nodes.Between, start, start=first, end=second)

    def _within(self, start: int) -> Rule[nodes.Window]:
        if self.takes("last"):
            return self.built(nodes.Last, start, span=self._span())
        if self.token.shown == "next":
            raise self.error("nothing is known of the future; write within last ...", start, self.token.end)
        span = self._span()
        if not self.takes("after"):
            reason = f"say which: within last {span}, or within {span} after subscribed_at"
            raise self.error(reason, start, self.end)
        anchor = yield self._value()
        return self.built(nodes.After, start, anchor=anchor, span=span)

    def _regular(self, events: nodes.Events, start: int) -> nodes.Condition:
        self.take()
        self.take()
        self.expect("least", "'least'")
        least = self._whole("in how many")
        self.expect("of", "'of last' and how many")
        self.expect("last", "'last' and how many")
        of, unit = self._whole("of how many"), self.token
        if unit.shown not in UNITS:
            raise self.unexpected("a unit of time such as weeks", UNITS)
        self.take()
        return self.built(nodes.Regular, start, events=events, least=least, of=of, unit=UNITS[unit.shown])

    def _sequence(self, first: nodes.Events, start: int) -> Rule[nodes.Condition]:
        steps = []
        while self.token.shown == "then":
            steps.append((yield self._step()))
        return self.built(nodes.Sequence, start, first=first, steps=steps)

    def _step(self) -> Rule[nodes.Step]:
        start = self.take().start
        is_absent = self.takes("no")
        if not is_absent:
            self.takes("any")
        kind, where, within = self._kind(), None, None
        if self.token.shown == "where":
            where = yield self._where()
        events = self.built(nodes.Events, kind.start, kind=kind.value, where=where)
        self.places[id(events)] = kind.start, kind.end
        here = self.start
        if self.takes("within"):
            within = self._span()
        if self.token.shown in ("after", *_WINDOWS):
            reason = "a step is timed by the one before it, as in: then b within 1 hour"
            raise self.error(reason, here, self.token.end)
        return self.built(nodes.Step, start, events=events, within=within, is_absent=is_absent)
