import json
import smtplib
import subprocess
import sys

import pytest

from mailkit.errors import InvalidValue
from mailkit.testing.server import Answer, SMTPServer

LETTER = "Subject: Hello\nMessage-ID: <1@example.com>\n\nHello"


def send(server, recipient):
    with smtplib.SMTP(server.host, server.port) as client:
        return client.sendmail("shop@example.com", [recipient], LETTER)


def test_it_answers_as_it_is_told_and_then_as_usual():
    answers = {"anna@example.org": Answer(reply="451 4.7.1 Greylisted", times=2)}
    with SMTPServer(answers=answers) as server:
        for _ in range(2):
            with pytest.raises(smtplib.SMTPRecipientsRefused, match="Greylisted"):
                send(server, "Anna@example.org")
        send(server, "Anna@example.org")
    assert len(server.messages) == 1


def test_a_function_may_answer():
    with (
        SMTPServer(answers=lambda recipient: Answer(reply="550 No") if recipient[0] == "b" else None) as server,
        pytest.raises(smtplib.SMTPRecipientsRefused),
    ):
        send(server, "anna@example.org")
        send(server, "ben@example.org")
    assert [one.recipient for one in server.messages] == ["anna@example.org"]


def test_the_log_is_written_before_the_answer_leaves(tmp_path):
    answers = {
        "ben@example.org": Answer(reply="550 5.1.1 No such user"),
        "carl@example.org": Answer(phase="message", drop=True),
        "dora@example.org": Answer(phase="message", reply="451 4.3.0 Later"),
    }
    log, keep = tmp_path / "log.jsonl", tmp_path / "mail"
    with SMTPServer(answers=answers, log=log, keep=keep) as server:
        send(server, "anna@example.org")
        assert json.loads(log.read_text())["message_id"] == "1@example.com"
        for name, error in (
            ("ben", smtplib.SMTPRecipientsRefused),
            ("carl", smtplib.SMTPServerDisconnected),
            ("dora", smtplib.SMTPDataError),
        ):
            with pytest.raises(error):
                send(server, f"{name}@example.org")
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [(line["recipient"].split("@")[0], line["verdict"]) for line in lines] == [
        ("anna", "accepted"),
        ("ben", "refused"),
        ("carl", "accepted"),
        ("dora", "deferred"),
    ]
    assert len(list(keep.glob("*.eml"))) == 2


def test_it_runs_as_a_process_of_its_own(tmp_path):
    answers = tmp_path / "answers.json"
    answers.write_text(json.dumps({"Ben@example.org": {"phase": "rcpt", "reply": "550 5.1.1 No such user"}}))
    command = [
        sys.executable,
        "-m",
        "mailkit.testing.server",
        "--answers",
        str(answers),
        "--log",
        str(tmp_path / "log"),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        server = SMTPServer(port=int(process.stdout.readline()))
        send(server, "anna@example.org")
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            send(server, "ben@example.org")
        process.terminate()
    assert process.returncode == 0
    assert len((tmp_path / "log").read_text().splitlines()) == 2


def test_a_port_that_is_taken_is_told():
    with SMTPServer() as first, pytest.raises(OSError, match="in use"), SMTPServer(port=first.port):
        pass  # pragma: no cover - it is never entered


def test_an_answer_without_a_code_cannot_be_built():
    with pytest.raises(InvalidValue, match="no reply code"):
        Answer(reply="No such user")


def test_the_line_is_left_when_the_server_stops():
    with SMTPServer() as server:
        client = smtplib.SMTP(server.host, server.port)
    with pytest.raises(smtplib.SMTPServerDisconnected):
        client.noop()
    client.close()
