"""Who writes: what all letters of a sender have in common."""

from __future__ import annotations

import re
from typing import Any, Final

import attrs

from mailkit.checks import one_line
from mailkit.compose.blocks.rows import Link, as_links, check_links
from mailkit.compose.calling import well_called
from mailkit.compose.rules import any_text, whole
from mailkit.compose.theme import Theme
from mailkit.errors import InvalidValue

__all__ = ["Brand"]

_CURRENCY: Final = re.compile(r"[A-Z]{3}\Z")


def _plain(instance: object, attribute: Any, value: str) -> None:
    """One line without Jinja: it stands in texts of every kind."""
    one_line(instance, attribute, value)
    if not value.strip() or "{" in value:
        raise InvalidValue(f"Brand.{attribute.name}", value, "is empty or holds a brace", "write it as readers know it")


def _web_site(instance: object, attribute: Any, value: str) -> None:
    _plain(instance, attribute, value)
    if not value.lower().startswith(("https://", "http://")):
        raise InvalidValue("Brand.href", value, "is not a web address", f"write {f'https://{value}'!r}")


def _address(instance: object, attribute: Any, value: str) -> None:
    if not isinstance(value, str) or not value.strip() or "{" in value:
        raise InvalidValue(f"Brand.{attribute.name}", value, "is not a postal address")


@well_called
@attrs.frozen(kw_only=True)
class Brand:
    """Who writes, as readers know them: given once, for all ready letters.

    Attributes:
        name: The name at the head of each letter and in its texts.
        href: The web site, where the name and the last button lead.
        address: The postal address, as the law of most countries asks for; lines stay lines.
        currency: The currency of all prices (ISO 4217).
        logo: The address of a picture that stands in the name's place; empty for the name.
        logo_width_px: How wide the picture is.
        social: Other places to follow the sender, as the links of `blocks.Menu`.
        theme: How the letters look.

    >>> Brand(name="Atlas", href="https://shop.example.com/", address="1 Main Street, Kazan", currency="EUR").logo
    ''
    """

    name: str = attrs.field(validator=_plain)
    href: str = attrs.field(validator=_web_site)
    address: str = attrs.field(validator=_address)
    currency: str = attrs.field(default="EUR")
    logo: str = attrs.field(default="", validator=any_text)
    logo_width_px: int = attrs.field(default=160, validator=whole(0))
    social: tuple[Link, ...] = attrs.field(default=(), converter=as_links, validator=check_links)
    theme: Theme = attrs.field(factory=Theme)

    @theme.validator
    def _check_theme(self, attribute: object, value: Theme) -> None:
        if not isinstance(value, Theme):
            raise InvalidValue("Brand.theme", value, "is not a Theme", "write Theme(accent=…), or leave it out")

    @currency.validator
    def _check_currency(self, attribute: object, value: str) -> None:
        if not isinstance(value, str) or not _CURRENCY.match(value):
            raise InvalidValue("Brand.currency", value, "is not a currency (ISO 4217)", "write 'EUR'")
