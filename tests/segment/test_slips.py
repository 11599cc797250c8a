"""What people write out of habit, or would be true of nobody or everybody, is told with what is to be written."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from mailkit.errors import SegmentError
from mailkit.segment import Schema, Segment, nodes, parse, this
from mailkit.segment import event as ev
from mailkit.segment import field as f

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SCHEMA = Schema(fields={"id": "integer", "city": "text", "tags": "list"}, events={"purchase": {"value": "decimal"}})

IN_PYTHON: list[tuple[Any, str]] = [
    (lambda: f.id.bucket("x") < 20, r"20 is beside all of them; 20 % is 0\.2"),
    (lambda: f.id.bucket("x") >= 150, "150 is beside all of them\n"),
    (lambda: f.id.bucket("x") > -0.1, "is beside all of them\n"),
    (lambda: f.city.casefold() == "Kazan", 'no text is "Kazan" once its case is folded; write "kazan"'),
    (lambda: f.city.casefold() != "Kazan", 'write "kazan"'),
    (lambda: f.city.casefold().isin(["ufa", "Kazan"]), 'write "kazan"'),
    (lambda: f.city.casefold().contains("KAZ"), 'write "kaz"'),
    (lambda: f.city.lower(), r"no method 'lower'; write casefold\(\)"),
    (lambda: f.city.exists(), r"write is_not_null\(\)"),
    (lambda: f.tags.contains(["a", "b"]), r"of a list contains\(\.\.\.\) once for each"),
    (lambda: ev.purchase & (f.city == "Ufa"), r"ask \.did\(\), \.none\(\) or \.at_least\(n\)"),
    (lambda: ev.purchase.did(before=NOW), r"no window 'before'; write between=\(None, end\)"),
    (lambda: ev.purchase.did(since=NOW), r"write between=\(start, None\)"),
    (lambda: ev.purchase.did(last=this("month", zone="UTC")), "a period of the calendar is said by during="),
    (lambda: ev.purchase.did(last=f.joined_at), "an instant by between="),
]


@pytest.mark.parametrize(("written", "told"), IN_PYTHON)
def test_a_slip_in_python_is_told_with_what_is_to_be_written(written: Any, told: str) -> None:
    with pytest.raises(SegmentError, match=told):
        written()


IN_TEXT = [
    ("city = Kazan", 7, "there is no field 'Kazan'; if the text is meant, write \"Kazan\""),
    ("purchase", 0, "of events ask: any purchase, or ev.purchase.did()"),
    ("not purchase and id = 3", 4, "of events ask: any purchase"),
    ("bucket(id, 'x') < 20", 0, "20 % is 0.2"),
    ("casefold(city) in ('Kazan')", 0, 'write "kazan"'),
    ("casefold(city) starts with 'K'", 0, 'write "k"'),
    ("birthday(city)", 0, 'write anniversary of born today in "Europe/Moscow"'),
    ("any purchase this month", 13, 'write between start of month in "Europe/Moscow" and now'),
    ("any purchase yesterday", 13, "write between start of day - 1 in"),
]


@pytest.mark.parametrize(("text", "start", "told"), IN_TEXT, ids=[text for text, _, _ in IN_TEXT])
def test_a_slip_in_a_form_is_told_at_its_place(text: str, start: int, told: str) -> None:
    with pytest.raises(SegmentError) as caught:
        parse(text, schema=SCHEMA)
    assert told in caught.value.reason
    assert caught.value.start == start


@pytest.mark.parametrize("text", ["bucket(id, 'x') < 1", "casefold(city) > 'K'", "casefold(city) matches 'K'"])
def test_what_may_be_meant_is_not_refused(text: str) -> None:
    parse(text, schema=SCHEMA)


def test_what_is_meant_is_written_as_it_is_told() -> None:
    """The forms that errors offer can be read."""
    for told in (
        'any purchase between start of month - 1 in "Europe/Moscow" and start of month in "Europe/Moscow"',
        'any purchase between start of day in "Europe/Moscow" and now',
        'anniversary of city today in "Europe/Moscow"',
    ):
        parse(told)


def test_a_record_that_does_not_fit_is_told_with_the_way_to_ask() -> None:
    with pytest.raises(SegmentError, match=r"ask what a list contains\(\.\.\.\)"):
        f.tags.isin(["vip"]).matches({"tags": ["vip"]})
    with pytest.raises(SegmentError, match=r"of a field within a field ask f\.address\.city"):
        (f["address.city"] == "Ufa").matches({"address": {"city": "Ufa"}})


def test_a_tree_may_have_what_is_refused_where_it_is_written() -> None:
    share = nodes.Comparison(left=f.id.bucket("x")._node, operator="<", right=nodes.Constant(value=20))
    assert Segment(share).matches({"id": 1})
    compared = nodes.Comparison(left=f.id.bucket("x")._node, operator="<", right=nodes.Constant(value="x"))
    assert [fault.reason for fault in SCHEMA.faults(Segment(compared))] == [
        'bucket(id, "x") is a number, which cannot be compared with "x" (text)'
    ]
