"""CSS as lint needs it: rules, declarations, and what style each element ends up with."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

import attrs

from mailkit.compose.css import IDENT

__all__ = ["CssRule", "conditional", "declarations", "in_any_case", "read_rules", "resolve", "unwrapped"]

_SKIPPED: Final = re.compile(r"/\*.*?(?:\*/|\Z)|<!--|-->", re.DOTALL)
_TOKEN: Final = re.compile(r""""(?:\\.|[^"\\\n])*+"|'(?:\\.|[^'\\\n])*+'|\\.|[{};]""", re.DOTALL)
_DECLARATION: Final = re.compile(
    r"""(?:^|;)\s*([\w-]+)\s*:\s*((?:"[^"]*+"|'[^']*+'|\([^()]*+(?:\([^()]*+\)[^()]*+)*+\)|[^;"'(])*+)"""
)
_IMPORTANT: Final = re.compile(r"\s*!\s*important\s*\Z", re.IGNORECASE)
_OUR_TAG: Final = re.compile(r'<[a-z][^<>]*?\sdata-mk="(\d+)"[^<>]*>')
_OUR_STYLE: Final = re.compile(r'\sstyle="([^"]*)"')
_PLAIN_RULES: Final = ("@media", "@supports")
_NAMED: Final = re.compile(rf"""\[[^\]]*\]|"[^"]*"|'[^']*'|\.({IDENT})|#({IDENT})""")


@attrs.frozen
class CssRule:
    """A rule or an at-rule.

    Attributes:
        head: What stands before its brace, or all of an at-rule without braces.
        body: What stands between its braces.
    """

    head: str
    body: str

    @property
    def is_at_rule(self) -> bool:
        """Whether it begins with an @."""
        return self.head.startswith("@")


def read_rules(css: str) -> tuple[tuple[CssRule, ...], bool]:
    """The rules of the top level, and whether their braces match.

    >>> read_rules("p { color: red } @media print { p { color: black } }")[0][1].head
    '@media print'
    """
    css = _SKIPPED.sub("", css)
    found: list[CssRule] = []
    depth = start = opened = 0
    is_whole = True
    for sign in _TOKEN.finditer(css):
        kind = sign.group()
        if kind == "{":
            opened = sign.start() if depth == 0 else opened
            depth += 1
        elif kind == "}" and depth == 0:
            is_whole, start = False, sign.end()
        elif kind == "}":
            depth -= 1
            if depth == 0:
                found.append(CssRule(css[start:opened].strip(), css[opened + 1 : sign.start()]))
                start = sign.end()
        elif kind == ";" and depth == 0:
            found.append(CssRule(css[start : sign.start()].strip(), ""))
            start = sign.end()
    if depth:
        found.append(CssRule(css[start:opened].strip(), css[opened + 1 :]))
    return tuple(found), is_whole and depth == 0


def declarations(style: str) -> list[tuple[str, str]]:
    """The declarations of a style in order, without `!important`.

    >>> declarations("color:red; background:url(a;b) !important")
    [('color', 'red'), ('background', 'url(a;b)')]
    """
    style = _SKIPPED.sub("", style) if "/*" in style else style
    return [(name.lower(), _IMPORTANT.sub("", value.strip())) for name, value in _DECLARATION.findall(style)]


def unwrapped(rules: Sequence[CssRule], condition: re.Pattern[str]) -> str:
    """What stands in the at-rules with a condition, as rules that always hold."""
    return "\n".join(rule.body for rule in rules if condition.match(" ".join(rule.head.split())))


def conditional(rules: Sequence[CssRule]) -> Iterator[CssRule]:
    """The at-rules that hold rules, with those inside of them."""
    for rule in rules:
        if rule.head.startswith(_PLAIN_RULES):
            yield rule
            yield from conditional(read_rules(rule.body)[0])


def in_any_case(selectors: str) -> str:
    """Selectors whose classes match as in a letter without a doctype, in capital or small letters; ids in small ones.

    >>> in_any_case('.Header > TD[title=".A"], #Ab')
    '[class~="Header" i] > TD[title=".A"], #ab'
    """

    def replaced(found: re.Match[str]) -> str:
        if found[1] and "\\" not in found[1]:
            return f'[class~="{found[1]}" i]'
        return found.group().lower() if found[2] else found.group()

    return _NAMED.sub(replaced, selectors)


def resolve(skeleton: str, css: str) -> dict[int, str] | None:
    """The style of each numbered element after inlining; None where the CSS cannot be read.

    Args:
        skeleton: HTML whose elements carry `data-mk="number"`, without text.
        css: Rules that always hold.
    """
    from css_inline import CSSInliner, InlineError

    document = f"<!DOCTYPE html><html><head><style>{css.replace('</', '')}</style></head>{skeleton}"
    document = document.encode("utf-8", "replace").decode()  # half a character is none
    try:
        done = CSSInliner(keep_style_tags=False, load_remote_stylesheets=False).inline(document)
    except InlineError:
        return None
    found = {}
    for tag in _OUR_TAG.finditer(done):
        style = _OUR_STYLE.search(tag.group())
        found[int(tag[1])] = style[1].replace("&quot;", '"').replace("&amp;", "&") if style else ""
    return found
