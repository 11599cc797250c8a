"""Reports that come twice are counted once: reporters send again what they think was lost, and folders hold copies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from mailkit.dns.aggregate.values import Report, Row

__all__ = ["once"]


def once(rows: Iterable[Row]) -> Iterator[Row]:
    """Leave out the rows of copies: of reports with the same identity and time as one that came before.

    Equal rows within one copy are kept, since some reporters write one row for each message. A report
    without an id has no copies. What is kept in memory is one number for each different row.

    >>> from ipaddress import ip_address
    >>> row = Row(report=Report(org_name="receiver.example", report_id="7"), source_ip=ip_address("192.0.2.1"), count=3,
    ...           dkim_aligned=True, spf_aligned=False, header_from="example.com")
    >>> len(list(once([row, row])))
    1
    """
    counted: dict[tuple[str, str, str], Counter[int]] = {}
    here, report, first = Counter[int](), None, None  # of the copy that is being read
    for row in rows:
        if row.report is not report or row is first:
            here, report, first = Counter[int](), row.report, row
        if not row.report.report_id:
            yield row
            continue
        before, content = counted.setdefault(row.report.identity, Counter()), _content(row)
        here[content] += 1
        if here[content] > before[content]:
            before[content] += 1
            yield row


def _content(row: Row) -> int:
    told = (
        row.source_ip,
        row.count,
        row.disposition,
        row.dkim_aligned,
        row.spf_aligned,
        row.reasons,
        row.dkim,
        row.spf,
    )
    return hash((told, row.header_from, row.envelope_from, row.envelope_to, _time(row.report)))


def _time(report: Report) -> tuple[object, object]:
    return report.begin, report.end
