"""Which identity a letter goes by: the one that is warmed up, a warm one, or none yet."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import reduce
from operator import add
from typing import Any, Final

import attrs

from mailkit.clock import utc
from mailkit.errors import InvalidValue
from mailkit.event import Event, Kind
from mailkit.send.returns.causes import Action, Family
from mailkit.send.warmup.decisions import Decision
from mailkit.send.warmup.places import Grant, block, take
from mailkit.send.warmup.plans import Plan
from mailkit.send.warmup.rules import advance, note
from mailkit.send.warmup.states import Day, State

__all__ = ["Warmup"]

_VERSION: Final = 1
_SOON: Final = timedelta(seconds=1)
"""When to ask again for places that have yet to be fetched from the shared state."""

_Pair = tuple[str, str]


@attrs.define
class _Held:
    """Places of one day that this process has fetched, and what it has to tell the others."""

    places: int = 0
    on: date | None = None
    is_wanted: bool = False
    again_at: datetime | None = None
    news: list[Day] = attrs.field(factory=list)


@attrs.frozen
class _Exchange:
    """What one exchange did, for when it has been written."""

    on: date
    states: dict[_Pair, State]
    grants: dict[_Pair, Grant]
    told: dict[_Pair, int]
    decisions: list[tuple[_Pair, Decision]]


class Warmup:
    """Warms up identities at each provider by itself, and says by which a letter may go.

    It does no I/O. One process alone asks `route`, tells `sent` and `heard`, and keeps `to_text()`
    from time to time. Several processes share one text, each with an object made with
    `is_shared=True`:

    ```
    text = read()                          # None at first
    new = warmup.exchange(text, now=now)   # fetches places, tells news
    if write_if_still(text, new):          # compare-and-set
        warmup.exchanged()
    ```

    An exchange that was not written is simply made again from the newer text. The places that a
    process holds when it dies are lost for that day; nothing is sent twice for them.

    Args:
        plans: The plan of each identity, or the plans by provider; a plan for "" is for all others.
            An identity without a plan is warm.
        overflow: Which identity takes an identity's letters while it has no place; letters wait if
            there is none. It may have a plan, and an overflow, too.
        patience: How long a letter waits for a place rather than take the overflow.
        is_shared: Whether several processes share the state, see above.
        on_decision: Called with identity, provider and `Decision` for each that is made.

    >>> from datetime import UTC
    >>> now = datetime(2026, 3, 2, 9, tzinfo=UTC)
    >>> warmup = Warmup({"new": Plan(start=2)}, overflow={"new": "old"})
    >>> warmup.route("new", "gmail", now=now)
    'new'
    >>> warmup.sent("new", "gmail", now)
    >>> warmup.route("new", "gmail", now=now), warmup.route("new", "yahoo", now=now)
    ('old', 'new')
    """

    def __init__(
        self,
        plans: Mapping[str, Plan | Mapping[str, Plan]],
        *,
        overflow: Mapping[str, str] | None = None,
        patience: timedelta = timedelta(0),
        is_shared: bool = False,
        on_decision: Callable[[str, str, Decision], object] | None = None,
    ) -> None:
        self.plans = {name: plan if isinstance(plan, Plan) else dict(plan) for name, plan in plans.items()}
        self.overflow, self.patience = dict(overflow or {}), patience
        self.is_shared, self.on_decision = is_shared, on_decision
        self._states: dict[_Pair, State] = {}
        self._held: defaultdict[_Pair, _Held] = defaultdict(_Held)
        self._staged: _Exchange | None = None
        for name in self.overflow:
            _check_no_circle(name, self.overflow)

    @classmethod
    def from_text(cls, text: str, plans: Mapping[str, Plan | Mapping[str, Plan]], **options: Any) -> Warmup:
        """Go on from what `to_text` gave; the other arguments are those of the constructor.

        Raises:
            InvalidValue: The text is not what `to_text` or `exchange` gives.
        """
        warmup = cls(plans, **options)
        warmup._states = _parse(text)
        return warmup

    def to_text(self) -> str:
        """The states of all identities at all providers, as one text (JSON)."""
        return _write(self._states)

    def state(self, identity: str, provider: str) -> State:
        """How far an identity has come at a provider, as far as this process knows."""
        return self._states.get((identity, provider), State())

    def plan(self, identity: str, provider: str) -> Plan | None:
        """The plan of an identity for a provider; None if it is warm."""
        plans = self.plans.get(identity)
        return plans if plans is None or isinstance(plans, Plan) else plans.get(provider, plans.get(""))

    def route(self, identity: str, provider: str, *, now: datetime) -> str | datetime:
        """The identity by which a letter may go now, or when to ask again.

        A place is used up by `sent`, not by this: call `sent` before another letter is asked about.
        """
        first: datetime | None = None
        asked: str | None = identity
        while asked is not None:
            again_at = self._again_at(asked, provider, now)
            if again_at is None:
                return asked
            first = min(first or again_at, again_at)
            is_near = again_at - utc(now) <= self.patience
            asked = None if is_near else self.overflow.get(asked)
        return first or utc(now)  # the right one is for the type checker: the loop ran

    def sent(self, identity: str, provider: str, now: datetime) -> None:
        """A letter goes out for the first time; a later try of it needs no place."""
        plan = self.plan(identity, provider)
        if plan is None:
            return
        pair, now = (identity, provider), utc(now)
        if self.is_shared:
            self._held[pair].places -= 1
        else:
            self._states[pair], _ = take(plan, self._current(pair, plan, now), 1, now)
        self._note(pair, plan, Day(on=now.date(), sent=1), now)

    def heard(
        self, identity: str, provider: str, event: Event, now: datetime, *, sent_at: datetime | None = None
    ) -> None:
        """Something came of a letter: accepted, bounced, deferred or complained; other events say nothing here.

        Args:
            identity: The identity by which it went.
            provider: The provider to whom.
            event: What happened, as the sender tells it. A bounce that does not say in which `phase`
                of the conversation it came is one that came later.
            now: The present instant.
            sent_at: When the letter was first tried, if known: the outcome counts for that day.
        """
        plan, counts = self.plan(identity, provider), _counts(event)
        if plan is not None and counts:
            on = utc(sent_at or event.at).date()
            self._note((identity, provider), plan, Day(on=on, **counts), utc(now))

    def exchange(self, text: str | None, *, now: datetime) -> str:
        """What to write in place of the shared text: with this process's news, and without the places that it takes.

        Raises:
            InvalidValue: The text is not what `exchange` gives.
        """
        now, states = utc(now), _parse(text) if text else {}
        made = _Exchange(now.date(), states, {}, {}, [])
        for pair in {**states, **self._held}:
            plan = self.plan(*pair)
            if plan is not None:
                self._exchange(pair, plan, made, now)
        self._staged = made
        return _write(states)

    def exchanged(self) -> None:
        """The text of the last `exchange` was written: its places are ours."""
        made, self._staged = self._staged, None
        if made is None:
            return
        self._states = made.states
        for pair, number in made.told.items():
            del self._held[pair].news[:number]
        for pair, grant in made.grants.items():
            held = self._held[pair]
            places = held.places if held.on == made.on else 0
            held.places, held.on = places + grant.count, made.on
            held.is_wanted, held.again_at = False, grant.again_at
        for pair, decision in made.decisions:
            self._tell(pair, decision)

    def _exchange(self, pair: _Pair, plan: Plan, made: _Exchange, now: datetime) -> None:
        state, held = made.states.get(pair, State()), self._held[pair]
        for news in (*_by_day(held.news), None):  # those of yesterday are counted before yesterday is judged
            at = now if news is None else min(now, datetime.combine(news.on, time.max, UTC))
            state, decisions = advance(plan, state, at)
            made.decisions.extend((pair, decision) for decision in decisions)
            state = note(plan, state, news, at) if news else state
        if held.is_wanted:
            state, made.grants[pair] = take(plan, state, block(plan.volume(state.step)), now)
        made.states[pair] = state
        made.told[pair] = len(held.news)

    def _again_at(self, identity: str, provider: str, now: datetime) -> datetime | None:
        """When an identity has a place next; None if it has one, or needs none."""
        plan = self.plan(identity, provider)
        if plan is None:
            return None
        pair, now = (identity, provider), utc(now)
        if not self.is_shared:
            _, grant = take(plan, self._current(pair, plan, now), 1, now)
            return grant.again_at
        held, state = self._held[pair], self.state(*pair)
        if state.paused_until is not None and now < state.paused_until:
            return state.paused_until
        if held.on == now.date() and held.places > 0:
            return None
        if held.again_at is not None and held.again_at > now:
            return held.again_at
        held.is_wanted = True
        return now + _SOON

    def _current(self, pair: _Pair, plan: Plan, now: datetime) -> State:
        state, decisions = advance(plan, self._states.get(pair, State()), now)
        self._states[pair] = state
        for decision in decisions:
            self._tell(pair, decision)
        return state

    def _note(self, pair: _Pair, plan: Plan, news: Day, now: datetime) -> None:
        if self.is_shared:
            self._held[pair].news.append(news)
        else:
            self._states[pair] = note(plan, self._current(pair, plan, now), news, now)

    def _tell(self, pair: _Pair, decision: Decision) -> None:
        if self.on_decision is not None:
            self.on_decision(*pair, decision)


def _counts(event: Event) -> dict[str, int]:
    """What an event adds to the day of its letter."""
    said = event.properties
    counts = {
        "accepted": event.kind == Kind.ACCEPTED,
        "bounced": event.kind == Kind.BOUNCED,
        "returned": event.kind == Kind.BOUNCED and "phase" not in said,
        "complained": event.kind == Kind.COMPLAINED,
    }
    if event.kind in (Kind.BOUNCED, Kind.DEFERRED):
        counts["throttled"] = said.get("action") == Action.SLOW
        counts["blocked"] = said.get("family") == Family.REPUTATION
    return {name: 1 for name, holds in counts.items() if holds}


def _by_day(news: list[Day]) -> list[Day]:
    """The news, one for each day, earlier days first."""
    days: defaultdict[date, list[Day]] = defaultdict(list)
    for one in news:
        days[one.on].append(one)
    return [reduce(add, days[on]) for on in sorted(days)]


def _write(states: Mapping[_Pair, State]) -> str:
    rows = [{"identity": one, "provider": two, **state.to_json()} for (one, two), state in sorted(states.items())]
    return json.dumps({"version": _VERSION, "states": rows}, ensure_ascii=False)


def _parse(text: str) -> dict[_Pair, State]:
    try:
        stored = json.loads(text)
        if stored["version"] != _VERSION:
            raise InvalidValue(
                "warm-up", stored["version"], "is not a version that this mailkit knows", "use a newer one"
            )
        return {(str(row["identity"]), str(row["provider"])): State.from_json(row) for row in stored["states"]}
    except (KeyError, TypeError, json.JSONDecodeError) as error:
        raise InvalidValue("warm-up", text, "is not the text of a warm-up") from error


def _check_no_circle(name: str, overflow: Mapping[str, str]) -> None:
    seen, at = {name}, overflow.get(name)
    while at is not None:
        if at in seen:
            raise InvalidValue("overflow", name, "comes back to itself", "let it end at a warm identity")
        seen.add(at)
        at = overflow.get(at)
