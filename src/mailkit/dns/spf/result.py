"""What an evaluation of SPF found: the result with its reasons, and the header fields that carry it (RFC 7208, 9)."""

from __future__ import annotations

import re
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address
from typing import Final

import attrs

from mailkit.dns.spf.record import Mechanism, Modifier, Qualifier
from mailkit.dns.tags import cut

__all__ = ["Identity", "Matched", "Result", "SpfResult", "Visit"]


class Result(StrEnum):
    """The seven results of SPF (RFC 7208, 2.6)."""

    NONE = "none"
    """Nothing could be looked up: no domain, or no record."""
    NEUTRAL = "neutral"
    """The domain says nothing about the client."""
    PASS = "pass"  # noqa: S105 - not a password
    """The client may send for the domain."""
    FAIL = "fail"
    """The client may not."""
    SOFTFAIL = "softfail"
    """The client probably may not."""
    TEMPERROR = "temperror"
    """The DNS did not answer; try again later."""
    PERMERROR = "permerror"
    """The domain's records cannot be made sense of; somebody has to mend them."""

    @classmethod
    def of(cls, qualifier: Qualifier) -> Result:
        """What a match of a mechanism with this qualifier means (RFC 7208, 4.6.2).

        >>> Result.of(Qualifier.SOFTFAIL)
        <Result.SOFTFAIL: 'softfail'>
        """
        return cls(qualifier.name.lower())


class Identity(StrEnum):
    """Which name of the client was checked (RFC 7208, 2.3, 2.4)."""

    MAIL_FROM = "mailfrom"
    """The domain of MAIL FROM, the envelope's sender."""
    HELO = "helo"
    """The name said in HELO or EHLO; also where MAIL FROM is empty, as in bounces."""


Matched = Mechanism | Modifier
"""A term that decided, or one that led to another record."""


@attrs.frozen(kw_only=True)
class Visit:
    """One record that was evaluated.

    Attributes:
        domain: Whose record.
        by: The include or redirect that led there; None for the first.
        depth: How many terms led there.
        result: What it said.
        term: The term of it that matched; None if none did.

    >>> print(Visit(domain="example.com", depth=1, result=Result.NEUTRAL))
      example.com: neutral
    """

    domain: str
    by: Matched | None = None
    depth: int = 0
    result: Result
    term: Matched | None = None

    def __str__(self) -> str:
        led = f"{_shown(str(self.by))}: " if self.by else ""
        matched = f" by {_shown(str(self.term))}" if self.term else ""
        return f"{'  ' * self.depth}{led}{_shown(self.domain)}: {self.result}{matched}"


@attrs.frozen(kw_only=True)
class SpfResult:
    """Whether a client may send for a domain, and why.

    Attributes:
        result: One of seven words.
        reason: Why, as a sentence without a full stop.
        ip: The client's address; one of IPv4 written as of IPv6 is of IPv4.
        identity: Which name was checked.
        sender: MAIL FROM, or postmaster@HELO where that was checked.
        domain: The domain that was checked.
        helo: What the client said in HELO or EHLO.
        receiver: The host that checked.
        decided_by: The domain whose record decided: another one after a redirect.
        term: The term that matched, with its span in that record; where a term broke the evaluation, that one.
        explanation: For a fail: what the domain has to say about it (`exp=`), or the default text.
        lookups: Terms that cost a look-up, of ten allowed.
        voids: Terms whose look-up brought nothing, of two allowed.
        visits: The records that were evaluated, in order.
        checks_local_part: Whether one of these records makes a name of the sender's local part (macros `l`, `s`).

    >>> from mailkit.dns import spf
    >>> zone = {("example.com", "TXT"): ["v=spf1 ip4:192.0.2.0/24 -all"]}
    >>> result = spf.evaluate_sync("192.0.2.7", "anna@example.com", "mx.example.com", resolver=zone)
    >>> print(result)
    pass: example.com lets 192.0.2.7 send (ip4:192.0.2.0/24)
    >>> result.term.span, result.authentication_results
    ((7, 23), 'spf=pass smtp.mailfrom=example.com')
    """

    result: Result
    reason: str
    ip: IPv4Address | IPv6Address
    identity: Identity = Identity.MAIL_FROM
    sender: str
    domain: str
    helo: str = "unknown"
    receiver: str = "unknown"
    decided_by: str = ""
    term: Matched | None = None
    explanation: str = ""
    lookups: int = 0
    voids: int = 0
    visits: tuple[Visit, ...] = attrs.field(default=(), repr=False)
    checks_local_part: bool = attrs.field(default=False, repr=False)

    @property
    def is_error(self) -> bool:
        """Whether the evaluation came to no answer: temperror or permerror."""
        return self.result in (Result.TEMPERROR, Result.PERMERROR)

    @property
    def received_spf(self) -> str:
        """The header field `Received-SPF` (RFC 7208, 9.1), on one line, to be put above the letter's own.

        >>> from mailkit.dns import spf
        >>> spf.evaluate_sync("192.0.2.7", "", "mx.example.com", resolver={}).received_spf
        'Received-SPF: none (mx.example.com has no SPF record) receiver=unknown; client-ip=192.0.2.7;
        envelope-from="postmaster@mx.example.com"; helo=mx.example.com; identity=helo'
        """
        pairs = {
            "receiver": self.receiver,
            "client-ip": str(self.ip),
            "envelope-from": self.sender,
            "helo": self.helo,
            "identity": self.identity.value,
        }
        if self.is_error:
            pairs["problem"] = self.reason
        elif self.result is not Result.NONE:
            pairs["mechanism"] = str(self.term) if self.term else "default"
        listed = "; ".join(f"{key}={_value(value)}" for key, value in pairs.items())
        return f"Received-SPF: {self.result} ({_comment(self.reason)}) {listed}"

    @property
    def authentication_results(self) -> str:
        """What belongs into an `Authentication-Results` header field (RFC 7208, 9.2; RFC 8601, 2.7.2).

        It names the domain alone, also where the records check the local part.
        """
        reason = f" reason={_quoted(self.reason)}" if self.is_error else ""
        return f"spf={self.result}{reason} smtp.{self.identity}={_value(self.domain)}"

    def __str__(self) -> str:
        return f"{self.result}: {self.reason}"


_DOT_ATOM: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*\Z")
_LONGEST_VALUE: Final = 300


def _shown(text: str) -> str:
    """A text from outside on one line, printable and not too long."""
    return "".join(letter if letter.isprintable() else "?" for letter in cut(text, longest=_LONGEST_VALUE))


def _plain(text: str) -> str:
    return "".join(letter if " " <= letter <= "~" else "?" for letter in _shown(text).replace("…", "..."))


def _quoted(text: str) -> str:
    """As a quoted-string of RFC 5322."""
    return '"' + _plain(text).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _value(text: str) -> str:
    is_word = len(text) <= _LONGEST_VALUE and _DOT_ATOM.match(text) and "=" not in text and "/" not in text
    return text if is_word else _quoted(text)


def _comment(text: str) -> str:
    return "".join(f"\\{letter}" if letter in "()\\" else letter for letter in _plain(text))
