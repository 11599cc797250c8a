"""The bound of every window, by brute force: whoever holds a slot may use it at any of its instants, in any order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mailkit.errors import InvalidValue
from mailkit.send.limits.rate import TICK, Rate
from mailkit.send.limits.slots import LONGEST_HORIZON, give_back, idle_from, reserve
from mailkit.send.meter import Allotment, Toll

START = datetime(2026, 3, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
RATES = st.builds(
    lambda count, per, burst: Rate(count, per=timedelta(milliseconds=per), burst=burst),
    st.integers(1, 200), st.integers(1, 100_000), st.sampled_from([1, 1, 2, 3, 5, 20]),
)  # fmt: skip
# An asker: how long after the last one (share of a second), how many it wants, how far ahead, how late it uses each.
ASKS = st.lists(
    st.tuples(
        st.one_of(st.just(0.0), st.floats(0, 0.01), st.floats(0, 30), st.floats(-1, 0)),  # a slower process: before
        st.integers(1, 8),
        st.sampled_from([0.0, 0.001, 0.2, 5.0, 60.0]),
        st.lists(st.sampled_from([0.0, 1.0, 0.5, 0.99]), min_size=8, max_size=8),
    ),
    min_size=1,
    max_size=40,
)


def micros(length: timedelta) -> int:
    return length // TICK


def used(slot, lateness: float) -> int:
    """The instant at which a slot is used: its first, its last, or one between, in microseconds after the start."""
    begins, ends = micros(slot.begins_at - START), micros(slot.ends_at - START)
    assert begins < ends
    return min(ends - 1, begins + int((ends - begins) * lateness))


def assert_bound(instants: list[int], rate: Rate) -> None:
    """In no half-open window do more pass than rate · w + burst; any that holds N letters is longer than they span."""
    passed = sorted(instants)
    for first in range(len(passed)):
        for last in range(first, len(passed)):
            window = passed[last] - passed[first]
            assert (last - first + 1 - rate.burst) * micros(rate.per) <= rate.count * window


@given(st.lists(RATES, min_size=1, max_size=3), ASKS)
@settings(max_examples=300, deadline=None)
@example([Rate(1, per=SECOND)], [(0.0, 8, 60.0, [1.0, 0.0] * 4)])
@example([Rate(100, per=SECOND, burst=2)], [(0.0, 8, 60.0, [1.0, 0.0] * 4)])
def test_no_window_holds_more_than_any_of_its_rates_and_bursts(rates, asks):
    tolls = [Toll(key=str(place), rate=rate) for place, rate in enumerate(rates)]
    states, now, passed = [None] * len(tolls), START, []
    for gap, count, horizon, late in asks:
        now += timedelta(seconds=gap)
        states, reservation = reserve(tolls, states, count=count, now=now, horizon=timedelta(seconds=horizon))
        passed += [used(slot, lateness) for slot, lateness in zip(reservation.slots, late, strict=False)]
        assert all(now <= slot.begins_at <= now + timedelta(seconds=horizon) for slot in reservation.slots)
        assert (reservation.again_at is None) == (len(reservation.slots) == count)
        assert reservation.again_at is None or reservation.again_at > now
    for rate in rates:
        assert_bound(passed, rate)


@given(st.data(), RATES, RATES, ASKS)
@settings(max_examples=150, deadline=None)
def test_lanes_that_share_a_limit_keep_it_together(data, shared, own, asks):
    lanes = [
        (Toll(key="shared", rate=shared),),
        (Toll(key="shared", rate=shared), Toll(key="own", rate=own)),
        (Toll(key="own", rate=own),),
    ]
    states: dict[str, int] = {}
    passed: dict[str, list[int]] = {"shared": [], "own": []}
    now = START
    for gap, count, horizon, late in asks:
        now += timedelta(seconds=gap)
        tolls = data.draw(st.sampled_from(lanes))
        new, reservation = reserve(
            tolls, [states.get(toll.key) for toll in tolls], count=count, now=now, horizon=timedelta(seconds=horizon)
        )
        states.update({toll.key: state for toll, state in zip(tolls, new, strict=True)})
        instants = [used(slot, lateness) for slot, lateness in zip(reservation.slots, late, strict=False)]
        for toll in tolls:
            passed[toll.key] += instants
    assert_bound(passed["shared"], shared)
    assert_bound(passed["own"], own)


@given(RATES, st.floats(0, 100), st.integers(1, 50))
def test_to_ask_again_when_told_gives_a_slot(rate, gap, count):
    toll = Toll(key="all", rate=rate)
    (state,), first = reserve([toll], [None], count=count, now=START, horizon=SECOND)
    if first.again_at is not None:
        _, second = reserve([toll], [state], count=1, now=first.again_at, horizon=SECOND)
        assert len(second.slots) == 1


def drain(rate: Rate, askers: int, *, lag_seconds: float, lasting: timedelta, seed: int) -> list[int]:
    """When letters pass if there are always jobs: askers that come late to ask, and late to each of their slots."""
    rng, toll, state, passed = Random(seed), Toll(key="all", rate=rate), None, []
    free_at = [START] * askers

    def late(instant: datetime) -> datetime:
        return instant + timedelta(seconds=lag_seconds * rng.random())

    while (now := min(free_at)) < START + lasting:
        asker = free_at.index(now)
        (state,), reservation = reserve([toll], [state], count=2000, now=now, horizon=timedelta(milliseconds=200))
        instants = [(late(max(now, slot.begins_at)), slot) for slot in reservation.slots]
        passed += [micros(instant - START) for instant, slot in instants if instant < slot.ends_at]  # else missed
        free_at[asker] = late(max(reservation.again_at or now, now + timedelta(milliseconds=50)))
    return passed


@pytest.mark.parametrize(
    ("rate", "lag_seconds"),
    [
        (Rate(10, per=SECOND), 0.0015),
        (Rate(1, per=SECOND), 0.01),
        (Rate(600, per=timedelta(hours=1)), 0.05),
        (Rate(100, per=SECOND, burst=2), 0.004),
        (Rate(100, per=SECOND, burst=10), 0.03),
        (Rate(1000, per=SECOND, burst=50), 0.03),
        (Rate(5000, per=SECOND, burst=200), 0.02),
    ],
)
@pytest.mark.parametrize("askers", [1, 8])
def test_where_jobs_abound_at_least_98_percent_of_the_rate_is_used(rate, lag_seconds, askers):
    lasting = max(timedelta(seconds=4), 200 * rate.period)
    passed = drain(rate, askers, lag_seconds=lag_seconds, lasting=lasting, seed=askers)
    within = [instant for instant in passed if instant < micros(lasting)]
    assert len(within) >= 0.98 * rate.count * (lasting / rate.per)
    assert_bound(sorted(within)[:400], rate)


def test_two_lanes_of_one_limit_use_it_up_though_one_of_them_is_slow():
    everything, slow = Toll(key="all", rate=Rate(100, per=SECOND, burst=10)), Toll(key="slow", rate=Rate(2, per=SECOND))
    states: dict[str, int] = {}
    begun = 0
    for step in range(1000):  # ten seconds; the slow lane asks first, each time
        now = START + step * timedelta(milliseconds=10)
        for tolls in ((everything, slow), (everything,)):
            new, reservation = reserve(
                tolls, [states.get(toll.key) for toll in tolls], count=20, now=now, horizon=timedelta(milliseconds=200)
            )
            states.update({toll.key: state for toll, state in zip(tolls, new, strict=True)})
            begun += len(reservation.slots)
    assert begun >= 980


def test_a_burst_goes_at_once_but_for_what_lateness_is_paid_with():
    toll = Toll(key="all", rate=Rate(60, per=timedelta(minutes=1), burst=10))
    _, reservation = reserve([toll], [None], count=20, now=START, horizon=timedelta(0))
    assert [slot.begins_at for slot in reservation.slots] == [START] * 9
    assert reservation.slots[0].ends_at == START + timedelta(milliseconds=40)


def test_a_missed_slot_is_lost():
    toll = Toll(key="all", rate=Rate(1, per=SECOND, burst=2))
    (state,), first = reserve([toll], [None], count=1, now=START, horizon=timedelta(0))
    late = first.slots[0].ends_at + toll.spare * TICK
    _, second = reserve([toll], [state], count=5, now=late, horizon=timedelta(0))
    assert second.slots[0].begins_at >= late
    assert len(second.slots) == 1


def test_what_passes_no_limit_goes_now():
    states, reservation = reserve([], [], count=3, now=START, horizon=timedelta(minutes=5))
    assert states == []
    assert [(slot.begins_at, slot.ends_at) for slot in reservation.slots] == [(START, START + LONGEST_HORIZON)] * 3
    assert reservation.again_at is None


@pytest.mark.parametrize("burst", [1, 3, 50])
def test_a_clock_that_is_set_back_makes_nobody_wait_longer_than_the_rate_does(burst):
    toll = Toll(key="all", rate=Rate(10, per=SECOND, burst=burst))
    (state,), _ = reserve([toll], [None], count=1000, now=START, horizon=LONGEST_HORIZON)
    back = START - timedelta(hours=3)
    _, reservation = reserve([toll], [state], count=1, now=back, horizon=SECOND)
    assert reservation.slots[0].begins_at == back + toll.step * TICK


@given(RATES, st.integers(1, 9), st.integers(0, 10**9))
def test_a_state_that_has_come_to_rest_says_no_more_than_none(rate, count, later):
    toll = Toll(key="all", rate=rate)
    (state,), _ = reserve([toll], [None], count=count, now=START, horizon=SECOND)
    now = max(START, idle_from(toll, state)) + later * TICK
    assert reserve([toll], [state], count=9, now=now, horizon=SECOND) == reserve(
        [toll], [None], count=9, now=now, horizon=SECOND
    )


@given(st.lists(st.tuples(st.floats(0, 7200), st.integers(1, 30)), max_size=60), st.integers(0, 100), RATES)
def test_an_allotment_is_never_exceeded_in_its_period_and_the_next_begins_anew(asks, most, rate):
    rated, now, states = Toll(key="all", rate=rate), START, [None, None]
    passed: dict[int, int] = {}
    for gap, count in asks:
        now += timedelta(seconds=gap)
        number = (now - START) // timedelta(hours=1)
        ends = START + (number + 1) * timedelta(hours=1)
        tolls = [rated, Allotment(key="quota", number=number, most=most, ends_at=ends)]
        states, reservation = reserve(tolls, states, count=count, now=now, horizon=LONGEST_HORIZON)
        assert reservation.again_at is None or now < reservation.again_at <= ends or most > 0
        for slot in reservation.slots:
            assert slot.ends_at <= ends
            passed[number] = passed.get(number, 0) + 1
    assert all(count <= most for count in passed.values())


def test_who_has_used_up_an_allotment_is_told_to_come_back_in_the_next_period():
    ends = START + timedelta(days=1)
    allotment = Allotment(key="quota", number=5, most=2, ends_at=ends)
    states, reservation = reserve([allotment], [None], count=3, now=START, horizon=SECOND)
    assert (len(reservation.slots), reservation.again_at) == (2, ends)
    _, reservation = reserve([allotment], states, count=3, now=START, horizon=SECOND)
    assert (reservation.slots, reservation.again_at) == ((), ends)


def test_a_slot_that_would_begin_after_the_period_is_left_to_the_next():
    ends = START + timedelta(milliseconds=500)
    tolls = [Toll(key="all", rate=Rate(1, per=SECOND)), Allotment(key="quota", number=5, most=9, ends_at=ends)]
    _, reservation = reserve(tolls, [None, None], count=3, now=START, horizon=timedelta(seconds=10))
    assert (len(reservation.slots), reservation.again_at) == (1, ends)


def test_the_earlier_of_two_periods_ends_first():
    day, month = (
        Allotment(key=key, number=5, most=1, ends_at=START + timedelta(days=days))
        for key, days in (("d", 1), ("m", 30))
    )
    _, reservation = reserve([month, day], [None, None], count=3, now=START, horizon=SECOND)
    assert reservation.again_at == day.ends_at


def test_a_process_whose_clock_is_behind_counts_in_the_period_that_others_have_begun():
    new, old = (
        Allotment(key="quota", number=number, most=3, ends_at=START + timedelta(days=number - 4)) for number in (6, 5)
    )
    (state,), _ = reserve([new], [None], count=2, now=START, horizon=SECOND)
    _, reservation = reserve([old], [state], count=3, now=START, horizon=SECOND)
    assert len(reservation.slots) == 1


def test_only_what_was_reserved_in_this_period_is_given_back():
    allotment = Allotment(key="quota", number=5, most=4, ends_at=START + timedelta(days=1))
    assert give_back(allotment, None, 1) is None
    (state,), _ = reserve([allotment], [None], count=3, now=START, horizon=SECOND)
    assert give_back(Allotment(key="quota", number=4, most=4, ends_at=START), state, 1) == state
    (_,), reservation = reserve([allotment], [give_back(allotment, state, 99)], count=9, now=START, horizon=SECOND)
    assert len(reservation.slots) == 4


def test_states_fit_the_whole_numbers_of_databases():
    far = datetime(9998, 1, 1, tzinfo=UTC)
    tolls = [
        Toll(key="all", rate=Rate(1, per=timedelta(days=365))),
        Allotment(key="quota", number=far.toordinal(), most=9, ends_at=far + timedelta(days=1)),
    ]
    states, _ = reserve(tolls, [None, None], count=9, now=far, horizon=LONGEST_HORIZON)
    assert all(0 <= state < 2**63 for state in states)


@pytest.mark.parametrize("rate", [Rate(1, per=timedelta(days=3650), burst=3000), Rate(1, per=timedelta(days=400_000))])
def test_however_slow_a_rate_is_no_instant_lies_beyond_the_calendar(rate):
    toll = Toll(key="all", rate=rate)
    (state,), reservation = reserve([toll], [None], count=2999, now=START, horizon=SECOND)
    assert len(reservation.slots) == (1 if rate.burst == 1 else 2999)
    (state,), reservation = reserve([toll], [state], count=9, now=START, horizon=SECOND)
    assert reservation.again_at is not None
    assert idle_from(toll, state) > START
    assert 0 <= state < 2**63


def test_what_nobody_could_wait_for_is_no_rate():
    with pytest.raises(InvalidValue, match="slower than anybody could wait for"):
        Toll(key="all", rate=Rate(1, per=timedelta(days=365), burst=1_000_000))
