import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit.errors import SegmentError
from mailkit.segment import Segment, member, nodes
from mailkit.segment import event as ev
from mailkit.segment import field as f
from mailkit.segment.binding import LARGEST


def test_a_name_becomes_what_it_stands_for_however_deep():
    segments = {"a": member("b") & ~member("c"), "b": f.x > 1, "c": member("b") | (f.y > 1)}
    meant = member("a").bind(segments)
    assert str(meant) == "x > 1 and not (x > 1 or y > 1)"
    assert meant.count([{"x": 2, "y": 1}, {"x": 1, "y": 0}]) == 0


def test_what_names_nothing_stays_as_it_is():
    segment = ev.purchase.did() & (f.x > 1)
    assert segment.bind({}) == segment
    assert segment.bind({"a": member("a"), "b": member("no such")}) == segment


def test_a_value_stands_for_its_being_true():
    assert str(member("vip").bind({"vip": f.is_vip})) == "is_vip = true"


@given(st.data(), st.integers(2, 8))
def test_segments_that_name_only_earlier_ones_mean_what_python_means(data, count):
    segments, truths = {"0": f.x > 0}, {"0": lambda x: x > 0}
    for number in range(1, count):
        one, other = (str(data.draw(st.integers(0, number - 1))) for _ in range(2))
        left, right = truths[one], truths[other]
        name = str(number)
        if data.draw(st.booleans()):
            segments[name] = member(one) & ~member(other)
            truths[name] = lambda x, left=left, right=right: left(x) and not right(x)
        else:
            segments[name] = member(one) | ~member(other)
            truths[name] = lambda x, left=left, right=right: left(x) or not right(x)
    meant = member(str(count - 1)).bind(segments)
    for x in (-1, 1):
        assert meant.matches({"x": x}) == truths[str(count - 1)](x)


def test_an_unknown_name_is_told_with_its_place_and_what_was_meant():
    with pytest.raises(SegmentError) as caught:
        ((f.x > 1) & member("loayl")).bind({"loyal": f.orders > 9})
    assert str(caught.value).splitlines() == [
        "segment: there is no segment 'loayl'; did you mean 'loyal'? (at column 11)",
        '    x > 1 and in segment "loayl"',
        "              ~~~~~~~~~~~~~~~~~~",
    ]
    with pytest.raises(SegmentError, match=r"no segment 'q'; known are 'a'"):
        member("a").bind({"a": member("q")})
    with pytest.raises(SegmentError, match=r"no segment 'q'; known are none"):
        member("q").bind({})


def test_a_segment_said_by_itself_is_told_with_the_whole_chain():
    segments = {"a": member("b") & (f.x > 1), "b": ~member("c"), "c": member("a"), "top": member("c")}
    with pytest.raises(SegmentError, match="a -> b -> c -> a") as caught:
        member("top").bind(segments)
    assert caught.value.text == 'in segment "b" and x > 1'
    with pytest.raises(SegmentError, match="a -> a"):
        member("a").bind({"a": ~member("a")})
    long = {str(number): member(str((number + 1) % 500)) for number in range(500)}
    with pytest.raises(SegmentError, match="0 -> 1 -> 2 -> 3 -> 4 -> 5 -> … -> 496 -> 497 -> 498 -> 499 -> 0"):
        member("17").bind(long)


def test_a_long_chain_of_names_is_no_trouble():
    segments = {str(number): member(str(number + 1)) for number in range(5000)}
    assert member("0").bind({**segments, "5000": f.x > 1}) == (f.x > 1)


def test_segments_that_double_each_other_are_refused_before_they_are_made():
    segments = {str(number): member(str(number + 1)) & member(str(number + 1)) for number in range(60)}
    with pytest.raises(SegmentError, match=f"{LARGEST} is the most"):
        member("0").bind({**segments, "60": f.x > 1})
    wide = {"w": Segment(nodes.Or(parts=(nodes.Member(name="x"),) * 1500))}
    with pytest.raises(SegmentError, match="the segment has"):
        (member("w") & member("w") & member("w")).bind({**wide, "x": f.is_vip})


def test_what_is_too_deep_together_is_refused():
    segments = {str(number): ~member(str(number + 1)) for number in range(150)}
    with pytest.raises(SegmentError, match="deep"):
        member("0").bind({**segments, "150": f.x > 1})


def test_a_segment_with_names_is_refused_with_a_hint():
    with pytest.raises(SegmentError, match=r"say it with bind\(\{'loyal': \.\.\.\}\)") as caught:
        ((f.x > 1) | member("loyal")).filter([{"x": 1}])
    assert caught.value.text == 'in segment "loyal"'


@pytest.mark.parametrize("segments", [[f.x > 1], None, {"a": "x > 1"}])
def test_what_is_not_segments_by_name_is_refused(segments):
    with pytest.raises(SegmentError):
        member("a").bind(segments)
