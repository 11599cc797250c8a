"""The sender: takes jobs from an outbox, brings them away, and writes down what came of them. I/O.

What happens in a run is told in `send.run`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from random import Random
from types import TracebackType
from typing import Final, Literal, Protocol, Self

import attrs

from mailkit.blocking import run
from mailkit.checks import able, counted
from mailkit.clock import Clock, SystemClock
from mailkit.errors import InvalidValue, MailkitError
from mailkit.event import Event
from mailkit.progress import Progress, watch
from mailkit.send.caps import Caps
from mailkit.send.deliveries import Watch
from mailkit.send.dispatcher_shaping import Shaping
from mailkit.send.gate import AllowList, Gate
from mailkit.send.jobs import Job, JobState
from mailkit.send.limits.limits import Limits, Shape
from mailkit.send.limits.memory import MemoryMeter
from mailkit.send.limits.providers import provider_of
from mailkit.send.limits.rate import positive
from mailkit.send.limits.shaper import Shaper
from mailkit.send.meter import Meter
from mailkit.send.outbox import Outbox
from mailkit.send.prepare import Render
from mailkit.send.retry import RetryPolicies, RetryPolicy
from mailkit.send.run import Run, Until
from mailkit.send.signals import stopping_on_signals
from mailkit.send.signing.signer import Signer
from mailkit.send.states import Kept, States
from mailkit.send.summary import Summary, Tally
from mailkit.send.transport import Direct, Transport
from mailkit.send.unlimited import Unlimited
from mailkit.send.warming import Warming
from mailkit.send.warmup.routes import Warmup
from mailkit.suppression import Suppression

__all__ = ["News", "Sender"]

_UNTIL: Final = ("empty", "idle", "stopped")


class News(Protocol):
    """Where facts come from that others wrote, such as unsubscriptions that a web application takes."""

    async def since_last(self) -> Sequence[Event]:
        """The events that were written since the last call; at the first call, all that matter.

        Asked before jobs are leased, at most once a second.
        """
        ...


def _only_to(given: Iterable[str] | None) -> AllowList | None:
    return None if given is None else AllowList(given)


def _suppression(given: Suppression | None) -> Suppression:
    return Suppression() if given is None else given


def _chance(given: Random | None) -> Random:
    return Random() if given is None else given


def _outbox(_: object, attribute: object, given: Outbox) -> None:
    if not callable(getattr(given, "lease", None)):
        mend = (
            "give store.outbox" if hasattr(given, "outbox") else "give MemoryOutbox(), or stores.open('shop.db').outbox"
        )
        raise InvalidValue("Sender.outbox", given, "is no outbox", mend)


def _limits(_: object, attribute: object, given: Limits | None) -> None:
    if not isinstance(given, Limits | None):
        raise InvalidValue("Sender.limits", given, "is no Limits", "write Limits(overall=Rate(20, per=timedelta(…)))")


def _retry(_: object, attribute: object, given: object) -> None:
    if not isinstance(given, RetryPolicy | RetryPolicies):
        raise InvalidValue("Sender.retry", given, "is no RetryPolicy", "write RetryPolicy(most_tries=3)")


@attrs.define(eq=False, kw_only=True)
class Sender:
    """Sends the jobs of an outbox until none is left.

    Attributes:
        transport: What carries letters away.
        transports: What carries the letters of some identities away, by the identities' names; the
            letters of others go by `transport`.
        outbox: Where the jobs are.
        limits: How fast it may go. Without any, nothing is learnt from providers' answers either; but where a
            transport goes to many places by itself, such as `MXTransport`, it is `Limits(default=Shape())`: no
            rates, and each provider or domain bears only so many letters at once as it proves to, so that a slow
            one does not hold up all others.
        shaper: What keeps the limits and learns from answers; one for `limits` if None. With one of your
            own, such as a `Shaper` with more rules, `limits` is not looked at.
        meter: What keeps the limits' rates: one in memory unless given. Senders in several processes keep
            them together with one meter in a database.
        warmup: Which identities are being warmed up. A letter goes by the identity that has a place today, which
            may be the overflow, or waits for one.
        states: Where what was learnt is kept over the end of the process, and shared with others: the
            warm-up's state, and what providers' answers led to; the `states` of a store. The warm-up is a
            shared one then. It is written at most every five seconds, and at the end of a run; what a process that
            is killed had not written is lost, and so are the places it held.
        retry: How patiently it tries again: one policy, or one for each class of letters. By default
            transactional letters are tried again sooner, and also if they may have arrived already.
        suppression: Who must not be written to. It is fed with the sender's own events, so a
            dead address is not tried twice in one run.
        caps: How many letters a person gets at most.
        only_to: To whom alone it may write, on a staging system: addresses, and domains as
            "@example.com". Letters to others end as `suppressed`.
        news: Where facts come from that others wrote, for suppression and caps.
        render: Makes the bytes of jobs that hold a template's name: the same bytes at every try.
            Without it, a run that meets such a job raises, and the job stays due.
        signer: What signs the finished bytes. If it has a method `try_keys`, as those of `mailkit.send.signing`
            have, that is called before the first run, so that a key that cannot sign costs no letter.
        signing_threads: How many threads make slow signatures; as many as the machine has cores if None.
        on_event: Told of every outcome, after it was written down; a function or a coroutine
            function. If it raises, the run starts no more jobs, finishes those under way, and
            raises that error; nothing is lost, and the outbox has kept the fact.
        watch: What counts for monitoring.
        clock: What tells the time.
        rng: Chance, for the jitter of retries; seeded by the machine if None.
        workers: How many letters may be under way at once in each transport; as many as it makes use of if None.
        lease_for: How long a worker may hold a job. It should be longer than a slow delivery, or
            its job is told as `unknown` until the late answer comes; and after a crash it is how
            long the next run waits for what was under way.
        progress: Who is told how far it is; see `mailkit.progress.watch`.

    A letter that cannot be rendered or sent fails alone. A server that cannot be reached
    puts its letters off, from the first connection on, and the summary says why; a set-up that
    can never work, such as a refused login, raises `TransportError` before any job is taken, and a key
    that cannot sign raises `InvalidValue`. What keeps all letters from going is logged too, as a warning of
    "mailkit.send", once for each reason in a run, and without addresses. So is each measure that a provider's answer
    led to; a campaign that a provider does not want (`Measure.STOP`) is paused.

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

    transport: Transport | None = attrs.field(default=None, validator=able("deliver", "give SMTPTransport(…)"))
    transports: Mapping[str, Transport] = attrs.field(factory=dict)
    outbox: Outbox = attrs.field(validator=_outbox)
    limits: Limits | None = attrs.field(default=None, validator=_limits)
    shaper: Shaping | None = None
    meter: Meter = attrs.field(factory=MemoryMeter, validator=able("reserve", "give store.meter, or leave it out"))
    warmup: Warmup | None = None
    states: States | None = None
    retry: RetryPolicy | RetryPolicies = attrs.field(factory=RetryPolicies, validator=_retry)
    suppression: Suppression = attrs.field(default=None, converter=_suppression)
    caps: Caps | None = None
    only_to: AllowList | None = attrs.field(default=None, converter=_only_to)
    news: News | None = None
    render: Render | None = None
    signer: Signer | None = attrs.field(default=None, validator=able("sign", "give DKIMSigner(domain, keys)"))
    signing_threads: int | None = attrs.field(default=None, validator=attrs.validators.optional(counted))
    on_event: Callable[[Event], object] | None = None
    watch: Watch | None = None
    clock: Clock = attrs.field(factory=SystemClock)
    rng: Random = attrs.field(default=None, converter=_chance)
    workers: int | None = attrs.field(default=None, validator=attrs.validators.optional(counted))
    lease_for: timedelta = attrs.field(default=timedelta(minutes=5), validator=positive)
    progress: Progress | Literal[False] | None = None
    warming: Warming | None = attrs.field(init=False, default=None, repr=False)
    kept: Kept = attrs.field(init=False, repr=False)
    _proved: Signer | None = attrs.field(init=False, default=None, repr=False)
    _run: Run | None = attrs.field(init=False, default=None)
    _is_running: bool = attrs.field(init=False, default=False)

    def __attrs_post_init__(self) -> None:
        if self.transport is None and not self.transports:
            raise InvalidValue("Sender", None, "has no transport", "give transport=SMTPTransport(…)")
        if self.warmup is not None and self.warmup.is_shared and self.states is None:
            raise InvalidValue("Sender.states", None, "is needed for a warm-up that is shared", "give store.states")
        if self.limits is None and any(isinstance(one, Direct) for one in self.carriers().values()):
            self.limits = Limits(default=Shape())
        if self.shaper is None:
            self.shaper = Unlimited() if self.limits is None else Shaper(self.limits)
        if self.warmup is not None:
            self.warming = Warming(self.warmup, self.shaper)
        learning = self.shaper if isinstance(self.shaper, Shaper) else None
        self.kept = Kept(self.states, learning, self.warming)

    @property
    def shaping(self) -> Shaping:
        """What keeps the limits, and the warm-up before them."""
        assert self.shaper is not None, "made when the sender was"
        return self.shaper if self.warming is None else self.warming

    @property
    def policies(self) -> RetryPolicies:
        """How patiently letters of each class are tried again."""
        return RetryPolicies.of(self.retry)

    def carriers(self) -> dict[str, Transport]:
        """What carries letters away, by identity; "" is for all that have none of their own."""
        return {**({} if self.transport is None else {"": self.transport}), **self.transports}

    async def add(self, jobs: Iterable[Job]) -> int:
        """Put jobs into the outbox, each with its reader's provider where that is known; give how many were new.

        Raises:
            InvalidValue: What is given is not a row of jobs; nothing is added then.
        """
        added = await self.outbox.add(self._with_providers(_jobs(jobs)), now=self.clock.now())
        self._look()
        return added

    def add_sync(self, jobs: Iterable[Job]) -> int:
        """Put jobs into the outbox, from synchronous code; give how many were new."""
        return run(partial(self.add, jobs))

    async def pause(self, campaign: str | None = None) -> None:
        """Send nothing more of a campaign, in any process; nothing at all if None. It lasts until `resume`.

        Once this has come back, no final dot goes out but those that were on their way.
        """
        await self.outbox.pause(campaign)
        self._look()

    def pause_sync(self, campaign: str | None = None) -> None:
        """Do what `pause` does, from synchronous code."""
        run(partial(self.pause, campaign))

    async def resume(self, campaign: str | None = None) -> None:
        """Undo `pause`."""
        await self.outbox.resume(campaign)
        self._look()

    def resume_sync(self, campaign: str | None = None) -> None:
        """Do what `resume` does, from synchronous code."""
        run(partial(self.resume, campaign))

    async def cancel(self, campaign: str) -> int:
        """Call back the letters of a campaign that have not been sent; give how many that were."""
        cancelled = await self.outbox.cancel(campaign, now=self.clock.now())
        self._look()
        return cancelled

    def cancel_sync(self, campaign: str) -> int:
        """Do what `cancel` does, from synchronous code."""
        return run(partial(self.cancel, campaign))

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

    def run_sync(self, *, until: Until = "empty", handle_signals: bool = True) -> Summary:
        """Do what `run` does, from synchronous code: a script, a notebook, a Django view."""
        return run(partial(self.run, until=until, handle_signals=handle_signals))

    def stop(self) -> None:
        """Let a run in the same event loop end: it finishes what is under way, and gives back the rest."""
        if self._run is not None:
            self._run.stop()

    async def run(self, *, until: Until = "empty", handle_signals: bool = False) -> Summary:
        """Send, waiting for retries and limits in between.

        If it is cancelled, it gives back the jobs that it has not begun, and waits for those
        under way; a second cancellation cuts these off, and their leases run out.

        Args:
            until: "empty" works until no job is open but those that are paused; "idle" sends what is
                due now, and comes back rather than wait for retries, or longer than `lease_for` for
                a limit: for a cron job; "stopped" goes on until `stop` or a cancellation.
            handle_signals: Whether the first SIGTERM or SIGINT acts as `stop`; a second one then acts
                as usual. Only in the main thread.

        Raises:
            TransportError: A transport can never work as it is set up.
            InvalidValue: A job asks for a template, and there is no `render`; or a key cannot sign. Jobs stay due.
            StoreError: The outbox cannot be used any more.
        """
        if until not in _UNTIL:
            raise InvalidValue("until", until, "is not when a run can end", "write 'empty', 'idle' or 'stopped'")
        if self._is_running:
            raise MailkitError("this sender is running already; wait for that run, or make a second Sender")
        self._is_running = True
        carriers = list(self.carriers().values())
        try:
            await self._prove_signer()
            for transport in carriers:
                if isinstance(transport, Direct) and isinstance(self.shaper, Shaper):
                    transport.heed(self._shape_of)
                await transport.open()
            return await self._drain(until, handle_signals=handle_signals)
        finally:
            self._is_running, self._run = False, None
            for transport in carriers:
                await transport.close()

    async def _prove_signer(self) -> None:
        """Have each key sign once, before any job is taken; once for all runs, as a key kept elsewhere may cost."""
        signer = self.signer
        if signer is None or signer is self._proved:
            return
        try_keys = getattr(signer, "try_keys", None)
        if try_keys is not None:
            await asyncio.to_thread(try_keys)
        self._proved = signer

    def _shape_of(self, domain: str) -> Shape:
        assert isinstance(self.shaper, Shaper), "looked at before"
        return self.shaper.limits.shape_of(self.shaper.provider_of(domain))

    async def _drain(self, until: Until, *, handle_signals: bool) -> Summary:
        with watch(_open_jobs(await self.outbox.counts()), "sending", self.progress) as done:
            tally = Tally(started_at=self.clock.now(), done=done)
            self._run = one = Run(self, Gate(self.suppression, self.caps, self.only_to), tally)
            with stopping_on_signals(one.stop, are_handled=handle_signals):
                await one.drain(until)
        open_jobs, paused = _open_jobs(await self.outbox.counts()), await self.outbox.paused()
        return tally.summary(self.clock.now(), open_jobs=open_jobs, paused=paused, was_stopped=one.was_stopped)

    def _with_providers(self, jobs: tuple[Job, ...]) -> Iterable[Job]:
        """The jobs, with their providers filled in where they are empty and known."""
        told: dict[str, str] = {}
        for job in jobs:
            domain = job.envelope.recipient.address.domain.ascii
            if not job.provider and domain not in told:
                told[domain] = self._provider_of(domain)
            provider = job.provider or told[domain]
            yield job if provider == job.provider else attrs.evolve(job, provider=provider)

    def _provider_of(self, domain: str) -> str:
        return self.shaper.provider_of(domain) if isinstance(self.shaper, Shaper) else provider_of(domain)

    def _look(self) -> None:
        """Tell a run that something has changed, if it is in this thread; others see it within half a second."""
        if self._run is not None and self._run.is_here:
            self._run.look()

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
