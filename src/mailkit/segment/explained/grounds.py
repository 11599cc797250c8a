"""What decided a condition about one person: the values of his record, and his events, in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

import attrs

from mailkit.segment import nodes
from mailkit.segment.explained.telling import apart, day, shown, when
from mailkit.segment.language.text import sentence
from mailkit.segment.lasting.validity import Judgement
from mailkit.segment.running.subjects import varies
from mailkit.segment.spans import Span

__all__ = ["Ground", "grounds"]


@attrs.frozen(kw_only=True)
class Ground:
    """One thing that decided a condition.

    Attributes:
        sentence: It in words.
        about: The value or the events that it is about, as in the segment's sentence.
        value: The value; of events, how many of them count.
        at: When the events that count happened, in their order; empty for a value.
    """

    sentence: str
    about: str
    value: Any
    at: tuple[datetime, ...] = ()


def grounds(judgement: Judgement, history: Sequence[Any], now: datetime) -> tuple[Ground, ...]:
    """What decided a condition that is not joined of others; nothing if it is.

    Args:
        judgement: How it stands.
        history: All the person's events until now.
        now: As of when.
    """
    match judgement.node:
        case nodes.Comparison() as node:
            found = _values((node.left, node.right), judgement, now)
        case nodes.OneOf() | nodes.TextTest() | nodes.IsNull() as node:
            found = _values((node.value,), judgement, now)
        case nodes.Anniversary() as node:
            found = _values((node.of,), judgement, now)
        case nodes.And() | nodes.Or() | nodes.Not():
            return ()
        case _:
            found = iter(())
    return (*found, *_events(judgement, history, now))


def _values(asked: tuple[nodes.Value, ...], judgement: Judgement, now: datetime) -> Iterator[Ground]:
    for node, value in zip(asked, judgement.values, strict=True):
        if not isinstance(node, nodes.Constant | nodes.Now):
            about = sentence(node)
            is_clear = isinstance(value, datetime) and not varies(node)  # "30 days ago" says how long ago that is
            yield Ground(
                sentence=f"{about} is {when(value) if is_clear else shown(value, now)}", about=about, value=value
            )


def _events(judgement: Judgement, history: Sequence[Any], now: datetime) -> Iterator[Ground]:
    node = judgement.node
    asked = [inner for inner in nodes.walk(node) if isinstance(inner, nodes.Events)]
    if isinstance(node, nodes.Sequence) and judgement.events:
        told = ", then ".join(f"{event.kind} on {_ago(event.at, now)}" for event in judgement.events)
        yield _ground(told, asked[0], judgement.events)
        return
    for events in dict.fromkeys(asked):
        counted = [event for event in judgement.events if event.kind == events.kind]
        told = _counted(events, counted, now) if counted else _passed(events, history, now)
        is_step = isinstance(node, nodes.Sequence)
        yield _ground(told.removeprefix("none of that; ") if is_step else told, events, counted)
    yield from _window(judgement, now)
    if isinstance(node, nodes.Regular):
        met = _met(node, [event.at for event in judgement.events], now)
        told = f"that is in {met} of the last {node.of} {node.unit}s"
        yield Ground(sentence=told, about=sentence(node), value=met)


def _met(node: nodes.Regular, moments: Sequence[datetime], now: datetime) -> int:
    """In how many of the periods something happened."""
    ends = [now, *(Span(count=count, unit=node.unit).before(now) for count in range(1, node.of + 1))]
    return sum(any(start < at <= end for at in moments) for end, start in pairwise(ends))


def _ground(told: str, events: nodes.Events, counted: Sequence[Any]) -> Ground:
    moments = tuple(sorted(event.at for event in counted))
    return Ground(sentence=told, about=sentence(events), value=len(moments), at=moments)


def _counted(events: nodes.Events, counted: Sequence[Any], now: datetime) -> str:
    name, last = sentence(nodes.Events(kind=events.kind, where=events.where)), max(event.at for event in counted)
    return f"{len(counted):,} {name}, {'the last ' if len(counted) > 1 else ''}on {_ago(last, now)}"


def _passed(events: nodes.Events, history: Sequence[Any], now: datetime) -> str:
    """What to say where no event counts: when the last of that kind was, if there was one."""
    others = [event.at for event in history if event.kind == events.kind]
    name = sentence(nodes.Events(kind=events.kind))
    return f"none of that; the last {name} was on {_ago(max(others), now)}" if others else f"no {name} ever"


def _window(judgement: Judgement, now: datetime) -> Iterator[Ground]:
    """That a window is still open, which decides where something must not happen in it."""
    node, end = judgement.node, judgement.end
    waits = isinstance(node, nodes.Count) and node.most is not None and isinstance(node.events.window, nodes.After)
    if waits and end is not None and end > now:
        yield Ground(sentence=f"the window is open until {when(end)}", about=sentence(node), value=end)


def _ago(at: datetime, now: datetime) -> str:
    return f"{day(at)}, {apart(at, now)}"
