"""What a tracker is made of, and the events that it makes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from mailkit.errors import AddressError, InvalidToken, InvalidValue
from mailkit.suppression import Suppression
from mailkit.track import Keyring, MemoryLinkTable, Purpose, Tracker

SENT = datetime(2026, 6, 1, 12, tzinfo=UTC)
KEYS = Keyring({1: bytes(range(64))})


def token_to_leave(tracker: Tracker, person: int = 42):
    text = tracker.keys.mint(Purpose.UNSUBSCRIBE, campaign=7, person=person, at=SENT)
    return tracker.keys.verify(text, Purpose.UNSUBSCRIBE)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://T.example.com/", "https://t.example.com"),
        ("https://example.com/mail/", "https://example.com/mail"),
        ("https://example.com:8443", "https://example.com:8443"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("http://[::1]:8000/", "http://[::1]:8000"),
        ("http://localhost", "http://localhost"),
        ("http://shop.localhost", "http://shop.localhost"),
    ],
)
def test_a_base_is_https_or_on_this_machine(given, kept):
    tracker = Tracker(given, keys=KEYS)
    assert tracker.base_url == kept
    assert tracker.campaign(7, name="june").headers(person=42, at=SENT)


@pytest.mark.parametrize(
    "base",
    [
        "http://t.example.com",
        "http://192.0.2.1",
        "t.example.com",
        "",
        "https://t.example.com/?a=1",
        "https://t.example.com/#x",
    ],
)
def test_a_base_that_tokens_cannot_travel_to_is_refused(base):
    with pytest.raises(InvalidValue, match=r"Tracker\.base_url"):
        Tracker(base, keys=KEYS)


def test_a_tracker_shows_no_secret():
    assert "Keyring(current=1, retired=())" in repr(Tracker("https://t.example.com", keys=KEYS))


@pytest.mark.parametrize("keys", [b"correct horse battery staple 123", {1: bytes(range(32))}, None])
def test_keys_that_are_no_keyring_are_refused_and_not_shown(keys):
    with pytest.raises(InvalidValue, match=r"Tracker\.keys: '(bytes|dict|NoneType)' is not a Keyring") as told:
        Tracker("https://t.example.com", keys=keys)
    assert "horse" not in repr(told.value)


@pytest.mark.parametrize("sender_id", ["", "abcd", "a" * 16, "book shop", "a:bcde", 12345])
def test_a_sender_id_that_gmail_would_pass_over_is_refused(sender_id):
    with pytest.raises(InvalidValue, match="sender_id"):
        Tracker("https://t.example.com", keys=KEYS, sender_id=sender_id)


def test_an_address_to_leave_by_is_checked():
    with pytest.raises(AddressError):
        Tracker("https://t.example.com", keys=KEYS).campaign(7, name="june", unsubscribe_mailto="leave")


def test_hooks_turn_numbers_into_the_applications_own_ids():
    people = {42: "c0ffee"}
    tracker = Tracker(
        "https://t.example.com", keys=KEYS, people=people.__getitem__, message_id="{}.{}@t.example.com".format
    )
    tracker.campaign(7, name="june", step="letter")
    event = tracker.event("opened", token_to_leave(tracker), at=SENT, properties={})
    assert (event.person, event.message_id) == ("c0ffee", "7.42@t.example.com")
    assert (event.campaign, event.step) == ("june", "letter")


def test_a_forgotten_campaign_is_called_by_its_number():
    tracker = Tracker("https://t.example.com", keys=KEYS, table=MemoryLinkTable())
    event = tracker.unsubscribed(token_to_leave(tracker), at=SENT, evidence="page")
    assert event.campaign == "7"
    assert event.message_id == ""
    assert event.properties["scope"] == "everywhere"


def test_leaving_again_after_coming_back_is_a_fact_of_its_own():
    tracker = Tracker("https://t.example.com", keys=KEYS)
    token = token_to_leave(tracker)
    first, twice, later = (
        tracker.unsubscribed(token, at=SENT + timedelta(milliseconds=after), evidence="page")
        for after in (0, 300, 5000)
    )
    assert first.identity == twice.identity
    assert later.identity != first.identity
    assert tracker.unsubscribed(token_to_leave(tracker, 43), at=SENT, evidence="page").identity != first.identity


def test_a_hundred_unsubscriptions_are_one_refusal():
    tracker = Tracker("https://t.example.com", keys=KEYS)
    tracker.campaign(7, name="june", topic="news")
    token = token_to_leave(tracker)
    events = [tracker.unsubscribed(token, at=SENT + timedelta(seconds=n), evidence="page") for n in range(100)]
    suppression = Suppression(events)
    assert suppression.refusal(person="42", topic="news").evidence == "page"
    assert suppression.refusal(person="42", topic="orders") is None
    assert suppression.refusal(person="43", topic="news") is None


def test_only_a_token_for_leaving_unsubscribes():
    tracker = Tracker("https://t.example.com", keys=KEYS)
    opened = tracker.keys.verify(tracker.keys.mint(Purpose.OPEN, campaign=7, person=42, at=SENT), Purpose.OPEN)
    with pytest.raises(InvalidToken):
        tracker.unsubscribed(opened, at=SENT, evidence="page")


def mail_token(tracker: Tracker) -> str:
    links = tracker.campaign(7, name="june", brand="Books", unsubscribe_mailto="leave@example.com")
    header = dict(links.headers(person=42, at=SENT))["List-Unsubscribe"]
    return header.rpartition("%20")[2].rstrip(">")


@pytest.mark.parametrize(
    "subject",
    [
        "unsubscribe {}",
        "Re: UNSUBSCRIBE {} please",
        "{}",
        "Fwd: <unsubscribe_{}>",
        "leave+{}@example.com",
        "x" * 56 + " {}",
    ],
)
def test_a_mail_to_leave_is_understood_whatever_stands_around_its_token(subject):
    tracker = Tracker("https://t.example.com", keys=KEYS)
    for text in (mail_token(tracker), mail_token(tracker).upper()):
        event = tracker.unsubscribed_by_mail(subject.format(text), at=SENT)
        assert (event.person, event.properties["evidence"], event.properties["brand"]) == ("42", "mail", "Books")


@pytest.mark.parametrize("subject", ["", "unsubscribe", "unsubscribe " + "a" * 56, "ж" * 56])
def test_a_mail_without_our_token_unsubscribes_nobody(subject):
    with pytest.raises(InvalidToken):
        Tracker("https://t.example.com", keys=KEYS).unsubscribed_by_mail(subject, at=SENT)
