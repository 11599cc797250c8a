"""What drives a check: asks its questions and steps it on.

Each branch goes on as soon as its own answers are there. A driver that marched in rounds
would make every branch wait for the slowest: one dead name would cost its time-out once
for every round.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from inspect import isawaitable, iscoroutinefunction
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

import attrs

from mailkit.clock import Clock, SystemClock
from mailkit.dns.errands import Fetch, Fetched, Greet, Greeted, NotAsked
from mailkit.dns.lookup import Check, Failure, Fetcher, Greeter, Outcome, Query, Resolver, Step, TimedOut
from mailkit.dns.zonedict import DictResolver
from mailkit.errors import InvalidValue

if TYPE_CHECKING:
    from asyncio import Future, Task

__all__ = [
    "DEADLINE",
    "IN_FLIGHT",
    "Helpers",
    "drive",
    "drive_blocking",
    "is_async",
    "resolver_from",
    "run",
    "run_sync",
]

T = TypeVar("T")

IN_FLIGHT: Final = 32
"""Questions of one check that are on their way at the same time."""

DEADLINE: Final = timedelta(seconds=10)
"""After how long a check comes to its end, unless it is told otherwise."""

_LONGEST: Final = timedelta(days=366)
"""A deadline that is later than this is as good as none, and no clock overflows."""

_Asked: TypeAlias = Query | Fetch | Greet


@attrs.frozen(kw_only=True)
class Helpers:
    """Who brings what the DNS does not hold.

    Attributes:
        fetcher: Brings pages of the web; None if nobody does.
        greeter: Greets mail servers; None if nobody does.
    """

    fetcher: Fetcher | None = None
    greeter: Greeter | None = None


def resolver_from(given: Resolver | Mapping[Any, Any] | None) -> Resolver:
    """A resolver, where a dict is one too, and nothing stands for this machine's own name servers."""
    if given is None:
        from mailkit.dns.resolver import AsyncResolver

        return AsyncResolver()
    resolver = DictResolver(given) if isinstance(given, Mapping) else given
    if not callable(getattr(resolver, "resolve", None)):
        raise InvalidValue("resolver", given, "has no method resolve(query)", "give an AsyncResolver or a dict")
    return resolver


def is_async(resolver: Resolver) -> bool:
    """Whether the resolver answers by coroutines."""
    return iscoroutinefunction(resolver.resolve)


async def run(
    check: Check[T],
    *,
    resolver: Resolver | Mapping[Any, Any] | None = None,
    deadline: timedelta = DEADLINE,
    helpers: Helpers | None = None,
) -> T:
    """Run a check to its end, with what callers give: every asynchronous face of this package is this.

    Raises:
        InvalidValue: The resolver or the deadline is not one.
        ResolverError: No name server is configured on this machine, and no resolver was given.
    """
    return await drive(check, resolver_from(resolver), deadline=_positive(deadline), helpers=helpers)


def run_sync(
    check: Check[T],
    *,
    resolver: Resolver | Mapping[Any, Any] | None = None,
    deadline: timedelta = DEADLINE,
    helpers: Helpers | None = None,
) -> T:
    """`run` for places without `await`: scripts, threads, and also notebooks.

    With a blocking resolver one question follows another; else they are all asked at once.
    """
    asked, until = resolver_from(resolver), _positive(deadline)
    if not is_async(asked):
        return drive_blocking(check, asked, deadline=until, helpers=helpers)
    from mailkit.blocking import run

    return run(lambda: drive(check, asked, deadline=until, helpers=helpers))


async def drive(check: Check[T], resolver: Resolver, *, deadline: timedelta, helpers: Helpers | None = None) -> T:
    """Run a check to its end inside an event loop.

    Every question is asked once, however many branches ask it, and at most `IN_FLIGHT` are on
    their way. What has not been answered by the deadline has timed out, so that the check still
    comes to its end. A blocking resolver is called in threads.
    """
    lookups = _Lookups(_Askers(resolver, helpers or Helpers()))
    try:
        return await lookups.run(check, deadline)
    finally:
        lookups.close()


def drive_blocking(
    check: Check[T],
    resolver: Resolver,
    *,
    deadline: timedelta,
    clock: Clock | None = None,
    helpers: Helpers | None = None,
) -> T:
    """Run a check to its end with a resolver that blocks, one question after another, each once.

    After the deadline nothing more is asked; a question on its way then is waited for.
    """
    time = clock or SystemClock()
    askers = _Askers(resolver, helpers or Helpers())
    return _Turns(askers, time, time.now() + min(deadline, _LONGEST)).run(check)


def _positive(deadline: timedelta) -> timedelta:
    if not isinstance(deadline, timedelta) or deadline <= timedelta():
        raise InvalidValue("deadline", deadline, "is not a length of time", "write timedelta(seconds=10)")
    return deadline


@attrs.frozen
class _Askers:
    """Who is called for a step, and what may come of it."""

    resolver: Resolver
    helpers: Helpers

    def method(self, step: _Asked) -> Callable[[Any], Any] | None:
        if isinstance(step, Query):
            return self.resolver.resolve
        if isinstance(step, Fetch):
            return self.helpers.fetcher.fetch if self.helpers.fetcher else None
        return self.helpers.greeter.greet if self.helpers.greeter else None

    def outcome(self, found: Any, step: _Asked) -> Any:
        """What was brought, if it is an outcome: anything else would be taken for a record that is not there."""
        kinds, who = {
            Query: (Outcome, "resolver"),
            Fetch: (Fetched | Failure, "fetcher"),
            Greet: (Greeted | Failure, "greeter"),
        }[type(step)]
        if isinstance(found, kinds):
            return found
        mend = "let it give one of the outcomes of mailkit.dns.lookup"
        if who == "resolver":
            mend = (
                "let resolve() give Answer([...]), NoData(), NoSuchDomain(), ServerFailure(), TimedOut() or Malformed()"
            )
        raise InvalidValue(f"{who}, asked for {step}", found, "is not an outcome", mend)


class _Turns:
    def __init__(self, askers: _Askers, clock: Clock, until: datetime) -> None:
        self._askers, self._clock, self._until = askers, clock, until
        self._outcomes: dict[_Asked, Any] = {}

    def run(self, check: Check[T]) -> T:
        try:
            steps = next(check)
            while True:
                steps = check.send(tuple([self._settle(step) for step in steps]))
        except StopIteration as end:
            result: T = end.value
            return result

    def _settle(self, step: Step) -> Any:
        if not isinstance(step, _Asked):
            return self.run(step)
        if step not in self._outcomes:
            in_time = self._clock.now() < self._until
            self._outcomes[step] = self._ask(step) if in_time else TimedOut()
        return self._outcomes[step]

    def _ask(self, step: _Asked) -> Any:
        method = self._askers.method(step)
        if method is None:
            return NotAsked()
        found = method(step)
        if isawaitable(found):  # of a plain function that gives one, which nothing told before
            from mailkit.blocking import run

            found = run(lambda: _awaited(found))
        return self._askers.outcome(found, step)


async def _awaited(found: Awaitable[Any]) -> Any:
    return await found


class _Lookups:
    """The questions of one check: each is asked once, few at a time, and none after the deadline."""

    def __init__(self, askers: _Askers) -> None:
        import asyncio

        self._askers = askers
        self._loop = asyncio.get_running_loop()
        self._room = asyncio.Semaphore(IN_FLIGHT)
        self._outcomes: dict[_Asked, Future[Any]] = {}
        self._tasks: set[Task[None]] = set()
        self._is_late = False

    async def run(self, check: Check[T], deadline: timedelta) -> T:
        alarm = self._loop.call_later(deadline.total_seconds(), self._give_up)
        try:
            return await self._run(check)
        finally:
            alarm.cancel()

    def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        for outcome in self._outcomes.values():
            outcome.cancel()
            if not outcome.cancelled():
                outcome.exception()  # told to the loop as seen; the first one has been raised already

    async def _run(self, check: Check[T]) -> T:
        import asyncio

        try:
            steps = next(check)
            while True:
                steps = check.send(tuple(await asyncio.gather(*map(self._settle, steps))))
        except StopIteration as end:
            result: T = end.value
            return result

    async def _settle(self, step: Step) -> Any:
        if not isinstance(step, _Asked):
            return await self._run(step)
        if step not in self._outcomes:
            self._outcomes[step] = self._loop.create_future()
            self._begin(step, self._outcomes[step])
        return await self._outcomes[step]

    def _begin(self, step: _Asked, outcome: Future[Any]) -> None:
        if self._is_late:
            outcome.set_result(TimedOut())
            return
        task = self._loop.create_task(self._ask(step, outcome))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _ask(self, step: _Asked, outcome: Future[Any]) -> None:
        try:
            async with self._room:
                found = await self._bring(step)
        except Exception as error:  # noqa: BLE001 - the resolver's own fault, raised to whoever waits for the outcome
            settle = partial(outcome.set_exception, error)
        else:
            settle = partial(outcome.set_result, found)
        if not outcome.done():  # it is, if the deadline came first
            settle()

    async def _bring(self, step: _Asked) -> Any:
        import asyncio

        method = self._askers.method(step)
        if method is None:
            return NotAsked()
        if isinstance(step, Query) and isinstance(self._askers.resolver, DictResolver):
            return method(step)
        if iscoroutinefunction(method):
            found = await method(step)
        else:
            found = await asyncio.to_thread(method, step)
            found = await found if isawaitable(found) else found
        return self._askers.outcome(found, step)

    def _give_up(self) -> None:
        self._is_late = True
        for outcome in self._outcomes.values():
            if not outcome.done():
                outcome.set_result(TimedOut())
        for task in self._tasks:
            task.cancel()
