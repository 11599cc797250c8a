"""What counts for monitoring must not raise; if it does, the run ends with its error, and does not hang."""

import asyncio
from datetime import UTC, datetime

import pytest

from mailkit import Envelope
from mailkit.send import Job, JobState, MemoryOutbox, Sender
from mailkit.testing.transport import MemoryTransport


class Watch:
    """Raises at one of its methods."""

    def __init__(self, where):
        self.where = where

    def told(self, where):
        if where == self.where:
            raise ZeroDivisionError(where)

    def leased(self, count):
        self.told("leased")

    def started(self, job):
        self.told("started")

    def settled(self, settlement, seconds):
        self.told("settled")


@pytest.mark.parametrize("where", ["leased", "started", "settled"])
def test_a_run_ends_with_the_error_of_its_watch_and_loses_nothing(where):
    outbox = MemoryOutbox()
    sender = Sender(transport=MemoryTransport(), outbox=outbox, watch=Watch(where))
    sender.add_sync(
        Job(
            person=str(number),
            envelope=Envelope(sender="shop@example.com", recipient=f"n{number}@example.org"),
            message_id=f"{number}@example.com",
            date=datetime(2026, 3, 1, tzinfo=UTC),
            raw=b"Subject: Hello\r\n",
        )
        for number in range(20)
    )

    async def main():
        with pytest.raises(ZeroDivisionError, match=where):
            await asyncio.wait_for(sender.run(), 5)
        return await outbox.counts()

    counts = asyncio.run(main())
    assert set(counts) <= {JobState.QUEUED, JobState.ACCEPTED}
    assert sum(counts.values()) == 20
