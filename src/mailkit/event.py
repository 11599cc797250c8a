"""Events: dated facts about one person and, where there is one, one letter.

Sending, opening, bouncing, buying and consenting are all events. Segments, journeys,
reports and suppression are folds over them, so each can be made anew from the log.

What has become of a letter is such a fold too, and `letter_state` is the only place that
says it. `accepted` means that the receiving server answered 250 to the final dot; a bounce
may still follow, and then the letter's state is `bounced`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from hashlib import blake2b
from json import JSONEncoder
from typing import Final

import attrs

from mailkit.address import Address
from mailkit.checks import aware, instant, one_line, word
from mailkit.errors import InvalidValue

__all__ = ["Event", "Kind", "LetterState", "Property", "letter_state"]

Property = str | int | float | bool | None
"""What a property of an event may be: JSON's plain values."""

_in_order: Final = JSONEncoder(sort_keys=True).encode  # made once: `json.dumps` would make one for each event
_CURRENCY: Final = re.compile(r"[A-Z]{3}\Z")


class Kind(StrEnum):
    """The events that mailkit itself writes or reads. An application adds words of its own."""

    QUEUED = "queued"
    """The letter is in the outbox."""
    SUPPRESSED = "suppressed"
    """Not sent: the person or address must not be written to."""
    EXPIRED = "expired"
    """Not sent: its time had run out before a server took it."""
    CANCELLED = "cancelled"
    """Not sent: somebody called it back."""
    DEFERRED = "deferred"
    """The server, or the way to it, said "later"."""
    ACCEPTED = "accepted"
    """The receiving server answered 250 to the final dot."""
    BOUNCED = "bounced"
    """Refused for good, at once or by a report later."""
    FAILED = "failed"
    """Not sent for a reason of our own, such as a letter that cannot be rendered."""
    UNKNOWN = "unknown"
    """The final dot may have been sent, and no answer to it was seen."""
    OPENED = "opened"
    """The letter's pixel was fetched."""
    CLICKED = "clicked"
    """A link of the letter was followed."""
    UNSUBSCRIBED = "unsubscribed"
    """The person wants no more letters, of the scope in the properties."""
    COMPLAINED = "complained"
    """The person pressed "this is spam"."""
    REPLIED = "replied"
    """The person answered."""
    FORWARDED = "forwarded"
    """The letter was passed on."""
    SUBSCRIBED = "subscribed"
    """The person asked for letters."""
    CONFIRMED = "confirmed"
    """The person proved to own the address (double opt-in)."""
    CONVERTED = "converted"
    """The person did what the letter was written for."""


def _money(value: Decimal | int | float | str | None) -> Decimal | None:
    if value is None or isinstance(value, Decimal):
        return value
    try:
        return Decimal(repr(value) if isinstance(value, float) else value)
    except (InvalidOperation, TypeError, ValueError) as error:
        raise InvalidValue("Event.value", value, "is not a number") from error


def _own_copy(properties: Mapping[str, Property]) -> dict[str, Property]:
    return dict(properties)


@attrs.frozen(kw_only=True)
class Event:
    """A dated fact about one person and, where there is one, one letter.

    Attributes:
        kind: What happened: a word of `Kind`, or one of the application's own.
        person: The application's own id of the person, as text.
        at: When, aware; kept in UTC.
        message_id: The letter's Message-ID, without angle brackets; empty if it is about none.
        recipient: The address that was written to, or that did it.
        campaign: The campaign that the letter belongs to.
        step: The step in that campaign.
        properties: More about it: the link clicked, the cause of a bounce, the goods bought.
        value: What it was worth, in `currency`.
        currency: ISO 4217's three letters; given exactly if there is a value.
        key: What tells a repetition of this fact from another one like it, among the facts of this
            kind and person, such as an order's number; made from the content unless given.

    >>> from datetime import UTC, datetime
    >>> bought = Event(kind="purchase", person="17", at=datetime(1998, 3, 1, tzinfo=UTC), value="29.33", currency="USD")
    >>> bought.value
    Decimal('29.33')
    """

    kind: str = attrs.field(validator=word)
    person: str = attrs.field(validator=one_line)
    at: datetime = attrs.field(converter=aware, validator=instant)
    message_id: str = attrs.field(default="", validator=one_line)
    recipient: Address | None = attrs.field(
        default=None, validator=attrs.validators.optional(attrs.validators.instance_of(Address))
    )
    campaign: str = attrs.field(default="", validator=one_line)
    step: str = attrs.field(default="", validator=one_line)
    properties: Mapping[str, Property] = attrs.field(factory=dict, converter=_own_copy, hash=False)
    value: Decimal | None = attrs.field(default=None, converter=_money)
    currency: str = attrs.field(default="")
    key: str = attrs.field(default="", validator=one_line)

    @properties.validator
    def _check_properties(self, attribute: object, value: Mapping[str, Property]) -> None:
        for name, item in value.items():
            if not isinstance(name, str) or not (item is None or isinstance(item, str | int | float | bool)):
                raise InvalidValue(f"Event.properties[{name!r}]", item, "is not text, a number, a truth value or None")

    @value.validator
    def _check_value(self, attribute: object, value: Decimal | None) -> None:
        if value is not None and not value.is_finite():
            raise InvalidValue("Event.value", value, "is not a finite number")

    @currency.validator
    def _check_currency(self, attribute: object, currency: str) -> None:
        if self.value is None and currency:
            raise InvalidValue("Event.currency", currency, "is given without a value")
        if self.value is not None and not (isinstance(currency, str) and _CURRENCY.match(currency)):
            raise InvalidValue("Event.currency", currency, "is not a currency of ISO 4217", "write 'EUR'")

    @property
    def identity(self) -> str:
        """What is stored once: kind, person and key; without a key, a digest of everything."""
        return identity_of(self, "" if self.key else properties_of(self))


def properties_of(event: Event) -> str:
    """An event's properties as JSON in order of their names."""
    return _in_order(dict(event.properties))


def identity_of(event: Event, properties: str) -> str:
    """An event's identity, for whoever has its `properties_of` already: a store needs both for each letter."""
    if event.key:
        return f"{event.kind} {event.person} {event.key}"
    parts = (
        event.kind,
        event.person,
        event.at.isoformat(),
        event.message_id,
        event.recipient.key if event.recipient else "",
        event.campaign,
        event.step,
        properties,
        str(event.value),
        event.currency,
    )
    return blake2b("\x00".join(parts).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


_new: Final = object.__new__
_put: Final = object.__setattr__  # as the classes are frozen


def checked_event(
    kind: str,
    person: str,
    at: datetime,
    message_id: str,
    recipient: Address,
    campaign: str,
    step: str,
    properties: dict[str, Property],
) -> Event:
    """An event from parts that are known to be good, and are kept as they are.

    For a sender, which makes one for each letter: the checks cost seven times as much as the rest.
    """
    self = _new(Event)
    _put(self, "kind", kind)
    _put(self, "person", person)
    _put(self, "at", at)
    _put(self, "message_id", message_id)
    _put(self, "recipient", recipient)
    _put(self, "campaign", campaign)
    _put(self, "step", step)
    _put(self, "properties", properties)
    _put(self, "value", None)
    _put(self, "currency", "")
    _put(self, "key", "")
    return self


class LetterState(StrEnum):
    """What has become of one letter."""

    QUEUED = "queued"
    """Waiting to be sent for the first time."""
    DEFERRED = "deferred"
    """Waiting to be tried again."""
    SUPPRESSED = "suppressed"
    """Never sent: the reader must not be written to."""
    EXPIRED = "expired"
    """Given up: its time ran out."""
    CANCELLED = "cancelled"
    """Called back before it was sent."""
    FAILED = "failed"
    """Never sent, for a reason of our own."""
    UNKNOWN = "unknown"
    """It may have arrived; no answer to the final dot was seen."""
    ACCEPTED = "accepted"
    """The receiving server took it."""
    BOUNCED = "bounced"
    """It was refused for good."""

    @property
    def is_final(self) -> bool:
        """Whether nothing more will be tried."""
        return self not in (LetterState.QUEUED, LetterState.DEFERRED)


# How to think about it: a letter climbs. Each kind of event names a state and the states that it
# may follow; anything else is old news and changes nothing. A refusal is the last word, since a
# server that took a letter may still report a failure. What a reader does with a letter proves
# that it arrived, whatever we knew before. Events of one instant are taken in the table's order.
_OPEN: Final = frozenset({None, LetterState.QUEUED, LetterState.DEFERRED})
_MOVES: Final[dict[str, tuple[LetterState, frozenset[LetterState | None]]]] = {
    Kind.QUEUED: (LetterState.QUEUED, frozenset({None})),
    Kind.UNKNOWN: (LetterState.UNKNOWN, _OPEN),
    Kind.FAILED: (LetterState.FAILED, _OPEN),
    Kind.DEFERRED: (LetterState.DEFERRED, _OPEN | {LetterState.UNKNOWN, LetterState.FAILED}),
    Kind.SUPPRESSED: (LetterState.SUPPRESSED, _OPEN),
    Kind.CANCELLED: (LetterState.CANCELLED, _OPEN),
    Kind.EXPIRED: (LetterState.EXPIRED, _OPEN | {LetterState.UNKNOWN}),
    Kind.ACCEPTED: (LetterState.ACCEPTED, frozenset({None, *LetterState}) - {LetterState.BOUNCED}),
    Kind.OPENED: (LetterState.ACCEPTED, frozenset({None, *LetterState}) - {LetterState.BOUNCED}),
    Kind.CLICKED: (LetterState.ACCEPTED, frozenset({None, *LetterState}) - {LetterState.BOUNCED}),
    Kind.REPLIED: (LetterState.ACCEPTED, frozenset({None, *LetterState}) - {LetterState.BOUNCED}),
    Kind.FORWARDED: (LetterState.ACCEPTED, frozenset({None, *LetterState}) - {LetterState.BOUNCED}),
    Kind.COMPLAINED: (LetterState.ACCEPTED, frozenset({None, *LetterState}) - {LetterState.BOUNCED}),
    Kind.BOUNCED: (LetterState.BOUNCED, frozenset({None, *LetterState})),
}
_ORDER: Final = {kind: place for place, kind in enumerate(_MOVES)}


def letter_state(events: Iterable[Event]) -> LetterState | None:
    """Fold one letter's events, in any order, into what has become of it.

    Returns:
        The state; None if no event says anything about the letter's way.

    >>> from datetime import UTC, datetime, timedelta
    >>> start = datetime(2026, 3, 1, tzinfo=UTC)
    >>> way = [Event(kind=kind, person="17", at=start + timedelta(hours=hours))
    ...        for hours, kind in enumerate(["queued", "accepted", "opened", "bounced"])]
    >>> letter_state(way[:3]), letter_state(way)
    (<LetterState.ACCEPTED: 'accepted'>, <LetterState.BOUNCED: 'bounced'>)
    """
    state: LetterState | None = None
    telling = [event for event in events if event.kind in _MOVES]
    for event in sorted(telling, key=lambda event: (event.at, _ORDER[event.kind])):
        target, follows = _MOVES[event.kind]
        if state in follows:
            state = target
    return state
