from __future__ import annotations

from typing import Any

import pytest

from mailkit.dns import Answer, DictResolver, Malformed, NoData, NoSuchDomain, Query, TimedOut
from mailkit.errors import InvalidValue


def values(zone: dict[Any, Any], name: str, kind: str = "TXT") -> object:
    outcome = DictResolver(zone).resolve(Query(name, kind))
    return outcome.values if isinstance(outcome, Answer) else outcome


def test_strings_of_one_record_are_joined_without_blanks() -> None:
    assert values({("a.example", "TXT"): [["v=spf1", " -all"]]}, "a.example") == ("v=spf1 -all",)


def test_a_single_text_is_one_record() -> None:
    assert values({("a.example", "TXT"): "v=spf1 -all"}, "a.example") == ("v=spf1 -all",)


def test_text_arrives_as_its_bytes_and_each_record_once() -> None:
    zone = {("a.example", "TXT"): [b"\x96", "\x96", "ж", ["a", b"\xff"]]}
    assert values(zone, "a.example") == ("a\xff", "\x96", "ж".encode().decode("latin-1"))


def test_a_name_above_a_listed_one_exists() -> None:
    zone = {("_dmarc.news.example.com", "TXT"): ["v=DMARC1"]}
    assert values(zone, "news.example.com") == NoData()
    assert values(zone, "example.com") == NoData()
    assert values(zone, "example.net") == NoSuchDomain()


def test_an_empty_list_is_no_data_and_an_outcome_is_itself() -> None:
    assert values({("a.example", "TXT"): []}, "a.example") == NoData()
    assert values({Query("a.example"): TimedOut()}, "a.example") == TimedOut()


def test_aliases_are_followed_and_circles_are_told() -> None:
    zone = {
        ("a.example", "CNAME"): ["B.example."],
        ("b.example", "TXT"): ["here"],
        ("c.example", "CNAME"): ["d.example"],
        ("d.example", "CNAME"): ["c.example"],
        ("e.example", "CNAME"): ["nowhere.example"],
    }
    assert values(zone, "a.example") == ("here",)
    assert isinstance(values(zone, "c.example"), Malformed)
    assert values(zone, "e.example") == NoSuchDomain()
    assert values(zone, "a.example", "CNAME") == ("B.example.",)


def test_a_name_that_cannot_exist_is_malformed() -> None:
    assert isinstance(values({}, "a..example"), Malformed)


@pytest.mark.parametrize("zone", [{"example.com": ["x"]}, {("example.com",): 3}, {("example.com", "TXT"): 3}, {1: "x"}])
def test_what_does_not_map_name_and_type_is_refused(zone: dict[Any, Any]) -> None:
    with pytest.raises(InvalidValue):
        DictResolver(zone)


def test_a_made_up_record_type_is_refused_with_the_one_that_was_meant() -> None:
    with pytest.raises(InvalidValue, match="'TXTT' is not a record type; did you mean 'TXT'"):
        DictResolver({("example.com", "TXTT"): ["x"]})
    with pytest.raises(InvalidValue, match="write 'TXT', 'MX'"):
        DictResolver({("example.com", "QQQQ"): ["x"]})
    assert values({("example.com", "TYPE65280"): ["x"]}, "example.com", "TYPE65280") == ("x",)
