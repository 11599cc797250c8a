"""What the ready letters share: the sender's head and foot, and texts in the reader's language."""

from __future__ import annotations

import re
from html import escape
from typing import Final, Literal

from mailkit.compose import blocks as b
from mailkit.compose.letter import Letter
from mailkit.compose.letters.brand import Brand
from mailkit.compose.letters.texts import said
from mailkit.errors import InvalidValue

__all__ = ["Draft"]

_IMAGE: Final = "{{{{ {}.image|default('', true) }}}}"
_MARKDOWN: Final = re.compile(r"([\\`*_\[\]<>&#!~|])")


class Draft:
    """One letter in one language, whose words are asked for by their keys."""

    def __init__(self, brand: Brand, lang: str, name: str) -> None:
        if not isinstance(brand, Brand):
            mend = "write letters.Brand(name=…, href=…, address=…)"
            raise InvalidValue(f"letters.{name}, brand", brand, "is not a Brand", mend)
        self._brand, self._lang, self._words = brand, lang, said(lang, name)

    def line(self, key: str) -> str:
        """What is said under a key, as plain text."""
        return self._filled(key, self._brand.name)

    def hello(self) -> b.Text:
        """The greeting, by the reader's name if it is known."""
        return b.Text(self.line("hello"))

    def text(self, key: str = "text", *, muted: bool = False) -> b.Text:
        """Paragraphs in Markdown."""
        return b.Text(self._filled(key, _MARKDOWN.sub(r"\\\1", self._brand.name)), muted=muted)

    def button(
        self, href: str = "", key: str = "button", *, kind: Literal["primary", "secondary"] = "primary"
    ) -> b.Button:
        """A button, which leads to the sender's web site unless told otherwise."""
        return b.Button(self.line(key), href=href or self._brand.href, kind=kind)

    def code(self, field: str) -> b.Text:
        """A code to be read or copied."""
        style = "margin:0;font-size:28px;line-height:40px;font-weight:bold;letter-spacing:4px"
        return b.Text(html=f'<p style="{style}">{{{{ {field} }}}}</p>')

    def price(self, field: str) -> str:
        """The expression that writes a price."""
        money = self._words["money"].replace("<currency>", self._brand.currency)
        return f"{{{{ {field}|{money} }}}}"

    def rows(self, each: str) -> b.If:
        """What was put into a cart or ordered, a row for each; without any the letter is not to be sent."""
        goods = b.Products(
            each=each,
            name="{{ item.name }}",
            text=self.line("pieces"),
            price=self.price("item.price"),
            image=_IMAGE.format("item"),
            href="{{ item.url }}",
        )
        return b.If(f"{each}|required", [goods])

    def cards(self, each: str) -> b.If:
        """What may please the reader, side by side; without any the letter is not to be sent."""
        goods = b.Products(
            each=each,
            name="{{ item.name }}",
            price=self.price("item.price"),
            image=_IMAGE.format("item"),
            href="{{ item.url }}",
            button=self.line("item_button"),
            columns=2,
        )
        return b.If(f"{each}|required", [goods])

    def product(self, *, has_old_price: bool = False) -> b.Product:
        """The one thing that the letter is about."""
        return b.Product(
            "{{ product.name }}",
            price=self.price("product.price"),
            old_price=self.price("product.old_price") if has_old_price else "",
            image=_IMAGE.format("product"),
            href="{{ product.url }}",
            kind="card",
        )

    def letter(self, *blocks: b.Block, is_asked_for: bool = False) -> Letter:
        """The letter: the sender's name, the heading, the blocks, and the small print.

        Args:
            blocks: What stands between the heading and the small print.
            is_asked_for: Whether the reader has just done what it answers, such as an order;
                one cannot unsubscribe from that.
        """
        heading = b.Heading(self.line("heading"))
        return Letter(
            subject=self.line("subject"),
            preheader=self.line("preheader"),
            blocks=[self._head(), heading, *blocks, b.Divider(), self._foot(is_asked_for=is_asked_for)],
            lang=self._lang,
            theme=self._brand.theme,
        )

    def _filled(self, key: str, brand: str) -> str:
        money = self._words["money"].replace("<currency>", self._brand.currency)
        return self._words[key].replace("<brand>", brand).replace("<money>", money)

    def _head(self) -> b.Block:
        brand = self._brand
        if brand.logo:
            return b.Image(src=brand.logo, alt=brand.name, href=brand.href, width_px=brand.logo_width_px, align="start")
        looks = f'class="mk-text" style="color:{brand.theme.text};font-weight:bold;text-decoration:none"'
        return b.Text(html=f'<p style="margin:0"><a href="{escape(brand.href)}" {looks}>{escape(brand.name)}</a></p>')

    def _foot(self, *, is_asked_for: bool) -> b.Block:
        brand = self._brand
        if is_asked_for:
            lines = [brand.name, *brand.address.splitlines()]
            why = f'<p style="margin:0 0 8px">{escape(self.line("for_customers"))}</p>'
            who = f'<p style="margin:0">{"<br>".join(map(escape, lines))}</p>'
            return b.Text(html=why + who, muted=True, align="center")
        return b.Footer(
            address=f"{brand.name}\n{brand.address}",
            reason=self.line("for_subscribers"),
            unsubscribe=self.line("unsubscribe"),
            links=brand.social,
        )
