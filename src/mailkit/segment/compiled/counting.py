"""One loop over a person's events that feeds everything that is counted of them, in generated code."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from mailkit.segment import nodes
from mailkit.segment.compiled.places import Arguments, Shape
from mailkit.segment.running.subjects import varies
from mailkit.segment.running.windows import bounds
from mailkit.segment.spans import EARLIEST, LATEST, Unit

if TYPE_CHECKING:
    from mailkit.segment.running.evaluate import Maker

__all__ = ["FLOOR", "Counting", "Odd"]

FLOOR: Final = EARLIEST + timedelta(days=2)
"""Before it, times of other zones may be out of the calendar once they are in UTC, which is the closures' to know."""


class Odd(Exception):
    """What sends a person to the closures."""


class Counting:
    """The counters of some conditions.

    Args:
        arguments: Of the generated function.
        shape: What its events look like.
        where: Writes what must be true of an event.
    """

    def __init__(self, arguments: Arguments, shape: Shape, where: Callable[[nodes.Condition], str]) -> None:
        self._arguments, self._shape, self._where = arguments, shape, where
        self._before: list[str] = []
        self._by_kind: dict[str, list[tuple[str, list[str]]]] = {}
        self._counters: dict[nodes.Events, str] = {}
        self._names: dict[nodes.Count, str] = {}
        self._known: dict[nodes.Count, str] = {}
        self._ends: dict[str, list[tuple[str, str]]] = {}
        self._at_once: dict[str, str] = {}
        self._starts: list[nodes.Window] | None = []
        self._end = arguments.add(lambda maker: maker.end, key="end")

    @property
    def is_needed(self) -> bool:
        """Whether anything is counted."""
        return bool(self._by_kind)

    def expression(self, node: nodes.Count) -> str:
        """An expression that is true if the number of events, once counted, is within the limits."""
        if node in self._names:
            return self._within(node)
        window, waits = node.events.window, node.most is not None
        self._known[node] = ""
        if isinstance(window, nodes.Ever | nodes.Last):
            counter = self._counters.get(node.events) or self._counted(node.events, self._simple(window))
            self._counters[node.events] = counter
        else:
            self._known[node], tests = self._bounded(window, waits)
            counter = self._counted(node.events, tests)
        self._names[node] = counter
        return self._within(node)

    def _within(self, node: nodes.Count) -> str:
        counter, known = self._names[node], self._known[node]
        if counter in self._at_once:  # nothing was counted, or the loop would have ended
            return f"({known if known and not node.least else not node.least})"
        limits = [f"{counter} >= {self._number(node.least)}"] if node.least else []
        if node.most is not None:
            limits.append(f"{counter} <= {self._number(node.most)}")
        if node.most == 0 and not node.least:
            limits = [f"not {counter}"]
        return f"({' and '.join(filter(None, (known, *limits))) or True})"

    def _number(self, number: int) -> str:
        return str(number) if number < 1000 else self._arguments.constant(number)

    def _counted(self, events: nodes.Events, tests: list[str]) -> str:
        counter = f"c{self._arguments.local()}"
        tests = [*tests, *([self._where(events.where)] if events.where is not None else [])]
        self._before.append(f"{counter} = 0")
        self._by_kind.setdefault(self._arguments.constant(events.kind), []).append((counter, tests))
        return counter

    def _simple(self, window: nodes.Ever | nodes.Last) -> list[str]:
        """What an event must fulfil besides."""
        if isinstance(window, nodes.Ever):
            self._starts = None
            return [f"at < {self._end}"]
        if self._starts is not None and window not in self._starts:
            self._starts.append(window)
        return [f"at >= {self._start(window)}", f"at < {self._end}"]

    def _start(self, window: nodes.Window) -> str:
        return self._arguments.add(lambda maker: _start(maker, window), key=("start", window))

    def _bounded(self, window: nodes.Window, waits: bool) -> tuple[str, list[str]]:
        self._starts = None
        known, start, end = (self._arguments.local() for _ in range(3))
        if varies(window):
            found = self._arguments.add(lambda maker: bounds(maker, window, waits=waits), key=("bounds", window, waits))
            self._before.append(f"{known} = {found}(p)")
            self._before.append(f"{start}, {end} = {known} or (LATEST, EARLIEST)")
        else:
            found = self._arguments.add(lambda maker: _limits(maker, window, waits=waits), key=("fixed", window, waits))
            self._before.append(f"{known}, {start}, {end} = {found}")
        is_open = isinstance(window, nodes.Between) and window.start is None
        if not is_open:
            self._before.append(f"if {start} < FLOOR: raise ODD")
        return f"{known} not in (None, False)", [f"at < {end}" if is_open else f"{start} <= at < {end}"]

    def settle(self, parts: Iterable[nodes.Condition], *, is_any: bool, no: str, yes: str) -> None:
        """Let the loop end as soon as no other event can change what all parts, or any of them, come to.

        Args:
            parts: What is asked together; it has been written. Unless all of them are counts, nothing is settled.
            is_any: Whether one that is true is enough.
            no: What ends the loop if it comes to false.
            yes: What ends it if it comes to true.
        """
        settled = [self._settled(part) for part in parts]
        if None in settled:
            return
        known = list(filter(None, settled))
        for counter, enough, is_true in known:
            if is_true is is_any or len(known) == 1:
                self._ends.setdefault(counter, []).append((f"{counter} >= {enough}", yes if is_true else no))
                if enough == "1":
                    self._at_once[counter] = yes if is_true else no
        if len(known) > 1 and all(is_true is not is_any for _, _, is_true in known):
            test = " and ".join(f"{counter} >= {enough}" for counter, enough, _ in known)
            for counter in dict.fromkeys(counter for counter, _, _ in known):
                self._ends.setdefault(counter, []).append((test, no if is_any else yes))

    def _settled(self, node: nodes.Condition) -> tuple[str, str, bool] | None:
        """The counter of a part, from which number on it does not change any more, and whether it is true then."""
        is_true = True
        if isinstance(node, nodes.Not):
            node, is_true = node.part, False
        if not isinstance(node, nodes.Count) or (node.most is None and not node.least):
            return None
        if node.most is None:
            return self._names[node], self._number(node.least), is_true
        return self._names[node], self._number(node.most + 1), not is_true

    def lines(self) -> Iterator[str]:
        """The loop, over the events `evs`.

        What comes before all windows is passed over by its time alone. A time that is none is not
        before anything, nor after: it is met by the checks that follow.
        """
        yield from (line for line in self._before if line.removesuffix(" = 0") not in self._at_once)
        yield "for e in evs:"
        is_dict, first = self._shape.event == "dict", self._earliest()
        kind, at = ('k = e["kind"]', 'at = e["at"]') if is_dict else ("k = e.kind", "at = e.at")
        odd = "type(e) is not EVENT"
        if is_dict:
            odd = "type(at) is not datetime or type(e) is not dict or type(k) is not str and IS_ODD(k)"
        if first:
            yield f"    {at}"
            yield f"    if at < {first}: continue"
            yield f"    {kind}"
            yield f"    if {odd}: raise ODD"
        else:
            yield f"    {kind}"
        word = "if"
        for name, counted in self._by_kind.items():
            yield f"    {word} k == {name}:"
            if not first:
                yield f"        {at}"
                yield f"        if {odd}: raise ODD"
            for counter, tests in counted:
                yield from (f"        {line}" for line in self._counting(counter, tests, f"at >= {first}"))
            word = "elif"
        if not first:
            yield f"    elif {'type(k) is not str and IS_ODD(k)' if is_dict else odd}: raise ODD"

    def _counting(self, counter: str, tests: list[str], known: str) -> Iterator[str]:
        left = [test for test in tests if test != known]
        yield f"if {' and '.join(left)}:"
        if counter in self._at_once:
            yield f"    {self._at_once[counter]}"
            return
        yield f"    {counter} += 1"
        yield from (f"    if {test}: {end}" for test, end in self._ends.get(counter, ()))

    def _earliest(self) -> str:
        """The start of the widest window, before which nothing counts; empty if something always does."""
        starts = self._starts
        if not starts:
            return ""
        lengths = [_length(window) for window in starts]
        if None not in lengths:
            return self._start(starts[lengths.index(max(filter(None, lengths)))])
        return self._arguments.add(lambda maker: min(_start(maker, window) for window in starts))


def _length(window: nodes.Window) -> timedelta | None:
    """How long a window is; None if it has months, which differ."""
    span = window.span if isinstance(window, nodes.Last) else None
    return None if span is None or span.unit in (Unit.MONTH, Unit.YEAR) else LATEST - span.before(LATEST)


def _start(maker: Maker, window: nodes.Window) -> datetime:
    _, start, _ = _limits(maker, window, waits=False)
    if start < FLOOR:
        raise Odd
    return start


def _limits(maker: Maker, window: nodes.Window, *, waits: bool) -> tuple[bool, datetime, datetime]:
    """Whether the bounds of a window are known, and which they are; nothing is between those that are not."""
    found = bounds(maker, window, waits=waits)(None)
    return (False, LATEST, EARLIEST) if found is None else (True, *found)
