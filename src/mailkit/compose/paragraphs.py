"""The few signs that a text block understands."""

from __future__ import annotations

import re
from html import escape
from typing import Final

__all__ = ["paragraphs"]

_BLANK_LINES: Final = re.compile(r"\n[ \t]*\n\s*")
_ESCAPED: Final = re.compile(r"\\([\\*\[\]()])")
_LINK: Final = re.compile(r"\[([^\[\]]+)\]\(((?:[^\s()]|\([^\s()]*\))+)\)")
_BOLD: Final = re.compile(r"\*\*(?=\S)(.+?)(?<=\S)\*\*(?!\*)", re.DOTALL)
_ITALIC: Final = re.compile(r"(?<![*\w])\*(?=[^\s*])([^*]*[^\s*])\*(?![*\w])")
_STASH: Final = 0x100000  # plane 16, also for private use; marks are in plane 15
_STASHED: Final = re.compile("[\U00100000-\U0010fffd]")


def paragraphs(text: str, *, anchor: str = "") -> str:
    """A text with `**bold**`, `*italic*` and `[label](address)` as HTML.

    Args:
        text: The text; anything that is no such sign is escaped.
        anchor: Attributes for its links.

    >>> paragraphs("Until **Friday**.\\n\\n1 < 2, [see](https://shop.example.com)")
    '<p style="margin:0 0 12px">Until <strong>Friday</strong>.</p><p style="margin:0">1 &lt; 2, <a href="https://shop.example.com">see</a></p>'
    """
    parts = [part.strip() for part in _BLANK_LINES.split(text.strip())]
    last = len(parts) - 1
    return "".join(
        f'<p style="margin:{"0" if place == last else "0 0 12px"}">{_line(part, anchor)}</p>'
        for place, part in enumerate(parts)
    )


def _line(text: str, anchor: str) -> str:
    """Signs to HTML. Links' tags are put aside meanwhile, as an address may hold asterisks."""
    tags: list[str] = []

    def begin(found: re.Match[str]) -> str:
        attributes = f" {anchor}" if anchor else ""
        tags.append(f'<a href="{found[2]}"{attributes}>')
        return f"{chr(_STASH + len(tags) - 1)}{found[1]}</a>"

    text = _ESCAPED.sub(lambda found: f"&#{ord(found[1])};", escape(_STASHED.sub("", text)))
    text = _LINK.sub(begin, text)
    text = _ITALIC.sub(r"<em>\1</em>", _BOLD.sub(r"<strong>\1</strong>", text))
    return _STASHED.sub(lambda found: tags[ord(found.group()) - _STASH], text)
