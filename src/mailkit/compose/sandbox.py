"""Jinja as letters use it: closed in, exact about what is missing, and with budgets.

Only this module and `programs` import Jinja; they are loaded when the first letter is compiled.

How far the budgets reach: turns of loops and calls, finished bytes, `*`, `**`, `+` and `%`, and the
filters and methods that make wide text from a number or from another text. Text that a template
doubles by `~` again and again is stopped only when it is printed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sized
from functools import cache, wraps
from types import FunctionType, ModuleType
from typing import Any, Final, cast

from jinja2 import Environment, StrictUndefined, UndefinedError, nodes
from jinja2.filters import FILTERS
from jinja2.nodes import EvalContext
from jinja2.runtime import Context, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import missing, pass_context, pass_eval_context
from markupsafe import Markup

from mailkit.compose.addresses import refuse_unsafe
from mailkit.compose.plaintext import plain_text

__all__ = ["BUDGET", "MOST_TURNS", "TURNS", "MissingField", "Turns", "Unfit", "environment", "other_file", "trusted"]

MOST_TURNS: Final = 100_000
"""How many turns all loops of one part may make together."""
_LONGEST_OPERAND: Final = 1_000_000
_WIDEST_NUMBER: Final = 4_096  # in bits, of a product's factors together
_BREAKS_OUT_OF_CSS: Final = re.compile(r"[{}<\\()]|/\*|\*/")
TURNS: Final = "mailkit turns"
"""The filter that counts turns, by a name that no template can write."""
BUDGET: Final = "_mailkit_turns"
"""The name by which that filter finds what is left."""

# Wide text from a number, chance, or the memory of a whole list: what no letter needs.
_NO_FILTERS: Final = ("batch", "center", "format", "indent", "pprint", "random", "slice", "xmlattr")
_NO_GLOBALS: Final = ("dict", "lipsum")
_NO_METHODS: Final = frozenset(
    {"center", "encode", "expandtabs", "format", "format_map", "ljust", "rjust", "to_bytes", "translate", "zfill"}
)
_CALLABLE_FROM: Final = frozenset({"builtins", "datetime", "decimal", "jinja2.runtime", "jinja2.utils", "markupsafe"})


class MissingField(Exception):
    """A field that is not there: its owner, jinja2's `missing` for the record itself, and its name."""

    owner: object
    name: str

    def __init__(self, owner: object, name: str) -> None:
        super().__init__(name)
        self.owner, self.name = owner, name


class Unfit(Exception):
    """A value that is there and yet cannot be printed; says why, of the field in `{}`."""


class _Absent(StrictUndefined):
    """A field that the record does not have: prints, compares and loops as an error."""

    __slots__ = ()

    def __init__(
        self,
        hint: str | None = None,
        obj: Any = missing,
        name: str | None = None,
        exc: type[Exception] = UndefinedError,
    ) -> None:
        super().__init__(hint, obj, name, cast("Any", exc))
        if exc is UndefinedError and name is not None:
            # Jinja calls this with its message and raises what it gets.
            self._undefined_exception = cast("Any", lambda _message: MissingField(obj, str(name)))


class _Sandbox(ImmutableSandboxedEnvironment):
    intercepted_binops = frozenset({"*", "**", "%", "+"})

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        if operator == "%" and isinstance(left, str | bytes):
            raise Unfit("% formats text; write {{ a ~ b }} to join texts")
        if operator == "**" and (_size(right) > 64 or _size(left) > 10**9):
            raise Unfit("a power beyond reason")
        if operator == "*" and _bits(left) + _bits(right) > _WIDEST_NUMBER:
            raise Unfit("a number beyond reason")
        if operator in "*+":
            _check_length(_length(left, right, operator))
        return super().call_binop(context, operator, left, right)

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:
        cast("Turns", __context.resolve(BUDGET)).take(1)
        text, name = getattr(__obj, "__self__", None), getattr(__obj, "__name__", "")
        if isinstance(text, str) and name == "replace":
            _check_replaced(text, *args, **kwargs)
        if isinstance(text, str) and name == "join" and args:
            args = (_check_joined(args[0], text), *args[1:])
        return super().call(__context, __obj, *args, **kwargs)

    def wrap_str_format(self, value: Any) -> None:
        """None: `format` is no method of letters, and so needs no safe stand-in."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        # `order.items` is a field of the record, and not the method of the dict that holds it.
        if isinstance(obj, Mapping) and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        if isinstance(obj, str | bytes | int) and attr in _NO_METHODS:
            return False
        return super().is_safe_attribute(obj, attr, value)

    def is_safe_callable(self, obj: Any) -> bool:
        """Plain values' methods and Jinja's own; an application's method could do anything at all."""
        if isinstance(obj, Undefined):
            return True  # calling it raises what is wrong with it
        if isinstance(obj, FunctionType | type):
            return any(obj is one for one in self.globals.values())
        owner = getattr(obj, "__self__", obj)
        known = type(owner).__module__ in _CALLABLE_FROM and not isinstance(owner, type | ModuleType)
        return known and super().is_safe_callable(obj)


def _size(number: Any) -> float:
    return abs(number) if isinstance(number, int | float) else 0


def _bits(number: Any) -> int:
    return number.bit_length() if isinstance(number, int) else 0


def _check_length(length: int) -> None:
    if length > _LONGEST_OPERAND:
        raise Unfit(f"a text or list of more than {_LONGEST_OPERAND:,} elements")


def _check_replaced(text: Any, old: Any, new: Any, count: Any = -1) -> None:
    text, old, new = str(text), str(old), str(new)
    times = text.count(old)
    _check_length(len(text) + (times if count is None or count < 0 else min(count, times)) * len(new))


def _check_joined(items: Any, glue: str) -> list[Any]:
    listed, length = [], 0
    for item in items:
        listed.append(item)
        length += len(glue) + (len(item) if isinstance(item, str) else 0)
        _check_length(length)
    return listed


def _length(left: Any, right: Any, operator: str) -> int:
    if operator == "+":
        return sum(len(side) for side in (left, right) if isinstance(side, str | bytes | list | tuple))
    for one, other in ((left, right), (right, left)):
        if isinstance(one, str | bytes | list | tuple) and isinstance(other, int):
            return len(one) * other
    return 0


class Turns:
    """What is left of the loops' budget, over one part for one reader."""

    def __init__(self) -> None:
        self.left: int = MOST_TURNS

    def take(self, count: int) -> None:
        """Use up some turns."""
        self.left -= count
        if self.left < 0:
            raise Unfit(f"the loops and calls take more than {MOST_TURNS:,} turns")

    def each(self, items: Iterable[Any]) -> Iterator[Any]:
        """The items, each of which is a turn."""
        for item in items:
            self.take(1)
            yield item


@pass_context
def _counted(context: Context, items: Any) -> Any:
    if items is None:
        raise Unfit("{} is None where a list was meant; give it one, or write {{% for … in {} or [] %}}")
    turns = cast("Turns", context.resolve(BUDGET))
    if isinstance(items, Sized) and not isinstance(items, Undefined):
        turns.take(len(items))
        return items
    return turns.each(items)


@pass_eval_context
def _replace(eval_ctx: EvalContext, s: Any, old: Any, new: Any, count: int | None = None) -> Any:
    _check_replaced(s, old, new, count)
    return cast("Callable[..., Any]", FILTERS["replace"])(eval_ctx, s, old, new, count)


@pass_eval_context
def _join(eval_ctx: EvalContext, value: Any, d: Any = "", attribute: str | int | None = None) -> Any:
    listed = _check_joined(value, str(d))
    return cast("Callable[..., Any]", FILTERS["join"])(eval_ctx, listed, d, attribute)


@pass_eval_context
def _tojson(eval_ctx: EvalContext, value: Any) -> Any:
    return cast("Callable[..., Any]", FILTERS["tojson"])(eval_ctx, value)


def _with_short_arguments(name: str) -> Callable[..., Any]:
    """A filter of Jinja's that puts its arguments in as often as the text asks for it."""
    original = cast("Callable[..., Any]", FILTERS[name])

    @wraps(original)
    def checked(context: object, value: Any, *args: Any, **kwargs: Any) -> Any:
        if any(len(one) > 100 for one in (*args, *kwargs.values()) if isinstance(one, str)):
            raise Unfit(f"an argument of more than 100 characters for the filter {name}")
        return original(context, value, *args, **kwargs)

    return checked


def _round(value: Any, precision: int = 0, method: Any = "common") -> Any:
    if _size(precision) > 64:
        raise Unfit("more places than any number has")
    return cast("Callable[..., Any]", FILTERS["round"])(value, precision, method)


def _css(value: Any, is_declaration: bool) -> Any:
    """Let through what stays one value in CSS, or at a declaration's place one or several declarations."""
    if value is None or isinstance(value, Undefined) or hasattr(value, "__html__"):
        return value
    text = str(value)
    if _BREAKS_OUT_OF_CSS.search(text) or (";" in text and not is_declaration):
        what = "declarations" if is_declaration else "a value"
        raise Unfit("{} " + f"is {text[:40]!r}, which is more than {what} of CSS; write |safe if it is CSS of your own")
    return value


def _shown(value: Any) -> Any:
    """Let through what can be printed (Jinja calls it for every `{{ … }}`), with plain line breaks."""
    if type(value) is str:
        return _lines(value) if "\r" in value else value
    if value is None:
        raise Unfit("{} is None; give it a value, or write |default('…', true)")
    if isinstance(value, Undefined | int | float):
        return value
    if hasattr(value, "__html__"):
        return Markup(_lines(value.__html__()))  # noqa: S704 - says itself that it is HTML
    if isinstance(value, bytes | list | tuple | set | frozenset | Mapping):
        raise Unfit("{} is " + f"a {type(value).__name__} where text was meant")
    if callable(value):
        raise Unfit("{} is a method and not a field")
    return _lines(str(value))


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _shown_as_text(value: Any) -> Any:
    value = _shown(value)
    return plain_text(value).rstrip("\n") if isinstance(value, Markup) else value


@cache
def environment(*, html: bool) -> Environment:
    """Jinja for HTML, which escapes what it prints, or for text, which does not."""
    jinja = _Sandbox(
        autoescape=html,
        undefined=_Absent,
        finalize=_shown if html else _shown_as_text,
        keep_trailing_newline=True,
    )
    for name in _NO_FILTERS:
        del jinja.filters[name]
    for name in _NO_GLOBALS:
        del jinja.globals[name]
    jinja.filters.update({name: _with_short_arguments(name) for name in ("urlize", "wordwrap")})
    jinja.filters.update(replace=_replace, join=_join, tojson=_tojson, round=_round)
    jinja.filters[TURNS] = _counted
    jinja.filters["_mailkit_css"] = _css
    jinja.filters["_mailkit_url"] = refuse_unsafe
    return jinja


def other_file(tree: nodes.Template) -> int | None:
    """The line on which a template asks for another file; None if it asks for none."""
    kinds = (nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)
    found = next(iter(tree.find_all(kinds)), None)
    return found.lineno if found else None


def trusted(html: str) -> str:
    """HTML of our own that is not to be escaped."""
    return Markup(html)  # noqa: S704 - made by us from escaped parts
