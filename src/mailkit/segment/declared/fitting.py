"""Whether the parts of a segment fit what a schema declares.

How to think about it. Every value of the tree has a sort, as far as the schema tells: a field that
which is declared, a size that of whole numbers, and so on; None where nobody knows, and what is
not known always fits. A condition fits if its values are of sorts that can be compared, searched
or counted. What is wrong is told with the condition in which it stands, and its place in the text.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Iterator, Mapping, Set
from typing import Any, Final, TypeAlias, assert_never

from mailkit.errors import SegmentError, did_you_mean
from mailkit.segment import nodes
from mailkit.segment.declared.schema import OF_EVENTS, Declared, Path, Schema, dotted, sort_of
from mailkit.segment.hopeless import hopeless
from mailkit.segment.language.text import sentence
from mailkit.segment.nodes import Function, Part, TextMatch
from mailkit.segment.sorts import Sort

__all__ = ["Places", "faults"]

Fields: TypeAlias = Mapping[Path, Declared] | None
"""The fields that there are; None if there may be any."""
Chain: TypeAlias = tuple[nodes.Node, ...]
"""Nodes within each other, the last of which is at fault."""
Fault: TypeAlias = tuple[str, Chain]
Found: TypeAlias = Generator[Fault, None, Sort | None]
"""Yields what is wrong with a value, and gives back its sort."""
Places: TypeAlias = Mapping[int, tuple[int, int]]
"""Where nodes, by their `id`, stand in the text that they were read from; see `mailkit.segment.language.syntax`."""

_NUMBERS: Final = frozenset({Sort.INTEGER, Sort.FLOAT, Sort.DECIMAL})
_TIMES: Final = frozenset({Sort.DATE, Sort.TIME})
_WORDS: Final = {
    **dict.fromkeys(_NUMBERS, "a number"),
    Sort.TEXT: "text",
    Sort.TRUTH: "a truth value",
    Sort.DATE: "a date",
    Sort.TIME: "a time",
    Sort.LIST: "a list",
}
_KIN: Final = {**_WORDS, Sort.DATE: "a time"}
"""What sorts are compared as: those of one kin with each other, and a list with nothing."""
_MOST_OFFERED: Final = 12


def faults(
    node: nodes.Condition, schema: Schema, *, text: str = "", places: Places | None = None
) -> Iterator[SegmentError]:
    """What does not fit, each as the error that could be raised.

    Args:
        node: What is judged.
        schema: What there is.
        text: The text that it was read from; its sentence unless given.
        places: Where its nodes stand in that text.
    """
    whole = text or sentence(node)
    for reason, chain in _Judge(schema).condition(node, schema.fields, ()):
        start, end = _by_reading(chain, places) if places is not None else _by_looking(chain, whole)
        yield SegmentError(reason, text=whole, start=start, end=end)


def _by_reading(chain: Chain, places: Places) -> tuple[int | None, int | None]:
    found = (places.get(id(node)) for node in reversed(chain))
    return next((place for place in found if place is not None), (None, None))


def _by_looking(chain: Chain, whole: str) -> tuple[int | None, int | None]:
    """The place of the last node, looked for within the place of the one before it, and so on."""
    start, end = 0, len(whole)
    for node in chain:
        shown = re.compile(rf"(?<![\w.`]){re.escape(sentence(node))}(?![\w.`])")
        found = shown.search(whole, start, end)
        if found is None:
            return (start, end) if node is not chain[0] else (None, None)
        start, end = found.span()
    return start, end


class _Judge:
    def __init__(self, schema: Schema) -> None:
        self._schema = schema

    def condition(self, node: nodes.Condition, fields: Fields, chain: Chain) -> Iterator[Fault]:
        match node:
            case nodes.And(parts=parts) | nodes.Or(parts=parts):
                for part in parts:
                    yield from self.condition(part, fields, chain)
            case nodes.Not(part=part):
                yield from self.condition(part, fields, chain)
            case nodes.Comparison() | nodes.OneOf() | nodes.TextTest() if hopeless(node):
                yield hopeless(node), (*chain, node)
            case nodes.Comparison():
                yield from self._comparison(node, fields, (*chain, node))
            case nodes.OneOf():
                yield from self._one_of(node, fields, (*chain, node))
            case nodes.TextTest():
                yield from self._text_test(node, fields, (*chain, node))
            case nodes.IsNull():
                yield from self._value(node.value, fields, (*chain, node), may_be_record=True)
            case nodes.Anniversary():
                why = "and only a date or a time has an anniversary"
                yield from self._needs(node.of, _TIMES, why, fields, (*chain, node))
                yield from self._zone(node.zone, (*chain, node))
            case nodes.Count() | nodes.Regular():
                yield from self._events(node.events, (*chain, node))
            case nodes.Sequence():
                for events in (node.first, *(step.events for step in node.steps)):
                    yield from self._events(events, (*chain, node))
            case nodes.Member():
                pass  # what it means is checked when it is bound
            case _ as never:
                assert_never(never)

    def _comparison(self, node: nodes.Comparison, fields: Fields, chain: Chain) -> Iterator[Fault]:
        left = yield from self._value(node.left, fields, chain)
        if left is Sort.TEXT and _is_word(node.right) and not _has(node.right, fields):
            word = sentence(node.right)
            yield f'there is no field {word!r}; if the text is meant, write "{word}"', (*chain, node.right)
            return
        right = yield from self._value(node.right, fields, chain)
        for value, sort in ((node.left, left), (node.right, right)):
            if sort is Sort.LIST:
                yield _no_list(value, chain)
                return
        if left and right and _KIN[left] != _KIN[right]:
            other = f"{sentence(node.right)} ({_WORDS[right]})"
            yield f"{sentence(node.left)} is {_WORDS[left]}, which cannot be compared with {other}", chain

    def _one_of(self, node: nodes.OneOf, fields: Fields, chain: Chain) -> Iterator[Fault]:
        sort = yield from self._value(node.value, fields, chain)
        if sort is Sort.LIST:
            yield _no_list(node.value, chain)
        elif sort and node.options and all(_kin_of(option.value) != _KIN[sort] for option in node.options):
            other = f"{sentence(node.options[0])} ({_WORDS[_certain(node.options[0].value)]})"
            yield f"{sentence(node.value)} is {_WORDS[sort]}, which cannot be compared with {other}", chain

    def _text_test(self, node: nodes.TextTest, fields: Fields, chain: Chain) -> Iterator[Fault]:
        sort = yield from self._value(node.value, fields, chain)
        allowed = {Sort.TEXT, Sort.LIST} if node.match is TextMatch.CONTAINS else {Sort.TEXT}
        what = sentence(node.what)
        if sort and sort not in allowed:
            words = "texts and lists" if len(allowed) > 1 else "text"
            yield (
                f"{sentence(node.value)} is {_WORDS[sort]}, and only of {words} is it asked what it {node.match}",
                chain,
            )
        elif sort is Sort.TEXT and not isinstance(node.what.value, str):
            other = f"{what} ({_WORDS[_certain(node.what.value)]})"
            yield f"{sentence(node.value)} is text, which cannot be compared with {other}", chain

    def _value(self, node: nodes.Value, fields: Fields, chain: Chain, *, may_be_record: bool = False) -> Found:
        inner = (*chain, node)
        match node:
            case nodes.Constant(value=value):
                return sort_of(value)
            case nodes.Field(path=(kind,)) if kind in (self._schema.events or {}) and not _has(node, fields):
                yield f"there is no field {kind!r}; of events ask: any {kind}, or ev.{kind}.did()", inner
                return None
            case nodes.Field():
                return (yield from _field(node, fields, inner, may_be_record=may_be_record))
            case nodes.Now():
                return Sort.TIME
            case nodes.Begin():
                yield from self._zone(node.zone, inner)
                return Sort.TIME
            case nodes.Shift():
                yield from self._needs(node.base, _TIMES, "and only a time can be moved", fields, inner)
                return Sort.TIME
            case nodes.PartOf():
                return (yield from self._part(node, fields, inner))
            case nodes.Folded():
                why = "and only text has upper and lower case"
                yield from self._needs(node.value, {Sort.TEXT}, why, fields, inner)
                return Sort.TEXT
            case nodes.Size():
                yield from self._needs(
                    node.value, {Sort.TEXT, Sort.LIST}, "and only texts and lists have a size", fields, inner
                )
                return Sort.INTEGER
            case nodes.Distance():
                for degrees in (node.latitude, node.longitude):
                    yield from self._needs(
                        degrees, _NUMBERS, "and a place is given in degrees, by numbers", fields, inner
                    )
                return Sort.FLOAT
            case nodes.Bucket():
                why = "and only texts and whole numbers are drawn by"
                yield from self._needs(node.of, {Sort.TEXT, Sort.INTEGER}, why, fields, inner)
                return Sort.FLOAT
            case nodes.Aggregate():
                return (yield from self._aggregate(node, inner))
            case _ as never:
                assert_never(never)

    def _part(self, node: nodes.PartOf, fields: Fields, chain: Chain) -> Found:
        sort = yield from self._needs(node.of, _TIMES, f"and only a time has a {node.part}", fields, chain)
        if sort is Sort.DATE and node.part in (Part.CLOCK, Part.HOUR):
            yield f"{sentence(node.of)} is a date, which has no {node.part}", chain
        yield from self._zone(node.zone, chain)
        return {Part.CLOCK: Sort.TEXT, Part.DATE: Sort.DATE}.get(node.part, Sort.INTEGER)

    def _aggregate(self, node: nodes.Aggregate, chain: Chain) -> Found:
        yield from self._events(node.events, chain)
        fields = self._properties(node.events)
        if node.function in (Function.SUM, Function.AVG):
            why = "and only numbers have a sum or a mean"
            return (yield from self._needs(node.of, _NUMBERS, why, fields, chain))
        sort = yield from _field(node.of, fields, (*chain, node.of), may_be_record=False)
        if node.function in (Function.MIN, Function.MAX) and sort is Sort.LIST:
            yield _no_list(node.of, chain)
            return None
        return Sort.INTEGER if node.function is Function.DISTINCT else sort

    def _needs(self, node: nodes.Value, allowed: Set[Sort], why: str, fields: Fields, chain: Chain) -> Found:
        sort = yield from self._value(node, fields, chain)
        if sort is None or sort in allowed:
            return sort
        yield f"{sentence(node)} is {_WORDS[sort]}, {why}", (*chain, node)
        return None

    def _zone(self, zone: nodes.Zone, chain: Chain) -> Iterator[Fault]:
        yield from self._needs(zone, {Sort.TEXT}, "and a time zone is given by its name", self._schema.fields, chain)

    def _properties(self, events: nodes.Events) -> Fields:
        properties = (self._schema.events or {}).get(events.kind)
        return None if properties is None else {**OF_EVENTS, **properties}

    def _events(self, events: nodes.Events, chain: Chain) -> Iterator[Fault]:
        inner = (*chain, events)
        kinds = self._schema.events
        if kinds is not None and events.kind not in kinds:
            mend = _meant(events.kind, kinds)
            reason = f"nothing of the kind {events.kind!r} happens{mend}"
            yield reason, (*inner, nodes.Field(path=(events.kind,)))
        match events.window:
            case nodes.Between(start=start, end=end):
                for bound in (start, end):
                    if bound is not None:
                        yield from self._needs(
                            bound, _TIMES, "and a window lies between times", self._schema.fields, inner
                        )
            case nodes.After(anchor=anchor):
                yield from self._needs(anchor, _TIMES, "and a window begins at a time", self._schema.fields, inner)
        if events.where is not None:
            yield from self.condition(events.where, self._properties(events), inner)


def _is_word(node: nodes.Value) -> bool:
    return isinstance(node, nodes.Field) and len(node.path) == 1


def _has(node: nodes.Value, fields: Fields) -> bool:
    return fields is None or any(path[:1] == node.path for path in fields if isinstance(node, nodes.Field))


def _field(node: nodes.Field, fields: Fields, chain: Chain, *, may_be_record: bool) -> Found:
    """The sort of a field; of one that there is not, None, once that has been told."""
    if fields is None:
        return OF_EVENTS.get(node.path, Declared()).sort
    for length in range(1, len(node.path) + 1):
        path = node.path[:length]
        beside = {known[length - 1] for known in fields if len(known) >= length and known[: length - 1] == path[:-1]}
        if path[-1] not in beside:
            above = f" in {dotted(path[:-1])}" if length > 1 else ""
            mend = _meant(path[-1], beside)
            yield f"there is no field {path[-1]!r}{above}{mend}", chain
            return None
        has_more = any(len(known) > length and known[:length] == path for known in fields)
        if length < len(node.path) and not has_more:
            sort = fields[path].sort
            if sort is not None:
                yield f"{dotted(path)} is {_WORDS[sort]}, which has no fields within it", chain
            return None
    what = fields.get(node.path, Declared())
    if what.is_optional and not node.is_optional:
        yield (
            f"only some records have the field {node.path[-1]!r}; ask it as {dotted(node.path)}?, or .optional()",
            chain,
        )
    if has_more and what.sort is None and not may_be_record:
        within = sorted(known[len(node.path)] for known in fields if known[: len(node.path)] == node.path != known)
        yield f"{dotted(node.path)} is a record{_offered('ask for one of its fields:', within)}", chain
    return what.sort


def _meant(word: str, known: Iterable[str]) -> str:
    by_letters = {name.casefold(): name for name in sorted(known)}
    same = by_letters.get(word.casefold())
    return (
        f"; did you mean {same!r}?"
        if same
        else did_you_mean(word, by_letters.values()) or _offered("there are", by_letters.values())
    )


def _offered(words: str, names: Any) -> str:
    names = list(names)
    more = ", …" if len(names) > _MOST_OFFERED else ""
    return f"; {words} {', '.join(map(repr, names[:_MOST_OFFERED]))}{more}" if names else ""


def _no_list(value: nodes.Value, chain: Chain) -> Fault:
    shown = sentence(value)
    return f"{shown} is a list, which is not compared; ask what it contains, or for size({shown})", chain


def _certain(value: Any) -> Sort:
    sort = sort_of(value)
    assert sort is not None  # a constant always is of one
    return sort


def _kin_of(value: Any) -> str:
    return _KIN[_certain(value)]
