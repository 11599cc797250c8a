"""The schema's version: made, brought up to date, or refused."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine, inspect, text

from mailkit.errors import StoreError
from mailkit.stores.schema import HEAD, VERSION_TABLE

__all__ = ["bring_up_to_date"]

_ONE_AT_A_TIME: Final = threading.Lock()  # Alembic keeps the running upgrade in module globals
_ADVISORY_LOCK: Final = 0x6D61696C6B6974  # "mailkit"; PostgreSQL's locks of this kind are named by a number


def bring_up_to_date(reading: Engine, writing: Engine) -> None:
    """Make the schema in an empty database, or take an older one to `HEAD`.

    The version is looked at first without a lock, so that opening a database that is up to date
    waits for nobody; the upgrade then happens under one, in one transaction.

    Raises:
        StoreError: The database was made by a newer mailkit.
    """
    with reading.connect() as connection:
        if _version(connection) == HEAD:
            return
    with _ONE_AT_A_TIME, writing.begin() as connection:
        if connection.dialect.name == "postgresql":  # on SQLite, BEGIN IMMEDIATE is the lock
            connection.execute(text("SELECT pg_advisory_xact_lock(:name)"), {"name": _ADVISORY_LOCK})
        if _version(connection) != HEAD:
            _upgrade(connection)


def _version(connection: Connection) -> str:
    """The schema's version; empty if there is none. Refuses one that is newer than ours."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return ""
    found = connection.scalar(text(f"SELECT max(version_num) FROM {VERSION_TABLE}")) or ""
    if found > HEAD:
        known = f"this mailkit knows {HEAD}; use the newer mailkit that made it"
        raise StoreError(f"the database has schema {found}, {known}")
    return str(found)


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    folder = str(Path(__file__).parent / "migrations")
    config.set_main_option("script_location", folder.replace("%", "%%"))  # "%" has a meaning there
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
