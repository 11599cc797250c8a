"""Calendar parts, such as invitations: values escaped, lines folded (RFC 5545).

How to think about it: a calendar is lines of `NAME;PARAMETER="value":value`. What a reader's data
may do depends on where in a line it stands. In a text it is escaped; in a date, an address or a
rule nothing may be escaped, so there it must be one line; in a parameter it must stand in quotes.
"""

from __future__ import annotations

import re
from typing import Any, Final

from mailkit.compose.encode import plain_lines
from mailkit.compose.marks import MARK, Kind, Marks
from mailkit.compose.plaintext import plain_text
from mailkit.errors import TemplateError

__all__ = ["calendar_value", "folded", "guarded", "parameter", "plain_value", "text_value"]

_LINE: Final = 75
"""Octets of a line at most, without its break (RFC 5545, 3.1)."""
_CONTROL: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_FOLD: Final = re.compile(r"\n[ \t]")
# Properties that are no text, in which a comma or a semicolon may mean something (RFC 5545, 3.8; RFC 7986).
_NO_TEXT: Final = frozenset(
    {"ATTACH", "ATTENDEE", "COMPLETED", "CONFERENCE", "CREATED", "DTEND", "DTSTAMP"}
    | {"DTSTART", "DUE", "DURATION", "EXDATE", "FREEBUSY", "GEO", "IMAGE"}
    | {"LAST-MODIFIED", "ORGANIZER", "PERCENT-COMPLETE", "PRIORITY", "RDATE", "RECURRENCE-ID", "REFRESH-INTERVAL"}
    | {"REPEAT", "RRULE", "SEQUENCE", "SOURCE", "TRIGGER", "TZOFFSETFROM", "TZOFFSETTO"}
    | {"TZURL", "URL"}
)


def text_value(text: str) -> str:
    r"""A value in a property that is text (RFC 5545, 3.3.11).

    >>> text_value("Tea, cake; and\nbooks")
    'Tea\\, cake\\; and\\nbooks'
    """
    text = re.sub(r"([\\;,])", r"\\\1", plain_lines(text)).replace("\n", r"\n")
    return _CONTROL.sub("", text)


def plain_value(text: str) -> str:
    """A value in a date, an address or a rule, where nothing can be escaped.

    Raises:
        TemplateError: It has a line break, which would begin another property.
    """
    if _CONTROL.search(text):
        raise TemplateError(f"{text[:40]!r} has a line break, which would begin another line of the calendar")
    return text


def parameter(text: str) -> str:
    r"""A value in the quotes of a parameter (RFC 6868).

    >>> parameter('Anna "A" B')
    "Anna ^'A^' B"
    """
    return _CONTROL.sub("", plain_lines(text).replace("^", "^^").replace("\n", "^n").replace('"', "^'"))


def guarded(source: str, marks: Marks) -> str:
    """A calendar's source with each value made safe for the place where it stands.

    Raises:
        TemplateError: It is no calendar, or a value stands where a name should, or in a
            parameter outside of quotes.
    """
    lines = _FOLD.sub("", source).strip("\n").split("\n")
    bare = [MARK.sub("", line).strip().upper() for line in lines]
    bare = [line for line in bare if line]
    if bare[:1] != ["BEGIN:VCALENDAR"] or bare[-1] != "END:VCALENDAR":
        reason = "this is no calendar: it begins with BEGIN:VCALENDAR and ends with END:VCALENDAR (RFC 5545, 3.4)"
        raise TemplateError(reason, template="calendar")
    return "".join(_guarded_line(line, marks) + "\n" for line in lines)


def _guarded_line(line: str, marks: Marks) -> str:
    out, name, place, is_quoted = [], "", "name", False
    for letter in line:
        if MARK.match(letter):
            out.append(_guarded_value(letter, marks, place, name, is_quoted=is_quoted))
            continue
        out.append(letter)
        if place == "value":
            continue
        if letter == '"':
            is_quoted = not is_quoted
        elif letter == ":" and not is_quoted:
            place = "value"
        elif letter == ";" and place == "name":
            place = "parameter"
        elif place == "name":
            name += letter.upper()
    return "".join(out)


def _guarded_value(mark: str, marks: Marks, place: str, name: str, *, is_quoted: bool) -> str:
    token = marks[mark]
    if token.kind is not Kind.EXPRESSION:
        return mark
    if place == "name":
        raise token.spot.error("a value may not stand where a property's name should, since it could add properties")
    if place == "parameter" and not is_quoted:
        raise token.spot.error('a value in a parameter must stand in quotes, as in CN="{{ name }}"')
    kind = place if place == "parameter" else "plain" if name.strip() in _NO_TEXT else "text"
    return marks.add(Kind.EXPRESSION, f"({token.body})|_mailkit_calendar({kind!r})", token.spot, written=token.body)


def calendar_value(value: Any, kind: str) -> Any:
    """The filter of `guarded`: a value, made safe for a text, a plain value or a parameter."""
    from jinja2 import Undefined

    from mailkit.compose.budgets import made, refuse_container

    if value is None or isinstance(value, Undefined) or callable(value):
        return value  # and is refused when it is printed
    refuse_container(value)
    text = plain_text(value.__html__()).rstrip("\n") if hasattr(value, "__html__") else str(value)
    return made({"text": text_value, "plain": plain_value, "parameter": parameter}[kind](text))


def folded(text: str) -> str:
    r"""A finished calendar, its lines folded at 75 octets, and never within a character (RFC 5545, 3.1).

    >>> folded("SUMMARY:" + "x" * 70 + "\n\n")
    'SUMMARY:xxx...x\n xxx\n'
    """
    return "".join(_folded_line(line) for line in plain_lines(text).split("\n") if line.strip())


def _folded_line(line: str) -> str:
    if len(line) * 4 <= _LINE:
        return line + "\n"
    out, size = [""], 0
    for letter in line:
        octets = len(letter.encode("utf-8", "replace"))
        if size + octets > _LINE:
            out.append(" ")
            size = 1
        out[-1] += letter
        size += octets
    return "\n".join(out) + "\n"
