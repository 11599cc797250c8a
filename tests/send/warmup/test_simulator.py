import xml.etree.ElementTree as ET
from datetime import date, timedelta
from random import Random

import pytest

from mailkit.errors import InvalidValue
from mailkit.send import warmup
from mailkit.send.warmup import Audience, Plan, simulate
from mailkit.send.warmup.simulator import _drawn

MONDAY = date(2026, 3, 2)
SMOOTH = Audience(volume=100_000, bounced_share=0, complained_share=0, varies_share=0, throttled_share=0)


@pytest.mark.parametrize(("start", "growth", "day"), [(500, 0.15, 39), (500, 0.30, 22), (1_500, 0.30, 18)])
def test_where_all_goes_well_the_known_curves_come_out(start, growth, day):
    told = simulate(Plan(start=start, growth_share=growth), {"gmail": SMOOTH}, begins_on=MONDAY, runs=2)
    assert told.on(told.all_through.high) == MONDAY + timedelta(days=day - 1)
    assert [one.middle for one in told.sending[:2]] == [start, int(start * (1 + growth))]
    assert told.overflow[0].middle == 100_000 - start


def test_the_same_seed_gives_the_same_and_a_provider_does_not_depend_on_the_others():
    gmail, yahoo = Audience(volume=9_000), Audience(volume=4_000)
    both = simulate(Plan(), {"gmail": gmail, "yahoo": yahoo}, begins_on=MONDAY, runs=20, seed=3)
    turned = simulate(Plan(), {"yahoo": yahoo, "gmail": gmail}, begins_on=MONDAY, runs=20, seed=3)
    alone = simulate(Plan(), {"gmail": gmail}, begins_on=MONDAY, runs=20, seed=3)
    assert (both.sending, both.overflowed, both.all_through) == (turned.sending, turned.overflowed, turned.all_through)
    assert both.through["gmail"] == alone.through["gmail"]
    assert simulate(Plan(), {"gmail": gmail}, begins_on=MONDAY, runs=20, seed=4).overflowed != alone.overflowed


def test_bounces_strictness_and_free_days_make_it_longer():
    def days(**more: object) -> int:
        audience = Audience(volume=20_000, **more)
        return simulate(Plan(growth_share=0.3), {"x": audience}, begins_on=MONDAY, runs=20).all_through.middle

    usual = days()
    assert days(bounced_share=0.008) > usual
    assert days(tolerated_growth=0.1, tolerated_start=500) > usual
    assert days(weekdays={0, 1, 2, 3, 4}) > usual


def test_what_never_comes_to_its_end_says_so():
    hopeless = Audience(volume=20_000, bounced_share=0.3)
    told = simulate(Plan(), {"gmail": hopeless}, begins_on=MONDAY, runs=3, most_days=30)
    assert told.on(told.all_through.low) is None
    assert "not within 30 days" in str(told)
    assert "through on" not in told.svg()
    certain = simulate(Plan(), {"x": Audience(volume=9_000, bounced_share=1.0)}, begins_on=MONDAY, runs=1, most_days=9)
    assert certain.all_through.high == 10


def test_the_picture_is_wellformed_and_says_what_it_shows():
    audiences = {"gmail & co": Audience(volume=60_000), "yahoo": Audience(volume=2_000)}
    told = simulate(Plan(growth_share=0.3), audiences, begins_on=date(2026, 12, 20), runs=10)
    picture = ET.fromstring(told.svg())
    assert picture.get("viewBox").startswith("0 0 400 ")
    assert "through at all providers by" in picture.get("aria-label")
    html = told._repr_html_()
    assert "gmail &amp; co" in html
    assert "Jan 2027" in html
    assert "<script" not in html
    ET.fromstring(html)
    assert html in told.to_html()
    assert told.to_html().startswith("<!doctype html>")


def test_a_short_way_and_a_large_one_can_be_drawn():
    at_once = simulate(Plan(), {"x": Audience(volume=20)}, begins_on=MONDAY, runs=1)
    assert at_once.on(at_once.all_through.middle) == MONDAY
    large = Plan(start=10_000, growth_share=1, target=3_000_000)
    ET.fromstring(at_once.svg())
    svg = simulate(large, {"x": Audience(volume=3_000_000)}, begins_on=MONDAY, runs=1).svg()
    assert ">1M<" in svg
    assert ">100k<" in svg


@pytest.mark.parametrize(("count", "chance"), [(0, 0.5), (20, 0.0), (20, 1.0), (200, 0.05), (100_000, 0.01)])
def test_chance_is_drawn_about_as_often_as_it_should_be(count, chance):
    rng = Random(5)
    drawn = [_drawn(count, chance, rng) for _ in range(400)]
    assert all(0 <= one <= count for one in drawn)
    deviation = (count * chance * (1 - chance) / 400) ** 0.5
    assert abs(sum(drawn) / 400 - count * chance) <= 4 * deviation


@pytest.mark.parametrize("wrong", [{"runs": 0}, {"most_days": 0}, {"audiences": {}}, {"runs": 1.5}])
def test_a_simulation_of_nothing_is_refused(wrong):
    with pytest.raises(InvalidValue):
        simulate(Plan(), **{"audiences": {"x": SMOOTH}, "begins_on": MONDAY, **wrong})


@pytest.mark.parametrize("wrong", [{"weekdays": ()}, {"weekdays": {7}}, {"volume": 0}, {"bounced_share": 2}])
def test_an_audience_that_cannot_be_is_refused(wrong):
    with pytest.raises(InvalidValue):
        Audience(**{"volume": 5, **wrong})


def test_the_package_loads_what_is_asked_for_and_lists_what_it_has():
    assert set(warmup.__all__) <= set(dir(warmup))
    assert all(getattr(warmup, name) is not None for name in warmup.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = warmup.nothing
