"""TLS reports are read, and tell what to mend."""

from __future__ import annotations

import base64
import gzip
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit.dns import tls_reports
from mailkit.dns.tls_reports import ResultType
from mailkit.dns.unpack import Limits

SAMPLE = Path(__file__).parent / "reports" / "tls.json"


def codes(found: tls_reports.TLSReading) -> list[str]:
    return [finding.code.removeprefix("dns.tls-report-") for finding in found.findings]


def test_a_report_is_read_plain_packed_and_attached() -> None:
    raw = SAMPLE.read_bytes()
    mail = (
        b"Content-Type: multipart/report; report-type=tlsrpt; boundary=x\n\n--x\n\nhello\n--x\n"
        b"Content-Type: application/tlsrpt+gzip\nContent-Transfer-Encoding: base64\n\n"
        + base64.encodebytes(gzip.compress(raw))
        + b"--x--\n"
    )
    for source in (SAMPLE, raw, gzip.compress(raw), mail, raw.decode(), raw.decode().encode("utf-16")):
        found = tls_reports.read(source)
        assert codes(found) == []
        (report,) = found.reports
        assert report.organization == "Sender of Example"
        assert report.begin == datetime(2026, 11, 1, tzinfo=UTC)
        assert (report.successful, report.failed) == (5326 + 10, 303)
        sts, none = report.policies
        assert (sts.type, sts.domain, sts.mx_hosts) == ("sts", "shop.example", ("*.mx.shop.example",))
        assert sts.strings[0] == "version: STSv1"
        assert none.mx_hosts == ("mx.shop.example",)
        assert [(one.result, one.sessions) for one in sts.details] == [
            (ResultType.CERTIFICATE_EXPIRED, 100),
            (ResultType.STARTTLS_NOT_SUPPORTED, 200),
            (ResultType.UNREAD, 3),
        ]
        assert sts.details[2].said == "moon-in-retrograde"


def test_what_the_reports_tell_of_our_servers_is_said_with_what_to_mend() -> None:
    told = tls_reports.lint(tls_reports.read(SAMPLE).reports)
    assert [(finding.place.source, finding.mend) for finding in told] == [
        ("mx2.mx.shop.example", ResultType.STARTTLS_NOT_SUPPORTED.mend),
        ("mx1.mx.shop.example", ResultType.CERTIFICATE_EXPIRED.mend),
        ("shop.example", ""),
    ]
    assert {finding.code for finding in told} == {"dns.tls-report-failures"}


def test_every_word_of_the_rfc_says_what_to_do() -> None:
    assert all(one.mend for one in ResultType if one is not ResultType.UNREAD)


def test_odd_values_cost_only_themselves() -> None:
    told: dict[str, Any] = json.loads(SAMPLE.read_bytes())
    told["policies"].append("no policy")
    told["policies"][0]["summary"] = {"total-successful-session-count": "17", "total-failure-session-count": -1}
    told["policies"][0]["failure-details"] = {"not": "a list"}
    told["policies"][0]["policy"]["policy-string"] = 5
    told["organization-name"] = None
    told["date-range"] = "today"
    found = tls_reports.read(json.dumps(told))
    assert codes(found) == ["incomplete", "bad-value"]
    (report,) = found.reports
    assert report.begin is None
    assert report.policies[0].successful == 17
    assert report.policies[0].strings == ()
    assert len(report.policies) == 3


@pytest.mark.parametrize(
    "junk", [b"{", b"{}", b'{"policies": 5}', b"<feedback/>", b"{" + b'"a":[' * 200_000, b'{"a": ' + b"9" * 5000]
)
def test_what_is_no_report_is_said_to_be_none(junk: bytes) -> None:
    found = tls_reports.read(junk)
    assert codes(found) == ["unreadable"]
    assert not found.reports


def test_bombs_are_refused() -> None:
    bomb = gzip.compress(b"{" + b" " * 8_000_000)
    assert codes(tls_reports.read(bomb)) == ["too-large"]
    assert codes(tls_reports.read(SAMPLE, limits=Limits(longest_bytes=100))) == ["too-large"]


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "policies",
                        "policy",
                        "summary",
                        "failure-details",
                        "date-range",
                        "result-type",
                        "total-failure-session-count",
                    ]
                ),
                inner,
                max_size=4,
            )
        ),
        max_leaves=20,
    )
)
def test_any_json_is_read_without_an_error(value: Any) -> None:
    tls_reports.lint(tls_reports.read(json.dumps({"policies": [value], "date-range": value, "x": value})).reports)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_without_an_error(content: bytes) -> None:
    tls_reports.read(content)
    tls_reports.read(b"{" + content)


def test_what_a_report_says_is_printed_harmlessly() -> None:
    detail = tls_reports.FailureDetail(
        result="unread", said="\x1b[2J\u202e", sessions=3, receiving_mx_hostname="mx\x07"
    )
    policy = tls_reports.PolicyResult(type="sts", domain="example.com", failed=3, details=(detail,))
    found = tls_reports.lint([tls_reports.TLSReport(policies=(policy,))])
    assert str(found).isprintable()
    shown = tls_reports.TLSReading(reports=(tls_reports.TLSReport(policies=(policy,)),), findings=found)._repr_html_()
    assert shown.isprintable()


def test_a_reading_shows_itself_as_a_table_of_policies() -> None:
    found = tls_reports.read(SAMPLE)
    assert "Sender of Example" in found._repr_html_()
    assert "mailkit-findings" not in found._repr_html_()
    many = tls_reports.TLSReading(reports=found.reports * 200, findings=found.findings)
    assert "more policies" in many._repr_html_()
    assert "is XML, where a report in JSON is wanted" in tls_reports.read("<feedback>")._repr_html_()
