"""Records as functions from addresses to results, computed with sets.

A record that only names addresses says the same of an address whatever the letter, and so does one
that includes such records. What an include refuses in front of a wider network, and networks that
overlap, come out right this way.
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_interface
from typing import Final

import attrs

from mailkit.dns import vendors
from mailkit.dns.lookup import Absence, Answer, Outcome, Query
from mailkit.dns.spf.addresses import EVERYBODY, AddressSet, IPNetwork
from mailkit.dns.spf.matching import hosts_of
from mailkit.dns.spf.packing import Item
from mailkit.dns.spf.record import Mechanism, Modifier, Qualifier
from mailkit.dns.spf.tree import MOST_MX_HOSTS, Branch, Leaf, Stop

__all__ = ["Reading", "Resolved", "mx_hosts"]

_IN_ONE_RECORD: Final = 22
"""Networks that fit into one record, more or less."""


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


def mx_hosts(leaf: Leaf) -> tuple[str, ...]:
    """The hosts that an mx leads to, if there are not too many."""
    outcome = leaf.outcomes[0] if leaf.term.kind == "mx" and leaf.outcomes else None
    return hosts_of(outcome.values) if isinstance(outcome, Answer) and len(outcome.values) <= MOST_MX_HOSTS else ()


class Reading:
    """Reads records as functions from addresses to results, and notes down which terms it could replace."""

    def __init__(self, known: Mapping[Query, Outcome]) -> None:
        self._known = known
        self.resolved: list[Resolved] = []

    def items(self, branch: Branch, *, spares: bool = False) -> tuple[list[Item], Modifier | None]:
        """The parts of a record, and its redirect if that has to be kept."""
        assert branch.record is not None
        led = {id(child.term): child for child in branch.children}
        items: list[Item] = []
        for term in branch.record.mechanisms:
            found = self._addresses(term, led.get(id(term)))
            if spares and found and _is_cheaper_kept(led.get(id(term)), found):
                found = None
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

    def _static(self, branch: Branch | Leaf) -> list[Item] | None:
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
        elif isinstance(leaf.outcomes[0] if leaf.outcomes else None, Answer) and not mx_hosts(leaf):
            return None  # too many hosts, or a null MX
        else:
            asked = [Query(host, kind) for host in mx_hosts(leaf) for kind in ("A", "AAAA")]
            outcomes = [*leaf.outcomes[:1], *(self._known[query] for query in asked)]
        if not outcomes or not all(isinstance(outcome, Answer | Absence) for outcome in outcomes):
            return None
        skipped = 1 if leaf.term.kind == "mx" else 0
        values = [value for one in outcomes[skipped:] if isinstance(one, Answer) for value in one.values]
        try:
            return AddressSet.of(_with_bits(value, leaf.term) for value in values)
        except ValueError:  # a resolver of one's own may bring anything
            return None


def _is_cheaper_kept(child: Branch | Leaf | None, found: AddressSet) -> bool:
    """Whether an include costs fewer look-ups than the records that its networks would fill."""
    return isinstance(child, Branch) and 1 + child.lookups < len(found.networks) / _IN_ONE_RECORD


def _with_bits(value: str, term: Mechanism) -> IPNetwork:
    bits = term.ip6_bits if ":" in value else term.ip4_bits
    return ip_interface(f"{value}/{bits}").network


def _has_exp(branch: Branch | Leaf) -> bool:
    record = branch.record if isinstance(branch, Branch) else None
    return any(isinstance(term, Modifier) and term.name == "exp" for term in record.terms) if record else False


def _pass_set(items: list[Item]) -> AddressSet:
    """The addresses that a record lets pass: those that match a + before anything else."""
    passing, left = AddressSet(), EVERYBODY
    for qualifier, item in items:
        assert isinstance(item, AddressSet)
        hit = item & left
        left = left - hit
        if qualifier is Qualifier.PASS:
            passing = passing | hit
    return passing
