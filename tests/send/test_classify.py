import tomllib
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit.errors import InvalidValue
from mailkit.send import Action, Cause, Phase, Reply, classify
from mailkit.send.returns.causes import FAMILIES, FAULTS, Family, Fault, action_for

SENDERS_SIDE = {Fault.REPUTATION, Fault.CONTENT, Fault.SENDER, Fault.RATE, Fault.CONFIGURATION, Fault.TRANSPORT}


@given(st.integers(400, 599), st.sampled_from(["", "5.1.1", "4.2.2", "5.7.1", "5.1.0", "5.0.0"]), st.text())
def test_every_refusal_gets_a_verdict_that_explains_itself(code, enhanced, text):
    verdict = classify(Reply.parse(f"{code} {enhanced} {text}"))
    assert 0 < verdict.confidence <= 1
    assert verdict.evidence.rule
    assert verdict.family is FAMILIES[verdict.cause]
    assert str(verdict.evidence) in str(verdict)


@given(st.sampled_from(sorted(Family)), st.booleans())
def test_a_fault_on_the_senders_side_never_suppresses_anybody(family, is_permanent):
    if FAULTS[family] in SENDERS_SIDE:
        assert action_for(family, is_permanent=is_permanent) is not Action.SUPPRESS


@given(st.sampled_from(sorted(Family)))
def test_a_passing_refusal_suppresses_nobody_but_who_complained(family):
    if family is not Family.COMPLAINT:
        assert action_for(family, is_permanent=False) is not Action.SUPPRESS


def test_every_cause_has_a_family():
    assert set(FAMILIES) == set(Cause)
    assert set(FAMILIES.values()) == set(FAULTS) == set(Family)


def test_every_row_can_be_met_and_tells_its_source():
    for name in ("sender", "reader"):
        text = files("mailkit.send.returns").joinpath(f"rules/{name}.toml").read_text("utf-8")
        rows = tomllib.loads(text)["rule"]
        assert len({row["id"] for row in rows}) == len(rows)
        for row in rows:
            assert Cause(row["cause"])
            assert row["source"]
            assert all(words == words.lower() and all(words.split("…")) for words in row["words"])


@pytest.mark.parametrize(
    ("text", "cause", "action"),
    [
        # Gmail
        ("550-5.1.1 The email account that you tried to reach does not exist.", "userunknown", "suppress"),
        ("452 4.2.2 The recipient's inbox is out of storage space.", "mailboxfull", "retry"),
        ("550-5.7.26 This mail is unauthenticated, which poses a security risk", "authfailure", "fix"),
        ("421-4.7.28 Gmail has detected an unusual rate of unsolicited mail", "speeding", "slow"),
        ("550-5.7.1 Our system has detected that this message is likely unsolicited mail.", "spamdetected", "fix"),
        ("550 5.2.1 The email account that you tried to reach is disabled.", "suspend", "review"),
        # Outlook, Microsoft 365
        ("550 5.5.0 Requested action not taken: mailbox unavailable", "userunknown", "suppress"),
        ("550 5.7.1 Unfortunately, messages from [192.0.2.1] weren't sent. … block list (S3140)", "blocked", "fix"),
        ("451 4.7.650 The mail server [192.0.2.1] has been temporarily rate limited due to IP reputation.", None, None),
        ("550 5.7.515 Access denied, sending domain does not meet the required authentication level",
         "authfailure", "fix"),
        ("550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup",
         "userunknown", "suppress"),
        # Yahoo
        ("421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred due to unexpected volume",
         "badreputation", "fix"),
        ("554 delivery error: dd This user doesn't have a yahoo.com account (anna@yahoo.com) [0]",
         "userunknown", "suppress"),
        ("552 1 Requested mail action aborted, mailbox full", "mailboxfull", "retry"),
        # Mail.ru, Yandex
        ("550 Message was not accepted -- invalid mailbox. Local mailbox anna@mail.ru is unavailable: user not found",
         "userunknown", "suppress"),
        ("550 spam message rejected. Please visit http://help.mail.ru/notspam-support", "spamdetected", "fix"),
        ("554 5.7.1 Message rejected under suspicion of SPAM; https://ya.cc/1IrBc", "spamdetected", "fix"),
        ("550 5.7.1 No such user!", "userunknown", "suppress"),
        # Postfix, Exim
        ("450 4.2.0 <anna@example.org>: Recipient address rejected: Greylisted, see http://example.org",
         "greylisted", "retry"),
        ("451 4.7.1 Greylisting in action, please come back later", "greylisted", "retry"),
        ("554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org", "blocked", "fix"),
        ("554 5.7.1 <anna@example.org>: Relay access denied", "norelaying", "fix"),
        ("550 Unrouteable address", "userunknown", "suppress"),
        ("552 5.3.4 Message size exceeds fixed limit", "mesgtoobig", "fix"),
        ("421 4.7.0 mx.example.org Error: too many connections from 192.0.2.1", "toomanyconn", "slow"),
        ("450 4.7.25 Client host rejected: cannot find your hostname, [192.0.2.1]", "requireptr", "fix"),
        ("550 5.1.8 Sender address rejected: Domain not found", "rejected", "fix"),
        # words that name the sender's side beat the code
        ("550 5.1.0 192.0.2.222 is not allowed to send from <example.net> per its SPF Record.", "authfailure", "fix"),
        ("550 5.1.1 Rejected: 192.0.2.1 is listed in a block list", "blocked", "fix"),
        # only a code
        ("550 5.1.1", "userunknown", "suppress"),
        ("550 5.1.0 Address rejected", "filtered", "review"),
        ("556 no mail here", "notaccept", "suppress"),
        ("550 No", "onhold", "review"),
        ("451 Later", "onhold", "retry"),
        ("550", "undefined", "review"),
    ],
)  # fmt: skip
def test_published_wordings_are_understood(text, cause, action):
    verdict = classify(Reply.parse(text))
    if cause is None:
        assert verdict.action in (Action.SLOW, Action.FIX)
    else:
        assert (verdict.cause, verdict.action) == (cause, action)


def test_a_provider_passes_over_the_rows_of_others():
    reply = Reply.parse("554 [TSS04] no")
    assert classify(reply).cause is Cause.BADREPUTATION
    assert classify(reply, provider="yahoo").cause is Cause.BADREPUTATION
    assert classify(reply, provider="gmail").cause is Cause.ONHOLD


def test_a_wordless_refusal_of_the_return_path_is_about_the_sender():
    assert classify(Reply.parse("550 No"), phase=Phase.MAIL).cause is Cause.REJECTED
    assert classify(Reply.parse("450 No"), phase=Phase.MAIL).cause is Cause.ONHOLD


@pytest.mark.parametrize(
    "text",
    [
        "501 5.1.3 Bad address syntax",
        "550 5.1.2 <shop@example.com>: domain not found",
        "550 5.1.1 <shop@example.com> no such user",
        "550 unknown user",
        "521 We take no mail",
    ],
)
def test_before_the_recipient_is_named_only_the_sender_can_be_unknown(text):
    for phase in (Phase.CONNECT, Phase.EHLO, Phase.MAIL):
        verdict = classify(Reply.parse(text), phase=phase)
        assert (verdict.cause, verdict.action) == (Cause.REJECTED, Action.FIX)
        assert verdict.evidence.rule == f"phase.{phase}"
    assert classify(Reply.parse(text), phase=Phase.RCPT).action is Action.SUPPRESS


@given(st.text(), st.sampled_from(["", "5.1.1", "5.1.2", "5.1.6"]), st.integers(500, 599))
def test_nobody_is_suppressed_before_being_named(text, enhanced, code):
    reply = Reply.parse(f"{code} {enhanced} {text}")
    for phase in (Phase.CONNECT, Phase.EHLO, Phase.MAIL):
        assert classify(reply, phase=phase).action is not Action.SUPPRESS


@pytest.mark.parametrize(
    "text",
    [
        "550-Requested action not taken: mailbox unavailable\n550 Reject due to policy restrictions.",
        "550-Requested action not taken: mailbox unavailable\n550 invalid DNS MX or A/AAAA resource record",
        "550-Requested action not taken: mailbox unavailable\n550 Something that nobody has seen before",
        "550 5.7.1 <mail.shop.example>: Helo command rejected: invalid domain",
        "554 5.7.1 The DKIM key does not exist",
        "550 5.7.1 Message rejected: link domain does not exist (NXDOMAIN)",
        "550 The domain in the From: header has no MX record",
        "550 5.7.1 unable to find MX for your sending host",
        "550 5.7.1 Invalid address in Reply-To header",
        "550 5.7.1 nonexistent Message-ID header",
        "554 5.7.1 No user-agent",
        "550-Verification failed for <shop@example.com>\n550-No Such User Here\n550 refused",
        "550 5.7.1 The required record does not exist",
        "550 invalid address format of the list",
        "554 unable to find the zone",
    ],
)
def test_what_is_wrong_with_the_sender_suppresses_no_reader(text):
    for phase in (None, Phase.RCPT, Phase.MESSAGE):
        assert classify(Reply.parse(text), phase=phase).action is not Action.SUPPRESS


@pytest.mark.parametrize(
    "text",
    [
        "550 5.5.0 Requested action not taken: mailbox unavailable (S2017062302).",
        "550 5.1.1 Requested action not taken: mailbox unavailable",
        "554 delivery error: dd This user doesn't have a yahoo.example account (anna@yahoo.example) [0]",
        "550 <anna@example.org> does not exist",
        "550 <anna@example.org>... User not exist",
        "550 Sorry, no user by that name",
        "550 Non-existent user",
        "550 Unable to find user",
        "550 Mailbox <anna@example.org> does not exist",
    ],
)
def test_who_does_not_exist_is_suppressed(text):
    for phase in (None, Phase.RCPT, Phase.MESSAGE):
        verdict = classify(Reply.parse(text), phase=phase)
        assert (verdict.cause, verdict.action) == (Cause.USERUNKNOWN, Action.SUPPRESS)


def test_what_is_no_reply_cannot_be_classified():
    with pytest.raises(InvalidValue, match=r"Reply\.parse"):
        classify("550 5.1.1 No such user")


def test_a_success_cannot_be_classified():
    with pytest.raises(InvalidValue, match="no refusal"):
        classify(Reply.parse("250 2.0.0 Ok"))


def test_a_very_long_reply_is_read_in_no_time():
    assert classify(Reply.parse("550 " + "mailbox " * 200_000)).cause


def test_the_words_of_an_address_are_no_evidence():
    assert classify(Reply.parse("550 <virus.blacklist@spam.example> No such user")).cause is Cause.USERUNKNOWN
