"""DMARC (RFC 9989): policies as values, which one applies to a domain, and what is to be said about it.

>>> from mailkit.dns import dmarc
>>> dmarc.Record.parse("v=DMARC1; p=reject; sp=none").policy_below()
<Policy.NONE: 'none'>
"""

from __future__ import annotations

from mailkit.dns.dmarc.record import Alignment, Policy, Record, Suffix, is_dmarc

__all__ = ["Alignment", "Policy", "Record", "Suffix", "is_dmarc"]
