from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mailkit.dns.headers import Field, body_of, fields, named

names = st.text(st.sampled_from("ABCabc-019"), min_size=1, max_size=8)
words = st.text(st.characters(min_codepoint=33, max_codepoint=255, exclude_characters="\x85\xa0"), max_size=8)


@given(
    st.lists(st.tuples(names, st.lists(words, min_size=1, max_size=3))), st.sampled_from(["\r\n", "\n"]), st.binary()
)
def test_fields_are_read_as_they_were_written_folded_or_not(
    written: list[tuple[str, list[str]]], end: str, body: bytes
) -> None:
    head = "".join(f"{name}: {f'{end} '.join(values)}{end}" for name, values in written)
    raw = (head + end).encode("latin-1") + body
    assert fields(raw) == tuple(Field(name, " ".join(values).strip()) for name, values in written)
    assert body_of(raw) == body


@given(st.binary(max_size=300))
def test_any_bytes_have_a_header_and_a_body(raw: bytes) -> None:
    assert len(body_of(raw)) <= len(raw)
    assert all(field.name for field in fields(raw))


def test_lines_that_are_no_fields_are_passed_over() -> None:
    raw = b"From shop Mon\r\nA: 1\r\nnot a field\r\nb : 2\r\n\r\nC: 3\r\n"
    assert fields(raw) == (Field("A", "1"), Field("b", "2"))
    assert named("B", fields(raw)) == ("2",)


def test_a_header_without_an_end_is_read_up_to_a_limit() -> None:
    assert len(fields(b"A: 1\r\n" * 400_000)) < 200_000
    assert body_of(b"A: 1\r\n" * 400_000) == b""
    assert fields(b"A" * 3_000_000) == ()
    assert fields(b"A:" + b"\n x" * 1_000_000)[0].name == "A"
