# ruff: noqa: DTZ001 - times without a zone are what is tried here
from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import attrs
import pytest

from mailkit.segment import Segment, ago, ahead, days, hours, months, nodes
from mailkit.segment import event as ev
from mailkit.segment import field as f
from mailkit.segment.language.text import sentence

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
A, B, C = f.a == 1, f.b == 2, f.c == 3

SENTENCES = [
    (f.city == "Kazan", 'city = "Kazan"'),
    (f.city != 'The "Hague"', r'city != "The \"Hague\""'),
    (f.address.city == "Уфа", 'address.city = "Уфа"'),
    (f["home town"]["a.b"] == True, "`home town`.`a.b` = true"),  # noqa: E712
    (f["last"] == False, "last = false"),  # noqa: E712
    (f["where"] == "a\n\u202eb", r'`where` = "a\n\u202eb"'),
    (f.a == datetime(2026, 10, 25, 2, 30, fold=1), "a = 2026-10-25T02:30:00 again"),
    (f.a.isin([-5, 5.0, 1e300]), "a in (-5, 5.0, 1e+300)"),
    (~f.city.isin(["Kazan"]), 'city not in ("Kazan")'),
    (f["a`b\\"] == 1, r"`a\`b\\` = 1"),
    (f.nickname.optional().is_null(), "nickname? is null"),
    (f.price <= Decimal("29.30"), 'price <= decimal "29.30"'),
    (f.born < date(2008, 3, 1), "born < 2008-03-01"),
    (f.joined_at >= NOW, "joined_at >= 2026-03-01T12:00:00Z"),
    (f.joined_at > datetime(2026, 3, 1), "joined_at > 2026-03-01T00:00:00"),
    (f.joined_at > ago(days(30)), "joined_at > 30 days ago"),
    (f.ends_at <= ahead(hours(1)), "ends_at <= now + 1 hour"),
    (f.a + days(1) < f.b - months(1), "a + 1 day < b - 1 month"),
    (f.city.isin(["Kazan", "Ufa"]), 'city in ("Kazan", "Ufa")'),
    (f.age.between(18, 30), "age >= 18 and age <= 30"),
    (f.tags.contains("vip"), 'tags contains "vip"'),
    (f.email.startswith("a") & f.email.endswith(".example"), 'email starts with "a" and email ends with ".example"'),
    (f.city.is_not_null(), "city is not null"),
    (A & B & C, "a = 1 and b = 2 and c = 3"),
    (A | B | C, "a = 1 or b = 2 or c = 3"),
    (A & (B | C), "a = 1 and (b = 2 or c = 3)"),
    ((A & B) | C, "a = 1 and b = 2 or c = 3"),
    (~A & ~(B & C), "not a = 1 and not (b = 2 and c = 3)"),
    (ev.purchase.did(), "any purchase"),
    (ev.purchase.none(), "no purchase"),
    (ev.purchase.at_least(2), "at least 2 purchase"),
    (ev.purchase.at_most(2), "at most 2 purchase"),
    (ev.purchase.exactly(2), "exactly 2 purchase"),
    (ev["Order Placed"].did(last=days(1)), "any `Order Placed` within last 1 day"),
    (ev.purchase.none(last=days(90)), "no purchase within last 90 days"),
    (ev.purchase.did(between=(date(2026, 1, 1), NOW)), "any purchase between 2026-01-01 and 2026-03-01T12:00:00Z"),
    (ev.purchase.did(between=(f.joined_at, None)), "any purchase since joined_at"),
    (ev.purchase.did(between=(None, ago(days(9)))), "any purchase before 9 days ago"),
    (ev.purchase.none(within=days(7), after=f.joined_at), "no purchase within 7 days after joined_at"),
    (~ev.purchase.did(within=days(7), after=f.joined_at), "not any purchase within 7 days after joined_at"),
    (ev.purchase.where(f.value > 100).did(), "any purchase where (value > 100)"),
    (ev.purchase.sum("value", last=days(365)) >= 100, "sum(value of purchase within last 365 days) >= 100"),
    (ev.opened.last("at").is_null(), "last(at of opened) is null"),
]


@pytest.mark.parametrize(("segment", "text"), SENTENCES, ids=[text for _, text in SENTENCES])
def test_a_segment_reads_as_a_sentence(segment: Segment, text: str) -> None:
    assert str(segment) == text


AT, ZONE, FIELD_ZONE = nodes.Field(path=("at",)), nodes.Constant(value="Europe/Moscow"), nodes.Field(path=("zone",))
A_KIND, B_KIND, C_KIND = (nodes.Events(kind=kind) for kind in "abc")
NODES = [
    (nodes.PartOf(of=AT, part="hour", zone=ZONE), 'hour(at, "Europe/Moscow")'),
    (nodes.PartOf(of=nodes.Now(), part="date", zone=FIELD_ZONE), "date(now, zone)"),
    (nodes.Begin(unit="month", offset=0, zone=ZONE), 'start of month in "Europe/Moscow"'),
    (nodes.Begin(unit="week", offset=1, zone=FIELD_ZONE), "start of week + 1 in zone"),
    (nodes.Begin(unit="day", offset=-30, zone=FIELD_ZONE), "start of day - 30 in zone"),
    (nodes.Folded(value=AT), "casefold(at)"),
    (nodes.Size(value=AT), "size(at)"),
    (nodes.Distance(latitude=AT, longitude=AT, to_latitude=55.79, to_longitude=-49), "distance(at, at, 55.79, -49.0)"),
    (nodes.Bucket(of=AT, salt="spring"), 'bucket(at, "spring")'),
    (nodes.Aggregate(function="distinct", of=AT, events=A_KIND), "distinct(at of a)"),
    (nodes.TextTest(value=AT, match="contains", what=nodes.Constant(value=3)), "at contains 3"),
    (nodes.Anniversary(of=AT, zone=FIELD_ZONE), "anniversary of at today in zone"),
    (nodes.Anniversary(of=AT, next=3, zone=ZONE), 'anniversary of at within next 3 days in "Europe/Moscow"'),
    (nodes.Anniversary(of=AT, last=1, zone=FIELD_ZONE), "anniversary of at within last 1 day in zone"),
    (
        nodes.Anniversary(of=AT, last=2, next=3, zone=FIELD_ZONE),
        "anniversary of at within last 2 and next 3 days in zone",
    ),
    (nodes.Member(name="loyal"), 'in segment "loyal"'),
    (nodes.Regular(events=A_KIND, least=3, of=4, unit="week"), "any a in at least 3 of last 4 weeks"),
    (
        nodes.Sequence(
            first=attrs.evolve(A_KIND, window=nodes.Last(span=days(30))),
            steps=(
                nodes.Step(events=B_KIND, within=hours(1)),
                nodes.Step(events=C_KIND, within=days(3), is_absent=True),
                nodes.Step(events=B_KIND),
            ),
        ),
        "any a within last 30 days then b within 1 hour then no c within 3 days then b",
    ),
    (nodes.Not(part=nodes.Not(part=nodes.IsNull(value=AT))), "not at is not null"),
    (nodes.And(parts=(nodes.And(parts=(A.node, B.node)), C.node)), "(a = 1 and b = 2) and c = 3"),
    (nodes.Or(parts=(nodes.Or(parts=(A.node, B.node)), C.node)), "(a = 1 or b = 2) or c = 3"),
    (nodes.Shift(base=nodes.Now(), span=days(3), is_forward=False), "3 days ago"),
]


@pytest.mark.parametrize(("node", "text"), NODES, ids=[text for _, text in NODES])
def test_what_else_there_is_reads_as_a_sentence_too(node: nodes.Node, text: str) -> None:
    assert sentence(node) == text


def test_different_segments_read_differently() -> None:
    assert len({str(segment) for segment, _ in SENTENCES}) == len(SENTENCES)


def test_parts_read_too() -> None:
    assert sentence(nodes.Now()) == "now"
    assert sentence(nodes.Ever()) == ""
    events = nodes.Events(kind="purchase", window=nodes.Last(span=days(3)))
    assert sentence(events) == "purchase within last 3 days"
    assert sentence(nodes.Count(events=events, least=2, most=4)) == "from 2 to 4 purchase within last 3 days"
