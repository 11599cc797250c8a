"""Stories of kept connections, over real sockets on loopback."""

import asyncio
import base64
import contextlib
from datetime import timedelta
from types import SimpleNamespace

import pytest

from mailkit import Envelope
from mailkit.errors import InvalidValue, TransportError
from mailkit.send import Phase, SMTPTransport
from mailkit.send.transport import Accepted, Lost, Refused, Unsendable, Withdrawn
from mailkit.testing.server import SMTPServer
from tests.send.real.certificate import contexts

SHORT = timedelta(seconds=0.3)
SMALL = b"Subject: Hello\r\n\r\n.Hello\r\n"
LARGE = b"Subject: Hello\r\n\r\n" + (b"x" * 70 + b"\r\n") * 300_000
OFFERS = "250-hello\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SIZE"
CHUNKS = "250-hello\r\n250-PIPELINING\r\n250-CHUNKING\r\n250-DSN\r\n250 8BITMIME"


def answered(consent):
    future = asyncio.get_running_loop().create_future()
    future.set_result(consent)
    return future


def yes():
    return answered(True)


def envelope(name="anna", **changes):
    return Envelope(**{"sender": "shop@example.com", "recipient": f"{name}@example.org", **changes})


@contextlib.asynccontextmanager
async def serving(answers=None, *, offers=OFFERS, tls=None, implicit=None, greet=None):
    """A server that answers a command as told, or by a function of the line and what it saw; None hangs up."""
    answers = {"EHLO": offers, "QUIT": "221 bye", "DATA": "354 go", ".": "250 taken", **(answers or {})}
    seen = SimpleNamespace(connections=0, lines=[], letters=[], port=0, writers={})

    async def speak(reader, writer):
        seen.connections += 1
        number = seen.connections
        seen.writers[asyncio.current_task()] = writer
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            greeting = greet(number) if greet else "220 hi"
            writer.write(greeting.encode() + b"\r\n")
            if greeting.startswith("220"):
                await converse(reader, writer, number)
        writer.close()

    async def converse(reader, writer, number):
        while line := (await reader.readline()).decode().strip("\r\n"):
            seen.lines.append((number, line))
            command = line.split()[0].upper()
            if command == "BDAT":
                seen.letters.append(await reader.readexactly(int(line.split()[1])))
            if not await answer(writer, command, line, number):
                return
            if command == "DATA" and answers["DATA"] == "354 go":
                first = await reader.readline()
                if first != b".\r\n":
                    seen.letters.append(first + await reader.readuntil(b"\r\n.\r\n"))
                if not await answer(writer, ".", ".", number):
                    return
            if command == "STARTTLS":
                await writer.start_tls(tls)

    async def answer(writer, command, line, number):
        said = answers.get(command, "250 ok")
        said = said(line, number, seen) if callable(said) else said
        said = await said if asyncio.iscoroutine(said) else said
        if said is None:
            return False
        writer.write(said.encode() + b"\r\n")
        return True

    server = await asyncio.start_server(speak, "127.0.0.1", 0, limit=2**26, ssl=implicit)
    seen.port = server.sockets[0].getsockname()[1]
    async with server:
        yield seen
        for writer in seen.writers.values():
            writer.transport.abort()
        await asyncio.gather(*seen.writers)


@contextlib.asynccontextmanager
async def sending(seen, **options):
    carrier = SMTPTransport("127.0.0.1", seen.port, **{"tls": "none", "timeout": timedelta(seconds=10), **options})
    try:
        yield carrier
    finally:
        await carrier.close()


async def all_of(carrier, count, *, raw=SMALL, commit=yes):
    return await asyncio.gather(*(carrier.deliver(envelope(f"n{n}"), raw, commit=commit) for n in range(count)))


def commands(seen, number=1):
    return [line.split()[0] for connection, line in seen.lines if connection == number]


def run(story):
    return asyncio.run(story)


def test_with_pipelining_all_letters_arrive_on_few_connections():
    async def main():
        async with serving() as seen, sending(seen, connections=2) as carrier:
            came = await all_of(carrier, 50)
        return came, seen

    came, seen = run(main())
    assert [type(one) for one in came] == [Accepted] * 50
    assert seen.letters == [SMALL.replace(b"\n.", b"\n..") + b".\r\n"] * 50
    assert seen.connections == 2


@pytest.mark.parametrize("depth", [0, 1, 4])
def test_with_chunking_letters_arrive_as_they_are(depth):
    async def main():
        async with (
            serving(offers=CHUNKS) as seen,
            sending(seen, connections=1, bdat_depth=depth, messages_per_connection=30) as carrier,
        ):
            came = await all_of(carrier, 50)
            big = await carrier.deliver(envelope(), LARGE, commit=yes)
        return [*came, big], seen

    came, seen = run(main())
    assert [type(one) for one in came] == [Accepted] * 51
    words = set(commands(seen)) | set(commands(seen, 2))
    assert ("BDAT" in words, "DATA" in words) == (depth > 0, depth == 0)
    assert seen.letters[-1] == LARGE + (b"" if depth else b".\r\n")
    assert seen.connections == 2


def test_refusals_among_many_letters_under_way_harm_no_other():
    def rcpt(line, number, seen):
        return "550 5.1.1 No such user" if "n3@" in line or "n7@" in line else "250 ok"

    for offers in (OFFERS, CHUNKS):

        async def main(offers=offers):
            async with (
                serving({"RCPT": rcpt}, offers=offers) as seen,
                sending(seen, connections=1, bdat_depth=3) as carrier,
            ):
                return await all_of(carrier, 12)

        came = run(main())
        assert [number for number, one in enumerate(came) if isinstance(one, Refused)] == [3, 7]
        assert sum(isinstance(one, Accepted) for one in came) == 10


def test_letters_go_to_idle_connections_first():
    async def main():
        gate = asyncio.Event()

        async def end(line, number, seen):
            await gate.wait()
            return "250 taken"

        async with serving({".": end}) as seen, sending(seen, connections=4) as carrier:
            task = asyncio.ensure_future(all_of(carrier, 4))
            while len(seen.letters) < 4:
                await asyncio.sleep(0.01)
            gate.set()
            return await task, seen.connections

    came, connections = run(main())
    assert [type(one) for one in came] == [Accepted] * 4
    assert connections == 4


def test_421_on_an_idle_connection_is_told_and_costs_no_letter():
    async def main():
        told = []
        async with serving() as seen, sending(seen, on_busy=lambda *heard: told.append(heard)) as carrier:
            first = await carrier.deliver(envelope(), SMALL, commit=yes)
            for writer in seen.writers.values():
                writer.write(b"421 4.3.2 Closing for maintenance\r\n")
            while not told:
                await asyncio.sleep(0.01)
            second = await carrier.deliver(envelope(), SMALL, commit=yes)
        return first, second, told, seen

    first, second, told, seen = run(main())
    assert isinstance(first, Accepted)
    assert isinstance(second, Accepted)
    assert [(reply.code, server) for reply, server in told] == [(421, f"127.0.0.1:{seen.port}")]
    assert seen.connections == 2


def test_a_further_connection_that_is_turned_away_costs_no_letter_while_others_serve():
    async def main():
        told = []
        greet = {1: "220 hi"}
        async with (
            serving(greet=lambda number: greet.get(number, "421 4.7.0 Too many connections")) as seen,
            sending(seen, connections=5, on_busy=lambda reply, server: told.append(reply.code)) as carrier,
        ):
            await carrier.open()
            came = await all_of(carrier, 40)
        return came, told, seen

    came, told, seen = run(main())
    assert [type(one) for one in came] == [Accepted] * 40
    assert set(told) == {421}
    assert seen.connections == 5, "none is tried again at once"


def test_a_server_that_closes_after_so_many_letters_costs_none():
    async def main():
        def mail(line, number, seen):
            return "421 4.7.0 Enough" if commands(seen, number).count("MAIL") > 3 else "250 ok"

        async with serving({"MAIL": mail}) as seen, sending(seen, connections=1) as carrier:
            return await all_of(carrier, 10), seen

    came, seen = run(main())
    assert [type(one) for one in came] == [Accepted] * 10
    assert len(seen.letters) == 10
    assert seen.connections == 4


def test_an_idle_connection_is_closed_with_a_goodbye():
    async def main():
        async with serving() as seen, sending(seen, idle_timeout=timedelta(seconds=0.1)) as carrier:
            await carrier.deliver(envelope(), SMALL, commit=yes)
            while (1, "QUIT") not in seen.lines:
                await asyncio.sleep(0.01)
            return await carrier.deliver(envelope(), SMALL, commit=yes), seen

    came, seen = run(main())
    assert isinstance(came, Accepted)
    assert seen.connections == 2


@pytest.mark.parametrize(
    ("more", "kind", "said"),
    [
        ("250 ok", Lost, "said more than it was asked"),
        ("421 4.3.2 too busy", Refused, "421 4.3.2 too busy"),
        ("nonsense", Lost, "said more than it was asked"),
    ],
)
def test_a_server_that_answers_ahead_is_a_try_and_not_dialled_for_ever(more, kind, said):
    async def main():
        async with serving({"EHLO": f"250 hello\r\n{more}"}) as seen, sending(seen) as carrier:
            await carrier.open()
            return await asyncio.wait_for(all_of(carrier, 2), 5), seen.connections

    deliveries, connections = run(main())
    assert [(type(one), one.phase) for one in deliveries] == [(kind, Phase.EHLO)] * 2
    assert all(said in (one.reply.line if kind is Refused else one.reason) for one in deliveries)
    assert connections == 3


def test_a_server_that_hangs_up_behind_its_greeting_is_a_try_and_not_dialled_for_ever():
    async def hangs_up(line, number, seen):
        for writer in seen.writers.values():
            writer.write(b"250 hello\r\n")
            writer.close()
        await asyncio.sleep(0)

    async def main():
        async with serving({"EHLO": hangs_up}) as seen, sending(seen, connections=1) as carrier:
            await carrier.open()
            (delivery,) = await asyncio.wait_for(all_of(carrier, 1), 5)
            return delivery, seen.connections

    delivery, connections = run(main())
    assert (type(delivery), connections) == (Lost, 2)


@pytest.mark.parametrize("turns", range(0, 40, 3))
def test_letters_that_are_cancelled_while_their_connections_are_made_leave_nothing_behind(turns):
    async def main():
        async with serving() as seen, sending(seen) as carrier:
            letters = [asyncio.create_task(carrier.deliver(envelope(), SMALL, commit=yes)) for _ in range(5)]
            for _ in range(turns):
                await asyncio.sleep(0)
            for letter in letters:
                letter.cancel()
            await asyncio.gather(*letters, return_exceptions=True)
            others = asyncio.all_tasks()
            await carrier.close()
            return [task for task in asyncio.all_tasks() - others if not task.done()], carrier

    left, _ = run(main())
    assert not left


def test_a_connection_that_was_opened_ahead_and_went_stale_costs_no_letter():
    async def main():
        def mail(line, number, seen):
            return None if number == 1 else "250 ok"

        async with serving({"MAIL": mail}) as seen, sending(seen) as carrier:
            await carrier.open()
            return await carrier.deliver(envelope(), SMALL, commit=yes)

    assert isinstance(run(main()), Accepted)


@pytest.mark.parametrize("offers", ["250 hello", OFFERS, CHUNKS], ids=["lock-step", "groups", "chunks"])
def test_consents_that_come_late_one_by_one_are_waited_for(offers):
    async def main():
        def commit():
            loop = asyncio.get_running_loop()
            future = loop.create_future()
            loop.call_later(0.01, future.set_result, True)
            return future

        async with serving(offers=offers) as seen, sending(seen, connections=2, bdat_depth=2) as carrier:
            return await all_of(carrier, 10, commit=commit), seen

    came, seen = run(main())
    assert [type(one) for one in came] == [Accepted] * 10
    assert len(seen.letters) == 10


@pytest.mark.parametrize("offers", ["250 hello", OFFERS, CHUNKS], ids=["lock-step", "groups", "chunks"])
def test_consents_that_fail_or_say_no_concern_their_letter_alone(offers):
    async def main():
        def commit(number):
            future = asyncio.get_running_loop().create_future()
            if number == 4:
                future.set_exception(ZeroDivisionError())
            else:
                future.set_result(number != 2)
            return lambda: future

        async with serving(offers=offers) as seen, sending(seen, connections=1) as carrier:
            work = [carrier.deliver(envelope(f"n{n}"), SMALL, commit=commit(n)) for n in range(8)]
            return await asyncio.gather(*work, return_exceptions=True), seen

    came, seen = run(main())
    kinds = [Accepted] * 8
    kinds[2], kinds[4] = Withdrawn, ZeroDivisionError
    assert [type(one) for one in came] == kinds
    assert len(seen.letters) == 6


def test_a_commit_that_breaks_off_is_the_callers_error():
    async def main():
        async with serving() as seen, sending(seen, connections=1) as carrier:
            broken, good = await asyncio.gather(
                carrier.deliver(envelope(), SMALL, commit=lambda: 1 / 0),
                carrier.deliver(envelope(), SMALL, commit=yes),
                return_exceptions=True,
            )
            return type(broken), type(good), len(seen.letters)

    assert run(main()) == (ZeroDivisionError, Accepted, 1)


def test_whoever_fails_to_hear_that_a_server_is_busy_harms_no_letter(caplog):
    def fail(reply, server):
        raise ZeroDivisionError

    async def main():
        def mail(line, number, seen):
            return "421 4.7.0 Enough" if commands(seen, number).count("MAIL") > 2 else "250 ok"

        async with serving({"MAIL": mail}) as seen, sending(seen, connections=1, on_busy=fail) as carrier:
            return await all_of(carrier, 6)

    assert [type(one) for one in run(main())] == [Accepted] * 6
    assert "on_busy= failed at 421 4.7.0 Enough" in caplog.text


def test_a_cancelled_letter_harms_no_other():
    async def main():
        gate = asyncio.Event()

        async def end(line, number, seen):
            await gate.wait()
            return "250 taken"

        async with serving({".": end}) as seen, sending(seen, connections=1) as carrier:
            tasks = [asyncio.ensure_future(carrier.deliver(envelope(f"n{n}"), SMALL, commit=yes)) for n in range(5)]
            while not seen.letters:
                await asyncio.sleep(0.01)
            tasks[1].cancel()  # on the connection, behind the first
            tasks[3].cancel()  # not on any yet
            await asyncio.sleep(0)
            gate.set()
            return await asyncio.gather(*tasks, return_exceptions=True), seen

    came, seen = run(main())
    kinds = [Accepted, asyncio.CancelledError, Accepted, asyncio.CancelledError, Accepted]
    assert [type(one) for one in came] == kinds
    assert len(seen.letters) == 3


def test_a_server_that_says_nothing_more_is_given_up_in_each_phase():
    async def main(command):
        async def silent(line, number, seen):
            await asyncio.sleep(0.6)

        async with serving({command: silent}) as seen, sending(seen, timeout=SHORT, answer_timeout=SHORT) as carrier:
            return await carrier.deliver(envelope(), SMALL, commit=yes)

    for command, phase in (("MAIL", Phase.MAIL), ("RCPT", Phase.RCPT), ("DATA", Phase.DATA), (".", Phase.MESSAGE)):
        lost = run(main(command))
        assert (lost.phase, lost.reason) == (phase, "the server did not answer within 0.3 s")


def test_a_server_that_drips_is_given_up_too():
    async def main():
        async def drip(line, number, seen):
            (writer,) = seen.writers.values()
            for _ in range(40):
                writer.write(b"2")
                await asyncio.sleep(0.05)

        async with serving({"MAIL": drip}) as seen, sending(seen, timeout=SHORT) as carrier:
            return await carrier.deliver(envelope(), SMALL, commit=yes)

    lost = run(main())
    assert (lost.phase, lost.reason) == (Phase.MAIL, "the server did not answer within 0.3 s")


def test_reports_are_asked_for_where_they_are_offered():
    async def main():
        wishes = {"notify": ("success", "delay"), "return_content": "headers", "envelope_id": "a+b=1"}
        async with serving(offers=CHUNKS) as seen, sending(seen) as carrier:
            await carrier.deliver(envelope("a+b", **wishes), SMALL, commit=yes)
        async with serving() as plain, sending(plain) as carrier:
            await carrier.deliver(envelope(**wishes), SMALL, commit=yes)
        return [line for _, line in seen.lines[1:3]], [line for _, line in plain.lines[1:3]]

    told, untold = run(main())
    assert told[0] == "MAIL FROM:<shop@example.com> RET=HDRS ENVID=a+2Bb+3D1"
    assert told[1] == "RCPT TO:<a+b@example.org> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;a+2Bb@example.org"
    assert untold == [f"MAIL FROM:<shop@example.com> SIZE={len(SMALL)}", "RCPT TO:<anna@example.org>"]


# TLS and logins.


@pytest.mark.parametrize("offers", [OFFERS, CHUNKS], ids=["groups", "chunks"])
@pytest.mark.parametrize("mode", ["implicit", "starttls"])
def test_over_tls_letters_of_all_sizes_arrive(mode, offers):
    server, trusting = contexts()

    async def main():
        where = {"implicit": server} if mode == "implicit" else {"tls": server}
        offered = offers.replace("250-PIPE", "250-STARTTLS\r\n250-PIPE")
        async with (
            serving({"STARTTLS": "220 go"}, offers=offered, **where) as seen,
            sending(seen, tls=mode, tls_context=trusting, connections=2, bdat_depth=2) as carrier,
        ):
            came = await all_of(carrier, 20)
            big = await carrier.deliver(envelope(), LARGE, commit=yes)
        return [*came, big], seen

    came, seen = run(main())
    assert [type(one) for one in came] == [Accepted] * 21
    assert seen.letters[-1].startswith(LARGE)


def test_a_letter_that_requires_tls_goes_only_where_it_is_kept():
    server, trusting = contexts()
    offers = "250-hello\r\n250-PIPELINING\r\n250 {}"

    async def main(mode, offer, **options):
        async with (
            serving(offers=offers.format(offer), implicit=server if mode == "implicit" else None) as seen,
            sending(seen, tls=mode, **options) as carrier,
        ):
            return await carrier.deliver(envelope(require_tls=True), SMALL, commit=yes), seen

    came, seen = run(main("implicit", "REQUIRETLS", tls_context=trusting))
    assert isinstance(came, Accepted)
    assert (1, "MAIL FROM:<shop@example.com> REQUIRETLS") in seen.lines
    for mode, offer, why in (("none", "REQUIRETLS", "verified certificate"), ("implicit", "X", "not offer REQUIRETLS")):
        came, seen = run(main(mode, offer, tls_context=trusting if mode == "implicit" else None))
        assert isinstance(came, Unsendable)
        assert why in came.reason
        assert not seen.letters


LOGINS = "250-hello\r\n250-AUTH XOAUTH2\r\n250 8BITMIME"


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
def test_a_token_is_asked_for_at_each_connection(is_async):
    tokens = iter(["first", "second"])

    async def later():
        return next(tokens)

    async def main():
        def auth(line, number, seen):
            return "235 2.7.0 Welcome"

        options = {"username": "shop", "token": later if is_async else lambda: next(tokens)}
        async with (
            serving({"AUTH": auth}, offers=LOGINS) as seen,
            sending(seen, connections=1, messages_per_connection=1, **options) as carrier,
        ):
            await all_of(carrier, 2)
        return [base64.b64decode(line.split()[2]) for _, line in seen.lines if line.startswith("AUTH XOAUTH2")]

    shown = run(main())
    assert shown == [b"user=shop\x01auth=Bearer %s\x01\x01" % token for token in (b"first", b"second")]


def test_a_token_that_cannot_be_had_puts_letters_off():
    def token():
        raise LookupError("the vault is closed")

    async def main():
        async with serving(offers=LOGINS) as seen, sending(seen, username="shop", token=token) as carrier:
            await carrier.open()
            return await carrier.deliver(envelope(), SMALL, commit=yes)

    lost = run(main())
    assert isinstance(lost, Lost)
    assert "no token for the login could be had (LookupError: the vault is closed)" in lost.reason


def test_a_token_that_is_refused_or_of_no_use_ends_the_run_before_it_begins():
    async def main(offers):
        auth = {"AUTH": "535 5.7.8 Expired"}
        async with serving(auth, offers=offers) as seen, sending(seen, username="shop", token=lambda: "x") as carrier:
            await carrier.open()

    with pytest.raises(TransportError, match="the login as 'shop' was refused: 535"):
        run(main(LOGINS))
    with pytest.raises(TransportError, match="offers no login by XOAUTH2"):
        run(main(OFFERS))
    with pytest.raises(InvalidValue, match="takes the place of a password"):
        SMTPTransport("mail.example.com", username="shop", password="x", token=lambda: "x")


def test_many_letters_at_once_go_through_a_real_server():
    async def main(server):
        carrier = SMTPTransport(server.host, server.port, tls="none", connections=4, messages_per_connection=7)
        await carrier.open()
        came = await asyncio.gather(*(carrier.deliver(envelope(f"n{n}"), SMALL, commit=yes) for n in range(100)))
        await carrier.close()
        return came

    with SMTPServer() as server:
        came = asyncio.run(main(server))
    assert [type(one) for one in came] == [Accepted] * 100
    assert sorted(one.recipient for one in server.messages) == sorted(f"n{n}@example.org" for n in range(100))
