from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailkit import Event
from mailkit.errors import SegmentError
from mailkit.segment import days, partition, presets
from mailkit.segment import field as f
from mailkit.segment.presets.rfm_scores import GRID

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def _events(kind: str, *ago: float, **more) -> list[dict]:
    return [{"kind": kind, "at": NOW - timedelta(days=days), **more} for days in ago]


histories = st.lists(
    st.builds(
        lambda kind, ago, who: {"kind": kind, "at": NOW - timedelta(hours=12 * ago), "visitor": who},
        st.sampled_from(["purchase", "opened", "clicked", "accepted"]),
        st.integers(-5, 1000),
        st.sampled_from([None, "human", "prefetch", "scanner"]),
    ),
    max_size=12,
)
spans = st.integers(1, 400).map(days)


@settings(max_examples=40)
@given(histories, spans, spans, spans, spans)
def test_everybody_is_in_exactly_one_stage_of_life(events, one, two, three, four):
    stages = presets.lifecycle(new=one, active=two, at_risk=three, lapsed=four)
    assert sum(stage.matches({}, events=events, now=NOW) for stage in stages.values()) == 1


@settings(max_examples=40)
@given(histories, spans, spans)
def test_everybody_is_on_exactly_one_level_of_engagement(events, one, two):
    levels = presets.engagement({"warm": one, "cold": two})
    assert list(levels) == ["warm", "cold", "silent"]
    assert sum(level.matches({}, events=events, now=NOW) for level in levels.values()) == 1


@settings(max_examples=40)
@given(histories)
def test_presets_mean_what_is_said_of_them(events):
    def ago(kind, is_human=False):
        seen = [event for event in events if event["kind"] == kind and event["at"] <= NOW]
        return sorted(
            (NOW - event["at"]) / timedelta(days=1)
            for event in seen
            if not is_human or event["visitor"] not in presets.MACHINES
        )

    def means(segment, record=None):
        return segment.matches(record or {}, events=events, now=NOW)

    bought = ago("purchase")
    human = sorted(ago("opened", is_human=True) + ago("clicked", is_human=True))
    signs = ago("opened") + ago("clicked") + bought
    lately = [age for age in bought if age < 30]
    before = [age for age in bought if age > max(lately, default=0)]
    assert means(presets.active()) == any(age < 90 for age in bought)
    assert means(presets.at_risk()) == (bool(bought) and 90 <= bought[0] < 180)
    assert means(presets.lapsed()) == (bool(bought) and bought[0] >= 180)
    assert means(presets.dormant()) == (bool(signs) and min(signs) >= 180)
    assert means(presets.first_time_buyers()) == (bool(bought) and bought[-1] < 30)
    assert means(presets.one_time()) == (len(bought) == 1)
    assert means(presets.repeat()) == (len(bought) >= 2)
    assert means(presets.repeat(times=1, last=days(10))) == any(age < 10 for age in bought)
    assert means(presets.reactivated()) == (bool(lately) and bool(before) and min(before) > max(lately) + 180)
    assert means(presets.engagement()["engaged"]) == any(age < 30 for age in human)
    sunset = presets.sunset_candidates(letters=2)
    written = len([age for age in ago("accepted") if age < 180]) >= 2
    is_silent = not any(age < 180 for age in human)
    assert means(sunset, {"subscribed_at": NOW - timedelta(days=180)}) == (written and is_silent)
    assert not means(sunset, {"subscribed_at": NOW - timedelta(days=179)})


def test_who_came_lately_is_new_and_who_will_come_is_not():
    ages = [40, 30, 29, 0, -1]
    people = [{"since": NOW - timedelta(days=age)} for age in ages]
    assert [presets.new(joined="since").matches(person, now=NOW) for person in people] == [
        False,
        False,
        True,
        True,
        False,
    ]
    assert presets.new(joined=f.since).matches(people[2], now=NOW)


def test_birthdays_and_anniversaries_are_where_people_live():
    born, joined = date(1990, 3, 3), datetime(2020, 2, 29, 23, tzinfo=UTC)
    anna = {"born": born, "subscribed_at": joined, "zone": "Europe/Moscow"}
    assert presets.birthday(zone=f.zone, next=days(2)).matches(anna, now=NOW)
    assert not presets.birthday(zone=f.zone).matches(anna, now=NOW)
    assert presets.anniversary(zone="Europe/Moscow").matches(anna, now=NOW)
    assert not presets.anniversary(zone="UTC").matches(anna, now=NOW)


def test_big_spenders_are_told_by_what_is_given():
    bought = _events("order", 5, 400, total=Decimal(60))
    assert presets.big_spenders(least=60, kind="order", value="total").matches({}, events=bought, now=NOW)
    assert not presets.big_spenders(least=61, kind="order", value="total").matches({}, events=bought, now=NOW)


@pytest.mark.parametrize("kinds", ["opened", [], 5])
def test_kinds_are_several(kinds):
    with pytest.raises(SegmentError, match="give the kinds"):
        presets.dormant(kinds=kinds)


@pytest.mark.parametrize("levels", [{}, {"silent": days(1)}, 5])
def test_levels_are_spans_by_name(levels):
    with pytest.raises(SegmentError, match="give spans by name"):
        presets.engagement(levels)


purchases = st.lists(
    st.tuples(
        st.integers(0, 9),
        st.integers(-20, 1500),
        st.one_of(st.none(), st.integers(-5, 50), st.decimals(0, 90, places=2), st.floats(0, 90)),
    ),
    min_size=1,
    max_size=60,
)
PEOPLE = [{"id": number} for number in range(11)]


def _bought(drawn) -> list[dict]:
    return [
        {"kind": "purchase", "person": person, "at": NOW - timedelta(hours=hours), "value": value}
        for person, hours, value in drawn
    ]


@settings(max_examples=20)
@given(purchases, st.integers(3, 10))
def test_named_segments_part_all_buyers_as_their_scores_do(drawn, bins):
    events = _bought(drawn)
    if not any(event["at"] <= NOW for event in events):
        with pytest.raises(SegmentError, match="nobody"):
            presets.rfm(PEOPLE, events, now=NOW, bins=bins)
        return
    scored = presets.rfm(PEOPLE, events, now=NOW, bins=bins)
    found = {name: segment.filter(PEOPLE, events=events, now=NOW) for name, segment in scored.segments.items()}
    for person in PEOPLE:
        score = scored.scores.get(str(person["id"]))
        names = [name for name, them in found.items() if person in them]
        assert names == ([scored.name(score)] if score else [])


@settings(max_examples=25)
@given(purchases, st.data())
def test_a_segment_of_scores_has_the_people_of_these_scores(drawn, data):
    events = [*_bought(drawn), {"kind": "purchase", "person": 0, "at": NOW, "value": 1}]
    scored = presets.rfm(PEOPLE, events, now=NOW)
    limits = {}
    for which in ("recency", "frequency", "money"):
        pair = data.draw(st.none() | st.tuples(st.integers(1, 5), st.integers(1, 5)).map(sorted).map(tuple))
        limits[which] = pair
    expected = [
        person
        for person in PEOPLE
        if (score := scored.scores.get(str(person["id"])))
        and all(pair is None or pair[0] <= getattr(score, which) <= pair[1] for which, pair in limits.items())
    ]
    assert scored.segment(**limits).filter(PEOPLE, events=events, now=NOW) == expected


def test_borders_are_figures_of_people_and_equals_score_alike():
    events = [
        {"kind": "purchase", "person": number, "at": NOW - timedelta(days=number), "value": 10 * number}
        for number in range(1, 11)
    ]
    scored = presets.rfm(PEOPLE, events, now=NOW)
    assert scored.days == (3, 5, 7, 9)  # bought 2, 4, 6 and 8 days ago, which is within the last 3, 5, 7 and 9
    assert scored.money == (20, 40, 60, 80)
    assert scored.times == (1, 1, 1, 1)
    assert str(scored.scores["1"]) == "5-1-1"
    assert str(scored.scores["10"]) == "1-1-5"
    assert {score.frequency for score in scored.scores.values()} == {1}


def test_rfm_is_shown_as_a_table():
    events = [Event(kind="purchase", person="1", at=NOW, value=Decimal(5), currency="EUR")]
    events.append(Event(kind="purchase", person="<2>", at=NOW - timedelta(days=9)))
    scored = presets.rfm([{"id": 1}, {"id": "<2>"}], events, now=NOW)
    assert str(scored).splitlines()[:2] == ["2 people bought", "champions: 0"]
    page = scored._repr_html_()
    assert page.count("<tr>") == 11
    assert "50.0%" in page
    assert "100.0%" in page
    assert "within 1, 1, 10, 10 days" in page
    assert "<2 people>" in repr(scored)
    assert presets.Rfm(kind="x", value="v", bins=5, days=(), times=(), money=(), scores={})._repr_html_()


def test_every_box_of_the_grid_has_a_name_in_the_order():
    named = {name for line in GRID.splitlines()[2:] for cell in line.split("|")[1:] for name in _names(cell)}
    scored = presets.rfm([{"id": 1}], [{"kind": "purchase", "person": 1, "at": NOW}], now=NOW)
    assert named == set(scored.segments)


def _names(cell: str) -> list[str]:
    return [name.strip() for name in cell.replace(" if much", "").split(", else ")]


def test_what_cannot_be_scored_is_refused():
    bought = [{"kind": "purchase", "person": 1, "at": NOW, "value": "a lot"}]
    with pytest.raises(SegmentError, match=r"not a number.*\(person 1\)"):
        presets.rfm([{"id": 1}], bought, now=NOW)
    with pytest.raises(SegmentError, match="3 to 10 scores"):
        presets.rfm([{"id": 1}], bought, now=NOW, bins=2)
    with pytest.raises(SegmentError, match="nobody"):
        presets.rfm([{"id": 1}], bought, kind="order")
    scored = presets.rfm([{"id": 1}], _bought([(1, 1, 1)]), now=NOW)
    with pytest.raises(SegmentError, match="lower first"):
        scored.segment(recency=(3, 2))
    with pytest.raises(SegmentError, match="scores from"):
        scored.segment(money=(0, 6))


def test_a_segment_of_rfm_is_a_text_like_any_other():
    events = _bought([(1, 24, 5), (2, 500, 7), (2, 90, 9), (3, 3, 1)])
    scored = presets.rfm(PEOPLE, events, now=NOW)
    divided = partition(scored.segments, PEOPLE, events=events, now=NOW)
    assert len(divided[None]) == len(PEOPLE) - 3
    assert "any purchase within last" in str(scored.segment(recency=(4, 5)))
