from datetime import UTC, datetime, timedelta

import attrs
import pytest

from mailkit.envelope import Envelope
from mailkit.send.jobs import Job, JobState
from mailkit.send.outbox import Lease, Settlement
from mailkit.stores.turn import Mark, Settle, Standing, apply

NOW = datetime(2026, 3, 1, tzinfo=UTC)
END = NOW + timedelta(minutes=5)
JOB = Job(
    person="17",
    envelope=Envelope(sender="shop@example.com", recipient="anna@example.org"),
    message_id="1@example.com",
    date=NOW,
    raw=b"x",
)
LEASE = Lease(number=1, job=JOB, epoch=2, tries=0, until=END, queued_at=NOW)


def standing(**changes):
    values = {"number": 1, "epoch": 2, "state": JobState.LEASED, "due": NOW, "until": END, "tries": 1, **changes}
    return {1: Standing(**values)}


def settlement(state=JobState.ACCEPTED, **changes):
    event = None if state is JobState.QUEUED else JOB.event(state.value, NOW)
    return Settlement(lease=LEASE, state=state, event=event, **changes)


def mark(now=NOW):
    return Mark(leases=(LEASE,), now=now)


def test_a_lease_that_holds_is_marked_once():
    jobs = standing()
    answers, events = apply([mark(), mark()], jobs)
    assert answers == [frozenset({1}), frozenset()]
    assert (jobs[1].state, jobs[1].until, jobs[1].is_changed) == (JobState.DATA_SENT, END, True)
    assert not events


@pytest.mark.parametrize(
    "jobs",
    [
        {},
        standing(epoch=3),
        standing(state=JobState.DATA_SENT),
        standing(state=JobState.DEFERRED, until=None),
        standing(until=None),
        standing(until=NOW),
    ],
)
def test_a_lease_that_does_not_hold_marks_nothing(jobs):
    assert apply([mark()], jobs) == ([frozenset()], [])
    assert not any(job.is_changed for job in jobs.values())


def test_a_settlement_counts_a_try_and_gives_its_fact():
    jobs = standing(state=JobState.DATA_SENT)
    answers, events = apply([Settle(settlements=(settlement(),))], jobs)
    assert answers == [frozenset({1})]
    assert (jobs[1].state, jobs[1].until, jobs[1].due, jobs[1].tries) == (JobState.ACCEPTED, None, NOW, 2)
    assert [event.kind for event in events] == ["accepted"]


@pytest.mark.parametrize("paused", [{None}, {"june"}])
def test_what_is_paused_is_not_marked_and_yet_settled(paused):
    lease = attrs.evolve(LEASE, job=attrs.evolve(JOB, campaign="june"))
    jobs = standing()
    calls = [Mark(leases=(lease,), now=NOW), Settle(settlements=(settlement(),))]
    assert apply(calls, jobs, paused=paused)[0] == [frozenset(), frozenset({1})]
    assert apply([Mark(leases=(lease,), now=NOW)], standing(), paused={"july"})[0] == [frozenset({1})]


def test_the_earlier_fact_comes_first():
    before = JOB.event("unknown", NOW)
    _, events = apply([Settle(settlements=(settlement(JobState.DEFERRED, due=END, before=before),))], standing())
    assert [event.kind for event in events] == ["unknown", "deferred"]


def test_giving_back_is_no_try_and_no_fact():
    jobs = standing()
    _, events = apply([Settle(settlements=(settlement(JobState.QUEUED, due=END),))], jobs)
    assert (jobs[1].state, jobs[1].due, jobs[1].tries, events) == (JobState.QUEUED, END, 1, [])


@pytest.mark.parametrize(
    "jobs", [{}, standing(epoch=3), standing(state=JobState.QUEUED), standing(state=JobState.UNKNOWN, epoch=3)]
)
def test_a_lost_lease_settles_nothing(jobs):
    assert apply([Settle(settlements=(settlement(),))], jobs) == ([frozenset()], [])
    assert not any(job.is_changed for job in jobs.values())


def test_a_late_answer_settles_what_became_unknown_under_its_own_lease():
    jobs = standing(state=JobState.UNKNOWN, until=None)
    answers, events = apply([Settle(settlements=(settlement(JobState.BOUNCED),))], jobs)
    assert (answers, jobs[1].state, jobs[1].tries) == ([frozenset({1})], JobState.BOUNCED, 2)
    assert [event.kind for event in events] == ["bounced"]


def test_of_two_settlements_in_one_transaction_the_first_counts():
    jobs = standing()
    calls = [mark(), Settle(settlements=(settlement(),)), Settle(settlements=(settlement(JobState.BOUNCED),))]
    answers, events = apply(calls, jobs)
    assert answers == [frozenset({1}), frozenset({1}), frozenset()]
    assert (jobs[1].state, [event.kind for event in events]) == (JobState.ACCEPTED, ["accepted"])
