import pytest

from mailkit import Envelope
from mailkit.errors import InvalidValue


def envelope(**changes):
    return Envelope(sender="shop@example.com", recipient="anna@example.org", **changes)


def test_wishes_for_reports_are_kept():
    kept = envelope(notify=["success", "delay"], return_content="full", envelope_id="a+b", require_tls=True)
    assert (kept.notify, kept.return_content, kept.envelope_id) == (("success", "delay"), "full", "a+b")
    assert kept.require_tls
    assert envelope(notify="never").notify == ("never",)
    assert (envelope().notify, envelope().require_tls) == ((), False)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"notify": ("never", "delay")}, "contradicts or repeats itself"),
        ({"notify": ("delay", "delay")}, "contradicts or repeats itself"),
        ({"notify": ("always",)}, "asks for no known report"),
        ({"return_content": "body"}, "write 'headers' or 'full'"),
        ({"return_content": None}, "write 'headers' or 'full'"),
        ({"envelope_id": "a b"}, "is not printable ASCII without blanks"),
        ({"envelope_id": "a\r\nRCPT"}, "is not printable ASCII without blanks"),
        ({"envelope_id": "é"}, "is not printable ASCII without blanks"),
        ({"envelope_id": 5}, "is not printable ASCII without blanks"),
        ({"envelope_id": "x" * 98 + "="}, "is longer than 100 octets"),
        ({"require_tls": "yes"}, "is neither True nor False"),
        ({"envelope_id": "x" * 101}, "is longer than 100 octets"),
        ({"envelope_id": "=" * 34}, "is longer than 100 octets"),
    ],
)
def test_wishes_that_no_server_could_be_told_cannot_be_given(changes, told):
    with pytest.raises(InvalidValue) as caught:
        envelope(**changes)
    assert told in str(caught.value)
