"""A letter's HTML as lint looks at it: elements with their place, their style, and the text in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import attrs

from mailkit.compose.linting.styles import CssRule
from mailkit.compose.marks import Kind, Marks
from mailkit.findings import Place

__all__ = ["Element", "Page", "Words"]

_TINY: Final = re.compile(r"\s*[01](?:\.\d{1,4})?(?:px)?\s*\Z")


@attrs.define(eq=False, kw_only=True)
class Element:
    """A start tag and what it stands for.

    Attributes:
        number: Its place among the letter's elements.
        name: Its name.
        given: Its attributes, decoded; marks stand in them.
        place: Where it is.
        parent: The element around it.
        is_for_outlook: Whether Outlook for Windows sees it.
        has_unknown_looks: Whether its class or style depends on the reader.
        written: The declarations of its own `style`, in order.
        style: What it ends up with, on a wide screen.
        dark: The same in dark mode, where the letter has rules for that.
        text: Of a link, what it says, with the alternative texts of its pictures.
        is_hidden: Whether it, or what is around it, is not shown.
    """

    number: int
    name: str
    given: dict[str, str]
    place: Place
    parent: Element | None
    is_for_outlook: bool
    has_unknown_looks: bool
    written: list[tuple[str, str]]
    style: dict[str, str]
    dark: dict[str, str] = attrs.field(factory=dict)
    text: str = ""
    is_hidden: bool = False

    @property
    def is_counter(self) -> bool:
        """Whether a picture is too small to be seen: it counts openings, or holds a place."""
        return any(_TINY.match(self.given.get(side) or self.style.get(side, "")) for side in ("width", "height"))


@attrs.frozen(eq=False)
class Words:
    """A stretch of text, and the element that it stands in; None outside of all."""

    text: str
    inside: Element | None
    place: Place


@attrs.define(eq=False, kw_only=True)
class Page:
    """A letter's HTML, read.

    Attributes:
        marks: What its marks stand for.
        elements: Its elements in order.
        words: Its texts in order, blank ones left out.
        rules: The rules of its style sheets.
        sheets: Its style sheets, as written.
        broken_sheets: Where those begin whose braces do not match.
        comments: Its comments.
        has_doctype: Whether it begins with a DOCTYPE.
        stray_ends: End tags that close nothing.
        unclosed: Elements that are never closed and should be.
        is_resolved: Whether styles are what the style sheets make of them.
        has_dark: Whether there are rules for dark mode.
        by_name: The elements by their name.
        mark_signs: The marks that stand in it.
        has_filler: Whether hidden text is followed by blanks that fill a preview line.
    """

    marks: Marks
    elements: list[Element] = attrs.field(factory=list)
    words: list[Words] = attrs.field(factory=list)
    rules: tuple[CssRule, ...] = ()
    sheets: list[tuple[str, Place]] = attrs.field(factory=list)
    broken_sheets: list[Place] = attrs.field(factory=list)
    comments: list[str] = attrs.field(factory=list)
    has_doctype: bool = False
    stray_ends: list[tuple[str, Place]] = attrs.field(factory=list)
    unclosed: list[Element] = attrs.field(factory=list)
    is_resolved: bool = True
    has_dark: bool = False
    by_name: dict[str, list[Element]] = attrs.field(factory=dict)
    mark_signs: set[str] = attrs.field(factory=set)
    has_filler: bool = False

    def named(self, *names: str) -> Iterator[Element]:
        """The elements of some names."""
        for name in names:
            yield from self.by_name.get(name, ())

    def place_of(self, css: str) -> Place:
        """Where a piece of the style sheets stands."""
        for sheet, place in self.sheets:
            at = sheet.find(css)
            if at >= 0 and place.line:
                return attrs.evolve(place, line=place.line + sheet.count("\n", 0, at))
        return self.sheets[0][1]

    def spoken(self, text: str) -> str:
        """A text with its Jinja as written."""
        return self.marks.words(text)

    @property
    def title(self) -> str:
        """What `<title>` says."""
        return " ".join(words.text.strip() for words in self.words if words.inside and words.inside.name == "title")

    @property
    def has_vml(self) -> bool:
        """Whether Outlook for Windows gets pictures of its own behind text."""
        return any("<v:fill" in comment or "<v:image" in comment for comment in self.comments)

    @property
    def has_statements(self) -> bool:
        """Whether parts of the HTML come and go with the record."""
        return any(self.marks[mark].kind is Kind.STATEMENT for mark in self.mark_signs)
