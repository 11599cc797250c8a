from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit.dns.spf.record import Broken, Mechanism, Modifier, Qualifier, Record, is_spf
from mailkit.errors import InvalidValue

labels = st.from_regex(r"[a-z0-9_]([a-z0-9-]{0,6}[a-z0-9])?", fullmatch=True)
macros = st.sampled_from(["%{i}", "%{d2r}", "%{l-}", "%%", "%_", "%-", "%{S10R+,}"])
targets = st.builds(
    lambda parts, end: ".".join([*parts, end]),
    st.lists(labels | macros, min_size=1, max_size=4),
    st.sampled_from(["example", "com", "com.", "xn--p1ai", "%{d}", "%{d2}"]),
)
networks4 = st.ip_addresses(v=4).flatmap(
    lambda address: st.integers(0, 32).map(lambda bits: ip_network(f"{address}/{bits}", strict=False))
)
networks6 = st.ip_addresses(v=6).flatmap(
    lambda address: st.integers(0, 128).map(lambda bits: ip_network(f"{address}/{bits}", strict=False))
)
qualifiers = st.sampled_from(Qualifier)


def mechanism(kind: str, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Mechanism]:
    return st.builds(Mechanism, kind=st.just(kind), qualifier=qualifiers, **fields)


hosts = {"target": st.just("") | targets, "ip4_bits": st.integers(0, 32), "ip6_bits": st.integers(0, 128)}
mechanisms = st.one_of(
    mechanism("all"),
    mechanism("include", target=targets),
    mechanism("exists", target=targets),
    mechanism("ptr", target=st.just("") | targets),
    mechanism("a", **hosts),
    mechanism("mx", **hosts),
    mechanism("ip4", network=networks4),
    mechanism("ip6", network=networks6),
)
modifiers = st.one_of(
    st.builds(Modifier, name=st.sampled_from(["redirect", "exp"]), value=targets),
    st.builds(Modifier, name=st.just("x-note"), value=st.from_regex(r"[a-z%]{0}[a-z:/=]{0,8}", fullmatch=True)),
)
records = st.builds(
    lambda mechanisms, modifiers: Record(terms=(*mechanisms, *modifiers)),
    st.lists(mechanisms, max_size=6),
    st.lists(modifiers, max_size=2, unique_by=lambda term: term.name),
)
term_like = st.sampled_from(
    [
        "a",
        "mx",
        "all",
        "include",
        "ip4",
        "ip6",
        "ptr",
        "exists",
        "redirect",
        "exp",
        "+",
        "-",
        "~",
        "?",
        ":",
        "=",
        "/",
        "//",
    ]
)
texts = st.lists(
    st.one_of(term_like, st.sampled_from([" ", " ", "192.0.2.1", "example.com", "24", "%{i}"]), st.text(max_size=3)),
    max_size=20,
).map("".join)


@given(records)
def test_a_record_reads_back_from_its_text(record: Record) -> None:
    assert Record.parse(str(record)) == record
    assert not record.broken


@given(texts)
def test_any_text_reads_and_what_is_broken_in_it_survives(text: str) -> None:
    record = Record.parse(f"v=spf1 {text}")
    assert Record.parse(str(record)) == record
    for term in record.terms:
        piece = f"v=spf1 {text}"[slice(*term.span)]
        assert piece.strip(" ") == piece
        assert not isinstance(term, Broken) or piece == term.text


@pytest.mark.parametrize("text", ["", "v=spf10", "v=spf1\t-all", "v=spf2 -all", " v=spf1 -all", "spf1 -all"])
def test_what_is_no_spf_record_is_refused(text: str) -> None:
    assert not is_spf(text)
    with pytest.raises(InvalidValue):
        Record.parse(text)


@pytest.mark.parametrize(
    ("term", "reason"),
    [
        ("moo", "no mechanism"),
        ("-all.", "no mechanism"),
        ("all:foobar", "takes no domain"),
        ("-all/8", "no domain"),
        ("include", "needs a domain"),
        ("include:", "no domain"),
        ("include:example.com/24", "at least two labels"),
        ("exists", "needs a domain"),
        ("ptr/0", "no domain"),
        ("ptr:", "no domain"),
        ("a:", "no domain"),
        ("a/33", "prefix length"),
        ("a//129", "prefix length"),
        ("a/24/64", "no domain"),
        ("a/024", "no domain"),
        ("a:example.com:8080", "at least two labels"),
        ("a:museum", "at least two labels"),
        ("a:museum.", "at least two labels"),
        ("a:abc.123", "at least two labels"),
        ("a:192.0.2.1", "at least two labels"),
        ("a:example.-com", "at least two labels"),
        ("a:foo.example.com\0", "characters or macros"),
        ("a:\xef\xbb\xbfgarbage.example.net", "characters or macros"),
        ("a:%{a}.example.com", "characters or macros"),
        ("exists:%(ir).example.com", "characters or macros"),
        ("exists:%{d0}.example.com", "characters or macros"),
        ("exists:foo%.example.com", "characters or macros"),
        ("exists:%{c}.example.com", "characters or macros"),
        ("exp=why.%{r}.example.com", "characters or macros"),
        ("exists:%{d00}.example.com", "characters or macros"),
        ("exists:foo.%%{d}", "at least two labels"),
        ("exists:foo.%{d}com", "at least two labels"),
        ("ip4", "no IP network"),
        ("ip4:", "no IP network"),
        ("ip4/24", "no IP network"),
        ("ip4:192.0.2", "does not name"),
        ("ip4:192.0.2.01", "does not name"),
        ("ip4:192.0.2.1/33", "does not name"),
        ("ip4:192.0.2.1/255.255.255.0", "no IP network"),
        ("ip4:2001:db8::1", "names an IPv6"),
        ("ip6:192.0.2.1", "names an IPv4"),
        ("ip6:2001:db8::%eth0", "no IP network"),
        ("redirect:example.com", "with a colon"),
        ("redirect=", "at least two labels"),
        ("exp=-", "at least two labels"),
        ("x=%(a)", "broken macro"),
        ("moo.cow/far_out=man", "no mechanism"),
        ("=x", "neither"),
        ("\x96all", "neither"),
        ("1a", "neither"),
    ],
)
def test_a_broken_term_says_why_and_the_rest_stays(term: str, reason: str) -> None:
    record = Record.parse(f"v=spf1 {term} -all")
    (broken,) = record.broken
    assert reason in broken.reason
    assert (broken.text, broken.span) == (term, (7, 7 + len(term)))
    assert str(record.all) == "-all"


@pytest.mark.parametrize(
    "text",
    [
        "v=spf1",
        "V=SpF1 ~ALL",
        "v=spf1 a  -all ",
        "v=spf1 moo.cow-far_out=man:dog/cat ip4:192.0.2.1 -all",
        "v=spf1 a:foo:bar/baz.example.com a:macro%%percent%_%_space%-url-space.example.com -all",
        "v=spf1 exists:%{i}.%{l2r-}.user.%{d2} exists:%{p}.ok.example.com. redirect=%{d}.d.spf.example.com.",
        "v=spf1 a:foo." + 70 * "x" + " a:.com a:foo..com a:foo%% a:%{s0127R+=} -all",
        "v=spf1 a/0 mx//0 a:example.com/24//64 ip6:::1 ip6:2001:db8::/32 ip4:0.0.0.0/0",
        "v=spf1 default=pass unknown=%{c}%{r}%{t} a=b",
    ],
)
def test_a_valid_record_has_nothing_broken(text: str) -> None:
    assert not Record.parse(text).broken


@pytest.mark.parametrize(
    ("term", "mend"),
    [
        ("inlcude:a.example", "did you mean 'include'?"),
        ("ipv4:192.0.2.1", "did you mean 'ip4'?"),
        ("redirect:a.example", "write redirect=a.example"),
        ("ip4:2001:db8::1", "write ip6:2001:db8::1"),
    ],
)
def test_a_broken_term_says_what_was_meant(term: str, mend: str) -> None:
    assert Record.parse(f"v=spf1 {term}").broken[0].mend == mend


def test_a_second_redirect_is_broken_and_cannot_be_built() -> None:
    record = Record.parse("v=spf1 redirect=a.example redirect=b.example exp=a.example EXP=b.example")
    assert [str(term) for term in record.broken] == ["redirect=b.example", "EXP=b.example"]
    one = Modifier(name="redirect", value="a.example")
    with pytest.raises(InvalidValue, match="twice"):
        Record(terms=(one, one))


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "foo"},
        {"kind": "all", "target": "a.example"},
        {"kind": "include"},
        {"kind": "ip4"},
        {"kind": "ip4", "network": IPv6Network("::/0")},
        {"kind": "a", "network": IPv4Network("192.0.2.0/24")},
        {"kind": "ptr", "ip4_bits": 24},
        {"kind": "a", "ip4_bits": 33},
        {"kind": "a", "ip6_bits": -1},
        {"kind": "a", "target": "a b.example"},
        {"kind": "all", "qualifier": "!"},
        {"kind": ["a"]},
        {"kind": "a", "target": 5},
    ],
)
def test_a_mechanism_that_cannot_be_written_cannot_be_built(fields: dict[str, Any]) -> None:
    with pytest.raises(InvalidValue):
        Mechanism(**fields)


@pytest.mark.parametrize("fields", [{"name": "1", "value": "x"}, {"name": 5, "value": "x"}, {"name": "x", "value": 5}])
def test_a_modifier_that_cannot_be_written_cannot_be_built(fields: dict[str, Any]) -> None:
    with pytest.raises(InvalidValue, match="SPF"):
        Modifier(**fields)


@pytest.mark.parametrize("text", [5, None, b"v=spf1"])
def test_only_a_text_is_read_as_a_record(text: Any) -> None:
    with pytest.raises(InvalidValue, match=r"SPF record: .* is not text"):
        Record.parse(text)


@pytest.mark.parametrize(("term", "read"), [("b", 200), ("a", 5000)])
def test_what_stands_behind_too_many_terms_is_one_broken_part(term: str, read: int) -> None:
    text = "v=spf1 " + f"{term} " * 30000
    record = Record.parse(text)
    assert len(record.terms) == read + 1
    last = record.broken[-1]
    assert last.reason == f"stands behind {read} terms and was not read"
    assert text[slice(*last.span)] == last.text == (f"{term} " * (30000 - read)).rstrip()
    assert not Record.parse("v=spf1 " + "a " * 5000).broken


def test_nothing_behind_all_is_reached() -> None:
    record = Record.parse("v=spf1 a -all mx redirect=a.example")
    assert [str(term) for term in record.mechanisms] == ["a", "-all"]
    assert record.redirect is None
    assert [str(term) for term in record.lookups] == ["a"]


def test_the_redirect_is_the_last_look_up() -> None:
    record = Record.parse("v=spf1 redirect=b.example a ip4:192.0.2.1 ptr include:c.example")
    assert [str(term) for term in record.lookups] == ["a", "ptr", "include:c.example", "redirect=b.example"]


def test_a_record_of_64_kilobytes_is_read() -> None:
    for part in ("a" * 65000, "%{i" * 20000, "a:" + "a." * 32000 + "com", "ip4:" + "1" * 65000, "a/" + "9" * 65000):
        assert len(Record.parse(f"v=spf1 {part} -all").terms) == 2
