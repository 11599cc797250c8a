import enum
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, ClassVar, Final, Literal, NamedTuple, NewType, NotRequired, TypedDict, TypeVar
from uuid import UUID

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit import Address, Event
from mailkit.errors import SegmentError
from mailkit.segment import Schema, Segment, Value, ago, days, nodes
from mailkit.segment import event as ev
from mailkit.segment import field as f
from mailkit.segment.declared.fitting import faults
from mailkit.segment.declared.schema import Declared, sort_of
from mailkit.segment.language.syntax import parse_with_places
from mailkit.segment.sorts import Sort

SCHEMA = Schema(
    fields={
        "city": "text",
        "age": "integer",
        "height": Sort.FLOAT,
        "is_vip": "truth",
        "born": "date",
        "joined_at": "time",
        "tags": "list",
        "nickname": Declared(sort=Sort.TEXT, is_optional=True),
        "address": {"home": {"zip": "text"}, "lat": "float"},
        "extra": None,
    },
    events={"purchase": {"value": "decimal", "city": "text", "goods": "list"}, "visit": None},
)
CITY, AGE = nodes.Field(path=("city",)), nodes.Field(path=("age",))
BORN, TAGS = nodes.Field(path=("born",)), nodes.Field(path=("tags",))
MOSCOW = nodes.Constant(value="Europe/Moscow")


def _value(node: nodes.Value) -> Value:
    return Value(node)


def _reason(segment: Segment) -> str:
    found = SCHEMA.faults(segment)
    assert len(found) == 1
    with pytest.raises(SegmentError) as caught:
        SCHEMA.check(segment)
    assert str(caught.value) == str(found[0])
    return str(found[0])


FITTING = [
    f.city == "Kazan",
    f.age > 17.5,
    f.height < Decimal("1.80"),
    f.born < f.joined_at,
    f.born == date(2000, 1, 1),
    f.is_vip == True,  # noqa: E712
    f.city.isin(["Ufa", 7]),
    f.city.isin([]),
    f.tags.contains(7),
    f.city.contains("a"),
    f.nickname.optional() == "A",
    f.address.home.zip == "1",
    f.address.is_null(),
    f.extra.whatever > 5,
    f.extra == 5,
    f.joined_at > ago(days(30)),
    ev.purchase.where(f.value > 5, f.campaign == "x", f.at > ago(days(1))).did(last=days(9)),
    ev.visit.where(f.anything > 5).none(within=days(7), after=f.joined_at),
    ev.purchase.did(between=(f.born, None)),
    ev.purchase.sum("value") > 5,
    ev.purchase.first("city") == "Kazan",
    ev.purchase.max("value") > 5,
    ev.visit.last("at") > ago(days(1)),
    ev.visit.where(f.recipient.domain == "x.ru").did(),
    _value(nodes.Folded(value=CITY)) == "kazan",
    _value(nodes.Size(value=TAGS)) > 2,
    _value(nodes.PartOf(of=BORN, part="month", zone=MOSCOW)) == 5,
    _value(nodes.PartOf(of=nodes.Now(), part="clock", zone=CITY)) == "09:00",
    _value(nodes.Begin(unit="day", offset=0, zone=MOSCOW)) == f.joined_at,
    _value(nodes.Bucket(of=AGE, salt="x")) < 0.5,
    _value(nodes.Distance(latitude=AGE, longitude=AGE, to_latitude=1.0, to_longitude=1.0)) < 5,
    _value(nodes.Aggregate(function="distinct", of=CITY, events=nodes.Events(kind="purchase"))) > 1,
    Segment(nodes.Anniversary(of=BORN, zone=MOSCOW)),
    Segment(nodes.Member(name="loyal")),
    Segment(nodes.Regular(events=nodes.Events(kind="visit"), least=1, of=2, unit="week")),
]


@pytest.mark.parametrize("segment", FITTING, ids=str)
def test_what_can_be_asked_fits(segment):
    SCHEMA.check(segment)
    SCHEMA.check(~segment | (f.city == "x"))


MISFITS = [
    (f.citi == "Kazan", "citi", "there is no field 'citi'; did you mean 'city'?"),
    (f.zzz == 1, "zzz", "there is no field 'zzz'; there are 'address', 'age', 'born'"),
    (f.address.home.zap == "1", "address.home.zap", "no field 'zap' in address.home; did you mean 'zip'?"),
    (f.city.street == "x", "city.street", "city is text, which has no fields within it"),
    (f.address == "x", "address", "address is a record; ask for one of its fields: 'home', 'lat'"),
    (f.nickname == "A", "nickname", "only some records have the field 'nickname'; ask it as nickname?, or .optional()"),
    (f.city > 5, "city > 5", "city is text, which cannot be compared with 5 (a number)"),
    (f.age == "17", 'age = "17"', 'age is a number, which cannot be compared with "17" (text)'),
    (f.city == f.age, "city = age", "city is text, which cannot be compared with age (a number)"),
    (f.is_vip == 1, "is_vip = 1", "is_vip is a truth value, which cannot be compared with 1 (a number)"),
    (f.tags == "x", 'tags = "x"', "tags is a list, which is not compared; ask what it contains, or for size(tags)"),
    (f.tags.isin(["x"]), 'tags in ("x")', "tags is a list, which is not compared"),
    (f.age.isin(["1", "2"]), 'age in ("1", "2")', 'age is a number, which cannot be compared with "1" (text)'),
    (
        f.age.contains("1"),
        'age contains "1"',
        "and only of texts and lists is it asked what it contains",
    ),
    (
        f.tags.startswith("1"),
        'tags starts with "1"',
        "and only of text is it asked what it starts with",
    ),
    (f.city.contains(5), "city contains 5", "city is text, which cannot be compared with 5 (a number)"),
    (f.city - days(1) < f.joined_at, "city", "city is text, and only a time can be moved"),
    (ev.purchas.did(), "purchas", "nothing of the kind 'purchas' happens; did you mean 'purchase'?"),
    (ev.zzz.none(), "zzz", "nothing of the kind 'zzz' happens; there are 'purchase', 'visit'"),
    (ev.purchase.where(f.valu > 5).did(), "valu", "there is no field 'valu'; did you mean 'value'?"),
    (ev.purchase.where(f.city > 5).did(), "city > 5", "city is text, which cannot be compared"),
    (ev.purchase.sum("city") > 5, "city", "city is text, and only numbers have a sum or a mean"),
    (ev.purchase.min("goods") == 5, "min(goods of purchase)", "goods is a list, which is not compared"),
    (ev.purchase.did(between=(None, f.age)), "age", "age is a number, and a window lies between times"),
    (ev.purchase.did(within=days(1), after=f.city), "city", "city is text, and a window begins at a time"),
    (_value(nodes.Folded(value=AGE)) == "x", "age", "age is a number, and only text has upper and lower case"),
    (_value(nodes.Size(value=AGE)) == 1, "age", "age is a number, and only texts and lists have a size"),
    (_value(nodes.PartOf(of=CITY, part="hour", zone=MOSCOW)) == 1, "city", "city is text, and only a time has a hour"),
    (_value(nodes.PartOf(of=BORN, part="hour", zone=MOSCOW)) == 1, "hour(born", "born is a date, which has no hour"),
    (
        _value(nodes.PartOf(of=BORN, part="day", zone=AGE)) == 1,
        "age",
        "and a time zone is given by its name",
    ),
    (
        _value(nodes.Bucket(of=BORN, salt="x")) < 0.5,
        "born",
        "and only texts and whole numbers are drawn by",
    ),
    (_value(nodes.Distance(latitude=CITY, longitude=AGE, to_latitude=1.0, to_longitude=1.0)) < 5, "city", "in degrees"),
    (
        Segment(nodes.Anniversary(of=CITY, zone=MOSCOW)),
        "city",
        "and only a date or a time has an anniversary",
    ),
    (
        Segment(
            nodes.Sequence(first=nodes.Events(kind="visit"), steps=(nodes.Step(events=nodes.Events(kind="purchas")),))
        ),
        "purchas",
        "did you mean 'purchase'?",
    ),
]


@pytest.mark.parametrize(("segment", "place", "reason"), MISFITS, ids=[str(segment) for segment, _, _ in MISFITS])
def test_what_could_never_work_is_told_with_its_place(segment, place, reason):
    around = (f.city == "Kazan") & (segment | (f.age > 5))
    assert reason in _reason(around)
    found = SCHEMA.faults(around)[0]
    assert found.start is not None
    assert found.text[found.start : found.end].startswith(place)
    assert found.text == str(around)


def test_all_faults_are_told_in_the_order_of_the_text():
    segment = (f.citi == 1) & (f.age == "x") & ev.purchase.where(f.city > 1).did() & (f.city == "x")
    found = SCHEMA.faults(segment)
    assert [fault.start for fault in found] == [0, 13, 47]


def test_a_word_is_looked_for_where_it_is_wrong():
    segment = (f.city == "valu") & ev.visit.where(f.valu == 1).did() & ev.purchase.where(f.valu == 1).did()
    (fault,) = SCHEMA.faults(segment)
    assert fault.text[: fault.start].endswith("purchase where (")


def test_where_a_text_was_read_its_own_places_are_told():
    condition = (f.citi == 1).node
    (fault,) = faults(condition, SCHEMA, text="  citi  =  1", places={id(condition.left): (2, 6)})
    assert (fault.text, fault.start, fault.end) == ("  citi  =  1", 2, 6)
    (fault,) = faults(condition, SCHEMA, text="  citi  =  1", places={id(condition): (2, 12)})
    assert (fault.start, fault.end) == (2, 12)
    for places in ({}, None):
        (fault,) = faults(condition, SCHEMA, text="  citi  =  1", places=places)
        assert (fault.start, fault.end) == (None, None)


def test_a_text_is_told_where_it_does_not_fit():
    text = '( citi="Kazan" ) or any purchas where (valu > 1)  or CITY  > 5'
    node, places = parse_with_places(text)
    found = [(text[fault.start : fault.end], fault.reason) for fault in faults(node, SCHEMA, text=text, places=places)]
    assert found == [
        ("citi", "there is no field 'citi'; did you mean 'city'?"),
        ("purchas", "nothing of the kind 'purchas' happens; did you mean 'purchase'?"),
        ("CITY", "there is no field 'CITY'; did you mean 'city'?"),
    ]


def test_any_event_goes_where_none_are_declared():
    schema = Schema(fields={"city": "text"})
    schema.check(ev.whatever.where(f.anything == 1).did())
    assert "at is a time" in schema.faults(ev.whatever.where(f.at == 1).did())[0].reason


def test_the_sort_of_null_is_not_known():
    assert sort_of(None) is sort_of(float("nan")) is None


def test_what_is_not_a_schema_is_refused():
    for fields in (["city"], {"": "text"}, {5: "text"}, {"city": "txt"}, {"a": {"b..c": None}}, {(): "text"}):
        with pytest.raises(SegmentError):
            Schema(fields=fields)
    with pytest.raises(SegmentError, match="did you mean 'text'"):
        Schema(fields={"a": "txt"})
    with pytest.raises(SegmentError, match="give kinds"):
        Schema(fields={}, events=["purchase"])
    with pytest.raises(SegmentError, match="is not a condition"):
        SCHEMA.check("city = 'x'")


def test_a_schema_shows_itself():
    shown = str(
        Schema(fields={"home town": "text", "x": None}, events={"order placed": {"value": "decimal"}, "visit": None})
    )
    assert shown.splitlines() == [
        "`home town`: text or null",
        "x: any",
        "event `order placed`(value)",
        "event visit(…)",
    ]


class Colour(enum.Enum):
    RED = "red"


class Level(enum.Enum):
    LOW = 1
    ODD = "odd"


@attrs.frozen
class Place:
    city: str
    lat: float


T = TypeVar("T")
Points = NewType("Points", int)


@attrs.frozen
class Customer:
    count: ClassVar[int] = 0
    name: str
    email: Address
    key: UUID
    colour: Colour
    level: Level
    points: Points
    spent: int | Decimal | None
    ratio: int | float
    mixed: int | str
    plan: Literal["free", "paid"]
    fixed: Final[int]
    tags: list[str]
    others: Sequence[int]
    place: Place | None
    parent: "Customer | None"
    anything: Any
    extra: dict[str, str]
    other: T
    born: date
    joined_at: datetime

    @property
    def is_loyal(self) -> bool:
        return True

    @property
    def untold(self):
        return 1


def test_a_class_declares_what_its_annotations_say():
    schema = Schema.of(Customer)
    sorts = {".".join(path): what.sort for path, what in schema.fields.items() if len(path) == 1}
    assert sorts == {
        "name": "text",
        "email": "text",
        "key": "text",
        "colour": "text",
        "level": None,
        "points": "integer",
        "spent": "decimal",
        "ratio": "float",
        "mixed": None,
        "plan": "text",
        "fixed": "integer",
        "tags": "list",
        "others": "list",
        "place": None,
        "parent": None,
        "anything": None,
        "extra": None,
        "other": None,
        "born": "date",
        "joined_at": "time",
        "is_loyal": "truth",
        "untold": None,
    }
    assert schema.fields["spent",].is_nullable
    assert not schema.fields["name",].is_nullable
    assert schema.fields["place",].is_nullable
    assert schema.fields["anything",].is_nullable
    schema.check((f.place.city == "Kazan") & (f.email.domain == "x.ru") & (f.parent.parent.name == "A"))
    schema.check((f.parent.parent.parent.parent.parent.parent.name == 7) & f.is_loyal)
    assert len(schema.faults(f.extra.anything == 5)) == 0


@dataclass
class Kept:
    city: str
    home: Place = field(default_factory=lambda: Place("Ufa", 54.7))


class Typed(TypedDict):
    city: str
    age: NotRequired[int]


class Named(NamedTuple):
    city: str
    at: datetime


class Plain:
    city: str


class Dangling:
    city: "NoSuchType"  # noqa: F821
    age: int

    @property
    def town(self) -> "NoSuchType":  # noqa: F821
        return None


@pytest.mark.parametrize("kind", [Kept, Typed, Named, Plain])
def test_classes_of_every_kind_are_read(kind):
    schema = Schema.of(kind)
    assert schema.fields["city",].sort is Sort.TEXT
    assert "did you mean 'city'" in schema.faults(f.citi == "x")[0].reason


def test_a_key_that_may_be_missing_is_asked_for_as_such():
    assert "optional" in Schema.of(Typed).faults(f.age > 5)[0].reason
    Schema.of(Typed).check(f.age.optional() > 5)


def test_annotations_that_cannot_be_found_are_of_any_sort():
    assert {path: what.sort for path, what in Schema.of(Dangling).fields.items()} == {
        ("city",): None,
        ("age",): None,
        ("town",): None,
    }


class Broken:
    city = "Kazan"

    @property
    def spent(self) -> float:
        raise RuntimeError

    def method(self) -> None: ...


def test_a_sample_shows_its_fields():
    records = [
        {"city": "Kazan", "age": 5, "spent": 5, "mixed": "a", "place": {"zip": "1"}, "tags": ["a"], "x": None, 5: 1},
        {"city": None, "age": None, "spent": 5.5, "mixed": 5, "place": None, "tags": (), "x": None, "extra": "y"},
        {
            "city": Colour.RED,
            "age": 7,
            "spent": Decimal(1),
            "mixed": None,
            "place": {"zip": "2", "no": 7},
            "tags": [],
            "x": None,
        },
    ]
    records[2] |= {"tags": [], "x": None}
    fields = Schema.of(iter(records)).fields
    assert fields["city",] == Declared(sort=Sort.TEXT)
    assert fields["age",] == Declared(sort=Sort.INTEGER)
    assert fields["spent",] == Declared(sort=Sort.DECIMAL, is_nullable=False)
    assert fields["mixed",] == Declared(sort=None)
    assert fields["place",] == Declared(sort=None)
    assert fields["place", "zip"] == Declared(sort=Sort.TEXT, is_nullable=False)
    assert fields["place", "no"] == Declared(sort=Sort.INTEGER, is_nullable=False, is_optional=True)
    assert fields["tags",] == Declared(sort=Sort.LIST, is_nullable=False)
    assert fields["x",] == Declared()
    assert fields["extra",].is_optional
    assert (5,) not in fields


def test_objects_are_samples_too():
    assert Schema.of([Broken()]).fields == {("city",): Declared(sort=Sort.TEXT, is_nullable=False)}
    kept = Schema.of([Kept("Ufa"), Named("Ufa", datetime(2026, 1, 1, tzinfo=UTC))]).fields
    assert kept["city",].sort is Sort.TEXT
    assert kept["home", "lat"].sort is Sort.FLOAT


def test_events_are_samples_too():
    bought = Event(kind="purchase", person="1", at=datetime(2026, 1, 1, tzinfo=UTC), properties={"goods": "tea"})
    paid = attrs.evolve(bought, value=Decimal(5), currency="EUR", properties={})
    visit = {"kind": "visit", "at": datetime(2026, 1, 1, tzinfo=UTC), "page": "/", "value": 5.5}
    schema = Schema.of([{"id": 1}], events=[bought, paid, visit])
    schema.check(ev.purchase.where(f.goods == "tea", f.value > 5).did() & (ev.visit.sum("value") > 5))
    assert [fault.reason for fault in schema.faults(ev.visit.where(f.goods == "tea", f.page > 5).did())] == [
        "there is no field 'goods'; there are 'at', 'campaign', 'currency', 'kind', 'message_id', 'page', 'person', "
        "'recipient', 'step', 'value'",
        "page is text, which cannot be compared with 5 (a number)",
    ]
    declared = Schema.of([{"id": 1}], events={"purchase": {"goods": "text"}, "visit": None})
    assert declared.events == {"purchase": {("goods",): Declared(sort=Sort.TEXT)}, "visit": None}


@pytest.mark.parametrize(
    ("source", "events"),
    [
        ({"city": "text"}, None),
        ([], None),
        ([5], None),
        (["text"], None),
        ("text", None),
        (5, None),
        (int, None),
        ([{"id": 1}], 5),
        ([{"id": 1}], "purchase"),
        ([{"id": 1}], [{"at": 1}]),
        ([{"id": 1}], [5]),
    ],
)
def test_what_declares_nothing_is_refused(source, events):
    with pytest.raises(SegmentError):
        Schema.of(source, events=events)


def test_a_data_frame_is_refused_with_what_to_do():
    class Frame:
        columns = ("a",)

        def to_dict(self, orient: str) -> list[dict[str, int]]: ...

    with pytest.raises(SegmentError, match="give its rows"):
        Schema.of(Frame())


values = st.one_of(
    st.text(max_size=2), st.integers(-3, 3), st.booleans(), st.dates(), st.lists(st.integers(), max_size=1)
)


@given(st.data(), values, values)
def test_a_comparison_that_fits_never_fails_for_the_record_and_one_that_does_not_always_does(data, left, right):
    schema = Schema.of([{"a": left, "b": right}])
    segment = data.draw(st.sampled_from([f.a == f.b, f.a < f.b, f.a.contains("x"), f.a.startswith("x")]))
    record = {"a": left, "b": right}
    if schema.faults(segment):
        with pytest.raises(SegmentError):
            segment.matches(record)
    elif not isinstance(left, list):
        segment.matches(record)
