import asyncio
from datetime import UTC, datetime

import pytest

from mailkit import Envelope
from mailkit.send import Job, MemoryOutbox, Outbox
from mailkit.testing.outboxes import check_outbox

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def job(name):
    envelope = Envelope(sender="shop@example.com", recipient=f"{name}@example.org")
    return Job(person=name, envelope=envelope, message_id=f"{name}@example.com", date=NOW, raw=b"x")


def test_the_memory_outbox_keeps_the_contract():
    check_outbox(MemoryOutbox, events=lambda outbox: outbox.events)


def test_the_memory_outbox_is_an_outbox():
    assert isinstance(MemoryOutbox(), Outbox)


def test_jobs_that_break_in_the_middle_add_nothing():
    def broken():
        yield job("anna")
        raise ZeroDivisionError

    outbox = MemoryOutbox()
    for jobs, error in ((broken(), ZeroDivisionError), ([job("ben"), "carl"], AttributeError)):
        with pytest.raises(error):
            asyncio.run(outbox.add(jobs, now=NOW))
    assert asyncio.run(outbox.counts()) == {}
    assert outbox.events == []


def test_a_lease_of_another_outbox_is_not_mistaken_for_one_of_this():
    async def main():
        one, other = MemoryOutbox(), MemoryOutbox()
        await one.add([job("anna")], now=NOW)
        (lease,) = await one.lease(now=NOW, until=NOW.replace(hour=1), limit=1)
        return await other.mark_data_sent([lease], now=NOW)

    assert asyncio.run(main()) == frozenset()
