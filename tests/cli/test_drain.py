"""`mailkit drain`: as a cron job, as a service, and for the person who must stop it all."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mailkit import Envelope, stores
from mailkit.cli import main
from mailkit.clock import SystemClock
from mailkit.send import Job, JobState
from mailkit.testing import Answer, SMTPServer

NOW = datetime(2026, 3, 1, tzinfo=UTC)
CONFIG = """
from mailkit import send
from mailkit.testing import MemoryTransport

def make_sender(store):
    return send.Sender(transport=MemoryTransport({replies}), outbox=store.outbox, progress=False)
"""


@pytest.fixture(autouse=True)
def _path_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))
    for name in ("shop_mail", "empty"):  # two tests may call their files the same
        monkeypatch.delitem(sys.modules, name, raising=False)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "shop.db"
    with stores.open(path) as store:
        add(store, *(f"reader{number}" for number in range(5)), campaign="june")
        add(store, "buyer", campaign="receipts")
    return path


def add(store: stores.Store, *names: str, campaign: str, due: datetime | None = None) -> None:
    jobs = [
        Job(
            person=name,
            envelope=Envelope(sender="shop@example.com", recipient=f"{name}@example.org"),
            message_id=f"{name}@example.com",
            date=NOW,
            raw=b"Subject: Hello\r\n\r\nHello\r\n",
            campaign=campaign,
            not_before=due,
        )
        for name in names
    ]
    asyncio.run(store.outbox.add(jobs, now=SystemClock().now()))


def counts(path: Path) -> dict[str, int]:
    with stores.open(path) as store:
        return {str(state): count for state, count in asyncio.run(store.outbox.counts()).items()}


def config(folder: Path, replies: str = "") -> str:
    path = folder / "config.py"
    path.write_text(CONFIG.replace("{replies}", replies), encoding="utf-8")
    return str(path)


# -- sending ----------------------------------------------------------------------------------------------------------


def test_what_is_due_is_sent(database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["drain", str(database), "--config", config(tmp_path)]) == 0
    assert capsys.readouterr().out.startswith("6 jobs done in ")
    assert counts(database) == {"accepted": 6}


def test_a_cron_job_does_not_wait_for_retries(database: Path, tmp_path: Path) -> None:
    settings = config(tmp_path, "{'buyer@example.org': '451 4.7.1 Greylisted'}")
    assert main(["drain", str(database), "--config", settings]) == 0
    assert counts(database) == {"accepted": 5, "deferred": 1}


def test_letters_that_wait_for_a_person_are_told_by_the_status(database: Path, tmp_path: Path) -> None:
    path = tmp_path / "config.py"
    path.write_text(
        "from mailkit import send\n"
        "from mailkit.send.transport import Unsendable\n"
        "class Full:\n"
        "    capacity = 1\n"
        "    async def open(self): pass\n"
        "    async def close(self): pass\n"
        "    async def deliver(self, envelope, raw, *, commit):\n"
        "        return Unsendable(reason='too large')\n"
        "def make_sender(store):\n"
        "    return send.Sender(transport=Full(), outbox=store.outbox, progress=False)\n"
    )
    assert main(["drain", str(database), "--config", str(path)]) == 1
    assert counts(database) == {"failed": 6}


def test_a_sender_may_be_given_ready_made_and_works_on_this_database(
    database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "shop_mail.py").write_text(
        "from mailkit import send\n"
        "from mailkit.testing import MemoryTransport\n"
        "ours = send.Sender(transport=MemoryTransport(), outbox=send.MemoryOutbox(), progress=False)\n"
    )
    monkeypatch.chdir(tmp_path)
    assert main(["drain", str(database), "--config", "shop_mail:ours"]) == 0
    assert counts(database) == {"accepted": 6}


@pytest.mark.parametrize(
    ("name", "text", "given", "told"),
    [
        ("none.py", None, "none.py", "none.py is not there"),
        ("empty.py", "", "empty.py", "empty.py defines neither `make_sender` nor `sender`"),
        ("empty.py", "", "empty:ours", "empty:ours defines no `ours`"),
        ("odd.py", "sender = 1", "odd.py", "is not a send.Sender"),
        ("odd.py", "", "not_there_at_all:sender", "there is no module 'not_there_at_all'"),
        ("odd.py", "", "", "drain needs to be told what sends: write --config app.py"),
    ],
)
def test_a_config_that_makes_no_sender_is_told(
    database: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
    text: str | None,
    given: str,
    told: str,
) -> None:
    if text is not None:
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    assert main(["drain", str(database), *(["--config", given] if given else [])]) == 2
    assert told in capsys.readouterr().err
    assert counts(database) == {"queued": 6}


def test_a_config_that_lacks_a_module_of_its_own_says_which(database: Path, tmp_path: Path) -> None:
    (tmp_path / "config.py").write_text("import not_there_at_all\n")
    with pytest.raises(ModuleNotFoundError, match="not_there_at_all"):
        main(["drain", str(database), "--config", str(tmp_path / "config.py")])


def test_a_database_that_is_not_there_is_not_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["drain", str(tmp_path / "none.db"), "--status"]) == 2
    assert "there is no such database" in capsys.readouterr().err
    assert not (tmp_path / "none.db").exists()


# -- instead of sending -----------------------------------------------------------------------------------------------


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["drain", *arguments]) == 0
    return capsys.readouterr().out


def test_a_campaign_is_paused_resumed_and_called_back(
    database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place, settings = str(database), config(tmp_path)
    assert told(capsys, place, "--pause", "june") == "nothing more of june is sent; --resume june undoes it\n"
    told(capsys, place, "--config", settings)
    assert counts(database) == {"queued": 5, "accepted": 1}
    assert told(capsys, place, "--resume", "june") == "june goes on\n"
    assert told(capsys, place, "--cancel", "june") == "5 jobs of june called back\n"
    assert counts(database) == {"cancelled": 5, "accepted": 1}


def test_a_campaign_that_may_be_misspelt_is_told(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with stores.open(database) as store:
        add(store, "eva", campaign="autumn")
    assert "(no job of it waits now; did you mean 'autumn'?)" in told(capsys, str(database), "--pause", "autum")
    assert "0 jobs of winter called back (no job of it waits now" in told(capsys, str(database), "--cancel", "winter")
    assert "(" not in told(capsys, str(database), "--pause", "autumn")
    assert "(" not in told(capsys, str(database), "--cancel", "autumn")  # though what is paused does not wait


def test_everything_is_halted_until_it_is_resumed(
    database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place, settings = str(database), config(tmp_path)
    told(capsys, place, "--pause", "june")
    told(capsys, place, "--halt")
    told(capsys, place, "--config", settings)
    assert counts(database) == {"queued": 6}
    assert told(capsys, place, "--resume") == "everything goes on; still paused: june\n"
    told(capsys, place, "--config", settings)
    assert counts(database) == {"queued": 5, "accepted": 1}


def test_a_pause_needs_a_name(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["drain", str(database), "--pause", ""]) == 2
    assert "use --halt for everything" in capsys.readouterr().err


def test_the_status_says_what_waits_for_how_long_and_what_is_paused(
    database: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "queued              6\nthe oldest has been due for " in told(capsys, str(database), "--status")
    told(capsys, str(database), "--halt")
    text = told(capsys, str(database), "--status")
    assert text.endswith("paused: everything\n")


def test_the_status_of_an_outbox_with_nothing_due(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "new.db"
    with stores.open(path):
        pass
    assert told(capsys, str(path), "--status") == "no jobs\n"
    due = SystemClock().now() + timedelta(days=2)
    with stores.open(path) as store:
        add(store, "anna", campaign="june", due=due)
    assert f"the next is due at {due:%Y-%m-%d %H:%M}" in told(capsys, str(path), "--status")


def test_the_status_is_there_for_programs_too(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["drain", str(database), "--pause", "june"])
    capsys.readouterr()
    found = json.loads(told(capsys, str(database), "--status", "--as", "json"))
    assert found.pop("overdue_seconds") > 0
    assert datetime.fromisoformat(found.pop("next_due")) < SystemClock().now()
    assert found == {"counts": {"queued": 6}, "paused": ["june"], "is_halted": False}


# -- as a process -----------------------------------------------------------------------------------------------------

SERVICE = """
from mailkit import send

def make_sender(store):
    transport = send.SMTPTransport("127.0.0.1", {port}, tls="none", connections=2)
    return send.Sender(transport=transport, outbox=store.outbox, progress=False)
"""


@pytest.fixture
def service(tmp_path: Path) -> Iterator[tuple[SMTPServer, str]]:
    with SMTPServer() as server:
        path = tmp_path / "service.py"
        path.write_text(SERVICE.replace("{port}", str(server.port)))
        yield server, str(path)


def start(database: Path, settings: str, *more: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "mailkit", "drain", str(database), "--config", settings, *more]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for(server: SMTPServer, letters: int) -> None:
    for _ in range(600):
        if len(server.messages) >= letters:
            return
        asyncio.run(asyncio.sleep(0.1))
    raise AssertionError(f"only {len(server.messages)} of {letters} letters came")


@pytest.mark.slow
def test_a_service_sends_what_is_added_later_until_it_is_asked_to_stop(
    database: Path, service: tuple[SMTPServer, str]
) -> None:
    server, settings = service
    process = start(database, settings, "--until", "stopped")
    try:
        wait_for(server, 6)
        with stores.open(database) as store:
            add(store, "late", campaign="july")
        wait_for(server, 7)
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert (process.returncode, err) == (0, "")
    assert out.startswith("7 jobs done in ")
    assert counts(database) == {str(JobState.ACCEPTED): 7}


@pytest.mark.slow
def test_a_signal_before_all_is_done_is_told_by_the_status(database: Path, tmp_path: Path) -> None:
    with SMTPServer(answers={"buyer@example.org": Answer(reply="451 4.7.1 Greylisted")}) as server:
        (tmp_path / "service.py").write_text(SERVICE.replace("{port}", str(server.port)))
        process = start(database, str(tmp_path / "service.py"), "--until", "empty")
        try:
            wait_for(server, 5)
            process.send_signal(signal.SIGTERM)
            out, err = process.communicate(timeout=60)
        finally:
            process.kill()
    assert (process.returncode, err) == (3, "")
    assert "5 accepted" in out
    assert counts(database) in ({"accepted": 5, "deferred": 1}, {"accepted": 5, "queued": 1})
