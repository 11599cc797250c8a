from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit.errors import InvalidValue
from mailkit.send.timing import Habit, Hours, Window, best_slot, by_hour, moment, next_instant

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
COUNTS = st.lists(st.integers(0, 50), min_size=24, max_size=24)
EVENING = [0] * 19 + [30, 50, 10, 0, 0]


def at(hour: int, count: int) -> list[int]:
    return [count if one == hour else 0 for one in range(24)]


@given(COUNTS, COUNTS, st.floats(0.001, 100))
def test_shares_are_one_in_all_and_lie_between_his_own_and_everybodys(own, everybody, weight):
    habit = Habit(own=own, everybody=everybody, weight=weight)
    assert sum(habit.shares) == pytest.approx(1)
    for hour, share in enumerate(habit.shares):
        his = own[hour] / sum(own) if sum(own) else habit.usual[hour]
        assert min(his, habit.usual[hour]) - 1e-9 <= share <= max(his, habit.usual[hour]) + 1e-9


@given(COUNTS, COUNTS, st.integers(0, 1_000), st.sampled_from(["Europe/Berlin", "Asia/Kolkata", None]))
def test_a_slot_is_in_the_future_open_and_no_longer_than_an_hour(own, everybody, minutes, zone):
    hours = Hours(windows=Window(time(9), time(20, 30)), fallback=["Europe/Berlin", "Europe/Moscow"])
    now = NOON + timedelta(minutes=minutes)
    slot = best_slot(hours, zone, now, habit=Habit(own=own, everybody=everybody))
    assert now <= slot.begins_at < slot.ends_at <= now + timedelta(hours=24)
    assert slot.ends_at - slot.begins_at <= HOUR
    assert next_instant(hours, zone, slot.begins_at) == slot.begins_at
    letter = moment("17", slot.begins_at, slot.ends_at)
    assert slot.begins_at <= letter < slot.ends_at


def test_many_opens_of_his_own_outweigh_everybodys_and_few_do_not():
    for count, hour in ((2, 20), (40, 7)):
        slot = best_slot(Hours(), "Europe/Berlin", NOON, habit=Habit(own=at(7, count), everybody=EVENING))
        assert slot.begins_at.astimezone(BERLIN).hour == hour


def test_of_what_is_open_the_best_hour_is_taken_and_told():
    hours = Hours(windows=Window(time(9), time(20)))
    slot = best_slot(hours, "Europe/Berlin", NOON, habit=Habit(everybody=EVENING))
    assert slot.begins_at == datetime(2026, 3, 2, 18, tzinfo=UTC)
    assert slot.why == "19:00: 0 of 0 opens of his own, 33.3 % of everybody; together 33.3 %"


def test_where_nothing_is_known_or_all_is_alike_it_is_now():
    slot = best_slot(Hours(), "UTC", NOON + timedelta(minutes=20), habit=Habit())
    assert (slot.begins_at, slot.ends_at) == (NOON + timedelta(minutes=20), NOON + HOUR)


def test_a_letter_waits_no_longer_than_it_may_unless_nothing_is_open():
    hours = Hours(windows=Window(time(9), time(20), weekdays={2}))
    slot = best_slot(hours, "UTC", NOON, habit=Habit(own=at(15, 9)))
    assert slot.begins_at == datetime(2026, 3, 4, 9, tzinfo=UTC)
    slot = best_slot(Hours(), "UTC", NOON, habit=Habit(own=at(15, 9)), within=2 * HOUR)
    assert slot.begins_at == NOON


def test_hours_are_those_of_his_clock_in_winter_and_in_summer():
    opened = [datetime(2026, month, 10, 8, 30, tzinfo=UTC) for month in (1, 7, 7)]
    assert by_hour(opened, BERLIN)[9:11] == (1, 2)


@pytest.mark.parametrize("wrong", [{"own": [1] * 23}, {"own": [-1] * 24}, {"everybody": [0.5] * 24}, {"weight": 0}])
def test_a_habit_that_cannot_be_is_refused(wrong):
    with pytest.raises(InvalidValue):
        Habit(**wrong)
