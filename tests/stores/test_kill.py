"""A worker that is killed, again and again, in the middle of its work."""

import asyncio
import signal
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

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
from mailkit.send.meter import Toll
from mailkit.send.outbox import Settlement
from mailkit.send.limits.rate import Rate

now = datetime.fromisoformat(sys.argv[2])
TOLL = Toll(key="all", rate=Rate(1000, per=timedelta(seconds=1)))
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
            await store.meter.reserve([TOLL], count=7, now=now, horizon=timedelta(minutes=1))
            _, version = store.states.load_sync("turns") or ("", 0)
            await store.states.save("turns", str(version + 1), version=version)

asyncio.run(main())
"""


def job(number):
    return Job(
        person=str(number),
        envelope=Envelope(sender="shop@example.com", recipient=f"reader{number}@example.org"),
        message_id=f"{number}@example.com",
        date=NOW,
        raw=b"Subject: Hello\r\n\r\nHello\r\n",
        provider=("gmail", "yahoo")[number % 2],
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


def check_that_shared_states_are_whole(store):
    """A state's text and version were written together, or not at all."""
    text, version = store.states.load_sync("turns") or ("0", 0)
    assert text == str(version)


@pytest.mark.slow
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
            check_that_shared_states_are_whole(store)
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


def test_several_processes_never_hold_the_same_lease(place):
    with stores.open(place) as store:
        asyncio.run(store.outbox.add([job(number) for number in range(JOBS)], now=NOW))
    workers = [start(place, NOW) for _ in range(3)]
    sent = [line for worker in workers for line in worker.stdout.readlines()]
    for worker in workers:
        worker.stdout.close()
        assert worker.wait(timeout=30) == 0
    assert len(sent) == len(set(sent)) >= JOBS
    with stores.open(place) as store:
        counts = asyncio.run(store.outbox.counts())
        assert set(counts) == {JobState.ACCEPTED, JobState.BOUNCED}
        told = [event.message_id for event in store.events.read(kinds=["accepted", "bounced"])]
        assert len(told) == len(set(told)) == JOBS


@pytest.mark.slow
def test_a_killed_worker_on_any_engine_sends_nothing_twice(place):
    with stores.open(place) as store:
        asyncio.run(store.outbox.add([job(number) for number in range(JOBS)], now=NOW))
        sent = kill_after(start(place, NOW), 40)
        later = NOW + 6 * MINUTE
        unknown = len(asyncio.run(store.outbox.recover(now=later)))
        last = start(place, later)
        sent += [tuple(map(int, line.split())) for line in last.stdout.readlines()]
        last.stdout.close()
        assert last.wait(timeout=30) == 0
        counts = asyncio.run(store.outbox.counts())
    assert len(sent) == len(set(sent))
    assert counts.pop(JobState.UNKNOWN, 0) == unknown
    assert set(counts) == {JobState.ACCEPTED, JobState.BOUNCED}
    assert sum(counts.values()) == JOBS - unknown


@pytest.mark.slow
def test_a_pause_stops_processes_that_are_at_work(place):
    with stores.open(place) as store:
        asyncio.run(store.outbox.add([job(number) for number in range(2 * JOBS)], now=NOW))
        workers = [start(place, NOW) for _ in range(2)]
        for worker in workers:
            worker.stdout.readline()
        asyncio.run(store.outbox.pause())
        before = {state: asyncio.run(store.outbox.counts()).get(state, 0) for state in (JobState.QUEUED, "leased")}
        for worker in workers:
            worker.stdout.readlines()
            worker.stdout.close()
            assert worker.wait(timeout=30) == 0
        after = asyncio.run(store.outbox.counts())
    assert after[JobState.QUEUED] >= before[JobState.QUEUED]
    assert before["leased"] <= 2 * 7
    assert JobState.QUEUED in after
