"""What a letter must pass before it is handed over: a rule without I/O.

It is asked when a job is leased, and again right before its delivery begins, since other letters'
answers come in between.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from mailkit.address import Address
from mailkit.errors import InvalidValue
from mailkit.event import Event, Kind
from mailkit.send.caps import Caps
from mailkit.send.dispatch import expire, put_off, suppress
from mailkit.send.dispatcher_pools import Held
from mailkit.send.outbox import Lease, Settlement
from mailkit.suppression import Suppression

__all__ = ["AllowList", "Gate"]


_SAYS_NOTHING: Final = frozenset({Kind.QUEUED, Kind.ACCEPTED, Kind.DEFERRED, Kind.UNKNOWN, Kind.OPENED, Kind.CLICKED})
"""Kinds of facts that no suppression rests on: the commonest, which need no second look at other letters."""


class AllowList:
    """To whom a staging system may write: addresses, and domains as "@example.com".

    >>> testers = AllowList(["anna@example.org", "@example.com"])
    >>> [testers.allows(Address.parse(text)) for text in ("Anna@example.org", "ben@example.com", "ben@example.org")]
    [True, True, False]
    """

    def __init__(self, given: Iterable[str]) -> None:
        if isinstance(given, str):
            raise InvalidValue(
                "Sender.only_to", given, "is one text", "write a list: ['anna@example.org', '@example.com']"
            )
        texts = tuple(given)
        for text in texts:
            if not isinstance(text, str) or "@" not in text:
                mend = "write 'anna@example.org' or '@example.com'"
                raise InvalidValue("Sender.only_to", text, "is neither an address nor a domain", mend)
        domains = [text for text in texts if text.startswith("@")]
        self._domains = {Address.parse(f"x{text}").domain for text in domains}
        self._addresses = {Address.parse(text).key for text in texts if not text.startswith("@")}

    def allows(self, address: Address) -> bool:
        """Whether this address may be written to."""
        return address.key in self._addresses or address.domain in self._domains


class Gate:
    """What keeps a job from being sent now.

    Args:
        suppression: Who must not be written to.
        caps: How many letters a person gets.
        only_to: To whom alone letters may go; to all if None.
    """

    def __init__(self, suppression: Suppression, caps: Caps | None, only_to: AllowList | None) -> None:
        self._suppression, self._caps, self._only_to = suppression, caps, only_to
        self._state = 0  # one more with every fact that may change an answer

    def feed(self, event: Event) -> None:
        """Take a fact into account."""
        if event.kind not in _SAYS_NOTHING:
            self._suppression.feed(event)
            self._state += 1
        if self._caps is not None:
            self._caps.feed(event)
            self._state += 1

    def stops_first(self, held: Held, now: datetime) -> Settlement | None:
        """What `stops` says of a job that was leased."""
        held.checked = self._state
        return self.stops(held.lease, now)

    def stops_still(self, held: Held, now: datetime) -> Settlement | None:
        """What `stops` says of it later; it is not asked again if nothing has changed since."""
        if held.checked == self._state and held.lease.job.expires_at is None:
            return None
        return self.stops_first(held, now)

    def stops(self, lease: Lease, now: datetime) -> Settlement | None:
        """What becomes of a job that must not be sent now; None if it may."""
        job = lease.job
        if job.expires_at is not None and now >= job.expires_at:
            return expire(lease, now=now)
        address = job.envelope.recipient.address
        if self._only_to is not None and not self._only_to.allows(address):
            reason = "this sender writes only to those named in only_to=, and to nobody else"
            return suppress(lease, reason, "staging", now=now)
        refusal = self._suppression.refusal(
            person=job.person, address=address, topic=job.topic, brand=job.brand, is_transactional=job.is_transactional
        )
        if refusal is not None:
            return suppress(lease, str(refusal), refusal.reason, now=now)
        return self._capped(lease, now) if self._caps is not None else None

    def _capped(self, lease: Lease, now: datetime) -> Settlement | None:
        assert self._caps is not None, "asked only where there are caps"
        full = self._caps.refusal(lease.job, now)
        if full is None:
            return None
        ends = lease.job.expires_at
        if full.cap.when_full == "wait" and (ends is None or full.until < ends):
            return put_off(lease, full.until)
        return suppress(lease, f"the person has had {full.cap} already", "cap", now=now)
