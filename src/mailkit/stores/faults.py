"""The database's errors in our words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from sqlite3 import Error as SqliteError
from sys import modules
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from mailkit.errors import InvalidValue, StoreError

__all__ = ["translated"]

# A part of the database's sentence, and ours.
_MEANINGS: Final = (
    ("database is locked", "another process has been writing for too long; try again, or give a longer busy_timeout"),
    ("unable to open database file", "it cannot be opened; does its folder exist, and may you write there?"),
    ("file is not a database", "the file is not an SQLite database; give another path"),
    ("readonly database", "it may not be written to; look at the rights of the file and its folder"),
    ("disk is full", "the disk is full; nothing was written"),
)


@contextmanager
def translated(place: str) -> Iterator[None]:
    """Turn what the database or its driver raises into ours.

    Args:
        place: The database as messages name it, without a password.

    Raises:
        StoreError: The database could not do it.
        InvalidValue: A text holds characters that no database can keep.
    """
    try:
        yield
    except UnicodeError as error:
        reason = "holds half of a surrogate pair, which is no character"
        raise InvalidValue("text", getattr(error, "object", ""), reason, "mend it where it was read") from error
    except _errors() as error:
        said = str(getattr(error, "orig", None) or error).strip()
        meaning = next((ours for theirs, ours in _MEANINGS if theirs in said), said)
        raise StoreError(f"{place}: {meaning}") from error


def _errors() -> tuple[type[Exception], ...]:
    """What SQLAlchemy raises, and what the drivers do where they are spoken to directly."""
    psycopg = modules.get("psycopg")
    return (SQLAlchemyError, SqliteError, psycopg.Error) if psycopg else (SQLAlchemyError, SqliteError)
