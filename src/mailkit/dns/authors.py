"""The domains of a letter's From (RFC 5322, 3.6.2; RFC 9989, 5.3.1), read from the raw bytes of any letter.

Whoever forges a letter also forges how its From reads: folded, in comments, twice, as a group, with
addresses in names. Nothing that a mail program might show as the author is passed over: what
cannot be told apart gives more domains than one, so that the letter is not judged by the wrong one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final

from mailkit.dns.dmarc.verdict import ascii_domain
from mailkit.dns.headers import LONGEST_HEADER, divide, named
from mailkit.errors import InvalidValue

__all__ = ["domains", "from_domains"]

_MOST: Final = 100
"""Domains that are told apart; more is no letter."""
_MOST_WRITINGS: Final = 500
"""Writings of domains in one field that are brought into one form, which takes long for what is not ASCII."""
_PIECE: Final = re.compile(r'"(?:[^"\\]|\\.)*+"|\\.?|["()<>,;:]|[^"\\()<>,;:]+', re.DOTALL)
_LITERAL: Final = re.compile(r"\[[^\[\]]*\]")


def from_domains(raw: bytes) -> tuple[str, ...]:
    """The domains in the From fields, as A-labels: one for each field and domain, in their order.

    A letter that is as it should be has exactly one. What stands where a domain should, and is none, is given
    as it stands. Addresses in names and comments do not count.

    >>> from_domains(b"From: =?utf-8?q?B=C3=BCro?= <news@Example.com>\\r\\nSubject: Hello\\r\\n\\r\\nbody")
    ('example.com',)
    >>> from_domains(b'From: "ceo@bank.example" <x@example.net>, (her) y@\\r\\n example.org\\r\\n\\r\\n')
    ('example.net', 'example.org')
    """
    if not isinstance(raw, bytes | bytearray | memoryview):
        raise InvalidValue("raw", raw, "is not bytes", "give the letter as it was received")
    # Some take a CR alone for the end of a line as well.
    head = bytes(raw[:LONGEST_HEADER]).replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    found: list[str] = []
    for value in named("From", divide(head)[0]):
        found += islice(_each_once(domains(value)), _MOST)
    return tuple(found[:_MOST])


def _each_once(values: Iterable[str]) -> Iterator[str]:
    seen: set[str] = set()
    for value in values:
        if value not in seen:
            seen.add(value)
            yield value


def domains(value: str) -> Iterator[str]:
    """The domain of each address in a field: what stands in angle brackets, else what stands between commas.

    >>> list(domains("Anna <anna@example.com>, ben@Example.net"))
    ['example.com', 'example.net']
    """
    bare: list[str] = []
    angle: list[str] = []
    depth, is_inside, had_angle = 0, False, False
    known: dict[str, str] = {}
    for piece in [*_pieces(value), ","]:
        if piece in ("(", ")"):
            depth = max(0, depth + (1 if piece == "(" else -1))
        elif depth:
            continue
        elif piece == "<":
            is_inside, had_angle, angle = True, True, []
        elif piece == ">" and is_inside:
            is_inside = False
            yield from _domain("".join(angle), known)
        elif is_inside and piece in (",", ":") and "".join(angle[:1]).lstrip().startswith("@"):
            angle = []  # one host of an obsolete route (RFC 5322, 4.4)
        elif is_inside and piece != ",":
            angle.append(piece)
        elif piece in (",", ";", ":"):
            yield from _domain("".join(angle if is_inside else [] if had_angle else bare), known)
            bare, angle, is_inside, had_angle = [], [], False, False
        else:
            bare.append(piece)


def _pieces(value: str) -> Iterator[str]:
    """The value in pieces; a quoted string is a letter without meaning."""
    for found in _PIECE.finditer(value):
        yield "q" if len(found[0]) > 1 and found[0][0] in '"\\' else found[0]


def _domain(address: str, known: dict[str, str]) -> Iterator[str]:
    """What stands behind the last @, without blanks; of more than a mail could mean, as it stands."""
    _, at, domain = address.rpartition("@")
    if not at:
        return
    plain = "".join(domain.split())
    if plain not in known and len(known) < _MOST_WRITINGS:
        known[plain] = plain if _LITERAL.fullmatch(plain) else ascii_domain(plain) or plain
    yield known.get(plain, plain)
