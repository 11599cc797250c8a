"""Text parts as finished bytes: how what a program prints becomes a part of the letter.

How to think about it: three ways, and the fastest that fits is taken. HTML in quoted-printable
is a row of pieces, constants and values, each encoded alone. Where pieces meet in other ways, in
base64 and in the text part, whose lines are tidied, the long constants are encoded alone and
what lies between two of them, a *stretch*, is encoded for each reader. What must be seen as a
whole, such as HTML whose CSS is inlined for each reader, is encoded as a whole.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, Protocol

import attrs

from mailkit.compose.budgets import SHORT
from mailkit.compose.encode import (
    Triple,
    base64,
    eight_bit,
    is_shorter_in_base64,
    octets,
    plain_lines,
    quoted_printable,
    triple,
)
from mailkit.compose.plaintext import tidy

if TYPE_CHECKING:
    from mailkit.compose.programs import Program

__all__ = ["Part", "Quoted", "Stretched", "Whole", "streamed", "whole_part"]

_PLAIN_VALUE: Final = re.compile(r"[A-EG-Za-z0-9][A-Za-z0-9 ,:/?;#%!()*+_-]{0,70}\Z")  # in HTML and in quoted-printable
_LONG: Final = 80
"""How long a constant must be for it to be worth a seam."""
_BREAKS: Final = re.compile("[\n\x0b]+")
_TIED: Final = re.compile("[\x1e\x1f]")  # a quote's or a table's line is tidied together with its neighbours
_REMEMBERED: Final = 2_000
_WIDE: Final = 128  # in bits: of wider numbers it is looked how wide they are


class Part(Protocol):
    """A text part that is made for one reader after the other."""

    def pieces(self, values: Mapping[str, Any], record: object) -> list[bytes] | None:
        """The part for one reader, in pieces; None if it is too long."""
        ...


def streamed(content_type: str, program: Program, *, is_tidy: bool = False) -> Part | None:
    """The fastest way to make a part; None if it must be made as a whole."""
    if program.generated.is_text_only:
        return None
    if is_tidy or is_shorter_in_base64("".join(program.generated.pieces)):
        return Stretched(content_type, program, is_tidy=is_tidy)
    return Quoted(content_type, program)


def _head(content_type: str, encoding: str) -> bytes:
    """The header fields of a text part, and the empty line after them."""
    return f"Content-Type: {content_type}; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n".encode()


def whole_part(content_type: str, text: str, *, is_eight_bit: bool = False) -> bytes:
    """A finished text as a part: in 8 bits where allowed and possible, else in what is shorter."""
    plain = eight_bit(text) if is_eight_bit else None
    if plain is not None:
        return _head(content_type, "8bit") + plain
    if is_shorter_in_base64(text):
        return _head(content_type, "base64") + base64(octets(text))
    return _head(content_type, "quoted-printable") + quoted_printable(text)


class Whole:
    """A part that is encoded as a whole for each reader.

    Args:
        finish: What is done to the text that the program prints.
        content_type: The media type, with its parameters, of a finished text.
    """

    def __init__(self, program: Program, finish: Callable[[str], str], content_type: Callable[[str], str]) -> None:
        self._program, self._finish, self._content_type = program, finish, content_type

    def pieces(self, values: Mapping[str, Any], record: object) -> list[bytes]:
        """The part for one reader, in pieces."""
        text = self._finish(self._program.text(values, record))
        return [whole_part(self._content_type(text), text)]


class Quoted:
    """A part in quoted-printable, made of pieces that are encoded one by one."""

    def __init__(self, content_type: str, program: Program) -> None:
        self._program, self._head = program, _head(content_type, "quoted-printable")
        generated = program.generated
        self._bound = generated.bind(
            [quoted_printable(piece) for piece in generated.pieces], _quoted_values(program.printed), _quoted
        )

    def pieces(self, values: Mapping[str, Any], record: object) -> list[bytes] | None:
        """The part for one reader, in pieces; None if it is too long."""
        pieces = self._program.pieces(self._bound, values, record)
        return None if pieces is None else [self._head, *pieces]


def _quoted(text: Any) -> bytes:
    return quoted_printable(plain_lines(text))


def _quoted_values(printed: Callable[[Any], str]) -> Callable[[Any], bytes]:
    """What encodes a value; short texts are remembered, since names, prices and cities come again."""
    known: dict[str | int, bytes] = {}

    def quoted_value(value: Any) -> bytes:
        kind = type(value)
        if kind is not str and (
            kind is not int or value.bit_length() > _WIDE
        ):  # 1 and True and 1.0 are one key, and not one text
            return quoted_printable(printed(value))
        found = known.get(value)
        if found is None:
            text = value if kind is str else str(value)
            if len(text) > SHORT:  # is charged for each time
                return quoted_printable(printed(value))
            found = str.encode(text) + b"=\r\n" if _PLAIN_VALUE.match(text) else quoted_printable(printed(value))
            if len(known) >= _REMEMBERED:
                known.clear()
            known[value] = found
        return found

    return quoted_value


@attrs.frozen
class _Seam:
    """A long constant between two stretches.

    Attributes:
        before: Its beginning, which belongs to the stretch before it.
        middle: What is encoded once.
        after: Its end, which belongs to the stretch after it.
        size: How long the constant is, in characters.
    """

    before: str
    middle: Triple | bytes
    after: str
    size: int

    def __len__(self) -> int:
        return self.size


class Stretched:
    """A part that is encoded stretch by stretch, between long constants that are encoded already.

    Args:
        is_tidy: Whether it is a text part, whose lines are tidied.
    """

    def __init__(self, content_type: str, program: Program, *, is_tidy: bool) -> None:
        generated = program.generated
        self._program, self._is_tidy = program, is_tidy
        self._in_base64 = is_shorter_in_base64("".join(generated.pieces))
        self._head = _head(content_type, "base64" if self._in_base64 else "quoted-printable")
        cut = _tidy_cut if is_tidy else _whole_cut
        pieces = [self._seam(piece, *cut(piece)) for piece in generated.pieces]
        self._bound = generated.bind(pieces, _texts(program), plain_lines)

    def _seam(self, piece: str, start: int, end: int) -> _Seam | str:
        if end - start < _LONG:
            return piece
        text = piece[start:end]
        if self._is_tidy:
            text = tidy(text)[:-1]
        middle = triple(octets(text)) if self._in_base64 else quoted_printable(text)
        return _Seam(piece[:start], middle, piece[end:], len(piece))

    def pieces(self, values: Mapping[str, Any], record: object) -> list[bytes] | None:
        """The part for one reader, in pieces; None if it is too long."""
        made = self._program.pieces(self._bound, values, record)
        if made is None:
            return None
        out, left_over, after, start = [self._head], b"", "", 0
        kinds = list(map(type, made))
        for place in range(kinds.count(_Seam)):
            end = kinds.index(_Seam, start)
            seam = made[end]
            text = self._tidied("".join([after, *made[start:end], seam.before]), is_first=not place, is_last=False)
            middle, after, start = seam.middle, seam.after, end + 1
            if type(middle) is Triple:
                data = left_over + octets(text)
                missing = -len(data) % 3
                out += (base64(data + middle.firsts[missing]), middle.middles[missing])
                left_over = middle.lasts[missing]
            else:
                out += (quoted_printable(text), middle)
        text = self._tidied("".join([after, *made[start:]]), is_first=not start, is_last=True)
        out.append(base64(left_over + octets(text)) if self._in_base64 else quoted_printable(text))
        return out

    def _tidied(self, stretch: str, *, is_first: bool, is_last: bool) -> str:
        """The stretch with its lines tidied as if there were words on the lines that it touches."""
        if not self._is_tidy:
            return stretch
        left, right = "" if is_first else "x", "" if is_last else "x"
        text = tidy(left + stretch + right)
        return text[len(left) : len(text) - 2 * len(right)]


def _texts(program: Program) -> Callable[[Any], str]:
    """What prints a value as text; short plain text is printed as it is."""
    printed = program.printed

    def text_value(value: Any) -> str:
        if type(value) is str and len(value) <= SHORT and "\r" not in value:
            return value
        return str(value) if type(value) is int and value.bit_length() <= _WIDE else printed(value)

    return printed if program.generated.environment.autoescape else text_value


def _whole_cut(piece: str) -> tuple[int, int]:
    return 0, len(piece)


def _tidy_cut(piece: str) -> tuple[int, int]:
    """From where to where a constant can be tidied by itself: whole lines, the first and the last with words."""
    breaks = list(_BREAKS.finditer(piece))
    lines = [(left.end(), right.start()) for left, right in pairwise(breaks)]
    solid = [(start, end) for start, end in lines if _is_solid(piece[start:end])]
    return (solid[0][0], solid[-1][1]) if solid else (0, 0)


def _is_solid(line: str) -> bool:
    return bool(line.strip()) and not _TIED.search(line)
