"""A server's reply, and the part of the conversation in which it came."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

import attrs

from mailkit.errors import InvalidValue

__all__ = ["Phase", "Reply"]

_CODE: Final = re.compile(r"([2-5][0-9]{2})(?:[ -]|\Z)")
_ENHANCED: Final = re.compile(r"([245]\.[0-9]{1,3}\.[0-9]{1,3})(?: |\Z)")
_UNPRINTABLE: Final = re.compile(r"[^\S\n]|[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]")


class Phase(StrEnum):
    """The parts of an SMTP conversation, in their order."""

    CONNECT = "connect"
    """The connection and the greeting."""
    EHLO = "ehlo"
    """The negotiation: EHLO, STARTTLS and AUTH."""
    MAIL = "mail"
    """The return path."""
    RCPT = "rcpt"
    """The recipient."""
    DATA = "data"
    """The announcement of the message, and all of it but its end: the server cannot have the letter yet."""
    MESSAGE = "message"
    """The end of the message, with its final dot."""


@attrs.frozen(kw_only=True)
class Reply:
    """What a server answered (RFC 5321, 4.2), with its enhanced status code (RFC 3463, 2034).

    Attributes:
        code: The reply code, 200 to 599; 0 for a text without one.
        enhanced: The enhanced status code, such as "5.1.1"; empty if there is none.
        text: What follows the codes; the lines of a longer reply are joined by line feeds.

    >>> reply = Reply.parse("550-5.1.1 No such user.\\r\\n550 5.1.1 See https://mail.example.com/help")
    >>> reply.enhanced, reply.is_permanent, reply.text.splitlines()[0]
    ('5.1.1', True, 'No such user.')
    >>> print(Reply(code=452, enhanced="4.2.2", text="Mailbox full"))
    452 4.2.2 Mailbox full
    """

    code: int = attrs.field(validator=attrs.validators.instance_of(int))
    enhanced: str = attrs.field(default="", validator=attrs.validators.instance_of(str))
    text: str = attrs.field(default="", validator=attrs.validators.instance_of(str))

    def __attrs_post_init__(self) -> None:
        if _read(str(self)) != (self.code, self.enhanced, self.text):
            reason = "would be read as another reply"
            raise InvalidValue("Reply", (self.code, self.enhanced, self.text), reason, "use Reply.parse for text")

    @classmethod
    def parse(cls, text: str) -> Reply:
        """Read a reply as a server sent it; any text is one, and what is no code stays text.

        Control characters become blanks, and blanks at the ends of lines are dropped.

        Raises:
            InvalidValue: It is no text.
        """
        if not isinstance(text, str):
            raise InvalidValue("reply", text, "is not text", "decode bytes first")
        code, enhanced, rest = _read(text)
        return cls(code=code, enhanced=enhanced, text=rest)

    @property
    def is_positive(self) -> bool:
        """Whether the server said yes (2xx or 3xx)."""
        return self._class in (2, 3)

    @property
    def is_permanent(self) -> bool:
        """Whether the server would say the same again (5xx; without a code, a status of class 5)."""
        return self._class == 5

    @property
    def line(self) -> str:
        """The whole reply on one line, for events and reports."""
        return " ".join(str(part) for part in (self.code or "", self.enhanced, *self.text.split("\n")) if part)

    @property
    def _class(self) -> int:
        return self.code // 100 or int(self.enhanced[:1] or 0)

    def __str__(self) -> str:
        lines = [f"{self.enhanced} {line}".strip() for line in self.text.split("\n")]
        if not self.code:
            return "\n".join(lines)
        marks = ["-"] * (len(lines) - 1) + [" "]
        return "\n".join(f"{self.code}{mark}{line}".rstrip() for mark, line in zip(marks, lines, strict=True))


def _read(text: str) -> tuple[int, str, str]:
    """The reply code, the enhanced code and the text without either."""
    unix = text.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace").decode("utf-8")
    lines = [line.strip() for line in _UNPRINTABLE.sub(" ", unix).strip().split("\n")]
    found = _CODE.match(lines[0])
    code = found.group(1) if found else ""
    if code:
        lines = [line[4:].strip() if _CODE.match(line) and line.startswith(code) else line for line in lines]
    statuses = [status.group(1) for status in map(_ENHANCED.match, lines) if status]
    enhanced = statuses[0] if statuses else ""
    if enhanced:
        lines = [_without(line, enhanced) for line in lines]
    return int(code or 0), enhanced, "\n".join(lines)


def _without(line: str, enhanced: str) -> str:
    found = _ENHANCED.match(line)
    return line[found.end() :].strip() if found and found.group(1) == enhanced else line
