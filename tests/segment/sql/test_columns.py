"""How tables are described, and what is said of a description that cannot be."""

from __future__ import annotations

import pickle

import pytest

from mailkit.errors import NotPortable, SegmentError
from mailkit.segment import Schema
from mailkit.segment import event as ev
from mailkit.segment import field as f
from mailkit.segment.sql import Column, Columns, Stored


def test_a_column_that_is_named_as_its_field_is_told_by_its_sort() -> None:
    columns = Columns(fields={"city": "text", "address.zip": "text"}, properties={("purchase", "value"): "integer"})
    assert columns.field(("city",)) == Column("city", "text")
    assert columns.field(("address", "zip")) == Column("address.zip", "text")
    assert columns.of_event("purchase", ("value",)) == Column("value", "integer")
    assert columns.of_event("opened", ("at",)).stored is Stored.MICROSECONDS


def test_a_schema_tells_the_sorts() -> None:
    schema = Schema(fields={"city": "text", "address": {"zip": "integer"}})
    columns = Columns(fields=schema)
    assert columns.fields == {"city": Column("city", "text"), "address.zip": Column("address.zip", "integer")}


def test_a_field_without_column_is_told_with_what_was_likely_meant() -> None:
    columns = Columns(fields={"country": "text"}, properties={"value": "integer"})
    with pytest.raises(SegmentError, match="no column is given for the field 'contry'; did you mean 'country'"):
        (f.contry == "RU").to_sql("sqlite", columns=columns)
    with pytest.raises(SegmentError, match=r"field 'x'; say which in Columns\(fields=...\)"):
        (f.x == 1).to_sql("sqlite", columns=columns)
    with pytest.raises(SegmentError, match="no column is given for the property 'valu' of purchase; did you mean"):
        (ev.purchase.sum("valu") > 1).to_sql("sqlite", columns=columns)
    with pytest.raises(SegmentError, match=r"property 'x' of purchase; say which"):
        (ev.purchase.sum("x") > 1).to_sql("sqlite", columns=columns)


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"fields": {"city": "txt"}}, "'txt' is not a sort of values; did you mean 'text'"),
        ({"fields": {"city": "zzzzz"}}, "'zzzzz' is not a sort of values; there are text"),
        ({"fields": ["city"]}, "is not columns by field"),
        ({"fields": {"tags": "list"}}, "a list, and nothing else, has items="),
        ({"fields": {5: "text"}}, "5 is not the name of a column"),
        ({"person": ""}, "'' is not the name of a column"),
        ({"kind": "a\0b"}, "is not the name of a column"),
        ({"kind": "\ud800"}, "is not UTF-8"),
        ({"person_sort": "float"}, "a person's id is a text or a whole number"),
        ({"times": "micros"}, "'micros' is not a way to store values"),
        ({"fields": {"x": 5}}, "5 is not a sort of values"),
    ],
)
def test_a_description_that_cannot_be_is_refused(wrong: dict, reason: str) -> None:
    with pytest.raises(SegmentError, match=reason):
        Columns(**wrong)


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"sort": "text", "stored": "scaled"}, "a column of text is stored as native, not scaled"),
        ({"sort": "text", "items": "text"}, "a list, and nothing else"),
        ({"sort": "list", "items": "list"}, "a list, and nothing else"),
        ({"sort": "decimal", "places": -1}, "-1 is not a number of decimal places"),
        ({"sort": "decimal", "places": True}, "True is not a number of decimal places"),
        ({"sort": "text", "key": 'a"b'}, "is not the key of a property"),
        ({"sort": "text", "key": "$.a"}, "is not the key of a property"),
        ({"sort": "float", "key": "a"}, "what is within JSON is read as text, integer or truth"),
    ],
)
def test_a_column_that_cannot_be_is_refused(wrong: dict, reason: str) -> None:
    with pytest.raises(SegmentError, match=reason):
        Column("x", **wrong)


def test_a_refusal_says_which_part_of_the_segment_and_which_engine() -> None:
    segment = (f.city == "Kazan") & (f.city.casefold() == "ufa")
    with pytest.raises(NotPortable) as caught:
        segment.to_sql("sqlite", columns=Columns(fields={"city": "text"}))
    error = pickle.loads(pickle.dumps(caught.value))
    assert (error.dialect, error.text, error.node) == ("sqlite", "casefold(city)", f.city.casefold()._node)
    assert "does not fold the case" in error.reason
