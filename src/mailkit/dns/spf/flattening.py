"""SPF records without includes: what they stand for at the moment, as networks.

A record with more than ten look-ups is a permanent error. Flattened, it lists the addresses of
its vendors itself; but whenever a vendor changes them, it has to be flattened anew. What
depends on the letter (macros, exists, ptr), or was not answered, is kept as it is.

How it works: each record that only names addresses is a function from addresses to verdicts,
and so is one that includes such records. It is computed with sets of addresses, so that
refusals inside an include and networks that overlap come out right.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from ipaddress import ip_interface
from typing import Any, Final, TypeAlias

import attrs

from mailkit.dns import vendors
from mailkit.dns.drive import DEADLINE, run, run_sync
from mailkit.dns.lookup import Absence, Answer, Check, Outcome, Query, Resolver, ask, each
from mailkit.dns.records import TextRecord
from mailkit.dns.spf.addresses import EVERYBODY, AddressSet, IPAddress
from mailkit.dns.spf.comparison import Difference, differences
from mailkit.dns.spf.matching import hosts_of
from mailkit.dns.spf.packing import Run, pack
from mailkit.dns.spf.record import Mechanism, Modifier, Qualifier
from mailkit.dns.spf.terms import say
from mailkit.dns.spf.tree import MOST_LOOKUPS, MOST_MX_HOSTS, Branch, Leaf, Stop, walk
from mailkit.dns.tags import cut
from mailkit.findings import Finding, Severity

__all__ = ["Flattened", "Resolved", "flatten", "flatten_sync", "flattened"]

_MOST_WORK: Final = 3_000_000
"""Terms that are compared with an address during the proof; beyond, only a part of the addresses is tried."""

_LASTS: Final = 3600
"""Seconds after which a flattened record should be looked at again, if nobody says how long its sources last."""


@attrs.frozen(kw_only=True)
class Resolved:
    """A term that was replaced by networks.

    Attributes:
        term: The term.
        vendor: Whose record it led to; empty if nobody knows.
        networks: How many networks it stood for.
    """

    term: Mechanism | Modifier
    vendor: str = ""
    networks: int

    def __str__(self) -> str:
        return f"{self.term}{f' ({self.vendor})' if self.vendor else ''}: {self.networks} networks"


@attrs.frozen(kw_only=True)
class Flattened:
    """An SPF record with addresses in place of names.

    Attributes:
        records: What to publish, the domain's own record first; empty if there is nothing to flatten.
        lookups: What the new record costs, of ten.
        resolved: The terms that were replaced.
        kept: The terms that were not: they depend on the letter, or were not answered.
        ttl: For how many seconds the answers were good, at least; None where nobody said.
        differences: Addresses about which the new records say something else, where the old ones did not end in an
            error. There are none, unless this is wrong.
        findings: What is to be known before publishing them.
    """

    records: tuple[TextRecord, ...]
    lookups: int = 0
    resolved: tuple[Resolved, ...] = ()
    kept: tuple[Mechanism | Modifier, ...] = ()
    ttl: int | None = None
    differences: tuple[Difference, ...] = ()
    findings: tuple[Finding, ...] = ()

    def __str__(self) -> str:
        return "\n".join([*map(str, self.records), *(f"; {finding}" for finding in self.findings)])


async def flatten(
    domain: str,
    *,
    prefix: str = "_spf",
    resolver: Resolver | Mapping[Any, Any] | None = None,
    deadline: timedelta = DEADLINE,
) -> Flattened:
    """Replace what a domain's SPF record includes by the addresses that it stands for now.

    Args:
        domain: Whose record.
        prefix: What the names of further records begin with: `_spf1.example.com` and so on.
        resolver: Whom to ask; a dict will do; this machine's name servers by default.
        deadline: After how long to give up; what is not answered by then is kept as it is.

    Raises:
        InvalidValue: The domain with the prefix makes no name.
        ResolverError: No name server is configured on this machine, and none was given.

    >>> import asyncio
    >>> zone = {("example.com", "TXT"): ["v=spf1 mx include:spf.example.net -all"],
    ...         ("example.com", "MX"): ["10 mx.example.com"], ("mx.example.com", "A"): ["192.0.2.1"],
    ...         ("spf.example.net", "TXT"): ["v=spf1 ip4:198.51.100.0/25 ip4:198.51.100.128/25 ~all"]}
    >>> print(asyncio.run(flatten("example.com", resolver=zone)).records[0])
    example.com. IN TXT "v=spf1 ip4:192.0.2.1 ip4:198.51.100.0/24 -all"
    """
    return await run(flattened(domain, prefix=prefix), resolver=resolver, deadline=deadline)


def flatten_sync(
    domain: str,
    *,
    prefix: str = "_spf",
    resolver: Resolver | Mapping[Any, Any] | None = None,
    deadline: timedelta = DEADLINE,
) -> Flattened:
    """`flatten` for places without `await`; arguments and errors are the same.

    >>> flatten_sync("example.com", resolver={}).findings[0].code
    'dns.spf-not-flattened'
    """
    return run_sync(flattened(domain, prefix=prefix), resolver=resolver, deadline=deadline)


_Item: TypeAlias = "tuple[Qualifier, AddressSet | Mechanism]"
"""A part of a record: the addresses that it matches, or a term that has to be kept."""


def flattened(domain: str, *, prefix: str = "_spf") -> Check[Flattened]:
    """The flattening as questions, for drivers of one's own; arguments and errors as `flatten`."""
    tree = yield from walk(domain.removesuffix(".").lower())
    if tree.record is None or tree.record.broken:
        message = "there is no SPF record that could be read, so that there is nothing to flatten"
        return Flattened(records=(), findings=(say("not-flattened", Severity.ERROR, message, tree.name),))
    names = sorted({host for leaf in tree.leaves for host in _mx_hosts(leaf)})
    queries = [Query(name, kind) for name in names for kind in ("A", "AAAA")]
    outcomes = yield from each(ask(query) for query in queries)
    known = {**_known(tree), **dict(zip(queries, outcomes, strict=True))}
    return _made(tree, known, prefix)


def _known(tree: Branch) -> dict[Query, Outcome]:
    """All that was asked while the tree was walked."""
    found = {Query(branch.name): branch.outcome for branch in tree.branches if branch.stop is None}
    types = {"a": ("A", "AAAA"), "mx": ("MX",), "exists": ("A",)}
    for leaf in tree.leaves:
        found |= {
            Query(leaf.name, kind): one for kind, one in zip(types.get(leaf.term.kind, ()), leaf.outcomes, strict=False)
        }
    return found


def _mx_hosts(leaf: Leaf) -> tuple[str, ...]:
    outcome = leaf.outcomes[0] if leaf.term.kind == "mx" and leaf.outcomes else None
    return hosts_of(outcome.values) if isinstance(outcome, Answer) and len(outcome.values) <= MOST_MX_HOSTS else ()


def _made(tree: Branch, known: Mapping[Query, Outcome], prefix: str) -> Flattened:
    reading = _Reading(known)
    assert tree.record is not None
    items, last = reading.items(tree)
    others = [term for term in tree.record.terms if isinstance(term, Modifier) and term.name != "redirect"]
    used = {branch.name for branch in tree.branches}
    records, lookups = pack(
        tree.name, list(_runs(items)), [*others, *([last] if last else [])], prefix=prefix, used=used
    )
    kept = tuple(item for _, item in items if isinstance(item, Mechanism))
    ttls = [outcome.ttl for outcome in known.values() if isinstance(outcome, Answer) and outcome.ttl is not None]
    after = {**known, **{Query(record.name): Answer((record.text,)) for record in records}}
    changed = differences(tree.name, known, after, _probes(tree, items))
    made = Flattened(
        records=records,
        lookups=lookups,
        resolved=tuple(reading.resolved),
        kept=(*kept, *([last] if last else [])),
        ttl=min(ttls, default=None),
        differences=tuple(one for one in changed if not one.is_mended),
    )
    return attrs.evolve(made, findings=tuple(_findings(tree.name, made)))


def _probes(tree: Branch, items: list[_Item]) -> list[IPAddress]:
    """Addresses from inside and from both sides of the edges of every network, old and new."""
    terms = [term for branch in tree.branches if branch.record for term in branch.record.mechanisms]
    sets = [AddressSet.of([term.network]) for term in terms if term.network]
    sets += [item for _, item in items if isinstance(item, AddressSet)]
    probes = list(dict.fromkeys(probe for one in sets for probe in one.probes))
    step = 1 + len(probes) * (len(terms) + 1) // _MOST_WORK
    return probes[::step]


def _runs(items: list[_Item]) -> Iterator[Run]:
    """The parts of a record by what they mean, neighbours that mean the same together."""
    run: Run | None = None
    for qualifier, item in items:
        if run is None or run.qualifier is not qualifier:
            if run:
                yield run
            run = Run(qualifier=qualifier)
        if isinstance(item, AddressSet):
            run = attrs.evolve(run, addresses=run.addresses | item)
        else:
            run = attrs.evolve(run, kept=(*run.kept, item))
    if run:
        yield run


class _Reading:
    """Reads records as functions from addresses to verdicts, and notes down which terms it could replace."""

    def __init__(self, known: Mapping[Query, Outcome]) -> None:
        self._known = known
        self.resolved: list[Resolved] = []

    def items(self, branch: Branch) -> tuple[list[_Item], Modifier | None]:
        """The parts of a record, and its redirect if that has to be kept."""
        assert branch.record is not None
        led = {id(child.term): child for child in branch.children}
        items: list[_Item] = []
        for term in branch.record.mechanisms:
            found = self._addresses(term, led.get(id(term)))
            items.append((term.qualifier, term if found is None else found))
            if found is not None and id(term) in led:
                self._note(term, led[id(term)], found)
        redirect = branch.record.redirect
        if redirect is None:
            return items, None
        last = led[id(redirect)]
        inner = self._static(last) if isinstance(last, Branch) and last.record else None
        if inner is None or _has_exp(last):
            return items, redirect
        self._note(redirect, last, _pass_set(inner))
        return [*items, *inner], None

    def _note(self, term: Mechanism | Modifier, child: Branch | Leaf, found: AddressSet) -> None:
        vendor = vendors.by_include(child.name)
        name = vendor.name if vendor and isinstance(child, Branch) else ""
        self.resolved.append(Resolved(term=term, vendor=name, networks=len(found.networks)))

    def _addresses(self, term: Mechanism, child: Branch | Leaf | None) -> AddressSet | None:
        """The addresses that a term matches; None if that cannot be said once for all."""
        if term.kind == "all":
            return EVERYBODY
        if term.network is not None:
            return AddressSet.of([term.network])
        if isinstance(child, Branch):
            inner = self._static(child)
            return None if inner is None else _pass_set(inner)
        if child is None or term.kind not in ("a", "mx"):
            return None
        if child.stop is Stop.BAD_NAME:
            return AddressSet()
        return self._hosts(child)

    def _static(self, branch: Branch | Leaf) -> list[_Item] | None:
        """The parts of a record that depends on nothing but the address; None if there is no such record."""
        if not isinstance(branch, Branch) or branch.record is None or branch.record.broken:
            return None
        resolved = len(self.resolved)
        items, redirect = self.items(branch)
        del self.resolved[resolved:]  # what stands below is told by the term that led here
        if redirect or any(isinstance(item, Mechanism) for _, item in items):
            return None
        return items

    def _hosts(self, leaf: Leaf) -> AddressSet | None:
        if leaf.term.kind == "a":
            outcomes = list(leaf.outcomes)
        elif isinstance(leaf.outcomes[0] if leaf.outcomes else None, Answer) and not _mx_hosts(leaf):
            return None  # too many hosts, or a null MX
        else:
            asked = [Query(host, kind) for host in _mx_hosts(leaf) for kind in ("A", "AAAA")]
            outcomes = [*leaf.outcomes[:1], *(self._known[query] for query in asked)]
        if not outcomes or not all(isinstance(outcome, Answer | Absence) for outcome in outcomes):
            return None
        skipped = 1 if leaf.term.kind == "mx" else 0
        values = [value for one in outcomes[skipped:] if isinstance(one, Answer) for value in one.values]
        try:
            return AddressSet.of(_with_bits(value, leaf.term) for value in values)
        except ValueError:  # a resolver of one's own may bring anything
            return None


def _with_bits(value: str, term: Mechanism) -> Any:
    bits = term.ip6_bits if ":" in value else term.ip4_bits
    return ip_interface(f"{value}/{bits}").network


def _has_exp(branch: Branch | Leaf) -> bool:
    record = branch.record if isinstance(branch, Branch) else None
    return any(isinstance(term, Modifier) and term.name == "exp" for term in record.terms) if record else False


def _pass_set(items: list[_Item]) -> AddressSet:
    """The addresses that a record lets pass: those that match a + before anything else."""
    passing, left = AddressSet(), EVERYBODY
    for qualifier, item in items:
        assert isinstance(item, AddressSet)
        hit = item & left
        left = left - hit
        if qualifier is Qualifier.PASS:
            passing = passing | hit
    return passing


def _findings(name: str, made: Flattened) -> Iterator[Finding]:
    text = ", ".join(map(str, made.resolved))
    lasts = f"{made.ttl if made.ttl is not None else _LASTS} seconds"
    if made.resolved:
        message = f"the addresses behind these names change without notice; look at them again every {lasts}"
        yield say(
            "flattened", Severity.WARNING, message, name, text, "flatten the record anew by a timer", source="4.6.4"
        )
    for term in made.kept:
        message = f"{cut(str(term), longest=80)} was kept: it depends on the letter, or nobody knows what it leads to"
        yield say("kept", Severity.INFO, message, name, str(term), source="7")
    if made.lookups > MOST_LOOKUPS:
        message = f"even flattened, the record costs {made.lookups} look-ups where {MOST_LOOKUPS} are allowed"
        mend = "give services a subdomain of their own to send from"
        yield say("lookups", Severity.ERROR, message, name, mend=mend, source="4.6.4")
    if made.differences:
        changed = ", ".join(map(str, made.differences[:3]))
        message = "the flattened record does not say the same as the old one; do not publish it"
        yield say("flattened-wrong", Severity.ERROR, message, name, changed, source="4.6.2")
