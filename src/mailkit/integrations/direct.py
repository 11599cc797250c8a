"""What `mailkit.dns` knows, for letters that go straight to their recipients' servers.

`send` knows nothing of `dns`; these two stand between them:

>>> from mailkit import dns, send
>>> resolver = dns.AsyncResolver(nameservers=["127.0.0.1"], port=5353)
>>> transport = send.MXTransport(lookup=ResolverLookup(resolver), policy=StsPolicies(resolver=resolver))
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from inspect import isawaitable
from typing import Any, Final

import attrs

from mailkit.checks import counted
from mailkit.clock import Clock, SystemClock
from mailkit.dns.drive import Helpers, resolver_from, run
from mailkit.dns.lookup import Answer, Fetcher, NoData, NoSuchDomain, Query, Resolver
from mailkit.dns.tls import StsFound, StsPolicy, find_sts
from mailkit.send.smtp.lookup import NoSuchName, Outcome, Records, Unanswered, merged

__all__ = ["ResolverLookup", "StsPolicies"]

_SOON: Final = timedelta(minutes=5)


@attrs.frozen
class ResolverLookup:
    """Finds mail servers by a resolver of `mailkit.dns`, also over TLS or HTTPS: a `Lookup` for `MXTransport`.

    Attributes:
        resolver: The resolver. Give it a cache: it is asked for every letter.

    >>> lookup = ResolverLookup({("example.org", "MX"): ["10 mx.example.org"]})
    >>> asyncio.run(lookup.mx("example.org"))
    Records(values=('10 mx.example.org',))
    """

    resolver: Resolver = attrs.field(converter=resolver_from)

    async def mx(self, domain: str) -> Outcome:
        """The MX records of a domain."""
        return await self._find(Query(domain, "MX"))

    async def addresses(self, host: str) -> Outcome:
        """The addresses of a host; those that are known, if only one of the two questions was answered."""
        return merged(*await asyncio.gather(*(self._find(Query(host, kind)) for kind in ("A", "AAAA"))))

    async def _find(self, query: Query) -> Outcome:
        found = self.resolver.resolve(query)
        outcome = await found if isawaitable(found) else found
        match outcome:
            case Answer():
                return Records(outcome.values)
            case NoData():
                return Records()
            case NoSuchDomain():
                return NoSuchName()
        return Unanswered(str(outcome))


@attrs.frozen
class _Kept:
    """What is known of a domain, until when it holds, and when it is looked at again."""

    policy: StsPolicy | None
    until: datetime
    again: datetime


@attrs.define(eq=False, kw_only=True)
class StsPolicies:
    """Gives domains' MTA-STS policies (RFC 8461), fetched and kept; a `policy` for `MXTransport`.

    A policy holds for its max_age, even while it can be neither found nor fetched any more, so that nobody gets rid
    of it by a failure (RFC 8461, 3.3). A domain without a policy that holds is sent to as if it had none.

    Attributes:
        resolver: What asks for the records; this machine's name servers if None.
        fetcher: What fetches the policies; over HTTPS, by names as this machine resolves them, if None.
        looked_at_every: After how long a policy, or the lack of one, is looked at again.
        most: How many domains are kept.
        clock: What tells the time.

    >>> policies = StsPolicies(resolver={})
    >>> asyncio.run(policies("example.org")) is None
    True
    """

    resolver: Any = None
    fetcher: Fetcher | None = None
    looked_at_every: timedelta = timedelta(hours=6)
    most: int = attrs.field(default=20_000, validator=counted)
    clock: Clock = attrs.field(factory=SystemClock)
    _kept: dict[str, _Kept] = attrs.field(init=False, factory=dict, repr=False)
    _flights: dict[str, asyncio.Task[_Kept]] = attrs.field(init=False, factory=dict, repr=False)

    async def __call__(self, domain: str) -> StsPolicy | None:
        """The policy that holds for a domain; None if there is none."""
        now = self.clock.now()
        kept = self._kept.pop(domain, None)
        if kept is None or kept.again <= now:
            kept = await self._look(domain, kept)
        self._kept[domain] = kept  # it is the last that makes room now
        if len(self._kept) > self.most:
            del self._kept[next(iter(self._kept))]
        return kept.policy if kept.until > now else None

    async def _look(self, domain: str, old: _Kept | None) -> _Kept:
        """Look once, for all that ask at the same time."""
        flight = self._flights.get(domain)
        if flight is None or flight.get_loop() is not asyncio.get_running_loop():
            flight = self._flights[domain] = asyncio.ensure_future(self._find(domain, old))
            flight.add_done_callback(lambda _: self._flights.pop(domain, None))
        return await asyncio.shield(flight)

    async def _find(self, domain: str, old: _Kept | None) -> _Kept:
        found = await run(find_sts(domain), resolver=self.resolver, helpers=Helpers(fetcher=self._fetcher()))
        now = self.clock.now()
        policy = _valid(found)
        if policy is not None and policy.max_age is not None:
            return _Kept(policy, now + policy.max_age, now + min(self.looked_at_every, policy.max_age))
        if old is not None and old.policy is not None and old.until > now:
            return attrs.evolve(old, again=min(old.until, now + _SOON))
        is_known = isinstance(found.outcome, Answer | NoData | NoSuchDomain) and not found.texts
        return _Kept(None, now, now + (self.looked_at_every if is_known else _SOON))

    def _fetcher(self) -> Fetcher:
        if self.fetcher is None:
            from mailkit.dns.fetcher import HttpsFetcher

            self.fetcher = HttpsFetcher()
        return self.fetcher


def _valid(found: StsFound) -> StsPolicy | None:
    """The policy, if senders have to look at it."""
    is_announced = found.record is not None and found.record.is_valid
    return found.policy if is_announced and found.policy is not None and not found.policy.faults else None
