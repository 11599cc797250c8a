"""The XML of reports, made readable: UTF-8 whatever it says to be, without what no XML may hold.

Reporters declare one encoding and write another, leave byte order marks and control characters
standing, and write `AT&T`. All this is mended here, piece by piece; what is not mended is left to
the parser to break off at.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from typing import Final

from mailkit.dns.notes import Notes

__all__ = ["as_utf8"]

_DECLARED: Final = re.compile(rb"""<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._:-]{1,40})["']""")
_CONTROLS: Final = bytes(code for code in range(32) if code not in (9, 10, 13))
_STRAY: Final = re.compile(rb"&(?!(?:amp|lt|gt|quot|apos|#[0-9]{1,7}|#x[0-9A-Fa-f]{1,6});)")
_LONGEST_REFERENCE: Final = 10
_KNOWN: Final = frozenset(
    {"utf-8", "ascii", "koi8-r", "gb2312", "gbk", "gb18030", "big5", "shift_jis", "euc_jp", "euc_kr", "iso2022_jp"}
    | {f"iso8859-{part}" for part in (1, 2, 5, 9, 15)}
    | {f"cp125{page}" for page in range(8)}
)
_MARKS: Final = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_WIDE: Final = ((b"<\x00", "utf-16-le"), (b"\x00<", "utf-16-be"))


def as_utf8(chunks: Iterable[bytes], *, name: str, notes: Notes) -> Iterator[bytes]:
    """The report in UTF-8, piece by piece.

    >>> notes = Notes("aggregate", "RFC 9990")
    >>> list(as_utf8([b"<?xml version='1.0' encoding='utf-16'?><org_name>AT&T</org_name>"], name="a.xml", notes=notes))
    [b"<?xml version='1.0' encoding='utf-16'?><org_name>AT&amp;T</org_name>"]
    """
    carried, encoding, decoder, is_lossy = b"", "", None, False
    for chunk in chunks:
        if not encoding:
            encoding, chunk = _encoding(chunk, name, notes)
            decoder = codecs.getincrementaldecoder(encoding)("replace")
        assert decoder is not None
        text = decoder.decode(chunk)
        is_lossy = is_lossy or "\ufffd" in text
        data, carried = _mended(carried + text.encode("utf-8", "replace"))
        yield data
    if carried:
        yield _mended(carried + b" " * _LONGEST_REFERENCE)[0]
    if is_lossy:
        notes.add("encoding", "info", f"has bytes that are not {encoding}; they are shown as \ufffd", name)


def _encoding(chunk: bytes, name: str, notes: Notes) -> tuple[str, bytes]:
    """The encoding by mark, first bytes or declaration, and the piece without its mark."""
    for mark, encoding in _MARKS:
        if chunk.startswith(mark):
            return encoding, chunk[len(mark) :]
    chunk = chunk.lstrip(b" \t\r\n")
    for start, encoding in _WIDE:
        if chunk.startswith(start):
            return encoding, chunk
    declared = _DECLARED.match(chunk)
    if not declared:
        return "utf-8", chunk
    word = declared[1].decode("ascii").lower()
    try:
        encoding = codecs.lookup(word).name
    except LookupError:
        encoding = ""
    if encoding in _KNOWN:
        return ("utf-8" if encoding == "ascii" else encoding), chunk
    notes.add("encoding", "info", "does not have the encoding that it declares; it was read as UTF-8", name, word)
    return "utf-8", chunk


def _mended(data: bytes) -> tuple[bytes, bytes]:
    """The piece without control characters and stray ampersands, and an end in which one may just begin."""
    data = data.translate(None, _CONTROLS)
    rest = b""
    at = data.rfind(b"&", max(0, len(data) - _LONGEST_REFERENCE))
    if at >= 0:
        data, rest = data[:at], data[at:]
    if b"&" in data and b"<![CDATA[" not in data:
        data = _STRAY.sub(b"&amp;", data)
    return data, rest
