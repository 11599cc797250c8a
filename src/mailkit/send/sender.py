"""The sender: takes jobs from an outbox, brings them away, and writes down what came of them. I/O.

What happens in a run is told in `send.run`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from functools import partial
from random import Random
from types import TracebackType
from typing import Literal, Self

import attrs

from mailkit.blocking import run
from mailkit.checks import counted
from mailkit.clock import Clock, SystemClock
from mailkit.errors import InvalidValue, MailkitError
from mailkit.event import Event
from mailkit.progress import Progress, watch
from mailkit.send.gate import Gate
from mailkit.send.jobs import Job, JobState
from mailkit.send.outbox import Outbox
from mailkit.send.retry import RetryPolicy
from mailkit.send.run import Run
from mailkit.send.summary import Summary, Tally
from mailkit.send.throttle import Limits, positive
from mailkit.send.transport import Transport
from mailkit.suppression import Suppression

__all__ = ["Sender"]


def _suppression(given: Suppression | None) -> Suppression:
    return Suppression() if given is None else given


def _chance(given: Random | None) -> Random:
    return Random() if given is None else given


@attrs.define(eq=False, kw_only=True)
class Sender:
    """Sends the jobs of an outbox until none is left.

    Attributes:
        transport: What carries letters away.
        outbox: Where the jobs are.
        limits: How fast it may go.
        retry: How patiently it tries again.
        suppression: Who must not be written to. It is fed with the sender's own events, so a
            dead address is not tried twice in one run.
        render: Makes the bytes of jobs that hold a template's name: the same bytes at every try.
            Without it, a run that meets such a job raises, and the job stays due.
        on_event: Told of every outcome, after it was written down; a function or a coroutine
            function. If it raises, the run starts no more jobs, finishes those under way, and
            raises that error; nothing is lost, and the outbox has kept the fact.
        clock: What tells the time.
        rng: Chance, for the jitter of retries; seeded by the machine if None.
        workers: How many letters may be under way at once.
        lease_for: How long a worker may hold a job. It should be longer than a slow delivery, or
            its job is told as `unknown` until the late answer comes; and after a crash it is how
            long the next run waits for what was under way.
        progress: Who is told how far it is; see `mailkit.progress.watch`.

    A letter that cannot be rendered or sent fails alone. A server that cannot be reached
    puts its letters off, from the first connection on, and the summary says why; a set-up that
    can never work, such as a refused login, raises `TransportError` before any job is taken. What
    keeps all letters from going is logged too, as a warning of "mailkit.send", once for each
    reason in a run, and without addresses.

    >>> from datetime import UTC, datetime
    >>> from mailkit import Envelope
    >>> from mailkit.send import MemoryOutbox
    >>> from mailkit.testing.transport import MemoryTransport
    >>> outbox = MemoryOutbox()
    >>> sender = Sender(transport=MemoryTransport(), outbox=outbox)
    >>> sender.add_sync([Job(person="17", envelope=Envelope(sender="shop@example.com", recipient="anna@example.org"),
    ...     message_id="1@example.com", date=datetime(2026, 3, 1, tzinfo=UTC), raw=b"Subject: Hello")])
    1
    >>> sender.run_sync()[JobState.ACCEPTED]
    1
    """

    transport: Transport
    outbox: Outbox
    limits: Limits = attrs.field(factory=Limits)
    retry: RetryPolicy = attrs.field(factory=RetryPolicy)
    suppression: Suppression = attrs.field(default=None, converter=_suppression)
    render: Callable[[Job], bytes] | None = None
    on_event: Callable[[Event], object] | None = None
    clock: Clock = attrs.field(factory=SystemClock)
    rng: Random = attrs.field(default=None, converter=_chance)
    workers: int = attrs.field(default=10, validator=counted)
    lease_for: timedelta = attrs.field(default=timedelta(minutes=5), validator=positive)
    progress: Progress | Literal[False] | None = None
    _gate: Gate = attrs.field(init=False)
    _is_running: bool = attrs.field(init=False, default=False)

    def __attrs_post_init__(self) -> None:
        self._gate = Gate(self.clock, self.limits.overall[0] if self.limits.overall else None)

    async def add(self, jobs: Iterable[Job]) -> int:
        """Put jobs into the outbox; give how many were new.

        Raises:
            InvalidValue: What is given is not a row of jobs; nothing is added then.
        """
        return await self.outbox.add(_jobs(jobs), now=self.clock.now())

    def add_sync(self, jobs: Iterable[Job]) -> int:
        """Put jobs into the outbox, from synchronous code; give how many were new."""
        return run(partial(self.add, jobs))

    async def resolve(self, verdicts: Mapping[str, bool]) -> int:
        """Settle `unknown` jobs by what was learnt elsewhere, and bring `failed` ones back.

        Args:
            verdicts: By Message-ID: True if the server took the letter, which is then
                `accepted`; False if it did not, as the server's log may say, and the job is due
                again. A `failed` job with False is due again too, once its cause is mended. All
                others are left alone. `on_event` is not told: the caller knows.

        Returns:
            How many jobs were settled.
        """
        return len(await self.outbox.resolve(verdicts, now=self.clock.now()))

    def resolve_sync(self, verdicts: Mapping[str, bool]) -> int:
        """Do what `resolve` does, from synchronous code."""
        return run(partial(self.resolve, verdicts))

    def run_sync(self, *, until_empty: bool = True) -> Summary:
        """Do what `run` does, from synchronous code: a script, a notebook, a Django view."""
        return run(partial(self.run, until_empty=until_empty))

    async def run(self, *, until_empty: bool = True) -> Summary:
        """Send until no job is open, waiting for retries in between.

        If it is cancelled, it gives back the jobs that it has not begun, and waits for those
        under way; a second cancellation cuts these off, and their leases run out.

        Args:
            until_empty: False sends what is due now and comes back, for a cron job.

        Raises:
            TransportError: The transport can never work as it is set up.
            InvalidValue: A job asks for a template, and there is no `render`. The job stays due.
            StoreError: The outbox cannot be used any more.
        """
        if self._is_running:
            raise MailkitError("this sender is running already; wait for that run, or make a second Sender")
        self._is_running = True
        try:
            await self.transport.open()
            with watch(_open_jobs(await self.outbox.counts()), "sending", self.progress) as done:
                tally = Tally(started_at=self.clock.now(), done=done)
                await Run(self, self._gate, tally).drain(until_empty=until_empty)
            return tally.summary(self.clock.now(), open_jobs=_open_jobs(await self.outbox.counts()))
        finally:
            self._is_running = False
            await self.transport.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing is held between runs: each opens the transport and closes it."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing is held between runs: each opens the transport and closes it."""


def _jobs(given: Iterable[Job]) -> tuple[Job, ...]:
    if not isinstance(given, Iterable):
        raise InvalidValue("jobs", given, "is not a row of jobs", "write [job]")
    jobs = tuple(given)
    for place, job in enumerate(jobs):
        if not isinstance(job, Job):
            raise InvalidValue(f"jobs[{place}]", job, "is not a Job", "give Jobs, one after another")
    return jobs


def _open_jobs(counts: Mapping[JobState, int]) -> int:
    return sum(count for state, count in counts.items() if not state.is_final)
