"""Stories of a sender, without a network and without waiting."""

import asyncio
import re
from collections import Counter
from datetime import timedelta
from types import SimpleNamespace

import pytest

from mailkit import Event, Kind, LetterState, MailkitError, Suppression, letter_state
from mailkit.clock import SystemClock
from mailkit.errors import InvalidValue, StoreError, TransportError
from mailkit.send import JobState, Limits, MemoryOutbox, Phase, Rate, Reply, RetryPolicy, Sender
from mailkit.send.transport import Accepted, Lost, Refused
from mailkit.testing.clock import FakeClock
from mailkit.testing.transport import MemoryTransport
from tests.send.runs import START, job, run, sender


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
    assert "put off once: greylisted" in summary._repr_html_()


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


def test_a_template_without_render_is_told_at_once_and_costs_no_letter():
    it = sender()
    it.add_sync([job("anna", raw=b"", template="cart"), job("ben")])
    with pytest.raises(InvalidValue, match=r"Sender\.render: .* asks for the template 'cart'"):
        it.run_sync()
    assert asyncio.run(it.outbox.counts()) == {JobState.QUEUED: 2}
    it.render = lambda one: b"Subject: Cart"
    assert it.run_sync()[JobState.ACCEPTED] == 2


def test_letters_that_failed_are_brought_back_once_the_cause_is_mended():
    summary, it = run([job("anna", raw=b"", template="cart")], render=lambda one: one.record["name"])
    assert "failed once: the letter could not be rendered: TypeError" in str(summary)
    it.render = lambda one: b"Subject: Cart"
    assert it.resolve_sync({"anna.@example.com": False}) == 1
    assert it.run_sync().outcomes == {JobState.ACCEPTED: 1}
    assert letter_state(it.outbox.events) is LetterState.ACCEPTED


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


def test_an_answer_that_comes_after_the_lease_is_kept_and_told():
    class Stalls(MemoryTransport):
        async def deliver(self, envelope, raw, *, commit):
            await commit()
            await outbox.recover(now=START + timedelta(hours=1))
            return Accepted(reply=Reply.parse("250 Ok"))

    outbox, told = MemoryOutbox(), []
    summary, _ = run([job("anna")], Stalls(), outbox=outbox, on_event=told.append)
    assert summary.outcomes == {JobState.ACCEPTED: 1}
    assert [event.kind for event in told] == [Kind.ACCEPTED]
    assert asyncio.run(outbox.counts()) == {JobState.ACCEPTED: 1}


def test_an_answer_that_comes_after_the_job_was_settled_by_hand_changes_nothing():
    class Stalls(MemoryTransport):
        async def deliver(self, envelope, raw, *, commit):
            await commit()
            await outbox.recover(now=START + timedelta(hours=1))
            await outbox.resolve({"anna.@example.com": True}, now=START)
            return Refused(reply=Reply.parse("550 5.1.1 No such user"), phase=Phase.MESSAGE)

    outbox, told = MemoryOutbox(), []
    summary, _ = run([job("anna")], Stalls(), outbox=outbox, on_event=told.append)
    assert (summary.total, told) == (0, [])
    assert asyncio.run(outbox.counts()) == {JobState.ACCEPTED: 1}


def test_a_run_that_gives_up_its_own_slow_letter_counts_it_as_what_it_became():
    clock, told, others = FakeClock(START), [], []

    class Stalls(MemoryTransport):
        async def deliver(self, envelope, raw, *, commit):
            if not str(envelope.recipient.address).startswith("slow"):
                others.append(envelope)
                return await super().deliver(envelope, raw, commit=commit)
            await commit()
            clock.advance(timedelta(hours=1))
            while len(others) < 50:
                await asyncio.sleep(0)
            return Accepted(reply=Reply.parse("250 Ok"))

    jobs = [job("slow", priority=1), *(job(f"n{number}") for number in range(50))]
    summary, it = run(jobs, Stalls(), clock=clock, on_event=told.append, workers=2)
    assert [event.kind for event in told if event.person == "slow"] == [Kind.UNKNOWN, Kind.ACCEPTED]
    assert (summary.outcomes, summary.reasons[JobState.UNKNOWN]) == ({JobState.ACCEPTED: 51}, {})
    assert asyncio.run(it.outbox.counts()) == {JobState.ACCEPTED: 51}


def left_behind(it, jobs, *, is_sent=True):
    """Put jobs in as a worker leaves them that was killed, with a lease of five minutes."""

    async def crash():
        await it.outbox.add(jobs, now=START)
        leases = await it.outbox.lease(now=START, until=START + timedelta(minutes=5), limit=len(jobs))
        if is_sent:
            await it.outbox.mark_data_sent(leases, now=START)

    asyncio.run(crash())


def test_every_job_that_proves_unknown_is_told_even_if_the_listener_breaks_at_one():
    told = []

    def listener(event):
        told.append(event.person)
        if len(told) == 1:
            raise ZeroDivisionError

    it = sender(clock=FakeClock(START + timedelta(minutes=6)), on_event=listener)
    left_behind(it, [job(f"n{number}") for number in range(5)])
    with pytest.raises(ZeroDivisionError):
        it.run_sync()
    assert sorted(told) == [f"n{number}" for number in range(5)]


def test_a_listener_that_breaks_over_a_job_recovered_while_waiting_ends_the_run():
    def listener(event):
        raise ZeroDivisionError

    it = sender(on_event=listener)
    left_behind(it, [job("anna")])
    with pytest.raises(ZeroDivisionError):
        it.run_sync()


def test_leases_that_ran_out_are_taken_back_while_there_is_other_work():
    order = []
    it = sender(
        limits=Limits(overall=Rate(1, per=timedelta(minutes=1))),
        on_event=lambda event: order.append(event.person),
        workers=1,
    )
    left_behind(it, [job("urgent", priority=100)], is_sent=False)
    it.add_sync([job(f"n{number}") for number in range(60)])
    it.run_sync()
    assert len(order) == 61
    assert order.index("urgent") < 15


def test_an_outbox_that_cannot_take_back_leases_ends_the_run():
    class Fails(MemoryOutbox):
        recoveries = 0

        async def recover(self, *, now, retries=None):
            self.recoveries += 1
            if self.recoveries > 1:
                raise StoreError("the disk is full")
            return await super().recover(now=now, retries=retries)

    it = sender(outbox=Fails(), limits=Limits(overall=Rate(1, per=timedelta(minutes=10))))
    it.add_sync([job(f"n{number}") for number in range(9)])
    with pytest.raises(StoreError, match="disk is full"):
        it.run_sync()
    assert set(asyncio.run(it.outbox.counts())) == {JobState.ACCEPTED, JobState.QUEUED}


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
    summary = it.run_sync(until="idle")
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


def test_a_second_cancellation_cuts_off_what_is_under_way_even_while_jobs_are_given_back():
    async def main():
        begun, cut_off = asyncio.Event(), []

        class Hangs(MemoryTransport):
            async def deliver(self, envelope, raw, *, commit):
                begun.set()
                try:
                    await asyncio.Event().wait()
                except asyncio.CancelledError:
                    cut_off.append(str(envelope.recipient.address))
                    raise

        class Busy(MemoryOutbox):
            async def settle(self, settlements):
                giving_back.set()
                await asyncio.Event().wait()

        giving_back = asyncio.Event()
        it = sender(Hangs(), outbox=Busy(), workers=1)
        await it.add([job("anna"), job("ben")])
        task = asyncio.create_task(it.run())
        await begun.wait()
        task.cancel()
        await giving_back.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.sleep(0)
        return tuple(cut_off)

    assert asyncio.run(main()) == ("anna@example.org",)


def test_cancelling_while_jobs_are_being_leased_gives_them_back():
    async def main():
        leased, answer = asyncio.Event(), asyncio.Event()

        class Slow(MemoryOutbox):
            async def lease(self, **given):
                leases = await super().lease(**given)  # it is written, and its answer is on its way
                leased.set()
                await answer.wait()
                return leases

        it = sender(outbox=Slow())
        await it.add([job(f"n{number}") for number in range(50)])
        task = asyncio.create_task(it.run())
        await leased.wait()
        task.cancel()
        await asyncio.sleep(0)
        answer.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        return await it.outbox.counts()

    assert asyncio.run(main()) == {JobState.QUEUED: 50}


@pytest.mark.parametrize("where", ["listener", "transport"])
def test_a_cancellation_from_within_ends_the_run_and_is_told(where):
    async def give_up(*_, **__):
        raise asyncio.CancelledError

    transport = MemoryTransport()
    if where == "transport":
        transport.deliver = give_up
    it = sender(transport, on_event=give_up if where == "listener" else None)
    it.add_sync([job("anna")])
    with pytest.raises(MailkitError, match="cancelled from within"):
        it.run_sync()


def test_progress_that_breaks_ends_the_run_and_keeps_no_fact_from_the_listener():
    def progress(done, total):
        raise BrokenPipeError

    told = []
    it = sender(on_event=told.append, progress=progress)
    it.add_sync([job("anna")])
    with pytest.raises(BrokenPipeError):
        it.run_sync()
    assert [event.kind for event in told] == [Kind.ACCEPTED]


def test_a_rated_run_ends_with_its_last_letter():
    limits = Limits(overall=Rate(1, per=timedelta(hours=1)))
    summary, it = run([job("anna")], limits=limits)
    assert (summary[JobState.ACCEPTED], summary.duration) == (1, timedelta(0))
    assert it.run_sync(until="idle").duration == timedelta(0)


def test_a_letter_whose_time_ends_while_it_waits_for_its_turn_is_not_sent():
    transport = MemoryTransport()
    jobs = [job("anna", priority=1), job("ben", expires_at=START + timedelta(seconds=5))]
    summary, _ = run(jobs, transport, limits=Limits(overall=Rate(1, per=timedelta(seconds=10))))
    assert summary.outcomes == {JobState.ACCEPTED: 1, JobState.EXPIRED: 1}
    assert [recipient for recipient, _ in transport.messages] == ["anna@example.org"]


class Parked(SystemClock):
    """A clock on which whoever waits, waits for ever."""

    async def sleep(self, length):
        await asyncio.Event().wait()


def test_an_error_is_heard_while_the_next_letter_waits_for_its_turn():
    async def main():
        async def listener(event):
            await asyncio.sleep(0)
            raise ZeroDivisionError

        limits = Limits(overall=Rate(1, per=timedelta(minutes=1)))
        it = sender(on_event=listener, limits=limits, lease_for=timedelta(hours=9), clock=Parked())
        await it.add([job(f"n{number}") for number in range(6)])
        with pytest.raises(ZeroDivisionError):
            await asyncio.wait_for(it.run(), 10)
        await asyncio.sleep(0)
        assert asyncio.all_tasks() == {asyncio.current_task()}  # nobody sleeps on
        return await it.outbox.counts()

    assert asyncio.run(main()) == {JobState.ACCEPTED: 1, JobState.QUEUED: 5}


def test_a_clock_that_breaks_ends_the_run():
    class Broken(SystemClock):
        async def sleep(self, length):
            raise ZeroDivisionError

    it = sender(limits=Limits(overall=Rate(1, per=timedelta(minutes=1))), clock=Broken())
    it.add_sync([job("anna"), job("ben")])
    with pytest.raises(ZeroDivisionError):
        it.run_sync()


def test_letters_to_one_slow_address_hold_up_nobody_else():
    done = []

    class Waits(MemoryTransport):
        async def deliver(self, envelope, raw, *, commit):
            is_slow = str(envelope.recipient.address).startswith("slow")
            while is_slow and len(self.messages) < 100:
                await asyncio.sleep(0)
            return await super().deliver(envelope, raw, commit=commit)

    slow = [job("slow", campaign=str(number), priority=1) for number in range(5)]
    it = sender(Waits(), workers=3, on_event=lambda event: done.append(event.campaign))
    it.add_sync([*slow, *(job(f"n{number}") for number in range(100))])

    async def main():
        return await asyncio.wait_for(it.run(), 20)

    assert asyncio.run(main())[JobState.ACCEPTED] == 105
    assert [campaign for campaign in done if campaign] == ["0", "1", "2", "3", "4"]


def test_many_letters_to_one_address_go_one_after_another():
    under_way, most = [], []

    class Counts(MemoryTransport):
        async def deliver(self, envelope, raw, *, commit):
            under_way.append(envelope)
            most.append(len(under_way))
            await asyncio.sleep(0)
            under_way.pop()
            return await super().deliver(envelope, raw, commit=commit)

    summary, _ = run([job("anna", campaign=str(number)) for number in range(60)], Counts(), workers=2)
    assert (summary[JobState.ACCEPTED], max(most)) == (60, 1)


def test_a_server_that_cannot_be_reached_is_logged_once_for_each_reason_and_without_addresses(caplog):
    gone = Lost(phase=Phase.CONNECT, server="mail.example.com:26", reason="it does not answer")
    shut = "554 5.7.1 shop@example.com may not send from here"
    answers = {f"n{number}@example.org": [gone, "250 Ok"] for number in range(9)}
    answers["n9@example.org"] = [Refused(reply=Reply.parse(shut), phase=Phase.CONNECT), gone, gone]
    run([job(f"n{n}") for n in range(10)], MemoryTransport(answers), retry=RetryPolicy(jitter_share=0, most_tries=3))
    assert [(record.name, record.levelname, record.getMessage()) for record in caplog.records] == [
        (
            "mailkit.send",
            "WARNING",
            "mail.example.com:26, connect: it does not answer. The letter is put off; trying again in 5 min",
        ),
        (
            "mailkit.send",
            "WARNING",
            "the server turns us away: 554 5.7.1 <address> may not send from here. "
            "The letter is put off; trying again in 5 min",
        ),
    ]


def test_a_letter_that_is_given_up_as_the_server_cannot_be_reached_is_logged_as_such(caplog):
    gone = Lost(phase=Phase.CONNECT, server="mail.example.com:26", reason="it does not answer")
    run([job("anna")], MemoryTransport({"anna@example.org": gone}), retry=RetryPolicy(most_tries=1))
    assert [record.getMessage().partition(". ")[2] for record in caplog.records] == ["The letter is given up"]


@pytest.mark.parametrize(
    ("wrong", "what"),
    [
        ({"lease_for": timedelta(0)}, "Sender.lease_for"),
        ({"lease_for": 5}, "Sender.lease_for"),
        ({"workers": 0}, "Sender.workers"),
        ({"workers": 1.5}, "Sender.workers"),
    ],
)
def test_a_sender_that_cannot_work_cannot_be_built(wrong, what):
    with pytest.raises(InvalidValue) as caught:
        sender(**wrong)
    assert caught.value.what == what


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (job("anna"), r"jobs: Job.* is not a row of jobs; write \[job\]"),
        ([[job("anna")]], r"jobs\[0\]: .* is not a Job"),
        ([job("anna"), "ben"], r"jobs\[1\]: 'ben' is not a Job"),
    ],
)
def test_what_is_not_a_row_of_jobs_is_refused_before_any_is_added(given, said):
    it = sender()
    with pytest.raises(InvalidValue, match=said):
        it.add_sync(given)
    assert asyncio.run(it.outbox.counts()) == {}


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


@pytest.mark.parametrize(
    ("part", "wrong", "said"),
    [
        ("transport", "mail.example.com", "has no method `deliver`; give SMTPTransport"),
        ("outbox", "shop.db", "is no outbox; give MemoryOutbox(), or stores.open('shop.db').outbox"),
        ("outbox", SimpleNamespace(outbox=MemoryOutbox()), "is no outbox; give store.outbox"),
        ("limits", 20, "is no Limits; write Limits(overall=Rate("),
        ("meter", "store", "has no method `reserve`; give store.meter"),
        ("retry", 3, "is no RetryPolicy; write RetryPolicy(most_tries=3)"),
        ("signer", "rsa.pem", "has no method `sign`; give DKIMSigner"),
    ],
)
def test_a_part_that_does_not_fit_is_named_before_anything_begins(part, wrong, said):
    with pytest.raises(InvalidValue, match=re.escape(said)) as raised:
        Sender(**{"transport": MemoryTransport(), "outbox": MemoryOutbox(), part: wrong})
    assert raised.value.what == f"Sender.{part}"
