"""Letters as values, and how they look."""

from __future__ import annotations

from typing import Any

import pytest

from mailkit import compose
from mailkit.compose import blocks as b
from mailkit.errors import HeaderError, InvalidValue, UnknownField


def html(*given: b.Block, record: dict[str, Any] | None = None, **more: Any) -> str:
    return compose.compile(compose.Letter(subject="s", blocks=given, **more)).render(record or {}).html


@pytest.mark.parametrize(
    ("build", "reason"),
    [
        (lambda: b.Heading(""), "Heading.text: '' is empty"),
        (lambda: b.Heading(3), "Heading.text: 3 is not text"),
        (lambda: b.Heading("x", level=4), "Heading.level: 4 is not a whole number from 1 to 3"),
        (lambda: b.Heading("x", align="left"), "is not 'start', 'center' or 'end'; write 'start' for the side where"),
        (lambda: b.Text(), "Text.text: '' is empty; write Text("),
        (lambda: b.Text("a", html="b"), "Text.html: 'b' is given beside text; keep one of them"),
        (lambda: b.Product("x", price=12), "Product.price: 12 is not text; write '12'"),
        (lambda: b.Product("x", price=True), "Product.price: True is not text"),
        (lambda: compose.Theme(accent="#fAb"), "is not a colour of six digits; write '#ffAAbb'"),
        (lambda: compose.Theme(accent="blue"), "is not a colour of six digits; write '#1a56db'"),
        (lambda: b.Columns([[b.Text("x"), "y"]]), "Column.blocks[1]: 'y' is not a block"),
        (lambda: b.Text(3), "Text.text: 3 is not text"),
        (lambda: b.Image(src="", alt=""), "Image.src"),
        (lambda: b.Button("x", href=" "), "Button.href"),
        (lambda: b.Products(each="{{ cart }}", name="x"), "write 'cart', without braces"),
        (lambda: b.Products(each="cart", name="x", item="a b"), "Products.item"),
        (lambda: b.Spacer(0), "Spacer.height_px"),
        (lambda: b.Button("x", href="x", kind="tertiary"), "Button.kind: 'tertiary' is not 'primary' or 'secondary'"),
        (lambda: b.Button("x", href="x", wide=1), "Button.wide: 1 is not True or False"),
        (lambda: b.Menu([]), "Menu.links: () is empty; write ('Shop', 'https://…') in it"),
        (lambda: b.Menu(5), "Menu.links: 5 is not a row of links"),
        (
            lambda: b.Menu([("a", "b", "c")]),
            "Menu.links[0]: ('a', 'b', 'c') is not a link; write ('Shop', 'https://…')",
        ),
        (lambda: b.Columns([]), "Columns.columns: () is empty; write e.g. blocks.Column([…]) in it"),
        (lambda: b.Columns([[]] * 5), "has 5 columns, and 4 is the most"),
        (lambda: b.Columns([b.Text("x")]), "is not a column; write e.g. blocks.Column"),
        (lambda: b.Columns(3), "Columns.columns: 3 is not a row of columns"),
        (lambda: b.Column([], share=0), "Column.share: 0 is not a whole number from 1 to 12"),
        (lambda: b.Hero("x", blocks=[]), "Hero.blocks: () is empty"),
        (lambda: b.Hero("x", blocks=[b.Text("x")], background="navy"), "Hero.background: 'navy' is not a colour"),
        (lambda: b.Live("data:image/png;base64,", alt="x"), "cannot change after it is sent; give an https: address"),
        (lambda: b.Live(" ", alt="x"), "Live.src: ' ' is empty"),
        (lambda: b.Countdown("x", src="CID:a"), "Countdown.src: 'CID:a' is a picture inside the letter"),
        (lambda: b.Product("x", button="Buy"), "Product.href: '' is empty, and the button leads there"),
        (lambda: b.Products(each="cart", name="x", button="Buy"), "Products.href: '' is empty"),
        (lambda: b.Products(each="cart", name="x", columns=4), "Products.columns: 4 is not a whole number from 1 to 3"),
        (lambda: b.Table([], rows=[[]]), "Table.columns: () is empty"),
        (lambda: b.Table(5, rows=[[]]), "Table.columns: 5 is not a row of columns"),
        (lambda: b.Table(["x"]), "Table.rows: () is empty; give rows, or the list they are made of as `each`"),
        (lambda: b.Table(["x"], rows=5), "Table.rows: 5 is not a row of rows"),
        (lambda: b.Table(["x"], rows=["y"]), "Table.rows[0]: 'y' is not a row of cells"),
        (lambda: b.Table(["x"], rows=[[1]]), "Table.rows[0][0]: 1 is not text; write '1'"),
        (lambda: b.Table(["x"], rows=[["a", "b"]]), "Table.rows[0]: ('a', 'b') has 2 cells where there is 1 column"),
        (
            lambda: b.Table(["x", "y"], rows=[["a", "b"]], total=["1"]),
            "Table.total: ('1',) has 1 cell where there are 2",
        ),
        (lambda: b.Table(["x"], each="cart"), 'say nothing of each; write TableColumn("…", cell="…")'),
        (lambda: b.Each("cart[0]", [b.Text("x")]), "Each.each: 'cart[0]' is not the name of a field"),
        (lambda: b.Each("cart", []), "Each.blocks: () is empty"),
        (lambda: b.If("x", ["y"]), "If.blocks[0]: 'y' is not a block"),
        (lambda: compose.Letter(subject=" ", blocks=[b.Divider()]), "Letter.subject"),
        (lambda: compose.Letter(subject="x", blocks=["y"]), "Letter.blocks[0]: 'y' is not a block"),
        (lambda: compose.Letter(subject="x", blocks=[]), "Letter.blocks: () is empty"),
        (lambda: compose.Letter(subject="x", blocks=b.Text("x")), "is not a row of blocks; put it into [ ]"),
        (lambda: compose.Letter(subject="x", blocks="x"), "Letter.blocks: 'x' is not a row of blocks"),
        (lambda: compose.Letter(subject="x", blocks=None), "Letter.blocks: None is not a row of blocks"),
        (lambda: b.If("x", b.Text("y")), "If.blocks: "),
        (lambda: b.If("x", [], otherwise=5), "If.otherwise: 5 is not a row of blocks"),
        (lambda: compose.Letter(subject="x", blocks=[b.Divider()], theme=None), "Letter.theme: None is not a Theme"),
        (
            lambda: compose.Letter(subject="x", blocks=[b.Divider()], preheader=None),
            "Letter.preheader: None is not text",
        ),
        (
            lambda: compose.Letter(subject="x", blocks=[b.Divider()], attachments=["x"]),
            "Letter.attachments[0]: 'x' is not",
        ),
        (
            lambda: compose.Letter(subject="x", blocks=[b.Divider()], attachments=None),
            "Letter.attachments: None is not",
        ),
        (lambda: b.Heading("x", level=1.0), "Heading.level: 1.0 is not a whole number"),
        (lambda: b.Image(src="x", alt="", width_px=float("inf")), "Image.width_px: inf is not a whole number"),
        (lambda: b.Button("x", href="x", width_px=1.5), "Button.width_px: 1.5 is not a whole number"),
        (lambda: b.Spacer(True), "Spacer.height_px: True is not a whole number"),
        (lambda: compose.Theme(padding_px=float("nan")), "Theme.padding_px: nan is not a whole number"),
        (lambda: compose.Letter(subject="x", blocks=[b.Divider()], lang="e n"), "not a language tag"),
        (lambda: compose.Letter(subject="x", blocks=[b.Divider()], lang="russian"), "not a language tag"),
        (lambda: compose.Theme(font="Arial; x"), "Theme.font"),
        (lambda: compose.Theme(heading_font="<"), "Theme.heading_font"),
        (lambda: compose.Theme(font="'Arial"), "Theme.font"),
        (lambda: compose.Theme(font=" ,"), "Theme.font"),
        (lambda: compose.Theme(width_px=10), "Theme.width_px"),
        (
            lambda: compose.Theme(heading_px=[30, 20]),
            "Theme.heading_px: (30, 20) is not 3 whole numbers from 10 to 10000",
        ),
        (
            lambda: compose.Theme(button_padding_px=5),
            "Theme.button_padding_px: 5 is not 2 whole numbers from 0 to 10000",
        ),
        (
            lambda: compose.Letter(subject="x", preheader="p", blocks=[b.Preheader("q"), b.Divider()]),
            "Letter.preheader: 'q' is given a second time; keep one",
        ),
        (lambda: compose.Letter(subject="x", blocks=[b.Preheader("q")]), "Letter.blocks: () is empty"),
    ],
)
def test_a_wrong_value_cannot_be_built(build: Any, reason: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        build()
    assert reason in str(caught.value)


def deep(levels: int) -> b.Block:
    block: b.Block = b.Divider()
    for _ in range(levels):
        block = b.If("x", [block])
    return block


HERO = b.Hero("https://shop.example.com/a.png", blocks=[b.Text("x")])
FOOTER = b.Footer(address="x")
PAIR = b.Columns([[b.Text("x")], [b.Text("y")]])


@pytest.mark.parametrize(
    ("block", "place", "reason"),
    [
        (b.If("x", [b.Preheader("y")]), "[1].blocks[0]", "at the letter's top level only"),
        (b.Columns([[b.Text("x"), FOOTER]]), "[1].columns[0].blocks[1]", "as wide as the letter"),
        (b.Columns([[], [b.If("x", [], otherwise=[HERO])]]), "[1].columns[1].blocks[0].otherwise[0]", "as wide as"),
        (b.Each("cart", [FOOTER]), "[1].blocks[0]", "may not be repeated"),
        (b.Hero("x", blocks=[HERO]), "[1].blocks[0]", "may not stand on a hero"),
        (b.Hero("x", blocks=[b.Divider(), b.Each("x", [PAIR])]), "[1].blocks[1].blocks[0]", "may not stand on a hero"),
        (b.Columns([[b.Columns([[PAIR]])]]), "[1].columns[0].blocks[0].columns[0].blocks[0]", "narrower than a word"),
        (deep(17), "[1]" + ".blocks[0]" * 17, "in more than 16 others"),
    ],
)
def test_a_block_where_clients_would_not_show_it_is_refused_by_its_path(
    block: b.Block, place: str, reason: str
) -> None:
    with pytest.raises(InvalidValue) as caught:
        compose.Letter(subject="x", blocks=[b.Divider(), block])
    assert caught.value.what == f"Letter.blocks{place}"
    assert reason in str(caught.value)


def test_blocks_may_stand_in_each_other_freely_otherwise() -> None:
    twice = b.Columns([[PAIR, b.If("x", [b.Each("y", [b.Products(each="z", name="w")])])]])
    assert compose.Letter(subject="x", blocks=[b.If("x", [HERO, FOOTER]), twice, deep(16)])


def test_links_may_be_given_in_three_ways() -> None:
    given = [b.Link("a", "https://a.example")], [("a", "https://a.example")], {"a": "https://a.example"}
    assert len({b.Menu(links) for links in given}) == 1


def test_a_header_field_with_a_place_of_its_own_is_refused() -> None:
    with pytest.raises(HeaderError, match=r"Envelope\.sender"):
        compose.Letter(subject="x", blocks=[b.Divider()], headers={"From": "a@example.com"})  # type: ignore[arg-type]


def test_values_are_equal_by_content() -> None:
    assert compose.Letter(subject="x", blocks=[b.Text("a")]) == compose.Letter(subject="x", blocks=(b.Text("a"),))
    assert isinstance(InvalidValue("a", 1, "b"), ValueError)


def test_what_an_author_writes_is_text_unless_it_is_html() -> None:
    assert "1 &lt; 2 &amp; &lt;b&gt;" in html(b.Text("1 < 2 & <b>"))
    assert "<b>x</b>" in html(b.Text(html="<b>x</b>"))
    assert "<b>y</b>" in html(b.Html("<b>y</b>", padded=False))
    assert 'alt="a &quot;b&quot;"' in html(b.Image(src="https://example.com/a.png", alt='a "b"'))


def test_links_in_own_html_get_the_letters_looks_unless_they_bring_some() -> None:
    shown = html(b.Html("<a href='https://example.com'>x</a><a style='top:0' href='#'>y</a>"))
    assert '<a class="mk-link" style="color:#1a56db;text-decoration:underline" href=\'https://example.com\'>' in shown
    assert "<a style='top:0' href='#'>" in shown


def test_every_block_is_shown_in_both_directions() -> None:
    record = {"cart": [{"name": "<A>"}], "vip": True, "unsubscribe_url": "https://t.example.com/u"}
    everything: list[b.Block] = [
        b.Heading("H", level=2, align="center"),
        b.Text("small", muted=True),
        b.Image(src="https://example.com/a.png", alt="", width_px=100, href="https://example.com/"),
        b.Products(
            each="cart",
            name="{{ item.name }}",
            text="more",
            price="1 €",
            image="https://example.com/{{ item.name }}.png",
            href="https://example.com/",
        ),
        b.Products(each="cart", name="{{ thing.name }}", item="thing", image="https://example.com/b.png"),
        b.If("vip", [b.Text("only vip")]),
        b.Spacer(10),
        b.Divider(),
        b.Button("Go", href="https://example.com/", width_px=200, align="end"),
        b.Footer(address="Books\nKazan", reason="Because"),
    ]
    left = html(*everything, record=record)
    right = html(*everything, record=record, lang="he-IL", theme=compose.Theme(heading_font="Georgia, serif"))
    assert 'dir="ltr"' in left
    assert 'dir="rtl"' in right
    assert "&lt;A&gt;</strong>" in left
    assert "only vip" in left
    assert "Books<br>Kazan" in left
    assert "font-family:Georgia, serif" in right
    assert 'width:200px" arcsize' in left
    assert "padding-left:12px" in left
    assert "padding-right:12px" in right


@pytest.mark.parametrize("length", [1, 70, 149, 400])
def test_the_preheader_fills_the_preview_line(length: int) -> None:
    hidden = html(b.Text("x"), preheader="p" * length).partition("mso-hide:all")[2].partition("</div>")[0]
    blanks = hidden.count("&#847;&zwnj;&nbsp;")
    assert blanks >= 40
    assert length + blanks >= 150


def test_the_preheader_is_hidden_and_left_out_of_the_text() -> None:
    letter = compose.Letter(subject="s", preheader="Look, {{ name }}", blocks=[b.Text("x")])
    message = compose.compile(letter).render({"name": "<Anna>"})
    assert "Look, &lt;Anna&gt;&#847;" in message.html
    assert message.text == "x\n"
    with pytest.raises(UnknownField, match="html, preheader"):
        compose.compile(letter).render({})


def test_otherwise_is_for_all_others() -> None:
    few_or_many = b.If("n > 1", [b.Text("many")], otherwise=[b.Text("few")])
    template = compose.compile(compose.Letter(subject="s", blocks=[few_or_many]))
    assert [template.render({"n": n}).text for n in (1, 2)] == ["few\n", "many\n"]


@pytest.mark.parametrize(
    ("lang", "direction"),
    [("az-Arab", "rtl"), ("uz-Arab-AF", "rtl"), ("he-Latn", "ltr"), ("FA", "rtl"), ("iw", "rtl"), ("sr-Latn", "ltr")],
)
def test_a_languages_script_says_from_which_side_it_is_read(lang: str, direction: str) -> None:
    assert compose.Letter(subject="x", blocks=[b.Divider()], lang=lang).direction == direction


@pytest.mark.parametrize("build", [b.Spacer, lambda px: b.Image("x", alt="", width_px=px)])
def test_no_size_is_greater_than_any_screen(build: Any) -> None:
    with pytest.raises(InvalidValue, match="to 10000"):
        build(10**400)


def test_an_ornament_that_leads_somewhere_is_not_heard_as_a_link_without_a_name() -> None:
    shop = "https://shop.example.com"
    assert f'<a href="{shop}" aria-hidden="true" tabindex="-1"' in html(b.Image(f"{shop}/a.png", alt="", href=shop))
    assert "aria-hidden" not in html(b.Image(f"{shop}/a.png", alt="Sale", href=shop))
