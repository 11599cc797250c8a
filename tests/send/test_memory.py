from mailkit.send import MemoryOutbox, Outbox
from mailkit.testing.outboxes import check_outbox


def test_the_memory_outbox_keeps_the_contract():
    check_outbox(MemoryOutbox, events=lambda outbox: outbox.events)


def test_the_memory_outbox_is_an_outbox():
    assert isinstance(MemoryOutbox(), Outbox)
