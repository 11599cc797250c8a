"""What a class of records, a table or a sample of records declares about their fields."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from inspect import get_annotations
from types import UnionType
from typing import Any, ClassVar, Final, Literal, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import attrs

from mailkit.address import Address, Domain
from mailkit.errors import SegmentError, shorten
from mailkit.segment.declared.schema import Declared, Fields, flat, sort_of
from mailkit.segment.sorts import Sort
from mailkit.segment.values import plain

__all__ = ["DEEPEST", "declared", "joined", "kinds_of", "of_hint", "of_properties"]

DEEPEST: Final = 4
"""How far records within records are followed, which may come back to themselves."""
_NUMBERS: Final = frozenset({Sort.INTEGER, Sort.FLOAT, Sort.DECIMAL})
_OF_TYPE: Final[tuple[tuple[Any, Sort], ...]] = (
    ((str, UUID, Domain, Address), Sort.TEXT),
    (bool, Sort.TRUTH),
    (int, Sort.INTEGER),
    (float, Sort.FLOAT),
    (Decimal, Sort.DECIMAL),
    (datetime, Sort.TIME),
    (date, Sort.DATE),
)


def declared(source: Any) -> Fields:
    """The fields that the source declares.

    Raises:
        SegmentError: It declares none.
    """
    from mailkit.segment.declared import mapped
    from mailkit.segment.declared.sampled import of_sample

    if isinstance(source, Mapping):
        mend = "give [record], or Schema(fields={...}) for fields with their sorts"
        raise SegmentError(f"a sample of records is several, not one mapping; {mend}")
    if mapped.is_table(source):
        return mapped.of_table(source)
    if hasattr(source, "to_dict") and hasattr(source, "columns"):
        raise SegmentError("the sample is a data frame; give its rows: people.to_dict('records')")
    if isinstance(source, type):
        fields = mapped.of_model(source) if mapped.is_model(source) else _of_class(source)
        if not fields:
            mend = "give a class with annotations, a table, or some records"
            raise SegmentError(f"{shorten(source)} declares no fields; {mend}")
        return fields
    if isinstance(source, Iterable) and not isinstance(source, str | bytes):
        return of_sample(source)
    raise SegmentError(f"{shorten(source)} declares no fields; give a class of records, a table, or some records")


def kinds_of(events: Any) -> dict[str, Fields | None] | None:
    """The kinds that are declared, or that some events show, with their properties.

    Raises:
        SegmentError: They are neither.
    """
    if events is None:
        return None
    if isinstance(events, Mapping):
        return {kind: None if properties is None else flat(properties) for kind, properties in events.items()}
    if isinstance(events, str | bytes) or not isinstance(events, Iterable):
        raise SegmentError(f"events={shorten(events)}: give kinds with their properties, or some events")
    from mailkit.segment.declared.sampled import of_events

    return of_events(events)


def joined(sorts: Iterable[Sort | None]) -> Sort | None:
    """The one sort of them all: that of numbers that takes in the others, or None if they differ."""
    several = set(sorts)
    if len(several) == 1:
        return several.pop()
    if several and several <= _NUMBERS:
        return Sort.DECIMAL if Sort.DECIMAL in several else Sort.FLOAT
    return None


def of_hint(hint: Any, depth: int = 0) -> Fields:
    """What an annotation declares: under the empty path of itself, and under others of the fields within."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return _of_union(arguments, depth)
    if origin is Literal:
        return _itself(joined(sort_of(plain(value)) for value in arguments))
    if origin is Final:
        return of_hint(arguments[0], depth)
    if hasattr(hint, "__supertype__"):  # of typing.NewType
        return of_hint(hint.__supertype__, depth)
    kind = origin or hint
    if not isinstance(kind, type):
        return _itself(None, is_nullable=True)
    if issubclass(kind, Enum):
        return _itself(joined(sort_of(plain(member)) for member in kind))
    sort = next((sort for types, sort in _OF_TYPE if issubclass(kind, types)), None)
    within = _of_class(kind, depth + 1) if _is_record(kind) and depth < DEEPEST else {}
    if sort is None and not _is_record(kind) and issubclass(kind, Collection) and not issubclass(kind, Mapping | bytes):
        sort = Sort.LIST
    return {**_itself(sort, is_nullable=kind in (object, Any)), **within}


def _of_union(arguments: tuple[Any, ...], depth: int) -> Fields:
    several = [of_hint(argument, depth) for argument in arguments if argument is not type(None)]
    nothing = Declared(is_nullable=False)
    sort = joined(fields.get((), nothing).sort for fields in several)
    is_nullable = type(None) in arguments or any(fields[()].is_nullable for fields in several)
    within = several[0] if len(several) == 1 else {}
    return {**within, **_itself(sort, is_nullable=is_nullable)}


def _itself(sort: Sort | None, *, is_nullable: bool = False) -> Fields:
    return {(): Declared(sort=sort, is_nullable=is_nullable)}


def _is_record(kind: type) -> bool:
    if attrs.has(kind) or hasattr(kind, "__dataclass_fields__") or hasattr(kind, "__total__"):
        return True
    return issubclass(kind, tuple) and hasattr(kind, "_fields")


def _of_class(kind: type, depth: int = 0) -> Fields:
    """What an attrs class, a dataclass, a TypedDict, a NamedTuple or another class with annotations declares."""
    optional: frozenset[str] = getattr(kind, "__optional_keys__", frozenset())
    fields: Fields = {}
    for name, hint in _hints(kind).items():
        for path, what in of_hint(hint, depth).items():
            fields[(name, *path)] = what if path else attrs.evolve(what, is_optional=name in optional)
    return {**fields, **of_properties(kind, depth)}


def _hints(kind: type) -> dict[str, Any]:
    try:
        hints = get_type_hints(kind)
    except (NameError, TypeError, AttributeError):  # of types that cannot be found from here
        named = [get_annotations(one) for one in reversed(kind.__mro__)]
        hints = {name: object for names in named for name in names}
    return {name: hint for name, hint in hints.items() if ClassVar not in (hint, get_origin(hint)) and name[:2] != "__"}


def of_properties(kind: type, depth: int = 0) -> Fields:
    """What the properties of a class declare, which are read as fields are."""
    fields: Fields = {}
    for name in dir(kind):
        member = None if name.startswith("_") else getattr(kind, name, None)
        if isinstance(member, property):
            try:
                hint = get_type_hints(member.fget).get("return", object)
            except (NameError, TypeError):
                hint = object
            fields |= {(name, *path): what for path, what in of_hint(hint, depth + 1).items()}
    return fields
