"""Letters as JSON and back: `Letter.to_json` and `Letter.from_json`.

Nothing here knows any block. What a class's fields are called and what may stand in them is
read off the class, by `letter_schema` too. The rule about versions: a release reads what every
earlier one wrote. A new field has a default and needs no new version; a change of what is
there raises `VERSION`, and then this module turns the old form into the new one.
"""

from __future__ import annotations

import binascii
import json
import re
import types
from base64 import b64decode, b64encode
from collections.abc import Mapping
from functools import cache
from os import PathLike
from typing import Any, Final, get_args, get_origin, get_type_hints

import attrs

from mailkit.compose.blocks import KINDS, Block
from mailkit.errors import InvalidValue, did_you_mean, shorten

__all__ = ["VERSION", "default_of", "field_types", "plain", "read", "type_name", "written"]

VERSION: Final = 1
"""Which form of letters this release writes."""
_DEEPEST: Final = 64  # brackets in a path: far more than `check_places` allows
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


def type_name(kind: type) -> str:
    """What a block's class is called in JSON.

    >>> from mailkit.compose import blocks as b
    >>> type_name(b.Products)
    'products'
    """
    return kind.__name__.lower()


_NAMES: Final[Mapping[str, type]] = {type_name(kind): kind for kind in KINDS}


@cache
def field_types(kind: type) -> Mapping[str, Any]:
    """The types of a class's fields, by name, in their order."""
    hints = get_type_hints(kind, localns={"Block": Block})
    return {field.name: hints[field.name] for field in attrs.fields(kind)}


def written(value: Any) -> str:
    """A letter as JSON."""
    text = json.dumps({"version": VERSION, **plain(value)}, ensure_ascii=False, indent=2)
    return _SURROGATE.sub(lambda found: f"\\u{ord(found.group()):04x}", text)  # UTF-8 cannot hold them


def plain(value: Any) -> Any:
    """A value as JSON's own: objects without what is as it is by default, lists, texts and numbers."""
    if attrs.has(type(value)):
        kept = {"type": type_name(type(value))} if type(value) in KINDS else {}
        for field in attrs.fields(type(value)):
            given = getattr(value, field.name)
            if given != default_of(field):
                kept[field.name] = plain(given)
        return kept
    if isinstance(value, tuple):
        return [plain(one) for one in value]
    return b64encode(value).decode() if isinstance(value, bytes) else value


def default_of(field: attrs.Attribute[Any]) -> Any:
    """What a field is if it is not given; `attrs.NOTHING` if it must be."""
    return getattr(field.default, "factory", lambda: field.default)()


def read(kind: type, source: str | bytes | Mapping[str, Any]) -> Any:
    """The letter that a JSON text or object says.

    Raises:
        InvalidValue: It says none.
    """
    name = kind.__name__
    if isinstance(source, str | bytes | bytearray):
        source = source.removeprefix("\ufeff") if isinstance(source, str) else source  # as `json` does with bytes
        try:
            source = json.loads(source, object_pairs_hook=_unique)
        except ValueError as error:
            is_name = str(source)[-5:].lower() == ".json"
            mend = "give the text of the file: Path(…).read_text(encoding='utf-8')" if is_name else ""
            raise InvalidValue(name, source, f"is no JSON: {error}", mend) from error
        except RecursionError as error:
            raise InvalidValue(name, source, "is nested too deeply") from error
    if not isinstance(source, Mapping):
        mend = "give its text: path.read_text(encoding='utf-8')" if isinstance(source, PathLike) else ""
        raise InvalidValue(name, source, "is not an object of JSON", mend)
    version = source.get("version")
    if isinstance(version, bool) or version != VERSION:
        is_later = isinstance(version, int) and version > VERSION
        mend = "it was written by a later release: upgrade mailkit-sdk" if is_later else f'write "version": {VERSION}'
        raise InvalidValue(f"{name}.version", version, "is not a version that this release reads", mend)
    return _built(kind, {key: value for key, value in source.items() if key != "version"}, name)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object, unless it says something twice: which of them was meant, readers of JSON disagree (RFC 8259, 4)."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{shorten(twice)} is said twice in one object")
    return found


def _built(kind: type, source: Mapping[str, Any], path: str) -> Any:
    """A value of a class of fields."""
    hints = field_types(kind)
    for key in source:
        if key not in hints:
            raise InvalidValue(path, key, f"is not a field of {kind.__name__}{did_you_mean(str(key), hints)}")
    for field in attrs.fields(kind):
        if field.default is attrs.NOTHING and field.name not in source:
            raise InvalidValue(path, field.name, f"is not given, and {kind.__name__} needs it")
    given = {key: _value(hints[key], value, f"{path}.{key}") for key, value in source.items()}
    try:
        return kind(**given)
    except InvalidValue as error:
        raise _at(error, kind.__name__, path) from error


def _at(error: InvalidValue, name: str, path: str) -> InvalidValue:
    """The error with the place in the letter instead of the class that found it."""
    if error.what == name or error.what.startswith(f"{name}."):
        return type(error)(path + error.what[len(name) :], error.given, error.reason, error.mend)
    return type(error)(f"{path}, {error.what}" if path != name else error.what, error.given, error.reason, error.mend)


def _value(hint: Any, value: Any, path: str) -> Any:
    """What stands in one field; what is plainly of another type is left for the field's rule to refuse."""
    if path.count("[") > _DEEPEST:
        raise InvalidValue(path, value, "is nested too deeply")
    if get_origin(hint) is tuple:
        return _row(get_args(hint), value, path)
    if isinstance(hint, types.UnionType):
        return _block(value, path)
    if attrs.has(hint):
        return _built(hint, _object(value, path), path)
    if hint is bytes:
        return _bytes(value, path)
    if hint is int and isinstance(value, float) and value.is_integer():
        return int(value)  # 2.0 is a whole number in JSON
    return value


def _row(hints: tuple[Any, ...], value: Any, path: str) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple):
        raise InvalidValue(path, value, "is not a list")
    return tuple(_value(hints[0], one, f"{path}[{number}]") for number, one in enumerate(value))


def _object(value: Any, path: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise InvalidValue(path, value, "is not an object")
    return value


def _block(value: Any, path: str) -> Any:
    source = _object(value, path)
    name = source.get("type")
    kind = _NAMES.get(name) if isinstance(name, str) else None
    if kind is None:
        near = did_you_mean(name, _NAMES) if isinstance(name, str) else '; write e.g. "type": "text"'
        raise InvalidValue(f"{path}.type", name, f"is not a block's type{near}")
    return _built(kind, {key: one for key, one in source.items() if key != "type"}, path)


def _bytes(value: Any, path: str) -> bytes:
    try:
        return b64decode(value, validate=True)
    except (TypeError, ValueError, binascii.Error) as error:
        raise InvalidValue(path, value, "is not base64 (RFC 4648, 4)") from error
