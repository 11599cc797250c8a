"""Letters straight to the servers of their recipients' domains, without a relay. I/O.

How to think about it. A letter's domain leads to a *destination*: the row of hosts that take its
mail, and how much TLS there has to be. Domains with equal destinations, such as the many whose
mail Google takes, share a pool of connections. A pool that needs one more connection goes along
the hosts until one answers; addresses that have just failed are passed over for a while, so that
a dead server costs one time-out and not one for each letter.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Collection
from datetime import timedelta
from functools import partial
from inspect import isawaitable
from random import Random
from typing import Any, Final

import attrs

from mailkit.checks import counted
from mailkit.clock import Clock, SystemClock
from mailkit.envelope import Envelope
from mailkit.errors import InvalidValue
from mailkit.send.returns.reply import Phase
from mailkit.send.smtp.account import Account
from mailkit.send.smtp.body import finish
from mailkit.send.smtp.direct_policy import Destination, Policies, Policy, destination
from mailkit.send.smtp.direct_pool import Pool
from mailkit.send.smtp.direct_reach import Reacher
from mailkit.send.smtp.lookup import Lookup
from mailkit.send.smtp.lookup_dns import DNSLookup
from mailkit.send.smtp.mx import Failure, Route, Way, route
from mailkit.send.smtp.session import Session
from mailkit.send.smtp.settings import own_name, patience, port_number
from mailkit.send.transport import Commit, Delivery, Lost

__all__ = ["MXTransport"]

_ANSWER_FACTOR: Final = 5
"""A server may check a message before it answers the final dot (RFC 5321, 4.5.3.2.6), and a loss there is ambiguous."""
_MOST_POOLS: Final = 1000


def _names(given: str | Collection[str]) -> frozenset[str]:
    names = (given,) if isinstance(given, str) else given
    return frozenset(name.removesuffix(".").lower() for name in names)


def _tries(instance: object, attribute: Any, value: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 2:
        reason = "is not a whole number from 2 up (RFC 5321, 5.1)"
        raise InvalidValue("MXTransport.addresses_tried", value, reason, "write 5")


def _versions(instance: object, attribute: Any, value: tuple[int, ...]) -> None:
    if not value or set(value) - {4, 6} or len(set(value)) != len(value):
        raise InvalidValue("MXTransport.ip_versions", value, "is none of (4,), (6,), (4, 6) and (6, 4)")


@attrs.define(eq=False, kw_only=True)
class MXTransport:
    """Hands each letter to a server of its recipient's own domain (RFC 5321, 5.1), many at once.

    What the DNS says for good is a refusal, as a server would give it: there is no such domain
    (550 5.1.2), it takes no mail (556 5.1.10, RFC 7505), its MX records lead nowhere (550 5.4.4) or
    back to ourselves (554 5.4.6). What may pass, such as a name server that does not answer, puts
    the letter off. If a host cannot be reached or greets us with a refusal, the next address is tried.

    Attributes:
        lookup: What finds a domain's servers; this machine's name servers if not given.
        policy: Gives a domain's MTA-STS policy (RFC 8461), or None; may be a coroutine function. In mode "enforce"
            only hosts that it covers are used, over TLS with a valid certificate, and else the letter is put off;
            in mode "testing" what would fail is logged. TLS is opportunistic for all other domains. If the
            function raises, the letter is put off.
        tls_context: How certificates are verified where a policy asks for it; by this machine's roots if None.
        local_hostname: What to call ourselves in EHLO; this machine's name if empty. It should be the name to which
            our address leads back (PTR), or many servers take us for a bot.
        own_hostnames: Names by which MX records may mean us, so that we do not send to ourselves.
        connections: How many connections there may be at once, in all.
        connections_per_destination: How many to the hosts of one domain, or of several that have the same hosts.
        messages_per_connection: After how many letters a connection is closed.
        idle_for: After how long without a letter a connection is closed.
        addresses_tried: How many addresses are tried for one connection, two at least.
        ip_versions: Which versions of IP are used; a host's addresses take turns, beginning with the first.
        allows_private: Whether addresses count that not everybody can reach, such as 10.0.0.1. Whoever gives us an
            e-mail address could send us there.
        rest: For how long an address that could not be reached is left alone.
        port: The port of all servers.
        timeout: How long to wait for each answer.
        answer_timeout: How long to wait for the answer, once the final dot has left; five times `timeout` if None.
        clock: What tells the time.
        rng: Chance, for the order among equals.

    DANE (RFC 7672) is not done.

    >>> transport = MXTransport(local_hostname="mail.shop.example", connections_per_destination=5)
    >>> transport.capacity
    100
    """

    lookup: Lookup = attrs.field(factory=DNSLookup)
    policy: Policies | None = None
    tls_context: ssl.SSLContext | None = attrs.field(default=None, repr=False)
    local_hostname: str = attrs.field(default="", validator=own_name)
    own_hostnames: frozenset[str] = attrs.field(default=(), converter=_names)
    connections: int = attrs.field(default=100, validator=counted)
    connections_per_destination: int = attrs.field(default=5, validator=counted)
    messages_per_connection: int = attrs.field(default=100, validator=counted)
    idle_for: timedelta = attrs.field(default=timedelta(seconds=10), validator=patience)
    addresses_tried: int = attrs.field(default=5, validator=_tries)
    ip_versions: tuple[int, ...] = attrs.field(default=(4, 6), converter=tuple, validator=_versions)
    allows_private: bool = False
    rest: timedelta = attrs.field(default=timedelta(minutes=1), validator=patience)
    port: int = attrs.field(default=25, validator=port_number)
    timeout: timedelta = attrs.field(default=timedelta(seconds=30), validator=patience)
    answer_timeout: timedelta | None = attrs.field(default=None, validator=attrs.validators.optional(patience))
    clock: Clock = attrs.field(factory=SystemClock, repr=False)
    rng: Random = attrs.field(factory=Random, repr=False)
    _reacher: Reacher | None = attrs.field(init=False, default=None, repr=False)
    _pools: dict[Destination, Pool] = attrs.field(init=False, factory=dict, repr=False)
    _room: asyncio.Semaphore | None = attrs.field(init=False, default=None, repr=False)

    @property
    def capacity(self) -> int:
        """How many deliveries it makes use of at once: one for each connection."""
        return self.connections

    async def open(self) -> None:
        """Get ready; nobody is connected to yet."""

    async def close(self) -> None:
        """Say goodbye on idle connections; it may be opened again, in another loop too."""
        pools, self._pools = self._pools, {}
        self._room = None
        await asyncio.gather(*(pool.close() for pool in pools.values()))
        for _ in range(3):  # so that closed sockets are let go of before the loop may end
            await asyncio.sleep(0)

    async def deliver(self, envelope: Envelope, raw: bytes, *, commit: Commit) -> Delivery:
        """Send finished bytes to a server of the recipient's domain; the answer says to which it was."""
        wanted = await self._destination(envelope)
        if not isinstance(wanted, Destination):
            return wanted
        room = self._room = self._room or asyncio.Semaphore(self.connections)
        async with room:
            return await self._pool(wanted).deliver(envelope, finish(raw), commit)

    async def _destination(self, envelope: Envelope) -> Destination | Failure:
        domain = envelope.recipient.address.domain.ascii
        found = route(domain, await self.lookup.mx(domain), own=self.own_hostnames)
        if not isinstance(found, Route):
            return found
        try:
            policy = await self._policy(domain)
        except Exception as error:  # noqa: BLE001 - the application's own function may raise anything
            reason = f"its MTA-STS policy could not be had ({type(error).__name__}: {error})"
            return Lost(phase=Phase.CONNECT, server=domain, reason=reason)
        wanted, findings = destination(domain, found, policy)
        self._reach.tell(findings)
        return wanted

    async def _policy(self, domain: str) -> Policy | None:
        if self.policy is None:
            return None
        found = self.policy(domain)
        return await found if isawaitable(found) else found

    def _pool(self, wanted: Destination) -> Pool:
        pool = self._pools.pop(wanted, None)
        if pool is None:
            self._forget()
            pool = Pool(
                connect=partial(self._connect, wanted),
                connections=self.connections_per_destination,
                messages_per_connection=self.messages_per_connection,
            )
        self._pools[wanted] = pool  # the one used last is the last to make room
        return pool

    async def _connect(self, wanted: Destination) -> Session | Failure:
        """A new connection, for which an idle one elsewhere makes room if need be."""
        for pool in tuple(self._pools.values()):
            while pool.idle and self._open() >= self.connections:
                await pool.idle.pop(0).quit()
        return await self._reach.connect(wanted)

    def _open(self) -> int:
        return sum(pool.users + len(pool.idle) for pool in self._pools.values()) - 1

    def _forget(self) -> None:
        """Let go of pools that nobody has used for long."""
        for wanted in list(self._pools)[: max(0, len(self._pools) - _MOST_POOLS)]:
            if not self._pools[wanted].users and not self._pools[wanted].idle:
                del self._pools[wanted]

    @property
    def _reach(self) -> Reacher:
        if self._reacher is None:
            verifying = self.tls_context or ssl.create_default_context()
            account = Account(
                host="",
                port=self.port,
                username="",
                password="",
                tls="none",
                tls_context=None,
                timeout=self.timeout,
                answer_timeout=self.answer_timeout or self.timeout * _ANSWER_FACTOR,
                local_hostname=self.local_hostname,
            )
            way = Way(tries=self.addresses_tried, versions=self.ip_versions, allows_private=self.allows_private)
            self._reacher = Reacher(
                lookup=self.lookup,
                way=way,
                account=account,
                verifying=verifying,
                rest=self.rest,
                clock=self.clock,
                rng=self.rng,
            )
        return self._reacher
