import threading
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailkit.errors import InvalidValue
from mailkit.event import Event
from mailkit.testing import strategies

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def event(number, **changes):
    return Event(**{"kind": "opened", "person": str(number), "at": NOW + timedelta(seconds=number), **changes})


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(strategies.events(), max_size=12), st.data())
def test_what_is_appended_is_read_once_in_time_order(new_store, events, data):
    store = new_store()
    first = data.draw(st.lists(st.sampled_from(events), max_size=5)) if events else []
    new = store.events.append(first)
    assert new == len({one.identity for one in first})
    assert new + store.events.append(events) == len({one.identity for one in events})
    read = list(store.events.read())
    assert {one.identity: one for one in read} == {one.identity: one for one in reversed(events)}
    assert [one.at for one in read] == sorted(one.at for one in read)
    store.close()


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(strategies.events(), min_size=1, max_size=12, unique_by=lambda one: one.identity), st.data())
def test_reading_a_part_is_filtering_the_whole(new_store, events, data):
    store = new_store()
    store.events.append(events)
    chosen = data.draw(st.sampled_from(events))
    asked = {
        "person": chosen.person,
        "campaign": chosen.campaign,
        "message_id": chosen.message_id,
        "kinds": [chosen.kind],
        "since": chosen.at,
        "until": chosen.at + timedelta(days=9000),
    }
    asked = {name: asked[name] for name in data.draw(st.sets(st.sampled_from(sorted(asked))))}
    wanted = [
        one
        for one in store.events.read()
        if all(getattr(one, name) == asked[name] for name in ("person", "campaign", "message_id") if name in asked)
        and one.kind in asked.get("kinds", [one.kind])
        and asked.get("since", one.at) <= one.at
        and ("until" not in asked or one.at < asked["until"])
    ]
    assert list(store.events.read(**asked)) == wanted
    store.close()


def test_events_of_one_instant_come_as_they_were_written(store):
    events = [event(number, at=NOW) for number in range(4_500)]
    assert store.events.append(events) == 4_500
    assert list(store.events.read()) == events


def test_writing_goes_on_while_somebody_reads(store):
    store.events.append(event(number) for number in range(3_000))
    reading = store.events.read()
    next(reading)
    store.events.append([event(9_000), event(1, kind="clicked", at=NOW)])
    assert sum(1 for _ in reading) == 3_000


def test_an_event_that_two_bring_at_once_is_new_for_one(store):
    new = []
    threads = [threading.Thread(target=lambda: new.append(store.events.append([event(1), event(2)]))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(new) == 2


def test_one_kind_may_be_given_as_text(store):
    store.events.append([event(1), event(2, kind="clicked")])
    assert [one.person for one in store.events.read(kinds="clicked")] == ["2"]


def test_an_instant_without_a_zone_is_refused_at_once(store):
    with pytest.raises(InvalidValue, match="since"):
        store.events.read(since=datetime(2026, 3, 1))  # noqa: DTZ001 - the point of the test
