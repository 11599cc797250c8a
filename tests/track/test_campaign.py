"""The links and header fields of a campaign."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.headerregistry import HeaderRegistry
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit.compose.links import Link
from mailkit.envelope import Envelope
from mailkit.errors import InvalidValue
from mailkit.track import Keyring, Purpose, Tracker

SENT = datetime(2026, 6, 1, tzinfo=UTC)
KEYS = Keyring({1: bytes(range(64))})


def tracker(**settings) -> Tracker:
    return Tracker("https://t.example.com", keys=KEYS, **settings)


def link(href: str, number: int = 1, label: str = "See the sale", block: str = "button 2") -> Link:
    return Link(number=number, href=href, label=label, block=block)


@given(number=st.integers(1, 65535), person=st.integers(0, 2**64 - 1))
def test_each_purpose_has_an_address_of_its_own_that_verifies(number, person):
    links = tracker().campaign(7, name="june")
    click = links.url(number, person=person, at=SENT).removeprefix("https://t.example.com/c/")
    pixel = links.pixel(person=person, at=SENT).removeprefix("https://t.example.com/o/").removesuffix(".gif")
    leave = links.unsubscribe(person=person, at=SENT).removeprefix("https://t.example.com/u/")
    assert KEYS.verify(click, Purpose.CLICK)[1:4] == (7, person, number)
    assert KEYS.verify(pixel, Purpose.OPEN)[1:4] == (7, person, 0)
    assert KEYS.verify(leave, Purpose.UNSUBSCRIBE)[1:4] == (7, person, 0)


def test_a_placed_link_is_remembered_with_its_label_and_block():
    ours = tracker()
    assert ours.campaign(7, name="june").place(link("https://shop.example.com/sale"))
    placed = ours.table.get(7, 1)
    assert (placed.destination, placed.label, placed.block) == (
        "https://shop.example.com/sale",
        "See the sale",
        "button 2",
    )


@pytest.mark.parametrize(
    "href", ["mailto:shop@example.com", "tel:+10000000", "#top", "", "/sale", "https://t.example.com/u/x"]
)
def test_what_is_no_destination_is_left_alone(href):
    ours = tracker()
    assert not ours.campaign(7, name="june").place(link(href))
    assert ours.table.get(7, 1) is None


def test_a_shop_on_the_trackers_own_host_is_a_destination():
    assert tracker().campaign(7, name="june").place(link("https://t.example.com/shop"))


@pytest.mark.parametrize("href", ["https://shop.example.com\r\nX: y", "https://shop.example.com@evil.example"])
def test_a_destination_that_hides_something_is_refused(href):
    with pytest.raises(InvalidValue):
        tracker().campaign(7, name="june").place(link(href))


def test_parameters_name_the_campaign_and_the_link():
    ours = tracker()
    parameters = {"utm_source": "mail", "utm_campaign": "{campaign} {step}", "utm_content": "{number}-{block}"}
    links = ours.campaign(7, name="june", step="letter", parameters=parameters)
    links.place(link("https://shop.example.com/?a=1#top"))
    destination = urlsplit(ours.table.get(7, 1).destination)
    assert parse_qs(destination.query) == {
        "a": ["1"],
        "utm_source": ["mail"],
        "utm_campaign": ["june letter"],
        "utm_content": ["1-button 2"],
    }
    assert destination.fragment == "top"


def test_a_parameter_that_cannot_be_filled_is_refused_before_any_letter():
    with pytest.raises(InvalidValue, match="did you mean 'campaign'"):
        tracker().campaign(7, name="june", parameters={"utm_campaign": "{campain}"})


@pytest.mark.parametrize("parameters", [["utm_source"], "utm_source=mail", {"a": 5}, {5: "a"}, {"a": "{number[0]}"}])
def test_parameters_that_are_none_are_refused(parameters):
    with pytest.raises(InvalidValue, match="parameters"):
        tracker().campaign(7, name="june", parameters=parameters)


def test_compiling_again_changes_nothing():
    ours = tracker()
    for _ in range(2):
        assert ours.campaign(7, name="june").place(link("https://shop.example.com/sale"))


def test_a_new_label_is_taken_over():
    ours = tracker()
    links = ours.campaign(7, name="june")
    links.place(link("https://shop.example.com/sale"))
    links.place(link("https://shop.example.com/sale", label="Sale!"))
    assert ours.table.get(7, 1).label == "Sale!"


def test_a_link_in_letters_sent_before_cannot_lead_elsewhere():
    ours = tracker()
    ours.campaign(7, name="june").place(link("https://shop.example.com/sale"))
    with pytest.raises(InvalidValue, match=r"link 1 of campaign 7: .*is_draft=True"):
        ours.campaign(7, name="june").place(link("https://shop.example.com/other"))
    assert ours.table.get(7, 1).destination == "https://shop.example.com/sale"


def test_a_draft_may_still_change():
    ours = tracker()
    ours.campaign(7, name="june", is_draft=True).place(link("https://shop.example.com/sale"))
    ours.campaign(7, name="july", is_draft=True).place(link("https://shop.example.com/other"))
    assert ours.table.get(7, 1).destination == "https://shop.example.com/other"
    assert ours.table.get_campaign(7).name == "july"


def test_two_letters_cannot_share_a_number():
    ours = tracker()
    ours.campaign(7, name="june", step="letter")
    with pytest.raises(InvalidValue, match="'june', step 'letter', already"):
        ours.campaign(7, name="june", step="reminder")


@pytest.mark.parametrize("changed", [{"topic": "offers"}, {"brand": "Records"}, {"topic": ""}])
def test_what_an_old_letter_unsubscribes_from_cannot_change(changed):
    ours = tracker()
    before = {"topic": "news", "brand": "Books"}
    ours.campaign(7, name="june", **before)
    with pytest.raises(InvalidValue, match=r"campaign: 7 .*topic 'news'.*brand 'Books'.*is_draft=True"):
        ours.campaign(7, name="june", **{**before, **changed})
    assert ours.table.get_campaign(7).scope == {"scope": "topic", "topic": "news"}
    assert ours.campaign(7, name="june", is_draft=True, **{**before, **changed})


def fields(**settings) -> dict[str, str]:
    links = tracker().campaign(7, name="june", **settings)
    return dict(links.headers(person=42, at=SENT))


def test_the_fields_are_what_bulk_senders_must_send():
    found = fields(step="letter", topic="news", unsubscribe_mailto="leave@example.com")
    assert list(found) == ["List-Unsubscribe", "List-Unsubscribe-Post", "List-Id", "Feedback-ID"]
    ways = found["List-Unsubscribe"].split(", ")
    assert all(re.fullmatch(r"<[!-;=?-~]+>", way) for way in ways)  # RFC 2369, 2: no blanks inside, commas between
    assert ways[0].startswith("<https://t.example.com/u/")  # RFC 8058, 3.1: one https address
    assert ways[1].startswith("<mailto:leave@example.com?subject=")
    assert found["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert found["List-Id"] == "<news.t.example.com>"
    assert found["Feedback-ID"] == "7:letter:news:texamplecom"


def test_without_an_address_for_it_only_the_web_is_offered():
    assert fields()["List-Unsubscribe"].count("<") == 1


def test_the_fields_go_into_an_envelope_and_through_the_standard_library():
    links = tracker().campaign(7, name="june", topic="Новости", unsubscribe_mailto="leave+x@example.com")
    envelope = Envelope(
        sender="shop@example.com", recipient="anna@example.org", headers=links.headers(person=42, at=SENT)
    )
    for name, value in envelope.headers:
        assert value.isascii()
        assert not HeaderRegistry()(name, value).defects


@given(
    topic=st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=30).filter(
        lambda text: "=?" not in text
    )
)
def test_any_topic_makes_fields_that_may_be_sent(topic):
    found = tracker().campaign(7, name="june", topic=topic, step=topic).headers(person=42, at=SENT)
    Envelope(sender="shop@example.com", recipient="anna@example.org", headers=found)
    list_id, feedback = (dict(found)[name] for name in ("List-Id", "Feedback-ID"))
    assert re.fullmatch(r"<[a-z0-9_-]{1,63}\.t\.example\.com>", list_id)
    assert 2 <= len(feedback.split(":")) <= 4


def test_the_fields_are_the_same_for_no_two_persons_except_the_counted_ones():
    links = tracker().campaign(7, name="june", topic="news")
    one, other = (dict(links.headers(person=person, at=SENT)) for person in (42, 43))
    assert one["List-Unsubscribe"] != other["List-Unsubscribe"]
    assert (one["List-Id"], one["Feedback-ID"]) == (other["List-Id"], other["Feedback-ID"])


@pytest.mark.parametrize(
    "list_id", ["news", "new s.example.com", "<news.example.com>", "news.", "a." + "b" * 255, "nëws.example", 5]
)
def test_a_list_id_that_is_none_is_refused(list_id):
    with pytest.raises(InvalidValue, match="RFC 2919"):
        fields(list_id=list_id)


def test_a_list_id_of_ones_own_is_kept():
    assert fields(list_id="june.example.com")["List-Id"] == "<june.example.com>"
