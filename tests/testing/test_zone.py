from __future__ import annotations

import asyncio
import socket
import threading
from datetime import timedelta
from typing import Any

import dns.flags
import dns.message
import dns.query
import dns.rcode
import pytest

from mailkit.dns import (
    Answer,
    BlockingResolver,
    DictResolver,
    Malformed,
    NoData,
    NoSuchDomain,
    Query,
    ServerFailure,
    TimedOut,
)
from mailkit.errors import InvalidValue
from mailkit.testing.zone import DNSZone


def ask(
    zone: DNSZone, name: str, kind: str = "TXT", *, over: Any = dns.query.udp, payload: int = 1232
) -> dns.message.Message:
    query = dns.message.make_query(name, kind, use_edns=0, payload=payload)
    reply: dns.message.Message = over(query, zone.host, port=zone.port, timeout=1)
    return reply


def texts(reply: dns.message.Message) -> list[tuple[bytes, ...]]:
    return sorted(rdata.strings for rrset in reply.answer for rdata in rrset)


def test_a_name_above_a_listed_one_exists_and_any_other_does_not() -> None:
    with DNSZone({"a.b.example": {"A": ["192.0.2.1"]}}) as zone:
        assert ask(zone, "b.example").rcode() == dns.rcode.NOERROR
        assert ask(zone, "A.B.Example.").rcode() == dns.rcode.NOERROR
        missing = ask(zone, "c.example")
    assert missing.rcode() == dns.rcode.NXDOMAIN
    assert missing.authority


def test_text_is_sent_as_its_bytes_in_strings_of_at_most_255() -> None:
    with DNSZone({"a.example": {"TXT": ["\x96", "ж", b"\xff", ["a", "b"], "", [], "x" * 300]}}) as zone:
        found = texts(ask(zone, "a.example"))
    expected = [(b"\x96",), ("ж".encode(),), (b"\xff",), (b"a", b"b"), (b"",), (b"x" * 255, b"x" * 45)]
    assert found == sorted(expected)


@pytest.mark.parametrize("over", [dns.query.udp, dns.query.tcp])
def test_it_answers_over_udp_and_tcp_on_one_port(over: Any) -> None:
    with DNSZone(
        {"a.example": {"MX": [[10, "mx.example"], "20 mx2.example.", "30 mx3.example", "0 ."], "NS": ["ns.example"]}}
    ) as zone:
        assert "10 mx.example." in str(ask(zone, "a.example", "MX", over=over))
        assert "ns.example." in str(ask(zone, "a.example", "NS", over=over))
        assert [asked.transport for asked in zone.asked] == [over.__name__] * 2


def test_long_answers_are_cut_short_over_udp_and_whole_over_tcp() -> None:
    node = {"TXT": ["x" * 3000]}
    with DNSZone({"long.example": node, "told.example": {"TXT": ["short"], "TRUNCATE": True}}) as zone:
        for name in ("long.example", "told.example"):
            assert ask(zone, name).flags & dns.flags.TC
            whole = ask(zone, name, over=dns.query.tcp)
            assert not whole.flags & dns.flags.TC
            assert texts(whole)


@pytest.mark.parametrize(
    ("node", "kind", "answers"),
    [
        ({"TIMEOUT": True}, "TXT", False),
        ({"TIMEOUT": True, "TXT": ["here"]}, "TXT", True),
        ({"TIMEOUT": ["TXT"], "A": ["192.0.2.1"]}, "TXT", False),
        ({"TIMEOUT": ["TXT"], "A": ["192.0.2.1"]}, "A", True),
    ],
)
def test_silence_is_for_the_types_it_is_told_for(node: dict[str, Any], kind: str, answers: bool) -> None:
    with DNSZone({"a.example": node}) as zone:
        query = dns.message.make_query("a.example", kind)
        try:
            dns.query.udp(query, zone.host, port=zone.port, timeout=0.25)
        except dns.exception.Timeout:
            assert not answers
        else:
            assert answers


def test_response_codes_are_for_all_types_or_for_one() -> None:
    with DNSZone({"a.example": {"RCODE": "SERVFAIL"}, "b.example": {"RCODE": {"TXT": "REFUSED"}}}) as zone:
        assert ask(zone, "a.example").rcode() == dns.rcode.SERVFAIL
        assert ask(zone, "b.example").rcode() == dns.rcode.REFUSED
        assert ask(zone, "b.example", "A").rcode() == dns.rcode.NOERROR


def test_aliases_are_followed_in_the_zone_and_circles_end() -> None:
    zone_of = {
        "a.example": {"CNAME": ["b.example"]},
        "b.example": {"TXT": ["here"]},
        "c.example": {"CNAME": ["c.example"]},
    }
    with DNSZone(zone_of) as zone:
        assert len(ask(zone, "a.example").answer) == 2
        assert len(ask(zone, "a.example", "CNAME").answer) == 1
        assert len(ask(zone, "c.example").answer) == 1


def test_latency_is_waited_for_over_both_transports() -> None:
    async def seconds(over: Any) -> float:
        loop = asyncio.get_running_loop()
        start = loop.time()
        await asyncio.to_thread(ask, zone, "a.example", over=over)
        return loop.time() - start

    with DNSZone({"a.example": {"TXT": ["x"], "LATENCY": 0.05}}, latency=0.05) as zone:
        assert asyncio.run(seconds(dns.query.udp)) >= 0.09
        assert asyncio.run(seconds(dns.query.tcp)) >= 0.09


def test_what_is_no_question_gets_silence_and_harms_nothing() -> None:
    with DNSZone({"a.example": {"TXT": ["x"]}}) as zone:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(b"junk", (zone.host, zone.port))
            sender.sendto(dns.message.Message().to_wire(), (zone.host, zone.port))
        assert texts(ask(zone, "a.example")) == [(b"x",)]
        assert zone.questions() == [("a.example", "TXT")]


def test_a_connection_left_open_does_not_keep_it_alive() -> None:
    before = set(threading.enumerate())
    with DNSZone({}) as zone:
        connection = socket.create_connection((zone.host, zone.port))
        ask(zone, "a.example", over=dns.query.tcp)
    connection.close()
    assert set(threading.enumerate()) <= before


def test_an_answer_on_its_way_when_it_ends_is_lost_in_silence() -> None:
    with DNSZone({"a.example": {"TXT": ["x"]}}, latency=5) as zone:
        with pytest.raises(dns.exception.Timeout):
            dns.query.udp(dns.message.make_query("a.example", "TXT"), zone.host, port=zone.port, timeout=0.1)
        assert zone.questions() == [("a.example", "TXT")]


def test_a_broken_zone_is_told_when_it_is_built() -> None:
    with pytest.raises(InvalidValue, match="does not map a name"):
        DNSZone({3: {}})


def test_the_flat_form_of_a_dict_resolver_will_do_and_tells_the_same() -> None:
    flat = {
        ("a.example", "TXT"): "one",
        ("a.example", "mx"): ["10 mx.example."],
        Query("b.example."): Answer(("two",)),
        ("c.example", "TXT"): NoSuchDomain(),
        ("d.example", "TXT"): ServerFailure("REFUSED"),
        ("e.example", "TXT"): NoData(),
        ("f.example", "TXT"): TimedOut(),
        ("f.example", "A"): ["192.0.2.1"],
    }
    resolver = DictResolver(flat)
    with DNSZone({**flat, "g.example": {"A": ["192.0.2.2"]}}) as zone:
        wired = BlockingResolver(nameservers=zone.host, port=zone.port, timeout=timedelta(seconds=0.2), tries=1)
        for key in flat:
            query = key if isinstance(key, Query) else Query(*key)
            if query.type != "MX":
                assert wired.resolve(query) == resolver.resolve(query)
        assert wired.resolve(Query("a.example", "MX")) == Answer(("10 mx.example",))
        assert wired.resolve(Query("g.example", "A")) == Answer(("192.0.2.2",))


@pytest.mark.parametrize(
    "zone", [{"a.example": ["x"]}, {5: {}}, {("a", "TXT", "x"): []}, {("a", "TXT"): Malformed("x")}]
)
def test_what_is_in_neither_form_is_refused(zone: dict[Any, Any]) -> None:
    with pytest.raises(InvalidValue, match="DNSZone"):
        DNSZone(zone)
