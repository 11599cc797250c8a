import asyncio
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, select, text
from sqlalchemy.dialects import sqlite

import mailkit.stores
from mailkit import stores
from mailkit.errors import StoreError
from mailkit.stores import pauses, schema, sql
from mailkit.stores.driver import Driver

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def _definitions(path):
    with sqlite3.connect(path) as connection:
        rows = connection.execute("SELECT type, name, sql FROM sqlite_master WHERE name LIKE '%mailkit%'").fetchall()
    connection.close()
    return {(kind, name): text_ for kind, name, text_ in rows if "version" not in name}


def test_the_steps_make_the_schema_that_the_code_means(tmp_path, empty):
    engine = create_engine(f"sqlite:///{empty}")
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"version_table": schema.VERSION_TABLE, "compare_type": True}
        )
        assert compare_metadata(context, schema.metadata) == []
    engine.dispose()
    meant = create_engine(f"sqlite:///{tmp_path}/meant.db")
    schema.metadata.create_all(meant)
    meant.dispose()
    made, wanted = _definitions(empty), _definitions(tmp_path / "meant.db")
    assert made.keys() == wanted.keys()
    indexes = [key for key in made if key[0] == "index"]
    assert {key: made[key] for key in indexes} == {key: wanted[key] for key in indexes}  # with their conditions
    tables = [key for key in made if key[0] == "table"]
    assert all(("AUTOINCREMENT" in made[key]) == ("AUTOINCREMENT" in wanted[key]) for key in tables)


def test_the_newest_step_is_the_head():
    config = Config()
    config.set_main_option("script_location", f"{mailkit.stores.__path__[0]}/migrations")
    assert ScriptDirectory.from_config(config).get_heads() == [schema.HEAD]


def test_opening_again_changes_nothing(tmp_path):
    stores.open(tmp_path / "shop.db").close()
    before = _definitions(tmp_path / "shop.db")
    with stores.open(str(tmp_path / "shop.db")) as store:
        assert repr(store) == f"<Store {tmp_path}/shop.db>"
    assert _definitions(tmp_path / "shop.db") == before


def test_a_database_of_an_applications_own_gets_our_tables_beside_its_own(tmp_path):
    with sqlite3.connect(tmp_path / "app.db") as connection:
        connection.execute("CREATE TABLE alembic_version (version_num TEXT)")
        connection.execute("INSERT INTO alembic_version VALUES ('theirs')")
    connection.close()
    with stores.open(f"sqlite:///{tmp_path}/app.db") as store:
        assert store.events.append([]) == 0
    with sqlite3.connect(tmp_path / "app.db") as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [("theirs",)]
    connection.close()


def test_a_database_that_a_newer_mailkit_made_is_refused(tmp_path):
    stores.open(tmp_path / "shop.db").close()
    with sqlite3.connect(tmp_path / "shop.db") as connection:
        connection.execute(f"UPDATE {schema.VERSION_TABLE} SET version_num = '0999'")
    connection.close()
    with pytest.raises(StoreError, match=f"the database has schema 0999, this mailkit knows {schema.HEAD}"):
        stores.open(tmp_path / "shop.db")


def test_an_upgrade_that_was_broken_off_is_done_anew(tmp_path):
    with sqlite3.connect(tmp_path / "shop.db") as connection:
        connection.execute(f"CREATE TABLE {schema.VERSION_TABLE} (version_num TEXT)")
    connection.close()
    with stores.open(tmp_path / "shop.db") as store:
        assert asyncio.run(store.outbox.counts()) == {}


def test_several_processes_may_open_a_new_database_at_once(tmp_path):
    code = "import sys; from mailkit import stores; stores.open(sys.argv[1]).close()"
    started = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "shop.db")], stderr=subprocess.PIPE)
        for _ in range(4)
    ]
    for process in started:
        _, said = process.communicate(timeout=60)
        assert (process.returncode, said) == (0, b"")


def test_sqlite_is_durable_and_lets_readers_read(tmp_path):
    with stores.open(tmp_path / "shop.db") as store, store._engine.connect() as connection:
        assert connection.scalar(text("PRAGMA journal_mode")) == "wal"
        assert connection.scalar(text("PRAGMA synchronous")) == 2  # FULL


@pytest.mark.parametrize(
    ("place", "said"),
    [
        (":memory:", "in memory is gone with its connection; give a file, or use send.MemoryOutbox"),
        ("sqlite://", "in memory is gone"),
        ("mysql://shop.example/mail", "the stores work on SQLite and PostgreSQL, not on 'mysql'"),
        ("postgres://shop.example/mail", "not on 'postgres'; write postgresql:// instead"),
        ("postgresql+nosuch://shop.example/mail", "there is no driver 'nosuch'"),
        ("://shop.example", "the database's URL cannot be read"),
    ],
)
def test_a_place_that_cannot_be_meant_is_refused(place, said):
    with pytest.raises(StoreError, match=said):
        stores.open(place)


def test_a_missing_folder_is_one_clear_error(tmp_path):
    with pytest.raises(StoreError, match=r"shop\.db: it cannot be opened; does its folder exist"):
        stores.open(tmp_path / "none" / "shop.db")


def test_a_file_that_is_no_database_is_one_clear_error(tmp_path):
    (tmp_path / "shop.db").write_text("id,email\n" * 500)
    with pytest.raises(StoreError, match="the file is not an SQLite database"):
        stores.open(tmp_path / "shop.db")


def test_an_unreachable_server_or_a_missing_driver_is_one_clear_error():
    with pytest.raises(StoreError, match=r"postgresql://shop:\*\*\*@127.0.0.1:1/mail: "):
        stores.open("postgresql://shop:secret@127.0.0.1:1/mail")


def test_a_process_that_writes_too_long_is_told(tmp_path):
    stores.open(tmp_path / "shop.db").close()
    other = sqlite3.connect(tmp_path / "shop.db", isolation_level=None)
    with stores.open(tmp_path / "shop.db", busy_timeout=timedelta(milliseconds=20)) as store:
        other.execute("BEGIN IMMEDIATE")
        assert store.messages.find("1@example.com") is None  # reading waits for nobody
        with pytest.raises(StoreError, match="another process has been writing for too long"):
            asyncio.run(store.outbox.recover(now=NOW))
    other.close()


def test_a_store_from_before_a_fork_is_refused_in_the_child(tmp_path):
    code = """
import os, sys, warnings
warnings.simplefilter("ignore")  # newer Pythons warn of forking with threads, which is the point
from datetime import UTC, datetime
from mailkit import Event, stores
from mailkit.errors import StoreError
store = stores.open(sys.argv[1])
opened = Event(kind="opened", person="17", at=datetime(2026, 3, 1, tzinfo=UTC))
store.events.append([opened])
child = os.fork()
if child == 0:
    try:
        store.events.append([opened])
    except StoreError as error:
        os._exit(0 if "before this process was forked" in str(error) else 2)
    os._exit(1)
_, status = os.waitpid(child, 0)
store.close()
sys.exit(os.waitstatus_to_exitcode(status))
"""
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "shop.db")], timeout=60, check=False)
    assert done.returncode == 0


def test_without_sqlalchemy_the_error_names_the_extra():
    code = """
import sys
sys.modules["sqlalchemy"] = None
from mailkit import stores
from mailkit.errors import MissingExtra
for use in (lambda: stores.open("shop.db"), lambda: stores.Store):
    try:
        use()
    except MissingExtra as error:
        assert str(error) == 'the SQL stores need sqlalchemy: install mailkit-sdk with the extra "stores"', error
    else:
        sys.exit("nothing was raised")
"""
    subprocess.run([sys.executable, "-c", code], timeout=60, check=True)


def test_importing_it_loads_no_database_library():
    code = "import sys, mailkit.stores; sys.exit('sqlalchemy' in sys.modules or 'alembic' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], timeout=60, check=True)


def test_the_public_names_are_there():
    assert {name for name in stores.__all__ if not getattr(stores, name).__doc__} == set()
    assert set(stores.__all__) <= set(dir(stores))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = stores.nothing


def _plan(path, statement, values=None):
    """How SQLite runs a statement, of SQLAlchemy's or in plain text."""
    if not isinstance(statement, str):
        statement = str(statement.compile(dialect=sqlite.dialect(), compile_kwargs={"render_postcompile": True}))
    with sqlite3.connect(path) as connection:
        given = values or [1] * statement.count("?")
        rows = connection.execute(f"EXPLAIN QUERY PLAN {statement}", given).fetchall()
    connection.close()
    return " ".join(row[-1] for row in rows)


@pytest.mark.parametrize(
    ("statement", "index"),
    [
        (sql.TAKE, "ix_mailkit_jobs_waiting (lane=? AND due<?)"),
        (sql.PEEK, "ix_mailkit_jobs_waiting (lane=? AND due<?)"),
        (sql.BUSY_LANES, "ix_mailkit_jobs_waiting (lane>?)"),
        (sql.BUSY_LANES, "ix_mailkit_jobs_waiting (lane=?)"),
        (sql.FIRST_END, "ix_mailkit_jobs_held"),
        (sql.RAN_OUT, "ix_mailkit_jobs_held"),
        (pauses._LEASED, "ix_mailkit_jobs_held"),
        (pauses._WAITING, "ix_mailkit_jobs_waiting (lane=?"),
        (
            select(schema.events).where(schema.events.c.person == "1").order_by(schema.events.c.at, schema.events.c.id),
            "person",
        ),
        (select(schema.events).order_by(schema.events.c.at, schema.events.c.id), "ix_mailkit_events_at"),
        (select(schema.messages).where(schema.messages.c.message_id == "1"), "ix_mailkit_messages_message"),
    ],
)
def test_queries_use_the_indexes_that_were_made_for_them(empty, statement, index):
    plan = _plan(empty, statement)
    assert index in plan
    assert "TEMP B-TREE" not in plan
    assert "SCAN mailkit_jobs" not in plan.replace("SCAN mailkit_jobs USING COVERING INDEX ix_mailkit_jobs_held", "")


def test_postgresql_takes_letters_by_its_indexes(postgresql):
    with stores.open(postgresql) as store, store._engine.connect() as connection:
        driver = Driver(connection)
        driver.do("SET LOCAL enable_seqscan = off")
        plan = " ".join(row[0] for row in driver.rows(f"EXPLAIN {sql.TAKE_UNLOCKED}", ([1, 2], [3, 4], 5, 6)))
    assert "LockRows" in plan
    assert "Scan using ix_mailkit_jobs_waiting" in plan
    assert "Index Cond: (id = ANY" in plan
    assert "Seq Scan" not in plan
