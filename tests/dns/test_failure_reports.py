"""Failure reports are read, however few of their fields they have."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit.dns.aggregate import FailureReport, read_failure
from mailkit.errors import InvalidValue

SAMPLE = Path(__file__).parent / "reports" / "failure.eml"
CORPUS = Path(__file__).parents[2].parent / "shared" / "corpora" / "bounces" / "mail"


def codes(report: FailureReport) -> list[str]:
    return [finding.code.removeprefix("dns.failure-report-") for finding in report.findings]


def test_a_failure_report_is_read() -> None:
    report = read_failure(SAMPLE)
    assert report.feedback_type == "auth-failure"
    assert report.auth_failure == "dmarc"
    assert report.identity_alignment == ("dkim", "spf")
    assert report.delivery_result == "reject"
    assert report.source_ip == ip_address("2001:db8::99")
    assert report.arrival == datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
    assert report.original_mail_from == "bounce@mailer.example"
    assert report.original_rcpt_to == ("one@receiver.example", "two@receiver.example")
    assert report.incidents == 4
    assert (report.dkim_domain, report.dkim_selector, report.dkim_identity) == ("shop.example", "news", "@shop.example")
    assert report.spf_dns == ("txt : mailer.example : v=spf1 -all",)
    assert report.authentication_results == ("receiver.example; dmarc=fail header.from=shop.example",)
    assert report.reported_domain == "shop.example"
    assert report.header_from == "shop.example"
    assert report.header("SUBJECT") == "Your order is on its way"
    assert report.header("X-None") == ""
    assert report.user_agent == "Reporter/1.0"
    assert ("Version", "1") in report.fields
    assert codes(report) == []


def test_it_comes_as_bytes_path_file_or_text() -> None:
    expected = read_failure(SAMPLE)
    raw = SAMPLE.read_bytes()
    assert read_failure(raw) == read_failure(str(SAMPLE)) == read_failure(raw.decode()) == expected
    assert read_failure(io.BytesIO(raw)) == read_failure(bytearray(raw)) == expected
    for wrong in (17, io.StringIO("x")):
        with pytest.raises(InvalidValue, match="neither bytes"):
            read_failure(wrong)  # type: ignore[arg-type]


def made(fields: str, rest: str = "") -> str:
    head = "Content-Type: multipart/report; boundary=x\n\n--x\nContent-Type: message/feedback-report\n\n"
    return f"{head}{fields}\n{rest}--x--\n"


def test_what_is_not_told_is_empty_and_said() -> None:
    report = read_failure(
        made("Feedback-Type: auth-failure\nSource-IP: somewhere\nIncidents: many\nArrival-Date: then\n")
    )
    assert (report.source_ip, report.arrival, report.incidents) == (None, None, 1)
    assert codes(report) == ["incomplete", "bad-value", "bad-value"]
    naive = read_failure(made("Feedback-Type: auth-failure\nReceived-Date: Mon, 2 Nov 2026 08:00:00 -0000\n"))
    assert naive.arrival == datetime(2026, 11, 2, 8, 0, tzinfo=UTC)


def test_other_reports_and_other_mails_are_said_to_be_so() -> None:
    assert codes(
        read_failure(made("Feedback-Type: abuse\nSource-IP: 192.0.2.1\nArrival-Date: 2 Nov 2026 08:00\n"))
    ) == ["other-kind"]
    for mail in (b"Subject: hello\n\nhow are you", b"<feedback/>", b""):
        assert codes(read_failure(mail)) == ["unreadable"]
    long = read_failure(SAMPLE.read_bytes() + b"x" * (33 * 1024 * 1024))
    assert codes(long) == ["too-large"]
    assert long.auth_failure == "dmarc"


def test_the_failed_mail_may_be_there_as_headers_or_whole() -> None:
    for media_type in ("text/rfc822-headers", "message/rfc822"):
        for author in ("a@shop.example", "<a@shop.example>", '"b@c.example" <a@shop.example>, x@y.example'):
            rest = f"--x\nContent-Type: {media_type}\n\nFrom: {author}\n"
            assert read_failure(made("Feedback-Type: auth-failure\n", rest)).header_from == "shop.example"
    assert (
        read_failure(
            made("Feedback-Type: auth-failure\n", "--x\nContent-Type: message/rfc822\n\nFrom: Anna\n")
        ).header_from
        == ""
    )


@given(st.binary(max_size=300))
def test_any_bytes_are_read_without_an_error(content: bytes) -> None:
    read_failure(content)
    read_failure(made("").encode().replace(b"\n\n\n", b"\n\n" + content + b"\n"))
    read_failure(SAMPLE.read_bytes().replace(b"Reporter/1.0", content))


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of real mails is not there")
def test_real_feedback_reports_are_read() -> None:
    told = [read_failure(path) for path in sorted(CORPUS.glob("arf-*.eml"))]
    assert sum(bool(report.feedback_type) for report in told) >= len(told) - 1, "one is no feedback report"
