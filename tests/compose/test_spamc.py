"""SpamAssassin asked: against answers in the form that spamd gives, and spamd itself where it is installed."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit.compose import Letter, blocks, spam_score
from mailkit.compose import compile as compiled
from mailkit.compose.spamc import read_report
from mailkit.envelope import Envelope
from mailkit.errors import InvalidValue, TransportError

LETTER = b"From: shop@example.com\r\nSubject: Hello\r\n\r\nHello!\r\n"
ANSWER = (
    b"SPAMD/1.1 0 EX_OK\r\nContent-length: 620\r\nSpam: True ; 6.4 / 5.0\r\n\r\n"
    b"Spam detection software has looked at this.\n\nContent analysis details:   (6.4 points, 5.0 required)\n\n"
    b" pts rule name              description\n"
    b"---- ---------------------- --------------------------------------------------\n"
    b"-0.0 NO_RECEIVED            Informational: message has no Received headers\n"
    b" 1.4 MISSING_DATE           Missing Date: header\n"
    b" 5.0 A_RULE_WITH_A_LONG_NAME_IN_IT BODY: What goes on in\n"
    b"                            the next line\n\n"
)


class Spamd:
    """A server that answers once, and remembers what it was sent."""

    def __init__(self, listening: socket.socket, answer: bytes) -> None:
        self.listening, self.answer, self.sent = listening, answer, b""
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()

    def serve(self) -> None:
        connection, _ = self.listening.accept()
        with connection:
            while chunk := connection.recv(65_536):
                self.sent += chunk
            connection.sendall(self.answer)

    def __enter__(self) -> Spamd:
        return self

    def __exit__(self, *error: object) -> None:
        self.thread.join()
        self.listening.close()


def test_a_report_is_read() -> None:
    with Spamd(socket.create_server(("127.0.0.1", 0)), ANSWER) as server:
        score = spam_score(LETTER, port=server.listening.getsockname()[1], user="anna")
    assert (score.score, score.threshold, score.is_spam) == (6.4, 5.0, True)
    assert [(rule.name, rule.score) for rule in score.rules][:2] == [
        ("A_RULE_WITH_A_LONG_NAME_IN_IT", 5.0),
        ("MISSING_DATE", 1.4),
    ]
    assert score.rules[0].description == "BODY: What goes on in the next line"
    assert str(score).splitlines()[:2] == [
        "6.4 of 5.0: spam",
        "  5.0 A_RULE_WITH_A_LONG_NAME_IN_IT  BODY: What goes on in the next line",
    ]
    assert server.sent == b"REPORT SPAMC/1.5\r\nContent-length: %d\r\nUser: anna\r\n\r\n" % len(LETTER) + LETTER


def test_a_unix_socket_will_do(tmp_path: Path) -> None:
    path = tmp_path / "s"
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(path))
    listening.listen()
    with Spamd(listening, ANSWER) as server:
        assert spam_score(LETTER, socket_path=path).is_spam
    assert b"User:" not in server.sent
    with pytest.raises(TransportError, match="no spamd answers there"):
        spam_score(LETTER, socket_path=tmp_path / "none")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"", "not a SpamAssassin server"),
        (b"220 smtp\r\n", "not a SpamAssassin server"),
        (b"SPAMD/1.0 76 Bad header line: FOO\r\n", "another protocol"),
        (b"SPAMD/1.1 75 EX_TEMPFAIL\r\n", "busy"),
        (b"SPAMD/1.1 1 X\r\n", "refused"),
        (b"SPAMD/1.1 0 EX_OK\r\n\r\n", "without a score"),
    ],
)
def test_an_answer_that_is_none_is_an_error(answer: bytes, reason: str) -> None:
    with pytest.raises(TransportError, match=reason):
        read_report(answer)


@given(st.binary(max_size=200) | st.binary(max_size=80).map(lambda tail: ANSWER[:90] + tail))
def test_any_answer_is_a_score_or_an_error(answer: bytes) -> None:
    with suppress(TransportError):
        assert read_report(answer).score is not None


def test_a_server_that_hangs_or_breaks_off_is_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        with pytest.raises(TransportError, match="broke off: timed out"):
            spam_score(LETTER, port=port, timeout_seconds=0.05)


def test_what_is_no_letter_is_refused() -> None:
    with pytest.raises(InvalidValue, match="not bytes"):
        spam_score("Subject: Hello")  # type: ignore[arg-type]
    with pytest.raises(InvalidValue, match="one line"):
        spam_score(LETTER, user="a\r\nb")


def test_an_endless_answer_is_cut_off() -> None:
    with Spamd(socket.create_server(("127.0.0.1", 0)), ANSWER + b" " * 1_000_001) as server:
        assert spam_score(LETTER, port=server.listening.getsockname()[1]).is_spam


def missing(reason: str) -> NoReturn:
    """Leave out what needs the server; but in CI it has to be there."""
    (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)


@pytest.fixture(scope="module")
def spamd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    program = shutil.which("spamd", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
    if program is None:
        missing("SpamAssassin's server is not installed: apt-get install spamd")
    home = tmp_path_factory.mktemp("spamd")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [program, "-L", "-i", "127.0.0.1", "-p", str(port), "-m", "1", "-x", "-s", "stderr"]
    command += ["-H", str(home), "-r", str(home / "pid")]
    running = subprocess.Popen(
        command,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        env={"HOME": str(home), "PATH": "/usr/bin:/bin"},
        text=True,
    )
    assert running.stderr is not None
    lines = []
    for line in running.stderr:
        lines.append(line)
        if "successfully spawned child" in line:
            break
    else:
        sys.stderr.writelines(lines)
        missing("spamd does not start here")
    yield port
    running.terminate()
    running.stderr.read()
    running.wait()
    running.stderr.close()


@pytest.mark.slow
def test_spamassassin_itself_finds_our_letters_clean_and_its_own_test_line_spam(spamd: int) -> None:
    letter = Letter(
        subject="New books",
        preheader="What our readers liked best this month.",
        blocks=[
            blocks.Heading("New books"),
            blocks.Text("Ten books have come this month, and here are those that we read twice."),
            blocks.Button("See them", href="https://shop.example.com/new"),
            blocks.Footer(address="Books Ltd, 1 Main Street, Kazan"),
        ],
    )
    raw = compiled(letter).encode(
        {"unsubscribe_url": "https://shop.example.com/u/1"},
        Envelope(sender="Books <shop@example.com>", recipient="Anna <anna@example.org>"),
        message_id="20260301.1@example.com",
        date=datetime(2026, 3, 1, tzinfo=UTC),
    )
    score = spam_score(raw, port=spamd)
    assert score.score < 2
    assert not score.is_spam
    assert "HTML_MESSAGE" in {rule.name for rule in score.rules}
    gtube = b"XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"
    assert spam_score(LETTER + gtube + b"\r\n", port=spamd).rules[0].name == "GTUBE"


@pytest.mark.parametrize(
    "answer",
    [
        b"SPAMD/1.1 0 EX_OK\r\nSpam: True ; 6.5.5 / 5.0\r\n\r\n",
        b"SPAMD/1.1 " + b"9" * 5000 + b" EX_OK\r\n\r\n",
        b"SPAMD/1.1 0 EX_OK\r\nSpam: True ; " + b"9" * 5000 + b" / 5\r\n\r\n",
        b"SPAMD/1.1 0 EX_OK\r\nSpam: True ; - / .\r\n\r\n",
    ],
)
def test_numbers_that_are_none_are_told_as_such(answer: bytes) -> None:
    with pytest.raises(TransportError):
        read_report(answer)
