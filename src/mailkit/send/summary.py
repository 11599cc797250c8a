"""What a run did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from html import escape
from types import MappingProxyType
from typing import Any, Final

import attrs

from mailkit.checks import at_least
from mailkit.event import Event
from mailkit.send.jobs import JobState
from mailkit.send.outbox import Settlement
from mailkit.send.returns.causes import Cause

__all__ = ["Summary", "Tally"]

_MOST_REASONS: Final = 5
"""How many reasons are told for each state; the others are added up."""
_LONGEST_REASON: Final = 200
"""Characters of a reason."""


def _frozen(counts: Mapping[Any, int]) -> Mapping[Any, int]:
    return MappingProxyType(dict(counts))


def _frozen_each(reasons: Mapping[JobState, Mapping[str, int]]) -> Mapping[JobState, Mapping[str, int]]:
    return MappingProxyType({state: _frozen(counts) for state, counts in reasons.items()})


@attrs.frozen(kw_only=True)
class Summary:
    """What a run did, job by job: each job that ended in it is counted in exactly one state.

    Attributes:
        outcomes: How many jobs ended in each final state, in this run.
        open_jobs: How many jobs of the outbox have not ended yet.
        tries: How many deliveries were tried.
        deferrals: Why jobs were put off, and how often.
        duration: How long the run took, on the sender's clock.
        reasons: Why jobs ended otherwise than accepted, and how many for each reason, by state.

    >>> summary = Summary(outcomes={JobState.ACCEPTED: 98, JobState.BOUNCED: 2}, open_jobs=0, tries=103,
    ...                   deferrals={"greylisted": 3}, duration=timedelta(seconds=7),
    ...                   reasons={JobState.BOUNCED: {"userunknown": 2}})
    >>> print(summary)
    100 jobs done in 0:00:07: 98 accepted, 2 bounced; 103 tries
      bounced 2 times: userunknown
      put off 3 times: greylisted
    >>> summary.is_complete
    True
    """

    outcomes: Mapping[JobState, int] = attrs.field(converter=_frozen)
    open_jobs: int = attrs.field(validator=at_least(0))
    tries: int = attrs.field(validator=at_least(0))
    deferrals: Mapping[str, int] = attrs.field(converter=_frozen)
    duration: timedelta
    reasons: Mapping[JobState, Mapping[str, int]] = attrs.field(factory=dict, converter=_frozen_each)

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
        lines += [f"  {what} {_times(count)}: {reason}" for what, reason, count in self._why()]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        states = "".join(
            f"<tr><td>{state}</td><td style='text-align:right'>{self[state]}</td></tr>"
            for state in JobState
            if self[state]
        )
        why = "".join(f"<li>{what} {_times(count)}: {escape(reason)}</li>" for what, reason, count in self._why())
        rest = f"<p>{self.open_jobs} still open</p>" if self.open_jobs else ""
        return (
            f"<table><thead><tr><th>Ended as</th><th>Jobs</th></tr></thead><tbody>{states}</tbody>"
            f"<tfoot><tr><th>Total</th><th style='text-align:right'>{self.total}</th></tr></tfoot></table>{rest}"
            + (f"<ul>{why}</ul>" if why else "")
        )

    def _why(self) -> list[tuple[str, str, int]]:
        """What happened for which reason how often; of each, the commonest reasons first."""
        told = [(state.value, self.reasons[state]) for state in JobState if state in self.reasons]
        rows = []
        for what, counts in [*told, ("put off", self.deferrals)]:
            ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
            rows += [(what, reason, count) for reason, count in ranked[:_MOST_REASONS]]
            rest = ranked[_MOST_REASONS:]
            if rest:
                rows.append((what, f"for {len(rest)} other reasons", sum(count for _, count in rest)))
        return rows


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
    _reasons: dict[JobState, Counter[str]] = attrs.field(init=False, factory=dict)
    _unknown: dict[tuple[str, str], str] = attrs.field(init=False, factory=dict)  # why, by Message-ID and recipient

    def settled(self, settlement: Settlement) -> None:
        """Count what came of a try; a job that was recovered as unknown in this run is counted anew."""
        job, event = settlement.lease.job, settlement.event
        was_unknown = self._unknown.pop((job.message_id, job.envelope.recipient.address.key), None)
        if was_unknown is not None:
            self._outcomes[JobState.UNKNOWN] -= 1
            self._reasons[JobState.UNKNOWN][was_unknown] -= 1
        if settlement.state.is_final:
            self._end(settlement.state, _reason(event))
        else:
            self._deferrals[_reason(event)] += 1

    def recovered(self, event: Event) -> None:
        """Count a job whose lease ran out when its answer was not yet seen."""
        recipient = event.recipient.key if event.recipient else ""
        self._unknown[event.message_id, recipient] = _reason(event)
        self._end(JobState.UNKNOWN, _reason(event))

    def _end(self, state: JobState, reason: str) -> None:
        self._outcomes[state] += 1
        if state is not JobState.ACCEPTED:
            self._reasons.setdefault(state, Counter())[reason] += 1
        self.done(self._outcomes.total())

    def summary(self, now: datetime, *, open_jobs: int) -> Summary:
        """The summary of a run that ends now."""
        return Summary(
            outcomes=+self._outcomes,  # without what came down to zero
            open_jobs=open_jobs,
            tries=self.tries,
            deferrals=self._deferrals,
            duration=now - self.started_at,
            reasons={state: +counts for state, counts in self._reasons.items()},
        )


def _reason(event: Event | None) -> str:
    properties = event.properties if event else {}
    cause, reason = properties.get("cause"), properties.get("reason")
    told = reason or cause if cause == Cause.NETWORKERROR else cause or reason  # what broke says more than that it did
    return str(told or "no reason was given")[:_LONGEST_REASON]
