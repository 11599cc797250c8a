"""What a live segment keeps of records and events: that of which its conditions speak, and nothing else.

So a state is small, does not change when a record does, can be saved, and forgets whom it is
told to forget.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Any, Final

from mailkit.errors import SegmentError, shorten
from mailkit.segment import nodes
from mailkit.segment.running.access import read
from mailkit.segment.running.histories import Fact, property_of
from mailkit.segment.spans import INSTANT, Span, moved
from mailkit.segment.values import plain, sort

__all__ = ["Keeper", "decoded", "encoded", "from_microseconds", "microseconds"]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NOTHING: Final[Mapping[str, Any]] = {}
_SLACK: Final = timedelta(days=5)
"""More than months differ: so long after its window an event is surely never in it again."""


class Keeper:
    """Knows what conditions speak of.

    Args:
        conditions: The conditions.
    """

    def __init__(self, conditions: tuple[nodes.Condition, ...]) -> None:
        self._paths: dict[tuple[str, ...], bool] = {}
        self._needed: dict[str, set[str]] = {}
        self._spans: dict[str, list[Span] | None] = {}
        for node in conditions:
            for field in nodes.person_fields(node):
                self._paths[field.path] = self._paths.get(field.path, True) and field.is_optional
            self._note(node)

    def _note(self, root: nodes.Node) -> None:
        for node in nodes.walk(root):
            match node:
                case nodes.Events():
                    asked = () if node.where is None else nodes.walk(node.where)
                    names = {inner.path[0] for inner in asked if isinstance(inner, nodes.Field)}
                    self._needed.setdefault(node.kind, set()).update(names)
                case nodes.Aggregate():
                    self._needed.setdefault(node.events.kind, set()).add(node.of.path[0])
        for kind, span in _reaches(root):
            known = self._spans.setdefault(kind, [])
            if span is None or known is None:
                self._spans[kind] = None
            else:
                known.append(span)

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of events of which the conditions speak."""
        return frozenset(self._needed)

    def horizon(self, kind: str, now: datetime) -> datetime | None:
        """Before when events of the kind can no longer matter, now or later; None if they always may."""
        spans = self._spans.get(kind)
        return None if spans is None else moved(min(span.before(now) for span in spans), -_SLACK)

    def event(self, event: Any) -> Fact:
        """Of an event, what is spoken of."""
        names = self._needed[event.kind]
        if not names:
            return Fact(str(event.kind), event.at, _NOTHING)
        found = {name: _copied(property_of(event, name), f"the event {event.kind}'s {name}") for name in sorted(names)}
        known = {name: value for name, value in found.items() if value is not None}
        return Fact(str(event.kind), event.at, {"properties": known} if known else _NOTHING)

    def record(self, record: Any) -> dict[str, Any]:
        """Of a person's record, what is spoken of, in mappings within mappings.

        Raises:
            SegmentError: It lacks a field that is not optional, or raises when it is read.
        """
        kept: dict[str, Any] = {}
        for path, is_optional in self._paths.items():
            value = read(record, path, is_optional=is_optional)
            inner = kept
            for place, name in enumerate(path[:-1], 1):
                if name not in inner or inner[name] is None:
                    beyond = read(record, path[:place], is_optional=is_optional)
                    inner[name] = None if beyond is None else {}
                if not isinstance(inner[name], dict):
                    break
                inner = inner[name]
            else:
                if not isinstance(inner.get(path[-1]), dict):  # fields within it were read before
                    inner[path[-1]] = {} if self._is_way(path) and value is not None else _copied(value, ".".join(path))
        return kept

    def _is_way(self, path: tuple[str, ...]) -> bool:
        """Whether fields within this one are spoken of, too."""
        return any(len(other) > len(path) and other[: len(path)] == path for other in self._paths)


def _reaches(root: nodes.Node) -> list[tuple[str, Span | None]]:
    """How far back events of each kind are asked for; None if any time."""
    found: list[tuple[str, Span | None]] = []
    for node in nodes.walk(root):
        match node:
            case nodes.Count() | nodes.Aggregate():
                found.append((node.events.kind, _reach(node.events.window)))
            case nodes.Regular():
                found.append((node.events.kind, Span(count=node.of, unit=node.unit)))
            case nodes.Sequence():  # what comes after the first is not older
                kinds = [node.first.kind, *(step.events.kind for step in node.steps)]
                found += [(kind, _reach(node.first.window)) for kind in kinds]
    return found


def _reach(window: nodes.Window) -> Span | None:
    return window.span if isinstance(window, nodes.Last) else None


def _copied(value: Any, what: str) -> Any:
    """The value, or a list of the values in a list, which nobody can change afterwards."""
    value = plain(value)
    if isinstance(value, list | tuple | set | frozenset):
        return [_copied(item, what) for item in value]
    if isinstance(value, Mapping):
        return {str(name): _copied(item, what) for name, item in value.items()}
    if value is None or isinstance(value, tzinfo) or sort(value):
        return value
    raise SegmentError(f"{what} is {shorten(value)}, and nothing is known to be asked of that")


def microseconds(at: datetime) -> int:
    """How many since 1970 began, in UTC."""
    return (at - _EPOCH) // INSTANT


def from_microseconds(number: int) -> datetime:
    """The instant."""
    return _EPOCH + number * INSTANT


def encoded(value: Any) -> Any:
    """A value that was kept, in what JSON has: what it has not is a list of one's sort and its text.

    Raises:
        SegmentError: It is a zone without a name.
    """
    if isinstance(value, dict):
        return {name: encoded(item) for name, item in value.items()}
    if isinstance(value, list):
        return ["list", *map(encoded, value)]
    if isinstance(value, Decimal):
        return ["decimal", str(value)]
    if isinstance(value, datetime):
        return ["time", value.isoformat()]
    if isinstance(value, date):
        return ["date", value.isoformat()]
    if isinstance(value, tzinfo):
        name = getattr(value, "key", None) or ("UTC" if value is UTC else None)
        if name is None:
            raise SegmentError(f"{value!r} has no name under which it could be saved; give zones by their names")
        return ["zone", name]
    return value


def decoded(value: Any) -> Any:
    """The value that was encoded."""
    if isinstance(value, dict):
        return {name: decoded(item) for name, item in value.items()}
    if not isinstance(value, list):
        return value
    name, *rest = value
    match name:
        case "list":
            return [decoded(item) for item in rest]
        case "decimal":
            return Decimal(rest[0])
        case "time":
            return datetime.fromisoformat(rest[0])
        case "date":
            return date.fromisoformat(rest[0])
        case _:
            from zoneinfo import ZoneInfo

            return ZoneInfo(rest[0])
