"""A year of a small shop, day by day: who enters and who leaves a segment, `python examples/live_segment.py`.

The shop is made up. Each day customers buy something or not, the live segment is fed with what they do, and it says who
has become loyal, who is lapsing, and at which instant. At the end it is shown that nobody was missed: a full pass over
everybody gives the same people. The state is saved and loaded once in the middle, as at a restart.
"""

from __future__ import annotations

import argparse
import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mailkit import Event
from mailkit.segment import Live, Segment, days
from mailkit.segment import event as ev
from mailkit.segment import field as f
from mailkit.segment.live import Change, Entered

START, DAY = datetime(2026, 1, 1, tzinfo=UTC), timedelta(days=1)
SEGMENTS: dict[str, Segment] = {
    "loyal": ev.purchase.at_least(3, last=days(90)),
    "lapsing": f.city.is_not_null() & ev.purchase.did() & ev.purchase.none(last=days(60)),
    "slow to begin": ev.purchase.none(within=days(14), after=f.joined_at),
}


def customers(rng: random.Random, many: int) -> list[dict[str, object]]:
    cities = ["Kazan", "Ufa", None]
    return [
        {"id": number, "city": rng.choice(cities), "joined_at": START + rng.randrange(200) * DAY}
        for number in range(many)
    ]


def bought_on(day: datetime, people: list[dict[str, object]], rng: random.Random) -> list[Event]:
    """What is bought on a day: one in sixty buys, at some minute."""
    buyers = [person for person in people if rng.random() < 1 / 60]
    minutes = sorted(rng.randrange(1440) for _ in buyers)
    return [
        Event(kind="purchase", person=str(person["id"]), at=day + timedelta(minutes=minute))
        for person, minute in zip(buyers, minutes, strict=True)
    ]


def year(to: Path, *, many: int = 200, seed: int = 1) -> list[Change]:
    """Everything that changed, in order."""
    rng = random.Random(seed)
    people, bought, told = customers(rng, many), list[Event](), list[Change]()
    live = Live(SEGMENTS, people, now=START)
    for number in range(365):
        day = START + number * DAY
        for event in bought_on(day, people, rng):
            bought.append(event)
            told += live.advance(event.at)
            told += live.feed(event)
        told += live.advance(day + DAY)
        if number == 180:
            to.mkdir(parents=True, exist_ok=True)
            (to / "live.json").write_text(live.save(), encoding="utf-8")
            live = Live.load((to / "live.json").read_text(encoding="utf-8"), SEGMENTS)
    for name, segment in SEGMENTS.items():
        expected = {str(person["id"]) for person in segment.filter(people, events=bought, now=live.now)}
        assert live[name] == expected, name
        print(f"{name}: {len(expected)} people at the end, as a full pass says")
    return told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--to", type=Path, default=Path(), help="where the state is saved")
    told = year(parser.parse_args().to)
    for (segment, has_entered), number in sorted(
        Counter((change.segment, isinstance(change, Entered)) for change in told).items()
    ):
        print(f"{segment}: {number} {'entered' if has_entered else 'left'}")
    print("the last changes:")
    for change in told[-5:]:
        print(f"  {change}")


if __name__ == "__main__":
    main()
