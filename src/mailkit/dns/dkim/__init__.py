"""DKIM (RFC 6376, 8301 and 8463): published keys as values, and what is to be said about them.

>>> from mailkit.dns import dkim
>>> dkim.Record.parse("v=DKIM1; p=").is_revoked
True
"""

from __future__ import annotations

from mailkit.dns.dkim.key import Found, Record, find, is_key, key_name

__all__ = ["Found", "Record", "find", "is_key", "key_name"]
