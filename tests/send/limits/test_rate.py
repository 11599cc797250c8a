from datetime import timedelta

import pytest

from mailkit.errors import InvalidValue
from mailkit.send import Rate


@pytest.mark.parametrize("per", [timedelta(0), timedelta(seconds=-1), 1])
def test_a_rate_needs_a_span_of_time(per):
    with pytest.raises(InvalidValue, match="positive length"):
        Rate(1, per=per)


def test_a_rate_of_none_cannot_be_built():
    with pytest.raises(InvalidValue):
        Rate(0, per=timedelta(seconds=1))


@pytest.mark.parametrize(("count", "burst"), [(1, 1), (19, 1), (20, 2), (100, 6), (5000, 251)])
def test_a_burst_that_is_not_said_is_worth_fifty_milliseconds(count, burst):
    assert Rate(count, per=timedelta(seconds=1)).burst == burst
