"""A letter's links: made safe, numbered in reading order, and replaced where they are followed."""

from __future__ import annotations

import re
from datetime import datetime
from html import escape, unescape
from typing import Any, Final

import attrs

from mailkit.compose.addresses import address, is_fixed, is_web
from mailkit.compose.guarding import Guard
from mailkit.compose.links import Link, Links
from mailkit.compose.marks import MARK, Kind, Marks, Spot
from mailkit.compose.markup import Attribute, PieceKind, attributes, pieces, replaced
from mailkit.findings import Finding, Place, Severity

__all__ = ["LINKS", "PIXEL", "Linked", "ReaderLinks", "link", "reader_values"]

LINKS: Final = "_mailkit_links"
"""The name by which a template finds the addresses of its links."""
PIXEL: Final = "_mailkit_pixel"
"""The name by which a template finds the picture that tells of an opening."""

_BLANKS: Final = re.compile(r"[\s\xa0]+")
_SPOT: Final = Spot(part="html")


@attrs.frozen(kw_only=True)
class Linked:
    """HTML whose links are numbered.

    Attributes:
        html: The HTML; links that are followed are marks.
        links: The web links whose address is the same for every reader, in reading order.
        slots: The original addresses by number; those that are not followed are empty.
        findings: The web links whose clicks cannot be counted.
    """

    html: str
    links: tuple[Link, ...]
    slots: tuple[str, ...]
    findings: tuple[Finding, ...] = ()


@attrs.frozen
class ReaderLinks:
    """The addresses of a letter's links for one reader; looked up by number."""

    links: Links
    person: int
    at: datetime

    def __getitem__(self, number: int) -> str:
        return self.links.url(number, person=self.person, at=self.at)


def link(html: str, marks: Marks, links: Links | None) -> Linked:
    """Guard a letter's HTML, number its links, and put slots where they are followed.

    Raises:
        TemplateError: An address would run a script, or a value stands where it could.
    """
    return _Linker(html, marks, links).linked()


class _Linker:
    def __init__(self, html: str, marks: Marks, links: Links | None) -> None:
        self._marks, self._links = marks, links
        self._guard = Guard(marks)
        self._pieces = list(pieces(html))
        self._found: list[Link] = []
        self._slots = [""]
        self._findings: dict[Finding, None] = {}

    def linked(self) -> Linked:
        out: list[str] = []
        end = None
        for place, piece in enumerate(self._pieces):
            text = self._guard.piece(piece)
            if piece.kind is PieceKind.OPEN and piece.name == "a":
                text = self._anchor(place, piece.text, text, out)
            elif piece.kind is PieceKind.CLOSE and piece.name == "body":
                end = place
            out.append(MARK.sub(self._without_block, text))
        if self._links is not None:
            pixel = self._marks.add(Kind.EXPRESSION, PIXEL, _SPOT)
            if end is None:
                out = ["".join(out).removesuffix("\n"), pixel, "\n"]
            else:
                out.insert(end, pixel)
        return Linked(
            html="".join(out), links=tuple(self._found), slots=tuple(self._slots), findings=tuple(self._findings)
        )

    def _without_block(self, found: re.Match[str]) -> str:
        token = self._marks[found.group()]
        if token.kind is Kind.BLOCK:
            self._guard.block = token.body
            return ""
        return found.group()

    def _anchor(self, place: int, written: str, tag: str, out: list[str]) -> str:
        changes: list[tuple[Attribute, str]] = []
        for before, attribute in zip(attributes(written), attributes(tag), strict=True):
            if MARK.sub("", attribute.name) != "href":
                continue
            if MARK.search(before.value):
                self._look_at_untracked(before.value)
            elif is_web(attribute.value):
                value = self._followed(place, attribute.value, out)
                if MARK.search(value):
                    changes.append((attribute, value))
        return replaced(tag, changes)

    def _look_at_untracked(self, value: str) -> None:
        """Say that clicks on a link are not counted, since its address is one thing for one reader."""
        if self._links is None:
            return
        start, tokens = MARK.split(value)[0], [self._marks[mark] for mark in MARK.findall(value)]
        if (is_fixed(start) and not is_web(start)) or any("unsubscribe_url" in token.body for token in tokens):
            return
        finding = Finding(
            code="compose.untracked-link",
            severity=Severity.WARNING,
            message="clicks on this link are not counted, since its address differs by reader",
            place=Place(source=tokens[0].spot.part, line=tokens[0].spot.line),
            evidence=self._marks.words(value),
            mend="give it a fixed address that redirects, or accept that its clicks are not counted",
        )
        self._findings[finding] = None

    def _followed(self, place: int, value: str, out: list[str]) -> str:
        number = len(self._found) + 1
        found = Link(number=number, href=address(value), label=self._label(place), block=self._guard.block)
        self._found.append(found)
        is_placed = self._links is not None and self._links.place(found)
        self._slots.append(found.href if is_placed else "")
        if not is_placed:
            return value
        slot = self._marks.add(Kind.EXPRESSION, f"{LINKS}[{number}]", _SPOT)
        for before in range(max(0, place - 3), place):  # Outlook's copy of a button, in a comment before it
            if self._pieces[before].kind is PieceKind.COMMENT:
                out[before] = out[before].replace(f'href="{value}"', f'href="{slot}"')
        return slot

    def _label(self, place: int) -> str:
        words = []
        for later in range(place + 1, len(self._pieces)):
            piece = self._pieces[later]
            if piece.name == "a":  # its end, or another link, which ends it too
                break
            if piece.kind is PieceKind.TEXT:
                words.append(unescape(piece.text))
            elif piece.name == "img":
                said = [unescape(one.value) for one in attributes(piece.text) if one.name == "alt"]
                words += [one for one in said if one not in words]  # the same picture for the dark
        return _BLANKS.sub(" ", self._marks.words("".join(words))).strip()


def reader_values(
    links: Links | None, person: int | None, at: datetime | None, slots: tuple[str, ...]
) -> dict[str, Any]:
    """What a template needs to fill its slots; without a person the addresses as they were written."""
    if links is None:
        return {}
    if person is None or at is None:
        return {LINKS: slots, PIXEL: ""}
    from mailkit.compose.sandbox import trusted

    picture = links.pixel(person=person, at=at)
    pixel = _pixel(picture) if picture else ""
    return {
        LINKS: ReaderLinks(links, person, at),
        PIXEL: trusted(pixel),
        "unsubscribe_url": links.unsubscribe(person=person, at=at),
    }


def _pixel(picture: str) -> str:
    return (
        f'<img src="{escape(picture)}" width="1" height="1" alt="" style="display:block;width:1px;height:1px;border:0">'
    )
