"""A job: one letter to one person, and how far it has come."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import attrs

from mailkit.checks import aware, instant, message_id, one_line
from mailkit.envelope import Envelope
from mailkit.errors import InvalidValue
from mailkit.event import Event, Kind, Property, checked_event

__all__ = ["Job", "JobState"]

_HIGHEST_PRIORITY: Final = 2**31 - 1
"""What every database can keep in a column of whole numbers."""


class JobState(StrEnum):
    """How far a job has come."""

    QUEUED = "queued"
    """Waiting for its first try."""
    DEFERRED = "deferred"
    """Waiting for another try."""
    LEASED = "leased"
    """In a worker's hands; nothing has been sent that a server could keep."""
    DATA_SENT = "data_sent"
    """The final dot may be on its way."""
    ACCEPTED = "accepted"
    """The server answered 250 to the final dot."""
    BOUNCED = "bounced"
    """The server refused it for good."""
    FAILED = "failed"
    """It could not be sent for a reason of our own."""
    UNKNOWN = "unknown"
    """The final dot may have arrived, and its answer was never seen."""
    CANCELLED = "cancelled"
    """Called back."""
    EXPIRED = "expired"
    """Its time ran out."""
    SUPPRESSED = "suppressed"
    """The person must not be written to."""

    @property
    def is_final(self) -> bool:
        """Whether nothing more will be tried."""
        return self not in (JobState.QUEUED, JobState.DEFERRED, JobState.LEASED, JobState.DATA_SENT)


def _frozen_record(record: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    return dict(record) if isinstance(record, Mapping) else record


@attrs.frozen(kw_only=True)
class Job:
    """One letter to one person.

    It holds either finished bytes (`raw`), or a `template`'s name and the `record` as it was
    when the job was made; then the sender's `render` makes the same bytes at every try.

    Attributes:
        person: The application's id of the person, as text.
        envelope: From whom and to whom.
        message_id: The Message-ID, without angle brackets; fixed for all tries, and for every time
            that the job is made anew.
        date: The Date header; fixed for all tries.
        campaign: The campaign; with the recipient and step it is unique in an outbox.
        step: The step of that campaign. Of jobs with neither, the recipient and Message-ID are unique.
        raw: The finished message (RFC 5322); empty if it is made when it is sent.
        template: The name of the template that makes it; empty if `raw` is given.
        record: What the template is filled with.
        topic: The topic, for suppression.
        brand: The brand, for suppression.
        is_transactional: Whether the person's own act asked for it.
        priority: Higher goes first; up to 2**31 - 1, and down to the same below zero.
        account: On whose account it is sent, for quotas and fair shares; empty if there is one only.
        identity: The sending identity, such as a pool of IP addresses; empty for the sender's choice.
        provider: Who runs the recipient's mailbox, such as "gmail": letters to one provider share its
            limits. `Sender.add` fills it in from the recipient's domain where it is empty and known.
        not_before: When it may be sent; at once if None.
        expires_at: When it is worth nothing any more; never if None.

    Campaign and step say which letter it is. Give every letter that a person may get more than
    once, such as an order's receipt, a step of its own: the second would be passed over otherwise.
    A letter with neither campaign nor step is told apart by its Message-ID alone.

    >>> from datetime import UTC
    >>> receipts = [Job(person="17", envelope=Envelope(sender="shop@example.com", recipient=f"{name}@example.org"),
    ...                 message_id="1@example.com", date=datetime(2026, 3, 1, tzinfo=UTC), raw=b"Subject: Hi",
    ...                 campaign="receipt", step=order) for name in ("Anna", "anna") for order in ("1001", "1002")]
    >>> len({job.key for job in receipts})
    2
    """

    person: str = attrs.field(validator=one_line)
    envelope: Envelope = attrs.field(validator=attrs.validators.instance_of(Envelope))
    message_id: str = attrs.field(validator=message_id)
    date: datetime = attrs.field(converter=aware, validator=instant)
    campaign: str = attrs.field(default="", validator=one_line)
    step: str = attrs.field(default="", validator=one_line)
    raw: bytes = attrs.field(default=b"", repr=lambda raw: f"<{len(raw)} bytes>")
    template: str = attrs.field(default="", validator=one_line)
    record: Mapping[str, Any] | None = attrs.field(default=None, converter=_frozen_record, hash=False)
    topic: str = attrs.field(default="", validator=one_line)
    brand: str = attrs.field(default="", validator=one_line)
    is_transactional: bool = False
    priority: int = attrs.field(default=0)
    account: str = attrs.field(default="", validator=one_line)
    identity: str = attrs.field(default="", validator=one_line)
    provider: str = attrs.field(default="", validator=one_line)
    not_before: datetime | None = attrs.field(
        default=None, converter=attrs.converters.optional(aware), validator=attrs.validators.optional(instant)
    )
    expires_at: datetime | None = attrs.field(
        default=None, converter=attrs.converters.optional(aware), validator=attrs.validators.optional(instant)
    )

    @raw.validator
    def _check_raw(self, attribute: object, raw: bytes) -> None:
        if not isinstance(raw, bytes):
            raise InvalidValue("Job.raw", raw, "is not bytes", "give what `compose` encodes, or encode the text")

    @record.validator
    def _check_record(self, attribute: object, record: Mapping[str, Any] | None) -> None:
        if record is not None and not isinstance(record, Mapping):
            raise InvalidValue("Job.record", record, "is not a mapping", "write {'name': value}")

    @priority.validator
    def _check_priority(self, attribute: object, priority: int) -> None:
        if type(priority) is not int or abs(priority) > _HIGHEST_PRIORITY:
            raise InvalidValue("Job.priority", priority, "is not a whole number that fits 32 bits", "write 0, 1, 2 …")

    @template.validator
    def _check_source(self, attribute: object, template: str) -> None:
        if bool(self.raw) == bool(template):
            reason = "must have either finished bytes or a template's name, and not both"
            raise InvalidValue("Job", self.message_id, reason, "give raw= or template=")

    @property
    def key(self) -> str:
        """What is unique in an outbox: campaign, recipient without case, and step.

        A letter that has neither campaign nor step is unique by its Message-ID in the step's place.
        """
        step = self.step if self.campaign or self.step else self.message_id
        return "\n".join((self.campaign, self.envelope.recipient.address.key, step))

    def event(self, kind: Kind, at: datetime, **properties: str | int | float | bool | None) -> Event:
        """A fact about this job's letter. A letter has one fact of each kind and instant."""
        facts: Any = properties  # mypy cannot always solve the overloads of `dict`, which is the field's converter
        return Event(
            kind=kind,
            person=self.person,
            at=at,
            message_id=self.message_id,
            recipient=self.envelope.recipient.address,
            campaign=self.campaign,
            step=self.step,
            properties=facts,
        )

    def fact(self, kind: Kind, at: datetime, properties: dict[str, Property]) -> Event:
        """The same as `event` without checking anything again: for a sender, which makes one for each letter."""
        recipient = self.envelope.recipient.address
        return checked_event(kind, self.person, at, self.message_id, recipient, self.campaign, self.step, properties)
