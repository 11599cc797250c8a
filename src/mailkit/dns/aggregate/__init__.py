"""DMARC aggregate feedback reports."""

from __future__ import annotations

from mailkit.dns.aggregate.reading import Reading, Rows, read, rows
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
from mailkit.dns.unpack import Limits

__all__ = [
    "AuthResult",
    "DKIMResult",
    "Disposition",
    "Limits",
    "Published",
    "Reading",
    "Reason",
    "Report",
    "Row",
    "Rows",
    "SPFResult",
    "read",
    "rows",
]
