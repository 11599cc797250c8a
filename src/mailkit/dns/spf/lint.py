"""What is to be said about an SPF record and the tree below it.

An *error* is what receivers answer with "permanent error", or what lets anybody send; what could
not be asked is a warning, never "absent": receivers answer it with "temporary error" and try again.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mailkit.dns.lookup import Answer, Failure, name_fault
from mailkit.dns.spf.record import Mechanism, Modifier, Qualifier
from mailkit.dns.spf.tree import MOST_LOOKUPS, MOST_MX_HOSTS, MOST_VOIDS, Branch, Leaf, Stop
from mailkit.dns.tags import Fault, Span, cut
from mailkit.errors import did_you_mean
from mailkit.findings import Finding, Place, Severity

__all__ = ["lint"]

_ERROR, _WARNING, _INFO = Severity.ERROR, Severity.WARNING, Severity.INFO
_MECHANISMS: Final = ("all", "include", "a", "mx", "ptr", "ip4", "ip6", "exists")


def lint(tree: Branch) -> tuple[Finding, ...]:
    """What is to be said about the tree of a domain, without the record to paste.

    >>> from mailkit.dns.lookup import NoSuchDomain, TimedOut
    >>> [finding.code for finding in lint(Branch(name="example.com", outcome=TimedOut()))]
    ['dns.spf-unanswered']
    >>> [finding.code for finding in lint(Branch(name="example.com", outcome=NoSuchDomain()))]
    ['dns.spf-absent']
    """
    found = [finding for branch in tree.branches for finding in _branch(branch)]
    if tree.record:
        found += [*_limits(tree), *_end(tree)]
    return tuple(dict.fromkeys(found))


def _branch(branch: Branch) -> Iterator[Finding]:
    if branch.stop:
        yield from _stopped(branch.name, str(branch.term), branch.stop)
    elif branch.record is None:
        yield _no_record(branch)
    else:
        yield from _terms(branch)
        for child in branch.children:
            if isinstance(child, Leaf):
                yield from _leaf(branch, child)


def _no_record(branch: Branch) -> Finding:
    via = f"{branch.term} leads to a name that" if branch.term else "the domain"
    if len(branch.texts) > 1:
        message = f"{via} has {len(branch.texts)} SPF records where one is allowed; receivers answer with an error"
        mend = "make one record of them"
        return _say("several", _ERROR, message, branch.name, " | ".join(branch.texts), mend, source="4.5")
    if isinstance(branch.outcome, Failure):
        code = "include-unanswered" if branch.term else "unanswered"
        unknown = f"what {branch.term} leads to" if branch.term else "whether the domain has an SPF record"
        message = f"{unknown} is not known: {branch.outcome}"
        mend = "ask again; if it lasts, mend the name server"
        return _say(code, _WARNING, message, branch.name, mend=mend, source="2.6.6")
    if branch.term is None:
        absent = "the domain has no SPF record, so that receivers cannot tell who may send for it"
        return _say("absent", _ERROR, absent, branch.name, source="3.1")
    message = f"{branch.term} leads to a name without an SPF record; receivers answer with an error"
    mend = "remove it, or correct the name"
    return _say("include-missing", _ERROR, message, branch.name, str(branch.outcome), mend, source="5.2")


def _stopped(name: str, term: str, stop: Stop) -> Iterator[Finding]:
    if stop is Stop.LOOP:
        message = f"{term} leads back to a record that it came from; receivers answer with an error"
        yield _say("loop", _ERROR, message, name, term, "remove it", source="4.6.4")
    elif stop is Stop.BAD_NAME:
        message = f"{cut(term, longest=80)} names a domain that {name_fault(name)}"
        yield _say("bad-name", _ERROR, message, cut(name, longest=80), term, "correct the name", source="4.3")
    elif stop is Stop.MACRO:
        message = "the name depends on the message, so what it leads to was not looked at"
        yield _say("macro", _INFO, message, cut(name, longest=80), term, source="7")


def _terms(branch: Branch) -> Iterator[Finding]:
    """What is to be said about the terms of one record by themselves."""
    record = branch.record
    assert record is not None
    for broken in record.broken:
        whole = "; receivers ignore the whole record" if broken.fault is not Fault.UNREAD else ""
        message = f"{cut(broken.text, longest=40)!r} {broken.reason}{whole}"
        yield _say("syntax", _ERROR, message, branch.name, broken.text, broken.mend, broken.span, "4.6")
    reached = {id(term) for term in record.mechanisms}
    for term in record.terms:
        if isinstance(term, Mechanism) and id(term) not in reached:
            message = f"{term} stands behind {record.all} and is never looked at"
            yield _say("unreachable", _WARNING, message, branch.name, str(term), "remove it", term.span, "5.1")
        elif isinstance(term, Mechanism) and term.kind == "ptr":
            message = "ptr is slow and unreliable, and must not be published any more"
            yield _say("ptr", _WARNING, message, branch.name, str(term), "list the addresses instead", term.span, "5.5")
        elif isinstance(term, Modifier) and term.name == "redirect" and record.all:
            message = f"{term} is ignored, since the record has {record.all}"
            yield _say("redirect-ignored", _WARNING, message, branch.name, str(term), "remove one", term.span, "6.1")
        elif isinstance(term, Modifier) and term.name in _MECHANISMS:
            mend = f"write {term.name}:{term.value}"
            yield _say("equals", _WARNING, f"{term} means nothing", branch.name, str(term), mend, term.span, "6")
        elif isinstance(term, Modifier) and term.name not in ("redirect", "exp"):
            meant = did_you_mean(term.name, ("redirect", "exp")).removeprefix("; ")
            message = f"{cut(str(term), longest=40)} means nothing"
            yield _say("unknown-modifier", _INFO, message, branch.name, str(term), meant, term.span, "6")
    if branch.term and record.all and record.all.qualifier is Qualifier.PASS:
        message = f"{branch.term} lets anybody send: its record has +all"
        yield _say("plus-all", _ERROR, message, branch.name, branch.texts[0], "remove it", record.all.span, "5.1")


def _leaf(branch: Branch, leaf: Leaf) -> Iterator[Finding]:
    if leaf.stop:
        yield from _stopped(leaf.name, str(leaf.term), leaf.stop)
    if leaf.is_void:
        message = f"{leaf.term} finds nothing: {leaf.name} has no such record"
        mend = "remove it, or correct the name"
        yield _say("void", _WARNING, message, branch.name, str(leaf.term), mend, leaf.term.span, "4.6.4")
    for outcome in leaf.outcomes:
        if isinstance(outcome, Failure):
            message = f"what {leaf.term} leads to is not known: {outcome}"
            yield _say(
                "include-unanswered", _WARNING, message, branch.name, str(leaf.term), "ask again", source="2.6.6"
            )
        elif leaf.term.kind == "mx" and isinstance(outcome, Answer) and len(outcome.values) > MOST_MX_HOSTS:
            message = f"{leaf.name} has {len(outcome.values)} MX hosts where {MOST_MX_HOSTS} are allowed"
            mend = "list the addresses instead"
            yield _say("mx-limit", _ERROR, message, branch.name, str(leaf.term), mend, leaf.term.span, "4.6.4")


def _limits(tree: Branch) -> Iterator[Finding]:
    """The limits over the whole tree."""
    nodes: list[Branch | Leaf] = [*tree.branches, *tree.leaves]
    is_cut = any(node.stop is Stop.LIMIT for node in nodes)
    if tree.lookups > MOST_LOOKUPS:
        message = (
            f"the record costs {tree.lookups}{' or more' if is_cut else ''} look-ups where {MOST_LOOKUPS} are allowed;"
            " receivers that get so far answer with an error"
        )
        costs = ", ".join(f"{child.term} {cost}" for child, cost in _costs(tree))
        mend = "remove services that do not send any more, and list addresses instead of names"
        yield _say("lookups", _ERROR, message, tree.name, costs, mend, source="4.6.4")
    if len(tree.voids) > MOST_VOIDS:
        message = f"{len(tree.voids)} look-ups bring nothing where {MOST_VOIDS} may; receivers may answer with an error"
        mend = "remove the terms that find nothing"
        yield _say("void-limit", _ERROR, message, tree.name, ", ".join(tree.voids), mend, source="4.6.4")


def _costs(tree: Branch) -> list[tuple[Branch | Leaf, int]]:
    """What each term of the first record costs."""
    return [(child, 1 + (child.lookups if isinstance(child, Branch) else 0)) for child in tree.children]


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
        yield _say("no-all", _WARNING, message, branch.name, branch.texts[0], source="4.7")
    elif record.all.qualifier is Qualifier.PASS and branch is tree:
        message = "the record lets anybody send as this domain"
        yield _say("plus-all", _ERROR, message, branch.name, branch.texts[0], span=record.all.span, source="5.1")
    elif record.all.qualifier is Qualifier.NEUTRAL:
        message = "?all says nothing about everybody else, as if there were no record"
        yield _say("neutral-all", _WARNING, message, branch.name, branch.texts[0], span=record.all.span, source="5.1")


def _say(
    word: str,
    severity: Severity,
    message: str,
    name: str,
    evidence: str = "",
    mend: str = "",
    span: Span | None = None,
    source: str = "",
) -> Finding:
    shown = "".join(letter if letter.isalnum() or letter in "._-" else "?" for letter in name)
    return Finding(
        code=f"dns.spf-{word}",
        severity=severity,
        message=cut(message),
        place=Place(source=f"SPF of {shown}", column=span[0] + 1 if span else None),
        evidence=cut(evidence),
        mend=mend,
        source=f"RFC 7208, {source}",
    )
