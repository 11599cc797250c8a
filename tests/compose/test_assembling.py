"""Files put together: what Jinja does for each reader, done once."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import DictLoader, Environment

from mailkit.compose.assembling import assemble
from mailkit.compose.marks import Marks
from mailkit.errors import TemplateError, UnreadableFile


class Files(dict[str, str]):
    def read(self, name: str) -> str:
        if name not in self:
            raise UnreadableFile(name, "is not there")
        return self[name]


def together(files: dict[str, str], name: str = "a") -> str:
    marks = Marks()
    return assemble(marks.read(files[name], name, is_file=True), marks, Files(files))


def source(files: dict[str, str], name: str = "a") -> str:
    marks = Marks()
    return marks.emit(assemble(marks.read(files[name], name, is_file=True), marks, Files(files))).source


def rendered(files: dict[str, str]) -> str:
    """What our files say, once put together."""
    return Environment(autoescape=True).from_string(source(files)).render(x="<1>", names=["b", "c"])


def as_jinja_does(files: dict[str, str]) -> str:
    return Environment(autoescape=True, loader=DictLoader(files)).get_template("a").render(x="<1>", names=["b", "c"])


WORDS = st.sampled_from(
    [
        "w",
        "<b>",
        "{{ x }}",
        "{% if x %}y{% endif %}",
        "{% include 'inc' %}",
        "{% set w = 1 %}{{ w }}",
        "{{ v|default(0) }}",
    ]
)
TEXTS = st.lists(WORDS, max_size=3).map("".join)
FILLED = st.lists(st.one_of(WORDS, st.just("{{ super() }}")), max_size=3).map("".join)


@st.composite
def families(draw: st.DrawFn) -> dict[str, str]:
    """A file that extends one that extends another, and one that is included."""
    inner = f"{{% block two %}}{draw(TEXTS)}{{% endblock %}}"
    base = f"{draw(TEXTS)}{{% block one %}}{draw(TEXTS)}{inner}{{% endblock %}}{draw(TEXTS)}"
    shown = draw(st.sampled_from(["", "{{ self.two() }}", "{{ self.one() }}"]))
    files = {
        "c": base + shown,
        "inc": draw(st.sampled_from(["i", "{{ x }}", "{% set v = 2 %}{{ v }}", "{% include 'deep' %}"])),
    }
    files["deep"] = "{% block two %}deep{% endblock %}"
    for name, parent in (("b", "c"), ("a", "b")):
        blocks = [f"{{% block {one} %}}{draw(FILLED)}{{% endblock %}}" for one in ("one", "two") if draw(st.booleans())]
        before = draw(st.sampled_from(["", "{% set v = 3 %}", "not shown", "{% set v %}{{ x }}{% endset %}"]))
        files[name] = f"{{% extends '{parent}' %}}{before}" + "\n".join(blocks)
    return files


@given(families())
def test_files_put_together_say_what_jinja_says(files: dict[str, str]) -> None:
    assert rendered(files) == as_jinja_does(files)


@pytest.mark.parametrize(
    "files",
    [
        {"a": "{% include 'b' %}!", "b": "{% macro m() %}<i>{% endmacro %}{{ m() }}"},
        {"a": "{% include 'c' ignore missing %}!"},
        {"a": "{% include 'b' ignore missing with context %}!", "b": "{{ x }}"},
        {"a": "{% include 'b' with context %}", "b": "{{ x }}\n"},
        {"a": "{% for n in names %}{% include 'b' %}{% endfor %}", "b": "{{ n }}"},
        {
            "a": "{% extends 'b' %}{% macro m() %}M{% endmacro %}{% block c %}{{ m() }}{% endblock %}",
            "b": "<{% block c %}{% endblock %}>",
        },
        {
            "a": "{% extends 'b' %}{% if x %}{% set t = 'T' %}{% endif %}",
            "b": "{{ t|default('-') }}",
        },
        {"a": "{% extends 'b' %}{% block c required %}d{% endblock c %}", "b": "{% block c required %}{% endblock %}"},
        {"a": "{% block c scoped %}{% raw %}{% include 'b' %}{% endraw %}{# {% include 'b' %} #}{% endblock %}"},
        {"a": "<!doctype html>{% block c %}{% set y = 1 %}{% endblock %}{{ y|default('none') }}"},
    ],
)
def test_what_jinja_says_is_said(files: dict[str, str]) -> None:
    if "required" in files["a"]:
        files["a"] = files["a"].replace(" required", "")
    assert rendered(files) == as_jinja_does(files)


def test_a_block_in_a_loop_sees_the_loop() -> None:
    assert rendered({"a": "{% for n in names %}{% block c %}{{ n }}{% endblock %}{% endfor %}"}) == "bc"


def test_variables_of_a_file_that_extends_another_stand_behind_the_doctype() -> None:
    files = {"a": "{% extends 'b' %}{% set v = 1 %}", "b": "<!DOCTYPE html><p>"}
    assert together(files).startswith("<!DOCTYPE html>")
    assert not together(files).endswith("html><p>")


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"a": "{% include x %}"}, "write a name, as in {% include 'parts/footer.html' %}"),
        ({"a": "{% include ['b', 'c'] %}"}, "write a name"),
        ({"a": "{% include 'b' without context %}"}, "write a name"),
        ({"a": "{% extends x %}"}, "write a name, as in {% extends"),
        ({"a": "{% include 'b' %}"}, "b is not there"),
        ({"a": "{% import 'b' as c %}"}, "import is not for letters"),
        ({"a": "{% from 'b' import c %}"}, "import is not for letters"),
        ({"a": "{% include 'a' %}"}, "without end: a"),
        ({"a": "{% include 'b' %}", "b": "{% include 'c' %}", "c": "{% include 'b' %}"}, "without end: b → c → b"),
        ({"a": "{% extends 'b' %}", "b": "{% extends 'c' %}", "c": "{% extends 'b' %}"}, "without end"),
        ({"a": "{% extends 'b' %}{% extends 'b' %}", "b": ""}, "extends one other file"),
        ({"a": "{% block c %}{% extends 'b' %}{% endblock %}"}, "outside of any block"),
        ({"a": "{% block c %}{% endblock %}{% block c %}{% endblock %}"}, "block 'c' defined twice"),
        ({"a": "{% block c %}{{ super() }}{% endblock %}"}, "no file that this one extends has block 'c'"),
        ({"a": "{% include 'b' %}{{ super() }}", "b": ""}, "super() is for blocks"),
        (
            {
                "a": "{% extends 'b' %}{% block c %}{{ super()|upper }}{% endblock %}",
                "b": "{% block c %}{% endblock %}",
            },
            "put in whole",
        ),
        ({"a": "{% block c %}{% endblock %}{{ self.d() }}"}, "there is no block 'd'"),
        ({"a": "{% block c %}{{ self.c() }}{% endblock %}"}, "block 'c' holds itself"),
        ({"a": "{% block c required %}{% endblock %}"}, "block 'c' is required"),
        ({"a": "{% include 'b' %}", "b": "\n{{ x }"}, "unexpected '}'"),
    ],
)
def test_what_cannot_be_put_together_is_told_with_its_place(files: dict[str, str], reason: str) -> None:
    with pytest.raises(TemplateError) as caught:
        together(files)
    assert reason in caught.value.reason
    assert caught.value.template in files
    assert caught.value.line


def test_without_a_folder_the_mend_is_told() -> None:
    marks = Marks()
    with pytest.raises(TemplateError, match=r"give templates=…"):
        assemble(marks.read("{% include 'b' %}", "html", is_file=True), marks, None)
    assert (
        assemble(marks.read("{% include 'b' ignore missing %}", "html", is_file=True).replace("x", ""), marks, Files())
        == ""
    )


def test_files_that_double_are_stopped() -> None:
    for end in ("x" * 50_000, ""):
        files = {str(number): f"{{% include '{number + 1}' %}}" * 2 for number in range(40)} | {"40": end}
        with pytest.raises(TemplateError, match=r"include each other too often, or have more than"):
            together(files, "0")
    chain = {str(number): f"{{% include '{number + 1}' %}}" for number in range(60)}
    with pytest.raises(TemplateError, match="without end"):
        together(chain, "0")
    blocks = "{% block b0 %}x{% endblock %}" + "".join(
        f"{{% block b{number} %}}{{{{ self.b{number - 1}() }}}}{{{{ self.b{number - 1}() }}}}{{% endblock %}}"
        for number in range(1, 40)
    )
    with pytest.raises(TemplateError, match=r"include each other too often"):
        together({"a": blocks})
