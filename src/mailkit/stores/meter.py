"""Limits that several processes keep together, through the database of their outbox."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

import attrs
from sqlalchemy import Connection

from mailkit.clock import utc
from mailkit.send.limits import slots
from mailkit.send.meter import Allotment, Reservation, Toll
from mailkit.stores import sql
from mailkit.stores.driver import Change, Driver
from mailkit.stores.writer import Writer

__all__ = ["SqlMeter"]

_ADD: Final = sql.insert("mailkit_meter", ["key"])
_KEEP: Final = Change(
    "UPDATE mailkit_meter SET state = ? WHERE key = ?",
    "UPDATE mailkit_meter AS meter SET state = given.state"
    f" FROM {sql.arrays('bigint', 'text')} AS given(state, key) WHERE meter.key = given.key",
)


@attrs.frozen
class _Ask:
    tolls: Sequence[Toll | Allotment]
    count: int
    now: datetime
    horizon: timedelta


class SqlMeter:
    """A `mailkit.send.Meter` in a database: one state a limit, changed in one transaction for all that a letter passes.

    `mailkit.send.limits.slots` has the arithmetic, and the proof that no window holds more than the rate and
    its burst, however many processes ask: the state is locked while slots are reckoned from it, so
    no slot is given twice, and a slot is a stretch of time and no coin. The processes' clocks must agree.
    Comes with a store: `stores.open("shop.db").meter`.

    Args:
        writer: What writes.

    >>> import asyncio
    >>> from datetime import UTC
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from mailkit import stores
    >>> from mailkit.send.limits.rate import Rate
    >>> second, now = timedelta(seconds=1), datetime(2026, 3, 1, tzinfo=UTC)
    >>> gmail = Toll(key="provider gmail", rate=Rate(10, per=second, burst=2))
    >>> with TemporaryDirectory() as folder, stores.open(Path(folder, "shop.db")) as store:
    ...     reservation = asyncio.run(store.meter.reserve([gmail], count=100, now=now, horizon=second))
    >>> len(reservation.slots), reservation.again_at > now
    (11, True)
    """

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    async def reserve(
        self, tolls: Sequence[Toll | Allotment], *, count: int, now: datetime, horizon: timedelta
    ) -> Reservation:
        """Reserve slots that pass all these limits.

        Args:
            tolls: The limits; without any, all slots begin now.
            count: How many slots are wanted.
            now: The present instant.
            horizon: How far ahead a slot may begin; what lies beyond is left to others.
        """
        return await self._writer.joined(_reserve, _Ask(tuple(tolls), count, utc(now), horizon))

    async def give_back(self, tolls: Sequence[Toll | Allotment], *, count: int) -> None:
        """Give back to the allotments among these what was reserved of them and not used, or used in vain."""
        allotments = [toll for toll in tolls if isinstance(toll, Allotment)]
        if allotments and count > 0:
            await self._writer.done(lambda connection: _give_back(connection, allotments, count))


def _reserve(connection: Connection, asks: Sequence[_Ask]) -> list[Reservation]:
    driver = Driver(connection)
    before = _states(driver, {toll.key for ask in asks for toll in ask.tolls})
    states, answers = dict(before), []
    for ask in asks:
        keys = [toll.key for toll in ask.tolls]
        known = [states[key] for key in keys]
        new, reservation = slots.reserve(ask.tolls, known, count=ask.count, now=ask.now, horizon=ask.horizon)
        states.update(zip(keys, new, strict=True))
        answers.append(reservation)
    _keep(driver, before, states)
    return answers


def _give_back(connection: Connection, allotments: Sequence[Allotment], count: int) -> None:
    driver = Driver(connection)
    before = _states(driver, {allotment.key for allotment in allotments})
    states = dict(before)
    for allotment in allotments:
        states[allotment.key] = slots.give_back(allotment, states[allotment.key], count)
    _keep(driver, before, states)


def _states(driver: Driver, wanted: set[str]) -> dict[str, int | None]:
    """The limits' states, locked until the transaction ends; None for those of which nothing was ever reserved."""
    keys = sorted(wanted)  # all lock in one order, so that none waits for another in a circle
    states: dict[str, int | None] = dict.fromkeys(keys)
    if driver.is_postgresql:
        driver.each(_ADD, [(key,) for key in keys])  # so that there is a row to lock
    lock = "ORDER BY key FOR UPDATE" if driver.is_postgresql else ""
    for some in sql.chunks(keys):
        states.update(
            driver.rows(f"SELECT key, state FROM mailkit_meter WHERE key IN ({sql.marks(some)}) {lock}", some)
        )
    return states


def _keep(driver: Driver, before: Mapping[str, int | None], states: Mapping[str, int | None]) -> None:
    changed = [(state, key) for key, state in states.items() if state != before[key]]
    if not driver.is_postgresql:
        driver.each(_ADD, [(key,) for _, key in changed if before[key] is None])
    driver.each(_KEEP, changed)
