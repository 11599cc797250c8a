"""Dates, amounts, plurals and lists in the letter's language."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Context, Decimal, Inexact, InvalidOperation, localcontext
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from babel import Locale
from babel.numbers import format_currency, parse_decimal
from hypothesis import given
from hypothesis import strategies as st

from mailkit import compose
from mailkit.compose import blocks as b
from mailkit.compose.budgets import Unfit
from mailkit.compose.languages import Language
from mailkit.errors import TemplateError, UnknownField

MOMENT = datetime(2026, 3, 1, 19, 30, tzinfo=UTC)
LANGUAGES = st.sampled_from(["en", "ru", "de", "fr", "ar", "ja", "pt-BR", "pl", "cs", "hi", "he", "lv"])


@cache
def filters(lang: str) -> dict[str, Any]:
    return Language(lang).filters()


def written(lang: str, name: str, value: object, *args: Any, **kwargs: Any) -> str:
    text: str = filters(lang)[name](value, *args, **kwargs)
    return text.replace("\N{NO-BREAK SPACE}", " ").replace("\N{NARROW NO-BREAK SPACE}", " ")


def letter(text: str, lang: str = "en") -> compose.Letter:
    return compose.Letter(subject="s", blocks=[b.Text(text)], lang=lang)


# -- laws -----------------------------------------------------------------------------------------


@given(LANGUAGES, st.integers(-(10**12), 10**12), st.integers(0, 4))
def test_a_number_can_be_read_back(lang: str, units: int, digits: int) -> None:
    amount = Decimal(units).scaleb(-digits)
    locale = Locale.parse(lang.replace("-", "_"))
    shown = filters(lang)["number"](amount, digits=digits)
    for sign in "\N{LEFT-TO-RIGHT MARK}\N{RIGHT-TO-LEFT MARK}\N{ARABIC LETTER MARK}":
        shown = shown.replace(sign, "")
    assert parse_decimal(shown, locale=locale) == amount


@given(LANGUAGES, st.decimals(0, 10**9, places=2))
def test_money_is_what_babel_writes_but_for_the_space_after_letters(lang: str, amount: Decimal) -> None:
    theirs = format_currency(amount, "EUR", locale=lang.replace("-", "_"))
    assert filters(lang)["money"](amount, "EUR") == theirs


@given(LANGUAGES, st.integers(0, 10**7))
def test_every_whole_number_has_a_form(lang: str, number: int) -> None:
    needed, _ = Language(lang)._categories
    assert filters(lang)["plural"](number, *needed) in needed


@given(st.integers(0, 10**6))
def test_a_number_has_one_plural_however_it_is_given(number: int) -> None:
    forms = "товар", "товара", "товаров"
    ways = (number, float(number), Decimal(number), Decimal(f"{number}.00"), str(number), f"{number}.0")
    assert len({written("ru", "plural", way, *forms) for way in ways}) == 1


@given(st.integers(0, 50 * 365 * 24 * 60), st.integers(-12, 12), st.integers(-12, 12))
def test_a_moment_is_shown_by_the_clock_of_the_zone(minutes: int, ours: int, theirs: int) -> None:
    aware = (MOMENT + timedelta(minutes=minutes)).astimezone(timezone(timedelta(hours=ours)))
    there = timezone(timedelta(hours=theirs))
    shown = written("en", "datetime", aware, "yyyy-MM-dd HH:mm", zone=there)
    assert shown == aware.astimezone(there).strftime("%Y-%m-%d %H:%M")


# -- vectors --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lang", "name", "value", "args", "kwargs", "expected"),
    [
        ("ru", "money", Decimal("1290.5"), ("RUB",), {}, "1 290,50 ₽"),
        ("ru", "money", 1290, ("RUB",), {"trim": True}, "1 290 ₽"),
        ("ru", "money", "1290.5", ("RUB",), {"trim": True}, "1 290,50 ₽"),
        ("en", "money", 1290.5, ("USD",), {}, "$1,290.50"),
        ("en", "money", Decimal("-3.5"), ("USD",), {}, "-$3.50"),
        ("en", "money", 1290, ("RUB",), {}, "RUB 1,290.00"),
        ("de", "money", 1290, ("EUR",), {"digits": 0}, "1.290 €"),
        ("en", "money", 1290, ("JPY",), {}, "¥1,290"),
        ("en", "money", "0.125", ("EUR",), {}, "€0.13"),
        ("en", "money", "-0.001", ("EUR",), {}, "€0.00"),
        ("ru", "number", 1234567.891, (), {}, "1 234 567,891"),
        ("en", "number", 3, (), {"digits": 2}, "3.00"),
        ("hi", "number", 1234567, (), {}, "12,34,567"),
        ("en", "percent", 0.15, (), {}, "15%"),
        ("ru", "percent", Decimal("0.1255"), (), {"digits": 1}, "12,6 %"),
        ("ru", "plural", 1, ("товар", "товара", "товаров"), {}, "товар"),
        ("ru", "plural", 22, ("товар", "товара", "товаров"), {}, "товара"),
        ("ru", "plural", 111, ("товар", "товара", "товаров"), {}, "товаров"),
        ("ru", "plural", 1.5, ("товар", "товара", "товаров"), {"other": "товара"}, "товара"),
        ("ru", "plural", 5, (), {"one": "a", "few": "b", "many": "c"}, "c"),
        ("en", "plural", 1.5, ("item", "items"), {}, "items"),
        ("fr", "plural", 1_000_000, ("jour", "jours"), {}, "jours"),
        ("fr", "plural", 0, ("jour", "jours"), {}, "jour"),
        ("ja", "plural", 1, ("点",), {}, "点"),
        ("en", "list_and", ["a", "b", "c"], (), {}, "a, b, and c"),
        ("ru", "list_and", ("a", "b", 3), (), {}, "a, b и 3"),
        ("ru", "list_or", ["a", "b"], (), {}, "a или b"),
        ("en", "list_and", [], (), {}, ""),
        ("en", "date", date(2026, 3, 1), (), {}, "March 1, 2026"),
        ("ru", "date", "2026-03-01", (), {}, "1 марта 2026 г."),
        ("ru", "date", date(2026, 3, 1), ("MMMMd",), {}, "1 марта"),
        ("en", "date", date(2026, 3, 1), ("MMMMd",), {}, "March 1"),
        ("en", "date", date(2026, 3, 1), ("EEEEMMMMd",), {}, "Sunday, March 1"),
        ("en", "date", date(2026, 3, 1), ("d/M",), {}, "1/3"),
        ("ru", "date", MOMENT, (), {"zone": "Asia/Vladivostok"}, "2 марта 2026 г."),
        ("ru", "date", datetime(2026, 3, 1, 2, tzinfo=ZoneInfo("Europe/Moscow")), ("short",), {}, "01.03.2026"),
        ("ru", "time", MOMENT, (), {"zone": "Europe/Moscow"}, "22:30"),
        ("en", "time", MOMENT, (), {"zone": ZoneInfo("Europe/Moscow")}, "10:30 PM"),
        ("en", "time", time(10, 0), (), {}, "10:00 AM"),
        ("ru", "datetime", MOMENT, (), {"zone": "Europe/Moscow"}, "1 марта 2026 г., 22:30"),
        ("en", "datetime", MOMENT, ("short",), {"zone": "UTC"}, "3/1/26, 7:30 PM"),
        ("en", "datetime", "2026-03-01T10:00+03:00", ("HH:mm",), {}, "10:00"),
        ("de-CH-1996", "number", 1234, (), {}, "1’234"),
        ("en-x-shop", "number", 1234, (), {}, "1,234"),
    ],
)
def test_a_value_is_written_as_the_language_writes_it(
    lang: str, name: str, value: object, args: tuple[Any, ...], kwargs: dict[str, Any], expected: str
) -> None:
    assert written(lang, name, value, *args, **kwargs) == expected


@pytest.mark.parametrize(
    ("name", "value", "args", "kwargs", "reason"),
    [
        ("money", True, ("EUR",), {}, "is True, which is no number"),
        ("money", "1,5", ("EUR",), {}, "is '1,5', which is no number; give an int"),
        ("money", [1], ("EUR",), {}, "which is no number"),
        ("money", float("nan"), ("EUR",), {}, "beyond reason"),
        ("money", Decimal("inf"), ("EUR",), {}, "beyond reason"),
        ("money", 10**30, ("EUR",), {}, "beyond reason"),
        ("money", 1, ("eur",), {}, "'eur' is not a currency; did you mean 'EUR'?"),
        ("money", 1, ("?",), {}, "write a code of ISO 4217"),
        ("money", 1, (), {}, "the filter money: missing a required argument: 'currency'"),
        ("number", 1, (), {"digits": -1}, "digits=-1 is not a whole number from 0 to 12"),
        ("number", 1, (), {"digits": "2"}, "digits='2' is not a whole number"),
        ("number", None, (), {}, "{} is None"),
        ("plural", 1.5, ("a", "b", "c"), {}, "is 1.5, a fraction, and the forms say nothing of it; add other="),
        ("plural", 1, ("a", 2, "c"), {}, "the forms are texts"),
        ("date", MOMENT.replace(tzinfo=None), (), {}, "a time without a zone"),
        ("date", MOMENT, (), {}, "is a time in UTC, by which no reader lives; say whose: (zone='Europe/Moscow')"),
        ("date", "tomorrow", (), {}, "no date or time (ISO 8601)"),
        ("date", 5, (), {}, "no date or time; give a date"),
        ("date", None, (), {}, "{} is None"),
        ("date", time(1), (), {}, "is a time of day and has no date"),
        ("time", date(2026, 3, 1), (), {}, "is a date and has no time of day"),
        ("datetime", date(2026, 3, 1), (), {}, "is a date and has no time of day"),
        ("date", date(2026, 3, 1), ("HH:mm",), {}, "is a date, and the format 'HH:mm' asks for more"),
        ("time", time(1), ("d.M HH",), {}, "is a time of day, and the format 'd.M HH' asks for more"),
        ("date", date(2026, 3, 1), ("lnog",), {}, "did you mean 'long'?"),
        ("date", date(2026, 3, 1), ("MMMMdHm",), {}, "'MMMMdHm' is not a format that the language 'ru' has"),
        ("date", date(2026, 3, 1), ("yyyyyyyy-MM",), {}, None),
        ("date", date(2026, 3, 1), ("ddddd.M",), {}, "is not a pattern of dates and times"),
        ("date", date(2026, 3, 1), (5,), {}, "5 is not a format"),
        ("date", MOMENT, (), {"zone": "Mars/Base"}, "'Mars/Base' is not a time zone; write e.g. 'Europe/Moscow'"),
        ("date", MOMENT, (), {"zone": 3}, "3 is not a time zone"),
        ("list_and", "abc", (), {}, "where a list was meant"),
        ("list_and", 5, (), {}, "where a list was meant"),
        ("list_and", ["a", None], (), {}, "holds a None"),
        ("list_and", [["a"]], (), {}, "is a list where text was meant"),
    ],
)
def test_what_would_be_wrong_is_refused(
    name: str, value: object, args: tuple[Any, ...], kwargs: dict[str, Any], reason: str | None
) -> None:
    if reason is None:
        assert written("ru", name, value, *args, **kwargs)
        return
    with pytest.raises(Unfit) as caught:
        written("ru", name, value, *args, **kwargs)
    assert reason in str(caught.value)


# -- stories --------------------------------------------------------------------------------------


def test_a_letter_writes_in_its_language() -> None:
    said = "{{ n|number }} {{ n|plural(*forms) }}, {{ sum|money('RUB', trim=true) }}"
    for lang, forms, expected in (
        ("ru", ("товар", "товара", "товаров"), "2 товара, 1 290 ₽"),
        ("en", ("item", "items"), "2 items, RUB 1,290"),
    ):
        template = compose.compile(letter(said, lang))
        text = template.render({"n": 2, "sum": 1290, "forms": forms}).text
        assert text.replace("\N{NO-BREAK SPACE}", " ").strip() == expected


def test_html_of_ones_own_says_its_language() -> None:
    source = "<p>{{ d|date }}</p>"
    record = {"d": date(2026, 3, 1)}
    assert "1. März 2026" in compose.compile(source, subject="s", lang="de").render(record).html
    assert "1 mars 2026" in compose.compile(f"<html lang='fr'>{source}</html>", subject="s").render(record).html


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{{ n|plural('a', 'b') }}", "the language 'ru' needs 3 forms (one, few, many), here are 2"),
        ("{% if n %}{{ n|plural('a') }}{% endif %}", "needs 3 forms (one, few, many), here are 1"),
        ("{{ n|plural(one='a', two='b') }}", "has no form 'two'; it has one, few, many, other"),
        ("{{ n|plural(one='a', few='b') }}", "the language 'ru' also needs many"),
        ("{{ n|money('RUBB') }}", "'RUBB' is not a currency; did you mean"),
        ("{{ n|date('lnog') }}", "did you mean 'long'?"),
        ("{{ n|datetime(zone='Moscow') }}", "'Moscow' is not a time zone"),
    ],
)
def test_a_mistake_in_a_filter_is_told_when_the_letter_is_compiled(text: str, reason: str) -> None:
    with pytest.raises(TemplateError) as caught:
        compose.compile(letter(text, "ru"))
    assert reason in caught.value.reason
    assert caught.value.excerpt


def test_a_value_that_does_not_fit_is_told_by_its_field() -> None:
    template = compose.compile(letter("{{ order.total|money(currency) }}", "ru"))
    with pytest.raises(TemplateError, match=r"'order.total' is 'a lot', which is no number"):
        template.render({"order": {"total": "a lot"}, "currency": "RUB"})
    with pytest.raises(UnknownField, match="no field 'total'"):
        template.render({"order": {}, "currency": "RUB"})
    with pytest.raises(UnknownField, match="no field 'currency'"):
        template.render({"order": {"total": 1}})


def test_a_language_that_nobody_has_described_is_told_when_it_is_needed() -> None:
    assert compose.compile(letter("Qapla'!", "tlh")).render({}).text == "Qapla'!\n"
    with pytest.raises(TemplateError, match="does not say how the language 'tlh' writes this"):
        compose.compile(letter("{{ n|number }}", "tlh"))


def test_what_a_list_holds_is_escaped() -> None:
    template = compose.compile(letter("{{ names|list_and }}"))
    assert "&lt;b&gt; and c" in template.render({"names": ["<b>", "c"]}).html


def test_babel_is_loaded_only_for_letters_that_use_it() -> None:
    script = (
        "import sys\nfrom mailkit import compose\nfrom mailkit.compose import letters\n"
        "compose.compile('<p>{{ n|upper }}</p>', subject='s').render({'n': 'a'})\nprint('babel' in sys.modules)\n"
        "compose.compile('<p>{{ n|number }}</p>', subject='s').render({'n': 1})\nprint('babel' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]


def test_amounts_are_exact_whatever_the_application_has_told_decimals() -> None:
    with localcontext(Context(prec=3, traps=[Inexact, InvalidOperation])):
        found = Language("en").filters()
        assert found["money"](Decimal("1234567.895"), "EUR") == "€1,234,567.90"
        assert found["percent"](Decimal("1234.56789"), digits=3) == "123,456.789%"
        assert found["plural"](Decimal("1000000.0"), "item", "items") == "items"
    found = Language("en").filters()
    assert found["number"]("123456789012345678.123456789012", digits=12) == "123,456,789,012,345,678.123456789012"


def test_no_number_that_signals_is_written() -> None:
    with pytest.raises(Unfit, match="beyond reason"):
        written("en", "number", Decimal("sNaN"))


@pytest.mark.parametrize(
    ("name", "value", "args", "reason"),
    [
        ("time", time(9, 5), ("full",), "asks for more"),
        ("time", time(9, 5), ("HH:mm z",), "asks for more"),
        ("time", time(9, 5, tzinfo=UTC), (), "another by the day"),
        ("date", date(2026, 3, 1), ("d. M. z",), "asks for more"),
    ],
)
def test_what_has_no_zone_is_not_said_to_be_in_one(name: str, value: object, args: tuple[str], reason: str) -> None:
    with pytest.raises(Unfit, match=reason):
        written("en", name, value, *args)
    assert written("en", "time", time(9, 5), "HH:mm 'zone'") == "09:05 zone"


def test_a_moment_before_all_calendars_is_refused() -> None:
    with pytest.raises(Unfit, match="calendars do not reach"):
        written("en", "date", datetime.min.replace(tzinfo=UTC), zone="America/New_York")
