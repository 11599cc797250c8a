"""Whether an element passes a selector's test that is about nothing but itself and what is around it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final

from mailkit.compose import selectors as s
from mailkit.compose.tree import Element
from mailkit.compose.varying import ALWAYS, MAYBE, NEVER, Truth, Varied

__all__ = ["INHERITED", "SINGLE", "holds", "may_match"]


def may_match(selector: s.Selector, element: Element) -> bool:
    """Whether a plain selector may match an element of which only its own tag is known."""
    return all(SINGLE[type(test)](test, element) for test in selector.tests)


def _tag(test: s.Tag, element: Element) -> Truth:
    return ALWAYS if element.name == test.name or element.name.lower() == test.name else NEVER


def _class(test: s.Class, element: Element) -> Truth:
    name = test.name.lower() if element.is_quirky else test.name
    if name in element.classes:
        return ALWAYS
    value = element.given.get("class")
    if not isinstance(value, Varied):
        return NEVER
    return max(value.has_word(test.name), value.has_word(name))


def _id(test: s.Id, element: Element) -> Truth:
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


def _attribute(test: s.Attribute, element: Element) -> Truth:
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


def _link(test: s.Link, element: Element) -> Truth:
    """Whether it is a link (HTML, 4.16.3); SVG has an attribute of its own for that."""
    value = element.given.get("href") or (element.given.get("xlink:href") if _is_in_svg(element) else None)
    if element.name not in ("a", "area") or (value is None and "href" not in element.given):
        return NEVER
    return MAYBE if isinstance(value, Varied) and value.may_lack else ALWAYS


def _is_in_svg(element: Element | None) -> bool:
    while element is not None and element.name != "svg":
        element = element.parent
    return element is not None


def _root(test: s.Root, element: Element) -> Truth:
    return ALWAYS if element.parent is None and element.name == "html" else NEVER


def _empty(test: s.Empty, element: Element) -> Truth:
    if any(child.way == element.way for child in element.children):
        return NEVER
    if element.has_jinja or element.children:
        return MAYBE
    return NEVER if element.has_text else ALWAYS


SINGLE: Final[dict[type, Callable[[Any, Element], Truth]]] = {
    s.Tag: _tag,
    s.Class: _class,
    s.Id: _id,
    s.Attribute: _attribute,
    s.Link: _link,
    s.Root: _root,
    s.Empty: _empty,
}
"""Tests of the element itself."""


def _lang(test: s.Lang, element: Element) -> Truth | None:
    value = element.given.get("lang", element.given.get("xml:lang"))
    if isinstance(value, Varied):
        return MAYBE
    if value is not None:
        lang = value.lower()
        return ALWAYS if any(_in_range(lang, one) for one in test.ranges) else NEVER
    return NEVER if element.parent is None else None


def _in_range(lang: str, asked: str) -> bool:
    return bool(lang) and (asked == "*" or lang == asked or lang.startswith(asked + "-"))


def _dir(test: s.Dir, element: Element) -> Truth | None:
    value = element.given.get("dir")
    if isinstance(value, Varied):
        return MAYBE
    if value is not None and value.lower() in ("ltr", "rtl"):
        return ALWAYS if value.lower() == test.way else NEVER
    return (ALWAYS if test.way == "ltr" else NEVER) if element.parent is None else None


INHERITED: Final[dict[type, Callable[[Any, Element], Truth | None]]] = {s.Lang: _lang, s.Dir: _dir}
"""Tests of which None says that the parent's answer counts."""
