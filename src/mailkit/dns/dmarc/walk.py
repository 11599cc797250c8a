"""Which DMARC record applies to a domain (RFC 9989, 4.10).

The record is looked for at the domain and at its parents, one label less at a time: the tree
walk takes the place of lists of public suffixes. All names of the walk are asked at once.
"""

from __future__ import annotations

from typing import Final

import attrs

from mailkit.dns.dmarc.record import Policy, Record, Suffix, is_dmarc
from mailkit.dns.lookup import Answer, Check, Failure, NoSuchDomain, Outcome, Query, ask, each, together

__all__ = ["Discovery", "Level", "discover", "walk_names"]

_MOST_NAMES: Final = 8


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
    """

    levels: tuple[Level, ...]
    applied: Level | None
    organizational: str
    policy: Policy | None

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


def walk_names(domain: str) -> tuple[str, ...]:
    """The domains whose records are looked for, at most eight (4.10).

    >>> walk_names("a.b.c.d.e.f.g.h.i.j.mail.example.com")[:3]
    ('a.b.c.d.e.f.g.h.i.j.mail.example.com', 'g.h.i.j.mail.example.com', 'h.i.j.mail.example.com')
    """
    labels = domain.split(".")
    above = min(len(labels) - 1, _MOST_NAMES - 1)
    return (domain, *(".".join(labels[-count:]) for count in range(above, 0, -1)))


def discover(domain: str) -> Check[Discovery]:
    """Ask for all names of the walk at once, and see which record applies."""
    existence, levels = yield from together(ask(Query(domain, "TXT")), each(map(_level, walk_names(domain))))
    return _decide(levels, exists=not isinstance(existence, NoSuchDomain))


def _level(domain: str) -> Check[Level]:
    outcome = yield from ask(Query(f"_dmarc.{domain}", "TXT"))
    texts = tuple(filter(is_dmarc, outcome.values)) if isinstance(outcome, Answer) else ()
    record = Record.parse(texts[0]) if len(texts) == 1 else None
    return Level(domain=domain, outcome=outcome, texts=texts, record=record)


def _decide(levels: tuple[Level, ...], *, exists: bool) -> Discovery:
    """Apply RFC 9989, 4.10.1 and 4.10.2, to what the walk found."""
    ends = [number for number, level in enumerate(levels) if level.record and level.record.psd is not Suffix.UNKNOWN]
    walked = levels[: ends[0] + 1] if ends else levels
    organizational = _organizational(walked)
    own, by_domain = walked[0], {level.domain: level for level in walked}
    suffix = organizational.partition(".")[2]
    candidates = (own, by_domain.get(organizational), by_domain.get(suffix))
    applied = next((level for level in candidates if level and level.record), None)
    if applied is None or applied.record is None:
        policy = None
    elif applied is own:
        policy = applied.record.policy
    else:
        policy = applied.record.policy_below(exists=exists)
    return Discovery(levels=walked, applied=applied, organizational=organizational, policy=policy)


def _organizational(walked: tuple[Level, ...]) -> str:
    """The organizational domain: psd=n, else the one below psd=y, else the shortest with a record (4.10.2)."""
    found = [number for number, level in enumerate(walked) if level.record]
    if not found:
        return walked[0].domain
    last = found[-1]
    record = walked[last].record
    assert record is not None
    if record.psd is Suffix.YES and last > 0:
        below, labels = walked[0].domain.split("."), walked[last].domain.count(".") + 2
        return ".".join(below[-labels:])
    return walked[last].domain
