"""What compose asks of whoever follows a letter's links; `mailkit.track` answers it."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol, runtime_checkable

import attrs

from mailkit.checks import at_least

__all__ = ["Link", "Links"]


@attrs.frozen(kw_only=True)
class Link:
    """One link of a letter: an instance, so two links to one address are two.

    Attributes:
        number: Its place in the letter in reading order, from 1.
        href: Its destination as written.
        label: The text between its tags, or the picture's alternative text.
        block: Which block it stands in, by its path, such as "blocks[4].columns[0].blocks[1]"; empty in
            an HTML source.

    >>> Link(number=1, href="https://shop.example.com/sale", label="See the sale", block="blocks[1]").number
    1
    """

    number: int = attrs.field(validator=at_least(1))
    href: str
    label: str = ""
    block: str = ""


@runtime_checkable
class Links(Protocol):
    """Replaces links when a letter is compiled, and fills them in for each reader.

    `person` is the number by which the reader is known in a token, `at` the instant of sending.
    """

    def place(self, link: Link) -> bool:
        """Take note of a link while compiling; say whether it is to be replaced."""
        ...

    def url(self, number: int, *, person: int, at: datetime) -> str:
        """The address to put in place of link `number` for this reader."""
        ...

    def pixel(self, *, person: int, at: datetime) -> str:
        """The address of the picture that tells of an opening; empty for none."""
        ...

    def unsubscribe(self, *, person: int, at: datetime) -> str:
        """The address of the page on which this reader leaves."""
        ...
