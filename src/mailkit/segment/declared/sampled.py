"""What some records, or some events, show about their fields."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import attrs

from mailkit.errors import SegmentError, shorten
from mailkit.event import Event
from mailkit.segment.declared.classes import DEEPEST, joined
from mailkit.segment.declared.schema import OF_EVENTS, Declared, Fields, Path, sort_of
from mailkit.segment.running.access import field_names, read
from mailkit.segment.sorts import Sort
from mailkit.segment.values import is_null, plain

__all__ = ["of_events", "of_sample"]

_RECORD: Final = object()


def of_sample(records: Iterable[Any]) -> Fields:
    """The fields of which the records show something; of those that disagree, the sort is not known.

    Raises:
        SegmentError: There are no records, or one is none.
    """
    fields = _shown(list(records))
    if not fields:
        raise SegmentError("a sample without records tells no fields; give some, or a class")
    return fields


def of_events(events: Iterable[Any]) -> dict[str, Fields | None]:
    """The kinds of the events, with the properties that they show.

    Raises:
        SegmentError: One is no event.
    """
    by_kind: dict[str, list[Mapping[str, Any]]] = {}
    for event in events:
        if isinstance(event, Event):
            by_kind.setdefault(event.kind, []).append({**event.properties, "value": event.value})
        elif isinstance(event, Mapping) and isinstance(event.get("kind"), str):
            inner = event.get("properties")
            given = {**event, **inner} if isinstance(inner, Mapping) else event
            own = {name: given[name] for name in given if (name,) not in OF_EVENTS or name == "value"}
            own.pop("properties", None)
            by_kind.setdefault(str.__str__(event["kind"]), []).append(own)
        else:
            raise SegmentError(f"{shorten(event)} is no event; give mailkit.Event, or a mapping with 'kind' and 'at'")
    # a property that an event lacks is null, so that no property is optional
    return {
        kind: {path: attrs.evolve(what, is_optional=False) for path, what in _shown(several).items()}
        for kind, several in by_kind.items()
    }


def _shown(records: list[Any]) -> Fields:
    sorts: dict[Path, set[Sort | None]] = {}
    seen: Counter[Path] = Counter()
    within: Counter[Path] = Counter()
    nullable: set[Path] = set()
    for record in records:
        for path, value in _fields_of(record, ()):
            if value is _RECORD:
                within[path] += 1
                continue
            seen[path] += 1
            known = sorts.setdefault(path, set())
            if is_null(value):
                nullable.add(path)
            elif not _is_record(value):
                known.add(sort_of(value))
    return {
        path: Declared(sort=joined(known), is_nullable=path in nullable, is_optional=seen[path] < within[path[:-1]])
        for path, known in sorts.items()
    }


def _fields_of(record: Any, above: Path) -> Iterator[tuple[Path, Any]]:
    """The plain values of a record's fields, and of the fields within those that are records themselves."""
    names = _names(record)
    if not names and not above and not isinstance(record, Mapping):
        raise SegmentError(f"{shorten(record)} is no record; give mappings or objects with fields")
    yield above, _RECORD
    for name in names:
        try:
            value = read(record, (name,))
        except SegmentError:  # it fails when it is read, as it would when the segment is run
            continue
        if callable(value) and not isinstance(value, type):
            continue
        path = (*above, name)
        yield path, plain(value)
        if _is_record(value) and len(path) < DEEPEST:
            yield from _fields_of(value, path)


def _is_record(value: Any) -> bool:
    kind = type(value)
    return (
        isinstance(value, Mapping)
        or attrs.has(kind)
        or hasattr(kind, "__dataclass_fields__")
        or hasattr(kind, "_fields")
    )


def _names(record: Any) -> list[str]:
    """The names of its fields; of what is a plain value itself, or a list, none."""
    return [] if sort_of(record) and not hasattr(record, "_fields") else [name for name in field_names(record) if name]
