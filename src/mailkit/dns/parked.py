"""Domains that say that they neither send nor take mail: nobody should use them, and they are to be locked.

What is good advice for a domain that sends is none for such a one: it has no key, takes no mail, and
needs neither TLS for it nor a logo.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from mailkit.dns.dmarc.record import Policy
from mailkit.dns.lookup import Failure
from mailkit.dns.spf.record import Mechanism
from mailkit.dns.survey import Seen
from mailkit.findings import Finding, Place, Severity

__all__ = ["PARKED", "is_parked", "locked"]

PARKED: Final = "dns.parked"

_BESIDE_THE_POINT: Final = frozenset(
    f"dns.{word}"
    for word in (
        "dkim-unknown",
        "dkim-revoked",
        "mx-null",
        "dmarc-no-rua",
        "mta-sts-absent",
        "tls-rpt-absent",
        "bimi-absent",
    )
)
"""What is said of domains that send or take mail, and is right as it is for others."""


def is_parked(seen: Seen) -> bool:
    """Whether a domain is locked: SPF is "-all" alone, the MX the null MX, DMARC rejects, and no key is in use.

    Only what was seen counts; who names selectors, or anything that sends, does not take the domain for parked.
    """
    wish, record = seen.wish, seen.spf_tree.record
    if seen.guesses is None or wish.sample or wish.addresses or wish.vendors or record is None or record.broken:
        return False
    terms = [str(term).lower() for term in record.terms if isinstance(term, Mechanism)]
    is_null = seen.mx.null_preference is not None and not seen.mx.hosts
    keys_are_off = all(
        key.record.is_revoked if key.record else not key.texts and not isinstance(key.outcome, Failure)
        for key in seen.guesses.found
    )
    return terms == ["-all"] and is_null and seen.dmarc_walk.policy is Policy.REJECT and keys_are_off


def locked(domain: str, findings: Iterable[Finding]) -> Iterator[Finding]:
    """The findings about a domain that is parked: that it is, and what is to be said all the same.

    >>> [finding.code for finding in locked("example.com", [])]
    ['dns.parked']
    """
    yield Finding(
        code=PARKED,
        severity=Severity.INFO,
        message="the domain sends and takes no mail, and is well locked",
        place=Place(source=domain),
        evidence="v=spf1 -all, null MX, p=reject",
        source="RFC 7208, 10.1.2; RFC 7505",
    )
    yield from (finding for finding in findings if finding.code not in _BESIDE_THE_POINT)
