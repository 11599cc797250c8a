"""How little it costs to keep a segment up to date, beside running it over everybody anew.

    python benchmarks/bench_segment_live.py

One full pass, `Segment.filter` over the same people and events, is 1. Between passes, events come
in, and days pass in steps of one. That both agree is shown at the end, by a last full pass.
"""

from __future__ import annotations

import gc
import random
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from mailkit.event import Event
from mailkit.segment import Segment, days
from mailkit.segment import event as ev
from mailkit.segment import field as f
from mailkit.segment.live import Live

NOW = datetime(2026, 3, 1, tzinfo=UTC)
PEOPLE, EVENTS, FED, ROUNDS = 200_000, 5, 2_000, 7
COUNTRIES = ("DE", "FR", "PL", "RU", "TR")
KINDS = ("opened", "opened", "clicked", "purchase")
DAY = timedelta(days=1)


def an_event(rng: random.Random, person: int, at: datetime) -> Event:
    return Event(kind=rng.choice(KINDS), person=str(person), at=at)


def made(rng: random.Random) -> tuple[list[dict[str, Any]], dict[int, list[Event]]]:
    """People, and some events of each in the last year."""
    people = [{"id": one, "country": rng.choice(COUNTRIES), "age": rng.randrange(16, 80)} for one in range(PEOPLE)]
    events = {
        one: [an_event(rng, one, NOW - timedelta(minutes=rng.randrange(525_600))) for _ in range(EVENTS)]
        for one in range(PEOPLE)
    }
    return people, events


def seconds(work: Callable[[], object]) -> float:
    """The CPU time of one run."""
    gc.collect()
    start = time.process_time()
    work()
    return time.process_time() - start


def measured(name: str, segment: Segment) -> list[tuple[str, float]]:
    """The cost of an event and of a day, in full passes."""
    rng = random.Random(1)
    people, events = made(rng)
    begun = time.process_time()
    live = Live(segment, people, events=events, now=NOW)
    begun = time.process_time() - begun
    now, fed, passed, passes = NOW, [], [], []
    for _ in range(ROUNDS):
        passes.append(seconds(lambda now=now: segment.filter(people, events=events, now=now)))
        coming = [an_event(rng, rng.randrange(PEOPLE), now) for _ in range(FED)]
        fed.append(seconds(lambda coming=coming: [live.feed(event) for event in coming]) / FED)
        for event in coming:
            events[int(event.person)].append(event)
        now += DAY
        passed.append(seconds(lambda now=now: live.advance(now)))
    expected = {str(person["id"]) for person in segment.filter(people, events=events, now=now)}
    assert set(live.members) == expected, name
    whole = statistics.median(passes)
    event, day = statistics.median(fed) / whole, statistics.median(passed) / whole
    print(
        f"  {name:<30} {whole * 1e3:6.0f} ms a pass   an event: {event * whole * 1e6:5.1f} µs, 1/{1 / event:,.0f}"
        f"   a day: {day:.2%}   to begin: × {begun / whole:.1f}"
    )
    return [(f"segment live: {name}, an event", event), (f"segment live: {name}, a day", day)]


def main() -> list[tuple[str, float]]:
    """Print a table, and give the ratios to a full pass."""
    print(f"{PEOPLE:,} people × {EVENTS} events; median of {ROUNDS} rounds; a full pass = 1")
    fields = f.country.isin(["DE", "FR"]) & (f.age >= 18)
    behaviour = ev.purchase.none(last=days(90)) & ev.opened.at_least(2, last=days(60))
    return [
        *measured("none in 90 days, 2 in 60", behaviour),
        *measured("2 fields and both of these", fields & behaviour),
    ]


if __name__ == "__main__":
    main()
