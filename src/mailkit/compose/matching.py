"""The elements that a selector matches, found by the names, classes and ids that it asks for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from typing import Final

from mailkit.compose import selectors as s
from mailkit.compose.effort import Effort
from mailkit.compose.relations import Matcher
from mailkit.compose.tree import Element, Tree
from mailkit.compose.varying import Truth, Varied

__all__ = ["Index"]


_ANYTHING: Final = "*"
_MOST_NAMES: Final = 200  # of which it is remembered that they stand around an element


class Index:
    """The elements of a tree, found by what a selector asks of the element itself."""

    def __init__(self, tree: Tree, effort: Effort) -> None:
        self._all = tree.elements
        self._effort, self._matcher = effort, Matcher(effort)
        self._hidden = _hidden(tree)
        self._found: dict[tuple[str, str], list[Element]] = {}
        self._names: dict[Element, frozenset[str]] = {}
        for element in tree.elements:
            self._put(("tag", element.name.lower()), element)
            for key in ("class", "id"):
                value = element.given.get(key)
                if isinstance(value, Varied):
                    self._put((key, ""), element)
                elif value:
                    for word in value.split():
                        self._put((key, word.lower()), element)

    def _put(self, key: tuple[str, str], element: Element) -> None:
        self._found.setdefault(key, []).append(element)

    def matches(self, selector: s.Selector) -> Iterator[tuple[Element, Truth]]:
        """The elements that a selector matches, for all readers or for some."""
        needed = _needed(selector)
        candidates = self._candidates(selector)
        self._effort.spend(1 + len(candidates))
        for element in candidates:
            above = self._above(element.parent) if needed else needed
            if (needed <= above or _ANYTHING in above) and (answer := self._matcher.truth(selector, element)):
                yield element, answer
        self._matcher.forget()

    def meant(self, selector: s.Selector) -> Iterator[tuple[Element, Truth]]:
        """Those of them that its rule is meant for: `*` is not for the head, which nobody sees."""
        for element, answer in self.matches(selector):
            if selector.is_named or element not in self._hidden:
                yield element, answer

    def _above(self, element: Element | None) -> frozenset[str]:
        """The names, classes and ids of an element and of all around it; `_ANYTHING` if Jinja decides on some."""
        if element is None:
            return frozenset()
        found = self._names.get(element)
        if found is None:
            own = {element.name, *(f".{word.lower()}" for word in element.classes)}
            for key in ("class", "id"):
                value = element.given.get(key)
                if isinstance(value, Varied):
                    own.add(_ANYTHING)
                elif value and key == "id":
                    own.add(f"#{value.lower()}")
            around = self._above(element.parent)
            found = around if own <= around else around | own
            found = self._names[element] = found if len(found) <= _MOST_NAMES else frozenset({_ANYTHING})
        return found

    def _candidates(self, selector: s.Selector) -> Sequence[Element]:
        best: Sequence[Element] = self._all
        for test in selector.tests:
            match test:
                case s.Id():
                    return self._of("id", test.name)
                case s.Class():
                    best = self._of("class", test.name)
                case s.Tag() if best is self._all:
                    best = self._found.get(("tag", test.name), ())
                case s.Link() if best is self._all:
                    best = [*self._found.get(("tag", "a"), ()), *self._found.get(("tag", "area"), ())]
                case _:
                    pass
        return best

    def _of(self, key: str, name: str) -> list[Element]:
        return self._found.get((key, name.lower()), []) + self._found.get((key, ""), [])


def _hidden(tree: Tree) -> Set[Element]:
    """The head, what stands in it, and style elements."""
    found: set[Element] = set()
    for element in tree.elements:
        if element.name in ("head", "style") or element.parent in found:
            found.add(element)
    return found


def _needed(selector: s.Selector) -> frozenset[str]:
    """Names, classes and ids without which nothing around an element can match."""
    if any(compound.left in ("+", "~") for compound in selector.compounds):
        return frozenset()
    found = set()
    for compound in selector.compounds[1:]:
        for test in compound.tests:
            match test:
                case s.Tag():
                    found.add(test.name)
                case s.Class():
                    found.add(f".{test.name.lower()}")
                case s.Id():
                    found.add(f"#{test.name.lower()}")
                case _:
                    pass
    return frozenset(found)
