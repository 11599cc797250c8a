"""What the checks of an outbox share: made-up jobs and instants, and the claim that fails with its reason."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import attrs

from mailkit.envelope import Envelope
from mailkit.event import Kind
from mailkit.send.jobs import Job, JobState
from mailkit.send.outbox import Lease, Outbox, Settlement

__all__ = ["LATER", "MINUTE", "NOW", "claim", "lease_all", "lease_one", "made_job", "settled"]

NOW: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE: Final = timedelta(minutes=1)
LATER: Final = NOW + 5 * MINUTE


def claim(holds: bool, text: str, *found: object) -> None:
    """Fail with what is claimed, and what was found instead."""
    if not holds:
        seen = f" (found {', '.join(map(repr, found))})" if found else ""
        raise AssertionError(f"the outbox breaks its contract: {text}{seen}")


def made_job(number: int, **changes: Any) -> Job:
    """A letter to the reader of this number."""
    job = Job(
        person=str(number),
        envelope=Envelope(sender="Books <shop@example.com>", recipient=f"Reader{number}@example.org"),
        message_id=f"{number}.letter@example.com",
        date=NOW,
        campaign="spring",
        step="1",
        raw=b"Subject: Hello\r\n\r\nHello\r\n",
    )
    return attrs.evolve(job, **changes)


async def lease_all(outbox: Outbox, *, now: datetime = NOW, limit: int = 100) -> Sequence[Lease]:
    """Lease what is due, for five minutes."""
    return await outbox.lease(now=now, until=now + 5 * MINUTE, limit=limit)


async def lease_one(outbox: Outbox, *, now: datetime = NOW) -> Lease:
    """Lease one job, which must be there."""
    leases = await lease_all(outbox, now=now, limit=1)
    claim(len(leases) == 1, "a job that is due can be leased", leases)
    return leases[0]


def settled(lease: Lease, state: JobState, *, at: datetime = NOW, due: datetime | None = None) -> Settlement:
    """What came of a try, with its fact."""
    event = None if state is JobState.QUEUED else lease.job.event(Kind(state.value), at, reply="250 2.0.0 Ok")
    return Settlement(lease=lease, state=state, event=event, due=due)
