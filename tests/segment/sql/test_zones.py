# ruff: noqa: DTZ001 - hypothesis puts the zone to times without one
"""The tables of offsets show what Python's own zones show."""

from __future__ import annotations

from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit.segment.sql.zones import EPOCH, is_settled, micros, offsets

SOME = (
    "UTC",
    "Europe/Moscow",
    "America/New_York",
    "Asia/Kathmandu",
    "Pacific/Apia",
    "Africa/Casablanca",
    "Europe/Dublin",
)


def shown(name: str, at: datetime) -> timedelta:
    """The offset by the table."""
    known = [ahead for start, ahead in offsets(name) if start is None or start <= micros(at)]
    return timedelta(microseconds=known[-1])


@given(st.sampled_from(SOME), st.datetimes(datetime(1, 1, 2), datetime(2109, 12, 31), timezones=st.just(UTC)))
def test_a_table_shows_the_offset_of_any_time(name: str, at: datetime) -> None:
    assert shown(name, at) == at.astimezone(ZoneInfo(name)).utcoffset()


@pytest.mark.parametrize("name", SOME)
def test_a_table_changes_at_the_very_instant(name: str) -> None:
    for start, ahead in offsets(name)[1:]:
        assert start is not None
        at = EPOCH + timedelta(microseconds=start)
        assert at.astimezone(ZoneInfo(name)).utcoffset() == timedelta(microseconds=ahead)
        assert (
            shown(name, at - timedelta(microseconds=1))
            == (at - timedelta(microseconds=1)).astimezone(ZoneInfo(name)).utcoffset()
        )


def test_clocks_that_are_changed_every_year_are_not_settled() -> None:
    assert is_settled("Europe/Moscow")
    assert is_settled("UTC")
    assert is_settled("Africa/Casablanca")  # its changes are written out until 2087
    assert not is_settled("Europe/Berlin")


@pytest.mark.slow
def test_no_change_of_any_zone_is_missed() -> None:
    """Looked at every thirteen hours: a change that is taken back within a day would be between two midnights."""
    times = [datetime(1880, 1, 1, tzinfo=UTC) + timedelta(hours=13 * number) for number in range(108_000)]
    instants = [micros(at) for at in times]
    for name in sorted(available_timezones()):
        where = ZoneInfo(name)
        known = offsets(name)
        starts = [start for start, _ in known if start is not None]
        ahead = [timedelta(microseconds=value) for _, value in known]
        shown = [at.astimezone(where).utcoffset() for at in times]
        assert shown == [ahead[bisect_right(starts, at)] for at in instants], name
