"""A segment as a sentence: `city = "Kazan" and no purchase within last 90 days`.

The grammar is that of `mailkit.segment.language.syntax`, which reads every sentence back to an equal tree.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any, Final, assert_never

from mailkit.segment import nodes
from mailkit.segment.spans import Span, Unit

__all__ = ["RESERVED", "name", "quoted", "sentence"]

_NAME: Final = re.compile(r"[^\W\d]\w*\Z")
RESERVED: Final = frozenset(
    {"after", "ago", "and", "any", "before", "between", "contains", "ends", "exactly", "false", "from", "in", "is"}
    | {"least", "matches", "most", "no", "not", "now", "null", "of", "or", "since", "starts", "then", "true"}
    | {"where", "with", "within"}
)
"""Words that are not the name of a field or event unless they stand in backticks."""

_SHORT: Final = {"\b": r"\b", "\f": r"\f", "\n": r"\n", "\r": r"\r", "\t": r"\t"}
# What is not seen, or would be seen elsewhere than where it stands, and halves of characters, which no file
# can hold. Two halves side by side are left alone: escaped they would be read as one character.
_UNSEEN: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff]"
    "|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]"
)


def sentence(node: nodes.Node) -> str:
    """The node in words; equal trees give equal text, and names that could be misread stand in backticks.

    >>> sentence(nodes.IsNull(value=nodes.Field(path=("address", "home town"))))
    'address.`home town` is null'
    """
    match node:
        case nodes.And() | nodes.Or() | nodes.Not():
            return _joined(node)
        case nodes.Count():
            return f"{_amount(node)} {_events(node.events)}"
        case nodes.Sequence():
            return " ".join((f"any {_events(node.first)}", *map(sentence, node.steps)))
        case nodes.Step():
            within = f" within {node.within}" if node.within is not None else ""
            return f"then {'no ' if node.is_absent else ''}{_events(node.events)}{within}"
        case nodes.Regular():
            periods = _many(node.of, node.unit)
            return f"any {_events(node.events)} in at least {node.least} of last {periods}"
        case nodes.Member():
            return f"in segment {quoted(node.name)}"
        case nodes.Events():
            return _events(node)
        case nodes.Ever() | nodes.Last() | nodes.Between() | nodes.After():
            return _window(node)
        case nodes.Comparison() | nodes.OneOf() | nodes.TextTest() | nodes.IsNull() | nodes.Anniversary():
            return _asked(node)
        case _:
            return _value(node)


def _joined(node: nodes.And | nodes.Or | nodes.Not) -> str:
    match node:
        case nodes.And():
            return " and ".join(_bracketed(part, nodes.And | nodes.Or) for part in node.parts)
        case nodes.Or():
            return " or ".join(_bracketed(part, nodes.Or) for part in node.parts)
        case nodes.Not(part=nodes.IsNull() as part):
            return f"{_value(part.value)} is not null"
        case nodes.Not(part=nodes.OneOf() as part):
            return f"{_value(part.value)} not in {_options(part)}"
        case nodes.Not():
            return f"not {_bracketed(node.part, nodes.And | nodes.Or)}"
        case _ as never:
            assert_never(never)


def _bracketed(part: nodes.Condition, loose: Any) -> str:
    return f"({sentence(part)})" if isinstance(part, loose) else sentence(part)


_Asked = nodes.Comparison | nodes.OneOf | nodes.TextTest | nodes.IsNull | nodes.Anniversary


def _asked(node: _Asked) -> str:
    match node:
        case nodes.Comparison():
            return f"{_value(node.left)} {node.operator} {_value(node.right)}"
        case nodes.OneOf():
            return f"{_value(node.value)} in {_options(node)}"
        case nodes.TextTest():
            return f"{_value(node.value)} {node.match} {_value(node.what)}"
        case nodes.IsNull():
            return f"{_value(node.value)} is null"
        case nodes.Anniversary():
            return f"anniversary of {_value(node.of)} {_near(node)} in {_value(node.zone)}"
        case _ as never:
            assert_never(never)


def _options(node: nodes.OneOf) -> str:
    return f"({', '.join(map(_value, node.options))})"


def _near(node: nodes.Anniversary) -> str:
    match node.last, node.next:
        case 0, 0:
            return "today"
        case last, 0:
            return f"within last {_many(last, Unit.DAY)}"
        case 0, ahead:
            return f"within next {_many(ahead, Unit.DAY)}"
        case _:
            return f"within last {node.last} and next {_many(node.next, Unit.DAY)}"


def _many(count: int, unit: Unit) -> str:
    return str(Span(count=count, unit=unit))


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
    return f"{name(events.kind)}{where}" + (f" {window}" if window else "")


def _window(window: nodes.Window) -> str:
    match window:
        case nodes.Ever():
            return ""
        case nodes.Last():
            return f"within last {window.span}"
        case nodes.After():
            return f"within {window.span} after {_value(window.anchor)}"
        case nodes.Between():
            start = _value(window.start) if window.start is not None else ""
            if window.end is None:
                return f"since {start}"
            end = _value(window.end)
            return f"between {start} and {end}" if start else f"before {end}"
        case _ as never:
            assert_never(never)


def _value(value: nodes.Value) -> str:
    match value:
        case nodes.Constant():
            return _constant(value.value)
        case nodes.Field():
            return ".".join(map(name, value.path)) + ("?" if value.is_optional else "")
        case nodes.Now():
            return "now"
        case nodes.Shift(base=nodes.Now(), is_forward=False):
            return f"{value.span} ago"
        case nodes.Shift():
            return f"{_value(value.base)} {'+' if value.is_forward else '-'} {value.span}"
        case nodes.Begin():
            return f"start of {value.unit}{_offset(value.offset)} in {_value(value.zone)}"
        case _:
            return _call(value)


_Call = nodes.PartOf | nodes.Folded | nodes.Size | nodes.Distance | nodes.Bucket | nodes.Aggregate


def _call(value: _Call) -> str:
    match value:
        case nodes.PartOf():
            return f"{value.part}({_value(value.of)}, {_value(value.zone)})"
        case nodes.Folded():
            return f"casefold({_value(value.value)})"
        case nodes.Size():
            return f"size({_value(value.value)})"
        case nodes.Distance():
            place = f"{float(value.to_latitude)!r}, {float(value.to_longitude)!r}"
            return f"distance({_value(value.latitude)}, {_value(value.longitude)}, {place})"
        case nodes.Bucket():
            return f"bucket({_value(value.of)}, {quoted(value.salt)})"
        case nodes.Aggregate():
            return f"{value.function}({_value(value.of)} of {_events(value.events)})"
        case _ as never:
            assert_never(never)


def _offset(offset: int) -> str:
    return f" {'+' if offset > 0 else '-'} {abs(offset)}" if offset else ""


def _constant(value: Any) -> str:
    match value:
        case str():
            return quoted(value)
        case bool():
            return str(value).lower()
        case datetime():
            # `fold` says which of two: a clock that is set back shows the times of an hour twice
            return value.isoformat().replace("+00:00", "Z") + (" again" if value.fold else "")
        case date():
            return value.isoformat()
        case int() | float():
            return repr(value)
        case _:
            return f'decimal "{value}"'


def name(word: str) -> str:
    """The name of a field or event as it is written: in backticks if it could be misread.

    >>> print(name("city"), name("home town"), name("where"))
    city `home town` `where`
    """
    return word if _NAME.match(word) and word.lower() not in RESERVED else quoted(word, "`")


def quoted(text: str, mark: str = '"') -> str:
    r"""The text in quotes, on one line and with nothing unseen in it.

    >>> print(quoted('The "Hague"\n'))
    "The \"Hague\"\n"
    """
    text = text.replace("\\", "\\\\").replace(mark, f"\\{mark}")
    return f"{mark}{_UNSEEN.sub(_escaped, text)}{mark}"


def _escaped(found: re.Match[str]) -> str:
    return _SHORT.get(found[0]) or f"\\u{ord(found[0]):04x}"
