"""The macros of SPF (RFC 7208, 7): which texts are made of them, and what they expand to.

A domain in a record may be made from the message: `exists:%{ir}.%{l1r+-}._spf.%{d}`. The text
is a row of tokens, a token being a macro or a run of literal characters, and is read in one pass.

>>> from ipaddress import ip_address
>>> facts = Facts(ip=ip_address("192.0.2.3"), sender="strong-bad@email.example.com", domain="email.example.com")
>>> target("%{ir}.%{v}._spf.%{d2}", facts)
'3.2.0.192.in-addr._spf.example.com'
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address
from typing import Final
from urllib.parse import quote

import attrs

__all__ = [
    "Facts",
    "asks_for_local_part",
    "asks_for_name",
    "constant_target",
    "explanation",
    "is_explanation",
    "is_macro_string",
    "target",
    "target_fault",
]

_EXPANDED: Final = r"%\{([{letters}])([0-9]*)([rR]?)([.\-+,/_=]*)\}|%([%_-])"
_ANYWHERE: Final = "slodiphvcrtSLODIPHVCRT"
_IN_TARGETS: Final = "slodiphvSLODIPHV"
_TOKEN: Final = re.compile(_EXPANDED.replace("{letters}", _ANYWHERE) + r"|([!-$&-~ ]+)")
_TOP_LABEL: Final = re.compile(r"(?![0-9]+\Z)[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\Z")
_SIGNS: Final = {"%": "%", "_": " ", "-": "%20"}
_LONGEST_NAME: Final = 253
_LONGEST_TEXT: Final = 4096
"""Characters of an explanation: more than any reply of SMTP carries."""


@attrs.frozen(kw_only=True)
class Facts:
    """What is known of a message and its check, from which macros are made.

    Attributes:
        ip: The client's address.
        sender: MAIL FROM, or postmaster@HELO.
        domain: The domain whose record is being evaluated.
        helo: What the client said in HELO or EHLO.
        receiver: The host that checks.
        seconds: The time, in seconds since 1970.
        name: The client's validated name (5.5).
    """

    ip: IPv4Address | IPv6Address
    sender: str
    domain: str
    helo: str = "unknown"
    receiver: str = "unknown"
    seconds: int = 0
    name: str = "unknown"

    def value(self, letter: str) -> str:
        """What a macro letter stands for (7.2, 7.3)."""
        local, _, domain = self.sender.rpartition("@")
        return {
            "s": self.sender,
            "l": local,
            "o": domain,
            "d": self.domain,
            "i": str(self.ip) if self.ip.version == 4 else ".".join(self.ip.exploded.replace(":", "").upper()),
            "p": self.name,
            "v": "in-addr" if self.ip.version == 4 else "ip6",
            "h": self.helo,
            "c": str(self.ip),
            "r": self.receiver,
            "t": str(self.seconds),
        }[letter]


def target_fault(text: str) -> str:
    """Why a text is not a domain-spec (RFC 7208, 7.1); empty if it is.

    >>> target_fault("%{d}.example.com"), target_fault("localhost")
    ('', 'does not name a domain of at least two labels (RFC 7208, 7.1)')
    """
    tokens = _tokens(text)
    letters = [token[1] for token in tokens or () if token[1]]
    if tokens is None or " " in text or any(letter not in _IN_TARGETS for letter in letters):
        return "names a domain with characters or macros that SPF does not have (RFC 7208, 7.1)"
    if tokens and not tokens[-1][6]:
        return ""  # it ends in a macro
    _, dot, last = text.removesuffix(".").rpartition(".")
    if not dot or not _TOP_LABEL.match(last):
        return "does not name a domain of at least two labels (RFC 7208, 7.1)"
    return ""


def is_macro_string(text: str) -> bool:
    """Whether a text is what an unknown modifier may hold (RFC 7208, 7.1).

    >>> is_macro_string("%{c}/x"), is_macro_string("%{z}")
    (True, False)
    """
    return " " not in text and _tokens(text) is not None


def is_explanation(text: str) -> bool:
    """Whether a text may explain a failure (RFC 7208, 7.1: explain-string).

    >>> is_explanation("%{i} is not one of %{d}'s hosts"), is_explanation("100% sure")
    (True, False)
    """
    return _tokens(text) is not None


def asks_for_name(text: str) -> bool:
    """Whether a text has the macro `p`, for which names have to be looked up."""
    return any(token[1] in ("p", "P") for token in _tokens(text) or ())


def asks_for_local_part(text: str) -> bool:
    """Whether a text has a macro that brings the sender's local part, `l` or `s`.

    >>> asks_for_local_part("%{l}._spf.%{d}"), asks_for_local_part("%{o}._spf.%{d}")
    (True, False)
    """
    return any(token[1] in tuple("lLsS") for token in _tokens(text) or ())


def target(text: str, facts: Facts) -> str | None:
    """The name that a domain-spec stands for; None if it would have characters that are not ASCII.

    Longer than 253 characters, it loses labels from its left (7.3); only so many are made of it.

    >>> facts = Facts(ip=IPv4Address("192.0.2.3"), sender="a@example.com", domain="d" * 240 + ".example.com")
    >>> target("%{l}.%{d}", facts) == facts.domain, target("%{l2}%{l}%{d}", facts)
    (True, 'example.com')
    """
    parts: list[str] = []
    length = 0
    for token in reversed(_tokens(text) or ()):
        parts.append(_expanded(token, facts))
        length += len(parts[-1])
        if length > _LONGEST_NAME + 1:
            break
    name = "".join(reversed(parts)).removesuffix(".")
    if not name.isascii():
        return None  # no encoding of them in the DNS is agreed on (RFC 8616, 4)
    if len(name) <= _LONGEST_NAME:
        return name
    end = name[-_LONGEST_NAME - 1 :]
    return end.partition(".")[2] if "." in end else end


def constant_target(text: str, domain: str) -> str | None:
    """The name that a domain-spec stands for in the record of a domain, in small letters; None if letters differ in it.

    >>> constant_target("_spf.%{d2}", "news.example.com"), constant_target("%{i}.example.com", "example.com")
    ('_spf.example.com', None)
    """
    if any(token[1] and token[1] not in "dD" for token in _tokens(text) or ()):
        return None
    name = target(text, Facts(ip=IPv4Address(0), sender="", domain=domain))
    return name and name.lower()


def explanation(text: str, facts: Facts) -> str | None:
    """An explanation with its macros expanded; None if it is broken, endless, or no printable ASCII.

    >>> facts = Facts(ip=IPv4Address("192.0.2.3"), sender="a@example.com", domain="example.com")
    >>> explanation("See http://why.%{d}/s=%{S}?ip=%{C}", facts)
    'See http://why.example.com/s=a%40example.com?ip=192.0.2.3'
    """
    tokens = _tokens(text) if len(text) <= _LONGEST_TEXT else None
    if tokens is None:
        return None
    made = "".join(_expanded(token, facts)[: _LONGEST_TEXT + 1] for token in tokens)
    return made if made.isascii() and made.isprintable() and len(made) <= _LONGEST_TEXT else None


def _tokens(text: str) -> list[re.Match[str]] | None:
    """The macros and runs of literals that a text consists of; None if it has anything else."""
    found = list(_scan(text))
    return found if sum(len(token[0]) for token in found) == len(text) else None


def _scan(text: str) -> Iterator[re.Match[str]]:
    place = 0
    while token := _TOKEN.match(text, place):
        digits = token[2]
        if digits and not digits.strip("0"):
            return  # "the value MUST be nonzero" (7.3)
        yield token
        place = token.end()


def _expanded(token: re.Match[str], facts: Facts) -> str:
    _, letter, digits, reverse, delimiters, sign, literal = (token[0], *token.groups())
    if not letter:
        return literal or _SIGNS[sign]
    value = facts.value(letter.lower())
    parts = re.split(f"[{re.escape(delimiters)}]", value) if delimiters else value.split(".")
    if reverse:
        parts.reverse()
    wanted = int(digits[-6:]) if len(digits.lstrip("0")) <= 6 and digits else len(parts)
    made = ".".join(parts[-wanted:])
    return quote(made, safe="", errors="replace") if letter.isupper() else made
