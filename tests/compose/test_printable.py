"""What can be printed: values with words of their own, and no empty cells."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit import compose
from mailkit.compose import Letter
from mailkit.compose import blocks as b
from mailkit.compose.printable import is_nothing
from mailkit.envelope import Envelope
from mailkit.errors import TemplateError, UnknownField

NOW = datetime(2026, 3, 1, tzinfo=UTC)
ENVELOPE = Envelope(sender="a@example.com", recipient="b@example.org")


class City:
    def __init__(self) -> None:
        self.name = "Kazan"


class Bare:
    pass


class Said:
    def __str__(self) -> str:
        return "Kazan"


class Called(Said):
    def __call__(self) -> str:
        return "Perm"


class Status(Enum):
    PAID = "paid"


class Kind(str, Enum):  # noqa: UP042 - as applications write it that are older than StrEnum
    GIFT = "gift"


class Size(IntEnum):
    SMALL = 1


class Colour(StrEnum):
    RED = "red"


def scalar(text: str) -> object:
    """A number as NumPy has them, which are no floats of Python's."""
    return type("float32", (), {"__module__": "numpy", "__str__": lambda _self: text})()


def render(source: str, **record: object) -> str:
    return compose.compile(source, subject="s").render(record).html


@given(
    st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.decimals(allow_nan=False, allow_infinity=False)
)
def test_a_finite_number_is_printed_as_python_writes_it_but_for_exponents(value: Any) -> None:
    shown = render("<p>{{ x }}</p>", x=value).removeprefix("<p>").removesuffix("</p>\n")
    assert Decimal(shown) == Decimal(str(value))
    assert shown == str(value) or "e" not in shown.lower()
    assert render("<p>{{ x ~ '' }}{{ [x]|join }}{{ x|string }}</p>", x=value) == f"<p>{shown * 3}</p>\n"
    assert not is_nothing(value)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (Decimal("1E+2"), "100"),
        (Decimal("1290.00").normalize(), "1290"),
        (1e-05, "0.00001"),
        (-1e17, "-100000000000000000"),
        (Decimal("0E-8"), "0.00000000"),
        (Decimal("1E+5000000"), "1E+5000000"),
        (Decimal("1E-5000000"), "1E-5000000"),
        (Decimal("0E-5000000"), "0E-5000000"),
        (1e300, "1e+300"),
    ],
)
def test_digits_stand_in_place_of_an_exponent_where_they_are_few(value: object, shown: str) -> None:
    assert render("<p>{{ x }}</p>", x=value) == f"<p>{shown}</p>\n"


@pytest.mark.parametrize("source", ["{{ x }}", "{{ x ~ '' }}", "{{ [x]|join }}", "{{ x|upper }}", "{{ x|tojson }}"])
def test_a_number_of_thousands_of_digits_is_refused_in_our_words(source: str) -> None:
    for part in ("html", "subject", "text"):
        sources = {"source": "<p>x</p>", "subject": "s", "text": None} | {"source" if part == "html" else part: source}
        template = compose.compile(**sources)  # type: ignore[arg-type]
        with pytest.raises(TemplateError, match="a number beyond reason"):
            template.render({"x": 10**5_000})
        with pytest.raises(TemplateError, match="a number beyond reason"):
            template.encode({"x": 10**5_000}, ENVELOPE, message_id="1@example.com", date=NOW)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (bytearray(b"a"), "is a bytearray where text was meant"),
        (memoryview(b"a"), "is a memoryview where text was meant"),
        (1j, "is a complex number"),
    ],
)
def test_what_has_words_of_python_alone_is_refused(value: object, reason: str) -> None:
    for source in ("{{ x }}", "{{ x ~ '' }}", "{{ x|upper }}"):
        with pytest.raises(TemplateError, match=reason):
            render(source, x=value)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (City(), "'x' is an object of the class City, which has no text of its own; write e.g. x.name"),
        (SimpleNamespace(a=1), "'x' is an object of the class SimpleNamespace, .*; write e.g. x.a"),
        (Bare(), "'x' is an object of the class Bare, which has no text of its own$"),
        (Status.PAID, "'x' is one of Status; write x.value"),
        (Kind.GIFT, "'x' is one of Kind; write x.value"),
        (float("nan"), "'x' is nan, which tells a reader nothing"),
        (float("-inf"), "'x' is -inf, which tells a reader nothing"),
        (Decimal("NaN"), "'x' is NaN"),
        (scalar("nan"), "'x' is nan"),
        (scalar("NaT"), "'x' is NaT"),
        ([1], "'x' is a list where text was meant"),
        (len, "'x' is a method and not a field"),
        (Called(), "'x' is a method and not a field"),
    ],
)
def test_what_has_no_words_is_told_with_what_to_write(value: object, told: str) -> None:
    with pytest.raises(TemplateError) as caught:
        render("{{ x }}", x=value)
    assert re.search(told, caught.value.reason)


@pytest.mark.parametrize("source", ["{{ x|upper }}", "{{ x ~ '!' }}", "{{ x|string }}", "{{ ['a', x]|join }}"])
@pytest.mark.parametrize("value", [City(), Status.PAID, float("nan"), [1]])
def test_no_filter_puts_it_into_words(value: object, source: str) -> None:
    with pytest.raises(TemplateError, match=r"object of the class|one of Status|is nan|where text was meant"):
        render(source, x=value)


@pytest.mark.parametrize("value", [Said(), Size.SMALL, Colour.RED, scalar("1.5"), True, "nan"])
def test_what_has_words_is_printed(value: object) -> None:
    assert render("<p>{{ x }}</p>", x=value) == f"<p>{value}</p>\n"
    assert render("<p>{{ x ~ '' }}</p>", x=value) == f"<p>{value}</p>\n"


def test_an_empty_cell_takes_the_default_and_is_not_what_is_required() -> None:
    nan = float("nan")
    assert render("<p>{{ x|default('friend', true) }}</p>", x=nan) == "<p>friend</p>\n"
    assert render("<p>{{ x|d('friend', true) }}{{ y|default('!') }}</p>", x="Anna") == "<p>Anna!</p>\n"
    with pytest.raises(TemplateError, match="it is empty"):
        render("<p>{{ x|required }}</p>", x=nan)


def test_the_finished_bytes_refuse_what_render_refuses() -> None:
    template = compose.compile("<p>{{ x }}</p>", subject="s")
    with pytest.raises(TemplateError, match="is nan"):
        template.encode({"x": float("nan")}, ENVELOPE, message_id="1@example.com", date=NOW)


def test_mends_are_code_that_can_be_written() -> None:
    with pytest.raises(TemplateError, match=r"\(in a \{% for %\} of your own, write cart or \[\]\)"):
        render("{% for item in cart %}x{% endfor %}", cart=None)
    with pytest.raises(TemplateError, match=r"ask first: \{% if item.price %\}"):
        render("{{ item.price|money('EUR') }}", item={"price": None})
    with pytest.raises(TemplateError, match=r"write e\.g\. …\.name"):
        render("{{ a or b }}", a=City(), b=1)


@pytest.mark.parametrize("cart", ["abc", b"abc"])
def test_text_is_no_list(cart: object) -> None:
    with pytest.raises(TemplateError, match="'cart' is text where a list was meant"):
        render("{% for item in cart %}x{% endfor %}", cart=cart)


@pytest.mark.parametrize(
    ("source", "record", "told"),
    [
        ("{{ order.total }}", {"order": {"totl": 1}}, "'order' has no field 'total'; did you mean 'totl'"),
        ("{{ order.total }}", {"order": "abc"}, "'order' is text and has no field 'total'"),
        ("{% for i in cart %}{{ i.url }}{% endfor %}", {"cart": {"a": 1}}, "an item of 'cart' is text and has no"),
        ("{% for i in o.cart %}{{ i.url }}{% endfor %}", {"o": {"cart": [(1, 2)]}}, "an item of 'o.cart' is a list"),
        ("{{ order['total'] }}", {"order": {}}, "the value has no field 'total'"),
    ],
)
def test_what_lacks_a_field_is_named(source: str, record: dict[str, object], told: str) -> None:
    with pytest.raises(UnknownField, match=told):
        compose.compile(source, subject="s").render(record)


def test_the_items_of_a_block_are_named_by_their_list() -> None:
    letter = Letter(subject="s", blocks=[b.Products(each="cart", name="{{ item.name }}")])
    with pytest.raises(UnknownField, match="an item of 'cart' has no field 'name'; did you mean 'nme'"):
        compose.compile(letter).render({"cart": [{"nme": "Tea"}]})


@pytest.mark.parametrize(
    ("record", "told"),
    [
        (None, "the record is None; give one reader's mapping or object, {} if nothing is known"),
        ("Anna", "the record is text; give one reader's mapping or object"),
        ([{"name": "Anna"}], "the record is a list"),
        (5, "the record is a number"),
    ],
)
def test_what_is_no_record_is_told(record: object, told: str) -> None:
    with pytest.raises(TemplateError, match=told):
        compose.compile("<p>{{ name }}</p>", subject="s").render(record)
    assert compose.compile("<p>Hi</p>", subject="s").render(record).html == "<p>Hi</p>\n"


@pytest.mark.parametrize(
    ("source", "mend"),
    [
        ("{{ name }", "a value ends with two braces"),
        ("{{{name}}}", "write two braces"),
        ('{{ day|date:"Y" }}', r"write it in brackets|takes its arguments in brackets: \|date\("),
        ("{% load static %}", "Jinja has no such tag"),
        ("{% if a && b %}x{% endif %}", "write and"),
        ("{% if a = 1 %}{{ x }}{% endif %}", "write == to compare"),
        ("{% if {{ a }} %}x{% endif %}", "names without braces"),
        ("{% if !a %}x{% endif %}", "write not"),
        ("{{ a || b }}", "write or"),
        ("{{ a ? b : c }}", "'yes' if vip else 'no'"),
        ("{% elseif a %}", "write {% elif"),
        ("{{#each}}", "as Jinja does"),
        ("{{ p|currency }}", r"write \|money\('EUR'\)"),
        ("{{ p|uper }}", "did you mean 'upper'"),
    ],
)
def test_habits_from_elsewhere_are_told_in_jinja(source: str, mend: str) -> None:
    with pytest.raises(TemplateError, match=mend):
        compose.compile(f"<p>{source}</p>", subject="s")


def test_a_namespace_is_no_field() -> None:
    with pytest.raises(TemplateError, match="'n' is a namespace and not a field"):
        render("{% set n = namespace(a=1) %}{{ n }}")


def test_an_attribute_that_is_not_safe_is_told_as_jinja_says_it() -> None:
    with pytest.raises(TemplateError, match="__class__"):
        render("{{ x.__class__ }}", x="a")
