from __future__ import annotations

import tomllib
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit.address import Domain
from mailkit.errors import InvalidValue
from mailkit.send.limits.providers import Providers, provider_of

ROWS = tomllib.loads(files("mailkit.send.limits").joinpath("providers.toml").read_text("utf-8"))["provider"]


@pytest.mark.parametrize(
    ("domain", "mx_hosts", "provider"),
    [
        ("gmail.com", (), "gmail"),
        ("GMail.com.", (), "gmail"),
        ("shop.example", ("ASPMX.L.GOOGLE.COM.", "alt1.aspmx.l.google.com"), "gmail"),
        ("hotmail.co.uk", (), "outlook"),
        ("live.example", ("live-example.olc.protection.outlook.com",), "outlook"),
        ("shop.example", ("shop-example.mail.protection.outlook.com",), "microsoft365"),
        ("shop.example", ("shop-example.x-v1.mx.microsoft",), "microsoft365"),
        ("aol.com", (), "yahoo"),
        ("yahoo.co.jp", (), "yahoo-japan"),
        ("list.ru", (), "mail.ru"),
        ("shop.example", ("emx.mail.ru",), "mail.ru"),
        ("ya.ru", (), "yandex"),
        ("web.de", (), "gmx"),
        ("163.com", (), "netease"),
        ("shop.example", ("eu-smtp-inbound-1.mimecast.com",), "mimecast"),
        ("shop.example", ("mx1.shop.example", "mxa-0012.gslb.pphosted.com"), "proofpoint"),
        ("shop.example", ("mx.shop.example",), ""),
        ("shop.example", ("notgoogle.com", ""), ""),
    ],
)
def test_a_mailbox_s_provider_is_told_from_its_domain_or_its_first_known_mx_host(domain, mx_hosts, provider):
    assert provider_of(domain, mx_hosts) == provider


def test_every_row_is_there_once_with_names_as_the_dns_has_them():
    names = [row["name"] for row in ROWS]
    domains = [domain for row in ROWS for domain in row.get("domains", ())]
    hosts = [host for row in ROWS for host in row["mx"]]
    for all_of_them in (names, domains, hosts):
        assert len(all_of_them) == len(set(all_of_them))
    for name in (*domains, *hosts):
        assert Domain.parse(name).ascii == name
    assert all(row["mx"] for row in ROWS)


@given(st.sampled_from([(host, row["name"]) for row in ROWS for host in row["mx"]]), st.text("abc.", max_size=20))
def test_whatever_lies_under_a_provider_s_name_is_the_provider_s(pair, label):
    host, name = pair
    found = provider_of("shop.example", [f"{label}.{host}"])
    assert found == name or any(host in other and host != other for row in ROWS for other in row["mx"])


def test_a_user_s_own_rows_go_before_the_shipped_ones():
    providers = Providers.shipped().adding("ours", mx=["Mail.Ours.Example."], domains=["gmail.com"])
    assert providers.of("gmail.com") == "ours"
    assert providers.of("a.example", ["mx.mail.ours.example"]) == "ours"
    assert provider_of("gmail.com") == "gmail"


def test_a_text_is_not_taken_for_a_row_of_names():
    with pytest.raises(InvalidValue, match="not a row of names"):
        Providers.shipped().adding("ours", mx="mx.ours.example")
