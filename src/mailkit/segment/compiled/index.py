"""`Index`: people and their events taken in once, to be asked about again and again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, tzinfo
from functools import partial
from threading import RLock
from typing import Any, Final, Generic, TypeVar

from mailkit.errors import SegmentError, shorten
from mailkit.event import Event
from mailkit.segment import nodes
from mailkit.segment.compiled.columns import Column, only_field
from mailkit.segment.compiled.plans import Plan, chosen
from mailkit.segment.compiled.postings import Algebra, Postings, algebra_for
from mailkit.segment.running.evaluate import asks_about_events
from mailkit.segment.running.histories import EventSource, Fact, is_plainly_one
from mailkit.segment.running.runs import Run, check_named, records
from mailkit.segment.running.subjects import of_event, varies
from mailkit.segment.running.windows import Bounds, bounds
from mailkit.segment.segments import Segment
from mailkit.segment.values import as_text

__all__ = ["Index"]

P = TypeVar("P")


class Index(Generic[P]):
    """People and their events, sorted so that questions about events are answered without looking at each person.

    Building one takes as long as some ten filters, and asking it a tenth of one or less, so it is
    for many questions about the same people. It holds the events as they were when it was built, and
    those that were added since. People cannot be added, and what is in their records is what was in
    them when a field was first asked about: a field with up to 256 values is read of all of them
    then, and not again. After records have changed, make another index. Several
    threads may use it; they are answered one after another.

    Answers are those of `Segment.filter`. A record is only looked at where events and such fields
    leave open whether the person is in, so what is wrong with others is not told. With numpy
    installed, large indexes use it.

    Args:
        people: Records, as in `Segment.filter`.
        events: Their events, as there; all of them are looked at.
        key: The field with the person's id.
        assume_zone: The zone of times without one, which are refused otherwise.

    Raises:
        SegmentError: A person has no id, or an event is none.

    >>> from datetime import UTC, datetime
    >>> from mailkit import Event
    >>> from mailkit.segment import days, event as ev, field as f
    >>> people = [{"id": 1, "city": "Kazan"}, {"id": 2, "city": "Kazan"}]
    >>> index = Index(people, events=[Event(kind="purchase", person="1", at=datetime(2026, 2, 1, tzinfo=UTC))])
    >>> lapsing = (f.city == "Kazan") & ev.purchase.none(last=days(90))
    >>> index.filter(lapsing, now=datetime(2026, 3, 1, tzinfo=UTC))
    [{'id': 2, 'city': 'Kazan'}]
    >>> index.add(Event(kind="purchase", person="2", at=datetime(2026, 1, 5, tzinfo=UTC)))
    >>> index.count(lapsing, now=datetime(2026, 3, 1, tzinfo=UTC))
    0
    """

    def __init__(
        self,
        people: Iterable[P],
        *,
        events: EventSource,
        key: str = "id",
        assume_zone: tzinfo | str | None = None,
    ) -> None:
        self._lock = RLock()  # what is added is put in order when it is asked about
        self._people = list(records(people))
        self._key, self._assume_zone = key, assume_zone
        run = Run((), events=events, now=None, key=key, assume_zone=assume_zone)
        self._histories = run.histories
        self._postings: dict[str, Postings] = {}
        self._by_id: dict[Any, list[Any]] = {}
        self._numbers: dict[str, list[int]] = {}
        self._columns: dict[nodes.Field, Column | None] = {}
        self._plans: dict[nodes.Condition, Plan] = {}
        total = 0
        for number, person in enumerate(self._people):
            identity, given = self._identity(person), run.find.given(person)
            self._by_id[identity] = list(given)
            self._numbers.setdefault(str(identity), []).append(number)
            total += len(given)
            for event in given:
                self._post(event, number)
        self._find = self._histories.finder(self._by_id)
        self._algebra = algebra_for(len(self._people), total)

    def __len__(self) -> int:
        return len(self._people)

    def add(self, *events: Any) -> None:
        """Take in events that have come since, in any order; those of people who are not here are passed over.

        Args:
            *events: Each a `mailkit.Event`, or a mapping with "kind", "at" and "person".

        Raises:
            SegmentError: One is no event, or names no person; none is taken in then.
        """
        taken = [(event, _person(fact)) for event, fact in zip(events, self._histories.read(events), strict=True)]
        with self._lock:
            for event, person in taken:
                numbers = self._numbers.get(person, [])
                for number in numbers:
                    self._post(event, number)
                for identity in {self._identity(self._people[number]) for number in numbers}:
                    self._by_id[identity].append(event)

    def filter(self, segment: Segment, *, now: datetime | None = None) -> list[P]:
        """The people in the segment, in the order in which they were given; arguments are those of `Segment.filter`."""
        return [self._people[number] for number in self._asked(segment, now)]

    def count(self, segment: Segment, *, now: datetime | None = None) -> int:
        """How many people are in the segment."""
        return len(self._asked(segment, now))

    def partition(self, segments: Mapping[str, Segment], *, now: datetime | None = None) -> dict[str | None, list[P]]:
        """Divide the people among segments as `partition` does: each is where he fits first, or else in None."""
        check_named(segments)
        left = set(range(len(self._people)))
        divided: dict[str | None, list[P]] = {}
        for name, segment in segments.items():
            found = [number for number in self._asked(segment, now) if number in left]
            left.difference_update(found)
            divided[name] = [self._people[number] for number in found]
        divided[None] = [self._people[number] for number in sorted(left)]
        return divided

    def _asked(self, segment: Segment, now: datetime | None) -> list[int]:
        if not isinstance(segment, Segment):
            raise SegmentError(f"{shorten(segment)} is not a segment; write f.city == 'Kazan' and the like")

        def run(node: nodes.Condition) -> Run:
            return Run((node,), events=self._find, now=now, key=self._key, assume_zone=self._assume_zone)

        with self._lock:
            if len(self._plans) > _PLANS:
                self._plans.clear()
            people, postings = self._people, self._postings
            return _Question(segment.node, run, people, postings, self._algebra, self._columns, self._plans).numbers()

    def _identity(self, person: Any) -> int | str:
        """The person's id; what is no number is his as text, which all things have, while some have no hash."""
        identity = self._histories.identity(person)
        return identity if type(identity) is int else as_text(identity, "the id")

    def _post(self, event: Any, number: int) -> None:
        if is_plainly_one(event):
            kind, at = event["kind"], event["at"]
        else:
            (fact,) = self._histories.read((event,))
            kind, at = str(fact.kind), fact.at
        postings = self._postings.get(kind)
        if postings is None:
            postings = self._postings[kind] = Postings()
        postings.add(at, number, event)


_PLANS: Final = 200
"""So much generated code is kept."""


class _Question:
    """One segment asked of an index, as of one instant."""

    def __init__(
        self,
        node: nodes.Condition,
        run: Callable[[nodes.Condition], Run],
        people: list[Any],
        postings: Mapping[str, Postings],
        algebra: Algebra,
        columns: dict[nodes.Field, Column | None],
        plans: dict[nodes.Condition, Plan],
    ) -> None:
        self._node, self._run, self._whole = node, run, run(node)
        self._people, self._postings, self._algebra = people, postings, algebra
        self._columns, self._plans = columns, plans

    def numbers(self) -> list[int]:
        """The numbers of those in the segment, in their order."""
        if not self._people:
            return []
        self._whole.which(self._people[0])  # which tells of a misspelt field
        if isinstance(self._node, nodes.And | nodes.Or):
            return self._joined(self._node)
        known = self._known(self._node)
        return self._asked(self._node, None) if known is None else self._algebra.listed(known)

    def _joined(self, node: nodes.And | nodes.Or) -> list[int]:
        """What the events settle, and of whom they leave it open, what the records say."""
        settled, rest = [], []
        for part in node.parts:
            known = self._known(part)
            if known is None:
                rest.append(part)
            else:
                settled.append(known)
        found = self._both(node, settled) if settled else None
        if not rest:
            return self._algebra.listed(found)
        left = rest[0] if len(rest) == 1 else type(node)(parts=tuple(rest))
        if found is None:
            return self._asked(left, None)
        if isinstance(node, nodes.And):
            return self._asked(left, self._algebra.listed(found))
        others = self._asked(left, self._algebra.listed(self._algebra.inverted(found)))
        return sorted(self._algebra.listed(found) + others)

    def _both(self, node: nodes.And | nodes.Or, found: list[Any]) -> Any:
        if isinstance(node, nodes.And):
            return self._algebra.all_of(found)
        return self._algebra.inverted(self._algebra.all_of(list(map(self._algebra.inverted, found))))

    def _known(self, node: nodes.Condition) -> Any:
        """Those of whom it is true, as far as the events alone say it; None if they do not."""
        match node:
            case nodes.Count():
                return self._counted(node)
            case nodes.Not():
                inner = self._known(node.part)
                return None if inner is None else self._algebra.inverted(inner)
            case nodes.And() | nodes.Or():
                parts = []
                for part in sorted(node.parts, key=asks_about_events):  # those that need records come first
                    known = self._known(part)
                    if known is None:
                        return None
                    parts.append(known)
                return self._both(node, parts)
            case _:
                return self._by_values(node)

    def _by_values(self, node: nodes.Condition) -> Any:
        """Those of whom it is true, if it is asked of one field that has few values."""
        field = only_field(node)
        if field is None:
            return None
        if field not in self._columns:
            self._columns[field] = Column.of(field, self._people)
        column = self._columns[field]
        mask = None if column is None else column.mask(node, self._whole.maker)
        return None if mask is None else self._algebra.masked(mask)

    def _counted(self, node: nodes.Count) -> Any:
        events, maker = node.events, self._whole.maker
        if varies(events.window) or any(True for _ in nodes.person_fields(events)):
            return None
        limits = bounds(maker, events.window, waits=node.most is not None)(None)
        if limits is None:
            return self._algebra.often(1, [])
        postings = self._postings.get(events.kind) or Postings()
        counted: Callable[[int], Any] = partial(self._at_least, postings, limits)
        if events.where is not None:
            where, places = maker.test(events.where, of_event), postings.places(*limits)
            happened = self._whole.histories.read(postings.given(places))
            try:
                numbers = [who for who, event in zip(postings.numbers(places), happened, strict=True) if where(event)]
            except Exception:  # noqa: BLE001 - an event has something wrong: whose it is, is said when he is asked about
                return None
            counted = partial(self._often, numbers)
        least = counted(node.least)
        if node.most is None:
            return least
        most = self._algebra.inverted(counted(node.most + 1))
        return most if node.least == 0 else self._algebra.both(least, most)

    def _at_least(self, postings: Postings, limits: Bounds, times: int) -> Any:
        return self._algebra.at_least(times, postings, *limits)

    def _often(self, numbers: list[int], times: int) -> Any:
        return self._algebra.often(times, numbers)

    def _asked(self, node: nodes.Condition, among: list[int] | None) -> list[int]:
        """Those of whom a record, looked at by itself, says that it is true."""
        numbers = list(range(len(self._people))) if among is None else among
        people = [self._people[number] for number in numbers]
        plan = self._plans.setdefault(node, Plan(node))
        try:
            inside = iter(chosen(self._run(node), plan, people))
        except SegmentError as error:  # the whole segment says the same, with its own text
            raise next(filter(None, map(self._fault, people)), error) from error.__cause__
        kept, awaited = [], next(inside, None)
        for number, person in zip(numbers, people, strict=True):
            if person is awaited:
                kept.append(number)
                awaited = next(inside, None)
        return kept

    def _fault(self, person: Any) -> SegmentError | None:
        try:
            self._whole.which(person)
        except SegmentError as error:
            return error
        return None


def _person(event: Event | Fact) -> str:
    person = event.given.get("person") if isinstance(event, Fact) else event.person
    if person is None:
        raise SegmentError(f"the event {shorten(event.kind)} has no 'person', so nobody knows whose it is")
    return str(person)
