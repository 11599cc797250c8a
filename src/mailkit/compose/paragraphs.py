"""Markdown in a letter's texts, with Jinja in it.

CommonMark by markdown-it-py, with a few differences that letters need. HTML is shown as text.
Indented lines are no code, since texts stand indented in programs. An address stays as it was
written, since Jinja may stand in it. A line of Jinja statements alone is a block of its own,
so that `{% if %}` may stand around paragraphs and `{% for %}` around the items of a list.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Final

import attrs

from mailkit.compose.marks import MARK, Kind, Marks, Spot

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_block import StateBlock
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token

__all__ = ["PLAIN", "MarkdownLooks", "paragraphs"]

_RULES: Final = (
    *("blockquote", "heading", "hr", "list", "paragraph"),
    *("autolink", "backticks", "emphasis", "entity", "escape", "image", "link", "newline", "strikethrough"),
)
_REFERENCE: Final = re.compile(r"&#(?:([xX])0*([0-9a-fA-F]{1,8})|0*([0-9]{1,8}));")
_MERGE_FIELD: Final = re.compile(r"\*\|[A-Z0-9_:]{1,100}\|\*")  # Mailchimp's
_PRIVATE: Final = 0xF0000
_DEEPEST: Final = 100  # quotes around each other, or half as many lists: with the letter's tables far below `nesting`
_LAST: Final = ("p", "h1", "h2", "h3", "ul", "ol", "blockquote")  # have a blank below them


@attrs.frozen(kw_only=True)
class MarkdownLooks:
    """How the elements of a text look.

    Attributes:
        styles: The style of each element by its name.
        classes: Its class, where it has one.
    """

    styles: Mapping[str, str] = attrs.field(factory=dict)
    classes: Mapping[str, str] = attrs.field(factory=dict)


PLAIN: Final = MarkdownLooks()
"""No looks at all."""


_HTML: Final = Spot(part="html")


def paragraphs(text: str, marks: Marks, looks: MarkdownLooks = PLAIN, *, spot: Spot = _HTML) -> str:
    r"""A text in Markdown as HTML.

    Args:
        text: The text, with marks in place of its Jinja.
        marks: Knows what the marks stand for.
        looks: How its elements look.
        spot: Where the text stands, for errors.

    Raises:
        TemplateError: Its quotes or lists stand too deep inside of each other.

    >>> paragraphs("Until **Friday**.\n\n1 < 2, [see](https://shop.example.com)", Marks())
    '<p>Until <strong>Friday</strong>.</p>\n<p>1 &lt; 2, <a href="https://shop.example.com">see</a></p>'
    """
    parser = _parser()
    statements = frozenset(mark for mark in MARK.findall(text) if marks[mark].kind is Kind.STATEMENT)
    tokens = parser.parse(_REFERENCE.sub(_public, text), {"statements": statements, "spot": spot})
    tokens = _lists_around_loops(tokens, marks)
    _dress(tokens, looks)
    return str(parser.renderer.render(tokens, parser.options, {})).strip()


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    parser = MarkdownIt("zero", {"maxNesting": _DEEPEST + 10}).enable([*_RULES])
    parser.normalizeLink = lambda url: url  # type: ignore[method-assign] # percent signs would undo the marks
    parser.validateLink = lambda url: True  # type: ignore[method-assign] # refused by name when it is compiled
    parser.block.ruler.before(
        "blockquote", "statements", _statements, {"alt": ["paragraph", "blockquote", "list", "reference"]}
    )
    parser.block.ruler.before("statements", "depth", _refuse_depth)
    parser.inline.ruler.before("emphasis", "merge_field", _merge_field)
    parser.add_render_rule("statements", lambda _self, tokens, place, *_more: tokens[place].content)
    return parser


def _public(found: re.Match[str]) -> str:
    """A character reference, unless its character would be taken for a mark."""
    number = int(found[2], 16) if found[1] else int(found[3])
    return "\N{REPLACEMENT CHARACTER}" if number >= _PRIVATE else found.group()


def _merge_field(state: StateInline, silent: bool) -> bool:
    """Markdown-it's rule for another system's fields, whose stars are no emphasis, so that `lint` finds them."""
    found = _MERGE_FIELD.match(state.src, state.pos)
    if found is None:
        return False
    if not silent:
        state.pending += found.group()
    state.pos = found.end()
    return True


def _refuse_depth(state: StateBlock, _start: int, _end: int, _silent: bool) -> bool:
    """Markdown-it's rule, and none at all: below its own limit it would leave out words in silence."""
    if state.level >= _DEEPEST:
        spot: Spot = state.env["spot"]
        raise spot.error(f"more than {_DEEPEST} quotes, or half as many lists, stand inside of each other")
    return False


def _statements(state: StateBlock, start: int, _end: int, silent: bool) -> bool:
    """Markdown-it's rule for a line of statements alone."""
    line = state.src[state.bMarks[start] + state.tShift[start] : state.eMarks[start]].strip()
    if not line or any(not one.isspace() and one not in state.env["statements"] for one in line):
        return False
    if not silent:
        state.line = start + 1
        token = state.push("statements", "", 0)
        token.content, token.map = line, [start, state.line]
    return True


def _lists_around_loops(tokens: list[Token], marks: Marks) -> list[Token]:
    """The tokens with `{% for %}` inside of the list that it repeats, so that there is one list."""
    out = list(tokens)
    for place, token in enumerate(tokens):
        if token.type != "statements" or not _says(marks, token, "for") or place + 1 >= len(tokens):
            continue
        if tokens[place + 1].type in ("bullet_list_open", "ordered_list_open"):
            end = _close_of(tokens, place + 1)
            if end + 1 < len(tokens) and _says(marks, tokens[end + 1], "endfor"):
                out[place], out[place + 1] = out[place + 1], out[place]
                out[end], out[end + 1] = out[end + 1], out[end]
    return out


def _says(marks: Marks, token: Token, word: str) -> bool:
    return token.type == "statements" and len(token.content) == 1 and marks[token.content].word == word


def _close_of(tokens: list[Token], start: int) -> int:
    level = tokens[start].level
    return next(place for place in range(start + 1, len(tokens)) if tokens[place].level == level)


def _dress(tokens: list[Token], looks: MarkdownLooks) -> None:
    last = next((one for one in reversed(_blocks(tokens)) if one.tag in _LAST), None)
    for token in _opened(tokens):
        if token.tag in ("h4", "h5", "h6"):
            token.tag = "h3"  # a letter has three levels
        if token.nesting < 0:
            continue
        if token.tag in looks.classes:
            token.attrSet("class", looks.classes[token.tag])
        style = looks.styles.get(token.tag, "")
        if token is last:
            style = style.replace("margin:0 0 12px", "margin:0", 1)
        if style:
            token.attrSet("style", style)


def _blocks(tokens: list[Token]) -> list[Token]:
    return [token for token in tokens if token.level == 0 and token.nesting == 1]


def _opened(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from _opened(token.children or [])
