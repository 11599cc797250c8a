"""Who sends mail for others, and by what one can tell: a table, read once.

A name that a domain's SPF includes, the name of its MX host, or the reverse name of a sending
machine each belong to somebody: `by_include`, `by_mx` and `by_host` say to whom.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from enum import StrEnum
from functools import cache
from importlib.resources import files

import attrs

from mailkit.errors import InvalidValue, did_you_mean

__all__ = ["ReturnPath", "Vendor", "by_host", "by_include", "by_mx", "known", "vendor"]


class ReturnPath(StrEnum):
    """Whose domain is in MAIL FROM, which is what SPF looks at (RFC 7208, 2.4)."""

    CUSTOMER = "customer"
    """The domain of From itself: its SPF record must include the vendor."""
    OWN = "own"
    """The vendor's, or a subdomain set up by CNAME or MX: an include at the domain of From does nothing."""
    EITHER = "either"
    """As it is configured."""


@attrs.frozen(kw_only=True)
class Vendor:
    """Somebody who sends mail for others.

    Attributes:
        name: As they call themselves.
        key: The word for them in `sends_through`.
        aliases: Other words for them.
        spf: What customers include in SPF, the one to publish first; empty if nobody need include anything.
        selectors: DKIM selectors that are the same for all their customers, or nearly all.
        mx: Ends of the names of their MX hosts.
        ptr: Ends of the names that their sending machines have in reverse DNS.
        return_path: Whose domain is in MAIL FROM, and so whose SPF record has to list them.
        source: Where they say so.
    """

    name: str
    key: str
    aliases: tuple[str, ...] = attrs.field(default=(), converter=tuple)
    spf: tuple[str, ...] = attrs.field(default=(), converter=tuple)
    selectors: tuple[str, ...] = attrs.field(default=(), converter=tuple)
    mx: tuple[str, ...] = attrs.field(default=(), converter=tuple)
    ptr: tuple[str, ...] = attrs.field(default=(), converter=tuple)
    return_path: ReturnPath = attrs.field(default=ReturnPath.EITHER, converter=ReturnPath)
    source: str

    def include(self, domain: str) -> str:
        """What customers include in SPF, for one of their domains; empty if nobody need include anything.

        >>> vendor("google").include("example.com")
        '_spf.google.com'
        """
        return next((name.replace("{domain}", domain) for name in self.spf), "")

    def __str__(self) -> str:
        return self.name


@cache
def known() -> tuple[Vendor, ...]:
    """All vendors of the table.

    >>> len(known()) > 40
    True
    """
    text = files("mailkit.dns").joinpath("vendors.toml").read_text(encoding="utf-8")
    return tuple(Vendor(**row) for row in tomllib.loads(text)["vendor"])


def vendor(word: str) -> Vendor:
    """The vendor of a key, an alias or a name, without case.

    Raises:
        InvalidValue: There is none of that name.

    >>> vendor("ses").name
    'Amazon SES'
    """
    found = _by_word().get(word.lower()) if isinstance(word, str) else None
    if found is None:
        mend = did_you_mean(word.lower(), _by_word()).removeprefix("; ") if isinstance(word, str) else ""
        mend = mend or f"known are {', '.join(one.key for one in known())}"
        raise InvalidValue("vendor", word, "is not one of the table", mend)
    return found


def by_include(name: str) -> Vendor | None:
    """Whose SPF record is included by this name; None if nobody knows.

    >>> by_include("_netblocks2.google.com").name, by_include("spf.example.net")
    ('Google Workspace', None)
    """
    return _longest_end(name, "spf") or _longest_end(name, "ptr")


def by_mx(host: str) -> Vendor | None:
    """Whose MX host this is; None if nobody knows.

    >>> by_mx("aspmx.l.google.com").key
    'google'
    """
    return _longest_end(host, "mx")


def by_host(host: str) -> Vendor | None:
    """Whose sending machine bears this reverse name; None if nobody knows.

    >>> by_host("a8-50.smtp-out.amazonses.com").key
    'amazon-ses'
    """
    return _longest_end(host, "ptr")


@cache
def _by_word() -> dict[str, Vendor]:
    words: dict[str, Vendor] = {}
    for one in known():
        for word in (one.key, *one.aliases, one.name.lower()):
            words.setdefault(word, one)
    return words


@cache
def _ends(kind: str) -> dict[str, Vendor]:
    ends: dict[str, Vendor] = {}
    for one in known():
        names: Iterable[str] = getattr(one, kind)
        for name in names:
            ends.setdefault(name, one)
    return ends


def _longest_end(name: str, kind: str) -> Vendor | None:
    labels = name.rstrip(".").lower().split(".")
    ends = _ends(kind)
    return next((ends[end] for start in range(len(labels)) if (end := ".".join(labels[start:])) in ends), None)
