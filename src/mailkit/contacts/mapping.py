"""Which column is which field."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import attrs

from mailkit.contacts.table import Table, printable
from mailkit.errors import InvalidValue, UnreadableFile, did_you_mean
from mailkit.findings import Finding, Place, Severity

__all__ = ["Layout", "lay_out"]

# What the columns of customer files are called. Compared without case, blanks and punctuation.
_SYNONYMS: Final[dict[str, tuple[str, ...]]] = {
    "id": (
        *("id", "customer id", "client id", "user id", "contact id", "customer number", "customer no"),
        *("ид", "код", "код клиента", "номер клиента", "идентификатор", "id клиента", "код покупателя"),
    ),
    "email": (
        *("email", "mail", "email address", "mail address", "customer email", "contact email"),
        *("почта", "электронная почта", "эл. почта", "адрес электронной почты", "электронный адрес"),
        *("емейл", "имейл", "email клиента", "адрес e-mail"),
    ),
    "name": (
        *("name", "full name", "customer name", "contact name"),
        *("фио", "полное имя", "имя и фамилия", "фамилия и имя", "клиент", "покупатель"),
    ),
    "first_name": ("first name", "given name", "forename", "имя", "имя клиента"),
    "last_name": ("last name", "surname", "family name", "фамилия"),
    "phone": ("phone", "phone number", "telephone", "tel", "mobile", "телефон", "номер телефона", "мобильный"),
    "city": ("city", "town", "город"),
    "country": ("country", "страна"),
    "language": ("language", "lang", "locale", "язык"),
    "time_zone": ("time zone", "tz", "часовой пояс"),
    "birthday": ("birthday", "birth date", "date of birth", "дата рождения", "день рождения"),
    "subscribed_at": (
        *("subscribed at", "subscribed", "sign up date", "signup date", "subscription date"),
        *("дата подписки", "подписан с", "дата регистрации"),
    ),
}
_PUNCTUATION: Final = re.compile(r"[\W_]+")


def _folded(name: str) -> str:
    return _PUNCTUATION.sub("", unicodedata.normalize("NFKC", name).casefold().replace("ё", "е"))


_FIELDS: Final = {_folded(synonym): field for field, synonyms in _SYNONYMS.items() for synonym in synonyms}


@attrs.frozen(kw_only=True)
class Layout:
    """Where in a row each field of a record stands.

    Attributes:
        names: The column names, made unique, in the order of the file.
        fields: For each mapped field the number of its column, from 0.
        others: The same for the columns that are kept under their own names.
        findings: What is to be said about the column names.
    """

    names: tuple[str, ...]
    fields: Mapping[str, int]
    others: Mapping[str, int]
    findings: tuple[Finding, ...]


def lay_out(
    table: Table, *, columns: Mapping[str, str] | None, required: Sequence[str], keep_other: bool = True
) -> Layout:
    """Find the column of each field.

    Args:
        table: The table.
        columns: For each field the name of its column; guessed from the column names if None.
        required: Fields without which nothing can be done.
        keep_other: Whether the other columns come along.

    Raises:
        InvalidValue: A field or a column name is not text, or the mapping is the wrong way round.
        UnreadableFile: A required field has no column.
    """
    names, findings = _unique_names(table)
    if columns is None:
        fields = _guessed(names)
        findings += [_guess(table, field, names[index]) for field, index in fields.items() if names[index] != field]
    else:
        _check_direction(columns, names, required)
        fields = {}
        for field, name in columns.items():
            _check_column(field, name)
            index = _find(names, name)
            if index is not None:
                fields[field] = index
            elif field not in required:
                findings.append(_missing(table, names, field, name))
    for field in required:
        if field not in fields:
            fields[field] = _required(table, names, field, columns)
    used = set(fields.values())
    if keep_other and "email" not in fields and "email" in names and names.index("email") not in used:
        fields["email"] = names.index("email")  # it comes along by that name, so it must be what it says
        used.add(fields["email"])
    taken = _Taken(fields)
    others = {taken.free(name): index for index, name in enumerate(names if keep_other else ()) if index not in used}
    return Layout(names=tuple(names), fields=fields, others=others, findings=tuple(findings))


def _unique_names(table: Table) -> tuple[list[str], list[Finding]]:
    names: list[str] = []
    findings = []
    taken = _Taken()
    for index, cell in enumerate(table.head.cells[: _width(table)]):
        name = printable(cell) or f"column {index + 1}"
        unique = taken.free(name)
        place = Place(source=table.source, row=table.head.number, field=unique)
        if unique != name:
            findings.append(
                Finding(
                    code="contacts.repeated-column",
                    severity=Severity.WARNING,
                    message=f"two columns are called {name!r}; this one is read as {unique!r}",
                    place=place,
                    mend="give it a name of its own",
                )
            )
        names.append(unique)
    return names, findings


def _width(table: Table) -> int:
    """How many columns there are; what has neither a name nor a value is a delimiter at the end of every line."""
    named = _filled(table.head.cells)
    most = len(table.head.cells)
    used = max((_filled(row.cells) for row in table.rows), default=0) if named < most else 0
    return max(1, named, min(most, used))


def _filled(cells: Sequence[str]) -> int:
    """How many cells there are up to the last that is not empty."""
    return next((index for index in range(len(cells), 0, -1) if cells[index - 1].strip()), 0)


class _Taken:
    """Names that are taken, in a table or a record; free ones are found without trying each number anew."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._names = set(names)
        self._numbers: dict[str, int] = {}

    def free(self, name: str) -> str:
        """The name, with a number behind it if it is taken; it is taken then."""
        number, free = self._numbers.get(name, 1), name
        while free in self._names:
            number += 1
            free = f"{name} ({number})"
        self._numbers[name] = number
        self._names.add(free)
        return free


def _guessed(names: Sequence[str]) -> dict[str, int]:
    fields: dict[str, int] = {}
    for index, name in enumerate(names):
        field = _FIELDS.get(_folded(name), "")
        if field and field not in fields:
            fields[field] = index
    return fields


def _find(names: Sequence[str], name: str) -> int | None:
    """The column of that name, exactly or else without case, blanks and punctuation."""
    cleaned = printable(name)
    if cleaned in names:
        return names.index(cleaned)
    folded = [_folded(known) for known in names]
    return folded.index(_folded(name)) if _folded(name) in folded else None


def _check_direction(columns: Mapping[str, str], names: Sequence[str], required: Sequence[str]) -> None:
    """Refuse columns that say which field each column is, as in renaming: they say which column each field is."""
    if not isinstance(columns, Mapping):
        raise InvalidValue("columns", columns, "is not a mapping", 'write {"email": "E-mail"}')
    known = {*_SYNONYMS, *required}
    for field, name in columns.items():
        if field in names and field not in known and name in known and name not in names:
            turned = {name: field for field, name in columns.items()}
            raise InvalidValue("columns", dict(columns), "is the wrong way round", f"did you mean columns={turned!r}?")


def _check_column(field: str, name: str) -> None:
    for given in (field, name):
        if not isinstance(given, str) or not given.strip():
            raise InvalidValue(
                "columns", {field: name}, "is not a field and a column name", 'write {"email": "E-mail"}'
            )


def _required(table: Table, names: Sequence[str], field: str, columns: Mapping[str, str] | None) -> int:
    """The column of a required field that was not found yet: also one of the field's own name will do."""
    wanted = (columns or {}).get(field, "")
    index = None if wanted else _find(names, field)
    if index is None and not wanted:
        index = _guessed(names).get(field)
    if index is not None:
        return index
    what = f"no column {wanted!r} for the field {field!r}" if wanted else f"no column for the field {field!r}"
    reason = f"has {what}{did_you_mean(wanted or field, names)}; its columns are {', '.join(map(repr, names))}"
    if any("@" in name for name in names):
        reason += "; its first line holds an address, so the line of column names seems to be missing"
    raise UnreadableFile(table.source, reason)


def _guess(table: Table, field: str, name: str) -> Finding:
    return Finding(
        code="contacts.guessed-column",
        severity=Severity.INFO,
        message=f"the column {name!r} is read as the field {field!r}",
        place=Place(source=table.source, row=table.head.number, field=name),
        mend="give columns= if that is wrong",
    )


def _missing(table: Table, names: Sequence[str], field: str, name: str) -> Finding:
    return Finding(
        code="contacts.missing-column",
        severity=Severity.WARNING,
        message=f"there is no column {printable(name)!r} for the field {field!r}{did_you_mean(name, names)}",
        place=Place(source=table.source, row=table.head.number, field=printable(field)),
        mend="the records come without this field; correct columns= or the file",
    )
