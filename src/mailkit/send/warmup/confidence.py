"""What a share of so many letters proves: exact one-sided bounds (Clopper and Pearson, 1934).

How to think about it. Of 20 letters none bounced: that says no more than that fewer than 14 % bounce.
So a share is never compared with a limit, but what is possible of it. `is_below` asks whether so few
would be rare if the limit were reached, `is_above` whether so many would be.

Clopper and Pearson's bounds are the binomial distribution turned round: they err by no more than is
said, whatever the share. Wilson's are shorter to write, and wrong just where warming up happens, at a
few bounces: one bounce among 22 letters would "prove" more than 1 %, although every fifth such day has
one when exactly 1 % bounce.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from math import exp, inf, lgamma, log, log1p
from typing import Final

__all__ = ["highest", "is_above", "is_below", "lowest"]

_TINY: Final = 1e-300
_PRECISE: Final = 1e-12


def is_below(count: int, total: int, limit: float, *, confidence: float) -> bool:
    """Whether so few of so many prove that the true share is below the limit.

    >>> is_below(0, 20, 0.01, confidence=0.95), is_below(0, 300, 0.01, confidence=0.95)
    (False, True)
    """
    if total <= 0 or count >= limit * total:
        return False
    doubt = 1 - confidence
    # Chernoff's bound is never below the tail, so on large days it answers without summing up
    return _chernoff(count, total, limit) < doubt or at_most(count, total, limit) < doubt


def is_above(count: int, total: int, limit: float, *, confidence: float) -> bool:
    """Whether so many of so many prove that the true share is above the limit.

    >>> is_above(1, 22, 0.01, confidence=0.95), is_above(3, 22, 0.01, confidence=0.95)
    (False, True)
    """
    if total <= 0 or count <= limit * total:
        return False
    doubt = 1 - confidence
    return _chernoff(count, total, limit) < doubt or 1 - at_most(count - 1, total, limit) < doubt


@lru_cache(maxsize=4096)
def highest(count: int, total: int, *, confidence: float) -> float:
    """The largest share that is still possible; 1 if there were no letters.

    >>> f"{highest(3, 180, confidence=0.95):.1%}"
    '4.3%'
    """
    return 1.0 if count >= total else _root(lambda share: at_most(count, total, share) > 1 - confidence)


@lru_cache(maxsize=4096)
def lowest(count: int, total: int, *, confidence: float) -> float:
    """The smallest share that is still possible; 0 if there were no letters.

    >>> f"{lowest(3, 22, confidence=0.95):.1%}"
    '3.8%'
    """
    return 0.0 if count <= 0 else _root(lambda share: at_most(count - 1, total, share) >= confidence)


def at_most(count: int, total: int, share: float) -> float:
    """How likely no more than `count` of `total` letters are, if each is one with this chance (0 < share < 1)."""
    if count >= total:
        return 1.0
    if count == 0:
        return exp(total * log1p(-share))
    return _beta_share(total - count, count + 1, 1 - share)


def _root(is_possible: Callable[[float], bool]) -> float:
    """The share up to which the answer is yes, by halving."""
    low, high = 0.0, 1.0
    while high - low > 1e-9:
        middle = (low + high) / 2
        low, high = (middle, high) if is_possible(middle) else (low, middle)
    return (low + high) / 2


def _chernoff(count: int, total: int, limit: float) -> float:
    """A bound on the tail beyond `count`: exp(-n D), with D the divergence of the share from the limit."""
    if limit <= 0 or limit >= 1:
        return inf
    share = count / total
    divergence = 0.0
    if share > 0:
        divergence += share * log(share / limit)
    if share < 1:
        divergence += (1 - share) * log((1 - share) / (1 - limit))
    return exp(-total * divergence)


def _beta_share(a: float, b: float, x: float) -> float:
    """The regularised incomplete beta function, by its continued fraction (NIST's library of functions, 8.17.22)."""
    if x <= 0 or x >= 1:
        return 0.0 if x <= 0 else 1.0
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x))
    if x < (a + 1) / (a + b + 2):
        return front * _fraction(a, b, x) / a
    return 1 - front * _fraction(b, a, 1 - x) / b


def _fraction(a: float, b: float, x: float) -> float:
    """The continued fraction of the incomplete beta function, term by term from the front (Lentz, 1976)."""
    front, back = 1.0, 1 / _away_from_zero(1 - (a + b) * x / (a + 1))
    value, change, term = back, inf, 0
    while abs(change - 1) > _PRECISE:  # about as many turns as the root of the larger count
        term += 1
        even = term * (b - term) * x / ((a + 2 * term - 1) * (a + 2 * term))
        odd = -(a + term) * (a + b + term) * x / ((a + 2 * term) * (a + 2 * term + 1))
        for part in (even, odd):
            back = 1 / _away_from_zero(1 + part * back)
            front = _away_from_zero(1 + part / front)
            change = front * back
            value *= change
    return value


def _away_from_zero(number: float) -> float:
    return number if abs(number) > _TINY else _TINY
