"""Whether a full outbox costs more than an empty one: memory and the time of a lease, up to a million queued jobs.

    python -m benchmarks send_million

The jobs hold a template's name and a small record. At each size the same work is done: a hundred jobs are leased,
their `data_sent` is committed, and they are settled; medians of the turns.
"""

from __future__ import annotations

import asyncio
import resource
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from benchmarks.send_peers import SENDER, here, recipient
from mailkit import Envelope, Kind, stores
from mailkit.send import Job, JobState
from mailkit.send.outbox import Settlement

SIZES, BATCH, LEASED, TURNS = (10_000, 100_000, 1_000_000), 5_000, 100, 21
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def job(number: int) -> Job:
    """One of a million letters."""
    return Job(
        person=str(number),
        envelope=Envelope(sender=SENDER, recipient=recipient(number)),
        message_id=f"{number}@example.com",
        date=NOW,
        campaign="march",
        template="march",
        record={"name": f"Reader {number}"},
    )


async def turn(outbox: Any) -> float:
    """Seconds for a hundred jobs, from lease to settlement; of these, the lease alone."""
    begun = perf_counter()
    leases = await outbox.lease(now=NOW, until=NOW + timedelta(minutes=5), limit=LEASED)
    leased = perf_counter() - begun
    assert len(await outbox.mark_data_sent(leases, now=NOW)) == LEASED
    settled = [
        Settlement(lease=lease, state=JobState.ACCEPTED, event=lease.job.event(Kind.ACCEPTED, NOW)) for lease in leases
    ]
    await outbox.settle(settled)
    return leased


async def measure(outbox: Any) -> list[tuple[int, float, float, float]]:
    """At each size: the size, seconds for a job's way in, for a lease, and the most memory so far, in MB."""
    found, there = [], 0
    for size in SIZES:
        begun, before = perf_counter(), there
        while there < size:
            await outbox.add((job(number) for number in range(there, there + BATCH)), now=NOW)
            there += BATCH
        added = (perf_counter() - begun) / (size - before)
        leases = [await turn(outbox) for _ in range(TURNS)]
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        found.append((size, added, median(leases), memory))
    return found


def main() -> list[tuple[str, float]]:
    """Print a table, and give the ratios of the largest outbox to the smallest; 1 is flat."""
    here().joinpath(".run").mkdir(exist_ok=True)
    with TemporaryDirectory(dir=here() / ".run") as folder, stores.open(Path(folder, "outbox.db")) as store:
        found = asyncio.run(measure(store.outbox))
    for size, added, leased, memory in found:
        print(
            f"  {size:>9,} queued: {added * 1e6:6.1f} µs to add one, {leased / LEASED * 1e6:6.1f} µs to lease one"
            f" of {LEASED}, {memory:6.0f} MB at most"
        )
    first, last = found[0], found[-1]
    return [
        ("send million: time of a lease, largest to smallest outbox", last[2] / first[2]),
        ("send million: memory, largest to smallest outbox", last[3] / first[3]),
    ]


if __name__ == "__main__":
    main()
