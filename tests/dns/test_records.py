from __future__ import annotations

import re
from typing import Any

import dns.rdata
import dns.rdataclass
import dns.rdatatype
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit.dns import TextRecord
from mailkit.errors import InvalidValue

NAME = "a.example.com"


@given(st.text(st.characters(max_codepoint=255), max_size=700))
def test_the_zone_file_line_says_the_text_byte_for_byte(text: str) -> None:
    line = str(TextRecord(name=NAME, text=text))
    content = line.removeprefix(f"{NAME}. IN TXT ")
    rdata = dns.rdata.from_text(dns.rdataclass.IN, dns.rdatatype.TXT, content)
    assert b"".join(rdata.strings) == text.encode("latin-1")  # type: ignore[attr-defined]
    assert re.fullmatch(r"[ -~]+", line)


def test_no_string_is_longer_than_255_bytes() -> None:
    record = TextRecord(name=NAME, text="x" * 600)
    assert [len(string) for string in record.strings] == [255, 255, 90]
    assert TextRecord(name=NAME, text="").strings == ("",)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a..example", "x"),
        (NAME, "ж"),
        (5, "x"),
        (NAME, 5),
        ("x\ny IN A 192.0.2.1 ;", "x"),
        *((f"a{letter}b.example", "x") for letter in ' \t\r\x00\x7f\xa0é";()\\@$'),
    ],
)
def test_what_no_zone_can_hold_is_refused(name: Any, text: Any) -> None:
    with pytest.raises(InvalidValue):
        TextRecord(name=name, text=text)
