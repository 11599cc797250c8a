"""Letters spread over a time: evenly, and so that the order in which people come does not matter."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from hashlib import blake2b
from random import Random
from typing import Final

from mailkit.clock import utc
from mailkit.errors import InvalidValue
from mailkit.send.timing.openings import Stretch, next_instant, openings
from mailkit.send.timing.windows import Hours, Zone

__all__ = ["moment", "spread"]

_ALWAYS: Final = Hours()
_TICK: Final = timedelta(microseconds=1)
_DIGESTS: Final = 2**64


def spread(
    people: Iterable[str],
    begins: datetime,
    ends: datetime,
    *,
    hours: Hours = _ALWAYS,
    zones: Mapping[str, Zone] | None = None,
    salt: str = "",
    rng: Random | None = None,
) -> dict[str, datetime]:
    """An instant for each person, all as far from each other as they can be.

    Who comes when is settled by a digest of each id, or by chance; in which order the people are
    given does not matter. With `hours`, each person's instant is within them, by his own zone: the
    open time between the two instants is what is divided evenly. Somebody for whom none is open
    between them comes at the first opening afterwards.

    Args:
        people: The application's ids.
        begins: From when on.
        ends: Up to when.
        hours: When letters may go.
        zones: Where each person lives; the fallback of the hours for those who are not in it.
        salt: Another one gives another order, so that not the same people are the first each time.
        rng: Chance, instead of digests.

    Raises:
        InvalidValue: The end is not after the begin; or see `next_instant`.

    >>> from datetime import UTC
    >>> nine = datetime(2026, 3, 2, 9, tzinfo=UTC)
    >>> [f"{at:%H:%M}" for at in sorted(spread(["17", "18", "19"], nine, nine + timedelta(hours=1)).values())]
    ['09:10', '09:30', '09:50']
    """
    begins, ends = _in_order(begins, ends)
    ordered = sorted(dict.fromkeys(people), key=lambda person: (_digest(person, salt), person))
    if rng is not None:
        rng.shuffle(ordered)
    found: dict[Zone, list[Stretch]] = {}
    told = {}
    for place, person in enumerate(ordered):
        zone = zones.get(person) if zones else None
        if zone not in found:
            found[zone] = _found(hours, zone, begins, ends)
        told[person] = _at(found[zone], 2 * place + 1, 2 * len(ordered)) or next_instant(hours, zone, ends)
    return told


def moment(
    person: str, begins: datetime, ends: datetime, *, hours: Hours = _ALWAYS, zone: Zone = None, salt: str = ""
) -> datetime:
    """A person's own instant between two others, always the same one, for when not all people are known beforehand.

    Over many people they are even as raindrops are; `spread` is even as a grid is.

    Raises:
        InvalidValue: The end is not after the begin; or see `next_instant`.

    >>> from datetime import UTC
    >>> nine = datetime(2026, 3, 2, 9, tzinfo=UTC)
    >>> f"{moment('17', nine, nine + timedelta(hours=1)):%H:%M}"
    '09:09'
    """
    begins, ends = _in_order(begins, ends)
    stretches = _found(hours, zone, begins, ends)
    return _at(stretches, _digest(person, salt), _DIGESTS) or next_instant(hours, zone, ends)


def _found(hours: Hours, zone: Zone, begins: datetime, ends: datetime) -> list[Stretch]:
    if hours is _ALWAYS:  # it asks no clock, so nobody's zone need be known
        return [(begins, ends)]
    return list(openings(hours, zone, begins, ends))


def _at(stretches: list[Stretch], count: int, total: int) -> datetime | None:
    """The instant before which so large a share of the open time lies; None if there is no open time."""
    length = sum((end - begin for begin, end in stretches), timedelta(0)) // _TICK
    passed = length * count // total * _TICK
    for begin, end in stretches:
        if passed < end - begin:
            return begin + passed
        passed -= end - begin
    return None


def _digest(person: str, salt: str) -> int:
    text = f"{salt}\0{person}".encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "big")


def _in_order(begins: datetime, ends: datetime) -> tuple[datetime, datetime]:
    begins, ends = utc(begins), utc(ends)
    if begins >= ends:
        raise InvalidValue("ends", ends, f"is not after {begins}", "give a later instant")
    return begins, ends
