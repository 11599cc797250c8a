"""Replies as they come off the line (RFC 5321, 4.2.1): cut apart, bounded, and read when somebody wants to know.

Of four replies to a letter only the last is told to anybody, so only the code of the others is read.
"""

from __future__ import annotations

import re
from typing import Final

from mailkit.send.returns.reply import Reply

__all__ = ["Replies", "read"]

_CODES: Final = {b"%d" % code: code for code in range(200, 600)}
_MOST_OCTETS: Final = 65_536
"""How long a reply may be; RFC 5321 allows lines of 512, and some servers recite their policy."""
_MOST_READ: Final = 128
_SIMPLE: Final = re.compile(r"[2-5][0-9][0-9] ([245]\.[0-9]{1,3}\.[0-9]{1,3} )?([!-~]+(?: [!-~]+)*)\Z")
_STATUS: Final = re.compile(r"[245]\.[0-9]{1,3}\.[0-9]{1,3}(?: |\Z)")

_read: Final[dict[bytes, Reply]] = {}


class Replies:
    """Cuts what comes in into replies.

    Attributes:
        garbage: The beginning of what was no reply, or had no end; empty if all was well. Nothing is cut after it.
    """

    __slots__ = ("_lines", "_octets", "_rest", "garbage")

    def __init__(self) -> None:
        self.garbage = ""
        self._rest = b""
        self._lines: list[bytes] = []
        self._octets = 0

    @property
    def has_rest(self) -> bool:
        """Whether a part of another reply is there."""
        return bool(self._rest or self._lines)

    def feed(self, octets: bytes) -> list[tuple[int, bytes]]:
        """Give the replies that are whole now: code and lines."""
        pieces = (self._rest + octets).split(b"\n")
        self._rest = pieces.pop()
        replies: list[tuple[int, bytes]] = []
        for piece in pieces:
            line = piece.rstrip(b"\r")
            code, mark = _CODES.get(line[:3]), line[3:4]
            if code is None or mark not in b" -" or (self._lines and self._lines[0][:3] != line[:3]):
                self._give_up(line)
                return replies
            if mark == b"-" or self._lines:
                self._lines.append(line)
                self._octets += len(line)
                line = b"\n".join(self._lines) if mark != b"-" else b""
            if line:
                if self._lines:
                    self._lines, self._octets = [], 0
                replies.append((code, line))
        if len(self._rest) + self._octets > _MOST_OCTETS:
            self._give_up(self._lines[0] if self._lines else self._rest)
        return replies

    def _give_up(self, line: bytes) -> None:
        self.garbage = line[:60].decode("utf-8", "replace") or "an empty line"
        self._rest = b""


def read(lines: bytes) -> Reply:
    """A reply's value; of those that servers give to every letter, the one that was made before."""
    known = _read.get(lines)
    if known is not None:
        return known
    text = lines.decode("utf-8", "replace")
    simple = _SIMPLE.match(text)
    reply = Reply.parse(text) if simple is None else _plain(text, simple)
    if len(lines) < _MOST_READ:
        if len(_read) >= _MOST_READ:  # of numbers that never come again
            _read.clear()
        _read[lines] = reply
    return reply


def _plain(text: str, simple: re.Match[str]) -> Reply:
    """What `Reply.parse` gives, without its three passes of regular expressions: there is nothing to clean."""
    status, rest = simple.groups()
    if _STATUS.match(rest):  # a code alone, or two of them
        return Reply.parse(text)
    reply = Reply.__new__(Reply)
    object.__setattr__(reply, "code", int(text[:3]))
    object.__setattr__(reply, "enhanced", (status or "").rstrip())
    object.__setattr__(reply, "text", rest)
    return reply
