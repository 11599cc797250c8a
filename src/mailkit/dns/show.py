"""Tables for notebooks, as findings have them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

__all__ = ["table"]


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, none: str) -> str:
    """An HTML table; texts are escaped. Without rows, the words of `none`.

    >>> table(["Source"], [["<b>"]], none="No sources.")[-43:]
    '<tr><td>&lt;b&gt;</td></tr></tbody></table>'
    >>> table(["Source"], [], none="No sources.")
    '<p>No sources.</p>'
    """
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    if not body:
        return f"<p>{escape(none)}</p>"
    titles = "".join(f'<th scope="col" style="text-align:left">{escape(title)}</th>' for title in head)
    return f'<table class="mailkit-dns"><thead><tr>{titles}</tr></thead><tbody>{body}</tbody></table>'
