"""What other processes have written to the event log since one last asked.

How to think about it. Events get rising numbers, and whoever asks remembers how far it has read.
On SQLite that is all, since one transaction that writes follows the other. On PostgreSQL a
transaction takes its numbers early and may commit late: 8 can be seen while 7 is still under way, and
7 would be passed over for ever. So two marks are kept. All up to the *floor* has been seen, and nothing
below it can come any more. What was read above it is remembered by number, and read again each time.
The floor rises to a number that was the highest at some earlier look, once every transaction that was
under way at that look has ended (`txid_snapshot_xmin`): whoever took a number up to it took it before,
in a transaction that had begun to write by then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Engine

from mailkit.event import Event
from mailkit.stores import sql
from mailkit.stores.driver import Driver
from mailkit.stores.faults import translated
from mailkit.stores.rows import EVENT_COLUMNS, event_of

__all__ = ["News"]

_PAGE: Final = 2_000
_OVERLAP: Final = 10_000
"""Numbers below the last at the start for which it is remembered whether they were there."""
_HIGHEST: Final = "SELECT coalesce(max(id), 0) FROM mailkit_events"
_UNDER_WAY: Final = (
    "SELECT txid_snapshot_xmin(now.at), txid_snapshot_xmax(now.at) FROM (SELECT txid_current_snapshot() AS at) AS now"
)
_NUMBERS: Final = "SELECT id FROM mailkit_events WHERE id > ?"


class News:
    """The events that were written since the last time one asked; `Store.news` gives one.

    For one asker at a time. Its own events come, too.

    Args:
        reading: The engine to read with.
        place: The database as messages name it.
        kinds: The kinds of events; all if empty.
        from_start: Whether to begin with all events that there are, and not with the next.

    >>> from datetime import UTC, datetime
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from mailkit import stores
    >>> complaint = Event(kind="complained", person="17", at=datetime(2026, 3, 2, tzinfo=UTC))
    >>> with TemporaryDirectory() as folder, stores.open(Path(folder, "shop.db")) as store:
    ...     news = store.news(kinds=["complained", "unsubscribed"])
    ...     _ = store.events.append([complaint])
    ...     print([event.person for event in asyncio.run(news.since_last())], asyncio.run(news.since_last()))
    ['17'] []
    """

    def __init__(self, reading: Engine, place: str, *, kinds: Iterable[str] = (), from_start: bool = False) -> None:
        self._reading, self._place = reading, place
        self._kinds = [kinds] if isinstance(kinds, str) else [str(kind) for kind in kinds]
        self._floor = 0
        self._seen: set[int] = set()
        self._looked: tuple[int, int] | None = None  # the highest number at an earlier look, and who began after it
        if not from_start:
            with translated(self._place), self._reading.connect() as connection:
                self._start_at_end(Driver(connection))

    async def since_last(self) -> Sequence[Event]:
        """The events written since the last call, in the order of writing, as far as there is one.

        Raises:
            StoreError: The database cannot be read; ask again.
        """
        return await asyncio.to_thread(self._ask)

    def _start_at_end(self, driver: Driver) -> None:
        ((last,),) = driver.rows(_HIGHEST)
        self._floor = last
        if driver.is_postgresql:
            self._floor = max(0, last - _OVERLAP)
            self._seen = {row[0] for row in driver.rows(_NUMBERS, (self._floor,))}

    def _ask(self) -> list[Event]:
        with translated(self._place), self._reading.connect() as connection:
            return self._read(connection)

    def _read(self, connection: Connection) -> list[Event]:
        driver = Driver(connection)
        ((highest,),) = driver.rows(_HIGHEST)  # before the events, so that it is never ahead of them
        (oldest, newest) = driver.rows(_UNDER_WAY)[0] if driver.is_postgresql else (0, 0)
        found: list[tuple[int, Event]] = []
        after = self._floor
        while page := self._page(driver, after):
            found += [(row[0], event_of(row[1:])) for row in page if row[0] not in self._seen]
            after = page[-1][0]
        self._remember(driver.is_postgresql, [number for number, _ in found], highest, oldest, newest)
        return [event for _, event in found]

    def _page(self, driver: Driver, after: int) -> Sequence[tuple[Any, ...]]:
        kinds = f"AND kind IN ({sql.marks(self._kinds)})" if self._kinds else ""
        statement = (
            f"SELECT id, {', '.join(EVENT_COLUMNS)} FROM mailkit_events WHERE id > ? {kinds} ORDER BY id LIMIT ?"
        )
        return driver.rows(statement, (after, *self._kinds, _PAGE))

    def _remember(self, has_gaps: bool, numbers: Sequence[int], highest: int, oldest: int, newest: int) -> None:
        if not has_gaps:
            self._floor = max([self._floor, highest, *numbers[-1:]])
            return
        self._seen.update(numbers)
        if self._looked is not None and oldest >= self._looked[1]:
            self._floor, self._looked = self._looked[0], None
            self._seen = {number for number in self._seen if number > self._floor}
        if self._looked is None:
            self._looked = (max(highest, self._floor), newest)
