"""How long a text may be until `re` could need more steps than we allow it.

`re` goes back and tries the next way wherever there are several. From one place in the text, the
steps of a row are those of its first part, and then for every *way* in which that can match, those
of what follows. So the ways are multiplied, and a pattern explodes where they are many.
"""

from __future__ import annotations

from typing import Final, TypeAlias, assert_never

from mailkit.segment.regex.syntax import Alternatives, At, Char, Repeat, Row, Tree

__all__ = ["begins_at_start", "longest_for_re"]

Cost: TypeAlias = tuple[float, float]
"""The most ways in which a part can match from one place, and the most steps to try them all."""

_STEPS_PER_CHARACTER: Final = 200
_STEPS_AT_ALL: Final = 20_000
_ENDLESS: Final = float("inf")
_MANY: Final = 1e15


def longest_for_re(tree: Tree) -> int | None:
    """The length of text up to which `re` stays within its steps; None for any length.

    >>> from mailkit.segment.regex.syntax import parse
    >>> [longest_for_re(parse(pattern)[0]) for pattern in ("corp", "^.+@corp$", "a.*b", "(a*)*b")]
    [None, None, 128, 0]
    """
    is_anchored, longest = begins_at_start(tree), 0
    for length in (2**power for power in range(4, 31)):
        starts = 1 if is_anchored else length + 1
        if starts * _cost(tree, length)[1] > _STEPS_AT_ALL + _STEPS_PER_CHARACTER * length:
            return longest
        longest = length
    return None


def begins_at_start(tree: Tree) -> bool:
    """Whether it can match at the beginning of the text alone."""
    match tree:
        case At(source=source):
            return source in ("^", "\\A")
        case Row(parts=parts):
            return bool(parts) and begins_at_start(parts[0])
        case Alternatives(parts=parts):
            return all(map(begins_at_start, parts))
        case Repeat(part=part, least=least):
            return least > 0 and begins_at_start(part)
        case _:
            return False


def _cost(tree: Tree, length: int) -> Cost:
    match tree:
        case Char() | At():
            return 1, 1
        case Row(parts=parts):
            ways, steps = 1.0, 1.0
            for part in parts:
                inner = _cost(part, length)
                ways, steps = _capped(ways * inner[0]), _capped(steps + ways * inner[1])
            return ways, steps
        case Alternatives(parts=parts):
            costs = [_cost(part, length) for part in parts]
            return sum(ways for ways, _ in costs), 1 + sum(steps for _, steps in costs)
        case Repeat():
            return _of_repeat(tree, length)
        case _ as never:
            assert_never(never)


def _of_repeat(tree: Repeat, length: int) -> Cost:
    ways, steps = _cost(tree.part, length)
    if tree.most is None:
        if _may_be_empty(tree.part) or ways > 1:
            return _ENDLESS, _ENDLESS
        return length + 1, (length + 1) * steps
    if ways == 1:
        return tree.most - tree.least + 1, 1 + tree.most * steps
    all_ways, all_steps, at_once = 0.0, 1.0, 1.0
    for count in range(tree.most + 1):
        all_ways += at_once if count >= tree.least else 0
        all_steps += at_once * steps if count < tree.most else 0
        at_once = _capped(at_once * ways)
    return _capped(all_ways), _capped(all_steps)


def _may_be_empty(tree: Tree) -> bool:
    match tree:
        case Char():
            return False
        case At():
            return True
        case Row(parts=parts):
            return all(map(_may_be_empty, parts))
        case Alternatives(parts=parts):
            return any(map(_may_be_empty, parts))
        case Repeat(part=part, least=least):
            return least == 0 or _may_be_empty(part)
        case _ as never:
            assert_never(never)


def _capped(number: float) -> float:
    return _ENDLESS if number > _MANY else number
