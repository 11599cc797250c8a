"""How long a segment takes beside the code that a careful person would write by hand, and beside rule engines.

    python -m benchmarks segment

Each round runs both in turn, in one process and over the same people, so that whatever else the
machine does meets them alike; the table gives the median of the rounds' ratios. Hand-written code
is 1, and less is better. The hand-written code is a comprehension with `any` and `sum`, as it is
mostly written; it knows that nothing is missing, that all times have a zone and that no event lies
in the future, which the segment finds out as far as its answer needs it. A loop written for speed,
which breaks off as soon as it may, is measured as well, to tell how much of the gain is that.

Rule engines are compared if they are installed: pip install datalogic-py==5.9.0 zen-engine==2.1.3
json-logic-qubit==0.9.1 rule-engine==5.1.0. With numpy installed, the index uses it.
"""

from __future__ import annotations

import gc
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice, product
from typing import Any

import attrs

from benchmarks.segment_peers import asked_of_one
from mailkit.event import Event
from mailkit.segment import Index, Segment, days, memberships
from mailkit.segment import event as ev
from mailkit.segment import field as f
from mailkit.segment.compiled.postings import Sets

NOW = datetime(2026, 3, 1, tzinfo=UTC)
PEOPLE, EVENTS, ROUNDS = 100_000, 5, 7
COUNTRIES = ("DE", "FR", "PL", "RU", "TR")
KINDS = ("opened", "opened", "clicked", "purchase")
Work = Callable[[], Any]

FIELDS = f.country.isin(["DE", "FR"]) & (f.age >= 18)
BEHAVIOUR = ev.purchase.none(last=days(90)) & ev.opened.at_least(2, last=days(60))
WHOLE = FIELDS & BEHAVIOUR
QUARTER, TWO_MONTHS = NOW - timedelta(days=90), NOW - timedelta(days=60)


@attrs.frozen
class Person:
    id: int
    country: str
    age: int


def made(rng: random.Random, number: int = PEOPLE) -> tuple[list[dict[str, Any]], dict[int, list[dict[str, Any]]]]:
    """People, and some events of each in the last year, by time."""
    people = [{"id": one, "country": rng.choice(COUNTRIES), "age": rng.randrange(16, 80)} for one in range(number)]
    events = {}
    for one in range(number):
        times = sorted(NOW - timedelta(minutes=rng.randrange(525_600)) for _ in range(EVENTS))
        events[one] = [{"kind": rng.choice(KINDS), "at": at} for at in times]
    return people, events


# The code written by hand


def fields_by_hand(people: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [p for p in people if p["country"] in {"DE", "FR"} and p["age"] >= 18]


def fields_of_objects_by_hand(people: list[Person]) -> list[Person]:
    return [p for p in people if p.country in {"DE", "FR"} and p.age >= 18]


def behaviour_by_hand(people: list[dict[str, Any]], events: dict[int, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    return [
        p
        for p in people
        if not any(e["kind"] == "purchase" and e["at"] > QUARTER for e in events[p["id"]])
        and sum(1 for e in events[p["id"]] if e["kind"] == "opened" and e["at"] > TWO_MONTHS) >= 2
    ]


def behaviour_in_a_loop(people: list[dict[str, Any]], events: dict[int, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """What nobody writes but who has measured: one loop for both questions, asking of the time first."""
    kept = []
    for p in people:
        opened = 0
        for e in events[p["id"]]:
            at = e["at"]
            if at > QUARTER:
                if e["kind"] == "purchase":
                    break
                if e["kind"] == "opened" and at > TWO_MONTHS:
                    opened += 1
        else:
            if opened >= 2:
                kept.append(p)
    return kept


def whole_by_hand(people: list[dict[str, Any]], events: dict[int, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    return [
        p
        for p in people
        if p["country"] in {"DE", "FR"}
        and p["age"] >= 18
        and not any(e["kind"] == "purchase" and e["at"] > QUARTER for e in events[p["id"]])
        and sum(1 for e in events[p["id"]] if e["kind"] == "opened" and e["at"] > TWO_MONTHS) >= 2
    ]


def whole_of_events_by_hand(people: list[dict[str, Any]], events: dict[int, list[Event]]) -> list[dict[str, Any]]:
    return [
        p
        for p in people
        if p["country"] in {"DE", "FR"}
        and p["age"] >= 18
        and not any(e.kind == "purchase" and e.at > QUARTER for e in events[p["id"]])
        and sum(1 for e in events[p["id"]] if e.kind == "opened" and e.at > TWO_MONTHS) >= 2
    ]


def one_by_hand(
    people: list[dict[str, Any]], events: dict[int, list[dict[str, Any]]], of: tuple[str, int, int, int, int]
) -> list[dict[str, Any]]:
    country, age, quiet, least, window = of
    since, after = NOW - timedelta(days=quiet), NOW - timedelta(days=window)
    return [
        p
        for p in people
        if p["country"] == country
        and p["age"] >= age
        and not any(e["kind"] == "purchase" and e["at"] > since for e in events[p["id"]])
        and sum(1 for e in events[p["id"]] if e["kind"] == "opened" and e["at"] > after) >= least
    ]


FIFTY = [
    (country, *more) for country in COUNTRIES for more in islice(product((18, 30, 45), (30, 90), (1, 2), (60, 180)), 10)
]


def one_of_fifty(of: tuple[str, int, int, int, int]) -> Segment:
    country, age, quiet, least, window = of
    unbought = ev.purchase.none(last=days(quiet))
    return (f.country == country) & (f.age >= age) & unbought & ev.opened.at_least(least, last=days(window))


# What is measured


def cases() -> Iterator[tuple[str, Work, Work]]:
    """What is measured: its name, by hand, and as a segment."""
    people, events = made(random.Random(1))
    gc.freeze()  # so that collecting before each run does not put all of them out of the processor's caches
    yield "2 fields, mappings", lambda: fields_by_hand(people), lambda: FIELDS.filter(people, now=NOW)
    objects = [Person(**person) for person in people]
    yield "2 fields, objects", lambda: fields_of_objects_by_hand(objects), lambda: FIELDS.filter(objects, now=NOW)
    behaviour, whole = (lambda: behaviour_by_hand(people, events)), (lambda: whole_by_hand(people, events))
    yield "none in 90 days, 2 in 60", behaviour, lambda: BEHAVIOUR.filter(people, events=events, now=NOW)
    yield "  a loop written for speed", behaviour, lambda: behaviour_in_a_loop(people, events)
    yield "2 fields and both of these", whole, lambda: WHOLE.filter(people, events=events, now=NOW)
    yield "the same, a new segment", whole, lambda: Segment(WHOLE.node).filter(people, events=events, now=NOW)
    yield "index being built", whole, lambda: Index(people, events=events)
    index = Index(people, events=events)
    gc.freeze()
    if not isinstance(index._algebra, Sets):
        yield "index with numpy", whole, lambda: index.filter(WHOLE, now=NOW)
        yield "index with numpy, no fields", behaviour, lambda: index.filter(BEHAVIOUR, now=NOW)
        index._algebra = Sets(PEOPLE)
    yield "index", whole, lambda: index.filter(WHOLE, now=NOW)
    yield "index, no fields", behaviour, lambda: index.filter(BEHAVIOUR, now=NOW)
    fifty = {str(of): one_of_fifty(of) for of in FIFTY}
    yield (
        "50 segments in one pass",
        lambda: {str(of): one_by_hand(people, events, of) for of in FIFTY},
        lambda: {name: some for name, some in memberships(fifty, people, events=events, now=NOW).items() if name},
    )
    ours = {
        one: [Event(kind=event["kind"], person=str(one), at=event["at"]) for event in theirs]
        for one, theirs in events.items()
    }
    gc.freeze()
    yield (
        "2 fields and both, Events",
        lambda: whole_of_events_by_hand(people, ours),
        lambda: WHOLE.filter(people, events=ours, now=NOW),
    )


def seconds(work: Work) -> float:
    """The CPU time of one run."""
    gc.collect()
    start = time.process_time()
    work()
    return time.process_time() - start


def over_everybody() -> list[tuple[str, float]]:
    ratios = []
    print(f"{PEOPLE:,} people × {EVENTS} events; median of {ROUNDS} rounds; hand-written = 1")
    for name, by_hand, as_segment in cases():
        assert name == "index being built" or by_hand() == as_segment(), name
        rounds = [(seconds(by_hand), seconds(as_segment)) for _ in range(ROUNDS if "50" not in name else 3)]
        ratio = statistics.median(ours / hand for hand, ours in rounds)
        ratios.append((f"segment: {name}", ratio))
        print(f"  {name:<28} {statistics.median(hand for hand, _ in rounds) * 1e3:7.1f} ms by hand   × {ratio:.3f}")
    return ratios


def over_one() -> list[tuple[str, float]]:
    """One record after another, each asked about by itself."""
    people, events = made(random.Random(2), 300)
    flat = [
        {**person, "events": [{**event, "at": int(event["at"].timestamp())} for event in events[person["id"]]]}
        for person in people
    ]
    ask = WHOLE.prepare(now=NOW)
    ours = [partial(ask, person, events[person["id"]]) for person in people]
    peers = asked_of_one(flat, int(QUARTER.timestamp()), int(TWO_MONTHS.timestamp()))
    peers["Segment.matches"] = [partial(WHOLE.matches, one, events=events[one["id"]], now=NOW) for one in people]
    expected = [work() for work in ours]
    ratios = []
    print(f"\none record, {len(people)} of them in turn; median of {ROUNDS} rounds; Segment.prepare = 1")
    for name, theirs in peers.items():
        assert [bool(work()) for work in theirs] == expected, name
        rounds = [(asked(ours, 20), asked(theirs, 20 if "datalogic" in name else 1)) for _ in range(ROUNDS)]
        ratio = statistics.median(theirs / ours for ours, theirs in rounds)
        ratios.append((f"segment: {name}", ratio))
        print(f"  {name:<30} × {ratio:8.1f}   (prepared: {statistics.median(ours for ours, _ in rounds) * 1e9:.0f} ns)")
    return ratios


def asked(works: list[Work], times: int) -> float:
    """The CPU time of one question."""
    start = time.process_time()
    for _ in range(times):
        for work in works:
            work()
    return (time.process_time() - start) / times / len(works)


def importing() -> float:
    """Print how much CPU time importing takes beyond attrs, in milliseconds; files are compiled already."""
    program = (
        "import attrs, time; start = time.process_time(); import mailkit.segment; print(time.process_time() - start)"
    )
    run = [sys.executable, "-c", program]
    found = [
        float(subprocess.run(run, capture_output=True, text=True, check=True, env={"PYTHONPATH": "src"}).stdout) * 1e3
        for _ in range(16)
    ]
    median = statistics.median(found[1:])
    print(f"\nimport mailkit.segment, beyond attrs: {median:.1f} ms")
    return median


def main() -> list[tuple[str, float]]:
    """Print the tables, and give the ratios."""
    importing()
    return over_everybody() + over_one()


if __name__ == "__main__":
    main()
