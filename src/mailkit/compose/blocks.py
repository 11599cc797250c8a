"""What letters are made of: frozen values, written in the order in which they are read.

Texts and addresses may hold Jinja, `{{ field }}`; everything else in a text is taken as it
stands, so that `<` is a less-than sign. How blocks become HTML is `mailkit.compose.layout`'s
matter.

>>> from mailkit.compose import blocks as b
>>> letter = [b.Heading("Hello, {{ name }}"), b.Text("The **sale** has begun."), b.Button("See it", href="{{ url }}")]
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final, Literal, cast, get_args

import attrs

from mailkit.compose.theme import whole
from mailkit.errors import InvalidValue

__all__ = ["Block", "Button", "Divider", "Footer", "Heading", "Html", "If", "Image", "Products", "Spacer", "Text"]

Align = Literal["start", "center", "end"]
_LOOP: Final = re.compile(r"[A-Za-z]\w*(?:\.[A-Za-z]\w*)*\Z")
_NAME: Final = re.compile(r"[A-Za-z]\w*\Z")


def _filled(instance: object, attribute: Any, value: str) -> None:
    what = f"{type(instance).__name__}.{attribute.name}"
    if not isinstance(value, str):
        raise InvalidValue(what, value, "is not text")
    if not value.strip():
        raise InvalidValue(what, value, "is empty")


def _text(instance: object, attribute: Any, value: str) -> None:
    if not isinstance(value, str):
        raise InvalidValue(f"{type(instance).__name__}.{attribute.name}", value, "is not text")


def _align(instance: object, attribute: Any, value: str) -> None:
    if value not in get_args(Align):
        raise InvalidValue(f"{type(instance).__name__}.align", value, "is not 'start', 'center' or 'end'")


def _level(instance: object, attribute: Any, value: int) -> None:
    whole(1)(instance, attribute, value)
    if value > 3:
        raise InvalidValue("Heading.level", value, "is not 1, 2 or 3")


def as_blocks(value: Iterable[Block]) -> tuple[Block, ...]:
    """Any row of blocks as a tuple (a converter, for letters too); what is none is left for `check_blocks`."""
    is_row = isinstance(value, Iterable) and not isinstance(value, str)
    return tuple(value) if is_row else cast("tuple[Block, ...]", value)


def check_blocks(instance: object, attribute: Any, value: tuple[Block, ...]) -> None:
    """Refuse what is not a block (an attrs validator, for letters too)."""
    what = f"{type(instance).__name__}.{attribute.name}"
    if not isinstance(value, tuple):
        raise InvalidValue(what, value, "is not a row of blocks", "put it into [ ]")
    for block in value:
        if not isinstance(block, get_args(Block)):
            raise InvalidValue(what, block, "is not a block", "write e.g. blocks.Text('…')")


@attrs.frozen
class Heading:
    """A heading.

    Attributes:
        text: What it says.
        level: 1 for the letter's own, 2 and 3 for those below it.
        align: Where it stands; `start` is the right in a letter that is read from the right.

    >>> Heading("Hello, {{ name }}").level
    1
    """

    text: str = attrs.field(validator=_filled)
    level: int = attrs.field(default=1, kw_only=True, validator=_level)
    align: Align = attrs.field(default="start", kw_only=True, validator=_align)


@attrs.frozen
class Text:
    """Paragraphs: blank lines part them, `**bold**`, `*italic*` and `[label](address)` are understood.

    A backslash takes the meaning from the sign after it. For anything else give `html`.

    Attributes:
        text: The paragraphs.
        html: The paragraphs as HTML with Jinja, instead of `text`.
        align: Where the lines stand.
        muted: Whether it is small print.

    >>> Text("Until **Friday** only.").muted
    False
    """

    text: str = attrs.field(default="", validator=_text)
    html: str = attrs.field(default="", kw_only=True, validator=_text)
    align: Align = attrs.field(default="start", kw_only=True, validator=_align)
    muted: bool = attrs.field(default=False, kw_only=True)

    def __attrs_post_init__(self) -> None:
        if bool(self.text.strip()) == bool(self.html.strip()):
            raise InvalidValue("Text", self.text or self.html, "has neither or both of text and html", "give one")


@attrs.frozen(kw_only=True)
class Image:
    """A picture, never wider than the letter.

    Attributes:
        src: Its address: `https:`, or `cid:` for an attachment.
        alt: What it says, for those who do not see it; empty for an ornament. Always given.
        href: Where it leads; empty if nowhere.
        width_px: Its width; 0 for as wide as the text.
        align: Where it stands if it is narrower.

    >>> Image(src="https://shop.example.com/sale.png", alt="Sale: everything at half price").width_px
    0
    """

    src: str = attrs.field(validator=_filled)
    alt: str = attrs.field(validator=_text)
    href: str = attrs.field(default="", validator=_text)
    width_px: int = attrs.field(default=0, validator=whole(0))
    align: Align = attrs.field(default="center", validator=_align)


@attrs.frozen
class Button:
    """A link that looks like a button, in Outlook for Windows too.

    Attributes:
        text: What it says.
        href: Where it leads.
        align: Where it stands.
        width_px: Its width in Outlook for Windows, which cannot fit it to the text; 0 to guess.

    >>> Button("Finish", href="{{ cart_url }}").align
    'start'
    """

    text: str = attrs.field(validator=_filled)
    href: str = attrs.field(kw_only=True, validator=_filled)
    align: Align = attrs.field(default="start", kw_only=True, validator=_align)
    width_px: int = attrs.field(default=0, kw_only=True, validator=whole(0))


@attrs.frozen(kw_only=True)
class Products:
    """A row for each thing in a list of the record: a cart, an order, recommendations.

    Attributes:
        each: The field that holds the list, such as "cart" or "order.lines".
        name: What a row says first, such as "{{ item.name }}".
        text: More about it, below the name.
        price: What stands at the end of the row.
        image: The address of its picture; empty for none.
        alt: What the picture says; empty, since the name stands beside it.
        href: Where the name and the picture lead; empty if nowhere.
        item: The name that one thing of the list has in the texts above.

    >>> Products(each="cart", name="{{ item.name }}", price="{{ item.price }}").item
    'item'
    """

    each: str = attrs.field()
    name: str = attrs.field(validator=_filled)
    text: str = attrs.field(default="", validator=_text)
    price: str = attrs.field(default="", validator=_text)
    image: str = attrs.field(default="", validator=_text)
    alt: str = attrs.field(default="", validator=_text)
    href: str = attrs.field(default="", validator=_text)
    item: str = attrs.field(default="item")

    @each.validator
    def _check_each(self, attribute: object, value: str) -> None:
        if not isinstance(value, str) or not _LOOP.match(value):
            raise InvalidValue("Products.each", value, "is not the name of a field", "write 'cart', without braces")

    @item.validator
    def _check_item(self, attribute: object, value: str) -> None:
        if not isinstance(value, str) or not _NAME.match(value):
            raise InvalidValue("Products.item", value, "is not a name")


@attrs.frozen
class Divider:
    """A line across the text.

    >>> Divider() == Divider()
    True
    """


@attrs.frozen
class Spacer:
    """Blank space.

    Attributes:
        height_px: How high.

    >>> Spacer(24).height_px
    24
    """

    height_px: int = attrs.field(default=24, validator=whole(1))


@attrs.frozen
class Html:
    """HTML and Jinja of your own, put in as they stand; its CSS is inlined with the letter's.

    Attributes:
        source: The HTML, whole in itself.
        padded: Whether it keeps the letter's blank at its sides.

    >>> Html("<p>{{ name }}</p>").padded
    True
    """

    source: str = attrs.field(validator=_filled)
    padded: bool = attrs.field(default=True, kw_only=True)


@attrs.frozen
class If:
    """Blocks for some readers only.

    Attributes:
        test: A Jinja expression over the record, such as "segment == 'new'".
        blocks: For those of whom it is true.
        otherwise: For all others.

    >>> If("orders > 3", [Text("Thank you for coming back!")]).otherwise
    ()
    """

    test: str = attrs.field(validator=_filled)
    blocks: tuple[Block, ...] = attrs.field(converter=as_blocks, validator=check_blocks)
    otherwise: tuple[Block, ...] = attrs.field(default=(), kw_only=True, converter=as_blocks, validator=check_blocks)


@attrs.frozen(kw_only=True)
class Footer:
    """The small print that every letter to many needs: who writes, why, and how to leave.

    Attributes:
        address: The sender's postal address, as CAN-SPAM (15 U.S.C. 7704(a)(5)) and others ask; lines stay lines.
        reason: Why the reader gets this letter.
        unsubscribe: What the link to leave says.
        href: Where it leads: a field that tracking fills.

    >>> Footer(address="Books Ltd, 1 Main Street, Kazan").href
    '{{ unsubscribe_url }}'
    """

    address: str = attrs.field(validator=_filled)
    reason: str = attrs.field(default="", validator=_text)
    unsubscribe: str = attrs.field(default="Unsubscribe", validator=_filled)
    href: str = attrs.field(default="{{ unsubscribe_url }}", validator=_filled)


Block = Heading | Text | Image | Button | Products | Divider | Spacer | Html | If | Footer
"""Any block."""
