"""Whether a limit holds with several processes at one outbox, and how much of it is used.

    python -m benchmarks send_rates

So many processes drain one SQLite outbox and share one limit through it. The server's log gives the instant at which
each letter was taken. In any window of length w, at most rate × w + burst may pass: the greatest excess is told, in
letters, over all windows, and the share of the limit that was used.
"""

from __future__ import annotations

import asyncio
import json
import os
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.bench_send import jobs
from benchmarks.send_peers import here
from mailkit import stores
from mailkit.send import Limits, Rate, Sender, SMTPTransport
from tests.send.real.kill import forked, process

PROCESSES = (1, 2, 4, 8)
RATE, BURST, SECONDS = 150, 10, 10


def drain(database: str, port: int) -> None:
    """What each process does."""
    with stores.open(database) as store:
        sender = Sender(
            transport=SMTPTransport("127.0.0.1", port, tls="none", connections=4),
            outbox=store.outbox,
            limits=Limits(overall=Rate(RATE, per=timedelta(seconds=1), burst=BURST)),
            meter=store.meter,
            progress=False,
        )
        sender.run_sync()


def excess(instants: list[float]) -> float:
    """By how many letters the fullest window exceeds rate × its length + burst; at most 0 if the limit was kept.

    A window from letter i to letter j holds j - i + 1 of them: so each letter is compared with the emptiest start.
    """
    most, least = float("-inf"), float("inf")
    for place, instant in enumerate(instants):
        surplus = place - RATE * instant
        least = min(least, surplus)
        most = max(most, surplus - least + 1 - BURST)
    return most


def measured(processes: int) -> tuple[float, float]:
    """The greatest excess, and the share of the limit that was used."""
    here().joinpath(".run").mkdir(exist_ok=True)
    with TemporaryDirectory(dir=here() / ".run") as folder:
        database, log = f"{folder}/outbox.db", Path(folder, "log")
        with stores.open(database) as store:
            now = datetime.now().astimezone()
            asyncio.run(store.outbox.add(jobs(RATE * SECONDS), now=now))
        with process("mailkit.testing.server", "--log", str(log)) as port:
            workers = [forked(partial(drain, database, port)) for _ in range(processes)]
            assert [os.waitpid(worker, 0)[1] for worker in workers] == [0] * processes
        lines = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
    instants = sorted(datetime.fromisoformat(line["at"]).timestamp() for line in lines)
    assert len(instants) == RATE * SECONDS
    took = instants[-1] - instants[0]
    return excess(instants), (len(instants) - BURST) / (RATE * took)


def main() -> list[tuple[str, float]]:
    """Print a table, and give the shares that were used."""
    print(f"a limit of {RATE} a second and bursts of {BURST}, shared through SQLite; {RATE * SECONDS:,} letters")
    shares = []
    for processes in PROCESSES:
        above, used = measured(processes)
        print(f"  {processes} processes: used {used:.1%}; the fullest window exceeds the limit by {above:+.1f} letters")
        shares.append((f"send rates: share of the limit used by {processes} processes", used))
    return shares


if __name__ == "__main__":
    main()
