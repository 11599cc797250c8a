"""SPF (RFC 7208): records as values, the tree of a domain's record, and what is to be said about it.

>>> from mailkit.dns import spf
>>> [term.kind for term in spf.Record.parse("v=spf1 mx ip4:192.0.2.1 -all").mechanisms]
['mx', 'ip4', 'all']
"""

from __future__ import annotations

from mailkit.dns.spf.record import Broken, Mechanism, Modifier, Qualifier, Record, Term, is_spf

__all__ = ["Broken", "Mechanism", "Modifier", "Qualifier", "Record", "Term", "is_spf"]
