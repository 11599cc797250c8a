"""What is paused, and calling back a campaign.

Whoever lets a final dot go, or leases, looks at what is paused in the very transaction that commits it.
On SQLite that is enough, since transactions that write follow each other. On PostgreSQL one that
began before might commit after a pause; so those that look share a lock, and those that pause or
call back take it alone: once `pause` has come back, none that did not see it is under way.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import attrs
from sqlalchemy import Connection

from mailkit.event import Event, Kind
from mailkit.stores import sql, trusted
from mailkit.stores.driver import Change, Driver
from mailkit.stores.rows import event_row
from mailkit.stores.schema import HELD, WAITING

__all__ = ["Calling", "begin_calling", "call_back", "end_calling", "look", "pause", "paused", "resume"]

_LOCK: Final = 0x6D61696C6B6975
_ADD: Final = "INSERT INTO mailkit_pauses (scope, campaign) VALUES (?, ?) ON CONFLICT DO NOTHING"
_CANCELLING: Final = "cancelling"
_CALLED_BACK: Final = 1_000
"""Jobs that are called back in one transaction: others who write wait no longer than for these."""
_LEASED: Final = f"""
SELECT id FROM mailkit_jobs WHERE {HELD.text} AND until > -1 AND state = 'leased' AND lane = ? AND id <= ? LIMIT ?
"""
_WAITING: Final = f"SELECT id FROM mailkit_jobs WHERE lane = ? AND {WAITING.text} AND id <= ? LIMIT ?"
_CANCEL: Final = Change(
    "UPDATE mailkit_jobs SET state = 'cancelled', until = NULL WHERE id = ?",
    "UPDATE mailkit_jobs SET state = 'cancelled', until = NULL WHERE id = ANY(?)",
)
_WHOSE: Final = (
    "SELECT message_id, person, campaign, step, recipient FROM mailkit_messages"
    " WHERE job_id IN ({marks}) ORDER BY job_id"
)


def look(driver: Driver) -> frozenset[str | None]:
    """What is paused, in a transaction that acts on it; it must be asked before anything else is locked."""
    if driver.is_postgresql:
        driver.rows("SELECT pg_advisory_xact_lock_shared(?)", (_LOCK,))
    return paused(driver)


def paused(driver: Driver) -> frozenset[str | None]:
    """The names of paused campaigns, and None if everything is. What is being called back is paused, too."""
    found = driver.rows("SELECT scope, campaign FROM mailkit_pauses")
    return frozenset(None if scope == "everything" else campaign for scope, campaign in found)


def pause(connection: Connection, campaign: str | None) -> None:
    """Write down that a campaign, or everything, is paused."""
    driver = _alone(connection)
    driver.do(_ADD, ("everything", "") if campaign is None else ("campaign", campaign))


def resume(connection: Connection, campaign: str | None) -> None:
    """Undo that; also what a calling back left that was broken off."""
    driver = _alone(connection)
    if campaign is None:
        driver.do("DELETE FROM mailkit_pauses WHERE scope = 'everything'")
    else:
        driver.do("DELETE FROM mailkit_pauses WHERE scope <> 'everything' AND campaign = ?", (campaign,))


@attrs.frozen
class Calling:
    """What is to be called back.

    Attributes:
        campaign: The campaign.
        lanes: Its lanes.
        last: The newest job; what is added later is not meant.
    """

    campaign: str
    lanes: Sequence[int]
    last: int


def begin_calling(connection: Connection, campaign: str) -> Calling:
    """Pause the campaign while it is called back, so that nothing more of it is sent from now on."""
    driver = _alone(connection)
    lanes = [row[0] for row in driver.rows("SELECT id FROM mailkit_lanes WHERE campaign = ?", (campaign,))]
    ((last,),) = driver.rows("SELECT max(id) FROM mailkit_jobs")
    if lanes:
        driver.do(_ADD, (_CANCELLING, campaign))
    return Calling(campaign, lanes, last or 0)


def call_back(connection: Connection, calling: Calling, now: datetime) -> int:
    """Call back some jobs, each with its event; give how many, 0 once there are none left."""
    driver = _alone(connection)
    numbers: list[int] = []
    for statement in (_LEASED, _WAITING):
        for lane in calling.lanes:
            if len(numbers) < _CALLED_BACK:
                found = driver.rows(statement, (lane, calling.last, _CALLED_BACK - len(numbers)))
                numbers += [row[0] for row in found]
    if numbers:
        driver.each(_CANCEL, [(number,) for number in sorted(numbers)])
        rows = driver.rows(_WHOSE.format(marks=sql.marks(numbers)), numbers)
        driver.each(sql.ADD_EVENT, [event_row(_cancelled(*row, now=now)) for row in rows])
    return len(numbers)


def end_calling(connection: Connection, calling: Calling) -> None:
    """Let the campaign's later jobs go."""
    driver = _alone(connection)
    driver.do("DELETE FROM mailkit_pauses WHERE scope = ? AND campaign = ?", (_CANCELLING, calling.campaign))


def _alone(connection: Connection) -> Driver:
    """A transaction beside which nobody looks at pauses."""
    driver = Driver(connection)
    if driver.is_postgresql:
        driver.rows("SELECT pg_advisory_xact_lock(?)", (_LOCK,))
    return driver


def _cancelled(message_id: str, person: str, campaign: str, step: str, recipient: str, *, now: datetime) -> Event:
    return Event(
        kind=Kind.CANCELLED,
        person=person,
        at=now,
        message_id=message_id,
        recipient=trusted.address(recipient),
        campaign=campaign,
        step=step,
        properties={"reason": "its campaign was cancelled"},
    )
