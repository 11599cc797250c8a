"""Colours as CSS writes them, and the contrast between two of them (WCAG 2.2)."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

__all__ = ["Rgb", "colour", "colour_in", "contrast"]

Rgb = tuple[int, int, int]
"""Red, green and blue, 0 to 255."""

# CSS Color 4, 6.1: the names that letters use; another name is an unknown colour.
_NAMES: Final = {
    "black": "000000", "silver": "c0c0c0", "gray": "808080", "grey": "808080", "white": "ffffff", "maroon": "800000",
    "red": "ff0000", "purple": "800080", "fuchsia": "ff00ff", "magenta": "ff00ff", "green": "008000",
    "lime": "00ff00", "olive": "808000", "yellow": "ffff00", "navy": "000080", "blue": "0000ff", "teal": "008080",
    "aqua": "00ffff", "cyan": "00ffff", "orange": "ffa500", "pink": "ffc0cb", "gold": "ffd700", "brown": "a52a2a",
    "crimson": "dc143c", "tomato": "ff6347", "coral": "ff7f50", "salmon": "fa8072", "khaki": "f0e68c",
    "indigo": "4b0082", "violet": "ee82ee", "plum": "dda0dd", "tan": "d2b48c", "beige": "f5f5dc", "ivory": "fffff0",
    "snow": "fffafa", "linen": "faf0e6", "lavender": "e6e6fa", "whitesmoke": "f5f5f5", "gainsboro": "dcdcdc",
    "lightgray": "d3d3d3", "lightgrey": "d3d3d3", "darkgray": "a9a9a9", "darkgrey": "a9a9a9", "dimgray": "696969",
    "dimgrey": "696969", "slategray": "708090", "darkslategray": "2f4f4f", "royalblue": "4169e1",
    "steelblue": "4682b4", "dodgerblue": "1e90ff", "skyblue": "87ceeb", "lightblue": "add8e6", "darkblue": "00008b",
    "midnightblue": "191970", "darkgreen": "006400", "forestgreen": "228b22", "seagreen": "2e8b57",
    "limegreen": "32cd32", "lightgreen": "90ee90", "darkred": "8b0000", "firebrick": "b22222", "orangered": "ff4500",
    "darkorange": "ff8c00", "chocolate": "d2691e", "sienna": "a0522d", "hotpink": "ff69b4", "deeppink": "ff1493",
    "turquoise": "40e0d0", "rebeccapurple": "663399",
}  # fmt: skip
_HEX: Final = re.compile(r"#?(?:([0-9a-f]{3})f?|([0-9a-f]{6})(?:ff)?)\Z")  # with an alpha that hides nothing
_RGB: Final = re.compile(
    r"rgba?\(\s*+(\d{1,9})[,\s]\s*+(\d{1,9})[,\s]\s*+(\d{1,9})\s*+(?:[,/]\s*+([\d.]{1,9}%?)\s*+)?\)\Z"
)
_PART: Final = re.compile(r"#[0-9a-f]{3,8}\b|rgba?\([^()]*\)|[a-z]+")


@lru_cache(maxsize=1024)
def colour(text: str) -> Rgb | None:
    """The colour that CSS or a `bgcolor` names; None if it is not known, or lets others shine through.

    >>> colour("#FFF"), colour("rgb(0, 128, 255)"), colour("rgba(0,0,0,.5)"), colour("inherit")
    ((255, 255, 255), (0, 128, 255), None, None)
    """
    text = text.strip().lower()
    text = _NAMES.get(text, text)
    if found := _HEX.match(text):
        digits = found[2] or "".join(digit * 2 for digit in found[1])
        return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)
    if (found := _RGB.match(text)) and found[4] in (None, "1", "1.0", "100%"):
        red, green, blue = (min(int(part), 255) for part in found.groups()[:3])
        return red, green, blue
    return None


def colour_in(shorthand: str) -> Rgb | None:
    """The colour in a `background`, if it holds nothing else that could be seen."""
    shorthand = shorthand.lower()
    if "url(" in shorthand or "gradient(" in shorthand or "image" in shorthand:
        return None
    return next((found for part in _PART.findall(shorthand) if (found := colour(part))), None)


@lru_cache(maxsize=1024)
def contrast(one: Rgb, other: Rgb) -> float:
    """The contrast ratio of two colours, 1 to 21 (WCAG 2.2, "contrast ratio").

    >>> contrast((0, 0, 0), (255, 255, 255))
    21.0
    """
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(rgb: Rgb) -> float:
    red, green, blue = (_linear(part / 255) for part in rgb)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)
