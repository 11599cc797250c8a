"""A sender on made-up time, and letters for it: what the tests of runs begin with."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random
from typing import Any

from mailkit import Envelope
from mailkit.send import Job, MemoryOutbox, Sender, Summary, Transport
from mailkit.testing.clock import FakeClock
from mailkit.testing.transport import MemoryTransport

__all__ = ["START", "job", "run", "sender"]

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


def job(name: str, **changes: Any) -> Job:
    """A letter to somebody of this name, at `domain=` if not at example.org."""
    given = {
        "person": name,
        "envelope": Envelope(sender="shop@example.com", recipient=f"{name}@{changes.pop('domain', 'example.org')}"),
        "message_id": f"{name}.{changes.get('campaign', '')}@example.com",
        "date": START,
        "raw": b"Subject: Hello\r\n\r\nHello",
    }
    return Job(**{**given, **changes})


def sender(transport: Transport | None = None, **options: Any) -> Sender:
    """A sender with an outbox of its own."""
    options = {"clock": FakeClock(START), "rng": Random(1), "outbox": MemoryOutbox(), **options}
    return Sender(transport=transport or MemoryTransport(), **options)


def run(jobs: list[Job], transport: Transport | None = None, **options: Any) -> tuple[Summary, Sender]:
    """What came of these letters, and the sender."""
    it = sender(transport, **options)
    it.add_sync(jobs)
    return it.run_sync(), it
