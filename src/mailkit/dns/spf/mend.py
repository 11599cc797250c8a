"""The SPF record that a domain should publish, made from what it has and the addresses that it sends from."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_network

import attrs

from mailkit.dns.lookup import Failure
from mailkit.dns.records import TextRecord
from mailkit.dns.spf.record import Mechanism, Modifier, Qualifier, Record, Term
from mailkit.dns.spf.tree import Branch, lists
from mailkit.dns.tags import cut

__all__ = ["suggested"]


def suggested(tree: Branch, addresses: Sequence[IPv4Address | IPv6Address] = ()) -> TextRecord | None:
    """The record to publish at the tree's domain; None if the one that is there will do, or is not known.

    What is there is kept, except terms that cannot be read or reached; addresses that are not
    listed yet are added, and the record ends in -all or ~all.

    >>> from mailkit.dns.lookup import NoData
    >>> suggested(Branch(name="example.com", outcome=NoData()), [IPv4Address("192.0.2.10")]).text
    'v=spf1 ip4:192.0.2.10 -all'
    """
    if isinstance(tree.outcome, Failure):
        return None
    records = [Record.parse(text) for text in tree.texts]
    missing = [address for address in addresses if _is_missing(address, tree, records)]
    if len(records) == 1 and not missing and _is_sound(records[0]):
        return None
    text = str(Record(terms=tuple(_terms(records, missing, sends=bool(addresses)))))
    return TextRecord(name=tree.name, text=text, why=_why(records, is_told=bool(addresses)))


def _is_missing(address: IPv4Address | IPv6Address, tree: Branch, records: list[Record]) -> bool:
    if tree.record and not tree.record.broken:
        kept = Record(terms=tuple(term for term in tree.record.mechanisms if term.kind != "all"))  # +all is not kept
        return lists(attrs.evolve(tree, record=kept), address) is False
    networks = [term.network for record in records for term in record.mechanisms if term.network]
    return not any(address in network for network in networks)


def _is_sound(record: Record) -> bool:
    """Whether a record needs no other text, whatever it refers to."""
    has_end = record.redirect or (record.all and record.all.qualifier in (Qualifier.FAIL, Qualifier.SOFTFAIL))
    reached = sum(isinstance(term, Mechanism) for term in record.terms) == len(record.mechanisms)
    return bool(has_end) and reached and not record.broken


def _terms(records: list[Record], missing: Sequence[IPv4Address | IPv6Address], *, sends: bool) -> list[Term]:
    kept: list[Term] = [term for record in records for term in record.mechanisms if term.kind != "all"]
    added: list[Term] = [Mechanism(kind=f"ip{address.version}", network=ip_network(address)) for address in missing]
    modifiers = [term for record in records for term in record.terms if isinstance(term, Modifier)]
    others: list[Term] = list({term.name: term for term in reversed(modifiers) if term.name != "redirect"}.values())
    redirect = records[0].redirect if len(records) == 1 else None
    if not kept and not sends and not redirect:
        added.append(Mechanism(kind="mx"))
    if redirect:
        return [*dict.fromkeys([*added, *kept]), *others, redirect]
    ends = [record.all.qualifier for record in records if record.all]
    is_strict = Qualifier.FAIL in ends or (not records and sends)
    end = Mechanism(kind="all", qualifier=Qualifier.FAIL if is_strict else Qualifier.SOFTFAIL)
    return [*dict.fromkeys([*added, *kept]), *others, end]


def _why(records: list[Record], *, is_told: bool) -> str:
    lost = [repr(broken.text) for record in records for broken in record.broken]
    if lost:
        return f"without {cut(', '.join(lost))}, which cannot be read: add what was meant"
    if not records and not is_told:
        return "if mail leaves through the MX hosts; else list what sends it in place of mx"
    return ""
