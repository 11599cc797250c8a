"""What is known of the way from one sending identity to one provider: what is under way, closed or slowed."""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta
from typing import Any, Final

from mailkit.send.limits.concurrency import Feedback, Window
from mailkit.send.limits.rate import Rate
from mailkit.send.limits.shaping import Measure, Rule, Taken

__all__ = ["Count", "Way"]

_AT_ONCE: Final = timedelta(minutes=1)
"""Answers that ask for one measure within this time speak of letters that were under way together."""


class Count:
    """How many conversations are under way in one place, and how many may be; every letter changes it."""

    __slots__ = ("most", "under_way")

    def __init__(self, most: int) -> None:
        self.most, self.under_way = most, 0


class Way:
    """The way from an identity to a provider; not frozen, as every answer changes it.

    Attributes:
        window: What the provider bears; None where the provider is not known, since then no two
            letters need go to the same place.
        own: How many conversations are under way on this way.
        shared: The counts that its letters are in together with those of other ways.
        closed_until: Until when nothing may be begun; None if the way is open.
        switched_until: Until when another identity is asked for.
        slow: The rate that the provider asked for, and until when.
        narrow: How many conversations it asked for, and until when.
    """

    __slots__ = (
        "_asked",
        "_hits",
        "closed_until",
        "identity",
        "narrow",
        "own",
        "provider",
        "shared",
        "slow",
        "switched_until",
        "window",
    )

    def __init__(
        self, identity: str, provider: str, own: Count, shared: tuple[Count, ...], feedback: Feedback | None
    ) -> None:
        self.identity, self.provider, self.own, self.shared = identity, provider, own, shared
        self.window = None if feedback is None else Window(feedback, own.most)
        self.closed_until: datetime | None = None
        self.switched_until: datetime | None = None
        self.slow: tuple[Rate, datetime] | None = None
        self.narrow: tuple[int, datetime] | None = None
        self._hits: dict[tuple[str, str], deque[datetime]] = {}
        self._asked: dict[str, datetime] = {}

    @property
    def size(self) -> int:
        """How many conversations the way bears, whatever the shapes allow."""
        return self.own.most if self.window is None else self.window.size

    def room(self, now: datetime) -> int:
        """How many conversations may be under way at once."""
        if self.closed_until is not None:
            if now < self.closed_until:
                return 0
            self.closed_until = None
        window = self.window
        most = self.own.most if window is None else window.size
        if self.narrow is not None:
            if now < self.narrow[1]:
                most = min(most, self.narrow[0])
            else:
                self.narrow = None
        for count in self.shared:
            left = count.most - count.under_way + self.own.under_way
            if left < most:
                most = left
        return most if most > 0 else 0

    def failed(self, now: datetime) -> None:
        """Take in a failure that speaks of the destination."""
        if self.window is None:
            return
        self.window.failed(now)
        if self.window.dead_until is not None:
            self.close(self.window.dead_until)
            self.window.dead_until = None

    def close(self, until: datetime) -> None:
        """Let nothing be begun until then, or until a later instant if that was said."""
        self.closed_until = until if self.closed_until is None else max(until, self.closed_until)

    def is_reached(self, rule: Rule, campaign: str, now: datetime) -> bool:
        """Whether there were as many such refusals as the rule takes, this one among them."""
        if rule.after == 1 or rule.within is None:
            return True
        hits = self._hits.setdefault((rule.id, campaign if rule.measure is Measure.STOP else ""), deque())
        hits.append(now)
        while now - hits[0] > rule.within:
            hits.popleft()
        if len(hits) < rule.after:
            return False
        hits.clear()
        return True

    def take(self, rule: Rule, now: datetime, reply: str) -> Taken | None:
        """Do what the rule asks; None if it was asked just now, so that only the time is made longer."""
        assert rule.lasts is not None, "a rule with a measure has a length"
        until, connections = now + rule.lasts, None
        before = self._asked.get(rule.id)
        is_new = rule.measure is Measure.STOP or before is None or not timedelta(0) <= now - before < _AT_ONCE
        if is_new:
            self._asked[rule.id] = now
        match rule.measure:
            case Measure.SUSPEND:
                self.close(until)
            case Measure.SWITCH:
                self.switched_until = until
                self.close(until)
            case Measure.SLOW if rule.rate is not None:
                self.slow = (rule.rate, until)
            case Measure.NARROW:
                present = self.size if self.narrow is None else min(self.size, self.narrow[0])
                connections = max(1, int(present * rule.share)) if is_new else present
                self.narrow = (connections, until)
        if not is_new:
            return None
        return Taken(
            measure=rule.measure,
            rule=rule.id,
            identity=self.identity,
            provider=self.provider,
            until=until,
            rate=rule.rate,
            connections=connections,
            reply=reply,
        )

    def is_plain(self, now: datetime) -> bool:
        """Whether nothing is under way and nothing is in force, so that the way may be forgotten."""
        instants = (self.closed_until, self.switched_until, *(pair[1] for pair in (self.slow, self.narrow) if pair))
        return self.own.under_way == 0 and all(instant is None or instant <= now for instant in instants)

    def state(self) -> dict[str, Any]:
        """All but what is under way, as what JSON has."""
        return {
            "identity": self.identity,
            "provider": self.provider,
            "window": None if self.window is None else self.window.size,
            "closed_until": _text(self.closed_until),
            "switched_until": _text(self.switched_until),
            "slow": self.slow
            and [self.slow[0].count, self.slow[0].per.total_seconds(), self.slow[0].burst, _text(self.slow[1])],
            "narrow": self.narrow and [self.narrow[0], _text(self.narrow[1])],
        }

    def load(self, state: dict[str, Any], *, is_new: bool) -> None:
        """Take in what `state` gave, here or elsewhere: whatever lasts longer stands."""
        if is_new and self.window is not None and state["window"] is not None:
            self.window.size = max(1, min(int(state["window"]), self.own.most))
        if state["closed_until"]:
            self.close(_instant(state["closed_until"]))
        if state["switched_until"]:
            until = _instant(state["switched_until"])
            self.switched_until = max(until, self.switched_until or until)
        if state["slow"]:
            count, seconds, burst, until = state["slow"]
            slow = (Rate(count, per=timedelta(seconds=seconds), burst=burst), _instant(until))
            self.slow = slow if self.slow is None or self.slow[1] < slow[1] else self.slow
        if state["narrow"]:
            narrow = (int(state["narrow"][0]), _instant(state["narrow"][1]))
            self.narrow = narrow if self.narrow is None or self.narrow[1] < narrow[1] else self.narrow


def _text(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat()


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
