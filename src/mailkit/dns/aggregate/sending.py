"""Sources of mail that bears our name, as values."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final

import attrs

from mailkit.dns.show import table
from mailkit.dns.vendors import Vendor

__all__ = ["PASSING_ON", "Kind", "Sending", "Sources"]


class Kind(StrEnum):
    """What a source is to us."""

    VENDOR = "vendor"
    """A service of the vendors' table."""
    OWN = "own"
    """A machine of ours, or of a service that nobody has listed: its mail passes by itself."""
    FORWARDER = "forwarder"
    """Passes our mail on: it passes by the signature that it came with, and fails where it had none."""
    MAILING_LIST = "mailing list"
    """Passes our mail on and changes it, so that our signature breaks."""
    UNKNOWN = "unknown"
    """Nothing of ours is about it: a sender that nobody set up, or somebody who forges our name."""


PASSING_ON: Final = (Kind.FORWARDER, Kind.MAILING_LIST)
"""Kinds of sources that pass our mail on: nobody can mend what fails there."""


@attrs.frozen(kw_only=True)
class Sending:
    """One source: a vendor, or a network that nobody has a name for.

    Attributes:
        name: The vendor's name, or the network.
        kind: What it is to us.
        vendor: The vendor, where it is one.
        networks: Its networks, /24 or /48, those with most messages first.
        failing_addresses: Where its failing mail came from, those with most messages first; at most fifty.
        hosts: The reverse names that the cache had for its addresses.
        messages: How many messages it sent.
        passing: How many of them pass DMARC.
        dkim_aligned: How many pass by DKIM.
        spf_aligned: How many pass by SPF.
        dispositions: What receivers did with them: word and messages.
        reasons: Why they did something else than the policy asks for: word and messages.
        header_from: The domains of From.
        signers: The domains that signed, and passed.
        selectors: The selectors of signatures of our own that passed, as "selector._domainkey.domain".
        broken_selectors: The same for those that failed.
        return_paths: The domains that SPF looked at.
        first_seen: When the first report begins that names it.
        last_seen: When the last one ends.

    >>> Sending(name="Mailchimp", kind="vendor", messages=80, passing=60).failing_share
    0.25
    """

    name: str
    kind: Kind = attrs.field(converter=Kind)
    vendor: Vendor | None = None
    networks: tuple[str, ...] = ()
    failing_addresses: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    messages: int
    passing: int = 0
    dkim_aligned: int = 0
    spf_aligned: int = 0
    dispositions: tuple[tuple[str, int], ...] = ()
    reasons: tuple[tuple[str, int], ...] = ()
    header_from: tuple[str, ...] = ()
    signers: tuple[str, ...] = ()
    selectors: tuple[str, ...] = ()
    broken_selectors: tuple[str, ...] = ()
    return_paths: tuple[str, ...] = ()
    first_seen: datetime | None = None
    last_seen: datetime | None = None

    @property
    def failing(self) -> int:
        """How many of its messages do not pass DMARC."""
        return self.messages - self.passing

    @property
    def failing_share(self) -> float:
        """Their share; 0 for a source without messages."""
        return self.failing / self.messages if self.messages else 0.0

    @property
    def sends_for_us(self) -> bool:
        """Whether it is known to send on our behalf, so that its failing mail is ours to mend."""
        return self.kind in (Kind.VENDOR, Kind.OWN)


class Sources(tuple[Sending, ...]):
    """Sources, those with most messages first; shows itself as a table in a notebook.

    >>> print(Sources())
    nobody
    """

    __slots__ = ()

    @property
    def messages(self) -> int:
        """How many messages all of them sent."""
        return sum(one.messages for one in self)

    def __str__(self) -> str:
        return "\n".join(map(_line, self)) or "nobody"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        head = ("Source", "Kind", "Messages", "Pass", "By DKIM", "By SPF", "Selectors", "Last seen")
        return table(head, (_cells(one) for one in self), none="No sources.")


def _line(one: Sending) -> str:
    return f"{one.name} ({one.kind}): {one.messages} messages, {one.failing} failing"


def _cells(one: Sending) -> tuple[str, ...]:
    last = f"{one.last_seen:%Y-%m-%d}" if one.last_seen else ""
    numbers = (f"{number:,}" for number in (one.messages, one.passing, one.dkim_aligned, one.spf_aligned))
    return (one.name, one.kind.value, *numbers, ", ".join(one.selectors), last)
