from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit.dns import DictResolver, Malformed, NoData, ServerFailure, TimedOut, authenticate_sync
from mailkit.dns.dmarc import Identifier, Policy, Result, Verdict, evaluate, evaluate_sync
from mailkit.dns.dmarc.evaluate import questions
from mailkit.dns.dmarc.verdict import ascii_domain
from mailkit.dns.lookup import Outcome, Query
from mailkit.errors import InvalidValue

REJECT = "v=DMARC1; p=reject"


def judged(
    zone: dict[str, Any],
    domain: Any = "example.com",
    *,
    spf: str | Identifier | None = None,
    dkim: str = "",
    also: dict[Any, Any] | None = None,
    **others: Any,
) -> Verdict:
    """The verdict for domains that passed; the zone maps domains to what is at their _dmarc."""
    records = {(f"_dmarc.{name}", "TXT"): value for name, value in zone.items()} | (also or {})
    passed = Identifier(domain=spf) if isinstance(spf, str) else spf
    signed = [Identifier(domain=name) for name in dkim.split()]
    return evaluate_sync(domain, spf=passed, dkim=signed, resolver=records, **others)


# Laws

labels = st.sampled_from(["a", "b", "mail", "example", "com", "net"])
domains = st.lists(labels, min_size=1, max_size=5).map(".".join)
texts = st.sampled_from(
    [REJECT, "v=DMARC1; p=none; sp=quarantine", f"{REJECT}; psd=y", f"{REJECT}; psd=n", f"{REJECT}; adkim=s; aspf=s"]
)
outcomes = texts.map(lambda text: [text]) | st.just([REJECT, f"{REJECT};"]) | st.sampled_from([TimedOut(), NoData()])
zones = st.dictionaries(domains, outcomes, max_size=5)


@given(zones, domains, domains)
def test_a_domain_is_always_aligned_with_itself_and_its_verdict_is_mutual(
    zone: dict[str, Any], one: str, other: str
) -> None:
    assert judged(zone, one, dkim=one).result is not Result.FAIL
    mine, yours = judged(zone, one, dkim=other), judged(zone, other, dkim=one)
    is_strict = any("=s" in str(verdict.record) for verdict in (mine, yours))
    if {mine.result, yours.result} <= {Result.PASS, Result.FAIL} and not is_strict:
        assert mine.result == yours.result


@given(zones, domains, domains, texts)
def test_an_answer_that_was_missing_never_turns_a_verdict_around(
    zone: dict[str, Any], one: str, other: str, text: str
) -> None:
    """What is said without an answer is said with any answer."""
    before = judged(zone, one, dkim=other)
    for found in ([text], [], [text, text + ";"]):
        after = judged({name: found if value == TimedOut() else value for name, value in zone.items()}, one, dkim=other)
        if before.result in (Result.PASS, Result.FAIL, Result.NONE):
            assert (before.result, before.disposition) == (after.result, after.disposition)
    assert before.disposition is Policy.NONE or before.result is Result.FAIL


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=20))
def test_any_text_has_a_verdict(domain: str, signed: str, word: str) -> None:
    verdict = evaluate_sync(
        domain, spf=Identifier(domain=signed, result=word), dkim=[Identifier(domain=signed)], resolver={}
    )
    assert verdict.result in (Result.NONE, Result.PERMERROR)
    assert "\n" not in str(verdict)
    assert str(verdict.statement).isprintable()


# RFC 9989


@pytest.mark.parametrize(
    ("identifier", "zone", "result"),
    [
        # The table of 4.4.
        ("foo.example.com", {"example.com": REJECT}, "pass"),
        ("news.example.com", {"example.com": REJECT}, "pass"),
        ("foo.example.net", {"example.com": REJECT, "example.net": REJECT}, "fail"),
        # Each of them with strict alignment.
        ("foo.example.com", {"example.com": f"{REJECT}; adkim=s"}, "fail"),
        ("news.example.com", {"example.com": f"{REJECT}; adkim=s"}, "pass"),
        ("NEWS.Example.COM.", {"example.com": f"{REJECT}; adkim=s"}, "pass"),
        # A public suffix stands between them.
        ("foo.com", {"com": f"{REJECT}; psd=y"}, "fail"),
        ("com", {"com": f"{REJECT}; psd=y"}, "fail"),
        ("example.com", {"com": f"{REJECT}; psd=y"}, "pass"),
        # 11.8: a suffix that does not say psd=y makes one organization of all, unless psd=n is said below.
        ("foo.com", {"com": REJECT}, "pass"),
        ("foo.com", {"com": REJECT, "example.com": f"{REJECT}; psd=n"}, "fail"),
        ("foo.example.com", {"example.com": REJECT, "foo.example.com": f"{REJECT}; psd=n"}, "fail"),
    ],
)
def test_alignment(identifier: str, zone: dict[str, Any], result: str) -> None:
    assert judged(zone, "news.example.com", dkim=identifier).result == result


def test_only_mail_from_counts_for_spf_and_only_a_pass() -> None:
    zone = {"example.com": REJECT}
    assert judged(zone, spf="example.com").result == "pass"
    helo = judged(zone, spf=Identifier(domain="example.com", identity="helo"))
    assert helo.result == "fail"
    assert "HELO" in helo.reasons[-1]
    for word in ("fail", "softfail", "neutral", "none", "permerror", ""):
        assert judged(zone, spf=Identifier(domain="example.com", result=word)).result == "fail"


def test_one_aligned_signature_among_many_is_enough() -> None:
    verdict = judged({"example.com": REJECT}, dkim="example.net esp.example example.com", spf="esp.example")
    assert verdict.result == "pass"
    assert verdict.aligned is not None
    assert (verdict.aligned.method, verdict.aligned.identifier.domain) == ("dkim", "example.com")
    assert [found.is_aligned for found in verdict.alignments] == [False, False, False, True]


@pytest.mark.parametrize(
    ("text", "domain", "tag", "disposition"),
    [
        ("p=reject", "example.com", "p", "reject"),
        ("p=quarantine", "example.com", "p", "quarantine"),
        ("p=none; sp=reject", "example.com", "p", "none"),
        ("p=none; sp=reject", "there.example.com", "sp", "reject"),
        ("p=none; sp=quarantine; np=reject", "there.example.com", "sp", "quarantine"),
        ("p=none; sp=quarantine; np=reject", "nowhere.example.com", "np", "reject"),
        ("p=none; np=reject", "there.example.com", "p", "none"),
        ("p=none; sp=reject", "nowhere.example.com", "sp", "reject"),
        ("p=reject", "nowhere.example.com", "p", "reject"),
        ("p=reject; t=y", "example.com", "p", "quarantine"),
        ("p=quarantine; t=y", "example.com", "p", "none"),
        ("p=none; t=y", "example.com", "p", "none"),
        ("p=none; np=reject; t=y", "nowhere.example.com", "np", "quarantine"),
        ("p=reject; pct=0", "example.com", "p", "reject"),
        ("rua=mailto:a@example.com", "example.com", "p", "none"),
        ("p=reject; sp=x; rua=mailto:a@example.com", "example.com", "p", "none"),
        ("sp=reject; rua=mailto:a@example.com", "there.example.com", "p", "none"),
    ],
)
def test_what_is_asked_for_a_letter_that_fails(text: str, domain: str, tag: str, disposition: str) -> None:
    verdict = judged({"example.com": f"v=DMARC1; {text}"}, domain, also={("there.example.com", "A"): ["192.0.2.1"]})
    assert verdict.result == "fail"
    assert (verdict.policy_domain, verdict.policy_tag, verdict.disposition) == ("example.com", tag, disposition)


def test_the_policy_of_a_public_suffix_applies_to_those_without_a_record() -> None:
    zone = {"bank": "v=DMARC1; p=none; sp=quarantine; np=reject; psd=y"}
    assert judged(zone, "nowhere.bank").disposition == "reject"
    there = judged(zone, "there.bank", also={("there.bank", "A"): ["192.0.2.1"]})
    assert (there.disposition, there.organizational, there.policy_domain) == ("quarantine", "there.bank", "bank")


@pytest.mark.parametrize(
    "zone",
    [
        {},
        {"example.com": [REJECT, "v=DMARC1; p=none"]},
        {"example.com": "v=DMARC1"},
        {"example.com": "v=DMARC1; p=rejekt"},
        {"example.com": "v=DMARC1; p=reject; np=x"},
        {"example.com": "v=dmarc1; p=reject"},
        {"example.com": "p=reject; v=DMARC1"},
        {"example.net": REJECT},
    ],
)
def test_without_a_record_that_counts_there_is_no_verdict(zone: dict[str, Any]) -> None:
    verdict = judged(zone, dkim="example.com")
    assert (verdict.result, verdict.policy, verdict.disposition) == ("none", None, "none")
    assert str(verdict.statement) == "dmarc=none header.from=example.com"


def test_several_records_are_none_and_the_walk_goes_on() -> None:
    zone = {"mail.example.com": [REJECT, f"{REJECT};"], "example.com": "v=DMARC1; p=quarantine"}
    assert judged(zone, "mail.example.com").policy_domain == "example.com"


@pytest.mark.parametrize(
    ("zone", "domain", "dkim", "result"),
    [
        ({"example.com": TimedOut()}, "example.com", "example.com", "temperror"),
        ({"example.com": ServerFailure()}, "example.com", "example.com", "temperror"),
        ({"example.com": Malformed("a circle")}, "example.com", "example.com", "permerror"),
        ({"com": TimedOut(), "example.com": Malformed("a circle")}, "example.com", "", "temperror"),
        # The own record decides, whatever happens above it ...
        ({"example.com": REJECT, "com": TimedOut()}, "example.com", "example.com", "pass"),
        ({"example.com": REJECT, "com": TimedOut()}, "example.com", "", "fail"),
        ({"example.com": REJECT, "com": TimedOut()}, "example.com", "example.net", "fail"),
        ({"example.com": f"{REJECT}; psd=n", "com": TimedOut()}, "example.com", "example.org.com", "fail"),
        # ... unless alignment hangs on it.
        ({"example.com": REJECT, "com": TimedOut()}, "example.com", "mail.com", "temperror"),
        # Both walks ask the same question: whatever the answer is, both domains are of the same organization ...
        ({"example.com": REJECT, "com": ServerFailure()}, "example.com", "mail.example.com", "pass"),
        ({"example.com": REJECT, "com": TimedOut()}, "example.com", "a.b.example.com", "pass"),
        # ... or of two: b.example.com is one of its own, and psd=y for com makes no other of it.
        (
            {"example.com": REJECT, "com": TimedOut(), "b.example.com": f"{REJECT}; psd=n"},
            "example.com",
            "a.b.example.com",
            "fail",
        ),
        ({"example.com": f"{REJECT}; adkim=s", "com": TimedOut()}, "example.com", "mail.example.com", "fail"),
        ({"example.com": REJECT, "mail.example.com": TimedOut()}, "example.com", "mail.example.com", "temperror"),
        (
            {"example.com": REJECT, "mail.example.com": TimedOut()},
            "example.com",
            "mail.example.com example.com",
            "pass",
        ),
        # A record above the one that applies cannot matter behind psd=.
        ({"example.com": f"{REJECT}; psd=n", "com": TimedOut()}, "a.example.com", "b.example.com", "pass"),
        ({"a.example.com": TimedOut(), "example.com": REJECT}, "a.example.com", "example.com", "temperror"),
    ],
)
def test_what_was_not_answered_makes_no_verdict_where_it_matters(
    zone: dict[str, Any], domain: str, dkim: str, result: str
) -> None:
    verdict = judged(zone, domain, dkim=dkim)
    assert verdict.result == result
    if result not in ("pass", "fail"):
        assert verdict.disposition == "none"
        assert verdict.policy is None


@given(zones, domains, domains)
def test_what_hangs_on_one_answer_can_be_turned_by_it(zone: dict[str, Any], one: str, other: str) -> None:
    """A temperror over alignment is told only where two answers lead to two verdicts."""
    zone = {name: found for name, found in zone.items() if found != TimedOut()} | {one: REJECT}
    for name in ("com", "example.com", "mail.example.com"):
        unknown = judged(zone | {name: TimedOut()}, one, dkim=other)
        if name == one or unknown.result is not Result.TEMPERROR:
            continue
        texts = ([], [REJECT], [f"{REJECT}; psd=y"], [f"{REJECT}; psd=n"])
        assert {judged(zone | {name: text}, one, dkim=other).result for text in texts} == {Result.PASS, Result.FAIL}


@given(st.lists(st.sampled_from([REJECT, f"{REJECT}; psd=y", TimedOut()]), min_size=6, max_size=6))
def test_two_walks_without_answers_are_judged_in_little_time(found: list[Any]) -> None:
    names = ["a.b.c.d.e.com", "b.c.d.e.com", "c.d.e.com", "d.e.com", "e.com", "com"]
    zone = dict(zip(names, found, strict=True)) | {"x.b.c.d.e.com": REJECT}
    assert judged(zone, "x.b.c.d.e.com", dkim="a.b.c.d.e.com " * 20).result is not Result.NONE


# What SPF or DKIM could not find out (5.3.6)


@pytest.mark.parametrize("method", ["spf", "dkim"])
@pytest.mark.parametrize(
    ("zone", "domain", "result"),
    [
        ({"example.com": REJECT}, "example.com", "temperror"),
        ({"example.com": REJECT}, "mail.example.com", "temperror"),
        ({"example.com": REJECT, "com": TimedOut()}, "mail.example.com", "temperror"),
        ({"example.com": REJECT, "com": TimedOut()}, "mail.com", "temperror"),
        ({"example.com": f"{REJECT}; aspf=s; adkim=s"}, "example.com", "temperror"),
        # They would not be aligned if they passed: a domain of one's own that breaks helps nobody.
        ({"example.com": f"{REJECT}; aspf=s; adkim=s"}, "mail.example.com", "fail"),
        ({"example.com": REJECT}, "evil.example", "fail"),
        ({"example.com": REJECT}, "evil.com", "fail"),
        ({"example.com": REJECT}, "a..example.com", "fail"),
        ({}, "example.com", "none"),
    ],
)
def test_a_check_without_an_answer_leaves_the_verdict_open_only_where_a_pass_would_count(
    method: str, zone: dict[str, Any], domain: str, result: str
) -> None:
    unknown = Identifier(domain=domain, result="temperror")
    records = {(f"_dmarc.{name}", "TXT"): value for name, value in zone.items()}
    spf, dkim = (unknown, []) if method == "spf" else (None, [unknown])
    verdict = evaluate_sync("example.com", spf=spf, dkim=dkim, resolver=records)
    assert verdict.result == result
    assert verdict.disposition == ("reject" if result == "fail" else "none")
    assert verdict.aligned is None


def test_what_passes_and_is_aligned_passes_whatever_else_had_no_answer() -> None:
    unknown = Identifier(domain="example.com", result="temperror")
    assert judged({"example.com": REJECT}, spf=unknown, dkim="mail.example.com").result == "pass"
    assert judged({"example.com": REJECT}, spf=unknown, dkim="example.net").result == "temperror"
    assert (
        "temperror for example.com, which would be aligned" in judged({"example.com": REJECT}, spf=unknown).reasons[1]
    )


def test_a_permanent_error_is_no_question_without_an_answer_and_helo_counts_for_nothing() -> None:
    broken = Identifier(domain="example.com", result="permerror")
    greeted = Identifier(domain="example.com", result="temperror", identity="helo")
    assert judged({"example.com": REJECT}, spf=broken).disposition == "reject"
    assert judged({"example.com": REJECT}, spf=greeted).disposition == "reject"


def test_a_letter_whose_key_and_record_cannot_be_had_is_neither_passed_nor_failed() -> None:
    raw = b"DKIM-Signature: v=1; a=rsa-sha256; d=example.com; s=s1; h=from; bh=AAAA; b=AAAA\r\n"
    raw += b"From: shop@example.com\r\n\r\nHello\r\n"
    zone = {
        ("_dmarc.example.com", "TXT"): [REJECT],
        ("s1._domainkey.example.com", "TXT"): ServerFailure(),
        ("example.com", "TXT"): ServerFailure(),
    }
    letter: dict[str, Any] = {"ip": "192.0.2.7", "mail_from": "<b@example.com>", "helo": "mx.example.com"}
    found = authenticate_sync(raw, **letter, resolver=zone)
    assert (found.spf.result, found.dkim.results[0].result) == ("temperror", "temperror")
    assert (found.dmarc.result, found.disposition) == ("temperror", "none")
    assert "\nDMARC dmarc=temperror: " in str(found)
    absent = {key: value for key, value in zone.items() if key[0] == "_dmarc.example.com"}
    assert authenticate_sync(raw, **letter, resolver=absent).disposition == "reject"


def test_whether_the_domain_exists_matters_only_where_np_says_something_else() -> None:
    silent = {("a.example.com", "TXT"): TimedOut()}
    assert judged({"example.com": f"{REJECT}; np=none"}, "a.example.com", also=silent).result == "temperror"
    assert judged({"example.com": f"{REJECT}; np=reject"}, "a.example.com", also=silent).result == "fail"
    passed = judged({"example.com": f"{REJECT}; np=none"}, "a.example.com", also=silent, dkim="a.example.com")
    assert passed.result == "pass"


def test_a_from_without_a_domain_or_with_several_is_not_evaluated() -> None:
    zone = {"example.com": REJECT}
    for domain in ([], ["example.com", "example.net"], "", "a..example", "[192.0.2.1]", "x" * 64 + ".example", "\x00"):
        verdict = judged(zone, domain, dkim="example.com")
        assert verdict.result == "permerror"
        assert str(verdict.statement) == "dmarc=permerror"
        assert verdict.organizational == verdict.policy_domain == verdict.policy_tag == ""
    assert judged(zone, ["example.com"], dkim="example.com").result == "pass"


def test_of_several_domains_the_strictest_policy_that_fails_is_asked_for() -> None:
    zone = {"example.com": REJECT, "example.net": "v=DMARC1; p=quarantine", "example.org": "v=DMARC1; p=none"}
    everyone = ["example.org", "example.net", "example.com"]
    for dkim, disposition in [("", "reject"), ("example.com", "quarantine"), ("example.com example.net", "none")]:
        verdict = judged(zone, everyone, dkim=dkim, most_from_domains=3)
        assert (verdict.result, verdict.disposition) == ("fail", disposition)
    assert judged(zone, everyone, dkim=" ".join(everyone), most_from_domains=3).result == "pass"
    assert judged(zone, ["example.com", "example.com"], most_from_domains=2).parts == ()
    silent = judged({"example.com": TimedOut()}, ["example.com", "example.net"], most_from_domains=2)
    assert (silent.result, silent.disposition) == ("temperror", "none")


def test_letters_beyond_ascii_are_converted() -> None:
    zone = {"xn--bcher-kva.example": REJECT}
    assert judged(zone, "Bücher.example", dkim="bücher.Example").result == "pass"
    assert str(judged(zone, "Bücher.example").statement).endswith("header.from=xn--bcher-kva.example")
    assert ascii_domain("ü" * 2000) == ascii_domain("\ud800.example") == ascii_domain("x\u0300\u2028.example") == ""


def test_the_longest_domain_has_no_record_of_its_own() -> None:
    long = ".".join(["x" * 49] * 4 + ["y" * 41, "example"])
    assert len(long) == 249
    assert judged({"example": REJECT}, long, dkim=long).result == "pass"


def test_few_walks_are_made_for_many_signatures() -> None:
    many = " ".join(f"m{number}.example.com" for number in range(40))
    verdict = judged(
        {"example.com": f"{REJECT}; psd=n"} | {f"m{n}.example.com": f"{REJECT}; psd=n" for n in range(40)}, dkim=many
    )
    assert verdict.result == "fail"
    assert sum("was not looked at" in reason for reason in verdict.reasons) == 24


def test_each_name_is_asked_for_once_and_all_at_once() -> None:
    class Counting:
        def __init__(self) -> None:
            self.inner = DictResolver({("_dmarc.example.com", "TXT"): [REJECT]})
            self.asked: list[Query] = []

        async def resolve(self, query: Query) -> Outcome:
            self.asked.append(query)
            return self.inner.resolve(query)

    resolver = Counting()
    spf, signed = Identifier(domain="bounces.example.com"), Identifier(domain="esp.com")
    asyncio.run(evaluate("news.example.com", spf=spf, dkim=[signed], resolver=resolver))
    assert len(resolver.asked) == len(set(resolver.asked)) == 6
    assert len({*resolver.asked}) == 6
    first = next(questions("news.example.com", spf=spf, dkim=[signed]))
    assert len(first) == 1


def test_what_is_said_about_a_letter() -> None:
    verdict = judged({"example.com": f"{REJECT}; t=y"}, "a.example.com", spf="esp.com", dkim="example.net")
    assert str(verdict) == (
        "dmarc=fail: the record of example.com applies: p=reject; "
        "SPF passed for esp.com, which is of the organization esp.com, and not of example.com; "
        "DKIM passed for example.net, which has nothing in common with a.example.com; "
        "the policy is being tested (t=y), so that quarantine is asked for"
    )
    assert str(verdict.statement) == "dmarc=fail policy.dmarc=quarantine header.from=a.example.com"
    assert "cannot be a domain" in judged({"example.com": REJECT}, dkim="a..b").reasons[-1]
    assert judged({"example.com": REJECT}).reasons[-1] == "neither SPF nor DKIM was checked"


def test_a_verdict_shows_itself_and_nothing_in_it_is_markup() -> None:
    shown = judged({"example.com": REJECT}, spf=Identifier(domain="<b>", result="<i>"))._repr_html_()
    assert "fail</strong>, reject is asked for" in shown
    assert "<b>" not in shown
    assert "<i>" not in shown
    assert "DMARC of From: permerror" in judged({}, [])._repr_html_()


@pytest.mark.parametrize(
    "arguments",
    [
        {"from_domain": 5},
        {"from_domain": [5]},
        {"from_domain": "example.com", "spf": "example.com"},
        {"from_domain": "example.com", "dkim": "example.com"},
        {"from_domain": "example.com", "dkim": Identifier(domain="example.com")},
        {"from_domain": "example.com", "dkim": 5},
        {"from_domain": "example.com", "dkim": ["example.com"]},
        {"from_domain": "example.com", "most_from_domains": 0},
        {"from_domain": "example.com", "most_from_domains": True},
    ],
)
def test_arguments_of_the_wrong_kind_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(InvalidValue):
        evaluate_sync(**arguments, resolver={})


@pytest.mark.parametrize("fields", [{"domain": 5}, {"domain": "a", "result": 5}, {"domain": "a", "identity": "from"}])
def test_a_wrong_identifier_cannot_be_built(fields: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        Identifier(**fields)
