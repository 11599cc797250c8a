"""Who else sends, measured the same way as we: Postfix's smtp-source, and pools of aiosmtplib."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Callable, Coroutine
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import aiosmtplib
import attrs

from tests.send.real.servers import program

SENDER = "shop@example.com"
RAW = (
    b"From: Shop <shop@example.com>\r\nSubject: Hello\r\nDate: Sun, 1 Mar 2026 12:00:00 +0000\r\n"
    b"Message-ID: <1@example.com>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
    + b"A line of a letter that is about as long as lines are.\r\n"
    * 182
)


@attrs.frozen
class Cost:
    """What so many messages took: seconds by the wall, and seconds of the client's processor."""

    messages: int
    wall: float
    cpu: float

    @property
    def rate(self) -> float:
        """Messages a second."""
        return self.messages / self.wall

    @property
    def cpu_us(self) -> float:
        """Microseconds of the client's processor for one message."""
        return self.cpu / self.messages * 1e6


def recipient(number: int) -> str:
    """Somebody whom no two letters have in common."""
    return f"reader{number}@example.org"


def cost_of(messages: int, work: Callable[[], object]) -> Cost:
    """What a call costs this process, its threads included."""
    cpu, wall = process_time(), perf_counter()
    work()
    return Cost(messages, perf_counter() - wall, process_time() - cpu)


def loop_of(uvloop: bool) -> Callable[[], asyncio.AbstractEventLoop] | None:
    """What makes an event loop: uvloop's, or the standard library's."""
    if not uvloop:
        return None
    from uvloop import new_event_loop

    return new_event_loop  # type: ignore[no-any-return]


def run(work: Callable[[], Coroutine[Any, Any, object]], *, uvloop: bool = False) -> object:
    """Run it in an event loop of its own."""
    with asyncio.Runner(loop_factory=loop_of(uvloop)) as runner:
        return runner.run(work())


def smtp_source(port: int, messages: int, *, sessions: int = 10, keeps: bool = True) -> Cost:
    """Postfix's own load generator, which does not pipeline; it sends the same bytes again and again.

    Args:
        port: Where the server listens.
        messages: How many.
        sessions: On how many connections.
        keeps: Whether a connection carries more than one message.
    """
    line = ["-s", str(sessions), "-m", str(messages), "-f", SENDER, "-t", recipient(0), "-l", str(len(RAW))]
    command = [program("smtp-source", package="postfix"), *(["-d"] if keeps else []), *line, f"127.0.0.1:{port}"]
    wall = perf_counter()
    with subprocess.Popen(command) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, "smtp-source failed"
    return Cost(messages, perf_counter() - wall, usage.ru_utime + usage.ru_stime)


def aiosmtplib_pool(
    port: int, messages: int, *, connections: int = 10, uvloop: bool = False, raw: Callable[[int], bytes] | None = None
) -> Cost:
    """Connections of aiosmtplib that are used again, one worker each: the best that can be had with it."""

    async def worker(numbers: Any) -> None:
        client = aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False, timeout=60)
        async with client:
            for number in numbers:
                content = RAW if raw is None else raw(number)
                await client.sendmail(SENDER, [recipient(number)], content)

    async def main() -> None:
        numbers = iter(range(messages))  # shared, so that all are busy to the end
        await asyncio.gather(*(worker(numbers) for _ in range(connections)))

    return cost_of(messages, lambda: run(main, uvloop=uvloop))


def here() -> Path:
    """The checkout, in which the benchmarks keep what they write under `.run`."""
    return Path(__file__).parent.parent
