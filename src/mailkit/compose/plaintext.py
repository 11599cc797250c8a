"""The text part: what a letter says, without its looks.

One pass over the pieces of the HTML. The same pass makes text from finished HTML and a text
template from a letter's HTML with marks in it (see `mailkit.compose.marks`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, get_args

from mailkit.compose.markup import Piece, PieceKind, attributes, pieces
from mailkit.compose.textlines import tidy, wrap_fixed
from mailkit.compose.textwriter import LinkStyle, TextWriter
from mailkit.errors import InvalidValue

__all__ = ["LinkStyle", "plain_text", "text_template", "tidy", "wrap_fixed"]

_TABLE_SIGNS: Final = frozenset({"th", "caption", "thead"})


def plain_text(html: str, *, links: LinkStyle = "inline") -> str:
    r"""What an HTML letter says, as text.

    Headings and paragraphs stand apart, list items begin with "- " or their number, quotes
    with "> ". A table of data (one with heading cells and no table in it) is set in
    columns; in other tables the cells of a row stand side by side, and rows of several
    lines apart. Pictures are told by their alternative text, unless a link beside them
    leads to the same place and says the same. Where two links on lines of one paragraph
    lead to one place, such as a product's name and button, the last has the address. What
    is crossed out, such as an old price, stands between "~~". What is hidden, such as a
    preheader, is left out. Lines are broken at 78 columns, of which Chinese, Japanese and
    Korean letters take two; an address is never cut.

    Args:
        html: The HTML, finished.
        links: "inline" writes "label (address)", which is where readers look for it;
            "numbered" writes "label [1]" and the addresses in a list at the end, which reads
            better where addresses are long; "none" leaves them out. An address that is its
            own label is written once.

    Raises:
        InvalidValue: `html` is not text, or `links` is another word.

    >>> print(plain_text("<h1>Sale</h1><p>Until <b>Friday</b>: <a href='https://shop.example.com'>our books</a></p>"))
    Sale
    <BLANKLINE>
    Until Friday: our books (https://shop.example.com)
    <BLANKLINE>
    >>> print(plain_text("<p>See <a href='https://shop.example.com/a'>books</a>.</p>", links="numbered"))
    See books [1].
    <BLANKLINE>
    [1] https://shop.example.com/a
    <BLANKLINE>
    """
    if not isinstance(html, str):
        raise InvalidValue("plain_text", html, "is not text", "decode it first" if isinstance(html, bytes) else "")
    if links not in get_args(LinkStyle):
        raise InvalidValue("plain_text, links", links, "is not 'inline', 'numbered' or 'none'")
    return tidy(text_template(html, links=links))


def text_template(
    html: str,
    statements: frozenset[str] = frozenset(),
    *,
    links: LinkStyle = "inline",
    spoken: Callable[[str], str] = str,
) -> str:
    """The text of an HTML source, not yet tidied.

    Args:
        html: The source; marks in it are letters like any other.
        statements: Marks that print nothing and must be kept even where text is left out.
        links: Where addresses are written. Numbers are for finished HTML only: how often a
            loop turns is not known before.
        spoken: Marked text with its Jinja as written, by which addresses are compared.
    """
    writer = TextWriter(links, spoken)
    keep = re.compile(f"[{''.join(statements)}]") if statements else None
    cut = list(pieces(html))
    tables = _tables_of_data(cut)
    for place, piece in enumerate(cut):
        if piece.kind is PieceKind.OPEN:
            writer.open(piece.name, attributes(piece.text), is_data=place in tables)
        elif piece.kind is PieceKind.CLOSE:
            writer.close(piece.name)
        elif piece.kind is PieceKind.COMMENT:
            for found in keep.finditer(piece.text) if keep else ():
                writer.statement(found.group())
        else:
            start = 0
            for found in keep.finditer(piece.text) if keep else ():
                writer.text(piece.text[start : found.start()])
                writer.statement(found.group())
                start = found.end()
            writer.text(piece.text[start:])
    return writer.finished()


def _tables_of_data(cut: list[Piece]) -> frozenset[int]:
    """Where tables begin whose cells belong in columns: with heading cells, and no table for layout."""
    found: set[int] = set()
    open_tables: list[int] = []
    for place, piece in enumerate(cut):
        if piece.name == "table" and piece.kind is PieceKind.OPEN:
            found.difference_update(open_tables[-1:])  # a table with a table in it is a frame
            open_tables.append(place)
        elif piece.name == "table" and open_tables:
            open_tables.pop()
        elif piece.name in _TABLE_SIGNS and piece.kind is PieceKind.OPEN and open_tables:
            found.add(open_tables[-1])
    return frozenset(place for place in found if "presentation" not in cut[place].text)
