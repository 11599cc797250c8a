"""Whatever becomes a destination is one line, on the web, and leads where it seems to lead."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit.errors import InvalidValue
from mailkit.track.destinations import fill, is_web_link, parse, with_parameters

HEADER_LINE = re.compile(r"https?://[!-~]+\Z")
tails = st.text(max_size=30)
hrefs = st.one_of(st.text(max_size=40), tails.map("https://shop.example.com/{}".format), tails.map("http://{}".format))
queries = st.text("ab=&%2+;", max_size=12)


@given(href=hrefs)
def test_a_destination_is_one_header_line_or_refused(href):
    try:
        destination = parse(href, what="link").geturl()
    except InvalidValue:
        return
    assert HEADER_LINE.match(destination)
    assert parse(destination, what="link").geturl() == destination


@given(query=queries, fragment=st.sampled_from(["", "top", "/a/b"]))
def test_parameters_are_added_and_everything_else_stays(query, fragment):
    href = f"https://shop.example.com/sale?{query}" + (f"#{fragment}" if fragment else "")
    changed = urlsplit(with_parameters(href, {"utm_source": "a b&c=d", "a": "ours"}, what="link"))
    assert changed.query.startswith(query)
    assert changed.fragment == fragment
    pairs = parse_qsl(changed.query, keep_blank_values=True)
    assert ("utm_source", "a b&c=d") in pairs
    theirs = [pair for pair in parse_qsl(query, keep_blank_values=True) if pair[0] == "a"]
    assert [pair for pair in pairs if pair[0] == "a"] == (theirs or [("a", "ours")])


def test_without_parameters_a_destination_stays_as_it_is():
    href = "https://shop.example.com/a%20b?x=%2F&y=1&y=2&&z#frag?ment"
    assert with_parameters(href, {}, what="link") == href


@pytest.mark.parametrize(
    ("written", "destination"),
    [
        ("  https://shop.example.com ", "https://shop.example.com"),
        ("HTTPS://Shop.Example.COM/Sale", "https://shop.example.com/Sale"),
        ("http://shop.example.com:8080/?q=a b", "http://shop.example.com:8080/?q=a%20b"),
        ("https://кни́ги.example/новинки?тема=1#низ", "https://xn--"),
        ("https://[2001:db8::1]:8443/x", "https://[2001:db8::1]:8443/x"),
        ('https://shop.example.com/"><script>', "https://shop.example.com/%22%3E%3Cscript%3E"),
        ("https://shop.example.com/a\\b", "https://shop.example.com/a%5Cb"),
    ],
)
def test_a_destination_is_written_in_ascii(written, destination):
    assert parse(written, what="link").geturl().startswith(destination)


@pytest.mark.parametrize(
    "href",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "ftp://shop.example.com/",
        "//shop.example.com/",
        "/sale",
        "",
        "https:",
        "https:///sale",
        "https://",
        "https:\\\\shop.example.com",
        "https://shop.example.com\r\nSet-Cookie: a=b",
        "https://shop.example.com/\nLocation: https://evil.example",
        "https://shop.example.com/\x85x",
        "https://shop.example.com/\u2028x",
        "https://shop.example.com/\ud800",
        "https://shop.example.com@evil.example/",
        "https://user:secret@shop.example.com/",
        "https://shop.example.com\\@evil.example/",
        "https://shop.example.com:http/",
        "https://shop.example.com:99999/",
        "https://[::1/",
        "https://sh op.example.com/",
        "https://\u2024.example/",
        "https://" + "ю" * 70 + ".example/",
        None,
    ],
)
def test_what_is_no_honest_address_on_the_web_is_refused(href):
    with pytest.raises(InvalidValue):
        parse(href, what="link")


@pytest.mark.parametrize(
    "href", ["mailto:shop@example.com", "tel:+1", "#top", "sale.html", "", "httpx://shop.example.com"]
)
def test_what_is_no_web_link_is_told_apart(href):
    assert not is_web_link(href)


def test_a_parameter_that_asks_for_an_unknown_fact_says_what_was_meant():
    with pytest.raises(InvalidValue, match="'campagne'; did you mean 'campaign'"):
        fill("{campagne}", {"campaign": "june", "number": 1})


@pytest.mark.parametrize(
    "template", ["{", "}", "{}", "{0}", "{campaign.secret}", "{campaign!x}", "{campaign[x]}", 5, None]
)
def test_a_parameter_with_a_lone_brace_is_refused(template):
    with pytest.raises(InvalidValue):
        fill(template, {"campaign": "june"})
