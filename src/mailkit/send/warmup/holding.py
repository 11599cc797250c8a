"""What one process holds of a warm-up between two looks at its state."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

import attrs

from mailkit.event import Event, Kind
from mailkit.send.returns.causes import Action, Family
from mailkit.send.warmup.places import Grant, block, take, use
from mailkit.send.warmup.plans import Plan
from mailkit.send.warmup.states import State

__all__ = ["GOOD", "Held", "counted"]

GOOD: Final = ("accepted",)
"""What `counted` says of most events."""


@attrs.define
class Held:
    """What stands between this process and the state: places it has fetched, and counts it has not told yet.

    A letter costs no more than a few additions here; the state, which is a value, is made anew once a block.
    """

    places: int = 0
    owed: int = 0
    on: date | None = None
    again_at: datetime | None = None
    is_wanted: bool = False
    news: dict[date, dict[str, int]] = attrs.field(factory=dict)

    def count(self, on: date, name: str, number: int = 1) -> None:
        """Count what is to be told later."""
        counts = self.news.setdefault(on, {})
        counts[name] = counts.get(name, 0) + number

    def use_one(self, on: date) -> None:
        """Use up a place; those of another day are lost."""
        self.places = (self.places if self.on == on else 0) - 1
        self.on = on

    def spare_one(self, on: date) -> None:
        """Have a place back that was not used after all, unless its day is over."""
        if self.on == on:
            self.places += 1

    def fetch(self, plan: Plan, state: State, now: datetime) -> tuple[State, Grant]:
        """A block of places from the state, and those that were used without asking."""
        self.owed = max(0, -self.places) if self.on == now.date() else 0
        if self.owed:
            state = use(plan, state, self.owed, now)
        return take(plan, state, block(plan.volume(state.step)), now)

    def fetched(self, grant: Grant, on: date) -> None:
        """The places are ours."""
        self.places = grant.count + (self.places + self.owed if self.on == on else 0)
        self.on, self.again_at, self.is_wanted = on, grant.again_at, False


def counted(event: Event) -> tuple[str, ...]:
    """As what an event counts for the day of its letter."""
    if event.kind == Kind.ACCEPTED:
        return GOOD
    if event.kind == Kind.COMPLAINED:
        return ("complained",)
    if event.kind not in (Kind.BOUNCED, Kind.DEFERRED):
        return ()
    said = event.properties
    holds = {
        "bounced": event.kind == Kind.BOUNCED,
        "returned": event.kind == Kind.BOUNCED and "phase" not in said,
        "throttled": said.get("action") == Action.SLOW,
        "blocked": said.get("family") == Family.REPUTATION,
    }
    return tuple(name for name, is_so in holds.items() if is_so)
