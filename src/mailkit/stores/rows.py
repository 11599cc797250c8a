"""Values as rows of the tables, and back. Rows are tuples in the order of the lists of columns here."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from mailkit.address import Mailbox
from mailkit.envelope import Envelope
from mailkit.event import Event, identity_of, properties_of
from mailkit.send.jobs import Job
from mailkit.send.outbox import Lane
from mailkit.stores import trusted
from mailkit.stores.jsontext import from_text, to_text

__all__ = [
    "EVENT_COLUMNS",
    "LETTER_COLUMNS",
    "MESSAGE_COLUMNS",
    "PLACE_COLUMNS",
    "Place",
    "event_identity",
    "event_of",
    "event_row",
    "instant",
    "job_of",
    "lane_of",
    "letter_row",
    "message_row",
    "microseconds",
    "place_of",
]

_START: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_json: Final = json.JSONEncoder(separators=(",", ":")).encode
_read: Final = json.JSONDecoder().raw_decode  # of what we wrote ourselves: nothing stands before or after it
_64_BITS: Final = 2**64 - 1

Place = tuple[int, bool, str, str, str, str]
"""What tells one lane from another, in the order of `PLACE_COLUMNS`."""

PLACE_COLUMNS: Final = ("priority", "is_transactional", "account", "campaign", "identity", "provider")
EVENT_COLUMNS: Final = (
    "identity",
    "kind",
    "person",
    "at",
    "message_id",
    "recipient",
    "campaign",
    "step",
    "properties",
    "value",
    "currency",
    "key",
)
# What a job has beside its place, and what the table repeats of that.
_LETTER: Final = (
    "person",
    "envelope",
    "message_id",
    "date",
    "step",
    "raw",
    "template",
    "record",
    "topic",
    "brand",
    "not_before",
    "expires_at",
)
LETTER_COLUMNS: Final = ("job_id", *_LETTER, "campaign", "is_transactional", "priority")
MESSAGE_COLUMNS: Final = ("job_id", "message_id", "person", "campaign", "step", "recipient", "queued_at")


def microseconds(instant: datetime) -> int:
    """An aware instant as whole microseconds since 1970 in UTC; negative before."""
    return (instant - _START) // _MICROSECOND


def instant(microseconds: int) -> datetime:
    """The instant of so many microseconds since 1970, in UTC."""
    return _START + timedelta(0, 0, microseconds)


def _instant_or_none(microseconds: int | None) -> datetime | None:
    return None if microseconds is None else instant(microseconds)


def _microseconds_or_none(instant: datetime | None) -> int | None:
    return None if instant is None else microseconds(instant)


def event_identity(event: Event, at: int, properties: str) -> str:
    """Under what an event is stored once: its identity, after the instant if that is a digest.

    Digests lie anywhere in an index, so that each new one would change another page of it. With the
    instant before them, those of one batch lie together: half the cost of writing an event.
    """
    identity = identity_of(event, properties)
    return identity if event.key else f"{at & _64_BITS:016x}{identity}"


def event_row(event: Event) -> tuple[Any, ...]:
    """An event as a row of `events`, by `EVENT_COLUMNS`."""
    at, properties = microseconds(event.at), properties_of(event)
    return (
        event_identity(event, at, properties),
        str(event.kind),
        event.person,
        at,
        event.message_id,
        str(event.recipient) if event.recipient else None,
        event.campaign,
        event.step,
        properties,
        None if event.value is None else str(event.value),
        event.currency,
        event.key,
    )


def event_of(row: Sequence[Any]) -> Event:
    """The event in a row of `events`, by `EVENT_COLUMNS`."""
    _, kind, person, at, message_id, recipient, campaign, step, properties, value, currency, key = row
    return Event(
        kind=kind,
        person=person,
        at=instant(at),
        message_id=message_id,
        recipient=trusted.address(recipient) if recipient else None,
        campaign=campaign,
        step=step,
        properties=json.loads(properties),
        value=None if value is None else Decimal(value),
        currency=currency,
        key=key,
    )


def place_of(job: Job) -> Place:
    """In which lane a job waits."""
    return (job.priority, job.is_transactional, job.account, job.campaign, job.identity, job.provider)


def lane_of(number: int, place: Place, due: int) -> Lane:
    """A lane with the instant at which its first job is due."""
    priority, is_transactional, account, campaign, identity, provider = place
    return Lane(
        number=number,
        priority=priority,
        is_transactional=is_transactional,
        account=account,
        campaign=campaign,
        identity=identity,
        provider=provider,
        due=instant(due),
    )


def letter_row(number: int, job: Job) -> tuple[Any, ...]:
    """A job as a row of `letters`, by `LETTER_COLUMNS`."""
    return (
        number,
        job.person,
        _envelope_text(job.envelope),
        job.message_id,
        microseconds(job.date),
        job.step,
        job.raw,
        job.template,
        None if job.record is None else to_text(job.record, what=f"record of {job.message_id}"),
        job.topic,
        job.brand,
        _microseconds_or_none(job.not_before),
        _microseconds_or_none(job.expires_at),
        job.campaign,
        job.is_transactional,
        job.priority,
    )


def message_row(number: int, job: Job, now: int) -> tuple[Any, ...]:
    """A job as a row of `messages`, by `MESSAGE_COLUMNS`."""
    recipient = str(job.envelope.recipient.address)
    return (number, job.message_id, job.person, job.campaign, job.step, recipient, now)


def job_of(row: Sequence[Any], place: Place) -> Job:
    """The job in a row of `letters` after its number, by `LETTER_COLUMNS`; its place comes from its lane."""
    person, envelope, message_id, date, step, raw, template, record, topic, brand, not_before, expires_at = row[:12]
    return trusted.new_job(
        *place,
        person,
        _envelope_of(envelope),
        message_id,
        instant(date),
        step,
        raw,
        template,
        None if record is None else from_text(record),
        topic,
        brand,
        _instant_or_none(not_before),
        _instant_or_none(expires_at),
    )


def _envelope_text(envelope: Envelope) -> str:
    parts = {
        "sender": _mailbox_parts(envelope.sender),
        "recipient": _mailbox_parts(envelope.recipient),
        "return_path": str(envelope.return_path) if envelope.return_path else None,
        "reply_to": _mailbox_parts(envelope.reply_to) if envelope.reply_to else None,
        "headers": envelope.headers,
    }
    for name, default in trusted.MORE_OF_ENVELOPES.items():
        value = getattr(envelope, name)
        if value != default:  # so that most rows are as short as before, and older ones can be read
            parts[name] = value
    return _json(parts)


def _envelope_of(text: str) -> Envelope:
    parts = _read(text)[0]
    return_path, reply_to, headers = parts["return_path"], parts["reply_to"], parts["headers"]
    name, address = parts["sender"]
    sender = trusted.known_mailbox(name, address)
    if return_path is not None:
        return_path = sender.address if return_path == address else trusted.address(return_path)
    return trusted.new_envelope(
        sender,
        trusted.mailbox(*parts["recipient"]),
        return_path,
        trusted.known_mailbox(*reply_to) if reply_to else None,
        tuple(map(tuple, headers)) if headers else (),
        *(_DEFAULTS if len(parts) == _PARTS else _more(parts)),
    )


_PARTS: Final = 5
"""So many parts every envelope has; any more differ from their defaults."""
_DEFAULTS: Final = tuple(trusted.MORE_OF_ENVELOPES.values())


def _more(parts: dict[str, Any]) -> list[Any]:
    values = (parts.get(name, default) for name, default in trusted.MORE_OF_ENVELOPES.items())
    return [tuple(value) if isinstance(value, list) else value for value in values]


def _mailbox_parts(mailbox: Mailbox) -> tuple[str, str]:
    return mailbox.name, str(mailbox.address)
