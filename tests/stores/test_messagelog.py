import asyncio
from datetime import UTC, datetime

from mailkit.address import Address
from mailkit.envelope import Envelope
from mailkit.send.jobs import Job

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def job(person, message_id, step=""):
    envelope = Envelope(sender="shop@example.com", recipient=f'"{person} @ home"@Bücher.example')
    return Job(
        person=person, envelope=envelope, message_id=message_id, date=NOW, campaign="spring", step=step, raw=b"x"
    )


def add(store, *jobs):
    asyncio.run(store.outbox.add(jobs, now=NOW))


def test_a_letter_is_found_however_its_id_was_written(store):
    add(store, job("anna", "1@example.com", step="2"))
    for written in ("1@example.com", "<1@example.com>", " <1@example.com>\r\n\t"):
        entry = store.messages.find(written)
        assert (entry.person, entry.campaign, entry.step, entry.queued_at) == ("anna", "spring", "2", NOW)
        assert entry.recipient == Address.parse('"anna @ home"@xn--bcher-kva.example')


def test_a_letter_of_somebody_else_is_not_found(store):
    add(store, job("anna", "1@example.com"))
    assert store.messages.find("2@example.com") is None


def test_an_id_that_several_people_share_blames_nobody(store):
    add(store, job("anna", "1@example.com"), job("boris", "1@example.com"))
    assert store.messages.find("1@example.com") is None


def test_of_several_letters_to_one_person_the_newest_counts(store):
    add(store, job("anna", "1@example.com", step="1"), job("anna", "1@example.com", step="2"))
    assert store.messages.find("1@example.com").step == "2"
