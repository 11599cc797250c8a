"""Stories of a sender, without a network and without waiting."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from mailkit import Envelope, Event, Kind, MailkitError, Suppression, letter_state
from mailkit.errors import StoreError, TransportError
from mailkit.send import Job, JobState, Limits, MemoryOutbox, Phase, Rate, Reply, RetryPolicy, Sender
from mailkit.send.transport import Accepted, Lost
from mailkit.testing.clock import FakeClock
from mailkit.testing.transport import MemoryTransport

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


def job(name, **changes):
    given = {
        "person": name,
        "envelope": Envelope(sender="shop@example.com", recipient=f"{name}@example.org"),
        "message_id": f"{name}.{changes.get('campaign', '')}@example.com",
        "date": START,
        "raw": b"Subject: Hello\r\n\r\nHello",
    }
    return Job(**{**given, **changes})


def sender(transport=None, **options):
    options = {"clock": FakeClock(START), "rng": Random(1), "outbox": MemoryOutbox(), **options}
    return Sender(transport=transport or MemoryTransport(), **options)


def run(jobs, transport=None, **options):
    it = sender(transport, **options)
    it.add_sync(jobs)
    return it.run_sync(), it


def test_every_job_ends_in_exactly_one_state():
    answers = {
        "n1@example.org": "550 5.1.1 No such user",
        "n2@example.org": ["451 4.7.1 Greylisted", "250 Ok"],
        "n3@example.org": Lost(phase=Phase.MESSAGE, server="a:25", reason="gone"),
        "n4@example.org": "451 4.3.0 Later",
    }
    jobs = [job(f"n{number}") for number in range(30)]
    told = []
    summary, it = run(jobs, MemoryTransport(answers), on_event=told.append, retry=RetryPolicy(most_tries=3))
    assert summary.outcomes == {"accepted": 27, "bounced": 1, "unknown": 1, "expired": 1}
    assert summary.is_complete
    finals = [event for event in told if event.kind != Kind.DEFERRED]
    assert len({event.person for event in finals}) == len(finals) == 30
    assert told == [event for event in it.outbox.events if event.kind != Kind.QUEUED]
    for person in {event.person for event in told}:
        state = letter_state([event for event in it.outbox.events if event.person == person])
        assert state.is_final


def test_a_greylisted_letter_is_tried_again_once_its_time_has_come():
    transport = MemoryTransport({"anna@example.org": ["451 4.7.1 Greylisted", "250 2.0.0 Ok"]})
    summary, it = run([job("anna")], transport)
    assert summary[JobState.ACCEPTED] == 1
    assert (summary.tries, dict(summary.deferrals)) == (2, {"greylisted": 1})
    assert it.clock.now() - START >= timedelta(minutes=4)
    assert "put off once: greylisted" in str(summary)
    assert "greylisted: once" in summary._repr_html_()


def test_a_refused_recipient_is_not_tried_again_nor_written_to_by_the_next_job():
    transport = MemoryTransport({"anna@example.org": "550 5.1.1 No such user"})
    jobs = [job("anna", campaign="one"), job("anna", campaign="two"), job("ben")]
    summary, it = run(jobs, transport)
    assert summary.outcomes == {JobState.BOUNCED: 1, JobState.SUPPRESSED: 1, JobState.ACCEPTED: 1}
    suppressed = next(event for event in it.outbox.events if event.kind == Kind.SUPPRESSED)
    assert "550 5.1.1 No such user" in suppressed.properties["reason"]


def test_who_unsubscribed_gets_receipts_and_no_news():
    suppression = Suppression([Event(kind="unsubscribed", person="anna", at=START)])
    jobs = [job("anna", campaign="news"), job("anna", campaign="receipt", is_transactional=True)]
    summary, _ = run(jobs, suppression=suppression)
    assert summary.outcomes == {JobState.SUPPRESSED: 1, JobState.ACCEPTED: 1}


def test_a_letter_whose_time_is_over_is_not_sent():
    transport = MemoryTransport()
    summary, _ = run([job("anna", expires_at=START)], transport)
    assert summary.outcomes == {JobState.EXPIRED: 1}
    assert not transport.messages


def test_a_letter_that_cannot_be_rendered_fails_alone():
    def render(one):
        if one.person == "ben":
            raise KeyError("first_name")
        return b"" if one.person == "carl" else f"Subject: {one.record['name']}".encode()

    names = ("anna", "ben", "carl", "dora")
    jobs = [job(name, raw=b"", template="cart", record={"name": name}) for name in names]
    transport = MemoryTransport()
    summary, it = run(jobs, transport, render=render)
    assert summary.outcomes == {JobState.ACCEPTED: 2, JobState.FAILED: 2}
    reasons = sorted(event.properties["reason"] for event in it.outbox.events if event.kind == Kind.FAILED)
    assert "KeyError: 'first_name'" in reasons[0]
    assert "render gave bytes where finished bytes are needed" in reasons[1]


def test_a_template_without_render_fails_and_says_what_is_missing():
    _, it = run([job("anna", raw=b"", template="cart")])
    assert "'cart', and the Sender has no render=" in it.outbox.events[-1].properties["reason"]


def test_the_rate_is_kept_over_the_whole_run():
    clock, at = FakeClock(START), []

    class Timed(MemoryTransport):
        async def deliver(self, envelope, raw, *, commit):
            at.append(clock.now())
            return await super().deliver(envelope, raw, commit=commit)

    rate = Rate(10, per=timedelta(minutes=1), burst=3)
    summary, _ = run([job(f"n{n}") for n in range(60)], Timed(), clock=clock, limits=Limits(overall=rate))
    assert summary[JobState.ACCEPTED] == 60
    for start in at:
        assert sum(start <= moment < start + timedelta(minutes=1) for moment in at) <= 13
    assert timedelta(minutes=5) <= at[-1] - at[0] <= timedelta(minutes=6)


def test_a_rate_slower_than_a_lease_loses_no_job():
    limits = Limits(overall=Rate(1, per=timedelta(hours=1)))
    summary, _ = run([job(f"n{n}") for n in range(5)], limits=limits)
    assert (summary[JobState.ACCEPTED], summary.tries) == (5, 5)


def test_a_transport_that_raises_only_puts_off_what_was_not_sent():
    class Raises(MemoryTransport):
        async def deliver(self, envelope, raw, *, commit):
            if str(envelope.recipient.address).startswith("late"):
                await commit()
            if not self.messages:
                self.messages.append(("", b""))
                raise RuntimeError("plug pulled")
            return await super().deliver(envelope, raw, commit=commit)

    assert run([job("late")], Raises())[0].outcomes == {JobState.UNKNOWN: 1}
    summary, _ = run([job("soon")], Raises())
    assert summary.outcomes == {JobState.ACCEPTED: 1}
    assert "plug pulled" in next(iter(summary.deferrals))


def test_a_setup_that_can_never_work_is_told_before_any_job_is_taken():
    class Misconfigured(MemoryTransport):
        async def open(self):
            raise TransportError("a:25", "ehlo", "the login was refused")

    it = sender(Misconfigured())
    it.add_sync([job("anna")])
    with pytest.raises(TransportError, match="login was refused"):
        it.run_sync()
    assert asyncio.run(it.outbox.counts()) == {JobState.QUEUED: 1}


def test_a_listener_that_raises_stops_the_run_and_loses_nothing():
    def listener(event):
        raise ZeroDivisionError

    it = sender(on_event=listener)
    it.add_sync([job(f"n{n}") for n in range(100)])
    with pytest.raises(ZeroDivisionError):
        it.run_sync()
    counts = asyncio.run(it.outbox.counts())
    assert set(counts) == {JobState.ACCEPTED, JobState.QUEUED}
    it.on_event = None
    rest = it.run_sync()
    assert rest[JobState.ACCEPTED] == counts[JobState.QUEUED]


def test_a_listener_may_be_a_coroutine_function():
    told = []

    async def listener(event):
        await asyncio.sleep(0)
        told.append(event.kind)

    run([job("anna")], on_event=listener)
    assert told == [Kind.ACCEPTED]


def test_an_outbox_that_fails_ends_the_run_with_its_error():
    class Fails(MemoryOutbox):
        async def mark_data_sent(self, leases, *, now):
            raise StoreError("the disk is full")

    it = sender(outbox=Fails())
    it.add_sync([job("anna")])
    with pytest.raises(StoreError, match="disk is full"):
        it.run_sync()


def test_an_outbox_that_fails_when_jobs_are_given_back_hides_no_other_error():
    class Fails(MemoryOutbox):
        async def settle(self, settlements):
            if all(one.state is JobState.QUEUED for one in settlements):
                raise StoreError("the disk is full")
            return await super().settle(settlements)

    def listener(event):
        raise ZeroDivisionError

    it = sender(outbox=Fails(), on_event=listener)
    it.add_sync([job(f"n{n}") for n in range(100)])
    with pytest.raises(ZeroDivisionError):
        it.run_sync()


def test_a_lease_that_was_lost_is_neither_sent_nor_told():
    clock, told = FakeClock(START), []

    class Slow(MemoryTransport):
        async def deliver(self, envelope, raw, *, commit):
            if clock.now() == START:
                clock.advance(timedelta(hours=1))
            return await super().deliver(envelope, raw, commit=commit)

    summary, it = run([job("anna")], Slow(), clock=clock, on_event=told.append)
    assert [event.kind for event in told] == [Kind.ACCEPTED]
    assert (summary.total, summary.tries, len(it.transport.messages)) == (1, 2, 1)


def test_an_answer_that_comes_after_the_lease_does_not_change_what_was_told():
    clock = FakeClock(START)

    class Stalls(MemoryTransport):
        async def deliver(self, envelope, raw, *, commit):
            await commit()
            await outbox.recover(now=clock.now() + timedelta(hours=1))
            return Accepted(reply=Reply.parse("250 Ok"))

    outbox = MemoryOutbox()
    summary, _ = run([job("anna")], Stalls(), clock=clock, outbox=outbox)
    assert summary.total == 0
    assert asyncio.run(outbox.counts()) == {JobState.UNKNOWN: 1}


def test_what_another_run_left_behind_is_taken_up():
    it = sender()
    it.add_sync([job("anna"), job("ben")])

    async def crash():
        leases = await it.outbox.lease(now=START, until=START + timedelta(minutes=5), limit=2)
        await it.outbox.mark_data_sent(leases[:1], now=START)

    asyncio.run(crash())
    told = []
    it.on_event = told.append
    summary = it.run_sync()
    assert summary.outcomes == {JobState.UNKNOWN: 1, JobState.ACCEPTED: 1}
    assert Counter(event.kind for event in told) == {Kind.UNKNOWN: 1, Kind.ACCEPTED: 1}


def test_a_cron_job_sends_what_is_due_and_leaves_the_rest():
    it = sender(MemoryTransport({"anna@example.org": "451 4.7.1 Greylisted"}))
    it.add_sync([job("anna"), job("ben")])
    summary = it.run_sync(until_empty=False)
    assert (summary[JobState.ACCEPTED], summary.open_jobs, summary.is_complete) == (1, 1, False)
    assert "1 still open" in str(summary)
    assert "1 still open" in summary._repr_html_()


def test_cancelling_gives_back_what_was_not_begun_and_finishes_what_was():
    async def main():
        begun, go_on = asyncio.Event(), asyncio.Event()

        class Waits(MemoryTransport):
            async def deliver(self, envelope, raw, *, commit):
                begun.set()
                await go_on.wait()
                return await super().deliver(envelope, raw, commit=commit)

        it = sender(Waits(), workers=2)
        await it.add([job(f"n{n}") for n in range(20)])
        task = asyncio.create_task(it.run())
        await begun.wait()
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.sleep(0)
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        return await it.outbox.counts()

    counts = asyncio.run(main())
    assert set(counts) == {JobState.ACCEPTED, JobState.QUEUED}
    assert sum(counts.values()) == 20


def test_a_second_cancellation_cuts_off_and_the_leases_run_out():
    async def main():
        begun = asyncio.Event()

        class Hangs(MemoryTransport):
            async def deliver(self, envelope, raw, *, commit):
                await commit()
                begun.set()
                await asyncio.Event().wait()

        it = sender(Hangs(), workers=1)
        await it.add([job("anna"), job("ben")])
        task = asyncio.create_task(it.run())
        await begun.wait()
        task.cancel()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await it.outbox.recover(now=START + timedelta(hours=1))
        return await it.outbox.counts()

    assert asyncio.run(main()) == {JobState.UNKNOWN: 1, JobState.QUEUED: 1}


def test_it_runs_in_a_script_in_a_loop_and_in_a_with_block():
    async def main():
        it = sender()
        await it.add([job("anna")])
        async with it as same:
            first = await same.run()
        it.add_sync([job("ben")])
        with it:
            return first, it.run_sync()

    first, second = asyncio.run(main())
    assert (first[JobState.ACCEPTED], second[JobState.ACCEPTED]) == (1, 1)


def test_one_sender_does_one_run_at_a_time():
    async def main():
        it = sender()
        await it.add([job("anna")])
        await asyncio.gather(it.run(), it.run())

    with pytest.raises(MailkitError, match="running already"):
        asyncio.run(main())


def test_progress_counts_the_jobs_that_have_ended():
    seen = []
    run([job("anna"), job("ben")], progress=lambda done, total: seen.append((done, total)))
    assert seen == [(1, 2), (2, 2)]


def test_an_empty_outbox_is_done_at_once():
    summary, _ = run([])
    assert str(summary) == "0 jobs done in 0:00:00; 0 tries"
    assert "<tbody></tbody>" in summary._repr_html_()
