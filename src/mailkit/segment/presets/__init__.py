"""Segments that every shop and newsletter asks for, ready made.

Each is a plain `Segment`: printed, stored, combined and run as any other. What counts as an event,
and how long a while is, are arguments with defaults of our own, which suit a shop where people buy
a few times a year; a grocer's are shorter, a car dealer's longer. So look at your own data first.

>>> from mailkit.segment import days, presets
>>> print(presets.at_risk(after=days(60), until=days(120)))
no purchase within last 60 days and any purchase within last 120 days
>>> print(presets.repeat() & ~presets.big_spenders(least=500))
at least 2 purchase and not sum(value of purchase within last 365 days) >= 500

RFM, which draws its borders from the data, is `rfm`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import reduce
from operator import and_, or_
from typing import TYPE_CHECKING, Final

from mailkit.errors import SegmentError, shorten
from mailkit.event import Kind
from mailkit.segment import nodes
from mailkit.segment.fields import Field, Value, field
from mailkit.segment.functions import ago
from mailkit.segment.happenings import Happening, event
from mailkit.segment.presets.rfm_scores import Rfm, RfmScore
from mailkit.segment.presets.scoring import rfm
from mailkit.segment.segments import Segment
from mailkit.segment.spans import days

if TYPE_CHECKING:
    from decimal import Decimal

    from mailkit.segment.fields import Length, Somewhere

__all__ = [
    "MACHINES",
    "Rfm",
    "RfmScore",
    "active",
    "anniversary",
    "at_risk",
    "big_spenders",
    "birthday",
    "by_people",
    "dormant",
    "engagement",
    "first_time_buyers",
    "lapsed",
    "lifecycle",
    "new",
    "one_time",
    "reactivated",
    "repeat",
    "rfm",
    "sunset_candidates",
]

_DAYS_30: Final = days(30)
_DAYS_90: Final = days(90)
_DAYS_180: Final = days(180)
_DAYS_365: Final = days(365)
MACHINES: Final = ("prefetch", "scanner")
"""Who opens and clicks without being the reader: programs that fetch pictures ahead, and those that try links."""


def new(*, last: Length = _DAYS_30, joined: Value | str = "subscribed_at") -> Segment:
    """Those who came in the last days, by the field in which it stands when they did.

    >>> from mailkit.segment import presets
    >>> print(presets.new())
    subscribed_at > 30 days ago and subscribed_at <= now
    """
    since = _value(joined)
    return (since > ago(last)) & (since <= Value(nodes.Now()))


def active(*, kind: str = "purchase", last: Length = _DAYS_90) -> Segment:
    """Those who did it in the last days.

    >>> from mailkit.segment import presets
    >>> print(presets.active())
    any purchase within last 90 days
    """
    return event[kind].did(last=last)


def at_risk(*, kind: str = "purchase", after: Length = _DAYS_90, until: Length = _DAYS_180) -> Segment:
    """Those who have not done it for a while, and not yet for long.

    >>> from mailkit.segment import presets
    >>> print(presets.at_risk())
    no purchase within last 90 days and any purchase within last 180 days
    """
    return event[kind].none(last=after) & event[kind].did(last=until)


def lapsed(*, kind: str = "purchase", after: Length = _DAYS_180) -> Segment:
    """Those who once did it, and have not for long; say a year to call them lost.

    >>> from mailkit.segment import presets
    >>> print(presets.lapsed())
    no purchase within last 180 days and any purchase
    """
    return event[kind].none(last=after) & event[kind].did()


def dormant(*, kinds: Iterable[str] = (Kind.OPENED, Kind.CLICKED, "purchase"), last: Length = _DAYS_180) -> Segment:
    """Those who gave signs of life once, and none of any kind in the last days.

    >>> from mailkit.segment import presets
    >>> print(presets.dormant(kinds=["login", "purchase"]))
    no login within last 180 days and no purchase within last 180 days and (any login or any purchase)
    """
    signs = [event[kind] for kind in _several(kinds)]
    return _all(sign.none(last=last) for sign in signs) & _any(sign.did() for sign in signs)


def reactivated(*, kind: str = "purchase", last: Length = _DAYS_30, after: Length = _DAYS_180) -> Segment:
    """Those who did it in the last days, for the first time after a break of so long.

    >>> from datetime import UTC, datetime, timedelta
    >>> from mailkit.segment import presets
    >>> now = datetime(2026, 3, 1, tzinfo=UTC)
    >>> def bought(*ago):
    ...     return [{"kind": "purchase", "at": now - timedelta(days=days)} for days in ago]
    >>> back = presets.reactivated()
    >>> back.matches({}, events=bought(400, 5), now=now), back.matches({}, events=bought(100, 5), now=now)
    (True, False)
    """
    again = event[kind].first("at", last=last)
    return (
        event[kind].did(last=last)
        & event[kind].none(between=(again - after, again))
        & event[kind].did(between=(None, again - after))
    )


def first_time_buyers(*, kind: str = "purchase", last: Length = _DAYS_30) -> Segment:
    """Those who did it in the last days, and never before.

    >>> from mailkit.segment import presets
    >>> print(presets.first_time_buyers())
    first(at of purchase) > 30 days ago
    """
    return event[kind].first_time(last=last)


def one_time(*, kind: str = "purchase") -> Segment:
    """Those who did it exactly once, ever.

    >>> from mailkit.segment import presets
    >>> print(presets.one_time())
    exactly 1 purchase
    """
    return event[kind].exactly(1)


def repeat(*, kind: str = "purchase", times: int = 2, last: Length | None = None) -> Segment:
    """Those who did it several times, ever or in the last days.

    >>> from mailkit.segment import days, presets
    >>> print(presets.repeat(times=3, last=days(365)))
    at least 3 purchase within last 365 days
    """
    return event[kind].at_least(times) if last is None else event[kind].at_least(times, last=last)


def big_spenders(
    *, least: Decimal | float, kind: str = "purchase", value: str = "value", last: Length = _DAYS_365
) -> Segment:
    """Those who spent so much in the last days; what is much, `Rfm.money` tells of your own people.

    >>> from mailkit.segment import presets
    >>> print(presets.big_spenders(least=500))
    sum(value of purchase within last 365 days) >= 500
    """
    return event[kind].sum(value, last=last) >= least


def lifecycle(
    *,
    kind: str = "purchase",
    new: Length = _DAYS_30,
    active: Length = _DAYS_90,
    at_risk: Length = _DAYS_180,
    lapsed: Length = _DAYS_365,
) -> dict[str, Segment]:
    """The stages through which a buyer goes, from the first purchase to the last; everybody is in exactly one.

    Args:
        kind: The event that counts.
        new: Whose first was in the last days is new.
        active: Who else did it in so many days is active,
        at_risk: in so many at risk,
        lapsed: in so many lapsed, and who did it only before that is lost.

    Returns:
        The stages by name, in order: "prospect" (never did it), "new", "active", "at risk", "lapsed", "lost".

    >>> from datetime import UTC, datetime, timedelta
    >>> from mailkit.segment import partition, presets
    >>> now = datetime(2026, 3, 1, tzinfo=UTC)
    >>> bought = [{"kind": "purchase", "person": 1, "at": now - timedelta(days=days)} for days in (400, 100)]
    >>> stages = presets.lifecycle()
    >>> {stage: len(them) for stage, them in partition(stages, [{"id": 1}, {"id": 2}], events=bought, now=now).items()}
    {'prospect': 1, 'new': 0, 'active': 0, 'at risk': 1, 'lapsed': 0, 'lost': 0, None: 0}
    """
    did = event[kind]
    is_new = did.first_time(last=new)
    stages = {"prospect": did.none(), "new": is_new}
    later = ~is_new
    for stage, span in (("active", active), ("at risk", at_risk), ("lapsed", lapsed)):
        stages[stage] = later & did.did(last=span)
        later &= did.none(last=span)
    stages["lost"] = later & did.did()
    return stages


def by_people(kind: str, *, visitor: str = "visitor") -> Happening:
    """Openings or clicks that are not known to be a machine's.

    Args:
        kind: "opened" or "clicked".
        visitor: The property that says who came. One that says nothing is taken for a person, since
            leaving out a reader would be worse than keeping a program.

    >>> from mailkit.segment import days, presets
    >>> print(presets.by_people("opened").did(last=days(30)))
    any opened where (visitor not in ("prefetch", "scanner")) within last 30 days
    """
    return event[kind].where(~field[visitor].isin(MACHINES))


def engagement(
    levels: Mapping[str, Length] | None = None,
    *,
    opened: str = Kind.OPENED,
    clicked: str = Kind.CLICKED,
    visitor: str = "visitor",
) -> dict[str, Segment]:
    """How long ago people last opened or clicked, machines left out; everybody is on exactly one level.

    Args:
        levels: For each level, in which time it happened, the shortest first; "engaged" in 30 days,
            "cooling" in 90 and "cold" in 180 unless given.
        opened: The kind of an opening.
        clicked: The kind of a click.
        visitor: The property of both that says who came, see `by_people`.

    Returns:
        The levels in order, and at the end "silent", which is everybody else.

    >>> from mailkit.segment import days, presets
    >>> list(presets.engagement())
    ['engaged', 'cooling', 'cold', 'silent']
    >>> print(presets.engagement({"warm": days(60)}, opened="viewed", visitor="who")["warm"])
    any viewed where (who not in ("prefetch", "scanner")) within last 60 days or
    any clicked where (who not in ("prefetch", "scanner")) within last 60 days
    """
    levels = {"engaged": days(30), "cooling": days(90), "cold": days(180)} if levels is None else levels
    if not isinstance(levels, Mapping) or not levels or "silent" in levels:
        raise SegmentError(
            f"levels={shorten(levels)}: give spans by name, such as {{'warm': days(60)}}; 'silent' is ours"
        )
    signs = [by_people(kind, visitor=visitor) for kind in (opened, clicked)]
    found: dict[str, Segment] = {}
    nothing: Segment | None = None
    for level, span in levels.items():
        here = _any(sign.did(last=span) for sign in signs)
        found[level] = here if nothing is None else nothing & here
        none = _all(sign.none(last=span) for sign in signs)
        nothing = none if nothing is None else nothing & none
    assert nothing is not None
    return {**found, "silent": nothing}


def sunset_candidates(
    *,
    letters: int = 10,
    last: Length = _DAYS_180,
    sent: str = Kind.ACCEPTED,
    opened: str = Kind.OPENED,
    clicked: str = Kind.CLICKED,
    visitor: str = "visitor",
    joined: Value | str = "subscribed_at",
) -> Segment:
    """Those to take leave of: subscribed before all that time, written to often in it, and never heard of.

    >>> from mailkit.segment import days, presets
    >>> print(presets.sunset_candidates(letters=5, last=days(90)))
    subscribed_at <= 90 days ago and at least 5 accepted within last 90 days and
    no opened where (visitor not in ("prefetch", "scanner")) within last 90 days and
    no clicked where (visitor not in ("prefetch", "scanner")) within last 90 days
    """
    return (
        (_value(joined) <= ago(last))
        & event[sent].at_least(letters, last=last)
        & by_people(opened, visitor=visitor).none(last=last)
        & by_people(clicked, visitor=visitor).none(last=last)
    )


def birthday(*, zone: Somewhere, next: Length | None = None, born: Field | str = "born") -> Segment:  # noqa: A002 - as `Field.anniversary` has it
    """Those whose birthday it is today where they live, or will be in the next days.

    >>> from mailkit.segment import days, field as f, presets
    >>> print(presets.birthday(zone=f.time_zone, next=days(3)))
    anniversary of born within next 3 days in time_zone
    """
    return _value(born).anniversary(zone=zone, next=next)


def anniversary(*, zone: Somewhere, next: Length | None = None, joined: Field | str = "subscribed_at") -> Segment:  # noqa: A002 - as above
    """Those who came a whole number of years ago today, or in the next days.

    >>> from mailkit.segment import presets
    >>> print(presets.anniversary(zone="Europe/Moscow"))
    anniversary of subscribed_at today in "Europe/Moscow"
    """
    return _value(joined).anniversary(zone=zone, next=next)


def _value(named: Value | str) -> Value:
    return named if isinstance(named, Value) else field[named]


def _several(kinds: Iterable[str]) -> list[str]:
    if isinstance(kinds, str) or not isinstance(kinds, Iterable) or not (several := list(kinds)):
        raise SegmentError(f"kinds={shorten(kinds)}: give the kinds of several events, such as ['opened', 'clicked']")
    return several


def _all(segments: Iterable[Segment]) -> Segment:
    return reduce(and_, segments)


def _any(segments: Iterable[Segment]) -> Segment:
    return reduce(or_, segments)
