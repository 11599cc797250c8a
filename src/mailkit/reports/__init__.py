"""Reports: numbers from events, each with what it was divided by.

Nothing here keeps state: give the log, get the numbers. A letter is counted once, however
often it was opened, and belongs to one state, which `letter_state` says.

>>> from datetime import UTC, datetime, timedelta
>>> from mailkit import Event, reports
>>> start = datetime(2026, 3, 1, tzinfo=UTC)
>>> log = [Event(kind=kind, person=person, at=start + timedelta(minutes=minute), campaign="spring")
...        for minute, (person, kind) in enumerate([("1", "accepted"), ("2", "accepted"), ("3", "bounced"),
...                                                 ("1", "opened"), ("1", "opened"), ("1", "clicked")])]
>>> numbers = reports.funnel(log)
>>> numbers.accepted, numbers.opened
(2, 1)
>>> for rate in reports.rates(numbers)[:3]:
...     print(rate)
accepted: 66.7% (2 of 3 sent)
bounced: 33.3% (1 of 3 sent)
opened: 50.0% (1 of 2 accepted)

`page` puts them on one HTML page that needs nothing else.
"""

from __future__ import annotations

from mailkit.reports.bounces import CauseCount, bounces_by_cause
from mailkit.reports.counts import Funnel, Rate, funnel, funnel_by, rates
from mailkit.reports.heatmap import LinkClicks, LinkMarks, clicks_by_link, picture
from mailkit.reports.page import page
from mailkit.reports.revenue import Revenue, revenue

__all__ = [
    "CauseCount",
    "Funnel",
    "LinkClicks",
    "LinkMarks",
    "Rate",
    "Revenue",
    "bounces_by_cause",
    "clicks_by_link",
    "funnel",
    "funnel_by",
    "page",
    "picture",
    "rates",
    "revenue",
]
