"""What the limits of SPF (RFC 7208, 4.6.4) do to a tree: who never gets to be evaluated, and what costs what.

A limit is not met by every letter: evaluation stops at the first match. So the terms are put into
the order in which a client that matches nothing meets them. If senders are listed behind the place
where a limit ends the evaluation, or if nobody is listed in front of it, mail is lost for certain: an
*error*. If all senders are listed in front of it, only strangers are answered with "permanent
error" where the record meant "fail": a *warning*.
"""

from __future__ import annotations

from collections.abc import Callable

import attrs

from mailkit.dns import vendors
from mailkit.dns.lookup import Failure
from mailkit.dns.spf.addresses import AddressSet, IPNetwork
from mailkit.dns.spf.record import Mechanism, Modifier, Qualifier
from mailkit.dns.spf.tree import MOST_LOOKUPS, MOST_VOIDS, Branch, Leaf

__all__ = ["Limit", "costs", "label", "lookup_limit", "void_limit"]


@attrs.frozen(kw_only=True)
class Limit:
    """A limit that a tree exceeds.

    Attributes:
        term: The term at which the evaluation ends.
        behind: Terms that list senders and are never reached.
        is_certain: Whether listed senders are turned away, or nobody is listed who could get by.
    """

    term: Mechanism | Modifier
    behind: tuple[Mechanism | Modifier, ...]
    is_certain: bool


@attrs.frozen(kw_only=True)
class _Step:
    term: Mechanism | Modifier
    child: Branch | Leaf | None
    lists: bool

    @property
    def is_void(self) -> bool:
        return isinstance(self.child, Leaf) and self.child.is_void

    @property
    def network(self) -> IPNetwork | None:
        return self.term.network if isinstance(self.term, Mechanism) else None

    @property
    def asks(self) -> tuple[str, ...]:
        """What the term looks up: what two terms have in common that list the same senders."""
        bits = (
            (self.term.kind, f"{self.term.ip4_bits}//{self.term.ip6_bits}") if isinstance(self.term, Mechanism) else ()
        )
        return (self.child.name if self.child else "", *bits)

    def is_within(self, listed: AddressSet) -> bool:
        return self.network is not None and not AddressSet.of([self.network]) - listed


def lookup_limit(tree: Branch) -> Limit | None:
    """Where the eleventh look-up ends the evaluation; None if there are not so many."""
    return _limit(tree, lambda step: step.child is not None, MOST_LOOKUPS)


def void_limit(tree: Branch) -> Limit | None:
    """Where the third look-up that brings nothing ends the evaluation; None if there are not so many."""
    return _limit(tree, lambda step: step.is_void, MOST_VOIDS)


def costs(tree: Branch) -> tuple[tuple[Branch | Leaf, int], ...]:
    """What each term of the first record costs in look-ups, its own and those below."""
    return tuple((child, 1 + (child.lookups if isinstance(child, Branch) else 0)) for child in tree.children)


def label(child: Branch | Leaf) -> str:
    """A term, with the vendor whose record it leads to.

    >>> label(Branch(name="_spf.google.com", term=Mechanism(kind="include", target="_spf.google.com")))
    'include:_spf.google.com (Google Workspace)'
    """
    vendor = vendors.by_include(child.name) if isinstance(child, Branch) else None
    return f"{child.term} ({vendor.name})" if vendor else str(child.term)


def _limit(tree: Branch, counts: Callable[[_Step], bool], most: int) -> Limit | None:
    steps: list[_Step] = []
    _collect(tree, steps)
    counted = [number for number, step in enumerate(steps) if counts(step)]
    if len(counted) <= most:
        return None
    at = counted[most]
    listed = AddressSet.of(step.network for step in steps[:at] if step.lists and step.network)
    same = {step.asks for step in steps[:at] if step.lists and step.child}
    behind = [
        step.term
        for step in steps[at:]
        if step.lists and not step.is_within(listed) and not (step.child and step.asks in same)
    ]
    return Limit(
        term=steps[at].term,
        behind=tuple(dict.fromkeys(behind)),
        is_certain=bool(behind) or not any(step.lists for step in steps[:at]),
    )


def _collect(branch: Branch, steps: list[_Step], *, may_pass: bool = True) -> Qualifier | None:
    """Put the terms of a record and those below it in order; give what it ends in, if it has an all."""
    record = branch.record
    if record is None:
        return None
    led = {id(child.term): child for child in branch.children}
    for term in record.mechanisms:
        child = led.get(id(term))
        passes = may_pass and term.qualifier is Qualifier.PASS
        steps.append(_Step(term=term, child=child, lists=passes and _can_list(term, child)))
        if term.kind == "all":
            return term.qualifier
        if isinstance(child, Branch) and _collect(child, steps, may_pass=passes) is Qualifier.PASS:
            return term.qualifier  # the include matches everybody
    if record.redirect is None:
        return None
    last = led[id(record.redirect)]
    is_unknown = may_pass and isinstance(last, Branch) and _is_unknown(last)
    steps.append(_Step(term=record.redirect, child=last, lists=is_unknown))
    return _collect(last, steps, may_pass=may_pass) if isinstance(last, Branch) else None


def _can_list(term: Mechanism, child: Branch | Leaf | None) -> bool:
    """Whether a term that passes may let somebody send, by itself and not by the record that it leads to."""
    if isinstance(child, Branch):
        return _is_unknown(child)
    return not (isinstance(child, Leaf) and child.is_void)


def _is_unknown(branch: Branch) -> bool:
    """Whether nobody looked at what a branch says, or nobody answered."""
    return bool(branch.stop) or isinstance(branch.outcome, Failure)
