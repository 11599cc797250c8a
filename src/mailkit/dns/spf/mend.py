"""The SPF record that a domain should publish, made from what it has and the addresses that it sends from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import ip_network

import attrs

from mailkit.dns.lookup import Failure
from mailkit.dns.records import TextRecord
from mailkit.dns.spf.addresses import AddressSet, IPAddress
from mailkit.dns.spf.record import Mechanism, Modifier, Qualifier, Record, Term
from mailkit.dns.spf.tree import Branch, lists
from mailkit.dns.tags import cut

__all__ = ["suggested"]


def suggested(
    tree: Branch, senders: Sequence[IPAddress | Mechanism] = (), *, end: Qualifier | None = None
) -> TextRecord | None:
    """The record to publish at the tree's domain; None if the one that is there will do, or is not known.

    What is there is kept, except terms that cannot be read or reached; senders that are not
    listed yet are added, and the record ends in -all or ~all.

    Args:
        tree: What is published, with all that it refers to.
        senders: Addresses, networks and includes from where the letters come.
        end: What to say about everybody else; by default what the record says, as far as that is sound.

    >>> from ipaddress import IPv4Address
    >>> from mailkit.dns.lookup import NoData
    >>> suggested(Branch(name="example.com", outcome=NoData()), [IPv4Address("192.0.2.10")]).text
    'v=spf1 ip4:192.0.2.10 -all'
    """
    if isinstance(tree.outcome, Failure):
        return None
    records = [Record.parse(text) for text in tree.texts]
    wanted = [one if isinstance(one, Mechanism) else _host(one) for one in senders]
    missing = [term for term in wanted if _is_missing(term, tree, records)]
    if len(records) == 1 and not missing and _is_sound(records[0], end):
        return None
    text = str(Record(terms=tuple(_terms(records, missing, sends=bool(senders), end=end))))
    return TextRecord(name=tree.name, text=text, why=_why(records, is_told=bool(senders)))


def _host(address: IPAddress) -> Mechanism:
    return Mechanism(kind=f"ip{address.version}", network=ip_network(address))


def _is_missing(term: Mechanism, tree: Branch, records: list[Record]) -> bool:
    """Whether a sender has to be added, as far as can be told."""
    if term.network is None:
        names = {term.target.lower().removesuffix(".")}
        listed = {one.target.lower().removesuffix(".") for record in records for one in record.mechanisms}
        return not names & ({branch.name for branch in tree.branches if branch.term} | listed)
    if tree.record and not tree.record.broken and term.network.num_addresses == 1:
        kept = Record(terms=tuple(one for one in tree.record.mechanisms if one.kind != "all"))  # +all is not kept
        return lists(attrs.evolve(tree, record=kept), term.network.network_address) is False
    networks = [one.network for record in records for one in record.mechanisms if one.network]
    return bool(AddressSet.of([term.network]) - AddressSet.of(networks))


def _is_sound(record: Record, end: Qualifier | None) -> bool:
    """Whether a record needs no other text, whatever it refers to."""
    ends = (Qualifier.FAIL, Qualifier.SOFTFAIL) if end is None else (end,)
    has_end = record.redirect or (record.all and record.all.qualifier in ends)
    reached = sum(isinstance(term, Mechanism) for term in record.terms) == len(record.mechanisms)
    is_said_once = len(_once(record.mechanisms)) == len(record.mechanisms)
    return bool(has_end) and reached and is_said_once and not record.broken


def _once(terms: Iterable[Mechanism]) -> list[Mechanism]:
    """The terms without those that repeat an earlier one, which decides for its senders alone."""
    found: dict[str, Mechanism] = {}
    for term in terms:
        found.setdefault(str(attrs.evolve(term, qualifier=Qualifier.PASS)).lower(), term)
    return list(found.values())


def _terms(records: list[Record], missing: Sequence[Mechanism], *, sends: bool, end: Qualifier | None) -> list[Term]:
    kept = [term for record in records for term in record.mechanisms if term.kind != "all"]
    added = list(missing)
    modifiers = [term for record in records for term in record.terms if isinstance(term, Modifier)]
    others: list[Term] = list({term.name: term for term in reversed(modifiers) if term.name != "redirect"}.values())
    redirect = records[0].redirect if len(records) == 1 else None
    if not kept and not sends and not redirect and end is None:
        added.append(Mechanism(kind="mx"))
    if redirect:
        return [*_once([*added, *kept]), *others, redirect]
    ends = [record.all.qualifier for record in records if record.all]
    is_strict = Qualifier.FAIL in ends or (not records and sends)
    last = Mechanism(kind="all", qualifier=end or (Qualifier.FAIL if is_strict else Qualifier.SOFTFAIL))
    return [*_once([*added, *kept]), *others, last]


def _why(records: list[Record], *, is_told: bool) -> str:
    lost = [repr(broken.text) for record in records for broken in record.broken]
    if lost:
        return f"without {cut(', '.join(lost))}, which cannot be read: add what was meant"
    if not records and not is_told:
        return "if mail leaves through the MX hosts; else list what sends it in place of mx"
    return ""
