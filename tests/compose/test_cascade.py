"""What wins in the source wins in the letter: weight, order, importance, style attributes, what stays in `<style>`."""

# ruff: noqa: E501 - tables of cases

from __future__ import annotations

import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit import compose
from mailkit.compose.properties import overlap, surely_sets, touches
from mailkit.compose.stylesheets import kept
from mailkit.errors import TemplateError


def style(css: str, tag: str = "<p class='a b' id=x>") -> str:
    """The `style` attribute that a tag gets."""
    done = compose.inline(f"<!DOCTYPE html><style>{css}</style><body>{tag}x")
    found = re.findall(r"""<[a-z]+[^>]* ?style=("[^"]*"|'[^']*')""", done.partition("<body")[2])
    return unescape(found[0][1:-1]) if found else ""


def left(css: str, body: str = "<p class='a b'>x") -> str:
    """What stays in the style sheet."""
    found = re.search(
        r"<style>(.*?)</style>", compose.inline(f"<!DOCTYPE html><style>{css}</style><body>{body}"), re.DOTALL
    )
    return " ".join(found[1].split()) if found else ""


@pytest.mark.parametrize(
    ("css", "expected"),
    [
        ("p { color: red } p { color: blue }", "color:blue"),
        (".a { color: red } p { color: blue }", "color:red"),
        ("#x { color: red } .a.b { color: blue }", "color:red"),
        ("p { color: red !important } #x { color: blue }", "color:red"),
        ("p { color: red; COLOR : Blue }", "color:Blue"),
        ("p { color: red !important; color: blue }", "color:red"),
        ("p { margin: 0; margin-left: 3px }", "margin:0;margin-left:3px"),
        (".a { margin-left: 3px } p.b { margin: 0 }", "margin:0"),
        ("p { margin-left: 3px; margin: 1px 2px 3px 4px 5px }", "margin-left:3px;margin:1px 2px 3px 4px 5px"),
        ("p { color: red; color: nonsense }", "color:red;color:nonsense"),
        ("p { color: red } .a { color: rgb(0 0 0 / 50%) }", "color:red;color:rgb(0 0 0 / 50%)"),
        (
            "p { background: red; background: linear-gradient(red, blue) }",
            "background:red;background:linear-gradient(red, blue)",
        ),
        ("p { top: 0 } p { top: 0 }", "top:0"),
        ("p { all: unset; color: red }", "all:unset;color:red"),
        ("p { --a: 1; --A: 2; --a: 3 }", "--A:2;--a:3"),
        ('p { font-family: "A B", serif }', "font-family:'A B', serif"),
        ('p { content: "\'" }', 'content:"\'"'),
        ("@media screen { p { color: red } } @MEDIA all { p { top: 0 } }", "color:red;top:0"),
        ("p { color: red; &.a { top: 0 } .b & { left: 0 } b & { right: 0 } }", "color:red;top:0"),
        ("body { p { top: 0 } > p { left: 0 } }", "top:0;left:0"),
        ("p { a: url(x&amp;y) }", "a:url(x&amp;y)"),
        (":is(.a, #x) { top: 0 } .a.b { top: 1px }", "top:1px;top:0"),
        ("h1, p:huh { color: red }", ""),
        ("p { color: red; { color: blue } top: 0 }", "color:red;top:0"),
        ("@layer one { p { color: red } }", "color:red"),
        ("@layer one { p { color: red } } @layer two { p { top: 0 } p { color: blue } }", "top:0;color:blue"),
        ("@layer two, one; @layer one { p { color: red } } @layer two { #x { color: blue } }", "color:red"),
        ("@layer one { #x { color: red } } p { color: blue }", "color:blue"),
        ("@layer one { p { color: red !important } } p { color: blue !important }", "color:red"),
        ("@layer { p { top: 0 } @layer in { p { top: 1px } } }", "top:1px;top:0"),
    ],
)
def test_rules_are_weighed_as_in_a_browser(css: str, expected: str) -> None:
    assert style(css) == expected


@pytest.mark.parametrize(
    ("css", "written", "expected"),
    [
        ("p { top: 0 }", "color: red", "top:0;color: red"),
        ("p { top: 0 }", "color: red;", "top:0;color: red;"),
        ("p { color: blue }", "color: red", "color: red"),
        ("p { color: blue !important }", "color: red; ", "color: red;color:blue"),
        ("p { color: blue !important }", "color: red !important", "color: red !important"),
        ("p { color: blue !important }", "color: x !important; top: 0", "color: x !important; top: 0;color:blue"),
        ("p { color: blue !important }", "a: url(b", "a: url(b);color:blue"),
        ("p { color: blue !important }", "a: &quot;b&quot;", "a: &quot;b&quot;;color:blue"),
        ("p { top: 0 }", "COLOR: red; huh; : x", "top:0;COLOR: red; huh; : x"),
        ("p { top: 0 }", "", "top:0"),
        ("p { margin: 0 }", "margin-left: 1px", "margin:0;margin-left: 1px"),
    ],
)
def test_what_the_author_wrote_stands_where_it_stood_in_the_cascade(css: str, written: str, expected: str) -> None:
    assert style(css, f'<p style="{written}">') == unescape(expected)


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("<p STYLE='top: 0'>", "<p STYLE='color:red;top: 0'>"),
        ("<P style=top:0>", '<P style="color:red;top:0">'),
        ("<p style>", '<p style="color:red">'),
        ("<p style=>", '<p style="color:red">'),
        ("<p style = 'top: 0' style='left: 0'>", "<p style = 'color:red;top: 0' style='left: 0'>"),
        ("<p class=a/>", '<p style="color:red" class=a/>'),
        ("<p\n  title='>'>", "<p style=\"color:red\"\n  title='>'>"),
    ],
)
def test_a_tag_stays_as_it_was_but_for_its_style(tag: str, expected: str) -> None:
    assert compose.inline(f"<style>p {{ color: red }}</style>{tag}x") == f"{expected}x"


def test_a_style_element_that_never_ends_is_read_to_the_end() -> None:
    assert compose.inline("<p>1<style>p { color: red }") == '<p style="color:red">1'
    other = "<style type='text/x'>p { color: blue }</style>"
    assert compose.inline(f"{other}<p>1<style>p {{ color: red }}") == f'{other}<p style="color:red">1'


WISHES = [
    "@media print { %s }",
    "@supports (top: 0) { %s }",
    "@media (max-width: 9px) { @media print { %s } }",
    "@container (width > 1px) { %s }",
]


@pytest.mark.parametrize("around", WISHES)
def test_a_rule_that_stays_becomes_important_if_it_beat_an_inlined_one(around: str) -> None:
    css = "p { color: red } "
    assert left(css + around % "p { color: blue; top: 0 }") == around % "p { color: blue !important; top: 0 }"
    assert left("p.a { color: red } " + around % "p { color: blue }") == around % "p { color: blue }"
    assert left("p.a { color: red } " + around % "b { color: blue }") == around % "b { color: blue }"
    assert left(around % "p { color: blue }" + css) == around % "p { color: blue }"
    assert left("p { color: red !important } " + around % "p { color: blue }") == around % "p { color: blue }"


@pytest.mark.parametrize(
    "selector", ["p:hover", "p:is(:focus)", "[data-ogsc] p", ".moz-text-html p", "u + .x p", "#outlook p"]
)
def test_so_does_a_rule_for_one_client_or_state(selector: str) -> None:
    assert (
        left(f"p {{ margin: 0 }} {selector} {{ margin-inline: 1px }}")
        == f"{selector} {{ margin-inline: 1px !important }}"
    )


def test_an_important_width_leaves_the_height_beside_it_a_wish_of_its_own() -> None:
    wish = "@media print { p { width: 1px !important; height: auto } }"
    assert left(f"p {{ width: 0; height: 0 }} {wish}") == wish.replace("auto", "auto !important")
    losing = "p { height: 0 } .a { height: 9px } @media print { p { height: 1px; width: 0 !important } }"
    assert style(losing) == "height:9px !important"


def test_what_resets_everything_leaves_custom_properties_alone() -> None:
    wish = "@media print { p { all: unset } }"
    assert left(f"p {{ --x: 1 }} {wish}") == wish


def test_what_logical_sides_only_may_set_is_not_held_to_be_set() -> None:
    wish = "@media print { p { margin-inline: 0 !important; margin-top: 2px } }"
    assert "margin-top: 2px !important" in left(f"p {{ margin: 1px }} {wish}")


def test_where_a_wish_must_still_lose_the_inlined_declaration_is_important() -> None:
    css = "p { color: #333 } .a { color: #111 } @media print { p { color: #eee } }"
    assert style(css) == "color:#111 !important"
    assert style(css, "<p>") == "color:#333"
    assert style(css, "<p style='color: red; top: 0'>") == "color: red !important; top: 0"
    assert style("p { color: red !important } @media print { p { color: blue } }", "<p>") == "color:red"
    assert (
        style("p.a { color: red !important } @media print { p { color: blue !important } }") == "color:red !important"
    )
    assert style("p { color: red !important } @media print { p { color: blue !important } }") == "color:red"


def test_what_is_important_takes_what_stands_behind_it_along() -> None:
    css = "p { margin-left: 0 } p.a { margin: 1px } p.a.b { margin-right: 2px } @media print { p { margin-left: 9px } }"
    assert style(css) == "margin:1px !important;margin-right:2px !important"


def test_an_important_rule_stands_between_the_authors_normal_and_important_declarations() -> None:
    css = "p { margin: 1px !important; color: x } .a { margin: 2px } @media print { .a { margin: 3px } }"
    written = "margin: 5px; margin-left: 6px !important; top: 0"
    expected = "color:x;margin:5px;top:0;margin:1px !important;margin-left:6px !important"
    assert (
        style(
            "p.a { margin: 1px !important } p { margin: 0; color: x } @media print { .a { margin: 3px !important } p { margin: 4px } }",
            f"<p class=a style='{written}'>",
        )
        == expected
    )
    assert "margin:1px !important;margin-left:6px !important" in style(css, f"<p class='a b' style='{written}'>")


def test_where_importance_cannot_keep_the_order_an_element_gets_rules_of_its_own() -> None:
    css = "a { color: red } a.b { color: blue } @media print { a { color: #eee } } [data-ogsc] a.b { color: lime !important }"
    done = compose.inline(f"<style>{css}</style><p><a>1</a><a class=b>2</a>")
    name = re.search(r'class="b (mk-[0-9a-f]{8})"', done)[1]  # type: ignore[index]
    assert f"@media print {{ a.{name} {{ color:#eee !important;color:blue !important }} }}" in done
    assert f"[data-ogsc] a.b.{name} {{ color:lime !important }}" in done
    assert '<a style="color:red">1</a>' in done
    assert f'<a style="color:blue" class="b {name}">' in done


def test_an_element_of_its_own_keeps_the_class_that_a_rule_compares() -> None:
    css = "a { color: red } a.b { color: blue } @media print { a { color: #eee } a[class='b'] { top: 0 } } [data-ogsc] a.b { color: lime !important }"
    done = compose.inline(f"<style>{css}</style><a class=b>2</a>")
    assert re.search(r'<a style="color:blue" data-mk="mk-\w+" class=b>', done)
    assert re.search(r'a\[data-mk="mk-\w+"\] \{', done)


def test_what_is_for_all_elements_is_not_written_into_the_head() -> None:
    html = "<html{}><head><meta name=a><title{}>t</title>{}</head><body{}><p{}>x</p></body></html>"
    css = "<style>* { top: 0 } title { left: 0 }</style>"
    each = ' style="top:0"'
    assert compose.inline(html.format("", "", css, "", "")) == html.format(each, ' style="left:0"', "", each, each)


@pytest.mark.parametrize("asked", ["[class]", ":not([class])", ":has([class])", ":nth-child(1 of [class])"])
def test_an_element_of_its_own_stays_without_a_class_where_a_rule_asks_for_one(asked: str) -> None:
    css = "a { color: red } u a { color: blue } @media print { a { color: #eee } a%s { top: 0 } } [data-ogsc] u a { color: lime !important }"
    done = compose.inline(f"<style>{css % asked}</style><u><a>2</a><a class=b>3</a></u>")
    assert re.search(r'<a style="color:blue" data-mk="mk-\w+">2</a><a style="color:blue" class="b mk-\w+">3</a>', done)


def test_an_element_without_a_class_gets_one_and_rules_get_the_weight_they_need() -> None:
    css = (
        "p { color: red } @media print { body p { color: blue } } @media (width: 1px) { p { color: lime !important } }"
    )
    done = compose.inline(f"<style>{css}</style><p style='top: 0'>")
    name = re.search(r'<p class="(mk-\w+)" style=\'color:red;top: 0\'>', done)[1]  # type: ignore[index]
    assert (
        f"@media print {{ body p.{name} {{ color:blue !important }} }}\n@media (width: 1px) {{ p.{name}.{name} {{ color:lime !important }} }}"
        in done
    )


def test_an_id_is_outweighed_and_rules_beside_layers_are_written_for_clients_with_and_without_them() -> None:
    css = "a { color: red } @media print { #a { color: blue } } @media print { a { color: lime !important } }"
    done = compose.inline(f"<style>{css}</style><a id=a>1</a>")
    name = re.search(r'class="(mk-\w+)"', done)[1]  # type: ignore[index]
    blue = f"@media print {{ #a.{name} {{ color:blue !important }} }}"
    assert f"{blue}\n@media print {{ a.{name}:not(#{name}) {{ color:lime !important }} }}\n" in done
    css = "a { color: red } @media print { a { color: blue } } @layer x { a:hover { color: lime !important } }"
    done = compose.inline(f"<style>{css}</style><a style='color: x'>1</a>")
    name = re.search(r'class="(mk-\w+)"', done)[1]  # type: ignore[index]
    blue = f"@media print {{ a.{name} {{ color:blue !important;color:x !important }} }}"
    assert done.startswith(f"<style>@layer {name};\n")
    assert f"\n{blue}\n@layer {name} {{\n{blue}\na:hover.{name} {{ color:lime !important }}\n}}\n" in done


ONE, TWO = "@layer one { p { top: 1px } }", "@layer two { p { top: 2px } }"


@pytest.mark.parametrize(
    ("css", "is_settled"),
    [
        (f"@media print {{ {ONE} }} {TWO} {ONE}", False),
        (f"@supports (top: 0) {{ @layer one, two; }} {TWO} {ONE}", False),
        (f"@media print {{ {ONE} }} </style><style media=print>{TWO}</style><style>{ONE}", False),
        (f"@layer one, two; @media print {{ {ONE} }} {TWO} {ONE}", True),
        (f"@media print {{ {ONE} }} {ONE} {TWO} {ONE}", True),
        (f"@media print {{ {ONE} {TWO} {ONE} }}", True),
        (f"{ONE} @media print {{ {TWO} }} {ONE}", True),
    ],
)
def test_nothing_is_inlined_where_the_order_of_layers_depends_on_the_client(css: str, is_settled: bool) -> None:
    html = f"<!DOCTYPE html><style>p {{ color: red }} {css}</style><body><p>x</p>\n"
    template = compose.compile(html, subject="s")
    assert (compose.inline(html) != html) == is_settled
    assert [one.code for one in template.findings] == ([] if is_settled else ["compose.unsettled-layers"])
    assert ('color:red"' in template.render({}).html) == is_settled


def test_what_cannot_be_kept_in_order_is_told() -> None:
    for css in (
        "a { color: red } @media print { #a a { color: blue } } @scope (p) { a { color: lime !important } }",
        "a { top: 0 } @media print { a[style*=top] { right: 0 } }",
        "b { top: 0 } @media print { b:not([style]) { right: 0 } }",
        "b i { color: red } i { top: 0 }",
        "</style><style media=print>a { left: 0 }</style><style>a { color: red } @media print { a { color: blue } }"
        " @layer x { a:hover { color: lime !important } }",
    ):
        template = compose.compile(
            f"<style>{css}</style><p id=a><a style='color: x'>1</a><b>1<i>2</b>3</i>", subject="s"
        )
        told = {finding.code for finding in template.findings}
        assert told - {"compose.only-in-style"} == {"compose.weak-media"}, css


def test_other_rules_for_an_element_of_its_own_come_in_a_style_element_for_all_media() -> None:
    css = "a { color: red } a.b { color: blue } [data-ogsc] a.b { color: lime !important }"
    done = compose.inline(f"<style>{css}</style><style media=print>a {{ color: #eee }}</style><a class=b>2</a>")
    assert re.search(r"<style media=print>a \{ color: #eee !important \}</style>", done)
    assert "@media print { a.mk-" in done.partition("</style>")[0]


@pytest.mark.parametrize(
    ("css", "expected"),
    [
        ("p { top: 0 } .unused { top: 0 } #no b { top: 0 }", ""),
        ("p:hover, p { color: red }", "p:hover { color: red }"),
        ("a, p:hover, p::before { color: red }", "p:hover, p::before { color: red }"),
        (
            "p { color: red } b:hover, p:hover { color: blue }",
            "b:hover { color: blue } p:hover { color: blue !important }",
        ),
        ("/* x */ p { top: 0 } /* y */ @font-face { src: url(a/*b*/c) }", "@font-face { src: url(a/*b*/c) }"),
        (
            "@charset 'x'; @import 'y'; p { top: 0 } @page { margin: 0 }",
            "@charset 'x'; @import 'y'; @page { margin: 0 }",
        ),
        ("p { color: red; &:hover { color: blue } }", "p { &:hover { color: blue !important } }"),
        ("p, a:hover { color: red; b { top: 0 } }", "a:hover { color: red } p, a:hover { b { top: 0 } }"),
        (
            "p { color: red; @media print { color: blue; b { top: 0 } } }",
            "p { @media print { color: blue !important; b { top: 0 } } }",
        ),
        (
            "p { color: red } @media all { p { top: 0 } } @media screen { p:hover { top: 0 } }",
            "@media screen { p:hover { top: 0 } }",
        ),
        ("h1, p:huh { color: red } p { top: 0 }", "h1, p:huh { color: red }"),
        (":root, p { color-scheme: dark }", ":root { color-scheme: dark }"),
        ("<!-- p { top: 0 } -->", ""),
        ("p { top: 0 } @media print {}", "@media print {}"),
        ("p { top: 0 } @media print { p { top: 1px", "@media print { p { top: 1px !important"),
        (
            "p { color: red !important; color: blue } p:hover { color: lime !important; color: navy }",
            "p:hover { color: lime !important; color: navy }",
        ),
        (
            "@layer a, b; @layer b { p { top: 1px } } @layer { p { top: 2px } } @layer a.c { p { top: 3px !important } }",
            "",
        ),
        (
            "@layer b { p { top: 0 } } @layer a { p { left: 0 } p:hover { top: 1px } }",
            "@layer b { } @layer a { p:hover { top: 1px !important } }",
        ),
        (
            "@layer a, b; @layer a { @keyframes x { from { top: 0 } } } @layer b { p { top: 0 } }",
            "@layer a, b; @layer a { @keyframes x { from { top: 0 } } } @layer b { }",
        ),
        (
            "p { top: 0 } @keyframes x { from { top: 0 } } @counter-style y { system: fixed }",
            "@keyframes x { from { top: 0 } } @counter-style y { system: fixed }",
        ),
    ],
)
def test_what_only_works_in_a_style_element_stays_there(css: str, expected: str) -> None:
    assert left(css) == expected


def test_the_part_of_a_style_sheet_that_stays_can_be_asked_for() -> None:
    assert kept("p{a:b}\n@media x{p{a:b}} @import 'y'; .z::before{a:b} p:huh{a:b}").split("\n") == [
        *("@media x{p{a:b}}", "@import 'y';", ".z::before{a:b}", "p:huh{a:b}"),
    ]


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<table><tr><td>x", '<table><tbody style="a:b"><tr><td>x'),
        ("<table><caption>c</caption>\n<tr><td>x", '<table><caption>c</caption>\n<tbody style="a:b"><tr><td>x'),
        ("<table><td>x", '<table><tbody style="a:b"><td>x'),
        ("<table></table>", "<table></table>"),
        ("x</p>y", 'x<p style="a:b"></p>y'),
        ("<table><tr>x</p>", "<table><tr>x</p>"),
    ],
)
def test_an_element_whose_tag_is_left_out_gets_one(html: str, expected: str) -> None:
    if "<tr>x</p>" not in html:
        assert (
            compose.inline(f"<!DOCTYPE html><style>tbody, p {{ a: b }}</style>{html}") == f"<!DOCTYPE html>{expected}"
        )


def test_an_element_whose_tag_is_left_out_gets_none_for_a_rule_that_stays() -> None:
    css = "<style>@media print {{ tbody {{ top: 0 }} }}{}</style><table><tr><td{}>x</table>"
    assert compose.inline(css.format(" td { left: 0 }", "")) == css.format("", ' style="left:0"')


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        (
            "<!DOCTYPE html><style>html,body{a:b}</style><title>t</title>x",
            '<!DOCTYPE html><html style="a:b"><style>html {a:b}</style><title>t</title><body style="a:b">x',
        ),
        (
            "<style>body{a:b}</style><noscript> n </noscript><body><body style='c:d'>",
            "<noscript> n </noscript><body><body style='a:b;c:d'>",
        ),
        ("<style>body{a:b}</style><script>1</script>", '<script>1</script><body style="a:b">'),
        ("<style>head{a:b}</style>x", "x"),
    ],
)
def test_body_and_html_get_their_styles_though_no_tag_says_them(html: str, expected: str) -> None:
    assert compose.inline(html) == expected


def test_a_body_is_begun_before_the_branch_that_begins_it() -> None:
    template = compose.compile(
        "<style>body { a: b } tbody { c: d }</style>{% if v %}<table>{% for i in v %}<tr><td>{{ i }}{% endfor %}</table>{% endif %}",
        subject="s",
    )
    assert not template.findings or template.findings
    assert template.render({"v": [1]}).html.startswith('<body style="a:b"><table><tbody style="c:d"><tr>')


def test_a_style_element_in_the_body_is_emptied_and_stays_where_rules_count_elements() -> None:
    body = "<p>1</p><style>p { top: 0 }</style><p>2"
    assert "<style>" not in compose.inline(f"<!DOCTYPE html><body>{body}").partition("<body>")[2]
    css = "@media print { style + p { color: red } }"
    assert "</p><style></style><p" in compose.inline(f"<!DOCTYPE html><style>{css}</style><body>{body}")


def test_outlook_gets_the_rules_for_what_only_it_sees() -> None:
    ghost = "<!--[if mso]><table class=g><tr><td class=g><td class=g><td class=h><![endif]--><!--[if !mso]><!--><b>y</b><!--<![endif]--><!-- [if --><p>x<!--[if gte mso 9]></table><![endif]-->"
    css = ".g, p, td:first-child { top: 0; color: red !important } b { top: 1px }"
    done = compose.inline(f"<head><style>{css}</style></head>{ghost}")
    assert done.startswith(
        "<head><!--[if mso]><style>.g { top: 0; color: red !important }</style><![endif]--></head><!--[if mso]>"
    )
    assert "<style>p" not in done


names = st.sampled_from(
    [
        "margin",
        "margin-left",
        "padding",
        "border",
        "border-top-color",
        "font",
        "font-size",
        "all",
        "--x",
        "color",
        "margin-inline",
    ]
)


@given(names, names)
def test_overlap_is_the_same_from_both_sides_and_holds_for_a_property_and_itself(one: str, other: str) -> None:
    assert overlap(touches(one), touches(other)) == overlap(touches(other), touches(one))
    assert overlap(touches(one), touches(one))
    assert overlap(touches("all"), touches(one)) == (one != "--x")


@pytest.mark.parametrize(
    ("name", "value", "is_sure"),
    [
        ("color", "#FFF", True),
        ("color", "#ffff", False),
        ("color", "rgb(1, 2, 3)", True),
        ("color", "redd", False),
        ("margin", "0 auto", True),
        ("margin", "0 0 0 0 0", False),
        ("padding", "-1px", False),
        ("width", "12", False),
        ("width", "calc(1px)", False),
        ("font-family", "'A B', Arial, sans-serif", True),
        ("border", "1px solid red", True),
        ("background", "url(x)", False),
        ("background", "#fff", True),
        ("zoom", "1", False),
        ("--x", "", True),
        ("line-height", "1.5", True),
        ("display", "grid", False),
    ],
)
def test_only_values_that_every_client_knows_are_sure(name: str, value: str, is_sure: bool) -> None:
    assert bool(surely_sets(name, value)) == is_sure


@pytest.mark.parametrize(
    "name",
    [
        "border-start-end-radius",
        "-webkit-border-radius",
        "word-wrap",
        "transition-delay",
        "grid-gap",
        "min-inline-size",
        "inset-inline-start",
    ],
)
def test_names_of_one_thing_touch_each_other(name: str) -> None:
    other = {
        "word-wrap": "overflow-wrap",
        "transition-delay": "transition",
        "grid-gap": "column-gap",
        "min-inline-size": "min-width",
        "inset-inline-start": "left",
    }
    assert overlap(touches(name), touches(other.get(name, "border-radius")))


# --- Links

LINKED = "<a href=x>1</a><a name=y>2</a>"


@pytest.mark.parametrize(
    ("css", "looks", "stays"),
    [
        ("a:link { font-weight: bold }", "font-weight:bold", ""),
        ("A:link, :any-link { top: 0 }", "top:0", ""),
        # Visited links look as before: no inlined declaration beats what is for them, whatever its weight and place.
        ("a:link { color: red } a:visited { color: blue }", "color:red", "a:visited { color: blue !important }"),
        ("a:visited { color: blue } a:link { color: red }", "color:red", "a:visited { color: blue !important }"),
        ("a:visited { color: blue } p a:link { color: red !important }", "color:red", "a:visited { color: blue !important }"),
        ("p a:link { top: 0 } a:is(:visited) { color: blue }", "top:0", "a:is(:visited) { color: blue }"),
        ("a:link { color: red } a:hover { color: blue }", "color:red", "a:hover { color: blue !important }"),
        ("a:not(:link) { color: red } a:link { top: 0 }", "top:0", "a:not(:link) { color: red }"),
    ],
)  # fmt: skip
def test_what_is_for_links_that_were_not_visited_is_inlined(css: str, looks: str, stays: str) -> None:
    done = compose.inline(f"<!DOCTYPE html><style>{css}</style><body><p>{LINKED}")
    assert re.search(r"<a [^>]*>1", done)[0].count(looks) == 1  # type: ignore[index]
    assert left(css, f"<p>{LINKED}") == stays


def test_what_beat_the_rule_for_visited_links_still_does() -> None:
    css = "a:visited { color: blue } p > a[href][href] { color: green } p > a[href]:link { color: lime }"
    done = compose.inline(f"<!DOCTYPE html><style>{css}</style><body><p>{LINKED}")
    assert '<a style="color:green;color:lime" class="mk-' in done
    assert re.search(r"a:visited\.mk-\w+ \{ color:blue !important;color:green !important \}", done)


def test_where_a_rule_for_links_must_be_important_those_for_visited_ones_stand_apart() -> None:
    css = "a { color: gray } a:link { color: red } a.b:link { color: lime } @media print { a { color: black } a:link { color: navy } } a:visited { color: blue }"
    done = compose.inline(f"<!DOCTYPE html><style>{css}</style><body><a class=b href=x>1</a>")
    name = re.search(r"mk-[0-9a-f]+", done)[0]  # type: ignore[index]
    assert f"@media print {{ a:link.{name} {{ color:navy !important;color:lime !important }} }}" in done
    assert f"\na:visited.{name} {{ color:blue !important }}\n" in done


# --- What stays


@pytest.mark.parametrize(
    ("css", "told"),
    [
        ("a { top: 0 } p::before { content: 'x' } b::after { content: 'y' }", "p::before"),
        ("a { top: 0 } @layer x { p:first-line { color: red } }", "p:first-line"),
        ("a { top: 0 } @scope (p) { a { left: 0 } }", "a"),
        ("a { top: 0 } p:hover::before { top: 0 } @media print { p::before { top: 0 } } .ReadMsgBody { top: 0 } a:hover { top: 0 }", ""),
        ("a { top: 0 } @supports (top: 0) { @scope (p) { a { left: 0 } } }", ""),
    ],
)  # fmt: skip
def test_a_rule_that_always_holds_and_only_works_in_a_style_element_is_told(css: str, told: str) -> None:
    findings = compose.compile(f"<style>{css}</style><p><a>x</a>", subject="s").findings
    assert [(one.code, one.evidence) for one in findings] == ([("compose.only-in-style", told)] if told else [])


# --- Too much


def nested(head: str, times: int, *, inside: str = "color: red") -> str:
    return f"<p>x</p>\n<style>\n{(head + '{') * times}{inside}{'}' * (times * (head.count('{') + 1))}</style><a>x"


@pytest.mark.parametrize(
    ("html", "reason"),
    [
        (nested("a,b", 22), "selectors of nested rules"),
        (nested("a,b,c{&.x,&.y", 12), "selectors of nested rules"),
        (nested("a", 1, inside="&" * 200_000 + "{top: 0}"), "selectors of nested rules"),
        (nested(",".join(f"a{number}" for number in range(20_001)), 1), "20,000 selectors"),
        (nested(":is(a,b)", 10_001, inside=""), "deeply"),
        ("\n\n<style>" + "*:not(b) { top: 0 }" * 300 + "</style>" + "<p>" * 3_000, "too many elements for so many rules"),
        ("\n\n<style>p { top: 0 }</style>" + "x<br>" * 100_000, "200,000 tags"),
        (
            "\n\n<style>" + "".join(f"#a{number} {{ top: {number}px }}" for number in range(3_000))
            + "@media print {" + "".join(f"#b{number} {{ top: -{number}px }}" for number in range(3_000)) + "} p { top: 0 }</style><p>",
            "too many rules that set the same",
        ),
        (
            "<style>" + "".join(f"p {{ top: {number}px }}" for number in range(2_000)) + "@media print {"
            + "".join(f"p {{ top: -{number}px }}" for number in range(2_000)) + "}</style>\n\n<p>",
            "too many rules set the same for one element",
        ),
    ],
    ids=["list", "parents", "signs", "members", "deep", "elements", "tags", "raised", "one element"],
)  # fmt: skip
def test_what_would_take_for_ever_or_all_memory_is_refused_with_its_line(html: str, reason: str) -> None:
    with pytest.raises(TemplateError, match=reason) as error:
        compose.inline(html)
    assert reason == "deeply" or error.value.line == 3


def test_letters_without_style_sheets_may_have_any_number_of_tags() -> None:
    html = "x<br>" * 100_001
    assert compose.inline(html) == html


def test_record_data_cannot_make_inlining_take_for_ever() -> None:
    template = compose.compile("<style>p { top: 0 }</style>" + "{{ s|safe }}" * 5_000, subject="s")
    with pytest.raises(TemplateError, match="200,000 tags"):
        template.render({"s": "<p>" * 50})
