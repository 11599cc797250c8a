import asyncio
import threading

import pytest
from sqlalchemy import create_engine, text

from mailkit.errors import StoreError
from mailkit.stores.writer import Writer


@pytest.fixture
def writer(tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path}/shop.db")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE written (item TEXT)"))
    made = Writer(engine, "shop.db")
    yield made
    made.close()
    engine.dispose()


class Held:
    """Keeps the writer busy while the block runs."""

    def __init__(self, writer):
        self._writer, self._go, self._started = writer, threading.Event(), threading.Event()

    def _wait(self, connection):
        self._started.set()
        self._go.wait(10)

    def __enter__(self):
        self._busy = self._writer.do(self._wait)
        assert self._started.wait(10)

    def __exit__(self, *_):
        self._go.set()
        self._busy.result(10)


def count(connection):
    return connection.scalar(text("SELECT count(*) FROM written"))


def test_what_comes_while_it_is_busy_is_joined_in_one_transaction(writer):
    seen = []

    def work(connection, items):
        seen.append(list(items))
        return [item * 2 for item in items]

    with Held(writer):
        futures = [writer.join(work, item) for item in range(50)]
    assert [future.result(10) for future in futures] == [item * 2 for item in range(50)]
    assert seen == [list(range(50))]


def test_work_of_another_kind_keeps_its_place(writer):
    seen = []

    def work(connection, items):
        seen.append(list(items))
        return items

    with Held(writer):
        writer.join(work, 1)
        writer.do(lambda connection: seen.append("alone"))
        last = writer.join(work, 2)
    last.result(10)
    assert seen == [[1], "alone", [2]]


def test_one_that_fails_does_not_take_the_others_with_it(writer):
    def work(connection, items):
        for item in items:
            connection.execute(text("INSERT INTO written VALUES (:item)"), {"item": str(item)})
            if item == 3:
                raise ValueError("three")
        return items

    with Held(writer):
        futures = [writer.join(work, item) for item in range(5)]
    assert [future.exception(10) is None for future in futures] == [True, True, True, False, True]
    with pytest.raises(ValueError, match="three"):
        futures[3].result()
    assert writer.do(count).result(10) == 4


def test_a_locked_file_is_waited_for_once_and_not_once_for_each_who_asks(writer):
    tries = []

    def work(connection, items):
        tries.append(list(items))
        raise StoreError("locked")

    with Held(writer):
        futures = [writer.join(work, item) for item in range(20)]
    for future in futures:
        with pytest.raises(StoreError, match="locked"):
            future.result(10)
    assert tries == [list(range(20))]


def test_what_was_given_up_while_waiting_is_not_done(writer):
    done = []

    def work(connection, items):
        done.extend(items)
        return items

    with Held(writer):
        first, second = writer.join(work, 1), writer.join(work, 2)
        assert first.cancel()
    second.result(10)
    assert done == [2]


def test_the_databases_error_is_told_in_our_words(writer):
    future = writer.do(lambda connection: connection.execute(text("SELECT * FROM absent")))
    with pytest.raises(StoreError, match=r"shop\.db: no such table: absent"):
        future.result(10)


def same(connection, items):
    return items


def test_an_event_loop_is_woken_once_for_all_that_was_committed_together(writer):
    async def ask_all():
        loop, woken = asyncio.get_running_loop(), []
        wake = loop.call_soon_threadsafe
        loop.call_soon_threadsafe = lambda *given: woken.append(1) or wake(*given)
        held = Held(writer)
        held.__enter__()
        asked = [asyncio.ensure_future(writer.joined(same, number)) for number in range(50)]
        await asyncio.sleep(0)
        held.__exit__()
        return await asyncio.gather(*asked), len(woken)

    assert asyncio.run(ask_all()) == (list(range(50)), 1)


def test_a_coroutine_hears_of_the_error_of_its_own_call(writer):
    def work(connection, items):
        if "bad" in items:
            raise ValueError("bad")
        return items

    async def ask():
        return await asyncio.gather(*(writer.joined(work, item) for item in ("a", "bad", "b")), return_exceptions=True)

    good, bad, other = asyncio.run(ask())
    assert (good, other) == ("a", "b")
    assert isinstance(bad, ValueError)


def test_a_coroutine_that_was_given_up_disturbs_nobody(writer):
    async def give_up():
        with Held(writer):
            waiting = asyncio.ensure_future(writer.done(count))
            other = asyncio.ensure_future(writer.done(count))
            await asyncio.sleep(0)
            waiting.cancel()
            await asyncio.sleep(0)
        return await other

    assert asyncio.run(give_up()) == 0


def test_a_loop_that_is_closed_meanwhile_stops_no_writing(writer):
    loop = asyncio.new_event_loop()
    with Held(writer):
        task = loop.create_task(writer.done(count))
        loop.run_until_complete(asyncio.sleep(0))
        task.cancel()
        loop.run_until_complete(asyncio.gather(task, return_exceptions=True))
        loop.close()
    assert writer.do(count).result(10) == 0


def test_closing_finishes_what_was_asked_and_takes_nothing_more(writer):
    with Held(writer):
        asked = writer.do(count)
    writer.close()
    writer.close()
    assert asked.result(0) == 0
    with pytest.raises(StoreError, match="the store is closed"):
        writer.do(count)


def test_what_coroutines_of_one_turn_ask_shares_a_transaction(writer):
    together = []

    def work(connection, items):
        together.append(list(items))
        return items

    async def ask():
        return await asyncio.gather(*(writer.joined(work, item) for item in range(20)))

    for _ in range(10):
        assert asyncio.run(ask()) == list(range(20))
    assert together == [list(range(20))] * 10


def test_a_coroutine_whose_store_is_closed_in_the_same_turn_is_told(writer):
    async def ask():
        asked = asyncio.ensure_future(writer.done(count))
        asyncio.get_running_loop().call_soon(writer.close)
        return await asyncio.gather(asked, return_exceptions=True)

    (answer,) = asyncio.run(ask())
    assert answer == 0 or isinstance(answer, StoreError)


def test_work_that_failed_has_left_nothing_and_the_next_goes_on(writer):
    def half(connection):
        connection.exec_driver_sql("INSERT INTO written VALUES ('june')")
        raise ValueError("half")

    with pytest.raises(ValueError, match="half"):
        writer.do(half).result(10)
    assert writer.do(count).result(10) == 0
