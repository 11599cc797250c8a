"""What values of records and events may be, and how two of them compare.

There are five sorts: text, truth values, numbers, dates and times. Values of two sorts are
never compared in silence: that `"42"` is not 42 is a fault of the data or of the segment,
and whoever is quietly left out cannot complain. Null is the exception: None, and the NaN
and NaT of data frames, are not compared with anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from enum import Enum
from functools import cache
from numbers import Integral, Real
from typing import Any, Final

from mailkit.errors import SegmentError, did_you_mean, shorten
from mailkit.segment.spans import EARLIEST, LATEST

__all__ = [
    "align",
    "as_text",
    "as_told",
    "by_sort",
    "digits",
    "instant",
    "is_among",
    "is_iterable",
    "is_naive",
    "is_null",
    "plain",
    "raised",
    "sort",
    "zone",
]

_OURS: Final = (str, int, float, date, Decimal, type(None))
_TEXT: Final = "text"
_TRUTH: Final = "a truth value"
_NUMBER: Final = "a number"
_TIME: Final = "a time"
_DATE: Final = "a date"
_TOLD: Final = 200  # characters of what another's error says


def plain(value: Any) -> Any:
    """The value as one of the five sorts where it stands for one.

    A member of an enumeration stands for its value; an address, a domain and a UUID for
    their text; numbers and truth values of other libraries
    for Python's own; and what numpy and pandas have for "not known" is null.
    """
    if isinstance(value, Enum):
        return plain(value.value)
    if isinstance(value, _OURS):
        return value
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        try:
            return float(value)
        except OverflowError as error:
            raise SegmentError(f"{shorten(value)} is too large for a number") from error
    return _of_others(value)


def is_null(value: Any) -> bool:
    """Whether nothing is known: None, NaN or NaT."""
    if isinstance(value, Decimal):
        return value.is_nan()
    return value is None or (isinstance(value, float | datetime) and value != value)


def sort(value: Any) -> str:
    """Which of the five sorts a plain value is, in words; empty if it is none of them.

    >>> sort("42"), sort(42), sort([42])
    ('text', 'a number', '')
    """
    if isinstance(value, str):
        return _TEXT
    if isinstance(value, bool):
        return _TRUTH
    if isinstance(value, int | float | Decimal):
        return _NUMBER
    if isinstance(value, date):
        return _TIME if isinstance(value, datetime) else _DATE
    return ""


def align(left: Any, right: Any, assumed: tzinfo | None) -> tuple[Any, Any]:
    """Two plain values, neither of them null, so that Python compares them rightly.

    A float beside a Decimal is taken by the digits that it shows: 0.1 is 0.1 and not
    0.1000000000000000055. Dates are compared as dates, and beside a time as the instant at
    which they begin.

    Raises:
        SegmentError: They are of two sorts, or of none, or lack a zone.
    """
    sorts = sort(left), sort(right)
    if sorts == (_NUMBER, _NUMBER):
        if isinstance(left, float) and isinstance(right, Decimal):
            return digits(left), right
        return left, digits(right) if isinstance(left, Decimal) and isinstance(right, float) else right
    if sorts[0] == sorts[1] and sorts[0] in (_TEXT, _TRUTH, _DATE):
        return left, right
    if set(sorts) <= {_TIME, _DATE}:
        return instant(left, assumed), instant(right, assumed)
    mend = "; ask what a list contains(...)" if isinstance(left, list | tuple | set | frozenset) else ""
    raise SegmentError(f"{_shown(left, sorts[0])} cannot be compared with {_shown(right, sorts[1])}{mend}")


def digits(number: float) -> Decimal:
    """The number that a float shows: of 0.1, one tenth. A subclass may show itself in a way of its own."""
    return Decimal(repr(float(number)))


def by_sort(values: Iterable[Any]) -> dict[str, list[Any]]:
    """Plain values by their sorts, where dates and times are one: they can be compared once a zone is known."""
    sorted_out: dict[str, list[Any]] = {}
    for value in values:
        sorted_out.setdefault(_kin(value), []).append(value)
    return sorted_out


def is_among(value: Any, options: Mapping[str, Sequence[Any]], assumed: tzinfo | None) -> bool:
    """Whether a plain value is one of several, given `by_sort`, none of them null.

    Options of other sorts are passed over where there are some of the value's own.

    Raises:
        SegmentError: It is none of them as far as can be told, and with some it cannot be compared.
    """
    trouble = None
    for option in options.get(_kin(value)) or [option for some in options.values() for option in some]:
        try:
            one, other = align(value, option, assumed)
        except SegmentError as error:
            trouble = trouble or error
        else:
            if one == other:
                return True
    if trouble is not None:
        raise trouble
    return False


def _kin(value: Any) -> str:
    name = sort(value)
    return _TIME if name == _DATE else name


def instant(value: Any, assumed: tzinfo | None) -> datetime:
    """The time in UTC; one without a zone, and a date's beginning, are read in the zone `assumed`.

    Raises:
        SegmentError: It is no time, or no zone is assumed where one is needed.
    """
    if not isinstance(value, date):
        raise SegmentError(f"{_shown(value, sort(value))} is not a time; give a datetime")
    if not isinstance(value, datetime):
        if assumed is None:
            reason = "is a date, which begins at another instant in every zone; say which with assume_zone="
            raise SegmentError(f"{shorten(value)} {reason}")
        value = datetime(value.year, value.month, value.day, tzinfo=assumed)
    elif is_naive(value):
        if assumed is None:
            raise SegmentError(f"{shorten(value)} has no time zone; give it one, or say assume_zone=")
        value = value.replace(tzinfo=assumed)
    aware: datetime = value
    if aware.tzinfo is UTC:
        return aware.replace(fold=0) if aware.fold else aware  # UTC has no hour twice, so there are no two such times
    try:
        return aware.astimezone(UTC)
    except OverflowError:  # "for ever" is often written as the calendar's last instant
        return LATEST if aware.year > 1 else EARLIEST


def is_naive(value: datetime) -> bool:
    """Whether it has no zone; pandas' NaT is no time, and a zone of the application's own may raise anything."""
    try:
        return value.utcoffset() is None
    except Exception as error:
        raise SegmentError(f"{shorten(value)} is not a time: asking for its zone {raised(error)}") from error


def zone(given: tzinfo | str | None, *, what: str = "assume_zone=") -> tzinfo | None:
    """The zone, given itself or by its name such as "Europe/Moscow"; an error begins with `what` it was given for.

    Raises:
        SegmentError: There is no such zone.
    """
    if given is None or isinstance(given, tzinfo):
        return given
    trouble, mend = None, ""
    if isinstance(given, str):
        from zoneinfo import ZoneInfo

        name = str.__str__(given)  # a subclass may show itself in a way of its own
        try:
            return ZoneInfo(name)
        except (LookupError, ValueError, OSError) as error:
            trouble, mend = error, did_you_mean(name, _zone_names())
    reason = f"{what}{shorten(given)} is not a time zone{mend or '; write e.g. Europe/Moscow or UTC'}"
    raise SegmentError(reason) from trouble


@cache
def _zone_names() -> list[str]:
    from zoneinfo import available_timezones

    return sorted(available_timezones())


def is_iterable(value: object) -> bool:
    """Whether it can be gone through; an array of numpy that has no dimensions only looks so."""
    return isinstance(value, Iterable) and getattr(value, "shape", None) != ()


def raised(error: Exception) -> str:
    """What the application's own code raised, and the beginning of what it said, which may be as long as it likes.

    >>> raised(KeyError("city"))
    "raised KeyError: 'city'"
    """
    try:
        told = str(error)
    except Exception:  # noqa: BLE001 - whatever it is, something else went wrong before
        told = "which does not say what is wrong"
    return f"raised {type(error).__name__}: {told[:_TOLD]}" + "…" * (len(told) > _TOLD)


def as_told(error: Exception, what: str) -> SegmentError:
    """The error itself if it is ours; else the one that says at `what` the application's own code raised it."""
    if isinstance(error, SegmentError):
        return error
    told = SegmentError(f"{what} {raised(error)}")
    told.__cause__ = error
    return told


def as_text(value: Any, what: str) -> str:
    """The value as text.

    Raises:
        SegmentError: It has none, as a number of too many digits; `what` says whose text was asked for.
    """
    try:
        return str(value)
    except Exception as error:
        raise as_told(error, f"{what}, {shorten(value)}, as text") from error


def _of_others(value: Any) -> Any:
    from uuid import UUID  # here, since most segments never meet one, nor an address

    from mailkit.address import Address, Domain

    if isinstance(value, UUID | Address | Domain):
        return str(value)
    kind = type(value)
    name = f"{kind.__module__.partition('.')[0]}.{kind.__name__}"  # of libraries that may not be installed
    if name == "pandas.NAType" or (name == "numpy.datetime64" and value != value):
        return None
    return bool(value) if name in ("numpy.bool", "numpy.bool_") else value


def _shown(value: Any, name: str) -> str:
    return f"{shorten(value)} ({name or 'of type ' + type(value).__name__})"
