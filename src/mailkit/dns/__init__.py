"""Is this domain ready to send, exactly why not, and what is to be pasted where.

`check` looks at everything about a domain that decides whether its letters arrive:

>>> from mailkit import dns
>>> zone = {
...     ("example.com", "TXT"): ["v=spf1 ip4:192.0.2.10 -all"],
...     ("_dmarc.example.com", "TXT"): dns.TimedOut(),
... }
>>> report = dns.check_sync("example.com", selectors=["news"], resolver=zone)
>>> for finding in report.findings[:3]:
...     print(finding.severity, finding.code)
error dns.dkim-absent
error dns.mx-absent
warning dns.dmarc-unanswered

What was not answered is never called absent: `is_complete` says whether all that matters was seen. Without
`resolver` the machine's own name servers are asked, all questions at once:
`report = await dns.check("example.com", selectors=["news"])`.

`authenticate` judges a letter that came in; `spf`, `dkim`, `dmarc` and `arc` do it one by one, `tls` and `bimi`
look at the rest; each reads records as values, says what is wrong with them, and makes those to publish.
`aggregate` and `tls_reports` read what receivers report, `rollout` plans the way to p=reject, `monitor` says
what has changed, `publishing` writes records for zone files, Terraform and octoDNS.

Underneath, each check is a generator of questions (`mailkit.dns.lookup`) that opens nothing;
`AsyncResolver`, `BlockingResolver` or a dict bring the outcomes.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

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
from mailkit.dns.records import Record, TextRecord
from mailkit.dns.zonedict import DictResolver

if TYPE_CHECKING:
    from mailkit.dns import aggregate, arc, bimi, dkim, dmarc, monitor, publishing, rollout, spf, tls, tls_reports
    from mailkit.dns.audit import check, check_sync
    from mailkit.dns.authentication import authenticate, authenticate_sync
    from mailkit.dns.report import DomainReport
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
    "Record",
    "Resolver",
    "ServerFailure",
    "TextRecord",
    "TimedOut",
    "aggregate",
    "arc",
    "authenticate",
    "authenticate_sync",
    "bimi",
    "check",
    "check_sync",
    "dkim",
    "dmarc",
    "monitor",
    "publishing",
    "rollout",
    "spf",
    "tls",
    "tls_reports",
]


_FROM: Final = {
    "AsyncResolver": "resolver",
    "BlockingResolver": "resolver",
    "DomainReport": "report",
    "authenticate": "authentication",
    "authenticate_sync": "authentication",
    "check": "audit",
    "check_sync": "audit",
}
_FOLDERS: Final = frozenset(name for name in __all__ if name.islower()) - set(_FROM)


def __getattr__(name: str) -> Any:
    """Names are bound when they are first used: who only wants a record's text need not load the rest."""
    if name in _FOLDERS:
        return import_module(f"mailkit.dns.{name}")
    if name in _FROM:
        return getattr(import_module(f"mailkit.dns.{_FROM[name]}"), name)
    raise AttributeError(f"module 'mailkit.dns' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
