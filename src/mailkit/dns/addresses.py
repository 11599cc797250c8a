"""IP addresses as the DNS writes them, and which of them anybody else can reach."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final, TypeAlias

from mailkit.dns.lookup import Answer, Outcome
from mailkit.errors import InvalidValue

__all__ = ["IPAddress", "address_from", "addresses_of", "is_public", "reverse_labels", "reverse_name"]

IPAddress: TypeAlias = IPv4Address | IPv6Address
"""An address of either kind."""

_TRANSLATED: Final = IPv6Network("64:ff9b::/96")
"""Addresses of IPv4 behind a translator (RFC 6052, 2.1)."""


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
    """Whether anybody on the internet can reach the address: not private, loopback, reserved nor multicast.

    An address of IPv6 that holds one of IPv4 (mapped, 6to4, Teredo, NAT64) is as public as that one.

    >>> is_public(ip_address("8.8.8.8")), is_public(ip_address("10.0.0.1")), is_public(ip_address("::ffff:127.0.0.1"))
    (True, False, False)
    """
    held = () if isinstance(address, IPv4Address) else _held(address)
    if held:
        return all(map(is_public, held))
    return address.is_global and not address.is_multicast


def _held(address: IPv6Address) -> tuple[IPv4Address, ...]:
    """The addresses of IPv4 that one of IPv6 leads to."""
    if address.ipv4_mapped:
        return (address.ipv4_mapped,)
    if address.sixtofour:
        return (address.sixtofour,)
    if address.teredo:
        return address.teredo
    return (IPv4Address(int(address) & 0xFFFFFFFF),) if address in _TRANSLATED else ()


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
