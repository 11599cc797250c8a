"""Rules that wait for each other in a list instead of on Python's stack.

A *rule* is a generator: where it needs another rule, it yields that and is sent what came of
it. So nothing that is read, however its parts stand within each other, exhausts the stack.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, TypeAlias, TypeVar

from mailkit.errors import SegmentError

__all__ = ["Rule", "run"]

T = TypeVar("T")
Rule: TypeAlias = Generator[Any, Any, T]


def run(rule: Rule[T], *, deepest: int, too_deep: Callable[[], SegmentError]) -> tuple[T, int]:
    """What comes of a rule and all that it needs, and in how many steps.

    Raises:
        SegmentError: That of `too_deep`, if more than `deepest` rules would wait for each other;
            or whatever a rule raises.

    >>> def halves(number):
    ...     return 0 if number < 2 else 1 + (yield halves(number // 2))
    >>> run(halves(1024), deepest=20, too_deep=lambda: SegmentError("too deep"))
    (10, 21)
    """
    waiting: list[Rule[Any]] = []
    current: Rule[Any] = rule
    result: Any = None
    steps = 0
    while True:
        steps += 1
        try:
            needed = current.send(result)
        except StopIteration as done:
            if not waiting:
                return done.value, steps
            current, result = waiting.pop(), done.value
            continue
        if len(waiting) == deepest:
            raise too_deep()
        waiting.append(current)
        current, result = needed, None
