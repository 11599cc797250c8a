"""`read` and `rows`: what aggregate reports say, all at once or row by row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

import attrs

from mailkit.dns import show
from mailkit.dns.aggregate.reader import rows_of
from mailkit.dns.aggregate.values import Report, Row
from mailkit.dns.notes import Notes, Refused
from mailkit.dns.unpack import Limits, Source, documents
from mailkit.findings import Findings, findings_html

__all__ = ["Reading", "Rows", "read", "rows"]


_MOST_SHOWN: Final = 100


@attrs.frozen(kw_only=True)
class Reading:
    """All that one source holds.

    Attributes:
        reports: The heads of its reports, in their order.
        rows: The rows of all of them.
        findings: What is to be said about the reports themselves: what could not be read, and what was refused.

    >>> read(b"<feedback></feedback>").messages
    0
    """

    reports: tuple[Report, ...]
    rows: tuple[Row, ...]
    findings: Findings = attrs.field(eq=False)

    @property
    def messages(self) -> int:
        """How many messages the rows count."""
        return sum(row.count for row in self.rows)

    def _repr_html_(self) -> str:
        counted = Counter[int]()
        for row in self.rows:
            counted[id(row.report)] += row.count
        told = (
            (
                report.org_name,
                report.policy.domain,
                *(f"{day:%Y-%m-%d %H:%M}" if day else "" for day in (report.begin, report.end)),
                f"{counted[id(report)]:,}",
            )
            for report in self.reports[:_MOST_SHOWN]
        )
        more = len(self.reports) - _MOST_SHOWN
        rest = f"<p>… and {more} more reports</p>" if more > 0 else ""
        table = show.table(("Reporter", "Domain", "From", "To", "Messages"), told, none="No reports.")
        return table + rest + (findings_html(self.findings) if self.findings else "")


class Rows(Iterator[Row]):
    """The rows of a source, one after the other; what is said about the whole grows along.

    >>> found = rows(b"no report")
    >>> list(found), found.findings[0].code
    ([], 'dns.aggregate-unreadable')
    """

    def __init__(self, source: Source, *, limits: Limits) -> None:
        self._notes = Notes("aggregate", "RFC 9990")
        self._reports: list[Report] = []
        self._rows = self._read(source, limits)

    def __next__(self) -> Row:
        return next(self._rows)

    @property
    def reports(self) -> tuple[Report, ...]:
        """The heads of the reports so far."""
        return tuple(self._reports)

    @property
    def findings(self) -> Findings:
        """What is to be said so far; complete when there are no more rows."""
        return self._notes.findings

    def _read(self, source: Source, limits: Limits) -> Iterator[Row]:
        try:
            for document in documents(source, mark=b"<", notes=self._notes, limits=limits):
                yield from rows_of(document, notes=self._notes, reports=self._reports)
        except Refused as refused:
            self._notes.add(refused.word, "error", refused.reason)


def rows(source: Source, *, limits: Limits | None = None) -> Rows:
    """Read aggregate reports row by row, in flat memory, from whatever they come in.

    That is XML, gzip, a zip of one or several files, or a whole mail with one of these attached; RFC
    7489's form and RFC 9990's, whatever the namespace. A broken report gives the rows that can be
    read; what is wrong with it is in `findings`, and never raised.

    Args:
        source: The bytes, a path, a file that is open for reading bytes, or the text itself.
        limits: How much is read.

    Raises:
        InvalidValue: The source is none of these.
        OSError: The file cannot be read.

    >>> xml = '''<feedback>
    ...   <report_metadata><org_name>receiver.example</org_name><report_id>7</report_id>
    ...     <date_range><begin>1767225600</begin><end>1767311999</end></date_range></report_metadata>
    ...   <policy_published><domain>example.com</domain><p>none</p></policy_published>
    ...   <record><row><source_ip>192.0.2.1</source_ip><count>12</count><policy_evaluated>
    ...     <disposition>none</disposition><dkim>pass</dkim><spf>fail</spf></policy_evaluated></row>
    ...     <identifiers><header_from>example.com</header_from></identifiers></record>
    ... </feedback>'''
    >>> found = rows(xml)
    >>> [(str(row.source_ip), row.count, row.passes) for row in found]
    [('192.0.2.1', 12, True)]
    >>> print(found.findings)
    no findings
    """
    return Rows(source, limits=limits or Limits())


def read(source: Source, *, limits: Limits | None = None) -> Reading:
    """Read aggregate reports as a whole; `rows` takes the same, and holds one row at a time.

    Args:
        source: The bytes, a path, a file that is open for reading bytes, or the text itself.
        limits: How much is read.

    Raises:
        InvalidValue: The source is none of these.
        OSError: The file cannot be read.

    >>> for finding in read(b"no report at all").findings:
    ...     print(finding.code, finding.message)
    dns.aggregate-unreadable is no report, and nothing that one comes in
    """
    found = rows(source, limits=limits)
    every = tuple(found)
    return Reading(reports=found.reports, rows=every, findings=found.findings)
