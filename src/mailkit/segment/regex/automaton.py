"""An automaton that searches a text by looking at every character once.

How to think about it. The pattern becomes *nodes*: one tests a character, one a place, one offers
several ways on, and the last says that all has matched. While the text is read, the set of nodes
that may come next is a *state*; what follows it upon a character is worked out when first needed
and remembered. What is remembered is bounded: when it is too much, all of it is forgotten.
Whether a place fits depends on the characters on both sides of it, so ways are followed only when
the next character is known; the end of the text, and a line feed right before it, are symbols too.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, TypeAlias, assert_never

import attrs

from mailkit.segment.regex.cost import begins_at_start
from mailkit.segment.regex.syntax import Alternatives, At, Char, Repeat, Row, Tree

__all__ = ["LARGEST", "Automaton", "size"]

LARGEST: Final = 1000
"""How many nodes a pattern may have. It is what one character can cost at most."""
_REMEMBERED: Final = 20_000
"""How much is remembered of states and characters, counted in nodes and entries."""
_WORD: Final = re.compile(r"\w")


@attrs.frozen
class _Test:
    """A node that a character passes if this test, by its number, holds of it."""

    test: int
    then: int


@attrs.frozen
class _Place:
    """A node that is passed where the place is such."""

    source: str
    then: int


@attrs.frozen
class _Ways:
    """A node from which several ways lead on; of the last node of all, none."""

    then: tuple[int, ...]


_Node: TypeAlias = _Test | _Place | _Ways


@attrs.frozen(eq=False)
class _Symbol:
    """What all characters have in common that pass the same tests; or the end of the text."""

    passes: frozenset[int]
    is_word: bool
    is_end: bool = False
    is_last_line_feed: bool = False


@attrs.frozen(eq=False)
class _State:
    """The nodes that may come next; whether a letter of a word stands before them, None at the beginning."""

    nodes: frozenset[int]
    is_after_word: bool | None
    following: dict[_Symbol, _State] = attrs.field(factory=dict)


_END: Final = _Symbol(frozenset(), is_word=False, is_end=True)
_MATCHED: Final = _State(frozenset(), None)
_FAILED: Final = _State(frozenset(), None)
_LAST: Final = 0
"""The node at which all has matched."""


class Automaton:
    """Searches texts for a tree.

    Args:
        tree: What is searched for.
        ignores_case: Whether upper and lower case are one.
    """

    def __init__(self, tree: Tree, *, ignores_case: bool) -> None:
        self._flags = re.IGNORECASE if ignores_case else 0
        self._nodes: list[_Node] = [_Ways(())]
        self._numbers: dict[str, int] = {}
        self._first = self._build(tree, _LAST)
        self._tests = [self._tester(source) for source in self._numbers]
        self._is_anchored = begins_at_start(tree)
        self._forget()

    def search(self, text: str) -> tuple[bool, int]:
        """Whether it matches anywhere in the text, and how many steps it took to say so.

        The steps are at most `len(text) + 2` times the number of nodes, of tests, and a few.
        """
        state, symbols, steps = self._start, self._symbols, 0
        ends_line = text.endswith("\n")
        for char in text[:-1] if ends_line else text:
            symbol = symbols.get(char)
            if symbol is None:
                symbol, cost = self._symbol(char)
                symbols, steps = self._symbols, steps + cost
            following = state.following.get(symbol)
            if following is None:
                following, cost = self._follow(state, symbol)
                steps += cost
            state = following
            steps += 1
            if state is _MATCHED or state is _FAILED:
                return state is _MATCHED, steps
        for symbol in (self._last_line_feed, _END) if ends_line else (_END,):
            following = state.following.get(symbol)
            if following is None:
                following, cost = self._follow(state, symbol)
                steps += cost
            state = following
            if state is _MATCHED:
                return True, steps
        return False, steps

    def _forget(self) -> None:
        self._remembered = 0
        self._symbols: dict[str, _Symbol] = {}
        self._alike: dict[tuple[frozenset[int], bool], _Symbol] = {}
        self._states: dict[tuple[frozenset[int], bool], _State] = {}
        self._start = _State(frozenset({self._first}), None)
        passes = self._passes("\n")
        self._last_line_feed = _Symbol(passes, is_word=False, is_last_line_feed=True)

    def _symbol(self, char: str) -> tuple[_Symbol, int]:
        if self._remembered > _REMEMBERED:
            self._forget()
        passes, is_word = self._passes(char), _WORD.match(char) is not None
        symbol = self._alike.setdefault((passes, is_word), _Symbol(passes, is_word))
        self._symbols[char] = symbol
        self._remembered += 1
        return symbol, len(self._tests)

    def _passes(self, char: str) -> frozenset[int]:
        return frozenset(number for number, test in enumerate(self._tests) if test(char))

    def _follow(self, state: _State, symbol: _Symbol) -> tuple[_State, int]:
        """The state after this symbol, and the steps that it took to find."""
        if self._remembered > _REMEMBERED:
            self._forget()  # a search that is under way holds on to its own state, and to nothing that led there
        reached, steps = self._reached(state, symbol)
        if reached is None:
            following = _MATCHED
        elif not reached and self._is_anchored:
            following = _FAILED
        else:
            nodes = reached if self._is_anchored else reached | {self._first}
            key = (nodes, symbol.is_word)
            if key not in self._states:
                self._states[key] = _State(nodes, symbol.is_word)
                self._remembered += len(nodes)
            following = self._states[key]
        state.following[symbol] = following
        self._remembered += 1
        return following, steps

    def _reached(self, state: _State, symbol: _Symbol) -> tuple[frozenset[int] | None, int]:
        """The nodes behind the symbol; None if all has matched before it."""
        waiting, seen, reached = list(state.nodes), set(state.nodes), set()
        while waiting:
            number = waiting.pop()
            node = self._nodes[number]
            if number == _LAST:
                return None, len(seen)
            ways: tuple[int, ...] = ()
            match node:
                case _Test():
                    if node.test in symbol.passes:
                        reached.add(node.then)
                case _Place():
                    ways = (node.then,) if _fits(node.source, state.is_after_word, symbol) else ()
                case _Ways():
                    ways = node.then
                case _ as never:
                    assert_never(never)
            fresh = [way for way in ways if way not in seen]
            seen.update(fresh)
            waiting += fresh
        return frozenset(reached), len(seen)

    def _build(self, tree: Tree, then: int) -> int:
        """The number of the node at which the tree begins, which goes on with the node `then`."""
        match tree:
            case Char(source=source):
                return self._add(_Test(self._numbers.setdefault(source, len(self._numbers)), then))
            case At(source=source):
                return self._add(_Place(source, then))
            case Row(parts=parts):
                for part in reversed(parts):
                    then = self._build(part, then)
                return then
            case Alternatives(parts=parts):
                return self._add(_Ways(tuple(self._build(part, then) for part in parts)))
            case Repeat():
                return self._build_repeat(tree, then)
            case _ as never:
                assert_never(never)

    def _build_repeat(self, tree: Repeat, then: int) -> int:
        if tree.most is None:
            again = self._add(_Ways((then,)))
            self._nodes[again] = _Ways((self._build(tree.part, again), then))
            first = again
        else:
            first = then
            for _ in range(tree.most - tree.least):
                first = self._add(_Ways((self._build(tree.part, first), then)))
        for _ in range(tree.least):
            first = self._build(tree.part, first)
        return first

    def _add(self, node: _Node) -> int:
        self._nodes.append(node)
        return len(self._nodes) - 1

    def _tester(self, source: str) -> Callable[[str], object]:
        return re.compile(source, self._flags).match


def size(tree: Tree) -> int:
    """How many nodes the tree's automaton has, but for the last."""
    match tree:
        case Char() | At():
            return 1
        case Row(parts=parts):
            return sum(map(size, parts))
        case Alternatives(parts=parts):
            return 1 + sum(map(size, parts))
        case Repeat(part=part, least=least, most=most):
            return size(part) * (least + 1) + 1 if most is None else size(part) * most + most - least
        case _ as never:
            assert_never(never)


def _fits(source: str, is_after_word: bool | None, symbol: _Symbol) -> bool:
    match source:
        case "^" | "\\A":
            return is_after_word is None
        case "$":
            return symbol.is_end or symbol.is_last_line_feed
        case "\\Z":
            return symbol.is_end
        case _:
            return (bool(is_after_word) != symbol.is_word) == (source == "\\b")
