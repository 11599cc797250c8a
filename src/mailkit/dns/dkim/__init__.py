"""DKIM (RFC 6376, 8301 and 8463): published keys, signatures of mails, and what is to be said about both.

`verify` says of each signature of a mail whether it holds, and if not, what has changed since it was made:

>>> from mailkit.dns import dkim
>>> print(dkim.verify_sync(b"From: anna@example.com\\r\\n\\r\\nHello", resolver={}))
none: the mail is not signed

A key is a value, found by its selector (`find`), by guessing (`guess`), or made (`generate`):

>>> dkim.Record.parse("v=DKIM1; p=").is_revoked
True
>>> pair = dkim.generate("example.com", "news", algorithm="ed25519")
>>> pair.published.name
'news._domainkey.example.com'
"""

from __future__ import annotations

from mailkit.dns.dkim.generate import KeyPair, generate
from mailkit.dns.dkim.guess import Guesses, guess, likely_selectors
from mailkit.dns.dkim.key import Found, Record, find, is_key, key_name
from mailkit.dns.dkim.result import Result, SignatureResult, Verification
from mailkit.dns.dkim.signature import Signature, selectors_of, signatures
from mailkit.dns.dkim.verify import check_mail, verify, verify_sync

__all__ = [
    "Found",
    "Guesses",
    "KeyPair",
    "Record",
    "Result",
    "Signature",
    "SignatureResult",
    "Verification",
    "check_mail",
    "find",
    "generate",
    "guess",
    "is_key",
    "key_name",
    "likely_selectors",
    "selectors_of",
    "signatures",
    "verify",
    "verify_sync",
]
