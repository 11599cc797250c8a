"""Letters that mean harm are stopped soon, with their place and the reason."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from itertools import count
from pathlib import Path

import pytest

from mailkit import compose
from mailkit.compose.budgets import LONGEST_TEXT, MOST_STEPS, Budget, Unfit, made, spend, weigh
from mailkit.compose.charging import dump_json, guard
from mailkit.compose.sandbox import environment
from mailkit.errors import TemplateError

sys.path.insert(0, str(Path(__file__).parent))
from hostile import HOSTILE

# What Jinja or the limits let pass, since it is small after all.
HARMLESS = {"joined one after another"}


def render(source: str, record: object = None, **more: str) -> str:
    return compose.compile(f"<p>\n{source}</p>", subject="s", **more).render(record or {}).html


@pytest.mark.parametrize("name", HOSTILE)
def test_a_letter_that_means_harm_is_refused_or_harmless(name: str) -> None:
    record = {"d": date(2026, 3, 1)}
    if name in HARMLESS:
        assert len(render(HOSTILE[name], record, text="")) < 10_000
        return
    with pytest.raises(TemplateError) as caught:
        render(HOSTILE[name], record, text="")
    assert caught.value.template == "html"
    assert caught.value.reason


# The longest takes 0.7 s and 30 MB on a slow machine; the limits leave room for slower ones.
ALONE = """
import resource, sys, time
sys.path.insert(0, sys.argv[1])
from datetime import date
from hostile import HOSTILE
from mailkit import compose
from mailkit.errors import TemplateError

def run(source):
    try:
        compose.compile(f"<p>\\n{source}</p>", subject="s", text="").render({"d": date(2026, 3, 1)})
    except TemplateError:
        pass

run("{{ 1|number }}{{ d|date }}")
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
slowest = 0
for source in HOSTILE.values():
    start = time.process_time()
    run(source)
    slowest = max(slowest, time.process_time() - start)
print(slowest, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the unit of ru_maxrss differs")
def test_none_takes_long_or_much_memory() -> None:
    command = [sys.executable, "-c", ALONE, str(Path(__file__).parent)]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    seconds, megabytes = map(float, told.split())
    assert seconds < 3
    assert megabytes < 100


@pytest.mark.parametrize(
    ("source", "value", "reason"),
    [
        ("{{ x|sum }}", (1 for _ in count()), "more than 500,000 steps"),
        ("{{ x|join }}", (1 for _ in count()), "more than 500,000 steps"),
        ("{{ x|list_and }}", ("a" for _ in count()), "more than 500,000 steps"),
        ("{{ x ~ 'a' }}", None, "'x ~ 'a'' is None; give it a value"),
        ("{{ x ~ 'a' }}", [1], "is a list where text was meant"),
        ("{{ x|upper }}", ["a"], "'x' is a list where text was meant"),
        ("{{ [x]|join }}", ["a"], "is a list where text was meant"),
        ("{{ {'a': x}|urlencode }}", ["a"], "is a list where text was meant"),
        ("{{ {x: 1} }}", ("a",), "is a tuple where text was meant"),
        ("{% set n = namespace(a=x) %}{{ n }}", 1, "'n' is a namespace and not a field"),
        ("{{ x|safe|length }}", "y" * (LONGEST_TEXT + 1), "a text or list of more than 1,000,000 elements"),
        ("{% set a %}{{ x }}{{ x }}{% endset %}", "y" * 600_000, "a text or list of more than 1,000,000 elements"),
        ("{{ x|striptags }}", "y" * 20_001, "more than 20,000 characters for the filter striptags"),
        ("{{ x + 1 - 1 }}", 1 << 5_000, "a number beyond reason"),
        ("{{ x|sum(start=[]) }}", [[1], [2]], "lists are no numbers to sum up"),
        ("{{ x // 3 }}", 1 << 5_000, "a number beyond reason"),
        ("{{ [1, 2][x] }}", (1,), "is a tuple where text was meant"),
        ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", 1, "its macros or loops call themselves too deeply"),
    ],
)
def test_the_reason_names_what_is_wrong(source: str, value: object, reason: str) -> None:
    with pytest.raises(TemplateError) as caught:
        render(source, {"x": value}, text="")
    assert reason in caught.value.reason
    assert caught.value.line == 2


def test_usual_letters_stay_far_below_the_limits() -> None:
    rows = [{"name": f"Thing {number}", "price": number} for number in range(1_000)]
    source = (
        "{% macro row(item) %}<tr><td>{{ loop_index }}{{ item.name|upper ~ '!' }}</td>"
        "<td>{{ item.price|money('EUR') }}</td></tr>{% endmacro %}"
        "<table>{% for item in rows if item.price >= 0 %}{{ row(item) }}{% endfor %}</table>"
        "{{ rows|map(attribute='price')|sum|number }} {{ rows|tojson|length > 9 }} {{ {'a': 1, 'b c': 2}|urlencode }}"
        "{{ [('a', 1)]|urlencode }}{{ 'a b'|urlencode }} {{ 'h' in rows[0].name }}{{ 1 < 2 < 3 }} "
        "{{ rows[:2]|length }} {{ {'x' ~ 1: 2}.x1 }}"
        "{% for a in [1, [2]] recursive %}{{ loop([3]) if a is iterable else a }}{% endfor %}"
    )
    html = render(source.replace("{{ loop_index }}", ""), {"rows": rows}, text="")
    assert html.count("<tr>") == 1_000
    assert "THING 7!" in html
    assert "499,500 True a=1&amp;b+c=2a=1a%20b TrueTrue 2 213" in html


def test_a_page_of_html_printed_whole_is_no_trouble() -> None:
    page = "<p>Hello, world.</p>" * 5_000
    assert render("{{ x|safe }}", {"x": page}).count("Hello") == 5_000


def test_outside_of_a_part_nothing_is_counted() -> None:
    spend(10 * MOST_STEPS)
    assert made("x" * 100) == "x" * 100
    assert dump_json({"b": [1], "a": "x"}) == '{"a": "x", "b": [1]}'


def test_a_budget_inside_another_is_its_own() -> None:
    with Budget() as outer:
        spend(10)
        with Budget() as inner:
            spend(20)
        spend(1)
        weigh({"a": [1, (2, 3)]})
    assert (MOST_STEPS - inner.left, MOST_STEPS - outer.left) == (20, 28)
    with Budget(), pytest.raises(Unfit, match="500,000 steps"):
        spend(MOST_STEPS + 1)


def test_a_block_pays_whenever_it_is_shown() -> None:
    jinja = environment(html=True)
    tree = jinja.parse("{% block b %}{{ 'x' * 1000 }}{% endblock %}" + "{{ self.b() }}" * 9)
    guard(tree)
    with Budget() as budget:
        jinja.from_string(tree).render()
    assert MOST_STEPS - budget.left > 10 * 40


@pytest.mark.parametrize("cart", [5, True, 1.5])
def test_what_is_no_list_is_told_by_its_name(cart: object) -> None:
    with pytest.raises(TemplateError, match=r"'cart' is of the type (int|bool|float) where a list was meant"):
        render("{% for item in cart %}x{% endfor %}", {"cart": cart})


@pytest.mark.parametrize("empty", [None, "", " \n", [], {}, ()])
def test_a_letter_may_require_that_a_field_is_not_empty(empty: object) -> None:
    source = "{{ cart|required|length }}"
    assert "2</p>" in render(source, {"cart": [1, 2]})
    assert "0</p>" in render("{{ cart|required }}", {"cart": 0})
    with pytest.raises(TemplateError, match="it is empty"):
        render(source, {"cart": empty})
    with pytest.raises(TemplateError, match="no field 'cart'"):
        render(source)


@pytest.mark.parametrize(
    "source",
    [
        "{{ range(99999)|groupby('real')|list|length }}",
        "{{ range(99999)|map('string')|map('upper')|list|length }}",
        "{% for i in range(9999) %}{{ range(9999)|select('odd')|list|length }}{% endfor %}",
        "{% for i in range(9999) %}{{ ('a b '*9999)|title|length }}{% endfor %}",
    ],
)
def test_what_is_slow_by_element_or_word_costs_more(source: str) -> None:
    with pytest.raises(TemplateError, match="more than 500,000 steps"):
        render(source)
    assert "<p>" in render("{{ range(100)|map('string')|sort|join(' ')|title }}")


def test_a_thing_that_can_be_looped_over_and_not_counted_pays_as_it_goes() -> None:
    class Rows:
        def __iter__(self) -> Iterator[int]:
            return iter((1, 2))

    assert render("{% for row in rows %}{{ row }}{% endfor %}", {"rows": Rows()}) == "<p>\n12</p>\n"


def test_names_compared_cost_little_however_they_are_compared() -> None:
    rows = [{"name": f"Thing {number % 500}", "about": "much " * 500, "n": (number, "x")} for number in range(1_000)]
    source = (
        "{{ (rows|sort(attribute='name,n'))[0].name }} {{ rows|unique(attribute='name')|list|length }} "
        "{{ (rows|max(attribute='n')).n[0] }} {{ rows|groupby('name')|length }} "
        "{{ {'b': 1, 'a': 2}|dictsort|first|last }} "
        "{{ 5|default([])|string|sort|length }}"
    )
    assert "Thing 0 500 999 500 2 1" in render(source, {"rows": rows}, text="")


@pytest.mark.parametrize("source", ["{{ 5|sort }}", "{{ 5|dictsort }}", "{{ rows|sort }}"])
def test_what_cannot_be_sorted_is_told(source: str) -> None:
    with pytest.raises(TemplateError):
        render(source)


@pytest.mark.parametrize(
    "source",
    [
        "{% for p in ps %}{{ p.replace(' ', '_') }}{% endfor %}",
        "{% for p in ps %}{% set q = p.replace(' ', '_', 1) %}{{ q }}{% endfor %}",
        "{% for p in ps recursive %}{{ p.replace(' ', '_') }}{% endfor %}",
    ],
)
def test_a_text_may_be_replaced_in_a_loop_as_anywhere(source: str) -> None:
    assert "a_b" in compose.compile(f"<p>{source}</p>", subject=f"S {source}").render({"ps": ["a b"]}).html
