"""How a column is read, so that its values are those with which a query works: whole numbers, floats and texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailkit.segment import nodes
from mailkit.segment.sorts import Sort
from mailkit.segment.sql.columns import Column, Stored
from mailkit.segment.sql.dialects import Dialect
from mailkit.segment.sql.terms import Term
from mailkit.segment.sql.texts import quoted

if TYPE_CHECKING:
    from mailkit.segment.sql.writer import Writer

__all__ = ["person_keys", "read", "term_of"]


def read(writer: Writer, column: Column, table: str, node: nodes.Node) -> str:
    """The expression that has the column's values; `node` asks for it."""
    sql, engine = f"{table}.{quoted(column.name, writer.engine)}", writer.engine
    if column.key:
        if engine.within is None:
            raise writer.refusal(node, "it has no certain way into JSON")
        sql = engine.within.format(sql, writer.values.text(column.key))
        if column.sort is not Sort.TEXT and writer.dialect is not Dialect.SQLITE:  # which keeps JSON's own types
            sql = f"CAST({sql} AS {engine.integer if column.sort is Sort.INTEGER else 'BOOLEAN'})"
    match column.sort:
        case Sort.TRUTH:
            return f"CASE WHEN {sql} THEN 1 WHEN NOT {sql} THEN 0 END"
        case Sort.FLOAT:
            if engine.is_nan is None:
                return sql  # there are none, nor is there a zero with a sign
            return f"CASE WHEN NOT ({engine.is_nan.format(sql)}) THEN {sql} + 0.0 END"
        case Sort.DECIMAL:
            return _decimal(writer, column, sql, node)
        case Sort.DATE:
            template = engine.days if column.stored is Stored.NATIVE else engine.days_of_text
        case Sort.TIME if column.stored is not Stored.MICROSECONDS:
            template = engine.micros if column.stored is Stored.NATIVE else engine.micros_of_text
        case _:
            return sql
    if template is None:
        raise writer.refusal(
            node, f"it has no exact way to read a {column.sort} from a column that is stored as {column.stored}"
        )
    return template.format(sql)


def _decimal(writer: Writer, column: Column, sql: str, node: nodes.Node) -> str:
    if column.stored is Stored.SCALED:
        return sql
    if writer.engine.is_numeric:
        return f"NULLIF({sql if column.stored is Stored.NATIVE else f'CAST({sql} AS NUMERIC)'}, 'NaN')"
    if column.stored is Stored.TEXT and writer.engine.scaled_text is not None:
        return writer.engine.scaled_text.format(sql, column.places)
    if column.stored is Stored.TEXT or writer.engine.scaled_text is not None:
        mend = "store it as text, or as a whole number of its least parts (Column(..., stored='scaled'))"
        raise writer.refusal(
            node, f"it has no exact way to read a decimal from a column that is {column.stored}; {mend}"
        )
    return f"CAST({sql} * {10**column.places} AS {writer.engine.integer})"


def term_of(writer: Writer, column: Column, name: str) -> Term:
    """The values of a column as operand, once they have a name."""
    return Term(
        sql=name,
        sort=column.sort,
        places=column.places if column.sort is Sort.DECIMAL else 0,
        items=column.items,
        is_numeric=column.sort is Sort.DECIMAL and column.stored is not Stored.SCALED and writer.engine.is_numeric,
    )


def person_keys(writer: Writer) -> tuple[str, str]:
    """The expressions by which people and events are joined: ids are compared as text if one of them is text."""
    columns, own, engine = writer.columns, writer.plan.own, writer.engine
    sides = [
        (f"{own}p", columns.person, columns.person_sort),
        (f"{own}e", columns.event_person, columns.event_person_sort),
    ]
    is_text = Sort.TEXT in (columns.person_sort, columns.event_person_sort)
    keys = []
    for table, name, sort in sides:
        sql = f"{table}.{quoted(name, engine)}"
        keys.append(f"CAST({sql} AS {engine.text})" if is_text and sort is Sort.INTEGER else sql)
    return keys[0], keys[1]
