"""A segment as a select of SQLAlchemy, beside an application's own conditions; and over mailkit's own event store."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column as Sql
from sqlalchemy import Integer, MetaData, Table, Text, create_engine, insert, select
from sqlalchemy.engine import Engine

from mailkit import Event, stores
from mailkit.errors import MissingExtra, SegmentError
from mailkit.segment import Segment, days
from mailkit.segment import event as ev
from mailkit.segment import field as f
from mailkit.segment.sql import Column, Columns

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
metadata = MetaData()
people = Table("people", metadata, Sql("id", Integer, primary_key=True), Sql("city: %p1 \\", Text), Sql("name", Text))
events = Table(
    "facts",
    metadata,
    Sql("id", Integer, primary_key=True),
    Sql("person", Integer),
    Sql("kind", Text),
    Sql("at", Integer),
)
COLUMNS = Columns(order="id", fields={"city": "text", "name": "text"})
MAPPED = Columns(order="id", fields={"city": Column("city: %p1 \\", "text"), "name": "text"})


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    if request.param == "sqlite":
        found = create_engine("sqlite://")
    else:
        import psycopg

        url = request.getfixturevalue("postgresql_url")
        found = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(url))
    with found.begin() as connection:
        metadata.create_all(connection)
        rows = [(1, "Kazan", "Anna"), (2, "Ufa: x", "Oleg"), (3, None, "Rita"), (4, "Kazan", "Egor")]
        connection.execute(insert(people), [dict(zip(people.c.keys(), row, strict=True)) for row in rows])
        facts = [
            {"id": number, "person": person, "kind": "open", "at": number} for number, person in enumerate((1, 1, 2), 1)
        ]
        connection.execute(insert(events), facts)
    yield found
    with found.begin() as connection:
        metadata.drop_all(connection)
    found.dispose()


@pytest.mark.parametrize(
    ("segment", "names"),
    [
        (f.city == "Kazan", ["Anna", "Egor"]),
        (~(f.city == "Kazan"), ["Oleg", "Rita"]),
        (f.city.contains(": "), ["Oleg"]),
        (ev.open.at_least(2), ["Anna"]),
        (ev.open.did() & (f.name > "B"), ["Oleg"]),
        (f.city.isin(["Kazan", *map(str, range(50))]), ["Anna", "Egor"]),
        (f.name.endswith("a"), ["Anna", "Rita"]),
    ],
)
def test_a_segment_stands_beside_conditions_of_the_application(
    engine: Engine, segment: Segment, names: list[str]
) -> None:
    ids = segment.to_select(engine.dialect.name, people=people, events=events, columns=MAPPED, now=NOW)
    with engine.connect() as connection:
        found = connection.scalars(select(people.c.name).where(people.c.id.in_(ids)).order_by(people.c.id)).all()
        limited = connection.scalars(select(people.c.name).where(people.c.id.in_(ids), people.c.id > 2)).all()
    assert found == names
    assert limited == [name for name in names if name in ("Rita", "Egor")]


def test_two_segments_stand_in_one_query(engine: Engine) -> None:
    one, other = (
        segment.to_select(engine.dialect.name, people=people, events=events, columns=MAPPED, now=NOW)
        for segment in (f.city == "Kazan", ev.open.did())
    )
    with engine.connect() as connection:
        asked = select(people.c.name).where(people.c.id.in_(one), people.c.id.not_in(other))
        assert connection.scalars(asked).all() == ["Egor"]


def test_a_table_in_a_schema_is_named_with_it() -> None:
    apart = Table("people", MetaData(), Sql("id", Integer), schema="shop.eu")
    text = str(f.id.isin([1]).to_select("postgresql", people=apart, columns=Columns()))
    assert 'FROM "shop.eu"."people" AS mk_p' in text


def test_what_is_no_table_and_what_lacks_one_is_refused() -> None:
    with pytest.raises(SegmentError, match="'people' is not a table of SQLAlchemy's"):
        (f.city == "Kazan").to_select("sqlite", people="people", columns=COLUMNS)
    with pytest.raises(SegmentError, match="give events=, their table"):
        ev.open.did().to_select("sqlite", people=people, columns=COLUMNS)
    with pytest.raises(SegmentError, match="duckdb is not asked through SQLAlchemy here; there are sqlite, postgresql"):
        (f.city == "Kazan").to_select("duckdb", people=people, columns=COLUMNS)


def test_without_sqlalchemy_the_extra_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    with pytest.raises(MissingExtra, match='need sqlalchemy: install mailkit-sdk with the extra "stores"'):
        (f.city == "Kazan").to_select("sqlite", people=people, columns=COLUMNS)


def test_the_event_store_is_asked_as_it_is(tmp_path: Path) -> None:
    facts = [
        Event(
            kind="clicked", person="1", at=NOW - timedelta(days=3), campaign="spring", properties={"url": "/a", "n": 3}
        ),
        Event(
            kind="clicked",
            person="1",
            at=NOW - timedelta(days=3),
            campaign="spring",
            properties={"url": "/b", "ok": True},
        ),
        Event(kind="purchase", person="2", at=NOW - timedelta(days=2), value="9.50", currency="EUR"),
        Event(kind="purchase", person="2", at=NOW - timedelta(days=1), value="0.5", currency="EUR"),
        Event(kind="clicked", person="3", at=NOW, properties={"url": None, "ok": False, "n": -(2**60)}),
    ]
    records = [{"id": number, "name": "x"} for number in (1, 2, 3, 4)]
    columns = stores.event_columns(fields={"name": "text"}, properties={"url": "text", "n": "integer", "ok": "truth"})
    with stores.open(tmp_path / "shop.db") as store:
        store.events.append(facts)
        engine = create_engine(f"sqlite:///{tmp_path / 'shop.db'}")
        with engine.begin() as connection:
            people.create(connection)
            connection.execute(insert(people), records)
        from mailkit.stores.schema import events as table

        for segment in (
            ev.clicked.where(f.url == "/a").did(last=days(5)),
            ev.clicked.where(f.n == 3).did() | ev.clicked.where(f.n < 0).did(),
            ev.clicked.where(f.ok == True).did(),  # noqa: E712 - a condition is made
            ev.clicked.where(f.ok == False).did(),  # noqa: E712
            ev.clicked.where(f.campaign == "spring").at_least(2),
            ev.clicked.last("url") == "/b",
            ev.purchase.sum("value") == 10,
            ev.purchase.avg("value") == 5,
            ev.clicked.then(ev.clicked) & f.name.is_not_null(),
            ~ev.clicked.did(),
        ):
            expected = [person["id"] for person in segment.filter(records, events=facts, now=NOW)]
            asked = segment.to_select("sqlite", people=people, events=table, columns=columns, now=NOW)
            with engine.connect() as connection:
                assert sorted(connection.scalars(asked).all()) == expected, str(segment)
        engine.dispose()


def test_json_is_read_alike_on_duckdb_and_postgresql(runner: Any) -> None:
    if runner.dialect not in ("duckdb", "postgresql"):
        return
    runner.run("DROP TABLE IF EXISTS apart")
    runner.run("CREATE TABLE apart (id INTEGER, more VARCHAR)")
    runner.insert("apart", [[1, '{"a b": "x", "n": 5, "ok": true}'], [2, '{"n": null, "ok": false}'], [3, None]])
    columns = Columns(
        fields={
            name: Column("more", sort, key=name) for name, sort in (("a b", "text"), ("n", "integer"), ("ok", "truth"))
        }
    )
    for segment, ids in (
        (f["a b"] == "x", [1]), (f.n >= 5, [1]), (f.n.is_null(), [2, 3]), (f.ok == False, [2]), (~(f.ok == True), [2, 3]),  # noqa: E712
    ):  # fmt: skip
        assert sorted(runner.ids(segment.to_sql(runner.dialect, columns=columns, people="apart"))) == ids
