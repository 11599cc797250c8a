"""Jinja as letters use it: closed in, exact about what is missing, and with budgets.

Only this module and `programs` import Jinja; they are loaded when the first letter is compiled.

What may be reached is said here: names, filters, methods, operators. What it may cost is told in
`budgets`, and `charging` makes loops, calls and filters pay.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import FunctionType, ModuleType
from typing import Any, Final, cast

from jinja2 import Environment, StrictUndefined, UndefinedError, nodes
from jinja2.runtime import Context, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import missing
from markupsafe import Markup

from mailkit.compose.addresses import refuse_unsafe
from mailkit.compose.budgets import (
    SHORT,
    Unfit,
    check_length,
    check_number,
    made,
    refuse_container,
    spend,
    spend_length,
    weigh,
)
from mailkit.compose.charging import charged_filters, charged_tests, check_joined, check_replaced, dump_json
from mailkit.compose.invitations import calendar_value
from mailkit.compose.languages import Language
from mailkit.compose.plaintext import plain_text
from mailkit.compose.printable import default, is_nothing, refuse_unprintable, worded

__all__ = ["MissingField", "environment", "other_file", "refused", "trusted"]

_BREAKS_OUT_OF_CSS: Final = re.compile(r"[{}<\\()]|/\*|\*/|(?i:java|vb)script:|\b(?i:file|about):")
# The brackets of a colour hold numbers and words, and end.
_COLOUR: Final = re.compile(r"\b(?:rgb|rgba|hsl|hsla|hwb|lab|lch|oklab|oklch)\([\w\s.,%/+-]*\)", re.IGNORECASE)

# Wide text from a number, chance, or the memory of a whole list: what no letter needs.
_NO_FILTERS: Final = ("batch", "center", "format", "indent", "pprint", "random", "slice", "xmlattr")
_OWN_FILTER: Final = re.compile("_?mailkit")
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
    intercepted_binops = frozenset({"*", "**", "%", "+", "//"})

    @staticmethod
    def concat(parts: Any) -> str:
        """The text of a macro or of a `{% set %}` block, which Jinja has in pieces."""
        listed = list(parts)
        length = sum(map(len, listed))
        check_length(length)
        spend_length(length)
        return "".join(listed)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        if operator == "%" and isinstance(left, str | bytes):
            raise Unfit("% formats text; write {{ a ~ b }} to join texts")
        if operator == "**" and (_size(right) > 64 or _size(left) > 10**9):
            raise Unfit("a power beyond reason")
        if operator != "+":
            check_number(left, right)
        if operator in "*+":
            check_length(_length(left, right, operator))
        return made(super().call_binop(context, operator, left, right))

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:
        owner, name = getattr(__obj, "__self__", None), getattr(__obj, "__name__", "")
        spend(1)
        for one in (owner, *args, *kwargs.values()):
            weigh(one, with_texts=bool(args) and owner is not None)  # `index` and `count` compare
        if isinstance(owner, str):
            args = _check_method(owner, name, args, kwargs)
        elif name == "strftime":
            _check_arguments_of(name, (*args, *kwargs.values()))
        return made(super().call(__context, __obj, *args, **kwargs))

    def wrap_str_format(self, value: Any) -> None:
        """None: `format` is no method of letters, and so needs no safe stand-in."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        # `order.items` is a field of the record, and not the method of the dict that holds it.
        if (type(obj) is dict or isinstance(obj, Mapping)) and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)

    def call_filter(self, name: str, *args: Any, **kwargs: Any) -> Any:
        """A filter by a name that another one, such as `map`, is given."""
        if _OWN_FILTER.match(name):
            raise Unfit(f"there is no filter {name!r}")
        return super().call_filter(name, *args, **kwargs)

    def getitem(self, obj: Any, argument: Any) -> Any:
        refuse_container(argument)
        if isinstance(argument, str):
            spend_length(len(argument))
        return super().getitem(obj, argument)

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


def _check_method(text: str, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
    """The arguments of a text's method, once it is clear that it will not take long or make much."""
    if name == "replace":
        # inside of a loop Jinja adds what it knows of the template's variables
        check_replaced(text, *args, **{key: one for key, one in kwargs.items() if not key.startswith("_")})
        return args
    for one in args:
        spend(len(text) * len(one) // 1_000 if isinstance(one, str) else 0)  # `strip` tries sign by sign
    if name == "join" and args:
        return (check_joined(args[0], text), *args[1:])
    return args


def _check_arguments_of(name: str, given: Sequence[Any]) -> None:
    """`strftime` sets aside 256 characters for each that it is given."""
    if any(isinstance(one, str) and len(one) > 100 for one in given):
        raise Unfit(f"a pattern of more than 100 characters for {name}")


def _length(left: Any, right: Any, operator: str) -> int:
    if operator == "+":
        return sum(len(side) for side in (left, right) if isinstance(side, str | bytes | list | tuple))
    for one, other in ((left, right), (right, left)):
        if isinstance(one, str | bytes | list | tuple) and isinstance(other, int):
            return len(one) * other
    return 0


def _css(value: Any, is_declaration: bool) -> Any:
    """Let through what stays one value in CSS, or at a declaration's place one or several declarations."""
    if value is None or isinstance(value, Undefined) or hasattr(value, "__html__"):
        return value
    text = str(value)
    if _BREAKS_OUT_OF_CSS.search(_COLOUR.sub("", text) if "(" in text else text) or (
        ";" in text and not is_declaration
    ):
        what = "declarations" if is_declaration else "a value"
        raise Unfit("{} " + f"is {text[:40]!r}, which is more than {what} of CSS; write |safe if it is CSS of your own")
    return value


def _required(value: Any) -> Any:
    """Let through what says something: a letter about an empty cart is not to be sent."""
    is_empty = (
        not value.strip()
        if isinstance(value, str)
        else value is None or is_nothing(value) or (hasattr(value, "__len__") and not value)
    )
    if is_empty:
        raise Unfit("it is empty, and the letter is not to be sent without it; choose its readers by this field")
    return value


def _shown(value: Any) -> Any:
    """Let through what can be printed (Jinja calls it for every `{{ … }}`), with plain line breaks."""
    if type(value) is str:
        if len(value) > SHORT:
            spend_length(len(value))
        return _lines(value) if "\r" in value else value
    if value is None:
        raise Unfit("{} is None; give it a value, or write |default('…', true)")
    kind = type(value)
    if kind is int:
        check_number(value)
        return value
    if isinstance(value, Undefined):
        return value
    if hasattr(value, "__html__"):
        html = value.__html__()
        spend_length(len(html))
        return Markup(_lines(html))  # noqa: S704 - says itself that it is HTML
    refuse_unprintable(value)
    if callable(value):
        raise Unfit("{} is a method and not a field")
    return _lines(str(worded(value)))


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _shown_as_text(value: Any) -> Any:
    value = _shown(value)
    if not isinstance(value, Markup):
        return value
    spend(len(value))  # reading HTML costs ten times as much as printing it
    return plain_text(value).rstrip("\n")


@lru_cache(maxsize=64)
def environment(*, html: bool, lang: str = "en") -> Environment:
    """Jinja for HTML, which escapes what it prints, or for text, which does not.

    Args:
        html: Which of them.
        lang: The letter's language (RFC 5646), for dates, amounts and plurals.
    """
    jinja = _Sandbox(
        autoescape=html,
        undefined=_Absent,
        finalize=_shown if html else _shown_as_text,
        keep_trailing_newline=True,
    )
    for name in _NO_GLOBALS:
        del jinja.globals[name]
    jinja.policies["json.dumps_function"] = dump_json
    for name in _NO_FILTERS:
        del jinja.filters[name]
    jinja.filters.update(charged_filters(jinja.filters))
    jinja.tests.update(charged_tests(jinja.tests))
    jinja.filters.update(Language(lang).filters())
    jinja.filters["required"] = _required
    jinja.filters["default"] = jinja.filters["d"] = default
    jinja.filters["_mailkit_calendar"] = calendar_value
    jinja.filters["_mailkit_css"] = _css
    jinja.filters["_mailkit_url"] = refuse_unsafe
    return jinja


def other_file(tree: nodes.Template) -> int | None:
    """The line on which a template asks for another file; None if it asks for none."""
    kinds = (nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)
    found = next(iter(tree.find_all(kinds)), None)
    return found.lineno if found else None


def refused(tree: nodes.Template) -> tuple[int, str] | None:
    """What an author may not write, though Jinja or we could: the line, and why; None if there is none."""
    for node in tree.find_all((nodes.ScopedEvalContextModifier, nodes.Filter)):
        if isinstance(node, nodes.Filter) and _OWN_FILTER.match(node.name):
            return node.lineno, f"there is no filter {node.name!r}"
        if isinstance(node, nodes.ScopedEvalContextModifier):
            return (
                node.lineno,
                "values are escaped in HTML and only there; leave {% autoescape … %} out, and write "
                + ("|safe on HTML that you made yourself"),
            )
    return None


def trusted(html: str) -> str:
    """HTML of our own that is not to be escaped."""
    return Markup(html)  # noqa: S704 - made by us from escaped parts
