"""How long a segment takes beside the comprehension that a careful person would write by hand.

    python benchmarks/bench_segment.py

Each round runs both in turn, in one process and over the same people, so that whatever else
the machine does meets them alike; the table gives the median of the rounds' ratios. Hand-written
code is 1, and less is better. The hand-written code knows that nothing is missing, that all times
have a zone and that no event lies in the future; the segment finds that out for every person.
"""

from __future__ import annotations

import gc
import random
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs

from mailkit.event import Event
from mailkit.segment import days
from mailkit.segment import event as ev
from mailkit.segment import field as f

NOW = datetime(2026, 3, 1, tzinfo=UTC)
PEOPLE, EVENTS, ROUNDS = 20_000, 5, 9
COUNTRIES = ("DE", "FR", "PL", "RU", "TR")
KINDS = ("opened", "opened", "clicked", "purchase")


@attrs.frozen
class Person:
    id: int
    country: str
    age: int


def made(rng: random.Random) -> tuple[list[dict[str, Any]], dict[int, list[Event]]]:
    """People, and some events of each in the last year."""
    people = [{"id": one, "country": rng.choice(COUNTRIES), "age": rng.randrange(16, 80)} for one in range(PEOPLE)]
    events = {
        one: [
            Event(kind=rng.choice(KINDS), person=str(one), at=NOW - timedelta(minutes=rng.randrange(525_600)))
            for _ in range(EVENTS)
        ]
        for one in range(PEOPLE)
    }
    return people, events


def cases() -> list[tuple[str, Callable[[], list[Any]], Callable[[], list[Any]]]]:
    """What is measured: its name, by hand, and as a segment."""
    people, events = made(random.Random(1))
    objects = [Person(**person) for person in people]
    quarter, two_months = NOW - timedelta(days=90), NOW - timedelta(days=60)
    fields = f.country.isin(["DE", "FR"]) & (f.age >= 18)
    behaviour = ev.purchase.none(last=days(90)) & ev.opened.at_least(2, last=days(60))

    def bought(one: int) -> bool:
        return any(event.kind == "purchase" and event.at > quarter for event in events[one])

    def opened_twice(one: int) -> bool:
        return sum(1 for event in events[one] if event.kind == "opened" and event.at > two_months) >= 2

    return [
        (
            "2 fields, mappings",
            lambda: [p for p in people if p["country"] in {"DE", "FR"} and p["age"] >= 18],
            lambda: fields.filter(people, now=NOW),
        ),
        (
            "2 fields, objects",
            lambda: [p for p in objects if p.country in {"DE", "FR"} and p.age >= 18],
            lambda: fields.filter(objects, now=NOW),
        ),
        (
            "none in 90 days, 2 in 60",
            lambda: [p for p in people if not bought(p["id"]) and opened_twice(p["id"])],
            lambda: behaviour.filter(people, events=events, now=NOW),
        ),
        (
            "2 fields and both of these",
            lambda: [
                p
                for p in people
                if p["country"] in {"DE", "FR"} and p["age"] >= 18 and not bought(p["id"]) and opened_twice(p["id"])
            ],
            lambda: (fields & behaviour).filter(people, events=events, now=NOW),
        ),
    ]


def seconds(work: Callable[[], object]) -> float:
    """The CPU time of one run."""
    gc.collect()
    start = time.process_time()
    work()
    return time.process_time() - start


def main() -> list[tuple[str, float]]:
    """Print a table, and give the ratios to hand-written code."""
    ratios = []
    print(f"{PEOPLE:,} people × {EVENTS} events; median of {ROUNDS} rounds; hand-written = 1")
    for name, by_hand, as_segment in cases():
        assert by_hand() == as_segment(), name
        rounds = [(seconds(by_hand), seconds(as_segment)) for _ in range(ROUNDS)]
        ratio = statistics.median(ours / hand for hand, ours in rounds)
        ratios.append((f"segment: {name}", ratio))
        print(f"  {name:<28} {statistics.median(hand for hand, _ in rounds) * 1e3:7.1f} ms by hand   × {ratio:.2f}")
    return ratios


if __name__ == "__main__":
    main()
