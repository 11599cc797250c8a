"""Jinja's loops, calls, comparisons and filters, each made to pay out of the part's budget."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sized
from functools import wraps
from itertools import chain
from typing import Any, Final, cast

from jinja2 import Environment, nodes
from jinja2.filters import FILTERS, make_attrgetter, make_multi_attrgetter
from jinja2.nodes import EvalContext
from jinja2.runtime import Context, Undefined, markup_join, str_join
from jinja2.utils import pass_context, pass_environment, pass_eval_context
from jinja2.visitor import NodeTransformer

from mailkit.compose.budgets import (
    SHORT,
    Unfit,
    check_length,
    counted,
    made,
    refuse_container,
    spend,
    spend_length,
    weigh,
)
from mailkit.compose.printable import refuse_unprintable, worded

__all__ = ["charged_filters", "charged_tests", "check_joined", "check_replaced", "dump_json", "guard"]

# Names that no template can write.
_TURNS: Final = "mailkit turns"
_COST: Final = "mailkit cost"
_WEIGHED: Final = "mailkit weighed"
_COMPARABLE: Final = "mailkit comparable"
_JOINED: Final = "mailkit joined"
_KEY: Final = "mailkit key"

_CALL: Final = 3  # steps of a filter, whatever it is given

_OF_TEXT: Final = frozenset(
    {"capitalize", "e", "escape", "forceescape", "lower", "replace", "safe", "string", "striptags", "title", "trim"}
    | {"truncate", "upper", "urlize", "wordcount", "wordwrap"}
)
"""What takes its input as text, and would write a list as Python does."""
_SLOW_BY_ELEMENT: Final = frozenset(
    {
        "dictsort",
        "groupby",
        "map",
        "max",
        "min",
        "reject",
        "rejectattr",
        "select",
        "selectattr",
        "sort",
        "sum",
        "unique",
    }
)
"""What looks something up, calls or compares for each element: ten steps each."""
_COMPARED: Final = {
    "dictsort": (),
    "groupby": ("attribute", "default"),
    **dict.fromkeys(("max", "min", "unique"), ("case_sensitive", "attribute")),
    "sort": ("reverse", "case_sensitive", "attribute"),
}
"""What compares elements or an attribute of them, with the names of its further arguments."""
_SORTING: Final = frozenset({"dictsort", "groupby", "sort"})
_SLOW_BY_WORD: Final = frozenset({"title", "wordcount"})
_FREE: Final = frozenset({"attr", "count", "d", "default", "length"})
"""What costs the same whatever it is given."""
_LONGEST_INPUT: Final = {"striptags": 20_000, "urlize": 20_000, "wordwrap": 200_000}
"""In characters: filters whose time grows faster than their input."""
_LONGEST_ARGUMENT: Final = {"truncate": 100, "urlize": 100, "wordwrap": 100}
"""In characters: filters that put their arguments in as often as the text asks for it."""


def guard(tree: nodes.Template) -> None:
    """Rewrite a template so that all it does is paid for; the last thing to do before it is compiled."""
    _Guard().visit(tree)


class _Guard(NodeTransformer):
    def visit_For(self, node: nodes.For) -> nodes.For:
        cost = _cost(node)
        self.generic_visit(node)
        node.iter = _filter(cast("nodes.Expr", node.iter), _TURNS, nodes.Const(cost))
        if node.recursive:  # what `loop(…)` is given does not pass the filter
            node.body.insert(0, _payment(cost, node.lineno))
        return node

    def visit_Macro(self, node: nodes.Macro) -> nodes.Macro:
        return cast("nodes.Macro", self._paying(node))

    def visit_CallBlock(self, node: nodes.CallBlock) -> nodes.CallBlock:
        return cast("nodes.CallBlock", self._paying(node))

    def visit_Block(self, node: nodes.Block) -> nodes.Block:
        return cast("nodes.Block", self._paying(node))

    def _paying(self, node: nodes.Macro | nodes.CallBlock | nodes.Block) -> nodes.Node:
        cost = _cost(node)
        self.generic_visit(node)
        node.body.insert(0, _payment(cost, node.lineno))
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Filter:
        self.generic_visit(node)
        return _filter(nodes.List(node.nodes, lineno=node.lineno), _JOINED)

    def visit_Compare(self, node: nodes.Compare) -> nodes.Compare:
        self.generic_visit(node)
        if not _is_cheap(node):
            node.expr = _weighed(node.expr, _COMPARABLE)
            for operand in node.ops:
                operand.expr = _weighed(operand.expr, _COMPARABLE)
        return node

    def visit_Getitem(self, node: nodes.Getitem) -> nodes.Getitem:
        self.generic_visit(node)
        if isinstance(node.arg, nodes.Slice):
            node.node = _weighed(node.node, _WEIGHED)
        return node

    def visit_Pair(self, node: nodes.Pair) -> nodes.Pair:
        self.generic_visit(node)
        node.key = node.key if isinstance(node.key, nodes.Const) else _filter(node.key, _KEY)
        return node


def _cost(node: nodes.Node) -> int:
    return 1 + sum(1 for _ in node.find_all(nodes.Node))


def _filter(node: nodes.Expr, name: str, *args: nodes.Expr) -> nodes.Filter:
    return nodes.Filter(node, name, list(args), [], None, None, lineno=node.lineno)


def _payment(cost: int, line: int) -> nodes.ExprStmt:
    return nodes.ExprStmt(_filter(nodes.Const(cost, lineno=line), _COST), lineno=line)


def _weighed(node: nodes.Expr, name: str) -> nodes.Expr:
    return node if isinstance(node, nodes.Const) else _filter(node, name)


def _is_cheap(node: nodes.Compare) -> bool:
    """Whether one side is written out and short, so that the other is hardly looked at."""
    if len(node.ops) != 1:
        return False
    left, right = node.expr, node.ops[0].expr
    if node.ops[0].op in ("in", "notin"):
        is_row = isinstance(right, nodes.Tuple | nodes.List)
        return is_row and all(_is_short(one) for one in cast("nodes.Tuple | nodes.List", right).items)
    return _is_short(left) or _is_short(right)


def _is_short(node: nodes.Expr) -> bool:
    return isinstance(node, nodes.Const) and not (isinstance(node.value, str) and len(node.value) > 1_000)


def _turns(items: Any, cost: int) -> Any:
    if items is None:
        mend = "put a list into the record, [] for none (in a {{% for %}} of your own, write {name} or [])"
        raise Unfit("{} is None where a list was meant; " + mend)
    if isinstance(items, Undefined):
        return items
    if isinstance(items, str | bytes):
        raise Unfit("{} is text where a list was meant")
    if not isinstance(items, Iterable):
        raise Unfit("{} is of the type " + f"{type(items).__name__} where a list was meant")
    if isinstance(items, Sized):
        spend(len(items) * cost)
        return items
    return counted(items, cost)


@pass_context  # so that it is not worked out once for all when the letter is compiled
def _pay(context: Context, cost: int) -> None:
    spend(cost)


def _weighed_value(value: Any) -> Any:
    weigh(value)
    return value


def _comparable(value: Any) -> Any:
    weigh(value, with_texts=True)
    return value


@pass_eval_context
def _joined(eval_ctx: EvalContext, parts: list[Any]) -> Any:
    length = 0
    parts = list(map(worded, parts))
    for part in parts:
        if part is None:
            raise Unfit("{} is None; give it a value, or write |default('…', true)")
        refuse_unprintable(part)
        length += len(part) if isinstance(part, str) else 0
    check_length(length)
    spend_length(length)
    return (markup_join if eval_ctx.autoescape else str_join)(parts)


def _key(value: Any) -> Any:
    """A key, which is looked at whole; rows within rows would take for ever."""
    refuse_container(value)
    return value


def _original(name: str) -> Callable[..., Any]:
    return cast("Callable[..., Any]", FILTERS[name])


@pass_eval_context
def _replace(eval_ctx: EvalContext, s: Any, old: Any, new: Any, count: int | None = None) -> Any:
    check_replaced(s, old, new, count)
    return _original("replace")(eval_ctx, s, old, new, count)


@pass_eval_context
def _join(eval_ctx: EvalContext, value: Any, d: Any = "", attribute: str | int | None = None) -> Any:
    refuse_container(d)
    return _original("join")(eval_ctx, check_joined(value, str(d)), d, attribute)


@pass_eval_context
def _tojson(eval_ctx: EvalContext, value: Any) -> Any:
    return _original("tojson")(eval_ctx, value)


@pass_environment
def _sum(environment: Environment, iterable: Any, attribute: str | int | None = None, start: Any = 0) -> Any:
    if isinstance(start, list | tuple):
        raise Unfit("lists are no numbers to sum up")
    return _original("sum")(environment, iterable, attribute, start)


def _urlencode(value: Any) -> Any:
    is_pairs = isinstance(value, list | tuple | Mapping)
    for pair in (value.items() if isinstance(value, Mapping) else value) if is_pairs else ():
        for one in pair:
            refuse_container(one)
    return _original("urlencode")(value)


def _round(value: Any, precision: int = 0, method: Any = "common") -> Any:
    if abs(precision) > 64:
        raise Unfit("more places than any number has")
    return _original("round")(value, precision, method)


_OWN: Final = {
    "join": _join,
    "replace": _replace,
    "round": _round,
    "sum": _sum,
    "tojson": _tojson,
    "urlencode": _urlencode,
}


def charged_filters(known: Mapping[str, Any]) -> dict[str, Callable[..., Any]]:
    """Jinja's filters so that each pays for its input and for what it makes of it, and those that `guard` needs."""
    charged = {name: _charged(name, _OWN.get(name, known[name])) for name in known.keys() - _FREE}
    guards: dict[str, Callable[..., Any]] = {
        _TURNS: _turns,
        _COST: _pay,
        _WEIGHED: _weighed_value,
        _COMPARABLE: _comparable,
        _JOINED: _joined,
        _KEY: _key,
    }
    return charged | guards


def charged_tests(known: Mapping[str, Any]) -> dict[str, Callable[..., Any]]:
    """Jinja's tests, such as `is in` or `is upper`, so that each pays for what it looks at."""
    return {name: _charged_test(test) for name, test in known.items()}


def _charged(name: str, original: Callable[..., Any]) -> Callable[..., Any]:
    at = 1 if hasattr(original, "jinja_pass_arg") else 0
    longest, longest_argument = _LONGEST_INPUT.get(name), _LONGEST_ARGUMENT.get(name)

    @wraps(original)
    def charged(*args: Any, **kwargs: Any) -> Any:
        spend(_CALL)
        value, rest = args[at], (*args[at + 1 :], *kwargs.values())
        if name in _OF_TEXT:
            for one in (value, *rest):
                refuse_unprintable(one)
            args = (*args[:at], worded(value), *args[at + 1 :])
        if isinstance(value, str):
            _check_text(name, value, rest, longest)
        if longest_argument:
            _check_arguments(name, rest, longest_argument)
        weigh(value)
        each = 10 if name in _SLOW_BY_ELEMENT else 1
        if isinstance(value, Iterable) and not isinstance(value, Sized | Undefined):
            args = (*args[:at], counted(value, each), *args[at + 1 :])
        elif name in _SLOW_BY_ELEMENT and isinstance(value, Sized) and not isinstance(value, Undefined):
            spend(each * len(value))
        if name in _COMPARED:
            args = (*args[:at], _compared(name, args, kwargs), *args[at + 1 :])
        return made(original(*args, **kwargs))

    return charged


def _compared(name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    """What a filter is to compare, once its comparisons are paid for, which look at whole texts.

    Sorting looks at each element several times, by how many there are.
    """
    if name == "dictsort":
        value: Any = args[0]
        keys: Iterable[Any] = chain.from_iterable(value.items()) if isinstance(value, Mapping) else ()
    else:
        environment, value, *rest = args
        if isinstance(value, Undefined) or not isinstance(value, Iterable):
            return value
        value = value if isinstance(value, Sized) else list(value)
        keys = _keys(name, value, environment, dict(zip(_COMPARED[name], rest, strict=False)) | {**kwargs})
    times = len(value).bit_length() if name in _SORTING else 1
    for one in keys:
        if isinstance(one, str):
            spend_length(len(one) * times if len(one) > SHORT else 0)
        else:
            for _ in range(times):
                weigh(one, with_texts=True)
    return value


def _keys(name: str, value: Iterable[Any], environment: Environment, given: Mapping[str, Any]) -> Iterable[Any]:
    """What of each element a filter compares."""
    attribute = given.get("attribute")
    if attribute is None:
        return value
    if name == "sort":
        return chain.from_iterable(map(make_multi_attrgetter(environment, attribute), value))
    return map(make_attrgetter(environment, attribute, default=given.get("default")), value)


def _check_text(name: str, value: str, rest: tuple[Any, ...], longest: int | None) -> None:
    if longest and len(value) > longest:
        raise Unfit(f"a text of more than {longest:,} characters for the filter {name}")
    if name in _SLOW_BY_WORD:
        spend(len(value) // 4)
    if name != "replace":
        for one in rest:
            spend(len(value) * len(one) // 1_000 if isinstance(one, str) else 0)  # `trim` tries sign by sign


def _check_arguments(name: str, rest: tuple[Any, ...], longest: int) -> None:
    if any(len(one) > longest for one in rest if isinstance(one, str)):
        raise Unfit(f"an argument of more than {longest} characters for the filter {name}")


def _charged_test(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def charged(*args: Any) -> Any:
        for one in args:
            weigh(one, with_texts=True)
        return original(*args)

    return charged


def check_replaced(text: Any, old: Any, new: Any, count: Any = -1) -> None:
    """Refuse a replacement that would make too long a text, before it is made."""
    text, old, new = str(text), str(old), str(new)
    times = text.count(old)
    check_length(len(text) + (times if count is None or count < 0 else min(count, times)) * len(new))


def check_joined(items: Any, glue: str) -> list[Any]:
    """The items to be joined, unless that would make too long a text."""
    listed, length = [], 0
    for item in map(worded, items):
        refuse_unprintable(item)
        listed.append(item)
        length += len(glue) + (len(item) if isinstance(item, str) else 0)
        check_length(length)
        spend(1)
    return listed


def dump_json(value: Any, *, sort_keys: bool = True) -> str:
    """The value as JSON, piece by piece: a few lists within lists can be written out for ever."""
    pieces = []
    for piece in json.JSONEncoder(sort_keys=sort_keys).iterencode(value):
        spend(1)
        spend_length(len(piece))
        pieces.append(piece)
    return "".join(pieces)
