"""What was found out about a node of a tree, kept, since the same tree is asked again and again."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Final, TypeVar

from mailkit.segment import nodes

__all__ = ["remembered"]

T = TypeVar("T")
_MANY: Final = 2000
"""Of so many nodes it is known at most; then all is forgotten, lest trees that nobody has any more are kept."""


def remembered(find: Callable[[Any], T]) -> Callable[[nodes.Node], T]:
    """The function, which is not asked again about one and the same node.

    Nodes are told apart by identity, since comparing two trees, or hashing one, takes as long as most
    of what is asked about them.
    """
    known: dict[int, tuple[nodes.Node, T]] = {}

    @wraps(find)
    def found(node: nodes.Node) -> T:
        kept = known.get(id(node))
        if kept is not None:  # the node is kept with the answer, so that its id is no other's meanwhile
            return kept[1]
        answer = find(node)
        if len(known) >= _MANY:
            known.clear()
        known[id(node)] = node, answer
        return answer

    return found
