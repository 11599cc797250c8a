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
from collections import deque
from collections.abc import Callable, Collection, Iterable
from datetime import timedelta
from functools import partial
from inspect import isawaitable
from random import Random
from typing import TYPE_CHECKING, Any, Final

import attrs

from mailkit.address import Domain
from mailkit.checks import counted
from mailkit.clock import Clock, SystemClock
from mailkit.envelope import Envelope
from mailkit.errors import InvalidValue
from mailkit.send.returns.reply import Phase, Reply
from mailkit.send.smtp.account import Account
from mailkit.send.smtp.direct_policy import Destination, Policies, Policy, Security, destination
from mailkit.send.smtp.direct_reach import Reacher
from mailkit.send.smtp.lookup import Lookup
from mailkit.send.smtp.lookup_dns import DNSLookup
from mailkit.send.smtp.mx import Failure, Route, Way, route
from mailkit.send.smtp.pool import Pool
from mailkit.send.smtp.session import Line
from mailkit.send.smtp.settings import own_name, patience, port_number, whole
from mailkit.send.transport import Commit, Delivery, Lost, Refused

if TYPE_CHECKING:
    from mailkit.send.limits.limits import Shape

__all__ = ["MXTransport"]

_ANSWER_FACTOR: Final = 5
"""A server may check a message before it answers the final dot (RFC 5321, 4.5.3.2.6), and a loss there is ambiguous."""
_MOST_POOLS: Final = 1000


def _row(given: Iterable[int]) -> tuple[int, ...]:  # `tuple` alone would tell type checkers nothing
    return tuple(given)


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
        connections_per_destination: How many to the hosts of one domain, or of several that have the same hosts;
            a sender's limits may say otherwise of a provider or domain (`Shape.connections`).
        messages_per_connection: After how many letters a connection is closed, likewise
            (`Shape.letters_per_connection`).
        idle_timeout: After how long without a letter a connection is closed.
        bdat_depth: How many letters may be under way whole on one connection, where the server offers BDAT (RFC 3030);
            0 for DATA always.
        on_busy: Told of every 421 and refused greeting that concerned no letter (RFC 5321, 3.8), with the server.
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
    300
    """

    lookup: Lookup = attrs.field(factory=DNSLookup)
    policy: Policies | None = None
    tls_context: ssl.SSLContext | None = attrs.field(default=None, repr=False)
    local_hostname: str = attrs.field(default="", validator=own_name)
    own_hostnames: frozenset[str] = attrs.field(default=(), converter=_names)
    connections: int = attrs.field(default=100, validator=counted)
    connections_per_destination: int = attrs.field(default=5, validator=counted)
    messages_per_connection: int = attrs.field(default=100, validator=counted)
    idle_timeout: timedelta = attrs.field(default=timedelta(seconds=10), validator=patience)
    bdat_depth: int = attrs.field(default=1, validator=whole)
    on_busy: Callable[[Reply, str], object] | None = attrs.field(default=None, repr=False)
    addresses_tried: int = attrs.field(default=5, validator=_tries)
    ip_versions: tuple[int, ...] = attrs.field(default=(4, 6), converter=_row, validator=_versions)
    allows_private: bool = False
    rest: timedelta = attrs.field(default=timedelta(minutes=1), validator=patience)
    port: int = attrs.field(default=25, validator=port_number)
    timeout: timedelta = attrs.field(default=timedelta(seconds=30), validator=patience)
    answer_timeout: timedelta | None = attrs.field(default=None, validator=attrs.validators.optional(patience))
    clock: Clock = attrs.field(factory=SystemClock, repr=False)
    rng: Random = attrs.field(factory=Random, repr=False)
    _shape_of: Callable[[str], Shape] | None = attrs.field(init=False, default=None, repr=False)
    _reacher: Reacher | None = attrs.field(init=False, default=None, repr=False)
    _pools: dict[Destination, Pool] = attrs.field(init=False, factory=dict, repr=False)
    _loop: asyncio.AbstractEventLoop | None = attrs.field(init=False, default=None, repr=False)
    _freed: asyncio.Event = attrs.field(init=False, factory=asyncio.Event, repr=False)
    _queue: deque[object] = attrs.field(init=False, factory=deque, repr=False)

    @property
    def capacity(self) -> int:
        """How many deliveries it makes use of at once: for each connection as many as `SMTPTransport` has."""
        return self.connections * (2 + max(1, self.bdat_depth))

    def heed(self, shape_of: Callable[[str], Shape]) -> None:
        """Keep to what a sender's limits say of a recipient's domain; for connections that are yet to be made."""
        self._shape_of = shape_of

    async def open(self) -> None:
        """Get ready; nobody is connected to yet."""

    async def close(self) -> None:
        """Say goodbye on idle connections; it may be opened again, in another loop too.

        Letters on their way are brought to their end: they are another sender's, who closes it too.
        """
        pools = self._here()
        for wanted in [wanted for wanted, pool in pools.items() if pool.is_idle]:
            await pools.pop(wanted).close()

    async def deliver(self, envelope: Envelope, raw: bytes, *, commit: Commit) -> Delivery:
        """Send finished bytes to a server of the recipient's domain; the answer says to which it was."""
        wanted = await self._destination(envelope)
        if not isinstance(wanted, Destination):
            return wanted
        try:
            pool = self._pool(wanted, envelope.recipient.address.domain.ascii)
            return await pool.deliver(envelope, raw, commit=commit)
        finally:
            self._freed.set()

    async def mx_hosts(self, domain: Domain) -> tuple[str, ...]:
        """The names of the hosts that take a domain's mail, the most preferred first; empty if they are not known.

        They tell whose servers these are, for a job's `provider`.
        """
        found = route(domain.ascii, await self.lookup.mx(domain.ascii), own=self.own_hostnames)
        return tuple(exchange.host for exchange in found.exchanges) if isinstance(found, Route) else ()

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
        if envelope.require_tls and isinstance(
            wanted, Destination
        ):  # RFC 8689, 4.2.1: of a server that proves its name
            return attrs.evolve(wanted, security=Security.ENFORCED)
        return wanted

    async def _policy(self, domain: str) -> Policy | None:
        if self.policy is None:
            return None
        found = self.policy(domain)
        return await found if isawaitable(found) else found

    def _here(self) -> dict[Destination, Pool]:
        """The connections in this event loop; those of a loop that has ended are of no use."""
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._loop, self._pools, self._freed, self._queue = loop, {}, asyncio.Event(), deque()
        return self._pools

    def _pool(self, wanted: Destination, domain: str) -> Pool:
        pool = self._here().pop(wanted, None)
        if pool is None:
            self._forget()
            shape = None if self._shape_of is None else self._shape_of(domain)
            pool = Pool(
                partial(self._dial, wanted),
                connections=(shape and shape.connections) or self.connections_per_destination,
                messages_per_connection=(shape and shape.letters_per_connection) or self.messages_per_connection,
                idle_timeout=self.idle_timeout,
                bdat_depth=self.bdat_depth,
                names_server=True,
                on_busy=self.on_busy,
            )
        self._pools[wanted] = pool  # the one used last is the last to make room
        return pool

    async def _dial(self, wanted: Destination) -> Line | Refused:
        """A new connection, once there is room for it, and unless the letters were sent on others meanwhile.

        Whoever waits longest is the next, or a destination that always has letters would starve the others.
        """
        turn = object()
        self._queue.append(turn)
        self._freed.set()  # whoever is next has counted this dial among the connections
        try:
            while self._queue[0] is not turn or self._open() >= self.connections:
                await self._make_room(is_next=self._queue[0] is turn)
                if not self._pools[wanted].waiting:
                    raise asyncio.CancelledError
        finally:
            self._queue.remove(turn)
            self._freed.set()
        return await self._reach.dial(wanted)

    def _open(self) -> int:
        """How many connections there are, without those that wait for room."""
        return sum(pool.open_connections for pool in self._pools.values()) - len(self._queue)

    async def _make_room(self, *, is_next: bool) -> None:
        """Close what has rested longest; if all connections have letters, wait for one of these to end."""
        for pool in tuple(self._pools.values()) if is_next else ():
            if (pool.is_idle and pool.open_connections) or pool.has_resting:
                await pool.close()
                return
        self._freed.clear()
        await self._freed.wait()

    def _forget(self) -> None:
        """Let go of pools without connections, once there are many."""
        if len(self._pools) >= _MOST_POOLS:
            self._pools = {key: pool for key, pool in self._pools.items() if pool.open_connections or not pool.is_idle}

    @property
    def _reach(self) -> Reacher:
        if self._reacher is None:
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
                verifying=self.tls_context,
                rest=self.rest,
                clock=self.clock,
                rng=self.rng,
            )
        return self._reacher
