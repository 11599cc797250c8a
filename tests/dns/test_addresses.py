"""Which addresses anybody can reach."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit.dns.addresses import is_public

ALWAYS_HELD = ["::ffff:0:0", "64:ff9b::", "2002::", "2a00::5efe:0:0", "2a00::200:5efe:0:0"]


@pytest.mark.parametrize(
    "text",
    [
        "64:ff9b:1::808:808", "fec0::1", "::8.8.8.8", "::", "::1", "::ffff:0:8.8.8.8", "3fff::1", "3fff:fff::1",
        "5f00::1",
        "2a00::5efe:10.0.0.1", "2a00::200:5efe:192.168.0.1", "fe80::5efe:8.8.8.8", "2002:a00:1::1", "fc00::1",
        "ff02::1",
        "2002:808:808::5efe:10.0.0.1", "100::1", "2001:2::1", "2001:10::1", "2001:db8::1", "4000::1",
        "64:ff9b::10.0.0.1",
        "2001:0:a00:1::", "192.0.0.1", "192.0.0.170", "192.88.99.1", "0.1.2.3", "100.64.0.1", "169.254.169.254",
        "198.18.0.1", "203.0.113.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::ffff:192.0.0.8",
    ],
)  # fmt: skip
def test_what_is_not_for_everybody_is_not_public(text: str) -> None:
    assert not is_public(ip_address(text))


@pytest.mark.parametrize(
    "text",
    [
        "8.8.8.8", "192.0.0.9", "192.0.0.10", "192.31.196.1", "192.175.48.1", "172.32.0.1", "2a00:1450:4001::1a",
        "2620:4f:8000::1", "2001:4860:4860::8888", "2001:20::1", "2001:1::1", "2001:4:112::1", "64:ff9b::8.8.8.8",
        "::ffff:8.8.8.8", "2002:808:808::1", "2a00::5efe:8.8.8.8", "2001:200::1",
    ],
)  # fmt: skip
def test_what_is_given_out_for_everybody_is_public(text: str) -> None:
    assert is_public(ip_address(text))


@given(st.ip_addresses(v=4), st.sampled_from(ALWAYS_HELD))
def test_an_address_that_holds_another_is_as_public_as_that(inner: IPv4Address, head: str) -> None:
    number = int(inner) << 80 if head == "2002::" else int(inner)
    assert is_public(IPv6Address(int(IPv6Address(head)) | number)) is is_public(inner)
