"""All that is asked about a domain, in one check: whatever does not depend on another answer goes out at once.

How to think about it. `Wish` says what is wanted, `survey` asks, `Seen` holds what came back, as the
areas' own values. Nothing is judged here. The longest chain of questions is that of SPF's includes, or of
a reverse name and the address that it should lead back to; the others run beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from ipaddress import IPv4Address, IPv6Address
from types import MappingProxyType
from typing import Final

import attrs

from mailkit.address import Domain
from mailkit.dns import bimi, blocklists, dkim, hosts, mx, names, paths, tls
from mailkit.dns.authors import from_domains
from mailkit.dns.dkim.key import Found as KeyFound
from mailkit.dns.dmarc.evaluate import questions as judged
from mailkit.dns.dmarc.external import Destination, destinations
from mailkit.dns.dmarc.verdict import Identifier
from mailkit.dns.dmarc.verdict import Verdict as DmarcVerdict
from mailkit.dns.dmarc.walk import Discovery, discover
from mailkit.dns.lookup import Answer, Check, Failure, Outcome, Query, ask, each, name_fault, recorded, together
from mailkit.dns.sample import Sample
from mailkit.dns.spf import tree as spf_tree
from mailkit.dns.spf.evaluation import check_host
from mailkit.dns.spf.record import Mechanism, Record, is_spf
from mailkit.dns.vendors import Vendor

__all__ = ["Seen", "Wish", "survey"]

_MOST_SERVERS: Final = 10
"""Mail servers that are looked at; who names more is not to cost more questions."""

_MOST_KEYS: Final = 20
"""Selectors of a sample that are asked for; a letter may bear any number of signatures."""


@attrs.frozen(kw_only=True)
class Wish:
    """What is to be looked at.

    Attributes:
        domain: The domain of From.
        selectors: The DKIM selectors that were given.
        addresses: The addresses that letters leave from.
        vendors: Who else sends for the domain.
        helo: The name that the addresses greet with; empty if not given.
        raw: A letter as it was received; empty if none was given.
        sample: What that letter shows; None if none was given.
        paths: Names of the domain that somebody else serves.
        lists: Block lists to ask.
        greets: Whether to greet the domain's mail servers.
        now: The present instant.
    """

    domain: Domain
    selectors: tuple[str, ...] = ()
    addresses: tuple[IPv4Address | IPv6Address, ...] = ()
    vendors: tuple[Vendor, ...] = ()
    helo: str = ""
    raw: bytes = attrs.field(default=b"", repr=False)
    sample: Sample | None = None
    paths: tuple[paths.Path, ...] = ()
    lists: tuple[str | blocklists.Blocklist, ...] = ()
    greets: bool = False
    now: datetime = attrs.field(eq=False)


@attrs.frozen(kw_only=True)
class Letter:
    """What receivers would say of the sample.

    Attributes:
        verification: Its signatures.
        verdict: DMARC's verdict, SPF counted where an address was given.
        from_domains: The domains of its From.
        spf: SPF's result for the first of the addresses; empty if none was given.
        return_path_tree: The SPF record of its Return-Path's domain with all that it refers to; None if that
            is the domain itself, or not known.
    """

    verification: dkim.Verification
    verdict: DmarcVerdict
    from_domains: tuple[str, ...]
    spf: str = ""
    return_path_tree: spf_tree.Branch | None = None


@attrs.frozen(kw_only=True)
class Seen:
    """What there is about a domain.

    Attributes:
        wish: What was to be looked at.
        spf_tree: The SPF record with all that it refers to.
        keys: What is published for each DKIM selector that is used, or was guessed and found.
        guesses: What guessing brought; None if selectors were given.
        dmarc_walk: Where a DMARC record was looked for, and which one applies.
        destinations: Whether those outside of the domain who are to get reports want them.
        mx: Where mail to the domain goes.
        servers: The TLSA records of its mail servers, and how they greeted.
        sts: MTA-STS.
        rpt: Where reports about TLS go.
        bimi: The logo.
        machines: The machines that letters leave from.
        names: Aliases and wildcards.
        paths: Names that somebody else serves.
        entries: What block lists say.
        letter: What receivers would say of the sample; None if none was given.
        outcomes: How each question ended.
    """

    wish: Wish
    spf_tree: spf_tree.Branch
    keys: tuple[KeyFound, ...]
    guesses: dkim.Guesses | None
    dmarc_walk: Discovery
    destinations: tuple[Destination, ...]
    mx: mx.Found
    servers: tls.ServersFound
    sts: tls.StsFound
    rpt: tls.RptFound
    bimi: bimi.Found
    machines: hosts.Found
    names: names.Found
    paths: tuple[paths.Found, ...]
    entries: tuple[blocklists.Entry, ...]
    letter: Letter | None
    outcomes: Mapping[Query, Outcome] = attrs.field(factory=dict, eq=False, repr=False)


def survey(wish: Wish) -> Check[Seen]:
    """Ask everything."""
    outcomes: dict[Query, Outcome] = {}
    seen = yield from recorded(_survey(wish), outcomes)
    return attrs.evolve(seen, outcomes=MappingProxyType(outcomes))


def _survey(wish: Wish) -> Check[Seen]:
    name = wish.domain.ascii
    # What matters most comes first: a blocking resolver may not come to the end before the deadline.
    policies = together(spf_tree.walk(name), _signing(wish), _policy(name))
    around = together(_mail(wish), hosts.find(wish.addresses, helo=wish.helo), _beside(wish))
    first, second, letter = yield from together(policies, around, _letter(wish))
    tree, (keys, guesses), (walk, wanted, logo) = first
    ((found_mx, servers), sts, rpt), machines, (aliases, served, entries) = second
    return Seen(
        wish=wish,
        spf_tree=tree,
        keys=keys,
        guesses=guesses,
        dmarc_walk=walk,
        destinations=wanted,
        mx=found_mx,
        servers=servers,
        sts=sts,
        rpt=rpt,
        bimi=logo,
        machines=machines,
        names=aliases,
        paths=served,
        entries=entries,
        letter=letter,
    )


def _signing(wish: Wish) -> Check[tuple[tuple[KeyFound, ...], dkim.Guesses | None]]:
    """The keys of the selectors that are known, or else of the likeliest ones."""
    wanted = _selectors(wish)
    if wanted:
        return (yield from each(dkim.find(selector, domain) for selector, domain in wanted)), None
    name = wish.domain.ascii
    texts, exchanges = yield from together(ask(Query(name, "TXT")), ask(Query(name, "MX")))
    if isinstance(texts, Failure) and isinstance(exchanges, Failure):
        return (), None  # its name servers do not answer; more questions would only cost time
    hosts_named = [host for _, host in mx.read(exchanges)[0]]
    guesses = yield from dkim.guess(name, mx=hosts_named, includes=_includes(texts), vendors=wish.vendors)
    return guesses.keys, guesses


def _selectors(wish: Wish) -> tuple[tuple[str, str], ...]:
    own = wish.domain.ascii
    given = [(selector, own) for selector in wish.selectors]
    signed = dkim.selectors_of(wish.raw)[:_MOST_KEYS] if wish.sample else ()
    given += [(selector, domain) for domain, selector in signed if domain == own or domain.endswith(f".{own}")]
    return tuple(dict.fromkeys(given))


def _includes(outcome: Outcome) -> list[str]:
    records = [Record.parse(text) for text in outcome.values if is_spf(text)] if isinstance(outcome, Answer) else []
    terms = [term for record in records for term in record.terms]
    return [term.target for term in terms if isinstance(term, Mechanism) and term.kind == "include"]


def _policy(name: str) -> Check[tuple[Discovery, tuple[Destination, ...], bimi.Found]]:
    walk, _ = yield from together(discover(name), ask(Query(f"default._bimi.{name}", "TXT")))
    wanted, logo = yield from together(destinations(walk), bimi.find(name, organizational=walk.organizational))
    return walk, wanted, logo


def _mail(wish: Wish) -> Check[tuple[tuple[mx.Found, tls.ServersFound], tls.StsFound, tls.RptFound]]:
    name = wish.domain.ascii
    return (yield from together(_servers(wish), tls.find_sts(name), tls.find_rpt(name)))


def _servers(wish: Wish) -> Check[tuple[mx.Found, tls.ServersFound]]:
    return (yield from together(mx.find(wish.domain.ascii), _reached(wish)))


def _reached(wish: Wish) -> Check[tls.ServersFound]:
    name = wish.domain.ascii
    exchanges = yield from ask(Query(name, "MX"))
    hosts_named = [host for _, host in sorted(mx.read(exchanges)[0]) if host != "."]
    return (yield from tls.find_servers(name, hosts_named[:_MOST_SERVERS], greets=wish.greets))


def _beside(
    wish: Wish,
) -> Check[tuple[names.Found, tuple[paths.Found, ...], tuple[blocklists.Entry, ...]]]:
    name = wish.domain.ascii
    key_names = [dkim.key_name(selector, domain) for selector, domain in _selectors(wish) if domain == name]
    return (
        yield from together(
            names.find(name, names=key_names),
            paths.find(wish.paths),
            blocklists.find(wish.lists, addresses=wish.addresses, domains=[name]),
        )
    )


def _letter(wish: Wish) -> Check[Letter | None]:
    """Judge the sample as a receiver would, for the first of the addresses."""
    if wish.sample is None:
        return None
    verification, spf, tree = yield from together(
        dkim.check_mail(wish.raw, now=wish.now), _spf(wish, wish.sample), _returned(wish, wish.sample)
    )
    authors = from_domains(wish.raw)
    signed = [Identifier(domain=one.domain, result=str(one.result)) for one in verification.results if one.domain]
    verdict = yield from judged(authors, spf=spf, dkim=signed)
    return Letter(
        verification=verification,
        verdict=verdict,
        from_domains=authors,
        spf=spf.result if spf else "",
        return_path_tree=tree,
    )


def _returned(wish: Wish, sample: Sample) -> Check[spf_tree.Branch | None]:
    """The SPF tree of the return path, where it is of another domain."""
    name = sample.return_path
    if name in ("", wish.domain.ascii) or name_fault(name):
        return None
    return (yield from spf_tree.walk(name))


def _spf(wish: Wish, sample: Sample) -> Check[Identifier | None]:
    if not wish.addresses or not sample.return_path:
        return None
    found = yield from check_host(
        wish.addresses[0],
        sample.return_path,
        f"postmaster@{sample.return_path}",
        helo=wish.helo or "unknown",
        now=wish.now,
    )
    return Identifier(domain=sample.return_path, result=str(found.result))
