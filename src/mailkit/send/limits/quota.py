"""Quotas: so many letters a day or a month on an account, by the calendar of a zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

import attrs

from mailkit.checks import at_least, aware, instant
from mailkit.errors import InvalidValue
from mailkit.send.meter import Allotment

__all__ = ["Period", "Quota"]


class Period(StrEnum):
    """What a quota counts in."""

    DAY = "day"
    """From midnight to midnight on the clocks of the zone."""
    MONTH = "month"
    """From the first of a month to the first of the next."""


def _period(value: Period | str) -> Period:
    try:
        return Period(value)
    except ValueError as error:
        raise InvalidValue("Quota.per", value, "is neither a day nor a month", 'write per="day"') from error


@attrs.frozen
class Quota:
    """So many letters a day or a month, with an overrun that is said beforehand.

    It counts tries: a letter is counted when it is begun, and given back if no server took it.

    Attributes:
        most: How many letters.
        per: A day or a month of the calendar: "day" or "month".
        zone: By whose clocks; an IANA name. UTC unless told otherwise.
        overrun_share: How many more may pass, as a share of `most`: 0.1 for a tenth. Transactional letters may
            always use it, so that the last bulk letters of a day do not keep an order's receipt back.
        overrun_until: Until when all letters may use it; transactional ones only if None.

    >>> quota = Quota(1000, per="day", zone="Europe/Berlin", overrun_share=0.1)
    >>> evening = datetime(2026, 3, 28, 22, 30, tzinfo=UTC)
    >>> [quota.allotment("shop", is_transactional=each, now=evening).most for each in (False, True)]
    [1000, 1100]
    >>> str(quota.allotment("shop", is_transactional=False, now=evening).ends_at)  # a quarter past midnight is tomorrow
    '2026-03-28 23:00:00+00:00'
    """

    most: int = attrs.field(validator=at_least(0))
    per: Period = attrs.field(kw_only=True, converter=_period)
    zone: str = attrs.field(default="UTC", kw_only=True)
    overrun_share: float = attrs.field(default=0.0, kw_only=True, validator=at_least(0))
    overrun_until: datetime | None = attrs.field(
        default=None,
        kw_only=True,
        converter=attrs.converters.optional(aware),
        validator=attrs.validators.optional(instant),
    )

    @most.validator
    def _check_most(self, attribute: object, value: Any) -> None:
        if not isinstance(value, int):
            raise InvalidValue("Quota.most", value, "is not a whole number")

    @zone.validator
    def _check_zone(self, attribute: object, value: str) -> None:
        try:
            ZoneInfo(value)
        except (ValueError, OSError, TypeError, KeyError) as error:
            raise InvalidValue("Quota.zone", value, "is no time zone", "write an IANA name: 'Europe/Berlin'") from error

    def allotment(self, account: str, *, is_transactional: bool, now: datetime) -> Allotment:
        """What this quota gives the account's letters of one sort in the period that it is now."""
        may_overrun = is_transactional or (self.overrun_until is not None and now < self.overrun_until)
        most = self.most + (int(self.most * self.overrun_share + 1e-9) if may_overrun else 0)
        number, ends_at = self._ends(now)
        if may_overrun and not is_transactional and self.overrun_until is not None:
            ends_at = min(ends_at, self.overrun_until)  # then it is asked anew
        key = f"quota {self.per} {self.zone} {account}"
        return Allotment(key=key, number=number, most=most, ends_at=ends_at)

    def _ends(self, now: datetime) -> tuple[int, datetime]:
        """The period's number, which grows with time, and its end."""
        zone = ZoneInfo(self.zone)
        today = now.astimezone(zone).date()
        if self.per is Period.DAY:
            number, after = today.toordinal(), today + timedelta(days=1)
        else:
            number, after = today.year * 12 + today.month, (today.replace(day=1) + timedelta(days=32)).replace(day=1)
        return number, _midnight(after, zone)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
