"""A server that takes longer than a lease lasts."""

from datetime import UTC, datetime, timedelta

from mailkit import Envelope
from mailkit.send import Job, JobState, MemoryOutbox, RetryPolicy, Sender, SMTPTransport
from mailkit.testing import Answer, SMTPServer


def test_a_letter_that_the_same_sender_leases_again_meanwhile_does_not_stop_the_run():
    letters = [
        Job(
            person=name,
            envelope=Envelope(sender="shop@example.com", recipient=f"{name}@example.org"),
            message_id=f"{name}@example.com",
            date=datetime(2026, 3, 1, tzinfo=UTC),
            raw=b"Subject: Hello\r\n\r\nHello\r\n",
        )
        for name in map("reader{}".format, range(8))
    ]
    with SMTPServer(faults=[Answer(phase="rcpt", delay=0.3, times=2)]) as server:
        sender = Sender(
            transport=SMTPTransport(server.host, server.port, tls="none", connections=2),
            outbox=MemoryOutbox(),
            retry=RetryPolicy(first=timedelta(seconds=0.05)),
            lease_for=timedelta(seconds=0.2),
            progress=False,
        )
        sender.add_sync(letters)
        assert sender.run_sync()[JobState.ACCEPTED] == 8
    assert len(server.messages) == 8
