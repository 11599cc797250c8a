"""Drawing the borders of RFM through people, and scoring them by these."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from mailkit.clock import SystemClock
from mailkit.errors import SegmentError, shorten
from mailkit.segment import nodes
from mailkit.segment.presets.rfm_scores import Number, Rfm, RfmScore
from mailkit.segment.running.access import read
from mailkit.segment.running.aggregates import draw
from mailkit.segment.running.histories import Histories
from mailkit.segment.running.runs import records
from mailkit.segment.running.subjects import of_event
from mailkit.segment.values import digits, instant, zone

if TYPE_CHECKING:
    from mailkit.segment.running.histories import EventSource

__all__ = ["rfm"]


def rfm(
    people: Iterable[Any],
    events: EventSource,
    *,
    now: datetime | None = None,
    kind: str = "purchase",
    value: str = "value",
    bins: int = 5,
    key: str = "id",
    assume_zone: tzinfo | str | None = None,
) -> Rfm:
    """Score everybody who bought, and draw the borders between the scores through them.

    Args:
        people: Records, as in `Segment.filter`.
        events: Their events, as in `Segment.filter`.
        now: As of when; the present unless given.
        kind: What counts as a purchase.
        value: The property with what it was worth. Where it is null, the purchase counts and is worth nothing.
        bins: How many scores there are, 3 to 10.
        key: The field with the person's id.
        assume_zone: The zone of times without one, which are refused otherwise.

    Raises:
        SegmentError: Nobody bought; or as in `Segment.filter`.

    >>> from datetime import UTC, datetime, timedelta
    >>> from mailkit.segment import partition, presets
    >>> now = datetime(2026, 3, 1, tzinfo=UTC)
    >>> people = [{"id": number} for number in range(1, 7)]
    >>> bought = [
    ...     {"kind": "purchase", "person": number, "at": now - timedelta(days=number * round), "value": 100 - number}
    ...     for number in range(1, 6)
    ...     for round in range(1, 7 - number)
    ... ]
    >>> scored = presets.rfm(people, bought, now=now)
    >>> print(scored.scores["1"], scored.name(scored.scores["1"]))
    5-5-5 champions
    >>> [person["id"] for person in partition(scored.segments, people, events=bought, now=now)["champions"]]
    [1, 2]
    """
    if isinstance(bins, bool) or not isinstance(bins, int) or not 3 <= bins <= 10:
        raise SegmentError(f"bins={shorten(bins)}: there are 3 to 10 scores")
    figures = _figures(people, events, now=now, kind=kind, value=value, key=key, assumed=zone(assume_zone))
    if not figures:
        raise SegmentError(f"nobody of the people has an event of the kind {kind!r}, so there is nothing to score")
    recent = _borders([latest for latest, _, _ in figures.values()], bins)
    frequent = _borders([times for _, times, _ in figures.values()], bins)
    rich = _borders([spent for _, _, spent in figures.values()], bins)
    scores = {
        person: RfmScore(
            days=latest,
            times=times,
            spent=spent,
            recency=bins - _beyond(latest, recent),
            frequency=1 + _beyond(times, frequent),
            money=1 + _beyond(spent, rich),
        )
        for person, (latest, times, spent) in figures.items()
    }
    return Rfm(kind=kind, value=value, bins=bins, days=recent, times=frequent, money=rich, scores=scores)


def _figures(
    people: Iterable[Any],
    events: EventSource,
    *,
    now: datetime | None,
    kind: str,
    value: str,
    key: str,
    assumed: tzinfo | None,
) -> dict[str, tuple[int, int, Any]]:
    """In how many last days everybody's latest purchase is, how many there are, and what they come to."""
    as_of = SystemClock().now() if now is None else instant(now, assumed)
    find = Histories(key=key, assumed=assumed, is_own=False).finder(events)
    worth = of_event(nodes.Field(path=(value,)))
    figures: dict[str, tuple[int, int, Any]] = {}
    for record in records(people):
        person = str(read(record, (key,)))
        try:
            bought = [purchase for purchase in find(record) if purchase.kind == kind and purchase.at <= as_of]
            spent = draw(nodes.Function.SUM, [(purchase.at, worth(purchase)) for purchase in bought], assumed)
        except SegmentError as error:
            raise SegmentError(f"{error.reason} (person {person})", text=kind) from error
        if bought:
            latest = max(purchase.at for purchase in bought)
            figures[person] = ((as_of - latest) // timedelta(days=1) + 1, len(bought), spent)
    return figures


def _borders(figures: list[Any], bins: int) -> tuple[Any, ...]:
    ordered = sorted(figures, key=_shown)
    return tuple(ordered[-(-rank * len(ordered) // bins) - 1] for rank in range(1, bins))


def _beyond(figure: Number, borders: tuple[Number, ...]) -> int:
    return sum(_shown(border) < _shown(figure) for border in borders)


def _shown(figure: Number) -> Decimal:
    """The number by its digits, as a segment compares floats with Decimals."""
    return digits(figure) if isinstance(figure, float) else Decimal(figure)
