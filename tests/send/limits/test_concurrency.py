from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from mailkit.send.limits.concurrency import Feedback, Window

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def full(window: Window, times: int) -> None:
    for _ in range(times):
        window.succeeded(window.size)


def test_a_window_s_worth_of_successes_makes_room_for_one_more():
    window = Window(Feedback())
    full(window, 4)
    assert window.size == 5
    full(window, 1)
    assert window.size == 6
    full(window, 6)
    assert window.size == 7


def test_it_grows_only_while_it_is_nearly_used_up():
    window = Window(Feedback(initial=2))
    for _ in range(40):
        window.succeeded(1)
    assert window.size == 3


def test_it_grows_no_further_than_is_allowed():
    window = Window(Feedback(), most=6)
    full(window, 100)
    assert window.size == 6


def test_the_first_failure_acts_at_once_and_the_next_only_after_a_window_s_worth():
    window = Window(Feedback(initial=10, cohorts=9))
    sizes = []
    for _ in range(11):
        window.failed(NOW)
        sizes.append(window.size)
    assert sizes[0] == 9
    assert sizes[8] == 9
    assert sizes[10] == 8


def test_a_cohort_of_failures_without_a_success_is_the_end_for_a_time():
    window = Window(Feedback(dead_for=timedelta(minutes=3)))
    for _ in range(5):
        assert window.dead_until is None
        window.failed(NOW)
    assert window.dead_until == NOW + timedelta(minutes=3)
    assert window.size == 5


def test_any_success_clears_the_cohorts():
    window = Window(Feedback())
    for _ in range(50):
        window.failed(NOW)
        window.succeeded(window.size)
    assert window.dead_until is None


@given(st.lists(st.booleans(), max_size=300), st.integers(1, 10), st.integers(1, 30))
def test_there_is_always_room_for_one_and_never_for_more_than_allowed(answers, initial, most):
    window = Window(Feedback(initial=initial, cohorts=3), most=most)
    for went_well in answers:
        if went_well:
            window.succeeded(window.size)
        else:
            window.failed(NOW)
        assert 1 <= window.size <= most
