"""A run: conditions asked of records one after another, each with the events that are his.

What is wrong with a record is told with the person's name, and a misspelt field with its place
in the segment's sentence.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, tzinfo
from typing import Any, Final, TypeAlias, TypeVar

from mailkit.clock import SystemClock
from mailkit.errors import SegmentError, shorten
from mailkit.segment import nodes
from mailkit.segment.compiled.plans import spread
from mailkit.segment.language.text import sentence
from mailkit.segment.running.access import read
from mailkit.segment.running.evaluate import Maker, asks_about_events
from mailkit.segment.running.histories import EventSource, Finder, Histories
from mailkit.segment.running.remembered import remembered
from mailkit.segment.running.subjects import Subject
from mailkit.segment.segments import Segment
from mailkit.segment.values import as_told, instant, is_iterable, zone

__all__ = ["UNJUDGED", "OnError", "Run", "about", "check_named", "memberships", "partition", "records"]

P = TypeVar("P")
OnError: TypeAlias = Callable[[Any, SegmentError], None]
"""What is told of records that cannot be judged: the record, and the error that names it."""
UNJUDGED: Final = -2
"""Where a record is that cannot be judged."""


def partition(
    segments: Mapping[str, Segment],
    people: Iterable[P],
    *,
    events: EventSource | None = None,
    now: datetime | None = None,
    key: str = "id",
    assume_zone: tzinfo | str | None = None,
    on_error: OnError | None = None,
) -> dict[str | None, list[P]]:
    """Divide the people among segments: each goes to the first that he is in, or else to None.

    Args:
        segments: The segments by name; the mapping's order decides.
        people: Records, as in `Segment.filter`.
        events: Their events, as in `Segment.filter`.
        now: As of when, aware; the present unless given.
        key: The field with the person's id.
        assume_zone: The zone of times without one, which are refused otherwise.
        on_error: What to do with a record that cannot be judged, as in `Segment.filter`: he is under no name then,
            and not under None either.

    Raises:
        SegmentError: As in `Segment.filter`.

    Returns:
        A list for every name, and for None, also where it is empty; each in the order given.

    >>> from mailkit.segment import field as f
    >>> people = [{"spent": 900}, {"spent": 0}, {"spent": 40}]
    >>> partition({"big": f.spent > 500, "buyer": f.spent > 0}, people)
    {'big': [{'spent': 900}], 'buyer': [{'spent': 40}], None: [{'spent': 0}]}
    """
    check_named(segments)
    conditions = tuple(segment.node for segment in segments.values())
    run = Run(conditions, events=events, now=now, key=key, assume_zone=assume_zone, on_error=on_error)
    names = [*segments, None]
    return dict(zip(names, spread(run, records(people), to_first=True), strict=True))


def memberships(
    segments: Mapping[str, Segment],
    people: Iterable[P],
    *,
    events: EventSource | None = None,
    now: datetime | None = None,
    key: str = "id",
    assume_zone: tzinfo | str | None = None,
    on_error: OnError | None = None,
) -> dict[str | None, list[P]]:
    """The people of every segment, found in one pass: each is in all that he belongs to, or else in None.

    Fifty segments take about as long as four filters; arguments and errors are those of `partition`.

    >>> from mailkit.segment import field as f
    >>> people = [{"spent": 900}, {"spent": 0}, {"spent": 40}]
    >>> memberships({"big": f.spent > 500, "buyer": f.spent > 0}, people)
    {'big': [{'spent': 900}], 'buyer': [{'spent': 900}, {'spent': 40}], None: [{'spent': 0}]}
    """
    check_named(segments)
    conditions = tuple(segment.node for segment in segments.values())
    run = Run(conditions, events=events, now=now, key=key, assume_zone=assume_zone, on_error=on_error)
    return dict(zip([*segments, None], spread(run, records(people)), strict=True))


def check_named(segments: object) -> None:
    """Refuse what is not segments by name.

    Raises:
        SegmentError: It is no mapping, a name is None, or what is named is no segment.
    """
    if not isinstance(segments, Mapping):
        raise SegmentError(f"{shorten(segments)} is not segments by name; give {{'loyal': f.orders > 9, ...}}")
    for name, segment in segments.items():
        if name is None:
            raise SegmentError("None is no name for a segment: it is where those go who are in none", text=str(segment))
        if not isinstance(segment, Segment):
            raise SegmentError(f"{name!r} is {shorten(segment)}, which is not a segment")


def records(people: Iterable[P]) -> Iterable[P]:
    """The people, if they are several records and not one.

    Raises:
        SegmentError: They are a mapping, a text or a data frame, which iterate over something else.
    """
    if isinstance(people, Mapping):
        raise SegmentError("people is one mapping; give several records, such as people.values() or [person]")
    if hasattr(people, "to_dict") and hasattr(people, "columns"):
        raise SegmentError("people is a data frame; give its rows: people.to_dict('records')")
    if not is_iterable(people):
        raise SegmentError(f"people is {shorten(people)}; give several records")
    return people


class Run:
    """Conditions, the events of those who are asked about, and as of when.

    Attributes:
        conditions: What is asked.
        key: The field with a person's id.
        histories: Reads events.
        find: Finds a person's events.
        subject: The person at hand.
        maker: Makes closures as of now.
        is_checked: Whether a record was met that has all the fields.
    """

    def __init__(
        self,
        conditions: tuple[nodes.Condition, ...],
        *,
        events: EventSource | Finder | None,
        now: datetime | None,
        key: str,
        assume_zone: tzinfo | str | None,
        is_own: bool = False,
        on_error: OnError | None = None,
    ) -> None:
        if on_error is not None and not callable(on_error):
            reason = f"on_error={shorten(on_error)} cannot be called; give a function of a record and an error"
            raise SegmentError(reason)
        assumed = zone(assume_zone)
        if not isinstance(key, str) or not key:
            raise SegmentError(f"key={shorten(key)} is not the name of the field with a person's id")
        if events is None:
            for node in conditions:
                if asks_about_events(node):
                    raise SegmentError("this asks about events: give events=", text=sentence(node))
        self.conditions, self.key, self._on_error = conditions, key, on_error
        self.histories = Histories(key=key, assumed=assumed, is_own=is_own, is_patient=on_error is not None)
        self.find = self.histories.finder(() if events is None else events)
        self.subject = Subject(self.find)
        as_of = SystemClock().now() if now is None else instant(now, assumed)
        self.maker = Maker(now=as_of, assumed=assumed, person=self.subject.person, history=self.subject.history)
        self._tests = [self.maker.test(node) for node in conditions]
        self.is_checked = False

    def which(self, record: Any) -> int:
        """The place of the first condition that the person fulfils; -1 if he fulfils none.

        With `on_error`, a record that cannot be judged is at `UNJUDGED`.
        """
        return self._places(record, is_first_enough=True)[0]

    def places(self, record: Any) -> list[int]:
        """The places of all conditions that the person fulfils; -1 or `UNJUDGED` as from `which`."""
        return self._places(record, is_first_enough=False)

    def _places(self, record: Any, *, is_first_enough: bool) -> list[int]:
        self.subject.turn_to(record)
        place, found = 0, []
        try:
            if not self.is_checked:  # a misspelt field is told even if nobody comes so far as to be asked for it
                _check_fields(self.conditions, record)
                self.is_checked = True
            for place, test in enumerate(self._tests):
                if test(record):
                    found.append(place)
                    if is_first_enough:
                        break
        except Exception as trouble:  # noqa: BLE001 - a value's own code may raise anything
            error = as_told(trouble, "judging the record")
            named = about(record, self.key, error, self.conditions[place])
            if self._on_error is None:
                raise named from error.__cause__
            named.__cause__ = error.__cause__
            self._on_error(record, named)
            return [UNJUDGED]
        return found or [-1]


def _check_fields(conditions: tuple[nodes.Condition, ...], record: Any) -> None:
    for node in conditions:
        for field in _fields_of(node):
            try:
                read(record, field.path, is_optional=field.is_optional)
            except SegmentError as error:
                whole = sentence(node)
                found = [match.span() for match in re.finditer(re.escape(sentence(field)), whole)]
                start, end = found[0] if len(found) == 1 else (None, None)
                raise SegmentError(error.reason, text=whole, start=start, end=end) from error.__cause__


@remembered
def _fields_of(node: nodes.Condition) -> tuple[nodes.Field, ...]:
    return tuple(dict.fromkeys(nodes.person_fields(node)))


def _placed(error: SegmentError, condition: nodes.Condition, record: Any) -> SegmentError:
    """The error with the place in the segment, if it is one of reading, which does not know where it reads for."""
    if error.text:
        return error
    try:
        _check_fields((condition,), record)
    except SegmentError as again:
        return again
    placed = SegmentError(error.reason, text=sentence(condition))
    placed.__cause__ = error.__cause__
    return placed


def about(record: Any, key: str, error: SegmentError, condition: nodes.Condition) -> SegmentError:
    """The error with its place in the segment, and the name of the person with whom it came."""
    error = _placed(error, condition, record)
    try:
        person = shorten(read(record, (key,)))
    except SegmentError:
        person = shorten(record)
    return SegmentError(f"{error.reason} (person {person})", text=error.text, start=error.start, end=error.end)
