"""Places at a rate, shared by all who send: what a sender asks before a letter may pass.

How to think about it. A limit is a name and a rate (`Toll`), or a name and a number in a period of
the calendar (`Allotment`). A letter passes several at once, that of its account, of its identity,
of its reader's provider, and they must agree on one instant. So a meter gives **slots**: stretches
of time in which one letter may pass them all. A slot is no coin. Who misses it has lost it, since
saved slots would make a burst that no limit allows.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, Protocol, runtime_checkable

import attrs

from mailkit.checks import at_least, aware, instant
from mailkit.errors import InvalidValue
from mailkit.send.limits.rate import TICK, Rate

__all__ = ["Allotment", "Meter", "Reservation", "Slot", "Toll"]

_LEAST_GRACE: Final = 2_000
"""Microseconds by which an event loop may be late and still keep its slot."""
_MOST_GRACE: Final = 1_000_000
_MOST_SPARE: Final = 10_000
_SLOWEST: Final = 1 << 60
"""Microseconds, some 36,000 years: what takes longer does not fit the whole numbers of databases."""
_FIRST_GRACE: Final = 50_000
"""Microseconds for which the first slot after a pause is good, as far as the burst allows."""


@attrs.frozen(kw_only=True)
class Toll:
    """A limit that letters pass.

    Attributes:
        key: Its name, the same for all who share it, such as "provider gmail".
        rate: So many letters in so much time.

    The others are worked out, in microseconds; `mailkit.send.limits.slots` says why they keep the rate:

    Attributes:
        step: The time between two slots.
        length: How long a slot is at most.
        grace: How long it is at least, with its spare time.
        spare: The end of a slot that nobody is told of, for what passes between a look at the clock and the letter.

    >>> toll = Toll(key="provider gmail", rate=Rate(100, per=timedelta(seconds=1), burst=5))
    >>> toll.step, toll.length, toll.grace, toll.spare
    (10000, 40000, 20000, 10000)
    """

    key: str
    rate: Rate
    step: int = attrs.field(init=False, eq=False, repr=False)
    length: int = attrs.field(init=False, eq=False, repr=False)
    grace: int = attrs.field(init=False, eq=False, repr=False)
    spare: int = attrs.field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        step = self.rate.period // TICK
        if step * self.rate.burst > _SLOWEST:
            raise InvalidValue("Toll.rate", self.rate, "is slower than anybody could wait for")
        if self.rate.burst == 1:
            grace = length = min(max(step // 64, min(step, _LEAST_GRACE)), _MOST_GRACE)
            step += length
        else:
            length = (self.rate.burst - 1) * step
            grace = min(-(-length // 2), _FIRST_GRACE)
        object.__setattr__(self, "step", step)  # the class is frozen
        object.__setattr__(self, "length", length)
        object.__setattr__(self, "grace", grace)
        object.__setattr__(self, "spare", min(length // 4, _MOST_SPARE))


@attrs.frozen(kw_only=True)
class Allotment:
    """So many letters in one period of the calendar.

    Attributes:
        key: Its name, the same for all its periods and for all who share it, such as "quota shop day".
        number: Which period it is; the next has a higher number.
        most: How many letters may pass in this period, of all that pass under this key.
        ends_at: When the period ends; then whoever waits asks again.

    >>> from datetime import UTC
    >>> Allotment(key="quota shop day", number=739_676, most=1000, ends_at=datetime(2026, 3, 2, tzinfo=UTC)).most
    1000
    """

    key: str
    number: int
    most: int = attrs.field(validator=at_least(0))
    ends_at: datetime = attrs.field(converter=aware, validator=instant)


@attrs.frozen(kw_only=True)
class Slot:
    """When one letter may pass: from the first instant up to, but not including, the second.

    The letter's instant is when the sender, having looked at the clock, begins its delivery.
    """

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
    """What keeps limits, in one process or for many. Every method is atomic."""

    async def reserve(
        self, tolls: Sequence[Toll | Allotment], *, count: int, now: datetime, horizon: timedelta
    ) -> Reservation:
        """Reserve slots that pass all these limits.

        Args:
            tolls: The limits; without any, all slots begin now, and last for the horizon, but at least a second.
            count: How many slots are wanted.
            now: The present instant.
            horizon: How far ahead a slot may begin, up to a minute; what lies beyond is left to others.
        """
        ...

    async def give_back(self, tolls: Sequence[Toll | Allotment], *, count: int) -> None:
        """Give back to the allotments among these what was reserved of them and not used, or used in vain.

        A rate gets nothing back: its slots are no coins.
        """
        ...
