"""What a server may do to its clients, word for word: the client here is a bare socket."""

import base64
import hmac
import json
import socket
import ssl
import subprocess
import sys
from contextlib import contextmanager
from random import Random

import pytest

from mailkit.testing import Answer, SMTPServer
from tests.send.real.certificate import contexts

BEGIN = b"EHLO client.example.com\r\n"
LETTER = b"MAIL FROM:<a@example.com>\r\nRCPT TO:<anna@example.org>\r\n"
DATA = b"Message-ID: <1@example.com>\r\n\r\n..Hello\r\n.\r\n"


class Client:
    """Says bytes, and reads replies."""

    def __init__(self, line):
        self.line, self.file = line, line.makefile("rb")

    def reply(self):
        """The next reply's lines."""
        lines = [self.file.readline().decode()]
        while lines[-1][3:4] == "-":
            lines.append(self.file.readline().decode())
        return [line.rstrip("\r\n") for line in lines]

    def codes(self, count):
        return [self.reply()[0][:3] for _ in range(count)]

    def say(self, octets, replies=1):
        self.line.sendall(octets)
        return self.codes(replies)

    def rest(self):
        return self.file.read()


@contextmanager
def talk(server, *, greeted=True):
    with socket.create_connection((server.host, server.port), timeout=10) as line:
        client = Client(line)
        with client.file:
            if greeted:
                assert client.say(BEGIN, 2) == ["220", "250"]
            yield client


def test_what_is_asked_together_is_answered_together():
    with SMTPServer() as server, talk(server) as client:
        client.line.sendall(LETTER + b"DATA\r\n")
        packet = client.line.recv(4096)
        assert [line[:3] for line in packet.splitlines()] == [b"250", b"250", b"354"]
        assert client.say(DATA + LETTER + b"DATA\r\n", 4) == ["250", "250", "250", "354"]
    assert [one.content for one in server.messages] == [b"Message-ID: <1@example.com>\r\n\r\n.Hello\r\n"]


@pytest.mark.parametrize("content", [b"", b"..\r\n", b".\n.\r\n", b"a\r\n.\n\r\nb\r\n", b"a\r\n..\r\n"])
def test_only_a_dot_between_two_ends_of_lines_ends_a_message(content):
    with SMTPServer() as server, talk(server) as client:
        client.say(LETTER + b"DATA\r\n", 3)
        for octet in content + b".\r\n":
            client.line.sendall(bytes([octet]))
        assert client.reply()[0][:3] == "250"
    lines = content.split(b"\r\n")
    assert server.messages[0].content == b"\r\n".join(line.removeprefix(b".") for line in lines)


def test_octets_are_counted_and_not_read():
    piece = b"Subject: Hi\r\n\r\n.\r\nQUIT\r\n"
    with SMTPServer() as server, talk(server) as client:
        whole = b"BDAT %d\r\n%b" % (len(piece), piece) + b"BDAT 5 LAST\r\n\0\r\n.\r"
        assert client.say(LETTER + whole + LETTER + b"BDAT 0 LAST\r\n", 7) == ["250"] * 7
    assert [one.content for one in server.messages] == [piece + b"\0\r\n.\r", b""]


def test_a_refused_recipient_does_not_take_the_octets_back():
    answers = {"anna@example.org": Answer(reply="550 5.1.1 No such user", times=1)}
    with SMTPServer(answers=answers) as server, talk(server) as client:
        said = client.say(LETTER + b"BDAT 6\r\nQUIT\r\nBDAT 6 LAST\r\nQUIT\r\nRSET\r\n", 5)
        assert said == ["250", "550", "503", "503", "250"]
        assert client.say(LETTER + b"BDAT 6\r\nHello!DATA\r\nRCPT TO:<b@example.org>\r\nBDAT 0 LAST\r\n", 6) == [
            *("250", "250", "250", "503", "503", "250")
        ]
    assert [one.content for one in server.messages] == [b"Hello!"]


def test_a_message_refused_piece_by_piece_stays_refused_until_it_ends():
    answers = {"anna@example.org": Answer(phase="data", reply="452 4.3.1 Disk full", times=1)}
    with SMTPServer(answers=answers) as server, talk(server) as client:
        assert client.say(LETTER + b"BDAT 1\r\naBDAT 1\r\nbMAIL FROM:<>\r\nBDAT 1 LAST\r\nc", 6) == [
            *("250", "250", "452", "503", "503", "503")
        ]
        assert client.say(LETTER + b"BDAT 1 LAST\r\nd", 3) == ["250"] * 3
        assert client.say(b"BDAT\r\n") == ["501"]
        assert client.rest() == b""
    assert [one.content for one in server.messages] == [b"d"]


@pytest.mark.parametrize(
    ("phase", "said"),
    [
        ("connect", b""),
        ("ehlo", BEGIN),
        ("mail", BEGIN + b"MAIL FROM:<a@example.com>\r\n"),
        ("rcpt", BEGIN + LETTER),
        ("data", BEGIN + LETTER + b"DATA\r\n"),
        ("content", BEGIN + LETTER + b"DATA\r\n"),
        ("message", BEGIN + LETTER + b"DATA\r\n" + DATA),
        ("rset", BEGIN + b"RSET\r\n"),
        ("noop", BEGIN + b"NOOP\r\n"),
        ("quit", BEGIN + b"QUIT\r\n"),
    ],
)
@pytest.mark.parametrize(
    ("how", "heard"),
    [
        ({"reply": "550-5.7.1 No\nand no\n550 5.7.1 again"}, b"550-5.7.1 No\r\n550-and no\r\n550 5.7.1 again\r\n"),
        ({"reply": "421 4.3.2 Closing"}, b"421 4.3.2 Closing\r\n"),
        ({"raw": b"\0\xff\r\n"}, b"\0\xff\r\n"),
        ({"reply": "451 " + "x" * 9000, "half_closes": True}, b"451 " + b"x" * 9000 + b"\r\n"),
        ({"drop": True}, b""),
    ],
)  # fmt: skip
def test_any_command_may_meet_any_fault(phase, said, how, heard):
    with SMTPServer(faults=[Answer(phase=phase, **how)]) as server, talk(server, greeted=False) as client:
        client.line.sendall(said)
        client.line.shutdown(socket.SHUT_WR)
        try:
            everything = client.rest()
        except ConnectionResetError:
            everything = b""
            assert "drop" in how
    assert everything.endswith(heard)
    assert len(server.messages) == (phase == "quit" and 0) + (phase == "message" and how == {"drop": True})


def test_a_server_may_fall_silent_and_leave_the_line_open():
    with SMTPServer(faults=[Answer(phase="mail", is_silent=True)], idle=0.05) as server, talk(server) as client:
        client.line.sendall(LETTER)
        client.line.settimeout(0.2)
        with pytest.raises(TimeoutError):
            client.file.read(1)
        assert server.open_connections == 1


def test_the_letter_is_kept_though_nothing_is_answered(tmp_path):
    fault = Answer(phase="message", drop=True, after=1)
    with SMTPServer(faults=[fault], log=tmp_path / "log") as server, talk(server) as client:
        assert client.say(LETTER + b"DATA\r\n" + DATA, 4) == ["250", "250", "354", "250"]
        client.line.sendall(LETTER + b"DATA\r\n" + DATA)
        assert client.rest().endswith(b"354 End with a dot\r\n")
    assert [json.loads(line)["verdict"] for line in (tmp_path / "log").read_text().splitlines()] == ["accepted"] * 2


def test_greylisting_is_for_each_recipient():
    fault = Answer(reply="451 4.7.1 Greylisted", times=1)
    with SMTPServer(faults=[fault]) as server, talk(server) as client:
        rcpts = b"".join(b"RCPT TO:<%b@example.org>\r\n" % name for name in (b"anna", b"ben", b"ANNA", b"ben"))
        assert client.say(b"MAIL FROM:<>\r\n" + rcpts, 5) == ["250", "451", "451", "250", "250"]


def test_there_may_be_too_many_recipients_or_letters():
    faults = [
        Answer(reply="452 4.5.3 Too many recipients", after=2),
        Answer(phase="mail", reply="452 4.3.1 Too many letters", after=1),
        Answer(phase="connect", reply="421 4.7.0 Too many connections", after=2),
    ]
    with SMTPServer(faults=faults) as server, talk(server) as client:
        assert client.say(LETTER + b"RCPT TO:<b@example.org>\r\nRCPT TO:<c@example.org>\r\n", 4) == [
            *("250", "250", "250", "452")
        ]
        assert client.say(b"BDAT 0 LAST\r\nMAIL FROM:<>\r\n", 2) == ["250", "452"]
        with talk(server), talk(server, greeted=False) as third:
            assert third.rest().startswith(b"421 4.7.0")


@pytest.mark.parametrize("start", [b"", LETTER, LETTER + b"DATA\r\n"])
def test_a_line_on_which_nothing_comes_is_closed_with_a_word_or_without(start):
    for faults, last in (([Answer(phase="idle", delay=0.03)], b"421 4.4.2 Idle for too long\r\n"), ([], b"")):
        with SMTPServer(faults=faults, idle=0.1) as server, talk(server) as client:
            client.line.sendall(start)
            said = client.rest()
        assert said.endswith(last) or b"DATA" in start
        assert (b"421" in said) == bool(faults and b"DATA" not in start)


def test_a_server_may_answer_before_the_end_of_the_message():
    fault = Answer(phase="content", reply="552 5.2.2 Quota", after=10, times=1)
    with SMTPServer(faults=[fault]) as server, talk(server) as client:
        assert client.say(LETTER + b"DATA\r\n0123456789", 4) == ["250", "250", "354", "552"]
        assert client.say(b"more\r\n.\r\n" + LETTER + b"DATA\r\n" + DATA, 4) == ["250", "250", "354", "250"]
    assert len(server.messages) == 1


def test_a_short_message_ends_before_the_early_answer():
    with SMTPServer(faults=[Answer(phase="content", reply="552 No", after=100)]) as server, talk(server) as client:
        assert client.say(LETTER + b"DATA\r\n" + DATA, 4) == ["250", "250", "354", "250"]


def test_answers_may_come_in_single_bytes():
    with SMTPServer(piece=1) as server, talk(server) as client:
        client.line.sendall(LETTER + b"DATA\r\n" + DATA)
        assert client.codes(4) == ["250", "250", "354", "250"]


def test_every_answer_may_be_late():
    faults = [
        Answer(phase=phase, delay=0.01)
        for phase in ("connect", "ehlo", "mail", "rcpt", "data", "message", "noop", "starttls")
    ]
    here, there = contexts()
    with SMTPServer(faults=faults, tls_context=here) as server, talk(server) as client:
        assert client.say(LETTER + b"DATA\r\n" + DATA, 4) == ["250", "250", "354", "250"]
        assert client.say(LETTER + b"BDAT 2 LAST\r\nhi", 3) == ["250", "250", "250"]
        assert client.say(b"STARTTLS\r\n") == ["220"]
        client.file.close()
        with there.wrap_socket(client.line, server_hostname="localhost") as secured:
            secured.sendall(BEGIN)
            assert secured.recv(4096).startswith(b"250")


def test_chance_is_an_argument():
    def heard(seed):
        fault = Answer(reply="451 4.3.0 Not now", odds=0.5)
        with SMTPServer(faults=[fault], rng=Random(seed)) as server, talk(server) as client:
            return client.say(b"MAIL FROM:<>\r\n" + b"RCPT TO:<a@example.org>\r\n" * 40, 41)

    assert heard(1) == heard(1) != heard(2)
    assert set(heard(1)) == {"250", "451"}


@pytest.mark.parametrize(
    ("said", "reply"),
    [
        (b"MAIL FROM:<a@example.com> SIZE=1001\r\n", "552"),
        (b"MAIL FROM:<a@example.com> SIZE=many\r\n", "501"),
        (b"MAIL FROM:<a@example.com> SIZE=1000 BODY=8BITMIME RET=HDRS ENVID=a+2Bb\r\n", "250"),
        (b"MAIL FROM:<a@example.com> BODY=BINARYMIME\r\n", "501"),
        (b"MAIL FROM:<a@example.com> RET=ALL\r\n", "501"),
        (b"MAIL FROM:<a@example.com> REQUIRETLS\r\n", "555"),
        (b"MAIL FROM:<a@example.com> X=1\r\n", "555"),
        ("MAIL FROM:<пётр@example.com>\r\n".encode(), "553"),
        ("MAIL FROM:<пётр@example.com> SMTPUTF8\r\n".encode(), "250"),
        (b'MAIL FROM:<"a b>"@example.com>\r\n', "250"),
        (b"MAIL FROM:\r\n", "501"),
        (b"RCPT TO:<a@example.org>\r\n", "503"),
        (b"DATA\r\n", "503"),
        (b"STARTTLS\r\n", "502"),
        (b"AUTH PLAIN\r\n", "504"),
        (b"VRFY anna\r\n", "252"),
        (b"HELP\r\n", "500"),
        (b"x" * 20_000 + b"\r\n", "500"),
        (b"EHLO\r\n", "501"),
        (b"HELO client.example.com\r\n", "250"),
    ],
)  # fmt: skip
def test_it_knows_what_it_offers(said, reply):
    with SMTPServer(size_limit=1000) as server, talk(server) as client:
        assert client.say(said) == [reply]


def test_parameters_of_recipients_belong_to_an_extension_too():
    rcpt = b"RCPT TO:<a@example.org> NOTIFY=FAILURE,DELAY ORCPT=rfc822;a@example.org\r\n"
    with SMTPServer() as server, talk(server) as client:
        assert client.say(
            b"MAIL FROM:<>\r\n" + rcpt + b"RCPT TO:<>\r\nRCPT TO:<b@example.org> NOTIFY=OFTEN\r\n", 4
        ) == [*("250", "250", "501", "501")]
        assert client.say(b"BDAT 1 LAST\r\na") == ["250"]
    assert server.messages[0].options == ("NOTIFY=FAILURE,DELAY", "ORCPT=rfc822;a@example.org")
    with SMTPServer(without=("DSN",)) as server, talk(server) as client:
        assert client.say(b"MAIL FROM:<>\r\n" + rcpt, 2) == ["250", "555"]


def test_a_message_larger_than_it_was_said_to_be_is_refused():
    with SMTPServer(size_limit=5) as server, talk(server) as client:
        assert client.say(LETTER + b"BDAT 6 LAST\r\n123456", 3) == ["250", "250", "552"]
    assert not server.messages


def test_every_extension_may_be_missing():
    def offered(*without):
        here, _ = contexts()
        server = SMTPServer(without=without, tls_context=here, login=("shop", "secret"))
        with server, talk(server, greeted=False) as client:
            client.reply()
            client.line.sendall(BEGIN)
            return {line[4:].split()[0] for line in client.reply()[1:]}

    everything = offered()
    assert everything >= {"PIPELINING", "SIZE", "8BITMIME", "SMTPUTF8", "CHUNKING", "DSN", "STARTTLS", "AUTH"}
    for name in everything:
        assert offered(name.lower()) == everything - {name}


def test_tls_may_be_refused_stripped_or_taken_up():
    here, there = contexts()
    refusal = Answer(phase="starttls", reply="454 4.7.0 TLS is not available", times=1)
    with SMTPServer(tls_context=here, faults=[refusal]) as server, talk(server) as client:
        assert client.say(b"STARTTLS\r\n") == ["454"]
        assert client.say(b"STARTTLS\r\nMAIL FROM:<injected@example.com>\r\n") == ["220"]
        client.file.close()
        with there.wrap_socket(client.line, server_hostname="localhost") as secured:
            secured.sendall(b"MAIL FROM:<>\r\n")
            assert secured.recv(4096).startswith(b"503"), "what was known in clear is forgotten (RFC 3207, 4.2)"
            secured.sendall(BEGIN)
            assert b"REQUIRETLS" in (offers := secured.recv(4096))
            assert b"STARTTLS" not in offers
            secured.sendall(b"STARTTLS\r\nMAIL FROM:<> REQUIRETLS\r\n")
            assert [line[:3] for line in secured.recv(4096).splitlines()] == [b"502", b"250"]
    with SMTPServer(tls_context=here, without=("STARTTLS",)) as server, talk(server) as client:
        assert client.say(b"STARTTLS\r\n") == ["502"]


def test_tls_may_be_there_from_the_first_byte_and_be_none():
    here, there = contexts()
    with (
        SMTPServer(tls_context=here, tls="implicit") as server,
        socket.create_connection((server.host, server.port), timeout=10) as line,
        there.wrap_socket(line, server_hostname="localhost") as secured,
    ):
        assert secured.recv(4096).startswith(b"220")
    with SMTPServer(tls_context=here) as server, talk(server) as client:
        assert client.say(b"STARTTLS\r\n") == ["220"]
        client.line.sendall(b"no TLS at all\r\n")
        with pytest.raises((ConnectionResetError, ssl.SSLError)):
            assert client.rest() == b""
            raise ConnectionResetError


def _line(*parts):
    return base64.b64encode(b"".join(parts)) + b"\r\n"


def test_each_way_of_logging_in_is_understood():
    token = b"user=shop\x01auth=Bearer secret\x01\x01"
    with SMTPServer(login=("shop", "secret")) as server:
        for steps in (
            [b"AUTH PLAIN " + _line(b"\0shop\0secret")],
            [b"AUTH PLAIN\r\n", _line(b"\0shop\0secret")],
            [b"AUTH LOGIN\r\n", _line(b"shop"), _line(b"secret")],
            [b"AUTH login " + _line(b"shop"), _line(b"secret")],
            [b"AUTH XOAUTH2 " + _line(token)],
        ):
            with talk(server) as client:
                assert client.say(b"MAIL FROM:<>\r\n") == ["530"]
                assert [client.say(step)[0] for step in steps] == ["334"] * (len(steps) - 1) + ["235"]
                assert client.say(b"AUTH PLAIN\r\nMAIL FROM:<>\r\n", 2) == ["503", "250"]
        with talk(server) as client:
            client.line.sendall(b"AUTH CRAM-MD5\r\n")
            challenge = base64.b64decode(client.reply()[0][4:])
            proof = hmac.new(b"secret", challenge, "md5").hexdigest().encode()
            assert client.say(_line(b"shop ", proof)) == ["235"]


@pytest.mark.parametrize(("given", "reply"), [(_line(b"\0shop\0guess"), "535"), (b"*\r\n", "501"), (b"=\r\n", "535")])
def test_a_login_may_be_wrong_or_called_off(given, reply):
    with SMTPServer(login=("shop", "secret")) as server, talk(server) as client:
        assert client.say(b"AUTH PLAIN\r\n" + given, 2) == ["334", reply]
        assert client.say(b"MAIL FROM:<>\r\n") == ["530"]


def test_a_right_login_may_be_refused():
    fault = Answer(phase="auth", reply="454 4.7.0 Temporary authentication failure", times=1)
    with SMTPServer(login=("shop", "secret"), faults=[fault]) as server, talk(server) as client:
        plain = b"AUTH PLAIN " + _line(b"\0shop\0secret")
        assert client.say(plain + b"MAIL FROM:<>\r\n" + plain + b"MAIL FROM:<>\r\n", 4) == ["454", "530", "235", "250"]


def test_a_process_of_its_own_knows_faults_too(tmp_path):
    (tmp_path / "faults.json").write_text(json.dumps([{"phase": "mail", "raw": "what?\r\n", "times": 1}]))
    command = [sys.executable, "-m", "mailkit.testing.server", "--faults", str(tmp_path / "faults.json")]
    command += ["--seed", "1", "--without", "CHUNKING", "--login", "shop", "secret"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            server = SMTPServer(port=int(process.stdout.readline()))
            with talk(server) as client:
                plain = b"AUTH PLAIN " + _line(b"\0shop\0secret")
                assert client.say(plain + LETTER + b"MAIL FROM:<>\r\n", 4) == ["235", "wha", "503", "250"]
        finally:
            process.terminate()
    assert process.returncode == 0
