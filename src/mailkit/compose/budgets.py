"""What a letter's Jinja may use up, so that no letter runs for ever or eats the machine's memory.

One allowance covers everything: a *step* is about one expression evaluated, 25 characters of
text made or two elements of a list walked through. Loops pay for each turn what their body
costs; macros, calls, filters, comparisons and joined texts pay for what they are given and for
what they make. Beside it, nothing that a letter makes on its way may be longer than
`LONGEST_TEXT`. Steps are counted and not timed, so that a letter which passes once always passes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextvars import ContextVar, Token
from typing import Any, Final

__all__ = [
    "LONGEST_TEXT",
    "MOST_STEPS",
    "SHORT",
    "Budget",
    "Unfit",
    "check_length",
    "check_number",
    "counted",
    "made",
    "refuse_container",
    "spend",
    "spend_length",
    "weigh",
]

MOST_STEPS: Final = 500_000
"""How many steps one part may take for one reader."""
LONGEST_TEXT: Final = 1_000_000
"""How many characters, or elements of a list, a letter may put together on its way."""
SHORT: Final = 40
"""Text up to so many characters is free: its step is the expression's own."""
_CHARACTERS_A_STEP, _ELEMENTS_A_STEP = 25, 2
_WIDEST_NUMBER: Final = 4_096  # in bits: some 1,200 digits, where Python prints at most 4,300
_CONTAINERS: Final = (list, tuple, set, frozenset, Mapping)


class Unfit(Exception):
    """A value that is there and yet cannot be used; says why, of the field in `{}`."""


class Budget:
    """The steps of one part for one reader, while the part is made; nothing is counted outside of it.

    >>> with Budget() as budget:
    ...     spend(3)
    >>> MOST_STEPS - budget.left
    3
    """

    __slots__ = ("_before", "left")

    def __init__(self) -> None:
        self.left: int = MOST_STEPS

    def __enter__(self) -> Budget:
        self._before: Token[Budget | None] = _current.set(self)
        return self

    def __exit__(self, *raised: object) -> None:
        _current.reset(self._before)


_current: ContextVar[Budget | None] = ContextVar("mailkit.compose.budget", default=None)


def spend(steps: int) -> None:
    """Use up some steps.

    Raises:
        Unfit: There are not so many left.
    """
    budget = _current.get()
    if budget is not None:
        budget.left -= steps
        if budget.left < 0:
            raise Unfit(f"its loops, calls and texts take more than {MOST_STEPS:,} steps")


def spend_length(length: int) -> None:
    """Use up what a text of such a length costs."""
    if length > SHORT:
        spend(length // _CHARACTERS_A_STEP)


def weigh(value: Any, *, with_texts: bool = False) -> None:
    """Spend what it costs to look at a value: also lists in lists in lists, which share their elements.

    Args:
        value: The value.
        with_texts: Whether texts in lists are looked at, too, as comparing does.

    >>> with Budget() as budget:
    ...     weigh("x" * 500)
    >>> MOST_STEPS - budget.left
    20
    """
    if isinstance(value, str | bytes):
        spend_length(len(value))
    elif isinstance(value, _CONTAINERS):
        waiting: list[Any] = [value]
        while waiting:
            inner = waiting.pop()
            # An endless list has been cut by now, beyond what any budget reaches: it must not pass for whole.
            spend(5 + len(inner) // (_ELEMENTS_A_STEP if len(inner) <= MOST_STEPS else 1))
            elements = (*inner, *inner.values()) if isinstance(inner, Mapping) else inner
            waiting.extend(one for one in elements if isinstance(one, _CONTAINERS))
            for text in (one for one in elements if isinstance(one, str | bytes)) if with_texts else ():
                spend_length(len(text))


def made(value: Any) -> Any:
    """The value that a filter, a method or an operator has made, once it is paid for.

    Raises:
        Unfit: It is too long, or a number too great.
    """
    if isinstance(value, str | bytes):
        check_length(len(value))
        spend_length(len(value))
    elif isinstance(value, list | tuple):
        check_length(len(value))
        spend(len(value) // _ELEMENTS_A_STEP)
    elif isinstance(value, int):
        check_number(value)
    return value


def check_length(length: int) -> None:
    """Refuse what would be too long, before it is made."""
    if length > LONGEST_TEXT:
        raise Unfit(f"a text or list of more than {LONGEST_TEXT:,} elements")


def check_number(*numbers: object) -> None:
    """Refuse whole numbers, or factors, that have too many digits together."""
    if sum(one.bit_length() for one in numbers if isinstance(one, int)) > _WIDEST_NUMBER:
        raise Unfit("a number beyond reason")


def refuse_container(value: Any) -> None:
    """Refuse a list where text was meant: Python's way of writing one is nothing for readers."""
    if isinstance(value, (bytes, bytearray, memoryview, *_CONTAINERS)):
        raise Unfit("{} is " + f"a {type(value).__name__} where text was meant")


def counted(items: Iterable[Any], cost: int = 1) -> Iterator[Any]:
    """The items of something that does not know its length, each paid for."""
    for item in items:
        spend(cost)
        yield item
