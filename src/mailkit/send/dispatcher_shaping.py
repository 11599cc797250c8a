"""What a dispatcher asks about limits, and tells of letters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from mailkit.send.meter import Allotment, Toll
from mailkit.send.outbox import Lane
from mailkit.send.transport import Delivery

__all__ = ["Shaping"]


class Shaping(Protocol):
    """What a dispatcher asks about limits; `mailkit.send.limits.Shaper` is one answer to it."""

    def identity_for(self, lane: Lane, now: datetime) -> str:
        """Which identity is to send the letters of a lane now."""
        ...

    def tolls(self, lane: Lane, identity: str, now: datetime) -> Sequence[Toll | Allotment]:
        """The limits that letters of a lane pass when this identity sends them."""
        ...

    def room(self, identity: str, provider: str, now: datetime) -> int:
        """How many letters may be under way at once between an identity and a provider; 0 while none may."""
        ...

    def again_at(self, identity: str, provider: str, now: datetime) -> datetime | None:
        """When there is room again, if there is none now and that is known."""
        ...

    def began(self, identity: str, provider: str) -> None:
        """Take in that a letter has begun."""
        ...

    def ended(self, identity: str, provider: str) -> None:
        """Take in that a letter which had begun has ended."""
        ...

    def heard(
        self, identity: str, provider: str, delivery: Delivery, *, under_way: int, now: datetime, campaign: str = ""
    ) -> Sequence[object]:
        """Take in what came of a delivery, while so many were under way, this one included; tell what that led to."""
        ...

    def shares(self, lanes: Sequence[Lane], most: Mapping[int, int], space: int) -> Mapping[int, int]:
        """How many jobs to lease from each lane, by numbers: no more than `most` of one, and `space` in all."""
        ...

    def unused(self, lane: Lane, count: int) -> None:
        """Take in that so many jobs fewer than were due could be leased from a lane."""
        ...
