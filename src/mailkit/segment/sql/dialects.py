"""The engines, and the few words in which their SQL differs.

How to think about it. The shape of a query is one for all of them; what differs stands in one
table a person can read from top to bottom: quoting, placeholders, types and some functions. In a
template, {0} and {1} are expressions. None means that the engine has no way that is exact, and
asking for it is `NotPortable`.

Numbers inside a query are whole: an instant is its microseconds since 1970, a date the days
since then, a decimal so many of its least parts, a truth value 0 or 1. So no engine's rounding,
zones or calendar has a say.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import attrs

from mailkit.errors import SegmentError, did_you_mean, shorten

__all__ = ["ENGINES", "Dialect", "Engine", "dialect_of"]


class Dialect(StrEnum):
    """The engine that a query is for."""

    SQLITE = "sqlite"
    """SQLite 3.38 or newer, as of Python's `sqlite3`."""
    DUCKDB = "duckdb"
    """DuckDB 1.2 or newer."""
    POSTGRESQL = "postgresql"
    """PostgreSQL 14 or newer, through psycopg."""
    POLARS = "polars"
    """The SQL of Polars 1.30 or newer, which has no parameters."""
    DATAFUSION = "datafusion"
    """Apache DataFusion."""
    CLICKHOUSE = "clickhouse"
    """ClickHouse, also in the process (chdb)."""
    SPARK = "spark"
    """Apache Spark 3.5 or newer, whose session must be in UTC."""


@attrs.frozen(kw_only=True)
class Engine:
    """How one engine says what the portable shape leaves open.

    Attributes:
        text: Its type of texts.
        integer: Of whole numbers of 64 bits.
        float: Of floating numbers of 64 bits.
        wide: What a whole number becomes before it is added up, so that the sum cannot overflow unseen.
        wide_bits: How many bits such a sum has.
        is_loud: Whether a sum, or a multiple of it, that has more bits is an error.
        quote: What stands around an identifier; doubled within it.
        placeholder: How a parameter stands in the text; empty where values are written as literals.
        divide: Whole number division of numbers that are not negative.
        modulo: Its remainder.
        collated: A text that is compared by code points.
        contains: Whether {0} has {1} in it, which is not empty.
        starts: Whether {0} begins with {1}.
        ends: Whether {0} ends with {1}.
        length: How many code points a text has.
        is_nan: Whether a floating number is none; None if the engine has only null.
        digest: SHA-256 of a text as 64 small hexadecimal digits.
        among: Whether {0} is one of many, all in one parameter, by their type.
        micros: The microseconds of a native time.
        micros_of_text: Those of a time in ISO 8601 with its zone.
        days: The days of a native date.
        days_of_text: Those of a date in ISO 8601.
        months: The microseconds {0}, so many months {1} later, the day being cut to the month's last.
        has_item: Whether the list {0} has the item {1}.
        items: How many items a list has.
        is_numeric: Whether decimals are exact at any length, so that they need not be counted in least parts.
        scaled_text: A decimal written as text, in so many decimal places {1}, as whole number.
        within: What stands in the JSON object {0} under the key {1}, as text.
        follows: Whether a window can begin after the current row.
        ending: What stands at the end of the query.
    """

    text: str = "VARCHAR"
    integer: str = "BIGINT"
    float: str = "DOUBLE"
    wide: str = "CAST({0} AS DECIMAL(38, 0))"
    wide_bits: int = 120
    is_loud: bool = False
    quote: str = '"'
    placeholder: str
    divide: str = "({0} / {1})"
    modulo: str = "({0} % {1})"
    collated: str = "{0}"
    contains: str
    starts: str
    ends: str
    length: str
    is_nan: str | None
    digest: str | None
    among: str | None = None
    micros: str | None
    micros_of_text: str | None = None
    days: str | None
    days_of_text: str | None
    months: str | None = None
    has_item: str | None = None
    items: str | None = None
    is_numeric: bool = False
    scaled_text: str | None = None
    within: str | None = None
    follows: bool = True
    ending: str = ""


# SQLite has no error to raise but that of an overflow, and one is better than a wrong number.
_SQLITE_ERROR: Final = "abs(-9223372036854775807 - 1)"
_SQLITE_PLACES: Final = "(CASE WHEN instr({0}, '.') = 0 THEN 0 ELSE length({0}) - instr({0}, '.') END)"

ENGINES: Final[dict[Dialect, Engine]] = {
    Dialect.SQLITE: Engine(
        text="TEXT",
        integer="INTEGER",
        float="REAL",
        wide="{0}",  # SUM of whole numbers fails where it overflows
        wide_bits=62,
        placeholder=":{name}",
        collated="{0} COLLATE BINARY",
        contains="instr({0}, {1}) > 0",
        starts="instr({0}, {1}) = 1",
        # substr() stops at a NUL in a text, and not in a blob; that of an empty blob is null.
        ends="ifnull(substr(CAST({0} AS BLOB), -length(CAST({1} AS BLOB))), x'') = CAST({1} AS BLOB)",
        length=f"(CASE WHEN instr({{0}}, char(0)) > 0 THEN {_SQLITE_ERROR} ELSE length({{0}}) END)",
        is_nan=None,
        digest=None,
        among="IN (SELECT value FROM json_each({0}))",
        micros=None,
        micros_of_text=None,
        days="(CAST(strftime('%s', {0}) AS INTEGER) / 86400)",
        days_of_text="(CAST(strftime('%s', {0}) AS INTEGER) / 86400)",
        within="({0} ->> {1})",
        scaled_text=(
            f"(CASE WHEN {{0}} GLOB '*[^-.0-9]*' OR {_SQLITE_PLACES} > {{1}} THEN {_SQLITE_ERROR} "
            f"ELSE CAST(replace({{0}}, '.', '') || substr('{'0' * 18}', 1, {{1}} - {_SQLITE_PLACES}) AS INTEGER) END)"
        ),
    ),
    Dialect.DUCKDB: Engine(
        wide="CAST({0} AS HUGEINT)",
        wide_bits=126,
        is_loud=True,
        placeholder="${name}",
        divide="({0} // {1})",
        collated="{0}",
        contains="contains({0}, {1})",
        starts="starts_with({0}, {1})",
        ends="ends_with({0}, {1})",
        length="length({0})",
        is_nan="isnan({0})",
        digest="sha256({0})",
        among="IN (SELECT unnest(CAST({0} AS {type}[])))",
        micros="epoch_us({0})",
        micros_of_text="epoch_us(CAST({0} AS TIMESTAMPTZ))",
        days="CAST(({0} - DATE '1970-01-01') AS BIGINT)",
        days_of_text="CAST((CAST({0} AS DATE) - DATE '1970-01-01') AS BIGINT)",
        months="epoch_us(make_timestamp({0}) + to_months({1}))",
        has_item="list_contains({0}, {1})",
        items="len({0})",
        within="json_extract_string({0}, '$.\"' || {1} || '\"')",
    ),
    Dialect.POSTGRESQL: Engine(
        text="TEXT",
        float="DOUBLE PRECISION",
        wide="CAST({0} AS NUMERIC)",
        wide_bits=4000,
        is_loud=True,
        placeholder="%({name})s",
        modulo="mod({0}, {1})",
        collated='{0} COLLATE "C"',
        contains='strpos({0} COLLATE "C", {1}) > 0',
        starts="starts_with({0}, {1})",
        ends='right({0}, length({1})) COLLATE "C" = {1}',
        length="length({0})",
        is_nan="{0} = 'NaN'",
        digest="encode(sha256(convert_to({0}, 'UTF8')), 'hex')",
        among="= ANY (CAST({0} AS {type}[]))",
        micros="CAST(EXTRACT(EPOCH FROM {0}) * 1000000 AS BIGINT)",
        micros_of_text="CAST(EXTRACT(EPOCH FROM CAST({0} AS TIMESTAMPTZ)) * 1000000 AS BIGINT)",
        days="CAST({0} - DATE '1970-01-01' AS BIGINT)",
        days_of_text="CAST(CAST({0} AS DATE) - DATE '1970-01-01' AS BIGINT)",
        # An interval times a number is worked out in floating numbers, so days and the rest of a day go apart.
        months=(
            "CAST(EXTRACT(EPOCH FROM TIMESTAMP '0001-01-01' + CAST(({0} + 62135596800000000) / 86400000000 AS INTEGER)"
            " * INTERVAL '1 day' + mod({0} + 62135596800000000, 86400000000) * INTERVAL '1 microsecond'"
            " + {1} * INTERVAL '1 month') * 1000000 AS BIGINT)"
        ),
        has_item="{1} = ANY ({0})",
        items="cardinality({0})",
        within="(CAST({0} AS JSONB) ->> {1})",
        is_numeric=True,
    ),
    Dialect.POLARS: Engine(
        placeholder="",
        wide="CAST({0} AS HUGEINT)",
        wide_bits=126,
        divide="DIV({0}, {1})",
        contains="REPLACE({0}, {1}, '') <> {0}",  # STRPOS takes a pattern there
        starts="STARTS_WITH({0}, {1})",
        ends="ENDS_WITH({0}, {1})",
        length="LENGTH({0})",
        is_nan="{0} > CAST('inf' AS DOUBLE)",  # NaN is more than all there
        digest=None,
        micros="CAST(CAST({0} AS TIMESTAMP(6)) AS BIGINT)",
        days="CAST({0} AS BIGINT)",
        days_of_text="CAST(CAST({0} AS DATE) AS BIGINT)",
        has_item="ARRAY_CONTAINS({0}, {1})",
        items="ARRAY_LENGTH({0})",
        follows=False,
    ),
    Dialect.DATAFUSION: Engine(
        placeholder="${name}",
        contains="strpos({0}, {1}) > 0",
        starts="starts_with({0}, {1})",
        ends="ends_with({0}, {1})",
        length="CAST(character_length({0}) AS BIGINT)",
        is_nan="isnan({0})",
        digest="encode(sha256({0}), 'hex')",
        micros="CAST(arrow_cast({0}, 'Timestamp(Microsecond, None)') AS BIGINT)",
        days="CAST(CAST({0} AS INTEGER) AS BIGINT)",
        days_of_text="CAST(CAST(CAST({0} AS DATE) AS INTEGER) AS BIGINT)",
        has_item="array_has({0}, {1})",
        items="CAST(array_length({0}) AS BIGINT)",
    ),
    Dialect.CLICKHOUSE: Engine(
        text="Nullable(String)",
        integer="Nullable(Int64)",
        float="Nullable(Float64)",
        wide="CAST({0} AS Nullable(Int256))",
        wide_bits=250,
        quote="`",
        placeholder="",
        divide="intDiv({0}, {1})",
        contains="position({0}, {1}) > 0",
        starts="startsWith({0}, {1})",
        ends="endsWith({0}, {1})",
        length="CAST(lengthUTF8({0}) AS Nullable(Int64))",
        is_nan="isNaN({0})",
        digest="lower(hex(SHA256({0})))",
        micros="toUnixTimestamp64Micro(CAST({0} AS Nullable(DateTime64(6, 'UTC'))))",
        days="CAST({0} AS Nullable(Int64))",
        days_of_text=None,  # Date32 begins in 1900, and earlier dates become that
        has_item="has({0}, {1})",
        items="CAST(length({0}) AS Nullable(Int64))",
        # Else a person without events has 0 and '' instead of null, and a text with many values is refused.
        ending="\nSETTINGS join_use_nulls = 1, max_query_size = 1000000000, max_ast_elements = 100000000, "
        "max_expanded_ast_elements = 100000000",
    ),
    Dialect.SPARK: Engine(
        text="STRING",
        quote="`",
        placeholder=":{name}",
        divide="({0} div {1})",
        contains="contains({0}, {1})",
        starts="startswith({0}, {1})",
        ends="endswith({0}, {1})",
        length="CAST(char_length({0}) AS BIGINT)",
        is_nan="isnan({0})",
        digest="sha2({0}, 256)",
        micros="unix_micros({0})",
        micros_of_text="unix_micros(CAST({0} AS TIMESTAMP))",
        days="CAST(unix_date({0}) AS BIGINT)",
        days_of_text="CAST(unix_date(CAST({0} AS DATE)) AS BIGINT)",
        has_item="array_contains({0}, {1})",
        items="CAST(CASE WHEN {0} IS NOT NULL THEN size({0}) END AS BIGINT)",
    ),
}


def dialect_of(given: object) -> Dialect:
    """The dialect, given itself or by its name.

    Raises:
        SegmentError: There is none of that name.

    >>> dialect_of("duckdb")
    <Dialect.DUCKDB: 'duckdb'>
    >>> dialect_of("postgres")
    Traceback (most recent call last):
    mailkit.errors.SegmentError: segment: 'postgres' is not an engine; did you mean 'postgresql'?
    """
    try:
        return Dialect(given)  # type: ignore[arg-type]
    except ValueError as error:
        mend = did_you_mean(str(given), map(str, Dialect)) or f"; there are {', '.join(Dialect)}"
        raise SegmentError(f"{shorten(given)} is not an engine{mend}") from error
