"""What a run did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from html import escape
from types import MappingProxyType
from typing import Any

import attrs

from mailkit.checks import at_least
from mailkit.send.outbox import JobState, Settlement

__all__ = ["Summary", "Tally"]


def _frozen(counts: Mapping[Any, int]) -> Mapping[Any, int]:
    return MappingProxyType(dict(counts))


@attrs.frozen(kw_only=True)
class Summary:
    """What a run did, job by job: each job that ended in it is counted in exactly one state.

    Attributes:
        outcomes: How many jobs ended in each final state, in this run.
        open_jobs: How many jobs of the outbox have not ended yet.
        tries: How many deliveries were tried.
        deferrals: Why jobs were put off, and how often.
        duration: How long the run took, on the sender's clock.

    >>> summary = Summary(outcomes={JobState.ACCEPTED: 98, JobState.BOUNCED: 2}, open_jobs=0, tries=103,
    ...                   deferrals={"greylisted": 3}, duration=timedelta(seconds=7))
    >>> print(summary)
    100 jobs done in 0:00:07: 98 accepted, 2 bounced; 103 tries
      put off 3 times: greylisted
    >>> summary.is_complete
    True
    """

    outcomes: Mapping[JobState, int] = attrs.field(converter=_frozen)
    open_jobs: int = attrs.field(validator=at_least(0))
    tries: int = attrs.field(validator=at_least(0))
    deferrals: Mapping[str, int] = attrs.field(converter=_frozen)
    duration: timedelta

    @property
    def total(self) -> int:
        """How many jobs ended in this run."""
        return sum(self.outcomes.values())

    @property
    def is_complete(self) -> bool:
        """Whether no job of the outbox is left open."""
        return self.open_jobs == 0

    def __getitem__(self, state: JobState) -> int:
        """How many jobs ended in this state; 0 if none."""
        return self.outcomes.get(state, 0)

    def __str__(self) -> str:
        counts = ", ".join(f"{self[state]} {state}" for state in JobState if self[state])
        rest = f"; {self.open_jobs} still open" if self.open_jobs else ""
        duration = timedelta(seconds=round(self.duration.total_seconds()))
        lines = [f"{self.total} jobs done in {duration}{': ' if counts else ''}{counts}{rest}; {self.tries} tries"]
        lines += [f"  put off {_times(count)}: {reason}" for reason, count in self._put_off()]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        states = "".join(
            f"<tr><td>{state}</td><td style='text-align:right'>{self[state]}</td></tr>"
            for state in JobState
            if self[state]
        )
        put_off = "".join(f"<li>{escape(reason)}: {_times(count)}</li>" for reason, count in self._put_off())
        rest = f"<p>{self.open_jobs} still open</p>" if self.open_jobs else ""
        return (
            f"<table><thead><tr><th>Ended as</th><th>Jobs</th></tr></thead><tbody>{states}</tbody>"
            f"<tfoot><tr><th>Total</th><th style='text-align:right'>{self.total}</th></tr></tfoot></table>{rest}"
            + (f"<p>Put off:</p><ul>{put_off}</ul>" if put_off else "")
        )

    def _put_off(self) -> list[tuple[str, int]]:
        return sorted(self.deferrals.items(), key=lambda item: (-item[1], item[0]))


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


@attrs.define(kw_only=True)
class Tally:
    """A summary in the making.

    Attributes:
        started_at: When the run began.
        done: Told how many jobs have ended.
        tries: How many deliveries were tried.
    """

    started_at: datetime
    done: Callable[[int], None]
    tries: int = 0
    _outcomes: Counter[JobState] = attrs.field(init=False, factory=Counter)
    _deferrals: Counter[str] = attrs.field(init=False, factory=Counter)

    def settled(self, settlement: Settlement) -> None:
        """Count what came of a try."""
        if settlement.state.is_final:
            self.ended(settlement.state)
        else:
            properties = settlement.event.properties if settlement.event else {}
            self._deferrals[str(properties.get("cause") or properties.get("reason"))] += 1

    def ended(self, state: JobState) -> None:
        """Count a job that has ended."""
        self._outcomes[state] += 1
        self.done(self._outcomes.total())

    def summary(self, now: datetime, *, open_jobs: int) -> Summary:
        """The summary of a run that ends now."""
        return Summary(
            outcomes=self._outcomes,
            open_jobs=open_jobs,
            tries=self.tries,
            deferrals=self._deferrals,
            duration=now - self.started_at,
        )
