"""Warm-up as a sender keeps it: who sends, what counts, and what outlives the process."""

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random

import pytest

from mailkit import Envelope
from mailkit.errors import InvalidValue, StoreError
from mailkit.send import Job, JobState, Limits, MemoryOutbox, Phase, Rate, Sender
from mailkit.send.limits import Shape, Shaper
from mailkit.send.outbox import Lease, Settlement
from mailkit.send.states import Kept, States
from mailkit.send.transport import Lost, Unsendable
from mailkit.send.warming import Warming
from mailkit.send.warmup import Gates, Plan, Warmup
from mailkit.testing.clock import FakeClock
from mailkit.testing.transport import MemoryTransport

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)
PLAN = Plan(start=20, spread=timedelta(minutes=20))


def job(number, **changes):
    given = {
        "person": f"n{number}",
        "envelope": Envelope(sender="shop@example.com", recipient=f"n{number}@gmail.com"),
        "message_id": f"{number}@example.com",
        "date": START,
        "raw": b"Subject: Hello\r\n\r\nHello",
        "campaign": "june",
        "identity": "new",
    }
    return Job(**{**given, **changes})


class Shelf:
    """States in memory; as slow as a database, so that others come between."""

    def __init__(self):
        self.kept, self.writes = {}, 0

    async def load(self, name):
        await asyncio.sleep(0)
        return self.kept.get(name)

    async def save(self, name, text, *, version=0):
        await asyncio.sleep(0)
        if self.kept.get(name, ("", 0))[1] != version:
            return False
        self.kept[name] = text, version + 1
        self.writes += 1
        return True


def sender(warmup, new=None, old=None, **options):
    options = {"clock": FakeClock(START), "rng": Random(1), "outbox": MemoryOutbox(), "progress": False, **options}
    transports = {"new": new or MemoryTransport(), **({} if old is None else {"old": old})}
    return Sender(transports=transports, warmup=warmup, **options)


def run(it, jobs):
    it.add_sync(jobs)
    return it.run_sync()


def days(warmup, identity="new", provider="gmail"):
    state = warmup.state(identity, provider)
    return {day.on.day: day for day in (*state.past, *([state.today] if state.today else []))}


@pytest.mark.parametrize("states", [None, Shelf()])
def test_what_finds_no_place_goes_by_the_warm_identity(states):
    new, old = MemoryTransport(), MemoryTransport()
    warmup = Warmup({"new": PLAN}, overflow={"new": "old"}, patience=HOUR)
    it = sender(warmup, new, old, states=states)
    assert run(it, [job(number) for number in range(50)])[JobState.ACCEPTED] == 50
    assert (len(new.messages), len(old.messages)) == (20, 30)
    assert (days(warmup)[2].sent, days(warmup)[2].accepted) == (20, 20)


@pytest.mark.parametrize("states", [None, Shelf()])
def test_without_a_warm_identity_letters_wait_for_the_next_day(states):
    new, warmup = MemoryTransport(), Warmup({"new": PLAN})
    it = sender(warmup, new, states=states, limits=Limits(overall=Rate(1000, per=HOUR, burst=100)))
    run(it, [job(number) for number in range(41)])
    counts = {on: day.sent for on, day in days(warmup).items()}
    assert (counts[2], sum(counts.values()), len(new.messages)) == (20, 41, 41)
    assert all(sent <= 23 for sent in counts.values())  # 15 % more on the second day at most


def test_places_come_evenly_over_the_day():
    new, at = MemoryTransport(), []
    it = sender(Warmup({"new": PLAN}), new, on_event=lambda event: at.append(event.at))
    run(it, [job(number) for number in range(20)])
    gaps = [after - before for before, after in pairwise(at)]
    assert min(gaps) >= timedelta(seconds=55)


def test_a_letter_that_is_tried_again_takes_one_place_and_counts_for_its_first_day():
    plan = Plan(start=3, spread=timedelta(seconds=3))
    new = MemoryTransport({"n1@gmail.com": ["451 4.7.1 Greylisted", "250 2.0.0 Ok"]})
    warmup, clock = Warmup({"new": plan}), FakeClock(datetime(2026, 3, 2, 23, 58, tzinfo=UTC))
    assert run(sender(warmup, new, clock=clock), [job(number) for number in range(3)])[JobState.ACCEPTED] == 3
    assert clock.now().day == 3
    assert (days(warmup)[2].sent, days(warmup)[2].accepted) == (3, 3)
    assert 3 not in days(warmup)


def test_a_second_try_leaves_the_places_of_its_day_to_others():
    new = MemoryTransport({"n0@gmail.com": ["451 4.7.1 Greylisted", "250 2.0.0 Ok"]})
    warmup = Warmup({"new": PLAN})
    it = sender(warmup, new)
    assert run(it, [job(number) for number in range(10)])[JobState.ACCEPTED] == 10
    assert run(it, [job(number) for number in range(10, 20)])[JobState.ACCEPTED] == 10
    assert days(warmup)[2].sent == 20
    assert it.clock.now().day == 2


def test_what_never_left_costs_no_place():
    def answer(envelope):
        return Unsendable(reason="no") if envelope.recipient.address.local < "n2" else None

    warmup = Warmup({"new": PLAN})
    summary = run(sender(warmup, MemoryTransport(answer)), [job(number) for number in range(4)])
    assert summary.outcomes == {"failed": 2, "accepted": 2}
    assert (days(warmup)[2].sent, days(warmup)[2].accepted) == (2, 2)


def test_a_place_that_is_given_back_on_another_day_is_lost():
    warmup, tomorrow = Warmup({"new": PLAN}), START + timedelta(days=1)
    before = warmup.places("new", "gmail", now=START)
    warmup.take("new", "gmail", START)
    warmup.give_back("new", "gmail", tomorrow)
    assert warmup.places("new", "gmail", now=START) == before - 1
    warmup.give_back("old", "gmail", tomorrow)  # it is warm, and has no places
    assert warmup.places("old", "gmail", now=tomorrow) is None


def test_a_provider_that_speaks_of_our_reputation_pauses_the_warm_up():
    refusal = "550 5.7.1 Service unavailable, the client host is blocked using Spamhaus"
    warmup = Warmup({"new": Plan(start=100, spread=timedelta(minutes=1))}, overflow={"new": "old"})
    old = MemoryTransport()
    run(sender(warmup, MemoryTransport(lambda envelope: refusal), old), [job(number) for number in range(60)])
    assert warmup.state("new", "gmail").paused_until is not None
    assert days(warmup)[2].blocked < 60
    assert old.messages


def test_each_provider_is_warmed_up_by_itself():
    new, warmup = MemoryTransport(), Warmup({"new": {"gmail": PLAN}})
    yahoo = [Envelope(sender="shop@example.com", recipient=f"n{n}@yahoo.com") for n in range(30)]
    it = sender(warmup, new)
    it.add_sync([job(number) for number in range(30)] + [job(f"y{n}", envelope=to) for n, to in enumerate(yahoo)])
    assert it.run_sync(until="idle").providers == {"gmail": {"accepted": 20}, "yahoo": {"accepted": 30}}


def test_a_lost_answer_counts_as_sent_and_not_as_delivered():
    lost = Lost(phase=Phase.MESSAGE, server="a:25", reason="gone")
    warmup = Warmup({"new": PLAN})
    assert run(sender(warmup, MemoryTransport({"n1@gmail.com": lost})), [job(1), job(2)])[JobState.UNKNOWN] == 1
    assert (days(warmup)[2].sent, days(warmup)[2].accepted) == (2, 1)


def test_a_letter_of_which_nobody_knows_what_came_counts_as_sent():
    warmup = Warmup({"new": PLAN})
    it = sender(warmup)
    held, way = held_job()
    it.warming.carried(held, START)
    it.warming.settled(held, None, START)
    assert days(warmup)[2].sent == 1
    assert way.identity == "new"


def held_job(number=1, tries=0):
    from mailkit.send.dispatcher_pools import Held, Pool, Stream, Way

    lease = Lease(number=number, job=job(number), epoch=1, tries=tries, until=START + HOUR, queued_at=START)
    way = Way(identity="new", provider="gmail")
    return Held(lease, Stream(lane=None, way=way, pool=Pool(name="", capacity=1, target=1)), START + HOUR), way


def test_only_so_many_letters_that_are_put_off_are_remembered(monkeypatch):
    monkeypatch.setattr("mailkit.send.warming._MOST_KEPT", 1)
    warmup = Warmup({"new": PLAN})
    warming = Warming(warmup, Shaper(Limits()))
    for number in (1, 2):
        held, _ = held_job(number)
        event = held.lease.job.event("deferred", START, cause="greylisted")
        due = START + HOUR
        settlement = Settlement(lease=held.lease, state=JobState.DEFERRED, event=event, due=due)
        warming.carried(held, START)
        warming.settled(held, settlement, START)
    tomorrow = START + timedelta(days=1)
    for number in (1, 2):
        held, _ = held_job(number, tries=1)
        event = held.lease.job.event("accepted", tomorrow)
        warming.carried(held, tomorrow)
        warming.settled(held, Settlement(lease=held.lease, state=JobState.ACCEPTED, event=event), tomorrow)
    assert days(warmup)[2].accepted == 1  # that of the second; the first counts for the day on which it came


def test_a_deferral_of_a_later_try_speaks_of_the_day_on_which_it_came():
    warmup = Warmup({"new": PLAN})
    warming = Warming(warmup, Shaper(Limits()))
    held, _ = held_job(tries=1)
    event = held.lease.job.event("deferred", START, cause="throttled", action="slow")
    settlement = Settlement(lease=held.lease, state=JobState.DEFERRED, event=event, due=START + HOUR)
    warming.settled(held, settlement, START)
    assert days(warmup)[2].throttled == 1


# -- what is kept


def test_what_is_kept_goes_on_in_the_next_process():
    shelf = Shelf()
    assert isinstance(shelf, States)
    for place in range(3):
        warmup = Warmup({"new": PLAN}, overflow={"new": "old"}, patience=HOUR)
        new = MemoryTransport()
        it = sender(warmup, new, MemoryTransport(), states=shelf, clock=FakeClock(START + place * HOUR))
        run(it, [job(f"{place}.{number}") for number in range(15)])
        assert len(new.messages) == [15, 5, 0][place]
    assert days(warmup)[2].accepted == 20


def test_what_a_warm_up_knew_before_it_was_shared_is_kept():
    before = Warmup({"new": PLAN})
    run(sender(before), [job(number) for number in range(15)])
    warmup = Warmup.from_text(before.to_text(), {"new": PLAN}, overflow={"new": "old"})
    new, clock = MemoryTransport(), FakeClock(START + HOUR)
    shelf = Shelf()
    run(sender(warmup, new, MemoryTransport(), states=shelf, clock=clock), [job(f"b{n}") for n in range(15)])
    assert 0 < len(new.messages) <= 5
    assert days(warmup)[2].sent == 15 + len(new.messages)


def test_two_processes_never_have_more_places_than_there_are():
    shelf, outbox, new = Shelf(), MemoryOutbox(), [MemoryTransport(), MemoryTransport()]
    plans = {"new": PLAN}
    senders = [
        sender(
            Warmup(plans, overflow={"new": "old"}, patience=HOUR), one, MemoryTransport(), states=shelf, outbox=outbox
        )
        for one in new
    ]
    senders[0].add_sync([job(number) for number in range(60)])

    async def both():
        clock = senders[0].clock
        senders[1].clock = clock
        return await asyncio.gather(*(one.run() for one in senders))

    assert sum(summary[JobState.ACCEPTED] for summary in asyncio.run(both())) == 60
    assert 10 <= sum(len(one.messages) for one in new) <= 20


def test_what_a_provider_said_is_heeded_by_the_next_process_and_by_others():
    shelf, limits = Shelf(), Limits(default=Shape())
    busy = MemoryTransport(lambda envelope: "421 4.7.28 Gmail has detected an unusual rate of unsolicited mail")
    first = Sender(transport=busy, outbox=MemoryOutbox(), limits=limits, states=shelf, clock=FakeClock(START))
    first.add_sync([job(1, identity="")])
    first.run_sync(until="idle")
    second = Sender(
        transport=MemoryTransport(), outbox=MemoryOutbox(), limits=limits, states=shelf, clock=FakeClock(START)
    )
    second.add_sync([job(number, identity="") for number in range(200)])
    summary = second.run_sync()
    assert summary.duration > timedelta(minutes=2)  # 60 a minute, for an hour
    writes = shelf.writes
    second.run_sync()
    assert shelf.writes == writes  # nothing is new


def test_what_is_learnt_reaches_a_run_that_goes_on():
    shelf, limits = Shelf(), Limits(default=Shape())
    one, two = Shaper(limits), Shaper(limits)

    async def talk():
        kept = [Kept(shelf, shaper, None) for shaper in (one, two)]
        for each in kept:
            await each.look((), START)
        one._way("", "gmail").close(START + HOUR)
        for seconds in (1, 6):
            for each in kept:
                await each.look((), START + timedelta(seconds=seconds))
            yield two.room("", "gmail", START)

    async def told():
        return [room async for room in talk()]

    assert asyncio.run(told()) == [5, 0]


def test_whoever_is_never_the_first_to_write_leaves_it_to_the_next_time():
    class Busy(Shelf):
        async def save(self, name, text, *, version=0):
            return False

    shaper, warmup = Shaper(Limits()), Warmup({"new": PLAN})
    shaper._way("new", "gmail").close(START + HOUR)
    warming = Warming(warmup, shaper)

    async def keep():
        kept = Kept(Busy(), shaper, warming)
        warmup.sent("new", "gmail", START)
        await kept.look((), START)
        await kept.save(START)

    asyncio.run(keep())
    assert warmup.state("new", "gmail").today is None


def test_states_that_fail_end_the_run_and_hide_no_other_error():
    class Broken(Shelf):
        async def load(self, name):
            raise StoreError("shop.db", "is locked")

    it = sender(Warmup({"new": PLAN}), states=Broken())
    it.add_sync([job(1)])
    with pytest.raises(StoreError, match="locked"):
        it.run_sync()


def test_a_shared_warm_up_without_a_place_to_share_it_cannot_be_built():
    with pytest.raises(InvalidValue, match=r"Sender\.states.*store\.states"):
        sender(Warmup({"new": PLAN}, is_shared=True))


def test_gates_hold_a_warm_up_that_is_told_of_bounces():
    plan = Plan(start=100, spread=timedelta(minutes=1), gates=Gates())
    warmup = Warmup({"new": plan})
    unknown = MemoryTransport(
        lambda envelope: "550 5.1.1 No such user" if envelope.recipient.address.local < "n2" else None
    )
    run(sender(warmup, unknown), [job(number) for number in range(100)])
    warmup.advance(START + timedelta(days=1))
    assert warmup.state("new", "gmail").step == 0
