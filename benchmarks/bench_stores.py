"""What the outbox in SQLite costs a letter, step by step, in CPU time: durable, 10 KB letters, three lanes.

No peer: those that we know keep no `data_sent`. The figures are a process's own, so the machine's matter.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import process_time

from mailkit import Envelope, stores
from mailkit.send import Job, JobState
from mailkit.send.outbox import Settlement

LETTERS, ROUNDS, BATCHES = 3_000, 5, (50, 100, 200)
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
RAW = b"Subject: Hello\r\n\r\n" + (b"A line of a letter that is about as long as lines are.\r\n" * 180)
STEPS = ("add", "lease", "mark", "settle")


def _job(number: int) -> Job:
    return Job(
        person=str(number),
        envelope=Envelope(sender="Books <shop@example.com>", recipient=f"reader{number}@example.org"),
        message_id=f"{number}.june@example.com",
        date=NOW,
        campaign="june",
        step="1",
        raw=RAW,
        provider=("gmail", "yahoo", "outlook")[number % 3],
    )


async def _round(outbox: stores.SqlOutbox, batch: int) -> dict[str, float]:
    """CPU microseconds a letter of each step; making the facts is not counted."""
    spent = dict.fromkeys(STEPS, 0.0)
    jobs = [_job(number) for number in range(LETTERS)]
    start = process_time()
    await outbox.add(jobs, now=NOW)
    spent["add"] = process_time() - start
    numbers = [lane.number for lane in await outbox.lanes()]
    caps = {number: batch // 3 + (place < batch % 3) for place, number in enumerate(numbers)}
    while True:
        start = process_time()
        leases = await outbox.lease(now=NOW, until=NOW + timedelta(minutes=5), limit=batch, lanes=caps)
        leased = process_time()
        await outbox.mark_data_sent(leases, now=NOW)
        marked = process_time()
        facts = [lease.job.event("accepted", NOW, reply="250 2.0.0 Ok: queued as 1234") for lease in leases]
        told = [
            Settlement(lease=lease, state=JobState.ACCEPTED, event=fact)
            for lease, fact in zip(leases, facts, strict=True)
        ]
        made = process_time()
        await outbox.settle(told)
        spent["lease"] += leased - start
        spent["mark"] += marked - leased
        spent["settle"] += process_time() - made
        if not leases:
            return {step: seconds / LETTERS * 1e6 for step, seconds in spent.items()}


def main() -> list[tuple[str, float]]:
    """Print a table; there is no ratio to give, as there is no peer."""
    print(f"{'CPU microseconds a letter, in batches of':<44}{'':>2}" + "".join(f"{batch:>8}" for batch in BATCHES))
    rounds: dict[int, list[dict[str, float]]] = {batch: [] for batch in BATCHES}
    for _ in range(ROUNDS):
        for batch in BATCHES:
            with TemporaryDirectory() as folder, stores.open(Path(folder, "shop.db")) as store:
                rounds[batch].append(asyncio.run(_round(store.outbox, batch)))
    for step in STEPS:
        middle = [median(spent[step] for spent in rounds[batch]) for batch in BATCHES]
        print(f"  {step:<44}" + "".join(f"{value:>8.1f}" for value in middle))
    sums = [min(sum(spent[step] for step in STEPS[1:]) for spent in rounds[batch]) for batch in BATCHES]
    print(f"  {'lease, mark and settle, the best round':<44}" + "".join(f"{value:>8.1f}" for value in sums))
    return []


if __name__ == "__main__":
    main()
