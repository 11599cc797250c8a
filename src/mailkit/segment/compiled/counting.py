"""One loop over a person's events that feeds everything that is counted of them, in generated code."""

from __future__ import annotations

from collections.abc import Callable, Iterator
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
        self._starts: list[nodes.Window] | None = []
        self._end = arguments.add(lambda maker: maker.end, key="end")

    @property
    def is_needed(self) -> bool:
        """Whether anything is counted."""
        return bool(self._by_kind)

    def expression(self, node: nodes.Count) -> str:
        """An expression that is true if the number of events, once counted, is within the limits."""
        window, waits = node.events.window, node.most is not None
        is_known = ""
        if isinstance(window, nodes.Ever | nodes.Last):
            counter = self._counters.get(node.events) or self._counted(node.events, self._simple(window))
            self._counters[node.events] = counter
        else:
            is_known, tests = self._bounded(window, waits)
            counter = self._counted(node.events, tests)
        limits = [f"{counter} >= {self._number(node.least)}"] if node.least else []
        if node.most is not None:
            limits.append(f"{counter} <= {self._number(node.most)}")
        if node.most == 0 and not node.least:
            limits = [f"not {counter}"]
        return f"({' and '.join(filter(None, (is_known, *limits))) or True})"

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

    def lines(self) -> Iterator[str]:
        """The loop, over the events `evs`."""
        yield from self._before
        yield "for e in evs:"
        is_dict = self._shape.event == "dict"
        yield f"    if type(e) is not {'dict' if is_dict else 'EVENT'}: raise ODD"
        yield f"    at = {'e[`at`]' if is_dict else 'e.at'}".replace("`", '"')
        yield f"    k = {'e[`kind`]' if is_dict else 'e.kind'}".replace("`", '"')
        first = self._earliest()
        yield f"    if at >= {first}:" if first else f"    if at < {self._end}:"
        if is_dict:
            yield "        if type(at) is not datetime or type(k) is not str and IS_ODD(k): raise ODD"
        known = f"at >= {first}" if first else f"at < {self._end}"
        word = "if"
        for kind, counted in self._by_kind.items():
            yield f"        {word} k == {kind}:"
            for counter, tests in counted:
                left = " and ".join(test for test in tests if test != known)
                yield f"            {f'if {left}: ' if left else ''}{counter} += 1"
            word = "elif"
        if is_dict:
            yield "    elif type(at) is not datetime or k is None: raise ODD"

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
