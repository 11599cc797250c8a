"""A segment as a sentence: `city = "Kazan" and no purchase within last 90 days`."""

from __future__ import annotations

import json
import re
from datetime import date, datetime
from typing import Any, Final, assert_never

from mailkit.segment import nodes

__all__ = ["sentence"]

_NAME: Final = re.compile(r"[^\W\d]\w*\Z")
_RESERVED: Final = frozenset(
    {"after", "ago", "and", "any", "avg", "before", "between", "contains", "ends", "exactly", "false", "first", "from"}
    | {"in", "is", "last", "least", "max", "min", "most", "no", "not", "now", "null", "of", "or", "since", "starts"}
    | {"sum", "true", "where", "with", "within"}
)
"""Words that are not the name of a field or event unless they stand in backticks."""


def sentence(node: nodes.Node) -> str:
    """The node in words; equal trees give equal text, and names that could be misread stand in backticks.

    >>> sentence(nodes.IsNull(value=nodes.Field(path=("address", "home town"))))
    'address.`home town` is null'
    """
    match node:
        case nodes.Comparison():
            return f"{sentence(node.left)} {node.operator} {sentence(node.right)}"
        case nodes.OneOf():
            return f"{sentence(node.value)} in ({', '.join(sentence(option) for option in node.options)})"
        case nodes.TextTest():
            return f"{sentence(node.value)} {node.match} {sentence(node.what)}"
        case nodes.IsNull():
            return f"{sentence(node.value)} is null"
        case nodes.Count():
            return f"{_amount(node)} {_events(node.events)}"
        case nodes.And() | nodes.Or() | nodes.Not():
            return _joined(node)
        case nodes.Events():
            return _events(node)
        case nodes.Ever() | nodes.Last() | nodes.Between() | nodes.After():
            return _window(node)
        case _:
            return _value(node)


def _joined(node: nodes.And | nodes.Or | nodes.Not) -> str:
    match node:
        case nodes.And():
            return " and ".join(_bracketed(part, nodes.Or) for part in node.parts)
        case nodes.Or():
            return " or ".join(sentence(part) for part in node.parts)
        case nodes.Not(part=nodes.IsNull() as part):
            return f"{sentence(part.value)} is not null"
        case nodes.Not():
            return f"not {_bracketed(node.part, nodes.And | nodes.Or)}"
        case _ as never:
            assert_never(never)


def _bracketed(part: nodes.Condition, loose: Any) -> str:
    return f"({sentence(part)})" if isinstance(part, loose) else sentence(part)


def _amount(node: nodes.Count) -> str:
    match node.least, node.most:
        case 1, None:
            return "any"
        case least, None:
            return f"at least {least}"
        case 0, 0:
            return "no"
        case 0, most:
            return f"at most {most}"
        case least, most if least == most:
            return f"exactly {least}"
        case _:
            return f"from {node.least} to {node.most}"


def _events(events: nodes.Events) -> str:
    where = f" where ({sentence(events.where)})" if events.where is not None else ""
    window = _window(events.window)
    return f"{_name(events.kind)}{where}" + (f" {window}" if window else "")


def _window(window: nodes.Window) -> str:
    match window:
        case nodes.Ever():
            return ""
        case nodes.Last():
            return f"within last {window.span}"
        case nodes.After():
            return f"within {window.span} after {sentence(window.anchor)}"
        case nodes.Between():
            start = sentence(window.start) if window.start is not None else ""
            if window.end is None:
                return f"since {start}"
            end = sentence(window.end)
            return f"between {start} and {end}" if start else f"before {end}"
        case _ as never:
            assert_never(never)


def _value(value: nodes.Value) -> str:
    match value:
        case nodes.Constant():
            return _constant(value.value)
        case nodes.Field():
            return ".".join(map(_name, value.path)) + ("?" if value.is_optional else "")
        case nodes.Now():
            return "now"
        case nodes.Shift(base=nodes.Now(), is_forward=False):
            return f"{value.span} ago"
        case nodes.Shift():
            return f"{sentence(value.base)} {'+' if value.is_forward else '-'} {value.span}"
        case nodes.Aggregate():
            return f"{value.function}({_value(value.of)} of {_events(value.events)})"
        case _ as never:
            assert_never(never)


def _constant(value: Any) -> str:
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return value.isoformat() if isinstance(value, date) else str(value)


def _name(name: str) -> str:
    if _NAME.match(name) and name.lower() not in _RESERVED:
        return name
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"
