from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit.errors import InvalidValue
from mailkit.send.warmup import SCHEDULES, Gates, Plan, Reach, Schedule


@pytest.mark.parametrize(("start", "growth", "day"), [(500, 0.15, 39), (500, 0.30, 22), (1_500, 0.30, 18)])
def test_known_curves_reach_a_hundred_thousand_on_their_day(start, growth, day):
    assert Plan(start=start, growth_share=growth).day_of(100_000) == day


# The days that the publishers themselves, or those who counted their tables, name.
@pytest.mark.parametrize(
    ("name", "day"), [("sendgrid hourly", 17), ("sendgrid guide", 10), ("sparkpost", 11), ("ses standard", None)]
)
def test_published_schedules_reach_a_hundred_thousand_on_their_day(name, day):
    assert SCHEDULES[name].day_of(100_000) == day
    assert Plan.following(name).day_of(100_000) == day


def test_each_schedule_says_where_it_stands():
    assert all(name == schedule.name and schedule.source for name, schedule in SCHEDULES.items())
    assert len(SCHEDULES["ses standard"].daily) == 45
    assert SCHEDULES["ses standard"].daily[-1] == 50_000
    assert SCHEDULES["sendgrid hourly"].daily[0] == 20 * 24


@given(st.integers(1, 10**6), st.integers(1, 10_000), st.floats(0.01, 10), st.integers(0, 4_000))
def test_a_plan_rises_to_its_target_and_no_further(target, start, growth, step):
    plan = Plan(target=target, start=start, growth_share=growth)
    assert plan.volume(step) <= plan.volume(step + 1) <= target
    assert plan.volume(plan.last_step) == target
    assert plan.volume(0) == min(start, target)


def test_a_schedule_that_ends_below_the_target_stays_at_its_end():
    plan = Plan(table=[10, 20], target=100)
    assert [plan.volume(step) for step in (0, 1, 2, -1)] == [10, 20, 20, 10]
    assert plan.day_of(100) is None
    assert plan.last_step == 1


def test_a_published_schedule_may_be_cut_and_its_gates_opened():
    plan = Plan.following("sparkpost", target=3_000, gates=Gates.by_time_alone())
    assert plan.volumes == (200, 500, 1_000, 2_000, 3_000)
    assert plan.gates.bounced_share == 1
    assert plan.gates.delivered_share == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"target": 0},
        {"target": 10**10},
        {"start": 0},
        {"growth_share": 0},
        {"growth_share": 11},
        {"table": [10, 5]},
        {"table": [0]},
        {"least_share": 2},
        {"spread": timedelta(hours=25)},
        {"spread": timedelta(0)},
        {"memory_days": 0},
        {"rest_days": -1},
        {"pause": timedelta(0)},
        {"setback": 0},
        {"older_share": -0.1},
    ],
)
def test_a_plan_that_cannot_be_is_refused(wrong):
    with pytest.raises(InvalidValue):
        Plan(**wrong)


def test_a_proof_must_be_surer_than_a_coin():
    with pytest.raises(InvalidValue, match="is not from"):
        Gates(confidence=0.4)
    with pytest.raises(InvalidValue):
        Gates(confidence=1.0)
    with pytest.raises(InvalidValue):
        Reach(until_day=0, within=timedelta(days=1))


def test_an_unknown_schedule_is_refused_with_the_likeliest_name():
    with pytest.raises(InvalidValue, match="did you mean 'sparkpost'"):
        Plan.following("spark post")
    with pytest.raises(InvalidValue, match="there are sendgrid hourly"):
        Plan.following("mailgun")
    with pytest.raises(InvalidValue, match="never falls"):
        Schedule(name="wrong", daily=(2, 1), source="nobody")
