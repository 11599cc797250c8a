"""Places at a rate, shared by all who send: what a sender asks before a letter may pass.

How to think about it. A limit is a name and a rate (`Toll`). A letter passes several at once, that
of its account, of its identity, of its reader's provider, and they must agree on one instant. So
a meter gives **slots**: stretches of time in which one letter may pass them all. A slot is no coin.
Who misses it has lost it, since saved slots would make a burst that no limit allows.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol, runtime_checkable

import attrs

from mailkit.send.throttle import Rate

__all__ = ["Meter", "Reservation", "Slot", "Toll"]


@attrs.frozen(kw_only=True)
class Toll:
    """A limit that letters pass.

    Attributes:
        key: Its name, the same for all who share it, such as "provider gmail".
        rate: So many letters in so much time.
    """

    key: str
    rate: Rate


@attrs.frozen(kw_only=True)
class Slot:
    """When one letter may pass: from the first instant up to, but not including, the second."""

    begins_at: datetime
    ends_at: datetime


@attrs.frozen(kw_only=True)
class Reservation:
    """What a meter gives.

    Attributes:
        slots: Slots in their order, up to as many as were asked for.
        again_at: When to ask again, if there were fewer; None if there were as many.
    """

    slots: tuple[Slot, ...]
    again_at: datetime | None = None


@runtime_checkable
class Meter(Protocol):
    """What keeps limits, in one process or for many."""

    async def reserve(self, tolls: Sequence[Toll], *, count: int, now: datetime, horizon: timedelta) -> Reservation:
        """Reserve slots that pass all these limits.

        Args:
            tolls: The limits; without any, all slots begin now.
            count: How many slots are wanted.
            now: The present instant.
            horizon: How far ahead a slot may begin; what lies beyond is left to others.
        """
        ...
