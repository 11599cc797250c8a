"""Marks and settlements in the database: all that came together, in one transaction.

How to think about it. Nearly always every lease still holds. So the changes are tried at once, as
compare-and-sets on epoch and state, one statement for all of a kind; if as many rows were touched as
there were leases, all of them held. If not, everything is undone, and the jobs' standings are read
and judged one by one (`turn`), which is the truth in every case, and several times dearer.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import Connection

from mailkit.event import Event
from mailkit.send.jobs import JobState
from mailkit.stores import pauses, sql
from mailkit.stores.driver import Driver
from mailkit.stores.rows import event_row, instant, microseconds
from mailkit.stores.turn import Mark, Settle, Standing, apply, facts_of, is_stopped

__all__ = ["move"]

Paused = frozenset[str | None]


def move(connection: Connection, calls: Sequence[Mark | Settle]) -> list[frozenset[int]]:
    """Do what these calls ask, in their order; give the numbers for which each counted."""
    driver = Driver(connection)
    answers = _at_once(driver, calls, pauses.look(driver))
    if answers is None:
        driver.start_again()
        answers = _one_by_one(connection, driver, calls, pauses.look(driver))
    return answers


def _at_once(driver: Driver, calls: Sequence[Mark | Settle], stopped: Paused) -> list[frozenset[int]] | None:
    """The answers if every lease held; None if not, and then all of it is to be undone."""
    answers: list[frozenset[int]] = []
    facts: list[Event] = []
    for kind, some in groupby(calls, type):
        changes: list[tuple[Any, ...]] = []
        for call in some:
            rows = _marks(call, stopped) if isinstance(call, Mark) else _settlements(call, facts)
            answers.append(frozenset(row[-2] for row in rows))
            changes += rows
        changes.sort(key=_number)  # all workers lock in one order, so that none waits for another in a circle
        if driver.each(sql.MARK if kind is Mark else sql.SETTLE, changes) != len(changes):
            return None
    driver.each(sql.ADD_EVENT, [event_row(fact) for fact in facts])
    return answers


def _number(change: tuple[Any, ...]) -> int:
    number: int = change[-2]
    return number


def _marks(call: Mark, stopped: Paused) -> list[tuple[Any, ...]]:
    now = microseconds(call.now)
    return [(now, lease.number, lease.epoch) for lease in call.leases if not (stopped and is_stopped(lease, stopped))]


def _settlements(call: Settle, facts: list[Event]) -> list[tuple[Any, ...]]:
    rows = []
    for settlement in call.settlements:
        lease, state, due = settlement.lease, settlement.state, settlement.due
        is_try = 0 if state is JobState.QUEUED else 1
        rows.append((state.value, None if due is None else microseconds(due), is_try, lease.number, lease.epoch))
        facts += facts_of(settlement)
    return rows


def _one_by_one(
    connection: Connection, driver: Driver, calls: Sequence[Mark | Settle], stopped: Paused
) -> list[frozenset[int]]:
    numbers = sorted({number for call in calls for number in call.numbers})
    rows = (row for some in sql.chunks(numbers) for row in connection.execute(sql.STANDINGS, {"numbers": list(some)}))
    standings = {row.id: _standing(row) for row in rows}
    answers, facts = apply(calls, standings, paused=stopped)
    changed = [standing for standing in standings.values() if standing.is_changed]
    if changed:
        connection.execute(sql.MOVE, [_moved(standing) for standing in changed])
    driver.each(sql.ADD_EVENT, [event_row(fact) for fact in facts])
    return answers


def _standing(row: Any) -> Standing:
    return Standing(
        number=row.id,
        epoch=row.epoch,
        state=JobState(row.state),
        due=instant(row.due),
        until=None if row.until is None else instant(row.until),
        tries=row.tries,
    )


def _moved(standing: Standing) -> dict[str, Any]:
    return {
        "number": standing.number,
        "new_state": standing.state.value,
        "new_due": microseconds(standing.due),
        "new_until": None if standing.until is None else microseconds(standing.until),
        "new_tries": standing.tries,
    }
