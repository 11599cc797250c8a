"""Blocks that lead somewhere."""

from __future__ import annotations

from typing import Literal

import attrs

from mailkit.compose.blocks.rows import ALIGN, Align, Link, as_links, check_links, check_some_links
from mailkit.compose.rules import any_text, filled, flag, one_of, whole

__all__ = ["Button", "Footer", "Menu", "Social"]


@attrs.frozen
class Button:
    """A link that looks like a button, in Outlook for Windows too.

    Attributes:
        text: What it says.
        href: Where it leads.
        align: Where it stands.
        width_px: Its width in Outlook for Windows, which cannot fit it to the text; 0 to guess.
        kind: "primary" for what the letter is about, "secondary" (outlined) for what else may be done.
        wide: Whether it is as wide as the text.

    >>> Button("Finish", href="{{ cart_url }}").align
    'start'
    """

    text: str = attrs.field(validator=filled)
    href: str = attrs.field(kw_only=True, validator=filled)
    align: Align = attrs.field(default="start", kw_only=True, validator=ALIGN)
    width_px: int = attrs.field(default=0, kw_only=True, validator=whole(0))
    kind: Literal["primary", "secondary"] = attrs.field(
        default="primary", kw_only=True, validator=one_of("primary", "secondary")
    )
    wide: bool = attrs.field(default=False, kw_only=True, validator=flag)


@attrs.frozen
class Menu:
    """Links side by side, as at the top of a site; they go on in the next line where the screen ends.

    Attributes:
        links: The links: `Link` values, pairs of text and address, or a mapping from one to the other.
        align: Where they stand.

    >>> Menu({"New": "https://shop.example.com/new", "Sale": "https://shop.example.com/sale"}).links[1].text
    'Sale'
    """

    links: tuple[Link, ...] = attrs.field(converter=as_links, validator=check_some_links)
    align: Align = attrs.field(default="center", kw_only=True, validator=ALIGN)


@attrs.frozen
class Social:
    """The networks where the sender can be followed.

    A link without an icon is shown as its name in a frame: mailkit hosts no pictures.

    Attributes:
        links: The networks by name, as for `Menu`.
        align: Where they stand.

    >>> Social({"Telegram": "https://social.example.com/books"}).links[0].text
    'Telegram'
    """

    links: tuple[Link, ...] = attrs.field(converter=as_links, validator=check_some_links)
    align: Align = attrs.field(default="center", kw_only=True, validator=ALIGN)


@attrs.frozen(kw_only=True)
class Footer:
    """The small print that every letter to many needs: who writes, why, and how to leave.

    Its link to leave is the field `unsubscribe_url`. Records need it only where the letter is
    compiled without `links=`: with them, rendering for a person fills it.

    Attributes:
        address: The sender's postal address, as CAN-SPAM (15 U.S.C. 7704(a)(5)) and others ask; lines stay lines.
        reason: Why the reader gets this letter.
        unsubscribe: What the link to leave says.
        href: Where it leads: a field that tracking fills, or the record.
        preferences: What the link to choose other letters says; empty for no such link.
        preferences_href: Where that link leads.
        links: Further links, as for `Menu`: privacy, terms, the letter on the web.
        legal: What else the law asks for, such as a registration number; lines stay lines.

    >>> Footer(address="Books Ltd, 1 Main Street, Kazan").href
    '{{ unsubscribe_url }}'
    """

    address: str = attrs.field(validator=filled)
    reason: str = attrs.field(default="", validator=any_text)
    unsubscribe: str = attrs.field(default="Unsubscribe", validator=filled)
    href: str = attrs.field(default="{{ unsubscribe_url }}", validator=filled)
    preferences: str = attrs.field(default="", validator=any_text)
    preferences_href: str = attrs.field(default="{{ preferences_url }}", validator=filled)
    links: tuple[Link, ...] = attrs.field(default=(), converter=as_links, validator=check_links)
    legal: str = attrs.field(default="", validator=any_text)
