"""What models of Django and tables of SQLAlchemy declare about their fields.

Neither is imported here: whoever gives a model or a table has imported it already.
"""

from __future__ import annotations

import sys
from typing import Any, Final

from mailkit.segment.declared.classes import DEEPEST, of_hint, of_properties
from mailkit.segment.declared.schema import Declared, Fields
from mailkit.segment.sorts import Sort

__all__ = ["is_model", "is_table", "of_model", "of_table", "sort_in_django"]

_OF_DJANGO: Final = {
    **dict.fromkeys(("CharField", "TextField", "UUIDField", "GenericIPAddressField", "SlugField"), Sort.TEXT),
    **dict.fromkeys(("EmailField", "URLField", "FilePathField"), Sort.TEXT),
    **dict.fromkeys(("AutoField", "BigAutoField", "SmallAutoField", "IntegerField"), Sort.INTEGER),
    **dict.fromkeys(("BigIntegerField", "SmallIntegerField", "PositiveIntegerField"), Sort.INTEGER),
    **dict.fromkeys(("PositiveBigIntegerField", "PositiveSmallIntegerField"), Sort.INTEGER),
    "BooleanField": Sort.TRUTH,
    "FloatField": Sort.FLOAT,
    "DecimalField": Sort.DECIMAL,
    "DateField": Sort.DATE,
    "DateTimeField": Sort.TIME,
    "ArrayField": Sort.LIST,
}
"""Django's own words for what a field holds. What is not here, such as JSON, may hold anything."""


def is_model(source: type) -> bool:
    """Whether it is a model of Django."""
    return issubclass(source, getattr(sys.modules.get("django.db.models"), "Model", ()))


def is_table(source: Any) -> bool:
    """Whether it is a table of SQLAlchemy, or a class mapped to one."""
    if isinstance(source, type):
        return hasattr(source, "__mapper__")
    return isinstance(source, getattr(sys.modules.get("sqlalchemy"), "Table", ()))


def sort_in_django(field: Any) -> Sort | None:
    """The sort of a model's field; of a relation, that of the key which it holds."""
    while field.is_relation:
        field = field.target_field
    return _OF_DJANGO.get(field.get_internal_type())


def of_model(model: Any, depth: int = 0) -> Fields:
    """The fields of a model, those of the models that it refers to, and its properties."""
    fields: Fields = of_properties(model, depth)
    fields.pop(("pk",), None)  # a property of every model, which its own field tells better
    for field in model._meta.concrete_fields:
        what = Declared(sort=sort_in_django(field), is_nullable=field.null)
        fields[(field.attname,)] = what
        if field.primary_key:
            fields[("pk",)] = what
        if field.is_relation and depth < DEEPEST:
            fields[(field.name,)] = Declared(is_nullable=field.null)
            fields |= {(field.name, *path): inner for path, inner in of_model(field.related_model, depth + 1).items()}
    return fields


def of_table(table: Any) -> Fields:
    """The columns of a table, or the attributes of a mapped class that are columns."""
    if isinstance(table, type):
        mapper: Any = getattr(table, "__mapper__")  # noqa: B009 - mypy knows of no such attribute of a type
        columns = {attribute.key: attribute.columns[0] for attribute in mapper.column_attrs}
    else:
        columns = {column.key: column for column in table.columns}
    return {
        (name,): Declared(sort=_sort_of_column(column), is_nullable=bool(column.nullable))
        for name, column in columns.items()
    }


def _sort_of_column(column: Any) -> Sort | None:
    try:
        kind = column.type.python_type
    except NotImplementedError:  # as SQLAlchemy says of a type of which it does not know
        return None
    return of_hint(kind)[()].sort
