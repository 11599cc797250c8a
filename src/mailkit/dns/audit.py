"""The check of a whole domain: everything independent is asked at once, and each question once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any, Final

import attrs

from mailkit.address import Domain
from mailkit.clock import SystemClock, utc
from mailkit.dns import blocklists, dkim, hosts, mx, names, paths, return_paths, tls
from mailkit.dns.bimi import lint as bimi_lint
from mailkit.dns.dkim import lint as dkim_lint
from mailkit.dns.dmarc import external
from mailkit.dns.dmarc import lint as dmarc_lint
from mailkit.dns.drive import DEADLINE, Helpers, run, run_sync
from mailkit.dns.facts import facts
from mailkit.dns.lookup import Absence, Answer, Check, Fetcher, Greeter, Resolver, TimedOut
from mailkit.dns.parked import is_parked, locked
from mailkit.dns.readiness import judge
from mailkit.dns.records import TextRecord
from mailkit.dns.report import DomainReport
from mailkit.dns.sample import lint as lint_sample
from mailkit.dns.sample import look
from mailkit.dns.spf import lint as spf_lint
from mailkit.dns.spf import mend as spf_mend
from mailkit.dns.spf import tree as spf_tree
from mailkit.dns.spf.record import Mechanism
from mailkit.dns.spf.wishes import senders
from mailkit.dns.survey import Seen, Wish, survey
from mailkit.dns.tags import cut
from mailkit.dns.vendors import ReturnPath, Vendor, vendor
from mailkit.errors import AddressError, InvalidValue
from mailkit.findings import Finding, Place, Severity

__all__ = ["check", "check_sync", "questions"]

_RANK: Final = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}
_MENDED_BY_RECORD: Final = frozenset(
    f"dns.spf-{word}"
    for word in (
        "absent",
        "several",
        "no-all",
        "neutral-all",
        "plus-all",
        "unreachable",
        "duplicate",
        "not-listed",
        "not-included",
        "syntax",
        "void",
        "redirect-ignored",
    )
)
"""Findings at the domain's own record that the record to publish mends."""

_MOST_OF_A_KIND: Final = 20
"""Findings of one code that a report lists: a hostile record of 64 KB has 32,000 broken terms."""


async def check(
    domain: str | Domain,
    *,
    sends_through: Sequence[str] = (),
    selectors: Sequence[str] = (),
    sample: bytes = b"",
    helo: str = "",
    serves: Sequence[paths.Path] = (),
    blocklists: Sequence[str | blocklists.Blocklist] = (),
    resolver: Resolver | Mapping[Any, Any] | None = None,
    fetcher: Fetcher | None = None,
    greeter: Greeter | None = None,
    deadline: timedelta = DEADLINE,
    now: datetime | None = None,
) -> DomainReport:
    """Look at everything about a domain that decides whether its letters arrive.

    Everything independent is asked at once. A question that nobody answers is reported as such,
    after one retry, and never as an absent record.

    Args:
        domain: The domain behind the @ of the letters' From.
        sends_through: Who sends: IP addresses that the letters leave from, and words for vendors, such as
            "google" or "amazon-ses" (`mailkit.dns.vendors`).
        selectors: The DKIM selectors that the letters are signed with: s= in their DKIM-Signature. Without
            them, and without a sample, at most eight likely ones are tried.
        sample: A letter of the domain as it was received, undecoded: its signatures are verified, and its
            headers held against what providers demand of bulk mail.
        helo: The name that the sending machines greet with.
        serves: Names of the domain that somebody else serves: return paths, tracking hosts.
        blocklists: Block lists to ask, as "spamcop"; none is asked by default.
        resolver: Whom to ask; an `AsyncResolver` by default. A dict will do, and so will a blocking
            resolver, which is called in threads.
        fetcher: Fetches the MTA-STS policy and the logo; an `HttpsFetcher` by default. Where a resolver is
            given and no fetcher, nothing is fetched.
        greeter: Greets the domain's mail servers, to see their TLS; nobody does by default.
        deadline: After how long to report what is known by then. A blocking resolver cannot be
            interrupted: `asyncio.run` comes to its end only when the last of its threads does.
        now: The present instant, for signatures and certificates that expire; this machine's clock by default.

    Raises:
        AddressError: The domain is not one.
        InvalidValue: An argument is of the wrong kind, or the resolver gave something else than an outcome.
        ResolverError: No name server is configured on this machine, and none was given.

    >>> import asyncio
    >>> zone = {("example.com", "TXT"): ["v=spf1 -all"], ("_dmarc.example.com", "TXT"): ["v=DMARC1; p=reject"]}
    >>> report = asyncio.run(check("example.com", resolver=zone))
    >>> [finding.code for finding in report.findings if finding.severity == "warning"]
    ['dns.dkim-unknown', 'dns.dmarc-no-rua']
    """
    wish = _wish(domain, sends_through, selectors, sample, helo, serves, blocklists, greeter, now)
    helpers = _helpers(resolver, fetcher, greeter)
    return await run(_audit(wish), resolver=resolver, deadline=deadline, helpers=helpers)


def check_sync(
    domain: str | Domain,
    *,
    sends_through: Sequence[str] = (),
    selectors: Sequence[str] = (),
    sample: bytes = b"",
    helo: str = "",
    serves: Sequence[paths.Path] = (),
    blocklists: Sequence[str | blocklists.Blocklist] = (),
    resolver: Resolver | Mapping[Any, Any] | None = None,
    fetcher: Fetcher | None = None,
    greeter: Greeter | None = None,
    deadline: timedelta = DEADLINE,
    now: datetime | None = None,
) -> DomainReport:
    """`check` for places without `await`: scripts, threads, and also notebooks.

    With a `BlockingResolver` one question follows another; by default they are all asked at once.

    >>> report = check_sync("example.com", resolver={("example.com", "TXT"): ["v=spf1 ip4:192.0.2.10 +all"]})
    >>> report.verdict, report.records[0].text
    ('not ready to send', 'v=spf1 ip4:192.0.2.10 ~all')
    """
    wish = _wish(domain, sends_through, selectors, sample, helo, serves, blocklists, greeter, now)
    helpers = _helpers(resolver, fetcher, greeter)
    return run_sync(_audit(wish), resolver=resolver, deadline=deadline, helpers=helpers)


def questions(
    domain: str | Domain,
    *,
    sends_through: Sequence[str] = (),
    selectors: Sequence[str] = (),
    sample: bytes = b"",
    now: datetime,
) -> Check[DomainReport]:
    """The check as questions, for drivers of one's own; arguments and errors as `check`."""
    return _audit(_wish(domain, sends_through, selectors, sample, "", (), (), None, now))


def _wish(
    domain: str | Domain,
    sends_through: Sequence[str],
    selectors: Sequence[str],
    sample: bytes,
    helo: str,
    serves: Sequence[paths.Path],
    lists: Sequence[str | blocklists.Blocklist],
    greeter: Greeter | None,
    now: datetime | None,
) -> Wish:
    """What callers give, read once."""
    if not isinstance(domain, str | Domain):
        raise AddressError("domain", domain, "is not text")
    asked = domain if isinstance(domain, Domain) else Domain.parse(domain)
    names_given = tuple(dict.fromkeys(_listed("selectors", selectors)))
    for selector in names_given:
        dkim.key_name(selector, asked.ascii)
    senders = [_sender(text) for text in _listed("sends_through", sends_through)]
    return Wish(
        domain=asked,
        selectors=names_given,
        addresses=tuple(dict.fromkeys(one for one in senders if not isinstance(one, Vendor))),
        vendors=tuple(dict.fromkeys(one for one in senders if isinstance(one, Vendor))),
        helo=helo,
        raw=bytes(sample) if isinstance(sample, bytes | bytearray | memoryview) else b"",
        sample=look(sample) if sample else None,
        paths=tuple(serves),
        lists=tuple([lists] if isinstance(lists, str) else lists),
        greets=greeter is not None,
        now=SystemClock().now() if now is None else utc(now, what="check(now=)"),
    )


def _helpers(resolver: Any, fetcher: Fetcher | None, greeter: Greeter | None) -> Helpers:
    if fetcher is None and resolver is None:
        from mailkit.dns.fetcher import HttpsFetcher

        fetcher = HttpsFetcher()
    return Helpers(fetcher=fetcher, greeter=greeter)


def _audit(wish: Wish) -> Check[DomainReport]:
    return _report((yield from survey(wish)))


def _report(seen: Seen) -> DomainReport:
    sending, vendors = _sending(seen), seen.wish.vendors
    wanted = spf_mend.offered(
        seen.spf_tree,
        sending,
        lambda query: seen.outcomes.get(query, TimedOut()),
        has_others=bool(vendors) and not sending,
    )
    line = dmarc_lint.wanted(seen.dmarc_walk, mail=_mail(seen))
    said = _findings(seen, wanted)
    if is_parked(seen):
        findings = tuple(sorted(_few(locked(seen.wish.domain.ascii, said)), key=_rank))
        return DomainReport(seen=seen, findings=findings)
    findings = tuple(sorted(_few(said), key=_rank))
    return DomainReport(
        seen=seen,
        findings=findings,
        records=tuple(record for record in (wanted, line) if record),
        readiness=judge(facts(seen, findings)),
    )


def _mail(seen: Seen) -> dmarc_lint.Mail:
    """Whether reports could arrive at the domain, and whether anybody sends in its name."""
    wish, found, record = seen.wish, seen.mx, seen.spf_tree.record
    is_null = found.null_preference is not None and not found.hosts
    if not is_null and not (found.implicit and found.implicit.is_without_address):
        return dmarc_lint.Mail.SENT
    sends = wish.addresses or wish.vendors or wish.sample or wish.selectors or any(key.record for key in seen.keys)
    is_locked = record is not None and [str(term) for term in record.terms] == ["-all"]
    is_unsaid = isinstance(seen.spf_tree.outcome, Answer | Absence) and not seen.spf_tree.texts
    is_silent = is_null and not sends and (is_locked or is_unsaid)
    return dmarc_lint.Mail.NONE if is_silent else dmarc_lint.Mail.ONLY_SENT


def _sending(seen: Seen) -> list[IPv4Address | IPv6Address | Mechanism]:
    """Who the SPF record has to list."""
    wish, name = seen.wish, seen.wish.domain.ascii
    included, _ = senders(name, _heard_by_spf(seen))
    shown = [Mechanism(kind="include", target=used.include(name)) for used in return_paths.disproved(seen)]
    return [*wish.addresses, *included, *shown]


def _heard_by_spf(seen: Seen) -> list[str]:
    """The vendors about whose return path nothing is known, or that it is of the domain itself."""
    wish, name = seen.wish, seen.wish.domain.ascii
    shown = return_paths.disproved(seen)
    served = [path for path in wish.paths if path.purpose is paths.Purpose.RETURN_PATH and path.name != name]
    is_away = bool(wish.sample and wish.sample.return_path not in ("", name))
    is_away |= any(not path.vendor for path in served)
    is_alone = len(wish.vendors) == 1 and not wish.addresses
    away = {vendor(path.vendor).key for path in served if path.vendor}
    return [
        one.key
        for one in wish.vendors
        if one not in shown
        and one.key not in away
        and not (is_away and (is_alone or one.return_path is not ReturnPath.CUSTOMER))
    ]


def _findings(seen: Seen, wanted: TextRecord | None) -> Iterator[Finding]:
    """What every area has to say."""
    wish, name = seen.wish, seen.wish.domain.ascii
    yield from _spf_findings(seen, wanted)
    for key in seen.keys:
        yield from dkim_lint.lint(key)
    if not seen.keys:
        yield _no_selector(seen)
    yield from _without_rsa(seen)
    yield from dmarc_lint.lint(seen.dmarc_walk, mail=_mail(seen))
    yield from external.lint_destinations(seen.destinations)
    yield from mx.lint(seen.mx)
    yield from names.lint(seen.names)
    yield from hosts.lint(seen.machines)
    for path in seen.paths:
        yield from paths.lint(path, domain=name)
    yield from tls.lint_sts(seen.sts, seen.mx.names)
    yield from tls.lint_rpt(seen.rpt)
    yield from tls.lint_servers(seen.servers, is_enforced=seen.sts.is_enforced, now=wish.now)
    yield from _bimi_findings(seen)
    yield from blocklists.lint(seen.entries)
    if wish.sample:
        yield from lint_sample(wish.sample, name)
    if seen.letter:
        yield from seen.letter.verification.findings


def _bimi_findings(seen: Seen) -> Iterator[Finding]:
    walk = seen.dmarc_walk
    policy = walk.applied.record if walk.applied else None
    yield from bimi_lint.lint(seen.bimi, now=seen.wish.now, policy=policy, is_policy_known=not walk.unanswered)


def _spf_findings(seen: Seen, wanted: TextRecord | None) -> list[Finding]:
    """What is to be said about SPF, with the record to paste where a better text would mend it."""
    tree = seen.spf_tree
    findings = list(spf_lint.lint(tree, sends_through=_heard_by_spf(seen)))
    findings = list(dict.fromkeys([*findings, *return_paths.lint(seen)]))
    addresses = seen.wish.addresses
    unlisted = [address for address in addresses if tree.record and spf_tree.lists(tree, address) is False]
    findings += [_not_listed(tree, str(address)) for address in unlisted]
    here = Place(source=f"SPF of {tree.name}").source
    return [
        attrs.evolve(finding, mend=str(wanted))
        if wanted and finding.code in _MENDED_BY_RECORD and finding.place.source == here
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


def _no_selector(seen: Seen) -> Finding:
    guesses = seen.guesses
    tried = ", ".join(key.selector for key in guesses.found) if guesses else ""
    message = "no selector was given, and none of the usual ones has a key"
    if guesses and guesses.is_wildcard:
        message = "no selector was given, and every name below _domainkey has the same answer"
    return Finding(
        code="dns.dkim-unknown",
        severity=Severity.WARNING,
        message=message,
        place=Place(source=f"DKIM of {seen.wish.domain.ascii}"),
        evidence=f"tried: {tried}" if tried else "",
        mend="give selectors=[...], what stands behind s= in the DKIM-Signature of a letter, or the letter: sample=",
        source="RFC 6376, 3.1",
    )


def _without_rsa(seen: Seen) -> Iterator[Finding]:
    """Whether the keys that were seen are all of a kind that many verifiers do not know."""
    usable = [key for key in seen.keys if key.record and key.record.bits]
    if usable and all(key.record and key.record.algorithm == "ed25519" for key in usable):
        yield Finding(
            code="dns.dkim-no-rsa",
            severity=Severity.WARNING,
            message="no RSA key was seen, only Ed25519, which many receivers do not know: to them nothing is signed",
            place=Place(source=f"DKIM of {seen.wish.domain.ascii}"),
            evidence=", ".join(key.selector for key in usable),
            mend="sign with an RSA key of 2048 bits as well, or give its selector, too: selectors=",
            source="RFC 8463, 3; RFC 8301, 3.1",
        )


def _listed(what: str, given: Sequence[str]) -> list[str]:
    if not isinstance(given, Iterable):
        raise InvalidValue(what, given, "is not a list of texts", "leave it out if there are none")
    return [given] if isinstance(given, str) else list(given)


def _sender(given: str | IPv4Address | IPv6Address) -> Vendor | IPv4Address | IPv6Address:
    """A vendor, or the address as receivers see it; one of IPv4 written as of IPv6 is of IPv4 (RFC 7208, 5)."""
    mend = "write an address such as '192.0.2.10', or the word for a vendor, such as 'google'"
    if not isinstance(given, str | IPv4Address | IPv6Address):
        raise InvalidValue("sends_through", given, "is not text", mend)
    try:
        address = ip_address(given)
    except ValueError:
        return _vendor(str(given), mend)
    if isinstance(address, IPv4Address):
        return address
    if address.scope_id is not None:
        raise InvalidValue("sends_through", given, "is the address of an interface, which nobody else can see", mend)
    return address.ipv4_mapped or address


def _vendor(word: str, mend: str) -> Vendor:
    try:
        return vendor(word)
    except InvalidValue as error:
        meant = error.mend if error.mend.startswith("did you mean") else mend
        raise InvalidValue("sends_through", word, "is neither an IP address nor a known vendor", meant) from error
