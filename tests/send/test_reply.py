import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit.errors import InvalidValue
from mailkit.send import Reply

CODES = st.integers(200, 599).filter(lambda code: code < 600)
ENHANCED = st.one_of(st.just(""), st.builds("{}.{}.{}".format, st.sampled_from([2, 4, 5]), *[st.integers(0, 999)] * 2))


@given(st.text() | st.text(alphabet="0123456789.- \r\nabc\x00\x85\u2028\ud800"))
def test_any_text_is_a_reply_that_reads_the_same_again(text):
    reply = Reply.parse(text)
    assert Reply.parse(str(reply)) == reply


@given(CODES, ENHANCED, st.lists(st.text(alphabet="ab .й0-"), min_size=1, max_size=4))
def test_codes_and_lines_survive_the_way_through_text(code, enhanced, lines):
    text = "\n".join(f"{code}{'-' if more else ' '}{enhanced} {line}" for line, more in with_more(lines))
    reply = Reply.parse(text)
    assert reply.code == code
    assert enhanced in (reply.enhanced, "")
    assert Reply.parse(str(reply).replace("\n", "\r\n")) == reply


def with_more(lines):
    return [(line, number < len(lines) - 1) for number, line in enumerate(lines)]


@pytest.mark.parametrize(
    ("text", "code", "enhanced", "said"),
    [
        ("550 5.1.1 No such user", 550, "5.1.1", "No such user"),
        ("550-5.1.1 No such user\r\n550 5.1.1 Try another", 550, "5.1.1", "No such user\nTry another"),
        ("550-No such user\n550 5.1.1 Try another", 550, "5.1.1", "No such user\nTry another"),
        ("421", 421, "", ""),
        ("550 5.1.1", 550, "5.1.1", ""),
        ("4.2.2 Mailbox full", 0, "4.2.2", "Mailbox full"),
        ("Nobody is here", 0, "", "Nobody is here"),
        ("550 5.1.1 first\n550 5.7.1 second", 550, "5.1.1", "first\n5.7.1 second"),
        ("", 0, "", ""),
    ],
)
def test_replies_are_read_as_servers_write_them(text, code, enhanced, said):
    reply = Reply.parse(text)
    assert (reply.code, reply.enhanced, reply.text) == (code, enhanced, said)


def test_a_reply_that_would_be_read_as_another_cannot_be_built():
    with pytest.raises(InvalidValue, match=r"use Reply\.parse"):
        Reply(code=550, text="5.1.1 No such user")
    with pytest.raises(InvalidValue):
        Reply(code=99, text="hello")


@pytest.mark.parametrize("given", [None, b"550 no", 550])
def test_what_is_not_text_is_no_reply(given):
    with pytest.raises(InvalidValue, match="is not text"):
        Reply.parse(given)


def test_the_first_digit_says_whether_it_lasts():
    assert Reply.parse("550 no").is_permanent
    assert not Reply.parse("450 5.1.1 later").is_permanent
    assert Reply.parse("5.1.1 no").is_permanent
    assert Reply.parse("250 Ok").is_positive
    assert Reply.parse("550-5.1.1 No\n550 5.1.1 Never").line == "550 5.1.1 No Never"
