"""The resolvers that ask real name servers, by dnspython.

dnspython's own resolver retries until a life-time is over and tells many troubles as one
exception. Here each question is one exchange with one retry, and everything that can happen
is one of the six outcomes of `mailkit.dns.lookup`; no exception of dnspython leaves this module.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from functools import cached_property
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

import attrs

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
from mailkit.errors import InvalidValue, ResolverError

if TYPE_CHECKING:
    import dns.message
    import dns.rdata

__all__ = ["AsyncResolver", "BlockingResolver"]

_PAYLOAD_BYTES = 1232
"""The largest UDP answer asked for: what passes everywhere in one piece (DNS flag day 2020)."""


def _servers(given: str | list[str] | tuple[str, ...]) -> tuple[str, ...]:
    if not isinstance(given, Iterable):
        raise InvalidValue("nameservers", given, "is not a list of IP addresses", "leave it out for the machine's own")
    return (given,) if isinstance(given, str) else tuple(given)


@attrs.frozen(kw_only=True)
class _Settings:
    """What both resolvers are told.

    Attributes:
        nameservers: Their IP addresses, asked in turn; empty for the ones of this machine.
        port: Their port.
        timeout: How long one try may take.
        tries: How often a question without an answer is asked, at most.
    """

    nameservers: tuple[str, ...] = attrs.field(default=(), converter=_servers)
    port: int = attrs.field(default=53)
    timeout: timedelta = attrs.field(default=timedelta(seconds=2))
    tries: int = attrs.field(default=2)

    @nameservers.validator
    def _check_nameservers(self, attribute: object, value: tuple[str, ...]) -> None:
        for server in value:
            try:
                ip_address(server)
            except ValueError as error:
                mend = "give the address of a name server, such as '192.0.2.53'"
                raise InvalidValue(
                    f"{type(self).__name__}.nameservers", server, "is not an IP address", mend
                ) from error

    @port.validator
    def _check_port(self, attribute: object, value: int) -> None:
        if not isinstance(value, int) or not 1 <= value <= 65535:
            raise InvalidValue(f"{type(self).__name__}.port", value, "is not a port, 1 to 65535", "leave it out for 53")

    @tries.validator
    def _check_tries(self, attribute: object, value: int) -> None:
        if not isinstance(value, int) or value < 1:
            raise InvalidValue(f"{type(self).__name__}.tries", value, "is not a number of tries from 1 up")

    @timeout.validator
    def _check_timeout(self, attribute: object, value: timedelta) -> None:
        if not isinstance(value, timedelta) or value <= timedelta():
            mend = "give a timedelta, such as timedelta(seconds=2)"
            raise InvalidValue(f"{type(self).__name__}.timeout", value, "is not a length of time", mend)

    @cached_property
    def _asked(self) -> tuple[str, ...]:
        """The name servers to ask, one for each try."""
        servers = self.nameservers or _system_nameservers()
        return tuple(servers[number % len(servers)] for number in range(self.tries))


class _Tries:
    """The tries of one question: what to send and to whom, until one has settled it."""

    def __init__(self, query: Query, servers: tuple[str, ...]) -> None:
        self._query, self._servers, self._is_settled = query, servers, False
        self.outcome: Outcome = TimedOut()

    def __iter__(self) -> Iterator[tuple[dns.message.QueryMessage, str]]:
        for server in self._servers:
            request = _request(self._query)
            if isinstance(request, Malformed):
                self.outcome = request
                return
            yield request, server
            if self._is_settled:
                return

    def answered(self, reply: dns.message.Message) -> None:
        self.outcome = _read(reply, self._query)
        self._is_settled = not isinstance(self.outcome, ServerFailure)

    def failed(self, error: Exception) -> None:
        self.outcome = _trouble(error)


@attrs.frozen(kw_only=True)
class AsyncResolver(_Settings):
    """A resolver for coroutines: UDP, then TCP where the answer was cut short, one retry.

    Attributes:
        nameservers: Their IP addresses, asked in turn; empty for the ones of this machine.
        port: Their port.
        timeout: How long one try may take.
        tries: How often a question without an answer is asked, at most.

    >>> AsyncResolver(nameservers=["127.0.0.1"], port=5353).nameservers
    ('127.0.0.1',)
    >>> AsyncResolver(nameservers=["ns.example.com"])
    Traceback (most recent call last):
    mailkit.errors.InvalidValue: AsyncResolver.nameservers: 'ns.example.com' is not an IP address; give the ...
    """

    async def resolve(self, query: Query) -> Outcome:
        """The outcome of one question.

        Raises:
            ResolverError: No name server was given, and none is configured on this machine.
        """
        import dns.asyncquery

        tries, seconds = _Tries(query, self._asked), self.timeout.total_seconds()
        for request, server in tries:
            try:
                reply, _ = await dns.asyncquery.udp_with_fallback(request, server, timeout=seconds, port=self.port)
            except Exception as error:  # noqa: BLE001 - sorted in _trouble, which raises what it does not know
                tries.failed(error)
            else:
                tries.answered(reply)
        return tries.outcome


@attrs.frozen(kw_only=True)
class BlockingResolver(_Settings):
    """A resolver for places without an event loop; asked one question after another.

    Attributes:
        nameservers: Their IP addresses, asked in turn; empty for the ones of this machine.
        port: Their port.
        timeout: How long one try may take.
        tries: How often a question without an answer is asked, at most.

    >>> BlockingResolver(nameservers="127.0.0.1", timeout=timedelta(seconds=1)).tries
    2
    """

    def resolve(self, query: Query) -> Outcome:
        """The outcome of one question.

        Raises:
            ResolverError: No name server was given, and none is configured on this machine.
        """
        import dns.query

        tries, seconds = _Tries(query, self._asked), self.timeout.total_seconds()
        for request, server in tries:
            try:
                reply, _ = dns.query.udp_with_fallback(request, server, timeout=seconds, port=self.port)
            except Exception as error:  # noqa: BLE001 - sorted in _trouble, which raises what it does not know
                tries.failed(error)
            else:
                tries.answered(reply)
        return tries.outcome


def _system_nameservers() -> tuple[str, ...]:
    import dns.resolver

    try:
        servers = dns.resolver.Resolver().nameservers
    except dns.resolver.NoResolverConfiguration:
        servers = []
    if not servers:
        raise ResolverError("no name server is configured on this machine; give nameservers=['192.0.2.53'], or yours")
    return tuple(str(server) for server in servers)


def _request(query: Query) -> dns.message.QueryMessage | Malformed:
    """What to send; made anew for each try, as each has a message id of its own."""
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
    return dns.message.make_query(name, kind, use_edns=0, payload=_PAYLOAD_BYTES)


def _trouble(error: Exception) -> Outcome:
    """What a failed exchange means.

    Raises:
        Exception: The error itself, if it is not one of the network or of the message.
    """
    import dns.exception

    if isinstance(error, dns.exception.Timeout | TimeoutError):
        return TimedOut()
    if isinstance(error, dns.exception.DNSException):  # not a DNS message, or not the reply to this question
        return Malformed(f"the answer cannot be read ({type(error).__name__})")
    if isinstance(error, OSError | EOFError):
        return ServerFailure(f"not reachable: {str(error) or type(error).__name__}")
    raise error


def _read(reply: dns.message.Message, query: Query) -> Outcome:
    """What a reply says."""
    import dns.exception
    import dns.message
    import dns.rcode

    code = reply.rcode()
    if code == dns.rcode.NXDOMAIN:
        return NoSuchDomain(_aliases(reply))
    if code != dns.rcode.NOERROR:
        return ServerFailure(dns.rcode.to_text(code))
    try:
        if not isinstance(reply, dns.message.QueryMessage):
            return Malformed("the answer is not one to a query")
        chain = reply.resolve_chaining()
    except dns.message.ChainTooLong:
        return Malformed("its aliases lead in a circle")
    except dns.exception.DNSException as error:
        return Malformed(f"the answer cannot be read ({type(error).__name__})")
    if chain.answer is None:
        return NoData(_targets(chain.cnames))
    return Answer(tuple(_text(rdata) for rdata in chain.answer), chain.minimum_ttl, _targets(chain.cnames))


def _aliases(reply: Any) -> tuple[str, ...]:
    """The aliases that led to a name which does not exist; none if they cannot be read."""
    import dns.exception

    try:
        return _targets(reply.resolve_chaining().cnames)
    except (AttributeError, dns.exception.DNSException):  # not a reply to a query, or none that agrees with itself
        return ()


def _targets(aliases: Iterable[Any]) -> tuple[str, ...]:
    return tuple(_plain(alias[0].target) for alias in aliases)


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
