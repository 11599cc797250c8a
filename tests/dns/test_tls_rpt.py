from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit.dns import NoData, ServerFailure, tls
from mailkit.dns.drive import run_sync
from mailkit.errors import InvalidValue

D = "example.com"
NAME = "_smtp._tls.example.com"
words = st.from_regex(r"[a-z0-9]{1,8}", fullmatch=True)
uris = st.builds("mailto:{}@{}.example".format, words, words) | st.builds("https://{}.example/{}".format, words, words)


def codes(*texts: Any) -> list[str]:
    zone = {(NAME, "TXT"): texts[0] if texts and not isinstance(texts[0], str) else list(texts)}
    found = run_sync(tls.find_rpt(D), resolver=zone)
    return [f"{one.severity} {one.code.removeprefix('dns.tls-rpt-')}" for one in tls.lint_rpt(found)]


@given(st.lists(uris, max_size=3))
def test_a_record_reads_back_from_its_text(rua: list[str]) -> None:
    record = tls.RptRecord(rua=rua)
    assert tls.RptRecord.parse(str(record)) == record


@given(st.lists(uris, max_size=3))
def test_what_is_generated_is_found_sound(rua: list[str]) -> None:
    assert codes(tls.rpt_record(D, rua).text) == []


@given(st.text(st.characters(max_codepoint=255), max_size=60))
def test_any_text_behind_the_version_is_read(text: str) -> None:
    record = tls.RptRecord.parse(f"v=TLSRPTv1;{text}")
    assert tls.RptRecord.parse(str(record)) == record


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["v=TLSRPTv1; rua=mailto:a@example.com"], []),
        (["v=TLSRPTv1;rua=mailto:reports@example.com,https://r.example.com/v1"], []),
        (["v=TLSRPTv1; rua=mailto:a@example.com; x=y;"], []),
        ([NoData()], ["info absent"]),
        ([ServerFailure()], ["warning unanswered"]),
        (["v=spf1 -all"], ["warning not-a-record"]),
        (["v=TLSRPTv1; rua=mailto:a@example.com", "v=TLSRPTv1; rua=mailto:b@example.com"], ["error several"]),
        (["v=TLSRPTv1"], ["error no-rua"]),
        (["v=TLSRPTv1; rua=a@example.com"], ["warning syntax", "error no-rua"]),
        (["v=TLSRPTv1; rua=mailto:a@example.com,http://x.example/"], ["warning syntax"]),
        (["v=TLSRPTv1; rua=mailto:a@example.com; oops"], ["warning syntax"]),
        (["v=TLSRPTv1; rua=mailto:a@example.com; rua=mailto:b@example.com"], ["warning syntax"]),
    ],
)
def test_what_is_said(texts: list[Any], expected: list[str]) -> None:
    assert codes(*texts) == expected


def test_an_address_without_mailto_is_told_how_to_be_written() -> None:
    record = tls.RptRecord.parse("v=TLSRPTv1; rua=a@example.com")
    assert record.broken[0].mend == "write mailto:a@example.com"


@pytest.mark.parametrize(
    "build",
    [
        lambda: tls.RptRecord(rua=["ftp://x.example/"]),
        lambda: tls.RptRecord(rua=["mailto:é@example.com"]),
        lambda: tls.RptRecord.parse("v=DMARC1"),
        lambda: tls.RptRecord.parse(None),
    ],
)
def test_a_wrong_value_cannot_be_built(build: Any) -> None:
    with pytest.raises(InvalidValue):
        build()
