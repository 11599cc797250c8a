"""DMARC (RFC 9989): policies as values, which one applies to a domain, and what it says about a letter.

>>> from mailkit.dns import dmarc
>>> dmarc.Record.parse("v=DMARC1; p=reject; sp=none").policy_below()
<Policy.NONE: 'none'>
"""

from __future__ import annotations

from mailkit.dns.dmarc.evaluate import evaluate, evaluate_sync
from mailkit.dns.dmarc.external import Destination, Permission
from mailkit.dns.dmarc.record import Alignment, Policy, Record, Suffix, is_dmarc
from mailkit.dns.dmarc.suffix import Organization, organizational_domain, organizational_domain_sync
from mailkit.dns.dmarc.suggest import suggest
from mailkit.dns.dmarc.verdict import Aligned, Identifier, Result, Verdict

__all__ = [
    "Aligned",
    "Alignment",
    "Destination",
    "Identifier",
    "Organization",
    "Permission",
    "Policy",
    "Record",
    "Result",
    "Suffix",
    "Verdict",
    "evaluate",
    "evaluate_sync",
    "is_dmarc",
    "organizational_domain",
    "organizational_domain_sync",
    "suggest",
]
