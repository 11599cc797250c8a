"""A style sheet cut in two: what can be inlined, and what only works in a `<style>`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import attrs

__all__ = ["Sheet", "selected_attributes", "split", "weak_rules"]

_SKIPPED: Final = re.compile(r"/\*.*?(?:\*/|\Z)|<!--|-->", re.DOTALL)
_TOKEN: Final = re.compile(r""""(?:\\.|[^"\\])*+"|'(?:\\.|[^'\\])*+'|\\.|[{};]""", re.DOTALL)
_STATEFUL: Final = re.compile(
    r"""
      ::?(?:hover|active|focus|visited|link|checked|target|before|after|placeholder|selection|first-l|root|host)
    | :: | :(?:is|where|has|any|-webkit-any|-moz-any)\b | \[data-og | \#outlook | \.(?:ExternalClass|ReadMsgBody)\b
    """,
    re.VERBOSE | re.IGNORECASE,
)
_BESIDE_ELEMENTS: Final = re.compile(
    r"::|:(?:before|after|first-l)|\#outlook|\.(?:ExternalClass|ReadMsgBody)\b", re.IGNORECASE
)
_FOR_ELEMENTS: Final = re.compile(r"@(?:media|supports|container|layer)\b", re.IGNORECASE)
_DECLARATION: Final = re.compile(r"[{;]\s*([\w-]+)\s*:([^{};]+)(?=[;}])")
_FAMILY: Final = re.compile(r"^(background|border|font|list-style|margin|outline|overflow|padding|text-decoration)-.*")
_ATTRIBUTE_SELECTOR: Final = re.compile(r"\[\s*([a-zA-Z_][\w:-]*)")
_LOOKS_INSIDE: Final = re.compile(r":empty\b", re.IGNORECASE)
_LOOKS_AROUND: Final = re.compile(
    r":(?:nth-|first-|last-|only-|empty|not\b)|[+~](?![^\[]*\])", re.IGNORECASE
)  # `~=` and `+` in brackets are attribute operators


@attrs.frozen(kw_only=True)
class Sheet:
    """A style sheet in two parts.

    Attributes:
        inlinable: Rules that hold whatever the client and the reader do.
        kept: At-rules (`@media`, `@font-face` …), rules for `:hover` and the like, rules that
            address one client, and nested rules: these only work in a `<style>`.
    """

    inlinable: str
    kept: str

    @property
    def looks_around(self) -> bool:
        """Whether a selector asks for an element's place among others."""
        return any(_LOOKS_AROUND.search(rule.partition("{")[0]) for rule in _rules(self.inlinable))

    @property
    def looks_inside(self) -> bool:
        """Whether a selector asks if an element is empty."""
        return any(_LOOKS_INSIDE.search(rule.partition("{")[0]) for rule in _rules(self.inlinable))


def split(css: str) -> Sheet:
    """Cut a style sheet in two, without its comments.

    >>> sheet = split("p { color: red } @media (max-width: 480px) { p { color: blue !important } }")
    >>> sheet.inlinable, sheet.kept
    ('p { color: red }', '@media (max-width: 480px) { p { color: blue !important } }')
    """
    inlinable, kept = [], []
    for rule in _rules(_SKIPPED.sub("", css)):
        head, _, body = rule.partition("{")
        if head.startswith("@") or _STATEFUL.search(head) or "{" in body:
            kept.append(rule)
        elif head.strip():
            inlinable.append(rule)
    return Sheet(inlinable="\n".join(inlinable), kept="\n".join(kept))


def selected_attributes(css: str) -> frozenset[str]:
    """The attributes that selectors of inlinable rules look at, beside class and id.

    >>> sorted(selected_attributes("td[align=left] { margin: 0 }"))
    ['align', 'class', 'id']
    """
    heads = (rule.partition("{")[0] for rule in _rules(css))
    return frozenset({"class", "id"}).union(
        name.lower() for head in heads for name in _ATTRIBUTE_SELECTOR.findall(head)
    )


def weak_rules(kept: str, inlinable: str) -> tuple[str, ...]:
    """How those kept rules begin of which an inlined declaration may beat one.

    A declaration in a `style` attribute beats all others without `!important` (CSS Cascading
    and Inheritance, 6.1). Only those of the same property, or of one family such as `border`,
    get in each other's way.

    >>> weak_rules("a:hover { color: red } a:active { top: 0 }", "a { color: blue }")
    ('a:hover',)
    """
    inlined = _families(inlinable)
    found = []
    for rule in _rules(kept):
        head, _, body = rule.partition("{")
        own = _FOR_ELEMENTS.match(head) if head.startswith("@") else _styles_elements(head)
        if own and not inlined.isdisjoint(_families("{" + body, weak=True)):
            found.append(head.strip())
    return tuple(dict.fromkeys(found))


def _styles_elements(heads: str) -> bool:
    """Whether a rule is for elements of the letter, and not only for what a client makes beside them."""
    return any(not _BESIDE_ELEMENTS.search(head) for head in heads.split(","))


def _families(css: str, *, weak: bool = False) -> set[str]:
    """The properties that are declared, shorthands and their parts as one; only weak ones if asked."""
    return {
        _FAMILY.sub(r"\1", name.lower())
        for name, value in _DECLARATION.findall(css)
        if not weak or "!important" not in value.replace(" ", "").lower()
    }


def _rules(css: str) -> Iterator[str]:
    """The rules of the top level. A rule that never ends is ended, as a browser does."""
    depth = start = 0
    for found in _TOKEN.finditer(css):
        sign = found.group()
        if sign == "{":
            depth += 1
        elif sign == "}":
            depth = max(0, depth - 1)
        if depth == 0 and (sign == "}" or (sign == ";" and css[start : found.start()].lstrip().startswith("@"))):
            yield css[start : found.end()].strip()
            start = found.end()
    rest = css[start:].strip()
    if rest:
        yield rest + "}" * depth
