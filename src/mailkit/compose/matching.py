"""Whether a selector matches an element: for all readers, for none, or for some.

How to think about it. The tree holds all branches of a template at once, and attributes may
hold Jinja. Each test answers always, never or maybe (Kleene's logic: "and" is the least, "or"
the greatest answer). Where elements come and go, what looks around asks which of them are
certain: those whose way is the beginning of one's own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Set
from functools import partial
from typing import Any, Final

from mailkit.compose import selectors as s
from mailkit.compose.tree import Element, Tree
from mailkit.compose.varying import ALWAYS, MAYBE, NEVER, Truth, Varied

__all__ = ["Index", "holds", "may_match", "truth"]


_ANYTHING: Final = "*"


class Index:
    """The elements of a tree, found by what a selector asks of the element itself."""

    def __init__(self, tree: Tree) -> None:
        self._all = tree.elements
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
        for element in self._candidates(selector):
            above = self._above(element.parent) if needed else needed
            if (needed <= above or _ANYTHING in above) and (answer := truth(selector, element)):
                yield element, answer

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
            found = self._names[element] = around if own <= around else around | own
        return found

    def _candidates(self, selector: s.Selector) -> Iterable[Element]:
        best: Iterable[Element] = self._all
        for test in selector.tests:
            match test:
                case s.Id():
                    return self._of("id", test.name)
                case s.Class():
                    best = self._of("class", test.name)
                case s.Tag() if best is self._all:
                    best = self._found.get(("tag", test.name), ())
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


def truth(selector: s.Selector, element: Element, scope: Element | None = None) -> Truth:
    """Whether a selector matches an element; `scope` is the one that `:has` is asked of."""
    return _from(selector.compounds, 0, element, scope)


def may_match(selector: s.Selector, element: Element) -> bool:
    """Whether a selector may match an element of which only its own tag is known."""
    return all(_TESTS[type(test)](test, element, None) for test in selector.tests)


def _from(compounds: tuple[s.Compound, ...], number: int, element: Element, scope: Element | None) -> Truth:
    compound = compounds[number]
    answer = ALWAYS
    for test in compound.tests:
        answer = min(answer, _TESTS[type(test)](test, element, scope))
        if not answer:
            return NEVER
    if not compound.left:
        return answer
    left = number + 1
    match compound.left:
        case ">":
            parent = element.parent
            return min(answer, _from(compounds, left, parent, scope)) if parent is not None else NEVER
        case " ":
            best, above = NEVER, element.parent
            while above is not None and best < answer:
                best = max(best, _from(compounds, left, above, scope))
                above = above.parent
            return min(answer, best)
        case _:
            if not compounds[left].tests and compounds[left].is_wish:
                return answer  # the client may put anything there
            return min(answer, _beside(compounds, number, element, scope))


def _beside(compounds: tuple[s.Compound, ...], number: int, element: Element, scope: Element | None) -> Truth:
    """What an element that comes before it answers."""
    siblings = element.parent.children if element.parent is not None else [element]
    before = siblings[: element.place]
    is_next = compounds[number].left == "+"

    def asked(other: Element) -> Truth:
        return _from(compounds, number + 1, other, scope)

    if _is_certain(element, before):
        nearest = before[-1:] if is_next else before
        return max(map(asked, nearest), default=NEVER)
    if not is_next and any(_is_on_way(other, element) and asked(other) == ALWAYS for other in before):
        return ALWAYS
    return min(MAYBE, max(map(asked, siblings)))


def _is_on_way(other: Element, element: Element) -> bool:
    """Whether another element is there whenever this one is."""
    return other.way == element.way[: len(other.way)]


def _is_certain(element: Element, others: Iterable[Element]) -> bool:
    """Whether these others, and only they, stand on that side of an element whenever it is there."""
    base = len(element.parent.way) if element.parent is not None else 0
    return not any(loops for _, _, loops in element.way[base:]) and all(_is_on_way(one, element) for one in others)


def _tag(test: s.Tag, element: Element, scope: Element | None) -> Truth:
    return ALWAYS if element.name == test.name or element.name.lower() == test.name else NEVER


def _class(test: s.Class, element: Element, scope: Element | None) -> Truth:
    name = test.name.lower() if element.is_quirky else test.name
    if name in element.classes:
        return ALWAYS
    value = element.given.get("class")
    if not isinstance(value, Varied):
        return NEVER
    return max(value.has_word(test.name), value.has_word(name))


def _id(test: s.Id, element: Element, scope: Element | None) -> Truth:
    value = element.given.get("id")
    if isinstance(value, Varied):
        return value.equals(test.name)
    if value is None:
        return NEVER
    same = value == test.name or (element.is_quirky and value.lower() == test.name.lower())
    return ALWAYS if same else NEVER


_OPERATORS: Final[dict[str, Callable[[str, str], bool]]] = {
    "": lambda given, asked: True,
    "=": lambda given, asked: given == asked,
    "~=": lambda given, asked: asked in given.split(),
    "|=": lambda given, asked: given == asked or given.startswith(asked + "-"),
    "^=": lambda given, asked: bool(asked) and given.startswith(asked),
    "$=": lambda given, asked: bool(asked) and given.endswith(asked),
    "*=": lambda given, asked: bool(asked) and asked in given,
}


def holds(test: s.Attribute, value: str) -> bool:
    """Whether an attribute selector takes a value."""
    if test.any_case:
        return _OPERATORS[test.operator](value.lower(), test.value.lower())
    return _OPERATORS[test.operator](value, test.value)


def _attribute(test: s.Attribute, element: Element, scope: Element | None) -> Truth:
    value = element.given.get(test.name)
    if value is None:
        return NEVER
    if isinstance(value, str):
        return ALWAYS if holds(test, value) else NEVER
    if not test.operator:
        return MAYBE if value.may_lack else ALWAYS
    if test.operator == "=" and not test.any_case:
        return value.equals(test.value)
    if test.operator in ("^=", "$=", "*=", "~=") and not test.value:
        return NEVER
    return value.judge(partial(holds, test))


def _nth(test: s.Nth, element: Element, scope: Element | None) -> Truth:
    siblings = element.parent.children if element.parent is not None else [element]
    beyond = siblings[element.place + 1 :] if test.from_end else siblings[: element.place]
    if test.same_type:
        beyond = [one for one in beyond if one.name == element.name]
    own = ALWAYS
    if test.among:
        own = _any(test.among, element)
        beyond = [one for one in beyond if _any(test.among, one)]
        if any(_any(test.among, one) == MAYBE for one in beyond):
            own = min(own, MAYBE)
    if not own:
        return NEVER
    if not _is_certain(element, beyond):
        least = 1 + sum(_is_on_way(one, element) for one in beyond)
        return MAYBE if test.step > 0 or test.first >= least else NEVER
    rest = len(beyond) + 1 - test.first
    fits = rest == 0 if test.step == 0 else rest % test.step == 0 and rest // test.step >= 0
    if own == MAYBE:
        return MAYBE
    return ALWAYS if fits else NEVER


def _any(choices: tuple[s.Selector, ...], element: Element) -> Truth:
    return max((truth(one, element) for one in choices), default=NEVER)


def _matches(test: s.Matches, element: Element, scope: Element | None) -> Truth:
    answer = max((truth(one, element, scope) for one in test.choices), default=NEVER)
    return ALWAYS - answer if test.is_negative else answer


def _has(test: s.Has, element: Element, scope: Element | None) -> Truth:
    best = NEVER
    for choice in test.choices:
        for other in _around(element, choice):
            answer = truth(choice, other, element)
            best = max(best, answer if _is_on_way(other, element) else min(answer, MAYBE))
    return best


def _around(element: Element, choice: s.Selector) -> Iterator[Element]:
    """Where `:has` looks: inside, or behind and inside of what is behind."""
    starts = element.children
    if choice.compounds[-2].left in ("+", "~"):
        starts = element.parent.children if element.parent is not None else []
    waiting = list(starts)
    while waiting:
        other = waiting.pop()
        yield other
        waiting += other.children


def _lang(test: s.Lang, element: Element, scope: Element | None) -> Truth:
    above: Element | None = element
    while above is not None:
        value = above.given.get("lang", above.given.get("xml:lang"))
        if isinstance(value, Varied):
            return MAYBE
        if value is not None:
            lang = value.lower()
            return ALWAYS if any(_in_range(lang, one) for one in test.ranges) else NEVER
        above = above.parent
    return NEVER


def _in_range(lang: str, asked: str) -> bool:
    return bool(lang) and (asked == "*" or lang == asked or lang.startswith(asked + "-"))


def _dir(test: s.Dir, element: Element, scope: Element | None) -> Truth:
    above: Element | None = element
    while above is not None:
        value = above.given.get("dir")
        if isinstance(value, Varied):
            return MAYBE
        if value is not None and value.lower() in ("ltr", "rtl"):
            return ALWAYS if value.lower() == test.way else NEVER
        above = above.parent
    return ALWAYS if test.way == "ltr" else NEVER


def _root(test: s.Root, element: Element, scope: Element | None) -> Truth:
    return ALWAYS if element.parent is None and element.name == "html" else NEVER


def _scope(test: s.Scope, element: Element, scope: Element | None) -> Truth:
    return ALWAYS if element is scope else NEVER


def _empty(test: s.Empty, element: Element, scope: Element | None) -> Truth:
    if any(child.way == element.way for child in element.children):
        return NEVER
    if element.has_jinja or element.children:
        return MAYBE
    return NEVER if element.has_text else ALWAYS


_TESTS: Final[dict[type, Callable[[Any, Element, Element | None], Truth]]] = {
    s.Tag: _tag,
    s.Class: _class,
    s.Id: _id,
    s.Attribute: _attribute,
    s.Nth: _nth,
    s.Matches: _matches,
    s.Has: _has,
    s.Lang: _lang,
    s.Dir: _dir,
    s.Root: _root,
    s.Empty: _empty,
    s.Scope: _scope,
}
