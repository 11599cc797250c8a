"""The common replies, read without dnspython, which takes ten times as long.

Most replies hold a few records of a few types, or none and the zone's SOA record. Just these are read
here, and to the same outcome that dnspython's reading leads to (a test compares the two on anything
that can be sent). Whatever is out of the ordinary gives None, and is left to dnspython.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from mailkit.dns.lookup import Answer, NoData, NoSuchDomain, Outcome

__all__ = ["read_quickly"]

_HEADER: Final = struct.Struct("!6H")
_RECORD: Final = struct.Struct("!HHIH")
_A, _NS, _CNAME, _SOA, _PTR, _MX, _TXT, _AAAA, _OPT = 1, 2, 5, 6, 12, 15, 16, 28, 41
_INTERNET: Final = 1
_AUTHENTICATED: Final = 0x0020
_CUT_SHORT: Final = 0x0200
_NXDOMAIN: Final = 3
_HIGHEST_TTL: Final = 0x7FFFFFFF
_LONGEST_CHAIN: Final = 8
"""Aliases followed; longer chains are dnspython's."""
_PLAIN: Final = re.compile(rb"[A-Za-z0-9_-]+\Z")
"""Labels that stand for themselves in presentation form."""


class _Odd(Exception):
    """The reply is out of the ordinary: something for dnspython."""


class _Found(NamedTuple):
    """One record."""

    name: bytes
    type: int
    ttl: int
    start: int
    end: int


def read_quickly(reply: bytes, kind: int, *, is_trusted: bool) -> Outcome | None:
    """What a reply says that is known to be one to a question of this type; None if dnspython has to read it.

    Args:
        reply: The whole message.
        kind: The type that was asked for, as a number.
        is_trusted: Whether its word on DNSSEC counts.
    """
    if kind not in _ASKED:
        return None
    try:
        return _outcome(reply, kind, is_trusted)
    except (_Odd, IndexError, struct.error):
        return None


def _outcome(reply: bytes, kind: int, is_trusted: bool) -> Outcome:
    _, flags, questions, answers, authorities, others = _HEADER.unpack_from(reply)
    code = flags & 0x0F
    if code not in (0, _NXDOMAIN) or flags & _CUT_SHORT or questions != 1:
        raise _Odd
    name, place = _name(reply, _HEADER.size)
    place += 4
    answered, place = _records(reply, place, answers)
    authority, place = _records(reply, place, authorities)
    additional, place = _records(reply, place, others)
    if place != len(reply) or any(record.type != _OPT or record.ttl >> 24 for record in additional):
        raise _Odd
    for record in (*answered, *authority):
        _READERS[record.type](reply, record)  # what is broken there is broken, also if nobody wants to know it
    if answered and code == 0:
        return _answer(reply, kind, name, answered, bool(flags & _AUTHENTICATED) if is_trusted else None)
    ttl = _negative_ttl(reply, name, answered, authority)
    return NoSuchDomain(ttl=ttl) if code else NoData(ttl=ttl)


def _answer(reply: bytes, kind: int, name: bytes, records: list[_Found], is_authenticated: bool | None) -> Answer:
    ttl = _HIGHEST_TTL
    aliases: list[str] = []
    for _ in range(_LONGEST_CHAIN):
        found = [record for record in records if record.type == kind and record.name == name]
        if found:
            values = tuple(_READERS[kind](reply, record) for record in found)
            ttl = min(ttl, *(record.ttl for record in found))
            return Answer(values, ttl, tuple(aliases), is_authenticated=is_authenticated)
        alias = [record for record in records if record.type == _CNAME and record.name == name]
        if len(alias) != 1:
            raise _Odd
        ttl = min(ttl, alias[0].ttl)
        name = _whole_name(reply, alias[0].start, alias[0].end)
        aliases.append(name.decode("ascii") or ".")
    raise _Odd


def _negative_ttl(reply: bytes, name: bytes, answered: list[_Found], authority: list[_Found]) -> int:
    """The time for which an absence may be kept, from the one SOA record that belongs to the name (RFC 2308, 5)."""
    zones = [record for record in authority if record.type == _SOA]
    if answered or len(zones) != 1:
        raise _Odd
    zone = zones[0]
    if zone.name and name != zone.name and not name.endswith(b"." + zone.name):
        raise _Odd
    return min(zone.ttl, int(_soa(reply, zone)))


def _records(reply: bytes, place: int, count: int) -> tuple[list[_Found], int]:
    found = []
    for _ in range(count):
        name, place = _name(reply, place)
        kind, kind_of_net, ttl, length = _RECORD.unpack_from(reply, place)
        start = place + _RECORD.size
        place = start + length
        is_usual = kind_of_net == _INTERNET and kind in _READERS and ttl <= _HIGHEST_TTL
        is_options = kind == _OPT and not name and not length
        if place > len(reply) or not (is_usual or is_options):
            raise _Odd
        found.append(_Found(name, kind, ttl, start, place))
    return found, place


def _name(reply: bytes, place: int) -> tuple[bytes, int]:
    """A name in small letters, and the place behind it; its pointers lead back, each further than the last."""
    labels: list[bytes] = []
    end, limit, length = 0, place, 1
    while True:
        size = reply[place]
        if size >= 0xC0:
            target = (size & 0x3F) << 8 | reply[place + 1]
            if target >= limit:
                raise _Odd
            end = end or place + 2
            place = limit = target
        elif size == 0:
            return b".".join(labels), end or place + 1
        else:
            label = reply[place + 1 : place + 1 + size]
            length += size + 1
            if size > 63 or len(label) != size or length > 255 or not _PLAIN.match(label):
                raise _Odd
            labels.append(label.lower())
            place += size + 1


def _whole_name(reply: bytes, start: int, end: int) -> bytes:
    name, place = _name(reply, start)
    if place != end:
        raise _Odd
    return name


def _host(reply: bytes, record: _Found) -> str:
    return _whole_name(reply, record.start, record.end).decode("ascii") or "."


def _soa(reply: bytes, record: _Found) -> str:
    """The last number of a SOA record."""
    _, place = _name(reply, record.start)
    _, place = _name(reply, place)
    if place + 20 != record.end:
        raise _Odd
    numbers = struct.unpack_from("!5I", reply, place)
    if max(numbers[1:]) > _HIGHEST_TTL:
        raise _Odd
    return str(numbers[4])


def _mx(reply: bytes, record: _Found) -> str:
    if record.end - record.start < 3:
        raise _Odd
    (preference,) = struct.unpack_from("!H", reply, record.start)
    return f"{preference} {_whole_name(reply, record.start + 2, record.end).decode('ascii') or '.'}"


def _ipv4(reply: bytes, record: _Found) -> str:
    import dns.ipv4

    return str(dns.ipv4.inet_ntoa(_exactly(reply, record, 4)))


def _ipv6(reply: bytes, record: _Found) -> str:
    import dns.ipv6

    return str(dns.ipv6.inet_ntoa(_exactly(reply, record, 16)))


def _exactly(reply: bytes, record: _Found, size: int) -> bytes:
    if record.end - record.start != size:
        raise _Odd
    return reply[record.start : record.end]


def _text(reply: bytes, record: _Found) -> str:
    return b"".join(_strings(reply, record)).decode("latin-1")


def _strings(reply: bytes, record: _Found) -> Iterator[bytes]:
    place = record.start
    while place < record.end or place == record.start:
        start, place = place + 1, place + 1 + reply[place]
        if place > record.end:
            raise _Odd
        yield reply[start:place]


_READERS: Final[dict[int, Callable[[bytes, _Found], str]]] = {
    _A: _ipv4,
    _AAAA: _ipv6,
    _MX: _mx,
    _NS: _host,
    _PTR: _host,
    _TXT: _text,
    _CNAME: _host,
    _SOA: _soa,
}
_ASKED: Final = frozenset({*_READERS} - {_CNAME, _SOA})
"""Types of questions; the other two only stand in replies."""
