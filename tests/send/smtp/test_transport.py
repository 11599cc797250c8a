"""Stories over real sockets on loopback."""

import asyncio
import socket
from datetime import UTC, datetime, timedelta
from random import Random

import attrs
import pytest

from mailkit import Envelope, Kind
from mailkit.errors import InvalidValue, TransportError
from mailkit.send import Job, JobState, MemoryOutbox, Phase, RetryPolicy, Sender, SMTPTransport, Transport
from mailkit.send.transport import Accepted, Lost, Refused, Unsendable, Withdrawn
from mailkit.testing.clock import FakeClock
from mailkit.testing.server import Answer, SMTPServer
from tests.send.real.certificate import contexts

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
SHORT = timedelta(seconds=0.3)
LETTER = b"Subject: Hello\r\n\r\n.Hello\r\n"


def transport(server, **options):
    return SMTPTransport(server.host, server.port, **{"timeout": timedelta(seconds=5), "tls": "none", **options})


def envelope(name="anna", **changes):
    return Envelope(**{"sender": "shop@example.com", "recipient": f"{name}@example.org", **changes})


def yes():
    return answered(True)


def no():
    return answered(False)


def answered(consent):
    future = asyncio.get_running_loop().create_future()
    future.set_result(consent)
    return future


def deliver(carrier, *envelopes, raw=LETTER, commit=yes):
    """One delivery after the other on one open transport."""

    async def main():
        await carrier.open()
        try:
            return [await carrier.deliver(one, raw, commit=commit) for one in envelopes or (envelope(),)]
        finally:
            await carrier.close()

    return asyncio.run(main())


def send(server_or_transport, names=("anna",), **options):
    carrier = server_or_transport if isinstance(server_or_transport, SMTPTransport) else transport(server_or_transport)
    outbox = MemoryOutbox()
    given = {"clock": FakeClock(START), "rng": Random(1), "retry": RetryPolicy(most_tries=3), **options}
    sender = Sender(transport=carrier, outbox=outbox, **given)
    sender.add_sync(
        Job(person=name, envelope=envelope(name), message_id=f"{name}@example.com", date=START, raw=LETTER)
        for name in names
    )
    return sender.run_sync(), outbox


def test_a_letter_arrives_as_it_was_written():
    with SMTPServer() as server:
        (delivery,) = deliver(transport(server))
    assert isinstance(delivery, Accepted)
    assert [(one.sender, one.recipient, one.content) for one in server.messages] == [
        ("shop@example.com", "anna@example.org", LETTER)
    ]


def test_many_letters_share_few_connections():
    with SMTPServer() as server:
        summary, _ = send(transport(server, connections=3), [f"n{n}" for n in range(60)])
    assert summary[JobState.ACCEPTED] == len(server.messages) == 60
    assert server.connections <= 3


def test_a_connection_is_closed_after_its_share_of_letters():
    with SMTPServer() as server:
        deliver(transport(server, messages_per_connection=2), *map(envelope, "abcde"))
        assert server.connections == 3


def test_refusals_end_each_in_their_way_and_the_others_go_on():
    answers = {
        "gone@example.org": Answer(reply="550 5.1.1 No such user"),
        "grey@example.org": Answer(reply="451 4.7.1 Greylisted, try again", times=1),
        "big@example.org": Answer(phase="message", reply="552 5.2.3 Too large for this mailbox"),
        "data@example.org": Answer(phase="data", reply="554 5.7.1 Message refused as spam"),
        "mail@example.org": Answer(reply="450 4.7.1 Try again later"),
        "drop@example.org": Answer(phase="message", drop=True),
        "line@example.org": Answer(phase="rcpt", drop=True, times=1),
    }
    names = [key.split("@")[0] for key in answers] + [f"n{n}" for n in range(20)]
    with SMTPServer(answers=answers) as server:
        summary, outbox = send(server, names)
    assert summary.outcomes == {"accepted": 22, "bounced": 3, "unknown": 1, "expired": 1}
    ends = {event.person: event for event in outbox.events if event.kind not in (Kind.QUEUED, Kind.DEFERRED)}
    assert ends["gone"].properties["action"] == "suppress"
    assert ends["drop"].kind == Kind.UNKNOWN
    assert "closed the connection" in ends["drop"].properties["reason"]
    received = [one.recipient for one in server.messages]
    assert len(received) == len(set(received)) == 23  # "drop" was taken, and is told as unknown


def test_a_commit_that_says_no_sends_nothing_and_the_connection_serves_on():
    with SMTPServer() as server:
        carrier = transport(server, connections=1)

        async def main():
            await carrier.open()
            first = await carrier.deliver(envelope("anna"), LETTER, commit=no)
            second = await carrier.deliver(envelope("ben"), LETTER, commit=yes)
            await carrier.close()
            return first, second

        first, second = asyncio.run(main())
    assert isinstance(first, Withdrawn)
    assert isinstance(second, Accepted)
    assert ([one.recipient for one in server.messages], server.connections) == (["ben@example.org"], 1)


def test_a_commit_that_fails_is_the_callers_error_and_sends_nothing():
    def fails():
        future = asyncio.get_running_loop().create_future()
        future.set_exception(ZeroDivisionError())
        return future

    with SMTPServer() as server, pytest.raises(ZeroDivisionError):
        deliver(transport(server), commit=fails)
    assert not server.messages


def test_a_connection_that_went_stale_is_replaced_and_is_no_try():
    with SMTPServer(idle=0.1) as server:
        carrier = transport(server)

        async def main():
            await carrier.open()
            first = await carrier.deliver(envelope("anna"), LETTER, commit=yes)
            while server.open_connections:
                await asyncio.sleep(0.01)
            second = await carrier.deliver(envelope("ben"), LETTER, commit=yes)
            await carrier.close()
            return first, second

        assert all(isinstance(delivery, Accepted) for delivery in asyncio.run(main()))
    assert len(server.messages) == 2


def test_a_kept_connection_that_answers_421_is_replaced():
    with SMTPServer(letters_per_connection=1) as server:
        deliveries = deliver(transport(server), *map(envelope, "abc"))
    assert all(isinstance(delivery, Accepted) for delivery in deliveries)
    assert server.connections == 3


def unused_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("silent", "127.0.0.1:{port}, connect: the server did not answer within 0.3 s"),
        ("garbage", "127.0.0.1:{port}, connect: this is no mail server, it says 'HTTP/1.1 400 Bad Request'"),
        ("close", "127.0.0.1:{port}, connect: the server closed the connection"),
    ],
)
def test_a_port_that_speaks_no_smtp_puts_letters_off_with_one_clear_reason(fault, reason):
    with SMTPServer(fault=fault) as server:
        summary, outbox = send(transport(server, timeout=SHORT), retry=RetryPolicy(most_tries=2))
        text = reason.format(port=server.port)
    assert summary.outcomes == {JobState.EXPIRED: 1}
    assert dict(summary.deferrals) == {text: 1}
    assert outbox.events[-1].properties["reason"] == f"given up after 2 tries: {text}"


def test_a_refused_connection_puts_letters_off_and_the_summary_says_why():
    port = unused_port()
    summary, _ = send(SMTPTransport("127.0.0.1", port), ["anna", "ben"])
    assert summary.outcomes == {JobState.EXPIRED: 2}
    assert dict(summary.deferrals) == {
        f"127.0.0.1:{port}, connect: the connection was refused; is a server listening there?": 4
    }


def test_a_host_without_a_name_is_told():
    (lost,) = deliver(SMTPTransport("mail.invalid", timeout=timedelta(seconds=5)))
    assert isinstance(lost, Lost)
    assert "could not be resolved" in lost.reason or "did not answer" in lost.reason


@pytest.mark.parametrize(
    ("says", "kind"),
    [
        ([b"220 hi", b"500 what?", b"250 hello", b"250 ok", b"250 ok", b"354 go", b"250 kept"], Accepted),
        ([b"220 hi", b"550 go away"], Refused),
        ([b"220 hi", b"250 hello", b"250 ok", b"250 ok", b"250 ok"], Lost),
        ([b"220 hi", b"250 hello", b"nonsense"], Lost),
        ([b"220 hi", b"250 hello", b"421 bye"], Refused),
        ([b"220 hi", b"250 hello", b"250 ok", b"250 ok", b"354 go", b"nonsense"], Lost),
    ],
)
def test_odd_servers_are_understood(says, kind):
    async def main():
        async def speak(reader, writer):
            for line in says:
                writer.write(line + b"\r\n")
                while not (heard := await reader.readline()).startswith((b"EHLO", b"HELO", b"MAIL", b"RCPT", b"DATA")):
                    if heard in (b".\r\n", b""):
                        break
            writer.close()

        server = await asyncio.start_server(speak, "127.0.0.1", 0)
        async with server:
            carrier = SMTPTransport("127.0.0.1", server.sockets[0].getsockname()[1], tls="none")
            delivery = await carrier.deliver(envelope(), LETTER, commit=yes)
            await carrier.close()
        return delivery

    assert isinstance(asyncio.run(main()), kind)


def test_a_busy_server_is_tried_again():
    with SMTPServer(fault="busy") as server:
        (delivery,) = deliver(transport(server))
        assert isinstance(delivery, Refused)
        assert (delivery.phase, delivery.reply.code) == (Phase.CONNECT, 421)
        summary, _ = send(server, retry=RetryPolicy(most_tries=2))
    assert summary.outcomes == {JobState.EXPIRED: 1}


def test_a_server_that_stops_answering_after_the_dot_leaves_the_letter_unknown():
    with SMTPServer(answers={"anna@example.org": Answer(phase="message", delay=30)}) as server:
        (lost,) = deliver(transport(server, timeout=SHORT, answer_timeout=SHORT))
    assert (lost.phase, lost.reason) == (Phase.MESSAGE, "the server did not answer within 0.3 s")


def test_what_a_server_cannot_take_is_not_sent():
    with SMTPServer(size_limit=1000, without=("8BITMIME", "SMTPUTF8")) as server:
        (big,) = deliver(transport(server), raw=b"x" * 2000)
        (eight,) = deliver(transport(server), raw="Subject: x\r\n\r\né\r\n".encode())
        (foreign,) = deliver(transport(server), envelope(recipient="анна@example.org"))
    assert [type(one) for one in (big, eight, foreign)] == [Unsendable] * 3
    assert "2,002 bytes" in big.reason
    assert "8BITMIME" in eight.reason
    assert "SMTPUTF8" in foreign.reason
    assert not server.messages


def test_header_fields_beyond_ascii_need_smtputf8_too():
    raw = "Subject: é\r\n\r\nx\r\n".encode()
    with SMTPServer(without=("SMTPUTF8",)) as server:
        (refused,) = deliver(transport(server), raw=raw)
    assert isinstance(refused, Unsendable)
    assert "header fields are not all ASCII" in refused.reason
    with SMTPServer() as server:
        (delivery,) = deliver(transport(server), raw=raw)
    assert isinstance(delivery, Accepted)


def test_other_alphabets_and_eight_bits_go_where_they_are_offered():
    with SMTPServer() as server:
        raw = "Subject: x\r\n\r\né\r\n".encode()
        (delivery,) = deliver(transport(server), envelope(recipient="анна@example.org", return_path=None), raw=raw)
    assert isinstance(delivery, Accepted)
    assert (server.messages[0].sender, server.messages[0].recipient) == ("", "анна@example.org")


def test_a_login_is_made_and_a_refused_one_ends_the_run_before_it_begins():
    with SMTPServer(login=("shop", "secret")) as server:
        good = transport(server, username="shop", password="secret")
        assert isinstance(deliver(good)[0], Accepted)
        bad = transport(server, username="shop", password="wrong")
        with pytest.raises(TransportError, match=r"ehlo: the login as 'shop' was refused: 535") as caught:
            send(bad)
        assert "wrong" not in str(caught.value)
        assert "wrong" not in repr(bad)
        careful = transport(server, username="shop", password="secret", tls="opportunistic")
        with pytest.raises(TransportError, match="would travel unencrypted"):
            send(careful)
        (refused,) = deliver(transport(server))
    assert isinstance(refused, Refused)
    with SMTPServer() as server, pytest.raises(TransportError, match="offers no login"):
        send(transport(server, username="shop", password="secret"))


def test_tls_that_is_required_and_not_offered_ends_the_run_before_it_begins():
    with SMTPServer() as server:
        with pytest.raises(TransportError, match="does not offer STARTTLS"):
            send(transport(server, tls="starttls"))
        with pytest.raises(TransportError, match="TLS could not be agreed"):
            send(transport(server, tls="implicit"))
        assert isinstance(deliver(transport(server, tls="opportunistic"))[0], Accepted)


def test_tls_is_used_where_offered_and_proven_where_required():
    context, trusting = contexts()
    with SMTPServer(tls_context=context) as server:
        assert isinstance(deliver(transport(server, tls="opportunistic"))[0], Accepted)
        assert isinstance(deliver(transport(server, tls="starttls", tls_context=trusting))[0], Accepted)
        with pytest.raises(TransportError, match="certificate is not to be trusted"):
            send(transport(server, tls="starttls"))


def test_it_sends_from_inside_a_running_loop():
    async def main():
        with SMTPServer() as server:
            return send(server)[0]

    assert asyncio.run(main())[JobState.ACCEPTED] == 1


def test_it_can_be_used_without_opening_it_and_again_in_another_loop():
    with SMTPServer() as server:
        carrier = transport(server)

        async def main():
            delivery = await carrier.deliver(envelope(), LETTER, commit=yes)
            await carrier.close()
            return delivery

        assert isinstance(asyncio.run(main()), Accepted)
        assert isinstance(asyncio.run(main()), Accepted)


def test_a_delivery_that_is_cancelled_closes_its_connection():
    with SMTPServer(answers={"anna@example.org": Answer(phase="message", delay=30)}) as server:
        carrier = transport(server)

        async def main():
            await carrier.open()
            task = asyncio.create_task(carrier.deliver(envelope(), LETTER, commit=yes))
            await asyncio.sleep(0.1)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            second = await carrier.deliver(envelope("ben"), LETTER, commit=yes)
            await carrier.close()
            return second

        assert isinstance(asyncio.run(main()), Accepted)
    assert server.connections == 2


def test_settings_that_cannot_work_cannot_be_given():
    assert isinstance(SMTPTransport("mail.example.com"), Transport)
    for wrong in ({"timeout": timedelta(0)}, {"port": 0}, {"connections": 0}):
        with pytest.raises(InvalidValue):
            SMTPTransport("mail.example.com", **wrong)
    with pytest.raises(ValueError, match="tls"):
        SMTPTransport("mail.example.com", tls="yes")
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        Withdrawn().reason = "x"
