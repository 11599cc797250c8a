"""Warm-up schedules as they were published, as data.

How to think about it. These are the figures of others, each with its source. They go up by the
calendar; a `Plan` made of one goes up by what came of the letters, unless its gates are opened.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Final

import attrs

from mailkit.errors import InvalidValue

__all__ = ["SCHEDULES", "Schedule"]

_DAY: Final = timedelta(hours=24)
_HOURS: Final = 24


def counts(given: Iterable[int]) -> tuple[int, ...]:
    """The numbers as a tuple."""
    return tuple(given)


def positive_counts(instance: object, attribute: Any, value: tuple[int, ...]) -> None:
    """Refuse what are not whole numbers from 1 up that never fall; a validator."""
    what = f"{type(instance).__name__}.{attribute.name}"
    for place, count in enumerate(value):
        if type(count) is not int or count < 1:
            raise InvalidValue(what, count, "is not a whole number of letters from 1 up")
        if place and count < value[place - 1]:
            raise InvalidValue(what, count, "is less than on the day before", "a schedule never falls")


@attrs.frozen(kw_only=True)
class Schedule:
    """How many letters a day others advise to send from a new identity.

    Attributes:
        name: What it is called here.
        daily: Letters a day, from the first day on.
        source: Where it stands, or who tells it.
        spread: Over how much of a day its letters go.
        note: What a reader of the figures must know.

    >>> guide = SCHEDULES["sendgrid guide"]
    >>> guide.daily[:4], guide.day_of(100_000)
    ((50, 100, 500, 1000), 10)
    """

    name: str
    daily: tuple[int, ...] = attrs.field(converter=counts, validator=positive_counts)
    source: str
    spread: timedelta = timedelta(hours=8)
    note: str = ""

    def day_of(self, volume: int) -> int | None:
        """The first day, from 1, on which so many letters are allowed; None if there is none."""
        return next((day for day, count in enumerate(self.daily, start=1) if count >= volume), None)


_SENDGRID_HOURLY: Final = (
    20, 28, 39, 55, 77, 108, 151, 211, 295, 413, 579, 810, 1_000, 1_587, 2_222, 3_111, 4_356, 6_098, 8_583, 11_953,
    16_734, 23_427, 32_798, 45_917, 64_284, 89_998, 125_997, 176_395, 246_953, 345_735, 484_029, 677_640, 948_696,
    1_328_175, 1_859_444, 2_603_222, 3_644_511, 5_102_316, 7_143_242, 10_000_539, 14_000_754, 19_601_056,
)  # fmt: skip
_SENDGRID_GUIDE: Final = (50, 100, 500, 1_000, 5_000, 10_000, 20_000, 40_000, 70_000, 100_000)
_SPARKPOST: Final = (
    200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 40_000, 50_000, 75_000, 100_000, 150_000, 200_000, 250_000, 325_000,
    400_000, 500_000, 600_000, 750_000, 1_000_000, 1_250_000, 1_750_000, 2_000_000, 3_000_000, 4_250_000, 5_000_000,
    6_000_000, 7_500_000, 10_000_000,
)  # fmt: skip

SCHEDULES: Final = {
    schedule.name: schedule
    for schedule in (
        Schedule(
            name="sendgrid hourly",
            daily=tuple(_HOURS * hourly for hourly in _SENDGRID_HOURLY),
            source="Twilio SendGrid, automated IP warm-up: hourly send schedule",
            spread=_DAY,
            note="so many an hour, times 24; × 1.4 a day, but for the thirteenth, where 1,000 is published",
        ),
        Schedule(
            name="sendgrid guide",
            daily=_SENDGRID_GUIDE,
            source="Twilio SendGrid, e-mail guide for IP warm-up",
        ),
        Schedule(
            name="sparkpost",
            daily=_SPARKPOST,
            source="SparkPost, IP warm-up overview; from 200,000 on as adCrux repeats it (kb.adcrux.io)",
            note="the next stage only if over 90 % was delivered",
        ),
        Schedule(
            name="ses standard",
            daily=tuple(round(50_000 * day / 45) for day in range(1, 46)),
            source="Amazon SES, standard dedicated IP addresses: 45 days to 50,000 a day",
            note="by time alone; the days between are not published, here they go up evenly",
        ),
    )
}
"""The published schedules by name: "sendgrid hourly", "sendgrid guide", "sparkpost", "ses standard"."""
