from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit.errors import InvalidValue
from mailkit.send import Reply, RetryPolicy, classify
from mailkit.send.retry import asked_wait, next_try

NOW = datetime(2026, 3, 1, tzinfo=UTC)
LENGTHS = st.integers(1, 100_000).map(lambda seconds: timedelta(seconds=seconds))
POLICIES = st.builds(
    lambda a, b, factor, jitter: RetryPolicy(first=min(a, b), longest=max(a, b), factor=factor, jitter_share=jitter),
    LENGTHS, LENGTHS, st.floats(1, 1000), st.floats(0, 1),
)  # fmt: skip


@given(POLICIES, st.integers(0, 10_000), st.integers())
def test_no_wait_is_longer_than_the_longest_or_shorter_than_the_first_less_jitter(policy, tries, seed):
    wait = next_try(policy, tries, NOW, None, Random(seed)) - NOW
    slack = timedelta(microseconds=1)
    assert policy.first * (1 - policy.jitter_share) - slack <= wait <= policy.longest + slack


@given(POLICIES, st.integers(1, 200))
def test_waits_never_shrink(policy, tries):
    still = RetryPolicy(first=policy.first, longest=policy.longest, factor=policy.factor, jitter_share=0)
    assert next_try(still, tries, NOW, None, Random(1)) <= next_try(still, tries + 1, NOW, None, Random(1))


def test_a_verdict_that_says_slow_down_doubles_the_wait():
    policy = RetryPolicy(jitter_share=0)
    slow, other = (classify(Reply.parse(text)) for text in ("421 too many connections", "451 greylisted"))
    assert next_try(policy, 1, NOW, slow, Random(1)) - NOW == 2 * policy.first
    assert next_try(policy, 1, NOW, other, Random(1)) - NOW == policy.first


def test_a_job_is_over_by_tries_or_by_age():
    policy = RetryPolicy(most_tries=3, give_up_after=timedelta(days=1))
    assert not policy.is_over(2, NOW, NOW + timedelta(hours=1))
    assert policy.is_over(3, NOW, NOW + timedelta(hours=1))
    assert policy.is_over(1, NOW, NOW + timedelta(days=2))
    assert not RetryPolicy().is_over(1000, NOW, NOW + timedelta(days=1))


@pytest.mark.parametrize(
    "wrong",
    [
        {"first": timedelta(0)},
        {"first": 5},
        {"first": timedelta(days=1)},
        {"longest": 4},
        {"give_up_after": 4},
        {"give_up_after": timedelta(0)},
        {"factor": 0.5},
        {"factor": 2000},
    ],
)
def test_a_policy_that_cannot_work_cannot_be_built(wrong):
    with pytest.raises(InvalidValue) as caught:
        RetryPolicy(**wrong)
    assert caught.value.what == f"RetryPolicy.{next(iter(wrong))}"


@pytest.mark.parametrize(
    ("reply", "seconds"),
    [
        ("451 4.7.1 Greylisted, please try again in 300 seconds", 300),
        ("450 4.2.0 Recipient address rejected: Greylisted for 5 minutes", 300),
        ("451 4.7.1 Greylisting in action, please come back in 00:05:00", 300),
        ("421 Too many connections, retry after 1 hour", 3600),
        ("451 4.3.2 Please retry in 90s", 90),
        ("451 4.7.1 Greylisted", None),
        ("452 4.2.2 The mailbox holds 300 messages", None),
        ("450 4.7.1 Client host [192.0.2.5] is 30 hops away", None),
    ],
)
def test_a_wait_that_a_server_asks_for_is_read(reply, seconds):
    assert asked_wait(reply) == (None if seconds is None else timedelta(seconds=seconds))


@given(st.integers(0, 10**6), st.integers(1, 20))
def test_a_wait_that_is_asked_for_is_kept_within_bounds(seconds, tries):
    policy = RetryPolicy()
    due = next_try(policy, tries, NOW, None, Random(seconds), reply=f"451 try again in {seconds} seconds")
    assert due - NOW <= policy.longest
    if tries <= 3:
        assert due - NOW >= min(max(timedelta(seconds=seconds), timedelta(seconds=10)), policy.longest)


def test_after_some_tries_as_asked_the_schedule_is_the_shortest_wait():
    asks = "451 try again in 30 seconds"
    policy = RetryPolicy(jitter_share=0)
    waits = [next_try(policy, tries, NOW, None, Random(1), reply=asks) - NOW for tries in (1, 3, 4)]
    assert waits == [timedelta(seconds=30), timedelta(seconds=30), timedelta(minutes=40)]
    deaf = RetryPolicy(jitter_share=0, heeds_replies=False)
    assert next_try(deaf, 1, NOW, None, Random(1), reply=asks) - NOW == timedelta(minutes=5)


def test_a_policy_knows_only_two_ways_with_what_may_have_arrived():
    with pytest.raises(InvalidValue, match="neither 'hold' nor 'retry'"):
        RetryPolicy(on_unknown="resend")
