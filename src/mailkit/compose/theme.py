"""How letters look: colours for light and dark, fonts and sizes."""

from __future__ import annotations

from typing import Any, Final

import attrs

from mailkit.compose.calling import well_called
from mailkit.compose.rules import colour, either, matching, whole, wholes

__all__ = ["Theme"]

_SANS: Final = "-apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif"
# Whatever could end the CSS or the attribute in which the names stand is no part of a name.
_NAME: Final = r"""[^\x00-\x1f\x7f\x85\u2028\u2029<>"`{}()\[\];:\\@&/']"""
_FONT: Final = matching(
    rf"(?=[\s\S]*[^\s,']){_NAME}*(?:'{_NAME}+'{_NAME}*)*", "is not a list of font names", 'write "Georgia, serif"'
)


def _row(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


@well_called
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
        radius_px: How round the letter's corners and those of its pictures are.
        heading_px: The sizes of headings of level 1, 2 and 3.
        heading_weight: How bold headings are, 100 to 900.
        button_px: The size of the text on buttons.
        button_weight: How bold it is, 100 to 900.
        button_padding_px: The blank above and below it, and at its sides.
        button_border_px: How thick the frame of secondary buttons is.
        button_radius_px: How round buttons are.

    >>> Theme(accent="#0b6e4f").accent
    '#0b6e4f'
    >>> Theme(accent="green")
    Traceback (most recent call last):
    mailkit.errors.InvalidValue: Theme.accent: 'green' is not a colour of six digits; write '#1a56db'
    """

    background: str = attrs.field(default="#f1f3f6", validator=colour)
    surface: str = attrs.field(default="#ffffff", validator=colour)
    text: str = attrs.field(default="#1f2933", validator=colour)
    muted: str = attrs.field(default="#5b6775", validator=colour)
    link: str = attrs.field(default="#1a56db", validator=colour)
    accent: str = attrs.field(default="#1a56db", validator=colour)
    on_accent: str = attrs.field(default="#ffffff", validator=colour)
    line: str = attrs.field(default="#e3e7ec", validator=colour)
    dark_background: str = attrs.field(default="#11161c", validator=colour)
    dark_surface: str = attrs.field(default="#1b222b", validator=colour)
    dark_text: str = attrs.field(default="#e6eaef", validator=colour)
    dark_muted: str = attrs.field(default="#a3aebb", validator=colour)
    dark_link: str = attrs.field(default="#8fb4ff", validator=colour)
    dark_accent: str = attrs.field(default="#8fb4ff", validator=colour)
    dark_on_accent: str = attrs.field(default="#11161c", validator=colour)
    dark_line: str = attrs.field(default="#36404c", validator=colour)
    font: str = attrs.field(default=_SANS, validator=_FONT)
    heading_font: str = attrs.field(default="", validator=either(_FONT))
    width_px: int = attrs.field(default=600, validator=whole(320))
    padding_px: int = attrs.field(default=32, validator=whole(0))
    text_px: int = attrs.field(default=16, validator=whole(10))
    radius_px: int = attrs.field(default=8, validator=whole(0))
    heading_px: tuple[int, int, int] = attrs.field(default=(30, 22, 18), converter=_row, validator=wholes(3, 10))
    heading_weight: int = attrs.field(default=700, validator=whole(100, 900))
    button_px: int = attrs.field(default=16, validator=whole(10))
    button_weight: int = attrs.field(default=600, validator=whole(100, 900))
    button_padding_px: tuple[int, int] = attrs.field(default=(14, 28), converter=_row, validator=wholes(2, 0))
    button_border_px: int = attrs.field(default=2, validator=whole(0, 8))
    button_radius_px: int = attrs.field(default=8, validator=whole(0))
