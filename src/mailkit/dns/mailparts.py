"""The parts of a mail that are no multiparts: linear in the mail's size, whatever the mail says.

Python's own parser goes one call deeper for each multipart inside another, and a hostile mail has
thousands. Here eight levels and some hundred parts are read, and the rest is left.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from email.message import Message
from email.parser import BytesHeaderParser
from typing import Final

import attrs

__all__ = ["Part", "decoded", "looks_like_mail", "parts", "split"]

_DEEPEST: Final = 8
_MOST_PARTS: Final = 200
_LONGEST_HEADER: Final = 256 * 1024
_LONGEST_FIELD: Final = 4_000  # Python reads the parameters of a field in the square of its length
_HEADER_END: Final = re.compile(rb"\r?\n[ \t]*\r?\n")
_HEADER: Final = re.compile(rb"(?:From [^\r\n]*\r?\n)?[!-9;-~]+[ \t]*:")


@attrs.frozen(kw_only=True)
class Part:
    """A part of a mail that is no multipart.

    Attributes:
        type: Its media type, in small letters.
        filename: The name that it has as an attachment; may be empty.
        content: What it holds, decoded.

    >>> Part(type="text/xml", filename="a.xml", content=b"<feedback/>").type
    'text/xml'
    """

    type: str
    filename: str = ""
    content: bytes = attrs.field(repr=False)


def looks_like_mail(head: bytes) -> bool:
    """Whether bytes begin as a mail does: with a header field, or with the "From " of a mailbox file.

    >>> looks_like_mail(b"Return-Path: <>\\r\\n"), looks_like_mail(b"<feedback>")
    (True, False)
    """
    return bool(_HEADER.match(head.lstrip(b"\xef\xbb\xbf\r\n")))


def split(raw: bytes) -> tuple[Message, bytes]:
    """The header fields of a mail or of a part, and what follows them.

    >>> fields, body = split(b"Subject: Report\\r\\n\\r\\nhello")
    >>> fields["subject"], body
    ('Report', b'hello')
    """
    if raw[:1] in (b"\r", b"\n"):
        return Message(), raw.lstrip(b"\r\n")
    found = _HEADER_END.search(raw, 0, _LONGEST_HEADER)
    end, start = found.span() if found else (min(len(raw), _LONGEST_HEADER),) * 2
    head = raw[:end]
    if head.startswith(b"From "):
        head = head.partition(b"\n")[2]
    fields = BytesHeaderParser().parsebytes(head)
    for name in ("content-type", "content-disposition", "content-transfer-encoding"):
        if any(len(str(value)) > _LONGEST_FIELD for value in fields.get_all(name, ())):
            del fields[name]
    return fields, raw[start:]


def parts(raw: bytes) -> Iterator[Part]:
    """The parts of a mail in their order; mails inside the mail are looked into.

    >>> mail = b"Content-Type: text/xml\\nContent-Transfer-Encoding: base64\\n\\nPGZlZWRiYWNrLz4="
    >>> [part.content for part in parts(mail)]
    [b'<feedback/>']
    """
    waiting, seen = [(raw.lstrip(b"\r\n"), 0)], 0
    while waiting and seen < _MOST_PARTS:
        current, depth = waiting.pop()
        seen += 1
        fields, body = split(current)
        media_type = fields.get_content_type()
        boundary = _boundary(fields) if media_type.startswith("multipart/") else b""
        if boundary and depth < _DEEPEST:
            inside = _cut_at(boundary, body)
            waiting.extend((one, depth + 1) for one in reversed(inside[:_MOST_PARTS]))
            continue
        content = decoded(str(fields.get("content-transfer-encoding", "")).strip().lower(), body)
        if media_type == "message/rfc822" and depth < _DEEPEST:
            yield Part(type=media_type, content=content)
            waiting.append((content.lstrip(b"\r\n"), depth + 1))
        else:
            yield Part(type=media_type, filename=_filename(fields), content=content)


def _boundary(fields: Message) -> bytes:
    """The boundary between the parts; Python's own parser breaks off at some of the ways to say it badly."""
    try:
        return (fields.get_boundary() or "").encode("latin-1", "ignore")
    except ValueError:
        return b""


def _filename(fields: Message) -> str:
    try:
        return fields.get_filename("") or ""
    except ValueError:
        return ""


def _cut_at(boundary: bytes, body: bytes) -> list[bytes]:
    """What stands between the boundaries (RFC 2046, 5.1.1); a closing one that is missing is not missed."""
    line = re.compile(rb"(?:\A|\r?\n)--" + re.escape(boundary) + rb"(--)?[ \t]*(?=\r?\n|\Z)")
    found: list[bytes] = []
    start: int | None = None
    for match in line.finditer(body):
        if start is not None:
            found.append(body[start : match.start()])
        if match[1]:
            return found
        start = _line_end(body, match.end())
    if start is not None:
        found.append(body[start:])
    return found


def _line_end(body: bytes, at: int) -> int:
    return at + 2 if body.startswith(b"\r\n", at) else at + 1


def decoded(encoding: str, body: bytes) -> bytes:
    """A body without its transfer encoding, whatever is wrong with it (RFC 2045, 6).

    >>> decoded("base64", b"SGVs bG8"), decoded("quoted-printable", b"Hel=6Co"), decoded("8bit", b"Hello")
    (b'Hello', b'Hello', b'Hello')
    """
    if encoding == "base64":
        letters = re.sub(rb"[^A-Za-z0-9+/]", b"", body)
        return binascii.a2b_base64(letters[: len(letters) - (len(letters) % 4 == 1)] + b"==")
    if encoding == "quoted-printable":
        return binascii.a2b_qp(body)
    return body
