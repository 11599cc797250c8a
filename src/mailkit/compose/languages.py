"""How a language writes dates, amounts, plurals and lists: Unicode's CLDR, through Babel.

The filters of every letter. Babel is loaded when the first of them is used.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from copy import copy
from datetime import date, datetime, time, tzinfo
from decimal import Decimal
from functools import cached_property, lru_cache
from inspect import signature
from typing import TYPE_CHECKING, Any, Final, Literal

from jinja2 import TemplateSyntaxError, nodes
from jinja2.nodes import Impossible

from mailkit.compose.amounts import exact, local, number, rounded, zone_of
from mailkit.compose.budgets import Unfit, counted, refuse_container, spend, weigh
from mailkit.compose.patterns import NAMED, clock, pattern
from mailkit.errors import did_you_mean, shorten

if TYPE_CHECKING:
    from babel import Locale
    from babel.numbers import NumberPattern

__all__ = ["Language", "check_forms"]

_CATEGORIES: Final = ("zero", "one", "two", "few", "many", "other")
_LETTER_MEETS_DIGIT: Final = re.compile(r"(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])")
_MOST_DIGITS: Final = 12
_STEPS: Final = 5

_Write = Callable[[Any], str]
_Read = Callable[[Any], Any]


class Language:
    """The filters of one language, which keep what they have found out.

    >>> filters = Language("ru").filters()
    >>> filters["plural"](22, "товар", "товара", "товаров")
    'товара'
    >>> filters["money"]("1290.5", "RUB")
    '1\\xa0290,50\\xa0₽'
    """

    def __init__(self, tag: str) -> None:
        self.tag = tag
        # One small memory for the ways and one for the results: prices and dates come again and again.
        self._way = lru_cache(maxsize=256)(self._find_way)
        self._written = lru_cache(maxsize=4096)(lambda write, value: write(value))

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filters, by the names that letters call them."""
        return {name: self._filter(name) for name in _WAYS}

    def check(self, name: str, args: Iterable[Any], kwargs: dict[str, Any]) -> None:
        """Refuse arguments of a filter that no value could be written by.

        Raises:
            Unfit: A form is missing, a currency, a zone or a pattern is not known.
        """
        self._way(name, tuple(args), tuple(kwargs.items()))

    def _filter(self, name: str) -> Callable[..., Any]:
        def written(value: Any, *args: Any, **kwargs: Any) -> str:
            spend(_STEPS)
            read, write = self._way(name, args, tuple(kwargs.items()))
            text: str = self._written(write, read(value))
            return text

        return written

    def _find_way(self, name: str, args: tuple[Any, ...], kwargs: tuple[tuple[str, Any], ...]) -> tuple[_Read, _Write]:
        way = _WAYS[name].__get__(self)
        try:
            signature(way).bind(*args, **dict(kwargs))
        except TypeError as error:
            raise Unfit(f"the filter {name}: {error}") from error
        found: tuple[_Read, _Write] = way(*args, **dict(kwargs))
        return found

    @cached_property
    def locale(self) -> Locale:
        """What Babel knows of the language, or of the widest part of its tag: of `de-CH-1996`, of `de-CH`."""
        from babel import Locale, UnknownLocaleError

        parts = self.tag.split("-")
        for count in range(len(parts), 0, -1):
            try:
                return Locale.parse("_".join(parts[:count]))
            except (UnknownLocaleError, ValueError):
                continue
        raise Unfit(
            f"Unicode's data does not say how the language {self.tag!r} writes this; print it as text of your own"
        )

    # -- amounts ------------------------------------------------------------------------------

    def _number(self, *, digits: int | None = None) -> tuple[_Read, _Write]:
        return number, self._decimal(self.locale.decimal_formats[None], _digits("number", digits))

    def _percent(self, *, digits: int = 0) -> tuple[_Read, _Write]:
        return number, self._decimal(self.locale.percent_formats[None], _digits("percent", digits), shift=2)

    def _money(self, currency: str, *, digits: int | None = None, trim: bool = False) -> tuple[_Read, _Write]:
        from babel.numbers import get_currency_precision, list_currencies

        known = list_currencies()
        if currency not in known:
            mend = did_you_mean(str(currency).upper(), known) or "; write a code of ISO 4217, such as 'EUR'"
            raise Unfit(f"{shorten(currency)} is not a currency{mend}")
        usual = get_currency_precision(currency)
        places = _digits("money", digits)
        write = self._decimal(
            self.locale.currency_formats["standard"], usual if places is None else places, currency=currency
        )
        whole = self._decimal(self.locale.currency_formats["standard"], 0, currency=currency)
        if not trim:
            return number, write
        return number, lambda value: (whole if value == value.to_integral_value() else write)(value)

    def _decimal(
        self, pattern: NumberPattern, digits: int | None, *, shift: int = 0, currency: str | None = None
    ) -> _Write:
        most = digits if digits is not None else pattern.frac_prec[1]
        own = copy(pattern)  # Babel keeps one for all
        own.frac_prec = (digits, digits) if digits is not None else pattern.frac_prec

        def write(value: Decimal) -> str:
            with exact():
                shown = rounded(value, most + shift)
                text = own.apply(shown, self.locale, currency=currency, currency_digits=False)
            # CLDR parts a sign made of letters from the digits ("RUB 12"); Babel does not.
            return _LETTER_MEETS_DIGIT.sub("\N{NO-BREAK SPACE}", text) if currency else text

        return write

    def _plural(self, *forms: str, **named: str) -> tuple[_Read, _Write]:
        needed = self._categories[0]
        given = dict(zip(needed, forms, strict=False)) | named
        fault = self._fault(forms, named, given)
        if fault:
            raise Unfit(f"the filter plural: {fault}")
        rule, tag = self.locale.plural_form, self.tag

        def write(value: Decimal) -> str:
            category = rule(value)
            is_whole = value == value.to_integral_value()
            form = given.get(category, given.get("other") if is_whole else None)
            if form is None:
                raise Unfit(f"{{}} is {value}, a fraction, and the forms say nothing of it; add {category}='…' ({tag})")
            return form

        return _plain, write

    @cached_property
    def _categories(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The categories that whole numbers need, and all that the language has, in CLDR's order."""
        rule = self.locale.plural_form
        found = {rule(count) for count in range(1_000)}
        return (
            tuple(name for name in _CATEGORIES if name in found),
            tuple(name for name in _CATEGORIES if name in found | rule.tags | {"other"}),
        )

    def _fault(self, forms: tuple[str, ...], named: dict[str, str], given: dict[str, str]) -> str:
        needed, possible = self._categories
        if not all(isinstance(form, str) for form in given.values()) or not all(isinstance(f, str) for f in forms):
            return "the forms are texts"
        unknown = next((name for name in named if name not in possible), None)
        if unknown:
            return f"the language {self.tag!r} has no form {unknown!r}; it has {', '.join(possible)}"
        if forms and len(forms) != len(needed):
            noun = "form" if len(needed) == 1 else "forms"
            return f"the language {self.tag!r} needs {len(needed)} {noun} ({', '.join(needed)}), here are {len(forms)}"
        missing = [name for name in needed if name not in given]
        return f"the language {self.tag!r} also needs {', '.join(missing)}" if missing else ""

    # -- times --------------------------------------------------------------------------------

    def _date(self, format: str = "long", *, zone: Any = None) -> tuple[_Read, _Write]:  # noqa: A002 - as CLDR says
        return _reader("date", zone), clock(pattern(format, self.locale, self.locale.date_formats), self.locale)

    def _time(self, format: str = "short", *, zone: Any = None) -> tuple[_Read, _Write]:  # noqa: A002
        return _reader("time", zone), clock(pattern(format, self.locale, self.locale.time_formats), self.locale)

    def _datetime(self, format: str = "long", *, zone: Any = None) -> tuple[_Read, _Write]:  # noqa: A002
        day = pattern(format, self.locale, self.locale.date_formats)
        if format in NAMED:
            hour = str(self.locale.time_formats["short"])
            glue = str(self.locale.datetime_formats[format])
            day = glue.replace("{1}", day).replace("{0}", hour)
        return _reader("datetime", zone), clock(day, self.locale)

    # -- lists --------------------------------------------------------------------------------

    def _list_and(self) -> tuple[_Read, _Write]:
        return _items, self._joined("standard")

    def _list_or(self) -> tuple[_Read, _Write]:
        return _items, self._joined("or")

    def _joined(self, style: Literal["standard", "or"]) -> _Write:
        from babel.lists import format_list

        return lambda items: format_list(list(items), style=style, locale=self.locale)


def _reader(kind: str, zone: Any) -> _Read:
    where = zone_of(zone)

    def read(value: Any) -> tuple[Any, int, tzinfo | None]:
        """The moment as a key: datetimes of several zones are equal, though clocks show them unlike."""
        moment = local(value, where)
        if isinstance(moment, datetime):
            return moment.replace(tzinfo=None, fold=0), moment.fold, moment.tzinfo
        if kind != "datetime" and isinstance(moment, date if kind == "date" else time):
            return moment, 0, None
        what, lacks = ("date", "time of day") if isinstance(moment, date) else ("time of day", "date")
        raise Unfit(f"{{}} is a {what} and has no {lacks}")

    return read


def _plain(value: Any) -> Decimal:
    """The number as it is printed: 5.00 is 5."""
    found = number(value)
    with exact():
        return found.to_integral_value() if found == found.to_integral_value() else found.normalize()


def _items(value: Any) -> tuple[str, ...]:
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise Unfit("{} is " + f"{shorten(value, longest=40)}, where a list was meant")
    weigh(value)
    items = []
    for item in counted(value):
        refuse_container(item)
        if item is None:
            raise Unfit("{} holds a None")
        items.append(str(item))
    return tuple(items)


def _digits(name: str, digits: Any) -> int | None:
    if digits is None:
        return None
    if not isinstance(digits, int) or not 0 <= digits <= _MOST_DIGITS:
        raise Unfit(f"the filter {name}: digits={shorten(digits)} is not a whole number from 0 to {_MOST_DIGITS}")
    return digits


def check_forms(tree: nodes.Template, lang: str) -> None:
    """Refuse what the filters of languages could never write, where it is written out in the letter.

    Raises:
        TemplateSyntaxError: With the line and the reason.
    """
    for node in tree.find_all(nodes.Filter):
        if node.name not in _WAYS or node.dyn_args or node.dyn_kwargs:
            continue
        try:
            args = [one.as_const() for one in node.args]
            kwargs = {str(one.key): one.value.as_const() for one in node.kwargs}
        except Impossible:
            continue
        try:
            Language(lang).check(node.name, args, kwargs)
        except Unfit as error:
            raise TemplateSyntaxError(str(error).replace("{}", "it"), node.lineno) from error


_WAYS: Final[dict[str, Any]] = {
    "date": Language._date,
    "datetime": Language._datetime,
    "list_and": Language._list_and,
    "list_or": Language._list_or,
    "money": Language._money,
    "number": Language._number,
    "percent": Language._percent,
    "plural": Language._plural,
    "time": Language._time,
}
