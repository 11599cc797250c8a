"""The people of live segments: what is kept of each, and when whose answer is to be looked at again."""

from __future__ import annotations

from bisect import insort
from datetime import datetime
from heapq import heapify, heappop, heappush
from typing import Any, Final, TypeAlias

from mailkit.segment import nodes
from mailkit.segment.lasting.courses import NEVER
from mailkit.segment.lasting.timelines import Row, Timeline, first_from
from mailkit.segment.live.keeping import Keeper

__all__ = ["Crowd", "Person"]

Due: TypeAlias = tuple[datetime, str, int]
"""When an answer ends, whose it is, and in which segment."""
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
    """People by id, and the instants at which their answers end.

    Args:
        conditions: Those of the segments.
    """

    def __init__(self, conditions: tuple[nodes.Condition, ...]) -> None:
        self.keeper = Keeper(conditions)
        self.people: dict[str, Person] = {}
        self._queue = Queue()
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
        self._queue.push((until, identity, place))
        if len(self._queue) > self._room:  # most of them are of answers that were given anew since
            self._queue = Queue()
            for other, one in self.people.items():
                for number, end in enumerate(one.untils):
                    if end < NEVER:
                        self._queue.push((end, other, number))
            self._room = max(_ROOM, 2 * len(self._queue))

    def next_due(self, until: datetime) -> tuple[Due, Person] | None:
        """Whose answer in which segment ends next, and when; None if none does until then."""
        while due := self._queue.pop(until):
            at, identity, place = due
            person = self.people[identity]
            if person.untils[place] == at:  # else there was another answer since
                person.untils[place] = NEVER
                return due, person
        return None

    def forget(self, identity: str) -> None:
        """Erase everything about the person."""
        self.people.pop(identity, None)
        self._queue.forget(identity)


class Queue:
    """What is due, by days: what is far ahead costs an append, and what is near is found in a small heap."""

    def __init__(self) -> None:
        self._days: dict[int, list[Due]] = {}
        self._order: list[int] = []
        self._heaps: set[int] = set()
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def push(self, due: Due) -> None:
        """Put it in."""
        self._length += 1
        day = due[0].toordinal()
        entries = self._days.get(day)
        if entries is None:
            self._days[day] = [due]
            heappush(self._order, day)
        elif day in self._heaps:
            heappush(entries, due)
        else:
            entries.append(due)

    def pop(self, until: datetime) -> Due | None:
        """Take out what is due first; None if nothing is until then."""
        while self._order and self._order[0] <= until.toordinal():
            day = self._order[0]
            entries = self._days[day]
            if not entries:
                self._heaps.discard(day)
                del self._days[heappop(self._order)]
                continue
            if day not in self._heaps:
                heapify(entries)
                self._heaps.add(day)
            if entries[0][0] > until:
                return None
            self._length -= 1
            return heappop(entries)
        return None

    def forget(self, identity: str) -> None:
        """Erase what is due of one person."""
        self._heaps.clear()
        for day, entries in self._days.items():
            self._days[day] = [due for due in entries if due[1] != identity]
        self._length = sum(map(len, self._days.values()))
