"""A style sheet cut in two: what can be inlined, and what only works in a `<style>`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import attrs

__all__ = ["Sheet", "selected_attributes", "split"]

_SKIPPED: Final = re.compile(r"/\*.*?(?:\*/|\Z)|<!--|-->", re.DOTALL)
_TOKEN: Final = re.compile(r""""(?:\\.|[^"\\])*+"|'(?:\\.|[^'\\])*+'|\\.|[{};]""", re.DOTALL)
_STATEFUL: Final = re.compile(
    r"""
      ::?(?:hover|active|focus|visited|link|checked|target|before|after|placeholder|selection|first-l|root|host)
    | :: | :(?:is|where|has|any|-webkit-any|-moz-any)\b | \[data-og | \#outlook | \.(?:ExternalClass|ReadMsgBody)\b
    """,
    re.VERBOSE | re.IGNORECASE,
)
_ATTRIBUTE_SELECTOR: Final = re.compile(r"\[\s*([a-zA-Z_][\w:-]*)")
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
        has_weak_media: Whether a kept `@media` declares something without `!important`, which
            an inlined declaration beats.
    """

    inlinable: str
    kept: str
    has_weak_media: bool = False

    @property
    def looks_around(self) -> bool:
        """Whether a selector asks for an element's place among others."""
        return any(_LOOKS_AROUND.search(rule.partition("{")[0]) for rule in _rules(self.inlinable))


def split(css: str) -> Sheet:
    """Cut a style sheet in two, without its comments.

    >>> sheet = split("p { color: red } @media (max-width: 480px) { p { color: blue !important } }")
    >>> sheet.inlinable, sheet.kept
    ('p { color: red }', '@media (max-width: 480px) { p { color: blue !important } }')
    """
    inlinable, kept, weak = [], [], False
    for rule in _rules(_SKIPPED.sub("", css)):
        head, _, body = rule.partition("{")
        if head.startswith("@"):
            kept.append(rule)
            weak = weak or (head.lower().startswith("@media") and _is_weak(body))
        elif _STATEFUL.search(head) or "{" in body:
            kept.append(rule)
        elif head.strip():
            inlinable.append(rule)
    return Sheet(inlinable="\n".join(inlinable), kept="\n".join(kept), has_weak_media=weak)


def selected_attributes(css: str) -> frozenset[str]:
    """The attributes that selectors of inlinable rules look at, beside class and id.

    >>> sorted(selected_attributes("td[align=left] { margin: 0 }"))
    ['align', 'class', 'id']
    """
    heads = (rule.partition("{")[0] for rule in _rules(css))
    return frozenset({"class", "id"}).union(
        name.lower() for head in heads for name in _ATTRIBUTE_SELECTOR.findall(head)
    )


def _is_weak(body: str) -> bool:
    declarations = re.findall(r"[{;]\s*([\w-]+\s*:[^{};]+)(?=[;}])", "{" + body)
    return any("!important" not in declaration.replace(" ", "").lower() for declaration in declarations)


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
