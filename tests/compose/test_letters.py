"""The ready letters: each compiles, says what it needs, and has all its texts in all languages."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from functools import cache
from importlib import import_module
from os import environ
from pathlib import Path

import attrs
import pytest

from mailkit import compose
from mailkit.compose import blocks as b
from mailkit.compose import letters
from mailkit.compose.linting import lint
from mailkit.errors import InvalidValue, TemplateError

NAMES = [
    name
    for name in letters.__all__
    if inspect.isfunction(getattr(letters, name)) and name not in ("sample", "sample_brand")
]
EACH = [(name, lang) for name in NAMES for lang in letters.LANGUAGES]
GIVEN_BY_TRACKING = {"unsubscribe_url"}


def ready(letter: str, lang: str, **more: object) -> compose.Letter:
    brand: letters.Brand = attrs.evolve(letters.sample_brand(lang), **more)
    made: compose.Letter = getattr(letters, letter)(brand, lang=lang)
    return made


@cache
def compiled(letter: str, lang: str) -> compose.Template:
    return compose.compile(ready(letter, lang), fields=letters.sample(lang))


def told(name: str) -> set[str]:
    """The fields that a letter's docstring names."""
    text = inspect.getdoc(getattr(letters, name)) or ""
    part = text.partition("Fields:\n")[2].partition("\n\n")[0]
    return set(re.findall(r"^    (\w+):", part, flags=re.MULTILINE))


@pytest.mark.parametrize(("name", "lang"), EACH)
def test_a_letter_is_rendered_for_the_sample(name: str, lang: str) -> None:
    template = compiled(name, lang)
    message = template.render(letters.sample(lang))
    assert not template.findings
    assert message.subject.strip()
    for rest in ("<brand>", "<money>", "<currency>", "{{", "{%"):
        assert rest not in message.subject + message.text + message.html


@pytest.mark.parametrize(("name", "lang"), EACH)
def test_a_letter_says_which_fields_it_needs(name: str, lang: str) -> None:
    assert compiled(name, lang).fields - GIVEN_BY_TRACKING == told(name)


@pytest.mark.parametrize(("name", "lang"), EACH)
def test_a_letter_says_what_the_things_in_its_fields_must_have(name: str, lang: str) -> None:
    written = " ".join(re.findall(r"\{[{%].+?[%}]\}", ready(name, lang).to_json()))
    holders = "order|item|product|offer|event|issue|story"
    used = set(re.findall(rf"\b(?:{holders})\.(\w+)", written))
    used |= set(re.findall(r'"each": "(?:order|issue)\.(\w+)"', ready(name, lang).to_json()))
    part = (inspect.getdoc(getattr(letters, name)) or "").partition("Fields:\n")[2].partition("\n\n")[0]
    assert set(re.findall(r"`(\w+)`", part)) == used


@pytest.mark.parametrize(("name", "lang"), EACH)
def test_a_reader_without_a_name_is_greeted_too(name: str, lang: str) -> None:
    template = compiled(name, lang)
    for nobody in ({"name": ""}, {"name": None}, {}):
        record = {key: value for key, value in letters.sample(lang).items() if key != "name"} | nobody
        assert "None" not in template.render(record).text


@pytest.mark.parametrize("lang", letters.LANGUAGES)
def test_a_language_has_all_texts_with_the_same_fields(lang: str) -> None:
    english, other = (import_module(f"mailkit.compose.letters.texts.{one}") for one in ("en", lang))
    assert other.COMMON.keys() == english.COMMON.keys()
    assert set(other.LETTERS) == set(english.LETTERS) == set(NAMES)
    for name in NAMES:
        assert other.LETTERS[name].keys() == english.LETTERS[name].keys()
        assert all(text.strip() for text in other.LETTERS[name].values())


@pytest.mark.parametrize(("name", "lang"), EACH)
def test_a_letter_does_not_shout_and_has_a_short_subject(name: str, lang: str) -> None:
    message = compiled(name, lang).render(letters.sample(lang))
    assert len(message.subject) <= 60
    assert message.subject.count("!") <= 1
    assert "!!" not in message.text
    shouted = re.findall(r"\b[A-ZА-ЯЁ]{4,}\b", message.subject + message.text.replace("SPRING", ""))
    assert not shouted


@pytest.mark.parametrize("name", NAMES)
def test_a_russian_letter_keeps_to_russian_typography(name: str) -> None:
    message = compiled(name, "ru").render(letters.sample("ru"))
    words = message.subject + message.text
    assert '"' not in words
    assert " - " not in words
    assert not re.search(r"\b(ты|тебе|твой|Вас|Вам|Ваш\w* )\b", re.sub(r"(?:^|[.!?]\s+|\n)\w+", "", words))


def test_letters_to_many_can_be_left_and_answers_cannot() -> None:
    is_left = {name: any(isinstance(one, b.Footer) for one in ready(name, "en").blocks) for name in NAMES}
    assert is_left["welcome"]
    assert is_left["goodbye"]
    assert not is_left["confirm_subscription"]
    assert not is_left["password_reset"]
    assert not is_left["order_shipped"]


def test_plurals_are_right() -> None:
    template = compiled("cart", "ru")
    record = letters.sample("ru")
    subjects = [template.render(record | {"cart": record["products"][:1] * count}).subject for count in (1, 3, 5)]
    assert subjects == ["В вашей корзине 1 товар", "В вашей корзине 3 товара", "В вашей корзине 5 товаров"]


def test_a_brands_name_is_text_whatever_it_looks_like() -> None:
    name = "A*B_c <i> [d](e) & Co"
    message = compose.compile(ready("password_reset", "en", name=name)).render(letters.sample())
    assert name in message.text
    assert "<i>" not in message.html


def test_a_logo_stands_in_the_names_place_and_looks_are_the_brands() -> None:
    made = ready("welcome", "en", logo="https://shop.example.com/logo.png", theme=compose.Theme(accent="#0b6e4f"))
    assert isinstance(made.blocks[0], b.Image)
    assert made.blocks[0].alt == "Atlas"
    assert made.theme.accent == "#0b6e4f"
    social = ready("welcome", "en", social={"Blog": "https://shop.example.com/blog"})
    assert "https://shop.example.com/blog" in compose.compile(social).render(letters.sample()).html


def test_a_letter_is_a_value_that_can_be_changed() -> None:
    made = letters.welcome(letters.sample_brand(), lang="en-GB")
    changed = attrs.evolve(
        made, subject="Hello", blocks=(*made.blocks[:3], b.Text("And a word of ours."), *made.blocks[3:])
    )
    assert (
        "And a word of ours."
        in compose.compile(changed).render({"name": "Anna", "unsubscribe_url": "https://a.example/"}).text
    )
    assert changed.lang == "en-GB"


@pytest.mark.parametrize(
    ("build", "reason"),
    [
        (lambda: letters.welcome(letters.sample_brand(), lang="de"), "there are en, ru"),
        (lambda: letters.welcome(letters.sample_brand(), lang=None), "is not a language of the ready letters"),  # type: ignore[arg-type]
        (lambda: letters.Brand(name="{{ x }}", href="https://a.example", address="x"), "Brand.name"),
        (lambda: letters.Brand(name="a\nb", href="https://a.example", address="x"), "Brand.name"),
        (lambda: letters.Brand(name="a", href=" ", address="x"), "Brand.href"),
        (
            lambda: letters.Brand(name="a", href="x.example", address="x"),
            "not a web address; write 'https://x.example'",
        ),
        (lambda: letters.welcome("Shop"), "letters.welcome, brand: 'Shop' is not a Brand; write letters.Brand("),
        (lambda: letters.Brand(name="a", href="https://a.example", address=""), "Brand.address"),
        (lambda: letters.Brand(name="a", href="https://a.example", address="x", currency="€"), "write 'EUR'"),
    ],
)
def test_a_wrong_brand_or_language_is_refused(build: object, reason: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        build()  # type: ignore[operator]
    assert reason in str(caught.value)


def test_the_example_writes_all_letters(tmp_path: Path) -> None:
    script = Path(__file__).parents[2] / "examples" / "ready_letters.py"
    command = [sys.executable, "-W", "error", script, "--to", tmp_path]
    told = subprocess.run(command, capture_output=True, text=True, check=True, env={**environ, "PYTHONUTF8": "1"})
    assert "ru cart: В вашей корзине 2 товара" in told.stdout.replace("\N{NO-BREAK SPACE}", " ")
    assert len(list(tmp_path.rglob("*.html"))) == len(EACH)


def test_the_how_to_page_runs_and_prints_what_it_says(capsys: pytest.CaptureFixture[str]) -> None:
    page = Path(__file__).parents[2] / "docs" / "how-to" / "letters-in-languages.md"
    code = "\n".join(re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), flags=re.DOTALL))
    exec(compile(code, str(page), "exec"), {"__name__": "page"})
    shown = [line for line in capsys.readouterr().out.replace("\N{NO-BREAK SPACE}", " ").splitlines() if line]
    assert shown == re.findall(r"^print\(.*\)  # (.*)$", code, flags=re.MULTILINE)


@pytest.mark.parametrize(("name", "lang"), EACH)
def test_lint_has_nothing_to_say(name: str, lang: str) -> None:
    made = ready(name, lang)
    is_answer = not any(isinstance(one, b.Footer) for one in made.blocks)
    assert lint(made, records=[letters.sample(lang)], is_transactional=is_answer) == ()


@pytest.mark.parametrize("lang", letters.LANGUAGES)
@pytest.mark.parametrize("name", ["cart", "order_confirmed", "receipt", "recommendations", "newsletter"])
def test_a_letter_about_nothing_is_not_made(name: str, lang: str) -> None:
    record = letters.sample(lang)
    empty = {"cart": [], "products": [], "order": record["order"] | {"items": []}}
    with pytest.raises(TemplateError, match="it is empty"):
        compiled(name, lang).render(record | empty | {"issue": record["issue"] | {"stories": []}})


@pytest.mark.parametrize("name", ["cart", "recommendations", "back_in_stock", "newsletter"])
def test_pictures_may_be_absent(name: str) -> None:
    record = letters.sample("en")
    bare = [{key: value for key, value in one.items() if key != "image"} for one in record["products"]]
    stories = [{key: value for key, value in one.items() if key != "image"} for one in record["issue"]["stories"]]
    record |= {"cart": bare, "products": bare, "product": bare[0], "issue": record["issue"] | {"stories": stories}}
    assert "<img" not in compiled(name, "en").render(record).html


def test_who_only_entered_an_address_is_not_called_a_customer() -> None:
    assert "account" not in compiled("confirm_subscription", "en").render(letters.sample()).text
    assert "аккаунт" not in compiled("confirm_subscription", "ru").render(letters.sample("ru")).text


@pytest.mark.parametrize(
    "wrong", [{"theme": {}}, {"social": 5}, {"social": ["x"]}, {"logo": None}, {"logo_width_px": "wide"}]
)
def test_a_brand_is_checked_when_it_is_built(wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidValue, match=f"Brand.{next(iter(wrong))}"):
        attrs.evolve(letters.sample_brand(), **wrong)
