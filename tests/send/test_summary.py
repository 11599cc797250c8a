from datetime import UTC, datetime, timedelta

from mailkit import Envelope, Kind
from mailkit.send import Job, JobState, Summary
from mailkit.send.outbox import Lease, Settlement
from mailkit.send.summary import Tally

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def lease(name):
    envelope = Envelope(sender="shop@example.com", recipient=f"{name}@example.org")
    job = Job(person=name, envelope=envelope, message_id=f"{name}@example.com", date=NOW, raw=b"x")
    return Lease(number=1, job=job, epoch=1, tries=0, until=NOW, queued_at=NOW)


def settlement(name, state, due=None, **properties):
    one = lease(name)
    return Settlement(lease=one, state=state, event=one.job.event(Kind(state.value), NOW, **properties), due=due)


def tallied(*settlements, recovered=()):
    done = []
    tally = Tally(started_at=NOW, done=done.append)
    for name in recovered:
        tally.recovered(lease(name).job.event(Kind.UNKNOWN, NOW, reason="no answer"))
    for one in settlements:
        tally.settled(one)
    return tally.summary(NOW + timedelta(seconds=1), open_jobs=0), done


def test_every_state_but_accepted_says_why_with_the_commonest_reason_first():
    summary, done = tallied(
        settlement("a", JobState.ACCEPTED, reply="Ok"),
        settlement("b", JobState.FAILED, reason="the letter could not be rendered: KeyError: 'name'"),
        settlement("c", JobState.BOUNCED, cause="userunknown", reason="550"),
        settlement("d", JobState.BOUNCED, cause="mailboxfull"),
        settlement("e", JobState.BOUNCED, cause="userunknown"),
        settlement("f", JobState.SUPPRESSED, cause="unsubscribed", reason="unsubscribed on 2026-03-01"),
        settlement("g", JobState.EXPIRED),
        settlement("h", JobState.DEFERRED, due=NOW, cause="greylisted"),
        recovered=["i"],
    )
    assert str(summary).splitlines()[1:] == [
        "  bounced 2 times: userunknown",
        "  bounced once: mailboxfull",
        "  failed once: the letter could not be rendered: KeyError: 'name'",
        "  unknown once: no answer",
        "  expired once: no reason was given",
        "  suppressed once: unsubscribed",
        "  put off once: greylisted",
    ]
    assert "<li>bounced 2 times: userunknown</li>" in summary._repr_html_()
    assert "KeyError: &#x27;name&#x27;" in summary._repr_html_()
    assert done == list(range(1, 9))


def test_rare_reasons_are_added_up():
    reasons = [f"reason {number}" for number in range(9)]
    summary, _ = tallied(*(settlement(reason[-1], JobState.FAILED, reason=reason) for reason in [*reasons, *reasons]))
    lines = str(summary).splitlines()[1:]
    assert lines[:5] == [f"  failed 2 times: reason {number}" for number in range(5)]
    assert lines[5:] == ["  failed 8 times: for 4 other reasons"]
    assert summary.reasons[JobState.FAILED] == dict.fromkeys(reasons, 2)


def test_a_job_whose_answer_came_late_is_counted_in_one_state():
    accepted = settlement("a", JobState.ACCEPTED)
    summary, _ = tallied(accepted, settlement("b", JobState.DEFERRED, due=NOW, cause="busy"), recovered=["a", "b", "c"])
    assert summary.outcomes == {JobState.ACCEPTED: 1, JobState.UNKNOWN: 1}
    assert summary.reasons == {JobState.UNKNOWN: {"no answer": 1}}
    again, _ = tallied(accepted, recovered=["a"])
    assert (again.outcomes, again.reasons) == ({JobState.ACCEPTED: 1}, {JobState.UNKNOWN: {}})


def test_a_summary_cannot_be_changed_by_what_it_was_made_from():
    outcomes, reasons = {JobState.FAILED: 1}, {JobState.FAILED: {"why": 1}}
    summary = Summary(outcomes=outcomes, open_jobs=0, tries=0, deferrals={}, duration=timedelta(0), reasons=reasons)
    outcomes.clear()
    reasons[JobState.FAILED].clear()
    assert summary[JobState.FAILED] == summary.reasons[JobState.FAILED]["why"] == 1


def test_the_rate_of_a_run_that_took_no_time_is_nothing():
    summary, _ = tallied(settlement("a", JobState.ACCEPTED))
    assert summary.rate == 1
    still = Summary(outcomes={JobState.ACCEPTED: 1}, open_jobs=0, tries=1, deferrals={}, duration=timedelta(0))
    assert still.rate == 0


def test_jobs_are_counted_by_provider_and_what_is_tried_again_though_unknown_is_put_off():
    tally = Tally(started_at=NOW, done=lambda done: None)
    tally.recovered(lease("a").job.event(Kind.UNKNOWN, NOW, reason="no answer"))
    tally.recovered(lease("a").job.event(Kind.DEFERRED, NOW, reason="tried again"))
    summary = tally.summary(NOW + timedelta(seconds=1), open_jobs=1)
    assert (summary.outcomes, summary.deferrals, summary.providers) == ({}, {"tried again": 1}, {})
