"""Sets of IP addresses: what a record lists, joined, taken from each other, and written as few networks.

>>> listed = AddressSet.of([ip_network("192.0.2.0/25"), ip_network("192.0.2.128/25"), ip_network("2001:db8::/32")])
>>> print(listed)
192.0.2.0/24 2001:db8::/32
>>> print(AddressSet.of([ip_network("192.0.2.0/24")]) - AddressSet.of([ip_network("192.0.2.0/26")]))
192.0.2.64/26 192.0.2.128/25
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network, summarize_address_range
from typing import TypeAlias

import attrs

__all__ = ["EVERYBODY", "AddressSet", "IPAddress", "IPNetwork"]

IPAddress: TypeAlias = IPv4Address | IPv6Address
IPNetwork: TypeAlias = IPv4Network | IPv6Network
_Ranges: TypeAlias = tuple[tuple[int, int], ...]


def _joined(ranges: Iterable[tuple[int, int]]) -> _Ranges:
    """The ranges in order; those that overlap or touch are one."""
    found: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return tuple(found)


def _less(ranges: _Ranges, others: _Ranges) -> _Ranges:
    """The ranges without the others, in one pass over both."""
    left: list[tuple[int, int]] = []
    place = 0
    for first, last in ranges:
        while place < len(others) and others[place][1] < first:
            place += 1
        at = place
        while at < len(others) and others[at][0] <= last:
            if first < others[at][0]:
                left.append((first, others[at][0] - 1))
            first = others[at][1] + 1
            at += 1
        if first <= last:
            left.append((first, last))
    return tuple(left)


@attrs.frozen
class AddressSet:
    """A set of addresses.

    Attributes:
        v4: Its ranges of IPv4 as numbers, first and last; in order, and none touches another.
        v6: Its ranges of IPv6.
    """

    v4: _Ranges = attrs.field(default=(), converter=_joined)
    v6: _Ranges = attrs.field(default=(), converter=_joined)

    @classmethod
    def of(cls, networks: Iterable[IPNetwork]) -> AddressSet:
        """The addresses of networks."""
        ranges: dict[int, list[tuple[int, int]]] = {4: [], 6: []}
        for network in networks:
            ranges[network.version].append((int(network[0]), int(network[-1])))
        return cls(ranges[4], ranges[6])

    @classmethod
    def union(cls, sets: Iterable[AddressSet]) -> AddressSet:
        """The addresses of all the sets."""
        found = tuple(sets)
        return cls([one for some in found for one in some.v4], [one for some in found for one in some.v6])

    def __or__(self, other: AddressSet) -> AddressSet:
        return self.union((self, other))

    def __sub__(self, other: AddressSet) -> AddressSet:
        return AddressSet(_less(self.v4, other.v4), _less(self.v6, other.v6))

    def __and__(self, other: AddressSet) -> AddressSet:
        return self - (self - other)

    def __bool__(self) -> bool:
        return bool(self.v4 or self.v6)

    @property
    def networks(self) -> tuple[IPNetwork, ...]:
        """As few networks as make up the set, IPv4 first, in order."""
        v4 = (summarize_address_range(IPv4Address(first), IPv4Address(last)) for first, last in self.v4)
        v6 = (summarize_address_range(IPv6Address(first), IPv6Address(last)) for first, last in self.v6)
        return (*(one for some in v4 for one in some), *(one for some in v6 for one in some))

    @property
    def probes(self) -> Iterator[IPAddress]:
        """Addresses that show where the set ends: of each range first, last and middle, and both neighbours."""
        for first, last in self.v4:
            yield from (IPv4Address(number) for number in _around(first, last) if 0 <= number < 1 << 32)
        for first, last in self.v6:
            yield from (IPv6Address(number) for number in _around(first, last) if 0 <= number < 1 << 128)

    def __str__(self) -> str:
        return " ".join(map(str, self.networks))


def _around(first: int, last: int) -> tuple[int, ...]:
    return tuple(dict.fromkeys((first - 1, first, (first + last) // 2, last, last + 1)))


EVERYBODY = AddressSet.of([ip_network("0.0.0.0/0"), ip_network("::/0")])
"""All addresses."""
