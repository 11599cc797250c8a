from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256, sha512
from typing import Any

import attrs
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from mailkit.dns import Answer, Malformed, NoData, ServerFailure, TimedOut, mx, tls
from mailkit.dns.drive import Helpers, run_sync
from mailkit.dns.errands import Greet, Greeted, NotAsked
from mailkit.errors import InvalidValue

HOST, NAME = "mx.example.com", "_25._tcp.mx.example.com"
SOUND = "3 1 1 " + "ab" * 32
PLAIN = Greeted(banner="220 x", offers_starttls=False)


@attrs.frozen
class Greeting:
    """Greets as it is told."""

    greeted: Any

    def greet(self, server: Greet) -> Any:
        return self.greeted


def codes(tlsa: Any = None, greeted: Any = None, *, is_enforced: bool = False) -> list[str]:
    zone = {(NAME, "TLSA"): NoData() if tlsa is None else tlsa}
    helpers = Helpers(greeter=Greeting(greeted) if greeted else None)
    found = run_sync(tls.find_servers("example.com", [HOST], greets=bool(greeted)), resolver=zone, helpers=helpers)
    findings = tls.lint_servers(found, is_enforced=is_enforced)
    return [f"{one.severity} {one.code.removeprefix('dns.')}" for one in findings]


def encrypted(certificate: bytes, **changes: Any) -> Greeted:
    return attrs.evolve(
        PLAIN, offers_starttls=True, tls_version="TLSv1.3", certificate=certificate, is_trusted=True, **changes
    )


@given(
    st.builds(
        tls.TlsaRecord,
        usage=st.integers(0, 255),
        selector=st.integers(0, 255),
        matching=st.integers(0, 255),
        data=st.binary(min_size=1, max_size=80),
    )
)
def test_a_record_reads_back_from_its_text(record: tls.TlsaRecord) -> None:
    assert tls.TlsaRecord.parse(str(record)) == record
    assert record.is_usable is not bool(record.fault)
    assert record.matches([b"\x30\x00"]) is False or record.is_usable


@given(st.lists(st.text(st.characters(max_codepoint=255), max_size=30), min_size=1, max_size=4))
def test_any_text_as_a_record_is_answered_with_findings(texts: list[str]) -> None:
    assert codes(Answer(texts))


def test_each_way_to_name_a_certificate_matches_it_and_no_other(authority: Any) -> None:
    certificate, _ = authority.issue(HOST)
    whole = certificate.public_bytes(Encoding.DER)
    key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    issuer = authority.certificate.public_bytes(Encoding.DER)
    other = authority.issue(HOST)[0].public_bytes(Encoding.DER)
    for selector, chosen in ((0, whole), (1, key)):
        for matching, data in ((0, chosen), (1, sha256(chosen).digest()), (2, sha512(chosen).digest())):
            made = tls.tlsa_record(HOST, whole, selector=selector, matching=matching)
            record = tls.TlsaRecord.parse(made.text)
            assert record == tls.TlsaRecord(usage=3, selector=selector, matching=matching, data=data)
            assert record.matches([whole, issuer])
            assert not record.matches([other, whole])
            assert not record.matches([])
    above = tls.TlsaRecord.parse(tls.tlsa_record(HOST, issuer, usage=2).text)
    assert above.matches([whole, issuer])
    assert not above.matches([whole])


def test_the_record_generated_names_host_and_port(authority: Any) -> None:
    whole = authority.issue(HOST)[0].public_bytes(Encoding.DER)
    assert str(tls.tlsa_record(HOST, whole, port=465)).startswith("_465._tcp.mx.example.com. IN TLSA 3 1 1 ")


@pytest.mark.parametrize(
    ("tlsa", "expected"),
    [
        (None, ["info dane-absent"]),
        ([SOUND], []),
        ([SOUND.replace("3 1 1 ab", "3 1 1 ab ")], []),
        (["1 1 1 " + "ab" * 32], ["error dane-unusable"]),
        (["3 2 1 " + "ab" * 32], ["error dane-unusable"]),
        (["3 1 3 " + "ab" * 32], ["error dane-unusable"]),
        (["3 1 1 " + "ab" * 31], ["error dane-unusable"]),
        (["3 1 1 oops"], ["error dane-unusable"]),
        ([SOUND, "0 1 1 " + "ab" * 32], ["warning dane-unusable"]),
        (TimedOut(), ["warning dane-unanswered"]),
        (ServerFailure(), ["warning dane-unanswered"]),
        (Malformed("x"), ["warning dane-unanswered"]),
    ],
)
def test_what_is_said_about_dane(tlsa: Any, expected: list[str]) -> None:
    assert codes(tlsa) == expected


def test_what_is_said_about_a_greeting(authority: Any) -> None:
    whole = authority.issue(HOST)[0].public_bytes(Encoding.DER)
    matching = [tls.tlsa_record(HOST, whole).text]
    failed = attrs.evolve(PLAIN, offers_starttls=True, reason="TLS: no")
    untrusted = encrypted(whole, reason="certificate: expired")
    untrusted = attrs.evolve(untrusted, is_trusted=False)
    absent = "info dane-absent"
    assert codes(None, encrypted(whole)) == [absent]
    assert codes(matching, encrypted(whole)) == []
    assert codes([SOUND], encrypted(whole)) == ["error dane-mismatch"]
    assert codes([SOUND], encrypted(b"no certificate")) == ["error dane-mismatch"]
    assert codes(None, PLAIN) == ["warning starttls-absent", absent]
    assert codes(None, PLAIN, is_enforced=True) == ["error starttls-absent", absent]
    assert codes([SOUND], PLAIN) == ["error starttls-absent"]
    assert codes(None, failed) == ["error starttls-failed", absent]
    assert codes(None, untrusted) == ["warning starttls-untrusted", absent]
    assert codes(None, untrusted, is_enforced=True) == ["error starttls-untrusted", absent]
    assert codes(matching, untrusted) == ["info starttls-untrusted"]
    assert codes(None, TimedOut()) == ["warning starttls-unanswered", absent]


def test_hosts_without_dane_beside_others_are_told_with_the_record_to_paste(authority: Any) -> None:
    whole = authority.issue(HOST)[0].public_bytes(Encoding.DER)
    good = tls.Server(host="mx2.example.com", tlsa=Answer([SOUND]))
    bare = tls.Server(host=HOST, tlsa=NoData(), greeted=encrypted(whole))
    found = tls.ServersFound(domain="example.com", servers=(bare, good))
    (finding,) = tls.lint_servers(found)
    assert finding.code == "dns.dane-partial"
    assert finding.mend == str(tls.tlsa_record(HOST, whole))
    assert tls.lint_servers(tls.ServersFound(domain="example.com", servers=())) == ()
    odd = attrs.evolve(good, tlsa=Answer(["1 1 1 ab"]), host="mx3.example.com")
    codes_of = [one.code for one in tls.lint_servers(attrs.evolve(found, servers=(bare, odd)))]
    assert codes_of == ["dns.dane-unusable"]


@pytest.mark.parametrize(("told", "expected"), [(True, []), (False, ["dns.dane-unsigned"]), (None, [])])
def test_records_without_dnssec_are_told_where_the_resolver_says_so(told: bool | None, expected: list[str]) -> None:
    server = tls.Server(host=HOST, tlsa=Answer([SOUND], is_authenticated=told))
    assert server.greeted == NotAsked()
    assert server.is_signed is told
    found = tls.ServersFound(domain="example.com", servers=(server,))
    assert [one.code for one in tls.lint_servers(found)] == expected


@pytest.mark.parametrize(
    "build",
    [
        lambda: tls.TlsaRecord(usage=256, selector=1, matching=1, data=b"x"),
        lambda: tls.TlsaRecord(usage=True, selector=1, matching=1, data=b"x"),
        lambda: tls.TlsaRecord(usage=3, selector=1, matching=1, data=b""),
        lambda: tls.TlsaRecord(usage=3, selector=1, matching=1, data="ab"),
        lambda: tls.TlsaRecord.parse("3 1 1 abc"),
        lambda: tls.TlsaRecord.parse("3 1 1  "),
        lambda: tls.TlsaRecord.parse("300 1 1 ab"),
        lambda: tls.TlsaRecord.parse(5),
        lambda: tls.tlsa_record(HOST, b"no certificate"),
        lambda: tls.tlsa_record(HOST, b"x", selector=0, usage=1),
    ],
)
def test_a_wrong_value_cannot_be_built(build: Any) -> None:
    with pytest.raises(InvalidValue):
        build()


def test_a_certificate_that_ends_soon_is_told_if_the_time_is(authority: Any) -> None:
    def ending(days: int) -> list[str]:
        whole = authority.issue(HOST, days=(-1, days))[0].public_bytes(Encoding.DER)
        server = tls.Server(host=HOST, tlsa=Answer([tls.tlsa_record(HOST, whole).text]), greeted=encrypted(whole))
        found = tls.ServersFound(domain="example.com", servers=(server,))
        assert tls.lint_servers(found) == ()
        return [one.code for one in tls.lint_servers(found, now=datetime.now(UTC))]

    assert ending(30) == []
    assert ending(9) == ["dns.starttls-expires"]
    assert ending(0) == []
    bare = tls.Server(host=HOST, tlsa=Answer([SOUND]), greeted=PLAIN)
    codes_of = tls.lint_servers(tls.ServersFound(domain="example.com", servers=(bare,)), now=datetime.now(UTC))
    assert [one.code for one in codes_of] == ["dns.starttls-absent"]


@given(st.lists(st.text(st.characters(max_codepoint=255), max_size=12), max_size=4))
def test_whatever_names_mx_records_have_their_servers_can_be_looked_at(names: list[str]) -> None:
    zone = {("example.com", "MX"): Answer([f"10 {name}" for name in names])}
    mail = run_sync(mx.find("example.com"), resolver=zone)
    servers = run_sync(tls.find_servers("example.com", mail.names, greets=True), resolver=zone)
    assert all(one.code for one in (*mx.lint(mail), *tls.lint_servers(servers)))


def test_a_thousand_records_are_read_once_each() -> None:
    texts = [f"3 1 1 {number:062x}" for number in range(1000)]
    assert len(codes(texts)) == 1000
