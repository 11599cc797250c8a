"""The functions that are generated: one condition over people, several in one pass, one condition of one record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import chain
from typing import Final, TypeAlias

from mailkit.segment import nodes
from mailkit.segment.compiled.codegen import Program, Writer, compiled
from mailkit.segment.compiled.places import Shape
from mailkit.segment.running.evaluate import asks_about_events, cheapest_first

__all__ = ["asking", "filtering", "spreading"]

_LARGEST: Final = 3000
"""With more nodes than this the closures answer, since compiling would take too long."""
_OWN: Final = ("SLOW", "OTHER", "TURN", "FIND", "GET", "ID", "CLASS")


def filtering(node: nodes.Condition, shape: Shape) -> Program | None:
    """`ADD` is called with everyone who fulfils the condition; None if it is too large."""
    if _size(node) > _LARGEST:
        return None
    writer = Writer(shape)
    lines = list(_judging(writer, node, no="continue", yes="ADD(p); continue", ends=("break", "ADD(p); break")))
    return _over_people(writer, lines, slow="if SLOW(p): ADD(p)", own=("ADD",))


def asking(node: nodes.Condition, shape: Shape) -> Program | None:
    """A function that says of a record and his events whether he fulfils the condition; None if it is too large."""
    if _size(node) > _LARGEST:
        return None
    writer = Writer(shape)
    no, yes = "return False", "return True"
    body = list(_judging(writer, node, no=no, yes=yes, ends=(no, yes)))
    lines = ["try:"]
    if shape.record != "other":
        lines.append(f"    if type(p) is not {_class(shape)}: return OTHER(p, evs)")
    if asks_about_events(node):  # to leave them out is an error, and not "nothing happened"
        lines.append("    if evs is None: return SLOW(p, evs)")
    lines += [f"    {line}" for line in (*_turning(writer), *body)]
    lines += ["except Exception: pass", "return SLOW(p, evs)"]
    return compiled(writer.arguments, _OWN, ("p", "evs"), lines, defaults=(None,))


def spreading(conditions: tuple[nodes.Condition, ...], shape: Shape, *, to_first: bool) -> Program | None:
    """`ADD0`, `ADD1` … are called with everyone who fulfils a condition, and the last of them with who fulfils none.

    What several conditions ask is asked once, and those that begin with the same field being
    some text are only looked at where it is.
    """
    size = sum(map(_size, conditions))
    if size > _LARGEST:
        return None
    writer = Writer(shape)
    shared = list(_shared(writer, conditions))
    places = list(enumerate(conditions))
    tests = list(_to_first(writer, places) if to_first else _to_all(writer, places))
    before = [line for node, line in shared if not asks_about_events(node)]
    after = [line for node, line in shared if asks_about_events(node)]
    lines = [*before, *_loop(writer), *after, *tests]
    own = tuple(f"ADD{place}" for place in range(len(conditions) + 1))
    return _over_people(writer, lines, slow="SLOW(p)", own=own)


def _shared(writer: Writer, conditions: tuple[nodes.Condition, ...]) -> Iterator[tuple[nodes.Condition, str]]:
    """What is asked more than once and written as a line, and the line that keeps the answer."""
    met = Counter(chain.from_iterable(map(_atoms, conditions)))
    for node, times in met.items():
        if times > 1 and writer.is_written(node):
            test = writer.expression(node, writer.person)
            yield node, f"{writer.share(node)} = {test}"


def _atoms(node: nodes.Condition) -> Iterator[nodes.Condition]:
    if isinstance(node, nodes.Not):
        yield from _atoms(node.part)
    elif isinstance(node, nodes.And | nodes.Or):
        for part in node.parts:
            yield from _atoms(part)
    else:
        yield node


Places: TypeAlias = "list[tuple[int, nodes.Condition]]"


def _to_first(writer: Writer, places: Places) -> Iterator[str]:
    for place, node in places:
        yield f"if {writer.expression(node, writer.person)}: ADD{place}(p); continue"
    yield f"ADD{len(places)}(p); continue"


def _to_all(writer: Writer, places: Places) -> Iterator[str]:
    yield "found = []"  # and added at the end, lest somebody who turns out odd has been added to some
    groups: dict[nodes.Field, Places] = {}
    for place, node in places:
        field = _told_apart(node)
        if field is None:
            yield f"if {writer.expression(node, writer.person)}: found.append(ADD{place})"
        else:
            groups.setdefault(field, []).append((place, node))
    for field, among in groups.items():
        yield from _told_apart_by(writer, field, among)
    yield f"for add in found or (ADD{len(places)},): add(p)"
    yield "continue"


def _told_apart(node: nodes.Condition) -> nodes.Field | None:
    """The field that must be one of some texts, if that is the first that the condition asks."""
    if isinstance(node, nodes.And):
        node = cheapest_first(node.parts)[0]
    match node:
        case nodes.OneOf(value=nodes.Field() as field) | nodes.Comparison(left=nodes.Field() as field) if _texts(node):
            return field
        case _:
            return None


def _texts(node: nodes.Condition) -> tuple[str, ...]:
    """The texts of which a value must be one; empty if something else is asked."""
    match node:
        case nodes.Comparison(operator=nodes.Operator.EQ, right=nodes.Constant(value=str() as text)):
            return (text,)
        case nodes.OneOf() if all(isinstance(option.value, str) for option in node.options):
            return tuple(dict.fromkeys(option.value for option in node.options))
        case _:
            return ()


def _told_apart_by(writer: Writer, field: nodes.Field, among: Places) -> Iterator[str]:
    by_text: dict[str, list[str]] = {}
    for place, node in among:
        first, *rest = cheapest_first(node.parts) if isinstance(node, nodes.And) else [node]
        test = " and ".join(writer.expression(part, writer.person) for part in rest)
        line = f"if {test}: found.append(ADD{place})" if rest else f"found.append(ADD{place})"
        for text in _texts(first):
            by_text.setdefault(text, []).append(line)
    name = writer.arguments.local()
    yield f"{name} = {writer.person.read(field)}"
    yield f"if type({name}) is str:"
    word = "if"
    for text, lines in by_text.items():
        yield f"    {word} {name} == {writer.arguments.constant(text)}:"
        yield from (f"        {line}" for line in lines)
        word = "elif"
    yield f"elif {name} is not None: raise ODD"


def _size(node: nodes.Condition) -> int:
    return sum(1 for _ in nodes.walk(node))


def _class(shape: Shape) -> str:
    return "dict" if shape.record == "dict" else "CLASS"


def _over_people(writer: Writer, lines: list[str], *, slow: str, own: tuple[str, ...]) -> Program:
    head = ["odd = 0", "for p in people:", "    try:"]
    if writer.shape.record != "other":
        head.append(f"        if type(p) is not {_class(writer.shape)}: raise ODD")
    inner = [f"        {line}" for line in (*_turning(writer), *lines)]
    tail = ["    except Exception: pass", "    odd += 1", f"    {slow}", "return odd"]
    return compiled(writer.arguments, (*_OWN, *own), ("people",), [*head, *inner, *tail])


def _turning(writer: Writer) -> list[str]:
    return ["TURN(p)"] if writer.turns else []


def _judging(writer: Writer, node: nodes.Condition, *, no: str, yes: str, ends: tuple[str, str]) -> Iterator[str]:
    """Fields first, then events if they are needed; `ends` are `no` and `yes` in the loop over these."""
    parts: tuple[nodes.Condition, ...] = node.parts if isinstance(node, nodes.And | nodes.Or) else (node,)
    plain = [part for part in cheapest_first(parts) if not asks_about_events(part)]
    others = [part for part in parts if asks_about_events(part)]
    is_any = isinstance(node, nodes.Or)
    word = " or " if is_any else " and "
    test, left = (word.join(writer.expression(part, writer.person) for part in some) for some in (plain, others))
    if plain:
        yield f"if {test}: {yes}" if is_any else f"if not ({test}): {no}"
    if others:
        writer.counting.settle(others, is_any=is_any, no=ends[0], yes=ends[1])
        left = word.join(writer.expression(part, writer.person) for part in others)
        yield from _loop(writer)
        if writer.counting.is_needed:
            yield "else:"  # it did not end with an answer
        yield f"{'    ' * writer.counting.is_needed}if {left}: {yes}"
        yield no
    else:
        yield no if is_any else yes


def _loop(writer: Writer) -> Iterator[str]:
    """What finds a person's events and counts them."""
    shape, counting = writer.shape, writer.counting
    if not counting.is_needed:
        return
    if shape.source == "found":
        yield "evs = FIND(p)"
    if shape.source == "by_id":
        yield f"i = {writer.person.read(nodes.Field(path=(shape.key,)))}"
        yield "if type(i) is not ID: raise ODD"
        yield "evs = GET(i, ())"
    if shape.source != "found":
        yield "if type(evs) is not list and type(evs) is not tuple: raise ODD"
    yield from counting.lines()
