"""Findings: what is to be said about someone's data, in one shape for every package."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from html import escape
from typing import Final

import attrs

from mailkit.checks import counted, one_line
from mailkit.errors import InvalidValue

__all__ = ["COLOURS", "Finding", "Findings", "Place", "Severity", "findings_html", "worst"]


class Severity(StrEnum):
    """How much a finding matters."""

    INFO = "info"
    """Good to know; nothing need be done."""
    WARNING = "warning"
    """Works, yet will cost something: readers, reputation or time."""
    ERROR = "error"
    """Does not work, or harms somebody."""


_RANK: Final = {Severity.INFO: 0, Severity.WARNING: 1, Severity.ERROR: 2}
COLOURS: Final = {Severity.ERROR: "#b3261e", Severity.WARNING: "#8a5a00", Severity.INFO: "#1f5fa8"}
"""The colours of severities on pages."""
_CELL: Final = "text-align:left;vertical-align:top;padding:.3em .7em .3em 0"
_COLUMNS: Final = {
    "Severity": "",
    "Where": "min-width:4.5em;max-width:16em;overflow-wrap:anywhere",
    "What": "min-width:7em;max-width:36em;overflow-wrap:anywhere",
    "What to do": "min-width:6.5em;max-width:28em;overflow-wrap:anywhere",
    "Source": "min-width:3.5em",
}
"""How wide each column may be; long names break anywhere, so that none of them pushes the others off the page."""


@attrs.frozen(kw_only=True)
class Place:
    """Where a finding is; whatever does not apply is left out.

    Attributes:
        source: The file, record name or part of a letter.
        row: The row of a table as a spreadsheet counts it: 1 is the line of column names.
        field: The column of a table, the field of a record or the block of a letter.
        line: The line of a text, from 1.
        column: The character in that line, from 1.

    >>> print(Place(source="customers.csv", row=12, field="email"))
    customers.csv, row 12, field 'email'
    """

    source: str = attrs.field(default="", validator=one_line)
    row: int | None = attrs.field(default=None, validator=attrs.validators.optional(counted))
    field: str = attrs.field(default="", validator=one_line)
    line: int | None = attrs.field(default=None, validator=attrs.validators.optional(counted))
    column: int | None = attrs.field(default=None, validator=attrs.validators.optional(counted))

    def __str__(self) -> str:
        parts = (
            self.source,
            f"row {self.row}" if self.row else "",
            f"line {self.line}" if self.line else "",
            f"column {self.column}" if self.column else "",
            f"field {self.field!r}" if self.field else "",
        )
        return ", ".join(part for part in parts if part)


def _severity(value: Severity | str) -> Severity:
    try:
        return Severity(value)
    except ValueError as error:
        raise InvalidValue(
            "Finding.severity", value, "is not a severity", "write 'info', 'warning' or 'error'"
        ) from error


@attrs.frozen(kw_only=True)
class Finding:
    """One thing that is to be said about someone's data.

    Attributes:
        code: A stable name, `package.word-word`, for filters and tests.
        severity: How much it matters.
        message: What is the matter, as a sentence without a full stop.
        place: Where.
        evidence: What was found there, verbatim.
        mend: What to do about it, or the very text to paste; empty if nothing.
        source: Whose rule it is, such as "RFC 7208, 3.2".

    >>> print(Finding(code="contacts.bad-address", severity=Severity.ERROR, message="this is not an address",
    ...               place=Place(row=3, field="email"), evidence="anna@", mend="correct it or leave the row out"))
    error: row 3, field 'email': this is not an address ('anna@'); correct it or leave the row out
    """

    code: str
    severity: Severity = attrs.field(converter=_severity)
    message: str
    place: Place = attrs.field(factory=Place)
    evidence: str = ""
    mend: str = ""
    source: str = ""

    def __str__(self) -> str:
        place = f"{self.place}: " if str(self.place) else ""
        evidence = f" ({self.evidence!r})" if self.evidence else ""
        mend = f"; {self.mend}" if self.mend else ""
        return f"{self.severity}: {place}{self.message}{evidence}{mend}"


class Findings(tuple[Finding, ...]):
    """Findings in a row: a tuple that shows itself, as a table in a notebook and as lines anywhere else.

    >>> print(Findings([Finding(code="compose.shouting", severity=Severity.WARNING, message="!!!")]))
    warning: !!!
    >>> print(Findings())
    no findings
    """

    __slots__ = ()

    def __str__(self) -> str:
        return "\n".join(map(str, self)) or "no findings"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return findings_html(self)


def worst(findings: Iterable[Finding]) -> Severity | None:
    """The highest severity among the findings; None if there are none.

    >>> worst([]) is None
    True
    """
    return max((finding.severity for finding in findings), key=_RANK.__getitem__, default=None)


def findings_html(findings: Iterable[Finding]) -> str:
    """The findings as an HTML table, worst first, for notebooks and reports.

    >>> findings_html([]).startswith("<p")
    True
    """
    rows = sorted(findings, key=lambda finding: -_RANK[finding.severity])
    if not rows:
        return '<p class="mailkit-findings">No findings.</p>'
    body = "".join(map(_row_html, rows))
    head = "".join(f'<th scope="col" style="{_CELL}">{name}</th>' for name in _COLUMNS)
    return (
        f'<table class="mailkit-findings" style="border-collapse:collapse"><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table>"
    )


def _row_html(finding: Finding) -> str:
    found = _harmless(finding.evidence)
    told = (
        f'<b style="color:{COLOURS[finding.severity]}">{finding.severity}</b>',
        _harmless(str(finding.place)),
        _harmless(finding.message) + (f' <code style="overflow-wrap:anywhere">{found}</code>' if found else ""),
        _harmless(finding.mend),
        _harmless(finding.source),
    )
    cells = zip(_COLUMNS.values(), told, strict=True)
    return "<tr>" + "".join(f'<td style="{_CELL};{width}">{cell}</td>' for width, cell in cells) + "</tr>"


def _harmless(text: str) -> str:
    """A text from anywhere for a page: nothing in it is markup, or steers what shows it."""
    return escape("".join(letter if letter.isprintable() or letter == "\n" else "\ufffd" for letter in text))
