"""A letter that is being written: what its page is told."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from mailkit.cli.loading import LetterFile
from mailkit.cli.workshop import Workshop

LETTER = """
from mailkit import compose
from mailkit.compose import blocks as b
letter = compose.Letter(subject="{{ name }}, hello", blocks=[b.Text("Dear {{ name }}")])
records = [{"name": "Anna", "email": "anna@example.org"}, {"nane": "B"}]
sender = "shop@example.com"
"""


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "dont_write_bytecode", sys.dont_write_bytecode)
    path = tmp_path / "letter.py"
    path.write_text(LETTER)
    return path


def test_the_page_is_told_what_an_inbox_shows_and_who_may_be_looked_at(path: Path) -> None:
    workshop = Workshop(LetterFile(path))
    workshop.look()
    facts = workshop.state.facts(0)
    assert facts["shown"] | {"html_bytes": 1, "preheader": ""} == {
        "sender": "shop@example.com",
        "subject": "Anna, hello",
        "preheader": "",
        "html_bytes": 1,
        "clips_at": 102 * 1024,
    }
    assert facts["has_fields"] is True
    assert facts["records"] == ["1. anna@example.org, Anna", "2. record"]
    assert facts["trouble"] is None
    assert all(set(one) == {"severity", "place", "message", "evidence", "mend", "source"} for one in facts["findings"])


def test_a_record_that_does_not_fit_is_told_and_the_letter_shown_as_written(path: Path) -> None:
    workshop = Workshop(LetterFile(path))
    workshop.look()
    facts = workshop.state.facts(1)
    assert "did you mean 'nane'" in facts["trouble"]["what"]
    assert facts["shown"]["subject"] == "{{ name }}, hello"
    assert workshop.state.facts(99)["shown"]["subject"] == "{{ name }}, hello"


def test_before_the_first_reading_there_is_nothing(path: Path) -> None:
    facts = Workshop(LetterFile(path)).state.facts(None)
    assert (facts["version"], facts["shown"], facts["trouble"], facts["file"]) == (0, None, None, "letter.py")


def test_files_are_read_anew_only_when_they_changed(path: Path) -> None:
    workshop = Workshop(LetterFile(path))
    workshop.look()
    workshop.look()
    assert workshop.state.version == 1
    path.write_text(LETTER.replace("hello", "welcome"))
    workshop.look()
    assert workshop.state.version == 2
    assert workshop.state.facts(0)["shown"]["subject"] == "Anna, welcome"


def test_an_error_leaves_the_letter_that_there_was_and_mending_recovers(path: Path) -> None:
    workshop = Workshop(LetterFile(path))
    workshop.look()
    for broken in ("letter = ", "raise SystemExit", LETTER.replace("Dear {{ name }}", "Dear {{ name }")):
        path.write_text(broken)
        workshop.look()
        facts = workshop.state.facts(0)
        assert facts["trouble"]["what"]
        assert facts["shown"]["subject"] == "Anna, hello"
    path.write_text(LETTER)
    workshop.look()
    assert workshop.state.facts(0)["trouble"] is None


def test_a_letter_that_never_could_be_read_is_told(path: Path) -> None:
    path.write_text("1 / 0")
    workshop = Workshop(LetterFile(path))
    workshop.look()
    facts = workshop.state.facts(None)
    assert facts["shown"] is None
    assert facts["trouble"]["place"] == "letter.py, line 1"
    assert facts["records"] == []


def test_records_that_are_objects_have_names_too(path: Path) -> None:
    path.write_text(LETTER + "class Person:\n    def __init__(self): self.name = 'Anna'\nrecords = [Person(), 5]")
    workshop = Workshop(LetterFile(path))
    workshop.look()
    assert workshop.state.facts(0)["records"] == ["1. Anna", "2. record"]
    assert workshop.state.facts(0)["shown"]["subject"] == "Anna, hello"
