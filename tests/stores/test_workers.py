"""Several processes drain one outbox in PostgreSQL: each letter is sent once, whoever wakes them."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
import textwrap
import time
from collections import Counter
from datetime import UTC, datetime

import pytest

from mailkit import Envelope, stores
from mailkit.send import Job, JobState
from mailkit.testing import SMTPServer

pytestmark = pytest.mark.slow

NOW = datetime(2026, 3, 1, tzinfo=UTC)
LETTERS = 300
PATIENCE = 180  # seconds; a machine that runs many tests at once is slow
CONFIG = """
from mailkit import send

def make_sender(store):
    transport = send.SMTPTransport("127.0.0.1", {port}, tls="none", connections=2)
    return send.Sender(transport=transport, outbox=store.outbox, progress=False, workers=4)
"""
TASKS = """
from contextlib import contextmanager
from celery import Celery
from mailkit import stores
from mailkit.integrations.celery import drain_task
from shop_mail import make_sender

app = Celery("shop", broker="filesystem://")
app.conf.broker_transport_options = {{"data_folder_in": {queue!r}, "data_folder_out": {queue!r},
                                     "control_folder": {queue!r}}}
app.conf.worker_hijack_root_logger = False

@contextmanager
def sender():
    with stores.open({url!r}) as store:
        yield make_sender(store)

wake = drain_task(app, sender, ignore_result=True)
"""


@pytest.fixture
def url(postgresql):
    """The cluster's database, emptied of what other tests have left."""
    from sqlalchemy import create_engine, text

    engine = create_engine(postgresql)
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()
    stores.open(postgresql).close()
    return postgresql


@pytest.fixture
def server(tmp_path):
    with SMTPServer() as running:
        (tmp_path / "shop_mail.py").write_text(CONFIG.replace("{port}", str(running.port)))
        yield running


def add(url, letters=LETTERS):
    jobs = [
        Job(
            person=str(number),
            envelope=Envelope(sender="shop@example.com", recipient=f"reader{number}@example.org"),
            message_id=f"{number}@example.com",
            date=NOW,
            raw=b"Subject: Hello\r\n\r\nHello\r\n" + b"x" * 1000,
        )
        for number in range(letters)
    ]
    with stores.open(url) as store:
        asyncio.run(store.outbox.add(jobs, now=NOW))


def counts(url):
    with stores.open(url) as store:
        return asyncio.run(store.outbox.counts())


def wait(until):
    last = time.monotonic() + PATIENCE
    while not until():
        assert time.monotonic() < last, "it took too long"
        time.sleep(0.05)


@pytest.fixture
def start(tmp_path):
    """Starts processes, none of which outlives the test."""
    started = []

    def run(*command):
        environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        started.append(subprocess.Popen([sys.executable, "-m", *command], cwd=tmp_path, env=environment, **pipes))
        return started[-1]

    yield run
    for process in started:
        process.kill()
        said = process.communicate()[0]
        if said:  # shown if the test has failed
            print(f"{process.args} said: {said}")


def end(processes):
    """What processes say until they end."""
    return [process.communicate(timeout=PATIENCE)[0] for process in processes]


def sent_once(server):
    recipients = Counter(message.recipient for message in server.messages)
    return len(recipients) == LETTERS and set(recipients.values()) == {1}


def test_services_share_the_letters_and_send_none_twice(url, server, start):
    services = [start("mailkit", "drain", url, "--config", "shop_mail.py", "--until", "stopped") for _ in range(3)]
    add(url)
    wait(lambda: len(server.messages) >= LETTERS)
    wait(lambda: counts(url) == {JobState.ACCEPTED: LETTERS})
    for service in services:
        service.send_signal(signal.SIGTERM)
    told = end(services)
    assert sent_once(server)
    assert [service.returncode for service in services] == [0, 0, 0], told
    assert sum(int(re.match(r"(\d+) jobs? done", text)[1]) for text in told) == LETTERS


def test_cron_jobs_that_overlap_send_no_letter_twice(url, server, start):
    add(url)
    runs = [start("mailkit", "drain", url, "--config", "shop_mail.py") for _ in range(3)]
    told = end(runs)
    assert [run.returncode for run in runs] == [0, 0, 0], told
    assert sent_once(server)
    assert counts(url) == {JobState.ACCEPTED: LETTERS}


def test_celery_workers_that_are_woken_too_often_send_no_letter_twice(url, server, start, tmp_path):
    queue = tmp_path / "queue"
    queue.mkdir()
    (tmp_path / "tasks.py").write_text(textwrap.dedent(TASKS.format(queue=str(queue), url=url)))
    add(url)
    workers = [
        start("celery", "-A", "tasks", "worker", "-P", "solo", "-n", f"worker{number}@here", "-l", "warning")
        for number in range(2)
    ]
    waking = "import tasks; [tasks.wake.delay() for _ in range(6)]"
    woken = subprocess.run([sys.executable, "-c", waking], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert woken.returncode == 0, woken.stderr
    wait(lambda: counts(url) == {JobState.ACCEPTED: LETTERS})
    wait(lambda: not list(queue.glob("*.msg")))
    for worker in workers:
        worker.send_signal(signal.SIGTERM)
    assert sent_once(server), end(workers)
