"""A database that is open."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from mailkit.errors import StoreError
from mailkit.stores.eventlog import EventLog
from mailkit.stores.faults import translated
from mailkit.stores.messagelog import MessageLog
from mailkit.stores.meter import SqlMeter
from mailkit.stores.news import News
from mailkit.stores.outbox import SqlOutbox
from mailkit.stores.states import States
from mailkit.stores.upgrade import bring_up_to_date
from mailkit.stores.writer import Writer

__all__ = ["Store", "open_store"]

_WRITES: Final = "mailkit_writes"
"""The option of connections that take SQLite's right to write when they begin."""
_OLDEST_SQLITE: Final = (3, 35)
"""The first with RETURNING."""

_PAGES_IN_LOG: Final = 10_000
"""When SQLite moves the write-ahead log into the file, about 40 MB: commits change the same pages again and again, and
each is moved once."""


class Store:
    """An open database: `stores.open` gives one. It is a context manager that closes itself.

    Attributes:
        outbox: The jobs; an `Outbox` for `mailkit.send.Sender`.
        events: The event log.
        messages: The message log.
        meter: Limits that all processes on this database keep together; a `Meter` for `mailkit.send.Sender`.
        states: Texts by name that all of them share, such as how far a warm-up has come.

    >>> from tempfile import TemporaryDirectory
    >>> from datetime import UTC, datetime
    >>> from mailkit import Event, stores
    >>> with TemporaryDirectory() as folder:
    ...     with stores.open(Path(folder, "shop.db")) as store:
    ...         print(store.messages.find("1@example.com"))
    ...     store.events.append([Event(kind="opened", person="17", at=datetime(2026, 3, 1, tzinfo=UTC))])
    Traceback (most recent call last):
    mailkit.errors.StoreError: ...shop.db: the store is closed; open it again
    """

    def __init__(self, engine: Engine, place: str) -> None:
        self._engine, self._place = engine, place
        self._writer = Writer(engine.execution_options(**{_WRITES: True}), place)
        self.outbox: SqlOutbox = SqlOutbox(engine, self._writer, place)
        self.events: EventLog = EventLog(engine, self._writer, place)
        self.messages: MessageLog = MessageLog(engine, place)
        self.meter: SqlMeter = SqlMeter(self._writer)
        self.states: States = States(engine, self._writer, place)

    def news(self, *, kinds: Iterable[str] = (), from_start: bool = False) -> News:
        """What asks for the events that others write from now on, and waits for the disk once.

        Args:
            kinds: The kinds of events; all if empty.
            from_start: Whether to begin with all events that there are.
        """
        return News(self._engine, self._place, kinds=kinds, from_start=from_start)

    def close(self) -> None:
        """Finish what is being written, and let go of the database. Closing twice is no error."""
        self._writer.close()
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Store {self._place}>"


def open_store(place: str | Path, *, busy_timeout: timedelta) -> Store:
    """What `stores.open` does, once its libraries are known to be there."""
    url = _url(place)
    name = url.database or "" if url.drivername.startswith("sqlite") else url.render_as_string(hide_password=True)
    try:
        engine = _sqlite(url, busy_timeout) if url.drivername.startswith("sqlite") else _postgresql(url)
    except ModuleNotFoundError as error:
        mend = 'pip install "psycopg[binary]"' if error.name == "psycopg" else "install it"
        raise StoreError(f"{name}: its driver {error.name!r} is not installed; {mend}") from error
    except NoSuchModuleError as error:
        raise StoreError(f"{name}: there is no driver {url.get_driver_name()!r}; write 'psycopg'") from error
    try:
        with translated(name):
            bring_up_to_date(engine, engine.execution_options(**{_WRITES: True}))
    except BaseException:
        engine.dispose()
        raise
    return Store(engine, name)


def _url(place: str | Path) -> URL:
    if isinstance(place, Path) or "://" not in place:
        url = URL.create("sqlite", database=str(place))
    else:
        try:
            url = make_url(place)
            name = url.get_backend_name()
        except (ArgumentError, NoSuchModuleError) as error:
            raise StoreError(
                "the database's URL cannot be read; write 'postgresql+psycopg://user@host/name'"
            ) from error
        if name not in ("sqlite", "postgresql"):
            mend = "; write postgresql:// instead" if name == "postgres" else ""
            raise StoreError(f"the stores work on SQLite and PostgreSQL, not on {name!r}{mend}")
    if url.drivername.startswith("sqlite") and url.database in (None, "", ":memory:"):
        reason = "a database in memory is gone with its connection"
        raise StoreError(f"{reason}; give a file, or use send.MemoryOutbox")
    return url


def _postgresql(url: URL) -> Engine:
    return create_engine(url, pool_pre_ping=True)  # workers run for weeks, and databases are restarted


def _sqlite(url: URL, busy_timeout: timedelta) -> Engine:
    engine = create_engine(url)
    version = engine.dialect.dbapi.sqlite_version_info if engine.dialect.dbapi else ()
    if version < _OLDEST_SQLITE:
        raise StoreError(f"SQLite {'.'.join(map(str, version))} is too old; use 3.35 or newer")
    milliseconds = max(0, busy_timeout // timedelta(milliseconds=1))

    def prepare(connection: Any, record: object) -> None:
        connection.isolation_level = None  # we begin transactions ourselves, below
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {milliseconds}")
        if cursor.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
            cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = FULL")  # a commit that has returned survives a power cut
        cursor.execute(f"PRAGMA wal_autocheckpoint = {_PAGES_IN_LOG}")
        cursor.close()

    def begin(connection: Connection) -> None:
        # A transaction that reads first and writes later would fail if another wrote in between.
        if connection.connection.driver_connection.in_transaction:  # type: ignore[union-attr]
            return  # the writer has begun it
        writes = connection.get_execution_options().get(_WRITES)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    event.listen(engine, "connect", prepare)
    event.listen(engine, "begin", begin)
    return engine
