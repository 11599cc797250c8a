from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit.dns.authors import from_domains
from mailkit.errors import InvalidValue

labels = st.from_regex(r"[a-z0-9]{1,8}", fullmatch=True)
hosts = st.tuples(labels, labels).map(".".join)
names = st.sampled_from(
    ["", "Anna ", '"a@b.example, <x@y.example>" ', "(c@d.example) ", "=?utf-8?q?a=40b?= ", "e@f.example "]
)


@given(st.lists(st.tuples(names, hosts), min_size=1, max_size=4), st.sampled_from([",", ", ", ",\r\n\t"]))
def test_each_domain_of_a_list_is_found_once(people: list[tuple[str, str]], comma: str) -> None:
    value = comma.join(f"{name}<x@{host}>" for name, host in people)
    raw = f"To: z@z.example\r\nFrom: {value}\r\n\r\nFrom: y@y.example".encode()
    assert from_domains(raw) == tuple(dict.fromkeys(host for _, host in people))


@given(st.binary(max_size=200), st.binary(max_size=60))
def test_any_bytes_read(head: bytes, value: bytes) -> None:
    for raw in (head, b"From: " + value + b"\r\n\r\n", head + b"\r\nFrom:" + value):
        for domain in from_domains(raw):
            assert isinstance(domain, str)


@pytest.mark.parametrize(
    ("value", "domains"),
    [
        (b"a@b.com", ["b.com"]),
        (b"Anna <a@B.COM>", ["b.com"]),
        (b'"x@y.z" <a@b.com>', ["b.com"]),
        (b"x@y.z <a@b.com>", ["b.com"]),
        (b"a@b.com (c@d.com (nested))", ["b.com"]),
        (b"Team: a@b.com, <c@d.com>;", ["b.com", "d.com"]),
        (b"undisclosed-recipients:;", []),
        (b'"a@b"@c.com', ["c.com"]),
        (b"<@r.com,@s.com:u@t.com>", ["t.com"]),
        (b"u@[192.0.2.1]", ["[192.0.2.1]"]),
        ("x@bücher.example".encode(), ["xn--bcher-kva.example"]),
        ("x@bücher.example".encode("latin-1"), ["xn--bcher-kva.example"]),
        (b"a@ b .\r\n com", ["b.com"]),
        (b"=?utf-8?q?a=40b.com?=", []),
        (b"", []),
        # What a mail program may show in different ways gives each of them.
        (b"<a@b.com> <c@d.com>", ["b.com", "d.com"]),
        (b"a@b.com: c@d.com", ["b.com", "d.com"]),
        (b'"unterminated <a@b.com>', ["b.com"]),
        (b"<a@b.com", ["b.com"]),
        (b"<a@b.com, c@d.com>", ["b.com", "d.com>"]),
        (b"(unterminated a@b.com", []),
        (b") a@b.com", ["b.com"]),
        (b'a\\"@b.com', ["b.com"]),
        (b"a@b.com\0", ["b.com\0"]),
    ],
)
def test_where_the_domain_of_from_stands(value: bytes, domains: list[str]) -> None:
    assert list(from_domains(b"Subject: x\r\nFrom: " + value + b"\r\n\r\n")) == domains


@pytest.mark.parametrize(
    ("raw", "domains"),
    [
        (b"From: a@b.com\nfrom : c@d.com\n\nFrom: x@y.com", ["b.com", "d.com"]),
        (b"From: a@b.com\r\nFrom: a@b.com\r\n\r\n", ["b.com", "b.com"]),
        (b"From a@b.com Mon Jan 1\nFrom: c@d.com\n", ["d.com"]),
        (b"Subject: x\rFrom: a@b.com\r\n", ["b.com"]),
        (b"\r\nFrom: a@b.com", []),
        (b" From: a@b.com\r\nTo: c@d.com", []),
        (b"X-From: a@b.com", []),
        (b"From: a@b.com\r\nnonsense\r\n , c@d.com", ["b.com"]),
        (b"From: a@b.com\r\n\t\r\n , c@d.com", ["b.com", "d.com"]),
        (b"", []),
    ],
)
def test_which_fields_count(raw: bytes, domains: list[str]) -> None:
    assert list(from_domains(raw)) == domains


@pytest.mark.parametrize(
    "value", [b"(" * 900000, b'"' * 900000, b'"\\' * 400000, b"<@" * 400000, b"a@b," * 200000, b"\r\n " * 300000]
)
def test_hostile_letters_read_in_no_time(value: bytes) -> None:
    assert len(from_domains(b"From: " + value)) <= 100


def test_only_bytes_are_a_letter() -> None:
    with pytest.raises(InvalidValue):
        from_domains("From: a@b.com")  # type: ignore[arg-type]
    assert from_domains(bytearray(b"From: a@b.com")) == ("b.com",)


def test_of_many_writings_of_domains_none_hides_another() -> None:
    many = b"".join(b"<a@%d.example>" % number for number in range(600))
    assert len(from_domains(b"From: " + many)) == 100
    same = "".join(f"<a@{'é' * 9}{'É' if number % 2 else 'é'}{' ' * (number % 7)}.example>" for number in range(900))
    assert len(from_domains(b"From: " + same.encode() + b"<b@example.net>")) == 2
    cases = ("".join("É" if number >> bit & 1 else "é" for bit in range(10)) for number in range(700))
    assert len(from_domains(b"From: " + "".join(f"<a@{one}.example>" for one in cases).encode())) > 1
