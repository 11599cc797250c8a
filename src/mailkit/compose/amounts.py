"""Numbers and times as records hold them, read strictly: what a letter would get wrong is refused."""

from __future__ import annotations

import re
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, time, tzinfo
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation, localcontext
from math import isfinite
from numbers import Integral
from typing import Any, Final

from jinja2.runtime import Undefined

from mailkit.compose.budgets import Unfit
from mailkit.errors import shorten

__all__ = ["exact", "local", "number", "rounded", "zone_of"]

_NUMBER: Final = re.compile(r"-?[0-9]{1,18}(?:\.[0-9]{1,18})?\Z")
_GREATEST: Final = Decimal(10) ** 18
_EXACT: Final = Context(prec=60, rounding=ROUND_HALF_UP, traps=[InvalidOperation])
_NUMBER_MEND: Final = "; give an int, a Decimal, a float or a text such as '1290.50'"


def number(value: Any) -> Decimal:
    """The value as a number: an int, a Decimal, a float (as it is written) or text such as "1290.50".

    Raises:
        Unfit: It is something else, not finite, or from 10¹⁸ up.
    """
    _refuse_absent(value)
    if isinstance(value, str):
        if not _NUMBER.match(value):
            raise Unfit(_told(value, "which is no number" + _NUMBER_MEND))
        return Decimal(value)
    if isinstance(value, bool) or not isinstance(value, Integral | float | Decimal):
        raise Unfit(_told(value, "which is no number" + _NUMBER_MEND))
    is_finite = value.is_finite() if isinstance(value, Decimal) else isinstance(value, Integral) or isfinite(value)
    if not is_finite or not -_GREATEST < value < _GREATEST:
        raise Unfit(_told(value, "which is beyond reason"))
    if isinstance(value, Decimal):
        return value
    return Decimal(repr(value)) if isinstance(value, float) else Decimal(int(value))


def exact() -> AbstractContextManager[Context]:
    """Decimals that lose nothing and raise nothing, whatever context the application has set."""
    return localcontext(_EXACT)


def rounded(value: Decimal, digits: int) -> Decimal:
    """The number with so many digits after the point, half away from zero, and never minus nought.

    >>> with exact():
    ...     rounded(Decimal("-2.675"), 2), rounded(Decimal("-0.001"), 2)
    (Decimal('-2.68'), Decimal('0.00'))
    """
    return value.quantize(Decimal(1).scaleb(-digits)) + 0


def local(value: Any, zone: tzinfo | None) -> date | datetime | time:
    """A date, or a time as the clocks of the zone show it. Text is read as ISO 8601.

    Raises:
        Unfit: It is something else, a time without a zone, or one in UTC with no zone to show it in.
    """
    _refuse_absent(value)
    if isinstance(value, str):
        value = _parsed(value)
    if isinstance(value, datetime):
        if value.tzinfo is None:
            mend = "; give an aware datetime, such as datetime.now(UTC)"
            raise Unfit(_told(value, "a time without a zone, which is another moment in each" + mend))
        if zone is not None:
            return _moved(value, zone)
        if value.tzinfo is UTC or value.tzname() == "UTC":
            raise Unfit("{} is a time in UTC, by which no reader lives; say whose: (zone='Europe/Moscow')")
        return value
    if isinstance(value, time) and value.tzinfo is not None:
        raise Unfit(_told(value, "a time of day in a zone, which is another by the day; give an aware datetime"))
    if isinstance(value, date | time):
        return value
    raise Unfit(_told(value, "which is no date or time; give a date, an aware datetime or text such as '2026-03-01'"))


def _moved(value: datetime, zone: tzinfo) -> datetime:
    try:
        return value.astimezone(zone)
    except OverflowError as error:
        raise Unfit(_told(value, "which calendars do not reach in that zone")) from error


def zone_of(zone: Any) -> tzinfo | None:
    """The zone, given itself or by its IANA name; None for the time's own.

    Raises:
        Unfit: There is no such zone.
    """
    if zone is None or isinstance(zone, tzinfo):
        return zone
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(zone)
    except (LookupError, ValueError, TypeError, OSError) as error:
        raise Unfit(f"{shorten(zone)} is not a time zone; write e.g. 'Europe/Moscow'") from error


def _parsed(text: str) -> date | datetime | time:
    for kind in (date, datetime, time):
        try:
            return kind.fromisoformat(text)
        except ValueError:
            continue
    raise Unfit(_told(text, "which is no date or time (ISO 8601); write '2026-03-01' or '2026-03-01T10:00+03:00'"))


def _refuse_absent(value: Any) -> None:
    if value is None:
        raise Unfit("{} is None; give it a value, or ask first: {{% if {name} %}}")
    if isinstance(value, Undefined):
        value._fail_with_undefined_error()


def _told(value: Any, why: str) -> str:
    return "{} is " + shorten(value, longest=40).replace("{}", "{ }") + f", {why}"
