"""The people of live segments: what is kept of each, and when whose answer is to be looked at again."""

from __future__ import annotations

from bisect import insort
from datetime import datetime
from heapq import heapify, heappop, heappush
from typing import Any, Final

from mailkit.segment import nodes
from mailkit.segment.courses import NEVER
from mailkit.segment.keeping import Keeper
from mailkit.segment.timelines import Row, Timeline, first_from

__all__ = ["Crowd", "Person"]

_ROOM: Final = 1024


class Person:
    """What is known of one person.

    Attributes:
        record: Of his record, what the segments speak of; None as long as there is no record.
        events: His events, by kind and in order.
        members: For each segment, whether he is in it.
        untils: For each segment, until when that holds.
    """

    __slots__ = ("events", "members", "record", "untils")

    def __init__(self, segments: int) -> None:
        self.record: dict[str, Any] | None = None
        self.events: Timeline = {}
        self.members = [False] * segments
        self.untils = [NEVER] * segments


class Crowd:
    """People by id, and a heap of the instants at which their answers end.

    Args:
        conditions: Those of the segments.
    """

    def __init__(self, conditions: tuple[nodes.Condition, ...]) -> None:
        self.keeper = Keeper(conditions)
        self.people: dict[str, Person] = {}
        self.heap: list[tuple[datetime, str, int]] = []
        self.place = 0
        self._segments, self._room = len(conditions), _ROOM
        self._horizons: tuple[datetime, dict[str, datetime | None]] = (NEVER, {})

    def person(self, identity: str) -> Person:
        """The person with the id, who is new if there was none."""
        found = self.people.get(identity)
        if found is None:
            found = self.people[identity] = Person(self._segments)
        return found

    def add(self, identity: str, event: Any, now: datetime) -> Row | None:
        """Keep what is spoken of of an event; None if it cannot matter any more.

        Older ones that cannot, since they have left every window in which they are asked for, go.
        """
        rows = self.person(identity).events.setdefault(event.kind, [])
        horizon = self._horizon(event.kind, now)
        if horizon is not None:
            if rows and rows[0][0] < horizon:
                del rows[: first_from(rows, horizon)]
            if event.at < horizon:
                return None
        row = event.at, self.place, self.keeper.event(event)
        self.place += 1
        if rows and row < rows[-1]:
            insort(rows, row)
        else:
            rows.append(row)
        return row

    def _horizon(self, kind: str, now: datetime) -> datetime | None:
        at, known = self._horizons
        if at != now:
            known = {}
            self._horizons = now, known
        if kind not in known:
            known[kind] = self.keeper.horizon(kind, now)
        return known[kind]

    def wait(self, identity: str, person: Person, place: int, until: datetime) -> None:
        """Let the person's answer hold until then."""
        if until == person.untils[place]:
            return
        person.untils[place] = until
        if until >= NEVER:
            return
        heappush(self.heap, (until, identity, place))
        if len(self.heap) > self._room:  # most of them are of answers that were given anew since
            self.heap = [
                (until, identity, place)
                for identity, person in self.people.items()
                for place, until in enumerate(person.untils)
                if until < NEVER
            ]
            heapify(self.heap)
            self._room = max(_ROOM, 2 * len(self.heap))

    def next_due(self, until: datetime) -> tuple[datetime, str, int] | None:
        """Whose answer in which segment ends next, and when; None if none does until then."""
        while self.heap and self.heap[0][0] <= until:
            at, identity, place = heappop(self.heap)
            person = self.people[identity]
            if person.untils[place] == at:  # else there was another answer since
                person.untils[place] = NEVER
                return at, identity, place
        return None

    def forget(self, identity: str) -> None:
        """Erase everything about the person."""
        self.people.pop(identity, None)
        self.heap = [entry for entry in self.heap if entry[1] != identity]
        heapify(self.heap)
