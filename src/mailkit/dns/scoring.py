"""Points: what each area of a check is worth, and what a finding costs.

An area's share is lost where it does not work, and also where nobody answered: points are given
for what was seen. What was not seen is told by `DomainReport.is_complete`, never as absent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

import attrs

from mailkit.findings import Finding, Severity

__all__ = ["AREAS", "COSTS", "Area", "area_of", "cost", "deductions"]


@attrs.frozen(kw_only=True)
class Area:
    """One area of a check.

    Attributes:
        name: Its name, for people.
        codes: How the codes of its findings begin.
        share: The points that it can lose.
        is_needed: Whether letters suffer if it is amiss; the others are about incoming mail, and about looks.
    """

    name: str
    codes: tuple[str, ...]
    share: int
    is_needed: bool = True


AREAS: Final = (
    Area(name="SPF", codes=("spf-",), share=25),
    Area(name="DKIM", codes=("dkim-",), share=25),
    Area(name="DMARC", codes=("dmarc-",), share=25),
    Area(name="machines", codes=("ptr-", "helo-", "blocklist-", "dnsbl-"), share=10),
    Area(name="names", codes=("mx-", "cname-", "wildcard", "path-", "return-path-", "tracking-"), share=5),
    Area(name="letter", codes=("sample-",), share=5),
    Area(name="TLS", codes=("mta-sts-", "tls-rpt-", "dane-", "starttls-"), share=5, is_needed=False),
    Area(name="BIMI", codes=("bimi-",), share=0, is_needed=False),
)
"""Together a hundred points."""

_OTHER: Final = Area(name="other", codes=("",), share=0)

COSTS: Final[Mapping[str, int]] = MappingProxyType(
    {
        "dns.spf-plus-all": 25,
        "dns.spf-unanswered": 25,
        "dns.spf-bad-name": 15,
        "dns.spf-mx-limit": 15,
        "dns.spf-void-limit": 15,
        "dns.spf-include-unanswered": 7,
        "dns.spf-no-all": 7,
        "dns.spf-neutral-all": 7,
        "dns.dkim-unknown": 25,
        "dns.dkim-unanswered": 25,
        "dns.dkim-syntax": 15,
        "dns.dkim-short": 7,
        "dns.dkim-testing": 7,
        "dns.dmarc-unanswered": 25,
        "dns.dmarc-no-policy": 17,
        "dns.dmarc-none": 4,
        "dns.dmarc-testing": 2,
    }
)
"""What findings cost that cost something else than the others of their severity."""


def area_of(code: str) -> Area:
    """The area that a finding belongs to.

    >>> area_of("dns.spf-absent").name, area_of("dns.mta-sts-absent").name
    ('SPF', 'TLS')
    """
    word = code.removeprefix("dns.")
    return next((area for area in AREAS if word.startswith(area.codes)), _OTHER)


def cost(finding: Finding) -> int:
    """What a finding costs: an error the whole share of its area, a warning a fifth of it, a note nothing.

    >>> cost(Finding(code="dns.spf-absent", severity="error", message="there is no record"))
    25
    """
    share = area_of(finding.code).share
    by_severity = {Severity.ERROR: share, Severity.WARNING: -(-share // 5), Severity.INFO: 0}
    return COSTS.get(finding.code, by_severity[finding.severity])


def deductions(findings: Iterable[Finding]) -> tuple[tuple[str, int], ...]:
    """The points lost, by code; each counts once, and an area never loses more than its share."""
    left, lost = {area: area.share for area in AREAS}, []
    costs: dict[str, int] = {}
    for finding in findings:
        costs[finding.code] = max(costs.get(finding.code, 0), cost(finding))
    for code, wanted in costs.items():
        area = area_of(code)
        points = min(wanted, left.get(area, 0))
        if points:
            left[area] -= points
            lost.append((code, points))
    return tuple(lost)
