"""Finished bytes (RFC 5322, 2045, 2046), made from pieces that are encoded once.

How to think about it: a rendered part is a row of strings, most of which are the same for
every reader. Quoted-printable may be broken anywhere by a soft line break, so every piece is
encoded alone, ends in one, and fits after any other; those that never change are encoded
when the template is compiled. Base64 has no such joint; there the part is encoded as a whole.

A part's encoding is chosen once, by what makes its unchanging text shorter. No line begins
with a dot or "From ", so nothing on the way has to change a byte, and signatures hold.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable
from typing import Final

import attrs

from mailkit.compose.header import field
from mailkit.message import Attachment

__all__ = ["Body", "Frame", "frame", "quoted_printable"]

_LINE: Final = 75  # of 76 (RFC 2045, 6.7), the last is for the soft break
_SAFE_VALUE: Final = re.compile(r"[A-EG-Za-z0-9][A-Za-z0-9 ,:/?&;#%!'()*+_-]{0,70}\Z")  # "F" might begin "From "
_MUST_ENCODE: Final = re.compile(rb"[^\t !-<>-~]")
_ALTERNATIVE, _RELATED, _MIXED = "=_mailkit-alternative", "=_mailkit-related", "=_mailkit-mixed"
_FILENAME_OCTETS: Final = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
_FILENAME: Final = re.compile(r"[A-Za-z0-9 ._-]{1,60}\Z")


def quoted_printable(text: str) -> bytes:
    r"""A piece of text in quoted-printable that may be joined with others.

    It begins in the first column and ends with a line break: a soft one, unless the text ends
    with a line break itself.

    >>> quoted_printable("1 = 1\n.") + quoted_printable("ok")
    b'1 =3D 1\r\n=2E=\r\nok=\r\n'
    """
    if _SAFE_VALUE.match(text):
        return str.encode(text) + b"=\r\n"
    lines = str.encode(text, "utf-8", "replace").split(b"\n")
    out: list[bytes] = []
    for line in lines[:-1]:
        _wrap(line, out, is_whole=True)
    if lines[-1]:
        _wrap(lines[-1], out, is_whole=False)
    return b"".join(out)


def _wrap(line: bytes, out: list[bytes], *, is_whole: bool) -> None:
    rest = _MUST_ENCODE.sub(lambda found: b"=%02X" % found.group()[0], line)
    if is_whole and rest[-1:] in (b" ", b"\t"):
        rest = rest[:-1] + b"=%02X" % rest[-1]
    while True:
        if rest.startswith(b"."):
            rest = b"=2E" + rest[1:]
        elif rest.startswith(b"From "):
            rest = b"=46" + rest[1:]
        if len(rest) <= _LINE:
            break
        cut = _LINE
        if b"=" in rest[cut - 2 : cut]:  # never inside =XX
            cut = rest.rindex(b"=", 0, cut)
        out.append(rest[:cut] + b"=\r\n")
        rest = rest[cut:]
    out.append(rest + (b"\r\n" if is_whole else b"=\r\n"))


class Body:
    """One text part's encoding, with what never changes encoded already.

    Attributes:
        head: The part's header fields and the empty line after them.
    """

    def __init__(self, subtype: str, source: str, constants: Iterable[str]) -> None:
        data = source.encode("utf-8", "replace")
        in_quoted = len(data) + 2 * len(_MUST_ENCODE.findall(data.replace(b"\n", b"")))
        self._in_base64 = in_quoted > 4 * len(data) / 3
        encoding = "base64" if self._in_base64 else "quoted-printable"
        self.head: bytes = (
            f"Content-Type: text/{subtype}; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
        ).encode()
        self._known: dict[str, bytes] = {}
        if not self._in_base64:
            self._known = {text: quoted_printable(text) for text in constants}

    def encode(self, chunks: Iterable[str]) -> bytes:
        """The encoded part; the chunks joined end with a line break."""
        if self._in_base64:
            return _base64(str.encode("".join(chunks).replace("\n", "\r\n"), "utf-8", "replace"))
        known = self._known
        return b"".join([known[text] if text in known else quoted_printable(text) for text in chunks])


def _base64(data: bytes) -> bytes:
    text = b64encode(data)
    return b"\r\n".join([text[start : start + 76] for start in range(0, len(text), 76)]) + b"\r\n"


@attrs.frozen(kw_only=True)
class Frame:
    """What stands around the parts of every copy.

    Attributes:
        before_text: From the end of the header fields of the copy to the text part.
        before_html: Between the text part and the HTML part.
        after: After the HTML part.
    """

    before_text: bytes
    before_html: bytes
    after: bytes


def frame(text: Body | None, html: Body, attachments: Iterable[Attachment]) -> Frame:
    """Put the parts together: files beside the letter, inline images beside its HTML (RFC 2046, 2387)."""
    inline = [one for one in attachments if one.is_inline]
    files = [one for one in attachments if not one.is_inline]
    before_html, after = html.head, b""
    if inline:
        before_html, after = _wrapped("related", _RELATED, before_html, after, inline)
    before_text = b""
    if text is not None:
        between = b"\r\n--" + _ALTERNATIVE.encode() + b"\r\n"
        begin = _multipart("alternative", _ALTERNATIVE)
        before_text, before_html = begin + text.head, between + before_html
        after += b"\r\n--" + _ALTERNATIVE.encode() + b"--\r\n"
    if files:
        outer = before_text or before_html
        outer, after = _wrapped("mixed", _MIXED, outer, after, files)
        before_text, before_html = (outer, before_html) if text is not None else (b"", outer)
    return Frame(before_text=before_text, before_html=before_html, after=after)


def _multipart(subtype: str, boundary: str) -> bytes:
    line = f'Content-Type: multipart/{subtype}; boundary="{boundary}"'
    return f"{line}\r\n\r\n--{boundary}\r\n".encode()


def _wrapped(
    subtype: str, boundary: str, before: bytes, after: bytes, attachments: list[Attachment]
) -> tuple[bytes, bytes]:
    parts = b"".join(b"\r\n--" + boundary.encode() + b"\r\n" + _attached(one) for one in attachments)
    return _multipart(subtype, boundary) + before, after + parts + b"\r\n--" + boundary.encode() + b"--\r\n"


def _attached(attachment: Attachment) -> bytes:
    placing = "inline" if attachment.is_inline else "attachment"
    lines = [field("Content-Type", attachment.content_type), b"Content-Transfer-Encoding: base64\r\n"]
    if attachment.is_inline:
        lines.append(f"Content-ID: <{attachment.content_id}>\r\n".encode())
    lines.append(f"Content-Disposition: {placing};\r\n {_filename(attachment.filename)}\r\n".encode())
    return b"".join(lines) + b"\r\n" + _base64(attachment.content)


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
