"""Sending 10 KB letters into Postfix's smtp-sink: `Sender` against smtp-source and a pool of aiosmtplib.

    python -m benchmarks send

Time-outs, a limit and acks are on, as they are in use: the limit is too high to be felt, but it is kept.
Every round runs each row once; the medians of the rounds are printed, and rates as ratios to
`smtp-source -s 10 -d`, which sends on ten kept connections.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.send_peers import RAW, SENDER, Cost, aiosmtplib_pool, cost_of, here, recipient, run, smtp_source
from mailkit import Envelope, stores
from mailkit.send import Job, JobState, Limits, MemoryOutbox, Rate, Sender, SMTPTransport
from tests.send.real.servers import Sink

ROUNDS, CONNECTIONS = 5, 10
NOW = datetime(2026, 3, 1, tzinfo=UTC)
LIMITS = Limits(overall=Rate(20_000, per=timedelta(seconds=1), burst=2_000))

Row = tuple[str, int, Callable[[int, int], Cost]]
"""What is measured: its name, how many messages a round, and what sends them to a port."""


def jobs(messages: int) -> list[Job]:
    """A letter to each of so many people."""
    return [
        Job(
            person=str(number),
            envelope=Envelope(sender=SENDER, recipient=recipient(number)),
            message_id=f"{number}@example.com",
            date=NOW,
            raw=RAW,
        )
        for number in range(messages)
    ]


def ours(
    port: int,
    messages: int,
    *,
    durable: bool = False,
    uvloop: bool = False,
    connections: int = CONNECTIONS,
    **transport: Any,
) -> Cost:
    """One run of a sender over an outbox that is full; putting the jobs in is not counted."""
    here().joinpath(".run").mkdir(exist_ok=True)
    with (
        TemporaryDirectory(dir=here() / ".run") as folder,
        stores.open(f"{folder}/outbox.db") if durable else nullcontext() as store,
    ):
        outbox = MemoryOutbox() if store is None else store.outbox
        carrier = SMTPTransport("127.0.0.1", port, tls="none", connections=connections, **transport)
        sender = Sender(
            transport=carrier,
            outbox=outbox,
            workers=carrier.capacity,
            limits=LIMITS,
            progress=False,
        )
        sender.add_sync(jobs(messages))
        summaries: list[Any] = []

        async def main() -> None:
            summaries.append(await sender.run())

        cost = cost_of(messages, lambda: run(main, uvloop=uvloop))
        assert summaries[0][JobState.ACCEPTED] == messages, summaries
        return cost


ROWS: tuple[Row, ...] = (
    ("smtp-source -s 10 -d", 8_000, smtp_source),
    ("smtp-source -s 10, connecting each time", 4_000, lambda port, n: smtp_source(port, n, keeps=False)),
    ("aiosmtplib, pool of 10", 2_000, aiosmtplib_pool),
    ("aiosmtplib, pool of 10, uvloop", 2_000, lambda port, n: aiosmtplib_pool(port, n, uvloop=True)),
    ("Sender, MemoryOutbox", 2_000, ours),
    ("Sender, MemoryOutbox, uvloop", 2_000, lambda port, n: ours(port, n, uvloop=True)),
    ("Sender, SQLite", 2_000, lambda port, n: ours(port, n, durable=True)),
    ("Sender, SQLite, uvloop", 2_000, lambda port, n: ours(port, n, durable=True, uvloop=True)),
)


def measured(rows: Sequence[Row], *, rounds: int = ROUNDS) -> dict[str, Cost]:
    """The median round of each row; all rows take their turn in every round, each with a sink of its own."""
    costs: dict[str, list[Cost]] = {name: [] for name, _, _ in rows}
    for _ in range(rounds):
        for name, messages, send in rows:
            with Sink() as sink:
                costs[name].append(send(sink.port, messages))
    return {
        name: Cost(some[0].messages, median(one.wall for one in some), median(one.cpu for one in some))
        for name, some in costs.items()
    }


def main() -> list[tuple[str, float]]:
    """Print a table, and give the ratios; above 1 is in our favour."""
    costs = measured(ROWS)
    first = costs[ROWS[0][0]]
    print(f"{len(RAW):,} bytes a message into smtp-sink over loopback; medians of {ROUNDS} rounds, interleaved")
    print(f"  {'':<42}{'messages/s':>11}{'ratio':>8}{'CPU µs a message':>19}")
    for name, cost in costs.items():
        print(f"  {name:<42}{cost.rate:>11,.0f}{cost.rate / first.rate:>8.2f}{cost.cpu_us:>19.0f}")
    memory, pool = costs["Sender, MemoryOutbox"], costs["aiosmtplib, pool of 10"]
    durable = costs["Sender, SQLite"]
    return [
        ("send: Sender, SQLite, against smtp-source -s 10 -d, rate", durable.rate / first.rate),
        ("send: Sender, memory, against smtp-source -s 10 -d, rate", memory.rate / first.rate),
        ("send: Sender, SQLite, against a pool of aiosmtplib, rate", durable.rate / pool.rate),
        ("send: Sender, memory, against a pool of aiosmtplib, CPU", pool.cpu_us / memory.cpu_us),
    ]


if __name__ == "__main__":
    print(main())
