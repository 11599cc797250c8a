"""What leasing and looking at lanes cost beside many jobs, counted in steps of SQLite's machine: time would vary."""

import sqlite3
from datetime import UTC, datetime, timedelta

import pytest

from mailkit.stores.driver import Driver
from mailkit.stores.lanes import Book
from mailkit.stores.leasing import lease, waiting_lanes

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
NUMBERS = "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < :count)"
ENVELOPE = (
    '{"sender":["Books","shop@example.com"],"recipient":["","reader@example.org"],'
    '"return_path":"shop@example.com","reply_to":null,"headers":[]}'
)


def fill(path, jobs, lanes):
    """Jobs spread over lanes, half of them due."""
    at = round(NOW.timestamp()) * 1_000_000
    given = {"count": jobs, "lanes": lanes, "at": at, "envelope": ENVELOPE}
    with sqlite3.connect(path) as connection:
        connection.execute(
            f"{NUMBERS} INSERT INTO mailkit_lanes SELECT n, 'june', n % 3, 0, 'shop' || n, '', 'gmail' FROM numbers",
            {"count": lanes},
        )
        connection.execute(
            f"{NUMBERS} INSERT INTO mailkit_jobs (id, key, state, lane, due, epoch, tries, queued_at)"
            " SELECT n, 'key ' || n, 'queued', 1 + n % :lanes, :at + (n % 1000 - 500) * 1000000, 0, 0, :at"
            " FROM numbers",
            given,
        )
        connection.execute(
            f"{NUMBERS} INSERT INTO mailkit_letters SELECT n, n, :envelope, n || '@example.com', :at, 'june', '1',"
            " x'41', '', NULL, '', '', 0, (1 + n % :lanes) % 3, NULL, NULL FROM numbers",
            given,
        )
    connection.close()


def steps(store, work):
    """How many hundreds of steps some work takes, and what it gives."""
    counted = []
    with store._engine.connect() as connection:
        raw = connection.connection.driver_connection
        raw.set_progress_handler(lambda: counted.append(1) and 0, 100)
        given = work(connection)
        raw.set_progress_handler(None, 100)
        connection.connection.rollback()
    return len(counted), given


def cost(store):
    """What it costs to look at lanes, to lease from three of them, and to lease from all."""
    book = Book()
    looking, lanes = steps(store, lambda connection: waiting_lanes(Driver(connection), book))
    caps = {lane.number: 33 for lane in lanes[:3]}

    def take(caps):
        return lambda connection: lease(connection, book, now=NOW, until=NOW + MINUTE, limit=99, lanes=caps)

    some, leases = steps(store, take(caps))
    all_, more = steps(store, take(None))
    assert len(leases) == len(more) == 99
    return looking, some, all_


@pytest.mark.parametrize("jobs", [50_000, pytest.param(1_000_000, marks=pytest.mark.slow)])
def test_leasing_costs_the_same_however_many_jobs_wait(new_store, tmp_path, jobs):
    small, large = new_store(), new_store()
    fill(tmp_path / "shop0.db", 2_000, 20)
    fill(tmp_path / "shop1.db", jobs, 20)
    for few, many in zip(cost(small), cost(large), strict=True):
        assert many <= few * 1.3 + 5


def test_thousands_of_lanes_are_looked_at_by_steps_into_the_index(tmp_path, new_store):
    store = new_store()
    fill(tmp_path / "shop0.db", 20_000, 4_000)
    looking, lanes = steps(store, lambda connection: waiting_lanes(Driver(connection), Book()))
    assert len(lanes) == 4_000
    assert looking * 100 <= 4_000 * 100
