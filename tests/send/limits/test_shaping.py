from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit.errors import InvalidValue
from mailkit.send import Phase, Rate, Reply
from mailkit.send.limits.providers import Providers
from mailkit.send.limits.shaping import Measure, Rule, Taken, first_rule, rules_from, shipped_rules
from mailkit.send.transport import Refused

HOUR = timedelta(hours=1)


def refused(text: str, phase: Phase = Phase.DATA) -> Refused:
    return Refused(reply=Reply.parse(text), phase=phase)


@pytest.mark.parametrize(
    ("provider", "text", "rule"),
    [
        ("gmail", "421-4.7.28 Gmail has detected an unusual rate of mail\r\n421 4.7.28 from your SPF domain",
         "gmail-unusual-rate"),
        ("gmail", "450 4.2.1 The user you are trying to contact is receiving mail", "gmail-reader-is-flooded"),
        ("gmail", "421 4.7.0 suspicious due to the very low reputation of the sending domain", "gmail-low-reputation"),
        ("gmail", "421 4.7.0 Try again later, closing connection", "gmail-try-later"),
        ("gmail", "550 5.7.26 Unauthenticated email from shop.example is not accepted", "gmail-unauthenticated"),
        ("gmail", "550 5.1.1 No such user", "any-reader"),
        ("outlook", "451 4.7.650 The mail server has been temporarily rate limited due to IP reputation (S775)",
         "outlook-rate-limited-for-reputation"),
        ("outlook", "421 RP-001 The mail server IP has exceeded the rate limit allowed", "outlook-rate-limited"),
        ("outlook", "550 5.7.1 Your network is on our block list (S3150)", "outlook-block-list"),
        ("microsoft365", "451 4.7.500 Server busy. Please try again later", "microsoft-server-busy"),
        ("microsoft365", "550 5.7.606 Access denied, banned sending IP [192.0.2.1]", "microsoft-banned"),
        ("yahoo", "421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred", "yahoo-unexpected-volume"),
        ("yahoo", "421 4.7.1 [TSS09] All messages from 192.0.2.1 will be permanently deferred",
         "yahoo-permanently-deferred"),
        ("mail.ru", "421 Try again later", "mail.ru-rate"),
        ("mail.ru", "550 spam message rejected", "mail.ru-spam"),
        ("yandex", "451 4.7.1 Sorry, the service is currently unavailable. Please come back later.", "yandex-rate"),
        ("gmx", "421 Rate limit reached. Please try again later", "gmx-rate"),
        ("t-online", "554 IP=192.0.2.1 - A problem occurred. (Ask your postmaster for help)", "t-online-turned-away"),
        ("orange", "421 mwinf5c04 ME Too many connections, slow down. OFR004_104", "orange-too-many-connections"),
        ("comcast", "421 4.1.0 192.0.2.1 Throttled RL000001", "comcast-rate"),
        ("", "451 4.7.1 Greylisted, please try again in 300 seconds", "any-greylisting"),
        ("", "421 4.7.0 Error: too many connections from 192.0.2.1", "any-too-many-connections"),
        ("", "450 4.7.1 Error: too much mail from 192.0.2.1", "any-too-fast"),
        ("", "421 4.3.2 System not accepting network messages", "any-not-accepting"),
        ("", "452 4.3.1 Insufficient system storage", "any-full"),
        ("", "554 5.7.1 Service unavailable; blocked using zen.spamhaus.org", "any-blocked"),
    ],
)  # fmt: skip
def test_the_first_row_that_fits_a_reply_decides(provider, text, rule):
    found = first_rule(shipped_rules(), refused(text), provider)
    assert found is not None
    assert found.id == rule


def test_a_plain_bounce_of_another_sort_takes_no_measure():
    assert first_rule(shipped_rules(), refused("554 5.6.0 Bad content"), "") is None


def test_every_shipped_row_has_a_name_of_its_own_and_a_provider_that_there_is():
    rules = shipped_rules()
    assert len({rule.id for rule in rules}) == len(rules)
    known = {*Providers.shipped().by_mx.values(), ""}
    assert {rule.provider for rule in rules} <= known


@given(st.text(max_size=300), st.sampled_from(["gmail", "outlook", "yahoo", ""]), st.sampled_from([421, 450, 550, 571]))
def test_no_reply_breaks_the_rules(text, provider, code):
    found = first_rule(shipped_rules(), refused(f"{code} {text}"), provider)
    assert found is None or found.provider in (provider, "")


def test_a_class_of_codes_is_written_by_its_digit():
    rule = Rule(id="ours", measure="suspend", lasts=HOUR, codes=["4"])
    assert rule.fits(refused("450 no"), "")
    assert not rule.fits(refused("550 no"), "")


def test_a_row_of_a_file_may_say_everything_that_a_rule_has():
    (rule,) = rules_from(
        [{"id": "x", "provider": "gmail", "codes": ["421"], "pattern": "slow", "causes": ["speeding"],
          "measure": "slow", "rate": "100/10m", "for": "2d", "after": 3, "within": "90s"}]
    )  # fmt: skip
    assert rule == Rule(
        id="x", provider="gmail", codes=["421"], pattern="slow", causes=["speeding"], measure=Measure.SLOW,
        rate=Rate(100, per=timedelta(minutes=10)), lasts=timedelta(days=2), after=3, within=timedelta(seconds=90),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"measure": "suspend"}, "lasts"),
        ({"measure": "none", "for": "1h"}, "lasts"),
        ({"measure": "slow", "for": "1h"}, "rate"),
        ({"measure": "suspend", "for": "1h", "rate": "1/s"}, "rate"),
        ({"measure": "suspend", "for": "1h", "after": 3}, "within"),
        ({"measure": "suspend", "for": "an hour"}, "number with s, m, h or d"),
        ({"measure": "slow", "for": "1h", "rate": "fast"}, "so many in so much time"),
        ({"measure": "suspend", "for": "1h", "pattern": "("}, "regular expression"),
        ({"measure": "suspend", "for": "1h", "causes": ["weather"]}, "cause"),
        ({"measure": "suspend", "for": "1h", "word": "x"}, "no part of a rule"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(row, reason):
    with pytest.raises(InvalidValue, match=reason):
        rules_from([{"id": "ours", **row}])


def test_a_measure_says_what_was_done_to_whom_and_until_when():
    until = datetime(2026, 3, 1, 12, tzinfo=UTC)
    taken = Taken(measure=Measure.NARROW, rule="ours", identity="pool-a", provider="gmail", until=until, connections=2)
    assert str(taken) == "pool-a to gmail: narrow to 2 at once until 2026-03-01 12:00:00 UTC, by ours"
    assert str(Taken(measure=Measure.SUSPEND, rule="ours", identity="", provider="", until=until)).startswith("all: ")
