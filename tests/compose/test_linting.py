"""Lint: each rule finds what it is for, and says nothing of what is right."""

# ruff: noqa: E501 - rows of tables

from __future__ import annotations

import time
from pathlib import Path

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit.address import Mailbox
from mailkit.compose import Letter, lint
from mailkit.compose import blocks as b
from mailkit.compose import compile as compiled
from mailkit.compose.linting.clients import client_names, shares, support
from mailkit.compose.linting.colours import colour, colour_in, contrast
from mailkit.compose.linting.rules import RULES
from mailkit.compose.linting.styles import resolve
from mailkit.compose.linting.ways import ways
from mailkit.compose.linting.wording import emoji_in, spam_words
from mailkit.compose.marks import Marks
from mailkit.errors import InvalidValue, TemplateError
from mailkit.findings import Finding
from mailkit.message import Attachment

HEAD = (
    '<!DOCTYPE html><html lang="en"><head><meta name="viewport" content="width=device-width">'
    '<meta name="color-scheme" content="light dark"><title>New books</title></head><body>'
)
PREHEADER = '<div style="display:none">What our readers liked best this month, and why</div>'
OUT = '<p>Books Ltd, 1 Main Street. <a href="https://x.example.com/u" style="color:#036">Unsubscribe</a></p>'
ACTION = '<a href="https://shop.example.com/new" style="color:#036">See the new books</a>'


def found(body: str, **given: object) -> set[str]:
    """The codes of what lint says of a body that is right otherwise."""
    given.setdefault("subject", "New books")
    html = f"{HEAD}{PREHEADER}{body}<p>Ten new books have come.</p>{ACTION}{OUT}</body></html>"
    return {one.code.removeprefix("compose.") for one in lint(html, **given)}  # type: ignore[arg-type]


def only(findings: tuple[Finding, ...], code: str) -> list[Finding]:
    return [one for one in findings if one.code == f"compose.{code}"]


def test_a_letter_that_is_right_has_no_findings() -> None:
    assert found("") == set()


@pytest.mark.parametrize(
    ("code", "body"),
    [
        ("missing-alt", '<img src="https://x.example.com/a.png" width="10">'),
        ("alt-is-a-file", '<img src="https://x.example.com/a.png" width="10" alt="IMG_2.png">'),
        ("unsized-picture", '<img src="https://x.example.com/a.png" alt="A lamp">'),
        ("data-picture", '<img src="data:image/png;base64,AAAA" width="9" alt="A lamp">'),
        ("http-picture", '<img src="http://x.example.com/a.png" width="10" alt="A lamp">'),
        ("malformed-link", '<img width="10" alt="A lamp">'),
        ("relative-link", '<img src="a.png" width="10" alt="A lamp">'),
        ("layout-table", "<table><tr><td>a</td></tr></table>"),
        ("heading-order", "<h1>a</h1><h3>b</h3>"),
        ("duplicate-id", '<p id="a">x</p><p id="a">y</p>'),
        ("unclosed", "<div>a"),
        ("stray-end", "a</div>"),
        ("script", "<script>1</script>"),
        ("frame", '<iframe src="https://x.example.com"></iframe>'),
        ("outside-style", '<link rel="stylesheet" href="a.css">'),
        ("style-in-body", "<div><style>p { margin: 0 }</style></div>"),
        ("broken-css", "<style>p { margin: 0 } }</style>"),
        ("broken-css", "<style>p { margin: 0 "),
        ("nested-at-rule", "<style>@media screen { @media (max-width: 9px) { p { margin: 0 } } }</style>"),
        ("important", '<style>@media print { p { margin: 0 } }</style><p style="margin:0 !important">a</p>'),
        ("long-style", f"<style>@media print {{ {'p { margin: 0 } ' * 1200} }}</style>"),
        ("contrast", '<p style="color:#999">Grey</p>'),
        ("contrast", "<style>.a { color: #999 }</style><p class='a'>Grey</p>"),
        ("contrast", '<table role="none" bgcolor="#222"><tr><td>Grey</td></tr></table>'),
        ("contrast", '<font color="#999">Grey</font>'),
        ("contrast", '{% if a %}<p>x</p>{% elif b %}<b>y</b>{% else %}z{% endif %}{% for c in d %}<p style="color:#999">Grey</p>{% else %}e{% endfor %}'),
        ("contrast", '<p style="color:#999f">Grey</p>'),
        ("contrast", '<style>i { color: red</style><style>.a { color: #999 }</style><p class="a">Grey</p>'),
        ("broken-css", '<style>p { margin: 0 }</style><style>i { color: red</style>'),
        ("small-text", '<font size="1">This is very small print indeed.</font>'),
        ("empty-link", '<a class="button">Buy it now</a>'),
        ("malformed-link", '<a href="htp://x.example.com/" style="color:#036">Words</a>'),
        ("unsafe-link", '<a href="file:///C:/letter.html" style="color:#036">Words</a>'),
        ("malformed-link", '<a href="tel:" style="color:#036">Words</a>'),
        ("other-link", '<a href="https://x.example.com/" style="color:#036">shop.example.co.uk</a>'),
        ("vague-link", '<a href="https://x.example.com/" style="color:#036">Hier klicken!</a>'),
        ("vague-link", '<a href="https://x.example.com/" style="color:#036">点击这里 »</a>'),
        ("foreign-field", "<p>Hello, {name}!</p>"),
        ("foreign-field", "<p>Здравствуйте, #NAME#</p>"),
        ("placeholder", "<p>[Your text goes here]</p>"),
        ("dark-contrast", "<style>@media (prefers-color-scheme: dark) { p { background: #222 } }</style><p>Grey</p>".replace("<p>", '<p style="color:#333">')),
        ("small-text", '<p style="font-size:9px">This is very small print indeed.</p>'),
        ("small-target", '<a href="https://x.example.com/"><img src="https://x.example.com/a.png" alt="A" width="16" height="16"></a>'),
        ("low-button", '<a href="https://x.example.com/" style="display:inline-block;background:#036;color:#fff;padding:8px;line-height:20px">Go on</a>'),
        ("colour-without-text-colour", '<div style="background-color:#fff">Words</div>'),
        ("empty-link", '<a href="#" style="color:#036">Top of it</a>'),
        ("wordless-link", '<a href="https://x.example.com/"></a>'),
        ("wordless-link", '<table role="none"><tr><td><a href="https://x.example.com/1"><td>a</table>'),
        ("malformed-link", '<a href="https://[x/" style="color:#036">Words</a>'),
        ("malformed-link", '<a href="https://x.example.com:abc/" style="color:#036">Words</a>'),
        ("layout-table", f"<table><tr>{'<div>' * 30}<th>a</table>"),
        ("malformed-link", '<a href="https://x" style="color:#036">Words</a>'),
        ("malformed-link", '<a href="https//x.example.com:80/a b" style="color:#036">Words</a>'.replace("https//", "https://")),
        ("malformed-link", '<a href="mailto:anna" style="color:#036">Words</a>'),
        ("malformed-link", '<a href="shop.example.com:80" style="color:#036">Words</a>'),
        ("relative-link", '<a href="/sale" style="color:#036">Words</a>'),
        ("relative-link", '<a href="www.example.com" style="color:#036">Words</a>'),
        ("unsafe-link", '<a href="java&#115;cript:1" style="color:#036">Words</a>'),
        ("http-link", '<a href="http://x.example.com/" style="color:#036">Words</a>'),
        ("numeric-link", '<a href="https://192.0.2.1/" style="color:#036">Words</a>'),
        ("short-link", '<a href="https://bit.ly/x" style="color:#036">Words</a>'),
        ("other-link", '<a href="https://x.example.org/" style="color:#036">www.example.com</a>'),
        ("vague-link", '<a href="https://x.example.com/" style="color:#036">click here</a>'),
        ("noreply", '<a href="mailto:no-reply@example.com" style="color:#036">Write to us</a>'),
        ("foreign-field", "<p>Hello, *|FNAME|*</p>"),
        ("foreign-field", '<a href="*|UNSUB|*" style="color:#036">Words</a>'),
        ("placeholder", "<p>Lorem ipsum dolor</p>"),
        ("shouting", "<p>Come now!!!</p>"),
        ("shouting", "<p>COME HERE TODAY WITH YOUR OTHER FRIENDS BECAUSE EVERYTHING MUST LEAVE</p>"),
        ("spam-words", "<p>Make money fast. No catch. You are a winner!</p>"),
        ("unsupported", '<div style="display:flex">a</div>'),
        ("unsupported", '<div style="width:calc(100% - 9px)">a</div>'),
        ("unsupported", "<form>a</form>"),
        ("unsupported", '<p style="color: var(--a)">a</p>'),
        ("unsupported", '<img src="https://x.example.com/a.svg?1" width="10" alt="A lamp">'),
        ("unsupported", '<p style="visibility:hidden">a</p>'),
        ("unsupported", "<p hidden>a</p>"),
        ("differs", '<div style="text-shadow: 0 0 9px #000">a</div>'),
        ("differs", '<div style="margin-inline-start: 9px">a</div>'),
        ("differs", "<style>@font-face { font-family: a }</style>"),
        ("differs", "<style>p::before { content: 'New' } p:before { content: '' }</style>"),
        ("differs", '<video src="https://x.example.com/a.mp4"><a href="https://x.example.com/">Watch it</a></video>'),
    ],
)  # fmt: skip
def test_a_rule_finds_what_it_is_for(code: str, body: str) -> None:
    assert code in found(body)


@pytest.mark.parametrize(
    ("code", "body"),
    [
        ("missing-alt", '<img src="https://x.example.com/p.gif" width="1" height="1">'),
        ("missing-alt", '<div style="display:none"><img src="https://x.example.com/a.png"></div>'),
        ("missing-alt", '<img src="https://x.example.com/p.gif" style="width:1px;height:1px"><img src="https://x.example.com/p.gif" width="1px">'),
        ("malformed-link", '<a style="color:#036" href="https://{{ host }}/x">a</a><a style="color:#036" href="myapp://open">b</a>'),
        ("malformed-link", '<a style="color:#036" href="mailto:?subject=Look">a</a><a style="color:#036" href="tel:{{ phone }}">b</a>'),
        ("wordless-link", '<a href="https://x.example.com/1" aria-label="Our shop"></a><a href="https://x.example.com/2" title="Our shop"></a>'),
        ("empty-link", '<a name="top">Top</a><a id="down">Down</a><a {% if a %}href="https://x.example.com/"{% endif %} style="color:#036">Words</a>'),
        ("placeholder", "<p>Todo lo que necesitas. LO QUIERO TODO. TODO INCLUIDO</p>"),
        ("small-text", '<font size="3">This is not very small print at all.</font><font>This is not very small print at all.</font>'),
        ("alt-is-a-file", '<img src="https://x.example.com/a.png" width="10" alt="">'),
        ("layout-table", '<table role="presentation"><tr><td>a</td></tr></table><table><tr><th>a</th></tr></table>'),
        ("layout-table", "<div><div><th>a</th></div></div>"),
        ("duplicate-id", '{% for a in b %}<p id="a">x</p>{% endfor %}<p id="a">y</p>'),
        ("unclosed", "{% if a %}<div>{% else %}<div class='b'>{% endif %}a</div>"),
        ("unclosed", "<ul><li>a<li>b</ul><table role='none'><tr><td>a<td>b<tr><td>c</table><p>a<p>b<dl><dt>a<dd>b</dl>"),
        ("stray-end", "</p></br>"),
        ("script", '<script type="application/ld+json">{}</script>'),
        ("outside-style", '<link rel="stylesheet" href="https://fonts.example.com/a.css">'),
        ("nested-at-rule", "<style>@media screen { p { margin: 0 } } @media print { p { margin: 0 } }</style>"),
        ("important", '<p style="margin:0 !important">a</p>'),
        ("contrast", '<p style="color:#999;opacity:.9">Grey</p>'),
        ("contrast", '<p style="color:{{ c }}">Grey</p>'),
        ("contrast", '<div style="background:url(a.png)"><p style="color:#fff">White</p></div>'),
        ("contrast", '<div style="background-image:url(a.png)"><p style="color:#fff">White</p></div>'),
        ("contrast", '<table role="none" background="a.png"><tr><td style="color:#fff">White</td></tr></table>'),
        ("contrast", '<div style="background-color:#000;background:linear-gradient(#000,#111)"><p style="color:#fff">White</p></div>'),
        ("contrast", '<p style="color:#888;font-size:24px">Large</p><h1 style="color:#888">Large</h1>'),
        ("contrast", '<p style="color:#888;font:bold 20px/1 Arial">Large</p><small style="color:rgba(0,0,0,.1)">a b</small>'),
        ("contrast", '<p style="color:#fff;background:#000;background-color:transparent">White</p>'.replace("#000;", "#000;").replace("background-color:transparent", "margin:0")),
        ("contrast", '<p style="color:#eee;display:none">Hidden</p>'),
        ("contrast", "<style>@layer a { p { color: #eee } }</style><p>Unknown</p>"),
        ("contrast", '<p class="a{{ b }}" style="color:#eee">Unknown</p>'),
        ("dark-contrast", "<style>@media (prefers-color-scheme: dark) { .a { background: #222; color: #eee } }</style><p class='a'>a b c</p>"),
        ("contrast", '{% if a %}<div style="background:#000">{% else %}<div style="background:#fff">{% endif %}<p style="color:#fff">White</p></div>'),
        ("contrast", '<table role="none"><tr>{% if a %}<td bgcolor="#000">{% elif b %}<td bgcolor="#111">{% else %}<td bgcolor="#fff">{% endif %}<font color="#fff">White</font></td></tr></table>'),
        ("contrast", "<style>{% if a %}p { color: #fff; background: #000 }{% else %}p { background: #fff }{% endif %}</style><p>Words</p>"),
        ("foreign-field", "<pre>print(f'{name}')</pre><p><code>{name}</code></p>"),
        ("empty-link", '<a style="color:#036;text-decoration:none">+1 555 0100</a>'),
        ("malformed-link", '<a href="https://x.example.com/?a=1|2&q=улица" style="color:#036">Words</a>'),
        ("missing-unsubscribe", "{% if a %}x{% endif %}"),
        ("dark-contrast", "<style media='print'>p { color: #fff }</style><style type='text/x'>p { color: #fff }</style><p>a b c</p>"),
        ("small-text", '<p style="font-size:80%">This is not very small print at all.</p>'),
        ("small-text", '<p style="font-size:small">This is not very small print at all.</p>'),
        ("small-target", '<a href="https://x.example.com/" style="display:block;padding:8px"><img src="https://x.example.com/a.png" alt="A" width="16" height="16"></a>'),
        ("low-button", '<a href="https://x.example.com/" style="display:inline-block;background:#036;color:#fff;padding:12px 9px;line-height:20px">Go on</a>'),
        ("low-button", '<a href="https://x.example.com/" style="display:inline-block;background:#036;color:#fff;height:48px">Go on</a>'),
        ("low-button", '<a href="https://x.example.com/" style="display:inline-block;background:#036;color:#fff;line-height:1.5;border:12px solid #036">Go on</a>'),
        ("low-button", '<a href="https://x.example.com/" style="display:inline-block;background:#036;color:#fff;line-height:150%;border-width:12px 0;padding-top:1px;border-bottom-width:12px">Go on</a>'),
        ("low-button", '<a href="https://x.example.com/" style="display:inline-block;background:#036;color:#fff;line-height:20px"><span style="padding:20px">Go on</span></a>'),
        ("low-button", '<div style="padding:20px"><a href="https://x.example.com/" style="display:block;background:#036;color:#fff">Go on</a></div>'),
        ("low-button", '<a href="https://x.example.com/" style="display:block;background:#036;color:#fff">Go on</a>'),
        ("wordless-link", '<a href="https://x.example.com/{{ a }}"></a><a style="color:#036" href="https://x.example.com/{{ a }}">{{ b }}</a>'),
        ("malformed-link", '<a style="color:#036" href="https://x.example.com:80/?a=1&copy=2">a</a><a style="color:#036" href="https://пример.рф/">b</a>'),
        ("malformed-link", '<a style="color:#036" href="mailto:a@x.example,b@x.example?subject=a b">a</a><a style="color:#036" href="tel:+1">b</a>'),
        ("malformed-link", '<a style="color:#036" href="https://x.example.com/{{ a }}">a</a><a style="color:#036" href="{{ a }}">b</a><img width=9 alt=a src="{{ a }}">'),
        ("malformed-link", '<img src="cid:a" width="10" alt="A lamp"><a style="color:#036" href="tg:join">a</a><a style="color:#036" href="https://localhost/">b</a>'),
        ("other-link", '<a href="https://www.example.com/" style="color:#036">example.com/sale</a>'),
        ("relative-link", '<a href="#below" style="color:#036">Below</a>'),
        ("foreign-field", "<p>50% off %s, $5 and [1]</p>"),
        ("shouting", "<p>NASA and UNESCO!</p>"),
        ("spam-words", "<p>Free delivery. Our sale ends on Friday; a guarantee of two years.</p>"),
        ("unsupported", '<div style="width:600px;width:calc(100% - 9px)">a</div>'),
        ("unsupported", "<style>@media screen { div { display: flex } } a:hover { position: absolute }</style><div>a</div>"),
        ("unsupported", '<p style="display:none;visibility:hidden">a</p><p style="display:none" hidden>a</p>'),
        ("unsupported", '<!--[if !mso]><!--><div style="float:left">a</div><!--<![endif]-->'),
        ("differs", '<div style="background:#fff;background:linear-gradient(#fff,#eee);color:#000">a</div>'),
        ("differs", '<div style="border-radius:9px;max-width:600px;font-size:1.5rem">a</div>'),
        ("differs", "<style>p::before { content: '' }</style>"),
        ("differs", '<!--[if mso]><v:fill src="a"/><![endif]--><div style="background-image:url(a.png)">a</div>'),
    ],
)  # fmt: skip
def test_a_rule_says_nothing_of_what_is_right_or_not_known(code: str, body: str) -> None:
    assert code not in found(body)


@pytest.mark.parametrize(
    ("code", "html"),
    [
        ("missing-doctype", "<p>a</p>"),
        ("missing-lang", "<p>a</p>"),
        ("missing-dir", '<html lang="he-IL"><p>a</p>'),
        ("missing-title", "<p>a</p>"),
        ("missing-viewport", "<style>@media (max-width: 9px) { p { margin: 0 } }</style><p>a</p>"),
        ("missing-color-scheme", "<p>a</p>"),
        ("missing-unsubscribe", "<p>a</p>"),
        ("missing-action", '<a href="https://x.example.com/u">Отписаться</a><a href="https://vk.com/x">VK</a><a href="mailto:a@x.example">a</a>'),
        ("missing-preheader", "<p>Words that are seen</p>"),
        ("short-preheader", '<div style="display:none">Short</div><p>a</p>'),
        ("picture-only", '<img src="https://x.example.com/a.png" alt="Sale" width="600">'),
        ("pure-black-on-white", '<p style="color:#000;background:#fff">Words</p>'),
        ("clipped", f"<p>{'word ' * 22_000}</p>"),
        ("nearly-clipped", f"<p>{'word ' * 18_500}</p>"),
        ("unreadable", "<p>{% if %}</p>"),
    ],
)  # fmt: skip
def test_what_a_whole_letter_lacks_is_told(code: str, html: str) -> None:
    assert f"compose.{code}" in {one.code for one in lint(html, subject="New books")}


@pytest.mark.parametrize(
    ("code", "subject"),
    [
        ("long-subject", "x" * 61),
        ("long-subject", "東京" * 20),
        ("false-reply", "Re: your order"),
        ("shouting", "Sale! Today! "),
        ("shouting", "SALE TODAY"),
        ("shouting", "СКИДКА 50% НА ВСЁ"),
        ("shouting", "СКИДКИ!"),
        ("shouting", "{% if vip %}Come! Now!{% else %}Hello{% endif %}"),
        ("many-emoji", "👨\u200d👩\u200d👧 👩🏽\u200d🚀 🇩🇪 Sale"),
        (
            "long-subject",
            "{% if vip %}{% for one in cart %}{{ one }}{% endfor %}{% elif a %}b{% else %}" + "x" * 61 + "{% endif %}",
        ),
        ("many-emoji", "🔥🔥🔥 Sale"),
        ("spam-words", "Make money fast with us"),
        ("spam-words", "Лёгкие деньги для вас"),
        ("placeholder", "TODO subject"),
        ("foreign-field", "Hello, %%name%%"),
    ],
)
def test_a_subject_is_looked_at(code: str, subject: str) -> None:
    assert code in found("", subject=subject)


@pytest.mark.parametrize(
    "subject",
    [
        "Sale!",
        "NATO summit",
        "🔥 Sale 🇩🇪",
        "Books at € 5",
        "{{ name }}, hello",
        "Really?",
        "IKEA и NASA: новости",
        "Order #A-12345 SHIPPED",
        "{{ name }}, СКИДКА",
        "{% if vip %}Come!{% else %}Hello!{% endif %}",
        "{% if vip %}" + "a" * 50 + "{% else %}" + "b" * 50 + "{% endif %}",
        "👨\u200d👩\u200d👧\u200d👦 and 👩🏽\u200d🚀",
    ],
)
def test_a_quiet_subject_is_left_alone(subject: str) -> None:
    assert found("", subject=subject) == set()


def test_a_preheader_that_repeats_the_subject_is_told_and_filler_fills_a_short_one() -> None:
    body = '<div style="display:none">New books for you and all of your friends, now</div>'
    codes = {one.code for one in lint(f"{HEAD}{body}<p>a</p>", subject="New books")}
    assert "compose.repeated-preheader" in codes
    filled = f'<div style="display:none">Short{"&#847;&zwnj;&nbsp;" * 40}</div>'
    assert "compose.short-preheader" not in {one.code for one in lint(f"{HEAD}{filled}<p>a</p>", subject="New books")}


def test_what_several_ways_of_a_subject_have_is_told_once() -> None:
    findings = lint("<p>a</p>", subject="{% if vip %}Come! Now!{% else %}Go! Now!{% endif %}")
    assert len(only(findings, "shouting")) == 1


def test_an_empty_subject_is_told() -> None:
    assert "missing-subject" in found("", subject="{# draft #}")


def test_styles_that_the_inliner_cannot_read_are_not_known() -> None:
    assert resolve('<p data-mk="0" style="broken">', "p { color: red }") is None
    assert resolve('<p data-mk="0" style="">', "p { color: red }") == {0: "color: red"}


def test_a_letter_without_a_subject_is_looked_at_all_the_same() -> None:
    assert not only(lint("<p>a</p>"), "unreadable")
    assert only(lint("<p>a</p>", fields=["name"]), "unused-field")


def test_a_sender_that_cannot_be_answered_is_told() -> None:
    assert "noreply" in found("", sender="no-reply@example.com")
    assert "noreply" in found("", sender="Shop <shop.donotreply@example.com>")
    assert "noreply" in found("", sender="ne-otvechaite@example.com")
    assert found("", sender="Noreply Ltd <casino-reply@example.com>") == set()
    assert found("", sender="hello@example.com") == set()


def test_a_receipt_needs_no_way_out() -> None:
    codes = {one.code for one in lint("<p>Paid.</p>", subject="Receipt", is_transactional=True)}
    assert not codes & {"compose.missing-unsubscribe", "compose.missing-action"}


def test_rules_are_left_out_by_their_code() -> None:
    assert "small-text" not in found(
        '<p style="font-size:9px">This is very small print indeed.</p>', without=["small-text"]
    )
    assert found("<div>a", without=["compose.unclosed"]) == set()
    with pytest.raises(InvalidValue, match="contrast"):
        found("", without=["contrst"])
    with pytest.raises(InvalidValue, match="see RULES"):
        found("", without=["~~"])
    with pytest.raises(InvalidValue, match="put it into"):
        found("", without="contrast")


def test_clients_weigh_what_is_told() -> None:
    flex = '<div style="display:flex">a</div>'
    assert "unsupported" not in found(flex, clients={"apple-mail": 1.0})
    assert "unsupported" in found(flex, clients={"outlook-windows": 0.5, "gmail": 0.5})
    (one,) = only(lint(flex, subject="s", clients={"outlook-windows": 0.5}), "unsupported")
    assert one.message == "display: flex does not work for 50% of readers (Outlook for Windows)"
    assert one.source.startswith("caniemail.com/features/css-display-flex, tested 20")


@pytest.mark.parametrize(
    ("clients", "reason"),
    [
        ({"gmial": 0.5}, "gmail"),
        ({"zzz": 0.5}, "outlook-windows"),
        ({"gmail": 2}, "share"),
        ({"gmail": True}, "share"),
        ({"gmail": 0.9, "yahoo": 0.9}, "more than 1"),
        (["gmail"], "mapping"),
    ],
)
def test_clients_that_nobody_knows_are_refused(clients: object, reason: str) -> None:
    with pytest.raises(InvalidValue, match=reason):
        found("", clients=clients)


def test_all_clients_of_the_table_have_a_name_and_a_share() -> None:
    assert {"gmail", "outlook-com", "mail-ru", "web-de", "apple-mail-ios"} <= set(client_names())
    assert abs(sum(shares(None).values()) - 1) < 1e-9
    assert support().date >= "2026"


def test_a_letter_of_blocks_is_clean_and_findings_name_their_block() -> None:
    letter = Letter(
        subject="{{ name }}, your cart is waiting",
        preheader="Two books and a lamp are still there, for two more days.",
        blocks=[
            b.Heading("Hello, {{ name }}"),
            b.Text("Your **cart** is [here]({{ cart_url }})."),
            b.Image(src="https://shop.example.com/a.png", alt="A lamp on a desk"),
            b.Products(each="cart", name="{{ item.name }}", price="{{ item.price }}", image="{{ item.image }}", href="{{ item.url }}"),
            b.Divider(),
            b.If("vip", [b.Text("For you alone.")], otherwise=[b.Text("For all.")]),
            b.Button("Finish", href="{{ cart_url }}"),
            b.Footer(address="Books Ltd, 1 Main Street, Kazan"),
        ],
    )  # fmt: skip
    assert lint(letter) == ()
    template = compiled(letter)
    assert lint(template, fields=["name", "cart", "cart_url", "vip"]) == ()
    loud = Letter(subject="Hello", blocks=[b.Text("Come"), b.Text("now!!!"), b.Footer(address="x")])
    (one,) = only(lint(loud), "shouting")
    assert str(one.place) == "html, field 'blocks[1]'"


@pytest.mark.parametrize(
    "words", ["取消订阅", "ביטול הרשמה", "Newsletter abbestellen", "구독 취소", "Odhlásit odběr", "Отписаться"]
)
def test_the_way_out_is_known_in_many_languages(words: str) -> None:
    html = f'<p>x</p><a href="https://x.example.com/q">{words}</a>'
    assert not only(lint(html, subject="s"), "missing-unsubscribe")


def test_a_mail_address_that_is_linked_bare_is_told_how_to_be_written() -> None:
    (one,) = only(lint('<a href="anna@x.example">Anna</a>', subject="s"), "relative-link")
    assert one.mend == "write it as mailto:anna@x.example"


def test_what_is_wrong_with_a_style_sheet_is_told_at_its_line() -> None:
    html = "<style>\np { margin: 0 }\n\n@font-face { font-family: a }\n@media screen {\n@media print { p { margin: 0 } } }</style>"
    findings = lint(f"{html}\n<style>\np {{</style><p>a</p>", subject="s")
    lines = {
        code: one.place.line for code in ("differs", "nested-at-rule", "broken-css") for one in only(findings, code)
    }
    assert lines == {"differs": 4, "nested-at-rule": 6, "broken-css": 7}
    letter = Letter(subject="s", blocks=[b.Html("<style>@font-face { font-family: a }</style>"), b.Footer(address="x")])
    assert only(lint(letter), "differs")


def test_spam_is_told_at_the_first_of_its_words() -> None:
    html = "<p>Hello</p>\n<p>Make money fast.</p>\n<p>No catch. You are a winner!</p>"
    (one,) = only(lint(html, subject="s"), "spam-words")
    assert one.place.line == 2


@given(st.lists(st.sampled_from(["a", "{% if a %}", "{% elif b %}", "{% else %}", "{% endif %}", "{% for c in d %}", "{% endfor %}", "{{ e }}"]), max_size=12).map("".join))  # fmt: skip
def test_each_way_of_a_subject_is_said_by_some_record(subject: str) -> None:
    marks = Marks()
    try:
        marked = marks.read(subject, "subject")
    except TemplateError:
        return
    said = [marks.words(one) for one in ways(marked, marks)]
    assert 1 <= len(said) <= 8
    assert not any("{%" in one for one in said)


def test_numbers_and_brackets_of_any_length_cost_little() -> None:
    ones, began = "1" * 30_000, time.process_time()
    for style in (
        f"font-size:{ones}",
        f"font: {ones}x",
        f"line-height:{ones}x",
        f"width:{ones}rem",
        f"color:rgb({ones},0,0)",
    ):
        lint(f'<p style="{style}">These words are long enough to look at.</p>', subject="s")
    lint("[your " * 30_000, subject="s")
    assert time.process_time() - began < 3


@pytest.mark.parametrize(
    "html", ["<style>\ud800 {}</style><p>x</p>", "<style>a { color: '\ud800' }</style><p class='\ud800'>x</p>"]
)
def test_half_characters_are_looked_at(html: str) -> None:
    assert lint(html, subject="s")


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"records": {"name": "Anna"}}, "put one record into"),
        ({"records": 5}, "put one record into"),
        ({"without": 5}, "put it into"),
        ({"fields": 5}, "row of names"),
    ],
)
def test_what_is_no_row_is_refused(given: dict[str, object], reason: str) -> None:
    with pytest.raises(InvalidValue, match=reason):
        lint("<p>a</p>", subject="s", **given)  # type: ignore[arg-type]


def test_findings_name_the_line_of_an_html_source() -> None:
    html = "<p>\n{# a\ncomment #}\n{% if a\n %}x{% endif %}\n<img src='https://x.example.com/a.png' width=9>\n</p>"
    (one,) = only(lint(html, subject="s"), "missing-alt")
    assert one.place.line == 6


def test_fields_that_records_lack_or_nobody_uses_are_told() -> None:
    html = "<p>{{ nmae }} {{ city|default('') }}</p>"
    findings = lint(html, subject="{{ sbj }}", fields=["name", "age"])
    unknown = only(findings, "unknown-field")
    assert [(one.evidence, str(one.place)) for one in unknown] == [("nmae", "html, line 1"), ("sbj", "subject, line 1")]
    assert "did you mean 'name'" in unknown[0].message
    assert [one.evidence for one in only(findings, "unused-field")] == ["age", "name"]
    letter = Letter(subject="s", blocks=[b.Text("Hello"), b.Text("Hello, {{ nmae }}"), b.Footer(address="x")])
    (one,) = only(lint(letter, fields=["name", "unsubscribe_url"]), "unknown-field")
    assert str(one.place) == "html, field 'blocks[1]'"
    (one,) = only(lint(compiled("<p>a</p>", subject="s", text="{{ zip }}"), fields=[]), "unknown-field")
    assert str(one.place) == "text"
    with pytest.raises(InvalidValue, match="row of names"):
        lint(html, subject="s", fields="name")


def test_some_records_are_rendered_and_the_heaviest_is_told() -> None:
    template = compiled("<p>{{ text }}</p>", subject="{{ subject }}")
    records = [{"text": "a" * size, "subject": "s" * (size // 1000)} for size in (1_000, 110_000, 5_000)]
    findings = lint(template, records=[*records, {"text": "a", "subject": " "}, {"text": None, "subject": "s"}])
    assert [str(one.place) for one in only(findings, "clipped")] == ["records, row 2"]
    assert [str(one.place) for one in only(findings, "long-subject")] == ["records, row 2"]
    assert [str(one.place) for one in only(findings, "empty-subject")] == ["records, row 4"]
    assert [str(one.place) for one in only(findings, "bad-record")] == ["records, row 5"]
    assert not only(lint(template, records=[{}]), "clipped")


def test_what_compile_found_is_told_with_a_template() -> None:
    html = "<style>.lvl-1 { color: red }</style><p class='lvl-{{ a }}'>x</p>"
    assert "compose.inlined-per-recipient" in {one.code for one in lint(compiled(html, subject="s"))}
    with pytest.raises(InvalidValue, match="beside a template"):
        lint(compiled(html, subject="s"), subject="t")


def test_the_same_in_many_places_is_told_once() -> None:
    html = "".join(
        f'<a href="http://x.example.com/{number % 7}" style="color:#036">Words {number}</a>' for number in range(20)
    )
    told = only(lint(html, subject="s"), "http-link")
    assert [one.evidence[-1] for one in told] == ["0", "1", "2", "3", "4", "5"]
    assert told[0].message.endswith("read and change (3 times)")
    assert told[5].message.endswith("(and 4 more like this)")
    tiny = '<p style="font-size:9px">This is very small print indeed.</p>\n'
    (one,) = only(lint(tiny * 2, subject="s"), "small-text")
    assert one.message.endswith("hard to read on phones (also in line 2)")
    (one,) = only(lint(tiny * 9, subject="s"), "small-text")
    assert one.message.endswith("(also in line 2, line 3, line 4, line 5, line 6 and 3 more places)")
    letter = Letter(subject="s", blocks=[b.Html(tiny), b.Html(tiny), b.Footer(address="x")])
    (one,) = only(lint(letter), "small-text")
    assert one.message.endswith("(also in blocks[1])")
    html = "".join(f'<a href="https://bit.ly/{number}" style="color:#036">Words</a>' for number in range(7))
    assert [one.message[-22:] for one in only(lint(html, subject="s"), "short-link")][5] == "(and 1 more like this)"
    html = "".join(f'<a href="https://bit.ly/{number}" style="color:#036">Words</a>' for number in range(6))
    assert len(only(lint(html, subject="s"), "short-link")) == 6


def test_a_see_through_picture_is_told_where_the_letter_knows_dark_mode() -> None:
    png = b"\x89PNG\r\n\x1a\n" + b"\0" * 17
    files = [
        Attachment(
            filename=f"{kind}.png", content=png + bytes([kind]) + more, content_type="image/png", content_id=f"{kind}@x"
        )
        for kind, more in ((6, b""), (3, b"tRNS"), (2, b""))
    ]
    letter = Letter(subject="s", blocks=[b.Text("a"), b.Footer(address="x")], attachments=files)
    assert [one.evidence for one in only(lint(letter), "see-through-picture")] == ["6.png", "3.png"]
    webp = Attachment(
        filename="a.webp", content=b"RIFF0000WEBPVP8X\0\0\0\0\x10", content_type="image/webp", content_id="a@x"
    )
    none = Attachment(filename="a.webp", content=b"RIFF0000WEBPVP8 ", content_type="image/webp", content_id="a@x")
    letter = Letter(subject="s", blocks=[b.Text("a"), b.Footer(address="x")], attachments=[webp, none])
    assert len(only(lint(letter), "see-through-picture")) == 1


@given(st.lists(st.sampled_from(["<p>", "<a href=x>", "</a>", "<table>", "<td>", "<tr>", "</table>", "<style>", "</style>", "p{", "}", "@media x{",
    "style='color:#eee'", "{% if a %}", "{% endif %}", "{{ a }}", "<img src='{{ b }}' alt>", "<p style='color:{{ c }};x'>", "<html lang=ar>", "<!--[if mso]>", "<![endif]-->", "word!!", "<b hidden>", "&copy=", "<h3>"]), max_size=25).map("".join) | st.text(max_size=80))  # fmt: skip
def test_any_source_is_looked_at(html: str) -> None:
    for one in lint(html or "x", subject="s"):
        assert one.code in RULES
        assert one.message
        assert str(one)


@pytest.mark.parametrize("piece", ["<b>", "<a href=x>y", "<table><tr><td>", "<b><td>", "<p class=a>x", "</b></a>"])
def test_time_grows_with_length_alone(piece: str) -> None:
    began = time.process_time()
    lint(piece * 3_000, subject="s")
    assert time.process_time() - began < 5


@given(st.tuples(*[st.integers(0, 255)] * 3), st.tuples(*[st.integers(0, 255)] * 3))
def test_contrast_is_the_same_both_ways_and_from_1_to_21(
    one: tuple[int, int, int], other: tuple[int, int, int]
) -> None:
    assert contrast(one, other) == contrast(other, one)
    assert 1 <= contrast(one, other) <= 21
    assert colour("#{:02x}{:02x}{:02x}".format(*one)) == one
    assert colour("rgb({}, {}, {})".format(*one)) == one


def test_colours_that_are_not_plain_are_not_known() -> None:
    assert colour("rgba(1,2,3,1)") == (1, 2, 3)
    assert colour("White") == (255, 255, 255)
    assert [colour(text) for text in ("#12", "rgba(0,0,0,.5)", "hsl(0,0%,0%)", "transparent")] == [None] * 4
    assert colour_in("#FFF none repeat") == (255, 255, 255)
    assert colour_in("url(a.png) #fff") is None
    assert colour_in("none") is None


def test_words_of_spam_are_found_whole_and_in_any_form() -> None:
    assert spam_words("Гарантированный   доход! ВЫ ВЫИГРАЛИ") == ("гарантированный доход", "вы выиграли")
    assert spam_words("Ничего такого: скидка 20% и бесплатная доставка, выигрышный ход") == ()
    assert emoji_in("🇷🇺 ☀ a 🔥") == 3


NEWSLETTERS = sorted(Path(__file__).parent.joinpath("newsletters").glob("*.html"))


@pytest.mark.parametrize("path", NEWSLETTERS, ids=lambda path: path.stem)
def test_newsletters_of_all_kinds_are_looked_at_quickly(path: Path) -> None:
    html = path.read_text(encoding="utf-8")
    began = time.process_time()
    findings = lint(html, subject="News")
    assert time.process_time() - began < 1
    assert not only(findings, "unreadable")
    assert all(one.code in RULES for one in findings)


PICTURE = Attachment(filename="logo.png", content=b"\x89PNG", content_type="image/png", content_id="logo")
SHOWN = '<img src="cid:{}" alt="Books" width="10">'


def with_pictures(*names: str, attachments: tuple[Attachment, ...] = (PICTURE,)) -> list[str]:
    letter = Letter(
        subject="s",
        blocks=[b.Html("".join(SHOWN.format(name) for name in names) or "<p>x</p>"), b.Footer(address="x")],
        attachments=attachments,
    )
    return [one.message for one in lint(letter) if one.code.endswith("-attachment")]


def test_an_inline_picture_without_its_attachment_is_told_once() -> None:
    assert with_pictures("logo") == []
    assert with_pictures("lgo", "lgo", "logo") == ["no attachment has the content_id 'lgo'; did you mean 'logo'?"]
    assert with_pictures("logo", attachments=()) == ["no attachment has the content_id 'logo'"]
    behind = "<td background='cid:a' style=\"background: url('cid:b')\">x</td>"
    assert "missing-attachment" in found(behind)


def test_an_inline_picture_that_nothing_shows_is_told() -> None:
    assert with_pictures() == ["nothing in the letter shows this picture, which travels with it"]
    assert with_pictures("{{ which }}") == []  # the record says which
    percent = attrs.evolve(PICTURE, content_id="a@x")
    assert with_pictures("a%40x", attachments=(percent,)) == []


def test_a_letters_file_is_named_and_so_is_the_one_that_it_includes(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "foot.html").write_text(
        '<p>Books Ltd</p>\n<img src="https://x.example.com/a.png"\n width="9">\n'
    )
    (tmp_path / "base.html").write_text(
        "<!DOCTYPE html>\n<html lang=en>\n<title>S\nale</title>\n<body>{% block all %}{% endblock %}\n<a>"
    )
    path = tmp_path / "letter.html"
    path.write_text(
        "{% extends 'base.html' %}\n{% block all %}{# said\n #}\n<p>{{ name }}</p>\n{% include 'parts/foot.html' %}\n"
        '<a href="">x</a>{% endblock %}\n'
    )
    places = {one.code: str(one.place) for one in lint(path)}
    assert places["compose.missing-alt"] == "parts/foot.html, line 2"
    assert places["compose.empty-link"] == "letter.html, line 6"
    assert places["compose.missing-unsubscribe"] == "html"  # which is said of all of it
    assert places["compose.unclosed"] == "base.html, line 6"
    assert "compose.missing-doctype" not in places
    with_fields = {one.code: str(one.place) for one in lint(path, fields=["nmae"])}
    assert with_fields["compose.missing-alt"] == "parts/foot.html, line 2"
    assert with_fields["compose.unknown-field"] == "letter.html, line 4"
    path.write_text("<mjml><mj-body><mj-raw>\n<img src='https://x.example.com/a.png'></mj-raw></mj-body></mjml>")
    assert "compose.missing-alt" in {one.code for one in lint(path)}


def test_a_very_long_file_is_read_without_its_lines(tmp_path: Path) -> None:
    path = tmp_path / "letter.html"
    path.write_text("<title>Sale</title>" + "\n" * 40_001 + '<a href="">x</a>')
    (one,) = only(lint(path), "empty-link")
    assert one.place.line == 40_002


def test_a_letter_as_json_is_a_letter(tmp_path: Path) -> None:
    path = tmp_path / "letter.json"
    path.write_text(Letter(subject="Sale", blocks=[b.Image("https://x.example.com/a.png", alt="a.png")]).to_json())
    assert compiled(path).render({}).subject == "Sale"
    (one,) = only(lint(path), "alt-is-a-file")
    assert "blocks[0]" in str(one.place)


@pytest.mark.parametrize("sender", ["Books", 5])
def test_a_sender_is_a_mailbox(sender: object) -> None:
    with pytest.raises(InvalidValue, match=r"lint, sender: .* is not a mailbox; write 'Books <shop@example.com>'"):
        found("", sender=sender)


def test_a_sender_may_be_given_as_any_of_its_values() -> None:
    mailbox = Mailbox.parse("Books <noreply@example.com>")
    assert "noreply" in found("", sender=mailbox)
    assert "noreply" in found("", sender=mailbox.address)


def test_what_is_no_letter_is_refused_in_lints_own_words() -> None:
    with pytest.raises(InvalidValue, match="lint: None is neither a Letter nor a Template"):
        lint(None)  # type: ignore[arg-type]
    with pytest.raises(InvalidValue, match=r"did you mean 'compose\.small-text'"):
        lint("<p>x", without=["compose.smal-text"])


def test_findings_show_themselves() -> None:
    findings = lint("<p>x", subject="s")
    assert isinstance(findings, tuple)
    assert "<table" in findings._repr_html_()
    assert repr(findings) == "\n".join(str(one) for one in findings)


@pytest.mark.parametrize(
    ("src", "code"),
    [
        ("file:///x.png", "relative-link"),
        ("x.png", "relative-link"),
        ("http://x.example.com/a.png", "http-picture"),
        ("data:image/png;base64,AAAA", "data-picture"),
    ],
)
def test_a_picture_behind_text_is_looked_at_as_any_other(src: str, code: str) -> None:
    letter = Letter(subject="s", blocks=[b.Heading("a"), b.Hero(src, blocks=[b.Text("a")])])
    [one] = only(lint(letter), code)
    assert one.place.field == "blocks[1]"


def test_pictures_of_style_sheets_are_told_once_with_their_line() -> None:
    html = (
        "<style>\np { background: url('a;b.png') }\n@media screen {\ni { background: url(https://x.example.com/y.png), "
        "url(z.png) } } @font-face { src: url(q.woff) }</style>\n<p style='background:url()'><b style='background-image:"
        'url("{{ x }}")\'>a</b>\n<table><tr><td background=k.png style="background:url(k.png)">a</table>'
    )
    told = [(one.evidence, one.place.line) for one in only(lint(html), "relative-link")]
    assert sorted(told) == [("a;b.png", 2), ("k.png", 6), ("z.png", 4)]


@pytest.mark.parametrize(
    ("doctype", "is_known"),
    [
        ("", False),
        ('<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.0 Transitional//EN">', False),
        ("<!DOCTYPE html>", True),
        ("<!DOCTYPE html><p>a</p><!DOCTYPE x>", True),
    ],
)
@pytest.mark.parametrize("ground", ["#2a5d34 url(https://x.example.com/a.png) repeat-x 0 0", "#2A5D34"])
@pytest.mark.parametrize("name", ["class=HEADER", "id=FOOT"])
def test_names_match_in_any_case_where_browsers_say_so(doctype: str, is_known: bool, ground: str, name: str) -> None:
    html = (
        f"{doctype}<style>.Header TD {{ background: {ground} }} #Foot {{ background: {ground} }} "
        f"[title='.A'] {{ margin: 0 }}</style><table role=none bgcolor='#ffffff'>"
        f"<tr {name}><td style='color:#fff'>White</td></tr></table>"
    )
    assert bool(only(lint(html), "contrast")) == is_known
