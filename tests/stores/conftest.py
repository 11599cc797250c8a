import os
import shutil
import subprocess
import tempfile
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from mailkit import stores
from mailkit.stores import schema


@pytest.fixture(scope="session")
def empty(tmp_path_factory):
    """The file of an empty database: copying it is faster than making the schema anew."""
    path = tmp_path_factory.mktemp("empty") / "shop.db"
    stores.open(path).close()
    return path


@pytest.fixture
def new_store(empty, tmp_path):
    """Makes open stores, each on a database of its own."""
    numbers, made = count(), []

    def make():
        path = tmp_path / f"shop{next(numbers)}.db"
        shutil.copy(empty, path)
        made.append(stores.open(path))
        return made[-1]

    yield make
    for store in made:
        store.close()


@pytest.fixture
def store(new_store):
    return new_store()


def _programs():
    """Where PostgreSQL's server is."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    where = found[-1] if found else shutil.which("initdb")
    return None if where is None else Path(where).parent


@pytest.fixture(scope="session")
def postgresql():
    """The URL of an empty cluster's only database, behind a socket in a folder of its own."""
    binaries = _programs()
    if binaries is None:
        reason = "there is no PostgreSQL server here (Debian: apt-get install postgresql)"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
    with tempfile.TemporaryDirectory(prefix="mailkit-pg-") as folder:
        if as_user:
            shutil.chown(folder, "postgres", "postgres")
        data = f"{folder}/data"

        def run(program, *given):
            command = [*as_user, str(binaries / program), "-D", data, *given]
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stdout + done.stderr

        run("initdb", "-U", "mailkit", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N")
        options = f"-k {folder} -c listen_addresses='' -c fsync=off -c max_connections=60 -c shared_buffers=32MB"
        run("pg_ctl", "-l", f"{folder}/log", "-w", "-o", options, "start")
        try:
            yield f"postgresql+psycopg://mailkit@/postgres?host={folder}"
        finally:
            run("pg_ctl", "-w", "-m", "immediate", "stop")


@pytest.fixture(scope="session")
def _postgresql_place(postgresql):
    stores.open(postgresql).close()
    engine = create_engine(postgresql)
    yield postgresql, engine
    engine.dispose()


def _emptied(place):
    url, engine = place
    names = ", ".join(table.name for table in schema.metadata.sorted_tables)
    with engine.begin() as connection:
        connection.execute(text(f"TRUNCATE {names} RESTART IDENTITY"))
    return url


@pytest.fixture
def new_postgresql_store(_postgresql_place):
    """Makes open stores on PostgreSQL; each empties the database first."""
    made = []

    def make():
        made.append(stores.open(_emptied(_postgresql_place)))
        return made[-1]

    yield make
    for store in made:
        store.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def new_any_store(request):
    """Makes open stores, on each engine in turn."""
    return request.getfixturevalue("new_store" if request.param == "sqlite" else "new_postgresql_store")


@pytest.fixture
def any_store(new_any_store):
    return new_any_store()


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request, tmp_path):
    """Where a database is that several processes open; it is empty."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("empty"), tmp_path / "shared.db")
        return str(tmp_path / "shared.db")
    return _emptied(request.getfixturevalue("_postgresql_place"))
