"""Addresses: what is accepted, what is refused, and what tells two mailboxes apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit.address import Address, Domain, ForeignAddress, Mailbox
from mailkit.errors import AddressError, InvalidValue
from mailkit.testing.strategies import addresses, domains, mailboxes


@given(domains())
def test_a_domain_survives_being_written_and_read(domain: Domain) -> None:
    assert Domain.parse(str(domain)) == domain


@given(addresses())
def test_an_address_survives_being_written_and_read(address: Address) -> None:
    again = Address.parse(str(address))
    assert again.domain == address.domain
    assert Address.parse(str(again)) == again
    if '"' not in address.local:  # quotes that are not needed are dropped when an address is read
        assert again == address


@given(mailboxes())
def test_a_mailbox_survives_being_written_and_read(mailbox: Mailbox) -> None:
    again = Mailbox.parse(str(mailbox))
    assert again.name == mailbox.name
    assert again.address.domain == mailbox.address.domain


@given(addresses())
def test_case_does_not_tell_mailboxes_apart(address: Address) -> None:
    assert (
        Address.parse(str(address).upper() if str(address).isascii() else str(address)).key
        == Address.parse(str(address)).key
    )


@given(st.text(max_size=60))
def test_only_address_errors_leave_the_parsers(text: str) -> None:
    for parse in (Address.parse, Domain.parse, Mailbox.parse):
        try:
            value = parse(text)
        except InvalidValue:
            continue
        assert str(value)


@given(st.text(max_size=60))
def test_an_address_of_others_is_read_whatever_it_is(text: str) -> None:
    foreign = ForeignAddress.parse(text)
    assert ForeignAddress.parse(str(foreign)).key == ForeignAddress.parse(str(ForeignAddress.parse(str(foreign)))).key


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("anna@example.com", "anna@example.com"),
        ("  Anna@EXAMPLE.Com ", "Anna@example.com"),
        ("anna+news@example.com", "anna+news@example.com"),
        ("o'brien@example.ie", "o'brien@example.ie"),
        ("anna@почта.рф", "anna@xn--80a1acny.xn--p1ai"),
        ("анна@почта.рф", "анна@xn--80a1acny.xn--p1ai"),
        ('"john doe"@example.com', '"john doe"@example.com'),
        ('"plain"@example.com', "plain@example.com"),
        ("anna@shop.test", "anna@shop.test"),
        ("a" * 64 + "@example.com", "a" * 64 + "@example.com"),
    ],
)
def test_addresses_are_normalised(text: str, written: str) -> None:
    assert str(Address.parse(text)) == written


@pytest.mark.parametrize(
    "text",
    [
        "", "anna", "anna@", "@example.com", "anna@@example.com", "an na@example.com", "anna@example..com",
        "anna@-example.com", "anna@localhost", "anna.@example.com", "a" * 65 + "@example.com",
        "anna@" + "a" * 64 + ".com",
        "anna@example.com\nBcc: all@example.com", "anna@[192.0.2.1]", "anna@exam_ple.com",
        "anna@shop.local", "anna@x.invalid", "anna@\ud800.com", "\ud800@example.com",
        "Anna <anna@example.com>", "anna@example.com, bob@example.com",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused_with_what_was_given(text: str) -> None:
    with pytest.raises(AddressError) as caught:
        Address.parse(text)
    assert caught.value.given == text
    assert str(caught.value).startswith("address: ")


@pytest.mark.parametrize("value", [None, 7, b"anna@example.com"])
def test_what_is_not_text_is_no_address(value: object) -> None:
    for parse in (Address.parse, Mailbox.parse, Domain.parse):
        with pytest.raises(AddressError, match="is not text"):
            parse(value)  # type: ignore[arg-type]


def test_a_domain_may_end_in_a_dot_and_in_a_name_of_another_script() -> None:
    assert Domain.parse("Example.COM.") == Domain("example.com")
    assert Domain.parse("почта.рф").unicode == "почта.рф"
    assert Domain("example.com").unicode == "example.com"
    assert Address.parse("anna@почта.рф").unicode == "anna@почта.рф"


@pytest.mark.parametrize(
    "text", ["Example.com", "example", "exa mple.com", "-a.com", "a.com.", "a" * 254, "192.0.2.1", "shop.local", 7]
)
def test_a_domain_cannot_be_built_from_parts_that_are_none(text: str) -> None:
    with pytest.raises(AddressError):
        Domain(text)


@pytest.mark.parametrize("local", ["", "a b", "a..b", ".a", 'a"b', "a" * 65, "ы" * 33, 7])
def test_an_address_cannot_be_built_from_a_wrong_local_part(local: str) -> None:
    with pytest.raises(AddressError, match=r"Address\.local"):
        Address(local, Domain("example.com"))


def test_an_address_is_built_from_a_domain_not_from_text() -> None:
    with pytest.raises(AddressError, match=r"use Address\.parse"):
        Address("anna", "example.com")  # type: ignore[arg-type]
    with pytest.raises(AddressError, match=r"use Mailbox\.parse"):
        Mailbox("anna@example.com")  # type: ignore[arg-type]


def test_only_a_local_part_beyond_ascii_needs_smtputf8() -> None:
    assert Address.parse("анна@example.com").needs_smtputf8
    assert not Address.parse("anna@почта.рф").needs_smtputf8


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("anna@example.com", ""),
        ("<anna@example.com>", ""),
        ("Anna Smith <anna@example.com>", "Anna Smith"),
        ('"Books, Inc." <anna@example.com>', "Books, Inc."),
        (r'"The \"Best\" \\ shop" <anna@example.com>', r'The "Best" \ shop'),
        ("Анна <anna@example.com>", "Анна"),
        ('"" <anna@example.com>', ""),
    ],
)
def test_a_mailbox_has_a_name(text: str, name: str) -> None:
    mailbox = Mailbox.parse(text)
    assert mailbox.name == name
    assert str(mailbox.address) == "anna@example.com"
    assert Mailbox.parse(str(mailbox)) == mailbox


@pytest.mark.parametrize(
    "text",
    [
        "a@example.com, b@example.com <c@example.com>",
        "Anna; <anna@example.com>",
        "Anna <anna@example.com> <b@example.com>",
    ],
)
def test_several_mailboxes_are_not_one(text: str) -> None:
    with pytest.raises(AddressError):
        Mailbox.parse(text)


@pytest.mark.parametrize("name", ["Anna\r\nBcc: all@example.com", "=?utf-8?q?a=0d=0aBcc:?=", "tab\nname"])
def test_a_name_cannot_carry_a_second_header(name: str) -> None:
    with pytest.raises(InvalidValue, match="line break"):
        Mailbox(Address.parse("anna@example.com"), name)


def test_of_two_quoted_people_none_is_lost() -> None:
    with pytest.raises(AddressError, match="more than one mailbox"):
        Mailbox.parse('"Anna" <anna@example.com>, "Boris" <boris@example.com>')


@pytest.mark.parametrize("local", ['"a"', '"a.b"', "e\u0301", "a\x85b", "a\u2028b", "a\ud800", "\u202ea"])
def test_an_address_is_built_in_its_normal_form_only(local: str) -> None:
    with pytest.raises(AddressError, match=r"Address\.local"):
        Address(local, Domain("example.com"))


def test_a_domain_of_an_older_idna_is_shown_as_it_is() -> None:
    assert Domain("xn--zzzzzz.example.com").unicode == "xn--zzzzzz.example.com"


def test_a_hostile_address_takes_no_longer_than_its_length() -> None:
    assert len(ForeignAddress.parse("a" + " " * 500_000 + "b").text) == 3


def test_a_name_has_no_spaces_around_it() -> None:
    with pytest.raises(AddressError, match="spaces"):
        Mailbox(Address.parse("anna@example.com"), " Anna")


def test_is_ascii_speaks_of_name_and_local_part() -> None:
    assert Mailbox.parse("Anna <anna@example.com>").is_ascii
    assert not Mailbox.parse("Анна <anna@example.com>").is_ascii
    assert not Mailbox.parse("анна@example.com").is_ascii


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("rfc822;anna@example.com", "anna@example.com"),
        ("RFC822; <Anna@Example.com>", "Anna@Example.com"),
        ("utf-8; анна@example.com", "анна@example.com"),
        ("user@localhost", "user@localhost"),
        ("/C=de/ADMD=x/S=Anna", "/C=de/ADMD=x/S=Anna"),
        ("anna smith", "anna smith"),
        ("", ""),
    ],
)
def test_addresses_of_others_keep_their_text(text: str, written: str) -> None:
    assert str(ForeignAddress.parse(text)) == written


def test_an_address_of_others_meets_ours_by_its_key() -> None:
    assert ForeignAddress.parse("<ANNA@Example.COM>").key == Address.parse("anna@example.com").key
    assert ForeignAddress.parse("Root@LocalHost").key == "root@localhost"
    assert repr(ForeignAddress("x")) == "ForeignAddress('x')"
    assert repr(Mailbox.parse("A <a@example.com>")) == "Mailbox('A <a@example.com>')"
    assert repr(Address.parse("a@example.com")) == "Address('a@example.com')"
