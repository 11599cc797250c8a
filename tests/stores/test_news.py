import asyncio
from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine

from mailkit.event import Event
from mailkit.stores import sql
from mailkit.stores.driver import Driver
from mailkit.stores.rows import event_row

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def event(number, kind="opened"):
    return Event(kind=kind, person=str(number), at=NOW + timedelta(seconds=number))


def asked(news):
    return [one.person for one in asyncio.run(news.since_last())]


def test_it_tells_what_was_written_since_and_nothing_twice(any_store):
    any_store.events.append([event(1)])
    new, all_ = any_store.news(), any_store.news(from_start=True)
    assert (asked(new), asked(all_)) == ([], ["1"])
    any_store.events.append([event(3), event(2), event(1)])
    assert asked(new) == asked(all_) == ["3", "2"]
    assert asked(new) == asked(all_) == []


def test_it_tells_only_of_the_kinds_that_were_asked_for(any_store):
    several, one = any_store.news(kinds=["bounced", "complained"]), any_store.news(kinds="bounced")
    any_store.events.append([event(1), event(2, "bounced"), event(3, "complained"), event(4)])
    assert (asked(several), asked(one)) == (["2", "3"], ["2"])
    any_store.events.append([event(5, "bounced")])
    assert asked(several) == asked(one) == ["5"]


def test_more_than_a_page_is_told_at_once(store):
    news = store.news()
    store.events.append(event(number) for number in range(4_100))
    assert len(asked(news)) == 4_100


def _write(connection, number):
    if not connection.in_transaction():
        connection.begin()
    driver = Driver(connection)
    driver.rows("SELECT txid_current()")
    driver.each(sql.ADD_EVENT, [event_row(event(number))])


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.integers(0, 2)),
        st.tuples(st.sampled_from(["commit", "rollback"]), st.integers(0, 2)),
        st.tuples(st.just("ask"), st.just(0)),
    ),
    max_size=25,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_nothing_is_missed_however_transactions_overlap(new_postgresql_store, postgresql, steps):
    store, engine = new_postgresql_store(), create_engine(postgresql)
    connections = [engine.connect() for _ in range(3)]
    try:
        _check_overlap(store.news(), connections, steps)
    finally:
        for connection in connections:
            connection.close()
        engine.dispose()
        store.close()


def _check_overlap(news, connections, steps):
    told, committed, pending = [], set(), [set(), set(), set()]
    for number, (step, place) in enumerate([*steps, *(("commit", place) for place in range(3)), ("ask", 0)]):
        if step == "write":
            _write(connections[place], number)
            pending[place].add(str(number))
        elif step == "ask":
            told += asked(news)
            assert set(told) == committed
        else:
            getattr(connections[place], step)()
            committed |= pending[place] if step == "commit" else set()
            pending[place] = set()
    assert len(told) == len(set(told))


def test_what_it_remembers_stays_small(new_postgresql_store):
    store = new_postgresql_store()
    news = store.news()
    for number in range(30):
        store.events.append([event(number)])
        asked(news)
    assert len(news._seen) <= 3
