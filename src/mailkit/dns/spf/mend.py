"""The SPF record that a domain should publish, made from what it has and the addresses that it sends from.

Nothing is lost on the way: where a term cannot be read with certainty no record is made at all, since
one who pastes it would turn the letters of that sender away.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from ipaddress import ip_network
from typing import Final

import attrs

from mailkit.dns import mx as exchanges
from mailkit.dns.lookup import Answer, Failure, Outcome, Query
from mailkit.dns.records import TextRecord
from mailkit.dns.spf.addresses import AddressSet, IPAddress
from mailkit.dns.spf.comparison import settled
from mailkit.dns.spf.lint import lint
from mailkit.dns.spf.record import Mechanism, Modifier, Qualifier, Record, Term, is_spf
from mailkit.dns.spf.restoring import restored_tree
from mailkit.dns.spf.tree import Branch, Leaf, lists, walk
from mailkit.dns.tags import cut
from mailkit.dns.vendors import ReturnPath, by_mx
from mailkit.findings import Severity

__all__ = ["obstacle", "offered", "suggested"]

_DENIES: Final = (Qualifier.FAIL, Qualifier.SOFTFAIL)
_BEARABLE: Final = frozenset({"dns.spf-include-unanswered", "dns.spf-long"})
"""What may be said about a record that is offered: what was not answered is not known, and length can be borne."""


def offered(
    tree: Branch,
    senders: Sequence[IPAddress | Mechanism],
    answer: Callable[[Query], Outcome],
    *,
    has_others: bool = False,
) -> TextRecord | None:
    """`suggested`, looked at with our own lint as if it were published; None if that finds fault with it.

    Args:
        tree: What is published, with all that it refers to.
        senders: Addresses, networks and includes from where the letters come.
        answer: How questions were answered; a `Failure` for what was not asked.
        has_others: Whether others send, too, with a return path that this record does not decide about.

    >>> from mailkit.dns.lookup import NoData
    >>> offered(Branch(name="example.com"), [], lambda query: Answer(["0 ."]) if query.type == "MX" else NoData()).text
    'v=spf1 -all'
    """
    mx = answer(Query(tree.name, "MX"))
    line = suggested(tree, senders, mx=mx, has_others=has_others)
    if line is None:
        return None
    after = _published(line, tree, answer)
    void = [leaf.term for leaf in after.children if isinstance(leaf, Leaf) and leaf.is_void]
    if void:
        line = suggested(tree, senders, mx=mx, has_others=has_others, without=void)
        if line is None:
            return None
        after = _published(line, tree, answer)
    borne = _BEARABLE | {finding.code for finding in lint(tree) if finding.severity is Severity.WARNING}
    told = [finding for finding in lint(after) if finding.severity is not Severity.INFO]
    is_clean = all(finding.severity is Severity.WARNING and finding.code in borne for finding in told)
    return line if is_clean else None


def _published(line: TextRecord, tree: Branch, answer: Callable[[Query], Outcome]) -> Branch:
    """What a walk would find if the record were published in place of those that are there."""
    others = [text for text in tree.outcome.values if not is_spf(text)] if isinstance(tree.outcome, Answer) else []
    own, present = Query(tree.name, "TXT"), Answer([*others, line.text])
    found: Branch = settled(walk(tree.name), lambda query: present if query == own else answer(query))
    return found


def suggested(
    tree: Branch,
    senders: Sequence[IPAddress | Mechanism] = (),
    *,
    end: Qualifier | None = None,
    mx: Outcome | None = None,
    has_others: bool = False,
    without: Collection[Mechanism] = (),
) -> TextRecord | None:
    """The record to publish at the tree's domain; None if what is there will do, or too little is known.

    What is there is kept, mended where it is certain what was meant; senders that are not listed yet
    are added, and the record ends in -all or ~all. Where a term cannot be read (`obstacle`), or nobody
    is known to send, there is none.

    Args:
        tree: What is published, with all that it refers to.
        senders: Addresses, networks and includes from where the letters come.
        end: What to say about everybody else; by default what the record says, as far as that is sound.
        mx: Where mail to the domain goes: a last guess at where it comes from, and with a null MX from nowhere.
        has_others: Whether others send, too, with a return path that this record does not decide about.
        without: Terms that are known to find nothing.

    >>> from ipaddress import IPv4Address
    >>> from mailkit.dns.lookup import NoData
    >>> suggested(Branch(name="example.com", outcome=NoData()), [IPv4Address("192.0.2.10")]).text
    'v=spf1 ip4:192.0.2.10 -all'
    """
    meant = restored_tree(tree)
    records = meant.records
    if isinstance(tree.outcome, Failure) or meant.broken:
        return None
    wanted = [one if isinstance(one, Mechanism) else _host(one) for one in senders]
    missing = [term for term in wanted if _is_missing(term, tree, records)]
    if tree.record and not missing and _is_sound(tree.record, end):
        return None
    kept = [term for record in records for term in _kept(record, len(records) > 1)]
    living = [term for term in kept if term not in without]
    ends = [record.all.qualifier for record in records if record.all]
    guessed: tuple[Mechanism, ...] = ()
    if kept and not living and not missing:
        return None  # a record for nobody, of a domain that has named somebody
    if not living and not senders and not _redirect(records) and end is None and not set(ends) & set(_DENIES):
        found = None if has_others or (Qualifier.PASS in ends and _is_null(mx)) else _guessed(mx)
        if found is None:
            return None
        guessed, end = found
    terms = [*_once([*missing, *guessed, *living]), *_rest(records, ends, end, is_new=not records and bool(senders))]
    reasons = [*meant.reasons, *_lost(records, [term for term in kept if term in without])]
    if guessed:
        reasons.append(f"if mail leaves through them; else list what sends it in place of {guessed[0]}")
    return TextRecord(name=tree.name, text=str(Record(terms=tuple(terms))), why=cut("; ".join(reasons)))


def obstacle(tree: Branch) -> str:
    """Why no record can be made from what is published, and what to do first; empty if nothing stands against it.

    >>> text = "v=spf1 ip4:1.2.3 -all"
    >>> obstacle(Branch(name="example.com", outcome=Answer([text]), texts=(text,), record=Record.parse(text)))
    "correct 'ip4:1.2.3' first, at column 8: no record was made, which would be without it"
    """
    if isinstance(tree.outcome, Failure):
        return "what is published is not known"
    broken = restored_tree(tree).broken
    if not broken:
        return ""
    first = cut(broken[0].text, longest=80)
    at = next((text.find(broken[0].text) for text in tree.texts if broken[0].text in text), -1)
    where = f", at column {at + 1}" if at >= 0 else ""
    return f"correct {first!r} first{where}: no record was made, which would be without it"


def _host(address: IPAddress) -> Mechanism:
    return Mechanism(kind=f"ip{address.version}", network=ip_network(address))


def _is_missing(term: Mechanism, tree: Branch, records: Sequence[Record]) -> bool:
    """Whether a sender has to be added, as far as can be told."""
    if term.network is None:
        name = term.target.lower().removesuffix(".")
        is_below = term.kind == "include" and any(one.name == name for one in tree.branches if one.term)
        listed = {(one.kind, one.target.lower().removesuffix(".")) for record in records for one in _all_of(record)}
        return not is_below and (term.kind, name) not in listed
    if tree.record and not tree.record.broken and term.network.num_addresses == 1:
        kept = Record(terms=tuple(one for one in tree.record.mechanisms if one.kind != "all"))  # +all is not kept
        return lists(attrs.evolve(tree, record=kept), term.network.network_address) is False
    networks = [one.network for record in records for one in _all_of(record) if one.network]
    return bool(AddressSet.of([term.network]) - AddressSet.of(networks))


def _all_of(record: Record) -> list[Mechanism]:
    """The mechanisms of a record but "all", also those behind it: they were meant to be looked at."""
    return [term for term in record.terms if isinstance(term, Mechanism) and term.kind != "all"]


def _kept(record: Record, is_merged: bool) -> list[Mechanism]:
    """What a record lists; one redirect of several records becomes an include, so that its senders stay."""
    redirect = record.redirect if is_merged else None
    return [*_all_of(record), *([Mechanism(kind="include", target=redirect.value)] if redirect else [])]


def _redirect(records: Sequence[Record]) -> Modifier | None:
    return records[0].redirect if len(records) == 1 else None


def _is_sound(record: Record, end: Qualifier | None) -> bool:
    """Whether a record needs no other text, whatever it refers to."""
    ends = _DENIES if end is None else (end,)
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


def _is_null(mx: Outcome | None) -> bool:
    return mx is not None and any(host == "." for _, host in exchanges.read(mx)[0])


def _guessed(mx: Outcome | None) -> tuple[tuple[Mechanism, ...], Qualifier] | None:
    """Who may send for a domain that says nothing, and what about the others; None if there is nothing to go by."""
    hosts = [host for _, host in exchanges.read(mx)[0]] if mx is not None else []
    if _is_null(mx):
        return (), Qualifier.FAIL
    owner = next((owner for owner in map(by_mx, hosts) if owner), None)
    if owner is None:
        return ((Mechanism(kind="mx"),), Qualifier.SOFTFAIL) if hosts else None
    if owner.return_path is not ReturnPath.CUSTOMER or not owner.spf:
        return None  # it takes the domain's mail, and need not be who sends it
    return (Mechanism(kind="include", target=owner.spf[0]),), Qualifier.SOFTFAIL


def _rest(
    records: Sequence[Record], ends: Sequence[Qualifier], end: Qualifier | None, *, is_new: bool
) -> Iterable[Term]:
    """What stands behind the senders: modifiers, each once, and the end."""
    modifiers = [term for record in records for term in record.terms if isinstance(term, Modifier)]
    yield from {term.name: term for term in reversed(modifiers) if term.name != "redirect"}.values()
    redirect = _redirect(records)
    if redirect:
        yield redirect
        return
    is_strict = Qualifier.FAIL in ends or is_new
    yield Mechanism(kind="all", qualifier=end or (Qualifier.FAIL if is_strict else Qualifier.SOFTFAIL))


def _lost(records: Sequence[Record], void: Sequence[Mechanism]) -> Iterable[str]:
    """What was moved or left out, and why nobody loses by it."""
    for record in records:
        reached = record.mechanisms
        behind = [str(term) for term in _all_of(record) if not any(term is one for one in reached)]
        if behind:
            yield f"{cut(', '.join(behind), longest=100)} stood behind {record.all}, where nothing is looked at"
        ignored = [term for term in record.terms if isinstance(term, Modifier) and term.name == "redirect"]
        if record.all and ignored:
            yield f"without {ignored[0]}, which nobody heeds beside {record.all}"
    if void:
        yield f"without {', '.join(map(str, void))}, which finds nothing"
