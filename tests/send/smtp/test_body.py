from hypothesis import given
from hypothesis import strategies as st

from mailkit.send.lines import crlf
from mailkit.send.smtp.body import finish


def received(octets):
    """What a server keeps (RFC 5321, 4.5.2)."""
    assert octets.endswith(b"\r\n.\r\n") or octets == b".\r\n"
    lines = octets[: -len(b".\r\n")].split(b"\r\n")[:-1]
    assert b"." not in lines
    return b"".join((line[1:] if line.startswith(b".") else line) + b"\r\n" for line in lines)


@given(st.binary() | st.lists(st.sampled_from([b".", b"\r", b"\n", b"\r\n", b"a"])).map(b"".join))
def test_a_server_reads_one_message_with_its_lines_unchanged(raw):
    wanted = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", b"\r\n")
    if not wanted.endswith(b"\r\n"):
        wanted += b"\r\n"
    octets = finish(raw)
    assert received(octets) == wanted
    assert b"\r\n.\r\n" not in octets[:-3]


def test_a_large_letter_gets_the_same_line_ends_as_a_small_one():
    line = b"A line of forty-two octets, as lines go\n"
    large = line * 10_000
    assert crlf(large) == line.replace(b"\n", b"\r\n") * 10_000
    assert crlf(crlf(large)[:-2]) == crlf(large)
