from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from mailkit.send.limits.memory import MemoryMeter
from mailkit.send.limits.rate import Rate
from mailkit.send.meter import Allotment, Meter, Toll

NOW = datetime(2026, 3, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def test_it_is_a_meter():
    assert isinstance(MemoryMeter(), Meter)


def test_callers_share_the_limits_that_have_one_name():
    meter = MemoryMeter()
    tolls = [Toll(key=key, rate=Rate(1, per=timedelta(hours=1))) for key in ("a", "a", "b")]
    got = [asyncio.run(meter.reserve([toll], count=1, now=NOW, horizon=SECOND)) for toll in tolls]
    assert [len(each.slots) for each in got] == [1, 0, 1]


def test_what_is_given_back_to_a_quota_can_be_had_again_and_a_rate_s_slot_cannot():
    meter = MemoryMeter()
    quota = Allotment(key="quota", number=1, most=2, ends_at=NOW + timedelta(days=1))
    rate = Toll(key="all", rate=Rate(3, per=timedelta(days=1)))

    async def story() -> list[int]:
        await meter.give_back([quota, rate], count=1)  # of nothing
        first = await meter.reserve([quota], count=5, now=NOW, horizon=SECOND)
        await meter.give_back([quota, rate], count=1)
        second = await meter.reserve([quota, rate], count=5, now=NOW, horizon=SECOND)
        third = await meter.reserve([rate], count=5, now=NOW, horizon=SECOND)
        return [len(each.slots) for each in (first, second, third)]

    assert asyncio.run(story()) == [2, 1, 0]


def test_states_that_say_nothing_any_more_are_forgotten_when_there_are_many():
    meter = MemoryMeter()
    busy = Toll(key="busy", rate=Rate(1, per=timedelta(days=365)))
    meter.reserve_now([busy], count=1, now=NOW, horizon=SECOND)
    for number in range(5000):
        toll = Toll(key=f"domain {number}", rate=Rate(1, per=SECOND))
        meter.reserve_now([toll], count=1, now=NOW + number * SECOND, horizon=SECOND)
    assert len(meter._states) <= 1002
    assert not meter.reserve_now([busy], count=1, now=NOW + timedelta(hours=2), horizon=SECOND).slots


def test_a_slot_that_is_easily_missed_is_not_given_ahead():
    meter = MemoryMeter()
    short, long = (Toll(key=str(burst), rate=Rate(100, per=SECOND, burst=burst)) for burst in (1, 5))
    assert len(meter.reserve_now([short], count=5, now=NOW, horizon=SECOND).slots) == 1
    assert len(meter.reserve_now([long], count=5, now=NOW, horizon=SECOND).slots) == 5
