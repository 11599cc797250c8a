from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit.send.warmup.confidence import at_most, highest, is_above, is_below, lowest

SHARES = st.sampled_from([0.0005, 0.001, 0.01, 0.05, 0.3, 0.5, 0.9])
CONFIDENCES = st.sampled_from([0.8, 0.95, 0.99])


def summed_up(count: int, total: int, share: float) -> float:
    return sum(comb(total, so_many) * share**so_many * (1 - share) ** (total - so_many) for so_many in range(count + 1))


@given(st.integers(0, 300), st.integers(0, 300), SHARES)
def test_the_tail_is_what_summing_up_gives(count, total, share):
    assert at_most(count, total, share) == pytest.approx(summed_up(min(count, total), total, share), abs=1e-9)


@given(st.integers(1, 2_000), st.data(), SHARES, CONFIDENCES)
def test_a_share_is_proved_where_its_bound_says_so(total, data, limit, confidence):
    count = data.draw(st.integers(0, total))
    upper, lower = (bound(count, total, confidence=confidence) for bound in (highest, lowest))
    assert lower <= count / total <= upper or count in (0, total)
    if abs(upper - limit) > 1e-6:
        assert is_below(count, total, limit, confidence=confidence) == (upper < limit)
    if abs(lower - limit) > 1e-6:
        assert is_above(count, total, limit, confidence=confidence) == (lower > limit)


@given(st.integers(1, 2_000), st.data(), SHARES)
def test_more_of_them_never_prove_that_there_are_fewer(total, data, limit):
    count = data.draw(st.integers(1, total))
    assert is_below(count - 1, total, limit, confidence=0.95) >= is_below(count, total, limit, confidence=0.95)
    assert is_above(count - 1, total, limit, confidence=0.95) <= is_above(count, total, limit, confidence=0.95)


# NIST and every textbook: the rule of three, 1 - 0.05 ** (1 / n).
@pytest.mark.parametrize("total", [20, 299, 3_000])
def test_none_of_n_proves_what_the_rule_of_three_says(total):
    assert highest(0, total, confidence=0.95) == pytest.approx(1 - 0.05 ** (1 / total), abs=1e-8)


def test_no_proof_errs_more_often_than_is_said():
    # all counts of 500 letters, weighed by how likely they are if exactly 1 % bounce
    chances = [summed_up(count, 500, 0.01) - summed_up(count - 1, 500, 0.01) for count in range(40)]
    for proves in (is_below, is_above):
        errs = sum(chance for count, chance in enumerate(chances) if proves(count, 500, 0.01, confidence=0.95))
        assert 0 < errs <= 0.05


def test_the_ends_are_settled_without_a_proof():
    assert not is_below(0, 0, 0.01, confidence=0.95)
    assert not is_above(0, 0, 0.01, confidence=0.95)
    assert is_below(3, 10, 1.0, confidence=0.95)
    assert not is_below(10, 10, 1.0, confidence=0.95)
    assert is_above(1, 10, 0.0, confidence=0.95)
    assert is_above(2, 10, 0.0, confidence=0.95)
    assert is_above(10, 10, 0.3, confidence=0.95)
    assert (highest(5, 5, confidence=0.95), lowest(0, 5, confidence=0.95)) == (1.0, 0.0)
