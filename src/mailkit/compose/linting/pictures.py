"""What the bytes of a picture tell: whether it is one, and whether it has places to see through."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from mailkit.compose.linting.page import Element, Page
from mailkit.compose.linting.rules import finding
from mailkit.compose.marks import MARK
from mailkit.errors import did_you_mean
from mailkit.findings import Finding, Place

if TYPE_CHECKING:
    from mailkit.compose.sources import Parts

__all__ = ["ENOUGH_BYTES", "check_attachments", "is_see_through"]

ENOUGH_BYTES: Final = 1024
"""How much of a picture's beginning tells whether it has transparent places, nearly always."""
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_CALLING: Final = ("src", "background", "poster")
_IN_STYLE: Final = re.compile(r"url\(\s*[\"']?\s*cid:([^\"')\s]+)", re.IGNORECASE)
_VARIES: Final = re.compile(
    rf"cid:[^\s\"'<>]{{0,200}}{MARK.pattern}"
    rf"|(?:(?:src|background|poster)\s{{0,9}}=|url\()\s{{0,9}}[\"']?\s{{0,9}}{MARK.pattern}",
    re.IGNORECASE,
)
"""An address that a record settles, and that may be any attachment's."""
_COLOUR_TYPE: Final = 25  # where in a PNG it stands (PNG, 11.2.2)


def is_see_through(content: bytes) -> bool:
    """Whether a picture may have transparent places, by its beginning: a PNG with alpha or `tRNS`, a WebP with alpha.

    >>> is_see_through(b"\\x89PNG\\r\\n\\x1a\\n" + b"\\0" * 17 + b"\\x06")
    True
    """
    if content.startswith(_PNG):
        return content[_COLOUR_TYPE : _COLOUR_TYPE + 1] in (b"\x04", b"\x06") or b"tRNS" in content[:ENOUGH_BYTES]
    if content[:4] == b"RIFF" and content[8:16] == b"WEBPVP8X":
        return bool(content[20:21]) and bool(content[20] & 0x10)
    return False


def check_attachments(page: Page, parts: Parts) -> Iterator[Finding]:
    """Pictures that ought to travel with the letter and do not, and those that do and should look otherwise."""
    inline = [one for one in parts.attachments if one.is_inline]
    known = [one.content_id for one in inline]
    told = set()
    for element in page.elements:
        for name in _called(element):
            if name not in known and name not in told and not MARK.search(name):
                told.add(name)
                yield finding(
                    "missing-attachment", element.place, name, did_you_mean(name, known), evidence=f"cid:{name}"
                )
    shown = _plain(parts.html)
    for one in inline:
        if f"cid:{one.content_id}" not in shown and not _VARIES.search(parts.html):
            yield finding("unused-attachment", Place(source="attachments"), evidence=one.content_id)
        if page.has_dark and is_see_through(one.content[:ENOUGH_BYTES]):
            yield finding("see-through-picture", Place(source="attachments"), evidence=one.filename)


def _called(element: Element) -> Iterator[str]:
    """The content ids that an element asks for."""
    for value in (element.given.get(name, "") for name in _CALLING):
        if value.strip().lower().startswith("cid:"):
            yield unquote(value.strip()[4:])
    for found in _IN_STYLE.finditer(element.given.get("style", "")):
        yield unquote(found[1])


def _plain(html: str) -> str:
    return unquote(unescape(html))  # RFC 2392, 2: a content id stands in an address as any other text
