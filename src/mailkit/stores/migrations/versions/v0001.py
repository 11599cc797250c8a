"""Jobs, letters, events and messages.

Steps repeat what the tables were at the time, and never import them: a later change of the
schema must not change what an old step does.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    _make_jobs()
    _make_letters()
    _make_events()
    _make_messages()


def _make_jobs() -> None:
    op.create_table(
        "mailkit_jobs",
        sa.Column("id", _NUMBER, primary_key=True),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("due", sa.BigInteger, nullable=False),
        sa.Column("until", sa.BigInteger),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("queued_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_mailkit_jobs"),
        sa.UniqueConstraint("key", name="uq_mailkit_jobs_key"),
        sqlite_autoincrement=True,
    )
    waiting = sa.text("state IN ('queued', 'deferred')")
    op.create_index(
        "ix_mailkit_jobs_waiting",
        "mailkit_jobs",
        ["priority", "due", "id"],
        sqlite_where=waiting,
        postgresql_where=waiting,
    )
    held = sa.text("state IN ('leased', 'data_sent')")
    op.create_index("ix_mailkit_jobs_held", "mailkit_jobs", ["until"], sqlite_where=held, postgresql_where=held)


def _make_letters() -> None:
    op.create_table(
        "mailkit_letters",
        sa.Column("job_id", _NUMBER, nullable=False, autoincrement=False),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("envelope", sa.Text, nullable=False),
        sa.Column("message_id", sa.Text, nullable=False),
        sa.Column("date", sa.BigInteger, nullable=False),
        sa.Column("campaign", sa.Text, nullable=False),
        sa.Column("step", sa.Text, nullable=False),
        sa.Column("raw", sa.LargeBinary, nullable=False),
        sa.Column("template", sa.Text, nullable=False),
        sa.Column("record", sa.Text),
        sa.Column("topic", sa.Text, nullable=False),
        sa.Column("brand", sa.Text, nullable=False),
        sa.Column("is_transactional", sa.Boolean, nullable=False),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("not_before", sa.BigInteger),
        sa.Column("expires_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("job_id", name="pk_mailkit_letters"),
        sa.ForeignKeyConstraint(["job_id"], ["mailkit_jobs.id"], name="fk_mailkit_letters_job_id"),
    )


def _make_events() -> None:
    op.create_table(
        "mailkit_events",
        sa.Column("id", _NUMBER, primary_key=True),
        sa.Column("identity", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("message_id", sa.Text, nullable=False),
        sa.Column("recipient", sa.Text),
        sa.Column("campaign", sa.Text, nullable=False),
        sa.Column("step", sa.Text, nullable=False),
        sa.Column("properties", sa.Text, nullable=False),
        sa.Column("value", sa.Text),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_mailkit_events"),
        sa.UniqueConstraint("identity", name="uq_mailkit_events_identity"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_mailkit_events_at", "mailkit_events", ["at", "id"])
    for name, column in (("person", "person"), ("message", "message_id"), ("campaign", "campaign")):
        op.create_index(f"ix_mailkit_events_{name}", "mailkit_events", [column, "at", "id"])


def _make_messages() -> None:
    op.create_table(
        "mailkit_messages",
        sa.Column("job_id", _NUMBER, nullable=False, autoincrement=False),
        sa.Column("message_id", sa.Text, nullable=False),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("campaign", sa.Text, nullable=False),
        sa.Column("step", sa.Text, nullable=False),
        sa.Column("recipient", sa.Text, nullable=False),
        sa.Column("queued_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("job_id", name="pk_mailkit_messages"),
    )
    op.create_index("ix_mailkit_messages_message", "mailkit_messages", ["message_id", "job_id"])
