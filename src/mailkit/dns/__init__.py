"""Is this domain ready to send, exactly why not, and what is to be pasted where.

`check` looks at SPF (RFC 7208), DKIM keys (RFC 6376) and DMARC (RFC 9989) of a domain:

>>> from mailkit import dns
>>> zone = {
...     ("example.com", "TXT"): ["v=spf1 ip4:192.0.2.10 -all"],
...     ("_dmarc.example.com", "TXT"): dns.TimedOut(),
... }
>>> report = dns.check_sync("example.com", selectors=["news"], resolver=zone)
>>> for finding in report.findings:
...     print(finding.severity, finding.code)
error dns.dkim-absent
warning dns.dmarc-unanswered

What was not answered is never called absent: `is_complete` says whether all was seen. Without
`resolver` the machine's own name servers are asked, all questions at once:
`report = await dns.check("example.com", selectors=["news"])`.

Underneath, each check is a generator of questions (`mailkit.dns.lookup`) that opens nothing;
`AsyncResolver`, `BlockingResolver` or a dict bring the outcomes. Records are values that can be
read and written by themselves: `spf.Record`, `dkim.Record` and `dmarc.Record`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mailkit.dns import dkim, dmarc, spf
from mailkit.dns.audit import check, check_sync
from mailkit.dns.lookup import (
    Answer,
    Malformed,
    NoData,
    NoSuchDomain,
    Outcome,
    Query,
    Resolver,
    ServerFailure,
    TimedOut,
)
from mailkit.dns.records import TextRecord
from mailkit.dns.report import DomainReport
from mailkit.dns.zonedict import DictResolver

if TYPE_CHECKING:
    from mailkit.dns.resolver import AsyncResolver, BlockingResolver

__all__ = [
    "Answer",
    "AsyncResolver",
    "BlockingResolver",
    "DictResolver",
    "DomainReport",
    "Malformed",
    "NoData",
    "NoSuchDomain",
    "Outcome",
    "Query",
    "Resolver",
    "ServerFailure",
    "TextRecord",
    "TimedOut",
    "check",
    "check_sync",
    "dkim",
    "dmarc",
    "spf",
]


def __getattr__(name: str) -> Any:
    if name in ("AsyncResolver", "BlockingResolver"):
        from mailkit.dns import resolver

        return getattr(resolver, name)
    raise AttributeError(f"module 'mailkit.dns' has no attribute {name!r}")
