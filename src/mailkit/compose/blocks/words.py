"""Blocks of words."""

from __future__ import annotations

import attrs

from mailkit.compose.blocks.rows import ALIGN, Align
from mailkit.compose.rules import any_text, filled, flag, whole
from mailkit.errors import InvalidValue

__all__ = ["Heading", "Html", "Preheader", "Quote", "Text"]


@attrs.frozen
class Heading:
    """A heading.

    Attributes:
        text: What it says.
        level: 1 for the letter's own, 2 and 3 for those below it.
        align: Where it stands; `start` is the right in a letter that is read from the right.

    >>> Heading("Hello, {{ name }}").level
    1
    """

    text: str = attrs.field(validator=filled)
    level: int = attrs.field(default=1, kw_only=True, validator=whole(1, 3))
    align: Align = attrs.field(default="start", kw_only=True, validator=ALIGN)


@attrs.frozen
class Text:
    """Paragraphs in Markdown: bold, italic, links, lists, quotes, headings, code and pictures.

    HTML in it is shown as text; where you want HTML give `html`. Indented lines are no code,
    so that the text may stand indented in a program. Line breaks in a value are blanks in HTML; to
    keep them write `Text(html="{% for line in note.splitlines() %}{{ line }}<br>{% endfor %}")`.

    Attributes:
        text: The paragraphs as Markdown (CommonMark) with Jinja.
        html: The paragraphs as HTML with Jinja, instead of `text`.
        align: Where the lines stand.
        muted: Whether it is small print.

    >>> Text("Until **Friday** only.").muted
    False
    """

    text: str = attrs.field(default="", validator=any_text)
    html: str = attrs.field(default="", kw_only=True, validator=any_text)
    align: Align = attrs.field(default="start", kw_only=True, validator=ALIGN)
    muted: bool = attrs.field(default=False, kw_only=True, validator=flag)

    def __attrs_post_init__(self) -> None:
        if self.text.strip() and self.html.strip():
            raise InvalidValue("Text.html", self.html, "is given beside text", "keep one of them")
        if not self.text.strip() and not self.html.strip():
            raise InvalidValue("Text.text", self.text, "is empty", 'write Text("…") or Text(html="…")')


@attrs.frozen
class Quote:
    """What somebody said: a customer, a review, an author.

    Attributes:
        text: Their words, as Markdown.
        by: Who said it.

    >>> Quote("The best shop in town.", by="Anna, Kazan").by
    'Anna, Kazan'
    """

    text: str = attrs.field(validator=filled)
    by: str = attrs.field(default="", kw_only=True, validator=any_text)


@attrs.frozen
class Html:
    """HTML and Jinja of your own, put in as they stand; its CSS is inlined with the letter's.

    Attributes:
        source: The HTML, whole in itself.
        padded: Whether it keeps the letter's blank at its sides.

    >>> Html("<p>{{ name }}</p>").padded
    True
    """

    source: str = attrs.field(validator=filled)
    padded: bool = attrs.field(default=True, kw_only=True, validator=flag)


@attrs.frozen
class Preheader:
    """What an inbox shows after the subject, as a block: the same as `Letter.preheader`.

    A letter takes it out of its blocks and keeps it as its preheader, so that two letters
    that say the same are equal.

    Attributes:
        text: What it says.

    >>> from mailkit import compose
    >>> compose.Letter(subject="Sale", blocks=[Preheader("Until Friday"), Text("Come!")]).preheader
    'Until Friday'
    """

    text: str = attrs.field(validator=filled)
