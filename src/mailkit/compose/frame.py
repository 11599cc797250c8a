"""How the parts of a letter stand in one another (RFC 2046): alternatives, images in their HTML, files beside it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from mailkit.compose.encode import base64
from mailkit.compose.header import field
from mailkit.message import Attachment

__all__ = ["frame"]

_FILENAME_OCTETS: Final = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
_FILENAME: Final = re.compile(r"[A-Za-z0-9 ._-]{1,60}\Z")
_HTML: Final = "text/html"


def frame(types: Sequence[str], attachments: Iterable[Attachment]) -> tuple[bytes, ...]:
    """What stands before each text part, and after the last: the same for every copy.

    Args:
        types: The media types of the text parts, the least telling first (RFC 2046, 5.1.4).
        attachments: Files, and images inside of the HTML (RFC 2387).
    """
    attached = tuple(attachments)
    inline = [one for one in attached if one.is_inline]
    files = [one for one in attached if not one.is_inline]
    boundary = _boundary(attached)
    mixed, related, alternative = (f"{boundary}-{kind}" for kind in ("mixed", "related", "alternative"))
    out: list[bytes] = []
    due = _multipart("mixed", mixed) if files else b""
    if len(types) > 1:
        due += _multipart("alternative", alternative)
    for number, media_type in enumerate(types):
        has_images = bool(inline) and media_type == _HTML
        due += _line(alternative) if number else b""
        due += _multipart('related; type="text/html"', related) if has_images else b""
        out.append(due)
        due = _attached(related, inline) if has_images else b""
    due += _end(alternative) if len(types) > 1 else b""
    due += _attached(mixed, files) if files else b""
    return (*out, due)


def _boundary(attachments: tuple[Attachment, ...]) -> str:
    """A beginning of boundaries: `=_` never occurs in encoded text, but an attached message is as it was written."""
    messages = [one.content for one in attachments if one.is_message]
    boundary, number = "=_mailkit", 1
    while any(boundary.encode() in content for content in messages):
        number += 1
        boundary = f"=_mailkit{number}"
    return boundary


def _multipart(kind: str, boundary: str) -> bytes:
    return f'Content-Type: multipart/{kind};\r\n boundary="{boundary}"\r\n\r\n--{boundary}\r\n'.encode()


def _line(boundary: str) -> bytes:
    return f"\r\n--{boundary}\r\n".encode()


def _end(boundary: str) -> bytes:
    return f"\r\n--{boundary}--\r\n".encode()


def _attached(boundary: str, attachments: list[Attachment]) -> bytes:
    return b"".join(_line(boundary) + _attachment(one) for one in attachments) + _end(boundary)


def _attachment(attachment: Attachment) -> bytes:
    placing = "inline" if attachment.is_inline else "attachment"
    lines = [field("Content-Type", attachment.content_type)]
    if not attachment.is_message:  # which may not be encoded (RFC 2046, 5.2.1)
        lines.append(b"Content-Transfer-Encoding: base64\r\n")
    if attachment.is_inline:
        lines.append(f"Content-ID: <{attachment.content_id}>\r\n".encode())
    lines.append(f"Content-Disposition: {placing};\r\n {_filename(attachment.filename)}\r\n\r\n".encode())
    lines.append(attachment.content if attachment.is_message else base64(attachment.content))
    return b"".join(lines)


def _filename(name: str) -> str:
    """The file's name as a parameter, in RFC 2231's pieces where it is long or not ASCII."""
    if _FILENAME.match(name):
        return f'filename="{name}"'
    octets = [chr(byte) if byte in _FILENAME_OCTETS else f"%{byte:02X}" for byte in name.encode("utf-8", "replace")]
    pieces, line = [], ""
    for octet in octets:
        if len(line) + len(octet) > 50:
            pieces.append(line)
            line = ""
        line += octet
    pieces.append(line)
    if len(pieces) == 1:
        return f"filename*=utf-8''{pieces[0]}"
    first = f"filename*0*=utf-8''{pieces[0]}"
    return ";\r\n ".join([first, *(f"filename*{n}*={piece}" for n, piece in enumerate(pieces[1:], 1))])
