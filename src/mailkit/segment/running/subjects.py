"""The person at hand while a segment is run, and how fields are read of him, or of an event."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn, TypeAlias

from mailkit.errors import SegmentError
from mailkit.segment import nodes
from mailkit.segment.language.text import sentence
from mailkit.segment.running.access import getter, read
from mailkit.segment.running.histories import Find, History, property_of
from mailkit.segment.running.remembered import remembered

__all__ = ["Fetch", "Get", "Subject", "Test", "blame", "of_event", "of_person", "varies"]

Get: TypeAlias = Callable[[Any], Any]
Test: TypeAlias = Callable[[Any], bool]
Fetch: TypeAlias = Callable[[nodes.Field], Get]
"""From a field to the function that reads it."""


class Subject:
    """The person at hand, whose events are looked for when they are first asked about."""

    __slots__ = ("_find", "_history", "_record")

    def __init__(self, find: Find) -> None:
        self._find = find
        self._history: History | None = None
        self._record: Any = None

    def turn_to(self, record: Any) -> None:
        """Let this be the person at hand."""
        self._record = record
        self._history = None

    def person(self) -> Any:
        """His record, which is at hand also while his events are asked about."""
        return self._record

    def history(self) -> History:
        """The person's events in the order given."""
        if self._history is None:
            self._history = self._find(self._record)
        return self._history


def of_person(field: nodes.Field) -> Get:
    """The function that reads this field of a person's record."""
    return getter(field.path, is_optional=field.is_optional)


def of_event(field: nodes.Field) -> Get:
    """The function that reads this property of an event; one that it does not have is null."""
    name, rest = field.path[0], field.path[1:]
    return lambda event: read(property_of(event, name), rest, is_optional=True)


@remembered
def varies(node: nodes.Node) -> bool:
    """Whether it differs from person to person."""
    return any(isinstance(inner, nodes.Field | nodes.Aggregate) for inner in nodes.walk(node))


def blame(error: SegmentError, culprit: nodes.Value, place: nodes.Node) -> NoReturn:
    """Raise the error again, naming the value that brought it about and the part of the segment where."""
    raise SegmentError(f"{sentence(culprit)}: {error.reason}", text=sentence(place)) from error
