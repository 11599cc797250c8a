"""`Live`: who is in a segment now, who enters and who leaves it, and when to the microsecond.

How to think about it. Each person's answer holds until an instant that is known (see
`validity`); a heap has those instants in order. An event makes the person be looked at anew, by
the segments that speak of its kind; time that passes takes from the heap whoever's instant has
come. Nobody else is touched, and still the answers are always those of `Segment.filter`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, KeysView, Mapping
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from mailkit.clock import SystemClock
from mailkit.errors import SegmentError, did_you_mean, shorten
from mailkit.segment.lasting.courses import NEVER
from mailkit.segment.lasting.timelines import Row
from mailkit.segment.lasting.validity import Judge
from mailkit.segment.live.changes import Cause, Change, Entered, Left, seen_first_at
from mailkit.segment.live.crowd import Crowd, Person
from mailkit.segment.live.saving import Saved
from mailkit.segment.running.access import read
from mailkit.segment.running.histories import EventSource, Fact, Histories, asked, no_events, several
from mailkit.segment.running.runs import records
from mailkit.segment.segments import Segment
from mailkit.segment.values import as_text, as_told, instant, is_iterable, is_null, plain, zone

if TYPE_CHECKING:
    from mailkit.event import Event

__all__ = ["Change", "Entered", "Left", "Live"]

OnError: TypeAlias = "Callable[[str, SegmentError], object] | None"
_ONLY: Final = "segment"


class Live:
    """Segments that are kept up to date, over people and their events as they become known.

    Of records and events only what the segments speak of is kept, as it was when given; a record
    that changes is given again with `put`. Several threads must not use it at once.

    Args:
        segments: A segment, or several by name.
        people: Records, as in `Segment.filter`, each with an id of its own.
        events: Their events, as in `Segment.filter`, also such as are ahead of now. Those of people who are not
            known yet are kept for them.
        now: As of when, aware; the present unless given.
        key: The field with the person's id, which is compared as text.
        assume_zone: The zone, or its name, of times without one, which are refused otherwise.
        on_error: What to call with a person's id and the error if his answer cannot be told: he is then not in that
            segment until something about him changes. Unless given, it is raised: `put` and `feed` have then
            changed nothing; `advance` has come to that instant, and when it is called again, it goes on from
            there and tells what had changed before.

    Raises:
        SegmentError: A record lacks a field, also where another condition would decide; two people have one id;
            and as in `Segment.filter`.

    >>> from datetime import UTC, datetime
    >>> from mailkit import Event
    >>> from mailkit.segment import days, event as ev, field as f
    >>> lapsing = (f.city == "Kazan") & ev.purchase.none(last=days(90))
    >>> live = Live({"lapsing": lapsing}, [{"id": 17, "city": "Kazan"}], now=datetime(2026, 3, 1, tzinfo=UTC))
    >>> sorted(live.members)
    ['17']
    >>> live.advance(datetime(2026, 3, 2, tzinfo=UTC))
    []
    >>> for change in live.feed(Event(kind="purchase", person="17", at=datetime(2026, 3, 2, tzinfo=UTC))):
    ...     print(change)
    17 left lapsing at 2026-03-02 00:00:00+00:00: no purchase within last 90 days
    >>> for change in live.advance(datetime(2026, 6, 30, tzinfo=UTC)):
    ...     print(change)
    17 entered lapsing at 2026-05-31 00:00:00+00:00: no purchase within last 90 days
    """

    def __init__(
        self,
        segments: Segment | Mapping[str, Segment],
        people: Iterable[Any] = (),
        *,
        events: EventSource | None = None,
        now: datetime | None = None,
        key: str = "id",
        assume_zone: tzinfo | str | None = None,
        on_error: OnError = None,
    ) -> None:
        self.segments = _named(segments)
        if not isinstance(key, str) or not key:
            raise SegmentError(f"key={shorten(key)} is not the name of the field with a person's id")
        self._key, self._assumed, self._on_error = key, zone(assume_zone), on_error
        self._names = tuple(self.segments)
        self._conditions = tuple(segment.node for segment in self.segments.values())
        self._judges = [Judge(node, self._assumed) for node in self._conditions]
        self._histories = Histories(key=key, assumed=self._assumed)
        self._crowd = Crowd(self._conditions)
        self._of_kind = {
            kind: [place for place, judge in enumerate(self._judges) if kind in judge.kinds]
            for kind in self._crowd.keeper.kinds
        }
        self._members: list[dict[str, None]] = [{} for _ in self._names]
        self._changes: list[Change] = []
        self._now = SystemClock().now() if now is None else instant(now, self._assumed)
        self._begin(people, self._take_in({} if events is None else events))

    def _begin(self, people: Iterable[Any], find: Callable[[Any], Iterable[Any]] | None) -> None:
        for record in records(people):
            identity, kept = self._kept(record)
            person = self._crowd.person(identity)
            if person.record is not None:
                raise SegmentError(f"two people have the id {shorten(identity)} in the field {self._key!r}")
            for event in () if find is None else find(record):
                self._add(*self._histories.whose(event, identity))
            person.record = kept
            self._look(identity, person, range(len(self._names)), Cause(self._now))
        self._changes.clear()  # so it was from the first

    # What there is

    @property
    def now(self) -> datetime:
        """As of when the answers hold."""
        return self._now

    @property
    def members(self) -> KeysView[str]:
        """The ids of the people in the only segment: a set that follows later changes."""
        if len(self._names) > 1:
            raise SegmentError(f"there are several segments; write live[{self._names[0]!r}] and so on")
        return self._members[0].keys()

    def __getitem__(self, name: str) -> KeysView[str]:
        if name not in self.segments:
            mend = did_you_mean(str(name), self._names) or f"; there are {', '.join(self._names)}"
            raise SegmentError(f"there is no segment {shorten(name)}{mend}")
        return self._members[self._names.index(name)].keys()

    __iter__ = None

    # What happens

    def feed(self, event: Event | Mapping[str, Any]) -> list[Change]:
        """Take in an event, and tell who entered or left by it.

        It may be late: the person is looked at as of now, and what changes is told as of now. One that
        is ahead of now is kept, and is seen when `advance` comes to it. One of a person who is not known
        is kept until he is `put` or forgotten. An event that is fed twice counts twice.

        Raises:
            SegmentError: It is no event, nobody knows whose it is, or the answer cannot be told (see `on_error`).
        """
        identity, found = self._histories.whose(event)
        row = self._add(identity, found)
        if row is not None:
            person = self._crowd.people[identity]
            if person.record is not None:
                try:
                    self._look(identity, person, self._of_kind[found.kind], Cause(self._now, row=row, event=found))
                except SegmentError:
                    person.events[found.kind].remove(row)
                    raise
        return self._told()

    def advance(self, now: datetime) -> list[Change]:
        """Let time pass, and tell who entered or left, in the order of the instants at which it happened.

        Raises:
            SegmentError: It would go back, or an answer cannot be told (see `on_error`).
        """
        until = instant(now, self._assumed)
        if until < self._now:
            raise SegmentError(f"time does not go back: it is {self._now} already, and now is given as {until}")
        while due := self._crowd.next_due(until):
            (self._now, identity, place), person = due
            try:
                self._look(identity, person, (place,), Cause(self._now))
            except SegmentError as error:
                if person.members[place]:
                    self._turn(identity, person, place, Cause(self._now), error)
                raise
        self._now = until
        return self._told()

    def put(self, record: Any) -> list[Change]:
        """Take in a new or changed record, and tell what the person entered or left by it.

        Raises:
            SegmentError: It lacks a field, or the answer cannot be told (see `on_error`).
        """
        identity, kept = self._kept(record)
        person = self._crowd.person(identity)
        before, person.record = person.record, kept
        try:
            self._look(identity, person, range(len(self._names)), Cause(self._now, is_put=True, before=before))
        except SegmentError:
            person.record = before
            raise
        return self._told()

    def forget(self, person: Any) -> list[Change]:
        """Erase a person by id: record, events and answers; and tell which segments that takes him out of."""
        identity, left = str(person), list[Change]()
        for name, members, node in zip(self._names, self._members, self._conditions, strict=True):
            if identity in members:
                del members[identity]
                left.append(Left(person=identity, segment=name, at=self._now, condition=node))
        self._crowd.forget(identity)
        self._changes = [change for change in self._changes if change.person != identity]
        for judge in self._judges:
            judge.forget()
        return self._told() + left

    def save(self) -> str:
        """Everything, as JSON: for a file or a database, and `Live.load`.

        Raises:
            SegmentError: A record has a time zone in it that has no name.
        """
        saved = Saved.of(self.segments, self._key, self._assumed)
        return saved.text(self._now, self._crowd)

    @classmethod
    def load(
        cls,
        saved: str | bytes,
        segments: Segment | Mapping[str, Segment],
        *,
        key: str = "id",
        assume_zone: tzinfo | str | None = None,
        on_error: OnError = None,
    ) -> Live:
        """The live segments that were saved, as of when they were; the arguments are those of `Live`.

        Raises:
            SegmentError: It is not what `save` gave, or it was saved of other segments, key or zone.
        """
        live = cls(segments, key=key, assume_zone=assume_zone, on_error=on_error)
        live._now = Saved.of(live.segments, key, live._assumed).read(saved, live._crowd)
        for identity, person in live._crowd.people.items():
            for members, is_in in zip(live._members, person.members, strict=True):
                if is_in:
                    members[identity] = None
        return live

    # How it is done

    def _told(self) -> list[Change]:
        changes, self._changes = self._changes, []
        return changes

    def _kept(self, record: Any) -> tuple[str, dict[str, Any]]:
        """The person's id, and what is kept of his record."""
        identity = read(record, (self._key,))
        if is_null(plain(identity)):
            raise SegmentError(f"{shorten(record)} has no id in the field {self._key!r}; name another with key=")
        try:
            return as_text(identity, "the id"), self._crowd.keeper.record(record)
        except Exception as trouble:  # noqa: BLE001 - a value's own code may raise anything
            error = as_told(trouble, "reading the record")
            raise _named_error(identity, error) from error.__cause__

    def _take_in(self, events: EventSource) -> Callable[[Any], Iterable[Any]] | None:
        """Keep all events; those of a function come when it is called with a record."""
        if isinstance(events, Mapping):
            for identity, theirs in events.items():
                for event in several(theirs):
                    self._add(*self._histories.whose(event, str(identity)))
            return None
        if callable(events):
            return lambda record: asked(events, record)
        if isinstance(events, str | bytes) or not is_iterable(events):
            raise no_events(events)
        for event in events:
            self._add(*self._histories.whose(event))
        return None

    def _add(self, identity: str, event: Event | Fact) -> Row | None:
        return self._crowd.add(identity, event, self._now) if event.kind in self._of_kind else None

    def _look(self, identity: str, person: Person, places: Iterable[int], cause: Cause) -> None:
        """Look at a person anew; if that raises, nothing has changed."""
        found: list[tuple[int, bool, datetime, SegmentError | None]] = []
        for place in places:
            try:
                found.append((place, *self._judges[place].look(person.record, person.events, cause.at), None))
            except Exception as raised:  # noqa: BLE001 - a value's own code may raise anything
                error = as_told(raised, "judging the person")
                named = _named_error(identity, error)
                if self._on_error is None:
                    raise named from error.__cause__
                found.append((place, False, NEVER, named))
        for place, truth, until, trouble in found:
            if truth is not person.members[place]:
                self._turn(identity, person, place, cause, trouble)
            self._crowd.wait(identity, person, place, until)
            if trouble is not None and self._on_error is not None:
                self._on_error(identity, trouble)

    def _turn(self, identity: str, person: Person, place: int, cause: Cause, error: SegmentError | None) -> None:
        """Let somebody come into a segment or go out of it, and note it."""
        is_in = person.members[place] = not person.members[place]
        if is_in:
            self._members[place][identity] = None
        else:
            del self._members[place][identity]
        event, worlds = cause.event, cause.worlds(person)
        if event is None and not cause.is_put:
            event = seen_first_at(cause.at, person, self._judges[place].kinds)
        self._changes.append(
            (Entered if is_in else Left)(
                person=identity,
                segment=self._names[place],
                at=cause.at,
                event=event,
                condition=self._conditions[place]
                if error is not None
                else self._judges[place].turned(*worlds, is_true=is_in),
                error=error,
            )
        )


def _named_error(identity: Any, error: SegmentError) -> SegmentError:
    reason = f"{error.reason} (person {shorten(identity)})"
    return SegmentError(reason, text=error.text, start=error.start, end=error.end)


def _named(segments: Segment | Mapping[str, Segment]) -> dict[str, Segment]:
    named = {_ONLY: segments} if isinstance(segments, Segment) else segments
    if not isinstance(named, Mapping) or not named:
        raise SegmentError(f"{shorten(segments)} is not segments by name; give {{'loyal': f.orders > 9, ...}}")
    for name, segment in named.items():
        if not isinstance(name, str) or not isinstance(segment, Segment):
            raise SegmentError(f"{shorten(name)}: {shorten(segment)} is not a segment and its name")
    return dict(named)
