from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit.errors import InvalidValue
from mailkit.send.limits.limits import Limits, Shape
from mailkit.send.limits.quota import Period, Quota
from mailkit.send.limits.rate import Rate

SECOND = timedelta(seconds=1)
TEN = Rate(10, per=SECOND)


def test_one_rate_is_written_as_it_is_and_several_in_a_list():
    assert Limits(overall=TEN).overall == (TEN,)
    assert Limits(overall=[TEN, Rate(100, per=60 * SECOND)]).overall[1].count == 100
    assert Limits().overall == ()
    assert Limits(providers={"gmail": TEN}).providers["gmail"] == Shape(rate=TEN)
    assert Limits(accounts={"shop": Quota(5, per="day")}, account=TEN).accounts["shop"] == (Quota(5, per="day"),)
    assert Limits(instead={"a": "b", "c": ["d", "e"]}).instead == {"a": ("b",), "c": ("d", "e")}


def test_a_domain_is_known_by_its_ascii_form():
    assert Limits(domains={"Bücher.Example": TEN}).shape_of("xn--bcher-kva.example").rate == (TEN,)


def test_what_has_no_shape_gets_the_default_if_there_is_one():
    assert Limits().shape_of("gmail") == Shape()
    limits = Limits(default=Shape(connections=2), providers={"gmail": TEN})
    assert limits.shape_of("yahoo").connections == 2
    assert limits.shape_of("gmail").connections is None
    assert limits.shape_of("").connections is None


def test_a_domain_stands_for_itself_if_it_has_a_shape_or_only_the_default():
    limits = Limits(domains={"ours.example": TEN})
    assert limits.destination("ours.example", "gmail") == "ours.example"
    assert limits.destination("theirs.example", "gmail") == "gmail"
    assert limits.destination("theirs.example", "") == ""
    assert Limits(default=TEN).destination("theirs.example", "") == "theirs.example"


@pytest.mark.parametrize(
    "wrong",
    [
        {"overall": 10},
        {"overall": "10/s"},
        {"overall": [10]},
        {"accounts": {"shop": [10]}},
        {"accounts": TEN},
        {"providers": {"gmail": {"rate": 10}}},
        {"domains": {"example": TEN}},
        {"turns": 1},
        {"rules": ["421"]},
        {"rules": 1},
        {"mailboxes": {}},
        {"feedback": 5},
    ],
)
def test_what_is_no_limit_is_refused(wrong):
    with pytest.raises((InvalidValue, TypeError)):
        Limits(**wrong)


def test_a_connection_is_counted_from_one():
    with pytest.raises(InvalidValue):
        Shape(connections=0)


def test_a_quota_s_day_is_the_zone_s():
    quota = Quota(5, per="day", zone="Asia/Tokyo")
    one = quota.allotment("shop", is_transactional=False, now=datetime(2026, 3, 1, 14, 59, tzinfo=UTC))
    two = quota.allotment("shop", is_transactional=False, now=datetime(2026, 3, 1, 15, 0, tzinfo=UTC))
    assert (one.number + 1, one.ends_at) == (two.number, datetime(2026, 3, 1, 15, tzinfo=UTC))
    assert one.key == two.key


def test_a_month_ends_with_the_month_also_in_december():
    quota = Quota(5, per=Period.MONTH)
    december = quota.allotment("shop", is_transactional=False, now=datetime(2026, 12, 31, 23, tzinfo=UTC))
    assert december.ends_at == datetime(2027, 1, 1, tzinfo=UTC)
    january = quota.allotment("shop", is_transactional=False, now=december.ends_at)
    assert (january.number, january.ends_at) == (december.number + 1, datetime(2027, 2, 1, tzinfo=UTC))


@given(
    st.integers(0, 50 * 366 * 86400).map(lambda seconds: datetime(2000, 1, 1, tzinfo=UTC) + seconds * SECOND),
    st.sampled_from(["UTC", "Europe/Berlin", "America/Santiago", "Asia/Kathmandu", "Pacific/Apia", "Africa/Cairo"]),
    st.sampled_from(["day", "month"]),
)
def test_periods_follow_one_another_without_a_gap(now, zone, per):
    quota = Quota(5, per=per, zone=zone)
    this = quota.allotment("shop", is_transactional=False, now=now)
    assert now < this.ends_at
    following = quota.allotment("shop", is_transactional=False, now=this.ends_at)
    assert following.number > this.number
    assert quota.allotment("shop", is_transactional=False, now=this.ends_at - timedelta(microseconds=1)) == this


def test_the_overrun_is_for_transactional_letters_or_for_all_until_an_instant():
    until = datetime(2026, 3, 1, 18, tzinfo=UTC)
    quota = Quota(1000, per="day", overrun_share=0.1, overrun_until=until)
    before, after = until - timedelta(hours=1), until + timedelta(hours=1)
    assert quota.allotment("shop", is_transactional=True, now=after).most == 1100
    assert quota.allotment("shop", is_transactional=False, now=after).most == 1000
    bulk = quota.allotment("shop", is_transactional=False, now=before)
    assert (bulk.most, bulk.ends_at) == (1100, until)


def test_a_period_that_ends_before_the_overrun_ends_on_its_own():
    quota = Quota(10, per="day", overrun_share=0.5, overrun_until=datetime(2026, 4, 1, tzinfo=UTC))
    allotment = quota.allotment("shop", is_transactional=False, now=datetime(2026, 3, 1, 12, tzinfo=UTC))
    assert (allotment.most, allotment.ends_at) == (15, datetime(2026, 3, 2, tzinfo=UTC))


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"per": "week"}, "neither a day nor a month"),
        ({"zone": "Mars/Olympus"}, "no time zone"),
        ({"zone": 3}, "no time zone"),
        ({"most": 1.5}, "whole number"),
        ({"most": -1}, "from 0 up"),
        ({"overrun_share": -1}, "from 0 up"),
        ({"overrun_until": datetime(2026, 3, 1)}, "time zone"),  # noqa: DTZ001
    ],
)
def test_a_quota_that_nobody_could_keep_is_refused(wrong, reason):
    with pytest.raises(InvalidValue, match=reason):
        Quota(**{"most": 5, "per": "day", **wrong})


@pytest.mark.parametrize("name", ["Gmail", "gmail.com", "mailru", "MAIL.RU"])
def test_a_provider_that_no_letter_will_ever_have_is_refused(name):
    meant = "mail.ru" if "ru" in name.lower() else "gmail"
    with pytest.raises(InvalidValue, match=f"is not that provider's name; write '{meant}'"):
        Limits(providers={name: TEN})
    assert Limits(providers={"campus": TEN}).providers["campus"].rate == (TEN,)
