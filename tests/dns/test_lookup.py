from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit.dns import Answer, Malformed, NoData, NoSuchDomain, Query, ServerFailure, TimedOut
from mailkit.dns.lookup import name_fault
from mailkit.errors import InvalidValue


@given(st.text(max_size=300))
def test_any_text_may_be_asked_for_without_an_exception(text: str) -> None:
    assert Query(text).name == text.removesuffix(".").lower()
    name_fault(text)


def test_questions_are_equal_whatever_their_case_and_final_dot() -> None:
    assert len({Query("Example.COM.", "mx"), Query("example.com", "MX")}) == 1
    assert str(Query("example.com", "mx")) == "MX example.com"


@pytest.mark.parametrize(("name", "kind"), [(None, "TXT"), ("example.com", None), ("example.com", "T X"), ("a", "")])
def test_what_is_no_question_is_refused(name: str, kind: str) -> None:
    with pytest.raises(InvalidValue):
        Query(name, kind)


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("", "empty label"),
        ("a..example", "empty label"),
        (".example", "empty label"),
        ("a" * 64 + ".example", "longer than 63"),
        (".".join(["a" * 50] * 6), "longer than 253"),
        ("смотри.example", "not bytes"),
        ("a" * 63 + ".example", ""),
        ("\x96.example", ""),
    ],
)
def test_a_name_that_cannot_be_asked_for_says_why(name: str, fault: str) -> None:
    assert fault in name_fault(name)
    assert bool(fault) == bool(name_fault(name))


def test_every_outcome_tells_itself_apart_in_words() -> None:
    outcomes = [
        Answer(("a",)),
        Answer(("a", "b")),
        NoData(),
        NoSuchDomain(),
        ServerFailure("REFUSED"),
        TimedOut(),
        Malformed("x"),
    ]
    assert len({str(outcome) for outcome in outcomes}) == len(outcomes)
    assert len(set(outcomes)) == len(outcomes)


def test_one_text_is_not_taken_for_a_list_of_letters() -> None:
    with pytest.raises(InvalidValue, match="put it into a list"):
        Answer("v=spf1")  # type: ignore[arg-type]


def test_answers_are_equal_whatever_their_ttl() -> None:
    assert Answer(("a",), ttl=5) == Answer(("a",))
