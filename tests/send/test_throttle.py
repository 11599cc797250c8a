from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit.errors import InvalidValue
from mailkit.send import Rate
from mailkit.send.throttle import take

START = datetime(2026, 3, 1, tzinfo=UTC)
RATES = st.builds(
    lambda count, per, burst: Rate(count, per=timedelta(milliseconds=per), burst=burst),
    st.integers(1, 1000), st.integers(1, 100_000), st.integers(1, 20),
)  # fmt: skip


@given(RATES, st.lists(st.integers(0, 5_000_000), min_size=1, max_size=60))
def test_no_window_holds_more_than_the_rate_and_the_burst(rate, gaps):
    state, now, passed = None, START, []
    for gap in gaps:
        now += timedelta(microseconds=gap)
        state, wait = take(state, now, rate)
        passed.append(now + wait)
    for first in range(len(passed)):
        for last in range(first, len(passed)):
            window = abs(passed[last] - passed[first])
            assert last - first + 1 <= rate.count * window / rate.per + rate.burst + 1e-6


@given(RATES)
def test_a_burst_goes_at_once_and_the_next_waits(rate):
    state = None
    for _ in range(rate.burst):
        state, wait = take(state, START, rate)
        assert wait == timedelta(0)
    assert take(state, START, rate)[1] == rate.period


@pytest.mark.parametrize("per", [timedelta(0), timedelta(seconds=-1), 1])
def test_a_rate_needs_a_span_of_time(per):
    with pytest.raises(InvalidValue, match="positive length"):
        Rate(1, per=per)


def test_a_rate_of_none_cannot_be_built():
    with pytest.raises(InvalidValue):
        Rate(0, per=timedelta(seconds=1))


@pytest.mark.parametrize(("count", "burst"), [(1, 1), (19, 1), (20, 2), (100, 6), (5000, 251)])
def test_a_burst_that_is_not_said_is_worth_fifty_milliseconds(count, burst):
    assert Rate(count, per=timedelta(seconds=1)).burst == burst
