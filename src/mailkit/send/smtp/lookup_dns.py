"""Mail servers looked up at real name servers, by dnspython. I/O."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Final, Literal

import attrs

from mailkit.checks import counted
from mailkit.clock import Clock, SystemClock
from mailkit.errors import InvalidValue
from mailkit.send.smtp.lookup import NoSuchName, Outcome, Records, Unanswered, merged

if TYPE_CHECKING:
    import dns.asyncresolver

__all__ = ["DNSLookup"]

_Kind = Literal["MX", "A", "AAAA"]
_Question = tuple[str, _Kind]

_LONGEST: Final = timedelta(days=1)
_LONGEST_ABSENCE: Final = timedelta(hours=1)
"""The most of what is sensible (RFC 2308, 5 allows three), since a domain that was mended should not wait."""


def _servers(given: str | Iterable[str]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)


class _Flight:
    """A question on its way, and how many wait for it."""

    def __init__(self, task: asyncio.Task[Outcome]) -> None:
        self.task, self.waiting = task, 0


@attrs.define(eq=False, kw_only=True)
class DNSLookup:
    """Finds mail servers by asking name servers, and keeps what they said for as long as they allow.

    However many letters ask a question at the same time, it is sent once. Records are kept for
    their TTL, a day at the most; that there is none as the zone says (RFC 2308), an hour at the
    most; failures not at all.

    Attributes:
        nameservers: The IP addresses of resolvers, which ask others (recurse); empty for this machine's.
        port: Their port.
        timeout: How long a question may take in all.
        most: How many answers are kept; the longest unused makes room.
        at_once: How many questions may be on their way at a time.
        clock: What tells the time.

    >>> DNSLookup(nameservers=["127.0.0.1"], port=5353, timeout=timedelta(seconds=2)).nameservers
    ('127.0.0.1',)
    """

    nameservers: tuple[str, ...] = attrs.field(default=(), converter=_servers)
    port: int = attrs.field(default=53, validator=counted)
    timeout: timedelta = timedelta(seconds=10)
    most: int = attrs.field(default=20_000, validator=counted)
    at_once: int = attrs.field(default=64, validator=counted)
    clock: Clock = attrs.field(factory=SystemClock)
    _kept: dict[_Question, tuple[Outcome, datetime]] = attrs.field(init=False, factory=dict, repr=False)
    _flights: dict[_Question, _Flight] = attrs.field(init=False, factory=dict, repr=False)
    _loop: asyncio.AbstractEventLoop | None = attrs.field(init=False, default=None, repr=False)
    _room: asyncio.Semaphore = attrs.field(init=False, repr=False)
    _resolver: dns.asyncresolver.Resolver | None = attrs.field(init=False, default=None, repr=False)

    @nameservers.validator
    def _check_nameservers(self, attribute: object, value: tuple[str, ...]) -> None:
        for server in value:
            try:
                ip_address(server)
            except ValueError as error:
                mend = "give the address of a name server, such as '192.0.2.53'"
                raise InvalidValue("DNSLookup.nameservers", server, "is not an IP address", mend) from error

    async def mx(self, domain: str) -> Outcome:
        """The MX records of a domain."""
        return await self._find((domain.lower(), "MX"))

    async def addresses(self, host: str) -> Outcome:
        """The addresses of a host; those that are known, if only one of the two questions was answered."""
        name = host.lower()
        return merged(*await asyncio.gather(self._find((name, "A")), self._find((name, "AAAA"))))

    async def _find(self, question: _Question) -> Outcome:
        kept = self._kept.pop(question, None)
        if kept is not None and kept[1] > self.clock.now():
            self._kept[question] = kept  # it is the last that makes room now
            return kept[0]
        self._settle_in()
        flight = self._flights.get(question)
        if flight is None:
            flight = self._flights[question] = _Flight(asyncio.ensure_future(self._ask(question)))
            flight.task.add_done_callback(lambda _: self._flights.pop(question, None))
        flight.waiting += 1
        try:
            return await asyncio.shield(flight.task)
        except asyncio.CancelledError:
            if flight.waiting == 1:
                flight.task.cancel()
            raise
        finally:
            flight.waiting -= 1

    def _settle_in(self) -> None:
        """Belong to the loop that runs now; one that has ended takes its questions with it."""
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._loop, self._room, self._flights, self._resolver = loop, asyncio.Semaphore(self.at_once), {}, None

    async def _ask(self, question: _Question) -> Outcome:
        async with self._room:
            outcome, lasts = await self._resolve(*question)
        if lasts > timedelta(0):
            self._kept[question] = (outcome, self.clock.now() + lasts)
            if len(self._kept) > self.most:
                del self._kept[next(iter(self._kept))]
        return outcome

    async def _resolve(self, name: str, kind: _Kind) -> tuple[Outcome, timedelta]:
        """What came of a question, and for how long it may be kept."""
        import dns.exception
        import dns.name
        import dns.resolver

        try:
            asked = dns.name.from_text(name)
            resolver = self._resolver = self._resolver or self._new_resolver()
            answer = await resolver.resolve(asked, kind, raise_on_no_answer=False)
        except dns.resolver.NXDOMAIN as absent:
            responses: dict[Any, Any] = absent.responses()  # type: ignore[no-untyped-call]
            return NoSuchName(), _absence(*responses.values())
        except dns.resolver.NoResolverConfiguration:
            return Unanswered("no name server is configured on this machine; give nameservers="), timedelta(0)
        except dns.exception.Timeout:
            return Unanswered(), timedelta(0)
        except dns.resolver.NoNameservers:
            return Unanswered("the name servers failed"), timedelta(0)
        except (dns.exception.DNSException, OSError, ValueError) as error:
            return Unanswered(f"the question failed ({type(error).__name__})"), timedelta(0)
        if answer.rrset is None:
            return Records(), _absence(answer.response)
        return Records(record.to_text() for record in answer.rrset), _ttl(answer.response, _LONGEST)

    def _new_resolver(self) -> dns.asyncresolver.Resolver:
        import dns.asyncresolver

        resolver = dns.asyncresolver.Resolver(configure=not self.nameservers)
        if self.nameservers:
            resolver.nameservers = list(self.nameservers)
        resolver.port, resolver.lifetime = self.port, self.timeout.total_seconds()
        return resolver


def _absence(*responses: Any) -> timedelta:
    """How long it may be kept that there is none: not at all, unless the zone says it (RFC 2308, 5)."""
    is_said = responses and all(response.authority for response in responses)
    return _ttl(responses[-1], _LONGEST_ABSENCE) if is_said else timedelta(0)


def _ttl(response: Any, longest: timedelta) -> timedelta:
    return min(timedelta(seconds=response.resolve_chaining().minimum_ttl), longest)
