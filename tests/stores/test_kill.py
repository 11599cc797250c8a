"""A worker that is killed, again and again, in the middle of its work."""

import asyncio
import signal
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta

from mailkit import stores
from mailkit.envelope import Envelope
from mailkit.event import Kind, letter_state
from mailkit.send.jobs import Job, JobState

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
JOBS = 250

# Says on its standard output whom it would now send to, as a server's log would.
WORKER = """
import asyncio, os, sys
from datetime import datetime, timedelta
from mailkit import stores
from mailkit.send.jobs import JobState
from mailkit.send.outbox import Settlement

now = datetime.fromisoformat(sys.argv[2])
STATES = [JobState.ACCEPTED, JobState.ACCEPTED, JobState.BOUNCED, JobState.DEFERRED, JobState.QUEUED]

async def send(outbox, lease):
    if lease.number in await outbox.mark_data_sent([lease], now=now):
        os.write(1, f"{lease.number} {lease.epoch}\\n".encode())
        state = STATES[(lease.number + lease.epoch) % len(STATES)]
        event = None if state is JobState.QUEUED else lease.job.event(state.value, now)
        due = None if state.is_final else now
        await outbox.settle([Settlement(lease=lease, state=state, event=event, due=due)])

async def main():
    with stores.open(sys.argv[1]) as store:
        while leases := await store.outbox.lease(now=now, until=now + timedelta(minutes=5), limit=7):
            await asyncio.gather(*(send(store.outbox, lease) for lease in leases))

asyncio.run(main())
"""


def job(number):
    return Job(
        person=str(number),
        envelope=Envelope(sender="shop@example.com", recipient=f"reader{number}@example.org"),
        message_id=f"{number}@example.com",
        date=NOW,
        raw=b"Subject: Hello\r\n\r\nHello\r\n",
    )


def start(path, now):
    code = [sys.executable, "-c", WORKER, str(path), now.isoformat()]
    return subprocess.Popen(code, stdout=subprocess.PIPE, text=True)


def kill_after(process, letters):
    """Kill the worker once it has sent so many letters; give all that it sent."""
    sent = [process.stdout.readline() for _ in range(letters)]
    process.send_signal(signal.SIGKILL)
    sent += process.stdout.readlines()
    process.stdout.close()
    process.wait(timeout=30)
    return [tuple(map(int, line.split())) for line in sent if line.endswith("\n")]


def stands(path):
    with sqlite3.connect(path) as connection:
        rows = connection.execute("SELECT id, epoch, state, tries, until FROM mailkit_jobs").fetchall()
    connection.close()
    return {row[0]: row[1:] for row in rows}


def check_that_states_and_events_agree(store, path):
    for number, (epoch, state, tries, until) in stands(path).items():
        events = list(store.events.read(message_id=f"{number - 1}@example.com"))
        kinds = [event.kind for event in events]
        assert kinds.count(Kind.QUEUED) == 1
        finals = [kind for kind in kinds if kind in JobState._value2member_map_ and JobState(kind).is_final]
        assert finals == ([state] if JobState(state).is_final else [])
        assert (until is not None) == (state in (JobState.LEASED, JobState.DATA_SENT))
        assert tries <= epoch
        if JobState(state).is_final:
            assert letter_state(events).value == state


def test_a_killed_worker_leaves_states_and_facts_that_agree_and_nothing_is_sent_twice(tmp_path):
    path, now, sent = tmp_path / "shop.db", NOW, []
    with stores.open(path) as store:
        asyncio.run(store.outbox.add([job(number) for number in range(JOBS)], now=now))
    for letters in (3, 40, 70):
        sent += kill_after(start(path, now), letters)
        for number, epoch in sent:
            assert stands(path)[number][0] > epoch or stands(path)[number][1] != JobState.LEASED
        now += 6 * MINUTE
        with stores.open(path) as store:
            lost = {number for number, stand in stands(path).items() if stand[1] == JobState.DATA_SENT}
            check_that_states_and_events_agree(store, path)
            told = asyncio.run(store.outbox.recover(now=now))
            assert {int(event.person) + 1 for event in told} == lost
            check_that_states_and_events_agree(store, path)
    last = start(path, now)
    sent += [tuple(map(int, line.split())) for line in last.stdout.readlines()]
    last.stdout.close()
    assert last.wait(timeout=30) == 0
    assert len(sent) == len(set(sent))
    with stores.open(path) as store:
        check_that_states_and_events_agree(store, path)
        counts = asyncio.run(store.outbox.counts())
        assert sum(counts.values()) == JOBS
        assert set(counts) <= {JobState.ACCEPTED, JobState.BOUNCED, JobState.UNKNOWN}


def test_several_processes_on_one_file_never_hold_the_same_lease(tmp_path):
    path = tmp_path / "shop.db"
    with stores.open(path) as store:
        asyncio.run(store.outbox.add([job(number) for number in range(JOBS)], now=NOW))
    workers = [start(path, NOW) for _ in range(3)]
    sent = [line for worker in workers for line in worker.stdout.readlines()]
    for worker in workers:
        worker.stdout.close()
        assert worker.wait(timeout=30) == 0
    assert len(sent) == len(set(sent)) >= JOBS
    with stores.open(path) as store:
        check_that_states_and_events_agree(store, path)
        counts = asyncio.run(store.outbox.counts())
        assert set(counts) == {JobState.ACCEPTED, JobState.BOUNCED}
