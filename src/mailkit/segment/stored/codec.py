"""A segment as JSON, and back. What stands where is said by `shapes`.

The rule about versions: a release reads what every release before it wrote. A form that this
one does not know is refused, never guessed at.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final, TypeAlias

from mailkit.errors import SegmentError, did_you_mean, shorten
from mailkit.segment import nodes
from mailkit.segment.language.rounds import Rule, run
from mailkit.segment.stored.shapes import GROUPS, LITERALS, REQUIRED, SHAPES, VERSION, Scalar, Slot, type_name

__all__ = ["decoded", "encoded"]

_HEAD: Final = "mailkit.segment"
_SAFE: Final = 2**53  # whole numbers up to here are kept by programs whose numbers are all floats
_DEEPEST: Final = 1000  # rules that may wait; the deepest tree needs half as many
_HALF: Final = re.compile(r"[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]")
_BY_NAME: Final = {type_name(kind): kind for kind in SHAPES}
_Path: TypeAlias = "tuple[_Path, str | int] | None"


def encoded(node: nodes.Condition) -> str:
    """The JSON of a condition; equal trees give equal text.

    >>> encoded(nodes.Member(name="loyal"))
    '{"mailkit.segment": 1, "condition": {"type": "member", "name": "loyal"}}'
    """
    text = json.dumps({_HEAD: VERSION, "condition": _plain(node)}, ensure_ascii=False)
    return _HALF.sub(lambda found: f"\\u{ord(found[0]):04x}", text)  # half a character, which no file can hold


def _plain(node: Any, *, is_named: bool = True) -> Any:
    if isinstance(node, nodes.Constant):
        return _literal(node.value)
    shape = SHAPES[type(node)]
    plain: dict[str, Any] = {"type": type_name(type(node))} if is_named else {}
    for key, slot in shape.items():
        held = getattr(node, key)
        if slot.default is not REQUIRED and held == slot.default:
            continue
        if held is None or not isinstance(slot.of, str):
            plain[key] = list(held) if slot.is_many else held
        elif slot.is_many:
            plain[key] = [_plain(one, is_named=_is_named(slot.of)) for one in held]
        else:
            plain[key] = _plain(held, is_named=_is_named(slot.of))
    return plain


def _is_named(group: str) -> bool:
    return len(GROUPS[group]) > 1


def _literal(value: Any) -> Any:
    match value:
        case str() | bool():
            return value
        case int():
            return value if abs(value) <= _SAFE else {"type": "integer", "value": str(value)}
        case float():  # 5.0 would come back as 5 from a program whose numbers are all floats
            return {"type": "float", "value": repr(value)} if value.is_integer() else value
        case Decimal():
            return {"type": "decimal", "value": str(value)}
        case datetime():
            time = {"type": "time", "value": value.isoformat().replace("+00:00", "Z")}
            return {**time, "again": True} if value.fold else time
        case _:
            return {"type": "date", "value": value.isoformat()}


def decoded(source: str | Mapping[str, Any], *, most: int = 1_000_000) -> nodes.Condition:
    """The condition of a JSON text, or of what a database has made of one, of at `most` so many parts.

    Raises:
        SegmentError: It is no JSON, or not that of a segment. The reason begins with the place, such as
            `$.condition.parts[2].left`.

    >>> decoded({"mailkit.segment": 1, "condition": {"type": "member", "name": "loyal"}})
    Member(name='loyal')
    >>> decoded({"mailkit.segment": 1, "condition": {"type": "membre", "name": "loyal"}})
    Traceback (most recent call last):
    mailkit.errors.SegmentError: segment: $.condition.type: there is no condition 'membre'; did you mean 'member'?
    """
    whole = _loaded(source) if isinstance(source, str) else source
    if not isinstance(whole, Mapping):
        reason = f"{_shown(whole)} is not the JSON of a segment; give what to_json() wrote"
        raise SegmentError(reason)
    if _HEAD not in whole:
        raise SegmentError(f'$: this is not the JSON of a segment, which has "{_HEAD}": {VERSION} in it')
    if isinstance(whole[_HEAD], bool) or whole[_HEAD] != VERSION:
        mend = f"this mailkit reads {VERSION}; a newer one may have written it"
        raise SegmentError(f"$[{json.dumps(_HEAD)}]: {_shown(whole[_HEAD])} is not a version that is known; {mend}")
    reader = _Reader(most)
    reader.check_keys(whole, None, (_HEAD, "condition"), ("condition",))
    rule = reader.node("condition", whole["condition"], (None, "condition"))
    too_deep = SegmentError("$.condition: the parts stand within each other too deep")
    node: nodes.Condition
    node, _ = run(rule, deepest=_DEEPEST, too_deep=lambda: too_deep)
    return node


def _loaded(text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_object, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        reason = f"this is not JSON: {error.msg[:1].lower()}{error.msg[1:]}"
        raise SegmentError(reason, text=text, start=error.pos, end=error.pos + 1) from None
    except RecursionError:
        raise SegmentError("$: the parts stand within each other too deep") from None
    except ValueError as error:  # a number of more digits than Python reads
        if isinstance(error, SegmentError):
            raise
        raise SegmentError("$: a number is too long to be read") from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        twice = next(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        raise SegmentError(f"an object has the key {shorten(twice)} twice")
    return made


def _no_number(name: str) -> Any:
    raise SegmentError(f"{name} is not a number that can be compared")


class _Reader:
    """The rules for JSON; places are kept as pairs of the place above and the key, and written when needed."""

    def __init__(self, most: int) -> None:
        self._most = self._left = most  # a mapping may have another in it many times over, which no text can

    def error(self, place: _Path, reason: str) -> SegmentError:
        keys = []
        while place is not None:
            place, key = place
            keys.append(f"[{key}]" if isinstance(key, int) else f".{key}")
        return SegmentError(f"${''.join(reversed(keys))}: {reason}")

    def check_keys(self, raw: Mapping[Any, Any], place: _Path, known: Iterable[str], needed: Iterable[str]) -> None:
        known = tuple(known)
        for key in raw:
            if key not in known:
                raise self.error(place, f"there is no key {_shown(key)}{_mend(key, known)}")
        for key in needed:
            if key not in raw:
                raise self.error(place, f"the key {key!r} is missing")

    def node(self, group: str, raw: Any, place: _Path) -> Rule[Any]:
        self._left -= 1
        if self._left < 0:
            raise self.error(place, f"there are more than {self._most} parts")
        if nodes.Constant in GROUPS[group]:
            literal = self._constant(raw, place)
            if literal is not None:
                return literal
        if not isinstance(raw, Mapping):
            raise self.error(place, f"{_shown(raw)} is not the object of a {group}")
        kind = self._kind(group, raw, place)
        shape = SHAPES[kind]
        needed = [key for key, slot in shape.items() if slot.default is REQUIRED]
        self.check_keys(raw, place, ("type", *shape), needed)
        fields: dict[str, Any] = {}
        for key, slot in shape.items():
            if key in raw:
                fields[key] = yield self._slot(slot, raw[key], (place, key))
        return self._built(kind, fields, place)

    def _built(self, kind: type, fields: dict[str, Any], place: _Path) -> Any:
        try:
            return kind(**fields)
        except SegmentError as error:
            raise self.error(place, error.reason) from error.__cause__

    def _kind(self, group: str, raw: Mapping[str, Any], place: _Path) -> type:
        names = [type_name(kind) for kind in GROUPS[group]]
        if "type" not in raw and len(names) == 1 and group != "constant":
            return GROUPS[group][0]
        if "type" not in raw:
            raise self.error(place, f"the key 'type' is missing, which says what kind of {group} this is")
        name = raw["type"]
        if isinstance(name, str) and name in names and name != "constant":
            return _BY_NAME[name]
        known = [name for name in names if name != "constant"] + [*LITERALS] * ("constant" in names)
        raise self.error((place, "type"), f"there is no {group} {_shown(name)}{_mend(name, known)}")

    def _slot(self, slot: Slot, raw: Any, place: _Path) -> Rule[Any]:
        if raw is None and slot.may_be_null:
            return None
        if not slot.is_many:
            return (yield self._one(slot.of, raw, place))
        if not isinstance(raw, list | tuple):
            raise self.error(place, f"{_shown(raw)} is not a list")
        several = []
        for number, one in enumerate(raw):
            several.append((yield self._one(slot.of, one, (place, number))))
        return several

    def _one(self, of: str | Scalar | type[StrEnum], raw: Any, place: _Path) -> Rule[Any]:
        if isinstance(of, str):
            return (yield self.node(of, raw, place))
        if isinstance(of, Scalar):
            return self._scalar(of, raw, place)
        words = [str(word) for word in of]
        if not isinstance(raw, str) or raw not in words:
            near = isinstance(raw, str) and did_you_mean(raw[:40], words)
            raise self.error(
                place, f"{_shown(raw)} is none of the words here{near or '; there are ' + ', '.join(words)}"
            )
        return of(raw)

    def _scalar(self, of: Scalar, raw: Any, place: _Path) -> Any:
        fits = {
            Scalar.TEXT: isinstance(raw, str),
            Scalar.WHOLE: isinstance(raw, int) and not isinstance(raw, bool),
            Scalar.NUMBER: isinstance(raw, int | float) and not isinstance(raw, bool),
            Scalar.TRUTH: isinstance(raw, bool),
        }
        if not fits[of]:
            raise self.error(place, f"{_shown(raw)} is not {of.value}")
        return raw

    def _constant(self, raw: Any, place: _Path) -> nodes.Constant | None:
        """The constant, if it is one."""
        if isinstance(raw, str | int | float):
            return self._built(nodes.Constant, {"value": raw}, place)  # type: ignore[no-any-return]
        if not isinstance(raw, Mapping) or raw.get("type") not in LITERALS:
            return None
        name = raw["type"]
        self.check_keys(raw, place, ("type", "value", "again") if name == "time" else ("type", "value"), ("value",))
        value = self._scalar(Scalar.TEXT, raw["value"], (place, "value"))
        again = self._scalar(Scalar.TRUTH, raw.get("again", False), (place, "again"))
        try:
            read = _READ[name](value)
        except (ValueError, ArithmeticError):
            raise self.error((place, "value"), f"{_shown(value)} is not a {name}") from None
        return self._built(nodes.Constant, {"value": read.replace(fold=1) if again else read}, place)  # type: ignore[no-any-return]


def _shown(raw: object) -> str:
    return json.dumps(raw) if raw is None or isinstance(raw, bool) else shorten(raw)


def _mend(given: object, known: Iterable[str]) -> str:
    known = tuple(known)
    near = isinstance(given, str) and did_you_mean(given[:40], known)
    return near or f"; there are {', '.join(known) or 'none'}"


_READ: Final[dict[str, Any]] = {
    "float": float,
    "integer": int,
    "decimal": Decimal,
    "date": date.fromisoformat,
    "time": datetime.fromisoformat,
}
