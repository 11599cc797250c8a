"""Say who, over the records and events that an application has.

A segment is written with operators over fields (`field`) and over what people did (`event`),
and asked of plain Python records. Nothing is stored and nothing is fetched: the people and
their events are given, and so may be the instant as of which the answer holds.

>>> from datetime import UTC, datetime
>>> from mailkit import Event
>>> from mailkit.segment import days, event as ev, field as f
>>> people = [{"id": 1, "city": "Kazan"}, {"id": 2, "city": "Kazan"}, {"id": 3, "city": None}]
>>> events = [Event(kind="purchase", person="1", at=datetime(2026, month, 1, tzinfo=UTC)) for month in (1, 2)]
>>> loyal = (f.city == "Kazan") & ev.purchase.at_least(2, last=days(90))
>>> print(loyal)
city = "Kazan" and at least 2 purchase within last 90 days
>>> loyal.filter(people, events=events, now=datetime(2026, 3, 1, tzinfo=UTC))
[{'id': 1, 'city': 'Kazan'}]

What null, windows, ties and time zones mean is told on one page, "What a segment means".
"""

from __future__ import annotations

from mailkit.segment.fields import Field, Value, field
from mailkit.segment.functions import ago, ahead, distance, member
from mailkit.segment.happenings import Chain, Happening, event
from mailkit.segment.segments import Segment
from mailkit.segment.spans import Span, days, hours, minutes, months, weeks, years

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from mailkit.segment import presets
    from mailkit.segment.compiled.index import Index
    from mailkit.segment.declared.schema import Schema
    from mailkit.segment.explained.overlaps import overlap
    from mailkit.segment.language.syntax import parse
    from mailkit.segment.live import Live
    from mailkit.segment.periods import Period, previous, this, today
    from mailkit.segment.running.runs import memberships, partition

__all__ = [
    "Chain",
    "Field",
    "Happening",
    "Index",
    "Live",
    "Period",
    "Schema",
    "Segment",
    "Span",
    "Value",
    "ago",
    "ahead",
    "days",
    "distance",
    "event",
    "field",
    "hours",
    "member",
    "memberships",
    "minutes",
    "months",
    "overlap",
    "parse",
    "partition",
    "presets",
    "previous",
    "this",
    "today",
    "weeks",
    "years",
]

_LATER = {
    "Index": "compiled.index",
    "Live": "live",
    "Period": "periods",
    "Schema": "declared.schema",
    "memberships": "running.runs",
    "overlap": "explained.overlaps",
    "parse": "language.syntax",
    "partition": "running.runs",
    "presets": "presets",
    "previous": "periods",
    "this": "periods",
    "today": "periods",
}
"""What is loaded when it is first used, and from which module: a program that imports segments need not run any."""


def __getattr__(name: str) -> Any:
    home = _LATER.get(name)
    if home is None:
        raise AttributeError(f"module 'mailkit.segment' has no attribute {name!r}")
    from importlib import import_module

    module = import_module(f"mailkit.segment.{home}")
    value = module if name == home else getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
