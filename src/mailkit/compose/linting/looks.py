"""What a reader's eyes and fingers meet: contrast in light and dark, sizes, backgrounds.

How to think about it: a colour is known where the letter says it, for the element or one around
it, as a plain opaque colour. Behind a picture, a gradient, a half-transparent colour or a value
of the record nothing is known, and nothing is said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, Literal

import attrs

from mailkit.compose.linting.colours import Rgb, colour, colour_in, contrast
from mailkit.compose.linting.limits import BUTTON_PX, TARGET_PX
from mailkit.compose.linting.page import Element, Page
from mailkit.compose.linting.rules import finding
from mailkit.compose.marks import MARK
from mailkit.findings import Finding, Place

__all__ = ["check_looks"]

_Known = Rgb | None | Literal["unknown"]
_WHITE: Final[Rgb] = (255, 255, 255)
_BLACK: Final[Rgb] = (0, 0, 0)
_PX: Final = re.compile(r"\s*(\d{1,9}(?:\.\d{1,9})?)(px|pt|em|rem)?\s*\Z")
_PIXELS: Final = {"px": 1.0, "pt": 4 / 3, "rem": 16.0, "": 1.0}
_HEADING_PX: Final = {"h1": 32.0, "h2": 24.0, "h3": 18.72}
_FONT_PX: Final = {"1": 10.0, "2": 13.0, "3": 16.0, "4": 18.0, "5": 24.0, "6": 32.0, "7": 48.0}
_SHARES: Final = {"small": 5 / 6, "big": 6 / 5, "sub": 5 / 6, "sup": 5 / 6}
_NUMBER: Final = r"\d{0,9}\.?\d{1,9}"  # bounded, so that no other way of reading it is tried for long
_FONT_SIZE: Final = re.compile(rf"(?:^|\s)({_NUMBER}(?:px|pt|em|rem|%))(?=[\s/])")
_SHARE: Final = re.compile(rf"({_NUMBER})(%|em)\Z")
_FACTOR: Final = re.compile(rf"{_NUMBER}\Z")
_BOLD: Final = frozenset({"bold", "bolder", "600", "700", "800", "900"})
_LEAST_SAMPLE: Final = 2  # shorter texts are bullets and the like
_GROUNDS: Final = ("background", "padding", "border", "height")
_BORDER: Final = re.compile(r"(\d+(?:\.\d+)?)px\b")
_SCHEME_IN_CSS: Final = re.compile(r"color-scheme\s*:")


@attrs.frozen(eq=False)
class _Look:
    """What an element's text looks like.

    Attributes:
        text: Its colour; None is the client's own.
        back: What is behind it; None is the client's own.
        size: Height in px; None if it cannot be told.
        is_bold: Whether it is bold.
        line: Height of a line in px; None where the client chooses.
        factor: The same as a share of the text's size, where it is said so.
    """

    text: _Known = None
    back: _Known = None
    size: float | None = 16.0
    is_bold: bool = False
    line: float | None = None
    factor: float | None = None


def check_looks(page: Page) -> Iterator[Finding]:
    """Contrast, text sizes, targets and the traps of dark mode."""
    light = _looks(page, is_dark=False)
    if page.is_resolved:
        yield from _contrasts(page, light, "contrast")
        if page.has_dark:
            yield from _contrasts(page, _looks(page, is_dark=True), "dark-contrast")
    yield from _sizes(page, light)
    yield from _targets(page, light)
    yield from _dark_traps(page, light)


def _looks(page: Page, *, is_dark: bool) -> list[_Look]:
    """The looks of each element; those of one around it come first."""
    looks: list[_Look] = []
    for one in page.elements:
        around = looks[one.parent.number] if one.parent else _Look()
        style = one.dark if is_dark else one.style
        looks.append(_look(one, style, around))
    return looks


def _look(one: Element, style: dict[str, str], around: _Look) -> _Look:
    text, back = _text_colour(one, style, around), _background(one, style, around)
    if one.has_unknown_looks or "opacity" in style or "mix-blend-mode" in style:
        text = back = "unknown"
    usual = "bold" if one.name in ("b", "strong", "th", *_HEADING_PX) else ""
    weight = style.get("font-weight") or next((word for word in style.get("font", "").split() if word in _BOLD), usual)
    is_bold = weight in _BOLD if weight else around.is_bold
    size = _size(one, style, around.size)
    line, factor = _line(style.get("line-height", ""), size, around)
    return _Look(text, back, size, is_bold, line, factor)


def _line(said: str, size: float | None, around: _Look) -> tuple[float | None, float | None]:
    """The height of a line, and the factor that is inherited if it is one (CSS 2.1, 10.8.1)."""
    if not said:
        return (size * around.factor if size and around.factor else around.line), around.factor
    if _FACTOR.match(said):
        return (size * float(said) if size else None), float(said)
    if found := _SHARE.match(said):
        share = float(found[1]) / (100 if found[2] == "%" else 1)
        return (size * share if size else None), None
    return _pixels(said), None


def _text_colour(one: Element, style: dict[str, str], around: _Look) -> _Known:
    said = style.get("color") or (one.given.get("color", "") if one.name == "font" else "")
    if said and said != "inherit":
        return colour(said) or "unknown"
    if one.name == "a" and "href" in one.given and not said:
        return "unknown"  # the client's own colour of links
    return around.text


def _background(one: Element, style: dict[str, str], around: _Look) -> _Known:
    if one.given.get("background"):
        return "unknown"
    found: _Known = around.back
    if said := one.given.get("bgcolor"):
        found = colour(said) or "unknown"
    for name, value in style.items():  # the later wins
        if name == "background-image" and value != "none":
            return "unknown"
        if name == "background-color" and value != "inherit":
            found = around.back if value == "transparent" else colour(value) or "unknown"
        elif name == "background":
            found = around.back if value in ("none", "transparent", "0 0") else colour_in(value) or "unknown"
            if "url(" in value or "gradient(" in value:
                return "unknown"
    return found


def _size(one: Element, style: dict[str, str], around: float | None) -> float | None:
    said = style.get("font-size")
    if said is None and "font" in style:
        found = _FONT_SIZE.search(style["font"])
        said = found[1] if found else "unknown"
    if said is None and one.name == "font":
        return _FONT_PX.get(one.given.get("size", ""), around)
    if said is None:
        share = _SHARES.get(one.name)
        return around * share if share and around else _HEADING_PX.get(one.name, around)
    if found := _SHARE.match(said):
        return around * float(found[1]) / (100 if found[2] == "%" else 1) if around else None
    return _pixels(said)


def _contrasts(page: Page, looks: list[_Look], code: str) -> Iterator[Finding]:
    for words in page.words:
        one = words.inside
        text = MARK.sub("", words.text).strip()
        if one is None or one.is_hidden or len(text) < _LEAST_SAMPLE or one.style.get("font-size") == "0":
            continue
        look = looks[one.number]
        fore, back = look.text, look.back
        if code == "contrast":
            fore, back = fore or _BLACK, back or _WHITE
        if not isinstance(fore, tuple) or not isinstance(back, tuple) or look.size is None or look.size < 2:
            continue
        is_large = look.size >= 24 or (look.is_bold and look.size >= 18.66)
        needed, ratio = (3.0 if is_large else 4.5), contrast(fore, back)
        if ratio < needed:
            shown = f"{_hex(fore)} on {_hex(back)}: {' '.join(text.split())[:40]}"
            yield finding(code, words.place, f"{int(ratio * 10) / 10:g}", f"{needed:g}", evidence=shown)


def _hex(rgb: Rgb) -> str:
    return "#{:02x}{:02x}{:02x}".format(*rgb)


def _sizes(page: Page, looks: list[_Look]) -> Iterator[Finding]:
    for words in page.words:
        one = words.inside
        if one is None or one.is_hidden or len(words.text.strip()) < 20:
            continue
        size = looks[one.number].size
        if size is not None and 2 < size < 11.5:
            yield finding("small-text", words.place, f"{size:g}", evidence=page.spoken(words.text).strip()[:40])


def _targets(page: Page, looks: list[_Look]) -> Iterator[Finding]:
    for one in page.named("img"):
        link = one.parent
        if link is None or link.name != "a" or link.is_hidden or one.is_hidden or one.is_counter:
            continue
        high = _pixels(one.style.get("height") or one.given.get("height", ""))
        above = _padding(link.style) if link.style.get("display", "").startswith(("block", "inline-block")) else 0
        if high is not None and 1 < high + above < TARGET_PX:
            yield finding("small-target", one.place, f"{high + above:g}", evidence=one.given.get("alt", "")[:40])
    for link in page.named("a"):
        high = _button_height(page, link, looks[link.number])
        if high is not None and high < BUTTON_PX and not link.is_hidden:
            words = " ".join(page.spoken(link.text).split())[:40]
            code = "small-target" if high < TARGET_PX else "low-button"
            yield finding(code, link.place, f"{high:g}", evidence=words)


def _button_height(page: Page, link: Element, look: _Look) -> float | None:
    """How high a link is that looks like a button; None if it does not, or that cannot be told."""
    style = link.style
    has_ground = any(name in style for name in ("background-color", "background"))
    if not has_ground or not style.get("display", "").startswith(("block", "inline-block")):
        return None
    height = _pixels(style.get("height", ""))
    if height is not None:
        return height
    around = link.parent.style if link.parent else {}
    if look.line is None or any(name.startswith(_GROUNDS) for name in around):
        return None  # what is around it may be what is coloured, and as high as it likes
    after = page.elements[link.number + 1 : link.number + 2]
    if after and after[0].parent is link:
        return None  # so may be what is in it
    return look.line + _padding(style) + _borders(style)


def _borders(style: dict[str, str]) -> float:
    """The borders above and below together, in px."""
    width = [_pixels(part) or 0.0 for part in style.get("border-width", "").split()]
    every = _BORDER.match(style.get("border", ""))
    both = float(every[1]) if every else 0.0
    above, below = (width[0], width[2] if len(width) > 2 else width[0]) if width else (both, both)
    over, under = style.get("border-top-width"), style.get("border-bottom-width")
    return (above if over is None else _pixels(over) or 0.0) + (below if under is None else _pixels(under) or 0.0)


def _padding(style: dict[str, str]) -> float:
    """The blank above and below together, in px."""
    parts = [_pixels(part) or 0.0 for part in style.get("padding", "").split()]
    above, below = (parts[0], parts[2] if len(parts) > 2 else parts[0]) if parts else (0.0, 0.0)
    over, under = style.get("padding-top"), style.get("padding-bottom")
    return (above if over is None else _pixels(over) or 0.0) + (below if under is None else _pixels(under) or 0.0)


def _pixels(said: str) -> float | None:
    found = _PX.match(said)
    return float(found[1]) * _PIXELS.get(found[2] or "", 1.0) if found and found[2] != "em" else None


def _dark_traps(page: Page, looks: list[_Look]) -> Iterator[Finding]:
    schemes = [one.given.get("content", "") for one in page.named("meta") if one.given.get("name") == "color-scheme"]
    says_scheme = bool(schemes) or any(_SCHEME_IN_CSS.search(sheet) for sheet, _ in page.sheets)
    knows_dark = any("dark" in scheme for scheme in schemes) or page.has_dark
    if not says_scheme and page.elements:
        yield finding("missing-color-scheme", Place(source="html"))
    for words in page.words if page.is_resolved and knows_dark else ():
        one = words.inside
        if one is None or one.is_hidden or not MARK.sub("", words.text).strip():
            continue
        look = looks[one.number]
        if (
            look.text is None
            and isinstance(look.back, tuple)
            and one.dark.get("color") is None
            and one.dark is one.style
        ):
            shown = f"{_hex(look.back)}: {page.spoken(words.text).strip()[:40]}"
            yield finding("colour-without-text-colour", words.place, evidence=shown)
    if not page.has_dark and page.is_resolved:
        for words in page.words:
            one = words.inside
            if one and not one.is_hidden and (looks[one.number].text, looks[one.number].back) == (_BLACK, _WHITE):
                yield finding("pure-black-on-white", words.place)
                return
