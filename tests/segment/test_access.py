from __future__ import annotations

import sqlite3
from collections import ChainMap, defaultdict, namedtuple
from dataclasses import dataclass
from types import MappingProxyType, SimpleNamespace

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit.errors import SegmentError
from mailkit.segment.running.access import _reader, field_names, getter, read


@attrs.frozen
class Frozen:
    city: str


@dataclass
class Data:
    city: str


class Slotted:
    __slots__ = ("city", "never_set")

    def __init__(self, city: str) -> None:
        self.city = city


class Broken:
    @property
    def city(self) -> str:
        raise ZeroDivisionError("no city today")

    @property
    def town(self) -> str:
        return self.missing  # type: ignore[attr-defined,no-any-return]


Row = namedtuple("Row", ["city"])


def database_row() -> sqlite3.Row:
    connection = sqlite3.connect(":memory:")
    connection.row_factory = sqlite3.Row
    row = connection.execute("select 'Kazan' as city").fetchone()
    connection.close()
    return row  # type: ignore[no-any-return]


RECORDS = [
    {"city": "Kazan"},
    MappingProxyType({"city": "Kazan"}),
    ChainMap({}, {"city": "Kazan"}),
    defaultdict(str, city="Kazan"),
    Frozen("Kazan"),
    Data("Kazan"),
    Slotted("Kazan"),
    Row("Kazan"),
    SimpleNamespace(city="Kazan"),
    database_row(),
]


@given(st.dictionaries(st.text(min_size=1), st.none() | st.integers(), min_size=1))
def test_reading_a_mapping_is_indexing_it(record: dict) -> None:
    for name, value in record.items():
        assert read(record, (name,)) == value == getter((name,))(record)


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
def test_every_kind_of_record_is_read_alike(record: object) -> None:
    get = getter(("city",))
    assert [read(record, ("city",)), get(record), get(record)] == ["Kazan"] * 3
    assert "city" in field_names(record)
    assert getter(("nickname",), is_optional=True)(record) is None
    with pytest.raises(SegmentError, match="no field 'citi'; did you mean 'city'"):
        getter(("citi",))(record)


def test_a_default_of_the_record_is_not_called_for() -> None:
    record: defaultdict[str, list] = defaultdict(list)
    assert read(record, ("tags",), is_optional=True) is None
    assert not record


def test_fields_within_fields_are_read_and_none_on_the_way_is_none() -> None:
    record = {"address": Data("Kazan"), "work": None}
    assert getter(("address", "city"))(record) == "Kazan"
    assert read(record, ("work", "city")) is None
    with pytest.raises(SegmentError, match=r"no field 'address\.citi'; did you mean 'city'"):
        read(record, ("address", "citi"))
    assert read(record, ("home", "city"), is_optional=True) is None


@pytest.mark.parametrize("record", ["Kazan", 7, ["Kazan"], b"x", ("Kazan",), {1}])
def test_what_has_no_fields_is_told(record: object) -> None:
    with pytest.raises(SegmentError, match="there is no field 'title', since the record is"):
        read(record, ("title",))
    with pytest.raises(SegmentError, match=r"there is no field 'city\.title', since city is"):
        read({"city": record}, ("city", "title"))


def test_a_field_that_nobody_spells_alike_is_told_with_the_way_out() -> None:
    with pytest.raises(SegmentError, match="only some records have"):
        read({"city": "Kazan", 3: 4}, ("zip",))


def test_a_record_that_fails_is_told_with_its_own_words() -> None:
    for get in (getter(("city",)), getter(("city",), is_optional=True)):
        for _ in range(2):
            with pytest.raises(SegmentError, match="reading the field 'city' raised ZeroDivisionError: no city today"):
                get(Broken())
    with pytest.raises(SegmentError, match="reading the field 'town' raised AttributeError"):
        read(Broken(), ("town",))
    with pytest.raises(SegmentError, match="reading the field 'never_set' raised AttributeError"):
        read(Slotted("Kazan"), ("never_set",), is_optional=True)


def test_classes_made_while_the_program_runs_are_forgotten() -> None:
    for number in range(600):
        assert read(type(f"Class{number}", (), {"city": "Kazan"})(), ("city",)) == "Kazan"
    assert _reader.cache_info().currsize <= 256
