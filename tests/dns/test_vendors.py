from __future__ import annotations

import pytest

from mailkit.dns.vendors import by_host, by_include, by_mx, known, vendor
from mailkit.errors import InvalidValue


def test_every_vendor_is_found_by_all_its_words_and_names() -> None:
    words = [word for one in known() for word in (one.key, *one.aliases)]
    assert len(set(words)) == len(words)
    for one in known():
        assert vendor(one.key) == vendor(one.name.upper()) == one
        assert one.source
        assert all(by_include(name) is not None for name in one.spf)
        assert all(by_mx(f"mx1.{name}") is not None for name in one.mx)
        assert all(by_host(f"out1.{name}.") is not None for name in one.ptr)


def test_the_longest_name_decides() -> None:
    found = by_include("_spf.mailersend.net")
    assert found is not None
    assert found.key == "mailersend"
    assert by_host("outbound.protection.outlook.com") == vendor("office365")
    assert by_host("notgoogle.com") is None


def test_an_unknown_vendor_is_told_with_what_was_meant() -> None:
    with pytest.raises(InvalidValue, match="mailchimp"):
        vendor("mailchmp")
    with pytest.raises(InvalidValue, match="known are google"):
        vendor("xyzzy")
    with pytest.raises(InvalidValue):
        vendor(7)  # type: ignore[arg-type]
