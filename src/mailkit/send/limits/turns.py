"""How turns are shared, as the user says it; `fairness` deals them."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from mailkit.checks import share
from mailkit.errors import InvalidValue

__all__ = ["Turns"]


def _weights(given: Mapping[str, float]) -> Mapping[str, float]:
    for name, weight in given.items():
        if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 < weight < float("inf"):
            raise InvalidValue(f"Turns, weight of {name!r}", weight, "is not a number above 0")
    return dict(given)


@attrs.frozen(kw_only=True)
class Turns:
    """How turns are shared.

    Attributes:
        least_share: Which share of the turns, 0..1, bulk letters get at least while transactional ones wait; and,
            among either, those of lower priorities while higher ones wait. 0 lets them wait for ever.
        accounts: The weights of accounts; 1 where none is given. One of 3 gets three times the turns of one of 1.
        campaigns: The weights of campaigns within their account, likewise.

    >>> Turns().least_share
    0.1
    """

    least_share: float = attrs.field(default=0.1, validator=share)
    accounts: Mapping[str, float] = attrs.field(factory=dict, converter=_weights, hash=False)
    campaigns: Mapping[str, float] = attrs.field(factory=dict, converter=_weights, hash=False)
