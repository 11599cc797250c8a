from __future__ import annotations

import asyncio
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit.dns import Answer, DictResolver, Outcome, Query, TimedOut
from mailkit.dns.drive import IN_FLIGHT, Helpers, drive, drive_blocking, is_async, resolver_from
from mailkit.dns.errands import Fetch, Greet, NotAsked
from mailkit.dns.lookup import Check, ask, each, fetch, greet, together
from mailkit.errors import InvalidValue, ResolverError

LONG = timedelta(seconds=20)
SHORT = timedelta(seconds=0.05)


class Echo:
    """Answers with the name; counts what it is asked, and how much of it at once."""

    def __init__(self) -> None:
        self.asked: list[Query] = []
        self.under_way = self.most = 0

    async def resolve(self, query: Query) -> Outcome:
        self.asked.append(query)
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        await asyncio.sleep(0)
        self.under_way -= 1
        return Answer((query.name,))


class Gates:
    """Answers a name once it is opened."""

    def __init__(self) -> None:
        self.gates: dict[str, asyncio.Event] = {}
        self.asked: list[str] = []

    async def resolve(self, query: Query) -> Outcome:
        self.asked.append(query.name)
        await self.gates.setdefault(query.name, asyncio.Event()).wait()
        return Answer((query.name,))


def names(tree: Any) -> Check[Any]:
    """A check shaped like a nested list: a text is asked for, a list is run side by side."""
    if isinstance(tree, str):
        return (yield from ask(Query(tree)))
    return list((yield from each(map(names, tree))))


def expected(tree: Any) -> Any:
    return Answer((tree,)) if isinstance(tree, str) else [expected(branch) for branch in tree]


trees = st.recursive(st.sampled_from("abcdef"), lambda below: st.lists(below, max_size=4), max_leaves=20)


def leaves(tree: Any) -> set[str]:
    return {tree} if isinstance(tree, str) else {leaf for branch in tree for leaf in leaves(branch)}


@given(trees)
def test_both_drivers_give_every_branch_its_own_results_and_ask_each_question_once(tree: Any) -> None:
    echo = Echo()
    assert asyncio.run(drive(names(tree), echo, deadline=LONG)) == expected(tree)
    assert sorted(query.name for query in echo.asked) == sorted(leaves(tree))
    zone = {(name, "TXT"): [name] for name in "abcdef"}
    assert drive_blocking(names(tree), DictResolver(zone), deadline=LONG) == expected(tree)
    assert asyncio.run(drive(names(tree), DictResolver(zone), deadline=LONG)) == expected(tree)


def test_a_branch_goes_on_while_another_waits() -> None:
    def two_steps() -> Check[str]:
        yield from ask(Query("quick-1"))
        yield from ask(Query("quick-2"))
        return "done"

    async def main() -> None:
        gates = Gates()
        checking = asyncio.create_task(drive(together(ask(Query("slow")), two_steps()), gates, deadline=LONG))
        for name in ("quick-1", "quick-2"):
            while name not in gates.gates:
                await asyncio.sleep(0)
            gates.gates[name].set()
        assert not checking.done()
        gates.gates["slow"].set()
        assert await checking == (Answer(("slow",)), "done")

    asyncio.run(main())


def test_no_more_than_the_allowed_number_is_under_way() -> None:
    echo = Echo()
    many = [str(number) for number in range(3 * IN_FLIGHT)]
    asyncio.run(drive(names(many), echo, deadline=LONG))
    assert echo.most == IN_FLIGHT


def test_after_the_deadline_what_is_missing_has_timed_out_and_nothing_more_is_asked() -> None:
    def then_more() -> Check[tuple[Outcome, Outcome]]:
        first = yield from ask(Query("dead"))
        second = yield from ask(Query("later"))
        return first, second

    gates = Gates()
    assert asyncio.run(drive(then_more(), gates, deadline=SHORT)) == (TimedOut(), TimedOut())
    assert gates.asked == ["dead"]


def test_answers_from_before_the_deadline_are_kept() -> None:
    class HalfDead(Gates):
        async def resolve(self, query: Query) -> Outcome:
            return Answer((query.name,)) if query.name == "alive" else await super().resolve(query)

    checks = together(ask(Query("alive")), ask(Query("dead")))
    assert asyncio.run(drive(checks, HalfDead(), deadline=SHORT)) == (Answer(("alive",)), TimedOut())


def test_a_resolver_that_answers_at_its_cancellation_changes_nothing() -> None:
    class Stubborn:
        async def resolve(self, query: Query) -> Outcome:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                if query.name == "raises":
                    raise ValueError("too late") from None
            return Answer(("too late",))

    checks = together(ask(Query("answers")), ask(Query("raises")))

    async def main() -> tuple[Outcome, Outcome]:
        found = await drive(checks, Stubborn(), deadline=SHORT)
        await asyncio.sleep(0)
        return found

    assert asyncio.run(main()) == (TimedOut(), TimedOut())


def test_a_resolvers_own_error_reaches_the_caller_and_leaves_no_task_behind() -> None:
    class Broken(Gates):
        async def resolve(self, query: Query) -> Outcome:
            if query.name.startswith("broken"):
                raise ResolverError("no name server")
            return await super().resolve(query)

    async def main() -> int:
        with pytest.raises(ResolverError, match="no name server"):
            await drive(names(["broken-1", "waits", "broken-2"]), Broken(), deadline=LONG)
        for _ in range(3):
            await asyncio.sleep(0)
        return len(asyncio.all_tasks())

    assert asyncio.run(main()) == 1


def test_a_blocking_resolver_is_called_in_threads_by_the_async_driver() -> None:
    class Blocking:
        def resolve(self, query: Query) -> Outcome:
            return Answer((threading.current_thread().name,))

    found = asyncio.run(drive(ask(Query("a")), Blocking(), deadline=LONG))
    assert isinstance(found, Answer)
    assert found.values[0] != threading.current_thread().name


def test_the_blocking_driver_asks_nothing_after_its_deadline() -> None:
    class Minutes:
        """A clock on which each look takes a minute."""

        minutes = 0

        def now(self) -> datetime:
            self.minutes += 1
            return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=self.minutes)

        async def sleep(self, length: timedelta) -> None:
            raise AssertionError

    zone = DictResolver({(name, "TXT"): [name] for name in "abc"})
    found = drive_blocking(names(["a", "b", "c"]), zone, deadline=timedelta(minutes=2), clock=Minutes())
    assert found == [Answer(("a",)), TimedOut(), TimedOut()]


def test_a_dict_is_a_resolver_and_a_number_is_not() -> None:
    assert isinstance(resolver_from({}), DictResolver)
    assert not is_async(resolver_from({}))
    assert is_async(Echo())
    with pytest.raises(InvalidValue, match="no method resolve"):
        resolver_from(3)  # type: ignore[arg-type]


def test_errands_that_nobody_brings_are_not_asked() -> None:
    def checks() -> Check[Any]:
        return together(fetch(Fetch("https://example.com/")), greet(Greet("mx.example.com")))

    assert drive_blocking(checks(), DictResolver({}), deadline=LONG) == (NotAsked(), NotAsked())
    assert asyncio.run(drive(checks(), DictResolver({}), deadline=LONG)) == (NotAsked(), NotAsked())


def test_what_is_no_outcome_is_told_with_who_gave_it() -> None:
    class Odd:
        def fetch(self, page: Fetch) -> Any:
            return None

    helpers = Helpers(fetcher=Odd())
    check = fetch(Fetch("https://example.com/"))
    with pytest.raises(InvalidValue, match="fetcher, asked for GET"):
        drive_blocking(check, DictResolver({}), deadline=LONG, helpers=helpers)
