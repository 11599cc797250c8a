"""CSS moved from `<style>` elements into `style` attributes, in the letter's own source.

How to think about it. Nothing is written anew: the pieces of the source stay, but for the
start tags that get a `style` attribute and the style sheets that lose a rule. So doctype,
white space, conditional comments, VML and Jinja come through as they were.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from hashlib import blake2s
from typing import Final

import attrs

from mailkit.compose.assigning import assign
from mailkit.compose.cascade import Look, Wish, settle
from mailkit.compose.certainty import only_in_values, reasons
from mailkit.compose.css import Declaration, declarations
from mailkit.compose.declaring import Rule, Source
from mailkit.compose.effort import Effort, Exhausted
from mailkit.compose.hooks import hooks
from mailkit.compose.marks import MARK, Marks
from mailkit.compose.markup import Piece, PieceKind, attributes, replaced
from mailkit.compose.outlook import style_for_outlook
from mailkit.compose.selectors import Empty, Has, Matches, Nth
from mailkit.compose.sheets import apart, edited, has_layers
from mailkit.compose.single import holds
from mailkit.compose.stylesheets import Styles, is_always, read
from mailkit.compose.tags import attribute, closed, joined, styled, with_attribute
from mailkit.compose.tree import Element, Tree, body_start, grow
from mailkit.compose.varying import may_lack
from mailkit.errors import TemplateError

__all__ = ["Doubts", "Moved", "move"]

Doubts = Callable[[Sequence[Piece], Mapping[Rule, frozenset[int]]], Sequence[Rule]]
"""Says which rules another inliner holds to be for other start tags than these."""

_SHOWN: Final = 3
_WEIGHED: Final = "template tags decide whether a rule in <style> wins over what stands beside it"
_LEFT_OUT: Final = frozenset({"html", "body", "p", "tbody", "tr", "colgroup"})
_AMP: Final = frozenset({"⚡4email", "amp4email", "⚡", "amp"})


@attrs.frozen(kw_only=True)
class Moved:
    """What came of it.

    Attributes:
        html: The HTML with its marks.
        reasons: Why this may be wrong for some readers; empty if it is right for all.
        doubted: The rules that another inliner holds to be for other elements.
        lost: The rules that win or lose where they did not before.
        unsettled: The layer for which nothing was moved, as clients differ on the order of layers; else empty.
        stuck: The rules that hold for all readers, and yet only work in a `<style>`.
    """

    html: str
    reasons: tuple[str, ...] = ()
    doubted: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    unsettled: str = ""
    stuck: tuple[str, ...] = ()


def move(pieces: Sequence[Piece], marks: Marks | None, doubts: Doubts | None = None) -> Moved | None:
    """Move a letter's CSS; None if there is nothing to move.

    Args:
        pieces: The letter.
        marks: The tags of its template; None for a finished letter.
        doubts: Another inliner's opinion.

    Raises:
        TemplateError: It has far more elements or rules than letters have.
    """
    sheets = dict(_sheets(pieces))
    if not sheets or not read(tuple(sheets.values())).fixed or _is_amp(pieces):
        return None
    tree = grow(pieces, marks)
    seen = {number for element in tree.elements for number in element.numbers}
    sheets = {place: source for place, source in sheets.items() if place - 1 in seen}
    styles = read(tuple(sheets.values()), _own_hooks(pieces, sheets.values()))
    if not styles.fixed:
        return None
    if styles.unsettled:
        return Moved(html="".join(piece.text for piece in pieces), unsettled=styles.unsettled)
    return _Mover(pieces, marks, tree, sheets, styles, Effort()).moved(doubts)


def _own_hooks(pieces: Sequence[Piece], sheets: Iterable[Source]) -> frozenset[str]:
    """The clients' names that both the rules and the letter itself have."""
    named = hooks(" ".join(sheet.css for sheet in sheets))
    return named and named & hooks(" ".join(one.text for one in pieces if one.kind is PieceKind.OPEN))


def _is_amp(pieces: Sequence[Piece]) -> bool:
    """Whether it is an AMP document, in which `style` attributes and styles have rules of their own."""
    tags = (one for one in pieces if one.kind is PieceKind.OPEN and one.name == "html")
    return any(given.name in _AMP for tag in tags for given in attributes(tag.text))


def _sheets(pieces: Sequence[Piece]) -> Iterator[tuple[int, Source]]:
    line, counted = 1, 0
    for place, piece in enumerate(pieces):
        if piece.kind is PieceKind.RAW and piece.name == "style":
            given = {one.name: one.value for one in reversed(attributes(pieces[place - 1].text))}
            if given.get("type", "").strip().lower() in ("", "text/css"):
                line += sum(one.text.count("\n") for one in pieces[counted:place])
                counted = place
                yield place, Source(piece.text, given.get("media", ""), line)


class _Mover:
    def __init__(
        self,
        pieces: Sequence[Piece],
        marks: Marks | None,
        tree: Tree,
        sheets: Mapping[int, Source],
        styles: Styles,
        effort: Effort,
    ) -> None:
        self._pieces, self._marks, self._tree = pieces, marks, tree
        self._sheets, self._styles, self._effort = sheets, styles, effort
        self._out = [piece.text for piece in pieces]
        self._reasons: dict[str, None] = {}
        self._lost: dict[Rule, None] = {}
        self._declarations: dict[str, tuple[Declaration, ...] | None] = {}
        self._looks: dict[object, Look] = {}
        self._added: dict[int, list[str]] = {}
        self._apart: dict[str, None] = {}
        self._layers: dict[str, None] = {}
        compared = [(rule, test) for rule in styles.wishes for test in rule.selector.compared]
        self._about_style = [(rule, test) for rule, test in compared if test.name == "style"]
        self._about_class = {test.operator for _, test in compared if test.name == "class"}

    def moved(self, doubts: Doubts | None) -> Moved:
        found = assign(self._tree, self._styles, tuple(self._sheets.values()), self._effort)
        self._lost.update(dict.fromkeys(found.torn))
        doubted = tuple(dict.fromkeys(self._doubted(doubts, found.matched))) if doubts else ()
        if self._marks is not None:
            found_reasons = reasons(self._pieces, self._marks, self._tree, self._sheets, self._styles)
            self._reasons.update(dict.fromkeys(found_reasons))
        for element, fixed, wishes in found:
            self._settle(element, fixed, wishes)
        self._write_sheets(set(self._styles.fixed) - found.torn.keys())
        if found.depending:
            depending = list(dict.fromkeys(repr(rule.selector.text) for rule in found.depending))
            names = ", ".join(depending[:_SHOWN]) + (" …" if len(depending) > _SHOWN else "")
            self._reasons[f"template tags decide what these selectors match: {names}"] = None
        return Moved(
            html="".join("".join(self._added.get(i, ())) + text for i, text in enumerate([*self._out, ""])),
            reasons=tuple(self._reasons),
            doubted=doubted,
            lost=tuple(dict.fromkeys(_shown(rule) for rule in self._lost)),
            stuck=tuple(dict.fromkeys(map(_shown, found.stuck))),
        )

    def _doubted(self, doubts: Doubts, found: Mapping[Element, list[Rule]]) -> Iterator[str]:
        tags = (one.text for one in self._pieces if one.kind is PieceKind.OPEN)
        with_jinja = (one for tag in tags for one in attributes(tag) if MARK.search(one.name + one.value))
        written = {MARK.sub("", one.name) for one in with_jinja}
        matched: dict[Rule, set[int]] = {
            rule: set()
            for rule in self._styles.fixed
            if rule.selector.is_plain and rule.selector.is_named and rule.selector.asked.isdisjoint(written)
        }
        for element, rules in found.items():
            for rule in rules:
                if rule in matched:
                    matched[rule].update(element.numbers)
        return map(_shown, doubts(self._pieces, {rule: frozenset(places) for rule, places in matched.items()}))

    def _settle(self, element: Element, fixed: tuple[Rule, ...], wishes: tuple[Wish, ...]) -> None:
        """Write one element's `style` attribute."""
        place = self._tag_of(element)
        tag = self._pieces[place].text if place is not None else ""
        given = attribute(tag, "style")
        is_unsure = given is not None and self._marks is not None and may_lack(tag, given)
        written = given.value if given else ""
        author = None if is_unsure else self._declared(written)
        key = (fixed, wishes, written, author is None)
        try:
            self._effort.spend(1 + len(self._about_style))
            look = self._looks.get(key) or settle(fixed, author, wishes, self._styles.raised, self._effort)
        except Exhausted as error:
            line = 1 + sum(one.text.count("\n") for one in self._pieces[:place])
            reason = "too many rules set the same for one element"
            raise TemplateError(reason, template="html", line=line, excerpt=tag[:120]) from error
        self._looks[key] = look
        if look.depends or (is_unsure and look != Look()):
            self._reasons[_WEIGHED] = None
        if place is None and element.name not in _LEFT_OUT:
            return
        written_tag = self._out[place] if place is not None else f"<{element.name}>"
        tag = self._named(written_tag, look) if look.apart else written_tag
        if look.before or look.important or look.after:
            style = joined(look, written)
            self._lost.update(
                (rule, None)
                for rule, test in self._about_style
                if (given is not None and holds(test, written)) != holds(test, style)
            )
            tag = styled(tag, attribute(tag, "style"), style)
        if place is not None:
            self._out[place] = tag
        elif tag != written_tag:
            self._add_tag(element, tag, fixed)

    def _named(self, tag: str, look: Look) -> str:
        """A start tag with a name of its own, for which rules are written."""
        said = repr([(rule.conditions, rule.selector.text, text) for rule, text in look.apart])
        name = f"mk-{blake2s(said.encode('utf-8', 'replace'), digest_size=4).hexdigest()}"
        given = attribute(tag, "class")
        is_class = self._about_class <= ({"~=", "*="} if given is None else {"", "~=", "*="})
        css = apart(look.apart, f".{name}" if is_class else f'[data-mk="{name}"]', name)
        is_in_layer = any(rule.is_layered for rule, _ in look.apart)
        is_unsure = given is not None and may_lack(tag, given)
        if self._marks is not None and (is_unsure or MARK.search(css)):
            self._reasons[_WEIGHED] = None
        elif not css or (is_in_layer and not is_always(next(iter(self._sheets.values())))):
            self._lost.update((rule, None) for rule, _ in look.apart)
        else:
            self._apart.setdefault(css)
            if is_in_layer:
                self._layers.setdefault(name)
            if given is None or not is_class:
                return with_attribute(tag, "class" if is_class else "data-mk", name)
            return replaced(tag, [(given, f"{given.value} {name}".strip())])
        return tag

    def _declared(self, style: str) -> tuple[Declaration, ...] | None:
        """The author's declarations; None if only Jinja knows them."""
        if style not in self._declarations:
            text = closed(style)
            found = declarations(text)
            is_known = self._marks is None or only_in_values(text, found, self._marks)
            self._declarations[style] = found if is_known else None
        return self._declarations[style]

    def _tag_of(self, element: Element) -> int | None:
        """The place of the start tag that says an element's style: a second `<body>` adds to the first."""
        for number in element.numbers:
            if attribute(self._pieces[number].text, "style"):
                return number
        return element.numbers[0] if element.numbers else None

    def _add_tag(self, element: Element, tag: str, fixed: tuple[Rule, ...]) -> None:
        """Write a start tag that the source leaves out, where its place can be told."""
        ways = self._tree.ways
        if element.name == "html":
            place = next((i for i, one in enumerate(self._pieces) if one.kind is PieceKind.OPEN), 0)
        elif element.name == "body":
            place = body_start(self._pieces)
        else:
            inside = element.probe if element.probe is not None else _first_inside(element)
            if inside is None:  # a stray `</p>` in a table makes an empty `<p>` elsewhere
                self._lost.update((rule, None) for rule in fixed)
                return
            place = inside
        while place and len(ways.get(place, ())) > len(element.way):
            place -= 1
        self._added.setdefault(place, []).insert(0, tag)

    def _write_sheets(self, placed: set[Rule]) -> None:
        looks_around = any(_looks_around(rule) for rule in self._styles.wishes)
        elements = {number: one for one in self._tree.elements for number in one.numbers}
        heads = [place for place in self._sheets if _is_in_head(elements[place - 1])]
        # Outlook knows no layers
        outlook = style_for_outlook(self._pieces, [rule for rule in self._styles.fixed if not rule.is_layered])
        if outlook:
            self._added.setdefault(max(heads or self._sheets) + 2, []).append(outlook)
        keeps_layers = has_layers(self._styles, placed)
        first = min(self._sheets) if self._layers else -1
        last = max(place for place, source in self._sheets.items() if is_always(source))  # fixed rules are in such
        for (place, source), blocks in zip(self._sheets.items(), self._styles.blocks, strict=True):
            left = edited(source.css, blocks, self._styles, placed, keeps_layers=keeps_layers)
            if place == last:
                left = "\n".join(filter(None, (left.rstrip(), "".join(self._apart))))
            if place == first:
                left = f"@layer {', '.join(self._layers)};\n{left}"
            self._out[place] = left
            if left or (looks_around and not _is_in_head(elements[place - 1])):
                continue
            self._out[place - 1] = ""
            if place + 1 < len(self._out) and self._pieces[place + 1].name == "style":
                self._out[place + 1] = ""


def _first_inside(element: Element) -> int | None:
    """The place of the first start tag in an element that the browser adds around it; None if it is empty."""
    while not element.numbers:
        if not element.children:
            return None
        element = element.children[0]
    return element.numbers[0]


def _is_in_head(element: Element) -> bool:
    return element.parent is None or element.parent.name in ("head", "html")


def _looks_around(rule: Rule) -> bool:
    return any(
        compound.left in ("+", "~") or any(isinstance(test, Nth | Has | Empty | Matches) for test in compound.tests)
        for compound in rule.selector.compounds
    )


def _shown(rule: Rule) -> str:
    return rule.selector.text if len(rule.selector.text) <= 80 else f"{rule.selector.text[:77]}…"
