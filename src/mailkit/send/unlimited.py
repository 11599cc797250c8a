"""Sending without limits: what a dispatcher is told where nobody gave any."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from mailkit.send.limits.fairness import Claim, Standing, deal
from mailkit.send.limits.turns import Turns
from mailkit.send.meter import Allotment, Toll
from mailkit.send.outbox import Lane
from mailkit.send.transport import Delivery

__all__ = ["Unlimited"]

_UNBOUND: Final = 1_000_000
"""Conversations: more than any sender has."""


class Unlimited:
    """No tolls, and room for all; lanes take turns as they do under limits."""

    def __init__(self) -> None:
        self._standing = Standing()

    def identity_for(self, lane: Lane, now: datetime) -> str:
        """The one that the lane's jobs ask for."""
        return lane.identity

    def tolls(self, lane: Lane, identity: str, now: datetime) -> Sequence[Toll | Allotment]:
        """None."""
        return ()

    def room(self, identity: str, provider: str, now: datetime) -> int:
        """More than anyone needs."""
        return _UNBOUND

    def again_at(self, identity: str, provider: str, now: datetime) -> datetime | None:
        """Never, as it is never closed."""
        return None

    def began(self, identity: str, provider: str) -> None:
        """Nothing is learnt from it."""

    def ended(self, identity: str, provider: str) -> None:
        """Nothing is learnt from it."""

    def heard(
        self, identity: str, provider: str, delivery: Delivery, *, under_way: int, now: datetime, campaign: str = ""
    ) -> Sequence[object]:
        """Nothing is learnt from it."""
        return ()

    def shares(self, lanes: Sequence[Lane], most: Mapping[int, int], space: int) -> Mapping[int, int]:
        """As much as each can use, fairly; see `mailkit.send.limits.fairness`."""
        if len(lanes) == 1:
            return {lanes[0].number: min(space, most[lanes[0].number])}
        claims = [Claim(lane=lane, way=(lane.identity, lane.provider), most=most[lane.number]) for lane in lanes]
        dealt, self._standing = deal(claims, room=space, rooms={}, standing=self._standing, turns=Turns())
        return dealt

    def unused(self, lane: Lane, count: int) -> None:
        """Nothing is owed."""
