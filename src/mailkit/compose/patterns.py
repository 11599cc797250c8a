"""How a language writes a moment: patterns of Unicode's CLDR (UTS 35, part 4)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, tzinfo
from typing import TYPE_CHECKING, Any, Final

from mailkit.compose.budgets import Unfit
from mailkit.errors import did_you_mean, shorten

if TYPE_CHECKING:
    from babel import Locale

__all__ = ["NAMED", "clock", "pattern"]

NAMED: Final = ("short", "medium", "long", "full")
"""The lengths that every language has a pattern for."""
_SKELETON: Final = re.compile(r"[A-Za-z]{1,24}\Z")
_RUN: Final = re.compile(r"'[^']*'|([A-Za-z])\1*")
_KIN: Final = {"E": "E", "c": "E", "e": "E", "M": "M", "L": "M"}
"""Letters of patterns that stand for the same: weekdays and months."""
_ZONES: Final = frozenset("zZOvVXx")
"""Letters of patterns that write a zone."""


def pattern(given: str, locale: Locale, named: Mapping[str | None, Any]) -> str:
    """The pattern for a length such as "long", for fields such as "MMMMd", or the given one itself.

    Raises:
        Unfit: The language has no pattern for these fields.

    >>> from babel import Locale
    >>> pattern("MMMMd", Locale("ru"), {}), pattern("MMMMd", Locale("en"), {})
    ('d MMMM', 'MMMM d')
    """
    if not isinstance(given, str) or not 0 < len(given) <= 64:
        raise Unfit(f"{shorten(given)} is not a format; write 'long', fields such as 'MMMMd', or a pattern")
    if given in NAMED:
        return str(named[given])
    if not _SKELETON.match(given):
        return given
    from babel.dates import match_skeleton

    known = locale.datetime_skeletons
    found = match_skeleton(given, known)
    if found is None:
        near = did_you_mean(given, [*NAMED, *known])
        raise Unfit(f"{given!r} is not a format that the language {str(locale)!r} has{near}")
    return _widened(str(known[found]), given)


def _widened(found: str, asked: str) -> str:
    """The pattern with months and weekdays as long as they were asked for (UTS 35, Missing Skeleton Fields)."""
    wanted = {_KIN[run[0]]: len(run) for run in (one.group() for one in _RUN.finditer(asked)) if run[0] in _KIN}

    def widen(one: re.Match[str]) -> str:
        run, letter = one.group(), one.group(1) or ""
        length = wanted.get(_KIN.get(letter, ""), 0)
        is_word = letter == "E" or len(run) >= 3  # a single E is a short word, a single M or c a number
        return letter * length if is_word and length >= 3 else run

    return _RUN.sub(widen, found)


def clock(written: str, locale: Locale) -> Callable[[tuple[date | datetime | time, int, tzinfo | None]], str]:
    """What writes moments by a pattern: each without its zone, with its fold, and the zone.

    Raises:
        Unfit: It is not a pattern.
    """
    from babel.dates import parse_pattern

    try:
        parsed = parse_pattern(written)
        parsed.apply(datetime(2026, 3, 1, tzinfo=UTC), locale)
        names_zone = any(one[1] in _ZONES for one in _RUN.finditer(written))
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise Unfit(f"{written!r} is not a pattern of dates and times: {error}") from error

    def write(moment: tuple[date | datetime | time, int, tzinfo | None]) -> str:
        value, fold, zone = moment
        if zone is not None and isinstance(value, datetime):
            value = value.replace(fold=fold, tzinfo=zone)
        try:
            if names_zone and zone is None:
                raise AttributeError("zone")  # Babel would take it for a time in UTC
            return parsed.apply(value, locale)
        except AttributeError as error:  # a date has no hours, a time of day no month and no zone
            what = "date" if isinstance(value, date) else "time of day"
            raise Unfit(f"{{}} is a {what}, and the format {written!r} asks for more") from error

    return write
