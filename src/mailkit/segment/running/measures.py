"""What is worked out of values: size, text without regard to case, distance, and a stable share."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

from mailkit.errors import SegmentError, shorten
from mailkit.segment.values import is_null, plain, sort

__all__ = ["RADIUS", "folded", "kilometres", "share", "size"]

RADIUS: Final = 6371.0088
"""Of the Earth, in kilometres: the mean radius of the International Union of Geodesy and Geophysics."""
_DIGITS: Final = 13
"""So many hexadecimal digits are 52 bits, all of which a float keeps."""


def folded(value: Any) -> str | None:
    """The text without regard to case; null if it is null.

    >>> folded("STRASSE") == folded("Straße")
    True
    """
    value = plain(value)
    if is_null(value):
        return None
    if not isinstance(value, str):
        raise SegmentError(f"{shorten(value)} is not a text")
    return value.casefold()


def size(value: Any) -> int | None:
    """How many items a list has, or characters a text; null if it is null."""
    value = plain(value)
    if is_null(value):
        return None
    if not isinstance(value, str | list | tuple | set | frozenset):
        raise SegmentError(f"{shorten(value)} is not a text or a list")
    return len(value)


def kilometres(latitude: Any, longitude: Any, to: Sequence[float]) -> float | None:
    """How far it is over the globe, by the haversine; null if a part is null.

    >>> round(kilometres(55.7558, 37.6173, (59.9343, 30.3351)))
    633
    """
    latitude, longitude = plain(latitude), plain(longitude)
    if is_null(latitude) or is_null(longitude):
        return None
    for name, value in (("latitude", latitude), ("longitude", longitude)):
        if sort(value) != "a number" or not _is_finite(value):
            raise SegmentError(f"the {name} {shorten(value)} is not a finite number")
    if not -90 <= latitude <= 90:
        raise SegmentError(f"the latitude {shorten(latitude)} is not from -90 to 90; latitude stands before longitude")
    one, other = math.radians(latitude), math.radians(to[0])
    across = math.sin((other - one) / 2) ** 2
    along = math.sin(math.radians(to[1] - float(longitude)) / 2) ** 2
    return 2 * RADIUS * math.asin(min(1.0, math.sqrt(across + math.cos(one) * math.cos(other) * along)))


def _is_finite(number: int | float | Decimal) -> bool:
    try:
        return math.isfinite(number)
    except OverflowError:  # a whole number beyond all floats
        return False


def share(value: Any, salt: str) -> float | None:
    """A number from 0 up to below 1 that is always the same for a text or whole number; null if it is null.

    >>> share(17, "spring") == share("17", "spring")
    True
    """
    value = plain(value)
    if is_null(value):
        return None
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise SegmentError(f"{shorten(value)} is not a text or a whole number, as ids are")
    from hashlib import sha256  # here, since most segments have no test groups

    try:
        text = f"{salt}\n{value}".encode("utf-8", "surrogatepass")
    except ValueError as error:  # Python does not write whole numbers of thousands of digits
        raise SegmentError(f"{shorten(value)} is too long for an id") from error
    return float(int(sha256(text).hexdigest()[:_DIGITS], 16) / 16**_DIGITS)
