"""BIMI: the logo that mailbox providers show beside a domain's letters, and what they want for it.

>>> from mailkit.dns import bimi
>>> bimi.Record.parse("v=BIMI1; l=https://example.com/logo.svg").logo
'https://example.com/logo.svg'
"""

from __future__ import annotations

from mailkit.dns.bimi.lint import Found, find, suggested
from mailkit.dns.bimi.mark import Mark
from mailkit.dns.bimi.record import Avatar, Record, is_bimi
from mailkit.dns.bimi.svg import faults

__all__ = ["Avatar", "Found", "Mark", "Record", "faults", "find", "is_bimi", "suggested"]
