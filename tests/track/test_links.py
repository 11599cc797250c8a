"""The link table remembers what it was told."""

from __future__ import annotations

import pytest

from mailkit.compose.links import Link, Links
from mailkit.errors import InvalidValue
from mailkit.suppression import Suppression
from mailkit.track import Keyring, LinkTable, MemoryLinkTable, TrackedCampaign, TrackedLink, Tracker
from mailkit.track.links import PlacedLink

SALE = TrackedLink(number=1, destination="https://shop.example.com/sale", label="See the sale", block="button 2")


def test_what_is_put_is_found_and_nothing_else():
    table = MemoryLinkTable()
    table.put(7, SALE)
    table.put_campaign(TrackedCampaign(number=7, name="june"))
    assert table.get(7, 1) == SALE
    assert table.get(7, 2) is None
    assert table.get(8, 1) is None
    assert table.get_campaign(7) == TrackedCampaign(number=7, name="june")
    assert table.get_campaign(8) is None


def test_the_last_word_about_a_link_counts():
    table = MemoryLinkTable()
    table.put(7, SALE)
    table.put(7, TrackedLink(number=1, destination="https://shop.example.com/new"))
    assert table.get(7, 1).destination == "https://shop.example.com/new"


def test_contracts_fit_without_an_import_between_packages():
    assert isinstance(MemoryLinkTable(), LinkTable)
    assert isinstance(Link(number=1, href="https://shop.example.com"), PlacedLink)
    assert isinstance(Tracker("https://t.example.com", keys=Keyring.generate()).campaign(7, name="june"), Links)


@pytest.mark.parametrize(
    ("topic", "brand", "scope"),
    [
        ("news", "Books", {"scope": "topic", "topic": "news"}),
        ("", "Books", {"scope": "brand", "brand": "Books"}),
        ("", "", {"scope": "everywhere"}),
    ],
)
def test_an_unsubscription_reaches_as_far_as_topic_or_brand(topic, brand, scope):
    assert TrackedCampaign(number=7, name="june", topic=topic, brand=brand).scope == scope
    assert Suppression().refusal(person="17", topic=topic, brand=brand) is None


@pytest.mark.parametrize("number", [-1, 2**32, 1.5, "7", None])
def test_a_campaign_whose_number_fits_no_token_is_refused(number):
    with pytest.raises(InvalidValue, match="whole number from 0 to 4294967295"):
        TrackedCampaign(number=number, name="june")


@pytest.mark.parametrize("number", [0, 2**16, 1.5, "7", None])
def test_a_link_whose_number_fits_no_token_is_refused(number):
    with pytest.raises(InvalidValue, match="whole number from 1 to 65535"):
        TrackedLink(number=number, destination="https://shop.example.com")


@pytest.mark.parametrize("name", ["name", "step", "topic", "brand"])
def test_a_campaign_is_named_in_one_line(name):
    with pytest.raises(InvalidValue, match="line break"):
        TrackedCampaign(**{"number": 7, "name": "june", name: "a\r\nBcc: all@example.com"})
