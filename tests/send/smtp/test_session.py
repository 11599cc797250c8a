"""Stories with servers that say odd things, or say them at odd times."""

import asyncio
import contextlib
from datetime import UTC, datetime, timedelta
from random import Random
from types import SimpleNamespace

import pytest

from mailkit import Envelope
from mailkit.errors import InvalidValue, TransportError
from mailkit.send import Job, JobState, MemoryOutbox, Phase, Reply, RetryPolicy, Sender, SMTPTransport
from mailkit.send.transport import Accepted, Lost, Refused
from mailkit.testing.clock import FakeClock
from mailkit.testing.server import Answer, SMTPServer

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
SHORT = timedelta(seconds=0.3)
SMALL = b"Subject: Hello\r\n\r\nHello\r\n"
LARGE = b"Subject: Hello\r\n\r\n" + (b"x" * 70 + b"\r\n") * 300_000  # more than the buffers between two sockets take


@contextlib.asynccontextmanager
async def speaking(talk):
    """A server that talks as told: `talk(line, say)` for each connection, with what it saw in `seen`."""
    seen = SimpleNamespace(connections=0, lines=[], port=0, over=asyncio.Event())

    lines = {}

    async def speak(reader, writer):
        lines[asyncio.current_task()] = writer
        seen.connections += 1
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await talk(reader, writer, seen)
        writer.close()

    server = await asyncio.start_server(speak, "127.0.0.1", 0, limit=2**26)
    seen.port = server.sockets[0].getsockname()[1]
    async with server:
        yield seen
        seen.over.set()
        for writer in lines.values():
            writer.transport.abort()
        await asyncio.gather(*lines)


def talker(answers=None, *, greeting="220 hi", body=None, hang_up_at=()):
    """A server that answers a command as in `answers`, and the first message by `body(reader, writer, seen)`."""
    answers = {"EHLO": "250 hello", "DATA": "354 go", "QUIT": "221 bye", **(answers or {})}

    async def talk(reader, writer, seen):
        writer.write(greeting.encode() + b"\r\n")
        number = seen.connections
        while line := (await reader.readline()).decode().strip():
            seen.lines.append((number, line))
            command = line.split()[0].upper()
            if (number, command, sum(one == (number, line) for one in seen.lines)) in hang_up_at:
                return
            writer.write(answers.get(command, "250 ok").encode() + b"\r\n")
            if command == "DATA":
                if body is not None and sum(line == "DATA" for _, line in seen.lines) == 1:
                    await body(reader, writer, seen)
                else:
                    await reader.readuntil(b"\r\n.\r\n")
                    writer.write(b"250 taken\r\n")

    return talk


def deliver(talk, *letters, **options):
    """One delivery after the other on one transport; give what came of each, and what the server saw."""

    async def main():
        async with speaking(talk) as seen:
            given = {"tls": "none", "timeout": timedelta(seconds=10), "connections": 1, **options}
            carrier = SMTPTransport("127.0.0.1", seen.port, **given)
            envelope = Envelope(sender="shop@example.com", recipient="anna@example.org")
            came = [await carrier.deliver(envelope, raw, commit=yes) for raw in letters]
            await carrier.close()
            return came, seen

    return asyncio.run(main())


def yes():
    future = asyncio.get_running_loop().create_future()
    future.set_result(True)
    return future


def saying(answer):
    async def body(reader, writer, seen):
        await reader.readuntil(b"\r\n.\r\n")
        writer.write(answer)

    return body


def test_a_second_reply_is_nobody_elses():
    talk = talker(body=saying(b"250 queued\r\n550 5.1.1 No such user\r\n"))
    came, seen = deliver(talk, SMALL, SMALL, SMALL)
    assert [type(one) for one in came] == [Accepted] * 3
    assert seen.connections == 2


def test_a_reply_before_the_message_is_no_answer_to_it():
    ((lost,), _) = deliver(talker({"DATA": "354 go\r\n250 queued"}), SMALL)
    assert (lost.phase, lost.reason) == (Phase.DATA, "the server said more than it was asked")


@pytest.mark.parametrize("raw", [SMALL, LARGE], ids=["small", "large"])
def test_a_letter_arrives_whole_whatever_its_size(raw):
    taken = []

    async def body(reader, writer, seen):
        taken.append(await reader.readuntil(b"\r\n.\r\n"))
        writer.write(b"250 taken\r\n")

    came, seen = deliver(talker(body=body), raw, SMALL)
    assert [type(one) for one in came] == [Accepted] * 2
    assert taken == [raw + b".\r\n"]
    assert seen.connections == 1


def test_a_refusal_in_the_middle_of_a_message_is_told_and_speaks_of_no_other_letter():
    async def body(reader, writer, seen):
        await reader.read(65_536)
        writer.write(b"552 5.3.4 Too big for me\r\n")
        while line := await reader.readline():  # the rest is taken for commands
            seen.lines.append((1, line.decode().strip()))
            writer.write(b"500 5.5.1 What?\r\n")

    (refused, accepted), seen = deliver(talker(body=body), LARGE, SMALL)
    assert (refused.phase, refused.reply.code) == (Phase.DATA, 552)
    assert isinstance(accepted, Accepted)
    assert seen.connections == 2
    assert (1, ".") not in seen.lines


def test_a_refusal_by_a_server_that_reads_no_further_is_heard():
    async def body(reader, writer, seen):
        await reader.read(65_536)
        writer.transport.pause_reading()
        writer.write(b"552 5.3.4 Too big for me\r\n")
        await seen.over.wait()

    ((refused,), _) = deliver(talker(body=body), LARGE)
    assert (refused.phase, refused.reply.code) == (Phase.DATA, 552)


def test_a_refusal_of_a_large_message_ends_the_connection_as_it_may_have_come_early():
    (refused, accepted), seen = deliver(talker(body=saying(b"552 5.3.4 Too big for me\r\n")), LARGE, SMALL)
    assert (refused.phase, refused.reply.code) == (Phase.MESSAGE, 552)
    assert isinstance(accepted, Accepted)
    assert seen.connections == 2


def test_a_refusal_of_a_small_message_keeps_the_connection():
    (refused, accepted), seen = deliver(talker(body=saying(b"552 5.3.4 Too big for me\r\n")), SMALL, SMALL)
    assert isinstance(refused, Refused)
    assert isinstance(accepted, Accepted)
    assert seen.connections == 1


def test_a_yes_in_the_middle_of_a_message_takes_no_letter():
    async def body(reader, writer, seen):
        await reader.read(65_536)
        writer.write(b"250 Thanks, that will do\r\n")
        await reader.read()

    ((lost,), _) = deliver(talker(body=body), LARGE)
    assert isinstance(lost, Lost)
    assert lost.phase is Phase.DATA


async def hang_up(reader, writer, seen):
    await reader.read(65_536)
    writer.transport.abort()


def test_a_line_that_is_lost_before_the_dot_left_took_no_letter():
    ((lost,), _) = deliver(talker(body=hang_up), LARGE)
    assert (lost.phase, lost.reason) == (Phase.DATA, "the server closed the connection")


def test_a_line_that_is_lost_after_the_dot_left_may_have_taken_it():
    ((lost,), _) = deliver(talker(body=saying(b"")), SMALL, timeout=SHORT, answer_timeout=SHORT)
    assert lost.phase is Phase.MESSAGE


def test_a_letter_whose_line_was_lost_in_its_middle_is_sent_again():
    async def main():
        async with speaking(talker(body=hang_up)) as seen:
            outbox = MemoryOutbox()
            sender = Sender(
                transport=SMTPTransport("127.0.0.1", seen.port, tls="none"),
                outbox=outbox,
                clock=FakeClock(START),
                rng=Random(1),
                progress=False,
            )
            envelope = Envelope(sender="shop@example.com", recipient="anna@example.org")
            await sender.add([Job(person="1", envelope=envelope, message_id="1@example.com", date=START, raw=LARGE)])
            return await sender.run(), [event.kind.value for event in outbox.events]

    summary, kinds = asyncio.run(main())
    assert summary.outcomes == {JobState.ACCEPTED: 1}
    assert kinds == ["queued", "deferred", "accepted"]


def test_a_server_that_stops_reading_in_the_middle_took_no_letter():
    async def body(reader, writer, seen):
        await reader.read(65_536)
        writer.transport.pause_reading()
        await seen.over.wait()

    ((lost,), _) = deliver(talker(body=body), LARGE, timeout=SHORT)
    assert (lost.phase, lost.reason) == (Phase.DATA, "the server did not answer within 0.3 s")


def test_the_time_that_a_message_takes_is_no_time_without_an_answer():
    async def body(reader, writer, seen):
        writer.transport.pause_reading()
        await asyncio.sleep(0.6)  # meanwhile the buffers fill, and the sender waits
        writer.transport.resume_reading()
        await reader.readuntil(b"\r\n.\r\n")
        writer.write(b"250 taken\r\n")

    came, _ = deliver(talker(body=body), LARGE, answer_timeout=timedelta(seconds=0.5))
    assert isinstance(came[0], Accepted)


def test_the_answer_to_the_dot_has_a_patience_of_its_own():
    with SMTPServer(answers={"anna@example.org": Answer(phase="message", delay=0.6)}) as server:
        carrier = SMTPTransport(
            server.host, server.port, tls="none", timeout=SHORT, answer_timeout=timedelta(seconds=10)
        )

        async def main():
            envelope = Envelope(sender="shop@example.com", recipient="anna@example.org")
            delivery = await carrier.deliver(envelope, SMALL, commit=yes)
            await carrier.close()
            return delivery

        assert isinstance(asyncio.run(main()), Accepted)


def test_a_kept_connection_that_is_closed_at_the_next_letter_is_replaced():
    mail = "MAIL FROM:<shop@example.com>"
    (first, second), seen = deliver(talker(hang_up_at={(1, "MAIL", 2)}), SMALL, SMALL)
    assert isinstance(first, Accepted)
    assert isinstance(second, Accepted)
    assert [number for number, line in seen.lines if line == mail] == [1, 1, 2]


@pytest.mark.parametrize(("command", "phase"), [("RCPT", Phase.RCPT), ("DATA", Phase.DATA)])
def test_a_kept_connection_that_is_lost_later_is_a_try(command, phase):
    (first, second), seen = deliver(talker(hang_up_at={(1, command, 2)}), SMALL, SMALL)
    assert isinstance(first, Accepted)
    assert isinstance(second, Lost)
    assert (second.phase, seen.connections) == (phase, 1)


def test_a_new_connection_that_is_lost_at_once_is_a_try():
    ((lost,), seen) = deliver(talker(hang_up_at={(1, "MAIL", 1)}), SMALL)
    assert (lost.phase, seen.connections) == (Phase.MAIL, 1)


def test_it_says_goodbye():
    _, seen = deliver(talker(), SMALL)
    assert seen.lines[-1] == (1, "QUIT")


LOGIN = {"username": "shop", "password": "secret"}


@pytest.mark.parametrize(
    ("talk", "options", "phase"),
    [
        (talker(greeting="250 hi"), {}, Phase.CONNECT),
        (talker({"EHLO": "220 hi"}), {}, Phase.EHLO),
        (talker({"EHLO": "250-hi\r\n250 STARTTLS", "STARTTLS": "250 ok"}), {"tls": "opportunistic"}, Phase.EHLO),
        (talker({"EHLO": "250-hi\r\n250 AUTH PLAIN LOGIN", "AUTH": "250 ok"}), LOGIN, Phase.EHLO),
        (talker({"EHLO": "250-hi\r\n250 AUTH PLAIN LOGIN", "AUTH": "334 eA=="}), LOGIN, Phase.EHLO),
        (talker({"EHLO": "250-hi\r\n250 AUTH CRAM-MD5", "AUTH": "334 x"}), LOGIN, Phase.EHLO),
    ],
)
def test_a_reply_that_fits_nothing_puts_letters_off_and_ends_no_run(talk, options, phase):
    ((lost,), _) = deliver(talk, SMALL, **options)
    assert isinstance(lost, Lost)
    assert lost.phase is phase


@pytest.mark.parametrize("size", ["²", "9" * 5000, "x", ""])
def test_a_size_that_is_no_number_limits_nothing(size):
    ((accepted,), _) = deliver(talker({"EHLO": f"250-hi\r\n250 SIZE {size}"}), SMALL)
    assert isinstance(accepted, Accepted)


def test_a_yes_is_no_refusal():
    with pytest.raises(InvalidValue, match="is no refusal"):
        Refused(reply=Reply.parse("250 Ok"), phase=Phase.MAIL)


def test_an_error_is_not_its_own_cause():
    with pytest.raises(TransportError, match="STARTTLS") as caught:
        asyncio.run(opened(talker(), tls="starttls"))
    assert caught.value.__cause__ is None


async def opened(talk, **options):
    async with speaking(talk) as seen:
        carrier = SMTPTransport("127.0.0.1", seen.port, **options)
        try:
            await carrier.open()
        finally:
            await carrier.close()


def test_what_one_sender_closes_breaks_off_nothing_that_another_is_about():
    answers = {"slow@example.org": Answer(phase="message", delay=0.5)}

    async def main(server):
        carrier = SMTPTransport(server.host, server.port, tls="none", connections=2)

        def sender(name):
            envelope = Envelope(sender="shop@example.com", recipient=f"{name}@example.org")
            job = Job(person=name, envelope=envelope, message_id=f"{name}@example.com", date=START, raw=SMALL)
            made = Sender(transport=carrier, outbox=MemoryOutbox(), progress=False, retry=RetryPolicy(most_tries=1))
            return made, job

        (slow, slow_job), (quick, quick_job) = sender("slow"), sender("quick")
        await slow.add([slow_job])
        await quick.add([quick_job])
        run = asyncio.create_task(slow.run())
        while not server.connections:
            await asyncio.sleep(0.01)
        async with quick:
            summaries = [await quick.run()]
        return [*summaries, await run]

    with SMTPServer(answers=answers) as server:
        summaries = asyncio.run(main(server))
        assert [one.outcomes for one in summaries] == [{JobState.ACCEPTED: 1}] * 2
        assert server.connections <= 2
