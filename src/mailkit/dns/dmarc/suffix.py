"""The organization that a domain belongs to: by RFC 9989's tree walk, or by the public suffix list where asked.

The walk sees what domains say about themselves. A domain of which nobody says anything is its own
organization; people who sort reports would rather see `example.co.uk`, and for them there is the list.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import lru_cache
from typing import Any, Literal

import attrs

from mailkit.address import Domain
from mailkit.dns.dmarc.verdict import ascii_domain
from mailkit.dns.dmarc.walk import Discovery, organization
from mailkit.dns.drive import DEADLINE, run, run_sync
from mailkit.dns.lookup import Check, Resolver
from mailkit.errors import InvalidValue
from mailkit.extras import load

__all__ = ["Organization", "listed_organization", "organizational_domain", "organizational_domain_sync"]


@attrs.frozen(kw_only=True)
class Organization:
    """The organizational domain of a domain.

    Attributes:
        domain: The organizational domain.
        source: Who says so: "walk" (a record that was found), "psl" (the public suffix list), or "itself"
            (nobody, so that the domain is its own organization).
        is_known: Whether all was answered that could say otherwise.

    >>> print(Organization(domain="example.com", source="walk"))
    example.com
    """

    domain: str
    source: Literal["walk", "psl", "itself"]
    is_known: bool = True

    def __str__(self) -> str:
        return self.domain


async def organizational_domain(
    domain: str | Domain,
    *,
    fallback: Literal["psl"] | None = None,
    resolver: Resolver | Mapping[Any, Any] | None = None,
    deadline: timedelta = DEADLINE,
) -> Organization:
    """The organizational domain by the tree walk (RFC 9989, 4.10.2).

    Args:
        domain: The domain.
        fallback: "psl" to ask the public suffix list (extra `psl`) where no record was found; for reports
            and tables, not for verdicts.
        resolver: Whom to ask; an `AsyncResolver` by default. A dict will do.
        deadline: After how long to say what is known by then.

    Raises:
        InvalidValue: The domain is not one.
        MissingExtra: The list is asked for, and is not installed.

    >>> import asyncio
    >>> zone = {("_dmarc.example.com", "TXT"): ["v=DMARC1; p=none"]}
    >>> print(asyncio.run(organizational_domain("a.b.example.com", resolver=zone)))
    example.com
    """
    return await run(_asked(domain, fallback), resolver=resolver, deadline=deadline)


def organizational_domain_sync(
    domain: str | Domain,
    *,
    fallback: Literal["psl"] | None = None,
    resolver: Resolver | Mapping[Any, Any] | None = None,
    deadline: timedelta = DEADLINE,
) -> Organization:
    """`organizational_domain` for places without `await`: scripts, threads, and also notebooks.

    >>> organizational_domain_sync("a.b.example.co.uk", resolver={}).source
    'itself'
    """
    return run_sync(_asked(domain, fallback), resolver=resolver, deadline=deadline)


def _asked(domain: str | Domain, fallback: str | None) -> Check[Organization]:
    if fallback not in (None, "psl"):
        raise InvalidValue("fallback", fallback, "is neither None nor 'psl'")
    name = ascii_domain(str(domain)) if isinstance(domain, str | Domain) else ""
    if not name:
        raise InvalidValue("domain", domain, "is not a domain", "write 'example.com'")
    return _organization(name, fallback)


def _organization(name: str, fallback: str | None) -> Check[Organization]:
    found: Discovery = yield from organization(name)
    is_known = len(found.possible) == 1
    if any(level.record for level in found.levels):
        return Organization(domain=found.organizational, source="walk", is_known=is_known)
    listed = listed_organization(name) if fallback else ""
    return Organization(domain=listed or name, source="psl" if listed else "itself", is_known=is_known)


def listed_organization(domain: str) -> str:
    """The registered domain by the public suffix list; empty if the domain is a suffix itself.

    Raises:
        MissingExtra: The list is not installed.
    """
    return str(_list().privatesuffix(domain.lower().removesuffix(".")) or "")


@lru_cache(maxsize=1)
def _list() -> Any:
    found = load("publicsuffixlist", extra="psl", purpose="organizations by the public suffix list")
    return found.PublicSuffixList()
