"""A distance to a server: all arrives, in order, and later."""

import smtplib
import socket
import subprocess
import sys
from contextlib import suppress
from datetime import timedelta
from random import Random
from time import monotonic

import pytest

from mailkit.testing import DelayProxy, SMTPServer

LETTER = "Subject: Hello\r\n\r\n" + "x" * 998 + "\r\n"


def send(at, letter=LETTER):
    with smtplib.SMTP(at.host, at.port, timeout=20) as client:
        client.sendmail("shop@example.com", ["anna@example.org"], letter)


def test_all_arrives_and_each_question_costs_a_round_trip():
    with SMTPServer(piece=3) as server, DelayProxy(server.port, round_trip=timedelta(milliseconds=20)) as far:
        begun = monotonic()
        send(far, LETTER + ("x" * 998 + "\r\n") * 6_000)
        assert monotonic() - begun > 6 * 0.02
    assert len(server.messages[0].content) > 6_000_000


def test_each_side_hears_that_the_other_has_closed():
    with SMTPServer() as server, DelayProxy(server.port, round_trip=timedelta(milliseconds=2)) as far:
        with socket.create_connection((far.host, far.port), timeout=10) as line:
            line.sendall(b"NOOP\r\n")
            line.shutdown(socket.SHUT_WR)
            with line.makefile("rb") as file:
                assert [reply[:3] for reply in file] == [b"220", b"250"]
        with socket.create_connection((far.host, far.port), timeout=10) as line:
            line.sendall(b"QUIT\r\n")
            with line.makefile("rb") as file:
                assert [reply[:3] for reply in file] == [b"220", b"221"]


def test_a_proxy_before_nobody_hangs_up():
    with SMTPServer() as server:
        port = server.port
    with DelayProxy(port) as far, socket.create_connection((far.host, far.port)) as line:
        assert line.recv(1) == b""


def test_a_line_may_be_dropped_at_any_piece():
    def sent(seed):
        with SMTPServer() as server, DelayProxy(server.port, drop_odds=0.1, rng=Random(seed)) as far:
            for _ in range(10):
                with suppress(smtplib.SMTPException, OSError):
                    send(far)
            return len(server.messages)

    assert 0 < sent(1) < 10
    with DelayProxy(1, drop_odds=1) as far, pytest.raises((smtplib.SMTPServerDisconnected, ConnectionError)):
        send(far)


def test_it_runs_as_a_process_of_its_own():
    with SMTPServer() as server:
        command = [sys.executable, "-m", "mailkit.testing.delay", "--to", str(server.port), "--round-trip-ms", "2"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            far = SMTPServer(port=int(process.stdout.readline()))
            send(far)
            process.terminate()
        assert process.returncode == 0
        assert len(server.messages) == 1
