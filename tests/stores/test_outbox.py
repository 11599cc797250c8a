import asyncio
import shutil
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailkit import stores
from mailkit.envelope import Envelope
from mailkit.errors import InvalidValue
from mailkit.event import Kind
from mailkit.send import MemoryOutbox
from mailkit.send.jobs import Job, JobState
from mailkit.send.outbox import Outbox, Settlement
from mailkit.testing.outboxes import check_outbox

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def job(number, **changes):
    made = Job(
        person=str(number),
        envelope=Envelope(sender="Books <shop@example.com>", recipient=f"reader{number}@example.org"),
        message_id=f"{number}@example.com",
        date=NOW,
        campaign="spring",
        raw=b"Subject: Hello\r\n\r\nHello\r\n",
    )
    return attrs.evolve(made, **changes)


def settled(lease, state, now, due=None):
    event = None if state is JobState.QUEUED else lease.job.event(Kind(state.value), now)
    return Settlement(lease=lease, state=state, event=event, due=due)


STEPS = st.lists(
    st.one_of(
        st.tuples(
            st.just("add"), st.lists(st.tuples(st.integers(0, 7), st.integers(0, 2), st.integers(-3, 3)), max_size=5)
        ),
        st.tuples(st.just("lease"), st.integers(0, 4)),
        st.tuples(st.just("mark"), st.integers(0, 20)),
        st.tuples(
            st.just("settle"),
            st.integers(0, 20),
            st.sampled_from(["accepted", "bounced", "deferred", "queued", "failed", "expired", "unknown"]),
        ),
        st.tuples(st.just("recover"), st.just(0)),
        st.tuples(st.just("resolve"), st.dictionaries(st.integers(0, 7), st.booleans())),
        st.tuples(st.just("wait"), st.integers(1, 9)),
    ),
    max_size=25,
)


async def _play(outbox, steps):
    """What an outbox answers to these steps, without its own numbers."""
    now, leases, told = NOW, [], []
    for step, *given_ in steps:
        now += MINUTE / 7
        if step == "add":
            jobs = [job(n, priority=p, not_before=now + wait * MINUTE) for n, p, wait in given_[0]]
            told.append(await outbox.add(jobs, now=now))
        elif step == "lease":
            new = await outbox.lease(now=now, until=now + 5 * MINUTE, limit=given_[0])
            leases += new
            told.append([attrs.evolve(lease, number=0) for lease in new])
        elif step == "mark" and leases:
            lease = leases[given_[0] % len(leases)]
            told.append(len(await outbox.mark_data_sent([lease], now=now)))
        elif step == "settle" and leases:
            lease, state = leases[given_[0] % len(leases)], JobState(given_[1])
            due = None if state.is_final else now + MINUTE
            told.append(len(await outbox.settle([settled(lease, state, now, due)])))
        elif step == "recover":
            told.append(sorted(event.identity for event in await outbox.recover(now=now)))
        elif step == "resolve":
            verdicts = {f"<{number}@example.com>": was_taken for number, was_taken in given_[0].items()}
            told.append(sorted(event.identity for event in await outbox.resolve(verdicts, now=now)))
        elif step == "wait":
            now += given_[0] * MINUTE
        told.append((dict(await outbox.counts()), await outbox.next_due()))
    return told


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_a_database_answers_as_memory_does(empty, steps):
    memory = MemoryOutbox()
    wanted = asyncio.run(_play(memory, steps))
    with TemporaryDirectory() as folder:
        shutil.copy(empty, folder)
        with stores.open(Path(folder, empty.name)) as store:
            assert asyncio.run(_play(store.outbox, steps)) == wanted
            written = sorted(event.identity for event in store.events.read())
    assert written == sorted(event.identity for event in memory.events)


def test_it_keeps_the_contract_of_an_outbox(new_store):
    made = {}

    def make():
        store = new_store()
        made[store.outbox] = store
        return store.outbox

    check_outbox(make, events=lambda outbox: made[outbox].events.read())
    assert isinstance(next(iter(made)), Outbox)


def test_jobs_outlive_the_store(tmp_path):
    async def begin(outbox):
        await outbox.add([job(1), job(2, priority=1)], now=NOW)
        (lease,) = await outbox.lease(now=NOW, until=NOW + MINUTE, limit=1)
        return lease

    with stores.open(tmp_path / "shop.db") as store:
        lease = asyncio.run(begin(store.outbox))
    with stores.open(tmp_path / "shop.db") as store:
        assert asyncio.run(store.outbox.mark_data_sent([lease], now=NOW)) == {lease.number}
        assert asyncio.run(store.outbox.counts()) == {JobState.QUEUED: 1, JobState.DATA_SENT: 1}


def test_a_record_that_cannot_be_kept_adds_nothing(store):
    jobs = [job(1), job(2, raw=b"", template="cart", record={"price": {1, 2}})]
    with pytest.raises(InvalidValue, match=r"record of 2@example.com\['price'\]"):
        asyncio.run(store.outbox.add(jobs, now=NOW))
    assert asyncio.run(store.outbox.counts()) == {}
    assert list(store.events.read()) == []


def test_text_that_no_database_keeps_is_refused(store):
    with pytest.raises(InvalidValue, match="half of a surrogate pair"):
        asyncio.run(store.outbox.add([job(1, person="\ud800")], now=NOW))


def test_more_jobs_than_one_statement_holds_are_added_and_leased(store):
    async def fill(outbox):
        new = await outbox.add((job(number) for number in range(2_300)), now=NOW)
        again = await outbox.add([job(number) for number in range(2_302)], now=NOW)
        leases = await outbox.lease(now=NOW, until=NOW + MINUTE, limit=5_000)
        held = await outbox.mark_data_sent(leases, now=NOW)
        done = await outbox.settle([settled(lease, JobState.ACCEPTED, NOW) for lease in leases])
        return new, again, len(leases), len(held), len(done)

    assert asyncio.run(fill(store.outbox)) == (2_300, 2, 2_302, 2_302, 2_302)
    assert sum(1 for _ in store.events.read(kinds=["accepted"])) == 2_302


def test_many_recovered_at_once_are_all_told(store):
    async def lose(outbox):
        await outbox.add([job(number) for number in range(1_200)], now=NOW)
        leases = await outbox.lease(now=NOW, until=NOW + MINUTE, limit=1_200)
        await outbox.mark_data_sent(leases, now=NOW)
        return await outbox.recover(now=NOW + MINUTE)

    assert len(asyncio.run(lose(store.outbox))) == 1_200


def test_event_loops_in_several_threads_share_it(store):
    asyncio.run(store.outbox.add([job(number) for number in range(60)], now=NOW))
    sent, troubles = [], []

    async def work():
        while leases := await store.outbox.lease(now=NOW, until=NOW + MINUTE, limit=3):
            held = await asyncio.gather(*(store.outbox.mark_data_sent([lease], now=NOW) for lease in leases))
            sent.extend(number for numbers in held for number in numbers)
            await asyncio.gather(*(store.outbox.settle([settled(one, JobState.ACCEPTED, NOW)]) for one in leases))

    def in_thread():
        try:
            asyncio.run(work())
        except Exception as error:  # noqa: BLE001 - the thread's failure must fail the test
            troubles.append(error)

    threads = [threading.Thread(target=in_thread) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not troubles
    assert len(sent) == len(set(sent)) == 60
    assert asyncio.run(store.outbox.counts()) == {JobState.ACCEPTED: 60}
