"""What is decided about a day, and why, in words."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

import attrs

from mailkit.send.warmup.confidence import highest, lowest

__all__ = ["Decision", "Move", "Proof", "Reason", "Ruling"]


class Move(StrEnum):
    """What becomes of the volume."""

    GREW = "grew"
    """A step up: the next day allows more."""
    HELD = "held"
    """The next day allows as many."""
    STEPPED_BACK = "stepped back"
    """The next day allows fewer."""
    PAUSED = "paused"
    """Nothing is sent for a time, and then fewer."""
    RESTED = "rested"
    """Fewer, since no letters were sent for long."""


class Ruling(StrEnum):
    """What decided; the value is how it is said of so many letters."""

    UNDELIVERED = "were not delivered"
    """Letters that were not accepted, or came back."""
    BOUNCED = "bounced"
    """Letters that were refused for good."""
    COMPLAINED = "complained"
    """Readers who took it for spam."""
    THROTTLED = "were told to slow down"
    """Replies that asked for less at a time."""
    BLOCKED = "were refused for the sender's reputation"
    """Replies that spoke of the sender."""
    SENT_FEW = "were sent"
    """Too few of those that were allowed."""
    SILENCE = "silence"
    """Days without mail."""
    AT_TARGET = "at target"
    """There is no step beyond."""


class Proof(StrEnum):
    """What the numbers prove; the value is how the share that is likely is told."""

    BELOW = "no more than {} is likely, and less than {} is asked"
    """The true share is below the limit."""
    ABOVE = "at least {} is likely, and no more than {} is allowed"
    """The true share is above the limit."""
    NEITHER = "up to {} is possible, and less than {} is asked"
    """Both are possible."""


@attrs.frozen(kw_only=True)
class Reason:
    """Why: so many of so many letters, beside a limit.

    Attributes:
        ruling: What decided.
        count: How many letters, or days without mail.
        total: Of how many letters; of how many that were allowed, for `SENT_FEW`.
        limit: The share that they were held against.
        proof: What that proves.
        days: On how many sending days these letters were sent.
        confidence: How sure a proof had to be.

    >>> print(Reason(ruling=Ruling.BOUNCED, count=3, total=180, limit=0.01))
    3 of 180 bounced; up to 4.3 % is possible, and less than 1 % is asked
    """

    ruling: Ruling
    count: int
    total: int
    limit: float = 0.0
    proof: Proof = Proof.NEITHER
    days: int = 1
    confidence: float = 0.95

    def __str__(self) -> str:
        match self.ruling:
            case Ruling.SILENCE:
                return f"no mail for {self.count:,} {'day' if self.count == 1 else 'days'}"
            case Ruling.AT_TARGET:
                return f"the target of {self.total:,} a day is reached"
            case Ruling.SENT_FEW:
                return f"only {self.count:,} of {self.total:,} were sent, and {_percent(self.limit)} is asked"
        span = "" if self.days == 1 else f" on {self.days} sending days"
        bound = lowest if self.proof is Proof.ABOVE else highest
        likely = bound(min(self.count, self.total), self.total, confidence=self.confidence)
        told = self.proof.format(_percent(likely), _percent(self.limit))
        return f"{self.count:,} of {self.total:,} {self.ruling}{span}; {told}"


@attrs.frozen(kw_only=True)
class Decision:
    """What was decided about a day.

    Attributes:
        on: The day.
        move: What becomes of the volume.
        allowed: How many letters a day are allowed from then on.
        because: Why, as numbers.

    >>> why = Reason(ruling=Ruling.BOUNCED, count=3, total=180, limit=0.01)
    >>> Decision(on=date(2026, 3, 2), move=Move.HELD, allowed=500, because=why).reason
    'held: 3 of 180 bounced; up to 4.3 % is possible, and less than 1 % is asked'
    """

    on: date
    move: Move
    allowed: int
    because: Reason

    @property
    def reason(self) -> str:
        """What was decided and why, in words."""
        return f"{self.move}: {self.because}"

    def __str__(self) -> str:
        return f"{self.on}: {self.reason}; {self.allowed:,} a day from now on"


def _percent(share: float) -> str:
    digits = 1 if share >= 0.01 or share == 0 else 2
    return f"{100 * share:.{digits}f}".rstrip("0").removesuffix(".") + " %"
