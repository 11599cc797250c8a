"""SPF (RFC 7208): may a client send for a domain, what is to be said about a record, and which one to publish.

>>> from mailkit.dns import spf
>>> zone = {("example.com", "TXT"): ["v=spf1 mx ip4:192.0.2.0/24 -all"]}
>>> print(spf.evaluate_sync("192.0.2.1", "anna@example.com", "mx.example.com", resolver=zone))
pass: example.com lets 192.0.2.1 send (ip4:192.0.2.0/24)
>>> [term.kind for term in spf.Record.parse("v=spf1 mx ip4:192.0.2.1 -all").mechanisms]
['mx', 'ip4', 'all']
"""

from __future__ import annotations

from mailkit.dns.spf.comparison import differences
from mailkit.dns.spf.drawing import tree_html, tree_text
from mailkit.dns.spf.evaluation import check_host
from mailkit.dns.spf.flattening import Flattened, flatten, flatten_sync
from mailkit.dns.spf.receiver import evaluate, evaluate_sync
from mailkit.dns.spf.record import Broken, Mechanism, Modifier, Qualifier, Record, Term, is_spf
from mailkit.dns.spf.result import Identity, Result, SpfResult
from mailkit.dns.spf.wishes import Suggestion, suggest

__all__ = [
    "Broken",
    "Flattened",
    "Identity",
    "Mechanism",
    "Modifier",
    "Qualifier",
    "Record",
    "Result",
    "SpfResult",
    "Suggestion",
    "Term",
    "check_host",
    "differences",
    "evaluate",
    "evaluate_sync",
    "flatten",
    "flatten_sync",
    "is_spf",
    "suggest",
    "tree_html",
    "tree_text",
]
