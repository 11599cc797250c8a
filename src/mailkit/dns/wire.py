"""DNS messages to questions and outcomes, by dnspython: no exception of its leaves this module."""

from __future__ import annotations

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

if TYPE_CHECKING:
    import dns.message

__all__ = ["read", "request", "trouble"]

_PAYLOAD_BYTES: Final = 1232
"""The largest UDP answer asked for: what passes everywhere in one piece (DNS flag day 2020)."""


def request(query: Query, *, wants_dnssec: bool = False) -> dns.message.QueryMessage | Malformed:
    """What to send; made anew for each try, as each has a message id of its own.

    The AD bit asks to be told whether DNSSEC vouches for the answer (RFC 6840, 5.7).

    Args:
        query: The question.
        wants_dnssec: Whether the signatures are asked for as well (DO, RFC 3225); some resolvers
            say nothing about DNSSEC without it.

    >>> request(Query("a..example"))
    Malformed(reason='the name has an empty label')
    """
    import dns.flags
    import dns.message
    import dns.name
    import dns.rdatatype

    fault = name_fault(query.name)
    if fault:
        return Malformed(f"the name {fault}")
    # Labels byte by byte: dnspython's from_text would read backslashes and apply IDNA.
    name = dns.name.Name([*query.name.encode("latin-1").split(b"."), b""])
    try:
        kind = dns.rdatatype.from_text(query.type)
    except (dns.rdatatype.UnknownRdatatype, ValueError):  # the latter for numbers, as in TYPE99999
        return Malformed(f"there is no record type {query.type}")
    return dns.message.make_query(
        name,
        kind,
        use_edns=0,
        payload=_PAYLOAD_BYTES,
        want_dnssec=wants_dnssec,
        flags=dns.flags.RD | dns.flags.AD,
    )


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


def read(reply: dns.message.Message, *, is_trusted: bool = False) -> Outcome:
    """What a reply says.

    Args:
        reply: The reply.
        is_trusted: Whether its word on DNSSEC counts: only if nobody can change it on its way.
    """
    import dns.exception
    import dns.flags
    import dns.message
    import dns.rcode

    code = reply.rcode()
    if code not in (dns.rcode.NXDOMAIN, dns.rcode.NOERROR):
        return ServerFailure(dns.rcode.to_text(code))
    try:
        if not isinstance(reply, dns.message.QueryMessage):
            return Malformed("the answer is not one to a query")
        chain = reply.resolve_chaining()
    except dns.message.ChainTooLong:
        return Malformed("its aliases lead in a circle")
    except dns.exception.DNSException as error:
        return Malformed(f"the answer cannot be read ({type(error).__name__})")
    aliases = tuple(_plain(alias[0].target) for alias in chain.cnames)
    if code == dns.rcode.NXDOMAIN:
        return NoSuchDomain(aliases, ttl=_negative_ttl(chain))
    if chain.answer is None:
        return NoData(aliases, ttl=_negative_ttl(chain))
    is_authenticated = bool(reply.flags & dns.flags.AD) if is_trusted else None
    values = tuple(_text(rdata) for rdata in chain.answer)
    return Answer(values, chain.minimum_ttl, aliases, is_authenticated=is_authenticated)


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
