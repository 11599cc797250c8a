"""What is suggested reads, lints clean and lets those send who were wished for."""

from __future__ import annotations

from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit.dns import TimedOut, vendors
from mailkit.dns.drive import run_sync
from mailkit.dns.spf import Record, Result, evaluate_sync, suggest
from mailkit.dns.spf.lint import lint
from mailkit.dns.spf.tree import Branch, walk
from mailkit.errors import InvalidValue
from mailkit.findings import Severity

networks = st.one_of(
    st.builds(lambda ip, bits: ip_network(f"{ip}/{bits}", strict=False), st.ip_addresses(v=4), st.integers(9, 32)),
    st.builds(lambda ip, bits: ip_network(f"{ip}/{bits}", strict=False), st.ip_addresses(v=6), st.integers(17, 128)),
).filter(lambda network: network.version == 4 or network.network_address.ipv4_mapped is None)
words = st.sampled_from([one.key for one in vendors.known()])
includes = st.sampled_from(["spf.one.example", "include:spf.two.example"])
VENDORS = {
    **{(name, "TXT"): ["v=spf1 ip4:203.0.113.77 -all"] for one in vendors.known() for name in one.spf},
    ("spf.one.example", "TXT"): ["v=spf1 ip4:203.0.113.77 -all"],
    ("spf.two.example", "TXT"): ["v=spf1 ip4:203.0.113.77 -all"],
}


def tree_of(text: str) -> Branch:
    return run_sync(walk("example.com"), resolver={("example.com", "TXT"): [text]})


def is_included(vendor: vendors.Vendor) -> bool:
    return bool(vendor.spf) and vendor.return_path is vendors.ReturnPath.CUSTOMER


@given(
    st.lists(networks, max_size=8),
    st.lists(words | includes, max_size=5, unique=True),
    st.sampled_from([None, "~", "-"]),
    st.lists(networks, max_size=30),
)
def test_a_suggestion_reads_lints_clean_and_lets_its_senders_pass(
    listed: list[Any], named: list[str], end: str | None, many: list[Any]
) -> None:
    wishes = [*named, *listed, *many]
    made = suggest("example.com", sends_through=wishes, all=end)
    zone = {**VENDORS, **{(line.name, "TXT"): [line.text] for line in made.records}}
    assert not any(Record.parse(line.text).broken for line in made.records)
    assert max(len(line.text) for line in made.records) <= 450
    tree = run_sync(walk("example.com"), resolver=zone)
    told = {finding.code for finding in lint(tree, sends_through=[word for word in named if "." not in word])}
    told.discard("dns.spf-return-path")
    assert told <= {"dns.spf-covered", "dns.spf-included-twice"}
    assert made.findings == () or told
    with_include = [word for word in named if "." in word or is_included(vendors.vendor(word))]
    ends = [address for network in (*listed, *many) for address in (network[0], network[-1])]
    passing = [ip for ip in ends if ip.version == 4 or ip.ipv4_mapped is None]  # else SPF sees an address of IPv4
    for ip in [*passing, *([ip_address("203.0.113.77")] if with_include else [])]:
        assert evaluate_sync(ip, "anna@example.com", "x", resolver=zone).result is Result.PASS
    assert (len(named) - len(with_include) == 0) is (made.notes == ())


@pytest.mark.parametrize(
    ("wishes", "end", "text"),
    [
        ([], None, "v=spf1 ~all"),
        ([], "-", "v=spf1 -all"),
        (["mx", "a"], "?", "v=spf1 mx a ?all"),
        (["VK Workspace (Mail.ru)"], None, "v=spf1 include:_spf.mail.ru ~all"),
        (["mail.com", "customer.io"], None, "v=spf1 ~all"),
        ("google", None, "v=spf1 include:_spf.google.com ~all"),
        (["Amazon SES", "ses"], None, "v=spf1 ~all"),
        (["include:amazonses.com", "amazonses.com"], None, "v=spf1 include:amazonses.com ~all"),
        (["include:SPF.example.net.", "spf.example.net"], None, "v=spf1 include:spf.example.net ~all"),
        (["192.0.2.7/24", "::ffff:198.51.100.1"], "-", "v=spf1 ip4:192.0.2.0/24 ip4:198.51.100.1 -all"),
        (
            [ip_address("2001:db8::1"), IPv4Network("192.0.2.0/24")],
            None,
            "v=spf1 ip6:2001:db8::1 ip4:192.0.2.0/24 ~all",
        ),
        ([IPv6Network("::/64")], None, "v=spf1 ip6:::/64 ~all"),
    ],
)
def test_wishes_become_terms(wishes: Any, end: str | None, text: str) -> None:
    assert suggest("Example.com.", sends_through=wishes, all=end).records[0].text == text


@pytest.mark.parametrize(
    ("published", "wishes", "end", "text"),
    [
        ("v=spf1 mx -all", ["google"], None, "v=spf1 include:_spf.google.com mx -all"),
        ("v=spf1 include:_SPF.google.com -all", ["google"], None, None),
        ("v=spf1 ip4:192.0.2.0/24 -all", ["192.0.2.128/25"], None, None),
        ("v=spf1 ip4:192.0.2.0/25 -all", ["192.0.2.0/24"], None, "v=spf1 ip4:192.0.2.0/24 ip4:192.0.2.0/25 -all"),
        ("v=spf1 ip4:192.0.2.0/24 -all", ["192.0.2.1"], "~", "v=spf1 ip4:192.0.2.0/24 ~all"),
        ("v=spf1 ip4:192.0.2.0/24 ~all", [], None, None),
        ('"v=spf1 ip4:192.0.2.0/24 -all"', ["mx"], None, "v=spf1 mx ip4:192.0.2.0/24 -all"),
    ],
)
def test_what_is_published_is_kept(published: str, wishes: list[str], end: str | None, text: str | None) -> None:
    made = suggest("example.com", sends_through=wishes, all=end, published=tree_of(published))
    assert [line.text for line in made.records] == ([] if text is None else [text])


def test_a_long_record_is_chained_and_what_is_not_known_left_alone() -> None:
    made = suggest("example.com", sends_through=["google", *(f"192.0.{number}.0/24" for number in range(0, 120, 2))])
    assert [line.name for line in made.records] == [
        "example.com",
        *(f"_spf{number}.example.com" for number in (1, 2, 3)),
    ]
    assert made.records[0].text.startswith("v=spf1 include:_spf1.example.com include:_spf2.example.com")
    unknown = Branch(name="example.com", outcome=TimedOut())
    assert suggest("example.com", sends_through=["google"], published=unknown).notes == (
        "what is published is not known",
    )


def test_it_is_told_why_there_is_no_record() -> None:
    def notes(text: str) -> tuple[str, ...]:
        made = suggest("example.com", published=tree_of(text))
        assert made.records == ()
        return made.notes

    assert notes("v=spf1 ip4:1.2.3 -all") == (
        "correct 'ip4:1.2.3' first, at column 8: no record was made, which would be without it",
    )
    assert notes("v=spf1 +all") == ("who sends is not known: name them in sends_through",)
    assert notes("v=spf1 -all") == (), "it will do"


def test_a_long_published_record_keeps_its_order() -> None:
    many = " ".join(f"ip4:192.0.{number}.0/24" for number in range(0, 120, 2))
    before = f"v=spf1 -ip4:192.0.0.9 exists:%{{i}}.x.example {many} exp=why.example -all"
    made = suggest("example.com", sends_through=["198.51.100.0/24"], published=tree_of(before))
    assert made.records[0].text.split(" ")[1:] == [
        "ip4:198.51.100.0/24",
        "-ip4:192.0.0.9",
        *(f"include:_spf{number}.example.com" for number in (1, 2, 3)),
        "exists:%{i}.x.example",
        "-all",
        "exp=why.example",
    ]


def test_what_only_an_evaluation_can_tell_is_told() -> None:
    made = suggest("example.com", sends_through=["192.0.2.1"], published=tree_of("v=spf1 -ptr ip4:192.0.2.0/24 -all"))
    assert (made.records, len(made.notes)) == ((), 1)
    assert "192.0.2.1" in made.notes[0]


def test_vendors_without_spf_are_told_and_too_many_found() -> None:
    made = suggest("example.com", sends_through=["sendgrid", "zendesk", "cisco-secure-email"])
    assert made.records[0].text == "v=spf1 ~all", "an include costs look-ups, and would do nothing"
    assert made.notes == (
        "SendGrid sends with a return path of its own: SPF needs no include for it; let it sign with DKIM for "
        "example.com",
        "Zendesk was not included: include:mail.zendesk.com is needed only if its return path is of example.com "
        "itself; let it sign with DKIM for example.com",
        "Cisco Secure Email has no include that is the same for all its customers: add the one that it gave you",
    )
    assert str(made).endswith(made.notes[-1])
    many = suggest("example.com", sends_through=[f"spf.n{number}.example" for number in range(11)])
    assert [(finding.code, finding.severity) for finding in many.findings] == [("dns.spf-lookups", Severity.ERROR)]


@pytest.mark.parametrize("wish", ["gogle", "", "192.0.2.1/64", 5, None, b"google", "fe80::1%eth0", "a b.example"])
def test_a_sender_that_nobody_knows_is_refused(wish: Any) -> None:
    with pytest.raises(InvalidValue):
        suggest("example.com", sends_through=[wish])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"all": "+"}, "lets anybody send"),
        ({"all": "!"}, "is none of"),
        ({"sends_through": 5}, "is not a list"),
    ],
)
def test_other_wishes_that_make_no_sense_are_refused(arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidValue, match=said):
        suggest("example.com", **arguments)
    nothing: Any = timedelta()
    with pytest.raises(InvalidValue, match="is not text"):
        suggest(nothing)


def test_no_record_includes_itself() -> None:
    with pytest.raises(InvalidValue, match="the domain itself"):
        suggest("example.com", sends_through=["Example.COM"])
