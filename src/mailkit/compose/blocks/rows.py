"""Rows of blocks, links and other values: how they are taken, and what is refused at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar, cast

import attrs

from mailkit.compose.rules import any_text, filled, matching, one_of
from mailkit.errors import InvalidValue

if TYPE_CHECKING:
    from mailkit.compose.blocks import Block

__all__ = [
    "ALIGN",
    "FIELD",
    "NAME",
    "Align",
    "Link",
    "Links",
    "RowRule",
    "as_blocks",
    "as_links",
    "as_row",
    "check_blocks",
    "check_links",
    "check_some_blocks",
    "check_some_links",
]

T = TypeVar("T")

Align = Literal["start", "center", "end"]
"""Where something stands; `start` is the right in a letter that is read from the right."""

ALIGN: Final = one_of(
    "start", "center", "end", mend="write 'start' for the side where reading begins: the left in most languages"
)
FIELD: Final = matching(
    r"[A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z][A-Za-z0-9_]*)*",
    "is not the name of a field",
    "write 'cart', without braces",
)
"""A field that holds a list, as "cart" or "order.lines"."""
NAME: Final = matching("[A-Za-z][A-Za-z0-9_]*", "is not a name")


def as_row(value: Iterable[T]) -> tuple[T, ...]:
    """Any row as a tuple (a converter); what is none is left for a `RowRule` to refuse."""
    is_row = isinstance(value, Iterable) and not isinstance(value, str | bytes | Mapping)
    return tuple(value) if is_row else cast("tuple[T, ...]", value)


@attrs.frozen(eq=False, kw_only=True)
class RowRule:
    """A validator for tuples of some kinds of values, which knows its JSON Schema.

    Attributes:
        kinds: Gives the kinds; asked late, since blocks may hold each other.
        what: What one of them is called.
        least: How many there must be.
        most: How many there may be; None for any number.
        mend: What to write instead of something that is none of them.
    """

    kinds: Callable[[], tuple[type, ...]]
    what: str
    least: int = 0
    most: int | None = None
    mend: str = ""

    @property
    def schema(self) -> Mapping[str, Any]:
        """The lengths, as keywords of JSON Schema."""
        most = {} if self.most is None else {"maxItems": self.most}
        return {"minItems": self.least, **most} if self.least else most

    def __call__(self, instance: object, attribute: Any, value: Any) -> None:
        """Refuse a wrong row, by the name of its class and field."""
        name = f"{type(instance).__name__}.{attribute.name}"
        if not isinstance(value, tuple):
            raise InvalidValue(
                name, value, f"is not a row of {self.what.removesuffix(' of cells')}s", "put it into [ ]"
            )
        if not value and self.least:
            raise InvalidValue(name, value, "is empty", self.mend and f"{self.mend} in it")
        if self.most is not None and len(value) > self.most:
            raise InvalidValue(name, value, f"has {len(value)} {self.what}s, and {self.most} is the most")
        for number, one in enumerate(value):
            if not isinstance(one, self.kinds()):
                article = "an" if self.what[0] in "aeiouAEIOU" else "a"
                raise InvalidValue(f"{name}[{number}]", one, f"is not {article} {self.what}", self.mend)


def _blocks() -> tuple[type, ...]:
    from mailkit.compose.blocks import KINDS

    return KINDS


check_blocks: Final = RowRule(kinds=_blocks, what="block", mend="write e.g. blocks.Text('…')")
"""Refuses what is not a block."""
check_some_blocks: Final = attrs.evolve(check_blocks, least=1)
"""Refuses what is not a block, and an empty row."""


def as_blocks(value: Iterable[Block]) -> tuple[Block, ...]:
    """Any row of blocks as a tuple."""
    return as_row(value)


@attrs.frozen
class Link:
    """One link of a menu, of a row of networks, or of a footer.

    Attributes:
        text: What it says.
        href: Where it leads.
        icon: The address of a small picture before the words, 24 px high; empty for words only.

    >>> Link("New books", "https://shop.example.com/new").icon
    ''
    """

    text: str = attrs.field(validator=filled)
    href: str = attrs.field(validator=filled)
    icon: str = attrs.field(default="", kw_only=True, validator=any_text)


Links = Iterable["Link | tuple[str, str]"] | Mapping[str, str]
"""Links as such, as pairs of text and address, or as a mapping from one to the other."""

check_links: Final = RowRule(kinds=lambda: (Link,), what="link", mend="write ('Shop', 'https://…')")
check_some_links: Final = attrs.evolve(check_links, least=1)


def as_links(value: Links) -> tuple[Link, ...]:
    """A tuple of links (a converter); what is none is left for `check_links` to refuse."""
    row = as_row(value.items() if isinstance(value, Mapping) else value)
    if not isinstance(row, tuple):
        return cast("tuple[Link, ...]", row)
    return tuple(Link(*one) if isinstance(one, tuple | list) and len(one) == 2 else one for one in row)
