from __future__ import annotations

from datetime import timedelta
from ipaddress import ip_address
from typing import Any

import pytest

from mailkit.dns import Answer, DictResolver, Malformed, NoSuchDomain, Outcome, Query, ServerFailure, TimedOut
from mailkit.dns.drive import drive_blocking
from mailkit.dns.spf.lint import lint
from mailkit.dns.spf.tree import Branch, Stop, lists, walk
from mailkit.errors import InvalidValue
from mailkit.findings import Finding


class Counting:
    def __init__(self, zone: dict[Any, Any]) -> None:
        self.zone, self.asked = DictResolver(zone), list[Query]()

    def resolve(self, query: Query) -> Outcome:
        self.asked.append(query)
        return self.zone.resolve(query)


def tree_of(zone: dict[Any, Any]) -> Branch:
    """The tree of example.com; the zone maps names to SPF records or outcomes, or (name, type) to records."""
    found = {(key if isinstance(key, tuple) else (key, "TXT")): value for key, value in zone.items()}
    return drive_blocking(walk("example.com"), DictResolver(found), deadline=timedelta(seconds=20))


def codes(tree: Branch) -> list[str]:
    return [finding.code.removeprefix("dns.spf-") for finding in lint(tree)]


A, MX = ["192.0.2.1"], ["10 mx.example.com"]


def test_look_ups_are_counted_over_the_whole_tree() -> None:
    tree = tree_of(
        {
            "example.com": "v=spf1 a mx include:a.example include:b.example -all",
            ("example.com", "A"): A,
            ("example.com", "MX"): MX,
            "a.example": "v=spf1 ip4:192.0.2.0/24 include:b.example -all",
            "b.example": "v=spf1 exists:%{i}.example.com ptr -all",
        }
    )
    assert tree.lookups == 4 + 1 + 2 + 2
    assert codes(tree) == ["ptr", "macro", "included-twice"]


def test_each_question_of_a_tree_is_asked_once() -> None:
    zone = {("example.com", "TXT"): ["v=spf1 a a include:a.example include:a.example -all"], ("example.com", "A"): A}
    resolver = Counting({**zone, ("a.example", "TXT"): ["v=spf1 a:example.com -all"]})
    tree = drive_blocking(walk("example.com"), resolver, deadline=timedelta(seconds=20))
    assert tree.lookups == 6
    assert len(resolver.asked) == len(set(resolver.asked)) == 4


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ({"example.com": ["nothing of ours"]}, ["absent"]),
        ({}, ["absent"]),
        ({("example.com", "A"): A}, ["absent"]),
        ({"example.com": TimedOut()}, ["unanswered"]),
        ({"example.com": ServerFailure()}, ["unanswered"]),
        ({"example.com": Malformed("x")}, ["unanswered"]),
        ({"example.com": ["v=spf1 -all", "v=spf1 ~all"]}, ["several"]),
        ({"example.com": ["v=spf1 -all", "v=spf10 +all", "\x96"]}, []),
        ({"example.com": "v=spf1 +all"}, ["plus-all"]),
        ({"example.com": "v=spf1 ?all"}, ["neutral-all"]),
        ({"example.com": "v=spf1 ip4:192.0.2.1"}, ["no-all"]),
        ({"example.com": "v=spf1"}, ["no-all"]),
        ({"example.com": "v=spf1 inlcude:a.example -all"}, ["syntax"]),
        ({"example.com": "v=spf1 -all ip4:192.0.2.1"}, ["unreachable"]),
        ({"example.com": "v=spf1 -all -all"}, ["unreachable"]),
        ({"example.com": "v=spf1 redirect=a.example -all"}, ["redirect-ignored"]),
        ({"example.com": "v=spf1 ip4=192.0.2.1 -all"}, ["equals"]),
        ({"example.com": "v=spf1 redirct=a.example exp=b.example -all"}, ["unknown-modifier"]),
        ({"example.com": "v=spf1 ptr -all"}, ["ptr"]),
        ({"example.com": "v=spf1 a -all"}, ["void"]),
        ({"example.com": "v=spf1 a -all", ("example.com", "A"): A}, []),
        (
            {"example.com": "v=spf1 a -all", ("example.com", "A"): A, ("example.com", "AAAA"): TimedOut()},
            ["include-unanswered"],
        ),
        ({"example.com": "v=spf1 exists:a.example exists:b.example -all"}, ["void", "void"]),
        ({"example.com": "v=spf1 a mx exists:b.example -all"}, ["void", "void", "void", "void-limit"]),
        ({"example.com": "v=spf1 mx -all", ("example.com", "MX"): [f"{n} m{n}.example.com" for n in range(10)]}, []),
        (
            {"example.com": "v=spf1 mx -all", ("example.com", "MX"): [f"{n} m{n}.example.com" for n in range(11)]},
            ["mx-limit"],
        ),
        ({"example.com": "v=spf1 include:a.example -all"}, ["include-missing"]),
        ({"example.com": "v=spf1 include:a.example -all", "a.example": ["x"]}, ["include-missing"]),
        ({"example.com": "v=spf1 include:a.example -all", "a.example": TimedOut()}, ["include-unanswered"]),
        ({"example.com": "v=spf1 include:a.example -all", "a.example": ["v=spf1", "v=spf1 -all"]}, ["several"]),
        ({"example.com": "v=spf1 include:a.example -all", "a.example": "v=spf1 +all"}, ["plus-all"]),
        ({"example.com": "v=spf1 include:a.example -all", "a.example": "v=spf1 a:x..example -all"}, ["bad-name"]),
        ({"example.com": "v=spf1 include:a.example -all", "a.example": "v=spf1 include:example.com"}, ["loop"]),
        ({"example.com": "v=spf1 include:EXAMPLE.com. -all"}, ["loop"]),
        ({"example.com": "v=spf1 redirect=example.com"}, ["loop"]),
        ({"example.com": "v=spf1 redirect=a.example", "a.example": "v=spf1 -all"}, []),
        ({"example.com": "v=spf1 redirect=a.example", "a.example": "v=spf1 ?all"}, ["neutral-all"]),
        ({"example.com": "v=spf1 redirect=a.example", "a.example": "v=spf1 +all"}, ["plus-all"]),
        ({"example.com": "v=spf1 redirect=a.example"}, ["include-missing"]),
        ({"example.com": "v=spf1 redirect=%{d}.a.example"}, ["include-missing"]),
        ({"example.com": "v=spf1 redirect=%{l}.a.example"}, ["macro"]),
        ({"example.com": "v=spf1 include:%{ir}.a.example -all"}, ["macro"]),
        ({"example.com": f"v=spf1 include:{'a' * 64}.example -all"}, ["bad-name"]),
        ({"example.com": "v=spf1 " + "ip4:192.0.2.1 " * 20 + "-all"}, ["duplicate"] * 19),
        (
            {"example.com": "v=spf1 a mx a mx a mx a mx a mx -all", ("example.com", "A"): A, ("example.com", "MX"): MX},
            ["duplicate"] * 8,
        ),
        (
            {
                "example.com": "v=spf1 a mx a mx a mx a mx a mx a -all",
                ("example.com", "A"): A,
                ("example.com", "MX"): MX,
            },
            ["duplicate"] * 9 + ["lookups"],
        ),
    ],
)
def test_what_is_said_about_a_tree(zone: dict[Any, Any], expected: list[str]) -> None:
    assert codes(tree_of(zone)) == expected


def test_a_timed_out_include_is_temporary_and_never_called_missing() -> None:
    (finding,) = lint(tree_of({"example.com": "v=spf1 include:a.example -all", "a.example": TimedOut()}))
    assert finding.severity == "warning"
    assert "no answer in time" in finding.message


def test_a_finding_stands_where_its_term_stands() -> None:
    (finding,) = lint(tree_of({"example.com": "v=spf1 ip4:192.0.2.1 foo:bar -all"}))
    assert (finding.place.source, finding.place.column, finding.evidence) == ("SPF of example.com", 22, "foo:bar")


def test_the_cost_of_each_term_is_told() -> None:
    zone = {"example.com": "v=spf1 include:a.example ptr -all", "a.example": "v=spf1 " + "ptr " * 10 + "-all"}
    told = next(finding for finding in lint(tree_of(zone)) if finding.code == "dns.spf-lookups")
    assert told.evidence == "include:a.example 11, ptr 1"


def test_a_void_include_counts_as_void() -> None:
    tree = tree_of({"example.com": "v=spf1 include:a.example include:b.example include:c.example -all"})
    assert len(tree.voids) == 3
    assert codes(tree) == ["include-missing"] * 3


def test_a_hostile_tree_is_not_read_to_its_end() -> None:
    wide = {
        f"n{number}.example": f"v=spf1 include:n{2 * number}.example include:n{2 * number + 1}.example"
        for number in range(1, 5000)
    }
    tree = tree_of({"example.com": "v=spf1 include:n1.example -all", **wide})
    assert sum(branch.stop is None for branch in tree.branches) <= 101
    assert "or more" in next(finding.message for finding in lint(tree) if finding.code == "dns.spf-lookups")


def test_a_deep_chain_is_not_read_to_its_end() -> None:
    deep = {f"n{number}.example": f"v=spf1 redirect=n{number + 1}.example" for number in range(200)}
    tree = tree_of({"example.com": "v=spf1 redirect=n0.example", **deep})
    stops = [branch.stop for branch in tree.branches if branch.stop]
    assert stops == [Stop.LIMIT]
    assert codes(tree) == ["lookups"]


def test_a_record_of_64_kilobytes_of_look_ups_asks_a_hundred_questions_at_most() -> None:
    text = "v=spf1 " + " ".join(f"exists:n{number}.example" for number in range(3500)) + " -all"
    resolver = Counting({("example.com", "TXT"): [text]})
    tree = drive_blocking(walk("example.com"), resolver, deadline=timedelta(seconds=20))
    assert len(resolver.asked) <= 101
    assert tree.lookups == 3500


def test_odd_names_never_break_the_report() -> None:
    zone = {"example.com": "v=spf1 include:=?utf-8?q?=0d=0a?=.example include:<b>.example -all"}
    found = lint(tree_of(zone))
    assert [finding.code for finding in found] == ["dns.spf-include-missing"] * 2
    assert "=?utf-8?q?=0d=0a?=" in found[0].message


@pytest.mark.parametrize(
    ("record", "address", "answer"),
    [
        ("v=spf1 ip4:192.0.2.0/24 -all", "192.0.2.9", True),
        ("v=spf1 ip4:192.0.2.0/24 -all", "198.51.100.9", False),
        ("v=spf1 ip6:2001:db8::/32 -all", "2001:db8::1", True),
        ("v=spf1 ip6:2001:db8::/32 -all", "192.0.2.1", False),
        ("v=spf1 a -all", "192.0.2.1", True),
        ("v=spf1 a/24 -all", "192.0.2.200", True),
        ("v=spf1 a -all", "192.0.2.200", False),
        ("v=spf1 a -all", "2001:db8::1", True),
        ("v=spf1 a//32 -all", "2001:db8:1::1", True),
        ("v=spf1 a:slow.example -all", "192.0.2.200", None),
        ("v=spf1 include:a.example -all", "203.0.113.1", True),
        ("v=spf1 redirect=a.example", "203.0.113.2", False),
        ("v=spf1 include:gone.example -all", "192.0.2.1", None),
        ("v=spf1 -ip4:192.0.2.1 ip4:192.0.2.0/24 -all", "192.0.2.1", None),
        ("v=spf1 mx -all", "192.0.2.1", None),
        ("v=spf1 foo -all", "192.0.2.1", None),
        ("v=spf1 a:%{d} -all", "192.0.2.1", True),
        ("v=spf1 a:%{i}.example -all", "192.0.2.1", None),
        ("v=spf1 a:a..example -all", "192.0.2.1", None),
        ("v=spf1 a:nonsense.example -all", "192.0.2.1", None),
        ("v=spf1 +all", "198.51.100.1", True),
        ("v=spf1 mx a:%{d} +all", "198.51.100.1", True),
        ("v=spf1 redirect=open.example", "198.51.100.1", True),
        ("v=spf1 include:open.example -all", "198.51.100.1", True),
        ("v=spf1 -ip4:192.0.2.1 +all", "192.0.2.1", None),
        ("v=spf1 ?include:open.example -all", "192.0.2.1", None),
    ],
)
def test_whether_an_address_is_listed_is_said_only_where_it_can_be(
    record: str, address: str, answer: bool | None
) -> None:
    tree = tree_of(
        {
            "example.com": record,
            ("example.com", "A"): ["192.0.2.1"],
            ("example.com", "AAAA"): ["2001:db8::1"],
            ("example.com", "MX"): MX,
            ("slow.example", "A"): TimedOut(),
            ("slow.example", "AAAA"): Answer(("2001:db8::1",)),
            "a.example": "v=spf1 ip4:203.0.113.1 -all",
            "open.example": "v=spf1 +all",
            ("nonsense.example", "A"): Answer(("nonsense",)),
        }
    )
    assert lists(tree, ip_address(address)) is answer


def test_a_missing_domain_lists_nobody_for_certain() -> None:
    assert lists(Branch(name="example.com", outcome=NoSuchDomain()), ip_address("192.0.2.1")) is None


def test_what_was_not_read_of_a_record_is_not_said_to_be_ignored_by_receivers() -> None:
    found = lint(tree_of({"example.com": "v=spf1 " + "ip4:192.0.2.1 " * 5100}))
    message = next(finding.message for finding in found if finding.code == "dns.spf-syntax")
    assert message.endswith("stands behind 5000 terms and was not read")


def found_in(zone: dict[Any, Any], code: str, **wishes: Any) -> Finding:
    tree = tree_of(zone)
    return next(finding for finding in lint(tree, **wishes) if finding.code == f"dns.spf-{code}")


HOSTS = {("h.example", "A"): A, ("h.example", "AAAA"): []}


@pytest.mark.parametrize(
    ("record", "severity", "said"),
    [
        # who is listed in front of the limit passes: only strangers meet it
        (
            f"ip4:192.0.2.1 {'a:h.example ' * 9}exists:%{{i}}.x.example exists:%{{h}}.x.example -all",
            "error",
            "cannot send",
        ),
        (f"ip4:192.0.2.1 {'a:h.example ' * 10}-a:h.example -all", "warning", "listed before -a:h.example pass"),
        (f"{'a:h.example ' * 10}include:empty.example ip4:192.0.2.0/24 -all", "error", "cannot send: ip4:192.0.2.0/24"),
        (f"ip4:192.0.2.0/24 {'a:h.example ' * 10}a:gone.example ip4:192.0.2.9 -all", "warning", "everybody else"),
        (
            f"ip4:192.0.2.0/24 {'a:h.example ' * 10}include:slow.example -all",
            "error",
            "cannot send: include:slow.example",
        ),
        (f"{'a:h.example ' * 11}-all", "warning", "everybody else"),
        (f"{'a:h.example ' * 10}a:H.example. a:h.example/24 -all", "error", "cannot send: a:h.example/24"),
        (f"{'?a:h.example ' * 11}-all", "error", "nobody is let through"),
        (f"{'?a:h.example ' * 10}redirect=slow.example", "error", "cannot send: redirect=slow.example"),
        (f"{'?a:h.example ' * 10}redirect=all.example", "error", "cannot send: all"),
        (f"-include:all.example {'a:h.example ' * 11}", None, ""),
        (f"{'?a:h.example ' * 10}include:deny.example ip4:192.0.2.1 -all", "error", "cannot send: ip4:192.0.2.1"),
    ],
)
def test_a_limit_is_an_error_only_where_senders_are_turned_away(record: str, severity: str | None, said: str) -> None:
    zone = {
        "example.com": f"v=spf1 {record}",
        "empty.example": "v=spf1 -all",
        "deny.example": "v=spf1 -ip4:0.0.0.0/0 -all",
        "all.example": "v=spf1 +all",
        "slow.example": TimedOut(),
        **HOSTS,
    }
    told = [finding for finding in lint(tree_of(zone)) if finding.code == "dns.spf-lookups"]
    if severity is None:
        assert not told  # everybody matches at the first term
    else:
        assert (told[0].severity, said in told[0].message) == (severity, True), told[0].message


def test_void_look_ups_turn_away_only_those_behind_them() -> None:
    voids = "a:g1.example a:g2.example a:g3.example"
    assert found_in({"example.com": f"v=spf1 {voids} -all"}, "void-limit").severity == "error"
    assert found_in({"example.com": f"v=spf1 ip4:192.0.2.1 {voids} -all"}, "void-limit").severity == "warning"
    assert found_in({"example.com": f"v=spf1 ip4:192.0.2.1 {voids} mx -all"}, "void-limit").severity == "warning"
    behind = {"example.com": f"v=spf1 ip4:192.0.2.1 {voids} mx -all", ("example.com", "MX"): MX}
    assert "cannot send: mx" in found_in(behind, "void-limit").message


@pytest.mark.parametrize(
    ("record", "code", "severity"),
    [
        ("v=spf1 ip4:192.0.2.0/24 ip4:192.0.2.7 -all", "covered", "info"),
        ("v=spf1 ip6:2001:db8::/32 ip6:2001:db8:1::/48 -all", "covered", "info"),
        ("v=spf1 mx -MX -all", "duplicate", "warning"),
        ("v=spf1 ip4:10.0.0.0/8 -all", "wide", "warning"),
        ("v=spf1 ip6:2001::/16 -all", "wide", "warning"),
        ("v=spf1 a/4 -all", "wide", "warning"),
        ("v=spf1 exists:%{p}.x.example -all", "macro-p", "warning"),
        ("v=spf1 -all exp=%{p}.x.example", "macro-p", "warning"),
        ("v=spf1 " + " ".join(f"ip4:192.0.2.{number}" for number in range(40)) + " -all", "long", "warning"),
        (["v=spf1 -all", "x" * 500], "answer-long", "info"),
        (["v=spf1 -all", "spf2.0/pra -all"], "sender-id", "info"),
    ],
)
def test_what_is_said_about_single_terms_and_texts(record: Any, code: str, severity: str) -> None:
    assert found_in({"example.com": record}, code).severity == severity


def test_a_text_that_was_meant_to_be_a_record_is_shown() -> None:
    for text in ('"v=spf1 -all"', " v=spf1 -all", "v=spf1;-all", "spf1 -all", "V = SPF1 -all"):
        finding = found_in({"example.com": [text]}, "absent")
        assert (finding.evidence, finding.mend) == (text, "begin it with 'v=spf1 '")
    assert "type SPF (99)" in found_in({"example.com": ["x"]}, "absent").mend


def test_a_vendor_that_sends_and_is_not_included_is_missed() -> None:
    zone = {
        "example.com": "v=spf1 include:spf.protection.outlook.com -all",
        "spf.protection.outlook.com": "v=spf1 -all",
    }
    assert found_in(zone, "not-included", sends_through=["google"]).mend == "add include:_spf.google.com"
    assert not lint(tree_of(zone), sends_through=["microsoft", "cisco-secure-email"])
    with pytest.raises(InvalidValue, match="gogle"):
        lint(tree_of(zone), sends_through=["gogle"])


@pytest.mark.parametrize(
    ("key", "said", "mend"),
    [
        (
            "sendgrid",
            "with a return path of its own",
            "let SendGrid sign with DKIM for example.com, by which DMARC passes",
        ),
        (
            "klaviyo",
            "with a return path of its own",
            "let Klaviyo sign with DKIM for example.com, by which DMARC passes",
        ),
        ("zendesk", "only if its return path is of example.com itself", "only if Return-Path names example.com"),
    ],
)
def test_a_vendor_with_a_return_path_elsewhere_needs_no_include(key: str, said: str, mend: str) -> None:
    for zone in ({"example.com": "v=spf1 -all"}, {}):
        finding = found_in(zone, "return-path", sends_through=[key])
        assert finding.severity == "info"
        assert said in finding.message
        assert finding.mend.endswith(mend)
    included = {"example.com": "v=spf1 include:mail.zendesk.com -all", "mail.zendesk.com": "v=spf1 -all"}
    assert not lint(tree_of(included), sends_through=["zendesk"])


def test_shares_of_look_ups_are_told_with_the_vendors_name() -> None:
    zone = {"example.com": f"v=spf1 include:_spf.google.com {'?ptr ' * 10}-all", "_spf.google.com": "v=spf1 ?ptr"}
    assert found_in(zone, "lookups").evidence.startswith("include:_spf.google.com (Google Workspace) 2, ?ptr 1")
