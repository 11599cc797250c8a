"""SPF records without includes: what they stand for at the moment, as networks.

A record with more than ten look-ups is a permanent error. Flattened, it lists the addresses of
its vendors itself; but whenever a vendor changes them, it has to be flattened anew. What
depends on the letter (macros, exists, ptr), or was not answered, is kept as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, Final

import attrs

from mailkit.dns.drive import DEADLINE, run, run_sync
from mailkit.dns.lookup import Answer, Check, Outcome, Query, Resolver, ask, each
from mailkit.dns.records import TextRecord
from mailkit.dns.spf.addresses import AddressSet, IPAddress
from mailkit.dns.spf.comparison import Difference, differences
from mailkit.dns.spf.packing import Item, pack, runs_of
from mailkit.dns.spf.record import Mechanism, Modifier
from mailkit.dns.spf.static import Reading, Resolved, mx_hosts
from mailkit.dns.spf.terms import say
from mailkit.dns.spf.tree import MOST_LOOKUPS, Branch, walk
from mailkit.dns.tags import cut
from mailkit.findings import Finding, Severity

__all__ = ["Flattened", "Resolved", "flatten", "flatten_sync", "flattened"]

_MOST_WORK: Final = 3_000_000
"""Terms that are compared with an address during the proof; beyond, only a part of the addresses is tried."""

_LASTS: Final = 3600
"""Seconds after which a flattened record should be looked at again, if nobody says how long its sources last."""


@attrs.frozen(kw_only=True)
class Flattened:
    """An SPF record with addresses in place of names.

    Attributes:
        domain: Whose record.
        records: What to publish, the domain's own record first; empty if there is nothing to flatten.
        lookups: What the new record costs with what it still includes, of ten.
        resolved: The terms that were replaced.
        kept: The terms that were not: they depend on the letter, or were not answered.
        ttl: For how many seconds the answers were good, at least; None where nobody said.
        differences: Addresses about which the new records say something else, where the old ones did not end in an
            error. There are none, unless this is wrong.
    """

    domain: str
    records: tuple[TextRecord, ...]
    lookups: int = 0
    resolved: tuple[Resolved, ...] = ()
    kept: tuple[Mechanism | Modifier, ...] = ()
    ttl: int | None = None
    differences: tuple[Difference, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is to be known before publishing them."""
        return tuple(_findings(self))

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


def flattened(domain: str, *, prefix: str = "_spf") -> Check[Flattened]:
    """The flattening as a check for `mailkit.dns.drive.run`; arguments and errors as `flatten`."""
    tree = yield from walk(domain.removesuffix(".").lower())
    if tree.record is None or tree.record.broken:
        return Flattened(domain=tree.name, records=())
    names = sorted({host for leaf in tree.leaves for host in mx_hosts(leaf)})
    queries = [Query(name, kind) for name in names for kind in ("A", "AAAA")]
    outcomes = yield from each(ask(query) for query in queries)
    known = {**_known(tree), **dict(zip(queries, outcomes, strict=True))}
    made = _made(tree, known, prefix)
    if made.lookups <= MOST_LOOKUPS:
        return made
    return min(made, _made(tree, known, prefix, spares=True), key=lambda one: one.lookups)


def _known(tree: Branch) -> dict[Query, Outcome]:
    """All that was asked while the tree was walked."""
    found = {Query(branch.name): branch.outcome for branch in tree.branches if branch.stop is None}
    types = {"a": ("A", "AAAA"), "mx": ("MX",), "exists": ("A",)}
    for leaf in tree.leaves:
        found |= {
            Query(leaf.name, kind): one for kind, one in zip(types.get(leaf.term.kind, ()), leaf.outcomes, strict=False)
        }
    return found


def _made(tree: Branch, known: Mapping[Query, Outcome], prefix: str, *, spares: bool = False) -> Flattened:
    """The flattened records; includes that cost less as they are may be spared."""
    reading = Reading(known)
    assert tree.record is not None
    items, last = reading.items(tree, spares=spares)
    others = [term for term in tree.record.terms if isinstance(term, Modifier) and term.name != "redirect"]
    used = {branch.name for branch in tree.branches}
    runs = runs_of(items)
    redirects = [last] if last and not any(run.is_all for run in runs) else []
    records, lookups = pack(tree.name, runs, [*others, *redirects], prefix=prefix, used=used)
    kept: list[Mechanism | Modifier] = [*(term for run in runs for term in run.kept), *redirects]
    below = [child.lookups for child in tree.children if isinstance(child, Branch) and child.term in kept]
    ttls = [outcome.ttl for outcome in known.values() if isinstance(outcome, Answer) and outcome.ttl is not None]
    after = {**known, **{Query(record.name): Answer((record.text,)) for record in records}}
    probes = _probes(tree, items) if lookups <= MOST_LOOKUPS else []  # else it is not to be published anyway
    changed = differences(tree.name, known, after, probes)
    return Flattened(
        domain=tree.name,
        records=records,
        lookups=lookups + sum(below),
        resolved=tuple(reading.resolved),
        kept=tuple(kept),
        ttl=min(ttls, default=None),
        differences=tuple(one for one in changed if not one.is_mended),
    )


def _probes(tree: Branch, items: list[Item]) -> list[IPAddress]:
    """Addresses from inside and from both sides of the edges of every network, old and new."""
    terms = [term for branch in tree.branches if branch.record for term in branch.record.mechanisms]
    sets = [AddressSet.of([term.network]) for term in terms if term.network]
    sets += [item for _, item in items if isinstance(item, AddressSet)]
    probes = list(dict.fromkeys(probe for one in sets for probe in one.probes))
    step = 1 + len(probes) * (len(terms) + 1) // _MOST_WORK
    return probes[::step]


def _findings(made: Flattened) -> Iterator[Finding]:
    name = made.domain
    if not made.records:
        message = "there is no SPF record that could be read, so that there is nothing to flatten"
        yield say("not-flattened", Severity.ERROR, message, name, source="4.5")
    text = ", ".join(map(str, made.resolved))
    lasts = f"{made.ttl if made.ttl is not None else _LASTS} seconds"
    if made.resolved:
        message = f"the addresses behind these names change without notice; look at them again every {lasts}"
        yield say(
            "flattened", Severity.WARNING, message, name, text, "flatten the record anew by a timer", source="4.6.4"
        )
    for term in made.kept:
        message = (
            f"{cut(str(term), longest=80)} was kept: it depends on the letter, is not known, or costs less as it is"
        )
        yield say("kept", Severity.INFO, message, name, str(term), source="7")
    if made.lookups > MOST_LOOKUPS:
        message = f"even flattened, the record costs {made.lookups} look-ups where {MOST_LOOKUPS} are allowed"
        mend = "give services a subdomain of their own to send from"
        yield say("lookups", Severity.ERROR, message, name, mend=mend, source="4.6.4")
    if made.differences:
        changed = ", ".join(map(str, made.differences[:3]))
        message = "the flattened record does not say the same as the old one; do not publish it"
        yield say("flattened-wrong", Severity.ERROR, message, name, changed, source="4.6.2")
