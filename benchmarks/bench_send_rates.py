"""Whether a limit holds with several processes at one outbox, and how much of it is used.

    python -m benchmarks send_rates

So many processes drain one SQLite outbox and share one limit through it. In any window of length w, at most
rate × w + burst letters may begin: the greatest excess over all windows is told, in letters, and the share of the
limit that was used. Each letter is looked at three times: when its delivery begins, which is what the limit promises;
when its MAIL is written, which waits for a free connection; and when the server has all of it. The last is later by
an answer, by the commit of `data_sent`, and by whatever keeps the server from running, and how much differs from letter
to letter: so letters that began within the limit may meet there.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.bench_send import jobs
from benchmarks.send_peers import here
from mailkit import Envelope, stores
from mailkit.send import Limits, Rate, Sender, SMTPTransport
from tests.send.real.kill import forked, process

PROCESSES = (1, 2, 4, 8)
RATE, BURST, SECONDS = 150, 10, 10


class Noted:
    """A transport that notes when each letter begins, and when its MAIL is written."""

    def __init__(self, transport: SMTPTransport) -> None:
        self.transport, self.capacity = transport, transport.capacity
        self.open, self.close = transport.open, transport.close
        self.begun: list[float] = []
        self.written: list[float] = []

    async def deliver(self, envelope: Envelope, raw: bytes, *, commit: Any) -> Any:
        """Pass the letter on."""
        self.begun.append(time.time())

        def noted() -> Any:
            self.written.append(time.time())  # consent is asked for as MAIL is written
            return commit()

        return await self.transport.deliver(envelope, raw, commit=noted)


def drain(database: str, port: int) -> None:
    """What each process does."""
    transport = Noted(SMTPTransport("127.0.0.1", port, tls="none", connections=4))
    with stores.open(database) as store:
        sender = Sender(
            transport=transport,
            outbox=store.outbox,
            limits=Limits(overall=Rate(RATE, per=timedelta(seconds=1), burst=BURST)),
            meter=store.meter,
            progress=False,
        )
        sender.run_sync()
    noted = {"begun": transport.begun, "written": transport.written}
    Path(f"{database}.{os.getpid()}.json").write_text(json.dumps(noted), "utf-8")


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


def measured(processes: int) -> tuple[dict[str, float], float]:
    """The greatest excess at each look, and the share of the limit that was used."""
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
        notes = [json.loads(path.read_text("utf-8")) for path in Path(folder).glob("*.json")]
    looks = {name: sorted(instant for note in notes for instant in note[name]) for name in ("begun", "written")}
    looks["at the server"] = sorted(datetime.fromisoformat(line["at"]).timestamp() for line in lines)
    assert {len(instants) for instants in looks.values()} == {RATE * SECONDS}
    begun = looks["begun"]
    used = (len(begun) - BURST) / (RATE * (begun[-1] - begun[0]))
    return {name: excess(instants) for name, instants in looks.items()}, used


def main() -> list[tuple[str, float]]:
    """Print a table, and give the shares that were used."""
    print(f"a limit of {RATE} a second and bursts of {BURST}, shared through SQLite; {RATE * SECONDS:,} letters")
    print("  letters above the limit in the fullest window: 0 or less is within it")
    print(f"  {'':<14}{'used':>8}{'begun':>10}{'written':>10}{'at the server':>16}")
    shares = []
    for processes in PROCESSES:
        above, used = measured(processes)
        looks = f"{above['begun']:>+10.1f}{above['written']:>+10.1f}{above['at the server']:>+16.1f}"
        print(f"  {processes} processes{used:>12.1%}{looks}")
        shares.append((f"send rates: share of the limit used by {processes} processes", used))
    return shares


if __name__ == "__main__":
    main()
