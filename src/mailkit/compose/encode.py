"""Text as bytes that any mail server carries unchanged: quoted-printable, base64, or 8 bit where allowed.

How to think about it: a part of a letter is a row of pieces, most of which are the same for
every reader and are encoded once. Quoted-printable may be broken anywhere by a soft line
break, so a piece that ends in one fits before any other. Base64 takes three octets at a time;
there a piece is kept in three ways, one for each number of octets that the pieces before it
left over, and a line may end wherever four characters do.

No line begins with a dot or "From ", so nothing on the way has to change a byte, and
signatures hold.
"""

from __future__ import annotations

import re
from base64 import b64encode
from typing import Final

import attrs

__all__ = [
    "Triple",
    "base64",
    "eight_bit",
    "is_shorter_in_base64",
    "octets",
    "plain_lines",
    "quoted_printable",
    "triple",
]

_LINE: Final = 75  # of 76 (RFC 2045, 6.7), the last is for the soft break
_SAFE_VALUE: Final = re.compile(r"[A-EG-Za-z0-9][A-Za-z0-9 ,:/?&;#%!'()*+_-]{0,70}\Z")  # "F" might begin "From "
_MUST_ENCODE: Final = re.compile(rb"[^\n\t !-<>-~]+")
_UNSENDABLE: Final = re.compile(rb"[^\n]{999}|^\.|^From |^--=_|[\0\r]", re.MULTILINE)  # --=_ would be a boundary
_EQUALS: Final = ord("=")


def plain_lines(text: object) -> str:
    """The text with plain line breaks."""
    return str(text).replace("\r\n", "\n").replace("\r", "\n")


def octets(text: str) -> bytes:
    """The text in UTF-8, its lines ended by CRLF; halves of surrogate pairs, which are no text, become "?"."""
    return str.encode(text, "utf-8", "replace").replace(b"\n", b"\r\n")


def quoted_printable(text: str) -> bytes:
    r"""A piece of text in quoted-printable that may be joined with others.

    It begins in the first column and ends with a line break: a soft one, unless the text ends
    with a line break itself.

    >>> quoted_printable("1 = 1\n.") + quoted_printable("ok")
    b'1 =3D 1\r\n=2E=\r\nok=\r\n'
    """
    if _SAFE_VALUE.match(text):
        return str.encode(text) + b"=\r\n"
    encoded = _MUST_ENCODE.sub(_encoded, str.encode(text, "utf-8", "replace"))
    *lines, last = encoded.split(b"\n")
    out: list[bytes] = []
    for line in lines:
        if line[-1:] in (b" ", b"\t"):  # would be lost on the way (RFC 2045, 6.7, rule 3)
            line = line[:-1] + b"=%02X" % line[-1]
        _wrap(line, b"\r\n", out)
    if last:
        _wrap(last, b"=\r\n", out)
    return b"".join(out)


def _encoded(found: re.Match[bytes]) -> bytes:
    return b"=" + found.group().hex("=").upper().encode()


def _wrap(line: bytes, end: bytes, out: list[bytes]) -> None:
    start, size = 0, len(line)
    while True:
        lead = b""
        if line.startswith((b".", b"From "), start):
            lead = b"=%02X" % line[start]
            start += 1
        cut = start + _LINE - len(lead)
        if size <= cut:
            break
        if line[cut - 1] == _EQUALS:  # never inside =XX
            cut -= 1
        elif line[cut - 2] == _EQUALS:
            cut -= 2
        out.append(lead + line[start:cut] + b"=\r\n")
        start = cut
    out.append(lead + line[start:] + end)


def is_shorter_in_base64(text: str) -> bool:
    """Whether base64 makes less of a text than quoted-printable.

    >>> is_shorter_in_base64("Скидки"), is_shorter_in_base64("<p>café until Friday</p>")
    (True, False)
    """
    data = str.encode(text, "utf-8", "replace")
    return len(data) + 2 * sum(map(len, _MUST_ENCODE.findall(data))) > 4 * len(data) / 3


def base64(data: bytes) -> bytes:
    """The octets in base64, in lines of 76 characters."""
    text = b64encode(data)
    if len(text) <= 76:
        return text + b"\r\n" if text else b""
    return b"\r\n".join([text[start : start + 76] for start in range(0, len(text), 76)]) + b"\r\n"


@attrs.frozen
class Triple:
    """Octets in base64 for each number of them that go to complete what stands before.

    Attributes:
        firsts: The first octets, none, one or two, that are encoded with what stands before.
        middles: What comes after them, encoded.
        lasts: The octets left over.
    """

    firsts: tuple[bytes, ...]
    middles: tuple[bytes, ...]
    lasts: tuple[bytes, ...]


def triple(data: bytes) -> Triple:
    r"""The octets, of which there are at least two, made ready to stand anywhere in base64.

    >>> made = triple(b"abcdefg")
    >>> made.firsts[2], made.middles[2], made.lasts[2]
    (b'ab', b'Y2Rl\r\n', b'fg')
    """
    ends = [len(data) - (len(data) - skip) % 3 for skip in range(3)]
    return Triple(
        firsts=tuple(data[:skip] for skip in range(3)),
        middles=tuple(base64(data[skip:end]) for skip, end in enumerate(ends)),
        lasts=tuple(data[end:] for end in ends),
    )


def eight_bit(text: str) -> bytes | None:
    r"""The text as it is, where servers carry 8 bits (RFC 6152); None where a line is unfit.

    A line may have 998 octets at most, and begins neither with a dot nor with "From "; nor as
    boundaries do, since a reader's name could else begin a part of the letter.

    >>> eight_bit("Скидки\n") == "Скидки\r\n".encode(), eight_bit("…\n.\n")
    (True, None)
    """
    data = str.encode(text, "utf-8", "replace")
    return None if _UNSENDABLE.search(data) else data.replace(b"\n", b"\r\n")
