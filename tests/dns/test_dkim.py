from __future__ import annotations

from base64 import b64encode
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit.dns import DictResolver, Malformed, ServerFailure, TimedOut, dkim
from mailkit.dns.dkim.lint import lint
from mailkit.dns.drive import drive_blocking
from mailkit.dns.tags import Broken
from mailkit.errors import InvalidValue

WHERE = "news._domainkey.example.com"


def der(tag: int, content: bytes) -> bytes:
    size = len(content)
    width = (size.bit_length() + 7) // 8
    length = bytes([size]) if size < 128 else bytes([0x80 | width]) + size.to_bytes(width, "big")
    return bytes([tag]) + length + content


def rsa_key(bits: int, *, is_bare: bool = False) -> bytes:
    """An RSA public key of that size; nobody knows its private half, if there is one."""
    modulus = ((1 << (bits - 1)) + 1).to_bytes(bits // 8 + 1, "big")
    bare = der(0x30, der(2, modulus) + der(2, b"\x01\x00\x01"))
    algorithm = bytes.fromhex("300d06092a864886f70d0101010500")
    return bare if is_bare else der(0x30, algorithm + der(3, b"\0" + bare))


def published(key: bytes, *tags: str) -> str:
    return "; ".join(["v=DKIM1", *tags, f"p={b64encode(key).decode()}"])


def codes(*texts: Any) -> list[str]:
    zone = {(WHERE, "TXT"): texts[0] if texts and not isinstance(texts[0], str) else list(texts)}
    found = drive_blocking(dkim.find("news", "example.com"), DictResolver(zone), deadline=timedelta(seconds=20))
    return [f"{finding.severity} {finding.code.removeprefix('dns.dkim-')}" for finding in lint(found)]


words = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,5}[a-z0-9])?", fullmatch=True)
word_lists = st.lists(words, max_size=3).map(tuple)
records = st.builds(
    dkim.Record,
    key=st.none() | st.binary(max_size=300),
    algorithm=words,
    hashes=word_lists,
    services=word_lists.filter(bool) | st.just(("*",)) | st.just(("*", "email")),
    flags=word_lists,
)


@given(records)
def test_a_key_record_reads_back_from_its_text(record: dkim.Record) -> None:
    assert dkim.Record.parse(str(record)) == record


@given(st.text(max_size=60))
def test_any_text_behind_the_version_reads(text: str) -> None:
    record = dkim.Record.parse(f"v=DKIM1;{text}")
    assert dkim.Record.parse(str(record)) == record
    assert record.bits is None or record.key


@pytest.mark.parametrize("text", ["", "v=spf1 -all", "v=DKIM2; p=", "k=rsa", "v=dkim1; p=", "hello"])
def test_what_is_no_key_record_is_refused(text: str) -> None:
    assert not dkim.is_key(text)
    with pytest.raises(InvalidValue, match="not a key record"):
        dkim.Record.parse(text)


def test_blanks_within_the_key_do_not_matter() -> None:
    key = rsa_key(2048)
    text = b64encode(key).decode()
    assert dkim.Record.parse(f"v=DKIM1; p={text[:40]} \r\n\t{text[40:]}").key == key


@pytest.mark.parametrize("bits", [512, 768, 1024, 2048, 4096])
@pytest.mark.parametrize("is_bare", [True, False])
def test_the_size_of_a_key_is_read_in_both_forms(bits: int, is_bare: bool) -> None:
    assert dkim.Record(key=rsa_key(bits, is_bare=is_bare)).bits == bits


@pytest.mark.parametrize(
    ("key", "algorithm", "bits"),
    [
        (b"", "rsa", None),
        (None, "rsa", None),
        (b"junk", "rsa", None),
        (bytes(32), "ed25519", 256),
        (bytes(31), "ed25519", None),
        (rsa_key(2048), "dsa", None),
        (bytes.fromhex("302a300506032b6570032100") + bytes(32), "rsa", None),
        (bytes.fromhex("3006300406022a0303010000"), "rsa", None),
    ],
)
def test_a_key_that_is_none_has_no_size(key: bytes | None, algorithm: str, bits: int | None) -> None:
    assert dkim.Record(key=key, algorithm=algorithm).bits == bits


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ([published(rsa_key(2048))], []),
        ([published(rsa_key(2048)).removeprefix("v=DKIM1; ")], []),
        ([published(rsa_key(2048), "n=for the news", "g=*")], []),
        ([published(rsa_key(1024))], ["warning short"]),
        ([published(rsa_key(1024 - 256))], ["error weak"]),
        ([published(bytes(32), "k=ed25519")], ["info ed25519"]),
        ([published(bytes(30), "k=ed25519")], ["error syntax"]),
        ([published(b"junk")], ["error syntax"]),
        ([published(rsa_key(2048), "k=dsa")], ["error algorithm"]),
        ([published(rsa_key(2048), "k=r s a")], ["error syntax"]),
        ([published(rsa_key(2048), "h=a b")], ["error syntax"]),
        ([published(rsa_key(2048), "h=")], ["warning syntax"]),
        ([published(rsa_key(8192))], ["warning large"]),
        ([published(rsa_key(2048), "t=y")], ["warning testing"]),
        ([published(rsa_key(2048), "t=s")], []),
        ([published(rsa_key(2048), "t=y:s")], ["warning testing"]),
        ([published(rsa_key(2048), "t=y s")], ["warning syntax"]),
        ([published(rsa_key(2048), "h=sha1")], ["error hash"]),
        ([published(rsa_key(2048), "h=sha1 : sha256")], []),
        ([published(rsa_key(2048), "s=tlsrpt")], ["error service"]),
        ([published(rsa_key(2048), "s=*")], []),
        ([published(rsa_key(2048), "oops")], ["error syntax"]),
        ([published(rsa_key(2048), "!!!")], ["error syntax"]),
        ([published(rsa_key(2048)) + "; p=AAAA"], ["error syntax"]),
        ([published(rsa_key(2048)).removeprefix("v=DKIM1; ") + "; v=DKIM1"], ["error syntax"]),
        (["k=rsa; " + published(rsa_key(2048))], ["error syntax"]),
        (["v=DKIM1; p="], ["error revoked"]),
        (["v=DKIM1; p=not base64!"], ["error syntax"]),
        (["v=DKIM1; k=rsa"], ["error syntax"]),
        ([published(rsa_key(2048)), published(rsa_key(1024))], ["error several"]),
        ([published(rsa_key(2048)), "something else"], []),
        (["v=spf1 -all"], ["error not-a-key"]),
        ([b"\x96\x00\xff" * 20000], ["error not-a-key"]),
        ([], ["error absent"]),
    ],
)
def test_what_is_said_about_a_key(texts: list[str], expected: list[str]) -> None:
    assert codes(texts) == expected


@pytest.mark.parametrize("outcome", [TimedOut(), ServerFailure(), Malformed("x")])
def test_what_was_not_seen_is_never_called_absent(outcome: object) -> None:
    assert codes(outcome) == ["warning unanswered"]


def test_the_mended_record_is_ready_to_paste_and_has_nothing_to_be_said_about() -> None:
    zone = {(WHERE, "TXT"): [published(rsa_key(2048), "h=sha1", "s=other", "t=y:s")]}
    found = drive_blocking(dkim.find("news", "example.com"), DictResolver(zone), deadline=timedelta(seconds=20))
    assert found.record is not None
    testing = next(finding for finding in lint(found) if finding.code == "dns.dkim-testing")
    assert testing.mend.startswith(f'{WHERE}. IN TXT "v=DKIM1; h=sha1; s=other; t=s; p=')
    assert dkim.Record.parse(str(found.record)) == found.record


@pytest.mark.parametrize(
    "selector", ["", "a b", "-a", "a-", "a..b", "ж", "a" * 64, ".".join(["a" * 60] * 4), None, "a\n"]
)
def test_what_is_no_selector_is_refused_before_anything_is_asked(selector: str) -> None:
    with pytest.raises(InvalidValue, match="selector"):
        dkim.find(selector, "example.com")


@pytest.mark.parametrize("selector", ["news", "s1.news", "20260101", "k_1", "S-1"])
def test_selectors_may_have_dots_digits_and_underscores(selector: str) -> None:
    assert dkim.key_name(selector, "example.com") == f"{selector.lower()}._domainkey.example.com"


@pytest.mark.parametrize(
    "fields",
    [
        {"hashes": ["a b"]},
        {"flags": ["*"]},
        {"flags": "y"},
        {"flags": [5]},
        {"flags": None},
        {"algorithm": "a;b"},
        {"algorithm": 5},
        {"key": "x"},
    ],
)
def test_a_key_record_that_cannot_be_written_cannot_be_built(fields: dict[str, Any]) -> None:
    with pytest.raises(InvalidValue):
        dkim.Record(**{"key": b"", **fields})


def test_broken_parts_are_kept_with_their_place() -> None:
    text = "v=DKIM1; p=; oops"
    (part,) = dkim.Record.parse(text).broken
    assert isinstance(part, Broken)
    assert text[slice(*part.span)] == "oops"


@pytest.mark.parametrize("text", [5, None, b"v=DKIM1; p="])
def test_only_a_text_is_read_as_a_key_record(text: Any) -> None:
    with pytest.raises(InvalidValue, match=r"DKIM record: .* is not text"):
        dkim.Record.parse(text)
