from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import dns.resolver
import dns.rrset
import pytest

from mailkit import dns as mdns
from mailkit.dns import Answer, Malformed, NoData, NoSuchDomain, Outcome, Query, ServerFailure, TimedOut
from mailkit.dns.resolver import _system_nameservers
from mailkit.dns.wire import read, trouble
from mailkit.errors import InvalidValue, ResolverError
from mailkit.testing.zone import DNSZone

QUARTER = timedelta(seconds=0.25)
ZONE: dict[str, dict[str, Any]] = {
    "example.com": {
        "TXT": ["one", ["two ", "strings"], b"\x96\x00"],
        "A": ["192.0.2.1", "192.0.2.2"],
        "MX": [[10, "MX.example.com"], [0, "."]],
        "NS": ["ns.example.com"],
    },
    "alias.example.com": {"CNAME": ["example.com"]},
    "circle.example.com": {"CNAME": ["circle.example.com"]},
    "dangling.example.com": {"CNAME": ["nowhere.example.org"]},
    "dead.example.com": {"TIMEOUT": True},
    "sick.example.com": {"RCODE": "SERVFAIL"},
    "shut.example.com": {"RCODE": "REFUSED"},
    "long.example.com": {"TXT": ["x" * 60000]},
    "cut.example.com": {"TXT": ["whole"], "TRUNCATE": True},
    "odd\\name.example.com": {"TXT": ["odd"]},
    "\x96.example.com": {"TXT": ["byte"]},
}


def resolve(is_async: bool, query: Query, host: str, port: int, tries: int = 2) -> Outcome:
    if is_async:
        resolver = mdns.AsyncResolver(nameservers=[host], port=port, timeout=QUARTER, tries=tries)
        return asyncio.run(resolver.resolve(query))
    return mdns.BlockingResolver(nameservers=[host], port=port, timeout=QUARTER, tries=tries).resolve(query)


@pytest.fixture(params=[True, False], ids=["async", "blocking"])
def is_async(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        ("example.com", "TXT", Answer(("one", "two strings", "\x96\x00"))),
        ("EXAMPLE.com.", "a", Answer(("192.0.2.1", "192.0.2.2"))),
        ("example.com", "MX", Answer(("10 mx.example.com", "0 ."))),
        ("example.com", "NS", Answer(("ns.example.com",))),
        ("alias.example.com", "A", Answer(("192.0.2.1", "192.0.2.2"))),
        ("example.com", "AAAA", NoData()),
        ("nowhere.example.com", "TXT", NoSuchDomain()),
        ("dangling.example.com", "TXT", NoSuchDomain()),
        ("sick.example.com", "TXT", ServerFailure("SERVFAIL")),
        ("shut.example.com", "TXT", ServerFailure("REFUSED")),
        ("dead.example.com", "TXT", TimedOut()),
        ("long.example.com", "TXT", Answer(("x" * 60000,))),
        ("cut.example.com", "TXT", Answer(("whole",))),
        ("odd\\name.example.com", "TXT", Answer(("odd",))),
        ("\x96.example.com", "TXT", Answer(("byte",))),
        ("circle.example.com", "TXT", Malformed("its aliases lead in a circle")),
        ("a..example.com", "TXT", Malformed("the name has an empty label")),
        ("ж.example.com", "TXT", Malformed("the name has characters that are not bytes")),
        ("example.com", "NOSUCHTYPE", Malformed("there is no record type NOSUCHTYPE")),
    ],
)
def test_each_way_a_question_can_end_is_told_apart(is_async: bool, name: str, kind: str, expected: Outcome) -> None:
    with DNSZone(ZONE) as zone:
        outcome = resolve(is_async, Query(name, kind), zone.host, zone.port)
    if isinstance(outcome, Answer) and isinstance(expected, Answer):
        assert sorted(outcome.values) == sorted(expected.values)
        assert outcome.ttl == 60
    else:
        assert outcome == expected


def test_a_silent_or_failing_server_is_asked_once_more(is_async: bool) -> None:
    with DNSZone(ZONE) as zone:
        resolve(is_async, Query("dead.example.com"), zone.host, zone.port)
        resolve(is_async, Query("sick.example.com"), zone.host, zone.port)
        resolve(is_async, Query("nowhere.example.com"), zone.host, zone.port)
        asked = [name for name, _ in zone.questions()]
    assert asked == ["dead.example.com"] * 2 + ["sick.example.com"] * 2 + ["nowhere.example.com"]


def test_an_answer_cut_short_is_asked_for_over_tcp(is_async: bool) -> None:
    with DNSZone(ZONE) as zone:
        resolve(is_async, Query("cut.example.com"), zone.host, zone.port)
        assert [asked.transport for asked in zone.asked] == ["udp", "tcp"]


class Liar:
    """A name server that answers every datagram with what it is told to; nothing listens for TCP."""

    def __init__(self, lie: Callable[[bytes], bytes]) -> None:
        self.lie = lie
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]

    def __enter__(self) -> Liar:
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()
        return self

    def serve(self) -> None:
        while True:
            data, sender = self.socket.recvfrom(4096)
            if not data:
                return
            self.socket.sendto(self.lie(data), sender)

    def __exit__(self, *error: object) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", ("127.0.0.1", self.port))
        self.thread.join(5)
        self.socket.close()


def of_another(data: bytes) -> bytes:
    """A reply to a question that was never asked."""
    query = dns.message.make_query("other.example", "TXT", id=int.from_bytes(data[:2], "big"))
    return dns.message.make_response(query).to_wire()


def cut_short(data: bytes) -> bytes:
    reply = dns.message.make_response(dns.message.from_wire(data))
    reply.flags |= dns.flags.TC
    return reply.to_wire()


@pytest.mark.parametrize(
    "lie", [lambda data: b"no message", of_another, lambda data: b"\0\0" + data[2:], lambda data: data]
)
def test_what_is_no_answer_to_the_question_is_malformed(is_async: bool, lie: Callable[[bytes], bytes]) -> None:
    with Liar(lie) as liar:
        assert isinstance(resolve(is_async, Query("example.com"), "127.0.0.1", liar.port), Malformed)


def test_a_server_that_cannot_be_reached_has_failed(is_async: bool) -> None:
    with Liar(cut_short) as liar:
        outcome = resolve(is_async, Query("example.com"), "127.0.0.1", liar.port)
    assert isinstance(outcome, ServerFailure)
    assert "not reachable" in outcome.reason


def test_the_second_name_server_is_asked_when_the_first_fails() -> None:
    resolver = mdns.BlockingResolver(nameservers=["192.0.2.1", "192.0.2.2"], tries=3)
    assert resolver._asked == ("192.0.2.1", "192.0.2.2", "192.0.2.1")


def test_a_reply_that_is_no_query_reply_is_malformed() -> None:
    query = Query("example.com")
    update = dns.message.from_wire(dns.message.make_query("example.com", "TXT").to_wire())
    reply = dns.message.make_response(update)
    reply.question.clear()
    assert isinstance(read(reply, query), Malformed)
    status = dns.message.Message()
    assert isinstance(read(status, query), Malformed)


def test_an_error_that_is_not_the_networks_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        trouble(ZeroDivisionError())


def test_the_machines_own_name_servers_are_asked_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    def read(self: dns.resolver.Resolver, file: object) -> None:
        self.nameservers = ["192.0.2.53"]

    monkeypatch.setattr(dns.resolver.Resolver, "read_resolv_conf", read)
    assert mdns.AsyncResolver()._asked == ("192.0.2.53", "192.0.2.53")


def test_without_a_name_server_the_error_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setattr(
        dns.resolver.Resolver,
        "read_resolv_conf",
        lambda self, file: (_ for _ in ()).throw(dns.resolver.NoResolverConfiguration),
    )
    with pytest.raises(ResolverError, match="give nameservers"):
        _system_nameservers()
    with pytest.raises(ResolverError, match="give nameservers"):
        mdns.check_sync("example.com")
    mdns.AsyncResolver()


@pytest.mark.parametrize(
    "settings",
    [
        {"nameservers": ["ns.example.com"]},
        {"timeout": 3},
        {"timeout": timedelta()},
        {"port": 0},
        {"tries": 0},
        {"port": "53"},
        {"port": 99999},
        {"nameservers": 5},
    ],
)
def test_wrong_settings_are_refused_at_once(settings: dict[str, Any]) -> None:
    for make in (mdns.AsyncResolver, mdns.BlockingResolver):
        with pytest.raises(InvalidValue):
            make(**settings)


def test_a_type_beyond_all_numbers_cannot_be_asked_for() -> None:
    resolver = mdns.BlockingResolver(nameservers="127.0.0.1")
    for kind in ("TYPE99999", "TXTT"):
        assert resolver.resolve(Query("x.example", kind)) == Malformed(f"there is no record type {kind}")
