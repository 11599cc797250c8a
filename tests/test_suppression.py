"""Suppression: the last word that covers a letter counts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit.address import Address, ForeignAddress
from mailkit.event import Event
from mailkit.suppression import Refusal, Scope, Suppression
from mailkit.testing.strategies import events

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ANNA = Address.parse("anna@example.com")
TOPIC = {"scope": "topic", "topic": "news"}
BRAND = {"scope": "brand", "brand": "books"}


def said(
    kind: str, hours: float = 0, *, person: str = "17", recipient: Address | None = ANNA, **properties: str
) -> Event:
    return Event(kind=kind, person=person, recipient=recipient, at=NOON + timedelta(hours=hours), properties=properties)


def refuses(*events: Event, **letter: object) -> bool:
    letter = {"person": "17", "address": ANNA} | letter
    return Suppression(events).refusal(**letter) is not None  # type: ignore[arg-type]


@given(st.lists(events(), max_size=8), st.randoms(use_true_random=False))
def test_the_order_of_events_does_not_matter_nor_do_repetitions(told: list[Event], random: object) -> None:
    shuffled = told + told[:3]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    for person in ("1", "2", "17"):
        for topic in ("", "news"):
            one = Suppression(told).refusal(person=person, address=ANNA, topic=topic)
            other = Suppression(shuffled).refusal(person=person, address=ANNA, topic=topic)
            assert one == other


def test_nobody_is_suppressed_by_what_says_nothing_about_it() -> None:
    assert not refuses(said("opened"), said("purchase"), said("bounced"), said("bounced", action="fix"))


def test_a_dead_address_stops_everything_to_it_and_nothing_else() -> None:
    bounce = said("bounced", action="suppress", evidence="550 5.1.1 no such user")
    assert refuses(bounce)
    assert refuses(bounce, is_transactional=True)
    assert refuses(bounce, person="18")
    assert refuses(bounce, address=ForeignAddress("ANNA@EXAMPLE.COM"))
    assert not refuses(bounce, address=Address.parse("anna@example.org"))
    assert not refuses(said("bounced", recipient=None, action="suppress"))


def test_a_bounce_says_what_the_server_said() -> None:
    refusal = Suppression([said("bounced", action="suppress", evidence="550 5.1.1 no such user")]).refusal(address=ANNA)
    assert str(refusal) == "bounced on 2026-03-01: 550 5.1.1 no such user"


def test_an_unsubscription_follows_the_person_to_another_address() -> None:
    assert refuses(said("unsubscribed"), address=Address.parse("anna@example.org"))
    assert refuses(said("unsubscribed", person=""), person="")
    assert not refuses(said("unsubscribed"), person="18", address=Address.parse("bob@example.org"))


def test_an_unsubscription_from_a_topic_or_brand_leaves_the_others() -> None:
    assert refuses(said("unsubscribed", **TOPIC), topic="news")
    assert not refuses(said("unsubscribed", **TOPIC), topic="orders")
    assert not refuses(said("unsubscribed", **TOPIC))
    assert refuses(said("unsubscribed", **BRAND), brand="books", topic="news")
    assert not refuses(said("unsubscribed", **BRAND), brand="music", topic="news")


@pytest.mark.parametrize("properties", [{"scope": "planet"}, {"scope": "topic"}, {"scope": "brand", "topic": "news"}])
def test_a_scope_that_cannot_be_read_reaches_everywhere(properties: dict[str, str]) -> None:
    assert refuses(said("unsubscribed", **properties), topic="whatever")


def test_a_transactional_letter_is_not_stopped_by_an_unsubscription() -> None:
    assert not refuses(said("unsubscribed"), is_transactional=True)


def test_whether_a_complaint_stops_transactional_letters_is_the_applications_choice() -> None:
    assert refuses(said("complained"), is_transactional=True)
    lenient = Suppression([said("complained")], complaints_block_transactional=False)
    assert lenient.refusal(person="17", is_transactional=True) is None
    assert lenient.refusal(person="17") is not None


def test_the_last_word_counts() -> None:
    assert not refuses(said("unsubscribed"), said("subscribed", 1))
    assert refuses(said("subscribed"), said("unsubscribed", 1))
    assert refuses(said("subscribed", 1), said("unsubscribed"), said("unsubscribed", 2))
    assert refuses(said("unsubscribed"), said("subscribed"))  # in doubt, nobody is written to


def test_a_wider_or_narrower_word_counts_where_it_covers_the_letter() -> None:
    assert not refuses(said("unsubscribed"), said("subscribed", 1, **TOPIC), topic="news")
    assert refuses(said("unsubscribed"), said("subscribed", 1, **TOPIC), topic="orders")
    assert refuses(said("subscribed", **TOPIC), said("unsubscribed", 1), topic="news")


def test_only_a_confirmation_outweighs_a_bounce_or_a_complaint() -> None:
    for block in (said("bounced", action="suppress"), said("complained")):
        assert refuses(block, said("subscribed", 1))
        assert not refuses(block, said("confirmed", 1))
        assert refuses(block, said("confirmed", -1))


def test_a_confirmation_of_another_address_does_not_bring_a_dead_one_to_life() -> None:
    new = Address.parse("anna@example.org")
    log = [
        said("bounced", action="suppress"),
        said("confirmed", 1, recipient=new),
        said("confirmed", 1, recipient=None),
    ]
    assert refuses(*log)
    assert not refuses(*log, address=new)


def test_at_a_shared_address_nobody_takes_back_anothers_word() -> None:
    log = [said("unsubscribed"), said("subscribed", 1, person="18")]
    assert refuses(*log, person="17")
    assert not refuses(*log, person="18")
    assert refuses(log[0], person="18")


def test_who_comes_back_without_naming_the_address_is_back_at_it() -> None:
    assert not refuses(said("unsubscribed"), said("subscribed", 1, recipient=None))


@pytest.mark.parametrize("kind", ["subscribed", "confirmed"])
def test_a_return_to_something_unknown_lifts_nothing(kind: str) -> None:
    assert refuses(said("unsubscribed", **TOPIC), said(kind, 1, scope="list", list="offers"), topic="news")


def test_a_letter_without_person_and_address_is_not_refused() -> None:
    assert Suppression([said("unsubscribed")]).refusal() is None


def test_a_refusal_reads_as_a_sentence() -> None:
    brand = Refusal(reason="unsubscribed", scope=Scope.BRAND, name="books", at=NOON)
    everywhere = Refusal(reason="complained", scope=Scope.EVERYWHERE, name="", at=NOON)
    assert str(brand) == "unsubscribed from the brand 'books' on 2026-03-01"
    assert str(everywhere) == "complained on 2026-03-01"
