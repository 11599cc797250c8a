"""Warming up a sending identity: how many letters a day, who gets them, and when there may be more.

>>> from datetime import UTC, date, datetime
>>> from mailkit.send import warmup
>>> plan = warmup.Plan(start=500, growth_share=0.3, target=100_000)
>>> plan.day_of(100_000)
22
>>> day = warmup.Day(on=date(2026, 3, 2), sent=500, accepted=500)
>>> state, decision = warmup.decide(plan, warmup.State(), day)
>>> print(decision.reason)
grew: 0 of 500 were not delivered; no more than 0.6 % is likely, and less than 1 % is asked
>>> warmup.allowance(plan, state, datetime(2026, 3, 3, 9, tzinfo=UTC))
650

All of it is pure: rules take a plan, a state and an instant, and give the next state. `Warmup` keeps the
states of all identities and providers; `simulate` says beforehand when a plan will be through.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from mailkit.send.warmup.decisions import Decision, Move
    from mailkit.send.warmup.engaged import allot, may_write, order
    from mailkit.send.warmup.places import Grant, allowance, left, rate, take
    from mailkit.send.warmup.plans import SPARKPOST_REACH, Gates, Plan, Reach
    from mailkit.send.warmup.routes import Warmup
    from mailkit.send.warmup.rules import advance, decide, note
    from mailkit.send.warmup.schedules import SCHEDULES, Schedule
    from mailkit.send.warmup.simulation import Band, Simulation
    from mailkit.send.warmup.simulator import Audience, simulate
    from mailkit.send.warmup.states import Day, State

_HOMES: Final = {
    "SCHEDULES": "schedules",
    "SPARKPOST_REACH": "plans",
    "Audience": "simulator",
    "Band": "simulation",
    "Move": "decisions",
    "Day": "states",
    "Decision": "decisions",
    "Gates": "plans",
    "Grant": "places",
    "Plan": "plans",
    "Reach": "plans",
    "Schedule": "schedules",
    "Simulation": "simulation",
    "State": "states",
    "Warmup": "routes",
    "advance": "rules",
    "allot": "engaged",
    "allowance": "places",
    "decide": "rules",
    "left": "places",
    "may_write": "engaged",
    "note": "rules",
    "order": "engaged",
    "rate": "places",
    "simulate": "simulator",
    "take": "places",
}

__all__ = [
    "SCHEDULES",
    "SPARKPOST_REACH",
    "Audience",
    "Band",
    "Day",
    "Decision",
    "Gates",
    "Grant",
    "Move",
    "Plan",
    "Reach",
    "Schedule",
    "Simulation",
    "State",
    "Warmup",
    "advance",
    "allot",
    "allowance",
    "decide",
    "left",
    "may_write",
    "note",
    "order",
    "rate",
    "simulate",
    "take",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'mailkit.send.warmup' has no attribute {name!r}")
    value = getattr(import_module(f"mailkit.send.warmup.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
