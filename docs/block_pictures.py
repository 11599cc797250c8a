"""Makes the pictures of the blocks that `docs/reference/blocks.md` shows: real letters in Chromium.

    python docs/block_pictures.py [--chromium PROGRAM] [--only hero,columns] [--to docs/_static/blocks]
    python docs/block_pictures.py --schema      writes docs/_static/letter.schema.json instead

Needs Playwright (`pip install playwright`) and a Chromium. No network: the pictures in the
letters are drawn here.
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, Route, sync_playwright

from mailkit import compose
from mailkit.compose import blocks as b

SHOP = "https://shop.example.com"
RECORD: dict[str, Any] = {
    "name": "Anna",
    "cart": [
        {"name": "Atlas of the World", "price": "24 €", "old": "30 €", "image": f"{SHOP}/book1.jpg"},
        {"name": "Birds of Europe", "price": "18 €", "old": "22 €", "image": f"{SHOP}/book2.jpg"},
        {"name": "A History of Maps", "price": "31 €", "old": "39 €", "image": f"{SHOP}/book3.jpg"},
    ],
    "orders": [{"number": 1041, "sum": "24 €"}, {"number": 1042, "sum": "49 €"}],
    "vip": True,
    "unsubscribe_url": f"{SHOP}/u",
    "preferences_url": f"{SHOP}/p",
}
BOOK = {"image": f"{SHOP}/book1.jpg", "href": f"{SHOP}/atlas"}

GALLERY: dict[str, list[b.Block]] = {
    "heading": [
        b.Heading("Three sizes of headings"),
        b.Heading("The second, for parts", level=2),
        b.Heading("The third, for parts of parts", level=3),
    ],
    "text": [
        b.Text(
            "Hello, {{ name }}! **Bold**, *italic*, `code` and [a link](https://shop.example.com).\n\n"
            "- a list\n- of two things\n\n> and a quotation"
        ),
        b.Text("Small print is muted.", muted=True),
    ],
    "image": [b.Image(f"{SHOP}/wide.jpg", alt="Mountains at dusk")],
    "button": [
        b.Button("Finish the order", href=SHOP),
        b.Button("Look again", href=SHOP, kind="secondary"),
        b.Button("As wide as the text", href=SHOP, wide=True),
    ],
    "hero": [
        b.Hero(
            f"{SHOP}/wide.jpg",
            blocks=[
                b.Heading("Summer begins here", align="center"),
                b.Text("Maps and guides at half price until Friday.", align="center"),
                b.Button("See the maps", href=SHOP, align="center"),
            ],
            height_px=300,
        ),
        b.Text("The letter goes on below."),
    ],
    "columns": [
        b.Columns(
            [
                [b.Heading("Left", level=3), b.Text("Side by side where there is room, else below each other.")],
                [b.Heading("Right", level=3), b.Text("Up to four, and each may take more than one share.")],
            ]
        ),
        b.Columns(
            [
                b.Column([b.Image(f"{SHOP}/book1.jpg", alt="An atlas")]),
                b.Column([b.Heading("Two shares", level=3), b.Text("In the middle of its row.")], share=2),
            ],
            valign="middle",
        ),
    ],
    "product": [
        b.Product("Atlas of the World", text="312 maps, linen", price="24 €", old_price="30 €", button="Buy", **BOOK)
    ],
    "products": [
        b.Products(
            each="cart",
            name="{{ item.name }}",
            text="Hardcover",
            price="{{ item.price }}",
            image="{{ item.image }}",
            href=SHOP,
        )
    ],
    "products-cards": [
        b.Products(
            each="cart",
            name="{{ item.name }}",
            price="{{ item.price }}",
            old_price="{{ item.old }}",
            image="{{ item.image }}",
            href=SHOP,
            button="Buy",
            columns=3,
        )
    ],
    "divider": [b.Text("Above the line"), b.Divider(), b.Text("and below it.")],
    "spacer": [b.Text("Forty pixels of blank"), b.Spacer(40), b.Text("stand between these lines.")],
    "social": [b.Social({"Telegram": SHOP, "YouTube": SHOP, "Mastodon": SHOP})],
    "menu": [b.Menu({"New": SHOP, "Fiction": SHOP, "Maps": SHOP, "Sale": SHOP})],
    "video": [b.Video(f"{SHOP}/wide.jpg", alt="How a book is bound", href=SHOP, text="Watch (2 min)")],
    "countdown": [b.Countdown("Until 28 November 2026, 21:00", src=f"{SHOP}/clock.png", width_px=280)],
    "live": [b.Live(f"{SHOP}/stock.png", alt="See how many are left", width_px=360)],
    "quote": [b.Quote("I found a map here that I had looked for **for ten years**.", by="Anna, Kazan")],
    "table": [
        b.Table(
            ["Book", b.TableColumn("Copies", numeric=True), b.TableColumn("Sum", numeric=True)],
            rows=[["Atlas of the World", "1", "24 €"], ["Birds of Europe", "2", "36 €"]],
            total=["Together", "3", "60 €"],
        )
    ],
    "html": [b.Html('<p style="margin:0;padding:12px;border:2px dashed #1a56db">Your own <b>HTML</b>.</p>')],
    "footer": [
        b.Footer(
            address="Books Ltd\n1 Main Street, Kazan",
            reason="You get this letter since you asked for news of new books.",
            preferences="Choose letters",
            links={"Privacy": SHOP},
            legal="Registered at Kazan, no. 1234567890",
        )
    ],
    "if": [
        b.If("vip", [b.Text("For our best readers: **the sale begins today**.")], otherwise=[b.Text("Come tomorrow.")])
    ],
    "each": [b.Each("orders", [b.Heading("Order {{ item.number }}", level=3), b.Text("Sum: {{ item.sum }}")])],
}
ALSO = {
    "dark": ("text", "button", "products-cards", "table", "footer"),
    "phone": ("columns", "products-cards", "hero", "table"),
}


def drawn(name: str) -> str:
    """A picture for an address, as SVG."""
    if name.startswith("book"):
        hue = {"book1": 205, "book2": 150, "book3": 28}[name[:5]]
        return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 300 380">
<rect width="300" height="380" fill="hsl({hue} 30% 92%)"/><rect x="62" y="40" width="176" height="300" rx="4"
fill="hsl({hue} 45% 42%)"/><rect x="62" y="40" width="16" height="300" fill="hsl({hue} 45% 32%)"/>
<rect x="102" y="90" width="110" height="10" fill="#fff"/>
<rect x="102" y="112" width="70" height="8" fill="#fff"/></svg>"""
    if name.startswith(("clock", "stock")):
        words = "02 : 14 : 09" if name.startswith("clock") else "Only 7 left in Kazan"
        return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 360 90"><rect width="360" height="90" rx="8"
fill="#1f2933"/><text x="180" y="57" fill="#fff" font-family="Arial" font-size="32"
text-anchor="middle">{words}</text></svg>"""
    return """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1200 600" preserveAspectRatio="xMidYMid slice">
<rect width="1200" height="600" fill="#33506b"/><circle cx="1040" cy="130" r="70" fill="#e9b872"/>
<path d="M0 420 260 210 470 380 700 160 1200 500V600H0z" fill="#27405a"/>
<path d="M0 500 320 380 640 520 900 400 1200 540V600H0z" fill="#1b2d42"/></svg>"""


def answer(route: Route) -> None:
    """Answer a letter's request for a picture."""
    url = route.request.url
    if url.startswith(SHOP):
        route.fulfill(content_type="image/svg+xml", body=drawn(url.rpartition("/")[2]))
    else:
        route.abort()


def shots() -> Iterator[tuple[str, str, int]]:
    """What is shown: name of the block, of the looks, and the window's width."""
    for name in GALLERY:
        yield name, "light", 664
    for look, names in ALSO.items():
        for name in names:
            yield name, look, 375 if look == "phone" else 664


def take(page: Page, name: str, look: str, path: Path) -> None:
    """Take one picture."""
    letter = compose.Letter(subject=escape(name), blocks=GALLERY[name])
    page.emulate_media(color_scheme="dark" if look == "dark" else "light")
    page.set_content(compose.compile(letter).render(RECORD).html, wait_until="load")
    page.locator(".mk-card").screenshot(path=path)


def main() -> None:
    """Take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chromium", default=shutil.which("chromium"), help="the program")
    parser.add_argument("--only", default="", help="names of blocks, with commas")
    parser.add_argument("--to", type=Path, default=Path(__file__).parent / "_static" / "blocks")
    parser.add_argument("--width", type=int, default=0, help="another width of the window, for looking")
    parser.add_argument("--schema", action="store_true", help="write the JSON Schema of letters instead")
    given = parser.parse_args()
    if given.schema:
        text = json.dumps(compose.letter_schema(), ensure_ascii=False, indent=2)
        Path(__file__).with_name("_static").joinpath("letter.schema.json").write_text(f"{text}\n", "utf-8")
        return
    only = given.only.split(",") if given.only else list(GALLERY)
    given.to.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=given.chromium)
        page = browser.new_page()
        page.route("**/*", answer)
        for name, look, width in shots():
            if name in only:
                page.set_viewport_size({"width": given.width or width, "height": 800})
                suffix = "" if look == "light" else f"-{look}"
                take(page, name, look, given.to / f"{name}{suffix}.png")
        browser.close()


if __name__ == "__main__":
    main()
