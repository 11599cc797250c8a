"""What is asked of one value: how it stands to another, whether it is among some, what its text has in it."""

from __future__ import annotations

import operator
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from mailkit.errors import SegmentError, shorten
from mailkit.segment import nodes
from mailkit.segment.nodes import Operator, TextMatch
from mailkit.segment.running.calendars import day_of, is_anniversary, wall
from mailkit.segment.running.subjects import Fetch, Test, blame, varies
from mailkit.segment.values import align, by_sort, is_among, is_null, plain

if TYPE_CHECKING:
    from mailkit.segment.running.evaluate import Maker

__all__ = ["COMPARE", "anniversary", "comparison", "one_of", "text_test"]

COMPARE: Final[dict[Operator, Callable[[Any, Any], Any]]] = {
    Operator.EQ: operator.eq,
    Operator.NE: operator.ne,
    Operator.LT: operator.lt,
    Operator.LE: operator.le,
    Operator.GT: operator.gt,
    Operator.GE: operator.ge,
}
_SEARCH: Final[dict[TextMatch, Callable[[str, str], bool]]] = {
    TextMatch.CONTAINS: operator.contains,
    TextMatch.STARTS_WITH: str.startswith,
    TextMatch.ENDS_WITH: str.endswith,
}
# Types of values that Python compares with a constant just as we would: no float beside a Decimal,
# which is taken by its digits, and no Decimal beside a float; no times, which may lack a zone.
_DIRECT: Final[dict[type, frozenset[type]]] = {
    str: frozenset({str}),
    bool: frozenset({bool}),
    int: frozenset({int, float}),
    float: frozenset({int, float}),
    Decimal: frozenset({int}),
    date: frozenset({date}),
}


def comparison(maker: Maker, node: nodes.Comparison, fetch: Fetch) -> Test:
    """The function that compares two values."""
    compare, assumed = COMPARE[node.operator], maker.assumed
    left, right = maker.value(node.left, fetch), maker.value(node.right, fetch)

    def judge(one: Any, other: Any) -> bool:
        one, other = plain(one), plain(other)
        if is_null(one) or is_null(other):
            return False
        try:
            return bool(compare(*align(one, other, assumed)))
        except SegmentError as error:
            blame(error, node.left, node)

    if varies(node.right):
        return lambda record: judge(left(record), right(record))
    constant = right(None)
    direct = _DIRECT.get(type(constant), frozenset())
    if node.operator is Operator.NE:
        direct -= {float}  # NaN is null, and Python says that it differs from everything

    def against_constant(record: Any) -> bool:
        value = left(record)
        return compare(value, constant) if type(value) in direct else judge(value, constant)

    return against_constant


def one_of(maker: Maker, node: nodes.OneOf, fetch: Fetch) -> Test:
    """The function that says whether a value is one of the options."""
    get, assumed = maker.value(node.value, fetch), maker.assumed
    options = [maker.value(option, fetch)(None) for option in node.options]
    texts, sorted_out = frozenset(option for option in options if isinstance(option, str)), by_sort(options)

    def is_one(value: Any) -> bool:
        value = plain(value)
        try:
            return not is_null(value) and is_among(value, sorted_out, assumed)
        except SegmentError as error:
            blame(error, node.value, node)

    def is_one_of_them(record: Any) -> bool:
        value = get(record)
        return value in texts if type(value) is str and texts else is_one(value)

    return is_one_of_them


def text_test(maker: Maker, node: nodes.TextTest, fetch: Fetch) -> Test:
    """The function that searches a text, or a list for an item."""
    get, what, assumed = maker.value(node.value, fetch), maker.value(node.what, fetch)(None), maker.assumed
    takes_lists, is_text = node.match is TextMatch.CONTAINS, isinstance(what, str)
    search = _search(node.match, what)

    def has_it(record: Any) -> bool:
        value = plain(get(record))
        if isinstance(value, str) and is_text:
            return search(value)
        if takes_lists and isinstance(value, list | tuple | set | frozenset):
            try:
                items = by_sort(item for item in map(plain, value) if not is_null(item))
                return is_among(what, items, assumed)
            except SegmentError as error:
                blame(error, node.value, node)
        if not is_null(value):
            expected = "a text or a list" if takes_lists and is_text else "a list" if takes_lists else "a text"
            blame(SegmentError(f"{shorten(value)} is not {expected}"), node.value, node)
        return False

    return has_it


def _search(match: TextMatch, what: Any) -> Callable[[str], bool]:
    if match is not TextMatch.MATCHES:
        search = _SEARCH[match]
        return lambda text: search(text, what)
    from mailkit.segment.regex import compiled  # here, since most segments have none

    find = compiled(what).search
    return lambda text: bool(find(text))


def anniversary(maker: Maker, node: nodes.Anniversary, fetch: Fetch) -> Test:
    """The function that says whether an anniversary is today or near."""
    get, where, now, assumed = maker.value(node.of, fetch), maker.zone(node.zone, node), maker.now, maker.assumed

    def is_near(record: Any) -> bool:
        value = plain(get(record))
        if is_null(value):
            return False
        place = where()
        if place is None:
            return False
        try:
            born = day_of(value, place, assumed)
        except SegmentError as error:
            blame(error, node.of, node)
        return is_anniversary(born, wall(now, place).date(), last=node.last, next=node.next)

    return is_near
