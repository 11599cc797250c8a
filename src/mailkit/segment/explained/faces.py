"""How segments and answers about them look on a page: pieces of HTML without scripts, styles inline.

How to think about it. A notebook may be light or dark whatever the reader's system prefers, and
does not tell; and sites that show notebooks take `<style>` away. So every colour here is either
inherited or a middle tone, half transparent where text stands on it, which can be read on white
and on black alike. Whatever came from a segment or a record goes through `harmless`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Final

import attrs

from mailkit.segment import nodes
from mailkit.segment.language.text import sentence

__all__ = [
    "FALSE",
    "MUTED",
    "TRUE",
    "aligned",
    "bar",
    "cell",
    "frame",
    "harmless",
    "layout",
    "listed",
    "row",
    "shade",
    "table",
    "ticks",
]

MUTED: Final = "opacity:.75"
TRUE: Final = "color:#1a8f4c"
FALSE: Final = "color:#c2410c"
_BLUE: Final = "59,130,246"
_LINE: Final = "rgba(128,128,128,.35)"
_CELL: Final = f"padding:.3em .7em;border:0;border-bottom:1px solid {_LINE};text-align:left;vertical-align:top"
_NUMBER: Final = ";text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap"
_CODE: Final = "font-family:ui-monospace,Menlo,Consolas,'Liberation Mono',monospace;font-size:.95em"
_ANYWHERE: Final = ";overflow-wrap:anywhere"
_BY_WORDS: Final = ";overflow-wrap:break-word;max-width:26em"


def harmless(text: str) -> str:
    """A text from anywhere for a page: nothing in it is markup, or steers what shows it."""
    return escape("".join(letter if letter.isprintable() or letter == "\n" else "\ufffd" for letter in text))


def frame(kind: str, label: str, *pieces: str) -> str:
    """Pieces as one whole with a name for screen readers; what is too wide is scrolled within it."""
    style = "max-width:60em;overflow-x:auto;font-family:system-ui,sans-serif;font-size:14px;line-height:1.45"
    named = f'class="{kind}" aria-label="{harmless(label)}" tabindex="0"'
    return f'<section {named} style="{style}">{"".join(pieces)}</section>'


def cell(text: str, *, head: str = "", is_number: bool = False, style: str = "") -> str:
    """A cell around HTML; `head` makes it the head of its "row" or "col"."""
    tag, scope = ("th", f' scope="{head}"') if head else ("td", "")
    weight = ";font-weight:600" if head == "col" else ";font-weight:400" if head else ""
    more = (_NUMBER if is_number else _BY_WORDS) + (";white-space:normal" if head == "col" else "")
    return f'<{tag}{scope} style="{_CELL}{weight}{more}{";" + style if style else ""}">{text}</{tag}>'


def row(*cells: str) -> str:
    """A row; its background is the page's own, where notebooks would stripe it."""
    return f'<tr style="background:transparent">{"".join(cells)}</tr>'


def table(caption: str, head: Iterable[str], rows: Iterable[str]) -> str:
    """A table with a caption above it."""
    named = f'<caption style="caption-side:top;text-align:left;padding:.6em 0;font-weight:600">{caption}</caption>'
    style = "border-collapse:collapse;border:0;margin:.2em 0 .8em"
    return f'<table style="{style}">{named}<thead>{row(*head)}</thead><tbody>{"".join(rows)}</tbody></table>'


def bar(share: float) -> str:
    """A bar as long as the share, which the number beside it tells in words."""
    inner = f"width:{share:.1%};min-width:{1 if share else 0}px;height:.7em;background:rgba({_BLUE},.75)"
    outer = f"width:9em;max-width:22vw;background:rgba({_BLUE},.15);margin-top:.4em"
    return f'<div aria-hidden="true" style="{outer}"><div style="{inner}"></div></div>'


def shade(share: float) -> str:
    """A background, the stronger the larger the share, on which the page's own text can be read."""
    return f"background:rgba({_BLUE},{0.55 * share:.2f})"


def ticks(is_true: bool) -> str:
    """A tick or a cross, which screen readers say in words."""
    sign, word, colour = ("✓", "true", TRUE) if is_true else ("✗", "false", FALSE)
    return f'<span role="img" aria-label="{word}" style="{colour};font-weight:700">{sign}</span>'


@attrs.frozen
class Line:
    """A line of a sentence: how deep it stands, the word before it, and the rest."""

    depth: int
    joint: str
    text: str


def lines(condition: nodes.Condition) -> list[Line]:
    """The sentence in lines, one for each condition within "and" and "or"; together they say the same tree."""
    return _lines(condition, "", 0)


def _lines(node: nodes.Condition, joint: str, depth: int) -> list[Line]:
    match node:
        case nodes.And() | nodes.Or():
            return _several(node, joint, depth)
        case nodes.Not(part=nodes.And() | nodes.Or() as part):
            return _bracketed(part, joint, depth, before="not ")
        case _:
            return [Line(depth, joint, sentence(node))]


def _several(node: nodes.And | nodes.Or, joint: str, depth: int) -> list[Line]:
    word = "and" if isinstance(node, nodes.And) else "or"
    found: list[Line] = []
    for place, part in enumerate(node.parts):
        before = word if place else joint
        inner = isinstance(part, nodes.And | nodes.Or)
        found += _bracketed(part, before, depth) if inner else _lines(part, before, depth)
    return found


def _bracketed(node: nodes.Condition, joint: str, depth: int, *, before: str = "") -> list[Line]:
    return [Line(depth, joint, f"{before}("), *_lines(node, "", depth + 1), Line(depth, "", ")")]


def layout(condition: nodes.Condition) -> str:
    """The sentence as HTML: one condition a line, what belongs together indented; as text it can be parsed again."""
    found = lines(condition)
    is_wide = any(line.joint for line in found)
    return f'<div style="{_CODE};margin:.3em 0">{"".join(_line(line, is_wide) for line in found)}</div>'


def _line(line: Line, is_wide: bool) -> str:
    left = 2.2 * line.depth + (4.4 if is_wide else 0)
    style = f"padding-left:{left:.1f}em;text-indent:{-4.4 if is_wide else 0}em"
    width = "display:inline-block;width:3.8em;text-indent:0;text-align:right;font-weight:600"
    joint = f'<span style="{width};{MUTED}">{line.joint}</span>' if is_wide else ""
    return f'<div style="{style}{_ANYWHERE}">{joint} {harmless(line.text)}</div>\n'


def listed(names: Sequence[str], word: str = "and") -> str:
    """Names in a row: "a, b and c"."""
    return f" {word} ".join((", ".join(names[:-1]), names[-1])) if len(names) > 1 else "".join(names)


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows as lines of text, the first column to the left and the others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for first, *others in rows:
        cells = [first.ljust(widths[0]), *(text.rjust(width) for text, width in zip(others, widths[1:], strict=True))]
        lines.append("  ".join(cells).rstrip())
    return lines
