"""Blocks laid out in a browser: on a narrow screen, in the dark, from either side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from mailkit import compose
from mailkit.compose import blocks as b

if TYPE_CHECKING:
    from .conftest import Judge

SHOP: Final = "https://shop.example.com"
LONG: Final = "Donaudampfschifffahrtsgesellschaftskapitänsmütze" * 2
ADDRESS: Final = f"{SHOP}/{'a' * 120}"
WIDTH: Final = "() => document.documentElement.scrollWidth"
PLACES: Final = """() => ['left', 'right'].map(word => {
    const found = [...document.querySelectorAll('p')].find(one => one.textContent == word).getBoundingClientRect();
    return [found.left, found.top].map(Math.round);
})"""

BLOCKS: Final[list[b.Block]] = [
    b.Heading(LONG),
    b.Text(f"{LONG} {ADDRESS}\n\n- {LONG}\n\n> {ADDRESS}"),
    b.Image(f"{SHOP}/a.png", alt=LONG, width_px=900),
    b.Button(LONG, href=SHOP),
    b.Button("x", href=SHOP, wide=True),
    b.Hero(f"{SHOP}/a.png", blocks=[b.Heading(LONG), b.Button(LONG, href=SHOP)]),
    b.Columns([[b.Text(LONG)], [b.Heading(LONG)], [b.Text("x")], [b.Button("y", href=SHOP)]]),
    b.Columns([[b.Text(LONG)], [b.Columns([[b.Text("x")], [b.Text(LONG)]])]], stacks=False),
    b.Product(LONG, text=ADDRESS, image=f"{SHOP}/a.png", price="1 000 000 €", href=SHOP, button="Buy"),
    b.Products(each="cart", name=LONG, text=ADDRESS, price="1 000 000 €", old_price="2 000 000 €"),
    b.Products(each="cart", name=LONG, image=f"{SHOP}/a.png", columns=3),
    b.Table(["Book", "Copies", b.TableColumn("Sum", numeric=True)], rows=[[LONG, ADDRESS, "1 000 000,00 €"]]),
    b.Menu(dict.fromkeys(["New", LONG, "Sale", "Fiction", "Maps", "Travel"], SHOP)),
    b.Social(dict.fromkeys(["Telegram", "YouTube", "Mastodon", LONG], SHOP)),
    b.Video(f"{SHOP}/a.png", alt=LONG, href=SHOP, text=LONG),
    b.Countdown(LONG, src=f"{SHOP}/a.png", width_px=500),
    b.Quote(ADDRESS, by=LONG),
    b.Footer(address=LONG, reason=ADDRESS, preferences=LONG, links={LONG: SHOP}),
]


def finished(*blocks: b.Block, lang: str = "en") -> str:
    record = {"cart": [{}, {}], "unsubscribe_url": SHOP, "preferences_url": SHOP}
    return compose.compile(compose.Letter(subject="s", blocks=blocks, lang=lang)).render(record).html


@pytest.mark.parametrize("lang", ["en", "he"])
@pytest.mark.parametrize("width_px", [320, 375, 600, 700])
def test_nothing_makes_a_reader_scroll_sideways(judge: Judge, width_px: int, lang: str) -> None:
    wide = [
        type(block).__name__
        for block in BLOCKS
        if judge.evaluate(finished(block, lang=lang), WIDTH, width_px=width_px) > width_px
    ]
    assert wide == []


def test_columns_stand_side_by_side_or_below_each_other_from_one_edge(judge: Judge) -> None:
    html = finished(b.Columns([[b.Text("left")], [b.Text("right")]]))
    (left, top), (right, level) = judge.evaluate(html, PLACES, width_px=1000)
    assert top == level
    assert (left, right) == (200 + 32, 200 + 32 + (536 + 24) // 2)
    (left, top), (right, level) = judge.evaluate(html, PLACES, width_px=375)
    assert left == right == 20
    assert level > top
    # A client that reads no style sheet, such as Gmail for addresses of others, stacks them too.
    bare = html[: html.index("<style>\n")] + html[html.rindex("</style>") :]
    (left, top), (right, level) = judge.evaluate(bare, PLACES, width_px=375)
    assert left == right == 12 + 32
    assert level > top


def test_the_first_column_is_the_right_one_in_hebrew(judge: Judge) -> None:
    html = finished(b.Columns([[b.Text("left")], [b.Text("right")]]), lang="he")
    (left, _), (right, _) = judge.evaluate(html, PLACES, width_px=1000)
    assert left > right


def test_the_dark_reaches_words_buttons_and_surfaces(judge: Judge) -> None:
    theme = compose.Theme()
    html = finished(b.Text("x"), b.Button("y", href=SHOP), b.Hero(SHOP, blocks=[b.Text("z")]))
    colours = """() => [...document.querySelectorAll('.mk-card, p, a.mk-button')].map(one => [
        getComputedStyle(one).color, getComputedStyle(one).backgroundColor])"""
    card, words, button, hero = judge.evaluate(html, colours, scheme="dark")
    assert card[1] == rgb(theme.dark_surface)
    assert words[0] == rgb(theme.dark_text)
    assert button == [rgb(theme.dark_on_accent), rgb(theme.dark_accent)]
    assert hero[0] == rgb("#ffffff")


def test_a_picture_for_the_dark_takes_the_place_of_the_other(judge: Judge) -> None:
    html = finished(b.Image(f"{SHOP}/light.png", alt="x", dark_src=f"{SHOP}/dark.png"))
    shown = "() => [...document.images].filter(one => getComputedStyle(one).display != 'none').map(one => one.src)"
    assert judge.evaluate(html, shown) == [f"{SHOP}/light.png"]
    assert judge.evaluate(html, shown, scheme="dark") == [f"{SHOP}/dark.png"]


def rgb(colour: str) -> str:
    return f"rgb({', '.join(str(int(colour[place : place + 2], 16)) for place in (1, 3, 5))})"
