"""What of a record can be printed: what has words of its own, and says something."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from enum import Enum
from math import isfinite
from typing import Any, Final

from jinja2.filters import do_default
from jinja2.runtime import Undefined
from jinja2.utils import Namespace

from mailkit.compose import records
from mailkit.compose.budgets import Unfit, check_number, refuse_container

__all__ = ["default", "is_nothing", "refuse_unprintable", "worded"]

_PLAIN: Final = frozenset({str, int, bool})
_NUMBERS: Final = (int, float)
_MOST_DIGITS: Final = 18  # before or after the point, as `amounts` has it; beyond, an exponent says more
_NOTHINGS: Final = frozenset({"NAType", "NaTType"})
"""Types by which pandas says that nothing is there."""
_NOT_FINITE: Final = frozenset({"nat", "nan", "inf", "-inf"})
_LIKELY: Final = ("name", "title", "label", "text", "value")


def is_nothing(value: Any) -> bool:
    """Whether a value stands for an empty cell of a table (NaN, NaT, NA), or is no finite number.

    None is not meant, nor a text such as "nan", which may be someone's name.

    >>> is_nothing(float("nan")), is_nothing("Nan"), is_nothing(0.0)
    (True, False, False)
    """
    if isinstance(value, float):
        return not isfinite(value)
    if isinstance(value, Decimal):
        return not value.is_finite()
    kind = type(value)
    if kind.__module__ == "numpy" and not hasattr(value, "__len__"):
        return str(value).lower() in _NOT_FINITE
    return kind.__name__ in _NOTHINGS


def refuse_unprintable(value: Any) -> None:
    """Refuse lists, numbers that are none, and objects that only Python could put into words.

    Raises:
        Unfit: With what to write instead.
    """
    kind: Any = type(value)
    if kind in _PLAIN:
        check_number(value)
        return
    refuse_container(value)
    if isinstance(value, Namespace):
        raise Unfit("{} is a namespace and not a field")
    if is_nothing(value):
        mend = "make it None on import, or write |default('…', true)"
        raise Unfit("{} is " + f"{value}, which tells a reader nothing (an empty cell?); {mend}")
    if isinstance(value, complex):
        raise Unfit("{} is a complex number, which no reader expects; write {name}.real")
    if kind.__str__ is Enum.__str__:
        raise Unfit("{} is " + f"one of {kind.__name__}; write {{name}}.value")
    if kind.__str__ is object.__str__ and not (isinstance(value, _NUMBERS) or hasattr(kind, "__html__")):
        if callable(value):
            raise Unfit("{} is a method and not a field")
        raise Unfit("{} is " + f"an object of the class {kind.__name__}, which has no text of its own{_mend(value)}")


def worded(value: Any) -> Any:
    """The value, or of a number that Python writes with an exponent the digits that it stands for, unless too many.

    >>> worded(Decimal("1E+2")), worded(1e-05), worded(Decimal("1E+5000000"))
    ('100', '0.00001', Decimal('1E+5000000'))
    """
    if not isinstance(value, float | Decimal):
        return value
    text = str(value)
    if "e" not in text.lower():
        return value
    exact = Decimal(text)
    if abs(exact.adjusted()) >= _MOST_DIGITS or abs(int(exact.as_tuple().exponent)) > _MOST_DIGITS:
        return value
    return format(exact, "f")


def _mend(value: Any) -> str:
    names = records.names(value)
    best = next((name for name in _LIKELY if name in names), next(iter(names), ""))
    return f"; write e.g. {{name}}.{best}" if best else ""


def default(value: Any, default_value: Any = "", boolean: bool = False) -> Any:
    """Jinja's filter, which with `true` also stands in for what an empty cell was read as."""
    if boolean and not isinstance(value, Undefined) and is_nothing(value):
        return default_value
    return _DEFAULT(value, default_value, boolean)


_DEFAULT: Final[Callable[..., Any]] = do_default
