"""How events are asked about in Python: `ev.purchase.at_least(2, last=days(90))`.

Everything here only builds the tree of `mailkit.segment.nodes`; nothing is looked up or run.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypedDict, Unpack

from mailkit.errors import SegmentError, did_you_mean, shorten
from mailkit.segment import nodes
from mailkit.segment.fields import Field, Length, Value, ends, operand
from mailkit.segment.frozen import evolve
from mailkit.segment.functions import ago
from mailkit.segment.nodes import Function, sentence
from mailkit.segment.segments import Combining, Segment, condition
from mailkit.segment.spans import Span, as_span
from mailkit.segment.values import plain

if TYPE_CHECKING:
    from mailkit.segment.periods import Period

__all__ = ["Chain", "Happening", "WindowWords", "event"]


class WindowWords(TypedDict, total=False):
    """When events must have happened: one of `last`, `between`, `during`, and `within` with `after`; any time if none.

    Attributes:
        last: In the time up to now: (now - last, now].
        between: From the first time on until before the second, of which one may be None.
        during: In a period of the calendar, such as `this("month", zone="Europe/Moscow")`.
        within: For so long, beginning with `after`: [after, after + within).
        after: The instant at which `within` begins, most often a field such as `f.subscribed_at`.
    """

    last: Length
    between: tuple[date | Value | None, date | Value | None]
    during: Period
    within: Length
    after: date | Value


_QUESTIONS: Final = (
    *("did", "none", "at_least", "at_most", "exactly", "between", *map(str, Function), "where"),
    *("first_time", "regularly", "then", "then_not"),
)
_MEANT: Final = {
    "any": "did(...)",
    "count": "at_least(times, ...), at_most or exactly",
    "every": "regularly(3, of=4, every='week')",
    "ever": "did()",
    "followed_by": "then(...)",
    "filter": "did(...).filter(...)",
    "matches": "did(...).matches(...)",
    "mean": "avg(...)",
    "never": "none()",
    "nunique": "distinct(...)",
    "unique": "distinct(...)",
}
"""What else a question may be called, to what is to be written."""
_WINDOWS_MEANT: Final = {
    "at": "during=this('day', zone=...)",
    "before": "between=(None, end)",
    "for_": "last=days(30)",
    "in_": "during=this('month', zone=...)",
    "on": "during=this('day', zone=...)",
    "since": "between=(start, None)",
    "start": "between=(start, end)",
    "until": "between=(None, end)",
}
"""What else a window may be called, to what is to be written."""


class Happening:
    """Events of one kind, about which a segment asks: did they happen, how often, what did they sum up to.

    Questions take the words of `WindowWords`: `last=`, `between=`, `during=`, or `within=` and `after=`.
    With the last two, `none`, `at_most` and `exactly` are true only when the window has closed.

    >>> from mailkit.segment import days, event as ev, field as f
    >>> print(ev.purchase.none(within=days(7), after=f.subscribed_at))
    no purchase within 7 days after subscribed_at
    >>> print(ev.purchase.where(f.value > 100, f.campaign == "spring").at_least(2, last=days(365)))
    at least 2 purchase where (value > 100 and campaign = "spring") within last 365 days
    """

    __slots__ = ("_kind", "_where")
    _to_a_condition: ClassVar = "ask .did(), .none() or .at_least(n) of events"  # what `condition` says of one

    def __init__(self, kind: str, where: nodes.Condition | None = None) -> None:
        self._kind, self._where = nodes.Events(kind=plain(kind)).kind, where

    def where(self, *conditions: Combining) -> Happening:
        """Those of the events for which all conditions are true; fields are then properties of the event.

        A property that an event does not have is null. Beside its properties, an event's `value`,
        `currency`, `campaign`, `step`, `recipient`, `message_id` and `at` can be asked for.
        """
        parts = [self._where] if self._where is not None else []
        parts += [condition(part) for part in conditions]
        if not parts:
            raise SegmentError("where() has no conditions", text=self._kind)
        where = parts[0] if len(parts) == 1 else nodes.And(parts=tuple(parts))
        nodes.Events(kind=self._kind, where=where)
        return Happening(self._kind, where)

    def did(self, **window: Unpack[WindowWords]) -> Segment:
        """Whether it happened at all."""
        return self._counted(1, None, window)

    def none(self, **window: Unpack[WindowWords]) -> Segment:
        """Whether it did not happen."""
        return self._counted(0, 0, window)

    def at_least(self, times: int, **window: Unpack[WindowWords]) -> Segment:
        """Whether it happened so many times or more."""
        return self._counted(times, None, window)

    def at_most(self, times: int, **window: Unpack[WindowWords]) -> Segment:
        """Whether it happened so many times or fewer."""
        return self._counted(0, times, window)

    def exactly(self, times: int, **window: Unpack[WindowWords]) -> Segment:
        """Whether it happened so many times, no more and no fewer."""
        return self._counted(times, times, window)

    def between(self, least: int, most: int, **window: Unpack[WindowWords]) -> Segment:
        """Whether it happened from `least` to `most` times, both included.

        >>> from mailkit.segment import days, event as ev
        >>> print(ev.visit.between(2, 5, last=days(30)))
        from 2 to 5 visit within last 30 days
        """
        return self._counted(least, most, window)

    def sum(self, of: str | Field, **window: Unpack[WindowWords]) -> Value:
        """The sum of a property; 0 if there are no events."""
        return self._drawn(Function.SUM, of, window)

    def avg(self, of: str | Field, **window: Unpack[WindowWords]) -> Value:
        """The mean of a property; null if there are no events."""
        return self._drawn(Function.AVG, of, window)

    def min(self, of: str | Field, **window: Unpack[WindowWords]) -> Value:
        """The least of a property; null if there are no events."""
        return self._drawn(Function.MIN, of, window)

    def max(self, of: str | Field, **window: Unpack[WindowWords]) -> Value:
        """The most of a property; null if there are no events."""
        return self._drawn(Function.MAX, of, window)

    def first(self, of: str | Field, **window: Unpack[WindowWords]) -> Value:
        """The property of the earliest event that has it; null if there are none. `first("at")` is its time."""
        return self._drawn(Function.FIRST, of, window)

    def last(self, of: str | Field, **window: Unpack[WindowWords]) -> Value:
        """The property of the latest event that has it; null if there are none. `last("at")` is its time."""
        return self._drawn(Function.LAST, of, window)

    def distinct(self, of: str | Field, **window: Unpack[WindowWords]) -> Value:
        """How many different values of a property there are; 0 if there are no events."""
        return self._drawn(Function.DISTINCT, of, window)

    def first_time(self, **window: Unpack[WindowWords]) -> Segment:
        """Whether it happened for the first time then, and not before.

        >>> from mailkit.segment import days, event as ev
        >>> print(ev.purchase.first_time(last=days(7)))
        first(at of purchase) > 7 days ago
        """
        first = self.first("at")
        match _window(window, self._kind):
            case nodes.Last(span=span):
                return first > ago(span)
            case nodes.Between(start=start, end=end):
                bounds = [first >= Value(start)] if start is not None else []
                bounds += [first < Value(end)] if end is not None else []
                return bounds[0] if len(bounds) == 1 else bounds[0] & bounds[1]
            case nodes.After(anchor=anchor, span=span):
                return (first >= Value(anchor)) & (first < Value(anchor) + span)
            case _:
                raise SegmentError(
                    "first_time() of which time? say e.g. last=days(7); did() is any time", text=self._kind
                )

    def regularly(self, least: int, *, of: int, every: str) -> Segment:
        """Whether it happened in at least so many `of` the last periods, such as 3 of 4 weeks, counted back from now.

        >>> from mailkit.segment import event as ev
        >>> segment = ev.visit.regularly(3, of=4, every="week")
        """
        return Segment(nodes.Regular(events=self._events({}), least=least, of=of, unit=Span(count=1, unit=every).unit))

    def then(self, other: Happening, *, within: Length | None = None) -> Chain:
        """Whether this was followed by the other, and how soon: [this, this + within).

        >>> from datetime import UTC, datetime
        >>> from mailkit.segment import event as ev, hours
        >>> history = [
        ...     {"kind": "a", "at": datetime(2026, 3, 1, 9, tzinfo=UTC)},
        ...     {"kind": "b", "at": datetime(2026, 3, 1, 11, tzinfo=UTC)},
        ... ]
        >>> ev.a.then(ev.b, within=hours(3)).matches({}, events=history, now=datetime(2026, 3, 2, tzinfo=UTC))
        True
        """
        return Chain(nodes.Sequence(first=self._events({}), steps=(_step(other, within, is_absent=False),)))

    def then_not(self, other: Happening, *, within: Length | None = None) -> Chain:
        """Whether this was not followed by the other; with `within`, true only once that time has passed."""
        return Chain(nodes.Sequence(first=self._events({}), steps=(_step(other, within, is_absent=True),)))

    def _counted(self, least: int, most: int | None, window: WindowWords) -> Segment:
        return Segment(nodes.Count(events=self._events(window), least=least, most=most))

    def _drawn(self, function: Function, of: str | Field, window: WindowWords) -> Value:
        node = of._node if isinstance(of, Field) else nodes.Field(path=(of,))
        return Value(nodes.Aggregate(function=function, of=node, events=self._events(window)))

    def _events(self, words: WindowWords) -> nodes.Events:
        return nodes.Events(kind=self._kind, where=self._where, window=_window(words, self._kind))

    if not TYPE_CHECKING:  # pragma: no branch - type checkers say themselves what there is not

        def __getattr__(self, name: str) -> None:
            mend = f"; write {_MEANT[name]}" if name in _MEANT else did_you_mean(name, _QUESTIONS)
            raise AttributeError(f"events have no {name!r}{mend or '; there are ' + ', '.join(_QUESTIONS)}")

    def __bool__(self) -> bool:
        raise SegmentError(f"events are no condition yet: ask .did(), .none() or .at_least(n) of {self._kind!r}")

    def __repr__(self) -> str:
        return f"<Happening: {sentence(nodes.Events(kind=self._kind, where=self._where))}>"


class Chain(Segment):
    """Events one after another, as a segment to which further steps can be added.

    Each step comes later than the one before, or was given after it at the same instant. What must
    not come is asked of the last event that came; and as `none` does, it waits until its time has passed.

    >>> from datetime import UTC, datetime
    >>> from mailkit.segment import days, event as ev, hours
    >>> unused = ev.clicked.then_not(ev.purchase, within=days(3)).started(last=days(30))
    >>> clicked = {"kind": "clicked", "at": datetime(2026, 3, 1, tzinfo=UTC)}
    >>> [unused.matches({}, events=[clicked], now=datetime(2026, 3, day, tzinfo=UTC)) for day in (3, 4)]
    [False, True]
    """

    __slots__ = ()

    @property
    def _sequence(self) -> nodes.Sequence:
        if not isinstance(self.node, nodes.Sequence):
            raise SegmentError("only events one after another make a Chain; write ev.a.then(ev.b)", text=str(self))
        return self.node

    def then(self, other: Happening, *, within: Length | None = None) -> Chain:
        """Whether the other came after that, and how soon after the last event that came."""
        return self._longer(_step(other, within, is_absent=False))

    def then_not(self, other: Happening, *, within: Length | None = None) -> Chain:
        """Whether the other did not come after that."""
        return self._longer(_step(other, within, is_absent=True))

    def started(self, **window: Unpack[WindowWords]) -> Chain:
        """When the first of the events must have happened."""
        first = self._sequence.first
        timed = evolve(first, window=_window(window, first.kind))
        return Chain(evolve(self._sequence, first=timed))

    def _longer(self, step: nodes.Step) -> Chain:
        return Chain(evolve(self._sequence, steps=(*self._sequence.steps, step)))


def _step(other: object, within: Length | None, *, is_absent: bool) -> nodes.Step:
    if not isinstance(other, Happening):
        mend = "write then(ev.purchase, within=...), and one then(...) for every step"
        raise SegmentError(f"{shorten(other)} is not events of one kind; {mend}")
    span = None if within is None else as_span(within, what="within")
    return nodes.Step(events=other._events({}), within=span, is_absent=is_absent)


class _Events:
    """Names kinds of events: `event.purchase`, `event["Order Placed"]`."""

    __slots__ = ()

    def __getattr__(self, kind: str) -> Happening:
        if kind.startswith("_"):
            raise AttributeError(f"write event[{kind!r}] for events whose kind begins with _")
        return self[kind]

    def __getitem__(self, kind: str) -> Happening:
        return Happening(kind)

    __iter__ = None

    def __repr__(self) -> str:
        return "<event>"


event: Final = _Events()
"""The kinds of events: `event.purchase`, `event[Kind.OPENED]`, `event["Order Placed"]`."""


def _window(words: WindowWords, kind: str) -> nodes.Window:
    known = list(WindowWords.__annotations__)
    for word in words:
        if word not in known:
            mend = f"; write {_WINDOWS_MEANT[word]}" if word in _WINDOWS_MEANT else did_you_mean(word, known)
            mend = mend or f"; there are {', '.join(known)}"
            raise SegmentError(f"there is no window {word!r}{mend}", text=kind)
    given: dict[str, Any] = dict(words)
    match sorted(given):
        case []:
            return nodes.Ever()
        case ["last"] if isinstance(given["last"], Value) or hasattr(given["last"], "zone"):
            mend = "a period of the calendar is said by during=, an instant by between=(start, None)"
            raise SegmentError(f"last= takes a length of time such as days(7); {mend}", text=kind)
        case ["last"]:
            return nodes.Last(span=as_span(given["last"], what="last"))
        case ["between"]:
            return _between(given["between"], kind)
        case ["during"]:
            start, end = ends(given["during"])
            return nodes.Between(start=start._node, end=end._node)
        case ["after", "within"]:
            anchor = operand(given["after"], nodes.Field(path=(kind,)))
            return nodes.After(anchor=anchor, span=as_span(given["within"], what="within"))
        case ["after"] | ["within"]:
            mend = "for any time from then on say between=(start, None)"
            raise SegmentError(f"within= and after= belong together; {mend}", text=kind)
        case several:
            raise SegmentError(f"{' and '.join(several)} do not go together: give one window", text=kind)


def _between(ends: object, kind: str) -> nodes.Between:
    if not isinstance(ends, tuple | list) or len(ends) != 2:
        raise SegmentError(f"between={shorten(ends)} is not two times; give (start, end)", text=kind)
    beside = nodes.Field(path=(kind,))
    start, end = (None if one is None else operand(one, beside) for one in ends)
    return nodes.Between(start=start, end=end)
