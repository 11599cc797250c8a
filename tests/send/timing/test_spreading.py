from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit.errors import InvalidValue
from mailkit.send.timing import Hours, Window, moment, next_instant, spread

NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PEOPLE = st.lists(st.text(max_size=5), min_size=1, max_size=40, unique=True)
DAYTIME = Hours(windows=Window(time(9), time(20)), fallback="Europe/Berlin")
ZONES = ["Europe/Berlin", "Asia/Tokyo", "America/New_York", None]


@given(PEOPLE, st.randoms(use_true_random=False), st.integers(1, 100_000), st.booleans())
def test_instants_are_evenly_apart_and_the_order_of_people_does_not_matter(people, shuffler, seconds, is_random):
    ends = NINE + timedelta(seconds=seconds)
    rngs = [Random(7) if is_random else None for _ in range(2)]
    told = spread(people, NINE, ends, rng=rngs[0])
    assert told == spread(shuffler.sample(people, len(people)), NINE, ends, rng=rngs[1])
    assert set(told) == set(people)
    gap, tick = (ends - NINE) / len(people), timedelta(microseconds=2)
    instants = [NINE - gap / 2, *sorted(told.values()), ends + gap / 2]
    assert all(abs(after - before - gap) <= tick for before, after in pairwise(instants))


@given(st.integers(0, 48), st.integers(1, 48))
def test_with_hours_each_is_within_his_own_by_his_own_zone(begin, length):
    people = ["17", "18", "19", "20"]
    begins = NINE + begin * HOUR
    zones = {person: ZONES[place % 4] for place, person in enumerate(people)}
    told = spread(people, begins, begins + length * HOUR, hours=DAYTIME, zones=zones)
    for person, at in told.items():
        assert at >= begins
        assert next_instant(DAYTIME, zones[person], at) == at
        own = moment(person, begins, begins + length * HOUR, hours=DAYTIME, zone=zones[person])
        assert own >= begins
        assert next_instant(DAYTIME, zones[person], own) == own


def test_only_open_time_is_divided():
    people = [str(number) for number in range(22)]
    told = sorted(spread(people, NINE - 9 * HOUR, NINE + 39 * HOUR, hours=DAYTIME).values())  # 22 open hours in Berlin
    assert told[0] == datetime(2026, 3, 2, 8, 30, tzinfo=UTC)
    assert told[11] == datetime(2026, 3, 3, 8, 30, tzinfo=UTC)
    assert {after - before for before, after in pairwise(told)} == {HOUR, 14 * HOUR}


def test_where_nothing_is_open_it_is_the_first_opening_afterwards():
    night = datetime(2026, 3, 2, 22, tzinfo=UTC)
    morning = datetime(2026, 3, 3, 8, tzinfo=UTC)
    assert spread(["17"], night, night + HOUR, hours=DAYTIME) == {"17": morning}
    assert moment("17", night, night + HOUR, hours=DAYTIME) == morning


def test_another_salt_is_another_order():
    people = [str(number) for number in range(50)]
    first, second = (spread(people, NINE, NINE + HOUR, salt=salt) for salt in ("june", "july"))
    assert sorted(first.values()) == sorted(second.values())
    assert first != second
    assert moment("17", NINE, NINE + HOUR, salt="june") != moment("17", NINE, NINE + HOUR)


def test_moments_cover_the_time_evenly():
    instants = [moment(str(number), NINE, NINE + DAY) for number in range(2_400)]
    counts = [sum(NINE + hour * HOUR <= at < NINE + (hour + 1) * HOUR for at in instants) for hour in range(24)]
    assert sum(counts) == 2_400
    assert sum((count - 100) ** 2 / 100 for count in counts) < 49.7  # chi squared, 23 degrees, one in a thousand


def test_an_end_that_is_not_later_is_refused():
    for call in (lambda: spread(["1"], NINE, NINE), lambda: moment("1", NINE, NINE - HOUR)):
        with pytest.raises(InvalidValue, match="is not after"):
            call()


def test_nobody_is_spread_over_nothing():
    assert spread([], NINE, NINE + HOUR) == {}
