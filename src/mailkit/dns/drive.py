"""What drives a check: asks its questions and steps it on.

Each branch goes on as soon as its own answers are there. A driver that marched in rounds
would make every branch wait for the slowest: one dead name would cost its time-out once
for every round.
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from datetime import datetime, timedelta
from functools import partial
from inspect import isawaitable, iscoroutinefunction
from typing import TYPE_CHECKING, Any, Final, TypeVar

from mailkit.clock import Clock, SystemClock
from mailkit.dns.lookup import Check, Outcome, Query, Resolver, Step, TimedOut
from mailkit.dns.zonedict import DictResolver
from mailkit.errors import InvalidValue

if TYPE_CHECKING:
    from asyncio import Future, Task

__all__ = ["IN_FLIGHT", "drive", "drive_blocking", "is_async", "resolver_from"]

T = TypeVar("T")

IN_FLIGHT: Final = 32
"""Questions of one check that are on their way at the same time."""

_LONGEST: Final = timedelta(days=366)
"""A deadline that is later than this is as good as none, and no clock overflows."""


def resolver_from(given: Resolver | Mapping[Any, Any]) -> Resolver:
    """A resolver, where a dict is one too."""
    resolver = DictResolver(given) if isinstance(given, Mapping) else given
    if not callable(getattr(resolver, "resolve", None)):
        raise InvalidValue("resolver", given, "has no method resolve(query)", "give an AsyncResolver or a dict")
    return resolver


def is_async(resolver: Resolver) -> bool:
    """Whether the resolver answers by coroutines."""
    return iscoroutinefunction(resolver.resolve)


async def drive(check: Check[T], resolver: Resolver, *, deadline: timedelta) -> T:
    """Run a check to its end inside an event loop.

    Every question is asked once, however many branches ask it, and at most `IN_FLIGHT` are on
    their way. What has not been answered by the deadline has timed out, so that the check still
    comes to its end. A blocking resolver is called in threads.
    """
    lookups = _Lookups(resolver)
    try:
        return await lookups.run(check, deadline)
    finally:
        lookups.close()


def drive_blocking(check: Check[T], resolver: Resolver, *, deadline: timedelta, clock: Clock | None = None) -> T:
    """Run a check to its end with a resolver that blocks, one question after another, each once.

    After the deadline nothing more is asked; a question on its way then is waited for.
    """
    time = clock or SystemClock()
    return _Turns(resolver, time, time.now() + min(deadline, _LONGEST)).run(check)


def _outcome(found: Any, query: Query) -> Outcome:
    """What a resolver gave, if it is an outcome: anything else would be taken for a record that is not there."""
    if isinstance(found, Outcome):
        return found
    mend = "let resolve() give Answer([...]), NoData(), NoSuchDomain(), ServerFailure(), TimedOut() or Malformed()"
    raise InvalidValue(f"resolver, asked for {query}", found, "is not an outcome", mend)


class _Turns:
    def __init__(self, resolver: Resolver, clock: Clock, until: datetime) -> None:
        self._resolver, self._clock, self._until = resolver, clock, until
        self._outcomes: dict[Query, Outcome] = {}

    def run(self, check: Check[T]) -> T:
        try:
            steps = next(check)
            while True:
                steps = check.send(tuple([self._settle(step) for step in steps]))
        except StopIteration as end:
            result: T = end.value
            return result

    def _settle(self, step: Step) -> Any:
        if not isinstance(step, Query):
            return self.run(step)
        if step not in self._outcomes:
            in_time = self._clock.now() < self._until
            self._outcomes[step] = self._ask(step) if in_time else TimedOut()
        return self._outcomes[step]

    def _ask(self, query: Query) -> Outcome:
        found = self._resolver.resolve(query)
        if isawaitable(found):  # of a plain function that gives one, which nothing told before
            from mailkit.blocking import run

            found = run(lambda: _awaited(found))
        return _outcome(found, query)


async def _awaited(found: Awaitable[Any]) -> Any:
    return await found


class _Lookups:
    """The questions of one check: each is asked once, few at a time, and none after the deadline."""

    def __init__(self, resolver: Resolver) -> None:
        import asyncio

        self._resolver = resolver
        self._loop = asyncio.get_running_loop()
        self._room = asyncio.Semaphore(IN_FLIGHT)
        self._outcomes: dict[Query, Future[Outcome]] = {}
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
        if not isinstance(step, Query):
            return await self._run(step)
        if step not in self._outcomes:
            self._outcomes[step] = self._loop.create_future()
            self._begin(step, self._outcomes[step])
        return await self._outcomes[step]

    def _begin(self, query: Query, outcome: Future[Outcome]) -> None:
        if self._is_late:
            outcome.set_result(TimedOut())
            return
        task = self._loop.create_task(self._ask(query, outcome))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _ask(self, query: Query, outcome: Future[Outcome]) -> None:
        try:
            async with self._room:
                found = await self._resolve(query)
        except Exception as error:  # noqa: BLE001 - the resolver's own fault, raised to whoever waits for the outcome
            settle = partial(outcome.set_exception, error)
        else:
            settle = partial(outcome.set_result, found)
        if not outcome.done():  # it is, if the deadline came first
            settle()

    async def _resolve(self, query: Query) -> Outcome:
        import asyncio

        if isinstance(self._resolver, DictResolver):
            return self._resolver.resolve(query)
        if is_async(self._resolver):
            found = await self._resolver.resolve(query)
        else:
            found = await asyncio.to_thread(self._resolver.resolve, query)
            found = await found if isawaitable(found) else found
        return _outcome(found, query)

    def _give_up(self) -> None:
        self._is_late = True
        for outcome in self._outcomes.values():
            if not outcome.done():
                outcome.set_result(TimedOut())
        for task in self._tasks:
            task.cancel()
