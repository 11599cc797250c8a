from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mailkit.dns.headers import LONGEST_HEADER, divide, named

names = st.text(st.sampled_from("ABCabc-019"), min_size=1, max_size=8)
words = st.text(st.characters(min_codepoint=33, max_codepoint=255, exclude_characters="\x85\xa0"), max_size=8)


@given(
    st.lists(st.tuples(names, st.lists(words, min_size=1, max_size=3))), st.sampled_from(["\r\n", "\n"]), st.binary()
)
def test_fields_are_read_as_they_were_written_folded_or_not(
    written: list[tuple[str, list[str]]], end: str, body: bytes
) -> None:
    head = "".join(f"{name}: {f'{end} '.join(values)}{end}" for name, values in written)
    raw = (head + end).encode() + body
    fields, found = divide(raw)
    assert [(field.name.decode(), field.value) for field in fields] == [
        (name, " ".join(told).strip()) for name, told in written
    ]
    assert found == body


@given(st.binary(max_size=300))
def test_any_bytes_have_a_header_and_a_body(raw: bytes) -> None:
    fields, body = divide(raw)
    assert raw.endswith(body)
    assert sum(len(field.raw.replace(b"\r\n", b"\n")) for field in fields) + len(body) <= len(raw)
    assert divide(raw, longest=len(raw)) == (fields, body)


def test_lines_that_are_no_fields_are_told_apart() -> None:
    fields, _ = divide(b"From shop Mon\r\n folded\r\nA: 1\r\nnot a field\r\nb : 2\r\n\r\nC: 3\r\n")
    assert [field.is_field for field in fields] == [False, True, False, True]
    assert named("B", fields) == ("2",)


def test_a_header_without_an_end_is_read_up_to_a_limit() -> None:
    fields, body = divide(b"A: 1\r\n" * 400_000, longest=LONGEST_HEADER)
    assert (len(fields) < 200_000, body) == (True, b"")
    assert [field.is_field for field in divide(b"A" * 3_000_000, longest=LONGEST_HEADER)[0]] == [False]
    assert divide(b"A:" + b"\n x" * 1_000_000)[0][0].name == b"A"
