"""What is to be said about the terms of one SPF record by themselves, whatever they lead to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mailkit.dns.saying import Saying
from mailkit.dns.spf.macros import asks_for_name
from mailkit.dns.spf.record import Mechanism, Modifier, Qualifier, Record, Term
from mailkit.dns.spf.tree import Branch
from mailkit.dns.tags import Broken, Fault, cut, plain
from mailkit.errors import did_you_mean
from mailkit.findings import Finding, Severity

__all__ = ["about_terms", "say"]

_ERROR, _WARNING, _INFO = Severity.ERROR, Severity.WARNING, Severity.INFO
_MECHANISMS: Final = ("all", "include", "a", "mx", "ptr", "ip4", "ip6", "exists")
_WIDE: Final = {4: 8, 6: 16}
"""Prefix lengths up to which a network is larger than anybody's own."""
say: Final = Saying[str]("spf", lambda name: f"SPF of {_shown(name)}", "RFC 7208")
"""A finding about the SPF record of a name."""


def about_terms(branch: Branch) -> Iterator[Finding]:
    """What is to be said about the terms of one record by themselves."""
    record = branch.record
    assert record is not None
    for broken in record.broken:
        whole = "; receivers ignore the whole record" if broken.fault is not Fault.UNREAD else ""
        message = f"{cut(broken.text, longest=40)!r} {broken.reason}{whole}"
        yield say("syntax", _ERROR, message, branch.name, broken.text, _correct(broken), "4.6", broken.span)
    yield from _repeated(branch.name, record)
    reached = {id(term) for term in record.mechanisms}
    for term in record.terms:
        if isinstance(term, Mechanism) and id(term) not in reached:
            message = f"{term} stands behind {record.all} and is never looked at"
            yield say("unreachable", _WARNING, message, branch.name, str(term), "remove it", "5.1", term.span)
        elif asks_for_name(_argument(term)):
            message = f"the macro p of {cut(str(term), longest=40)} is slow and unreliable, and should not be published"
            yield say("macro-p", _WARNING, message, branch.name, str(term), "use another macro", "7.3", term.span)
        elif isinstance(term, Mechanism) and (wide := _wide(term)):
            message = f"{term} lets {wide} send"
            mend = "list the networks that really send"
            yield say("wide", _WARNING, message, branch.name, str(term), mend, "11.4", term.span)
        elif isinstance(term, Mechanism) and term.kind == "ptr":
            message = "ptr is slow and unreliable, and must not be published any more"
            yield say("ptr", _WARNING, message, branch.name, str(term), "list the addresses instead", "5.5", term.span)
        elif isinstance(term, Modifier) and term.name == "redirect" and record.all:
            message = f"{term} is ignored, since the record has {record.all}"
            yield say("redirect-ignored", _WARNING, message, branch.name, str(term), "remove one", "6.1", term.span)
        elif isinstance(term, Modifier) and term.name in _MECHANISMS:
            mend = f"write {term.name}:{term.value}"
            yield say("equals", _WARNING, f"{term} means nothing", branch.name, str(term), mend, "6", term.span)
        elif isinstance(term, Modifier) and term.name not in ("redirect", "exp"):
            meant = did_you_mean(term.name, ("redirect", "exp")).removeprefix("; ")
            message = f"{cut(str(term), longest=40)} means nothing"
            yield say("unknown-modifier", _INFO, message, branch.name, str(term), meant, "6", term.span)
    if branch.term and record.all and record.all.qualifier is Qualifier.PASS:
        message = f"{branch.term} lets anybody send: its record has +all"
        yield say("plus-all", _WARNING, message, branch.name, branch.texts[0], "remove it", "5.1", record.all.span)


def _correct(broken: Broken) -> str:
    return broken.mend or f"correct the term {plain(broken.text, longest=40)!r}"


def _argument(term: Term) -> str:
    return term.target if isinstance(term, Mechanism) else term.value if isinstance(term, Modifier) else ""


def _wide(term: Mechanism) -> str:
    """How many addresses too wide a network lets send; empty if it is not."""
    if term.qualifier is not Qualifier.PASS:
        return ""
    if term.network is not None:
        lengths = {term.network.version: term.network.prefixlen}
    elif term.kind in ("a", "mx"):
        lengths = {4: term.ip4_bits, 6: term.ip6_bits}
    else:
        return ""
    worst = [version for version, bits in lengths.items() if bits <= _WIDE[version]]
    return f"a {256 if 4 in worst else 65536}th of all addresses or more" if worst else ""


def _repeated(name: str, record: Record) -> Iterator[Finding]:
    """Terms that say again what one before them has said."""
    seen: dict[str, Mechanism] = {}
    networks: dict[tuple[int, int, int], Mechanism] = {}
    for term in record.mechanisms:
        plain = str(term).lstrip("-~?").lower()
        if plain in seen:
            message = f"{cut(str(term), longest=80)} is there before, so that it never matches"
            yield say("duplicate", _WARNING, message, name, str(term), "remove it", "4.6.2", term.span)
        elif term.network is not None and (wider := _wider(term, networks)):
            message = f"{term} is a part of {wider}, which stands before it"
            yield say("covered", _INFO, message, name, str(term), "remove it", "4.6.2", term.span)
        seen.setdefault(plain, term)
        if term.network is not None:
            bits = term.network.prefixlen
            networks.setdefault((term.network.version, bits, int(term.network.network_address)), term)


def _wider(term: Mechanism, networks: dict[tuple[int, int, int], Mechanism]) -> Mechanism | None:
    """The network before this one that holds it."""
    network = term.network
    assert network is not None
    number, width = int(network.network_address), network.max_prefixlen
    for bits in range(network.prefixlen + 1):
        found = networks.get((network.version, bits, number >> width - bits << width - bits))
        if found:
            return found
    return None


def _shown(name: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "._-" else "?" for letter in name)
