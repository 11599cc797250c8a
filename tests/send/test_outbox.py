from datetime import UTC, datetime, timedelta

import pytest

from mailkit import Envelope
from mailkit.errors import InvalidValue
from mailkit.send import Job, JobState, Lease, Settlement

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
