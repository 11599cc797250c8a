"""Domains, addresses and instants as reports write them: loosely."""

from __future__ import annotations

from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

__all__ = ["address_of", "domain_of", "moment"]

_MILLISECONDS: Final = 100_000_000_000


def domain_of(text: str) -> str:
    """The domain that a report names: in small letters, without final dot, brackets, and what stands before an @.

    >>> domain_of(" <Bounce@News.Example.com.> "), domain_of("<>")
    ('news.example.com', '')
    """
    text = text.strip().strip("<>").rpartition("@")[2].lower()
    return text[:-1] if text.endswith(".") else text


def moment(text: str) -> datetime | None:
    """An instant as reports write it: seconds since 1970, with a fraction or in thousandths, or ISO 8601.

    >>> moment("1767225600.0"), moment("yesterday")
    (datetime.datetime(2026, 1, 1, 0, 0, tzinfo=datetime.timezone.utc), None)
    """
    if len(text) > 40 or not text.isascii():
        return None
    try:
        seconds = float(text)
        return datetime.fromtimestamp(seconds / 1000 if seconds > _MILLISECONDS else seconds, UTC)
    except (ValueError, OverflowError, OSError):
        pass
    try:
        found = datetime.fromisoformat(text if text[4:5] == "-" else "")
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def address_of(text: str) -> IPv4Address | IPv6Address | None:
    """An IP address, with or without brackets, blanks and "IPv6:"; None if it is none.

    >>> address_of(" 192.0.2. 1"), address_of("[IPv6:2001:db8::1]"), address_of("::ffff:192.0.2.1")
    (IPv4Address('192.0.2.1'), IPv6Address('2001:db8::1'), IPv4Address('192.0.2.1'))
    """
    compact = "".join(text.split()).strip("[]").lower().removeprefix("ipv6:")
    try:
        found = ip_address(compact)
    except ValueError:
        return None
    return (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found
