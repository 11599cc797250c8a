from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit import Envelope, Kind, Suppression
from mailkit.send import Job, JobState, Phase, Reply, RetryPolicy
from mailkit.send.dispatch import broke, conclude, fail, obstacle
from mailkit.send.outbox import Lease
from mailkit.send.transport import Accepted, Lost, Refused, Unsendable, Withdrawn

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def lease(*, tries=0, expires_at=None, queued_at=NOW, not_before=None):
    job = Job(
        person="17",
        envelope=Envelope(sender="shop@example.com", recipient="anna@example.org"),
        message_id="1@example.com",
        date=NOW,
        raw=b"x",
        expires_at=expires_at,
        not_before=not_before,
    )
    return Lease(number=1, job=job, epoch=1, tries=tries, until=NOW + timedelta(minutes=5), queued_at=queued_at)


def concluded(delivery, *, policy=None, **changes):
    return conclude(lease(**changes), delivery, policy=policy or RetryPolicy(), now=NOW, rng=Random(1))


def refused(text, phase=Phase.RCPT):
    return Refused(reply=Reply.parse(text), phase=phase)


DELIVERIES = st.one_of(
    st.just(Accepted(reply=Reply.parse("250 Ok"))),
    st.builds(refused, st.integers(400, 599).map(str), st.sampled_from(Phase)),
    st.builds(Lost, phase=st.sampled_from(Phase), server=st.just("mail.example.com:25"), reason=st.just("gone")),
    st.just(Unsendable(reason="too large")),
)


@given(DELIVERIES, st.integers(0, 100), st.booleans())
def test_a_fact_always_says_what_the_state_says(delivery, tries, is_old):
    settlement = concluded(delivery, tries=tries, queued_at=NOW - timedelta(days=9 * is_old))
    assert settlement.event.kind == settlement.state.value
    assert (settlement.due is None) == settlement.state.is_final
    assert settlement.event.properties["tries"] in (tries, tries + 1)


@given(DELIVERIES)
def test_only_a_loss_within_the_message_is_unknown(delivery):
    is_ambiguous = isinstance(delivery, Lost) and delivery.phase is Phase.MESSAGE
    assert (concluded(delivery).state is JobState.UNKNOWN) == is_ambiguous


@pytest.mark.parametrize(
    ("delivery", "state"),
    [
        (Accepted(reply=Reply.parse("250 Ok")), JobState.ACCEPTED),
        (refused("550 5.1.1 No such user"), JobState.BOUNCED),
        (refused("552 5.3.4 Too big", Phase.MESSAGE), JobState.BOUNCED),
        (refused("451 4.7.1 Greylisted"), JobState.DEFERRED),
        (refused("554 5.7.1 You are blocked", Phase.CONNECT), JobState.DEFERRED),
        (refused("554 5.7.1 No", Phase.EHLO), JobState.DEFERRED),
        (refused("530 5.7.0 Authentication required", Phase.MAIL), JobState.DEFERRED),
        (refused("550 5.1.8 Sender refused", Phase.MAIL), JobState.BOUNCED),
        (Lost(phase=Phase.DATA, server="a:25", reason="gone"), JobState.DEFERRED),
        (Unsendable(reason="too large"), JobState.FAILED),
    ],
)
def test_each_outcome_has_its_state(delivery, state):
    assert concluded(delivery).state is state


def test_a_bounce_tells_all_that_is_known_and_suppresses_only_who_is_not_there():
    event = concluded(refused("550 5.1.1 No such user")).event
    assert event.properties == {
        "reply": "No such user",
        "code": 550,
        "enhanced": "5.1.1",
        "cause": "userunknown",
        "family": "recipient",
        "fault": "recipient",
        "action": "suppress",
        "phase": "rcpt",
        "tries": 1,
        "evidence": "550 5.1.1 No such user",
        "rule": "codes.5.1.1",
    }
    blocked = concluded(refused("550 5.7.1 Blocked using zen.spamhaus.org")).event
    assert blocked.kind == Kind.BOUNCED
    assert Suppression([event]).refusal(address=event.recipient) is not None
    assert Suppression([blocked]).refusal(address=blocked.recipient) is None


def test_a_job_whose_time_runs_out_before_the_next_try_expires_with_the_reason():
    soon = concluded(refused("451 4.7.1 Greylisted"), expires_at=NOW + timedelta(minutes=1))
    assert soon.state is JobState.EXPIRED
    assert soon.event.properties["reason"] == "given up after 1 try: 451 4.7.1 Greylisted"
    lost = Lost(phase=Phase.CONNECT, server="a:25", reason="refused")
    last = concluded(lost, tries=2, policy=RetryPolicy(most_tries=3))
    assert last.state is JobState.EXPIRED
    assert last.event.properties["reason"] == "given up after 3 tries: a:25, connect: refused"
    assert concluded(lost, expires_at=NOW + timedelta(days=1)).state is JobState.DEFERRED


def test_a_letter_is_worth_nothing_at_the_very_instant_at_which_it_expires():
    policy, minutes = RetryPolicy(jitter_share=0), timedelta(minutes=5)
    later = refused("451 4.7.1 Greylisted")
    assert concluded(later, policy=policy, expires_at=NOW + minutes).state is JobState.EXPIRED
    assert concluded(later, policy=policy, expires_at=NOW + minutes * 1.01).state is JobState.DEFERRED


@pytest.mark.parametrize(
    ("queued_days", "sent_days", "state"),
    [
        (7, 0, JobState.DEFERRED),
        (7, 3, JobState.DEFERRED),
        (7, 4, JobState.EXPIRED),
        (7, None, JobState.EXPIRED),
        (3, 7, JobState.DEFERRED),
    ],
)
def test_a_scheduled_letter_has_its_time_from_when_it_may_go(queued_days, sent_days, state):
    queued_at = NOW - timedelta(days=queued_days)
    not_before = None if sent_days is None else NOW - timedelta(days=sent_days)
    found = concluded(refused("451 4.7.1 Greylisted"), queued_at=queued_at, not_before=not_before)
    assert found.state is state


@pytest.mark.parametrize(
    ("delivery", "told"),
    [
        (Lost(phase=Phase.CONNECT, server="a.example:26", reason="no answer"), "a.example:26, connect: no answer"),
        (Lost(phase=Phase.EHLO, server="a.example:25", reason="gone"), "a.example:25, ehlo: gone"),
        (refused("554 5.7.1 <shop@example.com> is blocked", Phase.CONNECT), "554 5.7.1 <address> is blocked"),
        (broke(object(), ValueError("token=abc"), is_sent=False), "object: the transport failed: ValueError"),
    ],
)
def test_what_keeps_all_letters_from_going_is_told_without_addresses_and_keys(delivery, told):
    assert obstacle(delivery).endswith(told)


@pytest.mark.parametrize(
    "delivery",
    [
        Accepted(reply=Reply.parse("250 Ok")),
        refused("550 5.1.1 No such user"),
        Lost(phase=Phase.DATA, server="a:25", reason="gone"),
        broke(object(), ValueError("late"), is_sent=True),
        Unsendable(reason="too large"),
        Withdrawn(),
    ],
)
def test_what_concerns_one_letter_is_no_obstacle(delivery):
    assert obstacle(delivery) == ""


def test_a_failure_keeps_its_reason_short():
    assert len(fail(lease(), "x" * 9_000, now=NOW).event.properties["reason"]) == 1_000
