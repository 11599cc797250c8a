import asyncio
from datetime import UTC, datetime

from mailkit import Envelope
from mailkit.send import Job, MemoryOutbox
from mailkit.send.dispatch import give_back
from mailkit.send.ledger import Ledger
from mailkit.testing.clock import FakeClock

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def test_an_error_in_telling_is_handed_on_and_what_comes_next_is_written_all_the_same():
    job = Job(
        person="17",
        envelope=Envelope(sender="shop@example.com", recipient="anna@example.org"),
        message_id="1@example.com",
        date=NOW,
        raw=b"Subject: Hello",
    )
    broken, rests = [], []

    async def main():
        outbox, rested = MemoryOutbox(), asyncio.Event()

        async def written(entries, counted):
            raise ValueError(f"{len(entries)} told, {len(counted)} counted")

        def rest():
            rests.append(None)
            if not ledger.is_busy:
                rested.set()

        ledger = Ledger(outbox, FakeClock(NOW), written=written, broke=broken.append, rested=rest)
        await outbox.add([job], now=NOW)
        for _ in range(2):
            (lease,) = await outbox.lease(now=NOW, until=NOW.replace(day=2), limit=1)
            rested.clear()
            ledger.settle(give_back(lease))
            await rested.wait()
        assert not ledger.is_busy

    asyncio.run(main())
    assert [str(error) for error in broken] == ["1 told, 1 counted"] * 2
    assert rests
