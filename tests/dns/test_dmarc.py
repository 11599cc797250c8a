from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit.dns.dmarc.record import Alignment, Policy, Record, Suffix, is_dmarc
from mailkit.errors import InvalidValue

uris = st.from_regex(r"mailto:[a-z0-9.+-]{1,8}@[a-z]{1,8}\.example", fullmatch=True) | st.just(
    "https://example.com/r?a=b"
)
policies = st.none() | st.sampled_from(Policy)
records = st.builds(
    Record,
    p=policies,
    sp=policies,
    np=policies,
    rua=st.lists(uris, max_size=3).map(tuple),
    ruf=st.lists(uris, max_size=2).map(tuple),
    adkim=st.sampled_from(Alignment),
    aspf=st.sampled_from(Alignment),
    fo=st.sampled_from(["0", "1", "d", "s", "d:s", "0:d"]),
    psd=st.sampled_from(Suffix),
    is_testing=st.booleans(),
)


@given(records)
def test_a_record_reads_back_from_its_text(record: Record) -> None:
    again = Record.parse(str(record))
    assert again == record
    assert not again.broken


@given(st.text(max_size=80))
def test_any_text_behind_the_version_reads(text: str) -> None:
    record = Record.parse(f"v=DMARC1;{text}")
    assert Record.parse(str(record)) == record


@pytest.mark.parametrize(
    "text", ["", "v=DMARC1p=none", "v=dmarc1", "p=none; v=DMARC1", "v=DMARC2; p=none", "v=DMARC1, p=none"]
)
def test_what_is_no_dmarc_record_is_refused(text: str) -> None:
    assert not is_dmarc(text)
    with pytest.raises(InvalidValue, match="DMARC1"):
        Record.parse(text)


@pytest.mark.parametrize("text", ["v=DMARC1", "v=DMARC1;", "V = DMARC1 ;p=none", "v=DMARC1 ; p=none;"])
def test_blanks_and_a_last_semicolon_do_not_matter(text: str) -> None:
    assert is_dmarc(text)
    assert not Record.parse(text).broken


@pytest.mark.parametrize(
    ("tags", "broken"),
    [
        ("p=nonne", "p=nonne"),
        ("sp=none,reject", "sp=none,reject"),
        ("p=none; adkim=x", "adkim=x"),
        ("p=none; psd=maybe", "psd=maybe"),
        ("p=none; t=1", "t=1"),
        ("p=none; fo=x", "fo=x"),
        ("p=none; rua=dmarc@example.com", "rua=dmarc@example.com"),
        ("p=none; rua=mailto:a@example.com,", "rua="),
        ("p=none; P=reject", "P=reject"),
        ("p=none; rua", "rua"),
    ],
)
def test_a_broken_tag_is_kept_and_counts_as_missing(tags: str, broken: str) -> None:
    record = Record.parse(f"v=DMARC1; {tags}")
    assert [part.text for part in record.broken] == [broken]
    assert (record.adkim, record.psd, record.is_testing, record.fo) == (Alignment.RELAXED, Suffix.UNKNOWN, False, "0")


def test_a_forgotten_mailto_is_told() -> None:
    assert Record.parse("v=DMARC1; rua=a@example.com").broken[0].mend == "write mailto:a@example.com"


def test_what_rfc_9989_dropped_is_noticed_and_ignored() -> None:
    record = Record.parse("v=DMARC1; p=reject; pct=50; rf=afrf; ri=86400; rua=mailto:a@example.com!10m; x=y; fo=1 : d")
    assert [str(tag) for tag in record.historic] == ["pct=50", "rf=afrf", "ri=86400"]
    assert str(record) == "v=DMARC1; p=reject; rua=mailto:a@example.com; fo=1:d"


@pytest.mark.parametrize(
    ("tags", "policy", "below", "below_nothing"),
    [
        ("p=reject", "reject", "reject", "reject"),
        ("p=reject; sp=none", "reject", "none", "none"),
        ("p=none; sp=quarantine; np=reject", "none", "quarantine", "reject"),
        ("p=reject; np=none", "reject", "reject", "none"),
        ("sp=reject", None, None, None),
        ("sp=reject; rua=mailto:a@example.com", "none", "none", "none"),
        ("p=rejekt; rua=mailto:a@example.com", "none", "none", "none"),
        ("p=reject; sp=oops; rua=mailto:a@example.com", "none", "none", "none"),
        ("p=reject; np=oops", None, None, None),
        ("", None, None, None),
        ("p=reject; p=none", "reject", "reject", "reject"),
        ("p=reject; sp=none; sp=oops", "reject", "none", "none"),
        ("p=oops; p=none", None, None, None),
        # What is no tag is a syntax error, and discarded
        ("p=reject; sp", "reject", "reject", "reject"),
        ("p=reject; np; p; SP ", "reject", "reject", "reject"),
        ("p=reject; sp none", "reject", "reject", "reject"),
        ("p=reject; sp=", None, None, None),
        ("p=reject; sp=\x80", None, None, None),
    ],
)
def test_which_policy_a_record_asks_for(
    tags: str, policy: str | None, below: str | None, below_nothing: str | None
) -> None:
    record = Record.parse(f"v=DMARC1; {tags}")
    assert (record.policy, record.policy_below(), record.policy_below(exists=False)) == (policy, below, below_nothing)


@pytest.mark.parametrize(
    "fields",
    [
        {"p": "maybe"},
        {"rua": ["a@example.com"]},
        {"rua": ["mailto:a@example.com,mailto:b@example.com"]},
        {"rua": ["mailto:a;b@example.com"]},
        {"ruf": ["mailto:a!b@example.com"]},
        {"rua": "mailto:a@example.com"},
        {"adkim": "x"},
        {"fo": "x"},
        {"psd": "x"},
        {"p": 5},
        {"fo": None},
        {"rua": [5]},
        {"rua": 5},
    ],
)
def test_a_record_that_cannot_be_written_cannot_be_built(fields: dict[str, Any]) -> None:
    with pytest.raises(InvalidValue):
        Record(**fields)


@pytest.mark.parametrize("text", [5, None, b"v=DMARC1"])
def test_only_a_text_is_read_as_a_record(text: Any) -> None:
    with pytest.raises(InvalidValue, match=r"DMARC record: .* is not text"):
        Record.parse(text)


def test_a_wrong_word_is_told_with_its_place() -> None:
    with pytest.raises(InvalidValue, match=r"DMARC policy \(p, sp, np\): 'bogus' is none of none, quarantine, reject"):
        Record(p="bogus")  # type: ignore[arg-type]
