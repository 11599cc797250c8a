from datetime import timedelta
from typing import get_type_hints

import pytest

from mailkit.errors import InvalidValue
from mailkit.send import SMTPTransport


@pytest.mark.parametrize(
    "host",
    ["localhost", "mail.example.com", "mail.example.com.", "mail_1", "192.0.2.1", "2001:db8::1", "bücher.example"],
)
def test_a_servers_name_or_address_can_be_given(host):
    assert SMTPTransport(host).host == host


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"host": "mail..example.com"}, "SMTPTransport.host"),
        ({"host": ""}, "SMTPTransport.host"),
        ({"host": "a b"}, "SMTPTransport.host"),
        ({"host": "https://mail.example.com"}, "SMTPTransport.host"),
        ({"host": None}, "SMTPTransport.host"),
        ({"host": "127.0.0.1:2525"}, "has the port in it; write host='127.0.0.1', port=2525"),
        ({"host": "[2001:db8::1]:25"}, "has the port in it; write host='2001:db8::1', port=25"),
        ({"bdat_depth": -1}, "SMTPTransport.bdat_depth"),
        ({"bdat_depth": True}, "SMTPTransport.bdat_depth"),
        ({"port": 70000}, "SMTPTransport.port"),
        ({"port": 0}, "SMTPTransport.port"),
        ({"port": "25"}, "SMTPTransport.port"),
        ({"port": True}, "SMTPTransport.port"),
        ({"password": 5}, "SMTPTransport.password"),
        ({"tls": "ssl"}, "write one of 'none', 'opportunistic', 'starttls', 'implicit'"),
        ({"tls": "start_tls"}, "did you mean 'starttls'"),
        ({"local_hostname": "bücher"}, "write 'xn--bcher-kva'"),
        ({"local_hostname": "a b"}, "SMTPTransport.local_hostname"),
        ({"local_hostname": "ü b"}, "SMTPTransport.local_hostname"),
        ({"local_hostname": None}, "SMTPTransport.local_hostname"),
        ({"connections": 0}, "SMTPTransport.connections"),
        ({"connections": 1.5}, "SMTPTransport.connections"),
        ({"messages_per_connection": "9"}, "SMTPTransport.messages_per_connection"),
        ({"timeout": timedelta(0)}, "SMTPTransport.timeout"),
        ({"timeout": None}, "SMTPTransport.timeout"),
        ({"answer_timeout": 5}, "SMTPTransport.answer_timeout"),
    ],
)
def test_what_could_never_work_cannot_be_given(settings, told):
    with pytest.raises(InvalidValue) as caught:
        SMTPTransport(**{"host": "mail.example.com", **settings})
    assert told in str(caught.value)


def test_a_password_is_not_told():
    with pytest.raises(InvalidValue) as caught:
        SMTPTransport("mail.example.com", password=b"secret")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("name", ["", "mail.example.com", "mail", "[192.0.2.1]", "[IPv6:2001:db8::1]"])
def test_a_domain_or_an_address_in_brackets_is_a_name_of_ones_own(name):
    assert SMTPTransport("mail.example.com", local_hostname=name).local_hostname == name


def test_its_types_can_be_asked_for():
    assert get_type_hints(SMTPTransport)["port"] is int


def test_a_login_needs_a_password_or_a_token():
    with pytest.raises(InvalidValue, match="'shop' has no password; give password= or token="):
        SMTPTransport("mail.example.com", 587, username="shop")


@pytest.mark.parametrize("tls", ["opportunistic", "starttls"])
def test_port_465_is_for_tls_from_the_start(tls):
    with pytest.raises(InvalidValue, match='write tls="implicit", or port 587'):
        SMTPTransport("mail.example.com", 465, tls=tls)
    assert SMTPTransport("mail.example.com", 465, tls="implicit").port == 465
    assert SMTPTransport("mail.example.com", 465, tls="none").port == 465
