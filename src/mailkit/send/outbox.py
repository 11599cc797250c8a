"""The outbox: what is to be sent, and how far each job has come.

How to think about it. A job is leased before it is worked on, and every lease has an epoch,
one more than the last. Whoever holds the newest epoch may act; anybody else's word is ignored,
so a worker that slept past its lease cannot send what another has taken. Before the bytes that
contain the final dot leave, the job is committed as `data_sent`. A crash before that is
harmless: the lease runs out, and the job is tried again. A crash after it is the one case that
nobody can decide, so it is told as `unknown`, and nothing is sent twice. If the answer comes
after all, late but before anybody else has acted, it counts.

    queued ─▶ leased ─▶ data_sent ─▶ accepted
      ▲          │          ├──────▶ bounced
      │          │          ├──────▶ unknown ──▶ what a late answer says
      └─ deferred ◀─────────┘
                 └─▶ bounced, failed, suppressed, expired, cancelled

An `unknown` job is one whose lease ran out, or whose answer was lost, after the final dot. It is
never tried again by itself; `resolve` settles it, and brings `failed` ones back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Protocol, runtime_checkable

import attrs

from mailkit.checks import at_least, aware, instant, message_id, one_line
from mailkit.envelope import Envelope
from mailkit.errors import InvalidValue
from mailkit.event import Event, Kind

__all__ = ["Job", "JobState", "Lease", "Outbox", "Settlement", "bare_ids", "counts_for", "resolution"]

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


@attrs.frozen(kw_only=True)
class Lease:
    """The right to work on a job until an instant.

    Attributes:
        number: The job's number in its outbox.
        job: The job.
        epoch: Which lease of this job it is, from 1.
        tries: How often the job has been tried before.
        until: When the right ends.
        queued_at: When the job came into the outbox.

    Only the newest lease of a job counts:

    >>> import asyncio
    >>> from datetime import UTC, timedelta
    >>> from mailkit.send import MemoryOutbox
    >>> now, minute = datetime(2026, 3, 1, tzinfo=UTC), timedelta(minutes=1)
    >>> async def sleep_past_the_lease(outbox):
    ...     await outbox.add([Job(person="17", envelope=Envelope(sender="a@example.com", recipient="b@example.com"),
    ...                           message_id="1@example.com", date=now, raw=b"Subject: Hi")], now=now)
    ...     (old,) = await outbox.lease(now=now, until=now + minute, limit=1)
    ...     await outbox.recover(now=now + minute)
    ...     (new,) = await outbox.lease(now=now + minute, until=now + 2 * minute, limit=1)
    ...     return [len(await outbox.mark_data_sent([lease], now=now + minute)) for lease in (old, new)]
    >>> asyncio.run(sleep_past_the_lease(MemoryOutbox()))
    [0, 1]
    """

    number: int
    job: Job
    epoch: int = attrs.field(validator=at_least(1))
    tries: int = attrs.field(validator=at_least(0))
    until: datetime = attrs.field(converter=aware, validator=instant)
    queued_at: datetime = attrs.field(converter=aware, validator=instant)


@attrs.frozen(kw_only=True)
class Settlement:
    """What came of a try.

    Attributes:
        lease: Whose try it was.
        state: The job's next state: a final one, or `deferred`; `queued` gives it back untried.
        event: The fact to write down together with the state; None for `queued`.
        due: When to try again, for `deferred` and `queued`.

    >>> from datetime import UTC
    >>> now = datetime(2026, 3, 1, tzinfo=UTC)
    >>> job = Job(person="17", envelope=Envelope(sender="shop@example.com", recipient="anna@example.org"),
    ...           message_id="1@example.com", date=now, raw=b"Subject: Hello")
    >>> lease = Lease(number=1, job=job, epoch=1, tries=0, until=now, queued_at=now)
    >>> Settlement(lease=lease, state=JobState.DEFERRED, event=None)
    Traceback (most recent call last):
    mailkit.errors.InvalidValue: Settlement.due: None does not fit the state 'deferred'
    """

    lease: Lease
    state: JobState
    event: Event | None
    due: datetime | None = None

    def __attrs_post_init__(self) -> None:
        if self.state in (JobState.LEASED, JobState.DATA_SENT):
            raise InvalidValue("Settlement.state", self.state, "is not what comes of a try")
        if (self.due is None) != self.state.is_final:
            raise InvalidValue("Settlement.due", self.due, f"does not fit the state {self.state.value!r}")


@runtime_checkable
class Outbox(Protocol):
    """Where jobs wait. `MemoryOutbox` forgets; `mailkit.stores` keeps them in a database.

    Every method is atomic, and what it did stays done once it has returned.
    """

    async def add(self, jobs: Iterable[Job], *, now: datetime) -> int:
        """Put jobs in, passing over those whose key is there already; give how many were new."""
        ...

    async def lease(self, *, now: datetime, until: datetime, limit: int) -> Sequence[Lease]:
        """Take up to `limit` jobs that are due: higher priority first, then the longest due."""
        ...

    async def mark_data_sent(self, leases: Sequence[Lease], *, now: datetime) -> frozenset[int]:
        """Commit that the final dot may now go out; give the numbers for which the lease still holds.

        A job that is not in the answer must not be sent.
        """
        ...

    async def settle(self, settlements: Sequence[Settlement]) -> frozenset[int]:
        """Write down what came of tries, each with its event; give the numbers of those that counted.

        A settlement counts if its lease is the job's newest and has not been settled or taken
        back. One that tells a server's answer counts too while the job is `unknown` under that
        very lease: then nobody else has acted, and knowing is better than not.
        """
        ...

    async def recover(self, *, now: datetime) -> Sequence[Event]:
        """Take back the leases that ran out: `leased` jobs are due again, `data_sent` ones become `unknown`.

        Gives the `unknown` events that this wrote.
        """
        ...

    async def resolve(self, verdicts: Mapping[str, bool], *, now: datetime) -> Sequence[Event]:
        """Settle `unknown` jobs by what was learnt elsewhere, and bring `failed` ones back.

        An `unknown` job whose Message-ID has the verdict True was taken and becomes `accepted`;
        with False it was not, and is due again. A `failed` one with False is due again, once its
        cause is mended. Jobs in any other state are left alone. Angle brackets around a
        Message-ID do not matter.

        Gives the events that this wrote.
        """
        ...

    async def next_due(self) -> datetime | None:
        """The next instant at which a job is due or a lease runs out; None if no job is open."""
        ...

    async def counts(self) -> Mapping[JobState, int]:
        """How many jobs there are in each state; states without any are left out."""
        ...


def counts_for(settlement: Settlement, state: JobState) -> bool:
    """Whether a settlement by the newest lease counts for a job in this state, for implementations of `Outbox.settle`.

    Late, it must tell what the server answered; anything else is no news about an `unknown` job.
    """
    if state is JobState.UNKNOWN:
        return settlement.state in (JobState.ACCEPTED, JobState.BOUNCED, JobState.DEFERRED, JobState.EXPIRED)
    return state in (JobState.LEASED, JobState.DATA_SENT)


def bare_ids(verdicts: Mapping[str, bool]) -> dict[str, bool]:
    """The verdicts by Message-IDs without angle brackets and blanks, for implementations of `Outbox.resolve`."""
    return {message_id.strip("<> \t\r\n"): verdict for message_id, verdict in verdicts.items()}


def resolution(job: Job, state: JobState, now: datetime, *, was_taken: bool) -> Event | None:
    """The fact that a verdict makes of a job, for implementations of `Outbox.resolve`; None if it makes nothing.

    `accepted` ends the job; `deferred` makes it due again.
    """
    if state is JobState.UNKNOWN and was_taken:
        return job.event(Kind.ACCEPTED, now, reason="its answer was not seen, and the server had taken it")
    if state is JobState.UNKNOWN:
        why = "its answer was not seen, and the server had not taken it"
        return job.event(Kind.DEFERRED, now, reason=why, cause="networkerror", family="transport", action="retry")
    if state is JobState.FAILED and not was_taken:
        return job.event(Kind.DEFERRED, now, reason="it had failed, and was brought back", action="retry")
    return None
