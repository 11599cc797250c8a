"""From a table to records, with everything that is to be said about it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from html import escape
from typing import Any, Final

import attrs

from mailkit.contacts.dedupe import find_repeats
from mailkit.contacts.mapping import lay_out
from mailkit.contacts.quality import Checked, check_row, is_example
from mailkit.contacts.table import Table
from mailkit.errors import InvalidValue, did_you_mean
from mailkit.findings import Finding, Place, Severity, findings_html

__all__ = ["Import", "Rejected", "make_records"]

_SHOWN_RECORDS: Final = 5


@attrs.frozen(kw_only=True)
class Rejected:
    """A row that became no record.

    Attributes:
        row: Its number as a spreadsheet counts.
        cells: Its cells by column name, as they stand in the file. What has no column is
            under "+".
        findings: Why; at least one.

    >>> from mailkit import contacts
    >>> (rejected,) = contacts.read_csv("email,name\\nanna@,Anna\\n").rejected
    >>> rejected.row, rejected.cells, rejected.findings[0].code
    (2, {'email': 'anna@', 'name': 'Anna'}, 'contacts.bad-address')
    """

    row: int
    cells: Mapping[str, str] = attrs.field(hash=False)
    findings: tuple[Finding, ...]


@attrs.frozen(kw_only=True)
class Import:
    """What came of reading a file.

    Every row that is not blank is either in `records` or in `rejected`.

    Attributes:
        source: The file's name.
        records: One dict for each usable row, in the order of the file. Values are text unless a
            converter made something else of them.
        rows: For each record the number of its row, as a spreadsheet counts.
        rejected: The rows that became no record.
        findings: All findings: about the file, its columns, then its rows in order.
        columns: For each mapped field the column it was read from.
        total_rows: How many rows there are, without column names and blank rows.
        encoding: The encoding it was read in; empty if it was given as text or as a spreadsheet.
        delimiter: What stands between cells; empty in a spreadsheet.

    >>> from mailkit import contacts
    >>> found = contacts.read_csv("Имя;Почта\\nАнна;anna@example.com\\n")
    >>> found.records, dict(found.columns)
    (({'first_name': 'Анна', 'email': 'anna@example.com'},), {'first_name': 'Имя', 'email': 'Почта'})
    """

    source: str
    records: tuple[dict[str, Any], ...] = attrs.field(hash=False, repr=lambda records: f"<{len(records)} records>")
    rows: tuple[int, ...] = attrs.field(repr=False)
    rejected: tuple[Rejected, ...] = attrs.field(repr=lambda rejected: f"<{len(rejected)} rows>")
    findings: tuple[Finding, ...] = attrs.field(repr=lambda findings: f"<{len(findings)} findings>")
    columns: Mapping[str, str] = attrs.field(hash=False)
    total_rows: int
    encoding: str = ""
    delimiter: str = ""

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that cost a row, or the file's sense."""
        return tuple(finding for finding in self.findings if finding.severity is Severity.ERROR)

    def __str__(self) -> str:
        told = [_plural(sum(f.severity is s for f in self.findings), s.value) for s in reversed(Severity)]
        said = ", ".join(part.replace("infos", "info") for part in told if not part.startswith("0 "))
        return (
            f"{self.source}: {_plural(self.total_rows, 'row')}, {_plural(len(self.records), 'record')}, "
            f"{len(self.rejected):,} left out; findings: {said or 'none'}"
        )

    def _repr_html_(self) -> str:
        shown = self.records[:_SHOWN_RECORDS]
        names = list(dict.fromkeys(name for record in shown for name in record))
        head = "".join(f'<th scope="col" style="text-align:left">{escape(name)}</th>' for name in names)
        body = "".join(
            "<tr>" + "".join(f"<td>{escape(str(record[name]))}</td>" for name in names) + "</tr>" for record in shown
        )
        more = len(self.records) - len(shown)
        rest = f'<p class="mailkit-import">… and {_plural(more, "record")} more.</p>' if more else ""
        return (
            f'<p class="mailkit-import"><strong>{escape(str(self))}</strong></p>'
            f'<table class="mailkit-import"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{rest}'
            f"{findings_html(self.findings)}"
        )


def make_records(
    table: Table,
    *,
    columns: Mapping[str, str] | None = None,
    required: Collection[str] = ("email",),
    converters: Mapping[str, Callable[[str], Any]] | None = None,
    keep_other: bool = True,
    before: Iterable[Finding] = (),
) -> Import:
    """Make records of a table's rows.

    Args:
        table: The table.
        columns: For each field the name of its column; guessed if None.
        required: Fields that must have a column and a value.
        converters: For fields that are to be more than text, what makes a value of the text.
        keep_other: Whether the other columns come along under their own names.
        before: Findings about the file, which come first.

    Raises:
        InvalidValue: A converter is for a field that there is not.
        UnreadableFile: A required field has no column.
    """
    _check_required(required)
    layout = lay_out(table, columns=columns, required=tuple(required), keep_other=keep_other)
    converters = converters or {}
    _check_converters(converters, {*layout.fields, *layout.others, *(columns or {})})
    full = [row for row in table.rows if not row.is_blank]
    checked = (
        check_row(row, layout, source=table.source, required=tuple(required), converters=converters) for row in full
    )
    mapped = {field: layout.names[index] for field, index in layout.fields.items()}
    items = find_repeats(checked, source=table.source, columns=mapped)
    findings = [*before, *layout.findings, *_about_rows(table, items, mapped)]
    return Import(
        source=table.source,
        records=tuple(item.record for item in items if item.record is not None),
        rows=tuple(item.row.number for item in items if item.record is not None),
        rejected=tuple(_rejected(item, layout.names) for item in items if item.record is None),
        findings=(*findings, *(finding for item in items for finding in item.findings)),
        columns=mapped,
        total_rows=len(full),
    )


def _check_required(required: Collection[str]) -> None:
    if isinstance(required, str):
        raise InvalidValue("required", required, "is one text", f"write [{required!r}]")
    if not isinstance(required, Collection) or not all(isinstance(field, str) for field in required):
        raise InvalidValue("required", required, "is not a list of fields", "write ['email'], or [] for none")


def _check_converters(converters: Mapping[str, Callable[[str], Any]], known: Collection[str]) -> None:
    if not isinstance(converters, Mapping) or not all(map(callable, converters.values())):
        raise InvalidValue("converters", converters, "is not functions by field", "write {'total': Decimal}")
    for field in converters:
        if field not in known:
            reason = f"is no field of this file{did_you_mean(field, known)}"
            raise InvalidValue("converters", field, reason, f"there are {', '.join(sorted(known))}")


def _about_rows(table: Table, items: Sequence[Checked], columns: Mapping[str, str]) -> list[Finding]:
    findings = []
    blank = [row.number for row in table.rows if row.is_blank]
    if blank:
        message = f"{_plural(len(blank), 'blank row')} passed over"
        place = Place(source=table.source, row=blank[0])
        findings.append(Finding(code="contacts.blank-rows", severity=Severity.INFO, message=message, place=place))
    if not items:
        place = Place(source=table.source, row=table.head.number)
        message = "there are column names and no rows"
        findings.append(Finding(code="contacts.no-rows", severity=Severity.WARNING, message=message, place=place))
    examples = [item.row.number for item in items if item.record and item.address and is_example(item.address.domain)]
    if examples:
        count = _plural(len(examples), "address", "addresses")
        findings.append(
            Finding(
                code="contacts.example-domain",
                severity=Severity.INFO,
                message=f"{count} at domains that are reserved for examples; no mail arrives there",
                place=Place(source=table.source, row=examples[0], field=columns["email"]),
                source="RFC 2606, 2 and 3",
            )
        )
    return findings


def _rejected(item: Checked, names: Sequence[str]) -> Rejected:
    cells = dict(zip(names, item.row.cells, strict=False))
    spare = item.row.cells[len(names) :]
    if any(cell.strip() for cell in spare):
        cells["+"] = "\t".join(spare)
    return Rejected(row=item.row.number, cells=cells, findings=item.findings)


def _plural(count: int, one: str, many: str = "") -> str:
    return f"{count:,} {one if count == 1 else many or one + 's'}"
