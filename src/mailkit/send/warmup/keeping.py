"""The states of many identities at many providers: kept as one text, and told what happened."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Final

from mailkit.errors import InvalidValue
from mailkit.send.warmup.decisions import Decision
from mailkit.send.warmup.plans import Plan
from mailkit.send.warmup.rules import advance, note
from mailkit.send.warmup.states import Day, State

__all__ = ["Pair", "parse", "with_news", "write"]

Pair = tuple[str, str]
"""An identity and a provider."""

_VERSION: Final = 1


def with_news(
    plan: Plan, state: State, news: Mapping[date, Mapping[str, int]], now: datetime
) -> tuple[State, list[Decision]]:
    """The state with what happened; yesterday's news are counted before yesterday is judged."""
    told: list[Decision] = []
    for on in sorted(news):
        at = min(now, datetime.combine(on, time.max, UTC))
        state, decisions = advance(plan, state, at)
        told += decisions
        state = note(plan, state, Day(on=on, **news[on]), at)
    state, decisions = advance(plan, state, now)
    return state, [*told, *decisions]


def write(states: Mapping[Pair, State]) -> str:
    """The states as one text (JSON)."""
    rows = [{"identity": one, "provider": two, **state.to_json()} for (one, two), state in sorted(states.items())]
    return json.dumps({"version": _VERSION, "states": rows}, ensure_ascii=False)


def parse(text: str) -> dict[Pair, State]:
    """The states that `write` wrote.

    Raises:
        InvalidValue: The text is not what `write` gives.
    """
    try:
        stored = json.loads(text)
        if stored["version"] != _VERSION:
            raise InvalidValue(
                "warm-up", stored["version"], "is not a version that this mailkit knows", "use a newer one"
            )
        return {(str(row["identity"]), str(row["provider"])): State.from_json(row) for row in stored["states"]}
    except (KeyError, TypeError, json.JSONDecodeError) as error:
        raise InvalidValue("warm-up", text, "is not the text of a warm-up") from error
