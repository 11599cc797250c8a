import asyncio
import subprocess
import sys
from bisect import bisect_left
from datetime import UTC, datetime, timedelta

import pytest

from mailkit import stores
from mailkit.send.limits.memory import MemoryMeter
from mailkit.send.limits.rate import Rate
from mailkit.send.meter import Allotment, Meter, Toll

NOW = datetime(2026, 3, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
GMAIL = Toll(key="provider gmail", rate=Rate(100, per=SECOND, burst=5))
SHOP = Toll(key="account shop", rate=Rate(30, per=SECOND, burst=3))
QUOTA = Allotment(key="quota shop day", number=739_676, most=40, ends_at=NOW + timedelta(days=1))

# Reserves without waiting, by a clock that goes from slot to slot, and writes down all slots that it got.
TAKER = """
import asyncio, sys
from datetime import datetime, timedelta
from mailkit import stores
from mailkit.send.meter import Toll
from mailkit.send.limits.rate import Rate

async def main():
    now, second = datetime.fromisoformat(sys.argv[2]), timedelta(seconds=1)
    end = now + 2 * second
    toll = Toll(key="provider gmail", rate=Rate(100, per=second, burst=5))
    with stores.open(sys.argv[1]) as store:
        while now < end:
            got = await store.meter.reserve([toll], count=7, now=now, horizon=second)
            for slot in got.slots:
                print(slot.begins_at.isoformat(), slot.ends_at.isoformat())
            now = max(now, got.again_at or now) + second / 100

asyncio.run(main())
"""

# Waits for its slots by the real clock, and writes down when it passed.
SENDER = """
import asyncio, sys
from datetime import datetime, timedelta
from mailkit import stores
from mailkit.clock import SystemClock
from mailkit.send.meter import Toll
from mailkit.send.limits.rate import Rate

async def main():
    clock, second = SystemClock(), timedelta(seconds=1)
    toll = Toll(key="provider gmail", rate=Rate(100, per=second, burst=30))
    with stores.open(sys.argv[1]) as store:
        await store.meter.reserve([], count=1, now=clock.now(), horizon=second)
        print("ready", flush=True)
        begin = datetime.fromisoformat(sys.stdin.readline().strip())
        end = begin + 6 * second
        await clock.sleep(begin - clock.now())
        while clock.now() < end:
            got = await store.meter.reserve([toll], count=20, now=clock.now(), horizon=second / 5)
            for slot in got.slots:
                await clock.sleep(max(timedelta(0), slot.begins_at - clock.now()))
                now = clock.now()
                if slot.begins_at <= now < slot.ends_at:
                    print(now.isoformat())
            if got.again_at:
                await clock.sleep(max(timedelta(0), got.again_at - clock.now()))

asyncio.run(main())
"""


def started(code, *given):
    command = [sys.executable, "-c", code, *map(str, given)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def lines(processes):
    said = []
    for process in processes:
        said += process.stdout.read().splitlines()
        process.stdout.close()
        process.stdin.close()
        assert process.wait(timeout=60) == 0
    return said


def test_it_gives_what_the_meter_in_memory_gives(any_store):
    assert isinstance(any_store.meter, Meter)
    asks = [([GMAIL], 7), ([GMAIL, SHOP], 20), ([], 3), ([SHOP, QUOTA], 30), ([QUOTA], 30), ([SHOP], 5)]

    async def ask(meter):
        given, now = [], NOW
        for tolls, count in asks * 3:
            now += SECOND / 3
            given.append(await meter.reserve(tolls, count=count, now=now, horizon=SECOND))
        await meter.give_back([SHOP, QUOTA], count=4)
        given.append(await meter.reserve([QUOTA], count=30, now=now, horizon=SECOND))
        return given

    assert asyncio.run(ask(any_store.meter)) == asyncio.run(ask(MemoryMeter()))


def test_calls_side_by_side_share_a_transaction_and_no_slot(any_store):
    async def ask_at_once():
        asks = ([SHOP, GMAIL], [GMAIL], [GMAIL, SHOP], [SHOP])
        return await asyncio.gather(
            *(any_store.meter.reserve(tolls, count=4, now=NOW, horizon=SECOND) for tolls in asks)
        )

    given = asyncio.run(ask_at_once())
    ends = [slot.ends_at for reservation in (given[0], given[2], given[3]) for slot in reservation.slots]
    assert len(ends) == len(set(ends)) == 12


def test_limits_outlive_the_store(place):
    async def ask(store):
        return await store.meter.reserve([GMAIL], count=200, now=NOW, horizon=SECOND)

    with stores.open(place) as store:
        first = asyncio.run(ask(store))
    with stores.open(place) as store:
        assert asyncio.run(ask(store)).slots == ()
    assert len(first.slots) > 100


@pytest.mark.slow
def test_no_use_of_the_slots_of_three_processes_breaks_the_limit(place):
    processes = [started(TAKER, place, NOW.isoformat()) for _ in range(3)]
    slots = sorted(tuple(map(datetime.fromisoformat, line.split())) for line in lines(processes))
    assert len(slots) >= 196
    slots.sort(key=lambda slot: slot[1])  # by their marks
    for first, (_, end) in enumerate(slots):
        for last in range(first, min(len(slots), first + 60)):
            window = max(timedelta(0), slots[last][0] - end)  # all of them may pass within a little more than this
            assert last - first + 1 <= window / SECOND * 100 + 5 + 1e-9


@pytest.mark.slow
@pytest.mark.parametrize("processes", [1, 2, 4, 8])
def test_processes_together_keep_the_rate_and_use_it(place, processes):
    workers = [started(SENDER, place) for _ in range(processes)]
    for worker in workers:
        assert worker.stdout.readline() == "ready\n"
    begin = datetime.now(UTC) + SECOND / 2
    for worker in workers:
        worker.stdin.write(f"{begin.isoformat()}\n")
        worker.stdin.flush()
    passed = sorted(map(datetime.fromisoformat, lines(workers)))
    for first, at in enumerate(passed):
        for window in (SECOND / 20, SECOND / 5, SECOND, 3 * SECOND):
            assert bisect_left(passed, at + window) - first <= window / SECOND * 100 + 30
    middle = bisect_left(passed, begin + 5 * SECOND) - bisect_left(passed, begin + SECOND)
    assert middle >= 0.98 * 4 * 100
