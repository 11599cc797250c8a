"""The rules of style sheets as values, and where they stand in the cascade."""

from __future__ import annotations

import attrs

from mailkit.compose.css import Block, Declaration
from mailkit.compose.selectors import Selector
from mailkit.errors import TemplateError

__all__ = ["Rank", "Rule", "Said", "Source"]

Rank = tuple[bool, tuple[float, ...], tuple[int, int, int], int, int]
"""What decides between declarations: importance, layer, weight, style sheet, place in it
(CSS Cascading and Inheritance 5, 6.1)."""


@attrs.frozen
class Source:
    """One style sheet.

    Attributes:
        css: Its text.
        media: The media it is for.
        line: The line of the letter on which it begins, for errors.
    """

    css: str
    media: str = ""
    line: int = attrs.field(default=1, eq=False)

    def error(self, reason: str, place: int) -> TemplateError:
        """The error about what stands at a place in it."""
        line = self.line + self.css.count("\n", 0, place)
        return TemplateError(
            reason, template="html", line=line, excerpt=self.css[place : place + 120].partition("\n")[0]
        )


@attrs.frozen(eq=False)
class Said:
    """A declaration of a rule.

    Attributes:
        declaration: The declaration.
        touched: What it may set.
    """

    declaration: Declaration
    touched: frozenset[str]


@attrs.frozen(eq=False)
class Rule:
    """One selector of a rule, and what the rule declares.

    Attributes:
        sheet: The number of its style sheet.
        block: The part of the style sheet that holds the declarations.
        selector: The selector.
        said: The declarations.
        conditions: The at-rules around it.
        layer: The cascade layer it is in.
    """

    sheet: int
    block: Block
    selector: Selector
    said: tuple[Said, ...]
    conditions: tuple[str, ...]
    layer: tuple[float, ...]

    @property
    def is_fixed(self) -> bool:
        """Whether it holds whatever client and reader do."""
        return not (self.selector.is_beside or self.selector.is_wish or any(map(_is_condition, self.conditions)))

    @property
    def is_stuck(self) -> bool:
        """Whether it holds whatever client and reader do, and yet cannot stand in a `style` attribute."""
        if self.selector.is_wish or any(map(_is_condition, _unscoped(self.conditions))):
            return False
        return self.selector.is_beside or _unscoped(self.conditions) != self.conditions

    @property
    def is_layered(self) -> bool:
        """Whether it stands in a cascade layer."""
        return not all(map(_is_condition, self.conditions))

    @property
    def states(self) -> tuple[object, ...]:
        """What must be so for it to hold: rules with the same states hold together."""
        return (self.conditions, self.selector.compounds if self.selector.is_wish else ())

    def rank(self, declaration: Declaration, *, is_important: bool | None = None) -> Rank:
        """Where a declaration stands in the cascade, as written or with another importance."""
        important = declaration.is_important if is_important is None else is_important
        layer = tuple(-one for one in self.layer) if important else self.layer
        return important, layer, self.selector.weight, self.sheet, declaration.start


def _is_condition(around: str) -> bool:
    """Whether it depends on anything that a rule stands in an at-rule: layers only have an order."""
    return not around.startswith("@layer")


def _unscoped(conditions: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(one for one in conditions if not one.startswith("@scope"))
