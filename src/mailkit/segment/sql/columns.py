"""How the tables look: which column has what, of which sort it is, and how it is stored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any, Final

import attrs

from mailkit.errors import SegmentError, did_you_mean, shorten
from mailkit.segment.sorts import Sort

__all__ = ["Column", "Columns", "Stored"]


class Stored(StrEnum):
    """How a column keeps its values."""

    NATIVE = "native"
    """As the engine's own type of that sort. SQLite has none for dates and decimals: dates are text there."""
    MICROSECONDS = "microseconds"
    """Of a time: whole microseconds since 1970 in UTC."""
    SCALED = "scaled"
    """Of a decimal: a whole number of its least parts, such as cents."""
    TEXT = "text"
    """As text: dates and times in ISO 8601, decimals in digits."""


_WAYS: Final = {
    Sort.DATE: (Stored.NATIVE, Stored.TEXT),
    Sort.TIME: (Stored.MICROSECONDS, Stored.NATIVE, Stored.TEXT),
    Sort.DECIMAL: (Stored.NATIVE, Stored.SCALED, Stored.TEXT),
}
_MOST_PLACES: Final = 18


def _word(given: Any, words: type[StrEnum], what: str) -> Any:
    try:
        return words(given)
    except ValueError as error:
        mend = did_you_mean(str(given), map(str, words)) or f"; there are {', '.join(words)}"
        raise SegmentError(f"{shorten(given)} is not {what}{mend}") from error


def _sort(given: Any) -> Sort:
    found: Sort = _word(given, Sort, "a sort of values")
    return found


def _items(given: Any) -> Sort | None:
    return None if given is None else _sort(given)


def _way(given: Any) -> Stored:
    found: Stored = _word(given, Stored, "a way to store values")
    return found


def name_of(instance: object, attribute: Any, value: Any) -> None:
    """Check the name of a column."""
    if not isinstance(value, str) or not value or "\0" in value:
        raise SegmentError(f"{shorten(value)} is not the name of a column: a text without NUL is")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise SegmentError(f"{shorten(value)} is not the name of a column: it is not UTF-8") from error


@attrs.frozen
class Column:
    """A column of a table.

    Attributes:
        name: Its name there.
        sort: Of which sort its values are.
        items: Of which sort the items are, if it has lists.
        places: How many decimal places there are at most, if it has decimals; 2 of money mostly.
        stored: How its values are kept. Times are microseconds and all else native unless it is said.
        key: If the column has JSON objects: under which key the values stand; texts, whole numbers
            and truth values are read from there. Empty if the column has the values themselves.

    >>> Column("price", Sort.DECIMAL, stored="scaled").places
    2
    >>> Column("price", "decimel")
    Traceback (most recent call last):
    mailkit.errors.SegmentError: segment: 'decimel' is not a sort of values; did you mean 'decimal'?
    """

    name: str = attrs.field(validator=name_of)
    sort: Sort = attrs.field(converter=_sort)
    items: Sort | None = attrs.field(default=None, kw_only=True, converter=_items)
    places: int = attrs.field(default=2, kw_only=True)
    stored: Stored = attrs.field(kw_only=True, converter=_way)

    key: str = attrs.field(default="", kw_only=True)

    @key.validator
    def _check_key(self, attribute: object, value: str) -> None:
        if not isinstance(value, str) or set(value) & set('"\\\0') or value[:1] in ("$", "/", "["):
            raise SegmentError(f"{shorten(value)} is not the key of a property that can be asked for", text=self.name)
        if value and self.sort not in (Sort.TEXT, Sort.INTEGER, Sort.TRUTH):
            raise SegmentError(
                f"what is within JSON is read as text, integer or truth, not {self.sort}", text=self.name
            )

    @stored.default
    def _usual(self) -> Stored:
        return _WAYS.get(self.sort, (Stored.NATIVE,))[0]

    @stored.validator
    def _check_stored(self, attribute: object, value: Stored) -> None:
        ways = _WAYS.get(self.sort, (Stored.NATIVE,))
        if value not in ways:
            raise SegmentError(f"a column of {self.sort} is stored as {', '.join(ways)}, not {value}", text=self.name)

    @items.validator
    def _check_items(self, attribute: object, value: Sort | None) -> None:
        if (self.sort is Sort.LIST) != (value is not None) or value is Sort.LIST:
            raise SegmentError("a list, and nothing else, has items=, the sort of its items", text=str(self.name))

    @places.validator
    def _check_places(self, attribute: object, value: int) -> None:
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _MOST_PLACES:
            raise SegmentError(f"{shorten(value)} is not a number of decimal places: 0 to {_MOST_PLACES} are")


def _columns(given: Any) -> dict[Any, Column]:
    if not isinstance(given, Mapping):
        sorts = getattr(given, "fields", None)  # a Schema, which also has fields of no sort, and lists of anything
        if not isinstance(sorts, Mapping):
            raise SegmentError(f"{shorten(given)} is not columns by field; give {{'city': 'text', ...}}")
        declared = {".".join(path): what.sort for path, what in sorts.items()}
        given = {name: sort for name, sort in declared.items() if sort not in (None, Sort.LIST)}
    columns = {}
    for name, column in given.items():
        last = name[-1] if isinstance(name, tuple) and name else name
        columns[name] = column if isinstance(column, Column) else Column(last, column)
    return columns


@attrs.frozen(kw_only=True)
class Columns:
    """How a table of people and a table of events look.

    Attributes:
        person: The column of people with their id, which is one person's only.
        person_sort: Of which sort it is: text or integer.
        fields: The columns of people by the field that they hold, a dotted path if it is nested:
            a `Column`, or only its sort where it is named as the field is. Or a `Schema`, whose
            lists are left out, as it does not know of what they are.
        event_person: The column of events with the person's id.
        event_person_sort: Of which sort that is; as that of people unless it is said.
        kind: The column of events with their kind.
        at: That with their time.
        times: How that is stored.
        order: A column of whole numbers in the order in which events were given; without it, what
            depends on the order of events at one instant is `NotPortable`.
        properties: The columns of events by property; one of a single kind by (kind, property).

    >>> shop = Columns(fields={"city": "text", "address.zip": Column("zip", "text")}, order="id",
    ...                properties={"value": Column("cents", "decimal", stored="scaled")})
    >>> from mailkit.segment import event as ev, field as f
    >>> print((f.city == "Kazan").to_sql("sqlite", columns=shop))
    SELECT mk_id AS id
    FROM (
      SELECT mk_p."id" AS mk_id, mk_p."city" AS mk_1
      FROM "people" AS mk_p
    ) AS mk_people
    WHERE (mk_1 IS NOT NULL AND mk_1 COLLATE BINARY = :p1)
    """

    person: str = attrs.field(default="id", validator=name_of)
    person_sort: Sort = attrs.field(default=Sort.INTEGER, converter=_sort)
    fields: Mapping[str, Column] = attrs.field(factory=dict, converter=_columns, hash=False)
    event_person: str = attrs.field(default="person", validator=name_of)
    event_person_sort: Sort = attrs.field(converter=_sort)
    kind: str = attrs.field(default="kind", validator=name_of)
    at: str = attrs.field(default="at", validator=name_of)
    times: Stored = attrs.field(default=Stored.MICROSECONDS, converter=_way)
    order: str | None = attrs.field(default=None, validator=attrs.validators.optional(name_of))
    properties: Mapping[Any, Column] = attrs.field(factory=dict, converter=_columns, hash=False)

    @event_person_sort.default
    def _same(self) -> Sort:
        return self.person_sort

    @person_sort.validator
    @event_person_sort.validator
    def _check_sort(self, attribute: object, value: Sort) -> None:
        if value not in (Sort.TEXT, Sort.INTEGER):
            raise SegmentError(f"a person's id is a text or a whole number, not of the sort {value}")

    def field(self, path: tuple[str, ...]) -> Column:
        """The column of a person's field.

        Raises:
            SegmentError: There is none.
        """
        name = ".".join(path)
        column = self.fields.get(name)
        if column is None and path == (self.person,):
            return Column(self.person, self.person_sort)
        if column is None:
            mend = did_you_mean(name, [*self.fields, self.person])
            raise SegmentError(
                f"no column is given for the field {name!r}{mend or '; say which in Columns(fields=...)'}"
            )
        return column

    def of_event(self, kind: str, path: tuple[str, ...]) -> Column:
        """The column of a property of events of that kind.

        Raises:
            SegmentError: There is none.
        """
        name = ".".join(path)
        for key in ((kind, name), name):
            if key in self.properties:
                return self.properties[key]
        own = {"at": Column(self.at, Sort.TIME, stored=self.times), "kind": Column(self.kind, Sort.TEXT)}
        if name not in own:
            known = [key if isinstance(key, str) else key[1] for key in self.properties]
            mend = did_you_mean(name, [*known, *own]) or "; say which in Columns(properties=...)"
            raise SegmentError(f"no column is given for the property {name!r} of {kind}{mend}")
        return own[name]

    def names(self) -> Iterator[str]:
        """All names of columns."""
        yield from (self.person, self.event_person, self.kind, self.at, self.order or self.at)
        yield from (column.name for column in (*self.fields.values(), *self.properties.values()))
