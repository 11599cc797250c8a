"""How a field is read in generated code: of a record, or inside `where` of an event."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import attrs

from mailkit.segment import nodes
from mailkit.segment.running.histories import OF_THE_EVENT
from mailkit.segment.running.subjects import of_event, of_person

if TYPE_CHECKING:
    from mailkit.segment.running.evaluate import Maker, Test

__all__ = ["Arguments", "EventPlace", "Place", "RecordPlace", "Shape", "Supply"]

Supply: TypeAlias = "Callable[[Maker], Any]"
"""What gives the value of an argument once it is known as of when a segment is run."""


@attrs.frozen(kw_only=True)
class Shape:
    """What the records and events of a run look like; whoever looks otherwise is left to the closures.

    Attributes:
        record: A record is a `dict`, an object of one class, or anything else.
        event: An event is a `dict` or a `mailkit.Event`.
        source: Where a person's events are: in a mapping by his id, or given by a function, or given with him.
        key: The field with his id.
    """

    record: Literal["dict", "object", "other"]
    event: Literal["dict", "event"]
    source: Literal["by_id", "found", "given"]
    key: str = "id"


class Arguments:
    """What the generated function takes from outside, under names of our own.

    Attributes:
        supplies: From an argument's name to what gives its value.
        attributes: From a stand-in for an attribute's name to the name itself.
    """

    def __init__(self) -> None:
        self.supplies: dict[str, Supply] = {}
        self.attributes: dict[str, str] = {}
        self._known: dict[Hashable, str] = {}
        self._locals = 0

    def add(self, supply: Supply, *, key: Hashable = None) -> str:
        """The name of an argument; what has the same key is one argument."""
        name = self._known.get(key) if key is not None else None
        if name is None:
            name = f"K{len(self.supplies)}"
            self.supplies[name] = supply
            if key is not None:
                self._known[key] = name
        return name

    def constant(self, value: Hashable) -> str:
        """The name of an argument with this value."""
        return self.add(lambda maker: value, key=(type(value), value))

    def attribute(self, name: str) -> str:
        """A stand-in for an attribute, whose own name is put into the compiled code."""
        for stand_in, known in self.attributes.items():
            if known == name:
                return stand_in
        stand_in = f"A{len(self.attributes)}"
        self.attributes[stand_in] = name
        return stand_in

    def local(self) -> str:
        """The name of a new local variable."""
        self._locals += 1
        return f"v{self._locals}"


class RecordPlace:
    """The person's record, which is `p`."""

    whole = "p"

    def __init__(self, arguments: Arguments, shape: Shape) -> None:
        self._arguments, self._shape = arguments, shape

    def read(self, field: nodes.Field) -> str:
        """An expression that gives the field."""
        arguments, only = self._arguments, field.path[0]
        if len(field.path) == 1 and self._shape.record == "dict":
            name = arguments.constant(only)
            return f"p.get({name})" if field.is_optional else f"p[{name}]"
        if len(field.path) == 1 and self._shape.record == "object" and not field.is_optional:
            return f"p.{arguments.attribute(only)}"
        return f"{arguments.add(lambda maker: of_person(field), key=(0, field))}(p)"

    def test(self, maker: Maker, node: nodes.Condition) -> Test:
        """The closure that judges the record."""
        return maker.test(node)


class EventPlace:
    """An event, which is `e`, of the kind `k` and at the time `at`; a mapping is made a `Fact` for the closures."""

    def __init__(self, arguments: Arguments, shape: Shape) -> None:
        self._arguments, self._is_dict = arguments, shape.event == "dict"
        self.whole = "FACT(k, at, e)" if self._is_dict else "e"

    def read(self, field: nodes.Field) -> str:
        """An expression that gives the property, or null if the event does not have it."""
        arguments, only = self._arguments, field.path[0]
        if len(field.path) > 1:
            return f"{arguments.add(lambda maker: of_event(field), key=(1, field))}({self.whole})"
        name = arguments.constant(only)
        if not self._is_dict:
            own = f"e.{only}" if only in OF_THE_EVENT else "None"
            return f"(e.properties[{name}] if {name} in e.properties else {own})"
        flat = "at" if only == "at" else f"e.get({name})"
        apart = arguments.add(lambda maker: of_event(field), key=(1, field))
        return f"({flat} if 'properties' not in e else {apart}({self.whole}))"

    def test(self, maker: Maker, node: nodes.Condition) -> Test:
        """The closure that judges the event."""
        return maker.test(node, of_event)


Place: TypeAlias = RecordPlace | EventPlace
