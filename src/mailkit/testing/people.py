"""Hypothesis strategies for those whom segments are asked about; public in `mailkit.testing.strategies`."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from hypothesis import strategies as st

from mailkit.event import Event
from mailkit.segment.spans import Span, Unit

__all__ = ["histories", "people"]

S = st.SearchStrategy
NOW: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)
ZONES: Final = ("UTC", "Europe/Berlin", "America/Sao_Paulo", "Pacific/Apia", "Asia/Kathmandu")
KINDS: Final = ("opened", "clicked", "purchase")
_TEXTS: Final = ("", "Kazan", "kazan", "Ufa", "Уфа", "STRASSE", "straße", "50%_b", 'O\'Neil \\ "x"')
TAGS: Final = ("vip", "new", "Уфа")
_NEAR: Final = tuple(timedelta(days=day) for day in (-400, -90, -31, -30, -8, -7, -2, -1, 0, 1, 2, 40))
_EDGES: Final = (timedelta(0), timedelta(microseconds=1), timedelta(microseconds=-1), timedelta(hours=5))


def people(*, now: datetime = NOW, most: int = 3) -> S[list[dict[str, Any]]]:
    """Records of people with ids "1", "2" and so on, in which all but the id may be null."""
    record = st.fixed_dictionaries(
        {
            "name": texts() | st.none(),
            "city": texts() | st.none(),
            "age": st.integers(-3, 3) | st.none(),
            "score": floats() | st.none(),
            "spent": decimals() | st.none(),
            "is_vip": st.booleans() | st.none(),
            "joined_at": moments(now) | st.none(),
            "born": dates(now) | st.none(),
            "tags": st.lists(st.sampled_from(TAGS), max_size=3) | st.none(),
            "lat": st.sampled_from([55.79, -33.5, 0.0, 90.0]) | st.none(),
            "lon": st.sampled_from([49.12, -180.0, 179.5, 0.0]) | st.none(),
            "zone": st.sampled_from(ZONES) | st.none(),
            "address": st.fixed_dictionaries({"country": st.sampled_from(["RU", "DE", None])}) | st.none(),
        }
    )
    return st.lists(record, min_size=1, max_size=most).map(
        lambda records: [{"id": str(number), **record} for number, record in enumerate(records, 1)]
    )


def histories(*, now: datetime = NOW, most: int = 10) -> S[list[Event]]:
    """Events of the people "1" to "4", in any order, several at one instant, some of them later than now."""
    event = st.builds(
        _event,
        st.sampled_from(KINDS),
        st.sampled_from(["1", "1", "1", "2", "3", "4"]),
        moments(now),
        decimals() | st.none(),
        st.sampled_from(["", "spring"]),
        st.fixed_dictionaries(
            {},
            optional={
                "url": texts() | st.none(),
                "size": st.integers(-3, 3) | st.none(),
                "is_new": st.booleans() | st.none(),
            },
        ),
    )
    return st.lists(event, max_size=most)


def _event(kind: str, person: str, at: datetime, value: Decimal | None, campaign: str, more: dict[str, Any]) -> Event:
    currency = "" if value is None else "EUR"
    return Event(kind=kind, person=person, at=at, value=value, currency=currency, campaign=campaign, properties=more)


def texts() -> S[str]:
    """Texts that a search, a quotation or another alphabet may trip over."""
    return st.sampled_from(_TEXTS)


def floats() -> S[float]:
    """Floats that every engine keeps as they are."""
    return st.sampled_from([-1.5, -0.25, 0.0, 0.5, 2.0, 1000.0])


def decimals() -> S[Decimal]:
    """Decimals of at most two places."""
    return st.sampled_from([Decimal("-1.50"), Decimal("0.00"), Decimal("0.10"), Decimal("3"), Decimal("99.99")])


def moments(now: datetime) -> S[datetime]:
    """Instants near to now, to each other, and to the ends of windows."""
    awkward = st.builds(lambda far, edge: now + far + edge, st.sampled_from(_NEAR), st.sampled_from(_EDGES))
    months = st.builds(lambda count: Span(count=count, unit=Unit.MONTH).before(now), st.integers(1, 13))
    start, end = ((now + timedelta(days=far)).replace(tzinfo=None) for far in (-100, 10))
    return awkward | awkward | months | st.datetimes(start, end).map(lambda at: at.replace(tzinfo=UTC, fold=0))


def dates(now: datetime) -> S[date]:
    """Dates near to today, and near to anniversaries of it."""
    near = st.integers(-3, 3).map(lambda day: now.date() + timedelta(days=day))
    years = st.integers(1, 40)
    past = st.builds(lambda day, year: day - timedelta(days=365 * year + (year + 1) // 4), near, years)
    return near | past | st.sampled_from([date(2000, 2, 29), date(1999, 12, 31), date(2000, 1, 1)])
