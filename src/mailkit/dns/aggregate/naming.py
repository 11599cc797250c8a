"""Which sources are meant: by name, vendor, address, network, or a domain that they sign or send with."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

import attrs

from mailkit.dns.aggregate.folding import network_of
from mailkit.dns.aggregate.sending import Sending, Sources
from mailkit.dns.aggregate.values import AuthResult, DKIMResult, Row, SPFResult
from mailkit.dns.vendors import known
from mailkit.errors import InvalidValue, did_you_mean

__all__ = ["Naming"]

_MOST_LISTED: Final = 5


@attrs.define(eq=False)
class _Meant:
    """What one word may mean, and which sources it meets so far: exactly, or nearly."""

    word: str
    network: IPv4Network | IPv6Network | None = None
    exact: set[str] = attrs.field(factory=set)
    near: set[str] = attrs.field(factory=set)
    outside: set[str] = attrs.field(factory=set)

    def meets(self) -> set[str]:
        return self.exact - self.outside or self.exact or self.near


class Naming:
    """Words for sources; `see` takes the rows with the names of their sources, and `names` says who was meant.

    >>> from mailkit.dns.aggregate import Published, Report
    >>> naming = Naming(["192.0.2.7"], what="plan(ours=)")
    >>> naming.see(Row(report=Report(), source_ip=ip_address("192.0.2.7"), count=1, dkim_aligned=False,
    ...                spf_aligned=False, header_from="example.com"), "192.0.2.0/24")
    >>> naming.names(Sources([Sending(name="192.0.2.0/24", kind="unknown", messages=1)]))
    frozenset({'192.0.2.0/24'})
    """

    def __init__(self, words: Iterable[str], *, what: str) -> None:
        if isinstance(words, str):
            raise InvalidValue(what, words, "is one text, not a list of them", f"write [{words!r}]")
        self._what = what
        self._by_ip: dict[IPv4Address | IPv6Address, _Meant] = {}
        self._by_block: dict[str, list[_Meant]] = {}
        self._by_domain: dict[str, _Meant] = {}
        self._networks: list[_Meant] = []
        self._every = [self._read(_Meant(str(word))) for word in words]

    def _read(self, one: _Meant) -> _Meant:
        """Sort a word in by what it may mean, the first of two equal ones for both."""
        text = one.word.strip()
        try:
            ip = ip_address(text)
        except ValueError:
            return self._read_network(one, text)
        if ip not in self._by_ip:
            self._by_block.setdefault(network_of(ip), []).append(one)
        return self._by_ip.setdefault(ip, one)

    def _read_network(self, one: _Meant, text: str) -> _Meant:
        try:
            one.network = ip_network(text, strict=False)
        except ValueError:
            return self._by_domain.setdefault(text.rstrip(".").lower(), one)
        self._networks.append(one)
        return one

    def see(self, row: Row, source: str) -> None:
        """Look whether a row is of a source that is meant."""
        if not self._every:
            return
        if row.source_ip in self._by_ip:
            self._by_ip[row.source_ip].exact.add(source)
        for one in self._by_block.get(network_of(row.source_ip), ()) if self._by_block else ():
            one.near.add(source)
        for one in self._networks:
            is_inside = one.network is not None and row.source_ip in one.network
            (one.exact if is_inside else one.outside).add(source)
        results: tuple[DKIMResult | SPFResult, ...] = (*row.dkim, *row.spf)
        for said in results:
            if meant := self._by_domain.get(said.domain):
                (meant.exact if said.result is AuthResult.PASS else meant.near).add(source)

    def names(self, sources: Sources) -> frozenset[str]:
        """The names of the sources that are meant; a vendor who has sent nothing yet is none.

        Raises:
            InvalidValue: A word means none of them.
        """
        by_word: dict[str, str] = {}
        for one in sources:
            by_word.update(dict.fromkeys(_words(one), one.name))
        return frozenset(name for one in self._every for name in self._found(one, by_word, sources))

    def _found(self, one: _Meant, by_word: dict[str, str], sources: Sources) -> set[str]:
        text = one.word.strip().lower()
        found = {by_word[text]} if text in by_word else one.meets()
        if not found and text not in _vendor_words():  # a vendor who has sent nothing yet is no slip of the pen
            shown = [source.name for source in sources]
            near = did_you_mean(one.word, shown).removeprefix("; ") or _seen(shown)
            raise InvalidValue(self._what, one.word, "is no source of these reports", near)
        return found


def _words(one: Sending) -> tuple[str, ...]:
    vendor = one.vendor
    words = (one.name, vendor.key, vendor.name, *vendor.aliases) if vendor else (one.name,)
    return tuple(word.lower() for word in words)


def _vendor_words() -> frozenset[str]:
    return frozenset(word.lower() for one in known() for word in (one.key, one.name, *one.aliases))


def _seen(names: list[str]) -> str:
    if not names:
        return "no source has been seen yet"
    more = len(names) - _MOST_LISTED
    return f"seen are {', '.join(names[:_MOST_LISTED])}" + (f" and {more} more" if more > 0 else "")
