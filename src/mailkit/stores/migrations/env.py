"""What Alembic runs for each upgrade: the steps, on the connection that `open` gives it."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection

from mailkit.stores.schema import VERSION_TABLE, metadata


def run(connection: Connection) -> None:
    """Run the steps in the transaction that the connection is in."""
    context.configure(connection=connection, target_metadata=metadata, version_table=VERSION_TABLE)
    with context.begin_transaction():
        context.run_migrations()


if hasattr(context, "config"):  # there only while Alembic runs this file; importing it does nothing
    run(context.config.attributes["connection"])
