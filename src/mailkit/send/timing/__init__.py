"""When to write to a person: in his own time zone, outside quiet hours, at the hour at which he reads.

>>> from datetime import UTC, datetime, time
>>> from mailkit.send import timing
>>> hours = timing.Hours(windows=timing.Window(time(9), time(20)), fallback="Europe/Berlin")
>>> now = datetime(2026, 3, 2, 4, tzinfo=UTC)
>>> [f"{timing.next_instant(hours, zone, now):%H:%M}" for zone in ("Asia/Tokyo", "Europe/Moscow", None)]
['04:00', '06:00', '08:00']

All of it is pure, and what it gives is what `Job.not_before` takes.
"""

from __future__ import annotations

from mailkit.send.timing.habits import Habit, Slot, best_slot, by_hour
from mailkit.send.timing.openings import next_instant, openings
from mailkit.send.timing.spreading import moment, spread
from mailkit.send.timing.windows import EVERY_DAY, WEEKDAYS, Hours, Window, Zone

__all__ = [
    "EVERY_DAY",
    "WEEKDAYS",
    "Habit",
    "Hours",
    "Slot",
    "Window",
    "Zone",
    "best_slot",
    "by_hour",
    "moment",
    "next_instant",
    "openings",
    "spread",
]
