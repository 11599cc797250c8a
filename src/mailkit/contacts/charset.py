"""The text in a file's bytes, when nobody says how it is encoded.

How to think about it. A byte order mark is the file's own word. Text in another encoding is
next to never valid UTF-8, so bytes that are valid are taken for it. What remains is one byte a
letter, and then two things tell: in Western names a foreign letter stands among ASCII letters
("Müller"), in Cyrillic ones it stands among its like; and the Cyrillic encodings put the
alphabet in different places, so that only the right one gives frequent letters in a usual case.
"""

from __future__ import annotations

import codecs
import re
from typing import Final

import attrs

from mailkit.errors import InvalidValue, UnreadableFile

__all__ = ["Decoded", "decode"]

_MARKS: Final = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\x00\x00", "utf-32"),  # before UTF-16, whose mark it begins with
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_BY_FREQUENCY: Final = "ъфэщцюшжхйчбзгьыяупдмклврстниаео"
"""The letters of Russian, the rarest first."""
_WEIGHT: Final = {letter: weight for weight, letter in enumerate(_BY_FREQUENCY)}
_NEIGHBOURS: Final = "ёіїєґўљњћђџј«»№–—’“”…\u00a0"
"""What a customer file in Cyrillic may well contain besides them."""
_FOREIGN_RUN: Final = re.compile(rb"[\x80-\xff]+")
_FEWEST_NULS: Final = 4
"""How many NULs UTF-16 has at least; a line of column names has as many ASCII characters."""
_SAMPLE_BYTES: Final = 200_000
"""How much is looked at to tell encodings apart; more changes nothing but the time it takes."""


@attrs.frozen(kw_only=True)
class Decoded:
    """A file's text, and how it was found.

    Attributes:
        text: The text, without a byte order mark.
        encoding: Python's name of the encoding; empty if it was text from the beginning.
        is_guess: Whether neither the file nor the caller said so.
        broken_lines: The lines, from 1, that are not in this encoding.
    """

    text: str
    encoding: str
    is_guess: bool = False
    broken_lines: tuple[int, ...] = ()


def decode(raw: bytes, *, source: str, encoding: str = "") -> Decoded:
    """The text in the bytes.

    Args:
        raw: The whole file.
        source: The file's name, for errors.
        encoding: What it is said to be; found out if empty.

    Raises:
        InvalidValue: Python knows no such encoding.
        UnreadableFile: The bytes are not in the encoding that was given.
    """
    if encoding:
        return _as_told(raw, source, encoding)
    for mark, name in _MARKS:
        if raw.startswith(mark):
            if name == "utf-8":
                return attrs.evolve(_utf8_or_legacy(raw[len(mark) :]), is_guess=False)
            return _wide(raw, name)
    wide = _unmarked_wide(raw[:_SAMPLE_BYTES])
    return attrs.evolve(_wide(raw, wide), is_guess=True) if wide else _utf8_or_legacy(raw)


def _as_told(raw: bytes, source: str, encoding: str) -> Decoded:
    try:
        name = codecs.lookup(encoding).name
        text = raw.decode(name)
    except UnicodeError as error:
        at = f" (byte {error.start} is 0x{raw[error.start]:02x})" if isinstance(error, UnicodeDecodeError) else ""
        reason = f"is not in the encoding {encoding!r}{at}; leave encoding= out to have it found"
        raise UnreadableFile(source, reason) from error
    except (LookupError, TypeError, ValueError) as error:  # also for codecs that make no text of bytes, such as rot13
        raise InvalidValue("encoding", encoding, "is not a text encoding that Python knows") from error
    return Decoded(text=text.removeprefix("\ufeff"), encoding=name)


def _unmarked_wide(sample: bytes) -> str:
    """The UTF-16 whose ASCII characters make these NULs, all in even places or all in odd ones; empty if none does.

    In Cyrillic text only digits, blanks and delimiters make them. A few that strayed into another
    encoding stand anywhere.
    """
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    many, few = max(even, odd), min(even, odd)
    if many < _FEWEST_NULS or many * 16 < len(sample) or few * 8 > many:
        return ""
    return "utf-16-le" if odd > even else "utf-16-be"


def _wide(raw: bytes, name: str) -> Decoded:
    text = raw.decode(name, "replace").removeprefix("\ufeff")
    broken = tuple(number for number, line in enumerate(text.split("\n"), 1) if "\ufffd" in line)
    return Decoded(text=text, encoding=name, broken_lines=broken)


def _utf8_or_legacy(raw: bytes) -> Decoded:
    try:
        return Decoded(text=raw.decode("utf-8"), encoding="utf-8")
    except UnicodeDecodeError:
        pass
    lines = raw.split(b"\n")
    foreign = [line for line in lines if not line.isascii()]
    broken = [line for line in foreign if not _is_utf8(line)]
    legacy = _legacy_encoding(b"\n".join(broken)[:_SAMPLE_BYTES])
    if len(broken) * 2 > len(foreign):
        return Decoded(text=raw.decode(legacy, "replace"), encoding=legacy, is_guess=True)
    # Two exports were put into one file: each line is read as what it is.
    text = "\n".join(line.decode("utf-8" if _is_utf8(line) else legacy, "replace") for line in lines)
    numbers = tuple(number for number, line in enumerate(lines, 1) if not _is_utf8(line))
    return Decoded(text=text, encoding="utf-8", is_guess=True, broken_lines=numbers)


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _legacy_encoding(raw: bytes) -> str:
    among_ascii = alone = 0
    for run in _FOREIGN_RUN.finditer(raw):
        before, after = raw[run.start() - 1 : run.start()], raw[run.end() : run.end() + 1]
        if before.isalpha() or after.isalpha():
            among_ascii += 1
        elif len(run.group()) > 1:
            alone += 1
    if among_ascii >= alone:
        return "cp1252"
    return max(("cp1251", "koi8-r", "cp866"), key=lambda name: _likeness(raw.decode(name, "replace")))


def _likeness(text: str) -> int:
    """How much a text looks like Russian or its kin; comparable between readings of the same bytes."""
    score = 0
    before = ""
    for letter in text:
        if not letter.isascii():
            small = letter.lower()
            score += _WEIGHT.get(small, len(_WEIGHT) // 2 if small in _NEIGHBOURS else -len(_WEIGHT))
            if letter != small and before.islower():  # koi8-r read as cp1251 looks lIKE tHIS
                score -= len(_WEIGHT)
        before = letter
    return score
