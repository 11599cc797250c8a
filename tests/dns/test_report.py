from __future__ import annotations

import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from mailkit import dns
from mailkit.dns.difference import Difference, difference
from mailkit.dns.monitor import Snapshot
from mailkit.dns.paths import Path
from mailkit.dns.scoring import AREAS, COSTS, area_of, cost, deductions
from mailkit.errors import InvalidValue
from mailkit.findings import COLOURS, Finding, Severity

BAD: dict[Any, Any] = {
    ("example.com", "TXT"): ["v=spf1 ptr foo +all"],
    ("news._domainkey.example.com", "TXT"): ["v=DKIM1; t=y; p="],
    ("_dmarc.example.com", "TXT"): ["v=DMARC1; p=none; pct=5; rua=<script>alert(1)</script>"],
}
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
RSA = dns.dkim.generate("example.com", "a").published.text
GOOD: dict[Any, Any] = {
    ("example.com", "TXT"): ["v=spf1 -all"],
    ("example.com", "MX"): ["10 mx.example.com"],
    ("mx.example.com", "A"): ["8.8.8.8"],
    ("a._domainkey.example.com", "TXT"): [RSA],
    ("e._domainkey.example.com", "TXT"): ["v=DKIM1; k=ed25519; p=" + "A" * 43 + "="],
    ("b._domainkey.example.com", "TXT"): ["v=DKIM1; p=AAAA"],
    ("_dmarc.example.com", "TXT"): ["v=DMARC1; p=reject; rua=mailto:a@example.com"],
}

findings = st.lists(
    st.builds(
        Finding,
        code=st.sampled_from([f"dns.{area.codes[0].rstrip('-')}-word" for area in AREAS] + [*COSTS, "dns.other"]),
        severity=st.sampled_from(Severity),
        message=st.just("something"),
    )
)


def bad_report() -> dns.DomainReport:
    return dns.check_sync("example.com", selectors=["news"], resolver=BAD, now=NOON)


def test_the_shares_make_a_hundred_and_no_cost_exceeds_its_share() -> None:
    assert sum(area.share for area in AREAS) == 100
    for code, points in COSTS.items():
        assert 0 < points <= area_of(code).share


@given(findings)
def test_no_area_loses_more_than_its_share_and_each_code_counts_once(found: list[Finding]) -> None:
    lost = deductions(found)
    assert len({code for code, _ in lost}) == len(lost)
    assert lost == deductions([*found, *found])
    for area in AREAS:
        of_area = sum(points for code, points in lost if area_of(code) is area)
        assert of_area == min(area.share, sum(max(cost(f) for f in found if f.code == c) for c in {
            one.code for one in found if area_of(one.code) is area}))  # fmt: skip


def test_an_error_costs_the_whole_share_and_a_note_nothing() -> None:
    for area in AREAS:
        code = f"dns.{area.codes[0].rstrip('-')}-word"
        assert [cost(Finding(code=code, severity=one, message="x")) for one in ("error", "info")] == [area.share, 0]


def test_the_deductions_explain_the_score() -> None:
    report = bad_report()
    assert report.score == 100 - sum(points for _, points in report.deductions)
    assert dict(report.deductions)["dns.spf-syntax"] == 25


def test_the_report_reads_from_the_verdict_to_what_to_paste() -> None:
    text = str(bad_report())
    lines = text.splitlines()
    assert lines[0].startswith("example.com: not ready to send, ")
    assert "  SPF: v=spf1 ptr foo +all" in lines
    assert "  DKIM news: revoked" in lines
    assert [line.split(":")[0] for line in lines if line.startswith("- ")] == sorted(
        (line.split(":")[0] for line in lines if line.startswith("- ")),
        key=["- error", "- warning", "- info"].index,
    )
    assert "correct the term 'foo'" in text, "and no record is offered that would be without it"
    assert lines[-3:] == [
        "To publish:",
        "  ; add rua=mailto: with an address at a domain that takes mail: this one takes none",
        '  _dmarc.example.com. IN TXT "v=DMARC1; p=none"',
    ]


def test_the_verdict_tells_unseen_from_wrong() -> None:
    unseen = dns.check_sync("example.com", resolver={("example.com", "TXT"): dns.TimedOut()})
    assert "not ready to send" in str(unseen)  # there is no DMARC record, whatever the rest is
    ready = {key: texts for key, texts in GOOD.items() if "_domainkey" not in key[0]}
    assert "not everything was seen" in str(dns.check_sync("example.com", resolver=ready))
    assert "no selector was given" in str(dns.check_sync("example.com", resolver=ready))
    assert "none seen" in str(unseen)


def test_a_ready_report_has_nothing_to_publish() -> None:
    report = dns.check_sync("example.com", selectors=["a"], resolver=GOOD)
    assert report.is_ready
    assert "ready to send, 100 of 100" in str(report)
    assert "DKIM a: rsa, 2048 bits" in str(report)
    assert "To publish" not in str(report) + report._repr_html_()
    both = dns.check_sync("example.com", selectors=["a", "b", "c"], resolver=GOOD)
    assert "DKIM b: not readable" in str(both)
    assert "DKIM c: none seen" in str(both)


def test_what_strangers_publish_cannot_break_out_of_the_page() -> None:
    html = bad_report()._repr_html_()
    assert "<script" not in html
    assert "&lt;script&gt;" in html


def test_the_page_is_balanced() -> None:
    class Balance(HTMLParser):
        open: list[str]

        def handle_starttag(self, tag: str, attrs: Any) -> None:
            self.open.append(tag)

        def handle_endtag(self, tag: str) -> None:
            assert self.open.pop() == tag

    parser = Balance()
    parser.open = []
    parser.feed(bad_report()._repr_html_())
    assert parser.open == []


def test_a_report_is_a_value() -> None:
    assert bad_report() == bad_report()
    assert hash(bad_report()) == hash(bad_report())


def test_a_report_goes_through_json_and_is_compared_from_there() -> None:
    old, new = bad_report(), dns.check_sync("example.com", selectors=["a"], resolver=GOOD, now=NOON + timedelta(days=2))
    assert json.loads(old.to_json())["score"] == old.score
    for earlier in (old, old.to_json(), json.loads(old.to_json())):
        found = new.diff(earlier)
        assert (found.old_score, found.new_score) == (old.score, new.score)
        assert any("spf-syntax" in line for line in found.gone)
        assert [event.properties["name"] for event in found.records] == [
            "_dmarc.example.com",
            "example.com",
            "example.com",
        ]
        assert "! TXT example.com: v=spf1 ptr foo +all → v=spf1 -all" in str(found)
        assert "<script" not in found._repr_html_()
    assert new.diff(new).is_empty
    assert str(new.diff(new)) == "example.com: nothing has changed"
    assert "<table" not in new.diff(new)._repr_html_()


def test_a_finding_that_appears_is_told() -> None:
    old, new = dns.check_sync("example.com", selectors=["a"], resolver=GOOD, now=NOON), bad_report()
    assert any(line.startswith("+ error: SPF of example.com") for line in str(new.diff(old)).splitlines())


@pytest.mark.parametrize("damage", [{"score": "x"}, {"findings": 7}, {"snapshot": []}, {"snapshot": None}])
def test_a_damaged_report_is_refused_in_words(damage: dict[str, Any]) -> None:
    with pytest.raises(InvalidValue):
        bad_report().diff(bad_report().facts() | damage)


def test_a_hostile_record_steers_no_page() -> None:
    zone = {("example.com", "TXT"): ["v=spf1 \x1b[31m\x00\x9b foo -all"]}
    html = dns.check_sync("example.com", resolver=zone)._repr_html_()
    assert all(letter.isprintable() or letter == "\n" for letter in html)


@pytest.mark.parametrize(
    "given", ["[" * 100_000, "{", "[]", "{}", {"form": 2}, {"form": 1}, 7, {"form": 1, "domain": "example.com"}]
)
def test_what_is_no_report_is_not_compared(given: Any) -> None:
    with pytest.raises(InvalidValue):
        bad_report().diff(given)


def test_two_domains_are_not_compared() -> None:
    with pytest.raises(InvalidValue, match="another domain"):
        bad_report().diff(dns.check_sync("example.net", resolver={}, now=NOON))


def test_since_when_a_record_stands_is_known_from_snapshots() -> None:
    first = dns.check_sync("example.com", resolver=GOOD, now=NOON).snapshot()
    later = dns.check_sync("example.com", resolver=GOOD, now=NOON + timedelta(hours=48)).snapshot(before=first)
    asked = dns.Query("_dmarc.example.com", "TXT")
    assert later.has_stood(asked, timedelta(hours=48))
    assert not later.has_stood(asked, timedelta(hours=49))


def test_a_key_of_ed25519_alone_is_not_enough() -> None:
    report = dns.check_sync("example.com", selectors=["e"], resolver=GOOD)
    assert "ed25519, 256 bits" in str(report)
    assert [one.code for one in report.findings if one.severity is Severity.WARNING] == ["dns.dkim-no-rsa"]
    assert report.score == 95
    assert all(one.is_ready is None for one in report.readiness)
    both = dns.check_sync("example.com", selectors=["a", "e"], resolver=GOOD)
    assert both.score == 100


OPEN: list[tuple[tuple[str, str], dict[str, Any]]] = [
    (("example.com", "MX"), {}),
    (("mx.example.com", "A"), {}),
    (("4.4.8.8.in-addr.arpa", "PTR"), {"sends_through": ["8.8.4.4"]}),
    (("out.example.com", "A"), {"helo": "out.example.com", "sends_through": ["8.8.4.4"]}),
    (("4.4.8.8.bl.spamcop.net", "A"), {"sends_through": ["8.8.4.4"], "blocklists": ["spamcop"]}),
    (("click.example.com", "A"), {"serves": [Path(name="click.example.com", purpose="tracking")]}),
    (("spf.example.net", "TXT"), {}),
    (("example.com", "TXT"), {}),
    (("a._domainkey.example.com", "TXT"), {}),
    (("_dmarc.example.com", "TXT"), {}),
]


@pytest.mark.parametrize(("silent", "more"), OPEN)
def test_nobody_is_ready_while_a_question_is_open_whose_answer_may_be_an_error(
    silent: tuple[str, str], more: dict[str, Any]
) -> None:
    zone = GOOD | {
        ("example.com", "TXT"): ["v=spf1 include:spf.example.net ip4:8.8.4.4 -all"],
        ("spf.example.net", "TXT"): ["v=spf1 ip4:8.8.8.8 -all"],
        ("4.4.8.8.in-addr.arpa", "PTR"): ["out.example.com"],
        ("out.example.com", "A"): ["8.8.4.4"],
        ("click.example.com", "A"): ["8.8.8.8"],
    }
    for answers, is_ready in ((zone, True), (zone | {silent: dns.TimedOut()}, False)):
        report = dns.check_sync("example.com", selectors=["a"], resolver=answers, now=NOON, **more)
        assert (report.is_ready, report.is_complete) == (is_ready, is_ready), str(report)
    assert report.verdict == "not known to be ready, since not everything was seen"


@pytest.mark.parametrize("name", ["_mta-sts.example.com", "_smtp._tls.example.com", "default._bimi.example.com"])
def test_what_letters_do_not_need_may_be_open(name: str) -> None:
    report = dns.check_sync("example.com", selectors=["a"], resolver=GOOD | {(name, "TXT"): dns.TimedOut()})
    assert report.is_ready


def test_a_silent_parent_matters_only_where_it_could_change_the_policy() -> None:
    silent = {("_dmarc.com", "TXT"): dns.TimedOut()}
    assert dns.check_sync("example.com", selectors=["a"], resolver=GOOD | silent).is_complete
    below = {
        ("news.example.com", "TXT"): ["v=spf1 -all"],
        ("a._domainkey.news.example.com", "TXT"): [RSA],
        ("news.example.com", "MX"): ["10 mx.example.com"],
    }
    report = dns.check_sync("news.example.com", selectors=["a"], resolver=GOOD | below)
    assert report.is_complete
    assert not dns.check_sync("news.example.com", selectors=["a"], resolver=GOOD | below | silent).is_complete


def test_a_host_for_reports_that_is_silent_changes_nothing_about_letters() -> None:
    elsewhere = {("_dmarc.example.com", "TXT"): ["v=DMARC1; p=reject; rua=mailto:a@example.net"]}
    silent = {("example.com._report._dmarc.example.net", "TXT"): dns.TimedOut()}
    report = dns.check_sync("example.com", selectors=["a"], resolver=GOOD | elsewhere | silent)
    assert "dns.dmarc-report-unanswered" in {one.code for one in report.findings}
    assert report.is_complete


def test_the_null_mx_is_told_in_words() -> None:
    assert "  MX: null MX (takes no mail)\n" in str(dns.check_sync("example.com", resolver=PARKED))
    assert "  MX: none seen\n" in str(dns.check_sync("example.com", resolver={}))


PARKED: dict[Any, Any] = {
    ("example.com", "TXT"): ["v=spf1 -all"],
    ("example.com", "MX"): ["0 ."],
    ("_dmarc.example.com", "TXT"): ["v=DMARC1; p=reject"],
}
REVOKED = {(f"{selector}._domainkey.example.com", "TXT"): ["v=DKIM1; p="] for selector in (
    "default", "dkim", "mail", "s1", "selector1", "google", "k1", "key1", "mailkit-check")}  # fmt: skip


@pytest.mark.parametrize("more", [{}, REVOKED, {("mail._domainkey.example.com", "TXT"): ["v=DKIM1; p="]}])
def test_a_parked_domain_is_told_that_it_is_well_locked_and_nothing_else(more: dict[Any, Any]) -> None:
    report = dns.check_sync("example.com", resolver=PARKED | more)
    assert "dns.parked" in {one.code for one in report.findings}
    assert {one.severity for one in report.findings} == {Severity.INFO}
    assert (report.verdict, report.score, report.is_ready, report.is_complete) == ("sends no mail", 100, False, True)
    text = str(report) + report._repr_html_()
    for word in ("selectors=", "mta-sts", "MTA-STS", "TLS-RPT", "BIMI", "takes mail", "To publish", "Providers"):
        assert word not in text, word


@pytest.mark.parametrize(
    ("more", "asked"),
    [
        ({("example.com", "TXT"): ["v=spf1 mx -all"]}, {}),
        ({("example.com", "TXT"): ["v=spf1 foo -all"]}, {}),
        ({("example.com", "MX"): ["0 .", "10 mx.example.com"]}, {}),
        ({("_dmarc.example.com", "TXT"): ["v=DMARC1; p=quarantine"]}, {}),
        ({("mail._domainkey.example.com", "TXT"): [RSA]}, {}),
        ({("mail._domainkey.example.com", "TXT"): dns.TimedOut()}, {}),
        ({}, {"selectors": ["a"]}),
        ({}, {"sends_through": ["8.8.4.4"]}),
    ],
)
def test_who_sends_or_is_not_locked_is_not_parked(more: dict[Any, Any], asked: dict[str, Any]) -> None:
    report = dns.check_sync("example.com", resolver=PARKED | more, **asked)
    assert not report.is_parked
    assert "sends no mail" not in report.verdict


def test_a_parked_domain_with_a_fault_or_an_open_question_is_told_of_it() -> None:
    open_end = dns.check_sync("example.com", resolver=PARKED | {("_dmarc.example.com", "TXT"): dns.TimedOut()})
    assert not open_end.is_parked
    dangling = dns.check_sync("example.com", resolver=PARKED | {("www.example.com", "CNAME"): ["gone.example.net"]})
    assert dangling.is_parked


def changed(name: str, kind: str, before: str, after: str) -> str:
    def told(text: str) -> dict[str, Any]:
        outcomes = {dns.Query(name, kind): dns.Answer([text])}
        kept = Snapshot.of("example.com", outcomes, now=NOON, before=None, policy="", score=50).to_json()
        return {"domain": "example.com", "score": 50, "findings": [], "snapshot": kept}

    found = difference(told(before), told(after))
    (line,) = [line for line in str(found).splitlines() if line.startswith("! ")]
    assert "overflow-wrap:anywhere" in found._repr_html_()
    return line


def test_what_has_changed_is_printed_harmlessly_whatever_stands_in_the_dns() -> None:
    line = changed("example.com", "TXT", "v=spf1 a\x1b[2J\x07 -all", "v=spf1 \u202e\x9b -all")
    assert line.isprintable()
    assert line.startswith("! TXT example.com: v=spf1 a?[2J? -all → v=spf1 ?? -all (")


def test_a_long_text_is_shown_around_where_it_has_changed() -> None:
    same = " ".join(f"ip4:192.0.2.{number}" for number in range(40))
    line = changed("example.com", "TXT", f"v=spf1 {same} mx -all", f"v=spf1 {same} a -all")
    assert " mx -all → …" in line
    assert " a -all (" in line
    assert len(line) < 150
    assert "v=spf1 -all → v=spf1 -all mx (" in changed("example.com", "TXT", "v=spf1 -all", "v=spf1 -all mx")


def key(bits: int) -> str:
    public = RSAPublicNumbers(65537, (1 << (bits - 1)) + 1).public_key()
    return b64encode(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


def test_a_new_key_is_told_in_words() -> None:
    name = "news._domainkey.example.com"
    small, large = (f"v=DKIM1; p={key(bits)}" for bits in (1024, 2048))
    assert "key replaced, 1024 to 2048 bits (" in changed(name, "TXT", small, large)
    ed25519 = "v=DKIM1; k=ed25519; p=" + "A" * 43 + "="
    assert "key replaced, 2048 to 256 bits, rsa to ed25519 (" in changed(name, "TXT", large, ed25519)
    for after in ("v=DKIM1; p=", "no key", f"v=DKIM1; t=y; p={key(1024)}"):
        assert "key replaced" not in changed(name, "TXT", small, after)


def test_a_difference_has_the_colours_of_severities() -> None:
    found = Difference(
        domain="example.com", old_score=1, new_score=2, appeared=("error: SPF: x [c]",), gone=("error: y [d]",)
    )
    assert [word in found._repr_html_() for word in (COLOURS[Severity.ERROR], "inherit")] == [True, True]
