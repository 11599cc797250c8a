import asyncio
from datetime import UTC, datetime, timedelta

from mailkit import Clock
from mailkit.testing.clock import FakeClock


def test_sleeping_moves_the_clock_and_does_not_wait():
    clock = FakeClock(datetime(2026, 3, 1, tzinfo=UTC))
    asyncio.run(clock.sleep(timedelta(days=365)))
    asyncio.run(clock.sleep(timedelta(days=-1)))
    assert clock.now() == datetime(2027, 3, 1, tzinfo=UTC)
    clock.advance(timedelta(hours=1))
    assert clock.now().hour == 1
    assert isinstance(clock, Clock)
