"""Putting segments in the place of their names: `in segment "loyal"` becomes what loyal means.

How to think about it. Names refer to names, so they are ordered first, which shows whether any
of them comes back to itself. Then each is replaced once, from those that name no others up. How
large the result is gets counted before it is made, since ten names that each stand twice in the
next make a thousand.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Final, NoReturn

from mailkit.errors import SegmentError, did_you_mean, shorten
from mailkit.segment import nodes
from mailkit.segment.language.text import sentence
from mailkit.segment.nodes import walk
from mailkit.segment.segments import condition

__all__ = ["LARGEST", "bound", "by_name", "unbound"]

LARGEST: Final = 10_000
"""How many nodes a segment may have when all names in it have been replaced."""
_TOLD: Final = 12
"""So many names are told in an error."""


def bound(node: nodes.Condition, known: Mapping[str, nodes.Condition]) -> nodes.Condition:
    """The condition with what each name in it stands for, and the names in that.

    Raises:
        SegmentError: A name is not known, stands for itself by way of others, or the result is too large.

    >>> loyal = nodes.Comparison(left=nodes.Field(path=("orders",)), operator=">", right=nodes.Constant(value=9))
    >>> print(sentence(bound(nodes.Not(part=nodes.Member(name="loyal")), {"loyal": loyal})))
    not orders > 9
    """
    meant: dict[str, nodes.Condition] = {}
    sizes: dict[str, int] = {}
    for name in _in_order(node, known):
        sizes[name] = _size(known[name], sizes, name)
        meant[name] = _replaced(known[name], meant)
    _size(node, sizes, "")
    return _replaced(node, meant)


def by_name(segments: object) -> dict[str, nodes.Condition]:
    """The conditions of segments by their names.

    Raises:
        SegmentError: They are not segments by name.
    """
    if not isinstance(segments, Mapping):
        raise SegmentError(f"{shorten(segments)} is not segments by name; give {{'loyal': f.orders > 9, ...}}")
    for name in segments:
        if not isinstance(name, str):
            raise SegmentError(f"{shorten(name)} is not the name of a segment; a name is a text")
    return {name: condition(segment) for name, segment in segments.items()}


def unbound(node: nodes.Condition, name: str) -> SegmentError:
    """The error that says that this name in the condition is not bound."""
    return _at(node, name, f"it is not said which segment {name!r} is; say it with bind({{{name!r}: ...}})")


def _names(node: nodes.Condition) -> list[str]:
    return [inner.name for inner in walk(node) if isinstance(inner, nodes.Member)]


def _in_order(node: nodes.Condition, known: Mapping[str, nodes.Condition]) -> list[str]:
    """All names that are needed, each after those that it needs itself."""
    from graphlib import CycleError, TopologicalSorter

    needs: dict[str, list[str]] = {}
    waiting = [(name, node) for name in _names(node)]
    while waiting:
        name, where = waiting.pop()
        if name in needs:
            continue
        if name not in known:
            mend = did_you_mean(name, known) or f"; known are {_several(known)}"
            raise _at(where, name, f"there is no segment {name!r}{mend}")
        needs[name] = list(dict.fromkeys(_names(known[name])))
        waiting += [(other, known[name]) for other in needs[name]]
    try:
        return list(TopologicalSorter(needs).static_order())
    except CycleError as error:
        _refuse_cycle(error.args[1][::-1], known)


def _several(names: Mapping[str, object]) -> str:
    shown = [shorten(name) for name in islice(names, _TOLD)] + ["…"] * (len(names) > _TOLD)
    return ", ".join(shown) or "none"


def _refuse_cycle(chain: list[str], known: Mapping[str, nodes.Condition]) -> NoReturn:
    first = min(range(len(chain) - 1), key=chain.__getitem__)  # told from the same segment each time
    chain = [*chain[first:-1], *chain[:first], chain[first]]
    shown = chain if len(chain) < 12 else [*chain[:6], "…", *chain[-5:]]
    reason = f"a segment is said by itself, which means nothing: {' -> '.join(shown)}"
    raise _at(known[chain[0]], chain[1], reason)


def _size(node: nodes.Condition, sizes: Mapping[str, int], name: str) -> int:
    total = sum(sizes[inner.name] if isinstance(inner, nodes.Member) else 1 for inner in walk(node))
    if total > LARGEST:
        what = f"the segment {name!r}" if name else "the segment"
        mend = "ask for members by a field that the application keeps"
        raise SegmentError(f"with all that it names, {what} has {total} parts, {LARGEST} is the most; {mend}")
    return total


def _replaced(node: nodes.Condition, meant: Mapping[str, nodes.Condition]) -> nodes.Condition:
    match node:
        case nodes.Member(name=name):
            return meant[name]
        case nodes.And(parts=parts):
            return nodes.And(parts=tuple(_replaced(part, meant) for part in parts))
        case nodes.Or(parts=parts):
            return nodes.Or(parts=tuple(_replaced(part, meant) for part in parts))
        case nodes.Not(part=part):
            return nodes.Not(part=_replaced(part, meant))
        case _:
            return node


def _at(node: nodes.Condition, name: str, reason: str) -> SegmentError:
    whole, part = sentence(node), sentence(nodes.Member(name=name))
    start = whole.find(part)
    return SegmentError(reason, text=whole, start=start, end=start + len(part))
