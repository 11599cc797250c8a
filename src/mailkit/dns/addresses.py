"""IP addresses as the DNS writes them, and which of them anybody else can reach."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final, TypeAlias

from mailkit.dns.lookup import Answer, Outcome
from mailkit.errors import InvalidValue

__all__ = ["IPAddress", "address_from", "addresses_of", "is_public", "reverse_labels", "reverse_name"]

IPAddress: TypeAlias = IPv4Address | IPv6Address
"""An address of either kind."""

_UNICAST: Final = IPv6Network("2000::/3")
"""All of IPv6 that is given out for everybody (RFC 4291, 2.4; IANA's registry of its address space)."""
_TRANSLATED: Final = IPv6Network("64:ff9b::/96")
"""Addresses of IPv4 behind a translator (RFC 6052, 2.1)."""
_TEREDO: Final = IPv6Network("2001::/32")
_ISATAP: Final = frozenset({0x00005EFE, 0x02005EFE})
"""What stands before an address of IPv4 in the last 64 bits (RFC 5214, 6.1)."""

_SPECIAL: Final = tuple(
    map(
        ip_network,
        (
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
            "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24",
            "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
            "2001::/23", "2001:db8::/32", "3fff::/20",
        ),
    )
)  # fmt: skip
"""What is not for everybody (RFC 6890, and IANA's registries of special-purpose addresses); multicast as well."""
_ALL_THE_SAME: Final = tuple(
    map(
        ip_network,
        (
            "192.0.0.9/32", "192.0.0.10/32",
            "2001:1::1/128", "2001:1::2/128", "2001:1::3/128", "2001:3::/32", "2001:4:112::/48", "2001:20::/28",
            "2001:30::/28",
        ),
    )
)  # fmt: skip
"""Parts of these that are: anycast of PCP, TURN and DNS-SD, AMT, AS112, ORCHIDv2, drones."""


def address_from(given: str | IPAddress) -> IPAddress:
    """The address that is meant; one of IPv4 that is written as of IPv6 is of IPv4.

    Raises:
        InvalidValue: It is none.

    >>> address_from("::ffff:192.0.2.1")
    IPv4Address('192.0.2.1')
    """
    try:
        if not isinstance(given, str | IPv4Address | IPv6Address):
            raise ValueError("not text")
        address = ip_address(given)
    except ValueError as error:
        raise InvalidValue("address", given, "is not an IP address", "write one such as '192.0.2.10'") from error
    return address if isinstance(address, IPv4Address) else address.ipv4_mapped or address


def is_public(address: IPAddress) -> bool:
    """Whether anybody on the internet can reach the address: global unicast by IANA's registries.

    An address of IPv6 that holds one of IPv4 (mapped, 6to4, Teredo, NAT64, ISATAP) has to hold one that is public.

    >>> is_public(ip_address("8.8.8.8")), is_public(ip_address("10.0.0.1")), is_public(ip_address("::ffff:127.0.0.1"))
    (True, False, False)
    """
    if isinstance(address, IPv4Address):
        return _is_for_everybody(address)
    held = _held(address)
    is_way = address.ipv4_mapped is not None or address in _TRANSLATED or address in _TEREDO
    return all(map(_is_for_everybody, held)) and (is_way or (address in _UNICAST and _is_for_everybody(address)))


def _is_for_everybody(address: IPAddress) -> bool:
    return not any(address in net for net in _SPECIAL) or any(address in net for net in _ALL_THE_SAME)


def _held(address: IPv6Address) -> tuple[IPv4Address, ...]:
    """The addresses of IPv4 that one of IPv6 leads to."""
    last = IPv4Address(int(address) & 0xFFFFFFFF)
    if address.ipv4_mapped or address in _TRANSLATED:
        return (last,)
    if address.teredo:
        return address.teredo
    of_isatap = (last,) if int(address) >> 32 & 0xFFFFFFFF in _ISATAP else ()
    return (address.sixtofour, *of_isatap) if address.sixtofour else of_isatap


def reverse_labels(address: IPAddress) -> str:
    """The address backwards, as reverse DNS and block lists want it: bytes of IPv4, nibbles of IPv6.

    >>> reverse_labels(ip_address("192.0.2.1"))
    '1.2.0.192'
    """
    return address.reverse_pointer.removesuffix(".in-addr.arpa").removesuffix(".ip6.arpa")


def reverse_name(address: IPAddress) -> str:
    """Where the names of an address stand (RFC 1035, 3.5; RFC 3596, 2.5).

    >>> reverse_name(ip_address("192.0.2.1"))
    '1.2.0.192.in-addr.arpa'
    """
    return address.reverse_pointer


def addresses_of(*outcomes: Outcome) -> tuple[IPAddress, ...]:
    """The addresses that A and AAAA answers hold; what is none of them is left out.

    >>> addresses_of(Answer(["192.0.2.1", "oops"]), Answer(["2001:db8::1"]))
    (IPv4Address('192.0.2.1'), IPv6Address('2001:db8::1'))
    """
    found: list[IPAddress] = []
    for outcome in outcomes:
        for value in outcome.values if isinstance(outcome, Answer) else ():
            try:
                found.append(ip_address(value))
            except ValueError:
                continue
    return tuple(found)
