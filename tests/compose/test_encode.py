"""Quoted-printable in pieces, and the choice of an encoding."""

from __future__ import annotations

from quopri import decodestring

from hypothesis import given
from hypothesis import strategies as st

from mailkit.compose.encode import Body, quoted_printable

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


@given(texts)
def test_either_encoding_gives_the_text_back(text: str) -> None:
    from email import message_from_bytes

    for source in ("plain", "кириллица"):
        body = Body("plain", source, ("plain\n",))
        raw = body.head + body.encode((text, "plain\n"))
        payload = message_from_bytes(raw).get_payload(decode=True)
        assert isinstance(payload, bytes)
        assert payload.decode().replace("\r\n", "\n") == f"{text}plain\n"


def test_the_shorter_encoding_is_chosen() -> None:
    assert b"quoted-printable" in Body("html", "<p>café</p>\n" * 9, ()).head
    assert b"base64" in Body("html", "Скидки", ()).head


def test_no_soft_break_falls_into_an_encoded_octet() -> None:
    for length in range(60, 90):
        for line in quoted_printable("x" * length + "жжжж").split(b"=\r\n"):
            assert not line.endswith((b"=D0", b"=B6")) or len(line) <= 75
            assert b"=" not in line[-2:]
