"""What a live segment does with what is late, ahead, wrong, unknown or to be forgotten."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from mailkit import Event
from mailkit.errors import SegmentError
from mailkit.segment import Segment, ago, days, months, this
from mailkit.segment import event as ev
from mailkit.segment import field as f
from mailkit.segment.live import Entered, Left, Live
from mailkit.segment.live.crowd import Crowd

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
LOYAL = ev.purchase.at_least(2, last=days(60))


def bought(at: datetime, person: str = "1", **more: object) -> dict[str, object]:
    return {"kind": "purchase", "person": person, "at": at, **more}


def test_it_is_known_who_is_in_from_the_first_and_nobody_has_entered() -> None:
    live = LOYAL.live([{"id": 1}, {"id": 2}], events=[bought(NOW - DAY), bought(NOW - 3 * DAY)], now=NOW)
    assert set(live.members) == {"1"}
    assert live.now == NOW
    assert live.advance(NOW) == []


def test_people_enter_and_leave_within_one_step_in_the_order_of_the_instants() -> None:
    live = ev.purchase.exactly(1, last=days(10)).live(
        [{"id": 1}, {"id": 2}], events={1: [bought(NOW), bought(NOW - DAY)], "2": [bought(NOW - 5 * DAY)]}, now=NOW
    )
    told = [(type(change), change.person, change.at) for change in live.advance(NOW + 30 * DAY)]
    assert told == [
        (Left, "2", NOW + 5 * DAY),
        (Entered, "1", NOW + 9 * DAY),
        (Left, "1", NOW + 10 * DAY),
    ]


def test_a_late_event_counts_as_of_now() -> None:
    live = LOYAL.live([{"id": 1}], events=[bought(NOW - DAY)], now=NOW)
    late = bought(NOW - 50 * DAY)
    (entered,) = live.feed(late)
    assert (entered.at, entered.person, entered.segment) == (NOW, "1", "segment")
    (left,) = live.advance(NOW + 10 * DAY)
    assert left.at == NOW + 10 * DAY
    assert left.event is None


def test_an_event_ahead_of_now_is_seen_when_its_time_comes() -> None:
    live = LOYAL.live([{"id": 1}], events=[bought(NOW - DAY)], now=NOW)
    assert live.feed(bought(NOW + DAY)) == live.feed(bought(NOW + 9 * DAY)) == []
    (entered,) = live.advance(NOW + 2 * DAY)
    assert entered.at == NOW + DAY
    assert entered.event is not None
    assert entered.event.at == NOW + DAY


def test_an_event_of_somebody_unknown_waits_for_him() -> None:
    live = LOYAL.live(now=NOW, events=[bought(NOW)])
    assert live.feed(bought(NOW)) == []
    assert [str(change) for change in live.put({"id": 1})] == [
        "1 entered segment at 2026-03-01 12:00:00+00:00: at least 2 purchase within last 60 days"
    ]


def test_other_kinds_and_what_is_too_old_are_not_kept() -> None:
    live = LOYAL.live([{"id": 1}], now=NOW)
    before = json.loads(live.save())
    live.feed({"kind": "opened", "person": "1", "at": NOW})
    live.feed(bought(NOW - 100 * DAY))
    assert json.loads(live.save())["people"] == before["people"]


def test_events_that_have_left_every_window_go_when_others_come() -> None:
    live = (LOYAL | ev.purchase.regularly(2, of=3, every="month")).live([{"id": 1}], events=[bought(NOW)], now=NOW)
    live.advance(NOW + 400 * DAY)
    live.feed(bought(NOW + 400 * DAY))
    ((_, _, events, _, _),) = json.loads(live.save())["people"]
    assert len(events["purchase"]) == 1


def test_the_part_that_turned_is_told() -> None:
    vip = (f.city == "Kazan") & (ev.purchase.did(last=days(30)) | ev.opened.did(last=days(10)))
    live = vip.live([{"id": 1, "city": "Kazan"}], now=NOW)
    event = Event(kind="opened", person="1", at=NOW)
    (entered,) = live.feed(event)
    assert entered.event is event
    assert str(Segment(entered.condition)) == "any opened within last 10 days"
    (left,) = live.put({"id": 1, "city": "Ufa"})
    assert (left.event, str(Segment(left.condition))) == (None, 'city = "Kazan"')
    (entered,) = live.put({"id": 1, "city": "Kazan"})
    (left,) = live.advance(NOW + 11 * DAY)
    assert str(Segment(left.condition)) == "any opened within last 10 days"


def test_several_segments_are_kept_at_once() -> None:
    live = Live({"loyal": LOYAL, "new": f.joined_at > ago(days(7))}, [{"id": 1, "joined_at": NOW}], now=NOW)
    assert (set(live["loyal"]), set(live["new"])) == (set(), {"1"})
    with pytest.raises(SegmentError, match=r"live\['loyal'\]"):
        _ = live.members
    with pytest.raises(SegmentError, match="did you mean 'loyal'"):
        _ = live["loyall"]
    (left,) = live.advance(NOW + 7 * DAY)
    assert (left.segment, left.at) == ("new", NOW + 7 * DAY)


def test_time_does_not_go_back() -> None:
    live = LOYAL.live([], now=NOW)
    with pytest.raises(SegmentError, match="time does not go back"):
        live.advance(NOW - DAY)


@pytest.mark.parametrize(
    ("segments", "message"),
    [({}, "is not segments by name"), (17, "is not segments by name"), ({"a": f.age}, "is not a segment and its name")],
)
def test_what_are_no_segments_is_refused(segments: object, message: str) -> None:
    with pytest.raises(SegmentError, match=message):
        Live(segments)  # type: ignore[arg-type]


def test_people_need_ids_of_their_own() -> None:
    with pytest.raises(SegmentError, match="two people have the id '1'"):
        LOYAL.live([{"id": 1}, {"id": "1"}])
    with pytest.raises(SegmentError, match="has no id in the field 'id'"):
        LOYAL.live([{"id": None}])
    with pytest.raises(SegmentError, match="key=''"):
        LOYAL.live([], key="")
    with pytest.raises(SegmentError, match="nobody knows whose it is"):
        LOYAL.live([]).feed({"kind": "purchase", "at": NOW})


def test_a_missing_field_is_told_with_the_person() -> None:
    with pytest.raises(SegmentError, match=r"did you mean 'city'\? \(person 17\)"):
        (f.citi == "Kazan").live([{"id": 17, "city": "Ufa"}])


# What cannot be told

SPENT = (ev.purchase.sum("value", last=days(60)) > 10) & f.city.is_not_null()


def test_what_cannot_be_taken_in_changes_nothing() -> None:
    live = SPENT.live([{"id": 1, "city": "Ufa"}], events=[bought(NOW, value=20)], now=NOW)
    before = live.save()
    with pytest.raises(SegmentError, match=r"'much' is not a number.* \(person '1'\)"):
        live.feed(bought(NOW, value="much"))
    with pytest.raises(SegmentError, match=r"no field 'city'"):
        live.put({"id": 1})
    assert json.loads(live.save())["people"] == json.loads(before)["people"]
    live.feed(bought(NOW + DAY, value="much"))
    with pytest.raises(SegmentError, match="is not a number"):
        live.put({"id": 2, "city": "Ufa"}) or live.advance(NOW + 2 * DAY)
    assert live.now == NOW + DAY
    (left,) = live.advance(NOW + 2 * DAY)
    assert (left.at, type(left)) == (NOW + DAY, Left)


def test_who_is_in_no_segment_cannot_leave_it_by_an_error() -> None:
    live = SPENT.live([{"id": 1, "city": "Ufa"}], events=[bought(NOW + DAY, value="much")], now=NOW)
    with pytest.raises(SegmentError, match="is not a number"):
        live.advance(NOW + 2 * DAY)
    assert live.advance(NOW + 2 * DAY) == []
    assert live.advance(NOW + 90 * DAY) == []
    live = (SPENT | ev.opened.did()).live([{"id": 1, "city": "Ufa"}], now=NOW, on_error=lambda person, error: None)
    live.feed({"kind": "opened", "person": 1, "at": NOW})
    (left,) = live.feed(bought(NOW, value="much"))
    assert left.error is not None
    (entered,) = live.put({"id": 1, "city": None})  # nobody asks for the sum any more
    assert isinstance(entered, Entered)


def test_the_events_of_a_sequence_go_with_its_first_window() -> None:
    chain = ev.opened.then(ev.purchase, within=days(1)).started(last=days(5))
    live = Segment(chain._condition()).live([{"id": 1}], events=[bought(NOW), bought(NOW + 40 * DAY)], now=NOW)
    live.advance(NOW + 50 * DAY)
    live.feed(bought(NOW + 50 * DAY))
    ((_, _, events, _, _),) = json.loads(live.save())["people"]
    assert len(events["purchase"]) == 2


def test_a_record_that_cannot_be_judged_leaves_the_old_one() -> None:
    live = (f.age > 17).live([{"id": 1, "age": 20}], now=NOW)
    with pytest.raises(SegmentError, match="cannot be compared"):
        live.put({"id": 1, "age": "18"})
    assert set(live.members) == {"1"}


def test_errors_can_be_told_while_the_others_go_on() -> None:
    told: list[str] = []
    live = SPENT.live(
        [{"id": 1, "city": "Ufa"}, {"id": 2, "city": "Ufa"}],
        events=lambda record: [bought(NOW, value="much" if record["id"] == 1 else 20)],
        now=NOW,
        on_error=lambda person, error: told.append(f"{person}: {error.reason}"),
    )
    assert set(live.members) == {"2"}
    (left,) = live.feed(bought(NOW, "2", value="more"))
    assert left.error is not None
    assert [line[:2] for line in told] == ["1:", "2:"]


# Saving, and forgetting


def test_everything_that_is_kept_can_be_saved() -> None:
    segment = (
        (f.born < date(2010, 1, 1))
        & (f.joined_at > ago(days(900)))
        & f.tags.contains("vip")
        & (f.spent >= Decimal("1.5"))
        & f.address.is_not_null()
        & (f.address.city == "Kazan")
        & (f.at.hour(f.zone) == 9)
        & ev.purchase.where(f.value > 5, f.goods.contains("tea")).did(during=this("month", zone=f.zone))
    )
    person = {
        "id": 1,
        "born": date(2000, 1, 1),
        "joined_at": NOW - DAY,
        "tags": {"vip"},
        "spent": Decimal("2.5"),
        "address": {"city": "Kazan", "street": "secret"},
        "at": datetime(2026, 3, 1, 6, tzinfo=UTC),
        "zone": ZoneInfo("Europe/Moscow"),
        "name": "secret",
    }
    live = segment.live([person], now=NOW)
    live.feed(bought(NOW, value=Decimal(7), goods=["tea"], note="secret"))
    assert set(live.members) == {"1"}
    saved = live.save()
    assert "secret" not in saved
    loaded = Live.load(saved.encode(), segment)
    assert set(loaded.members) == {"1"}
    assert loaded.save() == saved
    assert loaded.advance(NOW + 40 * DAY) == live.advance(NOW + 40 * DAY) != []


def test_what_is_on_the_way_to_a_field_may_be_null() -> None:
    segment = (f.address.city == "Kazan") | f.address.is_null()
    live = segment.live([{"id": 1, "address": None}, {"id": 2, "address": {"city": "Ufa"}}], now=NOW)
    assert set(live.members) == {"1"}


def test_a_zone_without_a_name_cannot_be_saved() -> None:
    live = (f.at.hour(f.zone) == 9).live([{"id": 1, "at": NOW, "zone": timezone(timedelta(hours=3))}], now=NOW)
    with pytest.raises(SegmentError, match="has no name under which it could be saved"):
        live.save()
    live.put({"id": 1, "at": NOW, "zone": UTC})
    assert '["zone", "UTC"]' in live.save()


def test_what_nothing_can_be_asked_of_is_refused() -> None:
    with pytest.raises(SegmentError, match="nothing is known to be asked of that"):
        f.tags.contains("vip").live([{"id": 1, "tags": [object()]}], now=NOW)
    live = f.address.is_null().live([{"id": 1, "address": {"city": "Kazan"}}], now=NOW)
    assert set(live.members) == set()


@pytest.mark.parametrize("saved", ["", "[]", "{}", "nonsense", '{"mailkit.segment.live": 2}', None])
def test_what_was_not_saved_is_not_loaded(saved: str) -> None:
    with pytest.raises(SegmentError, match="what was saved is"):
        Live.load(saved, LOYAL)


def test_another_segment_key_or_zone_is_not_loaded() -> None:
    saved = LOYAL.live([{"id": 1}], now=NOW).save()
    Live.load(saved, LOYAL)
    for load in (
        lambda: Live.load(saved, ~LOYAL),
        lambda: Live.load(saved, LOYAL, key="mail"),
        lambda: Live.load(saved, LOYAL, assume_zone="UTC"),
    ):
        with pytest.raises(SegmentError, match="of other segments, or of another key or zone"):
            load()
    damaged = json.loads(saved) | {"people": [17]}
    with pytest.raises(SegmentError, match="what was saved is damaged"):
        Live.load(json.dumps(damaged), LOYAL)


def test_who_is_forgotten_is_nowhere() -> None:
    live = LOYAL.live([{"id": "anna@example.com"}, {"id": 2}], now=NOW)
    for _ in range(2):
        live.feed(bought(NOW, "anna@example.com"))
    (left,) = live.forget("anna@example.com")
    assert (left.person, left.at, type(left)) == ("anna@example.com", NOW, Left)
    assert "anna" not in live.save()
    assert "anna" not in repr([live._crowd.people, vars(live._crowd._queue), live._members, live._changes])
    assert live.advance(NOW + 100 * DAY) == []
    assert live.forget("nobody") == []


def test_what_is_waited_for_does_not_grow_with_the_events() -> None:
    live = LOYAL.live([{"id": 1}, {"id": 2}], events=[bought(NOW)], now=NOW)
    for hour in range(3000):
        live.advance(NOW + timedelta(hours=hour))
        live.feed(bought(NOW + timedelta(hours=hour)))
    assert len(live._crowd._queue) <= 1025
    assert isinstance(live._crowd, Crowd)
    assert [change.at for change in live.advance(NOW + 400 * DAY)] == [NOW + timedelta(hours=2998) + 60 * DAY]


def test_months_are_those_of_the_calendar() -> None:
    live = ev.purchase.did(last=months(1)).live(
        [{"id": 1}], events=[bought(datetime(2026, 1, 31, tzinfo=UTC))], now=datetime(2026, 2, 1, tzinfo=UTC)
    )
    assert [str(change.at) for change in live.advance(NOW + 9 * DAY)] == ["2026-03-01 00:00:00+00:00"]


def test_what_turned_is_told_through_not_or_and_errors() -> None:
    live = (~(ev.opened.did(last=days(5)) | ev.purchase.did(last=days(9)))).live([{"id": 1}], now=NOW)
    (left,) = live.feed(bought(NOW))
    assert str(Segment(left.condition)) == "any purchase within last 9 days"
    (entered,) = live.advance(NOW + 9 * DAY)
    assert str(Segment(entered.condition)) == "any purchase within last 9 days"
    broken = (ev.purchase.sum("value") > 10) & (f.age > 17)
    live = broken.live([{"id": 1, "age": "x"}], events=[bought(NOW, value=20)], now=NOW, on_error=lambda *told: None)
    (entered,) = live.put({"id": 1, "age": 20})
    assert entered.condition == broken.node


def test_what_comes_due_on_the_day_that_is_looked_at_is_found() -> None:
    live = ev.opened.did(last=days(1)).live([{"id": 1}, {"id": 2}, {"id": 3}], now=NOW)
    live.feed({"kind": "opened", "person": 1, "at": NOW})
    live.advance(NOW + 23 * timedelta(hours=1))
    live.feed({"kind": "opened", "person": 2, "at": NOW + timedelta(hours=2)})
    live.feed({"kind": "opened", "person": 3, "at": NOW - timedelta(minutes=30)})
    assert [(change.person, change.at) for change in live.advance(NOW + 26 * timedelta(hours=1))] == [
        ("3", NOW + DAY - timedelta(minutes=30)),
        ("1", NOW + DAY),
        ("2", NOW + DAY + timedelta(hours=2)),
    ]
