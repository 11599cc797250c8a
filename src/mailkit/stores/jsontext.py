"""A record as JSON text that gives back the very same values.

A letter is made anew at every try, and must come out the same; so what JSON would change on the
way (a sum of money, a date, a tuple, a number as a key) is either marked, or refused.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Final

from mailkit.errors import InvalidValue

__all__ = ["from_text", "to_text"]

_MARK: Final = "$"
_DEEPEST: Final = 100
"""How many levels a record may have; Python's own limit depends on who calls."""
_LONGEST_INT_BITS: Final = 2_000
"""How long a whole number may be: what Python writes and reads as text under its strictest setting."""
_PLAIN: Final = (str, int, float, bool, type(None))
_WRITE: Final[dict[type, tuple[str, Callable[[Any], str]]]] = {
    Decimal: ("decimal", str),
    datetime: ("datetime", datetime.isoformat),
    date: ("date", date.isoformat),
    time: ("time", time.isoformat),
}
_READ: Final[dict[str, Callable[[Any], Any]]] = {
    "decimal": Decimal,
    "datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
    "time": time.fromisoformat,
    "tuple": tuple,
    "mapping": lambda value: value,
}


def to_text(record: Mapping[str, Any], *, what: str = "record") -> str:
    """The record as text: JSON's own values, lists, tuples, mappings, `Decimal`, dates and times.

    A time's zone is kept as its distance from UTC; the zone's name is not.

    Raises:
        InvalidValue: It holds something else; the error names where.

    >>> to_text({"total": Decimal("29.33"), "goods": ["tea"]})
    '{"total":{"$":["decimal","29.33"]},"goods":["tea"]}'
    >>> to_text({"cart": [{"price": {1, 2}}]})
    Traceback (most recent call last):
    mailkit.errors.InvalidValue: record['cart'][0]['price']: {1, 2} cannot be stored exactly; ...
    """
    return json.dumps(_packed(record, what, 1), separators=(",", ":"))


def from_text(text: str) -> dict[str, Any]:
    """The record that `to_text` made the text of."""
    record = _unpacked(json.loads(text))
    assert isinstance(record, dict)
    return record


def _packed(value: Any, where: str, level: int) -> Any:
    kind = type(value)  # not isinstance: a subclass would come back as something else
    if kind is int and value.bit_length() > _LONGEST_INT_BITS:
        raise InvalidValue(where, f"<{value.bit_length()} bits>", "is too long a number to be stored", "make it text")
    if kind in _PLAIN:
        return value
    if level > _DEEPEST:
        what = where.partition("[")[0]  # the whole place would be as deep, and so would the content
        raise InvalidValue(what, f"<{kind.__name__}>", f"is nested more than {_DEEPEST} levels deep", "make it flat")
    if isinstance(value, Mapping):
        return _packed_mapping(value, where, level)
    if kind in (list, tuple):
        items = [_packed(item, f"{where}[{index}]", level + 1) for index, item in enumerate(value)]
        return items if kind is list else {_MARK: ["tuple", items]}
    if kind in _WRITE:
        name, write = _WRITE[kind]
        return {_MARK: [name, write(value)]}
    mend = "make it text, a number, a Decimal, a date, a list or a mapping before"
    raise InvalidValue(where, value, "cannot be stored exactly", mend)


def _packed_mapping(value: Mapping[Any, Any], where: str, level: int) -> dict[str, Any]:
    for key in value:
        if type(key) is not str:
            raise InvalidValue(f"a key of {where}", key, "cannot be stored exactly", "use text")
    packed = {key: _packed(item, f"{where}[{key!r}]", level + 1) for key, item in value.items()}
    return {_MARK: ["mapping", packed]} if _MARK in packed else packed


def _unpacked(value: Any, *, is_marked: bool = False) -> Any:
    if isinstance(value, list):
        return [_unpacked(item) for item in value]
    if not isinstance(value, dict):
        return value
    if _MARK in value and not is_marked:
        name, content = value[_MARK]
        return _READ[name](_unpacked(content, is_marked=name == "mapping"))
    return {key: _unpacked(item) for key, item in value.items()}
