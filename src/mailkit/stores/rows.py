"""Values as rows of the tables, and back."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import Row

from mailkit.address import Address, Domain, Mailbox
from mailkit.envelope import Envelope
from mailkit.event import Event
from mailkit.send.jobs import Job, JobState
from mailkit.stores.jsontext import from_text, to_text

__all__ = [
    "address_of",
    "event_of",
    "event_row",
    "instant",
    "job_of",
    "job_row",
    "letter_row",
    "message_row",
    "microseconds",
]

_START: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def microseconds(instant: datetime) -> int:
    """An aware instant as whole microseconds since 1970 in UTC; negative before."""
    return (instant - _START) // _MICROSECOND


def instant(microseconds: int) -> datetime:
    """The instant of so many microseconds since 1970, in UTC."""
    return _START + microseconds * _MICROSECOND


def address_of(text: str) -> Address:
    """The address that was stored as its `str`; already normal, so it is not parsed again."""
    local, _, domain = text.rpartition("@")
    return Address(local, Domain(domain))


def event_row(event: Event) -> dict[str, Any]:
    """An event as a row of `events`."""
    return {
        "identity": event.identity,
        "kind": str(event.kind),
        "person": event.person,
        "at": microseconds(event.at),
        "message_id": event.message_id,
        "recipient": str(event.recipient) if event.recipient else None,
        "campaign": event.campaign,
        "step": event.step,
        "properties": json.dumps(dict(event.properties), separators=(",", ":")),
        "value": None if event.value is None else str(event.value),
        "currency": event.currency,
        "key": event.key,
    }


def event_of(row: Row[Any]) -> Event:
    """The event in a row of `events`."""
    return Event(
        kind=row.kind,
        person=row.person,
        at=instant(row.at),
        message_id=row.message_id,
        recipient=address_of(row.recipient) if row.recipient else None,
        campaign=row.campaign,
        step=row.step,
        properties=json.loads(row.properties),
        value=None if row.value is None else Decimal(row.value),
        currency=row.currency,
        key=row.key,
    )


def job_row(key: str, job: Job, now: datetime) -> dict[str, Any]:
    """A new job as a row of `jobs`."""
    return {
        "key": key,
        "state": JobState.QUEUED.value,
        "priority": job.priority,
        "due": microseconds(job.not_before or now),
        "until": None,
        "epoch": 0,
        "tries": 0,
        "queued_at": microseconds(now),
    }


def letter_row(number: int, job: Job) -> dict[str, Any]:
    """A job as a row of `letters`."""
    return {
        "job_id": number,
        "person": job.person,
        "envelope": _envelope_text(job.envelope),
        "message_id": job.message_id,
        "date": microseconds(job.date),
        "campaign": job.campaign,
        "step": job.step,
        "raw": job.raw,
        "template": job.template,
        "record": None if job.record is None else to_text(job.record, what=f"record of {job.message_id}"),
        "topic": job.topic,
        "brand": job.brand,
        "is_transactional": job.is_transactional,
        "priority": job.priority,
        "not_before": None if job.not_before is None else microseconds(job.not_before),
        "expires_at": None if job.expires_at is None else microseconds(job.expires_at),
    }


def message_row(number: int, job: Job, now: datetime) -> dict[str, Any]:
    """A job as a row of `messages`."""
    return {
        "job_id": number,
        "message_id": job.message_id,
        "person": job.person,
        "campaign": job.campaign,
        "step": job.step,
        "recipient": str(job.envelope.recipient.address),
        "queued_at": microseconds(now),
    }


def job_of(row: Row[Any]) -> Job:
    """The job in a row of `letters`."""
    return Job(
        person=row.person,
        envelope=_envelope_of(row.envelope),
        message_id=row.message_id,
        date=instant(row.date),
        campaign=row.campaign,
        step=row.step,
        raw=bytes(row.raw),
        template=row.template,
        record=None if row.record is None else from_text(row.record),
        topic=row.topic,
        brand=row.brand,
        is_transactional=row.is_transactional,
        priority=row.priority,
        not_before=None if row.not_before is None else instant(row.not_before),
        expires_at=None if row.expires_at is None else instant(row.expires_at),
    )


def _envelope_text(envelope: Envelope) -> str:
    parts = {
        "sender": _mailbox_parts(envelope.sender),
        "recipient": _mailbox_parts(envelope.recipient),
        "return_path": str(envelope.return_path) if envelope.return_path else None,
        "reply_to": _mailbox_parts(envelope.reply_to) if envelope.reply_to else None,
        "headers": envelope.headers,
    }
    return json.dumps(parts, separators=(",", ":"))


def _envelope_of(text: str) -> Envelope:
    parts = json.loads(text)
    return Envelope(
        sender=_mailbox_of(parts["sender"]),
        recipient=_mailbox_of(parts["recipient"]),
        return_path=address_of(parts["return_path"]) if parts["return_path"] else None,
        reply_to=_mailbox_of(parts["reply_to"]) if parts["reply_to"] else None,
        headers=tuple((name, value) for name, value in parts["headers"]),
    )


def _mailbox_parts(mailbox: Mailbox) -> tuple[str, str]:
    return mailbox.name, str(mailbox.address)


def _mailbox_of(parts: list[str]) -> Mailbox:
    name, address = parts
    return Mailbox(address_of(address), name)
