"""Letters of all kinds, inlined, looked at in a browser."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import combinations, product
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, get_args

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from mailkit import compose
from mailkit.compose import letters
from mailkit.compose.inlining import InlinerName
from mailkit.compose.properties import overlap, touches

if TYPE_CHECKING:
    from .conftest import Judge

NEWSLETTERS: Final = Path(__file__).parent / "newsletters"
LETTERS: Final = sorted(path.stem for path in NEWSLETTERS.glob("*.html"))
WITH_JINJA: Final = sorted(f"jinja/{path.stem}" for path in (NEWSLETTERS / "jinja").glob("*.html"))

PLACES: Final = ("desk", "phone", "dark", "dark phone", "hovered", "touched", "marked", "bare")

BACKENDS: Final = get_args(InlinerName)


@cache
def source(name: str) -> str:
    return (NEWSLETTERS / f"{name}.html").read_text(encoding="utf-8")


@cache
def compiled(name: str, backend: InlinerName) -> compose.Template:
    return compose.compile(source(name), subject="A letter", inliner=backend)


@cache
def inlined(name: str) -> str:
    return compose.inline(source(name))


every_newsletter = pytest.mark.parametrize("name", LETTERS)


@every_newsletter
def test_an_inlined_newsletter_looks_like_its_source_on_a_desk(judge: Judge, name: str) -> None:
    assert judge.differences(source(name), inlined(name), "desk") == []


@every_newsletter
def test_an_inlined_newsletter_looks_like_its_source_on_a_phone(judge: Judge, name: str) -> None:
    assert judge.differences(source(name), inlined(name), "phone") == []


@every_newsletter
@pytest.mark.parametrize("where", ["dark", "dark phone"])
def test_an_inlined_newsletter_looks_like_its_source_in_the_dark(judge: Judge, name: str, where: str) -> None:
    assert judge.differences(source(name), inlined(name), where) == []


@every_newsletter
@pytest.mark.parametrize("where", ["hovered", "touched"])
def test_an_inlined_newsletter_answers_the_mouse_as_its_source_does(judge: Judge, name: str, where: str) -> None:
    assert judge.differences(source(name), inlined(name), where) == []


@every_newsletter
def test_rules_for_one_client_still_win_there(judge: Judge, name: str) -> None:
    assert judge.differences(source(name), inlined(name), "marked") == []


@every_newsletter
def test_without_its_style_elements_a_newsletter_keeps_all_that_unconditional_rules_set(
    judge: Judge, name: str
) -> None:
    if name != "amp":  # an AMP letter's own style sheet hides it until AMP runs
        assert judge.differences(source(name), inlined(name), "bare") == []


def test_an_amp_letter_is_left_as_it_is() -> None:
    assert inlined("amp") == source("amp")


def test_an_element_that_browsers_make_two_of_keeps_its_rule_in_a_style_element(judge: Judge) -> None:
    # The `<i>` is one in the source and two in the browser, only one of them inside `<b>` (HTML, 13.2.6.4.7).
    html = "<style>b i { color: green }</style><p><b>except <i>the doctor</b> and the post</i>"
    done = compose.inline(html)
    assert judge.differences(html, done, "desk") == []
    assert "b i" in done


@pytest.mark.slow
@pytest.mark.parametrize("name", LETTERS)
def test_inlining_twice_changes_no_look(judge: Judge, name: str) -> None:
    once = inlined(name)
    twice = compose.inline(once)
    assert [judge.differences(source(name), twice, where) for where in ("desk", "phone", "dark")] == [[], [], []]


# --- Any style sheet at all ---------------------------------------------------------------------

# ruff: noqa: E501 - tables of snippets
PAGE: Final = """<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>t</title>%s</head>
<body class="a"><div id="one" class="a b"><p class="c" style="color: gray; margin: 3px 4px">x <b>y</b></p><p class="a c">z <a href="#u">u</a></p>
<ul class="b"><li class="c">1<li id="two" style="padding-left: 5px !important">2<li class="a">3</ul></div>
<table class="b" width="50%%" bgcolor="#eeeeee"><tr><td class="c" align="right">4</td><td id="three" style="border: 0; background: red">5</td></tr></table>
<p lang="fr" title="A b" style="font: 12px serif; COLOR: Teal;">6</p></body></html>"""
SELECTORS: Final = (
    "p", "td", "li", "*", "body", "html", "#one", "#two", "#three", ".a", ".b", ".c", ".a.b", "p.c", "div p", ".b > li", "p + p", "li ~ li",
    ":root", "p:first-child", "li:nth-child(2)", "li:nth-last-child(-n+2)", "li:not(.c)", ":not(#two)", "td:not(.c, #one)", ":is(p, #three)",
    ":where(#one) p", "div:has(> ul)", "[class~=c]", "[id^=t]", "p[title]", "[title='a B' i]", "td[align=RIGHT]", "[lang|=fr]", ":lang(fr)",
    "[style*='color: ']", "b:only-child", ":empty", "a", "a:link", "a:hover", "p:hover a", "li:hover", "td:focus", "li:not(:hover)", "p::before",
    "[data-ogsc] p", "[data-ogsc] .c", ".moz-text-html td", "p:unknown", "::-webkit-any", "body *", "div > *", "UL LI", ".A",
)  # fmt: skip
DECLARATIONS: Final = (
    "color: red", "color: blue", "color: green", "color: rgb(1 2 3 / 50%)", "color: inherit", "color: no-colour", "color: var(--x)", "--x: navy",
    "--x: ", "margin: 1px", "margin: 2px auto", "margin-left: 7px", "margin-left: 10%", "margin-inline: 6px", "padding: 0", "padding: 4px 8px",
    "padding-left: 9px", "padding-inline-start: 11px", "border: 1px solid", "border: 0", "border-top: 2px dotted lime", "border-color: gold",
    "border-left-width: thick", "font: bold 14px/1.2 Arial", "font-size: 20px", "font-size: 1.5em", "font-weight: 400", "font-family: 'A;B', serif",
    "line-height: 2", "background: yellow", "background: url('data:,a;b') no-repeat", "background-color: pink", "background: linear-gradient(red, blue)",
    "background-image: none", "display: none", "display: inline-block", "display: flexbox-x", "width: calc(100% - 4px)", "width: 100", "text-align: center",
    "text-decoration: underline red", "text-decoration-line: none", "content: '}'", "all: unset", "all: initial", "list-style: square",
    "list-style-type: disc", "overflow: hidden", "flex: 1", "inset: 0", "mso-hide: all", "color:", "opacity: .5", "border-radius: 3px 4px",
)  # fmt: skip
AROUND: Final = (
    "%s", "%s", "%s", "%s", "@media (max-width: 400px) { %s }", "@media only screen and (max-width: 600px) { %s }", "@media screen { %s }",
    "@media all { %s }", "@media print { %s }", "@media (prefers-color-scheme: dark) { %s }", "@supports (display: grid) { %s }",
    "@supports (display: x) { %s }", "@layer one { %s }", "@layer two { %s }", "@media (min-width: 900px) { @media screen { %s } }",
    ".a { %s }", ".a { & %s }", "/* } */ %s", "@unknown { %s }",
)  # fmt: skip


def any_sheets(
    around: Sequence[str], selectors: Sequence[str], declarations: Sequence[str], most: int
) -> st.SearchStrategy[list[str]]:
    said = st.tuples(st.sampled_from(declarations), st.sampled_from(["", "", "", " !important"])).map("".join)
    rule = st.builds(
        lambda around, heads, body: around % f"{', '.join(heads)} {{ {'; '.join(body)} }}",
        st.sampled_from(around),
        st.lists(st.sampled_from(selectors), min_size=1, max_size=3),
        st.lists(said, min_size=1, max_size=4),
    )
    return st.lists(st.lists(rule, min_size=1, max_size=most).map("\n".join), min_size=1, max_size=2)


# Few things said in many ways, so that much clashes.
FEW: Final = any_sheets(
    (
        "%s", "%s", "%s", "@media (max-width: 400px) { %s }", "@media only screen and (max-width: 600px) { %s }", "@layer one { %s }",
        "@media (prefers-color-scheme: dark) { %s }", "@layer two { %s }", "@media (max-width: 400px) { @layer one { %s } }",
    ),
    ("p", "li", "*", "#two", ".c", "p.c", "[id^=t]", "li:hover", ":not(#two)", "body li", "td"),
    ("color: red", "color: blue", "color: inherit", "all: unset", "margin: 1px", "margin-left: 7px", "margin-inline: 6px", "border: 0"),
    7,
)  # fmt: skip
sheets = any_sheets(AROUND, SELECTORS, DECLARATIONS, 5) | FEW

SEARCHED: Final = int(os.environ.get("MAILKIT_SEARCH", "0"))
"""How many style sheets nobody has seen are tried; without it the same ones each time. Another `--hypothesis-seed`
tries others."""


@pytest.mark.parametrize(
    "css",
    [
        # What was made important beats what was: on elements that it would not have to beat at all, and with more weight.
        "p { color: red } @media (max-width: 400px) { #two { color: blue } }"
        " @media (max-width: 400px) { [id^=t] { color: red !important } }",
        # The same where the one that was stands in a layer.
        "p { color: red } @media (max-width: 400px) { p { all: unset } } @layer one { p { color: red !important } }",
        # An element whose rules must stand apart, and that has no tag in the source.
        ":not(#two) { color: red } @media (max-width: 600px) { :not(#two) { color: red } } * { color: red; all: unset !important }"
        " @media (max-width: 400px) { * { color: blue } }",
    ],
)
def test_inlining_changes_no_look(judge: Judge, css: str) -> None:
    assert changed(judge, PAGE % f"<style>{css}</style>") == {}


@pytest.mark.slow
@settings(max_examples=SEARCHED or 60, derandomize=not SEARCHED, deadline=None)
@given(sheets)
def test_whatever_the_style_sheet_says_inlining_changes_no_look_or_tells_it(judge: Judge, css: list[str]) -> None:
    html = PAGE % "".join(f"<style>{one}</style>" for one in css)
    findings = {finding.code for finding in compose.compile(html, subject="s").findings}
    if told := findings & {"compose.weak-media", "compose.unsettled-layers"}:
        event(f"told: {told}")
    else:
        assert changed(judge, html) == {}


@pytest.mark.parametrize(
    "css",
    [
        "a:link { color: red } a:visited { color: blue }",
        "a:visited { color: blue } a:link { color: red }",
        "a:visited { color: blue } p a:link { color: red !important; font-size: 30px }",
        "a:visited { color: blue } p > a[href][href] { color: green } p > a[href]:link { color: lime }",
        "a { color: gray } a:link { color: red } a.b:link { color: lime } a:visited { color: blue }"
        " @media (min-width: 1px) { a { color: black } a:link { color: navy } }",
        "a:visited { background-color: yellow } a:link { background: pink } a:link i { color: red } a:visited i { color: green }",
        "@layer one { a:visited { color: blue } } @layer two { a:link { color: red } }",
    ],
)
def test_visited_links_are_painted_as_before(judge: Judge, css: str) -> None:
    html = f"<!DOCTYPE html><style>{css}</style><body><p style='font: 20px serif'><a class=b href=http://x.example/>x <i>y</i></a>"
    done = compose.inline(html)
    assert '<a style="' in done
    visited, fresh = (judge.picture(html, is_visited=is_visited) for is_visited in (True, False))
    assert visited != fresh
    assert judge.picture(done, is_visited=True) == visited
    assert judge.picture(done, is_visited=False) == fresh


def changed(judge: Judge, html: str) -> dict[str, list[str]]:
    """What looks different once a page is inlined."""
    done = compose.inline(html)
    return {where: words for where in PLACES if (words := judge.differences(html, done, where))}


# The longhands that each property sets that the browser knows; logical ones by the physical ones they may become.
_LONGHANDS: Final = r"""() => {
    const own = new Set(getComputedStyle(document.body));
    for (const name in document.body.style)
        own.add(name.replace(/[A-Z]/g, one => '-' + one.toLowerCase()).replace(/^(webkit|epub)-/, '-$1-'));
    const sides = ['top', 'right', 'bottom', 'left'], corners = ['top-left', 'top-right', 'bottom-right', 'bottom-left'];
    const physical = name => {
        const side = /^((?:scroll-)?(?:margin|padding)|inset|border)-(?:inline|block)-(?:start|end)(.*)$/.exec(name);
        if (side) return sides.map(one => side[1] == 'inset' ? one : `${side[1]}-${one}${side[2]}`);
        const corner = /^border-(?:start|end)-(?:start|end)-radius$/.test(name);
        if (corner) return corners.map(one => `border-${one}-radius`);
        const size = /^(.*?)(?:inline|block)-size$/.exec(name);
        return size ? [size[1] + 'width', size[1] + 'height'] : [name];
    };
    const probe = document.createElement('i');
    return Object.fromEntries([...own].filter(name => name != 'all' && CSS.supports(name, 'inherit')).map(name => {
        probe.style.cssText = `${name}: inherit`;
        return [name, [...probe.style].flatMap(physical)];
    }));
}"""


def test_what_a_browser_sets_together_is_known_to_overlap(judge: Judge) -> None:
    longhands: dict[str, list[str]] = judge.evaluate("<p>x", _LONGHANDS)
    names_of: dict[str, set[str]] = {}
    for name, parts in longhands.items():
        for part in parts:
            names_of.setdefault(part, set()).add(name)
    assert len(longhands) > 400
    unknown = {
        pair
        for names in names_of.values()
        for pair in combinations(sorted(names), 2)
        if not overlap(*map(touches, pair))
    }
    assert len(unknown) < 10, unknown  # a newer browser may know a family that this release does not


# --- Jinja ----------------------------------------------------------------------------------


def records(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((NEWSLETTERS / f"{name}.json").read_text(encoding="utf-8"))
    return found


def rendered(name: str, record: Mapping[str, Any]) -> str:
    from jinja2 import Environment, StrictUndefined

    jinja = Environment(autoescape=True, undefined=StrictUndefined)
    return jinja.from_string(source(name)).render(**record)


@pytest.mark.parametrize(("name", "backend"), list(product(WITH_JINJA, BACKENDS)))
@pytest.mark.parametrize("where", ["desk", "phone", "dark", "hovered", "marked", "bare"])
def test_a_template_inlined_before_it_is_rendered_looks_like_one_inlined_after(
    judge: Judge, name: str, backend: InlinerName, where: str
) -> None:
    for record in records(name):
        plain = rendered(name, record)
        assert judge.differences(plain, compiled(name, backend).render(record).html, where) == []
        assert judge.differences(plain, compose.inline(plain), where) == []


# --- Ready letters --------------------------------------------------------------------

READY: Final = sorted(
    name for name in letters.__all__ if name in vars(letters) and name.islower() and not name.startswith("sample")
)
_OVERHANG: Final = "() => document.scrollingElement.scrollWidth - document.documentElement.clientWidth"
# Each piece of text that can be seen, with its contrast (WCAG 2.2, 1.4.3), where it is below 4.5.
_PALE_TEXT: Final = r"""() => {
    const pen = Object.assign(document.createElement('canvas'), {width: 1, height: 1}).getContext('2d');
    const paint = colours => {
        pen.clearRect(0, 0, 1, 1);
        for (const colour of colours) { pen.fillStyle = colour; pen.fillRect(0, 0, 1, 1); }
        return [...pen.getImageData(0, 0, 1, 1).data].slice(0, 3);
    };
    const light = colour => {
        const [red, green, blue] = paint(colour).map(part => {
            const share = part / 255;
            return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    const canvas = document.body.appendChild(document.createElement('i'));
    canvas.style.color = 'Canvas';
    const paper = getComputedStyle(canvas).color;
    canvas.remove();
    const pale = [];
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) {
        const text = walk.currentNode.data.trim(), element = walk.currentNode.parentElement;
        const seen = element.checkVisibility({opacityProperty: true, visibilityProperty: true});
        const is_empty = !text.replace(/[\s\u034f\u00ad\u200b-\u200f\ufeff]/g, '');
        if (is_empty || !seen || element.localName == 'style') continue;
        const behind = [];
        for (let one = element; one; one = one.parentElement) behind.unshift(getComputedStyle(one).backgroundColor);
        const below = light([paper, ...behind]);
        const above = light([paper, ...behind, getComputedStyle(element).color]);
        const contrast = (Math.max(above, below) + 0.05) / (Math.min(above, below) + 0.05);
        if (contrast < 4.5) pale.push(`${text.slice(0, 40)}: ${contrast.toFixed(2)}`);
    }
    return pale;
}"""


@cache
def ready(name: str, lang: str) -> str:
    letter = getattr(letters, name)(letters.sample_brand(lang), lang=lang)
    return compose.compile(letter).render(letters.sample(lang)).html


every_ready_letter = pytest.mark.parametrize(
    ("name", "lang"), [(name, lang) for name in READY for lang in ("en", "ru")]
)


@pytest.mark.slow
@every_ready_letter
def test_nobody_scrolls_a_ready_letter_sideways(judge: Judge, name: str, lang: str) -> None:
    widths = (320, 375, 600, 1000)
    assert [judge.evaluate(ready(name, lang), _OVERHANG, width_px=width_px) for width_px in widths] == [0, 0, 0, 0]


@pytest.mark.slow
@every_ready_letter
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_words_of_a_ready_letter_can_be_read(judge: Judge, name: str, lang: str, scheme: str) -> None:
    assert judge.evaluate(ready(name, lang), _PALE_TEXT, scheme=scheme) == []


# --- The judge itself ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["clashes", "modern", "interactive"])
def test_a_letter_looks_like_itself(judge: Judge, name: str) -> None:
    assert [judge.differences(source(name), source(name), where) for where in ("desk", "dark phone", "touched")] == [
        [],
        [],
        [],
    ]


@pytest.mark.parametrize(
    ("css", "where"),
    [
        ("p { color: red }", "desk"),
        ("p::before { content: 'x' }", "desk"),
        ("@media (max-width: 400px) { p { color: red } }", "phone"),
        ("@media (prefers-color-scheme: dark) { p { color: red } }", "dark"),
        ("p:hover { color: red }", "hovered"),
        ("p:focus { color: red }", "touched"),
        ("[data-ogsc] p { color: red }", "marked"),
        ("p { color: red }", "bare"),
        ("p:hover, p { color: red }", "bare"),
        ("@media screen { p { color: red } }", "bare"),
    ],
)
def test_the_judge_sees_a_rule_that_was_lost(judge: Judge, css: str, where: str) -> None:
    lost = judge.differences(f"<style>{css}</style><p>x</p>", "<style></style><p>x</p>", where)
    assert len(lost) == 1


@pytest.mark.parametrize(
    "css", ["p:hover { color: red }", "@media print { p { color: red } }", "p::before { color: red }"]
)
def test_the_judge_asks_no_rule_of_a_bare_letter_that_cannot_be_inlined(judge: Judge, css: str) -> None:
    assert judge.differences(f"<style>{css}</style><p>x</p>", "<p>x</p>", "bare") == []


@pytest.mark.parametrize("finished", ["<p>y</p>", "<p>x</p><p></p>", "<div>x</div>", "<p>x</p>y"])
def test_the_judge_sees_elements_and_text_that_were_lost(judge: Judge, finished: str) -> None:
    assert judge.differences("<p>x</p>", finished, "desk") != []


def test_the_judge_measures_what_is_too_wide_or_too_pale(judge: Judge) -> None:
    assert judge.evaluate("<p style='width: 500px'>x</p>", _OVERHANG, width_px=375) > 100
    assert judge.evaluate("<body style='background: #fff'><p style='color: #aaa'>pale</p>", _PALE_TEXT) == [
        "pale: 2.32"
    ]
    assert judge.evaluate(
        "<meta name=color-scheme content=dark><p style='color: #333'>x</p>", _PALE_TEXT, scheme="dark"
    )
