"""Rules that were broken on purpose without a test's failing: each has one here."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mailkit.errors import SegmentError
from mailkit.segment import Live, days, hours, weeks
from mailkit.segment import event as ev
from mailkit.segment import field as f
from mailkit.segment.sql import Columns

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(("later", "is_in"), [(timedelta(hours=1, microseconds=-1), True), (timedelta(hours=1), False)])
def test_what_comes_when_the_time_is_over_comes_too_late(later: timedelta, is_in: bool) -> None:
    begin = NOW - timedelta(days=1)
    events = [{"kind": "clicked", "at": begin}, {"kind": "bought", "at": begin + later}]
    assert ev.clicked.then(ev.bought, within=hours(1)).started().matches({}, events=events, now=NOW) is is_in


def test_generated_code_takes_nan_for_null_as_the_closures_do() -> None:
    people = [{"id": number, "weight": (float("nan"), None, 5.0, 7)[number % 4]} for number in range(1000)]
    assert (f.weight != 5).count(people) == 250
    assert f.weight.is_null().count(people) == 500
    assert f.weight.is_not_null().count(people) == 500


def test_where_values_are_literals_a_quote_in_them_is_doubled() -> None:
    asked = (f.city == "a' OR 'a' = 'a").to_sql("polars", columns=Columns(fields={"city": "text"}))
    assert "'a'' OR ''a'' = ''a'" in asked.text


def test_time_passes_over_who_is_forgotten() -> None:
    visits = {number: [{"kind": "visit", "at": NOW}] for number in (1, 2)}
    live = Live(ev.visit.did(last=days(1)), [{"id": 1}, {"id": 2}], events=visits, now=NOW)
    live.forget(1)
    assert '"1"' not in live.save()
    assert [change.person for change in live.advance(NOW + timedelta(days=2))] == ["2"]


def test_of_who_is_forgotten_nothing_is_told_that_waited_to_be_told() -> None:
    """An error on the way keeps what changed before it for the next time."""
    events: dict[int, list[dict[str, Any]]] = {
        1: [{"kind": "visit", "at": NOW}],
        2: [{"kind": "visit", "at": NOW + timedelta(days=1), "value": "much"}],
    }
    segments = {"recent": ev.visit.did(last=days(1)), "rich": ev.visit.sum("value", last=weeks(1)) > 5}
    live = Live(segments, [{"id": 1}, {"id": 2}], events=events, now=NOW)
    with pytest.raises(SegmentError):
        live.advance(NOW + timedelta(days=2))
    assert "1" not in live["recent"]
    assert "1" not in {change.person for change in live.forget(1)}
