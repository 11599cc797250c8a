"""Records: whatever an application keeps its people in, read without knowing what it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from inspect import getattr_static
from itertools import islice
from types import FunctionType
from typing import Any, Final

from mailkit.compose.budgets import MOST_STEPS
from mailkit.errors import TemplateError

__all__ = ["kind", "names", "values"]

_ABSENT: Final = object()
_NO_RECORDS: Final[Mapping[type, str]] = {
    type(None): "None",
    str: "text",
    bytes: "bytes",
    **dict.fromkeys((int, float), "a number"),
    bool: "a truth value",
    **dict.fromkeys((list, tuple), "a list"),
    **dict.fromkeys((set, frozenset), "a set"),
}
_PLAIN: Final = frozenset({str, int, float, bool, type(None)})
_LOOKED_AT: Final = 50
"""How many elements of a list, or fields of a mapping, are looked at: rows are much alike."""
_DEEPEST: Final = 4


def values(record: object, wanted: Iterable[str]) -> dict[str, Any]:
    """Those of the wanted fields that the record has.

    A mapping is asked for keys, anything else for attributes. Methods and names that begin
    with `_` are no fields.

    Raises:
        TemplateError: The record failed to give one.

    >>> values({"name": "Anna", "age": 30}, ["name", "city"])
    {'name': 'Anna'}
    """
    if type(record) is dict:
        return {name: _kept(name, record[name]) for name in wanted if name in record}
    if isinstance(record, Mapping):
        items = ((name, _item(record, name)) for name in wanted)
        return {name: _kept(name, value) for name, value in items if value is not _ABSENT}
    if type(record) in _NO_RECORDS:
        return _refused(record, wanted)
    found = {}
    for name in wanted:
        value = _ABSENT if name.startswith("_") else _read(record, name)
        if value is not _ABSENT and not callable(value):
            found[name] = _kept(name, value)
    return found


def _refused(record: object, wanted: Iterable[str]) -> dict[str, Any]:
    """No values, for a letter that wants none."""
    if tuple(wanted):
        mend = "give one reader's mapping or object" + (", {} if nothing is known" if record is None else "")
        raise TemplateError(f"the record is {kind(record)}; {mend}")
    return {}


def kind(value: object) -> str:
    """What a value is that has no fields, in words; empty if it may have some.

    >>> kind(None), kind([1]), kind({"name": "Anna"})
    ('None', 'a list', '')
    """
    return _NO_RECORDS.get(type(value), "")


def _kept(name: str, value: Any) -> Any:
    """The value; of what can be read but once, a list, so that each part of a letter sees the same."""
    if type(value) in _PLAIN or not _reads_once(value):
        return value
    try:
        return _lasting(value)
    except Exception as error:  # an iterator may read a database and raise anything
        raise _failed(name, error) from error


def _reads_once(value: Any, depth: int = 0) -> bool:
    """Whether a value, or one within it, can be read but once; what lies deep or far down a list is not looked at."""
    kind = type(value)
    if kind is dict or kind is list or kind is tuple:
        inner = islice(value.values() if kind is dict else value, _LOOKED_AT)
        return depth < _DEEPEST and any(_reads_once(one, depth + 1) for one in inner if type(one) not in _PLAIN)
    return isinstance(value, Iterator)


def _lasting(value: Any, depth: int = 0) -> Any:
    """A copy with lists in place of iterators. These may be endless, and are cut where no loop's budget reaches."""
    if isinstance(value, Iterator):
        return list(islice(value, MOST_STEPS + 1))
    if depth == _DEEPEST or type(value) not in (dict, list, tuple):
        return value
    if type(value) is dict:
        return {key: _lasting(one, depth + 1) for key, one in value.items()}
    return [_lasting(one, depth + 1) for one in value]


def _item(record: Mapping[Any, Any], name: str) -> object:
    try:
        return record[name] if name in record else _ABSENT  # noqa: SIM401 - a mapping need not have get
    except Exception as error:  # a mapping may read a database and raise anything
        raise _failed(name, error) from error


def _read(record: object, name: str) -> object:
    try:
        return getattr(record, name, _ABSENT)
    except Exception as error:  # a property is the application's own code and may raise anything
        raise _failed(name, error) from error


def _failed(name: str, error: Exception) -> TemplateError:
    return TemplateError(f"the record failed to give its field {name!r}: {error!r}")


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
