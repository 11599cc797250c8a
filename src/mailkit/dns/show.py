"""Tables for notebooks, as findings have them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

__all__ = ["table"]


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, none: str) -> str:
    """An HTML table; texts are escaped. Without rows, the words of `none`.

    >>> "&lt;b&gt;</td></tr></tbody></table>" in table(["Source"], [["<b>"]], none="No sources.")
    True
    >>> table(["Source"], [], none="No sources.")
    '<p>No sources.</p>'
    """
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    if not body:
        return f"<p>{escape(none)}</p>"
    titles = "".join(f'<th scope="col" style="text-align:left">{escape(title)}</th>' for title in head)
    return f'<table class="mailkit-dns"><thead><tr>{titles}</tr></thead><tbody>{body}</tbody></table>'


def _cell(text: str) -> str:
    shown = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)
    return f'<td style="overflow-wrap:anywhere">{escape(shown)}</td>'
