from datetime import UTC, datetime, timedelta

import pytest

from mailkit import Envelope
from mailkit.errors import InvalidValue
from mailkit.send import Job, JobState
from mailkit.send.outbox import Lease, Settlement

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def job(**changes):
    given = {"raw": b"x", "envelope": Envelope(sender="shop@example.com", recipient="Anna@example.org")}
    return Job(**{"person": "17", "message_id": "1@example.com", "date": NOW, **given, **changes})


def settlement(state, due=None):
    lease = Lease(number=1, job=job(), epoch=1, tries=0, until=NOW, queued_at=NOW)
    return Settlement(lease=lease, state=state, event=None, due=due)


@pytest.mark.parametrize("wrong", [{"raw": b""}, {"template": "cart"}])
def test_a_job_has_either_bytes_or_a_template(wrong):
    with pytest.raises(InvalidValue, match="not both"):
        job(**wrong)


def test_a_jobs_key_has_no_case():
    assert job(campaign="spring", step="1").key == "spring\nanna@example.org\n1"


def test_a_letter_of_no_campaign_is_told_apart_by_its_message_id():
    assert job(step="1").key == "\nanna@example.org\n1"
    assert job(campaign="spring").key == "spring\nanna@example.org\n"
    assert job().key == job().key != job(message_id="2@example.com").key


@pytest.mark.parametrize(
    ("wrong", "what"),
    [
        ({"raw": "Subject: Hello"}, "Job.raw"),
        ({"raw": 5}, "Job.raw"),
        ({"raw": bytearray(b"x")}, "Job.raw"),
        ({"record": "abc"}, "Job.record"),
        ({"record": 5}, "Job.record"),
        ({"message_id": "<1@example.com>"}, "Job.message_id"),
        ({"message_id": "1 2@example.com"}, "Job.message_id"),
        ({"message_id": ""}, "Job.message_id"),
        ({"priority": 2**31}, "Job.priority"),
        ({"priority": -(2**70)}, "Job.priority"),
        ({"priority": True}, "Job.priority"),
        ({"priority": "high"}, "Job.priority"),
    ],
)
def test_a_job_that_could_not_be_kept_or_sent_cannot_be_built(wrong, what):
    with pytest.raises(InvalidValue) as caught:
        job(**wrong)
    assert caught.value.what == what


def test_a_jobs_record_is_a_copy():
    record = {"name": "Anna"}
    kept = job(raw=b"", template="cart", record=record, priority=2**31 - 1).record
    record["name"] = "Ben"
    assert kept == {"name": "Anna"}


@pytest.mark.parametrize(
    ("state", "due"),
    [
        (JobState.LEASED, None),
        (JobState.DATA_SENT, None),
        (JobState.ACCEPTED, NOW),
        (JobState.DEFERRED, None),
    ],
)
def test_a_settlement_that_settles_nothing_cannot_be_built(state, due):
    with pytest.raises(InvalidValue):
        settlement(state, due)


def test_a_settlement_ends_a_job_or_says_when_it_is_due():
    assert settlement(JobState.DEFERRED, NOW + timedelta(minutes=1)).due > NOW
    assert settlement(JobState.CANCELLED).state.is_final
