"""The document around a letter's blocks."""

from __future__ import annotations

import re
from typing import Final

from mailkit.compose.blocks import Hero
from mailkit.compose.layout.pen import TABLE, blank_row, ghost
from mailkit.compose.layout.style import dark_style, narrow_style
from mailkit.compose.letter import Letter
from mailkit.compose.theme import Theme

__all__ = ["document"]

# Keeps an inbox from filling its preview line with the letter's own first words.
_FILLER: Final = "&#847;&zwnj;&nbsp;"
_PREVIEW: Final = 150  # characters: more than the widest preview line shows
_OFFICE: Final = (
    "<noscript><xml><o:OfficeDocumentSettings><o:PixelsPerInch>96</o:PixelsPerInch>"
    "</o:OfficeDocumentSettings></xml></noscript>"
)
_NAME: Final = re.compile(r"mk-[a-z0-9-]+")
# What Office brings along, by the names in CSS; any other first font may end as Times New Roman.
_OFFICE_FONTS: Final = (
    *("Arial", "Calibri", "Cambria", "Candara", "Consolas", "Courier New", "Georgia", "Segoe UI", "Tahoma"),
    *("Times New Roman", "Trebuchet MS", "Verdana"),
)
_GENERIC: Final = {"serif": "Georgia", "monospace": "Courier New"}


def document(letter: Letter, title: str, preheader: str, rows: str) -> str:
    """The whole document, from its parts as HTML."""
    theme = letter.theme
    hidden = "display:none;max-height:0;max-width:0;overflow:hidden;opacity:0;font-size:1px;line-height:1px"
    filler = _FILLER * max(_PREVIEW - len(preheader), 40)
    shown = f'<div style="{hidden};mso-hide:all">{preheader}{filler}</div>\n' if preheader else ""
    table = f'{TABLE} align="center" width="{theme.width_px}"><tr><td>'
    first = "" if isinstance(letter.blocks[0], Hero) else blank_row(20)
    back = f'class="mk-back" bgcolor="{theme.background}" style="background-color:{theme.background}"'
    body = f"""<body class="mk-back" style="margin:0;padding:0;background-color:{theme.background};\
-webkit-text-size-adjust:100%;-ms-text-size-adjust:100%">
{shown}<div role="article" aria-roledescription="email" aria-label="{title}" lang="{letter.lang}" \
dir="{letter.direction}">
{TABLE} width="100%" {back}><tr><td class="mk-outer" align="center" style="padding:32px 12px">
{ghost(table)}
{TABLE} width="100%" class="mk-card" bgcolor="{theme.surface}" style="max-width:{theme.width_px}px;margin:0 auto;\
background-color:{theme.surface};border-radius:{theme.radius_px}px;border-collapse:separate;word-break:break-word">
<tbody>
{first}{rows}{blank_row(20)}</tbody>
</table>
{ghost("</td></tr></table>")}
</td></tr></table>
</div>
</body>
"""
    return f"{_head(letter, title, frozenset(_NAME.findall(body)))}{body}</html>\n"


def _head(letter: Letter, title: str, names: frozenset[str]) -> str:
    theme = letter.theme
    return f"""<!DOCTYPE html>
<html lang="{letter.lang}" dir="{letter.direction}" xmlns:v="urn:schemas-microsoft-com:vml" \
xmlns:o="urn:schemas-microsoft-com:office:office">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="x-apple-disable-message-reformatting">
<meta name="format-detection" content="telephone=no, date=no, address=no, email=no, url=no">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>{title}</title>
{ghost(f"{_OFFICE}<style>{_outlook_style(theme)}</style>")}
<style>
{narrow_style(theme, names)}</style>
<style>
{dark_style(theme, names)}</style>
</head>
"""


def _outlook_style(theme: Theme) -> str:
    text, heading = _office_font(theme.font), _office_font(theme.heading_font or theme.font)
    return (
        f"td,th,p,a,li,div,span {{ font-family: {text} !important }} "
        f"h1,h2,h3 {{ font-family: {heading} !important }} table {{ border-collapse: collapse }}"
    )


def _office_font(fonts: str) -> str:
    """The first of the fonts that Office has, else a like one."""
    names = [name.strip(" '") for name in fonts.split(",")]
    found = next((name for name in names if name in _OFFICE_FONTS), _GENERIC.get(names[-1], "Arial"))
    return f"'{found}'" if " " in found else found
