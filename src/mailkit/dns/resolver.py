"""The resolvers that ask real name servers, by dnspython.

dnspython's own resolver retries until a life-time is over and tells many troubles as one
exception. Here each question is one exchange with one retry, and everything that can happen
is one of the six outcomes of `mailkit.dns.lookup`; no exception of dnspython leaves this module.
"""

from __future__ import annotations

import ssl
from asyncio import AbstractEventLoop, CancelledError, Task, get_running_loop, shield
from collections.abc import Iterable, Iterator
from datetime import timedelta
from functools import cached_property
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Final

import attrs

from mailkit.blocking import run
from mailkit.dns.cache import Cache
from mailkit.dns.lookup import Malformed, Outcome, Query, ServerFailure, TimedOut
from mailkit.dns.onward import Onward, behind, circle
from mailkit.dns.transports import Route, Transport, exchange
from mailkit.dns.wire import encode, read, trouble
from mailkit.errors import InvalidValue, ResolverError

if TYPE_CHECKING:
    import dns.message

__all__ = ["AsyncResolver", "BlockingResolver"]

_PORTS: Final[dict[str, int]] = {"udp": 53, "tls": 853, "https": 443}


def _servers(given: str | list[str] | tuple[str, ...]) -> tuple[str, ...]:
    if not isinstance(given, Iterable):
        raise InvalidValue("nameservers", given, "is not a list of IP addresses", "leave it out for the machine's own")
    return (given,) if isinstance(given, str) else tuple(given)


def _usual_port(settings: _Settings) -> int:
    return _PORTS.get(settings.transport, 53)


@attrs.frozen(kw_only=True)
class _Settings:
    """What both resolvers are told; their attributes are described there."""

    nameservers: tuple[str, ...] = attrs.field(default=(), converter=_servers)
    transport: Transport = attrs.field(default="udp")
    port: int = attrs.field(default=attrs.Factory(_usual_port, takes_self=True))
    timeout: timedelta = attrs.field(default=timedelta(seconds=2))
    tries: int = attrs.field(default=2)
    cache: Cache | None = attrs.field(default=None)
    wants_dnssec: bool = False
    trusts_ad: bool | None = None
    server_name: str = ""
    ca_file: str | Path | None = None
    path: str = attrs.field(default="/dns-query")

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

    @transport.validator
    def _check_transport(self, attribute: object, value: str) -> None:
        if value not in _PORTS:
            raise InvalidValue(f"{type(self).__name__}.transport", value, "is none of 'udp', 'tls' and 'https'")

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

    @cache.validator
    def _check_cache(self, attribute: object, value: object) -> None:
        if value is not None and not isinstance(value, Cache):
            raise InvalidValue(f"{type(self).__name__}.cache", value, "is not a cache", "give Cache(), or nothing")

    @path.validator
    def _check_path(self, attribute: object, value: object) -> None:
        if not isinstance(value, str) or not value.startswith("/") or not value.isascii() or not value.isprintable():
            raise InvalidValue(f"{type(self).__name__}.path", value, "is not a path", "write '/dns-query'")

    @cached_property
    def _asked(self) -> tuple[str, ...]:
        """The name servers to ask, one for each try."""
        servers = self.nameservers or _system_nameservers()
        return tuple(servers[number % len(servers)] for number in range(self.tries))

    @cached_property
    def _route(self) -> Route:
        """How they are reached; certificates are always verified."""
        context = None
        if self.transport != "udp":
            try:
                context = ssl.create_default_context(cafile=None if self.ca_file is None else str(self.ca_file))
            except (OSError, ssl.SSLError) as error:
                mend = "give a file of certificates in PEM, or leave it out for this machine's roots"
                raise InvalidValue(f"{type(self).__name__}.ca_file", self.ca_file, "cannot be read", mend) from error
        return Route(
            transport=self.transport,
            port=self.port,
            seconds=self.timeout.total_seconds(),
            server_name=self.server_name,
            path=self.path,
            context=context,
        )

    def _is_trusted(self, server: str) -> bool:
        """Whether the server's word on DNSSEC counts (RFC 4035, 4.9.3)."""
        if self.trusts_ad is not None:
            return self.trusts_ad
        return self.transport != "udp" or ip_address(server).is_loopback

    def _remembered(self, query: Query) -> Outcome | None:
        return self.cache.get(query) if self.cache is not None else None

    def _remember(self, query: Query, outcome: Outcome) -> Outcome:
        if self.cache is not None:
            self.cache.put(query, outcome)
        return outcome

    async def _ask(self, query: Query) -> Outcome:
        return self._remember(query, await self._follow(query, ()))

    async def _follow(self, query: Query, before: tuple[str, ...]) -> Outcome:
        """The outcome of a question, with one of its own for what aliases lead to that the server does not tell of."""
        found = await self._exchange(query)
        if not isinstance(found, Onward):
            return found
        seen = (*before, query.name)
        onward = Query(found.target, query.type)
        outcome = circle(seen, found) or self._remembered(onward)
        return behind(found, outcome or await self._follow(onward, (*seen, *found.aliases[:-1])))

    async def _exchange(self, query: Query) -> Outcome | Onward:
        tries = _Tries(query, self)
        for asking, server in tries:
            try:
                reply = await exchange(asking, server, self._route)
            except Exception as error:  # noqa: BLE001 - sorted in trouble(), which raises what it does not know
                tries.failed(error)
            else:
                tries.answered(reply, server)
        return tries.outcome


class _Tries:
    """The tries of one question: what to send and to whom, until one has settled it."""

    def __init__(self, query: Query, settings: _Settings) -> None:
        self._query, self._settings, self._is_settled = query, settings, False
        self.outcome: Outcome | Onward = TimedOut()

    def __iter__(self) -> Iterator[tuple[bytes, str]]:
        for server in self._settings._asked:
            asking = encode(self._query, wants_dnssec=self._settings.wants_dnssec)
            if isinstance(asking, Malformed):
                self.outcome = asking
                return
            yield asking, server
            if self._is_settled:
                return

    def answered(self, reply: bytes | dns.message.Message, server: str) -> None:
        self.outcome = read(reply, self._query, is_trusted=self._settings._is_trusted(server))
        self._is_settled = not isinstance(self.outcome, ServerFailure)

    def failed(self, error: Exception) -> None:
        self.outcome = trouble(_translated(error))


def _translated(error: Exception) -> Exception:
    """An error of httpx, which knows neither of dnspython's nor of the system's, as one of the latter."""
    if type(error).__module__.partition(".")[0] != "httpx":
        return error
    text = f"{type(error).__name__}: {error}"
    return TimeoutError(text) if "Timeout" in type(error).__name__ else ConnectionError(text)


class _Flight:
    """A question on its way, and how many wait for it."""

    def __init__(self, task: Task[Outcome]) -> None:
        self.task, self.waiting = task, 0


@attrs.frozen(kw_only=True)
class AsyncResolver(_Settings):
    """A resolver for coroutines: UDP, then TCP where the answer was cut short, one retry.

    However many checks ask a question at the same time, it is sent once.

    Over UDP anybody on the way can change an answer, and with it the server's word that DNSSEC vouches for it
    (the AD bit). So `Answer.is_authenticated` is None unless the server is on this machine, or is reached over
    TLS or HTTPS; even there it is the server's word, since nothing is validated here.

    Attributes:
        nameservers: The IP addresses of resolvers, which ask others (recurse), asked in turn; empty for the ones
            of this machine. A server that only knows its own zone fails for all others.
        transport: "udp", "tls" (DNS over TLS, RFC 7858) or "https" (DNS over HTTPS, RFC 8484; extra `doh`).
        port: Their port; 53, 853 or 443 by default.
        timeout: How long one try may take.
        tries: How often a question without an answer is asked, at most.
        cache: Where answers are kept, also for other resolvers; None to ask anew each time.
        wants_dnssec: Whether signatures are asked for too; some servers tell of DNSSEC only then.
        trusts_ad: Whether the servers' word on DNSSEC counts; None for only where nobody can change it.
        server_name: The name in their certificates; empty for their addresses.
        ca_file: The certificates that vouch for theirs, in PEM; None for this machine's roots.
        path: The path of the HTTPS service.

    >>> AsyncResolver(nameservers=["127.0.0.1"], port=5353).nameservers
    ('127.0.0.1',)
    >>> AsyncResolver(nameservers=["9.9.9.9"], transport="tls", server_name="dns.quad9.net").port
    853
    >>> AsyncResolver(nameservers=["ns.example.com"])
    Traceback (most recent call last):
    mailkit.errors.InvalidValue: AsyncResolver.nameservers: 'ns.example.com' is not an IP address; give the ...
    """

    _flights: dict[tuple[AbstractEventLoop, Query], _Flight] = attrs.field(
        init=False, factory=dict, eq=False, repr=False
    )

    async def resolve(self, query: Query) -> Outcome:
        """The outcome of one question.

        Raises:
            ResolverError: No name server was given, and none is configured on this machine.
            MissingExtra: HTTPS is wanted, and httpx is not installed.
        """
        kept = self._remembered(query)
        if kept is not None:
            return kept
        key = (get_running_loop(), query)
        flight = self._flights.get(key)
        if flight is None:
            flight = self._flights[key] = _Flight(key[0].create_task(self._ask(query)))
            flight.task.add_done_callback(lambda _: self._flights.pop(key, None))
        flight.waiting += 1
        try:
            return await shield(flight.task)
        except CancelledError:
            if flight.waiting == 1:
                flight.task.cancel()
            raise
        finally:
            flight.waiting -= 1


@attrs.frozen(kw_only=True)
class BlockingResolver(_Settings):
    """A resolver for places without an event loop; asked one question after another.

    Attributes:
        nameservers: The IP addresses of resolvers, which ask others (recurse), asked in turn; empty for the ones
            of this machine. A server that only knows its own zone fails for all others.
        transport: "udp", "tls" (DNS over TLS, RFC 7858) or "https" (DNS over HTTPS, RFC 8484; extra `doh`).
        port: Their port; 53, 853 or 443 by default.
        timeout: How long one try may take.
        tries: How often a question without an answer is asked, at most.
        cache: Where answers are kept, also for other resolvers; None to ask anew each time.
        wants_dnssec: Whether signatures are asked for too; some servers tell of DNSSEC only then.
        trusts_ad: Whether the servers' word on DNSSEC counts; None for only where nobody can change it.
        server_name: The name in their certificates; empty for their addresses.
        ca_file: The certificates that vouch for theirs, in PEM; None for this machine's roots.
        path: The path of the HTTPS service.

    >>> BlockingResolver(nameservers="127.0.0.1", timeout=timedelta(seconds=1)).tries
    2
    """

    def resolve(self, query: Query) -> Outcome:
        """The outcome of one question.

        Raises:
            ResolverError: No name server was given, and none is configured on this machine.
            MissingExtra: HTTPS is wanted, and httpx is not installed.
        """
        kept = self._remembered(query)
        if kept is not None:
            return kept
        return run(lambda: self._ask(query))


def _system_nameservers() -> tuple[str, ...]:
    import dns.resolver

    try:
        servers = dns.resolver.Resolver().nameservers
    except dns.resolver.NoResolverConfiguration:
        servers = []
    if not servers:
        raise ResolverError("no name server is configured on this machine; give nameservers=['192.0.2.53'], or yours")
    return tuple(str(server) for server in servers)
