"""Blocks of pictures, also of those that are drawn when the letter is opened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

import attrs

from mailkit.compose.blocks.rows import ALIGN, Align, as_blocks, check_some_blocks
from mailkit.compose.rules import Rule, any_text, colour, either, filled, one_of, whole

if TYPE_CHECKING:
    from mailkit.compose.blocks import Block

__all__ = ["Countdown", "Hero", "Image", "Live", "Video"]


def _live_trouble(value: Any) -> str:
    if isinstance(value, str) and value.strip().lower().startswith(("cid:", "data:")):
        return "is a picture inside the letter, which cannot change after it is sent"
    return filled.trouble(value)


# JSON Schema's patterns know no flag for small and capital letters.
_LIVE: Final = Rule(
    _live_trouble, {"pattern": r"^(?!\s*([cC][iI][dD]|[dD][aA][tT][aA]):)[\s\S]*\S"}, "give an https: address"
)


@attrs.frozen
class Image:
    """A picture, never wider than the place where it stands.

    Attributes:
        src: Its address: `https:`, or `cid:` for an attachment.
        alt: What it says, for those who do not see it; empty for an ornament, whose link is
            then for those who see it alone. Always given.
        href: Where it leads; empty if nowhere.
        width_px: Its width; 0 for as wide as there is room.
        align: Where it stands if it is narrower.
        dark_src: Another picture for readers who prefer dark, such as a light logo; empty for the same.

    >>> Image(src="https://shop.example.com/sale.png", alt="Sale: everything at half price").width_px
    0
    """

    src: str = attrs.field(validator=filled)
    alt: str = attrs.field(kw_only=True, validator=any_text)
    href: str = attrs.field(default="", kw_only=True, validator=any_text)
    width_px: int = attrs.field(default=0, kw_only=True, validator=whole(0))
    align: Align = attrs.field(default="center", kw_only=True, validator=ALIGN)
    dark_src: str = attrs.field(default="", kw_only=True, validator=any_text)


@attrs.frozen
class Hero:
    """Blocks on a picture, from one side of the letter to the other.

    Where the picture is not shown, the background's colour is; choose one on which the words
    can be read. The colours stay as they are in dark mode, since the picture does.

    Attributes:
        src: The picture's address.
        blocks: What stands on it. No columns, tables of products, footers or other heroes.
        height_px: The least height.
        background: The colour where the picture is not shown, `#rrggbb`.
        foreground: The words' colour.
        valign: Where the blocks stand if they are lower than the picture.

    >>> from mailkit.compose import blocks as b
    >>> Hero("https://shop.example.com/sea.jpg", blocks=[b.Heading("Summer")]).foreground
    '#ffffff'
    """

    src: str = attrs.field(validator=filled)
    blocks: tuple[Block, ...] = attrs.field(kw_only=True, converter=as_blocks, validator=check_some_blocks)
    height_px: int = attrs.field(default=320, kw_only=True, validator=whole(40))
    background: str = attrs.field(default="#1f2933", kw_only=True, validator=colour)
    foreground: str = attrs.field(default="#ffffff", kw_only=True, validator=colour)
    valign: Literal["top", "middle", "bottom"] = attrs.field(
        default="middle", kw_only=True, validator=one_of("top", "middle", "bottom")
    )


@attrs.frozen
class Video:
    """The first picture of a video, with a sign to play it, which leads to where it can be watched.

    Attributes:
        poster: The picture's address.
        alt: What the video is about.
        href: Where it can be watched.
        text: What stands beside the sign, such as "Watch (2 min)"; empty for the sign alone.
        width_px: Its width; 0 for as wide as there is room.

    >>> Video("https://shop.example.com/v.jpg", alt="How a book is bound", href="https://shop.example.com/v").text
    ''
    """

    poster: str = attrs.field(validator=filled)
    alt: str = attrs.field(kw_only=True, validator=filled)
    href: str = attrs.field(kw_only=True, validator=filled)
    text: str = attrs.field(default="", kw_only=True, validator=any_text)
    width_px: int = attrs.field(default=0, kw_only=True, validator=whole(0))


@attrs.frozen
class Countdown:
    """The end of an offer: in words that stay true, below a clock drawn when the letter is opened.

    Attributes:
        until: When it ends, in words, such as "Until {{ ends|datetime }}". Always shown, since
            the clock may not be.
        src: The address of the clock's picture, drawn anew at each opening; empty for words only.
        width_px: The picture's width; 0 for as wide as there is room.

    >>> Countdown("Until {{ ends|datetime }}", src="{{ clock_url }}").width_px
    0
    """

    until: str = attrs.field(validator=filled)
    src: str = attrs.field(default="", kw_only=True, validator=either(_LIVE))
    width_px: int = attrs.field(default=0, kw_only=True, validator=whole(0))


@attrs.frozen
class Live:
    """A picture that is decided when the letter is opened: the stock left, the weather, today's offer.

    What it shows is the server's matter. Let the address be signed, so that nobody draws what
    they like with it, and answer it with `Cache-Control: no-store`: providers keep pictures.

    Attributes:
        src: The picture's address, of the web; usually a field, "{{ stock_url }}".
        alt: What is true without it; shown where the picture is not.
        href: Where it leads; empty if nowhere.
        width_px: Its width; 0 for as wide as there is room.
        align: Where it stands if it is narrower.

    >>> Live("{{ stock_url }}", alt="See how many are left").alt
    'See how many are left'
    >>> Live("cid:stock", alt="See how many are left")
    Traceback (most recent call last):
    mailkit.errors.InvalidValue: Live.src: 'cid:stock' is a picture inside the letter, which cannot change after it ...
    """

    src: str = attrs.field(validator=_LIVE)
    alt: str = attrs.field(kw_only=True, validator=filled)
    href: str = attrs.field(default="", kw_only=True, validator=any_text)
    width_px: int = attrs.field(default=0, kw_only=True, validator=whole(0))
    align: Align = attrs.field(default="center", kw_only=True, validator=ALIGN)
