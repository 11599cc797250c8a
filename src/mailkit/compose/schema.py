"""The JSON Schema of letters, made from their classes.

Types give the structure, rules the limits, docstrings the titles and descriptions, so a visual
editor can build its forms from it. What one field says about another (a text has words or
HTML, columns may not stand in columns of columns) is left to `Letter.from_json`.
"""

from __future__ import annotations

import inspect
import re
import types
from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal, get_args, get_origin

import attrs

from mailkit.compose.blocks import KINDS
from mailkit.compose.codec import VERSION, default_of, field_types, plain, type_name
from mailkit.compose.letter import Letter

__all__ = ["letter_schema"]

_FIELD: Final = re.compile(r"^    (\w+): (.+(?:\n {8}.+)*)", re.MULTILINE)
_TYPES: Final[Mapping[Any, Mapping[str, Any]]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    bool: {"type": "boolean"},
    bytes: {"type": "string", "contentEncoding": "base64"},
}


def letter_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of what `Letter.to_json` writes and `Letter.from_json` reads.

    Every part has a `title` and a `description`, every field with a default its `default`.

    >>> schema = letter_schema()
    >>> schema["required"], schema["$defs"]["Heading"]["properties"]["level"]["maximum"]
    (['version', 'subject', 'blocks'], 3)
    """
    found: dict[str, Any] = {}
    pending: list[type] = [Letter, *KINDS]
    while pending:
        kind = pending.pop(0)
        if kind.__name__ not in found:
            found[kind.__name__] = _object(kind)
            pending += _classes(kind)
    letter = found.pop(Letter.__name__)
    letter["properties"] = {"version": {"title": "Version", "const": VERSION}, **letter["properties"]}
    letter["required"] = ["version", *letter["required"]]
    found["Block"] = _any_block()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **letter, "$defs": found}


def _any_block() -> dict[str, Any]:
    """The schema of any block: that of the class which its type names.

    Not `oneOf`: a validator would look at what stands in a block once for each class that holds
    blocks, which doubles at every level, and could only say that none of 22 schemas fits.
    """
    names = [type_name(kind) for kind in KINDS]
    return {
        "title": "Block",
        "type": "object",
        "properties": {"type": {"title": "Type", "enum": names}},
        "required": ["type"],
        "allOf": [
            {"if": {"properties": {"type": {"const": name}}, "required": ["type"]}, "then": _reference(kind)}
            for name, kind in zip(names, KINDS, strict=True)
        ],
    }


def _object(kind: type) -> dict[str, Any]:
    """The schema of one class."""
    said, fields = _explained(kind)
    properties: dict[str, Any] = {}
    required = []
    if kind in KINDS:
        properties["type"] = {"const": type_name(kind)}
        required.append("type")
    for field in attrs.fields(kind):
        properties[field.name] = {
            "title": _title(field.name),
            "description": fields.get(field.name, ""),
            **_type(field_types(kind)[field.name]),
            **getattr(field.validator, "schema", {}),
        }
        if field.default is attrs.NOTHING:
            required.append(field.name)
        else:
            properties[field.name]["default"] = plain(default_of(field))
    return {
        "title": kind.__name__,
        "description": said,
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def _type(hint: Any) -> dict[str, Any]:
    if hint in _TYPES:
        return dict(_TYPES[hint])
    if isinstance(hint, types.UnionType):
        return {"$ref": "#/$defs/Block"}
    if get_origin(hint) is Literal:
        return {"enum": list(get_args(hint))}
    if get_origin(hint) is tuple:
        first, *more = get_args(hint)
        row = {"type": "array", "items": _type(first)}
        return row if more == [...] else {**row, "minItems": 1 + len(more), "maxItems": 1 + len(more)}
    return _reference(hint)


def _reference(kind: type) -> dict[str, Any]:
    return {"$ref": f"#/$defs/{kind.__name__}"}


def _classes(kind: type) -> Iterator[type]:
    """The classes of values that stand in a class's fields, apart from blocks."""
    for hint in field_types(kind).values():
        inner = get_args(hint)[0] if get_origin(hint) is tuple else hint
        if attrs.has(inner):
            yield inner


def _explained(kind: type) -> tuple[str, dict[str, str]]:
    """What a class's docstring says of it, and of each of its fields."""
    text = inspect.getdoc(kind) or ""
    said, _, fields = text.partition("\n\nAttributes:\n")
    return _joined(said.partition("\n\n>>>")[0]), {name: _joined(about) for name, about in _FIELD.findall(fields)}


def _joined(text: str) -> str:
    return " ".join(text.split())


def _title(name: str) -> str:
    words = name.removesuffix("_px").replace("_", " ")
    return words[:1].upper() + words[1:] + (" (px)" if name.endswith("_px") else "")
