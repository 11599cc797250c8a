"""What resolvers share: questions on their way, and answers that are kept; and what they say about DNSSEC."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import dns.flags
import dns.message
import pytest

from mailkit import dns as mdns
from mailkit.dns import Answer, Malformed, NoData, NoSuchDomain, Outcome, Query, ServerFailure, TimedOut
from mailkit.dns.cache import Cache
from mailkit.dns.drive import run_sync
from mailkit.dns.lookup import ask, each
from mailkit.errors import InvalidValue
from mailkit.testing import DNSZone, FakeClock

QUARTER = timedelta(seconds=0.25)
ZONE: dict[str, Any] = {"example.com": {"TXT": ["one"]}, "dead.example": {"TIMEOUT": True}}


def resolver(zone: DNSZone, **settings: Any) -> mdns.AsyncResolver:
    return mdns.AsyncResolver(nameservers=[zone.host], port=zone.port, **{"timeout": QUARTER, **settings})


def test_checks_at_the_same_time_ask_a_question_once() -> None:
    async def three(shared: mdns.AsyncResolver) -> list[Outcome]:
        return await asyncio.gather(*(shared.resolve(Query("example.com")) for _ in range(3)))

    with DNSZone(ZONE, latency=0.02) as zone:
        assert asyncio.run(three(resolver(zone))) == [Answer(["one"])] * 3
        assert len(zone.asked) == 1


def test_who_gives_up_does_not_take_the_answer_from_others() -> None:
    async def story(shared: mdns.AsyncResolver) -> Outcome:
        first = asyncio.create_task(shared.resolve(Query("example.com")))
        second = asyncio.create_task(shared.resolve(Query("example.com")))
        await asyncio.sleep(0)
        first.cancel()
        outcome = await second
        alone = asyncio.create_task(shared.resolve(Query("dead.example")))
        await asyncio.sleep(0)
        alone.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await alone
        await asyncio.sleep(0)
        assert not shared._flights
        return outcome

    with DNSZone(ZONE, latency=0.02) as zone:
        assert asyncio.run(story(resolver(zone))) == Answer(["one"])


def test_answers_are_kept_across_checks_resolvers_and_event_loops() -> None:
    clock = FakeClock()
    cache = Cache(clock=clock)
    with DNSZone(ZONE, ttl=300) as zone:
        shared = resolver(zone, cache=cache)
        blocking = mdns.BlockingResolver(nameservers=[zone.host], port=zone.port, cache=cache)
        for _ in range(2):
            assert run_sync(ask(Query("example.com")), resolver=shared) == Answer(["one"])
            assert run_sync(ask(Query("example.com", "MX")), resolver=shared) == NoData()
            assert blocking.resolve(Query("nowhere.example")) == NoSuchDomain()
        assert len(zone.asked) == 3
        clock.advance(timedelta(seconds=300))
        blocking.resolve(Query("example.com"))
        assert len(zone.asked) == 4


def test_dead_names_cost_one_retry_budget_together() -> None:
    zone_dict = {f"dead{number}.example": {"TIMEOUT": True} for number in range(8)}
    names = [Query(name) for name in zone_dict]
    with DNSZone(zone_dict) as zone:
        begin = time.perf_counter()
        found = run_sync(each(map(ask, names)), resolver=resolver(zone))
        took = time.perf_counter() - begin
        assert found == (TimedOut(),) * 8
        assert len(zone.asked) == 16
    assert took < 4 * 2 * QUARTER.total_seconds() * 0.9  # one after another: 8 × 2 tries


# DNSSEC


@pytest.mark.parametrize(
    ("is_signed", "settings", "expected"),
    [
        (True, {}, True),
        (True, {"wants_dnssec": True}, True),
        (False, {}, False),
        (True, {"trusts_ad": False}, False),
        (False, {"trusts_ad": True}, False),
    ],
)
def test_a_servers_word_on_dnssec_counts_on_this_machine(is_signed: bool, settings: Any, expected: bool) -> None:
    with DNSZone(ZONE, is_signed=is_signed) as zone:
        (found,) = run_sync(each([ask(Query("example.com"))]), resolver=resolver(zone, **settings))
    assert isinstance(found, Answer)
    assert found.is_authenticated is (None if settings.get("trusts_ad") is False else expected)
    assert found == Answer(["one"])


def test_a_word_from_afar_counts_only_over_a_channel_that_nobody_can_change() -> None:
    plain = mdns.AsyncResolver(nameservers=["192.0.2.53"])
    assert not plain._is_trusted("192.0.2.53")
    assert plain._is_trusted("::1")
    assert mdns.AsyncResolver(nameservers=["192.0.2.53"], transport="tls")._is_trusted("192.0.2.53")
    assert mdns.BlockingResolver(trusts_ad=True)._is_trusted("192.0.2.53")


# Lame and lying servers


@contextlib.contextmanager
def liar(answer: Callable[[bytes, socket.socket, Any], None]) -> Iterator[int]:
    """A server of datagrams that does what it is told to with each; nothing listens for TCP."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))

        def serve() -> None:
            while True:
                data, sender = listening.recvfrom(4096)
                if not data:
                    return
                answer(data, listening, sender)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", listening.getsockname())
        thread.join(5)


def told(data: bytes, text: str = "true") -> bytes:
    reply = dns.message.make_response(dns.message.from_wire(data))
    reply.answer.append(dns.rrset.from_text(reply.question[0].name, 60, "IN", "TXT", text))
    return reply.to_wire()


def asked(port: int, is_async: bool) -> Outcome:
    settings: dict[str, Any] = {"nameservers": ["127.0.0.1"], "port": port, "timeout": QUARTER}
    if is_async:
        return asyncio.run(mdns.AsyncResolver(**settings).resolve(Query("example.com")))
    return mdns.BlockingResolver(**settings).resolve(Query("example.com"))


@pytest.mark.parametrize("is_async", [True, False])
def test_what_comes_from_elsewhere_is_passed_over(is_async: bool) -> None:
    def answer(data: bytes, listening: socket.socket, sender: Any) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as elsewhere:
            elsewhere.sendto(told(data, "forged"), sender)
        listening.sendto(told(data), sender)

    with liar(answer) as port:
        assert asked(port, is_async) == Answer(["true"])


@pytest.mark.parametrize("is_async", [True, False])
def test_an_answer_with_another_id_or_question_is_never_taken(is_async: bool) -> None:
    def other_id(data: bytes, listening: socket.socket, sender: Any) -> None:
        number = (int.from_bytes(data[:2], "big") + 1) % 65536
        listening.sendto(number.to_bytes(2, "big") + told(data, "forged")[2:], sender)

    def other_question(data: bytes, listening: socket.socket, sender: Any) -> None:
        query = dns.message.make_query("example.org", "TXT", id=int.from_bytes(data[:2], "big"))
        listening.sendto(told(query.to_wire(), "forged"), sender)

    for answer in (other_id, other_question):
        with liar(answer) as port:
            assert isinstance(asked(port, is_async), Malformed)


@pytest.mark.parametrize("size", [0, 1, 11, 12, 20, 40])
def test_an_answer_cut_anywhere_is_malformed_or_silence(size: int) -> None:
    with liar(lambda data, listening, sender: listening.sendto(told(data)[:size], sender)) as port:
        assert isinstance(asked(port, True), Malformed | TimedOut | NoData)


@pytest.mark.parametrize("is_async", [True, False])
def test_a_server_that_is_not_there_has_failed(is_async: bool) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    assert isinstance(asked(port, is_async), ServerFailure | TimedOut)


@pytest.mark.parametrize(
    "settings", [{"transport": "quic"}, {"cache": {}}, {"path": "dns"}, {"path": "/\r\n"}, {"path": 5}]
)
def test_wrong_settings_are_refused(settings: dict[str, Any]) -> None:
    for make in (mdns.AsyncResolver, mdns.BlockingResolver):
        with pytest.raises(InvalidValue):
            make(**settings)
