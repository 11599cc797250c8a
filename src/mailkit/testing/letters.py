"""Hypothesis strategies for letters made of blocks; public as `mailkit.testing.strategies.letters`."""

from __future__ import annotations

from typing import Any, Final

from hypothesis import strategies as st

from mailkit.compose import Letter, Theme
from mailkit.compose import blocks as b
from mailkit.message import Attachment

__all__ = ["LETTER_RECORD", "letters"]


LETTER_RECORD: Final[dict[str, Any]] = {
    "name": "Anna <O'Brien> & Söhne",
    "vip": True,
    "cart": [{"name": "Атлас", "price": "12 €", "tags": ["a", "b"]}, {"name": "Maps", "price": "7 €", "tags": []}],
    "url": "https://shop.example.com/c/1?a=1&b=2",
    "unsubscribe_url": "https://t.example.com/u",
    "preferences_url": "https://t.example.com/p",
}
"""A record that has all fields of the letters that `letters` draws."""


@st.composite
def letters(draw: st.DrawFn) -> Letter:
    """Letters of any blocks, in each other as far as they may be; `LETTER_RECORD` has all their fields."""
    theme = st.builds(
        Theme,
        accent=st.sampled_from(["#0b6e4f", "#1A56DB"]),
        width_px=st.integers(320, 800),
        padding_px=st.integers(0, 40),
        radius_px=st.integers(0, 30),
        heading_font=st.sampled_from(["", "Georgia, serif", "'PT Serif', Georgia, serif"]),
        button_padding_px=st.tuples(st.integers(0, 20), st.integers(0, 40)),
    )
    picture: st.SearchStrategy[Attachment] = st.builds(
        Attachment,
        filename=st.just("logo.png"),
        content=st.binary(max_size=20),
        content_type=st.just("image/png"),
        content_id=st.just("logo"),
    )
    return Letter(
        subject=" ".join(draw(_words()).split()),
        blocks=draw(st.lists(_blocks(), min_size=1, max_size=5)),
        preheader=draw(st.just("") | _words()),
        theme=draw(theme),
        lang=draw(st.sampled_from(["en", "ru", "he", "pt-BR"])),
        headers=draw(st.dictionaries(st.sampled_from(["X-Shop", "Feedback-ID"]), st.just("spring"), max_size=2)),
        attachments=draw(st.lists(picture, max_size=1)),
    )


def _words(*, fields: tuple[str, ...] = ("{{ name }}", "{% if vip %}dear{% endif %}", "{{ url }}")) -> Any:
    """Words of an author: plain, in Markdown, in any script, with Jinja."""
    said = [
        "Hello",
        "1 < 2 & 3 > 2",
        "**bold** [x](https://shop.example.com/?a=1&b=2)",
        "- a\n- b\n\n> c",
        "שלום",
        "😀",
    ]
    letters_of = st.characters(exclude_categories=("Cs", "Cc", "Co"), exclude_characters="{}")
    plain = st.sampled_from(said) | st.text(letters_of, min_size=1, max_size=12)
    return st.lists(plain | st.sampled_from(fields), min_size=1, max_size=3).map(" ".join).filter(str.strip)


def _hrefs() -> st.SearchStrategy[str]:
    return st.sampled_from(["https://shop.example.com/a?b=1&c=2", "{{ url }}", "https://shop.example.com/{{ name }}"])


def _leaves() -> st.SearchStrategy[Any]:
    """Blocks that may stand anywhere."""
    words, hrefs, sizes = _words(), _hrefs(), st.integers(0, 700)
    align = st.sampled_from(["start", "center", "end"])
    link = st.builds(b.Link, words, hrefs, icon=st.just("") | hrefs)
    return st.one_of(
        st.builds(b.Heading, words, level=st.integers(1, 3), align=align),
        st.builds(b.Text, words, align=align, muted=st.booleans()),
        st.builds(b.Text, html=st.sampled_from(["<p>{{ name }}</p>", "<b>x</b> <a href='{{ url }}'>y</a>"])),
        st.builds(b.Quote, words, by=st.just("") | words),
        st.builds(b.Image, hrefs, alt=words, href=st.just("") | hrefs, width_px=sizes, align=align),
        st.builds(b.Image, hrefs, alt=st.just(""), dark_src=hrefs),
        st.builds(b.Button, words, href=hrefs, kind=st.sampled_from(["primary", "secondary"]), wide=st.booleans()),
        st.builds(b.Live, hrefs, alt=words, href=st.just("") | hrefs, width_px=sizes),
        st.builds(b.Countdown, words, src=st.just("") | hrefs, width_px=sizes),
        st.builds(b.Menu, st.dictionaries(words, hrefs, min_size=1, max_size=3), align=align),
        st.builds(b.Social, st.lists(link, min_size=1, max_size=2)),
        st.builds(b.Divider),
        st.builds(b.Spacer, st.integers(1, 99)),
    )


def _wider() -> st.SearchStrategy[Any]:
    """Blocks that may stand in columns, but not on a hero."""
    item = _words(fields=("{{ item.name }}",))
    words, hrefs, none = _words(), _hrefs(), st.just("")
    goods = {"text": none | words, "price": none | words, "old_price": none | words, "image": none | hrefs}
    goods |= {"href": hrefs, "button": none | words}
    column = st.builds(b.TableColumn, words, cell=item, numeric=st.booleans())
    return st.one_of(
        st.builds(b.Product, words, kind=st.sampled_from(["row", "card"]), **goods),
        st.builds(b.Products, each=st.just("cart"), name=item, columns=st.integers(1, 3), **goods),
        st.builds(b.Video, hrefs, alt=words, href=hrefs, text=none | words, width_px=st.integers(0, 700)),
        st.builds(b.Table, st.lists(column, min_size=1, max_size=3), each=st.just("cart")),
        st.builds(b.Table, st.just(["a", "b"]), rows=st.just([["1", "2"]]), total=st.sampled_from([[], ["x", "y"]])),
        st.builds(b.Html, st.sampled_from(["<p class='x'>{{ name }}</p>", "<table><tr><td>1</td></tr></table>"])),
    )


def _blocks() -> st.SearchStrategy[Any]:
    leaves = _leaves() | _wider()
    columns = st.builds(b.Column, st.lists(leaves, max_size=3), share=st.integers(1, 3))
    nested = st.one_of(
        st.builds(
            b.If,
            st.sampled_from(["vip", "name == 'x'"]),
            st.lists(leaves, max_size=2),
            otherwise=st.lists(leaves, max_size=1),
        ),
        st.builds(b.Each, st.just("cart"), st.lists(leaves, min_size=1, max_size=2)),
        st.builds(
            b.Columns, st.lists(columns, min_size=1, max_size=4), stacks=st.booleans(), gap_px=st.integers(0, 80)
        ),
        st.builds(b.Hero, _hrefs(), blocks=st.lists(_leaves(), min_size=1, max_size=3)),
        st.builds(b.Footer, address=_words(), reason=st.just("") | _words(), preferences=st.just("") | _words()),
    )
    return leaves | nested
