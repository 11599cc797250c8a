# ruff: noqa: E501 - tables are easier to read in wide rows
"""Over 69,659 real orders, segments of every kind are what SQL written by hand finds in DuckDB.

Days are all that is known of the orders' times, so many are at one instant; their order is that of the file.
"""

from __future__ import annotations

import lzma
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from mailkit.segment import Segment, days, months, weeks
from mailkit.segment import event as ev
from mailkit.segment import field as f
from mailkit.segment.sql import Column, Columns

ALL = 69_659
FILE = Path(__file__).parent / "data" / "cdnow_master.txt.xz"
NOW = datetime(1998, 7, 1, tzinfo=UTC)
COLUMNS = Columns(
    order="row",
    fields={"first_at": Column("first_at", "time", stored="native"), "genre": "text"},
    event_person="customer",
    at="day",
    times="native",
    properties={"cds": "integer", "dollars": Column("dollars", "decimal")},
)
many = ev.bought.where(f.cds >= 5)

# Each with a query of its own, by whoever knows SQL and nothing of how segments are written in it.
ASKED: list[tuple[Segment, str]] = [
    (f.genre == "jazz", "SELECT id FROM people WHERE genre = 'jazz'"),
    (~(f.genre == "jazz"), "SELECT id FROM people WHERE genre IS DISTINCT FROM 'jazz'"),
    (ev.bought.at_least(5), "SELECT customer FROM events GROUP BY customer HAVING count(*) >= 5"),
    (ev.bought.exactly(1), "SELECT customer FROM events GROUP BY customer HAVING count(*) = 1"),
    (
        ev.bought.did(last=days(90)),
        "SELECT id FROM people p WHERE EXISTS (FROM events e WHERE e.customer = p.id AND day > DATE '1998-07-01' - 90)",
    ),
    (
        ev.bought.none(last=months(6)) & ev.bought.at_least(3),
        """SELECT id FROM people p WHERE NOT EXISTS (FROM events e WHERE e.customer = p.id AND day > DATE '1998-01-01')
           AND (SELECT count(*) FROM events e WHERE e.customer = p.id) >= 3""",
    ),
    (
        ev.bought.did(between=(datetime(1997, 12, 1, tzinfo=UTC), datetime(1998, 1, 1, tzinfo=UTC))),
        "SELECT DISTINCT customer FROM events WHERE year(day) = 1997 AND month(day) = 12",
    ),
    (
        ev.bought.sum("dollars") >= Decimal("500.00"),
        "SELECT customer FROM events GROUP BY customer HAVING sum(dollars) >= 500",
    ),
    (
        ev.bought.sum("dollars", last=days(365)) < 20,
        """SELECT id FROM people LEFT JOIN (SELECT customer, sum(dollars) AS spent FROM events
           WHERE day > DATE '1998-07-01' - 365 GROUP BY customer) ON customer = id WHERE coalesce(spent, 0) < 20""",
    ),
    (
        ev.bought.avg("cds") >= 2.5,
        "SELECT customer FROM events GROUP BY customer HAVING sum(cds) * 2 >= count(*) * 5",
    ),
    (
        ev.bought.avg("dollars") == 15,
        "SELECT customer FROM events GROUP BY customer HAVING sum(dollars) = 15 * count(*)",
    ),
    (ev.bought.max("cds") > 20, "SELECT DISTINCT customer FROM events WHERE cds > 20"),
    (ev.bought.min("dollars") == 0, "SELECT DISTINCT customer FROM events WHERE dollars = 0"),
    (
        ev.bought.first("cds") > ev.bought.last("cds"),
        """SELECT customer FROM events GROUP BY customer
           HAVING arg_min(cds, (day, row)) > arg_max(cds, (day, row))""",
    ),
    (ev.bought.distinct("cds") >= 6, "SELECT customer FROM events GROUP BY customer HAVING count(DISTINCT cds) >= 6"),
    (
        ev.bought.distinct("at") == 1,
        "SELECT customer FROM events GROUP BY customer HAVING min(day) = max(day)",
    ),
    (
        ev.bought.none(within=days(30), after=f.first_at + days(1)),
        """SELECT id FROM people p WHERE first_at + INTERVAL 31 DAY <= TIMESTAMP '1998-07-01' AND NOT EXISTS
           (FROM events e WHERE e.customer = p.id AND day >= first_at + INTERVAL 1 DAY AND day < first_at + INTERVAL 31 DAY)""",
    ),
    (
        ev.bought.at_least(2, within=weeks(4), after=ev.bought.first("at")),
        """WITH firsts AS (SELECT customer, min(day) AS began FROM events GROUP BY customer) SELECT customer FROM events
           JOIN firsts USING (customer) WHERE day < began + 28 GROUP BY customer HAVING count(*) >= 2""",
    ),
    (
        ev.bought.at_least(2, within=months(1), after=ev.bought.first("at")),
        """WITH firsts AS (SELECT customer, min(day) AS began FROM events GROUP BY customer) SELECT customer FROM events
           JOIN firsts USING (customer) WHERE day < began + INTERVAL 1 MONTH GROUP BY customer HAVING count(*) >= 2""",
    ),
    (
        many.then(many, within=days(30)) & f.id.is_not_null(),
        """SELECT DISTINCT a.customer FROM events a JOIN events b ON a.customer = b.customer AND a.cds >= 5 AND b.cds >= 5
           AND (b.day, b.row) > (a.day, a.row) AND b.day < a.day + 30""",
    ),
    (
        many.then_not(ev.bought, within=days(180)) & f.id.is_not_null(),
        """SELECT DISTINCT a.customer FROM events a WHERE a.cds >= 5 AND a.day + 180 <= DATE '1998-07-01' AND NOT EXISTS
           (FROM events b WHERE b.customer = a.customer AND (b.day, b.row) > (a.day, a.row) AND b.day < a.day + 180)""",
    ),
    (
        ev.bought.then(many, within=days(60)).then(many, within=days(60)) & f.id.is_not_null(),
        """SELECT DISTINCT a.customer FROM events a JOIN events b ON a.customer = b.customer AND b.cds >= 5
           AND (b.day, b.row) > (a.day, a.row) AND b.day < a.day + 60 JOIN events c ON c.customer = a.customer AND c.cds >= 5
           AND (c.day, c.row) > (b.day, b.row) AND c.day < b.day + 60""",
    ),
    (
        ev.bought.regularly(3, of=6, every="month"),
        """WITH periods AS (SELECT DATE '1998-07-01' - to_months(i::INTEGER) AS until, DATE '1998-07-01' - to_months(i::INTEGER + 1) AS since
           FROM range(6) r(i)) SELECT customer FROM (SELECT DISTINCT customer, until FROM events JOIN periods
           ON day > since AND day <= until) GROUP BY customer HAVING count(*) >= 3""",
    ),
    (
        ev.bought.where(f.at.part("weekday", zone="UTC") >= 6).at_least(3),
        "SELECT customer FROM events WHERE isodow(day) >= 6 GROUP BY customer HAVING count(*) >= 3",
    ),
    (  # recency, frequency and money, as a shop would say "champions"
        ev.bought.did(last=days(60)) & ev.bought.at_least(4) & (ev.bought.sum("dollars") > 200),
        """SELECT customer FROM events GROUP BY customer HAVING max(day) > DATE '1998-07-01' - 60 AND count(*) >= 4
           AND sum(dollars) > 200""",
    ),
    (  # and "at risk"
        (ev.bought.at_least(4) | (ev.bought.sum("dollars") > 300)) & ~ev.bought.did(last=days(120)),
        """SELECT customer FROM events GROUP BY customer HAVING (count(*) >= 4 OR sum(dollars) > 300)
           AND max(day) <= DATE '1998-07-01' - 120""",
    ),
    (  # 30 people of 100, the same in every run
        f.id.bucket("spring") < 0.3,
        "SELECT id FROM people WHERE ('0x' || sha256('spring' || chr(10) || id)[:13])::BIGINT / 4503599627370496.0 < 0.3",
    ),
]


def orders(most: int) -> list[dict[str, Any]]:
    found = []
    for row, line in enumerate(lzma.decompress(FILE.read_bytes()).decode().splitlines()[1 : most + 1]):
        customer, day, cds, dollars = line.split()
        at = datetime.strptime(day, "%Y%m%d").replace(tzinfo=UTC)
        found.append({"row": row, "customer": int(customer), "person": int(customer), "kind": "bought", "at": at,
                      "cds": int(cds), "dollars": Decimal(dollars)})  # fmt: skip
    return found


@pytest.fixture(scope="module", params=[4_000, pytest.param(ALL, marks=pytest.mark.slow)])
def log(request: pytest.FixtureRequest) -> list[dict[str, Any]]:
    return orders(request.param)


@pytest.fixture(scope="module")
def people(log: list[dict[str, Any]]) -> list[dict[str, Any]]:
    first: dict[int, datetime] = {}
    for order in log:
        first[order["person"]] = min(order["at"], first.get(order["person"], order["at"]))
    genres = ("jazz", "rock", None)
    return [{"id": number, "first_at": at, "genre": genres[number % 3]} for number, at in first.items()]


@pytest.fixture(scope="module")
def shop(
    log: list[dict[str, Any]], people: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Any]:
    folder = tmp_path_factory.mktemp("orders")
    lines = [f"{e['row']},{e['customer']},bought,{e['at']:%Y-%m-%d},{e['cds']},{e['dollars']}" for e in log]
    (folder / "events.csv").write_text("\n".join(lines))
    (folder / "people.csv").write_text(
        "\n".join(f"{p['id']},{p['first_at']:%Y-%m-%d},{p['genre'] or ''}" for p in people)
    )
    with duckdb.connect() as connection:
        connection.execute(
            "CREATE TABLE events (row BIGINT, customer BIGINT, kind VARCHAR, day TIMESTAMP, cds BIGINT, dollars DECIMAL(18, 2))"
        )
        connection.execute("CREATE TABLE people (id BIGINT, first_at TIMESTAMP, genre VARCHAR)")
        for table in ("events", "people"):
            connection.execute(
                f"INSERT INTO {table} FROM read_csv('{folder / table}.csv', header = false, nullstr = '')"
            )
        connection.execute("CREATE SCHEMA hand")  # the same with days as days, for those who write by hand
        connection.execute(
            "CREATE VIEW hand.events AS SELECT row, customer, day::DATE AS day, cds, dollars FROM main.events"
        )
        connection.execute("CREATE VIEW hand.people AS FROM main.people")
        yield connection


def by_hand(shop: Any, query: str) -> set[int]:
    shop.execute("USE hand")
    try:
        return {row[0] for row in shop.execute(query).fetchall()}
    finally:
        shop.execute("USE main")


def test_all_orders_are_there(log: list[dict[str, Any]], people: list[dict[str, Any]]) -> None:
    assert (len(log), len(people)) in ((4_000, 1_242), (ALL, 23_570))


@pytest.mark.parametrize(("segment", "query"), ASKED, ids=[str(segment) for segment, _ in ASKED])
def test_a_segment_is_what_sql_written_by_hand_finds(
    shop: Any, log: Any, people: Any, segment: Segment, query: str
) -> None:
    asked = segment.to_sql("duckdb", columns=COLUMNS, now=NOW)
    found = [row[0] for row in shop.execute(asked.text, dict(asked.parameters)).fetchall()]
    expected = by_hand(shop, query)
    assert len(found) == len(set(found))
    assert set(found) == expected
    assert len(expected) < len(people)
    assert expected or len(log) < ALL
    assert {person["id"] for person in segment.filter(people, events=log, now=NOW)} == expected
