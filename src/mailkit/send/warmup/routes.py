"""Which identity a letter goes by: the one that is warmed up, a warm one, or none yet."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import attrs

from mailkit.clock import utc
from mailkit.errors import InvalidValue
from mailkit.event import Event
from mailkit.send.warmup.decisions import Decision
from mailkit.send.warmup.holding import GOOD, Held, counted
from mailkit.send.warmup.keeping import Pair, parse, with_news, write
from mailkit.send.warmup.places import Grant
from mailkit.send.warmup.plans import Plan
from mailkit.send.warmup.states import State

__all__ = ["Warmup"]

_SOON: Final = timedelta(seconds=1)
"""When to ask again for places that have yet to be fetched from the shared state."""

_NEW: Final = State()


@attrs.frozen
class _Exchange:
    """What one exchange did, for when it has been written, or has not."""

    on: date
    states: dict[Pair, State]
    grants: dict[Pair, Grant]
    told: dict[Pair, dict[date, dict[str, int]]]
    decisions: list[tuple[Pair, Decision]]


class Warmup:
    """Warms up identities at each provider by itself, and says by which a letter may go.

    It does no I/O. One process alone asks `route`, tells `sent` and `heard`, and keeps `to_text()`
    from time to time. Several processes share one text, each with an object made with
    `is_shared=True`::

        text = read()  # None at first
        new = warmup.exchange(text, now=now)  # fetches places, tells news
        if write_if_still(text, new):  # compare-and-set
            warmup.exchanged()

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
        self._states: dict[Pair, State] = {}
        self._held: defaultdict[Pair, Held] = defaultdict(Held)
        self._staged: _Exchange | None = None
        self._now = datetime.min.replace(tzinfo=UTC)
        for name in self.overflow:
            _check_no_circle(name, self.overflow)

    @classmethod
    def from_text(cls, text: str, plans: Mapping[str, Plan | Mapping[str, Plan]], **options: Any) -> Warmup:
        """Go on from what `to_text` gave; the other arguments are those of the constructor.

        Raises:
            InvalidValue: The text is not what `to_text` or `exchange` gives.
        """
        warmup = cls(plans, **options)
        warmup._states = parse(text)
        return warmup

    def to_text(self) -> str:
        """The states of all identities at all providers, as one text (JSON)."""
        self._tell_all()
        return write(self._states)

    def state(self, identity: str, provider: str) -> State:
        """How far an identity has come at a provider; with `is_shared`, by the last exchange."""
        self._tell_all()
        return self._states.get((identity, provider), State())

    def advance(self, now: datetime) -> None:
        """Judge the days that are over, also where nothing is sent; with `is_shared`, `exchange` does it."""
        self._now = utc(now)
        if not self.is_shared:
            for pair in {**self._states, **self._held}:
                self._settle(pair, self._now)

    def plan(self, identity: str, provider: str) -> Plan | None:
        """The plan of an identity for a provider; None if it is warm."""
        plans = self.plans.get(identity)
        return plans if plans is None or isinstance(plans, Plan) else plans.get(provider, plans.get(""))

    def route(self, identity: str, provider: str, *, now: datetime) -> str | datetime:
        """The identity by which a letter may go now, or when to ask again.

        A place is used up by `sent`, not by this: call `sent` before another letter is asked about.
        """
        now = self._now = utc(now)
        first: datetime | None = None
        asked: str | None = identity
        while asked is not None:
            again_at = self._again_at(asked, provider, now)
            if again_at is None:
                return asked
            first = min(first or again_at, again_at)
            is_near = again_at - now <= self.patience
            asked = None if is_near else self.overflow.get(asked)
        return first or now  # the right one is for the type checker: the loop ran

    def places(self, identity: str, provider: str, *, now: datetime) -> int | None:
        """How many letters may go by this identity now, whatever its overflow; None if it is warm."""
        if self.plan(identity, provider) is None:
            return None
        self._now = utc(now)
        return 0 if self._again_at(identity, provider, self._now) else self._held[identity, provider].places

    def again_at(self, identity: str, provider: str, *, now: datetime) -> datetime | None:
        """When this identity has a place next; None if it has one, or is warm."""
        self._now = utc(now)
        return self._again_at(identity, provider, self._now)

    def take(self, identity: str, provider: str, now: datetime) -> None:
        """Use up a place for a letter that may go out yet: `sent(…, has_place=True)` follows, or `give_back`."""
        if self.plan(identity, provider) is not None:
            self._now = utc(now)
            self._held[identity, provider].use_one(self._now.date())

    def give_back(self, identity: str, provider: str, now: datetime) -> None:
        """The letter for which a place was taken does not go out."""
        if self.plan(identity, provider) is not None:
            self._held[identity, provider].spare_one(utc(now).date())

    def sent(self, identity: str, provider: str, now: datetime, *, has_place: bool = False) -> None:
        """A letter goes out for the first time, with the place that it took if it has one; a later try needs none."""
        if self.plan(identity, provider) is not None:
            self._now = utc(now)
            if not has_place:
                self.take(identity, provider, now)
            self._held[identity, provider].count(self._now.date(), "sent")

    @property
    def wants_places(self) -> bool:
        """Whether letters wait for an `exchange`."""
        return any(held.is_wanted for held in self._held.values())

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
        if self.plan(identity, provider) is None:
            return
        self._now = utc(now)
        pair, on = (identity, provider), utc(sent_at or event.at).date()
        names = counted(event)
        for name in names:
            self._held[pair].count(on, name)
        if names and names != GOOD and not self.is_shared:
            self._settle(pair, self._now)  # it may pause

    def exchange(self, text: str | None, *, now: datetime) -> str:
        """What to write in place of the shared text: with this process's news, and without the places that it takes.

        Raises:
            InvalidValue: The text is not what `exchange` gives.
        """
        now, states = utc(now), parse(text) if text else {}
        self._take_back()
        made = _Exchange(now.date(), states, {}, {}, [])
        for pair in {**states, **self._held}:
            plan = self.plan(*pair)
            if plan is not None:
                held = self._held[pair]
                state, decisions = with_news(plan, states.get(pair, State()), held.news, now)
                if held.is_wanted:
                    state, made.grants[pair] = held.fetch(plan, state, now)
                states[pair], made.told[pair], held.news = state, held.news, {}
                made.decisions.extend((pair, decision) for decision in decisions)
        self._staged = made
        return write(states)

    def exchanged(self) -> None:
        """The text of the last `exchange` was written: its places are ours."""
        made, self._staged = self._staged, None
        if made is None:
            return
        self._states = made.states
        for pair, grant in made.grants.items():
            self._held[pair].fetched(grant, made.on)
        for pair, decision in made.decisions:
            self._announce(pair, decision)

    def _take_back(self) -> None:
        """The last exchange was not written, so its news are still to be told."""
        if self._staged is not None:
            for pair, news in self._staged.told.items():
                for on, counts in news.items():
                    for name, number in counts.items():
                        self._held[pair].count(on, name, number)
            self._staged = None

    def _again_at(self, identity: str, provider: str, now: datetime) -> datetime | None:
        """When an identity has a place next; None if it has one, or needs none."""
        plan = self.plan(identity, provider)
        if plan is None:
            return None
        pair = identity, provider
        held, paused_until = self._held[pair], self._states.get(pair, _NEW).paused_until
        if paused_until is not None and now < paused_until:
            return paused_until
        if held.on == now.date() and held.places > 0:
            return None
        if held.again_at is not None and held.again_at > now:
            return held.again_at
        if self.is_shared:
            held.is_wanted = True
            return now + _SOON
        self._states[pair], grant = held.fetch(plan, self._settle(pair, now), now)
        held.fetched(grant, now.date())
        return None if held.places > 0 else grant.again_at

    def _tell_all(self) -> None:
        if not self.is_shared:
            for pair in self._held:
                self._settle(pair, self._now)

    def _settle(self, pair: Pair, now: datetime) -> State:
        """Bring this process's own state up to now, with all that it was told."""
        plan, held, state = self.plan(*pair), self._held[pair], self._states.get(pair, _NEW)
        if plan is not None:
            state, decisions = with_news(plan, state, held.news, now)
            self._states[pair], held.news = state, {}
            for decision in decisions:
                self._announce(pair, decision)
        return state

    def _announce(self, pair: Pair, decision: Decision) -> None:
        if self.on_decision is not None:
            self.on_decision(*pair, decision)


def _check_no_circle(name: str, overflow: Mapping[str, str]) -> None:
    seen, at = {name}, overflow.get(name)
    while at is not None:
        if at in seen:
            raise InvalidValue("overflow", name, "comes back to itself", "let it end at a warm identity")
        seen.add(at)
        at = overflow.get(at)
