import json
import smtplib
import subprocess
import sys

import pytest

from mailkit.errors import InvalidValue
from mailkit.testing import Answer, SMTPServer

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


@pytest.mark.parametrize("phase", ["rcpt", "data", "message"])
def test_it_answers_in_the_phase_that_it_was_told(phase):
    heard = []
    answers = {"ben@example.org": Answer(phase=phase, reply="550 5.7.1 No")}
    with SMTPServer(answers=answers) as server, smtplib.SMTP(server.host, server.port) as client:
        client.ehlo()
        client.mail("shop@example.com")
        heard.append(client.rcpt("ben@example.org")[0])
        if heard[-1] == 250:
            heard.append(client.docmd("DATA")[0])
        if heard[-1] == 354:
            client.send(LETTER.replace("\n", "\r\n") + "\r\n.\r\n")
            heard.append(client.getreply()[0])
    assert heard == {"rcpt": [550], "data": [250, 550], "message": [250, 354, 550]}[phase]
    assert not server.messages


def test_a_line_may_be_dropped_before_the_message_and_then_nothing_is_taken():
    with SMTPServer(answers={"ben@example.org": Answer(phase="data", drop=True, times=1)}) as server:
        with pytest.raises(smtplib.SMTPServerDisconnected):
            send(server, "ben@example.org")
        assert not server.messages
        send(server, "ben@example.org")
    assert len(server.messages) == 1


def test_data_before_a_recipient_is_out_of_order():
    with SMTPServer() as server, smtplib.SMTP(server.host, server.port) as client:
        client.ehlo()
        client.mail("shop@example.com")
        assert client.docmd("DATA")[0] == 503


def test_a_server_that_is_started_again_goes_on_where_its_log_ends(tmp_path):
    log, keep = tmp_path / "log.jsonl", tmp_path / "mail"
    answers = {name: Answer(reply="451 4.7.1 Greylisted", times=2) for name in ("anna@example.org", "ben@example.org")}
    for run in range(3):
        with SMTPServer(answers=answers, log=log, keep=keep) as server:
            if run < 2:
                with pytest.raises(smtplib.SMTPRecipientsRefused):
                    send(server, "Anna@example.org")
            else:
                send(server, "anna@example.org")
                with pytest.raises(smtplib.SMTPRecipientsRefused):
                    send(server, "ben@example.org")
            send(server, "carl@example.org")
    verdicts = [json.loads(line)["verdict"] for line in log.read_text().splitlines()]
    assert verdicts == ["deferred", "accepted"] * 2 + ["accepted", "deferred", "accepted"]
    assert len(list(keep.glob("*.eml"))) == 4
    log.write_text(log.read_text()[:-20])
    with SMTPServer(answers=answers, log=log) as server:
        send(server, "anna@example.org")


def test_tls_to_a_plain_port_is_not_told_on_the_console(tmp_path):
    code = (
        "import socket\n"
        "from mailkit.testing.server import SMTPServer\n"
        "with SMTPServer() as server, socket.create_connection((server.host, server.port)) as line:\n"
        "    line.recv(100)\n"
        "    line.sendall(b'\\x16\\x03\\x01what is this\\r\\n')\n"
        "    print(line.recv(100)[:3])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("b'500'\n", "")


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


@pytest.mark.parametrize("phase", ["", None, "body"])
def test_an_answer_has_its_place_in_a_conversation(phase):
    with pytest.raises(InvalidValue, match="'rcpt', 'data', 'content', 'message'"):
        Answer(phase=phase)


@pytest.mark.parametrize("odds", [-0.1, 1.5])
def test_odds_are_a_share(odds):
    with pytest.raises(InvalidValue, match="from 0 to 1"):
        Answer(odds=odds)


def test_at_the_return_path_nobody_knows_for_whom_a_letter_is():
    with pytest.raises(InvalidValue, match="faults="):
        SMTPServer(answers={"anna@example.org": Answer(phase="mail", reply="550 No")})


def test_the_line_is_left_when_the_server_stops():
    with SMTPServer() as server:
        client = smtplib.SMTP(server.host, server.port)
    with pytest.raises(smtplib.SMTPServerDisconnected):
        client.noop()
    client.close()
