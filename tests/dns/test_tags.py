from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mailkit.dns.tags import Broken, Fault, Tag, cut, read


@given(st.text(max_size=80), st.booleans())
def test_every_part_stands_where_its_span_says(text: str, names_have_case: bool) -> None:
    for part in read(text, names_have_case=names_have_case):
        piece = text[slice(*part.span)]
        assert piece
        assert ";" not in piece
        if isinstance(part, Broken):
            assert piece == part.text
        else:
            assert piece.startswith(part.name) or not names_have_case


def test_the_second_of_two_tags_is_broken() -> None:
    first, second = read("p=none; P=reject", names_have_case=False)
    assert first == Tag(name="p", value="none")
    assert isinstance(second, Broken)
    assert len([part for part in read("p=a; P=b", names_have_case=True) if isinstance(part, Tag)]) == 2


def test_bytes_that_are_no_ascii_make_a_broken_tag() -> None:
    (part,) = read("p=\x96", names_have_case=True)
    assert isinstance(part, Broken)
    assert str(part) == "p=\x96"


def test_evidence_is_cut_off() -> None:
    assert len(cut("x" * 65535)) == 300
    assert cut("short") == "short"


def test_what_is_wrong_with_a_part_is_told_apart() -> None:
    parts = read("p=a; p=b; !!!", names_have_case=True)
    assert [part.fault for part in parts if isinstance(part, Broken)] == [Fault.REPEATED, Fault.FORM]
