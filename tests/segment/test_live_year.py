"""A shop's spring, day after day: live segments of every kind beside `filter`, with late and early events."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from mailkit import Event
from mailkit.segment import Segment
from mailkit.segment.language.syntax import parse
from mailkit.segment.live import Change, Entered, Live
from mailkit.segment.spans import INSTANT

START = datetime(2026, 1, 20, tzinfo=UTC)
DAY = timedelta(days=1)
ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Africa/Casablanca", "UTC")
KINDS = ("open", "open", "click", "buy")
TEXTS = (
    "no buy within last 90 days and at least 2 open within last 60 days",
    "any buy within last 1 month",
    "exactly 1 buy within last 1 year",
    "any buy between start of month in zone and start of month + 1 in zone",
    "any open between start of week - 1 in zone and start of week in zone",
    "any open between start of day in zone and start of day + 1 in zone",
    "any click within last 30 days then buy within 2 days",
    "any click within last 1 month then no buy within 3 days",
    "any open then click within 1 day then no buy within 1 month",
    "any open in at least 3 of last 4 weeks",
    "any buy in at least 2 of last 3 months",
    "anniversary of born within last 2 and next 3 days in zone",
    "anniversary of first(at of buy) today in zone",
    "weekday(now, zone) <= 5 and any open within last 3 days",
    'clock(now, zone) >= "08:30" and any buy within last 3 days',
    "no open within 7 days after joined_at",
    "sum(value of buy within last 2 months) >= 30",
    "last(at of open) < now - 1 month and not any buy where (value > 15) within last 60 days",
    "joined_at > now - 1 month or date(joined_at, zone) = date(now, zone)",
    "any buy where (at > now - 40 days and value < 10) within last 2 months",
    "no buy within 1 month after last(at of click)",
    "day(now, zone) = 31 or (day(now, zone) = 1 and month(now, zone) != 3)",
)


class Shop:
    """Live segments, and all that they were told."""

    def __init__(self, rng: random.Random, number: int) -> None:
        self.rng, self.now, self.events = rng, START, dict[str, list[Event]]()
        self.segments = {text: Segment(parse(text).node) for text in TEXTS}
        self.people = {str(one): self.person(one) for one in range(number)}
        self.live = Live(self.segments, self.people.values(), now=START)
        self.members = {text: set(self.live[text]) for text in TEXTS}

    def person(self, number: int) -> dict[str, Any]:
        born = date(1970, 1, 1) + timedelta(days=self.rng.randrange(12_000))
        joined = START + timedelta(seconds=self.rng.randrange(-200, 100) * 86_399)
        born = date(1996, 2, 29) if number % 5 == 0 else born
        return {"id": str(number), "zone": self.rng.choice(ZONES), "born": born, "joined_at": joined}

    def happens(self, at: datetime) -> None:
        at = at.replace(hour=0, minute=0, second=0, microsecond=0) if self.rng.random() < 0.2 else at
        kind, person = self.rng.choice(KINDS), self.rng.choice(list(self.people))
        more = {"value": self.rng.choice([5, 10, 20]), "currency": "EUR"} if kind == "buy" else {}
        event = Event(kind=kind, person=person, at=at, **more)
        self.events.setdefault(person, []).append(event)
        self.follow(self.live.feed(event))

    def advance(self, now: datetime) -> None:
        self.now = now
        for change in self.follow(self.live.advance(now)):
            for at, is_in in ((change.at - INSTANT, type(change) is not Entered), (change.at, type(change) is Entered)):
                record, theirs = self.people[change.person], self.events.get(change.person, [])
                segment = self.segments[change.segment]
                assert segment.matches(record, events=theirs, now=at) is is_in, (str(change), record, at)

    def follow(self, changes: list[Change]) -> list[Change]:
        for change in changes:
            members = self.members[change.segment]
            assert (change.person in members) is not isinstance(change, Entered)
            members ^= {change.person}
        return changes

    def check(self) -> None:
        for text, segment in self.segments.items():
            found = segment.filter(self.people.values(), events=self.events, now=self.now)
            assert set(self.live[text]) == self.members[text] == {person["id"] for person in found}, (text, self.now)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_it_is_as_if_everybody_was_looked_at_at_every_instant(seed: int) -> None:
    rng = random.Random(seed)
    shop = Shop(rng, 12)
    while shop.now < START + 100 * DAY:
        for _ in range(rng.randrange(4)):
            away = rng.choice([0, 0, 0, 0, -1, 1]) * rng.randrange(40) * DAY
            shop.happens(shop.now + away)
        shop.advance(shop.now + rng.choice([INSTANT, timedelta(hours=rng.random() * 30), rng.random() * 6 * DAY]))
        shop.check()
