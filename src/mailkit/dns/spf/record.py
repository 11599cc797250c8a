"""SPF records as values (RFC 7208): `v=spf1 mx include:_spf.example.net -all`.

Reading a record never fails on a part of it: a term that is wrong stays in the record as a
`Broken` with its place and the reason. To receivers one broken term makes the whole record a
permanent error (4.6), so whoever judges a record looks at `Record.broken` first.

>>> [term.kind for term in Record.parse("v=spf1 mx ip4:192.0.2.1 -all").mechanisms]
['mx', 'ip4', 'all']
"""

from __future__ import annotations

import re
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any, Final, TypeAlias

import attrs

from mailkit.dns.spf.macros import is_macro_string, target_fault
from mailkit.dns.tags import NOWHERE, Broken, Fault, Span, cut, word
from mailkit.errors import InvalidValue, did_you_mean

__all__ = ["Broken", "Mechanism", "Modifier", "Qualifier", "Record", "Term", "is_spf"]


class Qualifier(StrEnum):
    """What a matching mechanism says about the sender (RFC 7208, 4.6.2)."""

    PASS = "+"  # noqa: S105 - not a password
    """May send."""
    FAIL = "-"
    """May not."""
    SOFTFAIL = "~"
    """Probably may not."""
    NEUTRAL = "?"
    """Nothing is said."""


_NAME: Final = r"[A-Za-z][A-Za-z0-9_.-]*"
_MODIFIER_NAME: Final = re.compile(rf"{_NAME}\Z")
_MODIFIER: Final = re.compile(rf"({_NAME})=(.*)\Z", re.DOTALL)
_MECHANISM: Final = re.compile(rf"([+\-?~]?)({_NAME})([:/].*)?\Z", re.DOTALL)
_LENGTHS: Final = re.compile(r"(.*?)(?:/(0|[1-9][0-9]{0,2}))?(?://(0|[1-9][0-9]{0,2}))?\Z", re.DOTALL)
_NETWORK: Final = re.compile(r"[0-9A-Fa-f:.]+(?:/(?:0|[1-9][0-9]{0,2}))?\Z")

_TAKES: Final = {
    # mechanism: (a name after the colon, prefix lengths, does it cost a look-up: RFC 7208, 4.6.4)
    "all": ("never", False, False),
    "include": ("always", False, True),
    "a": ("may", True, True),
    "mx": ("may", True, True),
    "ptr": ("may", False, True),
    "ip4": ("never", False, False),
    "ip6": ("never", False, False),
    "exists": ("always", False, True),
}
_ONCE: Final = ("redirect", "exp")
_PART: Final = re.compile("[^ ]+")
_MOST_TERMS: Final = 5000
"""Terms read of one record: as many addresses as 64 KB hold."""
_MOST_BROKEN: Final = 200
"""Broken terms after which nothing more is read: one alone makes the record void."""


def _qualifier(value: Any) -> Qualifier:
    return word(Qualifier, value, "SPF qualifier")


def _a_kind(instance: object, attribute: object, value: Any) -> None:
    if not isinstance(value, str) or value not in _TAKES:
        raise InvalidValue("SPF mechanism", value, f"is none of {', '.join(_TAKES)}")


def _text(instance: object, attribute: Any, value: Any) -> None:
    if not isinstance(value, str):
        raise InvalidValue(f"SPF {attribute.name}", value, "is not text")


@attrs.frozen(kw_only=True)
class Mechanism:
    """A term that a sender either matches or not (RFC 7208, 5).

    Attributes:
        kind: "all", "include", "a", "mx", "ptr", "ip4", "ip6" or "exists".
        qualifier: What a match means.
        target: The domain after the colon, verbatim and perhaps with macros; empty where the
            record's own domain is meant.
        network: The addresses of ip4 and ip6; None for the others.
        ip4_bits: Prefix length for IPv4 addresses of a and mx.
        ip6_bits: Prefix length for their IPv6 addresses.
        span: Where it stands in the record.

    >>> print(Mechanism(kind="include", target="_spf.example.net"))
    include:_spf.example.net
    """

    kind: str = attrs.field(validator=_a_kind)
    qualifier: Qualifier = attrs.field(default=Qualifier.PASS, converter=_qualifier)
    target: str = attrs.field(default="", validator=_text)
    network: IPv4Network | IPv6Network | None = None
    ip4_bits: int = 32
    ip6_bits: int = 128
    span: Span = attrs.field(default=NOWHERE, eq=False)

    def __attrs_post_init__(self) -> None:
        takes_target, takes_bits, _ = _TAKES[self.kind]
        fault = target_fault(self.target) if self.target else ""
        if self.target and takes_target == "never":
            fault = "takes no domain"
        if not self.target and takes_target == "always":
            fault = "needs a domain after a colon"
        expected = {"ip4": IPv4Network, "ip6": IPv6Network}.get(self.kind, type(None))
        if not isinstance(self.network, expected):
            fault = "needs an IP network" if self.network is None else "takes no such network"
        if not takes_bits and (self.ip4_bits, self.ip6_bits) != (32, 128):
            fault = "takes no prefix length"
        if not (0 <= self.ip4_bits <= 32 and 0 <= self.ip6_bits <= 128):
            fault = "has a prefix length above 32 for IPv4 or 128 for IPv6"
        if fault:
            raise InvalidValue(f"SPF mechanism {self.kind}", self.target or self.network or "", fault)

    @property
    def costs_lookup(self) -> bool:
        """Whether it counts towards the ten look-ups (RFC 7208, 4.6.4)."""
        return _TAKES[self.kind][2]

    def __str__(self) -> str:
        sign = "" if self.qualifier is Qualifier.PASS else self.qualifier.value
        if self.network is not None:
            is_host = self.network.prefixlen == self.network.max_prefixlen
            return f"{sign}{self.kind}:{self.network.network_address if is_host else self.network}"
        ip4 = f"/{self.ip4_bits}" if self.ip4_bits != 32 else ""
        ip6 = f"//{self.ip6_bits}" if self.ip6_bits != 128 else ""
        return f"{sign}{self.kind}{':' if self.target else ''}{self.target}{ip4}{ip6}"


def _lower(text: str) -> str:
    return text.lower() if isinstance(text, str) else text


def _a_name(instance: object, attribute: object, value: Any) -> None:
    if not isinstance(value, str) or not _MODIFIER_NAME.match(value):
        mend = "a letter comes first, then letters, digits, _ . and -"
        raise InvalidValue("SPF modifier", value, "is not the name of a modifier", mend)


@attrs.frozen(kw_only=True)
class Modifier:
    """A term of the form name=value (RFC 7208, 6). Unknown ones are allowed and mean nothing.

    Attributes:
        name: "redirect", "exp" or any other name, in small letters.
        value: The domain, or the text, verbatim and perhaps with macros.
        span: Where it stands in the record.

    >>> print(Modifier(name="Redirect", value="_spf.example.com"))
    redirect=_spf.example.com
    """

    name: str = attrs.field(converter=_lower, validator=_a_name)
    value: str = attrs.field(validator=_text)
    span: Span = attrs.field(default=NOWHERE, eq=False)

    def __attrs_post_init__(self) -> None:
        is_text = is_macro_string(self.value)
        fault = target_fault(self.value) if self.name in _ONCE else "" if is_text else "has a broken macro"
        if fault:
            raise InvalidValue(f"SPF modifier {self.name}", self.value, fault)

    def __str__(self) -> str:
        return f"{self.name}={self.value}"


Term: TypeAlias = Mechanism | Modifier | Broken


@attrs.frozen(kw_only=True)
class Record:
    """An SPF record.

    Attributes:
        terms: What stands after "v=spf1", in order, broken terms included.

    >>> record = Record.parse("v=spf1 mx inlcude:_spf.example.net -all")
    >>> record.broken[0].mend
    "did you mean 'include'?"
    >>> str(record.all), record.broken[0].span
    ('-all', (10, 34))
    """

    terms: tuple[Term, ...] = attrs.field()

    @terms.validator
    def _check_terms(self, attribute: object, value: tuple[Term, ...]) -> None:
        for name in _ONCE:
            if sum(isinstance(term, Modifier) and term.name == name for term in value) > 1:
                raise InvalidValue("SPF record", str(self), f"has {name}= twice (RFC 7208, 6)")

    @classmethod
    def parse(cls, text: str) -> Record:
        """Read a record; what is broken in it is kept, and what stands behind 5000 terms is one broken part.

        Raises:
            InvalidValue: The text does not begin with "v=spf1" and a space, or is not only that (4.5).
        """
        if not isinstance(text, str):
            raise InvalidValue("SPF record", text, "is not text")
        if not is_spf(text):
            raise InvalidValue("SPF record", cut(text), "does not begin with 'v=spf1'", "see is_spf")
        terms: list[Term] = []
        once: set[str] = set()
        broken = 0
        for found in _PART.finditer(text, len("v=spf1")):
            if len(terms) == _MOST_TERMS or broken == _MOST_BROKEN:
                rest = text[found.start() :].rstrip(" ")
                span = (found.start(), found.start() + len(rest))
                reason = f"stands behind {len(terms)} terms and was not read"
                terms.append(
                    Broken(text=rest, reason=reason, mend="make the record shorter", span=span, fault=Fault.UNREAD)
                )
                break
            terms.append(_read_term(found[0], found.span(), once))
            broken += isinstance(terms[-1], Broken)
        return cls(terms=tuple(terms))

    @property
    def broken(self) -> tuple[Broken, ...]:
        """The terms that cannot be read."""
        return tuple(term for term in self.terms if isinstance(term, Broken))

    @property
    def all(self) -> Mechanism | None:
        """The first "all", after which nothing is looked at; None if there is none."""
        return next((term for term in self.terms if isinstance(term, Mechanism) and term.kind == "all"), None)

    @property
    def redirect(self) -> Modifier | None:
        """The redirect, which counts only where there is no "all" (RFC 7208, 6.1)."""
        found = next((term for term in self.terms if isinstance(term, Modifier) and term.name == "redirect"), None)
        return None if self.all else found

    @property
    def mechanisms(self) -> tuple[Mechanism, ...]:
        """The mechanisms that can be reached: up to the first "all"."""
        found = [term for term in self.terms if isinstance(term, Mechanism)]
        return tuple(found[: found.index(self.all) + 1] if self.all else found)

    @property
    def lookups(self) -> tuple[Mechanism | Modifier, ...]:
        """The terms that cost a look-up, in the order in which they are reached."""
        asking = tuple(term for term in self.mechanisms if term.costs_lookup)
        return (*asking, self.redirect) if self.redirect else asking

    def __str__(self) -> str:
        return " ".join(("v=spf1", *map(str, self.terms)))


def is_spf(text: str) -> bool:
    """Whether a TXT record is an SPF record at all (RFC 7208, 4.5).

    >>> is_spf("V=SPF1 -all"), is_spf("v=spf10 -all")
    (True, False)
    """
    return text[:7].lower() in ("v=spf1", "v=spf1 ")


def _read_term(text: str, span: Span, once: set[str]) -> Term:
    modifier, mechanism = _MODIFIER.match(text), _MECHANISM.match(text)
    try:
        if modifier:
            return _read_modifier(modifier, span, once)
        if mechanism:
            return _read_mechanism(mechanism, span)
    except InvalidValue as error:
        return Broken(text=text, reason=error.reason, mend=error.mend, span=span)
    return Broken(text=text, reason="is neither a mechanism nor name=value", span=span)


def _read_modifier(matched: re.Match[str], span: Span, once: set[str]) -> Modifier:
    name = matched[1].lower()
    if name in once:
        raise InvalidValue("SPF record", matched[0], "is there twice (RFC 7208, 6)", "keep one")
    modifier = Modifier(name=name, value=matched[2], span=span)
    once.update({name} & set(_ONCE))
    return modifier


def _read_mechanism(matched: re.Match[str], span: Span) -> Mechanism:
    sign, kind, rest = matched[1] or "+", matched[2].lower(), matched[3] or ""
    if kind not in _TAKES:
        if kind in _ONCE:
            raise InvalidValue("SPF record", matched[0], "is written with a colon", f"write {kind}={rest[1:]}")
        mend = did_you_mean(kind, _TAKES).removeprefix("; ")
        raise InvalidValue("SPF record", matched[0], "is no mechanism of SPF (RFC 7208, 5)", mend)
    if kind in ("ip4", "ip6"):
        return Mechanism(kind=kind, qualifier=Qualifier(sign), network=_read_network(kind, rest), span=span)
    takes_bits = _TAKES[kind][1]
    target, ip4, ip6 = rest, None, None
    if takes_bits and (lengths := _LENGTHS.match(rest)):
        target, ip4, ip6 = lengths.groups()
    if target and (not target.startswith(":") or target == ":"):
        raise InvalidValue("SPF record", matched[0], "has something after its name that is no domain", "")
    return Mechanism(
        kind=kind,
        qualifier=Qualifier(sign),
        target=target[1:],
        ip4_bits=int(ip4 or 32) if ip4 != "0" else 0,
        ip6_bits=int(ip6 or 128) if ip6 != "0" else 0,
        span=span,
    )


def _read_network(kind: str, rest: str) -> IPv4Network | IPv6Network:
    text = rest.removeprefix(":")
    if text == rest or not _NETWORK.match(text):
        mend = f"write an IPv{kind[2]} address or network right behind {kind}:"
        raise InvalidValue("SPF record", rest, "has no IP network after a colon", mend)
    try:
        network = ip_network(text, strict=False)
    except ValueError as error:
        raise InvalidValue("SPF record", text, "does not name an IP network", "") from error
    if f"ip{network.version}" != kind:
        raise InvalidValue(
            "SPF record", text, f"names an IPv{network.version} network", f"write ip{network.version}:{text}"
        )
    return network
