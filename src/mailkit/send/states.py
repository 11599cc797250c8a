"""What a sender has learnt, kept where several processes share it and where it outlives them. I/O.

How to think about it. Two texts are kept: how far warm-up has come, and what providers' answers led
to. Each is read, changed and written by compare-and-set, so that nobody's news are lost to another's. What is
in force reaches the other processes within seconds; a process that is killed loses the seconds since it wrote
last, and the warm-up places it held (of each identity and provider at most a forty-eighth of the day's).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Protocol, runtime_checkable

from mailkit.send.limits.shaper import Shaper
from mailkit.send.outbox import Lane
from mailkit.send.warming import Warming

__all__ = ["Kept", "States"]

_EVERY: Final = timedelta(seconds=5)
_MOST_TRIES: Final = 20
_WARMUP: Final = "send.warmup"
_LIMITS: Final = "send.limits"


@runtime_checkable
class States(Protocol):
    """Where texts are kept by name, each with a version from 1 up; `store.states` of `mailkit.stores` is one.

    >>> class Shelf:
    ...     def __init__(self):
    ...         self.kept = {}
    ...     async def load(self, name):
    ...         return self.kept.get(name)
    ...     async def save(self, name, text, *, version=0):
    ...         if self.kept.get(name, ("", 0))[1] != version:
    ...             return False
    ...         self.kept[name] = text, version + 1
    ...         return True
    >>> isinstance(Shelf(), States)
    True
    """

    async def load(self, name: str) -> tuple[str, int] | None:
        """The text and its version; None if there is none."""
        ...

    async def save(self, name: str, text: str, *, version: int = 0) -> bool:
        """Save a text if its version is still this one, 0 for none yet; say whether it was saved."""
        ...


class Kept:
    """Keeps what a run learns.

    Args:
        states: Where; nowhere if None.
        shaper: What has learnt from answers, if that can be kept.
        warming: What warms up, if anything does.
    """

    def __init__(self, states: States | None, shaper: Shaper | None, warming: Warming | None) -> None:
        self._states, self._shaper, self._warming = states, shaper, warming
        self._wrote_at: datetime | None = None
        self._seen = 0
        self._own_text = ""
        if states is not None and warming is not None:
            self._own_text = warming.warmup.to_text()  # where nothing is kept yet, this is the beginning
            warming.warmup.is_shared = True

    async def look(self, lanes: Sequence[Lane], now: datetime) -> None:
        """Fetch the places that letters of these lanes want, and every few seconds what others learnt."""
        if self._warming is not None:
            self._warming.ask_for_places(lanes, now)
        if self._states is None:
            return
        is_time = self._wrote_at is None or not timedelta(0) <= now - self._wrote_at < _EVERY
        if self._warming is not None and (is_time or self._warming.warmup.wants_places):
            await self._exchange(self._states, self._warming, now)
        if is_time:
            self._wrote_at = now
            if self._shaper is not None:
                await self._share(self._states, self._shaper, now, is_last=False)

    async def save(self, now: datetime) -> None:
        """Write down what there is, as the run ends."""
        if self._states is None:
            return
        if self._warming is not None:
            await self._exchange(self._states, self._warming, now)
        if self._shaper is not None:
            await self._share(self._states, self._shaper, now, is_last=True)

    async def _exchange(self, states: States, warming: Warming, now: datetime) -> None:
        for _ in range(_MOST_TRIES):
            text, version = await states.load(_WARMUP) or (self._own_text, 0)
            new = warming.warmup.exchange(text, now=now)
            if new == text or await states.save(_WARMUP, new, version=version):
                warming.warmup.exchanged()
                return

    async def _share(self, states: States, shaper: Shaper, now: datetime, *, is_last: bool) -> None:
        """Take in what others learnt, and write down what they do not know: windows only at the end of a run."""
        for _ in range(_MOST_TRIES):
            text, version = await states.load(_LIMITS) or ("", 0)
            if version != self._seen:
                shaper.load(text)
                self._seen = version
            rows = json.loads(shaper.to_json())["ways"]
            known = json.loads(text)["ways"] if text else []
            if rows == known if is_last else _in_force(rows, now) == _in_force(known, now):
                return
            if await states.save(_LIMITS, json.dumps({"ways": rows}), version=version):
                self._seen = version + 1
                return


def _in_force(rows: list[dict[str, Any]], now: datetime) -> dict[tuple[str, str], dict[str, Any]]:
    """What is closed, slowed or narrowed, and until when, by identity and provider."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for row in rows:
        ends = {
            "closed_until": row["closed_until"],
            "switched_until": row["switched_until"],
            "slow": row["slow"] and row["slow"][-1],
            "narrow": row["narrow"] and row["narrow"][-1],
        }
        told = {name: row[name] for name, end in ends.items() if end and datetime.fromisoformat(end) > now}
        if told:
            found[row["identity"], row["provider"]] = told
    return found
