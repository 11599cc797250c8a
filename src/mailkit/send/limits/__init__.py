"""How much may go, how fast, and to whom: rules that take values and the instant, and give values.

How to think about it. `Limits` says what is allowed, as the user writes it. `Shaper` turns it into
the tolls that a lane's letters pass, and into room on the way to a provider; it learns from the
answers. A meter gives slots for the tolls (`slots`, proved there), and `fairness` says whose turn it is.
`mailkit.send.Sender` does all of this when it is given `limits=`.

>>> from datetime import UTC, datetime, timedelta
>>> from mailkit.send import limits
>>> second, now = timedelta(seconds=1), datetime(2026, 3, 1, tzinfo=UTC)
>>> allowed = limits.Limits(
...     overall=limits.Rate(100, per=second, burst=10),
...     providers={"gmail": limits.Shape(rate=limits.Rate(20, per=second, burst=5), connections=10)},
... )
>>> limits.provider_of("gmail.com"), limits.Shaper(allowed).room("", "gmail", now)
('gmail', 5)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from mailkit.send.limits.concurrency import Feedback
    from mailkit.send.limits.limits import Limits, Shape
    from mailkit.send.limits.memory import MemoryMeter
    from mailkit.send.limits.providers import Providers, provider_of
    from mailkit.send.limits.quota import Quota
    from mailkit.send.limits.rate import Rate
    from mailkit.send.limits.shaper import Shaper
    from mailkit.send.limits.shaping import Measure, Rule, Taken, rules_from
    from mailkit.send.limits.turns import Turns

__all__ = [
    "Feedback",
    "Limits",
    "Measure",
    "MemoryMeter",
    "Providers",
    "Quota",
    "Rate",
    "Rule",
    "Shape",
    "Shaper",
    "Taken",
    "Turns",
    "provider_of",
    "rules_from",
]

_HOMES: Final = {
    "Feedback": "concurrency",
    "Limits": "limits",
    "Measure": "shaping",
    "MemoryMeter": "memory",
    "Providers": "providers",
    "Quota": "quota",
    "Rate": "rate",
    "Rule": "shaping",
    "Shape": "limits",
    "Shaper": "shaper",
    "Taken": "shaping",
    "Turns": "turns",
    "provider_of": "providers",
    "rules_from": "shaping",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'mailkit.send.limits' has no attribute {name!r}")
    value = getattr(import_module(f"mailkit.send.limits.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
