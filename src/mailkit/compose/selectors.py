"""Selectors as values (Selectors 4), with their weight.

How to think about it. A selector asks an element questions. Most answers are in the letter.
Some only the reader's client knows: whether a link is under the mouse, whether Outlook.com has
darkened the letter. A selector with such a question is a *wish*: it is matched as if the
client said yes, and its rule stays in a `<style>`.
"""

from __future__ import annotations

from collections.abc import Iterator

import attrs

__all__ = [
    "Attribute",
    "Class",
    "Compound",
    "Dir",
    "Empty",
    "Has",
    "Id",
    "Lang",
    "Link",
    "Matches",
    "Names",
    "Nth",
    "Root",
    "Scope",
    "Selector",
    "Tag",
    "Test",
    "Weight",
    "may_meet",
]

Weight = tuple[int, int, int]
Names = tuple[frozenset[str], frozenset[str]]


@attrs.frozen
class Tag:
    """A type selector."""

    name: str


@attrs.frozen
class Id:
    """`#id`."""

    name: str


@attrs.frozen
class Class:
    """`.class`."""

    name: str


@attrs.frozen
class Attribute:
    """`[name]`, or `[name=value]` with one of the operators `= ~= |= ^= $= *=`."""

    name: str
    operator: str = ""
    value: str = ""
    any_case: bool = False


@attrs.frozen
class Nth:
    """`:nth-child` and its kin: the place among siblings is `step * n + first` for some n ≥ 0."""

    step: int
    first: int
    from_end: bool
    same_type: bool
    among: tuple[Selector, ...] = ()


@attrs.frozen
class Matches:
    """`:is`, `:where` and, if negative, `:not`."""

    choices: tuple[Selector, ...]
    is_negative: bool


@attrs.frozen
class Has:
    """`:has`; each choice begins at `Scope`."""

    choices: tuple[Selector, ...]


@attrs.frozen
class Lang:
    """`:lang(…)`."""

    ranges: tuple[str, ...]


@attrs.frozen
class Dir:
    """`:dir(…)`."""

    way: str


@attrs.frozen
class Link:
    """`:any-link`, and `:link`, which browsers hold to be true of all links for all but colours."""


@attrs.frozen
class Root:
    """`:root`."""


@attrs.frozen
class Empty:
    """`:empty`."""


@attrs.frozen
class Scope:
    """The element that `:has` is asked of."""


Test = Tag | Id | Class | Attribute | Nth | Matches | Has | Lang | Dir | Link | Root | Empty | Scope


@attrs.frozen
class Compound:
    """Tests for one element, and how the next one to the left is found.

    Attributes:
        tests: The tests.
        left: The combinator to the left: " ", ">", "+", "~", or "" if there is nothing.
        is_wish: Whether it asks something that only the client knows.
    """

    tests: tuple[Test, ...]
    left: str
    is_wish: bool


@attrs.frozen
class Selector:
    """One selector of a list.

    Attributes:
        text: The selector as written, without comments.
        compounds: Its compounds from right to left.
        weight: Its specificity.
        is_wish: Whether only the client knows if it matches.
        is_beside: Whether it styles something that is no element of the letter: what a
            pseudo-element makes, or an element that a client puts around the letter.
        is_link: Whether it asks for a link that was not visited yet.
        is_visited: Whether it asks for one that was: so no link matches both.
    """

    text: str
    compounds: tuple[Compound, ...]
    weight: Weight
    is_wish: bool
    is_beside: bool
    is_link: bool = False
    is_visited: bool = False

    @property
    def tests(self) -> tuple[Test, ...]:
        """The tests for the element itself."""
        return self.compounds[0].tests

    @property
    def is_plain(self) -> bool:
        """Whether it consists of types, classes, ids and attributes, descendants and children."""
        return "\\" not in self.text and all(
            compound.left in ("", " ", ">") and all(_is_plain(test) for test in compound.tests)
            for compound in self.compounds
        )

    @property
    def is_named(self) -> bool:
        """Whether it says a type, class or id of the element itself."""
        return any(isinstance(test, Tag | Class | Id) for test in self.tests)

    @property
    def asked(self) -> frozenset[str]:
        """The attributes that a plain selector looks at."""
        names = {Class: "class", Id: "id"}
        tests = [test for compound in self.compounds for test in compound.tests]
        return frozenset(test.name if isinstance(test, Attribute) else names.get(type(test), "") for test in tests) - {
            ""
        }

    @property
    def compared(self) -> Iterator[Attribute]:
        """The attribute selectors in it, however deep."""
        for compound in self.compounds:
            for test in compound.tests:
                match test:
                    case Attribute():
                        yield test
                    case Matches(choices=inner) | Has(choices=inner) | Nth(among=inner):
                        for one in inner:
                            yield from one.compared
                    case _:
                        pass

    @property
    def names(self) -> Names:
        """The types and the ids that it asks for."""
        return (
            frozenset(test.name for test in self.tests if isinstance(test, Tag)),
            frozenset(test.name for test in self.tests if isinstance(test, Id)),
        )


def may_meet(names: Names, others: Names) -> bool:
    """Whether one element may match two selectors, as far as their types and ids say."""
    types, ids = names
    other_types, other_ids = others
    return not (types and other_types and types.isdisjoint(other_types)) and not (
        ids and other_ids and ids.isdisjoint(other_ids)
    )


def _is_plain(test: Test) -> bool:
    return isinstance(test, Tag | Id | Class) or (isinstance(test, Attribute) and test.name != "style")
