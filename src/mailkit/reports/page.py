"""One HTML page with everything about a mailing: no script, no other file, nothing fetched."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from mailkit.findings import Finding, findings_html
from mailkit.reports.bounces import CauseCount
from mailkit.reports.counts import Funnel, Rate, rates
from mailkit.reports.heatmap import LinkClicks
from mailkit.reports.revenue import Revenue

if TYPE_CHECKING:
    from jinja2 import Template

__all__ = ["page"]

_STEPS = ("letters", "accepted", "opened", "clicked", "converted")


def page(
    title: str,
    *,
    funnel: Funnel,
    subtitle: str = "",
    groups: Mapping[str, Funnel] | None = None,
    refusals: Iterable[CauseCount] = (),
    clicks: Iterable[LinkClicks] = (),
    letter: str = "",
    revenue: Revenue | None = None,
    domain: str = "",
    findings: Iterable[Finding] = (),
    notes: Iterable[str] = (),
) -> str:
    """Write a report as one self-contained HTML page.

    Parts that are not given are left out. A policy on the page itself (CSP) lets nothing run and
    nothing be fetched, so pictures of the letter that lie elsewhere are not shown. The page
    prints, works in dark mode, and is read by screen readers: every chart is a table with bars.

    Args:
        title: What the report is about.
        funnel: How far the letters came (`funnel`).
        subtitle: A line below the title.
        groups: The same apart for each group of people (`funnel_by`).
        refusals: What servers refused (`bounces_by_cause`).
        clicks: How often each link was followed (`clicks_by_link`).
        letter: The letter's HTML with its clicks (`picture`); shown where it can run nothing.
        revenue: What was bought after the letters (`revenue`).
        domain: HTML about the sending domain, such as `dns.DomainReport._repr_html_()`. Inserted as it is.
        findings: What else is to be said, such as the findings of an import.
        notes: Sentences for the end of the page.

    >>> "<title>Spring</title>" in page("Spring", funnel=Funnel(letters=1, accepted=1))
    True
    """
    findings = tuple(findings)
    return _template().render(
        title=title,
        subtitle=subtitle,
        funnel=funnel,
        steps=_steps(funnel, revenue),
        rates=rates(funnel),
        groups={name: (one, {rate.name: rate for rate in rates(one)}) for name, one in (groups or {}).items()},
        refusals=tuple(refusals),
        clicks=tuple(clicks),
        letter=letter,
        revenue=revenue,
        domain=domain,
        findings=findings_html(findings) if findings else "",
        notes=tuple(notes),
    )


def _steps(funnel: Funnel, revenue: Revenue | None) -> list[Rate]:
    """The funnel's steps, each as a share of all letters; people who bought close it where they are known."""
    names = _STEPS if funnel.converted else _STEPS[:-1]
    steps = [Rate(name=name, count=getattr(funnel, name), of=funnel.letters, of_what="letters") for name in names]
    if revenue is not None:
        steps.append(Rate(name="bought after it", count=revenue.buyers, of=funnel.letters, of_what="letters"))
    return steps


@cache
def _template() -> Template:
    from jinja2 import Environment, StrictUndefined

    env = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    env.filters["percent"] = lambda share: "–" if share is None else f"{share:.1%}"
    env.filters["whole"] = lambda amount: f"{amount:,.0f}"
    env.filters["number"] = lambda number: f"{number:,}"
    return env.from_string(files("mailkit.reports").joinpath("page.html.jinja").read_text(encoding="utf-8"))
