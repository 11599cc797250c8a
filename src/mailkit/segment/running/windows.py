"""From a window to its two bounds, for the person at hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeAlias, assert_never

from mailkit.segment import nodes
from mailkit.segment.running.subjects import of_person, varies
from mailkit.segment.spans import EARLIEST, INSTANT, moved

if TYPE_CHECKING:
    from mailkit.segment.running.evaluate import Maker

__all__ = ["Bounds", "bounds"]

Bounds: TypeAlias = tuple[datetime, datetime]
"""From the first instant of a window until before the first after it."""
BoundsOf: TypeAlias = Callable[[Any], Bounds | None]


def bounds(maker: Maker, window: nodes.Window, *, waits: bool) -> BoundsOf:
    """The bounds of a window; None if they are unknown, or if an open window is to be waited for."""
    match window:
        case nodes.Ever():
            return lambda record: (EARLIEST, maker.end)
        case nodes.Last():
            start = moved(window.span.before(maker.now), INSTANT)
            return lambda record: (start, maker.end)
        case nodes.Between():
            found = _between(maker, window)
        case nodes.After():
            found = _after(maker, window, waits)
        case _ as never:
            assert_never(never)
    if varies(window):
        return found
    fixed = found(None)
    return lambda record: fixed


def _between(maker: Maker, window: nodes.Between) -> BoundsOf:
    start_node = window.start or nodes.Constant(value=EARLIEST)
    end_node = window.end or nodes.Constant(value=maker.end)
    start, end = maker.value(start_node, of_person), maker.value(end_node, of_person)

    def between(record: Any) -> Bounds | None:
        first, last = maker.time(start(record), start_node), maker.time(end(record), end_node)
        return None if first is None or last is None else (first, min(last, maker.end))

    return between


def _after(maker: Maker, window: nodes.After, waits: bool) -> BoundsOf:
    anchor = maker.value(window.anchor, of_person)

    def after(record: Any) -> Bounds | None:
        start = maker.time(anchor(record), window.anchor)
        if start is None:
            return None
        end = window.span.after(start)
        return None if waits and end > maker.now else (start, min(end, maker.end))

    return after
