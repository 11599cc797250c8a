from datetime import UTC, datetime, timedelta

import attrs
from hypothesis import given
from hypothesis import strategies as st

from mailkit.send.warmup import Day, Plan, State, allot, allowance, left, may_write, note, order, rate, take

NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)
MIDNIGHT = datetime(2026, 3, 3, tzinfo=UTC)
STEPS = st.lists(st.tuples(st.integers(1, 40), st.integers(0, 20_000)), max_size=60)


def day(number: int, sent: int) -> Day:
    return Day(on=NINE.date() + timedelta(days=number), sent=sent, accepted=sent)


@given(STEPS, st.integers(1, 3_000))
def test_what_all_processes_take_is_never_more_than_the_allowance(wanted, start):
    plan, state, now, taken = Plan(start=start), State(), NINE, 0
    for count, seconds in wanted:  # whichever process it is: each takes from what the last one wrote
        now = min(now + timedelta(seconds=seconds), MIDNIGHT - timedelta(microseconds=1))
        state, grant = take(plan, state, count, now)
        assert 0 <= grant.count <= count
        assert (grant.again_at is None) == (grant.count == count)
        taken += grant.count
        assert left(plan, state, now) == allowance(plan, state, now) - taken
    assert taken <= start == allowance(plan, state, now)


@given(STEPS, st.integers(1, 3_000))
def test_no_window_holds_more_than_the_rate_and_its_burst(wanted, start):
    plan, state, now = Plan(start=start), State(), NINE
    pace, passed = rate(plan, state, now), []
    for count, seconds in wanted:
        now += timedelta(seconds=seconds / 100)
        state, grant = take(plan, state, count, now)
        passed += [now] * grant.count
    for first in range(0, len(passed), 7):
        window = passed[-1] - passed[first]
        assert len(passed) - first <= pace.count * window / pace.per + pace.burst + 1e-6


@given(st.integers(1, 600))
def test_who_asks_when_told_to_uses_the_whole_allowance_within_its_hours(start):
    plan, state, now, taken = Plan(start=start, spread=timedelta(hours=8)), State(), NINE, 0
    while now < NINE + timedelta(hours=8):
        state, grant = take(plan, state, 10_000, now)
        taken += grant.count
        assert grant.again_at > now
        now = grant.again_at
    assert taken == start
    assert now == MIDNIGHT


def test_a_new_day_has_places_of_its_own_and_what_was_left_is_lost():
    plan = Plan(start=1, growth_share=1, least_share=0)
    state, grant = take(plan, State(), 2, NINE)
    assert (grant.count, grant.again_at) == (1, MIDNIGHT)
    state, grant = take(plan, note(plan, state, day(0, 1), NINE), 2, NINE)
    assert (grant.count, grant.again_at, left(plan, state, NINE)) == (0, MIDNIGHT, 0)
    state, grant = take(plan, state, 2, MIDNIGHT)
    assert grant.count == 1


def test_a_process_whose_clock_runs_behind_gets_nothing():
    state, _ = take(Plan(), State(), 1, MIDNIGHT)
    state, grant = take(Plan(), state, 1, NINE)
    assert (grant.count, grant.again_at) == (0, MIDNIGHT)


def test_nothing_is_given_while_paused():
    until = NINE + timedelta(hours=3)
    state, grant = take(Plan(), State(paused_until=until), 5, NINE)
    assert (grant.count, grant.again_at, state.taken) == (0, until, 0)
    assert rate(Plan(), state, NINE) is None
    assert allowance(Plan(), state, NINE) == 0
    assert take(Plan(), state, 1, until)[1].count == 1


def test_the_hourly_schedule_gives_twenty_an_hour():
    plan = Plan.following("sendgrid hourly")
    pace = rate(plan, State(), NINE)
    assert pace.period == timedelta(minutes=3)
    assert pace.count == 480


@given(st.permutations([str(number) for number in range(12)]))
def test_the_order_of_people_does_not_depend_on_how_they_came(people):
    engaged = {str(number): NINE - timedelta(days=number % 4) for number in range(8)}
    ordered = order(people, engaged)
    assert sorted(ordered) == sorted(people)
    assert ordered == order(sorted(people), engaged)
    assert {int(person) % 4 for person in ordered[:2]} == {0}
    assert set(ordered[8:]) == {"8", "9", "10", "11"}


def test_openers_of_thirty_sixty_and_ninety_days_come_in_their_weeks():
    ages = [29, 31, 59, 61, 89, 91]

    def may(sending_day: int) -> list[int]:
        return [age for age in ages if may_write(Plan(), sending_day, NINE - timedelta(days=age), NINE)]

    assert [may(sending_day) for sending_day in (1, 14)] == [[29], [29]]
    assert [may(sending_day) for sending_day in (15, 28)] == [[29, 31, 59]] * 2
    assert [may(sending_day) for sending_day in (29, 42)] == [ages[:5]] * 2
    assert may(43) == ages
    assert not may_write(Plan(), 42, None, NINE)
    assert may_write(Plan(), 43, None, NINE)


def test_after_six_weeks_older_people_get_their_share_of_the_places():
    engaged = {f"new {number}": NINE - timedelta(days=5) for number in range(70)}
    people = [*engaged, *(f"unknown {number}" for number in range(70))]
    plan, state = Plan(start=100, table=[100]), State(sending_days=42)
    chosen = allot(plan, state, people, engaged, NINE)
    assert sum(person.startswith("unknown") for person in chosen) == 15
    assert len(chosen) == 85
    assert len(allot(attrs.evolve(plan, older_share=1.0), state, people, engaged, NINE)) == 100
    assert len(allot(attrs.evolve(plan, reach=()), state, people, engaged, NINE)) == 100
    assert len(allot(plan, State(), people, engaged, NINE)) == 70


def test_where_there_are_more_places_than_people_all_are_chosen():
    engaged = {"17": NINE, "18": NINE - timedelta(days=1)}
    assert allot(Plan(), State(), engaged, engaged, NINE) == ["17", "18"]
