"""Text as bytes: quoted-printable and base64 in pieces, 8 bit where it may be."""

from __future__ import annotations

from base64 import b64decode
from quopri import decodestring

from hypothesis import given
from hypothesis import strategies as st

from mailkit.compose.encode import base64, eight_bit, is_shorter_in_base64, octets, quoted_printable, triple

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r")) | st.text(
    ".=- \n\tFrom abc", max_size=200
)


@given(st.lists(texts, max_size=6))
def test_pieces_joined_are_the_text(pieces: list[str]) -> None:
    joined = b"".join(quoted_printable(piece) for piece in pieces if piece)
    assert decodestring(joined).decode().replace("\r\n", "\n") == "".join(pieces)
    for line in joined.split(b"\r\n"):
        assert len(line) <= 76
        assert not line.startswith((b".", b"From "))
        assert not line.endswith((b" ", b"\t"))


def test_no_soft_break_falls_into_an_encoded_octet() -> None:
    for length in range(60, 90):
        for line in quoted_printable("x" * length + "жжжж").split(b"=\r\n"):
            assert b"=" not in line[-2:]


def test_every_octet_of_a_word_of_dots_is_sent() -> None:
    assert decodestring(quoted_printable("." * 400)) == b"." * 400
    assert decodestring(quoted_printable("From " * 99)) == b"From " * 99


def test_a_picture_within_the_html_takes_time_in_proportion() -> None:
    assert len(quoted_printable("A" * 1_000_000)) == 1_000_000 + 3 * -(-1_000_000 // 75)


@given(st.binary(max_size=3), st.binary(min_size=2, max_size=200))
def test_octets_in_base64_fit_after_any_others(before: bytes, data: bytes) -> None:
    made = triple(data)
    missing = -len(before) % 3
    joined = base64(before + made.firsts[missing]) + made.middles[missing] + base64(made.lasts[missing])
    assert b64decode(joined) == before + data
    assert all(len(line) <= 76 for line in joined.split(b"\r\n"))


def test_nothing_in_base64_is_nothing() -> None:
    assert base64(b"") == b""


@given(texts)
def test_eight_bits_are_the_text_or_none(text: str) -> None:
    data = eight_bit(text)
    if data is not None:
        assert data == octets(text)
        assert all(len(line) <= 998 and not line.startswith((b".", b"From ")) for line in data.split(b"\r\n"))
    else:
        assert any(sign in text for sign in (".", "From ", "\0")) or len(text) > 200


def test_long_lines_and_zeros_are_not_for_eight_bits() -> None:
    assert eight_bit("ж" * 499) == ("ж" * 499).encode()
    assert eight_bit("ж" * 499 + "a") is None
    assert eight_bit("a\0") is None
    assert eight_bit("a\n.b") is None
    assert eight_bit("a\n--=_mailkit-mixed") is None
    assert eight_bit("a\n-- \nAnna") is not None


def test_the_shorter_encoding_is_chosen() -> None:
    assert not is_shorter_in_base64("<p>café</p>\n" * 9)
    assert not is_shorter_in_base64("")
    assert is_shorter_in_base64("Скидки")
