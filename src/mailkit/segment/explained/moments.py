"""At which instants an event would have to be tried to know what it does at any instant.

How to think about it. As of a later instant, the turn, an event counts or not by which windows
it is in, and by nothing else of its time. So between two neighbouring bounds of windows, all
instants at which it may have come are alike, and one of them speaks for all.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from mailkit.segment import nodes
from mailkit.segment.nodes import Function
from mailkit.segment.running.evaluate import Maker
from mailkit.segment.running.subjects import of_person
from mailkit.segment.running.windows import bounds
from mailkit.segment.spans import INSTANT, Span, moved

__all__ = ["moments"]

_MOST: Final = 40
_TIMES: Final = (Function.FIRST, Function.LAST, Function.MIN, Function.MAX)


def moments(
    node: nodes.Condition, record: Any, kind: str, *, now: datetime, turn: datetime, maker: Maker
) -> list[datetime]:
    """Instants from now on, before the turn, of which each speaks for all until the next.

    Args:
        node: The condition.
        record: The person.
        kind: What kind of event it is that may come.
        now: The first of the instants.
        turn: As of when the condition is asked.
        maker: Makes functions that answer as of the turn.

    Returns:
        None of them where more of the event's time matters than its windows: in a sequence, where
        `where` asks for the time, or where a window begins with such an event. Nor if they are too many.
    """
    found, drawn, weighed = {now}, 0, 0
    for inner in nodes.walk(node):
        match inner:
            case nodes.Sequence() if any(step.kind == kind for step in _asked(inner)):
                return []
            case nodes.Comparison():
                marks = list(_marks(inner, kind))
                weighed += len(marks)
                for mark in marks:
                    at = maker.time(maker.value(mark, of_person)(record), mark)
                    found |= {at, moved(at, INSTANT)} if at is not None else set()
            case nodes.Aggregate() if inner.events.kind == kind and inner.of.path[0] == "at":
                drawn += 1
            case nodes.Regular() if inner.events.kind == kind:
                spans = (Span(count=count, unit=inner.unit) for count in range(1, inner.of + 1))
                found |= {moved(span.before(turn), INSTANT) for span in spans}
            case nodes.Events() if inner.kind == kind:
                if _reads_time(inner):
                    return []
                found |= set(bounds(maker, inner.window, waits=False)(record) or ())
    inside = sorted(at for at in found if now <= at < turn)
    return inside if drawn == weighed and len(inside) <= _MOST else []


def _asked(node: nodes.Node) -> Iterator[nodes.Events]:
    return (inner for inner in nodes.walk(node) if isinstance(inner, nodes.Events))


def _marks(node: nodes.Comparison, kind: str) -> Iterator[nodes.Value]:
    """What the time of such an event is compared with, and does not itself hang on events."""
    for inner, other in ((node.left, node.right), (node.right, node.left)):
        if not isinstance(inner, nodes.Aggregate) or inner.events.kind != kind or any(_asked(other)):
            continue
        if inner.of.path == ("at",) and inner.function in _TIMES:
            yield other


def _reads_time(events: nodes.Events) -> bool:
    """Whether its time matters otherwise than by the window, or the window itself hangs on events."""
    asked = nodes.walk(events.where) if events.where is not None else ()
    if any(isinstance(node, nodes.Field) and node.path[0] == "at" for node in asked):
        return True
    return any(_asked(events.window))
