"""What CSS properties set: the parts of shorthands, and values that every client understands."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

__all__ = ["EVERYTHING", "covers", "overlap", "parts", "surely_sets", "touches"]

EVERYTHING: Final = frozenset({"*"})
"""What `all` touches."""


def _four(pattern: str) -> tuple[str, ...]:
    return tuple(pattern.format(side) for side in ("top", "right", "bottom", "left"))


_BORDER: Final = (*_four("border-{}-width"), *_four("border-{}-style"), *_four("border-{}-color"))
_BORDER_IMAGE: Final = tuple(f"border-image-{part}" for part in ("source", "slice", "width", "outset", "repeat"))
_CORNERS: Final = tuple(f"border-{side}-radius" for side in ("top-left", "top-right", "bottom-right", "bottom-left"))
_VARIANTS: Final = tuple(
    f"font-variant-{part}" for part in ("caps", "numeric", "ligatures", "east-asian", "alternates", "position", "emoji")
)
_FONT: Final = ("font-style", "font-weight", "font-stretch", "font-size", "line-height", "font-family", *_VARIANTS)

_PARTS: Final[dict[str, tuple[str, ...]]] = {
    "margin": _four("margin-{}"),
    "padding": _four("padding-{}"),
    "inset": ("top", "right", "bottom", "left"),
    "border": (*_BORDER, *_BORDER_IMAGE),
    "border-width": _four("border-{}-width"),
    "border-style": _four("border-{}-style"),
    "border-color": _four("border-{}-color"),
    **{side: tuple(f"{side}-{part}" for part in ("width", "style", "color")) for side in _four("border-{}")},
    "border-radius": _CORNERS,
    "border-image": _BORDER_IMAGE,
    "background": (
        *("background-color", "background-image", "background-position-x", "background-position-y", "background-size"),
        *("background-repeat", "background-attachment", "background-origin", "background-clip"),
    ),
    "background-position": ("background-position-x", "background-position-y"),
    "font": (
        *(*_FONT, "font-size-adjust", "font-kerning", "font-feature-settings", "font-optical-sizing"),
        *("font-variation-settings", "font-language-override"),
    ),
    "font-variant": _VARIANTS,
    "list-style": ("list-style-type", "list-style-position", "list-style-image"),
    "outline": ("outline-width", "outline-style", "outline-color"),
    "text-decoration": tuple(f"text-decoration-{part}" for part in ("line", "style", "color", "thickness")),
    "text-emphasis": ("text-emphasis-style", "text-emphasis-color"),
    "overflow": ("overflow-x", "overflow-y"),
    "flex": ("flex-grow", "flex-shrink", "flex-basis"),
    "flex-flow": ("flex-direction", "flex-wrap"),
    "gap": ("row-gap", "column-gap"),
    "columns": ("column-width", "column-count", "column-height", "column-wrap"),
    "column-rule": ("column-rule-width", "column-rule-style", "column-rule-color"),
    "place-content": ("align-content", "justify-content"),
    "place-items": ("align-items", "justify-items"),
    "place-self": ("align-self", "justify-self"),
    "white-space": ("white-space-collapse", "text-wrap-mode", "text-wrap"),
    "text-wrap": ("text-wrap-mode", "text-wrap-style"),
    "container": ("container-name", "container-type"),
    # Not properties, but what `inline-size` and its kin may set.
    **{f"{bound}logical-size": (f"{bound}width", f"{bound}height") for bound in ("", "min-", "max-")},
}
# Names by which the same thing may be set, and one that stands for them all; of several patterns the first counts.
_SAME: Final = tuple(
    (re.compile(pattern), name)
    for pattern, name in (
        (
            r"(margin|padding|inset|border)-(?:(?:inline|block)(?:-(?:start|end))?|start|end|before|after)"
            r"(-(?:width|style|color))?",
            r"\1\2",
        ),
        (r"border-(?:start|end)-(?:start|end)-radius", "border-radius"),
        (r"(min-|max-)?(?:(?:inline|block)-size|logical-(?:width|height))", r"\1logical-size"),
        (r"(?:page|column)-break-(\w+)", r"break-\1"),
        (r"overflow-(?:inline|block)", "overflow"),
        (r"border-(?:horizontal|vertical)-spacing", "border-spacing"),
        (r"(?:column-|row-)?rule(?:-.+)?", "rule"),
        (r"corner-(?:.+-)?shape", "corner-shape"),
        (r"grid-((?:row-|column-)?gap)", r"\1"),
        ("word-wrap", "overflow-wrap"),
        (
            r"(transition|animation|mask|grid|scroll-margin|scroll-padding|scroll-timeline|view-timeline|timeline-trigger"
            r"|offset|overscroll-behavior|contain-intrinsic|text-stroke|text-box|font-synthesis|position-try|marker"
            r"|interest-delay)(?:-.+)?",
            r"\1",
        ),
    )
)
_PREFIX: Final = re.compile(r"-(?:webkit|moz|ms|o|epub)-")


def parts(name: str) -> tuple[str, ...]:
    """The longhands of a property; itself if it has none.

    >>> parts("border-top")
    ('border-top-width', 'border-top-style', 'border-top-color')
    """
    return _PARTS.get(name, (name,))


@lru_cache(maxsize=1024)
def touches(name: str) -> frozenset[str]:
    """All that a property may set, rather too much than too little: logical sides count as all sides.

    >>> sorted(touches("margin-inline")) == sorted(touches("margin"))
    True
    """
    if name.startswith("--"):
        return frozenset({name})
    name = _PREFIX.sub("", name)
    if name == "all":
        return EVERYTHING
    found = next(((same, one) for pattern, same in _SAME if (one := pattern.fullmatch(name))), None)
    if found is not None:
        name = found[1].expand(found[0])
    return frozenset(parts(name))


def overlap(first: frozenset[str], second: frozenset[str]) -> bool:
    """Whether two declarations may set the same thing."""
    if first is EVERYTHING or second is EVERYTHING:
        other = second if first is EVERYTHING else first
        return not all(name.startswith("--") for name in other)
    return not first.isdisjoint(second)


def covers(name: str, other: str) -> bool:
    """Whether a property sets all that another sets; it may also do so where this says no.

    >>> covers("margin", "margin-top"), covers("width", "height")
    (True, False)
    """
    return set(parts(name)).issuperset(parts(other))


_NAMED: Final = (
    "aqua black blue fuchsia gray green lime maroon navy olive purple red silver teal white yellow orange grey pink"
    " brown gold crimson coral tomato navy indigo violet beige ivory lavender khaki salmon tan transparent currentcolor"
)
_COLOUR: Final = (
    r"(?:#(?:[0-9a-f]{3}|[0-9a-f]{6})|rgba?\(\s*\d{1,3}\s*,\s*\d{1,3}\s*,\s*\d{1,3}\s*(?:,\s*[01]?\.?\d+\s*)?\)|"
    + _NAMED.replace(" ", "|")
    + ")"
)
_SIZE: Final = r"(?:0|(?:\d+|\d*\.\d+)(?:px|em|rem|pt|%))"
_LENGTH: Final = rf"-?{_SIZE}"
_LINE: Final = r"(?:none|hidden|solid|dashed|dotted|double|groove|ridge|inset|outset)"
_WIDTH: Final = r"(?:0|(?:\d+|\d*\.\d+)(?:px|em|pt)|thin|medium|thick)"
_FACE: Final = r"""(?:"[\w -]+"|'[\w -]+'|[a-z][\w-]*(?:\s+[a-z][\w-]*)*)"""


def _up_to_four(one: str) -> str:
    return rf"{one}(?:\s+{one}){{0,3}}"


_VALUES: Final[dict[str, str]] = {
    **dict.fromkeys(("color", "background-color", *_four("border-{}-color")), _COLOUR),
    "border-color": _up_to_four(_COLOUR),
    "background": rf"{_COLOUR}|none",
    "margin": _up_to_four(rf"(?:{_LENGTH}|auto)"),
    **dict.fromkeys(_four("margin-{}"), rf"{_LENGTH}|auto"),
    "padding": _up_to_four(_SIZE),
    **dict.fromkeys(_four("padding-{}"), _SIZE),
    **dict.fromkeys(("width", "height", "min-width", "min-height"), rf"{_SIZE}|auto"),
    **dict.fromkeys(("max-width", "max-height"), rf"{_SIZE}|none"),
    "font-size": rf"{_SIZE}|(?:xx?-)?(?:small|large)|medium|smaller|larger",
    "line-height": rf"{_SIZE}|\d+|\d*\.\d+|normal",
    "font-weight": "[1-9]00|bold|normal|bolder|lighter",
    "font-style": "normal|italic|oblique",
    "font-family": rf"{_FACE}(?:\s*,\s*{_FACE})*",
    "text-align": "left|right|center|justify|start|end",
    "text-decoration": "none|underline|line-through|overline",
    "text-transform": "none|uppercase|lowercase|capitalize",
    "vertical-align": rf"top|middle|bottom|baseline|sub|super|text-top|text-bottom|{_LENGTH}",
    "display": "block|inline|inline-block|none|table|inline-table|table-(?:cell|row|row-group)|list-item",
    "border": rf"none|0|{_WIDTH}\s+{_LINE}(?:\s+{_COLOUR})?",
    **dict.fromkeys(_four("border-{}"), rf"none|0|{_WIDTH}\s+{_LINE}(?:\s+{_COLOUR})?"),
    "border-width": _up_to_four(_WIDTH),
    "border-style": _up_to_four(_LINE),
    "border-radius": _up_to_four(_SIZE),
    "border-collapse": "collapse|separate",
    "border-spacing": "0|(?:\\d+|\\d*\\.\\d+)px",
    **dict.fromkeys(("letter-spacing", "word-spacing"), r"normal|-?(?:0|(?:\d+|\d*\.\d+)(?:px|em|rem|pt))"),
    "text-indent": _LENGTH,
    "white-space": "normal|nowrap|pre|pre-wrap|pre-line",
    "overflow": "visible|hidden|scroll|auto",
    "float": "left|right|none",
    "clear": "left|right|both|none",
    "visibility": "visible|hidden",
    "direction": "ltr|rtl",
    "opacity": r"0|1|0?\.\d+",
    "list-style": "none|disc|circle|square|decimal",
    "outline": "none|0",
    "word-break": "normal|break-all|break-word",
    "word-wrap": "normal|break-word",
    "table-layout": "auto|fixed",
}
_SURE: Final = {name: re.compile(rf"(?:{value}|inherit|initial)", re.IGNORECASE) for name, value in _VALUES.items()}


@lru_cache(maxsize=4096)
def surely_sets(name: str, value: str) -> frozenset[str]:
    """What a declaration sets in every client; nothing if some client may not understand its value.

    >>> sorted(surely_sets("overflow", "hidden")), surely_sets("color", "rebeccapurple")
    (['overflow-x', 'overflow-y'], frozenset())
    """
    if name.startswith("--"):
        return frozenset({name})
    pattern = _SURE.get(name)
    return frozenset(parts(name)) if pattern is not None and pattern.fullmatch(value) else frozenset()
