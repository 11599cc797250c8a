"""Stories with mail servers that others wrote: what we send is what they take, and what they say is understood."""

from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random

import pytest

from mailkit import Envelope, stores
from mailkit.errors import TransportError
from mailkit.send import Job, JobState, MemoryOutbox, RetryPolicy, Sender, SMTPTransport
from tests.send.real.certificate import contexts

NUMBERS = count(1)
BODY = b"\r\n.\r\n..\r\n.hidden\r\n" + b"A line of a letter that is about as long as lines are.\r\n" * 150


def job(name="reader", *, size=0, text=b"", **changes):
    number = next(NUMBERS)
    message_id = f"{number}@example.com"
    head = b"From: shop@example.com\r\nSubject: Hello\r\nMessage-ID: <" + message_id.encode() + b">\r\n"
    lines = b"x" * 998 + b"\r\n"
    return Job(
        person=str(number),
        envelope=Envelope(sender="shop@example.com", recipient=f"{name}@example.org"),
        message_id=message_id,
        date=datetime(2026, 3, 1, tzinfo=UTC),
        raw=head + (text or BODY) + lines * (size // 1000),
        **changes,
    )


def send(server, jobs, *, outbox=None, **options):
    transport = SMTPTransport(server.host, server.port, **{"tls": "none", "timeout": timedelta(seconds=20), **options})
    sender = Sender(
        transport=transport,
        outbox=outbox or MemoryOutbox(),
        retry=RetryPolicy(most_tries=1),
        rng=Random(1),
        progress=False,
    )
    sender.add_sync(jobs)
    return sender.run_sync()


def taken(server, jobs, *, refused=()):
    """How often each of the letters was taken, and then each of those that were not."""
    keys = [(str(one.envelope.recipient.address), one.message_id) for one in (*jobs, *refused)]
    log = server.settled(keys[: len(jobs)])
    return [log.count(key) for key in keys]


def test_letters_are_taken_once_each_on_few_connections(server):
    jobs = [job(f"reader{number}") for number in range(60)]
    assert send(server, jobs, connections=3)[JobState.ACCEPTED] == 60
    assert taken(server, jobs) == [1] * 60


@pytest.mark.slow
def test_a_thousand_letters_of_a_database_are_taken_once_each(server, tmp_path):
    jobs = [job(f"reader{number}") for number in range(1000)]
    with stores.open(tmp_path / "shop.db") as store:
        assert send(server, jobs, outbox=store.outbox)[JobState.ACCEPTED] == 1000
    assert taken(server, jobs) == [1] * 1000


def test_refusals_are_of_one_letter_only(server):
    good, bad = [job(name) for name in ("anna", "ben", "carl") for _ in range(3)], [job("refused"), job("later")]
    summary = send(server, [*good[:3], bad[0], *good[3:6], bad[1], *good[6:]], connections=1)
    assert (summary[JobState.ACCEPTED], summary[JobState.BOUNCED], summary[JobState.EXPIRED]) == (9, 1, 1)
    assert taken(server, good, refused=bad) == [1] * 9 + [0, 0]


def test_a_letter_goes_out_under_tls_that_is_insisted_on(server):
    letters = [job() for _ in range(3)]
    summary = send(server, letters, tls="starttls", tls_context=contexts()[1], connections=1)
    assert summary[JobState.ACCEPTED] == 3
    assert taken(server, letters) == [1] * 3


def test_a_certificate_that_nobody_vouches_for_is_not_taken(server):
    with pytest.raises(TransportError, match="certificate is not to be trusted"):
        send(server, [job()], tls="starttls")


def test_a_login_is_made_under_tls_and_a_wrong_one_ends_the_run(server):
    letters = [job()]
    secure = {"tls": "starttls", "tls_context": contexts()[1], "username": "shop"}
    assert send(server, letters, password="secret", **secure)[JobState.ACCEPTED] == 1
    assert taken(server, letters) == [1]
    with pytest.raises(TransportError, match="the login as 'shop' was refused: 535"):
        send(server, [job()], password="guess", **secure)


def test_an_address_that_is_no_ascii_is_taken(server):
    letters = [job("пётр")]
    assert send(server, letters)[JobState.ACCEPTED] == 1
    assert taken(server, letters) == [1]


def test_octets_above_ascii_are_taken(server):
    letters = [job(text="\r\nПривет\r\n".encode())]
    assert send(server, letters)[JobState.ACCEPTED] == 1
    assert taken(server, letters) == [1]


def test_a_large_letter_is_taken_between_small_ones(server):
    letters = [job(), job(size=20_000_000), job()]
    assert send(server, letters, connections=1)[JobState.ACCEPTED] == 3
    assert taken(server, letters) == [1] * 3


def test_a_letter_too_large_fails_alone(server):
    letters = [job(), job(size=61_000_000), job()]
    summary = send(server, letters, connections=1)
    assert summary[JobState.ACCEPTED] == 2
    assert summary[JobState.FAILED] + summary[JobState.BOUNCED] == 1
    assert taken(server, letters[::2], refused=letters[1:2]) == [1, 1, 0]


@pytest.mark.parametrize(
    ("flags", "state"),
    [
        ((), JobState.ACCEPTED),
        (("-8",), JobState.ACCEPTED),
        (("-p",), JobState.ACCEPTED),
        (("-e",), JobState.ACCEPTED),
        (("-T", "1024"), JobState.ACCEPTED),
        (("-f", "MAIL"), JobState.BOUNCED),
        (("-f", "RCPT"), JobState.BOUNCED),
        (("-f", "DATA"), JobState.BOUNCED),
        (("-f", "."), JobState.BOUNCED),
        (("-r", "RCPT"), JobState.EXPIRED),
        (("-r", "."), JobState.EXPIRED),
        (("-q", "RCPT"), JobState.EXPIRED),
        (("-q", "DATA"), JobState.EXPIRED),
        (("-Q", "RCPT"), JobState.EXPIRED),
        (("-q", "."), JobState.UNKNOWN),
        (("-Q", "."), JobState.EXPIRED),
        (("-A", "0"), None),
    ],
)  # fmt: skip
def test_whatever_the_sink_does_each_letter_comes_to_its_end(sink, flags, state):
    summary = send(sink(*flags), [job(f"reader{number}") for number in range(8)], connections=2)
    assert summary.is_complete
    if state is None:  # it answers within the message, and whether the rest had left by then is chance
        assert summary[JobState.ACCEPTED] == 0
    else:
        assert summary[state] == 8
