"""An SPF record from wishes: who sends the letters of a domain.

>>> print(suggest("example.com", sends_through=["google", "192.0.2.10", "spf.example.net"]))
example.com. IN TXT "v=spf1 include:_spf.google.com ip4:192.0.2.10 include:spf.example.net ~all"
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from ipaddress import IPv4Network, ip_network
from typing import Final

import attrs

from mailkit.dns import vendors
from mailkit.dns.lookup import NoData, Outcome, Query, TimedOut
from mailkit.dns.records import TextRecord
from mailkit.dns.spf.addresses import AddressSet, IPAddress, IPNetwork
from mailkit.dns.spf.comparison import settled
from mailkit.dns.spf.lint import lint
from mailkit.dns.spf.mend import obstacle, suggested
from mailkit.dns.spf.packing import LONGEST, Item, pack, runs_of
from mailkit.dns.spf.record import Mechanism, Modifier, Qualifier, Record
from mailkit.dns.spf.restoring import restored_tree
from mailkit.dns.spf.tree import Branch, lists, walk
from mailkit.dns.tags import word
from mailkit.dns.zonedict import DictResolver
from mailkit.errors import InvalidValue
from mailkit.findings import Finding

__all__ = ["Suggestion", "senders", "suggest"]

_NAME: Final = re.compile(r"(?:include:)?([A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+)\.?\Z")
_UNSEEN: Final = ("dns.spf-include-unanswered",)
"""What lint says about what was not asked, since nothing is asked here."""


@attrs.frozen(kw_only=True)
class Suggestion:
    """Records to publish.

    Attributes:
        records: The domain's own first; more where one would be too long. Empty if what is published will do.
        notes: What is to be known about the wishes: vendors that need no include, for example.
        findings: What our own lint says about the records; what they include was not looked up.
    """

    records: tuple[TextRecord, ...]
    notes: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()

    def __str__(self) -> str:
        return "\n".join([*map(str, self.records), *(f"; {note}" for note in (*self.notes, *self.findings))])


def suggest(
    domain: str,
    *,
    sends_through: Sequence[str | IPAddress | IPNetwork] = (),
    all: str | None = None,  # noqa: A002 - the word of the RFC
    published: Branch | None = None,
    prefix: str = "_spf",
) -> Suggestion:
    """The SPF record for a domain whose letters come from these senders.

    Args:
        domain: Where it will be published.
        sends_through: Who sends: vendors of the table (`"google"`), addresses, networks, names to include
            (`"spf.example.net"`), or `"mx"` and `"a"` for the domain's own hosts.
        all: What to say about everybody else: "-" they must not, "~" they probably must not, "?" nothing. By
            default "~", or what the published record says.
        published: What the domain publishes now, of which everything sound is kept; nothing by default.
        prefix: What the names of further records begin with, if one would be too long.

    Raises:
        InvalidValue: A sender is nobody known, or `all` is another sign: "+" lets anybody send.
    """
    if not isinstance(domain, str):
        raise InvalidValue("spf.suggest: domain", domain, "is not text")
    if all == "+":
        raise InvalidValue("spf.suggest: all", all, "lets anybody send", "write '~' or '-'")
    name = domain.removesuffix(".").lower()
    tree = published or Branch(name=name, outcome=NoData())
    terms, notes = senders(name, sends_through)
    default = None if restored_tree(tree).records else Qualifier.SOFTFAIL
    end = default if all is None else word(Qualifier, all, "spf.suggest: all")
    notes = (*notes, *_unsure(tree, terms))
    line = suggested(tree, terms, end=end)
    if line is None:
        hindered = obstacle(tree) or _nobody(tree)
        return Suggestion(records=(), notes=(*notes, *filter(None, [hindered])))
    records: tuple[TextRecord, ...] = (line,) if len(line.text) <= LONGEST else _in_parts(line, prefix)
    zone = {(record.name, "TXT"): [record.text] for record in records}
    return Suggestion(records=records, notes=notes, findings=_checked(name, zone))


def _nobody(tree: Branch) -> str:
    """What is to be said where no record was made: who sends is not known, unless the one that is there will do."""
    end = tree.record.all if tree.record else None
    is_open = end is not None and end.qualifier in (Qualifier.PASS, Qualifier.NEUTRAL)
    return "who sends is not known: name them in sends_through" if is_open or not tree.record else ""


def _unsure(tree: Branch, terms: Iterable[Mechanism]) -> Iterator[str]:
    """Addresses that are not added, since the published record may list them and only an evaluation can tell."""
    for term in terms:
        is_host = term.network is not None and term.network.num_addresses == 1
        if tree.record and term.network is not None and is_host and lists(tree, term.network[0]) is None:
            yield f"only an evaluation can tell whether {term.network[0]} may send already; it was not added"


def senders(
    domain: str, wishes: Iterable[str | IPAddress | IPNetwork]
) -> tuple[tuple[Mechanism, ...], tuple[str, ...]]:
    """The terms for senders, each once, and what is to be known about them.

    Raises:
        InvalidValue: A sender is nobody known.

    >>> terms, notes = senders("example.com", ["192.0.2.0/24", "mx"])
    >>> [str(term) for term in terms], notes
    (['ip4:192.0.2.0/24', 'mx'], ())
    """
    terms: list[Mechanism] = []
    notes: list[str] = []
    if not isinstance(wishes, Iterable):
        raise InvalidValue("sends_through", wishes, "is not a list", "leave it out if nobody sends")
    for wish in [wishes] if isinstance(wishes, str) else wishes:
        term = _term(wish)
        if term is None:
            used = vendors.vendor(str(wish))
            if used.return_path is not vendors.ReturnPath.CUSTOMER or not used.spf:
                notes.append(_no_include(used, domain))
                continue
            term = Mechanism(kind="include", target=used.include(domain))
        if term.kind == "include" and term.target.removesuffix(".") == domain:
            mend = "name who sends: addresses, vendors, 'mx' or 'a'"
            raise InvalidValue("sends_through", wish, "is the domain itself, whose record cannot include itself", mend)
        terms.append(term)
    return tuple(dict.fromkeys(terms)), tuple(dict.fromkeys(notes))


def _no_include(used: vendors.Vendor, domain: str) -> str:
    """Why a vendor is not included, and what it needs in place of it."""
    sign = f"let it sign with DKIM for {domain}"
    if used.return_path is vendors.ReturnPath.EITHER and used.spf:
        needed = f"include:{used.include(domain)} is needed only if its return path is of {domain} itself"
        return f"{used.name} was not included: {needed}; {sign}"
    if used.return_path is vendors.ReturnPath.OWN:
        return f"{used.name} sends with a return path of its own: SPF needs no include for it; {sign}"
    return f"{used.name} has no include that is the same for all its customers: add the one that it gave you"


def _term(wish: str | IPAddress | IPNetwork) -> Mechanism | None:
    """The term for a sender that is no vendor of the table; None if it may be one."""
    if wish in ("mx", "a"):
        return Mechanism(kind=str(wish))
    if not isinstance(wish, bytes | int):
        network = _network(wish)
        if network is not None:
            return Mechanism(kind=f"ip{network.version}", network=network)
    named = _NAME.match(wish) if isinstance(wish, str) else None
    if named and not _is_vendor(str(wish)):
        return Mechanism(kind="include", target=named[1].lower())
    return None


def _is_vendor(text: str) -> bool:
    try:
        vendors.vendor(text)
    except InvalidValue:
        return False
    return True


def _network(wish: str | IPAddress | IPNetwork) -> IPNetwork | None:
    """The network of an address or a network; of IPv4 also if it is written as of IPv6 (RFC 7208, 5)."""
    try:
        network = ip_network(wish, strict=False)
    except ValueError:
        return None
    if isinstance(network, IPv4Network):
        return network
    if network.network_address.scope_id is not None:
        return None  # the address of an interface, which nobody else can see
    mapped = network.network_address.ipv4_mapped
    return IPv4Network((mapped, network.prefixlen - 96)) if mapped and network.prefixlen >= 96 else network


def _in_parts(line: TextRecord, prefix: str) -> tuple[TextRecord, ...]:
    record = Record.parse(line.text)
    items: list[Item] = [
        (term.qualifier, AddressSet.of([term.network]) if term.network else term) for term in record.mechanisms
    ]
    modifiers = [term for term in record.terms if isinstance(term, Modifier)]
    records, _ = pack(line.name, runs_of(items), modifiers, prefix=prefix)
    return (attrs.evolve(records[0], why=line.why), *records[1:])


def _checked(name: str, zone: dict[tuple[str, str], list[str]]) -> tuple[Finding, ...]:
    """What lint says about records that are not published yet."""
    known = DictResolver(zone)

    def answer(query: Query) -> Outcome:
        return known.resolve(query) if (query.name, query.type) in zone else TimedOut()

    tree: Branch = settled(walk(name), answer)
    return tuple(finding for finding in lint(tree) if finding.code not in _UNSEEN)
