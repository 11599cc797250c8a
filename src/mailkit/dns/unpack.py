"""Reports as they come: plain, in gzip, in a zip, or attached to a mail that holds one of these.

What a thing is, its first bytes say; names and media types are often wrong. Nothing is unpacked
further than it is read, and never more than `Limits` allow: in all, and for each packed byte.
"""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Final, TypeAlias, cast

import attrs

from mailkit.dns.inflate import CHUNK, Limits, Opening, Readable, gunzip, inflate
from mailkit.dns.mailparts import looks_like_mail, parts
from mailkit.dns.notes import Notes, Refused
from mailkit.errors import InvalidValue

__all__ = ["Document", "Limits", "Source", "documents", "opened"]

Source: TypeAlias = bytes | bytearray | memoryview | str | os.PathLike[str] | IO[bytes]
"""A report: its bytes, a path, a file open for reading bytes, or its text, a `str` with "<", "{" or a line break."""

_HEAD: Final = 4096
_LONGEST_DIRECTORY: Final = 1024 * 1024
_LONGEST_END: Final = 65557
_DEEPEST: Final = 3
_TEXT_MARKS: Final = b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n"
_SECRET: Final = 0x1
_NO_MAIL: Final = {b"<": "XML", b"{": "JSON", b"[": "JSON"}
"""What no mail begins with, though a long line of it may look like a field."""


@attrs.frozen
class Document:
    """One report, unpacked piece by piece.

    Attributes:
        name: The file's name, and that of the member or attachment.
        chunks: Its bytes; going through them may raise `Refused`.
    """

    name: str
    chunks: Iterator[bytes]


def documents(source: Source, *, mark: bytes, notes: Notes, limits: Limits) -> Iterator[Document]:
    """The reports that a source holds, each to be read before the next is asked for.

    Args:
        source: What came.
        mark: What a report begins with, behind blanks: `b"<"` or `b"{"`.
        notes: Where it is written down what could not be opened.
        limits: How much is read.

    Raises:
        InvalidValue: The source is nothing that can be read.
        OSError: The file cannot be read.
    """
    opening = Opening(mark, notes, limits)
    if isinstance(source, bytes | bytearray | memoryview):
        yield from _open(io.BytesIO(source), "report", opening, 0)
    elif isinstance(source, str) and ("\n" in source or source.lstrip("\ufeff \t")[:1] in ("<", "{")):
        yield from _open(io.BytesIO(source.encode("utf-8", "replace")), "report", opening, 0)
    elif isinstance(source, str | os.PathLike):
        path = Path(source)
        with opened(path) as file:
            yield from _open(file, path.name, opening, 0)
    elif hasattr(source, "read"):  # as every file has
        name = Path(str(getattr(source, "name", ""))).name or "report"
        yield from _open(source, name, opening, 0)
    else:
        raise InvalidValue("report", source, "is neither bytes, a path nor an open file")


def opened(path: Path) -> IO[bytes]:
    """The file at a path.

    Raises:
        InvalidValue: No path can be like this one.
        OSError: The file cannot be read.
    """
    try:
        return path.open("rb")
    except ValueError as error:
        raise InvalidValue("report", str(path), f"is no path ({error})") from error


def _open(file: Readable, name: str, opening: Opening, depth: int) -> Iterator[Document]:
    """See what it is, and open it."""
    head = _head(file)
    if not isinstance(head, bytes):
        raise InvalidValue("report", file, "is a file of text", "open it with 'rb'")
    name = " ".join(name.split())[:200]
    if depth > _DEEPEST:
        opening.notes.add("archive", "warning", "is packed too many times over, and was not opened", source=name)
    elif head.startswith(b"\x1f\x8b"):
        inside = _Chunks(gunzip(head, file, name, opening))
        yield from _open(inside, name.removesuffix(".gz"), opening, depth + 1)
    elif head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
        if depth and isinstance(file, _Chunks):
            opening.notes.add("archive", "warning", "is a zip inside of an archive, and was not opened", source=name)
        else:
            yield from _unzip(_seekable(head, file, opening), name, opening, depth)
    elif head.lstrip(_TEXT_MARKS).startswith(opening.mark):
        yield Document(name, _plain(head, file, opening, counts=not isinstance(file, _Chunks)))
    elif (other := head.lstrip(_TEXT_MARKS)[:1]) in _NO_MAIL:
        found, wanted = _NO_MAIL[other], _NO_MAIL[opening.mark]
        opening.notes.add("unreadable", "error", f"is {found}, where a report in {wanted} is wanted", source=name)
    elif looks_like_mail(head):
        yield from _attached(_all_of(head, file, opening), name, opening, depth)
    else:
        opening.notes.add("unreadable", "error", "is no report, and nothing that one comes in", source=name)


def _head(file: Readable) -> bytes:
    """The first bytes, as many as it takes; a pipe may give fewer than it is asked for."""
    head = file.read(_HEAD)
    while 0 < len(head) < _HEAD and (more := file.read(_HEAD - len(head))):
        head += more
    return head


class _Chunks:
    """Chunks as a file, so that what was unpacked can be opened like what came."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks, self._left = chunks, b""

    def read(self, size: int, /) -> bytes:
        """Up to so many bytes; fewer only at the end."""
        found, length = [self._left], len(self._left)
        while length < size and (more := next(self._chunks, b"")):
            found.append(more)
            length += len(more)
        whole = b"".join(found)
        self._left = whole[size:]
        return whole[:size]


def _plain(head: bytes, file: Readable, opening: Opening, *, counts: bool) -> Iterator[bytes]:
    chunk = head
    while chunk:
        if counts:
            opening.spend(len(chunk))
        yield chunk
        chunk = file.read(CHUNK)


def _all_of(head: bytes, file: Readable, opening: Opening) -> bytes:
    found, length, most = [head], len(head), opening.limits.longest_packed_bytes
    while length <= most and (more := file.read(CHUNK)):
        found.append(more)
        length += len(more)
    if length > most:
        raise Refused("too-large", f"is a mail, or a zip that does not come as a file, of more than {most} bytes")
    return b"".join(found)


def _seekable(head: bytes, file: Readable, opening: Opening) -> IO[bytes]:
    seekable: Any = file
    try:
        seekable.seek(-len(head), os.SEEK_CUR)
    except (AttributeError, OSError, ValueError):
        return io.BytesIO(_all_of(head, file, opening))
    return cast(IO[bytes], file)


def _unzip(file: IO[bytes], name: str, opening: Opening, depth: int) -> Iterator[Document]:
    """Open the files of a zip, one after the other."""
    try:
        fault = _directory_fault(file)
        if fault:
            raise Refused("too-large", fault)
        with zipfile.ZipFile(file) as archive:
            members = [
                member for member in archive.infolist() if not member.is_dir() and not _is_litter(member.filename)
            ]
            for member in members[: opening.limits.most_members]:
                yield from _member(file, member, f"{name}, {member.filename}", opening, depth)
    except (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError) as error:
        opening.notes.add("archive", "warning", "is damaged; it was read as far as possible", name, str(error))
        return
    if not members:
        opening.notes.add("unreadable", "error", "is a zip without a file", source=name)
    if len(members) > opening.limits.most_members:
        reason = f"has {len(members)} files, of which {opening.limits.most_members} were read"
        opening.notes.add("too-large", "error", reason, source=name)


def _directory_fault(file: IO[bytes]) -> str:
    """Why the table of contents is not to be read: Python reads it whole, and it may be very long."""
    file.seek(0, os.SEEK_END)
    file.seek(max(0, file.tell() - _LONGEST_END))
    tail = file.read(_LONGEST_END)
    file.seek(0)
    at = tail.rfind(b"PK\x05\x06")
    length = int.from_bytes(tail[at + 12 : at + 16], "little") if at >= 0 else 0
    return "is a zip with an unreasonably long table of contents" if length > _LONGEST_DIRECTORY else ""


def _is_litter(name: str) -> bool:
    return name.startswith("__MACOSX/") or name.rpartition("/")[2].startswith(".")


def _member(file: IO[bytes], member: zipfile.ZipInfo, name: str, opening: Opening, depth: int) -> Iterator[Document]:
    if member.flag_bits & _SECRET:
        opening.notes.add("archive", "warning", "needs a password, and was not opened", source=name)
    elif member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        opening.notes.add("archive", "warning", "is packed in a way that zips of reports are not", source=name)
    else:
        yield from _open(_Chunks(inflate(file, member, name, opening)), name, opening, depth + 1)


def _attached(raw: bytes, name: str, opening: Opening, depth: int) -> Iterator[Document]:
    """Open what is attached to a mail and looks like a report; letters around it are left."""
    found = 0
    for part in parts(raw):
        head = part.content[:_HEAD].lstrip(_TEXT_MARKS)
        is_packed = head.startswith((b"\x1f\x8b", b"PK\x03\x04"))
        is_letter = part.type in ("text/html", "text/plain", "message/rfc822") and b"feedback" not in head
        if is_packed or (head.startswith(opening.mark) and (opening.mark == b"{" or not is_letter)):
            found += 1
            place = f"{name}, {part.filename}" if part.filename else name
            yield from _open(io.BytesIO(part.content), place, opening, depth + 1)
    if not found:
        opening.notes.add("unreadable", "error", "is a mail without a report", source=name)
