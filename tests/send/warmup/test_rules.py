from datetime import UTC, date, datetime, timedelta
from functools import reduce

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit.errors import InvalidValue
from mailkit.send.warmup import Day, Gates, Move, Plan, State, advance, allowance, decide, note
from mailkit.send.warmup.decisions import Proof, Reason, Ruling

MONDAY = date(2026, 3, 2)
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
PLAN = Plan(start=500, growth_share=0.3, target=50_000)


def day(number: int = 0, sent: int = 500, **counts: int) -> Day:
    counts.setdefault("accepted", sent - counts.get("bounced", 0) - counts.get("throttled", 0))
    return Day(on=MONDAY + timedelta(days=number), sent=sent, **counts)


def judged(one: Day, state: State | None = None, plan: Plan = PLAN) -> tuple[State, Move, str]:
    after, decision = decide(plan, state or State(step=5), one)
    return after, decision.move, decision.reason


@st.composite
def outcomes(draw):
    """A day, and the same day with better outcomes."""
    letters = draw(st.integers(1, 5_000))
    bad = [draw(st.integers(0, letters // draw(st.sampled_from([1, 10, 100])))) for _ in range(5)]
    better = [draw(st.integers(0, count)) for count in bad]

    def one(bounced: int, late: int, throttled: int, blocked: int, complained: int) -> Day:
        return Day(
            on=MONDAY,
            sent=letters,
            accepted=letters - min(bounced + throttled, letters),
            bounced=min(bounced + late, letters),
            returned=min(late, letters - min(bounced + throttled, letters)),
            throttled=throttled,
            blocked=blocked,
            complained=complained,
        )

    return one(*bad), one(*better)


@given(st.lists(outcomes(), min_size=1, max_size=12), st.integers(0, 10))
def test_better_outcomes_never_give_less(days, step):
    worse = better = State(step=step)
    for number, (bad, good) in enumerate(days):
        on = MONDAY + timedelta(days=number)
        worse, _ = decide(PLAN, worse, attrs.evolve(bad, on=on))
        better, _ = decide(PLAN, better, attrs.evolve(good, on=on))
        assert better.step >= worse.step
        assert worse.sending_days == better.sending_days == number + 1
        if better.paused_until:
            assert worse.paused_until


@given(st.lists(outcomes(), min_size=1, max_size=30))
def test_a_volume_is_never_more_than_the_plan_allows_by_then(days):
    state = State()
    for number, (_, good) in enumerate(days):
        state, decision = decide(PLAN, state, attrs.evolve(good, on=MONDAY + timedelta(days=number)))
        assert decision.allowed <= PLAN.volume(number + 1)
        assert decision.on == good.on + timedelta(days=number)
        assert state.step <= state.sending_days


@given(st.lists(st.sampled_from(["sent", "accepted", "bounced", "throttled", "complained"]), max_size=40), st.randoms())
def test_the_order_within_a_day_does_not_matter(news, rng):
    def counted(order: list[str]) -> State:
        notes = [Day(on=MONDAY, **{name: 1}) for name in order]
        state = reduce(lambda state, one: note(PLAN, state, one, NOON), notes, State())
        return attrs.evolve(state, paused_until=None)

    shuffled = rng.sample(news, len(news))
    assert counted(news) == counted(shuffled)
    after = [advance(PLAN, counted(order), NOON + timedelta(days=1))[0] for order in (news, shuffled)]
    assert after[0] == after[1]


@given(st.lists(st.integers(0, 60), max_size=6), st.integers(0, 40))
def test_time_that_passes_in_many_steps_is_time_that_passes_in_one(halts, step):
    start = note(PLAN, State(step=step), day(), NOON)
    end = NOON + timedelta(days=60)
    state, told = start, []
    for halt in sorted(halts):
        state, decisions = advance(PLAN, state, NOON + timedelta(days=halt))
        told += decisions
    assert advance(PLAN, state, end)[0] == advance(PLAN, start, end)[0]


def test_a_clean_day_goes_a_step_up_and_says_why():
    state, move, reason = judged(day(), State(step=1))
    assert (state.step, move) == (2, Move.GREW)
    assert reason == "grew: 0 of 500 were not delivered; no more than 0.6 % is likely, and less than 1 % is asked"


def test_twenty_letters_prove_nothing_and_neither_do_three_bounces_of_180():
    state, move, reason = judged(day(sent=20), State(), Plan(start=20))
    assert (state.step, move) == (0, Move.HELD)
    assert reason == "held: 0 of 20 bounced; up to 13.9 % is possible, and less than 1 % is asked"
    state, move, reason = judged(day(sent=180, bounced=3), State(), Plan(start=180))
    assert (state.step, move) == (0, Move.HELD)
    assert reason == "held: 3 of 180 bounced; up to 4.3 % is possible, and less than 1 % is asked"


def test_small_days_prove_something_together():
    state, plan = State(), Plan(start=100)
    told = []
    for number in range(3):
        state, decision = decide(plan, state, day(number, sent=100))
        told.append(decision)
    assert [decision.move for decision in told] == [Move.HELD, Move.HELD, Move.GREW]
    assert told[-1].reason.startswith("grew: 0 of 300 were not delivered on 3 sending days; no more than 0.99 %")


def test_bounces_that_are_proved_step_back_once():
    state, move, reason = judged(day(sent=1_000, bounced=30), State(step=5))
    assert (state.step, move) == (4, Move.STEPPED_BACK)
    assert reason == "stepped back: 30 of 1,000 bounced; at least 2.2 % is likely, and no more than 1 % is allowed"
    state, move, _ = judged(day(1, sent=1_400), state)
    assert (state.step, move) == (5, Move.GREW)


def test_bounces_that_come_late_still_cost_their_step_once():
    state, _ = decide(PLAN, State(step=5), day(sent=2_000))
    assert state.step == 6
    state = note(PLAN, state, Day(on=MONDAY, bounced=80, returned=80), NOON + timedelta(days=1))
    assert state.past[0].undelivered == 80
    state, move, reason = judged(day(1, sent=2_500), state)
    assert (state.step, move) == (5, Move.STEPPED_BACK)
    assert "80 of 2,000 bounced" in reason
    assert judged(day(2, sent=2_000), state)[1] is Move.GREW


def test_news_of_a_day_that_nobody_remembers_is_let_go():
    state, _ = decide(PLAN, State(), day())
    assert note(PLAN, state, Day(on=MONDAY - timedelta(days=3), bounced=9), NOON + timedelta(days=1)).past == state.past


@pytest.mark.parametrize(
    ("counts", "steps", "move"),
    [
        ({"throttled": 90}, 1, Move.STEPPED_BACK),
        ({"complained": 9}, 1, Move.STEPPED_BACK),
        ({"complained": 2}, 0, Move.HELD),
        ({"blocked": 40}, 3, Move.PAUSED),
        ({"bounced": 200}, 3, Move.PAUSED),
        ({"complained": 30}, 3, Move.PAUSED),
        ({"accepted": 960}, 0, Move.HELD),
    ],
)
def test_what_providers_and_readers_say_holds_steps_back_or_pauses(counts, steps, move):
    state, was, reason = judged(day(sent=1_000, **counts), State(step=2))
    assert was is move, reason
    assert state.step == max(0, 2 - steps)
    assert (state.paused_until is not None) == (move is Move.PAUSED)


def test_a_pause_begins_within_the_day_and_nothing_is_sent_until_it_ends():
    state = note(PLAN, State(step=5), day(sent=100, blocked=20), NOON)
    again = NOON + timedelta(days=1)
    assert state.paused_until == again
    assert note(PLAN, state, Day(on=MONDAY, blocked=1), NOON + timedelta(hours=1)).paused_until == again
    assert [allowance(PLAN, state, at) for at in (NOON, again - timedelta(seconds=1))] == [0, 0]
    assert allowance(PLAN, state, again) == PLAN.volume(2)
    state, (decision,) = advance(PLAN, state, again)
    assert decision.move is Move.PAUSED
    assert state.paused_until == again


def test_a_day_that_is_found_bad_at_its_end_pauses_the_next():
    state, move, _ = judged(day(sent=1_000, bounced=200))
    assert move is Move.PAUSED
    assert state.paused_until == datetime(2026, 3, 4, tzinfo=UTC)


def test_days_without_mail_are_not_counted():
    state, decision = decide(PLAN, State(step=3), Day(on=MONDAY))
    assert state == State(step=3)
    assert decision.reason == "held: no mail for 1 day"
    state = note(PLAN, state, Day(on=MONDAY, accepted=1), NOON)
    state, told = advance(PLAN, state, NOON + timedelta(days=5))
    assert (state.sending_days, told) == (0, ())


def test_a_week_of_silence_is_free_and_a_month_begins_anew():
    state, _ = decide(PLAN, State(step=12), day(sent=10_000))
    assert advance(PLAN, state, NOON + timedelta(days=8))[0].step == 13
    state, (decision,) = advance(PLAN, state, NOON + timedelta(days=10))
    assert (state.step, decision.move) == (11, Move.RESTED)
    assert decision.reason == "rested: no mail for 9 days"
    state, _ = advance(PLAN, state, NOON + timedelta(days=30))
    assert state.step == 0
    state, told = advance(PLAN, state, NOON + timedelta(days=31))
    assert (state.step, told) == (0, ())
    state, _ = decide(PLAN, state, day(31))
    assert (state.step, state.rested) == (1, 0)


def test_a_day_on_which_little_was_sent_proves_nothing_about_much():
    _, move, reason = judged(day(sent=400), State(step=5))
    assert (move, reason) == (Move.HELD, "held: only 400 of 1,856 were sent, and 50 % is asked")


def test_the_target_is_the_end():
    state, move, reason = judged(day(sent=50_000), State(step=PLAN.last_step))
    assert (state.step, move) == (PLAN.last_step, Move.HELD)
    assert reason == "held: the target of 50,000 a day is reached"
    assert str(decide(PLAN, State(step=PLAN.last_step), day(sent=50_000))[1]).endswith("; 50,000 a day from now on")


def test_a_plan_by_time_alone_grows_with_each_sending_day():
    plan = Plan.following("sparkpost", gates=Gates.by_time_alone())
    state, move, _ = judged(day(sent=200, bounced=50), State(), plan)
    assert (state.step, move) == (1, Move.GREW)


def test_a_clock_that_runs_behind_changes_nothing():
    state = note(PLAN, State(), day(1), NOON + timedelta(days=1))
    assert advance(PLAN, state, NOON)[0] == state
    assert note(PLAN, state, Day(on=MONDAY, accepted=1), NOON) == state


@given(st.lists(outcomes(), max_size=9), st.booleans())
def test_a_state_comes_back_from_its_text(days, is_paused):
    state = State(paused_until=NOON if is_paused else None, arrival=NOON, taken_on=MONDAY, taken=3)
    for number, (bad, _) in enumerate(days):
        state, _ = decide(PLAN, state, attrs.evolve(bad, on=MONDAY + timedelta(days=number)))
    state = note(PLAN, state, day(9), NOON + timedelta(days=9))
    assert State.from_json(state.to_json()) == state


@pytest.mark.parametrize("wrong", [{}, {"step": 0}, {**State().to_json(), "past": [["2026-03-02", 1]]}, None])
def test_what_is_no_state_is_refused(wrong):
    with pytest.raises(InvalidValue):
        State.from_json(wrong)


def test_counts_and_dates_are_checked():
    for wrong in ({"sent": -1}, {"sent": 1.5}, {"on": NOON}):
        with pytest.raises(InvalidValue):
            Day(**{"on": MONDAY, **wrong})


def test_small_shares_are_told_with_more_digits():
    told = str(Reason(ruling=Ruling.COMPLAINED, count=5, total=1_000, limit=0.001, proof=Proof.ABOVE))
    assert told == "5 of 1,000 complained; at least 0.2 % is likely, and no more than 0.1 % is allowed"
