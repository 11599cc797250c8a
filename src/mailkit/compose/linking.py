"""A letter's links: made safe, numbered in reading order, and replaced where they are followed."""

from __future__ import annotations

import re
from datetime import datetime
from html import escape, unescape
from typing import Any, Final

import attrs

from mailkit.compose.addresses import address, is_fixed, is_web, unsafe_scheme
from mailkit.compose.links import Link, Links
from mailkit.compose.marks import MARK, Kind, Marks, Spot
from mailkit.compose.markup import Attribute, Piece, PieceKind, attributes, pieces, replaced
from mailkit.errors import TemplateError

__all__ = ["LINKS", "PIXEL", "Linked", "ReaderLinks", "link", "reader_values"]

LINKS: Final = "_mailkit_links"
"""The name by which a template finds the addresses of its links."""
PIXEL: Final = "_mailkit_pixel"
"""The name by which a template finds the picture that tells of an opening."""

_PICTURES: Final = frozenset({"src", "background", "poster"})
_ADDRESSES: Final = _PICTURES | {"href", "action", "formaction", "xlink:href"}
_BLANKS: Final = re.compile(r"[\s\xa0]+")
_SPOT: Final = Spot(part="html")


@attrs.frozen(kw_only=True)
class Linked:
    """HTML whose links are numbered.

    Attributes:
        html: The HTML; links that are followed are marks.
        links: The web links whose address is the same for every reader, in reading order.
        slots: The original addresses by number; those that are not followed are empty.
    """

    html: str
    links: tuple[Link, ...]
    slots: tuple[str, ...]


@attrs.frozen
class ReaderLinks:
    """The addresses of a letter's links for one reader; looked up by number."""

    links: Links
    person: int
    at: datetime

    def __getitem__(self, number: int) -> str:
        return self.links.url(number, person=self.person, at=self.at)


def link(html: str, marks: Marks, links: Links | None) -> Linked:
    """Number the links of a letter's HTML, refuse unsafe ones, and put slots where they are followed.

    Raises:
        TemplateError: An address would run a script.
    """
    return _Linker(html, marks, links).linked()


class _Linker:
    def __init__(self, html: str, marks: Marks, links: Links | None) -> None:
        self._marks, self._links = marks, links
        self._pieces = list(pieces(html))
        self._found: list[Link] = []
        self._slots = [""]
        self._block = ""

    def linked(self) -> Linked:
        out: list[str] = []
        for place, piece in enumerate(self._pieces):
            if piece.kind is PieceKind.OPEN:
                out.append(self._tag(place, piece, out))
            else:
                out.append(MARK.sub(self._without_block, piece.text))
        html = "".join(out)
        if self._links is not None:
            pixel = self._marks.add(Kind.EXPRESSION, PIXEL, _SPOT)
            before, end, after = html.rpartition("</body>")
            html = f"{before}{pixel}{end}{after}" if end else f"{html.removesuffix(chr(10))}{pixel}\n"
        return Linked(html=html, links=tuple(self._found), slots=tuple(self._slots))

    def _without_block(self, found: re.Match[str]) -> str:
        token = self._marks[found.group()]
        if token.kind is Kind.BLOCK:
            self._block = token.body
            return ""
        return found.group()

    def _tag(self, place: int, piece: Piece, out: list[str]) -> str:
        changes: list[tuple[Attribute, str]] = []
        for attribute in attributes(piece.text):
            value = attribute.value
            if attribute.name in _ADDRESSES:
                value = self._safe(value, picture=attribute.name in _PICTURES)
            if attribute.name == "href" and piece.name == "a" and not MARK.search(value) and is_web(value):
                value = self._followed(place, value, out)
            if MARK.search(value):
                changes.append((attribute, value))  # also puts quotes around what a value could break out of
        return replaced(piece.text, changes)

    def _followed(self, place: int, value: str, out: list[str]) -> str:
        number = len(self._found) + 1
        found = Link(number=number, href=address(value), label=self._label(place), block=self._block)
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
        for piece in self._pieces[place + 1 :]:
            if piece.kind is PieceKind.CLOSE and piece.name == "a":
                break
            if piece.kind is PieceKind.TEXT:
                words.append(unescape(piece.text))
            elif piece.name == "img":
                words += [unescape(one.value) for one in attributes(piece.text) if one.name == "alt"]
        return _BLANKS.sub(" ", self._marks.words("".join(words))).strip()

    def _safe(self, value: str, *, picture: bool) -> str:
        """The address with a guard on whatever might settle its scheme when it is rendered."""
        scheme = unsafe_scheme(MARK.sub("", value), picture=picture)
        if scheme:
            found = MARK.search(value)
            spot = self._marks[found.group()].spot if found else self._spot()
            raise spot.error(
                f"the address {self._marks.words(value)[:60]!r} has the scheme {scheme}, which no letter may"
            )
        prefix, out = "", []
        for part in re.split(f"({MARK.pattern})", value):
            is_mark = bool(MARK.fullmatch(part))
            if is_mark and self._marks[part].kind is Kind.EXPRESSION and not is_fixed(prefix):
                token = self._marks[part]
                is_whole = part == value
                given = f"{address(prefix)!r}, {is_whole}, {picture}"
                out.append(self._marks.add(Kind.EXPRESSION, f"({token.body})|_mailkit_url({given})", token.spot))
                prefix = prefix or "…"
            else:
                out.append(part)
                prefix += "" if is_mark else part
        return "".join(out)

    def _spot(self) -> Spot:
        return Spot(part=f"html, {self._block}" if self._block else "html")


def reader_values(
    links: Links | None, person: int | None, at: datetime | None, slots: tuple[str, ...]
) -> dict[str, Any]:
    """What a template needs to fill its slots; without a person the addresses as they were written."""
    if links is None:
        return {}
    if person is None:
        return {LINKS: slots, PIXEL: ""}
    if at is None:
        raise TemplateError("links for a person need the time of sending: give at=…")
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
