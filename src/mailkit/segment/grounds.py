"""What decided a condition about one person: the values of his record, and his events, in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import attrs

from mailkit.segment import nodes
from mailkit.segment.telling import apart, day, shown, when
from mailkit.segment.text import sentence
from mailkit.segment.validity import Judgement

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
        case _:
            found = iter(())
    return (*found, *_events(judgement, history, now))


def _values(asked: tuple[nodes.Value, ...], judgement: Judgement, now: datetime) -> Iterator[Ground]:
    for node, value in zip(asked, judgement.values, strict=True):
        if not isinstance(node, nodes.Constant | nodes.Now):
            about = sentence(node)
            yield Ground(sentence=f"{about} is {shown(value, now)}", about=about, value=value)


def _events(judgement: Judgement, history: Sequence[Any], now: datetime) -> Iterator[Ground]:
    asked = [node for node in nodes.walk(judgement.node) if isinstance(node, nodes.Events)]
    if isinstance(judgement.node, nodes.Sequence) and judgement.events:
        told = ", then ".join(f"{event.kind} on {_ago(event.at, now)}" for event in judgement.events)
        yield _ground(told, asked[0], judgement.events)
        return
    for place, events in enumerate(asked):
        counted = (
            [event for event in judgement.events if event.kind == events.kind] if place == 0 or len(asked) > 1 else []
        )
        if isinstance(judgement.node, nodes.Sequence):
            counted = []
        told = _counted(events, counted, now) if counted else _passed(events, history, now)
        yield _ground(told + _window(judgement, now), events, counted)


def _ground(told: str, events: nodes.Events, counted: Sequence[Any]) -> Ground:
    moments = tuple(sorted(event.at for event in counted))
    return Ground(sentence=told, about=sentence(events), value=len(moments), at=moments)


def _counted(events: nodes.Events, counted: Sequence[Any], now: datetime) -> str:
    name, last = _name(events), max(event.at for event in counted)
    return f"{len(counted):,} {name}, {'the last ' if len(counted) > 1 else ''}on {_ago(last, now)}"


def _passed(events: nodes.Events, history: Sequence[Any], now: datetime) -> str:
    """What to say where no event counts: when the last of that kind was, if there was one."""
    others = [event.at for event in history if event.kind == events.kind]
    name = sentence(nodes.Events(kind=events.kind))
    if not others:
        return f"no {name} ever"
    return f"no {name} that counts, the last of all was on {_ago(max(others), now)}"


def _window(judgement: Judgement, now: datetime) -> str:
    """That a window is still open, which decides where something must not happen in it."""
    node = judgement.node
    waits = isinstance(node, nodes.Count) and node.most is not None and isinstance(node.events.window, nodes.After)
    is_open = waits and judgement.end is not None and judgement.end > now
    return f"; the window is open until {when(judgement.end)}" if is_open and judgement.end else ""


def _name(events: nodes.Events) -> str:
    return sentence(nodes.Events(kind=events.kind, where=events.where))


def _ago(at: datetime, now: datetime) -> str:
    return f"{day(at)}, {apart(at, now)}"
