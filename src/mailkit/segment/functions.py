"""What is asked by calling a function: times relative to now, a distance, membership in another segment."""

from __future__ import annotations

from collections.abc import Sequence

from mailkit.errors import SegmentError, shorten
from mailkit.segment import nodes
from mailkit.segment.fields import Length, Value
from mailkit.segment.segments import Segment

__all__ = ["ago", "ahead", "distance", "member"]


def ago(span: Length) -> Value:
    """The instant so long before now.

    >>> from mailkit.segment import days, field as f
    >>> print(f.subscribed_at > ago(days(30)))
    subscribed_at > 30 days ago
    """
    return Value(nodes.Now()) - span


def ahead(span: Length) -> Value:
    """The instant so long after now.

    >>> from mailkit.segment import days, field as f
    >>> print(f.trial_ends_at <= ahead(days(3)))
    trial_ends_at <= now + 3 days
    """
    return Value(nodes.Now()) + span


def distance(latitude: Value, longitude: Value, *, to: Sequence[float]) -> Value:
    """How many kilometres it is over the globe to a place, given as (latitude, longitude) in degrees.

    >>> from mailkit.segment import field as f
    >>> near_kazan = distance(f.lat, f.lon, to=(55.79, 49.12)) <= 30
    >>> near_kazan.filter([{"lat": 55.85, "lon": 48.5}, {"lat": 55.75, "lon": 37.62}, {"lat": None, "lon": None}])
    []
    """
    for name, value in (("latitude", latitude), ("longitude", longitude)):
        if not isinstance(value, Value):
            raise SegmentError(
                f"the {name} {shorten(value)} is not a field; write distance(f.lat, f.lon, to=(55.79, 49.12))"
            )
    if not isinstance(to, tuple | list) or len(to) != 2:
        raise SegmentError(f"to={shorten(to)} is not a place; give (latitude, longitude), such as (55.79, 49.12)")
    place = {"to_latitude": to[0], "to_longitude": to[1]}
    return Value(nodes.Distance(latitude=latitude._node, longitude=longitude._node, **place))


def member(name: str) -> Segment:
    """Whether the person is in another segment, whose name is told with `Segment.bind`.

    >>> from mailkit.segment import field as f
    >>> rich_and_loyal = (f.spent > 500) & member("loyal")
    """
    return Segment(nodes.Member(name=name))
