"""Tokens come back as they were made, and nothing else comes back at all."""

from __future__ import annotations

import pickle
import string
from base64 import b32encode, urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailkit.errors import InvalidToken, InvalidValue
from mailkit.track import Keyring, Purpose, Token

SENT = datetime(2026, 6, 1, 12, 30, 15, tzinfo=UTC)
KEYS = Keyring({1: bytes(range(32)), 2: bytes(range(64))})
OTHER_KEYS = Keyring({1: bytes(range(1, 33)), 2: bytes(range(1, 65))})
URL_ALPHABET = string.ascii_letters + string.digits + "-_"
MAIL_ALPHABET = string.ascii_lowercase + "234567"

purposes = st.sampled_from(Purpose)
seconds = st.integers(0, 2**32 - 1)
facts = st.fixed_dictionaries(
    {
        "campaign": st.integers(0, 2**32 - 1),
        "person": st.integers(0, 2**64 - 1),
        "link": st.integers(0, 2**16 - 1),
        "at": seconds.map(lambda number: datetime.fromtimestamp(number, UTC)),
    }
)


def passes(read, text: str, purpose: Purpose) -> bool:
    try:
        return bool(read(text, purpose))
    except InvalidToken:
        return False


def refused(text: str, purpose: Purpose = Purpose.CLICK, keys: Keyring = KEYS) -> bool:
    """Whether neither reading lets it pass."""
    return not passes(keys.verify, text, purpose) and not passes(keys.verify_from_mail, text, purpose)


@given(purpose=purposes, facts=facts)
def test_a_token_says_what_it_was_made_of(purpose, facts):
    for token in (
        KEYS.verify(KEYS.mint(purpose, **facts), purpose),
        KEYS.verify_from_mail(KEYS.mint_for_mail(purpose, **facts), purpose),
    ):
        assert token.purpose is purpose
        assert facts == {"campaign": token.campaign, "person": token.person, "link": token.link, "at": token.at}


@given(purpose=purposes, facts=facts)
def test_a_token_is_the_same_each_time_and_always_short(purpose, facts):
    assert KEYS.mint(purpose, **facts) == KEYS.mint(purpose, **facts)
    assert len(KEYS.mint(purpose, **facts)) == 47
    assert len(KEYS.mint_for_mail(purpose, **facts)) == 56
    assert set(KEYS.mint(purpose, **facts)) <= set(URL_ALPHABET)
    assert set(KEYS.mint_for_mail(purpose, **facts)) <= set(MAIL_ALPHABET)


@given(one=facts, other=facts)
def test_different_facts_have_different_tokens(one, other):
    assert (one == other) == (KEYS.mint(Purpose.OPEN, **one) == KEYS.mint(Purpose.OPEN, **other))


@given(purpose=purposes, other=purposes, facts=facts)
def test_a_token_is_worth_nothing_for_another_purpose(purpose, other, facts):
    for text in (KEYS.mint(purpose, **facts), KEYS.mint_for_mail(purpose, **facts)):
        assert refused(text, other) == (purpose is not other)


@given(facts=facts)
def test_a_token_of_another_keyring_is_refused(facts):
    assert refused(OTHER_KEYS.mint(Purpose.CLICK, **facts))
    assert refused(OTHER_KEYS.mint_for_mail(Purpose.CLICK, **facts))


@given(
    text=st.text(max_size=60)
    | st.text(URL_ALPHABET, min_size=47, max_size=47)
    | st.text(MAIL_ALPHABET, min_size=56, max_size=56)
)
def test_no_text_that_somebody_made_up_is_a_token(text):
    assert refused(text)


@pytest.mark.parametrize("place", range(47))
def test_no_character_of_a_token_can_be_changed(place):
    text = KEYS.mint(Purpose.CLICK, campaign=7, person=42, link=3, at=SENT)
    for character in set(URL_ALPHABET + "+/=. \n\x00é") - {text[place]}:
        assert refused(text[:place] + character + text[place + 1 :])


@pytest.mark.parametrize("place", range(56))
def test_no_character_of_a_token_for_mail_can_be_changed(place):
    text = KEYS.mint_for_mail(Purpose.CLICK, campaign=7, person=42, link=3, at=SENT)
    for character in set(MAIL_ALPHABET + "0189=-é ſ\u212a") - {text[place]}:
        assert refused(text[:place] + character + text[place + 1 :])


def test_a_refusal_says_nothing_about_its_reason():
    good = KEYS.mint(Purpose.CLICK, campaign=7, person=42, link=3, at=SENT)
    for text in ("", "é" * 47, good[:-1], good[1:] + "A", good.swapcase()):
        with pytest.raises(InvalidToken, match=r"^this link is not valid$") as caught:
            KEYS.verify(text, Purpose.CLICK)
        assert caught.value.__cause__ is None


def test_no_part_of_a_token_and_nothing_longer_passes():
    text = KEYS.mint(Purpose.CLICK, campaign=7, person=42, link=3, at=SENT)
    for end in range(len(text)):
        assert refused(text[:end])
        assert refused(text[end + 1 :])
        assert refused(text[:end] + "=" + text[end:])
        assert refused(text[:end] + "!" + text[end:])
    assert refused(text + "=")
    assert refused(text + text)
    assert refused("=" + text)


def test_a_token_of_the_standard_alphabet_is_another_spelling_and_refused():
    texts = (KEYS.mint(Purpose.CLICK, campaign=7, person=person, at=SENT) for person in range(20))
    for text in texts:
        other = text.replace("-", "+").replace("_", "/")
        assert other == text or refused(other)


def test_a_token_for_mail_survives_the_folding_of_its_case():
    text = KEYS.mint_for_mail(Purpose.UNSUBSCRIBE, campaign=7, person=42, at=SENT)
    assert KEYS.verify_from_mail(text.upper(), Purpose.UNSUBSCRIBE).person == 42
    assert KEYS.verify_from_mail(text.title(), Purpose.UNSUBSCRIBE).person == 42


def test_a_retired_key_still_verifies_and_makes_nothing_new():
    before = Keyring({1: bytes(32)})
    text = before.mint(Purpose.CLICK, campaign=7, person=42, at=SENT)
    after = Keyring({1: bytes(32), 2: bytes(64)})
    assert after.verify(text, Purpose.CLICK).person == 42
    assert after.mint(Purpose.CLICK, campaign=7, person=42, at=SENT) != text
    with pytest.raises(InvalidToken):
        before.verify(after.mint(Purpose.CLICK, campaign=7, person=42, at=SENT), Purpose.CLICK)


def test_a_new_key_can_be_spread_before_it_becomes_current():
    ring = Keyring({1: bytes(32), 2: bytes(64)}, current=1)
    assert (ring.current, ring.retired) == (1, (2,))
    assert ring.mint(Purpose.OPEN, campaign=7, person=42, at=SENT) == Keyring({1: bytes(32)}).mint(
        Purpose.OPEN, campaign=7, person=42, at=SENT
    )


def test_one_secret_under_two_numbers_makes_two_keys():
    text = Keyring({1: bytes(32)}).mint(Purpose.CLICK, campaign=7, person=42, at=SENT)
    sealed = urlsafe_b64decode(text + "=")
    moved = urlsafe_b64encode(b"\x02" + sealed[1:]).decode().rstrip("=")
    assert len(moved) == 47
    assert refused(moved, keys=Keyring({2: bytes(32)}))
    assert not refused(text, keys=Keyring({1: bytes(32)}))


def test_every_flipped_bit_is_noticed():
    sealed = urlsafe_b64decode(KEYS.mint(Purpose.CLICK, campaign=7, person=42, link=3, at=SENT) + "=")
    for bit in range(8 * len(sealed)):
        flipped = (int.from_bytes(sealed) ^ (1 << bit)).to_bytes(len(sealed))
        assert refused(urlsafe_b64encode(flipped).decode().rstrip("="))
        assert refused(b32encode(flipped).decode())


def test_secrets_come_from_callables_and_from_the_environment(monkeypatch):
    secret = bytes(range(64))
    monkeypatch.setenv("MAILKIT_KEYS", f"1:{bytes(32).hex()}, 2:{secret.hex().upper()}")
    from_env = Keyring.from_env("MAILKIT_KEYS")
    from_callable = Keyring({2: lambda: secret})
    made = from_env.mint(Purpose.CLICK, campaign=7, person=42, at=SENT)
    assert made == from_callable.mint(Purpose.CLICK, campaign=7, person=42, at=SENT)
    assert from_env.retired == (1,)


def test_a_generated_keyring_is_like_no_other():
    text = Keyring.generate().mint(Purpose.CLICK, campaign=7, person=42, at=SENT)
    assert refused(text, keys=Keyring.generate())


@pytest.mark.parametrize(
    "text", ["", "1", "1:", "1:zz", "hunter2", "1:abc", f"1:{'00' * 32},1:{'11' * 32}", f"1:{'00' * 32},", "1:00"]
)
def test_a_variable_without_keys_is_refused_and_not_shown(monkeypatch, text):
    monkeypatch.setenv("MAILKIT_KEYS", text)
    with pytest.raises(InvalidValue) as caught:
        Keyring.from_env("MAILKIT_KEYS")
    shown = str(caught.value)
    assert "hunter2" not in shown
    assert "0000" not in shown


@pytest.mark.parametrize(
    "secrets", [{}, {0: bytes(32)}, {256: bytes(32)}, {"1": bytes(32)}, {True: bytes(32)}, bytes(32)]
)
def test_keys_without_a_number_of_one_byte_are_refused(secrets):
    with pytest.raises(InvalidValue):
        Keyring(secrets)


@pytest.mark.parametrize("secret", [b"", b"hunter2", b"x" * 33, "x" * 32, None, lambda: b"hunter2"])
def test_a_weak_secret_is_refused_and_not_shown(secret):
    with pytest.raises(InvalidValue, match="32 or 64 bytes") as caught:
        Keyring({1: secret})
    assert "hunter2" not in str(caught.value)


def test_a_current_key_that_is_not_there_is_refused():
    with pytest.raises(InvalidValue, match="none of the keys"):
        Keyring({1: bytes(32)}, current=2)


def test_a_keyring_shows_no_secret():
    secret = b"correct horse battery staple 123"
    ring = Keyring({3: secret})
    assert repr(ring) == "Keyring(current=3, retired=())"
    held = repr([getattr(ring, name) for name in ring.__slots__])
    assert "horse" not in held
    with pytest.raises(TypeError):
        pickle.dumps(ring)


@pytest.mark.parametrize("text", [None, 5, b"x" * 47, b"a" * 56, ["x"] * 47, "ж" * 47, "ж" * 56])
def test_what_is_no_text_is_no_token(text):
    for verify in (KEYS.verify, KEYS.verify_from_mail):
        with pytest.raises(InvalidToken):
            verify(text, Purpose.CLICK)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("campaign", -1),
        ("campaign", 2**32),
        ("person", 2**64),
        ("person", "42"),
        ("person", 4.2),
        ("link", 2**16),
        ("at", datetime(1969, 1, 1, tzinfo=UTC)),
        ("at", datetime(2107, 1, 1, tzinfo=UTC)),
        ("at", datetime(2026, 6, 1)),  # noqa: DTZ001
        ("at", None),
    ],
)
def test_numbers_that_do_not_fit_are_refused(name, value):
    facts = {"campaign": 7, "person": 42, "link": 3, "at": SENT, name: value}
    with pytest.raises(InvalidValue, match="Token"):
        KEYS.mint(Purpose.CLICK, **facts)
    with pytest.raises(InvalidValue, match="Token"):
        KEYS.mint_for_mail(Purpose.CLICK, **facts)


@given(
    at=st.datetimes(
        datetime(1970, 1, 2),  # noqa: DTZ001
        datetime(2100, 1, 1),  # noqa: DTZ001
        timezones=st.integers(-12, 14).map(lambda h: timezone(timedelta(hours=h))),
    )
)
@settings(max_examples=30)
def test_the_zone_of_the_time_does_not_matter(at):
    text = KEYS.mint(Purpose.OPEN, campaign=7, person=42, at=at)
    assert text == KEYS.mint(Purpose.OPEN, campaign=7, person=42, at=at.astimezone(UTC))
    assert KEYS.verify(text, Purpose.OPEN).at == at.replace(microsecond=0)


def test_the_format_does_not_change():
    """Letters that were sent years ago carry this very text."""
    keys = Keyring({1: bytes(range(32))})
    facts = {"campaign": 7, "person": 42, "link": 3, "at": SENT}
    assert keys.mint(Purpose.CLICK, **facts) == "AWdz6Sw0WzW2cNC8ekdxBXTxrcvLj8oHZ53Js4KbqWuPsOQ"
    assert (
        keys.mint_for_mail(Purpose.UNSUBSCRIBE, **facts) == "aff6cmkn4p2ukxiggwarhylimtyd7j3pmpint4u3fjakvweiqk452mlp"
    )


def test_a_token_is_a_plain_value():
    token = Token(Purpose.CLICK, campaign=7, person=42, link=3, seconds=0)
    assert token == Token(Purpose.CLICK, campaign=7, person=42, link=3, seconds=0)
    assert {Purpose.CLICK: 1}["click"] == 1
