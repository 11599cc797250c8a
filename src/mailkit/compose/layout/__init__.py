"""How a letter's blocks become HTML that clients from Outlook 2013 to Apple Mail show alike.

One table as wide as the theme says, centred in a table as wide as the window; Outlook for
Windows, which knows no `max-width`, gets a table of fixed width around it ("ghost table") in
conditional comments. Columns are blocks in a line, each no wider than its share, so that they
stand below each other where there is no room, without any media query; Outlook gets a ghost
table for them too. Styles stand in `style` attributes from the start; the `<style>` holds only
what cannot: the narrow screen, dark mode (`prefers-color-scheme`, and Outlook.com's
`[data-ogsc]`), and the colour scheme. So a letter of blocks alone needs no inliner.

The HTML is made of marks (`mailkit.compose.marks`), which makes escaping safe: what is
escaped here is the author's text, what is escaped by Jinja is the reader's data.
"""

from __future__ import annotations

from html import escape

import attrs

from mailkit.compose.layout.document import document
from mailkit.compose.layout.pen import Frame, Pen
from mailkit.compose.layout.rows import rows
from mailkit.compose.letter import Letter
from mailkit.compose.marks import Marks

__all__ = ["Layout", "lay_out"]


@attrs.frozen(kw_only=True)
class Layout:
    """A letter as sources with marks.

    Attributes:
        subject: The subject.
        html: The document.
    """

    subject: str
    html: str


def lay_out(letter: Letter, marks: Marks) -> Layout:
    """Write a letter's sources.

    Raises:
        TemplateError: Jinja cannot read one of the blocks' texts.
    """
    pen = Pen(letter, marks)
    subject = marks.read(" ".join(letter.subject.split()), "subject")
    preheader = marks.read(letter.preheader, "html", block="preheader")
    frame = Frame.of(letter.theme)
    inner = "".join(rows(pen, block, frame) for block in letter.blocks)
    return Layout(subject=subject, html=document(letter, escape(subject), escape(preheader), inner))
