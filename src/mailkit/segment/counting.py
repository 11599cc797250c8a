"""One loop over a person's events that feeds everything that is counted of them, in generated code."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from mailkit.segment import nodes
from mailkit.segment.places import Arguments, Shape
from mailkit.segment.spans import EARLIEST, LATEST
from mailkit.segment.subjects import varies
from mailkit.segment.windows import bounds

if TYPE_CHECKING:
    from mailkit.segment.evaluate import Maker

__all__ = ["Counting"]


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
        self._by_kind: dict[str, list[str]] = {}
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
        adding = f"{counter} += 1"
        line = f"if {' and '.join(tests)}: {adding}" if tests else adding
        self._by_kind.setdefault(self._arguments.constant(events.kind), []).append(line)
        return counter

    def _simple(self, window: nodes.Ever | nodes.Last) -> list[str]:
        """What an event before `end` must fulfil."""
        if isinstance(window, nodes.Ever):
            self._starts = None
            return []
        if self._starts is not None and window not in self._starts:
            self._starts.append(window)
        return [f"at >= {self._start(window)}"]

    def _start(self, window: nodes.Window) -> str:
        return self._arguments.add(lambda maker: _limits(maker, window, waits=False)[1], key=("start", window))

    def _bounded(self, window: nodes.Window, waits: bool) -> tuple[str, list[str]]:
        self._starts = None
        key = (window, waits)
        if varies(window):
            found = self._arguments.add(lambda maker: bounds(maker, window, waits=waits), key=("bounds", *key))
            known, start, end = (self._arguments.local() for _ in range(3))
            self._before += [
                f"{known} = {found}(p)",
                f"{start}, {end} = {known} or (LATEST, EARLIEST)",
            ]
            return f"{known} is not None", [f"{start} <= at < {end}"]
        found = self._arguments.add(lambda maker: _limits(maker, window, waits=waits), key=("limits", *key))
        known, start, end = (self._arguments.local() for _ in range(3))
        self._before.append(f"{known}, {start}, {end} = {found}")
        return known, [f"{start} <= at < {end}"]

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
        margin = " " * 8
        if first:
            yield f"        if at < {self._end}:"
            margin += " " * 4
        word = "if"
        for kind, lines in self._by_kind.items():
            yield f"{margin}{word} k == {kind}:"
            yield from (f"{margin}    {line}" for line in lines)
            word = "elif"
        if is_dict:
            yield "    elif type(at) is not datetime or k is None: raise ODD"

    def _earliest(self) -> str:
        """The start of the widest window, before which nothing counts; empty if something always does."""
        starts = self._starts
        if not starts:
            return ""
        return self._arguments.add(lambda maker: min(_limits(maker, window, waits=False)[1] for window in starts))


def _limits(maker: Maker, window: nodes.Window, *, waits: bool) -> tuple[bool, datetime, datetime]:
    """Whether the bounds of a window are known, and which they are; nothing is between those that are not."""
    found = bounds(maker, window, waits=waits)(None)
    return (False, LATEST, EARLIEST) if found is None else (True, *found)
