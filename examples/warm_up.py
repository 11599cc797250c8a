"""A shop moves to a new address of its own: first simulated, then lived day by day, `python examples/warm_up.py`.

The shop writes to 12,000 readers on each weekday. Its old identity is warm, the new one is brought up at each mailbox
provider by itself: the most engaged readers get their letters from it, the others from the old one. One day goes wrong,
because somebody imported an old list. The state is saved and loaded each night, as a program that is started once a day
would do. Readers and outcomes are made up.
"""

from __future__ import annotations

import argparse
import random
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from mailkit import Event
from mailkit.send.warmup import Audience, Decision, Plan, Simulation, Warmup, allot, simulate

BEGINS_ON, DAY = date(2026, 3, 2), timedelta(days=1)
VOLUMES = {"gmail": 7_000, "outlook": 4_000, "yahoo": 1_000}
PLAN = Plan(start=500, growth_share=0.3, target=7_000)
SPOILT = date(2026, 3, 11)
"""The day of the old list."""


def beforehand() -> Simulation:
    weekdays = {0, 1, 2, 3, 4}
    audiences = {name: Audience(volume=volume, weekdays=weekdays) for name, volume in VOLUMES.items()}
    return simulate(PLAN, audiences, begins_on=BEGINS_ON, seed=1)


def outcome(on: date, provider: str, rng: random.Random) -> str:
    bounces = 0.06 if on == SPOILT and provider == "outlook" else 0.002
    return "bounced" if rng.random() < bounces else "accepted"


def write_to_all(on: date, warmup: Warmup, rng: random.Random) -> dict[str, int]:
    """The letters of a day, and how many of them the new identity carried at each provider."""
    now = datetime.combine(on, time(9), UTC)
    carried = {}
    for provider, volume in VOLUMES.items():
        readers = [f"{provider} {number}" for number in range(volume)]
        engaged = {reader: now - timedelta(days=place * 45 / volume) for place, reader in enumerate(readers)}
        chosen = set(allot(PLAN, warmup.state("new", provider), readers, engaged, now))
        carried[provider] = len(chosen)
        for place, reader in enumerate(sorted(chosen)):
            at = now + timedelta(hours=8) * (place + 1) / (len(chosen) + 1)
            identity = warmup.route("new", provider, now=at)  # a letter without a place would go by the old one
            if identity == "new":
                warmup.sent("new", provider, at)
                event = Event(kind=outcome(on, provider, rng), person=reader, at=at, properties={"phase": "rcpt"})
                warmup.heard("new", provider, event, at)
    return carried


def live(to: Path, *, seed: int = 1) -> date | None:
    """Day by day, until the new identity carries everything; gives the day."""
    rng, kept = random.Random(seed), to / "warm-up.json"

    def tell(identity: str, provider: str, decision: Decision) -> None:
        if decision.move not in ("grew", "held") or provider == "gmail":
            print(f"  {provider}: {decision}")

    for number in range(60):
        on = BEGINS_ON + number * DAY
        if kept.exists():
            warmup = Warmup.from_text(
                kept.read_text(encoding="utf-8"), {"new": PLAN}, overflow={"new": "old"}, on_decision=tell
            )
        else:
            warmup = Warmup({"new": PLAN}, overflow={"new": "old"}, on_decision=tell)
        steps = {name: PLAN.volume(warmup.state("new", name).step) for name in VOLUMES}
        if all(steps[name] >= volume for name, volume in VOLUMES.items()):
            return on
        if on.weekday() < 5:
            carried = write_to_all(on, warmup, rng)
            print(f"{on:%a %d %B}: {', '.join(f'{name} {count:,}' for name, count in carried.items())}")
        warmup.advance(datetime.combine(on + DAY, time(), UTC))
        kept.write_text(warmup.to_text(), encoding="utf-8")
    return None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--to", type=Path, default=Path(), help="where the page and the state are written")
    to = parser.parse_args().to
    to.mkdir(parents=True, exist_ok=True)
    (to / "warm-up.json").unlink(missing_ok=True)
    simulation = beforehand()
    (to / "warm-up.html").write_text(simulation.to_html(), encoding="utf-8")
    print(f"Simulated. {simulation}\n\nLived.")
    through = live(to)
    print(f"Through on {through}.")


if __name__ == "__main__":
    main()
