"""States that outlive a process and are shared by several: of a warm-up, or of what was learnt about a provider."""

from __future__ import annotations

import asyncio
from typing import Final

from sqlalchemy import Connection, Engine

from mailkit.stores.driver import Driver
from mailkit.stores.faults import translated
from mailkit.stores.writer import Writer

__all__ = ["States"]

_LOAD: Final = "SELECT content, version FROM mailkit_states WHERE name = ?"
_ADD: Final = "INSERT INTO mailkit_states (name, content, version) VALUES (?, ?, 1) ON CONFLICT DO NOTHING"
_SAVE: Final = "UPDATE mailkit_states SET content = ?, version = version + 1 WHERE name = ? AND version = ?"


class States:
    """Texts by name, each with a version: whoever saves says which version it has seen, and none is lost unseen.

    `load_sync` and `save_sync` are the same for programs without an event loop. Comes with a store:
    `stores.open("shop.db").states`.

    Args:
        reading: The engine to read with.
        writer: What writes.
        place: The database as messages name it.

    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from mailkit import stores
    >>> with TemporaryDirectory() as folder, stores.open(Path(folder, "shop.db")) as store:
    ...     print(store.states.load_sync("warm-up"), store.states.save_sync("warm-up", "day 1"))
    ...     print(store.states.load_sync("warm-up"))
    ...     print([store.states.save_sync("warm-up", "day 2", version=1) for _ in range(2)])
    None True
    ('day 1', 1)
    [True, False]
    """

    def __init__(self, reading: Engine, writer: Writer, place: str) -> None:
        self._reading, self._writer, self._place = reading, writer, place

    async def load(self, name: str) -> tuple[str, int] | None:
        """The text and its version, from 1 up; None if there is none."""
        return await asyncio.to_thread(self.load_sync, name)

    async def save(self, name: str, text: str, *, version: int = 0) -> bool:
        """Save a text if its version is still this one; say whether it was saved.

        Args:
            name: Its name.
            text: The text.
            version: Which version it replaces; 0 if there must be none yet.

        Returns:
            False if somebody else has saved meanwhile: load it, and work on that.
        """
        return await self._writer.done(lambda connection: _save(connection, name, text, version))

    def load_sync(self, name: str) -> tuple[str, int] | None:
        """`load`, waiting for the disk."""
        with translated(self._place), self._reading.connect() as connection:
            rows = Driver(connection).rows(_LOAD, (name,))
        return (str(rows[0][0]), int(rows[0][1])) if rows else None

    def save_sync(self, name: str, text: str, *, version: int = 0) -> bool:
        """`save`, waiting for the disk."""
        return self._writer.do(lambda connection: _save(connection, name, text, version)).result()


def _save(connection: Connection, name: str, text: str, version: int) -> bool:
    driver = Driver(connection)
    changed = driver.do(_SAVE, (text, name, version)) if version else driver.do(_ADD, (name, text))
    return changed == 1
