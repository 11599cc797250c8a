"""How many events there are in a window, and what is drawn from a property of theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mailkit.errors import SegmentError
from mailkit.segment import nodes
from mailkit.segment.running.aggregates import draw
from mailkit.segment.running.subjects import Get, Test, blame, of_event
from mailkit.segment.running.windows import bounds

if TYPE_CHECKING:
    from mailkit.segment.running.evaluate import Maker

__all__ = ["aggregate", "count"]


def count(maker: Maker, node: nodes.Count) -> Test:
    """The function that says whether so many events happened."""
    kind, least, most, history = node.events.kind, node.least, node.most, maker.history
    enough = least if most is None else most + 1  # nothing changes any more from here on
    limits = bounds(maker, node.events.window, waits=most is not None)
    where = None if node.events.where is None else maker.test(node.events.where, of_event)

    def has_so_many(record: Any) -> bool:
        window = limits(record)
        if window is None:
            return False
        start, end = window
        found = 0
        for event in history():
            if event.kind == kind and start <= event.at < end and (where is None or where(event)):
                found += 1
                if found >= enough:
                    break
        return found >= least and (most is None or found <= most)

    return has_so_many


def aggregate(maker: Maker, node: nodes.Aggregate) -> Get:
    """The function that draws one value from a property of the events; null if the window is unknown."""
    kind, history, get, assumed = node.events.kind, maker.history, of_event(node.of), maker.assumed
    where = None if node.events.where is None else maker.test(node.events.where, of_event)
    limits = bounds(maker, node.events.window, waits=False)

    def drawn(record: Any) -> Any:
        window = limits(record)
        if window is None:
            return None
        start, end = window
        found = (
            (event.at, get(event))
            for event in history()
            if event.kind == kind and start <= event.at < end and (where is None or where(event))
        )
        try:
            return draw(node.function, found, assumed)
        except SegmentError as error:
            blame(error, node.of, node)

    return drawn
