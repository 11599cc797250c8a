"""Suppression: who must not be written to, as one fold over events.

`send` asks it when a job is leased; who wrote the events does not matter.

How to think about it. A bounce that says "nobody lives there" speaks of the address and
blocks every letter to it. A complaint and an unsubscription are the person's own words, and
so is a subscription: **of all that the person has said about this letter, the last word
counts**. Words have a scope: everywhere, one brand, or one topic; a letter is covered by the
words for its topic, for its brand and for everywhere. A confirmation (double opt-in) proves
that mail arrives and is wanted, so it outweighs complaints before it, and bounces of the address
that it names; a plain subscription outweighs unsubscriptions only, since anybody may type
anyone's address. Where two people share an address, neither can take back the other's word.
In doubt nobody is written to: a word whose scope cannot be read stops everything, and lifts nothing.

Transactional letters (an order's receipt, a password) were asked for by an act of the
person's own: an unsubscription does not stop them, a dead address does, and a complaint
does too unless the application decides otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Final

import attrs

from mailkit.address import Address, ForeignAddress
from mailkit.event import Event, Kind

__all__ = ["Refusal", "Scope", "Suppression"]


class Scope(StrEnum):
    """How far a word about letters reaches."""

    EVERYWHERE = "everywhere"
    """All letters."""
    BRAND = "brand"
    """The letters of one brand, named in the event's property `brand`."""
    TOPIC = "topic"
    """The letters on one topic, named in the event's property `topic`."""


@attrs.frozen(kw_only=True)
class Refusal:
    """Why somebody must not be written to.

    Attributes:
        reason: The event's kind: `bounced`, `complained` or `unsubscribed`.
        scope: How far it reaches.
        name: The brand's or topic's name; empty everywhere.
        at: When it happened.
        evidence: What was said then, such as the server's reply; may be empty.

    >>> print(Refusal(reason="unsubscribed", scope=Scope.TOPIC, name="news", at=datetime(2026, 3, 1)))
    unsubscribed from the topic 'news' on 2026-03-01
    """

    reason: str
    scope: Scope
    name: str
    at: datetime
    evidence: str = ""

    def __str__(self) -> str:
        from_what = {Scope.EVERYWHERE: "", Scope.BRAND: f" from the brand {self.name!r}"}
        reach = from_what.get(self.scope, f" from the topic {self.name!r}")
        evidence = f": {self.evidence}" if self.evidence else ""
        return f"{self.reason}{reach} on {self.at:%Y-%m-%d}{evidence}"


_Place = tuple[str, Scope, str]
"""Whom a word is about (a person or an address), its scope, and the scope's name."""

_Word = tuple[datetime, str, str]
"""When it was said, on what evidence, and by whom."""

_LIFTERS: Final = (Kind.CONFIRMED, Kind.SUBSCRIBED)
_LIFTS: Final = {
    Kind.BOUNCED: (Kind.CONFIRMED,),
    Kind.COMPLAINED: (Kind.CONFIRMED,),
    Kind.UNSUBSCRIBED: (Kind.CONFIRMED, Kind.SUBSCRIBED),
}


class Suppression:
    """The state of the fold: feed it events in any order, then ask it.

    It keeps one instant for each person or address, word and scope, so its size is that of
    the people who said something, not of the log.

    Args:
        events: Events to begin with.
        complaints_block_transactional: Whether a complaint stops transactional letters too.

    >>> from datetime import UTC
    >>> anna = Address.parse("anna@example.org")
    >>> suppression = Suppression([Event(kind="unsubscribed", person="17", recipient=anna,
    ...     at=datetime(2026, 3, 1, tzinfo=UTC), properties={"scope": "topic", "topic": "news"})])
    >>> print(suppression.refusal(person="17", address=anna, topic="news"))
    unsubscribed from the topic 'news' on 2026-03-01
    >>> suppression.refusal(person="17", address=anna, topic="orders") is None
    True
    """

    def __init__(self, events: Iterable[Event] = (), *, complaints_block_transactional: bool = True) -> None:
        self._complaints_block_transactional = complaints_block_transactional
        self._said: dict[str, dict[_Place, _Word]] = {kind: {} for kind in (*_LIFTS, *_LIFTERS)}
        self._named: set[str] = set()  # of whom anything was said for which they might not be written to
        for event in events:
            self.feed(event)

    def feed(self, event: Event) -> None:
        """Take one event into account; kinds that say nothing about suppression are passed over.

        A bounce counts only if its property `action` is `suppress`, which is said by
        `send.classify`: most permanent refusals are not the reader's fault.
        """
        said = self._said.get(event.kind)
        if said is None or (event.kind == Kind.BOUNCED and event.properties.get("action") != "suppress"):
            return
        scope = _scope(event)
        if scope is None:
            if event.kind in _LIFTERS:
                return  # in doubt, nobody is written to
            scope = Scope.EVERYWHERE, ""
        word = (event.at, str(event.properties.get("evidence") or ""), event.person)
        for whom in _whom(event):
            if event.kind in _LIFTS:
                self._named.add(whom)
            place = (whom, *scope)
            if place not in said or word > said[place]:
                said[place] = word

    def refusal(
        self,
        *,
        person: str = "",
        address: Address | ForeignAddress | None = None,
        topic: str = "",
        brand: str = "",
        is_transactional: bool = False,
    ) -> Refusal | None:
        """Say why this letter must not go to this person; None if it may.

        Args:
            person: The application's id of the person.
            address: Where the letter would go.
            topic: The letter's topic.
            brand: The letter's brand.
            is_transactional: Whether the person's own act asked for it.
        """
        if not self._named:
            return None
        by_address = [f"address {address.key}"] if address is not None else []
        anyhow = [f"person {person}", *by_address] if person else by_address
        if self._named.isdisjoint(anyhow):
            return None  # as of most people
        scopes = [(Scope.EVERYWHERE, "")]
        scopes += [(Scope.BRAND, brand)] if brand else []
        scopes += [(Scope.TOPIC, topic)] if topic else []
        for kind in self._blocking(is_transactional):
            for one in by_address if kind is Kind.BOUNCED else anyhow:
                refusal = self._last_word(kind, one, scopes)
                if refusal is not None:
                    return refusal
        return None

    def _blocking(self, is_transactional: bool) -> tuple[Kind, ...]:
        if not is_transactional:
            return Kind.BOUNCED, Kind.COMPLAINED, Kind.UNSUBSCRIBED
        return (Kind.BOUNCED, Kind.COMPLAINED) if self._complaints_block_transactional else (Kind.BOUNCED,)

    def _last_word(self, kind: Kind, one: str, scopes: list[tuple[Scope, str]]) -> Refusal | None:
        """The latest word of this kind about one person or address that no later word has lifted."""
        said = self._said[kind]
        words = [(said[one, *scope], scope) for scope in scopes if (one, *scope) in said]
        standing = [(word, scope) for word, scope in words if not self._is_lifted(kind, one, word, scopes)]
        if not standing:
            return None
        (at, evidence, _), (scope, name) = max(standing)
        return Refusal(reason=kind.value, scope=scope, name=name, at=at, evidence=evidence)

    def _is_lifted(self, kind: Kind, one: str, word: _Word, scopes: list[tuple[Scope, str]]) -> bool:
        """Whether it was taken back: at the same place, or by who said it. A dead address speaks for itself."""
        at, _, person = word
        lifters = {one, f"person {person}"} if person and kind is not Kind.BOUNCED else {one}
        lifts = (
            self._said[lift].get((lifter, *scope)) for lift in _LIFTS[kind] for lifter in lifters for scope in scopes
        )
        return any(lift is not None and lift[0] > at for lift in lifts)


def _scope(event: Event) -> tuple[Scope, str] | None:
    """How far the event's word reaches; None if that cannot be read."""
    said = event.properties.get("scope") or Scope.EVERYWHERE
    if said == Scope.EVERYWHERE:
        return Scope.EVERYWHERE, ""
    for scope in (Scope.BRAND, Scope.TOPIC):
        name = event.properties.get(scope.value)
        if said == scope.value and name:
            return scope, str(name)
    return None


def _whom(event: Event) -> list[str]:
    address = [f"address {event.recipient.key}"] if event.recipient else []
    if event.kind == Kind.BOUNCED:
        return address
    return [f"person {event.person}", *address] if event.person else address
