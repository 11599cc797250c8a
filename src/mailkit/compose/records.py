"""Records: whatever an application keeps its people in, read without knowing what it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from inspect import getattr_static
from types import FunctionType
from typing import Any, Final

from mailkit.errors import TemplateError

__all__ = ["names", "values"]

_ABSENT: Final = object()


def values(record: object, wanted: Iterable[str]) -> dict[str, Any]:
    """Those of the wanted fields that the record has.

    A mapping is asked for keys, anything else for attributes. Methods and names that begin
    with `_` are no fields.

    Raises:
        TemplateError: The record failed to give one.

    >>> values({"name": "Anna", "age": 30}, ["name", "city"])
    {'name': 'Anna'}
    """
    if isinstance(record, Mapping):
        items = ((name, _item(record, name)) for name in wanted)
        return {name: value for name, value in items if value is not _ABSENT}
    found = {}
    for name in wanted:
        value = _ABSENT if name.startswith("_") else _read(record, name)
        if value is not _ABSENT and not callable(value):
            found[name] = value
    return found


def _item(record: Mapping[Any, Any], name: str) -> object:
    try:
        return record[name] if name in record else _ABSENT  # noqa: SIM401 - a mapping need not have get
    except Exception as error:  # a mapping may read a database and raise anything
        raise TemplateError(f"the record failed to give its field {name!r}: {error!r}") from error


def _read(record: object, name: str) -> object:
    try:
        return getattr(record, name, _ABSENT)
    except Exception as error:  # a property is the application's own code and may raise anything
        raise TemplateError(f"the record failed to give its field {name!r}: {error!r}") from error


def names(record: object) -> tuple[str, ...]:
    """The fields that a record has, for "did you mean"; reads none of them.

    >>> names({"name": "Anna", "city": "Kazan"})
    ('name', 'city')
    """
    if isinstance(record, Mapping):
        return tuple(name for name in record if isinstance(name, str))
    public = (name for name in dir(record) if not name.startswith("_"))
    return tuple(name for name in public if not isinstance(_static(record, name), _METHODS))


_METHODS: Final = (FunctionType, classmethod, staticmethod, type(str.join), type(dict.fromkeys), type("".join))


def _static(record: object, name: str) -> object:
    return getattr_static(record, name, None)
