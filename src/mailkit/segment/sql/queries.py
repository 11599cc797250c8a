"""`Query`: a segment in the SQL of an engine."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, tzinfo
from html import escape
from typing import Any

import attrs

from mailkit.clock import SystemClock
from mailkit.errors import SegmentError, shorten
from mailkit.segment import nodes
from mailkit.segment.sql.columns import Columns
from mailkit.segment.sql.dialects import Dialect, dialect_of
from mailkit.segment.sql.writer import Writer
from mailkit.segment.values import instant, zone

__all__ = ["Query", "query"]


@attrs.frozen(kw_only=True)
class Query:
    """A query that gives the ids of the people in a segment, in a column `id`.

    Attributes:
        text: The SQL; `str()` gives it, too.
        parameters: The values by the names that stand in the text, in the engine's own style:
            `:p1` for SQLite and Spark, `$p1` for DuckDB and DataFusion, `%(p1)s` for PostgreSQL.
            Empty for Polars and ClickHouse, where values are literals.
        dialect: The engine that it is for.

    >>> import sqlite3
    >>> from mailkit.segment import field as f
    >>> from mailkit.segment.sql import Columns
    >>> asked = (f.city == "Kazan").to_sql("sqlite", columns=Columns(fields={"city": "text"}))
    >>> shop = sqlite3.connect(":memory:")
    >>> _ = shop.executescript("CREATE TABLE people (id, city); INSERT INTO people VALUES (1, 'Kazan'), (2, NULL)")
    >>> shop.execute(asked.text, asked.parameters).fetchall()
    [(1,)]
    """

    text: str
    parameters: Mapping[str, Any] = attrs.field(hash=False)
    dialect: Dialect

    def __str__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return f'<pre class="mailkit-query">{escape(self.text)}</pre>'


def query(
    node: nodes.Condition,
    dialect: Dialect | str,
    *,
    people: str | tuple[str, ...],
    events: str | tuple[str, ...],
    columns: Columns,
    now: datetime | None,
    assume_zone: tzinfo | str | None,
) -> Query:
    """The query for a tree; see `Segment.to_sql`."""
    chosen, assumed = dialect_of(dialect), zone(assume_zone)
    if not isinstance(columns, Columns):
        raise SegmentError(f"columns={shorten(columns)} does not say how the tables look; give Columns(fields=...)")
    as_of = SystemClock().now() if now is None else instant(now, assumed)
    writer = Writer(chosen, columns, people=people, events=events, now=as_of, assumed=assumed)
    text = writer.written(node)
    return Query(text=text, parameters=writer.values.used_in(text), dialect=chosen)
