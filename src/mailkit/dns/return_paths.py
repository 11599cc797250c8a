"""SPF where receivers look at it: at the domain of a letter's Return-Path, which need not be that of From.

>>> is_within("em1.example.com", "example.com"), is_within("bounces.example.net", "example.com")
(True, False)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from mailkit.dns.lookup import Failure
from mailkit.dns.readiness import Fact
from mailkit.dns.spf import lint as spf_lint
from mailkit.dns.spf.tree import Branch
from mailkit.dns.survey import Letter, Seen
from mailkit.dns.vendors import ReturnPath, Vendor
from mailkit.findings import Finding, Place, Severity

__all__ = ["disproved", "fact", "is_within", "lint"]

_OTHER_SENDERS: Final = ("dns.spf-not-listed", "dns.spf-not-included")
"""What is said of senders that the letter did not come through."""


def is_within(name: str, domain: str) -> bool:
    """Whether a name is the domain or one below it.

    >>> is_within("badexample.com", "example.com")
    False
    """
    return f".{name}".endswith(f".{domain}")


def lint(seen: Seen) -> Iterator[Finding]:
    """What is to be said about the SPF of the letter's return path, and of vendors whose letter disproves the table.

    >>> from mailkit import dns
    >>> letter = b"Return-Path: <b@em1.example.com>\\r\\nFrom: a@example.com\\r\\n\\r\\nHello"
    >>> [str(one.place) for one in lint(dns.check_sync("example.com", sample=letter, resolver={}).seen)]
    ['SPF of em1.example.com']
    """
    tree = seen.letter.return_path_tree if seen.letter else None
    if tree and is_within(tree.name, seen.wish.domain.ascii):
        yield from spf_lint.lint(tree)
    elif tree and not tree.texts and not isinstance(tree.outcome, Failure):
        message = f"{tree.name}, of the letter's Return-Path, has no SPF record, so that SPF says nothing about it"
        mend = "tell those who send with it, or let the return path be of a domain of yours"
        yield _say("return-path-absent", Severity.INFO, message, tree.name, mend, "RFC 7208, 2.4")
    for used in disproved(seen):
        if not _is_included(seen.spf_tree, used):
            message = f"{used.name} sends with a return path of the domain itself, yet its record is not included"
            mend = f"add include:{used.include(seen.spf_tree.name)}"
            yield _say("not-included", Severity.ERROR, message, seen.spf_tree.name, mend, "RFC 7208, 5.2")


def _say(word: str, severity: Severity, message: str, name: str, mend: str, source: str) -> Finding:
    place = Place(source=f"SPF of {name}")
    return Finding(code=f"dns.spf-{word}", severity=severity, message=message, place=place, mend=mend, source=source)


def disproved(seen: Seen) -> tuple[Vendor, ...]:
    """Vendors with a return path of their own, as the table has it, whose letter shows that of the domain.

    None if somebody else was named through whom the letter may have come, or if the letter passes SPF as it is.

    >>> from mailkit import dns
    >>> letter = b"Return-Path: <b@example.com>\\r\\nFrom: a@example.com\\r\\n\\r\\nHello"
    >>> report = dns.check_sync("example.com", sends_through=["sendgrid"], sample=letter, resolver={})
    >>> [used.key for used in disproved(report.seen)]
    ['sendgrid']
    """
    wish = seen.wish
    if seen.letter is None or wish.sample is None or wish.sample.return_path != wish.domain.ascii:
        return ()
    is_explained = any(used.return_path is not ReturnPath.OWN for used in wish.vendors)
    return () if is_explained or seen.letter.spf == "pass" else tuple(used for used in wish.vendors if used.spf)


def _is_included(tree: Branch, used: Vendor) -> bool:
    ends = [name.replace("{domain}", tree.name) for name in used.spf]
    return any(is_within(branch.name, end) for branch in tree.branches for end in ends)


def fact(letter: Letter, own: Fact, findings: Sequence[Finding]) -> Fact:
    """Whether the demand "spf" is met, as the letter shows it.

    Args:
        letter: What receivers would say of it.
        own: The same for the SPF of the domain of From.
        findings: What is to be said about the domain.
    """
    tree = letter.return_path_tree
    judged = _of_tree(tree) if tree else own
    if not letter.spf:
        return judged
    if letter.spf == "pass":
        is_other = tree is None and any(one.code in _OTHER_SENDERS for one in findings)
        return own if is_other else Fact(demand="spf", holds=True, evidence="SPF passes for the letter")
    if judged.holds is not True:
        return judged
    evidence = f"SPF does not pass for the letter: {letter.spf}"
    holds = None if letter.spf == "temperror" else False
    return Fact(demand="spf", holds=holds, evidence=evidence, mend="let the record of its return path list the sender")


def _of_tree(tree: Branch) -> Fact:
    findings = spf_lint.lint(tree)
    error = next((one for one in findings if one.severity is Severity.ERROR), None)
    if error:
        return Fact(demand="spf", holds=False, evidence=f"{tree.name}: {error.message}", mend=error.mend)
    unseen = next((one for one in findings if one.code.endswith("unanswered")), None)
    return Fact(demand="spf", holds=None if unseen else True, evidence=unseen.message if unseen else "")
