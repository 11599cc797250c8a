"""Unpacking gzip and the members of zips, piece by piece and within limits.

Where a thing is damaged, what stands before the damage comes out, be it the check sum only that is
wrong: Python's own readers keep the last piece back.
"""

from __future__ import annotations

import os
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from typing import IO, Final, Protocol

import attrs

from mailkit.checks import counted
from mailkit.dns.notes import Notes, Refused

__all__ = ["CHUNK", "Limits", "Opening", "Readable", "gunzip", "inflate"]

CHUNK: Final = 64 * 1024
"""How many bytes a piece has at the most."""

_FREE_BYTES: Final = 1024 * 1024
_LOCAL_HEADER: Final = 30


class Readable(Protocol):
    """What can be read piece by piece."""

    def read(self, size: int, /) -> bytes:
        """Up to so many bytes; none at the end."""
        ...


@attrs.frozen(kw_only=True)
class Limits:
    """How much is read of one source.

    Attributes:
        longest_bytes: How much may be unpacked, over all its reports; a million records are about one gigabyte.
        longest_packed_bytes: How long a mail, or a zip that does not come as a file, may be.
        highest_ratio: How many times its size something may unpack to, beyond the first megabyte.
        most_members: How many files of a zip are looked at.

    >>> Limits().highest_ratio
    400
    """

    longest_bytes: int = attrs.field(default=2 * 1024**3, validator=counted)
    longest_packed_bytes: int = attrs.field(default=64 * 1024**2, validator=counted)
    highest_ratio: int = attrs.field(default=400, validator=counted)
    most_members: int = attrs.field(default=100, validator=counted)


@attrs.define
class Opening:
    """What is known while one source is opened."""

    mark: bytes
    notes: Notes
    limits: Limits
    unpacked: int = 0

    def spend(self, amount: int) -> None:
        """Count bytes that were unpacked; more than are allowed end it."""
        self.unpacked += amount
        if self.unpacked > self.limits.longest_bytes:
            raise Refused("too-large", f"unpacks to more than {self.limits.longest_bytes} bytes")


def gunzip(head: bytes, file: Readable, name: str, opening: Opening) -> Iterator[bytes]:
    """Unpack gzip (RFC 1952), member after member; what follows the last is left."""
    unpacker, members = zlib.decompressobj(zlib.MAX_WBITS | 16), 1
    packed, packed_bytes, unpacked_bytes = head, len(head), 0
    while True:
        chunk, packed, fault = _step(unpacker, packed)
        unpacked_bytes += len(chunk)
        opening.spend(len(chunk))
        _check_ratio(unpacked_bytes, packed_bytes, opening)
        if chunk:
            yield chunk
        if fault:
            opening.notes.add("archive", "warning", "is damaged; it was read as far as possible", name, fault)
            return
        if unpacker.eof:
            packed = unpacker.unused_data
            unpacker, members = zlib.decompressobj(zlib.MAX_WBITS | 16), members + 1
            if not packed:
                packed = file.read(CHUNK)
                packed_bytes += len(packed)
            if not packed.startswith(b"\x1f") or members > opening.limits.most_members:
                return
        elif not packed and len(chunk) < CHUNK:
            packed = file.read(CHUNK)
            packed_bytes += len(packed)
            if not packed:
                opening.notes.add("archive", "warning", "ends before its end; it was read as far as possible", name)
                return


def _step(unpacker: zlib._Decompress, packed: bytes) -> tuple[bytes, bytes, str]:
    """Unpack one piece: what comes out, what is still to be unpacked, and what is wrong; empty if nothing.

    Where a piece is damaged, what stands before the damage comes out; it may be in the check sum at the end only.
    """
    before = unpacker.copy()
    try:
        return unpacker.decompress(packed, CHUNK), unpacker.unconsumed_tail, ""
    except zlib.error as error:
        fault = str(error)
    found: list[bytes] = []
    with suppress(zlib.error):
        found.extend(before.decompress(packed[at : at + 1], CHUNK) for at in range(len(packed)))
    return b"".join(found), b"", fault


def _check_ratio(unpacked_bytes: int, packed_bytes: int, opening: Opening) -> None:
    if unpacked_bytes > _FREE_BYTES and unpacked_bytes > packed_bytes * opening.limits.highest_ratio:
        raise Refused("too-large", f"unpacks to more than {opening.limits.highest_ratio} times its size")


def inflate(file: IO[bytes], member: zipfile.ZipInfo, name: str, opening: Opening) -> Iterator[bytes]:
    """A member's bytes. Python's own reader keeps the last of them back where the check sum is wrong."""
    file.seek(member.header_offset)
    header = file.read(_LOCAL_HEADER)
    lengths = int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little")
    file.seek(lengths, os.SEEK_CUR)
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS) if member.compress_type == zipfile.ZIP_DEFLATED else None
    left, packed, unpacked_bytes, check_sum, fault = member.compress_size, b"", 0, 0, ""
    while not fault and (unpacker is None or not unpacker.eof):
        if not packed:
            packed = file.read(min(CHUNK, left))
            left -= len(packed)
        is_last = not packed
        chunk, packed, fault = _step(unpacker, packed) if unpacker else (packed, b"", "")
        unpacked_bytes += len(chunk)
        opening.spend(len(chunk))
        _check_ratio(unpacked_bytes, max(member.compress_size, 1), opening)
        check_sum = zlib.crc32(chunk, check_sum)
        if chunk:
            yield chunk
        elif is_last:
            break
    if fault or check_sum != member.CRC:
        reason = fault or "its check sum is wrong"
        opening.notes.add("archive", "warning", "is damaged; it was read as far as possible", name, reason)
