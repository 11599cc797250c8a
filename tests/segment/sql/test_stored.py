# ruff: noqa: E501 - tables are easier to read in wide rows
"""However a column keeps its values, they are read as what they are."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from mailkit.segment import Segment, days, months
from mailkit.segment import field as f
from mailkit.segment.sql import Column, Columns

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TIMES = [datetime(1906, 5, 1, 23, 59, 59, 999_999, tzinfo=UTC), datetime(1969, 12, 31, 23, 59, 59, 1, tzinfo=UTC), NOW, NOW - timedelta(microseconds=1),
         datetime(2024, 1, 31, 21, tzinfo=UTC), datetime(2261, 1, 1, tzinfo=UTC), None]  # fmt: skip
DATES = [
    date(1582, 10, 10),
    date(1900, 2, 28),
    date(1969, 12, 31),
    date(2000, 2, 29),
    date(2026, 2, 28),
    date(9999, 12, 31),
    None,
]
MONEY = [Decimal("-0.50"), Decimal("0.00"), Decimal("7"), Decimal("12345678901234.56"), Decimal("-9.99"), None]
names = itertools.count()

TIME: list[Segment] = [f.x == NOW, f.x < NOW, f.x.is_null(), f.x.part("year", zone="UTC") == 1969, f.x + days(1) > NOW, f.x + months(1) > NOW,
                       f.x >= TIMES[0], f.x > TIMES[1], f.x == TIMES[5]]  # fmt: skip
DATE: list[Segment] = [f.x == date(2000, 2, 29), f.x <= date(1900, 2, 28), f.x.part("weekday", zone="UTC") == 7, f.x.part("day", zone="UTC") > 27,
                       f.x.anniversary(next=days(3), zone="UTC"), f.x.is_null(), f.x.part("year", zone="UTC") < 1900]  # fmt: skip
SUMS: list[Segment] = [
    f.x == -0.5,
    f.x < Decimal("7.001"),
    f.x > 12345678901234,
    f.x.is_null(),
    f.x == Decimal("-9.99"),
    f.x >= 0,
]

KEPT: dict[tuple[str, str, str], tuple[str, Any]] = {
    ("duckdb", "time", "native"): ("TIMESTAMPTZ", lambda at: at),
    ("duckdb", "time", "text"): ("VARCHAR", lambda at: at.isoformat()),
    ("duckdb", "date", "text"): ("VARCHAR", str),
    ("duckdb", "date", "native"): ("DATE", lambda day: day),
    ("duckdb", "decimal", "native"): ("DECIMAL(16, 2)", lambda number: number),
    ("duckdb", "decimal", "scaled"): ("BIGINT", lambda number: int(number * 100)),
    ("postgresql", "time", "native"): ("TIMESTAMPTZ", lambda at: at),
    ("postgresql", "time", "text"): ("TEXT", lambda at: at.isoformat()),
    ("postgresql", "date", "text"): ("TEXT", str),
    ("postgresql", "date", "native"): ("DATE", lambda day: day),
    ("postgresql", "decimal", "native"): ("NUMERIC(20, 2)", lambda number: number),
    ("postgresql", "decimal", "text"): ("TEXT", str),
    ("postgresql", "decimal", "scaled"): ("BIGINT", lambda number: int(number * 100)),
    ("sqlite", "date", "native"): ("TEXT", str),
    ("sqlite", "date", "text"): ("TEXT", str),
    ("sqlite", "decimal", "text"): ("TEXT", str),
    ("sqlite", "decimal", "scaled"): ("INTEGER", lambda number: int(number * 100)),
}


@pytest.mark.parametrize(
    ("sort", "values", "segments"), [("time", TIMES, TIME), ("date", DATES, DATE), ("decimal", MONEY, SUMS)]
)
@pytest.mark.parametrize("stored", ["native", "text", "scaled"])
def test_a_column_is_read_as_it_is_kept(
    runner: Any, sort: str, values: list[Any], segments: list[Segment], stored: str
) -> None:
    if (runner.dialect, sort, stored) not in KEPT:
        return
    kind, kept = KEPT[runner.dialect, sort, stored]
    table = f"kept{next(names)}"
    runner.run(f"CREATE TABLE {table} (id INTEGER, x {kind})")
    runner.insert(table, [[number, None if value is None else kept(value)] for number, value in enumerate(values)])
    records = [{"id": number, "x": value} for number, value in enumerate(values)]
    columns = Columns(fields={"x": Column("x", sort, stored=stored)})
    for segment in segments:
        expected = [person["id"] for person in segment.filter(records, now=NOW)]
        query = segment.to_sql(runner.dialect, columns=columns, people=table, now=NOW)
        assert sorted(runner.ids(query)) == expected, (str(segment), query.text)


def test_times_without_a_zone_are_in_utc(runner: Any) -> None:
    if runner.dialect not in ("duckdb", "postgresql"):
        return
    table = f"kept{next(names)}"
    runner.run(f"CREATE TABLE {table} (id INTEGER, x TIMESTAMP)")
    runner.insert(table, [[number, None if at is None else at.replace(tzinfo=None)] for number, at in enumerate(TIMES)])
    columns = Columns(fields={"x": Column("x", "time", stored="native")})
    assert sorted(runner.ids((f.x == NOW).to_sql(runner.dialect, columns=columns, people=table, now=NOW))) == [2]
