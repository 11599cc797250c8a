"""When to try again."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import Final

import attrs

from mailkit.checks import at_least, share
from mailkit.errors import InvalidValue
from mailkit.send.returns.causes import Action
from mailkit.send.returns.classify import Verdict
from mailkit.send.throttle import positive

__all__ = ["RetryPolicy", "next_try"]

_MOST_DOUBLINGS: Final = 64
"""Beyond this many steps every schedule has long reached its longest wait."""


@attrs.frozen(kw_only=True)
class RetryPolicy:
    """How patiently to try again: waits that grow, scattered a little, until it is too late.

    Attributes:
        first: The wait after the first try. Greylisting servers want five minutes or so.
        factor: What each wait is multiplied by for the next; at least 1.
        longest: The longest wait.
        jitter_share: The share of a wait, 0..1, by which chance may shorten it, so that jobs
            that failed together do not come back together.
        most_tries: How many tries a job gets in all; None for as many as its time allows.
        give_up_after: How long after it was queued, or after its `not_before` if that is later,
            a job is given up (RFC 5321, 4.5.4.1 advises four to five days).

    >>> from random import Random
    >>> from datetime import UTC
    >>> policy, now = RetryPolicy(jitter_share=0), datetime(2026, 3, 1, tzinfo=UTC)
    >>> [str(next_try(policy, tries, now, None, Random(1)) - now) for tries in (1, 2, 3)]
    ['0:05:00', '0:10:00', '0:20:00']
    """

    first: timedelta = attrs.field(default=timedelta(minutes=5), validator=positive)
    factor: float = attrs.field(default=2.0, validator=at_least(1))
    longest: timedelta = attrs.field(default=timedelta(hours=4), validator=positive)
    jitter_share: float = attrs.field(default=0.2, validator=share)
    most_tries: int | None = attrs.field(default=None, validator=attrs.validators.optional(at_least(1)))
    give_up_after: timedelta = attrs.field(default=timedelta(days=4), validator=positive)

    def __attrs_post_init__(self) -> None:
        if self.first > self.longest:
            raise InvalidValue("RetryPolicy.first", self.first, "is longer than the longest wait", "give longest= too")
        if self.factor > 1000:
            raise InvalidValue("RetryPolicy.factor", self.factor, "is more than 1000", "write 2 to double each wait")

    def is_over(self, tries: int, since: datetime, due: datetime) -> bool:
        """Whether a job that could go since an instant, and has been tried so often, gets no other try at `due`."""
        has_no_try_left = self.most_tries is not None and tries >= self.most_tries
        return has_no_try_left or due - since > self.give_up_after


def next_try(policy: RetryPolicy, tries: int, now: datetime, verdict: Verdict | None, rng: Random) -> datetime:
    """When to try again a job that has been tried `tries` times, the last time now.

    A verdict that says "slow down" doubles the wait. No wait is longer than the policy's
    longest, or shorter than its first less the jitter.
    """
    steps = min(max(tries, 1) - 1, _MOST_DOUBLINGS)
    seconds = policy.first.total_seconds() * policy.factor**steps
    if verdict is not None and verdict.action is Action.SLOW:
        seconds *= 2
    wait = timedelta(seconds=min(seconds, policy.longest.total_seconds()))
    return now + wait * (1 - policy.jitter_share * rng.random())
