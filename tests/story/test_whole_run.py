"""The demonstration, run as a person runs it; killed in the middle, it goes on without a letter lost or sent twice."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

from mailkit import LetterState, contacts, letter_state, stores
from mailkit.reports.counts import letters

EXAMPLES = Path(__file__).parents[2] / "examples"
PEOPLE = 700
WORKERS = 10  # how many letters the program has under way at once


def program(folder: Path, *more: str) -> subprocess.Popen[str]:
    command = [
        sys.executable,
        "-W",
        "error",
        str(EXAMPLES / "whole_run.py"),
        "--to",
        str(folder),
        "--people",
        str(PEOPLE),
        *more,
    ]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def finished(process: subprocess.Popen[str]) -> str:
    told, _ = process.communicate(timeout=120)
    assert process.returncode == 0, told
    return told


def server_log(folder: Path) -> list[dict[str, str]]:
    path = folder / "server.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [json.loads(line) for line in lines]


def states(folder: Path) -> Counter[LetterState | None]:
    with stores.open(folder / "program.db") as store:
        return Counter(letter_state(history) for history in letters(store.events.read(campaign="june")).values())


@pytest.fixture
def mail_server(tmp_path: Path) -> Iterator[str]:
    """A mail server in a process of its own, which a kill of the program does not touch."""
    sys.path.insert(0, str(EXAMPLES))
    try:
        from simulated_world import answers_for
    finally:
        sys.path.remove(str(EXAMPLES))
    records = contacts.read_csv(EXAMPLES / "data" / "customers.csv", columns={"email": "E-mail"}).records
    answers = {who: attrs.asdict(answer) for who, answer in answers_for(str(one["email"]) for one in records).items()}
    (tmp_path / "answers.json").write_text(json.dumps(answers, default=bytes.decode), encoding="utf-8")
    command = [sys.executable, "-m", "mailkit.testing.server", "--port", "0"]
    command += ["--log", str(tmp_path / "server.jsonl"), "--keep", str(tmp_path / "mail")]
    command += ["--answers", str(tmp_path / "answers.json")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield "127.0.0.1:" + process.stdout.readline().strip().rpartition(":")[2]
        process.terminate()


@pytest.mark.slow
def test_the_demonstration_accounts_for_every_letter_and_writes_its_report(tmp_path: Path) -> None:
    told = finished(program(tmp_path, "--rate", "1000"))
    ended = states(tmp_path)
    assert sum(ended.values()) == PEOPLE
    assert all(state is not None and state.is_final for state in ended)
    assert ended[LetterState.BOUNCED]
    assert ended[LetterState.SUPPRESSED]
    assert "Reconciled" in (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "greylisted" in told


def dropped_at_the_dot(folder: Path) -> int:
    """How many people's server drops the line after the message, whoever sends it."""
    answers = json.loads((folder / "answers.json").read_text(encoding="utf-8")).values()
    return sum(answer["drop"] and answer["phase"] == "message" for answer in answers)


def killed_once_the_server_has_seen(many: int, folder: Path, server: str) -> None:
    process = program(folder, "--resume", "--smtp", server, "--rate", "400")
    try:
        pause = threading.Event()
        while len(server_log(folder)) < many:
            assert process.poll() is None, process.communicate()[0]
            pause.wait(0.02)
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()
    assert process.returncode == -signal.SIGKILL


@pytest.mark.slow
def test_killed_twice_it_sends_no_letter_twice_and_forgets_nobody(tmp_path: Path, mail_server: str) -> None:
    for many in (150, 450):
        killed_once_the_server_has_seen(many, tmp_path, mail_server)
    told = finished(program(tmp_path, "--resume", "--smtp", mail_server, "--rate", "1000"))

    accepted = [line["message_id"] for line in server_log(tmp_path) if line["verdict"] == "accepted"]
    assert len(accepted) == len(set(accepted)), "somebody got two letters"
    ended = states(tmp_path)
    assert sum(ended.values()) == PEOPLE, "somebody was left out"
    assert all(state is not None and state.is_final for state in ended)
    with stores.open(tmp_path / "program.db") as store:
        log = list(store.events.read(campaign="june"))
    believed = {event.message_id for event in log if event.kind == "accepted"}
    assert believed == set(accepted), "what we believe is not what the server took"
    unknown = {event.message_id for event in log if event.kind == "unknown"}
    assert "letters had no answer" in told, "what is unknown is counted"
    assert 0 < len(unknown) <= 2 * WORKERS + dropped_at_the_dot(tmp_path), "each kill leaves a few at the most"
    assert ended[LetterState.UNKNOWN] == 0, f"{len(unknown)} were unknown, and the log settles all of them"
