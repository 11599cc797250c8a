"""What is left of a style sheet once its fixed rules stand in `style` attributes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence, Set
from typing import Final

from mailkit.compose.css import Block, Declaration, bare, members
from mailkit.compose.declaring import Rule
from mailkit.compose.selectors import Root, Tag
from mailkit.compose.stylesheets import GROUPS, Styles

__all__ = ["apart", "edited", "has_layers", "is_for_root"]

_BLANK_LINES: Final = re.compile(r"\s*\n\s*\n\s*")
_NOTHING: Final = re.compile(r"(?:\s|<!--|-->)*")

Edit = tuple[int, int, str]


def has_layers(styles: Styles, placed: Set[Rule]) -> bool:
    """Whether something stays in layers, so that their order must be kept."""
    rules = (rule for ones in styles.selectors.values() for rule in ones)
    if any(rule.is_layered and (rule not in placed or is_for_root(rule)) for rule in rules):
        return True
    return any(_is_for_layers(block, is_inside=False) for blocks in styles.blocks for block in blocks)


def _is_for_layers(block: Block, *, is_inside: bool) -> bool:
    """Whether it imports something, or is an at-rule such as `@keyframes` in a layer."""
    if block.at == "import" or (is_inside and block.at and block.at not in GROUPS):
        return True
    is_inside = is_inside or block.at == "layer"
    return any(_is_for_layers(inner, is_inside=is_inside) for inner in block.items if isinstance(inner, Block))


def edited(css: str, blocks: tuple[Block, ...], styles: Styles, placed: Set[Rule], *, keeps_layers: bool) -> str:
    """A style sheet without the rules that were placed, and with wishes as important as they must be.

    Nothing but blanks and HTML's comment signs counts as empty, and is given back as "".
    """
    editor = _Editor(css, styles, placed, keeps_layers=keeps_layers)
    edits = [edit for block in blocks for edit in editor.edits(block)]
    parts: list[str] = []
    done = 0
    for start, end, text in sorted(edits, key=lambda edit: edit[:2]):
        parts += (css[done:start], text)
        done = end
    left = _BLANK_LINES.sub("\n", bare("".join((*parts, css[done:]))))
    return "" if _NOTHING.fullmatch(left) else left


def is_for_root(rule: Rule) -> bool:
    """Whether a rule is about the document itself: clients look for its colour scheme in the `<style>`."""
    return any(test in (Root(), Tag("html")) for test in rule.selector.tests)


def apart(rules: Sequence[tuple[Rule, str]], key: str, name: str) -> str:
    """Rules for some elements alone, each stronger than the one before; "" if that cannot be written.

    Beside rules in layers they stand in a layer of their own as well: of what is important, the
    layer that is named first wins, and what stands in none loses (CSS Cascading 5, 6.4.3). Clients
    without layers read what stands in none.

    Args:
        rules: The wishes on which they depend, and their declarations.
        key: A selector for the elements.
        name: A name of the elements that is nobody's id; of the layer too, which must be named before all others.
    """
    if any(one.startswith("@scope") for rule, _ in rules for one in rule.conditions):
        return ""
    plain = [(rule, text) for rule, text in rules if not rule.is_layered]
    found = "".join(_rising(plain, key, name))
    return found if len(plain) == len(rules) else f"{found}@layer {name} {{\n{''.join(_rising(rules, key, name))}}}\n"


def _rising(rules: Sequence[tuple[Rule, str]], key: str, name: str) -> Iterator[str]:
    least = (0, 0, 0)
    for rule, text in rules:
        ids, classes, types = rule.selector.weight
        lacking = max(0, least[0] - ids)
        more = 1 if ids > least[0] else max(1, least[1] - classes + (types < least[2]))
        least = (ids + lacking, classes + more, types)
        around = [one for one in rule.conditions if not one.startswith("@layer")]
        begin = "".join(f"{condition} {{ " for condition in around)
        yield f"{begin}{rule.selector.text}{key * more}{f':not(#{name})' * lacking} {{ {text} }}{' }' * len(around)}\n"


class _Editor:
    def __init__(self, css: str, styles: Styles, placed: Set[Rule], *, keeps_layers: bool) -> None:
        self._css, self._styles, self._placed, self._keeps_layers = css, styles, placed, keeps_layers

    def edits(self, block: Block) -> Iterator[Edit]:
        """What changes in a block; edits never overlap."""
        if self._is_gone(block):
            yield block.start, block.end, ""
            return
        own = [item for item in block.items if isinstance(item, Declaration)]
        rules = self._styles.selectors.get(block, ())
        stays = [rule for rule in rules if self._stays(rule)]
        strong = [frozenset(one for one in own if (rule, one) in self._styles.raised) for rule in stays]
        heads = dict(zip(rules, members(bare(self._css[block.start : block.head_end])), strict=False))
        is_whole = len(stays) == len(rules)
        if block.at or not rules or (len(set(strong)) < 2 and (is_whole or len(own) == len(block.items))):
            if not is_whole and not block.at:
                yield block.start, block.head_end, ", ".join(heads[rule].strip() for rule in stays) + " "
            for one in frozenset().union(*strong):
                yield one.end, one.end, " !important"
        else:
            yield from self._apart(
                block, own, [(heads[rule].strip(), one) for rule, one in zip(stays, strong, strict=True)]
            )
        for item in block.items:
            if isinstance(item, Block):
                yield from self.edits(item)

    def _apart(
        self, block: Block, own: list[Declaration], heads: list[tuple[str, frozenset[Declaration]]]
    ) -> Iterator[Edit]:
        """The block's own declarations for each of its selectors; nested rules stay with all of them."""
        texts = []
        for head, strong in heads:
            said = (f"{one.name}: {one.value}{' !important' * (one.is_important or one in strong)}" for one in own)
            texts.append(f"{head} {{ {'; '.join(said)} }}\n")
        if len(own) == len(block.items):
            yield block.start, block.end, "".join(texts)
            return
        yield block.start, block.start, "".join(texts)
        for one in own:
            stop = one.stop + 1 if self._css[one.stop : one.stop + 1] == ";" else one.stop
            yield one.start, stop, ""

    def _stays(self, rule: Rule) -> bool:
        return rule not in self._placed or is_for_root(rule)

    def _is_gone(self, block: Block) -> bool:
        """Whether nothing of a block stays. What a browser drops stays as it is: it may be for another client."""
        if block.at == "layer" and (self._keeps_layers or not block.items):
            return not self._keeps_layers
        if not block.items:
            return False
        if any(isinstance(item, Declaration) for item in block.items):
            rules = self._styles.selectors.get(block, ())
            if not rules or any(self._stays(rule) for rule in rules):
                return False
        return all(self._is_gone(item) for item in block.items if isinstance(item, Block))
