"""Where a person's events are found, and what stands in one.

Events come as a mapping from a person's id to his events, as one iterable of everybody's, or
as a function that is called with the person's record. Whichever it is, an event is a
`mailkit.Event`, or a mapping with "kind", "at" and, in everybody's iterable, "person".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast

import attrs

from mailkit.errors import SegmentError, did_you_mean, shorten
from mailkit.segment.running.access import getter
from mailkit.segment.values import as_text, instant, is_iterable, is_null, plain, raised

if TYPE_CHECKING:
    from mailkit.event import Event

__all__ = [
    "OF_THE_EVENT",
    "EventSource",
    "Fact",
    "Find",
    "Finder",
    "Histories",
    "asked",
    "is_plainly_one",
    "no_events",
    "property_of",
    "several",
]

SomeEvents: TypeAlias = "Iterable[Event | Mapping[str, Any]]"
EventSource: TypeAlias = "Mapping[Any, SomeEvents] | SomeEvents | Callable[[Any], SomeEvents]"
"""How events may be given."""

OF_THE_EVENT: Final = frozenset(
    {"at", "campaign", "currency", "kind", "message_id", "person", "recipient", "step", "value"}
)
"""Attributes of an event that can be asked for as if they were properties."""


@attrs.frozen
class Fact:
    """An event that was given as a mapping: when it happened, read once, and all that was given."""

    kind: str
    at: datetime
    given: Mapping[str, Any]


History: TypeAlias = "Sequence[Event | Fact]"
Find: TypeAlias = Callable[[Any], History]
"""From a person's record to his events, in the order given."""


def property_of(event: Event | Fact, name: str) -> Any:
    """A property of the event: one of its own, else an attribute such as `value` or `campaign`, else None."""
    if not isinstance(event, Fact):
        if name in event.properties:
            return event.properties[name]
        return getattr(event, name) if name in OF_THE_EVENT else None
    properties = event.given.get("properties")
    if isinstance(properties, Mapping) and name in properties:
        return properties[name]
    return event.at if name == "at" else event.given.get(name)


Given: TypeAlias = "list[Any] | tuple[Any, ...]"
"""A person's events as they were given, not yet looked at."""


class Finder:
    """Finds a person's events.

    Attributes:
        given: Gives them as they were given, for a record.
        by_id: The mapping that they are in, if they are in one.
        alike: The type of that mapping's keys if it is one, of int and str, by which they are found as they are.
        sample: The type of an event that was found; None as long as there was none.
    """

    __slots__ = ("_give", "_read", "alike", "by_id", "sample")

    def __init__(
        self,
        give: Callable[[Any], Given],
        read: Callable[[Given], History],
        *,
        by_id: Mapping[Any, SomeEvents] | None = None,
        alike: type | None = None,
    ) -> None:
        self._give, self._read, self.by_id, self.alike = give, read, by_id, alike
        self.sample: type | None = None

    def given(self, record: Any) -> Given:
        """The person's events as they were given.

        Raises:
            SegmentError: He has no id, or they are no list of events.
        """
        found = self._give(record)
        if self.sample is None and found:
            self.sample = type(found[0])
        return found

    def __call__(self, record: Any) -> History:
        """The person's events, each of them looked at."""
        return self._read(self.given(record))


class Histories:
    """Finds people's events, in whichever form they were given.

    Args:
        key: The field with a person's id; it and an event's `person` are compared as text.
        assumed: The zone of times without one; None to refuse them.
        is_own: Whether events in an iterable may be without a person, being the own of who is asked about.
        is_patient: Whether a faulty event in an iterable is told when its person is asked about, and not before.
    """

    def __init__(self, *, key: str, assumed: tzinfo | None, is_own: bool = False, is_patient: bool = False) -> None:
        from mailkit.event import Event  # here, so that segments over mappings do not wait for it

        self._event: type[Event] = Event
        self._key, self._assumed, self._is_own, self._is_patient = key, assumed, is_own, is_patient
        self._get = getter((key,), is_optional=True)

    def finder(self, events: EventSource | Finder) -> Finder:
        """What finds a person's events.

        Raises:
            SegmentError: They are in none of the three forms, or one of an iterable is no event.
        """
        if isinstance(events, Finder):
            return events
        if isinstance(events, Mapping):
            return self._in_mapping(events)
        if callable(events):
            return Finder(lambda record: asked(events, record), self.read)
        if isinstance(events, str | bytes) or not is_iterable(events):
            raise no_events(events)
        return self._in_iterable(events)

    def read(self, given: Given) -> History:
        """The events, each of them looked at.

        Raises:
            SegmentError: One of them is no event.
        """
        for event in given:
            if type(event) is not self._event and not isinstance(event, self._event):
                return [other if isinstance(other, self._event | Fact) else self._fact(other) for other in given]
        return given

    def whose(self, given: Any, person: str | None = None) -> tuple[str, Event | Fact]:
        """One event, and the id of the person whose it is; `person`, if that is known already.

        Raises:
            SegmentError: It is no event, or does not say whose it is.
        """
        event = given if isinstance(given, self._event) else self._fact(given)
        if person is None:
            named = event.given.get("person") if isinstance(event, Fact) else event.person
            if named is None:
                raise SegmentError(f"the event {shorten(given)} has no 'person', so nobody knows whose it is")
            person = as_text(named, "an event's person")
        return person, event

    def _in_mapping(self, by_id: Mapping[Any, SomeEvents]) -> Finder:
        kinds = set(map(type, by_id))
        only = kinds.pop() if len(kinds) == 1 else None
        alike = only if only in (int, str) else None  # ids of this type are found as they are
        keys: dict[str, list[Any]] = {}
        kept: dict[str, Given] = {}  # what may be readable only once

        def give(record: Any) -> Given:
            identity = self.identity(record)
            if type(identity) is alike:
                given = by_id.get(identity, ())
                if isinstance(given, list | tuple):
                    return given
            return give_by_text(as_text(identity, "the id"))

        def give_by_text(identity: str) -> Given:
            """Ids are compared as text, and 17 and "17" may both be there."""
            if identity in kept:
                return kept[identity]
            if not keys:
                for key in by_id:
                    keys.setdefault(str(key), []).append(key)
            lists = [several(by_id[key]) for key in keys.get(identity, ())]
            if len(lists) == 1 and isinstance(by_id[keys[identity][0]], list | tuple):
                return lists[0]
            given = [event for theirs in lists for event in theirs]
            if given:
                kept[identity] = given
            return given

        return Finder(give, self.read, by_id=by_id, alike=alike)

    def _in_iterable(self, events: SomeEvents) -> Finder:
        by_person: dict[str, list[Any]] = {}
        nobodys: list[Any] = []
        faults: dict[str, SegmentError] = {}
        for event in events:
            person: Any
            if isinstance(event, self._event):
                person = event.person
            else:
                error = None if is_plainly_one(event) else self._fault(event)
                person = cast("Mapping[str, Any]", event).get("person")
                if error is not None:
                    faults.setdefault(as_text(person, "an event's person"), error)
                    continue
            if person is not None:
                by_person.setdefault(as_text(person, "an event's person"), []).append(event)
            elif self._is_own:
                nobodys.append(event)
            else:
                raise SegmentError(f"the event {shorten(event)} has no 'person', so nobody knows whose it is")
        if not by_person and not faults:
            return Finder(lambda record: nobodys, self.read)
        if nobodys:
            raise SegmentError("some of the events name a person and some do not; name him in all or in none")

        def give(record: Any) -> Given:
            identity = as_text(self.identity(record), "the id")
            if identity in faults:
                raise SegmentError(faults[identity].reason)
            return by_person.get(identity, ())

        return Finder(give, self.read)

    def identity(self, record: Any) -> Any:
        """The person's id.

        Raises:
            SegmentError: He has none.
        """
        found = self._get(record)
        if found is None:
            reason = f"the record has nothing in the field {self._key!r}, by which its events are found"
            raise SegmentError(f"{reason}; name another with key=")
        return found

    def _fault(self, event: Any) -> SegmentError | None:
        """What is wrong with an event that is given among everybody's; raised at once unless the others can go on."""
        try:
            self._fact(event)
        except SegmentError as error:
            person = event.get("person") if isinstance(event, Mapping) else None
            if person is None:
                raise
            if not self._is_patient:
                raise SegmentError(f"{error.reason} (person {shorten(person)})") from error.__cause__
            return error
        return None

    def _fact(self, event: Any) -> Fact:
        if not isinstance(event, Mapping):
            reason = "is no event; give mailkit.Event, or a mapping with 'kind', 'at' and 'person'"
            raise SegmentError(f"{shorten(event)} {reason}")
        for name in ("kind", "at"):
            if is_null(event.get(name)):  # in rows of a data frame, what is missing is NaN or NaT
                known = [other for other in event if isinstance(other, str) and other != name]
                raise SegmentError(f"the event {shorten(event)} has no {name!r}{did_you_mean(name, known)}")
        try:
            at = instant(event["at"], self._assumed)
        except SegmentError as error:
            raise SegmentError(f"the event {shorten(event['kind'])}: its time {error.reason}") from error
        return Fact(as_text(plain(event["kind"]), "an event's kind"), at, event)


def no_events(given: object) -> SegmentError:
    """The error that events were given in none of the forms there are."""
    reason = "is not events; give a mapping from id to events, an iterable of events, or a function"
    return SegmentError(f"{shorten(given)} {reason}")


def asked(events: Callable[[Any], Any], record: Any) -> Given:
    """The events that a function gives for a person.

    Raises:
        SegmentError: It raises, or gives no list of events.
    """
    try:
        return several(events(record))
    except SegmentError:
        raise
    except Exception as error:  # the application's own code may raise anything, and the others must go on
        raise SegmentError(f"asking for the events {raised(error)}") from error


def several(events: Any) -> Given:
    """A person's events as a list, which is made of what can be gone through only once.

    Raises:
        SegmentError: They are none.
    """
    if isinstance(events, str | Mapping) or not is_iterable(events):
        raise SegmentError(f"a person's events are {shorten(events)}; give a list of events")
    return events if isinstance(events, list | tuple) else list(events)


def is_plainly_one(event: Any) -> bool:
    """Whether a mapping is an event as most are, so that no time is spent on what it may lack."""
    if type(event) is not dict or type(event.get("kind")) is not str:
        return False
    at = event.get("at")
    return type(at) is datetime and at.tzinfo is UTC
