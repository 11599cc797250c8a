"""Celery wakes senders; the outbox says who sends what."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from celery import Celery

from mailkit import Envelope
from mailkit.errors import InvalidValue
from mailkit.integrations.celery import drain_task
from mailkit.send import Job, MemoryOutbox, Sender
from mailkit.testing import MemoryTransport

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def jobs(*names: str) -> list[Job]:
    return [
        Job(
            person=name,
            envelope=Envelope(sender="shop@example.com", recipient=f"{name}@example.org"),
            message_id=f"{name}@example.com",
            date=NOW,
            raw=b"Subject: Hello\r\n\r\nHello\r\n",
        )
        for name in names
    ]


def eager() -> Celery:
    app = Celery("shop", broker="memory://")
    app.conf.update(task_always_eager=True, task_eager_propagates=True)
    return app


def test_a_task_sends_what_is_due_and_tells_what_came_of_it() -> None:
    outbox, transport = MemoryOutbox(), MemoryTransport({"ben@example.org": "550 5.1.1 No such user"})
    wake = drain_task(eager(), lambda: Sender(transport=transport, outbox=outbox))
    Sender(transport=transport, outbox=outbox).add_sync(jobs("anna", "ben"))
    assert wake.delay().get() == {"accepted": 1, "bounced": 1}
    assert wake.delay().get() == {}


def test_a_letter_that_is_put_off_does_not_hold_the_task() -> None:
    outbox, transport = MemoryOutbox(), MemoryTransport({"anna@example.org": "451 4.7.1 Greylisted"})
    wake = drain_task(eager(), lambda: Sender(transport=transport, outbox=outbox))
    Sender(transport=transport, outbox=outbox).add_sync(jobs("anna"))
    assert wake.delay().get() == {}


def test_celery_neither_retries_nor_hands_out_again() -> None:
    wake = drain_task(eager(), lambda: Sender(transport=MemoryTransport(), outbox=MemoryOutbox()), queue="mail")
    assert (wake.acks_late, wake.max_retries, wake.queue, wake.name) == (False, 0, "mail", "mailkit.drain")


def test_a_sender_is_not_made_before_the_fork() -> None:
    sender = Sender(transport=MemoryTransport(), outbox=MemoryOutbox())
    with pytest.raises(InvalidValue, match=r"make_sender: .* is not a function"):
        drain_task(eager(), sender)  # type: ignore[arg-type]
