"""A database of the first schema, with jobs in every state, brought up to date."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, text

import mailkit.stores
from mailkit import stores
from mailkit.event import Event
from mailkit.send.jobs import JobState
from mailkit.stores import schema
from mailkit.stores.rows import microseconds

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
AT = microseconds(NOW)
ENVELOPE = (
    '{"sender":["Books","shop@example.com"],"recipient":["","anna@example.org"],'
    '"return_path":"shop@example.com","reply_to":null,"headers":[]}'
)
JOBS = [  # state, priority, campaign, is_transactional
    ("queued", 0, "spring", False),
    ("deferred", 0, "spring", False),
    ("leased", 5, "receipt", True),
    ("data_sent", 5, "receipt", True),
    ("failed", 0, "winter", False),
    ("accepted", 0, "spring", False),
]
TOLD = [
    Event(kind="queued", person="1", at=NOW, message_id="1@example.com", campaign="spring"),
    Event(kind="opened", person="1", at=datetime(1969, 7, 20, tzinfo=UTC)),
    Event(kind="purchase", person="1", at=NOW, key="order 17"),
]


@pytest.fixture(params=["sqlite", "postgresql"])
def old(request, tmp_path):
    """The URL of a database that the first release made."""
    url = f"sqlite:///{tmp_path}/shop.db"
    if request.param == "postgresql":
        url = request.getfixturevalue("fresh_postgresql")
    engine = create_engine(url)
    config = Config()
    config.set_main_option("script_location", str(Path(mailkit.stores.__path__[0], "migrations")))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        _fill(connection)
    engine.dispose()
    return url


@pytest.fixture
def fresh_postgresql(postgresql):
    """The URL of a database of its own on the cluster."""
    engine = create_engine(postgresql, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("CREATE DATABASE old"))
    yield postgresql.replace("/postgres?", "/old?")
    with engine.connect() as connection:
        connection.execute(text("DROP DATABASE old WITH (FORCE)"))
    engine.dispose()


def _fill(connection):
    for number, (state, priority, campaign, is_transactional) in enumerate(JOBS, 1):
        until = AT if state in ("leased", "data_sent") else None
        connection.execute(
            text(
                "INSERT INTO mailkit_jobs (id, key, state, priority, due, until, epoch, tries, queued_at)"
                " VALUES (:id, :key, :state, :priority, :at, :until, 1, 0, :at)"
            ),
            {"id": number, "key": str(number), "state": state, "priority": priority, "at": AT, "until": until},
        )
        connection.execute(
            text(
                "INSERT INTO mailkit_letters VALUES (:id, :person, :envelope, :message, :at, :campaign, '', :raw, '',"
                " NULL, '', '', :is_transactional, :priority, NULL, NULL)"
            ),
            {
                "id": number,
                "person": str(number),
                "envelope": ENVELOPE,
                "message": f"{number}@example.com",
                "at": AT,
                "campaign": campaign,
                "raw": b"Subject: Hi",
                "is_transactional": is_transactional,
                "priority": priority,
            },
        )
        connection.execute(
            text("INSERT INTO mailkit_messages VALUES (:id, :m, :person, :campaign, '', 'anna@example.org', :at)"),
            {"id": number, "m": f"{number}@example.com", "person": str(number), "campaign": campaign, "at": AT},
        )
    for event in TOLD:
        connection.execute(
            text(
                "INSERT INTO mailkit_events (identity, kind, person, at, message_id, recipient, campaign, step,"
                " properties, value, currency, key) VALUES (:identity, :kind, :person, :at, :message_id, NULL,"
                " :campaign, '', '{}', NULL, '', :key)"
            ),
            {
                "identity": event.identity,
                "kind": event.kind,
                "person": event.person,
                "at": microseconds(event.at),
                "message_id": event.message_id,
                "campaign": event.campaign,
                "key": event.key,
            },
        )


def test_jobs_of_the_first_schema_wait_in_lanes(old):
    async def work(outbox):
        lanes = {(lane.campaign, lane.priority, lane.is_transactional) for lane in await outbox.lanes()}
        await outbox.recover(now=NOW)
        await outbox.resolve({"5@example.com": False}, now=NOW)
        leases = await outbox.lease(now=NOW, until=NOW + timedelta(minutes=1), limit=9)
        return lanes, [(lease.job.person, lease.job.campaign) for lease in leases], await outbox.counts()

    with stores.open(old) as store:
        lanes, taken, counts = asyncio.run(work(store.outbox))
    assert lanes == {("spring", 0, False)}
    assert taken == [("3", "receipt"), ("1", "spring"), ("2", "spring"), ("5", "winter")]
    assert counts == {JobState.LEASED: 4, JobState.UNKNOWN: 1, JobState.ACCEPTED: 1}


def test_events_of_the_first_schema_are_still_stored_once(old):
    with stores.open(old) as store:
        assert store.events.append(TOLD) == 0
        assert len(list(store.events.read())) == len(TOLD)


def test_both_engines_get_the_schema_that_the_code_means(old):
    stores.open(old).close()
    engine = create_engine(old)
    with engine.connect() as connection:
        opts = {"version_table": schema.VERSION_TABLE, "compare_type": True}
        assert compare_metadata(MigrationContext.configure(connection, opts=opts), schema.metadata) == []
    engine.dispose()
