"""Which rules of a letter's style sheets are for which of its elements."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from mailkit.compose.cascade import Wish
from mailkit.compose.declaring import Rule, Source
from mailkit.compose.effort import Effort, Exhausted
from mailkit.compose.matching import Index
from mailkit.compose.stylesheets import Styles
from mailkit.compose.tree import Element, Tree
from mailkit.compose.varying import MAYBE, Truth

__all__ = ["Assigned", "assign"]


class Assigned:
    """Elements and their rules; to walk through it gives each start tag's element, fixed rules and wishes.

    Attributes:
        matched: For each element the fixed rules that match it for all readers.
        depending: The fixed rules of which a reader decides what they match.
        torn: The rules of start tags of which a browser makes several elements that look different:
            they share one `style` attribute, so nothing is inlined into it, and the rules stay.
        stuck: The rules that always hold, match something, and only work in a `<style>`.
    """

    def __init__(self) -> None:
        self.matched: dict[Element, list[Rule]] = {}
        self.depending: dict[Rule, None] = {}
        self.torn: dict[Rule, None] = {}
        self.stuck: tuple[Rule, ...] = ()
        self._elements: dict[int, Element] = {}
        self._fixed: dict[int, Sequence[Rule]] = {}
        self._wishes: dict[int, list[Wish]] = {}

    def __iter__(self) -> Iterator[tuple[Element, tuple[Rule, ...], tuple[Wish, ...]]]:
        for key in dict.fromkeys([*self._fixed, *self._wishes]):
            yield self._elements[key], tuple(self._fixed.get(key, ())), tuple(self._wishes.get(key, ()))

    def add_fixed(self, rule: Rule, element: Element, truth: Truth) -> None:
        """Note that a fixed rule matches an element."""
        if truth == MAYBE:
            self.depending[rule] = None
        else:
            self.matched.setdefault(element, []).append(rule)

    def add_wish(self, rule: Rule, element: Element, truth: Truth) -> None:
        """Note that another rule matches an element."""
        self._wishes.setdefault(self._key(element), []).append(Wish(rule, truth))

    def part(self, split: Mapping[int, Sequence[Element]]) -> None:
        """Say which fixed rules are for which start tags, once all are there."""
        self._fixed = {self._key(element): rules for element, rules in self.matched.items()}
        for number, elements in split.items():
            each = [self.matched.get(one, []) for one in elements]
            if any(one != each[0] for one in each):
                self._fixed.pop(number, None)
                self.torn.update((rule, None) for one in each for rule in one)

    def _key(self, element: Element) -> int:
        """What is one for all elements that are made of one start tag."""
        key = element.numbers[0] if element.numbers else -1 - id(element)
        self._elements.setdefault(key, element)
        return key


def assign(tree: Tree, styles: Styles, sources: Sequence[Source], effort: Effort) -> Assigned:
    """Find the rules of each element.

    Raises:
        TemplateError: There are too many of both.
    """
    index, found = Index(tree, effort), Assigned()
    for rule in styles.fixed:
        for element, truth in _meant(index, rule, sources):
            found.add_fixed(rule, element, truth)
    found.part(_split(tree))
    for rule in styles.wishes:
        for element, truth in _meant(index, rule, sources):
            found.add_wish(rule, element, truth)
    found.stuck = tuple(rule for rule in styles.stuck if any(_meant(index, rule, sources)))
    return found


def _meant(index: Index, rule: Rule, sources: Sequence[Source]) -> Iterable[tuple[Element, Truth]]:
    try:
        yield from index.meant(rule.selector)
    except Exhausted as error:
        reason = "the letter has too many elements for so many rules"
        raise sources[rule.sheet].error(reason, rule.block.start) from error


def _split(tree: Tree) -> Mapping[int, Sequence[Element]]:
    """The elements that a browser makes of one start tag, where they are several."""
    found: dict[int, list[Element]] = {number: [] for number in tree.split}
    for element in tree.elements if found else ():
        for number in tree.split.intersection(element.numbers):
            found[number].append(element)
    return found
