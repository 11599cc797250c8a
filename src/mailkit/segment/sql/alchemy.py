"""The same query as a select of SQLAlchemy, which takes its own tables and stands in its `in_`."""

from __future__ import annotations

import re
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Any, Final

from mailkit.errors import SegmentError, shorten
from mailkit.extras import load
from mailkit.segment import nodes
from mailkit.segment.sql.columns import Columns
from mailkit.segment.sql.dialects import Dialect, dialect_of
from mailkit.segment.sql.queries import query

if TYPE_CHECKING:
    from sqlalchemy import Select, Table

__all__ = ["selected"]

_PLACEHOLDER: Final = {
    Dialect.SQLITE: re.compile(r":(p\d+)"),
    Dialect.POSTGRESQL: re.compile(r"%\((p\d+)\)s"),
}
_QUOTED: Final = re.compile(r'("(?:[^"]|"")*")')


def selected(
    node: nodes.Condition,
    dialect: Dialect | str,
    *,
    people: Table,
    events: Table | None,
    columns: Columns,
    now: datetime | None,
    assume_zone: tzinfo | str | None,
) -> Select[Any]:
    """The select for a tree; see `Segment.to_select`."""
    library: Any = load("sqlalchemy", extra="stores", purpose="selects of SQLAlchemy")
    chosen = dialect_of(dialect)
    if chosen not in _PLACEHOLDER:
        raise SegmentError(f"{chosen} is not asked through SQLAlchemy here; there are {', '.join(_PLACEHOLDER)}")
    tables = [_name(table) for table in (people, people if events is None else events)]
    if events is None and any(isinstance(inner, nodes.Events) for inner in nodes.walk(node)):
        raise SegmentError("this asks about events: give events=, their table", text=nodes.sentence(node))
    asked = query(node, chosen, people=tables[0], events=tables[1], columns=columns, now=now, assume_zone=assume_zone)
    bound = [library.bindparam(name, value, unique=True) for name, value in asked.parameters.items()]
    written = library.text(_with_colons(asked.text, chosen)).bindparams(*bound)
    ids = written.columns(library.column("id", people.c[columns.person].type)).subquery()
    found: Select[Any] = library.select(ids.c.id)
    return found


def _name(table: Any) -> tuple[str, ...]:
    name, schema = getattr(table, "name", None), getattr(table, "schema", None)
    if not isinstance(name, str):
        raise SegmentError(f"{shorten(table)} is not a table of SQLAlchemy's")
    return (schema, name) if schema else (name,)


def _with_colons(text: str, dialect: Dialect) -> str:
    """The text with placeholders as SQLAlchemy's `text()` wants them, and its colons in names escaped."""
    pattern, parts = _PLACEHOLDER[dialect], []
    for place, part in enumerate(_QUOTED.split(text)):
        is_name = place % 2 == 1
        if dialect is Dialect.POSTGRESQL:
            part = part.replace("%%", "%") if is_name else part
        parts.append(part.replace(":", "\\:") if is_name else pattern.sub(r":\1", part))
    return "".join(parts)
