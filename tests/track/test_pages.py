"""The pages are accessible, escaped, and in the reader's language."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit.track import TrackedCampaign
from mailkit.track.pages import SECURITY_POLICY, Page, choose_language, render_page


class Tags(HTMLParser):
    """Keeps what a browser would see: each tag with its attributes, and the text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.words.append(data)


@pytest.mark.parametrize("page", Page)
@pytest.mark.parametrize("language", ["en", "ru"])
def test_a_page_says_its_language_and_title_and_loads_nothing(page, language):
    html = render_page(page, language=language)
    found = Tags(html)
    names = [tag for tag, _ in found.tags]
    assert ("html", {"lang": language}) in found.tags
    assert names.count("title") == names.count("h1") == names.count("main") == 1
    assert not {"script", "img", "link", "iframe"} & set(names)
    assert "http" not in html
    assert "{" not in re.sub(r"<style>.*</style>", "", html, flags=re.DOTALL)
    assert ("form" in names) == (page in (Page.ASK, Page.FAILED))
    assert all(attributes == {"method": "post"} for tag, attributes in found.tags if tag == "form")


def test_the_policy_allows_exactly_the_pages_style():
    style = re.search(r"<style>(.*)</style>", render_page(Page.ASK, language="en"), re.DOTALL)[1]
    digest = b64encode(sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in SECURITY_POLICY
    assert "\n" not in SECURITY_POLICY


@given(name=st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=20))
def test_no_name_becomes_a_tag(name):
    campaign = TrackedCampaign(number=7, name="june", brand=re.sub(r"=\?", "=", name) + "<b onclick='x'>&amp;{{ 7*7 }}")
    found = Tags(render_page(Page.DONE, language="en", campaign=campaign))
    assert "b" not in [tag for tag, _ in found.tags]
    assert campaign.brand in "".join(found.words)


@pytest.mark.parametrize(
    ("settings", "english", "russian"),
    [
        ({}, "no more letters.", "письма больше не придут"),
        ({"brand": "Books & Co"}, "no more letters from Books &amp; Co.", "письма от Books &amp; Co больше"),
        ({"topic": "news"}, "no more letters on “news”.", "письма на тему «news» больше"),
    ],
)
def test_the_page_says_what_the_reader_leaves(settings, english, russian):
    campaign = TrackedCampaign(number=7, name="june", **settings)
    assert english in render_page(Page.ASK, language="en", campaign=campaign)
    assert russian in render_page(Page.ASK, language="ru", campaign=campaign)


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "en"),
        ("ru", "ru"),
        ("ru-RU,ru;q=0.9,en-US;q=0.8,en;q=0.7", "ru"),
        ("en-GB, ru;q=0.9", "en"),
        ("de-DE,de;q=0.9", "en"),
        ("de, RU ; Q=0.5", "ru"),
        ("ru;q=0", "en"),
        ("*", "en"),
        ("ru;q=nonsense", "en"),
        ("en;q=0.5, ru;q=0.5", "en"),
        (",,;;q=", "en"),
    ],
)
def test_the_language_is_the_one_that_the_reader_likes_best(accepted, language):
    assert choose_language(accepted) == language


@given(accepted=st.text(max_size=60))
def test_any_wish_for_a_language_is_answered(accepted):
    assert choose_language(accepted) in ("en", "ru")
