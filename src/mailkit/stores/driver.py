"""The driver's own connection under SQLAlchemy's, for what is done to every letter.

SQLAlchemy Core costs some ten microseconds a row, more than the database itself. So the statements
that run for each letter are plain text, and their rows are tuples. Everything else goes through
SQLAlchemy; both share one transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

import attrs
from sqlalchemy import Connection

__all__ = ["Change", "Driver"]

_BEGIN: Final = "BEGIN IMMEDIATE"
Row = tuple[Any, ...]


@lru_cache(maxsize=256)
def _for_postgresql(statement: str) -> str:
    return statement.replace("?", "%s")


@attrs.frozen
class Change:
    """One change that is made for many tuples of values.

    Attributes:
        one: For one tuple, with `?` for each value; SQLite runs it again for each, which costs it nothing.
        many: For PostgreSQL, with `?` for an array of each value: one statement, and one way there and
            back. Without it, `one` is run for each there, too: better for large values, as arrays are sent as text.
    """

    one: str
    many: str = ""


class Driver:
    """A transaction, spoken to directly. Statements have `?` in the places of values.

    Attributes:
        is_postgresql: Whether it is PostgreSQL, and not SQLite.
    """

    __slots__ = ("_connection", "_cursor", "is_postgresql")

    def __init__(self, connection: Connection) -> None:
        self._connection = connection.connection
        self._cursor = self._connection.cursor()
        self.is_postgresql: bool = connection.dialect.name == "postgresql"

    def rows(self, statement: str, values: Sequence[Any] = ()) -> list[Row]:
        """All rows of one query, or of one change that returns some."""
        self._cursor.execute(_for_postgresql(statement) if self.is_postgresql else statement, values)
        return self._cursor.fetchall()  # type: ignore[return-value]

    def do(self, statement: str, values: Sequence[Any] = ()) -> int:
        """Run one change; give how many rows it touched."""
        self._cursor.execute(_for_postgresql(statement) if self.is_postgresql else statement, values)
        return self._cursor.rowcount

    def each(self, change: Change, values: Sequence[Row]) -> int:
        """Make one change for each tuple of values; give how many rows were touched in all."""
        if not values:
            return 0
        if self.is_postgresql and change.many:
            return self.do(change.many, [list(column) for column in zip(*values, strict=True)])
        self._cursor.executemany(_for_postgresql(change.one) if self.is_postgresql else change.one, values)
        return self._cursor.rowcount

    def start_again(self) -> None:
        """Undo all that this transaction did, and begin it anew."""
        self._connection.rollback()
        if not self.is_postgresql:  # psycopg begins by itself
            self._cursor.execute(_BEGIN)
