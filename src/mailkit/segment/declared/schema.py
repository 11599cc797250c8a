"""What fields people's records have, and what happens to them: so that a misspelt word is told before any run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import attrs

from mailkit.errors import SegmentError, did_you_mean, shorten
from mailkit.segment.language.text import name as quoted_name
from mailkit.segment.sorts import Sort
from mailkit.segment.values import is_null

if TYPE_CHECKING:
    from mailkit.segment.segments import Combining

__all__ = ["OF_EVENTS", "Declared", "Fields", "Path", "Schema", "dotted", "flat", "sort_of"]

Path: TypeAlias = tuple[str, ...]
Fields: TypeAlias = "dict[Path, Declared]"
Said: TypeAlias = "Declared | Sort | str | Mapping[str, Said] | None"
"""How a field is declared: by its sort, by what it has within, or by None if that is not known."""


@attrs.frozen(kw_only=True)
class Declared:
    """What is known of a field.

    Attributes:
        sort: Of which sort its values are; None if that is not known, or if they are records.
        is_nullable: Whether it may be null.
        is_optional: Whether only some records have it, so that it is asked as `f.nickname.optional()`.
    """

    sort: Sort | None = None
    is_nullable: bool = True
    is_optional: bool = False


OF_EVENTS: Final[Mapping[Path, Declared]] = {
    ("at",): Declared(sort=Sort.TIME, is_nullable=False),
    ("kind",): Declared(sort=Sort.TEXT, is_nullable=False),
    ("person",): Declared(sort=Sort.TEXT),
    ("value",): Declared(),
    ("currency",): Declared(sort=Sort.TEXT),
    ("campaign",): Declared(sort=Sort.TEXT),
    ("step",): Declared(sort=Sort.TEXT),
    ("recipient",): Declared(),  # an address, which has parts
    ("message_id",): Declared(sort=Sort.TEXT),
}
"""What every event may have, beside the properties of its kind."""


def sort_of(value: Any) -> Sort | None:
    """The sort of a plain value; None of null and of what is of no sort.

    >>> sort_of("42"), sort_of(42), sort_of([42]), sort_of({})
    (<Sort.TEXT: 'text'>, <Sort.INTEGER: 'integer'>, <Sort.LIST: 'list'>, None)
    """
    if is_null(value):
        return None
    return next((sort for kind, sort in _SORTS if isinstance(value, kind)), None)


_SORTS: Final[tuple[tuple[Any, Sort], ...]] = (
    (str, Sort.TEXT),
    (bool, Sort.TRUTH),
    (int, Sort.INTEGER),
    (float, Sort.FLOAT),
    (Decimal, Sort.DECIMAL),
    (datetime, Sort.TIME),
    (date, Sort.DATE),
    ((list, tuple, set, frozenset), Sort.LIST),
)
"""Types of plain values to their sorts; the first that fits, since a truth value is an int to Python."""


def flat(said: Mapping[Any, Said], above: Path = ()) -> dict[Path, Declared]:
    """Fields by their paths, given by dotted names, by paths, or within each other.

    Raises:
        SegmentError: A name or a sort is none.
    """
    if not isinstance(said, Mapping):
        raise SegmentError(
            f"{shorten(said)} are not fields with their sorts; give {{'city': 'text', 'age': 'integer'}}"
        )
    fields: dict[Path, Declared] = {}
    for name, what in said.items():
        path = (*above, *(name.split(".") if isinstance(name, str) else name if isinstance(name, tuple) else ()))
        if not path[len(above) :] or not all(isinstance(step, str) and step for step in path):
            raise SegmentError(f"{shorten(name)} is not the name of a field; a name is a text such as 'address.city'")
        if isinstance(what, Mapping):
            fields |= flat(what, path)
        else:
            fields[path] = what if isinstance(what, Declared) else Declared(sort=_sort(what, path))
    return fields


def _sort(what: object, path: Path) -> Sort | None:
    try:
        return None if what is None else Sort(what)  # type: ignore[arg-type]  # which is what is tried
    except ValueError as error:
        mend = did_you_mean(str(what), map(str, Sort)) or f"; there are {', '.join(Sort)}"
        raise SegmentError(f"{'.'.join(path)}: {shorten(what)} is not a sort of values{mend}") from error


def _kinds(said: Mapping[str, Mapping[str, Said] | None] | None) -> dict[str, dict[Path, Declared] | None] | None:
    if said is None:
        return None
    if not isinstance(said, Mapping):
        raise SegmentError(
            f"events={shorten(said)}: give kinds with their properties, {{'purchase': {{'value': 'decimal'}}}}"
        )
    return {kind: None if properties is None else flat(properties) for kind, properties in said.items()}


@attrs.frozen(kw_only=True)
class Schema:
    """The fields of people's records with their sorts, and the kinds of their events.

    A segment that is checked against it, or parsed with it, is told at once what it could never
    mean: a field or event that there is not, a text compared with a number, the weekday of a name.

    Attributes:
        fields: The fields, by dotted names or within each other; kept by their paths.
        events: The kinds of events with their properties; None for a kind with any properties, and
            None altogether if events of any kind may be asked about.

    >>> from mailkit.segment import field as f
    >>> schema = Schema(fields={"country": "text", "age": "integer"}, events={"purchase": {"value": "decimal"}})
    >>> schema.check(f.contry == "RU")
    Traceback (most recent call last):
    mailkit.errors.SegmentError: segment: there is no field 'contry'; did you mean 'country'? (at column 1)
        contry = "RU"
        ~~~~~~
    >>> schema.check((f.country == "RU") & (f.age > "17"))
    Traceback (most recent call last):
    mailkit.errors.SegmentError: segment: age is a number, which cannot be compared with "17" (text) (at column 20)
        country = "RU" and age > "17"
                           ~~~~~~~~~~
    """

    fields: Mapping[Path, Declared] = attrs.field(converter=flat)
    events: Mapping[str, Mapping[Path, Declared] | None] | None = attrs.field(default=None, converter=_kinds)

    @classmethod
    def of(cls, source: Any, *, events: Any = None) -> Schema:
        """The schema that a class of records declares, or that a sample of records shows.

        Args:
            source: An attrs class, a dataclass, a TypedDict, a NamedTuple or another class with
                annotations; a Django model; a table or mapped class of SQLAlchemy; or some records.
                A field of which several records differ in the sort is of a sort not known.
            events: Kinds with their properties as in the constructor, or some events; None if any kind goes.

        Raises:
            SegmentError: It declares nothing, or is no record.

        >>> from dataclasses import dataclass
        >>> @dataclass
        ... class Customer:
        ...     city: str
        ...     age: int | None
        >>> print(Schema.of(Customer))
        age: integer or null
        city: text
        >>> print(Schema.of([{"city": "Kazan", "orders": 9}, {"city": None}]))
        city: text or null
        orders: integer, in some records
        """
        from mailkit.segment.declared.classes import declared, kinds_of

        kinds: Any = kinds_of(events)
        return cls(fields=declared(source), events=kinds)

    def check(self, segment: Combining) -> None:
        """Do nothing if the segment fits.

        Raises:
            SegmentError: It asks for what there is not, or compares what can never be compared; with the place.
        """
        for fault in self.faults(segment):
            raise fault

    def faults(self, segment: Combining) -> tuple[SegmentError, ...]:
        """All that does not fit, in the order in which it stands in the segment; nothing is raised.

        >>> from mailkit.segment import event as ev, field as f
        >>> schema = Schema(fields={"city": "text"}, events={"purchase": {}})
        >>> for fault in schema.faults((f.city > 5) | ev.purchases.did()):
        ...     print(fault.reason)
        city is text, which cannot be compared with 5 (a number)
        nothing of the kind 'purchases' happens; did you mean 'purchase'?
        """
        from mailkit.segment.declared.fitting import faults
        from mailkit.segment.segments import condition

        return tuple(faults(condition(segment), self))

    def __str__(self) -> str:
        lines = [f"{dotted(path)}: {_words(what)}" for path, what in sorted(self.fields.items())]
        for kind, properties in sorted((self.events or {}).items()):
            within = "…" if properties is None else ", ".join(map(dotted, sorted(properties)))
            lines.append(f"event {quoted_name(kind)}({within})")
        return "\n".join(lines)


def dotted(path: Iterable[str]) -> str:
    """The path as it stands in a segment's text."""
    return ".".join(map(quoted_name, path))


def _words(what: Declared) -> str:
    sort = str(what.sort or "any")
    return (
        sort
        + (" or null" if what.is_nullable and what.sort else "")
        + (", in some records" if what.is_optional else "")
    )
