"""What blocks become: whole HTML for every client, small style sheets, both directions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import attrs
import pytest
from hypothesis import HealthCheck, given, settings

from mailkit import compose
from mailkit.compose import blocks as b
from mailkit.compose.layout.pen import Frame, Pen
from mailkit.compose.layout.rows import rows
from mailkit.compose.marks import MARK, Marks
from mailkit.compose.markup import VOID, PieceKind, pieces
from mailkit.errors import TemplateError, UnknownField
from mailkit.testing.strategies import LETTER_RECORD, letters

SHOP = "https://shop.example.com"


def html(*given: b.Block, record: Mapping[str, Any] | None = None, **more: Any) -> str:
    return compose.compile(compose.Letter(subject="s", blocks=given, **more)).render(record or LETTER_RECORD).html


def outlooks(source: str) -> str:
    """What Outlook for Windows reads."""
    source = re.sub(r"<!--\[if !mso\]><!-->.*?<!--<!\[endif\]-->", "", source, flags=re.DOTALL)
    return re.sub(r"<!--\[if mso\]>(.*?)<!\[endif\]-->", r"\1", source, flags=re.DOTALL)


def others(source: str) -> str:
    """What all others read."""
    return re.sub(r"<!--.*?-->", "", source, flags=re.DOTALL)


def unbalanced(source: str) -> str:
    """The first tag that ends something else than what was begun last."""
    begun: list[str] = []
    for piece in pieces(source):
        if piece.kind is PieceKind.OPEN and piece.name not in VOID and not piece.text.endswith("/>"):
            begun.append(piece.name)
        elif piece.kind is PieceKind.CLOSE and (not begun or begun.pop() != piece.name):
            return piece.text
    return " ".join(begun)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(letters())
def test_any_letter_is_whole_html_for_outlook_and_for_all_others(letter: compose.Letter) -> None:
    source = compose.compile(letter).render(LETTER_RECORD).html
    assert unbalanced(outlooks(source)) == ""
    assert unbalanced(others(source)) == ""
    assert "mk-" in source


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(letters())
def test_style_sheets_are_such_as_gmail_reads(letter: compose.Letter) -> None:
    sheets = re.findall(r"<style>(.*?)</style>", others(compose.compile(letter).render(LETTER_RECORD).html), re.DOTALL)
    assert sum(len(sheet.encode()) for sheet in sheets) < 4_000
    for sheet in sheets:
        assert not re.search(r"@[^{}]*\{[^{}]*@", sheet)  # a nested at-rule makes Gmail drop the whole sheet
        assert "url(" not in sheet
    assert all("[data-" not in sheet for sheet in sheets if "max-width" in sheet)


def test_only_the_rules_of_the_blocks_used_are_written() -> None:
    small, large = html(b.Text("x")), html(b.Button("x", href=SHOP), b.Columns([[b.Text("y")]]))
    assert ".mk-button" not in small
    assert ".mk-column" not in small
    assert ".mk-button { background-color: #8fb4ff !important" in large
    assert ".mk-column { max-width: 100% !important }" in large
    assert "[data-ogsb] .mk-button" in large


def test_a_usual_letter_is_far_below_what_gmail_clips() -> None:
    blocks = [b.Heading("x"), b.Text("y " * 300), b.Button("z", href=SHOP), b.Footer(address="x")]
    goods = [b.Product("x", price="1", image=f"{SHOP}/a.png", href=SHOP, button="Buy")] * 12
    assert len(html(*blocks, *goods).encode()) < 51_000


def test_words_on_a_hero_keep_their_colour_in_the_dark_and_its_buttons_are_no_vml() -> None:
    hero = b.Hero(
        f"{SHOP}/{{{{ name }}}}.jpg",
        blocks=[
            b.Heading("H"),
            b.Text("[x](https://shop.example.com)\n\n> q", muted=True),
            b.Text(html="<a href='https://shop.example.com'>y</a>"),
            b.Button("Go", href=SHOP, wide=True),
            b.Button("Or", href=SHOP, kind="secondary"),
            b.Menu({"m": SHOP}),
            b.Social({"n": SHOP}),
            b.Quote("said", by="me"),
            b.Divider(),
            b.Countdown("soon"),
        ],
        foreground="#fefefe",
    )
    source = html(hero, b.Text("below"))
    inside = source[source.index('class="mk-hero"') : source.index("</v:rect>")]
    assert "mk-text" not in inside
    assert "v:roundrect" not in inside
    assert inside.count("color:#fefefe") >= 9
    assert 'background="https://shop.example.com/Anna' in source
    assert "<v:fill" in outlooks(source)


def test_the_letters_corners_are_its_heros() -> None:
    hero = b.Hero(f"{SHOP}/a.jpg", blocks=[b.Text("x")])
    assert "no-repeat;border-radius:8px 8px 0 0" in html(hero)
    assert "no-repeat;border-radius" not in html(b.Text("x"), hero)


def test_a_picture_for_the_dark_is_hidden_until_it_is_dark() -> None:
    source = html(b.Image(f"{SHOP}/a.png", alt="Logo", width_px=120, dark_src=f"{SHOP}/b.png"))
    dark = re.search(r'<img src="[^"]*/b\.png"[^>]*>', source)
    assert dark is not None
    assert "display:none" in dark.group()
    assert "b.png" not in outlooks(source)
    assert ".mk-light { display: none !important }" in source
    assert compose.plain_text(source).count("Logo") == 1


def test_outlook_is_given_a_font_that_it_has() -> None:
    def fonts(**theme: str) -> list[str]:
        return re.findall(r"font-family: ([^!]*) !important", html(b.Text("x"), theme=compose.Theme(**theme)))

    assert fonts() == ["'Segoe UI'", "'Segoe UI'"]
    assert fonts(font="Inter, Verdana, sans-serif", heading_font="'PT Serif', serif") == ["Verdana", "Georgia"]
    assert fonts(font="Inter, sans-serif", heading_font="'PT Mono', monospace") == ["Arial", "'Courier New'"]


def test_columns_share_the_letters_width() -> None:
    pair = b.Columns([b.Column([b.Text("a")], share=2), b.Column([b.Image(f"{SHOP}/a.png", alt="")])], gap_px=20)
    source = html(pair)
    assert re.findall(r"max-width:(\d+)px;vertical-align:top", source) == ["370", "185"]
    assert '<td width="370" valign="top"' in outlooks(source)
    assert 'width="165" class="mk-fill"' in source


def test_columns_that_do_not_stack_need_no_ghosts() -> None:
    source = html(b.Columns([[b.Text("a")], [b.Text("b")]], stacks=False, valign="middle"))
    assert source.count('<td width="50%" valign="middle"') == 2
    assert "mk-column" not in source


def test_cards_begin_a_new_row_for_outlook_where_one_is_full() -> None:
    cards = b.Products(each="cart", name="{{ item.name }}", image=f"{SHOP}/a.png", columns=2)
    record = {"cart": [{"name": name} for name in "abcde"]}
    assert outlooks(html(cards, record=record)).count("</tr><tr>") == 2
    assert compose.plain_text(html(cards, record=record)).split() == [*"abcde"]


def test_a_table_has_headings_for_those_who_hear_it() -> None:
    table = b.Table(
        ["Book", b.TableColumn("Sum", cell="{{ item.price }}", numeric=True)], each="cart", total=["All", "19"]
    )
    source = html(table)
    assert source.count('<th scope="col"') == 2
    assert source.count('align="right"') == 1 + 2 + 1
    start = source.index("<thead>")
    assert 'role="presentation"' not in source[source.rindex("<table", 0, start) : start]


def test_right_to_left_letters_are_mirrored() -> None:
    table = b.Table(["Book", b.TableColumn("Sum", numeric=True)], rows=[["a", "1"]])
    blocks = [table, b.Quote("x"), b.Columns([[b.Text("a")], [b.Text("b")]]), b.Text("- x")]
    left, right = html(*blocks), html(*blocks, lang="he")
    assert "border-left:4px" in left
    assert "margin-left:24px" in left
    assert "border-left" not in right
    assert "margin-left" not in right
    assert "border-right:4px" in right
    assert "margin-right:24px" in right
    assert '<table role="presentation" cellpadding="0" cellspacing="0" border="0" dir="rtl"' in outlooks(right)


def test_a_clock_says_its_end_in_words() -> None:
    source = html(b.Countdown("Until {{ name }}", src=f"{SHOP}/clock.png"), b.Countdown("Soon"))
    assert 'alt=""' in source
    assert "Until Anna" in compose.plain_text(source)
    assert source.count("<img") == 1


def test_each_repeats_its_blocks() -> None:
    each = b.Each(
        "cart", [b.Heading("{{ line.name }}", level=2), b.Each("line.tags", [b.Text("{{ item }}")])], item="line"
    )
    assert compose.plain_text(html(each)).split() == ["Атлас", "a", "b", "Maps"]


@pytest.mark.parametrize(
    "block", [b.If("x %}{% if y", [b.Text("z")]), b.If("x", [b.Text("y")], otherwise=[b.Text("{{")])]
)
def test_an_expression_that_would_end_its_own_tag_is_refused(block: b.Block) -> None:
    with pytest.raises(TemplateError):
        html(block)


def test_icons_stand_for_words() -> None:
    icon = f"{SHOP}/t.png"
    source = html(b.Menu([b.Link("Shop", SHOP, icon=icon)]), b.Social([b.Link("Telegram", SHOP, icon=icon)]))
    assert '<img src="https://shop.example.com/t.png" alt="Telegram"' in source
    assert 'alt="" width="24"' in source


def test_a_footer_has_the_links_that_are_asked_for() -> None:
    footer = b.Footer(address="A\nB", legal="No. 1\nKazan", preferences="Choose", links={"Privacy": SHOP})
    text = compose.plain_text(html(footer))
    for words in ("Unsubscribe", "Choose", "Privacy", "No. 1\nKazan"):
        assert words in text


def test_a_thing_for_sale_may_be_a_card() -> None:
    card = b.Product("Atlas", image=f"{SHOP}/a.png", kind="card", price="1", old_price="2", text="linen")
    assert 'width="536"' in html(card)
    assert "Atlas" in html(attrs.evolve(card, image=""))


def test_a_preheader_takes_no_row() -> None:
    letter = compose.Letter(subject="s", blocks=[b.Divider()])
    assert not MARK.sub("", rows(Pen(letter, Marks()), b.Preheader("x"), Frame.of(letter.theme)))


def test_an_error_names_its_block_by_the_path() -> None:
    block = b.Columns([[b.Text("x")], [b.If("y", [b.Divider()], otherwise=[b.Text("z"), b.Text("{{ a b }}")])]])
    with pytest.raises(TemplateError) as caught:
        html(b.Divider(), block)
    assert caught.value.template == "html, blocks[1].columns[1].blocks[0].otherwise[1]"


def test_the_lines_of_a_value_can_be_kept() -> None:
    words = "{% for line in note.splitlines() %}{{ line }}<br>{% endfor %}"
    message = compose.compile(compose.Letter(subject="s", blocks=[b.Text(html=words)])).render({"note": "a <\nb"})
    assert "a &lt;<br>b<br>" in message.html
    assert message.text.strip() == "a <\nb"


def test_a_broken_expression_is_told_with_its_block() -> None:
    with pytest.raises(TemplateError, match=r"html, blocks\[1\]: this is not one Jinja expression"):
        html(b.Divider(), b.If("x %}{% endif %}{% if y", [b.Text("z")]))


def test_rows_of_things_need_no_pictures() -> None:
    assert "<img" not in html(b.Products(each="cart", name="{{ item.name }}", price="{{ item.price }}"))


def test_a_live_picture_leads_somewhere_and_says_what_is_true_without_it() -> None:
    source = html(b.Live("{{ url }}", alt="See how many are left", href=SHOP), b.Live(f"{SHOP}/a.png", alt="y"))
    assert compose.plain_text(source).startswith("See how many are left (https://shop.example.com)")
    assert source.count("<a ") == 1


def test_a_video_is_one_link_with_a_sign_that_needs_no_picture() -> None:
    source = html(
        b.Video(f"{SHOP}/a.png", alt="x", href=SHOP, text="Watch", width_px=300), theme=compose.Theme(radius_px=0)
    )
    assert source.count("<a ") == source.count("<img") == 1
    assert "&#9654;&#65038; &nbsp;Watch</span></a>" in source
    assert 'class="mk-button mk-fill"' in html(b.Video(f"{SHOP}/a.png", alt="x", href=SHOP))


def test_a_row_without_a_picture_is_words_alone() -> None:
    assert "mk-thumb" not in html(b.Product("Atlas", button="Buy", href=SHOP))
    assert 'class="mk-thumb" width="160"' in html(b.Product("Atlas", image=f"{SHOP}/a.png", href=SHOP))


PICTURES: list[b.Block] = [
    b.Product("x", image="{{ photo }}", href="https://shop.example.com"),
    b.Product("x", image="{{ photo }}", kind="card"),
    b.Products(each="cart", name="x", image="{{ photo }}", href="https://shop.example.com"),
    b.Products(each="cart", name="x", image="{{ photo }}", columns=2),
]


@pytest.mark.parametrize("block", PICTURES)
@pytest.mark.parametrize("photo", [None, ""])
def test_a_thing_whose_picture_is_empty_has_none(block: b.Block, photo: str | None) -> None:
    assert "<img" not in html(block, record={"cart": [{}], "photo": photo})
    assert html(block, record={"cart": [{}], "photo": "https://shop.example.com/a.png"}).count("<img") == 1
    with pytest.raises(UnknownField, match="photo"):
        html(block, record={"cart": [{}]})


@pytest.mark.parametrize("image", ["https://shop.example.com/{{ photo }}", "{% if photo %}{{ photo }}{% endif %}"])
def test_a_picture_whose_address_is_more_than_a_field_is_always_there(image: str) -> None:
    assert '"https://shop.example.com/' in html(
        b.Product("x", image="https://shop.example.com/{{ photo }}"), record={"photo": "a.png"}
    )
    assert "<img" in html(b.Product("x", image=image), record={"photo": ""})


def test_nothing_on_a_hero_changes_its_colour_in_the_dark() -> None:
    shop = "https://shop.example.com"
    on_it = [b.Divider(), b.Quote("x", by="y"), b.Image(f"{shop}/a.png", alt="z", href=shop), b.Text("w")]
    found = html(b.Hero(f"{shop}/a.png", blocks=on_it, foreground="#fefefe"))
    hero = found[found.index('mk-hero" style') : found.index("</body>")]
    assert not re.search("mk-(line|mark|link|text|muted)", hero)
    assert f'<a href="{shop}" style="color:#fefefe' in hero


def test_a_heros_own_fault_is_told_by_its_own_name() -> None:
    with pytest.raises(TemplateError, match=r"html, blocks\[0\]"):
        html(b.Hero("{{ a", blocks=[b.Text("x")]))
