"""Selectors match what browsers match, and say when a reader decides."""

# ruff: noqa: E501 - tables of cases

from __future__ import annotations

import pytest

from mailkit.compose.effort import Effort
from mailkit.compose.heads import selectors
from mailkit.compose.hooks import hooks
from mailkit.compose.marks import Marks
from mailkit.compose.markup import pieces
from mailkit.compose.matching import Index
from mailkit.compose.single import may_match
from mailkit.compose.tree import Tree, grow

PAGE = """<!DOCTYPE html><html lang="en-GB"><body class="Top"><div id="one" class="a b"><h2>h</h2><p title="T x">1</p><p class="a"><b>2</b></p><!-- c -->
<p></p></div><ul dir="rtl"><li class="odd">1<li data-k="book-club">2<li class="odd" lang="fr">3<li>4</ul><svg><linearGradient/></svg>
<div><p align="RIGHT">x <a href="https://x.example/A.pdf">y</a></p></div></body></html>"""


def tree(html: str) -> Tree:
    marks = Marks()
    return grow(list(pieces(marks.read(html, "html"))), marks)


def matched(heads: str, html: str = PAGE) -> list[tuple[str, int]]:
    """What matches: the tag and the place among its kind, with 1 for maybe and 2 for always."""
    grown = tree(html)
    found = []
    for selector in selectors(heads):
        for element, answer in Index(grown, Effort()).matches(selector):
            same = [one for one in grown.elements if one.name == element.name]
            found.append((f"{element.name}{same.index(element) + 1}", answer))
    return sorted(found)


@pytest.mark.parametrize(
    ("heads", "names"),
    [
        ("p", "p1 p2 p3 p4"), ("P.a, b", "b1 p2"), ("#one > p", "p1 p2 p3"), ("div p", "p1 p2 p3 p4"), ("body > div:first-child p.a", "p2"),
        ("h2 + p", "p1"), ("h2 ~ p", "p1 p2 p3"), ("p + p", "p2 p3"), ("p:first-child", "p4"), ("p:last-child", "p3 p4"),
        ("li:nth-child(2n + 1)", "li1 li3"), ("li:nth-child(even)", "li2 li4"), ("li:nth-last-child(-n+2)", "li3 li4"), ("li:nth-child(-1)", ""),
        ("li:nth-child(2 of .odd)", "li3"), ("li:nth-last-of-type(1)", "li4"), ("p:first-of-type", "p1 p4"), ("p:only-of-type, h2:only-of-type", "h21 p4"),
        ("b:only-child", "b1"), (":empty", "head1 p3 linearGradient1"), (":root", "html1"), ("html:first-child", "html1"), ("& body", "body1"),
        ("li:not(.odd, #one)", "li2 li4"), (":is(h2, .a, ::before, :huh) b", "b1"), (":where(#one) b", "b1"), ("p:has(> b)", "p2"), ("h2:has(+ p)", "h21"),
        ("div:has(a)", "div2"), ("html:has(~ p), li:has(~ .odd)", "li1 li2"), ("[title]", "p1"), ("[title='t x' i]", "p1"), ("[title='t x']", ""), ("[title~=x]", "p1"),
        ("[data-k|=book]", "li2"), ("[data-k=book-club]", "li2"), ("[href^=https], [href$='.pdf' I]", "a1 a1"), ("[href*=X\\.e]", ""), ("[href*='']", ""),
        ("[align=right]", "p4"), (".top", ""), (".Top", "body1"), ("#One", ""), (":lang(en) > h2", "h21"), (":lang('fr', de)", "li3"), ("p:lang(fr)", ""),
        ("li:dir(rtl):nth-child(1)", "li1"), ("h2:dir(ltr)", "h21"), ("lineargradient", "linearGradient1"), ("*", None), ("p:scope", ""), ("li:nth-child(n of .odd)", "li1 li3"),
        ("a:link", "a1"), (":any-link", "a1"), (":link", "a1"), ("b:link", ""), ("p:has(:link)", "p4"), ("p > :is(a:link, b)", "a1 b1"),
        ("div p:has(> b) ~ p", "p3"), ("html:has(> body > div > p b), div:has(h2 ~ p b):has(p), div:has(p):has(h2 ~ p b)", "div1 div1 html1"),
        (":is(h2, div > p):is(:has(> b), :not(:has(> b)))", "h21 p1 p2 p3 p4"), ("body :has(p b):not(p :has(b)), div div:has(p b)", "div1"), ("p:not(h2 ~ *)", "p4"), ("body :has(~ ul) > p + p", "p2 p3"), ("p:has(~ p):not(:has(+ .a))", "p2"),
    ],
)  # fmt: skip
def test_a_selector_matches_what_a_browser_matches(heads: str, names: str | None) -> None:
    found = matched(heads)
    assert {answer for _, answer in found} <= {2}
    assert names is None or sorted(name for name, _ in found) == sorted(names.split())


@pytest.mark.parametrize(
    "heads",
    [
        "h1, h2:unheard-of", "p >", "> p", "p > > b", "a:not()", "a:not(::before)", ":nth-child(x)", ":nth-of-type(1 of p)", ":nth-child(1 of )", ":nth-child(1 of p:huh)", "p:is(a", "[width=600]",
        "[a=", "p::before b", "p::-moz-thing", "::unknown(x)", ":unknown(x)", "svg|a", "", "p,", "}p", ".1a", "#", "p!", ":has()",
    ],
)  # fmt: skip
def test_a_malformed_or_unknown_selector_drops_the_whole_rule(heads: str) -> None:
    assert selectors(heads) == ()


@pytest.mark.parametrize(
    ("heads", "weight"),
    [
        ("#a p.b[c]:first-child", (1, 3, 1)), (":where(#a) p", (0, 0, 1)), (":is(#a, b) p", (1, 0, 1)), (":not(.a, #b)", (1, 0, 0)),
        ("li:nth-child(1 of #a, b)", (1, 1, 1)), ("p:has(> .a b)", (0, 1, 2)), ("p::before", (0, 0, 2)), ("p:hover", (0, 1, 1)), ("p::part(x)", (0, 0, 2)),
        ("#outlook a", (1, 0, 1)), ("[data-ogsc] .x", (0, 2, 0)), (":host(a)", (0, 1, 0)), ("p:only-child", (0, 1, 1)), ("*", (0, 0, 0)), ("a:before", (0, 0, 2)),
    ],
)  # fmt: skip
def test_a_selector_weighs_what_it_weighs_in_a_browser(heads: str, weight: tuple[int, int, int]) -> None:
    assert [one.weight for one in selectors(heads)] == [weight]


@pytest.mark.parametrize(
    ("heads", "names"),
    [
        ("p:hover", "p1 p2 p3 p4"), ("p:not(:hover).a", "p2"), ("[data-ogsc] .a", "div1 p2"), (".a[data-ogsb]", "div1 p2"), ("#outlook h2", "h21"),
        (".ExternalClass h2", "h21"), ("u + .Top h2", "h21"), ("a:is(:hover, .x)", "a1"), ("li:nth-child(1 of :hover)", "li1"), ("p:has(:focus)", "p2 p4"),
        ("[owa] + p.a", "p2"), ("a:visited", "a1"), ("a:not(:link)", "a1"), ("a:nth-child(1 of :link)", "a1"), ("p:has([owa] + b)", "p2"),
        ("p:has(+ [owa] ~ p)", "p1 p2 p3 p4"), ("html:has(+ [owa] + p)", "html1"),
    ],
)  # fmt: skip
def test_what_only_a_client_knows_is_matched_as_if_it_were_so(heads: str, names: str) -> None:
    assert all(one.is_wish for one in selectors(heads))
    assert [name for name, _ in matched(heads)] == names.split()


def test_what_stands_beside_the_letter_is_no_element_of_it() -> None:
    assert [one.is_beside for one in selectors("p::before, .ExternalClass, p:hover, .ReadMsgBody p")] == [
        True,
        True,
        False,
        False,
    ]
    own = hooks("<p class='gmail_quote' owa>")
    assert [one.is_wish for text in ("p.gmail_quote", "[owa] b", ".gmail_x b") for one in selectors(text, own)] == [
        False,
        False,
        True,
    ]


LOOP = "{% for i in x %}<p class=in>a</p>{% endfor %}"
BRANCH = "{% if v %}<p class=in>a</p>{% else %}<p class=other>b</p>{% endif %}"


@pytest.mark.parametrize(
    ("html", "heads", "answers"),
    [
        (f"<div>{LOOP}<p>b</p></div>", "p:first-child", [1, 1]),
        (f"<div>{LOOP}<p>b</p></div>", "p:last-child", [2]),
        (f"<div><p>b</p>{LOOP}</div>", "p:first-child", [2]),
        (f"<div><p>b</p>{LOOP}<p>c</p></div>", "p:nth-last-child(n + 2)", [1, 1]),
        (f"<div><p>b</p>{LOOP}</div>", "p:nth-child(-n + 1)", [2]),
        (f"<div><p>b</p>{LOOP}</div>", ".in ~ p", [1]),
        (f"<div><p>b</p>{LOOP}</div>", "p ~ .in", [2]),
        (f"<div><p>b</p>{LOOP}</div>", "p + .in", [1]),
        (f"<div><h1>b</h1>{LOOP}</div>", "b + .in", []),
        (f"<div><p>b</p>{BRANCH}</div>", "p + .in", [2]),
        (f"<div><p>b</p>{BRANCH}</div>", "p:nth-child(2)", [1, 2]),
        (f"<div><p>b</p>{BRANCH}</div>", "p:nth-child(0)", []),
        (f"<div><p>b</p>{BRANCH}</div>", "p:nth-child(1 of .other)", [2]),
        (f"<div>{BRANCH}</div>", "div:has(.in)", [1]),
        (f"<div>{BRANCH}<b></b></div>", "div:has(b)", [2]),
        (f"<div>{BRANCH}</div>", "div:empty", [1]),
        (f"<div>{BRANCH}<b>x</b></div>", "div:empty", []),
        ("<p>{{ x }}</p>", "p:empty", [1]),
        ("<p>{{ x }}</p>", "p:not(:empty)", [1]),
        ("<p class='{{ c }}'>", ".a", [1]),
        ("<p class='{{ c }}'>", "b.a, p:not(p)", []),
        ("<p class='a {{ c }}'>", ".a", [2]),
        ("<p class='{% if v %}a{% else %}a b{% endif %}'>", ".a", [2]),
        ("<p class='{% if v %}a{% endif %}'>", ".a", [1]),
        ("<p class='{% if v %}a{% endif %}'>", ".b", []),
        ("<p class='{% if v %}a{% elif w %}b{% else %}{% if u %}c{% endif %}{% endif %}'>", ".c", [1]),
        ("<p class='{% for i in x %}a {% endfor %}'>", ".b", [1]),
        ("<p {% if v %}class=a{% endif %}>", ".a", [1]),
        ("<p {% if v %}class=a{% endif %}>", ".b", []),
        ("<p {% if v %}class='{{ c }}'{% endif %}>", "[class]", [1]),
        ("<p {% if v %}class=a{% else %}class='a b'{% endif %}>", "[class~=a]", [1]),
        ("<p {% if v %}class=a{% endif %} class='a b'>", ".a", [2]),
        ("<p {% if v %}class=a{% endif %} class='{{ c }}'>", ".a", [1]),
        ("<p class=b {% if v %}title=a{% endif %}>", ".b", [2]),
        ("<p {% if v %}title=a{% endif %} class=b>", ".b", [2]),
        ("<p class=b {% if v %}class=a{% endif %}>", ".a", []),
        ("<p title='x{{ c }}y'>", "[title=xy]", [1]),
        ("<p title='x{{ c }}y'>", "[title=yx]", []),
        ("<p title='x{{ c }}y'>", "[title], [title*='']", [2]),
        ("<p title='x{{ c }}y'>", "[title=XY i]", [1]),
        ("<p id='x{{ c }}'>", "#xy", [1]),
        ("<p>", "p:lang(en)", []),
        ("<p id='x{{ c }}'>", "#y", []),
        ("<i class='{{ c }}'></i><i></i>", "i:nth-child(1 of .a)", [1]),
        ("<i class='{{ c }}'></i><i class=a></i>", "i:nth-child(1 of .a), i:nth-child(1 of .b)", [1, 1, 1]),
        ("<p {% if v %} class=a {% endif %}>", ".a", [1]),
        ("<p class='" + "{% if v %}a{% endif %}" * 7 + "'>", ".b", [1]),
        ("<div class='{{ c }}'><p>", ".a p", [1]),
        ("<div lang='{{ c }}' dir='{{ c }}'><p>", "p:lang(en), p:dir(rtl)", [1, 1]),
        ("<a {% if v %}href=x{% endif %}>", ":link", [1]),
        ("<a href='{{ x }}'>", ":link", [2]),
        ("<a><a href=''><area href=x><svg><a xlink:href=x></svg><a xlink:href=x>", ":link", [2, 2, 2]),
        (f"<div><b></b>{BRANCH}</div>", "b:has(+ p)", [1]),
        (f"<div>{LOOP}</div>", ".in:has(~ .in), .in:has(+ b)", [1]),
        ("<div><b></b>{% if v %}<i></i><i></i>{% endif %}</div>", "i:has(~ i), i:has(+ i), b:has(~ i)", [1, 2, 2]),
        ("<div>{% if v %}<i></i>{% endif %}<b></b></div>", "i:has(~ b), i:has(+ b)", [1, 1]),
        ("<div>{% if v %}<i></i>{% else %}<u></u>{% endif %}<b></b></div>", "b:nth-child(2), b:nth-child(3)", [1, 1]),
        ("{% with a = 1 %}<p>x</p>{% endwith %}<p>", "p:first-child", [2]),
    ],
)  # fmt: skip
def test_where_a_template_decides_the_answer_is_maybe(html: str, heads: str, answers: list[int]) -> None:
    assert sorted(answer for _, answer in matched(heads, f"<!DOCTYPE html>{html}")) == answers


@pytest.mark.parametrize(
    ("html", "is_tangled"),
    [
        (LOOP, False),
        (BRANCH, False),
        ("<table>{% for i in x %}<tr><td>a</td></tr>{% endfor %}</table>", False),
        ("<table>{% for i in x %}<td>a</td>{% endfor %}</table>", False),
        ("<table><tr><td>a</tr>{% if v %}<thead><tr></thead>{% endif %}<tr></table>", True),
        ("<p>{% if v %}<div>a</div>{% endif %}b</p>", True),
        ("{% if v %}<p><b>a</p>{% endif %}<p>c</p>", True),
        ("<p {% if v %}>a</p>{% endif %}", True),
        ("<!-- {% if v %} --><p><!-- {% endif %} -->", True),
        ("<!-- {% if v %}a{% endif %} -->", False),
        ("<{% if v %}b{% else %}i{% endif %}>", True),
        ("<p>a</p{% if v %}{% endif %}>", True),
        ("<div title='{% else %}'>", True),
        ("{% if v %}<p>", True),
    ],
)  # fmt: skip
def test_a_branch_that_does_not_hold_what_it_opens_is_found(html: str, is_tangled: bool) -> None:
    marks = Marks()
    marked = "".join(
        part if i % 2 == 0 else mark(marks, part) for i, part in enumerate(html.replace("%}", "{%").split("{%"))
    )
    assert grow(list(pieces(f"<!DOCTYPE html>{marked}")), marks).is_tangled == is_tangled


def mark(marks: Marks, body: str) -> str:
    """A statement, also one that Jinja alone would refuse where it stands."""
    from mailkit.compose.marks import Kind, Spot

    return marks.add(Kind.STATEMENT, body.strip(), Spot(part="html"))


@pytest.mark.parametrize(
    ("doctype", "is_quirky"),
    [
        ("", True),
        ("<!doctype html>", False),
        ("<!-- x --><!DOCTYPE HTML>", False),
        ("<p><!doctype html>", True),
        ("<!doctype mail>", True),
        ('<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">', False),
        ('<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01 Transitional//EN">', True),
        ('<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01 Transitional//EN" "http://www.w3.org/TR/html4/loose.dtd">', False),
        ('<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.0 Transitional//EN">', True),
        ('<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 3.2//EN">', True),
    ],
)  # fmt: skip
def test_in_a_document_of_1998_classes_and_ids_have_no_case(doctype: str, is_quirky: bool) -> None:
    html = f"{doctype}<i class=Big id=One>"
    assert bool(matched(".big", html)) == bool(matched("#one", html)) == is_quirky
    assert matched("i.Big#One", html)


def test_the_tree_is_the_one_that_browsers_build() -> None:
    html = "<p>a<table><tr><td>b<p>c</table></p><noscript><b>d</b></noscript><template><i>e</i></template><input type=hidden><xmp><u></xmp><br/>"
    grown = tree(f"<!DOCTYPE html><title><s></title><noscript><style></style></noscript>{html}")
    names = [one.name for one in grown.elements]
    assert names[:10] == ["html", "head", "title", "style", "body", "p", "table", "tbody", "tr", "td"]
    assert names[10:] == ["p", "p", "noscript", "b", "template", "input", "xmp", "br"]
    assert [one.probe is not None for one in grown.elements if one.name == "p"] == [False, False, True]
    assert repr(grown.elements[5]).startswith("<p (")


ROW = "<h2>h</h2>" + "<p class=a>x<b>y</b></p>" * 50


@pytest.mark.parametrize(
    "heads",
    [
        "h2 ~ p", "p + p", "p:nth-child(2n)", "p:last-child", "p:nth-of-type(3n)", "p:nth-last-child(n of .a)", "p:has(~ b)", "p:has(+ p)", "p:has(> b)",
        "body:has(p) p", "p:not(h2 ~ p)", "h2 ~ p ~ p ~ p", "h2 ~ p + p:nth-child(n of p ~ p)", "p:lang(en) ~ p b", ":is(p ~ p) b:only-child", "p:has(b) ~ :has(b) b",
    ],
)  # fmt: skip
def test_twice_as_many_siblings_take_twice_as_many_steps(heads: str) -> None:
    def steps(html: str) -> int:
        effort = Effort()
        index = Index(tree(html), effort)
        for one in selectors(heads):
            list(index.matches(one))
        return Effort().left - effort.left

    assert 1.5 < steps(ROW * 8) / steps(ROW * 4) < 2.1


def spent(heads: str, html: str) -> int:
    effort = Effort()
    for one in selectors(heads):
        list(Index(tree(html), effort).matches(one))
    return Effort().left - effort.left


@pytest.mark.parametrize("heads", ["p ~ p", "p + p", "p ~ p ~ .a b", "p:has(~ p)", "p:nth-child(n of p + p)"])
def test_so_it_is_where_loops_make_the_siblings(heads: str) -> None:
    row = "{% for i in x %}<p class=a>x<b>y</b></p>{% endfor %}" * 50
    assert spent(heads, row * 4) / spent(heads, row * 2) < 2.1


def test_a_parent_is_asked_once_for_all_its_children() -> None:
    family = "<div>" * 20 + "<p>x</p>" * 100
    assert spent("div > " * 12 + "p", family) / spent("div > " * 6 + "p", family) < 1.5


def test_a_selector_twice_as_long_takes_twice_as_many_steps() -> None:
    row = "{% for i in x %}<p>x</p>{% endfor %}" * 20
    assert spent(" ~ ".join(["p"] * 12), row) / spent(" ~ ".join(["p"] * 6), row) < 2.5


def test_what_stands_in_nested_elements_is_looked_for_once() -> None:
    deep = "<div>" * 100
    assert spent("div:has(i)", deep * 2) / spent("div:has(i)", deep) < 2.1


def test_what_stands_around_an_element_takes_no_more_steps_the_deeper_it_stands() -> None:
    effort = Effort()
    deep = tree("<div>" * 200 + "<p>x</p>" * 200)
    assert list(Index(deep, effort).matches(selectors("div div div div div b ~ p:not(div div i p)")[0])) == []
    assert Effort().left - effort.left < 20_000


def test_names_without_end_around_an_element_are_asked_one_by_one() -> None:
    html = "".join(f"<div class='a{number} b{number}'>" for number in range(120)) + "<p>"
    assert [len(matched(f".a{number} .b119 p", html)) for number in (0, 118, 119)] == [1, 1, 0]
    assert spent(".absent .b119 p", html) > 200 > spent(".absent .b119 p", html[-200:])


def test_a_tag_alone_may_match_by_its_own_name() -> None:
    grown = tree("<td class=x>").elements[-1]
    assert not may_match(selectors("b td.y")[0], grown)
    assert may_match(selectors("b *")[0], grown)
