"""ARC (RFC 8617): whether the chain that forwarders sealed a mail with holds. Validation only; nothing is sealed.

>>> from mailkit.dns import arc
>>> print(arc.verify_sync(b"From: anna@example.com\\r\\n\\r\\nHello", resolver={}))
none: no forwarder has sealed the mail

What the forwarders say that they found is `sets[i].results`, read by `mailkit.dns.authres`. Believe it
only if the chain passes, *and* you know whoever sealed it: anybody can seal anything.
"""

from __future__ import annotations

from mailkit.dns.arc.chain import Chain, Result
from mailkit.dns.arc.sets import ArcSet
from mailkit.dns.arc.verify import check_mail, verify, verify_sync

__all__ = [
    "ArcSet",
    "Chain",
    "Result",
    "check_mail",
    "verify",
    "verify_sync",
]
