from datetime import UTC, date, datetime, time, timezone
from decimal import Decimal
from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit.errors import InvalidValue
from mailkit.stores.jsontext import from_text, to_text

KEYS = st.text(max_size=4) | st.just("$")
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(max_size=6),
    st.decimals(allow_nan=False),
    st.dates(),
    st.times(),
    st.datetimes(),
    st.datetimes(timezones=st.timedeltas(max_value=timezone.max.utcoffset(None)).filter(abs).map(lambda _: UTC)),
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.lists(inner, max_size=3).map(tuple), st.dictionaries(KEYS, inner, max_size=3)
    ),
    max_leaves=10,
)


def kinds(value):
    """The value with the type of everything in it."""
    if isinstance(value, dict):
        return {key: kinds(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value), [kinds(item) for item in value]
    return type(value), str(value)


@given(st.dictionaries(KEYS, VALUES, max_size=4))
def test_a_record_comes_back_as_it_was(record):
    back = from_text(to_text(record))
    assert back == record
    assert kinds(back) == kinds(record)
    assert list(back) == list(record)


def test_the_text_is_plain_json_where_json_can_say_it():
    assert to_text({"name": "Anna", "goods": [1, 2.5, None, True]}) == '{"name":"Anna","goods":[1,2.5,null,true]}'


class Colour(StrEnum):
    RED = "red"


@pytest.mark.parametrize(
    ("record", "where"),
    [
        ({"a": {1, 2}}, "record['a']"),
        ({"a": [0, {"b": object()}]}, "record['a'][1]['b']"),
        ({"a": (Colour.RED,)}, "record['a'][0]"),
        ({"a": {1: "x"}}, "a key of record['a']"),
        ({"a": b"bytes"}, "record['a']"),
    ],
)
def test_what_would_come_back_changed_is_refused_with_its_place(record, where):
    with pytest.raises(InvalidValue, match="cannot be stored exactly") as caught:
        to_text(record)
    assert caught.value.what == where


def _nested(levels):
    record = {}
    for _ in range(levels - 1):
        record = {"in": record}
    return record


def test_a_record_may_be_deep_and_not_bottomless():
    assert from_text(to_text(_nested(100))) == _nested(100)
    ring = {}
    ring["in"] = [ring]
    for record in (_nested(101), _nested(2_000), ring):
        with pytest.raises(InvalidValue, match="more than 100 levels deep") as caught:
            to_text(record, what="record of 1@example.com")
        assert caught.value.what == "record of 1@example.com"


def test_a_number_may_be_long_and_not_endless():
    assert from_text(to_text({"n": -(2**1_999)})) == {"n": -(2**1_999)}
    with pytest.raises(InvalidValue, match=r"record\['n'\]: .*too long a number"):
        to_text({"n": 10**5_000})


def test_dates_and_sums_are_kept():
    record = {"at": datetime(2026, 3, 1, 12, tzinfo=UTC), "on": date(2026, 3, 1), "by": time(9, 30)}
    assert from_text(to_text({**record, "sum": Decimal("29.30")})) == {**record, "sum": Decimal("29.30")}
