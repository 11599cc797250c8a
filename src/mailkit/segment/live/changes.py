"""That somebody entered or left a segment, and by what."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import attrs

from mailkit.errors import SegmentError
from mailkit.segment import nodes
from mailkit.segment.language.text import sentence
from mailkit.segment.lasting.timelines import Row
from mailkit.segment.lasting.validity import World
from mailkit.segment.live.crowd import Person
from mailkit.segment.running.histories import Fact
from mailkit.segment.spans import INSTANT, moved

if TYPE_CHECKING:
    from mailkit.event import Event

__all__ = ["Cause", "Change", "Entered", "Left", "seen_first_at"]


@attrs.frozen(kw_only=True)
class Change:
    """A person entered or left a segment.

    Attributes:
        person: The person's id, as text.
        segment: The segment's name.
        at: The first instant at which it is so; of what became known late, when it became known.
        event: The event by which, or what was kept of it if it was ahead of its time; None if it was by time
            that passed, or by the person's record.
        condition: The part of the segment that turned.
        error: Of somebody who left: why it can no longer be told whether he is in; None if it can.
    """

    person: str
    segment: str
    at: datetime
    event: Event | Fact | None = None
    condition: nodes.Condition
    error: SegmentError | None = None

    def __str__(self) -> str:
        return f"{self.person} {type(self).__name__.lower()} {self.segment} at {self.at}: {sentence(self.condition)}"


class Entered(Change):
    """A person came into a segment; the attributes are those of `Change`."""

    __slots__ = ()


class Left(Change):
    """A person went out of a segment; the attributes are those of `Change`."""

    __slots__ = ()


class Cause(NamedTuple):
    """Why somebody is looked at: an event, his record, or the time."""

    at: datetime
    row: Row | None = None
    event: Event | Fact | None = None
    is_put: bool = False
    before: dict[str, Any] | None = None

    def worlds(self, person: Person) -> tuple[World, World]:
        """How it was before that, and how it is."""
        now = World(person.record, person.events, self.at)
        if self.is_put:
            return now if self.before is None else World(self.before, person.events, self.at), now
        if self.row is None:
            return World(person.record, person.events, moved(self.at, -INSTANT)), now
        kind = self.row[2].kind
        others = [row for row in person.events[kind] if row is not self.row]
        return World(person.record, {**person.events, kind: others}, self.at), now


def seen_first_at(at: datetime, person: Person, kinds: Iterable[str]) -> Fact | None:
    """The event that was known ahead of its time, which has come."""
    for kind in kinds:
        for when, _, event in reversed(person.events.get(kind, ())):
            if when < at:
                break
            if when == at:
                found: Fact = event
                return found
    return None
