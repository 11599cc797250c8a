import json
from datetime import UTC, datetime

import attrs
from hypothesis import given
from hypothesis import strategies as st

from mailkit.envelope import Envelope
from mailkit.send.jobs import Job
from mailkit.stores import trusted
from mailkit.stores.rows import event_of, event_row, instant, job_of, letter_row, message_row, microseconds, place_of
from mailkit.testing import strategies

MAILBOXES = strategies.mailboxes()
ENVELOPES = st.builds(
    Envelope,
    sender=MAILBOXES,
    recipient=MAILBOXES,
    return_path=st.none() | strategies.addresses(),
    reply_to=st.none() | MAILBOXES,
    headers=st.lists(st.tuples(st.just("X-Shop"), strategies.one_line_texts()), max_size=2),
    notify=st.sampled_from([(), ("never",), ("success", "delay")]),
    return_content=st.sampled_from(["", "headers"]),
    envelope_id=st.sampled_from(["", "QQ314159"]),
    require_tls=st.booleans(),
)
INSTANTS = strategies.instants()
JOBS = st.builds(
    Job,
    person=strategies.one_line_texts(),
    envelope=ENVELOPES,
    message_id=st.from_regex(r"[a-z0-9.+_-]{1,20}@[a-z0-9.-]{1,20}", fullmatch=True),
    date=INSTANTS,
    campaign=strategies.one_line_texts(),
    step=strategies.one_line_texts(),
    raw=st.binary(min_size=1),
    record=st.none() | st.dictionaries(st.text(max_size=3), st.text(max_size=3) | st.decimals(allow_nan=False)),
    topic=strategies.one_line_texts(),
    is_transactional=st.booleans(),
    priority=st.integers(-5, 5),
    account=strategies.one_line_texts(),
    identity=strategies.one_line_texts(),
    provider=strategies.one_line_texts(),
    not_before=st.none() | INSTANTS,
    expires_at=st.none() | INSTANTS,
)


@given(strategies.events())
def test_an_event_comes_back_from_its_row(event):
    back = event_of(event_row(event))
    assert back == event
    assert back.identity == event.identity
    assert str(back.value) == str(event.value)


@given(JOBS)
def test_a_job_comes_back_from_its_row(job):
    row = letter_row(1, job)
    back = job_of(row[1:], place_of(job))
    assert back == job
    assert hash(back) == hash(job)
    assert all(isinstance(value, str | int | bytes | None) for value in row)


@given(strategies.events(), strategies.events())
def test_rows_tell_events_apart_as_identities_do(one, other):
    assert (event_row(one)[0] == event_row(other)[0]) == (one.identity == other.identity)


@given(ENVELOPES)
def test_a_row_holds_of_the_rarer_fields_only_those_that_are_set(envelope):
    job = attrs.evolve(PLAIN, envelope=envelope)
    parts = json.loads(letter_row(1, job)[2])
    rare = {name for name, default in trusted.MORE_OF_ENVELOPES.items() if getattr(envelope, name) != default}
    assert parts.keys() == {"sender", "recipient", "return_path", "reply_to", "headers"} | rare


PLAIN = Job(
    person="17",
    envelope=Envelope(sender="shop@example.com", recipient="anna@example.org"),
    message_id="1@example.com",
    date=datetime(2026, 3, 1, tzinfo=UTC),
    raw=b"x",
)


def test_a_job_made_by_a_template_comes_back():
    job = Job(
        person="17",
        envelope=Envelope(sender="shop@example.com", recipient="anna@example.org", return_path=None),
        message_id="1@example.com",
        date=datetime(2026, 3, 1, tzinfo=UTC),
        template="cart",
        record={},
    )
    assert job_of(letter_row(1, job)[1:], place_of(job)) == job
    assert message_row(1, attrs.evolve(job, step="2"), 0)[4] == "2"


@given(st.datetimes(timezones=st.just(UTC)))
def test_instants_are_exact_to_the_microsecond(at):
    assert instant(microseconds(at)) == at


@given(INSTANTS, INSTANTS)
def test_microseconds_keep_the_order_of_instants(one, other):
    assert (microseconds(one) < microseconds(other)) == (one < other)
