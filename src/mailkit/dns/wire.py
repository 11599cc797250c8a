"""DNS messages to questions and outcomes, by dnspython: no exception of its leaves this module."""

from __future__ import annotations

import struct
from secrets import token_bytes
from typing import TYPE_CHECKING, Any, Final

from mailkit.dns.lookup import (
    Answer,
    Malformed,
    NoData,
    NoSuchDomain,
    Outcome,
    Query,
    ServerFailure,
    TimedOut,
    name_fault,
)
from mailkit.dns.onward import CIRCLE, Onward
from mailkit.dns.quick import read_quickly

if TYPE_CHECKING:
    import dns.message

__all__ = ["encode", "is_cut", "matches", "read", "trouble"]

_PAYLOAD_BYTES: Final = 1232
"""The largest UDP answer asked for: what passes everywhere in one piece (DNS flag day 2020)."""

_RECURSE, _ASK_DNSSEC, _SIGNATURES = 0x0100, 0x0020, 0x8000
"""RD and AD in the header, and DO in the options (RFC 1035, 4.1.1; RFC 4035, 3.2; RFC 6891, 6.1.4)."""
_IS_REPLY, _IS_CUT = 0x80, 0x02
"""QR (with the opcode of a query) and TC in the header's third byte."""
_INTERNET, _OPT = 1, 41
_HEADER_BYTES, _OPTIONS_BYTES = 12, 11
_FAILURES: Final = frozenset({1, 2, 4, 5})
"""FORMERR, SERVFAIL, NOTIMP and REFUSED."""


def encode(query: Query, *, wants_dnssec: bool = False) -> bytes | Malformed:
    """The question as it is sent; made anew for each try, as each has a message id of its own.

    The AD bit asks to be told whether DNSSEC vouches for the answer (RFC 6840, 5.7). This is written byte
    by byte: dnspython's way takes twenty times as long, reads backslashes, and applies IDNA.

    Args:
        query: The question.
        wants_dnssec: Whether the signatures are asked for as well (DO, RFC 3225); some resolvers
            say nothing about DNSSEC without it.

    >>> encode(Query("a..example"))
    Malformed(reason='the name has an empty label')
    >>> encode(Query("example.com"))[12:29]
    b'\\x07example\\x03com\\x00\\x00\\x10\\x00\\x01'
    """
    import dns.rdatatype

    fault = name_fault(query.name)
    if fault:
        return Malformed(f"the name {fault}")
    try:
        kind = int(dns.rdatatype.from_text(query.type))
    except (dns.rdatatype.UnknownRdatatype, ValueError):  # the latter for numbers, as in TYPE99999
        return Malformed(f"there is no record type {query.type}")
    labels = (bytes([len(label)]) + label for label in query.name.encode("latin-1").split(b"."))
    header = token_bytes(2) + struct.pack("!5H", _RECURSE | _ASK_DNSSEC, 1, 0, 0, 1)
    question = b"".join(labels) + struct.pack("!BHH", 0, kind, _INTERNET)
    options = struct.pack("!BHHIH", 0, _OPT, _PAYLOAD_BYTES, _SIGNATURES if wants_dnssec else 0, 0)
    return header + question + options


def matches(wire: bytes, reply: bytes) -> bool:
    """Whether a message is the reply to just this question: its id, its kind, and what it repeats of the question.

    >>> wire = encode(Query("example.com"))
    >>> matches(wire, wire), matches(wire, wire[:2] + b"\\x81" + wire[3:])
    (False, True)
    """
    if len(reply) < _HEADER_BYTES or reply[:2] != wire[:2] or reply[2] & 0xF8 != _IS_REPLY:
        return False
    if reply[4:6] == b"\0\0":  # a server that could not or would not read it may leave the question out
        return reply[3] & 0x0F in _FAILURES
    question = wire[_HEADER_BYTES:-_OPTIONS_BYTES]
    return reply[4:6] == b"\0\1" and reply[_HEADER_BYTES : _HEADER_BYTES + len(question)].lower() == question.lower()


def is_cut(reply: bytes) -> bool:
    """Whether a reply was cut short (TC), so that it has to be asked for over TCP.

    >>> is_cut(bytes.fromhex("000083000000"))
    True
    """
    return bool(reply[2] & _IS_CUT)


def trouble(error: Exception) -> Outcome:
    """What a failed exchange means.

    Raises:
        Exception: The error itself, if it is not one of the network or of the message.

    >>> trouble(ConnectionRefusedError("refused"))
    ServerFailure(reason='not reachable: refused')
    """
    import dns.exception

    if isinstance(error, dns.exception.Timeout | TimeoutError):
        return TimedOut()
    if isinstance(error, dns.exception.DNSException):  # not a DNS message, or not the reply to this question
        return Malformed(f"the answer cannot be read ({type(error).__name__})")
    if isinstance(error, OSError | EOFError):
        return ServerFailure(f"not reachable: {str(error) or type(error).__name__}")
    raise error


def read(reply: bytes | dns.message.Message, query: Query, *, is_trusted: bool = False) -> Outcome | Onward:
    """What a reply says that is known to be one to the question.

    An absence is only what a server says to be one (RFC 2308, 2): the name does not exist (NXDOMAIN), or there is
    nothing of this type, vouched for by the SOA record of a zone that the name belongs to. Without that record an
    empty reply is still an absence (2.2, type 3), unless it refers to other name servers, or comes from a server
    that has neither authority (AA) nor recurses (RA): that one knows nothing of the name.

    Args:
        reply: The reply.
        query: The question.
        is_trusted: Whether its word on DNSSEC counts: only if nobody can change it on its way.

    >>> read(b"no message", Query("example.com"))
    Malformed(reason='the answer cannot be read (ShortHeader)')
    """
    import dns.exception
    import dns.message
    import dns.rdatatype

    if not isinstance(reply, bytes):
        return _read(reply, is_trusted=is_trusted)
    quick = read_quickly(reply, int(dns.rdatatype.from_text(query.type)), is_trusted=is_trusted)
    if quick is not None:
        return quick
    try:
        return _read(dns.message.from_wire(reply), is_trusted=is_trusted)
    except dns.exception.DNSException as error:
        return trouble(error)


def _read(reply: dns.message.Message, *, is_trusted: bool) -> Outcome | Onward:
    import dns.exception
    import dns.flags
    import dns.message
    import dns.rcode

    code = reply.rcode()
    if code not in (dns.rcode.NXDOMAIN, dns.rcode.NOERROR):
        return ServerFailure(dns.rcode.to_text(code))
    if reply.flags & dns.flags.TC:  # what is cut short is not heeded (RFC 2181, 9)
        return ServerFailure("the answer was cut short, over TCP as well")
    try:
        if not isinstance(reply, dns.message.QueryMessage):
            return Malformed("the answer is not one to a query")
        chain = reply.resolve_chaining()
    except dns.message.ChainTooLong:
        return Malformed(CIRCLE)
    except dns.exception.DNSException as error:
        return Malformed(f"the answer cannot be read ({type(error).__name__})")
    is_authenticated = bool(reply.flags & dns.flags.AD) if is_trusted else None
    if chain.answer is None:
        return _without_answer(reply, chain, is_authenticated)
    values = tuple(_text(rdata) for rdata in chain.answer)
    return Answer(values, chain.minimum_ttl, _aliases(chain), is_authenticated=is_authenticated)


def _without_answer(
    reply: dns.message.Message, chain: dns.message.ChainingResult, is_authenticated: bool | None
) -> Outcome | Onward:
    """An absence, if the reply says so of the name that the aliases end at."""
    import dns.rcode
    import dns.rdatatype

    name, aliases, does_not_exist = chain.canonical_name, _aliases(chain), reply.rcode() == dns.rcode.NXDOMAIN
    zones = [record.name for record in reply.authority if record.rdtype == dns.rdatatype.SOA]
    if reply.answer and all(record.name != reply.question[0].name for record in reply.answer):
        return Malformed(f"it answers for another name, {_plain(reply.answer[0].name)}")
    if does_not_exist and any(record.name == name for record in reply.answer):
        return Malformed("it says that the name does not exist, and what it has")
    if any(name.is_subdomain(zone) for zone in zones) or (does_not_exist and not zones):
        return (NoSuchDomain if does_not_exist else NoData)(aliases, ttl=_negative_ttl(chain))
    if aliases:
        return _onward(name, aliases, chain.minimum_ttl, is_authenticated)
    if zones:
        return Malformed(f"it says that there is nothing in the zone {_plain(zones[0])}, which the name is not of")
    return _empty(reply)


def _onward(name: Any, aliases: tuple[str, ...], ttl: int, is_authenticated: bool | None) -> Onward | Malformed:
    if any(b"." in label for label in name.labels):  # a question has no way to write it
        return Malformed(f"its alias leads to {aliases[-1]}, which cannot be asked for")
    target = b".".join(name.labels[:-1]).lower().decode("latin-1")
    return Onward(aliases=aliases, target=target, ttl=ttl, is_authenticated=is_authenticated)


def _empty(reply: dns.message.Message) -> NoData | ServerFailure | Malformed:
    """What a reply without an answer and without a SOA record means (RFC 2308, 2.2)."""
    import dns.flags
    import dns.rdatatype

    if reply.answer:
        return Malformed("it answers with records of another type")
    if any(record.rdtype == dns.rdatatype.NS for record in reply.authority):
        return ServerFailure("it refers to other name servers, and does not ask them")
    if not reply.flags & (dns.flags.AA | dns.flags.RA):
        return ServerFailure("an empty answer of a server that neither has authority nor asks others")
    return NoData()


def _aliases(chain: dns.message.ChainingResult) -> tuple[str, ...]:
    return tuple(_plain(alias[0].target) for alias in chain.cnames)


def _negative_ttl(chain: dns.message.ChainingResult) -> int | None:
    """How long an absence may be kept: as the SOA record says; without one not at all (RFC 2308, 5)."""
    import dns.ttl

    return None if chain.minimum_ttl >= dns.ttl.MAX_TTL else chain.minimum_ttl


def _text(rdata: Any) -> str:
    """A record's content in the form that `Answer` promises."""
    kind = type(rdata).__name__
    if kind in ("TXT", "SPF"):
        return b"".join(rdata.strings).decode("latin-1")
    if kind == "MX":
        return f"{rdata.preference} {_plain(rdata.exchange)}"
    if kind in ("CNAME", "NS", "PTR"):
        return _plain(rdata.target)
    return str(rdata.to_text())


def _plain(name: Any) -> str:
    return str(name.to_text(omit_final_dot=True)).lower()
