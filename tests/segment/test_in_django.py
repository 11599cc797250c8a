from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import django
import pytest
from django.conf import settings

if not settings.configured:
    memory = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
    settings.configure(
        USE_TZ=True, DATABASES={"default": memory, "elsewhere": {**memory, "TIME_ZONE": "Europe/Moscow"}}
    )
    django.setup()

from django.db import connection, models
from hypothesis import HealthCheck, given
from hypothesis import settings as budget
from hypothesis import strategies as st

from mailkit.errors import NotPortable, SegmentError
from mailkit.segment import Segment, Value, ago, ahead, days, hours, member, months, nodes, this
from mailkit.segment import event as ev
from mailkit.segment import field as f
from mailkit.segment.in_django.asking import Asking
from mailkit.segment.in_django.conditions import Conditions

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATEST = datetime.max.replace(tzinfo=UTC)


class Loud(models.CharField):
    def from_db_value(self, value, expression, connection):
        return value and value.upper()


class Shop(models.Model):
    city = models.CharField(max_length=20, null=True)

    class Meta:
        app_label = "asked"


class Person(models.Model):
    name = models.CharField(max_length=99, null=True)
    other = models.TextField(null=True)
    age = models.IntegerField(null=True)
    big = models.BigIntegerField(null=True)
    height = models.FloatField(null=True)
    spent = models.DecimalField(max_digits=8, decimal_places=2, null=True)
    is_vip = models.BooleanField(null=True)
    born = models.DateField(null=True)
    joined_at = models.DateTimeField(null=True)
    left_at = models.DateTimeField(null=True)
    shop = models.ForeignKey(Shop, models.CASCADE, null=True)
    key = models.UUIDField(null=True)
    more = models.JSONField(null=True)
    loud = Loud(max_length=9, null=True)
    collated = models.CharField(max_length=9, null=True, db_collation="NOCASE")
    exact = models.DecimalField(max_digits=30, decimal_places=2, null=True)

    class Meta:
        app_label = "asked"

    @property
    def is_loyal(self) -> bool:
        return True


class Happened(models.Model):
    person = models.ForeignKey(Person, models.CASCADE)
    kind = models.CharField(max_length=20)
    at = models.DateTimeField()
    goods = models.CharField(max_length=99, null=True)
    worth = models.DecimalField(max_digits=8, decimal_places=2, null=True)
    count = models.IntegerField(null=True)
    ratio = models.FloatField(null=True)

    class Meta:
        app_label = "asked"


class Noted(models.Model):
    who = models.CharField(max_length=20)
    moment = models.DateTimeField()
    day = models.DateField(null=True)

    class Meta:
        app_label = "asked"


EVENTS = {"model": Happened, "person": "person", "kind": "kind", "properties": {"value": "worth"}}


@pytest.fixture(scope="module", autouse=True)
def _tables() -> Iterator[None]:
    made = (Shop, Person, Happened, Noted)
    with connection.schema_editor() as editor:
        for model in made:
            editor.create_model(model)
    yield
    with connection.schema_editor() as editor:
        for model in reversed(made):
            editor.delete_model(model)


def _kept(people: list[dict], happened: list[dict] = ()) -> None:
    for model in (Happened, Noted, Person, Shop):
        model.objects.all().delete()
    Shop.objects.create(id=1, city="Kazan")
    Shop.objects.create(id=2, city=None)
    Person.objects.bulk_create([Person(id=number, **person) for number, person in enumerate(people, 1)])
    Happened.objects.bulk_create([Happened(id=number, **event) for number, event in enumerate(happened, 1)])


def _events() -> dict[int, list[dict]]:
    found: dict[int, list[dict]] = {}
    for event in Happened.objects.order_by("id").values():
        found.setdefault(event["person_id"], []).append(
            {**event, "value": event["worth"], "person": event["person_id"]}
        )
    return found


def _both(segment: Segment) -> tuple[list[int], list[int]]:
    people = list(Person.objects.select_related("shop").order_by("id"))
    expected = [person.id for person in segment.filter(people, events=_events(), now=NOW)]
    found = Person.objects.filter(segment.to_q(Person, events=EVENTS, now=NOW)).order_by("id")
    return list(found.values_list("id", flat=True)), expected


words = st.sampled_from(
    ["", "a", "A", "ab", "Ab", "b", "é", "%", "_", "a'b", '"', "\\", "Kazan", "aXb", "😀", "\ue000"]
)
wholes = st.sampled_from([-(2**63), -5, 0, 1, 2, 17, 18, 2**53 + 1, 2**63 - 1])
small = st.sampled_from([-5, 0, 1, 2, 17, 18, 2**31 - 1])
floats = st.sampled_from([-0.0, 0.0, 0.1, 1.0, 1.5, 17.5, 1e300, float(2**53)])
moneys = st.sampled_from([Decimal(text) for text in ("0", "0.10", "1", "1.50", "17.99", "999999.99", "-5")])
dates = st.sampled_from([date(1, 1, 1), date(2000, 2, 29), date(1990, 2, 28), date(2026, 3, 1), date(2020, 3, 2)])
moments = st.sampled_from(
    [NOW + timedelta(days=shift, microseconds=tick) for shift in (-90, -30, -7, -1, 0, 1, 7) for tick in (0, 1)]
    + [LATEST, datetime(1, 1, 1, tzinfo=UTC)]
)


def _maybe(values: st.SearchStrategy) -> st.SearchStrategy:
    return st.none() | values


people = st.lists(
    st.fixed_dictionaries(
        {
            "name": _maybe(words),
            "other": _maybe(words),
            "age": _maybe(small),
            "big": _maybe(wholes),
            "height": _maybe(floats),
            "spent": _maybe(moneys),
            "is_vip": _maybe(st.booleans()),
            "born": _maybe(dates),
            "joined_at": _maybe(moments),
            "left_at": _maybe(moments),
            "shop_id": st.sampled_from([None, 1, 2]),
        }
    ),
    min_size=3,
    max_size=5,
)
happened = st.lists(
    st.fixed_dictionaries(
        {
            "person_id": st.integers(1, 3),
            "kind": st.sampled_from(["buy", "visit"]),
            "at": moments.filter(lambda moment: moment.year == 2026 or moment.year == 2025),
            "goods": _maybe(words),
            "worth": _maybe(moneys),
            "count": _maybe(small),
            "ratio": _maybe(floats),
        }
    ),
    max_size=8,
)
OPERATORS = st.sampled_from(list(nodes.Operator))


def _compared(left, how, right) -> Segment:
    return left._compared(how, right)


numbers = st.one_of(wholes, floats, moneys, st.sampled_from([Decimal("0.105"), 10**30, -(10**30), 1e40, 0.105]))
comparisons = st.one_of(
    st.builds(_compared, st.sampled_from([f.name, f.other, f.shop.city]), OPERATORS, words),
    st.builds(_compared, st.sampled_from([f.age, f.big, f.height, f.spent, f.shop_id]), OPERATORS, numbers),
    st.builds(_compared, st.just(f.is_vip), OPERATORS, st.booleans()),
    st.builds(_compared, st.just(f.born), OPERATORS, dates),
    st.builds(
        _compared, st.sampled_from([f.joined_at, f.left_at - days(7), f.joined_at + hours(1)]), OPERATORS, moments
    ),
    st.builds(
        _compared, st.just(f.joined_at), OPERATORS, st.sampled_from([f.left_at, f.left_at + days(9), ago(days(7))])
    ),
    st.builds(_compared, st.just(f.name), OPERATORS, st.just(f.other)),
    st.builds(_compared, st.just(f.age), OPERATORS, st.just(f.big)),
    st.builds(lambda options: f.name.isin(options), st.lists(words, max_size=3)),
    st.builds(lambda options: f.age.isin(options), st.lists(numbers, max_size=3)),
    st.builds(lambda options: f.spent.isin(options), st.lists(numbers, max_size=3)),
    st.builds(lambda options: f.joined_at.isin(options), st.lists(moments, max_size=3)),
    st.builds(lambda what: f.name.contains(what), words),
    st.builds(lambda what: f.name.startswith(what), words),
    st.builds(lambda what: f.shop.city.endswith(what), words),
    st.sampled_from([f.name.is_null(), f.shop.is_null(), f.shop.city.is_null(), f.height.is_not_null()]),
    st.sampled_from([Value(nodes.Now()) > NOW, Value(nodes.Now()) == NOW]),
    st.builds(
        lambda before, after: f.born.anniversary(last=days(before), next=days(after), zone="Asia/Tokyo"),
        st.integers(1, 9),
        st.integers(1, 182),
    ),
)
windows = st.sampled_from(
    [
        {},
        {"last": days(7)},
        {"last": months(1)},
        {"within": days(7), "after": f.joined_at},
        {"within": months(1), "after": ago(days(40))},
        {"between": (f.joined_at, None)},
        {"between": (None, f.left_at - days(1))},
        {"between": (ago(days(30)), ahead(days(1)))},
        {"during": this("month", zone="Europe/Moscow")},
    ]
)
kinds = st.sampled_from(
    [ev.buy, ev.visit, ev.buy.where(f.value > 1), ev.buy.where(f.goods != "a"), ev.buy.where(~(f.count > 1))]
)
counts = st.builds(
    lambda kind, least, most, window: Segment(
        nodes.Count(events=kind._events(window), least=least, most=None if most is None else max(least, most))
    ),
    kinds,
    st.integers(0, 3),
    _maybe(st.integers(0, 3)),
    windows,
)
aggregates = st.one_of(
    st.builds(
        lambda kind, what, of, window, how, number: _compared(getattr(kind, what)(of, **window), how, number),
        kinds,
        st.sampled_from(["sum", "min", "max", "first", "last", "distinct"]),
        st.sampled_from(["value", "count"]),
        windows,
        OPERATORS,
        numbers,
    ),
    st.builds(
        lambda kind, what, window, how, moment: _compared(getattr(kind, what)("at", **window), how, moment),
        kinds,
        st.sampled_from(["min", "max", "first", "last"]),
        windows,
        OPERATORS,
        moments,
    ),
    st.builds(
        lambda kind, what, how, word: _compared(getattr(kind, what)("goods"), how, word),
        kinds,
        st.sampled_from(["first", "last", "min", "max"]),
        OPERATORS,
        words,
    ),
    st.builds(lambda kind, what: getattr(kind, what)("goods").is_null(), kinds, st.sampled_from(["first", "last"])),
)
segments = st.recursive(
    comparisons | counts | aggregates,
    lambda inner: (
        st.builds(lambda one, other: one & other, inner, inner)
        | st.builds(lambda one, other: one | other, inner, inner)
        | inner.map(lambda one: ~one)
    ),
    max_leaves=5,
)


@budget(max_examples=12, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(people, happened, st.lists(segments, min_size=5, max_size=8))
def test_django_finds_whom_plain_python_finds(several, events, asked):
    _kept(several, [event for event in events if event["person_id"] <= len(several)])
    for segment in asked:
        found, expected = _both(segment)
        assert found == expected, segment


@pytest.mark.slow
@budget(max_examples=1500, suppress_health_check=list(HealthCheck))
@given(people, happened, st.lists(segments, min_size=5, max_size=8))
def test_django_finds_whom_plain_python_finds_over_and_over(several, events, asked):
    _kept(several, [event for event in events if event["person_id"] <= len(several)])
    for segment in asked:
        found, expected = _both(segment)
        assert found == expected, segment


def _q(segment: Segment, **more):
    return segment.to_q(Person, **{"events": EVENTS, "now": NOW, **more})


REFUSED = [
    (f.name.matches("a.*b"), "regular expressions"),
    (f.name.casefold() == "a", "folds letters"),
    (f.name.size() > 1, "counts other characters"),
    (f.born.month("UTC") == 3, "clocks and calendars"),
    (f.joined_at.anniversary(zone="UTC"), "calendars of zones"),
    (f.born.anniversary(zone=f.name), "calendars of zones"),
    (this("day", zone="UTC").start.anniversary(zone=f.name), "calendars of zones"),
    (f.joined_at > this("day", zone=f.name).start, "calendars of zones"),
    (f.id.bucket("x") < 0.5, "no hash"),
    (f.joined_at + months(1) > NOW, "counts months"),
    (f.born + days(1) > NOW, "a date begins at another instant"),
    (f.born > NOW, "the date begins at another instant"),
    (f.born < f.joined_at, "not compared exactly"),
    (f.age < f.height, "not compared exactly"),
    (f.key == "x", "how a UUIDField compares"),
    (f.loud == "X", "makes another value"),
    (f.more == "x", "how a JSONField compares"),
    (f.collated == "x", "collation NOCASE"),
    (f.exact > 5, "rounds decimals of more than 15 digits"),
    (f.is_loyal == True, "worked out in Python"),  # noqa: E712
    (f.name == "a\0b", "NUL"),
    (f.name.contains("\ud800"), "half of a character"),
    (f.spent.isin(range(501)), "500 options are the most"),
    (ev.buy.then(ev.visit), "orders of events"),
    (ev.visit.regularly(2, of=3, every="week"), "orders of events"),
    (ev.buy.avg("count") > 1, "rounds the avg"),
    (ev.buy.sum("ratio") > 1, "rounds the sum"),
    (ev.buy.distinct("ratio") > 1, "several zeros"),
    (ev.buy.none(within=days(1), after=ev.visit.first("at")), "within other conditions"),
]


@pytest.mark.parametrize(("segment", "reason"), REFUSED, ids=[reason for _, reason in REFUSED])
def test_what_the_database_cannot_answer_exactly_is_refused(segment, reason):
    with pytest.raises(NotPortable, match=reason) as caught:
        _q(segment | (f.age > 5))
    assert caught.value.dialect == "sqlite"


WRONG = [
    (f.nam == "x", "Person has no field 'nam'; did you mean 'name'?"),
    (f.shop.citi == "x", "Shop has no field 'citi'; did you mean 'city'?"),
    (f.name.city == "x", "name has no fields within it"),
    (f.shop_id.city == "x", "shop_id has no fields within it"),
    (f.shop == 1, "shop is a record; ask for one of its fields, such as shop.id"),
    (f.name > 5, "text cannot be compared with 5"),
    (f.age.isin(["x"]), "a number cannot be compared with 'x'"),
    (f.name == f.age, "text cannot be compared with a number"),
    (f.age.contains("x"), "not a text"),
    (f.name.contains(5), "text cannot be compared with 5"),
    (f.age + days(1) > NOW, "age + 1 day is not a time"),
    (ev.buy.where(f.good == "x").did(), "Happened has no field 'good'; did you mean 'goods'?"),
    (ev.buy.sum("goods") > 5, "only numbers have a sum"),
    (ev.buy.did(within=days(1), after=f.name), "name is not a time"),
    (member("loyal"), "bind"),
]


@pytest.mark.parametrize(("segment", "reason"), WRONG, ids=[reason for _, reason in WRONG])
def test_what_is_wrong_is_told(segment, reason):
    with pytest.raises(SegmentError) as caught:
        _q(segment)
    assert reason in str(caught.value)
    assert not isinstance(caught.value, NotPortable)


@pytest.mark.parametrize(
    ("events", "reason"),
    [
        (None, "give events="),
        ([Happened], "does not say where events are kept"),
        ({"buy": {"model": Happened, "person": "person"}}, "where 'visit' is kept; there are buy"),
        ({"visit": 5}, "which field is the person"),
        ({"model": Happened}, "which field is the person"),
        ({"model": int, "person": "person"}, "which field is the person"),
        ({"model": Happened, "person": "persn"}, "did you mean 'person'?"),
        ({"model": Happened, "person": "person", "kinds": "kind"}, "has no 'kinds'; did you mean 'kind'?"),
        ({"model": Happened, "person": "person", "kind": "knd"}, "did you mean 'kind'?"),
        ({"model": Noted, "person": "who", "at": "day"}, "day is not a time"),
        ({"model": Noted, "person": "moment", "at": "moment"}, "the person's integer is not the event's time"),
    ],
)
def test_where_events_are_kept_must_be_said(events, reason):
    with pytest.raises(SegmentError) as caught:
        _q(ev.visit.did(), events=events)
    assert reason in str(caught.value)


def test_it_takes_a_model():
    with pytest.raises(SegmentError, match="is not a model of Django"):
        (f.x > 1).to_q(int)


def test_kinds_may_have_models_of_their_own_and_people_ids_of_another_sort():
    _kept([{"age": 1}, {"age": 2}])
    Noted.objects.create(who="2", moment=NOW - timedelta(days=1))
    Noted.objects.create(who="02", moment=NOW)
    events = {"visit": {"model": Noted, "person": "who", "at": "moment"}}
    found = Person.objects.filter(_q(ev.visit.did(last=days(2)), events=events))
    assert [person.id for person in found] == [2]
    by_name = {"visit": {"model": Noted, "person": "who", "at": "moment", "order": "id"}}
    Person.objects.filter(id=1).update(name="02")
    found = Person.objects.filter(_q(ev.visit.did(), events=by_name, key="name"))
    assert [person.id for person in found] == [1]


def test_a_person_may_be_a_plain_number_there():
    _kept([{"age": 1}, {"age": 2}], [{"person_id": 2, "kind": "buy", "at": NOW, "count": 1}])
    events = {"model": Happened, "person": "person_id", "kind": "kind"}
    assert [person.id for person in Person.objects.filter(_q(ev.buy.did(), events=events))] == [2]
    events = {"model": Happened, "person": "count", "kind": "kind"}
    assert [person.id for person in Person.objects.filter(_q(ev.buy.did(), events=events))] == [1]


def test_many_options_are_handed_over_as_one():
    _kept([{"name": "a'b", "age": 7}, {"name": "x", "age": None}])
    for segment in (
        f.name.isin(["a'b", *map(str, range(600))]),
        f.age.isin(range(600)),
        ~f.age.isin(range(600)) & f.name.isin(["x", *map(str, range(600))]),
        f.age.isin([0.5, 10**30]),
    ):
        found, expected = _both(segment)
        assert found == expected


@pytest.mark.parametrize(
    "text", ["'; DROP TABLE asked_person; --", '" OR 1=1 --', "%s", "%(x)s", "{0}", "\\' OR 1=1", "a;b"]
)
def test_no_text_is_ever_taken_for_sql(text):
    _kept([{"name": text}, {"name": "other"}], [{"person_id": 1, "kind": text[:20], "at": NOW, "goods": text}])
    kind = ev[text[:20]]
    for segment in (
        f.name == text,
        f.name.contains(text),
        f.name.isin([text]),
        kind.did(),
        kind.where(f.goods == text).did(),
    ):
        found, expected = _both(segment)
        assert found == expected == [1]
    with pytest.raises(SegmentError):
        _q(f[text] == 1)
    assert Person.objects.count() == 2


@pytest.mark.slow
def test_more_options_than_a_database_takes_parameters_are_no_trouble():
    _kept([{"name": "a'b", "age": 7}, {"name": "x", "age": None}])
    found, expected = _both(f.name.isin(["a'b", *map(str, range(300_000))]))
    assert found == expected == [1]


def test_far_times_stop_at_the_ends_of_the_calendar():
    _kept([{"joined_at": LATEST, "left_at": LATEST}, {"joined_at": datetime(1, 1, 1, tzinfo=UTC), "left_at": NOW}])
    for segment in (
        f.joined_at + days(10**7) == f.left_at,
        f.joined_at - days(10**7) == f.joined_at,
        ev.buy.none(within=days(9), after=f.joined_at),
    ):
        found, expected = _both(segment)
        assert found == expected


def test_sums_of_money_are_exact():
    several = [{"person_id": 1, "kind": "buy", "at": NOW, "worth": Decimal("0.10")}] * 3
    _kept([{"age": 1}, {"age": 2}], several)
    for segment in (
        ev.buy.sum("value") == Decimal("0.30"),
        ev.buy.sum("value") == 0.3,
        ev.buy.sum("value") > Decimal("0.299"),
        ev.buy.sum("value") != Decimal("0.299"),
        ev.buy.sum("value") == Decimal("0.299"),
    ):
        found, expected = _both(segment)
        assert found == expected
    assert _both(ev.buy.sum("value") == 0)[0] == _both(ev.buy.sum("count") == 0)[0][1:] == [2]


def test_the_last_anniversaries_of_the_calendar_are_kept():
    _kept([{"born": date(1990, 12, 31)}, {"born": date(1990, 12, 27)}])
    segment = f.born.anniversary(last=days(3), next=days(3), zone="UTC")
    end = LATEST - timedelta(hours=1)
    found = Person.objects.filter(segment.to_q(Person, now=end))
    assert list(found) == segment.filter(Person.objects.all(), now=end)


def test_a_constant_may_stand_first_and_a_relation_may_be_null():
    _kept([{"age": 5, "shop_id": 1}, {"age": 7}])
    first = Segment(nodes.Comparison(left=nodes.Constant(value=6), operator="<", right=nodes.Field(path=("age",))))
    for segment in (
        first,
        f.shop.is_null(),
        f.shop.is_not_null(),
        f.shop_id.is_null(),
        f.spent == Decimal("0.105"),
        f.name.contains(""),
    ):
        found, expected = _both(segment)
        assert found == expected


def test_different_values_are_counted():
    events = [{"person_id": 1, "kind": "buy", "at": NOW, "goods": goods} for goods in ("a", "A", "a", None, "")]
    _kept([{"age": 1}, {"age": 2}], events)
    assert _both(ev.buy.distinct("goods") == 3) == ([1], [1])
    assert _both(ev.buy.distinct("goods") == 0) == ([2], [2])


def test_a_huge_number_of_events_is_never_reached():
    _kept([{"age": 1}], [{"person_id": 1, "kind": "buy", "at": NOW}])
    assert _both(ev.buy.at_least(10**12)) == ([], [])
    assert _both(ev.buy.at_most(10**12)) == ([1], [1])
    assert _both(ev.buy.at_least(0)) == ([1], [1])


def test_clocks_that_are_changed_are_refused():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(settings, "USE_TZ", False)
        with pytest.raises(NotPortable, match="USE_TZ = False"):
            _q(f.joined_at > NOW)
    with pytest.raises(NotPortable, match="are not in UTC"):
        _q(f.joined_at > NOW, using="elsewhere")


def test_a_date_is_read_in_the_zone_that_is_assumed():
    _kept([{"joined_at": NOW}])
    assert Person.objects.filter(_q(f.joined_at > date(2026, 3, 1), assume_zone="UTC")).count() == 1
    with pytest.raises(SegmentError, match="assume_zone"):
        _q(f.joined_at > date(2026, 3, 1))


def test_a_window_of_nobody_knows_what_holds_for_nobody():
    _kept([{"age": 1}], [{"person_id": 1, "kind": "buy", "at": NOW}])
    for segment in (ev.buy.none(within=days(1), after=ago(days(1))), ev.buy.none(within=days(2), after=ago(days(1)))):
        found, expected = _both(segment)
        assert found == expected


def test_unknown_databases_are_refused():
    asking = Asking(Person, events=None, now=NOW, key="id", using=None, assume_zone=None)
    asking.vendor = "mysql"
    with pytest.raises(NotPortable, match="only sqlite and postgresql"):
        Conditions(asking).condition((f.age > 5).node, asking.person)


@pytest.mark.parametrize(
    ("segment", "part"),
    [
        (f.name < "a", 'COLLATE "C"'),
        (f.height > 1, "inf"),
        (f.name.isin(map(str, range(999))), "unnest"),
        (f.exact > 1, ">"),
    ],
)
def test_postgresql_is_asked_in_its_own_way(segment, part):
    asking = Asking(Person, events=EVENTS, now=NOW, key="id", using=None, assume_zone=None)
    asking.vendor = "postgresql"
    found = Person.objects.filter(Conditions(asking).condition(segment.node, asking.person))
    sql, parameters = found.query.sql_with_params()
    assert part in sql + repr(parameters)


@pytest.mark.parametrize(
    ("segment", "is_refused"), [(ev.buy.sum("value") > 1, False), (ev.buy.min("goods") > "a", True)]
)
def test_postgresql_draws_what_it_draws_exactly(segment, is_refused):
    asking = Asking(Person, events=EVENTS, now=NOW, key="id", using=None, assume_zone=None)
    asking.vendor = "postgresql"
    if is_refused:
        with pytest.raises(NotPortable, match="has no min of text"):
            Conditions(asking).condition(segment.node, asking.person)
    else:
        Conditions(asking).condition(segment.node, asking.person)
