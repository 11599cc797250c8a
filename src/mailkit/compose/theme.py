"""How letters look: colours for light and dark, fonts and sizes."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

import attrs

from mailkit.checks import one_line
from mailkit.errors import InvalidValue

__all__ = ["Theme", "whole"]

_COLOUR: Final = re.compile(r"#[0-9a-fA-F]{6}\Z")
_FONT: Final = re.compile(r"[\w ,'-]+\Z")
_SANS: Final = "-apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif"


def whole(least: int) -> Callable[[object, Any, int], None]:
    """An attrs validator that refuses what is not a whole number from `least` up, as HTML's sizes are."""

    def check(instance: object, attribute: Any, value: int) -> None:
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            what = f"{type(instance).__name__}.{attribute.name}"
            raise InvalidValue(what, value, f"is not a whole number from {least} up")

    return check


def _colour(instance: object, attribute: Any, value: str) -> None:
    if not isinstance(value, str) or not _COLOUR.match(value):
        raise InvalidValue(f"Theme.{attribute.name}", value, "is not a colour of six digits", "write '#1a56db'")


def _font(instance: object, attribute: Any, value: str) -> None:
    one_line(instance, attribute, value)
    if not _FONT.match(value):
        raise InvalidValue(f"Theme.{attribute.name}", value, "is not a list of font names", 'write "Georgia, serif"')


@attrs.frozen(kw_only=True)
class Theme:
    """The looks of a letter. Colours are `#rrggbb`: Outlook for Windows knows no others.

    The defaults keep WCAG's contrast of 4.5 to 1 for text, light and dark.

    Attributes:
        background: Around the letter.
        surface: Behind its text.
        text: The text.
        muted: Small print.
        link: Links in the text.
        accent: Buttons.
        on_accent: The text on buttons.
        line: Dividers.
        dark_background: The same for readers who prefer dark, where the client can tell.
        dark_surface: See `surface`.
        dark_text: See `text`.
        dark_muted: See `muted`.
        dark_link: See `link`.
        dark_accent: See `accent`.
        dark_on_accent: See `on_accent`.
        dark_line: See `line`.
        font: Fonts of the text as in CSS, ending in a generic one.
        heading_font: Fonts of headings; those of the text if empty.
        width_px: The greatest width.
        padding_px: The blank at both sides of the text.
        text_px: The size of the text.
        radius_px: How round buttons and the letter's corners are.

    >>> Theme(accent="#0b6e4f").accent
    '#0b6e4f'
    >>> Theme(accent="green")
    Traceback (most recent call last):
    mailkit.errors.InvalidValue: Theme.accent: 'green' is not a colour of six digits; write '#1a56db'
    """

    background: str = attrs.field(default="#f1f3f6", validator=_colour)
    surface: str = attrs.field(default="#ffffff", validator=_colour)
    text: str = attrs.field(default="#1f2933", validator=_colour)
    muted: str = attrs.field(default="#5b6775", validator=_colour)
    link: str = attrs.field(default="#1a56db", validator=_colour)
    accent: str = attrs.field(default="#1a56db", validator=_colour)
    on_accent: str = attrs.field(default="#ffffff", validator=_colour)
    line: str = attrs.field(default="#e3e7ec", validator=_colour)
    dark_background: str = attrs.field(default="#11161c", validator=_colour)
    dark_surface: str = attrs.field(default="#1b222b", validator=_colour)
    dark_text: str = attrs.field(default="#e6eaef", validator=_colour)
    dark_muted: str = attrs.field(default="#a3aebb", validator=_colour)
    dark_link: str = attrs.field(default="#8fb4ff", validator=_colour)
    dark_accent: str = attrs.field(default="#8fb4ff", validator=_colour)
    dark_on_accent: str = attrs.field(default="#11161c", validator=_colour)
    dark_line: str = attrs.field(default="#36404c", validator=_colour)
    font: str = attrs.field(default=_SANS, validator=_font)
    heading_font: str = attrs.field(default="", validator=lambda *given: _font(*given) if given[2] else None)
    width_px: int = attrs.field(default=600, validator=whole(320))
    padding_px: int = attrs.field(default=32, validator=whole(0))
    text_px: int = attrs.field(default=16, validator=whole(10))
    radius_px: int = attrs.field(default=8, validator=whole(0))
