"""Aliases whose target a name server does not tell of: where they lead, and what comes of it.

A server that recurses follows aliases itself. One that is asked for its own zone only, says where the
alias leads, and that is all: what is there is a question of its own (RFC 1034, 3.6.2).
"""

from __future__ import annotations

from typing import Final

import attrs

from mailkit.dns.lookup import Answer, Malformed, NoData, NoSuchDomain, Outcome, ServerFailure, TimedOut

__all__ = ["CIRCLE", "MOST_ALIASES", "Onward", "behind", "circle"]

MOST_ALIASES: Final = 16
"""Aliases that are followed, as dnspython follows them within one reply."""

CIRCLE: Final = "its aliases lead in a circle"


@attrs.frozen(kw_only=True)
class Onward:
    """A reply that tells only of aliases.

    Attributes:
        aliases: The names that they lead to, in order, as text.
        target: The last of them as a question wants it.
        ttl: For how many seconds they may be kept.
        is_authenticated: As in `Answer`.
    """

    aliases: tuple[str, ...]
    target: str
    ttl: int
    is_authenticated: bool | None = None


def circle(seen: tuple[str, ...], reply: Onward) -> Malformed | None:
    """What is wrong about following on: the target was there before, or there are too many.

    Args:
        seen: The names before this reply, that of the question first.
        reply: The reply.

    >>> circle(("a.example",), Onward(aliases=("b.example", "a.example"), target="a.example", ttl=60))
    Malformed(reason='its aliases lead in a circle')
    """
    if reply.target in (*seen, *reply.aliases[:-1]) or len(seen) + len(reply.aliases) > MOST_ALIASES:
        return Malformed(CIRCLE)
    return None


def behind(reply: Onward, outcome: Outcome) -> Outcome:
    """The outcome of a question whose aliases led to a name with an outcome of its own.

    >>> reply = Onward(aliases=("b.example",), target="b.example", ttl=60)
    >>> behind(reply, Answer(["one"], 5)).aliases, behind(reply, ServerFailure("REFUSED"))
    (('b.example',), ServerFailure(reason='its alias leads to b.example, which was not answered: REFUSED'))
    """
    if outcome == Malformed(CIRCLE):
        return outcome
    why = f"its alias leads to {reply.aliases[-1]}, which was not answered"
    if isinstance(outcome, ServerFailure | Malformed):
        return attrs.evolve(outcome, reason=outcome.reason if why in outcome.reason else f"{why}: {outcome.reason}")
    if isinstance(outcome, TimedOut):
        return ServerFailure(f"{why} in time")
    ttl = None if outcome.ttl is None else min(outcome.ttl, reply.ttl)
    aliases = (*reply.aliases, *outcome.aliases)
    if isinstance(outcome, Answer):
        both = (reply.is_authenticated, outcome.is_authenticated)
        return attrs.evolve(outcome, ttl=ttl, aliases=aliases, is_authenticated=None if None in both else all(both))
    return (NoData if isinstance(outcome, NoData) else NoSuchDomain)(aliases, ttl=ttl)
