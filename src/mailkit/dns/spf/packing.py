"""Many networks in few SPF records: none longer than an answer of one small packet, the rest chained by includes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import count, groupby
from operator import itemgetter
from typing import Final, TypeAlias

import attrs

from mailkit.dns.records import TextRecord
from mailkit.dns.spf.addresses import EVERYBODY, AddressSet
from mailkit.dns.spf.record import Mechanism, Modifier, Qualifier, Record

__all__ = ["LONGEST", "Item", "Run", "pack", "runs_of"]

LONGEST: Final = 450
"""Bytes of a record that fit into an answer of 512 bytes together with its name (RFC 7208, 3.4)."""


@attrs.frozen(kw_only=True)
class Run:
    """Neighbouring terms of one meaning.

    Attributes:
        qualifier: What a match means.
        addresses: The addresses that match.
        kept: Terms that are looked up for each letter; they come behind the addresses, which changes nothing.
    """

    qualifier: Qualifier
    addresses: AddressSet = attrs.field(factory=AddressSet)
    kept: tuple[Mechanism, ...] = ()

    @property
    def is_all(self) -> bool:
        """Whether everybody matches."""
        return self.addresses == EVERYBODY


Item: TypeAlias = tuple[Qualifier, AddressSet | Mechanism]
"""A part of a record: the addresses that it matches, or a term that is looked up for each letter."""


def runs_of(items: Iterable[Item]) -> tuple[Run, ...]:
    """The parts of a record by what they mean, neighbours that mean the same together, up to what matches everybody.

    >>> [str(run.qualifier) for run in runs_of([(Qualifier.PASS, AddressSet()), (Qualifier.FAIL, EVERYBODY)])]
    ['+', '-']
    """
    found: list[Run] = []
    for qualifier, group in groupby(items, key=itemgetter(0)):
        parts = [item for _, item in group]
        listed = AddressSet.union(item for item in parts if isinstance(item, AddressSet))
        if listed == EVERYBODY:
            return (*found, Run(qualifier=qualifier, addresses=listed))
        kept = tuple(item for item in parts if isinstance(item, Mechanism))
        found.append(Run(qualifier=qualifier, addresses=listed, kept=kept))
    return tuple(found)


def pack(
    name: str, runs: Sequence[Run], modifiers: Sequence[Modifier], *, prefix: str, used: Collection[str] = ()
) -> tuple[tuple[TextRecord, ...], int]:
    """The records for these runs, that of the name first, and the look-ups that they cost.

    Networks are moved into records of their own, longest run first, until the first record is short enough.

    >>> from ipaddress import ip_network
    >>> listed = AddressSet.of(ip_network(f"192.0.2.{number}/32") for number in range(0, 100, 2))
    >>> records, lookups = pack("example.com", [Run(qualifier=Qualifier.PASS, addresses=listed)], [], prefix="_spf")
    >>> records[0].text, lookups, max(len(record.text) for record in records) <= LONGEST
    ('v=spf1 include:_spf1.example.com include:_spf2.example.com', 2, True)
    """
    names = _names(name, prefix, used)
    parts = [list(_terms(run)) for run in runs]
    chained: list[TextRecord] = []
    for number in sorted(range(len(runs)), key=lambda number: -sum(term.network is not None for term in parts[number])):
        networks = [term for term in parts[number] if term.network]
        if len(_text(parts, modifiers)) <= LONGEST or not networks:
            break
        more = [TextRecord(name=next(names), text=text) for text in _chunks(networks)]
        chained += more
        qualifier = runs[number].qualifier
        includes = [Mechanism(kind="include", qualifier=qualifier, target=record.name) for record in more]
        parts[number] = [*includes, *(term for term in parts[number] if not term.network)]
    terms = [term for part in parts for term in part]
    cost = sum(term.costs_lookup for term in terms) + sum(modifier.name == "redirect" for modifier in modifiers)
    return (TextRecord(name=name, text=_text(parts, modifiers)), *chained), cost


def _text(parts: Sequence[Sequence[Mechanism]], modifiers: Sequence[Modifier]) -> str:
    mechanisms = [term for part in parts for term in part]
    return str(Record(terms=(*mechanisms, *modifiers)))


def _terms(run: Run) -> Iterator[Mechanism]:
    if run.is_all:
        yield Mechanism(kind="all", qualifier=run.qualifier)
        return
    for network in run.addresses.networks:
        yield Mechanism(kind=f"ip{network.version}", qualifier=run.qualifier, network=network)
    yield from run.kept


def _names(name: str, prefix: str, used: Collection[str]) -> Iterator[str]:
    numbered = (f"{prefix}{number}.{name}" for number in count(1))
    return (found for found in numbered if found not in used)


def _chunks(terms: Sequence[Mechanism]) -> Iterator[str]:
    """Records that let these networks pass, and nobody else."""
    end = Mechanism(kind="all", qualifier=Qualifier.FAIL)
    text = ""
    for term in terms:
        word = f" {attrs.evolve(term, qualifier=Qualifier.PASS)}"
        if text and len("v=spf1") + len(text) + len(word) + len(f" {end}") > LONGEST:
            yield f"v=spf1{text} {end}"
            text = ""
        text += word
    yield f"v=spf1{text} {end}"
