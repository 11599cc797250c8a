# ruff: noqa: E501 - a letter is read best on one line
"""What a letter may be compiled from besides blocks: HTML and MJML, as text and as files."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit import compose
from mailkit.compose import blocks as b
from mailkit.errors import InvalidValue, TemplateError, UnknownField, UnreadableFile


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "parts").mkdir()
    (tmp_path / "base.html").write_text(
        '<!doctype html><html lang="ru"><head><meta charset="windows-1251"><title>{% block title %}Лавка{% endblock %}</title>'
        '<style>{% include "parts/look.css" %}</style></head>\n<body>{% block body %}{% endblock %}\n'
        '{% include "parts/footer.html" %}</body></html>',
        encoding="cp1251",
    )
    (tmp_path / "parts" / "look.css").write_text("p { color: green }")
    (tmp_path / "parts" / "footer.html").write_text("<p>\n{{ address }}</p>\n")
    (tmp_path / "welcome.html").write_text(
        "{% extends 'base.html' %}\n{% block title %}{{ super() }}: {{ name }}{% endblock %}\n"
        "{% block body %}<p>{{ total|money('RUB') }}</p>{% endblock %}"
    )
    return tmp_path


RECORD = {"name": "O'Brien", "address": "1 Main St", "total": 5}


def test_a_file_brings_those_that_it_extends_and_includes_and_its_language(folder: Path) -> None:
    template = compose.compile(folder / "welcome.html", fields=RECORD)
    message = template.render(RECORD)
    assert message.subject == "Лавка: O'Brien"
    assert message.text == "5,00\xa0₽\n\n1 Main St\n"
    assert '<p style="color:green">' in message.html
    assert not template.findings


def test_the_html_says_that_it_is_utf_8_as_it_is_when_sent(folder: Path) -> None:
    assert '<meta charset="utf-8">' in compose.compile(folder / "welcome.html").render(RECORD).html
    for given_, sent in (
        ("<meta charset=koi8-r>", '<meta charset="utf-8">'),
        ("<meta http-equiv=Content-Type content='text/html; charset=cp1251'>", 'content="text/html; charset=utf-8"'),
        ("<meta charset='UTF-8'>", "<meta charset='UTF-8'>"),
        ("<meta content='text/html; charset=UTF-8'>", "<meta content='text/html; charset=UTF-8'>"),
        ("<meta name=charset content=x><p charset='a'>", "<meta name=charset content=x><p charset='a'>"),
    ):
        assert sent in compose.compile(given_, subject="s").render({}).html


def test_an_error_names_the_file_and_line_that_it_is_in(folder: Path) -> None:
    template = compose.compile(folder / "welcome.html")
    with pytest.raises(UnknownField) as caught:
        template.render({"name": "Anna", "total": 5, "adress": "x"})
    assert (caught.value.template, caught.value.line) == ("parts/footer.html", 2)
    assert caught.value.suggestions == ("adress",)
    (folder / "broken.html").write_text("<p>\n{{ x }</p>")
    with pytest.raises(TemplateError, match=r"broken\.html, line 2: unexpected '}'"):
        compose.compile(folder / "broken.html", subject="s")


def test_text_may_include_from_a_folder_and_a_file_from_another(folder: Path) -> None:
    source = "{% include 'parts/footer.html' %}"
    assert compose.compile(source, subject="s", templates=folder).render(RECORD).text == "1 Main St\n"
    (folder / "letters").mkdir()
    inner = folder / "letters" / "a.html"
    inner.write_text("{% extends 'base.html' %}")
    assert compose.compile(inner, templates=str(folder)).render(RECORD).subject == "Лавка"
    with pytest.raises(TemplateError, match=r"a\.html, line 1: 'base.html' is not in .*letters"):
        compose.compile(inner)
    with pytest.raises(TemplateError, match=r"or give templates=…"):
        compose.compile(source, subject="s")
    with pytest.raises(InvalidValue, match=r"templates: .* is not a folder"):
        compose.compile(source, subject="s", templates=folder / "none")


def test_mjml_may_include_and_is_known_by_what_is_in_it(folder: Path) -> None:
    (folder / "head.mjml").write_text("<mj-section><mj-column><mj-text>{{ name }}</mj-text></mj-column></mj-section>")
    path = folder / "letter.mjml"
    path.write_text(
        "<mjml lang='ru'><mj-head><mj-title>T</mj-title></mj-head><mj-body>{% include 'head.mjml' %}</mj-body></mjml>"
    )
    assert compose.compile(path).render(RECORD).text == "O'Brien\n"


def test_the_text_part_may_be_a_file(folder: Path) -> None:
    (folder / "welcome.txt").write_bytes(b"\xef\xbb\xbfDear {{ name }}\n\n{{ nme }}")
    with pytest.raises(UnknownField, match=r"welcome\.txt, line 3: .* did you mean 'name'"):
        compose.compile(folder / "welcome.html", text=folder / "welcome.txt", fields=RECORD)


def test_the_language_decides_how_amounts_are_written() -> None:
    source = "<html lang=' {} '><p>{{{{ 1234.5|money('EUR') }}}}</p>"
    written = {
        lang: compose.compile(source.format(lang), subject="s").render({}).text for lang in ("ru", "en", "und", "")
    }
    assert written["ru"] == "1234,50\xa0€\n" or written["ru"] == "1\xa0234,50\xa0€\n"
    assert written["en"] == written["und"] == written[""] == "€1,234.50\n"
    assert compose.compile(source.format("ru"), subject="s", lang="en").render({}).text == written["en"]
    assert compose.compile("<p>{{ 1234.5|money('EUR') }}</p>", subject="s").render({}).text == written["en"]


@pytest.mark.parametrize("name", ["letter.html", "letters/welcome.HTM", "a.mjml", "welcome.html.j2"])
def test_the_name_of_a_file_is_not_taken_for_a_letter(name: str) -> None:
    with pytest.raises(InvalidValue, match=r"write Path\(…\) around it"):
        compose.compile(name, subject="s")


def test_what_is_given_beside_a_letter_is_refused() -> None:
    letter = compose.Letter(subject="s", blocks=[b.Text("x")])
    for given_ in ({"subject": "s"}, {"text": ""}, {"lang": "ru"}, {"templates": "."}):
        with pytest.raises(InvalidValue, match="is given beside a Letter"):
            compose.compile(letter, **given_)  # type: ignore[arg-type]


@pytest.mark.parametrize("given_", [{"subject": 5}, {"text": 5}, {"lang": 5}, {"lang": "русский"}, {"lang": "en_US"}])
def test_what_is_not_text_or_no_language_is_refused(given_: dict[str, object]) -> None:
    with pytest.raises(InvalidValue, match=f"compile, {next(iter(given_))}"):
        compose.compile("<p>x</p>", **{"subject": "s", **given_})  # type: ignore[arg-type]


def test_garbage_is_told_and_a_byte_order_mark_forgiven(tmp_path: Path) -> None:
    for given_ in ({"source": "a\x00b"}, {"text": "\x1b"}, {"subject": "a\x07"}):
        with pytest.raises(TemplateError, match="is not text: line 1 holds the control character"):
            compose.compile(**{"source": "<p>", "subject": "s", **given_})  # type: ignore[arg-type]
    assert compose.compile("\ufeff<p>x", subject="s").render({}).html == "<p>x\n"
    picture = tmp_path / "letter.html"
    picture.write_bytes(bytes(range(256)))
    with pytest.raises(UnreadableFile, match=r"letter\.html is not UTF-8"):
        compose.compile(picture)
    picture.write_bytes(b"  ")
    with pytest.raises(TemplateError, match=r"letter\.html: the source is empty"):
        compose.compile(picture)


def test_a_source_has_a_letters_size() -> None:
    assert (
        len(compose.compile(f'<img src="data:image/png;base64,{"A" * 1_000_000}">', subject="s").render({}).html)
        > 1_000_000
    )
    with pytest.raises(TemplateError, match="more than 5,000,000 characters"):
        compose.compile("x" * 5_000_001, subject="s")


@given(st.text(st.characters(exclude_categories=["Cc", "Cs", "Co"]), max_size=30))
def test_a_subject_says_what_it_says_in_one_line(subject: str) -> None:
    quoted = subject.replace("{%", "").replace("\ufeff", "")
    shown = compose.compile("<p>x", subject=f"1\n{{% raw %}}{quoted}{{% endraw %}}").render({}).subject
    assert shown.split() == f"1 {quoted}".split()
    assert "\n" not in shown


@pytest.mark.parametrize(
    "subject", ["🎉 Sale 👩‍💻", "שלום {{ name }}", "\u202bمرحبا\u202c {{ name }}", "Скидки до {{ name }}"]
)
def test_subjects_hold_emoji_and_any_script(subject: str) -> None:
    assert compose.compile("<p>x", subject=subject).render({"name": "ж"}).subject == subject.replace("{{ name }}", "ж")
