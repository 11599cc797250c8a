"""Sending: `Sender` over `SMTPTransport` against one `aiosmtplib.send()` a message, over loopback."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from datetime import UTC, datetime
from statistics import median
from time import perf_counter

import aiosmtplib

from mailkit import Envelope
from mailkit.send import Job, JobState, MemoryOutbox, Sender, SMTPTransport

MESSAGES, ROUNDS, AT_ONCE = 300, 3, 10
RAW = b"Subject: Hello\r\n\r\n" + (b"A line of a letter that is about as long as lines are.\r\n" * 180)


def _ours(port: int) -> float:
    jobs = [
        Job(
            person=str(n),
            envelope=Envelope(sender="shop@example.com", recipient=f"n{n}@example.org"),
            message_id=f"{n}@example.com",
            date=datetime(2026, 3, 1, tzinfo=UTC),
            raw=RAW,
        )
        for n in range(MESSAGES)
    ]
    transport = SMTPTransport("127.0.0.1", port, tls="none", connections=AT_ONCE)
    sender = Sender(transport=transport, outbox=MemoryOutbox(), workers=AT_ONCE, progress=False)
    sender.add_sync(jobs)
    started = perf_counter()
    assert sender.run_sync()[JobState.ACCEPTED] == MESSAGES
    return perf_counter() - started


def _naive(port: int) -> float:
    async def one(n: int, room: asyncio.Semaphore) -> None:
        async with room:
            await aiosmtplib.send(
                RAW,
                sender="shop@example.com",
                recipients=[f"n{n}@example.org"],
                hostname="127.0.0.1",
                port=port,
                start_tls=False,
            )

    async def main() -> None:
        room = asyncio.Semaphore(AT_ONCE)
        await asyncio.gather(*(one(n, room) for n in range(MESSAGES)))

    started = perf_counter()
    asyncio.run(main())
    return perf_counter() - started


def main() -> list[tuple[str, float]]:
    """Run both in turn, print a table, and give the ratios; above 1 is in our favour."""
    command = [sys.executable, "-m", "mailkit.testing.server"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        port = int(server.stdout.readline())
        rounds = [(_ours(port), _naive(port)) for _ in range(ROUNDS)]
        server.terminate()
    ours, naive = (median(times) for times in zip(*rounds, strict=True))
    print(f"{'send, 10 KB over loopback':<44}{'messages/s':>12}")
    print(f"{'  Sender, SMTPTransport, MemoryOutbox':<44}{MESSAGES / ours:>12.0f}")
    print(f"{'  aiosmtplib.send() for each, 10 at once':<44}{MESSAGES / naive:>12.0f}")
    return [("send: Sender against aiosmtplib.send() for each", naive / ours)]


if __name__ == "__main__":
    print(main())
