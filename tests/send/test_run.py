"""What a run does while others pause, stop, sign and unsubscribe, without a network and without waiting."""

import asyncio
import os
import signal
from datetime import timedelta

import pytest

from mailkit import Event, Kind, LetterState, MailkitError, letter_state
from mailkit.clock import SystemClock
from mailkit.errors import InvalidValue, StoreError
from mailkit.send import JobState, Limits, MemoryOutbox, Phase, Rate, Reply, RetryPolicies, RetryPolicy, Sender
from mailkit.send.caps import Cap, Caps
from mailkit.send.limits.quota import Quota
from mailkit.send.limits.shaper import Shaper
from mailkit.send.transport import Accepted, Lost, Refused
from mailkit.testing.clock import FakeClock
from mailkit.testing.transport import MemoryTransport
from tests.send.runs import START, job, run, sender

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
UNHEARD = Lost(phase=Phase.MESSAGE, server="a:25", reason="gone")


def counts(it):
    return asyncio.run(it.outbox.counts())


class Waits(MemoryTransport):
    """Delivers once it is told to go on."""

    def __init__(self):
        super().__init__()
        self.begun, self.go_on = asyncio.Event(), asyncio.Event()

    async def deliver(self, envelope, raw, *, commit):
        self.begun.set()
        await self.go_on.wait()
        return await super().deliver(envelope, raw, commit=commit)


# -- pause, resume, cancel


def test_what_is_paused_is_left_open_and_the_summary_says_so():
    it = sender()
    it.add_sync([job("anna", campaign="june"), job("ben", campaign="july")])
    it.pause_sync("june")
    summary = it.run_sync()
    assert (summary[JobState.ACCEPTED], summary.open_jobs, summary.paused) == (1, 1, {"june"})
    assert "1 still open; paused: 'june'" in str(summary)
    it.resume_sync("june")
    assert it.run_sync()[JobState.ACCEPTED] == 1


def test_with_everything_paused_nothing_is_sent():
    it = sender()
    it.add_sync([job("anna")])
    it.pause_sync()
    assert "paused: everything" in str(it.run_sync())
    assert it.transport.messages == []


def test_a_pause_stops_what_is_under_way_before_its_final_dot_and_gives_back_the_rest():
    async def main():
        transport = Waits()
        it = sender(transport, workers=2)
        await it.add([job(f"n{number}", campaign="june") for number in range(9)])
        task = asyncio.create_task(it.run())
        await transport.begun.wait()
        await it.pause("june")
        transport.go_on.set()
        return await task, transport.messages, await it.outbox.counts()

    summary, messages, states = asyncio.run(main())
    assert messages == []
    assert states == {JobState.QUEUED: 9}
    assert (summary.total, summary.open_jobs) == (0, 9)


def test_what_another_process_pauses_is_seen_within_half_a_second():
    async def main():
        transport = Waits()
        it = sender(transport, workers=1, clock=SystemClock())
        await it.add([job("anna", campaign="june"), job("ben", campaign="june")])
        task = asyncio.create_task(it.run())
        await transport.begun.wait()
        await it.outbox.pause("june")
        while (await it.outbox.counts()).get(JobState.QUEUED) != 1:
            await asyncio.sleep(0.01)
        transport.go_on.set()
        return await task

    assert asyncio.run(asyncio.wait_for(main(), 20)).open_jobs == 2


def test_a_cancelled_campaign_is_called_back_while_a_run_holds_it():
    async def main():
        transport = Waits()
        it = sender(transport, workers=2)
        await it.add([*(job(f"n{number}", campaign="june") for number in range(9)), job("ben", campaign="july")])
        task = asyncio.create_task(it.run())
        await transport.begun.wait()
        assert await it.cancel("june") == 9
        transport.go_on.set()
        return await task, transport.messages, await it.outbox.counts()

    summary, messages, states = asyncio.run(main())
    assert [recipient for recipient, _ in messages] == ["ben@example.org"]
    assert states == {JobState.CANCELLED: 9, JobState.ACCEPTED: 1}
    assert summary.is_complete


def test_a_campaign_can_be_cancelled_from_synchronous_code():
    it = sender()
    it.add_sync([job("anna", campaign="june")])
    assert it.cancel_sync("june") == 1
    assert it.run_sync().is_complete


# -- when a run ends


def test_a_run_until_stopped_takes_what_comes_and_ends_when_it_is_told_to():
    async def main():
        it = sender(on_event=lambda event: event.person == "ben" and it.stop())
        await it.add([job("anna")])
        task = asyncio.create_task(it.run(until="stopped"))
        while not it.transport.messages:
            await asyncio.sleep(0)
        await it.add([job("ben")])
        return await task

    summary = asyncio.run(asyncio.wait_for(main(), 20))
    assert (summary[JobState.ACCEPTED], summary.was_stopped) == (2, True)
    assert str(summary).endswith("; stopped; 2 tries")


def test_stopping_a_sender_that_does_not_run_does_nothing():
    it = sender()
    it.stop()
    it.add_sync([job("anna")])
    assert it.run_sync()[JobState.ACCEPTED] == 1


def test_a_run_until_idle_does_not_wait_long_for_a_limit():
    limits = Limits(overall=Rate(1, per=timedelta(hours=1)))
    it = sender(limits=limits)
    it.add_sync([job("anna"), job("ben")])
    summary = it.run_sync(until="idle")
    assert (summary[JobState.ACCEPTED], summary.open_jobs) == (1, 1)


@pytest.mark.parametrize("until", ["done", None, True])
def test_a_run_that_would_never_know_its_end_is_refused(until):
    with pytest.raises(InvalidValue, match="write 'empty', 'idle' or 'stopped'"):
        sender().run_sync(until=until)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_run_in_good_order(number):
    class Signals(MemoryTransport):
        async def deliver(self, envelope, raw, *, commit):
            if not self.messages:
                os.kill(os.getpid(), number)
                await asyncio.sleep(0.05)
            return await super().deliver(envelope, raw, commit=commit)

    before = signal.getsignal(number)
    it = sender(Signals(), workers=1)
    it.add_sync([job(f"n{n}") for n in range(9)])
    summary = it.run_sync()
    assert summary.was_stopped
    assert counts(it) == {JobState.ACCEPTED: 1, JobState.QUEUED: 8}
    assert signal.getsignal(number) == before


def test_a_run_that_shall_not_handle_signals_leaves_them_alone():
    seen = []
    it = sender(on_event=lambda event: seen.append(signal.getsignal(signal.SIGTERM)))
    it.add_sync([job("anna")])
    it.run_sync(handle_signals=False)
    assert seen == [signal.getsignal(signal.SIGTERM)]


# -- what may have arrived


def test_what_may_have_arrived_is_held_for_news_and_tried_again_for_receipts():
    transport = MemoryTransport({f"{name}@example.org": [UNHEARD, "250 Ok"] for name in ("anna", "ben")})
    told = []
    jobs = [job("anna"), job("ben", is_transactional=True)]
    summary, it = run(jobs, transport, on_event=told.append)
    assert summary.outcomes == {JobState.UNKNOWN: 1, JobState.ACCEPTED: 1}
    kinds = [event.kind for event in it.outbox.events if event.person == "ben" and event.kind != Kind.QUEUED]
    assert kinds == [Kind.UNKNOWN, Kind.DEFERRED, Kind.ACCEPTED]
    assert [event.kind for event in told if event.person == "ben"] == kinds
    assert letter_state([event for event in it.outbox.events if event.person == "ben"]) is LetterState.ACCEPTED


def test_what_stays_unheard_ends_as_unknown_and_not_as_given_up():
    retry = RetryPolicy(on_unknown="retry", most_tries=2)
    summary, it = run([job("anna")], MemoryTransport({"anna@example.org": UNHEARD}), retry=retry)
    assert summary.outcomes == {JobState.UNKNOWN: 1}
    assert counts(it) == {JobState.UNKNOWN: 1}


@pytest.mark.parametrize(("is_transactional", "ends"), [(True, JobState.ACCEPTED), (False, JobState.UNKNOWN)])
def test_after_a_crash_the_policy_of_the_class_decides(is_transactional, ends):
    it = sender()
    it.add_sync([job("anna", is_transactional=is_transactional)])

    async def crash():
        leases = await it.outbox.lease(now=START, until=START + timedelta(minutes=5), limit=2)
        await it.outbox.mark_data_sent(leases, now=START)

    asyncio.run(crash())
    summary = it.run_sync()
    assert summary.outcomes == {ends: 1}


# -- who must not be written to


def test_caps_put_off_what_would_be_too_much_and_drop_what_cannot_wait():
    caps = Caps(Cap(2, within=12 * HOUR))
    jobs = [job("anna", campaign=str(number), not_before=START + number * HOUR) for number in range(3)]
    late = job("anna", campaign="sale", not_before=START + 3 * HOUR, expires_at=START + 6 * HOUR)
    summary, it = run([*jobs, late, job("anna", campaign="receipt", is_transactional=True)], caps=caps)
    assert summary.outcomes == {JobState.ACCEPTED: 4, JobState.SUPPRESSED: 1}
    assert "suppressed once: cap" in str(summary)
    at = sorted(event.at for event in it.outbox.events if event.kind == Kind.ACCEPTED)
    assert at[-1] - START >= 12 * HOUR


def test_a_staging_system_writes_only_to_whom_it_may():
    jobs = [job("anna"), job("ben"), job("carl", domain="example.com")]
    summary, it = run(jobs, only_to=["Anna@example.org", "@example.com"])
    assert summary.outcomes == {JobState.ACCEPTED: 2, JobState.SUPPRESSED: 1}
    assert "suppressed once: staging" in str(summary)
    assert "ben@example.org" not in [recipient for recipient, _ in it.transport.messages]


@pytest.mark.parametrize("wrong", ["anna@example.org", ["anna"], [5]])
def test_a_staging_system_that_names_nobody_cannot_be_built(wrong):
    with pytest.raises(InvalidValue, match="only_to"):
        sender(only_to=wrong)


def test_an_unsubscription_that_others_took_is_heeded_within_a_second():
    class News:
        def __init__(self):
            self.events = [Event(kind="unsubscribed", person="anna", at=START)]

        async def since_last(self):
            events, self.events = self.events, []
            return events

    summary, _ = run([job("anna"), job("ben")], news=News())
    assert summary.outcomes == {JobState.SUPPRESSED: 1, JobState.ACCEPTED: 1}


# -- prepared letters


class Signer:
    """Puts a line before the letter, unless the letter breaks it."""

    def __init__(self, *, is_slow):
        self.is_slow = is_slow

    def sign(self, raw, *, now=None):
        if b"break" in raw:
            raise ValueError("the key is broken")
        return "signed" if b"text" in raw else b"Signed: yes\r\n" + raw


@pytest.mark.parametrize("is_slow", [True, False])
def test_letters_are_signed_and_one_that_cannot_be_fails_alone(is_slow):
    jobs = [job(f"n{number}") for number in range(30)]
    jobs += [job("ben", raw=b"break"), job("carl", raw=b"text")]
    summary, it = run(jobs, signer=Signer(is_slow=is_slow), signing_threads=2)
    assert summary.outcomes == {JobState.ACCEPTED: 30, JobState.FAILED: 2}
    assert all(raw.startswith(b"Signed: yes\r\n") for _, raw in it.transport.messages)
    assert "failed once: the letter could not be signed: ValueError: the key is broken" in str(summary)
    assert "sign gave str where finished bytes are needed" in str(summary)


def test_a_run_that_is_stopped_while_letters_are_signed_gives_them_back():
    class Stops(Signer):
        def sign(self, raw, *, now=None):
            it.stop()
            return raw

    it = sender(signer=Stops(is_slow=True), signing_threads=1)
    it.add_sync([job(f"n{number}") for number in range(20)])
    summary = it.run_sync()
    assert sum(counts(it).values()) == 20
    assert set(counts(it)) <= {JobState.QUEUED, JobState.ACCEPTED}
    assert summary.was_stopped


def test_a_second_cancellation_waits_for_no_signature():
    async def main():
        signing, go_on = asyncio.Event(), []
        loop = asyncio.get_running_loop()

        class Hangs(Signer):
            def sign(self, raw, *, now=None):
                loop.call_soon_threadsafe(signing.set)
                while not go_on:
                    pass
                return raw

        it = sender(signer=Hangs(is_slow=True), signing_threads=1)
        await it.add([job("anna")])
        task = asyncio.create_task(it.run())
        await signing.wait()
        for _ in range(2):
            task.cancel()
            await asyncio.sleep(0)
        go_on.append(True)
        with pytest.raises(asyncio.CancelledError):
            await task
        return await it.outbox.counts()

    assert asyncio.run(main()) == {JobState.LEASED: 1}


# -- several identities, and what is watched


def test_letters_go_by_the_transport_of_their_identity():
    one, other, rest = MemoryTransport(), MemoryTransport(), MemoryTransport()
    jobs = [job("anna", identity="ip1"), job("ben", identity="ip2"), job("carl", identity="ip3")]
    it = Sender(transports={"ip1": one, "ip2": other}, transport=rest, outbox=MemoryOutbox(), clock=FakeClock(START))
    it.add_sync(jobs)
    it.run_sync()
    assert [[recipient for recipient, _ in each.messages] for each in (one, other, rest)] == [
        ["anna@example.org"],
        ["ben@example.org"],
        ["carl@example.org"],
    ]


def test_a_sender_without_a_transport_cannot_be_built():
    with pytest.raises(InvalidValue, match="has no transport"):
        Sender(outbox=MemoryOutbox())


def test_whoever_watches_hears_of_each_letter():
    class Watch:
        def __init__(self):
            self.heard = []

        def leased(self, count):
            self.heard.append(("leased", count))

        def started(self, job):
            self.heard.append(("started", job.person))

        def settled(self, settlement, seconds):
            self.heard.append((settlement.state.value, seconds))

    clock = FakeClock(START)

    class Slow(MemoryTransport):
        async def deliver(self, envelope, raw, *, commit):
            clock.advance(timedelta(seconds=2))
            return await super().deliver(envelope, raw, commit=commit)

    watch = Watch()
    run([job("anna"), job("ben", expires_at=START)], Slow(), watch=watch, clock=clock)
    assert sorted(watch.heard, key=str) == [("accepted", 2.0), ("expired", 0.0), ("leased", 2), ("started", "anna")]


def test_providers_are_filled_in_and_counted():
    jobs = [job("anna", domain="gmail.com"), job("ben"), job("carl", domain="gmail.com", provider="ours")]
    summary, _ = run(jobs, MemoryTransport({"anna@gmail.com": "550 5.1.1 No such user"}))
    accepted = {JobState.ACCEPTED: 1}
    assert summary.providers == {"gmail": {JobState.BOUNCED: 1}, "": accepted, "ours": accepted}


def test_a_provider_that_turns_us_away_is_left_alone_and_that_is_logged(caplog):
    busy = Refused(reply=Reply.parse("421 4.7.28 Gmail has detected an unusual rate of mail"), phase=Phase.DATA)
    transport = MemoryTransport({"anna@gmail.com": [busy, "250 Ok"]})
    jobs = [job("anna", domain="gmail.com"), job("ben")]
    summary, _ = run(jobs, transport, limits=Limits(providers={"gmail": Rate(5, per=timedelta(seconds=1))}))
    assert summary.outcomes == {JobState.ACCEPTED: 2}
    assert any("gmail" in record.getMessage() for record in caplog.records)


def test_a_server_that_says_when_to_come_again_is_heard():
    transport = MemoryTransport({"anna@example.org": ["451 4.7.1 Greylisted, try again in 1200 seconds", "250 Ok"]})
    summary, it = run([job("anna")], transport)
    assert summary[JobState.ACCEPTED] == 1
    assert timedelta(minutes=20) <= it.clock.now() - START <= timedelta(minutes=25)


# -- what breaks


def test_so_many_untold_outcomes_hold_up_new_letters():
    most = []

    class Counts(MemoryOutbox):
        async def settle(self, settlements):
            most.append(len(settlements))
            return await super().settle(settlements)

    async def slowly(event):
        for _ in range(20):
            await asyncio.sleep(0)

    letters = [job(f"n{number}") for number in range(3000)]
    summary, _ = run(letters, outbox=Counts(), workers=50, on_event=slowly)
    assert summary[JobState.ACCEPTED] == 3000
    assert 400 < max(most) <= 501 + 50


def test_an_outbox_that_cannot_write_outcomes_ends_the_run_with_its_error():
    class Fails(MemoryOutbox):
        async def settle(self, settlements):
            raise StoreError("the disk is full")

    it = sender(outbox=Fails())
    it.add_sync([job("anna")])
    with pytest.raises(StoreError, match="disk is full"):
        it.run_sync()


def test_a_transport_that_gave_up_waiting_for_its_mark_hears_nothing_of_it():
    class Impatient(MemoryTransport):
        async def deliver(self, envelope, raw, *, commit):
            answer = commit()
            assert commit() is answer
            answer.cancel()
            return Lost(phase=Phase.RCPT, server="a:25", reason="gone")

    async def fails(leases, *, now):
        raise StoreError("the disk is full")

    summary, _ = run([job("anna")], Impatient(), retry=RetryPolicy(most_tries=1))
    assert summary.outcomes == {JobState.EXPIRED: 1}
    it = sender(Impatient())
    it.outbox.mark_data_sent = fails
    it.add_sync([job("anna")])
    with pytest.raises(StoreError, match="disk is full"):
        it.run_sync()


@pytest.mark.parametrize("what", ["settle", "mark_data_sent"])
def test_an_outbox_whose_writing_is_cancelled_ends_the_run(what):
    async def cancels(*_, **__):
        raise asyncio.CancelledError

    it = sender()
    setattr(it.outbox, what, cancels)
    it.add_sync([job("anna")])
    with pytest.raises(MailkitError, match="cancelled from within, by the outbox"):
        it.run_sync()


def test_progress_that_breaks_over_what_was_left_behind_ends_the_run():
    def progress(done, total):
        raise BrokenPipeError

    it = sender(progress=progress)
    it.add_sync([job("anna")])

    async def crash():
        leases = await it.outbox.lease(now=START, until=START, limit=2)
        await it.outbox.mark_data_sent(leases, now=START - DAY)

    asyncio.run(crash())
    with pytest.raises(BrokenPipeError):
        it.run_sync()


def test_policies_of_each_class_are_kept_apart():
    retry = RetryPolicies(bulk=RetryPolicy(most_tries=1), transactional=RetryPolicy(most_tries=2))
    later = {f"{name}@example.org": "451 4.3.0 Later" for name in ("anna", "ben")}
    summary, _ = run([job("anna"), job("ben", is_transactional=True)], MemoryTransport(later), retry=retry)
    assert summary.tries == 3


def test_a_letter_that_was_delivered_twice_by_mistake_counts_once():
    class Twice(MemoryTransport):
        async def deliver(self, envelope, raw, *, commit):
            await it.outbox.recover(now=START + DAY)
            return Accepted(reply=Reply.parse("250 Ok"))

    it = sender(Twice(), retry=RetryPolicy(most_tries=1))
    it.add_sync([job("anna")])
    asyncio.run(asyncio.wait_for(_stopping_soon(it), 20))
    assert counts(it) == {JobState.QUEUED: 1}


async def _stopping_soon(it):
    task = asyncio.create_task(it.run())
    for _ in range(50):
        await asyncio.sleep(0)
    it.stop()
    return await task


def test_a_quota_counts_only_what_a_server_took():
    answers = {"anna@example.org": ["451 4.3.0 Later", "250 Ok"], "ben@example.org": "550 5.1.1 No such user"}
    limits = Limits(accounts={"shop": Quota(2, per="day")})
    jobs = [job(name, account="shop") for name in ("anna", "ben", "carl", "dora")]
    summary, it = run(jobs, MemoryTransport(answers), limits=limits)
    assert summary.outcomes == {JobState.ACCEPTED: 3, JobState.BOUNCED: 1}
    days = sorted(event.at.date() for event in it.outbox.events if event.kind == Kind.ACCEPTED)
    assert [day.day for day in days] == [1, 1, 2]


def test_a_shaper_of_ones_own_is_asked():
    shaper = Shaper(Limits(domains={"example.org": Rate(1, per=timedelta(minutes=1))}))
    summary, _ = run([job("anna"), job("ben")], shaper=shaper)
    assert list(summary.providers) == ["example.org"]
    assert summary.duration >= timedelta(minutes=1)


def test_an_accepted_letter_says_where_it_went_and_what_it_was():
    def answer(envelope):
        return Accepted(reply=Reply.parse("250 Ok"), server="mx.example.org:25")

    one = job("anna", topic="news", is_transactional=True, identity="ip1", provider="gmail")
    _, it = run([one], MemoryTransport(answer))
    said = it.outbox.events[-1].properties
    about = {"server": "mx.example.org:25", "topic": "news", "transactional": True, "identity": "ip1"}
    assert about.items() <= said.items()


def test_a_second_cancellation_cuts_off_writing_and_telling():
    async def main(where):
        reached = asyncio.Event()

        async def hangs(*_, **__):
            reached.set()
            await asyncio.Event().wait()

        it = sender(on_event=hangs if where == "on_event" else None)
        if where != "on_event":
            setattr(it.outbox, where, hangs)
        await it.add([job("anna")])
        task = asyncio.create_task(it.run())
        await reached.wait()
        for _ in range(2):
            task.cancel()
            await asyncio.sleep(0)
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.sleep(0)
        return asyncio.all_tasks() - {asyncio.current_task()}

    for where in ("on_event", "settle", "mark_data_sent"):
        assert asyncio.run(main(where)) == set()


def test_an_event_loop_that_ends_under_a_run_takes_it_along():
    class Parked(SystemClock):
        async def sleep(self, length):
            await asyncio.Event().wait()

    async def main():
        it = sender(clock=Parked())
        task = asyncio.create_task(it.run(until="stopped"))
        for _ in range(20):
            await asyncio.sleep(0)
        await it.add([job("anna")])
        for _ in range(20):
            await asyncio.sleep(0)
        return task, it.transport.messages

    task, messages = asyncio.run(main())
    assert task.cancelled()
    assert [recipient for recipient, _ in messages] == ["anna@example.org"]


class Breaks:
    """Watches, and breaks at each outcome, though it must not."""

    def leased(self, count):
        pass

    def started(self, job):
        pass

    def settled(self, settlement, seconds):
        raise ValueError(settlement.lease.job.person)


def test_what_breaks_over_an_outcome_ends_the_run_and_does_not_leave_it_hanging():
    it = sender(watch=Breaks())
    it.add_sync([job("anna"), job("ben")])
    with pytest.raises(ValueError, match=r"anna|ben"):
        it.run_sync()
    assert JobState.LEASED not in counts(it)


def test_facts_that_caps_cannot_take_end_the_run_and_do_not_leave_it_hanging():
    class NoCaps(Caps):
        def feed(self, event):
            raise ValueError("full")

    it = sender(caps=NoCaps(Cap(1, within=DAY)))
    it.add_sync([job("anna"), job("ben")])
    with pytest.raises(ValueError, match="full"):
        it.run_sync()


class Calls(MemoryOutbox):
    """Writes slowly, and remembers what was written at once."""

    def __init__(self):
        super().__init__()
        self.calls = []

    async def mark_data_sent(self, leases, *, now):
        self.calls.append(("mark", len(leases)))
        await asyncio.sleep(0.001)
        return await super().mark_data_sent(leases, now=now)

    async def settle(self, settlements):
        self.calls.append(("settle", len(settlements)))
        await asyncio.sleep(0.001)
        return await super().settle(settlements)


def test_marks_and_outcomes_of_many_letters_are_written_together():
    outbox = Calls()
    summary, _ = run([job(f"n{number}") for number in range(200)], outbox=outbox, workers=20)
    assert summary[JobState.ACCEPTED] == 200
    assert len([count for what, count in outbox.calls if what == "mark"]) <= 20
    assert len([count for what, count in outbox.calls if what == "settle"]) <= 20


def test_a_letter_whose_transport_breaks_before_it_asks_for_the_mark_has_not_been_sent():
    class BreaksLater(MemoryTransport):
        async def deliver(self, envelope, raw, *, commit):
            if envelope.recipient.address.local == "ben":
                await asyncio.sleep(0)
                raise RuntimeError("a mistake before anything was sent")
            return await super().deliver(envelope, raw, commit=commit)

    once = RetryPolicy(most_tries=1)
    summary, _ = run([job("anna"), job("ben")], BreaksLater(), workers=1, retry=once)
    assert summary.outcomes == {JobState.ACCEPTED: 1, JobState.EXPIRED: 1}  # and not unknown
