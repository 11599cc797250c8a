"""The JSON Schema of segments, made of `shapes` and of what the classes of nodes say of themselves.

It says what may stand where. What one value says about another (that `most` is not under
`least`, that a zone exists, that a regular expression is one) is left to `Segment.from_json`.
"""

from __future__ import annotations

import inspect
import re
from enum import StrEnum
from typing import Any, Final

from mailkit.segment import nodes
from mailkit.segment.stored.shapes import GROUPS, LITERALS, REQUIRED, SHAPES, VERSION, Scalar, Slot, type_name

__all__ = ["segment_schema"]

_FIELD: Final = re.compile(r"^    (\w+): (.+(?:\n {8}.+)*)", re.MULTILINE)
_SCALARS: Final[dict[Scalar, dict[str, Any]]] = {
    Scalar.TEXT: {"type": "string"},
    Scalar.WHOLE: {"type": "integer"},
    Scalar.NUMBER: {"type": "number"},
    Scalar.TRUTH: {"type": "boolean"},
}
_LIMITS: Final[dict[tuple[type, str], dict[str, Any]]] = {
    (nodes.Field, "path"): {"minItems": 1},
    (nodes.Distance, "to_latitude"): {"minimum": -90, "maximum": 90},
    (nodes.Distance, "to_longitude"): {"minimum": -180, "maximum": 180},
    (nodes.Bucket, "salt"): {"minLength": 1},
    (nodes.Events, "kind"): {"minLength": 1},
    (nodes.Anniversary, "last"): {"minimum": 0, "maximum": 182},
    (nodes.Anniversary, "next"): {"minimum": 0, "maximum": 182},
    (nodes.Count, "least"): {"minimum": 0},
    (nodes.Count, "most"): {"minimum": 0},
    (nodes.Sequence, "steps"): {"minItems": 1},
    (nodes.Regular, "least"): {"minimum": 1},
    (nodes.Regular, "of"): {"minimum": 1, "maximum": 1000},
    (nodes.Member, "name"): {"minLength": 1},
    (nodes.And, "parts"): {"minItems": 2},
    (nodes.Or, "parts"): {"minItems": 2},
}


def segment_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of what `Segment.to_json` writes and `Segment.from_json` reads.

    >>> schema = segment_schema()
    >>> schema["required"], schema["$defs"]["and"]["required"]
    (['mailkit.segment', 'condition'], ['type', 'parts'])
    """
    unnamed = {kinds[0] for kinds in GROUPS.values() if len(kinds) == 1}
    objects = {type_name(kind): _object(kind, is_named=kind not in unnamed) for kind in SHAPES}
    objects["field"] = _object(nodes.Field, is_named=True)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Segment",
        "description": "A condition about people, as Segment.to_json of mailkit writes it.",
        "type": "object",
        "properties": {"mailkit.segment": {"title": "Version", "const": VERSION}, "condition": _reference("condition")},
        "required": ["mailkit.segment", "condition"],
        "additionalProperties": False,
        "$defs": {**_groups(), "unnamed_field": _object(nodes.Field, is_named=False), **objects},
    }


def _groups() -> dict[str, Any]:
    scalars = {"type": ["string", "boolean", "number"]}
    literals = {
        "title": "Literal",
        "description": "A constant that JSON has no value for, or one that other programs would change.",
        "type": "object",
        "properties": {"type": {"enum": list(LITERALS)}, "value": {"type": "string"}, "again": {"type": "boolean"}},
        "required": ["type", "value"],
        "additionalProperties": False,
    }
    groups: dict[str, Any] = {"literal": literals, "constant": {"anyOf": [scalars, _reference("literal")]}}
    for group, kinds in GROUPS.items():
        if len(kinds) > 1:
            groups[group] = _any_of(group, [kind for kind in kinds if kind is not nodes.Constant])
        if nodes.Constant in kinds and group == "value":
            groups[group] = {"anyOf": [scalars, _reference("literal"), groups[group]]}
        if nodes.Constant in kinds and group == "zone":
            groups[group] = {"anyOf": [{"type": "string"}, groups[group]]}
    return groups


def _any_of(group: str, kinds: list[type]) -> dict[str, Any]:
    """The schema of what is one of several; its `type` leads a validator straight to the one that is meant."""
    names = [type_name(kind) for kind in kinds]
    return {
        "title": group.capitalize(),
        "type": "object",
        "properties": {"type": {"enum": names}},
        "required": ["type"],
        "allOf": [
            {"if": {"properties": {"type": {"const": name}}, "required": ["type"]}, "then": _reference(name)}
            for name in names
        ],
    }


def _object(kind: type, *, is_named: bool) -> dict[str, Any]:
    said, fields = _explained(kind)
    shape = SHAPES[kind]
    properties: dict[str, Any] = {"type": {"const": type_name(kind)}}
    for key, slot in shape.items():
        described = {"description": fields[key]} if key in fields else {}
        properties[key] = {**described, **_slot(slot), **_LIMITS.get((kind, key), {})}
    needed = [key for key, slot in shape.items() if slot.default is REQUIRED]
    return {
        "title": kind.__name__,
        "description": said,
        "type": "object",
        "properties": properties,
        "required": ["type", *needed] if is_named else needed,
        "additionalProperties": False,
    }


def _slot(slot: Slot) -> dict[str, Any]:
    if isinstance(slot.of, str):
        one = _reference("unnamed_field" if slot.of == "field" else slot.of)
    elif isinstance(slot.of, Scalar):
        one = _SCALARS[slot.of]
    else:
        one = _words(slot.of)
    if slot.is_many:
        return {"type": "array", "items": one}
    return {"anyOf": [one, {"type": "null"}]} if slot.may_be_null else one


def _words(kind: type[StrEnum]) -> dict[str, Any]:
    return {"enum": [str(word) for word in kind]}


def _reference(name: str) -> dict[str, Any]:
    return {"$ref": f"#/$defs/{name}"}


def _explained(kind: type) -> tuple[str, dict[str, str]]:
    """What a class says of itself in its first line, and of its fields."""
    said = inspect.getdoc(kind) or ""
    whole = kind.__doc__ or ""
    _, _, fields = inspect.cleandoc(whole).partition("Attributes:\n")
    return said.splitlines()[0], {name: re.sub(r"\s+", " ", text) for name, text in _FIELD.findall(fields)}
