"""The tables.

Instants are whole microseconds since 1970 in UTC, sums of money are text, and what only Python
reads is JSON: so every value comes back exactly, and every engine compares instants in one way.

A job stands in two tables. What changes with every step is a narrow row of `jobs`; the letter
itself, which may be large, is written once to `letters` and never rewritten.

What tells a lane from another never changes, so a job only holds its lane's number, and processes may
remember lanes. Events are kept under their `Event.identity`, with the instant before those that are
digests (`rows.event_identity`): facts that are written together then lie together in that index.

A change here needs a step in `migrations/versions` that does the same, and a new `HEAD`.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TextClause,
    UniqueConstraint,
    text,
)

__all__ = [
    "HEAD",
    "HELD",
    "VERSION_TABLE",
    "WAITING",
    "events",
    "jobs",
    "lanes",
    "letters",
    "messages",
    "metadata",
    "meter",
    "pauses",
    "states",
]

HEAD: Final = "0002"
"""The version of the schema that this mailkit works with."""
VERSION_TABLE: Final = "mailkit_version"
"""Where the version stands; not Alembic's own name, which an application in the same database may use."""

# In the conditions of partial indexes, and word for word in the queries that are to use them:
# SQLite takes a partial index only for a condition that it can see to be the same.
WAITING: Final[TextClause] = text("state IN ('queued', 'deferred')")
HELD: Final[TextClause] = text("state IN ('leased', 'data_sent')")

metadata: Final = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
    }
)
_NUMBER: Final = BigInteger().with_variant(Integer(), "sqlite")  # SQLite numbers rows by INTEGER only

jobs: Final = Table(
    "mailkit_jobs",
    metadata,
    Column("id", _NUMBER, primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    Column("state", Text, nullable=False),
    Column("lane", _NUMBER, nullable=False, server_default="0"),
    Column("due", BigInteger, nullable=False),
    Column("until", BigInteger),
    Column("epoch", Integer, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("queued_at", BigInteger, nullable=False),
    sqlite_autoincrement=True,  # a number is never given to a second job, not even after deletions
)
Index(
    "ix_mailkit_jobs_waiting",
    jobs.c.lane,
    jobs.c.due,
    jobs.c.id,
    sqlite_where=WAITING,
    postgresql_where=WAITING,
)
Index("ix_mailkit_jobs_held", jobs.c.until, sqlite_where=HELD, postgresql_where=HELD)

lanes: Final = Table(
    "mailkit_lanes",
    metadata,
    Column("id", _NUMBER, primary_key=True),
    Column("campaign", Text, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("is_transactional", Boolean, nullable=False),
    Column("account", Text, nullable=False),
    Column("identity", Text, nullable=False),
    Column("provider", Text, nullable=False),
    UniqueConstraint("campaign", "priority", "is_transactional", "account", "identity", "provider"),
    sqlite_autoincrement=True,
)

letters: Final = Table(
    "mailkit_letters",
    metadata,
    Column("job_id", _NUMBER, ForeignKey(jobs.c.id), primary_key=True, autoincrement=False),
    Column("person", Text, nullable=False),
    Column("envelope", Text, nullable=False),
    Column("message_id", Text, nullable=False),
    Column("date", BigInteger, nullable=False),
    Column("campaign", Text, nullable=False),
    Column("step", Text, nullable=False),
    Column("raw", LargeBinary, nullable=False),
    Column("template", Text, nullable=False),
    Column("record", Text),
    Column("topic", Text, nullable=False),
    Column("brand", Text, nullable=False),
    Column("is_transactional", Boolean, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("not_before", BigInteger),
    Column("expires_at", BigInteger),
)

events: Final = Table(
    "mailkit_events",
    metadata,
    Column("id", _NUMBER, primary_key=True),
    Column("identity", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("message_id", Text, nullable=False),
    Column("recipient", Text),
    Column("campaign", Text, nullable=False),
    Column("step", Text, nullable=False),
    Column("properties", Text, nullable=False),
    Column("value", Text),
    Column("currency", Text, nullable=False),
    Column("key", Text, nullable=False),
    sqlite_autoincrement=True,
)
Index("ix_mailkit_events_at", events.c.at, events.c.id)
Index("ix_mailkit_events_person", events.c.person, events.c.at, events.c.id)
Index("ix_mailkit_events_message", events.c.message_id, events.c.at, events.c.id)
Index("ix_mailkit_events_campaign", events.c.campaign, events.c.at, events.c.id)

messages: Final = Table(
    "mailkit_messages",
    metadata,
    Column("job_id", _NUMBER, primary_key=True, autoincrement=False),  # no foreign key: it outlives the job
    Column("message_id", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("campaign", Text, nullable=False),
    Column("step", Text, nullable=False),
    Column("recipient", Text, nullable=False),
    Column("queued_at", BigInteger, nullable=False),
)
Index("ix_mailkit_messages_message", messages.c.message_id, messages.c.job_id)

pauses: Final = Table(
    "mailkit_pauses",
    metadata,
    Column(
        "scope", Text, primary_key=True
    ),  # "everything", "campaign", or "cancelling" while a campaign is called back
    Column("campaign", Text, primary_key=True),
)

meter: Final = Table(
    "mailkit_meter",
    metadata,
    Column("key", Text, primary_key=True),
    Column("state", BigInteger),  # null until the first slot is reserved
)

states: Final = Table(
    "mailkit_states",
    metadata,
    Column("name", Text, primary_key=True),
    Column("content", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
)
