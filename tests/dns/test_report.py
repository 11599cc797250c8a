from __future__ import annotations

import inspect
import re
from html.parser import HTMLParser
from typing import Any

from mailkit import dns
from mailkit.dns import audit
from mailkit.dns.dkim import lint as dkim_lint
from mailkit.dns.dmarc import lint as dmarc_lint
from mailkit.dns.report import DEDUCTIONS, SHARES
from mailkit.dns.spf import lint as spf_lint
from mailkit.dns.spf import terms as spf_terms

BAD: dict[Any, Any] = {
    ("example.com", "TXT"): ["v=spf1 ptr foo +all"],
    ("news._domainkey.example.com", "TXT"): ["v=DKIM1; t=y; p="],
    ("_dmarc.example.com", "TXT"): ["v=DMARC1; p=none; pct=5; rua=<script>alert(1)</script>"],
}


def bad_report() -> dns.DomainReport:
    return dns.check_sync("example.com", selectors=["news"], resolver=BAD)


def test_the_shares_make_a_hundred_and_no_deduction_exceeds_its_share() -> None:
    assert sum(SHARES.values()) == 100
    for code, points in DEDUCTIONS.items():
        assert 0 < points <= SHARES[code.removeprefix("dns.").partition("-")[0]]


def test_the_deductions_explain_the_score() -> None:
    report = bad_report()
    assert report.score == 100 - sum(points for _, points in report.deductions)
    assert dict(report.deductions)["dns.spf-syntax"] == 35
    lost = {area: sum(p for c, p in report.deductions if c.startswith(f"dns.{area}")) for area in SHARES}
    assert all(lost[area] <= share for area, share in SHARES.items())


def test_every_deduction_is_for_a_finding_that_exists() -> None:
    known = set()
    for area, module in (("spf", spf_lint), ("spf", spf_terms), ("dkim", dkim_lint), ("dmarc", dmarc_lint)):
        words = re.findall(r"\"([a-z0-9-]+)\"", inspect.getsource(module))
        known |= {f"dns.{area}-{word}" for word in words}
    known |= set(re.findall(r'code="([a-z.-]+)"', inspect.getsource(audit)))
    assert set(DEDUCTIONS) <= known


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
    assert lines[-2:] == [
        '  example.com. IN TXT "v=spf1 ptr ~all"',
        '  _dmarc.example.com. IN TXT "v=DMARC1; p=none; rua=mailto:dmarc@example.com"',
    ]


def test_the_verdict_tells_unseen_from_wrong() -> None:
    unseen = dns.check_sync("example.com", resolver={("example.com", "TXT"): dns.TimedOut()})
    assert "not ready to send" in str(unseen)  # there is no DMARC record, whatever the rest is
    ready = {("example.com", "TXT"): ["v=spf1 -all"], ("_dmarc.example.com", "TXT"): ["v=DMARC1; p=reject"]}
    assert "not everything was seen" in str(dns.check_sync("example.com", resolver=ready))
    assert "no selector was given" in str(unseen)
    assert "none seen" in str(unseen)


def test_a_ready_report_has_nothing_to_publish() -> None:
    zone: dict[Any, Any] = {
        ("example.com", "TXT"): ["v=spf1 -all"],
        ("a._domainkey.example.com", "TXT"): ["v=DKIM1; k=ed25519; p=" + "A" * 43 + "="],
        ("b._domainkey.example.com", "TXT"): ["v=DKIM1; p=AAAA"],
        ("_dmarc.example.com", "TXT"): ["v=DMARC1; p=reject; rua=mailto:a@example.com"],
    }
    report = dns.check_sync("example.com", selectors=["a"], resolver=zone)
    assert report.is_ready
    assert "ready to send, 100 of 100" in str(report)
    assert "ed25519, 256 bits" in str(report)
    assert "To publish" not in str(report) + report._repr_html_()
    both = dns.check_sync("example.com", selectors=["a", "b", "c"], resolver=zone)
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
