"""Counts of letters and people, and the rates made of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from html import escape
from typing import Final

import attrs

from mailkit.checks import at_least
from mailkit.event import Event, Kind, LetterState, letter_state

__all__ = ["Funnel", "LetterKey", "Rate", "funnel", "funnel_by", "letter_key", "letters", "rates"]

LetterKey = tuple[str, str, str]
"""What tells letters apart in a log: campaign (or Message-ID, if there is none), step and person."""

_READ: Final = (Kind.OPENED, Kind.CLICKED, Kind.UNSUBSCRIBED, Kind.COMPLAINED, Kind.REPLIED, Kind.CONVERTED)
_WAITING: Final = (LetterState.QUEUED, LetterState.DEFERRED)


@attrs.frozen(kw_only=True)
class Funnel:
    """How many letters came how far. Every number counts letters, each once.

    Attributes:
        letters: All letters that the log speaks of.
        accepted: Taken by the receiving server, and not reported as undeliverable since.
        bounced: Refused for good, at once or later.
        suppressed: Not sent, because the person must not be written to.
        expired: Not sent, because their time ran out.
        failed: Not sent, for a reason of our own.
        cancelled: Called back before they were sent.
        unknown: Perhaps sent: the answer to the final dot was never seen.
        waiting: Still to be sent.
        opened: Accepted letters whose pixel was fetched, by the reader or by a machine for him.
        clicked: Accepted letters with at least one link followed.
        unsubscribed: Accepted letters whose reader left by them.
        complained: Accepted letters called spam.
        replied: Accepted letters that were answered.
        converted: Accepted letters whose reader did what they were written for.

    >>> Funnel(letters=3, accepted=2, bounced=1).reconciles
    True
    >>> Funnel(letters=3, accepted=2, waiting=1).reconciles
    False
    """

    letters: int = attrs.field(default=0, validator=at_least(0))
    accepted: int = attrs.field(default=0, validator=at_least(0))
    bounced: int = attrs.field(default=0, validator=at_least(0))
    suppressed: int = attrs.field(default=0, validator=at_least(0))
    expired: int = attrs.field(default=0, validator=at_least(0))
    failed: int = attrs.field(default=0, validator=at_least(0))
    cancelled: int = attrs.field(default=0, validator=at_least(0))
    unknown: int = attrs.field(default=0, validator=at_least(0))
    waiting: int = attrs.field(default=0, validator=at_least(0))
    opened: int = attrs.field(default=0, validator=at_least(0))
    clicked: int = attrs.field(default=0, validator=at_least(0))
    unsubscribed: int = attrs.field(default=0, validator=at_least(0))
    complained: int = attrs.field(default=0, validator=at_least(0))
    replied: int = attrs.field(default=0, validator=at_least(0))
    converted: int = attrs.field(default=0, validator=at_least(0))

    @property
    def ended(self) -> Mapping[str, int]:
        """The letters by the one state that each has ended in."""
        names = ("accepted", "bounced", "suppressed", "expired", "failed", "cancelled", "unknown")
        return {name: getattr(self, name) for name in names}

    @property
    def reconciles(self) -> bool:
        """Whether every letter has ended in exactly one state."""
        return self.waiting == 0 and sum(self.ended.values()) == self.letters

    def __str__(self) -> str:
        ended = ", ".join(f"{number} {name}" for name, number in self.ended.items() if number)
        waiting = f", {self.waiting} waiting" if self.waiting else ""
        return f"{self.letters} letters: {ended or 'none ended'}{waiting}"

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th scope='row' style='text-align:left'>{name}</th><td style='text-align:right'>{number:,}</td></tr>"
            for name, number in attrs.asdict(self).items()
        )
        return f"<table>{rows}</table>"


@attrs.frozen(kw_only=True)
class Rate:
    """A share with what it is a share of.

    Attributes:
        name: What is counted.
        count: How many.
        of: How many there could have been.
        of_what: What those are.

    >>> print(Rate(name="clicked", count=3, of=0, of_what="accepted"))
    clicked: – (3 of 0 accepted)
    """

    name: str
    count: int = attrs.field(validator=at_least(0))
    of: int = attrs.field(validator=at_least(0))
    of_what: str

    @property
    def share(self) -> float | None:
        """The share, 0..1; None if there is nothing to be a share of."""
        return self.count / self.of if self.of else None

    def __str__(self) -> str:
        share = "–" if self.share is None else f"{self.share:.1%}"
        return f"{self.name}: {share} ({self.count:,} of {self.of:,} {self.of_what})"

    def _repr_html_(self) -> str:
        return escape(str(self))


def letters(events: Iterable[Event]) -> dict[LetterKey, list[Event]]:
    """The events by the letter that they are about; events about none are left out.

    An event is about a letter if it has a Message-ID, or a campaign and a kind that mailkit knows.
    """
    known = set(Kind)
    by_letter: dict[LetterKey, list[Event]] = defaultdict(list)
    for event in events:
        if event.message_id or (event.campaign and event.kind in known):
            by_letter[letter_key(event)].append(event)
    return dict(by_letter)


def letter_key(event: Event) -> LetterKey:
    """The letter that an event is about."""
    return event.campaign or event.message_id, event.step, event.person


def funnel(events: Iterable[Event]) -> Funnel:
    """Count how far letters came.

    Args:
        events: The log, in any order; of one campaign or of several.

    >>> from datetime import UTC, datetime
    >>> facts = [Event(kind=kind, person="1", at=datetime(2026, 3, day, tzinfo=UTC), campaign="spring")
    ...          for day, kind in enumerate(["queued", "accepted", "bounced"], start=1)]
    >>> print(funnel(facts[:2]), "|", funnel(facts))
    1 letters: 1 accepted | 1 letters: 1 bounced
    """
    return _funnel(letters(events).values())


def funnel_by(events: Iterable[Event], group: Callable[[str], str]) -> dict[str, Funnel]:
    """Count how far letters came, apart for each group of people, the largest group first.

    Args:
        events: The log, in any order.
        group: The group of a person, by his id.

    >>> funnel_by([], lambda person: "all")
    {}
    """
    grouped: dict[str, list[list[Event]]] = defaultdict(list)
    for (_, _, person), history in letters(events).items():
        grouped[group(person)].append(history)
    by_size = sorted(grouped.items(), key=lambda item: (-len(item[1]), str(item[0])))
    return {name: _funnel(histories) for name, histories in by_size}


def _funnel(histories: Iterable[list[Event]]) -> Funnel:
    counts: dict[str, int] = defaultdict(int)
    for history in histories:
        state = letter_state(history)
        if state is None:
            continue
        counts["letters"] += 1
        counts["waiting" if state in _WAITING else state.value] += 1
        if state is LetterState.ACCEPTED:
            kinds = {event.kind for event in history}
            for kind in _READ:
                counts[kind.value] += kind in kinds
    return Funnel(**counts)


def rates(funnel: Funnel) -> tuple[Rate, ...]:
    """The rates that people ask for, each with its denominator.

    What servers did is a share of the letters given to them, which `unknown` ones were;
    what readers did is a share of the accepted letters. A click without a fetched picture
    counts as opened nowhere, so clicks are not divided by openings.

    >>> print(rates(Funnel(letters=10, accepted=8, bounced=1, suppressed=1, clicked=2))[3])
    clicked: 25.0% (2 of 8 accepted)
    """
    sent = funnel.accepted + funnel.bounced + funnel.unknown
    readers = ("opened", "clicked", "replied", "unsubscribed", "complained", "converted")
    return (
        Rate(name="accepted", count=funnel.accepted, of=sent, of_what="sent"),
        Rate(name="bounced", count=funnel.bounced, of=sent, of_what="sent"),
        *(Rate(name=name, count=getattr(funnel, name), of=funnel.accepted, of_what="accepted") for name in readers),
    )
