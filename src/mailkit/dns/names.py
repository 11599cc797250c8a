"""Names that lead elsewhere than they should: aliases (CNAME) and wildcards.

An alias takes the place of everything else at its name, and one that leads to a name which nobody
owns any more can be taken over by whoever registers it. A wildcard answers for names that nobody
wrote, such as those of DKIM keys.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import attrs

from mailkit.dns.lookup import Absence, Answer, Check, Failure, NoSuchDomain, Outcome, Query, ask, each, together
from mailkit.dns.tags import cut, plain
from mailkit.findings import Finding, Place, Severity

__all__ = ["Found", "Lookup", "find", "lint"]

_ERROR, _WARNING, _INFO = Severity.ERROR, Severity.WARNING, Severity.INFO
_UNLIKELY: Final = "mailkit-wildcard-check"
"""A label that nobody has: what is found there was not written for it."""
_SPOILED: Final = ("_dmarc", "_mta-sts", "_smtp._tls", "default._bimi")
"""Names below the domain that a wildcard answers for, unless they have records of their own."""


@attrs.frozen(kw_only=True)
class Lookup:
    """What became of a question, and at which name.

    Attributes:
        name: The name.
        type: The record type.
        outcome: What became of it.
    """

    name: str
    type: str = "TXT"
    outcome: Outcome

    @property
    def aliases(self) -> tuple[str, ...]:
        """The names that it led to; none if it is no alias, or nobody answered."""
        return () if isinstance(self.outcome, Failure) else self.outcome.aliases


@attrs.frozen(kw_only=True)
class Found:
    """What there is about aliases and wildcards of a domain.

    Attributes:
        domain: The domain.
        own: The domain's own SOA and NS records.
        names: The names below it that were asked about.
        below: Whether any name below the domain has TXT records.
        keys: Whether any selector has a DKIM key.
    """

    domain: str
    own: tuple[Lookup, ...]
    names: tuple[Lookup, ...]
    below: Lookup
    keys: Lookup


def find(domain: str, *, names: Iterable[str] = ()) -> Check[Found]:
    """Ask for aliases and wildcards of a domain.

    A check for `mailkit.dns.drive.run`.

    Args:
        domain: The domain.
        names: More names whose TXT records matter, such as those of DKIM keys.

    >>> from mailkit.dns.drive import run_sync
    >>> zone = {("_dmarc.example.com", "CNAME"): ["gone.example.net"], ("example.com", "A"): ["192.0.2.1"]}
    >>> [finding.code for finding in lint(run_sync(find("example.com"), resolver=zone))]
    ['dns.cname-dangling']
    """
    asked = dict.fromkeys([*(f"{label}.{domain}" for label in _SPOILED), *(name.lower() for name in names)])
    own, found, below, keys = yield from together(
        each(_look(domain, kind) for kind in ("SOA", "NS", "TXT")),
        each(map(_look, asked)),
        _look(f"{_UNLIKELY}.{domain}"),
        _look(f"{_UNLIKELY}._domainkey.{domain}"),
    )
    return Found(domain=domain, own=own, names=found, below=below, keys=keys)


def _look(name: str, kind: str = "TXT") -> Check[Lookup]:
    return Lookup(name=name, type=kind, outcome=(yield from ask(Query(name, kind))))


def lint(found: Found) -> tuple[Finding, ...]:
    """What is to be said about the aliases and wildcards of a domain."""
    return (*_aliases(found), *_wildcards(found))


def _aliases(found: Found) -> Iterator[Finding]:
    apex = next((lookup for lookup in found.own if lookup.aliases), None)
    if apex:
        has_zone = any(isinstance(one.outcome, Answer) and not one.aliases for one in found.own)
        message = f"the domain is an alias of {apex.aliases[0]}, which takes the place of everything else that it has"
        if has_zone:
            message += "; that it has other records, too, breaks the rule, and each resolver makes something else of it"
        mend = "remove the CNAME, and publish addresses (or your provider's ALIAS or ANAME) in its place"
        line = f"{found.domain}. IN CNAME {apex.aliases[0]}."
        severity = _ERROR if has_zone else _WARNING
        yield _say("cname-apex", severity, message, found.domain, line, mend, "RFC 1034, 3.6.2; RFC 2181, 10.1")
    for lookup in found.names:
        if lookup.aliases and isinstance(lookup.outcome, Absence):
            yield _dangling(lookup, lookup.outcome)


def _dangling(lookup: Lookup, outcome: Absence) -> Finding:
    line = f"{lookup.name}. IN CNAME {lookup.aliases[0]}."
    mend = "remove the CNAME, or let its target be set up"
    if isinstance(outcome, NoSuchDomain):
        message = (
            f"{lookup.name} is an alias of {lookup.aliases[-1]}, which does not exist: whoever can register it owns it"
        )
        return _say("cname-dangling", _ERROR, message, lookup.name, line, mend, "RFC 1034, 3.6.2")
    message = f"{lookup.name} is an alias of {lookup.aliases[-1]}, which has no {lookup.type} record"
    return _say("cname-empty", _WARNING, message, lookup.name, line, mend, "RFC 1034, 3.6.2")


def _wildcards(found: Found) -> Iterator[Finding]:
    below, keys = _texts(found.below), _texts(found.keys)
    if below:
        same = [one.name for one in found.names if set(_texts(one)) == set(below)]
        spoiled = ", ".join(same) or "no name that was asked about, as each has records of its own"
        message = f"every name below the domain has TXT records (a wildcard); it answers for {spoiled}"
        mend = f"remove *.{found.domain} IN TXT"
        severity = _WARNING if same else _INFO
        yield _say("wildcard", severity, message, found.below.name, " | ".join(below), mend, "RFC 4592, 2.1")
    if keys and not set(keys) <= set(below):
        is_revoked = all(_is_revoked(text) for text in keys)
        message = "every DKIM selector has the same answer (a wildcard), so that an absent key cannot be told"
        if is_revoked:
            message = "every DKIM selector without a key of its own is revoked by a wildcard"
        severity = _INFO if is_revoked else _WARNING
        mend = "" if is_revoked else f"remove *._domainkey.{found.domain} IN TXT"
        yield _say("wildcard-key", severity, message, found.keys.name, " | ".join(keys), mend, "RFC 6376, 6.1.2")


def _texts(lookup: Lookup) -> tuple[str, ...]:
    return lookup.outcome.values if isinstance(lookup.outcome, Answer) else ()


def _is_revoked(text: str) -> bool:
    compact = "".join(text.split()).lower().removesuffix(";")
    return compact.startswith("v=dkim1") and compact.endswith(";p=")


def _say(word: str, severity: Severity, message: str, where: str, evidence: str, mend: str, source: str) -> Finding:
    return Finding(
        code=f"dns.{word}",
        severity=severity,
        message=message,
        place=Place(source=plain(where)),
        evidence=cut(evidence),
        mend=mend,
        source=source,
    )
