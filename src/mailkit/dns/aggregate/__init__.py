"""DMARC aggregate feedback reports: what receivers tell of the mail that bears our name (RFC 9990, RFC 7489).

`read` gives a report as a whole and `rows` gives it row by row, from XML, gzip, zip or a whole mail;
`sources` folds the rows of many reports into who sends as us. Failure reports, about one mail each,
are read with `read_failure`; what a stricter policy would have done, `mailkit.dns.rollout` says.

>>> from mailkit.dns import aggregate
>>> found = aggregate.read("<feedback><record><row><source_ip>192.0.2.1</source_ip><count>3</count></row></record>")
>>> found.messages, found.findings[0].code
(3, 'dns.aggregate-truncated')
"""

from __future__ import annotations

from mailkit.dns.aggregate.folding import sources
from mailkit.dns.aggregate.reading import Reading, Rows, read, rows
from mailkit.dns.aggregate.sending import Kind, Sending, Sources
from mailkit.dns.aggregate.values import (
    AuthResult,
    Disposition,
    DKIMResult,
    Published,
    Reason,
    Report,
    Row,
    SPFResult,
)
from mailkit.dns.failures import FailureReport, read_failure
from mailkit.dns.unpack import Limits

__all__ = [
    "AuthResult",
    "DKIMResult",
    "Disposition",
    "FailureReport",
    "Kind",
    "Limits",
    "Published",
    "Reading",
    "Reason",
    "Report",
    "Row",
    "Rows",
    "SPFResult",
    "Sending",
    "Sources",
    "read",
    "read_failure",
    "rows",
    "sources",
]
