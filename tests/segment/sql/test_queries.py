# ruff: noqa: E501 - tables are easier to read in wide rows
"""What a query looks like, what it refuses, and that nothing of a user's becomes SQL."""

from __future__ import annotations

import sqlite3
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailkit.errors import NotPortable, SegmentError
from mailkit.segment import Segment, ago, days, distance, member, months, nodes, today, years
from mailkit.segment import event as ev
from mailkit.segment import field as f
from mailkit.segment.fields import Value
from mailkit.segment.sql import Column, Columns, Dialect

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOSTILE = ("'", '"', "`", "''", "a'; DROP TABLE people; --", "/* */", "\\", "\\'", ":p1", "$p1", "%s", "%(p1)s", "%%", "{0}", "?",
           "select", "Имя", "𝒳", "a b", "x.y", "[z]", "\n", "\t", "--", "#", "@", "mk_1", "mk1_2", "p1")  # fmt: skip
COLUMNS = Columns(
    order="id",
    fields={"city": "text", "age": "integer", "weight": "float", "vip": "truth", "born": "date", "joined_at": "time",
            "tags": Column("tags", "list", items="text"), "scores": Column("scores", "list", items="integer"),
            "flags": Column("flags", "list", items="truth"), "prices": Column("prices", "list", items="decimal"),
            "zone": "text", "price": Column("price", "decimal", stored="scaled"),
            "cost": Column("cost", "decimal", places=4, stored="scaled"), "lat": "float"},
    properties={"n": "integer", "value": Column("value", "decimal", stored="scaled"), "url": "text", "w": "float",
                "tags": Column("tags", "list", items="text"), "seen": "time", "day": "date",
                "cost": Column("cost", "decimal", places=4, stored="scaled")},
)  # fmt: skip


def asked(segment: Segment, dialect: str = "sqlite", **more: Any) -> Any:
    return segment.to_sql(dialect, **{"columns": COLUMNS, "now": NOW} | more)


def test_a_query_shows_its_text_and_is_frozen() -> None:
    query = asked(f.city == "<Kazan>")
    assert str(query) == query.text
    assert query.parameters == {"p1": "<Kazan>"}
    assert query._repr_html_().startswith('<pre class="mailkit-query">SELECT')
    assert query == asked(f.city == "<Kazan>")
    assert hash(query) == hash(asked(f.city == "<Kazan>"))
    with pytest.raises(AttributeError):
        query.text = ""


def test_a_misspelt_engine_is_told_with_what_was_likely_meant() -> None:
    with pytest.raises(SegmentError, match="'postgres' is not an engine; did you mean 'postgresql'"):
        asked(f.city == "Kazan", "postgres")
    with pytest.raises(SegmentError, match="5 is not an engine; there are sqlite"):
        asked(f.city == "Kazan", 5)


@pytest.mark.parametrize("table", ["", "a..b", (), ("a", ""), 5, "a\0b", "\ud800", None])
def test_what_is_not_a_table_is_refused(table: object) -> None:
    with pytest.raises(SegmentError, match="is not the name of a table"):
        asked(f.city == "Kazan", people=table)


def test_columns_must_be_columns() -> None:
    with pytest.raises(SegmentError, match="does not say how the tables look"):
        asked(f.city == "Kazan", columns={"city": "text"})


@pytest.mark.parametrize(
    ("segment", "reason"),
    [
        (f.city > 5, "text cannot be compared with a number"),
        (f.age == "5", "a number cannot be compared with text"),
        (f.age == f.city, "a number cannot be compared with text"),
        (f.vip == 1, "a truth value cannot be compared with a number"),
        (f.tags == "x", "a list cannot be compared with text"),
        (f.tags == f.tags, "two lists are not compared"),
        (f.city.isin([1, 2]), "is none of its values, which are text"),
        (f.tags.isin(["x"]), "is none of its values, which are a list"),
        (f.age.isin(["x"]), "is none of its values, which are a number"),
        (f.age.contains("5"), "only a text is searched"),
        (f.city.contains(5), "only a text is searched"),
        (f.tags.startswith("x"), "only a text is searched"),
        (f.tags.contains(5), "is none of its items, which are of text"),
        (f.city.anniversary(zone="UTC"), "only a date has anniversaries"),
        (f.age.size() > 1, "only a text or a list has a size"),
        (f.vip.bucket("x") < 0.5, "a share is drawn of a text or a whole number"),
        (f.city + days(1) > ago(days(1)), "this is not a time"),
        (f.city.part("year", zone="UTC") > 1, "this is not a time, so no clock shows it"),
        (f.born.part("hour", zone="UTC") > 1, "a date has no hour"),
        (ev.opened.sum("url") > 1, "of text there is no sum"),
        (ev.opened.min("tags") > 1, "of list there is no min"),
        (ev.opened.did(within=days(1), after=f.city), "this is not a time"),
        (member("loyal"), "say it with bind"),
        (f.born < f.joined_at, "a date begins at another instant in every zone"),
        (f.joined_at < date(2026, 1, 1), "is a date, which begins at another instant in every zone"),
        (f.city == "\ud800", "not a text that an engine can have"),
        (ev.opened.avg("n") == "x", "a number cannot be compared with text"),
        (f.id.bucket("x") == "x", "a number cannot be compared with text"),
    ],
)
def test_what_plain_python_would_refuse_is_refused_when_it_is_written(segment: Segment, reason: str) -> None:
    with pytest.raises(SegmentError, match=reason) as caught:
        asked(segment, "duckdb")
    assert not isinstance(caught.value, NotPortable)


@pytest.mark.parametrize(
    ("segment", "dialect"),
    [
        (f.city.casefold() == "x", "postgresql"),
        (f.city.matches("x"), "postgresql"),
        (distance(f.lat, f.lat, to=(1.0, 2.0)) < 5, "postgresql"),
        (f.joined_at.part("hour", zone="Europe/Berlin") > 5, "postgresql"),
        (f.joined_at.part("hour", zone=f.zone) > 5, "postgresql"),
        (f.born.part("day", zone=f.zone) > 5, "postgresql"),
        (today(f.zone) == date(2026, 3, 1), "postgresql"),
        (f.born.anniversary(zone=f.zone), "postgresql"),
        (f.id.bucket("x") < 0.5, "sqlite"),
        (f.id.bucket("x") < f.lat, "duckdb"),
        (f.tags.contains("x"), "sqlite"),
        (f.tags.size() > 1, "sqlite"),
        (f.prices.contains(Decimal("0.1")), "duckdb"),
        (f.joined_at + months(1) > ago(days(1)), "sqlite"),
        (f.age > f.weight, "duckdb"),
        (f.price > f.cost, "duckdb"),
        (f.price > f.age, "duckdb"),
        (ev.opened.sum("value") > ev.opened.sum("cost"), "duckdb"),
        (ev.opened.sum("w") > 1, "duckdb"),
        (ev.opened.sum("n") > 10**30, "duckdb"),
        (ev.opened.avg("n") > 0.1, "sqlite"),
        (ev.opened.avg("n") > f.age, "duckdb"),
        (ev.opened.avg("n") > 1e308 * 1.79, "duckdb"),
        (ev.opened.avg("value") > Decimal("1." + "0" * 27 + "1"), "duckdb"),
    ],
)
def test_what_an_engine_cannot_do_exactly_is_refused(segment: Segment, dialect: str) -> None:
    with pytest.raises(NotPortable) as caught:
        asked(segment, dialect)
    assert caught.value.dialect == dialect


@pytest.mark.parametrize(
    ("column", "dialect"),
    [
        (Column("x", "decimal"), "sqlite"),
        (Column("x", "decimal", stored="text"), "duckdb"),
        (Column("x", "time", stored="native"), "sqlite"),
        (Column("x", "time", stored="text"), "sqlite"),
        (Column("x", "date", stored="text"), "clickhouse"),
        (Column("x", "text", key="y"), "spark"),
    ],
)
def test_a_column_that_cannot_be_read_exactly_is_refused(column: Column, dialect: str) -> None:
    with pytest.raises(NotPortable, match="it has no"):
        asked(f.x.is_null(), dialect, columns=Columns(fields={"x": column}))


def test_without_an_order_what_depends_on_it_is_refused() -> None:
    columns = Columns(properties={"url": "text", "seen": "time"})
    for segment in (
        ev.opened.then(ev.visit) & f.id.is_not_null(),
        ev.opened.first("url") == "x",
        ev.opened.last("seen").is_null(),
    ):
        with pytest.raises(NotPortable, match=r"give Columns\(order=\.\.\.\)"):
            asked(segment, columns=columns)
    assert "ROW_NUMBER" not in asked(ev.opened.first("at") < NOW, columns=columns).text


def test_what_no_value_can_be_is_no_question() -> None:
    assert "WHERE 1 = 0" in asked(f.city == "a\0b", "postgresql").text
    assert "WHERE 1 = 0" in asked(f.city.contains("a\0b"), "postgresql").text
    assert "WHERE 1 = 0" in asked(f.tags.contains("a\0b"), "postgresql").text
    assert "1 = 0" in asked(ev["a\0b"].did(), "postgresql").text
    assert asked(f.city != "a\0b", "postgresql").text.endswith("WHERE mk_1 IS NOT NULL")
    assert asked(f.city > "a\0b", "postgresql").parameters == {"p1": "a"}
    assert "WHERE 1 = 0" in asked(f.age == 2.5).text
    assert asked(f.age < 2**63).text.endswith("WHERE mk_1 IS NOT NULL")
    assert "WHERE 1 = 0" in asked(f.scores.contains(2**63), "duckdb").text
    assert "1 = 0" in asked(f.city.isin([])).text
    assert "1 = 0" in asked(ev.opened.avg("n").isin([]), "duckdb").text
    assert "1 = 1" in asked(today("UTC") == date(2026, 3, 1)).text
    assert "1 = 0" in asked(today("UTC").isin([date(2026, 3, 2)])).text
    assert "(NOT (1 = 0) OR 1 = 0)" in asked(today("UTC").is_not_null() | today("UTC").anniversary(zone="UTC")).text
    assert "1 = 1" in asked(ev.opened.at_least(0)).text
    assert "1 = 0" in asked(ev.opened.at_least(10**30)).text


def test_what_is_the_same_for_everybody_is_worked_out_before() -> None:
    clock = Value(nodes.PartOf(of=nodes.Now(), part="clock", zone=nodes.Constant(value="UTC")))
    assert "1 = 1" in asked(clock.startswith("12")).text
    assert "1 = 0" in asked(clock == "12:01").text
    assert "SUM" in asked(ev.opened.at_most(10**30)).text
    assert "WHERE 1 = 0" in asked(f.age.isin([number + 0.5 for number in range(25)])).text
    assert "TRUE" in asked(f.flags.contains(True), "duckdb").text
    assert asked(f.scores.contains(5), "duckdb").parameters == {"p1": 5}
    assert asked(f.city.isin(map(str, range(30))), "spark").text.count(":p") == 30


def test_an_anniversary_at_the_ends_of_the_calendar_is_near() -> None:
    first, last = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)
    assert "BETWEEN 101 AND 102" in asked(f.born.anniversary(last=days(3), next=days(1), zone="UTC"), now=first).text
    assert "BETWEEN 1230 AND 1231" in asked(f.born.anniversary(last=days(1), next=days(3), zone="UTC"), now=last).text


def test_decimals_of_two_kinds_are_compared_exactly_on_postgresql() -> None:
    columns = Columns(
        fields={"price": Column("price", "decimal"), "cents": Column("cents", "decimal", stored="scaled")}
    )
    assert "* CAST('1e-2' AS NUMERIC)" in asked(f.price == f.cents, "postgresql", columns=columns).text


def test_a_name_that_begins_as_ours_makes_ours_begin_otherwise() -> None:
    columns = Columns(fields={"MK_1": "text"})
    query = asked(f["MK_1"] == "x", columns=columns, people=("main", "mk1_people"))
    assert 'mk2_p."MK_1" AS mk2_1' in query.text


def test_a_shift_stops_at_the_ends_of_the_calendar() -> None:
    last = datetime.max.replace(tzinfo=UTC)
    connection = people_of([(1, "joined_at", 253402300799999999), (2, "joined_at", -62135596800000000)])
    for segment, ids in (
        (f.joined_at + days(1) == last, [1]),
        (f.joined_at - days(1) == datetime.min.replace(tzinfo=UTC), [2]),
        (f.joined_at + days(10**9) == last, [1, 2]),
        (f.joined_at.part("year", zone="Asia/Tokyo") == 9999, [1]),
        (f.joined_at.part("clock", zone="America/Bogota") == "00:00", [2]),
    ):
        assert [row[0] for row in connection.execute(*sql(segment))] == ids, str(segment)


def people_of(cells: list[tuple[int, str, Any]]) -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:")
    names = [name for name in COLUMNS.fields if name != "lat"]
    connection.execute(f"CREATE TABLE people (id, lat, {', '.join(names)})")
    for number, name, value in cells:
        connection.execute(f"INSERT INTO people (id, {name}) VALUES (?, ?)", (number, value))
    return connection


def sql(segment: Segment, **more: Any) -> tuple[str, Any]:
    query = asked(segment, **more)
    return query.text, query.parameters


def test_a_text_with_nul_is_found_but_its_length_is_an_error_on_sqlite() -> None:
    connection = people_of([(1, "city", "a\0b"), (2, "city", "a")])
    for segment in (f.city == "a\0b", f.city.endswith("\0b"), f.city.contains("\0"), f.city.startswith("a\0")):
        assert connection.execute(*sql(segment)).fetchall() == [(1,)]
    assert connection.execute(*sql(f.city.isin(["a\0b", *map(str, range(30))]))).fetchall() == [(1,)]
    with pytest.raises(sqlite3.OperationalError, match="overflow"):
        connection.execute(*sql(f.city.size() > 1)).fetchall()


@pytest.mark.parametrize("text", ["1E+3", "0.123", "abc", "1_0"])
def test_a_decimal_in_text_that_has_more_places_than_said_is_an_error_on_sqlite(text: str) -> None:
    connection = sqlite3.connect(":memory:")
    connection.executescript("CREATE TABLE people (id, x); INSERT INTO people VALUES (1, '-0.50'), (2, '7'), (3, NULL)")
    columns = Columns(fields={"x": Column("x", "decimal", stored="text")})
    assert connection.execute(*sql(f.x == Decimal("-0.5"), columns=columns)).fetchall() == [(1,)]
    connection.execute("INSERT INTO people VALUES (4, ?)", (text,))
    with pytest.raises(sqlite3.OperationalError, match="overflow"):
        connection.execute(*sql(f.x > 0, columns=columns)).fetchall()


def test_many_ids_are_one_parameter(runner: Any, worlds: list[Any]) -> None:
    segment = f.city.isin([f"'{number}" for number in range(2_000)] + ["Ufa"]) | f.id.isin(range(50, 2_050))
    query = asked(segment, runner.dialect, columns=runner.columns(), people="people0")
    assert sorted(runner.ids(query)) == worlds[0].ids(segment)
    if runner.dialect in ("sqlite", "duckdb", "postgresql"):
        assert len(query.parameters) == 2
        assert len(query.text) < 1000


@pytest.mark.slow
def test_a_hundred_thousand_ids_are_no_trouble(runner: Any, worlds: list[Any]) -> None:
    if runner.dialect == "spark":
        return  # it takes minutes, as the page of engines says
    segment = f.city.isin([f"'{number}" for number in range(100_000)]) | f.id.isin(range(50, 100_000))
    query = asked(segment, runner.dialect, columns=runner.columns(), people="people0")
    assert sorted(runner.ids(query)) == list(range(50, 60))


def test_ids_are_compared_as_text_where_one_is_text() -> None:
    columns = Columns(event_person_sort="text")
    assert 'CAST(mk_p."id" AS TEXT)' in asked(ev.opened.did(), columns=columns).text
    assert "CAST" not in asked(ev.opened.did(), columns=Columns(person_sort="text")).text


def test_people_are_joined_with_events_only_where_an_event_is_compared_with_them() -> None:
    assert " JOIN " not in asked(ev.opened.did(last=days(3))).text.replace("LEFT JOIN", "")
    assert " JOIN mk_people" in asked(ev.opened.did(within=days(3), after=f.joined_at)).text


@pytest.mark.parametrize("dialect", list(Dialect))
@settings(max_examples=10, deadline=None)
@given(name=st.sampled_from(HOSTILE) | st.text(min_size=1, max_size=5), value=st.sampled_from(HOSTILE))
def test_equal_segments_over_other_names_have_equal_structure(dialect: str, name: str, value: str) -> None:
    """Quoted names and values cut away, nothing is left of what a user gave."""
    if "\0" in name or not name.isprintable():
        return
    try:
        query = asked(f.x == value, dialect, columns=Columns(fields={"x": Column(name, "text")}))
    except SegmentError:
        return
    plain = asked(f.x == "v", dialect, columns=Columns(fields={"x": Column("n", "text")}))
    quote = "`" if dialect in (Dialect.CLICKHOUSE, Dialect.SPARK) else '"'
    written = name.replace("\\", "\\\\") if dialect is Dialect.CLICKHOUSE else name
    written = written.replace("%", "%%") if dialect is Dialect.POSTGRESQL else written
    column = quote + written.replace(quote, quote * 2) + quote
    assert column in query.text
    rest = query.text.replace(column, f"{quote}n{quote}", 1)
    if query.parameters:
        assert query.parameters == {"p1": value}
        own = "mk_" if not name.lower().startswith("mk") else query.text.split("_id AS id")[0].split()[-1] + "_"
        assert rest.replace(own, "mk_") == plain.text


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(name=st.sampled_from(HOSTILE), table=st.sampled_from(HOSTILE), value=st.sampled_from(HOSTILE))
def test_hostile_names_and_values_are_only_names_and_values(runner: Any, name: str, table: str, value: str) -> None:
    engines = {"sqlite": '"', "duckdb": '"', "postgresql": '"'}
    if runner.dialect not in engines:
        return
    double = '"' + table.replace('"', '""') + '"'
    runner.run(f'CREATE TEMP TABLE {double} ("id" INTEGER, "{name.replace(chr(34), chr(34) * 2)}_" VARCHAR)')
    try:
        runner.insert(
            double.replace("%", "%%") if runner.dialect == "postgresql" else double,
            [[1, value], [2, value + "x"], [3, None]],
        )
        columns = Columns(fields={"x": Column(name + "_", "text")})
        for segment, ids in (
            (f.x == value, [1]),
            (f.x.isin([value, *map(str, range(30))]), [1]),
            (f.x.startswith(value), [1, 2]),
            (f.x.endswith(value) | (f.x != value), [1, 2]),
            (~f.x.contains(value), [3]),
        ):
            query = segment.to_sql(runner.dialect, columns=columns, people=(table,), now=NOW)
            assert sorted(runner.ids(query)) == ids
    finally:
        runner.run(f"DROP TABLE {double}")


@pytest.mark.parametrize("value", HOSTILE)
def test_hostile_values_are_only_values_also_where_they_are_literals(
    runner: Any, worlds: list[Any], value: str
) -> None:
    segment = (f.city == value) | f.nick.contains(value)
    assert runner.asked(segment, "0") == worlds[0].ids(segment)


def test_years_are_twelve_months(runner: Any, worlds: list[Any]) -> None:
    if runner.dialect in ("duckdb", "postgresql"):
        segment = f.joined_at + years(1) > NOW - timedelta(days=5)
        assert runner.asked(segment, "0") == worlds[0].ids(segment)


@pytest.mark.parametrize("count", [1, 23, 2025, 9_000, 9_998, 9_999, 10_000])
def test_months_that_lead_out_of_the_calendar_end_at_its_edges(runner: Any, worlds: list[Any], count: int) -> None:
    if runner.dialect in ("duckdb", "postgresql"):
        for span in (years(count), months(count * 12 - 1), months(count)):
            for segment in (f.joined_at - span < ago(years(2000)), f.joined_at + span > NOW, f.joined_at - span > NOW):
                assert runner.asked(segment, "0") == worlds[0].ids(segment)
