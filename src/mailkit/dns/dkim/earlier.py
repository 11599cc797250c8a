"""A header field as it may have been before somebody on its way changed it. Each guess is verified by others."""

from __future__ import annotations

import re
from base64 import b64encode
from binascii import Error as NotBase64
from collections.abc import Callable, Iterator
from email.errors import HeaderParseError
from email.header import decode_header
from itertools import islice, product
from quopri import encodestring
from typing import Final, TypeAlias

from mailkit.dns.dkim.mail import Mail
from mailkit.dns.headers import Field
from mailkit.dns.tags import cut

__all__ = ["USUAL", "earlier"]

_Earlier: TypeAlias = Iterator[tuple[str, bytes]]
"""What has happened to a field, and what it said before, unfolded."""

USUAL: Final = {
    "mime-version": (b"1.0",),
    "content-transfer-encoding": (b"7bit", b"8bit", b"quoted-printable", b"base64"),
}
"""What fields mostly say that say one of few things."""

_LONGEST_DECODED: Final = 2000
_MOST_PREFIXES: Final = 12
_FOLDED_AT: Final = (78, 76, 75, 72, 998)
_PREFIX: Final = re.compile(rb"(?:\[[^\[\]]{0,80}\]|\([^()]{0,80}\)|\*{2,5}[^*]{1,40}\*{2,5}|[A-Za-z]{2,12}:)[ \t]*")
_BRACKETS: Final = re.compile(rb"\[[^\[\]]{1,80}\] ?")
_KEPT_BY_LISTS: Final = ("x-original-from", "reply-to", "x-original-sender", "original-from", "author")
_ADDRESS: Final = re.compile(rb"[^\s<>,;\"@]{1,80}@[^\s<>,;\"@]{1,255}")
_VIA: Final = re.compile(rb"[ (](?:via|von|por|par|tramite|on behalf of)[ _].*| \([^()]*\)\Z", re.IGNORECASE)
_DATE: Final = re.compile(
    rb"(?P<week>(?:[A-Za-z]{3}, *)?)0?(?P<day>\d{1,2})(?P<rest> [A-Za-z]{3} \d{4} [\d:]{5,8})"
    rb" (?P<zone>\S{1,5})(?: \(.*)?"
)
_UTC: Final = (b"+0000", b"GMT", b"-0000", b"UTC", b"UT", b"Z", b"+0000 (UTC)", b"+0000 (GMT)")
_CHARSET: Final = re.compile(rb"(charset[ \t]*=[ \t]*)\"?[^\";\s]{1,40}\"?", re.IGNORECASE)
_CHARSETS: Final = (b"utf-8", b"UTF-8", b"iso-8859-1", b"ISO-8859-1", b"us-ascii", b"windows-1252")


def earlier(mail: Mail, name: str, field: Field, *, is_folded: bool) -> Iterator[tuple[str, Field]]:
    """A field as it may have been, and what then has happened to it.

    Args:
        mail: The mail that it stands in.
        name: Its name in small letters.
        field: The field as it is.
        is_folded: Whether its folds are signed as well, so that each guess is folded as programs usually do.

    >>> mail = Mail.parse(b"Subject: Re: News\\r\\n\\r\\n")
    >>> next(earlier(mail, "subject", mail.fields[0], is_folded=False))
    ("has got 'Re: ' before it", Field(raw=b'Subject: News'))
    """
    plain = re.sub(rb"\r\n[ \t]*", b" ", field.text).strip()
    seen = {field.raw}
    for what, was in _said(mail, name, plain):
        for text in _folded(field.name, was) if is_folded else (b" " + was,):
            if (one := Field.of(field.name, text)).raw not in seen:
                seen.add(one.raw)
                yield what, one
    for what, one in _written(name, field, plain, is_folded=is_folded):
        if one.raw not in seen:
            seen.add(one.raw)
            yield what, one


def _said(mail: Mail, name: str, plain: bytes) -> _Earlier:
    """What the field may have said before somebody made it say something else."""
    if name in _BY_NAME:
        yield from _BY_NAME[name](mail, plain)
    for value in USUAL.get(name, ()):
        yield "was another one, as the body was encoded anew", value


def _written(name: str, field: Field, plain: bytes, *, is_folded: bool) -> Iterator[tuple[str, Field]]:
    """The same, written in other ways."""
    written, text = field.name, field.text
    single = re.sub(rb"[ \t]+", b" ", plain)
    folds = [b" " + plain, text.replace(b"\r\n\t", b"\r\n "), text.replace(b"\r\n ", b"\r\n\t"),
             text.replace(b"\r\n", b""), b" " + single]  # fmt: skip
    for folded in (*folds, *_folded(written, re.sub(rb"\r\n", b"", text).strip()), *_folded(written, single)):
        yield "was folded differently, or its blanks changed", Field.of(written, folded)
    capital = name.title().encode("latin-1", "replace")
    for other_name in (name.encode("latin-1", "replace"), capital, capital.replace(b"Id", b"ID")):
        yield "had its name written differently", Field.of(other_name, text)
    others = _encodings(plain) if len(plain) <= _LONGEST_DECODED else ()
    quoted = (plain.replace(b'"', b""), re.sub(rb"\A([^\"<]{1,200}?) <", rb'"\1" <', plain), plain.lower())
    changes = [("was encoded differently", other) for other in others]
    for what, was in changes + [("had its quotes or its case changed", other) for other in quoted]:
        for folded in _folded(written, was) if is_folded else (b" " + was,):
            yield what, Field.of(written, folded)


def _folded(name: bytes, plain: bytes) -> Iterator[bytes]:
    """A text in one line, and folded as programs do: before the last blank that keeps the line short enough."""
    yield b" " + plain
    for longest in _FOLDED_AT:
        if len(name) + 2 + len(plain) <= longest:
            continue
        lines = _lines(plain, len(name) + 2, longest)
        yield b" " + b"\r\n ".join(lines)
        yield b" " + b"\r\n\t".join(lines)
    for between in (b"\r\n ", b"\r\n\t"):
        yield b" " + plain.replace(b", ", b"," + between)
        yield b" " + plain.replace(b"?= =?", b"?=" + between + b"=?")


def _lines(plain: bytes, taken: int, longest: int) -> list[bytes]:
    lines, start, room = list[bytes](), 0, longest - taken
    while len(plain) - start > room:
        end = plain.rfind(b" ", start + 1, start + room + 1)
        end = end if end > 0 else plain.find(b" ", start + room)
        if end < 0:
            break
        lines.append(plain[start:end])
        start, room = end + 1, longest - 1
    return [*lines, plain[start:]]


def _subjects(mail: Mail, plain: bytes) -> _Earlier:
    end = 0
    for _ in range(_MOST_PREFIXES):
        found = _PREFIX.match(plain, end)
        if not found:
            break
        end = found.end()
        yield f"has got {_shown(plain[:end])} before it", plain[end:]
    for within in islice(_BRACKETS.finditer(plain), 3):
        rest = (plain[: within.start()] + plain[within.end() :]).strip()
        yield f"has got {_shown(within[0])} within it", rest
    for mark in (b"]", b":", b" "):
        behind = plain.partition(mark)[2].strip()
        if behind:
            yield f"has got {_shown(plain[: len(plain) - len(behind)])} before it", behind
    for mark in (b" [", b" ("):
        before = plain.rpartition(mark)[0].strip()
        if before:
            yield f"has got {_shown(plain[len(before) :])} behind it", before


def _authors(mail: Mail, plain: bytes) -> _Earlier:
    """The author as another field keeps it; where that keeps the address only, with the name that is still there."""
    for kept in _KEPT_BY_LISTS:
        for other in mail.named(kept)[-1:]:
            told = f"was rewritten; {other.name.decode('latin-1')} holds what it was"
            value = re.sub(rb"\r\n[ \t]*", b" ", other.text).strip()
            yield told, value
            for address, name in product(islice(_ADDRESS.findall(value[:_LONGEST_DECODED]), 3), _names(plain)):
                told = f"was rewritten; {other.name.decode('latin-1')} holds its address"
                yield told, (name + b" <" if name else b"<") + address + b">"
                yield told, address
    yield from _addresses(mail, plain)


def _names(plain: bytes) -> Iterator[bytes]:
    """The name before an address as it may have been before it said "via"; written in each way there is."""
    name = plain.rpartition(b"<")[0].strip().strip(b'"')[:_LONGEST_DECODED]
    decoded = _decoded(name).encode("utf-8", "replace")
    for one in dict.fromkeys((_VIA.sub(b"", name), name, _VIA.sub(b"", decoded))):
        bare = one.strip(b" ('\"")
        yield bare
        yield b'"' + bare + b'"'
        if not decoded.isascii():
            yield from _encodings(bare)


def _addresses(mail: Mail, plain: bytes) -> _Earlier:
    parts = [part.strip() for part in plain.split(b",")]
    bare = [part[1:-1] if part[:1] == b"<" and part[-1:] == b">" else part for part in parts]
    angled = [part if b"<" in part or b"@" not in part else b"<" + part + b">" for part in parts]
    for comma, one in product((b", ", b","), (bare, angled)):
        yield "had the brackets around its address changed", comma.join(one)


def _dates(mail: Mail, plain: bytes) -> _Earlier:
    found = _DATE.fullmatch(plain)
    if not found:
        return
    week, day, rest, zone = found["week"], found["day"], found["rest"], found["zone"]
    zones = (zone, *_UTC) if zone in _UTC else (zone,)
    for written, other in product((day, day.rjust(2, b"0"), day.rjust(2)), zones):
        yield "had its day or its zone written differently", week + written + rest + b" " + other


def _types(mail: Mail, plain: bytes) -> _Earlier:
    for charset, mark in product(_CHARSETS, (b"", b'"')):
        yield "had its charset changed", _CHARSET.sub(rb"\g<1>" + mark + charset + mark, plain, count=1)


_BY_NAME: Final[dict[str, Callable[[Mail, bytes], _Earlier]]] = {
    "subject": _subjects,
    "from": _authors,
    "to": _addresses,
    "cc": _addresses,
    "sender": _addresses,
    "reply-to": _addresses,
    "date": _dates,
    "content-type": _types,
}


def _shown(text: bytes) -> str:
    return repr(cut(text.decode("utf-8", "replace"), longest=80))


def _decoded(plain: bytes) -> str:
    """The text of a field whose words may be encoded; as it stands if they cannot be read."""
    try:
        parts = decode_header(plain.decode("ascii"))
        return "".join(part if isinstance(part, str) else part.decode(charset or "ascii") for part, charset in parts)
    except (UnicodeDecodeError, LookupError, HeaderParseError, NotBase64, ValueError):
        return plain.decode("utf-8", "replace")


def _encodings(plain: bytes) -> Iterator[bytes]:
    """The same text in the other ways to write it (RFC 2047, RFC 6532)."""
    raw = _decoded(plain).encode("utf-8", "replace")
    yield raw
    for charset in (b"utf-8", b"UTF-8"):
        quoted = encodestring(raw, quotetabs=True, header=True).replace(b"=\n", b"").replace(b"?", b"=3F")
        for letter, body in ((b"q", quoted), (b"Q", quoted), (b"b", b64encode(raw)), (b"B", b64encode(raw))):
            yield b"=?" + charset + b"?" + letter + b"?" + body + b"?="
