from __future__ import annotations

import asyncio
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from mailkit import dns
from mailkit.address import Domain
from mailkit.dns.audit import questions
from mailkit.dns.drive import run_sync
from mailkit.dns.paths import Path
from mailkit.errors import AddressError, InvalidValue
from mailkit.findings import Severity
from mailkit.testing.zone import DNSZone

QUARTER = timedelta(seconds=0.25)


def key_text(bits: int) -> str:
    """A key record of that size; nobody knows the key's private half, if there is one."""
    public = RSAPublicNumbers(65537, (1 << (bits - 1)) + 1).public_key()
    der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return f"v=DKIM1; p={b64encode(der).decode()}"


READY: dict[str, dict[str, Any]] = {
    "example.com": {
        "TXT": ["hello", "v=spf1 ip4:192.0.2.0/24 include:_spf.example.net -all"],
        "MX": [[10, "mx.example.net"]],
    },
    "mx.example.net": {"A": ["8.8.8.8"]},
    "_spf.example.net": {"TXT": ["v=spf1 mx:example.net -all"]},
    "example.net": {"MX": [[10, "mx.example.net"]]},
    "_dmarc.example.com": {"TXT": [["v=DMARC1; p=reject", "; rua=mailto:a@example.com"]]},
    "news._domainkey.example.com": {"TXT": [key_text(2048)]},
}


def flat(zone: dict[str, dict[str, Any]]) -> dict[Any, Any]:
    """A zone as a dict resolver wants it."""
    found: dict[Any, Any] = {}
    for name, node in zone.items():
        for kind in ("TXT", "MX", "A", "AAAA", "CNAME", "SOA", "NS", "TLSA"):
            if kind in node:
                found[name, kind] = [f"{v[0]} {v[1]}" if kind == "MX" else v for v in node[kind]]
            elif node.get("TIMEOUT") is True:
                found[name, kind] = dns.TimedOut()
            elif "RCODE" in node:
                found[name, kind] = dns.ServerFailure(node["RCODE"])
    return found


class Silence:
    def resolve(self, query: dns.Query) -> dns.Outcome:
        return dns.TimedOut()


def codes(report: dns.DomainReport) -> list[str]:
    """What is said, but for the notes."""
    return [one.code.removeprefix("dns.") for one in report.findings if one.severity is not Severity.INFO]


MX: dict[Any, Any] = {("example.com", "MX"): ["10 mx.example.com"], ("mx.example.com", "A"): ["8.8.8.8"]}

PTR: dict[Any, Any] = {
    ("4.4.8.8.in-addr.arpa", "PTR"): ["out.example.com"],
    ("out.example.com", "A"): ["8.8.4.4"],
}


def over_the_wire(zone: DNSZone, *, is_async: bool = True) -> Any:
    make = dns.AsyncResolver if is_async else dns.BlockingResolver
    return make(nameservers=[zone.host], port=zone.port, timeout=QUARTER)


ZONES: dict[str, dict[str, dict[str, Any]]] = {
    "ready": READY,
    "empty": {},
    "silent": {
        name: {"TIMEOUT": True} for name in ("example.com", "_dmarc.example.com", "news._domainkey.example.com")
    },
    "refused": {name: {"RCODE": "REFUSED"} for name in ("example.com", "_dmarc.example.com")},
    "alias": READY
    | {"news._domainkey.example.com": {"CNAME": ["k1.example.net"]}, "k1.example.net": {"TXT": [key_text(1024)]}},
    "circle": READY | {"_dmarc.example.com": {"CNAME": ["x.example"]}, "x.example": {"CNAME": ["_dmarc.example.com"]}},
    "binary": {
        "example.com": {"TXT": [b"\x00\xff" * 500, "v=spf1 \x96all -all"]},
        "_dmarc.example.com": {"TXT": [b"\x80"]},
    },
    "huge": {"example.com": {"TXT": ["v=spf1 " + "ip4:192.0.2.1 " * 4400 + "-all"]}},
    "many": {"example.com": {"TXT": ["x" * 250] * 200}},
    "loop": READY | {"_spf.example.net": {"TXT": ["v=spf1 include:example.com -all"]}},
    "cut short": {name: {**node, "TRUNCATE": True} for name, node in READY.items()},
}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow) if name == "huge" else name for name in ZONES]
)
def test_a_dict_and_both_resolvers_over_the_wire_tell_the_same(name: str) -> None:
    by_dict = dns.check_sync("example.com", selectors=["news"], resolver=flat(ZONES[name]))
    with DNSZone(ZONES[name]) as zone:
        found = asyncio.run(dns.check("example.com", selectors=["news"], resolver=over_the_wire(zone)))
        asked = [question for question in zone.asked if question.transport == "udp"]
    with DNSZone(ZONES[name]) as zone:
        blocking = dns.check_sync("example.com", selectors=["news"], resolver=over_the_wire(zone, is_async=False))
    assert found == by_dict == blocking
    assert name in ("silent", "refused") or len(asked) == len(set(asked))


def test_a_ready_domain_is_ready() -> None:
    report = dns.check_sync("Example.COM.", selectors=["news"], resolver=flat(READY))
    assert (report.is_ready, report.is_complete, report.score, codes(report), report.records) == (
        True,
        True,
        100,
        [],
        (),
    )
    assert report.spf is not None
    assert report.dmarc is not None
    assert report.dkim["news"] is not None
    assert report.policy == "reject"


def test_an_empty_domain_gets_everything_to_paste() -> None:
    report = dns.check_sync("example.com", sends_through=["8.8.4.4"], resolver={})
    assert codes(report) == ["spf-absent", "dmarc-absent", "mx-absent", "ptr-absent", "dkim-unknown"]
    assert [str(record) for record in report.records] == [
        'example.com. IN TXT "v=spf1 ip4:8.8.4.4 -all"',
        '_dmarc.example.com. IN TXT "v=DMARC1; p=none"',
    ]
    assert [finding.mend for finding in report.findings[:2]] == [str(record) for record in report.records]
    assert (report.spf, report.dmarc, report.policy, report.score) == (None, None, None, 10)  # TLS, and no letter


def test_what_is_pasted_is_found_right_when_checked_again() -> None:
    before = dns.check_sync("example.com", sends_through=["8.8.4.4"], resolver=MX)
    zone: dict[Any, Any] = MX | PTR | {(record.name, "TXT"): [record.text] for record in before.records}
    zone["news._domainkey.example.com", "TXT"] = [key_text(2048)]
    after = dns.check_sync("example.com", selectors=["news"], sends_through=["8.8.4.4"], resolver=zone)
    assert (after.is_ready, codes(after), after.records) == (True, [], ())


def test_an_address_that_may_not_send_is_told_with_the_record_that_lets_it() -> None:
    zone = {("example.com", "TXT"): ["v=spf1 ip4:192.0.2.1 -all"]}
    report = dns.check_sync("example.com", sends_through=["192.0.2.1", "2001:db8::1"], resolver=zone)
    (finding,) = [finding for finding in report.findings if finding.code == "dns.spf-not-listed"]
    assert "2001:db8::1" in finding.message
    assert finding.mend == 'example.com. IN TXT "v=spf1 ip6:2001:db8::1 ip4:192.0.2.1 -all"'


def test_only_findings_at_the_domain_itself_get_its_record() -> None:
    zone = {("example.com", "TXT"): ["v=spf1 include:a.example"], ("a.example", "TXT"): ["v=spf1 +all"]}
    report = dns.check_sync("example.com", resolver=zone)
    mends = {finding.code.removeprefix("dns."): finding.mend for finding in report.findings}
    assert mends["spf-plus-all"] == "remove it"
    assert mends["spf-no-all"] == 'example.com. IN TXT "v=spf1 include:a.example ~all"'


def test_an_ignored_record_gets_a_better_one_to_paste() -> None:
    report = dns.check_sync("example.com", resolver=MX | {("_dmarc.example.com", "TXT"): ["v=DMARC1; adkim=s"]})
    assert report.records[-1].text == "v=DMARC1; p=none; rua=mailto:dmarc@example.com; adkim=s"
    assert report.policy is None


def test_dead_names_cost_one_retry_budget_together_and_are_never_called_absent() -> None:
    silent = {name: {"TIMEOUT": True} for name in ("example.com", "_dmarc.example.com", "news._domainkey.example.com")}
    wanted = ["dkim-unanswered", "dmarc-unanswered", "mx-unanswered", "spf-unanswered"]

    async def main(zone: DNSZone) -> tuple[dns.DomainReport, float]:
        loop = asyncio.get_running_loop()
        start = loop.time()
        report = await dns.check("example.com", selectors=["news"], resolver=over_the_wire(zone))
        return report, loop.time() - start

    with DNSZone(silent) as zone:
        report, seconds = asyncio.run(main(zone))
    assert sorted(codes(report)) == wanted
    assert (report.is_ready, report.is_complete, report.records) == (False, False, ())
    assert seconds < 4 * QUARTER.total_seconds()


@pytest.mark.parametrize("is_async", [True, False])
def test_the_deadline_ends_the_check_with_what_is_known(is_async: bool) -> None:
    zone = READY | {"_dmarc.example.com": {"TIMEOUT": True}}
    with DNSZone(zone) as server:
        resolver: Any = over_the_wire(server, is_async=is_async)
        report = dns.check_sync("example.com", selectors=["news"], resolver=resolver, deadline=timedelta(seconds=0.2))
    assert report.spf is not None
    assert "dmarc-unanswered" in codes(report)
    assert not is_async or codes(report) == ["dmarc-unanswered"]


def test_everything_independent_is_asked_before_the_first_answer() -> None:
    hosts = {("example.com", kind) for kind in ("TXT", "MX", "A", "AAAA", "SOA", "NS")}
    texts = ("_dmarc", "_mta-sts", "_smtp._tls", "news._domainkey")
    first = {*hosts, ("_dmarc.com", "TXT"), *((f"{name}.example.com", "TXT") for name in texts)}
    with DNSZone(READY, latency=0.1) as zone:
        asyncio.run(dns.check("example.com", selectors=["news"], resolver=over_the_wire(zone)))
        asked = zone.questions()
    early, late = asked[: len(first) + 3], asked[len(first) + 3 :]
    assert first < set(early)
    assert [name for name, _ in early if "wildcard" in name] != []
    assert len(asked) == len(set(asked))
    assert ("_spf.example.net", "TXT") in late
    assert ("_25._tcp.mx.example.net", "TLSA") in late


def test_the_synchronous_check_works_inside_a_running_loop() -> None:
    async def main(zone: DNSZone) -> dns.DomainReport:
        return dns.check_sync("example.com", selectors=["news"], resolver=over_the_wire(zone))

    with DNSZone(READY) as zone:
        assert asyncio.run(main(zone)).is_ready


@settings(max_examples=50)
@given(
    st.dictionaries(
        st.sampled_from(sorted(flat(READY))), st.lists(st.binary(max_size=80) | st.text(max_size=40), max_size=3)
    )
)
def test_no_zone_makes_a_check_fail_or_its_report_unprintable(zone: dict[Any, Any]) -> None:
    report = dns.check_sync("example.com", selectors=["news"], sends_through=["192.0.2.1"], resolver=flat(READY) | zone)
    assert 0 <= report.score <= 100
    assert str(report)
    assert "<html" not in report._repr_html_()
    for record in report.records:
        assert str(record).isprintable()


@pytest.mark.parametrize(
    "domain",
    ["", "localhost", "a..example", "a b.example", "\N{LOVE LETTER}.example", "192.0.2.1", "x" * 64 + ".example"],
)
def test_what_is_no_domain_is_refused_at_once(domain: str) -> None:
    with pytest.raises(AddressError):
        dns.check_sync(domain, resolver={})


@pytest.mark.parametrize("domain", [None, 3, b"example.com"])
def test_what_is_no_text_is_refused_at_once(domain: Any) -> None:
    with pytest.raises(AddressError, match="not text"):
        dns.check_sync(domain, resolver={})


@pytest.mark.parametrize("domain", ["bücher.example", "xn--bcher-kva.example", Domain("xn--bcher-kva.example")])
def test_international_domains_are_asked_for_by_their_a_labels(domain: str | Domain) -> None:
    report = dns.check_sync(domain, resolver={("xn--bcher-kva.example", "TXT"): ["v=spf1 -all"]})
    assert str(report.spf) == "v=spf1 -all"
    assert "bücher.example" in report._repr_html_()


@pytest.mark.parametrize(
    "arguments",
    [
        {"selectors": ["a b"]},
        {"selectors": None},
        {"sends_through": None},
        {"sends_through": [5]},
        {"sends_through": ["fe80::1%eth0"]},
        {"sends_through": ["mx.example.com"]},
        {"deadline": timedelta()},
        {"deadline": 3},
        {"resolver": object()},
    ],
)
def test_wrong_arguments_are_refused_at_once(arguments: dict[str, Any]) -> None:
    with pytest.raises(InvalidValue):
        dns.check_sync("example.com", **{"resolver": {}} | arguments)


@pytest.mark.parametrize("count", [1, 19, 20, 21, 32000])
def test_a_report_lists_twenty_findings_of_a_kind_and_says_how_many_more(count: int) -> None:
    broken = [f"q{number}" for number in range(count)]
    report = dns.check_sync("example.com", resolver={("example.com", "TXT"): [f"v=spf1 {' '.join(broken)} -all"]})
    found = [finding for finding in report.findings if finding.code == "dns.spf-syntax"]
    assert [finding.evidence for finding in found] == broken[:20]
    assert [finding.message for finding in found if "more like this" in finding.message] == (
        [found[19].message] if count > 20 else []
    )
    assert len(report._repr_html_()) < 500_000


def test_one_selector_and_one_address_may_be_given_as_text() -> None:
    report = dns.check_sync("example.com", selectors="news", sends_through="192.0.2.1", resolver=flat(READY))
    assert list(report.dkim) == ["news"]
    assert [str(machine.address) for machine in report.seen.machines.machines] == ["192.0.2.1"]


def test_every_public_name_is_there() -> None:
    assert all(getattr(dns, name) for name in dns.__all__)
    with pytest.raises(AttributeError, match="chekc"):
        dns.chekc  # noqa: B018


def test_addresses_are_taken_as_receivers_see_them() -> None:
    report = dns.check_sync("example.com", sends_through=["::ffff:192.0.2.1", "192.0.2.1", "2001:DB8::1"], resolver={})
    assert report.records[0].text == "v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 -all"


def test_there_is_no_deadline_too_late() -> None:
    for resolver in ({}, Silence()):
        assert dns.check_sync("example.com", resolver=resolver, deadline=timedelta.max).findings


def test_hostile_records_are_not_read_to_their_end() -> None:
    names = [f"i{number}.example" for number in range(40)]
    zone = {(name, "TXT"): ["v=spf1 " + "b " * 30000] for name in names}
    zone["example.com", "TXT"] = [f"v=spf1 {' '.join(f'include:{name}' for name in names)} -all"]
    report = dns.check_sync("example.com", resolver=zone, deadline=timedelta(minutes=5))
    assert all(len(branch.record.terms) <= 201 for branch in report.spf_tree.branches if branch.record)
    assert any("(and 8020 more like this)" in finding.message for finding in report.findings)


@pytest.mark.parametrize("given_", [None, [], ["v=spf1 -all"], "v=spf1 -all", ("x",)])
def test_what_a_resolver_gives_is_never_mistaken_for_an_absent_record(given_: Any) -> None:
    class Wrong:
        def resolve(self, query: dns.Query) -> Any:
            return given_

    class WrongAsync:
        async def resolve(self, query: dns.Query) -> Any:
            return given_

    for resolver in (Wrong(), WrongAsync()):
        with pytest.raises(InvalidValue, match=r"resolver, asked for TXT .*example.com: .* is not an outcome"):
            dns.check_sync("example.com", resolver=resolver)
        with pytest.raises(InvalidValue, match="is not an outcome"):
            asyncio.run(dns.check("example.com", resolver=resolver))


def test_a_plain_function_may_give_something_to_await() -> None:
    class Lazy:
        def resolve(self, query: dns.Query) -> Any:
            return self._found(query)

        async def _found(self, query: dns.Query) -> dns.Outcome:
            return dns.DictResolver(flat(READY)).resolve(query)

    wanted = dns.check_sync("example.com", selectors=["news"], resolver=flat(READY))
    assert dns.check_sync("example.com", selectors=["news"], resolver=Lazy()) == wanted
    assert asyncio.run(dns.check("example.com", selectors=["news"], resolver=Lazy())) == wanted


def test_the_check_as_a_check_says_the_same() -> None:
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    found = run_sync(questions("example.com", selectors=["news"], now=noon), resolver=flat(READY))
    assert found == dns.check_sync("example.com", selectors=["news"], resolver=flat(READY), now=noon)


def test_names_that_a_vendor_serves_are_looked_at() -> None:
    click = Path(name="click.example.com", purpose="tracking", target="track.example.net")
    report = dns.check_sync("example.com", selectors=["news"], serves=[click], resolver=flat(READY))
    assert "path-absent" in codes(report)


def test_a_zone_that_answers_to_every_name_has_no_selector() -> None:
    class Wildcard(dns.DictResolver):
        def resolve(self, query: dns.Query) -> dns.Outcome:
            return dns.Answer(["v=DKIM1; p="]) if "._domainkey." in query.name else super().resolve(query)

    report = dns.check_sync("example.com", resolver=Wildcard(flat(READY)))
    (finding,) = [one for one in report.findings if one.code == "dns.dkim-unknown"]
    assert "every name below _domainkey has the same answer" in finding.message


def spf_codes(report: dns.DomainReport) -> set[str]:
    return {finding.code for finding in report.findings if finding.code.startswith("dns.spf-")}


def test_no_include_is_wanted_of_a_vendor_whose_return_path_is_elsewhere() -> None:
    zone = flat(READY)
    report = dns.check_sync("example.com", selectors=["news"], sends_through=["sendgrid"], resolver=zone)
    assert spf_codes(report) == {"dns.spf-return-path"}
    assert not report.records, "an include would do nothing"
    google = dns.check_sync("example.com", selectors=["news"], sends_through=["google"], resolver=zone)
    assert spf_codes(google) == {"dns.spf-not-included"}
    assert google.records[0].text.startswith("v=spf1 include:_spf.google.com ")


@pytest.mark.parametrize("return_path", ["<b@bounce.example.com>", "<b@example.com>"])
def test_a_letter_shows_where_spf_is_looked_at(return_path: str) -> None:
    letter = f"Return-Path: {return_path}\r\nFrom: a@example.com\r\n\r\nHi".encode()
    zone = flat(READY) | {("bounce.example.com", "TXT"): ["v=spf1 ip4:8.8.4.4 -all"]}

    def told(*vendors: str) -> set[str]:
        return spf_codes(
            dns.check_sync("example.com", selectors=["news"], sends_through=vendors, sample=letter, resolver=zone)
        )

    if "bounce" in return_path:
        assert told("sendgrid") == told("zendesk") == told("google") == set()
        assert told("google", "sendgrid") == {"dns.spf-not-included"}, "the letter came through one of them only"
    else:
        assert told("google", "zendesk") == {"dns.spf-not-included", "dns.spf-return-path"}


@pytest.mark.parametrize("vendor", ["google", ""])
def test_a_return_path_that_somebody_serves_shows_it_too(vendor: str) -> None:
    path = Path(name="bounce.example.com", purpose="return path", vendor=vendor)
    report = dns.check_sync(
        "example.com", selectors=["news"], sends_through=["google"], serves=[path], resolver=flat(READY)
    )
    assert spf_codes(report) == set()


def letter_from(return_path: str) -> bytes:
    return f"Return-Path: <b@{return_path}>\r\nFrom: a@example.com\r\n\r\nHi".encode()


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        ([], {"dns.spf-absent"}),
        (["v=spf1 ip4:nonsense -all"], {"dns.spf-syntax"}),
        (dns.TimedOut(), {"dns.spf-unanswered"}),
        (["v=spf1 ip4:192.0.2.0/24 -all"], set()),
    ],
)
def test_spf_is_looked_at_where_the_letter_returns_to(records: Any, expected: set[str]) -> None:
    zone = flat(READY) | ({("em1.example.com", "TXT"): records} if records else {})
    report = dns.check_sync("example.com", selectors=["news"], sample=letter_from("em1.example.com"), resolver=zone)
    assert spf_codes(report) == expected
    assert {str(one.place.source) for one in report.findings if one.code in expected} <= {"SPF of em1.example.com"}


@pytest.mark.parametrize(
    ("records", "expected"),
    [([], {"dns.spf-return-path-absent"}), (["v=spf1 foo -all"], set()), (dns.TimedOut(), set())],
)
def test_a_strangers_return_path_is_told_of_only_if_it_has_no_spf(records: Any, expected: set[str]) -> None:
    zone = flat(READY) | ({("bounces.example.net", "TXT"): records} if records else {})
    letter = letter_from("bounces.example.net")
    report = dns.check_sync("example.com", selectors=["news"], sample=letter, resolver=zone)
    assert spf_codes(report) == expected
    assert all(one.severity is Severity.INFO for one in report.findings if one.code in expected)


def test_a_return_path_that_is_no_name_is_not_asked_for() -> None:
    report = dns.check_sync("example.com", sample=letter_from("x" * 64 + ".example.com"), resolver=flat(READY))
    assert report.seen.letter is not None
    assert report.seen.letter.return_path_tree is None


def test_a_letter_disproves_that_a_vendor_needs_no_include() -> None:
    def told(zone: dict[Any, Any], *through: str) -> dns.DomainReport:
        letter = letter_from("example.com")
        return dns.check_sync("example.com", selectors=["news"], sends_through=through, sample=letter, resolver=zone)

    zone = flat(READY)
    report = told(zone, "sendgrid")
    assert spf_codes(report) == {"dns.spf-not-included"}
    assert report.records[0].text.startswith("v=spf1 include:sendgrid.net ")
    included = {("example.com", "TXT"): [report.records[0].text], ("sendgrid.net", "TXT"): ["v=spf1 ip4:8.8.4.4 -all"]}
    assert spf_codes(told(zone | included, "sendgrid")) == set()
    assert spf_codes(told(zone, "sendgrid", "192.0.2.1")) == {"dns.spf-return-path"}, "it passes as it is"


NULL: dict[Any, Any] = {("example.com", "MX"): ["0 ."]}
LOCKED = NULL | {("example.com", "TXT"): ["v=spf1 -all"]}


@pytest.mark.parametrize(
    ("zone", "senders", "wanted"),
    [
        (NULL, [], "v=DMARC1; p=reject; sp=reject"),
        (LOCKED, [], "v=DMARC1; p=reject; sp=reject"),
        (LOCKED, ["8.8.4.4"], "v=DMARC1; p=none"),
        (NULL | {("example.com", "TXT"): ["v=spf1 ip4:8.8.4.4 -all"]}, [], "v=DMARC1; p=none"),
        (NULL | {("example.com", "TXT"): dns.TimedOut()}, [], "v=DMARC1; p=none"),
        ({}, [], "v=DMARC1; p=none"),
        ({("example.com", "A"): ["8.8.8.8"]}, [], "v=DMARC1; p=none; rua=mailto:dmarc@example.com"),
        ({("example.com", "A"): dns.TimedOut()}, [], "v=DMARC1; p=none; rua=mailto:dmarc@example.com"),
        ({("example.com", "MX"): dns.TimedOut()}, [], "v=DMARC1; p=none; rua=mailto:dmarc@example.com"),
        (MX, [], "v=DMARC1; p=none; rua=mailto:dmarc@example.com"),
        (LOCKED | {("_dmarc.example.com", "TXT"): ["v=DMARC1; adkim=s"]}, [], "v=DMARC1; p=reject; adkim=s"),
    ],
)
def test_no_reports_are_asked_to_a_domain_that_takes_no_mail(zone: Any, senders: list[str], wanted: str) -> None:
    report = dns.check_sync("example.com", sends_through=senders, resolver=zone)
    record = report.records[-1]
    assert record.text == wanted
    assert ("at a domain that takes mail" in record.why) is ("rua=" not in wanted)
    mends = [one.mend for one in report.findings if one.code in ("dns.dmarc-absent", "dns.dmarc-no-policy")]
    assert mends == [str(record)]


@pytest.mark.parametrize("zone", [{}, LOCKED])
def test_reports_that_cannot_arrive_are_told(zone: Any) -> None:
    def told(text: str) -> list[str]:
        report = dns.check_sync("example.com", resolver=zone | {("_dmarc.example.com", "TXT"): [text]})
        assert not any("_dmarc" in record.name for record in report.records)
        return [code for code in codes(report) if code.startswith("dmarc-") and "report" not in code]

    assert told("v=DMARC1; p=none; rua=mailto:d@example.com") == ["dmarc-rua-unreachable"]
    assert told("v=DMARC1; p=none; rua=mailto:d@example.net") == []
    assert told("v=DMARC1; p=none") == ["dmarc-no-rua"]


def test_keys_and_silence_are_no_proof_that_nobody_sends() -> None:
    report = dns.check_sync("example.com", selectors=["news"], resolver=LOCKED)
    assert report.records[-1].text == "v=DMARC1; p=none"


def test_who_is_said_to_send_decides_which_selectors_are_guessed() -> None:
    zone = {("zendesk1._domainkey.example.com", "TXT"): [key_text(2048)]}
    assert "zendesk1" not in dns.check_sync("example.com", resolver=zone).dkim
    assert "zendesk1" in dns.check_sync("example.com", sends_through=["zendesk"], resolver=zone).dkim
