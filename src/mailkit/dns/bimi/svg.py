"""Logos of BIMI: is this SVG of the profile Tiny Portable/Secure (draft-svg-tiny-ps-abrotman).

A logo is a stranger's XML. It is read by expat without any document type, so that there are no
entities to expand, and no longer than it may be.
"""

from __future__ import annotations

import re
import zlib
from typing import Final

import attrs

from mailkit.dns.tags import cut

__all__ = ["LONGEST_BYTES", "RECOMMENDED_BYTES", "Fault", "faults", "unpacked"]

RECOMMENDED_BYTES: Final = 32768
"""The most that a logo should have, unpacked."""
LONGEST_BYTES: Final = 262144
"""The most that is looked at, unpacked."""

_SVG: Final = "http://www.w3.org/2000/svg"
_XLINK: Final = "http://www.w3.org/1999/xlink"
_GZIP: Final = b"\x1f\x8b"
_DEEPEST: Final = 100
_MOST_FAULTS: Final = 20
_ALLOWED: Final = frozenset(
    re.findall(
        "[A-Za-z]+",
        "svg title desc metadata g defs use path rect circle ellipse line polyline polygon text textArea tbreak tspan "
        "linearGradient radialGradient stop solidColor",
    )
)
"""Elements of the profile: shapes, text and paint."""
_REASONS: Final = {
    "script": "scripts are not allowed",
    "handler": "scripts are not allowed",
    "listener": "scripts are not allowed",
    "image": "pictures made of pixels are not allowed",
    "foreignObject": "foreign content is not allowed",
    "a": "links are not allowed",
    "style": "style sheets are not part of SVG Tiny",
    **dict.fromkeys(
        ("animate", "animateColor", "animateMotion", "animateTransform", "set"), "animation is not allowed"
    ),
    **dict.fromkeys(("animation", "audio", "video", "discard", "prefetch"), "media are not allowed"),
}
_NUMBER: Final = r"[+-]?(?:[0-9]{1,9}(?:\.[0-9]{0,9})?|\.[0-9]{1,9})"
_VIEW_BOX: Final = re.compile(rf"\s*{_NUMBER}[\s,]+{_NUMBER}[\s,]+({_NUMBER})[\s,]+({_NUMBER})\s*\Z")
_URL: Final = re.compile(r"url\(\s*[\"']?\s*(?!#)", re.IGNORECASE)


@attrs.frozen
class Fault:
    """What keeps a logo from being shown.

    Attributes:
        word: A word for it: "xml", "root", "profile", "title", "element", "reference", "script", "shape" or "size".
        message: What is the matter.
        evidence: What was found.
        is_fatal: Whether receivers refuse the logo; else they may.
    """

    word: str
    message: str
    evidence: str = ""
    is_fatal: bool = True


class _Stop(Exception):
    """Nothing more need be read."""


def unpacked(logo: bytes) -> bytes | None:
    """The SVG text of a logo, which may be gzipped (RFC 6170, 5.2); None if it cannot be unpacked or is too long.

    >>> unpacked(b"<svg/>"), unpacked(b"\\x1f\\x8b oops")
    (b'<svg/>', None)
    """
    if not logo.startswith(_GZIP):
        return logo if len(logo) <= LONGEST_BYTES else None
    unpacker = zlib.decompressobj(wbits=31)
    try:
        text = unpacker.decompress(logo, LONGEST_BYTES + 1)
    except zlib.error:
        return None
    return text if unpacker.eof and len(text) <= LONGEST_BYTES else None


def faults(logo: bytes) -> tuple[Fault, ...]:
    """What keeps a logo from being shown; nothing if it is of the profile.

    >>> logo = (b'<svg xmlns="http://www.w3.org/2000/svg" version="1.2" baseProfile="tiny-ps" viewBox="0 0 9 9">'
    ...         b'<title>Books</title><rect width="9" height="9" fill="#fff"/></svg>')
    >>> faults(logo)
    ()
    >>> [fault.word for fault in faults(logo.replace(b"rect", b"script"))]
    ['element']
    """
    text = unpacked(logo)
    if text is None:
        return (Fault("size", f"it cannot be unpacked, or is longer than {LONGEST_BYTES} bytes"),)
    found = _Reading().read(text)
    if len(text) > RECOMMENDED_BYTES:
        message = f"it has {len(text)} bytes, where {RECOMMENDED_BYTES} should be the most"
        found.append(Fault("size", message, is_fatal=False))
    return tuple(found[:_MOST_FAULTS])


class _Reading:
    """One logo, read from its beginning to its end."""

    def __init__(self) -> None:
        self._faults: dict[Fault, None] = {}
        self._path: list[str] = []
        self._title: str | None = None
        self._has_root = False

    def read(self, text: bytes) -> list[Fault]:
        from xml.parsers import expat

        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.ProcessingInstructionHandler = self._instruction
        try:
            parser.Parse(text, True)
        except _Stop:
            return list(self._faults)
        except (expat.ExpatError, LookupError, ValueError) as error:  # the latter two for encodings that nobody knows
            self._say("xml", f"it is not well-formed XML: {cut(str(error), longest=100)}")
            return list(self._faults)
        if self._title is None or not self._title.strip():
            self._say("title", "it has no title: the name of the company belongs there")
        return list(self._faults)

    def _say(self, word: str, message: str, evidence: str = "", *, is_fatal: bool = True) -> None:
        self._faults[Fault(word, message, cut(evidence, longest=200), is_fatal)] = None
        if len(self._faults) > _MOST_FAULTS:
            raise _Stop

    def _doctype(self, name: str, *rest: object) -> None:
        self._say("xml", "it has a document type (DOCTYPE), which is not allowed", name)
        raise _Stop

    def _instruction(self, target: str, data: str) -> None:
        if target == "xml-stylesheet":
            self._say("reference", "it refers to a style sheet elsewhere", data)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        space, _, local = name.rpartition(" ")
        if not self._has_root:
            self._has_root = True
            self._root(space, local, attributes)
        self._path.append(local if space == _SVG else "")
        if len(self._path) > _DEEPEST:
            self._say("xml", f"its elements are nested deeper than {_DEEPEST}")
            raise _Stop
        if space != _SVG:
            message = f"<{cut(local, longest=40)}> is not an element of SVG, and of no use"
            self._say("element", message, space, is_fatal=False)
        elif local not in _ALLOWED:
            reason = _REASONS.get(local, "it is not part of the profile")
            self._say("element", f"<{cut(local, longest=40)}> must not be there: {reason}", local)
        elif self._path == ["svg", "title"] and self._title is None:
            self._title = ""
        for attribute, value in attributes.items():
            self._attribute(attribute, value)

    def _root(self, space: str, local: str, attributes: dict[str, str]) -> None:
        if (space, local) != (_SVG, "svg"):
            self._say("root", "it is not SVG: its root is not <svg> of the namespace of SVG", f"{space} {local}")
            raise _Stop
        for name, wanted in (("version", "1.2"), ("baseProfile", "tiny-ps")):
            if attributes.get(name) != wanted:
                given = attributes.get(name)
                message = f'its root does not say {name}="{wanted}"'
                self._say("profile", message, "" if given is None else f'{name}="{given}"')
        for name in ("x", "y"):
            if name in attributes:
                self._say("profile", f"its root must not have {name}=", f'{name}="{attributes[name]}"')
        self._shape(attributes.get("viewBox", ""))

    def _shape(self, view_box: str) -> None:
        matched = _VIEW_BOX.match(view_box)
        if not matched:
            message = "its root has no viewBox that can be read, so that nobody knows its shape"
            self._say("shape", message, view_box, is_fatal=False)
        elif float(matched[1]) != float(matched[2]) or float(matched[1]) <= 0:
            message = "it is not square, and receivers cut it to a square or a circle"
            self._say("shape", message, f'viewBox="{view_box}"', is_fatal=False)

    def _attribute(self, name: str, value: str) -> None:
        space, _, local = name.rpartition(" ")
        if local == "href" and space in ("", _XLINK) and not value.strip().startswith("#"):
            self._say("reference", "it refers to something that is not within it", f'href="{value}"')
        elif not space and local.startswith("on"):
            self._say("script", f"{cut(local, longest=40)}= would run a script", value)
        elif _URL.search(value):
            self._say("reference", "it refers to something that is not within it", f'{local}="{value}"')
        elif not space and local == "style":
            self._say("element", "style= is not part of SVG Tiny", value)

    def _end(self, name: str) -> None:
        self._path.pop()

    def _characters(self, text: str) -> None:
        if self._path == ["svg", "title"] and self._title is not None:
            self._title += text[:200]
