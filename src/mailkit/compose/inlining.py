"""CSS moved into `style` attributes, since some clients drop `<style>`.

The module is not called `inline`: the package has a function of that name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal, Protocol, runtime_checkable

import attrs

from mailkit.compose.marks import Marks
from mailkit.compose.markup import Piece, pieces
from mailkit.compose.moving import Moved, move
from mailkit.compose.nesting import check_nesting
from mailkit.compose.opinions import doubted
from mailkit.compose.stylesheets import Rule
from mailkit.errors import InvalidValue, TemplateError, did_you_mean
from mailkit.findings import Finding, Place, Severity

__all__ = ["Inlined", "Inliner", "InlinerName", "inline", "inline_once", "inliner_for"]

InlinerName = Literal["css-inline", "premailer"]
"""The inliners that come with mailkit."""


@runtime_checkable
class Inliner(Protocol):
    """What moves CSS into `style` attributes; any object with this method will do.

    It is a second opinion. mailkit matches selectors in the tree that browsers build, decides
    which declaration wins, and writes it; where an inliner would have given a rule to other
    elements, `compile` says so in a finding (`compose.inliner-differs`), and does as a browser
    does. An inliner gets the letter with numbered tags and without Jinja, and in its `<style>`
    each rule with one property that means nothing; it must move these to `style` attributes.

    >>> class Own:
    ...     def inline(self, html: str) -> str:
    ...         import css_inline  # or a program of your own
    ...         return css_inline.inline(html)
    >>> inline("<style>p { color: red }</style><p>Sale</p>", inliner=Own())
    '<p style="color:red">Sale</p>'
    """

    def inline(self, html: str) -> str:
        """The HTML with its rules in `style` attributes."""
        ...


@attrs.frozen
class _CssInline:
    """css-inline (Rust), told to read no files and to fetch nothing.

    By default only its parser is used, which builds the tree that browsers build: matching in
    that tree is exact, also where Jinja stands.
    """

    def inline(self, html: str) -> str:
        from css_inline import CSSInliner

        inliner = CSSInliner(keep_style_tags=False, keep_link_tags=True, load_remote_stylesheets=False)
        return str(inliner.inline(html))


@attrs.frozen
class _Premailer:
    """premailer (lxml and cssutils), told to fetch nothing and to leave links and pictures alone.

    Sizes are not copied to attributes: `width="{{ w }}px"` would not be a size.
    """

    def inline(self, html: str) -> str:
        from logging import CRITICAL

        from premailer import Premailer

        return str(
            Premailer(
                html,
                keep_style_tags=False,
                strip_important=False,
                allow_network=False,
                align_floating_images=False,
                disable_validation=True,
                disable_link_rewrites=True,
                disable_basic_attributes=["width", "height"],
                cssutils_logging_level=CRITICAL,
            ).transform()
        )


_INLINERS: Final[dict[str, type[_CssInline] | type[_Premailer]]] = {"css-inline": _CssInline, "premailer": _Premailer}


def inliner_for(choice: InlinerName | Inliner) -> Inliner:
    """The inliner of a name, or the one given.

    Raises:
        InvalidValue: There is none of that name.
    """
    if isinstance(choice, str):
        found = _INLINERS.get(choice)
        if found is None:
            mend = did_you_mean(choice, _INLINERS).lstrip("; ") or "write 'css-inline' or 'premailer'"
            raise InvalidValue("inliner", choice, "is not an inliner", mend)
        return found()
    if not isinstance(choice, Inliner):
        raise InvalidValue("inliner", choice, "has no method inline(html)")
    return choice


def inline(html: str, *, inliner: InlinerName | Inliner = "css-inline") -> str:
    """Finished HTML with its CSS in `style` attributes.

    What the letter looks like does not change, with its `<style>` or without: specificity,
    order and `!important` decide as in a browser. `@media`, `@font-face`, `:hover` and whatever
    else only works in a `<style>` stays in one, and becomes important where it would else
    lose to what was inlined. All other text stays as it is. HTML without rules to inline and
    AMP documents are given back unchanged. For HTML with Jinja in it see `compile`.

    Args:
        html: A document.
        inliner: "css-inline", "premailer" or an `Inliner` of your own, which is to agree; the
            letter is that of a browser's rules with any of them.

    Raises:
        TemplateError: The HTML is nested too deeply, or the inliner cannot read it.

    >>> print(inline("<style>p { color: red } @media print { p { color: black } }</style><p>Sale</p>"))
    <style> @media print { p { color: black !important } }</style><p style="color:red">Sale</p>
    """
    source = tuple(pieces(html))
    moved = _move(source, None, inliner_for(inliner))
    return html if moved is None else moved.html


@attrs.frozen(kw_only=True)
class Inlined:
    """What came of inlining a letter's HTML once for all readers.

    Attributes:
        html: The HTML with its marks; inlined unless `inliner` is given.
        inliner: What inlines it anew for each reader, after Jinja has run; None if that is done.
        findings: What is to be said about it.
    """

    html: str
    inliner: Inliner | None = None
    findings: tuple[Finding, ...] = ()

    @property
    def per_recipient(self) -> bool:
        """Whether it is inlined anew for each reader."""
        return self.inliner is not None


def inline_once(html: str, marks: Marks, backend: Inliner) -> Inlined:
    """Inline a letter's HTML so that it holds for every reader, or say that it must be done for each."""
    moved = _move(tuple(pieces(html)), marks, backend)
    if moved is None:
        return Inlined(html=html)
    notes = [_weak(text) for text in moved.lost]
    if moved.doubted:
        notes.append(_doubtful(moved.doubted, _name(backend)))
    if moved.reasons:
        return Inlined(html=html, inliner=_CssInline(), findings=(*notes, *map(_per_recipient, moved.reasons)))
    return Inlined(html=moved.html, findings=tuple(notes))


def _move(source: tuple[Piece, ...], marks: Marks | None, backend: Inliner) -> Moved | None:
    check_nesting(source)

    def doubts(pieces: Sequence[Piece], matched: Mapping[Rule, frozenset[int]]) -> Sequence[Rule]:
        return doubted(backend, _name(backend), pieces, matched)

    try:
        return move(source, marks) if isinstance(backend, _CssInline) else move(source, marks, doubts)
    except RecursionError as error:
        reason = "blocks of CSS stand too deeply inside of each other; are their ends missing?"
        raise TemplateError(reason, template="html") from error


def _name(backend: Inliner) -> str:
    return next((name for name, made in _INLINERS.items() if isinstance(backend, made)), type(backend).__name__)


def _per_recipient(reason: str) -> Finding:
    return Finding(
        code="compose.inlined-per-recipient",
        severity=Severity.WARNING,
        message=f"the CSS is inlined for each reader anew, which is right but slow: {reason}",
        place=Place(source="html"),
        mend="write what depends on the reader as inline styles, or choose between whole elements",
    )


def _weak(selector: str) -> Finding:
    return Finding(
        code="compose.weak-media",
        severity=Severity.INFO,
        message="a rule in <style> wins or loses on some element where it did not before its CSS was inlined",
        place=Place(source="html"),
        evidence=selector,
        mend="give its declarations !important, or more weight to the selector that should win",
        source="CSS Cascading and Inheritance, 6.1",
    )


def _doubtful(selectors: Sequence[str], name: str) -> Finding:
    return Finding(
        code="compose.inliner-differs",
        severity=Severity.INFO,
        message=f"{name} holds some rules to be for other elements than browsers do; it was not followed",
        place=Place(source="html"),
        evidence=", ".join(selectors)[:200],
        mend="nothing, if the letter looks right; write the selectors with types, classes and ids to be sure",
    )
