"""What is to be said about an SPF record and the tree below it.

An *error* is what receivers answer with "permanent error", or what lets anybody send; what could
not be asked is a warning, never "absent": receivers answer it with "temporary error" and try again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from mailkit.dns import vendors
from mailkit.dns.lookup import Answer, Failure, name_fault
from mailkit.dns.spf.limits import Limit, costs, label, lookup_limit, void_limit
from mailkit.dns.spf.record import Qualifier
from mailkit.dns.spf.terms import about_terms, say
from mailkit.dns.spf.tree import MOST_LOOKUPS, MOST_MX_HOSTS, MOST_VOIDS, Branch, Leaf, Stop
from mailkit.dns.tags import cut
from mailkit.findings import Finding, Severity

__all__ = ["lint"]

_ERROR, _WARNING, _INFO = Severity.ERROR, Severity.WARNING, Severity.INFO
_ALMOST: Final = re.compile(r"\W*(?:v\W*)?spf", re.IGNORECASE)
_LONGEST: Final = 450
"""Bytes of a record that fit into an answer of 512 bytes together with its name (RFC 7208, 3.4)."""


def lint(tree: Branch, *, sends_through: Sequence[str] = ()) -> tuple[Finding, ...]:
    """What is to be said about the tree of a domain, without the record to paste.

    Args:
        tree: The record with all that it refers to.
        sends_through: Vendors that send for the domain, as in `mailkit.dns.vendors`. The includes must be there of
            those whose letters have the domain itself in their return path; of others it is told how they pass.

    Raises:
        InvalidValue: A vendor is not in the table.

    >>> from mailkit.dns.lookup import NoSuchDomain, TimedOut
    >>> [finding.code for finding in lint(Branch(name="example.com", outcome=TimedOut()))]
    ['dns.spf-unanswered']
    >>> [finding.code for finding in lint(Branch(name="example.com", outcome=NoSuchDomain()))]
    ['dns.spf-absent']
    """
    found = [finding for branch in tree.branches for finding in _branch(branch)]
    if tree.record:
        found += [*_size(tree), *_twice(tree), *_limits(tree), *_end(tree), *_not_included(tree, sends_through)]
    if not isinstance(tree.outcome, Failure):
        found += _return_paths(tree, sends_through)
    found += _sender_id(tree)
    return tuple(dict.fromkeys(found))


def _branch(branch: Branch) -> Iterator[Finding]:
    if branch.stop:
        yield from _stopped(branch)
    elif branch.record is None:
        yield _no_record(branch)
    else:
        yield from about_terms(branch)
        for child in branch.children:
            if isinstance(child, Leaf):
                yield from _leaf(branch, child)


def _no_record(branch: Branch) -> Finding:
    via = f"{branch.term} leads to a name that" if branch.term else "the domain"
    if len(branch.texts) > 1:
        message = f"{via} has {len(branch.texts)} SPF records where one is allowed; receivers answer with an error"
        mend = "make one record of them"
        return say("several", _ERROR, message, branch.name, " | ".join(branch.texts), mend, source="4.5")
    if isinstance(branch.outcome, Failure):
        code = "include-unanswered" if branch.term else "unanswered"
        unknown = f"what {branch.term} leads to" if branch.term else "whether the domain has an SPF record"
        message = f"{unknown} is not known: {branch.outcome}"
        mend = "ask again; if it lasts, mend the name server"
        return say(code, _WARNING, message, branch.name, mend=mend, source="2.6.6")
    if branch.term is None:
        absent = "the domain has no SPF record, so that receivers cannot tell who may send for it"
        almost = next((text for text in _texts(branch) if _ALMOST.match(text)), "")
        mend = "begin it with 'v=spf1 '" if almost else "publish one as TXT: type SPF (99) is not read any more"
        return say("absent", _ERROR, absent, branch.name, almost, mend, source="3.1, 4.5")
    message = f"{branch.term} leads to a name without an SPF record; receivers answer with an error"
    mend = "remove it, or correct the name"
    return say("include-missing", _ERROR, message, branch.name, str(branch.outcome), mend, source="5.2")


def _stopped(node: Branch | Leaf) -> Iterator[Finding]:
    term, name = str(node.term), cut(node.name, longest=80)
    if node.stop is Stop.LOOP:
        message = f"{term} leads back to a record that it came from; receivers answer with an error"
        yield say("loop", _ERROR, message, name, term, "remove it", source="4.6.4")
    elif node.stop is Stop.BAD_NAME:
        message = f"{cut(term, longest=80)} names a domain that {name_fault(node.name)}"
        severity = _ERROR if isinstance(node, Branch) else _WARNING
        message += "; receivers answer with an error" if isinstance(node, Branch) else ", so that it never matches"
        yield say("bad-name", severity, message, name, term, "correct the name", source="4.3")
    elif node.stop is Stop.MACRO:
        message = "the name depends on the message, so what it leads to was not looked at"
        yield say("macro", _INFO, message, name, term, source="7")


def _leaf(branch: Branch, leaf: Leaf) -> Iterator[Finding]:
    if leaf.stop:
        yield from _stopped(leaf)
    if leaf.is_void:
        message = f"{leaf.term} finds nothing: {leaf.name} has no such record"
        mend = "remove it, or correct the name"
        yield say("void", _WARNING, message, branch.name, str(leaf.term), mend, "4.6.4", leaf.term.span)
    for outcome in leaf.outcomes:
        if isinstance(outcome, Failure):
            message = f"what {leaf.term} leads to is not known: {outcome}"
            yield say("include-unanswered", _WARNING, message, branch.name, str(leaf.term), "ask again", source="2.6.6")
        elif leaf.term.kind == "mx" and isinstance(outcome, Answer) and len(outcome.values) > MOST_MX_HOSTS:
            message = f"{leaf.name} has {len(outcome.values)} MX hosts where {MOST_MX_HOSTS} are allowed"
            mend = "list the addresses instead"
            yield say("mx-limit", _ERROR, message, branch.name, str(leaf.term), mend, "4.6.4", leaf.term.span)


def _texts(branch: Branch) -> tuple[str, ...]:
    return branch.outcome.values if isinstance(branch.outcome, Answer) else ()


def _size(tree: Branch) -> Iterator[Finding]:
    """Whether the answer fits into one small packet."""
    (text,) = tree.texts
    if len(text) > _LONGEST:
        message = f"the record is {len(text)} bytes long; beyond {_LONGEST} some receivers do not get it"
        mend = "move a part of it into an include of your own"
        yield say("long", _WARNING, message, tree.name, cut(text, longest=80), mend, source="3.4")
    elif sum(map(len, _texts(tree))) > _LONGEST:
        message = (
            f"all TXT records of the name together are longer than {_LONGEST} bytes, which may not fit into one packet"
        )
        yield say(
            "answer-long", _INFO, message, tree.name, mend="remove those that nobody needs any more", source="3.4"
        )


def _twice(tree: Branch) -> Iterator[Finding]:
    """Records that are included on two ways."""
    seen: set[str] = set()
    for branch in tree.branches:
        if branch.name in seen and branch.record:
            message = f"{cut(branch.name, longest=80)} is included on two ways, which costs its look-ups twice"
            yield say("included-twice", _WARNING, message, tree.name, str(branch.term), "keep one", source="4.6.4")
        seen.add(branch.name)


def _sender_id(tree: Branch) -> Iterator[Finding]:
    for text in _texts(tree):
        if text.lower().startswith("spf2.0/"):
            message = "this is a record of Sender ID (RFC 4406), which is historic and read by nobody"
            yield say("sender-id", _INFO, message, tree.name, text, "remove it", source="2.1")


def _not_included(tree: Branch, keys: Sequence[str]) -> Iterator[Finding]:
    """Vendors in use whose record is not included where it must be."""
    for used in map(vendors.vendor, keys):
        include = used.include(tree.name)
        if used.return_path is vendors.ReturnPath.CUSTOMER and include and not _is_included(tree, used):
            message = f"{used.name} sends for the domain, yet its record is not included"
            yield say("not-included", _ERROR, message, tree.name, mend=f"add include:{include}", source="5.2")


def _return_paths(tree: Branch, keys: Sequence[str]) -> Iterator[Finding]:
    """Vendors in use that SPF looks at elsewhere, by a return path that is not of the domain of From."""
    for used in map(vendors.vendor, keys):
        include = used.include(tree.name)
        mend = f"let {used.name} sign with DKIM for {tree.name}, by which DMARC passes"
        if used.return_path is vendors.ReturnPath.OWN:
            message = (
                f"{used.name} sends with a return path of its own, or of a subdomain that it has set up, where SPF is "
                "looked at: it needs no include here"
            )
            yield say("return-path", _INFO, message, tree.name, mend=mend, source="2.4")
        elif used.return_path is vendors.ReturnPath.EITHER and include and not _is_included(tree, used):
            message = f"{used.name} is not included, which it needs only if its return path is of {tree.name} itself"
            mend += f"; add include:{include} only if Return-Path names {tree.name}"
            yield say("return-path", _INFO, message, tree.name, mend=mend, source="2.4")


def _is_included(tree: Branch, used: vendors.Vendor) -> bool:
    wanted = [name.replace("{domain}", tree.name) for name in used.spf]
    names = [branch.name for branch in tree.branches]
    return any(name == end or name.endswith(f".{end}") for name in names for end in wanted)


def _limits(tree: Branch) -> Iterator[Finding]:
    """The limits over the whole tree."""
    nodes: list[Branch | Leaf] = [*tree.branches, *tree.leaves]
    is_cut = any(node.stop is Stop.LIMIT for node in nodes)
    if limit := lookup_limit(tree):
        message = (
            f"the record costs {tree.lookups}{' or more' if is_cut else ''} look-ups where {MOST_LOOKUPS} are allowed"
        )
        shares = ", ".join(f"{label(child)} {cost}" for child, cost in costs(tree))
        mend = "remove services that do not send any more, list addresses instead of names, or flatten the record"
        yield _limit("lookups", limit, message, tree.name, shares, mend)
    if limit := void_limit(tree):
        message = f"{len(tree.voids)} look-ups bring nothing where {MOST_VOIDS} may"
        yield _limit(
            "void-limit", limit, message, tree.name, ", ".join(tree.voids), "remove the terms that find nothing"
        )


def _limit(word: str, limit: Limit, message: str, name: str, evidence: str, mend: str) -> Finding:
    """An error if listed senders are turned away by the limit; if only strangers meet it, a warning."""
    behind = cut(", ".join(map(str, limit.behind)), longest=120)
    at = cut(str(limit.term), longest=80)
    if limit.behind:
        message += f"; receivers stop at {at} with an error, so that these cannot send: {behind}"
    elif limit.is_certain:
        message += f"; receivers stop at {at} with an error, and nobody is let through before"
    else:
        message += f"; senders listed before {at} pass, everybody else is answered with an error in place of a refusal"
    return say(word, _ERROR if limit.is_certain else _WARNING, message, name, evidence, mend, source="4.6.4")


def _end(tree: Branch) -> Iterator[Finding]:
    """What the record says about everybody else: by its "all", or by that of whom it redirects to."""
    branch = tree
    while branch.record and branch.record.redirect:
        last = branch.children[-1]
        assert isinstance(last, Branch)  # a redirect comes last among the look-ups, and leads to a record
        branch = last
    record = branch.record
    if record is None or record.broken:
        return  # nothing can be said, or something worse has been
    if record.all is None:
        message = "the record does not end in all, so that it says nothing about everybody else"
        yield say("no-all", _WARNING, message, branch.name, branch.texts[0], source="4.7")
    elif record.all.qualifier is Qualifier.PASS and branch is tree:
        message = "the record lets anybody send as this domain"
        yield say("plus-all", _WARNING, message, branch.name, branch.texts[0], span=record.all.span, source="5.1")
    elif record.all.qualifier is Qualifier.NEUTRAL:
        message = "?all says nothing about everybody else, as if there were no record"
        yield say("neutral-all", _WARNING, message, branch.name, branch.texts[0], span=record.all.span, source="5.1")
