"""Periods of the calendar on the clocks of a zone: this month, the previous three weeks, today.

They are not spans: a day of the calendar has 23 to 25 hours, `days(1)` always has 24.
"""

from __future__ import annotations

import attrs

from mailkit.errors import SegmentError, did_you_mean, shorten
from mailkit.segment import nodes
from mailkit.segment.fields import Somewhere, Value, as_zone
from mailkit.segment.nodes import Part
from mailkit.segment.spans import Unit, is_whole

__all__ = ["Period", "previous", "this", "today"]

_UNITS = (Unit.DAY, Unit.WEEK, Unit.MONTH, Unit.YEAR)


def _unit(value: str) -> Unit:
    if value in _UNITS:
        return Unit(value)
    mend = did_you_mean(str(value), map(str, _UNITS)) or f"; there are {', '.join(_UNITS)}"
    raise SegmentError(f"{shorten(value)} is not a period of the calendar{mend}")


def _number(instance: object, attribute: object, value: int) -> None:
    if not is_whole(value):
        raise SegmentError(f"{shorten(value)} is not a whole number of periods before or after the current one")


def _last(instance: Period, attribute: object, value: int) -> None:
    _number(instance, attribute, value)
    if value < instance.first:
        raise SegmentError(f"the period would end before it begins: {instance.first} to {value}")


def _where(given: nodes.Zone | Somewhere) -> nodes.Zone:
    return given if isinstance(given, nodes.Constant | nodes.Field) else as_zone(given)


@attrs.frozen(kw_only=True)
class Period:
    """One or several periods of the calendar in a row, counted from the current one.

    Attributes:
        unit: Days, weeks (from Monday), months or years.
        first: The first of them: 0 is the current one, -1 the one before.
        last: The last of them, included.
        zone: On whose clocks: a zone's name, or the person's field that has it.

    >>> from datetime import UTC, datetime
    >>> from mailkit.segment import event as ev, field as f, this
    >>> segment = ev.visit.did(during=this("month", zone="Europe/Moscow"))
    >>> visit = {"kind": "visit", "at": datetime(2026, 2, 28, 22, tzinfo=UTC)}  # 1 March in Moscow
    >>> segment.matches({}, events=[visit], now=datetime(2026, 3, 5, tzinfo=UTC))
    True
    """

    unit: Unit = attrs.field(converter=_unit)
    first: int = attrs.field(default=0, validator=_number)
    last: int = attrs.field(default=0, validator=_last)
    zone: nodes.Zone = attrs.field(converter=_where)

    @property
    def start(self) -> Value:
        """The instant at which the first of them begins."""
        return Value(nodes.Begin(unit=self.unit, offset=self.first, zone=self.zone))

    @property
    def end(self) -> Value:
        """The instant at which the last of them ends, which is not in it any more."""
        return Value(nodes.Begin(unit=self.unit, offset=self.last + 1, zone=self.zone))


def this(unit: str, *, zone: Somewhere) -> Period:
    """The current day, week, month or year, which is not over yet.

    >>> this("week", zone="Europe/Moscow").first
    0
    """
    return Period(unit=unit, zone=zone)


def previous(count: int, unit: str, *, zone: Somewhere) -> Period:
    """So many whole days, weeks, months or years before the current one.

    >>> quarter = previous(3, "month", zone="Europe/Moscow")
    >>> quarter.first, quarter.last
    (-3, -1)
    """
    if isinstance(count, bool) or not isinstance(count, int) or count < 1:
        raise SegmentError(f"{shorten(count)} is not how many there are; write e.g. previous(1, 'month', zone=...)")
    return Period(unit=unit, first=-count, last=-1, zone=zone)


def today(zone: Somewhere) -> Value:
    """The date there now.

    >>> from datetime import UTC, date, datetime
    >>> from mailkit.segment import field as f
    >>> ends_today = f.ends == today("Europe/Moscow")
    >>> ends_today.matches({"ends": date(2026, 3, 1)}, now=datetime(2026, 2, 28, 21, tzinfo=UTC))
    True
    """
    return Value(nodes.PartOf(of=nodes.Now(), part=Part.DATE, zone=as_zone(zone)))
