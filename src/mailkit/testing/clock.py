"""A clock that is set by hand."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Final

import attrs

from mailkit.checks import aware, instant

__all__ = ["FakeClock"]

_START: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)


@attrs.define
class FakeClock:
    """Tells the time that it was set to; whoever sleeps on it moves it, and does not wait.

    >>> clock = FakeClock(datetime(2026, 3, 1, 12, tzinfo=UTC))
    >>> asyncio.run(clock.sleep(timedelta(hours=4)))
    >>> str(clock.now())
    '2026-03-01 16:00:00+00:00'
    """

    _now: datetime = attrs.field(default=_START, converter=aware, validator=instant)

    def now(self) -> datetime:
        """The instant it was set to."""
        return self._now

    def advance(self, length: timedelta) -> None:
        """Move it on; back if the length is negative."""
        self._now += length

    async def sleep(self, length: timedelta) -> None:
        """Move it on by `length` if that is positive, and let others have their turn."""
        self._now += max(timedelta(0), length)
        await asyncio.sleep(0)
