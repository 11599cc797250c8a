"""Who sends as us: the rows of many reports, folded into the sources that they speak of.

How to think about it: a row names an address. Whose machine that is, its reverse name says, if the
caller has it in a cache; else the domain that signed, or the one whose SPF record allowed it. What
nobody knows is a source by its network. A second look tells kinds of sources apart:

- what passes, or is in the table of vendors, sends for us, well or badly set up;
- what passes by a signature that others make too, and from a return path that is not ours, passes
  our mail on; what breaks such a signature is a mailing list or another forwarder that rewrites;
- what never shows anything of ours may be anybody who writes our name into From.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final, TypeVar

import attrs

from mailkit.dns.aggregate.sending import Kind, Sending, Sources
from mailkit.dns.aggregate.values import AuthResult, Row
from mailkit.dns.vendors import Vendor, by_host, by_include
from mailkit.errors import InvalidValue

__all__ = ["PASSED_ON", "Folding", "Names", "is_within", "network_of", "sources"]

T = TypeVar("T")

Names = Mapping[str, str]
"""Reverse names by address, as a cache knows them; nobody is asked."""

PASSED_ON: Final = frozenset({"forwarded", "mailing_list", "trusted_forwarder"})
"""Reasons of receivers who saw that somebody had passed a message on."""
_MOST_WORDS: Final = 50
_MOST_KEPT: Final = 10_000
_OTHERS: Final = "other networks"


@attrs.define(eq=False)
class _Fold:
    """One source while rows are folded."""

    name: str
    vendor: Vendor | None
    messages: int = 0
    passing: int = 0
    dkim_aligned: int = 0
    spf_aligned: int = 0
    networks: Counter[str] = attrs.field(factory=Counter)
    failing: Counter[IPv4Address | IPv6Address] = attrs.field(factory=Counter)
    hosts: dict[str, None] = attrs.field(factory=dict)
    dispositions: Counter[str] = attrs.field(factory=Counter)
    reasons: Counter[str] = attrs.field(factory=Counter)
    header_from: Counter[str] = attrs.field(factory=Counter)
    signers: Counter[str] = attrs.field(factory=Counter)
    selectors: Counter[str] = attrs.field(factory=Counter)
    broken_selectors: Counter[str] = attrs.field(factory=Counter)
    return_paths: Counter[str] = attrs.field(factory=Counter)
    foreign: int = 0
    first_seen: datetime | None = None
    last_seen: datetime | None = None

    def add(self, row: Row, network: str, host: str) -> None:
        count = row.count
        self.messages += count
        self.passing += count if row.passes else 0
        self.dkim_aligned += count if row.dkim_aligned else 0
        self.spf_aligned += count if row.spf_aligned else 0
        _put(self.networks, network, count)
        if not row.passes:
            _put(self.failing, row.source_ip, count)
        _put(self.dispositions, row.disposition.value, count)
        _put(self.header_from, row.header_from, count)
        if host and len(self.hosts) < _MOST_WORDS:
            self.hosts[host] = None
        for reason in row.reasons:
            _put(self.reasons, reason.type, count)
        self._add_results(row)
        begin, end = row.report.begin, row.report.end
        if begin and (self.first_seen is None or begin < self.first_seen):
            self.first_seen = begin
        if end and (self.last_seen is None or end > self.last_seen):
            self.last_seen = end

    def _add_results(self, row: Row) -> None:
        count, ours = row.count, row.report.policy.domain or row.header_from
        for signature in row.dkim:
            key = f"{signature.selector}._domainkey.{signature.domain}"
            if signature.result is AuthResult.PASS:
                _put(self.signers, signature.domain, count)
                if is_within(signature.domain, ours):
                    _put(self.selectors, key, count)
            elif signature.result in (AuthResult.FAIL, AuthResult.NEUTRAL) and is_within(signature.domain, ours):
                _put(self.broken_selectors, key, count)
        for checked in row.spf:
            _put(self.return_paths, checked.domain, count)
        if not row.spf_aligned and row.spf and not any(is_within(one.domain, ours) for one in row.spf):
            self.foreign += count


def _put(counter: Counter[T], word: T, count: int) -> None:
    if word in counter or len(counter) < _MOST_WORDS:
        counter[word] += count


def is_within(domain: str, parent: str) -> bool:
    """Whether a domain is another one or lies below it.

    >>> is_within("news.example.com", "example.com"), is_within("badexample.com", "example.com")
    (True, False)
    """
    return domain == parent or domain.endswith("." + parent)


def sources(rows: Iterable[Row], *, names: Names | None = None, most: int = 5_000) -> Sources:
    """Fold rows into who sends as us.

    Args:
        rows: The rows of any number of reports; `aggregate.rows` may be given as it is.
        names: Reverse names by address, such as {"192.0.2.1": "mta1.vendor.example"}. Nobody is asked for others.
        most: How many sources are told apart at the most; what comes afterwards is one source, "other networks".

    Raises:
        InvalidValue: `names` has an address that is none.

    >>> from mailkit.dns.aggregate import Report, Published, DKIMResult
    >>> report = Report(policy=Published(domain="example.com"))
    >>> signed = DKIMResult(domain="amazonses.com", selector="s1", result="pass")
    >>> print(sources([Row(report=report, source_ip=ip_address("192.0.2.1"), count=7, dkim_aligned=False,
    ...                    spf_aligned=False, header_from="example.com", dkim=(signed,))]))
    Amazon SES (vendor): 7 messages, 7 failing
    """
    if isinstance(most, bool) or not isinstance(most, int) or most < 1:
        raise InvalidValue("sources(most=)", most, "is not a whole number from 1 up")
    folding = Folding(names or {}, most)
    for row in rows:
        folding.add(row)
    return folding.settle()


class Folding:
    """A fold of rows into sources that is under way; `add` says to which one a row was counted."""

    def __init__(self, names: Names, most: int = 5_000) -> None:
        self._hosts = {_ip(text): name.rstrip(".").lower() for text, name in names.items()}
        self._most = most
        self._folds: dict[str, _Fold] = {}
        self._networks: dict[IPv4Address | IPv6Address, str] = {}

    def add(self, row: Row) -> str:
        """Count a row, and give the name of its source."""
        network = self._networks.get(row.source_ip) or _remember(row.source_ip, self._networks)
        host = self._hosts.get(row.source_ip, "")
        vendor = _vendor(row, host)
        name = vendor.name if vendor else network
        if name not in self._folds and len(self._folds) >= self._most:
            name, vendor = _OTHERS, None
        fold = self._folds.get(name) or self._folds.setdefault(name, _Fold(name, vendor))
        fold.add(row, network, host)
        return name

    def settle(self) -> Sources:
        """The sources, now that all rows are known."""
        return _settled(self._folds.values())


def network_of(ip: IPv4Address | IPv6Address) -> str:
    """The network that an address is counted to: /24, or /48 of IPv6.

    >>> network_of(ip_address("192.0.2.77")), network_of(ip_address("2001:db8::1"))
    ('192.0.2.0/24', '2001:db8::/48')
    """
    return str(ip_network((ip, 24 if ip.version == 4 else 48), strict=False))


def _remember(ip: IPv4Address | IPv6Address, networks: dict[IPv4Address | IPv6Address, str]) -> str:
    if len(networks) >= _MOST_KEPT:
        networks.clear()
    networks[ip] = found = network_of(ip)
    return found


def _ip(text: str) -> IPv4Address | IPv6Address:
    try:
        return ip_address(text)
    except ValueError as error:
        mend = "write {'192.0.2.1': 'mta1.vendor.example'}"
        raise InvalidValue("sources(names=)", text, "is not an IP address", mend) from error


def _vendor(row: Row, host: str) -> Vendor | None:
    """Whose machine it is: by its reverse name, else by who signed, else by whose return path it is."""
    found = _by_host(host) if host else None
    for signature in row.dkim:
        if found is None and signature.result is AuthResult.PASS:
            found = _by_domain(signature.domain)
    for checked in row.spf:
        if found is None and checked.result is AuthResult.PASS:
            found = _by_domain(checked.domain)
    return found


_by_host: Final = lru_cache(maxsize=_MOST_KEPT)(by_host)
_by_domain: Final = lru_cache(maxsize=_MOST_KEPT)(by_include)


def _settled(folds: Iterable[_Fold]) -> Sources:
    """Say of each what it is to us, now that all are known."""
    every = list(folds)
    ours = {selector for fold in every if fold.spf_aligned for selector in fold.selectors}
    passed = {selector for fold in every for selector in fold.selectors}
    found = (_sending(fold, _kind(fold, ours, passed)) for fold in every)
    return Sources(sorted(found, key=lambda one: (-one.messages, one.name)))


def _kind(fold: _Fold, ours: set[str], passed: set[str]) -> Kind:
    if sum(fold.reasons[word] for word in PASSED_ON) * 2 > fold.messages:
        is_list = fold.reasons["mailing_list"] * 2 > sum(fold.reasons[word] for word in PASSED_ON)
        return Kind.MAILING_LIST if is_list else Kind.FORWARDER
    borrows = bool(fold.selectors) and fold.foreign == fold.messages and ours.issuperset(fold.selectors)
    if borrows:
        return Kind.FORWARDER if fold.passing * 2 >= fold.messages else Kind.MAILING_LIST
    if fold.vendor:
        return Kind.VENDOR
    if fold.passing:
        return Kind.OWN
    return Kind.UNKNOWN if passed.isdisjoint(fold.broken_selectors) else Kind.MAILING_LIST


def _sending(fold: _Fold, kind: Kind) -> Sending:
    def words(counter: Counter[str]) -> tuple[str, ...]:
        return tuple(word for word, _ in _ranked(counter))

    return Sending(
        name=fold.name,
        kind=kind,
        vendor=fold.vendor,
        networks=words(fold.networks),
        failing_addresses=tuple(
            str(ip) for ip, _ in sorted(fold.failing.items(), key=lambda one: (-one[1], str(one[0])))
        ),
        hosts=tuple(fold.hosts),
        messages=fold.messages,
        passing=fold.passing,
        dkim_aligned=fold.dkim_aligned,
        spf_aligned=fold.spf_aligned,
        dispositions=_ranked(fold.dispositions),
        reasons=_ranked(fold.reasons),
        header_from=words(fold.header_from),
        signers=words(fold.signers),
        selectors=words(fold.selectors),
        broken_selectors=words(fold.broken_selectors),
        return_paths=words(fold.return_paths),
        first_seen=fold.first_seen,
        last_seen=fold.last_seen,
    )


def _ranked(counter: Counter[str]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(counter.items(), key=lambda item: (-item[1], item[0])))
