import shutil
from itertools import count

import pytest

from mailkit import stores


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
