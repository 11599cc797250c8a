"""How much work a letter's CSS may make, so that no letter is inlined for ever or eats the machine's memory.

A *step* is about one question that a selector asks of an element, a microsecond or less. Steps are
counted and not timed, so that a letter which passes once always passes. Record data reaches this
through `|safe`, so it is counted for each reader too.
"""

from __future__ import annotations

from typing import Final

__all__ = ["LONGEST_NESTED", "MOST_PIECES", "MOST_SELECTORS", "MOST_STEPS", "Effort", "Exhausted"]

MOST_STEPS: Final = 2_000_000
"""How many steps the inlining of one letter may take; one of 50 kB takes some 8,000."""
MOST_PIECES: Final = 200_000
"""How many tags, texts and comments a letter with a style sheet may have; one of 50 kB has some 3,000."""
MOST_SELECTORS: Final = 20_000
"""How many selectors all style sheets of a letter may have; Bootstrap has some 3,000."""
LONGEST_NESTED: Final = 200_000
"""How many characters the selectors of nested rules may have, written out as if they were not nested: each one
repeats all those around it."""


class Exhausted(Exception):
    """More work than a letter may make."""


class Effort:
    """What is left of the steps.

    >>> effort = Effort(3)
    >>> effort.spend(2)
    >>> effort.left
    1
    """

    __slots__ = ("left",)

    def __init__(self, most: int = MOST_STEPS) -> None:
        self.left = most

    def spend(self, steps: int) -> None:
        """Use up some steps.

        Raises:
            Exhausted: There are not so many left.
        """
        self.left -= steps
        if self.left < 0:
            raise Exhausted
