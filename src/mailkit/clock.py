"""The time. No other module of mailkit reads it; rules get `now` as an argument."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol, runtime_checkable

import attrs

from mailkit.errors import InvalidValue

__all__ = ["Clock", "ShiftedClock", "SystemClock", "utc"]


@runtime_checkable
class Clock(Protocol):
    """What tells the time and waits. `mailkit.testing.FakeClock` waits without waiting.

    >>> isinstance(SystemClock(), Clock)
    True
    """

    def now(self) -> datetime:
        """The present instant, aware and in UTC."""
        ...

    async def sleep(self, length: timedelta) -> None:
        """Come back once `length` has passed; at once if it is not positive."""
        ...


@attrs.frozen
class SystemClock:
    """The machine's own clock.

    >>> SystemClock().now().tzinfo
    datetime.timezone.utc
    """

    def now(self) -> datetime:
        """The present instant, aware and in UTC."""
        return datetime.now(UTC)

    async def sleep(self, length: timedelta) -> None:
        """Come back once `length` has passed; at once if it is not positive."""
        import asyncio

        await asyncio.sleep(max(0.0, length.total_seconds()))


@attrs.frozen(kw_only=True)
class ShiftedClock:
    """A clock that runs at the usual speed, so many days, hours or years away.

    For replaying what happened in another year, as the tutorial does.

    Attributes:
        shift: What is added to the present instant; negative for the past.

    >>> clock = ShiftedClock.starting(datetime(1998, 2, 1, tzinfo=UTC))
    >>> clock.now().year
    1998
    """

    shift: timedelta

    @classmethod
    def starting(cls, start: datetime) -> ShiftedClock:
        """The clock on which it is `start` now."""
        return cls(shift=utc(start) - datetime.now(UTC))

    def now(self) -> datetime:
        """The present instant on this clock, aware and in UTC."""
        return datetime.now(UTC) + self.shift

    async def sleep(self, length: timedelta) -> None:
        """Come back once `length` has passed; at once if it is not positive."""
        await SystemClock().sleep(length)


def utc(instant: datetime, *, what: str = "time") -> datetime:
    """The same instant in UTC.

    Raises:
        InvalidValue: It has no zone, so that nobody can say which instant is meant, or it is
            so near the calendar's end that UTC has no such instant.

    >>> from datetime import timezone
    >>> utc(datetime(2026, 3, 1, 12, tzinfo=timezone(timedelta(hours=3))))
    datetime.datetime(2026, 3, 1, 9, 0, tzinfo=datetime.timezone.utc)
    >>> utc(datetime(2026, 3, 1, 12))
    Traceback (most recent call last):
    mailkit.errors.InvalidValue: time: datetime.datetime(2026, 3, 1, 12, 0) has no time zone; ...
    """
    if not isinstance(instant, datetime):
        raise InvalidValue(what, instant, "is not a datetime")
    if instant.utcoffset() is None:
        raise InvalidValue(what, instant, "has no time zone", "give it one, such as tzinfo=datetime.UTC")
    try:
        return instant.astimezone(UTC)
    except OverflowError as error:
        raise InvalidValue(what, instant, "is outside the calendar in UTC") from error
