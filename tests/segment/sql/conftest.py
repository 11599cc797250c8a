# ruff: noqa: E501 - tables are easier to read in wide rows
"""The engines that a test can ask, and made-up people and events that all of them have."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

import pytest

from mailkit.segment import Segment
from mailkit.segment.sql import Column, Columns, Query

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
BASIC = ("sqlite", "duckdb", "postgresql")
MORE = ("polars", "datafusion", "clickhouse", "spark")

PEOPLE = {
    "id": "integer", "city": "text", "nick": "text", "age": "integer", "weight": "float", "balance": "decimal",
    "vip": "truth", "born": "date", "joined_at": "time", "tags": "list", "zone": "text",
}  # fmt: skip
EVENTS = {
    "id": "integer", "person": "integer", "kind": "text", "at": "time", "n": "integer", "w": "float",
    "value": "decimal", "url": "text", "flag": "truth", "day": "date", "seen": "time",
}  # fmt: skip
WORDS = (
    "",
    "Kazan",
    "Ufa",
    "Уфа",
    "kazan",
    "a'b",
    'a"b',
    "100%",
    "\\",
    "İ",
    "𝒳y",
    "zone_1",
    "Zürich",
    "e\u0301",
    "\uffee",
)


class World:
    """People and events as plain Python has them."""

    def __init__(self, seed: int, people: int = 60) -> None:
        rng = random.Random(seed)
        self.people = [_person(rng, number) for number in range(people)]
        self.events = [_event(rng, number, rng.randrange(people)) for number in range(people * 6)]

    def ids(self, segment: Segment, **more: Any) -> list[int]:
        found = segment.filter(self.people, events=self.events, now=more.pop("now", NOW), **more)
        return sorted(person["id"] for person in found)


def _maybe(rng: random.Random, value: Any) -> Any:
    return None if rng.random() < 0.15 else value


def _whole(rng: random.Random) -> int:
    return rng.choice((rng.randint(-5, 5), rng.randint(0, 100), 2**53, 2**53 + 1, -(2**53) - 1))


def _float(rng: random.Random) -> float:
    return rng.choice(
        (round(rng.uniform(-5, 5), 1), rng.uniform(-5, 5), 0.0, -0.0, 2.0**53, 1e300, 0.1 + 0.2, float("nan"))
    )


def _money(rng: random.Random) -> Decimal:
    return Decimal(rng.choice((rng.randint(-500, 500), rng.randint(0, 10**9)))).scaleb(-2)


def _time(rng: random.Random) -> datetime:
    near = NOW + timedelta(days=rng.randint(-40, 5), hours=rng.choice((0, 0, rng.randint(0, 23))))
    odd = datetime(rng.randint(1890, 2030), rng.randint(1, 12), rng.choice((1, 28)), 23, 59, tzinfo=UTC)
    exact = near + timedelta(microseconds=rng.choice((-1, 1, 999_999)))
    month = datetime(2026, rng.randint(1, 2), rng.choice((1, 28)), rng.choice((0, 21)), tzinfo=UTC)
    return rng.choice((near, near, near, exact, month, odd))


def _day(rng: random.Random) -> date:
    feb = date(rng.choice((1999, 2000, 2004, 2024, 2026)), 2, 28) + timedelta(days=rng.randint(-4, 5))
    return rng.choice((feb, feb, date(rng.randint(1900, 2030), rng.randint(1, 12), rng.randint(1, 28))))


def _person(rng: random.Random, number: int) -> dict[str, Any]:
    tags = [_maybe(rng, rng.choice(WORDS)) for _ in range(rng.randint(0, 3))]
    return {
        "id": number, "city": _maybe(rng, rng.choice(WORDS)), "nick": _maybe(rng, rng.choice(WORDS) + rng.choice(WORDS)),
        "age": _maybe(rng, _whole(rng)), "weight": _maybe(rng, _float(rng)), "balance": _maybe(rng, _money(rng)),
        "vip": _maybe(rng, rng.random() < 0.5), "born": _maybe(rng, _day(rng)), "joined_at": _maybe(rng, _time(rng)),
        "tags": _maybe(rng, tags), "zone": _maybe(rng, rng.choice(("UTC", "Europe/Moscow"))),
    }  # fmt: skip


def _event(rng: random.Random, number: int, person: int) -> dict[str, Any]:
    return {
        "id": number, "person": person, "kind": rng.choice(("opened", "opened", "purchase", "visit")), "at": _time(rng),
        "n": _maybe(rng, _whole(rng)), "w": _maybe(rng, _float(rng)), "value": _maybe(rng, _money(rng)),
        "url": _maybe(rng, rng.choice(WORDS)), "flag": _maybe(rng, rng.random() < 0.5), "day": _maybe(rng, _day(rng)),
        "seen": _maybe(rng, _time(rng)),
    }  # fmt: skip


def micros(at: datetime | None) -> int | None:
    return None if at is None else (at - EPOCH) // timedelta(microseconds=1)


class Runner:
    """One engine with the tables of a world in it."""

    dialect: str
    types: dict[str, str]
    decimals = Column("x", "decimal")
    lists = True
    collated = ""

    def columns(self, suffix: str = "", **more: Any) -> Columns:
        def as_kept(names: dict[str, str]) -> dict[str, Any]:
            kept: dict[str, Any] = {}
            for name, sort in names.items():
                kept[name] = sort
                if sort == "decimal":
                    kept[name] = Column(name, "decimal", stored=self.decimals.stored)
                if sort == "list":
                    kept[name] = Column(name, "list", items="text")
            return kept

        told: dict[str, Any] = {"order": "id", "fields": as_kept(PEOPLE), "properties": as_kept(EVENTS)}
        return Columns(**told | more)

    def load(self, world: World, suffix: str = "", sorts_of: Any = (PEOPLE, EVENTS)) -> None:
        for table, sorts, rows in (("people", sorts_of[0], world.people), ("events", sorts_of[1], world.events)):
            columns = ", ".join(f'"{name}" {self.types[sort]}' for name, sort in sorts.items())
            self.run(f"CREATE TABLE {table}{suffix} ({columns})")
            if rows:
                self.insert(f"{table}{suffix}", [[self.kept(sorts[name], row[name]) for name in sorts] for row in rows])

    def kept(self, sort: str, value: Any) -> Any:
        return micros(value) if sort == "time" else value

    def run(self, sql: str) -> None:
        raise NotImplementedError

    def insert(self, table: str, rows: list[list[Any]]) -> None:
        raise NotImplementedError

    def ids(self, query: Query) -> list[Any]:
        raise NotImplementedError

    def asked(self, segment: Segment, suffix: str = "", **more: Any) -> list[Any]:
        told = {"columns": self.columns(), "people": f"people{suffix}", "events": f"events{suffix}", "now": NOW} | more
        return sorted(self.ids(segment.to_sql(self.dialect, **told)))


class Sqlite(Runner):
    dialect = "sqlite"
    types: ClassVar = {
        "integer": "INTEGER", "text": "TEXT COLLATE NOCASE", "float": "REAL", "decimal": "TEXT", "truth": "BOOLEAN",
        "date": "TEXT", "time": "INTEGER", "list": "TEXT",
    }  # fmt: skip
    decimals = Column("x", "decimal", stored="text")

    def __init__(self) -> None:
        self.connection = sqlite3.connect(":memory:")

    def kept(self, sort: str, value: Any) -> Any:
        if value is not None and sort in ("decimal", "date"):
            return str(value)
        return json.dumps(value) if sort == "list" else super().kept(sort, value)

    def run(self, sql: str) -> None:
        self.connection.execute(sql)

    def insert(self, table: str, rows: list[list[Any]]) -> None:
        self.connection.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(rows[0]))})", rows)

    def ids(self, query: Query) -> list[Any]:
        return [row[0] for row in self.connection.execute(query.text, query.parameters)]

    def close(self) -> None:
        self.connection.close()


class Duckdb(Sqlite):
    dialect = "duckdb"
    types: ClassVar = {
        "integer": "BIGINT", "text": "VARCHAR", "float": "DOUBLE", "decimal": "DECIMAL(18, 2)", "truth": "BOOLEAN",
        "date": "DATE", "time": "BIGINT", "list": "VARCHAR[]",
    }  # fmt: skip
    decimals = Column("x", "decimal")

    def __init__(self) -> None:
        import duckdb

        self.connection = duckdb.connect(config={"threads": 1})

    def kept(self, sort: str, value: Any) -> Any:
        return Runner.kept(self, sort, value)

    def ids(self, query: Query) -> list[Any]:
        return [row[0] for row in self.connection.execute(query.text, dict(query.parameters)).fetchall()]


class Postgresql(Runner):
    dialect = "postgresql"
    types: ClassVar = {
        "integer": "BIGINT", "text": "TEXT", "float": "DOUBLE PRECISION", "decimal": "NUMERIC", "truth": "BOOLEAN",
        "date": "DATE", "time": "BIGINT", "list": "TEXT[]",
    }  # fmt: skip

    def __init__(self, url: str) -> None:
        import psycopg

        self.url = url
        self.connection = psycopg.connect(url, autocommit=True)

    def run(self, sql: str) -> None:
        self.connection.execute(sql)

    def insert(self, table: str, rows: list[list[Any]]) -> None:
        with self.connection.cursor() as cursor:
            cursor.executemany(f"INSERT INTO {table} VALUES ({', '.join(['%s'] * len(rows[0]))})", rows)

    def ids(self, query: Query) -> list[Any]:
        return [row[0] for row in self.connection.execute(query.text, query.parameters).fetchall()]

    def close(self) -> None:
        self.connection.close()


def programs() -> Path | None:
    """Where PostgreSQL's server is."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    where = found[-1] if found else shutil.which("initdb")
    return None if where is None else Path(where).parent


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """A cluster of our own, behind a socket in a folder of its own."""
    binaries = programs()
    if binaries is None:
        reason = "there is no PostgreSQL server here (Debian: apt-get install postgresql)"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
    with tempfile.TemporaryDirectory(prefix="mailkit-pg-") as folder:
        if as_user:
            shutil.chown(folder, "postgres", "postgres")
        data, log = f"{folder}/data", f"{folder}/log"

        def run(*command: str) -> None:
            done = subprocess.run([*as_user, *command], cwd=folder, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stdout + done.stderr

        # An order of letters that is not that of code points, which a query must ask for by itself.
        told = subprocess.run(
            [str(binaries / "initdb"), "--version"], capture_output=True, text=True, check=True
        ).stdout
        is_new = int(re.findall(r"\d+", told)[0]) >= 15
        icu = ["--locale-provider=icu", "--icu-locale=en-US"] if is_new else []
        run(
            str(binaries / "initdb"),
            "-D",
            data,
            "-U",
            "mailkit",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
            *icu,
            "-N",
        )
        options = f"-k {folder} -c listen_addresses='' -c fsync=off -c max_connections=10 -c shared_buffers=16MB"
        run(str(binaries / "pg_ctl"), "-D", data, "-l", log, "-w", "-o", options, "start")
        try:
            yield f"host={folder} user=mailkit dbname=postgres"
        finally:
            run(str(binaries / "pg_ctl"), "-D", data, "-w", "-m", "immediate", "stop")


@pytest.fixture(scope="session")
def worlds() -> list[World]:
    return [World(seed) for seed in (1, 2, 3)]


@pytest.fixture(
    scope="session",
    params=[*BASIC, *(pytest.param(name, marks=pytest.mark.engines) for name in MORE)],
)
def runner(request: pytest.FixtureRequest, worlds: list[World]) -> Iterator[Runner]:
    """An engine with the worlds in tables people0, events0, people1 …"""
    name = request.param
    found: Any
    if name == "sqlite":
        found = Sqlite()
    elif name == "duckdb":
        found = Duckdb()
    elif name == "postgresql":
        found = Postgresql(request.getfixturevalue("postgresql_url"))
    else:
        sys.path.insert(0, str(Path(__file__).parent))
        try:
            import other_engines
        finally:
            sys.path.pop(0)
        found = other_engines.open_engine(name, Runner, PEOPLE, EVENTS)
    for number, world in enumerate(worlds):
        found.load(world, str(number))
    yield found
    found.close()
