"""Events, and what has become of a letter."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from itertools import permutations

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit.address import Address
from mailkit.errors import InvalidValue
from mailkit.event import Event, Kind, LetterState, letter_state
from mailkit.testing.strategies import events

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def fact(kind: str, minutes: float = 0, **more: object) -> Event:
    return Event(kind=kind, person="17", at=NOON + timedelta(minutes=minutes), **more)  # type: ignore[arg-type]


def way(*kinds: str) -> list[Event]:
    return [fact(kind, minutes) for minutes, kind in enumerate(kinds)]


@given(events())
def test_an_event_built_from_its_own_fields_is_equal_and_the_same_fact(event: Event) -> None:
    again = Event(**{field.name: getattr(event, field.name) for field in attrs.fields(Event)})
    assert again == event
    assert again.identity == event.identity
    assert pickle.loads(pickle.dumps(event)) == event


@given(events(), events())
def test_different_facts_have_different_identities(one: Event, other: Event) -> None:
    assert (one == other) == (one.identity == other.identity)


def test_a_key_tells_repetitions_of_one_kind_and_person() -> None:
    assert fact("purchase", key="order-1").identity == fact("purchase", 5, key="order-1").identity
    assert fact("purchase", key="order-1").identity != fact("refund", key="order-1").identity
    assert fact("purchase", key="order-1").identity != fact("purchase", key="order-2").identity


def test_a_time_is_kept_in_utc_and_must_have_a_zone() -> None:
    moscow = datetime(2026, 3, 1, 15, tzinfo=timezone(timedelta(hours=3)))
    assert Event(kind="opened", person="17", at=moscow) == fact("opened")
    with pytest.raises(InvalidValue, match=r"Event\.at: .* has no time zone"):
        Event(kind="opened", person="17", at=NOON.replace(tzinfo=None))
    with pytest.raises(InvalidValue, match=r"Event\.at: .* outside the calendar"):
        Event(kind="opened", person="17", at=datetime.max.replace(tzinfo=timezone(timedelta(hours=-3))))
    with pytest.raises(InvalidValue, match=r"Event\.at: .*is not a datetime"):
        Event(kind="opened", person="17", at="2026-03-01")  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["purchase", "cart_abandoned", "x2", Kind.OPENED])
def test_a_kind_may_be_any_word(kind: str) -> None:
    assert fact(kind).kind == kind


@pytest.mark.parametrize(
    ("kind", "mend"), [("Big Sale!", "big_sale"), ("", "purchase"), ("9lives", "lives"), (7, "purchase")]
)
def test_a_kind_that_is_no_word_is_refused_with_a_word_that_is(kind: str, mend: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        fact(kind)
    assert repr(mend) in str(caught.value)


@pytest.mark.parametrize(
    ("given_value", "kept"), [("29.33", "29.33"), (29.33, "29.33"), (7, "7"), (Decimal("1.10"), "1.10"), (-5, "-5")]
)
def test_a_value_is_kept_as_it_was_written(given_value: object, kept: str) -> None:
    assert str(fact("purchase", value=given_value, currency="EUR").value) == kept


@pytest.mark.parametrize(
    ("more", "what"),
    [
        ({"value": "many", "currency": "EUR"}, "Event.value"),
        ({"value": [], "currency": "EUR"}, "Event.value"),
        ({"value": "NaN", "currency": "EUR"}, "Event.value"),
        ({"value": float("inf"), "currency": "EUR"}, "Event.value"),
        ({"value": 1}, "Event.currency"),
        ({"value": 1, "currency": "euro"}, "Event.currency"),
        ({"value": 1, "currency": 978}, "Event.currency"),
        ({"currency": "EUR"}, "Event.currency"),
        ({"properties": {"link": [1]}}, "Event.properties['link']"),
        ({"properties": {1: "x"}}, "Event.properties[1]"),
        ({"message_id": "a\nb"}, "Event.message_id"),
        ({"campaign": None}, "Event.campaign"),
    ],
)
def test_a_wrong_event_cannot_be_built(more: dict[str, object], what: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        fact("purchase", **more)
    assert caught.value.what == what


def test_properties_are_a_copy() -> None:
    properties = {"link": 1}
    event = fact("clicked", properties=properties)
    properties["link"] = 2
    assert event.properties == {"link": 1}


def test_events_are_values_in_sets() -> None:
    recipient = Address.parse("anna@example.com")
    assert len({fact("opened", recipient=recipient), fact("opened", recipient=recipient), fact("opened", 1)}) == 2


@pytest.mark.parametrize(
    ("kinds", "state"),
    [
        ((), None),
        (("purchase", "subscribed", "unsubscribed"), None),
        (("queued",), LetterState.QUEUED),
        (("queued", "deferred", "deferred"), LetterState.DEFERRED),
        (("queued", "deferred", "accepted"), LetterState.ACCEPTED),
        (("queued", "accepted", "bounced"), LetterState.BOUNCED),
        (("queued", "bounced", "accepted"), LetterState.BOUNCED),
        (("queued", "accepted", "deferred"), LetterState.ACCEPTED),
        (("queued", "accepted", "queued"), LetterState.ACCEPTED),
        (("queued", "suppressed"), LetterState.SUPPRESSED),
        (("queued", "expired"), LetterState.EXPIRED),
        (("queued", "cancelled"), LetterState.CANCELLED),
        (("queued", "failed"), LetterState.FAILED),
        (("queued", "unknown"), LetterState.UNKNOWN),
        (("queued", "unknown", "accepted"), LetterState.ACCEPTED),
        (("queued", "unknown", "bounced"), LetterState.BOUNCED),
        (("queued", "unknown", "opened"), LetterState.ACCEPTED),
        (("queued", "unknown", "deferred"), LetterState.DEFERRED),
        (("queued", "unknown", "expired"), LetterState.EXPIRED),
        (("queued", "unknown", "failed"), LetterState.UNKNOWN),
        (("queued", "failed", "deferred"), LetterState.DEFERRED),
        (("queued", "failed", "deferred", "accepted"), LetterState.ACCEPTED),
        (("queued", "expired", "deferred"), LetterState.EXPIRED),
        (("clicked",), LetterState.ACCEPTED),
        (("queued", "bounced", "complained"), LetterState.BOUNCED),
    ],
)
def test_what_has_become_of_a_letter(kinds: tuple[str, ...], state: LetterState | None) -> None:
    assert letter_state(way(*kinds)) is state


@given(st.lists(events(), max_size=5))
def test_the_order_in_which_events_are_told_does_not_matter(told: list[Event]) -> None:
    assert len({letter_state(order) for order in permutations(told)}) == 1


def test_events_of_one_instant_are_taken_in_their_natural_order() -> None:
    assert letter_state([fact("accepted"), fact("queued"), fact("deferred")]) is LetterState.ACCEPTED
    for ended in ("unknown", "failed"):  # and brought back at once
        assert letter_state([fact("queued"), fact(ended), fact("deferred")]) is LetterState.DEFERRED


def test_only_waiting_letters_are_not_final() -> None:
    assert [state for state in LetterState if not state.is_final] == [LetterState.QUEUED, LetterState.DEFERRED]
