"""Where a domain's mail goes (RFC 5321, 5.1), and in which order its servers are tried. Rules without I/O.

How to think about it. `route` makes a row of hosts of what the DNS said, or says why there is
none: for good, as a refusal that a server might have given, or for now. `reach` then goes along
that row: it is a generator that asks for a host's addresses or for a connection to one of them,
and is told what came of it, until there is a connection or no more patience.

Address literals, such as anna@[192.0.2.1], never come here: `mailkit.Address` is none of them.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from itertools import chain, groupby, zip_longest
from random import Random
from typing import Any, Final

import attrs

from mailkit.send.returns.reply import Phase, Reply
from mailkit.send.smtp.lookup import NoSuchName, Outcome, Records, Unanswered
from mailkit.send.transport import Lost, Refused

__all__ = ["AddressesOf", "Exchange", "Failure", "Route", "Target", "Way", "reach", "route", "usable"]

Failure = Refused | Lost
"""Why a letter cannot be brought to a server: for good, or for now."""

_MX: Final = re.compile(r"([0-9]{1,5})\s+(\S+)\Z")
_LABEL: Final = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)\Z")
_UNICAST: Final = IPv6Network("2000::/3")
"""All of IPv6 that is given out for everybody (RFC 4291, 2.4)."""
_MOST_HOSTS: Final = 10
"""Hosts whose addresses are asked for, on the way to one connection."""


@attrs.frozen(order=True)
class Exchange:
    """A host that takes a domain's mail.

    Attributes:
        preference: The smaller, the sooner it is tried.
        host: Its name, in small letters and without the final dot.
    """

    preference: int
    host: str


@attrs.frozen(kw_only=True, cache_hash=True)
class Route:
    """The hosts that take a domain's mail. Domains with equal routes can share connections.

    Attributes:
        exchanges: The hosts, in order.
        is_implicit: Whether the domain stands in for a host, because it has no MX records.
    """

    exchanges: tuple[Exchange, ...]
    is_implicit: bool = False

    def hosts(self, rng: Random) -> tuple[str, ...]:
        """The hosts as they are to be tried: by preference, and shuffled where that is equal (RFC 5321, 5.1)."""
        rows = [list(row) for _, row in groupby(self.exchanges, key=lambda exchange: exchange.preference)]
        for row in rows:
            rng.shuffle(row)
        return tuple(exchange.host for row in rows for exchange in row)


@lru_cache(maxsize=4096)  # it is asked for every letter
def route(domain: str, found: Outcome, *, own: frozenset[str] = frozenset()) -> Route | Failure:
    """What the outcome of the question for MX records says of where mail for a domain goes.

    Args:
        domain: The domain, in A-labels and small letters.
        found: What came of the question for its MX records.
        own: Our own host names, in small letters. If one of them is among the hosts, those that are not
            preferred to it are left out, since they would bring the letter back to us (RFC 5321, 5.1).

    Returns:
        The hosts; the domain itself if it has no MX records. Else why there are none: `Refused` in
        `Phase.RCPT`, as a server would have said it, if that is known, and `Lost` if it is not.

    >>> route("example.org", Records(["20 b.example.org", "10 a.example.org"])).exchanges
    (Exchange(preference=10, host='a.example.org'), Exchange(preference=20, host='b.example.org'))
    >>> print(route("example.org", Records(["0 ."])).reply)
    556 5.1.10 example.org takes no mail (null MX, RFC 7505)
    """
    if isinstance(found, Unanswered):
        return _unknown(domain, f"where its mail goes is not known: {found.reason}")
    if isinstance(found, NoSuchName):
        return refusal(550, "5.1.2", f"there is no domain {domain}")
    if not found.values:
        return _without_loops(domain, Route(exchanges=(Exchange(0, domain),), is_implicit=True), own)
    exchanges, is_null = _read(found.values)
    if is_null and not exchanges:
        return refusal(556, "5.1.10", f"{domain} takes no mail (null MX, RFC 7505)")
    if not exchanges:
        return refusal(550, "5.4.4", f"no MX record of {domain} names a host: {found.values[0]!r}")
    return _without_loops(domain, Route(exchanges=exchanges), own)


def _read(values: tuple[str, ...]) -> tuple[tuple[Exchange, ...], bool]:
    """The hosts in MX records, in order, and whether a null MX is among the records.

    Addresses and what is no host's name are passed over: there is nothing to look up (RFC 1035, 3.3.9).
    """
    best: dict[str, int] = {}
    is_null = False
    for matched in filter(None, map(_MX.match, values)):
        preference, host = int(matched[1]), matched[2].removesuffix(".").lower()
        is_null = is_null or not host
        if _is_host(host):
            best[host] = min(preference, best.get(host, preference))
    return tuple(sorted(Exchange(preference, host) for host, preference in best.items())), is_null


def _is_host(name: str) -> bool:
    labels = name.split(".")
    return len(name) <= 253 and all(map(_LABEL.match, labels)) and not labels[-1].isdigit()


def _without_loops(domain: str, found: Route, own: frozenset[str]) -> Route | Failure:
    ours = [exchange.preference for exchange in found.exchanges if exchange.host in own]
    if not ours:
        return found
    exchanges = tuple(exchange for exchange in found.exchanges if exchange.preference < min(ours))
    if not exchanges:
        return refusal(554, "5.4.6", f"mail for {domain} would come back to ourselves, who are its server")
    return attrs.evolve(found, exchanges=exchanges)


def refusal(code: int, enhanced: str, text: str) -> Refused:
    """What a server might have said to RCPT, if there were one."""
    return Refused(reply=Reply(code=code, enhanced=enhanced, text=text), phase=Phase.RCPT)


def _unknown(server: str, reason: str) -> Lost:
    return Lost(phase=Phase.CONNECT, server=server, reason=reason)


@attrs.frozen
class AddressesOf:
    """A question of `reach`: which addresses has this host? The answer is an `Outcome`."""

    host: str


@attrs.frozen(kw_only=True)
class Target:
    """A question of `reach`: can this address be reached? The answer is a `Failure`; if it can, nobody asks further.

    Attributes:
        host: The host's name, which its certificate should bear.
        address: One of its addresses.
    """

    host: str
    address: str


@attrs.frozen(kw_only=True)
class Way:
    """How far `reach` goes, and which way.

    Attributes:
        tries: How many addresses are tried, of all hosts; two at least (RFC 5321, 5.1). While there are
            other hosts, one has no more than half of them at first.
        versions: Which versions of IP are used, and in which order a host's addresses take turns.
        allows_private: Whether addresses count that not everybody can reach, such as 10.0.0.1 or 127.0.0.1. An
            address that a stranger gives us can lead there, and to servers that trust whoever reaches them.
    """

    tries: int = 5
    versions: tuple[int, ...] = (4, 6)
    allows_private: bool = False


def reach(
    route: Route, *, way: Way, rng: Random, resting: Mapping[str, Failure]
) -> Generator[AddressesOf | Target, Any, Failure]:
    """Go along a route's hosts until one is reached; give why none is.

    Args:
        route: The hosts.
        way: How far to go.
        rng: Chance: equal hosts are shuffled, and so are a host's addresses of one version.
        resting: Addresses that have failed a moment ago, and how. They are passed over, and are no try.

    If nothing is reached, the first failure that may pass is told, as that of the host that matters
    most; a refusal for good only if all are that.

    >>> found = Route(exchanges=(Exchange(10, "mx.example.org"),))
    >>> search = reach(found, way=Way(), rng=Random(1), resting={})
    >>> next(search)
    AddressesOf(host='mx.example.org')
    >>> search.send(Records(["8.8.8.8"]))
    Target(host='mx.example.org', address='8.8.8.8')
    """
    hosts = route.hosts(rng)
    failures: list[Failure] = []
    outcomes: list[Outcome] = []
    later: list[Target] = []
    left = way.tries
    for host in hosts[:_MOST_HOSTS]:
        if not left:
            break
        outcomes.append((yield AddressesOf(host)))
        addresses = usable(outcomes[-1], way=way, rng=rng)
        failures += [resting[address] for address in addresses if address in resting]
        targets = [Target(host=host, address=address) for address in addresses if address not in resting]
        now = min(left, len(targets) if len(hosts) == 1 else max(1, way.tries // 2))
        for target in targets[:now]:
            failures.append((yield target))
            left -= 1
        later += targets[now:]
    for target in later[:left]:
        failures.append((yield target))
    return _first_that_may_pass(failures) if failures else _without_addresses(route, hosts, outcomes)


def _first_that_may_pass(failures: Sequence[Failure]) -> Failure:
    passing = (one for one in failures if isinstance(one, Lost) or not one.reply.is_permanent)
    return next(passing, failures[0])


def _without_addresses(route: Route, hosts: Sequence[str], outcomes: Sequence[Outcome]) -> Failure:
    """Why there was nothing to try (RFC 5321, 5.1: "this situation MUST be reported as an error")."""
    for host, outcome in zip(hosts, outcomes, strict=False):
        if isinstance(outcome, Unanswered):
            return _unknown(host, f"its addresses are not known: {outcome.reason}")
    if route.is_implicit:
        return refusal(550, "5.1.2", f"{hosts[0]} takes no mail: it has neither MX records nor an address of use")
    return refusal(550, "5.4.4", f"none of the domain's MX hosts has an address of use: {', '.join(hosts[:3])}")


def usable(found: Outcome, *, way: Way, rng: Random) -> tuple[str, ...]:
    """The addresses that may be tried, in their order: versions of IP take turns, and chance decides within one.

    So a host whose addresses of one version all lead nowhere costs no more than one try before the other's turn.

    >>> found = Records(["8.8.8.8", "2001:4860:4860::8888", "10.0.0.1", "mx.example.org"])
    >>> usable(found, way=Way(), rng=Random(1))
    ('8.8.8.8', '2001:4860:4860::8888')
    """
    known = dict.fromkeys(_addresses(found.values if isinstance(found, Records) else ()))
    rows = []
    for version in way.versions:
        row = [str(one) for one in known if one.version == version and (way.allows_private or _is_public(one))]
        rng.shuffle(row)
        rows.append(row)
    return tuple(address for address in chain.from_iterable(zip_longest(*rows)) if address is not None)


def _addresses(values: Iterable[str]) -> Iterator[IPv4Address | IPv6Address]:
    for value in values:
        try:
            yield ip_address(value)
        except ValueError:
            continue


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether anybody can reach it. IPv6 that leads on to an address of IPv4 is no mail server's, and may hide one."""
    if isinstance(address, IPv6Address) and (address not in _UNICAST or address.sixtofour or address.teredo):
        return False
    return address.is_global and not address.is_multicast
