"""How much work may go into explanations: a letter written to be slow must not hold up who receives it.

Verifying is never cut short. Looking for what has changed means to hash hundreds of mails as they may have
been, and all explanations of one mail share what may be spent on that.
"""

from __future__ import annotations

from typing import Final

import attrs

__all__ = ["SPENT", "Effort", "Efforts"]

SPENT: Final = "it was not looked for further, as explaining this mail has taken as much work as it may"
"""What is said where the search was broken off."""


@attrs.define
class Effort:
    """Work that is left, in bytes read or hashed.

    Attributes:
        left: What may still be spent.
        spent: What was spent.

    >>> effort = Effort(left=100)
    >>> effort.take(70), effort.take(70), effort.take(10), effort.spent
    (True, False, False, 70)
    """

    left: int
    spent: int = 0

    def take(self, cost: int) -> bool:
        """Spend so much; False, now and from then on, if there is not as much left."""
        if cost > self.left:
            self.left = 0
            return False
        self.left -= cost
        self.spent += cost
        return True

    @property
    def is_spent(self) -> bool:
        """Whether nothing is left."""
        return self.left <= 0


@attrs.define
class Efforts:
    """What all explanations of one mail share; a large body leaves the header its part.

    Attributes:
        body: For explanations of the body.
        header: For explanations of the header.

    >>> Efforts().body.spent
    0
    """

    body: Effort = attrs.Factory(lambda: Effort(left=12_000_000))
    header: Effort = attrs.Factory(lambda: Effort(left=12_000_000))
