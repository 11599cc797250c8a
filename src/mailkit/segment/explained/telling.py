"""Values and instants in words, for people: "12 January 2026 at 09:30 UTC", "48 days ago"."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from mailkit.errors import shorten
from mailkit.segment.values import is_null, plain

__all__ = ["apart", "day", "shown", "when"]

_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_UNITS: Final = ((timedelta(days=1), "day"), (timedelta(hours=1), "hour"), (timedelta(minutes=1), "minute"))


def day(value: date) -> str:
    """The day in words, whatever the machine's language.

    >>> day(date(2026, 1, 12))
    '12 January 2026'
    """
    return f"{value.day} {_MONTHS[value.month - 1]} {value.year}"


def when(at: datetime) -> str:
    """The instant in words, given in UTC, to the microsecond if it has one.

    >>> from datetime import UTC
    >>> when(datetime(2026, 1, 12, 9, 30, tzinfo=UTC))
    '12 January 2026 at 09:30 UTC'
    """
    exactness = "microseconds" if at.microsecond else "seconds" if at.second else "minutes"
    return f"{day(at)} at {at.time().isoformat(exactness)} UTC"


def apart(at: datetime, now: datetime) -> str:
    """How long before or after now: whole days, or hours or minutes where it is less than a day.

    >>> from datetime import UTC
    >>> apart(datetime(2026, 1, 12, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC))
    '48 days ago'
    """
    length = abs(now - at)
    for unit, name in _UNITS:
        count = length // unit
        if count:
            told = f"{count:,} {name}{'s' if count > 1 else ''}"
            return f"{told} ago" if at < now else f"in {told}"
    return "just now" if at <= now else "within a minute"


def shown(value: Any, now: datetime) -> str:
    """A value of a record or event in words."""
    value = plain(value)
    if is_null(value):
        return "null"
    if isinstance(value, datetime):
        return f"{when(value)}, {apart(value, now)}" if value.utcoffset() == timedelta(0) else value.isoformat()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return day(value)
    if isinstance(value, str):
        return '"' + shorten(value)[1:-1] + '"'
    return str(value) if isinstance(value, Decimal) else shorten(value)
