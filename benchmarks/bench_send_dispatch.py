"""CPU for each letter of everything in a run that is neither transport nor database.

    python benchmarks/bench_send_dispatch.py 30000

To compare with another version, put its `src` on PYTHONPATH and run both in turn.
"""

from __future__ import annotations

import asyncio
import sys
import time
from datetime import UTC, datetime
from typing import Any

from mailkit import Envelope, send
from mailkit.send.transport import Accepted

OK = Accepted(reply=send.Reply(code=250, enhanced="2.0.0", text="Ok"))


class Nowhere:
    """Takes every letter as soon as its final dot may go out."""

    capacity = 10

    async def open(self) -> None:
        """Nothing needs to be made ready."""

    async def close(self) -> None:
        """Nothing needs to be let go of."""

    async def deliver(self, envelope: Envelope, raw: bytes, *, commit: Any) -> Any:
        """Wait for the mark, and take the letter."""
        await commit()
        return OK


async def main(count: int) -> None:
    """Send so many letters, and print the CPU of one."""
    now = datetime.now(UTC)
    jobs = [
        send.Job(
            person=str(number),
            envelope=Envelope(sender="shop@example.com", recipient=f"reader{number}@example.org"),
            message_id=f"{number}@example.com",
            date=now,
            campaign="june",
            raw=b"Subject: Hello\r\n\r\n" + b"x" * 10_000,
        )
        for number in range(count)
    ]
    sender = send.Sender(transport=Nowhere(), outbox=send.MemoryOutbox(), progress=False, workers=10)
    await sender.add(jobs)
    before = time.process_time()
    await sender.run()
    print(f"{(time.process_time() - before) / count * 1e6:.1f} µs of CPU a letter")


asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 30_000))
