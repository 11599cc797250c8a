import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit.send import Reply
from mailkit.send.smtp.replies import Replies, read

LINE = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40)


def fed(*octets):
    replies = Replies()
    found = [one for part in octets for one in replies.feed(part)]
    return found, replies


def test_replies_of_one_and_of_several_lines_are_cut_apart():
    found, replies = fed(b"250 Ok\r\n550-5.1.1 No such user\r\n550 5.1.1 Sorry\r\n354 go\r\n")
    assert found == [(250, b"250 Ok"), (550, b"550-5.1.1 No such user\n550 5.1.1 Sorry"), (354, b"354 go")]
    assert not replies.has_rest


@given(st.lists(st.sampled_from([b"250 Ok\r\n", b"250-a\r\n250 b\r\n", b"550 No\n", b"250\r\n"])), st.data())
def test_it_matters_not_how_they_are_cut(said, data):
    octets = b"".join(said)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(octets)))))
    parts = [octets[start:end] for start, end in zip([0, *cuts], [*cuts, len(octets)], strict=True)]
    assert fed(*parts)[0] == fed(octets)[0]
    assert len(fed(octets)[0]) == len(said)


@pytest.mark.parametrize("line", [b"", b"hello", b"25", b"250x", b"199 a", b"600 a", b"2 50", b"\xff\xfe"])
def test_what_is_no_reply_is_garbage_and_nothing_after_it_counts(line):
    found, replies = fed(b"250 Ok\r\n" + line + b"\r\n250 Ok\r\n")
    assert len(found) == 1
    assert replies.garbage


def test_a_part_of_a_reply_is_told():
    assert fed(b"250 Ok\r\n2")[1].has_rest
    assert fed(b"250-Ok\r\n")[1].has_rest
    assert not fed(b"250 Ok\r\n")[1].has_rest


def test_a_reply_without_an_end_is_bounded():
    assert fed(*[b"x" * 1000] * 70)[1].garbage
    assert fed(*[b"250-" + b"x" * 1000 + b"\r\n"] * 70)[1].garbage


@given(st.integers(200, 599), LINE, st.sampled_from(["", "2.0.0 ", "5.1.1 ", "4.7.1  "]))
def test_a_reply_is_read_as_reply_parse_reads_it(code, text, status):
    line = f"{code} {status}{text}"
    assert read(line.encode()) == read(line.encode()) == Reply.parse(line)


@given(st.binary(max_size=200))
def test_any_octets_behind_a_code_are_read(octets):
    found, _ = fed(b"550 " + octets.replace(b"\n", b"") + b"\r\n")
    assert found[0][0] == read(found[0][1]).code == 550


def test_numbers_that_never_come_again_do_not_fill_the_memory():
    from mailkit.send.smtp import replies

    for number in range(1000):
        read(b"250 2.0.0 Ok: queued as %d" % number)
    assert len(replies._read) <= 200


@pytest.mark.parametrize(
    "said", ["250 2.1.0 2.1.5", "550 5.1.1 5.7.1 No such user", "250 2.0.0", "550 " + "long " * 40 + "reply"]
)
def test_an_odd_reply_is_read_as_any_other(said):
    assert read(said.encode()) == Reply.parse(said)
