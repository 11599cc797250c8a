"""Fields of an index's people, read once, so that what is asked of a field is asked of each of its values once.

How to think about it. A field such as a country, an age or a plan has few values among many people. A
column knows for each person which of these values is his, as one byte. A condition is then asked of
the values, by the closures that would ask the records, and what they answer is looked up for everybody
at once. Fields with other values have no column, and are asked of records.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from mailkit.errors import SegmentError
from mailkit.segment import nodes
from mailkit.segment.running.subjects import Get, of_person

if TYPE_CHECKING:
    from mailkit.segment.running.evaluate import Maker

__all__ = ["Column", "only_field"]

_TYPES: Final = frozenset({str, int, bool, float, date, type(None)})
"""Of these, two that are equal and of one type are one value, whatever is asked."""
_MANY: Final = 256


class Column:
    """One field of all people."""

    __slots__ = ("_codes", "_values")

    def __init__(self, values: list[Any], codes: bytes) -> None:
        self._values, self._codes = values, codes

    @classmethod
    def of(cls, field: nodes.Field, people: Iterable[Any]) -> Column | None:
        """The column of a field; None if it has many values, or one that is not plain, or someone lacks it."""
        get = of_person(field)
        known: dict[tuple[type, Any], int] = {}
        codes = bytearray()
        for person in people:
            try:
                value = get(person)
            except SegmentError:  # which is told when he is asked about
                return None
            if type(value) not in _TYPES:
                return None
            code = known.setdefault((type(value), value), len(known))
            if code == _MANY:
                return None
            codes.append(code)
        return cls([value for _, value in known], bytes(codes))

    def mask(self, node: nodes.Condition, maker: Maker) -> bytes | None:
        """For each person 1 if the condition is true of his value, else 0; None if it cannot be asked of a value."""
        test = maker.test(node, _itself)
        try:
            answers = bytes(map(bool, map(test, self._values)))
        except SegmentError:  # which is told when somebody is asked about who has it
            return None
        return self._codes.translate(answers.ljust(_MANY, b"\0"))


def _itself(field: nodes.Field) -> Get:
    return lambda value: value


def only_field(node: nodes.Condition) -> nodes.Field | None:
    """The field of which the condition's answer is made and of nothing else of the person; None if there is no such."""
    for inner in nodes.walk(node):
        if isinstance(inner, nodes.Events):
            return None
        if isinstance(inner, nodes.PartOf | nodes.Begin | nodes.Anniversary) and isinstance(inner.zone, nodes.Field):
            return None
    fields = set(nodes.person_fields(node))
    return fields.pop() if len(fields) == 1 else None
