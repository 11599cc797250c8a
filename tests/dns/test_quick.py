from __future__ import annotations

from typing import Any

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailkit.dns import Answer, Malformed, NoData, NoSuchDomain, Query
from mailkit.dns.quick import read_quickly
from mailkit.dns.wire import _read, encode, matches, read

QUERY = Query("a.example.com")
KINDS = ["TXT", "A", "AAAA", "MX", "NS", "PTR"]
names = st.sampled_from(
    ["a.example.com.", "A.Example.COM.", "b.example.com.", "example.com.", "com.", ".", "o\\.d.example."]
)
rdata = {
    "TXT": st.sampled_from(['"one"', '"two " "strings"', '""', '"\\150\\000"']),
    "A": st.sampled_from(["192.0.2.1", "0.0.0.0"]),
    "AAAA": st.sampled_from(["2001:db8::1", "::", "::ffff:192.0.2.1", "::192.0.2.1", "1:0:0:2::"]),
    "MX": names.map(lambda name: f"10 {name}"),
    "NS": names,
    "PTR": names,
    "CNAME": names,
    "SOA": st.integers(0, 1 << 32 - 1).map(lambda least: f"ns.example. root.example. 1 2 3 4 {least}"),
    "HINFO": st.just('"a" "b"'),
}
records = st.sampled_from(sorted(rdata)).flatmap(
    lambda kind: st.tuples(names, st.integers(0, 1 << 31), st.just(kind), st.lists(rdata[kind], min_size=1, max_size=2))
)


def message(kind: str, answer: Any, authority: Any, code: int, flags: int, edns: int) -> bytes:
    query = dns.message.make_query("a.example.com", kind, use_edns=0 if edns else False, id=1)
    reply = dns.message.make_response(query, recursion_available=True)
    reply.flags |= flags
    reply.set_rcode(code)
    for section, found in ((reply.answer, answer), (reply.authority, authority)):
        for name, ttl, its_kind, values in found:
            section.append(dns.rrset.from_text(name, min(ttl, dns.ttl.MAX_TTL), "IN", its_kind, *values))
    return reply.to_wire()


messages = st.tuples(
    st.sampled_from(KINDS),
    st.lists(records, max_size=4),
    st.lists(records, max_size=2),
    st.sampled_from([0, 0, 0, 3, 2, 16]),
    st.sampled_from([0, 0, dns.flags.AD, dns.flags.AA, dns.flags.TC]),
    st.sampled_from([0, 1]),
)


def same(one: Any, other: Any) -> bool:
    facts = [[getattr(found, name, None) for name in ("ttl", "aliases", "is_authenticated")] for found in (one, other)]
    return one == other and facts[0] == facts[1]


def by_dnspython(wire: bytes) -> Any:
    try:
        return _read(dns.message.from_wire(wire), is_trusted=True)
    except dns.exception.DNSException:
        return None


@settings(max_examples=400)
@given(messages)
def test_what_is_read_quickly_is_what_dnspython_reads(parts: Any) -> None:
    wire = message(*parts)
    quick = read_quickly(wire, int(dns.rdatatype.from_text(parts[0])), is_trusted=True)
    assert quick is None or same(quick, by_dnspython(wire))


@settings(max_examples=400)
@given(messages, st.lists(st.tuples(st.integers(12, 200), st.integers(0, 255)), max_size=3), st.integers(12, 300))
def test_also_when_bytes_were_changed_or_lost(parts: Any, changes: list[tuple[int, int]], size: int) -> None:
    wire = message(*parts)
    kind = int(dns.message.from_wire(wire).question[0].rdtype)
    question = 12 + len(dns.name.from_text("a.example.com").to_wire()) + 4
    changed = bytearray(wire)
    for place, value in changes:
        if question <= place < len(changed):
            changed[place] = value
    cut = bytes(changed[: max(size, question)])
    quick = read_quickly(cut, kind, is_trusted=True)
    assert quick is None or same(quick, by_dnspython(cut))


@given(st.binary(max_size=120))
def test_any_bytes_end_in_an_outcome(wire: bytes) -> None:
    for kind in ("TXT", "MX", "CAA"):
        read(wire, Query("a.example.com", kind))
        read(b"\0\0\x81\x80\0\1" + wire, Query("a.example.com", kind))


def plain(kind: str, *answer: Any, authority: Any = (), code: int = 0) -> Any:
    wire = message(kind, answer, authority, code, 0, 1)
    return read_quickly(wire, int(dns.rdatatype.from_text(kind)), is_trusted=False)


def test_common_replies_are_read_quickly() -> None:
    soa = ("example.com.", 300, "SOA", ["ns.example. root.example. 1 2 3 4 60"])
    alias = ("a.example.com.", 5, "CNAME", ["b.example.com."])
    assert plain("TXT", ("a.example.com.", 60, "TXT", ['"one" "two"'])) == Answer(["onetwo"])
    assert plain("MX", ("a.example.com.", 60, "MX", ["0 ."])) == Answer(["0 ."])
    found = plain("A", alias, ("b.example.com.", 60, "A", ["192.0.2.1"]))
    assert (found.ttl, found.aliases) == (5, ("b.example.com",))
    absent = plain("A", authority=[soa])
    assert (absent, absent.ttl) == (NoData(), 60)
    assert plain("A", authority=[soa], code=3) == NoSuchDomain()


def test_the_rest_is_left_to_dnspython() -> None:
    soa = ("example.com.", 300, "SOA", ["ns.example. root.example. 1 2 3 4 60"])
    alias = ("a.example.com.", 5, "CNAME", ["b.example.com."])
    text = ("a.example.com.", 60, "TXT", ['"one"'])
    assert plain("CAA", ("a.example.com.", 60, "CAA", ['0 issue "x"'])) is None
    assert plain("TXT", text, code=2) is plain("TXT", alias) is plain("TXT") is None
    assert plain("TXT", ("o\\.d.example.", 60, "TXT", ['"one"'])) is None
    assert plain("TXT", text, ("b.example.", 60, "HINFO", ['"a" "b"'])) is None
    assert plain("A", authority=[("net.", 300, *soa[2:])]) is plain("A", authority=[soa, ("com.", *soa[1:])]) is None
    assert plain("A", ("a.example.com.", 5, "CNAME", ["a.example.com."])) is None
    aliases = [
        (f"{one}.example.com.", 5, "CNAME", [f"{next_one}.example.com."])
        for one, next_one in zip("abcdefghi", "bcdefghij", strict=True)
    ]
    assert plain("A", *aliases, ("j.example.com.", 60, "A", ["192.0.2.1"])) is None
    wire = message("TXT", [text], [], 0, 0, 0)
    assert read_quickly(wire + b"\0", 16, is_trusted=False) is None
    assert read_quickly(wire[:5] + b"\2" + wire[6:], 16, is_trusted=False) is None
    assert read_quickly(message("TXT", [text], [], 16, 0, 1), 16, is_trusted=False) is None
    assert read_quickly(message("TXT", [text], [], 0, dns.flags.TC, 1), 16, is_trusted=False) is None


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("TXT", b""),
        ("TXT", b"\x05one"),
        ("A", b"\1\2\3"),
        ("AAAA", b"\0" * 15),
        ("MX", b"\0"),
        ("MX", b"\0\1\0\0"),
        ("PTR", b"\3one\0\0"),
        ("PTR", b"\x40one"),
        ("PTR", b"\xc0\xff"),
        ("PTR", b"\x3f" + b"x" * 63),
        ("PTR", (b"\x3f" + b"x" * 63) * 4 + b"\0"),
    ],
)
def test_broken_content_is_malformed(kind: str, content: bytes) -> None:
    number = int(dns.rdatatype.from_text(kind))
    wire = message(kind, [], [], 0, 0, 0)
    wire = wire[:6] + b"\0\1" + wire[8:] + b"\xc0\x0c" + number.to_bytes(2, "big") + b"\0\1\0\0\0\x3c"
    wire += len(content).to_bytes(2, "big") + content
    assert read_quickly(wire, number, is_trusted=False) is None
    assert isinstance(read(wire, Query("a.example.com", kind)), Malformed)


def test_an_absence_whose_soa_record_is_broken_is_malformed() -> None:
    soa = ("example.com.", 300, "SOA", ["ns.example. root.example. 1 2 3 4 60"])
    wire = message("A", [], [soa], 0, 0, 0)
    start = wire.index(b"\x02ns")
    longer = wire[: start - 2] + (len(wire) - start + 1).to_bytes(2, "big") + wire[start:] + b"\0"
    for broken in (wire[:-4] + b"\xff" * 4, longer):
        assert read_quickly(wire, 1, is_trusted=False) == NoData()
        assert read_quickly(broken, 1, is_trusted=False) is None


def test_a_reply_may_lack_its_question_only_if_it_is_a_refusal() -> None:
    wire = encode(QUERY)
    assert isinstance(wire, bytes)
    assert [code for code in range(16) if matches(wire, wire[:2] + bytes([0x80, code]) + bytes(8))] == [1, 2, 4, 5]
    for reply in (b"", wire[:12], wire, b"\0" + wire[1:], wire[:2] + b"\x80" + wire[3:20]):
        assert not matches(wire, reply)


def test_names_with_odd_letters_are_read_all_the_same() -> None:
    for kind, content, expected in [("MX", "10 O\\.d.example.", "10 o\\.d.example"), ("PTR", "o\\.d.", "o\\.d")]:
        wire = message(kind, [("a.example.com.", 60, kind, [content])], [], 0, 0, 0)
        assert read_quickly(wire, int(dns.rdatatype.from_text(kind)), is_trusted=False) is None
        assert read(wire, Query("a.example.com", kind)) == Answer([expected])
