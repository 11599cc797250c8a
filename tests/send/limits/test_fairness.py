from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailkit.errors import InvalidValue
from mailkit.send.limits.fairness import Claim, Standing, deal, took
from mailkit.send.limits.turns import Turns
from mailkit.send.outbox import Lane

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def lane(number=1, *, priority=0, is_transactional=False, account="", campaign="", provider="") -> Lane:
    return Lane(
        number=number, priority=priority, is_transactional=is_transactional, account=account, campaign=campaign,
        identity="", provider=provider, due=NOW,
    )  # fmt: skip


def claim(number=1, *, most=10**9, **lane_facts) -> Claim:
    found = lane(number, **lane_facts)
    return Claim(lane=found, way=("", found.provider), most=most)


def dealt_over(claims, rooms, *, turns=None, standing=None):
    """How many turns each lane gets in deals of so much room, one after another."""
    standing, total = standing or Standing(), {each.lane.number: 0 for each in claims}
    for room in rooms:
        dealt, standing = deal(claims, room=room, rooms={}, standing=standing, turns=turns or Turns())
        for number, count in dealt.items():
            total[number] += count
    return total


CLAIMS = st.lists(
    st.tuples(
        st.integers(0, 2), st.booleans(), st.sampled_from("ab"), st.sampled_from("xyz"), st.sampled_from("gm"),
        st.integers(0, 12),
    ),
    max_size=12,
).map(
    lambda rows: [
        claim(number, priority=priority, is_transactional=kind, account=account, campaign=name, provider=way, most=most)
        for number, (priority, kind, account, name, way, most) in enumerate(rows)
    ]
)  # fmt: skip
ROOMS = st.lists(st.integers(0, 30), max_size=8)


@given(CLAIMS, st.integers(0, 60), st.integers(0, 20), st.integers(0, 20), st.floats(0, 1))
def test_all_room_is_used_that_anybody_can_use_and_no_more(claims, room, gmail, others, least_share):
    rooms = {("", "g"): gmail, ("", "m"): others}
    turns = Turns(least_share=least_share)
    dealt, _ = deal(claims, room=room, rooms=rooms, standing=Standing(), turns=turns)
    usable = sum(
        min(rooms[way], sum(each.most for each in claims if each.way == way)) for way in (("", "g"), ("", "m"))
    )
    assert sum(dealt.values()) == min(room, usable)
    assert all(0 < dealt[each.lane.number] <= each.most for each in claims if each.lane.number in dealt)
    for way, most in rooms.items():
        assert sum(dealt.get(each.lane.number, 0) for each in claims if each.way == way) <= most


@given(st.dictionaries(st.sampled_from("abcde"), st.sampled_from([0.5, 1.0, 2.0, 3.0, 7.5]), min_size=2), ROOMS)
def test_accounts_that_always_wait_keep_their_weights_within_one_letter(weights, rooms):
    claims = [claim(number, account=name) for number, name in enumerate(weights)]
    total = dealt_over(claims, rooms, turns=Turns(accounts=weights))
    worth = [(total[number] / weight, 1 / weight) for number, weight in enumerate(weights.values())]
    for one, step in worth:
        for other, stride in worth:
            assert abs(one - other) <= max(step, stride) + 1e-6


@given(st.integers(2, 5), ROOMS)
def test_campaigns_of_one_account_get_the_same_within_one_letter_whatever_their_lanes(campaigns, rooms):
    claims = [
        claim(10 * name + place, campaign=str(name), provider=str(place))
        for name in range(campaigns) for place in range(name + 1)
    ]  # fmt: skip
    total = dealt_over(claims, rooms)
    each = [sum(count for number, count in total.items() if number // 10 == name) for name in range(campaigns)]
    assert max(each) - min(each) <= 1


@given(st.floats(0.01, 0.5), ROOMS)
def test_bulk_gets_its_least_share_while_transactional_letters_wait_and_no_more(least_share, rooms):
    claims = [claim(1, is_transactional=True), claim(2)]
    total = dealt_over(claims, rooms, turns=Turns(least_share=least_share))
    owed = least_share * sum(rooms)
    assert owed - 1 - 1e-6 <= total[2] <= owed + 1e-6


@given(CLAIMS.filter(bool), st.integers(20, 50))
@settings(deadline=None, max_examples=30)
def test_nobody_starves(claims, room):
    claims = [Claim(lane=each.lane, way=each.way) for each in claims]
    total = dealt_over(claims, [room] * (4_000 // room), turns=Turns(least_share=0.2))
    assert all(total.values())


def test_bulk_takes_all_that_transactional_letters_leave():
    assert dealt_over([claim(1, is_transactional=True, most=3), claim(2)], [20]) == {1: 3, 2: 17}


def test_a_higher_priority_goes_first_within_its_sort():
    claims = [claim(1, priority=1), claim(2, priority=5), claim(3, priority=9, most=10)]
    assert dealt_over(claims, [100]) == {3: 10, 2: 81, 1: 9}


def test_who_cannot_use_a_turn_is_owed_none():
    claims = [claim(1, is_transactional=True), claim(2, most=0)]
    _, standing = deal(claims, room=99, rooms={}, standing=Standing(), turns=Turns())
    assert dealt_over([claims[0], claim(2)], [10], standing=standing)[2] <= 1


def test_who_comes_late_gets_no_turns_for_the_time_before():
    first, late = claim(1, account="first"), claim(2, account="late")
    other = claim(3, account="other")
    _, standing = deal([first, other], room=1000, rooms={}, standing=Standing(), turns=Turns())
    assert sorted(dealt_over([first, late, other], [30], standing=standing).values()) in ([10, 10, 10], [9, 10, 11])


def test_who_waits_only_now_and_then_still_gets_every_other_turn():
    steady, rare = claim(1, account="steady"), claim(2, account="rare")
    standing, got = Standing(), []
    for claims in ([steady, rare], [steady], [steady, rare], [steady], [steady, rare]):
        dealt, standing = deal(claims, room=1, rooms={}, standing=standing, turns=Turns())
        got += dealt
    assert got.count(2) >= 1


def test_turns_that_were_not_used_are_not_held_against_a_lane():
    one, two = claim(1, account="a"), claim(2, account="b")
    _, standing = deal([one, two], room=20, rooms={}, standing=Standing(), turns=Turns())
    standing = took(one.lane, 8, standing=standing, turns=Turns())
    again, _ = deal([one, two], room=2, rooms={}, standing=standing, turns=Turns())
    assert again == {1: 1, 2: 1} or again == {1: 2}


def test_to_give_turns_back_for_a_lane_that_stood_alone_changes_nothing():
    alone = claim(1)
    _, standing = deal([alone], room=9, rooms={}, standing=Standing(), turns=Turns())
    assert took(alone.lane, 3, standing=standing, turns=Turns()) == standing


def test_what_is_remembered_does_not_grow_with_campaigns_that_are_over():
    standing = Standing()
    for day in range(1000):
        claims = [claim(2 * day + place, campaign=f"{place}", account=f"{day}") for place in range(2)]
        _, standing = deal(claims, room=9, rooms={}, standing=standing, turns=Turns())
    assert len(standing.marks) + len(standing.served) + len(standing.credits) < 1010


def test_nothing_is_dealt_where_nobody_waits():
    assert deal([], room=9, rooms={}, standing=Standing(), turns=Turns()) == ({}, Standing())


@pytest.mark.parametrize("weight", [0, -1, float("inf"), "2", True])
def test_a_weight_is_a_number_above_nothing(weight):
    with pytest.raises(InvalidValue, match="above 0"):
        Turns(accounts={"shop": weight})
