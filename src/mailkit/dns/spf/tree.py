"""An SPF record with everything that it refers to, and what is to be said about it.

The whole tree is walked, matching or not, and every branch at once. What a receiver does with
one message, strictly in order, is another reading of the same records and is not done here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final, TypeAlias

import attrs

from mailkit.dns.lookup import Absence, Answer, Check, NoData, Outcome, Query, ask, each, name_fault
from mailkit.dns.spf.macros import constant_target
from mailkit.dns.spf.record import Mechanism, Modifier, Qualifier, Record, is_spf

__all__ = ["MOST_LOOKUPS", "MOST_MX_HOSTS", "MOST_VOIDS", "Branch", "Leaf", "Stop", "lists", "walk"]

MOST_LOOKUPS: Final = 10
"""Terms that cause look-ups, over the whole tree (RFC 7208, 4.6.4)."""
MOST_VOIDS: Final = 2
"""Look-ups that bring nothing (RFC 7208, 4.6.4)."""
MOST_MX_HOSTS: Final = 10
"""Hosts of one mx (RFC 7208, 4.6.4)."""
_MOST_BRANCHES: Final = 100
"""Records read for one tree: enough to show what went wrong past ten look-ups, too few to be used against anybody."""
_DEEPEST: Final = 20

_TYPES: Final = {"a": ("A", "AAAA"), "exists": ("A",), "mx": ("MX",)}


class Stop(StrEnum):
    """Why the walk did not go into a branch."""

    LOOP = "loop"
    """It is one of the records that led here."""
    MACRO = "macro"
    """Its name depends on the message."""
    LIMIT = "limit"
    """The tree is too large to be read to its end."""
    BAD_NAME = "bad name"
    """Its name cannot exist."""


@attrs.frozen(kw_only=True)
class Leaf:
    """A term that asks for addresses or hosts, and what became of it.

    Attributes:
        term: The term.
        name: The name asked for.
        outcomes: For a, of A and AAAA; for mx, of MX; for exists, of A. Empty if not asked.
        stop: Why it was not asked; None if it was, or if there is nothing to ask beforehand (ptr).
    """

    term: Mechanism
    name: str
    outcomes: tuple[Outcome, ...] = ()
    stop: Stop | None = None

    @property
    def is_void(self) -> bool:
        """Whether it is known to bring nothing."""
        return bool(self.outcomes) and all(isinstance(outcome, Absence) for outcome in self.outcomes)


@attrs.frozen(kw_only=True)
class Branch:
    """One record, or its absence, and what it leads to.

    Attributes:
        name: Whose record it is.
        term: The include or redirect that led here; None for the first.
        outcome: What became of the question for it; NoData if it was not asked (see `stop`).
        texts: The SPF records found; there should be one.
        record: That one.
        children: What its terms that cost look-ups lead to, in order.
        stop: Why it was not read; None if it was.
    """

    name: str
    term: Mechanism | Modifier | None = None
    outcome: Outcome = attrs.field(factory=NoData)
    texts: tuple[str, ...] = ()
    record: Record | None = None
    children: tuple[Branch | Leaf, ...] = ()
    stop: Stop | None = None

    @property
    def branches(self) -> Iterator[Branch]:
        """This branch and all below it."""
        yield self
        for child in self.children:
            if isinstance(child, Branch):
                yield from child.branches

    @property
    def leaves(self) -> Iterator[Leaf]:
        """All leaves of this branch and those below it."""
        return (leaf for branch in self.branches for leaf in branch.children if isinstance(leaf, Leaf))

    @property
    def lookups(self) -> int:
        """The look-ups that this record costs, its own and those below; what was not read counts nothing."""
        return sum(len(branch.children) for branch in self.branches)

    @property
    def voids(self) -> tuple[str, ...]:
        """The names that brought nothing, each time they did."""
        leaves = [leaf.name for leaf in self.leaves if leaf.is_void]
        below = [branch for branch in self.branches if branch.term and not branch.stop]
        return (*leaves, *(branch.name for branch in below if isinstance(branch.outcome, Absence)))


Node: TypeAlias = Branch | Leaf


class _Allowance:
    """How many records may still be read; shared by all branches of one walk."""

    def __init__(self, left: int) -> None:
        self._left = left

    def take(self) -> bool:
        self._left -= 1
        return self._left >= 0


def walk(name: str) -> Check[Branch]:
    """Read the SPF record of a name and all that it refers to.

    A check for `mailkit.dns.drive.run`.
    """
    return _walk(name, None, (), _Allowance(_MOST_BRANCHES))


def _walk(name: str, term: Mechanism | Modifier | None, path: tuple[str, ...], allowance: _Allowance) -> Check[Branch]:
    outcome = yield from ask(Query(name, "TXT"))
    texts = tuple(filter(is_spf, outcome.values)) if isinstance(outcome, Answer) else ()
    if len(texts) != 1:
        return Branch(name=name, term=term, outcome=outcome, texts=texts)
    record = Record.parse(texts[0])
    below = (*path, name)
    children = yield from each(_follow(term, name, below, allowance) for term in record.lookups)
    return Branch(name=name, term=term, outcome=outcome, texts=texts, record=record, children=children)


def _follow(term: Mechanism | Modifier, here: str, path: tuple[str, ...], allowance: _Allowance) -> Check[Node]:
    target = term.value if isinstance(term, Modifier) else term.target
    name = constant_target(target, here) if target else here
    name = target.removesuffix(".").lower() if name is None else name
    stop = _stop(term, name, path, allowance)
    if isinstance(term, Modifier) or term.kind == "include":
        if stop:
            return Branch(name=name, term=term, stop=stop)
        return (yield from _walk(name, term, path, allowance))
    types = () if stop else _TYPES.get(term.kind, ())
    outcomes = yield from each(ask(Query(name, kind)) for kind in types)
    return Leaf(term=term, name=name, outcomes=outcomes, stop=stop)


def _stop(term: Mechanism | Modifier, name: str, path: tuple[str, ...], allowance: _Allowance) -> Stop | None:
    if "%" in name:
        return Stop.MACRO
    if name_fault(name):
        return Stop.BAD_NAME
    if isinstance(term, Modifier) or term.kind == "include":
        if name in path:
            return Stop.LOOP
        if len(path) >= _DEEPEST:
            return Stop.LIMIT
    return None if allowance.take() else Stop.LIMIT


def lists(tree: Branch, address: IPv4Address | IPv6Address) -> bool | None:
    """Whether the tree lets an address send; None where only an evaluation can tell.

    >>> from mailkit.dns import DictResolver
    >>> from mailkit.dns.drive import drive_blocking
    >>> from datetime import timedelta
    >>> resolver = DictResolver({("example.com", "TXT"): ["v=spf1 ip4:192.0.2.0/24 -all"]})
    >>> tree = drive_blocking(walk("example.com"), resolver, deadline=timedelta(seconds=1))
    >>> lists(tree, ip_address("192.0.2.7")), lists(tree, ip_address("198.51.100.7"))
    (True, False)
    """
    answers = [_record_lists(branch, address) for branch in tree.branches]
    if None in answers:
        return None
    return any(answers)


def _record_lists(branch: Branch, address: IPv4Address | IPv6Address) -> bool | None:
    """What one record of the tree says about an address by itself; None if that cannot be read off."""
    if branch.record is None or branch.record.broken:
        return None
    mechanisms = branch.record.mechanisms
    end = branch.record.all
    if any(term.qualifier is not Qualifier.PASS for term in mechanisms if term.kind != "all"):
        return None  # a refusal in front of a permission: the order decides
    if end and end.qualifier is Qualifier.PASS:
        return True  # whatever stands in front of it, which could only say the same
    leaves = [child for child in branch.children if isinstance(child, Leaf)]
    if any(leaf.stop or leaf.term.kind != "a" for leaf in leaves):
        return None
    answers = [_answers(leaf, address) for leaf in leaves]
    if None in answers:
        return None
    return any(answers) or any(address in term.network for term in mechanisms if term.network is not None)


def _answers(leaf: Leaf, address: IPv4Address | IPv6Address) -> bool | None:
    """Whether an a mechanism's hosts, with their networks, include the address; None if they are not known."""
    if not all(isinstance(outcome, Answer | Absence) for outcome in leaf.outcomes):
        return None
    bits = leaf.term.ip4_bits if address.version == 4 else leaf.term.ip6_bits
    width = address.max_prefixlen - bits
    found: Sequence[str] = [
        value for outcome in leaf.outcomes if isinstance(outcome, Answer) for value in outcome.values
    ]
    try:
        hosts = [ip_address(text) for text in found]
    except ValueError:  # a resolver of one's own may bring anything
        return None
    return any(host.version == address.version and int(host) >> width == int(address) >> width for host in hosts)
