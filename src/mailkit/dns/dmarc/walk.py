"""Which DMARC record applies to a domain (RFC 9989, 4.10).

The record is looked for at the domain and at its parents, one label less at a time: the tree
walk takes the place of lists of public suffixes. All names of the walk are asked at once.
"""

from __future__ import annotations

from itertools import product
from typing import Final, TypeAlias

import attrs

from mailkit.dns.dmarc.record import Policy, Record, Suffix, is_dmarc
from mailkit.dns.lookup import Answer, Check, Failure, NoSuchDomain, Outcome, Query, ask, each, name_fault, together

__all__ = ["Discovery", "Level", "discover", "organization", "pairs_of_organizations", "walk_names"]

_MOST_NAMES: Final = 8

_Place: TypeAlias = tuple[str, bool]
"""How far a walk has come: the organizational domain so far, and whether it is final."""


@attrs.frozen(kw_only=True)
class Level:
    """One name of the tree walk.

    Attributes:
        domain: The domain, without "_dmarc.".
        outcome: What became of the question.
        texts: The DMARC records found; several count as none (4.10).
        record: The one that counts.
    """

    domain: str
    outcome: Outcome
    texts: tuple[str, ...] = ()
    record: Record | None = None

    @property
    def name(self) -> str:
        """Where the record belongs."""
        return f"_dmarc.{self.domain}"


@attrs.frozen(kw_only=True)
class Discovery:
    """Which record applies to a domain.

    Attributes:
        levels: The names of the walk, the domain itself first, as far as the walk goes.
        applied: Where the record that applies was found; None if there is none, or none is known.
        organizational: The organizational domain; the domain itself if the walk found no record.
        policy: What is asked for failing mail of the domain; None if DMARC does not apply.
        tag: The tag that says so: "p", "sp" or "np"; empty if DMARC does not apply.
        existence: What became of the question whether the domain exists; None if it was not asked.
    """

    levels: tuple[Level, ...]
    applied: Level | None
    organizational: str
    policy: Policy | None
    tag: str = ""
    existence: Outcome | None = None

    @property
    def own(self) -> Level:
        """The domain's own level."""
        return self.levels[0]

    @property
    def unanswered(self) -> tuple[Level, ...]:
        """The levels whose question had no answer, where another answer might change what applies."""
        if self.own.record:
            return ()
        return tuple(level for level in self.levels if isinstance(level.outcome, Failure))

    @property
    def possible(self) -> frozenset[str]:
        """The organizational domains that there may be, whatever unanswered questions would have brought.

        A record that was not seen may make its own domain the organizational one, or by psd=y the one below it.
        """
        failed = [level.domain for level in self.levels if isinstance(level.outcome, Failure)]
        own = self.own.domain
        return frozenset({self.organizational, *failed, *(_below(name, own) for name in failed if name != own)})

    @property
    def is_settled(self) -> bool:
        """Whether no unanswered question could change which policy applies to failing mail."""
        record = self.applied.record if self.applied else None
        if record is None or self.applied is self.own or not isinstance(self.existence, Failure):
            return not self.unanswered
        is_same = record.policy_below(exists=True) is record.policy_below(exists=False)
        return is_same and not self.unanswered


def walk_names(domain: str) -> tuple[str, ...]:
    """The domains whose records are looked for, at most eight (4.10).

    >>> walk_names("a.b.c.d.e.f.g.h.i.j.mail.example.com")[:3]
    ('a.b.c.d.e.f.g.h.i.j.mail.example.com', 'g.h.i.j.mail.example.com', 'h.i.j.mail.example.com')
    """
    labels = domain.split(".")
    above = min(len(labels) - 1, _MOST_NAMES - 1)
    return (domain, *(".".join(labels[-count:]) for count in range(above, 0, -1)))


def discover(domain: str) -> Check[Discovery]:
    """Ask for all names of the walk at once and whether the domain exists, and see which record applies.

    A check for `mailkit.dns.drive.run`.
    """
    existence, levels = yield from together(ask(Query(domain, "TXT")), _levels(domain))
    return _decide(levels, existence)


def organization(domain: str) -> Check[Discovery]:
    """Ask for all names of the walk at once, for the sake of the organizational domain alone.

    A check for `mailkit.dns.drive.run`.
    """
    levels = yield from _levels(domain)
    return _decide(levels, None)


def _levels(domain: str) -> Check[tuple[Level, ...]]:
    return (yield from each(map(_level, walk_names(domain))))


def _level(domain: str) -> Check[Level]:
    query = Query(f"_dmarc.{domain}", "TXT")
    if name_fault(query.name) and not name_fault(domain):
        return Level(domain=domain, outcome=NoSuchDomain())  # too long to be there
    outcome = yield from ask(query)
    texts = tuple(filter(is_dmarc, outcome.values)) if isinstance(outcome, Answer) else ()
    record = Record.parse(texts[0]) if len(texts) == 1 else None
    return Level(domain=domain, outcome=outcome, texts=texts, record=record)


def _decide(levels: tuple[Level, ...], existence: Outcome | None) -> Discovery:
    """Apply RFC 9989, 4.10.1 and 4.10.2, to what the walk found."""
    ends = [number for number, level in enumerate(levels) if level.record and level.record.psd is not Suffix.UNKNOWN]
    walked = levels[: ends[0] + 1] if ends else levels
    organizational = _organizational(walked)
    own, by_domain = walked[0], {level.domain: level for level in walked}
    suffix = organizational.partition(".")[2]
    candidates = (own, by_domain.get(organizational), by_domain.get(suffix))
    applied = next((level for level in candidates if level and level.record), None)
    policy, tag = None, ""
    if applied and applied.record:
        exists = not isinstance(existence, NoSuchDomain)
        tag = "p" if applied is own else applied.record.tag_below(exists=exists)
        policy = applied.record.policy if applied is own else applied.record.policy_below(exists=exists)
    return Discovery(
        levels=walked,
        applied=applied,
        organizational=organizational,
        policy=policy,
        tag=tag if policy else "",
        existence=existence,
    )


def _organizational(walked: tuple[Level, ...]) -> str:
    """The organizational domain: psd=n, else the one below psd=y, else the shortest with a record (4.10.2)."""
    found = [number for number, level in enumerate(walked) if level.record]
    if not found:
        return walked[0].domain
    last = found[-1]
    record = walked[last].record
    assert record is not None
    if record.psd is Suffix.YES and last > 0:
        return _below(walked[last].domain, walked[0].domain)
    return walked[last].domain


def pairs_of_organizations(one: Discovery, other: Discovery) -> frozenset[tuple[str, str]]:
    """The organizational domains that two domains may have, whatever unanswered questions would have brought.

    Where both walks ask the same question, both have the same answer; so the pairs are followed from the
    longest names to the shortest, with each record that there may be (4.10.2).

    >>> from mailkit.dns.lookup import NoData, TimedOut
    >>> own, com = Level(domain="example.com", outcome=NoData()), Level(domain="com", outcome=TimedOut())
    >>> mail = Level(domain="mail.example.com", outcome=NoData())
    >>> walks = [_decide(levels, None) for levels in ((own, com), (mail, own, com))]
    >>> sorted(pairs_of_organizations(*walks))
    [('com', 'com'), ('example.com', 'example.com'), ('example.com', 'mail.example.com')]
    """
    levels = {level.domain: level for walk in (one, other) for level in walk.levels}
    places = {((one.own.domain, False), (other.own.domain, False))}
    for domain in sorted(levels, key=lambda name: -name.count(".")):
        level = levels[domain]
        known = level.record.psd if level.record else None
        held = (None, *Suffix) if isinstance(level.outcome, Failure) else (known,)
        places = {
            (_walked(ours, one, domain, psd), _walked(theirs, other, domain, psd))
            for (ours, theirs), psd in product(places, held)
        }
    return frozenset((ours, theirs) for (ours, _), (theirs, _) in places)


def _walked(place: _Place, walk: Discovery, domain: str, psd: Suffix | None) -> _Place:
    """Where a walk has come to behind one name, at which there is a record with this psd, or none."""
    own = walk.own.domain
    if place[1] or psd is None or all(level.domain != domain for level in walk.levels):
        return place
    if psd is Suffix.YES and domain != own:
        return _below(domain, own), True
    return domain, psd is not Suffix.UNKNOWN


def _below(parent: str, domain: str) -> str:
    """The domain one label below a parent, on the way to the domain itself."""
    return ".".join(domain.split(".")[-parent.count(".") - 2 :])
