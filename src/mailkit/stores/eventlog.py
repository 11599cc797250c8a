"""The event log: every fact once, read in the order in which things happened."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Engine, Row, select, tuple_

from mailkit.clock import utc
from mailkit.event import Event
from mailkit.stores import sql
from mailkit.stores.driver import Driver
from mailkit.stores.faults import translated
from mailkit.stores.rows import EVENT_COLUMNS, event_of, event_row, microseconds
from mailkit.stores.schema import events as table
from mailkit.stores.writer import Writer

__all__ = ["EventLog"]

_PAGE: Final = 2_000
"""Events in one query: few enough to keep memory flat, many enough to make the queries' cost small."""
_ADD: Final = f"INSERT INTO mailkit_events ({', '.join(EVENT_COLUMNS)}) VALUES"
_COLUMNS: Final = tuple(table.c[name] for name in EVENT_COLUMNS)


class EventLog:
    """Events in a database, each stored once by its `identity`.

    Comes with a store: `stores.open("shop.db").events`. Its methods wait for the disk; in a
    coroutine that must not, call them through `asyncio.to_thread`.

    Args:
        reading: The engine to read with.
        writer: What writes.
        place: The database as messages name it.

    >>> from datetime import UTC
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from mailkit import stores
    >>> opened = Event(kind="opened", person="17", at=datetime(2026, 3, 2, tzinfo=UTC))
    >>> bought = Event(kind="purchase", person="17", at=datetime(2026, 3, 1, tzinfo=UTC), value="9.50", currency="EUR")
    >>> with TemporaryDirectory() as folder, stores.open(Path(folder, "shop.db")) as store:
    ...     print(store.events.append([opened, bought, opened]), store.events.append([opened]))
    ...     print([event.kind for event in store.events.read(person="17")])
    ...     print([event.value for event in store.events.read(kinds=["purchase"])])
    2 0
    ['purchase', 'opened']
    [Decimal('9.50')]
    """

    def __init__(self, reading: Engine, writer: Writer, place: str) -> None:
        self._reading, self._writer, self._place = reading, writer, place

    def append(self, events: Iterable[Event]) -> int:
        """Write down the events that are not there yet, in one transaction; give how many these were."""
        rows = [event_row(event) for event in events]
        return self._writer.join(_append, rows).result() if rows else 0

    def read(
        self,
        *,
        person: str | None = None,
        campaign: str | None = None,
        message_id: str | None = None,
        kinds: Iterable[str] = (),
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Iterator[Event]:
        """The events that fit all that is given, by instant; those of one instant as they were written.

        It reads some at a time, so any number fits into memory, and nobody is kept from writing
        meanwhile; an event that is written meanwhile comes too if its instant is still ahead.

        Args:
            person: The application's id of the person; any if None.
            campaign: The campaign; any if None.
            message_id: The letter's Message-ID, without angle brackets; any if None.
            kinds: The kinds of events; all if empty.
            since: The first instant.
            until: The instant before which it ends.
        """
        exact = {"person": person, "campaign": campaign, "message_id": message_id}
        wanted: list[ColumnElement[bool]] = [
            table.c[name] == value for name, value in exact.items() if value is not None
        ]
        words = [kinds] if isinstance(kinds, str) else [str(kind) for kind in kinds]
        if words:
            wanted.append(table.c.kind.in_(words))
        if since is not None:
            wanted.append(table.c.at >= microseconds(utc(since, what="since")))
        if until is not None:
            wanted.append(table.c.at < microseconds(utc(until, what="until")))
        return self._pages(wanted)

    def _pages(self, wanted: Sequence[ColumnElement[bool]]) -> Iterator[Event]:
        statement = select(*_COLUMNS, table.c.id).where(*wanted).order_by(table.c.at, table.c.id).limit(_PAGE)
        page: Sequence[Row[Any]] = self._page(statement)
        while page:
            yield from (event_of(row[:-1]) for row in page)
            if len(page) < _PAGE:
                return
            after = tuple_(table.c.at, table.c.id) > tuple_(page[-1].at, page[-1].id)
            page = self._page(statement.where(after))

    def _page(self, statement: Any) -> Sequence[Row[Any]]:
        with translated(self._place), self._reading.connect() as connection:
            return connection.execute(statement).all()


def _append(connection: Connection, batches: Sequence[Sequence[tuple[Any, ...]]]) -> list[int]:
    driver = Driver(connection)
    if driver.is_postgresql:
        driver.rows("SELECT txid_current()")  # before any event gets its number, as `news` must know who is under way
    first: dict[str, tuple[Any, ...]] = {}
    for row in (row for rows in batches for row in rows):
        first.setdefault(row[0], row)
    new: set[str] = set()
    for some in sql.chunks(list(first.values())):
        places = ", ".join([f"({sql.marks(EVENT_COLUMNS)})"] * len(some))
        statement = f"{_ADD} {places} ON CONFLICT DO NOTHING RETURNING identity"
        new.update(row[0] for row in driver.rows(statement, [value for row in some for value in row]))
    answers = []
    for rows in batches:  # an event that two callers bring at once is new for the first
        brought = {row[0] for row in rows} & new
        new -= brought
        answers.append(len(brought))
    return answers
