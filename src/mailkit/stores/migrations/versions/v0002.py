"""Lanes, pauses, the meter and kept states; and events' identities in the order of time."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the new tables, give every job its lane, and write the identities anew."""
    _make_lanes()
    _give_lanes()
    _make_the_rest()
    _order_identities()


def _make_lanes() -> None:
    place = ["campaign", "priority", "is_transactional", "account", "identity", "provider"]
    op.create_table(
        "mailkit_lanes",
        sa.Column("id", _NUMBER, primary_key=True),
        sa.Column("campaign", sa.Text, nullable=False),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("is_transactional", sa.Boolean, nullable=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("identity", sa.Text, nullable=False),
        sa.Column("provider", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_mailkit_lanes"),
        sa.UniqueConstraint(*place, name="uq_mailkit_lanes_campaign"),
        sqlite_autoincrement=True,
    )


def _give_lanes() -> None:
    op.drop_index("ix_mailkit_jobs_waiting", "mailkit_jobs")
    op.add_column("mailkit_jobs", sa.Column("lane", _NUMBER, nullable=False, server_default="0"))
    op.execute(
        "INSERT INTO mailkit_lanes (campaign, priority, is_transactional, account, identity, provider)"
        " SELECT DISTINCT campaign, priority, is_transactional, '', '', '' FROM mailkit_letters"
    )
    op.execute(
        "UPDATE mailkit_jobs SET lane = coalesce((SELECT lanes.id FROM mailkit_letters AS letters"
        " JOIN mailkit_lanes AS lanes ON lanes.campaign = letters.campaign AND lanes.priority = letters.priority"
        " AND lanes.is_transactional = letters.is_transactional WHERE letters.job_id = mailkit_jobs.id), 0)"
    )
    op.drop_column("mailkit_jobs", "priority")
    waiting = sa.text("state IN ('queued', 'deferred')")
    op.create_index(
        "ix_mailkit_jobs_waiting", "mailkit_jobs", ["lane", "due", "id"], sqlite_where=waiting, postgresql_where=waiting
    )


def _make_the_rest() -> None:
    op.create_table(
        "mailkit_pauses",
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("campaign", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("scope", "campaign", name="pk_mailkit_pauses"),
    )
    op.create_table(
        "mailkit_meter",
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("state", sa.BigInteger),
        sa.PrimaryKeyConstraint("key", name="pk_mailkit_meter"),
    )
    op.create_table(
        "mailkit_states",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_mailkit_states"),
    )


def _order_identities() -> None:
    """Put the instant before digests, as rows.event_identity does: 16 digits, negative ones in two's complement."""
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    instant = "printf('%016x', at)" if is_sqlite else "lpad(to_hex(at), 16, '0')"
    op.execute(sa.text(f"UPDATE mailkit_events SET identity = {instant} || identity WHERE key = ''"))
