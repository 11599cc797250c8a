"""What marks and settlements do to jobs: the rules of the lease, without a database.

Many calls share one transaction. Their jobs' standings are read once, the calls are applied in
the order in which they came, and what has changed is written once.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import attrs

from mailkit.event import Event
from mailkit.send.jobs import JobState
from mailkit.send.outbox import Lease, Settlement, counts_for

__all__ = ["Mark", "Settle", "Standing", "apply", "facts_of", "is_stopped"]


@attrs.define(kw_only=True)
class Standing:
    """How far a job has come.

    Attributes:
        number: The job's number.
        epoch: Its newest lease.
        state: Its state.
        due: When it is or was due.
        until: When its lease ends; None while nobody holds one.
        tries: How often it has been tried.
        is_changed: Whether it must be written.
    """

    number: int
    epoch: int
    state: JobState
    due: datetime
    until: datetime | None
    tries: int
    is_changed: bool = False


@attrs.frozen(kw_only=True)
class Mark:
    """A call of `mark_data_sent`."""

    leases: tuple[Lease, ...]
    now: datetime

    @property
    def numbers(self) -> tuple[int, ...]:
        """The jobs it is about."""
        return tuple(lease.number for lease in self.leases)


@attrs.frozen(kw_only=True)
class Settle:
    """A call of `settle`."""

    settlements: tuple[Settlement, ...]

    @property
    def numbers(self) -> tuple[int, ...]:
        """The jobs it is about."""
        return tuple(settlement.lease.number for settlement in self.settlements)


def apply(
    calls: Sequence[Mark | Settle], standings: Mapping[int, Standing], *, paused: Collection[str | None] = ()
) -> tuple[list[frozenset[int]], list[Event]]:
    """Apply calls in their order; change the standings that they may change.

    Args:
        calls: The calls.
        standings: The standings of all jobs that they are about, by number; jobs that are not there are left out.
        paused: The campaigns that are paused, and None if everything is.

    Returns:
        For each call the jobs for which it counted, and all facts to write down.
    """
    answers = []
    events: list[Event] = []
    for call in calls:
        if isinstance(call, Mark):
            free = (lease for lease in call.leases if not is_stopped(lease, paused))
            held = [lease.number for lease in free if _mark(standings.get(lease.number), lease, call.now)]
        else:
            held = [
                settlement.lease.number
                for settlement in call.settlements
                if _settle(standings.get(settlement.lease.number), settlement, events)
            ]
        answers.append(frozenset(held))
    return answers, events


def is_stopped(lease: Lease, paused: Collection[str | None]) -> bool:
    """Whether a job must not be sent because its campaign, or everything, is paused."""
    return None in paused or lease.job.campaign in paused


def facts_of(settlement: Settlement) -> list[Event]:
    """What is to be written down with a settlement, in its order."""
    return [fact for fact in (settlement.before, settlement.event) if fact is not None]


def _mark(standing: Standing | None, lease: Lease, now: datetime) -> bool:
    if standing is None or standing.epoch != lease.epoch or standing.state is not JobState.LEASED:
        return False
    if standing.until is None or standing.until <= now:
        return False
    standing.state, standing.is_changed = JobState.DATA_SENT, True
    return True


def _settle(standing: Standing | None, settlement: Settlement, events: list[Event]) -> bool:
    if standing is None or standing.epoch != settlement.lease.epoch:
        return False
    if not counts_for(settlement, standing.state):
        return False
    standing.state, standing.until, standing.is_changed = settlement.state, None, True
    standing.due = settlement.due or standing.due
    standing.tries += settlement.state is not JobState.QUEUED
    events += facts_of(settlement)
    return True
