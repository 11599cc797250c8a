from __future__ import annotations

import copy
import pickle
from datetime import UTC, datetime, timedelta

import pytest

from mailkit import Kind
from mailkit.errors import SegmentError
from mailkit.segment import days
from mailkit.segment import event as ev
from mailkit.segment import field as f

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def test_events_are_named_by_a_dot_or_by_brackets() -> None:
    assert ev.opened.did() == ev["opened"].did() == ev[Kind.OPENED].did()
    assert str(ev[Kind.OPENED].did()) == "any opened"


@pytest.mark.parametrize("kind", ["", 3, None])
def test_a_kind_is_a_text(kind: object) -> None:
    with pytest.raises(SegmentError, match="is not the name of a field or event"):
        ev[kind]  # type: ignore[index]


def test_what_python_looks_for_is_no_kind() -> None:
    assert not hasattr(ev, "__wrapped__")
    assert not hasattr(ev, "_repr_html_")


def test_conditions_on_properties_add_up() -> None:
    one, other = f.value > 100, f.campaign == "spring"
    some = ev.purchase
    assert some.where(one, other).did() == some.where(one).where(other).did() == some.where(one & other).did()
    assert some.where(one).did() != some.did()
    assert str(some.where(f.is_gift).did()) == "any purchase where (is_gift = true)"


def test_one_event_is_not_asked_about_events() -> None:
    for wrong in (ev.opened.did(), ev.opened.sum("value") > 1, ~(f.a == ev.x.last("at"))):
        with pytest.raises(SegmentError, match="where\\(\\) is asked of one event"):
            ev.purchase.where(wrong)
    with pytest.raises(SegmentError, match="has no conditions"):
        ev.purchase.where()
    with pytest.raises(SegmentError, match="is not a condition"):
        ev.purchase.where("value > 100")  # type: ignore[arg-type]


def test_a_timedelta_is_a_length_of_time_too() -> None:
    assert ev.opened.did(last=timedelta(days=7)) == ev.opened.did(last=days(7))


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        ({"last": 7}, r"last 7 is not a length of time; write e.g. days\(7\)"),
        ({"last": None}, "last None is not a length of time"),
        ({"lasts": days(7)}, "there is no window 'lasts'; did you mean 'last'"),
        ({"zone": "UTC"}, "there is no window 'zone'; there are last, between, during, within, after"),
        ({"within": days(7)}, "within= and after= belong together"),
        ({"after": NOW}, r"within= and after= belong together; .* between=\(start, None\)"),
        ({"within": days(7), "after": None}, "compared with None"),
        ({"within": 7, "after": NOW}, "within 7 is not a length of time"),
        ({"last": days(7), "between": (NOW, None)}, "between and last do not go together"),
        ({"last": days(7), "after": NOW}, "after and last do not go together"),
        ({"between": NOW}, "is not two times"),
        ({"between": (NOW,)}, "is not two times"),
        ({"between": (None, None)}, "both ends open"),
        ({"between": (["a"], None)}, "is a collection"),
    ],
)
def test_a_wrong_window_is_told_when_it_is_written(window: dict, expected: str) -> None:
    asks = [ev.opened.did, ev.opened.none, lambda **window: ev.opened.at_most(1, **window)]
    asks += [lambda **window: ev.opened.last("at", **window)]  # type: ignore[list-item]
    for ask in asks:
        with pytest.raises(SegmentError, match=expected):
            ask(**window)


def test_a_window_of_both_ends_may_be_a_list() -> None:
    assert ev.opened.did(between=[NOW, None]) == ev.opened.did(between=(NOW, None))  # type: ignore[typeddict-item]


def test_events_are_no_condition_yet() -> None:
    with pytest.raises(SegmentError, match=r"ask .did\(\), .none\(\)"):
        bool(ev.purchase)
    with pytest.raises(SegmentError, match="is not a condition"):
        (f.a == 1) & ev.purchase  # type: ignore[operator]


def test_a_representation_shows_what_is_asked_about() -> None:
    assert repr(ev.purchase.where(f.value > 1)) == "<Happening: purchase where (value > 1)>"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("never", r"no 'never'; write none\(\)"),
        ("filter", r"write did\(...\).filter"),
        ("atleast", "did you mean 'at_least'"),
        ("xyz", "there are did, none"),
    ],
)
def test_a_question_that_there_is_not_is_told_with_the_one_that_was_meant(name: str, expected: str) -> None:
    with pytest.raises(AttributeError, match=expected):
        getattr(ev.purchase, name)
    assert copy.deepcopy(ev.purchase).did() == pickle.loads(pickle.dumps(ev.purchase)).did() == ev.purchase.did()
