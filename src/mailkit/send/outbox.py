"""The outbox: what is to be sent, and how far each job has come.

How to think about it. A job is leased before it is worked on, and every lease has an epoch,
one more than the last. Whoever holds the newest epoch may act; anybody else's word is ignored,
so a worker that slept past its lease cannot send what another has taken. Before the bytes that
contain the final dot leave, the job is committed as `data_sent`. A crash before that is
harmless: the lease runs out, and the job is tried again. A crash after it is the one case that
nobody can decide, so it is told as `unknown`, and nothing is sent twice. If the answer comes
after all, late but before anybody else has acted, it counts. ::

    queued ─▶ leased ─▶ data_sent ─▶ accepted
      ▲          │          ├──────▶ bounced
      │          │          ├──────▶ unknown ──▶ what a late answer says
      └─ deferred ◀─────────┘
                 └─▶ bounced, failed, suppressed, expired, cancelled

An `unknown` job is one whose lease ran out, or whose answer was lost, after the final dot. Whether it
is tried again is a policy's to say (`RetryPolicy.on_unknown`): a receipt is, and then that it was `unknown` is
written down first; a mailing is held until `resolve` settles it, which brings `failed` ones back too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final, Protocol, runtime_checkable

import attrs

from mailkit.checks import at_least, aware, instant
from mailkit.errors import InvalidValue
from mailkit.event import Event, Kind
from mailkit.send.jobs import Job, JobState

__all__ = ["Lane", "Lease", "Outbox", "Settlement", "bare_ids", "counts_for", "resolution", "unheard"]

_new: Final = object.__new__
_put: Final = object.__setattr__  # as the classes are frozen


@attrs.frozen(kw_only=True)
class Lane:
    """Jobs that wait in one row, because limits and fairness see no difference between them.

    Attributes:
        number: The lane's number in its outbox.
        priority: The jobs' priority.
        is_transactional: Whether their readers' own acts asked for them.
        account: On whose account they are sent.
        campaign: Their campaign.
        identity: The sending identity that they ask for.
        provider: Who runs their recipients' mailboxes; empty where that is not known.
        due: When the first of them is due.

    >>> import asyncio
    >>> from datetime import UTC
    >>> from mailkit import Envelope
    >>> from mailkit.send import MemoryOutbox
    >>> now, outbox = datetime(2026, 3, 1, tzinfo=UTC), MemoryOutbox()
    >>> jobs = [Job(person=name, envelope=Envelope(sender="shop@example.com", recipient=f"{name}@gmail.com"),
    ...             message_id=f"{name}@example.com", date=now, raw=b"Subject: Hi", campaign="june", provider="gmail")
    ...         for name in ("anna", "ben")]
    >>> _ = asyncio.run(outbox.add(jobs, now=now))
    >>> [(lane.campaign, lane.provider) for lane in asyncio.run(outbox.lanes())]
    [('june', 'gmail')]
    """

    number: int
    priority: int
    is_transactional: bool
    account: str
    campaign: str
    identity: str
    provider: str
    due: datetime


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
        lane: The number of the lane in which it waited.

    Only the newest lease of a job counts:

    >>> import asyncio
    >>> from datetime import UTC, timedelta
    >>> from mailkit import Envelope
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
    lane: int = 0

    @classmethod
    def of(
        cls, number: int, job: Job, epoch: int, tries: int, until: datetime, queued_at: datetime, lane: int
    ) -> Lease:
        """A lease from parts that an outbox has checked already: an outbox makes one for each letter."""
        self = _new(cls)
        _put(self, "number", number)
        _put(self, "job", job)
        _put(self, "epoch", epoch)
        _put(self, "tries", tries)
        _put(self, "until", until)
        _put(self, "queued_at", queued_at)
        _put(self, "lane", lane)
        return self


@attrs.frozen(kw_only=True)
class Settlement:
    """What came of a try.

    Attributes:
        lease: Whose try it was.
        state: The job's next state: a final one, or `deferred`; `queued` gives it back untried.
        event: The fact to write down together with the state; None for `queued`.
        before: A fact that comes before it: that the job was `unknown`, if it is tried again all the same.
        due: When to try again, for `deferred` and `queued`.

    >>> from datetime import UTC
    >>> from mailkit import Envelope
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
    before: Event | None = None

    def __attrs_post_init__(self) -> None:
        if self.state in (JobState.LEASED, JobState.DATA_SENT):
            raise InvalidValue("Settlement.state", self.state, "is not what comes of a try")
        if (self.due is None) != self.state.is_final:
            raise InvalidValue("Settlement.due", self.due, f"does not fit the state {self.state.value!r}")

    @classmethod
    def end(cls, lease: Lease, state: JobState, event: Event) -> Settlement:
        """A settlement with a final state, without checking that it is one: a sender makes one for each letter."""
        self = _new(cls)
        _put(self, "lease", lease)
        _put(self, "state", state)
        _put(self, "event", event)
        _put(self, "due", None)
        _put(self, "before", None)
        return self


@runtime_checkable
class Outbox(Protocol):
    """Where jobs wait. `MemoryOutbox` forgets; `mailkit.stores` keeps them in a database.

    Every method is atomic, and what it did stays done once it has returned.
    """

    async def add(self, jobs: Iterable[Job], *, now: datetime) -> int:
        """Put jobs in, passing over those whose key is there already; give how many were new."""
        ...

    async def lanes(self) -> Sequence[Lane]:
        """The lanes in which jobs wait, due or not, without those of campaigns that are paused; none while all are."""
        ...

    async def lease(
        self, *, now: datetime, until: datetime, limit: int, lanes: Mapping[int, int] | None = None
    ) -> Sequence[Lease]:
        """Take up to `limit` jobs that are due and not paused: higher priority first, then the longest due.

        Args:
            now: The present instant.
            until: When the leases end.
            limit: How many to take in all.
            lanes: From which lanes, by their numbers, and how many from each at most; from all if None.
        """
        ...

    async def mark_data_sent(self, leases: Sequence[Lease], *, now: datetime) -> frozenset[int]:
        """Commit that the final dot may now go out; give the numbers for which the lease still holds.

        A job that is not in the answer must not be sent: its lease is over, or it is paused or
        cancelled. So what is paused, nothing is sent of after `pause` has come back, in any process,
        but for letters whose final dot was committed before.
        """
        ...

    async def settle(self, settlements: Sequence[Settlement]) -> frozenset[int]:
        """Write down what came of tries, each with its event; give the numbers of those that counted.

        A settlement counts if its lease is the job's newest and has not been settled or taken
        back. One that tells a server's answer counts too while the job is `unknown` under that
        very lease: then nobody else has acted, and knowing is better than not.
        """
        ...

    async def recover(self, *, now: datetime, retries: Callable[[Job], bool] | None = None) -> Sequence[Event]:
        """Take back the leases that ran out: `leased` jobs are due again, `data_sent` ones become `unknown`.

        Args:
            now: The present instant.
            retries: Which jobs are tried again although they may have arrived; none if None. That they were
                `unknown` is written down first, and then that they are `deferred`, as one step.

        Returns:
            The events that this wrote.
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

    async def pause(self, campaign: str | None = None) -> None:
        """Let nothing more of a campaign be sent, by any process; nothing at all if None. It lasts until `resume`."""
        ...

    async def resume(self, campaign: str | None = None) -> None:
        """Undo `pause`: what a campaign's own pause stopped, or what the one for everything did."""
        ...

    async def paused(self) -> frozenset[str | None]:
        """What is paused: names of campaigns, and None if everything is."""
        ...

    async def cancel(self, campaign: str, *, now: datetime) -> int:
        """Call back the jobs of a campaign that have not been sent; give how many that were.

        Those whose final dot was committed are left: they go on to their end.
        """
        ...

    async def next_due(self) -> datetime | None:
        """The next instant at which a job that is not paused is due, or a lease runs out; None if there is none."""
        ...

    async def counts(self) -> Mapping[JobState, int]:
        """How many jobs there are in each state; states without any are left out."""
        ...


def unheard(job: Job, now: datetime, *, goes_again: bool) -> list[Event]:
    """The facts about a job whose answer was not seen in time, for implementations of `Outbox.recover`.

    That it is `unknown`; and then that it is `deferred`, if it is tried again all the same, which counts as a try.
    """
    unknown = job.event(Kind.UNKNOWN, now, reason="no answer to the final dot was seen")
    if not goes_again:
        return [unknown]
    why = "no answer to the final dot was seen, and it is tried again as it may"
    return [
        unknown,
        job.event(Kind.DEFERRED, now, reason=why, cause="networkerror", family="transport", action="retry"),
    ]


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
