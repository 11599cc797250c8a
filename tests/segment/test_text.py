# ruff: noqa: DTZ001 - times without a zone are what is tried here
from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from mailkit.segment import Segment, ago, ahead, days, hours, months
from mailkit.segment import event as ev
from mailkit.segment import field as f
from mailkit.segment.text import sentence

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
A, B, C = f.a == 1, f.b == 2, f.c == 3

SENTENCES = [
    (f.city == "Kazan", 'city = "Kazan"'),
    (f.city != 'The "Hague"', r'city != "The \"Hague\""'),
    (f.address.city == "Уфа", 'address.city = "Уфа"'),
    (f["home town"]["a.b"] == True, "`home town`.`a.b` = true"),  # noqa: E712
    (f["last"] == False, "`last` = false"),  # noqa: E712
    (f["a`b\\"] == 1, r"`a\`b\\` = 1"),
    (f.nickname.optional().is_null(), "nickname? is null"),
    (f.price <= Decimal("29.30"), "price <= 29.30"),
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


def test_different_segments_read_differently() -> None:
    assert len({str(segment) for segment, _ in SENTENCES}) == len(SENTENCES)


def test_parts_read_too() -> None:
    from mailkit.segment import nodes

    assert sentence(nodes.Now()) == "now"
    assert sentence(nodes.Ever()) == ""
    events = nodes.Events(kind="purchase", window=nodes.Last(span=days(3)))
    assert sentence(events) == "purchase within last 3 days"
    assert sentence(nodes.Count(events=events, least=2, most=4)) == "from 2 to 4 purchase within last 3 days"
