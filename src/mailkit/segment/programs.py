"""The functions that are generated: one condition over people, several in one pass, one condition of one record."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain
from typing import Final

from mailkit.segment import nodes
from mailkit.segment.codegen import Program, Writer, compiled
from mailkit.segment.evaluate import asks_about_events, cheapest_first
from mailkit.segment.places import Shape

__all__ = ["asking", "filtering", "spreading"]

_LARGEST: Final = 3000
"""With more nodes than this the closures answer, since compiling would take too long."""
_OWN: Final = ("SLOW", "TURN", "FIND", "GET", "ID", "CLASS")


def filtering(node: nodes.Condition, shape: Shape) -> Program | None:
    """`ADD` is called with everyone who fulfils the condition; None if it is too large."""
    writer = Writer(shape)

    def lines() -> Iterator[str]:
        yield from _judging(writer, node, no="continue", yes="ADD(p); continue")

    return _over_people(writer, lines, slow="if SLOW(p): ADD(p)", own=("ADD",), size=_size(node))


def asking(node: nodes.Condition, shape: Shape) -> Program | None:
    """A function that says of a record and his events whether he fulfils the condition; None if it is too large."""
    if _size(node) > _LARGEST:
        return None
    writer = Writer(shape)
    body = list(_judging(writer, node, no="return False", yes="return True"))
    lines = ["try:"]
    if shape.record != "other":
        lines.append(f"    if type(p) is not {_class(shape)}: return SLOW(p, evs)")
    lines += [f"    {line}" for line in (*_turning(writer), *body)]
    lines += ["except Exception: pass", "return SLOW(p, evs)"]
    return compiled(writer.arguments, _OWN, ("p", "evs"), lines)


def spreading(conditions: tuple[nodes.Condition, ...], shape: Shape, *, to_first: bool) -> Program | None:
    """`ADD0`, `ADD1` … are called with everyone who fulfils a condition, and the last of them with who fulfils none."""
    writer = Writer(shape)
    tests = [writer.expression(node, writer.person) for node in conditions]
    last = len(conditions)

    def lines() -> Iterator[str]:
        if any(map(asks_about_events, conditions)):
            yield from _loop(writer)
        if to_first:
            for place, test in enumerate(tests):
                yield f"if {test}: ADD{place}(p); continue"
            yield f"ADD{last}(p); continue"
        else:
            yield "found = []"  # and added at the end, lest who turns out odd has been added to some
            for place, test in enumerate(tests):
                yield f"if {test}: found.append(ADD{place})"
            yield f"for add in found or (ADD{last},): add(p)"
            yield "continue"

    own = tuple(f"ADD{place}" for place in range(last + 1))
    return _over_people(writer, lines, slow="SLOW(p)", own=own, size=sum(map(_size, conditions)))


def _size(node: nodes.Condition) -> int:
    return sum(1 for _ in nodes.walk(node))


def _class(shape: Shape) -> str:
    return "dict" if shape.record == "dict" else "CLASS"


def _over_people(
    writer: Writer, lines: Callable[[], Iterator[str]], *, slow: str, own: tuple[str, ...], size: int
) -> Program | None:
    if size > _LARGEST:
        return None
    body = list(lines())
    head = ["odd = 0", "for p in people:", "    try:"]
    if writer.shape.record != "other":
        head.append(f"        if type(p) is not {_class(writer.shape)}: raise ODD")
    inner = [f"        {line}" for line in chain(_turning(writer), body)]
    tail = ["    except Exception: pass", "    odd += 1", f"    {slow}", "return odd"]
    return compiled(writer.arguments, (*_OWN, *own), ("people",), [*head, *inner, *tail])


def _turning(writer: Writer) -> list[str]:
    return ["TURN(p)"] if writer.turns else []


def _judging(writer: Writer, node: nodes.Condition, *, no: str, yes: str) -> Iterator[str]:
    """Fields first, then events if they are needed."""
    parts: tuple[nodes.Condition, ...] = node.parts if isinstance(node, nodes.And | nodes.Or) else (node,)
    plain = [part for part in cheapest_first(parts) if not asks_about_events(part)]
    others = [part for part in parts if asks_about_events(part)]
    is_any = isinstance(node, nodes.Or)
    word = " or " if is_any else " and "
    tests = [word.join(writer.expression(part, writer.person) for part in some) for some in (plain, others)]
    if plain:
        yield f"if {tests[0]}: {yes}" if is_any else f"if not ({tests[0]}): {no}"
    if others:
        yield from _loop(writer)
        yield f"if not ({tests[1]}): {no}"
    elif is_any:
        yield no
    if not is_any or others:
        yield yes


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
