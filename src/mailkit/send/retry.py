"""When to try again: values and rules without a clock.

How to think about it. Waits grow from try to try, and chance shortens them a little, so that jobs
that failed together do not come back together. A server may say when to come again, and is heard
within bounds. Letters of different classes have different patience: a receipt is wanted within
minutes, and rather twice than never; news can wait, and must not come twice.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from random import Random
from typing import Final, Literal

import attrs

from mailkit.checks import at_least, share
from mailkit.errors import InvalidValue
from mailkit.send.jobs import Job
from mailkit.send.limits.rate import positive
from mailkit.send.returns.causes import Action
from mailkit.send.returns.classify import Verdict

__all__ = ["RetryPolicies", "RetryPolicy", "asked_wait", "next_try"]

_MOST_DOUBLINGS: Final = 64
"""Beyond this many steps every schedule has long reached its longest wait."""
_TRIES_AS_ASKED: Final = 3
"""How often a server's own wait is kept alone; after that no wait is shorter than the schedule's."""
_SHORTEST_ASKED: Final = timedelta(seconds=10)
_ASKED: Final = re.compile(
    r"(?:try|retry|again|wait|come back|return|after|delayed|greylist\w*|deferred)\b[^0-9\n]{0,40}?"
    r"\b(?:(\d{1,3}):(\d\d):(\d\d)|(\d{1,9})\s*(s|sec|secs|second|seconds|m|min|mins|minute|minutes|h|hour|hours))\b",
    re.IGNORECASE,
)
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600}


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
        heeds_replies: Whether a wait that a server asks for, such as "try again in 300 seconds", is kept.
        on_unknown: What becomes of a letter that may have arrived, as the answer to its final dot was
            not seen: "hold" never sends it again by itself; "retry" does, so that it may come twice.

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
    heeds_replies: bool = True
    on_unknown: Literal["hold", "retry"] = "hold"

    def __attrs_post_init__(self) -> None:
        if self.first > self.longest:
            raise InvalidValue("RetryPolicy.first", self.first, "is longer than the longest wait", "give longest= too")
        if self.factor > 1000:
            raise InvalidValue("RetryPolicy.factor", self.factor, "is more than 1000", "write 2 to double each wait")
        if self.on_unknown not in ("hold", "retry"):
            raise InvalidValue("RetryPolicy.on_unknown", self.on_unknown, "is neither 'hold' nor 'retry'")

    def is_over(self, tries: int, since: datetime, due: datetime) -> bool:
        """Whether a job that could go since an instant, and has been tried so often, gets no other try at `due`."""
        has_no_try_left = self.most_tries is not None and tries >= self.most_tries
        return has_no_try_left or due - since > self.give_up_after


@attrs.frozen(kw_only=True)
class RetryPolicies:
    """How patiently to try letters of each class.

    Attributes:
        bulk: For letters that nobody asked for by an act of their own: what may have arrived is held.
        transactional: For the others: they are tried again sooner, and also if they may have arrived.

    >>> policies = RetryPolicies(bulk=RetryPolicy(most_tries=3))
    >>> policies.bulk.on_unknown, policies.transactional.on_unknown
    ('hold', 'retry')
    """

    bulk: RetryPolicy = RetryPolicy()
    transactional: RetryPolicy = RetryPolicy(first=timedelta(minutes=1), longest=timedelta(hours=1), on_unknown="retry")

    @classmethod
    def of(cls, given: RetryPolicy | RetryPolicies) -> RetryPolicies:
        """The policies of each class; one policy alone is for all."""
        return cls(bulk=given, transactional=given) if isinstance(given, RetryPolicy) else given

    def policy(self, job: Job) -> RetryPolicy:
        """The policy for a job."""
        return self.transactional if job.is_transactional else self.bulk

    def retries_unknown(self, job: Job) -> bool:
        """Whether a job that may have arrived is tried again."""
        return self.policy(job).on_unknown == "retry"


def next_try(
    policy: RetryPolicy, tries: int, now: datetime, verdict: Verdict | None, rng: Random, *, reply: str = ""
) -> datetime:
    """When to try again a job that has been tried `tries` times, the last time now.

    A verdict that says "slow down" doubles the wait. No wait is longer than the policy's longest,
    or shorter than its first less the jitter. A wait that the reply asks for is kept, with the jitter
    added; after a few tries in vain only if it is longer than the policy's.
    """
    steps = min(max(tries, 1) - 1, _MOST_DOUBLINGS)
    seconds = policy.first.total_seconds() * policy.factor**steps
    if verdict is not None and verdict.action is Action.SLOW:
        seconds *= 2
    wait = timedelta(seconds=min(seconds, policy.longest.total_seconds()))
    asked = asked_wait(reply) if policy.heeds_replies else None
    if asked is None or (tries > _TRIES_AS_ASKED and asked < wait):
        return now + wait * (1 - policy.jitter_share * rng.random())
    asked = min(max(asked, _SHORTEST_ASKED), policy.longest)
    return now + min(asked * (1 + policy.jitter_share * rng.random()), policy.longest)


def asked_wait(reply: str) -> timedelta | None:
    """How long a server asks to wait; None if it does not say.

    >>> str(asked_wait("451 4.7.1 Greylisted, please try again in 300 seconds"))
    '0:05:00'
    >>> asked_wait("451 4.7.1 Greylisted") is None
    True
    """
    found = _ASKED.search(reply)
    if found is None:
        return None
    hours, minutes, seconds, count, unit = found.groups()
    if unit:
        return timedelta(seconds=int(count) * _SECONDS[unit[0].lower()])
    return timedelta(hours=int(hours), minutes=int(minutes), seconds=int(seconds))
