"""A browser that judges letters by the computed style of every element.

How to think about it. Two documents look alike if every element of the one has the computed
style of its fellow in the other, in every surrounding that readers have. The root is set to
`display: none`, so nothing is laid out: percentages stay percentages, nothing loads, moves
or blinks, and two loads of one page agree. Only properties that one of the two documents
declares somewhere are read; the others follow from these, the element and its attributes.

The browser lives in a thread of its own: Playwright leaves an event loop running in the
thread that calls it, in which no other test could start one.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

_PROGRAMS: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_MISSING: Final = "there is no Chromium on the path; on Debian and Ubuntu: apt-get install chromium"
_SHOWN: Final = 12


class _Setting(NamedTuple):
    """A surrounding: its width, its colour scheme, for which sources it matters, and what is done to the documents."""

    width_px: int = 1000
    scheme: str = "light"
    only_for: str = ""
    before: str = ""


# A pseudo-class that always holds, of the same weight as `:hover`.
_AS_IF: Final = r"""(states) => {
    const state = new RegExp(':(' + states + ')(?![\\w-])', 'gi');
    for (const style of document.querySelectorAll('style'))
        style.textContent = style.textContent.replace(state, ':not(._)');
}"""
_MARK: Final = r"""() => {
    for (const element of [document.documentElement, document.body]) {
        for (const name of ['data-ogsc', 'data-ogsb', 'data-ogac', 'data-ogab', 'owa']) element.setAttribute(name, '');
        element.classList.add('moz-text-html', 'ExternalClass', 'ReadMsgBody');
    }
}"""
_SCHEMES: Final = "color-scheme|light-dark"
_CLIENTS: Final = r"\bowa\b|data-og|\.(?:moz-text-html|ExternalClass|ReadMsgBody)\b"
_SETTINGS: Final[Mapping[str, _Setting]] = {
    "desk": _Setting(),
    "phone": _Setting(width_px=375),
    "dark": _Setting(scheme="dark", only_for=_SCHEMES),
    "dark phone": _Setting(width_px=375, scheme="dark", only_for=_SCHEMES),
    # As if the mouse stood on every element; as if each were focused and active, too
    "hovered": _Setting(only_for=":hover", before=f"() => ({_AS_IF})('hover')"),
    "touched": _Setting(
        only_for=":(?:focus|active)", before=f"() => ({_AS_IF})('hover|focus|focus-within|focus-visible|active')"
    ),
    # With what clients put on letters: Outlook.com's dark mode, OWA, Thunderbird
    "marked": _Setting(only_for=_CLIENTS, before=_MARK),
}

# Answers come as JSON: Playwright's own way of handing over values is ten times slower.
# All longhands that style sheets and style attributes declare.
_DECLARED: Final = r"""() => {
    const root = document.documentElement;  // its attribute stays as written: rules may compare it
    root.setAttribute('style', `${root.getAttribute('style') ?? ''};display:none !important`);
    const found = new Set();
    const look = rule => {
        if (rule.style && !(rule instanceof CSSFontFaceRule)) for (const name of rule.style) found.add(name);
        if (rule.cssRules) for (const inner of rule.cssRules) look(inner);
    };
    for (const sheet of document.styleSheets) if (!sheet.href) look(sheet);  // nothing is fetched
    for (const element of document.querySelectorAll('[style]')) for (const name of element.style) found.add(name);
    return [...found].filter(name => !name.startsWith('--'));
}"""
_LOOKS: Final = r"""([names, pseudo]) => {
    const read = (element, part) => {
        const style = getComputedStyle(element, part);
        return names.map(name => style.getPropertyValue(name));
    };
    const depth = element => { let count = 0; while ((element = element.parentElement)) count++; return count; };
    const all = [document.documentElement, document.body, ...document.body.querySelectorAll('*:not(style)')];
    return JSON.stringify(all.map(element => [
        depth(element),
        element.localName,
        [element.localName, element.id && '#' + element.id, ...[...element.classList].map(one => '.' + one)].join(''),
        read(element, null),
        pseudo ? read(element, '::before') : [],
        pseudo ? read(element, '::after') : [],
    ]));
}"""
_SAYS: Final = r"""() => {
    const own = node => node.nodeType == 3 ? node.data : '';
    return JSON.stringify([document.body, ...document.body.querySelectorAll('*:not(style)')].map(element => [
        [...element.attributes].filter(one => one.name != 'style').map(one => [one.name, one.value]),
        [...element.childNodes].map(own).join(' ').replace(/\s+/g, ' ').trim(),
    ]));
}"""
# What is left of the source: rules outside of at-rules (but `@layer`, `@media all` and `screen`) that ask for no state.
_ONLY_UNCONDITIONAL: Final = r"""() => {
    const always = media => ['', 'all', 'screen'].includes(media.mediaText);
    const state = new RegExp('::|:(?:hover|active|focus|visited|not\\(:link|target|checked|(?:dis|en)abled|required|'
        + 'before|after|first-l)', 'i');
    const members = heads => {
        const found = [''];
        let depth = 0;
        for (const sign of heads.match(/\\.|"(?:\\.|[^"])*"|[^]/g) || []) {
            if ('(['.includes(sign)) depth++;
            if (')]'.includes(sign)) depth--;
            if (sign == ',' && !depth) found.push(''); else found[found.length - 1] += sign;
        }
        return found;
    };
    const prune = list => {
        for (let place = list.cssRules.length - 1; place >= 0; place--) {
            const rule = list.cssRules[place];
            if (rule instanceof CSSLayerStatementRule) continue;
            if (rule instanceof CSSLayerBlockRule || rule instanceof CSSMediaRule && always(rule.media)) prune(rule);
            else if (rule instanceof CSSStyleRule) {
                const heads = members(rule.selectorText).filter(head => !state.test(head));
                if (!heads.length) list.deleteRule(place);
                else { rule.selectorText = heads.join(','); prune(rule); }
            } else if (rule.constructor.name != 'CSSNestedDeclarations') list.deleteRule(place);
        }
    };
    for (const sheet of document.styleSheets) {
        if (sheet.href || !always(sheet.media)) sheet.disabled = true; else prune(sheet);
    }
}"""
_WITHOUT_STYLES: Final = "() => document.querySelectorAll('style').forEach(style => style.remove())"
_PSEUDO: Final = re.compile(r":(?:before|after)\b", re.IGNORECASE)


class Judge:
    """Compares documents in a browser. `run` does something with a page in the browser's own thread."""

    def __init__(self, run: Callable[..., Any]) -> None:
        self._run = run
        self._done: dict[tuple[str, str], Mapping[str, list[str]]] = {}

    def differences(self, source: str, finished: str, where: str) -> list[str]:
        """What looks different in the finished letter; nothing is best.

        Args:
            source: A document.
            finished: What was made of it.
            where: "desk", "phone" (375 px), "dark", "dark phone", "hovered", "touched", "marked" by
                clients, or "bare": without style elements, where the source keeps those rules that
                hold whatever the client and the reader do.
        """
        if (source, finished) not in self._done:
            self._done[source, finished] = self._run(_compared, source, finished)
        return self._done[source, finished][where]

    def evaluate(self, html: str, script: str, *, width_px: int = 1000, scheme: str = "light") -> Any:
        """What a script says of a document, laid out."""
        return self._run(_evaluated, html, script, width_px, scheme)

    def picture(self, html: str, *, is_visited: bool) -> bytes:
        """A document as it is painted, its links visited or not: what `getComputedStyle` says of them is no use."""
        return bytes(self._run(_painted, html, is_visited))

    def browse(self, work: Callable[[Any], Any]) -> Any:
        """What comes of doing something with the browser itself, in its own thread."""
        return self._run(lambda pages: work(pages[0].context.browser))


def _open(page: Page, html: str) -> None:
    page.goto("about:blank")  # or a `<meta name="color-scheme">` of the page before lives on
    page.set_content(html)


def _painted(pages: tuple[Page, Page], html: str, is_visited: bool) -> bytes:
    page = pages[0]
    page.set_viewport_size({"width": 300, "height": 120})
    page.emulate_media(color_scheme="light")
    _open(page, html)
    inspector = page.context.new_cdp_session(page)
    for domain in ("DOM", "CSS"):
        inspector.send(f"{domain}.enable")
    root = inspector.send("DOM.getDocument")["root"]["nodeId"]
    for link in inspector.send("DOM.querySelectorAll", {"nodeId": root, "selector": "a"})["nodeIds"]:
        forced = {"nodeId": link, "forcedPseudoClasses": ["visited"] * is_visited}
        inspector.send("CSS.forcePseudoState", forced)
    painted = page.screenshot()
    inspector.detach()
    return painted


def _evaluated(pages: tuple[Page, Page], html: str, script: str, width_px: int, scheme: Any) -> Any:
    page = pages[0]
    page.set_viewport_size({"width": width_px, "height": 800})
    page.emulate_media(color_scheme=scheme)
    _open(page, html)
    return page.evaluate(script)


def _compared(pages: tuple[Page, Page], source: str, finished: str) -> dict[str, list[str]]:
    documents = tuple(zip(pages, (source, finished), strict=True))
    names = _loaded(documents)
    asked = [names, bool(_PSEUDO.search(source))]
    said = [json.loads(page.evaluate(_SAYS)) for page in pages]
    found: dict[str, list[str]] = {}
    for where, setting in _SETTINGS.items():
        if not re.search(setting.only_for, source):
            found[where] = []
            continue
        if setting.before:
            _loaded(documents)
        looks = []
        for page in pages:
            page.set_viewport_size({"width": setting.width_px, "height": 800})
            page.emulate_media(color_scheme=setting.scheme)  # type: ignore[arg-type]
            if setting.before:
                page.evaluate(setting.before)
            looks.append(json.loads(page.evaluate(_LOOKS, asked)))
        found[where] = _told(names, *looks)
    found["desk"] += _told_apart(found["desk"], *said)
    _loaded(documents)
    for page, change in zip(pages, (_ONLY_UNCONDITIONAL, _WITHOUT_STYLES), strict=True):
        page.evaluate(change)
    found["bare"] = _told(names, *(json.loads(page.evaluate(_LOOKS, [names, False])) for page in pages))
    return found


def _loaded(documents: tuple[tuple[Page, str], ...]) -> list[str]:
    """Load documents afresh; the properties that they declare."""
    names: set[str] = set()
    for page, html in documents:
        page.set_viewport_size({"width": 1000, "height": 800})
        page.emulate_media(color_scheme="light")
        _open(page, html)
        names.update(page.evaluate(_DECLARED))
    return sorted(names)


def _told(names: list[str], wanted: list[Any], got: list[Any]) -> list[str]:
    """The differences in words; one that is inherited is told of the ancestor only."""
    shapes = [one[:2] for one in wanted], [one[:2] for one in got]
    if shapes[0] != shapes[1]:
        place = next((i for i, (a, b) in enumerate(zip(*shapes, strict=False)) if a != b), min(map(len, shapes)))
        return [f"another tree: element {place} is {shapes[1][place:][:1]} and not {shapes[0][place:][:1]}"]
    words: list[str] = []
    above: list[set[str]] = []
    for (depth, _, path, *looks), (_, _, _, *own) in zip(wanted, got, strict=True):
        here = set() if looks == own else _differing(names, looks, own)
        del above[depth:]
        words += [f"{path} has {what}" for what in sorted(here) if not any(what in one for one in above)]
        above.append(here)
    return words if len(words) <= _SHOWN else [*words[:_SHOWN], f"and {len(words) - _SHOWN} more"]


def _differing(names: list[str], looks: list[list[str]], own: list[list[str]]) -> set[str]:
    """What differs of an element and of what CSS makes before and after it."""
    words: set[str] = set()
    for part, wanted, got in zip(("", " (before)", " (after)"), looks, own, strict=True):
        pairs = {name: pair for name, *pair in zip(names, wanted, got, strict=False) if pair[0] != pair[1]}
        text = pairs.get("color")
        words |= {
            f"{name}{part}: {b} and not {a}"
            for name, (a, b) in pairs.items()
            if not (name.endswith("-color") and [a, b] == text)  # border-color follows color
        }
    return words


def _told_apart(found: list[str], wanted: list[Any], got: list[Any]) -> list[str]:
    """Attributes and text that were lost or changed; other attributes may be added."""
    if found and found[0].startswith("another tree"):
        return []
    words = []
    for (attributes, text), (own, own_text) in zip(wanted, got, strict=True):
        kept = dict(own)
        lost = [(given, value) for given, value in attributes if not _holds(kept.get(given), given, value)]
        words += [f"lost the attribute {given}={value!r}" for given, value in lost]
        words += [f"says {own_text!r} and not {text!r}"] if text != own_text else []
    return words[:_SHOWN]


def _holds(kept: str | None, name: str, value: str) -> bool:
    """Whether an attribute is what it was; inlining may add classes of its own."""
    if kept is None or name != "class":
        return kept == value
    return [word for word in kept.split() if not word.startswith("mk-")] == value.split()


@pytest.fixture(scope="session")
def judge() -> Iterator[Judge]:
    """A browser for the whole session; skips where there is none, but never in CI."""
    program = next(filter(None, map(shutil.which, _PROGRAMS)), None)
    if program is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(_MISSING)
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="browser") as thread:
        open_: list[Any] = []

        def begin() -> None:
            from playwright.sync_api import sync_playwright

            driver = sync_playwright().start()
            open_.append(driver)
            browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
            context = browser.new_context(offline=True, java_script_enabled=False)
            open_.extend((browser, (context.new_page(), context.new_page())))

        def end() -> None:
            if len(open_) > 1:
                open_[1].close()
            open_[0].stop()

        try:
            thread.submit(begin).result()
            yield Judge(lambda work, *arguments: thread.submit(work, open_[2], *arguments).result())
        finally:
            if open_:
                thread.submit(end).result()
