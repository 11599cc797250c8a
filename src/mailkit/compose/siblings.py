"""What stands before an element among its siblings, worked out once for all of them.

Where a template's branches and loops stand between siblings, that differs by reader; a side is
*certain* if the same elements stand there whenever the element itself does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from mailkit.compose.branches import Way
from mailkit.compose.tree import Element

__all__ = ["Side", "is_on_way", "siblings", "sides", "sides_by_name"]

Side = tuple[int, int, bool]
"""How many elements stand there, how many of them whenever the element does, and whether that is certain."""


def siblings(element: Element) -> Sequence[Element]:
    """The children of an element's parent, itself among them."""
    return element.parent.children if element.parent is not None else (element,)


def is_on_way(other: Element, element: Element) -> bool:
    """Whether another element is there whenever this one is."""
    return _begins(other.way, element.way)


def _begins(start: Way, way: Way) -> bool:
    return start == way[: len(start)]


def sides(row: Sequence[Element]) -> Iterator[tuple[Element, Side]]:
    """For each of some siblings what of them stands before it."""
    base = len(row[0].parent.way) if row and row[0].parent is not None else 0
    counts: dict[Way, int] = {}
    longest: Way | None = ()  # all ways up to here begin this one; None if there is no such way
    for place, one in enumerate(row):
        way = one.way
        is_certain = longest is not None and _begins(longest, way) and not any(loops for _, _, loops in way[base:])
        least = sum(counts.get(way[:length], 0) for length in range(len(way) + 1))
        yield one, (place, least, is_certain)
        counts[way] = counts.get(way, 0) + 1
        if longest is not None and not _begins(way, longest):
            longest = way if _begins(longest, way) else None


def sides_by_name(row: Sequence[Element]) -> Mapping[Element, Side]:
    """The same among siblings of the same name."""
    named: dict[str, list[Element]] = {}
    for one in row:
        named.setdefault(one.name, []).append(one)
    return {one: side for group in named.values() for one, side in sides(group)}
