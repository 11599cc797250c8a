"""Stores: the outbox, the event log, the message log and shared limits in a database.

SQLite by default, one file that several processes share (write-ahead log); PostgreSQL when one
machine is outgrown. The schema is versioned, and `open` brings an older one up to date.
Needs the extra "stores" (SQLAlchemy and Alembic).

>>> import asyncio
>>> from datetime import UTC, datetime
>>> from pathlib import Path
>>> from tempfile import TemporaryDirectory
>>> from mailkit import Envelope, stores
>>> from mailkit.send import Job
>>> now = datetime(2026, 3, 1, tzinfo=UTC)
>>> job = Job(person="17", envelope=Envelope(sender="shop@example.com", recipient="anna@example.org"),
...           message_id="1@example.com", date=now, campaign="spring", raw=b"Subject: Hello")
>>> with TemporaryDirectory() as folder, stores.open(Path(folder, "shop.db")) as store:
...     print("new:", asyncio.run(store.outbox.add([job, job], now=now)))
...     print("events:", [event.kind for event in store.events.read(person="17")])
...     print("whose:", store.messages.find("<1@example.com>").person)
new: 1
events: ['queued']
whose: 17

A job's state, its event and its line of the message log are written in one transaction, so
none of them can be there without the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mailkit.extras import load

if TYPE_CHECKING:
    import mailkit.segment.sql as segment_sql
    from mailkit.stores.eventlog import EventLog
    from mailkit.stores.messagelog import MessageEntry, MessageLog
    from mailkit.stores.meter import SqlMeter
    from mailkit.stores.news import News
    from mailkit.stores.outbox import SqlOutbox
    from mailkit.stores.states import States
    from mailkit.stores.store import Store

__all__ = [
    "EventLog",
    "MessageEntry",
    "MessageLog",
    "News",
    "SqlMeter",
    "SqlOutbox",
    "States",
    "Store",
    "event_columns",
    "open",
]

_HOMES: Final = {
    "EventLog": "eventlog",
    "MessageEntry": "messagelog",
    "MessageLog": "messagelog",
    "News": "news",
    "SqlMeter": "meter",
    "SqlOutbox": "outbox",
    "States": "states",
    "Store": "store",
}


def open(  # noqa: A001 - read as `stores.open`, as the built-in is of files
    place: str | Path, *, busy_timeout: timedelta = timedelta(seconds=30)
) -> Store:
    """Open a database, making it or bringing its schema up to date if need be.

    Args:
        place: The path of an SQLite file, or a URL of SQLAlchemy's such as
            `postgresql+psycopg://user@host/name`.
        busy_timeout: How long to wait for another process that is writing; SQLite only.

    Raises:
        MissingExtra: SQLAlchemy or Alembic is not installed.
        StoreError: The database cannot be opened, is not ours, or was made by a newer mailkit.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder, open(Path(folder, "shop.db")) as store:
    ...     list(store.events.read())
    []
    >>> open("mysql://shop.example/mail")
    Traceback (most recent call last):
    mailkit.errors.StoreError: the stores work on SQLite and PostgreSQL, not on 'mysql'
    """
    return _home("store").open_store(place, busy_timeout=busy_timeout)  # type: ignore[no-any-return]


def event_columns(
    *,
    properties: Mapping[str, Any] | None = None,
    places: int = 2,
    **people: Any,
) -> segment_sql.Columns:
    """How the table of events looks to a segment that is run in the database; its name is `mailkit_events`.

    Args:
        properties: Of which sort the properties of events are that segments ask for: "text",
            "integer" or "truth", by their names.
        places: How many decimal places the events' `value` has at most.
        people: How the application's own table of people looks: `person`, `person_sort` and
            `fields` of `mailkit.segment.sql.Columns`.

    Raises:
        SegmentError: There is no such sort, or a property cannot be asked for.

    >>> from datetime import UTC, datetime
    >>> from mailkit.segment import days, event as ev
    >>> clicked = ev.clicked.did(last=days(30))
    >>> now = datetime(2026, 3, 1, tzinfo=UTC)
    >>> asked = clicked.to_sql("sqlite", columns=event_columns(), events="mailkit_events", now=now)
    >>> asked.parameters
    {'p1': 1769731200000001, 'p2': 'clicked', 'p3': 1772323200000000}
    """
    from mailkit.segment.sql import Column, Columns

    texts = ("message_id", "recipient", "campaign", "step", "currency")
    known = {name: Column(name, "text") for name in texts}
    known["value"] = Column("value", "decimal", places=places, stored="text")
    known |= {name: Column("properties", sort, key=name) for name, sort in (properties or {}).items()}
    return Columns(event_person_sort="text", order="id", properties=known, **people)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'mailkit.stores' has no attribute {name!r}")
    value = getattr(_home(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def _home(module: str) -> Any:
    """A module that needs SQLAlchemy; says which extra brings it if it is not there."""
    for library in ("sqlalchemy", "alembic"):
        load(library, extra="stores", purpose="the SQL stores")
    return import_module(f"mailkit.stores.{module}")
