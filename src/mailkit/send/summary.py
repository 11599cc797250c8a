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
from mailkit.event import Event, Kind
from mailkit.send.jobs import Job, JobState
from mailkit.send.outbox import Settlement
from mailkit.send.returns.causes import Cause

__all__ = ["Summary", "Tally"]

_MOST_REASONS: Final = 5
"""How many reasons are told for each state; the others are added up."""
_LONGEST_REASON: Final = 200
"""Characters of a reason."""


def _frozen(counts: Mapping[Any, int]) -> Mapping[Any, int]:
    return MappingProxyType(dict(counts))


def _frozen_each(given: Mapping[Any, Mapping[Any, int]]) -> Mapping[Any, Mapping[Any, int]]:
    return MappingProxyType({name: _frozen(counts) for name, counts in given.items()})


def _frozen_texts(given: Mapping[str, str]) -> Mapping[str, str]:
    return MappingProxyType(dict(given))


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
        providers: How many jobs ended in each final state, by provider; jobs without one under "".
        paused: Which campaigns are paused, so that their jobs are left open; None among them is everything.
        stopped: Which campaigns were paused because a provider does not want them (`Measure.STOP`), and why.
        was_stopped: Whether the run ended early because it was told to.

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
    providers: Mapping[str, Mapping[JobState, int]] = attrs.field(factory=dict, converter=_frozen_each)
    paused: frozenset[str | None] = frozenset()
    stopped: Mapping[str, str] = attrs.field(factory=dict, converter=_frozen_texts)
    was_stopped: bool = False

    @property
    def total(self) -> int:
        """How many jobs ended in this run."""
        return sum(self.outcomes.values())

    @property
    def rate(self) -> float:
        """How many jobs ended in a second of the run; 0 if it took no time."""
        seconds = self.duration.total_seconds()
        return self.total / seconds if seconds else 0.0

    @property
    def is_complete(self) -> bool:
        """Whether no job of the outbox is left open."""
        return self.open_jobs == 0

    def __getitem__(self, state: JobState) -> int:
        """How many jobs ended in this state; 0 if none."""
        return self.outcomes.get(state, 0)

    def __str__(self) -> str:
        counts = ", ".join(f"{self[state]} {state}" for state in JobState if self[state])
        rest = f"; {self._rest()}" if self._rest() else ""
        duration = timedelta(seconds=round(self.duration.total_seconds()))
        lines = [f"{self.total} jobs done in {duration}{': ' if counts else ''}{counts}{rest}; {self.tries} tries"]
        lines += [f"  {what} {_times(count)}: {reason}" for what, reason, count in self._why()]
        lines += [f"  {told}" for told in self._stops()]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        states = "".join(
            f"<tr><td>{state}</td><td style='text-align:right'>{self[state]}</td></tr>"
            for state in JobState
            if self[state]
        )
        why = "".join(f"<li>{what} {_times(count)}: {escape(reason)}</li>" for what, reason, count in self._why())
        why += "".join(f"<li>{escape(told)}</li>" for told in self._stops())
        rest = f"<p>{escape(self._rest())}</p>" if self._rest() else ""
        return (
            f"<table><thead><tr><th>Ended as</th><th>Jobs</th></tr></thead><tbody>{states}</tbody>"
            f"<tfoot><tr><th>Total</th><th style='text-align:right'>{self.total}</th></tr></tfoot></table>{rest}"
            + (f"<ul>{why}</ul>" if why else "")
        )

    def _rest(self) -> str:
        """What is left to be done, and why; empty if nothing is."""
        told = [f"{self.open_jobs} still open"] if self.open_jobs else []
        if self.open_jobs and self.paused:
            names = ", ".join(sorted(repr(name) for name in self.paused if name is not None))
            told.append("paused: everything" if None in self.paused else f"paused: {names}")
        if self.was_stopped:
            told.append("stopped")
        return "; ".join(told)

    def _stops(self) -> list[str]:
        return [f"the campaign {name!r} was paused: {why}" for name, why in sorted(self.stopped.items())]

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
    _providers: dict[str, Counter[JobState]] = attrs.field(init=False, factory=dict)
    _ended: int = attrs.field(init=False, default=0)
    _stopped: dict[str, str] = attrs.field(init=False, factory=dict)
    _unknown: dict[tuple[str, str], str] = attrs.field(init=False, factory=dict)  # why, by Message-ID and recipient

    def settled(self, settlement: Settlement) -> None:
        """Count what came of a try; a job that was recovered as unknown in this run is counted anew."""
        job, state = settlement.lease.job, settlement.state
        if self._unknown:
            self._recount(job)
        if state is JobState.ACCEPTED:  # the commonest, on the shortest way
            self._end(state, "", job.provider)
        elif state.is_final:
            self._end(state, _reason(settlement.event), job.provider)
        else:
            self._deferrals[_reason(settlement.event)] += 1

    def recovered(self, event: Event) -> None:
        """Count a job whose lease ran out when its answer was not yet seen, or that it is tried again."""
        if event.kind != Kind.UNKNOWN:
            self._recount_as(event.message_id, event.recipient.key if event.recipient else "")
            self._deferrals[_reason(event)] += 1
            return
        recipient = event.recipient.key if event.recipient else ""
        self._unknown[event.message_id, recipient] = _reason(event)
        self._end(JobState.UNKNOWN, _reason(event), "")

    def stopped(self, campaign: str, reason: str) -> None:
        """Take in that a campaign is paused, and why."""
        self._stopped[campaign] = reason

    def _recount(self, job: Job) -> None:
        self._recount_as(job.message_id, job.envelope.recipient.address.key)

    def _recount_as(self, message_id: str, recipient: str) -> None:
        reason = self._unknown.pop((message_id, recipient), None)
        if reason is not None:
            self._ended -= 1
            self._outcomes[JobState.UNKNOWN] -= 1
            self._reasons[JobState.UNKNOWN][reason] -= 1
            self._providers[""][JobState.UNKNOWN] -= 1

    def _end(self, state: JobState, reason: str, provider: str) -> None:
        self._outcomes[state] += 1
        self._ended += 1
        if state is not JobState.ACCEPTED:
            self._reasons.setdefault(state, Counter())[reason] += 1
        counts = self._providers.get(provider)
        if counts is None:
            counts = self._providers[provider] = Counter()
        counts[state] += 1
        self.done(self._ended)

    def summary(
        self, now: datetime, *, open_jobs: int, paused: frozenset[str | None] = frozenset(), was_stopped: bool = False
    ) -> Summary:
        """The summary of a run that ends now."""
        return Summary(
            outcomes=+self._outcomes,  # without what came down to zero
            open_jobs=open_jobs,
            tries=self.tries,
            deferrals=self._deferrals,
            duration=now - self.started_at,
            reasons={state: +counts for state, counts in self._reasons.items()},
            providers={provider: +counts for provider, counts in self._providers.items() if +counts},
            paused=paused,
            stopped=self._stopped,
            was_stopped=was_stopped,
        )


def _reason(event: Event | None) -> str:
    properties = event.properties if event else {}
    cause, reason = properties.get("cause"), properties.get("reason")
    told = reason or cause if cause == Cause.NETWORKERROR else cause or reason  # what broke says more than that it did
    return str(told or "no reason was given")[:_LONGEST_REASON]
