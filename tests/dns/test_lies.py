"""What name servers say that know nothing of a name is a failure, and never an absence."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rrset
import pytest

from mailkit.dns import (
    Answer,
    BlockingResolver,
    Malformed,
    NoData,
    NoSuchDomain,
    Outcome,
    Query,
    ServerFailure,
    TimedOut,
    check_sync,
)
from mailkit.dns.cache import Cache
from mailkit.dns.onward import Onward, behind
from mailkit.dns.resolver import AsyncResolver

Line = tuple[str, str, str]
SOA: Line = ("example.com.", "SOA", "ns.example. root.example. 1 2 3 4 5")
ALIAS: Line = ("a.example.com.", "CNAME", "b.example.org.")


def reply(
    asked: dns.message.Message,
    *,
    answer: tuple[Line, ...] = (),
    authority: tuple[Line, ...] = (),
    code: str = "NOERROR",
    flags: int = dns.flags.RA,
) -> bytes:
    made = dns.message.make_response(asked)
    made.flags |= flags
    made.set_rcode(dns.rcode.from_text(code))
    for section, lines in ((made.answer, answer), (made.authority, authority)):
        for name, kind, value in lines:
            section.append(dns.rrset.from_text(name, 60, "IN", kind, value))
    return made.to_wire()


@contextmanager
def lying(lie: Callable[[dns.message.Message], bytes | None]) -> Iterator[int]:
    """A name server on loopback that says the same over UDP and over TCP."""
    streams, datagrams = socket.socket(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    while True:
        streams.bind(("127.0.0.1", 0))
        try:
            datagrams.bind(streams.getsockname())
            break
        except OSError:
            streams.close()
            streams = socket.socket()
    streams.listen()

    def by_datagram() -> None:
        while (got := datagrams.recvfrom(4096))[0]:
            told = lie(dns.message.from_wire(got[0]))
            if told is not None:
                datagrams.sendto(told, got[1])

    def by_stream() -> None:
        while True:
            connection, _ = streams.accept()
            with connection:
                head = connection.recv(2)
                if not head:
                    return
                told = lie(dns.message.from_wire(connection.recv(struct.unpack("!H", head)[0]))) or b""
                connection.sendall(struct.pack("!H", len(told)) + told)

    threads = [threading.Thread(target=one, daemon=True) for one in (by_datagram, by_stream)]
    for thread in threads:
        thread.start()
    try:
        yield streams.getsockname()[1]
    finally:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", streams.getsockname())
        socket.create_connection(streams.getsockname()).close()
        for thread in threads:
            thread.join(5)
        streams.close()
        datagrams.close()


def asked(lie: Callable[[dns.message.Message], bytes | None], name: str = "a.example.com", **more: Any) -> Outcome:
    with lying(lie) as port:
        settings = {"nameservers": ["127.0.0.1"], "port": port, "timeout": timedelta(seconds=0.25), **more}
        return BlockingResolver(**settings).resolve(Query(name))


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        ({"authority": (("com.", "NS", "a.gtld."),)}, ServerFailure),
        ({"authority": ((".", "NS", "a.root."),), "flags": dns.flags.AA}, ServerFailure),
        ({"flags": dns.flags.RA | dns.flags.TC}, ServerFailure),
        ({"flags": dns.flags.RA | dns.flags.TC, "authority": (SOA,)}, ServerFailure),
        ({"flags": 0}, ServerFailure),
        ({"answer": (("evil.net.", "TXT", '"v=spf1 +all"'),)}, Malformed),
        ({"answer": (("evil.net.", "TXT", '"v=spf1 +all"'),), "authority": (SOA,)}, Malformed),
        ({"authority": (("evil.net.", *SOA[1:]),)}, Malformed),
        ({"authority": (("b.a.example.com.", *SOA[1:]),)}, Malformed),
        ({"authority": (("evil.net.", *SOA[1:]),), "code": "NXDOMAIN"}, Malformed),
        ({"answer": (("evil.net.", "TXT", '"x"'),), "code": "NXDOMAIN"}, Malformed),
        ({"authority": (SOA,)}, NoData),
        ({"authority": (SOA, ("example.com.", "NS", "ns.example.com."))}, NoData),
        ({"authority": ((".", *SOA[1:]),)}, NoData),
        ({"flags": dns.flags.AA}, NoData),
        ({"flags": dns.flags.RA}, NoData),
        ({"answer": (("a.example.com.", "HINFO", '"a" "b"'),)}, Malformed),
        ({"answer": (("a.example.com.", "HINFO", '"a" "b"'),), "authority": (SOA,)}, NoData),
        ({"answer": (("a.example.com.", "HINFO", '"a" "b"'),), "code": "NXDOMAIN", "authority": (SOA,)}, Malformed),
        ({"answer": (("a.example.com.", "TXT", '"x"'),), "code": "NXDOMAIN", "authority": (SOA,)}, Malformed),
        ({"authority": (SOA,), "code": "NXDOMAIN"}, NoSuchDomain),
        ({"code": "NXDOMAIN"}, NoSuchDomain),
    ],
)
def test_only_what_a_server_says_to_be_absent_is_absent(said: dict[str, Any], outcome: type) -> None:
    found = asked(lambda question: reply(question, **said))
    assert type(found) is outcome, found


def test_the_reason_is_plain() -> None:
    referral = asked(lambda question: reply(question, authority=(("com.", "NS", "a.gtld."),)))
    assert str(referral) == "the name server failed (it refers to other name servers, and does not ask them)"
    cut = asked(lambda question: reply(question, flags=dns.flags.TC | dns.flags.RA))
    assert str(cut) == "the name server failed (the answer was cut short, over TCP as well)"


def test_a_lame_server_makes_nothing_absent_in_a_report() -> None:
    with lying(lambda question: reply(question, authority=(("com.", "NS", "a.gtld."),))) as port:
        report = check_sync("example.com", resolver=AsyncResolver(nameservers=["127.0.0.1"], port=port))
    assert not report.is_complete
    assert [one.code for one in report.findings if one.code.endswith("absent")] == []


def in_zone(lines: dict[str, Line], *, elsewhere: bytes | None = b"REFUSED") -> Any:
    """A server that knows these names, and answers nothing else."""

    def lie(question: dns.message.Message) -> bytes | None:
        line = lines.get(question.question[0].name.to_text())
        if line:
            return reply(question, answer=(line,), flags=dns.flags.AA)
        return None if elsewhere is None else reply(question, code=elsewhere.decode())

    return lie


def test_what_an_alias_leads_to_is_asked_for() -> None:
    known = {"a.example.com.": ALIAS, "b.example.org.": ("b.example.org.", "TXT", '"one"')}
    found: Any = asked(in_zone(known), trusts_ad=True)
    assert found == Answer(["one"])
    assert (found.aliases, found.ttl, found.is_authenticated) == (("b.example.org",), 60, False)


def test_a_target_that_is_not_answered_is_a_failure() -> None:
    why = "its alias leads to b.example.org, which was not answered"
    assert asked(in_zone({"a.example.com.": ALIAS})) == ServerFailure(f"{why}: REFUSED")
    assert asked(in_zone({"a.example.com.": ALIAS}, elsewhere=None)) == ServerFailure(f"{why} in time")
    assert asked(in_zone({"a.example.com.": ALIAS}, elsewhere=b"NXDOMAIN")) == NoSuchDomain()
    longer = {"a.example.com.": ALIAS, "b.example.org.": ("b.example.org.", "CNAME", "c.example.")}
    found = asked(in_zone(longer))
    assert str(found).count("its alias leads to c.example, which was not answered: REFUSED") == 1


def test_a_target_whose_zone_is_not_the_servers_is_asked_for_although_it_says_that_there_is_nothing() -> None:
    lines = {"a.example.com.": ALIAS}

    def lie(question: dns.message.Message) -> bytes:
        known = lines.get(question.question[0].name.to_text())
        return reply(question, answer=(known,), authority=(SOA,), code="NXDOMAIN") if known else reply(question)

    assert asked(lie) == NoData()


@pytest.mark.parametrize("most", [2, 3, 1000])
def test_aliases_that_lead_in_a_circle_or_without_end_are_followed_only_so_far(most: int) -> None:
    counted = []

    def lie(question: dns.message.Message) -> bytes:
        name = question.question[0].name.to_text()
        counted.append(name)
        number = int(name.split(".")[0]) if name[0].isdigit() else 0
        following = f"{(number + 1) % most}.example.com."
        return reply(question, answer=((name, "CNAME", following),), flags=dns.flags.AA)

    assert asked(lie, "0.example.com") == Malformed("its aliases lead in a circle")
    assert len(counted) == min(most, 16)


def test_a_target_that_cannot_be_asked_for_is_a_failure() -> None:
    root = asked(in_zone({"a.example.com.": ("a.example.com.", "CNAME", ".")}))
    assert isinstance(root, Malformed)
    assert "its alias leads to ., which was not answered: the name has an empty label" in root.reason
    dotted = asked(in_zone({"a.example.com.": ("a.example.com.", "CNAME", "o\\.d.example.")}))
    assert dotted == Malformed("its alias leads to o\\.d.example, which cannot be asked for")


def test_an_answer_that_is_kept_already_is_not_asked_for_again() -> None:
    cache = Cache()
    cache.put(Query("b.example.org"), Answer(["kept"], 30))
    found: Any = asked(in_zone({"a.example.com.": ALIAS}), cache=cache)
    assert found == Answer(["kept"])
    assert found.ttl in range(20, 31)
    assert cache.get(Query("a.example.com")) == found


def test_an_absence_behind_an_alias_is_one_that_nobody_said_how_long_to_keep() -> None:
    alias = Onward(aliases=("b.example",), target="b.example", ttl=60)
    assert behind(alias, NoData()).ttl is None  # type: ignore[union-attr]
    assert behind(alias, NoSuchDomain(("c.example",), ttl=90)).aliases == ("b.example", "c.example")  # type: ignore[union-attr]
    assert behind(alias, TimedOut()) == ServerFailure("its alias leads to b.example, which was not answered in time")
    signed = Onward(aliases=("b.example",), target="b.example", ttl=60, is_authenticated=True)
    assert behind(signed, Answer(["x"], is_authenticated=True)).is_authenticated  # type: ignore[union-attr]
