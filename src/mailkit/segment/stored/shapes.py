"""What the objects of a segment's JSON hold; `codec` writes and reads by it, `json_schema` describes it.

How to think about it. Each class of nodes is an object whose keys are the names of its fields.
A `Slot` says what stands at a key. Where several classes may stand, the object's `type` says
which; where only one may, it has none. Constants are no objects where JSON has the like.
"""

from __future__ import annotations

import re
from enum import Enum, StrEnum
from typing import Any, Final, NamedTuple

from mailkit.segment import nodes
from mailkit.segment.nodes import Function, Operator, Part, TextMatch
from mailkit.segment.spans import Span, Unit

__all__ = ["GROUPS", "LITERALS", "REQUIRED", "SHAPES", "VERSION", "Scalar", "Slot", "type_name"]

VERSION: Final = 1
"""Of the form of JSON that is written. A release reads what every release before it wrote."""
REQUIRED: Final = object()
"""Instead of a default, of what cannot be left out."""


class Scalar(Enum):
    """What is no object."""

    TEXT = "text"
    WHOLE = "a whole number"
    NUMBER = "a number"
    TRUTH = "true or false"


class Slot(NamedTuple):
    """What stands at a key.

    Attributes:
        of: A name among `GROUPS`, a scalar, or the words there are.
        default: What is meant if the key is not there, and so is not written.
        is_many: Whether it is a list of such.
        may_be_null: Whether null may stand there, which means that there is none.
    """

    of: str | Scalar | type[StrEnum]
    default: Any = REQUIRED
    is_many: bool = False
    may_be_null: bool = False


LITERALS: Final = ("float", "integer", "decimal", "date", "time")
"""Types of constants that are objects: JSON has no such values, or other programs would change them."""
_COMPARED: Final = (nodes.Comparison, nodes.OneOf, nodes.TextTest, nodes.IsNull, nodes.Anniversary)
_ABOUT_EVENTS: Final = (nodes.Count, nodes.Sequence, nodes.Regular, nodes.Member)
_WORKED_OUT: Final = (nodes.PartOf, nodes.Folded, nodes.Size, nodes.Distance, nodes.Bucket, nodes.Aggregate)
GROUPS: Final[dict[str, tuple[type, ...]]] = {
    "condition": (*_COMPARED, *_ABOUT_EVENTS, nodes.And, nodes.Or, nodes.Not),
    "value": (nodes.Field, nodes.Constant, nodes.Now, nodes.Shift, nodes.Begin, *_WORKED_OUT),
    "window": (nodes.Ever, nodes.Last, nodes.Between, nodes.After),
    "zone": (nodes.Field, nodes.Constant),
    "constant": (nodes.Constant,),
    "field": (nodes.Field,),
    "events": (nodes.Events,),
    "step": (nodes.Step,),
    "span": (Span,),
}
"""What may stand in places of a kind."""

_VALUE: Final = Slot("value")
_ZONE: Final = Slot("zone")
_SPAN: Final = Slot("span")
_EVENTS: Final = Slot("events")
_CONDITIONS: Final = Slot("condition", is_many=True)
_WHOLE: Final = Slot(Scalar.WHOLE)
SHAPES: Final[dict[type, dict[str, Slot]]] = {
    nodes.Field: {"path": Slot(Scalar.TEXT, is_many=True), "is_optional": Slot(Scalar.TRUTH, False)},
    nodes.Now: {},
    nodes.Shift: {"base": _VALUE, "span": _SPAN, "is_forward": Slot(Scalar.TRUTH)},
    nodes.Begin: {"unit": Slot(Unit), "offset": _WHOLE, "zone": _ZONE},
    nodes.PartOf: {"of": _VALUE, "part": Slot(Part), "zone": _ZONE},
    nodes.Folded: {"value": _VALUE},
    nodes.Size: {"value": _VALUE},
    nodes.Distance: {
        "latitude": _VALUE,
        "longitude": _VALUE,
        "to_latitude": Slot(Scalar.NUMBER),
        "to_longitude": Slot(Scalar.NUMBER),
    },
    nodes.Bucket: {"of": _VALUE, "salt": Slot(Scalar.TEXT)},
    nodes.Aggregate: {"function": Slot(Function), "of": Slot("field"), "events": _EVENTS},
    nodes.Ever: {},
    nodes.Last: {"span": _SPAN},
    nodes.Between: {"start": Slot("value", may_be_null=True), "end": Slot("value", may_be_null=True)},
    nodes.After: {"anchor": _VALUE, "span": _SPAN},
    nodes.Events: {
        "kind": Slot(Scalar.TEXT),
        "where": Slot("condition", None, may_be_null=True),
        "window": Slot("window", nodes.Ever()),
    },
    nodes.Comparison: {"left": _VALUE, "operator": Slot(Operator), "right": _VALUE},
    nodes.OneOf: {"value": _VALUE, "options": Slot("constant", is_many=True)},
    nodes.TextTest: {"value": _VALUE, "match": Slot(TextMatch), "what": Slot("constant")},
    nodes.IsNull: {"value": _VALUE},
    nodes.Anniversary: {"of": _VALUE, "last": Slot(Scalar.WHOLE, 0), "next": Slot(Scalar.WHOLE, 0), "zone": _ZONE},
    nodes.Count: {
        "events": _EVENTS,
        "least": Slot(Scalar.WHOLE, 0),
        "most": Slot(Scalar.WHOLE, None, may_be_null=True),
    },
    nodes.Sequence: {"first": _EVENTS, "steps": Slot("step", is_many=True)},
    nodes.Step: {
        "events": _EVENTS,
        "within": Slot("span", None, may_be_null=True),
        "is_absent": Slot(Scalar.TRUTH, False),
    },
    nodes.Regular: {"events": _EVENTS, "least": _WHOLE, "of": _WHOLE, "unit": Slot(Unit)},
    nodes.Member: {"name": Slot(Scalar.TEXT)},
    nodes.And: {"parts": _CONDITIONS},
    nodes.Or: {"parts": _CONDITIONS},
    nodes.Not: {"part": Slot("condition")},
    Span: {"count": _WHOLE, "unit": Slot(Unit)},
}
"""What each class holds, in the order in which it is written."""


def type_name(kind: type) -> str:
    """The `type` of a class: "one_of" of `OneOf`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", kind.__name__).lower()
