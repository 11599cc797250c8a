"""The check of a whole domain: everything independent is asked at once, and each question once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any, Final

import attrs

from mailkit.address import Domain
from mailkit.dns import dkim
from mailkit.dns.dkim import lint as dkim_lint
from mailkit.dns.dmarc import lint as dmarc_lint
from mailkit.dns.dmarc import walk as dmarc_walk
from mailkit.dns.drive import DEADLINE, run, run_sync
from mailkit.dns.lookup import Check, Resolver, each, together
from mailkit.dns.records import TextRecord
from mailkit.dns.report import DomainReport
from mailkit.dns.spf import lint as spf_lint
from mailkit.dns.spf import mend as spf_mend
from mailkit.dns.spf import tree as spf_tree
from mailkit.dns.tags import cut
from mailkit.errors import AddressError, InvalidValue
from mailkit.findings import Finding, Place, Severity

__all__ = ["check", "check_sync", "questions"]

_RANK: Final = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}
_MENDED_BY_RECORD: Final = ("absent", "several", "no-all", "neutral-all", "plus-all", "unreachable", "not-listed")
_MOST_OF_A_KIND: Final = 20
"""Findings of one code that a report lists: a hostile record of 64 KB has 32,000 broken terms."""


async def check(
    domain: str | Domain,
    *,
    selectors: Sequence[str] = (),
    sends_through: Sequence[str] = (),
    resolver: Resolver | Mapping[Any, Any] | None = None,
    deadline: timedelta = DEADLINE,
) -> DomainReport:
    """Look at the SPF, DKIM and DMARC records of a sending domain.

    Everything independent is asked at once. A question that nobody answers is reported as such,
    after one retry, and never as an absent record.

    Args:
        domain: The domain behind the @ of the letters' From.
        selectors: The DKIM selectors that the letters are signed with: s= in their DKIM-Signature.
        sends_through: IP addresses that the letters leave from.
        resolver: Whom to ask; an `AsyncResolver` by default. A dict will do, and so will a blocking
            resolver, which is called in threads.
        deadline: After how long to report what is known by then. A blocking resolver cannot be
            interrupted: `asyncio.run` comes to its end only when the last of its threads does.

    Raises:
        AddressError: The domain is not one.
        InvalidValue: A selector or an address is not one, or the resolver gave something else than an outcome.
        ResolverError: No name server is configured on this machine, and none was given.

    >>> import asyncio
    >>> zone = {("example.com", "TXT"): ["v=spf1 -all"], ("_dmarc.example.com", "TXT"): ["v=DMARC1; p=reject"]}
    >>> report = asyncio.run(check("example.com", resolver=zone))
    >>> [finding.code for finding in report.findings]
    ['dns.dkim-unknown', 'dns.dmarc-no-rua']
    """
    asking = questions(domain, selectors=selectors, sends_through=sends_through)
    return await run(asking, resolver=resolver, deadline=deadline)


def check_sync(
    domain: str | Domain,
    *,
    selectors: Sequence[str] = (),
    sends_through: Sequence[str] = (),
    resolver: Resolver | Mapping[Any, Any] | None = None,
    deadline: timedelta = DEADLINE,
) -> DomainReport:
    """`check` for places without `await`: scripts, threads, and also notebooks.

    With a `BlockingResolver` one question follows another; by default they are all asked at once.

    >>> report = check_sync("example.com", resolver={("example.com", "TXT"): ["v=spf1 +all"]})
    >>> report.findings[0].code, report.records[0].text
    ('dns.spf-plus-all', 'v=spf1 mx ~all')
    """
    asking = questions(domain, selectors=selectors, sends_through=sends_through)
    return run_sync(asking, resolver=resolver, deadline=deadline)


def questions(
    domain: str | Domain, *, selectors: Sequence[str] = (), sends_through: Sequence[str] = ()
) -> Check[DomainReport]:
    """The check as questions, for drivers of one's own; arguments and errors as `check`."""
    if not isinstance(domain, str | Domain):
        raise AddressError("domain", domain, "is not text")
    asked = domain if isinstance(domain, Domain) else Domain.parse(domain)
    names = _listed("selectors", selectors)
    keys = [dkim.find(selector, asked.ascii) for selector in dict.fromkeys(names)]
    addresses = list(dict.fromkeys(_address(text) for text in _listed("sends_through", sends_through)))
    return _audit(asked, keys, addresses)


def _audit(
    domain: Domain, keys: Sequence[Check[dkim.Found]], addresses: Sequence[IPv4Address | IPv6Address]
) -> Check[DomainReport]:
    name = domain.ascii
    tree, found, policy = yield from together(spf_tree.walk(name), each(keys), dmarc_walk.discover(name))
    wanted = spf_mend.suggested(tree, addresses)
    findings = [
        *_spf_findings(tree, addresses, wanted),
        *(finding for key in found for finding in dkim_lint.lint(key)),
        *([] if found else [_no_selector()]),
        *dmarc_lint.lint(policy),
    ]
    records = [wanted] if wanted else []
    line = dmarc_lint.wanted(policy)
    records += [line] if line else []
    return DomainReport(
        domain=domain,
        spf_tree=tree,
        keys=found,
        dmarc_walk=policy,
        findings=tuple(sorted(_few(findings), key=_rank)),
        records=tuple(records),
    )


def _spf_findings(
    tree: spf_tree.Branch, addresses: Iterable[IPv4Address | IPv6Address], wanted: TextRecord | None
) -> list[Finding]:
    """What is to be said about SPF, with the record to paste where a better text would mend it."""
    findings = list(spf_lint.lint(tree))
    unlisted = [address for address in addresses if tree.record and spf_tree.lists(tree, address) is False]
    findings += [_not_listed(tree, str(address)) for address in unlisted]
    codes = {f"dns.spf-{word}" for word in _MENDED_BY_RECORD}
    here = Place(source=f"SPF of {tree.name}").source
    return [
        attrs.evolve(finding, mend=str(wanted))
        if wanted and finding.code in codes and finding.place.source == here
        else finding
        for finding in findings
    ]


def _not_listed(tree: spf_tree.Branch, address: str) -> Finding:
    return Finding(
        code="dns.spf-not-listed",
        severity=Severity.ERROR,
        message=f"the record does not let {address} send, through which the letters leave",
        place=Place(source=f"SPF of {tree.name}"),
        evidence=cut(tree.texts[0]),
        source="RFC 7208, 4.6.2",
    )


def _few(findings: Iterable[Finding]) -> list[Finding]:
    """At most `_MOST_OF_A_KIND` findings of each code; the last one kept says how many there are."""
    kinds: dict[str, list[Finding]] = {}
    for finding in findings:
        kinds.setdefault(finding.code, []).append(finding)
    kept = []
    for of_kind in kinds.values():
        *few, last = of_kind[:_MOST_OF_A_KIND]
        more = len(of_kind) - _MOST_OF_A_KIND
        if more > 0:
            last = attrs.evolve(last, message=f"{last.message} (and {more} more like this)")
        kept += [*few, last]
    return kept


def _rank(finding: Finding) -> int:
    return _RANK[finding.severity]


def _no_selector() -> Finding:
    return Finding(
        code="dns.dkim-unknown",
        severity=Severity.WARNING,
        message="no selector was given, so that no DKIM key was looked at",
        mend="give selectors=[...]: what stands behind s= in the DKIM-Signature of a letter",
        source="RFC 6376, 3.1",
    )


def _listed(what: str, given: Sequence[str]) -> list[str]:
    if not isinstance(given, Iterable):
        raise InvalidValue(what, given, "is not a list of texts", "leave it out if there are none")
    return [given] if isinstance(given, str) else list(given)


def _address(text: str) -> IPv4Address | IPv6Address:
    """The address as receivers see it; one of IPv4 that is written as of IPv6 is of IPv4 (RFC 7208, 5)."""
    mend = "write one such as '192.0.2.10'"
    if not isinstance(text, str | IPv4Address | IPv6Address):
        raise InvalidValue("sends_through", text, "is not text", mend)
    try:
        address = ip_address(text)
    except ValueError as error:
        raise InvalidValue("sends_through", text, "is not an IP address", mend) from error
    if isinstance(address, IPv4Address):
        return address
    if address.scope_id is not None:
        raise InvalidValue("sends_through", text, "is the address of an interface, which nobody else can see", mend)
    return address.ipv4_mapped or address
