"""Signing letters, so that receivers know whose they are: DKIM (RFC 6376, RFC 8301, RFC 8463).

>>> from mailkit.send.signing import DKIMKey, DKIMSigner
>>> signer = DKIMSigner("example.com", DKIMKey("news", "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A="))
>>> signer.sign(b"From: shop@example.com\\r\\n\\r\\nHello")[:24]
b'DKIM-Signature: v=1; a=e'

`mailkit.dns.dkim.generate` makes keys, and the record that publishes them.
"""

from __future__ import annotations

from mailkit.send.signing.dkim import DKIMSigner
from mailkit.send.signing.domains import Signers
from mailkit.send.signing.key import DKIMKey
from mailkit.send.signing.signer import Signer

__all__ = ["DKIMKey", "DKIMSigner", "Signer", "Signers"]
