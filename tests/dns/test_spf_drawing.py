"""The tree of a record, drawn for people."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mailkit.dns import TimedOut
from mailkit.dns.drive import run_sync
from mailkit.dns.spf import tree_html, tree_text
from mailkit.dns.spf.tree import Branch, walk


def tree_of(zone: dict[Any, Any]) -> Branch:
    found = {(key if isinstance(key, tuple) else (key, "TXT")): value for key, value in zone.items()}
    return run_sync(walk("example.com"), resolver=found)


ZONE: dict[Any, Any] = {
    "example.com": "v=spf1 include:_spf.google.com include:a.example include:b.example mx exists:%{i}.x.example "
    "redirect=c.example",
    "_spf.google.com": "v=spf1 include:_netblocks.google.com ~all",
    "_netblocks.google.com": "v=spf1 ip4:192.0.2.0/24 ~all",
    "a.example": "v=spf1 include:example.com include:x..example foo",
    "b.example": ["v=spf1 -all", "v=spf1 ~all"],
    ("example.com", "MX"): TimedOut(),
}


def test_each_term_stands_with_its_cost_its_vendor_and_what_is_wrong() -> None:
    assert tree_text(tree_of(ZONE)).splitlines() == [
        "example.com: 9 of 10 look-ups",
        "├─ include:_spf.google.com (Google Workspace): 2",
        "│  └─ include:_netblocks.google.com (Google Workspace): 1",
        "├─ include:a.example: 3, has terms that cannot be read",
        "│  ├─ include:example.com: 1, leads in a circle",
        "│  └─ include:x..example: 1, no name that could exist",
        "├─ include:b.example: 1, 2 records where one is allowed",
        "├─ mx: 1, not known: no answer in time",
        "├─ exists:%{i}.x.example: 1, depends on the letter",
        "└─ redirect=c.example: 1, no SPF record: no such name",
    ]


def test_the_html_says_the_same_and_is_well_formed() -> None:
    tree = tree_of(ZONE)
    html = tree_html(tree)
    said = re.sub(r"\s+", " ", re.sub("<[^>]*>", " ", html))
    for line in tree_text(tree).splitlines()[1:]:
        term = line.lstrip("│├└─ ").rpartition(": ")[0].partition(": ")[0]
        assert term in said
    assert html.count("<ul") == html.count("</ul>") == 3
    assert "<script" not in html
    assert 'value="9"' in html


def test_what_was_not_found_or_not_answered_is_told_at_the_root() -> None:
    assert tree_text(tree_of({})) == "example.com: no SPF record: no such name"
    assert tree_text(tree_of({"example.com": "x"})) == "example.com: no SPF record"
    assert tree_text(tree_of({"example.com": TimedOut()})) == "example.com: not known: no answer in time"


def test_a_hostile_tree_is_drawn_in_part() -> None:
    tree = tree_of({"example.com": "v=spf1 " + " ".join(f"exists:n{number}.example" for number in range(60))})
    assert tree_text(tree).splitlines()[-1] == "└─ and 20 more"
    assert "and 20 more" in tree_html(tree)
    assert "60 of 10 look-ups" in tree_html(tree)


class Balanced(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        assert tag in ("div", "p", "meter", "span", "ul", "li", "code", "b")
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@given(st.text(max_size=30), st.text(max_size=30))
def test_no_text_of_a_record_becomes_markup(one: str, two: str) -> None:
    tree = tree_of({"example.com": f"v=spf1 include:{one}<b>.example a:{two}\"'.example"})
    reader = Balanced()
    reader.feed(tree_html(tree))
    reader.close()
    assert reader.open == []
    assert all(line.isprintable() for line in tree_text(tree).splitlines())
