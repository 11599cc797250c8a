"""Files that a letter is made of: read as text in the encoding that they name, never from outside their folder."""

from __future__ import annotations

import codecs
import re
from itertools import islice
from os import PathLike
from pathlib import Path
from typing import Final

import attrs

from mailkit.errors import UnreadableFile, did_you_mean

__all__ = ["Folder", "not_there", "read_text", "without_garbage"]

LONGEST_FILE: Final = 10_000_000
"""How many bytes a file may have; pictures inlined as data: make the longest."""
_BYTE_ORDER: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, with whose mark it begins
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# HTML, 13.2.3.2 looks at 1,024 bytes; letters' heads are long.
_NAMED: Final = re.compile(
    rb"<meta\s[^>]*?charset\s*=\s*[\"']?\s*([\w.:-]+)|<\?xml\s[^>]*?encoding\s*=\s*[\"']([\w.:-]+)", re.IGNORECASE
)
_LOOKED_AT: Final = 8_192
# What one of these wrote may be UTF-8 by chance; of other encodings it never is.
_MAY_LOOK_LIKE_UTF8: Final = re.compile(r"gb|big5|shift|sjis|euc|johab|hz|iso-?2022|ks_c|utf", re.IGNORECASE)
_GARBAGE: Final = re.compile(r"[\x00-\x08\x0b\x0e-\x1f]")
_KINDS: Final = {
    b"PK\x03\x04": "an archive, as Word, Excel and zip write them; save it as HTML, or unpack it,",
    b"\xd0\xcf\x11\xe0": "a file of an old Word or Excel; save it as HTML,",
    b"{\\rtf": "a Word document in RTF; save it as HTML,",
    b"%PDF-": "a PDF",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
}
_MOST_NAMES: Final = 2_000


def read_text(path: str | PathLike[str]) -> str:
    """A file's text.

    Its encoding is that of its byte order mark; or UTF-8, if it can be that; or the one that it
    names in `<meta charset>` or `<?xml encoding?>`.

    Raises:
        UnreadableFile: There is no such file, or it is no text.
    """
    file = Path(path)
    name = file.name or str(file)
    try:
        if not file.is_file():
            raise UnreadableFile(name, "is not a file") if file.exists() else not_there(file)
        with file.open("rb") as stream:
            data = stream.read(LONGEST_FILE + 1)
    except OSError as error:
        raise UnreadableFile(name, f"cannot be read: {error}") from error
    if len(data) > LONGEST_FILE:
        raise UnreadableFile(name, f"has more than {LONGEST_FILE:,} bytes; no letter is so long")
    if kind := next((kind for start, kind in _KINDS.items() if data.startswith(start)), ""):
        raise UnreadableFile(name, f"is {kind} and not text")
    return without_garbage(_decoded(data, name), name)


def not_there(file: Path) -> UnreadableFile:
    """The error that says so, with the file that may be meant."""
    try:
        beside = [one.name for one in islice(file.parent.iterdir(), _MOST_NAMES)]
    except OSError:
        return UnreadableFile(file.name, f"is not there, nor is its folder ({file})")
    return UnreadableFile(file.name, f"is not there ({file}){did_you_mean(file.name, beside)}")


def without_garbage(text: str, name: str) -> str:
    """The text without a byte order mark.

    Raises:
        UnreadableFile: It has control characters, as pictures and archives do.
    """
    if found := _GARBAGE.search(text):
        line = text.count("\n", 0, found.start()) + 1
        raise UnreadableFile(name, f"is not text: line {line} holds the control character {found.group()!r}")
    return text.removeprefix("\ufeff")


def _decoded(data: bytes, name: str) -> str:
    marked = next((encoding for mark, encoding in _BYTE_ORDER if data.startswith(mark)), "")
    found = _NAMED.search(data[:_LOOKED_AT])
    named = (found[1] or found[2]).decode("ascii", "replace") if found and not marked else ""
    if named.lower().startswith("utf-16"):
        named = ""  # HTML, 13.2.3.2: who could read the name reads no UTF-16
    if not (marked or _MAY_LOOK_LIKE_UTF8.match(named)):
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError as error:
            if not named:
                line = data.count(b"\n", 0, error.start) + 1
                reason = (
                    f"is not UTF-8 (line {line} has the byte 0x{data[error.start]:02x}) and names no other encoding"
                )
                raise UnreadableFile(name, f"{reason}; save it as UTF-8, or name its own in <meta charset>") from error
    encoding = marked or _python_name(named)
    try:
        return data.decode(encoding)
    except LookupError as error:
        raise UnreadableFile(name, f"names the encoding {named!r}, which is none; save it as UTF-8") from error
    except UnicodeError as error:
        raise UnreadableFile(name, f"is not in {encoding}, which it names: {error}") from error


def _python_name(label: str) -> str:
    """The encoding that browsers take for a name: WHATWG Encoding, 4.2 reads Latin-1 as windows-1252."""
    plain = label.lower().replace("_", "-")
    return "cp1252" if plain in ("iso-8859-1", "latin1", "ascii", "us-ascii", "x-ansi") else label.removeprefix("x-")


def _resolved(path: Path) -> Path:
    return path.resolve()


@attrs.frozen
class Folder:
    """A folder whose files a letter may include.

    Attributes:
        path: Where it is.
    """

    path: Path = attrs.field(converter=_resolved)

    def read(self, name: str) -> str:
        """The text of a file in the folder or below it, without the line break at its end, as Jinja reads files.

        Raises:
            UnreadableFile: There is none of that name, it leads outside of the folder, or it is no text.
        """
        parts = name.split("/")
        if not name or "\\" in name or "\0" in name or ":" in parts[0] or not {"", ".", ".."}.isdisjoint(parts):
            raise UnreadableFile(repr(name), "is not a path below the letter's folder; write e.g. 'parts/footer.html'")
        file = self.path.joinpath(*parts)
        try:
            is_inside = file.resolve().is_relative_to(self.path)
        except (OSError, RuntimeError) as error:  # before Python 3.13 a ring of links is a RuntimeError
            raise UnreadableFile(repr(name), f"cannot be read: {error}") from error
        if not is_inside:
            raise UnreadableFile(repr(name), f"leads outside of {self.path}")
        if not file.is_file():
            raise UnreadableFile(repr(name), f"is not in {self.path}{did_you_mean(name, self._names())}")
        return read_text(file).removesuffix("\n").removesuffix("\r")

    def _names(self) -> list[str]:
        """The files below the folder, as far as a moment allows."""
        found = []
        for place, file in enumerate(self.path.rglob("*")):
            if place > _MOST_NAMES:
                break
            if file.is_file():
                found.append(file.relative_to(self.path).as_posix())
        return found
