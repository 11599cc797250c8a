from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

import pytest

from mailkit.errors import InvalidValue
from mailkit.send.smtp.lookup import DictLookup, Lookup, NoSuchName, Records, Unanswered
from mailkit.send.smtp.lookup_dns import DNSLookup
from mailkit.testing import DNSZone, FakeClock

T = TypeVar("T")

ZONE = {
    "example.org": {"MX": [[10, "mx.example.org"]], "TXT": ["v=spf1 -all"]},
    "mx.example.org": {"A": ["192.0.2.1"], "AAAA": ["2001:db8::1"]},
    "half.example.org": {"A": ["192.0.2.2"], "TIMEOUT": ["AAAA"]},
    "four.example.org": {"A": ["192.0.2.3"]},
    "alias.example.org": {"CNAME": ["example.org"]},
    "circle.example.org": {"CNAME": ["circle.example.org"]},
    "astray.example.org": {"CNAME": ["nowhere.example"]},
    "null.example.org": {"MX": [[0, "."]]},
    "dead.example.org": {"TIMEOUT": True},
    "sick.example.org": {"RCODE": "SERVFAIL"},
}


def asking(zone: DNSZone, *, clock: FakeClock | None = None, most: int = 100) -> DNSLookup:
    return DNSLookup(
        nameservers=[zone.host], port=zone.port, timeout=timedelta(seconds=0.3), clock=clock or FakeClock(), most=most
    )


def ask(call: Callable[[], Awaitable[T]]) -> T:
    async def wait() -> T:
        return await call()

    return asyncio.run(wait())


@pytest.fixture
def zone():  # type: ignore[no-untyped-def]
    with DNSZone(ZONE) as running:
        yield running


def test_mx_records_and_addresses_are_found(zone: DNSZone) -> None:
    lookup = asking(zone)
    assert isinstance(lookup, Lookup)
    assert ask(lambda: lookup.mx("Example.org")) == Records(["10 mx.example.org."])
    assert ask(lambda: lookup.addresses("mx.example.org")) == Records(["192.0.2.1", "2001:db8::1"])
    assert ask(lambda: lookup.mx("null.example.org")) == Records(["0 ."])


def test_aliases_are_followed(zone: DNSZone) -> None:
    assert ask(lambda: asking(zone).mx("alias.example.org")) == Records(["10 mx.example.org."])


@pytest.mark.parametrize("name", ["dead.example.org", "sick.example.org", "circle.example.org", "a..b", "a" * 64])
def test_what_is_not_answered_is_not_called_absent(zone: DNSZone, name: str) -> None:
    lookup = asking(zone)
    assert isinstance(ask(lambda: lookup.mx(name)), Unanswered)
    assert isinstance(ask(lambda: lookup.addresses(name)), Unanswered)


@pytest.mark.parametrize("name", ["nobody.example", "astray.example.org"])
def test_a_name_that_is_not_there_is_told_so(zone: DNSZone, name: str) -> None:
    lookup = asking(zone)
    assert ask(lambda: lookup.mx(name)) == NoSuchName()
    assert ask(lambda: lookup.addresses(name)) == NoSuchName()


def test_a_name_without_such_records_is_there_all_the_same(zone: DNSZone) -> None:
    lookup = asking(zone)
    assert ask(lambda: lookup.mx("mx.example.org")) == Records()
    assert ask(lambda: lookup.addresses("example.org")) == Records()


def test_one_version_of_ip_is_used_if_nobody_answers_for_the_other(zone: DNSZone) -> None:
    assert ask(lambda: asking(zone).addresses("half.example.org")) == Records(["192.0.2.2"])
    assert ask(lambda: asking(zone).addresses("four.example.org")) == Records(["192.0.2.3"])


def test_a_question_that_many_ask_is_sent_once(zone: DNSZone) -> None:
    lookup = asking(zone)

    async def many() -> None:
        await asyncio.gather(*(lookup.mx("example.org") for _ in range(50)))

    asyncio.run(many())
    assert len(zone.asked) == 1


def test_who_stops_waiting_takes_the_answer_from_nobody_else(zone: DNSZone) -> None:
    lookup = asking(zone)

    async def two() -> object:
        impatient, patient = (asyncio.ensure_future(lookup.mx("example.org")) for _ in range(2))
        await asyncio.sleep(0)
        impatient.cancel()
        return await patient

    async def one() -> bool:
        alone = asyncio.ensure_future(lookup.mx("dead.example.org"))
        await asyncio.sleep(0)
        alone.cancel()
        await asyncio.wait([alone])
        return alone.cancelled()

    assert asyncio.run(two()) == Records(["10 mx.example.org."])
    assert asyncio.run(one())


def test_answers_are_kept_for_their_ttl_and_failures_not_at_all(zone: DNSZone) -> None:
    clock = FakeClock()
    lookup = asking(zone, clock=clock)

    def asked(name: str) -> int:
        before = len(zone.asked)
        ask(lambda: lookup.mx(name))
        return len(zone.asked) - before

    assert [asked("example.org") for _ in range(3)] == [1, 0, 0]
    assert [asked("nobody.example") for _ in range(2)] == [1, 0]
    assert all(asked("sick.example.org") for _ in range(2))
    clock.advance(timedelta(seconds=61))
    assert asked("example.org") == 1
    assert asked("nobody.example") == 1


def test_the_longest_unused_answer_makes_room(zone: DNSZone) -> None:
    lookup = asking(zone, most=2)
    for name in ("example.org", "alias.example.org", "example.org", "null.example.org"):
        ask(lambda name=name: lookup.mx(name))  # type: ignore[misc]
    before = len(zone.asked)
    ask(lambda: lookup.mx("example.org"))
    assert len(zone.asked) == before
    ask(lambda: lookup.mx("alias.example.org"))
    assert len(zone.asked) == before + 1


def test_no_more_questions_are_on_their_way_than_allowed(zone: DNSZone) -> None:
    lookup = DNSLookup(nameservers=zone.host, port=zone.port, at_once=2, clock=FakeClock())
    names = [f"host{number}.example" for number in range(9)]

    async def many() -> list[object]:
        return await asyncio.gather(*map(lookup.mx, names))

    assert asyncio.run(many()) == [NoSuchName()] * 9
    assert [asked.name for asked in zone.asked] == names


def test_a_name_server_is_given_by_its_address() -> None:
    with pytest.raises(InvalidValue, match="is not an IP address"):
        DNSLookup(nameservers="ns.example.com")
    assert DNSLookup(nameservers="192.0.2.53").nameservers == ("192.0.2.53",)


def test_a_dict_answers_like_a_name_server() -> None:
    lookup = DictLookup({"Example.org.": ["10 mx.example.org", "192.0.2.9"], "sick.example": Unanswered("SERVFAIL")})
    assert ask(lambda: lookup.mx("example.org")) == Records(["10 mx.example.org"])
    assert ask(lambda: lookup.addresses("example.org")) == Records(["192.0.2.9"])
    assert ask(lambda: lookup.mx("sick.example")) == Unanswered("SERVFAIL")
    assert ask(lambda: lookup.mx("nobody.example")) == NoSuchName()


def test_records_are_text() -> None:
    with pytest.raises(InvalidValue, match="is not text"):
        Records([10])  # type: ignore[list-item]
