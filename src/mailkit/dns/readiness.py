"""What each mailbox provider demands, item by item: met, not met, or not to be seen from here.

How to think about it. What was seen of a domain is a list of *facts*: a word such as "ptr",
whether it holds (None if it could not be seen), and why. The providers' rules are a table
(`readiness.toml`) that asks for these words. Nothing that was not seen is called met, and
nothing is called missing because nobody looked.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any, Final

import attrs

__all__ = ["DEMANDS", "Demand", "Fact", "Readiness", "Status", "judge"]

DEMANDS: Final = (
    "spf", "dkim", "spf-or-dkim", "dmarc", "aligned", "rua", "ptr", "tls", "form", "own-from", "answerable",
    "complaints", "list-unsubscribe", "one-click", "unsubscribe-link",
)  # fmt: skip
"""The words for what can be demanded."""


class Status(StrEnum):
    """What became of a demand."""

    MET = "met"
    """It is met."""
    UNMET = "unmet"
    """It is not."""
    UNKNOWN = "unknown"
    """It cannot be seen from here, or nobody answered."""


@attrs.frozen(kw_only=True)
class Fact:
    """What was seen about one demand.

    Attributes:
        demand: Which one.
        holds: Whether it is met; None if that was not seen.
        evidence: What was seen, or what would have to be given to see it.
        mend: What to do, if it is not met.
    """

    demand: str = attrs.field(validator=attrs.validators.in_(DEMANDS))
    holds: bool | None
    evidence: str = ""
    mend: str = ""


@attrs.frozen(kw_only=True)
class Demand:
    """One demand of a provider, and what became of it.

    Attributes:
        provider: Whose demand it is.
        demand: The word for it.
        text: The demand as a sentence.
        of_bulk: Whether it is made of bulk senders only.
        is_must: Whether mail suffers without it; else it is advice.
        status: What became of it.
        evidence: What was seen, or what would have to be given to see it.
        mend: What to do, if it is not met.
        source: Where the provider says so.
    """

    provider: str
    demand: str
    text: str
    of_bulk: bool
    is_must: bool
    status: Status
    evidence: str = ""
    mend: str = ""
    source: str = ""

    def __str__(self) -> str:
        sign = {Status.MET: "yes", Status.UNMET: "NO", Status.UNKNOWN: "?"}[self.status]
        more = "; ".join(part for part in (self.evidence, self.mend if self.status is Status.UNMET else "") if part)
        return f"{sign:3} {self.text}" + ("" if self.is_must else " (advice)") + (f": {more}" if more else "")


@attrs.frozen(kw_only=True)
class Readiness:
    """Whether one provider's demands are met.

    Attributes:
        provider: The provider.
        demands: Its demands, those of everyone first.

    >>> gmail = judge([Fact(demand="spf", holds=True)])[0]
    >>> gmail.provider, gmail.is_ready, gmail.unmet
    ('Gmail', None, ())
    """

    provider: str
    demands: tuple[Demand, ...]

    @property
    def unmet(self) -> tuple[Demand, ...]:
        """The demands that are not met, advice left out."""
        return tuple(one for one in self.demands if one.is_must and one.status is Status.UNMET)

    @property
    def unknown(self) -> tuple[Demand, ...]:
        """The demands of which is not known whether they are met, advice left out."""
        return tuple(one for one in self.demands if one.is_must and one.status is Status.UNKNOWN)

    @property
    def is_ready(self) -> bool | None:
        """Whether all that must be is met; None if nothing is known to be amiss, but not all was seen."""
        return False if self.unmet else None if self.unknown else True

    @property
    def verdict(self) -> str:
        """That in words."""
        if self.unmet:
            verb = "is" if len(self.unmet) == 1 else "are"
            return f"not ready: {len(self.unmet)} of {len(self.demands)} demands {verb} not met"
        unseen = "1 demand was" if len(self.unknown) == 1 else f"{len(self.unknown)} demands were"
        return f"as far as can be seen; {unseen} not seen" if self.unknown else "ready"

    def __str__(self) -> str:
        return "\n".join([f"{self.provider}: {self.verdict}", *(f"  {one}" for one in self.demands)])

    def _repr_html_(self) -> str:
        return readiness_html([self])


def judge(facts: Iterable[Fact]) -> tuple[Readiness, ...]:
    """Hold what was seen against the demands of every provider.

    >>> gmail = judge([Fact(demand="spf", holds=False, mend="publish a record")])[0]
    >>> [demand.text for demand in gmail.unmet]
    ['SPF for the sending domain']
    """
    seen = {fact.demand: fact for fact in facts}
    demands: dict[str, list[Demand]] = {}
    for rule in _rules():
        demands.setdefault(rule["provider"], []).append(_demand(rule, seen.get(rule["demand"])))
    return tuple(Readiness(provider=name, demands=tuple(found)) for name, found in demands.items())


def _demand(rule: Mapping[str, Any], fact: Fact | None) -> Demand:
    holds = fact.holds if fact else None
    status = Status.UNKNOWN if holds is None else Status.MET if holds else Status.UNMET
    return Demand(
        provider=rule["provider"],
        demand=rule["demand"],
        text=rule["text"],
        of_bulk=rule["of"] == "bulk",
        is_must=rule["is_must"],
        status=status,
        evidence=fact.evidence if fact else "",
        mend=fact.mend if fact else "",
        source=rule["source"],
    )


@cache
def _rules() -> tuple[dict[str, Any], ...]:
    table = tomllib.loads(files("mailkit.dns").joinpath("readiness.toml").read_text(encoding="utf-8"))
    return tuple(rule | {"source": table["source"][rule["provider"]]} for rule in table["rule"])


_HUES: Final = {Status.MET: "#1a7f37", Status.UNMET: "#b3261e", Status.UNKNOWN: "#8a5a00"}
_LEFT: Final = "text-align:left;vertical-align:top;padding:.2em 1em .2em 0;overflow-wrap:anywhere"
_MIDDLE: Final = "text-align:center;vertical-align:top;padding:.2em .5em"
_SIGNS: Final = {Status.MET: "✓", Status.UNMET: "✗", Status.UNKNOWN: "?"}


def readiness_html(found: Iterable[Readiness]) -> str:
    """The demands as one table: a row for each demand, a column for each provider.

    >>> readiness_html([]).startswith("<table")
    True
    """
    providers = list(found)
    rows: dict[str, dict[str, Demand]] = {}
    for one in providers:
        for demand in one.demands:
            rows.setdefault(demand.demand, {})[one.provider] = demand
    head = "".join(f'<th scope="col" style="{_MIDDLE}">{escape(one.provider)}</th>' for one in providers)
    body = "".join(_row(rows[word], [one.provider for one in providers]) for word in DEMANDS if word in rows)
    return (
        '<table class="mailkit-readiness" style="border-collapse:collapse"><thead><tr>'
        f'<th scope="col" style="{_LEFT}">Demand</th>{head}<th scope="col" style="{_LEFT}">Seen</th></tr></thead>'
        f"<tbody>{body}</tbody></table>"
    )


def _row(demands: Mapping[str, Demand], providers: Iterable[str]) -> str:
    first = next(iter(demands.values()))
    cells = "".join(_cell(demands.get(provider)) for provider in providers)
    seen = "; ".join(part for part in (first.evidence, first.mend if first.status is Status.UNMET else "") if part)
    return (
        f'<tr><th scope="row" style="{_LEFT};font-weight:400">{escape(first.text)}</th>{cells}'
        f'<td style="{_LEFT}">{escape(seen)}</td></tr>'
    )


def _cell(demand: Demand | None) -> str:
    if demand is None:
        return f'<td style="{_MIDDLE};opacity:.4">–</td>'
    advice = "" if demand.is_must else ", advice"
    return (
        f'<td style="{_MIDDLE};color:{_HUES[demand.status]};font-weight:600" '
        f'title="{demand.status}{advice}"><span aria-hidden="true">{_SIGNS[demand.status]}</span>'
        f'<span style="position:absolute;clip-path:inset(50%)">{demand.status}{advice}</span></td>'
    )
