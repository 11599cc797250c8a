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
from mailkit.stores import pauses
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
        st.tuples(st.just("lease_lanes"), st.integers(0, 6), st.lists(st.integers(0, 3), max_size=4)),
        st.tuples(st.sampled_from(["pause", "resume"]), st.sampled_from([None, "spring", "summer"])),
        st.tuples(st.just("cancel"), st.sampled_from(["spring", "summer"])),
        st.tuples(st.just("mark"), st.integers(0, 20)),
        st.tuples(
            st.just("settle"),
            st.integers(0, 20),
            st.sampled_from(["accepted", "bounced", "deferred", "queued", "failed", "expired", "unknown"]),
        ),
        st.tuples(st.just("recover"), st.booleans()),
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
            jobs = [
                job(n, priority=p, not_before=now + wait * MINUTE, campaign="summer" if n % 3 else "spring")
                for n, p, wait in given_[0]
            ]
            told.append(await outbox.add(jobs, now=now))
        elif step == "lease":
            new = await outbox.lease(now=now, until=now + 5 * MINUTE, limit=given_[0])
            leases += new
            told.append([attrs.evolve(lease, number=0, lane=0) for lease in new])
        elif step == "lease_lanes":
            rows = sorted(await outbox.lanes(), key=lambda lane: (lane.priority, lane.campaign))
            told.append([attrs.evolve(lane, number=0) for lane in rows])
            caps = {lane.number: most for lane, most in zip(rows, given_[1], strict=False)}
            new = await outbox.lease(now=now, until=now + 5 * MINUTE, limit=given_[0], lanes=caps)
            leases += new
            told.append([attrs.evolve(lease, number=0, lane=0) for lease in new])
        elif step in ("pause", "resume"):
            await getattr(outbox, step)(given_[0])
            told.append(await outbox.paused())
        elif step == "cancel":
            told.append(await outbox.cancel(given_[0], now=now))
        elif step == "mark" and leases:
            lease = leases[given_[0] % len(leases)]
            told.append(len(await outbox.mark_data_sent([lease], now=now)))
        elif step == "settle" and leases:
            lease, state = leases[given_[0] % len(leases)], JobState(given_[1])
            due = None if state.is_final else now + MINUTE
            told.append(len(await outbox.settle([settled(lease, state, now, due)])))
        elif step == "recover":
            retries = (lambda lost: lost.campaign == "spring") if given_[0] else None
            told.append(sorted(event.identity for event in await outbox.recover(now=now, retries=retries)))
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


def test_it_keeps_the_contract_of_an_outbox(new_any_store):
    made = {}

    def make():
        store = new_any_store()
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


def test_a_record_that_cannot_be_kept_adds_nothing(any_store):
    jobs = [job(1), job(2, raw=b"", template="cart", record={"price": {1, 2}})]
    with pytest.raises(InvalidValue, match=r"record of 2@example.com\['price'\]"):
        asyncio.run(any_store.outbox.add(jobs, now=NOW))
    assert asyncio.run(any_store.outbox.counts()) == {}
    assert list(any_store.events.read()) == []


def test_text_that_no_database_keeps_is_refused(any_store):
    with pytest.raises(InvalidValue, match="half of a surrogate pair"):
        asyncio.run(any_store.outbox.add([job(1, person="\ud800")], now=NOW))


def test_more_jobs_than_one_statement_holds_are_added_and_leased(any_store):
    async def fill(outbox):
        new = await outbox.add((job(number) for number in range(2_300)), now=NOW)
        again = await outbox.add([job(number) for number in range(2_302)], now=NOW)
        leases = await outbox.lease(now=NOW, until=NOW + MINUTE, limit=5_000)
        held = await outbox.mark_data_sent(leases, now=NOW)
        done = await outbox.settle([settled(lease, JobState.ACCEPTED, NOW) for lease in leases])
        return new, again, len(leases), len(held), len(done)

    assert asyncio.run(fill(any_store.outbox)) == (2_300, 2, 2_302, 2_302, 2_302)
    assert sum(1 for _ in any_store.events.read(kinds=["accepted"])) == 2_302


def test_many_recovered_at_once_are_all_told(any_store):
    async def lose(outbox):
        await outbox.add([job(number) for number in range(1_200)], now=NOW)
        leases = await outbox.lease(now=NOW, until=NOW + MINUTE, limit=1_200)
        await outbox.mark_data_sent(leases, now=NOW)
        return await outbox.recover(now=NOW + MINUTE)

    assert len(asyncio.run(lose(any_store.outbox))) == 1_200


def test_event_loops_in_several_threads_share_it(any_store):
    asyncio.run(any_store.outbox.add([job(number) for number in range(60)], now=NOW))
    sent, troubles = [], []

    async def work():
        while leases := await any_store.outbox.lease(now=NOW, until=NOW + MINUTE, limit=3):
            held = await asyncio.gather(*(any_store.outbox.mark_data_sent([lease], now=NOW) for lease in leases))
            sent.extend(number for numbers in held for number in numbers)
            await asyncio.gather(*(any_store.outbox.settle([settled(one, JobState.ACCEPTED, NOW)]) for one in leases))

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
    assert asyncio.run(any_store.outbox.counts()) == {JobState.ACCEPTED: 60}


def test_a_pause_acts_on_leases_that_another_process_holds(place):
    async def pause_between(mine, theirs):
        await mine.add([job(number) for number in range(3)], now=NOW)
        first, second, third = await theirs.lease(now=NOW, until=NOW + MINUTE, limit=3)
        sent = await theirs.mark_data_sent([first], now=NOW)
        await mine.pause("spring")
        stopped = await theirs.mark_data_sent([second, third], now=NOW)
        done = await theirs.settle([settled(first, JobState.ACCEPTED, NOW), settled(second, JobState.QUEUED, NOW, NOW)])
        await mine.resume("spring")
        return (
            sent == {first.number},
            stopped,
            len(done),
            await theirs.mark_data_sent([third], now=NOW) == {third.number},
        )

    with stores.open(place) as mine, stores.open(place) as theirs:
        assert asyncio.run(pause_between(mine.outbox, theirs.outbox)) == (True, frozenset(), 2, True)


def test_a_paused_campaign_does_not_stop_what_is_marked_beside_it(store):
    async def mark_both(outbox):
        await outbox.add([job(1), job(2, campaign="summer")], now=NOW)
        spring, summer = await outbox.lease(now=NOW, until=NOW + MINUTE, limit=2)
        await outbox.pause("spring")
        return await outbox.mark_data_sent([spring, summer], now=NOW) == {summer.number}

    assert asyncio.run(mark_both(store.outbox))


def test_a_calling_back_that_is_broken_off_leaves_the_campaign_paused(any_store):
    jobs = [job(number) for number in range(1_500)]

    async def break_off(outbox):
        await outbox.add(jobs, now=NOW)
        calling = await any_store._writer.done(lambda connection: pauses.begin_calling(connection, "spring"))
        some = await any_store._writer.done(lambda connection: pauses.call_back(connection, calling, NOW))
        late = await outbox.add([job(2_000)], now=NOW)
        left = len(await outbox.lease(now=NOW, until=NOW + MINUTE, limit=9))
        rest = await outbox.cancel("spring", now=NOW)
        return some, late, left, rest, await outbox.paused()

    assert asyncio.run(break_off(any_store.outbox)) == (1_000, 1, 0, 501, frozenset())
    assert sum(1 for _ in any_store.events.read(kinds=["cancelled"])) == 1_501


def test_resume_lets_go_what_a_broken_calling_back_left(store):
    async def resume(outbox):
        await outbox.add([job(1)], now=NOW)
        await store._writer.done(lambda connection: pauses.begin_calling(connection, "spring"))
        before = await outbox.paused()
        await outbox.resume("spring")
        return before, await outbox.paused()

    assert asyncio.run(resume(store.outbox)) == ({"spring"}, frozenset())


def test_of_many_lanes_those_are_taken_that_are_the_longest_due(any_store):
    jobs = [job(n, account=f"shop{n % 7}", priority=n % 2, not_before=NOW + (n * 37 % 50) * MINUTE) for n in range(50)]

    async def take(outbox):
        await outbox.add(jobs, now=NOW)
        first = await outbox.lease(now=NOW + 40 * MINUTE, until=NOW + 60 * MINUTE, limit=11)
        numbers = {lane.number: 3 for lane in await outbox.lanes() if lane.account in ("shop1", "shop2")}
        second = await outbox.lease(now=NOW + 50 * MINUTE, until=NOW + 60 * MINUTE, limit=5, lanes=numbers)
        return first, second

    first, second = asyncio.run(take(any_store.outbox))
    due = sorted(
        (one for one in jobs if one.not_before <= NOW + 40 * MINUTE), key=lambda j: (-j.priority, j.not_before)
    )
    assert [lease.job for lease in first] == due[:11]
    taken = {lease.job.person for lease in first}
    left = [one for one in jobs if one.account in ("shop1", "shop2") and one.person not in taken]
    left.sort(key=lambda j: (-j.priority, j.not_before))
    assert [lease.job.person for lease in second] == [one.person for one in left[:5]]
    assert all(lease.job == jobs[int(lease.job.person)] for lease in (*first, *second))


def test_two_processes_know_each_others_lanes(place):
    async def exchange(mine, theirs):
        await mine.add([job(1, provider="gmail")], now=NOW)
        await theirs.add([job(2, provider="gmail"), job(3, provider="yahoo")], now=NOW)
        await mine.add([job(4, provider="yahoo")], now=NOW)
        lanes = [{lane.provider: lane.number for lane in await outbox.lanes()} for outbox in (mine, theirs)]
        return lanes, [lease.job.person for lease in await mine.lease(now=NOW, until=NOW + MINUTE, limit=9)]

    with stores.open(place) as mine, stores.open(place) as theirs:
        lanes, people = asyncio.run(exchange(mine.outbox, theirs.outbox))
    assert lanes[0] == lanes[1]
    assert people == ["1", "2", "3", "4"]


def test_lanes_of_jobs_that_could_not_be_added_are_made_later(store):
    bad = job(1, raw=b"", template="cart", record={"price": {1, 2}}, provider="gmail")
    with pytest.raises(InvalidValue):
        asyncio.run(store.outbox.add([bad], now=NOW))
    asyncio.run(store.outbox.add([job(1, provider="gmail")], now=NOW))
    (lane,) = asyncio.run(store.outbox.lanes())
    (lease,) = asyncio.run(store.outbox.lease(now=NOW, until=NOW + MINUTE, limit=1, lanes={lane.number: 1}))
    assert lease.job.provider == "gmail"
