"""Clicks by link, and a picture of the letter with them.

No browser is needed: the compiler numbers every link of a letter, so a letter compiled with
`LinkMarks` has those numbers where the addresses were, and the clicks are laid over it. Two
links to one address are told apart.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Final

import attrs

from mailkit.compose.links import Link
from mailkit.event import Event, Kind

__all__ = ["LinkClicks", "LinkMarks", "clicks_by_link", "picture"]

_MARK: Final = "https://marked.invalid/"
_ANCHOR: Final = re.compile(r'(<a\b[^<>]*?\bhref=")' + re.escape(_MARK) + r'(\d{1,9})("[^<>]*>)', re.IGNORECASE)


@attrs.frozen(kw_only=True)
class LinkClicks:
    """How often one link of a letter was followed.

    Attributes:
        link: The link.
        clicks: All clicks.
        people: The people who clicked, each counted once.

    >>> LinkClicks(link=Link(number=1, href="https://example.com/", label="Shop"), clicks=3, people=2).clicks
    3
    """

    link: Link
    clicks: int
    people: int


class LinkMarks:
    """Links for `compose.compile` that write each link's number into the letter, for `picture`.

    >>> LinkMarks().url(3, person=0, at=datetime(2026, 3, 1))
    'https://marked.invalid/3'
    """

    def place(self, link: Link) -> bool:
        """Every link is marked."""
        return True

    def url(self, number: int, *, person: int, at: datetime) -> str:
        """The mark, which is no address that exists."""
        return f"{_MARK}{number}"

    def pixel(self, *, person: int, at: datetime) -> str:
        """A picture of a letter tells nobody that it was opened."""
        return ""

    def unsubscribe(self, *, person: int, at: datetime) -> str:
        """Nobody leaves by a picture."""
        return "#"


def clicks_by_link(events: Iterable[Event], links: Iterable[Link]) -> tuple[LinkClicks, ...]:
    """Count clicks for each link of a letter, in the letter's order, those without any too.

    Args:
        events: The log of one letter, in any order; the property `link` names the link's number.
        links: The letter's links (`compose.Template.links`).

    >>> from datetime import UTC
    >>> click = Event(kind="clicked", person="1", at=datetime(2026, 3, 1, tzinfo=UTC), properties={"link": 1})
    >>> links = [Link(number=1, href="https://example.com/", label="Buy")]
    >>> [(row.link.label, row.clicks) for row in clicks_by_link([click], links)]
    [('Buy', 1)]
    """
    clicks: dict[int, list[str]] = defaultdict(list)
    for event in events:
        number = event.properties.get("link")
        if event.kind == Kind.CLICKED and isinstance(number, int):
            clicks[number].append(event.person)
    return tuple(
        LinkClicks(link=link, clicks=len(clicks[link.number]), people=len(set(clicks[link.number]))) for link in links
    )


def picture(marked_html: str, clicks: Iterable[LinkClicks]) -> str:
    """The letter's HTML with a badge at every link that says how many people followed it.

    Args:
        marked_html: The letter, compiled with `LinkMarks` and rendered with any `person`.
        clicks: What `clicks_by_link` gave.

    >>> row = LinkClicks(link=Link(number=1, href="https://example.com/", label="Shop"), clicks=3, people=2)
    >>> ">2<" in picture('<a href="https://marked.invalid/1">Shop</a>', [row])
    True
    """
    by_number = {row.link.number: row for row in clicks}
    most = max((row.people for row in by_number.values()), default=0)

    def with_badge(found: re.Match[str]) -> str:
        row = by_number.get(int(found[2]))
        people = row.people if row else 0
        return f"{found[1]}#{found[3]}{_badge(people, people / most if most else 0)}"

    return _ANCHOR.sub(with_badge, marked_html)


def _badge(people: int, heat: float) -> str:
    """A pill over the link, from grey (nobody) to red (the link that most people followed)."""
    colour = f"hsl({210 - 205 * heat:.0f} {20 + 60 * heat:.0f}% {45 - 5 * heat:.0f}%)"
    style = (
        "position:absolute;transform:translate(-35%,-75%);z-index:9;display:inline-block;min-width:14px;"
        f"padding:1px 6px;border-radius:9px;background:{colour};color:#fff;text-align:center;"
        "font:600 11px/16px system-ui,sans-serif;text-decoration:none;box-shadow:0 1px 3px rgba(0,0,0,.4)"
    )
    return f'<span style="{style}" title="{people} people followed this link">{people}</span>'
