"""Whether a client matches a term (RFC 7208, 5), with the limits on what that may cost (4.6.4)."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

import attrs

from mailkit.dns.lookup import Absence, Answer, Check, Failure, Outcome, Query, ask, each, name_fault
from mailkit.dns.spf import macros
from mailkit.dns.spf.macros import Facts
from mailkit.dns.spf.record import Mechanism, Modifier
from mailkit.dns.spf.result import Matched, Result
from mailkit.dns.spf.tree import MOST_LOOKUPS, MOST_MX_HOSTS, MOST_VOIDS
from mailkit.dns.tags import cut

__all__ = ["Tally", "TermError", "hosts_of", "matches", "named", "target_of"]

_MOST_NAMES: Final = 10
"""Names of a client that are looked up; "all records other than the first 10 MUST be ignored" (4.6.4)."""


class TermError(Exception):
    """The evaluation ends here; never seen outside `mailkit.dns.spf.evaluation`."""

    def __init__(self, result: Result, reason: str, domain: str = "", term: Matched | None = None) -> None:
        super().__init__(reason)
        self.result, self.reason, self.domain, self.term = result, reason, domain, term


class Tally:
    """What an evaluation has used up, over all its records.

    Attributes:
        lookups: Terms that cost a look-up.
        voids: Terms whose look-up brought nothing; a term counts once, whatever it asks.
    """

    def __init__(self, most_lookups: int = MOST_LOOKUPS, most_voids: int = MOST_VOIDS) -> None:
        self.lookups = self.voids = 0
        self._most_lookups, self._most_voids = most_lookups, most_voids
        self._term: Matched | None = None
        self._domain = ""
        self._is_void = False

    def count(self, term: Matched, domain: str) -> None:
        """Begin a term; the eleventh that costs a look-up, by default, is a permanent error."""
        self._term, self._domain, self._is_void = term, domain, False
        if isinstance(term, Modifier) or term.costs_lookup:
            self.lookups += 1
        if self.lookups > self._most_lookups:
            raise self.error(Result.PERMERROR, f"more than {self._most_lookups} terms cost a look-up")

    def answered(self, outcome: Outcome) -> None:
        """Count what brought nothing; the third term to do so is a permanent error."""
        if not isinstance(outcome, Absence) or self._is_void:
            return
        self._is_void = True
        self.voids += 1
        if self.voids > self._most_voids:
            raise self.error(Result.PERMERROR, f"more than {self._most_voids} terms look up what is not there")

    def error(self, result: Result, reason: str) -> TermError:
        """The end of the evaluation, at the present term."""
        return TermError(result, reason, self._domain, self._term)


def matches(term: Mechanism, facts: Facts, tally: Tally) -> Check[bool]:
    """Whether the client matches a mechanism, other than include.

    Raises:
        TermError: A name server did not answer, or a limit was exceeded.
    """
    if term.kind == "all":
        return True
    if term.network is not None:
        return facts.ip in term.network
    name = yield from target_of(term, facts, tally)
    if name is None or name_fault(name):
        return False  # nothing can be there
    if term.kind == "exists":
        return bool((yield from _records(Query(name, "A"), tally)))  # "even when the connection type is IPv6" (5.7)
    if term.kind == "ptr":
        return any(_is_below(host, name) for host in (yield from _validated(facts, tally)))
    bits = term.ip4_bits if facts.ip.version == 4 else term.ip6_bits
    if term.kind == "a":
        found = yield from _records(_address_query(name, facts), tally)
        return _includes(found, facts.ip, bits)
    return (yield from _matches_mx(name, bits, facts, tally))


def target_of(term: Matched, facts: Facts, tally: Tally) -> Check[str | None]:
    """The name that a term leads to (RFC 7208, 4.8); None if it cannot be written in the DNS."""
    text = term.value if isinstance(term, Modifier) else term.target
    if not text:
        return facts.domain
    if macros.asks_for_name(text):
        facts = yield from named(facts, tally)
    return macros.target(text, facts)


def named(facts: Facts, tally: Tally) -> Check[Facts]:
    """The facts with the client's validated name: its own domain first, then one below it, then any (7.3)."""
    names = yield from _validated(facts, tally)
    domain = facts.domain.lower()
    best = sorted(names, key=lambda name: (name != domain, not _is_below(name, domain)))  # which keeps their order
    return attrs.evolve(facts, name=best[0]) if best else facts


def hosts_of(values: Iterable[str]) -> tuple[str, ...]:
    """The hosts of MX records in order of preference; of a null MX (RFC 7505) there are none.

    >>> hosts_of(["20 b.example", "9 a.example", "0 ."])
    ('a.example', 'b.example')
    """
    ranked = []
    for value in values:
        preference, _, host = value.partition(" ")
        if host.strip("."):
            ranked.append((int(preference) if preference.isdecimal() else 0, host))
    return tuple(host for _, host in sorted(ranked))


def _matches_mx(name: str, bits: int, facts: Facts, tally: Tally) -> Check[bool]:
    values = yield from _records(Query(name, "MX"), tally)
    if len(values) > MOST_MX_HOSTS:
        reason = f"{cut(name, longest=80)} has {len(values)} MX hosts where {MOST_MX_HOSTS} are allowed"
        raise tally.error(Result.PERMERROR, reason)
    queries = [_address_query(host, facts) for host in hosts_of(values)]
    outcomes = yield from each(ask(query) for query in queries)
    for query, outcome in zip(queries, outcomes, strict=True):
        if _includes(_values(query, outcome, tally), facts.ip, bits):
            return True
    return False


def _validated(facts: Facts, tally: Tally) -> Check[tuple[str, ...]]:
    """The client's names that lead back to it (RFC 7208, 5.5); what is not answered is as if it were not there."""
    outcome = yield from ask(Query(facts.ip.reverse_pointer, "PTR"))
    tally.answered(outcome)
    names = outcome.values[:_MOST_NAMES] if isinstance(outcome, Answer) else ()
    outcomes = yield from each(ask(_address_query(name, facts)) for name in names)
    width = facts.ip.max_prefixlen
    found = [
        name.removesuffix(".").lower()
        for name, outcome in zip(names, outcomes, strict=True)
        if isinstance(outcome, Answer) and _includes(outcome.values, facts.ip, width)
    ]
    return tuple(found)


def _records(query: Query, tally: Tally) -> Check[tuple[str, ...]]:
    outcome = yield from ask(query)
    return _values(query, outcome, tally)


def _values(query: Query, outcome: Outcome, tally: Tally) -> tuple[str, ...]:
    """The records that an outcome brought; without an answer the evaluation ends (RFC 7208, 5)."""
    tally.answered(outcome)
    if isinstance(outcome, Failure):
        raise tally.error(
            Result.TEMPERROR, f"the {query.type} of {cut(query.name, longest=80)} is not known: {outcome}"
        )
    return outcome.values if isinstance(outcome, Answer) else ()


def _address_query(name: str, facts: Facts) -> Query:
    return Query(name, "A" if facts.ip.version == 4 else "AAAA")


def _includes(values: Iterable[str], ip: IPv4Address | IPv6Address, bits: int) -> bool:
    """Whether one of the addresses is the same as the client's, as far as `bits` go."""
    width = ip.max_prefixlen - bits
    for value in values:
        try:
            address = ip_address(value)
        except ValueError:  # a resolver of one's own may bring anything
            continue
        if address.version == ip.version and int(address) >> width == int(ip) >> width:
            return True
    return False


def _is_below(name: str, domain: str) -> bool:
    return f".{name}".endswith(f".{domain.lower()}")
