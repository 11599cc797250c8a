"""Customer files from the disk: the only module here that opens anything."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime, time
from io import BytesIO
from os import PathLike
from pathlib import Path
from typing import IO, Any, Final

import attrs

from mailkit.contacts.charset import Decoded, decode
from mailkit.contacts.delimited import read_delimited
from mailkit.contacts.records import Import, make_records
from mailkit.contacts.table import Row, Table
from mailkit.errors import InvalidValue, UnreadableFile, did_you_mean
from mailkit.extras import load
from mailkit.findings import Finding, Place, Severity

__all__ = ["read_csv", "read_xlsx"]

_Source = str | PathLike[str] | bytes | bytearray | memoryview | IO[bytes]
_WORKBOOKS: Final = (
    (b"PK\x03\x04", "is an Excel workbook (.xlsx), or another zip archive; use read_xlsx"),
    (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        "is a workbook of an older Excel (.xls), or one with a password; save it as .xlsx without one, or as CSV",
    ),
)
"""How files begin that are no text, and what to say of them."""


def read_csv(
    source: _Source,
    *,
    columns: Mapping[str, str] | None = None,
    required: Collection[str] = ("email",),
    converters: Mapping[str, Callable[[str], Any]] | None = None,
    keep_other: bool = True,
    encoding: str = "",
    delimiter: str = "",
) -> Import:
    """Read a delimited file: commas, semicolons, tabs or bars; UTF-8, UTF-16, cp1251, koi8-r, cp866 or cp1252.

    One bad row never stops the others. A row is left out, with a finding, if a required field is
    empty, the field `email` is no address or one of an earlier row, a converter refuses a value, or
    it has more cells than there are columns. A column that comes along under the name `email` is
    that field; addresses in columns of other names are not looked at.

    Args:
        source: A path; or the file's bytes, also as a file that is open for reading bytes; or its
            text, which is a `str` with a line break.
        columns: For each field of the records the name of its column, matched exactly or else
            without case, blanks and punctuation. If None, usual names in English and Russian
            are recognised, and each guess is told.
        required: Fields that must have a column, and a value in every row.
        converters: For fields that are to be more than text, what makes a value of the text,
            such as `Decimal` or `datetime.date.fromisoformat`. An empty cell becomes None.
        keep_other: Whether the other columns come along under their own names.
        encoding: The encoding, if you know better than the bytes.
        delimiter: The delimiter, if you know better than the first rows.

    Raises:
        UnreadableFile: The file cannot be opened, is empty, has no column for a required
            field, or is not in the given encoding.
        InvalidValue: An argument cannot be meant so.

    >>> from decimal import Decimal
    >>> found = read_csv("e-mail,total\\nanna@example.com,29.33\\nboris@example.com,lots\\n",
    ...                  converters={"total": Decimal})
    >>> found.records
    ({'email': 'anna@example.com', 'total': Decimal('29.33')},)
    >>> found.rejected[0].cells["e-mail"]
    'boris@example.com'
    """
    if isinstance(source, str) and ("\n" in source or "\r" in source):
        name, decoded = "text", Decoded(text=source.removeprefix("\ufeff"), encoding="")
    else:
        name, raw = _name_and_bytes(source)
        _refuse_workbook(name, raw)
        decoded = decode(raw, source=name, encoding=encoding)
    table, delimiter = read_delimited(decoded.text, source=name, delimiter=delimiter)
    found = make_records(
        table,
        columns=columns,
        required=required,
        converters=converters,
        keep_other=keep_other,
        before=_about_encoding(decoded, table.source),
    )
    return attrs.evolve(found, encoding=decoded.encoding, delimiter=delimiter)


def read_xlsx(
    source: _Source,
    *,
    sheet: str = "",
    columns: Mapping[str, str] | None = None,
    required: Collection[str] = ("email",),
    converters: Mapping[str, Callable[[str], Any]] | None = None,
    keep_other: bool = True,
) -> Import:
    """Read a sheet of an Excel workbook as `read_csv` reads a file; needs the extra "files".

    Every cell is read as text, so that a table gives the same records however it was saved:
    a date in ISO 8601, a whole number without a point, a truth value as TRUE or FALSE, a formula
    as the result that was saved with it.

    Args:
        source: A path, or the file's bytes, also as a file that is open for reading bytes.
        sheet: The name of the sheet; the first one if empty.
        columns: As in `read_csv`.
        required: As in `read_csv`.
        converters: As in `read_csv`; they get text here too.
        keep_other: As in `read_csv`.

    Raises:
        MissingExtra: openpyxl is not installed.
        UnreadableFile: It is not a workbook, or damaged, has no such sheet, or what `read_csv` says.
        InvalidValue: An argument cannot be meant so.

    >>> from io import BytesIO
    >>> from openpyxl import Workbook
    >>> book, file = Workbook(), BytesIO()
    >>> book.active.append(["Код клиента", "E-mail"])
    >>> book.active.append([17, "anna@example.com"])
    >>> book.save(file)
    >>> read_xlsx(file.getvalue()).records
    ({'id': '17', 'email': 'anna@example.com'},)
    """
    if not isinstance(sheet, str):
        raise InvalidValue("sheet", sheet, "is not the name of a sheet")
    openpyxl = load("openpyxl", extra="files", purpose="Excel files")
    name, raw = _name_and_bytes(source)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl's, about styles and extensions that do not concern the cells
        try:
            book = openpyxl.load_workbook(BytesIO(raw), read_only=True, data_only=True)
            rows = _sheet_rows(book, sheet, name)
        except (UnreadableFile, MemoryError):
            raise
        except Exception as error:  # openpyxl lets through whatever a damaged file makes it stumble over
            reason = "is not an Excel workbook (.xlsx) that can be read"
            mend = "save it anew, without a password, or as CSV for read_csv"
            raise UnreadableFile(name, f"{reason}; {mend}") from error
    head = next((row for row in rows if not row.is_blank), None)
    if head is None:
        raise UnreadableFile(name, "has an empty sheet; it must begin with a line of column names")
    table = Table(source=name, head=head, rows=tuple(row for row in rows if row.number > head.number))
    return make_records(table, columns=columns, required=required, converters=converters, keep_other=keep_other)


def _name_and_bytes(source: _Source) -> tuple[str, bytes]:
    if isinstance(source, bytes | bytearray | memoryview):
        return "bytes", bytes(source)
    if isinstance(source, str | PathLike):
        return _from_path(source)
    if hasattr(source, "read"):
        return _from_open_file(source)
    mend = "give a path, bytes, or a file opened with 'rb'"
    raise InvalidValue("source", source, "is neither a path nor what stands in a file", mend)


def _from_path(source: str | PathLike[str]) -> tuple[str, bytes]:
    if not str(source).strip():  # which `Path` takes for this folder
        raise UnreadableFile("source", "is empty; give a path, or what stands in the file")
    path = Path(source)
    try:
        return path.name, path.read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a name with a NUL in it
        reason = f"cannot be opened: {getattr(error, 'strerror', None) or error}"
        raise UnreadableFile(str(source), reason) from error


def _from_open_file(file: IO[bytes]) -> tuple[str, bytes]:
    name = Path(str(getattr(file, "name", ""))).name or "file"
    try:
        raw = file.read()
    except (OSError, ValueError) as error:  # ValueError: it is closed
        raise UnreadableFile(name, f"cannot be read: {error}") from error
    if not isinstance(raw, bytes):
        raise InvalidValue("source", name, "gives no bytes", "open it with 'rb', or give its text")
    return name, raw


def _refuse_workbook(name: str, raw: bytes) -> None:
    for beginning, reason in _WORKBOOKS:
        if raw.startswith(beginning):
            raise UnreadableFile(name, reason)


def _about_encoding(decoded: Decoded, source: str) -> list[Finding]:
    findings = []
    if decoded.is_guess:
        findings.append(
            Finding(
                code="contacts.guessed-encoding",
                severity=Severity.INFO,
                message=f"the file does not say its encoding; it is read as {decoded.encoding}",
                place=Place(source=source),
                mend="give encoding= if names look wrong",
            )
        )
    if decoded.broken_lines:
        lines = ", ".join(map(str, decoded.broken_lines[:5])) + (", …" if len(decoded.broken_lines) > 5 else "")
        findings.append(
            Finding(
                code="contacts.mixed-encoding",
                severity=Severity.WARNING,
                message=f"some lines are not {decoded.encoding}, and were read as well as could be: {lines}",
                place=Place(source=source, line=decoded.broken_lines[0]),
                mend="see whether the names in them are right",
            )
        )
    return findings


def _sheet_rows(book: Any, sheet: str, name: str) -> list[Row]:
    pages = {page.title: page for page in book.worksheets}  # without those that are only a chart
    if sheet and sheet not in pages:
        known = ", ".join(map(repr, pages))
        reason = f"has no sheet {sheet!r}{did_you_mean(sheet, pages)}; its sheets are {known or 'charts only'}"
        raise UnreadableFile(name, reason)
    if not pages:
        raise UnreadableFile(name, "has no sheet with cells")
    page = pages[sheet] if sheet else book.worksheets[0]
    page.reset_dimensions()  # what the file says of its size is often wrong
    return [
        Row(number=number, cells=tuple(_text(value) for value in cells))
        for number, cells in enumerate(page.iter_rows(values_only=True), 1)
    ]


def _text(value: object) -> str:
    """A spreadsheet's cell as text."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).upper()
        case float() if value.is_integer():
            return str(int(value))
        case datetime() if value.time() == time():
            return value.date().isoformat()
        case datetime() | date() | time():
            return value.isoformat()
        case _:
            return str(value)
