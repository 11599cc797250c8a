"""Letters as values, and how they look."""

from __future__ import annotations

from typing import Any

import pytest

from mailkit import compose
from mailkit.compose import blocks as b
from mailkit.compose.paragraphs import paragraphs
from mailkit.errors import HeaderError, InvalidValue, UnknownField


def html(*given: b.Block, record: dict[str, Any] | None = None, **more: Any) -> str:
    return compose.compile(compose.Letter(subject="s", blocks=given, **more)).render(record or {}).html


@pytest.mark.parametrize(
    ("build", "reason"),
    [
        (lambda: b.Heading(""), "Heading.text: '' is empty"),
        (lambda: b.Heading(3), "Heading.text: 3 is not text"),
        (lambda: b.Heading("x", level=4), "Heading.level: 4 is not 1, 2 or 3"),
        (lambda: b.Heading("x", align="left"), "is not 'start', 'center' or 'end'"),
        (lambda: b.Text(), "neither or both"),
        (lambda: b.Text("a", html="b"), "neither or both"),
        (lambda: b.Text(3), "Text.text: 3 is not text"),
        (lambda: b.Image(src="", alt=""), "Image.src"),
        (lambda: b.Button("x", href=" "), "Button.href"),
        (lambda: b.Products(each="{{ cart }}", name="x"), "write 'cart', without braces"),
        (lambda: b.Products(each="cart", name="x", item="a b"), "Products.item"),
        (lambda: b.Spacer(0), "Spacer.height_px"),
        (lambda: b.If("x", ["y"]), "If.blocks: 'y' is not a block"),
        (lambda: compose.Letter(subject=" ", blocks=[b.Divider()]), "Letter.subject"),
        (lambda: compose.Letter(subject="x", blocks=["y"]), "Letter.blocks: 'y' is not a block"),
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
            "Letter.attachments: 'x' is not",
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
        (lambda: compose.Theme(font="Arial; x"), "Theme.font"),
        (lambda: compose.Theme(heading_font="<"), "Theme.heading_font"),
        (lambda: compose.Theme(width_px=10), "Theme.width_px"),
    ],
)
def test_a_wrong_value_cannot_be_built(build: Any, reason: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        build()
    assert reason in str(caught.value)


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


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("**a** *b* ***c***", "<strong>a</strong> <em>b</em> <strong><em>c</em></strong>"),
        ("2 * 3 * 4, a*b*c, ** x **", "2 * 3 * 4, a*b*c, ** x **"),
        (r"\*a\* \[x](y)", "&#42;a&#42; &#91;x](y)"),
        ("[a *b*](https://x.example/*c*)", '<a href="https://x.example/*c*">a <em>b</em></a>'),
        ("**[a](https://x.example/(b))**", '<strong><a href="https://x.example/(b)">a</a></strong>'),
        ('[a](https://x.example/"b)', '<a href="https://x.example/&quot;b">a</a>'),
        ("[a] (b)\U00100000", "[a] (b)"),
    ],
)
def test_the_few_signs_of_a_text(text: str, expected: str) -> None:
    assert paragraphs(text) == f'<p style="margin:0">{expected}</p>'


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
