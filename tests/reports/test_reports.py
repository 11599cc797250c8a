"""Reports: every letter in one state, every rate with its denominator, every order once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit import Event, Finding, Severity, reports
from mailkit.compose.links import Link, Links
from mailkit.errors import InvalidValue
from mailkit.reports.counts import letters
from mailkit.testing.strategies import events

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LINKS = [
    Link(number=1, href="https://shop.example.com/", label="Shop", block="button 2"),
    Link(number=2, href="https://shop.example.com/", label="<b>Shop</b>", block="text 3"),
]


def fact(kind: str, person: str = "1", hours: float = 0, **more: object) -> Event:
    more = {"campaign": "spring"} | more
    return Event(kind=kind, person=person, at=NOON + timedelta(hours=hours), **more)  # type: ignore[arg-type]


def order(person: str, hours: float, value: str | None = "10.00") -> Event:
    return fact("purchase", person, hours, campaign="", value=value, currency="EUR" if value else "")


@given(st.lists(events(), max_size=12))
def test_every_letter_is_in_one_state_and_readers_are_among_the_accepted(log: list[Event]) -> None:
    numbers = reports.funnel(log)
    assert sum(numbers.ended.values()) + numbers.waiting == numbers.letters <= len(letters(log))
    for rate in reports.rates(numbers):
        assert rate.count <= rate.of
        assert rate.share is None or 0 <= rate.share <= 1


@given(st.lists(events(), max_size=12))
def test_groups_add_up_to_the_whole(log: list[Event]) -> None:
    groups = reports.funnel_by(log, lambda person: "odd" if person in {"1", "17"} else "even").values()
    assert sum(group.letters for group in groups) == reports.funnel(log).letters
    assert sum(group.opened for group in groups) == reports.funnel(log).opened


@given(st.lists(events(), max_size=12))
def test_nothing_is_counted_twice_when_the_log_repeats_itself(log: list[Event]) -> None:
    assert reports.funnel(log + log) == reports.funnel(log)
    within = timedelta(days=9)
    assert reports.revenue(log + log, within=within, kind="converted") == reports.revenue(
        log, within=within, kind="converted"
    )


def test_a_bounced_letter_has_no_readers() -> None:
    numbers = reports.funnel([fact("accepted"), fact("opened", hours=1), fact("bounced", hours=2)])
    assert (numbers.bounced, numbers.accepted, numbers.opened) == (1, 0, 0)


def test_events_about_no_letter_are_left_out() -> None:
    assert reports.funnel([fact("subscribed", campaign=""), order("1", 1)]) == reports.Funnel()


def test_a_purchase_that_names_its_campaign_only_is_no_letter() -> None:
    assert reports.funnel([fact("purchase", campaign="spring")]) == reports.Funnel()


def test_a_funnel_says_what_is_missing() -> None:
    assert str(reports.funnel([fact("queued"), fact("accepted", "2")])) == "2 letters: 1 accepted, 1 waiting"
    assert str(reports.Funnel()) == "0 letters: none ended"
    assert "accepted" in reports.Funnel(letters=1, accepted=1)._repr_html_()
    assert reports.rates(reports.Funnel())[0]._repr_html_() == "accepted: – (0 of 0 sent)"


def test_refusals_are_counted_by_letter_with_the_commonest_reply() -> None:
    unknown = {"cause": "userunknown", "family": "recipient", "action": "suppress"}
    log = [
        fact("bounced", "1", properties=unknown | {"reply": "550 rare"}),
        fact("bounced", "2", properties=unknown | {"reply": "550 common"}),
        fact("bounced", "3", properties=unknown | {"reply": "550 common"}),
        fact("deferred", "4", properties={"cause": "greylisted"}),
        fact("deferred", "4", hours=1, properties={"cause": "greylisted"}),
    ]
    (row,) = reports.bounces_by_cause(log)
    assert (row.letters, row.example) == (3, "550 common")
    deferred = reports.bounces_by_cause(log, kinds=["deferred"])
    assert [(row.cause, row.family, row.letters, row.example) for row in deferred] == [
        ("greylisted", "undefined", 1, "")
    ]


def test_clicks_tell_links_to_one_address_apart() -> None:
    log = [
        fact("clicked", "1", properties={"link": 1}),
        fact("clicked", "1", hours=1, properties={"link": 1}),
        fact("clicked", "2", properties={"link": 1}),
        fact("clicked", "3"),
        fact("opened", "3", properties={"link": 2}),
    ]
    assert [(row.clicks, row.people) for row in reports.clicks_by_link(log, LINKS)] == [(3, 2), (0, 0)]


def test_marks_are_links_for_the_compiler() -> None:
    marks = reports.LinkMarks()
    assert isinstance(marks, Links)
    assert marks.place(LINKS[0])
    assert marks.pixel(person=1, at=NOON) == ""
    assert marks.unsubscribe(person=1, at=NOON) == "#"


def test_the_picture_has_a_badge_at_every_link_and_no_address_of_ours() -> None:
    marks = reports.LinkMarks()
    html = "".join(f'<a class="x" href="{marks.url(number, person=0, at=NOON)}">go</a>' for number in (1, 2, 3))
    clicks = reports.clicks_by_link([fact("clicked", properties={"link": 1})], LINKS)
    shown = reports.picture(html, clicks)
    assert "marked.invalid" not in shown
    assert shown.count("<span") == 3
    assert reports.picture(html, []).count("0 people") == 3


def test_orders_count_from_the_acceptance_until_before_the_end() -> None:
    log = [
        fact("accepted", "1"),
        order("1", -1),
        order("1", 0),
        order("1", 23.9, None),
        order("1", 24),
        order("2", 1),
        fact("accepted", "3"),
        fact("bounced", "3", 1),
        order("3", 2),
    ]
    found = reports.revenue(log, within=timedelta(days=1))
    assert (found.letters, found.buyers, found.orders, found.amounts) == (1, 1, 2, {"EUR": Decimal("10.00")})
    assert found.per_letter == {"EUR": Decimal("10.00")}


def test_an_order_after_two_letters_counts_once() -> None:
    log = [fact("accepted", "1"), fact("accepted", "1", 1, step="reminder"), order("1", 2)]
    found = reports.revenue(log, within=timedelta(days=1))
    assert (found.letters, found.orders) == (2, 1)


def test_letters_without_a_campaign_are_told_apart_by_their_message_id() -> None:
    log = [
        fact("accepted", campaign="", message_id="a@x.example"),
        fact("bounced", campaign="", message_id="b@x.example"),
    ]
    numbers = reports.funnel(log)
    assert (numbers.letters, numbers.accepted, numbers.bounced) == (2, 1, 1)
    assert reports.bounces_by_cause([log[1], fact("bounced", campaign="", message_id="c@x.example")])[0].letters == 2


def test_one_absurd_order_does_not_stop_the_report() -> None:
    found = reports.revenue([fact("accepted", "1"), order("1", 1, "1E+90")], within=timedelta.max)
    assert found.per_letter == {"EUR": Decimal("1E+90")}
    assert "bought after it" in reports.page("Spring", funnel=reports.Funnel(letters=1, accepted=1), revenue=found)


def test_a_picture_of_unclosed_tags_takes_no_longer_than_its_length() -> None:
    assert reports.picture("<a " * 200_000, []) == "<a " * 200_000


def test_no_letters_no_revenue_per_letter() -> None:
    assert reports.revenue([order("1", 1)], within=timedelta(days=1)).per_letter == {}


@pytest.mark.parametrize("within", [timedelta(0), timedelta(days=-1), 5])
def test_a_time_that_is_none_is_refused(within: timedelta) -> None:
    with pytest.raises(InvalidValue, match="length of time"):
        reports.revenue([], within=within)


class Balance(HTMLParser):
    """Counts what is opened and closed, and what would be fetched."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.fetched: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in {"meta", "br", "link", "img"}:
            self.open.append(tag)
        self.fetched += [value or "" for name, value in attrs if name in {"src", "href"}]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_a_page_stands_alone_and_escapes_what_it_is_given() -> None:
    log = [
        fact("accepted", "1"),
        fact("opened", "1", 1),
        fact("converted", "1", 2),
        fact("clicked", "1", 1, properties={"link": 2}),
        fact("bounced", "2", properties={"reply": "550 <script>alert(1)</script>"}),
        order("1", 2),
    ]
    page = reports.page(
        "Spring <script>",
        subtitle="to & fro",
        funnel=reports.funnel(log),
        groups=reports.funnel_by(log, lambda person: "all <i>"),
        refusals=reports.bounces_by_cause(log),
        clicks=reports.clicks_by_link(log, LINKS),
        letter="<p>Hi</p><script>alert(1)</script>",
        revenue=reports.revenue(log, within=timedelta(days=30)),
        domain="<p>ready</p>",
        findings=[Finding(code="x", severity=Severity.INFO, message="a < b")],
        notes=["<one>"],
    )
    balance = Balance()
    balance.feed(page)
    assert balance.open == []
    assert balance.fetched == []
    assert "<script" not in page
    for part in ("Spring", "<p>ready</p>", "a &lt; b", "&lt;one&gt;", "10.00 EUR", "Reconciled", "converted"):
        assert part in page


def test_a_page_may_have_the_funnel_alone() -> None:
    page = reports.page("Spring", funnel=reports.Funnel(letters=2, accepted=1, waiting=1))
    assert "Not finished" in page
    assert "Clicks by link" not in page
    assert "<iframe" not in page
    no_buyers = reports.revenue([fact("accepted")], within=timedelta(days=2))
    assert "readers who ordered" in reports.page("Spring", funnel=reports.Funnel(), revenue=no_buyers, clicks=[
        reports.LinkClicks(link=LINKS[0], clicks=0, people=0)
    ])  # fmt: skip
