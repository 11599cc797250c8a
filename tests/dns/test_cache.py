from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit.dns import Answer, Malformed, NoData, NoSuchDomain, Query, ServerFailure, TimedOut
from mailkit.dns.cache import Cache
from mailkit.errors import InvalidValue
from mailkit.testing import FakeClock

QUERY = Query("example.com")


@given(st.integers(-5, 1 << 40), st.integers(0, 1 << 18))
def test_nothing_is_kept_longer_than_its_ttl_or_the_longest_time(ttl: int, later: int) -> None:
    clock = FakeClock()
    cache = Cache(clock=clock, longest=timedelta(hours=12))
    cache.put(QUERY, Answer(["a"], ttl))
    clock.advance(timedelta(seconds=later))
    kept = cache.get(QUERY)
    left = min(ttl, 12 * 3600) - later
    assert (kept.ttl if isinstance(kept, Answer) else 0) == max(0, left)


@given(st.lists(st.integers(0, 9)), st.integers(1, 5))
def test_no_more_is_kept_than_allowed_and_the_last_used_stay(names: list[int], most: int) -> None:
    cache = Cache(most=most, clock=FakeClock())
    used: list[int] = []
    for name in names:
        if cache.get(Query(f"x{name}.example")) is None:
            cache.put(Query(f"x{name}.example"), NoData(ttl=60))
        used = [*(one for one in used if one != name), name]
        assert len(cache) == min(most, len(used))
    for name in used[-most:]:
        assert cache.get(Query(f"x{name}.example")) == NoData()


@pytest.mark.parametrize(
    "outcome", [TimedOut(), ServerFailure(), Malformed("x"), Answer(["a"]), NoData(), NoSuchDomain(ttl=0)]
)
def test_failures_and_what_nobody_allows_are_not_kept(outcome: Any) -> None:
    cache = Cache()
    cache.put(QUERY, outcome)
    assert len(cache) == 0


def test_absences_are_kept_apart_and_for_a_shorter_time() -> None:
    clock = FakeClock()
    cache = Cache(clock=clock, longest_absence=timedelta(minutes=5))
    cache.put(QUERY, NoSuchDomain(ttl=86400))
    cache.put(Query("example.com", "MX"), NoData(ttl=60))
    assert cache.get(QUERY) == NoSuchDomain()
    assert cache.get(Query("example.com", "MX")) == NoData()
    clock.advance(timedelta(minutes=5))
    assert cache.get(QUERY) is None
    cache.clear()
    assert len(cache) == 0


@pytest.mark.parametrize(
    "settings", [{"most": 0}, {"most": True}, {"longest": 60}, {"longest_absence": timedelta(seconds=-1)}]
)
def test_wrong_settings_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(InvalidValue):
        Cache(**settings)
