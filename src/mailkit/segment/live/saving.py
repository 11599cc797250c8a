"""The saved form of live segments: JSON, with a version and a digest of what it was saved of."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, tzinfo
from hashlib import sha256
from typing import Any, Final

import attrs

from mailkit.errors import SegmentError, shorten
from mailkit.segment.lasting.timelines import Row
from mailkit.segment.live.crowd import Crowd, Person
from mailkit.segment.live.keeping import decoded, encoded, from_microseconds, microseconds
from mailkit.segment.running.histories import Fact
from mailkit.segment.segments import Segment
from mailkit.segment.values import raised

__all__ = ["Saved"]

_MARK: Final = "mailkit.segment.live"
_VERSION: Final = 1


@attrs.frozen
class Saved:
    """Writes and reads the saved form.

    Attributes:
        digest: What tells these segments, with their key and zone, from others.
    """

    digest: str

    @classmethod
    def of(cls, segments: Mapping[str, Segment], key: str, assumed: tzinfo | None) -> Saved:
        """The form for these segments."""
        told = [[name, str(segment)] for name, segment in segments.items()]
        return cls(sha256(json.dumps([told, key, str(assumed)]).encode()).hexdigest())

    def text(self, now: datetime, crowd: Crowd) -> str:
        """Everything about the people, as JSON.

        Raises:
            SegmentError: A record has a time zone in it that has no name.
        """
        people = [_person(identity, person) for identity, person in crowd.people.items()]
        held = {"now": microseconds(now), "place": crowd.place, "people": people}
        try:
            return json.dumps({_MARK: _VERSION, "segments": self.digest, **held}, ensure_ascii=False)
        except (ValueError, TypeError) as error:  # such as a whole number of over 4,300 digits
            raise SegmentError(f"writing what is kept {raised(error)}") from error

    def read(self, saved: str | bytes, crowd: Crowd) -> datetime:
        """Let the people be those of the saved form, and give back its instant.

        Raises:
            SegmentError: It is not such a form, or one of other segments.
        """
        try:
            held = json.loads(saved)
        except (ValueError, TypeError, RecursionError) as error:
            raise SegmentError(f"what was saved is {shorten(saved)}; give what save() gave") from error
        version = held.get(_MARK) if isinstance(held, dict) else None
        if version != _VERSION:
            reason = f"of version {shorten(version)}" if version is not None else "not of live segments"
            raise SegmentError(f"what was saved is {reason}; this mailkit reads version {_VERSION} of {_MARK!r}")
        if held.get("segments") != self.digest:
            mend = "begin anew from people and events, or load with the segments, key and zone that were saved"
            raise SegmentError(f"what was saved is of other segments, or of another key or zone; {mend}")
        try:
            for entry in held["people"]:
                _take_in(entry, crowd)
            crowd.place = int(held["place"])
            return from_microseconds(held["now"])
        except (LookupError, TypeError, ValueError, ArithmeticError, AttributeError, OSError, RecursionError) as error:
            raise SegmentError(f"what was saved is damaged: reading it {raised(error)}") from error


def _person(identity: str, person: Person) -> list[Any]:
    events = {kind: [_row(row) for row in rows] for kind, rows in person.events.items() if rows}
    untils = [microseconds(until) for until in person.untils]
    return [identity, encoded(person.record), events, [int(one) for one in person.members], untils]


def _row(row: Row) -> list[Any]:
    at, place, event = row
    known = event.given.get("properties")
    return [microseconds(at), place, *([] if known is None else [encoded(known)])]


def _take_in(entry: list[Any], crowd: Crowd) -> None:
    identity, record, events, members, untils = entry
    person = crowd.person(identity)
    person.record = decoded(record)
    for kind, rows in events.items():
        person.events[kind] = [_read_row(kind, *row) for row in rows]
    for place, (is_in, until) in enumerate(zip(members, untils, strict=True)):
        person.members[place] = bool(is_in)
        crowd.wait(identity, person, place, from_microseconds(until))


def _read_row(kind: str, at: int, place: int, known: dict[str, Any] | None = None) -> Row:
    when = from_microseconds(at)
    return when, place, Fact(kind, when, {} if known is None else {"properties": decoded(known)})
