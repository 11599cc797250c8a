"""The engines that come with the extra "engines"; each is imported only if it is asked."""

from __future__ import annotations

import os
from typing import Any

import pytest


def open_engine(name: str, base: type[Any], people: dict[str, str], events: dict[str, str]) -> Any:
    """The engine of that name; the test is skipped where it is not installed."""
    return {"polars": polars, "datafusion": datafusion, "clickhouse": clickhouse, "spark": spark}[name](
        base, people, events
    )


def _arrow(sorts: dict[str, str], rows: list[dict[str, Any]], kept: Any, date_type: Any = None) -> Any:
    import pyarrow as pa

    types = {
        "integer": pa.int64(), "text": pa.string(), "float": pa.float64(), "decimal": pa.decimal128(18, 2),
        "truth": pa.bool_(), "date": date_type or pa.date32(), "time": pa.int64(), "list": pa.list_(pa.string()),
    }  # fmt: skip
    columns = {name: pa.array([kept(sort, row[name]) for row in rows], types[sort]) for name, sort in sorts.items()}
    return pa.table(columns)


def polars(base: type[Any], people: dict[str, str], events: dict[str, str]) -> Any:
    library = pytest.importorskip("polars")

    class Polars(base):
        dialect = "polars"

        def __init__(self) -> None:
            self.context = library.SQLContext()

        def load(self, world: Any, suffix: str = "") -> None:
            self.context.register(f"people{suffix}", library.from_arrow(_arrow(people, world.people, self.kept)))
            self.context.register(f"events{suffix}", library.from_arrow(_arrow(events, world.events, self.kept)))

        def ids(self, query: Any) -> list[Any]:
            assert not query.parameters
            return self.context.execute(query.text, eager=True)["id"].to_list()

        def close(self) -> None:
            pass

    return Polars()


def datafusion(base: type[Any], people: dict[str, str], events: dict[str, str]) -> Any:
    library = pytest.importorskip("datafusion")

    class Datafusion(base):
        dialect = "datafusion"

        def __init__(self) -> None:
            self.context = library.SessionContext(library.SessionConfig().with_target_partitions(1))

        def load(self, world: Any, suffix: str = "") -> None:
            for name, sorts, rows in (("people", people, world.people), ("events", events, world.events)):
                batches = _arrow(sorts, rows, self.kept).to_batches()
                self.context.register_record_batches(f"{name}{suffix}", [batches])

        def ids(self, query: Any) -> list[Any]:
            found = self.context.sql(query.text, param_values=dict(query.parameters)).to_pydict()
            return found.get("id", [])

        def close(self) -> None:
            pass

    return Datafusion()


def clickhouse(base: type[Any], people: dict[str, str], events: dict[str, str]) -> Any:
    pytest.importorskip("chdb")
    from chdb import session

    class Clickhouse(base):
        dialect = "clickhouse"
        types = {
            "integer": "Nullable(Int64)", "text": "Nullable(String)", "float": "Nullable(Float64)",
            "decimal": "Nullable(Decimal(18, 2))", "truth": "Nullable(Bool)", "date": "Nullable(Date32)",
            "time": "Nullable(Int64)", "list": "Array(Nullable(String))",
        }  # fmt: skip

        def __init__(self) -> None:
            self.session = session.Session()

        def kept(self, sort: str, value: Any) -> Any:
            value = super().kept(sort, value)
            return [] if sort == "list" and value is None else value

        def run(self, sql: str) -> None:
            self.session.query(f"{sql} ENGINE = Memory" if sql.startswith("CREATE TABLE") else sql)

        def insert(self, table: str, rows: list[list[Any]]) -> None:
            written = ", ".join(f"({', '.join(map(_literal, row))})" for row in rows)
            self.session.query(f"INSERT INTO {table} VALUES {written}")

        def ids(self, query: Any) -> list[Any]:
            assert not query.parameters
            found = str(self.session.query(query.text, "TSV"))
            return [int(line) for line in found.split()]

        def close(self) -> None:
            self.session.close()

    return Clickhouse()


def _literal(value: Any) -> str:
    """Of this data only; in hexadecimal, so that nothing needs to be escaped."""
    match value:
        case None:
            return "NULL"
        case bool():
            return str(value).lower()
        case str():
            return f"unhex('{value.encode().hex()}')"
        case list():
            return f"[{', '.join(map(_literal, value))}]"
        case int() | float():
            return repr(value)
        case _:
            return f"'{value}'"


def spark(base: type[Any], people: dict[str, str], events: dict[str, str]) -> Any:
    library = pytest.importorskip("pyspark.sql")
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    from pyspark.sql import types as t

    class Spark(base):
        dialect = "spark"

        def __init__(self) -> None:
            settings = {
                "spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1", "spark.ui.enabled": "false",
                "spark.sql.session.timeZone": "UTC", "spark.sql.shuffle.partitions": "1", "spark.default.parallelism": "1",
                "spark.sql.adaptive.enabled": "false", "spark.log.level": "ERROR",
            }  # fmt: skip
            builder = library.SparkSession.builder.master("local[1]").appName("mailkit")
            for name, value in settings.items():
                builder = builder.config(name, value)
            self.session = builder.getOrCreate()

        def load(self, world: Any, suffix: str = "") -> None:
            types = {
                "integer": t.LongType(), "text": t.StringType(), "float": t.DoubleType(), "decimal": t.DecimalType(18, 2),
                "truth": t.BooleanType(), "date": t.DateType(), "time": t.LongType(), "list": t.ArrayType(t.StringType()),
            }  # fmt: skip
            for name, sorts, rows in (("people", people, world.people), ("events", events, world.events)):
                schema = t.StructType([t.StructField(column, types[sort]) for column, sort in sorts.items()])
                data = [tuple(self.kept(sorts[column], row[column]) for column in sorts) for row in rows]
                frame = self.session.createDataFrame(data, schema)
                frame.cache().createOrReplaceTempView(f"{name}{suffix}")

        def ids(self, query: Any) -> list[Any]:
            return [row[0] for row in self.session.sql(query.text, args=dict(query.parameters)).collect()]

        def close(self) -> None:
            self.session.stop()

    return Spark()
