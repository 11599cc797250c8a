"""One way to read a record, be it a mapping, an attrs or dataclass object, a database row or an ORM object."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final

from mailkit.errors import SegmentError, did_you_mean, shorten
from mailkit.segment.values import is_null, raised

__all__ = ["field_names", "getter", "is_read_by_attribute", "read"]

_ABSENT: Final = object()


def read(record: Any, path: tuple[str, ...], *, is_optional: bool = False) -> Any:
    """What stands in a field of the record; None if it, or a part of the way there, is null.

    Args:
        record: The person.
        path: The field's name, and the names within it.
        is_optional: Whether the record may lack it, which is then None.

    Raises:
        SegmentError: The record has no such field, or fails while it is read.

    >>> read({"address": {"city": "Kazan"}}, ("address", "city"))
    'Kazan'
    >>> read({"city": "Kazan"}, ("citi",))
    Traceback (most recent call last):
    mailkit.errors.SegmentError: segment: the record has no field 'citi'; did you mean 'city'?
    """
    value = record
    for place, name in enumerate(path):
        found = _step(value, name)
        if found is _ABSENT:
            if is_optional:
                return None
            raise _no_field(value, path[: place + 1])
        if is_null(found):
            return None
        value = found
    return value


def getter(path: tuple[str, ...], *, is_optional: bool = False) -> Callable[[Any], Any]:
    """A function that reads this field of any record as `read` does, and most records at once."""
    name = path[0]
    objects: set[type] = set()

    def get(record: Any) -> Any:
        kind = type(record)
        if kind is dict and name in record:
            return record[name]
        if kind in objects:
            try:
                return getattr(record, name)
            except Exception:  # noqa: BLE001 - whatever it is, `read` meets it again and says where
                return read(record, path, is_optional=is_optional)
        if _reader_of(record) is getattr:
            objects.add(kind)
        return read(record, path, is_optional=is_optional)

    return get if len(path) == 1 else lambda record: read(record, path, is_optional=is_optional)


def is_read_by_attribute(record: Any) -> bool:
    """Whether the record's fields are its attributes, and not its items."""
    return _reader_of(record) is getattr


def field_names(record: Any) -> list[str]:
    """The names of the record's fields, as far as it tells them."""
    if _reader_of(record) is getattr:
        return [name for name in dir(record) if not name.startswith("_")]
    return [name for name in record.keys() if isinstance(name, str)]  # noqa: SIM118 - iterating over a row gives its values


def _step(record: Any, name: str) -> Any:
    try:
        return _reader_of(record)(record, name)
    except AttributeError as error:
        if not hasattr(type(record), name):
            return _ABSENT
        raise _failed(name, error) from error
    except Exception as error:  # a record's own code may raise anything, and the segment says where
        raise _failed(name, error) from error


def _of_mapping(record: Any, name: str) -> Any:
    return record.get(name, _ABSENT)


def _of_row(record: Any, name: str) -> Any:
    return record[name] if name in record.keys() else _ABSENT  # noqa: SIM118 - iterating over a row gives its values


def _of_nothing(record: Any, name: str) -> Any:
    return _ABSENT


def _reader_of(record: Any) -> Callable[[Any, str], Any]:
    kind: Any = type(record)
    return _reader(kind)


@lru_cache(maxsize=256)  # an application that makes classes as it runs must be able to forget them
def _reader(kind: type) -> Callable[[Any, str], Any]:
    """How a field of such a record is read: a row, such as `sqlite3.Row`, has keys without being a mapping."""
    if issubclass(kind, Mapping):
        return _of_mapping
    if hasattr(kind, "keys") and hasattr(kind, "__getitem__"):
        return _of_row
    is_plain = issubclass(kind, str | bytes | int | float | list | tuple | set | frozenset)
    return _of_nothing if is_plain and not hasattr(kind, "_fields") else getattr


def _no_field(record: Any, path: tuple[str, ...]) -> SegmentError:
    name = ".".join(path)
    if _reader_of(record) is _of_nothing:
        whole = ".".join(path[:-1]) or "the record"
        return SegmentError(f"there is no field {name!r}, since {whole} is {shorten(record)}")
    outer, dot, inner = path[-1].partition(".")
    if dot and outer in field_names(record):
        return SegmentError(f"the record has no field {name!r}; of a field within a field ask f.{outer}.{inner}")
    mend = did_you_mean(path[-1], field_names(record)) or "; a field that only some records have is asked .optional()"
    return SegmentError(f"the record has no field {name!r}{mend}")


def _failed(name: str, error: Exception) -> SegmentError:
    return SegmentError(f"reading the field {name!r} {raised(error)}")
