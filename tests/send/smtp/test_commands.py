import pytest

from mailkit import Envelope
from mailkit.send.smtp.commands import is_one, mail, obstacle, rcpt
from mailkit.send.smtp.offers import Offers

ALL = Offers.of(
    dict.fromkeys(["pipelining", "chunking", "8bitmime", "smtputf8", "dsn", "requiretls"], "") | {"size": "1000"},
    is_proven=True,
)
NONE = Offers.of({})
ASCII = b"Subject: x\r\n\r\nx\r\n"
EIGHT = "Subject: x\r\n\r\né\r\n".encode()
FIELDS = "Subject: é\r\n\r\nx\r\n".encode()


def envelope(**changes):
    return Envelope(**{"sender": "shop@example.com", "recipient": "anna@example.org", **changes})


def test_a_plain_letter_needs_plain_commands():
    assert mail(envelope(), ASCII, NONE) == b"MAIL FROM:<shop@example.com>\r\n"
    assert rcpt(envelope(), ALL) == b"RCPT TO:<anna@example.org>\r\n"
    assert mail(envelope(return_path=None), ASCII, NONE) == b"MAIL FROM:<>\r\n"


@pytest.mark.parametrize(
    ("body", "changes", "told"),
    [
        (ASCII, {}, b" SIZE=17"),
        (EIGHT, {}, b" SIZE=18 BODY=8BITMIME"),
        (FIELDS, {}, b" SIZE=18 BODY=8BITMIME SMTPUTF8"),
        (ASCII, {"recipient": "анна@example.org"}, b" SIZE=17 SMTPUTF8"),
        (ASCII, {"return_content": "full"}, b" SIZE=17 RET=FULL"),
        (ASCII, {"envelope_id": "a=1"}, b" SIZE=17 ENVID=a+3D1"),
        (ASCII, {"require_tls": True}, b" SIZE=17 REQUIRETLS"),
    ],
)
def test_what_a_letter_needs_is_said(body, changes, told):
    assert mail(envelope(**changes), body, ALL) == b"MAIL FROM:<shop@example.com>" + told + b"\r\n"
    assert obstacle(envelope(**changes), body, ALL, "mx") == ""


def test_reports_are_asked_for():
    assert rcpt(envelope(notify="never"), ALL).endswith(b" NOTIFY=NEVER ORCPT=rfc822;anna@example.org\r\n")
    assert rcpt(envelope(notify=("failure", "delay")), ALL).count(b"NOTIFY=FAILURE,DELAY") == 1
    assert rcpt(envelope(notify="never", recipient="анна@example.org"), ALL).endswith(b"> NOTIFY=NEVER\r\n")
    assert b"NOTIFY" not in rcpt(envelope(notify="never"), NONE)
    assert b"RET" not in mail(envelope(return_content="full"), ASCII, NONE)


@pytest.mark.parametrize(
    ("body", "changes", "offers", "why"),
    [
        (EIGHT, {}, NONE, "8BITMIME"),
        (FIELDS, {}, NONE, "header fields are not all ASCII"),
        (ASCII, {"recipient": "анна@example.org"}, NONE, "addresses are not all ASCII"),
        (ASCII, {"return_path": "анна@example.org"}, NONE, "addresses are not all ASCII"),
        (ASCII * 100, {}, ALL, "the message has 1,700 bytes, and mx takes 1,000"),
        (ASCII, {"require_tls": True}, NONE, "is not reached over TLS with a verified certificate"),
        (ASCII, {"require_tls": True}, Offers(is_proven=True), "does not offer REQUIRETLS"),
        (ASCII, {"require_tls": True}, Offers(has_requiretls=True), "is not reached over TLS"),
    ],
)
def test_what_a_server_cannot_take_has_a_reason(body, changes, offers, why):
    assert why in obstacle(envelope(**changes), body, offers, "mx")


def test_a_line_break_never_gets_into_a_command():
    wrong = envelope()
    object.__setattr__(wrong, "envelope_id", "x\r\nDATA")  # no constructor lets it in
    assert is_one(mail(envelope(envelope_id="x"), ASCII, ALL))
    assert not is_one(mail(wrong, ASCII, ALL))
    assert not is_one(b"a\nb\r\n")
    assert not is_one(b"a\rb\r\n")


@pytest.mark.parametrize("size", ["²", "9" * 50, "x", "", "-1"])
def test_a_size_that_is_no_number_limits_nothing(size):
    assert Offers.of({"size": size}).most_bytes == 0
