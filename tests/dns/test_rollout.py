"""What a stricter policy would have done, and when the next stage is open."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit.dns import rollout
from mailkit.dns.aggregate import DKIMResult, Kind, Published, Reason, Report, Row, SPFResult
from mailkit.dns.dmarc import Policy, Record
from mailkit.dns.rollout import Conditions, Stage, plan, replay
from mailkit.errors import InvalidValue

START, NOW = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 21, 6, tzinfo=UTC)
MONTH = Report(begin=START, end=START + timedelta(days=20), policy=Published(domain="shop.example", p="none"))
NONE = "v=DMARC1; p=none; rua=mailto:dmarc@shop.example"


def row(ip: str, count: int, *, dkim: str = "", spf: str = "", sender: str = "shop.example", reason: str = "") -> Row:
    return Row(
        report=MONTH,
        source_ip=ip_address(ip),
        count=count,
        dkim_aligned=dkim.endswith("shop.example"),
        spf_aligned=spf.endswith("shop.example"),
        header_from=sender,
        reasons=(Reason(type=reason),) if reason else (),
        dkim=(DKIMResult(domain=dkim, selector="s", result="pass"),) if dkim else (),
        spf=(SPFResult(domain=spf, result="pass"),) if spf else (),
    )


OURS = row("192.0.2.10", 5000, dkim="shop.example", spf="b.shop.example")
SES = row("198.51.100.1", 300, dkim="amazonses.com", spf="amazonses.com")
FORGED = row("203.0.113.5", 700, spf="forger.example")
FORWARDED = row("203.0.114.5", 20, spf="alumni.example", reason="forwarded")
PAST = [OURS, SES, FORGED, FORWARDED]


# Replay


def test_a_policy_strikes_exactly_what_fails() -> None:
    told = replay(PAST, "reject")
    assert (told.messages, told.rejected, told.quarantined, told.lost) == (6020, 1020, 0, 1020)
    assert told.lost_share == pytest.approx(1020 / 6020)
    assert told.lost_of_ours == 320
    assert [(one.name, one.lost, one.overridden) for one in told.struck] == [
        ("203.0.113.0/24", 700, 0),
        ("Amazon SES", 300, 0),
        ("203.0.114.0/24", 20, 20),
        ("192.0.2.0/24", 0, 0),
    ]
    assert str(told) == (
        "reject for shop.example: 1020 of 6020 messages (16.9%) would have been lost, 320 of them ours"
    )
    assert "Amazon SES" in told._repr_html_()
    assert replay(PAST, Policy.QUARANTINE).quarantined == 1020
    assert replay(PAST, "v=DMARC1; p=none").lost == 0
    assert replay([], Record()).lost_share == 0
    with pytest.raises(InvalidValue, match="DMARC policy"):
        replay(PAST, "block")


def test_testing_is_one_step_milder() -> None:
    assert replay(PAST, Record(p="reject", is_testing=True)).quarantined == 1020
    assert replay(PAST, Record(p="quarantine", is_testing=True)).lost == 0


def test_subdomains_are_judged_by_sp() -> None:
    below = [row("192.0.2.1", 10, sender="news.shop.example"), row("192.0.2.1", 1)]
    assert replay(below, "v=DMARC1; p=reject; sp=none").rejected == 1
    assert replay(below, "v=DMARC1; p=none; sp=quarantine").quarantined == 10
    assert replay(below, "v=DMARC1; p=reject").rejected == 11
    assert replay(below, "v=DMARC1; p=reject; sp=none", domain="News.shop.example.").rejected == 10


def test_strict_alignment_is_judged_anew() -> None:
    relaxed = [row("192.0.2.1", 10, dkim="news.shop.example", spf="b.shop.example")]
    assert replay(relaxed, "v=DMARC1; p=reject; adkim=s").lost == 0
    assert replay(relaxed, "v=DMARC1; p=reject; adkim=s; aspf=s").lost == 10
    assert replay([OURS], "v=DMARC1; p=reject; adkim=s; aspf=s").lost == 0


def test_other_domains_and_subdomains_with_a_record_of_their_own_are_passed_over() -> None:
    own = attrs.evolve(MONTH, policy=Published(domain="news.shop.example"))
    others = [
        row("192.0.2.1", 1),
        row("192.0.2.1", 20, sender="other.example"),
        attrs.evolve(row("192.0.2.1", 300, sender="news.shop.example"), report=own),
    ]
    told = replay(others, "reject", domain="shop.example")
    assert (told.messages, told.passed_over) == (1, 320)
    assert replay(others, "reject", domain="news.shop.example").messages == 300
    inherits = row("192.0.2.1", 7, sender="news.shop.example")
    assert replay([inherits], "reject", domain="news.shop.example").messages == 7


ROWS = st.lists(
    st.builds(
        row,
        st.sampled_from(["192.0.2.1", "198.51.100.7", "2001:db8::1"]),
        st.integers(0, 1000),
        dkim=st.sampled_from(["", "shop.example", "amazonses.com"]),
        spf=st.sampled_from(["", "b.shop.example", "other.example"]),
        sender=st.sampled_from(["shop.example", "news.shop.example"]),
    ),
    max_size=10,
)
POLICIES = st.sampled_from(list(Policy))


@given(ROWS, POLICIES, POLICIES)
def test_a_stricter_policy_never_strikes_less_and_none_strikes_what_passes(
    rows: list[Row], p: Policy, sp: Policy
) -> None:
    order = list(Policy)
    told, strictest = replay(rows, Record(p=p, sp=sp)), replay(rows, "reject")
    assert told.lost <= strictest.lost == sum(one.count for one in rows if not one.passes)
    assert told.messages == sum(one.count for one in rows)
    stricter = replay(rows, Record(p=order[min(order.index(p) + 1, 2)], sp=sp))
    assert stricter.lost >= told.lost
    assert stricter.rejected >= told.rejected


# The plan


def test_a_vendor_that_fails_blocks_the_next_stage_by_name() -> None:
    told = plan(PAST, NONE, now=NOW)
    assert (told.stage, told.next_stage, told.is_open) == (Stage.NONE, Stage.TESTING, False)
    (blocker,) = told.blockers
    assert (blocker.source.name, blocker.lost, blocker.share) == ("Amazon SES", 300, 1.0)
    assert blocker.mend == "set DKIM up at Amazon SES for shop.example", "its return path is of a subdomain, or its own"
    assert [one.name for one in told.unknown] == ["203.0.113.0/24"]
    assert [one.kind for one in told.accepted] == [Kind.FORWARDER], "it passes mail on, which then fails"
    assert "blocker: Amazon SES: 300 of 300 messages would be lost" in str(told)
    assert "v=DMARC1" not in str(told), "what is not to be pasted yet is not shown"
    assert "Amazon SES" in told._repr_html_()


def test_without_blockers_the_stages_open_one_after_the_other() -> None:
    record, seen = NONE, []
    for _ in range(3):
        told = plan([OURS, FORGED], record, now=NOW)
        assert told.is_open, str(told)
        assert told.record is not None
        assert told.record.name == "_dmarc.shop.example"
        assert str(told.record) in str(told)
        seen.append(record := told.record.text)
    assert seen == [
        "v=DMARC1; p=quarantine; rua=mailto:dmarc@shop.example; t=y",
        "v=DMARC1; p=quarantine; rua=mailto:dmarc@shop.example",
        "v=DMARC1; p=reject; rua=mailto:dmarc@shop.example",
    ]
    last = plan([OURS, FORGED], record, now=NOW)
    assert (last.stage, last.next_stage, last.record, last.is_open) == (Stage.REJECT, None, None, False)
    assert last.replay.rejected == 700
    assert str(last).startswith("shop.example is at reject\n")
    assert "done" in last._repr_html_()


def test_what_else_the_record_says_stays_and_what_is_historic_goes() -> None:
    told = plan([OURS], "v=DMARC1; p=none; sp=none; pct=50; fo=1; adkim=s; rua=mailto:d@x.example", now=NOW)
    assert told.record is not None
    assert told.record.text == "v=DMARC1; p=quarantine; sp=none; rua=mailto:d@x.example; adkim=s; fo=1; t=y"


def unmet(told: rollout.Plan) -> list[str]:
    return [one.what.split(",")[0] for one in told.conditions if not one.is_met]


def test_a_record_that_asks_for_no_reports_is_told_so() -> None:
    assert "the record asks for none: add rua=" in str(plan([OURS], "v=DMARC1; p=none", now=NOW))
    assert "reports come (rua), none has come yet" in str(plan([], NONE, now=NOW))


def test_a_stage_wants_reports_enough_and_fresh() -> None:
    assert unmet(plan([OURS], NONE, now=NOW)) == []
    assert unmet(plan([OURS], "v=DMARC1; p=none", now=NOW)) == ["reports come (rua)"]
    assert unmet(plan([OURS], NONE, now=NOW + timedelta(days=9))) == ["reports come (rua)"]
    assert unmet(plan([OURS], NONE, now=NOW, since=NOW - timedelta(days=5))) == ["reports of 14 days"]
    assert unmet(plan([attrs.evolve(OURS, count=50)], NONE, now=NOW)) == ["100 messages reported"]
    dateless = attrs.evolve(OURS, report=Report(policy=MONTH.policy))
    assert unmet(plan([dateless], NONE, now=NOW)) == ["reports come (rua)", "reports of 14 days"]
    lost = [OURS, row("192.0.2.11", 70)]
    assert unmet(plan(lost, NONE, now=NOW)) == ["at most 1.0% of our own mail lost"]
    easy = Conditions(least_days=3, least_messages=1, most_lost_share=0.5, blocking_messages=500)
    assert plan([OURS, SES], NONE, now=NOW, since=NOW - timedelta(days=5), conditions=easy).is_open
    with pytest.raises(InvalidValue, match="least_days"):
        Conditions(least_days=0)


@pytest.mark.parametrize("reason", ["forwarded", "mailing_list", "trusted_forwarder"])
@pytest.mark.parametrize("ip", ["203.0.114.5", "192.0.2.99"])
def test_what_others_have_passed_on_shuts_no_stage_and_is_told_beside(reason: str, ip: str) -> None:
    told = plan([OURS, row(ip, 200, spf="alumni.example", reason=reason)], NONE, now=NOW)
    assert told.is_open, str(told)
    assert told.blockers == (), "nobody can mend these"
    assert (told.replay.lost_of_ours, told.replay.lost_at_source, told.replay.lost_on_the_way) == (200, 0, 200)
    assert "0.0% by past reports (and 200 messages that others had passed on: nobody can mend these)" in str(told)
    assert "(and 1 message that" in str(plan([OURS, row(ip, 1, reason=reason)], NONE, now=NOW))


def test_forwarders_are_told_from_mailing_lists_by_what_receivers_say() -> None:
    rows = [row("203.0.114.5", 20, reason="forwarded"), row("203.0.115.5", 20, reason="mailing_list"), OURS]
    kinds = {one.name: one.kind for one in replay(rows, "reject").sources}
    assert kinds["203.0.114.0/24"] is Kind.FORWARDER
    assert kinds["203.0.115.0/24"] is Kind.MAILING_LIST


def test_the_caller_may_know_that_a_forwarder_sends_for_us() -> None:
    told = plan([OURS, FORWARDED], NONE, now=NOW, ours=["203.0.114.0/24"])
    assert [(one.source.name, one.lost) for one in told.blockers] == [("203.0.114.0/24", 20)]
    assert plan([OURS, FORWARDED], NONE, now=NOW, ours=["192.0.2.0/24"]).blockers == ()


def test_an_unmet_share_names_who_loses_mail_without_being_a_blocker() -> None:
    many = [
        each
        for number in range(7)
        for each in (row(f"198.51.{number}.1", 100, dkim="shop.example"), row(f"198.51.{number}.2", 2))
    ]
    told = plan([OURS, *many, row("192.0.2.11", 70)], NONE, now=NOW)
    assert (told.blockers, told.is_open) == ((), False)
    assert "lost, 1.5% by past reports: 192.0.2.0/24 70 of 5070, 198.51.0.0/24 2 of 102, " in str(told)
    assert "198.51.3.0/24 2 of 102 and 3 more" in str(told)


def test_only_addresses_that_were_seen_are_to_be_allowed() -> None:
    (blocker,) = plan([OURS, *(row(f"192.0.2.{end}", 30) for end in range(20, 27))], NONE, now=NOW).blockers
    assert (
        "add ip4:192.0.2.20 ip4:192.0.2.21 ip4:192.0.2.22 ip4:192.0.2.23 ip4:192.0.2.24 and 2 more to" in blocker.mend
    )
    assert blocker.source.failing_addresses == tuple(f"192.0.2.{end}" for end in range(20, 27))
    strict = [attrs.evolve(OURS, spf=(), dkim=(DKIMResult(domain="b.shop.example", selector="s", result="pass"),))]
    (blocker,) = plan(strict, f"{NONE}; adkim=s; aspf=s", now=NOW).blockers
    assert blocker.mend == "let it sign with DKIM for shop.example itself"


def test_what_reports_say_is_printed_harmlessly() -> None:
    odd = attrs.evolve(MONTH, policy=Published(domain="a\x1b[31m.example"))
    rows = [attrs.evolve(row("192.0.2.1", 10, sender="a\x1b[31m.example"), report=odd)]
    told = plan(rows, NONE, now=NOW, ours=["192.0.2.0/24"])
    assert str(replay(rows, "reject")).startswith("reject for a?[31m.example: ")
    assert "\x1b" not in str(told) + told._repr_html_()


def test_the_caller_knows_better_who_sends_for_us() -> None:
    mine = plan([OURS, FORGED, SES], NONE, now=NOW, ours=["203.0.113.0/24", "amazon-ses"])
    assert [one.source.name for one in mine.blockers] == ["203.0.113.0/24", "Amazon SES"]
    assert "add ip4:203.0.113.5 to SPF" in mine.blockers[0].mend, "its neighbours have not sent anything"
    assert not mine.unknown
    abused = plan([OURS, SES], NONE, now=NOW, foreign=["amazon-ses"])
    assert abused.is_open
    assert [one.name for one in abused.unknown] == ["Amazon SES"]


STRAY = row("198.51.100.1", 400, spf="evil.example")
LATE = row("198.51.101.9", 1, dkim="amazonses.com", spf="b.evil.example")


@pytest.mark.parametrize(
    "word",
    [
        "198.51.100.0/24",
        "198.51.100.1",
        "198.51.100.77",
        "198.51.100.0/30",
        "198.51.0.0/16",
        "evil.example",
        " Evil.Example. ",
    ],
)
def test_a_source_is_named_by_whatever_is_known_of_it(word: str) -> None:
    assert plan([OURS, STRAY, LATE], NONE, now=NOW).is_open
    told = plan([OURS, STRAY, LATE], NONE, now=NOW, ours=[word, word])
    assert [one.source.name for one in told.blockers] == ["198.51.100.0/24"]
    assert not told.is_open
    assert plan([OURS, STRAY, LATE], NONE, now=NOW, foreign=[word]).is_open


@pytest.mark.parametrize(
    "word", ["amazon-ses", "AMAZON SES", "ses", "amazonses.com", "198.51.100.1", "198.51.100.0/24"]
)
def test_a_vendor_is_named_likewise(word: str) -> None:
    told = plan([OURS, SES], NONE, now=NOW, foreign=[word])
    assert ([one.name for one in told.unknown], told.is_open) == (["Amazon SES"], True)


def test_what_was_seen_exactly_goes_before_what_is_near() -> None:
    forged = row("198.51.100.9", 50, dkim="", spf="forger.example")
    for word, name in [("198.51.100.9", "198.51.100.0/24"), ("198.51.100.1", "Amazon SES")]:
        told = plan([OURS, SES, forged], NONE, now=NOW, ours=[word])
        assert name in [one.source.name for one in told.blockers]
        assert ("198.51.100.0/24" in [one.name for one in told.unknown]) is (name == "Amazon SES")
    broken = attrs.evolve(forged, spf=(), dkim=(DKIMResult(domain="amazonses.com", selector="s", result="fail"),))
    assert len(plan([OURS, SES, broken], NONE, now=NOW, foreign=["amazonses.com"]).unknown) == 2, (
        "unknown it was before"
    )
    (blocker,) = plan([OURS, broken], NONE, now=NOW, ours=["amazonses.com"]).blockers
    assert blocker.source.name == "198.51.100.0/24"


@pytest.mark.parametrize("side", ["ours", "foreign"])
def test_a_word_that_is_no_source_is_refused(side: str) -> None:
    def said(word: object, rows: list[Row]) -> str:
        with pytest.raises(InvalidValue, match=rf"plan\({side}=\)") as refused:
            plan(rows, NONE, now=NOW, **{side: word})  # type: ignore[arg-type]
        return str(refused.value)

    assert "'typo' is no source of these reports; seen are 192.0.2.0/24, Amazon SES" in said(["typo"], [OURS, SES])
    assert "did you mean 'Amazon SES'?" in said(["Amazon SSE"], [OURS, SES])
    assert "and 1 more" in said(["typo"], [row(f"192.0.{number}.1", 1) for number in range(6)])
    assert "no source has been seen yet" in said(["192.0.2.1"], [])
    assert "write ['192.0.2.1']" in said("192.0.2.1", [OURS])
    for word in ["", "203.0.113.1", "10.0.0.0/8", "2001:db8::1", "fe80::1%eth0"]:
        assert "is no source" in said([word], [OURS])


@given(st.text())
def test_any_word_is_a_source_or_refused(word: str) -> None:
    with contextlib.suppress(InvalidValue):
        assert plan([OURS], NONE, now=NOW, ours=[word]).is_open


def test_rows_of_other_domains_count_for_nothing() -> None:
    told = plan([OURS], NONE, now=NOW, domain="other.example")
    assert unmet(told) == ["reports come (rua)", "reports of 14 days", "100 messages reported"]
    assert "0 so far" in str(told)


def test_a_plan_without_a_domain_says_so() -> None:
    told = plan([], NONE, now=NOW)
    assert str(told).startswith("a domain that nobody has named is at none; ")
    assert "a domain that nobody has named: none" in told._repr_html_()
    assert "reject for a domain that nobody has named: 0 of 0" in str(replay([], "reject"))


def test_a_report_that_comes_twice_is_counted_once() -> None:
    def copy(report_id: str = "7", **changes: object) -> list[Row]:
        head = attrs.evolve(MONTH, org_name="receiver.example", report_id=report_id, **changes)  # type: ignore[arg-type]
        return [attrs.evolve(one, report=head) for one in (OURS, SES, SES)]

    single, other = copy(), copy("8")
    assert replay(single, "reject").messages == 5600, "some reporters write a row for each message"
    assert replay([*single, *copy()], "reject").messages == 5600
    assert replay([*single, *single], "reject").messages == 5600
    assert replay([*single, *other, *single, *other], "reject").messages == 11200
    assert replay([*single, *copy(end=NOW)], "reject").messages == 11200, "another time is another report"
    assert replay([*copy(""), *copy("")], "reject").messages == 11200, "without an id nobody knows"
    small = [attrs.evolve(one, count=20) for one in single]
    assert "100 messages reported" in unmet(plan([*small, *small], NONE, now=NOW))


def test_reports_from_the_future_open_nothing() -> None:
    told = plan([OURS], NONE, now=START)
    assert unmet(told) == ["reports come (rua)"]
    assert "which is after 2026-11-01 00:00 UTC, the present instant that was given" in str(told)


def test_what_to_mend_names_the_keys_and_the_domain_that_is_written_from() -> None:
    def mend(**results: str) -> str:
        (blocker,) = plan(
            [row("2001:db8::1", 30, sender="news.shop.example", **results)], NONE, now=NOW, ours=["2001:db8::/48"]
        ).blockers
        return blocker.mend

    assert "s1._domainkey.news.shop.example" in mend(dkim="sendgrid.net")
    assert mend(dkim="klaviyomail.com").endswith("km2._domainkey.news.shop.example)"), "its return path is its own"
    assert mend(dkim="zendesk.com").endswith(
        ", and have include:mail.zendesk.com in SPF of news.shop.example if its return path is of news.shop.example "
        "itself"
    )
    assert mend(dkim="google.com").endswith(", and have include:_spf.google.com in SPF of news.shop.example")
    assert "ip6:2001:db8::1 to SPF of news.shop.example" in mend()


def test_nothing_is_planned_without_a_domain_and_a_zone_of_time() -> None:
    odd = attrs.evolve(MONTH, policy=Published(domain="(no domain)"))
    assert plan([attrs.evolve(OURS, report=odd, header_from="(no domain)")], NONE, now=NOW).record is None
    empty = plan([], NONE, now=NOW)
    assert empty.record is None
    assert not empty.is_open
    with pytest.raises(InvalidValue, match="now"):
        plan([], NONE, now=NOW.replace(tzinfo=None))
    with pytest.raises(InvalidValue, match="v=DMARC1"):
        plan([], "p=none", now=NOW)


def test_the_stage_is_what_receivers_do() -> None:
    said = {"p=none; t=y": "none", "p=quarantine; t=y": "testing", "p=reject; t=y": "quarantine", "p=reject": "reject"}
    for text, stage in said.items():
        assert rollout.stage_of(Record.parse(f"v=DMARC1; {text}")) == stage
    assert rollout.stage_of(Record()) is Stage.NONE


def test_a_vendor_may_be_named_before_it_has_sent_anything() -> None:
    record = "v=DMARC1; p=none; rua=mailto:d@example.com"
    now = datetime(2026, 1, 17, tzinfo=UTC)
    assert rollout.plan([], record, now=now, domain="example.com", ours=["SendGrid", "ses"]).blockers == ()
    with pytest.raises(InvalidValue, match="sendgird"):
        rollout.plan([], record, now=now, domain="example.com", ours=["sendgird"])
