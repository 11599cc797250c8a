"""Letters' files, read anew each time, and what is said of those that cannot be read."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailkit.cli.loading import LetterFile, Trouble, read_records, signature, trouble
from mailkit.compose import Letter
from mailkit.errors import InvalidValue, MailkitError, TemplateError, UnreadableFile

LETTER = "from mailkit import compose\nfrom mailkit.compose import blocks as b\n"
WELCOME = LETTER + "letter = compose.Letter(subject='Hello', blocks=[b.Text('{{ name }}')])\n"


@pytest.fixture(autouse=True)
def _as_it_was(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Reading a Python file puts its folder on the path, as running it does."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "dont_write_bytecode", sys.dont_write_bytecode)
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if name.startswith(("mailkit_letter", "beside")):
            del sys.modules[name]


def written(folder: Path, text: str, name: str = "letter.py") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def explained(path: Path, **more: str) -> Trouble:
    with pytest.raises(BaseException) as caught:
        LetterFile(path, **more).load()
    return trouble(caught.value, path)


def test_a_letter_comes_with_its_records_and_sender(tmp_path: Path) -> None:
    path = written(tmp_path, WELCOME + "records = [{'name': 'Anna'}]\nsender = 'Books <shop@example.com>'\n")
    loaded = LetterFile(path).load()
    assert isinstance(loaded.source, Letter)
    assert loaded.template.render(loaded.records[0]).text == "Anna\n"
    assert loaded.sender == "Books <shop@example.com>"


def test_a_template_may_be_given_instead_and_another_name(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        WELCOME + "template = compose.compile('<p>x', subject='Own')\ndel letter\nrecords = 5\nlast = template",
    )
    assert LetterFile(path).load().template.preview().message.subject == "Own"
    assert LetterFile(path, name="last").load().records == ()


def test_files_of_html_and_mjml_are_letters_even_without_a_subject(tmp_path: Path) -> None:
    html = LetterFile(written(tmp_path, "<p>{{ name }}", "a.html")).load()
    assert html.template.preview().message.subject == "(no subject)"
    mjml = "<mjml><mj-head><mj-title>T</mj-title></mj-head><mj-body></mj-body></mjml>"
    assert LetterFile(written(tmp_path, mjml, "a.mjml")).load().template.preview().message.subject == "T"
    with pytest.raises(TemplateError, match="unexpected"):
        LetterFile(written(tmp_path, "{{ x }", "a.html")).load()


def test_what_a_letter_imports_from_beside_is_read_anew(tmp_path: Path) -> None:
    path = written(
        tmp_path, WELCOME.replace("'Hello'", "beside_it.SUBJECT").replace("from", "import beside_it\nfrom", 1)
    )
    file = LetterFile(path)
    for subject in ("One", "Two"):
        written(tmp_path, f"SUBJECT = '{subject}'", "beside_it.py")
        assert file.load().template.preview().message.subject == subject


def test_records_come_from_a_file_of_their_own(tmp_path: Path) -> None:
    people = written(tmp_path, "name;email\nAnna;anna@example.org\n", "people.csv")
    loaded = LetterFile(written(tmp_path, WELCOME), records=people).load()
    assert [record["name"] for record in loaded.records] == ["Anna"]
    assert read_records(written(tmp_path, '\ufeff[{"name": "Anna"}, {}]', "a.json")) == ({"name": "Anna"}, {})
    assert read_records(written(tmp_path, '{"name": "Anna"}', "b.json")) == ({"name": "Anna"},)
    for text, reason in (
        ("[1]", "holds something else than objects"),
        ("[", "cannot be read"),
        ("[" * 99_999, "cannot be"),
    ):
        with pytest.raises(UnreadableFile, match=reason):
            read_records(written(tmp_path, text, "c.json"))


@pytest.mark.parametrize(
    ("code", "mend"),
    [
        ("x = 1", "write letter = compose.Letter"),
        (WELCOME.replace("letter =", "welcome ="), "say --name welcome"),
        (WELCOME + "letter = 5", "is neither a Letter nor a Template"),
    ],
)
def test_a_file_without_a_letter_is_told(code: str, mend: str, tmp_path: Path) -> None:
    with pytest.raises(MailkitError, match=mend):
        LetterFile(written(tmp_path, code)).load()


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="No such file"):
        LetterFile(tmp_path / "none.py").load()
    with pytest.raises(UnreadableFile, match="is not there"):
        LetterFile(tmp_path / "none.html").load()


def test_an_error_is_placed_on_the_authors_own_line(tmp_path: Path) -> None:
    wrong = explained(written(tmp_path, LETTER + "\nletter = compose.Letter(subject=1, blocks=[])\n"))
    assert wrong.place == "letter.py, line 4"
    assert wrong.excerpt == "letter = compose.Letter(subject=1, blocks=[])"
    assert explained(written(tmp_path, "x = 1\n1 / 0")).what == "ZeroDivisionError: division by zero"
    syntax = explained(written(tmp_path, "x = 1\nletter = ("))
    assert (syntax.place, syntax.excerpt) == ("letter.py, line 2", "letter = (")
    template = explained(written(tmp_path, WELCOME.replace("{{ name }}", "{{ name }")))
    assert (template.place, template.excerpt) == ("html, blocks[0]", "{{ name }")
    assert explained(written(tmp_path, "raise SystemExit(3)")).what == "SystemExit: 3"
    assert explained(tmp_path / "none.py").place == ""
    assert trouble(TemplateError("r"), tmp_path).place == ""
    assert issubclass(TemplateError, MailkitError)


def test_any_change_makes_another_signature(tmp_path: Path) -> None:
    path = written(tmp_path, "x")
    (tmp_path / "parts").mkdir()
    (tmp_path / "node_modules").mkdir()
    (tmp_path / ".git").mkdir()
    seen = [signature([path])]
    written(tmp_path, "y", "parts/a.html")
    seen.append(signature([path]))
    written(tmp_path, "yy", "parts/a.html")
    seen.append(signature([path]))
    os.utime(path, ns=(1, 1))
    seen.append(signature([path]))
    path.unlink()
    seen.append(signature([path]))
    assert len(set(seen)) == len(seen)
    for ignored in ("node_modules/a.html", ".git/a.html", "a.png"):
        written(tmp_path, "z", ignored)
    assert signature([path]) == seen[-1]
    assert signature([tmp_path / "no" / "such"]) == ()


def test_a_very_large_folder_is_watched_in_part(tmp_path: Path) -> None:
    for number in range(300):
        (tmp_path / f"f{number:03}").mkdir()
        (tmp_path / f"f{number:03}" / "a.html").touch()
    assert 150 < len(signature([tmp_path / "letter.py"])) < 250


def test_a_workbook_holds_records_and_a_document_does_not(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.append(["name"])
    book.active.append(["Anna"])
    book.save(tmp_path / "people.xlsx")
    assert read_records(tmp_path / "people.xlsx") == ({"name": "Anna"},)
    with pytest.raises(UnreadableFile, match=r"is no table; give a \.csv, \.xlsx or \.json file"):
        read_records(tmp_path / "people.docx")


def test_what_is_something_else_is_told_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(InvalidValue, match=r"letter\.py, `template`: 5 is neither a Letter nor a Template"):
        LetterFile(written(tmp_path, "template = 5")).load()
